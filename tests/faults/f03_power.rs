//! F3: a power cut between two syncs. Of what was written since the last one, any sectors may have
//! reached the disk, and either length of a file. It opens by itself, nothing that was acknowledged
//! is missing, the change under way is there whole or not at all, and `verify` is clean; also while
//! older cases are sealed, and while the database is compacted.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use affinityd::fault::{Action, Plan, during};
use affinityd::model::{Intent, Sending, Severity, Time};
use affinityd::store::{Change, Store};

use crate::mutator::seed;
use crate::store_kit::{acme, answered, assert_clean, case, day, mail, open, row, rows};

/// A state directory: its files by their path inside.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn read(dir: &Path) -> Files {
    fn walk(dir: &Path, inside: &Path, all: &mut Files) {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            let path = inside.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &path, all);
            } else if let Ok(bytes) = fs::read(entry.path()) {
                all.insert(path, bytes);
            }
        }
    }
    let mut all = Files::new();
    walk(dir, Path::new(""), &mut all);
    all
}

/// What a power cut may leave of a file that was `old` on the disk and `new` in the kernel.
fn torn(old: &[u8], new: &[u8], dice: &mut fastrand::Rng) -> Vec<u8> {
    let sector = if dice.bool() { 4096 } else { 512 };
    let share = *dice.choice(&[0.0, 0.05, 0.5, 0.95, 1.0]).unwrap();
    let length = if dice.bool() { old.len() } else { new.len() };
    let mut left = old.to_vec();
    left.resize(length, 0);
    for (at, piece) in left.chunks_mut(sector).enumerate() {
        let came = new.get(at * sector..).unwrap_or_default();
        let came = &came[..came.len().min(piece.len())];
        if dice.f64() < share {
            piece[..came.len()].copy_from_slice(came);
        }
    }
    left
}

/// Puts what such a cut leaves into a directory.
fn cut(synced: &Files, written: &Files, dir: &Path, dice: &mut fastrand::Rng) {
    let names: BTreeSet<&PathBuf> = synced.keys().chain(written.keys()).collect();
    for name in names {
        let left = match (synced.get(name), written.get(name)) {
            (Some(old), Some(new)) => torn(old, new, dice),
            // Removed or made since: both may have been forgotten.
            (Some(only), None) if dice.bool() => only.clone(),
            (None, Some(only)) if dice.bool() => torn(&[], only, dice),
            _ => continue,
        };
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, left).unwrap();
    }
}

/// What has been acknowledged: posts with the end of their text, cases with whether they were
/// answered, and mails with whether they were sent.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    posts: BTreeMap<String, String>,
    cases: BTreeMap<String, bool>,
    mails: Vec<bool>,
}

impl Known {
    fn of(store: &Store) -> Self {
        let brand = acme(store);
        let all = store.scan(brand, Time(0)..Time(i64::MAX));
        let posts = all.map(|row| row.unwrap()).map(|row| {
            let text = row.versions[0].text.as_deref();
            (row.id, end_of(text.expect("each has a text")))
        });
        let cases = store.cases(brand, Time(0)..Time(i64::MAX)).unwrap();
        let mails = store.mails().unwrap();
        Self {
            posts: posts.collect(),
            cases: cases.into_iter().map(|case| (case.id, case.answer.is_some())).collect(),
            mails: mails.iter().map(|mail| mail.sending == Sending::Done).collect(),
        }
    }
}

fn end_of(text: &str) -> String {
    text[text.len() - 12..].to_owned()
}

