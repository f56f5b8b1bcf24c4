//! Turns what was read into commits: what is new, what it wants, which cases it changes, and how
//! far the stream was read.
//!
//! Reads no network and sends nothing.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::brand::Brand;
use super::page::{Call, Page};
use crate::classify::Classifier;
use crate::model::{Act, Mark, Reading, SourceState, Time};
use crate::store::{BrandKey, Change, Store};

/// How many readings go into one commit; keeps it well under the engine's limit.
const CHUNK: usize = 40;

/// What came in, and how it was come by.
#[derive(Debug, Default)]
pub struct Batch {
    /// What was read.
    pub readings: Vec<Reading>,
    /// Other posts of the same threads: kept as nodes between a post and its answer, and matched
    /// against the brand's terms before they count as being about it.
    pub around: Vec<Reading>,
    /// (platform, id) of posts that are gone or no longer public.
    pub gone: Vec<(String, String)>,
    /// Everything in it concerns the brand: no term has to match.
    pub addressed: bool,
    /// When the stream had been read to its end before: a post that claims to be older than this
    /// and is new here has a late or false claim, so its clock runs from when it was seen.
    pub read_to: Option<Time>,
    /// The cursor, committed with the last of the readings.
    pub mark: Option<(String, String, Mark)>,
    /// The source's state, likewise.
    pub source: Option<SourceState>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Interactions never seen before.
    pub new: u64,
    /// Known ones with news.
    pub changed: u64,
    /// Known ones without.
    pub known: u64,
    /// Not about the brand, or by somebody who was erased.
    pub dropped: u64,
    /// Cases opened by this batch.
    pub opened: u64,
}

impl Ingested {
    /// Adds another batch's counts.
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.known += other.known;
        self.dropped += other.dropped;
        self.opened += other.opened;
    }
}

/// All that ingest needs beside the batch.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The store.
    pub store: &'a Store,
    /// The classifier.
    pub classifier: &'a Classifier,
    /// The brand.
    pub brand: &'a Brand,
    /// Its key in the store.
    pub key: BrandKey,
    /// Platforms whose replies carry their parents.
    pub parented: &'a BTreeSet<String>,
}

/// Takes a batch in. Each commit holds at most forty readings, the last one the cursor; after a
/// crash in between the page is read again and what is known drops out.
///
/// # Errors
/// If the store cannot be read or written; nothing of the failed commit is kept.
pub fn ingest(desk: Desk<'_>, batch: &Batch, now: Time) -> Result<Ingested> {
    let mut total = Ingested::default();
    for gone in batch.gone.chunks(CHUNK) {
        let mut page = Page::new(desk, now)?;
        for (platform, id) in gone {
            page.delete(platform, id)?;
        }
        total.add(page.commit(Change::default())?);
    }
    let addressed = if batch.addressed { Call::Addressed } else { Call::Found };
    let readings = batch.readings.iter().map(|reading| (reading, addressed));
    let around = batch.around.iter().map(|reading| (reading, Call::Around));
    let all: Vec<(&Reading, Call)> = readings.chain(around).collect();
    let mut chunks = all.chunks(CHUNK).peekable();
    while let Some(chunk) = chunks.next() {
        let mut page = Page::new(desk, now)?;
        for (reading, call) in chunk {
            page.take(reading, *call, batch.read_to)?;
        }
        let is_last = chunks.peek().is_none();
        total.add(page.commit(if is_last { last_change(batch) } else { Change::default() })?);
    }
    if all.is_empty() {
        total.add(Page::new(desk, now)?.commit(last_change(batch))?);
    }
    Ok(total)
}

/// Files what a person did with a post, and applies it to the post's case.
///
/// # Errors
/// If the post is not stored, or the store fails.
pub fn act(desk: Desk<'_>, act: Act, now: Time) -> Result<()> {
    let mut page = Page::new(desk, now)?;
    let record = page
        .record(&act.platform, &act.id)?
        .with_context(|| format!("{} {} is not stored", act.platform, act.id))?;
    page.touched.insert((act.platform.clone(), record.filed));
    page.acts.push(act);
    page.commit(Change::default())?;
    Ok(())
}

fn last_change(batch: &Batch) -> Change {
    Change {
        marks: batch.mark.iter().cloned().collect(),
        sources: batch.source.iter().cloned().collect(),
        ..Change::default()
    }
}
