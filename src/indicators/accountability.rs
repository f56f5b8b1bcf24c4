//! I18, accountability: whether answers to complaints own up, and whether promises are kept.

use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Tz;

use super::ground::Ground;
use super::measure::Measure;
use super::replies;
use super::statistics::proportion::{newcombe, wilson};
use super::statistics::{Level, Limits};
use super::{Group, Line, Rule};
use crate::calendar::{first_instant, local_date};
use crate::model::{Interaction, Promised, Signal, Time, Window};

const MINIMUM: u64 = 20;
const PROMISES: u64 = 10;

pub(super) const GROUP: Group = Group {
    rules: &[
        Rule {
            id: "I18",
            part: Some("replies"),
            name: "Accountable replies",
            unit: "share",
            says: "Of the brand's replies to complaints in the window, the share with at least \
                   one of: an apology or acknowledgement, a cause, a concrete next step, a date. \
                   Found by phrases per language. Interval: Wilson.",
            minimum: MINIMUM,
            version: 1,
        },
        Rule {
            id: "I18",
            part: Some("kept_promises"),
            name: "Kept promises",
            unit: "share",
            says: "Of the brand's promises with a date that fell due in the window, the share \
                   followed by another post of the brand in the same thread by the end of that \
                   local day. Interval: Wilson.",
            minimum: PROMISES,
            version: 1,
        },
    ],
    measure,
    explain,
};

/// # accountable replies / # replies to complaints; # kept / # due. Change: Newcombe.
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    let replies = |window| {
        let all = replies::to_complaints(ground, window);
        let hits = all.iter().filter(|row| owns_up(row).is_some()).count();
        (hits as u64, all.len() as u64)
    };
    let promises = |window| {
        let all = promises(ground, window);
        (all.iter().filter(|(_, kept)| kept.is_some()).count() as u64, all.len() as u64)
    };
    let window = ground.scope.window;
    let before = ground.scope.before;
    vec![
        compared(replies(window), replies(before), MINIMUM),
        compared(promises(window), promises(before), PROMISES),
    ]
}

fn compared(now: (u64, u64), before: (u64, u64), minimum: u64) -> Measure {
    let share = |(hits, all): (u64, u64)| {
        Measure::ratio(hits as f64, all, minimum, || wilson(hits, all, Level::Value))
    };
    share(now).against(&share(before), || {
        newcombe(now, before, Level::Change).map(Limits::from).unwrap_or_default()
    })
}

/// The first thing in a reply by which the brand owns up.
fn owns_up(row: &Interaction) -> Option<Signal> {
    let signs = [Signal::Apology, Signal::Cause, Signal::NextStep, Signal::Promise];
    signs.into_iter().find(|signal| row.says(*signal))
}

/// Promises that fell due in a window and before now, with the post that kept them.
fn promises<'a>(
    ground: &Ground<'a>,
    window: Window,
) -> Vec<(&'a Interaction, Option<&'a Interaction>)> {
    let scope = ground.scope;
    let mut found = Vec::new();
    for rows in replies::by_thread(ground).into_values() {
        for row in &rows {
            let Some(until) = row.promised.and_then(|promised| end(promised, row.at, scope.zone))
            else {
                continue;
            };
            // A day counts for the window in which it lies, not for the one that begins at its end.
            if window.has(Time(until.0 - 1)) && until <= scope.now() {
                let kept = rows.iter().find(|later| later.at > row.at && later.at < until);
                found.push((*row, kept.copied()));
            }
        }
    }
    found
}

/// The first instant after the day that was promised.
fn end(promised: Promised, posted: Time, zone: Tz) -> Option<Time> {
    let today = local_date(posted, zone);
    let day = match promised {
        Promised::InDays(days) => today.checked_add_days(Days::new(days.into()))?,
        Promised::Weekday(number) => {
            let now = today.weekday().number_from_monday();
            let ahead = (u32::from(number) + 6 - now) % 7 + 1;
            today.checked_add_days(Days::new(ahead.into()))?
        }
        Promised::Date(month, day) => {
            let of = |year| NaiveDate::from_ymd_opt(year, month.into(), day.into());
            of(today.year()).filter(|date| *date >= today).or_else(|| of(today.year() + 1))?
        }
    };
    Some(first_instant(day.succ_opt()?, zone))
}

