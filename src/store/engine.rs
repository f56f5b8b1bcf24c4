//! The engine below the store: ordered byte keys in named spaces. Nothing outside names sled.
//!
//! Decides how sled is opened, read, written and made durable, and what its errors mean to us.
//! Knows nothing about keys or values. Everything asked of a second engine is in the public
//! functions here: `get`, `range`, `commit` with expected values, `flush`.

mod opened;
mod scan;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional};

use self::opened::Opened;
use self::scan::settle_cache;
use super::dir::free_bytes;
use crate::fault;

pub use self::scan::{Found, SETTLE_EVERY, Scan};
pub use super::spaces::{EngineError, Expect, MAX_OPS, Op, Space};

impl From<sled::Error> for EngineError {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(io) => Self::from(io),
            sled::Error::Corruption { at, .. } => {
                Self::Corrupt { placed: at.is_some(), why: format!("corruption at {at:?}") }
            }
            sled::Error::CollectionNotFound(_) => {
                Self::Corrupt { placed: true, why: "a tree is missing".to_owned() }
            }
            sled::Error::ReportableBug(why) => Self::Corrupt { placed: true, why },
            // Its configuration file names another layout than the one version there ever was here.
            sled::Error::Unsupported(why) => Self::Corrupt { placed: false, why },
        }
    }
}

/// What must be free on the disk, besides what is written, in bytes. sled that meets a full disk in
/// the middle of a write can wait for ever, with a lock that a reopened database would need too. So
/// it must not meet one: its own tidying gets along with this.
const ROOM: u64 = 4 << 20;

/// Runs sled code; its internal assertions fail on damaged files, and that is damage, no reason
/// for the process to die.
fn guard<T>(run: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("an assertion failed");
        Err(EngineError::Corrupt { placed: true, why: said.chars().take(200).collect() })
    })
}

/// An open database.
pub struct Engine {
    dir: PathBuf,
    opened: RwLock<Arc<Opened>>,
    stopped: AtomicBool,
}

impl Engine {
    /// Opens or creates the database in `dir`.
    ///
    /// # Errors
    /// Anything but [`EngineError::Conflict`], [`EngineError::TooMany`].
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, EngineError> {
        let opened = guard(|| Opened::open(dir, cache_bytes))?;
        Ok(Self {
            dir: dir.to_owned(),
            opened: RwLock::new(Arc::new(opened)),
            stopped: AtomicBool::new(false),
        })
    }

    fn opened(&self) -> Arc<Opened> {
        self.opened.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// How long the data file is, in bytes.
    ///
    /// # Errors
    /// The disk's.
    pub fn file_bytes(&self) -> Result<u64, EngineError> {
        Ok(self.opened().data.metadata()?.len())
    }

    /// Whether its directory may be renamed while it is open. sled goes by the path it was opened
    /// with, so that has to be one that stays right: it needs `/proc`.
    pub fn may_move(&self) -> bool {
        self.opened().may_move()
    }

    /// Whether it takes no more writes, because one has failed.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Goes on with the database of another engine, which must hold the same and lie where this one
    /// was opened. Nobody may write meanwhile. Gives what is left behind.
    pub fn go_on_with(&self, other: Self) -> Left {
        let other = other.opened.into_inner().unwrap_or_else(|e| e.into_inner());
        let mut opened = self.opened.write().unwrap_or_else(|e| e.into_inner());
        Left(std::mem::replace(&mut opened, other))
    }

    /// The value under a key.
    ///
    /// # Errors
    /// The disk's, or damage.
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        guard(|| {
            fault::point("store.read")?;
            Ok(self.opened().tree(space).get(key)?.map(|v| v.to_vec()))
        })
    }

    /// Entries with `from <= key < to` in order; [`Scan::back`] goes the other way. No snapshot:
    /// what is written meanwhile inside the bounds may or may not be seen.
    pub fn range(&self, space: Space, from: &[u8], to: &[u8]) -> Scan {
        Scan::new(self.opened(), space, |tree| {
            (from < to).then(|| tree.range(from.to_vec()..to.to_vec()))
        })
    }

    /// The whole of a space.
    pub fn all(&self, space: Space) -> Scan {
        Scan::new(self.opened(), space, |tree| Some(tree.range::<&[u8], _>(..)))
    }

