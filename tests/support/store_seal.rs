//! Sealed rows are rows like all others: found, scanned, changed, forgotten, exported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use affinityd::model::{Case, Intent, Record, Time};
use affinityd::store::{BrandKey, Change, Config, Retention, Store};
use chrono_tz::Tz;

use crate::store_kit::{
    acme, answered, assert_clean, case, config, day, exported, filed, open, row, rows,
};

fn hour(n: i64) -> Time {
    Time(n * Time::HOUR)
}

/// Rows an hour apart in threads of five, by seven authors.
fn fill(store: &Store, brand: BrandKey, hours: impl Iterator<Item = i64>) {
    let hours: Vec<i64> = hours.collect();
    for some in hours.chunks(Change::RECORDS) {
        let records = some.iter().map(|n| {
            let author = format!("p{}", n % 7);
            let it = row(store, &n.to_string(), hour(*n), &author, Intent::Complaint);
            filed(it, &(n / 5 * 5).to_string())
        });
        store.commit(rows(brand, records.collect())).unwrap();
    }
}

fn ids(found: impl Iterator<Item = affinityd::store::Result<Record>>) -> Vec<i64> {
    found.map(|record| record.unwrap().id.parse().unwrap()).collect()
}

fn holds(store: &Store, brand: BrandKey, hours: std::ops::Range<i64>) {
    assert_clean(store, brand);
    let all: Vec<i64> = hours.clone().collect();
    assert_eq!(ids(store.scan(brand, Time(0)..Time(i64::MAX))), all);
    assert_eq!(store.rows(brand).unwrap(), all.len() as u64);
    for n in all {
        assert!(store.record(brand, "mastodon", &n.to_string()).unwrap().is_some(), "{n}");
    }
}

#[test]
fn the_order_in_which_rows_come_makes_no_difference() {
    let orders: [(&str, Vec<i64>); 4] = [
        ("oldest first", (0..1_000).collect()),
        ("newest first", (0..1_000).rev().collect()),
        (
            "every third late",
            (0..1_000).filter(|n| n % 3 > 0).chain((0..1_000).step_by(3)).collect(),
        ),
        ("from the middle", (500..1_000).chain((0..500).rev()).collect()),
    ];
    let mut copies = Vec::new();
    for (order, hours) in orders {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = open(dir.path());
        let brand = acme(&store);
        let mut sealed = 0;
        for some in hours.chunks(100) {
            fill(&store, brand, some.iter().copied());
            sealed += store.seal_all().unwrap();
        }
        assert_eq!(sealed, 1_000 - 49, "{order}: all but the last two days");
        holds(&store, brand, 0..1_000);
        for (from, to) in [(0, 1), (0, 999), (31, 34), (440, 990), (951, 953), (999, 1_000)] {
            let found = ids(store.scan(brand, hour(from)..hour(to)));
            assert_eq!(found, (from..to).collect::<Vec<_>>(), "{order}: {from}..{to}");
        }
        for n in [0, 500, 950, 995] {
            let found = store.thread(brand, "mastodon", &n.to_string()).unwrap();
            assert_eq!(ids(found.into_iter().map(Ok)), (n..n + 5).collect::<Vec<_>>(), "{order}");
        }
        drop(store);
        let (store, opening) = open(dir.path());
        assert!(opening.sound && opening.steps.is_empty(), "{order}: {:?}", opening.steps);
        holds(&store, brand, 0..1_000);
        let blobs = fs::read_dir(dir.path().join("db/blobs")).map_or(0, Iterator::count);
        assert_eq!(blobs, 0, "{order}");
        copies.push(exported(&store).lines().skip(1).map(str::to_owned).collect::<Vec<_>>());
    }
    let persons = |line: &String| line.contains("\"type\":\"interaction\"");
    let plain = |copy: &[String]| copy.iter().filter(|l| persons(l)).count();
    assert!(copies.iter().all(|copy| plain(copy) == 1_000));
}

#[test]
fn sealed_rows_are_changed_in_their_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    fill(&store, brand, 0..400);
    store.seal_all().unwrap();
    // Scattered changes, one of them so large that its block must be parted, one to another thread.
    for n in [0, 1, 31, 32, 77, 351, 399] {
        let mut known = store.record(brand, "mastodon", &n.to_string()).unwrap().unwrap();
        let mut again = known.versions[0].clone();
        again.seen_at = day(30);
        again.text = Some(format!("edited {n} {}", "äö€".repeat(if n == 77 { 2_000 } else { 1 })));
        known.versions.push(again);
        if n == 1 {
            known.filed = "351".to_owned();
        }
        store.commit(rows(brand, vec![known.clone()])).unwrap();
        assert_eq!(store.record(brand, "mastodon", &n.to_string()).unwrap(), Some(known));
        holds(&store, brand, 0..400);
    }
    let members = store.thread(brand, "mastodon", "351").unwrap();
    assert_eq!(ids(members.into_iter().map(Ok)), [1]);
    assert_eq!(store.seal_all().unwrap(), 0, "a sealed row stays sealed");
    drop(store);
    let (store, _) = open(dir.path());
    holds(&store, brand, 0..400);
    // A whole page of changes to rows in blocks of their own.
    let change = |n: i64| {
        let mut known = store.record(brand, "mastodon", &(n * 5).to_string()).unwrap().unwrap();
        known.versions[0].title = Some(format!("title {n}"));
        known
    };
    store.commit(rows(brand, (0..Change::RECORDS as i64).map(change).collect())).unwrap();
    holds(&store, brand, 0..400);
}

