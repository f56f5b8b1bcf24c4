//! I12, time to first reply, in business time and by the wall clock.

use std::collections::BTreeMap;

use super::ground::{Fate, Ground, Owner};
use super::measure::Measure;
use super::statistics::survival::{Spell, quantile};
use super::statistics::survival_difference::{Waits, quantile_differences};
use super::statistics::{Level, Limits};
use super::{Group, Line, Rule};
use crate::model::{Case, Standing, Time, Window};

/// The share still waiting at the median and at the 90th percentile, and the minimum of each: below
/// 6 and 36 no two order statistics bound them at 95 %.
const LEFT: [f64; 2] = [0.5, 0.1];
const MINIMA: [u64; 2] = [6, 36];

pub(super) const GROUP: Group = Group {
    rules: &[
        rule("median_business", "Time to first reply, median, business time", MINIMA[0]),
        rule("p90_business", "Time to first reply, 90th percentile, business time", MINIMA[1]),
        rule("median_wall", "Time to first reply, median", MINIMA[0]),
        rule("p90_wall", "Time to first reply, 90th percentile", MINIMA[1]),
    ],
    measure,
    explain,
};

const fn rule(part: &'static str, name: &'static str, minimum: u64) -> Rule {
    Rule {
        id: "I12",
        part: Some(part),
        name,
        unit: "seconds",
        says: "From the first asking post of each case posted in the window to the first public \
               answer. Cases still open count as waiting at least until now, deleted ones until \
               the deletion, so that answering only the easy ones makes nothing look fast: \
               Kaplan-Meier, with log-log Greenwood limits (rule E38). Median from 6 cases, 90th \
               percentile from 36.",
        minimum,
        version: 1,
    }
}

/// How long one case waited, on both clocks, in milliseconds.
struct Wait<'a> {
    case: &'a Case,
    business: i64,
    wall: i64,
    ended: bool,
}

/// The Kaplan–Meier quantiles of cases with t in W (rule E38). n = all cases, the answered ones
/// above the line (rule E53).
///
/// Change: bootstrap over persons of the difference of the quantiles.
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    let now = waits(ground, ground.scope.window);
    let before = waits(ground, ground.scope.before);
    let clocks = [|wait: &Wait<'_>| wait.business, |wait: &Wait<'_>| wait.wall];
    let mut measures = Vec::with_capacity(4);
    for clock in clocks {
        // One run of draws serves both quantiles, and none is made if both windows are too small.
        let is_enough = now.len().min(before.len()) as u64 >= MINIMA[0];
        let differences = if is_enough {
            quantile_differences(&groups(&now, &before, clock), LEFT, Level::Change)
        } else {
            [Limits::default(); 2]
        };
        for (i, difference) in differences.into_iter().enumerate() {
            let then = quantile_of(&before, clock, i);
            measures.push(
                quantile_of(&now, clock, i)
                    .against(&then, || in_seconds(difference.low, difference.high)),
            );
        }
    }
    measures
}

fn quantile_of(waits: &[Wait<'_>], clock: fn(&Wait<'_>) -> i64, i: usize) -> Measure {
    let spells: Vec<Spell> = waits.iter().map(|w| spell(w, clock)).collect();
    let found = quantile(&spells, LEFT[i], Level::Value);
    let n = waits.len() as u64;
    let millis = |at: Option<i64>| at.map(|at| at as f64);
    Measure {
        value: found.value.map(seconds),
        numerator: Some(waits.iter().filter(|w| w.ended).count() as f64),
        denominator: Some(n as f64),
        n,
        limits: if n >= MINIMA[i] {
            in_seconds(millis(found.low), millis(found.high))
        } else {
            Limits::default()
        },
        status: match found.value {
            _ if n < MINIMA[i] => Standing::TooFew,
            Some(_) => Standing::Ok,
            None => Standing::Unknown,
        },
        change: None,
    }
}

