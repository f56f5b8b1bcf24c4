//! Decides what a written cron expression means, and refuses what would surprise people.
//!
//! The `cron` crate counts weekdays from 1 = Sunday and wants a seconds field; people write Unix
//! cron. Here the one is rewritten into the other. Clock changes are `zone`'s.

use std::str::FromStr;

use chrono::DateTime;
use cron::{Schedule as Cron, TimeUnitSpec};

use super::{Kind, ScheduleError};

const SECOND: usize = 0;
const MINUTE: usize = 1;
const HOUR: usize = 2;
const DAY: usize = 3;
const MONTH: usize = 4;
const WEEKDAY: usize = 5;
const YEAR: usize = 6;

const FIELDS: [&str; 7] =
    ["second", "minute", "hour", "day of month", "month", "day of week", "year"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const LONGEST: usize = 500;

/// Whether numbers stand for weekdays.
#[derive(Clone, Copy, PartialEq)]
enum Numbers {
    /// As in Unix cron: 0 and 7 are Sunday.
    Unix,
    Refused,
}

/// The schedule in the `cron` crate's own dialect, and its kind.
pub(super) fn read(expr: &str) -> Result<(Cron, Kind), ScheduleError> {
    let fields = fields(spelled_out(expr.trim())?)?;
    for (index, text) in fields.iter().enumerate() {
        check_field(index, text)?;
    }
    check_days(&fields[DAY], &fields[WEEKDAY])?;
    let cron = Cron::from_str(&fields.join(" ")).map_err(|e| whole(expr, &e.to_string()))?;
    if cron.seconds().count() > 1 {
        return Err(wrong(
            Some(SECOND),
            format!("`{}` runs more than once a minute", fields[SECOND]),
            "name one second, such as `0`".to_owned(),
        ));
    }
    // From the start of all time on, so that the answer does not depend on when it is asked.
    if cron.after(&DateTime::UNIX_EPOCH).next().is_none() {
        return Err(wrong(
            None,
            format!("`{}` never runs: there is no such date", expr.trim()),
            "choose a day that the month has".to_owned(),
        ));
    }
    let kind = match fields[MINUTE].starts_with('*') || fields[HOUR].starts_with('*') {
        true => Kind::Interval,
        false => Kind::Wall,
    };
    Ok((cron, kind))
}

/// Replaces `@daily` and the like.
fn spelled_out(expr: &str) -> Result<&str, ScheduleError> {
    if expr.len() > LONGEST {
        let wrong_text = format!("the expression is longer than {LONGEST} bytes");
        return Err(wrong(None, wrong_text, "write ranges instead of lists".to_owned()));
    }
    if !expr.starts_with('@') {
        return Ok(expr);
    }
    match expr.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => Ok("0 0 1 1 *"),
        "@monthly" => Ok("0 0 1 * *"),
        "@weekly" => Ok("0 0 * * 0"),
        "@daily" | "@midnight" => Ok("0 0 * * *"),
        "@hourly" => Ok("0 * * * *"),
        _ => Err(wrong(
            None,
            format!("there is no `{expr}`"),
            "it can be @hourly, @daily, @weekly, @monthly or @yearly, or five fields such as \
             `0 8 * * MON-FRI`"
                .to_owned(),
        )),
    }
}

/// Six or seven fields with weekdays by name, whatever was written.
fn fields(expr: &str) -> Result<Vec<String>, ScheduleError> {
    let mut fields: Vec<String> = expr.split_whitespace().map(str::to_owned).collect();
    let numbers = match fields.len() {
        5 => {
            fields.insert(SECOND, "0".to_owned());
            Numbers::Unix
        }
        6 | 7 => Numbers::Refused,
        n => {
            let found = if n == 1 { "1 field".to_owned() } else { format!("{n} fields") };
            return Err(wrong(
                None,
                format!("`{expr}` has {found}"),
                "write five: minute, hour, day of month, month, day of week, such as \
                 `0 8 * * MON-FRI`"
                    .to_owned(),
            ));
        }
    };
    fields[WEEKDAY] = weekdays(&fields[WEEKDAY], numbers)?;
    Ok(fields)
}

/// Rewrites a day-of-week field to a list of names; `*` if no day is left out.
fn weekdays(field: &str, numbers: Numbers) -> Result<String, ScheduleError> {
    if field == "*" || field == "?" {
        return Ok("*".to_owned());
    }
    let mut runs = [false; 7];
    for part in field.split(',') {
        for day in part_days(field, part, numbers)? {
            runs[day] = true;
        }
    }
    if runs.iter().all(|on| *on) {
        return Ok("*".to_owned());
    }
    let names: Vec<&str> = DAYS.iter().zip(runs).filter_map(|(n, on)| on.then_some(*n)).collect();
    Ok(names.join(","))
}

