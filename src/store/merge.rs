//! Merging: the journal of a kind of facts moves into its buckets.
//!
//! Buckets are written first and brought to the disk, then the journal is emptied, oldest first: a
//! crash anywhere repeats work and nothing else.

use std::collections::BTreeMap;

use super::engine::{Engine, Expect, MAX_OPS, Op, Space};
use super::error::Result;
use super::packed::{Fact, Journal, Packed, Shape, is_removal, pack, unpack};
use crate::fault;

/// Buckets written in one transaction.
const BUCKETS_A_COMMIT: usize = 64;

/// A leaf of sled takes 16 entries.
const BUCKETS_A_PAGE: usize = 16;

impl<const K: usize, const V: usize> Packed<K, V> {
    /// Moves the journal into the buckets and empties it. Only the writer may call this.
    ///
    /// # Errors
    /// The engine's, or damage; the journal is then still whole.
    pub fn merge(&self, engine: &Engine, journal: &mut Journal) -> Result<()> {
        fault::pass("store.merge");
        let Shape { what, journal: space, .. } = self.shape;
        let mut read = Vec::new();
        let mut last: BTreeMap<[u8; K], [u8; V]> = BTreeMap::new();
        for entry in engine.all(space) {
            let (key, value) = entry?;
            last.extend(unpack::<K, V>(what, &value)?);
            read.push(key);
        }
        let facts: Vec<Fact<K, V>> = last.into_iter().collect();
        self.expect(engine, &facts)?;
        write_buckets(engine, self.shape, &facts)?;
        engine.flush()?;
        // Oldest first: what a crash leaves is then the end of the journal, in its order.
        for keys in read.chunks(MAX_OPS) {
            let ops: Vec<Op> = keys.iter().map(|key| write(space, key, None)).collect();
            engine.commit(&ops)?;
        }
        engine.flush()?;
        self.forget();
        self.renew_filter();
        *journal = Journal::default();
        Ok(())
    }
}

fn write(space: Space, key: &[u8], value: Option<Vec<u8>>) -> Op {
    Op { space, key: key.to_vec(), value, expect: Expect::Any }
}

/// Works sorted facts into the buckets, in transactions of whole buckets.
///
/// # Errors
/// The engine's, or damage.
pub fn write_buckets<const K: usize, const V: usize>(
    engine: &Engine,
    shape: Shape,
    facts: &[Fact<K, V>],
) -> Result<()> {
    let mut rest = facts;
    let mut ops = Vec::new();
    while let Some(first) = rest.first() {
        let floor = engine.floor(shape.buckets, &[], &first.0).transpose()?;
        let (key, bytes) = floor.unwrap_or_else(|| (vec![0; K], Vec::new()));
        let begin = [&key[..], &[0]].concat();
        let next = engine.range(shape.buckets, &begin, &vec![0xff; K + 1]).next().transpose()?;
        let here = match &next {
            None => rest.len(),
            Some((end, _)) => rest.partition_point(|fact| fact.0[..] < end[..]),
        };
        let (mine, later) = rest.split_at(here.max(1));
        rest = later;
        let bucket = work_in(unpack(shape.what, &bytes)?, mine);
        split(shape, &key, &bucket, &mut ops);
        if ops.len() >= BUCKETS_A_COMMIT {
            commit_all(engine, shape.buckets, &mut ops)?;
        }
    }
    commit_all(engine, shape.buckets, &mut ops)
}

fn commit_all(engine: &Engine, buckets: Space, ops: &mut Vec<Op>) -> Result<()> {
    for some in ops.chunks(MAX_OPS) {
        engine.commit(some)?;
    }
    // Once for each page or so that was written.
    for op in ops.iter().step_by(BUCKETS_A_PAGE) {
        engine.settle(buckets, &op.key);
    }
    ops.clear();
    Ok(())
}

/// A bucket after additions and removals; both sorted, and so is the result.
fn work_in<const K: usize, const V: usize>(
    bucket: Vec<Fact<K, V>>,
    changes: &[Fact<K, V>],
) -> Vec<Fact<K, V>> {
    let mut all = Vec::with_capacity(bucket.len() + changes.len());
    let mut changes = changes.iter().copied().peekable();
    for fact in bucket {
        while let Some(new) = changes.next_if(|new| new.0 < fact.0) {
            all.push(new);
        }
        all.push(changes.next_if(|new| new.0 == fact.0).unwrap_or(fact));
    }
    all.extend(changes);
    all.retain(|(_, value)| !is_removal(value));
    all
}

