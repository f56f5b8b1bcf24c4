//! Which interactions are known, and where: a journal of packed ids, merged into buckets.
//!
//! An entry of sled costs some 400 bytes however small it is, so 256 ids share one. New ids go to
//! the journal with the commit that brings them, a map in memory answers for the journal, and a
//! merge moves them into the buckets. The journal is emptied only after the buckets are on the
//! disk, oldest first: a crash anywhere repeats work and nothing else.

use std::collections::HashMap;
use std::sync::RwLock;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::engine::{Engine, Expect, MAX_OPS, Op, Space};
use super::error::{Error, Result};
use super::keys::{self, BrandKey};
use crate::fault;
use crate::model::Person;

/// The brand of an entry that removes its id.
pub const REMOVED: u16 = 0xffff;

/// How many ids a bucket holds at most.
const BUCKET: usize = 256;

/// How full the parts of a bucket are that had to be split.
const SPLIT_TO: usize = 192;

/// Buckets written in one transaction of a merge.
const BUCKETS_A_COMMIT: usize = 64;

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
    fn push(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.hash.to_be_bytes());
        bytes.extend_from_slice(&self.brand.to_be_bytes());
        bytes.extend_from_slice(&self.ms.to_be_bytes()[2..]);
    }

    fn read(bytes: &[u8; 16]) -> Self {
        let all = u128::from_be_bytes(*bytes);
        Self { hash: (all >> 64) as u64, brand: (all >> 48) as u16, ms: all as u64 & keys::MS_MAX }
    }
}

/// The bytes of several ids.
pub fn pack(ids: &[IdEntry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ids.len() * 16);
    ids.iter().for_each(|id| id.push(&mut bytes));
    bytes
}

/// The ids of such bytes.
///
/// # Errors
/// [`Error::Damaged`] if the length is not that of whole ids.
pub fn unpack(bytes: &[u8]) -> Result<Vec<IdEntry>> {
    let (ids, rest) = bytes.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(Error::damaged("bucket of ids", "part of an id"));
    }
    Ok(ids.iter().map(IdEntry::read).collect())
}

/// How far the journal is written; the writer's.
#[derive(Debug, Default)]
pub struct Journal {
    /// The next sequence.
    pub next: u32,
    /// Ids in it.
    pub len: usize,
}

/// The index of ids.
#[derive(Debug, Default)]
pub struct Ids {
    recent: RwLock<HashMap<u64, IdEntry>>,
}

impl Ids {
    /// Reads the journal.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn load(engine: &Engine) -> Result<(Self, Journal)> {
        let ids = Self::default();
        let mut journal = Journal::default();
        for entry in engine.all(Space::IdJournal) {
            let (key, value) = entry?;
            let seq = keys::read_number(&key).and_then(|n| u32::try_from(n).ok());
            let seq = seq.ok_or_else(|| Error::damaged("journal of ids", "a strange key"))?;
            let entries = unpack(&value)?;
            journal.next = seq.wrapping_add(1);
            journal.len += entries.len();
            ids.learn(&entries);
        }
        Ok((ids, journal))
    }

    /// Takes in what a commit has written to the journal.
    pub fn learn(&self, entries: &[IdEntry]) {
        let mut recent = self.recent.write().unwrap_or_else(|e| e.into_inner());
        recent.extend(entries.iter().map(|e| (e.hash, *e)));
    }

    /// Forgets everything: the store has been emptied.
    pub fn forget(&self) {
        self.recent.write().unwrap_or_else(|e| e.into_inner()).clear();
    }

    /// Where the row with this hash lies, if there is one.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn locate(&self, engine: &Engine, hash: u64) -> Result<Option<IdEntry>> {
        let known = self.recent.read().unwrap_or_else(|e| e.into_inner()).get(&hash).copied();
        match known {
            Some(entry) => Ok((entry.brand != REMOVED).then_some(entry)),
            None => Ok(find_in_buckets(engine, hash)?),
        }
    }

    /// Moves the journal into the buckets and empties it. Only the writer may call this.
    ///
    /// # Errors
    /// The engine's, or damage; the journal is then still whole.
    pub fn merge(&self, engine: &Engine, journal: &mut Journal) -> Result<()> {
        fault::pass("store.merge");
        let mut read = Vec::new();
        let mut last: HashMap<u64, IdEntry> = HashMap::new();
        for entry in engine.all(Space::IdJournal) {
            let (key, value) = entry?;
            last.extend(unpack(&value)?.into_iter().map(|e| (e.hash, e)));
            read.push(key);
        }
        let mut ids: Vec<IdEntry> = last.into_values().collect();
        ids.sort_unstable();
        write_buckets(engine, &ids)?;
        engine.flush()?;
        // Oldest first: what a crash leaves is then the end of the journal, in its order.
        for keys in read.chunks(MAX_OPS) {
            let ops: Vec<Op> = keys.iter().map(|key| write(Space::IdJournal, key, None)).collect();
            engine.commit(&ops)?;
        }
        engine.flush()?;
        self.forget();
        *journal = Journal::default();
        Ok(())
    }

    /// How many ids are known. One pass over the buckets.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn count(&self, engine: &Engine) -> Result<u64> {
        let mut recent: Vec<IdEntry> = {
            let recent = self.recent.read().unwrap_or_else(|e| e.into_inner());
            recent.values().copied().collect()
        };
        recent.sort_unstable();
        let mut count = recent.iter().filter(|id| id.brand != REMOVED).count();
        let mut rest = &recent[..];
        for entry in engine.all(Space::IdBuckets) {
            let bytes = entry?.1;
            let (ids, _) = bytes.as_chunks::<16>();
            let Some(last) = ids.last().map(|id| IdEntry::read(id).hash) else { continue };
            let (here, later) = rest.split_at(rest.partition_point(|id| id.hash <= last));
            rest = later;
            // Whatever the journal says of a merged id, it has been counted or is gone.
            count += ids.len() - here.iter().filter(|id| position(ids, id.hash).is_some()).count();
        }
        Ok(count as u64)
    }
}

