//! Facts of one size, many to an entry of the engine: ids, members of threads, authors, who waits.
//!
//! An entry of sled costs some 400 bytes however small it is, so hundreds of facts share one. New
//! facts go to a journal with the commit that brings them, a map in memory answers for the
//! journal, and a merge (`merge.rs`) moves them into buckets. A value that begins with two bytes of
//! ones takes its key out. Facts lie in order of their bytes.

use std::collections::BTreeMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::engine::{Engine, Expect, Op, Space};
use super::error::{Error, Result};
use super::filter::Filter;
use super::keys;

/// How a value begins that removes its key.
pub const REMOVED: [u8; 2] = [0xff, 0xff];

/// The most bytes of one entry of a journal. A leaf of sled takes 16 entries and becomes a file of
/// its own above 128 KiB.
const JOURNAL_ENTRY: usize = 6 << 10;

/// How many buckets are read between two settlings of the cache.
const SETTLE_EVERY: usize = 32;

/// A key and its value.
pub type Fact<const K: usize, const V: usize> = ([u8; K], [u8; V]);

/// Where facts of a kind lie.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What they are called when they are damaged.
    pub what: &'static str,
    /// Their journal, by sequence.
    pub journal: Space,
    /// Their buckets, by the least key that may be in them; the first by nothing but zeros.
    pub buckets: Space,
    /// How many a bucket holds at most: below 7 KiB of them.
    pub most: usize,
    /// By how many of the first bytes of a key one asks whether there is any; 0 if nobody asks.
    pub asked: usize,
}

/// How far a journal is written; the writer's.
#[derive(Debug, Default)]
pub struct Journal {
    /// The next sequence.
    pub next: u32,
    /// Facts in it.
    pub len: usize,
}

/// All facts of a kind.
#[derive(Debug)]
pub struct Packed<const K: usize, const V: usize> {
    pub(super) shape: Shape,
    recent: RwLock<BTreeMap<[u8; K], [u8; V]>>,
    /// What may be in the buckets; made when it is first wanted.
    filter: RwLock<Option<Filter>>,
    looks: AtomicUsize,
}

/// Whether a value removes its key.
pub fn is_removal<const V: usize>(value: &[u8; V]) -> bool {
    value[..2] == REMOVED
}

