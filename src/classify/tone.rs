//! How the words of a text feel by themselves, whatever they are about.
//!
//! It helps to tell feelings, and nothing else: who writes of a sad film wants no answer.

use super::cues::Cue;
use super::fold::Text;

/// The tone of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tone {
    words: Sums,
    /// Of those, phrases of several words: they mislead less often than single ones.
    phrases: Sums,
    /// Of those, emoji and emoticons, which people write to be understood.
    signs: Sums,
}

/// What feels good, and what feels bad, added up; each word up to 4.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    good: f32,
    bad: f32,
}

/// Values that a tone is weighed by.
pub const VALUES: usize = 7;

/// Half of what good or bad words can come to.
const HALF: f32 = 4.0;

impl Tone {
    /// Adds up words.
    pub(super) fn of(text: &Text, words: &[Cue]) -> Self {
        let mut tone = Self::default();
        for word in words {
            let letters = &text.chars[word.place.clone()];
            tone.words.add(word.weight);
            if letters.contains(&' ') {
                tone.phrases.add(word.weight);
            }
            if !letters[0].is_alphanumeric() {
                tone.signs.add(word.weight);
            }
        }
        tone
    }

    /// The balance from -1 to 1 (the measure of vaderSentiment: a few words do not reach either),
    /// and how far good and bad ones go, each from 0 to 1: words, phrases, signs.
    pub fn values(self) -> [f32; VALUES] {
        let balance = self.words.good - self.words.bad;
        let far = |sum: f32| sum / (sum + HALF);
        let [words, phrases, signs] =
            [self.words, self.phrases, self.signs].map(|sums| [far(sums.good), far(sums.bad)]);
        [
            balance / f32::sqrt(balance * balance + 15.0),
            words[0],
            words[1],
            phrases[0],
            phrases[1],
            signs[0],
            signs[1],
        ]
    }
}

impl Sums {
    fn add(&mut self, weight: f32) {
        self.good += weight.max(0.0);
        self.bad += (-weight).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::blend::{self, INPUTS};
    use crate::classify::class::Class;
    use crate::classify::model::SHIPPED;
    use crate::classify::{Classifier, Post};

    fn values(text: &str, words: &[(std::ops::Range<usize>, f32)]) -> [f32; VALUES] {
        let cue = |(place, weight): &(std::ops::Range<usize>, f32)| Cue {
            place: place.clone(),
            sign: "",
            class: Class::Pos,
            weight: *weight,
        };
        let words: Vec<Cue> = words.iter().map(cue).collect();
        Tone::of(&Text::of(text, &[]), &words).values()
    }

    #[test]
    fn good_and_bad_are_added_up_apart() {
        assert_eq!(values("so", &[]), [0.0; VALUES]);
        let (far, near) = (4.0 / 31_f32.sqrt(), 1.0 / 16_f32.sqrt());
        assert_eq!(
            values("so fine", &[(0..2, 3.0), (3..7, 1.0)]),
            [far, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(
            values("a b c", &[(0..1, 2.0), (2..3, -1.5), (4..5, -0.5)]),
            [0.0, 2.0 / 6.0, 2.0 / 6.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(
            values("so fine :(", &[(0..7, 4.0), (8..10, -3.0)]),
            [near, 0.5, 3.0 / 7.0, 0.5, 0.0, 0.0, 3.0 / 7.0]
        );
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
            // Phrases, which mean what their words do not.
            ("counting down the days til friday, so pumped", false),
            ("the band killed it last night", false),
            ("my team bottled it again, sack the board", true),
            ("ich kann's kaum erwarten, bis es losgeht", false),
            ("j'en peux plus de ce temps", true),
            ("mi nuovo disco preferito, non vedo l'ora del concerto", false),
            ("no veo la hora de que llegue el verano", false),
            ("コスパ最高で毎日使ってます", false),
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
