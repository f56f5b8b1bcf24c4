//! Who is the brand, who is a bot and who is blocked, as far as the configuration and the stored
//! posts tell (rules E7 and E8).
//!
//! The configuration names accounts by id or by handle. An id gives the person at once; a handle
//! only through a post that carries it, so persons found that way are remembered.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use super::ingest::Desk;
use crate::model::{Accounts, Interaction, Person};

/// A blocked account that was seen, and who it is.
type Blocked = (String, String, Person);

/// All that is known without looking at posts.
pub fn known(desk: Desk<'_>) -> Result<Accounts> {
    listed(desk, desk.store.accounts(desk.key)?)
}

/// The same without bots. There can be thousands of those, so a page asks for the ones it meets.
pub fn without_bots(desk: Desk<'_>) -> Result<Accounts> {
    listed(desk, desk.store.own_accounts(desk.key)?)
}

fn listed(desk: Desk<'_>, mut accounts: Accounts) -> Result<Accounts> {
    let Desk { store, brand, .. } = desk;
    for own in &brand.own {
        let person = store.person(&own.platform, &own.account);
        accounts.own.insert(person);
        if own.bot {
            accounts.own_bots.insert(person);
        }
    }
    accounts.blocked = blocked(desk)?;
    Ok(accounts)
}

/// Whom the brand does not want to hear of.
pub fn blocked(desk: Desk<'_>) -> Result<BTreeSet<Person>> {
    let Desk { store, brand, .. } = desk;
    let mut persons: BTreeSet<Person> =
        brand.blocked.iter().map(|b| store.person(&b.platform, &b.account)).collect();
    // Who is no longer listed is heard again.
    let is_listed = |(platform, account, _): &Blocked| {
        brand.blocked.iter().any(|b| b.platform == *platform && b.account == *account)
    };
    persons.extend(remembered(desk)?.into_iter().filter(is_listed).map(|(.., person)| person));
    Ok(persons)
}

/// Adds the listed accounts that are found among the authors of these rows.
pub fn learn(accounts: &mut Accounts, desk: Desk<'_>, rows: &[Interaction]) {
    let brand = desk.brand;
    for row in rows {
        let (Some(author), Some(person)) = (&row.author, row.person) else { continue };
        if let Some(own) = brand.own_account(&row.platform, author) {
            accounts.own.insert(person);
            if own.bot {
                accounts.own_bots.insert(person);
            }
        }
        if brand.blocks(&row.platform, author).is_some() {
            accounts.blocked.insert(person);
        }
    }
}

/// The value that remembers the blocked authors of these rows, if one of them is new.
pub fn remember(desk: Desk<'_>, rows: &[Interaction]) -> Result<Option<(String, Option<Value>)>> {
    if desk.brand.blocked.is_empty() {
        return Ok(None);
    }
    let mut seen = remembered(desk)?;
    let before = seen.len();
    for row in rows {
        let (Some(author), Some(person)) = (&row.author, row.person) else { continue };
        let Some(listed) = desk.brand.blocks(&row.platform, author) else { continue };
        let entry = (listed.platform.clone(), listed.account.clone(), person);
        if !seen.contains(&entry) {
            seen.push(entry);
        }
    }
    if seen.len() == before {
        return Ok(None);
    }
    Ok(Some((name(desk), Some(serde_json::to_value(seen)?))))
}

fn remembered(desk: Desk<'_>) -> Result<Vec<Blocked>> {
    let seen = desk.store.value(&name(desk)).context("the blocked accounts")?;
    Ok(seen.unwrap_or_default())
}

fn name(desk: Desk<'_>) -> String {
    format!("blocked/{}", desk.brand.id)
}
