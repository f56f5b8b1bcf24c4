//! F21: pages that repeat, cursors that go back, items deleted, edited, late, or of the same moment,
//! a week to catch up with. Nothing lost, nothing doubled, an end within bounds, also over a restart.

use std::sync::{Arc, Mutex};

use affinityd::clock::{Clock, Manual};
use affinityd::model::Time;

use super::rounds;
use crate::fake_bluesky::{Mood, Sky};
use crate::fake_mastodon::{Fake, Paging};
use crate::scripted::{Answer, Scripted};
use crate::stage::{Stage, at};

const QUESTION: &str = "do you ship to Norway?";

/// Goes on until all of it is stored, and says how often the clock had to be moved to the next poll.
async fn catch_up(stage: &Stage, wanted: &[String]) -> usize {
    for polls in 1..200 {
        stage.settle(stage.clock.now().plus(3 * Time::MINUTE)).await;
        let ids = stage.ids();
        if ids.len() >= wanted.len() {
            assert_eq!(ids, wanted, "nothing lost, nothing doubled");
            return polls;
        }
    }
    panic!("{} of {} after 200 polls", stage.ids().len(), wanted.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mastodon_a_week_off_is_caught_up_with_over_restarts() {
    let count = rounds(1_000, 10_000);
    let fake = Fake::start().await;
    fake.mention("ada", QUESTION, at("07:00"));
    let mut stage = Stage::new(at("08:00"), &[("main", &fake)]).await;
    stage.stop().await;
    for n in 0..count {
        // Seven at each moment, and in no order.
        let when = at("08:00").plus((n as i64 * 7919 % count as i64) / 7 * Time::MINUTE);
        fake.mention(&format!("person{}", n % 97), QUESTION, when);
    }
    stage.clock.set(at("08:00").plus(7 * Time::DAY));
    for _ in 0..3 {
        let before = fake.asked("notifications");
        stage.start();
        stage.until("a few pages", || fake.asked("notifications") >= before + 3).await;
        stage.stop().await;
    }
    assert!(stage.ids().len() < count, "it was stopped half way");
    stage.start();
    let before = fake.asked("notifications");
    catch_up(&stage, &fake.ids()).await;
    let pages = fake.asked("notifications") - before;
    assert!(pages <= count / 80 + 20, "{pages} pages for {count}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mastodon_pages_that_repeat_or_go_back_end_and_lose_nothing() {
    for paging in [Paging::Repeats, Paging::GoesBack] {
        let fake = Fake::start().await;
        fake.mention("ada", QUESTION, at("07:00"));
        let stage = Stage::new(at("08:00"), &[("main", &fake)]).await;
        fake.pages(paging);
        let ids: Vec<u64> = (0..600).map(|_| fake.mention("bo", QUESTION, at("08:01"))).collect();
        let before = fake.asked("notifications");
        let polls = catch_up(&stage, &fake.ids()).await;
        let asked = fake.asked("notifications") - before;
        assert!(asked <= 20 + 4 * polls, "{paging:?}: {asked} requests in {polls} polls");
        fake.edit(ids[10], "no, do you ship to Sweden?");
        fake.delete(ids[20]);
        stage.settle(stage.clock.now().plus(5 * Time::MINUTE)).await;
        assert_eq!(stage.ids().len(), 601, "{paging:?}: what is known stays one");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mastodon_items_deleted_and_edited_between_pages_shift_nothing() {
    let fake = Fake::start().await;
    fake.mention("ada", QUESTION, at("07:00"));
    let mut stage = Stage::new(at("08:00"), &[("main", &fake)]).await;
    stage.stop().await;
    let ids: Vec<u64> = (0..400).map(|_| fake.mention("bo", QUESTION, at("08:01"))).collect();
    let before = fake.asked("notifications");
    stage.start();
    stage.clock.set(at("08:10"));
    stage.until("two pages", || fake.asked("notifications") >= before + 2).await;
    // Not read yet, the newest: they may be read before they are gone, or never.
    for id in &ids[390..] {
        fake.delete(*id);
    }
    fake.edit(ids[380], "no, do you ship to Sweden?");
    let wanted = fake.ids();
    for _ in 0..5 {
        stage.settle(stage.clock.now().plus(3 * Time::MINUTE)).await;
    }
    let stored = stage.ids();
    assert!(wanted.iter().all(|id| stored.contains(id)), "nothing lost");
    let mut once = stored.clone();
    once.dedup();
    assert_eq!(stored, once, "nothing doubled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bluesky_a_week_off_is_caught_up_with_over_restarts() {
    let count = rounds(1_000, 10_000);
    let clock = Manual::new(at("08:00"));
    let sky = Sky::start(&clock).await;
    sky.mention(QUESTION, at("07:00"));
    let mut stage = Stage::of(&clock, &sky.account("main")).await;
    stage.stop().await;
    clock.set(at("08:00").plus(7 * Time::DAY));
    for n in 0..count {
        sky.mention(QUESTION, at("08:00").plus((n as i64 * 7919 % count as i64) / 7 * 60_000));
    }
    for _ in 0..3 {
        let before = sky.asked("listNotifications");
        stage.start();
        stage.until("a few pages", || sky.asked("listNotifications") >= before + 2).await;
        stage.stop().await;
    }
    assert!(stage.ids().len() < count, "it was stopped half way");
    stage.start();
    let before = sky.asked("listNotifications");
    catch_up(&stage, &sky.ids()).await;
    let pages = sky.asked("listNotifications") - before;
    assert!(pages <= count / 100 + 20, "{pages} pages for {count}");
    assert_eq!(sky.logins().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bluesky_pages_that_repeat_get_stuck_or_go_back_end_and_lose_nothing() {
    for mood in [Mood::Stuck, Mood::GoesBack] {
        let clock = Manual::new(at("08:00"));
        let sky = Sky::start(&clock).await;
        sky.mention(QUESTION, at("07:00"));
        let stage = Stage::of(&clock, &sky.account("main")).await;
        let numbers: Vec<usize> =
            (0..450).map(|n| sky.mention(QUESTION, at("08:01").plus(n / 5))).collect();
        sky.is(mood);
        let before = sky.asked("listNotifications");
        catch_up(&stage, &sky.ids()).await;
        let asked = sky.asked("listNotifications") - before;
        assert!(asked <= 200, "{mood:?}: {asked} requests");
        assert_eq!(stage.status()["healthy"], true, "{mood:?}");
        sky.delete(numbers[7]);
        stage.settle(clock.now().plus(5 * Time::MINUTE)).await;
        assert_eq!(stage.ids().len(), 451, "{mood:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bluesky_pages_without_end_end_and_the_gap_is_told() {
    let clock = Manual::new(at("08:00"));
    let sky = Sky::start(&clock).await;
    sky.mention(QUESTION, at("07:00"));
    let stage = Stage::of(&clock, &sky.account("main")).await;
    for n in 0..150 {
        sky.mention(QUESTION, at("08:01").plus(n));
    }
    sky.is(Mood::Repeats);
    let begun = clock.now();
    // The whole walk is two hundred pages at one a second.
    for _ in 0..rounds(2, 12) {
        stage.settle(clock.now().plus(Time::MINUTE)).await;
    }
    let asked = sky.asked("listNotifications") as i64;
    let most = (clock.now().since(begun) / Time::SECOND + 10).min(420);
    assert!(asked <= most, "{asked} requests, at most {most}");
    sky.is(Mood::Well);
    stage.settle(clock.now().plus(10 * Time::MINUTE)).await;
    stage.settle(clock.now().plus(70 * Time::MINUTE)).await;
    // The walk beyond known ground, each hour, finds them.
    stage.until("the late ones", || stage.ids() == sky.ids()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bluesky_what_comes_in_hours_late_is_found_within_the_hour() {
    let clock = Manual::new(at("08:00"));
    let sky = Sky::start(&clock).await;
    for n in 0..120 {
        sky.mention(QUESTION, at("00:00").plus(n * 4 * Time::MINUTE));
    }
    let stage = Stage::of(&clock, &sky.account("main")).await;
    for n in 0..20 {
        // Up to six hours late, some of them at the same moment as one that is known.
        sky.mention(QUESTION, at("02:00").plus(n * 16 * Time::MINUTE));
        stage.settle(clock.now().plus(3 * Time::MINUTE)).await;
    }
    stage.settle(clock.now().plus(62 * Time::MINUTE)).await;
    stage.until("every post", || stage.ids() == sky.ids()).await;
}

fn entries(range: std::ops::Range<usize>, text: &str) -> String {
    let items: Vec<serde_json::Value> = range
        .rev()
        .map(|n| {
            serde_json::json!({
                "id": format!("urn:entry:{n}"), "url": format!("https://blog.example/{n}"),
                "title": format!("Acme Coffee, part {n}"), "content_text": text,
                // Some at the same moment, in no order.
                "date_published": at("08:00").plus((n as i64 * 7919 % 997) / 7 * Time::MINUTE),
            })
        })
        .collect();
    serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": "Blog", "items": items,
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feed_whatever_a_feed_shows_is_stored_once() {
    // Of a larger feed the first thousand entries are read, which are its newest.
    let (count, large) = (1_000, rounds(1_000, 10_000));
    let (first, end) = (10 + large - count, 10 + large);
    let clock = Manual::new(at("08:00"));
    let shown = Arc::new(Mutex::new(entries(0..10, "a")));
    let inner = shown.clone();
    let server =
        Scripted::start(move |_| Answer::ok(inner.lock().expect("no panic").clone())).await;
    let account = format!(
        "\n[[platforms.feed]]\nname = \"main\"\nurl = \"{}/feed.json\"\naddressed = true\n\
         poll-feed = \"1m\"\n",
        server.url
    );
    let mut stage = Stage::of(&clock, &account).await;
    assert_eq!(stage.ids().len(), 10);
    stage.stop().await;
    clock.set(at("08:00").plus(7 * Time::DAY));
    *shown.lock().unwrap() = entries(10..end, "a");
    let before = server.asked().len();
    stage.start();
    // Told to stop as it comes in: all of it or nothing.
    stage.until("it is asked", || server.asked().len() > before).await;
    stage.stop().await;
    let half = stage.ids().len();
    assert!(half == 10 || half == 10 + count, "{half}");
    stage.start();
    stage.settle(clock.now().plus(5 * Time::MINUTE)).await;
    stage.until("all of it", || stage.ids().len() == 10 + count).await;
    let gaps = stage.source("main", "feed")["gaps"].clone();
    for (case, body) in [
        ("the same page again", entries(10..end, "a")),
        ("an older page, from a cache", entries(0..10, "a")),
        ("the newer one again", entries(10..end, "a")),
        ("every text edited", entries(first..first + 50, "b")),
        ("most of it deleted", entries(first + 20..first + 30, "b")),
        ("nothing", entries(0..0, "b")),
    ] {
        *shown.lock().unwrap() = body;
        stage.settle(clock.now().plus(5 * Time::MINUTE)).await;
        assert_eq!(stage.ids().len(), 10 + count, "{case} {gaps}");
    }
    // Six hours late, between others.
    let late =
        entries(first + 10..first + 20, "b").replace(&format!("/{}\"", first + 15), "/late\"");
    *shown.lock().unwrap() = late.replace(&format!(":{}\"", first + 15), ":late\"");
    stage.settle(clock.now().plus(5 * Time::MINUTE)).await;
    assert_eq!(stage.ids().len(), 11 + count);
    assert_eq!(stage.status()["healthy"], true);
}
