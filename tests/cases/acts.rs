//! The promise: what a person does with a case is kept, and only three of these acts end it.

use affinityd::model::ActKind::{Ack, Assign, Close, MovedPrivate, NotForUs, Snooze};
use affinityd::model::Intent::{Complaint, Question};
use affinityd::model::{Act, History};

use super::rows::{Row, act, ask, history, own, row, t};
use super::{cases, events, lines};

fn with(now: &str, rows: Vec<Row>, acts: Vec<Act>) -> History {
    History { acts, ..history(now, rows) }
}

#[test]
fn what_acts_do() {
    let ann = || ask("p1", "ann", "mon 10:00", Complaint);
    let b1 = |at| own("b1", at).below("p1");
    let more = |at| row("p2").by("ann").at(at).below("p1");
    for (case, rows, acts, wanted) in [
        (
            "E26: moved to a private channel by mark counts as an answer",
            vec![ann()],
            vec![act("p1", "mon 10:30", MovedPrivate)],
            vec!["complaint p1 due mon 12:00, answered by hand mon 10:30"],
        ),
        (
            "E21: so what is said after it runs the next-reply clock",
            vec![ann(), more("mon 14:00")],
            vec![act("p1", "mon 10:30", MovedPrivate)],
            vec![
                "complaint p1 due mon 12:00, answered by hand mon 10:30",
                "complaint after p2 due mon 16:00, open",
            ],
        ),
        (
            "E26: resolved by hand ends it without credit",
            vec![ann(), b1("mon 11:30")],
            vec![act("p1", "mon 11:00", Close)],
            vec!["complaint p1 due mon 12:00, ResolvedByHand mon 11:00"],
        ),
        (
            "closing an answered case changes nothing",
            vec![ann(), b1("mon 10:30")],
            vec![act("p1", "mon 11:00", Close)],
            vec!["complaint p1 due mon 12:00, answered b1 mon 10:30"],
        ),
        (
            "closed by hand, then asked again: a new case",
            vec![ann(), ask("p2", "ann", "mon 14:00", Complaint).below("p1")],
            vec![act("p1", "mon 11:00", Close)],
            vec![
                "complaint p1 due mon 12:00, ResolvedByHand mon 11:00",
                "complaint p2 due mon 16:00, open",
            ],
        ),
        (
            "closed by hand, then a word: nothing was answered, so nothing follows",
            vec![ann(), more("mon 14:00")],
            vec![act("p1", "mon 11:00", Close)],
            vec!["complaint p1 due mon 12:00, ResolvedByHand mon 11:00"],
        ),
        (
            "E26: not for us, also after an answer",
            vec![ann(), b1("mon 10:30"), more("mon 14:00")],
            vec![act("p1", "mon 11:00", NotForUs)],
            vec!["complaint p1 due mon 12:00, not for us mon 11:00"],
        ),
        (
            "any post of the case will do",
            vec![ann(), ask("p2", "ann", "mon 10:10", Question).below("p1")],
            vec![act("p2", "mon 11:00", Close)],
            vec!["complaint p1+p2 due mon 12:00, ResolvedByHand mon 11:00"],
        ),
        (
            "an act on the answered case does not touch the next one",
            vec![ann(), b1("mon 11:00"), ask("p2", "ann", "mon 13:30", Question).below("b1")],
            vec![act("p1", "mon 14:00", Close)],
            vec![
                "complaint p1 due mon 12:00, answered b1 mon 11:00",
                "question p2 due tue 09:30, open",
            ],
        ),
        (
            "an act on a post nobody knows",
            vec![ann()],
            vec![act("zz", "mon 11:00", Close)],
            vec!["complaint p1 due mon 12:00, overdue"],
        ),
        (
            "an act that is yet to come has not happened",
            vec![ann()],
            vec![act("p1", "tue 11:00", Close)],
            vec!["complaint p1 due mon 12:00, overdue"],
        ),
        (
            "an act whose clock is before the post",
            vec![ann()],
            vec![act("p1", "mon 09:00", Close)],
            vec!["complaint p1 due mon 12:00, ResolvedByHand mon 10:00"],
        ),
        (
            "an answer at the same moment comes first",
            vec![ann(), b1("mon 11:00")],
            vec![act("p1", "mon 11:00", Close)],
            vec!["complaint p1 due mon 12:00, answered b1 mon 11:00"],
        ),
    ] {
        assert_eq!(lines(&with("mon 14:30", rows, acts)), wanted, "{case}");
    }
}

#[test]
fn a_mark_and_a_deletion_at_one_moment() {
    let rows = vec![ask("p1", "ann", "mon 10:00", Complaint).deleted("mon 11:00")];
    let history = with("mon 15:00", rows, vec![act("p1", "mon 11:00", MovedPrivate)]);
    assert_eq!(lines(&history), ["complaint p1 due mon 12:00, answered by hand mon 11:00"], "E23");
}

#[test]
fn holding_alerts_changes_no_figure() {
    let rows = || vec![ask("p1", "ann", "mon 10:00", Complaint)];
    let acts = vec![
        act("p1", "mon 10:30", Snooze(t("fri 10:00"))),
        act("p1", "mon 10:40", Assign("bo".into())),
        act("p1", "mon 10:50", Ack(t("tue 10:50"))),
    ];
    let held = with("mon 15:00", rows(), acts);
    let free = history("mon 15:00", rows());
    assert_eq!(lines(&held), lines(&free), "E26");
    let all = cases(&held);
    assert_eq!(all[0].held_until, Some(t("tue 10:50")), "the latest word counts");
    assert_eq!(
        events(&held),
        ["opened mon 10:00", "snoozed mon 10:30", "assigned mon 10:40", "acked mon 10:50"]
    );
    assert_eq!(all[0].events[2].note.as_deref(), Some("to bo"));
    assert_eq!(all[0].events[2].actor.as_deref(), Some("bea"));
}

#[test]
fn a_snoozed_case_is_never_resolved_by_waiting() {
    let rows = vec![ask("p1", "ann", "mon 10:00", Complaint)];
    let acts = vec![act("p1", "mon 10:30", Snooze(t("2 mon 10:00")))];
    for (now, wanted) in
        [("mon 16:00", "overdue"), ("2 mon 16:00", "overdue"), ("4 mon 10:00", "lapsed")]
    {
        let all = lines(&with(now, rows.clone(), acts.clone()));
        assert_eq!(all, [format!("complaint p1 due mon 12:00, {wanted}")], "request 13 at {now}");
    }
}