#[test]
fn sealed_rows_are_forgotten_erased_and_exported_like_open_ones() {
    let keep = Retention { texts_days: 9, handles_days: 6, rows_days: 12, mails_days: 30 };
    let mut copies: BTreeMap<bool, Vec<String>> = BTreeMap::new();
    for is_sealed in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = open(dir.path());
        let (brand, other) = (acme(&store), store.brand("other", Tz::UTC).unwrap());
        fill(&store, brand, 0..400);
        fill(&store, other, 0..200);
        let tidy = || assert_eq!(store.seal_all().unwrap() > 0, is_sealed);
        if is_sealed {
            tidy();
        }
        let done = store.retain(brand, hour(400), &keep).unwrap();
        assert_eq!((done.rows, done.texts, done.handles), (112, 72, 144));
        holds(&store, brand, 112..400);
        holds(&store, other, 0..200);
        let erased = store.erase(brand, "mastodon", "p3").unwrap();
        assert_eq!(erased.rows, (112..400).filter(|n| n % 7 == 3).count() as u64);
        assert_eq!(store.erase(brand, "mastodon", "p3").unwrap().rows, 0);
        holds(&store, brand, 112..400);
        let out = exported(&store);
        assert!(!out.contains("\"p3@example.org\"") || out.contains("\"brand\":\"other\""));
        let copy = tempfile::tempdir().unwrap();
        let (copy, _) = open(copy.path());
        copy.import_export(out.as_bytes(), &mut |_| {}).unwrap();
        assert_eq!(exported(&copy), out);
        assert_eq!(copy.seal_all().unwrap(), 0, "an import seals by itself");
        holds(&copy, brand, 112..400);
        let stable = |store: &Store| -> Vec<String> {
            store
                .scan(brand, Time(0)..Time(i64::MAX))
                .map(|r| Record { person: None, ..r.unwrap() })
                .map(|r| serde_json::to_string(&r).unwrap())
                .collect()
        };
        copies.insert(is_sealed, stable(&store));
        // All the rest goes too, and the store is as good as new.
        store.retain(brand, hour(4_000), &keep).unwrap();
        holds(&store, brand, 0..0);
        fill(&store, brand, 0..100);
        store.seal_all().unwrap();
        holds(&store, brand, 0..100);
    }
    assert_eq!(copies[&false], copies[&true]);
}

