//! Composes the one mail that lists what the hourly cap held back.

use crate::model::Time;
use crate::words::Words;

use super::card::CaseCard;
use super::clean;
use super::page::{Block, Composed, Page, Tone, fit};

const LISTED: usize = 40;

/// What the cap held back.
#[derive(Clone, Debug, PartialEq)]
pub struct RollUpFacts {
    /// The brand's name.
    pub brand: String,
    /// The cases of the mails that are not sent on their own, as they stand now.
    pub cases: Vec<CaseCard>,
    /// The cap, in mails an hour.
    pub cap: u32,
    /// When mails are sent one by one again.
    pub until: Time,
    /// When it is composed.
    pub now: Time,
    /// The version of affinityd.
    pub version: String,
}

/// Composes it: most severe first, then what is due first.
pub fn compose_roll_up(facts: &RollUpFacts, words: Words) -> Composed {
    let mut cards: Vec<&CaseCard> = facts.cases.iter().collect();
    cards.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.due_at.cmp(&b.due_at)));
    let brand = clean::line(&facts.brand, 30);
    let subject = words.roll_up_subject(&brand, cards.len() as u64);
    fit(&subject, LISTED, |limit| {
        let (shown, rest) = cards.split_at(limit.min(cards.len()));
        let mut blocks = vec![Block::Text(words.roll_up_why(u64::from(facts.cap), facts.until))];
        blocks.push(Block::Items(shown.iter().map(|c| c.listed(words, facts.now)).collect()));
        if !rest.is_empty() {
            blocks.push(Block::Text(words.not_listed(rest.len() as u64)));
        }
        let overdue = cards.iter().filter(|c| c.is_overdue()).count() as u64;
        let soon = cards.iter().filter(|c| c.state.waits()).count() as u64 - overdue;
        let lead = words.alert_lead(overdue, soon);
        Page {
            language: words.language.code(),
            tone: if overdue > 0 { Tone::Urgent } else { Tone::Warning },
            kicker: words.roll_up_kicker(&clean::line(&facts.brand, 60)),
            preview: lead.clone(),
            lead,
            blocks,
            footer: vec![words.written_by(&facts.version, facts.now)],
        }
    })
}
