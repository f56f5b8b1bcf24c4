//! Finds words that are one slip of the finger away from a term.
//!
//! One letter left out, put in, exchanged, or two neighbours swapped (optimal string alignment
//! distance 1), in words of six letters and more, never in the first letter: people slip there
//! least, and other words differ there most. Nor is a word taken for a slip that the classifier
//! knows from any of its languages.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::letters::{is_unspaced, is_word};
use super::lexicon;
use super::needle::{Kind, Needle};

/// Letters from which on a word is long enough: among shorter ones every slip is a word.
const SHORTEST: usize = 6;

/// Terms with their words.
#[derive(Clone, Debug, Default)]
pub(super) struct Slips {
    /// The number of the term, and its words.
    terms: Vec<(usize, Vec<Vec<char>>)>,
    /// Words that are meant as they stand.
    known: HashSet<String>,
}

/// Every word that stands whole in the classifier's lists.
static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    lexicon::lines()
        .filter_map(|line| line.split_once(": ").filter(|_| !line.starts_with('#')))
        .flat_map(|(_, terms)| terms.split([',', ' ']))
        .filter(|word| !word.contains('*'))
        .collect()
});

/// A misspelling in a text.
pub(super) struct Slip {
    /// The number of the term.
    pub term: usize,
    /// Where it stands in the compared form.
    pub place: Range<usize>,
}

impl Slips {
    /// Prepares terms; a word of `known` is never taken for a misspelling.
    pub(super) fn new<'n>(terms: &'n [Needle], known: impl Iterator<Item = &'n Needle>) -> Self {
        let words = |needle: &Needle| -> Vec<Vec<char>> {
            needle.forms[0].split(' ').map(|word| word.chars().collect()).collect()
        };
        let is_long = |word: &Vec<char>| {
            word.len() >= SHORTEST && word.iter().all(|c| c.is_alphabetic() && !is_unspaced(*c))
        };
        let mut all = Self::default();
        for (number, needle) in terms.iter().enumerate() {
            let words = words(needle);
            if needle.kind == Kind::Name && words.iter().any(is_long) {
                all.terms.push((number, words));
            }
        }
        for needle in known.chain(terms) {
            all.known.insert(needle.joined.clone());
            all.known.extend(needle.forms[0].split(' ').map(str::to_owned));
        }
        all
    }

    /// The misspellings in a compared form; names and hashtags are typed as they are called.
    pub(super) fn find(&self, text: &str) -> Vec<Slip> {
        let mut all = Vec::new();
        if self.terms.is_empty() {
            return all;
        }
        let words = words(text);
        for start in 0..words.len() {
            let place = &words[start];
            let first = text[place.clone()].chars().next();
            let is_name = text[..place.start].ends_with(['@', '#']);
            if is_name {
                continue;
            }
            for (number, term) in &self.terms {
                let is_candidate = term[0].first().copied() == first;
                let Some(found) = words.get(start..start + term.len()).filter(|_| is_candidate)
                else {
                    continue;
                };
                if self.is_slip(text, term, found) {
                    let end = found[found.len() - 1].end;
                    all.push(Slip { term: *number, place: place.start..end });
                    break;
                }
            }
        }
        all
    }

    /// Whether exactly one of the words is misspelt and the others stand as they should.
    fn is_slip(&self, text: &str, term: &[Vec<char>], found: &[Range<usize>]) -> bool {
        let mut slips = 0;
        for (index, (wanted, place)) in term.iter().zip(found).enumerate() {
            let word = &text[place.clone()];
            let is_apart = index > 0 && text[found[index - 1].end..place.start] != *" ";
            if is_apart || word.len() > 4 * (wanted.len() + 1) {
                return false;
            }
            if word.chars().eq(wanted.iter().copied()) {
                continue;
            }
            let is_one = wanted.len() >= SHORTEST
                && !self.known.contains(word)
                && !KNOWN.contains(word)
                && word.chars().next() == wanted.first().copied()
                && is_near(wanted, &word.chars().collect::<Vec<_>>());
            if !is_one {
                return false;
            }
            slips += 1;
        }
        slips == 1
    }
}

/// The words of a text, in scripts with spaces.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices() {
        if !is_word(c) {
            continue;
        }
        let end = at + c.len_utf8();
        match all.last_mut() {
            Some(last) if last.end == at => last.end = end,
            _ => all.push(at..end),
        }
    }
    all
}

/// Whether two different words are one slip apart.
fn is_near(wanted: &[char], found: &[char]) -> bool {
    let same = wanted.iter().zip(found).take_while(|(a, b)| a == b).count();
    let (wanted, found) = (&wanted[same..], &found[same..]);
    match (wanted, found) {
        ([], [_]) | ([_], []) => true,
        ([_, left @ ..], [_, right @ ..]) => {
            let is_swapped = matches!((wanted, found), ([a, b, x @ ..], [d, c, y @ ..])
                if a == c && b == d && x == y);
            left == right || left == found || wanted == right || is_swapped
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: &str, b: &str) -> bool {
        is_near(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
    }

    #[test]
    fn one_slip_is_near_and_two_are_not() {
        for (word, wanted, why) in [
            ("fenloop", true, "left out"),
            ("fennlooop", true, "put in"),
            ("fennloap", true, "exchanged"),
            ("fenlnoop", true, "swapped"),
            ("fennloo", true, "left out at the end"),
            ("fennloops", true, "put in at the end"),
            ("fenloap", false, "two slips"),
            ("fen", false, "far too short"),
            ("fennloopage", false, "far too long"),
            ("nefnloop", false, "swapped, and another one"),
        ] {
            assert_eq!(near("fennloop", word), wanted, "{why}: {word}");
            assert_eq!(near(word, "fennloop"), wanted, "the other way, {why}: {word}");
        }
    }
}
