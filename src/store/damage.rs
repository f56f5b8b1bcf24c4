//! Every kind of damage is told, and what a crash cut short is ended.

use super::engine::{Expect, Op, Space};
use super::ids;
use super::keys::{self, BrandKey, Placed, state};
use super::rows::Slot;
use super::{Change, Config, Store, block, golden, packed, threads, waiting};
use crate::model::{Case, Record, Time, Version};

fn record(store: &Store, id: &str, at: i64, filed: &str) -> Record {
    Record {
        platform: "x".to_owned(),
        id: id.to_owned(),
        key_at: Time(at),
        stored_at: Time(at),
        person: Some(store.person("x", "ada")),
        filed: filed.to_owned(),
        versions: vec![Version { seen_at: Time(at), created_at: Time(at), ..Version::default() }],
    }
}

fn case(id: &str, at: i64) -> Case {
    let id = id.to_owned();
    Case { id, opened_at: Time(at), answer: None, end: None, ..golden::case() }
}

fn filled(dir: &std::path::Path) -> (Store, BrandKey) {
    filled_with(dir, 1)
}

fn filled_with(dir: &std::path::Path, journal_ids: usize) -> (Store, BrandKey) {
    let config = Config { journal_ids, ..Config::default() };
    let store = Store::open(dir, &config).unwrap().0;
    let brand = store.brand("acme", chrono_tz::Tz::UTC).unwrap();
    for n in 0..6 {
        let records = vec![record(&store, &format!("r{n}"), n, "r0")];
        let cases = vec![case(&format!("c{n}"), n)];
        let change = Change { brand: Some(brand), records, cases, ..Change::default() };
        store.commit(change).unwrap();
    }
    (store, brand)
}

fn write(store: &Store, space: Space, key: Vec<u8>, value: Option<Vec<u8>>) {
    let op = Op { space, key, value, expect: Expect::Any };
    store.inner.engine.commit(&[op]).unwrap();
}

fn first(store: &Store, space: Space) -> (Vec<u8>, Vec<u8>) {
    store.inner.engine.all(space).next().unwrap().unwrap()
}

/// All rows in one block.
fn sealed(store: &Store, brand: BrandKey) {
    let mut rows = Vec::new();
    for entry in store.inner.engine.all(Space::Hot) {
        let (key, row) = entry.unwrap();
        rows.push((Placed::read(&key).unwrap(), row));
        write(store, Space::Hot, key, None);
    }
    write(
        store,
        Space::Cold,
        Placed::floor(brand, 0),
        Some(block::pack(block::Form::Marked, &rows)),
    );
    assert!(store.verify(brand, &mut |_| {}).unwrap().is_clean());
}

#[test]
fn every_kind_of_damage_is_told() {
    type Damage = fn(&Store, BrandKey);
    let cases: [(&str, Damage); 16] = [
        ("counter says", |s, b| {
            write(s, Space::State, state::of_brand("rows", b), Some(keys::number(9)));
        }),
        ("an id of", |s, _| write(s, Space::Hot, first(s, Space::Hot).0, None)),
        ("not found by its id", |s, _| {
            write(s, Space::IdBuckets, first(s, Space::IdBuckets).0, None);
        }),
        ("missing in its thread", |s, _| {
            let (key, value) = first(s, Space::ThreadBuckets);
            write(s, Space::ThreadBuckets, key, Some(value[20..].to_vec()));
        }),
        ("lists a stranger", |s, b| {
            let stranger = threads::member(Placed { brand: b, ms: 9, hash: 9 }, 77);
            let key = keys::journal(99);
            write(s, Space::ThreadJournal, key, Some(packed::pack(&[stranger])));
            s.inner.threads.learn(&[stranger]);
        }),
        ("counts of", |s, _| write(s, Space::Days, first(s, Space::Days).0, None)),
        ("summary of author", |s, _| {
            write(s, Space::PeopleBuckets, first(s, Space::PeopleBuckets).0, None);
        }),
        ("both open and sealed", |s, b| {
            let (key, row) = first(s, Space::Hot);
            let rows = [(Placed::read(&key).unwrap(), row)];
            write(
                s,
                Space::Cold,
                Placed::floor(b, 0),
                Some(block::pack(block::Form::Marked, &rows)),
            );
        }),
        ("begins within the one before", |s, b| {
            sealed(s, b);
            let (_, block) = first(s, Space::Cold);
            write(s, Space::Cold, Placed::floor(b, 2), Some(block));
        }),
        ("is out of order", |s, b| {
            sealed(s, b);
            let (key, bytes) = first(s, Space::Cold);
            let mut rows = block::unpack(b, &bytes).unwrap();
            rows.reverse();
            write(s, Space::Cold, key, Some(block::pack(block::Form::Marked, &rows)));
        }),
        ("3 rows, the counter says 6", |s, b| {
            sealed(s, b);
            let (key, bytes) = first(s, Space::Cold);
            let rows = block::unpack(b, &bytes).unwrap();
            write(s, Space::Cold, key, Some(block::pack(block::Form::Marked, &rows[3..])));
        }),
        ("an id of", |s, _| {
            let (key, _) = first(s, Space::Cases);
            write(s, Space::Cases, key, None);
        }),
        ("is not found by its id", |s, _| {
            write(s, Space::CaseIdBuckets, first(s, Space::CaseIdBuckets).0, None);
        }),
        ("waits and is not listed so", |s, _| {
            write(s, Space::WaitingBuckets, first(s, Space::WaitingBuckets).0, None);
        }),
        ("is listed as waiting and is not", |s, b| {
            let case = case("stranger", 9);
            let stranger = waiting::fact(Placed { brand: b, ms: 9, hash: 9 }, &case).unwrap();
            let key = keys::journal(99);
            write(s, Space::WaitingJournal, key, Some(packed::pack(&[stranger])));
            s.inner.waiting.learn(&[stranger]);
        }),
        ("is both open and sealed", |s, b| {
            let (key, case) = first(s, Space::Cases);
            let cases = [(Placed::read(&key).unwrap(), case)];
            let block = block::pack(block::Form::Bare, &cases);
            write(s, Space::ColdCases, Placed::floor(b, 0), Some(block));
        }),
    ];
    for (wanted, damage) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (store, brand) = filled(dir.path());
        assert!(store.verify(brand, &mut |_| {}).unwrap().is_clean());
        damage(&store, brand);
        let report = store.verify(brand, &mut |_| {}).unwrap();
        assert!(
            report.differences.iter().any(|d| d.contains(wanted)),
            "{wanted}: {:?}",
            report.differences
        );
    }
}

