//! F9: a clock that jumps by an hour, a day, ten years and back; both clock changes, 29 February, a
//! leap second. One digest for each day, none skipped and none doubled, on all 366 days in three zones;
//! intervals go by the time that has passed; mails, polls and alerts go on as soon as the clock is right.

use std::collections::BTreeMap;

use affinityd::clock::Clock;
use affinityd::model::{ActKind, CaseState, Entry, Purpose, Sending, Severity, Time};
use affinityd::pipeline;
use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::desk_kit::{COMPLAINT, World, brand, post, t};
use crate::fake_mastodon::Fake;
use crate::post_office::waiting;
use crate::stage::{self, Stage};

/// Ten years, and the same day of the week.
const YEARS: i64 = 3654 * Time::DAY;

/// A brand whose digest is due at an hour that clock changes move.
fn world(zone: Tz, schedule: &str) -> World {
    let mut brand = brand(zone);
    brand.digest.schedule.value = schedule.to_owned();
    World::of(brand)
}

/// How many digests there are of each day, by the name of their mails.
fn digests(world: &World) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for mail in world.mails() {
        let day = mail.message.id.split('.').nth(2).expect("a day").to_owned();
        *found.entry(day).or_default() += 1;
    }
    found
}

/// A whole year in which the clock is wrong now and then: by which of these, is drawn; for some
/// hours, within the grace of a digest. Gives how often it was.
fn year(zone: Tz, schedule: &str, seed: u64, jumps: bool) -> usize {
    let mut dice = fastrand::Rng::with_seed(seed);
    let world = world(zone, schedule);
    let start = NaiveDate::from_ymd_opt(2028, 1, 1).expect("a leap year");
    let at = |text: &str| Time::parse(text).expect("a time");
    let (mut now, end) = (at("2027-12-31T12:00:00Z"), at("2029-01-01T13:00:00Z"));
    let leap = at("2028-07-01T00:00:00Z");
    let (mut off, mut until, mut wrong) = (0, now, 0);
    let look = |shown: Time| {
        pipeline::send_digest(world.desk(), &[], "acme.example", shown).expect("decided");
    };
    look(now);
    while now < end {
        let step = dice.i64(10 * Time::MINUTE..5 * Time::HOUR);
        if now < leap && now.plus(step) >= leap {
            // 23:59:60 is shown as 23:59:59 once more, and midnight comes twice.
            for shown in [leap.plus(-1), leap, leap.plus(-1000), leap.plus(-1), leap] {
                look(shown.plus(off));
            }
        }
        now = now.plus(step);
        look(now.plus(off));
        if off != 0 && now >= until {
            off = 0;
        } else if jumps && off == 0 && dice.u8(0..15) == 0 {
            let by = [Time::HOUR, -Time::HOUR, Time::DAY, -Time::DAY, YEARS, -YEARS];
            off = by[dice.usize(0..by.len())];
            until = now.plus(dice.i64(0..6 * Time::HOUR));
            wrong += 1;
        }
        look(now.plus(off));
    }
    let found = digests(&world);
    let twice: Vec<_> = found.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{zone}, seed {seed}: {twice:?}");
    // The digest of a day is made on the next one.
    let days = start.iter_days().take(366).map(|day| day.to_string());
    let skipped: Vec<_> = days.filter(|day| !found.contains_key(day)).collect();
    assert!(skipped.is_empty(), "{zone}, seed {seed}, wrong {wrong} times: {skipped:?}");
    assert!(found.contains_key("2028-02-29"));
    if !jumps {
        assert_eq!(found.len(), 367, "the 31st of December, and the year");
    }
    wrong
}

/// Midnight is where the leap second is; 02:30 is skipped once and 01:45 repeated once.
const PLACES: [(Tz, &str); 3] = [
    (Tz::UTC, "0 0 * * *"),
    (Tz::America__New_York, "30 2 * * *"),
    (Tz::Australia__Lord_Howe, "45 1 * * *"),
];

#[test]
fn one_digest_for_each_day_of_a_leap_year_in_three_zones() {
    std::thread::scope(|scope| {
        for (zone, schedule) in PLACES {
            scope.spawn(move || year(zone, schedule, 9, false));
        }
    });
}

