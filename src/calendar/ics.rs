//! Reads closed days from a holiday file in iCalendar form (RFC 5545), as national holiday
//! services publish them. Events with a time of day close nothing and are passed over.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate};

/// Why a holiday file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct IcsError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

/// More days than this in one event, or in all, are a mistake or an attack.
const MOST_DAYS_OF_EVENT: u64 = 366;
const MOST_DAYS: usize = 20_000;
/// How far a yearly event without an end is followed.
const MOST_YEARS: i32 = 50;

#[derive(Default)]
struct Event {
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    days: Option<u64>,
    timed: bool,
    cancelled: bool,
    yearly: Option<Yearly>,
}

#[derive(Default)]
struct Yearly {
    count: Option<i32>,
    until: Option<NaiveDate>,
}

/// The days of all all-day events, in order, each once. `DTEND` is the first day after the event;
/// without it (and without `DURATION`) an event has one day. Yearly repetition is followed for
/// fifty years.
///
/// # Errors
/// The first line that makes no sense, or that repeats an event in a way not understood: a holiday
/// that is silently missed would be a deadline nobody can keep.
pub fn parse_ics(text: &str) -> Result<Vec<NaiveDate>, IcsError> {
    let mut dates = BTreeSet::new();
    let mut event: Option<Event> = None;
    let mut depth = 0_u32;
    let mut began = false;
    for (line, content) in unfold(text) {
        let err = |why| IcsError { line, why };
        let (name, params, value) = split(&content).ok_or(err("this is no `NAME:value`"))?;
        match (name.as_str(), &mut event) {
            ("BEGIN", None) if value.eq_ignore_ascii_case("VEVENT") => {
                event = Some(Event::default());
            }
            ("BEGIN", None) => began |= value.eq_ignore_ascii_case("VCALENDAR"),
            ("BEGIN", Some(_)) => depth += 1,
            ("END", Some(_)) if depth > 0 => depth -= 1,
            ("END", Some(done)) => {
                done.add_to(&mut dates).map_err(err)?;
                event = None;
            }
            (_, Some(open)) if depth == 0 => {
                open.learn(&name, &params, value).map_err(err)?;
            }
            _ => {}
        }
    }
    if event.is_some() {
        return Err(IcsError { line: text.lines().count(), why: "the last event has no end" });
    }
    if !began {
        return Err(IcsError { line: 1, why: "there is no `BEGIN:VCALENDAR`" });
    }
    Ok(dates.into_iter().collect())
}

impl Event {
    fn learn(&mut self, name: &str, params: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "DTSTART" | "DTEND" if is_timed(params, value) => self.timed = true,
            "DTSTART" => self.start = Some(date(value).ok_or("this is no date")?),
            "DTEND" => self.end = Some(date(value).ok_or("this is no date")?),
            "DURATION" => match days(value) {
                Some(days) => self.days = Some(days),
                None => self.timed = true,
            },
            "STATUS" => self.cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "RRULE" => self.yearly = Some(yearly(value).ok_or("only yearly repetition is read")?),
            "RDATE" | "EXDATE" => return Err("repetition by single dates is not read"),
            _ => {}
        }
        Ok(())
    }

    fn add_to(&self, dates: &mut BTreeSet<NaiveDate>) -> Result<(), &'static str> {
        if self.timed || self.cancelled {
            return Ok(());
        }
        let start = self.start.ok_or("the event has no `DTSTART`")?;
        let days = match (self.end, self.days) {
            // Some publishers write the day itself as its end.
            (Some(end), _) => end.signed_duration_since(start).num_days().max(1).unsigned_abs(),
            (None, days) => days.unwrap_or(1).max(1),
        };
        if days > MOST_DAYS_OF_EVENT {
            return Err("the event lasts longer than a year");
        }
        for first in self.starts(start) {
            dates.extend((0..days).filter_map(|n| first.checked_add_days(Days::new(n))));
        }
        if dates.len() > MOST_DAYS { Err("too many days") } else { Ok(()) }
    }

    fn starts(&self, start: NaiveDate) -> Vec<NaiveDate> {
        let Some(yearly) = &self.yearly else { return vec![start] };
        // 29 February exists only in leap years; there it is counted, elsewhere it is not.
        (0..MOST_YEARS)
            .filter_map(|n| start.with_year(start.year() + n))
            .take_while(|day| yearly.until.is_none_or(|until| *day <= until))
            .take(yearly.count.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX))
            .collect()
    }
}

/// Logical lines with the number of their first line: a line that begins with a blank goes on.
fn unfold(text: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    for (n, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), all.last_mut()) {
            (Some(rest), Some((_, content))) => content.push_str(rest),
            _ if line.trim().is_empty() => {}
            _ => all.push((n + 1, line.to_owned())),
        }
    }
    all
}

/// Name in upper case, parameters in upper case, value. A colon inside quotes is no end.
fn split(content: &str) -> Option<(String, String, &str)> {
    let mut quoted = false;
    let colon = content.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (head, value) = (&content[..colon], content[colon + 1..].trim());
    let (name, params) = head.split_once(';').unwrap_or((head, ""));
    (!name.trim().is_empty()).then(|| (name.trim().to_uppercase(), params.to_uppercase(), value))
}

