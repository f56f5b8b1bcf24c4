//! A page is taken in once, with its cursor, and only what it adds is written.

use affinityd::model::{Health, Kind, Mark, Reading, SourceState, Time};
use affinityd::pipeline::{Batch, Ingested};

use super::desk_kit::{COMPLAINT, PLAIN, PRAISE, World, account, post, reply, t, told};

fn page() -> Vec<Reading> {
    vec![
        post("a", "ada", "mon 10:00", COMPLAINT),
        reply("r", "acme", "mon 10:30", "Sorry, it is on its way.", "a"),
        reply("b", "ada", "mon 10:40", COMPLAINT, "r"),
    ]
}

#[test]
fn the_same_page_twice_changes_nothing() {
    let world = World::new();
    let first = world.read(page(), "mon 10:41");
    assert_eq!(first, Ingested { new: 3, opened: 2, ..Ingested::default() });
    let before = world.export();
    let second = world.read(page(), "mon 10:43");
    assert_eq!(second, Ingested { known: 3, ..Ingested::default() });
    assert_eq!(world.export(), before, "not even a commit");
    assert_eq!(
        world.lines("mon 10:43"),
        ["complaint a due mon 12:00: answered by r mon 10:30", "complaint b due mon 12:40: open"]
    );
}

#[test]
fn words_longer_than_are_kept_are_no_news_the_next_time() {
    let world = World::new();
    let long = format!("{COMPLAINT} {}", "again and again. ".repeat(2_000));
    world.read(vec![post("a", "ada", "mon 10:00", &long)], "mon 10:01");
    let before = world.export();
    world.read(vec![post("a", "ada", "mon 10:00", &long)], "mon 10:05");
    assert_eq!(world.export(), before);
}

#[test]
fn the_cursor_comes_with_its_page_or_not_at_all() {
    let world = World::new();
    let mark = |cursor: &str, at: &str| Mark {
        cursor: Some(cursor.to_owned()),
        end_at: Some(t(at)),
        gaps: Vec::new(),
    };
    let many = (0..90).map(|n| post(&format!("m{n}"), "ada", "mon 10:00", COMPLAINT)).collect();
    let batch = Batch {
        readings: many,
        addressed: true,
        mark: Some(("mine".to_owned(), "mentions".to_owned(), mark("m89", "mon 10:01"))),
        source: Some(SourceState {
            account: "mine".to_owned(),
            stream: "mentions".to_owned(),
            health: Health::Well,
            last_success_at: Some(t("mon 10:01")),
            last_found_at: None,
            trouble: None,
            failures: 0,
            next_at: None,
        }),
        ..Batch::default()
    };
    let done = world.ingest(&batch, "mon 10:01");
    assert_eq!((done.new, done.opened), (90, 90));
    let stored = |world: &World| world.store().mark("mine", "mentions").unwrap();
    assert_eq!(stored(&world).unwrap().cursor.as_deref(), Some("m89"));

    let commits = world.commits();
    let again = Batch {
        readings: vec![post("m89", "ada", "mon 10:00", COMPLAINT)],
        mark: Some(("mine".to_owned(), "mentions".to_owned(), mark("m89", "mon 10:03"))),
        addressed: true,
        ..Batch::default()
    };
    world.ingest(&again, "mon 10:03");
    assert_eq!(world.commits(), commits, "a poll with nothing new costs no write");
    let moved = Batch {
        mark: Some(("mine".to_owned(), "mentions".to_owned(), mark("m90", "mon 10:05"))),
        ..Batch::default()
    };
    world.ingest(&moved, "mon 10:05");
    assert_eq!(stored(&world).unwrap().cursor.as_deref(), Some("m90"), "a moved cursor is kept");
}

#[test]
fn an_edit_is_judged_anew_from_the_first_time() {
    let world = World::new();
    world.read(vec![post("a", "ada", "mon 10:00", PRAISE)], "mon 10:01");
    assert!(world.cases().is_empty());
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT)], "mon 11:00");
    assert_eq!(world.lines("mon 11:01"), ["complaint a due mon 12:00: open"], "rule E22");
    world.read(vec![post("a", "ada", "mon 10:00", PRAISE)], "mon 11:30");
    assert!(world.cases().is_empty(), "a complaint edited into praise leaves N");
}

