//! Reading rows and cases wherever they lie: the recent ones first, then the sealed ones. They only
//! ever move that way, so whoever looks in this order misses none.

use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;
use std::vec::IntoIter;

use super::Inner;
use super::block::{self, Head, Row};
use super::engine::Scan;
use super::error::{Error, Result};
use super::gate::Scanning;
use super::keys::{self, BrandKey, Placed};
use super::lately::Unpacked;
use super::shelf::Shelf;
use crate::model::Time;

/// The place of a row or block.
pub(super) fn read_place(key: &[u8]) -> Result<Placed> {
    Placed::read(key).ok_or_else(|| Error::damaged("row", "a strange key"))
}

/// Single rows; of those in one block asked for one after the other, the block is read once.
pub(super) struct Finder<'a> {
    inner: &'a Inner,
    shelf: Shelf,
    block: Option<Arc<Unpacked>>,
}

impl Finder<'_> {
    /// A row as it lies open.
    pub(super) fn row(&mut self, at: Placed) -> Result<Option<Vec<u8>>> {
        if let Some(row) = self.inner.engine.get(self.shelf.open(), &at.bytes())? {
            return Ok(Some(row));
        }
        let find = |block: &Option<Arc<Unpacked>>| {
            let rows = &block.as_ref()?.rows;
            position(rows, at).map(|n| rows[n].1.clone())
        };
        if let Some(row) = find(&self.block) {
            return Ok(Some(row));
        }
        self.block = self.inner.unpacked(self.shelf, at)?;
        Ok(find(&self.block))
    }
}

/// The key and the bytes of a block.
type Found = (Vec<u8>, Vec<u8>);

/// Where a row stands among others.
pub(super) fn position(rows: &[Row], at: Placed) -> Option<usize> {
    rows.binary_search_by_key(&at, |(at, _)| *at).ok()
}

impl Inner {
    /// Finds single rows.
    pub(super) fn finder(&self, shelf: Shelf) -> Finder<'_> {
        Finder { inner: self, shelf, block: None }
    }

    /// The block in whose stretch a place lies, with its key.
    pub(super) fn block_of(&self, shelf: Shelf, at: Placed) -> Result<Option<Found>> {
        let from = Placed::floor(at.brand, 0);
        Ok(self.engine.floor(shelf.sealed(), &from, &at.bytes()).transpose()?)
    }

    /// The same block, unpacked.
    pub(super) fn unpacked(&self, shelf: Shelf, at: Placed) -> Result<Option<Arc<Unpacked>>> {
        let Some(found) = self.block_of(shelf, at)? else { return Ok(None) };
        let settle = |key: &[u8]| self.engine.settle(shelf.sealed(), key);
        self.lately.unpack((shelf, at.brand), found, settle).map(Some)
    }

    /// Rows of a brand with the time of their key in a half-open stretch, in order of the keys.
    /// While this lives nothing is sealed.
    pub(super) fn rows(&self, shelf: Shelf, brand: BrandKey, within: Range<Time>) -> Rows {
        let reading = self.gate.scan();
        let first = Placed { brand, ms: keys::ms(within.start), hash: 0 };
        let end = super::read::end_of(brand, within.end);
        let from = first.bytes();
        // The block below the first place may reach beyond it.
        let block = self.engine.floor(shelf.sealed(), &Placed::floor(brand, 0), &from);
        let (block, failed) = match block.transpose() {
            Ok(found) => (found.map_or_else(|| from.clone(), |(key, _)| key), None),
            Err(error) => (from.clone(), Some(error.into())),
        };
        Rows {
            hot: self.engine.range(shelf.open(), &from, &end).peekable(),
            cold: self.engine.range(shelf.sealed(), &block, &end),
            block: Vec::new().into_iter().peekable(),
            first,
            end,
            last: None,
            failed,
            is_over: false,
            _reading: reading,
        }
    }

    /// The places of a brand's rows of which `is_it` holds, told from author and thread alone.
    pub(super) fn rows_marked(
        &self,
        brand: BrandKey,
        is_it: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<Placed>> {
        let _reading = self.gate.scan();
        let mut found = Vec::new();
        let (from, to) = keys::of_brand(brand);
        for entry in self.engine.range(Shelf::Rows.open(), &from, &to) {
            let (key, row) = entry?;
            if is_it(&row) {
                found.push(read_place(&key)?);
            }
        }
        for entry in self.engine.range(Shelf::Rows.sealed(), &from, &to) {
            let heads = block::heads(brand, &entry?.1)?;
            found.extend(heads.iter().filter(|h| is_it(&h.halves)).map(|h: &Head| h.at));
        }
        Ok(found)
    }
}