/// The next change of a store that lives: pages of all sizes, edits of what is old (so that the
/// database moves its pages and uses their places again), mails and their marks. None is as large
/// as a segment of the database; what that would risk is told at `Engine::flush`.
fn change(store: &Store, known: &mut Known, dice: &mut fastrand::Rng) -> Change {
    let brand = acme(store);
    let mut change = rows(brand, Vec::new());
    let mut ids: Vec<String> = known.posts.keys().cloned().collect();
    dice.shuffle(&mut ids);
    ids.truncate(dice.usize(0..8));
    let long = dice.u8(0..4) == 0;
    let new = if !long && dice.u8(0..4) == 0 { dice.usize(1..40) } else { dice.usize(0..3) };
    let fresh = known.posts.len();
    ids.extend((fresh..fresh + new).map(|n| format!("r{n}")));
    for id in ids {
        let at = day(1).plus(id[1..].parse().unwrap());
        let mut record = row(store, &id, at, "ada", Intent::Complaint);
        let length = if long { 16_000 } else { dice.usize(12..600) };
        let text: String = std::iter::repeat_with(|| dice.alphanumeric()).take(length).collect();
        known.posts.insert(id, end_of(&text));
        record.versions[0].text = Some(text);
        change.records.push(record);
    }
    if dice.bool() {
        // A case a day: they are sealed as they come, and answered when they lie in blocks.
        let of = |n: usize| case(&format!("C-{n}"), day(n as i64), None);
        let fresh = of(known.mails.len());
        let id = fresh.id.clone();
        change.cases = vec![fresh];
        known.cases.insert(id.clone(), false);
        if !known.mails.is_empty() {
            let old = answered(of(dice.usize(0..known.mails.len())), day(900));
            known.cases.insert(old.id.clone(), true);
            change.cases.push(old);
        }
        change.mails_new = vec![mail(&[&id], Severity::Normal, day(1))];
        known.mails.push(false);
    } else if let Some(at) = known.mails.iter().position(|sent| !sent) {
        let mut sent = store.mail(at as u64 + 1).unwrap().unwrap();
        sent.sending = Sending::Done;
        change.mails = vec![sent];
        known.mails[at] = true;
    }
    change
}

#[test]
fn a_power_cut_takes_nothing_that_was_acknowledged() {
    let cuts = super::rounds(20, 200);
    let seed = seed();
    println!("AFFINITYD_SEED={seed}");
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    acme(&store);
    // Before and after the change under way.
    let known = Arc::new(Mutex::new((Known::of(&store), Known::of(&store))));
    let synced = Arc::new(Mutex::new(read(dir.path())));
    let done = Arc::new(Mutex::new((0, 0)));
    let home = dir.path().to_owned();
    let at_sync = {
        let (synced, home) = (synced.clone(), home.clone());
        move |_| *synced.lock().unwrap() = read(&home)
    };
    let at_blobs = {
        let (synced, home) = (synced.clone(), home.clone());
        move |_| {
            let blobs = Path::new("db/blobs");
            let now = read(&home.join(blobs)).into_iter();
            synced.lock().unwrap().extend(now.map(|(path, bytes)| (blobs.join(path), bytes)));
        }
    };
    let before_sync = {
        let (known, done) = (known.clone(), done.clone());
        let mut dice = fastrand::Rng::with_seed(seed);
        move |hit| {
            // Most syncs go well, so that the store grows old between two cuts.
            if dice.u8(0..8) != 0 {
                return;
            }
            let written = read(&home);
            let synced = synced.lock().unwrap();
            let (before, after) = known.lock().unwrap().clone();
            let left = tempfile::tempdir().unwrap();
            cut(&synced, &written, left.path(), &mut dice);
            let (found, opening) = open(left.path());
            assert!(
                opening.sound && !opening.held && opening.steps.is_empty(),
                "cut {hit}: {opening:?}"
            );
            assert_clean(&found, acme(&found));
            let found = Known::of(&found);
            assert!(
                found == before || found == after,
                "cut {hit}: {} posts and {} mails of {} and {}",
                found.posts.len(),
                found.mails.len(),
                before.posts.len(),
                before.mails.len()
            );
            let mut done = done.lock().unwrap();
            done.0 += 1;
            done.1 += usize::from(found == after && before != after);
        }
    };
    let plan = Plan::default()
        .at("store.blobs", 0, Action::Call(Box::new(at_blobs)))
        .at("store.sync", 0, Action::Call(Box::new(before_sync)))
        .at("store.synced", 0, Action::Call(Box::new(at_sync)));
    let dice = Rc::new(RefCell::new(fastrand::Rng::with_seed(seed)));
    during(plan, || {
        while done.lock().unwrap().0 < cuts {
            let mut next = known.lock().unwrap().1.clone();
            let change = change(&store, &mut next, &mut dice.borrow_mut());
            known.lock().unwrap().1 = next;
            store.commit(change).unwrap();
            let mut known = known.lock().unwrap();
            known.0 = known.1.clone();
            drop(known);
            store.seal().unwrap();
        }
    });
    let (cuts, whole) = *done.lock().unwrap();
    let posts = known.lock().unwrap().0.posts.len();
    let size = fs::metadata(dir.path().join("db/db")).unwrap().len() >> 10;
    println!("{cuts} cuts, {whole} with the change under way; {posts} posts, {size} KiB");
}

