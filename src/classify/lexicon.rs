//! The terms that say something about a text, per language, as read from `data/`; and from
//! `data/tone/` the words that have a tone whatever they are about.
//!
//! A weight is in log-odds; a negative one speaks against the class. That of a tone goes from -4 to 4.

use std::sync::LazyLock;

pub(super) use super::terms::Langs;
use super::terms::{self, Terms};

/// What a term speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Class {
    /// Dissatisfaction.
    Complaint,
    /// Something that ought to happen: a complaint if a negation is near.
    Works,
    /// A question, wherever it stands.
    Question,
    /// A question word: counts at the start of a sentence or in one that ends with `?`.
    Opener,
    /// Help or an act is asked for.
    Request,
    /// Admiration, recommendation.
    Praise,
    /// Gratitude.
    Thanks,
    /// A problem is over.
    Solved,
    /// Consent, which is all there is to say to an answer.
    Consent,
    /// Adverts, fraud, giveaways.
    Spam,
    /// Danger, injury, law.
    Safety,
    /// Moves the talk to a private channel.
    Private,
    /// A good feeling.
    Pos,
    /// A bad feeling.
    Neg,
    /// How it feels by itself, whatever it is about: from -4 to 4.
    Tone,
    /// A negation.
    Not,
    /// A frequent word that tells the language.
    Stop,
}

const CLASSES: [(&str, Class); 17] = [
    ("complaint", Class::Complaint),
    ("works", Class::Works),
    ("question", Class::Question),
    ("opener", Class::Opener),
    ("request", Class::Request),
    ("praise", Class::Praise),
    ("thanks", Class::Thanks),
    ("solved", Class::Solved),
    ("consent", Class::Consent),
    ("spam", Class::Spam),
    ("safety", Class::Safety),
    ("private", Class::Private),
    ("pos", Class::Pos),
    ("neg", Class::Neg),
    ("tone", Class::Tone),
    ("not", Class::Not),
    ("stop", Class::Stop),
];

impl Class {
    fn parse(word: &str) -> Option<Self> {
        CLASSES.iter().find(|(known, _)| *known == word).map(|(_, class)| *class)
    }

    /// The word in data lines and reasons.
    pub(super) fn word(self) -> &'static str {
        CLASSES.iter().find(|(_, class)| *class == self).map_or("", |(word, _)| word)
    }
}

macro_rules! data {
    ($($code:literal),*) => {
        [$(($code, concat!(
            include_str!(concat!("data/", $code, ".txt")),
            include_str!(concat!("data/tone/", $code, ".txt")),
        ))),*]
    };
}

/// The languages with terms, in the order of their bits. `emoji` belongs to all of them.
pub(super) static FILES: [(&str, &str); 20] = data![
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "tr", "ru", "zh", "ja",
    "ko", "ar", "id", "emoji"
];

/// Every language.
pub(super) const ALL: Langs = (1 << FILES.len()) - 1;
const EMOJI: Langs = 1 << (FILES.len() - 1);

/// The bit of a language, with emoji; none if it has no terms.
pub(super) fn bit(code: &str) -> Option<Langs> {
    FILES.iter().position(|(name, _)| *name == code).map(|index| 1 << index | EMOJI)
}

/// A term in a text.
pub(super) type Hit = terms::Hit<Class>;

/// Without frequent words, which mean nothing.
pub(super) static LEXICON: LazyLock<Terms<Class>> = LazyLock::new(|| {
    Terms::new(&FILES, |word| Class::parse(word).filter(|class| *class != Class::Stop))
});

#[cfg(test)]
mod tests {
    use super::super::letters;
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
                assert!((-4.0..=4.0).contains(&weight), "{code}:{}: {line}", number + 1);
                assert!(
                    is_comment || letters::plain(line) == line,
                    "{code}:{}: {line}",
                    number + 1
                );
            }
        }
    }

    #[test]
    fn every_language_has_every_class_it_needs() {
        for (code, data) in &FILES[..FILES.len() - 1] {
            let classes: Vec<Class> = data
                .lines()
                .filter_map(|line| line_parts(line, Class::parse))
                .map(|(class, ..)| class)
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
}
