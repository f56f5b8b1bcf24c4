//! F23: one byte flipped, a file cut short at any point, a file deleted. Never a panic loop: it
//! opens with everything, or restores the newest export and holds mail, or stops with exit code 78
//! and says what to do. No wrong digest is sent.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use affinityd::model::{Intent, Severity};
use affinityd::store::{Change, OpenError, Store};

use crate::binary::until;
use crate::flow::{Flow, is_clean};
use crate::store_kit::{acme, case, config, day, mail, open, row, rows};

/// Rows that the export holds, and all.
const EXPORTED: u64 = 20;
const ALL: u64 = 30;

/// A state directory: its files by their path inside.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn read(dir: &Path, inside: &Path, all: &mut Files) {
    for entry in fs::read_dir(dir.join(inside)).unwrap().flatten() {
        let path = inside.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            read(dir, &path, all);
        } else {
            all.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}

fn write(files: &Files, dir: &Path) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// A store that was exported in between.
fn whole() -> Files {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let ada = Some(store.person("mastodon", "ada"));
    for n in 0..ALL as i64 {
        if n as u64 == EXPORTED {
            store.nightly_export(day(1)).unwrap();
        }
        let record = row(&store, &format!("r{n}"), day(n), "ada", Intent::Complaint);
        let id = format!("C-{n}");
        store
            .commit(Change {
                cases: vec![case(&id, day(n), ada)],
                mails_new: vec![mail(&[&id], Severity::Normal, day(n))],
                ..rows(acme(&store), vec![record])
            })
            .unwrap();
    }
    drop(store);
    let mut all = Files::new();
    read(dir.path(), Path::new(""), &mut all);
    all
}

/// What becomes of a damaged store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Whole,
    Restored,
    Refused,
}

fn opened(files: &Files, what: &str) -> End {
    let dir = tempfile::tempdir().unwrap();
    write(files, dir.path());
    let (store, opening) = match Store::open(dir.path(), &config()) {
        Ok(opened) => opened,
        Err(error @ OpenError::Broken { .. }) => {
            assert!(error.to_string().contains("move"), "{what}: no hint in `{error}`");
            return End::Refused;
        }
        Err(error) => panic!("{what}: {error}"),
    };
    let found = store.rows(acme(&store)).unwrap();
    is_clean(&store);
    let end = if found == ALL && store.mails().unwrap().len() as u64 == ALL {
        End::Whole
    } else {
        assert!(opening.held, "{what}: {found} rows, and mail is not held: {opening:?}");
        assert!(store.due_mail(day(999)).unwrap().is_empty(), "{what}");
        assert!((EXPORTED..=ALL).contains(&found), "{what}: {found} rows, {opening:?}");
        End::Restored
    };
    drop(store);
    let (store, again) = open(dir.path());
    assert!(again.steps.is_empty(), "{what}: it is over: {again:?}");
    assert_eq!((store.rows(acme(&store)).unwrap(), again.held), (found, opening.held), "{what}");
    end
}

/// One change of one file below `db`, in words.
fn damage(files: &mut Files, dice: &mut fastrand::Rng, is_cut: bool) -> String {
    let names: Vec<PathBuf> = files
        .iter()
        .filter(|(n, b)| n.starts_with("db") && !b.is_empty())
        .map(|(n, _)| n.clone())
        .collect();
    // Mostly the one that holds everything.
    let name = match dice.u8(0..10) {
        0 => dice.choice(&names).unwrap().clone(),
        _ => PathBuf::from("db/db"),
    };
    let bytes = files.get_mut(&name).unwrap();
    let at = dice.usize(0..bytes.len());
    if is_cut {
        bytes.truncate(at);
        return format!("{} cut at {at}", name.display());
    }
    let mask = dice.u8(1..=255);
    bytes[at] ^= mask;
    format!("{} at {at} ^ {mask:#x}", name.display())
}

#[test]
fn whatever_byte_or_end_is_lost_it_is_whole_restored_or_refused() {
    let mut dice = fastrand::Rng::with_seed(fastrand::u64(..));
    println!("seed {}", dice.get_seed());
    let whole = whole();
    let (flips, cuts) = (super::rounds(40, 1000), super::rounds(15, 200));
    let mut ends: BTreeMap<(bool, End), usize> = BTreeMap::new();
    for round in 0..flips + cuts {
        let mut files = whole.clone();
        let what = damage(&mut files, &mut dice, round >= flips);
        *ends.entry((round >= flips, opened(&files, &what))).or_default() += 1;
    }
    println!("{ends:?}");
    assert!(ends.keys().any(|(_, end)| *end == End::Restored), "some damage must hit something");
    assert!(ends.keys().all(|(_, end)| *end != End::Refused), "there is an export to restore");
    for name in whole.keys() {
        let mut files = whole.clone();
        files.remove(name);
        println!("without {}: {:?}", name.display(), opened(&files, &format!("{name:?} deleted")));
    }
}

#[test]
fn without_an_export_damage_is_refused_and_nothing_is_moved() {
    let mut dice = fastrand::Rng::with_seed(fastrand::u64(..));
    println!("seed {}", dice.get_seed());
    let mut whole = whole();
    whole.retain(|name, _| !name.starts_with("exports"));
    let mut refused = 0;
    for round in 0..super::rounds(20, 200) {
        let mut files = whole.clone();
        let what = damage(&mut files, &mut dice, round % 2 == 0);
        let dir = tempfile::tempdir().unwrap();
        write(&files, dir.path());
        match Store::open(dir.path(), &config()) {
            Ok((store, opening)) => {
                let found = store.rows(acme(&store)).unwrap();
                assert!(found == ALL || opening.held, "{what}: {found} rows, {opening:?}");
            }
            Err(OpenError::Broken { .. }) => {
                refused += 1;
                let mut left = Files::new();
                read(dir.path(), Path::new(""), &mut left);
                let lost = files.keys().filter(|name| !left.contains_key(*name)).count();
                let is_aside = left.keys().any(|name| name.starts_with("snapshots.broken-"));
                assert!(lost == 0 || is_aside, "{what}");
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }
    println!("{refused} refused");
}

#[test]
fn the_daemon_runs_with_mail_held_or_stops_with_78_and_a_hint() {
    let mut dice = fastrand::Rng::with_seed(fastrand::u64(..));
    println!("seed {}", dice.get_seed());
    let whole = whole();
    for round in 0..super::rounds(3, 30) {
        let flow = Flow::new("");
        let mut files = whole.clone();
        // The middle: nothing of it can be taken for the end of the log.
        files.get_mut(Path::new("db/db")).unwrap()[300..20_000].fill(dice.u8(1..));
        let has_export = round % 3 != 0;
        files.retain(|name, _| has_export || !name.starts_with("exports"));
        write(&files, &flow.place.path("state"));
        let mut daemon = flow.start("");
        until(
            "an answer",
            || daemon.has_ended() || flow.fake.asked("notifications") > 2,
            || fs::read_to_string(flow.place.path("log")).unwrap(),
        );
        let log = daemon.log();
        if has_export {
            assert!(log.contains("mail is held until"), "{log}");
            let status = flow.place.run(&["status"]);
            assert!(status.code == 1 && status.out.contains("release-mail"), "{}", status.out);
            daemon.signal(rustix::process::Signal::TERM);
            assert_eq!(daemon.end().0, Some(0));
            assert!(flow.sink.mails().is_empty(), "neither a mail nor a digest leaves");
        } else {
            assert_eq!(daemon.end().0, Some(78), "{log}");
            assert!(log.contains("nothing to restore") && log.contains("move"), "{log}");
        }
    }
}
