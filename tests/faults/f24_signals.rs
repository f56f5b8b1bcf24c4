//! F24: SIGTERM in each state, also twice; SIGHUP with a broken configuration, and a thousand of them.
//! It stops within five seconds with nothing lost; a bad configuration keeps the old one and says so.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use affinityd::model::{Sending, Time};
use affinityd::store::{self, Change, Store};
use rustix::process::Signal;

use crate::binary::{Daemon, Place, QUIET, history, until};
use crate::fake_mastodon::{Fake, Mood};
use crate::post_office::Shelf;
use crate::smtp_server::{Act, At, Sink};
use crate::stage;

/// The longest stop.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn told_to_stop_it_stops_soon_with_everything_saved_and_leaves_no_socket() {
    let place = Place::new(QUIET);
    let daemon = Daemon::ready(&place);
    let done = place.run(&["import", &history()]);
    assert_eq!(done.out, "14 new, 0 with news, 0 known, 0 dropped; 8 cases\n", "{}", done.err);
    // Somebody who has connected and says nothing.
    let mute = UnixStream::connect(place.path("socket")).expect("it listens");
    daemon.signal(Signal::TERM);
    daemon.signal(Signal::TERM);
    let (code, took) = daemon.end();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(mute);
    assert!(!place.path("socket").exists() && !place.path("state/daemon").exists());
    assert_eq!(place.run(&["verify"]).out, "14 interactions compared: clean\n");
}

#[test]
fn a_good_configuration_is_taken_over_and_a_bad_one_is_not() {
    let place = Place::new(QUIET);
    let daemon = Daemon::ready(&place);
    let name = || place.json(&["status"])["brands"]["acme"]["name"].clone();
    place.configure(&QUIET.replace("Acme Coffee", "Acme Tea"));
    daemon.signal(Signal::HUP);
    daemon.has_logged("the configuration was taken over");
    assert_eq!(name(), "Acme Tea");
    place.write("affinityd.toml", QUIET.replace("Europe/Stockholm", "Europe/Stokholm"));
    daemon.signal(Signal::HUP);
    daemon.has_logged("the configuration has mistakes: the old one stays");
    assert!(daemon.log().contains("affinityd.toml:5:8: there is no time zone `Europe/Stokholm`"));
    // Right in itself, but the socket cannot be where it says.
    let elsewhere = place.write("a-file", "");
    place.write(
        "affinityd.toml",
        format!("{QUIET}[daemon]\nstate = \"ignored\"\nsocket = \"{elsewhere}/socket\"\n"),
    );
    daemon.signal(Signal::HUP);
    daemon.has_logged("cannot be put to work, the old one stays");
    place.configure(QUIET);
    until("the socket", || place.path("socket").exists(), || daemon.log());
    until("an answer", || place.json(&["status"])["running"] == true, || daemon.log());
    assert_eq!(name(), "Acme Tea", "the old one stays");
    for _ in 0..50 {
        daemon.signal(Signal::HUP);
    }
    until("the name", || name() == "Acme Coffee", || daemon.log());
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end().0, Some(0));
}

#[test]
fn a_thousand_signals_to_reload_lose_nothing_and_it_still_stops_soon() {
    let place = Place::with_history();
    let daemon = Daemon::ready(&place);
    for round in 0..1000 {
        daemon.signal(Signal::HUP);
        if round % 100 == 50 {
            place.configure(if round % 200 == 50 { "a = wrong" } else { QUIET });
        }
    }
    daemon.signal(Signal::TERM);
    let (code, took) = daemon.end();
    assert_eq!(code, Some(0));
    assert!(took < SOON, "{took:?}");
    place.configure(QUIET);
    assert_eq!(place.run(&["verify"]).out, "14 interactions compared: clean\n");
    let log = std::fs::read_to_string(place.path("log")).unwrap();
    assert!(!log.contains("panic"), "{log}");
}

