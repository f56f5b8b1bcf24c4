//! Turns a text into the features that the model weighs: words, pairs of words, characters of scripts
//! without spaces, and surface signs. What words are spelt with is left to `spelling`.
//!
//! A feature is a hash; it also knows the tokens it came from, so that a judgement can be led back
//! to words of the text.

use std::ops::Range;

use super::fold::{address, count};
use super::hashes::{Seen, Sort, finish, step};
use super::letters::{is_unspaced, is_word, squeezed};

/// Tokens looked at. What a text wants is said by then; a longer one costs no more.
const TOKENS: usize = 300;
/// Characters of a script without spaces that are taken together at most.
const TOGETHER: usize = 4;

/// One feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Spread over all 32 bits.
    pub hash: u32,
    /// Its first token; [`Feature::WHOLE`] for a sign of the whole text.
    pub first: u16,
    /// How many tokens it covers.
    pub count: u16,
}

impl Feature {
    /// In place of a token: the text as a whole.
    pub const WHOLE: u16 = u16::MAX;
}

/// A text taken apart. Kept between texts, so that its memory is asked for once.
#[derive(Debug, Default)]
pub struct Parts {
    /// Where each token stands in the plain text.
    pub tokens: Vec<Range<u32>>,
    /// Words, pairs, characters and signs, each once.
    pub words: Vec<Feature>,
    /// The tokens that are words of letters, each word once. Names, numbers and signs are none.
    pub lettered: Vec<u16>,
    hashes: Vec<u32>,
    seen: Seen,
}

/// Where names stand in a plain text, in order and apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'t> {
    /// The watched brand.
    pub brand: &'t [Range<usize>],
    /// Other brands.
    pub others: &'t [Range<usize>],
}

/// Stand-ins for what differs from text to text. Of the private range, which plain texts lack.
const URL: u32 = 0xF000;
const MENTION: u32 = 0xF001;
const BRAND: u32 = 0xF002;
const OTHER: u32 = 0xF003;
const NUMBER: u32 = 0xF010;
const STAND_INS: Range<u32> = URL..NUMBER + 16;

impl Parts {
    /// Takes a plain text (NFKC, lower case) apart. `channel` is the kind of place it comes from,
    /// in any word; `shouts`: it was mostly in capitals.
    pub fn take(&mut self, plain: &str, names: Names<'_>, shouts: bool, channel: Option<&str>) {
        self.tokens.clear();
        self.words.clear();
        self.lettered.clear();
        self.hashes.clear();
        self.seen.clear();
        self.walk(plain, names);
        self.pair();
        self.sign(plain, shouts);
        if let Some(channel) = channel {
            let hash = channel.bytes().fold(0, |hash, byte| step(hash, u32::from(byte)));
            self.add(Sort::Channel, hash, Feature::WHOLE as usize, 0);
        }
    }

    /// Adds what another judge found, as one of a few levels: `which` judge's word, and how much.
    pub fn cue(&mut self, which: u32, level: u32) {
        self.add(Sort::Cue, step(step(0, which), level), Feature::WHOLE as usize, 0);
    }

