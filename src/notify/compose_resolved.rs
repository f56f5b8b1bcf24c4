//! Composes the mail that says what became of cases people were alerted about.

use crate::model::Time;
use crate::words::Words;

use super::card::{CaseCard, names, platform_name};
use super::clean;
use super::compose_alert::{because, list};
use super::decide::Reason;
use super::page::{Block, Composed, Page, Tone, fit};

const FULL: usize = 10;

/// What has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedFacts {
    /// The brand's name.
    pub brand: String,
    /// The cases, at least one.
    pub resolved: Vec<CaseCard>,
    /// What people know and still waits.
    pub still: Vec<CaseCard>,
    /// The subject of the thread this mail carries on; see [`super::GroupState::subject_for`].
    pub thread_subject: Option<String>,
    /// When it is composed.
    pub now: Time,
    /// The version of affinityd.
    pub version: String,
}

/// Composes it, for the mail thread of the alert.
pub fn compose_resolved(facts: &ResolvedFacts, words: Words) -> Composed {
    let cards: Vec<&CaseCard> = facts.resolved.iter().collect();
    let brand = clean::line(&facts.brand, 30);
    let subject = match (&facts.thread_subject, cards.as_slice()) {
        (Some(subject), _) => format!("Re: {}", subject.trim_start_matches("Re: ")),
        (None, [card]) => {
            let platform = platform_name(&card.platform);
            words.ended_subject_one(&brand, card.state, &card.who(words), &platform)
        }
        (None, many) => words.ended_subject_many(&brand, many.len() as u64, &names(many, words)),
    };
    fit(&subject, FULL, |limit| page(facts, &cards, words, limit))
}

fn page(facts: &ResolvedFacts, cards: &[&CaseCard], words: Words, limit: usize) -> Page {
    let lead = match cards {
        [card] => words.ended_lead_one(card.state, &card.who(words)),
        many => words.ended_lead_many(many.len() as u64),
    };
    let (full, short) = cards.split_at(limit.min(cards.len()));
    let mut blocks: Vec<Block> =
        full.iter().map(|card| Block::Card(Box::new(card.ended(words)))).collect();
    list(&mut blocks, short, facts.now, words, limit);
    if !facts.still.is_empty() {
        blocks.push(Block::Heading(words.still_waiting().to_owned()));
        let still: Vec<&CaseCard> = facts.still.iter().collect();
        list(&mut blocks, &still, facts.now, words, limit);
    }
    Page {
        language: words.language.code(),
        tone: Tone::Good,
        kicker: words.ended_kicker(&clean::line(&facts.brand, 60)),
        preview: lead.clone(),
        lead,
        blocks,
        footer: vec![
            words.why_this_mail(because(Reason::Resolved, words)),
            words.written_by(&facts.version, facts.now),
        ],
    }
}
