//! Turns the evidence into probabilities.
//!
//! Each probability is a logistic function 1 / (1 + e^−z) of a weighted sum z. The weights were
//! set by hand so that first posts of support threads come out as asking and idle talk does not.

use super::class::Class;
use super::cues::Cues;
use super::fold::Signs;
use super::tone::Tone;

/// What is known about a text beside its words.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Setting {
    /// It speaks to the brand.
    pub addressed: bool,
    /// It names the brand.
    pub named: bool,
    /// It comes from a news site: reports, not experiences.
    pub news: bool,
    /// It is a review: experiences, not talk.
    pub review: bool,
}

/// The probabilities of one text; relevance is not among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    pub complaint: f32,
    pub question: f32,
    pub praise: f32,
    pub spam: f32,
    /// Negative, neutral, positive; they sum to 1.
    pub sentiment: [f32; 3],
    /// Asks for an act rather than for knowledge.
    pub is_request: bool,
    /// How much gratitude there is.
    pub thanks: f32,
    /// The tone of its words.
    pub tone: Tone,
}

impl Odds {
    /// How likely it needs an answer: what it asks, less for praise and for adverts.
    pub fn asks(&self) -> f32 {
        self.complaint.max(self.question) * (1.0 - 0.5 * self.praise) * (1.0 - 0.8 * self.spam)
    }
}

/// Probability from log-odds.
pub fn squash(z: f32) -> f32 {
    1.0 / (1.0 + f32::exp(-z))
}

/// Weighs the classes against each other.
pub(super) fn odds(cues: &Cues, tone: Tone, signs: &Signs, setting: Setting) -> Odds {
    let on = |is: bool, weight: f32| if is { weight } else { 0.0 };
    let sum = |class| cues.sum(class);
    let (bad, neg) = (sum(Class::Complaint), sum(Class::Neg));
    let spam_z = spam(sum(Class::Spam), bad, signs, setting);
    // Who speaks to the brand seldom advertises: there one such word is chance.
    let promo = sum(Class::Spam).max(0.0) * if setting.addressed { 0.4 } else { 1.0 };
    // Kind words beside a complaint are irony or politeness more often than praise.
    let damp = if bad + 0.5 * neg >= 1.0 { 0.35 } else { 1.0 };
    let praise = damp * sum(Class::Praise);
    let pos = damp * sum(Class::Pos);
    let thanks = sum(Class::Thanks);
    let solved = sum(Class::Solved);

    let complaint_z = -1.9 + bad + 0.85 * neg
        - 0.7 * praise
        - 0.35 * pos
        - 1.3 * solved
        - 0.6 * promo
        - 0.3 * damp * thanks
        + 0.4 * sum(Class::Safety)
        + on(signs.shouts && bad + neg > 0.0, 0.5)
        + on(setting.addressed, 1.15)
        + on(setting.named, 0.4)
        + on(setting.review, 0.3 * neg)
        - on(setting.news, 1.0);
    let (asked, wanted) = (sum(Class::Question), sum(Class::Request));
    let question_z = -1.9 + asked + wanted - 0.5 * praise - 0.9 * promo - 0.8 * solved
        + on(setting.addressed, 0.8)
        + on(setting.named, 0.3)
        - on(setting.news, 1.0);
    let praise_z = -1.3 + praise + 0.7 * pos + 0.5 * damp * thanks + 0.3 * solved
        - 0.9 * bad
        - 0.5 * neg
        - 0.5 * promo
        - 0.25 * asked;
    Odds {
        complaint: squash(complaint_z),
        question: squash(question_z),
        praise: squash(praise_z),
        spam: squash(spam_z),
        sentiment: sentiment(bad + neg, praise + pos + 0.6 * damp * thanks + 0.5 * solved),
        is_request: wanted > 0.0 && wanted >= marked_questions(cues),
        thanks,
        tone,
    }
}

/// Evidence that knowledge is wanted, without the bare question mark: requests carry that too.
fn marked_questions(cues: &Cues) -> f32 {
    let marked = cues.0.iter().filter(|cue| cue.class == Class::Question && cue.sign.is_empty());
    marked.map(|cue| cue.weight).sum()
}

fn spam(promo: f32, bad: f32, signs: &Signs, setting: Setting) -> f32 {
    let on = |is: bool, weight: f32| if is { weight } else { 0.0 };
    -2.2 + promo - 0.4 * bad
        + on(promo > 0.0 && signs.urls > 0, 0.9)
        + on(promo > 0.0 && signs.money > 0, 0.4)
        + on(signs.hashtags >= 5, 1.0)
        + on(signs.mentions >= 6, 1.0)
        - on(setting.addressed, 0.6)
}

/// A softmax over the two feelings and a fixed neutral.
fn sentiment(bad: f32, good: f32) -> [f32; 3] {
    let all = [1.1 * bad - 0.5 * good, 0.8, 1.1 * good - 0.5 * bad].map(f32::exp);
    let total: f32 = all.iter().sum();
    all.map(|part| part / total)
}
