//! Damage, and what opening makes of it; export and import; retention and erasure.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use affinityd::model::{Intent, Sending, Severity};
use affinityd::store::{BrandKey, Change, Error, OpenError, Retention, Store};

use crate::store_kit::{
    acme, answered, assert_clean, case, config, day, exported, mail, open, row, rows,
};

fn fill(store: &Store, from: i64, to: i64) -> BrandKey {
    let brand = acme(store);
    for n in from..to {
        let record = row(store, &format!("r{n}"), day(n), "ada", Intent::Complaint);
        let mut change = rows(brand, vec![record]);
        change.cases = vec![case(&format!("C-{n}"), day(n), record_person(store))];
        change.mails_new = vec![mail(&[&format!("C-{n}")], Severity::Normal, day(n))];
        change.values = vec![
            ("session/main".to_owned(), Some(serde_json::json!("secret-token"))),
            ("groups".to_owned(), Some(serde_json::json!([1, null, "x"]))),
        ];
        store.commit(change).unwrap();
    }
    brand
}

fn record_person(store: &Store) -> Option<affinityd::model::Person> {
    Some(store.person("mastodon", "ada"))
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn garble(dir: &Path) {
    let db = dir.join("db/db");
    let length = fs::metadata(&db).unwrap().len();
    fs::write(&db, vec![0xa5; length as usize]).unwrap();
}

#[test]
fn leftovers_of_a_crash_while_opening_are_cleared() {
    let dir = tempfile::tempdir().unwrap();
    let brand = fill(&open(dir.path()).0, 0, 20);
    let db = dir.path().join("db");
    fs::write(db.join("snap.FFFFFFFFFFFFFFFF.generating"), b"half").unwrap();
    let (store, opening) = open(dir.path());
    assert_eq!(opening.steps, ["removed an unfinished snapshot"]);
    assert_eq!(store.rows(brand).unwrap(), 20);
    drop(store);
    for name in names(&db).iter().filter(|name| name.starts_with("snap.")) {
        fs::write(db.join(name), b"").unwrap();
    }
    let (store, opening) = open(dir.path());
    assert_eq!(opening.steps, ["moved damaged snapshots aside"]);
    assert!(opening.sound);
    assert_eq!(store.rows(brand).unwrap(), 20);
    assert_clean(&store, brand);
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn what_a_commit_has_returned_from_is_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    for n in 0..24 {
        let brand = fill(&store, n, n + 1);
        // The files as a killed process would leave them, after a page and after a batch of old rows
        // was sealed; journals are merged every 8 ids.
        for _ in 0..2 {
            let crashed = tempfile::tempdir().unwrap();
            copy(&dir.path().join("db"), &crashed.path().join("db"));
            let (after, opening) = open(crashed.path());
            assert!(opening.sound && opening.steps.is_empty(), "{:?}", opening.steps);
            assert_eq!(after.rows(brand).unwrap(), n as u64 + 1);
            assert_eq!(after.mails().unwrap().len() as i64, n + 1);
            assert_clean(&after, brand);
            store.seal().unwrap();
        }
    }
}

#[test]
fn a_damaged_database_is_replaced_by_the_newest_whole_export_and_mail_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = fill(&store, 0, 5);
    store.nightly_export(day(1)).unwrap();
    fill(&store, 5, 8);
    let newest = store.nightly_export(day(2)).unwrap();
    drop(store);
    // The newest was cut short, the database is garbage.
    let text = fs::read(&newest).unwrap();
    fs::write(&newest, &text[..text.len() * 2 / 3]).unwrap();
    garble(dir.path());
    let (store, opening) = open(dir.path());
    assert!(opening.held && opening.sound, "{:?}", opening.steps);
    assert!(opening.steps.iter().any(|s| s.starts_with("could not restore export-19700103")));
    assert!(opening.steps.iter().any(|s| s.starts_with("restored export-19700102")));
    assert_eq!(names(dir.path()).iter().filter(|n| n.starts_with("db.broken-")).count(), 1);
    assert_eq!(store.rows(brand).unwrap(), 5);
    assert_clean(&store, brand);
    assert_eq!(store.due_mail(day(99)).unwrap(), []);
    assert!(store.mails().unwrap().iter().all(|m| m.sending == Sending::Held));
    drop(store);
    let (store, opening) = open(dir.path());
    assert!(opening.held, "held until a person says so, not until the next start");
    assert_eq!(store.release_mail().unwrap(), 5);
    assert_eq!(store.due_mail(day(99)).unwrap().len(), 5);
    drop(store);
    assert!(!open(dir.path()).1.held);
}

#[test]
fn a_damaged_database_without_an_export_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path()).0, 0, 5);
    let exports = dir.path().join("exports");
    fs::create_dir(&exports).unwrap();
    fs::write(exports.join("export-19700102T000000Z.jsonl"), b"{\"type\":\"hea").unwrap();
    garble(dir.path());
    let before = names(dir.path());
    for _ in 0..2 {
        let error = Store::open(dir.path(), &config()).err().expect("there is nothing to restore");
        assert!(
            matches!(&error, OpenError::Broken { tried, .. } if tried.contains("line 1")),
            "{error}"
        );
        assert_eq!(names(dir.path()), before);
    }
}