#[test]
fn an_edit_shown_by_a_thread_stays_about_the_brand() {
    let world = World::new();
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT)], "mon 10:01");
    let edited = "The parcel is still broken and nobody helps, this is terrible, I am angry!";
    let around = vec![post("a", "ada", "mon 10:00", edited)];
    world.ingest(&Batch { around, ..Batch::default() }, "mon 10:10");
    assert_eq!(world.lines("mon 10:11"), ["complaint a due mon 12:00: open"]);
}

#[test]
fn a_search_keeps_only_what_names_the_brand() {
    let world = World::new();
    let elsewhere = "My parcel is broken and nobody helps, this is terrible!";
    let readings = vec![
        post("a", "ada", "mon 10:00", COMPLAINT),
        post("b", "bo", "mon 10:00", elsewhere),
        Reading { title: Some("Acme again".into()), ..post("c", "cy", "mon 10:00", elsewhere) },
    ];
    let done = world.ingest(&Batch { readings, ..Batch::default() }, "mon 10:01");
    assert_eq!((done.new, done.dropped), (2, 1));
    assert!(!world.export().contains("https://p.example/bo/b"));
}

#[test]
fn a_complaint_about_a_rival_is_kept_and_asks_nothing_unless_it_speaks_to_the_brand() {
    let world = World::new();
    let rival = "Unlike Acme, Bmart is terrible: my parcel is broken and nobody helps!";
    let ours = "Unlike Bmart, Acme is terrible: my parcel is broken and nobody helps!";
    let readings = vec![post("a", "ada", "mon 10:00", rival), post("b", "bo", "mon 10:00", ours)];
    let done = world.ingest(&Batch { readings, ..Batch::default() }, "mon 10:01");
    assert_eq!((done.new, done.opened), (2, 1));
    let ours = "complaint b due mon 12:00: open";
    assert_eq!(world.lines("mon 10:01"), [ours], "the other is kept, and a person may overrule it");
    // The notifications bring it too: it speaks to the brand after all.
    world.read(vec![post("a", "ada", "mon 10:00", rival)], "mon 10:03");
    assert_eq!(world.lines("mon 10:03"), ["complaint a due mon 12:00: open", ours]);
}

#[test]
fn what_stands_around_is_silent_until_it_speaks_to_the_brand() {
    let world = World::new();
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT)], "mon 10:01");
    let elsewhere = "My bicycle is broken too and nobody helps, this is terrible!";
    let picture = Reading { text: None, ..reply("q", "quin", "mon 10:04", "", "a") };
    let around = vec![
        reply("b", "bo", "mon 10:05", elsewhere, "a"),
        reply("c", "cy", "mon 10:06", COMPLAINT, "a"),
        picture.clone(),
    ];
    world.ingest(&Batch { around, ..Batch::default() }, "mon 10:10");
    let (a, c) = ("complaint a due mon 12:00: open", "complaint c due mon 12:06: open");
    assert_eq!(world.lines("mon 10:10"), [a, c], "the other names the brand");
    let voices = |now: &str| world.indicators(now)[0].value;
    assert_eq!(voices("tue 08:00"), Some(2.0), "Bo and Quin only stand there");

    world.read(vec![reply("b", "bo", "mon 10:05", elsewhere, "a"), picture], "mon 10:20");
    let b = "complaint b due mon 12:05: open";
    assert_eq!(world.lines("mon 10:21"), [a, b, c], "it came as a notification after all");
    assert_eq!(voices("tue 08:00"), Some(4.0));
}

