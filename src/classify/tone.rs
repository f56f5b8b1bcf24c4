//! How the words of a text feel by themselves, whatever they are about.
//!
//! It helps to tell feelings, and nothing else: who writes of a sad film wants no answer.

use super::cues::Cue;

/// The tone of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tone {
    /// What feels good, added up; each word up to 4.
    good: f32,
    /// What feels bad, likewise.
    bad: f32,
}

/// Values that a tone is weighed by.
pub const VALUES: usize = 3;

/// Half of what good or bad words can come to.
const HALF: f32 = 4.0;

impl Tone {
    /// Adds up words.
    pub(super) fn of(words: &[Cue]) -> Self {
        let sum = |sign: f32| words.iter().map(|word| (sign * word.weight).max(0.0)).sum();
        Self { good: sum(1.0), bad: sum(-1.0) }
    }

    /// The balance from -1 to 1 (the measure of vaderSentiment: a few words do not reach either),
    /// and how far good and bad words go, each from 0 to 1.
    pub fn values(self) -> [f32; VALUES] {
        let balance = self.good - self.bad;
        let far = |sum: f32| sum / (sum + HALF);
        [balance / f32::sqrt(balance * balance + 15.0), far(self.good), far(self.bad)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::blend::{self, INPUTS};
    use crate::classify::class::Class;
    use crate::classify::model::SHIPPED;
    use crate::classify::{Classifier, Post};

    fn words(weights: &[f32]) -> Vec<Cue> {
        let cue = |weight: &f32| Cue { place: 0..1, sign: "", class: Class::Pos, weight: *weight };
        weights.iter().map(cue).collect()
    }

    #[test]
    fn good_and_bad_words_are_added_up_apart() {
        assert_eq!(Tone::of(&[]).values(), [0.0; VALUES]);
        assert_eq!(Tone::of(&words(&[3.0, 1.0])).values(), [4.0 / 31_f32.sqrt(), 0.5, 0.0]);
        assert_eq!(Tone::of(&words(&[2.0, -1.5, -0.5])).values(), [0.0, 2.0 / 6.0, 2.0 / 6.0]);
    }

    #[test]
    fn the_tone_of_a_text_about_anything_tells_its_feeling() {
        for (text, is_bad) in [
            ("what a heartbreaking funeral, grandma would have hated the cold church", true),
            ("the sunset over the lake was gorgeous and heavenly", false),
            ("the sunset was not gorgeous", true),
            ("die Aussicht war wunderschön, ein herrlicher Tag", false),
            ("ce deuil est une douleur atroce", true),
            ("las vistas son preciosas, qué alegría", false),
            ("葬礼上大家都很悲伤", true),
        ] {
            let verdict = Classifier::new().classify(&Post { text, ..Post::default() });
            let [neg, _, pos] = verdict.scores.sentiment;
            assert_eq!(neg > pos, is_bad, "{text}: {:?}", verdict.scores.sentiment);
        }
    }

    #[test]
    fn it_speaks_for_nothing_but_feelings() {
        for group in &SHIPPED.head.groups {
            for (head, weights) in group.weights.iter().enumerate() {
                let is_still = |input: &usize| !blend::speaks(*input, head);
                assert!((0..INPUTS).filter(is_still).all(|input| weights[input] == 0.0));
                assert_eq!((0..INPUTS).filter(is_still).count(), if head < 3 { 0 } else { VALUES });
            }
        }
    }
}
