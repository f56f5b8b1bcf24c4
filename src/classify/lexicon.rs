//! The terms that say something about a text, per language: from `data/` what it wants and how it
//! feels, from `data/tone/` the words that have a tone whatever they are about, and from
//! `data/signals/` what it says beside that.
//!
//! A weight is in log-odds; a negative one speaks against the class. That of a tone goes from -4 to
//! 4. A signal is there from a sum of 1 on, so a weight below that needs company.

use std::sync::LazyLock;

use super::class::{Class, Remark};
use super::fold::Text;
pub(super) use super::terms::Langs;
use super::terms::{File, Hit, Part, Terms};

/// What a term says.
#[derive(Clone, Copy, Debug)]
enum Sense {
    Cue(Class),
    Remark(Remark),
}

impl Sense {
    /// Frequent words mean nothing.
    fn cue(word: &str) -> Option<Self> {
        Class::parse(word).filter(|class| *class != Class::Stop).map(Self::Cue)
    }

    fn remark(word: &str) -> Option<Self> {
        Remark::parse(word).map(Self::Remark)
    }
}

macro_rules! file {
    ($code:literal, $($dir:literal: $sense:expr),*) => {
        File {
            code: $code,
            parts: &[$(Part {
                data: include_str!(concat!("data/", $dir, $code, ".txt")),
                class: $sense,
            }),*],
        }
    };
}

macro_rules! files {
    ($($code:literal),*) => {
        [
            $(file!($code, "": Sense::cue, "tone/": Sense::cue, "signals/": Sense::remark),)*
            file!("emoji", "": Sense::cue, "tone/": Sense::cue),
        ]
    };
}

/// The languages with terms, in the order of their bits. `emoji` belongs to all of them.
static FILES: [File<Sense>; 20] = files![
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "tr", "ru", "zh", "ja",
    "ko", "ar", "id"
];

/// The parts of a file that tell cues; remarks stand behind them.
const CUES: usize = 2;

/// Every language.
pub(super) const ALL: Langs = (1 << FILES.len()) - 1;
const EMOJI: Langs = 1 << (FILES.len() - 1);

/// The bit of a language, with emoji; none if it has no terms.
pub(super) fn bit(code: &str) -> Option<Langs> {
    FILES.iter().position(|file| file.code == code).map(|index| 1 << index | EMOJI)
}

/// The data lines of what texts want and how they feel, in every language.
pub(super) fn lines() -> impl Iterator<Item = &'static str> {
    FILES.iter().flat_map(|file| &file.parts[..CUES]).flat_map(|part| part.data.lines())
}

/// All terms.
static LEXICON: LazyLock<Terms<Sense>> = LazyLock::new(|| Terms::new(&FILES));

/// Puts the terms of these languages in a text to `cues` and `remarks`, in place of what was there.
pub(super) fn find(
    text: &Text,
    langs: Langs,
    cues: &mut Vec<Hit<Class>>,
    remarks: &mut Vec<Hit<Remark>>,
) {
    cues.clear();
    remarks.clear();
    LEXICON.each(text, langs, |hit| match hit.term.class {
        Sense::Cue(class) => cues.push(hit.with(class)),
        Sense::Remark(remark) => remarks.push(hit.with(remark)),
    });
}

#[cfg(test)]
mod tests {
    use super::super::class::CLASSES;
    use super::super::letters;
    use super::super::terms::line_parts;
    use super::*;
    use crate::model::{Aspect, Signal};

    #[test]
    fn every_data_line_can_be_read() {
        for File { code, parts } in &FILES {
            // Remarks weigh up to 3, tones up to 4.
            let most = |part: usize| if part < CUES { 4.0 } else { 3.0 };
            for (part, most) in parts.iter().zip((0..).map(most)) {
                for (number, line) in part.data.lines().enumerate() {
                    if line.trim().is_empty() || line.starts_with('#') {
                        continue;
                    }
                    let at = format!("{code}:{}: {line}", number + 1);
                    let is_stop = line.starts_with("stop:");
                    let known = |word: &str| is_stop.then_some(()).or((part.class)(word).map(drop));
                    let (_, weight, _) = line_parts(line, known).expect(&at);
                    assert!((-most..=most).contains(&weight), "{at}");
                    assert!(letters::plain(line) == line, "{at}");
                }
            }
        }
    }

    #[test]
    fn every_language_has_every_class_it_needs() {
        for File { code, parts } in &FILES[..FILES.len() - 1] {
            let lines = parts[..CUES].iter().flat_map(|part| part.data.lines());
            let classes: Vec<Class> = lines
                .filter_map(|line| line_parts(line, Class::parse))
                .map(|line| line.0)
                .collect();
            for (word, class) in CLASSES {
                let is_phrased = matches!(*code, "ja" | "ko" | "tr");
                let is_optional = is_phrased && matches!(class, Class::Works | Class::Not);
                let is_script = matches!(*code, "zh" | "ja" | "ko") && class == Class::Stop;
                assert!(
                    is_optional || is_script || classes.contains(&class),
                    "{code} has no {word} line"
                );
            }
        }
    }

    #[test]
    fn every_language_speaks_for_every_signal_and_aspect() {
        for File { code, parts } in &FILES[..FILES.len() - 1] {
            let lines = parts[CUES].data.lines();
            let remarks: Vec<Remark> = lines
                .filter_map(|line| line_parts(line, Remark::parse))
                .map(|line| line.0)
                .collect();
            // A promise has no words of its own: it is a day and somebody who binds themselves.
            let signals = Signal::ALL.into_iter().filter(|signal| *signal != Signal::Promise);
            let wanted = signals
                .map(Remark::Signal)
                .chain(Aspect::ALL.map(Remark::Aspect))
                .chain([Remark::Commit, Remark::Day(0), Remark::Day(1), Remark::Span(24)])
                .chain((1..=7).map(Remark::Weekday));
            for remark in wanted {
                assert!(remarks.contains(&remark), "{code} has no {remark:?}");
            }
        }
    }
}
