//! I10, answer rate: how much of what asked for something was answered at all.

use super::ground::{Fate, Ground, Owner};
use super::measure::Measure;
use super::owners::{self, Owners};
use super::{Group, Line, Rule};
use crate::model::{Case, Time, Window};

const MINIMUM: u64 = 20;

pub(super) const GROUP: Group = Group {
    rules: &[Rule {
        id: "I10",
        part: None,
        name: "Answer rate",
        unit: "share",
        says: "Of the cases posted in the window whose deadline has passed, the share that was \
               answered in public or marked as moved to a private channel, in time or not. \
               Deleted or closed by hand at or before the deadline: left out; after it: not \
               answered (rules E23, E26, E37). Interval: bootstrap over persons (rule E51).",
        minimum: MINIMUM,
        version: 1,
    }],
    measure,
    explain,
};

/// # cases with an answer / # cases with t in W and due < now (rule E37).
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    let now = parts(ground, ground.scope.window);
    let before = parts(ground, ground.scope.before);
    vec![owners::share(&now, &before, MINIMUM)]
}

fn parts<'a>(ground: &Ground<'a>, window: Window) -> Owners<'a> {
    let mut parts = Owners::new();
    for (case, fate) in ground.asked(window) {
        if let Ok(is_answered) = tell(case, fate, ground.scope.now()) {
            let part = parts.entry(Owner::of(case)).or_default();
            part.of += 1;
            part.hits += u32::from(is_answered);
        }
    }
    parts
}

/// Whether a case counts as answered, or why it does not count.
fn tell(case: &Case, fate: Fate, now: Time) -> Result<bool, &'static str> {
    match fate {
        Fate::Ended(at) if at <= case.due_at => Err("ended before its deadline"),
        _ if case.due_at >= now => Err("its deadline has not passed"),
        Fate::Answered(_) => Ok(true),
        Fate::Ended(_) | Fate::Waits => Ok(false),
    }
}

