//! The promise: who still waits for an answer is known, and nobody else is said to wait.

#[path = "cases/acts.rs"]
mod acts;
#[path = "cases/after.rs"]
mod after;
#[path = "cases/clock.rs"]
mod clock;
#[path = "cases/known.rs"]
mod known;
#[path = "cases/review.rs"]
mod review;
#[path = "support/rows.rs"]
mod rows;
#[path = "cases/shape.rs"]
mod shape;
#[path = "cases/stops.rs"]
mod stops;

use affinityd::calendar::{self, Calendar};
use affinityd::cases::{Policy, replay};
use affinityd::model::{Case, CaseKind, End, History};
use chrono_tz::Tz;

use rows::{Row, history, say};

/// Monday to Friday from nine to five, UTC.
fn office() -> Calendar {
    calendar::Config { zone: Tz::UTC, ..calendar::Config::default() }.calendar(&[])
}

fn cases(history: &History) -> Vec<Case> {
    replay(history, &Policy::default(), &office())
}

/// One line a case: class, asking posts (or the post after the answer), deadline, what became of it.
fn told(case: &Case, history: &History) -> String {
    let posts = match case.kind {
        CaseKind::Asked => case.asks.iter().map(|a| a.id.as_str()).collect::<Vec<_>>().join("+"),
        CaseKind::FollowUp => format!("after {}", case.interaction),
    };
    let end = match (&case.answer, case.end) {
        (_, Some((End::NotForUs, at))) => format!("not for us {}", say(at)),
        (Some(answer), None) => {
            format!("answered {} {}", answer.by.as_deref().unwrap_or("by hand"), say(answer.at))
        }
        (None, Some((end, at))) => format!("{end:?} {}", say(at)),
        (None, None) => case.state(history.now).word().to_owned(),
        (Some(_), Some(_)) => "answered and ended".to_owned(),
    };
    format!("{} {posts} due {}, {end}", case.class.word(), say(case.due_at))
}

fn lines(history: &History) -> Vec<String> {
    cases(history).iter().map(|case| told(case, history)).collect()
}

/// What happened to the first case, in words with times.
fn events(history: &History) -> Vec<String> {
    let all = cases(history);
    let first = all.first().expect("there is a case");
    first.events.iter().map(|e| format!("{} {}", e.what, say(e.at))).collect()
}

/// A table: what it is, the rows, the cases that must come out, all seen at one time.
fn check(now: &str, table: Vec<(&str, Vec<Row>, &[&str])>) {
    for (case, rows, wanted) in table {
        assert_eq!(lines(&history(now, rows)), wanted, "{case}");
    }
}
