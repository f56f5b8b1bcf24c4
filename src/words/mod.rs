//! Every sentence for people, per language: mails are composed from these and nothing else.
//!
//! One function per message; what is shown and in which order is decided where it is composed.
//! Also decides how times, spans, numbers and shares are written.

mod alert;
mod case;
mod digest;
mod doubt;
mod ended;
mod indicator;
mod number;
mod source;
mod terms;
mod time;

use chrono_tz::Tz;

pub use digest::Tally;
pub use number::Share;

/// A language mails are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// Swedish.
    Sv,
}

impl Language {
    /// Every language with its ISO 639-1 code, as written in the configuration.
    pub const CHOICES: [(&'static str, Self); 3] =
        [("en", Self::En), ("de", Self::De), ("sv", Self::Sv)];

    /// Its ISO 639-1 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Sv => "sv",
        }
    }
}

/// How one brand is spoken to: its language, and the zone in which its people read the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The language.
    pub language: Language,
    /// The zone of every time that is shown.
    pub zone: Tz,
}

impl Words {
    /// The words of a language, with times in `zone`.
    pub fn new(language: Language, zone: Tz) -> Self {
        Self { language, zone }
    }

    fn pick<T>(self, en: T, de: T, sv: T) -> T {
        match self.language {
            Language::En => en,
            Language::De => de,
            Language::Sv => sv,
        }
    }

    /// `1 mail`, `2 mails`: the number as the language writes it, with the noun that fits. All three
    /// languages have one form for one and one for everything else.
    fn count(self, n: u64, one: &str, many: &str) -> String {
        format!("{} {}", self.int(n), if n == 1 { one } else { many })
    }
}
