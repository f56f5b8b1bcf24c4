//! A commit in the making: reads see its own writes, and it ends as one transaction or not at all.
//!
//! Every value that was read on the way is an expected value of the transaction, so that a second
//! writer could never slip in between.

use std::collections::BTreeMap;
use std::sync::MutexGuard;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::codec::{self, Stored};
use super::engine::{Expect, MAX_OPS, Op, Space};
use super::error::{Error, Result};
use super::ids::{IdEntry, Ids};
use super::keys::{self, state};
use super::lift::Open;
use super::packed::{Fact, Journal, Packed, is_removal};
use super::shelf::Shelf;
use super::{Inner, Writer};
use crate::fault;

struct Cell {
    /// What the store holds, if it was asked.
    was: Option<Option<Vec<u8>>>,
    now: Option<Vec<u8>>,
}

impl Cell {
    fn is_changed(&self) -> bool {
        self.was.as_ref() != Some(&self.now)
    }
}

/// Changes on top of the store, held together with the right to write.
pub(super) struct Draft<'a> {
    pub(super) inner: &'a Inner,
    writer: MutexGuard<'a, Writer>,
    cells: BTreeMap<(Space, Vec<u8>), Cell>,
    pub(super) blocks: BTreeMap<(Shelf, Vec<u8>), Open>,
    ids: Vec<Fact<8, 8>>,
    case_ids: Vec<Fact<8, 8>>,
    pub(super) waiting: Vec<Fact<16, 19>>,
    pub(super) threads: Vec<Fact<18, 2>>,
    pub(super) people: BTreeMap<[u8; 10], [u8; 24]>,
    /// Writes are made durable by the caller, all together.
    pub(super) is_bulk: bool,
}

impl Inner {
    /// Waits for the right to write.
    pub(super) fn draft(&self) -> Draft<'_> {
        let writer = self.writer.lock().unwrap_or_else(|e| e.into_inner());
        Draft {
            inner: self,
            writer,
            cells: BTreeMap::new(),
            blocks: BTreeMap::new(),
            ids: Vec::new(),
            case_ids: Vec::new(),
            waiting: Vec::new(),
            threads: Vec::new(),
            people: BTreeMap::new(),
            is_bulk: false,
        }
    }
}

