//! What a text is about and whether it is severe, from what was learned and what the terms say.
//!
//! Both judges' sums for an aspect are added up, weighed by what fitted posts that neither had learned
//! from, and become probabilities that sum to 1. Severe is what either judge takes for severe.

use serde::{Deserialize, Serialize};

use crate::model::Aspect;

/// The number of aspects.
pub const ASPECTS: usize = Aspect::ALL.len();
/// The column of what is about no aspect, behind those of the aspects; with them it excludes the others.
pub const NOTHING: usize = ASPECTS;
/// The column of what is severe.
pub const SEVERE: usize = ASPECTS + 1;
/// The columns of the table of topics.
pub const TOPICS: usize = ASPECTS + 2;

/// From this probability on a text is about something.
const ABOUT: f32 = 0.3;
/// A second aspect needs so much.
const SECOND: f32 = 0.2;
/// The terms of one aspect count up to this: a text may name the same thing many times.
const MOST: f32 = 3.0;

/// How what was learned and what the terms say are weighed together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// What the sum of the table counts for an aspect.
    pub learned: f32,
    /// What the sum of the terms counts.
    pub terms: f32,
}

impl Scale {
    /// Both count alike.
    pub const PLAIN: Self = Self { learned: 1.0, terms: 1.0 };

    /// Whether it can be reckoned with.
    pub fn is_sound(&self) -> bool {
        self.learned.is_finite() && self.terms.is_finite()
    }

    /// The probability of each aspect, and of none.
    pub fn chances(&self, learned: &[f32; TOPICS], told: &[f32; ASPECTS]) -> [f32; NOTHING + 1] {
        let odds: [f32; NOTHING + 1] = std::array::from_fn(|topic| {
            let told = told.get(topic).map_or(0.0, |told| told.min(MOST));
            self.learned * learned[topic] + self.terms * told
        });
        let most = odds.iter().copied().fold(f32::MIN, f32::max);
        let parts = odds.map(|odds| (odds - most).exp());
        let total: f32 = parts.iter().sum();
        parts.map(|part| part / total)
    }

    /// The one or two aspects that a text is about, the likelier first.
    pub(super) fn aspects(
        &self,
        learned: &[f32; TOPICS],
        told: &[f32; ASPECTS],
    ) -> impl Iterator<Item = Aspect> + use<> {
        let chances = self.chances(learned, told);
        let mut order = Aspect::ALL;
        order.sort_by(|a, b| chances[*b as usize].total_cmp(&chances[*a as usize]));
        let is_said = move |(aspect, least): &(Aspect, f32)| {
            let chance = chances[*aspect as usize];
            chance >= *least && chance > chances[NOTHING]
        };
        order.into_iter().zip([ABOUT, SECOND]).filter(is_said).map(|(aspect, _)| aspect)
    }
}

/// Whether the table takes a text that asks for something for severe.
pub(super) fn is_severe(learned: &[f32; TOPICS]) -> bool {
    learned[SEVERE] >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Classifier, Post};
    use crate::model::Severity;

    fn aspects(learned: [f32; TOPICS], told: [f32; ASPECTS]) -> Vec<Aspect> {
        Scale::PLAIN.aspects(&learned, &told).collect()
    }

    #[test]
    fn both_judges_are_added_up() {
        let (mut learned, mut told) = ([0.0; TOPICS], [0.0; ASPECTS]);
        let sum: f32 = Scale::PLAIN.chances(&learned, &told).iter().sum();
        assert!((sum - 1.0).abs() < 1e-6);
        assert_eq!(aspects(learned, told), [], "each as likely as none");
        learned[Aspect::App as usize] = 2.0;
        told[Aspect::Price as usize] = 2.5;
        assert_eq!(aspects(learned, told), [Aspect::Price, Aspect::App]);
        // One thing named ten times is no more than that.
        told[Aspect::Price as usize] = 40.0;
        learned[Aspect::App as usize] = 3.5;
        assert_eq!(aspects(learned, told)[0], Aspect::App);
        learned[NOTHING] = 9.0;
        assert_eq!(aspects(learned, told), []);
    }

    #[test]
    fn what_a_text_is_about_is_told_with_a_piece_of_it() {
        let judge = |text| Classifier::new().classify(&Post { text, ..Post::default() });
        for (text, aspect) in [
            ("my 2FA code never turns up so I am locked out again", Aspect::App),
            ("der Paketbote war angeblich da, war er aber nicht", Aspect::Delivery),
            ("the cashier rolled her eyes at me", Aspect::Staff),
        ] {
            let verdict = judge(text);
            assert_eq!(verdict.aspects.first(), Some(&aspect), "{text}: {:?}", verdict.reasons);
            let found = verdict.reasons.iter().find(|r| r.speaks_for == aspect.word()).unwrap();
            assert!(text.to_lowercase().contains(&found.found), "{found:?}");
        }
        // No term knows this.
        let verdict = judge("Metal staple inside the burger. Cut my gum open.");
        assert_eq!((verdict.severity, &verdict.signals[..]), (Severity::Severe, &[][..]));
        assert!(verdict.reasons.iter().any(|r| r.speaks_for == Severity::Severe.word()));
        assert!(judge("thank you!").aspects.is_empty());
    }
}