/// The days (0 = Sunday) of one element of the list: a day, a range or `*`, perhaps with a step.
fn part_days(field: &str, part: &str, numbers: Numbers) -> Result<Vec<usize>, ScheduleError> {
    let (range, step) = match part.split_once('/') {
        None => (part, None),
        Some((range, step)) => {
            let step = step.parse().ok().filter(|step| (1..=7).contains(step));
            (range, Some(step.ok_or_else(|| no_weekday(field, part))?))
        }
    };
    let (first, last) = match range.split_once('-') {
        _ if range == "*" => (0, 6),
        None => {
            let day = weekday(field, range, numbers)? % 7;
            // `2/2` starts there and goes on to the end of the week.
            (day, if step.is_some() { 6 } else { day })
        }
        Some((first, last)) => {
            let (first, last) = (weekday(field, first, numbers)?, weekday(field, last, numbers)?);
            // `5-7` ends on Sunday, and `SAT-MON` goes over the end of the week.
            let first = first % 7;
            (first, if last < first { last + 7 } else { last })
        }
    };
    Ok((first..=last).step_by(step.unwrap_or(1)).map(|day| day % 7).collect())
}

/// One day, 0 to 7, both ends Sunday.
fn weekday(field: &str, word: &str, numbers: Numbers) -> Result<usize, ScheduleError> {
    if let Ok(number) = word.parse::<usize>() {
        if numbers == Numbers::Refused {
            return Err(wrong(
                Some(WEEKDAY),
                format!(
                    "`{field}` has numbers, and with a seconds field they mean different days to different programs"
                ),
                "write names: SUN, MON, TUE, WED, THU, FRI, SAT".to_owned(),
            ));
        }
        return if number <= 7 { Ok(number) } else { Err(no_weekday(field, word)) };
    }
    let short: String = word.chars().take(3).collect::<String>().to_ascii_uppercase();
    let long = [
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "tues",
        "thurs",
    ];
    let known = word.len() == 3 || long.contains(&word.to_ascii_lowercase().as_str());
    match DAYS.iter().position(|day| known && **day == short) {
        Some(day) => Ok(day),
        None => Err(no_weekday(field, word)),
    }
}

fn no_weekday(field: &str, part: &str) -> ScheduleError {
    let wrong_text = match part == field {
        true => format!("`{field}` is no day of the week"),
        false => format!("`{part}` in `{field}` is no day of the week"),
    };
    wrong(
        Some(WEEKDAY),
        wrong_text,
        "write a name such as `MON`, a list `MON,WED`, a range `MON-FRI`, or `*`".to_owned(),
    )
}

/// Asks the parser about one field alone, so that a mistake can be placed.
fn check_field(index: usize, text: &str) -> Result<(), ScheduleError> {
    let mut alone = ["*"; 7];
    alone[index] = text;
    if Cron::from_str(&alone.join(" ")).is_ok() {
        return Ok(());
    }
    let allowed = match index {
        SECOND | MINUTE => "0 to 59",
        HOUR => "0 to 23",
        DAY => "1 to 31",
        MONTH => "1 to 12 or JAN to DEC",
        WEEKDAY => "SUN to SAT",
        _ => "1970 to 2100",
    };
    let backwards = text
        .split_once('-')
        .and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)))
        .filter(|(a, b)| a > b);
    let help = match backwards {
        Some((a, b)) if matches!(index, SECOND | MINUTE | HOUR) => {
            let top = if index == HOUR { 23 } else { 59 };
            format!("write a range over the end as two: `{a}-{top},0-{b}`")
        }
        Some(_) => "write a range from the smaller to the larger".to_owned(),
        None => format!("it can be {allowed}, a list, a range `a-b`, a step `*/n`, or `*`"),
    };
    Err(wrong(Some(index), format!("`{text}` is not understood"), help))
}

/// Refuses two restricted day fields. One that starts with `*` restricts nothing in this sense:
/// there all dialects agree.
fn check_days(day: &str, weekday: &str) -> Result<(), ScheduleError> {
    let free = |field: &str| field.starts_with('*') || field.starts_with('?');
    if free(day) || free(weekday) {
        return Ok(());
    }
    Err(wrong(
        None,
        format!(
            "day of month `{day}` and day of week `{weekday}` are both given, and programs \
             disagree whether a day must fit one or both"
        ),
        "leave one of them `*`, or make it two schedules".to_owned(),
    ))
}

