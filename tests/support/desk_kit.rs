//! A brand with a real store in a temporary folder, and what happens to it, written short.
//!
//! Weeks start on Monday 2 November 2026; the brand lives in UTC and is open Monday to Friday from
//! nine to five, so `mon 09:00` is its opening and `2 fri 16:30` is in the second week.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use affinityd::calendar;
use affinityd::cases::Policy;
use affinityd::classify::{Classifier, Watch, watch};
use affinityd::model::{Act, ActKind, Author, Case, Entry, Indicator, Kind, Reading, Time};
use affinityd::notify::{AlertConfig, DigestConfig, LookUp};
use affinityd::pipeline::{
    self, Batch, Brand, Desk, Ingested, LastSweep, Looked, OwnAccount, Panel, Swept,
};
use affinityd::store::{BrandKey, Config, Store};
use affinityd::words::Language;
use chrono_tz::Tz;
use tempfile::TempDir;

pub use crate::week::{say, t};

pub const COMPLAINT: &str =
    "My parcel from Acme is still broken and nobody helps, this is terrible!";
pub const QUESTION: &str = "Hello Acme, how do I change my delivery address?";
pub const PRAISE: &str = "Acme is wonderful, I love it, best service ever!";
pub const PLAIN: &str = "It rained here today.";

pub fn brand(zone: Tz) -> Brand {
    let terms = watch::Config {
        terms: vec!["acme".to_owned()],
        rivals: vec!["Bmart".to_owned()],
        ..watch::Config::default()
    };
    Brand {
        id: "acme".to_owned(),
        name: "Acme".to_owned(),
        zone,
        language: Language::En,
        calendar: calendar::Config { zone, ..calendar::Config::default() }.calendar(&[]),
        policy: Policy::default(),
        watch: Watch::new(&terms),
        own: vec![account("acme")],
        blocked: Vec::new(),
        auto_replies: BTreeSet::new(),
        recipients: vec!["care@acme.example".to_owned()],
        alerts: AlertConfig::default(),
        digest: DigestConfig::default(),
    }
}

/// An account of the platform `p`.
pub fn account(name: &str) -> OwnAccount {
    OwnAccount { platform: "p".to_owned(), account: name.to_owned(), bot: false }
}

/// A post of Ada's, say, on the platform `p`.
pub fn post(id: &str, by: &str, at: &str, text: &str) -> Reading {
    Reading {
        author: Some(Author { id: by.to_owned(), handle: Some(by.to_owned()), name: None }),
        text: Some(text.to_owned()),
        created_at: Some(t(at)),
        url: Some(format!("https://p.example/{by}/{id}")),
        ..Reading::new("p", id, Kind::Mention)
    }
}

/// The same, below another post.
pub fn reply(id: &str, by: &str, at: &str, text: &str, to: &str) -> Reading {
    Reading { kind: Kind::Comment, in_reply_to: Some(to.to_owned()), ..post(id, by, at, text) }
}

/// As an import tells it: seen when it was posted, unless it says otherwise.
pub fn told(mut reading: Reading) -> Reading {
    reading.seen_at = reading.seen_at.or(reading.created_at).or(reading.deleted_at);
    reading
}

/// A brand and its store.
pub struct World {
    dir: TempDir,
    store: Option<Store>,
    pub brand: Brand,
    pub key: BrandKey,
    pub parented: BTreeSet<String>,
    pub readable: BTreeSet<String>,
    pub looked: Looked,
    /// What the last sweep has left.
    pub swept: RefCell<LastSweep>,
    classifier: Classifier,
}

impl World {
    pub fn new() -> Self {
        Self::of(brand(Tz::UTC))
    }