#[test]
fn one_digest_for_each_day_though_the_clock_jumps_and_comes_back() {
    for seed in 0..super::rounds(1, 50) as u64 {
        let wrong: usize = std::thread::scope(|scope| {
            let years: Vec<_> = PLACES
                .into_iter()
                .map(|(zone, schedule)| scope.spawn(move || year(zone, schedule, seed, true)))
                .collect();
            years.into_iter().map(|year| year.join().expect("every day has its digest")).sum()
        });
        println!("seed {seed}: the clock was wrong {wrong} times");
        assert!(wrong > 100, "{wrong} jumps in three years");
    }
}

/// The alerts, by the group they tell of and when they were written.
fn alerts(world: &World) -> Vec<String> {
    let mails = world.mails().into_iter().map(|mail| mail.message);
    mails.filter(|m| m.purpose == Purpose::Alert).map(|m| m.text).collect()
}

#[test]
fn whatever_was_noted_by_a_clock_far_ahead_holds_no_alert_back() {
    for (case, ahead) in [("ten years", YEARS), ("a day", Time::DAY), ("an hour", Time::HOUR)] {
        let mut world = World::new();
        world.brand.alerts.cap_per_hour = 1;
        let far = |text: &str| t(text).plus(ahead).to_string();
        // The very first sweep is by the wrong clock, and so is the first alert.
        world.watch(&far("mon 09:00"));
        world.read(vec![post("a", "ada", &far("mon 09:01"), COMPLAINT)], &far("mon 09:02"));
        for minutes in 0..30 {
            world.watch(&t("mon 11:00").plus(ahead + minutes * Time::MINUTE).to_string());
        }
        assert_eq!(alerts(&world).len(), 1, "{case}: by the wrong clock");
        // Now it is right.
        world.watch("mon 12:00");
        world.read(vec![post("b", "bo", "mon 12:01", COMPLAINT)], "mon 12:02");
        let mut now = t("mon 12:03");
        while now < t("mon 16:55") {
            world.watch(&now.to_string());
            now = now.plus(Time::MINUTE);
        }
        let told: Vec<String> = alerts(&world).into_iter().filter(|a| a.contains("@bo")).collect();
        assert!((1..=2).contains(&told.len()), "{case}: at risk, then overdue: {told:#?}");
        let waits = world.cases().iter().filter(|c| c.state(now) == CaseState::Overdue).count();
        assert!(waits >= 1, "{case}");
        // Put off by a clock that was wrong, it is put off for two weeks at most.
        world.act("b", "mon 16:56", ActKind::Snooze(t("mon 16:56").plus(ahead)));
        let facts = |now: &str| {
            let case =
                world.cases().into_iter().find(|c| c.interaction == "b").expect("it is there");
            affinityd::notify::CaseFacts::of(&case, true, t(now)).held_until
        };
        assert_eq!(facts("mon 16:57").is_some(), ahead <= Time::DAY, "{case}");
    }
}

#[test]
fn a_mail_put_off_by_a_clock_far_ahead_is_due() {
    let world = World::new();
    let now = t("mon 10:00");
    let entry = |next_at: Time| Entry {
        seq: 0,
        message: message(now),
        deliveries: vec![waiting("care@acme.example")],
        sending: Sending::Due,
        next_at,
    };
    for (case, ahead, wanted) in [
        ("now", 0, true),
        ("a minute", Time::MINUTE, false),
        ("an hour and a fifth, the longest pause", 72 * Time::MINUTE, false),
        ("a day", Time::DAY, true),
        ("ten years", YEARS, true),
    ] {
        let entry = entry(now.plus(ahead));
        assert_eq!(affinityd::mail::is_due(&entry, now), wanted, "{case}");
        let change = affinityd::store::Change { mails_new: vec![entry], ..Default::default() };
        world.store().commit(change).expect("stored");
        let seq = world.mails().last().expect("one").seq;
        let due = world.store().due_mail(now).expect("read");
        assert_eq!(due.iter().any(|mail| mail.seq == seq), wanted, "{case}");
    }
}

