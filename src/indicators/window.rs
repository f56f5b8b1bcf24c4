//! Decides where a window begins and ends (rule E1): whole local days, half open.
//!
//! What lies inside is asked of [`Window::has`]; what is known at a moment is the store's.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use crate::calendar::{first_instant, local_date};
use crate::model::{Time, Window};

/// The window of `days` whole local days that ends at the first instant of the local day of
/// `as_of`: that day itself is outside.
pub fn ending(as_of: Time, days: u32, zone: Tz) -> Window {
    let day = local_date(as_of, zone);
    Window { from: days_before(day, days, zone), to: first_instant(day, zone), days }
}

/// The window of equally many local days that ends where this one begins.
pub fn before(window: &Window, zone: Tz) -> Window {
    let day = local_date(window.from, zone);
    Window { from: days_before(day, window.days, zone), to: window.from, days: window.days }
}

/// What `now` means when only a date is given: the first instant of that date.
pub fn now_of_date(date: NaiveDate, zone: Tz) -> Time {
    first_instant(date, zone)
}

fn days_before(day: NaiveDate, days: u32, zone: Tz) -> Time {
    let first = day.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN);
    first_instant(first, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn rule_e1_example() {
        let zone = chrono_tz::Europe::Stockholm;
        let now = now_of_date(NaiveDate::from_ymd_opt(2026, 11, 9).unwrap(), zone);
        let window = ending(now, 28, zone);
        assert_eq!(window.from, at("2026-10-11T22:00:00Z"));
        assert_eq!(window.to, at("2026-11-08T23:00:00Z"));
        assert_eq!(window.to.since(window.from), 673 * Time::HOUR, "the autumn has one hour more");
        assert!(window.has(window.from), "an item at exactly `from` is inside");
        assert!(!window.has(window.to), "an item at exactly `to` is outside");
        assert_eq!(ending(at("2026-11-09T07:00:00Z"), 28, zone), window, "the digest of 08:00");
        assert_eq!(ending(at("2026-11-09T22:59:59.999Z"), 28, zone), window, "last of the day");
        assert_ne!(ending(at("2026-11-09T23:00:00Z"), 28, zone), window, "the next day");
    }

    #[test]
    fn windows_join_without_gap() {
        let zone = chrono_tz::Europe::Stockholm;
        let window = ending(at("2026-11-09T07:00:00Z"), 28, zone);
        let prior = before(&window, zone);
        assert_eq!((prior.to, prior.days), (window.from, 28));
        assert_eq!(prior.from, at("2026-09-13T22:00:00Z"));
    }

    #[test]
    fn first_instants_of_odd_days() {
        let table = [
            ("plain", "UTC", "2026-03-01", "2026-03-01T00:00:00Z"),
            // Clocks in Santiago went from 24:00 to 01:00.
            ("no midnight", "America/Santiago", "2022-09-11", "2022-09-11T04:00:00Z"),
            ("no midnight", "Africa/Cairo", "2023-04-28", "2023-04-27T22:00:00Z"),
            // Clocks in Havana went from 01:00 back to 00:00.
            ("midnight twice", "America/Havana", "2023-11-05", "2023-11-05T04:00:00Z"),
            // Clocks in St John's went from 00:01 back to 23:01 of the day before.
            ("midnight twice", "America/St_Johns", "2006-10-29", "2006-10-29T02:30:00Z"),
            ("day left out", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
            ("the day after it", "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
            ("half hours", "Asia/Kolkata", "2026-01-01", "2025-12-31T18:30:00Z"),
        ];
        for (case, zone, day, expected) in table {
            let zone: Tz = zone.parse().unwrap();
            let found = now_of_date(day.parse().unwrap(), zone);
            assert_eq!(found.to_string(), expected, "{case}: {zone} {day}");
        }
    }

    #[test]
    fn a_day_of_23_hours_is_one_day() {
        let zone = chrono_tz::Europe::Stockholm;
        let window = ending(at("2026-03-30T10:00:00Z"), 1, zone);
        assert_eq!(window.to.since(window.from), 23 * Time::HOUR);
        assert_eq!(before(&window, zone).to.since(before(&window, zone).from), 24 * Time::HOUR);
    }
}
