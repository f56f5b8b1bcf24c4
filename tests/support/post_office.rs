//! A courier with an outbox in memory and a scripted mail server, by a clock that the test moves.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use affinityd::mail::{
    self, Clock, Courier, CourierState, Letterhead, Outbox, Patience, Security, Smtp, SmtpConfig,
    Transport,
};
use affinityd::model::{Delivery, DeliveryState, Entry, Message, Purpose, Sending, Severity, Time};
use secrecy::SecretString;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::smtp_server::Sink;

pub const START: Time = Time(1_772_615_700_000);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);

/// A mail to somebody that nobody has tried to send yet.
pub fn waiting(to: &str) -> Delivery {
    Delivery { to: to.to_owned(), state: DeliveryState::Waiting, attempts: 0, last_error: None }
}

/// An outbox in memory that keeps the contract of the trait and counts its writes.
#[derive(Default)]
pub struct Shelf {
    pub entries: Mutex<BTreeMap<u64, Entry>>,
    pub is_full: AtomicBool,
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

    fn digests(&self) -> anyhow::Result<Vec<Entry>> {
        let entries = self.entries.lock().unwrap();
        let is_digest = |e: &&Entry| {
            e.sending == Sending::Due && matches!(e.message.purpose, Purpose::Digest(_))
        };
        Ok(entries.values().filter(is_digest).cloned().collect())
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
    pub fn put(&self, seq: u64, purpose: Purpose, severity: Severity, to: &[&str]) {
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
        let deliveries = to.iter().map(|to| waiting(to)).collect();
        let entry = Entry { seq, message, deliveries, sending: Sending::Due, next_at: START };
        self.entries.lock().unwrap().insert(seq, entry);
    }

    pub fn alert(&self, seq: u64, to: &[&str]) {
        self.put(seq, Purpose::Alert, Severity::Normal, to);
    }

    pub fn entry(&self, seq: u64) -> Entry {
        self.entries.lock().unwrap()[&seq].clone()
    }

    pub fn is_done(&self) -> bool {
        let is_closed = |e: &Entry| matches!(e.sending, Sending::Done | Sending::Withdrawn(_));
        self.entries.lock().unwrap().values().all(is_closed)
    }
}

/// A running courier with its world.
pub struct Office {
    pub shelf: Arc<Shelf>,
    pub sink: Arc<Sink>,
    pub state: watch::Receiver<CourierState>,
    pub wake: Arc<Notify>,
    pub stop: CancellationToken,
    pub task: JoinHandle<()>,
    pub began: Instant,
}

pub fn server(port: u16, login: bool) -> SmtpConfig {
    SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        login: login.then(|| ("ada".to_owned(), SecretString::from("hunter2"))),
        ca_file: None,
        hello_name: Some("affinityd.acme.example".to_owned()),
    }
}

pub fn head() -> Letterhead {
    Letterhead {
        from: mail::parse_mailbox("Acme Care <care@acme.example>").unwrap(),
        reply_to: None,
        list_id: None,
        unsubscribe: None,
    }
}

impl Office {
    /// Opens with the entries on the shelf.
    pub fn open(shelf: Shelf, sink: Arc<Sink>) -> Self {
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
    pub async fn at(&self, after: Duration) {
        sleep_until(self.began + after).await;
    }

    /// Who got which mail, in order.
    pub fn got(&self) -> Vec<String> {
        self.sink.mails().iter().map(|m| format!("{} {}", m.id(), m.to)).collect()
    }

    pub async fn close(self) {
        let began = Instant::now();
        self.stop.cancel();
        timeout(Duration::from_secs(6), self.task).await.expect("stops").expect("no panic");
        assert!(began.elapsed() <= Duration::from_secs(5), "took {:?}", began.elapsed());
    }
}

pub fn id(seq: u64) -> String {
    format!("m{seq}@affinityd.acme.example")
}

/// A mail as it goes over the wire.
pub fn built(seq: u64) -> mail::Built {
    let shelf = Shelf::default();
    shelf.alert(seq, &[]);
    let to = mail::address("ada@acme.example").unwrap();
    mail::build(&shelf.entry(seq).message, &head(), &to).unwrap()
}
