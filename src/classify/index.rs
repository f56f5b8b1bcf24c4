//! Finds every term of a large list that starts at a place in a text.
//!
//! What a term means, and whether it may end where it ends, is the caller's.
//!
//! Terms are found by a hash that grows letter by letter. A small table says for each hash whether
//! a term ends there, or goes on; so a word that begins no term is left after two or four letters,
//! without a look at any term, and no look-up waits for the one before.

/// Terms by the hash of their letters. Different hashes share places.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Per place [`SLOTS`] times two bits.
    marks: Vec<u64>,
    /// Where the terms of each place begin in `filed`, and the end of the last.
    firsts: Vec<u32>,
    filed: Vec<Filed>,
    letters: Vec<char>,
    /// Letters of the longest.
    longest: usize,
}

/// A term: its number, and where its letters begin and end.
#[derive(Clone, Copy, Debug)]
struct Filed {
    number: u32,
    from: u32,
    to: u32,
}

/// Hashes of one place are told apart by their highest bits, so that few terms are looked at in vain.
const SLOTS: u32 = 32;
/// All letters of a term have this hash.
const ENDS: u64 = 1;
/// Its first letter has, its first two, four, eight and so on.
const GOES_ON: u64 = 2;

/// Where the mark of a hash stands in those of its place.
#[inline]
fn slot(hash: u32) -> u32 {
    2 * (hash >> (u32::BITS - SLOTS.ilog2()))
}

#[inline]
fn step(hash: u32, letter: char) -> u32 {
    (hash ^ letter as u32).wrapping_mul(0x9E37_79B1).rotate_left(15)
}

impl Index {
    /// Adds a term, whose letters `write` appends, and tells them. [`Self::sort`] comes after the last
    /// term.
    pub(super) fn file(&mut self, number: u32, write: impl FnOnce(&mut Vec<char>)) -> &[char] {
        let from = self.letters.len();
        write(&mut self.letters);
        self.filed.push(Filed { number, from: from as u32, to: self.letters.len() as u32 });
        &self.letters[from..]
    }

    /// Whether no term was filed.
    pub(super) fn is_empty(&self) -> bool {
        self.filed.is_empty()
    }

    /// Sorts what was filed by its places. Equal terms may come several times.
    pub(super) fn sort(&mut self) {
        self.filed.retain(|filed| filed.from < filed.to);
        let places = self.filed.len().next_power_of_two();
        self.marks = vec![0; places];
        self.firsts = vec![0; places + 1];
        let mut of_each = Vec::with_capacity(self.filed.len());
        for filed in &self.filed {
            let letters = &self.letters[filed.from as usize..filed.to as usize];
            self.longest = self.longest.max(letters.len());
            let mut hash = 0;
            for (letter, count) in letters.iter().zip(1_usize..) {
                hash = step(hash, *letter);
                let place = hash as usize % places;
                if count == letters.len() {
                    self.marks[place] |= ENDS << slot(hash);
                    of_each.push(place);
                    self.firsts[place + 1] += 1;
                } else if count.is_power_of_two() {
                    self.marks[place] |= GOES_ON << slot(hash);
                }
            }
        }
        for place in 0..places {
            self.firsts[place + 1] += self.firsts[place];
        }
        let mut free = self.firsts.clone();
        let mut sorted = vec![Filed { number: 0, from: 0, to: 0 }; of_each.len()];
        for (filed, place) in self.filed.iter().zip(of_each) {
            sorted[free[place] as usize] = *filed;
            free[place] += 1;
        }
        self.filed = sorted;
    }

    /// Calls `found(end, number)` for every term that starts at `at`, shortest first, equal ones in
    /// the order in which they were filed.
    #[inline]
    pub(super) fn walk(&self, text: &[char], at: usize, mut found: impl FnMut(usize, u32)) {
        let letters = &text[at..text.len().min(at + self.longest)];
        let mut hash = 0;
        for (letter, count) in letters.iter().zip(1_usize..) {
            hash = step(hash, *letter);
            let place = hash as usize & (self.marks.len() - 1);
            let mark = self.marks[place] >> slot(hash);
            if mark & ENDS != 0 {
                self.find(place, &letters[..count], &mut |number| found(at + count, number));
            }
            if mark & GOES_ON == 0 && count.is_power_of_two() {
                return;
            }
        }
    }

    /// The terms of a place that are this word. Rarely asked, so that a walk stays short.
    #[inline(never)]
    fn find(&self, place: usize, word: &[char], found: &mut dyn FnMut(u32)) {
        let filed = self.firsts[place] as usize..self.firsts[place + 1] as usize;
        for Filed { number, from, to } in &self.filed[filed] {
            if self.letters[*from as usize..*to as usize] == *word {
                found(*number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(terms: &[&str]) -> Index {
        let mut index = Index::default();
        for (term, number) in terms.iter().zip(0..) {
            index.file(number, |letters| letters.extend(term.chars()));
        }
        index.sort();
        index
    }

    #[test]
    fn all_terms_at_a_place_are_found_shortest_first() {
        let index = index(&["ab", "abc", "b", "ab", "xyz"]);
        let text: Vec<char> = "abcd".chars().collect();
        let mut seen = Vec::new();
        for at in 0..text.len() {
            index.walk(&text, at, |end, number| seen.push((at, end, number)));
        }
        assert_eq!(seen, [(0, 2, 0), (0, 2, 3), (0, 3, 1), (1, 2, 2)]);
    }

    #[test]
    fn nothing_is_found_where_nothing_is_filed() {
        index(&[]).walk(&['a'], 0, |_, _| panic!("nothing was filed"));
    }
}
