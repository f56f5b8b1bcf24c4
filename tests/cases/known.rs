//! The promise: the same facts give the same cases, in whatever order they came, and a thread of
//! any size is gone through at once.

use std::time::{Duration, Instant};

use affinityd::model::Intent::{self, Complaint, Question};
use affinityd::model::{ActKind, History, Kind, Time};
use proptest::prelude::*;

use super::cases;
use super::rows::{Row, act, ask, history, own, row, t};

/// Posts of a few people and the brand, with parents anywhere, also nowhere and in circles.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let ids = 14_usize;
    let one = (0..4_usize, 0..90_i64, 0..ids + 2, 0..5_usize, 0..6_usize, 0..8_usize);
    prop::collection::vec(one, 1..ids).prop_map(move |all| {
        let who = ["ann", "bo", "cy", "brand"];
        let intents = [Complaint, Question, Intent::Request, Intent::Praise, Intent::Other];
        all.into_iter()
            .enumerate()
            .map(|(n, (by, minute, parent, intent, thread, rare))| {
                let at = t("mon 10:00").plus(minute / 3 * 3 * Time::MINUTE);
                let it = row(&format!("r{n}")).by(who[by]).asks(intents[intent]).with(|r| {
                    r.own = by == 3;
                    (r.at, r.created_at, r.seen_at) = (at, at, at);
                });
                let it = if parent < ids { it.below(&format!("r{parent}")) } else { it };
                let it = if thread < 2 { it.within(&format!("r{thread}")) } else { it };
                match rare {
                    0 => it.deleted("mon 11:00"),
                    1 => it.saying("hello @Ann and @bo."),
                    2 => it.kind(Kind::Quote).with(|r| r.about = Some(format!("r{}", parent / 2))),
                    3 => it.thanks(),
                    _ => it,
                }
            })
            .collect()
    })
}

fn known(rows: Vec<Row>) -> History {
    let mut history = history("mon 12:30", rows);
    history.acts = vec![
        act("r1", "mon 10:30", ActKind::Close),
        act("r2", "mon 10:45", ActKind::MovedPrivate),
        act("r3", "mon 11:15", ActKind::NotForUs),
    ];
    history
}

proptest! {
    #[test]
    fn the_order_of_rows_never_matters(
        (rows, shuffled) in rows().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
    ) {
        prop_assert_eq!(cases(&known(rows)), cases(&known(shuffled)));
    }

    #[test]
    fn cases_are_sound(rows in rows()) {
        let history = known(rows);
        let all = cases(&history);
        let mut seen = std::collections::BTreeSet::new();
        for case in &all {
            prop_assert!(seen.insert(case.id.clone()), "a post opens one case");
            prop_assert!(case.answer.as_ref().is_none_or(|a| a.at >= case.opened_at));
            prop_assert!(case.end.is_none_or(|(_, at)| at >= case.opened_at));
            prop_assert!(case.risk_at <= case.due_at);
            prop_assert!(case.events.is_sorted_by_key(|e| e.at), "{:?}", case.events);
            prop_assert!(case.asks.is_sorted_by_key(|a| a.at));
            prop_assert!(case.events.iter().any(|e| e.what == "opened"));
        }
        // Every post that asks is in exactly one case.
        let asking = history.rows.iter().filter(|r| !r.own && r.asks()).count();
        prop_assert_eq!(all.iter().map(|c| c.asks.len()).sum::<usize>(), asking);
        // Nobody waits twice in one thread.
        let mut waiting: Vec<_> = all
            .iter()
            .filter(|c| c.state(history.now).waits() && c.person.is_some())
            .map(|c| (c.person, c.thread.clone()))
            .collect();
        let before = waiting.len();
        waiting.sort();
        waiting.dedup();
        prop_assert_eq!(waiting.len(), before);
    }
}

/// Twenty thousand rows that alternate between people and the brand, shaped by `parent`.
fn big(rows: usize, parent: impl Fn(usize) -> Option<usize>, people: usize) -> History {
    let all = (0..rows).map(|n| {
        let at = Time(t("mon 09:00").0 + n as i64);
        let id = format!("r{n}");
        let it = match n {
            0 => own(&id, "mon 09:00").kind(Kind::Post),
            _ if n % 2 == 0 => own(&id, "mon 09:00").saying("thanks for asking @p0 and @nobody"),
            _ => ask(&id, &format!("p{}", n % people), "mon 09:00", Complaint),
        };
        it.within("r0").with(|r| {
            (r.at, r.created_at, r.seen_at) = (at, at, at);
            r.in_reply_to = parent(n).map(|p| format!("r{p}"));
        })
    });
    history("mon 16:00", all)
}

#[test]
fn a_huge_thread_is_gone_through_at_once() {
    let size = 20_000;
    for (case, history, wanted) in [
        ("one long chain, one person", big(size, |n| n.checked_sub(1), 1), size / 2),
        ("one long chain, all different", big(size, |n| n.checked_sub(1), size), size / 2),
        ("all below the root, no parents: linear", big(size, |_| None, size), size / 2),
        ("all replies to the root", big(size, |n| (n > 0).then_some(0), size), size / 2),
        (
            "pairs below the root",
            big(size, |n| (n > 0).then(|| if n % 2 == 0 { n - 1 } else { 0 }), 50),
            size / 2,
        ),
        (
            "one long chain, and beside it somebody whom nobody answers",
            big(size / 2, |n| if n < 3 { (n > 0).then_some(0) } else { Some(n - 1) }, size),
            size / 4,
        ),
        ("one big circle, clocks backwards", big(size, move |n| Some((n + 1) % size), 100), 1),
        ("clocks backwards, all different", big(size / 2, move |n| Some(n + 1), size), size / 4),
    ] {
        let start = Instant::now();
        let all = cases(&history);
        let took = start.elapsed();
        // Unoptimised and on a busy machine; the square of this size would take minutes.
        assert!(took < Duration::from_secs(10), "{case}: {took:?}");
        assert!(all.len() >= wanted, "{case}: {}", all.len());
        println!("{case}: {took:?}, {} cases", all.len());
    }
}
