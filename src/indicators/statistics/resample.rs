//! Bootstrap over groups: draws whole persons, because the posts of one are not independent.

use super::proportion::wilson_of_share;
use super::{Interval, Level, square_and_add};

/// How many times a sample is drawn again (rule E51).
pub const DRAWS: usize = 2_000;

const SEED: u64 = 0x0AFF_1211_7D00_0051;

/// A fixed sequence of random numbers: xoshiro256++ by Blackman and Vigna (2019), its state filled
/// by splitmix64. Our own, so that an interval printed today comes out the same next year.
#[derive(Clone, Debug)]
pub struct Dice {
    state: [u64; 4],
}

impl Dice {
    /// The sequence that belongs to a seed.
    pub fn seeded(mut seed: u64) -> Self {
        let mut split = || {
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = seed;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Self { state: [split(), split(), split(), split()] }
    }

    /// The sequence every interval here starts from.
    pub fn fixed() -> Self {
        Self::seeded(SEED)
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        let s = &mut self.state;
        let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        out
    }

    /// A number from 0 to `bound` − 1; `bound` must not be 0. The bias is below 2⁻³² for the few
    /// thousand groups there can be.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.roll()) * bound as u128) >> 64) as usize
    }
}

/// What one group brings to a share: how many, and how many of them count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Above the line.
    pub hits: u32,
    /// Below the line.
    pub of: u32,
}

/// What several groups bring together.
#[derive(Clone, Copy, Default)]
struct Sum {
    hits: u64,
    of: u64,
}

impl Sum {
    fn add(&mut self, part: Part) {
        self.hits += u64::from(part.hits);
        self.of += u64::from(part.of);
    }

    fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }
}

/// The percentile interval of a ratio of sums (rule E51). `None` without anything to count.
///
/// Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. Where every draw
/// must come out equal (0 %, 100 %, a single group, all groups alike) the percentiles would say
/// "certain"; there Wilson's interval with n = number of groups stands in.
pub fn share(groups: &[Part], level: Level) -> Option<Interval> {
    let mut groups: Vec<Part> = groups.iter().copied().filter(|g| g.of > 0).collect();
    groups.sort_unstable();
    let value = total(&groups).share()?;
    if is_rigid(&groups) {
        return Some(wilson_of_share(value, groups.len() as u64, level));
    }
    let mut dice = Dice::fixed();
    let mut draws: Vec<f64> = (0..DRAWS)
        .filter_map(|_| {
            let mut sum = Sum::default();
            for _ in 0..groups.len() {
                sum.add(groups[dice.below(groups.len())]);
            }
            sum.share()
        })
        .collect();
    percentiles(&mut draws, level)
}

/// The percentile interval of the difference of two shares of the same persons: each group is what
/// one person brings to the first and to the second, and is drawn whole. Draws that empty a side
/// are dropped. Where the draws of a side must come out equal: Newcombe with n = number of groups.
/// `None` if a side has nothing to count.
pub fn share_difference(groups: &[(Part, Part)], level: Level) -> Option<Interval> {
    let mut groups: Vec<(Part, Part)> =
        groups.iter().copied().filter(|(a, b)| a.of + b.of > 0).collect();
    groups.sort_unstable();
    let a: Vec<Part> = groups.iter().map(|g| g.0).filter(|p| p.of > 0).collect();
    let b: Vec<Part> = groups.iter().map(|g| g.1).filter(|p| p.of > 0).collect();
    let (first, second) = (total(&a).share()?, total(&b).share()?);
    if is_rigid(&a) || is_rigid(&b) {
        let side = |share, n: usize| (share, wilson_of_share(share, n as u64, level));
        return Some(square_and_add(side(first, a.len()), side(second, b.len())));
    }
    let mut dice = Dice::fixed();
    let mut draws: Vec<f64> = (0..DRAWS)
        .filter_map(|_| {
            let mut sums = (Sum::default(), Sum::default());
            for _ in 0..groups.len() {
                let group = groups[dice.below(groups.len())];
                sums.0.add(group.0);
                sums.1.add(group.1);
            }
            Some(sums.0.share()? - sums.1.share()?)
        })
        .collect();
    percentiles(&mut draws, level)
}

/// The two percentiles of some draws that leave out one tail each.
fn percentiles(draws: &mut [f64], level: Level) -> Option<Interval> {
    draws.sort_unstable_by(f64::total_cmp);
    Some(Interval {
        low: percentile(draws, level.tail())?,
        high: percentile(draws, 1.0 - level.tail())?,
    })
}

/// A percentile of sorted values with linear interpolation. Between a finite and an infinite value
/// the infinite one wins. `None` of nothing.
pub fn percentile(sorted: &[f64], at: f64) -> Option<f64> {
    let place = at * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    if !below.is_finite() || below == above {
        return Some(below);
    }
    Some(below + place.fract() * (above - below))
}

fn total(groups: &[Part]) -> Sum {
    let mut sum = Sum::default();
    groups.iter().for_each(|g| sum.add(*g));
    sum
}