    pub fn of(brand: Brand) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let store = open(&dir);
        let key = store.brand(&brand.id, brand.zone).expect("room for a brand");
        Self {
            dir,
            store: Some(store),
            brand,
            key,
            parented: BTreeSet::from(["p".to_owned()]),
            readable: BTreeSet::from(["p".to_owned()]),
            looked: BTreeMap::new(),
            swept: RefCell::default(),
            classifier: Classifier::new(),
        }
    }

    pub fn store(&self) -> &Store {
        self.store.as_ref().expect("open")
    }

    pub fn desk(&self) -> Desk<'_> {
        Desk {
            store: self.store(),
            classifier: &self.classifier,
            brand: &self.brand,
            key: self.key,
            parented: &self.parented,
        }
    }

    /// Closes the store and opens it again, as after a crash; what was looked up is forgotten.
    pub fn reopen(&mut self) {
        self.store = None;
        self.store = Some(open(&self.dir));
        self.looked.clear();
        self.swept.take();
    }

    /// Another world, in which this one's export was read into an empty store.
    pub fn restored(&self) -> Self {
        let mut twin = Self::of(self.brand.clone());
        twin.store = None;
        twin.dir = tempfile::tempdir().expect("a folder");
        let store = open(&twin.dir);
        store.import_export(&mut self.export().as_bytes(), &mut |_| {}).expect("restored");
        twin.key = store.brand(&twin.brand.id, twin.brand.zone).expect("room for a brand");
        twin.store = Some(store);
        twin.parented = self.parented.clone();
        twin.readable = self.readable.clone();
        twin
    }

    pub fn ingest(&self, batch: &Batch, now: &str) -> Ingested {
        pipeline::ingest(self.desk(), batch, t(now)).expect("taken in")
    }

    /// Posts that speak to the brand, read at `now`.
    pub fn read(&self, readings: Vec<Reading>, now: &str) -> Ingested {
        self.ingest(&Batch { readings, addressed: true, ..Batch::default() }, now)
    }

    /// Posts that are gone, as noticed at `now`.
    pub fn gone(&self, ids: &[&str], now: &str) -> Ingested {
        let gone = ids.iter().map(|id| ("p".to_owned(), (*id).to_owned())).collect();
        self.ingest(&Batch { gone, ..Batch::default() }, now)
    }

    /// History from a file, taken in at `now`.
    pub fn import(&self, readings: Vec<Reading>, now: &str) -> Ingested {
        self.read(readings.into_iter().map(told).collect(), now)
    }

    pub fn act(&self, id: &str, at: &str, kind: ActKind) {
        let act = Act {
            platform: "p".to_owned(),
            id: id.to_owned(),
            at: t(at),
            kind,
            actor: "bea".to_owned(),
            note: None,
        };
        pipeline::act(self.desk(), act, t(at)).expect("filed");
    }

    pub fn sweep(&self, now: &str) -> Swept {
        let mut swept = self.swept.borrow_mut();
        let (desk, domain) = (self.desk(), "acme.example");
        pipeline::sweep(desk, &self.readable, &self.looked, &mut swept, domain, t(now))
            .expect("swept")
    }

    /// Sweeps, looks everything up that is wanted (nothing has changed there), and sweeps again.
    pub fn watch(&mut self, now: &str) -> u64 {
        let mut mails = 0;
        for _ in 0..3 {
            let swept = self.sweep(now);
            mails += swept.mails;
            for wanted in swept.wanted {
                let look = LookUp { checked_at: Some(t(now)), failing_since: None };
                self.looked.insert(wanted.case, look);
            }
        }
        mails
    }

    pub fn send_digest(&self, now: &str) -> bool {
        pipeline::send_digest(self.desk(), &[], "acme.example", t(now)).expect("decided")
    }

    pub fn panel(&self, now: &str) -> Panel<'_> {
        Panel::load(self.desk(), 28, t(now)).expect("loaded")
    }

    pub fn indicators(&self, now: &str) -> Vec<Indicator> {
        self.panel(now).indicators()
    }

    /// In order of opening, then of the posts' names.
    pub fn cases(&self) -> Vec<Case> {
        let mut cases = self.store().cases(self.key, Time(0)..Time(i64::MAX)).expect("read");
        cases.sort_by_key(|case| (case.opened_at, case.interaction.clone()));
        cases
    }

    /// Every case in a line: what opened it, its class, its deadline, and how it stands.
    pub fn lines(&self, now: &str) -> Vec<String> {
        self.cases().iter().map(|case| line(case, t(now))).collect()
    }

    pub fn mails(&self) -> Vec<Entry> {
        self.store().mails().expect("read")
    }

    pub fn export(&self) -> String {
        let mut out = Vec::new();
        self.store().export(&mut out, Time(0), &mut |_| {}).expect("exported");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    /// How many writes there have been.
    pub fn commits(&self) -> u64 {
        let export = self.export();
        let header: serde_json::Value =
            serde_json::from_str(export.lines().next().expect("a header")).expect("JSON");
        header["commits"].as_u64().expect("a number")
    }
}

pub fn line(case: &Case, now: Time) -> String {
    let state = case.state(now).word();
    let by = case.answer.as_ref().map_or(String::new(), |answer| match &answer.by {
        Some(by) => format!(" by {by} {}", say(answer.at)),
        None => format!(" {}", say(answer.at)),
    });
    format!("{} {} due {}: {state}{by}", case.class.word(), case.interaction, say(case.due_at))
}

fn open(dir: &TempDir) -> Store {
    let config = Config { cache_mb: 4, low_disk_mb: 0, ..Config::default() };
    Store::open(dir.path(), &config).expect("the store opens").0
}
