//! What others read of rows, accounts, marks, roll-ups and values.

use std::ops::Range;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;

use super::codec;
use super::engine::Space;
use super::error::{Error, Result};
use super::ids::Hasher;
use super::keys::{self, BrandKey, Placed, state};
use super::rollups::{AuthorSummary, Day};
use super::shelf::Shelf;
use super::{Inner, Store, draft, rows};
use crate::model::{Accounts, Mark, Person, Record, SourceState, Time};

/// The key behind everything of a brand before `end`.
pub(super) fn end_of(brand: BrandKey, end: Time) -> Vec<u8> {
    if keys::ms(end) == keys::MS_MAX {
        keys::of_brand(brand).1
    } else {
        Placed::floor(brand, keys::ms(end))
    }
}

impl Inner {
    pub(super) fn hasher(&self) -> Hasher {
        Hasher { seed: self.seed.load(std::sync::atomic::Ordering::Acquire) }
    }

    /// How many commits there have been.
    pub(super) fn commits(&self) -> Result<u64> {
        let commits = self.engine.get(Space::State, state::COMMITS)?;
        Ok(commits.and_then(|v| keys::read_number(&v)).unwrap_or(0))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>> {
        self.engine.get(Space::State, key)?.map(|bytes| draft::read_json(&bytes)).transpose()
    }

    /// The record at a place.
    #[cfg(test)]
    pub(super) fn row(&self, at: Placed) -> Result<Option<Record>> {
        self.finder(Shelf::Rows).row(at)?.map(|row| codec::decode_row(&row)).transpose()
    }

    /// Everything under a word of a brand, with the person it is about.
    pub(super) fn persons(&self, word: &str, brand: BrandKey) -> Result<Vec<(Person, Vec<u8>)>> {
        let prefix = state::of_brand(word, brand);
        let mut all = Vec::new();
        for entry in self.engine.range(Space::State, &prefix, &keys::after(&prefix)) {
            let (key, value) = entry?;
            let person = state::read_person(word, &key);
            all.push((person.ok_or_else(|| Error::damaged("account", "a strange key"))?, value));
        }
        Ok(all)
    }

    /// Everything under a word, with the account and stream it is about.
    pub(super) fn streams<T: DeserializeOwned>(
        &self,
        word: &str,
    ) -> Result<Vec<(String, String, T)>> {
        let prefix = state::under(word);
        let mut all = Vec::new();
        for entry in self.engine.range(Space::State, &prefix, &keys::after(&prefix)) {
            let (key, value) = entry?;
            let (account, stream) = state::read_stream(word, &key)
                .ok_or_else(|| Error::damaged("stream", "a strange key"))?;
            all.push((account, stream, draft::read_json(&value)?));
        }
        Ok(all)
    }
}

impl Store {
    /// The person behind an account: the same number for as long as this store lives.
    pub fn person(&self, platform: &str, author: &str) -> Person {
        self.inner.hasher().person(platform, author)
    }

    /// One interaction.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn record(&self, brand: BrandKey, platform: &str, id: &str) -> Result<Option<Record>> {
        let inner = &self.inner;
        let slot = rows::find(inner.hasher(), (brand, platform, id), |hash| {
            let Some(entry) = inner.ids.locate(&inner.engine, hash)? else { return Ok(None) };
            let at = Placed { brand, ms: entry.ms, hash };
            Ok(inner.finder(Shelf::Rows).row(at)?.map(|row| (at, row)))
        })?;
        Ok(match slot {
            rows::Slot::Known(_, record) => Some(*record),
            rows::Slot::Free(_) => None,
        })
    }

