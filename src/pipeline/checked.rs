//! Random samples of posts that persons check, and what they found.
//!
//! What people correct of their own accord is no random sample: they look where something is wrong.
//! So a sample is drawn and kept, and only what is said about its posts from then on, confirmed or
//! corrected, measures the classifier.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::ingest::Desk;
use super::judge::{rejudge, standing};
use super::merge::WORDLESS;
use crate::classify::eval::Sample;
use crate::indicators::Checks;
use crate::indicators::statistics::resample::Dice;
use crate::model::{Intent, Interaction, Record, Sentiment, Time, Verdict};
use crate::store::Change;

/// Samples are drawn from the posts of so long.
const RECENT: i64 = 28 * Time::DAY;
/// What was checked longer ago says nothing about the labels of today.
const COUNTS: i64 = 180 * Time::DAY;
/// The largest sample.
pub const LARGEST: usize = 500;

/// A random sample that was drawn to be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// When.
    pub at: Time,
    /// From how many posts.
    pub of: u64,
    /// Platform and id.
    pub posts: Vec<(String, String)>,
}

/// A post with a person's word about it.
#[derive(Clone, Debug)]
pub struct Gold {
    /// What the classifier said, and what is so.
    pub sample: Sample,
    /// It was drawn, and its label is the stored one; else it was corrected of somebody's own accord
    /// and the present classifier was asked again, if the words are still there.
    pub is_drawn: bool,
    /// Its words are gone, so the label is the stored one.
    pub is_wordless: bool,
}

fn name(desk: Desk<'_>) -> String {
    format!("checked/{}", desk.brand.id)
}

fn draws(desk: Desk<'_>, now: Time) -> Result<Vec<Draw>> {
    let all: Option<Vec<Draw>> = desk.store.value(&name(desk)).context("the samples")?;
    let counts = |draw: &Draw| draw.at <= now && now.since(draw.at) <= COUNTS;
    Ok(all.unwrap_or_default().into_iter().filter(counts).collect())
}

/// Whether a post can be checked: a customer's words that were classified and are still there.
fn can_be_checked(it: &Interaction, own: &BTreeSet<crate::model::Person>) -> bool {
    let is_own = it.own || it.person.is_some_and(|person| own.contains(&person));
    let is_judged = it.verdict.as_ref().is_some_and(|verdict| verdict.model != WORDLESS);
    it.kind.speaks()
        && !is_own
        && !it.bot
        && it.deleted_at.is_none()
        && it.text.is_some()
        && is_judged
}

/// So many posts to check: those of former samples that nobody has checked yet, filled up with a new
/// draw from the last 28 days. Every post there has the same chance, whatever its label; one is not
/// drawn twice.
///
/// # Errors
/// If the store fails.
pub fn draw(desk: Desk<'_>, wanted: usize, now: Time) -> Result<Vec<Interaction>> {
    let mut kept = draws(desk, now)?;
    let mut left = unchecked(desk, &kept)?;
    left.truncate(wanted);
    let missing = wanted.min(LARGEST) - left.len().min(wanted);
    let in_order = |left: &mut Vec<Interaction>| {
        left.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    };
    if missing == 0 {
        in_order(&mut left);
        return Ok(left);
    }
    let drawn: BTreeSet<(String, String)> =
        kept.iter().flat_map(|draw| draw.posts.iter().cloned()).collect();
    let own = super::accounts::without_bots(desk)?.own;
    let mut dice = Dice::seeded(now.0.unsigned_abs());
    let mut reservoir: Vec<(String, String)> = Vec::new();
    let mut of = 0_u64;
    for record in desk.store.scan(desk.key, now.plus(-RECENT)..Time(i64::MAX)) {
        let record = record?;
        let place = (record.platform.clone(), record.id.clone());
        let Some(it) = record.as_of(now) else { continue };
        // What somebody has looked at of their own accord was not chosen by chance.
        if drawn.contains(&place) || it.ruling.is_some() || !can_be_checked(&it, &own) {
            continue;
        }
        of += 1;
        if reservoir.len() < missing {
            reservoir.push(place);
        } else {
            let spot = dice.below(usize::try_from(of).unwrap_or(usize::MAX));
            if let Some(taken) = reservoir.get_mut(spot) {
                *taken = place;
            }
        }
    }
    if !reservoir.is_empty() {
        kept.push(Draw { at: now, of, posts: reservoir.clone() });
        let values = vec![(name(desk), Some(serde_json::to_value(&kept)?))];
        desk.store.commit(Change { values, ..Change::default() }).context("keeping a sample")?;
        for (platform, id) in &reservoir {
            let record = desk.store.record(desk.key, platform, id)?;
            left.extend(record.and_then(|record| record.as_of(now)));
        }
    }
    in_order(&mut left);
    Ok(left)
}

/// The posts of samples about which nobody has said anything since they were drawn.
fn unchecked(desk: Desk<'_>, draws: &[Draw]) -> Result<Vec<Interaction>> {
    let own = super::accounts::without_bots(desk)?.own;
    let mut all = Vec::new();
    for draw in draws {
        for (platform, id) in &draw.posts {
            let Some(record) = desk.store.record(desk.key, platform, id)? else { continue };
            let is_open = word_since(&record, draw.at, Time(i64::MAX)).is_none();
            let it = record.latest().filter(|it| is_open && can_be_checked(it, &own));
            all.extend(it);
        }
    }
    Ok(all)
}

