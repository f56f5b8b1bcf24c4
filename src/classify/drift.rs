//! Whether the posts of these days are like those the classifier was made with, and like those of
//! the weeks before.
//!
//! Two distributions are compared by the population stability index, Σ (a − e) ln(a / e) over their
//! bins. By the usual reading 0.1 is a small move and 0.25 a large one; only the large is told. It
//! says that figures and thresholds may no longer hold, not that they do not.

use std::collections::BTreeMap;

use crate::model::{Drift, Trait, Yardstick};

/// Bins of a probability.
pub const BINS: usize = 10;
/// So many posts on each side are compared at least.
pub const MINIMUM: u64 = 200;
/// From above this on it is told.
pub const LARGE: f64 = 0.25;
/// An empty bin counts as this share: the logarithm of nothing would be all there is to see.
const FLOOR: f64 = 0.001;

/// How the posts that a classifier was made with came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// The classifier, as in [`super::Classifier::model`].
    pub model: &'static str,
    /// Shares of the needs-answer scores by tenths.
    pub scores: [f64; BINS],
    /// The languages it was made with. How the posts spread over them is chosen by whoever collects
    /// them, so only the share in other languages, or in none that is known, is compared.
    pub languages: &'static [&'static str],
    /// That share.
    pub elsewhere: f64,
    /// The share of posts it was not sure of.
    pub unsure: f64,
}

/// The reference of the present classifier: that of `data/corpus`. The test
/// `corpus::the_reference_is_that_of_the_present_classifier` computes it and prints these lines when
/// they are not right:
/// `cargo test --test main corpus::the_reference`.
pub const REFERENCE: Reference = Reference {
    model: "affinity-10",
    scores: [0.1794, 0.1154, 0.04, 0.0253, 0.024, 0.0234, 0.0234, 0.0406, 0.0946, 0.4338],
    languages: &[
        "da", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "sv", "tr", "zh",
    ],
    elsewhere: 0.0127,
    unsure: 0.1473,
};

/// Posts of some days, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    n: u64,
    scores: [u64; BINS],
    languages: BTreeMap<String, u64>,
    unsure: u64,
}

impl Sight {
    /// Takes in a post: its needs-answer score, its language (ISO 639-1) and whether the classifier
    /// was not sure.
    pub fn add(&mut self, needs_answer: f32, lang: Option<&str>, unsure: bool) {
        let score = if needs_answer.is_nan() { 0.0 } else { needs_answer.clamp(0.0, 1.0) };
        self.n += 1;
        self.scores[((score * BINS as f32) as usize).min(BINS - 1)] += 1;
        let lang = lang.map(|lang| lang.split(['-', '_']).next().unwrap_or(lang).to_lowercase());
        *self.languages.entry(lang.unwrap_or_default()).or_default() += 1;
        self.unsure += u64::from(unsure);
    }

    /// How many posts.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Shares of the scores by tenths.
    pub fn scores(&self) -> [f64; BINS] {
        self.scores.map(|n| self.share(n))
    }

    /// The share of posts that the classifier was not sure of.
    pub fn unsure(&self) -> f64 {
        self.share(self.unsure)
    }

    /// The share of posts in none of these languages.
    pub fn elsewhere(&self, languages: &[&str]) -> f64 {
        let is_known = |lang: &String| languages.contains(&lang.as_str());
        self.share(self.languages.iter().filter(|(lang, _)| !is_known(lang)).map(|(_, n)| n).sum())
    }

    fn share(&self, n: u64) -> f64 {
        n as f64 / self.n.max(1) as f64
    }
}

/// The population stability index of two distributions over the same bins.
pub fn psi(expected: &[f64], actual: &[f64]) -> f64 {
    let floor = |share: &f64| share.max(FLOOR);
    let pairs = expected.iter().map(floor).zip(actual.iter().map(floor));
    pairs.map(|(e, a)| (a - e) * (a / e).ln()).sum()
}

/// What has moved by much, the largest move first: `recent` against the reference and against
/// `before`. Nothing below [`MINIMUM`] posts on either side.
///
/// That a brand's posts are not like those of the reference is told when it is new: where those of
/// the weeks before were just as different, it is known.
pub fn drift(recent: &Sight, before: &Sight, reference: &Reference) -> Vec<Drift> {
    if recent.n < MINIMUM {
        return Vec::new();
    }
    let both = |share: f64| [share, 1.0 - share];
    let training = |sight: &Sight| {
        [
            (Trait::Scores, psi(&reference.scores, &sight.scores())),
            (
                Trait::Languages,
                psi(&both(reference.elsewhere), &both(sight.elsewhere(reference.languages))),
            ),
            (Trait::Unsure, psi(&both(reference.unsure), &both(sight.unsure()))),
        ]
    };
    let has_before = before.n >= MINIMUM;
    let mut all = Vec::new();
    for ((of, now), (_, then)) in training(recent).into_iter().zip(training(before)) {
        if !(has_before && then > LARGE) {
            all.push((of, Yardstick::Training, now));
        }
    }
    if has_before {
        all.push((Trait::Scores, Yardstick::Before, psi(&before.scores(), &recent.scores())));
        all.push((Trait::Languages, Yardstick::Before, languages(before, recent)));
        let unsure = psi(&both(before.unsure()), &both(recent.unsure()));
        all.push((Trait::Unsure, Yardstick::Before, unsure));
    }
    let mut moved: Vec<Drift> = all
        .into_iter()
        .filter(|(.., psi)| *psi > LARGE)
        .map(|(of, against, psi)| Drift { of, against, psi, n: recent.n })
        .collect();
    moved.sort_by(|a, b| b.psi.total_cmp(&a.psi));
    moved
}