    /// Every row filed under a thread, the root among them if it is stored, in order of `key_at`.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn thread(&self, brand: BrandKey, platform: &str, filed: &str) -> Result<Vec<Record>> {
        let mut all: Vec<Record> = self.record(brand, platform, filed)?.into_iter().collect();
        let hash = self.inner.hasher().thread(brand, platform, filed);
        let mut finder = self.inner.finder(Shelf::Rows);
        for at in self.inner.members(brand, hash)? {
            let row = finder.row(at)?;
            all.extend(row.map(|row| codec::decode_row(&row)).transpose()?);
        }
        all.retain(|record| record.platform == platform && record.filed == filed);
        all.sort_by_key(|record| record.key_at);
        Ok(all)
    }

    /// Rows with `key_at` in a half-open stretch, in order. What is stored meanwhile may or may
    /// not be seen. Stops after an error. While it lives no row is sealed, so do not keep it.
    pub fn scan(
        &self,
        brand: BrandKey,
        within: Range<Time>,
    ) -> impl Iterator<Item = Result<Record>> + use<> {
        self.inner.rows(Shelf::Rows, brand, within).map(|row| codec::decode_row(&row?.1))
    }

    /// How many rows of a brand are stored.
    ///
    /// # Errors
    /// The engine's.
    pub fn rows(&self, brand: BrandKey) -> Result<u64> {
        let count = self.inner.engine.get(Space::State, &state::of_brand("rows", brand))?;
        Ok(count.and_then(|v| keys::read_number(&v)).unwrap_or(0))
    }

    /// The accounts known of a brand. Whom it does not want to hear of is in the configuration, so
    /// `blocked` is empty here.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn accounts(&self, brand: BrandKey) -> Result<Accounts> {
        let mut accounts = self.own_accounts(brand)?;
        for (person, seen) in self.inner.persons("bot", brand)? {
            accounts.bots.insert(person, keys::time(keys::read_number(&seen).unwrap_or(0)));
        }
        Ok(accounts)
    }

    /// The own accounts alone, as in [`Store::accounts`]: they are few, and bots may be many.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn own_accounts(&self, brand: BrandKey) -> Result<Accounts> {
        let mut accounts = Accounts::default();
        for (person, bot) in self.inner.persons("own", brand)? {
            accounts.own.insert(person);
            if bot == [1] {
                accounts.own_bots.insert(person);
            }
        }
        Ok(accounts)
    }

    /// When an account was first seen to say that it is a bot; `None` if it never did.
    ///
    /// # Errors
    /// The engine's.
    pub fn bot_since(&self, brand: BrandKey, person: Person) -> Result<Option<Time>> {
        let seen = self.inner.engine.get(Space::State, &state::person("bot", brand, person))?;
        Ok(seen.map(|seen| keys::time(keys::read_number(&seen).unwrap_or(0))))
    }

    /// How far a stream was read.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn mark(&self, account: &str, stream: &str) -> Result<Option<Mark>> {
        self.inner.json(&state::stream("mark", account, stream))
    }

    /// How far every stream was read: account, stream, mark.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn marks(&self) -> Result<Vec<(String, String, Mark)>> {
        self.inner.streams("mark")
    }

    /// How a source is.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn source(&self, account: &str, stream: &str) -> Result<Option<SourceState>> {
        self.inner.json(&state::stream("source", account, stream))
    }

    /// How every source is.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn sources(&self) -> Result<Vec<SourceState>> {
        Ok(self.inner.streams("source")?.into_iter().map(|(_, _, source)| source).collect())
    }

    /// Another owner's value.
    ///
    /// # Errors
    /// The engine's; [`Error::Damaged`] if it is not what is asked for.
    pub fn value<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        self.inner.json(&state::one("value", name))
    }

    /// Other owners' values whose names begin with `prefix`, in order of their names.
    ///
    /// # Errors
    /// As [`Store::value`].
    pub fn values<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<(String, T)>> {
        let from = state::one("value", prefix);
        let mut all = Vec::new();
        for entry in self.inner.engine.range(Space::State, &from, &keys::after(&from)) {
            let (key, value) = entry?;
            let name = String::from_utf8_lossy(&key["value\0".len()..]).into_owned();
            all.push((name, draft::read_json(&value)?));
        }
        Ok(all)
    }

    /// Counts of the local days `from <= day < to`, by day, then platform.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn days(&self, brand: BrandKey, from: NaiveDate, to: NaiveDate) -> Result<Vec<Day>> {
        let (from, to) = (keys::day(brand, from, ""), keys::day(brand, to, ""));
        self.inner.days_between(&from, &to)
    }

    /// What is remembered about an author.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn author(&self, brand: BrandKey, person: Person) -> Result<Option<AuthorSummary>> {
        self.inner.summary(brand, person)
    }

    /// Whether a person was erased: nothing of theirs may be stored again.
    ///
    /// # Errors
    /// The engine's.
    pub fn is_erased(&self, brand: BrandKey, person: Person) -> Result<bool> {
        let key = state::person("gone", brand, person);
        Ok(self.inner.engine.get(Space::State, &key)?.is_some())
    }
}

impl Inner {
    pub(super) fn days_between(&self, from: &[u8], to: &[u8]) -> Result<Vec<Day>> {
        let mut days = Vec::new();
        for entry in self.engine.range(Space::Days, from, to) {
            let (key, value) = entry?;
            let (day, platform) =
                keys::read_day(&key).ok_or_else(|| Error::damaged("day", "a strange key"))?;
            days.push(Day { day, platform, counts: codec::decode(&value)? });
        }
        Ok(days)
    }
}