/// The state in which a person's word about the intent stands, if it was said since the draw.
fn word_since(record: &Record, drawn: Time, now: Time) -> Option<Interaction> {
    let is_said = |v: &crate::model::Version| {
        let decides = |r: &crate::model::Ruling| r.intent.is_some() || r.relevant.is_some();
        drawn <= v.seen_at && v.seen_at <= now && v.ruling.as_ref().is_some_and(decides)
    };
    record.as_of(now).filter(|it| it.ruling.is_some() && record.versions.iter().any(is_said))
}

/// What the labels were good for where a random sample was checked, as known at `now`.
///
/// # Errors
/// If the store fails.
pub fn checks(desk: Desk<'_>, now: Time) -> Result<Checks> {
    let mut checks = Checks::default();
    for draw in draws(desk, now)? {
        for (platform, id) in &draw.posts {
            let Some(record) = desk.store.record(desk.key, platform, id)? else { continue };
            let Some(it) = word_since(&record, draw.at, now) else { continue };
            let Some(verdict) = &it.verdict else { continue };
            let (found, is) = (label(verdict), truth(&it));
            checks.complaint.add(is == Intent::Complaint, found == Intent::Complaint);
            checks.praise.add(is == Intent::Praise, found == Intent::Praise);
            if let (Some(is), Some(found)) = (feeling(&it), side(verdict.sentiment)) {
                checks.feeling.add(is, found);
            }
        }
    }
    Ok(checks)
}

/// Every post with a person's word about what it wants, as it stands now.
///
/// # Errors
/// If the store fails.
pub fn gold(desk: Desk<'_>, now: Time) -> Result<Vec<Gold>> {
    let mut drawn: std::collections::BTreeMap<(String, String), Time> = Default::default();
    for draw in draws(desk, now)? {
        drawn.extend(draw.posts.into_iter().map(|post| (post, draw.at)));
    }
    let mut all = Vec::new();
    for record in desk.store.scan(desk.key, Time(0)..Time(i64::MAX)) {
        let record = record?;
        if record.versions.iter().all(|v| v.ruling.is_none()) {
            continue;
        }
        let Some(it) = record.as_of(now) else { continue };
        let decides =
            it.ruling.as_ref().is_some_and(|r| r.intent.is_some() || r.relevant.is_some());
        let Some(stored) = it.verdict.as_ref().filter(|_| decides && !it.own) else { continue };
        let place = (record.platform.clone(), record.id.clone());
        let at = drawn.get(&place).copied();
        let is_drawn = at.is_some_and(|at| word_since(&record, at, now).is_some());
        let present = if is_drawn { None } else { rejudge(desk, &record, standing(desk, &it)) };
        let verdict = present.as_ref().unwrap_or(stored);
        all.push(Gold {
            sample: Sample {
                intent: label(verdict),
                needs_answer: verdict.scores.needs_answer,
                gold_intent: Some(truth(&it)),
                gold_needs_answer: Some(it.asks()),
                ..Sample::default()
            },
            is_drawn,
            is_wordless: !is_drawn && present.is_none(),
        });
    }
    Ok(all)
}

/// How many of the customers' posts of the last 28 days are labelled as complaints, as praise, and
/// how many there are.
///
/// # Errors
/// If the store fails.
pub fn labelled(desk: Desk<'_>, now: Time) -> Result<[u64; 3]> {
    let own = super::accounts::without_bots(desk)?.own;
    let mut all = [0; 3];
    for record in desk.store.scan(desk.key, now.plus(-RECENT)..Time(i64::MAX)) {
        let Some(it) = record?.as_of(now).filter(|it| can_be_checked(it, &own)) else { continue };
        let Some(verdict) = &it.verdict else { continue };
        all[0] += u64::from(label(verdict) == Intent::Complaint);
        all[1] += u64::from(label(verdict) == Intent::Praise);
        all[2] += 1;
    }
    Ok(all)
}

/// What a verdict takes a post for.
fn label(verdict: &Verdict) -> Intent {
    if verdict.relevant && !verdict.unsure { verdict.intent } else { Intent::Other }
}

/// What a post is by a person's word.
fn truth(it: &Interaction) -> Intent {
    if it.relevant { it.intent } else { Intent::Other }
}

/// Whether a post is for the brand; `None` for neither. Who calls it a complaint or praise and says
/// nothing of the feeling has said it.
fn feeling(it: &Interaction) -> Option<bool> {
    let ruling = it.ruling.as_ref()?;
    match (ruling.sentiment, ruling.intent) {
        (Some(sentiment), _) => side(sentiment),
        (None, Some(Intent::Complaint)) => Some(false),
        (None, Some(Intent::Praise)) => Some(true),
        (None, _) => None,
    }
}

fn side(sentiment: Sentiment) -> Option<bool> {
    match sentiment {
        Sentiment::Pos => Some(true),
        Sentiment::Neg => Some(false),
        Sentiment::Neu => None,
    }
}