fn message(at: Time) -> affinityd::model::Message {
    affinityd::model::Message {
        id: "a@acme.example".to_owned(),
        brand: "acme".to_owned(),
        purpose: Purpose::Alert,
        severity: Severity::High,
        group: "g".to_owned(),
        references: Vec::new(),
        subject: "s".to_owned(),
        text: "t".to_owned(),
        html: "<p>t</p>".to_owned(),
        at,
        cases: Vec::new(),
    }
}

/// The days that digests tell of, in order.
fn told_days(stage: &Stage) -> Vec<String> {
    let all = tokio::task::block_in_place(|| stage.store.mails()).expect("the outbox");
    let of_day = all.into_iter().filter(|m| matches!(m.message.purpose, Purpose::Digest(_)));
    let mut days: Vec<String> =
        of_day.map(|m| m.message.id.split('.').nth(2).expect("a day").to_owned()).collect();
    days.sort();
    days
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_goes_on_as_soon_as_the_clock_is_right_again() {
    for (case, by, extra) in [
        ("ten years ahead", YEARS, Some("2036-11-09")),
        ("an hour behind", -Time::HOUR, None),
        ("an hour ahead", Time::HOUR, None),
        ("a day ahead", Time::DAY, None),
        ("a day behind", -Time::DAY, None),
        ("ten years behind", -YEARS, None),
    ]
    .into_iter()
    .take(super::rounds(1, 6))
    {
        let fake = Fake::start().await;
        // 10:00 in Stockholm; the digest is due at 08:00, which is 07:00Z.
        let stage = Stage::new(stage::at("09:00"), &[("main", &fake)]).await;
        let office = stage.running.as_ref().expect("it runs").office.clone();
        let asked = || fake.asked("notifications");
        let before = asked();
        stage.clock.jump(by);
        let shown = stage.clock.now();
        stage.clock.advance(Time::MINUTE);
        stage.until("the new date", || next_at(&stage).since(shown).abs() < Time::HOUR).await;
        assert!(asked() - before <= 1, "{case}: a jump is no reason to ask");
        assert!(
            office.board.silent(stage.clock.steady().plus(-5 * Time::MINUTE)).is_empty(),
            "{case}"
        );
        // Some minutes by the wrong clock.
        stage.pass(stage.clock.now().plus(10 * Time::MINUTE)).await;
        stage.until("a question by the wrong clock", || asked() > before).await;
        stage.clock.jump(-by);
        let shown = stage.clock.now();
        stage.clock.advance(Time::MINUTE);
        stage.until("the old date", || next_at(&stage).since(shown).abs() < Time::HOUR).await;
        let before = asked();
        fake.mention("ada", COMPLAINT, stage.clock.now());
        stage.pass(stage.clock.now().plus(10 * Time::MINUTE)).await;
        stage.until("a question by the right clock", || asked() > before).await;
        for at in ["11:10", "11:14", "11:18", "11:22"] {
            stage.pass(stage::at(at)).await;
        }
        let told = || {
            let alerts = stage.mails(&Purpose::Alert);
            alerts.iter().filter(|mail| mail.message.text.contains("ada")).count()
        };
        stage.until("the alert", || told() > 0).await;
        let told = told();
        assert!((1..=2).contains(&told), "{case}: at risk, then overdue; {told} alerts");
        stage.pass(stage::at("tue 07:05")).await;
        stage.pass(stage::at("wed 07:05")).await;
        let wanted = ["2026-11-09", "2026-11-10"].into_iter().chain(extra);
        let wanted: Vec<String> = wanted.map(str::to_owned).collect();
        let has_all = || wanted.iter().all(|day| told_days(&stage).contains(day));
        stage.until("the digests", has_all).await;
        let days = told_days(&stage);
        let mut once = days.clone();
        once.dedup();
        assert_eq!(days, once, "{case}: none twice");
        stage.until("no mail waiting", || stage.store.waiting_mails().unwrap() == 0).await;
        stage.until("a clean bill of health", || stage.status()["healthy"] == true).await;
        assert!(!stage.ids().is_empty());
    }
}

fn next_at(stage: &Stage) -> Time {
    let office = stage.running.as_ref().expect("it runs").office.clone();
    let sources = office.board.sources();
    sources.iter().filter_map(|(state, _)| state.next_at).min().expect("a plan")
}