#[test]
fn own_accounts_by_list_by_connector_and_late() {
    let world = World::new();
    let own = Reading { own: true, ..reply("r", "staff", "mon 10:30", "On it.", "a") };
    world.read(vec![post("a", "ada", "mon 10:00", COMPLAINT), own], "mon 10:31");
    world.read(vec![post("x", "acme", "mon 10:00", COMPLAINT)], "mon 10:31");
    assert_eq!(
        world.lines("mon 10:32"),
        ["complaint a due mon 12:00: answered by r mon 10:30"],
        "own posts ask nothing"
    );

    // Somebody answers before it is known that they are staff (rule E7).
    world.read(vec![post("b", "bo", "mon 11:00", COMPLAINT)], "mon 11:01");
    world.read(vec![reply("s", "sam", "mon 11:10", "Sorry!", "b")], "mon 11:11");
    assert_eq!(world.lines("mon 11:12")[1], "complaint b due mon 13:00: open");
    let own = Reading { own: true, ..post("y", "sam", "mon 11:20", "We are hiring.") };
    world.read(vec![own], "mon 11:21");
    assert_eq!(world.lines("mon 11:22")[1], "complaint b due mon 13:00: answered by s mon 11:10");
}

#[test]
fn an_account_listed_later_counts_from_the_next_sweep() {
    let mut world = World::new();
    world.sweep("mon 09:30");
    world.read(
        vec![
            post("a", "ada", "mon 10:00", COMPLAINT),
            reply("s", "sam", "mon 10:10", "Sorry!", "a"),
            post("t", "troll", "mon 10:00", COMPLAINT),
        ],
        "mon 10:11",
    );
    assert_eq!(world.cases().len(), 2);
    world.brand.own.push(account("sam"));
    world.brand.blocked.push(account("troll"));
    world.sweep("mon 10:12");
    assert_eq!(world.lines("mon 10:12"), ["complaint a due mon 12:00: answered by s mon 10:10"]);
}

#[test]
fn blocked_accounts_and_bots_are_nodes_and_nothing_else() {
    let mut world = World::new();
    world.brand.blocked.push(account("troll"));
    let bot = Reading { bot: Some(true), ..post("c", "robo", "mon 10:00", COMPLAINT) };
    let plain = post("d", "late", "mon 10:00", COMPLAINT);
    let id_only = Reading {
        author: Some(affinityd::model::Author {
            id: "77".into(),
            handle: Some("troll".into()),
            name: None,
        }),
        ..post("b", "x", "mon 10:00", COMPLAINT)
    };
    world.read(vec![post("a", "troll", "mon 10:00", COMPLAINT), id_only, bot, plain], "mon 10:01");
    assert_eq!(world.lines("mon 10:02"), ["complaint d due mon 12:00: open"]);
    assert_eq!(world.indicators("tue 08:00")[0].value, Some(1.0), "one voice");
    let bot = Reading { bot: Some(true), ..post("e", "late", "mon 10:05", PLAIN) };
    world.read(vec![bot], "mon 10:06");
    assert!(world.cases().is_empty(), "an account with any row that says bot is one");

    // The handle of a blocked account goes with its age; that it is blocked does not.
    let keep = affinityd::store::Retention { handles_days: 1, ..Default::default() };
    world.store().retain(world.key, t("2 mon 08:00"), &keep).unwrap();
    assert_eq!(world.indicators("2 mon 08:00")[0].value, Some(0.0));
}

#[test]
fn a_persons_ruling_overrides_and_a_file_counts_once() {
    let world = World::new();
    let ruled = affinityd::interchange::parse_line(
        r#"{"v":1,"platform":"p","id":"a","kind":"mention","author":{"id":"ada"},
            "text":"Acme is wonderful","created_at":"2026-11-02T10:00:00Z",
            "verdict":{"intent":"complaint","sentiment":"neg"}}"#,
    );
    let file = || {
        vec![
            ruled.clone().unwrap().reading,
            post("b", "bo", "mon 10:00", COMPLAINT),
            Reading { seen_at: Some(t("mon 11:00")), ..post("b", "bo", "mon 10:00", PRAISE) },
            post("c", "cy", "mon 10:10", COMPLAINT),
            Reading {
                deleted_at: Some(t("mon 10:30")),
                author: None,
                text: None,
                ..post("c", "cy", "mon 10:10", "")
            },
        ]
    };
    world.import(file(), "2 mon 09:00");
    let cases =
        ["complaint a due mon 12:00: lapsed", "complaint c due mon 12:10: deleted_by_author"];
    assert_eq!(world.lines("4 mon 09:00"), cases);
    let before = world.export();
    let again = world.import(file(), "2 mon 10:00");
    assert_eq!((again.new, again.changed), (0, 0));
    assert_eq!(world.export(), before);
}

