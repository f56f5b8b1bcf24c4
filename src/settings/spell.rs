//! How values are spelled: durations, and the word that was probably meant.

use crate::model::Time;

/// The known word that a mistyped one most probably means.
pub fn nearest<'w>(typed: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    known
        .map(|word| (strsim::jaro_winkler(&typed.to_lowercase(), &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// Milliseconds of `"90s"`, `"15m"`, `"2h"`, `"14d"`, or `"1h30m"`.
pub fn parse_duration(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match rest[..letters].trim() {
            "s" => Time::SECOND,
            "m" | "min" => Time::MINUTE,
            "h" => Time::HOUR,
            "d" => Time::DAY,
            _ => return None,
        };
        rest = &rest[letters..];
        total = total.checked_add(number.checked_mul(unit)?)?;
    }
    Some(total)
}

/// A duration as people write it.
pub(super) fn say(millis: i64) -> String {
    let seconds = (millis.saturating_add(500)) / 1000;
    match seconds {
        s if s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// The word with its article.
pub(super) fn article(kind: &str) -> String {
    match kind.chars().next() {
        Some('a' | 'e' | 'i' | 'o' | 'u') => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("30s", Some(30_000)),
            ("15m", Some(900_000)),
            ("1h30m", Some(5_400_000)),
            ("14d", Some(14 * Time::DAY)),
            ("", None),
            ("5", None),
            ("5 years", None),
            ("9999999999999999d", None),
        ] {
            assert_eq!(parse_duration(text), wanted, "{text}");
        }
    }
}