    /// A token as it stands in the plain text, and the hash of its feature.
    pub(super) fn word<'t>(&self, plain: &'t str, token: u16) -> (&'t str, u32) {
        let place = &self.tokens[usize::from(token)];
        let word = &plain[place.start as usize..place.end as usize];
        (word, finish(self.hashes[usize::from(token)], Sort::Word))
    }

    /// Adds a feature; tells whether it is new.
    #[inline]
    fn add(&mut self, sort: Sort, hash: u32, first: usize, count: usize) -> bool {
        let hash = finish(hash, sort);
        let is_new = self.seen.insert(hash);
        if is_new {
            self.words.push(Feature { hash, first: first as u16, count: count as u16 });
        }
        is_new
    }

    /// Adds a token and its word; tells whether the word is new.
    fn token(&mut self, place: Range<usize>, hash: u32) -> bool {
        let is_new = self.add(Sort::Word, hash, self.tokens.len(), 1);
        self.tokens.push(place.start as u32..place.end as u32);
        self.hashes.push(hash);
        is_new
    }

    fn walk(&mut self, plain: &str, names: Names<'_>) {
        let (mut brand, mut others) = (names.brand, names.others);
        let mut at = 0;
        // Characters of a script without spaces since the last other one.
        let mut run = 0;
        while self.tokens.len() < TOKENS
            && let Some(c) = plain[at..].chars().next()
        {
            let start = at;
            if c == ' ' {
                run = 0;
                at += 1;
                continue;
            }
            let named = reach(&mut brand, at).map(|end| (end, BRAND));
            let stand_in = named
                .or_else(|| reach(&mut others, at).map(|end| (end, OTHER)))
                .or_else(|| mention(plain, at, brand))
                .or_else(|| address(plain, at).map(|long| (at + long, URL)));
            if is_unspaced(c) && stand_in.is_none() {
                run += 1;
                at += c.len_utf8();
                self.script(c, start..at, run);
                continue;
            }
            run = 0;
            if let Some((end, hash)) = stand_in {
                at = end.max(at + c.len_utf8());
                self.token(start..at, hash);
            } else if is_word(c) {
                let limit = brand.first().map_or(plain.len(), |range| range.start);
                let limit = others.first().map_or(limit, |range| limit.min(range.start));
                at = self.take_word(plain, at, limit.max(at + c.len_utf8()));
            } else {
                at += c.len_utf8();
                self.mark(c, start..at);
            }
        }
    }

    /// A word that ends at `limit` at the latest; tells its end.
    fn take_word(&mut self, plain: &str, at: usize, limit: usize) -> usize {
        let rest = &plain[at..limit];
        // Most letters are ASCII, of which it is quickly told.
        let plainly = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let is_end = |(here, c): &(usize, char)| {
            let here = at + plainly + here;
            let is_inner = *c == '\'' && plain[here + 1..].starts_with(is_word);
            !(is_word(*c) || is_inner)
        };
        let end = rest[plainly..].char_indices().find(is_end);
        let long = end.map_or(rest.len(), |(here, _)| plainly + here);
        let word = &rest[..long];
        let place = at..at + long;
        if word.chars().all(char::is_numeric) {
            self.token(place, NUMBER + long.min(5) as u32);
        } else {
            let hash = squeezed(word).fold(0, |hash, c| step(hash, c as u32));
            if self.token(place, hash) {
                self.lettered.push((self.tokens.len() - 1) as u16);
            }
        }
        at + long
    }

    /// A character of a script without spaces, alone and with those before it.
    fn script(&mut self, c: char, place: Range<usize>, run: usize) {
        self.token(place, c as u32);
        let last = self.hashes.len() - 1;
        for back in 1..TOGETHER.min(run) {
            let first = last - back;
            let hash = self.hashes[first..].iter().fold(0, |hash, c| step(hash, *c));
            self.add(Sort::Script, hash, first, back + 1);
        }
    }

    /// A sign that is neither letter nor space. Emoji and `!` are words; a comma is not.
    fn mark(&mut self, c: char, place: Range<usize>) {
        const SILENT: &[char] =
            &['.', ',', '-', '"', '\'', ':', ';', '(', ')', '/', '…', '、', '。'];
        if c.is_whitespace() || SILENT.contains(&c) {
            return;
        }
        let is_again = self.hashes.last() == Some(&(c as u32));
        match self.tokens.last_mut() {
            Some(last) if is_again && last.end as usize == place.start => {
                last.end = place.end as u32;
            }
            _ => {
                self.token(place, c as u32);
            }
        }
    }

    /// Neighbours. Characters of scripts without spaces have had theirs.
    fn pair(&mut self) {
        let is_single =
            |hash: u32| (0x0E00..0x4_0000).contains(&hash) && !STAND_INS.contains(&hash);
        for right in 1..self.hashes.len() {
            let (a, b) = (self.hashes[right - 1], self.hashes[right]);
            if !(is_single(a) && is_single(b)) {
                self.add(Sort::Pair, step(step(0, a), b), right - 1, 2);
            }
        }
    }

    fn sign(&mut self, plain: &str, shouts: bool) {
        let count = |sign| count(plain, |byte| byte == sign);
        let (exclaims, hashtags, mentions) = (count(b'!'), count(b'#'), count(b'@'));
        let asks = count(b'?') + usize::from(plain.contains('؟'));
        let is_end = |c: char| c.is_alphanumeric() || matches!(c, '?' | '؟');
        let ends = plain.trim_end_matches(|c| !is_end(c)).ends_with(['?', '؟']);
        let signs = [
            asks > 0,
            asks > 1,
            ends,
            exclaims > 0,
            exclaims > 2,
            shouts,
            plain.starts_with('@'),
            hashtags > 0,
            hashtags > 3,
            mentions > 3,
            plain.contains("http"),
        ];
        for (number, _) in signs.iter().enumerate().filter(|(_, is_there)| **is_there) {
            self.add(Sort::Sign, number as u32, Feature::WHOLE as usize, 0);
        }
        // So that no text is without one.
        self.add(Sort::Sign, signs.len() as u32, Feature::WHOLE as usize, 0);
    }
}

