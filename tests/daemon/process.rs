//! The daemon as a process: signals, the lock, the socket.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::binary::{Daemon, Place, QUIET, history, until};
use crate::fake_mastodon::Fake;
use crate::stage;

#[test]
fn a_second_one_is_refused_at_once_and_the_first_does_not_notice() {
    let place = Place::with_history();
    let first = Daemon::ready(&place);
    let begun = Instant::now();
    let second = place.run(&["run"]);
    assert_eq!(second.code, 1);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    for word in ["runs already (process ", "systemctl stop affinityd", "[daemon]"] {
        assert!(second.err.contains(word), "{}", second.err);
    }
    // The same store through another configuration, with a socket of its own.
    let other = std::fs::read_to_string(place.path("affinityd.toml")).unwrap();
    place.write("other.toml", other.replace("/socket\"", "/other-socket\""));
    let third = place.run(&["run", "--config", "other.toml"]);
    assert!(third.code == 1 && third.err.contains("runs already"), "{}", third.err);
    // Another store, but the same socket.
    place.write("other.toml", other.replace("/state\"", "/other-state\""));
    let fourth = place.run(&["run", "--config", "other.toml"]);
    assert!(fourth.code == 1 && fourth.err.contains("runs already"), "{}", fourth.err);
    assert_eq!(place.json(&["status"])["running"], true);
    assert_eq!(place.run(&["cases", "list"]).code, 0);
    first.signal(Signal::TERM);
    assert_eq!(first.end().0, Some(0));
}

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
fn the_socket_is_for_its_owner_and_group_alone() {
    let place = Place::new(QUIET);
    let daemon = Daemon::ready(&place);
    let about = std::fs::metadata(place.path("socket")).expect("it is there");
    assert!(about.file_type().is_socket());
    assert_eq!(about.permissions().mode() & 0o777, 0o660);
    let state = std::fs::metadata(place.path("state")).expect("it is there");
    assert_eq!(state.permissions().mode() & 0o777, 0o700);
    let sign = std::fs::metadata(place.path("state/daemon")).expect("it is there");
    assert_eq!(sign.permissions().mode() & 0o777, 0o600);
    daemon.signal(Signal::INT);
    assert_eq!(daemon.end().0, Some(0));
}

#[test]
fn what_a_killed_one_has_left_disturbs_nobody() {
    let place = Place::with_history();
    drop(Daemon::ready(&place));
    assert!(place.path("socket").exists(), "killed, it could not clear up");
    assert_eq!(place.run(&["verify"]).code, 0, "the store is opened directly");
    let daemon = Daemon::ready(&place);
    assert_eq!(place.json(&["status"])["running"], true);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end().0, Some(0));
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
fn what_cannot_start_says_why_in_one_line() {
    let place = Place::new(QUIET);
    place.write("a-file", "");
    let text = std::fs::read_to_string(place.path("affinityd.toml")).unwrap();
    let rows = [
        ("no configuration", "nowhere.toml", None, 78, "there is no such file"),
        (
            "no place for the store",
            "x.toml",
            Some(("/state\"", "/a-file/state\"")),
            1,
            "a-file/state",
        ),
        ("no place for the socket", "x.toml", Some(("/socket\"", "/a-file/socket\"")), 1, "socket"),
    ];
    for (case, file, change, code, word) in rows {
        if let Some((from, to)) = change {
            place.write(file, text.replace(from, to));
        }
        let ran = place.run(&["run", "--config", file]);
        assert_eq!(ran.code, code, "{case}: {}", ran.err);
        let said: Vec<&str> = ran.err.lines().filter(|l| !l.contains("WARN")).collect();
        assert!(said.len() == 1 && said[0].contains(word), "{case}: {}", ran.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_of_it_reads_a_server_and_answers_the_command_line() {
    let fake = Fake::start().await;
    let now = affinityd::model::Time::from(chrono::Utc::now());
    fake.mention("ada", "my order never arrived, I want a refund", now.plus(-3_600_000));
    let place = Place::new(QUIET);
    place.write("affinityd.toml", stage::config(place.dir.path(), &[("main", &fake.url)]));
    let checked = tokio::task::block_in_place(|| place.run(&["check"]));
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    tokio::task::block_in_place(|| {
        let daemon = Daemon::ready(&place);
        let list = || place.json(&["cases", "list", "--state", "waiting"]);
        until("the case", || list().as_array().unwrap().len() == 1, || daemon.log());
        assert_eq!(list()[0]["author"]["name"], "ada");
        let asked = fake.asked("notifications");
        assert_eq!(place.run(&["poll", "main"]).out, "polling main\n");
        until("another poll", || fake.asked("notifications") > asked, || daemon.log());
        assert!(place.run(&["poll", "nope"]).err.contains("there are: main"));
        let status = place.run(&["status"]);
        assert_eq!(status.code, 0, "{}", status.out);
        assert!(status.out.contains("main/notifications"), "{}", status.out);
        assert!(!daemon.log().contains(stage::TOKEN));
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.end().0, Some(0));
    });
}