fn in_seconds(low: Option<f64>, high: Option<f64>) -> Limits {
    let seconds = |millis: Option<f64>| millis.map(|millis| millis / Time::SECOND as f64);
    Limits { low: seconds(low), high: seconds(high) }
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / Time::SECOND as f64
}

fn spell(wait: &Wait<'_>, clock: fn(&Wait<'_>) -> i64) -> Spell {
    Spell { time: clock(wait), ended: wait.ended }
}

fn groups(now: &[Wait<'_>], before: &[Wait<'_>], clock: fn(&Wait<'_>) -> i64) -> Vec<Waits> {
    let mut groups: BTreeMap<Owner<'_>, Waits> = BTreeMap::new();
    for wait in now {
        groups.entry(Owner::of(wait.case)).or_default().now.push(spell(wait, clock));
    }
    for wait in before {
        groups.entry(Owner::of(wait.case)).or_default().before.push(spell(wait, clock));
    }
    groups.into_values().collect()
}

fn waits<'a>(ground: &Ground<'a>, window: Window) -> Vec<Wait<'a>> {
    let scope = ground.scope;
    ground
        .asked(window)
        .map(|(case, fate)| {
            let (until, ended) = match fate {
                Fate::Answered(at) => (at, true),
                Fate::Ended(at) => (at, false),
                Fate::Waits => (scope.now(), false),
            };
            Wait {
                case,
                business: (scope.business)(case.opened_at, until).max(0),
                wall: until.since(case.opened_at).max(0),
                ended,
            }
        })
        .collect()
}

