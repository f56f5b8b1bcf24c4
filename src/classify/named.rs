//! Decides which of the brands named in a text a complaint is about.
//!
//! Pure: a text, where it names the watched brand, where it names others, and where the evidence
//! of the complaint stands. Each piece of evidence speaks against the nearest name of its own
//! clause, else of its sentence, else of the sentences before. A name that is only held up against
//! the other ("unlike X", "X would never") is passed over; `contrast` has those words. In doubt
//! the brand is meant: an alert too many costs less than one too few.

use std::ops::Range;

use super::class::Class;
use super::contrast::{Beside, CONTRAST, Role};
use super::cues::Cues;
use super::fold::Text;
use super::letters::{self, is_unspaced, is_word};
use super::watch::Sight;

/// What the reasons call a complaint about somebody else.
pub const ELSEWHERE: &str = "other brand";

/// Whom a complaint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The watched brand.
    Brand,
    /// Another one.
    Other,
    /// Both, or it cannot be told.
    Unclear,
}

/// A text in plain form, with what stands where: byte ranges, in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub text: &'a str,
    pub brand: &'a [Range<usize>],
    pub rivals: &'a [Range<usize>],
    pub evidence: &'a [Range<usize>],
}

/// The other brand that the complaint in a text is about, as far as it has a name; `None` where
/// there is no complaint, or it is, or may be, about the watched brand.
pub(super) fn elsewhere(sight: &Sight, text: &Text, cues: &Cues) -> Option<String> {
    if sight.brand.is_empty() {
        return None;
    }
    let bad = |class| matches!(class, Class::Complaint | Class::Neg | Class::Safety);
    let mut evidence: Vec<Range<usize>> = cues
        .0
        .iter()
        .filter(|cue| bad(cue.class) && cue.weight > 0.0 && cue.sign.is_empty())
        .map(|cue| text.byte(cue.place.start)..text.byte(cue.place.end))
        .collect();
    evidence.sort_by_key(|place| place.start);
    let scene = Scene {
        text: &text.plain,
        brand: &sight.brand,
        rivals: &sight.rivals,
        evidence: &evidence,
    };
    let is_other = about(scene) == About::Other;
    let nobody = || "somebody else".to_owned();
    is_other.then(|| sight.about.rival.clone().unwrap_or_else(nobody))
}

/// Names that are looked at; a text with more of them is a list, and about none of them.
const MOST_NAMES: usize = 64;
/// Pieces of evidence that are looked at.
const MOST_EVIDENCE: usize = 64;
/// Bytes around a name in which words about it are looked for.
const REACH: usize = 96;

/// Whom the complaint is about. Without evidence only what is said of the names themselves counts.
pub(super) fn about(scene: Scene<'_>) -> About {
    if scene.brand.is_empty() {
        return if scene.rivals.is_empty() { About::Unclear } else { About::Other };
    }
    if scene.brand.len() + scene.rivals.len() > MOST_NAMES {
        return About::Unclear;
    }
    let parts = parts(scene.text);
    let names = names(scene, &parts);
    if speaks_to_brand(scene.text, &names) {
        return About::Brand;
    }
    let plain = |name: &&Name| name.role != Role::Foil && name.role != Role::Aside;
    let (mut ours, mut theirs) = (0, 0);
    for evidence in scene.evidence.iter().take(MOST_EVIDENCE) {
        match vote(scene.text, &parts, &names, evidence) {
            Some(About::Brand) => ours += 1,
            Some(About::Other) => theirs += 1,
            Some(About::Unclear) => {
                ours += 1;
                theirs += 1;
            }
            None => {}
        }
    }
    if ours + theirs == 0 {
        let left: Vec<&Name> = names.iter().filter(|name| name.role == Role::Left).collect();
        let bad: Vec<&Name> =
            if left.is_empty() { names.iter().filter(plain).collect() } else { left };
        ours = bad.iter().filter(|name| name.is_brand && name.role != Role::Goal).count();
        theirs = bad.iter().filter(|name| !name.is_brand && name.role != Role::Goal).count();
        if bad.is_empty() {
            // Held up against somebody who is not named.
            return if names.iter().all(|name| name.is_brand) {
                About::Other
            } else {
                About::Brand
            };
        }
    }
    match (ours, theirs) {
        (0, 0) => About::Unclear,
        (_, 0) => About::Brand,
        (0, _) => About::Other,
        _ => About::Unclear,
    }
}

