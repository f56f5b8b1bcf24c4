//! A process that seals and merges on nearly each page, and compacts now and then, is killed again and again: what it said was
//! kept is kept, once, and everything fits together. And a process that has read everything has
//! given the memory back.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use affinityd::model::{Intent, Time};
use affinityd::store::{BrandKey, Store};

use crate::faults::rounds;
use crate::store_kit::{acme, answered, assert_clean, case, config, day, open, row, rows};

/// Names the directory for the tests below that are run as processes of their own.
pub const DIR: &str = "AFFINITYD_TEST_STORE";
const PAGE: i64 = 8;

/// Runs an ignored test of the store as a process of its own.
pub fn process(test: &str, dir: &Path, with: impl FnOnce(&mut Command)) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = format!("store::{test}");
    command.args(["--exact", &name, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(DIR, dir).stdout(Stdio::piped()).stderr(Stdio::null());
    with(&mut command);
    command.spawn().unwrap()
}

fn page(store: &Store, brand: BrandKey, n: i64) {
    let records = (0..PAGE).map(|k| {
        // Every ninth comes late, every eleventh is one known long since.
        let id = if (n * PAGE + k) % 11 == 10 { (n * PAGE + k) / 2 } else { n * PAGE + k };
        let late = if id % 9 == 8 { 40 * Time::DAY } else { 0 };
        let at = day(100).plus(id * 4 * Time::HOUR - late);
        row(store, &id.to_string(), at, &format!("p{}", id % 50), Intent::Other)
    });
    let mut change = rows(brand, records.collect());
    // Every other opens a case; of those known long since it is answered.
    for record in change.records.iter().filter(|record| opens(record.id.parse().unwrap())) {
        let opened = case(&format!("c{}", record.id), record.key_at, record.person);
        let is_known =
            record.key_at.plus(4 * PAGE * Time::HOUR) < day(100).plus(n * PAGE * 4 * Time::HOUR);
        change.cases.push(if is_known { answered(opened, day(9_000)) } else { opened });
    }
    store.commit(change).unwrap();
}

fn opens(id: i64) -> bool {
    id % 2 == 0
}

#[test]
#[ignore = "runs until it is killed; started by the test below"]
fn writes_pages_for_ever() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let say = |text: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{text}").unwrap();
        out.flush().unwrap();
    };
    say("opening".to_owned());
    let (store, _) = open(dir.as_ref());
    let brand = acme(&store);
    let begin: i64 = store.value("next").unwrap().unwrap_or(0);
    for n in begin.. {
        page(&store, brand, n);
        let change = affinityd::store::Change {
            values: vec![("next".to_owned(), Some(serde_json::json!(n + 1)))],
            ..Default::default()
        };
        store.commit(change).unwrap();
        say(format!("kept {n}"));
        store.seal().unwrap();
        store.compact(50).unwrap();
    }
}

fn writing(dir: &Path) -> Child {
    process("kill::writes_pages_for_ever", dir, |_| {})
}

/// Reads what a process says until so many pages are kept, kills it, and gives the last page.
fn kill_after(mut child: Child, pages: usize) -> Option<i64> {
    let mut last = None;
    let mut kept = 0;
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        if let Some(n) = line.strip_prefix("kept ") {
            last = Some(n.parse().unwrap());
            kept += 1;
        }
        if kept == pages && (pages > 0 || line == "opening") {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    last
}

#[test]
fn a_process_killed_while_it_seals_and_merges_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(3);
    let mut last = -1;
    for round in 0..rounds(5, 60) {
        let kept = kill_after(writing(dir.path()), random.usize(1..25));
        last = kept.expect("at least one page").max(last);
        if round % 3 == 2 {
            kill_after(writing(dir.path()), 0);
        }
        let (store, opening) = open(dir.path());
        let is_fine = opening.steps.iter().all(|step| step.contains("compaction"));
        assert!(opening.sound && is_fine, "round {round}: {:?}", opening.steps);
        let brand = acme(&store);
        assert_clean(&store, brand);
        // A page whose word did not get out may be there, even several times in a row.
        let ids = store.scan(brand, Time(0)..Time(i64::MAX)).map(|r| r.unwrap().id);
        let ids: BTreeSet<i64> = ids.map(|id| id.parse().unwrap()).collect();
        for n in (0..(last + 1) * PAGE).filter(|n| n % 11 != 10) {
            assert!(ids.contains(&n), "round {round}: {n} was kept");
        }
        assert_eq!(store.rows(brand).unwrap(), ids.len() as u64, "round {round}");
        let cases = store.cases(brand, Time(0)..Time(i64::MAX)).unwrap();
        let cases: Vec<i64> = cases.iter().map(|case| case.id[1..].parse().unwrap()).collect();
        let wanted: Vec<i64> = ids.iter().copied().filter(|id| opens(*id)).collect();
        assert_eq!(cases.len(), wanted.len(), "round {round}: each case once");
        assert_eq!(cases.into_iter().collect::<BTreeSet<_>>(), wanted.into_iter().collect());
    }
}

fn anonymous_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[test]
#[ignore = "measures its own process; started by the test below"]
fn reads_everything() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let (store, _) = open(dir.as_ref());
    let brand = acme(&store);
    let before = anonymous_mb();
    let read =
        store.scan(brand, Time(0)..Time(i64::MAX)).inspect(|row| assert!(row.is_ok())).count();
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nread {read} {before} {}", anonymous_mb()).unwrap();
}

#[test]
fn whoever_has_read_everything_gives_the_memory_back() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = rounds(12_000, 300_000) as i64;
    let config = affinityd::store::Config { journal_ids: 16_384, ..config() };
    let (store, _) = Store::open(dir.path(), &config).unwrap();
    let brand = acme(&store);
    for some in (0..wanted).collect::<Vec<_>>().chunks(64) {
        let records = some.iter().map(|n| {
            let at = day(100).plus(n * Time::MINUTE);
            let mut it = row(&store, &n.to_string(), at, &format!("p{}", n % 999), Intent::Other);
            it.versions[0].text = Some(format!("{n} {}", "some words of it ".repeat(120)));
            it
        });
        store.commit(rows(brand, records.collect())).unwrap();
    }
    let mut store = Some(store);
    for sealed in [false, true] {
        if sealed {
            store = Some(open(dir.path()).0);
            store.as_ref().unwrap().seal_all().unwrap();
        }
        drop(store.take());
        let child = process("kill::reads_everything", dir.path(), |_| {});
        let out = child.wait_with_output().unwrap();
        let out = String::from_utf8(out.stdout).unwrap();
        let said = out.lines().find_map(|line| line.strip_prefix("read ")).unwrap();
        let said: Vec<i64> = said.split(' ').map(|n| n.parse().unwrap()).collect();
        assert_eq!(said[0], wanted, "sealed: {sealed}");
        let (before, after) = (said[1], said[2]);
        // 25 MB of rows a day, 600 MB a night; the cache is 4 MB.
        assert!(after < 60 && after - before < 16, "sealed {sealed}: {before} MB, then {after} MB");
    }
}
