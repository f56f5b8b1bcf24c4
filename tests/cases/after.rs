//! The promise: whoever is not content with our answer waits again, and whoever thanks does not.

use affinityd::model::Intent::{Complaint, Praise, Question};
use affinityd::model::{Kind, Ruling};

use super::rows::{Row, ask, history, own, row};
use super::{check, events, lines};

/// Answered at eleven, and then?
fn then(rows: Vec<Row>) -> Vec<Row> {
    let mut all =
        vec![ask("p1", "ann", "mon 10:00", Complaint), own("b1", "mon 11:00").below("p1")];
    all.extend(rows);
    all
}

const FIRST: &str = "complaint p1 due mon 12:00, answered b1 mon 11:00";

#[test]
fn what_a_post_after_the_answer_starts() {
    let said = |id: &str, at: &str| row(id).by("ann").at(at).below("b1");
    check(
        "mon 15:30",
        vec![
            (
                "E21: asking is a new case with its own clock",
                then(vec![ask("p2", "ann", "mon 14:00", Question).below("b1")]),
                &[FIRST, "question p2 due tue 10:00, open"],
            ),
            ("E21: thanks are nothing", then(vec![said("p2", "mon 14:00").thanks()]), &[FIRST]),
            ("E21: praise is nothing", then(vec![said("p2", "mon 14:00").asks(Praise)]), &[FIRST]),
            (
                "request 12: anything else runs the next-reply clock, target of the last case",
                then(vec![said("p2", "mon 14:00")]),
                &[FIRST, "complaint after p2 due mon 16:00, at_risk"],
            ),
            (
                "E21: what nobody is sure of is anything else: we spoke, and they answer",
                then(vec![
                    ask("p2", "ann", "mon 14:00", Complaint).below("b1").with(|r| r.unsure = true),
                ]),
                &[FIRST, "complaint after p2 due mon 16:00, at_risk"],
            ),
            (
                "E21: an asking post on top takes its place, with its own clock",
                then(vec![
                    said("p2", "mon 14:00"),
                    ask("p3", "ann", "mon 14:30", Question).below("p2"),
                ]),
                &[FIRST, "question p3 due tue 10:30, open"],
            ),
            (
                "more of the same changes nothing",
                then(vec![said("p2", "mon 14:00"), said("p3", "mon 15:00")]),
                &[FIRST, "complaint after p2 due mon 16:00, at_risk"],
            ),
            (
                "the next answer closes it, and the next word opens it again",
                then(vec![
                    said("p2", "mon 13:00"),
                    own("b2", "mon 13:30").below("p2"),
                    said("p3", "mon 15:00"),
                ]),
                &[
                    FIRST,
                    "complaint after p2 due mon 15:00, answered b2 mon 13:30",
                    "complaint after p3 due mon 17:00, open",
                ],
            ),
            (
                "E21: nothing was asked, so nothing can follow",
                vec![
                    row("p1").by("ann").at("mon 10:00"),
                    own("b1", "mon 11:00").below("p1"),
                    said("p2", "mon 14:00"),
                ],
                &[],
            ),
            (
                "another person after the answer only says something",
                then(vec![row("p2").by("bo").at("mon 14:00").below("b1")]),
                &[FIRST],
            ),
            (
                "E5: a follow-up of the same instant below the answer is after it",
                vec![
                    ask("p1", "ann", "mon 14:00", Complaint),
                    own("b1", "mon 14:00").below("p1"),
                    ask("a0", "ann", "mon 14:00", Complaint).below("b1"),
                ],
                &[
                    "complaint p1 due mon 16:00, answered b1 mon 14:00",
                    "complaint a0 due mon 16:00, at_risk",
                ],
            ),
            (
                "thanks before the answer leave the case open",
                vec![
                    ask("p1", "ann", "mon 14:00", Question),
                    row("p2").by("ann").at("mon 14:30").below("p1").thanks(),
                ],
                &["question p1 due tue 10:00, open"],
            ),
        ],
    );
}

#[test]
fn asking_again_after_the_answer_waits_again() {
    let rows = then(vec![ask("p2", "ann", "mon 14:00", Question).below("b1")]);
    assert_eq!(
        lines(&history("mon 15:30", rows)),
        [FIRST, "question p2 due tue 10:00, open"],
        "three hours on Monday and one on Tuesday"
    );
}

