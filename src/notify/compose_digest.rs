//! Composes the daily digest, and decides what an empty day gets.

use chrono::{Datelike, TimeDelta};

use crate::calendar::first_instant;
use crate::model::{Author, CaseState, Drift, Indicator, Kind, Time, Window};
use crate::words::{Tally, Words};

use super::card::{CaseCard, platform_name, who};
use super::clean;
use super::config::{DigestConfig, Empty, Part};
use super::coverage::{self, Coverage};
use super::page::{Block, Composed, Item, Link, Page, Tone, fit};
use super::panel;

/// Cases listed before the rest is only counted.
const LISTED: usize = 15;
const PRAISE: usize = 5;

/// How many acts of one kind came in. `None`: no source offers them, which is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindCount {
    /// The kind.
    pub kind: Kind,
    /// On the day of the digest.
    pub day: Option<u64>,
    /// In the seven days that end with it.
    pub week: Option<u64>,
}

/// A post worth a thank-you.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Praise {
    /// Who wrote it.
    pub author: Option<Author>,
    /// Where.
    pub platform: String,
    /// What.
    pub text: Option<String>,
    /// Its permalink.
    pub permalink: Option<String>,
}

/// What a digest is about.
#[derive(Clone, Debug, PartialEq)]
pub struct DigestFacts {
    /// The brand's name.
    pub brand: String,
    /// The day it is for: one local day, ended.
    pub day: Window,
    /// The window of the indicators.
    pub window: Window,
    /// Every stream of every account.
    pub coverage: Vec<Coverage>,
    /// Every case that waits, lapsed ones included.
    pub waiting: Vec<CaseCard>,
    /// What came in, by kind.
    pub counts: Vec<KindCount>,
    /// The indicators of the window.
    pub indicators: Vec<Indicator>,
    /// Praise of the day, the best first.
    pub praise: Vec<Praise>,
    /// Mails the server refused for good and nobody has looked at.
    pub dead_letters: u64,
    /// Posts that the classifier was not sure of and that wait for a look.
    pub to_look_at: u64,
    /// What has moved by much in the posts of the last week, the largest move first.
    pub drift: Vec<Drift>,
    /// Sent after its hour because the service was not running then.
    pub is_late: bool,
    /// When it is composed.
    pub now: Time,
    /// The version of affinityd.
    pub version: String,
}

impl DigestFacts {
    fn tally(&self) -> Tally {
        let of = |state| self.waiting.iter().filter(|c| c.state == state).count() as u64;
        Tally {
            overdue: of(CaseState::Overdue),
            at_risk: of(CaseState::AtRisk),
            open: of(CaseState::Open),
            lapsed: of(CaseState::Lapsed),
        }
    }

    /// What came in on the day, likes left out: they are in the table.
    fn incoming(&self) -> Vec<(Kind, u64)> {
        let mut kinds: Vec<(Kind, u64)> = self
            .counts
            .iter()
            .filter(|c| c.kind != Kind::Reaction)
            .filter_map(|c| c.day.filter(|n| *n > 0).map(|n| (c.kind, n)))
            .collect();
        kinds.sort_by_key(|(kind, _)| Kind::ALL.iter().position(|k| k == kind));
        kinds
    }

    /// Nothing came in, and nobody waits.
    fn is_empty(&self) -> bool {
        let tally = self.tally();
        self.incoming().is_empty() && tally.overdue + tally.at_risk + tally.open == 0
    }
}

/// How much a digest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Everything.
    Full,
    /// That nothing happened, and what was read.
    Short,
}

/// What the day gets; `None`: no mail. A day with a fault is never passed over in silence.
pub fn digest_form(facts: &DigestFacts, config: &DigestConfig, words: Words) -> Option<Form> {
    if !facts.is_empty() {
        return Some(Form::Full);
    }
    let weekday = facts.now.utc().with_timezone(&words.zone).weekday();
    let is_faulty = coverage::is_wrong(&facts.coverage, facts.day) || facts.dead_letters > 0;
    match config.on_empty(weekday) {
        Empty::Always => Some(Form::Full),
        Empty::Short => Some(Form::Short),
        Empty::Skip => is_faulty.then_some(Form::Short),
    }
}

