//! What a post is taken for, from what was found in it: the rules between probabilities and a
//! verdict.

use super::Post;
use super::blend::{Chances, Group};
use super::class::Class;
use super::cues::Cues;
use super::fold::Text;
use super::model::HEADS;
use super::named::ELSEWHERE;
use super::score::Odds;
use super::watch::Match;
use crate::model::{Intent, Reason, Scores, Sentiment};

/// Probability from which on a class is taken.
pub(super) const TAKEN: f32 = 0.5;
/// The relevance of a post that names the brand.
const NAMED: f32 = 0.9;
/// Below this no class is a reason to look at a post.
const HINTED: f32 = 0.35;
/// The same, and what wakes somebody up, where no term speaks for what the model finds.
const ALONE: (f32, f32) = (0.4, 0.85);
/// Words up to which thanks may be all there is.
const SHORT: usize = 45;
/// The same for word that all is well.
const BRIEF: usize = 25;
/// Letters beside words of consent: "OK" may begin anything.
const BESIDE: usize = 6;

/// How likely the text is about the brand.
pub(super) fn relevance(post: &Post<'_>, about: &Match, is_elsewhere: bool) -> f32 {
    if post.addressed {
        return 0.98;
    }
    match post.watch {
        None => 0.9,
        Some(_) if about.is_about() && is_elsewhere => 0.15,
        Some(_) if about.is_about() && about.in_link => 0.6,
        Some(_) if about.is_about() => 0.93,
        Some(_) if about.hit.is_some() => 0.1,
        Some(_) => 0.03,
    }
}

/// What it wants, and whether a person should look instead. Somebody is woken up where it more
/// likely than not needs an answer and is of one of the classes that ask. Where less is known, a
/// person should look: in a language in which the model has seen no posts, and where it alone finds
/// something that no term speaks for. And where words of harm stand in what may need an answer, yet
/// sounds like no class that asks: whoever tells drily that the fumes were pointed out twice.
pub(super) fn decide(
    chances: &Chances,
    scores: &Scores,
    group: &Group,
    is_known: bool,
    has_terms: bool,
    is_harm: bool,
) -> (Intent, bool) {
    let (asked, wants) = (chances.asked(), chances.wants());
    let (hinted, clear) = if has_terms { (HINTED, TAKEN) } else { (ALONE.0, ALONE.1) };
    let is_silent = scores.needs_answer < group.take || (wants < hinted && !is_harm);
    if chances.spam >= TAKEN {
        return (Intent::Other, false);
    }
    if is_silent {
        // How likely it is among what asks for nothing.
        let is_praise = chances.praise >= TAKEN * (1.0 - wants);
        return (if is_praise { Intent::Praise } else { Intent::Other }, false);
    }
    let intent = if chances.complaint >= asked {
        Intent::Complaint
    } else if chances.request > chances.question {
        Intent::Request
    } else {
        Intent::Question
    };
    (intent, scores.needs_answer < TAKEN || wants < clear || !is_known)
}

/// Whether any term asks something or finds fault.
pub(super) fn has_terms(cues: &Cues) -> bool {
    use Class::{Complaint, Neg, Question, Request, Safety};
    let speaks = |class| matches!(class, Complaint | Neg | Question | Request | Safety);
    cues.0.iter().any(|cue| speaks(cue.class) && cue.weight > 0.0)
}

/// The column of the model that explains why somebody is woken up or is to look.
pub(super) fn head(intent: Intent, unsure: bool) -> usize {
    let word = if unsure { "needs_answer" } else { intent.word() };
    HEADS.iter().position(|head| *head == word).unwrap_or(HEADS.len() - 1)
}

pub(super) fn feeling(chances: &Chances) -> Sentiment {
    match chances.sentiment {
        [neg, neu, pos] if neg > neu && neg > pos => Sentiment::Neg,
        [_, neu, pos] if pos > neu => Sentiment::Pos,
        _ => Sentiment::Neu,
    }
}

