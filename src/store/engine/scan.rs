//! Reading entries in order, without letting sled keep all it has read.

use std::sync::Arc;

use super::super::spaces::{EngineError, Space};
use super::guard;
use super::opened::Opened;
use crate::fault;

/// sled 0.34.7 looks at its cache limit only when one of 256 access queues of 64 entries fills, so
/// a scan can keep 200 MB whatever the setting. Asking 64 times for one key fills its queue. Costs
/// some 20 µs; depends on internals that the exact version pins.
pub(super) fn settle_cache(tree: &sled::Tree, key: &[u8]) {
    for _ in 0..64 {
        if !matches!(guard(|| Ok(tree.get(key)?)), Ok(Some(_))) {
            return;
        }
    }
}

/// How many bytes may pass between two settlings of the cache: some eight blocks of rows, a page.
pub const SETTLE_EVERY: usize = 48 << 10;

/// One entry of a range: key and value.
pub type Found = Result<(Vec<u8>, Vec<u8>), EngineError>;

/// Entries of a range, as (key, value). Stops after an error.
pub struct Scan {
    iter: Option<sled::Iter>,
    space: Space,
    read: usize,
    opened: Arc<Opened>,
}

impl Scan {
    /// The entries of one iterator over a space; `None` has none.
    pub(super) fn new(
        opened: Arc<Opened>,
        space: Space,
        over: impl FnOnce(&sled::Tree) -> Option<sled::Iter>,
    ) -> Self {
        let iter = over(opened.tree(space));
        Self { iter, space, read: 0, opened }
    }

    fn step(
        &mut self,
        next: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(sled::IVec, sled::IVec)>>,
    ) -> Option<Found> {
        let iter = self.iter.as_mut()?;
        let found = guard(|| {
            fault::point("store.read")?;
            match next(iter) {
                None => Ok(None),
                Some(entry) => {
                    let (key, value) = entry?;
                    Ok(Some((key.to_vec(), value.to_vec())))
                }
            }
        });
        if !matches!(found, Ok(Some(_))) {
            self.iter = None;
        }
        if let Ok(Some((key, value))) = &found {
            self.read += key.len() + value.len();
            if self.read >= SETTLE_EVERY {
                self.read = 0;
                settle_cache(self.opened.tree(self.space), key);
            }
        }
        found.transpose()
    }

    /// The last entry not yet taken.
    pub fn back(&mut self) -> Option<Found> {
        self.step(DoubleEndedIterator::next_back)
    }
}

impl Iterator for Scan {
    type Item = Found;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Scan {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.back()
    }
}
