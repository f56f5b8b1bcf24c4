//! The promise: a clock starts once, at the first unanswered asking post, and runs in business time.

use affinityd::model::Intent::{self, Complaint, Praise, Question, Request};
use affinityd::model::{Deadline, Kind, Severity};

use super::rows::{ask, history, own, row, t};
use super::{cases, check, lines};

#[test]
fn one_case_for_one_person_in_one_thread() {
    check(
        "mon 12:00",
        vec![
            (
                "E15: complaint, repeated below it, answered at 11:00: one case of 60 minutes",
                vec![
                    ask("p1", "ann", "mon 10:00", Complaint),
                    ask("p2", "ann", "mon 10:20", Complaint).below("p1"),
                    own("b1", "mon 11:00").below("p2"),
                ],
                &["complaint p1+p2 due mon 12:00, answered b1 mon 11:00"],
            ),
            (
                "E15: another thread of the same person is another case",
                vec![
                    ask("p1", "ann", "mon 10:00", Complaint),
                    ask("q1", "ann", "mon 10:20", Question),
                ],
                &["complaint p1 due mon 12:00, at_risk", "question q1 due mon 14:20, open"],
            ),
            (
                "E15: another person in the same thread is another case",
                vec![
                    ask("p1", "ann", "mon 10:00", Complaint),
                    ask("p2", "bo", "mon 10:20", Question).below("p1"),
                ],
                &["complaint p1 due mon 12:00, at_risk", "question p2 due mon 14:20, open"],
            ),
            (
                "E15: praise and other start nothing",
                vec![
                    ask("p1", "ann", "mon 10:00", Praise),
                    ask("p2", "bo", "mon 10:00", Intent::Other),
                ],
                &[],
            ),
            (
                "E15: the case starts with the first asking post, not with what was said before",
                vec![
                    row("p1").by("ann").at("mon 09:30"),
                    ask("p2", "ann", "mon 10:00", Question).below("p1"),
                ],
                &["question p2 due mon 14:00, open"],
            ),
            (
                "E15: asking posts without a person are cases of their own",
                vec![
                    row("p1").at("mon 10:00").asks(Question),
                    row("p2").at("mon 10:10").asks(Question).below("p1"),
                ],
                &["question p1 due mon 14:00, open", "question p2 due mon 14:10, open"],
            ),
            (
                "E9: shares and likes ask for nothing",
                vec![
                    ask("p1", "ann", "mon 10:00", Complaint).kind(Kind::Share),
                    ask("p2", "bo", "mon 10:00", Complaint).kind(Kind::Reaction),
                ],
                &[],
            ),
            (
                "E24: a review is an item as any other",
                vec![
                    ask("p1", "ann", "mon 10:00", Complaint).kind(Kind::Review),
                    own("b1", "mon 10:30").below("p1"),
                ],
                &["complaint p1 due mon 12:00, answered b1 mon 10:30"],
            ),
            (
                "E8: what is not about the brand starts nothing",
                vec![ask("p1", "ann", "mon 10:00", Complaint).with(|r| r.relevant = false)],
                &[],
            ),
            (
                "request 2: own posts never count as mentions",
                vec![own("b1", "mon 10:00").asks(Question)],
                &[],
            ),
        ],
    );
}

#[test]
fn the_class_and_the_deadline_of_a_case() {
    check(
        "mon 11:00",
        vec![
            (
                "E17, E18: question at 10:00, complaint at 10:30: a complaint, due 12:30",
                vec![
                    ask("p1", "ann", "mon 10:00", Question),
                    ask("p2", "ann", "mon 10:30", Complaint).below("p1"),
                ],
                &["complaint p1+p2 due mon 12:30, open"],
            ),
            (
                "E17: no complaint among them: the class of the first",
                vec![
                    ask("p1", "ann", "mon 10:00", Request),
                    ask("p2", "ann", "mon 10:30", Question).below("p1"),
                ],
                &["request p1+p2 due mon 14:30, open"],
            ),
            (
                "E18: a later post never moves the deadline back",
                vec![
                    ask("p1", "ann", "mon 10:00", Complaint),
                    ask("p2", "ann", "mon 10:30", Request).below("p1"),
                ],
                &["complaint p1+p2 due mon 12:00, open"],
            ),
            (
                "care 4: posted before opening, the count starts at nine",
                vec![ask("p1", "ann", "mon 06:00", Complaint)],
                &["complaint p1 due mon 11:00, at_risk"],
            ),
        ],
    );
    check(
        "2 mon 08:00",
        vec![
            (
                "E18: Friday 16:30 with two hours is due on Monday 10:30",
                vec![ask("p1", "ann", "fri 16:30", Complaint)],
                &["complaint p1 due 2 mon 10:30, open"],
            ),
            (
                "E18: a severe one on Saturday 16:30",
                vec![
                    ask("p1", "ann", "fri 16:30", Complaint)
                        .with(|r| r.severity = Severity::Severe),
                ],
                &["complaint p1 due sat 16:30, overdue"],
            ),
            (
                "E18: safety words bring their own target, whatever the class",
                vec![ask("p1", "ann", "fri 10:00", Request).with(|r| r.safety = true)],
                &["request p1 due fri 10:30, overdue"],
            ),
            (
                "E19: two days are sixteen open hours",
                vec![ask("p1", "ann", "fri 10:00", Request)],
                &["request p1 due 2 tue 10:00, open"],
            ),
            (
                "E19: runs out exactly at closing",
                vec![ask("p1", "ann", "fri 15:00", Complaint)],
                &["complaint p1 due fri 17:00, overdue"],
            ),
        ],
    );
}