/// One line for each reply to a complaint, and for each promise.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    let window = ground.scope.window;
    let replies =
        replies::to_complaints(ground, window).into_iter().map(|row| match owns_up(row) {
            Some(signal) => Line::of_row("accountable", row, Some(signal.word().to_owned())),
            None => Line::of_row("not accountable", row, None),
        });
    let promises = promises(ground, window).into_iter().map(|(row, kept)| match kept {
        Some(later) => Line::of_row("promise kept", row, Some(format!("by {}", later.id))),
        None => Line::of_row("promise not kept", row, None),
    });
    replies.chain(promises).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, asked, post};
    use super::*;
    use crate::model::{Answer, Intent, Kind, Standing};

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn the_end_of_the_promised_day() {
        // A Wednesday.
        let posted = at("2026-11-11T15:00:00Z");
        let table = [
            ("today", Promised::InDays(0), "2026-11-12T00:00:00Z"),
            ("tomorrow", Promised::InDays(1), "2026-11-13T00:00:00Z"),
            ("by Friday", Promised::Weekday(5), "2026-11-14T00:00:00Z"),
            ("by Wednesday, said on one", Promised::Weekday(3), "2026-11-19T00:00:00Z"),
            ("by Monday", Promised::Weekday(1), "2026-11-17T00:00:00Z"),
            ("by 12 November", Promised::Date(11, 12), "2026-11-13T00:00:00Z"),
            ("by 12 March: the next one", Promised::Date(3, 12), "2027-03-13T00:00:00Z"),
        ];
        for (case, promised, wanted) in table {
            assert_eq!(end(promised, posted, Tz::UTC), Some(at(wanted)), "{case}");
        }
        assert_eq!(end(Promised::Date(2, 30), posted, Tz::UTC), None, "no such day");
    }

    fn own(id: &str, below: &str, after: i64) -> Interaction {
        let mut row = post(id, 99, AT.inside + after);
        (row.own, row.kind) = (true, Kind::Comment);
        (row.in_reply_to, row.thread) = (Some(below.to_owned()), Some(below.to_owned()));
        row
    }

    #[test]
    fn replies_to_complaints_that_own_up() {
        let mut setting = Setting::default();
        for i in 0..20 {
            let id = format!("{i}");
            let mut case = asked(&id, i, AT.inside, AT.inside + 1);
            case.class = Intent::Complaint;
            let answer = format!("to {i}");
            case.answer = Some(Answer { at: Time(AT.inside + 5), by: Some(answer.clone()) });
            let mut reply = own(&answer, &id, 5);
            if i < 15 {
                reply.signals = vec![Signal::Apology];
            }
            setting.history.rows.push(reply);
            setting.cases.push(case);
        }
        let found = setting.indicator("I18", Some("replies"));
        assert_eq!((found.value, found.n, found.status), (Some(0.75), 20, Standing::Ok));
        assert!((found.low.unwrap() - 0.531_299).abs() < 1e-5, "Wilson 15/20: {found:?}");
    }

    #[test]
    fn a_promise_is_kept_by_another_post_in_time() {
        let promise = |id: &str, below: &str| {
            let mut row = own(id, below, 0);
            row.promised = Some(Promised::InDays(1));
            row
        };
        let mut setting = Setting::default();
        setting.history.rows = vec![
            promise("kept", "a"),
            own("in time", "a", 2 * Time::DAY - 1),
            promise("late", "b"),
            own("too late", "b", 2 * Time::DAY),
            promise("forgotten", "c"),
        ];
        let found = setting.indicator("I18", Some("kept_promises"));
        assert_eq!((found.numerator, found.denominator), (Some(1.0), Some(3.0)));
        assert_eq!(found.status, Standing::TooFew);
    }
}
