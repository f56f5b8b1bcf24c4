//! The configuration of a brand's hours.
//!
//! ```toml
//! zone = "Europe/Stockholm"            # no default: hours without a zone mean nothing
//! hours = { mon-fri = "09:00-17:00" }  # the default; days not named are closed
//! holidays = ["2026-12-25", "2026-12-24 09:00-12:00", "2026-12-28 to 2026-12-31"]
//! holidays-file = "holidays.ics"       # all-day events of an iCalendar file
//! ```
//!
//! Several spans a day are written with a comma: `mon-fri = "09:00-12:00, 13:00-17:00"`. A single
//! day wins over a stretch of days, so `mon-fri` and `fri` may stand together.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use super::{Calendar, Span};
use crate::settings::{Placed, Section};

/// A brand's hours as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The zone of the hours, of local days and of what people read.
    pub zone: Tz,
    /// Open spans, Monday first.
    pub week: [Vec<Span>; 7],
    /// Dates that differ: other spans, or none.
    pub exceptions: BTreeMap<NaiveDate, Vec<Span>>,
    /// A file with further closed days, see [`super::parse_ics`]; read by the caller, and with
    /// the place it was named at.
    pub holidays_file: Option<Placed<PathBuf>>,
}

impl Default for Config {
    /// Monday to Friday from nine to five. The zone is UTC, which stands only until one is read.
    fn default() -> Self {
        let office = Span::new(9 * 60, 17 * 60).into_iter().collect::<Vec<_>>();
        let week = std::array::from_fn(|day| if day < 5 { office.clone() } else { Vec::new() });
        Self { zone: Tz::UTC, week, exceptions: BTreeMap::new(), holidays_file: None }
    }
}

impl Config {
    /// Reads `zone`, `hours`, `holidays` and `holidays-file` from a section. Hours with no open
    /// time at all are a finding.
    pub fn read(section: &Section<'_>) -> Self {
        let default = Self::default();
        Self {
            zone: section.zone("zone").unwrap_or(default.zone),
            week: section.section("hours").map_or(default.week, |hours| week(&hours)),
            exceptions: exceptions(section),
            holidays_file: section.path("holidays-file"),
        }
    }

    /// The calendar, closed also on the days of the holiday file, except where `holidays` says
    /// something else about a date.
    pub fn calendar(&self, closed: &[NaiveDate]) -> Calendar {
        let mut exceptions = self.exceptions.clone();
        for date in closed {
            exceptions.entry(*date).or_default();
        }
        Calendar::new(self.zone, self.week.clone(), exceptions)
    }
}

fn week(hours: &Section<'_>) -> [Vec<Span>; 7] {
    let mut rules = Vec::new();
    for (key, value) in hours.free_strings() {
        let Some(days) = weekdays(&key.value) else {
            hours.reject(
                key.span,
                format!("`{}` is no weekday", key.value),
                "write `mon`, `monday`, `mon-fri` or `daily`",
            );
            continue;
        };
        match spans(&value.value) {
            Ok(spans) => rules.push((days, spans, key.span)),
            Err(why) => hours.reject(value.span, why, SPAN_HELP),
        }
    }
    // Wide rules first, so that narrow ones lie over them.
    rules.sort_by_key(|(days, _, place)| (std::cmp::Reverse(days.len()), place.start));
    let mut week: [Vec<Span>; 7] = Default::default();
    let mut width = [0; 7];
    for (days, spans, place) in &rules {
        if days.iter().any(|&day| width[day] == days.len()) {
            hours.reject(place.clone(), "this names a day again", "give each day its hours once");
        }
        for &day in days {
            week[day].clone_from(spans);
            width[day] = days.len();
        }
    }
    if week.iter().all(Vec::is_empty) {
        hours.reject(
            hours.span(),
            "there is no open time at all",
            "name at least one day: `mon-fri = \"09:00-17:00\"`",
        );
        return Config::default().week;
    }
    week
}

