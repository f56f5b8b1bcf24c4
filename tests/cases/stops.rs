//! The promise: only a public answer of a human of the brand, to that person, stops their clock.

use affinityd::model::Intent::{Complaint, Question};
use affinityd::model::{Kind, Ruling};

use super::rows::{ask, history, own, person, row};
use super::{cases, check, lines};

#[test]
fn who_is_answered() {
    let ann = || ask("p1", "ann", "mon 10:00", Complaint);
    let bo = || ask("p2", "bo", "mon 10:05", Question).below("root");
    let root = || own("root", "mon 09:00").kind(Kind::Post);
    check(
        "mon 11:00",
        vec![
            (
                "E14: an answer to Bo does not answer Ann",
                vec![root(), ann().below("root"), bo(), own("b1", "mon 10:30").below("p2")],
                &[
                    "complaint p1 due mon 12:00, open",
                    "question p2 due mon 14:05, answered b1 mon 10:30",
                ],
            ),
            (
                "E16: going up may pass other people: both are answered",
                vec![ann(), bo().below("p1"), own("b1", "mon 10:30").below("p2")],
                &[
                    "complaint p1 due mon 12:00, answered b1 mon 10:30",
                    "question p2 due mon 14:05, answered b1 mon 10:30",
                ],
            ),
            (
                "E16: below any post of theirs, also one that asks nothing",
                vec![
                    ann(),
                    row("p3").by("ann").at("mon 10:10").below("root").within("p1"),
                    own("b1", "mon 10:30").below("p3").within("p1"),
                ],
                &["complaint p1 due mon 12:00, answered b1 mon 10:30"],
            ),
            (
                "E15: below a post of theirs in another thread it is no answer here",
                vec![
                    ann(),
                    ask("q1", "ann", "mon 10:10", Question),
                    own("b1", "mon 10:30").below("q1"),
                ],
                &[
                    "complaint p1 due mon 12:00, open",
                    "question q1 due mon 14:10, answered b1 mon 10:30",
                ],
            ),
            (
                "E16: quoting the post",
                vec![ann(), own("b1", "mon 10:30").quoting("p1")],
                &["complaint p1 due mon 12:00, answered b1 mon 10:30"],
            ),
            (
                "E16: naming them later in the thread, whatever the case",
                vec![
                    root(),
                    ann().below("root"),
                    bo(),
                    own("b1", "mon 10:30").below("root").saying("Sorry @ANN, we are on it"),
                ],
                &[
                    "complaint p1 due mon 12:00, answered b1 mon 10:30",
                    "question p2 due mon 14:05, open",
                ],
            ),
            (
                "E16: a longer handle is somebody else",
                vec![
                    root(),
                    ann().below("root"),
                    own("b1", "mon 10:30").below("root").saying("Hi @anna"),
                ],
                &["complaint p1 due mon 12:00, open"],
            ),
            (
                "E16: naming them before they asked is no answer",
                vec![
                    root(),
                    ann().below("root"),
                    own("b1", "mon 09:30").below("root").saying("Hi @ann"),
                ],
                &["complaint p1 due mon 12:00, open"],
            ),
            (
                "E16: naming them in another thread is no answer",
                vec![ann(), own("b1", "mon 10:30").saying("Hi @ann")],
                &["complaint p1 due mon 12:00, open"],
            ),
            (
                "E16: in a linear thread one answer closes everyone who asked before it",
                vec![
                    root(),
                    ann().within("root"),
                    ask("p2", "bo", "mon 10:05", Question).within("root"),
                    own("b1", "mon 10:30").within("root"),
                    ask("p3", "cy", "mon 10:40", Question).within("root"),
                ],
                &[
                    "complaint p1 due mon 12:00, answered b1 mon 10:30",
                    "question p2 due mon 14:05, answered b1 mon 10:30",
                    "question p3 due mon 14:40, open",
                ],
            ),
            (
                "E14: one row that names a parent, and the thread is not linear",
                vec![
                    root(),
                    ann().within("root"),
                    ask("p2", "bo", "mon 10:05", Question).within("root").below("p1"),
                    own("b1", "mon 10:30").within("root"),
                ],
                &["complaint p1 due mon 12:00, open", "question p2 due mon 14:05, open"],
            ),
            (
                "E5, E16: at the same time the answer stands after its parent, after 0 s",
                vec![ann(), own("a1", "mon 10:00").below("p1")],
                &["complaint p1 due mon 12:00, answered a1 mon 10:00"],
            ),
            (
                "E16: an answer is never before the post it answers, whatever the clocks say",
                vec![ann(), own("b1", "mon 09:50").below("p1")],
                &["complaint p1 due mon 12:00, answered b1 mon 10:00"],
            ),
            (
                "E16: a quote of the same instant",
                vec![ann(), own("a1", "mon 10:00").quoting("p1")],
                &["complaint p1 due mon 12:00, answered a1 mon 10:00"],
            ),
            (
                "E12: below the stored root although the parent is not stored",
                vec![ann(), own("b1", "mon 10:30").below("never seen").within("p1")],
                &["complaint p1 due mon 12:00, answered b1 mon 10:30"],
            ),
            (
                "request 3: any public post of a registered account, wherever it was typed",
                vec![ann(), row("b1").by("brand").at("mon 10:30").below("p1").kind(Kind::Mention)],
                &["complaint p1 due mon 12:00, open"],
            ),
        ],
    );
}

