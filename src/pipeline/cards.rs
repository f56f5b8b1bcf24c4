//! Gathers what a mail shows about one case.

use std::collections::BTreeSet;

use anyhow::Result;

use super::history::Later;
use super::ingest::Desk;
use crate::model::{Ask, Case, CaseKind, Intent, Severity, Time};
use crate::notify::{CaseCard, ClockRule, PersonCard};

/// How many posts of a person are looked at for their card; the person's totals are kept apart.
const THREAD: usize = 200;

/// The card of a case at `now`. `unchecked_since`: it could not be looked up again since then;
/// `later`: what persons said after `now`, if that is past.
pub fn card(
    desk: Desk<'_>,
    case: &Case,
    now: Time,
    unchecked_since: Option<Time>,
    later: &Later,
) -> Result<CaseCard> {
    let Desk { store, key, .. } = desk;
    let opening = store.record(key, &case.platform, &case.interaction)?;
    let thread = match &opening {
        Some(record) => store.thread(key, &case.platform, &record.filed)?,
        None => Vec::new(),
    };
    let rows: Vec<_> = thread.iter().take(THREAD).filter_map(|r| r.as_of(now)).collect();
    let opening = opening.and_then(|record| record.as_of(now));
    let people: BTreeSet<_> = rows.iter().filter_map(|row| row.person).collect();
    let person = match case.person {
        Some(person) => {
            let known = store.author(key, person)?;
            let totals = known.map_or([0; 3], |k| [k.items, k.complaints, k.praise].map(i64::from));
            let later = later.get(&person).copied().unwrap_or_default();
            let is_complaint = |ask: &&Ask| ask.intent == Intent::Complaint;
            let complaints = case.asks.iter().filter(is_complaint).count() as i64;
            let here = [case.asks.len() as i64, complaints, 0];
            let [earlier, complaints, praise] =
                std::array::from_fn(|n| (totals[n] - later[n] - here[n]).max(0) as u64);
            PersonCard {
                earlier,
                complaints,
                praise,
                language: opening.as_ref().and_then(|o| o.lang.clone()),
                last_case: None,
            }
        }
        None => PersonCard::default(),
    };
    // What made a question a complaint may be no more than "still no answer?".
    let telling = telling(case).and_then(|ask| rows.iter().find(|row| row.id == ask.id));
    let posts = opening.iter().chain(telling);
    let words: Vec<&str> = posts.clone().filter_map(|row| row.text.as_deref()).collect();
    let verdict = posts.last().and_then(|row| row.verdict.as_ref());
    Ok(CaseCard {
        people: people.len() as u64,
        title: opening.as_ref().and_then(|row| row.title.clone()),
        text: Some(words.join(" … ")).filter(|words| !words.is_empty()),
        reasons: verdict.map(|verdict| verdict.reasons.clone()).unwrap_or_default(),
        person,
        ..bare_card(desk, case, now, unchecked_since)
    })
}

/// The post that makes a case what it is called, if that is not the first: one that began with a
/// question and went on with a complaint is a complaint, and has to show it.
fn telling(case: &Case) -> Option<&Ask> {
    let ask = case.asks.iter().find(|ask| ask.intent == case.class);
    ask.filter(|ask| ask.id != case.interaction)
}

/// A card with what the case itself holds, without words and people.
pub fn bare_card(
    desk: Desk<'_>,
    case: &Case,
    now: Time,
    unchecked_since: Option<Time>,
) -> CaseCard {
    let calendar = &desk.brand.calendar;
    let ended_at = case.answer.as_ref().map(|a| a.at).or(case.end.map(|(_, at)| at));
    // Outside business hours only a severe case's ceiling can fall due.
    let by_the_clock =
        case.severity == Severity::Severe && calendar.between(case.opened_at, case.due_at) == 0;
    CaseCard {
        id: case.id.clone(),
        platform: case.platform.clone(),
        author: case.author.clone(),
        class: case.class,
        severity: case.severity,
        state: case.state(now),
        opened_at: case.opened_at,
        seen_at: case.seen_at,
        due_at: case.due_at,
        rule: match case.kind {
            CaseKind::FollowUp => ClockRule::NextReply,
            CaseKind::Asked if by_the_clock => ClockRule::WallClock,
            CaseKind::Asked => ClockRule::FirstReply,
        },
        business: calendar.between(case.opened_at, ended_at.unwrap_or(now)),
        late: calendar.between(case.due_at, now.max(case.due_at)),
        ended_at,
        asks: case.asks.len().max(1) as u64,
        people: 0,
        title: None,
        text: None,
        permalink: case.permalink.clone(),
        reasons: Vec::new(),
        person: PersonCard::default(),
        unchecked_since,
    }
}
