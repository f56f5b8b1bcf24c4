//! The terms behind signals and aspects, per language, as read from `data/signals/`.
//!
//! A data line is `class weight: term, term, …`; `#` starts a comment line. A star at the end of a
//! term allows any ending, one at its start any beginning (compounds). Accents and case do not
//! matter. Classes are the words of [`Signal`] and [`Aspect`]; `plain` takes the meaning from what it
//! covers; the others tell days and numbers, for promises. A signal is there from a sum of 1 on, so
//! a weight below that needs company.

use std::sync::LazyLock;

use super::super::fold;
use super::super::trie::Trie;
use crate::model::{Aspect, Signal};

/// What a term speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Signal(Signal),
    Aspect(Aspect),
    /// Means nothing here, whatever shorter terms in it mean.
    Plain,
    /// A negation.
    Not,
    /// The brand binds itself: "we will", "you'll hear".
    Commit,
    /// A day so many days from now.
    Day(u16),
    /// A day of the week, 1 Monday.
    Weekday(u8),
    /// A month.
    Month(u8),
    /// A number as a word.
    Number(u16),
    /// What a number counts, in hours.
    Span(u16),
}

/// Terms of one family hide shorter ones of the same; families do not see each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Signal = 0,
    Aspect = 1,
    Time = 2,
    /// Asking after an answer tells of waiting too, so it hides no words of effort.
    Chase = 3,
}

impl Class {
    fn parse(word: &str) -> Option<Self> {
        if let Some(signal) = Signal::ALL.into_iter().find(|s| s.word() == word) {
            return Some(Self::Signal(signal));
        }
        if let Some(aspect) = Aspect::ALL.into_iter().find(|a| a.word() == word) {
            return Some(Self::Aspect(aspect));
        }
        let (word, number) = word.split_once('-').unwrap_or((word, "0"));
        let number: u16 = number.parse().ok()?;
        Some(match word {
            "plain" => Self::Plain,
            "not" => Self::Not,
            "commit" => Self::Commit,
            "day" => Self::Day(number),
            "weekday" => Self::Weekday(u8::try_from(number).ok()?),
            "month" => Self::Month(u8::try_from(number).ok()?),
            "number" => Self::Number(number),
            "hours" => Self::Span(number),
            _ => return None,
        })
    }

    /// Its family; `None` for `plain`, which belongs to those that mean something.
    pub(super) fn family(self) -> Option<Family> {
        match self {
            Self::Plain => None,
            Self::Signal(Signal::AnyAnswer) => Some(Family::Chase),
            Self::Signal(_) => Some(Family::Signal),
            Self::Aspect(_) => Some(Family::Aspect),
            _ => Some(Family::Time),
        }
    }
}

macro_rules! data {
    ($($code:literal),*) => {
        [$(($code, include_str!(concat!("../data/signals/", $code, ".txt")))),*]
    };
}

/// The languages with terms, in the order of their bits.
pub(super) static FILES: [(&str, &str); 19] = data![
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "tr", "ru", "zh", "ja",
    "ko", "ar", "id"
];

/// A set of languages, a bit each.
pub(super) type Langs = u32;

/// Every language.
pub(super) const ALL: Langs = (1 << FILES.len()) - 1;

/// The bit of a language; none if it has no terms.
pub(super) fn bit(code: &str) -> Option<Langs> {
    FILES.iter().position(|(name, _)| *name == code).map(|index| 1 << index)
}

/// One term.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub class: Class,
    pub weight: f32,
    pub langs: Langs,
    /// Any ending is allowed.
    open: bool,
}

/// A term in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// Where it starts in the folded text.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Its number: two with the same are the same term.
    pub number: u32,
    pub term: Term,
}

/// All terms of all languages.
pub(super) struct Terms {
    terms: Vec<Term>,
    starts: Trie,
    inner: Trie,
}

/// Read once, at first use.
pub(super) static TERMS: LazyLock<Terms> = LazyLock::new(|| Terms::read(&FILES));

/// Class, weight and terms of a data line; `None` for comments and empty lines.
fn line_parts(line: &str) -> Option<(Class, f32, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (head, list) = line.split_once(':')?;
    let (class, weight) = head.split_once(' ').unwrap_or((head, "1"));
    Some((Class::parse(class)?, weight.trim().parse().ok()?, list))
}