/// The bytes of several facts.
pub fn pack<const K: usize, const V: usize>(facts: &[Fact<K, V>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(facts.len() * (K + V));
    for (key, value) in facts {
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(value);
    }
    bytes
}

/// The facts of such bytes.
///
/// # Errors
/// [`Error::Damaged`] if the length is not that of whole facts.
pub fn unpack<const K: usize, const V: usize>(
    what: &'static str,
    bytes: &[u8],
) -> Result<Vec<Fact<K, V>>> {
    if !bytes.len().is_multiple_of(K + V) {
        return Err(Error::damaged(what, "part of an entry"));
    }
    Ok(bytes.chunks_exact(K + V).map(split_fact).collect())
}

fn split_fact<const K: usize, const V: usize>(bytes: &[u8]) -> Fact<K, V> {
    let (mut key, mut value) = ([0; K], [0; V]);
    key.copy_from_slice(&bytes[..K]);
    value.copy_from_slice(&bytes[K..]);
    (key, value)
}

/// The value of a key in a bucket.
fn find<const K: usize, const V: usize>(bytes: &[u8], key: &[u8; K]) -> Option<[u8; V]> {
    let size = K + V;
    let (mut from, mut to) = (0, bytes.len() / size);
    while from < to {
        let middle = usize::midpoint(from, to);
        let (here, value) = split_fact(&bytes[middle * size..(middle + 1) * size]);
        match here.cmp(key) {
            std::cmp::Ordering::Less => from = middle + 1,
            std::cmp::Ordering::Greater => to = middle,
            std::cmp::Ordering::Equal => return Some(value),
        }
    }
    None
}

impl<const K: usize, const V: usize> Packed<K, V> {
    /// Reads the journal.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn load(shape: Shape, engine: &Engine) -> Result<(Self, Journal)> {
        let (recent, filter) = (RwLock::default(), RwLock::default());
        let all = Self { shape, recent, filter, looks: AtomicUsize::new(1) };
        let mut journal = Journal::default();
        for entry in engine.all(shape.journal) {
            let (key, value) = entry?;
            let seq = keys::read_number(&key).and_then(|n| u32::try_from(n).ok());
            let seq = seq.ok_or_else(|| Error::damaged(shape.what, "a strange journal key"))?;
            let facts = unpack(shape.what, &value)?;
            journal.next = seq.wrapping_add(1);
            journal.len += facts.len();
            all.learn(&facts);
        }
        Ok((all, journal))
    }

    /// Takes in what a commit has written to the journal.
    pub fn learn(&self, facts: &[Fact<K, V>]) {
        let mut recent = self.recent.write().unwrap_or_else(|e| e.into_inner());
        recent.extend(facts.iter().copied());
    }

    /// Forgets everything the journal held.
    pub fn forget(&self) {
        self.recent.write().unwrap_or_else(|e| e.into_inner()).clear();
    }

    /// How many entries the journal takes for so many facts.
    pub fn journal_entries(facts: usize) -> usize {
        facts.div_ceil(JOURNAL_ENTRY / (K + V))
    }

    /// The writes that bring facts into the journal.
    pub fn journal_ops(&self, facts: &[Fact<K, V>], journal: &Journal, ops: &mut Vec<Op>) {
        for (n, some) in facts.chunks(JOURNAL_ENTRY / (K + V)).enumerate() {
            ops.push(Op {
                space: self.shape.journal,
                key: keys::journal(journal.next.saturating_add(n as u32)),
                value: Some(pack(some)),
                expect: Expect::Absent,
            });
        }
    }

    /// What was committed with [`Packed::journal_ops`] is from now on known.
    pub fn committed(&self, facts: &[Fact<K, V>], journal: &mut Journal) {
        self.learn(facts);
        journal.next = journal.next.saturating_add(Self::journal_entries(facts.len()) as u32);
        journal.len += facts.len();
    }

    /// The value of a key.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn get(&self, engine: &Engine, key: &[u8; K]) -> Result<Option<[u8; V]>> {
        let known = self.recent.read().unwrap_or_else(|e| e.into_inner()).get(key).copied();
        if let Some(value) = known {
            return Ok(Some(value).filter(|value| !is_removal(value)));
        }
        if !self.may_hold(engine, &key[..self.shape.asked])? {
            return Ok(None);
        }
        let Some((bucket, bytes)) = engine.floor(self.shape.buckets, &[], key).transpose()? else {
            return Ok(None);
        };
        // Each look-up may bring another page into memory: some of them let others go.
        if self.looks.fetch_add(1, Ordering::Relaxed).is_multiple_of(SETTLE_EVERY) {
            engine.settle(self.shape.buckets, &bucket);
        }
        if !bytes.len().is_multiple_of(K + V) {
            return Err(Error::damaged(self.shape.what, "part of an entry"));
        }
        Ok(find(&bytes, key))
    }

    /// Whether any key may begin so; as many bytes as the shape says.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn may_begin(&self, engine: &Engine, start: &[u8]) -> Result<bool> {
        {
            let recent = self.recent.read().unwrap_or_else(|e| e.into_inner());
            let mut from = [0; K];
            from[..start.len()].copy_from_slice(start);
            if recent.range(from..).next().is_some_and(|(key, _)| key.starts_with(start)) {
                return Ok(true);
            }
        }
        self.may_hold(engine, start)
    }

    /// Whether the buckets may hold a key that begins so.
    fn may_hold(&self, engine: &Engine, start: &[u8]) -> Result<bool> {
        let known = |filter: &Filter| filter.may_hold(start);
        let filter = self.filter.read().unwrap_or_else(|e| e.into_inner());
        if let Some(may) = filter.as_ref().map(known) {
            return Ok(may);
        }
        drop(filter);
        let mut filter = self.filter.write().unwrap_or_else(|e| e.into_inner());
        Ok(known(self.filled(engine, &mut filter)?))
    }

    /// The filter, made from the buckets if there is none. Made before a merge writes to them, or
    /// without one.
    fn filled<'a>(
        &self,
        engine: &Engine,
        filter: &'a mut Option<Filter>,
    ) -> Result<&'a mut Filter> {
        if filter.is_none() {
            let mut entries = 0;
            for entry in engine.all(self.shape.buckets) {
                entries += entry?.1.len() / (K + V);
            }
            let mut new = Filter::new(entries);
            for entry in engine.all(self.shape.buckets) {
                for fact in entry?.1.chunks_exact(K + V) {
                    new.add(&fact[..self.shape.asked]);
                }
            }
            *filter = Some(new);
        }
        Ok(filter.as_mut().expect("made above"))
    }

    /// What a merge is about to write may be there from now on.
    pub(super) fn expect(&self, engine: &Engine, facts: &[Fact<K, V>]) -> Result<()> {
        if self.shape.asked == 0 {
            return Ok(());
        }
        let mut filter = self.filter.write().unwrap_or_else(|e| e.into_inner());
        let known = self.filled(engine, &mut filter)?;
        for (key, _) in facts {
            known.add(&key[..self.shape.asked]);
        }
        Ok(())
    }

    /// Has a filter that has become too small made anew when it is next wanted.
    pub(super) fn renew_filter(&self) {
        let mut filter = self.filter.write().unwrap_or_else(|e| e.into_inner());
        if filter.as_ref().is_some_and(Filter::is_full) {
            *filter = None;
        }
    }

    /// Every fact with `from <= key < to`, in order.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn range(&self, engine: &Engine, from: &[u8], to: &[u8]) -> Result<Vec<Fact<K, V>>> {
        let mut all = Vec::new();
        self.each(engine, from, to, |fact| all.push(fact))?;
        Ok(all)
    }

    /// Tells every fact with `from <= key < to`, in order: there may be more than anybody wants in
    /// memory at once.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn each(
        &self,
        engine: &Engine,
        from: &[u8],
        to: &[u8],
        mut tell: impl FnMut(Fact<K, V>),
    ) -> Result<()> {
        let mut tell = |fact: Fact<K, V>| {
            if !is_removal(&fact.1) {
                tell(fact);
            }
        };
        // The map first: what a merge moves meanwhile is then seen twice rather than never.
        let recent: Vec<Fact<K, V>> = {
            let recent = self.recent.read().unwrap_or_else(|e| e.into_inner());
            let within = |key: &[u8; K]| &key[..] >= from && &key[..] < to;
            // A bound of another length than the keys: start where the padded one would lie.
            let mut start = [0; K];
            start[..from.len().min(K)].copy_from_slice(&from[..from.len().min(K)]);
            recent
                .range(start..)
                .take_while(|(key, _)| &key[..] < to)
                .filter(|(key, _)| within(key))
                .map(|(key, value)| (*key, *value))
                .collect()
        };
        let floor = engine.floor(self.shape.buckets, &[], from).transpose()?;
        let first = floor.map_or_else(|| from.to_vec(), |(key, _)| key);
        let mut recent = recent.into_iter().peekable();
        for entry in engine.range(self.shape.buckets, &first, to) {
            for fact in unpack::<K, V>(self.shape.what, &entry?.1)? {
                if &fact.0[..] < from || &fact.0[..] >= to {
                    continue;
                }
                while let Some(newer) = recent.next_if(|newer| newer.0 < fact.0) {
                    tell(newer);
                }
                tell(recent.next_if(|newer| newer.0 == fact.0).unwrap_or(fact));
            }
        }
        recent.for_each(tell);
        Ok(())
    }

    /// How many facts there are. One pass over the buckets.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn count(&self, engine: &Engine) -> Result<u64> {
        let recent: Vec<Fact<K, V>> = {
            let recent = self.recent.read().unwrap_or_else(|e| e.into_inner());
            recent.iter().map(|(key, value)| (*key, *value)).collect()
        };
        let mut count = recent.iter().filter(|(_, value)| !is_removal(value)).count();
        let mut rest = &recent[..];
        for entry in engine.all(self.shape.buckets) {
            let bytes = entry?.1;
            let size = K + V;
            let Some(last) = bytes.chunks_exact(size).last() else { continue };
            let (here, later) =
                rest.split_at(rest.partition_point(|(key, _)| key[..] <= last[..K]));
            rest = later;
            // Whatever the journal says of a merged key, it has been counted or is gone.
            let known = here.iter().filter(|(key, _)| find::<K, V>(&bytes, key).is_some());
            count += bytes.len() / size - known.count();
        }
        Ok(count as u64)
    }
}
