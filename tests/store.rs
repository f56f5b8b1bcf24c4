//! What the store has said is done stays done, whatever comes after.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/store_compact.rs"]
mod compact;
#[path = "support/store_kill.rs"]
mod kill;
#[path = "support/store_model.rs"]
mod model;
#[path = "support/store_repair.rs"]
mod repair;
#[path = "support/store_seal.rs"]
mod seal;

use crate::store_kit::{
    acme, answered, assert_clean, case, config, day, exported, filed, mail, open, row, rows,
};
use affinityd::model::{
    Act, ActKind, Gap, Health, Intent, Kind, Mark, Sending, Severity, SourceState, Time, Trouble,
};
use affinityd::store::{Change, Error, MAX_TEXT};
use chrono::NaiveDate;
use chrono_tz::Tz;

#[test]
fn a_change_is_there_as_a_whole_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (store, opening) = open(dir.path());
    assert!(opening.steps.is_empty() && opening.sound && !opening.held);
    let brand = acme(&store);
    let mark = Mark {
        cursor: Some("c".to_owned()),
        end_at: Some(day(3)),
        gaps: vec![Gap {
            after: None,
            before: Some(day(1)),
            why: "cap".to_owned(),
            noticed_at: day(3),
        }],
    };
    let source = SourceState {
        account: "main".to_owned(),
        stream: "search:acme".to_owned(),
        health: Health::Failing,
        last_success_at: None,
        last_found_at: None,
        trouble: Some((Trouble::Unreachable("no answer".to_owned()), day(2))),
        failures: 2,
        next_at: Some(day(4)),
    };
    let ada = store.person("mastodon", "ada");
    let mut change = rows(brand, vec![row(&store, "a", day(1), "ada", Intent::Complaint)]);
    change.cases = vec![case("C-1", day(1), Some(ada))];
    change.own =
        vec![(store.person("mastodon", "acme"), false), (store.person("mastodon", "bot"), true)];
    change.bots = vec![(ada, day(5)), (ada, day(2))];
    change.marks = vec![("main".to_owned(), "search:acme".to_owned(), mark.clone())];
    change.sources = vec![source.clone()];
    change.values = vec![("groups".to_owned(), Some(serde_json::json!({ "n": 1 })))];
    change.mails_new = vec![mail(&["C-1"], Severity::High, day(2))];
    store.commit(change).unwrap();
    let look = |store: &affinityd::store::Store| {
        let accounts = store.accounts(brand).unwrap();
        assert_eq!((accounts.own.len(), accounts.own_bots.len()), (2, 1));
        assert_eq!(accounts.bots[&ada], day(2), "the earliest stays");
        assert_eq!(store.record(brand, "mastodon", "a").unwrap().unwrap().person, Some(ada));
        assert_eq!(store.record(brand, "bluesky", "a").unwrap(), None);
        assert_eq!(store.mark("main", "search:acme").unwrap(), Some(mark.clone()));
        assert_eq!(store.sources().unwrap(), std::slice::from_ref(&source));
        assert_eq!(store.value("groups").unwrap(), Some(serde_json::json!({ "n": 1 })));
        assert_eq!(store.due_mail(day(3)).unwrap().len(), 1);
        assert_eq!(store.open_cases(brand).unwrap().len(), 1);
        assert_eq!(store.rows(brand).unwrap(), 1);
        assert_clean(store, brand);
    };
    look(&store);
    drop(store);
    let (store, opening) = open(dir.path());
    assert!(opening.steps.is_empty() && opening.sound, "{:?}", opening.steps);
    assert_eq!(acme(&store), brand, "a brand keeps its number");
    look(&store);
}

