//! What a brand could be told, as much of it as wanted: item *k* depends on the seed and *k* alone,
//! so any slice can be made by itself, and the same arguments give the same bytes.
//!
//! Decides what is said, by whom, when, and how it belongs together. How that looks on a platform is
//! `wire`'s. Items are drawn in blocks of forty, and what refers to another item refers to one of
//! its own block: so a page of forty explains itself, whoever serves it.

mod dice;
mod texts;
mod wire;

use chrono::{DateTime, SecondsFormat};

pub use dice::Dice;
pub use texts::Stance;
pub use wire::{brand, feed, item_of, line, note, note_id};

/// Items in a block: what a page of the simulated platform holds.
pub const BLOCK: u64 = 40;
/// Milliseconds between two items: about 3,300 a day.
pub const STEP: i64 = 26_000;

const AUTHORS: u64 = 200_000;
const HOUR: i64 = 3_600_000;

/// A corpus.
#[derive(Clone, Copy, Debug)]
pub struct Corpus {
    /// Another seed, another corpus.
    pub seed: u64,
    /// When item 0 was posted, in milliseconds since 1970.
    pub from: i64,
    /// Milliseconds between two items; 60 is a storm: 10,000 in ten minutes.
    pub step: i64,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A post of its own, perhaps a reply to an earlier one.
    Post {
        /// The earlier one.
        to: Option<u64>,
    },
    /// An earlier post, passed on.
    Share(u64),
    /// An earlier post with other words.
    Edit(u64),
}

/// One item.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its number.
    pub k: u64,
    /// What it is.
    pub what: What,
    /// Its author's number; few write much, many write once.
    pub author: u64,
    /// The language of its words.
    pub lang: &'static str,
    /// What they want.
    pub stance: Stance,
    /// The words, as its author wrote them.
    pub text: String,
    /// When it was posted, as it claims, in milliseconds since 1970.
    pub at: i64,
}

impl Item {
    /// Its time, as interfaces tell it.
    pub fn time(&self) -> String {
        time(self.at)
    }
}

/// A time as interfaces tell it.
pub fn time(at: i64) -> String {
    let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl Corpus {
    /// The corpus whose item 0 was posted then, with the usual pace.
    pub fn new(seed: u64, from: i64) -> Self {
        Self { seed, from, step: STEP }
    }

    /// Item *k*.
    pub fn item(&self, k: u64) -> Item {
        let mut dice = self.dice(k, 1);
        let said = match dice.percent() {
            // On another platform, or by somebody else: the same words again.
            0..2 if !k.is_multiple_of(BLOCK) => texts::draw(&mut self.dice(self.earlier(k), 2)),
            2 => texts::hostile(&mut dice),
            _ => texts::draw(&mut self.dice(k, 2)),
        };
        Item {
            k,
            what: self.what(k),
            author: author(&mut dice),
            lang: said.lang,
            stance: said.stance,
            text: said.text,
            at: self.at(k),
        }
    }

    /// What item *k* is: of a hundred, 20 are shares and 5 edits of an earlier one; of the posts a
    /// third are replies.
    pub fn what(&self, k: u64) -> What {
        let mut dice = self.dice(k, 3);
        let drawn = dice.percent();
        match drawn {
            _ if k.is_multiple_of(BLOCK) => What::Post { to: None },
            0..20 => What::Share(self.earlier(k)),
            20..25 => What::Edit(self.earlier(k)),
            _ => What::Post { to: (dice.percent() < 35).then(|| self.earlier(k)) },
        }
    }

    /// A post before *k* in its block. The first of a block is always one.
    fn earlier(&self, k: u64) -> u64 {
        let first = k - k % BLOCK;
        let mut at = k - 1 - self.dice(k, 4).below(k - first);
        while at > first && self.dice(at, 3).percent() < 25 {
            at -= 1;
        }
        at
    }

    /// When: of a hundred, 3 are late by up to six hours and 1 has the very second of the one before.
    fn at(&self, k: u64) -> i64 {
        let mut dice = self.dice(k, 5);
        let plain = |k: u64| {
            let spread = self.dice(k, 6).below(self.step.max(1) as u64) as i64;
            self.from + self.step * k as i64 + spread
        };
        match dice.percent() {
            0..3 => plain(k) - dice.below(6 * HOUR as u64) as i64,
            3 => plain(k.saturating_sub(1)),
            _ => plain(k),
        }
    }

    fn dice(&self, k: u64, purpose: u64) -> Dice {
        Dice::new(self.seed, k, purpose)
    }
}

/// Nine of ten by Zipf's law with exponent 1.1, the tenth anybody.
fn author(dice: &mut Dice) -> u64 {
    if dice.percent() >= 90 {
        return dice.below(AUTHORS);
    }
    let rank = (1.0 - dice.unit()).powf(-1.0 / 1.1) as u64;
    rank.saturating_sub(1).min(AUTHORS - 1)
}
