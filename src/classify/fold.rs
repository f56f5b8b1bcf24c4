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
    /// For each of `chars`, whether it is part of a word in a script with spaces: asked often, and
    /// dear to find out.
    pub letters: Vec<bool>,
    /// Where words and signs start, as places in `chars`.
    pub starts: Vec<u32>,
    /// Where words start, but for one at the very start. In scripts without spaces every letter counts
    /// as a word.
    words: Vec<u32>,
    /// Places in `chars` and the bytes of `plain` they come from; up to the next of these each character
    /// comes from the byte behind that of the last.
    origins: Vec<(u32, u32)>,
    /// Ends of clauses (commas and stronger), as places in `chars`.
    pub clauses: Vec<usize>,
    /// Ends of sentences, and whether the end is a question mark.
    pub sentences: Vec<(usize, bool)>,
    /// Surface signs.
    pub signs: Signs,
}

impl Text {
    /// Folds a text, in place of the one before. `brand` are the ranges of `plain` that name the
    /// watched brand.
    pub(super) fn read(&mut self, original: &str, plain: String, brand: &[Range<usize>]) {
        self.clear();
        self.signs.shouts = shouts(original);
        let mut brands = brand.iter().peekable();
        let mut at = 0;
        let mut digits = 0;
        while at < plain.len() {
            if plain.as_bytes()[at] == b' ' {
                self.space(at);
                digits = 0;
                at += 1;
                continue;
            }
            while brands.next_if(|range| range.end <= at).is_some() {}
            // Most of most texts: letters that fold to themselves and begin no address.
            let limit = brands.peek().map_or(plain.len(), |range| range.start.max(at));
            let is_plain = |(at, letter): &(usize, &u8)| {
                letter.is_ascii_alphanumeric() && address(&plain, *at).is_none()
            };
            let letters = &plain.as_bytes()[at..limit];
            let long = (at..).zip(letters).take_while(is_plain).count();
            if long > 0 {
                self.push_letters(&letters[..long], at);
                digits = self.count_digits(digits, &letters[..long]);
                at += long;
                continue;
            }
            let Some(c) = plain[at..].chars().next() else { break };
            let (length, stand_in) = if let Some(range) = brands.peek().filter(|r| r.start <= at) {
                (range.end - at, Some(BRAND))
            } else if let Some(length) = address(&plain, at) {
                self.signs.urls += 1;
                (length, Some(' '))
            } else if let Some(length) = mention(&plain, at) {
                self.signs.mentions += 1;
                let is_brand = brands.peek().is_some_and(|range| range.start == at + 1);
                (length, Some(if is_brand { BRAND } else { MENTION }))
            } else {
                (c.len_utf8(), None)
            };
            digits = if stand_in.is_none() && c.is_numeric() { digits + 1 } else { 0 };
            self.signs.digits = self.signs.digits.max(digits);
            match stand_in {
                Some(sign) => self.push(sign, at),
                None => self.take(c, at),
            }
            at += length;
        }
        self.plain = plain;
        self.sentences.push((self.chars.len(), false));
    }

    /// Empty, with the memory that it had.
    fn clear(&mut self) {
        self.chars.clear();
        self.letters.clear();
        self.starts.clear();
        self.words.clear();
        self.origins.clear();
        self.clauses.clear();
        self.sentences.clear();
        self.signs = Signs::default();
    }

    /// A text of its own.
    #[cfg(test)]
    pub(super) fn of(original: &str, brand: &[Range<usize>]) -> Self {
        let mut text = Self::default();
        text.read(original, super::letters::plain(original), brand);
        text
    }

