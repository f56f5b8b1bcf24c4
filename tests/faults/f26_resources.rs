//! F26: few descriptors, little memory, a state directory that cannot be written, no DNS, no network at
//! boot, no `/tmp`. It starts, or ends with one clear line; it tries again by itself; it is ready only
//! when it can store.

use std::time::Duration;

use rustix::process::Signal;

use crate::binary::{Daemon, Place, QUIET, until};
use crate::fake_mastodon::Fake;
use crate::stage;

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
async fn with_64_descriptors_it_reads_and_answers() {
    let fakes = [Fake::start().await, Fake::start().await, Fake::start().await];
    let now = affinityd::model::Time::from(chrono::Utc::now());
    let names = ["one", "two", "three"];
    for (fake, name) in fakes.iter().zip(names) {
        fake.mention(name, "where is my parcel?", now.plus(-60_000));
    }
    let place = Place::new(QUIET);
    let accounts: Vec<(&str, &str)> =
        names.into_iter().zip(&fakes).map(|(name, fake)| (name, fake.url.as_str())).collect();
    place.write("affinityd.toml", stage::config(place.dir.path(), &accounts));
    tokio::task::block_in_place(|| {
        let daemon = Daemon::of(&place, place.under("ulimit -n 64", &["run"]));
        daemon.has_logged("running");
        let cases = || place.json(&["cases", "list"]).as_array().map_or(0, Vec::len);
        until("three cases", || cases() == 3, || daemon.log());
        let open = std::fs::read_dir(format!("/proc/{}/fd", daemon.process())).unwrap().count();
        assert!(open < 40, "{open} descriptors");
        // More callers than it has descriptors for: they wait or are refused, and it goes on.
        let callers: Vec<_> = (0..100)
            .filter_map(|_| std::os::unix::net::UnixStream::connect(place.path("socket")).ok())
            .collect();
        drop(callers);
        until("an answer", || place.run(&["status"]).code <= 1, || daemon.log());
        until("the cases once more", || cases() == 3, || daemon.log());
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.end().0, Some(0));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_or_names_it_starts_and_reads_as_soon_as_there_is_one() {
    let fake = Fake::start().await;
    let now = affinityd::model::Time::from(chrono::Utc::now());
    fake.mention("ada", "where is my parcel?", now.plus(-60_000));
    // A port on which nobody listens yet.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place::new(QUIET);
    let text = stage::config(
        place.dir.path(),
        &[("late", &format!("http://127.0.0.1:{port}")), ("lost", "https://nowhere.invalid")],
    );
    let smtp = "[mail.smtp]\nhost = \"mail.nowhere.invalid\"\n";
    place.write("affinityd.toml", text.replace("directory = \"mail\"\n", smtp));
    let daemon = tokio::task::block_in_place(|| {
        // A clock that is fast: the pauses between tries are minutes.
        let daemon = Daemon::start(&place, |command| {
            command.env("AFFINITYD_FAULT_CLOCK", format!("{}x60", now.0));
        });
        daemon.has_logged("running");
        let source = |name: &str| {
            let status = place.json(&["status"]);
            let all = status["sources"].as_array().cloned().unwrap_or_default();
            all.into_iter().find(|s| s["account"] == name).unwrap_or_default()
        };
        for name in ["late", "lost"] {
            let failing = || source(name)["error"]["class"] == "unreachable";
            until("a source that is not reached", failing, || daemon.log());
        }
        daemon
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let to = fake.url.trim_start_matches("http://").to_owned();
    let relay = tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let to = to.clone();
            tokio::spawn(async move {
                if let Ok(mut there) = tokio::net::TcpStream::connect(to).await {
                    let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
                }
            });
        }
    });
    tokio::task::block_in_place(|| {
        let cases = || place.json(&["cases", "list"]).as_array().map_or(0, Vec::len);
        until("the case", || cases() == 1, || daemon.log());
        assert!(!daemon.log().contains("panic"), "{}", daemon.log());
        daemon.signal(Signal::TERM);
        let (code, took) = daemon.end();
        assert_eq!(code, Some(0));
        assert!(took < Duration::from_secs(5), "{took:?}");
    });
    relay.abort();
}

#[test]
fn without_a_temporary_directory_and_without_a_home_it_runs() {
    let place = Place::with_history();
    let daemon = Daemon::start(&place, |command| {
        command.env("TMPDIR", "/nowhere/at/all").env_remove("HOME").env_remove("USER");
    });
    daemon.has_logged("running");
    assert_eq!(place.json(&["status"])["running"], true);
    let export = place.end(place.command(&["export", "-o", "x.jsonl"]).env("TMPDIR", "/nowhere"));
    assert_eq!(export.code, 0, "{}", export.err);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end().0, Some(0));
}

/// Everything may be read and nothing written, by a user to whom that applies.
fn as_nobody(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
}

#[test]
fn a_state_directory_that_cannot_be_written_is_refused_in_one_line_and_never_ready() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &std::path::Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let place = Place::new(QUIET);
    mode(place.dir.path(), 0o755);
    let state = place.path("state");
    std::fs::create_dir(&state).unwrap();
    mode(&state, 0o555);
    // Not every build is where nobody may run it.
    let program = place.path("program");
    std::fs::copy(env!("CARGO_BIN_EXE_affinityd"), &program).unwrap();
    let listener = std::os::unix::net::UnixDatagram::bind(place.path("notify")).unwrap();
    mode(&place.path("notify"), 0o777);
    let mut command = std::process::Command::new(&program);
    command.args(["run", "--config"]).arg(place.path("affinityd.toml"));
    command.env_clear().env("NOTIFY_SOCKET", place.path("notify")).current_dir("/");
    as_nobody(&mut command);
    let ran = place.end(&mut command);
    assert_ne!(ran.code, 0, "{}", ran.err);
    let said: Vec<&str> = ran.err.lines().filter(|line| !line.contains("WARN")).collect();
    assert!(said.len() == 1 && said[0].contains("[dir]/state"), "{}", ran.err);
    listener.set_nonblocking(true).unwrap();
    let mut told = [0; 4096];
    while let Ok(length) = listener.recv(&mut told) {
        let text = String::from_utf8_lossy(&told[..length]);
        assert!(!text.contains("READY=1"), "{text}");
    }
    println!("code {}: {}", ran.code, said[0]);
}

#[test]
fn with_little_memory_it_runs() {
    // Address space is not memory: most of this is reserved and never touched.
    let place = Place::with_history();
    let daemon = Daemon::of(&place, place.under("ulimit -v 1000000", &["run"]));
    daemon.has_logged("running");
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.process())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches("kB").trim().parse().unwrap();
    println!("peak {peak} kB");
    assert!(peak < 128_000, "{peak} kB");
    assert_eq!(place.json(&["status"])["running"], true);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end().0, Some(0));
}
