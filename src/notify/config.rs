//! What may be configured about alerts and digests.

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use crate::calendar::first_instant;
use crate::model::Time;
use crate::settings::{Placed, Section};

/// How often an alert about which nothing has changed is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// One business day after the last mail.
    BusinessDay,
    /// So many milliseconds after the last mail.
    After(i64),
    /// Not at all.
    Never,
}

/// When deliveries are held. Severe cases never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Outside business hours.
    OutsideHours,
    /// Never.
    Never,
}

/// The moment from which feedback may cause alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertFrom {
    /// The start of a day in the brand's zone.
    Day(NaiveDate),
    /// An instant.
    Instant(Time),
}

impl AlertFrom {
    /// The instant; a midnight that the clocks skip is the first instant of that day.
    pub fn at(self, zone: Tz) -> Time {
        match self {
            Self::Day(day) => first_instant(day, zone),
            Self::Instant(at) => at,
        }
    }
}

/// The section `[alerts]`.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertConfig {
    /// How long a group that has just been born waits for more cases, in milliseconds.
    pub group_wait: i64,
    /// How far apart two mails of a group are at least, in milliseconds.
    pub group_interval: i64,
    /// When an alert is repeated.
    pub repeat: Repeat,
    /// Mails per hour and recipient before the rest goes into one roll-up.
    pub cap_per_hour: u32,
    /// Whether the end of a case that was alerted is mailed.
    pub resolved_notices: bool,
    /// Feedback from before this never alerts.
    pub alert_from: Option<AlertFrom>,
    /// When deliveries are held.
    pub quiet: Quiet,
}

impl Default for AlertConfig {
    fn default() -> Self {
        Self {
            group_wait: 3 * Time::MINUTE,
            group_interval: 15 * Time::MINUTE,
            repeat: Repeat::BusinessDay,
            cap_per_hour: 6,
            resolved_notices: true,
            alert_from: None,
            quiet: Quiet::OutsideHours,
        }
    }
}

impl AlertConfig {
    /// Reads the section; mistakes become findings and the default stays.
    pub fn read(section: &Section<'_>) -> Self {
        let base = Self::default();
        Self {
            group_wait: section.duration("group-wait", 0..Time::HOUR + 1, base.group_wait),
            group_interval: section.duration(
                "group-interval",
                Time::MINUTE..Time::DAY + 1,
                base.group_interval,
            ),
            repeat: read_repeat(section),
            cap_per_hour: section.number("cap-per-hour", 1..61, i64::from(base.cap_per_hour))
                as u32,
            resolved_notices: section.flag("resolved-notices", base.resolved_notices),
            alert_from: read_from(section),
            quiet: section.choice(
                "quiet",
                &[("outside-hours", Quiet::OutsideHours), ("never", Quiet::Never)],
                base.quiet,
            ),
        }
    }
}

fn read_repeat(section: &Section<'_>) -> Repeat {
    let Some(text) = section.string("repeat") else { return Repeat::BusinessDay };
    match text.value.as_str() {
        "business-day" => Repeat::BusinessDay,
        "never" => Repeat::Never,
        other => match crate::settings::parse_duration(other) {
            Some(millis) if (Time::HOUR..=7 * Time::DAY).contains(&millis) => Repeat::After(millis),
            _ => {
                section.reject(
                    text.span,
                    format!("`repeat` cannot be `{other}`"),
                    "write \"business-day\", \"never\", or a duration from \"1h\" to \"7d\"",
                );
                Repeat::BusinessDay
            }
        },
    }
}

fn read_from(section: &Section<'_>) -> Option<AlertFrom> {
    let text = section.string("alert-from")?;
    let day = NaiveDate::parse_from_str(text.value.trim(), "%Y-%m-%d").map(AlertFrom::Day).ok();
    let from = day.or_else(|| Time::parse(&text.value).map(AlertFrom::Instant));
    if from.is_none() {
        section.reject(
            text.span,
            "`alert-from` is neither a date nor a time",
            "write \"2026-11-09\", or \"2026-11-09T12:00:00+01:00\"",
        );
    }
    from
}

/// What is done on a day on which nothing happened. A fault of a source is told all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// No mail.
    Skip,
    /// A few lines.
    Short,
    /// The whole digest.
    Always,
}

/// A part of the digest that can be left out or moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// What was read and what was not. Moves to the top when something is wrong.
    Coverage,
    /// Who waits for an answer.
    Unanswered,
    /// How many acts of each kind.
    Counts,
    /// The indicators.
    Indicators,
    /// Praise worth a thank-you.
    Praise,
}

impl Part {
    /// Every part with its word in the configuration, in the order they stand by default.
    pub const CHOICES: [(&'static str, Self); 5] = [
        ("unanswered", Self::Unanswered),
        ("counts", Self::Counts),
        ("praise", Self::Praise),
        ("indicators", Self::Indicators),
        ("coverage", Self::Coverage),
    ];
}

/// The section `[digest]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DigestConfig {
    /// When it is sent, in the brand's zone: a cron expression, with its place for whoever
    /// validates it.
    pub schedule: Placed<String>,
    /// How late a missed digest may still be sent, in milliseconds.
    pub grace: i64,
    /// What an empty weekday gets.
    pub empty_weekdays: Empty,
    /// What an empty Saturday or Sunday gets.
    pub empty_weekends: Empty,
    /// Which parts, in which order.
    pub sections: Vec<Part>,
}

