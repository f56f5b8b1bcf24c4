//! What systemd is told: ready when it can store, alive while it is, and that it stops.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use affinityd::clock::Fast;
use affinityd::config::{Config, Secrets};
use affinityd::daemon;
use affinityd::store::{self, Store};
use rustix::process::Signal;

use crate::binary::{Daemon, Place, QUIET, until};
use crate::fake_mastodon::{Fake, Mood};
use crate::stage;

/// A socket as systemd has it, and what was said there.
struct Listener {
    path: PathBuf,
    heard: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Listener {
    fn new(dir: &Path) -> Self {
        let path = dir.join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        let heard: Arc<Mutex<Vec<(Instant, String)>>> = Arc::default();
        let keep = heard.clone();
        // It ends with the tests: nobody speaks to it after its own.
        std::thread::spawn(move || {
            let mut bytes = [0_u8; 4096];
            while let Ok(length) = socket.recv(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                keep.lock().unwrap().push((Instant::now(), text));
            }
        });
        Self { path, heard }
    }

    fn all(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(_, said)| said.clone()).collect()
    }

    fn has(&self, word: &str) -> bool {
        self.all().iter().any(|said| said.contains(word))
    }

    /// How long ago something was last said.
    fn since(&self, word: &str) -> Duration {
        let heard = self.heard.lock().unwrap();
        let last = heard.iter().rev().find(|(_, said)| said.contains(word));
        last.map_or(Duration::MAX, |(at, _)| at.elapsed())
    }

    fn wait(&self, word: &str) {
        until(word, || self.has(word), || format!("{:?}", self.all()));
    }
}

#[test]
fn ready_is_said_when_it_can_store_and_not_before() {
    let place = Place::new(QUIET);
    let listener = Listener::new(place.dir.path());
    // Somebody else has the store open, as an offline command has for a moment.
    let held = Store::open(&place.path("state"), &store::Config::default()).expect("a store");
    let daemon = Daemon::start(&place, |command| {
        command.env("NOTIFY_SOCKET", &listener.path).env("WATCHDOG_USEC", "800000");
    });
    let begun = Instant::now();
    until("a second of waiting", || begun.elapsed() > Duration::from_secs(1), String::new);
    assert!(!listener.has("READY=1"), "{:?}", listener.all());
    drop(held);
    listener.wait("READY=1");
    let ready = listener.all().into_iter().find(|said| said.contains("READY=1")).unwrap();
    assert!(ready.contains("STATUS=polling 0 accounts for Acme Coffee"), "{ready}");
    assert_eq!(place.json(&["status"])["running"], true);
    listener.wait("WATCHDOG=1");
    daemon.signal(Signal::HUP);
    listener.wait("RELOADING=1");
    until(
        "ready again",
        || listener.all().iter().filter(|said| said.contains("READY=1")).count() == 2,
        || format!("{:?}", listener.all()),
    );
    assert!(!listener.has("STOPPING=1"));
    daemon.signal(Signal::TERM);
    listener.wait("STOPPING=1");
    assert_eq!(daemon.end().0, Some(0));
}

#[test]
fn what_cannot_store_is_never_ready() {
    let place = Place::new(QUIET);
    let listener = Listener::new(place.dir.path());
    let file = place.write("a-file", "");
    let daemon = Daemon::start(&place, |command| {
        command.args(["--store", &format!("{file}/x")]).env("NOTIFY_SOCKET", &listener.path);
    });
    assert_eq!(daemon.end().0, Some(1));
    listener.wait("STATUS=stopped");
    assert!(!listener.has("READY=1"), "{:?}", listener.all());
}

/// The daemon by a clock that runs so fast that minutes of silence pass in seconds. Started by the
/// test below as a process of its own, because what systemd says comes in the environment.
#[test]
#[ignore = "only the test below starts it"]
fn a_fast_daemon() {
    let Some(path) = std::env::var_os("FAST_DAEMON").map(PathBuf::from) else { return };
    let Ok((config, _)) = Config::load(&path, Secrets::Needed) else { panic!("a configuration") };
    let clock = Fast::new(stage::at("08:00"), 240);
    daemon::run_by(config, Arc::new(clock)).map_err(|stopped| stopped.error).expect("it stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watchdog_is_fed_while_polling_goes_on_and_starves_when_it_is_stuck() {
    let fake = Fake::start().await;
    let place = Place::new(QUIET);
    let text = stage::config(place.dir.path(), &[("main", &fake.url)]);
    let config = place.write("affinityd.toml", text);
    let listener = Listener::new(place.dir.path());
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "daemon::notify::a_fast_daemon", "--ignored"])
        .env("FAST_DAEMON", &config)
        .env("NOTIFY_SOCKET", &listener.path)
        .env("WATCHDOG_USEC", "400000")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    tokio::task::block_in_place(|| {
        listener.wait("READY=1");
        until("the first polls", || fake.asked("notifications") > 2, String::new);
        listener.wait("WATCHDOG=1");
        assert!(listener.since("WATCHDOG=1") < Duration::from_secs(5));
        // The next request never gets its answer. Five minutes are a second and a quarter here.
        fake.is(Mood::Mute);
        let starves = || listener.since("WATCHDOG=1") > Duration::from_millis(2_500);
        until("hunger", starves, || format!("{:?}", listener.all()));
        fake.is(Mood::Well);
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, Signal::TERM).expect("it is there to be told");
        listener.wait("STOPPING=1");
        assert!(child.wait().expect("it ends").success());
    });
}