/// Writes a bucket under its key, in parts of even size if it has grown too large.
fn split<const K: usize, const V: usize>(
    shape: Shape,
    key: &[u8],
    bucket: &[Fact<K, V>],
    ops: &mut Vec<Op>,
) {
    if bucket.is_empty() {
        ops.push(write(shape.buckets, key, None));
        return;
    }
    let full = shape.most * 3 / 4;
    let parts = if bucket.len() > shape.most { bucket.len().div_ceil(full) } else { 1 };
    // The last part first: should they not fit into one commit, nothing is cut off before it is
    // somewhere else.
    for part in (0..parts).rev() {
        let some = &bucket[bucket.len() * part / parts..bucket.len() * (part + 1) / parts];
        let key = if part == 0 { key } else { &some[0].0[..] };
        ops.push(write(shape.buckets, key, Some(pack(some))));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::packed::REMOVED;
    use super::*;

    type Small = Packed<4, 2>;

    const SHAPE: Shape = Shape {
        what: "bucket of tests",
        journal: Space::IdJournal,
        buckets: Space::IdBuckets,
        most: 64,
        asked: 4,
    };

    fn open(dir: &std::path::Path) -> Engine {
        Engine::open(&dir.join("db"), 4 << 20).unwrap()
    }

    fn note(engine: &Engine, all: &Small, journal: &mut Journal, facts: &[Fact<4, 2>]) {
        let mut ops = Vec::new();
        all.journal_ops(facts, journal, &mut ops);
        engine.commit(&ops).unwrap();
        all.committed(facts, journal);
    }

    fn fact(key: u32, value: u16) -> Fact<4, 2> {
        (key.to_be_bytes(), value.to_be_bytes())
    }

    #[test]
    fn a_merge_cut_short_is_only_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        let (all, mut journal) = Small::load(SHAPE, &engine).unwrap();
        note(&engine, &all, &mut journal, &[fact(5, 1), fact(7, 1)]);
        note(&engine, &all, &mut journal, &[(5_u32.to_be_bytes(), REMOVED)]);
        // The buckets are written, the journal is not yet emptied: the process dies.
        write_buckets(&engine, SHAPE, &[fact(5, 1), fact(7, 1)]).unwrap();
        let (all, mut journal) = Small::load(SHAPE, &engine).unwrap();
        assert_eq!((journal.next, journal.len), (2, 3));
        for _ in 0..2 {
            assert_eq!(all.get(&engine, &fact(5, 1).0).unwrap(), None);
            assert_eq!(all.get(&engine, &fact(7, 1).0).unwrap(), Some(fact(7, 1).1));
            assert_eq!(all.range(&engine, &[0; 4], &[9; 4]).unwrap(), [fact(7, 1)]);
            assert_eq!(all.count(&engine).unwrap(), 1);
            all.merge(&engine, &mut journal).unwrap();
            assert_eq!(engine.all(Space::IdJournal).count(), 0);
        }
    }

    #[test]
    fn buckets_split_evenly_and_stay_in_bounds() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        let step = u32::MAX / 1_000;
        for round in 0..2 {
            let some: Vec<_> = (0..500).map(|n| fact((2 * n + round) * step, n as u16)).collect();
            write_buckets(&engine, SHAPE, &some).unwrap();
        }
        let mut seen = Vec::new();
        for entry in engine.all(Space::IdBuckets) {
            let (key, value) = entry.unwrap();
            let bucket: Vec<Fact<4, 2>> = unpack("", &value).unwrap();
            assert!(bucket.len() <= 64 && bucket.len() > 15);
            assert!(bucket[0].0[..] >= key[..]);
            seen.extend(bucket);
        }
        assert!(seen.len() == 1_000 && seen.is_sorted());
        let (all, _) = Small::load(SHAPE, &engine).unwrap();
        for n in 0..1_000 {
            assert!(all.get(&engine, &(n * step).to_be_bytes()).unwrap().is_some(), "{n}");
            assert!(all.get(&engine, &(n * step + 1).to_be_bytes()).unwrap().is_none(), "{n}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn packed_facts_are_a_map(rounds in proptest::collection::vec(
            (proptest::collection::vec((0_u32..400, any::<bool>()), 1..90), any::<bool>()), 1..9)) {
            let dir = tempfile::tempdir().unwrap();
            let engine = open(dir.path());
            let (mut all, mut journal) = Small::load(SHAPE, &engine).unwrap();
            let mut model = BTreeMap::new();
            for (round, (changes, reload)) in rounds.iter().enumerate() {
                let facts: Vec<_> = changes
                    .iter()
                    .map(|(key, is_there)| {
                        let value = if *is_there { round as u16 } else { 0xffff };
                        fact(*key, value)
                    })
                    .collect();
                for (key, value) in &facts {
                    match is_removal(value) {
                        true => model.remove(key),
                        false => model.insert(*key, *value),
                    };
                }
                note(&engine, &all, &mut journal, &facts);
                if *reload {
                    (all, journal) = Small::load(SHAPE, &engine).unwrap();
                } else {
                    all.merge(&engine, &mut journal).unwrap();
                }
                prop_assert_eq!(all.count(&engine).unwrap(), model.len() as u64);
            }
            let within = |from: u32, to: u32| -> Vec<Fact<4, 2>> {
                let (from, to) = (from.to_be_bytes(), to.to_be_bytes());
                model.range(from..to).map(|(key, value)| (*key, *value)).collect()
            };
            for (from, to) in [(0_u32, 400_u32), (3, 4), (17, 390), (399, 1_000)] {
                let found = all.range(&engine, &from.to_be_bytes(), &to.to_be_bytes()).unwrap();
                prop_assert_eq!(found, within(from, to));
            }
            // Bounds that are shorter than a key.
            prop_assert_eq!(all.range(&engine, &[0], &[0, 0, 1]).unwrap(), within(0, 256));
            for key in 0_u32..400 {
                let key = key.to_be_bytes();
                prop_assert_eq!(all.get(&engine, &key).unwrap(), model.get(&key).copied());
                let may_begin = all.may_begin(&engine, &key).unwrap();
                prop_assert!(may_begin || !model.contains_key(&key));
            }
        }
    }
}
