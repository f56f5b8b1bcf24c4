//! Sums up a day: gathers the facts of the digest, and writes it into the outbox at its hour.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use anyhow::{Context, Result};
use chrono::{Datelike, Weekday};

use super::cards::{bare_card, card};
use super::drift::drift;
use super::ingest::Desk;
use super::outbox;
use super::panel::Panel;
use super::review::review;
use crate::calendar::local_date;
use crate::indicators::window;
use crate::model::{
    Case, DeliveryState, Intent, Interaction, Kind, Message, Purpose, Reach, Severity, Time,
};
use crate::notify::{
    Composed, Coverage, DigestFacts, KindCount, Praise, compose_digest, digest_form,
};
use crate::schedule::Schedule;
use crate::store::Change;
use crate::words::Words;

/// Days of the indicators' window.
const WINDOW: u32 = 28;
/// Cases with their words; the others are listed bare.
const SHOWN: usize = 20;
/// Posts worth a thank-you.
const PRAISE: usize = 8;
/// A digest that is no later than this is on time.
const ON_TIME: i64 = 10 * Time::MINUTE;

/// A digest and what it was made from.
pub struct Digest {
    /// The facts.
    pub facts: DigestFacts,
    /// The mail; `None` if an empty day gets none.
    pub composed: Option<Composed>,
}

