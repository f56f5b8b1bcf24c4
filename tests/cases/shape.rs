//! The promise: conversations have their right shape, however little of them was ever seen.

use affinityd::cases::{Answers, Threads, case_id};
use affinityd::model::Intent::{Complaint, Question};
use affinityd::model::{History, Kind};

use super::rows::{ask, history, own, row};

/// `id: parent thread depth` for each row, in order.
fn shape(history: &History) -> Vec<String> {
    let threads = Threads::of(history);
    let id = |n: usize| threads.row(n).id.as_str();
    threads
        .order()
        .iter()
        .map(|&n| {
            let parent = threads.parent(n).map_or("-", id);
            let thread = threads.thread_id(threads.thread(n));
            format!("{}: {parent} {thread} {}", id(n), threads.depth(n))
        })
        .collect()
}

#[test]
fn parents_and_threads() {
    for (case, rows, wanted) in [
        ("alone", vec![row("a").at("mon 10:00")], vec!["a: - a 0"]),
        (
            "a reply may come before its parent",
            vec![row("b").at("mon 09:00").below("a"), row("a").at("mon 10:00")],
            vec!["b: a a 1", "a: - a 0"],
        ),
        (
            "E13: two replies to a post that was never seen share a thread",
            vec![row("b").at("mon 10:00").below("x"), row("c").at("mon 10:01").below("x")],
            vec!["b: - x 0", "c: - x 0"],
        ),
        (
            "E12: without in_reply_to the stored root is the parent",
            vec![row("a").at("mon 10:00"), row("b").at("mon 10:01").within("a")],
            vec!["a: - a 0", "b: a a 1"],
        ),
        (
            "E12: a missing parent is no parent, but the row hangs below the root",
            vec![row("a").at("mon 10:00"), row("b").at("mon 10:01").below("x").within("a")],
            vec!["a: - a 0", "b: - a 1"],
        ),
        (
            "E13: the given thread wins over the parent's",
            vec![row("a").at("mon 10:00"), row("b").at("mon 10:01").below("a").within("z")],
            vec!["a: - a 0", "b: a z 1"],
        ),
        (
            "E13: the parent's thread goes down",
            vec![
                row("a").at("mon 10:00").within("z"),
                row("b").at("mon 10:01").below("a"),
                row("c").at("mon 10:02").below("b"),
            ],
            vec!["a: - z 0", "b: a z 1", "c: b z 2"],
        ),
        (
            "E14: a row that names itself has no parent",
            vec![row("a").at("mon 10:00").below("a"), row("b").at("mon 10:01").within("b")],
            vec!["a: - a 0", "b: - b 0"],
        ),
        (
            "a circle is cut at its earliest row",
            vec![
                row("a").at("mon 10:02").below("c"),
                row("b").at("mon 10:01").below("a"),
                row("c").at("mon 10:03").below("b"),
                row("d").at("mon 10:04").below("c"),
            ],
            vec!["b: - a 0", "a: c a 2", "c: b a 1", "d: c a 2"],
        ),
        (
            "E5: equal times: depth, then id",
            vec![
                row("z").at("mon 10:00"),
                row("a").at("mon 10:00").below("z"),
                row("b").at("mon 10:00"),
            ],
            vec!["b: - b 0", "z: - z 0", "a: z z 1"],
        ),
        (
            "ids are compared within a platform",
            vec![
                row("a").at("mon 10:00"),
                row("b").at("mon 10:01").below("a").with(|r| r.platform = "q".into()),
            ],
            vec!["a: - a 0", "b: - a 0"],
        ),
    ] {
        assert_eq!(shape(&history("mon 12:00", rows)), wanted, "{case}");
    }
}