    /// The longest run of digits, with so many right before these letters; tells how many they end with.
    fn count_digits(&mut self, before: u32, letters: &[u8]) -> u32 {
        if !letters.iter().any(u8::is_ascii_digit) {
            return 0;
        }
        letters.iter().fold(before, |digits, letter| {
            let digits = if letter.is_ascii_digit() { digits + 1 } else { 0 };
            self.signs.digits = self.signs.digits.max(digits);
            digits
        })
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
            self.space(at);
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

    /// Several are one.
    fn space(&mut self, at: usize) {
        if self.chars.last() != Some(&' ') {
            self.push(' ', at);
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
        self.note(c, is_letter, at);
        self.letters.push(is_letter);
        self.chars.push(c);
    }

    /// The same for ASCII letters and digits, of which there is one at least.
    fn push_letters(&mut self, letters: &[u8], at: usize) {
        self.note(letters[0] as char, true, at);
        self.chars.extend(letters.iter().map(|letter| *letter as char));
        self.letters.resize(self.chars.len(), true);
    }

    /// Notes where the next character comes from, and whether a sign or a word starts with it.
    fn note(&mut self, c: char, is_letter: bool, at: usize) {
        let here = self.chars.len() as u32;
        let is_next = |(place, byte): &(u32, u32)| byte + (here - place) == at as u32;
        if !self.origins.last().is_some_and(is_next) {
            self.origins.push((here, at as u32));
        }
        let goes_on = is_letter && self.letters.last() == Some(&true);
        if c != ' ' && !goes_on {
            self.starts.push(here);
        }
        if here > 0 && if is_letter { !goes_on } else { is_unspaced(c) } {
            self.words.push(here);
        }
    }

    /// The byte of `plain` that a character comes from; its end behind the last.
    pub(super) fn byte(&self, at: usize) -> usize {
        let before = self.origins.partition_point(|(place, _)| *place as usize <= at);
        match self.origins[..before].last() {
            Some((place, byte)) if at < self.chars.len() => *byte as usize + at - *place as usize,
            _ => self.plain.len(),
        }
    }

    /// The number of the word that a character is in or behind; 0 behind the last.
    pub(super) fn word(&self, at: usize) -> u32 {
        let is_text = at < self.chars.len();
        if is_text { self.words.partition_point(|start| *start as usize <= at) as u32 } else { 0 }
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
        let piece = self.plain.get(self.byte(first)..self.byte(last)).unwrap_or_default();
        piece.trim().chars().take(60).collect()
    }

    /// How many of its sentences end as questions do.
    pub(super) fn questions(&self) -> usize {
        self.sentences.iter().filter(|(_, is_question)| *is_question).count()
    }

    /// How many words (letters, in scripts without spaces) it has.
    pub(super) fn words(&self) -> usize {
        if self.chars.is_empty() { 0 } else { self.words.len() + 1 }
    }
}

/// Whether most of its letters are capitals.
fn shouts(original: &str) -> bool {
    let mut upper = count(original, |byte| byte.is_ascii_uppercase());
    let mut lower = count(original, |byte| byte.is_ascii_lowercase());
    if !original.is_ascii() {
        for c in original.chars().filter(|c| !c.is_ascii()) {
            upper += usize::from(c.is_uppercase());
            lower += usize::from(c.is_lowercase());
        }
    }
    upper >= 12 && upper > 2 * lower
}

/// How many bytes of a text are so. Quick, for so many fit into a byte that adding up needs no more.
pub(super) fn count(text: &str, is: impl Fn(u8) -> bool) -> usize {
    let chunks = text.as_bytes().chunks(usize::from(u8::MAX));
    chunks.map(|bytes| usize::from(bytes.iter().map(|byte| u8::from(is(*byte))).sum::<u8>())).sum()
}

/// The length of a web address at this place.
#[inline]
pub(super) fn address(plain: &str, at: usize) -> Option<usize> {
    matches!(plain.as_bytes().get(at), Some(b'h' | b'w')).then(|| long_address(plain, at))?
}

fn long_address(plain: &str, at: usize) -> Option<usize> {
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
    use super::*;

    fn folded(text: &str) -> String {
        Text::of(text, &[]).chars.iter().collect()
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
        let text = Text::of(text, &[]);
        let asks: Vec<bool> = text.sentences.iter().map(|(_, q)| *q).collect();
        assert_eq!(asks, [false, true, true, false, false]);
    }

    #[test]
    fn the_brand_is_masked() {
        let text = "My Acme is slow";
        let text = Text::of(text, &[Range { start: 3, end: 7 }]);
        assert_eq!(text.chars.iter().collect::<String>(), "my \u{E000} is slow");
        let text = "unlike @acme";
        let text = Text::of(text, &[Range { start: 8, end: 12 }]);
        assert_eq!(text.chars.iter().collect::<String>(), "unlike \u{E000}");
    }
}