/// The digest of the local day before `now`, as known at `now`. Sends nothing.
///
/// # Errors
/// If the store cannot be read.
pub fn digest(desk: Desk<'_>, coverage: &[Coverage], now: Time, is_late: bool) -> Result<Digest> {
    let Desk { brand, .. } = desk;
    let panel = Panel::load(desk, WINDOW, now)?;
    let day = window::ending(now, 1, brand.zone);
    let words = Words::new(brand.language, brand.zone);
    // A week is compared when it is over.
    let is_monday = local_date(day.to, brand.zone).weekday() == Weekday::Mon;
    let facts = DigestFacts {
        brand: brand.name.clone(),
        day,
        window: panel.window,
        coverage: coverage.to_vec(),
        waiting: waiting(desk, &panel, now)?,
        counts: counts(&panel, coverage),
        indicators: panel.indicators(),
        praise: praise(desk, &panel)?,
        dead_letters: dead_letters(desk)?,
        to_look_at: review(desk, now)?.len() as u64,
        drift: if is_monday { drift(desk, day.to, now)? } else { Vec::new() },
        is_late,
        now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let composed = digest_form(&facts, &brand.digest, words)
        .map(|form| compose_digest(&facts, form, &brand.digest.sections, words));
    Ok(Digest { facts, composed })
}

/// Every case in which somebody waits: lapsed ones last, else the most pressing first.
fn waiting(desk: Desk<'_>, panel: &Panel<'_>, now: Time) -> Result<Vec<crate::notify::CaseCard>> {
    let mut cases: Vec<&Case> = panel.cases.iter().filter(|c| c.state(now).waits()).collect();
    cases.sort_by_key(|case| {
        let is_lapsed = case.state(now) == crate::model::CaseState::Lapsed;
        (is_lapsed, Reverse(case.severity), case.due_at)
    });
    cases
        .iter()
        .enumerate()
        .map(|(place, case)| {
            if place < SHOWN {
                card(desk, case, now, None, &panel.later)
            } else {
                Ok(bare_card(desk, case, now, None))
            }
        })
        .collect()
}

/// What came in on the day and in the week, by kind. What was not found is none where a source shows
/// it, or where there is nothing but imports; else it is unknown.
fn counts(panel: &Panel<'_>, coverage: &[Coverage]) -> Vec<KindCount> {
    let to = panel.window.to;
    let history = &panel.history;
    let day_from = panel.day_from();
    let week_from = panel.week_from();
    let mut found: BTreeMap<Kind, (u64, u64)> = BTreeMap::new();
    for row in &history.rows {
        let is_counted = !history.is_own(row) && !history.is_mute(row);
        if !is_counted || row.at < week_from || row.at >= to {
            continue;
        }
        let (day, week) = found.entry(row.kind).or_default();
        *week += 1;
        *day += u64::from(row.at >= day_from);
    }
    Kind::ALL
        .into_iter()
        .map(|kind| {
            let is_shown = coverage.is_empty()
                || coverage.iter().any(|source| source.can.of(kind) > Reach::No);
            let count = found.get(&kind).copied().or(is_shown.then_some((0, 0)));
            KindCount { kind, day: count.map(|(day, _)| day), week: count.map(|(_, week)| week) }
        })
        .collect()
}

/// The warmest words of the day.
fn praise(desk: Desk<'_>, panel: &Panel<'_>) -> Result<Vec<Praise>> {
    let Desk { store, key, .. } = desk;
    let history = &panel.history;
    let day_from = panel.day_from();
    let mut rows: Vec<&Interaction> = history
        .rows
        .iter()
        .filter(|row| row.at >= day_from && row.at < panel.window.to)
        .filter(|row| history.is_inbound(row) && row.intent == Intent::Praise)
        .filter(|row| row.deleted_at.is_none())
        .collect();
    rows.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    let mut all = Vec::new();
    for row in rows {
        let Some(whole) =
            store.record(key, &row.platform, &row.id)?.and_then(|r| r.as_of(history.now))
        else {
            continue;
        };
        let warmth = whole.verdict.as_ref().map_or(0.0, |v| v.scores.praise);
        all.push((warmth, whole));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(all
        .into_iter()
        .take(PRAISE)
        .map(|(_, row)| Praise {
            author: row.author,
            platform: row.platform,
            text: row.text,
            permalink: row.url,
        })
        .collect())
}

fn dead_letters(desk: Desk<'_>) -> Result<u64> {
    let mut dead = 0;
    for entry in desk.store.mails()? {
        dead +=
            entry.deliveries.iter().filter(|d| matches!(d.state, DeliveryState::Dead(_))).count()
                as u64;
    }
    Ok(dead)
}

/// Writes the digest into the outbox if its hour has come since the last one, together with the
/// note that it was: never two for one window, and a missed one once, late, within its grace. A
/// clock that was wrong for a while and is right again neither doubles nor skips one. Whether one was
/// written.
///
/// # Errors
/// If the schedule or the store fails.
pub fn send_digest(desk: Desk<'_>, coverage: &[Coverage], domain: &str, now: Time) -> Result<bool> {
    let Desk { store, brand, key, .. } = desk;
    let name = format!("digest/{}", brand.id);
    let plan = Schedule::parse(&brand.digest.schedule.value, brand.zone)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("the digest's schedule")?;
    let Some(last) = store.value::<Time>(&name)? else {
        // The first digest is the next one: before it there is nothing to sum up.
        let values = vec![(name, Some(serde_json::to_value(now)?))];
        store.commit(Change { values, ..Change::default() })?;
        return Ok(false);
    };
    let Some(due) = plan.missed(last, now, brand.digest.grace) else { return Ok(false) };
    let mut change = Change {
        brand: Some(key),
        values: vec![(name, Some(serde_json::to_value(due)?))],
        ..Change::default()
    };
    if !brand.recipients.is_empty() {
        let is_late = now.since(due) > ON_TIME;
        let made = digest(desk, coverage, as_of(due, now, brand.zone), is_late)?;
        if let Some(composed) = made.composed {
            // The day it tells of and the hour it was planned for: the same after a crash, and
            // another one for a second digest of the same day.
            let day = local_date(made.facts.day.from, brand.zone);
            let hour = due.utc().with_timezone(&brand.zone).format("%H%M");
            let message = Message {
                id: format!("digest.{}.{day}.{hour}@{domain}", brand.id),
                brand: brand.id.clone(),
                purpose: Purpose::Digest(made.facts.day.to),
                severity: Severity::Low,
                group: format!("digest/{}", brand.id),
                references: Vec::new(),
                subject: composed.subject,
                text: composed.text,
                html: composed.html,
                at: now,
                cases: Vec::new(),
            };
            // Written already, if the clock was wrong meanwhile.
            let is_known = store.mails()?.iter().any(|known| known.message.id == message.id);
            if !is_known {
                change.mails_new.push(outbox::entry(message, &brand.recipients, now));
            }
        }
    }
    let wrote = !change.mails_new.is_empty();
    store.commit(change).context("committing the digest")?;
    Ok(wrote)
}

/// The moment a digest tells of: the planned one (rule E1), so that it can be made again. A late one
/// tells what is known by now, as long as that is the same day: its window is that of its day.
fn as_of(due: Time, now: Time, zone: chrono_tz::Tz) -> Time {
    let is_late = now.since(due) > ON_TIME;
    if is_late && local_date(due, zone) == local_date(now, zone) { now } else { due }
}
