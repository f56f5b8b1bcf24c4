//! A stretch of a brand's interactions as known at one moment: what rules and indicators look at.

use std::collections::{BTreeMap, BTreeSet};

use super::{Act, Interaction, Kind, Person, Time};

/// What is known about accounts, beyond single posts (rules E7 and E8).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accounts {
    /// Accounts of the brand and its staff. Own in all their rows.
    pub own: BTreeSet<Person>,
    /// Own accounts that are bots: nothing they post is an answer.
    pub own_bots: BTreeSet<Person>,
    /// Accounts that say they are bots, with the time this was first seen.
    pub bots: BTreeMap<Person, Time>,
    /// Accounts the brand does not want to hear of.
    pub blocked: BTreeSet<Person>,
}

/// Whole threads of one brand, as known at `now`.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The moment.
    pub now: Time,
    /// Every row known at that moment, in no order. Threads are complete.
    pub rows: Vec<Interaction>,
    /// Acts by people up to that moment, in order of time.
    pub acts: Vec<Act>,
    /// The accounts.
    pub accounts: Accounts,
    /// Texts that are automatic replies, trimmed and in lower case.
    pub auto_replies: BTreeSet<String>,
    /// Platforms whose connector says that replies carry their parents (rule E14).
    pub parented: BTreeSet<String>,
}

impl History {
    /// Whether a row is the brand's own: by its own word or by its account (rule E7).
    pub fn is_own(&self, row: &Interaction) -> bool {
        row.own || row.person.is_some_and(|p| self.accounts.own.contains(&p))
    }

    /// Whether a row is only a node of its thread: bots, blocked accounts, not about the brand
    /// (rule E8).
    pub fn is_mute(&self, row: &Interaction) -> bool {
        !row.relevant
            || row.bot
            || row.person.is_some_and(|p| {
                self.accounts.blocked.contains(&p)
                    || self.accounts.bots.get(&p).is_some_and(|seen| *seen <= self.now)
            })
    }

    /// Whether a row makes its person active: said by a customer, and more than a like (rule E9).
    pub fn is_inbound(&self, row: &Interaction) -> bool {
        row.kind != Kind::Reaction && !self.is_own(row) && !self.is_mute(row)
    }
}