#[test]
fn a_case_tells_what_happened_to_it() {
    let rows = vec![
        ask("p1", "ann", "mon 10:00", Complaint),
        row("p2").by("ann").at("mon 10:05").below("p1"),
        ask("p3", "ann", "mon 10:10", Question).below("p1"),
        own("b1", "mon 11:00").below("p1").with(|r| r.moved_private = true),
        own("b2", "mon 11:05").below("p1"),
        row("p4").by("ann").at("mon 12:00").below("b1").thanks(),
    ];
    assert_eq!(
        events(&history("mon 15:00", rows)),
        [
            "opened mon 10:00",
            "said-more mon 10:05",
            "asked-again mon 10:10",
            "answered mon 11:00",
            "moved-private mon 11:00",
            "thanked mon 12:00",
        ]
    );
}

#[test]
fn a_case_remembers_the_follow_up_whose_place_it_took() {
    let rows = vec![
        ask("p1", "ann", "mon 10:00", Complaint),
        own("b1", "mon 11:00").below("p1"),
        row("p2").by("ann").at("mon 12:00").below("b1"),
        ask("p3", "ann", "mon 13:00", Question).below("b1"),
    ];
    let history = history("mon 15:00", rows);
    let all = super::cases(&history);
    let told: Vec<&str> = all[1].events.iter().map(|e| e.what.as_str()).collect();
    assert_eq!(told, ["said-more", "opened"]);
    assert_eq!(all[1].interaction, "p3");
}

#[test]
fn what_deletion_leaves() {
    let p1 = || ask("p1", "ann", "mon 10:00", Complaint);
    check(
        "mon 16:00",
        vec![
            (
                "E23: deleted unanswered before its deadline",
                vec![p1().deleted("mon 11:00")],
                &["complaint p1 due mon 12:00, DeletedByAuthor mon 11:00"],
            ),
            (
                "E23: answered before the deletion stays answered",
                vec![p1().deleted("mon 11:30"), own("b1", "mon 11:00").below("p1")],
                &["complaint p1 due mon 12:00, answered b1 mon 11:00"],
            ),
            (
                "E23: answered at the very moment of the deletion",
                vec![p1().deleted("mon 11:00"), own("b1", "mon 11:00").below("p1")],
                &["complaint p1 due mon 12:00, answered b1 mon 11:00"],
            ),
            (
                "E23: an answer after the deletion gives no credit",
                vec![p1().deleted("mon 11:00"), own("b1", "mon 11:01").below("p1")],
                &["complaint p1 due mon 12:00, DeletedByAuthor mon 11:00"],
            ),
            (
                "E23: each deleted row is a case of its own, the other posts form theirs without it",
                vec![
                    p1().deleted("mon 10:30"),
                    ask("p2", "ann", "mon 10:10", Question).below("p1"),
                    ask("p3", "ann", "mon 10:20", Complaint).below("p1").deleted("mon 10:40"),
                    own("b1", "mon 11:00").below("p2"),
                ],
                &[
                    "complaint p1 due mon 12:00, DeletedByAuthor mon 10:30",
                    "question p2 due mon 14:10, answered b1 mon 11:00",
                    "complaint p3 due mon 12:20, DeletedByAuthor mon 10:40",
                ],
            ),
            (
                "a deletion that is yet to come has not happened",
                vec![ask("p1", "ann", "mon 15:00", Question).deleted("mon 17:00")],
                &["question p1 due tue 11:00, open"],
            ),
            (
                "a deleted post that asked nothing is nothing",
                vec![row("p1").at("mon 10:00").deleted("mon 11:00")],
                &[],
            ),
            (
                "a clock that says the deletion came before the post",
                vec![p1().deleted("mon 09:00")],
                &["complaint p1 due mon 12:00, DeletedByAuthor mon 10:00"],
            ),
        ],
    );
    let all = super::cases(&history("mon 16:00", [p1().deleted("mon 11:00")]));
    assert_eq!((all[0].person, &all[0].author, &all[0].permalink), (None, &None, &None));
}

#[test]
fn an_edit_re_classifies_from_the_original_time() {
    // Rows come with the class of their latest text; the time is that of the first reading.
    check(
        "mon 11:00",
        vec![
            (
                "E22: a complaint edited into `never mind` is no case",
                vec![ask("p1", "ann", "mon 10:00", affinityd::model::Intent::Other)],
                &[],
            ),
            (
                "a person's verdict counts as any other class",
                vec![
                    ask("p1", "ann", "mon 10:00", Question)
                        .kind(Kind::Post)
                        .ruled(Ruling { intent: Some(Question), ..Ruling::default() }),
                ],
                &["question p1 due mon 14:00, open"],
            ),
        ],
    );
}