#[test]
fn a_change_that_cannot_be_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    let many = |n: usize| -> Vec<_> {
        (0..n)
            .map(|n| row(&store, &format!("r{n}"), day(1), &format!("p{n}"), Intent::Other))
            .collect()
    };
    assert!(matches!(store.commit(rows(brand, many(600))), Err(Error::TooLarge(_))));
    let nameless = Change { records: many(1), ..Change::default() };
    assert!(matches!(store.commit(nameless), Err(Error::NoBrand)));
    let unknown = Change { mails: vec![mail(&[], Severity::Low, day(1))], ..rows(brand, many(1)) };
    assert!(matches!(store.commit(unknown), Err(Error::UnknownMail(0))));
    assert_eq!(store.rows(brand).unwrap(), 0);
    assert_clean(&store, brand);
    store.commit(rows(brand, many(Change::RECORDS))).unwrap();
    assert_eq!(store.rows(brand).unwrap(), Change::RECORDS as u64);
    store.commit(Change::default()).unwrap();
}

#[test]
fn several_readings_of_one_id_in_one_change_are_one_row() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    let first = row(&store, "a", day(2), "ada", Intent::Complaint);
    let mut second = filed(row(&store, "a", day(1), "ada", Intent::Praise), "root");
    second.versions.insert(0, first.versions[0].clone());
    store.commit(rows(brand, vec![first, second.clone()])).unwrap();
    second.key_at = day(2);
    second.stored_at = day(2);
    assert_eq!(store.record(brand, "mastodon", "a").unwrap(), Some(second.clone()));
    assert_eq!(store.thread(brand, "mastodon", "root").unwrap(), [second]);
    assert_eq!(store.rows(brand).unwrap(), 1);
    let summary = store.author(brand, store.person("mastodon", "ada")).unwrap().unwrap();
    assert_eq!((summary.items, summary.complaints, summary.praise), (1, 0, 1));
    assert_clean(&store, brand);
}

#[test]
fn long_threads_are_found_whole_and_rows_move_between_them() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    let comment = |n: i64, thread: &str| {
        filed(row(&store, &format!("c{n}"), day(1).plus(n), "bo", Intent::Other), thread)
    };
    store.commit(rows(brand, vec![row(&store, "root", day(1), "ada", Intent::Other)])).unwrap();
    for chunk in (0..600).collect::<Vec<i64>>().chunks(Change::RECORDS) {
        let some = chunk.iter().map(|n| comment(*n, "root")).collect();
        store.commit(rows(brand, some)).unwrap();
    }
    let ids = |thread: &str| -> Vec<String> {
        store.thread(brand, "mastodon", thread).unwrap().into_iter().map(|r| r.id).collect()
    };
    assert_eq!(ids("root").len(), 601);
    assert_eq!(ids("root")[..2], ["root", "c0"].map(str::to_owned));
    for n in [0, 255, 256, 599, 300] {
        store.commit(rows(brand, vec![comment(n, "other")])).unwrap();
    }
    assert_eq!(ids("other"), ["c0", "c255", "c256", "c300", "c599"]);
    assert_eq!(ids("root").len(), 596);
    store.commit(rows(brand, vec![comment(700, "root"), comment(599, "c599")])).unwrap();
    assert_eq!((ids("root").len(), ids("other").len(), ids("c599").len()), (597, 4, 1));
    assert_clean(&store, brand);
}

#[test]
fn cases_are_found_by_id_by_time_and_while_they_wait() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    let change = |cases, dropped_cases| Change {
        brand: Some(brand),
        cases,
        dropped_cases,
        ..Change::default()
    };
    let all = ["C-1", "C-2", "C-3"].map(|id| case(id, day(id.as_bytes()[2].into()), None));
    store.commit(change(all.to_vec(), Vec::new())).unwrap();
    let ids = |cases: Vec<affinityd::model::Case>| -> Vec<String> {
        cases.into_iter().map(|c| c.id).collect()
    };
    assert_eq!(ids(store.open_cases(brand).unwrap()), ["C-1", "C-2", "C-3"]);
    // Earlier than thought, answered, gone.
    let moved = case("C-3", day(3), None);
    let closed = answered(all[0].clone(), day(60));
    store.commit(change(vec![moved.clone(), closed.clone()], vec![all[1].clone()])).unwrap();
    assert_eq!(ids(store.open_cases(brand).unwrap()), ["C-3"]);
    assert_eq!(ids(store.cases(brand, day(0)..day(100)).unwrap()), ["C-3", "C-1"]);
    assert_eq!(ids(store.cases(brand, day(3)..day(49)).unwrap()), ["C-3"], "half open");
    assert_eq!(store.case(brand, "C-1").unwrap(), Some(closed));
    assert_eq!(store.case(brand, "C-2").unwrap(), None);
    assert_clean(&store, brand);
}

