//! One row into or out of a draft, with everything that hangs on it: id, thread, counts, author.
//!
//! Decides where a row lies and what else changes with it. What a row says is the caller's.

use chrono_tz::Tz;

use super::codec;
use super::draft::Draft;
use super::engine::Space;
use super::error::{Error, Result};
use super::ids::{Hasher, IdEntry, REMOVED};
use super::keys::{self, BrandKey, Placed, state};
use super::rollups::{self, DayCounts};
use super::shelf::Shelf;
use crate::model::{Interaction, Person, Record};

/// How many neighbouring hashes are tried when two ids share one.
const PROBES: u64 = 8;

/// Where an interaction lies, or would.
pub(super) enum Slot {
    Known(Placed, Box<Record>),
    Free(u64),
}

/// Finds an interaction by its id. Hashes are no proof: the row's own id decides, and another
/// row's hash makes it lie one further.
pub(super) fn find(
    hasher: Hasher,
    (brand, platform, id): (BrandKey, &str, &str),
    mut read: impl FnMut(u64) -> Result<Option<(Placed, Vec<u8>)>>,
) -> Result<Slot> {
    let first = hasher.interaction(brand, platform, id);
    for probe in 0..PROBES {
        let hash = first.wrapping_add(probe);
        let Some((at, row)) = read(hash)? else { return Ok(Slot::Free(hash)) };
        let record = codec::decode_row(&row)?;
        if record.platform == platform && record.id == id {
            return Ok(Slot::Known(at, Box::new(record)));
        }
        tracing::warn!(platform, "two ids share a hash");
    }
    Err(Error::damaged("index of ids", "too many ids share a hash"))
}

impl Draft<'_> {
    /// Finds an interaction, as it will be. An id whose row is gone counts as unknown.
    pub(super) fn find(&mut self, brand: BrandKey, platform: &str, id: &str) -> Result<Slot> {
        find(self.inner.hasher(), (brand, platform, id), |hash| {
            let Some(entry) = self.locate(hash)? else { return Ok(None) };
            let at = Placed { brand, ms: entry.ms, hash };
            Ok(self.row(Shelf::Rows, at)?.map(|row| (at, row)))
        })
    }

    /// Whether this person is to be forgotten.
    pub(super) fn is_erased(&mut self, brand: BrandKey, person: Person) -> Result<bool> {
        Ok(self.get(Space::State, &state::person("gone", brand, person))?.is_some())
    }

    /// Stores a record in place of what is known under its id.
    pub(super) fn keep_record(
        &mut self,
        brand: BrandKey,
        zone: Tz,
        mut record: Record,
    ) -> Result<()> {
        codec::tidy_record(&mut record);
        if let Some(person) = record.person
            && self.is_erased(brand, person)?
        {
            super::erase::strip(&mut record);
        }
        let (at, old) = match self.find(brand, &record.platform, &record.id)? {
            Slot::Known(at, old) => (at, Some(old)),
            Slot::Free(hash) => {
                let ms = keys::ms(record.key_at);
                self.note_id(IdEntry { hash, brand: brand.0, ms });
                self.count_rows(brand, 1)?;
                (Placed { brand, ms, hash }, None)
            }
        };
        record.key_at = old.as_ref().map_or(keys::time(at.ms), |old| old.key_at);
        record.stored_at = old.as_ref().map_or(record.stored_at, |old| old.stored_at);
        let filed =
            |record: &Record| (record.filed != record.id).then(|| self.thread_of(brand, record));
        let (was, now) = (old.as_deref().and_then(filed), filed(&record));
        if was != now {
            if let Some(thread) = was {
                self.unlink(at, thread);
            }
            if let Some(thread) = now {
                self.link(at, thread);
            }
        }
        self.count(brand, zone, old.as_deref(), &record)?;
        self.put_row(at, &record)
    }

    /// Files a new row under its thread.
    pub(super) fn file(&mut self, at: Placed, record: &Record) {
        if record.filed != record.id {
            self.link(at, self.thread_of(at.brand, record));
        }
    }

    /// Writes the row itself, nothing else. Its place is free, or its row was read by this draft.
    pub(super) fn put_row(&mut self, at: Placed, record: &Record) -> Result<()> {
        let row = codec::encode_row(record, self.thread_of(at.brand, record))?;
        self.set_row(Shelf::Rows, at, Some(row));
        Ok(())
    }

    fn thread_of(&self, brand: BrandKey, record: &Record) -> u64 {
        self.inner.hasher().thread(brand, &record.platform, &record.filed)
    }

    /// Drops a row for its age: roll-ups and the summary of its author stay.
    pub(super) fn expire_row(&mut self, at: Placed, record: &Record) -> Result<()> {
        self.set_row(Shelf::Rows, at, None);
        self.note_id(IdEntry { hash: at.hash, brand: REMOVED, ms: at.ms });
        self.count_rows(at.brand, -1)?;
        if record.filed != record.id {
            self.unlink(at, self.thread_of(at.brand, record));
        }
        Ok(())
    }

    /// Changes the number of rows of a brand.
    pub(super) fn count_rows(&mut self, brand: BrandKey, by: i64) -> Result<()> {
        let key = state::of_brand("rows", brand);
        let rows = self.get(Space::State, &key)?.and_then(|v| keys::read_number(&v)).unwrap_or(0);
        self.put(Space::State, key, keys::number(rows.saturating_add_signed(by)));
        Ok(())
    }

    /// Takes what the row added so far out of the counts, and puts in what it adds now.
    fn count(
        &mut self,
        brand: BrandKey,
        zone: Tz,
        old: Option<&Record>,
        new: &Record,
    ) -> Result<()> {
        let (old, it) = (old.and_then(Record::latest), new.latest());
        let platform = &new.platform;
        let was = old.as_ref().and_then(|it| rollups::contribution(it, zone));
        let now = it.as_ref().and_then(|it| rollups::contribution(it, zone));
        if was != now {
            if let Some((day, counts)) = was {
                self.change_day(keys::day(brand, day, platform), |all| all.take(&counts))?;
            }
            if let Some((day, counts)) = now {
                self.change_day(keys::day(brand, day, platform), |all| all.add(&counts))?;
            }
        }
        let item =
            |it: &Option<Interaction>| it.as_ref().and_then(|it| it.person.zip(rollups::item(it)));
        let (was, now) = (item(&old), item(&it));
        if was == now {
            return Ok(());
        }
        if let Some((person, item)) = was
            && let Some(sum) = self.summary(brand, person)?
        {
            self.keep_summary(brand, person, sum.without(item));
        }
        if let Some((person, item)) = now {
            let sum = self.summary(brand, person)?;
            self.keep_summary(brand, person, Some(sum.map_or(item, |sum| sum.and(item))));
        }
        Ok(())
    }

    fn change_day(&mut self, key: Vec<u8>, change: impl FnOnce(&mut DayCounts)) -> Result<()> {
        let mut counts: DayCounts = self.value(Space::Days, &key)?.unwrap_or_default();
        change(&mut counts);
        if counts.is_empty() {
            self.remove(Space::Days, key);
            return Ok(());
        }
        self.keep(Space::Days, key, &counts)
    }
}
