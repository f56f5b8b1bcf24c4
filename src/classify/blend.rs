//! Brings what the terms say and what the model learned together, as probabilities.
//!
//! Each probability is a logistic function of a weighted sum of both judges' log-odds; the weights
//! were fitted on posts that neither judge had learned from (Platt scaling with more than one
//! input), per group of languages.

use serde::{Deserialize, Serialize};

use super::model::{HEADS, Sums};
use super::score::{Odds, squash};
use super::tone;

/// What the terms give: log of the three sentiments, log-odds of complaint, question, praise,
/// spam and of needing an answer, and thanks.
const TERMS: usize = 9;
/// The place of the first value of the tone, its balance, behind the sums and the terms.
const TONE: usize = HEADS.len() + TERMS;
/// Both judges' words, the tone, and 1.
pub const INPUTS: usize = TONE + tone::VALUES + 1;

/// How the inputs are weighed for some languages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The languages, ISO 639. Empty in the group for all others.
    pub langs: Vec<String>,
    /// Per head of [`HEADS`], a weight per input.
    pub weights: Vec<Vec<f32>>,
    /// From this `needs_answer` on a post is taken to need an answer.
    pub take: f32,
    /// From this one on, below `take`, a person should look.
    pub look: f32,
}

impl Group {
    /// Both judges count alike: where fitting starts.
    pub fn plain() -> Self {
        let mut weights = vec![vec![0.0; INPUTS]; HEADS.len()];
        for (head, row) in weights.iter_mut().enumerate() {
            row[head] = 1.0;
        }
        // Each term's place behind the sums, and the head that it speaks for.
        let own = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (6, 7), (7, 8)];
        for (term, head) in own {
            weights[head][HEADS.len() + term] = 0.7;
        }
        // Who thanks asks for nothing more, as a rule.
        weights[3][HEADS.len() + 8] = -0.3;
        weights[8][HEADS.len() + 8] = -0.3;
        (weights[0][TONE], weights[2][TONE]) = (-0.7, 0.7);
        Self { langs: Vec::new(), weights, take: 0.5, look: 0.35 }
    }

    /// Whether it can be reckoned with.
    pub fn is_sound(&self) -> bool {
        let is_row = |row: &Vec<f32>| row.len() == INPUTS && row.iter().all(|w| w.is_finite());
        self.weights.len() == HEADS.len()
            && self.weights.iter().all(is_row)
            && (0.0..=1.0).contains(&self.look)
            && (0.0..=1.0).contains(&self.take)
    }
}

/// Whether an input may speak for a head. The tone speaks for feelings only.
pub fn speaks(input: usize, head: usize) -> bool {
    head < 3 || !(TONE..TONE + tone::VALUES).contains(&input)
}

/// The inputs of one text.
pub fn inputs(sums: &Sums, odds: &Odds) -> [f32; INPUTS] {
    let mut all = [1.0; INPUTS];
    all[..HEADS.len()].copy_from_slice(sums);
    let log_odds = |p: f32| {
        let p = p.clamp(1e-3, 1.0 - 1e-3);
        (p / (1.0 - p)).ln()
    };
    let [neg, neu, pos] = odds.sentiment.map(|p| p.max(1e-3).ln());
    let terms: [f32; TERMS] = [
        neg,
        neu,
        pos,
        log_odds(odds.complaint),
        log_odds(odds.question),
        log_odds(odds.praise),
        log_odds(odds.spam),
        log_odds(odds.asks()),
        odds.thanks.clamp(0.0, 4.0),
    ];
    all[HEADS.len()..TONE].copy_from_slice(&terms);
    all[TONE..INPUTS - 1].copy_from_slice(&odds.tone.values());
    all
}

/// The probabilities of one text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chances {
    /// Negative, neutral, positive; they sum to 1.
    pub sentiment: [f32; 3],
    /// A complaint.
    pub complaint: f32,
    /// A question.
    pub question: f32,
    /// A request.
    pub request: f32,
    /// Praise.
    pub praise: f32,
    /// Spam or an advert.
    pub spam: f32,
    /// Needs an answer.
    pub needs_answer: f32,
}

impl Chances {
    /// That it asks for something: an answer or an act.
    pub fn asked(&self) -> f32 {
        self.question.max(self.request)
    }

    /// That it is of one of the classes that want an answer.
    pub fn wants(&self) -> f32 {
        self.complaint.max(self.asked())
    }
}

/// Weighs the inputs.
pub fn chances(group: &Group, inputs: &[f32; INPUTS]) -> Chances {
    let mut z = [0.0; HEADS.len()];
    for (z, weights) in z.iter_mut().zip(&group.weights) {
        *z = weights.iter().zip(inputs).map(|(w, x)| w * x).sum();
    }
    let most = z[0].max(z[1]).max(z[2]);
    let feelings = [z[0], z[1], z[2]].map(|z| f32::exp(z - most));
    let total: f32 = feelings.iter().sum();
    Chances {
        sentiment: feelings.map(|part| part / total),
        complaint: squash(z[3]),
        question: squash(z[4]),
        request: squash(z[5]),
        praise: squash(z[6]),
        spam: squash(z[7]),
        needs_answer: squash(z[8]),
    }
}