/// Composes it, with the sections the configuration wants; what is wrong with sources or mail comes
/// first whatever it says.
pub fn compose_digest(
    facts: &DigestFacts,
    form: Form,
    sections: &[Part],
    words: Words,
) -> Composed {
    let complete = coverage::is_complete(&facts.coverage, facts.day);
    let brand = clean::line(&facts.brand, 30);
    let waiting = words.waiting_sentence(facts.tally(), complete);
    let subject = words.digest_subject(&brand, facts.day.from, &waiting, complete);
    fit(&subject, LISTED, |limit| page(facts, form, sections, &waiting, words, limit))
}

fn page(
    facts: &DigestFacts,
    form: Form,
    sections: &[Part],
    waiting: &str,
    words: Words,
    limit: usize,
) -> Page {
    let complete = coverage::is_complete(&facts.coverage, facts.day);
    let is_wrong = coverage::is_wrong(&facts.coverage, facts.day);
    let day_sentence = words.day_sentence(&facts.incoming(), complete, facts.day, facts.now);
    let mut blocks = vec![Block::Text(day_sentence.clone())];
    if facts.is_late {
        blocks.push(Block::Text(words.sent_late().to_owned()));
    }
    if is_wrong {
        blocks.extend(coverage::blocks(&facts.coverage, facts.day, words));
    }
    if facts.dead_letters > 0 {
        let title = words.dead_letters(facts.dead_letters);
        let lines = vec![words.dead_letters_help().to_owned()];
        blocks.push(Block::Note { tone: Tone::Warning, title, lines });
    }
    if facts.to_look_at > 0 {
        blocks.push(Block::Text(words.to_look_at(facts.to_look_at)));
    }
    if let Some(largest) = facts.drift.first() {
        blocks.push(Block::Text(words.drift(*largest)));
    }
    for part in sections {
        match part {
            // Who waits is told in every form; a short digest has no open case, but may have lapsed ones.
            Part::Unanswered => unanswered(&mut blocks, facts, words, limit),
            Part::Coverage if is_wrong => {}
            Part::Coverage => blocks.extend(coverage::blocks(&facts.coverage, facts.day, words)),
            _ if form == Form::Short => {}
            Part::Counts => counts(&mut blocks, facts, words),
            Part::Indicators => indicators(&mut blocks, facts, words),
            Part::Praise => praise(&mut blocks, facts, words, limit),
        }
    }
    let tally = facts.tally();
    Page {
        language: words.language.code(),
        tone: match tally {
            Tally { overdue: 1.., .. } => Tone::Urgent,
            Tally { at_risk: 1.., .. } => Tone::Warning,
            _ if is_wrong => Tone::Warning,
            _ => Tone::Calm,
        },
        kicker: words.digest_kicker(&clean::line(&facts.brand, 60), facts.day.from),
        lead: format!("{waiting}."),
        preview: day_sentence,
        blocks,
        footer: footer(facts, form, words),
    }
}