/// Gratitude, word that all is well or consent, and nothing else: short, nothing asked in the eyes of
/// either judge, no number and no picture that somebody was asked for.
pub(super) fn is_thanks(cues: &Cues, odds: &Odds, chances: &Chances, text: &Text) -> bool {
    let (solved, asked) = (cues.sum(Class::Solved), text.questions() > 0);
    let thanks = odds.thanks >= 0.9 && text.words() <= SHORT && chances.wants() < TAKEN;
    let is_well =
        odds.thanks + solved >= 0.9 && text.words() <= BRIEF && chances.wants() < HINTED && !asked;
    let is_content =
        (thanks || is_well) && odds.complaint.max(odds.question) < 0.4 && chances.spam < TAKEN;
    (is_content || !asked && agrees(cues, text)) && text.signs.digits < 4 && text.signs.urls == 0
}

/// Consent and next to nothing else, so nobody need judge the rest; an emoji only where it stands alone.
fn agrees(cues: &Cues, text: &Text) -> bool {
    // Of most texts no letter need be counted.
    if cues.sum(Class::Consent) < 0.9 || cues.sum(Class::Neg) > 0.0 {
        return false;
    }
    let letters = |chars: &[char]| chars.iter().filter(|c| c.is_alphanumeric()).count();
    let consent = cues.0.iter().filter(|cue| cue.class == Class::Consent && cue.weight > 0.0);
    let said: usize = consent.map(|cue| letters(&text.chars[cue.place.clone()])).sum();
    let beside = letters(&text.chars).saturating_sub(said);
    beside == 0 || said > 0 && beside <= BESIDE
}

/// Whatever is not about the brand needs no answer from it.
pub(super) fn scores(chances: &Chances, relevance: f32) -> Scores {
    Scores {
        complaint: chances.complaint,
        question: chances.asked(),
        praise: chances.praise,
        spam: chances.spam,
        relevant: relevance,
        needs_answer: chances.needs_answer * (relevance / NAMED).min(1.0),
        sentiment: chances.sentiment,
    }
}

/// What spoke for or against its being about the brand.
pub(super) fn brand(about: &Match, elsewhere: Option<String>) -> impl Iterator<Item = Reason> {
    let hit = about.misspelt.as_ref().or(about.hit.as_ref()).cloned();
    let link = if about.in_link { "relevant, in a link" } else { "relevant" };
    let excluded = about.excluded.clone();
    // Whoever is meant instead decides, so no other reason may push it out.
    let all = [(excluded, "irrelevant", 1.0), (elsewhere, ELSEWHERE, 9.0), (hit, link, 1.0)];
    all.into_iter().filter_map(|(found, speaks_for, weight)| {
        Some(Reason { found: found?, speaks_for: speaks_for.into(), weight })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_nothing_is_looked_at_only_if_it_tells_of_harm_and_may_need_an_answer() {
        let group = Group { take: 0.4, ..Group::plain() };
        let dry = Chances { complaint: 0.3, ..Chances::default() };
        for (needs_answer, is_harm, wanted) in [
            (0.6, false, (Intent::Other, false)),
            (0.6, true, (Intent::Complaint, true)),
            (0.41, true, (Intent::Complaint, true)),
            (0.39, true, (Intent::Other, false)),
        ] {
            let scores = Scores { needs_answer, ..Scores::default() };
            let decided = decide(&dry, &scores, &group, true, true, is_harm);
            assert_eq!(decided, wanted, "{needs_answer} {is_harm}");
        }
        let sure = Chances { complaint: 0.8, ..Chances::default() };
        let scores = Scores { needs_answer: 0.6, ..Scores::default() };
        let decided = decide(&sure, &scores, &group, true, true, true);
        assert_eq!(decided, (Intent::Complaint, false), "somebody is told");
    }
}
