//! The terms behind signals and aspects, per language, as read from `data/signals/`.
//!
//! Classes are the words of [`Signal`] and [`Aspect`]; `plain` takes the meaning from what it
//! covers; the others tell days and numbers, for promises. A signal is there from a sum of 1 on, so
//! a weight below that needs company.

use std::sync::LazyLock;

pub(super) use super::super::terms::Langs;
use super::super::terms::{self, Terms};
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

/// Every language.
pub(super) const ALL: Langs = (1 << FILES.len()) - 1;

/// The bit of a language; none if it has no terms.
pub(super) fn bit(code: &str) -> Option<Langs> {
    FILES.iter().position(|(name, _)| *name == code).map(|index| 1 << index)
}

/// A term in a text.
pub(super) type Hit = terms::Hit<Class>;

/// All of them.
pub(super) static TERMS: LazyLock<Terms<Class>> =
    LazyLock::new(|| Terms::new(&FILES, Class::parse));

#[cfg(test)]
mod tests {
    use super::super::super::letters;
    use super::terms::line_parts;
    use super::*;

    #[test]
    fn every_data_line_can_be_read() {
        for (code, data) in &FILES {
            for (number, line) in data.lines().enumerate() {
                let is_comment = line.trim().is_empty() || line.starts_with('#');
                let parts = line_parts(line, Class::parse);
                assert!(is_comment || parts.is_some(), "{code}:{}: {line}", number + 1);
                let weight = parts.map_or(1.0, |(_, weight, _)| weight);
                assert!((-3.0..=3.0).contains(&weight), "{code}:{}: {line}", number + 1);
                assert!(
                    is_comment || letters::plain(line) == line,
                    "{code}:{}: {line}",
                    number + 1
                );
            }
        }
    }

    #[test]
    fn every_language_speaks_for_every_signal_and_aspect() {
        for (code, data) in &FILES {
            let classes: Vec<Class> = data
                .lines()
                .filter_map(|line| line_parts(line, Class::parse))
                .map(|(class, ..)| class)
                .collect();
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