#[test]
fn acts_are_filed_under_their_post_and_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    let act = |id: &str, at, kind| Act {
        platform: "mastodon".to_owned(),
        id: id.to_owned(),
        at,
        kind,
        actor: "cli".to_owned(),
        note: None,
    };
    let acts = vec![
        act("a", day(3), ActKind::Close),
        act("a", day(1), ActKind::Snooze(Time(i64::MAX))),
        act("a", day(1), ActKind::Assign("bo".to_owned())),
        act("b", day(2), ActKind::NotForUs),
    ];
    let change = Change { brand: Some(brand), acts: acts.clone(), ..Change::default() };
    store.commit(change.clone()).unwrap();
    store.commit(change).unwrap();
    let of = |posts: &[(&str, &str)]| -> Vec<i64> {
        store.acts_of(brand, posts).unwrap().iter().map(|a| a.at.0 / Time::DAY).collect()
    };
    assert_eq!(of(&[("mastodon", "a")]), [1, 1, 3]);
    assert_eq!(of(&[("bluesky", "a")]), Vec::<i64>::new());
    assert_eq!(of(&[("mastodon", "b"), ("mastodon", "a")]), [1, 1, 2, 3]);
    assert_eq!(store.acts(brand).unwrap().len(), 4);
}

#[test]
fn the_worst_goes_out_first_and_what_is_finished_is_not_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    // Nothing is ever put off for long: a mail that seems to be was dated by a wrong clock.
    let later = |minutes| day(1).plus(minutes * Time::MINUTE);
    let mails_new = vec![
        mail(&[], Severity::Normal, day(1)),
        mail(&[], Severity::Severe, later(20)),
        mail(&[], Severity::Normal, day(1)),
        mail(&[], Severity::Severe, later(60)),
    ];
    store.commit(Change { mails_new, ..Change::default() }).unwrap();
    let due = |now| -> Vec<u64> { store.due_mail(now).unwrap().iter().map(|m| m.seq).collect() };
    assert_eq!(due(day(1)), [1, 3]);
    assert_eq!(due(later(30)), [2, 1, 3]);
    let mut sent = store.mail(2).unwrap().unwrap();
    sent.sending = Sending::Done;
    store.commit(Change { mails: vec![sent.clone()], ..Change::default() }).unwrap();
    assert_eq!(due(later(60)), [4, 1, 3]);
    assert_eq!(store.mails().unwrap().len(), 4);
    assert_eq!(store.mail(2).unwrap(), Some(sent));
    assert_eq!(store.mail(7).unwrap(), None);
}

#[test]
fn a_long_outbox_is_held_and_let_go_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    for n in 0..6 {
        let mails_new = vec![mail(&[], Severity::Normal, day(1)); 100];
        store
            .commit(Change { mails_new, ..Change::default() })
            .unwrap_or_else(|e| panic!("{n}: {e}"));
    }
    store.hold_mail().unwrap();
    assert!(store.mail_is_held().unwrap() && store.due_mail(day(1)).unwrap().is_empty());
    assert!(store.mails().unwrap().iter().all(|mail| mail.sending == Sending::Held));
    assert_eq!(store.release_mail().unwrap(), 600);
    assert_eq!(store.due_mail(day(1)).unwrap().len(), 600);
}

