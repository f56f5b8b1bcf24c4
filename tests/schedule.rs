//! A job runs when a person reading the clock on the wall expects it, every day of the year.

use affinityd::model::Time;
use affinityd::schedule::{Kind, Schedule};
use chrono::{Datelike, NaiveDate, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

const ZONES: [Tz; 6] = [
    Tz::America__New_York,
    Tz::Europe__Berlin,
    Tz::Australia__Lord_Howe,
    Tz::Africa__Casablanca,
    Tz::Asia__Kolkata,
    Tz::America__Santiago,
];

fn schedule(expr: &str, zone: Tz) -> Schedule {
    Schedule::parse(expr, zone).unwrap_or_else(|e| panic!("{expr}: {e}"))
}

fn time(text: &str) -> Time {
    Time::parse(text).unwrap_or_else(|| panic!("{text} is no time"))
}

/// The first `n` runs after an instant.
fn runs(expr: &str, zone: Tz, after: &str, n: usize) -> Vec<String> {
    let schedule = schedule(expr, zone);
    std::iter::successors(schedule.next(time(after)), |at| schedule.next(*at))
        .take(n)
        .map(|at| at.to_string())
        .collect()
}

fn year_in(zone: Tz) -> (Time, Time) {
    let start = |year| -> Time {
        let midnight = zone.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap();
        midnight.with_timezone(&Utc).into()
    };
    (start(2026), start(2027))
}

fn local_days(schedule: &Schedule, from: Time, to: Time) -> Vec<NaiveDate> {
    std::iter::successors(schedule.next(from.plus(-1)), |at| schedule.next(*at))
        .take_while(|at| *at < to)
        .map(|at| at.utc().with_timezone(&schedule.zone()).date_naive())
        .collect()
}

#[test]
fn what_unix_cron_means_is_what_happens() {
    // 2026-03-01 is a Sunday.
    for (expr, wanted, why) in [
        ("0 8 * * 1-5", "2026-03-02T08:00:00Z", "1-5 is Monday to Friday"),
        ("0 8 * * 0", "2026-03-08T08:00:00Z", "0 is Sunday"),
        ("0 8 * * 7", "2026-03-08T08:00:00Z", "7 is Sunday"),
        ("0 0 8 * * MON", "2026-03-02T08:00:00Z", "six fields"),
        ("0 0 8 * * MON 2027", "2027-01-04T08:00:00Z", "seven fields"),
        ("@weekly", "2026-03-08T00:00:00Z", "Sunday midnight"),
        ("@monthly", "2026-04-01T00:00:00Z", "the first of the month"),
        ("@yearly", "2027-01-01T00:00:00Z", "the first of January"),
        ("@daily", "2026-03-02T00:00:00Z", "midnight"),
        ("@hourly", "2026-03-01T10:00:00Z", "the next hour"),
        ("0 8 29 2 *", "2028-02-29T08:00:00Z", "the next leap day"),
        ("0 8 */2 * FRI", "2026-03-13T08:00:00Z", "odd days that are Fridays"),
    ] {
        assert_eq!(runs(expr, Tz::UTC, "2026-03-01T09:00:00Z", 1), [wanted], "{why}");
    }
}

#[test]
fn clock_changes_in_new_york_lose_and_repeat_nothing() {
    let zone = Tz::America__New_York;
    let two_days = |expr, after| runs(expr, zone, after, 2);
    assert_eq!(
        two_days("30 2 * * *", "2026-03-07T12:00:00Z"),
        ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
        "02:30 does not exist on the 8th: run at the jump, 03:00"
    );
    assert_eq!(
        two_days("30 1 * * *", "2026-10-31T12:00:00Z"),
        ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        "01:30 comes twice on the 1st: run the first time"
    );
    assert_eq!(
        runs("*/30 * * * *", zone, "2026-11-01T04:59:59Z", 5),
        [
            "2026-11-01T05:00:00Z",
            "2026-11-01T05:30:00Z",
            "2026-11-01T06:00:00Z",
            "2026-11-01T06:30:00Z",
            "2026-11-01T07:00:00Z",
        ],
        "every half hour goes on through both passes, in order"
    );
    assert_eq!(
        runs("0 * * * *", zone, "2026-03-08T05:30:00Z", 3),
        ["2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"],
        "hourly over the gap"
    );
    assert_eq!(
        runs("0,30 2,3 * * *", zone, "2026-03-08T05:00:00Z", 3),
        ["2026-03-08T07:00:00Z", "2026-03-08T07:30:00Z", "2026-03-09T06:00:00Z"],
        "several skipped times are one run at the jump"
    );
}

#[test]
fn a_midnight_that_does_not_exist_is_the_first_instant_of_the_day() {
    assert_eq!(
        runs("0 0 * * *", Tz::Asia__Beirut, "2026-03-27T23:00:00Z", 3),
        ["2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z", "2026-03-30T21:00:00Z"],
        "Beirut skips from 00:00 to 01:00 on 29 March"
    );
}

#[test]
fn asking_between_the_two_passes_gives_no_second_run() {
    let daily = schedule("30 1 * * *", Tz::America__New_York);
    for after in ["2026-11-01T05:30:00Z", "2026-11-01T05:59:00Z", "2026-11-01T06:29:59.999Z"] {
        assert_eq!(daily.next(time(after)), Some(time("2026-11-02T06:30:00Z")), "{after}");
    }
}

#[test]
fn every_real_quarter_hour_of_a_year_has_its_run() {
    for zone in ZONES {
        let every = schedule("*/15 * * * *", zone);
        assert_eq!(every.kind(), Kind::Interval);
        let (from, to) = year_in(zone);
        let mut wanted = from;
        let mut run = every.next(from.plus(-1));
        while wanted < to {
            assert_eq!(run, Some(wanted), "{zone}");
            wanted = wanted.plus(15 * Time::MINUTE);
            run = run.and_then(|at| every.next(at));
        }
    }
}

#[test]
fn a_daily_job_runs_on_every_day_of_a_year_and_never_twice() {
    for zone in ZONES {
        for expr in ["30 2 * * *", "0 0 * * *", "45 1 * * *"] {
            let (from, to) = year_in(zone);
            let days = local_days(&schedule(expr, zone), from, to);
            let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
            let wanted: Vec<NaiveDate> = first.iter_days().take(365).collect();
            assert_eq!(days, wanted, "{expr} in {zone}");
        }
    }
}

#[test]
fn a_daily_job_keeps_its_clock_time_on_ordinary_days() {
    let daily = schedule("30 8 * * *", Tz::Europe__Berlin);
    let mut at = time("2026-01-01T00:00:00Z");
    for _ in 0..365 {
        at = daily.next(at).unwrap();
        let local = at.utc().with_timezone(&Tz::Europe__Berlin);
        assert_eq!((local.hour(), local.minute(), local.second()), (8, 30, 0), "{local}");
    }
}

#[test]
fn a_missed_run_is_caught_up_with_once_and_only_within_its_grace() {
    let daily = schedule("0 8 * * *", Tz::Europe__Berlin);
    let grace = 12 * Time::HOUR;
    // Berlin is an hour ahead of UTC in January: the runs are at 07:00.
    for (last, now, wanted, why) in [
        ("2026-01-05T07:00:00Z", "2026-01-06T06:59:00Z", None, "nothing was missed yet"),
        (
            "2026-01-05T07:00:00Z",
            "2026-01-06T07:00:00Z",
            Some("2026-01-06T07:00:00Z"),
            "due this very moment",
        ),
        (
            "2026-01-05T07:00:00Z",
            "2026-01-06T15:00:00Z",
            Some("2026-01-06T07:00:00Z"),
            "eight hours late",
        ),
        ("2026-01-05T07:00:00Z", "2026-01-06T19:00:01Z", None, "out of grace"),
        ("2026-01-06T07:00:00Z", "2026-01-06T15:00:00Z", None, "it was planned already"),
        (
            "2026-01-01T07:00:00Z",
            "2026-01-06T09:00:00Z",
            Some("2026-01-06T07:00:00Z"),
            "of five missed runs only the latest",
        ),
    ] {
        assert_eq!(daily.missed(time(last), time(now), grace), wanted.map(time), "{why}");
    }
    assert_eq!(daily.missed(time("2026-01-05T07:00:00Z"), time("2026-01-06T08:00:00Z"), -1), None);
}

#[test]
fn times_far_away_are_no_trouble() {
    let daily = schedule("@daily", Tz::Europe__Berlin);
    assert_eq!(daily.next(Time(i64::MAX)), None);
    assert_eq!(daily.next(Time(i64::MIN)), Some(time("1970-01-01T23:00:00Z")));
    assert_eq!(daily.next(time("2150-01-01T00:00:00Z")), None);
    let last = daily.next(time("2100-12-30T12:00:00Z")).unwrap();
    assert_eq!(last.utc().year(), 2100);
    assert_eq!(schedule("0 0 0 1 1 * 2001", Tz::UTC).next(time("2026-01-01T00:00:00Z")), None);
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_schedule_or_an_error_that_helps(text in "[-*/,?@A-Za-z0-9 ]{0,40}") {
        match Schedule::parse(&text, Tz::Europe__Berlin) {
            Ok(schedule) => {
                let first = schedule.next(Time(0));
                proptest::prop_assert!(first.is_some());
                let second = first.and_then(|at| schedule.next(at));
                proptest::prop_assert!(second.is_none_or(|at| at.since(first.unwrap()) >= Time::MINUTE));
            }
            Err(e) => proptest::prop_assert!(!e.help.is_empty() && !e.wrong.is_empty()),
        }
    }
}
