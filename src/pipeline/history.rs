//! Loads whole threads of a brand as they were known at a moment, for rules and indicators.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::Result;

use super::accounts;
use super::brand::Brand;
use super::ingest::Desk;
use crate::classify::Classifier;
use crate::model::{Accounts, Case, History, Intent, Interaction, Kind, Person, Record, Time};
use crate::store::{BrandKey, Store};

/// What a person said that was not known yet: items, complaints, praise.
pub type Later = BTreeMap<Person, [i64; 3]>;

/// Loads every row of the brand from `from` on, completed to whole threads, and the threads of
/// cases that still waited however old they are; all as known at `now`.
///
/// Words of customers are left behind: rules and indicators go by verdicts, and a quarter of a
/// year of texts would not fit the daemon's memory.
///
/// # Errors
/// If the store cannot be read.
pub fn load(
    store: &Store,
    brand: &Brand,
    key: BrandKey,
    parented: &BTreeSet<String>,
    from: Time,
    now: Time,
) -> Result<History> {
    let desk = Desk { store, classifier: &Classifier::new(), brand, key, parented };
    Ok(load_with_later(desk, from, now)?.0)
}

/// The same, and what is stored beside it of persons' words that were not known at `now`.
pub fn load_with_later(desk: Desk<'_>, from: Time, now: Time) -> Result<(History, Later)> {
    let Desk { store, brand, key, parented, .. } = desk;
    let mut rows = Rows {
        now,
        brand,
        accounts: accounts::known(desk)?,
        seen: HashSet::new(),
        rows: Vec::new(),
        later: Later::new(),
    };
    let mut groups: BTreeSet<(String, String)> = BTreeSet::new();
    for record in store.scan(key, from..Time(i64::MAX)) {
        let record = record?;
        if record.filed != record.id {
            groups.insert((record.platform.clone(), record.filed.clone()));
        }
        rows.add(record);
    }
    for case in waiting(store, key, from, now)? {
        if let Some(record) = store.record(key, &case.platform, &case.interaction)? {
            groups.insert((record.platform, record.filed));
        }
    }
    for (platform, group) in groups {
        // What hangs below a row is younger than it, so it was found beside it.
        if rows.seen.contains(&(platform.clone(), group.clone())) {
            continue;
        }
        for record in store.thread(key, &platform, &group)? {
            rows.add(record);
        }
    }
    let mut acts = store.acts(key)?;
    acts.retain(|act| act.at <= now);
    let Rows { rows, later, mut accounts, .. } = rows;
    accounts::learn(&mut accounts, desk, &rows);
    let history = History {
        now,
        rows,
        acts,
        accounts,
        auto_replies: brand.auto_replies.clone(),
        parented: parented.clone(),
    };
    Ok((history, later))
}

/// Cases that waited at `now`: those that still do, and of the older ones those that ended since.
fn waiting(store: &Store, key: BrandKey, from: Time, now: Time) -> Result<Vec<Case>> {
    let mut cases = store.open_cases(key)?;
    for case in store.each_case(key, Time(0)..from) {
        let case = case?;
        let ended = case.answer.as_ref().map(|answer| answer.at).or(case.end.map(|(_, at)| at));
        if ended.is_some_and(|ended| now < ended) {
            cases.push(case);
        }
    }
    Ok(cases)
}

struct Rows<'a> {
    now: Time,
    brand: &'a Brand,
    accounts: Accounts,
    seen: HashSet<(String, String)>,
    rows: Vec<Interaction>,
    later: Later,
}

impl Rows<'_> {
    fn add(&mut self, record: Record) {
        if !self.seen.insert((record.platform.clone(), record.id.clone())) {
            return;
        }
        let row = record.as_of(self.now);
        if record.versions.last().is_some_and(|version| self.now < version.seen_at) {
            self.note_later(&record, row.as_ref());
        }
        let Some(mut row) = row else { return };
        // Whom the brand names, and what is an automatic reply, is in the words of its own posts;
        // of those without words it must be told whether they had any.
        let is_own = self.is_own(&row);
        if !is_own || row.text.is_some() {
            row.verdict = None;
        }
        if let Some(ruling) = &mut row.ruling {
            (ruling.aspects, ruling.switching) = (None, None);
        }
        if !is_own {
            row.text = None;
            row.title = None;
        }
        self.rows.push(row);
    }

    fn is_own(&self, row: &Interaction) -> bool {
        let author = row.author.as_ref();
        row.own
            || row.person.is_some_and(|person| self.accounts.own.contains(&person))
            || author.is_some_and(|a| self.brand.own_account(&row.platform, a).is_some())
    }

    fn note_later(&mut self, record: &Record, then: Option<&Interaction>) {
        let Some(person) = record.person else { return };
        let latest = record.latest();
        let now = latest.as_ref().map_or([0; 3], item);
        let then = then.map_or([0; 3], item);
        let later = self.later.entry(person).or_default();
        for (sum, (now, then)) in later.iter_mut().zip(now.into_iter().zip(then)) {
            *sum += now - then;
        }
    }
}

/// What a row adds to the summary of its author: an item, a complaint, praise.
fn item(it: &Interaction) -> [i64; 3] {
    if it.own || it.bot || !it.relevant || it.kind == Kind::Reaction {
        return [0; 3];
    }
    let is = |intent| i64::from(it.intent == intent);
    [1, is(Intent::Complaint), is(Intent::Praise)]
}
