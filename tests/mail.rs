//! Promise: every mail reaches each of its recipients once, however long that takes, and what a
//! server says about one of them touches no other.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use affinityd::mail::{
    self, FailureClass, Patience, Scope, Security, SendFailure, Smtp, SmtpConfig,
};
use affinityd::model::{Purpose, Sending, Severity, Time};
use secrecy::SecretString;

use crate::post_office::{HOUR, MINUTE, Office, START, Shelf, built, id, server};
use crate::smtp_server::{Act, At, Sink};

#[tokio::test(start_paused = true)]
async fn severe_mails_go_first_and_each_recipient_gets_one() {
    let shelf = Shelf::default();
    shelf.alert(1, &["ada@acme.example", "bob@acme.example"]);
    shelf.put(2, Purpose::Alert, Severity::Severe, &["ada@acme.example"]);
    let office = Office::open(shelf, Sink::new());
    office.at(MINUTE).await;
    assert_eq!(
        office.got(),
        [
            "m2@affinityd.acme.example ada@acme.example",
            "m1@affinityd.acme.example ada@acme.example",
            "m1@affinityd.acme.example bob@acme.example",
        ]
    );
    assert!(office.shelf.is_done());
    assert_eq!(office.sink.asked().len(), 1, "one connection for all");
    let body = &office.sink.mails()[0].bytes;
    assert!(body.contains("To: ada@acme.example\r\n") && body.contains("Somebody waits\r\n.\r\n"));

    office.shelf.alert(3, &["ada@acme.example"]);
    office.wake.notify_one();
    office.at(MINUTE + Duration::from_secs(1)).await;
    assert_eq!(office.got().len(), 4, "a call wakes the courier");
    let state = office.state.borrow().clone();
    assert_eq!((state.waiting, state.sent, state.dead), (0, 4, 0));
    assert_eq!(state.last_sent_at.map(|t| t.since(START) / Time::SECOND), Some(60));
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_mail_the_server_chokes_on_lets_the_others_pass() {
    let shelf = Shelf::default();
    shelf.put(1, Purpose::Alert, Severity::Severe, &["hangup@acme.example"]);
    let sink = Sink::new();
    sink.always(vec![(At::RcptOf("hangup@acme.example"), Act::Say("421 4.3.0 bye"))]);
    let office = Office::open(shelf, sink);
    for hour in 1..=5 {
        office.at(u32::try_from(hour).unwrap() * HOUR).await;
        office.shelf.alert(hour + 1, &["ada@acme.example"]);
        office.wake.notify_one();
    }
    office.at(6 * HOUR).await;
    assert_eq!(office.got().len(), 5);
    assert_eq!(office.shelf.entry(1).sending, Sending::Due, "still tried");
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_a_mail_loses_nothing() {
    let shelf = Shelf::default();
    shelf.alert(1, &["ada@acme.example"]);
    let sink = Sink::new();
    sink.play(vec![(At::End, Act::Stall)]);
    let office = Office::open(shelf, sink.clone());
    sink.in_data().await;
    let shelf = office.shelf.clone();
    office.close().await;
    assert_eq!(shelf.entry(1).sending, Sending::Due);
    let shelf =
        Shelf { entries: Mutex::new(shelf.entries.lock().unwrap().clone()), ..Shelf::default() };
    let again = Office::open(shelf, sink);
    again.at(MINUTE).await;
    assert_eq!(again.got(), [format!("{} ada@acme.example", id(1))]);
    again.close().await;
}

#[tokio::test(start_paused = true)]
async fn an_outbox_that_cannot_be_written_stops_mail_and_heals_by_itself() {
    let shelf = Shelf::default();
    shelf.alert(1, &["ada@acme.example"]);
    shelf.alert(2, &["ada@acme.example"]);
    shelf.is_full.store(true, Ordering::SeqCst);
    let office = Office::open(shelf, Sink::new());
    office.at(HOUR).await;
    assert_eq!(office.got().len(), 1, "one mail found out");
    assert_eq!(office.state.borrow().outbox_trouble.as_deref(), Some("no space left"));
    office.shelf.is_full.store(false, Ordering::SeqCst);
    office.at(HOUR + MINUTE).await;
    assert_eq!(
        office.got(),
        [format!("{} ada@acme.example", id(1)), format!("{} ada@acme.example", id(2))]
    );
    assert!(office.shelf.is_done());
    assert_eq!(office.state.borrow().outbox_trouble, None);
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_while_its_server_is_down_is_not_sent() {
    let shelf = Shelf::default();
    shelf.alert(1, &["ada@acme.example"]);
    shelf.alert(2, &["ada@acme.example"]);
    let sink = Sink::new();
    sink.set_down(true);
    let office = Office::open(shelf, sink.clone());
    office.at(10 * MINUTE).await;
    let reason = Sending::Withdrawn("its case has ended".to_owned());
    office.shelf.entries.lock().unwrap().get_mut(&1).unwrap().sending = reason.clone();
    sink.set_down(false);
    office.at(HOUR).await;
    assert_eq!(office.got(), [format!("{} ada@acme.example", id(2))]);
    assert_eq!(office.shelf.entry(1).sending, reason);
    office.close().await;
}

/// One dialogue with a scripted server over a socket.
async fn post(script: Vec<(At, Act)>, security: Security) -> Result<(), SendFailure> {
    let sink = Sink::new();
    sink.always(script);
    let config = SmtpConfig { security, ..server(sink.listen().await, true) };
    let patience = Patience { answer: Duration::from_millis(200), ..Patience::default() };
    Smtp::new(config, Patience { mail: Duration::from_millis(600), ..patience })
        .send(&built(1), &mail::address("ada@acme.example").unwrap())
        .await
}
#[tokio::test]
async fn every_way_a_server_can_fail_is_understood() {
    use FailureClass::{Login, Refused, Retry};
    use Security::{None as Plain, StartTls, Tls};
    for (why, security, at, act, wanted) in [
        ("busy", Plain, At::Banner, Act::Say("421 busy"), (Retry, Scope::Server)),
        ("no TLS now", StartTls, At::StartTls, Act::Say("454 no"), (Retry, Scope::Server)),
        ("no TLS at all", Tls, At::Banner, Act::Say("220 plain"), (Retry, Scope::Server)),
        (
            "an answer slipped in before TLS",
            StartTls,
            At::StartTls,
            Act::Say("220 go\r\n250 AUTH PLAIN\r\n235 in\r\n250 a\r\n250 b\r\n354 c\r\n250 taken"),
            (Retry, Scope::Server),
        ),
        ("password", Plain, At::Auth, Act::Say("535 wrong"), (Login, Scope::Server)),
        ("greylist", Plain, At::Rcpt, Act::Say("450 later"), (Retry, Scope::Recipient)),
        ("unknown", Plain, At::Rcpt, Act::Say("550 unknown"), (Refused, Scope::Recipient)),
        ("too large", Plain, At::End, Act::Say("552 too large"), (Refused, Scope::Mail)),
        ("cut off", Plain, At::MidData, Act::Drop, (Retry, Scope::Server)),
        ("silent", Plain, At::Mail, Act::Stall, (Retry, Scope::Server)),
        ("silent at the end", Plain, At::End, Act::Stall, (Retry, Scope::Server)),
        ("no SMTP", Plain, At::Banner, Act::Say("HTTP/1.1 400"), (Retry, Scope::Server)),
    ] {
        let failure = post(vec![(at, act)], security).await.expect_err(why);
        assert_eq!((failure.class, failure.scope), wanted, "{why}: {failure}");
        assert!(!failure.said.is_empty() && !failure.said.contains('\n'), "{why}: {failure:?}");
    }
    assert_eq!(post(vec![], Plain).await, Ok(()));
}

#[tokio::test]
async fn nobody_listening_is_tried_again() {
    let port =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let smtp = Smtp::new(server(port, false), Patience::default());
    let failure = smtp.probe().await.unwrap_err();
    assert_eq!((failure.class, failure.scope), (FailureClass::Retry, Scope::Server));
    assert!(failure.said.starts_with(&format!("127.0.0.1:{port}: ")), "{failure}");
}

#[tokio::test]
async fn a_server_that_closed_the_kept_connection_costs_no_attempt() {
    let sink = Sink::new();
    let smtp = Smtp::new(server(sink.listen().await, true), Patience::default());
    let ada = mail::address("ada@acme.example").unwrap();
    sink.play(vec![(At::RcptOf("bob@acme.example"), Act::Drop)]);
    smtp.send(&built(1), &ada).await.unwrap();
    smtp.send(&built(2), &mail::address("bob@acme.example").unwrap()).await.unwrap_err();
    smtp.send(&built(3), &ada).await.unwrap();
    smtp.close().await;
    smtp.send(&built(4), &ada).await.unwrap();
    assert_eq!((sink.mails().len(), sink.asked().len()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_for_the_next_mail_and_let_go_when_idle() {
    let shelf = Shelf::default();
    shelf.alert(1, &["ada@acme.example"]);
    let sink = Sink::new();
    let office = Office::open(shelf, sink.clone());
    for (after, seq, wanted) in [(10, 2, (1, 0)), (25, 3, (1, 0)), (60, 4, (2, 1))] {
        office.at(Duration::from_secs(after)).await;
        office.shelf.alert(seq, &["ada@acme.example"]);
        office.wake.notify_one();
        office.at(Duration::from_secs(after + 1)).await;
        assert_eq!((sink.asked().len(), sink.goodbyes()), wanted, "after {after} s");
    }
    office.close().await;
    assert_eq!((sink.mails().len(), sink.goodbyes()), (4, 2));
}

/// `AFFINITYD_LIVE_SMTP` names servers as `SECURITY PORT CA USER PASSWORD TO [REFUSED]`, split by
/// `;`, on localhost. With a last word the server must be refused.
#[tokio::test]
#[ignore = "needs a real mail server, see above"]
async fn real_servers_take_mail_over_tls() {
    let servers = std::env::var("AFFINITYD_LIVE_SMTP").expect("names the servers");
    for line in servers.split(';') {
        let words: Vec<&str> = line.split_whitespace().collect();
        let security = match words[0] {
            "starttls" => Security::StartTls,
            "tls" => Security::Tls,
            _ => Security::None,
        };
        let mut config = server(words[1].parse().unwrap(), false);
        config.host = "localhost".to_owned();
        config.security = security;
        config.ca_file = (words[2] != "-").then(|| words[2].into());
        config.login =
            (words[3] != "-").then(|| (words[3].to_owned(), SecretString::from(words[4])));
        let smtp = Smtp::new(config, Patience::default());
        let to = mail::address(words[5]).unwrap();
        let mut first = Ok(());
        for seq in 0..20 {
            let began = std::time::Instant::now();
            first = smtp.send(&built(seq), &to).await;
            println!("{line}: {first:?} in {:?}", began.elapsed());
            if first.is_err() {
                break;
            }
        }
        smtp.close().await;
        assert_eq!(first.is_err(), words.len() > 6, "{line}");
    }
}

#[tokio::test]
async fn a_hundred_mails_share_one_connection() {
    let sink = Sink::new();
    let smtp = Smtp::new(server(sink.listen().await, false), Patience::default());
    let ada = mail::address("ada@acme.example").unwrap();
    let began = std::time::Instant::now();
    for seq in 0..100 {
        smtp.send(&built(seq), &ada).await.unwrap();
    }
    println!("wall a mail on loopback: {:?}", began.elapsed() / 100);
    assert_eq!((sink.mails().len(), sink.asked().len()), (100, 1));
}

#[tokio::test]
async fn the_log_holds_neither_password_nor_mail() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    tracing::debug!("the log works");
    let sink = Sink::new();
    let smtp = Smtp::new(server(sink.listen().await, true), Patience::default());
    smtp.send(&built(1), &mail::address("ada@acme.example").unwrap()).await.unwrap();
    smtp.close().await;
    drop(guard);
    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(said.contains("the log works"));
    assert!(!said.contains("AGFkYQBodW50ZXIy") && !said.contains("Somebody waits"), "{said}");
    assert_eq!((sink.logins(), sink.mails().len()), (1, 1));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
