//! Which layout the database has, and how an older one becomes today's.

use std::hash::{BuildHasher, Hasher};

use super::engine::{Engine, Op, Space};
use super::error::Result;
use super::keys::{self, state};
use super::migrate;
use super::open::{OpenError, Stop};

/// The layout written today.
pub(super) const SCHEMA: u32 = 3;

/// A step from one layout to the next. It may be interrupted and repeated, and leaves what it has
/// read: that goes when the store has its new number.
type Migration = fn(&Engine) -> Result<()>;

/// The steps: the first leads from layout 1 to 2.
const MIGRATIONS: [Migration; (SCHEMA - 1) as usize] = [migrate::pack_indexes, migrate::pack_cases];

/// Removes everything; the mark of being unfinished goes last.
pub(super) fn wipe(engine: &Engine) -> Result<()> {
    for space in Space::ALL {
        if space != Space::State {
            engine.clear(space)?;
        }
    }
    engine.flush()?;
    engine.clear(Space::State)?;
    Ok(engine.flush()?)
}

fn note(key: &[u8], value: Vec<u8>) -> Op {
    Op::put(Space::State, key, value)
}

/// Brings the layout to today's: a new store gets it, an older one climbs step by step.
pub(super) fn prepare(engine: &Engine, steps: &mut Vec<String>) -> std::result::Result<(), Stop> {
    climb(engine, &MIGRATIONS, steps)?;
    for space in Space::RETIRED {
        if engine.all(space).next().is_some() {
            engine.clear(space)?;
            engine.flush()?;
        }
    }
    Ok(())
}

fn climb(
    engine: &Engine,
    migrations: &[Migration],
    steps: &mut Vec<String>,
) -> std::result::Result<(), Stop> {
    let known = migrations.len() as u32 + 1;
    let found = match engine.get(Space::State, state::SCHEMA)? {
        Some(bytes) => keys::read_number(&bytes).unwrap_or(0) as u32,
        None => {
            if engine.all(Space::Hot).next().is_some() || engine.all(Space::State).next().is_some()
            {
                return Err(Stop::Broken("it does not say which layout it has".to_owned()));
            }
            // The operating system's randomness, as the standard library takes it for its maps.
            let seed = std::hash::RandomState::new().build_hasher().finish();
            engine.commit(&[
                note(state::SEED, keys::number(seed)),
                note(state::SCHEMA, keys::number(u64::from(known))),
            ])?;
            engine.flush()?;
            known
        }
    };
    if found > known {
        return Err(OpenError::NewerSchema { found, known }.into());
    }
    if found == 0 {
        return Err(Stop::Broken("its layout has no number".to_owned()));
    }
    for (step, migrate) in (found..known).zip(&migrations[found as usize - 1..]) {
        migrate(engine)?;
        engine.commit(&[note(state::SCHEMA, keys::number(u64::from(step) + 1))])?;
        engine.flush()?;
        steps.push(format!("changed the layout from {step} to {}", step + 1));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_climb_step_by_step_and_newer_ones_are_refused() {
        fn mark(engine: &Engine, name: &[u8]) -> Result<()> {
            Ok(engine.commit(&[note(name, vec![1])])?)
        }
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open(&dir.path().join("db"), 4 << 20).unwrap();
        let mut steps = Vec::new();
        assert!(climb(&engine, &[], &mut steps).is_ok());
        let two: [Migration; 2] = [|e| mark(e, b"one"), |e| mark(e, b"two")];
        assert!(climb(&engine, &two, &mut steps).is_ok());
        assert_eq!(steps, ["changed the layout from 1 to 2", "changed the layout from 2 to 3"]);
        assert!(engine.get(Space::State, b"two").unwrap().is_some());
        steps.clear();
        assert!(climb(&engine, &two, &mut steps).is_ok());
        assert!(steps.is_empty(), "a second time there is nothing to do");
        assert!(matches!(
            climb(&engine, &two[..1], &mut steps),
            Err(Stop::Fatal(OpenError::NewerSchema { found: 3, known: 2 }))
        ));
    }
}
