//! Reads when a server allows the next request: `Retry-After` and the reset headers.
//!
//! The values are a stranger's. What cannot be read is `None`, what is absurd is still a time: the
//! cap is [`super::pace`]'s.

use chrono::{DateTime, NaiveDateTime};

use super::Reply;
use crate::model::Time;

/// From this number on, a bare number is an epoch time (in the year 2001) and no waiting time.
const FIRST_EPOCH_SECOND: f64 = 1e9;
/// From this number on it is an epoch time in milliseconds, which some servers send.
const FIRST_EPOCH_MILLI: f64 = 1e12;

/// What a header says: a span, or a time by the server's clock.
enum Said {
    In(f64),
    At(Time),
}

impl Said {
    /// The time that is meant. `server`: what the server's clock shows.
    fn time(self, now: Time, server: Time) -> Time {
        match self {
            Self::In(seconds) => now.plus(whole(seconds * 1000.0)),
            Self::At(at) => now.plus(at.since(server)),
        }
    }
}

/// The time that `Retry-After` names (RFC 9110, 10.2.3): seconds from `now`, rounded up, or a date
/// in any of the three forms that HTTP knows. A date in the past is a time in the past.
pub fn parse_retry_after(value: &str, now: Time) -> Option<Time> {
    retry_after(value).map(|said| said.time(now, now))
}

fn retry_after(value: &str) -> Option<Said> {
    let value = value.trim();
    match number(value) {
        Some(seconds) => Some(Said::In(seconds)),
        None => http_date(value).map(Said::At),
    }
}

/// The time that a reset header names, in any of the forms that are around:
/// - ISO 8601, with or without a fraction (mastodon),
/// - epoch seconds (github, bluesky), or milliseconds,
/// - seconds to wait, also with a fraction (reddit, discord),
/// - an HTTP date.
///
/// A number below 10⁹ is a waiting time, one from 10⁹ (September 2001) an epoch time in seconds,
/// one from 10¹² an epoch time in milliseconds: no server asks for thirty years of patience.
pub fn parse_reset(value: &str, now: Time) -> Option<Time> {
    reset(value).map(|said| said.time(now, now))
}

fn reset(value: &str) -> Option<Said> {
    let value = value.trim();
    Some(match number(value) {
        Some(n) if n >= FIRST_EPOCH_MILLI => Said::At(Time(whole(n))),
        Some(n) if n >= FIRST_EPOCH_SECOND => Said::At(Time(whole(n * 1000.0))),
        Some(seconds) => Said::In(seconds),
        None => Said::At(Time::parse(value).or_else(|| http_date(value))?),
    })
}

/// The time that a header of the reply names: `retry-after` by its own rules, any other as a reset.
///
/// A time is the server's, whose clock may be wrong: it is measured from the reply's own `Date`
/// where there is one, so that what is waited for is the span that was meant.
pub fn named(reply: &Reply, header: &str, now: Time) -> Option<Time> {
    let value = reply.header(header)?;
    let said = if header == "retry-after" { retry_after(value) } else { reset(value) };
    let server = reply.header("date").and_then(http_date).unwrap_or(now);
    said.map(|said| said.time(now, server))
}

/// The headers in which servers tell what is left of a quota, and when it starts anew.
const QUOTAS: [(&str, &str); 3] = [
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
];

/// Until when a reply forbids the next request: the later of `Retry-After`, and the reset of a
/// quota whose headers say that nothing is left. `None` if it does not say.
///
/// Of a reply that refuses for being asked too much and does not say for how long, any reset counts.
/// Servers with forms of their own are their connectors' business.
pub fn not_before(reply: &Reply, now: Time) -> Option<Time> {
    let asked = named(reply, "retry-after", now);
    let is_spent = |left: &str| reply.header(left).and_then(number).is_some_and(|n| n < 1.0);
    let resets = |counts: &dyn Fn(&str) -> bool| {
        let resets = QUOTAS.into_iter().filter(|(left, _)| counts(left));
        resets.filter_map(|(_, reset)| named(reply, reset, now)).max()
    };
    asked.max(resets(&is_spent)).or_else(|| resets(&|_| reply.status == 429))
}

/// A plain decimal number that is not negative: no sign, no exponent, no words for infinity.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if plain { text.parse().ok() } else { None }
}

fn whole(millis: f64) -> i64 {
    // A cast from float to integer stops at the ends of the range.
    millis.ceil() as i64
}

