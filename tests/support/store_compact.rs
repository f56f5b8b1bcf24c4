//! Compaction (F1, F2, F4 of it): the same in less room, whatever ends it, and whoever reads
//! meanwhile.

use std::fs;
use std::path::Path;

use affinityd::fault::{self, Action, Plan, during};
use affinityd::model::{Intent, Severity, Time};
use affinityd::store::{BrandKey, Change, Compacted, Config, Store};
use rustix::io::Errno;

use super::kill::{DIR, process};
use super::repair::copy;
use crate::store_kit::{
    acme, answered, assert_clean, case, config, day, exported, mail, open, row, rows,
};

/// The points that only a compaction passes.
const POINTS: [&str; 4] = ["store.compact", "store.copied", "store.aside", "store.replaced"];

/// Rows that were sealed and changed, cases, mails of all sizes: most of the file is left behind.
fn filled(store: &Store) -> BrandKey {
    let brand = acme(store);
    for round in 0..3 {
        for some in (0..600).collect::<Vec<i64>>().chunks(40) {
            let records = some.iter().map(|n| {
                let author = format!("p{}", n % 9);
                let at = day(100).plus(n * Time::HOUR);
                let mut it = row(store, &n.to_string(), at, &author, Intent::Complaint);
                it.versions[0].text = Some(format!("said {round} times, {}", "or so ".repeat(20)));
                it
            });
            store.commit(rows(brand, records.collect())).unwrap();
        }
        store.seal_all().unwrap();
    }
    let mut large = mail(&["C-1"], Severity::High, day(2));
    large.message.html = "a picture ".repeat(40_000);
    let change = Change {
        cases: vec![answered(case("C-1", day(101), None), day(102)), case("C-2", day(110), None)],
        mails_new: vec![large, mail(&["C-2"], Severity::Normal, day(3))],
        values: vec![("groups".to_owned(), Some(serde_json::json!({ "n": 1 })))],
        ..rows(brand, Vec::new())
    };
    store.commit(change).unwrap();
    brand
}

/// What a directory of a store is called that has been left clean.
fn is_tidy(dir: &Path) {
    for name in ["db.new", "db.old"] {
        assert!(!dir.join(name).exists(), "{name}");
    }
}

/// It takes what comes, and has it after a restart.
fn goes_on(store: Store, brand: BrandKey, dir: &Path) {
    let late = row(&store, "late", day(500), "zoe", Intent::Praise);
    store.commit(rows(brand, vec![late])).unwrap();
    let before = exported(&store);
    drop(store);
    let (store, opening) = open(dir);
    assert!(opening.sound && !opening.held && opening.steps.is_empty(), "{:?}", opening.steps);
    assert_eq!(exported(&store), before);
    assert_clean(&store, brand);
}

#[test]
fn it_holds_the_same_in_less_room() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = filled(&store);
    let before = exported(&store);
    let done = store.compact(0).unwrap().expect("it has never been compacted");
    assert!(done.after * 2 < done.before, "{done:?}");
    let length = || fs::metadata(dir.path().join("db/db")).unwrap().len();
    assert!(length().abs_diff(done.after) < 1 << 20, "{} and {done:?}", length());
    assert_eq!(exported(&store), before);
    assert_eq!(store.mails().unwrap()[0].message.html.len(), 400_000, "large values as well");
    is_tidy(dir.path());
    assert_eq!(store.compact(50).unwrap(), None, "it has not grown");
    goes_on(store, brand, dir.path());
}

#[test]
fn a_small_one_and_a_full_disk_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    for (what, config) in [
        ("small", Config { compact_from: 1 << 30, ..config() }),
        ("full", Config { low_disk_mb: 1 << 40, ..config() }),
    ] {
        let (store, _) = Store::open(dir.path(), &config).unwrap();
        acme(&store);
        assert_eq!(store.compact(0).unwrap(), None, "{what}");
        is_tidy(dir.path());
    }
}

#[test]
fn what_a_failed_write_has_left_in_memory_does_not_come_to_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = filled(&store);
    let plan = Plan::default().at("store.flush", 1, Action::Fail(Errno::IO));
    let lost = row(&store, "lost", day(500), "zoe", Intent::Praise);
    assert!(during(plan, || store.commit(rows(brand, vec![lost]))).0.is_err());
    assert_eq!(store.compact(0).unwrap(), None);
    is_tidy(dir.path());
    drop(store);
    goes_on(open(dir.path()).0, brand, dir.path());
}

#[test]
fn others_read_on_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = filled(&store);
    let all = Time(0)..Time(i64::MAX);
    let mut reading = store.scan(brand, all.clone());
    let first: Vec<_> = reading.by_ref().take(100).map(|row| row.unwrap().id).collect();
    let compacting = std::thread::spawn({
        let store = store.clone();
        move || store.compact(0).unwrap()
    });
    // It goes on with the copy while the old one is still read.
    crate::binary::until(
        "the copy took its place",
        || dir.path().join("db.old").exists(),
        String::new,
    );
    assert_eq!(store.scan(brand, all).count(), 600);
    let rest: Vec<_> = reading.map(|row| row.unwrap().id).collect();
    assert_eq!(first.len() + rest.len(), 600);
    assert!(matches!(compacting.join().unwrap(), Some(Compacted { .. })));
    is_tidy(dir.path());
    goes_on(store, brand, dir.path());
}

#[test]
fn an_error_of_the_disk_leaves_it_as_it_was() {
    let mut failed = 0;
    for point in
        POINTS.into_iter().chain(["store.open", "store.read", "store.commit", "store.sync"])
    {
        for (nth, errno) in [(1, Errno::IO), (2, Errno::NOSPC)] {
            let dir = tempfile::tempdir().unwrap();
            let (store, _) = open(dir.path());
            let brand = filled(&store);
            let before = exported(&store);
            let plan = Plan::default().at(point, nth, Action::Fail(errno));
            let (done, _) = during(plan, || store.compact(0));
            failed += usize::from(done.is_err());
            assert_eq!(exported(&store), before, "{point} {nth}");
            is_tidy(dir.path());
            goes_on(store, brand, dir.path());
        }
    }
    assert!(failed >= 8, "only {failed} failed");
}

#[test]
#[ignore = "is killed; started by the test below"]
fn compacts_once() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let (store, _) = open(dir.as_ref());
    store.compact(0).unwrap();
}

#[test]
fn killed_at_any_point_of_it_the_next_start_has_everything() {
    let full = tempfile::tempdir().unwrap();
    let (store, _) = open(full.path());
    let brand = filled(&store);
    let before = exported(&store);
    drop(store);
    let in_the_copy = ["store.opened:2", "store.commit:1", "store.flush:1", "store.synced:2"];
    for point in POINTS.into_iter().chain(in_the_copy) {
        let dir = tempfile::tempdir().unwrap();
        copy(full.path(), dir.path());
        let mut killed = process("compact::compacts_once", dir.path(), |command| {
            command.env(fault::VARIABLE, format!("{point}=kill"));
        });
        assert!(!killed.wait().unwrap().success(), "{point} killed nobody");
        let (store, opening) = open(dir.path());
        assert!(opening.sound && !opening.held, "{point}: {opening:?}");
        assert_eq!(exported(&store), before, "{point}");
        is_tidy(dir.path());
        goes_on(store, brand, dir.path());
    }
}
