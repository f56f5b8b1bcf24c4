//! Kaplan–Meier: how long until an answer, when some are still waiting.

use super::Level;

/// How far below a level still counts as equal (rule E38).
pub(super) const EQUAL: f64 = 1e-9;

/// One wait: until the answer, or until nothing more is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// How long, in any unit.
    pub time: i64,
    /// It ended with an answer; if not, it is censored.
    pub ended: bool,
}

impl Spell {
    /// Orders by time; at equal times answers come before censorings (rule E38).
    pub(super) fn rank(self) -> (i64, bool) {
        (self.time, !self.ended)
    }
}

/// A quantile of the times, with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantile {
    /// The smallest event time with at most that share left; `None` if the curve never gets there.
    pub value: Option<i64>,
    /// Where the lower limit of the curve gets there.
    pub low: Option<i64>,
    /// Where the upper limit gets there.
    pub high: Option<i64>,
}

/// The time by which no more than the share `left` still waits: 0.5 is the median, 0.1 the 90th
/// percentile (rule E38).
///
/// Kaplan and Meier, JASA 53 (1958). The limits are those of the log-log transform with
/// Greenwood's variance, S^exp(±z·se), se = √(Σ d/(r(r−d))) / |ln S|: Kalbfleisch and Prentice,
/// "The Statistical Analysis of Failure Time Data" (1980), §1.3; turned into an interval of the
/// quantile as by Brookmeyer and Crowley, Biometrics 38 (1982). Where S falls to 0 the lower limit
/// is 0 and the upper keeps its last value.
pub fn quantile(spells: &[Spell], left: f64, level: Level) -> Quantile {
    let mut spells = spells.to_vec();
    spells.sort_unstable_by_key(|s| s.rank());
    let mut found = Quantile::default();
    let mut waiting = spells.len() as f64;
    let (mut share, mut greenwood, mut upper) = (1.0_f64, 0.0_f64, 1.0_f64);
    for same in spells.chunk_by(|a, b| a.time == b.time) {
        let events = same.iter().filter(|s| s.ended).count() as f64;
        if events > 0.0 {
            let mut lower = 0.0;
            if events < waiting {
                share *= 1.0 - events / waiting;
                greenwood += events / (waiting * (waiting - events));
                let spread = level.z() * greenwood.sqrt() / share.ln().abs();
                lower = share.powf(spread.exp());
                upper = share.powf((-spread).exp());
            } else {
                share = 0.0;
            }
            let reach = |known: &mut Option<i64>, curve: f64| {
                if known.is_none() && curve <= left + EQUAL {
                    *known = Some(same[0].time);
                }
            };
            reach(&mut found.value, share);
            reach(&mut found.low, lower);
            reach(&mut found.high, upper);
        }
        waiting -= same.len() as f64;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spells(ended: &[i64], censored: &[i64]) -> Vec<Spell> {
        let spell = |ended| move |&time: &i64| Spell { time, ended };
        ended.iter().map(spell(true)).chain(censored.iter().map(spell(false))).collect()
    }

    fn at(value: Option<i64>, low: Option<i64>, high: Option<i64>) -> Quantile {
        Quantile { value, low, high }
    }

    #[test]
    fn textbook_remission_times() {
        // Weeks of remission, Freireich and others (1963), the standard example; the log-log
        // intervals are those that SAS PROC LIFETEST prints: 23 [13, .] and 8 [4, 11].
        let treated = spells(
            &[6, 6, 6, 7, 10, 13, 16, 22, 23],
            &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
        );
        let placebo =
            spells(&[1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], &[]);
        assert_eq!(quantile(&treated, 0.5, Level::Value), at(Some(23), Some(13), None));
        assert_eq!(quantile(&placebo, 0.5, Level::Value), at(Some(8), Some(4), Some(11)));
        assert_eq!(
            quantile(&placebo, 0.1, Level::Value),
            at(Some(17), Some(12), None),
            "rule E38: S falls to 0 at 23, the upper limit keeps 0.197 and never reaches 0.1"
        );
    }

    #[test]
    fn rule_e38_by_hand() {
        let easy = spells(&[1], &[500; 9]);
        assert_eq!(
            quantile(&easy, 0.5, Level::Value).value,
            None,
            "answering the easy tenth in a minute is no median of one minute"
        );
        let flat = spells(&[10, 20, 30, 40], &[]);
        assert_eq!(
            quantile(&flat, 0.5, Level::Value).value,
            Some(20),
            "S is exactly 0.5 from 20 to 30: the smallest time, no averaging"
        );
        let tie = spells(&[10], &[10]);
        assert_eq!(
            quantile(&tie, 0.5, Level::Value).value,
            Some(10),
            "at equal times the answer comes first: S = 1/2, not 0"
        );
        let thirds = spells(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], &[]);
        assert_eq!(
            quantile(&thirds, 0.1, Level::Value).value,
            Some(9),
            "0.1 reached but for rounding counts as equal"
        );
        let at_once = spells(&[0; 8], &[]);
        assert_eq!(quantile(&at_once, 0.5, Level::Value), at(Some(0), Some(0), None));
        assert_eq!(quantile(&[], 0.5, Level::Value), Quantile::default());
    }

    proptest! {
        #[test]
        fn the_interval_contains_the_value(
            ended in prop::collection::vec(0_i64..50, 0..40),
            censored in prop::collection::vec(0_i64..50, 0..40),
        ) {
            let mut all = spells(&ended, &censored);
            let found = quantile(&all, 0.5, Level::Value);
            if let Some(value) = found.value {
                prop_assert!(found.low.is_some_and(|low| low <= value));
                prop_assert!(found.high.is_none_or(|high| value <= high));
                let later = quantile(&all, 0.1, Level::Value).value;
                prop_assert!(later.is_none_or(|later| value <= later));
            }
            all.reverse();
            prop_assert_eq!(found, quantile(&all, 0.5, Level::Value));
        }
    }
}
