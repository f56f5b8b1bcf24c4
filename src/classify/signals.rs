//! Says what a text says beside its intent: its signals, what it is about, and the day it promises.
//!
//! One pass over the folded text finds the terms of its language (`terms`); their weights are summed
//! per signal and per aspect. What a customer says and what the brand says are told apart by who
//! wrote it. Whether a severe signal makes a post severe is decided by the caller, who knows whether
//! it asks for anything.

mod promise;
mod terms;

use super::fold::{Text, is_unspaced};
use crate::model::{Aspect, Promised, Reason, Signal, Verdict};
use terms::{Class, Family, Hit, Langs, TERMS};

/// The sum from which on something is said.
const SAID: f32 = 0.995;
/// The sum from which on a text is about something.
const ABOUT: f32 = 0.35;
/// A second aspect needs so much, and so much of the first.
const SECOND: (f32, f32) = (0.9, 0.7);
/// Words between a negation and what it negates.
const REACH: u32 = 3;
/// Terms lighter than this are no statements that could be negated.
const STATEMENT: f32 = 0.8;
/// What an amount of money adds to words of loss.
const AMOUNT: f32 = 0.3;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// In order of [`Signal`].
    pub signals: Vec<Signal>,
    /// The strongest one or two, the strongest first.
    pub aspects: Vec<Aspect>,
    /// The day that was named, in the brand's own posts.
    pub promised: Option<Promised>,
    /// One piece of evidence for each signal and aspect, the heaviest.
    pub reasons: Vec<Reason>,
}

impl Found {
    /// Whether anything of it makes a post severe.
    pub(super) fn is_severe(&self) -> bool {
        self.signals.iter().any(|signal| signal.is_severe())
    }

    /// Whether it says this.
    pub(super) fn says(&self, signal: Signal) -> bool {
        self.signals.contains(&signal)
    }

    /// The verdict with what was found; aspects only of a text that is about the brand.
    pub(super) fn join(self, mut verdict: Verdict) -> Verdict {
        let is_about = verdict.relevant;
        let is_kept = |word: &str| is_about || Aspect::ALL.iter().all(|a| a.word() != word);
        verdict.reasons.extend(self.reasons.into_iter().filter(|r| is_kept(&r.speaks_for)));
        verdict.reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        verdict.aspects = if is_about { self.aspects } else { Vec::new() };
        verdict.signals = self.signals;
        verdict.promised = self.promised;
        verdict
    }
}

/// The sum for one signal or aspect, and its heaviest piece.
#[derive(Clone, Copy, Default)]
struct Sum {
    weight: f32,
    heaviest: f32,
    place: (usize, usize),
}

impl Sum {
    fn add(&mut self, hit: &Hit) {
        self.weight += hit.term.weight;
        if hit.term.weight > self.heaviest {
            self.heaviest = hit.term.weight;
            self.place = (hit.start, hit.end);
        }
    }

    fn reason(&self, text: &Text, word: &str) -> Reason {
        let (start, end) = self.place;
        Reason { found: text.piece(start..end), speaks_for: word.to_owned(), weight: self.weight }
    }
}

/// Looks for signals and aspects in a text. `code`: its language (ISO 639-1), if it could be told;
/// `own`: the brand wrote it.
pub(super) fn find(text: &Text, code: Option<&str>, own: bool) -> Found {
    let langs = Applying::of(code);
    let mut hits: Vec<Hit> = Vec::new();
    TERMS.each(text, langs.full | langs.distinct, |hit| {
        let is_full = hit.term.langs & langs.full != 0;
        if concerns(hit.term.class, own) && (is_full || is_distinct(&hit, text)) {
            hits.push(hit);
        }
    });
    if hits.is_empty() {
        return Found::default();
    }
    let hits = settle(hits);
    let mut signals = [Sum::default(); Signal::ALL.len()];
    let mut aspects = [Sum::default(); Aspect::ALL.len()];
    for hit in &hits {
        match hit.term.class {
            Class::Signal(signal) => {
                let is_denied = hit.term.weight >= STATEMENT && is_negated(text, &hits, hit);
                match (is_denied, signal) {
                    (false, _) => signals[signal as usize].add(hit),
                    // "I would recommend them to nobody."
                    (true, Signal::Recommends) => signals[Signal::WarnsOff as usize].add(hit),
                    (true, _) => {}
                }
            }
            Class::Aspect(aspect) => aspects[aspect as usize].add(hit),
            _ => {}
        }
    }
    let money = &mut signals[Signal::MoneyLost as usize];
    if text.signs.money > 0 && money.weight > 0.0 {
        money.weight += AMOUNT;
    }
    let mut found = Found::default();
    let mut promised = None;
    if own {
        promised = promise::day(text, &hits);
        found.promised = promised.map(|(day, _)| day);
    } else {
        pick_aspects(text, &aspects, &mut found);
    }
    let mut said: Vec<Reason> = Vec::new();
    for signal in Signal::ALL {
        let sum = &signals[signal as usize];
        if sum.weight >= SAID {
            found.signals.push(signal);
            said.push(sum.reason(text, signal.word()));
        }
    }
    if let Some((_, place)) = promised {
        found.signals.push(Signal::Promise);
        let sum = Sum { weight: 1.0, heaviest: 1.0, place };
        said.push(sum.reason(text, Signal::Promise.word()));
    }
    said.append(&mut found.reasons);
    found.reasons = said;
    found
}

