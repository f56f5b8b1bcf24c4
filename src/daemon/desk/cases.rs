//! Answers about cases, and what people do with them.

use std::cmp::Reverse;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Office;
use crate::cases;
use crate::model::{Act, ActKind, Case, CaseState, Severity, Time};
use crate::pipeline::{self, Brand};
use crate::settings::parse_duration;
use crate::store::{self, BrandKey};

/// A list of cases: those that wait by what presses most, the others newest first.
pub fn list(
    office: &Office,
    brand: Option<&str>,
    state: Option<&str>,
    as_of: Option<&str>,
) -> Result<Value> {
    let wanted = state.map(wanted_states).transpose()?;
    let brands: Vec<(&Brand, BrandKey)> = match brand {
        Some(_) => vec![office.brand(brand)?],
        None => office.brands.values().map(|(brand, key)| (brand.as_ref(), *key)).collect(),
    };
    let mut all = Vec::new();
    for (brand, key) in brands {
        let now = super::numbers::moment(office, brand, as_of)?;
        let found = match as_of {
            None => known(office, key, wanted.as_deref(), now)?,
            Some(_) => {
                let history = pipeline::load_history(
                    &office.store,
                    brand,
                    key,
                    &office.parented,
                    Time(0),
                    now,
                )?;
                cases::replay(&history, &brand.policy, &brand.calendar)
            }
        };
        for case in found {
            let state = case.state(now);
            if wanted.as_ref().is_none_or(|wanted| wanted.contains(&state)) {
                all.push((urgency(&case, state), describe(brand, &case, now)));
            }
        }
    }
    // Asked for who waits, people want to know where to begin; else what is new.
    match &wanted {
        Some(states) if states.iter().all(|s| s.waits()) => {
            all.sort_by_key(|(urgency, _)| *urgency)
        }
        _ => all.sort_by_key(|((.., opened_at), _)| Reverse(*opened_at)),
    }
    Ok(Value::Array(all.into_iter().map(|(_, case)| case).collect()))
}

/// The cases of a brand in these states. Those that wait are found without reading the others.
fn known(
    office: &Office,
    key: BrandKey,
    wanted: Option<&[CaseState]>,
    now: Time,
) -> Result<Vec<Case>> {
    let Some(wanted) = wanted else { return Ok(office.store.cases(key, Time(0)..Time(i64::MAX))?) };
    let is_wanted = |case: &store::Result<Case>| {
        case.as_ref().map_or(true, |case| wanted.contains(&case.state(now)))
    };
    let found: store::Result<Vec<Case>> = if wanted.iter().all(|state| state.waits()) {
        let lapsed = wanted.contains(&CaseState::Lapsed);
        let due = if lapsed { Time(0) } else { now.plus(-Case::LAPSE) };
        office.store.each_open_case(key, due..)?.filter(is_wanted).collect()
    } else {
        office.store.each_case(key, Time(0)..Time(i64::MAX)).filter(is_wanted).collect()
    };
    Ok(found?)
}

/// Overdue before at risk before open, what has lapsed last; among these the severe ones first, then
/// what is due first.
fn urgency(case: &Case, state: CaseState) -> (u8, Reverse<Severity>, Time, Time) {
    let rank = match state {
        CaseState::Overdue => 0,
        CaseState::AtRisk => 1,
        CaseState::Open => 2,
        CaseState::Lapsed => 3,
        _ => 4,
    };
    (rank, Reverse(case.severity), case.due_at, case.opened_at)
}

fn wanted_states(word: &str) -> Result<Vec<CaseState>> {
    let word = word.replace('-', "_");
    if word == "waiting" {
        return Ok(CaseState::ALL.into_iter().filter(|s| s.waits()).collect());
    }
    match CaseState::ALL.into_iter().find(|s| s.word() == word) {
        Some(state) => Ok(vec![state]),
        None => {
            let all: Vec<&str> = CaseState::ALL.iter().map(|s| s.word()).collect();
            bail!("there is no state `{word}`; the states are: waiting, {}", all.join(", "))
        }
    }
}