/// The move of the languages: the nine commonest of both, and the rest as one.
fn languages(before: &Sight, recent: &Sight) -> f64 {
    let mut sums: BTreeMap<&String, u64> = BTreeMap::new();
    for (lang, n) in before.languages.iter().chain(&recent.languages) {
        *sums.entry(lang).or_default() += n;
    }
    let mut common: Vec<(&String, u64)> = sums.into_iter().collect();
    common.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    common.truncate(BINS - 1);
    let shares = |sight: &Sight| {
        let of = |lang: &String| sight.share(sight.languages.get(lang).copied().unwrap_or(0));
        let mut shares: Vec<f64> = common.iter().map(|(lang, _)| of(lang)).collect();
        shares.push((1.0 - shares.iter().sum::<f64>()).max(0.0));
        shares
    };
    psi(&shares(before), &shares(recent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: Reference = Reference {
        model: "m",
        scores: [0.1; BINS],
        languages: &["en", "de"],
        elsewhere: 0.02,
        unsure: 0.05,
    };

    /// So many posts, their scores spread evenly up to `top`.
    fn sight(n: u64, top: f32, lang: &str, unsure_every: u64) -> Sight {
        let mut sight = Sight::default();
        for post in 0..n {
            let score = top * (post % 100) as f32 / 100.0;
            let lang = if post % 50 == 0 { None } else { Some(lang) };
            sight.add(score, lang, post % unsure_every == 0);
        }
        sight
    }

    #[test]
    fn the_index_is_that_computed_by_hand() {
        assert_eq!(psi(&[0.5, 0.5], &[0.5, 0.5]), 0.0);
        // (0.2 - 0.5) ln 0.4 + (0.8 - 0.5) ln 1.6 = 0.274887 + 0.141001
        let found = psi(&[0.5, 0.5], &[0.2, 0.8]);
        assert!((found - 0.415_888).abs() < 1e-6, "{found}");
        assert_eq!(psi(&[0.2, 0.8], &[0.5, 0.5]), found, "the same both ways");
        assert!(psi(&[0.0, 1.0], &[1.0, 0.0]).is_finite());
    }

    #[test]
    fn what_has_moved_is_told_and_what_has_not_is_not() {
        use Trait::{Languages, Scores, Unsure};
        use Yardstick::{Before, Training};
        let usual = || sight(1_000, 1.0, "en", 20);
        let none = Sight::default();
        for (case, recent, before, wanted) in [
            ("nothing", usual(), usual(), vec![]),
            ("too few", sight(199, 0.3, "fi", 1), usual(), vec![]),
            ("just enough", sight(200, 0.3, "en", 20), none.clone(), vec![(Scores, Training)]),
            (
                "other scores than ever",
                sight(500, 0.3, "en", 20),
                usual(),
                vec![(Scores, Before), (Scores, Training)],
            ),
            (
                "other scores than it was made with, as always here",
                sight(500, 0.3, "en", 20),
                sight(1_000, 0.3, "en", 20),
                vec![],
            ),
            (
                "a language it was made with",
                sight(500, 1.0, "de", 20),
                usual(),
                vec![(Languages, Before)],
            ),
            (
                "one it was not",
                sight(500, 1.0, "fi", 20),
                usual(),
                vec![(Languages, Before), (Languages, Training)],
            ),
            (
                "less sure",
                sight(500, 1.0, "en", 3),
                usual(),
                vec![(Unsure, Before), (Unsure, Training)],
            ),
            ("too few before", sight(500, 1.0, "de", 20), sight(199, 0.3, "en", 20), vec![]),
        ] {
            let mut found: Vec<_> =
                drift(&recent, &before, &EVEN).into_iter().map(|d| (d.of, d.against)).collect();
            found.sort_by_key(|(of, against)| (*of, std::cmp::Reverse(*against)));
            assert_eq!(found, wanted, "{case}");
        }
        let found = drift(&sight(500, 0.3, "fi", 20), &none, &EVEN);
        assert!(found.windows(2).all(|two| two[0].psi >= two[1].psi), "the largest first");
    }

    #[test]
    fn a_post_is_counted_by_its_tenth_and_its_plain_language() {
        let mut sight = Sight::default();
        for (score, lang) in
            [(0.0, Some("en-GB")), (0.999, Some("EN")), (1.0, None), (f32::NAN, Some("sv"))]
        {
            sight.add(score, lang, false);
        }
        assert_eq!((sight.scores()[0], sight.scores()[9]), (0.5, 0.5));
        assert_eq!(sight.elsewhere(&["en"]), 0.5);
        assert_eq!(sight.elsewhere(&["en", "sv"]), 0.25, "no language is none of them");
    }
}
