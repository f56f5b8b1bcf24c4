//! Sealing: rows and cases that have come of age move from entries of their own into blocks.
//!
//! Recent rows lie open, because they are still read again and changed; after two days they rest.
//! One batch is one transaction (blocks in, open rows out), taken in the writer's turn when there
//! is nothing better to do, and never while rows are being scanned.

use super::block::{self, ROWS, Row};
use super::cold::read_place;
use super::draft::Draft;
use super::engine::MAX_OPS;
use super::error::Result;
use super::keys::{self, BrandKey, Placed};
use super::shelf::Shelf;
use super::{Inner, Store};
use crate::model::Time;

/// How many rows are sealed at once: some 5 to 10 ms of work.
const BATCH: usize = 256;

/// A batch ends with the row that passes this: large rows take many blocks, and one commit must take
/// them all.
const BATCH_BYTES: usize = 512 << 10;

/// Operations of a batch that are kept free for what follows.
const SPARE: usize = 40;

impl Store {
    /// A little of the work that waits for idle time: of each brand up to 256 rows and 256 cases
    /// that have come of age are sealed, and journals that have grown long enough are merged.
    /// Returns how many were sealed; 0 also while somebody scans.
    ///
    /// # Errors
    /// The engine's, or damage. What was done by then stays, the rest is done another time.
    pub fn seal(&self) -> Result<usize> {
        let inner = &self.inner;
        let mut sealed = 0;
        for brand in inner.all_brands() {
            for shelf in Shelf::ALL {
                sealed += inner.draft().seal(shelf, brand.brand())?;
            }
        }
        inner.draft().merge_journals(inner.config.journal_ids)?;
        Ok(sealed)
    }

    /// Seals until nothing is left to seal, as after a large import. Returns how many rows and cases.
    ///
    /// # Errors
    /// As [`Store::seal`].
    pub fn seal_all(&self) -> Result<usize> {
        let mut sealed = 0;
        loop {
            match self.seal()? {
                0 => return Ok(sealed),
                some => sealed += some,
            }
        }
    }
}

impl Inner {
    /// The oldest open rows of a brand that have come of age, up to a batch; none if it is better to
    /// wait for more.
    fn of_age(&self, shelf: Shelf, brand: BrandKey) -> Result<Vec<Row>> {
        let (from, end) = keys::of_brand(brand);
        let Some(newest) = self.engine.range(shelf.open(), &from, &end).back().transpose()? else {
            return Ok(Vec::new());
        };
        let newest = read_place(&newest.0)?;
        let young = keys::time(newest.ms).plus(-self.config.open_for);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let to = Placed::floor(brand, keys::ms(young.max(Time(0))));
        for entry in self.engine.range(shelf.open(), &from, &to).take(BATCH) {
            let (key, row) = entry?;
            bytes += row.len();
            rows.push((read_place(&key)?, row));
            if bytes > BATCH_BYTES {
                break;
            }
        }
        // A whole batch at once costs least; what has long been of age does not wait for one.
        let is_overdue = rows.first().is_some_and(|(at, _)| {
            young.since(keys::time(at.ms)) >= self.config.seal_wait
                && rows.len() >= self.config.seal_least
        });
        if rows.len() < BATCH && bytes <= BATCH_BYTES && !is_overdue {
            rows.clear();
        }
        Ok(rows)
    }
}

impl Draft<'_> {
    /// Seals a batch of a brand, durably. Returns how many rows.
    pub(super) fn seal(&mut self, shelf: Shelf, brand: BrandKey) -> Result<usize> {
        let inner = self.inner;
        let Some(_alone) = inner.gate.try_seal() else { return Ok(0) };
        let rows = inner.of_age(shelf, brand)?;
        if rows.is_empty() {
            return Ok(0);
        }
        let (from, end) = keys::of_brand(brand);
        let tail = inner.engine.range(shelf.sealed(), &from, &end).back().transpose()?;
        let tail = match tail {
            None => None,
            Some((key, bytes)) => {
                let heads = block::heads(brand, &bytes)?;
                let room = ROWS.saturating_sub(heads.len());
                let is_half_full = heads.len() * 2 >= ROWS || bytes.len() * 2 >= block::MAX;
                let last = heads.last().map(|head| head.at).max(Placed::read(&key));
                last.map(|last| (last, if is_half_full { 0 } else { room }))
            }
        };
        let late = tail.map_or(0, |(last, _)| rows.partition_point(|(at, _)| *at <= last));
        let mut done = self.seal_late(shelf, &rows[..late])?;
        if done == late {
            let mut fresh = &rows[late..];
            if let Some((last, room)) = tail.filter(|(_, room)| *room > 0) {
                let (some, rest) = fresh.split_at(room.min(fresh.len()));
                self.add_to_block(shelf, last, some)?;
                fresh = rest;
            }
            let mut blocks = block::fill(shelf.form(), fresh);
            if let (None, Some(first)) = (tail, blocks.first_mut()) {
                first.0 = Placed { brand, ms: 0, hash: 0 };
            }
            for (at, bytes) in blocks {
                self.put(shelf.sealed(), at.bytes(), bytes);
            }
            done = rows.len();
        }
        for (at, _) in &rows[..done] {
            self.remove(shelf.open(), at.bytes());
        }
        self.write()?;
        Ok(done)
    }

    /// Brings rows that came late into the blocks in whose stretch they lie, as many as one commit
    /// takes. Returns how many.
    fn seal_late(&mut self, shelf: Shelf, rows: &[Row]) -> Result<usize> {
        let mut done = 0;
        while let Some((at, _)) = rows.get(done) {
            // A block may come out in parts: for each row it gets, one more in the worst case.
            if done + self.len() + SPARE > MAX_OPS {
                break;
            }
            let key = self.inner.block_of(shelf, *at)?.map(|(key, _)| key);
            let begin = key.clone().unwrap_or_else(|| Placed::floor(at.brand, 0));
            let next = self.inner.engine.range(
                shelf.sealed(),
                &[&begin[..], &[0]].concat(),
                &keys::of_brand(at.brand).1,
            );
            let end = next.take(1).next().transpose()?.map(|(key, _)| key);
            let mine = match end {
                None => rows.len() - done,
                Some(end) => rows[done..].partition_point(|(at, _)| at.bytes() < end),
            };
            self.add_to_block(shelf, *at, &rows[done..done + mine])?;
            done += mine;
        }
        Ok(done)
    }
}
