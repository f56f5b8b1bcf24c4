//! Brings a text into the form in which terms are compared, and notes its surface signs.
//!
//! Two forms: `plain` (see [`plain`](super::letters::plain)), in which a brand's terms are looked
//! up, and `chars` (accents taken off as well, web addresses and @names out of the way), in which
//! the lexicon is looked up. What any of it means is left to others.

use std::ops::Range;

use super::letters::{fold_char, is_unspaced, is_word};

/// Stands for the watched brand in the folded text.
pub(super) const BRAND: char = '\u{E000}';
/// Stands for an @name.
pub(super) const MENTION: char = '\u{E001}';

/// What can be seen without understanding a word.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Signs {
    /// Web addresses.
    pub urls: u32,
    /// @names.
    pub mentions: u32,
    /// `#words`.
    pub hashtags: u32,
    /// Runs of exclamation marks.
    pub exclaims: u32,
    /// The text shouts: most of its letters are capitals.
    pub shouts: bool,
    /// The longest run of digits.
    pub digits: u32,
    /// `%`, `$`, `€` and other currency signs.
    pub money: u32,
}

/// A text ready for comparison.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// NFKC, lower case, without invisible characters.
    pub plain: String,
    /// The same without accents, addresses and names.
    pub chars: Vec<char>,
    /// For each of `chars`, the byte of `plain` it comes from.
    pub origin: Vec<u32>,
    /// For each of `chars`, the number of the word it is in or behind. In scripts without spaces
    /// every letter counts as a word.
    pub word: Vec<u32>,
    /// For each of `chars`, whether it is part of a word in a script with spaces: asked often, and
    /// dear to find out.
    pub letters: Vec<bool>,
    /// Ends of clauses (commas and stronger), as places in `chars`.
    pub clauses: Vec<usize>,
    /// Ends of sentences, and whether the end is a question mark.
    pub sentences: Vec<(usize, bool)>,
    /// Surface signs.
    pub signs: Signs,
}

impl Text {
    /// Folds a text. `brand` are the ranges of `plain` that name the watched brand.
    pub(super) fn new(original: &str, plain: String, brand: &[Range<usize>]) -> Self {
        let mut text = Self {
            chars: Vec::with_capacity(plain.len()),
            origin: Vec::with_capacity(plain.len()),
            word: Vec::with_capacity(plain.len()),
            letters: Vec::with_capacity(plain.len()),
            ..Self::default()
        };
        text.signs.shouts = shouts(original);
        let mut brands = brand.iter().peekable();
        let mut at = 0;
        let mut digits = 0;
        while let Some(c) = plain[at..].chars().next() {
            while brands.next_if(|range| range.end <= at).is_some() {}
            // Most of most texts: letters that fold to themselves and begin no address.
            let limit = brands.peek().map_or(plain.len(), |range| range.start.max(at));
            let is_plain = |(at, letter): &(usize, &u8)| {
                letter.is_ascii_alphanumeric() && address(&plain, *at).is_none()
            };
            let letters = &plain.as_bytes()[at..limit];
            let long = (at..).zip(letters).take_while(is_plain).count();
            if long > 0 {
                let letters = &letters[..long];
                for letter in letters {
                    digits = if letter.is_ascii_digit() { digits + 1 } else { 0 };
                    text.signs.digits = text.signs.digits.max(digits);
                }
                text.push_letters(letters, at);
                at += long;
                continue;
            }
            let (length, stand_in) = if let Some(range) = brands.peek().filter(|r| r.start <= at) {
                (range.end - at, Some(BRAND))
            } else if let Some(length) = address(&plain, at) {
                text.signs.urls += 1;
                (length, Some(' '))
            } else if let Some(length) = mention(&plain, at) {
                text.signs.mentions += 1;
                let is_brand = brands.peek().is_some_and(|range| range.start == at + 1);
                (length, Some(if is_brand { BRAND } else { MENTION }))
            } else {
                (c.len_utf8(), None)
            };
            digits = if stand_in.is_none() && c.is_numeric() { digits + 1 } else { 0 };
            text.signs.digits = text.signs.digits.max(digits);
            match stand_in {
                Some(sign) => text.push(sign, at),
                None => text.take(c, at),
            }
            at += length;
        }
        text.plain = plain;
        text.sentences.push((text.chars.len(), false));
        text
    }