    /// Writes all operations, or none. In memory and in order; durable after [`Engine::flush`].
    ///
    /// # Errors
    /// [`EngineError::Conflict`] and [`EngineError::TooMany`] leave everything as it was, and so
    /// does [`EngineError::Full`] where [`Engine::has_room`] says the same; after any other the
    /// engine takes no more writes.
    pub fn commit(&self, ops: &[Op]) -> Result<(), EngineError> {
        if ops.is_empty() {
            return Ok(()); // sled panics on a transaction over no trees
        }
        if ops.len() > MAX_OPS {
            return Err(EngineError::TooMany(ops.len()));
        }
        if self.is_stopped() {
            return Err(EngineError::Stopped);
        }
        let bytes: usize = ops.iter().filter_map(|op| op.value.as_ref()).map(Vec::len).sum();
        need_room(&self.dir, bytes as u64)?;
        let spaces: Vec<Space> =
            ops.iter().map(|op| op.space).collect::<BTreeSet<_>>().into_iter().collect();
        let opened = self.opened();
        let trees: Vec<&sled::Tree> = spaces.iter().map(|s| opened.tree(*s)).collect();
        let place = |space: Space| spaces.binary_search(&space).expect("collected from the ops");
        let result = guard(|| {
            fault::point("store.commit")?;
            let done = trees[..].transaction(|trees| {
                for (at, op) in ops.iter().enumerate() {
                    let tree = &trees[place(op.space)];
                    let met = match &op.expect {
                        Expect::Any => true,
                        Expect::Absent => tree.get(&op.key)?.is_none(),
                        Expect::Is(value) => tree.get(&op.key)?.is_some_and(|v| v == value),
                    };
                    if !met {
                        return Err(ConflictableTransactionError::Abort(at));
                    }
                    match &op.value {
                        Some(value) => tree.insert(op.key.as_slice(), value.as_slice())?,
                        None => tree.remove(op.key.as_slice())?,
                    };
                }
                Ok(())
            });
            done.map_err(|error| match error {
                TransactionError::Abort(at) => EngineError::Conflict(at),
                TransactionError::Storage(error) => EngineError::from(error),
            })
        });
        self.note(result)
    }

    /// Makes everything committed so far survive a power cut: large values, which sled keeps in
    /// files of their own, to the disk; then sled's log to the kernel, then the data file to the
    /// disk. In this order, since sled that recovers passes over a value whose file is missing, even
    /// in the midst of a commit that its log has whole.
    ///
    /// Commits together should stay below a segment of sled's, 512 KiB. With more between two
    /// flushes sled can write over what it moved before the disk has it at its new place; one power
    /// cut in some 30,000, tried with 750 KiB of posts at a time, took old changes with it, which
    /// the next start notices and refuses.
    ///
    /// # Errors
    /// The disk's; after one the engine takes no more writes.
    pub fn flush(&self) -> Result<(), EngineError> {
        if self.is_stopped() {
            return Err(EngineError::Stopped);
        }
        let result = guard(|| {
            fault::point("store.flush")?;
            let opened = self.opened();
            opened.sync_blobs()?;
            fault::point("store.blobs")?;
            opened.db.flush()?;
            fault::point("store.sync")?;
            opened.data.sync_data()?;
            fault::pass("store.synced");
            Ok(())
        });
        self.note(result)
    }

    /// Whether a small commit would find room on the disk.
    ///
    /// # Errors
    /// [`EngineError::Full`], or the disk's.
    pub fn has_room(&self) -> Result<(), EngineError> {
        need_room(&self.dir, 0)
    }

    fn note<T>(&self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        if let Err(error) = &result
            && !matches!(error, EngineError::Conflict(_) | EngineError::TooMany(_))
        {
            self.stopped.store(true, Ordering::Release);
        }
        result
    }

    /// Removes everything, in all spaces. Not one commit: the caller marks the store as unfinished
    /// first.
    ///
    /// # Errors
    /// The disk's.
    pub fn clear(&self, space: Space) -> Result<(), EngineError> {
        let result = guard(|| Ok(self.opened().tree(space).clear()?));
        self.note(result)
    }

    /// The last entry with a key of at least `from` and at most `to`.
    ///
    /// # Errors
    /// As [`Engine::get`].
    pub fn floor(&self, space: Space, from: &[u8], to: &[u8]) -> Option<Found> {
        self.range(space, from, &[to, &[0]].concat()).back()
    }

