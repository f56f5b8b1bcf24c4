//! Times as people read them: in the brand's zone, which is named.

use chrono::{DateTime, Datelike};
use chrono_tz::Tz;
use serde_json::Value;

use crate::model::Time;
use crate::words::{Language, Words};

/// The zone of a brand and the moment from which times are looked at.
#[derive(Clone, Copy)]
pub struct Local {
    zone: Tz,
    now: Time,
}

impl Local {
    /// From the zone's name as it stands in an answer; UTC if there is none.
    pub fn new(zone: &Value, now: Time) -> Self {
        let zone = zone.as_str().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
        Self { zone, now }
    }

    /// The zone for a heading. Its offset differs from row to row, so that it is not said.
    pub fn zone(self) -> &'static str {
        self.zone.name()
    }

    /// `09:12`, `9 Nov 09:12`, `9 Nov 2025 09:12`: as much as it takes; `-` for no time.
    pub fn short(self, value: &Value) -> String {
        let Some(at) = of(value) else { return "-".to_owned() };
        let (at, now) = (self.at(at), self.at(self.now));
        if at.date_naive() == now.date_naive() {
            at.format("%H:%M").to_string()
        } else if at.year() == now.year() {
            at.format("%-d %b %H:%M").to_string()
        } else {
            at.format("%-d %b %Y %H:%M").to_string()
        }
    }

    /// `Mon 9 Nov 2026 09:12 CET (+01:00)`; `-` for no time.
    pub fn full(self, value: &Value) -> String {
        of(value).map_or_else(|| "-".to_owned(), |at| self.words().moment(at))
    }

    /// `Mon 9 Nov 2026`, of the day that ends at that instant if `ends`.
    pub fn day(self, value: &Value, ends: bool) -> String {
        let Some(at) = of(value) else { return "-".to_owned() };
        self.words().day(if ends { at.plus(-1) } else { at })
    }

    /// A sentence with its RFC 3339 times made local.
    pub fn sentence(self, text: &str) -> String {
        let words: Vec<String> = text
            .split(' ')
            .map(|word| {
                let bare = word.trim_end_matches([',', ';', ')', '.', ':']);
                match Time::parse(bare).filter(|_| bare.len() >= 20) {
                    Some(at) => format!("{}{}", self.words().moment(at), &word[bare.len()..]),
                    None => word.to_owned(),
                }
            })
            .collect();
        words.join(" ")
    }

    /// The same, short, where the zone stands in the heading.
    pub fn remark(self, text: &str) -> String {
        let words: Vec<String> = text
            .split(' ')
            .map(|word| match Time::parse(word).filter(|_| word.len() >= 20) {
                Some(_) => self.short(&Value::String(word.to_owned())),
                None => word.to_owned(),
            })
            .collect();
        words.join(" ")
    }

    fn words(self) -> Words {
        Words::new(Language::En, self.zone)
    }

    fn at(self, at: Time) -> DateTime<Tz> {
        at.utc().with_timezone(&self.zone)
    }
}

fn of(value: &Value) -> Option<Time> {
    value.as_str().and_then(Time::parse)
}

/// The moment an `--as-of` names, as near as the look of times needs it; else now.
pub fn moment(as_of: Option<&str>) -> Time {
    let now = || Time::from(chrono::Utc::now());
    let Some(text) = as_of else { return now() };
    Time::parse(text).or_else(|| Time::parse(&format!("{text}T00:00:00Z"))).unwrap_or_else(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stockholm() -> Local {
        let now = Time::parse("2026-11-09T08:00:00Z").expect("a time");
        Local::new(&Value::from("Europe/Stockholm"), now)
    }

    #[test]
    fn times_are_as_long_as_they_must_be() {
        let rows = [
            ("the same day", "2026-11-09T07:12:00Z", "08:12"),
            ("the same day there, though not in UTC", "2026-11-08T23:30:00Z", "00:30"),
            ("another day", "2026-10-02T07:12:00Z", "2 Oct 09:12"),
            ("another year", "2025-12-31T22:59:00Z", "31 Dec 2025 23:59"),
        ];
        for (case, at, wanted) in rows {
            assert_eq!(stockholm().short(&Value::from(at)), wanted, "{case}");
        }
        assert_eq!(stockholm().short(&Value::Null), "-");
        assert_eq!(
            stockholm().full(&Value::from("2026-11-09T07:12:00Z")),
            "Mon 9 Nov 2026 08:12 CET (+01:00)"
        );
    }

    #[test]
    fn sentences_keep_their_words_and_their_punctuation() {
        assert_eq!(
            stockholm().sentence("since 2026-11-09T07:12:00Z, it is (so) 2026."),
            "since Mon 9 Nov 2026 08:12 CET (+01:00), it is (so) 2026."
        );
        assert_eq!(stockholm().remark("due 2026-11-09T07:12:00Z"), "due 08:12");
    }
}