    fn take(&mut self, c: char, at: usize) {
        match c {
            '#' => self.signs.hashtags += 1,
            '%' | '$' | '€' | '£' | '¥' | '₹' | '₽' | '₺' | '₩' => {
                self.signs.money += 1
            }
            '!' | '¡' if self.chars.last() != Some(&'!') => self.signs.exclaims += 1,
            _ => {}
        }
        if c.is_whitespace() {
            // Line ends without a full stop end a sentence too.
            if c == '\n' && self.chars.last().is_some_and(|last| *last != ' ') {
                self.end_sentence(false);
            }
            if self.chars.last() != Some(&' ') {
                self.push(' ', at);
            }
            return;
        }
        match c {
            '?' | '؟' => self.end_sentence(true),
            '.' | '!' | '。' | '؛' | '…' => self.end_sentence(false),
            ',' | ';' | ':' | '、' | '،' | '–' | '—' | '(' | ')' => {
                self.clauses.push(self.chars.len());
            }
            _ => {}
        }
        let mut folded = ['\0'; 4];
        let mut count = 0;
        fold_char(c, |c| {
            if let Some(slot) = folded.get_mut(count) {
                *slot = c;
                count += 1;
            }
        });
        for c in folded.into_iter().take(count) {
            self.push(c, at);
        }
    }

    fn end_sentence(&mut self, is_question: bool) {
        let here = self.chars.len();
        self.clauses.push(here);
        match self.sentences.last_mut() {
            // `?!` and `...?` are one end.
            Some((end, question)) if *end + 1 >= here => {
                *end = here;
                *question |= is_question;
            }
            _ => self.sentences.push((here, is_question)),
        }
    }

    fn push(&mut self, c: char, at: usize) {
        let is_letter = is_word(c);
        let word = self.number(is_letter, is_unspaced(c));
        self.letters.push(is_letter);
        self.chars.push(c);
        self.origin.push(at as u32);
        self.word.push(word);
    }

    /// The same for ASCII letters and digits, of which there is one at least.
    fn push_letters(&mut self, letters: &[u8], at: usize) {
        let word = self.number(true, false);
        self.chars.extend(letters.iter().map(|letter| *letter as char));
        self.origin.extend(at as u32..(at + letters.len()) as u32);
        self.letters.resize(self.chars.len(), true);
        self.word.resize(self.chars.len(), word);
    }

    /// The number of the word that the next character is in or behind.
    fn number(&self, is_letter: bool, is_unspaced: bool) -> u32 {
        match (self.letters.last(), self.word.last()) {
            (Some(follows), Some(number)) => {
                number + u32::from(if is_letter { !follows } else { is_unspaced })
            }
            _ => 0,
        }
    }

    /// The piece of text behind a range of `chars`, with the rest of the words in which it begins
    /// and ends; at most 60 characters of it.
    pub(super) fn piece(&self, range: Range<usize>) -> String {
        let is_inside = |at: usize| at > 0 && self.letters[at - 1] && self.letters[at];
        let (mut first, mut last) = (range.start, range.end);
        while first < self.letters.len() && is_inside(first) {
            first -= 1;
        }
        while last < self.letters.len() && is_inside(last) {
            last += 1;
        }
        let start = self.origin.get(first).map_or(self.plain.len(), |at| *at as usize);
        let end = self.origin.get(last).map_or(self.plain.len(), |at| *at as usize);
        self.plain.get(start..end).unwrap_or_default().trim().chars().take(60).collect()
    }

