//! What the model's tables say of the spelling of words: of their pieces, and of the letters that
//! tell a language.
//!
//! Texts are made of the same few thousand words over and over, so what was said of a word is kept
//! in a [`Cache`]. That saves most of the time that a text takes, and changes no verdict.

use std::ops::RangeInclusive;

use super::features::Parts;
use super::hashes::{Sort, finish, step};
use super::letters::squeezed;
use super::model::{COLUMNS, Model};
use super::topics::TOPICS;

/// Letters of one word that are looked at.
const LETTERS: usize = 24;
/// The shortest and the longest pieces of words.
const PIECES: RangeInclusive<usize> = 3..=5;
/// The same of those that tell the language.
const SPOKEN: RangeInclusive<usize> = 1..=4;
/// More of these than so many say nothing new.
const ENOUGH: usize = 400;

/// A word with marks for its start and end.
struct Marked {
    letters: [char; LETTERS + 2],
    long: usize,
}

impl Marked {
    fn new(word: &str) -> Self {
        let mut letters = ['^'; LETTERS + 2];
        let mut long = 1;
        for c in squeezed(word).take(LETTERS) {
            letters[long] = c;
            long += 1;
        }
        letters[long] = '$';
        Self { letters, long: long + 1 }
    }

    /// The hash of each of its pieces, with how many letters it has; the whole is none of them.
    fn each(&self, mut take: impl FnMut(u32, usize)) {
        let letters = &self.letters[..self.long];
        for start in 0..letters.len() {
            let mut hash = 0;
            for (c, long) in letters[start..].iter().take(*PIECES.end()).zip(1..) {
                hash = step(hash, *c as u32);
                if long < letters.len() {
                    let sort = if long < *PIECES.start() { Sort::Letters } else { Sort::Piece };
                    take(finish(hash, sort), long);
                }
            }
        }
    }
}

/// Adds the hashes of the pieces of a word; and of what it tells of the language of its text: that of its
/// feature, and those of short pieces.
pub(super) fn split(word: &str, hash: u32, pieces: &mut Vec<u32>, spoken: &mut Vec<u32>) {
    spoken.push(hash);
    Marked::new(word).each(|hash, long| {
        if PIECES.contains(&long) {
            pieces.push(hash);
        }
        if SPOKEN.contains(&long) {
            spoken.push(hash);
        }
    });
}

/// What the tables say of the pieces of a word: sums of their cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spelling {
    /// Per column of the table of heads.
    pub heads: [i16; COLUMNS],
    /// Per column of the table of topics.
    pub topics: [i16; TOPICS],
    /// How many pieces it has.
    pub pieces: u8,
}

/// The same of the words of a text.
#[derive(Debug, Default)]
pub struct Spelt {
    /// Of each word: its token, and what is said of it.
    pub words: Vec<(u16, Spelling)>,
    /// Per column of the table of heads.
    pub heads: [i32; COLUMNS],
    /// Per column of the table of topics.
    pub topics: [i32; TOPICS],
    /// How many pieces they have.
    pub pieces: u32,
    /// Per language of the model, of the first words: sums of cells.
    pub langs: Vec<i32>,
    /// How many rows these are sums of.
    pub spoken: usize,
}

impl Spelt {
    /// Looks up the words of a plain text, taken apart in `parts`.
    pub(super) fn read(&mut self, model: &Model, plain: &str, parts: &Parts, cache: &mut Cache) {
        self.words.clear();
        (self.heads, self.topics, self.pieces) = Default::default();
        self.langs.clear();
        self.langs.resize(model.head.codes.len(), 0);
        self.spoken = 0;
        for token in &parts.lettered {
            let (word, hash) = parts.word(plain, *token);
            let (entry, langs) = cache.look(model, word, hash);
            let spelling = entry.spelling;
            add(&mut self.heads, &spelling.heads);
            add(&mut self.topics, &spelling.topics);
            self.pieces += u32::from(spelling.pieces);
            self.words.push((*token, spelling));
            if self.spoken < ENOUGH {
                add(&mut self.langs, langs);
                self.spoken += usize::from(entry.spoken);
            }
        }
    }
}

#[inline]
fn add(sums: &mut [i32], cells: &[i16]) {
    sums.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += i32::from(*cell));
}