/// Indices of days, Monday being 0. `fri-mon` goes over the weekend.
fn weekdays(name: &str) -> Option<Vec<usize>> {
    let day = |s: &str| s.trim().parse::<Weekday>().ok().map(|d| d.num_days_from_monday() as usize);
    if name == "daily" {
        return Some((0..7).collect());
    }
    match name.split_once('-') {
        None => Some(vec![day(name)?]),
        Some((first, last)) => {
            let (first, last) = (day(first)?, day(last)?);
            let length = (last + 7 - first) % 7 + 1;
            Some((0..length).map(|n| (first + n) % 7).collect())
        }
    }
}

const SPAN_HELP: &str = "write \"09:00-17:00\", \"09:00-12:00, 13:00-17:00\" or \"closed\"";

fn spans(text: &str) -> Result<Vec<Span>, String> {
    if text.trim() == "closed" {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for part in text.split(',') {
        let span =
            Span::parse(part).ok_or_else(|| format!("`{}` is no span of a day", part.trim()))?;
        if all.iter().any(|s: &Span| s.from < span.to && span.from < s.to) {
            return Err(format!("`{}` overlaps another span", part.trim()));
        }
        all.push(span);
    }
    Ok(all)
}

fn exceptions(section: &Section<'_>) -> BTreeMap<NaiveDate, Vec<Span>> {
    let mut all: BTreeMap<NaiveDate, Vec<Span>> = BTreeMap::new();
    for Placed { value, span } in section.strings("holidays") {
        let reject = |why: String, place: Range<usize>| {
            section.reject(
                place,
                why,
                "write \"2026-12-25\", \"2026-12-24 09:00-12:00\" or \"2026-12-28 to 2026-12-31\"",
            );
        };
        match exception(&value) {
            Ok((dates, spans)) => {
                for date in dates {
                    if all.insert(date, spans.clone()).is_some() {
                        reject(format!("{date} is named twice"), span.clone());
                    }
                }
            }
            Err(why) => reject(why, span),
        }
    }
    all
}

fn exception(text: &str) -> Result<(Vec<NaiveDate>, Vec<Span>), String> {
    let day = |s: &str| {
        NaiveDate::parse_from_str(s.trim(), "%Y-%m-%d")
            .ok()
            .filter(|_| s.trim().len() == 10)
            .ok_or_else(|| format!("`{}` is no date", s.trim()))
    };
    if let Some((first, last)) = text.split_once(" to ") {
        let (first, last) = (day(first)?, day(last)?);
        let days = last.signed_duration_since(first).num_days();
        if !(0..=366).contains(&days) {
            return Err("a stretch of holidays goes from one date to a later one".to_owned());
        }
        return Ok((first.iter_days().take_while(|d| *d <= last).collect(), Vec::new()));
    }
    match text.trim().split_once(' ') {
        None => Ok((vec![day(text)?], Vec::new())),
        Some((date, rest)) => Ok((vec![day(date)?], spans(rest)?)),
    }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;
    use crate::settings::Findings;

    fn read(toml: &str) -> (Config, Vec<String>) {
        let findings = Findings::default();
        let table = DeTable::parse(toml).expect("test input is TOML");
        let config = Config::read(&Section::root(&table, &findings));
        (config, findings.take().into_iter().map(|f| f.message).collect())
    }

    fn shown(spans: &[Span]) -> String {
        spans.iter().map(|s| format!("{}-{}", s.from / 60, s.to / 60)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn hours_are_read_as_people_write_them() {
        for (case, hours, wanted) in [
            ("nothing said", "", "9-17|9-17|9-17|9-17|9-17||"),
            ("only Saturday", "hours = { sat = \"10:00-14:00\" }", "|||||10-14|"),
            (
                "lunch, and a short Friday over the stretch of days",
                "[hours]\nfriday = \"9:00-15:00\"\nmon-fri = \"09:00-12:00, 13:00-17:00\"",
                "9-12 13-17|9-12 13-17|9-12 13-17|9-12 13-17|9-15||",
            ),
            (
                "all day and a closed day",
                "[hours]\ndaily = \"00:00-24:00\"\nSun = \"closed\"",
                "0-24|0-24|0-24|0-24|0-24|0-24|",
            ),
            ("over the weekend", "[hours]\nsat-mon = \"08:00-10:00\"", "8-10|||||8-10|8-10"),
        ] {
            let (config, found) = read(&format!("zone = \"Europe/Stockholm\"\n{hours}"));
            assert_eq!(found, Vec::<String>::new(), "{case}");
            assert_eq!(config.week.each_ref().map(|s| shown(s)).join("|"), wanted, "{case}");
        }
    }

    #[test]
    fn dates_that_differ_are_read_as_people_write_them() {
        let (config, found) = read(
            "zone = \"UTC\"\nholidays-file = \"x.ics\"\n\
             holidays = [\"2026-12-25\", \"2026-12-24 09:00-12:00\", \"2026-12-28 to 2026-12-30\"]",
        );
        assert_eq!(found, Vec::<String>::new());
        let all: Vec<String> =
            config.exceptions.iter().map(|(d, s)| format!("{d} {}", shown(s))).collect();
        let wanted =
            ["2026-12-24 9-12", "2026-12-25 ", "2026-12-28 ", "2026-12-29 ", "2026-12-30 "];
        assert_eq!(all, wanted);
        assert_eq!(config.holidays_file.map(|f| f.value), Some(PathBuf::from("x.ics")));
    }

    #[test]
    fn mistakes_are_found() {
        for (toml, wanted) in [
            ("", "`zone` is missing"),
            ("zone = \"UTC\"\nhours = { mon = \"closed\" }", "there is no open time at all"),
            ("zone = \"UTC\"\nhours = {}", "there is no open time at all"),
            (
                "zone = \"UTC\"\nhours = { mon-fry = \"9:00-17:00\", mon = \"9:00-17:00\" }",
                "`mon-fry` is no weekday",
            ),
            (
                "zone = \"UTC\"\nhours = { daily = \"17:00-09:00\", mon = \"9:00-17:00\" }",
                "`17:00-09:00` is no span of a day",
            ),
            (
                "zone = \"UTC\"\nhours = { mon = \"9:00-13:00, 12:00-17:00\", tue = \"9:00-17:00\" }",
                "`12:00-17:00` overlaps another span",
            ),
            (
                "zone = \"UTC\"\nhours = { mon-wed = \"9:00-13:00\", tue-thu = \"9:00-17:00\" }",
                "this names a day again",
            ),
            ("zone = \"UTC\"\nholidays = [\"25 December\"]", "`25` is no date"),
            ("zone = \"UTC\"\nholidays = [\"2026-02-30\"]", "`2026-02-30` is no date"),
            (
                "zone = \"UTC\"\nholidays = [\"2026-12-25\", \"2026-12-25\"]",
                "2026-12-25 is named twice",
            ),
            ("zone = \"UTC\"\nhollidays = []", "unknown key `hollidays`"),
        ] {
            assert_eq!(read(toml).1, [wanted], "{toml}");
        }
    }

    #[test]
    fn the_list_wins_over_the_holiday_file() {
        let (config, _) = read("zone = \"UTC\"\nholidays = [\"2026-12-24 09:00-12:00\"]");
        let day = |n| NaiveDate::from_ymd_opt(2026, 12, n).expect("a date");
        let calendar = config.calendar(&[day(24), day(25)]);
        let open = |text| calendar.is_open(crate::model::Time::parse(text).expect("a time"));
        assert!(open("2026-12-24T10:00:00Z"), "half a day, says the list");
        assert!(!open("2026-12-24T13:00:00Z"));
        assert!(!open("2026-12-25T10:00:00Z"), "closed, says the file");
    }
}
