//! F7: a mail server that says no for good: to one of three recipients (550), to a mail (552), to us
//! (535). The others get exactly one; what is refused is shown and not tried again; a refused
//! password stops the queue, and status says so and ends with 1.

use std::sync::Arc;
use std::time::Duration;

use affinityd::model::{DeliveryState, Purpose, Sending, Severity};
use affinityd::store::{self, Change, Store};
use rustix::process::Signal;

use crate::binary::{Daemon, Place, until};
use crate::post_office::{HOUR, MINUTE, Office, Shelf, id};
use crate::smtp_server::{Act, At, Sink};

const THREE: [&str; 3] = ["ada@acme.example", "bob@acme.example", "eve@acme.example"];

#[tokio::test(start_paused = true)]
async fn a_recipient_refused_for_good_is_shown_and_the_others_get_theirs() {
    let shelf = Shelf::default();
    shelf.alert(1, &["ada@acme.example", "bob@acme.example", "eve@acme.example"]);
    let sink = Sink::new();
    sink.always(vec![(At::RcptOf("bob@acme.example"), Act::Say("550 5.1.1 no such user"))]);
    let office = Office::open(shelf, sink);
    office.at(48 * HOUR).await;
    assert_eq!(
        office.got(),
        [format!("{} ada@acme.example", id(1)), format!("{} eve@acme.example", id(1))]
    );
    let bob = &office.shelf.entry(1).deliveries[1];
    assert!(matches!(bob.state, DeliveryState::Dead(_)));
    assert_eq!((bob.attempts, bob.last_error.as_deref()), (1, Some("550 5.1.1 no such user")));
    assert_eq!(office.state.borrow().dead, 1);
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_recipient_told_to_wait_neither_doubles_nor_starves_the_others() {
    let shelf = Shelf::default();
    shelf.put(1, Purpose::Alert, Severity::Severe, &["bob@acme.example", "ada@acme.example"]);
    let sink = Sink::new();
    sink.always(vec![(At::RcptOf("bob@acme.example"), Act::Say("450 4.2.0 greylisted"))]);
    let office = Office::open(shelf, sink.clone());
    office.at(2 * HOUR).await;
    office.shelf.alert(2, &["ada@acme.example"]);
    office.wake.notify_one();
    office.at(2 * HOUR + Duration::from_secs(1)).await;
    assert_eq!(
        office.got(),
        [format!("{} ada@acme.example", id(1)), format!("{} ada@acme.example", id(2))]
    );
    let tries = office.shelf.entry(1).deliveries[0].attempts;
    assert!((8..=12).contains(&tries), "{tries} tries in two hours");
    sink.always(vec![]);
    office.at(2 * HOUR + 18 * MINUTE).await;
    assert_eq!(office.got()[2..], [format!("{} bob@acme.example", id(1))]);
    assert!(office.shelf.is_done());
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_password_stops_the_queue_and_is_reported() {
    let shelf = Shelf::default();
    for seq in 0..20 {
        shelf.alert(seq, &["ada@acme.example"]);
    }
    let sink = Sink::new();
    sink.always(vec![(At::Auth, Act::Say("535 5.7.8 no: hunter2 AGFkYQBodW50ZXIy"))]);
    let office = Office::open(shelf, sink.clone());
    office.at(MINUTE).await;
    assert_eq!(sink.logins(), 1, "one try, not one a mail");
    let state = office.state.borrow().clone();
    assert_eq!(state.login_refused.as_deref(), Some("535 5.7.8 no: … …"), "no secrets");
    assert!(state.paused_until.is_some());
    office.at(24 * HOUR).await;
    assert!(sink.logins() <= 26, "{} logins in a day", sink.logins());
    assert!((0..20).all(|seq| office.shelf.entry(seq).sending == Sending::Due), "nothing is lost");
    sink.always(vec![]);
    office.at(26 * HOUR).await;
    assert_eq!(office.got().len(), 20);
    assert_eq!(office.state.borrow().login_refused, None);
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_is_too_large_is_refused_once_a_recipient_and_the_next_one_goes() {
    let shelf = Shelf::default();
    shelf.put(1, Purpose::Alert, Severity::Severe, &THREE);
    let sink = Sink::new();
    sink.always(vec![(At::End, Act::Say("552 5.3.4 message too big"))]);
    let office = Office::open(shelf, sink.clone());
    office.at(24 * HOUR).await;
    sink.always(vec![]);
    office.shelf.alert(2, &THREE[..1]);
    office.wake.notify_one();
    office.at(48 * HOUR).await;
    assert_eq!(office.got(), [format!("{} ada@acme.example", id(2))]);
    let entry = office.shelf.entry(1);
    assert_eq!(entry.sending, Sending::Done);
    for delivery in &entry.deliveries {
        assert!(matches!(delivery.state, DeliveryState::Dead(_)));
        let said = delivery.last_error.as_deref();
        assert_eq!((delivery.attempts, said), (1, Some("552 5.3.4 message too big")));
    }
    assert_eq!(office.state.borrow().dead, 3);
    office.close().await;
}

/// A text without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The program with a mail for three people in its outbox, and a scripted server to send it to.
async fn program(sink: &Arc<Sink>, login: &str) -> Place {
    let port = sink.listen().await;
    let config = format!(
        r#"
[[brands]]
id = "acme"
name = "Acme Coffee"
zone = "Europe/Stockholm"
recipients = ["{}"]

[mail]
from = "Acme Care <affinityd@acme.example>"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
{login}
"#,
        THREE.join("\", \"")
    );
    let place = Place::new(&config);
    let shelf = Shelf::default();
    shelf.alert(1, &THREE);
    let (store, _) = Store::open(&place.path("state"), &store::Config::default()).expect("a store");
    store.commit(Change { mails_new: vec![shelf.entry(1)], ..Change::default() }).unwrap();
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_refused_is_named_by_status_and_the_digest_tells_of_it() {
    let sink = Sink::new();
    sink.always(vec![(At::RcptOf("bob@acme.example"), Act::Say("550 5.1.1 no such user"))]);
    let place = program(&sink, "").await;
    tokio::task::block_in_place(|| {
        let daemon = Daemon::ready(&place);
        let dead = || place.json(&["status"])["mail"]["dead"].as_array().map_or(0, Vec::len);
        until(
            "two mails and a refusal",
            || sink.mails().len() == 2 && dead() == 1,
            || daemon.log(),
        );
        let status = place.run(&["status"]);
        assert_eq!(status.code, 1, "{}", status.out);
        let said = "a mail to bob@acme.example was refused for good: 550 5.1.1 no such user";
        assert!(flat(&status.out).contains(said), "{}", status.out);
        let digest = place.run(&["digest"]);
        assert_eq!(digest.code, 0, "{}", digest.err);
        assert!(digest.out.contains("1 mail could not be delivered"), "{}", digest.out);
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.end().0, Some(0));
        // A start tries nothing again that was refused, and doubles nothing that was taken.
        let again = Daemon::ready(&place);
        until(
            "an idle courier",
            || place.json(&["status"])["mail"]["waiting"] == 0,
            || again.log(),
        );
        again.signal(Signal::TERM);
        assert_eq!(again.end().0, Some(0));
        let log = std::fs::read_to_string(place.path("log")).unwrap();
        assert!(!log.contains("panicked"), "{log}");
    });
    let mut got: Vec<String> = sink.mails().into_iter().map(|mail| mail.to).collect();
    got.sort();
    assert_eq!(got, ["ada@acme.example", "eve@acme.example"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_password_is_said_by_status_and_check_with_their_exit_codes() {
    let sink = Sink::new();
    sink.always(vec![(At::Auth, Act::Say("535 5.7.8 authentication failed"))]);
    let place = program(&sink, "user = \"ada\"\npassword-file = \"password\"").await;
    tokio::task::block_in_place(|| {
        use std::os::unix::fs::PermissionsExt as _;
        place.write("password", "hunter2");
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(place.path("password"), private).unwrap();
        let daemon = Daemon::ready(&place);
        until("a refusal", || sink.logins() > 0, || daemon.log());
        let said = "the mail server refuses the login: 535";
        let told = || flat(&place.run(&["status"]).out).contains(said);
        until("the status", told, || daemon.log());
        let status = place.run(&["status"]);
        assert_eq!(status.code, 1, "{}", status.out);
        assert_eq!(sink.logins(), 1, "one try for three recipients");
        let check = place.run(&["check"]);
        assert_eq!(check.code, 1, "{}{}", check.out, check.err);
        assert!(check.out.contains("535"), "{}", check.out);
        let shown = [daemon.log(), status.out, check.out].concat();
        assert!(!shown.contains("hunter2"), "{shown}");
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.end().0, Some(0));
    });
    assert!(sink.mails().is_empty());
}