#[test]
fn what_is_no_answer() {
    let ann = || ask("p1", "ann", "mon 10:00", Complaint);
    let b1 = || own("b1", "mon 10:30").below("p1");
    let open: &[&str] = &["complaint p1 due mon 12:00, open"];
    check(
        "mon 11:00",
        vec![
            ("care rule 2: a like does not stop it", vec![ann(), b1().kind(Kind::Reaction)], open),
            ("a share does not", vec![ann(), b1().kind(Kind::Share)], open),
            (
                "another customer does not",
                vec![ann(), row("c1").by("bo").at("mon 10:30").below("p1")],
                open,
            ),
            ("request 11: an own bot does not", vec![ann(), b1().with(|r| r.bot = true)], open),
            ("E10: a deleted answer is no answer", vec![ann(), b1().deleted("mon 10:45")], open),
            (
                "a person said the own post has nothing to do with it",
                vec![ann(), b1().ruled(Ruling { relevant: Some(false), ..Ruling::default() })],
                open,
            ),
            (
                "what the classifier thinks of our own words does not matter",
                vec![ann(), b1().with(|r| r.relevant = false)],
                &["complaint p1 due mon 12:00, answered b1 mon 10:30"],
            ),
        ],
    );
}

#[test]
fn accounts_decide_who_we_are() {
    let rows =
        [ask("p1", "ann", "mon 10:00", Complaint), row("b1").by("bea").at("mon 10:30").below("p1")];
    let mut history = history("mon 11:00", rows);
    assert_eq!(lines(&history), ["complaint p1 due mon 12:00, open"], "a stranger");
    history.accounts.own.insert(person("bea"));
    assert_eq!(
        lines(&history),
        ["complaint p1 due mon 12:00, answered b1 mon 10:30"],
        "request 3: a registered account counts, wherever it was typed"
    );
    history.accounts.own_bots.insert(person("bea"));
    assert_eq!(lines(&history), ["complaint p1 due mon 12:00, open"], "an own bot");
    history.accounts.own_bots.clear();
    history.accounts.blocked.insert(person("ann"));
    assert!(cases(&history).is_empty(), "E8: blocked accounts have no cases");
}

#[test]
fn automatic_replies_are_compared_whole() {
    let rows = |text| {
        [ask("p1", "ann", "mon 10:00", Complaint), own("b1", "mon 10:30").below("p1").saying(text)]
    };
    for (case, text, wanted) in [
        ("the text itself", "We are closed.", "open"),
        ("with blanks and in capitals", "  WE are closed.\n", "open"),
        ("with more words", "We are closed. But I saw this!", "answered b1 mon 10:30"),
    ] {
        let mut history = history("mon 11:00", rows(text));
        history.auto_replies.insert("we are closed.".to_owned());
        assert_eq!(lines(&history), [format!("complaint p1 due mon 12:00, {wanted}")], "{case}");
    }
}

#[test]
fn a_platform_that_knows_parents_has_no_linear_threads() {
    let rows = [
        own("root", "mon 09:00").kind(Kind::Post),
        ask("p1", "ann", "mon 10:00", Complaint).within("root"),
        own("b1", "mon 10:30").within("root"),
    ];
    let mut history = history("mon 11:00", rows);
    assert_eq!(lines(&history), ["complaint p1 due mon 12:00, answered b1 mon 10:30"]);
    history.parented.insert("p".to_owned());
    assert_eq!(lines(&history), ["complaint p1 due mon 12:00, open"]);
}

#[test]
fn an_answer_at_the_deadline_is_in_time() {
    let rows = [ask("p1", "ann", "mon 10:00", Complaint), own("b1", "mon 12:00").below("p1")];
    let all = cases(&history("mon 13:00", rows));
    let answer = all[0].answer.as_ref().expect("it is answered");
    assert!(answer.at <= all[0].due_at, "E20");
}
