//! The daemon keeps reading, alerting and mailing whatever the world does to it, says what is wrong,
//! and stops without losing anything.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "daemon/dead_man.rs"]
mod dead_man;
#[path = "daemon/notify.rs"]
mod notify;
#[path = "daemon/process.rs"]
mod process;

use affinityd::clock::Clock;
use affinityd::daemon::Call;
use affinityd::model::{Purpose, Time};

use crate::fake_mastodon::{Fake, Mood};
use crate::stage::{Stage, at};

const COMPLAINT: &str = "the grinder broke after two days, terrible quality, I want a refund";

fn cases(stage: &Stage) -> Vec<serde_json::Value> {
    let cases = stage.ask(Call::Cases { brand: None, state: None, as_of: None });
    cases.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_is_alerted_once_when_it_is_time_and_resolved_when_answered() {
    let fake = Fake::start().await;
    let old = fake.mention("zebedee", COMPLAINT, at("06:00"));
    // 08:50 in Stockholm; what is there already is history.
    let stage = Stage::new(at("07:50"), &[("main", &fake)]).await;
    assert_eq!(cases(&stage).len(), 1);
    let post = fake.mention("ada", COMPLAINT, at("08:00"));
    stage.pass(at("08:03")).await;
    let case = cases(&stage).into_iter().next().expect("the newest first");
    assert!(case["author"]["handle"].as_str().unwrap().starts_with("ada@"), "{case}");
    assert_eq!(case["due_at"], "2026-11-09T10:00:00Z", "two hours of business time");
    // Well before: while it waits for every part, the clock goes on.
    stage.pass(at("09:20")).await;
    assert!(stage.clock.now() < at("09:30"));
    assert_eq!(stage.mails(&Purpose::Alert), [], "three quarters are not over");
    stage.pass(at("09:34")).await;
    stage.pass(at("09:38")).await;
    stage.until("the alert", || stage.delivered() == 1).await;
    let alerts = stage.mails(&Purpose::Alert);
    assert_eq!(alerts.len(), 1);
    let written = alerts[0].message.at;
    // Three minutes of group wait, and some for a busy machine: the clock does not wait for us.
    assert!((at("09:30")..at("09:45")).contains(&written), "written at {written}");
    assert!(alerts[0].message.text.contains("ada"), "{}", alerts[0].message.text);
    assert!(!alerts[0].message.text.contains("zebedee"), "history is not alerted");
    stage.pass(at("09:45")).await;
    assert_eq!(stage.mails(&Purpose::Alert).len(), 1, "told once");
    fake.answer(post, "Sorry! A new one is on its way.", at("09:50"));
    stage.pass(at("10:06")).await;
    stage.until("the good news", || stage.delivered() == 2).await;
    assert_eq!(stage.mails(&Purpose::Resolved).len(), 1);
    let case = cases(&stage).into_iter().next().unwrap();
    assert_eq!(case["state"], "answered");
    assert_eq!(case["first_reply_seconds"]["business"], 110.0 * 60.0);
    assert_eq!(stage.status()["healthy"], true, "{:#}", stage.status());
    assert!(old < post);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_or_talks_nonsense_is_named_and_heals() {
    let (ill, well) = (Fake::start().await, Fake::start().await);
    let stage = Stage::new(at("08:00"), &[("ill", &ill), ("well", &well)]).await;
    let rows = [
        (Mood::Garbage, "malformed", "09:00", "10:30"),
        (Mood::Broken, "unreachable", "12:00", "13:30"),
    ];
    for (n, (mood, class, then, later)) in rows.into_iter().enumerate() {
        ill.is(mood);
        well.mention("ada", &format!("{n}: {COMPLAINT}"), at(then));
        stage.pass(at(then)).await;
        stage
            .until(class, || stage.source("ill", "notifications")["error"]["class"] == class)
            .await;
        assert_eq!(stage.source("ill", "notifications")["health"], "failing");
        stage
            .until("the other", || well.asked("notifications") > 0 && cases(&stage).len() > n)
            .await;
        assert_eq!(stage.source("well", "notifications")["health"], "well");
        ill.is(Mood::Well);
        stage.pass(at(later)).await;
        let healed = || {
            let source = stage.source("ill", "notifications");
            source["health"] == "well" && source["error"].is_null()
        };
        stage.until("its recovery", healed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_wait_it_waits_and_that_is_no_fault() {
    let fake = Fake::start().await;
    let mut stage = Stage::new(at("08:00"), &[("main", &fake)]).await;
    fake.is(Mood::Busy(1200));
    stage.pass(at("08:03")).await;
    let waits =
        |stage: &Stage| stage.source("main", "notifications")["error"]["class"] == "rate-limited";
    stage.until("the wait", || waits(&stage)).await;
    let asked = fake.asked("");
    fake.is(Mood::Well);
    // The round in which it was told may have been an earlier one.
    let error = stage.source("main", "notifications")["error"].clone();
    let told_at = Time::parse(error["since"].as_str().expect("a time")).expect("a time");
    stage.pass(stage.clock.now().plus(Time::MINUTE)).await;
    stage.stop().await;
    stage.start();
    stage.pass(stage.clock.now().plus(Time::MINUTE)).await;
    assert!(stage.clock.now().since(told_at) < 1200 * Time::SECOND);
    assert_eq!(fake.asked(""), asked, "nothing before it may, a restart or not");
    assert_eq!(stage.status()["healthy"], true);
    stage.pass(told_at.plus(22 * Time::MINUTE)).await;
    stage.until("the end of the wait", || fake.asked("") > asked && !waits(&stage)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_posted_while_it_was_down_is_read_once_and_in_full() {
    let fake = Fake::start().await;
    let mut stage = Stage::new(at("08:00"), &[("main", &fake)]).await;
    fake.mention("ada", COMPLAINT, at("08:01"));
    stage.pass(at("08:05")).await;
    stage.until("the first", || cases(&stage).len() == 1).await;
    stage.stop().await;
    for n in 0..30 {
        fake.mention(&format!("person{n}"), "do you ship to Norway?", at("09:00").plus(n));
    }
    stage.clock.set(at("12:00"));
    stage.start();
    stage.pass(at("12:01")).await;
    stage.until("all of them", || cases(&stage).len() == 31).await;
    let rows = stage.status()["brands"]["acme"]["interactions"].clone();
    assert_eq!(rows, 31, "nothing is lost and nothing doubled");
    stage.stop().await;
}
