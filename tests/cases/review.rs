//! What nobody is sure of wakes nobody up, and is looked at until somebody has settled it.

use affinityd::cases::{Policy, review};
use affinityd::model::ActKind::{self, Close};
use affinityd::model::Intent::{Complaint, Other, Praise, Question};
use affinityd::model::{Act, Correction, History, Intent, Ruling};

use super::rows::{Row, act, ask, history, own, row};
use super::{events, lines, office};

fn with(now: &str, rows: Vec<Row>, acts: Vec<Act>) -> History {
    History { acts, ..history(now, rows) }
}

/// A post the classifier is not sure of.
fn doubted(id: &str, by: &str, at: &str, intent: Intent) -> Row {
    ask(id, by, at, intent).with(|r| r.unsure = true)
}

fn listed(history: &History) -> Vec<String> {
    let places = review(history, &Policy::default(), &office());
    places.into_iter().map(|n| history.rows[n].id.clone()).collect()
}

fn correct(ruling: Ruling, was: Intent, opened: bool) -> ActKind {
    ActKind::Correct(Box::new(Correction { ruling, was, opened, model: Some("m".into()) }))
}

#[test]
fn who_is_listed_and_what_takes_a_post_off_the_list() {
    let p1 = || doubted("p1", "ann", "mon 10:00", Complaint);
    for (case, now, rows, acts, wanted) in [
        ("an asking post", "mon 15:00", vec![p1()], vec![], vec!["p1"]),
        (
            "any class: what it wants is what is not known",
            "mon 15:00",
            vec![doubted("p1", "ann", "mon 10:00", Praise).thanks()],
            vec![],
            vec!["p1"],
        ),
        (
            "oldest first, whoever wrote it",
            "mon 15:00",
            vec![doubted("p2", "bo", "mon 09:00", Other), p1()],
            vec![],
            vec!["p2", "p1"],
        ),
        ("answered", "mon 15:00", vec![p1(), own("b1", "mon 11:00").below("p1")], vec![], vec![]),
        (
            "it follows an answer: a case waits, whose reader reads it",
            "mon 15:00",
            vec![
                ask("p0", "ann", "mon 09:00", Question),
                own("b1", "mon 09:30").below("p0"),
                p1().below("b1"),
            ],
            vec![],
            vec![],
        ),
        (
            "the same beside what is asked already",
            "mon 15:00",
            vec![ask("p0", "ann", "mon 09:00", Question), p1().below("p0")],
            vec![],
            vec![],
        ),
        (
            "what is said below somebody else's answer follows none",
            "mon 15:00",
            vec![
                ask("p0", "ann", "mon 09:00", Question),
                own("b1", "mon 09:30").below("p0"),
                row("p2").by("bo").at("mon 09:40").below("b1"),
                doubted("p3", "bo", "mon 10:00", Complaint).below("p2"),
            ],
            vec![],
            vec!["p3"],
        ),
        (
            "an answer to somebody else is none",
            "mon 15:00",
            vec![
                row("p0").by("bo").at("mon 09:00"),
                p1().below("p0"),
                own("b1", "mon 11:00").below("p0"),
            ],
            vec![],
            vec!["p1"],
        ),
        ("closed by hand", "mon 15:00", vec![p1()], vec![act("p1", "mon 12:00", Close)], vec![]),
        ("fourteen days old", "3 mon 10:00", vec![p1()], vec![], vec!["p1"]),
        ("older", "3 mon 10:01", vec![p1()], vec![], vec![]),
        ("deleted", "mon 15:00", vec![p1().deleted("mon 11:00")], vec![], vec![]),
        ("not about us", "mon 15:00", vec![p1().with(|r| r.relevant = false)], vec![], vec![]),
        ("by a bot", "mon 15:00", vec![p1().with(|r| r.bot = true)], vec![], vec![]),
        (
            "one that is sure",
            "mon 15:00",
            vec![ask("p1", "ann", "mon 10:00", Complaint)],
            vec![],
            vec![],
        ),
    ] {
        assert_eq!(listed(&with(now, rows, acts)), wanted, "{case}");
    }
}

#[test]
fn what_is_not_sure_opens_no_case() {
    let p1 = doubted("p1", "ann", "mon 10:00", Complaint);
    assert!(lines(&history("mon 15:00", [p1])).is_empty());
}

#[test]
fn what_a_person_takes_out_of_the_cases_is_not_for_us_and_not_lost() {
    let not_us = Ruling { relevant: Some(false), ..Ruling::default() };
    let praise = Ruling { intent: Some(Praise), ..Ruling::default() };
    let mute = || row("p1").by("ann").at("mon 10:00").with(|r| r.relevant = false);
    let gone = ["complaint  due mon 12:00, not for us mon 11:00"];
    for (case, rows, said, opened, wanted) in [
        ("not about us", vec![mute()], &not_us, true, &gone[..]),
        ("praise", vec![ask("p1", "ann", "mon 10:00", Praise)], &praise, true, &gone[..]),
        ("it had never opened a case", vec![mute()], &not_us, false, &[]),
        (
            "it was one of several",
            vec![
                ask("p1", "ann", "mon 10:00", Praise),
                ask("p2", "ann", "mon 10:30", Complaint).below("p1"),
            ],
            &praise,
            true,
            &[
                "complaint  due mon 12:00, not for us mon 11:00",
                "complaint p2 due mon 12:30, at_risk",
            ],
        ),
        (
            "it asks again, as an edit made it",
            vec![ask("p1", "ann", "mon 10:00", Question)],
            &praise,
            true,
            &["question p1 due mon 14:00, open"],
        ),
    ] {
        let acts = vec![act("p1", "mon 11:00", correct(said.clone(), Complaint, opened))];
        let history = with("mon 12:15", rows, acts);
        assert_eq!(lines(&history), wanted, "{case}");
    }
    let acts = vec![
        act("p1", "mon 11:00", correct(not_us.clone(), Complaint, true)),
        act("p1", "mon 11:30", correct(praise, Complaint, false)),
    ];
    let history = with("mon 12:15", vec![mute()], acts);
    assert_eq!(
        events(&history),
        ["opened mon 10:00", "corrected mon 11:00", "corrected mon 11:30"]
    );
    let before = with("mon 10:30", vec![ask("p1", "ann", "mon 10:00", Complaint)], vec![]);
    assert_eq!(lines(&before), ["complaint p1 due mon 12:00, open"], "as known before");
}