#[test]
fn counts_follow_the_zone_of_the_brand() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    // 23:30 in UTC: the next day in Stockholm, the same in New York.
    let late = Time::parse("2026-03-04T23:30:00Z").unwrap();
    let noon = Time::parse("2026-03-04T12:00:00Z").unwrap();
    let records = vec![
        row(&store, "a", late, "ada", Intent::Complaint),
        row(&store, "b", noon, "bo", Intent::Praise),
    ];
    store.commit(rows(brand, records)).unwrap();
    let date = |d| NaiveDate::from_ymd_opt(2026, 3, d).unwrap();
    let complaints = |from, to| -> Vec<(NaiveDate, u32)> {
        let days = store.days(brand, date(from), date(to)).unwrap();
        days.iter()
            .map(|d| (d.day, d.counts.intents.get(&Intent::Complaint).copied().unwrap_or(0)))
            .collect()
    };
    assert_eq!(complaints(1, 31), [(date(4), 0), (date(5), 1)]);
    assert_eq!(complaints(4, 5), [(date(4), 0)], "half open");
    assert_eq!(store.brand("acme", Tz::America__New_York).unwrap(), brand);
    assert_eq!(complaints(1, 31), [(date(4), 1)]);
    assert_clean(&store, brand);
    let other = store.brand("other", Tz::UTC).unwrap();
    assert_ne!(other, brand);
    assert_eq!(store.record(other, "mastodon", "a").unwrap(), None);
    assert_eq!(store.brands().len(), 2);
}

#[test]
fn texts_are_cut_and_strange_values_are_tamed() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    let mut long = row(&store, "a", Time(-5), "ada", Intent::Other);
    long.versions[0].text = Some("é".repeat(MAX_TEXT));
    long.versions[0].rating = Some(f32::NAN);
    long.versions[0].deleted_at = Some(Time(i64::MAX));
    long.versions[0].kind = Some(Kind::Review);
    store.commit(rows(brand, vec![long])).unwrap();
    let kept = store.record(brand, "mastodon", "a").unwrap().unwrap();
    assert_eq!(kept.versions[0].text.as_ref().unwrap().len(), MAX_TEXT);
    assert_eq!((kept.key_at, kept.versions[0].rating), (Time(0), None));
    let copy = tempfile::tempdir().unwrap();
    let (copy, _) = open(copy.path());
    copy.import_export(exported(&store).as_bytes(), &mut |_| {}).unwrap();
    assert_eq!(copy.record(brand, "mastodon", "a").unwrap(), Some(kept));
}

#[test]
fn a_second_instance_is_refused_and_told_by_whom() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    let second = affinityd::store::Store::open(dir.path(), &config()).err().expect("it is in use");
    assert!(
        matches!(&second, affinityd::store::OpenError::InUse { by } if by.starts_with("process "))
    );
    store.commit(rows(brand, vec![row(&store, "a", day(1), "ada", Intent::Other)])).unwrap();
    drop(store);
    assert_eq!(open(dir.path()).0.rows(brand).unwrap(), 1);
}

#[test]
fn an_erasure_empties_the_mails_that_have_been_sent() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let brand = acme(&store);
    store.commit(rows(brand, vec![row(&store, "a", day(1), "ada", Intent::Complaint)])).unwrap();
    let mut sent = mail(&[], Severity::Low, day(2));
    sent.message.text = "Ada wrote: my parcel".to_owned();
    sent.sending = Sending::Done;
    let change = Change { brand: Some(brand), mails_new: vec![sent], ..Change::default() };
    store.commit(change).unwrap();
    store.erase(brand, "mastodon", "ada").unwrap();
    let kept = store.mails().unwrap();
    assert_eq!(kept.len(), 1, "that it was sent is still known");
    assert!(!exported(&store).contains("my parcel"));
}
