//! Which rows are filed under a thread, beyond the one whose id names it.
//!
//! A member is the low half of the thread's hash and the place of the row, so a thread's members
//! lie together and in order of time. Two threads may share a half: the rows themselves decide.

use super::draft::Draft;
use super::engine::Space;
use super::error::Result;
use super::keys::{BrandKey, Placed};
use super::packed::{Fact, Packed, REMOVED, Shape};
use super::{Inner, keys};

/// Half of a thread's hash, then ms and hash of the row; the brand is the value.
pub(super) type Threads = Packed<18, 2>;

/// Where members lie.
pub(super) const SHAPE: Shape = Shape {
    what: "members of threads",
    journal: Space::ThreadJournal,
    buckets: Space::ThreadBuckets,
    most: 320,
    asked: 4,
};

/// A row as a member of a thread.
pub(super) fn member(row: Placed, thread: u64) -> Fact<18, 2> {
    let mut key = [0; 18];
    key[..4].copy_from_slice(&(thread as u32).to_be_bytes());
    key[4..].copy_from_slice(&row.bytes()[2..]);
    (key, row.brand.0.to_be_bytes())
}

/// The row of a member.
pub(super) fn read_member((key, brand): Fact<18, 2>) -> Placed {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
    Placed {
        brand: BrandKey(u16::from_be_bytes(brand)),
        ms: number(&key[4..10]),
        hash: number(&key[10..]),
    }
}

impl Inner {
    /// The rows filed under a thread, in order of their keys; perhaps some of another one.
    pub(super) fn members(&self, brand: BrandKey, thread: u64) -> Result<Vec<Placed>> {
        let half = (thread as u32).to_be_bytes();
        if !self.threads.may_begin(&self.engine, &half)? {
            return Ok(Vec::new());
        }
        let to = [&half[..], &[0xff; 15]].concat();
        let found = self.threads.range(&self.engine, &half, &to)?;
        Ok(found.into_iter().map(read_member).filter(|row| row.brand == brand).collect())
    }
}

impl Draft<'_> {
    /// Files a row under a thread.
    pub(super) fn link(&mut self, row: Placed, thread: u64) {
        self.threads.push(member(row, thread));
    }

    /// Takes a row out of a thread, if it is there.
    pub(super) fn unlink(&mut self, row: Placed, thread: u64) {
        self.threads.push((member(row, thread).0, REMOVED));
    }
}

/// The members of a chunk of layout 1: ms u48 and hash u64 of each, under (brand, thread, chunk).
pub(super) fn read_chunk(key: &[u8], chunk: &[u8]) -> Option<Vec<Fact<18, 2>>> {
    let (brand, thread) = keys::read_brand_hash(key.get(..10)?)?;
    let members = chunk.chunks(14).map(|bytes| {
        let at = [&brand.0.to_be_bytes()[..], bytes].concat();
        Placed::read(&at).map(|row| member(row, thread))
    });
    members.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_twenty_bytes() {
        let row = Placed { brand: BrandKey(3), ms: 0x0506_0708_090a, hash: 0x0b0c_0d0e_0f10_1112 };
        let (key, brand) = member(row, 0xffff_ffff_0102_0304);
        assert_eq!(key[..4], [1, 2, 3, 4]);
        assert_eq!(key[4..], (5..=0x12).collect::<Vec<u8>>());
        assert_eq!(read_member((key, brand)), row);
        let old_key = [&keys::brand_hash(row.brand, 0xffff_ffff_0102_0304)[..], &[0, 0]].concat();
        assert_eq!(read_chunk(&old_key, &row.bytes()[2..]).unwrap(), [(key, brand)]);
        assert_eq!(read_chunk(&old_key, &[1, 2, 3]), None);
    }
}