#[test]
fn rows_that_were_lost_are_seen_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = filled_with(dir.path(), 4);
    let newest = store.inner.engine.all(Space::Hot).back().unwrap().unwrap().0;
    write(&store, Space::Hot, newest, None);
    drop(store);
    let (_, opening) = Store::open(dir.path(), &Config::default()).unwrap();
    assert!(!opening.sound);
    assert_eq!(opening.steps, ["acme has 5 rows, counted were 6", "1 of some ids have no row"]);
}

#[test]
fn two_ids_with_one_hash_are_two_rows() {
    let dir = tempfile::tempdir().unwrap();
    let (store, brand) = filled(dir.path());
    // r0 is put where `late` would lie.
    let hash = store.inner.hasher().interaction(brand, "x", "late");
    let mut draft = store.inner.draft();
    let Slot::Known(at, r0) = draft.find(brand, "x", "r0").unwrap() else { panic!("stored") };
    let taken = Placed { hash, ..at };
    draft.put_row(taken, &r0).unwrap();
    draft.note_id(ids::IdEntry { hash, brand: brand.0, ms: at.ms });
    draft.write().unwrap();
    drop(draft);
    assert_eq!(store.record(brand, "x", "late").unwrap(), None);
    let late = record(&store, "late", 50, "late");
    let change = Change { brand: Some(brand), records: vec![late.clone()], ..Change::default() };
    store.commit(change.clone()).unwrap();
    store.commit(change).unwrap();
    assert_eq!(store.record(brand, "x", "late").unwrap(), Some(late));
    let next = Placed { brand, ms: 50, hash: hash.wrapping_add(1) };
    assert!(store.inner.row(next).unwrap().is_some());
}

#[test]
fn what_a_crash_cut_short_is_ended_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (store, brand) = filled(dir.path());
    let ada = store.person("x", "ada");
    // A tombstone, and the process dies.
    let key = state::person("gone", brand, ada);
    write(&store, Space::State, key, Some(br#"{"done":false}"#.to_vec()));
    drop(store);
    let (store, opening) = Store::open(dir.path(), &Config::default()).unwrap();
    assert_eq!(opening.steps, ["ended 1 erasures of acme"]);
    let left = store
        .scan(brand, Time(0)..Time(99))
        .filter(|r| r.as_ref().is_ok_and(|r| r.person.is_some()));
    assert_eq!(left.count(), 0);
    // Counts that were being rebuilt.
    let mut acme = store.brands()[0].clone();
    acme.rebuilding = true;
    let mut draft = store.inner.draft();
    draft.keep_brand(&acme).unwrap();
    draft.write().unwrap();
    drop(draft);
    write(&store, Space::Days, first(&store, Space::Days).0, None);
    drop(store);
    let (store, opening) = Store::open(dir.path(), &Config::default()).unwrap();
    assert_eq!(opening.steps, ["rebuilt the daily counts of acme"]);
    assert!(store.verify(brand, &mut |_| {}).unwrap().is_clean());
    // An import that did not reach its footer.
    write(&store, Space::State, state::UNFINISHED.to_vec(), Some(vec![1]));
    drop(store);
    let (store, opening) = Store::open(dir.path(), &Config::default()).unwrap();
    assert_eq!(opening.steps, ["removed an import that had not ended"]);
    assert_eq!(store.brands(), []);
}
