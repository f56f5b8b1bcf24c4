//! How numbers, percentages and small shares are written.

use super::{Language, Words};

/// A part of a whole as it may be shown: as a percentage only from a whole of 20 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    /// `83 %`.
    Percent(String),
    /// `7 of 9`.
    KOfN(String),
    /// Only how many there were.
    Count(String),
}

impl Share {
    /// What is shown.
    pub fn shown(&self) -> &str {
        match self {
            Self::Percent(text) | Self::KOfN(text) | Self::Count(text) => text,
        }
    }
}

impl Words {
    /// A whole number, thousands set apart.
    pub fn int(self, n: u64) -> String {
        let digits = n.to_string();
        // Four digits stay together in Swedish; the gap must not break a line.
        let (gap, least) = match self.language {
            Language::En => (",", 4),
            Language::De => (".", 4),
            Language::Sv => ("\u{a0}", 5),
        };
        if digits.len() < least {
            return digits;
        }
        let head = digits.len() % 3;
        let mut groups: Vec<&str> = Vec::new();
        if head > 0 {
            groups.push(&digits[..head]);
        }
        groups.extend((head..digits.len()).step_by(3).map(|i| &digits[i..i + 3]));
        groups.join(gap)
    }

    /// A whole percentage of a share 0..1.
    pub fn percent(self, share: f64) -> String {
        let whole = (share * 100.0).round() as i64;
        self.pick(format!("{whole}%"), format!("{whole}\u{a0}%"), format!("{whole}\u{a0}%"))
    }

    /// A score −1..1 as points −100..100, always with its sign.
    pub fn points(self, score: f64) -> String {
        match (score * 100.0).round() as i64 {
            0 => "0".to_owned(),
            n if n < 0 => format!("\u{2212}{}", -n),
            n => format!("+{n}"),
        }
    }

    /// `k` of `n` as far as the size of `n` lets it be read: percentage from 20, `k of n` from 5,
    /// below that the count alone.
    pub fn share(self, k: u64, n: u64) -> Share {
        let (part, whole) = (self.int(k), self.int(n));
        if n >= 20 {
            Share::Percent(self.percent(k as f64 / n as f64))
        } else if n >= 5 {
            Share::KOfN(self.pick(
                format!("{part} of {whole}"),
                format!("{part} von {whole}"),
                format!("{part} av {whole}"),
            ))
        } else {
            Share::Count(part)
        }
    }

    /// A span between two ends as written before.
    pub fn between(self, low: &str, high: &str) -> String {
        self.pick(
            format!("{low} to {high}"),
            format!("{low} bis {high}"),
            format!("{low} till {high}"),
        )
    }

    /// `a, b and c`.
    pub fn list(self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [one] => one.clone(),
            [head @ .., last] => {
                format!("{} {} {last}", head.join(", "), self.pick("and", "und", "och"))
            }
        }
    }

    /// A piece of text in the quotation marks of the language.
    pub fn quoted(self, text: &str) -> String {
        self.pick(
            format!("\u{201c}{text}\u{201d}"),
            format!("\u{201e}{text}\u{201c}"),
            format!("\u{201d}{text}\u{201d}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::UTC;

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        for (language, n, wanted) in [
            (Language::En, 999, "999"),
            (Language::En, 9_960, "9,960"),
            (Language::De, 9_960, "9.960"),
            (Language::Sv, 9_960, "9960"),
            (Language::Sv, 12_345_678, "12\u{a0}345\u{a0}678"),
            (Language::En, 1_000_000, "1,000,000"),
        ] {
            assert_eq!(Words::new(language, UTC).int(n), wanted, "{language:?} {n}");
        }
    }

    #[test]
    fn a_share_is_a_percentage_only_from_twenty_on() {
        let words = Words::new(Language::En, UTC);
        for (what, k, n, wanted) in [
            ("twenty is enough for a percentage", 17, 20, Share::Percent("85%".into())),
            ("nineteen is not", 17, 19, Share::KOfN("17 of 19".into())),
            ("five is enough for k of n", 0, 5, Share::KOfN("0 of 5".into())),
            ("below five only the count", 3, 4, Share::Count("3".into())),
            ("nothing at all", 0, 0, Share::Count("0".into())),
        ] {
            assert_eq!(words.share(k, n), wanted, "{what}");
        }
    }
}