fn is_timed(params: &str, value: &str) -> bool {
    !params.split(';').any(|p| p == "VALUE=DATE") && value.contains('T')
}

fn date(value: &str) -> Option<NaiveDate> {
    let digits = value.get(..8)?;
    (value.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| NaiveDate::parse_from_str(digits, "%Y%m%d").ok())?
}

/// `P3D` or `P1W`; anything finer is an event with a time of day.
fn days(value: &str) -> Option<u64> {
    let rest = value.strip_prefix('P')?;
    if let Some(weeks) = rest.strip_suffix('W') {
        return weeks.parse::<u64>().ok()?.checked_mul(7);
    }
    rest.strip_suffix('D')?.parse().ok()
}

fn yearly(rule: &str) -> Option<Yearly> {
    let mut found = None;
    let mut limits = Yearly::default();
    for part in rule.split(';').filter(|p| !p.is_empty()) {
        match part.to_uppercase().split_once('=')? {
            ("FREQ", "YEARLY") => found = Some(()),
            ("INTERVAL", "1") | ("WKST", _) => {}
            ("COUNT", n) => limits.count = Some(n.parse().ok().filter(|n| *n > 0)?),
            ("UNTIL", day) => limits.until = Some(date(day.get(..8)?)?),
            _ => return None,
        }
    }
    found.map(|()| limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(events: &str) -> Result<Vec<String>, String> {
        let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n");
        parse_ics(&text)
            .map(|all| all.iter().map(ToString::to_string).collect())
            .map_err(|e| e.to_string())
    }

    fn event(lines: &str) -> Result<Vec<String>, String> {
        read(&format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", lines.replace('|', "\r\n")))
    }

    #[test]
    fn which_days_an_event_closes() {
        for (case, lines, wanted) in [
            (
                "one day",
                "DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261226|SUMMARY:A",
                "2026-12-25",
            ),
            ("no end", "DTSTART;VALUE=DATE:20261225", "2026-12-25"),
            ("no VALUE, still a date", "DTSTART:20261225", "2026-12-25"),
            (
                "the end is the day itself",
                "DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261225",
                "2026-12-25",
            ),
            (
                "three days",
                "DTSTART;VALUE=DATE:20261224|DTEND;VALUE=DATE:20261227",
                "2026-12-24 2026-12-25 2026-12-26",
            ),
            (
                "a length in days",
                "DTSTART;VALUE=DATE:20261224|DURATION:P2D",
                "2026-12-24 2026-12-25",
            ),
            ("a meeting closes nothing", "DTSTART;TZID=Europe/Stockholm:20261224T090000", ""),
            ("cancelled", "DTSTART;VALUE=DATE:20261224|STATUS:CANCELLED", ""),
            (
                "a folded line and a colon in quotes",
                "DTSTART;X=\"a:b\";VALUE=\r\n DATE:2026\r\n 1224",
                "2026-12-24",
            ),
            (
                "an alarm inside has its own keys",
                "DTSTART;VALUE=DATE:20261224|BEGIN:VALARM|DURATION:PT5M|END:VALARM",
                "2026-12-24",
            ),
            (
                "every year, three times",
                "DTSTART;VALUE=DATE:20240229|RRULE:FREQ=YEARLY;COUNT=2",
                "2024-02-29 2028-02-29",
            ),
            (
                "every year up to a day",
                "DTSTART;VALUE=DATE:20250101|RRULE:FREQ=YEARLY;UNTIL=20260601",
                "2025-01-01 2026-01-01",
            ),
        ] {
            assert_eq!(event(lines).map(|d| d.join(" ")), Ok(wanted.to_owned()), "{case}");
        }
    }

    #[test]
    fn files_that_cannot_be_used_say_where() {
        for (case, lines, wanted) in [
            ("no date", "DTSTART;VALUE=DATE:2026-12-25", "line 4: this is no date"),
            ("no start", "SUMMARY:A", "line 5: the event has no `DTSTART`"),
            (
                "monthly",
                "DTSTART:20261225|RRULE:FREQ=MONTHLY",
                "line 5: only yearly repetition is read",
            ),
            (
                "by weekday",
                "DTSTART:20261225|RRULE:FREQ=YEARLY;BYDAY=1MO",
                "line 5: only yearly repetition is read",
            ),
            (
                "a century",
                "DTSTART:20000101|DTEND:21000101",
                "line 6: the event lasts longer than a year",
            ),
            ("no name", "hello", "line 4: this is no `NAME:value`"),
        ] {
            assert_eq!(event(lines), Err(wanted.to_owned()), "{case}");
        }
        assert_eq!(parse_ics("<html>").unwrap_err().line, 1, "not a calendar at all");
        assert!(parse_ics("").is_err(), "empty");
        assert!(parse_ics("BEGIN:VCALENDAR\nBEGIN:VEVENT\n").is_err(), "cut off");
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(?s).{0,200}", date in "[0-9T]{0,9}") {
            let _ = parse_ics(&text);
            let _ = event(&format!("DTSTART:{date}|{}", text.replace('|', "")));
        }
    }
}
