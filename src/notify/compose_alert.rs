//! Composes the mail about unanswered feedback.

use crate::model::{Severity, Time};
use crate::words::Words;

use super::card::{CaseCard, names, platform_name};
use super::clean;
use super::decide::Reason;
use super::page::{Block, Composed, Page, Tone, fit};

/// Cases shown in full; the others get a line.
const FULL: usize = 10;
/// Lines after the full ones.
const LISTED: usize = 20;

/// What an alert is about.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertFacts {
    /// The brand's name.
    pub brand: String,
    /// Why it is sent.
    pub reason: Reason,
    /// What people do not know yet, and what a repeat repeats: shown first and in full.
    pub news: Vec<CaseCard>,
    /// What they know and still waits.
    pub still: Vec<CaseCard>,
    /// What they know and has ended.
    pub resolved: Vec<CaseCard>,
    /// What came and went outside hours.
    pub cleared: Vec<CaseCard>,
    /// The subject of the thread this mail carries on without anything new; see
    /// [`super::GroupState::subject_for`].
    pub thread_subject: Option<String>,
    /// When it is composed.
    pub now: Time,
    /// The version of affinityd.
    pub version: String,
}

/// Composes it: the most pressing case first, the rest shortened until the mail can be shown whole.
pub fn compose_alert(facts: &AlertFacts, words: Words) -> Composed {
    let mut news: Vec<&CaseCard> = facts.news.iter().collect();
    let mut still: Vec<&CaseCard> = facts.still.iter().collect();
    news.sort_by(|a, b| pressing(a, b));
    still.sort_by(|a, b| pressing(a, b));
    if news.is_empty() {
        // A reminder is about what is known already.
        std::mem::swap(&mut news, &mut still);
    }
    let subject = match &facts.thread_subject {
        Some(subject) => format!("Re: {}", subject.trim_start_matches("Re: ")),
        None => subject(facts, &news, words),
    };
    fit(&subject, FULL, |limit| page(facts, &news, &still, words, limit))
}

/// Most severe first, then the one that is due first.
fn pressing(a: &CaseCard, b: &CaseCard) -> std::cmp::Ordering {
    b.severity.cmp(&a.severity).then(a.due_at.cmp(&b.due_at)).then_with(|| a.id.cmp(&b.id))
}

fn subject(facts: &AlertFacts, news: &[&CaseCard], words: Words) -> String {
    let brand = clean::line(&facts.brand, 30);
    let is_severe = news.iter().any(|c| c.severity == Severity::Severe);
    if let [card] = news {
        let due = (!card.is_overdue()).then_some(card.due_at);
        let platform = platform_name(&card.platform);
        let who = card.who(words);
        return words.alert_subject_one(&brand, is_severe, due, &who, &platform, card.class);
    }
    let overdue = news.iter().filter(|c| c.is_overdue()).count() as u64;
    let soon = news.len() as u64 - overdue;
    words.alert_subject_many(&brand, is_severe, overdue, soon, &names(news, words))
}

fn page(
    facts: &AlertFacts,
    news: &[&CaseCard],
    still: &[&CaseCard],
    words: Words,
    limit: usize,
) -> Page {
    let mut blocks = Vec::new();
    let is_told = facts.news.is_empty();
    let (full, short) = news.split_at(limit.min(news.len()));
    for card in full {
        let is_new = !is_told && !still.is_empty();
        blocks.push(Block::Card(Box::new(card.waiting(words, facts.now, is_new))));
    }
    list(&mut blocks, short, facts.now, words, limit);
    if !still.is_empty() {
        blocks.push(Block::Heading(words.still_waiting().to_owned()));
        list(&mut blocks, still, facts.now, words, limit);
    }
    for (heading, cards) in
        [(words.ended_since(), &facts.resolved), (words.cleared_overnight(), &facts.cleared)]
    {
        if !cards.is_empty() {
            blocks.push(Block::Heading(heading.to_owned()));
            let cards: Vec<&CaseCard> = cards.iter().collect();
            list(&mut blocks, &cards, facts.now, words, limit);
        }
    }
    blocks.push(Block::Heading(words.how_to_act().to_owned()));
    blocks.push(Block::Text(words.answer_in_public().to_owned()));
    blocks.push(Block::Commands(commands(news.first().map(|c| c.id.as_str()), words)));

    let overdue = news.iter().chain(still).filter(|c| c.is_overdue()).count() as u64;
    let soon = (news.len() + still.len()) as u64 - overdue;
    let severe = news.iter().filter(|c| c.severity == Severity::Severe).count() as u64;
    let mut lead = words.alert_lead(overdue, soon);
    if severe > 0 {
        lead = format!("{} {lead}", words.severe_lead(severe));
    }
    let is_urgent = overdue + severe > 0;
    let first = news.first().map(|c| format!("{}: {}", c.who(words), c.words_of(words, 90)));
    Page {
        language: words.language.code(),
        tone: if is_urgent { Tone::Urgent } else { Tone::Warning },
        kicker: words.alert_kicker(&clean::line(&facts.brand, 60)),
        preview: format!("{lead} {}", first.unwrap_or_default()),
        lead,
        blocks,
        footer: vec![
            words.why_this_mail(because(facts.reason, words)),
            words.written_by(&facts.version, facts.now),
        ],
    }
}

/// A line for each, up to a limit, and how many more there are.
pub(crate) fn list(
    blocks: &mut Vec<Block>,
    cards: &[&CaseCard],
    now: Time,
    words: Words,
    limit: usize,
) {
    // With fewer full cards there is room for fewer lines too.
    let most = (LISTED * limit).div_ceil(FULL).min(LISTED);
    let (shown, rest) = cards.split_at(most.min(cards.len()));
    if !shown.is_empty() {
        blocks.push(Block::Items(shown.iter().map(|c| c.listed(words, now)).collect()));
    }
    if !rest.is_empty() {
        blocks.push(Block::Text(words.not_listed(rest.len() as u64)));
    }
}

fn commands(id: Option<&str>, words: Words) -> Vec<(String, String)> {
    let id = id.map_or_else(|| "CASE".to_owned(), |id| clean::line(id, 40));
    [
        (format!("affinityd cases ack {id}"), words.act_ack()),
        (format!("affinityd cases snooze {id} --until next-open"), words.act_snooze()),
        (format!("affinityd cases close {id}"), words.act_close()),
        (format!("affinityd cases not-for-us {id}"), words.act_not_for_us()),
    ]
    .map(|(command, what)| (command, what.to_owned()))
    .to_vec()
}

pub(crate) fn because(reason: Reason, words: Words) -> &'static str {
    match reason {
        Reason::SevereOpened => words.because_severe(),
        Reason::OpeningBell => words.because_opening(),
        Reason::FirstNotice => words.because_first(),
        Reason::NewlyOverdue => words.because_overdue(),
        Reason::NewCase => words.because_new(),
        Reason::NewlyAtRisk => words.because_risk(),
        Reason::AckRanOut => words.because_ack_ran_out(),
        Reason::Resolved => words.because_ended(),
        Reason::RepeatDue => words.because_repeat(),
    }
}
