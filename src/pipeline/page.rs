//! Takes readings one by one and says what each of them changes.
//!
//! Drops what is known and what is not about the brand. Where the rows are filed and which cases
//! follow from them is `filing`'s and `apply`'s.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::accounts;
use super::ingest::{Desk, Ingested};
use super::judge::{Standing, judge, unjudged, was_late, was_passed_over};
use super::merge::{self, Known, Merged};
use crate::model::{Accounts, Act, Person, Reading, Record, Time};

/// How a reading came to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// It speaks to the brand.
    Addressed,
    /// A search found it: kept only if it is about the brand.
    Found,
    /// It stands in a thread of the brand: kept, but silent unless it is about the brand.
    Around,
}

/// Platform and id.
pub type Id = (String, String);

/// One commit in the making.
pub struct Page<'a> {
    pub desk: Desk<'a>,
    pub now: Time,
    /// What was stored before this page, for the records it touches.
    pub before: BTreeMap<Id, Option<Record>>,
    /// Those records as they will be.
    pub after: BTreeMap<Id, Record>,
    /// Who is who, with what this page has learnt; of bots only those it has met.
    pub accounts: Accounts,
    /// Whom it has met.
    met: BTreeSet<Person>,
    /// Accounts of the brand that were not known as such, and whether they are bots.
    pub own: BTreeMap<Person, bool>,
    /// Bots that were not known as such, and when this was seen.
    pub bots: BTreeMap<Person, Time>,
    pub acts: Vec<Act>,
    /// By the name of a value: posts that quote one which is not stored.
    pub awaited: BTreeMap<String, Vec<String>>,
    /// Groups to replay beside those of the changed records.
    pub touched: BTreeSet<Id>,
    pub counts: Ingested,
}

impl<'a> Page<'a> {
    pub fn new(desk: Desk<'a>, now: Time) -> Result<Self> {
        Ok(Self {
            desk,
            now,
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            accounts: accounts::without_bots(desk)?,
            met: BTreeSet::new(),
            own: BTreeMap::new(),
            bots: BTreeMap::new(),
            acts: Vec::new(),
            awaited: BTreeMap::new(),
            touched: BTreeSet::new(),
            counts: Ingested::default(),
        })
    }

    /// A record as this page sees it: changed here, or as stored.
    pub fn see(&mut self, platform: &str, id: &str) -> Result<Option<&Record>> {
        let place = (platform.to_owned(), id.to_owned());
        if !self.after.contains_key(&place) && !self.before.contains_key(&place) {
            let stored = self
                .desk
                .store
                .record(self.desk.key, platform, id)
                .with_context(|| format!("reading {platform} {id}"))?;
            self.before.insert(place.clone(), stored);
        }
        let stored = self.before.get(&place).and_then(Option::as_ref);
        Ok(self.after.get(&place).or(stored))
    }

    /// The same to be changed.
    pub fn record(&mut self, platform: &str, id: &str) -> Result<Option<Record>> {
        Ok(self.see(platform, id)?.cloned())
    }

    pub fn put(&mut self, record: Record) {
        self.after.insert((record.platform.clone(), record.id.clone()), record);
    }

    pub fn take(&mut self, reading: &Reading, call: Call, read_to: Option<Time>) -> Result<()> {
        let Desk { store, key, .. } = self.desk;
        let mut reading = Cow::Borrowed(reading);
        let person = reading.author.as_ref().map(|a| store.person(&reading.platform, &a.id));
        if let Some(person) = person {
            if store.is_erased(key, person)? {
                self.counts.dropped += 1;
                return Ok(());
            }
            self.recognise(person)?;
            self.meet(&mut reading, person);
        }
        let known = self.record(&reading.platform, &reading.id)?.and_then(Known::of);
        // What was once about the brand stays so, also when a thread shows it again edited.
        let was_about = known.as_ref().is_some_and(|known| known.state.relevant);
        let speaks = reading.own || call == Call::Addressed || was_about;
        let is_about = speaks || self.is_about_brand(&reading);
        if known.is_none() && call == Call::Found && !is_about {
            self.counts.dropped += 1;
            return Ok(());
        }
        let is_new = known.is_none();
        // What was only overheard so far may turn out to speak to the brand.
        let was_mute = is_about && known.as_ref().is_some_and(|it| was_passed_over(&it.state));
        let was_late = known.as_ref().is_some_and(|it| was_late(&it.record, &it.state));
        let anew = |known: Known| Known::of(unjudged(known.record));
        let known = if was_mute { known.and_then(anew) } else { known };
        let mut record = match merge::merge(known.as_ref(), &reading, person, self.now) {
            Merged::Changed(record) => record,
            Merged::Known => match known.filter(|_| was_mute) {
                Some(known) => known.record,
                None => {
                    self.counts.known += 1;
                    return Ok(());
                }
            },
        };
        if is_new {
            self.counts.new += 1;
        } else {
            self.counts.changed += 1;
        }
        // A claimed time is its author's word: a post that is new here cannot be older than the
        // last time its stream was read to the end.
        let is_late = if is_new || was_mute {
            record.at().zip(read_to).is_some_and(|(at, read_to)| at < read_to)
        } else {
            was_late
        };
        let standing = match (speaks, is_about) {
            (true, _) => Standing::Speaks,
            (false, true) => Standing::Names,
            (false, false) => Standing::Neither,
        };
        judge(self.desk, &mut record, standing, is_late);
        merge::forget_if_deleted(&mut record);
        self.put(record);
        Ok(())
    }

    /// Learns whether a person is known as a bot. Before any rule sees a row of theirs.
    pub fn recognise(&mut self, person: Person) -> Result<()> {
        if self.met.insert(person)
            && let Some(seen) = self.desk.store.bot_since(self.desk.key, person)?
        {
            let first = self.accounts.bots.entry(person).or_insert(seen);
            *first = seen.min(*first);
        }
        Ok(())
    }

    /// Notes what a reading tells about its author, and marks it if they are the brand.
    fn meet(&mut self, reading: &mut Cow<'_, Reading>, person: Person) {
        let author = reading.author.as_ref();
        let listed = author.and_then(|a| self.desk.brand.own_account(&reading.platform, a));
        let is_own_bot = listed.is_some_and(|own| own.bot);
        if listed.is_some() && !reading.own {
            reading.to_mut().own = true;
        }
        let known = &mut self.accounts;
        if reading.own && (known.own.insert(person) | (is_own_bot && known.own_bots.insert(person)))
        {
            self.own.insert(person, known.own_bots.contains(&person));
        }
        if reading.bot == Some(true) {
            let seen_at = reading.seen_at.unwrap_or(self.now);
            let first = known.bots.entry(person).or_insert(Time(i64::MAX));
            if seen_at < *first {
                *first = seen_at;
                self.bots.insert(person, seen_at);
            }
        }
    }

    pub fn delete(&mut self, platform: &str, id: &str) -> Result<()> {
        let Some(record) = self.record(platform, id)? else { return Ok(()) };
        match merge::delete(record, self.now) {
            Merged::Known => self.counts.known += 1,
            Merged::Changed(record) => {
                self.counts.changed += 1;
                self.put(record);
            }
        }
        Ok(())
    }

    fn is_about_brand(&self, reading: &Reading) -> bool {
        [&reading.title, &reading.text]
            .into_iter()
            .flatten()
            .any(|text| self.desk.brand.watch.matches(text).is_about())
    }
}