#[test]
fn an_interrupted_restore_is_ended_or_undone() {
    let dir = tempfile::tempdir().unwrap();
    let brand = fill(&open(dir.path()).0, 0, 3);
    fs::rename(dir.path().join("db"), dir.path().join("db.restoring")).unwrap();
    let (store, opening) = open(dir.path());
    assert_eq!(opening.steps, ["ended a restore that had been interrupted"]);
    assert_eq!(store.rows(brand).unwrap(), 3);
    drop(store);
    fs::create_dir(dir.path().join("db.restoring")).unwrap();
    let (store, opening) = open(dir.path());
    assert_eq!(opening.steps, ["removed a restore that had not ended"]);
    assert_eq!(store.rows(brand).unwrap(), 3);
}

#[test]
fn nobody_else_can_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("state");
    let (store, _) = open(&home);
    fill(&store, 0, 2);
    let export = store.nightly_export(day(1)).unwrap();
    drop(store);
    drop(open(&home));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&home), mode(&home.join("db")), mode(&home.join("exports"))),
        (0o700, 0o700, 0o700)
    );
    assert_eq!(
        (mode(&export), mode(&home.join("db/db")), mode(&home.join("lock"))),
        (0o600, 0o600, 0o600)
    );
}

#[test]
fn exports_come_back_to_the_same_state_and_hold_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = fill(&store, 0, 12);
    store.erase(brand, "mastodon", "nobody").unwrap();
    let out = exported(&store);
    assert!(!out.contains("secret-token") && out.contains("\"groups\""));
    let copy = tempfile::tempdir().unwrap();
    let (copy, _) = open(copy.path());
    let done = copy.import_export(out.as_bytes(), &mut |_| {}).unwrap();
    assert_eq!((done.interactions, done.lines), (12, out.lines().count() as u64));
    assert_eq!(exported(&copy), out);
    assert_clean(&copy, brand);
    assert_eq!(copy.person("mastodon", "ada"), store.person("mastodon", "ada"));
    assert_eq!(copy.due_mail(day(99)).unwrap(), store.due_mail(day(99)).unwrap());
    copy.commit(Change { mails_new: vec![mail(&[], Severity::Low, day(1))], ..Change::default() })
        .unwrap();
    assert_eq!(copy.mails().unwrap().last().map(|m| m.seq), Some(13));
    assert!(matches!(copy.import_export(out.as_bytes(), &mut |_| {}), Err(Error::NotEmpty)));
}

#[test]
fn a_bad_or_cut_export_leaves_an_empty_store_and_names_the_line() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    fill(&store, 0, 6);
    let out = exported(&store);
    let lines: Vec<&str> = out.lines().collect();
    let without = |n: usize| -> String {
        lines.iter().enumerate().filter(|(at, _)| *at != n).map(|(_, l)| format!("{l}\n")).collect()
    };
    let copy = tempfile::tempdir().unwrap();
    let (copy, _) = open(copy.path());
    let person = copy.person("mastodon", "ada");
    let last = lines.len();
    for (case, text, wanted) in [
        ("nothing", String::new(), 1),
        (
            "cut in the middle of a line",
            out[..out.len() / 2].to_owned(),
            out[..out.len() / 2].lines().count(),
        ),
        ("cut before the footer", without(last - 1), last),
        ("one line is missing", without(4), last - 1),
        ("the header is missing", without(0), 1),
        ("the brand is missing", without(1), 2),
        (
            "a line comes twice",
            out.replacen(lines[3], &format!("{}\n{}", lines[3], lines[3]), 1),
            5,
        ),
        ("no JSON", out.replacen(lines[5], "{oops", 1), 6),
        ("something behind the footer", format!("{out}{}\n", lines[3]), last + 1),
    ] {
        match copy.import_export(text.as_bytes(), &mut |_| {}) {
            Err(Error::BadLine { line, .. }) => assert_eq!(line, wanted as u64, "{case}"),
            other => panic!("{case}: {other:?}"),
        }
        assert_eq!(copy.brands(), [], "{case}");
        assert_eq!(copy.mails().unwrap(), [], "{case}");
        assert_eq!(copy.person("mastodon", "ada"), person, "{case}: the seed is its own again");
    }
    copy.import_export(out.as_bytes(), &mut |_| {}).unwrap();
    assert_eq!(exported(&copy), out);
}

#[test]
fn only_the_newest_exports_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    fill(&store, 0, 1);
    for n in 1..10 {
        store.nightly_export(day(n)).unwrap();
    }
    let kept = names(&dir.path().join("exports"));
    assert_eq!(kept.len(), 7);
    assert_eq!(kept[0], "export-19700104T000000Z.jsonl");
}

