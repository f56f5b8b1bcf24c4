//! Which interactions are known, and where; and every hash of the store.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::engine::{Engine, Space};
use super::error::Result;
use super::keys::{self, BrandKey};
use super::packed::{Fact, Packed, Shape};
use crate::model::Person;

/// The brand of an entry that removes its id.
pub const REMOVED: u16 = 0xffff;

/// The index of ids: hash, then brand and time of the row's key.
pub type Ids = Packed<8, 8>;

/// Where ids lie.
pub const SHAPE: Shape = Shape {
    what: "bucket of ids",
    journal: Space::IdJournal,
    buckets: Space::IdBuckets,
    most: 256,
    asked: 8,
};

/// The hashes of the store. Strangers choose ids, so the seed is random and secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hasher {
    /// The seed.
    pub seed: u64,
}

impl Hasher {
    fn hash(&self, tag: u8, brand: BrandKey, platform: &str, id: &str) -> u64 {
        let [a, b] = brand.0.to_be_bytes();
        let bytes = [&[tag, a, b], platform.as_bytes(), &[0], id.as_bytes()].concat();
        xxh3_64_with_seed(&bytes, self.seed)
    }

    /// Of an interaction of a brand.
    pub fn interaction(&self, brand: BrandKey, platform: &str, id: &str) -> u64 {
        self.hash(b'i', brand, platform, id)
    }

    /// Of a thread of a brand.
    pub fn thread(&self, brand: BrandKey, platform: &str, filed: &str) -> u64 {
        self.hash(b't', brand, platform, filed)
    }

    /// Of a case of a brand.
    pub fn case(&self, brand: BrandKey, id: &str) -> u64 {
        self.hash(b'c', brand, "", id)
    }

    /// A person, the same for every brand.
    pub fn person(&self, platform: &str, author: &str) -> Person {
        Person(self.hash(b'p', BrandKey(0), platform, author))
    }
}

/// One id: its hash, and the brand and time of the row's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdEntry {
    /// The hash in the row's key.
    pub hash: u64,
    /// The brand, or [`REMOVED`].
    pub brand: u16,
    /// The time in the row's key.
    pub ms: u64,
}

impl IdEntry {
    /// As it is packed.
    pub fn fact(self) -> Fact<8, 8> {
        let place = u64::from(self.brand) << 48 | self.ms & keys::MS_MAX;
        (self.hash.to_be_bytes(), place.to_be_bytes())
    }

    /// Out of its packed form.
    pub fn read((hash, place): Fact<8, 8>) -> Self {
        let place = u64::from_be_bytes(place);
        Self {
            hash: u64::from_be_bytes(hash),
            brand: (place >> 48) as u16,
            ms: place & keys::MS_MAX,
        }
    }
}

impl Ids {
    /// Where the row with this hash lies, if there is one.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn locate(&self, engine: &Engine, hash: u64) -> Result<Option<IdEntry>> {
        let key = hash.to_be_bytes();
        Ok(self.get(engine, &key)?.map(|place| IdEntry::read((key, place))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::packed::{is_removal, pack, unpack};
    use super::*;

    #[test]
    fn sixteen_bytes_an_id() {
        let one = IdEntry { hash: 0x0102_0304_0506_0708, brand: 0x090a, ms: 0x0b0c_0d0e_0f10 };
        let bytes = pack(&[one.fact()]);
        assert_eq!(bytes, (1..=16).collect::<Vec<u8>>());
        let facts = unpack::<8, 8>("", &bytes).unwrap();
        assert_eq!(facts.into_iter().map(IdEntry::read).collect::<Vec<_>>(), [one]);
        assert!(unpack::<8, 8>("", &bytes[1..]).is_err());
        assert!(is_removal(&IdEntry { brand: REMOVED, ..one }.fact().1));
    }
}
