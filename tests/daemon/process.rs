//! The daemon as a process: what one leaves behind, and the command line beside it.

use rustix::process::Signal;

use crate::binary::{Daemon, Place, QUIET, until};
use crate::fake_mastodon::Fake;
use crate::stage;

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
