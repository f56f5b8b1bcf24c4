//! Business time: when the brand is open, and how much open time lies between two instants.
//!
//! One engine for deadlines, alerts and reports (rule E19). What is due when is `cases`' to say;
//! reading the holiday file is the caller's.

mod config;
mod ics;
mod zone;

pub use config::Config;
pub use ics::{IcsError, parse_ics};
pub use zone::{first_instant, local_date};

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::model::Time;

/// An open stretch of one local day, `[from, to)` in minutes after its midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    from: u32,
    to: u32,
}

impl Span {
    const DAY: u32 = 24 * 60;

    /// A span of minutes after midnight; `None` unless `from < to <= 24:00`.
    pub fn new(from: u32, to: u32) -> Option<Self> {
        (from < to && to <= Self::DAY).then_some(Self { from, to })
    }

    /// Reads `09:00-17:00`; the end may be `24:00`. A span over midnight is two.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        Self::new(minutes(from)?, minutes(to)?)
    }

    /// Its nominal length in milliseconds, as on a day without a clock change.
    pub fn millis(self) -> i64 {
        i64::from(self.to - self.from) * Time::MINUTE
    }
}

fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let plain = |s: &str| !s.is_empty() && s.len() <= 2 && s.bytes().all(|b| b.is_ascii_digit());
    if !plain(hour) || minute.len() != 2 || !plain(minute) {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= Span::DAY).then_some(hour * 60 + minute)
}

/// The hours of a brand: spans per weekday, and dates that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    zone: Tz,
    week: [Vec<Span>; 7],
    exceptions: BTreeMap<NaiveDate, Vec<Span>>,
}

impl Calendar {
    /// How many local days a search goes ahead before it gives up: ten years.
    const HORIZON: u32 = 3_653;

    /// Hours from Monday to Sunday in a zone; a date in `exceptions` has the spans given there
    /// instead, none meaning closed. Spans may come in any order; those that touch or overlap are
    /// joined.
    pub fn new(zone: Tz, week: [Vec<Span>; 7], exceptions: BTreeMap<NaiveDate, Vec<Span>>) -> Self {
        Self {
            zone,
            week: week.map(joined),
            exceptions: exceptions.into_iter().map(|(d, spans)| (d, joined(spans))).collect(),
        }
    }

    /// The zone the hours are meant in.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The instant at which `millis` of open time after `from` have run out.
    ///
    /// Time that runs out exactly at closing is due at closing; outside hours the count starts at
    /// the next opening (rule E19). Nothing or less gives `from` itself. If there is not that much
    /// open time in the next ten years, the answer is a bound somewhat more than ten years away.
    pub fn add(&self, from: Time, millis: i64) -> Time {
        if millis <= 0 {
            return from;
        }
        let mut left = millis;
        for (open, close) in self.stretches(from, Self::HORIZON) {
            let open = open.max(from);
            let length = close.since(open);
            if left <= length {
                return open.plus(left);
            }
            left -= length;
        }
        from.plus(i64::from(Self::HORIZON + 3) * Time::DAY)
    }

    /// Milliseconds of open time from `a` to `b`; negative if `b` is earlier.
    pub fn between(&self, a: Time, b: Time) -> i64 {
        if b < a {
            return -self.between(b, a);
        }
        let days = u32::try_from(b.since(a) / Time::DAY + 2).unwrap_or(u32::MAX);
        self.stretches(a, days)
            .take_while(|(open, _)| *open < b)
            .map(|(open, close)| close.min(b).since(open.max(a)))
            .sum()
    }

    /// Whether the brand is open at that instant. At closing it no longer is.
    pub fn is_open(&self, at: Time) -> bool {
        self.stretches(at, 1).next().is_some_and(|(open, _)| open <= at)
    }

    /// The first open instant from `at` on: `at` itself within hours. `None` if there is none in
    /// ten years. The start of the *next* business day is `next_open` of [`Self::next_close`].
    pub fn next_open(&self, at: Time) -> Option<Time> {
        self.stretches(at, Self::HORIZON).next().map(|(open, _)| open.max(at))
    }

    /// When the stretch that is open at `at`, or else the next one, closes. Days that are open
    /// from midnight to midnight run into each other. `None` if it never opens or never closes in
    /// ten years.
    pub fn next_close(&self, at: Time) -> Option<Time> {
        let mut stretches = self.stretches(at, Self::HORIZON);
        let (_, mut close) = stretches.next()?;
        for (open, later) in stretches {
            if open > close {
                return Some(close);
            }
            close = later;
        }
        (close.since(at) < i64::from(Self::HORIZON - 1) * Time::DAY).then_some(close)
    }

    /// What a "day" of target means: the mean open time of the ordinary open weekdays, in
    /// milliseconds (rule E19). Eight hours if no weekday is ordinarily open.
    pub fn day_millis(&self) -> i64 {
        let (mut days, mut millis) = (0, 0);
        for spans in self.week.iter().filter(|spans| !spans.is_empty()) {
            days += 1;
            millis += spans.iter().map(|s| s.millis()).sum::<i64>();
        }
        if days == 0 { 8 * Time::HOUR } else { millis / days }
    }

    fn spans(&self, date: NaiveDate) -> &[Span] {
        let weekday = date.weekday().num_days_from_monday() as usize;
        self.exceptions.get(&date).unwrap_or(&self.week[weekday])
    }

    /// The open stretches that end after `from`, in order, for at least `days` local days on.
    fn stretches(&self, from: Time, days: u32) -> impl Iterator<Item = (Time, Time)> {
        // Where clocks go back over midnight, an instant can lie in the hours of the day after its
        // local date; and the other way round at the date line. A day on either side covers both.
        let today = local_date(from, self.zone);
        let first = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let days = usize::try_from(days).unwrap_or(usize::MAX).saturating_add(3);
        first.iter_days().take(days).flat_map(move |date| {
            self.spans(date).iter().filter_map(move |span| {
                let open = self.instant(date, span.from)?;
                let close = self.instant(date, span.to)?;
                (open < close && close > from).then_some((open, close))
            })
        })
    }

    /// A local time of day as an instant: a span over a clock change has its real length.
    fn instant(&self, date: NaiveDate, minute: u32) -> Option<Time> {
        let (date, minute) =
            if minute < Span::DAY { (date, minute) } else { (date.succ_opt()?, 0) };
        let local = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?;
        Some(zone::instant(date.and_time(local), self.zone))
    }
}

fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut all: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match all.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => all.push(span),
        }
    }
    all
}

#[cfg(test)]
mod tests;
