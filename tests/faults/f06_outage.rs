//! F6: the mail server is away for a day: refuses, is busy, puts off, takes and does not say so. No
//! mail is lost, none comes twice (but one that was taken without an answer, with the same
//! Message-ID), at most 60 attempts an hour, 15 minutes apart in the end; digests arrive in order or
//! only the newest, ten minutes after the recovery at the latest; and the queue has a loud end.

use std::collections::{BTreeMap, BTreeSet};

use affinityd::model::{DeliveryState, Entry, Message, Purpose, Sending, Severity, Time};
use affinityd::pipeline::OUTBOX_ROOM;
use affinityd::store::{Change, Store};
use tokio::time::Instant;

use crate::desk_kit::{COMPLAINT, World, post, t};
use crate::fake_mastodon::Fake;
use crate::post_office::{HOUR, MINUTE, Office, START, Shelf, id, waiting};
use crate::smtp_server::{Act, At, Sink};
use crate::stage::{self, Stage};

#[tokio::test(start_paused = true)]
async fn an_outage_of_a_day_loses_and_doubles_nothing() {
    let shelf = Shelf::default();
    let people = ["ada@acme.example", "bob@acme.example", "eve@acme.example"];
    for seq in 0..60 {
        shelf.alert(seq, &people[usize::try_from(seq % 3).unwrap()..][..1]);
    }
    let sink = Sink::new();
    sink.set_down(true);
    let office = Office::open(shelf, sink.clone());
    office.at(6 * HOUR).await;
    sink.set_down(false);
    sink.always(vec![(At::Banner, Act::Say("421 4.3.2 too busy"))]);
    office.at(12 * HOUR).await;
    sink.always(vec![(At::Rcpt, Act::Say("451 4.3.0 later"))]);
    office.at(15 * HOUR).await;
    sink.always(vec![(At::End, Act::Say("451 4.3.0 later"))]);
    office.at(18 * HOUR).await;
    assert_eq!(office.got(), [""; 0]);
    // The server has each mail and does not say so.
    sink.always(vec![(At::End, Act::TakeAndStall)]);
    office.at(24 * HOUR).await;
    let unsaid = office.got();
    let state = office.state.borrow().clone();
    assert_eq!((state.waiting, state.dead), (60, 0));
    assert!(state.trouble.is_some());

    let asked = sink.asked();
    for hour in 0..24 {
        let inside = |at: &&Instant| at.duration_since(office.began).as_secs() / 3600 == hour;
        let count = asked.iter().filter(inside).count();
        assert!((3..=60).contains(&count), "{count} attempts in hour {hour}");
        let longest = asked.windows(2).filter(|w| inside(&&w[1])).map(|w| w[1] - w[0]).max();
        assert!(longest >= Some(15 * MINUTE) || hour == 0, "hour {hour} waits {longest:?}");
    }

    sink.always(vec![]);
    // An attempt that still hangs takes two minutes, the pause after it and its jitter eighteen. Ten
    // minutes after the next one all is out.
    office.at(24 * HOUR + 21 * MINUTE).await;
    assert!(office.got().len() > unsaid.len(), "the courier has noticed");
    office.at(24 * HOUR + 31 * MINUTE).await;
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for mail in office.got() {
        *copies.entry(mail).or_default() += 1;
    }
    let wanted: BTreeSet<String> =
        (0..60).map(|s| format!("{} {}", id(s), people[usize::try_from(s % 3).unwrap()])).collect();
    assert_eq!(copies.keys().cloned().collect::<BTreeSet<_>>(), wanted, "nothing is lost");
    for (mail, count) in copies {
        let hung = unsaid.iter().filter(|known| **known == mail).count();
        assert_eq!(count, 1 + hung, "{mail} came twice, and not because its answer was lost");
        assert!(hung <= 1, "{mail} was asked with again and again");
    }
    assert!(office.shelf.is_done());
    assert_eq!(office.state.borrow().waiting, 0);
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn late_digests_collapse_into_the_newest_and_alerts_do_not() {
    let shelf = Shelf::default();
    for day in 1..=3 {
        let window = START.plus((day - 3) * Time::DAY);
        let seq = u64::try_from(day).unwrap();
        shelf.put(seq, Purpose::Digest(window), Severity::Normal, &["ada@acme.example"]);
    }
    shelf.alert(4, &["ada@acme.example"]);
    let office = Office::open(shelf, Sink::new());
    office.at(MINUTE).await;
    assert_eq!(
        office.got(),
        [format!("{} ada@acme.example", id(3)), format!("{} ada@acme.example", id(4))]
    );
    assert_eq!(
        office.shelf.entry(1).sending,
        Sending::Withdrawn(
            "overtaken by the digest of the window to 2026-03-04T09:15:00Z".to_owned()
        )
    );
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn after_three_days_the_newest_digest_arrives_and_no_older_one_after_it() {
    let sink = Sink::new();
    sink.set_down(true);
    let office = Office::open(Shelf::default(), sink.clone());
    for day in 0..3_u64 {
        office.at((24 * u32::try_from(day).unwrap() + 8) * HOUR).await;
        let window = START.plus(i64::try_from(day).unwrap() * Time::DAY);
        let both = ["ada@acme.example", "bob@acme.example"];
        office.shelf.put(2 * day, Purpose::Digest(window), Severity::Low, &both);
        office.shelf.alert(2 * day + 1, &["ada@acme.example"]);
        office.wake.notify_one();
    }
    // So long after the last one that it was tried as well, and is put off for longer than others.
    for minutes in [5, 9, 14, 40, 55] {
        office.at(56 * HOUR + minutes * MINUTE).await;
    }
    sink.set_down(false);
    office.at(56 * HOUR + 90 * MINUTE).await;
    let mut got = office.got();
    got.sort();
    assert_eq!(
        got,
        [
            format!("{} ada@acme.example", id(1)),
            format!("{} ada@acme.example", id(3)),
            format!("{} ada@acme.example", id(4)),
            format!("{} bob@acme.example", id(4)),
            format!("{} ada@acme.example", id(5)),
        ]
    );
    assert!(office.shelf.is_done());
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_digest_put_off_for_one_person_does_not_come_after_a_newer_one() {
    let shelf = Shelf::default();
    shelf.put(
        1,
        Purpose::Digest(START.plus(-Time::DAY)),
        Severity::Low,
        &["bob@acme.example", "ada@acme.example"],
    );
    let sink = Sink::new();
    sink.always(vec![(At::RcptOf("bob@acme.example"), Act::Say("450 4.2.0 greylisted"))]);
    let office = Office::open(shelf, sink.clone());
    office.at(MINUTE / 2).await;
    sink.always(vec![]);
    let both = ["bob@acme.example", "ada@acme.example"];
    office.shelf.put(2, Purpose::Digest(START), Severity::Low, &both);
    office.wake.notify_one();
    office.at(HOUR).await;
    let mut got = office.got();
    got.sort();
    assert_eq!(
        got,
        [
            format!("{} ada@acme.example", id(1)),
            format!("{} ada@acme.example", id(2)),
            format!("{} bob@acme.example", id(2)),
        ]
    );
    office.close().await;
}

/// An entry that nobody can be sent for the next year.
fn stuck(number: usize, now: Time) -> Entry {
    Entry {
        seq: 0,
        message: Message {
            id: format!("old.{number}@acme.example"),
            brand: "acme".to_owned(),
            purpose: Purpose::Alert,
            severity: Severity::Normal,
            group: "old".to_owned(),
            references: vec![],
            subject: "s".to_owned(),
            text: "t".to_owned(),
            html: "<p>t</p>".to_owned(),
            at: now,
            cases: vec![],
        },
        deliveries: vec![waiting("care@acme.example")],
        sending: Sending::Due,
        next_at: now.plus(365 * Time::DAY),
    }
}

fn fill(store: &Store, now: Time) {
    let entries: Vec<Entry> = (0..OUTBOX_ROOM).map(|number| stuck(number, now)).collect();
    for some in entries.chunks(100) {
        store.commit(Change { mails_new: some.to_vec(), ..Change::default() }).unwrap();
    }
}

/// What waited so far is delivered after all.
fn drain(store: &Store, now: Time, most: usize) {
    let waiting = store.mails().unwrap().into_iter().filter(|e| e.sending == Sending::Due);
    let done: Vec<Entry> = waiting
        .take(most)
        .map(|mut entry| {
            entry.deliveries[0].state = DeliveryState::Sent(now);
            entry.sending = Sending::Done;
            entry
        })
        .collect();
    for some in done.chunks(100) {
        store.commit(Change { mails: some.to_vec(), ..Change::default() }).unwrap();
    }
}

#[test]
fn a_full_outbox_takes_no_further_alert_and_loses_none() {
    let mut world = World::new();
    world.sweep("mon 08:00");
    fill(world.store(), t("mon 08:00"));
    world.read(vec![post("a", "ada", "mon 09:00", COMPLAINT)], "mon 09:01");
    world.read(vec![post("b", "bob", "mon 09:05", COMPLAINT)], "mon 09:06");
    for minute in 30..60 {
        assert_eq!(world.watch(&format!("mon 10:{minute}")), 0);
    }
    let swept = world.sweep("mon 11:10");
    assert_eq!((swept.mails, swept.withheld, swept.wanted), (0, 2, vec![]));
    assert_eq!(world.store().waiting_mails().unwrap(), OUTBOX_ROOM, "the queue ends there");
    drain(world.store(), t("mon 11:11"), 1);
    assert_eq!(world.watch("mon 11:11"), 1);
    let last = world.mails().pop().unwrap();
    assert_eq!(last.message.cases.len(), 2, "both are told in one mail");
    assert_eq!(world.sweep("mon 11:12").withheld, 0);
    assert_eq!(world.watch("mon 11:40"), 0, "nobody is told twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_outbox_is_said_aloud_and_its_alerts_come_when_there_is_room() {
    let fake = Fake::start().await;
    let stage = Stage::new(stage::at("07:50"), &[("main", &fake)]).await;
    tokio::task::block_in_place(|| fill(&stage.store, stage.clock_now()));
    fake.mention("ada", "the grinder broke after two days, I want a refund", stage::at("08:00"));
    stage.pass(stage::at("08:03")).await;
    // At risk since 09:30; the group waits three minutes from the first sweep that sees it.
    stage.pass(stage::at("09:36")).await;
    stage.pass(stage::at("09:42")).await;
    let told = |stage: &Stage| {
        let status = stage.status();
        assert_eq!(status["healthy"], status["attention"].as_array().unwrap().is_empty());
        status["attention"].to_string()
    };
    stage
        .until("the complaint", || told(&stage).contains("nobody is told about 1 case until"))
        .await;
    let said = told(&stage);
    assert!(said.contains("the outbox is full with 1000 mails"), "{said}");
    assert!(
        said.contains("mail does not go out: 1000 waiting, the oldest since 2026-11-09T"),
        "{said}"
    );
    assert_eq!(stage.status()["mail"]["is_full"], true);
    assert_eq!(stage.delivered(), 0);
    tokio::task::block_in_place(|| drain(&stage.store, stage.clock_now(), OUTBOX_ROOM));
    stage.pass(stage.clock_now().plus(Time::MINUTE)).await;
    stage.until("the alert", || stage.delivered() == 1).await;
    stage.until("peace", || told(&stage) == "[]").await;
    let is_alert = |e: &Entry| e.message.purpose == Purpose::Alert && !e.message.cases.is_empty();
    let alerts = stage.mails(&Purpose::Alert);
    assert_eq!(alerts.iter().filter(|e| is_alert(e)).count(), 1, "told once");
}