fn whole(expr: &str, said: &str) -> ScheduleError {
    wrong(
        None,
        format!("`{}` is not understood ({})", expr.trim(), said.replace('\n', " ")),
        "write five fields such as `0 8 * * MON-FRI`".to_owned(),
    )
}

fn wrong(field: Option<usize>, wrong: String, help: String) -> ScheduleError {
    ScheduleError { field: field.map(|index| FIELDS[index.min(YEAR)]), wrong, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_weekdays_become_names() {
        for (written, wanted, why) in [
            ("1-5", "MON,TUE,WED,THU,FRI", "Monday to Friday"),
            ("0", "SUN", "0 is Sunday"),
            ("7", "SUN", "7 is Sunday too"),
            ("5-7", "SUN,FRI,SAT", "a range may end on 7"),
            ("7-2", "SUN,MON,TUE", "a range may start on 7"),
            ("6-1", "SUN,MON,SAT", "a range may go over the end of the week"),
            ("SAT-MON", "SUN,MON,SAT", "also with names"),
            ("1-5/2", "MON,WED,FRI", "a step within a range"),
            ("*/2", "SUN,TUE,THU,SAT", "a step from Sunday"),
            ("2/2", "TUE,THU,SAT", "a step from a day on"),
            ("5-1/2", "SUN,FRI", "a step over the end of the week"),
            ("1,3,fri", "MON,WED,FRI", "a list, names in any case"),
            ("mon-5", "MON,TUE,WED,THU,FRI", "names and numbers mixed"),
            ("0-6", "*", "every day restricts nothing"),
            ("0-7", "*", "every day, Sunday at both ends"),
            ("?", "*", "any day"),
        ] {
            assert_eq!(weekdays(written, Numbers::Unix).as_deref(), Ok(wanted), "{why}");
        }
    }

    #[test]
    fn a_refusal_says_where_and_what_to_do() {
        for (written, field, wanted) in [
            ("", None, "0 fields"),
            ("8", None, "1 field;"),
            ("0 8 * *", None, "4 fields"),
            ("1 2 3 4 5 6 7 8", None, "8 fields"),
            ("@reboot", None, "@daily"),
            ("@every 5m", None, "@hourly"),
            ("60 8 * * *", Some("minute"), "0 to 59"),
            ("0 24 * * *", Some("hour"), "0 to 23"),
            ("0 22-2 * * *", Some("hour"), "`22-23,0-2`"),
            ("0 8 0 * *", Some("day of month"), "1 to 31"),
            ("0 8 L * *", Some("day of month"), "1 to 31"),
            ("0 8 * 13 *", Some("month"), "JAN to DEC"),
            ("0 8 * * 8", Some("day of week"), "`MON`"),
            ("0 8 * * FRI#2", Some("day of week"), "`MON`"),
            ("0 8 * * */0", Some("day of week"), "`MON`"),
            ("0 8 * * MONSTER", Some("day of week"), "`MON`"),
            ("0 0 8 * * 1-5", Some("day of week"), "write names"),
            ("0 0 8 * * 7 2027", Some("day of week"), "write names"),
            ("0 0 8 * * MON 1066", Some("year"), "1970 to 2100"),
            ("0 8 13 * FRI", None, "make it two schedules"),
            ("* * * * * *", Some("second"), "more than once a minute"),
            ("*/30 0 8 * * *", Some("second"), "more than once a minute"),
            ("0 8 31 2 *", None, "never runs"),
            ("0 8 31 4,6,9,11 *", None, "never runs"),
            ("0 */0 * * *", Some("hour"), "0 to 23"),
        ] {
            let refused = read(written).expect_err(written);
            assert_eq!(refused.field, field, "{written}: {refused}");
            assert!(refused.to_string().contains(wanted), "{written}: {refused}");
            assert!(!refused.to_string().contains('\n'), "{written}: one line");
        }
    }

    #[test]
    fn the_kind_is_told_by_the_stars() {
        for (written, wanted) in [
            ("30 2 * * *", Kind::Wall),
            ("0 8,20 * * MON-FRI", Kind::Wall),
            ("0 8 1 * *", Kind::Wall),
            ("@daily", Kind::Wall),
            ("*/15 * * * *", Kind::Interval),
            ("*/15 9-17 * * *", Kind::Interval),
            ("30 */2 * * *", Kind::Interval),
            ("@hourly", Kind::Interval),
            ("0 0 8 * * MON", Kind::Wall),
            ("5 */10 * * * * 2027", Kind::Interval),
        ] {
            assert_eq!(read(written).map(|(_, kind)| kind), Ok(wanted), "{written}");
        }
    }
}
