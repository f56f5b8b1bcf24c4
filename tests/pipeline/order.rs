//! The order and the pieces in which history comes do not matter.

use affinityd::model::{Intent, Kind, Reading, Ruling, Sentiment};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::desk_kit::{World, post, t};

const PEOPLE: [&str; 6] = ["ada", "bo", "cy", "acme", "staff", "robo"];

/// One line of a history, drawn.
#[derive(Clone, Debug)]
struct Draw {
    by: usize,
    parent: Option<usize>,
    names_thread: bool,
    about: Option<usize>,
    minute: i64,
    intent: Intent,
    edit: Option<Intent>,
    deleted: bool,
    marks: bool,
    names: bool,
}

fn draw() -> impl Strategy<Value = Draw> {
    let intent = prop::sample::select(Intent::ALL.to_vec());
    (
        0..PEOPLE.len(),
        prop::option::weighted(0.7, 0..14_usize),
        prop::bool::weighted(0.4),
        prop::option::weighted(0.2, 0..14_usize),
        0..2_000_i64,
        intent.clone(),
        prop::option::weighted(0.15, intent),
        prop::bool::weighted(0.08),
        any::<bool>(),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(by, parent, names_thread, about, minute, intent, edit, deleted, marks, names)| Draw {
                by,
                parent,
                names_thread,
                about,
                minute,
                intent,
                edit,
                deleted,
                marks,
                names,
            },
        )
}

/// The root of a post: an own id, or that of a post which is not in the history.
fn root(draws: &[Draw], n: usize) -> usize {
    match parent(draws, n) {
        Some(parent) if parent < draws.len() => root(draws, parent),
        Some(unseen) => unseen,
        None => n,
    }
}

/// An earlier post, or one that is not in the history.
fn parent(draws: &[Draw], n: usize) -> Option<usize> {
    draws[n].parent.filter(|parent| *parent < n || *parent >= draws.len())
}

/// The lines of what was drawn.
fn lines(draws: &[Draw]) -> Vec<Reading> {
    let mut all = Vec::new();
    let id = |n: usize| format!("i{n}");
    for (n, draw) in draws.iter().enumerate() {
        let by = PEOPLE[draw.by];
        let words = if draw.names { "hello @ada and @bo" } else { "hello" };
        let at = t("mon 06:00").plus((draw.minute + 3 * n as i64) * 60_000);
        let ruled = |intent: Intent| {
            let sentiment =
                Some(if intent == Intent::Praise { Sentiment::Pos } else { Sentiment::Neg });
            Some(Ruling { intent: Some(intent), sentiment, ..Ruling::default() })
        };
        let quotes = draw.by > 2 && draw.about.is_some();
        let first = Reading {
            kind: if quotes { Kind::Quote } else { Kind::Comment },
            created_at: Some(at),
            seen_at: Some(at),
            in_reply_to: parent(draws, n).map(id),
            thread: draw.names_thread.then(|| id(root(draws, n))),
            about: draw.about.filter(|a| quotes && *a != n).map(id),
            // An account is own, or a bot, in all its rows if one of them says so.
            own: by == "staff" && draw.marks,
            bot: (by == "robo" && draw.marks).then_some(true),
            ruling: ruled(draw.intent),
            ..post(&id(n), by, "mon 06:00", &format!("{words} {n}"))
        };
        if let Some(intent) = draw.edit {
            let seen_at = Some(at.plus(45 * 60_000));
            let text = Some(format!("{words} {n}, edited"));
            all.push(Reading { seen_at, text, ruling: ruled(intent), ..first.clone() });
        }
        // Whose a deleted post was is forgotten with it, so that it was the brand's must have been
        // known by then: its own word is always there in time, that of its account may not be.
        let says_whose = draw.marks || !["staff", "robo"].contains(&by);
        if draw.deleted && says_whose {
            let gone = at.plus(90 * 60_000);
            all.push(Reading {
                deleted_at: Some(gone),
                seen_at: Some(gone),
                text: None,
                author: None,
                ruling: None,
                ..first.clone()
            });
        }
        all.push(first);
    }
    all
}

/// What can be seen of it: stored cases, replayed cases, figures.
fn seen(world: &World) -> Value {
    let mut stored = world.cases();
    stored.sort_by(|a, b| a.id.cmp(&b.id));
    let panel = world.panel("3 mon 09:00");
    let mut replayed = panel.cases.clone();
    replayed.sort_by(|a, b| a.id.cmp(&b.id));
    // Each store hashes persons with a key of its own.
    stored.iter_mut().chain(&mut replayed).for_each(|case| case.person = None);
    json!({ "stored": stored, "replayed": replayed, "figures": panel.indicators() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_in_any_pieces_comes_to_the_same(
        draws in prop::collection::vec(draw(), 1..14),
        shuffle in any::<u64>(),
        piece in 1..9_usize,
    ) {
        let all = lines(&draws);
        let straight = World::new();
        straight.import(all.clone(), "2 mon 09:00");
        let straight = seen(&straight);

        let mut dice = affinityd::indicators::statistics::resample::Dice::seeded(shuffle);
        let mut mixed = all;
        for n in (1..mixed.len()).rev() {
            mixed.swap(n, dice.below(n + 1));
        }
        let world = World::new();
        for piece in mixed.chunks(piece) {
            world.import(piece.to_vec(), "2 mon 09:00");
        }
        prop_assert_eq!(&seen(&world), &straight);
        prop_assert_eq!(&straight["stored"], &straight["replayed"], "kept is what is counted");

        let before = world.export();
        world.import(mixed, "2 mon 10:00");
        prop_assert_eq!(world.export(), before, "and again it is known");
        let report = world.store().verify(world.key, &mut |_| {}).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.differences);
    }
}

#[test]
fn a_late_root_of_another_thread_takes_its_replies_along() {
    let line = |id: &str, by: &str, at: &str, to: Option<&str>, intent: Intent| Reading {
        in_reply_to: to.map(str::to_owned),
        ruling: Some(Ruling { intent: Some(intent), ..Ruling::default() }),
        ..post(id, by, at, id)
    };
    let ask = line("ask", "ada", "mon 10:00", Some("mid"), Intent::Complaint);
    let answer = line("answer", "acme", "mon 11:00", Some("ask"), Intent::Other);
    let more = line("more", "bo", "mon 10:10", Some("mid"), Intent::Question);
    let mid = line("mid", "cy", "mon 09:30", Some("top"), Intent::Complaint);
    let top = line("top", "acme", "mon 09:00", None, Intent::Other);
    let world = World::new();
    for reading in [answer, more, ask, mid, top] {
        world.import(vec![reading], "tue 09:00");
    }
    assert_eq!(
        world.lines("tue 09:00"),
        [
            "complaint mid due mon 11:30: answered by answer mon 11:00",
            "complaint ask due mon 12:00: answered by answer mon 11:00",
            "question more due mon 14:10: overdue",
        ]
    );
    assert_eq!(world.store().thread(world.key, "p", "top").unwrap().len(), 5);
    assert!(world.cases().iter().all(|case| case.thread == "top"), "rule E13");
}