fn explain(ground: &Ground<'_>) -> Vec<Line> {
    waits(ground, ground.scope.window)
        .iter()
        .map(|wait| {
            let what = if wait.ended { "answered" } else { "waited at least" };
            let (business, wall) = (seconds(wait.business), seconds(wait.wall));
            let note = format!("{business} s of business time, {wall} s by the clock");
            Line::of_case(what, wait.case, Some(note))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, asked};
    use crate::model::{Answer, Case, CaseKind, End, Flag, Standing, Time};

    fn answered(id: &str, at: i64, after: i64) -> Case {
        let mut case = asked(id, id.len() as u64, at, at + Time::HOUR);
        case.answer = Some(Answer { at: Time(at + after), by: Some("reply".to_owned()) });
        case
    }

    fn minutes(found: Option<f64>) -> Option<f64> {
        found.map(|seconds| seconds / 60.0)
    }

    /// The remission times that every textbook uses, as minutes until an answer.
    fn textbook() -> Vec<Case> {
        let ended = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let mut cases: Vec<Case> = ended
            .iter()
            .enumerate()
            .map(|(i, m)| answered(&format!("e{i}"), AT.inside, m * Time::MINUTE))
            .collect();
        for (i, m) in censored.iter().enumerate() {
            let mut case = asked(&format!("c{i}"), 1, AT.inside, AT.inside);
            case.end = Some((End::DeletedByAuthor, Time(AT.inside + m * Time::MINUTE)));
            cases.push(case);
        }
        cases
    }

    #[test]
    fn rule_e38_textbook_curve_in_both_clocks() {
        let setting = Setting::with(textbook());
        let wall = setting.indicator("I12", Some("median_wall"));
        assert_eq!(minutes(wall.value), Some(23.0));
        assert_eq!((minutes(wall.low), wall.high), (Some(13.0), None), "log-log Greenwood");
        assert_eq!(wall.status, Standing::Ok);
        assert_eq!(
            (wall.numerator, wall.denominator, wall.n),
            (Some(9.0), Some(21.0), 21),
            "rule E53: answered over all cases"
        );
        let business = setting.indicator("I12", Some("median_business"));
        assert_eq!(minutes(business.value), Some(11.5), "the fixture's business time is half");
        let p90 = setting.indicator("I12", Some("p90_wall"));
        assert_eq!((p90.value, p90.low, p90.status), (None, None, Standing::TooFew), "21 < 36");
    }

    #[test]
    fn open_cases_are_censored_at_now() {
        let mut setting = Setting::default();
        setting.cases.push(answered("quick", AT.inside, Time::MINUTE));
        for i in 0..9 {
            setting.cases.push(asked(&format!("open{i}"), i, AT.inside, AT.inside));
        }
        let found = setting.indicator("I12", Some("median_wall"));
        assert_eq!(
            (found.value, found.status, found.n),
            (None, Standing::Unknown, 10),
            "rule E38: level never reached; one quick answer is no median of a minute"
        );
    }

    #[test]
    fn the_hours_between_the_window_and_now_count_as_waiting() {
        let mut setting = Setting::default();
        for i in 0..3 {
            let hours = (i + 1) * Time::HOUR;
            setting.cases.push(answered(&format!("a{i}"), AT.inside, hours));
            setting.cases.push(asked(&format!("o{i}"), 1, AT.to - 1, AT.now));
        }
        let found = setting.indicator("I12", Some("median_wall"));
        let why = "now is 8 h after `to`: six at risk up to 3 h, where S is 1/2";
        assert_eq!(found.value, Some(3.0 * 3_600.0), "{why}");
    }

    #[test]
    fn rule_e38_low_is_given_even_where_the_level_is_never_reached() {
        let mut setting = Setting::default();
        for i in 0..4 {
            setting.cases.push(answered(&format!("a{i}"), AT.inside, (i + 1) * Time::MINUTE));
        }
        for i in 0..5 {
            setting.cases.push(asked(&format!("open{i}"), 7, AT.inside, AT.inside));
        }
        let found = setting.indicator("I12", Some("median_wall"));
        assert_eq!((found.value, found.status), (None, Standing::Unknown), "S ends at 5/9");
        assert!(found.low.is_some() && found.high.is_none(), "{found:?}");
    }

    #[test]
    fn who_is_in() {
        let mut marked = answered("m", AT.inside, 60_000);
        marked.answer.as_mut().unwrap().by = None;
        let mut other = answered("o", AT.inside, 60_000);
        other.end = Some((End::NotForUs, Time(AT.now)));
        let mut follow_up = answered("f", AT.inside, 60_000);
        follow_up.kind = CaseKind::FollowUp;
        let mut not_due = answered("d", AT.inside, 60_000);
        not_due.due_at = Time(AT.now + 1);
        let table = [
            ("answered at once", answered("z", AT.inside, 0), (Some(0.0), 1)),
            ("rule E26: the mark is the answer", marked, (Some(60.0), 1)),
            ("rule E26: not for us leaves N", other, (None, 0)),
            ("rule E21: follow-ups are not in N", follow_up, (None, 0)),
            ("a deadline still to come does not matter", not_due, (Some(60.0), 1)),
            ("posted before the window", answered("b", AT.from - 1, 60_000), (None, 0)),
        ];
        for (case, row, (value, n)) in table {
            let setting = Setting::with(vec![row]);
            let found = setting.indicator("I12", Some("median_wall"));
            assert_eq!((found.value, found.n), (value, n), "{case}");
            assert_eq!((found.low, found.status), (None, Standing::TooFew), "{case}");
        }
    }

    #[test]
    fn rule_e55_changes() {
        let table = [
            ("hours after minutes", Time::HOUR, Time::MINUTE, 40, Flag::Up),
            ("minutes after hours", Time::MINUTE, Time::HOUR, 40, Flag::Down),
            ("the same", Time::HOUR, Time::HOUR, 40, Flag::None),
            ("five are too few", Time::HOUR, Time::MINUTE, 5, Flag::TooFew),
        ];
        for (case, now, before, n, flag) in table {
            let mut setting = Setting::default();
            for (at, step) in [(AT.inside, now), (AT.before, before)] {
                for i in 0..n {
                    let mut case = answered(&format!("{at} {i}"), at, step * (20 + i) / 20);
                    case.person = Some(crate::model::Person(i as u64));
                    setting.cases.push(case);
                }
            }
            let change = setting.indicator("I12", Some("median_wall")).change.unwrap();
            assert_eq!(change.flag, flag, "{case}: {change:?}");
        }
    }
}