/// A name in the text.
#[derive(Debug)]
struct Name {
    place: Range<usize>,
    is_brand: bool,
    role: Role,
    /// The number of its clause and of its sentence.
    clause: usize,
    sentence: usize,
    /// The other brand is named in the same breath: "X and Y", "@x @y".
    is_joined: bool,
}

impl Name {
    fn side(&self) -> About {
        match (self.is_joined, self.is_brand) {
            (true, _) => About::Unclear,
            (false, true) => About::Brand,
            (false, false) => About::Other,
        }
    }
}

/// Where clauses and sentences begin.
#[derive(Debug, Default)]
struct Parts {
    clauses: Vec<usize>,
    sentences: Vec<usize>,
}

impl Parts {
    fn clause(&self, at: usize) -> usize {
        self.clauses.partition_point(|start| *start <= at)
    }

    fn sentence(&self, at: usize) -> usize {
        self.sentences.partition_point(|start| *start <= at)
    }
}

fn parts(text: &str) -> Parts {
    let mut parts = Parts::default();
    let mut word = 0..0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let is_last = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        let ends_sentence = match c {
            '.' | '!' | '?' => is_last || c != '.',
            '\n' | ';' | '。' | '；' | '؛' | '؟' | '…' | '।' => true,
            _ => false,
        };
        if ends_sentence {
            parts.sentences.push(end);
            parts.clauses.push(end);
        } else if matches!(c, ',' | ':' | '(' | ')' | '–' | '—' | '、' | '،')
            || (c == '-' && is_last)
        {
            parts.clauses.push(end);
        }
        if is_unspaced(c) {
            let rest = &text[..end];
            if CONTRAST.turns_behind.iter().any(|turn| rest.ends_with(turn)) {
                parts.clauses.push(end);
            }
            if CONTRAST.turns_before.iter().any(|turn| text[at..].starts_with(turn)) {
                parts.clauses.push(at);
            }
        } else if is_word(c) {
            let start = if word.end == at { word.start } else { at };
            word = start..end;
            let is_over = chars.peek().is_none_or(|(_, next)| !is_word(*next));
            // No turn is longer, and words may be of any length.
            if is_over && word.len() <= 16 {
                let bare: String = bare(&text[word.clone()]);
                if CONTRAST.turns.contains(&bare.as_str()) {
                    parts.clauses.push(word.start);
                }
            }
        }
    }
    parts.clauses.sort_unstable();
    parts
}

fn names(scene: Scene<'_>, parts: &Parts) -> Vec<Name> {
    let name = |place: &Range<usize>, is_brand| Name {
        place: place.clone(),
        is_brand,
        role: Role::Plain,
        clause: parts.clause(place.start),
        sentence: parts.sentence(place.start),
        is_joined: false,
    };
    let mut all: Vec<Name> = scene.brand.iter().map(|place| name(place, true)).collect();
    all.extend(scene.rivals.iter().map(|place| name(place, false)));
    all.sort_by_key(|name| name.place.start);
    let starts = |list: &[usize], number: usize| number.checked_sub(1).map_or(0, |n| list[n]);
    for index in 0..all.len() {
        let name = &all[index];
        let before = index.checked_sub(1).map_or(0, |before| all[before].place.end);
        let next = all.get(index + 1).map_or(scene.text.len(), |next| next.place.start);
        let sentence = starts(&parts.sentences, name.sentence)
            ..parts.sentences.get(name.sentence).copied().unwrap_or(scene.text.len());
        let clause = starts(&parts.clauses, name.clause)
            ..parts.clauses.get(name.clause).copied().unwrap_or(scene.text.len());
        let left = window(scene.text, clause.start.max(before)..name.place.start, true);
        let right = window(scene.text, name.place.end..clause.end.min(next), false);
        let around = (
            window(scene.text, sentence.start..name.place.start, true),
            window(scene.text, name.place.end..sentence.end, false),
        );
        let role = role(left, right, around);
        // What may mean anything is only a contrast to somebody who is named.
        let is_alone = scene.rivals.is_empty();
        all[index].role = match role {
            Role::Aside | Role::Goal if is_alone => Role::Plain,
            role => role,
        };
    }
    for index in 1..all.len() {
        let (left, right) = (&all[index - 1], &all[index]);
        let between = scene.text.get(left.place.end..right.place.start).unwrap_or_default();
        let joint = between.trim_matches(|c: char| c.is_whitespace() || matches!(c, '@' | '#'));
        let is_joined = left.is_brand != right.is_brand
            && left.role == right.role
            && between.len() <= 16
            && (joint.is_empty() || CONTRAST.joints.contains(&joint));
        if is_joined {
            all[index - 1].is_joined = true;
            all[index].is_joined = true;
        }
    }
    all
}