/// The strongest one or two.
fn pick_aspects(text: &Text, sums: &[Sum; Aspect::ALL.len()], found: &mut Found) {
    let mut order = Aspect::ALL;
    order.sort_by(|a, b| sums[*b as usize].weight.total_cmp(&sums[*a as usize].weight));
    let [first, second, ..] = order;
    let top = sums[first as usize].weight;
    if top < ABOUT {
        return;
    }
    found.aspects.push(first);
    let next = sums[second as usize].weight;
    if next >= SECOND.0 && next >= SECOND.1 * top {
        found.aspects.push(second);
    }
    for aspect in &found.aspects {
        found.reasons.push(sums[*aspect as usize].reason(text, aspect.word()));
    }
}

/// Customers say one kind of thing, the brand another.
fn concerns(class: Class, own: bool) -> bool {
    match class {
        Class::Signal(signal) => (signal >= Signal::Selling) == own,
        Class::Aspect(_) => !own,
        Class::Plain | Class::Not => true,
        _ => own,
    }
}

/// Which languages' terms apply.
struct Applying {
    /// All of their terms.
    full: Langs,
    /// Only long ones: people mix languages.
    distinct: Langs,
}

impl Applying {
    fn of(code: Option<&str>) -> Self {
        let set = |codes: &[&str]| {
            codes.iter().filter_map(|code| terms::bit(code)).fold(0, |all, bit| all | bit)
        };
        let Some(code) = code else { return Self { full: 0, distinct: terms::ALL } };
        // Languages close enough that a neighbour's terms help.
        let full = match code {
            "da" | "no" | "nb" | "nn" => set(&["da", "no"]),
            "uk" | "be" | "bg" | "sr" => set(&["ru"]),
            "ms" => set(&["id"]),
            "gl" => set(&["es", "pt"]),
            "ca" => set(&["es"]),
            _ => set(&[code]),
        };
        if full == 0 {
            return Self { full: 0, distinct: terms::ALL };
        }
        Self { full, distinct: set(&["en"]) & !full }
    }
}

/// Whether a term of another language is long enough not to be a chance likeness.
fn is_distinct(hit: &Hit, text: &Text) -> bool {
    hit.end - hit.start >= 7 || text.chars[hit.start..hit.end].iter().any(|c| is_unspaced(*c))
}

/// The longest term at each place, family by family; the same term counts once.
fn settle(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let mut longest = [(0, 0); 3];
    let mut kept: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        let span = (hit.start, hit.end);
        let Some(family) = hit.term.class.family() else {
            for family in [Family::Signal, Family::Aspect] {
                if hit.start >= longest[family as usize].1 {
                    longest[family as usize] = span;
                }
            }
            continue;
        };
        let cover = &mut longest[family as usize];
        if hit.start < cover.1 && *cover != span {
            continue;
        }
        *cover = span;
        let is_time = family == Family::Time;
        if is_time || !kept.iter().any(|known| known.number == hit.number) {
            kept.push(hit);
        }
    }
    kept
}

/// Whether a negation of the same clause stands a few words before, or, for a recommendation in a
/// language that puts it there, behind.
fn is_negated(text: &Text, hits: &[Hit], hit: &Hit) -> bool {
    let nots = hits.iter().filter(|other| other.term.class == Class::Not);
    let mut nots = nots.filter(|not| not.term.langs & hit.term.langs != 0);
    nots.any(|not| {
        are_near(text, not, hit)
            || (hit.term.class == Class::Signal(Signal::Recommends) && are_near(text, hit, not))
    })
}

fn are_near(text: &Text, left: &Hit, right: &Hit) -> bool {
    if left.end > right.start {
        return false;
    }
    let word = |at: usize| text.word.get(at).copied().unwrap_or(0);
    let next = text.clauses.partition_point(|end| *end < left.end);
    let is_one_clause = text.clauses.get(next).is_none_or(|end| *end >= right.start);
    is_one_clause && word(right.start).saturating_sub(word(left.end - 1)) <= REACH
}
