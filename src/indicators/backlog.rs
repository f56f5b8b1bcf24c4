//! I13, open backlog: who waits at this moment.

use super::ground::{Fate, Ground};
use super::measure::Measure;
use super::statistics::Limits;
use super::{Group, Line, Rule};
use crate::model::{Case, Standing, Time};

pub(super) const GROUP: Group = Group {
    rules: &[
        rule("open", "Open now", "count"),
        rule("oldest_seconds", "Age of the oldest open case", "seconds"),
        rule("past_due", "Past due now", "count"),
    ],
    measure,
    explain,
};

const fn rule(part: &'static str, name: &'static str, unit: &'static str) -> Rule {
    Rule {
        id: "I13",
        part: Some(part),
        name,
        unit,
        says: "Cases that wait for an answer now, whenever they were posted, those included in \
               which somebody said more after an answer (rules E21 and E39). Past due: the \
               deadline has passed (rule E20). Open for more than 14 days after the deadline: \
               lapsed, and no longer counted here (rule E25). A count, so without interval, and \
               of this moment, so without a window before.",
        minimum: 0,
        version: 1,
    }
}

/// The cases open at now. There is no change: it is a fact of this moment and no past is kept.
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    let now = ground.scope.now();
    let open: Vec<&Case> = open(ground).collect();
    let n = open.len() as u64;
    let oldest = open.iter().map(|case| case.opened_at).min();
    let past_due = open.iter().filter(|case| case.due_at < now).count();
    // Rule E53: the other parts have only n.
    let part = |value: Option<f64>| Measure {
        value,
        numerator: None,
        denominator: None,
        n,
        limits: Limits::default(),
        status: if value.is_some() { Standing::Ok } else { Standing::TooFew },
        change: None,
    };
    vec![
        Measure::count(n, None),
        part(oldest.map(|at| now.since(at).max(0) as f64 / Time::SECOND as f64)),
        part(Some(past_due as f64)),
    ]
}

fn open<'a>(ground: &Ground<'a>) -> impl Iterator<Item = &'a Case> {
    let now = ground.scope.now();
    ground.scope.cases.iter().filter(move |case| {
        Fate::of(case) == Some(Fate::Waits) && now.since(case.due_at) <= Case::LAPSE
    })
}

fn explain(ground: &Ground<'_>) -> Vec<Line> {
    let now = ground.scope.now();
    open(ground)
        .map(|case| {
            let what = if case.due_at < now { "past due" } else { "open" };
            Line::of_case(what, case, Some(format!("due {}", case.due_at)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, asked};
    use crate::model::{Answer, Case, CaseKind, End, Standing, Time};

    #[test]
    fn which_cases_are_open() {
        let due = |due| asked("a", 1, AT.from - Time::DAY, due);
        let mut answered = due(AT.now + 1);
        answered.answer = Some(Answer { at: Time(AT.inside), by: None });
        let ended = |end| {
            let mut case = due(AT.now + 1);
            case.end = Some((end, Time(AT.inside)));
            case
        };
        let mut follow_up = due(AT.now + 1);
        follow_up.kind = CaseKind::FollowUp;
        let table = [
            ("rule E39: whenever posted", due(AT.now + 1), (1, 0)),
            ("posted today, after the window", asked("a", 1, AT.to, AT.now + 1), (1, 0)),
            ("rule E20: due at now is not past", due(AT.now), (1, 0)),
            ("rule E20: due before now is past", due(AT.now - 1), (1, 1)),
            ("rule E21: a follow-up is open", follow_up, (1, 0)),
            ("rule E25: 14 days after its deadline", due(AT.now - Case::LAPSE), (1, 1)),
            ("rule E25: lapsed", due(AT.now - Case::LAPSE - 1), (0, 0)),
            ("rule E26: moved to private", answered, (0, 0)),
            ("rule E23: deleted", ended(End::DeletedByAuthor), (0, 0)),
            ("rule E26: closed by hand", ended(End::ResolvedByHand), (0, 0)),
            ("rule E26: not for us", ended(End::NotForUs), (0, 0)),
        ];
        for (case, row, (open, past_due)) in table {
            let setting = Setting::with(vec![row]);
            let found = setting.indicator("I13", Some("open"));
            assert_eq!((found.value, found.n), (Some(f64::from(open)), open as u64), "{case}");
            let found = setting.indicator("I13", Some("past_due"));
            assert_eq!((found.value, found.n), (Some(f64::from(past_due)), open as u64), "{case}");
        }
    }

    #[test]
    fn the_oldest() {
        let mut setting = Setting::default();
        let none = setting.indicator("I13", Some("oldest_seconds"));
        assert_eq!((none.value, none.status, none.n), (None, Standing::TooFew, 0), "rule E54");
        assert_eq!(setting.indicator("I13", Some("open")).value, Some(0.0), "0 is a count");
        setting.cases.push(asked("young", 1, AT.now - 1_000, AT.now + 1));
        setting.cases.push(asked("old", 2, AT.now - 90_500, AT.now + 1));
        let found = setting.indicator("I13", Some("oldest_seconds"));
        assert_eq!((found.value, found.n), (Some(90.5), 2), "rule E53: n = open");
        assert_eq!((found.low, found.high, found.change), (None, None, None));
        assert_eq!(found.numerator, None);
    }
}