/// A term as folded, and as people write it who have no such letters on their keyboard.
fn spellings(code: &str, term: &str) -> Vec<Vec<char>> {
    let mut all = vec![fold::fold_term(term)];
    let pairs: &[(&str, &str)] = match code {
        "de" => &[],
        "da" | "no" => &[("å", "aa"), ("ø", "o")],
        _ => &[("ä", "a"), ("ö", "o"), ("ü", "u")],
    };
    let respelt = pairs.iter().fold(term.to_owned(), |term, (from, to)| term.replace(from, to));
    if respelt != term {
        all.push(fold::fold_term(&respelt));
    }
    all
}

impl Terms {
    fn read(files: &[(&str, &str)]) -> Self {
        let mut terms = Vec::new();
        let (mut starts, mut inner) = (Vec::new(), Vec::new());
        for (index, (code, data)) in files.iter().enumerate() {
            for (class, weight, list) in data.lines().filter_map(line_parts) {
                for written in list.split(',').map(str::trim).filter(|t| !t.is_empty()) {
                    let open = written.ends_with('*');
                    let number = terms.len() as u32;
                    terms.push(Term { class, weight, langs: 1 << index, open });
                    let list = if written.starts_with('*') { &mut inner } else { &mut starts };
                    for spelling in spellings(code, written.trim_matches('*')) {
                        list.push((spelling, number));
                    }
                }
            }
        }
        Self { terms, starts: Trie::new(starts), inner: Trie::new(inner) }
    }

    /// Calls `take` for every term of these languages in the text, in order of place; overlapping
    /// ones too.
    pub(super) fn each(&self, text: &fold::Text, langs: Langs, mut take: impl FnMut(Hit)) {
        let (chars, letters) = (&text.chars, &text.letters);
        let mut see = |start: usize, end: usize, numbers: &[u32]| {
            let is_cut = letters.get(end).is_some_and(|next| *next) && letters[end - 1];
            for number in numbers {
                let term = self.terms[*number as usize];
                if term.langs & langs != 0 && (!is_cut || term.open) {
                    take(Hit { start, end, number: *number, term });
                }
            }
        };
        for (at, c) in chars.iter().enumerate() {
            let is_inside = at > 0 && letters[at] && letters[at - 1];
            if !is_inside && *c != ' ' {
                self.starts.walk(chars, at, |end, numbers| see(at, end, numbers));
            }
            if letters[at] && !c.is_ascii_digit() {
                self.inner.walk(chars, at, |end, numbers| see(at, end, numbers));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_line_can_be_read() {
        for (code, data) in &FILES {
            for (number, line) in data.lines().enumerate() {
                let is_comment = line.trim().is_empty() || line.starts_with('#');
                let parts = line_parts(line);
                assert!(is_comment || parts.is_some(), "{code}:{}: {line}", number + 1);
                let weight = parts.map_or(1.0, |(_, weight, _)| weight);
                assert!((-3.0..=3.0).contains(&weight), "{code}:{}: {line}", number + 1);
            }
        }
    }

    #[test]
    fn every_language_speaks_for_every_signal_and_aspect() {
        for (code, data) in &FILES {
            let classes: Vec<Class> =
                data.lines().filter_map(line_parts).map(|(class, ..)| class).collect();
            // A promise has no words of its own: it is a day and somebody who binds themselves.
            for signal in Signal::ALL.into_iter().filter(|s| *s != Signal::Promise) {
                assert!(classes.contains(&Class::Signal(signal)), "{code} has no {signal:?}");
            }
            for aspect in Aspect::ALL {
                assert!(classes.contains(&Class::Aspect(aspect)), "{code} has no {aspect:?}");
            }
            for class in [Class::Commit, Class::Day(0), Class::Day(1), Class::Span(24)] {
                assert!(classes.contains(&class), "{code} has no {class:?}");
            }
            for day in 1..=7 {
                assert!(classes.contains(&Class::Weekday(day)), "{code} has no weekday {day}");
            }
        }
    }
}
