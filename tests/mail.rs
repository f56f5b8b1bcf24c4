//! Promise: every mail reaches each of its recipients once, however long that takes, and what a
//! server says about one of them touches no other.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "support/smtp_server.rs"]
mod smtp_server;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use affinityd::mail::{
    self, Clock, Courier, CourierState, FailureClass, Letterhead, Outbox, Patience, Scope,
    Security, SendFailure, Smtp, SmtpConfig, Transport,
};
use affinityd::model::{Delivery, DeliveryState, Entry, Message, Purpose, Sending, Severity, Time};
use secrecy::SecretString;
use smtp_server::{Act, At, Sink};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

const START: Time = Time(1_772_615_700_000);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// An outbox in memory that keeps the contract of the trait and counts its writes.
#[derive(Default)]
struct Shelf {
    entries: Mutex<BTreeMap<u64, Entry>>,
    is_full: AtomicBool,
}

impl Outbox for Shelf {
    fn due(&self, now: Time, limit: usize) -> anyhow::Result<Vec<Entry>> {
        let entries = self.entries.lock().unwrap();
        let mut due: Vec<Entry> =
            entries.values().filter(|e| mail::is_due(e, now)).cloned().collect();
        due.sort_by_key(|e| (std::cmp::Reverse(e.message.severity), e.seq));
        due.truncate(limit);
        Ok(due)
    }

    fn update(&self, mut entry: Entry) -> anyhow::Result<()> {
        anyhow::ensure!(!self.is_full.load(Ordering::SeqCst), "no space left");
        let mut entries = self.entries.lock().unwrap();
        let stored = &entries[&entry.seq];
        if matches!(stored.sending, Sending::Held | Sending::Withdrawn(_)) {
            entry.sending = stored.sending.clone();
        }
        entries.insert(entry.seq, entry);
        Ok(())
    }
}

impl Shelf {
    fn put(&self, seq: u64, purpose: Purpose, severity: Severity, to: &[&str]) {
        let message = Message {
            id: format!("m{seq}@affinityd.acme.example"),
            brand: "acme".to_owned(),
            purpose,
            severity,
            group: "acme".to_owned(),
            references: vec![],
            subject: format!("mail {seq}"),
            text: "Somebody waits\n.\n".to_owned(),
            html: "<p>Somebody waits</p>".to_owned(),
            at: START,
            cases: vec![],
        };
        let delivery = |to: &&str| Delivery {
            to: (*to).to_owned(),
            state: DeliveryState::Waiting,
            attempts: 0,
            last_error: None,
        };
        let deliveries = to.iter().map(delivery).collect();
        let entry = Entry { seq, message, deliveries, sending: Sending::Due, next_at: START };
        self.entries.lock().unwrap().insert(seq, entry);
    }

    fn alert(&self, seq: u64, to: &[&str]) {
        self.put(seq, Purpose::Alert, Severity::Normal, to);
    }

    fn entry(&self, seq: u64) -> Entry {
        self.entries.lock().unwrap()[&seq].clone()
    }

    fn is_done(&self) -> bool {
        let is_closed = |e: &Entry| matches!(e.sending, Sending::Done | Sending::Withdrawn(_));
        self.entries.lock().unwrap().values().all(is_closed)
    }
}

/// A running courier with its world.
struct Office {
    shelf: Arc<Shelf>,
    sink: Arc<Sink>,
    state: watch::Receiver<CourierState>,
    wake: Arc<Notify>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    began: Instant,
}

fn server(port: u16, login: bool) -> SmtpConfig {
    SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        login: login.then(|| ("ada".to_owned(), SecretString::from("hunter2"))),
        ca_file: None,
        hello_name: Some("affinityd.acme.example".to_owned()),
    }
}

fn head() -> Letterhead {
    Letterhead {
        from: mail::parse_mailbox("Acme Care <care@acme.example>").unwrap(),
        reply_to: None,
        list_id: None,
        unsubscribe: None,
    }
}

impl Office {
    /// Opens with the entries on the shelf.
    fn open(shelf: Shelf, sink: Arc<Sink>) -> Self {
        let smtp = Smtp::over(server(25, true), Patience::default(), sink.dial());
        let shelf = Arc::new(shelf);
        let (wake, stop, began) =
            (Arc::new(Notify::new()), CancellationToken::new(), Instant::now());
        let clock: Clock =
            Arc::new(move || START.plus(i64::try_from(began.elapsed().as_millis()).unwrap()));
        let transport = Arc::new(Transport::Smtp(Box::new(smtp)));
        let courier = Courier::new(shelf.clone(), transport, head(), clock, wake.clone());
        let state = courier.state();
        let task = tokio::spawn(courier.run(stop.clone()));
        Self { shelf, sink, state, wake, stop, task, began }
    }

    /// Lets time pass up to so long after the opening.
    async fn at(&self, after: Duration) {
        sleep_until(self.began + after).await;
    }

    /// Who got which mail, in order.
    fn got(&self) -> Vec<String> {
        self.sink.mails().iter().map(|m| format!("{} {}", m.id(), m.to)).collect()
    }

    async fn close(self) {
        let began = Instant::now();
        self.stop.cancel();
        timeout(Duration::from_secs(6), self.task).await.expect("stops").expect("no panic");
        assert!(began.elapsed() <= Duration::from_secs(5), "took {:?}", began.elapsed());
    }
}

