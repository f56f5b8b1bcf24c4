//! Forgetting one person for good, on request.
//!
//! Their rows stay as nodes of their threads, without words, author or person. A tombstone is
//! written first: from then on no commit stores anything of theirs, and a crash on the way is made
//! good when the store is next opened.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::codec;
use super::draft::Draft;
use super::engine::Space;
use super::error::Result;
use super::keys::{BrandKey, Placed, state};
use super::retain::forget_texts;
use super::shelf::Shelf;
use super::{Change, Inner, Store, draft};
use crate::model::{Case, Entry, Person, Record, Sending, Time};

/// What an erasure touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Accounts that were found by the name given; 0 if only the tombstone was written.
    pub persons: u64,
    /// Rows made anonymous.
    pub rows: u64,
    /// Cases made anonymous.
    pub cases: u64,
    /// Mails about these cases that were not sent yet and will not be.
    pub mails: u64,
}

/// The tombstone of a person.
#[derive(Serialize, Deserialize)]
struct Tombstone {
    done: bool,
}

/// Takes everything personal off a row.
pub(super) fn strip(record: &mut Record) {
    forget_texts(record);
    record.person = None;
    for version in &mut record.versions {
        version.author = None;
        version.url = None;
        version.locator = None;
    }
}

/// Takes everything personal off a case.
pub(super) fn strip_case(case: &mut Case) {
    case.person = None;
    case.author = None;
    case.permalink = None;
}

impl Store {
    /// Forgets a person of a platform, named by account id or by handle.
    ///
    /// # Errors
    /// The engine's, or damage. Once the tombstone is written the rest is done at the next opening.
    pub fn erase(&self, brand: BrandKey, platform: &str, who: &str) -> Result<Erased> {
        let inner = &self.inner;
        inner.brand_of(brand)?;
        let (found, named) = self.persons_named(brand, platform, who)?;
        let mut draft = inner.draft();
        for person in found.iter().chain([&named]) {
            draft.keep_json(state::person("gone", brand, *person), &Tombstone { done: false })?;
            draft.write_if_full()?;
        }
        draft.write()?;
        drop(draft);
        let mut persons = found.clone();
        persons.insert(named);
        let mut done = inner.erase_persons(brand, &persons)?;
        done.persons = found.len() as u64;
        Ok(done)
    }

    /// Persons that `who` names: by account id if such a person is known, else by handle. And the
    /// one whose account id it would be.
    fn persons_named(
        &self,
        brand: BrandKey,
        platform: &str,
        who: &str,
    ) -> Result<(BTreeSet<Person>, Person)> {
        let named = self.person(platform, who);
        let handle = who.trim_start_matches('@').to_lowercase();
        let (mut by_id, mut by_handle) = (self.author(brand, named)?.is_some(), BTreeSet::new());
        if by_id {
            return Ok((BTreeSet::from([named]), named));
        }
        for record in self.scan(brand, Time(0)..Time(i64::MAX)) {
            let record = record?;
            let Some(person) = record.person.filter(|_| record.platform == platform) else {
                continue;
            };
            by_id |= person == named;
            let authors = record.versions.iter().filter_map(|v| v.author.as_ref());
            let mut handles = authors.filter_map(|author| author.handle.as_ref());
            if handles.any(|known| known.to_lowercase() == handle) {
                by_handle.insert(person);
            }
        }
        Ok((if by_id { BTreeSet::from([named]) } else { by_handle }, named))
    }
}

impl Inner {
    /// Ends erasures that a crash has interrupted.
    pub(super) fn resume_erasures(&self) -> Result<Vec<String>> {
        let mut steps = Vec::new();
        for brand in self.all_brands() {
            let mut persons = BTreeSet::new();
            for (person, value) in self.persons("gone", brand.brand())? {
                if !draft::read_json::<Tombstone>(&value)?.done {
                    persons.insert(person);
                }
            }
            if !persons.is_empty() {
                self.erase_persons(brand.brand(), &persons)?;
                steps.push(format!("ended {} erasures of {}", persons.len(), brand.name));
            }
        }
        Ok(steps)
    }

    fn erase_persons(&self, brand: BrandKey, persons: &BTreeSet<Person>) -> Result<Erased> {
        let mut done = Erased::default();
        let halves: BTreeSet<u32> = persons.iter().map(|p| p.0 as u32).collect();
        let is_theirs = |row: &[u8]| codec::halves(row).is_some_and(|(a, _)| halves.contains(&a));
        for due in self.rows_marked(brand, is_theirs)?.chunks(Change::RECORDS) {
            done.rows += self.erase_rows(due, persons)?;
        }
        let mut cases = BTreeSet::new();
        for case in self.cases_of(brand, Time(0)..Time(i64::MAX)) {
            let case = case?;
            if case.person.is_some_and(|p| persons.contains(&p)) {
                let mut draft = self.draft();
                // The tombstone makes it anonymous, whatever it has become since.
                if let Some(case) = draft.case_by_id(brand, &case.id)? {
                    draft.keep_case(brand, case)?;
                }
                draft.write()?;
                cases.insert(case.id);
            }
        }
        done.cases = cases.len() as u64;
        done.mails = self.withdraw(&self.brand_of(brand)?.name, &cases)?;
        let mut draft = self.draft();
        for person in persons {
            draft.keep_summary(brand, *person, None);
            draft.remove(Space::State, state::person("bot", brand, *person));
            draft.keep_json(state::person("gone", brand, *person), &Tombstone { done: true })?;
            draft.write_if_full()?;
        }
        draft.write()?;
        Ok(done)
    }

    fn erase_rows(&self, due: &[Placed], persons: &BTreeSet<Person>) -> Result<u64> {
        let mut draft = self.draft();
        let mut erased = 0;
        for at in due {
            erased += u64::from(draft.erase_row(*at, persons)?);
        }
        draft.write()?;
        Ok(erased)
    }

    /// Withdraws waiting mails about these cases, and empties every mail of the brand that has been
    /// dealt with: a digest does not say whose words are in it.
    fn withdraw(&self, brand: &str, cases: &BTreeSet<String>) -> Result<u64> {
        let mut withdrawn = 0;
        let mut draft = self.draft();
        for entry in self.engine.all(Space::Outbox) {
            let mut entry: Entry = codec::decode(&entry?.1)?;
            let message = &mut entry.message;
            let is_waiting = matches!(entry.sending, Sending::Due | Sending::Held);
            let is_about = message.cases.iter().any(|case| cases.contains(case));
            if message.brand != brand || (is_waiting && !is_about) {
                continue;
            }
            if is_waiting {
                entry.sending = Sending::Withdrawn("its author was erased".to_owned());
                withdrawn += 1;
            }
            for words in [&mut message.subject, &mut message.text, &mut message.html] {
                words.clear();
            }
            draft.put_mail(entry)?;
            draft.write_if_full()?;
        }
        draft.write()?;
        Ok(withdrawn)
    }
}

impl Draft<'_> {
    fn erase_row(&mut self, at: Placed, persons: &BTreeSet<Person>) -> Result<bool> {
        let Some(row) = self.row(Shelf::Rows, at)? else { return Ok(false) };
        let record = codec::decode_row(&row)?;
        if !record.person.is_some_and(|p| persons.contains(&p)) {
            return Ok(false);
        }
        // The tombstone strips it, as it would any other commit.
        let zone = self.inner.zone(at.brand)?;
        self.keep_record(at.brand, zone, record)?;
        Ok(true)
    }
}
