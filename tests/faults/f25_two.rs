//! F25: a second daemon on the same store, by the same configuration or by another. It is refused within
//! a second, says what to do and ends with 1; the first does not notice.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::binary::{Daemon, Place};

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