/// Recent and sealed rows side by side, in order, each once. Stops after an error.
pub(super) struct Rows {
    hot: Peekable<Scan>,
    cold: Scan,
    /// What is left of the block that was read last.
    block: Peekable<IntoIter<Row>>,
    first: Placed,
    end: Vec<u8>,
    last: Option<Placed>,
    failed: Option<Error>,
    is_over: bool,
    _reading: Scanning,
}

impl Rows {
    /// The place of the next sealed row.
    fn cold_place(&mut self) -> Result<Option<Placed>> {
        loop {
            if let Some((at, _)) = self.block.peek() {
                return Ok(Some(*at));
            }
            let Some(entry) = self.cold.next() else { return Ok(None) };
            let (key, bytes) = entry?;
            let mut rows = block::unpack(read_place(&key)?.brand, &bytes)?;
            // A block that was parted meanwhile comes again in parts: `last` sorts that out.
            rows.retain(|(at, _)| *at >= self.first && at.bytes() < self.end);
            self.block = rows.into_iter().peekable();
        }
    }

    fn step(&mut self) -> Result<Option<Row>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        loop {
            let cold = self.cold_place()?;
            let hot = match self.hot.peek() {
                None => None,
                Some(Ok((key, _))) => Some(read_place(key)?),
                Some(Err(error)) => return Err(error.clone().into()),
            };
            let is_hot = match (hot, cold) {
                (None, None) => return Ok(None),
                (Some(hot), Some(cold)) => hot <= cold,
                (hot, _) => hot.is_some(),
            };
            let row = if is_hot {
                match self.hot.next().transpose()? {
                    Some((key, row)) => Some((read_place(&key)?, row)),
                    None => None,
                }
            } else {
                self.block.next()
            };
            let Some(row) = row else { return Ok(None) };
            if self.last.is_none_or(|last| last < row.0) {
                self.last = Some(row.0);
                return Ok(Some(row));
            }
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let found = self.step();
        self.is_over = !matches!(found, Ok(Some(_)));
        found.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::super::engine::{Expect, Op};
    use super::super::{Config, Store};
    use super::*;

    fn row(brand: u16, ms: u64, hash: u64) -> Row {
        (Placed { brand: BrandKey(brand), ms, hash }, vec![brand as u8; 9])
    }

    #[test]
    fn a_row_is_looked_for_in_the_block_of_its_stretch_and_its_brand() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Config::default()).unwrap().0;
        let inner = &store.inner;
        let is_there = |brand, ms, hash| {
            let at = row(brand, ms, hash).0;
            inner.finder(Shelf::Rows).row(at).unwrap().is_some()
        };
        let scanned = |brand, from, to| -> Vec<u64> {
            let rows = inner.rows(Shelf::Rows, BrandKey(brand), Time(from)..Time(to));
            rows.map(|row| row.unwrap().0.ms).collect()
        };
        assert!(!is_there(1, 10, 1), "an empty store");
        assert!(scanned(1, 0, 99).is_empty());
        let put = |brand, ms, hash, rows: &[Row]| Op {
            space: Shelf::Rows.sealed(),
            key: row(brand, ms, hash).0.bytes(),
            value: Some(block::pack(block::Form::Marked, rows)),
            expect: Expect::Absent,
        };
        let ops = [
            put(1, 0, 0, &[row(1, 10, 1), row(1, 20, 1)]),
            put(1, 30, 5, &[row(1, 30, 5), row(1, 40, u64::MAX)]),
            put(3, 0, 0, &[row(3, 0, 0), row(3, keys::MS_MAX, u64::MAX)]),
        ];
        inner.engine.commit(&ops).unwrap();
        for (brand, ms, hash) in [
            (1, 10, 1),
            (1, 20, 1),
            (1, 30, 5),
            (1, 40, u64::MAX),
            (3, 0, 0),
            (3, keys::MS_MAX, u64::MAX),
        ] {
            assert!(is_there(brand, ms, hash), "{brand} {ms}");
        }
        for (brand, ms, hash) in [
            (1, 0, 0),
            (1, 10, 2),
            (1, 25, 0),
            (1, 30, 4),
            (1, 41, 0),
            (2, 10, 1),
            (3, 10, 1),
            (4, 10, 1),
        ] {
            assert!(!is_there(brand, ms, hash), "{brand} {ms}");
        }
        for (brand, from, to, wanted) in [
            (1, 0, i64::MAX, &[10, 20, 30, 40][..]),
            (1, 20, 40, &[20, 30]),
            (1, 21, 30, &[]),
            (1, 41, i64::MAX, &[]),
            (2, 0, i64::MAX, &[]),
            (3, 0, i64::MAX, &[0, keys::MS_MAX]),
            (3, 0, 1, &[0]),
        ] {
            assert_eq!(scanned(brand, from, to), wanted, "{brand} {from}..{to}");
        }
    }
}
