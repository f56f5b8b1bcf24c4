//! Gathers the posts that a person should look at.

use std::collections::BTreeSet;

use anyhow::Result;

use super::accounts;
use super::ingest::Desk;
use crate::cases;
use crate::cases::review::LOOKED_AT;
use crate::model::{Accounts, History, Interaction, Time};

/// The posts of a brand that the classifier was not sure of and that wait for a look, as known at
/// `now`, oldest first.
///
/// # Errors
/// If the store cannot be read.
pub fn review(desk: Desk<'_>, now: Time) -> Result<Vec<Interaction>> {
    let Desk { store, brand, key, .. } = desk;
    let mut groups: BTreeSet<(String, String)> = BTreeSet::new();
    for record in store.scan(key, now.plus(-LOOKED_AT)..Time(i64::MAX)) {
        let record = record?;
        // Most are sure, and a look at the readings is cheaper than putting them together.
        let is_doubted = |v: &crate::model::Version| v.verdict.as_ref().is_some_and(|v| v.unsure);
        if record.versions.iter().any(is_doubted)
            && record.as_of(now).is_some_and(|it| it.unsure && it.relevant)
        {
            groups.insert((record.platform, record.filed));
        }
    }
    let mut all = Vec::new();
    let known: Accounts =
        if groups.is_empty() { Accounts::default() } else { accounts::known(desk)? };
    for (platform, group) in groups {
        let thread = store.thread(key, &platform, &group)?;
        let rows: Vec<Interaction> = thread.iter().filter_map(|r| r.as_of(now)).collect();
        let ids: Vec<(&str, &str)> = rows.iter().map(|r| (&*r.platform, &*r.id)).collect();
        let mut acts = store.acts_of(key, &ids)?;
        acts.retain(|act| act.at <= now);
        let mut accounts = known.clone();
        accounts::learn(&mut accounts, desk, &rows);
        let mut history = History {
            now,
            rows,
            acts,
            accounts,
            auto_replies: brand.auto_replies.clone(),
            parented: desk.parented.clone(),
        };
        let left = cases::review(&history, &brand.policy, &brand.calendar);
        let left: BTreeSet<usize> = left.into_iter().collect();
        let rows = std::mem::take(&mut history.rows).into_iter().enumerate();
        all.extend(rows.filter(|(place, _)| left.contains(place)).map(|(_, row)| row));
    }
    all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(all)
}
