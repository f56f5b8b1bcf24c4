//! Weighs the terms found in a text: which count, which are negated, what the sentence makes of
//! them. What the sums mean together is `score`'s.

use std::sync::LazyLock;

use super::class::Class;
use super::fold::Text;
use super::hashes::step;
use super::language::Language;
use super::lexicon::{self, Langs};
use super::terms;

/// A term of what may count.
pub(super) type Hit = terms::Hit<Class>;

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cue {
    /// Where it stands in the folded text; empty for a surface sign.
    pub place: std::ops::Range<usize>,
    /// The name of a surface sign.
    pub sign: &'static str,
    pub class: Class,
    pub weight: f32,
}

/// All evidence of one text.
#[derive(Clone, Debug, Default)]
pub(super) struct Cues(pub Vec<Cue>);

impl Cues {
    /// The evidence for a class. More of the same adds less and less, so a long text is not
    /// certain of everything.
    pub(super) fn sum(&self, class: Class) -> f32 {
        let all = self.0.iter().filter(|cue| cue.class == class).map(|cue| cue.weight);
        let (speaks_for, against) =
            all.fold((0.0, 0.0), |(f, a), w| if w > 0.0 { (f + w, a) } else { (f, a + w) });
        MOST * (1.0 - f32::exp(-speaks_for / MOST)) + against
    }
}

/// What is left of the tone of a word that is negated: "not good" is bad, but less so (the figure
/// of vaderSentiment).
const DENIED: f32 = -0.74;
/// What the evidence for one class approaches.
const MOST: f32 = 6.0;
/// Words between a negation and what it negates.
const REACH: u32 = 3;
/// The same for things that ought to happen, which take objects: "not received my parcel".
const FAR_REACH: u32 = 5;

/// Weighs every term. `hits` are in order of place. The words that only have a tone come apart.
pub(super) fn weigh(text: &Text, hits: &[Hit], language: &Language) -> (Cues, Vec<Cue>) {
    let (hits, mut toned, negations) = settle(text, hits, language);
    let negations = Negations { text, places: negations, after: *AFTER };
    for (hit, weight) in &mut toned {
        if is_word(text, hit) && negations.hold(hit, REACH) {
            *weight *= DENIED;
        }
    }
    let mut cues = Vec::new();
    let mut seen = Vec::new();
    let mut thanked: Option<Hit> = None;
    for (hit, weight) in hits {
        // "Thanks for the help" asks for none.
        if hit.term.class == Class::Request
            && thanked.is_some_and(|thanks| negations.are_near(&thanks, &hit, REACH + 1))
        {
            continue;
        }
        if hit.term.class == Class::Thanks && weight > 0.0 {
            thanked = Some(hit);
        }
        // Said twice is not twice as true.
        let letters = text.chars[hit.start..hit.end].iter();
        let this = (hit.term.class, letters.fold(0, |hash, c| step(hash, *c as u32)));
        if seen.contains(&this) {
            continue;
        }
        seen.push(this);
        if let Some((class, weight)) = meaning(text, &hit, weight, &negations) {
            cues.push(Cue { place: hit.start..hit.end, sign: "", class, weight });
        }
    }
    let asked = text.questions();
    if asked > 0 {
        cues.push(Cue { place: 0..0, sign: "?", class: Class::Question, weight: 1.7 });
    }
    if asked > 1 {
        cues.push(Cue { place: 0..0, sign: "??", class: Class::Question, weight: 0.4 });
    }
    let tones = toned.into_iter().map(|(hit, weight)| {
        let class = if weight > 0.0 { Class::Pos } else { Class::Neg };
        Cue { place: hit.start..hit.end, sign: "", class, weight }
    });
    (Cues(cues), tones.collect())
}

/// Nobody negates an emoji.
fn is_word(text: &Text, hit: &Hit) -> bool {
    text.chars[hit.start].is_alphanumeric()
}

/// What a term means where it stands, and how much.
fn meaning(text: &Text, hit: &Hit, weight: f32, negations: &Negations<'_>) -> Option<(Class, f32)> {
    let class = hit.term.class;
    let reach = if class == Class::Works { FAR_REACH } else { REACH };
    let is_negated = is_word(text, hit) && class != Class::Opener && negations.hold(hit, reach);
    match class {
        Class::Works => is_negated.then_some((Class::Complaint, weight)),
        Class::Praise | Class::Pos if is_negated => Some((Class::Complaint, 0.8 * weight.max(0.0))),
        Class::Solved if is_negated => Some((Class::Complaint, 0.8 * weight)),
        Class::Neg | Class::Safety if is_negated => None,
        Class::Complaint if is_negated => Some((class, 0.4 * weight)),
        Class::Opener => Some((Class::Question, opening(text, hit) * weight)),
        _ => Some((class, weight)),
    }
}