#[test]
fn age_takes_words_then_handles_then_rows_and_leaves_counts() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    let (ada, bo) = (store.person("mastodon", "ada"), store.person("mastodon", "bo"));
    let mut change = rows(
        brand,
        vec![
            row(&store, "old", day(1), "ada", Intent::Complaint),
            row(&store, "new", day(300), "ada", Intent::Praise),
            row(&store, "bo", day(300), "bo", Intent::Complaint),
        ],
    );
    // Bo's case ended late, so his handle stays; Ada's never ended, but has lapsed.
    change.cases = vec![
        case("C-ada", day(1), Some(ada)),
        answered(case("C-bo", day(300), Some(bo)), day(480)),
    ];
    change.mails_new = vec![mail(&[], Severity::Low, day(1)), mail(&[], Severity::Low, day(1))];
    store.commit(change).unwrap();
    let mut sent = store.mail(1).unwrap().unwrap();
    sent.sending = Sending::Done;
    store.commit(Change { mails: vec![sent], ..Change::default() }).unwrap();
    let done = store.retain(brand, day(500), &Retention::default()).unwrap();
    assert_eq!((done.rows, done.texts, done.handles, done.cases, done.mails), (1, 2, 1, 1, 1));
    assert_eq!(store.retain(brand, day(500), &Retention::default()).unwrap(), Default::default());
    assert_eq!(store.record(brand, "mastodon", "old").unwrap(), None);
    let new = store.record(brand, "mastodon", "new").unwrap().unwrap();
    assert_eq!(
        (&new.versions[0].text, &new.versions[0].author, new.person),
        (&None, &None, Some(ada))
    );
    assert_eq!(new.latest().unwrap().intent, Intent::Praise);
    let bos = store.record(brand, "mastodon", "bo").unwrap().unwrap();
    assert!(bos.versions[0].author.is_some() && bos.versions[0].text.is_none());
    let summary = store.author(brand, ada).unwrap().unwrap();
    assert_eq!((summary.items, summary.first_at), (2, day(1)), "summaries outlive rows");
    let days = store.days(brand, chrono::NaiveDate::MIN, chrono::NaiveDate::MAX).unwrap();
    assert_eq!(days.len(), 2, "and so do counts");
    assert_eq!(store.mails().unwrap().len(), 1);
    assert_clean(&store, brand);
    // A new zone rebuilds only what is still held.
    store.brand("acme", chrono_tz::Tz::Asia__Tokyo).unwrap();
    assert_eq!(store.days(brand, chrono::NaiveDate::MIN, chrono::NaiveDate::MAX).unwrap().len(), 2);
    assert_clean(&store, brand);
}

#[test]
fn an_erased_person_is_gone_and_does_not_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    let (ada, bo) = (store.person("mastodon", "ada"), store.person("mastodon", "bo"));
    let mut change = rows(
        brand,
        vec![
            row(&store, "a", day(1), "ada", Intent::Complaint),
            row(&store, "b", day(2), "bo", Intent::Complaint),
        ],
    );
    change.cases = vec![case("C-a", day(1), Some(ada)), case("C-b", day(2), Some(bo))];
    change.bots = vec![(ada, day(1))];
    change.mails_new =
        vec![mail(&["C-a"], Severity::Low, day(1)), mail(&["C-b"], Severity::Low, day(1))];
    store.commit(change.clone()).unwrap();
    let done = store.erase(brand, "mastodon", "@Ada@example.org").unwrap();
    assert_eq!((done.persons, done.rows, done.cases, done.mails), (1, 1, 1, 1));
    assert!(store.is_erased(brand, ada).unwrap() && !store.is_erased(brand, bo).unwrap());
    // It is seen again: a poll that had begun before, or a case that is still being worked on.
    store.commit(Change { mails_new: Vec::new(), ..change }).unwrap();
    let look = |store: &Store| {
        let a = store.record(brand, "mastodon", "a").unwrap().unwrap();
        assert_eq!(
            (a.person, a.versions[0].author.as_ref(), a.versions[0].text.as_ref()),
            (None, None, None)
        );
        assert_eq!(a.versions[0].url, None);
        let case = store.case(brand, "C-a").unwrap().unwrap();
        assert_eq!((case.person, case.author, case.permalink), (None, None, None));
        assert_eq!(store.author(brand, ada).unwrap(), None);
        assert!(store.accounts(brand).unwrap().bots.is_empty());
        assert_eq!(store.due_mail(day(9)).unwrap().iter().map(|m| m.seq).collect::<Vec<_>>(), [2]);
        assert!(store.author(brand, bo).unwrap().is_some());
        assert_clean(store, brand);
    };
    look(&store);
    let out = exported(&store);
    let left: Vec<&str> = out.lines().filter(|line| line.contains("ada")).collect();
    assert!(left.is_empty() && out.contains("bo@example.org"), "{left:#?}");
    let copy = tempfile::tempdir().unwrap();
    let (copy, _) = open(copy.path());
    copy.import_export(out.as_bytes(), &mut |_| {}).unwrap();
    assert!(copy.is_erased(brand, ada).unwrap(), "the tombstone travels");
    drop(store);
    look(&open(dir.path()).0);
}
