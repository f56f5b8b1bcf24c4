//! Answers where a person says what a post is, and which posts wait for such a word.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Office, cases};
use crate::cases::case_id;
use crate::model::{Case, CaseKind, Interaction, Ruling, Time};
use crate::pipeline::{self, Brand, Said};
use crate::settings::nearest;
use crate::store::BrandKey;

/// Where a post was looked for and found.
struct Place<'a> {
    brand: &'a Brand,
    key: BrandKey,
    platform: String,
    /// The post, or every asking post of the case.
    posts: Vec<String>,
    /// The case that was named.
    case: Option<Case>,
}

/// What is to be corrected.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// A case or a post.
    pub id: &'a str,
    /// Of this brand.
    pub brand: Option<&'a str>,
    /// On this platform.
    pub platform: Option<&'a str>,
}

/// Keeps a person's word about a post, or about every asking post of a case, and tells what became
/// of it.
pub fn correct(office: &Office, named: Named<'_>, said: &Said) -> Result<Value> {
    if said.ruling == Ruling::default() {
        bail!("nothing to correct: say what it is, as in `--intent question`");
    }
    let now = office.clock.now();
    // What is looked up must still be so when it is corrected.
    let turn = office.turn();
    let place = find(office, named)?;
    let Place { brand, key, platform, .. } = &place;
    let first = place.posts.first().context("a case without posts")?;
    let before = case_of(office, *key, platform, first, place.case.as_ref())?;
    let posts: Vec<(String, String)> =
        place.posts.iter().map(|id| (platform.clone(), id.clone())).collect();
    let done = pipeline::correct(office.desk(&brand.id)?, &posts, said, now)?;
    let after = case_of(office, *key, platform, first, before.as_ref())?;
    drop(turn);
    office.swept.notify_one();
    let state = |case: Option<Case>| case.map(|case| cases::describe(brand, &case, now));
    let posts: Vec<Value> = done
        .iter()
        .map(|post| {
            json!({
                "platform": post.after.platform,
                "id": post.after.id,
                "before": facts(&post.before),
                "after": facts(&post.after),
            })
        })
        .collect();
    Ok(json!({
        "brand": brand.id,
        "zone": brand.zone.name(),
        "posts": posts,
        "case_before": state(before),
        "case": state(after),
        "actor": said.actor,
        "at": now,
    }))
}

/// What of a post can be corrected.
fn facts(it: &Interaction) -> Value {
    json!({
        "intent": it.intent,
        "sentiment": it.sentiment,
        "relevant": it.relevant,
        "severity": it.severity,
        "thanks": it.thanks,
        "recommends": it.recommends,
        "unsure": it.unsure,
        "asks": it.asks(),
        "aspects": it.ruling.as_ref().and_then(|ruling| ruling.aspects.clone()),
        "model": it.verdict.as_ref().map(|verdict| verdict.model.clone()),
    })
}

/// The case that a post belongs to: one that it asks in, else the one that was known before.
fn case_of(
    office: &Office,
    key: BrandKey,
    platform: &str,
    post: &str,
    known: Option<&Case>,
) -> Result<Option<Case>> {
    let store = &office.store;
    let Some(record) = store.record(key, platform, post)? else { return Ok(None) };
    let mut opening = None;
    for row in store.thread(key, platform, &record.filed)? {
        let Some(case) = store.case(key, &case_id(platform, &row.id))? else { continue };
        let is_asked = case.kind == CaseKind::Asked;
        if is_asked && case.asks.iter().any(|ask| ask.id == post) {
            return Ok(Some(case));
        }
        if case.interaction == post {
            opening = Some(case);
        }
    }
    match (opening, known) {
        (Some(case), _) => Ok(Some(case)),
        (None, Some(known)) => Ok(store.case(key, &known.id)?),
        (None, None) => Ok(None),
    }
}

