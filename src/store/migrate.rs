//! From layout 1 to 2: members of threads and summaries of authors are packed, which had an entry
//! of the engine each. Rows need nothing: they are sealed when their turn comes.

use super::codec;
use super::engine::{Engine, Space};
use super::error::{Error, Result};
use super::keys;
use super::merge::write_buckets;
use super::packed::Fact;
use super::rollups::AuthorSummary;
use super::{people, threads};
use crate::model::Person;

/// So many facts are written in one go, to keep memory low.
const AT_ONCE: usize = 200_000;

/// Packs both. What was packed stays until both are on the disk, so it may be repeated.
///
/// # Errors
/// The engine's, or damage.
pub(super) fn pack_indexes(engine: &Engine) -> Result<()> {
    pack(
        engine,
        Space::OldThreads,
        |key, value, all| {
            let chunk = threads::read_chunk(key, value);
            all.extend(chunk.ok_or_else(|| Error::damaged("thread", "a strange chunk"))?);
            Ok(())
        },
        threads::SHAPE,
    )?;
    pack(
        engine,
        Space::OldPeople,
        |key, value, all| {
            let (brand, person) = keys::read_brand_hash(key)
                .ok_or_else(|| Error::damaged("author", "a strange key"))?;
            let sum: AuthorSummary = codec::decode(value)?;
            all.push(people::fact(brand, Person(person), &sum));
            Ok(())
        },
        people::SHAPE,
    )?;
    engine.flush()?;
    engine.clear(Space::OldThreads)?;
    engine.clear(Space::OldPeople)?;
    Ok(engine.flush()?)
}

fn pack<const K: usize, const V: usize>(
    engine: &Engine,
    from: Space,
    read: impl Fn(&[u8], &[u8], &mut Vec<Fact<K, V>>) -> Result<()>,
    shape: super::packed::Shape,
) -> Result<()> {
    let mut all = Vec::new();
    for entry in engine.all(from) {
        let (key, value) = entry?;
        read(&key, &value, &mut all)?;
        if all.len() >= AT_ONCE {
            all.sort_unstable();
            write_buckets(engine, shape, &all)?;
            all.clear();
        }
    }
    all.sort_unstable();
    write_buckets(engine, shape, &all)
}

#[cfg(test)]
mod tests {
    use super::super::engine::{Expect, Op};
    use super::super::keys::{BrandKey, Placed, state};
    use super::super::{Config, Store};
    use super::*;
    use crate::model::Time;

    #[test]
    fn a_store_of_layout_one_opens_with_its_threads_and_authors() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Config::default()).unwrap().0;
        let brand = store.brand("acme", chrono_tz::Tz::UTC).unwrap();
        let put = |space, key: &[u8], value: Vec<u8>| Op {
            space,
            key: key.to_vec(),
            value: Some(value),
            expect: Expect::Any,
        };
        let rows: Vec<Placed> = (1..5).map(|n| Placed { brand, ms: n, hash: 1_000 - n }).collect();
        let chunk = rows.iter().flat_map(|row| row.bytes()[2..].to_vec()).collect();
        let sum = AuthorSummary {
            first_at: Time(1),
            last_at: Time(2),
            items: 3,
            complaints: 1,
            praise: 0,
        };
        let engine = &store.inner.engine;
        let old = [
            put(Space::OldThreads, &[&keys::brand_hash(brand, 77)[..], &[0, 0]].concat(), chunk),
            put(Space::OldPeople, &keys::brand_hash(brand, 5), codec::encode(&sum).unwrap()),
            put(Space::State, state::SCHEMA, keys::number(1)),
        ];
        engine.commit(&old).unwrap();
        // Cut short before the old ones were emptied, then repeated.
        pack_indexes(engine).unwrap();
        engine.commit(&old).unwrap();
        engine.flush().unwrap();
        drop(store);
        let (store, opening) = Store::open(dir.path(), &Config::default()).unwrap();
        assert_eq!(opening.steps, ["changed the layout from 1 to 2"]);
        assert_eq!(store.inner.members(brand, 77).unwrap(), rows);
        assert_eq!(store.inner.members(BrandKey(9), 77).unwrap(), []);
        assert_eq!(store.author(brand, Person(5)).unwrap(), Some(sum));
        assert_eq!(store.inner.engine.all(Space::OldThreads).count(), 0);
        drop(store);
        assert!(Store::open(dir.path(), &Config::default()).unwrap().1.steps.is_empty());
    }
}