fn position(ids: &[[u8; 16]], hash: u64) -> Option<usize> {
    ids.binary_search_by_key(&hash, |bytes| IdEntry::read(bytes).hash).ok()
}

fn write(space: Space, key: &[u8], value: Option<Vec<u8>>) -> Op {
    Op { space, key: key.to_vec(), value, expect: Expect::Any }
}

type Entry = (Vec<u8>, Vec<u8>);

fn bucket_of(engine: &Engine, hash: u64) -> Result<Option<Entry>> {
    let end = [&keys::number(hash)[..], &[0]].concat();
    Ok(engine.range(Space::IdBuckets, &[], &end).back().transpose()?)
}

fn find_in_buckets(engine: &Engine, hash: u64) -> Result<Option<IdEntry>> {
    let Some((_, bytes)) = bucket_of(engine, hash)? else { return Ok(None) };
    let (ids, rest) = bytes.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(Error::damaged("bucket of ids", "part of an id"));
    }
    Ok(position(ids, hash).map(|at| IdEntry::read(&ids[at])))
}

/// Works sorted ids into the buckets, in transactions of whole buckets.
fn write_buckets(engine: &Engine, ids: &[IdEntry]) -> Result<()> {
    let mut rest = ids;
    let mut ops = Vec::new();
    while let Some(first) = rest.first() {
        let (key, bytes) =
            bucket_of(engine, first.hash)?.unwrap_or_else(|| (keys::number(0), Vec::new()));
        let begin = [&key[..], &[0]].concat();
        let next = engine.range(Space::IdBuckets, &begin, &[0xff; 9]).next().transpose()?;
        let end = next.and_then(|(key, _)| keys::read_number(&key)).unwrap_or(u64::MAX);
        let here = match end {
            u64::MAX => rest.len(),
            end => rest.partition_point(|id| id.hash < end),
        };
        let (mine, later) = rest.split_at(here.max(1));
        rest = later;
        let bucket = work_in(unpack(&bytes)?, mine);
        split(&key, &bucket, &mut ops);
        if ops.len() >= BUCKETS_A_COMMIT {
            commit_all(engine, &mut ops)?;
            engine.settle(Space::IdBuckets, &key);
        }
    }
    commit_all(engine, &mut ops)
}

fn commit_all(engine: &Engine, ops: &mut Vec<Op>) -> Result<()> {
    for some in ops.chunks(MAX_OPS) {
        engine.commit(some)?;
    }
    ops.clear();
    Ok(())
}

/// A bucket after additions and removals; both sorted, and so is the result.
fn work_in(bucket: Vec<IdEntry>, changes: &[IdEntry]) -> Vec<IdEntry> {
    let mut all: std::collections::BTreeMap<u64, IdEntry> =
        bucket.into_iter().map(|id| (id.hash, id)).collect();
    for id in changes {
        if id.brand == REMOVED {
            all.remove(&id.hash);
        } else {
            all.insert(id.hash, *id);
        }
    }
    all.into_values().collect()
}

