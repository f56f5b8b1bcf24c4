//! Which rows are filed under a thread, beyond the one whose id names it.
//!
//! Members are packed, at most 256 a chunk; chunks are numbered without gaps, and only the last
//! ones may be removed.

use super::draft::Draft;
use super::engine::{Engine, Space};
use super::error::{Error, Result};
use super::keys::{self, BrandKey, Placed};

/// How many members a chunk holds at most.
const CHUNK: usize = 256;

/// Bytes of a member: ms u48, hash u64.
const MEMBER: usize = 14;

fn member(row: Placed) -> [u8; MEMBER] {
    let mut bytes = [0; MEMBER];
    bytes[..6].copy_from_slice(&row.ms.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&row.hash.to_be_bytes());
    bytes
}

fn read_member(brand: BrandKey, bytes: &[u8; MEMBER]) -> Placed {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
    Placed { brand, ms: number(&bytes[..6]), hash: number(&bytes[6..]) }
}

/// The rows of a chunk.
///
/// # Errors
/// [`Error::Damaged`] if it holds part of a member.
pub(super) fn unpack(brand: BrandKey, bytes: &[u8]) -> Result<Vec<Placed>> {
    let (members, rest) = bytes.as_chunks::<MEMBER>();
    if !rest.is_empty() {
        return Err(Error::damaged("thread", "part of a member"));
    }
    Ok(members.iter().map(|bytes| read_member(brand, bytes)).collect())
}

/// The rows filed under a thread, in order of their keys.
///
/// # Errors
/// The engine's, or damage.
pub(super) fn members(engine: &Engine, brand: BrandKey, thread: u64) -> Result<Vec<Placed>> {
    let mut all = Vec::new();
    let (from, to) = (keys::thread(brand, thread, 0), keys::thread(brand, thread, u16::MAX));
    for chunk in engine.range(Space::Threads, &from, &to) {
        all.extend(unpack(brand, &chunk?.1)?);
    }
    all.sort_unstable();
    Ok(all)
}

impl Draft<'_> {
    fn chunk(&mut self, row: Placed, thread: u64, number: u16) -> Result<Option<Vec<u8>>> {
        self.get(Space::Threads, &keys::thread(row.brand, thread, number))
    }

    /// Files a row under a thread. It must not be there yet.
    pub(super) fn link(&mut self, row: Placed, thread: u64) -> Result<()> {
        for number in 0..u16::MAX {
            let mut chunk = self.chunk(row, thread, number)?.unwrap_or_default();
            if chunk.len() < CHUNK * MEMBER {
                chunk.extend_from_slice(&member(row));
                self.put(Space::Threads, keys::thread(row.brand, thread, number), chunk);
                return Ok(());
            }
        }
        Err(Error::damaged("thread", "more members than a thread can have"))
    }

    /// Takes a row out of a thread, if it is there.
    pub(super) fn unlink(&mut self, row: Placed, thread: u64) -> Result<()> {
        for number in 0..u16::MAX {
            let Some(chunk) = self.chunk(row, thread, number)? else { return Ok(()) };
            let (members, _) = chunk.as_chunks::<MEMBER>();
            let Some(at) = members.iter().position(|m| *m == member(row)) else { continue };
            let rest = [&chunk[..at * MEMBER], &chunk[(at + 1) * MEMBER..]].concat();
            self.put(Space::Threads, keys::thread(row.brand, thread, number), rest);
            return self.drop_empty_end(row, thread, number);
        }
        Ok(())
    }

    fn drop_empty_end(&mut self, row: Placed, thread: u64, number: u16) -> Result<()> {
        if self.chunk(row, thread, number + 1)?.is_some() {
            return Ok(());
        }
        for number in (0..=number).rev() {
            if self.chunk(row, thread, number)?.is_some_and(|chunk| !chunk.is_empty()) {
                break;
            }
            self.remove(Space::Threads, keys::thread(row.brand, thread, number));
        }
        Ok(())
    }
}