/// How far a question word asks: fully in a sentence that ends with `?`, half at the start of any
/// other, for people leave question marks out.
fn opening(text: &Text, hit: &Hit) -> f32 {
    let index = text.sentences.partition_point(|(end, _)| *end <= hit.start);
    if text.sentences.get(index).is_some_and(|(_, is_question)| *is_question) {
        return 1.0;
    }
    let start = index.checked_sub(1).map_or(0, |before| text.sentences[before].0);
    // Names and signs before it do not count as words of the sentence.
    let is_first = !text.chars[start..hit.start].iter().any(|c| c.is_alphanumeric());
    if is_first { 0.5 } else { 0.0 }
}

/// Languages in which the negation stands behind the verb.
static AFTER: LazyLock<Langs> = LazyLock::new(|| {
    let codes = ["de", "nl", "sv", "da", "no", "fr"];
    codes.iter().filter_map(|code| lexicon::bit(code)).fold(0, |a, b| a | b)
});

struct Negations<'t> {
    text: &'t Text,
    places: Vec<Hit>,
    after: Langs,
}

impl Negations<'_> {
    /// Whether a negation of the same clause is at most `reach` words away.
    fn hold(&self, hit: &Hit, reach: u32) -> bool {
        let next = self.places.partition_point(|not| not.start < hit.start);
        let before =
            next.checked_sub(1).is_some_and(|index| self.are_near(&self.places[index], hit, reach));
        if before || hit.term.langs & self.after == 0 || hit.term.class != Class::Works {
            return before;
        }
        let next = self.places.partition_point(|not| not.start < hit.end);
        self.places.get(next).is_some_and(|not| self.are_near(hit, not, reach))
    }

    /// Whether `right` starts at most `reach` words behind `left`, in the same clause.
    fn are_near(&self, left: &Hit, right: &Hit, reach: u32) -> bool {
        let from = self.text.word(left.end.saturating_sub(1));
        self.text.word(right.start).saturating_sub(from) <= reach
            && self.is_one_clause(left.end, right.start)
    }

    fn is_one_clause(&self, from: usize, to: usize) -> bool {
        let next = self.text.clauses.partition_point(|end| *end < from);
        self.text.clauses.get(next).is_none_or(|end| *end >= to)
    }
}

/// A term that applies, and its weight.
type Applying = (Hit, f32);

/// Terms that apply, the longest at each place, with their weights; and apart from them those that
/// only have a tone, likewise, and the negations.
fn settle(
    text: &Text,
    hits: &[Hit],
    language: &Language,
) -> (Vec<Applying>, Vec<Applying>, Vec<Hit>) {
    let mut applying: Vec<Applying> = hits
        .iter()
        .filter_map(|hit| {
            if hit.term.langs & language.active != 0 {
                Some((*hit, hit.term.weight))
            } else if hit.term.langs & language.mixed_in != 0 && hit.is_distinct(text) {
                Some((*hit, 0.7 * hit.term.weight))
            } else {
                None
            }
        })
        .collect();
    applying.sort_by_key(|(hit, _)| (hit.start, std::cmp::Reverse(hit.end), hit.term.class));
    let (mut kept, mut toned) = (Vec::<Applying>::new(), Vec::<Applying>::new());
    let mut negations = Vec::new();
    let mut longest = 0..0;
    for (hit, weight) in applying {
        if hit.term.class == Class::Tone {
            if toned.last().is_none_or(|(last, _)| last.end <= hit.start) {
                toned.push((hit, weight));
            }
            continue;
        }
        let is_same = longest == (hit.start..hit.end);
        if hit.start < longest.end && !is_same {
            continue;
        }
        if hit.term.class == Class::Not {
            // "Can't wait" and "never disappoints" deny nothing.
            let is_within = |(tone, weight): &Applying| {
                *weight > 0.0 && hit.end <= tone.end && hit.end - hit.start < tone.end - tone.start
            };
            if !toned.last().is_some_and(is_within) {
                negations.push(hit);
            }
            continue;
        }
        longest = hit.start..hit.end;
        match kept.last_mut() {
            // Several languages share the term.
            Some((last, heavier)) if is_same && last.term.class == hit.term.class => {
                *heavier = heavier.max(weight);
            }
            _ => kept.push((hit, weight)),
        }
    }
    // A name that only sounds like a feeling hides its words.
    toned.retain(|(_, weight)| *weight != 0.0);
    (kept, toned, negations)
}