/// Writes a bucket under its key, in parts of even size if it has grown too large.
fn split(key: &[u8], bucket: &[IdEntry], ops: &mut Vec<Op>) {
    if bucket.is_empty() {
        ops.push(write(Space::IdBuckets, key, None));
        return;
    }
    let parts = if bucket.len() > BUCKET { bucket.len().div_ceil(SPLIT_TO) } else { 1 };
    // The last part first: should they not fit into one commit, nothing is cut off before it is
    // somewhere else.
    for part in (0..parts).rev() {
        let some = &bucket[bucket.len() * part / parts..bucket.len() * (part + 1) / parts];
        let key = if part == 0 { key.to_vec() } else { keys::number(some[0].hash) };
        ops.push(write(Space::IdBuckets, &key, Some(pack(some))));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn open(dir: &std::path::Path) -> Engine {
        Engine::open(&dir.join("db"), 4 << 20).unwrap()
    }

    fn write_journal(engine: &Engine, ids: &Ids, journal: &mut Journal, entries: &[IdEntry]) {
        let op = write(Space::IdJournal, &keys::journal(journal.next), Some(pack(entries)));
        engine.commit(&[op]).unwrap();
        ids.learn(entries);
        journal.next += 1;
        journal.len += entries.len();
    }

    fn id(hash: u64, ms: u64) -> IdEntry {
        IdEntry { hash, brand: 1, ms }
    }

    #[test]
    fn sixteen_bytes_an_id() {
        let one = IdEntry { hash: 0x0102_0304_0506_0708, brand: 0x090a, ms: 0x0b0c_0d0e_0f10 };
        let bytes = pack(&[one]);
        assert_eq!(bytes, (1..=16).collect::<Vec<u8>>());
        assert_eq!(unpack(&bytes).unwrap(), [one]);
        assert!(unpack(&bytes[1..]).is_err());
    }

    #[test]
    fn a_merge_cut_short_is_only_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        let (ids, mut journal) = Ids::load(&engine).unwrap();
        write_journal(&engine, &ids, &mut journal, &[id(5, 1), id(7, 1)]);
        let gone = IdEntry { hash: 5, brand: REMOVED, ms: 1 };
        write_journal(&engine, &ids, &mut journal, &[gone]);
        // The buckets are written, the journal is not yet emptied: the process dies.
        write_buckets(&engine, &[id(5, 1), id(7, 1)]).unwrap();
        let (ids, mut journal) = Ids::load(&engine).unwrap();
        assert_eq!((journal.next, journal.len), (2, 3));
        assert_eq!(ids.locate(&engine, 5).unwrap(), None);
        assert_eq!(ids.count(&engine).unwrap(), 1);
        ids.merge(&engine, &mut journal).unwrap();
        assert_eq!(ids.locate(&engine, 5).unwrap(), None);
        assert_eq!(ids.locate(&engine, 7).unwrap(), Some(id(7, 1)));
        assert_eq!(ids.count(&engine).unwrap(), 1);
        assert_eq!(engine.all(Space::IdJournal).count(), 0);
    }

    #[test]
    fn buckets_split_evenly_and_stay_in_bounds() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        let step = u64::MAX / 2_000;
        for round in 0..2 {
            let some: Vec<IdEntry> = (0..1_000).map(|n| id((2 * n + round) * step, n)).collect();
            write_buckets(&engine, &some).unwrap();
        }
        let mut seen = 0;
        for entry in engine.all(Space::IdBuckets) {
            let (key, value) = entry.unwrap();
            let bucket = unpack(&value).unwrap();
            assert!(bucket.len() <= BUCKET && bucket.len() > 60);
            assert!(bucket.is_sorted() && bucket[0].hash >= keys::read_number(&key).unwrap());
            seen += bucket.len();
        }
        assert_eq!(seen, 2_000);
        for n in 0..2_000 {
            assert!(find_in_buckets(&engine, n * step).unwrap().is_some(), "{n}");
            assert!(find_in_buckets(&engine, n * step + 1).unwrap().is_none(), "{n}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn the_index_is_a_map(rounds in proptest::collection::vec(
            (proptest::collection::vec((0_u64..400, any::<bool>()), 1..90), any::<bool>()), 1..9)) {
            let dir = tempfile::tempdir().unwrap();
            let engine = open(dir.path());
            let (mut ids, mut journal) = Ids::load(&engine).unwrap();
            let mut model = BTreeMap::new();
            for (ms, (changes, reload)) in rounds.iter().enumerate() {
                let entries: Vec<IdEntry> = changes
                    .iter()
                    .map(|(hash, is_there)| IdEntry {
                        hash: *hash,
                        brand: if *is_there { 1 } else { REMOVED },
                        ms: ms as u64,
                    })
                    .collect();
                for entry in &entries {
                    match entry.brand {
                        REMOVED => model.remove(&entry.hash),
                        _ => model.insert(entry.hash, *entry),
                    };
                }
                write_journal(&engine, &ids, &mut journal, &entries);
                if *reload {
                    (ids, journal) = Ids::load(&engine).unwrap();
                } else {
                    ids.merge(&engine, &mut journal).unwrap();
                }
                prop_assert_eq!(ids.count(&engine).unwrap(), model.len() as u64);
            }
            for hash in 0..400 {
                prop_assert_eq!(ids.locate(&engine, hash).unwrap(), model.get(&hash).copied());
            }
        }
    }
}
