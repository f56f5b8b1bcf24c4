//! From layout 1 to 2: members of threads and summaries of authors are packed, which had an entry
//! of the engine each. Rows need nothing: they are sealed when their turn comes.
//!
//! From layout 2 to 3: the same for ids of cases and for those that wait. Cases are sealed like rows
//! from then on.

use super::cold::read_place;
use super::engine::{Engine, Space};
use super::error::{Error, Result};
use super::ids::IdEntry;
use super::merge::write_buckets;
use super::packed::{Fact, Shape};
use super::rollups::AuthorSummary;
use super::{cases, codec, keys, people, threads, waiting};
use crate::model::Person;

/// So many facts are written in one go, to keep memory low.
const AT_ONCE: usize = 200_000;

/// Packs both.
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
    Ok(engine.flush()?)
}

/// Packs the indexes of cases, from the cases themselves: each tells its id's place, and whether it
/// waits.
///
/// # Errors
/// The engine's, or damage.
pub(super) fn pack_cases(engine: &Engine) -> Result<()> {
    // Should it be interrupted and the older program run in between, what was packed is not true any
    // more.
    engine.clear(cases::IDS.buckets)?;
    engine.clear(waiting::SHAPE.buckets)?;
    let (mut ids, mut waits) = (Vec::new(), Vec::new());
    for entry in engine.all(Space::Cases) {
        let (key, value) = entry?;
        let at = read_place(&key)?;
        ids.push(IdEntry { hash: at.hash, brand: at.brand.0, ms: at.ms }.fact());
        waits.extend(waiting::fact(at, &codec::decode(&value)?));
        if ids.len() >= AT_ONCE {
            write_all(engine, cases::IDS, &mut ids)?;
            write_all(engine, waiting::SHAPE, &mut waits)?;
        }
    }
    write_all(engine, cases::IDS, &mut ids)?;
    write_all(engine, waiting::SHAPE, &mut waits)?;
    Ok(engine.flush()?)
}

fn write_all<const K: usize, const V: usize>(
    engine: &Engine,
    shape: Shape,
    all: &mut Vec<Fact<K, V>>,
) -> Result<()> {
    all.sort_unstable();
    write_buckets(engine, shape, all)?;
    all.clear();
    Ok(())
}

fn pack<const K: usize, const V: usize>(
    engine: &Engine,
    from: Space,
    read: impl Fn(&[u8], &[u8], &mut Vec<Fact<K, V>>) -> Result<()>,
    shape: Shape,
) -> Result<()> {
    let mut all = Vec::new();
    for entry in engine.all(from) {
        let (key, value) = entry?;
        read(&key, &value, &mut all)?;
        if all.len() >= AT_ONCE {
            write_all(engine, shape, &mut all)?;
        }
    }
    write_all(engine, shape, &mut all)
}

#[cfg(test)]
mod tests {
    use super::super::engine::{Expect, Op};
    use super::super::keys::{BrandKey, Placed, state};
    use super::super::{Change, Config, Store, golden};
    use super::*;
    use crate::model::{Case, Time};

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
        let steps = ["changed the layout from 1 to 2", "changed the layout from 2 to 3"];
        assert_eq!(opening.steps, steps);
        assert_eq!(store.inner.members(brand, 77).unwrap(), rows);
        assert_eq!(store.inner.members(BrandKey(9), 77).unwrap(), []);
        assert_eq!(store.author(brand, Person(5)).unwrap(), Some(sum));
        assert_eq!(store.inner.engine.all(Space::OldThreads).count(), 0);
        drop(store);
        assert!(Store::open(dir.path(), &Config::default()).unwrap().1.steps.is_empty());
    }

    #[test]
    fn a_store_of_layout_two_opens_with_its_cases() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Config::default()).unwrap().0;
        let brand = store.brand("acme", chrono_tz::Tz::UTC).unwrap();
        let file = |n: i64, answer| {
            let case = Case { opened_at: Time(n), answer, end: None, ..golden::case() };
            let cases = vec![Case { id: format!("c{n}"), ..case }];
            store.commit(Change { brand: Some(brand), cases, ..Change::default() }).unwrap();
        };
        let answer = golden::case().answer;
        (0..300).for_each(|n| file(n, answer.clone().filter(|_| n % 3 == 0)));
        let engine = &store.inner.engine;
        let schema = |engine: &Engine| {
            let op = Op {
                space: Space::State,
                key: state::SCHEMA.to_vec(),
                value: Some(keys::number(2)),
                expect: Expect::Any,
            };
            engine.commit(&[op]).unwrap();
        };
        // As layout 2 had it: an entry each, and no index.
        let old = |engine: &Engine| {
            for entry in engine.all(Space::Cases) {
                let (key, _) = entry.unwrap();
                let by_id = keys::brand_hash(brand, read_place(&key).unwrap().hash);
                let put = |space| Op {
                    space,
                    key: by_id.clone(),
                    value: Some(key.clone()),
                    expect: Expect::Any,
                };
                engine.commit(&[put(Space::OldCaseIds), put(Space::OldOpen)]).unwrap();
            }
        };
        old(engine);
        for space in [Space::CaseIdJournal, Space::WaitingJournal] {
            engine.clear(space).unwrap();
        }
        // Cut short when everything was packed; then the older program answers a case and goes on.
        pack_cases(engine).unwrap();
        schema(engine);
        let (key, _) = engine.all(Space::Cases).nth(100).unwrap().unwrap();
        let case =
            codec::encode(&Case { id: "c100".to_owned(), opened_at: Time(100), ..golden::case() })
                .unwrap();
        let value = Some(case);
        engine.commit(&[Op { space: Space::Cases, key, value, expect: Expect::Any }]).unwrap();
        engine.flush().unwrap();
        drop(store);
        let (store, opening) = Store::open(dir.path(), &Config::default()).unwrap();
        assert_eq!(opening.steps, ["changed the layout from 2 to 3"]);
        assert!(store.verify(brand, &mut |_| {}).unwrap().is_clean());
        assert_eq!(store.open_cases(brand).unwrap().len(), 199);
        assert!(store.case(brand, "c7").unwrap().is_some());
        // Cut short after the new number, before the former indexes had gone.
        old(&store.inner.engine);
        drop(store);
        let (store, opening) = Store::open(dir.path(), &Config::default()).unwrap();
        assert!(opening.steps.is_empty());
        for space in Space::RETIRED {
            assert_eq!(store.inner.engine.all(space).count(), 0, "{}", space.name());
        }
        assert!(store.verify(brand, &mut |_| {}).unwrap().is_clean());
    }
}
