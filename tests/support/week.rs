//! Times written short: weeks start on Monday 2 November 2026 and are told in UTC, so `2 fri 16:30`
//! is in the second.

use affinityd::model::Time;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn first_monday() -> Time {
    Time::parse("2026-11-02T00:00:00Z").expect("a time")
}

/// `mon 10:00`, `mon 10:00:05`, `3 fri 16:30`, or RFC 3339.
pub fn t(text: &str) -> Time {
    if let Some(at) = Time::parse(text) {
        return at;
    }
    let parts: Vec<&str> = text.split(' ').collect();
    let (week, day, clock) = match parts[..] {
        [day, clock] => (1, day, clock),
        [week, day, clock] => (week.parse().expect("a week"), day, clock),
        _ => panic!("`{text}` is no time"),
    };
    let day = DAYS.iter().position(|d| *d == day).expect("a day") as i64;
    let mut millis = (7 * (week - 1_i64) + day) * Time::DAY;
    for (part, unit) in clock.split(':').zip([Time::HOUR, Time::MINUTE, Time::SECOND]) {
        millis += part.parse::<i64>().expect("a number") * unit;
    }
    first_monday().plus(millis)
}

/// The way back.
pub fn say(at: Time) -> String {
    let millis = at.since(first_monday());
    let (days, rest) = (millis.div_euclid(Time::DAY), millis.rem_euclid(Time::DAY));
    let week = match days.div_euclid(7) {
        0 => String::new(),
        n => format!("{} ", n + 1),
    };
    let day = DAYS[days.rem_euclid(7) as usize];
    let (hour, minute) = (rest / Time::HOUR, rest % Time::HOUR / Time::MINUTE);
    let second = match rest % Time::MINUTE / Time::SECOND {
        0 => String::new(),
        s => format!(":{s:02}"),
    };
    format!("{week}{day} {hour:02}:{minute:02}{second}")
}
