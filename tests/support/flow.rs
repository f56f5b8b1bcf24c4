//! The real program between a fake platform and a mail server of ours, by a fast clock: posts and
//! mails flow, and it can be killed at any moment and started again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use affinityd::fault;
use affinityd::model::{DeliveryState, Entry, Sending, Time};
use affinityd::store::{BrandKey, Config, Opening, Store};

use crate::binary::{Daemon, Place};
use crate::fake_mastodon::Fake;
use crate::smtp_server::{Received, Sink};
use crate::stage;

/// A second of the test is four minutes of the daemon.
const FACTOR: u32 = 240;

/// Who gets each mail. Several, so that there are several dialogues and marks a mail.
const RECIPIENTS: [&str; 2] = ["care@acme.example", "shop@acme.example"];

/// So many complaints wait for an answer at most.
const WAITING: usize = 8;

/// The world around one daemon.
pub struct Flow {
    pub place: Place,
    pub fake: Fake,
    pub sink: Arc<Sink>,
    begun: Instant,
    /// The complaints so far, by post.
    pub complaints: BTreeSet<u64>,
    /// Those that were answered.
    answered: BTreeSet<u64>,
    // Last: the servers end with it.
    _runtime: tokio::runtime::Runtime,
}

impl Flow {
    /// Nothing has happened yet. `more` is added to the configuration.
    pub fn new(more: &str) -> Self {
        Self::at(Place::new(""), more)
    }

    /// The same, in a place that is there.
    pub fn at(place: Place, more: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let sink = Sink::new();
        let (fake, port) = runtime.block_on(async { (Fake::start().await, sink.listen().await) });
        let dir = place.dir.path();
        let config = stage::config(dir, &[("main", &fake.url)])
            .replace(
                "recipients = [\"care@acme.example\"]\n",
                &format!(
                    "recipients = {RECIPIENTS:?}\nhours = {{ daily = \"00:00-24:00\" }}\n\
                     [brands.alerts]\nalert-from = \"2020-01-01\"\ngroup-wait = \"0s\"\n\
                     group-interval = \"1m\"\nrepeat = \"1h\"\ncap-per-hour = 60\n\
                     quiet = \"never\"\n[brands.digest]\nschedule = \"*/30 * * * *\"\n\
                     empty = \"always\"\n"
                ),
            )
            .replace(
                "directory = \"mail\"\n",
                &format!("[mail.smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n"),
            )
            + "poll-notifications = \"30s\"\npoll-posts = \"30s\"\n"
            + more;
        place.write("affinityd.toml", config);
        Self {
            place,
            fake,
            sink,
            begun: Instant::now(),
            complaints: BTreeSet::new(),
            answered: BTreeSet::new(),
            _runtime: runtime,
        }
    }

    /// The time in this world.
    pub fn now(&self) -> Time {
        let start = Time::parse("2026-11-09T09:00:00Z").expect("a time");
        start.plus(self.begun.elapsed().as_millis() as i64 * i64::from(FACTOR))
    }

    /// Starts the daemon, with a plan of what goes wrong (or none: "").
    pub fn start(&self, plan: &str) -> Daemon {
        Daemon::start(&self.place, |command| {
            command.env(fault::CLOCK, format!("{}x{FACTOR}", self.now().0));
            command.env(fault::VARIABLE, plan);
        })
    }

    /// So many people complain, and so many say something else.
    pub fn speak(&mut self, complaints: usize, others: usize) {
        let at = self.now().plus(-3 * Time::HOUR);
        for _ in 0..complaints {
            let text = "my order is broken and nobody helps, I want a refund";
            self.complaints.insert(self.fake.mention("ada", text, at));
        }
        for _ in 0..others {
            self.fake.mention("bob", "it rained here today", at);
        }
    }

    /// The brand answers every complaint that it was told of by mail, but each fifth; and the oldest
    /// without being told when many wait, because a mail about a storm does not list them all.
    pub fn answer(&mut self) {
        let told = self.told();
        let waiting: Vec<u64> = self.complaints.difference(&self.answered).copied().collect();
        let many = waiting.len().saturating_sub(WAITING);
        for (place, id) in waiting.into_iter().enumerate() {
            if place < many || (told.contains(&id) && id % 5 != 0) {
                self.answered.insert(id);
                self.fake.answer(id, "so sorry, we have sent you a new one", self.now());
            }
        }
    }

    /// Whether everybody who complained and was not answered was told of.
    pub fn all_told(&self) -> bool {
        let told = self.told();
        self.complaints.difference(&self.answered).all(|id| told.contains(id))
    }

    /// The complaints that a mail was about.
    pub fn told(&self) -> BTreeSet<u64> {
        let mails = self.sink.mails();
        let texts: Vec<String> = mails.iter().map(text).collect();
        let is_told = |id: &u64| {
            let link = format!("/@ada/{id}");
            texts.iter().any(|text| text.contains(&link))
        };
        self.complaints.iter().copied().filter(is_told).collect()
    }