#[test]
fn below_and_linear() {
    let known = history(
        "mon 12:00",
        [
            row("a").at("mon 10:00"),
            row("b").at("mon 10:01").below("a"),
            row("c").at("mon 10:02").below("b"),
            row("d").at("mon 10:03").below("a"),
            row("e").at("mon 10:04"),
            row("f").at("mon 10:05").within("e"),
        ],
    );
    let threads = Threads::of(&known);
    let n = |id| threads.find("p", id).expect("it is stored");
    assert!(threads.is_below(n("c"), n("a")));
    assert!(threads.is_below(n("c"), n("b")));
    assert!(!threads.is_below(n("d"), n("b")));
    assert!(!threads.is_below(n("a"), n("a")), "a row is not below itself");
    assert!(!threads.is_linear(threads.thread(n("a"))));
    assert!(threads.is_linear(threads.thread(n("e"))));
}

#[test]
fn whom_an_own_post_answers() {
    let known = history(
        "mon 12:00",
        [
            ask("p1", "ann", "mon 10:00", Complaint),
            ask("p2", "bo", "mon 10:01", Question).below("p1"),
            ask("p3", "cy", "mon 10:02", Question).below("p1"),
            own("b1", "mon 10:30").below("p2"),
            own("b2", "mon 10:40").below("p1").saying("@cy too"),
            own("b3", "mon 10:50").saying("news"),
        ],
    );
    let threads = Threads::of(&known);
    let answers = Answers::of(&threads);
    for (own, wanted) in [("b1", "p1 p2"), ("b2", "p1 p3"), ("b3", ""), ("p1", "")] {
        let row = threads.find("p", own).expect("it is stored");
        let first = |v: usize| threads.row(threads.voices()[v].rows[0]).id.as_str();
        let found: Vec<&str> = answers.voices(row).into_iter().map(first).collect();
        assert_eq!(found.join(" "), wanted, "{own}");
    }
}

#[test]
fn a_case_is_named_after_its_first_post() {
    let known = history("mon 12:00", [ask("p1", "ann", "mon 10:00", Complaint)]);
    let all = super::cases(&known);
    assert_eq!(all[0].id, case_id("p", "p1"));
    assert_eq!(all[0].id.len(), 10);
    assert!(all[0].id.bytes().all(|b| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&b)));
    assert_eq!(all[0].permalink.as_deref(), Some("https://p.example/p1"));
}

#[test]
fn brand_posts_and_brand_replies() {
    let post = |id: &str| own(id, "mon 11:00").kind(Kind::Post);
    let known = history(
        "mon 12:00",
        [
            row("c").by("ann").at("mon 10:00"),
            row("bot").by("robot").at("mon 10:00").with(|r| r.bot = true),
            row("l").by("ann").at("mon 10:00").within("forum"),
            post("news"),
            post("gone").deleted("mon 11:30"),
            post("second").below("news"),
            post("comment").below("c"),
            post("deep").below("comment"),
            post("to a bot").below("bot"),
            post("quote").quoting("c"),
            post("to nobody known").below("never seen"),
            post("in line").within("forum"),
            post("share").below("c").kind(Kind::Share),
            own("words", "mon 11:00"),
        ],
    );
    let threads = Threads::of(&known);
    let answers = Answers::of(&threads);
    for (case, id, post, reply) in [
        ("a post that replies to nothing", "news", true, false),
        ("deleted: neither", "gone", false, false),
        ("the second part of a thread: neither", "second", false, false),
        ("below a customer's row", "comment", false, true),
        ("with one anywhere above", "deep", false, true),
        ("below a bot: bots are only nodes", "to a bot", false, false),
        ("quoting a customer's row", "quote", false, true),
        ("replying to something not stored", "to nobody known", false, true),
        ("an answer by its place in a linear thread", "in line", false, true),
        ("a share is no reply", "share", false, false),
        ("words to nobody that are no post", "words", false, false),
        ("a customer's row is neither", "c", false, false),
    ] {
        let row = threads.find("p", id).expect("it is stored");
        let found = (answers.is_brand_post(row), answers.is_brand_reply(row));
        assert_eq!(found, (post, reply), "E29: {case}");
    }
}