/// What a model said of words, for the next text. A word stays until another takes its place.
#[derive(Debug, Default)]
pub struct Cache {
    /// The number of the model; 0 is none.
    model: u64,
    entries: Vec<Entry>,
    /// The sums per language of each entry.
    langs: Vec<i16>,
    /// Of the word that is looked up.
    pieces: Vec<u32>,
    spoken: Vec<u32>,
}

/// One line of a processor's cache.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
struct Entry {
    spelling: Spelling,
    /// How many rows tell its language.
    spoken: u8,
    long: u8,
    word: [u8; LONGEST],
}

/// Places for words.
const PLACES: usize = 1 << 13;
/// Bytes of the longest word that is kept.
const LONGEST: usize = 23;

impl Cache {
    /// What the tables of a model say of a word, and the sums per language; `hash` is that of its feature.
    fn look(&mut self, model: &Model, word: &str, hash: u32) -> (&Entry, &[i16]) {
        let columns = model.head.codes.len();
        if self.model != model.number {
            self.model = model.number;
            self.entries = vec![Entry::default(); PLACES];
            self.langs = vec![0; PLACES * columns];
        }
        let place = hash as usize % PLACES;
        let entry = &mut self.entries[place];
        let langs = &mut self.langs[place * columns..][..columns];
        if entry.word[..usize::from(entry.long)] != *word.as_bytes() {
            let Self { pieces, spoken, .. } = self;
            pieces.clear();
            spoken.clear();
            split(word, hash, pieces, spoken);
            model.lang_sums(spoken, langs);
            let spelling = model.spell(pieces);
            *entry = Entry { spelling, spoken: spoken.len() as u8, ..Entry::default() };
            // A longer one is not found again.
            if let Some(room) = entry.word.get_mut(..word.len()) {
                room.copy_from_slice(word.as_bytes());
                entry.long = word.len() as u8;
            }
        }
        (entry, langs)
    }
}

#[cfg(test)]
mod tests {
    use super::super::features::Names;
    use super::super::model::SHIPPED;
    use super::*;

    type Said = (Vec<(u16, Spelling)>, Vec<i32>, usize);

    /// What a model says of the words of a text, with what a cache knows.
    fn read(model: &Model, plain: &str, cache: &mut Cache) -> Said {
        let mut parts = Parts::default();
        parts.take(plain, Names::default(), false, None);
        let mut spelt = Spelt::default();
        spelt.read(model, plain, &parts, cache);
        (spelt.words, spelt.langs, spelt.spoken)
    }

    fn counts(word: &str) -> (usize, usize) {
        let (mut pieces, mut spoken) = (Vec::new(), Vec::new());
        split(word, 1, &mut pieces, &mut spoken);
        (pieces.len(), spoken.len())
    }

    #[test]
    fn a_word_falls_into_pieces() {
        // Beside the word itself: ^ a $ ^a a$.
        assert_eq!(counts("a"), (0, 6));
        // ^ab ab$; ^ a b $ ^a ab b$ ^ab ab$.
        assert_eq!(counts("ab"), (2, 10));
        assert_eq!(counts("sooo"), counts("soo"));
        assert_eq!(counts(&"ab".repeat(100_000)), (69, 99), "a long one is cut");
    }

    #[test]
    fn what_is_kept_is_what_would_be_found_again() {
        let mut cache = Cache::default();
        // More words than places, and some that are too long to be kept.
        for number in (0..2 * PLACES).chain(0..100) {
            let plain = format!("the w{number} {} {}", "ы".repeat(number % 20), "ab".repeat(20));
            let kept = read(&SHIPPED, &plain, &mut cache);
            if number % 100 < 20 {
                assert_eq!(kept, read(&SHIPPED, &plain, &mut Cache::default()), "{plain}");
            }
        }
    }

    #[test]
    fn another_model_says_its_own() {
        let mut bytes = SHIPPED.bytes();
        // The table of heads is the last.
        bytes.iter_mut().rev().take(1 << 20).for_each(|cell| *cell = cell.wrapping_neg());
        let other = Model::read(bytes.into()).unwrap();
        let (mut cache, plain) = (Cache::default(), "where is my parcel");
        let before = read(&SHIPPED, plain, &mut cache);
        assert_ne!(read(&other, plain, &mut cache).0, before.0);
        assert_eq!(read(&SHIPPED, plain, &mut cache), before);
    }
}