impl Draft<'_> {
    /// The value under a key, as it will be.
    pub(super) fn get(&mut self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let place = (space, key.to_vec());
        if let Some(cell) = self.cells.get(&place) {
            return Ok(cell.now.clone());
        }
        let value = self.inner.engine.get(space, key)?;
        self.cells.insert(place, Cell { was: Some(value.clone()), now: value.clone() });
        Ok(value)
    }

    /// Sets or removes a value.
    pub(super) fn set(&mut self, space: Space, key: Vec<u8>, value: Option<Vec<u8>>) {
        let cell = self.cells.entry((space, key)).or_insert(Cell { was: None, now: None });
        cell.now = value;
    }

    /// Sets a value.
    pub(super) fn put(&mut self, space: Space, key: Vec<u8>, value: Vec<u8>) {
        self.set(space, key, Some(value));
    }

    /// Removes a value.
    pub(super) fn remove(&mut self, space: Space, key: Vec<u8>) {
        self.set(space, key, None);
    }

    /// A typed value.
    pub(super) fn value<T: Stored>(&mut self, space: Space, key: &[u8]) -> Result<Option<T>> {
        self.get(space, key)?.map(|bytes| codec::decode(&bytes)).transpose()
    }

    /// Sets a typed value.
    pub(super) fn keep<T: Stored>(&mut self, space: Space, key: Vec<u8>, value: &T) -> Result<()> {
        self.put(space, key, codec::encode(value)?);
        Ok(())
    }

    /// Sets a small thing by name.
    pub(super) fn keep_json<T: Serialize>(&mut self, key: Vec<u8>, value: &T) -> Result<()> {
        self.put(Space::State, key, write_json(value)?);
        Ok(())
    }

    /// Where the row with this hash lies, as it will be.
    pub(super) fn locate(&self, hash: u64) -> Result<Option<IdEntry>> {
        self.located(&self.ids, &self.inner.ids, hash)
    }

    /// Where the case with this hash lies, as it will be.
    pub(super) fn locate_case(&self, hash: u64) -> Result<Option<IdEntry>> {
        self.located(&self.case_ids, &self.inner.case_ids, hash)
    }

    fn located(&self, new: &[Fact<8, 8>], known: &Ids, hash: u64) -> Result<Option<IdEntry>> {
        let key = hash.to_be_bytes();
        match new.iter().rev().find(|id| id.0 == key) {
            Some(id) => Ok((!is_removal(&id.1)).then(|| IdEntry::read(*id))),
            None => known.locate(&self.inner.engine, hash),
        }
    }

    /// Adds an id, or removes one.
    pub(super) fn note_id(&mut self, id: IdEntry) {
        self.ids.push(id.fact());
    }

    /// The same for a case.
    pub(super) fn note_case(&mut self, id: IdEntry) {
        self.case_ids.push(id.fact());
    }

    /// About how many operations it has so far.
    pub(super) fn len(&self) -> usize {
        fn entries<const K: usize, const V: usize>(_: &Packed<K, V>, facts: usize) -> usize {
            Packed::<K, V>::journal_entries(facts)
        }
        let inner = self.inner;
        self.cells.values().filter(|cell| cell.is_changed()).count()
            + self.blocks.values().map(Open::ops).sum::<usize>()
            + entries(&inner.ids, self.ids.len())
            + entries(&inner.case_ids, self.case_ids.len())
            + entries(&inner.waiting, self.waiting.len())
            + entries(&inner.threads, self.threads.len())
            + entries(&inner.people, self.people.len())
    }

    /// Gives the commit its number.
    fn number(&mut self) -> Result<u64> {
        let last = self.get(Space::State, state::COMMITS)?.and_then(|v| keys::read_number(&v));
        let commit = last.unwrap_or(0) + 1;
        self.put(Space::State, state::COMMITS.to_vec(), keys::number(commit));
        Ok(commit)
    }

    /// Drops what is not written, and what is known of ids and the like: the store was emptied.
    pub(super) fn forget(&mut self) {
        self.drop_all();
        let inner = self.inner;
        inner.ids.forget();
        inner.case_ids.forget();
        inner.waiting.forget();
        inner.changes().forget();
        inner.threads.forget();
        inner.people.forget();
        *self.writer = Writer::default();
    }

    fn drop_all(&mut self) {
        self.cells.clear();
        self.blocks.clear();
        self.ids.clear();
        self.case_ids.clear();
        self.waiting.clear();
        self.threads.clear();
        self.people.clear();
    }

    /// Writes everything, durably, or nothing. The right to write stays for a next draft.
    pub(super) fn write(&mut self) -> Result<()> {
        if self.len() == 0 {
            self.drop_all();
            return Ok(());
        }
        let commit = if self.is_bulk { None } else { Some(self.number()?) };
        let mut ops: Vec<Op> = std::mem::take(&mut self.cells)
            .into_iter()
            .filter(|(_, cell)| cell.is_changed())
            .map(|((space, key), cell)| Op {
                space,
                key,
                value: cell.now,
                expect: match cell.was {
                    None => Expect::Any,
                    Some(None) => Expect::Absent,
                    Some(Some(value)) => Expect::Is(value),
                },
            })
            .collect();
        self.close_blocks(&mut ops);
        let ids = std::mem::take(&mut self.ids);
        let case_ids = std::mem::take(&mut self.case_ids);
        let waiting = std::mem::take(&mut self.waiting);
        let threads = std::mem::take(&mut self.threads);
        let people: Vec<Fact<10, 24>> = std::mem::take(&mut self.people).into_iter().collect();
        let (inner, writer) = (self.inner, &mut *self.writer);
        inner.ids.journal_ops(&ids, &writer.ids, &mut ops);
        inner.case_ids.journal_ops(&case_ids, &writer.case_ids, &mut ops);
        inner.waiting.journal_ops(&waiting, &writer.waiting, &mut ops);
        inner.threads.journal_ops(&threads, &writer.threads, &mut ops);
        inner.people.journal_ops(&people, &writer.people, &mut ops);
        if ops.len() > MAX_OPS {
            return Err(Error::TooLarge(ops.len()));
        }
        inner.engine.commit(&ops)?;
        if let Some(commit) = commit {
            inner.engine.flush()?;
            inner.witness.iter().for_each(|witness| witness.note(commit));
            fault::pass("store.witnessed");
        }
        inner.ids.committed(&ids, &mut writer.ids);
        inner.case_ids.committed(&case_ids, &mut writer.case_ids);
        inner.waiting.committed(&waiting, &mut writer.waiting);
        inner.changes().note(&waiting);
        inner.threads.committed(&threads, &mut writer.threads);
        inner.people.committed(&people, &mut writer.people);
        // Idle time merges long before this. The change itself is safe; a merge that does not work
        // is repeated by the next one.
        if let Err(error) = self.merge_journals(inner.config.journal_ids.saturating_mul(2)) {
            tracing::warn!(%error, "journals not merged");
        }
        Ok(())
    }

    /// Merges every journal that holds at least so many facts.
    pub(super) fn merge_journals(&mut self, least: usize) -> Result<()> {
        fn one<const K: usize, const V: usize>(
            all: &Packed<K, V>,
            inner: &Inner,
            journal: &mut Journal,
            least: usize,
        ) -> Result<()> {
            if journal.len < least.max(1) { Ok(()) } else { all.merge(&inner.engine, journal) }
        }
        let (inner, writer) = (self.inner, &mut *self.writer);
        one(&inner.ids, inner, &mut writer.ids, least)?;
        one(&inner.case_ids, inner, &mut writer.case_ids, least)?;
        one(&inner.waiting, inner, &mut writer.waiting, least)?;
        one(&inner.threads, inner, &mut writer.threads, least)?;
        one(&inner.people, inner, &mut writer.people, least)
    }
}

/// The bytes of a small thing.
pub(super) fn write_json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::damaged("value", e))
}

/// A small thing of bytes.
pub(super) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| Error::damaged("value", e))
}