#[test]
fn sealed_cases_are_found_changed_forgotten_and_erased_like_open_ones() {
    let keep = Retention { texts_days: 9, handles_days: 6, rows_days: 22, mails_days: 30 };
    let mut copies: BTreeMap<bool, Vec<Case>> = BTreeMap::new();
    for is_sealed in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = open(dir.path());
        let (brand, other) = (acme(&store), store.brand("other", Tz::UTC).unwrap());
        let one = |n: i64| {
            let person = store.person("mastodon", &format!("p{}", n % 7));
            case(&format!("c{n}"), hour(n), Some(person))
        };
        let file = |brand, cases: Vec<Case>| {
            for some in cases.chunks(100) {
                let change = Change { cases: some.to_vec(), ..rows(brand, Vec::new()) };
                store.commit(change).unwrap();
            }
        };
        file(brand, (0..600).map(one).collect());
        file(other, (0..200).map(one).collect());
        if is_sealed {
            let mut scan = store.each_case(brand, Time(0)..hour(600));
            scan.next().unwrap().unwrap();
            assert_eq!(store.seal().unwrap(), 0, "nothing moves under a scan");
            drop(scan);
            assert_eq!(store.seal_all().unwrap(), 551 + 151);
        }
        // Answered, dropped, opened earlier than thought: over many blocks in one commit.
        let change = Change {
            cases: (0..60)
                .map(|n| match n % 2 {
                    0 => answered(one(n * 10), hour(599)),
                    _ => Case { opened_at: hour(n * 10 - 7), ..one(n * 10) },
                })
                .collect(),
            dropped_cases: (0..40).map(|n| one(n * 15 + 1)).collect(),
            ..rows(brand, Vec::new())
        };
        store.commit(change).unwrap();
        assert_clean(&store, brand);
        assert_eq!(store.case(brand, "c16").unwrap(), None);
        assert_eq!(store.case(brand, "c30").unwrap().unwrap().opened_at, hour(23));
        let between = store.cases(brand, hour(20)..hour(31)).unwrap();
        let between: Vec<&str> = between.iter().map(|case| &*case.id).collect();
        let wanted = "c20 c21 c22 c23 c30 c24 c25 c26 c27 c28 c29";
        assert_eq!(between.len(), 11);
        assert_eq!(
            between.into_iter().collect::<BTreeSet<_>>(),
            wanted.split(' ').collect::<BTreeSet<_>>()
        );
        assert_eq!(store.open_cases(brand).unwrap().len(), 600 - 40 - 30);
        let erased = store.erase(brand, "mastodon", "p3").unwrap();
        let of_p3 = |n: &i64| n % 7 == 3 && !(n % 15 == 1 && *n < 600);
        assert_eq!(erased.cases, (0..600).filter(of_p3).count() as u64);
        let left = exported(&store);
        let mut acme = left.lines().filter(|line| line.contains("\"brand\":\"acme\""));
        assert!(!acme.any(|line| line.contains("asks c3\"") || line.contains("example.org/c3\"")));
        assert_eq!(store.erase(brand, "mastodon", "p3").unwrap().cases, 0);
        assert!(store.retain(brand, hour(599), &keep).unwrap().cases > 50);
        assert_clean(&store, brand);
        assert!(store.retain(brand, hour(1_090), &keep).unwrap().handles > 10);
        assert_clean(&store, brand);
        assert_eq!(store.cases(other, Time(0)..hour(600)).unwrap().len(), 200);
        assert_clean(&store, other);
        let out = exported(&store);
        let copy = tempfile::tempdir().unwrap();
        let (copy, _) = open(copy.path());
        copy.import_export(out.as_bytes(), &mut |_| {}).unwrap();
        assert_eq!(exported(&copy), out);
        assert_clean(&copy, brand);
        let mut left = store.cases(brand, Time(0)..Time(i64::MAX)).unwrap();
        left.sort_by(|a, b| a.id.cmp(&b.id));
        left.iter_mut().for_each(|case| case.person = None);
        copies.insert(is_sealed, left);
    }
    assert_eq!(copies[&false], copies[&true]);
}

#[test]
fn a_scan_sees_each_row_once_whatever_happens_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    fill(&store, brand, 0..300);
    store.seal_all().unwrap();
    fill(&store, brand, 300..600);
    let mut scan = store.scan(brand, Time(0)..hour(600));
    let mut seen = Vec::new();
    for record in scan.by_ref() {
        let record = record.unwrap();
        let n: i64 = record.id.parse().unwrap();
        seen.push(n);
        if n % 40 == 0 {
            assert_eq!(store.seal().unwrap(), 0, "nothing moves under a scan");
            // The block that is being read grows beyond its bounds and is parted.
            let next = store.record(brand, "mastodon", &(n + 3).to_string()).unwrap();
            let mut next = next.unwrap();
            next.versions[0].text = Some("grown ".repeat(2_000));
            let large: String = (0..9_000).map(|k| char::from(b'a' + (k * k % 23) as u8)).collect();
            next.versions[0].url = Some(large);
            store.commit(rows(brand, vec![next])).unwrap();
            fill(&store, brand, std::iter::once(1_000 + n));
        }
    }
    drop(scan);
    assert_eq!(seen, (0..600).collect::<Vec<_>>());
    assert!(store.seal_all().unwrap() > 0);
    assert_clean(&store, brand);
}

#[test]
fn few_rows_and_large_rows_are_sealed_too() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { seal_least: 32, ..config() };
    let (store, _) = Store::open(dir.path(), &config).unwrap();
    let brand = acme(&store);
    fill(&store, brand, (0..31).chain([100]));
    assert_eq!(store.seal_all().unwrap(), 0, "not enough for a block");
    // Texts that hardly become shorter.
    let mut random = fastrand::Rng::with_seed(1);
    for some in (200..400).collect::<Vec<i64>>().chunks(8) {
        let records = some.iter().map(|n| {
            let mut it = row(&store, &n.to_string(), hour(*n), "ada", Intent::Other);
            it.versions[0].text = Some((0..16_000).map(|_| random.alphanumeric()).collect());
            it
        });
        store.commit(rows(brand, records.collect())).unwrap();
    }
    let sealed = store.seal_all().unwrap();
    assert!((232 - 49 - 31..=232 - 49).contains(&sealed), "{sealed}");
    assert_clean(&store, brand);
    assert_eq!(store.scan(brand, hour(0)..hour(400)).count(), 232);
    drop(store);
    let (store, opening) = Store::open(dir.path(), &config).unwrap();
    assert!(opening.sound && opening.steps.is_empty(), "{:?}", opening.steps);
    assert_clean(&store, brand);
}