fn id(seq: u64) -> String {
    format!("m{seq}@affinityd.acme.example")
}

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
async fn an_outage_of_a_day_loses_and_doubles_nothing() {
    let shelf = Shelf::default();
    let people = ["ada@acme.example", "bob@acme.example", "eve@acme.example"];
    for seq in 0..60 {
        shelf.alert(seq, &people[usize::try_from(seq % 3).unwrap()..][..1]);
    }
    let sink = Sink::new();
    sink.set_down(true);
    let office = Office::open(shelf, sink.clone());
    office.at(6 * HOUR).await;
    sink.set_down(false);
    sink.always(vec![(At::Banner, Act::Say("421 4.3.2 too busy"))]);
    office.at(12 * HOUR).await;
    sink.always(vec![(At::Rcpt, Act::Say("451 4.3.0 later"))]);
    office.at(15 * HOUR).await;
    sink.always(vec![(At::End, Act::Say("451 4.3.0 later"))]);
    office.at(18 * HOUR).await;
    sink.always(vec![(At::End, Act::Stall)]);
    office.at(24 * HOUR).await;
    assert_eq!(office.got(), [""; 0]);
    let state = office.state.borrow().clone();
    assert_eq!((state.waiting, state.dead), (60, 0));
    assert!(state.trouble.is_some());

    let asked = sink.asked();
    for hour in 0..24 {
        let inside = |at: &&Instant| at.duration_since(office.began).as_secs() / 3600 == hour;
        let count = asked.iter().filter(inside).count();
        assert!((3..=60).contains(&count), "{count} attempts in hour {hour}");
        let longest = asked.windows(2).filter(|w| inside(&&w[1])).map(|w| w[1] - w[0]).max();
        assert!(longest >= Some(15 * MINUTE) || hour == 0, "hour {hour} waits {longest:?}");
    }

    sink.always(vec![]);
    // An attempt that still hangs takes two minutes, the pause after it and its jitter eighteen. Ten
    // minutes after the next one all is out.
    office.at(24 * HOUR + 21 * MINUTE).await;
    let first = office.got().len();
    assert!(first > 0, "the courier has noticed");
    office.at(24 * HOUR + 31 * MINUTE).await;
    let mut got = office.got();
    got.sort();
    let mut wanted: Vec<String> =
        (0..60).map(|s| format!("{} {}", id(s), people[usize::try_from(s % 3).unwrap()])).collect();
    wanted.sort();
    assert_eq!(got, wanted);
    assert!(office.shelf.is_done());
    assert_eq!(office.state.borrow().waiting, 0);
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn late_digests_collapse_into_the_newest_and_alerts_do_not() {
    let shelf = Shelf::default();
    for day in 1..=3 {
        let window = START.plus(day * Time::DAY);
        let seq = u64::try_from(day).unwrap();
        shelf.put(seq, Purpose::Digest(window), Severity::Normal, &["ada@acme.example"]);
    }
    shelf.alert(4, &["ada@acme.example"]);
    let office = Office::open(shelf, Sink::new());
    office.at(MINUTE).await;
    assert_eq!(
        office.got(),
        [format!("{} ada@acme.example", id(3)), format!("{} ada@acme.example", id(4))]
    );
    assert_eq!(
        office.shelf.entry(1).sending,
        Sending::Withdrawn(
            "overtaken by the digest of the window to 2026-03-07T09:15:00Z".to_owned()
        )
    );
    office.close().await;
}

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
async fn an_answer_lost_after_the_mail_doubles_it_at_most_once_under_the_same_id() {
    let shelf = Shelf::default();
    shelf.alert(1, &["ada@acme.example"]);
    let sink = Sink::new();
    sink.play(vec![(At::End, Act::TakeAndDrop)]);
    let office = Office::open(shelf, sink);
    office.at(HOUR).await;
    assert_eq!(office.got(), vec![format!("{} ada@acme.example", id(1)); 2]);
    let mails = office.sink.mails();
    assert_eq!(mails[0].bytes, mails[1].bytes, "byte for byte the same mail");
    office.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_mail_cut_off_in_the_middle_is_sent_again_and_came_once() {
    for script in [
        vec![(At::MidData, Act::Drop)],
        vec![(At::Data, Act::Say("451 4.3.0 later"))],
        vec![(At::Mail, Act::Stall)],
        vec![(At::Banner, Act::Drop)],
    ] {
        let shelf = Shelf::default();
        shelf.alert(1, &["ada@acme.example"]);
        let sink = Sink::new();
        sink.play(script.clone());
        let office = Office::open(shelf, sink);
        office.at(HOUR).await;
        assert_eq!(office.got(), [format!("{} ada@acme.example", id(1))], "{script:?}");
        assert_eq!(office.shelf.entry(1).deliveries[0].attempts, 2, "{script:?}");
        office.close().await;
    }
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

fn built(seq: u64) -> mail::Built {
    let shelf = Shelf::default();
    shelf.alert(seq, &[]);
    let to = mail::address("ada@acme.example").unwrap();
    mail::build(&shelf.entry(seq).message, &head(), &to).unwrap()
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
