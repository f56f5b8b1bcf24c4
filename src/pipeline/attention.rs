//! Tells people by mail, once a day, that a source needs their attention.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::ingest::Desk;
use super::outbox;
use crate::model::{Health, Message, Purpose, Severity, Time};
use crate::notify::{Coverage, SourceFacts, compose_source, source_notice_due};
use crate::store::Change;
use crate::words::Words;

/// Writes a mail for every account with a stream that a person must see to, unless they were told
/// within a day. How many were written.
///
/// # Errors
/// If the store fails.
pub fn send_attention(
    desk: Desk<'_>,
    coverage: &[Coverage],
    domain: &str,
    now: Time,
) -> Result<u64> {
    let Desk { store, brand, key, .. } = desk;
    if brand.recipients.is_empty() {
        return Ok(0);
    }
    let mut accounts: BTreeMap<&str, Vec<&Coverage>> = BTreeMap::new();
    for source in coverage.iter().filter(|c| c.health == Health::NeedsAttention) {
        accounts.entry(&source.account).or_default().push(source);
    }
    let mut written = 0;
    for (account, streams) in accounts {
        let Some((first, trouble)) =
            streams.iter().find_map(|c| c.trouble.clone().map(|trouble| (*c, trouble)))
        else {
            continue;
        };
        let name = format!("attention/{account}");
        let told_at: Option<Time> = store.value(&name)?;
        if told_at.is_some_and(|at| at > now) {
            // By a clock that was ahead: the day from then on begins now.
            let values = vec![(name, Some(serde_json::to_value(now)?))];
            store.commit(Change { values, ..Change::default() }).context("putting a time right")?;
            continue;
        }
        if !source_notice_due(told_at, now) {
            continue;
        }
        // Not marked as told, so it goes out as soon as there is room.
        if outbox::room(store)? == 0 {
            break;
        }
        let facts = SourceFacts {
            brand: brand.name.clone(),
            platform: first.platform.clone(),
            account: account.to_owned(),
            streams: streams.iter().map(|c| c.stream.clone()).collect(),
            trouble,
            read_until: streams.iter().filter_map(|c| c.read_until).min(),
            now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let composed = compose_source(&facts, Words::new(brand.language, brand.zone));
        let tag = xxhash_rust::xxh3::xxh3_64(account.as_bytes());
        let message = Message {
            id: format!("source.{}.{tag:016x}@{domain}", now.0),
            brand: brand.id.clone(),
            purpose: Purpose::Source,
            severity: Severity::High,
            group: format!("source/{account}"),
            references: Vec::new(),
            subject: composed.subject,
            text: composed.text,
            html: composed.html,
            at: now,
            cases: Vec::new(),
        };
        let change = Change {
            brand: Some(key),
            values: vec![(name, Some(serde_json::to_value(now)?))],
            mails_new: vec![outbox::entry(message, &brand.recipients, now)],
            ..Change::default()
        };
        store.commit(change).context("committing a notice about a source")?;
        written += 1;
    }
    Ok(written)
}
