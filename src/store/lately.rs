//! The blocks that were read last, unpacked: what is asked for one after the other mostly lies side
//! by side, and unpacking costs twenty times what comparing does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::block::{self, Row};
use super::error::Result;
use super::keys::BrandKey;
use super::shelf::Shelf;

/// How many are kept: some 30 KB each.
const KEPT: usize = 8;

/// A block with its rows.
pub(super) struct Unpacked {
    shelf: Shelf,
    /// Where it lies.
    pub key: Vec<u8>,
    /// As it lies there.
    pub bytes: Vec<u8>,
    /// What is in it.
    pub rows: Vec<Row>,
}

/// The last ones.
#[derive(Default)]
pub(super) struct Lately(Mutex<VecDeque<Arc<Unpacked>>>);

impl Lately {
    /// Unpacks a block as it was just read, unless it is known with these very bytes. `read` hears of
    /// one that is not.
    pub(super) fn unpack(
        &self,
        (shelf, brand): (Shelf, BrandKey),
        (key, bytes): (Vec<u8>, Vec<u8>),
        read: impl FnOnce(&[u8]),
    ) -> Result<Arc<Unpacked>> {
        let is_it =
            |one: &Arc<Unpacked>| one.shelf == shelf && one.key == key && one.bytes == bytes;
        let known = || self.0.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(found) = known().iter().find(|one| is_it(one)) {
            return Ok(found.clone());
        }
        read(&key);
        let rows = block::unpack(brand, &bytes)?;
        let new = Arc::new(Unpacked { shelf, key, bytes, rows });
        let mut known = known();
        known.retain(|one| one.shelf != shelf || one.key != new.key);
        known.truncate(KEPT - 1);
        known.push_front(new.clone());
        Ok(new)
    }
}
