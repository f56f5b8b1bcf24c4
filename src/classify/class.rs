//! What terms speak for: the first words of data lines.

use crate::model::{Aspect, Signal};

/// What a term says of the intent and the feeling of a text.
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

/// All of them, by their words.
pub(super) const CLASSES: [(&str, Class); 17] = [
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
    pub(super) fn parse(word: &str) -> Option<Self> {
        CLASSES.iter().find(|(known, _)| *known == word).map(|(_, class)| *class)
    }

    /// The word in data lines and reasons.
    pub(super) fn word(self) -> &'static str {
        CLASSES.iter().find(|(_, class)| *class == self).map_or("", |(word, _)| word)
    }
}

/// What a term says beside that: the words of [`Signal`] and [`Aspect`]; days and numbers, for
/// promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remark {
    Signal(Signal),
    Aspect(Aspect),
    /// Takes the meaning from what it covers.
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

impl Remark {
    pub(super) fn parse(word: &str) -> Option<Self> {
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