/// What lies in the directories of a state directory, by the inode of each, for they are renamed.
type Inside = BTreeMap<u64, Files>;

fn inside(home: &Path) -> Inside {
    let names = ["db", "db.new", "db.old"].map(|name| home.join(name));
    let there = names.into_iter().filter_map(|dir| Some((fs::metadata(&dir).ok()?.ino(), dir)));
    there.map(|(inode, dir)| (inode, read(&dir))).collect()
}

/// Cuts the power while the copy is written, and between its renames, of which the disk may have
/// each or none: what was acknowledged is there, and nothing is left of the other database.
#[test]
fn a_power_cut_takes_nothing_while_it_is_compacted() {
    let seed = seed();
    println!("AFFINITYD_SEED={seed}");
    let mut dice = fastrand::Rng::with_seed(seed);
    let cuts = Arc::new(Mutex::new(BTreeMap::new()));
    for _ in 0..super::rounds(2, 20) {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = open(dir.path());
        acme(&store);
        let mut known = Known::of(&store);
        for _ in 0..dice.usize(5..40) {
            let change = change(&store, &mut known, &mut dice);
            store.commit(change).unwrap();
            store.seal().unwrap();
        }
        let home = dir.path().to_owned();
        let synced = Arc::new(Mutex::new(inside(&home)));
        let at_sync = {
            let (synced, home) = (synced.clone(), home.clone());
            move |_| *synced.lock().unwrap() = inside(&home)
        };
        let at = |point: &'static str, dice: &mut fastrand::Rng| {
            let (synced, home, known) = (synced.clone(), home.clone(), known.clone());
            let (cuts, mut dice) = (cuts.clone(), dice.fork());
            move |_| {
                let written = inside(&home);
                let inode = |name| fs::metadata(home.join(name)).map(|about| about.ino());
                let old = inode(if point == "store.aside" { "db.old" } else { "db" }).unwrap();
                let new = inode("db.new").unwrap();
                // Without a sync between them, renames may reach the disk in any order.
                let names: &[&[_]] = match point {
                    "store.aside" => &[
                        &[("db", old), ("db.new", new)],
                        &[("db.old", old), ("db.new", new)],
                        &[("db.old", old), ("db", new)],
                        &[("db", new)],
                    ],
                    _ => &[&[("db", old), ("db.new", new)], &[("db", old)]],
                };
                for names in names {
                    let left = tempfile::tempdir().unwrap();
                    fs::copy(home.join("witness"), left.path().join("witness")).unwrap();
                    let none = Files::new();
                    for (name, inode) in *names {
                        let synced = synced.lock().unwrap();
                        let synced = synced.get(inode).unwrap_or(&none);
                        cut(synced, &written[inode], &left.path().join(name), &mut dice);
                    }
                    let (found, opening) = open(left.path());
                    assert!(opening.sound && !opening.held, "{point}, {names:?}: {opening:?}");
                    assert_clean(&found, acme(&found));
                    assert_eq!(Known::of(&found), known, "{point}, {names:?}");
                    for other in ["db.new", "db.old"] {
                        assert!(!left.path().join(other).exists(), "{point}, {names:?}: {other}");
                    }
                    *cuts.lock().unwrap().entry(point).or_insert(0) += 1;
                }
            }
        };
        let plan = ["store.sync", "store.copied", "store.aside"].into_iter().fold(
            Plan::default().at("store.synced", 0, Action::Call(Box::new(at_sync))),
            |plan, point| plan.at(point, 0, Action::Call(Box::new(at(point, &mut dice)))),
        );
        during(plan, || store.compact(0).unwrap().expect("it has never been compacted"));
        assert_eq!(Known::of(&store), known);
    }
    let cuts = cuts.lock().unwrap();
    println!("{cuts:?}");
    assert_eq!(cuts.len(), 3, "{cuts:?}");
}