fn explain(ground: &Ground<'_>) -> Vec<Line> {
    let now = ground.scope.now();
    ground
        .asked(ground.scope.window)
        .map(|(case, fate)| match (tell(case, fate, now), fate) {
            (Ok(true), Fate::Answered(at)) => {
                Line::of_case("answered", case, Some(format!("at {at}")))
            }
            (Ok(_), Fate::Ended(at)) => {
                Line::of_case("not answered", case, Some(format!("ended at {at}")))
            }
            (Ok(_), _) => Line::of_case("not answered", case, None),
            (Err(why), _) => Line::of_case("left out", case, Some(why.to_owned())),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, asked};
    use crate::model::{Answer, Case, CaseKind, End, Flag, Standing, Time};

    fn answered(mut case: Case, at: i64) -> Case {
        case.answer = Some(Answer { at: Time(at), by: Some("reply".to_owned()) });
        case
    }

    fn ended(mut case: Case, end: End, at: i64) -> Case {
        case.end = Some((end, Time(at)));
        case
    }

    #[test]
    fn which_cases_count() {
        let plain = || asked("a", 1, AT.inside, AT.inside + 100);
        let due = |due| asked("a", 1, AT.inside, due);
        let mut mark = answered(plain(), AT.inside + 5);
        mark.answer.as_mut().unwrap().by = None;
        let mut follow_up = plain();
        follow_up.kind = CaseKind::FollowUp;
        let table = [
            ("answered", answered(plain(), AT.inside + 5), Some(true)),
            ("answered late is answered", answered(plain(), AT.inside + 500), Some(true)),
            ("not answered", plain(), Some(false)),
            ("rule E37: due at now has not passed", due(AT.now), None),
            ("rule E37: due just before now has", due(AT.now - 1), Some(false)),
            ("rule E37: answered, but due later", answered(due(AT.now + 1), AT.inside + 5), None),
            ("rule E15: posted before the window", asked("a", 1, AT.from - 1, AT.inside), None),
            ("rule E1: posted at `to`", asked("a", 1, AT.to, AT.to + 1), None),
            (
                "rule E23: deleted at its deadline",
                ended(plain(), End::DeletedByAuthor, AT.inside + 100),
                None,
            ),
            (
                "rule E23: deleted after its deadline",
                ended(plain(), End::DeletedByAuthor, AT.inside + 101),
                Some(false),
            ),
            (
                "rule E23: answered, then deleted",
                answered(ended(plain(), End::DeletedByAuthor, AT.inside + 50), AT.inside + 50),
                Some(true),
            ),
            (
                "rule E26: closed by hand is like a deletion",
                ended(plain(), End::ResolvedByHand, AT.inside + 1),
                None,
            ),
            ("rule E26: moved to private is an answer", mark, Some(true)),
            ("rule E26: not for us leaves N", ended(plain(), End::NotForUs, AT.now - 1), None),
            ("rule E21: a follow-up is not in N", follow_up, None),
            ("rule E25: lapsed is not answered", due(AT.now - Case::LAPSE - 1), Some(false)),
            (
                "rule E25: lapsed, then answered, is answered",
                answered(due(AT.inside + 1), AT.inside + Case::LAPSE + 100),
                Some(true),
            ),
        ];
        for (case, row, counts) in table {
            let setting = Setting::with(vec![row]);
            let found = setting.indicator("I10", None);
            assert_eq!(found.n, u64::from(counts.is_some()), "{case}");
            assert_eq!(found.value, counts.map(|is| f64::from(u8::from(is))), "{case}");
            assert_eq!(found.status, Standing::TooFew, "{case}");
        }
    }

    /// So many cases answered of so many, each by somebody else, in W and in W′.
    fn work(now: (u64, u64), before: (u64, u64)) -> Setting {
        let mut setting = Setting::default();
        for (at, (hits, n)) in [(AT.inside, now), (AT.before, before)] {
            for i in 0..n {
                let case = asked(&format!("{at} {i}"), at as u64 + i, at, at + 10);
                setting.cases.push(if i < hits { answered(case, at + 20) } else { case });
            }
        }
        setting
    }

    #[test]
    fn rule_e51_interval_from_twenty_on() {
        let found = work((10, 20), (0, 0)).indicator("I10", None);
        assert_eq!((found.value, found.status), (Some(0.5), Standing::Ok));
        // Draws are Bin(20, ½)/20: 2.5 % and 97.5 % points 0.3 and 0.7.
        assert_eq!((found.low, found.high), (Some(0.3), Some(0.7)));
        let all = work((20, 20), (0, 0)).indicator("I10", None);
        assert!((all.low.unwrap() - 0.838_875).abs() < 1e-6, "Wilson 20/20: {all:?}");
        assert_eq!(all.high, Some(1.0));
        assert_eq!(work((19, 19), (0, 0)).indicator("I10", None).low, None);
    }

    #[test]
    fn rule_e6_a_case_without_a_person_is_a_group_of_its_own() {
        let mut setting = Setting::default();
        for i in 0..20 {
            let mut case = asked(&format!("{i}"), 1, AT.inside, AT.inside + 1);
            case.person = None;
            setting.cases.push(case);
        }
        let alone = setting.indicator("I10", None);
        assert!((alone.high.unwrap() - 0.161_125).abs() < 1e-6, "Wilson 0/20: {alone:?}");
        for case in &mut setting.cases {
            case.person = Some(crate::model::Person(1));
        }
        let one = setting.indicator("I10", None);
        assert!(one.high.unwrap() > 0.7, "twenty posts of one person are one group: {one:?}");
    }

    #[test]
    fn rule_e55_changes() {
        let table = [
            ("95 of 100 after 60", (95, 100), (60, 100), Flag::Up),
            ("60 of 100 after 95", (60, 100), (95, 100), Flag::Down),
            ("12 of 20 after 9", (12, 20), (9, 20), Flag::None),
            ("all of 40 after half", (40, 40), (20, 40), Flag::Up),
            ("19 before are too few", (40, 40), (0, 19), Flag::TooFew),
        ];
        for (case, now, before, flag) in table {
            let change = work(now, before).indicator("I10", None).change.unwrap();
            assert_eq!(change.flag, flag, "{case}: {change:?}");
        }
    }
}