    /// How many of its sentences end as questions do.
    pub(super) fn questions(&self) -> usize {
        self.sentences.iter().filter(|(_, is_question)| *is_question).count()
    }

    /// How many words (letters, in scripts without spaces) it has.
    pub(super) fn words(&self) -> usize {
        self.word.last().map_or(0, |number| *number as usize + 1)
    }
}

/// Whether most of its letters are capitals.
fn shouts(original: &str) -> bool {
    let count = |is: fn(&u8) -> bool| original.bytes().filter(is).count();
    let (mut upper, mut lower) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    if !original.is_ascii() {
        for c in original.chars().filter(|c| !c.is_ascii()) {
            upper += usize::from(c.is_uppercase());
            lower += usize::from(c.is_lowercase());
        }
    }
    upper >= 12 && upper > 2 * lower
}

/// The length of a web address at this place.
#[inline]
pub(super) fn address(plain: &str, at: usize) -> Option<usize> {
    let bytes = plain.as_bytes();
    if !matches!((bytes.get(at), bytes.get(at + 1)), (Some(b'h' | b'w'), Some(b't' | b'w'))) {
        return None;
    }
    let rest = &plain[at..];
    let is_start = rest.starts_with("http://")
        || rest.starts_with("https://")
        || (rest.starts_with("www.") && !plain[..at].ends_with(is_word));
    is_start.then(|| rest.find(char::is_whitespace).unwrap_or(rest.len()))
}

/// The length of an @name at this place.
fn mention(plain: &str, at: usize) -> Option<usize> {
    let name = plain[at..].strip_prefix('@')?;
    if plain[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let end = name
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@')))
        .unwrap_or(name.len());
    let name = name[..end].trim_end_matches(['.', '-']);
    (!name.is_empty()).then_some(1 + name.len())
}

#[cfg(test)]
mod tests {
    use super::super::letters::plain;
    use super::*;

    fn folded(text: &str) -> String {
        Text::new(text, plain(text), &[]).chars.iter().collect()
    }

    #[test]
    fn what_people_type_compares_equal() {
        for (text, wanted, why) in [
            ("Größe ÉTÉ Łódź", "groesse ete lodz", "accents and ß"),
            ("ＡＢＣ　１２", "abc 12", "full width"),
            ("ｱｸﾒ ｶﾞ", "アクメ ガ", "half-width kana"),
            ("don’t", "don't", "typographic apostrophe"),
            ("İSTANBUL ısı", "istanbul isi", "Turkish i"),
            ("ещё Ёж", "еще еж", "yo"),
            ("й", "й", "Cyrillic short i is no accent"),
            ("إلى  مدرسةٌ", "الي مدرسه", "Arabic variants"),
            ("so\u{200B}ft\u{AD}", "soft", "nothing invisible"),
            ("see https://a.example/x?y=1 now", "see  now", "no addresses"),
            ("hi @Ada_L. ok a@b.example", "hi \u{E001}. ok a@b.example", "no names"),
        ] {
            assert_eq!(folded(text), wanted, "{why}");
        }
    }

    #[test]
    fn sentences_know_whether_they_ask() {
        let text = "Hi. Why?! ok，为什么？好…";
        let text = Text::new(text, plain(text), &[]);
        let asks: Vec<bool> = text.sentences.iter().map(|(_, q)| *q).collect();
        assert_eq!(asks, [false, true, true, false, false]);
    }

    #[test]
    fn the_brand_is_masked() {
        let text = "My Acme is slow";
        let text = Text::new(text, plain(text), &[Range { start: 3, end: 7 }]);
        assert_eq!(text.chars.iter().collect::<String>(), "my \u{E000} is slow");
        let text = "unlike @acme";
        let text = Text::new(text, plain(text), &[Range { start: 8, end: 12 }]);
        assert_eq!(text.chars.iter().collect::<String>(), "unlike \u{E000}");
    }
}
