//! How instants and spans are written: local time, always with its zone and offset.

use chrono::{DateTime, Datelike, Offset, Timelike, Weekday};
use chrono_tz::{OffsetName, Tz};

use super::Words;
use crate::model::Time;

const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTHS_DE: [&str; 12] = [
    "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.",
];
const MONTHS_SV: [&str; 12] =
    ["jan.", "feb.", "mars", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."];
const DAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAYS_DE: [&str; 7] = ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."];
const DAYS_SV: [&str; 7] = ["mån", "tis", "ons", "tors", "fre", "lör", "sön"];

impl Words {
    fn local(self, at: Time) -> DateTime<Tz> {
        at.utc().with_timezone(&self.zone)
    }

    fn weekday(self, day: Weekday) -> &'static str {
        self.pick(DAYS_EN, DAYS_DE, DAYS_SV)[day.num_days_from_monday() as usize]
    }

    /// `Mon 9 Nov 2026`.
    pub fn day(self, at: Time) -> String {
        let at = self.local(at);
        let month = self.pick(MONTHS_EN, MONTHS_DE, MONTHS_SV)[at.month0() as usize];
        let (weekday, day, year) = (self.weekday(at.weekday()), at.day(), at.year());
        self.pick(
            format!("{weekday} {day} {month} {year}"),
            format!("{weekday} {day}. {month} {year}"),
            format!("{weekday} {day} {month} {year}"),
        )
    }

    /// `Mon 9 Nov 2026 09:12 CET (+01:00)`.
    pub fn moment(self, at: Time) -> String {
        let local = self.local(at);
        let day = self.day(at);
        let clock = format!("{:02}:{:02}", local.hour(), local.minute());
        let zone = self.zone_of(at);
        self.pick(
            format!("{day} {clock} {zone}"),
            format!("{day}, {clock} {zone}"),
            format!("{day} {clock} {zone}"),
        )
    }

    /// `Mon 11:12 CET`, for subjects; the mail itself says the whole of it.
    pub fn short_moment(self, at: Time) -> String {
        let local = self.local(at);
        let zone = self.abbreviation(at).unwrap_or_else(|| offset(&local));
        format!(
            "{} {:02}:{:02} {zone}",
            self.weekday(local.weekday()),
            local.hour(),
            local.minute()
        )
    }

    /// `CET (+01:00)`; zones without an abbreviation show the offset alone.
    pub fn zone_of(self, at: Time) -> String {
        let offset = offset(&self.local(at));
        match self.abbreviation(at) {
            Some(name) => format!("{name} ({offset})"),
            None => format!("({offset})"),
        }
    }

    fn abbreviation(self, at: Time) -> Option<String> {
        let local = self.local(at);
        let name = local.offset().abbreviation()?;
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let german = match name {
            "CET" => "MEZ",
            "CEST" => "MESZ",
            "EET" => "OEZ",
            "EEST" => "OESZ",
            "WET" => "WEZ",
            "WEST" => "WESZ",
            other => other,
        };
        Some(self.pick(name, german, name).to_owned())
    }

    /// A span of elapsed time in milliseconds: `42 min`, `3 h 10 min`, `3 days 4 h`.
    pub fn span(self, millis: i64) -> String {
        self.span_with(millis, self.pick("days", "Tage", "dygn"))
    }

    /// The same after a preposition, where German bends its days: `vor 3 Tagen 4 Std.`
    pub(super) fn span_after(self, millis: i64) -> String {
        self.span_with(millis, self.pick("days", "Tagen", "dygn"))
    }

    fn span_with(self, millis: i64, unit: &str) -> String {
        if millis < 48 * Time::HOUR {
            return self.hours(millis);
        }
        let (days, rest) = (millis / Time::DAY, millis % Time::DAY);
        let days = format!("{} {unit}", self.int(days as u64));
        match rest / Time::HOUR {
            0 => days,
            hours => format!("{days} {hours} {}", self.hour_unit()),
        }
    }

    /// A span in hours and minutes however long it is: for business time, whose days are shorter.
    pub fn hours(self, millis: i64) -> String {
        let minutes = millis.max(0) / Time::MINUTE;
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let hour = self.hour_unit();
        let min = self.pick("min", "Min.", "min");
        match (hours, minutes) {
            (0, 0) => self.pick("under 1 min", "unter 1 Min.", "under 1 min").to_owned(),
            (0, m) => format!("{m} {min}"),
            (h, 0) => format!("{} {hour}", self.int(h as u64)),
            (h, m) => format!("{} {hour} {m} {min}", self.int(h as u64)),
        }
    }

    fn hour_unit(self) -> &'static str {
        self.pick("h", "Std.", "tim")
    }
}

fn offset(local: &DateTime<Tz>) -> String {
    let minutes = local.offset().fix().local_minus_utc() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    fn at(text: &str) -> Time {
        Time::parse(text).expect("a time")
    }

    #[test]
    fn a_moment_carries_its_zone_and_offset() {
        for (language, zone, instant, wanted) in [
            (
                Language::En,
                Tz::Europe__Stockholm,
                "2026-11-09T08:12:00Z",
                "Mon 9 Nov 2026 09:12 CET (+01:00)",
            ),
            (
                Language::De,
                Tz::Europe__Berlin,
                "2026-07-09T08:12:00Z",
                "Do. 9. Juli 2026, 10:12 MESZ (+02:00)",
            ),
            (
                Language::Sv,
                Tz::Europe__Stockholm,
                "2026-03-02T23:30:00Z",
                "tis 3 mars 2026 00:30 CET (+01:00)",
            ),
            (
                Language::En,
                Tz::America__Sao_Paulo,
                "2026-11-09T08:12:00Z",
                "Mon 9 Nov 2026 05:12 (-03:00)",
            ),
            (
                Language::En,
                Tz::Asia__Kolkata,
                "2026-11-09T08:12:00Z",
                "Mon 9 Nov 2026 13:42 IST (+05:30)",
            ),
        ] {
            assert_eq!(Words::new(language, zone).moment(at(instant)), wanted);
        }
    }

    #[test]
    fn an_hour_that_happens_twice_is_told_apart_by_its_offset() {
        let words = Words::new(Language::En, Tz::Europe__Stockholm);
        assert_eq!(words.moment(at("2026-10-25T00:30:00Z")), "Sun 25 Oct 2026 02:30 CEST (+02:00)");
        assert_eq!(words.moment(at("2026-10-25T01:30:00Z")), "Sun 25 Oct 2026 02:30 CET (+01:00)");
    }

    #[test]
    fn spans_are_cut_to_what_a_person_needs() {
        let words = Words::new(Language::En, Tz::UTC);
        for (millis, wanted) in [
            (0, "under 1 min"),
            (59_999, "under 1 min"),
            (42 * Time::MINUTE, "42 min"),
            (2 * Time::HOUR, "2 h"),
            (47 * Time::HOUR + 59 * Time::MINUTE, "47 h 59 min"),
            (48 * Time::HOUR, "2 days"),
            (76 * Time::HOUR + 59 * Time::MINUTE, "3 days 4 h"),
        ] {
            assert_eq!(words.span(millis), wanted);
        }
        assert_eq!(words.hours(76 * Time::HOUR), "76 h", "business time has no days");
    }
}
