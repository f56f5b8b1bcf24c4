//! Whether a key may be known: most that is asked for is new, and to find that out from a bucket
//! reads a page of the database.
//!
//! A Bloom filter: of a key that is known it never says otherwise, of another one in forty that it
//! might be.

use xxhash_rust::xxh3::xxh3_128;

/// Bits for each key there is room for.
const BITS: usize = 8;

/// Bits that are set for a key.
const PROBES: u64 = 4;

/// The least room.
const LEAST: usize = 16_384;

/// A set of keys, as far as anybody can tell.
#[derive(Debug)]
pub struct Filter {
    bits: Vec<u64>,
    room: usize,
}

impl Filter {
    /// With room for as many keys again as there are.
    pub fn new(keys: usize) -> Self {
        let room = keys.max(LEAST).saturating_mul(2);
        Self { bits: vec![0; (room * BITS).div_ceil(64)], room }
    }

    /// Adds a key.
    pub fn add(&mut self, key: &[u8]) {
        let mut is_new = false;
        for (word, bit) in places(key, self.bits.len()) {
            is_new |= self.bits[word] & bit == 0;
            self.bits[word] |= bit;
        }
        self.room = self.room.saturating_sub(usize::from(is_new));
    }

    /// Whether there is no more room: a larger one is needed, or too much may be known.
    pub fn is_full(&self) -> bool {
        self.room == 0
    }

    /// Whether a key may have been added.
    pub fn may_hold(&self, key: &[u8]) -> bool {
        places(key, self.bits.len()).all(|(word, bit)| self.bits[word] & bit > 0)
    }
}

/// The words and bits of a key.
fn places(key: &[u8], words: usize) -> impl Iterator<Item = (usize, u64)> {
    let hash = xxh3_128(key);
    let (first, step) = (hash as u64, (hash >> 64) as u64 | 1);
    (0..PROBES).map(move |probe| {
        let place = first.wrapping_add(probe.wrapping_mul(step));
        ((place >> 6) as usize % words, 1 << (place & 63))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_never_denied_and_little_else_is_held_for_known() {
        let mut filter = Filter::new(20_000);
        let mut added = 0_u32;
        while !filter.is_full() {
            // The same key again takes no room.
            filter.add(&added.to_be_bytes());
            filter.add(&added.to_be_bytes());
            added += 1;
        }
        assert!((40_000..41_000).contains(&added), "{added}");
        assert!((0..added).all(|n| filter.may_hold(&n.to_be_bytes())));
        let wrong = (100_000_u32..200_000).filter(|n| filter.may_hold(&n.to_be_bytes())).count();
        assert!(wrong < 4_000, "{wrong} of 100,000");
        assert!(!Filter::new(0).may_hold(b"anything"));
    }
}