/// Whether every draw from these groups has the same share.
fn is_rigid(groups: &[Part]) -> bool {
    groups.windows(2).all(|pair| {
        u64::from(pair[0].hits) * u64::from(pair[1].of)
            == u64::from(pair[1].hits) * u64::from(pair[0].of)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::proportion::{newcombe, wilson};
    use super::*;

    fn parts(list: &[(u32, u32)]) -> Vec<Part> {
        list.iter().map(|&(hits, of)| Part { hits, of }).collect()
    }

    #[test]
    fn the_dice_are_the_published_generator() {
        // First outputs of splitmix64 and of xoshiro256++ for the states given by their authors.
        let filled = Dice::seeded(1_234_567);
        assert_eq!(filled.state[0], 6_457_827_717_110_365_317);
        assert_eq!(filled.state[1], 3_203_168_211_198_807_973);
        let mut dice = Dice { state: [1, 2, 3, 4] };
        assert_eq!(dice.roll(), 41_943_041);
        assert_eq!(dice.roll(), 58_720_359);
        assert_eq!(dice.roll(), 3_588_806_011_781_223);
    }

    #[test]
    fn percentiles_interpolate() {
        let sorted = [10.0, 20.0, 30.0, 40.0];
        assert_eq!(percentile(&sorted, 0.0), Some(10.0));
        assert_eq!(percentile(&sorted, 0.5), Some(25.0));
        assert_eq!(percentile(&sorted, 0.9), Some(37.0), "place 2.7: 30 + 0.7 · 10");
        assert_eq!(percentile(&sorted, 1.0), Some(40.0));
        assert_eq!(percentile(&[], 0.5), None);
        let open = [f64::NEG_INFINITY, 1.0];
        assert_eq!(percentile(&open, 0.2), Some(f64::NEG_INFINITY));
        assert_eq!(percentile(&[1.0, f64::INFINITY], 0.2), Some(f64::INFINITY));
    }

    #[test]
    fn rule_e51_with_one_case_each_is_the_binomial() {
        // 100 persons with one case each, 40 answered: draws are Bin(100, 0.4) / 100, whose 2.5 %
        // and 97.5 % points are 0.31 and 0.50.
        let mut groups = vec![Part { hits: 1, of: 1 }; 40];
        groups.extend(vec![Part { hits: 0, of: 1 }; 60]);
        let found = share(&groups, Level::Value).unwrap();
        assert!((found.low - 0.305).abs() < 0.016, "{found:?}");
        assert!((found.high - 0.495).abs() < 0.016, "{found:?}");
    }

    #[test]
    fn rule_e51_one_loud_person_widens_the_interval() {
        // 60 of 100 answered both times; in the second sample 40 of the unanswered are one person's.
        let mut even = vec![Part { hits: 1, of: 1 }; 60];
        even.extend(vec![Part { hits: 0, of: 1 }; 40]);
        let mut loud = vec![Part { hits: 1, of: 1 }; 60];
        loud.push(Part { hits: 0, of: 40 });
        let (even, loud) =
            (share(&even, Level::Value).unwrap(), share(&loud, Level::Value).unwrap());
        assert!(loud.high - loud.low > 1.5 * (even.high - even.low), "{even:?} {loud:?}");
        assert_eq!(loud.high, 1.0, "a third of the draws miss that person");
    }

    #[test]
    fn rule_e51_at_the_ends_is_wilson_over_groups() {
        let none = parts(&[(0, 3), (0, 1), (0, 9)]);
        assert_eq!(share(&none, Level::Value), wilson(0, 3, Level::Value));
        let all = parts(&[(3, 3), (1, 1)]);
        assert_eq!(share(&all, Level::Value), wilson(2, 2, Level::Value));
        let single = share(&parts(&[(10, 20)]), Level::Value).unwrap();
        assert!(single.high - single.low > 0.5, "one person is one observation: {single:?}");
        assert_eq!(share(&[], Level::Value), None);
        let mut both = vec![(Part { hits: 1, of: 1 }, Part::default()); 30];
        both.extend(vec![(Part::default(), Part { hits: 1, of: 1 }); 15]);
        both.extend(vec![(Part::default(), Part { hits: 0, of: 1 }); 15]);
        let found = share_difference(&both, Level::Change);
        assert_eq!(found, newcombe((30, 30), (15, 30), Level::Change), "100 % in one window");
    }

    #[test]
    fn a_clear_difference_leaves_out_zero() {
        let side =
            |hits: u32, n: u32| (0..n).map(move |i| Part { hits: u32::from(i < hits), of: 1 });
        let mut groups: Vec<(Part, Part)> = side(90, 100).map(|p| (p, Part::default())).collect();
        groups.extend(side(60, 100).map(|p| (Part::default(), p)));
        let found = share_difference(&groups, Level::Change).unwrap();
        // 0.3 ± 2.576 · √(0.09/100 + 0.24/100) = 0.3 ± 0.148
        assert!((found.low - 0.152).abs() < 0.03 && (found.high - 0.448).abs() < 0.03, "{found:?}");
    }

    proptest! {
        #[test]
        fn the_same_groups_in_any_order_give_the_same_interval(
            list in prop::collection::vec((0_u32..5, 0_u32..5), 1..40),
        ) {
            let mut groups: Vec<Part> =
                list.iter().map(|&(hits, more)| Part { hits, of: hits + more }).collect();
            let there = share(&groups, Level::Value);
            groups.reverse();
            prop_assert_eq!(there, share(&groups, Level::Value));
            if let Some(found) = there {
                prop_assert!(0.0 <= found.low && found.low <= found.high && found.high <= 1.0);
                prop_assert!(found.has(total(&groups).share().unwrap()), "{:?}", found);
            }
        }
    }
}