#[test]
fn a_late_claim_runs_from_when_it_was_seen() {
    let world = World::new();
    let read_to = Some(t("mon 10:30"));
    let readings = vec![
        post("late", "ada", "mon 10:00", COMPLAINT),
        post("fresh", "bo", "mon 10:31", COMPLAINT),
        post("future", "cy", "tue 10:00", COMPLAINT),
    ];
    let batch = Batch { readings, addressed: true, read_to, ..Batch::default() };
    world.ingest(&batch, "mon 10:32");
    let due = |id: &str| {
        let case = world.cases().into_iter().find(|c| c.interaction == id).unwrap();
        (case.opened_at, case.due_at)
    };
    assert_eq!(due("late"), (t("mon 10:00"), t("mon 12:32")), "the stream had been read past it");
    assert_eq!(due("fresh"), (t("mon 10:31"), t("mon 12:31")));
    assert_eq!(due("future"), (t("mon 10:32"), t("mon 12:32")), "never later than seen");

    // An edit keeps the start that was fixed.
    let edited = format!("{COMPLAINT} And now I am angry!");
    for id in ["late", "fresh"] {
        let at = if id == "late" { "mon 10:00" } else { "mon 10:31" };
        let by = if id == "late" { "ada" } else { "bo" };
        let readings = vec![post(id, by, at, &edited)];
        let read_to = Some(t("mon 11:00"));
        let batch = Batch { readings, addressed: true, read_to, ..Batch::default() };
        world.ingest(&batch, "mon 11:10");
    }
    assert_eq!(due("late").1, t("mon 12:32"));
    assert_eq!(due("fresh").1, t("mon 12:31"));
    let old = told(post("old", "dee", "mon 10:00", COMPLAINT));
    world.read(vec![old], "wed 09:00");
    assert_eq!(due("old").1, t("mon 12:00"), "rule E27: imported rows have no stream marks");
}

#[test]
fn an_answer_may_close_more_cases_than_one_commit_holds() {
    let mut world = World::new();
    world.parented.clear();
    let linear = |id: String, by: String, at: &str, text: &str| Reading {
        kind: Kind::Comment,
        thread: Some("t".to_owned()),
        ..post(&id, &by, at, text)
    };
    let asks: Vec<Reading> = (0..260)
        .map(|n| linear(format!("a{n}"), format!("p{n}"), "mon 10:00", COMPLAINT))
        .collect();
    assert_eq!(world.read(asks, "mon 10:01").opened, 260);
    let answer = linear("r".to_owned(), "acme".to_owned(), "mon 10:30", "Sorry, all of you.");
    world.read(vec![answer], "mon 10:31");
    assert!(world.cases().iter().all(|case| case.answer.is_some()), "rule E16: a linear thread");

    // And a root whose thread only now becomes known takes all that hung below it along.
    let root = Reading { thread: Some("u".to_owned()), ..post("t", "dan", "mon 09:00", PLAIN) };
    world.read(vec![root], "mon 11:00");
    let moved = world.store().thread(world.key, "p", "u").unwrap();
    assert_eq!(moved.len(), 262);
    assert!(world.cases().iter().all(|case| case.answer.is_some()));
    let report = world.store().verify(world.key, &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{:?}", report.differences);
    assert!(t("mon 11:00") > Time(0));
}

#[test]
fn a_quote_answers_whichever_of_the_two_comes_first() {
    for order in [[0, 1], [1, 0]] {
        let world = World::new();
        let both = [
            post("a", "ada", "mon 10:00", COMPLAINT),
            Reading {
                kind: Kind::Quote,
                about: Some("a".to_owned()),
                ..post("q", "acme", "mon 10:30", "We looked into this.")
            },
        ];
        for n in order {
            world.read(vec![both[n].clone()], "mon 10:31");
        }
        assert_eq!(
            world.lines("mon 10:32"),
            ["complaint a due mon 12:00: answered by q mon 10:30"],
            "rule E16, {order:?}"
        );
    }
}
