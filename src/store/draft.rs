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
use super::ids::{self, IdEntry, Journal};
use super::keys::{self, state};
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
    ids: Vec<IdEntry>,
    /// Writes are made durable by the caller, all together.
    pub(super) is_bulk: bool,
}

impl Inner {
    /// Waits for the right to write.
    pub(super) fn draft(&self) -> Draft<'_> {
        let writer = self.writer.lock().unwrap_or_else(|e| e.into_inner());
        Draft { inner: self, writer, cells: BTreeMap::new(), ids: Vec::new(), is_bulk: false }
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
        match self.ids.iter().rev().find(|id| id.hash == hash) {
            Some(id) => Ok((id.brand != ids::REMOVED).then_some(*id)),
            None => self.inner.ids.locate(&self.inner.engine, hash),
        }
    }

    /// Adds an id, or removes one.
    pub(super) fn note_id(&mut self, id: IdEntry) {
        self.ids.push(id);
    }

    /// How many operations it has so far.
    pub(super) fn len(&self) -> usize {
        let writes = self.cells.values().filter(|cell| cell.is_changed()).count();
        writes + usize::from(!self.ids.is_empty())
    }

    /// Gives the commit its number.
    fn number(&mut self) -> Result<u64> {
        let last = self.get(Space::State, state::COMMITS)?.and_then(|v| keys::read_number(&v));
        let commit = last.unwrap_or(0) + 1;
        self.put(Space::State, state::COMMITS.to_vec(), keys::number(commit));
        Ok(commit)
    }

    /// Drops what is not written, and what is known of ids: the store has been emptied.
    pub(super) fn forget(&mut self) {
        self.cells.clear();
        self.ids.clear();
        self.inner.ids.forget();
        self.writer.journal = Journal::default();
    }

    /// Writes everything, durably, or nothing. The right to write stays for a next draft.
    pub(super) fn write(&mut self) -> Result<()> {
        if self.len() == 0 {
            self.cells.clear();
            return Ok(());
        }
        let commit = if self.is_bulk { None } else { Some(self.number()?) };
        let cells = std::mem::take(&mut self.cells);
        let ids = std::mem::take(&mut self.ids);
        let mut ops: Vec<Op> = cells
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
        if !ids.is_empty() {
            ops.push(Op {
                space: Space::IdJournal,
                key: keys::journal(self.writer.journal.next),
                value: Some(ids::pack(&ids)),
                expect: Expect::Absent,
            });
        }
        if ops.len() > MAX_OPS {
            return Err(Error::TooLarge(ops.len()));
        }
        let inner = self.inner;
        inner.engine.commit(&ops)?;
        if let Some(commit) = commit {
            inner.engine.flush()?;
            inner.witness.iter().for_each(|witness| witness.note(commit));
            fault::pass("store.witnessed");
        }
        if !ids.is_empty() {
            inner.ids.learn(&ids);
            self.writer.journal.next = self.writer.journal.next.saturating_add(1);
            self.writer.journal.len += ids.len();
        }
        if self.writer.journal.len >= inner.config.journal_ids {
            // The change itself is safe; a merge that does not work is repeated by the next one.
            if let Err(error) = inner.ids.merge(&inner.engine, &mut self.writer.journal) {
                tracing::warn!(%error, "ids not merged");
            }
        }
        Ok(())
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