/// A case as other programs see it.
pub fn describe(brand: &Brand, case: &Case, now: Time) -> Value {
    let answered_at = case.answer.as_ref().map(|answer| answer.at);
    let seconds = |millis: i64| (millis as f64) / 1000.0;
    let first_reply = answered_at.map(|at| {
        json!({
            "wall": seconds(at.since(case.opened_at)),
            "business": seconds(brand.calendar.between(case.opened_at, at)),
        })
    });
    json!({
        "id": case.id,
        "brand": brand.id,
        "zone": brand.zone.name(),
        "kind": case.kind,
        "platform": case.platform,
        "thread": case.thread,
        "class": case.class,
        "state": case.state(now),
        "severity": case.severity,
        "opened_at": case.opened_at,
        "seen_at": case.seen_at,
        "due_at": case.due_at,
        "at_risk_at": case.risk_at,
        "held_until": case.held_until,
        "answered_at": answered_at,
        "answered_by": case.answer.as_ref().and_then(|answer| answer.by.clone()),
        "ended_at": case.end.map(|(_, at)| at),
        "first_reply_seconds": first_reply,
        "interaction": case.interaction,
        "asks": case.asks,
        "permalink": case.permalink,
        "author": case.author,
        "events": case.events,
    })
}

fn find<'a>(office: &'a Office, id: &str) -> Result<(&'a Brand, BrandKey, Case)> {
    for (brand, key) in office.brands.values() {
        if let Some(case) = office.store.case(*key, id)? {
            return Ok((brand, *key, case));
        }
    }
    bail!("there is no case `{id}`; `affinityd cases list` shows those there are")
}

/// One case with the posts of its thread.
pub fn show(office: &Office, id: &str) -> Result<Value> {
    let (brand, key, case) = find(office, id)?;
    let now = office.clock.now();
    let mut posts: Vec<_> = office
        .store
        .thread(key, &case.platform, &case.thread)?
        .iter()
        .filter_map(|record| record.as_of(now))
        .collect();
    posts.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    let posts: Vec<Value> = posts
        .iter()
        .map(|post| {
            json!({
                "id": post.id,
                "at": post.at,
                "kind": post.kind,
                "own": post.own,
                "author": post.author,
                "text": post.text,
                "url": post.url,
                "intent": post.intent,
                "needs_answer": post.verdict.as_ref().map(|v| v.scores.needs_answer),
                "reasons": post.verdict.as_ref().map(|v| &v.reasons),
                "deleted_at": post.deleted_at,
            })
        })
        .collect();
    let mut shown = describe(brand, &case, now);
    shown["posts"] = Value::Array(posts);
    Ok(shown)
}

/// Files what a person did with a case.
pub fn act(
    office: &Office,
    id: &str,
    what: &str,
    argument: Option<&str>,
    note: Option<String>,
    actor: String,
) -> Result<Value> {
    let (brand, _, case) = find(office, id)?;
    let now = office.clock.now();
    let kind = match what {
        "close" => ActKind::Close,
        "not-for-us" => ActKind::NotForUs,
        "moved-private" => ActKind::MovedPrivate,
        "snooze" => ActKind::Snooze(until(brand, argument.unwrap_or("next-open"), now)?),
        "ack" => ActKind::Ack(match argument {
            Some(text) => until(brand, text, now)?,
            None => {
                let day = brand.calendar.add(now, brand.calendar.day_millis());
                day.min(now.plus(Case::LONGEST_HOLD))
            }
        }),
        "assign" => ActKind::Assign(argument.context("say to whom")?.to_owned()),
        other => bail!("nobody can `{other}` a case"),
    };
    let act = Act { platform: case.platform, id: case.interaction, at: now, kind, actor, note };
    {
        let _turn = office.turn();
        pipeline::act(office.desk(&brand.id)?, act, now)?;
    }
    office.swept.notify_one();
    show(office, id)
}

/// `next-open`, a duration from now, or a time; at most fourteen days away.
fn until(brand: &Brand, text: &str, now: Time) -> Result<Time> {
    let until = if text == "next-open" {
        let calendar = &brand.calendar;
        let closes = if calendar.is_open(now) { calendar.next_close(now) } else { None };
        calendar.next_open(closes.unwrap_or(now)).context("the brand has no business hours")?
    } else if let Some(millis) = parse_duration(text) {
        now.plus(millis)
    } else {
        Time::parse(text).with_context(|| {
            format!("`{text}` is neither `next-open`, a duration such as 4h, nor a time")
        })?
    };
    if until <= now || until.since(now) > Case::LONGEST_HOLD {
        bail!("a case can be put off by fourteen days at most, and not into the past");
    }
    Ok(until)
}
