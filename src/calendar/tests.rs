use proptest::prelude::*;

use super::*;

fn t(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

fn span(text: &str) -> Span {
    Span::parse(text).expect("a span")
}

fn week(zone: Tz, mon_fri: &[&str], sat_sun: &[&str]) -> Calendar {
    let all = |spans: &[&str]| spans.iter().map(|s| span(s)).collect::<Vec<_>>();
    let week = std::array::from_fn(|d| if d < 5 { all(mon_fri) } else { all(sat_sun) });
    Calendar::new(zone, week, BTreeMap::new())
}

fn office(zone: Tz) -> Calendar {
    week(zone, &["09:00-17:00"], &[])
}

#[test]
fn when_business_time_has_run_out() {
    let (h, m) = (Time::HOUR, Time::MINUTE);
    // 2026-11-06 is a Friday.
    for (case, from, millis, wanted) in [
        ("runs out exactly at closing", "2026-11-05T16:00:00Z", h, "2026-11-05T17:00:00Z"),
        ("one millisecond more", "2026-11-05T16:00:00Z", h + 1, "2026-11-06T09:00:00.001Z"),
        ("Friday 16:30 + 1 h", "2026-11-06T16:30:00Z", h, "2026-11-09T09:30:00Z"),
        ("Friday 16:45 + 30 min", "2026-11-06T16:45:00Z", 30 * m, "2026-11-09T09:15:00Z"),
        ("Friday 16:30 + 2 h", "2026-11-06T16:30:00Z", 2 * h, "2026-11-09T10:30:00Z"),
        ("Monday 06:00 starts at opening", "2026-11-09T06:00:00Z", 2 * h, "2026-11-09T11:00:00Z"),
        ("at closing starts next morning", "2026-11-05T17:00:00Z", m, "2026-11-06T09:01:00Z"),
        ("Saturday", "2026-11-07T12:00:00Z", m, "2026-11-09T09:01:00Z"),
        ("two days are sixteen hours", "2026-11-06T12:00:00Z", 16 * h, "2026-11-10T12:00:00Z"),
        ("nothing", "2026-11-07T12:00:00Z", 0, "2026-11-07T12:00:00Z"),
    ] {
        assert_eq!(office(Tz::UTC).add(t(from), millis).to_string(), wanted, "{case}");
    }
}

#[test]
fn several_spans_a_day() {
    let lunch = week(Tz::UTC, &["13:00-17:00", "09:00-12:00"], &[]);
    assert_eq!(lunch.add(t("2026-11-05T11:30:00Z"), Time::HOUR), t("2026-11-05T13:30:00Z"));
    assert_eq!(lunch.day_millis(), 7 * Time::HOUR);
    assert!(!lunch.is_open(t("2026-11-05T12:00:00Z")), "closed at closing");
    assert!(lunch.is_open(t("2026-11-05T13:00:00Z")), "open at opening");
    assert_eq!(lunch.next_close(t("2026-11-05T10:00:00Z")), Some(t("2026-11-05T12:00:00Z")));
    assert_eq!(lunch.next_open(t("2026-11-05T12:30:00Z")), Some(t("2026-11-05T13:00:00Z")));
    assert_eq!(lunch.next_open(t("2026-11-05T13:30:00Z")), Some(t("2026-11-05T13:30:00Z")));
}

#[test]
fn dates_that_differ() {
    let date = |s: &str| s.parse::<NaiveDate>().expect("a date");
    let exceptions = [
        (date("2026-12-24"), vec![span("09:00-12:00")]),
        (date("2026-12-25"), vec![]),
        (date("2026-12-26"), vec![span("10:00-11:00")]),
    ];
    let calendar = Calendar::new(Tz::UTC, office(Tz::UTC).week, exceptions.into_iter().collect());
    // Thursday until noon (1 h), Friday closed, Saturday one hour (1 h), then Monday.
    assert_eq!(calendar.add(t("2026-12-24T11:00:00Z"), 3 * Time::HOUR), t("2026-12-28T10:00:00Z"));
    assert_eq!(
        calendar.between(t("2026-12-24T00:00:00Z"), t("2026-12-28T00:00:00Z")),
        4 * Time::HOUR
    );
    assert_eq!(calendar.day_millis(), 8 * Time::HOUR, "exceptions do not change what a day is");
}

#[test]
fn a_span_over_a_clock_change_has_its_real_length() {
    let night = week(Tz::Europe__Stockholm, &[], &["01:00-04:00"]);
    for (case, from, to, hours) in [
        ("a plain Sunday", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", 3),
        ("spring", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z", 2),
        ("autumn", "2026-10-24T22:00:00Z", "2026-10-25T22:00:00Z", 4),
    ] {
        assert_eq!(night.between(t(from), t(to)), hours * Time::HOUR, "{case}");
    }
    let skipped = week(Tz::Europe__Stockholm, &[], &["02:00-03:00"]);
    assert_eq!(skipped.between(t("2026-03-29T00:00:00Z"), t("2026-03-29T21:00:00Z")), 0);
    // Friday 16:30 local is 15:30 UTC in summer; Monday 09:30 is 08:30 UTC in winter.
    assert_eq!(
        office(Tz::Europe__Stockholm).add(t("2026-10-23T14:30:00Z"), Time::HOUR),
        t("2026-10-26T08:30:00Z")
    );
}

#[test]
fn business_and_wall_time_of_one_time_line() {
    // Posts Monday 06:00 and 08:30; the answer at 08:45 took no business time, one at 09:05 five
    // minutes.
    let office = office(Tz::UTC);
    let posted = t("2026-11-09T06:00:00Z");
    assert_eq!(office.between(posted, t("2026-11-09T08:45:00Z")), 0);
    assert_eq!(office.between(posted, t("2026-11-09T09:05:00Z")), 5 * Time::MINUTE);
    assert_eq!(office.between(t("2026-11-09T09:05:00Z"), posted), -5 * Time::MINUTE);
}

#[test]
fn open_day_and_night() {
    let always = week(Tz::America__New_York, &["00:00-24:00"], &["00:00-24:00"]);
    let (a, b) = (t("2026-03-07T03:04:05Z"), t("2026-03-09T03:04:05Z"));
    assert_eq!(always.between(a, b), b.since(a));
    assert_eq!(always.add(a, b.since(a)), b);
    assert!(always.is_open(a));
    assert_eq!(always.next_close(a), None, "it never closes");
    let no_sunday = Calendar::new(Tz::UTC, always.week, [(local_date(b, Tz::UTC), vec![])].into());
    assert_eq!(no_sunday.next_close(a), Some(t("2026-03-09T00:00:00Z")), "midnights are no close");
}

#[test]
fn a_desert_is_left_after_ten_years() {
    let desert = Calendar::new(Tz::UTC, Default::default(), BTreeMap::new());
    let now = t("2026-11-09T06:00:00Z");
    assert!(desert.add(now, 1) > now.plus(3_653 * Time::DAY));
    assert!(desert.add(now, i64::MAX) < now.plus(3_700 * Time::DAY));
    assert_eq!(desert.next_open(now), None);
    assert_eq!(desert.next_close(now), None);
    assert!(!desert.is_open(now));
    assert_eq!(desert.between(now, now.plus(Time::DAY)), 0);
    assert_eq!(desert.day_millis(), 8 * Time::HOUR);
    for at in [Time(i64::MIN), Time(i64::MAX)] {
        office(Tz::UTC).add(at, Time::HOUR);
        office(Tz::UTC).next_close(at);
    }
}

#[test]
fn spans_are_read_strictly() {
    for (text, good) in [
        ("09:00-17:00", true),
        (" 9:00 - 17:30 ", true),
        ("00:00-24:00", true),
        ("24:00-24:00", false),
        ("17:00-09:00", false),
        ("09:00-24:01", false),
        ("09:60-17:00", false),
        ("9-17", false),
        ("09:0-17:00", false),
        ("+9:00-17:00", false),
        ("", false),
    ] {
        assert_eq!(Span::parse(text).is_some(), good, "{text}");
    }
}

/// Weeks around clock changes, and weeks without.
fn instants() -> impl Strategy<Value = Time> {
    let weeks = [
        "2026-03-05T00:00:00Z",
        "2026-03-26T00:00:00Z",
        "2026-10-22T00:00:00Z",
        "2026-10-29T00:00:00Z",
        "2026-06-10T00:00:00Z",
    ];
    (0..weeks.len(), 0..7 * Time::DAY).prop_map(move |(n, millis)| t(weeks[n]).plus(millis))
}

fn calendars() -> impl Strategy<Value = Calendar> {
    let zones =
        [Tz::Europe__Stockholm, Tz::America__New_York, Tz::Asia__Beirut, Tz::America__Havana];
    let hours = [
        &["09:00-17:00"][..],
        &["09:00-12:00", "13:00-17:00"][..],
        &["00:00-02:30", "02:30-24:00"][..],
        &["22:00-24:00", "00:00-01:30"][..],
        &["02:00-03:00", "23:00-24:00"][..],
    ];
    (0..zones.len(), 0..hours.len(), 0..hours.len() + 1)
        .prop_map(move |(z, w, e)| week(zones[z], hours[w], hours.get(e).copied().unwrap_or(&[])))
}

proptest! {
    #[test]
    fn what_was_added_lies_between(c in calendars(), a in instants(), d in 0..60 * Time::HOUR) {
        let b = c.add(a, d);
        prop_assert_eq!(c.between(a, b), d);
        // And it is the first such instant.
        if d > 0 {
            prop_assert_eq!(c.between(a, b.plus(-1)), d - 1);
        }
    }

    #[test]
    fn later_and_more_is_never_earlier(
        c in calendars(), a in instants(), later in 0..3 * Time::DAY,
        d in 0..40 * Time::HOUR, more in 0..9 * Time::HOUR,
    ) {
        prop_assert!(c.add(a, d) <= c.add(a, d + more));
        prop_assert!(c.add(a, d) <= c.add(a.plus(later), d));
    }

    #[test]
    fn stretches_add_up(c in calendars(), a in instants(), b in instants(), d in instants()) {
        let mut all = [a, b, d];
        all.sort_unstable();
        let [a, b, d] = all;
        prop_assert_eq!(c.between(a, b) + c.between(b, d), c.between(a, d));
        prop_assert!(c.between(a, d) <= d.since(a));
    }

    #[test]
    fn open_and_close_agree(c in calendars(), at in instants()) {
        let open = c.next_open(at).expect("it opens every week");
        prop_assert!(c.is_open(open));
        prop_assert_eq!(c.is_open(at), open == at);
        prop_assert_eq!(c.between(at, open), 0);
        if let Some(close) = c.next_close(at) {
            prop_assert!(!c.is_open(close));
            prop_assert_eq!(c.between(open, close), close.since(open));
        }
    }

    #[test]
    fn the_first_instant_is_of_its_day(c in calendars(), at in instants()) {
        let date = local_date(at, c.zone());
        let first = first_instant(date, c.zone());
        prop_assert!(first <= at);
        prop_assert_eq!(local_date(first, c.zone()), date);
        prop_assert!(local_date(first.plus(-1), c.zone()) < date);
    }
}