    /// Lets sled drop pages it no longer needs; see [`settle_cache`].
    pub fn settle(&self, space: Space, key: &[u8]) {
        settle_cache(self.opened().tree(space), key);
    }
}

/// A database that the engine has gone on from.
pub struct Left(Arc<Opened>);

impl Left {
    /// Closes it; gives it back while somebody still reads from it.
    pub fn close(self) -> Result<(), Self> {
        Arc::try_unwrap(self.0).map(drop).map_err(Self)
    }
}

fn need_room(dir: &Path, bytes: u64) -> Result<(), EngineError> {
    // A page is written anew for each change in it, and most changes bring more than one.
    let need = ROOM.saturating_add(bytes.saturating_mul(2));
    // Of a directory that is not there yet, whoever makes it will be told.
    if free_bytes(dir).is_ok_and(|free| free < need) { Err(EngineError::Full) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(space: Space, key: &[u8], value: &[u8], expect: Expect) -> Op {
        Op { space, key: key.to_vec(), value: Some(value.to_vec()), expect }
    }

    fn engine() -> (tempfile::TempDir, Engine) {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open(&dir.path().join("db"), 4 << 20).unwrap();
        (dir, engine)
    }

    #[test]
    fn a_commit_that_meets_another_value_leaves_nothing() {
        let (_dir, engine) = engine();
        engine.commit(&[put(Space::Hot, b"a", b"1", Expect::Absent)]).unwrap();
        let ops = [
            put(Space::State, b"x", b"1", Expect::Any),
            put(Space::Hot, b"a", b"2", Expect::Is(b"0".to_vec())),
        ];
        assert_eq!(engine.commit(&ops), Err(EngineError::Conflict(1)));
        assert_eq!(engine.get(Space::State, b"x").unwrap(), None);
        assert_eq!(engine.get(Space::Hot, b"a").unwrap(), Some(b"1".to_vec()));
        let again = [put(Space::Hot, b"a", b"2", Expect::Is(b"1".to_vec()))];
        engine.commit(&again).unwrap();
        assert_eq!(engine.commit(&again), Err(EngineError::Conflict(0)));
        assert_eq!(
            engine.commit(&[put(Space::Hot, b"a", b"3", Expect::Absent)]),
            Err(EngineError::Conflict(0))
        );
        engine.flush().unwrap();
    }

    #[test]
    fn empty_and_oversize_commits_do_no_harm() {
        let (_dir, engine) = engine();
        engine.commit(&[]).unwrap();
        let many: Vec<Op> = (0..=MAX_OPS as u32)
            .map(|n| put(Space::Hot, &n.to_be_bytes(), b"", Expect::Any))
            .collect();
        assert_eq!(engine.commit(&many), Err(EngineError::TooMany(501)));
        engine.commit(&many[1..]).unwrap();
        assert_eq!(engine.all(Space::Hot).count(), 500);
    }

    #[test]
    fn ranges_are_half_open_and_go_both_ways() {
        let (_dir, engine) = engine();
        for key in [b"a", b"b", b"c"] {
            engine.commit(&[put(Space::Days, key, key, Expect::Any)]).unwrap();
        }
        let keys = |scan: Scan| scan.map(|e| e.unwrap().0).collect::<Vec<_>>();
        assert_eq!(keys(engine.range(Space::Days, b"a", b"c")), [b"a", b"b"]);
        assert_eq!(keys(engine.range(Space::Days, b"c", b"a")), Vec::<Vec<u8>>::new());
        let back: Vec<_> =
            engine.range(Space::Days, b"a", b"c").rev().map(|e| e.unwrap().0).collect();
        assert_eq!(back, [b"b", b"a"]);
    }

    #[test]
    fn a_second_open_is_told_apart_by_its_text() {
        let (dir, _engine) = engine();
        let second = Engine::open(&dir.path().join("db"), 4 << 20);
        assert!(matches!(second, Err(EngineError::Locked(_))));
    }

    #[test]
    fn large_values_are_synced_too() {
        let (_dir, engine) = engine();
        let big = vec![7_u8; 600_000];
        engine.commit(&[put(Space::Outbox, b"m", &big, Expect::Any)]).unwrap();
        engine.flush().unwrap();
        let opened = engine.opened();
        let known = opened.synced_blobs.lock().unwrap().len();
        assert_eq!(known, std::fs::read_dir(&opened.blobs).unwrap().count());
        assert!(known > 0, "a value above the segment's quarter is a file of its own");
    }
}
