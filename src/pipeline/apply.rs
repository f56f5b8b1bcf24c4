//! Applies the case rules to every group of rows that a page touches, and commits all of it.
//!
//! A page is one commit. Only where more changes than one can hold, as when an answer closes a
//! hundred cases, cases and moved rows go first and the page's own rows and cursor last: after a
//! crash in between the page is read again and comes to the same.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::accounts;
use super::ingest::{Desk, Ingested};
use super::page::{Id, Page};
use super::recall::recall;
use crate::cases::{case_id, replay};
use crate::model::{Case, History, Interaction, Person, Record, Time};
use crate::store::Change;

/// Operations of the largest commit that is not split; the engine takes 500.
const OPERATIONS: usize = 450;
/// Cases in one commit.
const CASES: usize = 100;

/// What follows for the cases.
#[derive(Default)]
struct Outcome {
    opened: u64,
    kept: Vec<Case>,
    dropped: Vec<Case>,
}

impl Page<'_> {
    /// Files the changed records, replays every group touched, and commits.
    pub fn commit(mut self, mut change: Change) -> Result<Ingested> {
        let own_rows: BTreeSet<Id> = self.after.keys().cloned().collect();
        let rows = own_rows.iter().cloned().chain(self.rows_of_unmasked()?).collect();
        let mut groups = self.file(rows)?;
        groups.append(&mut self.touched);
        for ((platform, _), old) in &self.before {
            let old = old.as_ref().filter(|old| self.after.contains_key(&place(old)));
            groups.extend(old.map(|old| (platform.clone(), old.filed.clone())));
        }
        if groups.is_empty() && self.is_quiet(&change)? {
            return Ok(self.counts);
        }
        let rows = self.rows(&groups)?;
        self.learn(&rows);
        let outcome = self.replay(rows, &mut change)?;
        self.counts.opened = outcome.opened;
        for (name, posts) in std::mem::take(&mut self.awaited) {
            change.values.push((name, Some(serde_json::to_value(posts)?)));
        }
        change.acts = std::mem::take(&mut self.acts);
        change.own = std::mem::take(&mut self.own).into_iter().collect();
        change.bots = std::mem::take(&mut self.bots).into_iter().collect();
        self.write(change, outcome, &own_rows)
    }

    /// Whether nothing was learnt that must survive a crash: a poll that found nothing new, with its
    /// cursor where it was, costs no write.
    fn is_quiet(&self, change: &Change) -> Result<bool> {
        if !self.own.is_empty() || !self.bots.is_empty() {
            return Ok(false);
        }
        for (account, stream, mark) in &change.marks {
            let known = self.desk.store.mark(account, stream)?.unwrap_or_default();
            if known.cursor != mark.cursor || known.gaps != mark.gaps || known.end_at.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Rows of persons who spoke before it came out that they are the brand, or a bot (rules E7 and
    /// E8): their threads look different now.
    fn rows_of_unmasked(&self) -> Result<Vec<Id>> {
        let Desk { store, key, .. } = self.desk;
        let mut persons: BTreeSet<Person> = BTreeSet::new();
        for person in self.own.keys().chain(self.bots.keys()) {
            if store.author(key, *person)?.is_some() {
                persons.insert(*person);
            }
        }
        let mut rows = Vec::new();
        if persons.is_empty() {
            return Ok(rows);
        }
        for record in store.scan(key, Time(0)..Time(i64::MAX)) {
            let record = record?;
            if record.person.is_some_and(|person| persons.contains(&person)) {
                rows.push(place(&record));
            }
        }
        Ok(rows)
    }

    /// The rows of these groups as they will be.
    fn rows(&mut self, groups: &BTreeSet<Id>) -> Result<Vec<Interaction>> {
        let (mut rows, now) = (Vec::new(), self.now);
        for (platform, group) in groups {
            for id in self.members(platform, group)? {
                let row = self.see(platform, &id)?.and_then(|record| record.as_of(now));
                let Some(row) = row else { continue };
                if let Some(person) = row.person {
                    self.recognise(person)?;
                }
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Adds the listed accounts that speak in these rows.
    fn learn(&mut self, rows: &[Interaction]) {
        let (own, bots) = (self.accounts.own.clone(), self.accounts.own_bots.clone());
        accounts::learn(&mut self.accounts, self.desk, rows);
        let accounts = &self.accounts;
        for person in accounts.own.difference(&own).chain(accounts.own_bots.difference(&bots)) {
            self.own.insert(*person, accounts.own_bots.contains(person));
        }
    }

    /// What these rows make of the cases, against what is stored.
    fn replay(&self, rows: Vec<Interaction>, change: &mut Change) -> Result<Outcome> {
        let Desk { store, brand, key, parented, .. } = self.desk;
        change.values.extend(accounts::remember(self.desk, &rows)?);
        let mut stored: BTreeMap<String, Case> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.kind.speaks()) {
            if let Some(case) = store.case(key, &case_id(&row.platform, &row.id))? {
                stored.insert(case.id.clone(), case);
            }
        }
        if stored.is_empty() && !rows.iter().any(Interaction::asks) {
            return Ok(Outcome::default());
        }
        let ids: Vec<(&str, &str)> = rows.iter().map(|r| (&*r.platform, &*r.id)).collect();
        let mut acts = store.acts_of(key, &ids)?;
        acts.extend_from_slice(&self.acts);
        let history = History {
            now: self.now,
            acts,
            accounts: self.accounts.clone(),
            auto_replies: brand.auto_replies.clone(),
            parented: parented.clone(),
            rows,
        };
        let mut outcome = Outcome::default();
        let mut cases = replay(&history, &brand.policy, &brand.calendar);
        recall(&mut cases, &history, |id| Ok(stored.get(id).cloned()))?;
        for case in cases {
            match stored.remove(&case.id) {
                Some(known) if known == case => {}
                known => {
                    outcome.opened += u64::from(known.is_none());
                    outcome.kept.push(case);
                }
            }
        }
        outcome.dropped = stored.into_values().collect();
        Ok(outcome)
    }

    fn write(
        mut self,
        mut change: Change,
        outcome: Outcome,
        own_rows: &BTreeSet<Id>,
    ) -> Result<Ingested> {
        let Desk { store, key, .. } = self.desk;
        let context = "committing a page";
        let before = &self.before;
        self.after.retain(|id, record| {
            before.get(id).and_then(Option::as_ref).is_none_or(|old| old != record)
        });
        let (records, moved): (BTreeMap<Id, Record>, BTreeMap<Id, Record>) =
            self.after.into_iter().partition(|(id, _)| own_rows.contains(id));
        let mut moved: Vec<Record> = moved.into_values().collect();
        let Outcome { mut kept, mut dropped, .. } = outcome;
        let operations = 7 * (records.len() + moved.len())
            + 4 * (kept.len() + dropped.len())
            + change.own.len()
            + change.bots.len()
            + change.values.len();
        if operations > OPERATIONS {
            let part = || Change { brand: Some(key), ..Change::default() };
            for some in std::mem::take(&mut moved).chunks(Change::RECORDS) {
                store.commit(Change { records: some.to_vec(), ..part() }).context(context)?;
            }
            for some in std::mem::take(&mut dropped).chunks(CASES) {
                store.commit(Change { dropped_cases: some.to_vec(), ..part() }).context(context)?;
            }
            for some in std::mem::take(&mut kept).chunks(CASES) {
                store.commit(Change { cases: some.to_vec(), ..part() }).context(context)?;
            }
        }
        change.brand = Some(key);
        change.records = records.into_values().chain(moved).collect();
        change.cases = kept;
        change.dropped_cases = dropped;
        store.commit(change).context(context)?;
        Ok(self.counts)
    }
}

fn place(record: &Record) -> Id {
    (record.platform.clone(), record.id.clone())
}
