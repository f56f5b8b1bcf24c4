//! The way back: an export into an empty store, to the same state.
//!
//! The store is marked as unfinished before the first line and freed of the mark after the
//! footer; whatever ends the import before that (a bad line, a file cut short, a crash) leaves an
//! empty store.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};
use std::sync::atomic::Ordering;

use super::brands::Brand;
use super::draft::Draft;
use super::engine::Space;
use super::error::{Error, Result};
use super::export::{Line, Role};
use super::ids::IdEntry;
use super::keys::{self, BrandKey, Placed, state};
use super::layout::{SCHEMA, wipe};
use super::rows::Slot;
use super::shelf::Shelf;
use super::{Inner, Store};
use crate::model::Record;

/// The most bytes of one line.
const MAX_LINE: u64 = 64 << 20;

/// After so many interactions and cases an import seals.
const SEAL_EVERY: u64 = 4_096;

/// What an import brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Lines, footer included.
    pub lines: u64,
    /// Interactions among them.
    pub interactions: u64,
}

impl Store {
    /// Reads what [`Store::export`] wrote into this store, which must be empty. Other clones must
    /// not be used meanwhile. `progress` hears the number of lines, now and then.
    ///
    /// # Errors
    /// [`Error::NotEmpty`]; [`Error::BadLine`] with its number, also for a file that was cut short;
    /// or the engine's. The store is then as empty as before.
    pub fn import_export(
        &self,
        mut reader: impl BufRead,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Imported> {
        let inner = &self.inner;
        let mut draft = inner.draft();
        if !inner.is_empty()? {
            return Err(Error::NotEmpty);
        }
        let seed = inner.hasher().seed;
        draft.put(Space::State, state::UNFINISHED.to_vec(), vec![1]);
        draft.write()?;
        draft.is_bulk = true;
        let result = read_all(&mut draft, &mut reader, progress);
        if result.is_err() {
            draft.forget();
            wipe(&inner.engine)?;
            inner.seed.store(seed, Ordering::Release);
            draft.put(Space::State, state::SEED.to_vec(), keys::number(seed));
            draft.put(Space::State, state::SCHEMA.to_vec(), keys::number(u64::from(SCHEMA)));
            draft.write()?;
            inner.engine.flush()?;
        }
        let commits = inner.commits()?;
        inner.witness.iter().for_each(|witness| witness.note(commits));
        inner.load_brands()?;
        result
    }
}

impl Inner {
    /// Nothing but layout and seed.
    fn is_empty(&self) -> Result<bool> {
        for space in Space::ALL {
            for entry in self.engine.all(space).take(3) {
                let (key, _) = entry?;
                if space != Space::State || (key != state::SCHEMA && key != state::SEED) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// One line of bytes without its end, or nothing at the end of the file.
fn next_line(reader: &mut dyn BufRead, line: u64) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut limited = reader.take(MAX_LINE);
    limited
        .read_until(b'\n', &mut bytes)
        .map_err(|why| Error::File { what: "reading an export".to_owned(), why })?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.pop() != Some(b'\n') {
        return Err(Error::BadLine { line, why: "the line does not end".to_owned() });
    }
    Ok(Some(bytes))
}

fn read_all(
    draft: &mut Draft<'_>,
    reader: &mut dyn BufRead,
    progress: &mut dyn FnMut(u64),
) -> Result<Imported> {
    let mut done = Imported::default();
    let mut brands = BTreeMap::new();
    let mut is_ended = false;
    let mut unsealed = 0;
    while let Some(bytes) = next_line(reader, done.lines + 1)? {
        let line = done.lines + 1;
        let bad = |why: String| Error::BadLine { line, why };
        if is_ended {
            return Err(bad("there is something behind the footer".to_owned()));
        }
        let read: Line = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
        if matches!(read, Line::Header { .. }) != (line == 1) {
            return Err(bad("the header must be the first line, and only that".to_owned()));
        }
        let is_interaction = matches!(read, Line::Interaction { .. });
        unsealed += u64::from(is_interaction || matches!(read, Line::Case { .. }));
        match read {
            Line::Footer { lines, interactions } => {
                if (lines, interactions) != (done.lines, done.interactions) {
                    let why =
                        format!("the footer counts {lines} lines and {interactions} interactions");
                    return Err(bad(why));
                }
                is_ended = true;
            }
            read => {
                done.interactions += u64::from(is_interaction);
                match take_in(draft, &mut brands, read) {
                    Ok(()) => {}
                    Err(Refused::Said(why)) => return Err(bad(why)),
                    Err(Refused::By(error)) => return Err(error),
                }
            }
        }
        draft.write_if_full()?;
        done.lines += 1;
        if unsealed == SEAL_EVERY {
            unsealed = 0;
            seal(draft, &brands)?;
        }
        if line.is_multiple_of(1_000) {
            progress(line);
        }
    }
    if !is_ended {
        let why = "the file ends before its footer: it was cut short".to_owned();
        return Err(Error::BadLine { line: done.lines + 1, why });
    }
    // Everything before the mark goes.
    seal(draft, &brands)?;
    draft.inner.engine.flush()?;
    draft.remove(Space::State, state::UNFINISHED.to_vec());
    draft.write()?;
    draft.inner.engine.flush()?;
    progress(done.lines);
    Ok(done)
}

/// Writes what there is and seals what has come of age: room that open rows have taken once is used
/// again, but never given back.
fn seal(draft: &mut Draft<'_>, brands: &BTreeMap<String, BrandKey>) -> Result<()> {
    draft.write()?;
    for brand in brands.values() {
        for shelf in Shelf::ALL {
            while draft.seal(shelf, *brand)? > 0 {}
        }
    }
    Ok(())
}

/// Why a line was not taken.
enum Refused {
    /// The line's fault.
    Said(String),
    /// The store's.
    By(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::By(error)
    }
}

type Taken = std::result::Result<(), Refused>;

fn take_in(draft: &mut Draft<'_>, brands: &mut BTreeMap<String, BrandKey>, line: Line) -> Taken {
    let known = |name: &String| {
        brands.get(name).copied().ok_or_else(|| Refused::Said(format!("unknown brand `{name}`")))
    };
    match line {
        Line::Header { schema, seed, next_mail, commits, held, .. } => {
            draft.put(Space::State, state::COMMITS.to_vec(), keys::number(commits));
            take_header(draft, schema, &seed, next_mail, held)?;
        }
        Line::Brand(brand) => take_brand(draft, brands, &brand)?,
        Line::Account { brand, person, role, seen_at } => {
            let brand = known(&brand)?;
            match role {
                Role::Bot => draft.keep_bot(brand, person, seen_at.unwrap_or_default())?,
                role => {
                    let key = state::person("own", brand, person);
                    draft.put(Space::State, key, vec![u8::from(role == Role::OwnBot)]);
                }
            }
        }
        Line::Tombstone { brand, person } => {
            let key = state::person("gone", known(&brand)?, person);
            draft.keep_json(key, &serde_json::json!({ "done": true }))?;
        }
        Line::Interaction { brand, record } => take_record(draft, known(&brand)?, *record)?,
        Line::Case { brand, case } => draft.keep_case(known(&brand)?, *case)?,
        Line::Act { brand, act } => draft.keep_act(known(&brand)?, act)?,
        Line::Day { brand, day, platform, counts } => {
            draft.keep(Space::Days, keys::day(known(&brand)?, day, &platform), &counts)?;
        }
        Line::Person { brand, person, summary } => {
            draft.keep_summary(known(&brand)?, person, Some(summary));
        }
        Line::Mark { account, stream, mark } => {
            draft.keep_json(state::stream("mark", &account, &stream), &mark)?;
        }
        Line::Source { source } => {
            let key = state::stream("source", &source.account, &source.stream);
            draft.keep_json(key, &source)?;
        }
        Line::Value { name, value } => draft.keep_json(state::one("value", &name), &value)?,
        Line::Mail { mail } => draft.put_mail(*mail)?,
        Line::Footer { .. } => {}
    }
    Ok(())
}

fn take_header(
    draft: &mut Draft<'_>,
    schema: u32,
    seed: &str,
    next_mail: u64,
    held: bool,
) -> Taken {
    // The lines have been the same since the first layout.
    if schema == 0 || schema > SCHEMA {
        let why = format!("layout {schema} is not known here; use the later program");
        return Err(Refused::Said(why));
    }
    let seed = u64::from_str_radix(seed, 16)
        .map_err(|_| Refused::Said("the seed is no number".to_owned()))?;
    draft.put(Space::State, state::SEED.to_vec(), keys::number(seed));
    if next_mail > 1 {
        draft.put(Space::State, state::NEXT_MAIL.to_vec(), keys::number(next_mail));
    }
    if held {
        draft.keep_json(state::HELD.to_vec(), &true)?;
    }
    draft.inner.seed.store(seed, Ordering::Release);
    Ok(())
}

fn take_brand(
    draft: &mut Draft<'_>,
    brands: &mut BTreeMap<String, BrandKey>,
    brand: &Brand,
) -> Taken {
    if brand.key == 0 || brand.key == u16::MAX || brands.values().any(|b| b.0 == brand.key) {
        return Err(Refused::Said(format!("brand number {} cannot be", brand.key)));
    }
    if brands.insert(brand.name.clone(), brand.brand()).is_some() {
        return Err(Refused::Said(format!("brand `{}` comes twice", brand.name)));
    }
    Ok(draft.keep_brand(brand)?)
}

/// Stores a row as it was; its counts come in lines of their own.
fn take_record(draft: &mut Draft<'_>, brand: BrandKey, record: Record) -> Taken {
    let Slot::Free(hash) = draft.find(brand, &record.platform, &record.id)? else {
        return Err(Refused::Said(format!("`{}` comes twice", record.id)));
    };
    let at = Placed { brand, ms: keys::ms(record.key_at), hash };
    draft.note_id(IdEntry { hash, brand: brand.0, ms: at.ms });
    draft.count_rows(brand, 1)?;
    draft.file(at, &record);
    Ok(draft.put_row(at, &record)?)
}
