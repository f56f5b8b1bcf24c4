//! F2: kill -9 at each named point, alone and in pairs. As F1; and a mail comes twice only if the
//! process ended between the server's 250 and the mark in the outbox.

use affinityd::fault::POINTS;

use crate::flow::Flow;

/// Points that every commit passes: several hits, so that pages, mails and marks are met.
const OF_A_COMMIT: [&str; 6] =
    ["store.commit", "store.flush", "store.blobs", "store.sync", "store.synced", "store.witnessed"];

/// Points of a compaction, which a database as small as this does not need; the store's own tests
/// kill there.
const OF_A_COMPACTION: [&str; 4] =
    ["store.compact", "store.copied", "store.aside", "store.replaced"];

fn points() -> impl Iterator<Item = &'static str> {
    POINTS.into_iter().filter(|point| !OF_A_COMPACTION.contains(point))
}

/// How many commits a calm run is long, and a few more.
const COMMITS: usize = 24;

/// Runs under a plan until it is killed or has nothing more to do. Whether it was killed.
fn run(flow: &Flow, plan: &str) -> bool {
    let mut daemon = flow.start(plan);
    let mut is_done = false;
    crate::binary::until(
        plan,
        || {
            is_done = daemon.has_ended();
            let arrived = flow.arrived().len();
            is_done || (flow.all_told() && arrived >= 2 && is_idle(flow))
        },
        || std::fs::read_to_string(flow.place.path("log")).unwrap_or_default(),
    );
    if is_done {
        return true;
    }
    daemon.signal(rustix::process::Signal::TERM);
    daemon.end().0 != Some(0)
}

/// Whether the server was asked again after the last mail: what there was to do is done.
fn is_idle(flow: &Flow) -> bool {
    let asked = flow.fake.asked("notifications");
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_secs(5) {
        if flow.fake.asked("notifications") > asked {
            return true;
        }
        std::thread::yield_now();
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    true
}

/// A plan of kills, each in a daemon of its own, and what must be true at the end. Whether all of
/// them killed.
fn killed_by(plans: &[String]) -> bool {
    let mut flow = Flow::new("");
    flow.speak(1, 5);
    let mut expected = 0;
    let mut all_killed = true;
    for plan in plans {
        let doubled_before = flow.doubled();
        let was_unmarked = expected;
        all_killed &= run(&flow, plan);
        let doubled = flow.doubled() - doubled_before;
        assert!(doubled <= was_unmarked, "{plans:?}: doubled {doubled} mails that were marked");
        let (store, opening) = flow.store();
        assert!(!opening.held && opening.sound, "{plans:?}: {opening:?}");
        let unmarked = flow.unmarked(&store).len();
        assert!(unmarked <= 1, "{plans:?}: {unmarked} mails sent and not marked");
        let before_the_mark = plan.starts_with("smtp.taken") || plan.starts_with("store.");
        assert!(
            unmarked <= was_unmarked || before_the_mark,
            "{plans:?}: not between 250 and its mark"
        );
        if plan.starts_with("smtp.taken") && doubled == 0 && all_killed {
            assert_eq!(unmarked, 1, "{plans:?}");
        }
        expected = unmarked;
    }
    let doubled_before = flow.doubled();
    let log = flow.finish();
    assert!(!log.contains("panic"), "{plans:?}: {log}");
    flow.check();
    assert_eq!(flow.doubled() - doubled_before, expected, "{plans:?}: once more, and no other");
    all_killed
}

#[test]
fn killed_at_a_point_it_goes_on_as_if_nothing_had_happened() {
    let mut dice = fastrand::Rng::with_seed(fastrand::u64(..));
    println!("seed {}", dice.get_seed());
    let hits = super::rounds(1, 2);
    let of_commits = super::rounds(2, COMMITS);
    let mut killed = 0;
    let mut plans = Vec::new();
    for point in points() {
        if OF_A_COMMIT.contains(&point) {
            let mut all: Vec<usize> = (1..=COMMITS).collect();
            dice.shuffle(&mut all);
            plans.extend(all[..of_commits].iter().map(|hit| format!("{point}:{hit}=kill")));
        } else {
            plans.extend((1..=hits).map(|hit| format!("{point}:{hit}=kill")));
        }
    }
    for plan in &plans {
        let was_killed = killed_by(std::slice::from_ref(plan));
        killed += usize::from(was_killed);
        // So few ids are not merged, not every run has so many commits, and a store is opened once.
        let may_live = plan.starts_with("store.merge")
            || (plan.starts_with("store.open") && plan.ends_with(":2=kill"))
            || OF_A_COMMIT.iter().any(|p| plan.starts_with(p));
        assert!(was_killed || may_live, "{plan} killed nobody");
    }
    println!("{killed} of {} plans killed", plans.len());
    assert!(killed * 2 > plans.len(), "most plans must kill");
}

#[test]
fn killed_twice_it_goes_on_as_well() {
    let mut dice = fastrand::Rng::with_seed(fastrand::u64(..));
    println!("seed {}", dice.get_seed());
    let mut pairs = Vec::new();
    for first in points() {
        for second in points() {
            let mut plan = |point| match OF_A_COMMIT.contains(&point) {
                true => format!("{point}:{}=kill", dice.usize(1..=COMMITS)),
                false => format!("{point}=kill"),
            };
            pairs.push([plan(first), plan(second)]);
        }
    }
    dice.shuffle(&mut pairs);
    for pair in &pairs[..super::rounds(6, pairs.len())] {
        killed_by(pair);
    }
}
