//! A quick look at a store that has just been opened: do counters, ids and rows fit?
//!
//! A data file that was cut short may open and miss its newest rows, so these are looked at
//! first. Costs one pass over the buckets of ids and a few hundred reads.

use super::Inner;
use super::block;
use super::codec;
use super::engine::Space;
use super::error::Result;
use super::ids;
use super::keys::{self, BrandKey, Placed, state};
use super::packed;
use super::shelf::Shelf;

/// How many rows and ids of each kind are looked at.
const SAMPLE: usize = 128;

/// Up to so many rows all are counted.
const COUNTED: u64 = 20_000;

impl Inner {
    /// What does not fit, in words.
    pub(super) fn sample(&self) -> Result<Vec<String>> {
        let mut doubts = Vec::new();
        let mut total = 0;
        for brand in self.all_brands() {
            let rows = self.engine.get(Space::State, &state::of_brand("rows", brand.brand()))?;
            let rows = rows.and_then(|v| keys::read_number(&v)).unwrap_or(0);
            total += rows;
            let (from, to) = keys::of_brand(brand.brand());
            let mut lost = 0;
            for entry in self.engine.range(Space::Hot, &from, &to).rev().take(SAMPLE) {
                let (key, row) = entry?;
                codec::decode_row(&row)?;
                let at = Placed::read(&key);
                let id = at.map(|at| self.ids.locate(&self.engine, at.hash)).transpose()?.flatten();
                lost += usize::from(id.map(|id| id.ms) != at.map(|at| at.ms));
            }
            if lost > 0 {
                doubts.push(format!("{lost} of the newest rows of {} have no id", brand.name));
            }
            if rows <= COUNTED {
                let mut count = 0;
                for entry in self.engine.range(Space::Hot, &from, &to) {
                    entry?;
                    count += 1;
                }
                for entry in self.engine.range(Space::Cold, &from, &to) {
                    count += block::heads(brand.brand(), &entry?.1)?.len() as u64;
                }
                if count != rows {
                    doubts.push(format!("{} has {count} rows, counted were {rows}", brand.name));
                }
            }
        }
        let known = self.ids.count(&self.engine)?;
        if known != total {
            doubts.push(format!("{known} ids are known of {total} rows"));
        }
        let mut gone = 0;
        let mut finder = self.finder(Shelf::Rows);
        for id in self.some_ids()? {
            let at = Placed { brand: BrandKey(id.brand), ms: id.ms, hash: id.hash };
            gone += usize::from(finder.row(at)?.is_none());
        }
        if gone > 0 {
            doubts.push(format!("{gone} of some ids have no row"));
        }
        Ok(doubts)
    }

    /// The newest ids, and one of each of some buckets; only such as are still in force.
    fn some_ids(&self) -> Result<Vec<ids::IdEntry>> {
        let mut some = Vec::new();
        for entry in self.engine.all(Space::IdJournal).rev() {
            some.extend(packed::unpack("journal of ids", &entry?.1)?);
            if some.len() >= SAMPLE {
                break;
            }
        }
        let buckets = self.engine.all(Space::IdBuckets);
        for entry in buckets.take(SAMPLE) {
            some.extend(packed::unpack("bucket of ids", &entry?.1)?.into_iter().next());
        }
        let mut in_force = Vec::new();
        for id in some {
            in_force.extend(self.ids.locate(&self.engine, ids::IdEntry::read(id).hash)?);
        }
        Ok(in_force)
    }
}
