//! F27: secrets that all may read, tokens in addresses, `umask 000`, `HTTP_PROXY`, a strange environment.
//! It refuses or warns; its files are 0600, its directories 0700, its socket 0660.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::binary::{Daemon, Place, QUIET, history, until};
use crate::fake_mastodon::Fake;
use crate::stage;

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

/// Every file and folder below a place, with its mode.
fn modes(dir: &Path) -> Vec<(PathBuf, bool, u32)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let about = std::fs::symlink_metadata(entry.path()).unwrap();
        found.push((entry.path(), about.is_dir(), about.permissions().mode() & 0o777));
        if about.is_dir() {
            found.extend(modes(&entry.path()));
        }
    }
    found
}

#[test]
fn with_any_umask_and_surroundings_what_it_makes_is_its_owners_alone() {
    let place = Place::new(&format!("{QUIET}directory = \"mail\"\n"));
    let mut command = place.under("umask 000", &["run"]);
    command.env("LANG", "xx_YY.KOI8-R").env("LC_ALL", "\u{1b}[31m").env("TZ", ":/etc/passwd");
    command.env("PATH", "").env_remove("HOME").env("XDG_RUNTIME_DIR", "/nowhere");
    // The shell is found before its path is taken away.
    let daemon = Daemon::of(&place, command);
    daemon.has_logged("running");
    let import = place.end(&mut place.under("umask 000", &["import", &history()]));
    assert_eq!(import.out, "14 new, 0 with news, 0 known, 0 dropped; 8 cases\n", "{}", import.err);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end().0, Some(0));
    // And by the command line alone.
    let more = place.end(&mut place.under("umask 000", &["export", "-o", "out.jsonl"]));
    assert_eq!(more.code, 0, "{}", more.err);
    let mine = place.path("out.jsonl");
    assert_eq!(std::fs::metadata(mine).unwrap().permissions().mode() & 0o777, 0o600);
    let state = place.path("state");
    assert_eq!(std::fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    let found = modes(&state);
    assert!(found.len() > 3, "{found:?}");
    for (path, is_dir, mode) in found {
        let wanted = if is_dir { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{}: {mode:o}", path.display());
    }
}

#[test]
fn a_secret_that_others_may_read_and_one_in_the_configuration_are_refused() {
    const CANARY: &str = "c4n4ry-0f-th3-t0k3n";
    let place = Place::new(QUIET);
    let secret = place.write("secret", CANARY);
    let chmod = |mode| {
        std::fs::set_permissions(place.path("secret"), std::fs::Permissions::from_mode(mode))
            .unwrap();
    };
    let account = |more: &str| format!("{QUIET}\n[[platforms.mastodon]]\nname = \"main\"\n{more}");
    let url = "url = \"https://social.example\"\n";
    for (case, mode, config, word) in [
        (
            "all may read it",
            0o644,
            account(&format!("{url}token-file = \"{secret}\"\n")),
            "chmod 600",
        ),
        (
            "its group may",
            0o640,
            account(&format!("{url}token-file = \"{secret}\"\n")),
            "chmod 600",
        ),
        ("it is written there", 0o600, account(&format!("{url}token = \"{CANARY}\"\n")), "secret"),
        (
            "it is part of the address",
            0o600,
            account(&format!(
                "url = \"https://ada:{CANARY}@social.example\"\ntoken-file = \"{secret}\"\n"
            )),
            "affinityd.toml",
        ),
    ] {
        chmod(mode);
        place.configure(&config);
        for command in [&["run"][..], &["check-config"][..]] {
            let ran = place.run(command);
            assert_eq!(ran.code, 78, "{case}: {}{}", ran.out, ran.err);
            let said = format!("{}{}", ran.out, ran.err);
            assert!(said.contains(word), "{case}: {said}");
            assert!(!said.contains(CANARY), "{case}: {said}");
        }
        assert!(!place.path("socket").exists(), "{case}: nothing was started");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_of_the_surroundings_is_named_in_the_log_and_refused_by_the_configuration() {
    let fake = Fake::start().await;
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://ada:hunter2@{}", proxy.local_addr().unwrap());
    let place = Place::new(QUIET);
    let plain = stage::config(place.dir.path(), &[("main", &fake.url)]);
    tokio::task::block_in_place(|| {
        for (case, more, is_named) in
            [("the system's", "", true), ("none", "\n[http]\nproxy = \"none\"\n", false)]
        {
            place.write("affinityd.toml", format!("{plain}{more}"));
            let daemon = Daemon::start(&place, |command| {
                for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
                    command.env(name, &address);
                }
                command.env_remove("NO_PROXY").env_remove("no_proxy");
            });
            daemon.has_logged("running");
            let said = "requests go through a proxy";
            assert_eq!(daemon.log().contains(said), is_named, "{case}: {}", daemon.log());
            assert!(!daemon.log().contains("hunter2"), "{case}: {}", daemon.log());
            if is_named {
                until("somebody at the proxy", || proxy.accept().is_ok(), || daemon.log());
            } else {
                until("a request", || fake.asked("notifications") > 0, || daemon.log());
                assert!(proxy.accept().is_err(), "{case}: the proxy was asked");
            }
            daemon.signal(Signal::TERM);
            assert_eq!(daemon.end().0, Some(0));
        }
    });
}