fn unanswered(blocks: &mut Vec<Block>, facts: &DigestFacts, words: Words, limit: usize) {
    let mut cards: Vec<&CaseCard> =
        facts.waiting.iter().filter(|c| c.state != CaseState::Lapsed).collect();
    cards.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.due_at.cmp(&b.due_at)));
    // Overdue ones stand before the others whatever their severity.
    cards.sort_by_key(|c| !c.is_overdue());
    let lapsed: Vec<&CaseCard> =
        facts.waiting.iter().filter(|c| c.state == CaseState::Lapsed).collect();
    if cards.is_empty() && lapsed.is_empty() {
        return;
    }
    blocks.push(Block::Heading(words.unanswered().to_owned()));
    let (shown, rest) = cards.split_at(limit.min(cards.len()));
    if !shown.is_empty() {
        blocks.push(Block::Items(shown.iter().map(|c| c.listed(words, facts.now)).collect()));
    }
    if !rest.is_empty() {
        blocks.push(Block::Text(words.not_listed(rest.len() as u64)));
    }
    if let Some(oldest) = lapsed.iter().map(|c| c.opened_at).min() {
        let line = words.lapsed(lapsed.len() as u64, facts.now.since(oldest));
        blocks.push(Block::Small(line));
    }
}

fn counts(blocks: &mut Vec<Block>, facts: &DigestFacts, words: Words) {
    let cell = |n: Option<u64>| match n {
        Some(n) => words.int(n),
        None => words.not_offered().to_owned(),
    };
    let rows: Vec<Vec<String>> = Kind::ALL
        .iter()
        .filter_map(|kind| facts.counts.iter().find(|c| c.kind == *kind))
        .map(|c| vec![words.kinds(c.kind).to_owned(), cell(c.day), cell(c.week)])
        .collect();
    if rows.is_empty() {
        return;
    }
    blocks.push(Block::Heading(words.counts().to_owned()));
    let head = vec![String::new(), words.one_day().to_owned(), words.seven_days().to_owned()];
    blocks.push(Block::Table { head, rows });
    blocks.push(Block::Small(words.counts_note().to_owned()));
}

fn indicators(blocks: &mut Vec<Block>, facts: &DigestFacts, words: Words) {
    let figures = panel::figures(&facts.indicators, words);
    if !figures.is_empty() {
        blocks.push(Block::Heading(words.indicators(facts.window.days)));
        blocks.push(Block::Figures(figures));
    }
}

fn praise(blocks: &mut Vec<Block>, facts: &DigestFacts, words: Words, limit: usize) {
    if facts.praise.is_empty() {
        return;
    }
    blocks.push(Block::Heading(words.praise().to_owned()));
    let shown = facts.praise.iter().take(PRAISE.min(limit));
    blocks.push(Block::Items(
        shown
            .map(|post| {
                let platform = platform_name(&post.platform);
                let text = post.text.as_deref().map(|t| clean::quote(t, 160)).unwrap_or_default();
                Item {
                    standing: None,
                    lead: words.who_on(&who(post.author.as_ref(), words), &platform),
                    text: if text.is_empty() {
                        words.no_text().to_owned()
                    } else {
                        words.quoted(&text)
                    },
                    link: Link::new(words.see_on(&platform), post.permalink.as_deref()),
                }
            })
            .collect(),
    ));
}

fn footer(facts: &DigestFacts, form: Form, words: Words) -> Vec<String> {
    let mut lines = vec![words.day_window(facts.day)];
    if form == Form::Full {
        lines.push(words.window(facts.window));
    }
    let mut odd = odd_days(facts.day, words);
    if form == Form::Full {
        odd.extend(odd_days(facts.window, words));
    }
    odd.dedup();
    lines.extend(odd);
    if form == Form::Full {
        lines.push(words.how_to_explain().to_owned());
    }
    lines.push(words.written_by(&facts.version, facts.now));
    lines
}

/// The days of a window that are not 24 hours long.
fn odd_days(window: Window, words: Words) -> Vec<String> {
    let mut odd = Vec::new();
    let mut day = window.from.utc().with_timezone(&words.zone).date_naive();
    loop {
        let from = first_instant(day, words.zone);
        if from >= window.to {
            return odd;
        }
        let Some(next) = day.checked_add_signed(TimeDelta::days(1)) else { return odd };
        let length = first_instant(next, words.zone).since(from);
        if length != Time::DAY {
            odd.push(words.odd_day(from, length / Time::MINUTE));
        }
        day = next;
    }
}
