//! Labels history with the present classifier, batch by batch.
//!
//! A new label is a reading that holds nothing but the verdict, seen when the run began: figures as
//! of before stay what they were (rule E3), and the first verdict stays with its model's name. Where
//! the labels are the same nothing is written. A person's word wins over either. How far it came is
//! committed with the rows, their cases and their counts, so that a run that was killed goes on.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::correct::is_opinion;
use super::ingest::Desk;
use super::judge::{deadline_of, rejudge, standing, was_late};
use super::merge::WORDLESS;
use super::page::Page;
use crate::model::{Interaction, Record, Time, Verdict, Version};
use crate::store::Change;

/// Posts looked at in one batch.
const LOOKED: usize = 1_000;
/// Posts written in one batch; keeps it well under the engine's limit.
const CHANGED: usize = 40;
/// Examples told of each batch.
const EXAMPLES: usize = 5;
/// Characters of an example.
const START: usize = 100;

/// How far a run came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The classifier it labels with.
    pub model: String,
    /// The first moment it was asked to look at.
    pub since: Time,
    /// When it began: the time of every label it gives.
    pub begun_at: Time,
    /// Everything before this has been looked at.
    pub next: Time,
    /// And so many posts of exactly this time.
    pub of_next: u64,
    /// Posts looked at.
    pub looked: u64,
    /// Posts with new labels.
    pub changed: u64,
}

/// A post whose label changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Its platform.
    pub platform: String,
    /// Its id.
    pub id: String,
    /// What it was.
    pub was: String,
    /// What it is.
    pub is: String,
    /// How it begins.
    pub text: String,
}

/// What a batch came to.
#[derive(Clone, Debug, Serialize)]
pub struct Relabelled {
    /// How far the run came.
    pub cursor: Cursor,
    /// Nothing is left to do.
    pub done: bool,
    /// How many labels changed, by `complaint -> question`; where the class stays and something else
    /// of the verdict changes, the class alone.
    pub changes: BTreeMap<String, u64>,
    /// Some of them.
    pub examples: Vec<Example>,
    /// Cases opened by this batch.
    pub opened: u64,
}

/// Where the cursor of a brand is kept.
fn name(desk: Desk<'_>) -> String {
    format!("reclassify/{}", desk.brand.id)
}

/// Where a run would go on: at the cursor of one that was not finished and wants the same, else at
/// the beginning.
///
/// # Errors
/// If the store fails.
pub fn reclassify_from(desk: Desk<'_>, since: Time, now: Time) -> Result<Cursor> {
    let kept: Option<Cursor> = desk.store.value(&name(desk)).context("how far it came")?;
    let model = desk.classifier.model();
    let same = kept.filter(|kept| kept.model == model && kept.since == since);
    Ok(same.unwrap_or_else(|| Cursor::start(model, since, now)))
}

impl Cursor {
    /// A run that begins.
    pub fn start(model: &str, since: Time, now: Time) -> Self {
        Self {
            model: model.to_owned(),
            since,
            begun_at: now,
            next: since,
            of_next: 0,
            looked: 0,
            changed: 0,
        }
    }
}

/// Labels the next batch; with `is_trial` nothing is written.
///
/// # Errors
/// If the store fails; nothing of the batch is kept then.
pub fn reclassify(desk: Desk<'_>, cursor: Cursor, is_trial: bool, now: Time) -> Result<Relabelled> {
    // The labels must be seen by the replay of their own batch, whatever the clock does.
    let mut page = Page::new(desk, now.max(cursor.begun_at))?;
    let mut done = Relabelled {
        cursor,
        done: true,
        changes: BTreeMap::new(),
        examples: Vec::new(),
        opened: 0,
    };
    let mut batch: Vec<Record> = Vec::new();
    let skipped = usize::try_from(done.cursor.of_next).unwrap_or(usize::MAX);
    let start = done.cursor.next;
    let mut passed = 0;
    let mut looked = 0;
    for record in desk.store.scan(desk.key, start..Time(i64::MAX)) {
        let record = record.context("reading history")?;
        if record.key_at == start && passed < skipped {
            passed += 1;
            continue;
        }
        if looked == LOOKED || batch.len() == CHANGED {
            done.done = false;
            break;
        }
        looked += 1;
        let cursor = &mut done.cursor;
        cursor.of_next = if record.key_at == cursor.next { cursor.of_next + 1 } else { 1 };
        cursor.next = record.key_at;
        cursor.looked += 1;
        let begun_at = cursor.begun_at;
        let Some((record, was, verdict)) = relabel(desk, record, begun_at) else { continue };
        done.note(&was, &verdict);
        batch.push(record);
    }
    done.cursor.changed += batch.len() as u64;
    if is_trial {
        return Ok(done);
    }
    for record in batch {
        page.now = record.versions.last().map_or(page.now, |last| page.now.max(last.seen_at));
        page.record(&record.platform, &record.id)?;
        page.put(record);
    }
    let cursor = (!done.done).then(|| serde_json::to_value(&done.cursor)).transpose()?;
    let had_one = desk.store.value::<serde_json::Value>(&name(desk))?.is_some();
    let values = if had_one || cursor.is_some() { vec![(name(desk), cursor)] } else { Vec::new() };
    if page.after.is_empty() {
        // A page without rows writes no values.
        desk.store.commit(Change { values, ..Change::default() }).context("how far it came")?;
    } else {
        done.opened = page.commit(Change { values, ..Change::default() })?.opened;
    }
    Ok(done)
}