/// At most [`REACH`] bytes of a range, from its end or its beginning.
fn window(text: &str, range: Range<usize>, from_end: bool) -> &str {
    let mut piece = text.get(range).unwrap_or_default();
    if piece.len() > REACH {
        let cut = if from_end { piece.len() - REACH } else { REACH };
        let cut = (cut..piece.len()).find(|at| piece.is_char_boundary(*at)).unwrap_or(piece.len());
        piece = if from_end { &piece[cut..] } else { &piece[..cut] };
    }
    piece
}

/// Words without accents and signs, one space before, between and behind them.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        letters::fold_char(c, |c| out.push(if c.is_alphanumeric() { c } else { ' ' }));
    }
    out
}

fn words(text: &str) -> String {
    let bare = bare(text);
    let mut out = String::from(" ");
    for word in bare.split_whitespace() {
        out.push_str(word);
        out.push(' ');
    }
    out
}

/// What a name is, by the words of its clause before and behind it, and of its sentence.
fn role(left: &str, right: &str, around: (&str, &str)) -> Role {
    let is_sign = |c: char| !c.is_alphanumeric();
    let near = (left.trim_end_matches(is_sign), right.trim_start_matches(is_sign));
    if let Some(role) = CONTRAST.near_role(near.0, near.1, around.1) {
        return role;
    }
    let sentence = format!("{}{}", words(around.0), words(around.1));
    CONTRAST.role(&Beside { before: &words(left), behind: &words(right), sentence: &sentence })
}

/// Whether the text begins with a handle of the brand and of nobody else.
fn speaks_to_brand(text: &str, names: &[Name]) -> bool {
    let is_handle = |name: &Name| {
        text[..name.place.start].trim().is_empty() && text[name.place.start..].starts_with('@')
            || text[..name.place.start].trim() == "@"
    };
    names.first().is_some_and(|name| name.is_brand && !name.is_joined && is_handle(name))
}

/// Whom one piece of evidence speaks against; `None`: the clause is about how things should be.
fn vote(text: &str, parts: &Parts, names: &[Name], evidence: &Range<usize>) -> Option<About> {
    let at = evidence.start;
    let (clause, sentence) = (parts.clause(at), parts.sentence(at));
    let is_held_up = |name: &Name| matches!(name.role, Role::Foil | Role::Aside | Role::Goal);
    let distance = |name: &Name| {
        let behind = at.saturating_sub(name.place.end);
        behind + name.place.start.saturating_sub(evidence.end)
    };
    let here = |is: &dyn Fn(&Name) -> bool| -> Vec<&Name> {
        names.iter().filter(|name| is(name)).collect()
    };
    let in_sentence = here(&|name| name.sentence == sentence);
    // "Switched from X to Y and now nothing works": of Y, unless that was the reason.
    let last = in_sentence.iter().rfind(|name| name.place.end <= at);
    if let Some(goal) = last.filter(|name| name.role == Role::Goal) {
        let between = words(window(text, goal.place.end..at, true));
        if !CONTRAST.gives_reason(&between) {
            return Some(About::Unclear);
        }
    }
    let in_clause = here(&|name| name.clause == clause);
    let targets = in_clause.iter().filter(|name| !is_held_up(name));
    if let Some(name) = targets.min_by_key(|name| distance(name)) {
        return Some(name.side());
    }
    // "X would never do that" says nothing bad of anybody else than it was said of before.
    if !in_clause.is_empty() && in_clause.iter().all(|name| name.role == Role::Aside) {
        return None;
    }
    let left = in_sentence.iter().find(|name| name.role == Role::Left);
    let before = || in_sentence.iter().rfind(|name| !is_held_up(name) && name.place.end <= at);
    let behind = || in_sentence.iter().find(|name| !is_held_up(name));
    if let Some(name) = left.or_else(before).or_else(behind) {
        return Some(name.side());
    }
    if !in_sentence.is_empty() {
        // Only what the bad is held up against is named: the bad is the other one's.
        let ours = in_sentence.iter().any(|name| name.is_brand);
        let theirs = in_sentence.iter().any(|name| !name.is_brand);
        return Some(match (ours, theirs) {
            (true, false) => About::Other,
            (false, true) => About::Brand,
            _ => About::Unclear,
        });
    }
    let earlier = names.iter().rfind(|name| name.place.end <= at && !is_held_up(name));
    let later = || names.iter().find(|name| name.place.start >= at && !is_held_up(name));
    earlier.or_else(later).map(Name::side)
}

#[cfg(test)]
#[path = "named_tests.rs"]
mod tests;
