//! Answers about indicators and digests, as of any moment.

use anyhow::{Result, bail};
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::Office;
use crate::indicators::window::now_of_date;
use crate::mail;
use crate::model::{Indicator, Message, Purpose, Severity, Time};
use crate::pipeline::{self, Brand, Panel};

/// The moment that is meant: a date is its first instant in the brand's zone (rule E1).
pub fn moment(office: &Office, brand: &Brand, as_of: Option<&str>) -> Result<Time> {
    let Some(text) = as_of else { return Ok(office.clock.now()) };
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(now_of_date(date, brand.zone));
    }
    match Time::parse(text) {
        Some(time) => Ok(time),
        None => bail!(
            "`{text}` is neither a date such as 2026-11-09 nor a time such as 2026-11-09T08:00:00Z"
        ),
    }
}

/// A brand, and what was known of it then.
fn panel<'o>(
    office: &'o Office,
    brand: Option<&str>,
    days: u32,
    as_of: Option<&str>,
) -> Result<(&'o Brand, Panel<'o>)> {
    let (brand, _) = office.brand(brand)?;
    let now = moment(office, brand, as_of)?;
    Ok((brand, Panel::load(office.desk(&brand.id)?, days, now)?))
}

/// The panel of indicators.
pub fn indicators(
    office: &Office,
    brand: Option<&str>,
    days: u32,
    as_of: Option<&str>,
) -> Result<Value> {
    let (brand, panel) = panel(office, brand, days, as_of)?;
    Ok(json!({
        "brand": brand.id,
        "from": panel.window.from,
        "to": panel.window.to,
        "as_of": panel.history.now,
        "zone": brand.zone.name(),
        "indicators": panel.indicators(),
    }))
}

/// What is behind one indicator, part by part.
pub fn explain(
    office: &Office,
    id: &str,
    brand: Option<&str>,
    days: u32,
    as_of: Option<&str>,
) -> Result<Value> {
    let (brand, panel) = panel(office, brand, days, as_of)?;
    let (id, part) = match id.split_once('.') {
        Some((id, part)) => (id, Some(part)),
        None => (id, None),
    };
    let all = panel.indicators();
    let wanted: Vec<&Indicator> = all
        .iter()
        .filter(|i| i.id.eq_ignore_ascii_case(id))
        .filter(|i| part.is_none() || i.part == part)
        .collect();
    if wanted.is_empty() {
        let mut known: Vec<String> = all
            .iter()
            .map(|i| i.part.map_or(i.id.to_owned(), |part| format!("{}.{part}", i.id)))
            .collect();
        known.dedup();
        bail!("there is no indicator `{id}`; there are: {}", known.join(", "));
    }
    let mut told = Vec::new();
    for indicator in wanted {
        let mut shown = serde_json::to_value(indicator)?;
        shown["brand"] = json!(brand.id);
        shown["from"] = json!(panel.window.from);
        shown["to"] = json!(panel.window.to);
        shown["zone"] = json!(brand.zone.name());
        if let Some(behind) = panel.explain(indicator.id, indicator.part) {
            shown["rule"] = json!(behind.rule);
            shown["behind"] = serde_json::to_value(behind.parts)?;
        }
        told.push(shown);
    }
    Ok(Value::Array(told))
}

/// The digest that would be sent.
pub fn digest(office: &Office, brand: Option<&str>, as_of: Option<&str>) -> Result<Value> {
    let (brand, _) = office.brand(brand)?;
    let now = moment(office, brand, as_of)?;
    let coverage = office.coverage(&brand.id);
    let made = pipeline::digest(office.desk(&brand.id)?, &coverage, now, false)?;
    let facts = facts(&made, brand);
    let Some(composed) = made.composed else {
        let said = "An empty day: by the configuration it gets no mail.";
        return Ok(json!({ "facts": facts, "text": said, "html": "", "eml": "" }));
    };
    let message = Message {
        id: format!("digest.{}.preview@{}", brand.id, office.mail_domain),
        brand: brand.id.clone(),
        purpose: Purpose::Digest(made.facts.day.to),
        severity: Severity::Low,
        group: format!("digest/{}", brand.id),
        references: Vec::new(),
        subject: composed.subject.clone(),
        text: composed.text.clone(),
        html: composed.html.clone(),
        at: now,
        cases: Vec::new(),
    };
    let to = brand.recipients.first().map_or("nobody@localhost", String::as_str);
    let eml = mail::address(to)
        .map_err(anyhow::Error::msg)
        .and_then(|to| Ok(mail::build(&message, &office.letterhead, &to)?))?;
    Ok(json!({
        "facts": facts,
        "subject": composed.subject,
        "text": composed.text,
        "html": composed.html,
        "eml": String::from_utf8_lossy(&eml.bytes),
    }))
}

/// The facts of a digest as other programs see them.
fn facts(made: &pipeline::Digest, brand: &Brand) -> Value {
    let facts = &made.facts;
    let coverage: Vec<Value> = facts
        .coverage
        .iter()
        .map(|source| {
            json!({
                "account": source.account,
                "platform": source.platform,
                "stream": source.stream,
                "health": source.health,
                "read_to_end_at": source.read_until,
                "gaps": source.gaps,
                "last_found_at": source.last_found_at,
                "silent": source.is_silent,
                "answers": source.can.answers,
                "error": source.trouble.as_ref().map(|(trouble, _)| trouble.class()),
            })
        })
        .collect();
    let waiting: Vec<Value> = facts
        .waiting
        .iter()
        .map(|case| {
            json!({
                "id": case.id,
                "state": case.state,
                "severity": case.severity,
                "class": case.class,
                "opened_at": case.opened_at,
                "due_at": case.due_at,
                "author": case.author,
                "permalink": case.permalink,
            })
        })
        .collect();
    let counts: Vec<Value> = facts
        .counts
        .iter()
        .map(|count| json!({ "kind": count.kind, "day": count.day, "week": count.week }))
        .collect();
    let praise: Vec<Value> = facts
        .praise
        .iter()
        .map(|p| json!({ "author": p.author, "platform": p.platform, "permalink": p.permalink }))
        .collect();
    json!({
        "brand": brand.id,
        "zone": brand.zone.name(),
        "as_of": facts.now,
        "day": { "from": facts.day.from, "to": facts.day.to },
        "window": { "from": facts.window.from, "to": facts.window.to },
        "mailed": made.composed.is_some(),
        "coverage": coverage,
        "waiting": waiting,
        "counts": counts,
        "indicators": facts.indicators,
        "praise": praise,
        "dead_letters": facts.dead_letters,
        "to_look_at": facts.to_look_at,
        "drift": facts.drift,
    })
}