impl Relabelled {
    fn note(&mut self, was: &Interaction, verdict: &Verdict) {
        let (old, new) = (was.verdict.as_ref().map_or("none", class), class(verdict));
        let what = if old == new { old.to_owned() } else { format!("{old} -> {new}") };
        *self.changes.entry(what).or_default() += 1;
        if old != new && self.examples.len() < EXAMPLES {
            let words = was.text.as_deref().or(was.title.as_deref()).unwrap_or_default();
            self.examples.push(Example {
                platform: was.platform.clone(),
                id: was.id.clone(),
                was: old.to_owned(),
                is: new.to_owned(),
                text: words.chars().take(START).collect(),
            });
        }
    }
}

/// A verdict in one word.
fn class(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict { relevant: false, .. } => "not about us",
        Verdict { unsure: true, .. } => "unsure",
        _ => verdict.intent.word(),
    }
}

/// The record with a new label, what it was before, and the label; `None` where nothing changes:
/// the labels are the same, there are no words (any more), or its author has deleted it.
fn relabel(
    desk: Desk<'_>,
    mut record: Record,
    begun_at: Time,
) -> Option<(Record, Interaction, Verdict)> {
    let was = record.latest().filter(|it| it.deleted_at.is_none())?;
    let old = was.verdict.as_ref().filter(|verdict| verdict.model != WORDLESS)?;
    let new = rejudge(desk, &record, standing(desk, &was))?;
    if labels(old) == labels(&new) {
        return None;
    }
    let is_late = was_late(&record, &was);
    let last = record.versions.last()?.seen_at;
    record.versions.push(Version {
        seen_at: begun_at.max(last),
        created_at: was.created_at,
        verdict: Some(new.clone()),
        ..Version::default()
    });
    let is = record.latest()?;
    let stays = is.asks()
        && was.asks()
        && (was.intent, was.severity, was.safety) == (is.intent, is.severity, is.safety);
    // A deadline is fixed when a post is classified: it moves only where the class does.
    let deadline = if stays { was.deadline.clone() } else { deadline_of(desk, &is, is_late) };
    record.versions.last_mut()?.deadline = deadline;
    Some((record, was, new))
}

/// All of a verdict that figures and cases go by: not its scores, its reasons and its model.
fn labels(verdict: &Verdict) -> Verdict {
    Verdict {
        scores: crate::model::Scores::default(),
        reasons: Vec::new(),
        model: String::new(),
        ..verdict.clone()
    }
}

/// Whether a version is nothing but a label that was given later.
pub(super) fn is_label(version: &Version) -> bool {
    is_opinion(version) && version.verdict.is_some() && version.ruling.is_none()
}

/// Whether what a post asks is known only from labels that were given when its answer had been due
/// already: that is history, and nobody is woken up for it.
pub(super) fn is_late_label(record: &Record) -> bool {
    let Some(place) = record.versions.iter().rposition(is_label) else { return false };
    let version = &record.versions[place];
    let was_due = version.deadline.as_ref().is_some_and(|due| due.due_at <= version.seen_at);
    let before = Record { versions: record.versions[..place].to_vec(), ..record.clone() };
    let has_asked = before.latest().is_some_and(|it| it.asks());
    let said_since = record.versions[place + 1..].iter().any(|v| v.ruling.is_some());
    was_due && !has_asked && !said_since
}