#[test]
fn told_to_stop_while_it_starts_it_stops() {
    let place = Place::with_history();
    // What it says of the configuration comes before that.
    let begun = |daemon: &Daemon| daemon.log().lines().any(|line| !line.contains("no account"));
    for wait in [0, 1, 3, 10, 30, 100] {
        let daemon = Daemon::start(&place, |_| {});
        // By the clock, not by a condition: each of these may be another point of the start.
        std::thread::sleep(Duration::from_millis(wait));
        let had_begun = begun(&daemon);
        daemon.signal(Signal::TERM);
        let (code, took) = daemon.end();
        // Before it takes signals the system ends it, and there is nothing to lose.
        assert!(code == Some(0) || (code.is_none() && !had_begun), "{wait} ms: {code:?}");
        assert!(took < SOON, "{wait} ms: {took:?}");
        assert_eq!(place.run(&["verify"]).code, 0, "{wait} ms");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_while_a_server_does_not_answer_it_stops() {
    let fake = Fake::start().await;
    fake.is(Mood::Mute);
    let place = Place::new(QUIET);
    place.write("affinityd.toml", stage::config(place.dir.path(), &[("main", &fake.url)]));
    tokio::task::block_in_place(|| {
        let daemon = Daemon::ready(&place);
        until("a request", || fake.asked("") > 0, || daemon.log());
        daemon.signal(Signal::TERM);
        daemon.signal(Signal::TERM);
        let (code, took) = daemon.end();
        assert_eq!(code, Some(0));
        assert!(took < SOON, "{took:?}");
        // Nothing was given up for good: what waits there is read after the next start.
        fake.is(Mood::Well);
        let now = Time::from(chrono::Utc::now());
        fake.mention("ada", "where is my parcel?", now.plus(-Time::MINUTE));
        let again = Daemon::ready(&place);
        let read = || place.json(&["cases", "list"]).as_array().map_or(0, Vec::len) == 1;
        until("the case", read, || again.log());
        again.signal(Signal::TERM);
        assert_eq!(again.end().0, Some(0));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_while_it_takes_in_an_import_it_keeps_what_it_confirmed() {
    let place = Place::new(QUIET);
    tokio::task::block_in_place(|| {
        let line = |n: u32| {
            format!(
                "{{\"platform\":\"mastodon\",\"id\":\"m{n}\",\"kind\":\"mention\",\"created_at\":\
                 \"2026-10-01T10:00:00Z\",\"text\":\"where is my parcel {n}?\",\
                 \"author\":{{\"id\":\"u{n}\"}}}}\n"
            )
        };
        let many: String = (0..3000).map(line).collect();
        let file = place.write("many.jsonl", many);
        let daemon = Daemon::ready(&place);
        let mut import = place.command(&["import", &file, "--format", "jsonl"]);
        let import =
            import.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let import = import.spawn().unwrap();
        let stored = || place.json(&["status"])["store"]["interactions"].as_u64();
        std::thread::sleep(Duration::from_millis(300));
        let _ = stored();
        daemon.signal(Signal::TERM);
        let (code, took) = daemon.end();
        assert_eq!(code, Some(0));
        assert!(took < SOON, "{took:?}");
        let ended = import.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success() || !said.trim().is_empty(), "it says that it was cut off");
        assert_eq!(place.run(&["verify"]).code, 0);
        // The same once more takes in the rest, and nothing twice.
        let again = place.run(&["import", &file, "--format", "jsonl"]);
        assert_eq!(again.code, 0, "{}", again.err);
        let verified = place.run(&["verify"]);
        assert_eq!(verified.out, "3000 interactions compared: clean\n", "{}", verified.err);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_in_the_middle_of_a_mail_it_stops_and_sends_that_mail_later() {
    for (case, act, doubled) in [
        ("before the mail was taken", vec![(At::MidData, Act::Stall)], 0),
        ("after it was taken, without an answer", vec![(At::End, Act::TakeAndStall)], 1),
    ] {
        let sink = Sink::new();
        sink.play(act);
        let place = with_mails(&sink, 3).await;
        let daemon = tokio::task::block_in_place(|| Daemon::ready(&place));
        sink.in_data().await;
        tokio::task::block_in_place(|| {
            daemon.signal(Signal::TERM);
            daemon.signal(Signal::TERM);
            let (code, took) = daemon.end();
            assert_eq!(code, Some(0), "{case}");
            assert!(took < SOON, "{case}: {took:?}");
            let again = Daemon::ready(&place);
            let waits = || place.json(&["status"])["mail"]["waiting"] != 0;
            until("all mails", || sink.mails().len() >= 3 + doubled && !waits(), || again.log());
            again.signal(Signal::TERM);
            assert_eq!(again.end().0, Some(0));
        });
        let mut ids: Vec<String> = sink.mails().iter().map(|mail| mail.id().to_owned()).collect();
        assert_eq!(ids.len(), 3 + doubled, "{case}: {ids:?}");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 3, "{case}: the same Message-ID");
        let (store, _) = Store::open(&place.path("state"), &store::Config::default()).unwrap();
        assert!(store.mails().unwrap().iter().all(|mail| mail.sending == Sending::Done), "{case}");
    }
}

/// The program with some mails in its outbox, and a scripted server to send them to.
async fn with_mails(sink: &Arc<Sink>, mails: u64) -> Place {
    let port = sink.listen().await;
    let place = Place::new(&format!(
        "{QUIET}[mail.smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n"
    ));
    let shelf = Shelf::default();
    let (store, _) = Store::open(&place.path("state"), &store::Config::default()).expect("a store");
    for seq in 1..=mails {
        shelf.alert(seq, &["ada@acme.example"]);
        store.commit(Change { mails_new: vec![shelf.entry(seq)], ..Change::default() }).unwrap();
    }
    place
}