/// Where the range that holds `at` ends; ranges that ended before are dropped.
fn reach(ranges: &mut &[Range<usize>], at: usize) -> Option<usize> {
    while ranges.first().is_some_and(|range| range.end <= at) {
        *ranges = &ranges[1..];
    }
    ranges.first().filter(|range| range.start <= at).map(|range| range.end)
}

/// The end of an @name at this place, and what stands for it.
fn mention(plain: &str, at: usize, brand: &[Range<usize>]) -> Option<(usize, u32)> {
    let name = plain[at..].strip_prefix('@')?;
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
    let long = name.find(|c| !is_part(c)).unwrap_or(name.len());
    let end = at + 1 + long;
    let is_brand = brand.first().is_some_and(|range| range.start < end);
    (long > 0).then_some((end, if is_brand { BRAND } else { MENTION }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(plain: &str, brand: Option<Range<usize>>) -> Parts {
        let mut parts = Parts::default();
        parts.take(plain, Names { brand: brand.as_slice(), others: &[] }, false, None);
        parts
    }

    fn tokens(plain: &str) -> Vec<String> {
        let parts = parts(plain, None);
        let piece = |r: &Range<u32>| plain[r.start as usize..r.end as usize].to_owned();
        parts.tokens.iter().map(piece).collect()
    }

    fn hashes(parts: &Parts) -> Vec<u32> {
        let mut all: Vec<u32> = parts.words.iter().map(|feature| feature.hash).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_text_falls_into_words_names_addresses_and_signs() {
        for (text, wanted) in [
            ("where's my order?!", &["where's", "my", "order", "?", "!"][..]),
            (
                "@ada hi, see https://a.example/x?y now",
                &["@ada", "hi", "see", "https://a.example/x?y", "now"],
            ),
            ("so good 😡😡😡", &["so", "good", "😡😡😡"]),
            ("最悪です", &["最", "悪", "で", "す"]),
            ("", &[]),
        ] {
            assert_eq!(tokens(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_brand_is_the_same_feature_whatever_it_is_called() {
        let (a, b) = (parts("acme lost it", Some(0..4)), parts("globex lost it", Some(0..6)));
        assert_eq!(hashes(&a), hashes(&b));
        assert_ne!(hashes(&a), hashes(&parts("acme lost it", None)));
        // As an @name too, and in the middle of a word of a script without spaces.
        assert_eq!(hashes(&parts("@acme hi", Some(1..5))), hashes(&parts("@zz hi", Some(1..3))));
        let (brand, text) = (9..15, "このアクメだ");
        assert_eq!(parts(text, Some(brand)).tokens.len(), 5);
    }

    #[test]
    fn letters_said_thrice_are_letters_said_twice() {
        assert_eq!(hashes(&parts("soooo bad", None)), hashes(&parts("soo bad", None)));
        assert_ne!(hashes(&parts("so bad", None)), hashes(&parts("soo bad", None)));
    }

    #[test]
    fn a_feature_comes_once_and_leads_back_to_its_tokens() {
        let parts = parts("late again and late again", None);
        let all = hashes(&parts);
        let mut once = all.clone();
        once.dedup();
        assert_eq!(all, once);
        let last = parts.tokens.len();
        assert!(
            parts.words.iter().all(|f| f.first == Feature::WHOLE
                || usize::from(f.first) + usize::from(f.count) <= last)
        );
        assert_eq!(parts.lettered, [0, 1, 2], "late again and");
    }

    #[test]
    fn names_numbers_and_signs_are_not_spelt() {
        let text = "hej acme @ada 12 don't https://a.example/x 語!";
        let parts = parts(text, Some(4..8));
        let words = parts.lettered.iter().map(|token| parts.word(text, *token).0);
        assert!(words.eq(["hej", "don't"]));
    }

    #[test]
    fn a_long_text_costs_what_a_page_costs() {
        let parts = parts(&"word 語 ".repeat(100_000), None);
        assert_eq!(parts.tokens.len(), TOKENS);
    }
}
