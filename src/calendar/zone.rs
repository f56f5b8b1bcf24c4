//! Local times and dates as instants: the one place that knows gaps and repeats of clocks.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::model::Time;

/// The years whose local times chrono can always tell: 1 to 9999.
const EARLIEST: Time = Time(-62_135_596_800_000);
const LATEST: Time = Time(253_402_300_799_999);

/// The local date at an instant. Instants outside the years 1 to 9999 count as the nearest inside.
pub fn local_date(at: Time, zone: Tz) -> NaiveDate {
    at.clamp(EARLIEST.plus(Time::DAY), LATEST.plus(-Time::DAY))
        .utc()
        .with_timezone(&zone)
        .date_naive()
}

/// The first instant of a local day (rule E1): where midnight does not exist, the first instant
/// after it; where it happens twice, the first.
pub fn first_instant(date: NaiveDate, zone: Tz) -> Time {
    instant(date.and_time(NaiveTime::MIN), zone)
}

/// The first instant at which clocks show `local` or, where they skip it, anything later. So the
/// order of local times is never turned round.
pub(super) fn instant(local: NaiveDateTime, zone: Tz) -> Time {
    if let Some(at) = exact(local, zone) {
        return at;
    }
    // What is skipped is one stretch of local times, at most a day (Samoa, December 2011): look
    // for a time behind it, then for its very end.
    let (mut skipped, mut shown) = (local, local + TimeDelta::minutes(30));
    while exact(shown, zone).is_none() && shown - local < TimeDelta::days(2) {
        skipped = shown;
        shown += TimeDelta::minutes(30);
    }
    while shown - skipped > TimeDelta::seconds(1) {
        let middle = skipped + TimeDelta::seconds((shown - skipped).num_seconds() / 2);
        if exact(middle, zone).is_some() {
            shown = middle;
        } else {
            skipped = middle;
        }
    }
    exact(shown, zone).unwrap_or_else(|| shown.and_utc().into())
}

fn exact(local: NaiveDateTime, zone: Tz) -> Option<Time> {
    zone.from_local_datetime(&local).earliest().map(|at| at.to_utc().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_instants_of_days() {
        for (case, zone, date, wanted) in [
            ("a plain winter day", "Europe/Stockholm", "2026-11-09", "2026-11-08T23:00:00Z"),
            ("a plain summer day", "Europe/Stockholm", "2026-10-12", "2026-10-11T22:00:00Z"),
            (
                "midnight skipped: 01:00 is first",
                "Asia/Beirut",
                "2026-03-29",
                "2026-03-28T22:00:00Z",
            ),
            (
                "the hour before midnight repeated",
                "Asia/Beirut",
                "2026-10-25",
                "2026-10-24T22:00:00Z",
            ),
            ("midnight twice: the first", "America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"),
            ("a whole day skipped", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
            ("clocks back over midnight", "America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"),
        ] {
            let (zone, date): (Tz, NaiveDate) = (zone.parse().unwrap(), date.parse().unwrap());
            assert_eq!(first_instant(date, zone).to_string(), wanted, "{case}");
        }
    }

    #[test]
    fn times_that_exist_twice_or_never() {
        for (case, zone, local, wanted) in [
            ("twice: the first", "Europe/Stockholm", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
            (
                "never: the end of the gap",
                "Europe/Stockholm",
                "2026-03-29T02:30:00",
                "2026-03-29T01:00:00Z",
            ),
            (
                "the last minute before the gap",
                "Europe/Stockholm",
                "2026-03-29T01:59:00",
                "2026-03-29T00:59:00Z",
            ),
            (
                "half an hour of gap",
                "Australia/Lord_Howe",
                "2026-10-04T02:15:00",
                "2026-10-03T15:30:00Z",
            ),
            ("New York, spring", "America/New_York", "2026-03-08T02:01:00", "2026-03-08T07:00:00Z"),
        ] {
            let local: NaiveDateTime = local.parse().unwrap();
            assert_eq!(instant(local, zone.parse().unwrap()).to_string(), wanted, "{case}");
        }
    }

    #[test]
    fn no_instant_is_too_far_away() {
        for zone in chrono_tz::TZ_VARIANTS {
            for at in [i64::MIN, EARLIEST.0, 0, LATEST.0, i64::MAX] {
                first_instant(local_date(Time(at), zone), zone);
            }
        }
    }
}