impl Default for DigestConfig {
    fn default() -> Self {
        Self {
            schedule: Placed { value: "0 8 * * *".to_owned(), span: 0..0 },
            grace: 12 * Time::HOUR,
            empty_weekdays: Empty::Short,
            empty_weekends: Empty::Skip,
            sections: Part::CHOICES.iter().map(|(_, part)| *part).collect(),
        }
    }
}

impl DigestConfig {
    /// Reads the section; mistakes become findings and the default stays. `empty` sets both kinds
    /// of day, `empty-weekends` then the weekend alone.
    pub fn read(section: &Section<'_>) -> Self {
        const EMPTY: [(&str, Empty); 3] =
            [("skip", Empty::Skip), ("short", Empty::Short), ("always", Empty::Always)];
        let base = Self::default();
        let is_set = section.place("empty") != section.span();
        let empty_weekdays = section.choice("empty", &EMPTY, base.empty_weekdays);
        let weekends = if is_set { empty_weekdays } else { base.empty_weekends };
        Self {
            schedule: section.string("schedule").unwrap_or(base.schedule),
            grace: section.duration("grace", 0..2 * Time::DAY + 1, base.grace),
            empty_weekdays,
            empty_weekends: section.choice("empty-weekends", &EMPTY, weekends),
            sections: read_sections(section).unwrap_or(base.sections),
        }
    }

    /// What an empty day of the week gets.
    pub fn on_empty(&self, day: Weekday) -> Empty {
        match day {
            Weekday::Sat | Weekday::Sun => self.empty_weekends,
            _ => self.empty_weekdays,
        }
    }
}

fn read_sections(section: &Section<'_>) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for word in section.strings("sections") {
        match Part::CHOICES.iter().find(|(known, _)| *known == word.value) {
            Some((_, part)) if parts.contains(part) => {
                section.reject(word.span, format!("`{}` is listed twice", word.value), "");
            }
            Some((_, part)) => parts.push(*part),
            None => {
                let all: Vec<&str> = Part::CHOICES.iter().map(|(known, _)| *known).collect();
                section.reject(
                    word.span,
                    format!("there is no section `{}`", word.value),
                    format!("there are: {}", all.join(", ")),
                );
            }
        }
    }
    (!parts.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Findings;
    use toml::de::DeTable;

    fn read<T>(toml: &str, read: impl Fn(&Section<'_>) -> T) -> (T, Vec<String>) {
        let findings = Findings::default();
        let table = DeTable::parse(toml).expect("test input is TOML");
        let config = read(&Section::root(&table, &findings));
        (config, findings.take().into_iter().map(|f| f.message).collect())
    }

    #[test]
    fn an_empty_section_means_the_defaults() {
        assert_eq!(read("", AlertConfig::read), (AlertConfig::default(), vec![]));
        assert_eq!(read("", DigestConfig::read), (DigestConfig::default(), vec![]));
    }

    #[test]
    fn every_key_is_read() {
        let (alerts, said) = read(
            "group-wait = \"1m\"\ngroup-interval = \"30m\"\nrepeat = \"4h\"\ncap-per-hour = 10\n\
             resolved-notices = false\nalert-from = \"2026-11-09\"\nquiet = \"never\"\n",
            AlertConfig::read,
        );
        let from = AlertFrom::Day(NaiveDate::from_ymd_opt(2026, 11, 9).unwrap());
        let wanted = AlertConfig {
            group_wait: Time::MINUTE,
            group_interval: 30 * Time::MINUTE,
            repeat: Repeat::After(4 * Time::HOUR),
            cap_per_hour: 10,
            resolved_notices: false,
            alert_from: Some(from),
            quiet: Quiet::Never,
        };
        assert_eq!((alerts, said), (wanted, vec![]));
        assert_eq!(from.at(Tz::Europe__Stockholm), Time::parse("2026-11-08T23:00:00Z").unwrap());

        let (digest, said) = read(
            "schedule = \"30 7 * * 1-5\"\ngrace = \"3h\"\nempty = \"always\"\n\
             sections = [\"praise\", \"unanswered\"]\n",
            DigestConfig::read,
        );
        assert_eq!(said, Vec::<String>::new());
        assert_eq!(digest.schedule.value, "30 7 * * 1-5");
        assert_eq!(digest.sections, [Part::Praise, Part::Unanswered]);
        assert_eq!(digest.on_empty(Weekday::Sun), Empty::Always, "`empty` alone sets both");
    }

    #[test]
    fn mistakes_are_named_and_the_default_stays() {
        let (alerts, said) =
            read("repeat = \"5m\"\nalert-from = \"soon\"\ncap-per-hour = 0\n", AlertConfig::read);
        assert_eq!(alerts, AlertConfig::default());
        assert_eq!(
            said,
            [
                "`repeat` cannot be `5m`",
                "`alert-from` is neither a date nor a time",
                "`cap-per-hour` is out of bounds",
            ]
        );
        let (digest, said) =
            read("sections = [\"likes\", \"praise\", \"praise\"]\n", DigestConfig::read);
        assert_eq!(digest.sections, [Part::Praise]);
        assert_eq!(said, ["there is no section `likes`", "`praise` is listed twice"]);
    }

    #[test]
    fn a_midnight_that_the_clocks_skip_is_the_first_instant_of_its_day() {
        // Beirut went from 24:00 straight to 01:00 on 27 March 2022.
        let day = NaiveDate::from_ymd_opt(2022, 3, 27).unwrap();
        assert_eq!(
            AlertFrom::Day(day).at(Tz::Asia__Beirut),
            Time::parse("2022-03-26T22:00:00Z").unwrap()
        );
    }
}