fn find<'a>(office: &'a Office, named: Named<'_>) -> Result<Place<'a>> {
    let Named { id, brand, platform } = named;
    let brands: Vec<(&Brand, BrandKey)> = match brand {
        Some(_) => vec![office.brand(brand)?],
        None => office.brands.values().map(|(brand, key)| (brand.as_ref(), *key)).collect(),
    };
    for (brand, key) in &brands {
        if let Some(case) = office.store.case(*key, id)? {
            let mut posts: Vec<String> = case.asks.iter().map(|ask| ask.id.clone()).collect();
            if posts.is_empty() {
                posts.push(case.interaction.clone());
            }
            let platform = case.platform.clone();
            return Ok(Place { brand, key: *key, platform, posts, case: Some(case) });
        }
    }
    let mut found = Vec::new();
    for (brand, key) in &brands {
        for platform in platforms(office, *key, platform)? {
            if office.store.record(*key, &platform, id)?.is_some() {
                found.push((*brand, *key, platform));
            }
        }
    }
    match found.len() {
        1 => {}
        0 => return Err(unknown(office, &brands, id)),
        _ => {
            let all: Vec<String> = found.iter().map(|(b, _, p)| format!("{} {p}", b.id)).collect();
            bail!(
                "several posts have the id `{id}` ({}): say which with `--brand` or `--platform`",
                all.join(", ")
            );
        }
    }
    let (brand, key, platform) = found.remove(0);
    Ok(Place { brand, key, platform, posts: vec![id.to_owned()], case: None })
}

/// The platform that was named, else those of the accounts and those that something was stored of.
fn platforms(office: &Office, key: BrandKey, named: Option<&str>) -> Result<BTreeSet<String>> {
    if let Some(named) = named {
        return Ok(BTreeSet::from([named.to_owned()]));
    }
    let mut all: BTreeSet<String> = office.accounts.iter().map(|a| a.platform.clone()).collect();
    let days = office.store.days(key, NaiveDate::MIN, NaiveDate::MAX)?;
    all.extend(days.into_iter().map(|day| day.platform));
    Ok(all)
}

fn unknown(office: &Office, brands: &[(&Brand, BrandKey)], id: &str) -> anyhow::Error {
    let mut ids = Vec::new();
    for (_, key) in brands {
        let cases = office.store.cases(*key, Time(0)..Time(i64::MAX));
        ids.extend(cases.into_iter().flatten().map(|case| case.id));
    }
    match nearest(id, ids.iter().map(String::as_str)) {
        Some(near) => {
            anyhow::anyhow!("there is no case or post `{id}`; did you mean `{near}`?")
        }
        None => anyhow::anyhow!("there is no case or post `{id}`; see `affinityd cases list`"),
    }
}

/// The posts that wait for a look, oldest first.
pub fn review(office: &Office, brand: Option<&str>) -> Result<Value> {
    let now = office.clock.now();
    let brands: Vec<&str> = match brand {
        Some(_) => vec![&office.brand(brand)?.0.id],
        None => office.brands.keys().map(String::as_str).collect(),
    };
    let mut all = Vec::new();
    for id in brands {
        let desk = office.desk(id)?;
        for post in pipeline::review(desk, now)? {
            all.push((post.at, shown(desk.brand, &post)));
        }
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(Value::Array(all.into_iter().map(|(_, post)| post).collect()))
}

/// A post as it is put before a person.
pub fn shown(brand: &Brand, post: &Interaction) -> Value {
    let verdict = post.verdict.as_ref();
    json!({
        "id": post.id,
        "brand": brand.id,
        "zone": brand.zone.name(),
        "platform": post.platform,
        "at": post.at,
        "author": post.author,
        "text": post.text,
        "title": post.title,
        "url": post.url,
        "lang": post.lang,
        "intent": post.intent,
        "needs_answer": verdict.map(|v| v.scores.needs_answer),
        "scores": verdict.map(|v| v.scores),
        "reasons": verdict.map(|v| &v.reasons),
        "model": verdict.map(|v| &v.model),
    })
}

/// How many posts of a brand wait for a look.
pub fn to_look_at(office: &Office, brand: &str) -> Result<u64> {
    Ok(pipeline::review(office.desk(brand)?, office.clock.now())?.len() as u64)
}