#[test]
fn a_stored_deadline_is_not_rewritten() {
    let stored = Deadline {
        from: t("mon 10:00"),
        risk_at: t("tue 09:00"),
        due_at: t("tue 10:00"),
        policy: "old".into(),
    };
    let rows = [ask("p1", "ann", "mon 10:00", Complaint).with(|r| r.deadline = Some(stored))];
    let all = cases(&history("mon 16:00", rows));
    assert_eq!((all[0].risk_at, all[0].due_at), (t("tue 09:00"), t("tue 10:00")));
}

#[test]
fn what_is_open_and_what_is_past() {
    for (case, now, wanted) in [
        ("time left", "mon 11:29:59", "open"),
        ("75 % gone", "mon 11:30", "at_risk"),
        ("exactly at the deadline", "mon 12:00", "at_risk"),
        ("E20: passed when due < now", "mon 12:00:01", "overdue"),
        ("exactly 14 days after", "3 mon 12:00", "overdue"),
        ("E25: more than 14 days after", "3 mon 12:00:01", "lapsed"),
    ] {
        let all = lines(&history(now, [ask("p1", "ann", "mon 10:00", Complaint)]));
        assert_eq!(all, [format!("complaint p1 due mon 12:00, {wanted}")], "{case}");
    }
}

#[test]
fn severity_only_rises() {
    let severe = |r: &mut affinityd::model::Interaction| r.severity = Severity::Severe;
    let low = |r: &mut affinityd::model::Interaction| r.severity = Severity::Low;
    let effort = |r: &mut affinityd::model::Interaction| {
        r.signals = vec![affinityd::model::Signal::Effort];
    };
    let crowd = |people: usize| {
        let mut rows = vec![ask("p1", "ann", "mon 10:00", Complaint)];
        for n in 0..people {
            let who = ["bo", "cy", "di", "ed", "flo", "gus"][n];
            rows.push(row(who).by(who).at("mon 10:30").below("p1"));
            rows.push(row(&format!("{who} again")).by(who).at("mon 10:31").below("p1"));
        }
        rows
    };
    let now = "mon 11:00";
    for (case, rows, wanted) in [
        (
            "told of repeated contact",
            vec![ask("p1", "ann", "mon 10:00", Complaint).with(effort)],
            Severity::High,
        ),
        ("four others take part, twice each", crowd(4), Severity::Normal),
        ("five others take part", crowd(5), Severity::High),
        ("as the post", vec![ask("p1", "ann", "mon 10:00", Question).with(low)], Severity::Low),
        (
            "words that are no question can be severe",
            vec![
                ask("p1", "ann", "mon 10:00", Question),
                row("p2").by("ann").at("mon 10:10").below("p1").with(severe),
            ],
            Severity::Severe,
        ),
        (
            "a mild post after a severe one",
            vec![
                ask("p1", "ann", "mon 10:00", Question).with(severe),
                ask("p2", "ann", "mon 10:10", Question).below("p1").with(low),
            ],
            Severity::Severe,
        ),
        (
            "thanks do not raise what can wait",
            vec![
                ask("p1", "ann", "mon 10:00", Question).with(low),
                row("p2").by("ann").at("mon 10:10").below("p1").thanks(),
            ],
            Severity::Low,
        ),
    ] {
        assert_eq!(cases(&history(now, rows))[0].severity, wanted, "{case}");
    }
}