fn http_date(text: &str) -> Option<Time> {
    if let Ok(at) = DateTime::parse_from_rfc2822(text) {
        return Some(Time(at.timestamp_millis()));
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|at| Time(at.and_utc().timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    /// 1994-11-06T08:49:37Z, the example of RFC 9110.
    const RFC: Time = Time(784_111_777_000);
    const NOW: Time = Time(784_111_700_000);

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        for (value, wanted) in [
            ("120", Some(NOW.plus(120_000))),
            (" 0 ", Some(NOW)),
            ("1.2", Some(NOW.plus(1_200))),
            ("0.0001", Some(NOW.plus(1))),
            ("1000000000", Some(NOW.plus(1_000_000_000_000))),
            ("99999999999999999999999", Some(Time(i64::MAX))),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(RFC)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(RFC)),
            ("Sun Nov  6 08:49:37 1994", Some(RFC)),
            ("", None),
            ("-5", None),
            ("+5", None),
            ("1e9", None),
            ("inf", None),
            ("NaN", None),
            ("soon", None),
            ("1.2.3", None),
            ("Mon, 06 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(parse_retry_after(value, NOW), wanted, "{value:?}");
        }
    }

    #[test]
    fn reset_headers_come_in_four_forms() {
        for (value, wanted) in [
            ("2026-03-04T09:15:00.123456Z", Some(Time(1_772_615_700_123))),
            ("1772615700", Some(Time(1_772_615_700_000))),
            ("1772615700.5", Some(Time(1_772_615_700_500))),
            ("1772615700123", Some(Time(1_772_615_700_123))),
            ("317.0", Some(NOW.plus(317_000))),
            ("0.35", Some(NOW.plus(350))),
            ("999999999", Some(NOW.plus(999_999_999_000))),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(RFC)),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(parse_reset(value, NOW), wanted, "{value:?}");
        }
    }

    #[test]
    fn a_quota_holds_back_only_when_nothing_is_left() {
        let reply = |headers: &[(&str, &str)]| Reply {
            status: 200,
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: Vec::new(),
            url: Url::parse("https://a.example/").expect("a URL"),
            moved_for_good: false,
        };
        for (case, headers, wanted) in [
            ("nothing said", vec![], None),
            (
                "enough left",
                vec![("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "60")],
                None,
            ),
            (
                "none left",
                vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "60")],
                Some(NOW.plus(60_000)),
            ),
            ("none left, as a fraction", vec![("x-ratelimit-remaining", "0.0")], None),
            (
                "the later one counts",
                vec![
                    ("retry-after", "90"),
                    ("ratelimit-remaining", "0"),
                    ("ratelimit-reset", "60"),
                ],
                Some(NOW.plus(90_000)),
            ),
        ] {
            assert_eq!(not_before(&reply(&headers), NOW), wanted, "{case}");
        }
    }

    #[test]
    fn a_server_whose_clock_is_wrong_is_understood_all_the_same() {
        // It thinks it is 1994-11-06T08:48:37Z, and wants a minute.
        let mut reply = Reply {
            status: 429,
            headers: vec![
                ("date".to_owned(), "Sun, 06 Nov 1994 08:48:37 GMT".to_owned()),
                ("retry-after".to_owned(), "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
            ],
            body: Vec::new(),
            url: Url::parse("https://a.example/").expect("a URL"),
            moved_for_good: false,
        };
        for now in [RFC.plus(-9_000_000), RFC, RFC.plus(9_000_000)] {
            assert_eq!(not_before(&reply, now), Some(now.plus(60_000)));
        }
        reply.headers[1] = ("x-ratelimit-reset".to_owned(), "1994-11-06T08:49:37.5Z".to_owned());
        assert_eq!(not_before(&reply, NOW), Some(NOW.plus(60_500)), "no remainder, but a refusal");
        reply.headers[1] = ("retry-after".to_owned(), "30".to_owned());
        assert_eq!(not_before(&reply, NOW), Some(NOW.plus(30_000)), "a span is a span");
    }

    proptest! {
        #[test]
        fn no_value_breaks_it(value in "\\PC{0,40}", now in any::<i64>()) {
            let _ = (parse_retry_after(&value, Time(now)), parse_reset(&value, Time(now)));
        }

        #[test]
        fn seconds_are_never_shortened(seconds in 0_u32..=u32::MAX, fraction in 0_u32..1000) {
            let said = parse_retry_after(&format!("{seconds}.{fraction:03}"), NOW);
            let wanted = i64::from(seconds) * 1000 + i64::from(fraction);
            let waited = said.map(|at| at.since(NOW));
            prop_assert!(waited == Some(wanted) || waited == Some(wanted + 1));
        }
    }
}