    /// How often each mail has arrived at whom.
    pub fn arrived(&self) -> BTreeMap<(String, String), usize> {
        let mut all = BTreeMap::new();
        for mail in self.sink.mails() {
            *all.entry((mail.id().to_owned(), mail.to.clone())).or_default() += 1;
        }
        all
    }

    /// How many mails have arrived that had arrived before.
    pub fn doubled(&self) -> usize {
        self.arrived().values().map(|times| times - 1).sum()
    }

    /// Opens the store of a daemon that has ended.
    pub fn store(&self) -> (Store, Opening) {
        let config = Config { lock_wait: std::time::Duration::from_secs(5), ..Config::default() };
        Store::open(&self.place.path("state"), &config).expect("the store opens by itself")
    }

    /// The mails that have arrived, and of which the store does not know it.
    pub fn unmarked(&self, store: &Store) -> BTreeSet<(String, String)> {
        let sent = sent(&store.mails().expect("the outbox"));
        self.arrived().into_keys().filter(|mail| !sent.contains(mail)).collect()
    }

    /// Lets the daemon run until everything served is stored, every complaint was told and no mail
    /// waits; then stops it. Gives what it logged.
    pub fn finish(&self) -> String {
        let daemon = self.start("");
        let rest = || {
            let status = self.place.json(&["status"]);
            format!("{status:#}\n{}", daemon.log())
        };
        crate::binary::until("the complaints", || self.all_told(), rest);
        let asked = self.fake.asked("notifications");
        crate::binary::until("a poll", || self.fake.asked("notifications") > asked + 1, rest);
        daemon.signal(rustix::process::Signal::TERM);
        let log = std::fs::read_to_string(self.place.path("log"));
        assert_eq!(daemon.end().0, Some(0));
        log.unwrap_or_default()
    }

    /// What must be true after any number of crashes: `verify` is clean, what is stored is what was
    /// served, and what was mailed is what the outbox says.
    pub fn check(&self) {
        let (store, opening) = self.store();
        assert!(is_ordinary(&opening), "{opening:?}");
        is_clean(&store);
        for brand in store.brands() {
            let stored: BTreeSet<String> = store
                .scan(BrandKey(brand.key), Time(0)..Time(i64::MAX))
                .map(|row| row.expect("it can be read").id)
                .collect();
            let served = self.fake.served();
            assert_eq!(stored.len(), served.len(), "lost, or more than was served");
            let lost = served.iter().filter(|url| !stored.contains(*url)).count();
            assert_eq!(lost, 0, "{:?} {:?}", stored.first(), served.first());
        }
        let mails = store.mails().expect("the outbox");
        let sent = sent(&mails);
        let arrived: BTreeSet<_> = self.arrived().into_keys().collect();
        let lost: Vec<_> = sent.difference(&arrived).collect();
        assert!(lost.is_empty(), "marked as sent, and never arrived: {lost:#?}");
        let unknown: Vec<_> = arrived.difference(&sent).collect();
        assert!(unknown.is_empty(), "arrived, and not known as sent: {unknown:#?}");
        assert!(self.all_told(), "everybody who complained and waits was told of");
    }
}

/// The mails that the outbox knows as sent, and to whom.
fn sent(mails: &[Entry]) -> BTreeSet<(String, String)> {
    let all = mails.iter().flat_map(|mail| mail.deliveries.iter().map(move |to| (mail, to)));
    all.filter(|(_, to)| matches!(to.state, DeliveryState::Sent(_)))
        .map(|(mail, to)| (mail.message.id.clone(), to.to.clone()))
        .collect()
}

/// What a kill while opening leaves, and the next opening clears away.
pub const BY_ITSELF: &str = "removed an unfinished snapshot";

/// Nothing was lost, and nothing but such a leftover was found.
pub fn is_ordinary(opening: &Opening) -> bool {
    opening.sound && !opening.held && opening.steps.iter().all(|step| step == BY_ITSELF)
}

/// `verify` has nothing to say.
pub fn is_clean(store: &Store) {
    for brand in store.brands() {
        let report = store.verify(BrandKey(brand.key), &mut |_| {}).expect("it can be read");
        assert!(report.is_clean(), "{:#?}", report.differences);
    }
}

/// How many mails from before that time wait to be sent.
pub fn waiting(mails: &[Entry], before: Time) -> usize {
    let waits = |mail: &&Entry| matches!(mail.sending, Sending::Due | Sending::Held);
    mails.iter().filter(waits).filter(|mail| mail.message.at < before).count()
}

fn text(mail: &Received) -> String {
    let parsed = mail_parser::MessageParser::default().parse(mail.bytes.as_bytes());
    let parsed = parsed.expect("a mail");
    parsed.body_text(0).expect("a text").into_owned()
}
