//! Decides at which instant a clock time comes, when clocks jump forward or run twice.
//!
//! The `cron` crate is only ever given a fixed offset; in a zone with clock changes it skips days
//! or runs twice. So a run is looked for under the offset in force, and if that offset ends
//! before it, again from the change on.

use chrono::{DateTime, Duration, FixedOffset, LocalResult, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use cron::Schedule as Cron;

use super::Kind;
use crate::model::Time;

/// More clock changes and repeated hours than lie between two runs up to the year 2100.
const TRIES: usize = 4_000;

/// The first run strictly after an instant.
pub(super) fn next(cron: &Cron, zone: Tz, kind: Kind, after: Time) -> Option<Time> {
    // No cron year lies before 1970, and far times would overflow the calendar.
    let seconds = after.0.max(0).div_euclid(Time::SECOND);
    let start = DateTime::from_timestamp(seconds, 0).filter(|at| *at < last_instant())?;
    let mut from = if after.0 < 0 { start - Duration::seconds(1) } else { start };
    for _ in 0..TRIES {
        match attempt(cron, zone, kind, start, from)? {
            Found::Run(at) => return Some(at.into()),
            Found::Nothing(until) => from = until,
        }
    }
    None
}

enum Found {
    Run(DateTime<Utc>),
    /// No run up to and including this instant.
    Nothing(DateTime<Utc>),
}

/// Looks for a run after `from` under the offset in force there and the one that follows it.
fn attempt(
    cron: &Cron,
    zone: Tz,
    kind: Kind,
    start: DateTime<Utc>,
    from: DateTime<Utc>,
) -> Option<Found> {
    let before = offset(zone, from);
    let run = first(cron, before, from)?;
    let Some(change) = next_change(zone, from, run).filter(|change| *change <= run) else {
        return Some(once(zone, kind, run));
    };
    let behind = offset(zone, change);
    let gap = behind.local_minus_utc() - before.local_minus_utc();
    let is_skipped = gap > 0 && run < change + Duration::seconds(gap.into());
    if kind == Kind::Wall && is_skipped && change > start {
        return Some(Found::Run(change));
    }
    // The change itself may be a run, so the search starts a second before it.
    let run = first(cron, behind, change - Duration::seconds(1))?;
    if run == change || next_change(zone, change, run).is_none() {
        return Some(once(zone, kind, run));
    }
    Some(Found::Nothing(change))
}

/// A run, unless it is the second pass of a clock time that has had its run.
fn once(zone: Tz, kind: Kind, run: DateTime<Utc>) -> Found {
    if kind == Kind::Wall && is_repeated(zone, run) { Found::Nothing(run) } else { Found::Run(run) }
}

fn first(cron: &Cron, offset: FixedOffset, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    cron.after(&after.with_timezone(&offset)).next().map(|at| at.with_timezone(&Utc))
}

fn last_instant() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2101, 1, 2, 0, 0, 0).single().expect("a date of the calendar")
}

fn offset(zone: Tz, at: DateTime<Utc>) -> FixedOffset {
    at.with_timezone(&zone).offset().fix()
}

/// The first second with another offset in (`from`, `to`].
fn next_change(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // No zone changes its offset twice within six hours.
    let mut probe = from;
    while probe < to {
        let next = (probe + Duration::hours(6)).min(to);
        if offset(zone, next) != offset(zone, probe) {
            return Some(bisect(zone, probe, next));
        }
        probe = next;
    }
    None
}

/// The first whole second whose offset differs from that of `low`; `high` is one that does.
fn bisect(zone: Tz, low: DateTime<Utc>, high: DateTime<Utc>) -> DateTime<Utc> {
    let old = offset(zone, low);
    let (mut low, mut high) = (low.timestamp(), high.timestamp());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let at = DateTime::from_timestamp(middle, 0).expect("lies between two instants");
        if offset(zone, at) == old { low = middle } else { high = middle }
    }
    DateTime::from_timestamp(high, 0).expect("lies between two instants")
}

fn is_repeated(zone: Tz, at: DateTime<Utc>) -> bool {
    match zone.from_local_datetime(&at.with_timezone(&zone).naive_local()) {
        LocalResult::Ambiguous(first, _) => first.with_timezone(&Utc) != at,
        _ => false,
    }
}
