//! What a share that rests on a classifier's labels would be without its mistakes.

use super::Level;
use crate::model::Corrected;

/// What persons found when they checked a random sample of two-way labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Posts that are of the class by a person's word.
    pub truly: u64,
    /// Those of them that were labelled so.
    pub found: u64,
    /// Posts that are not.
    pub falsely: u64,
    /// Those of them that were not labelled so.
    pub left: u64,
}

impl Check {
    /// So many posts of each kind must have been checked.
    pub const MINIMUM: u64 = 30;

    /// Takes in one checked post.
    pub fn add(&mut self, is: bool, was_found: bool) {
        if is {
            self.truly += 1;
            self.found += u64::from(was_found);
        } else {
            self.falsely += 1;
            self.left += u64::from(!was_found);
        }
    }

    /// Share of the true ones that was found; `None` without one.
    pub fn sensitivity(&self) -> Option<f64> {
        (self.truly > 0).then(|| self.found as f64 / self.truly as f64)
    }

    /// Share of the others that was left alone; `None` without one.
    pub fn specificity(&self) -> Option<f64> {
        (self.falsely > 0).then(|| self.left as f64 / self.falsely as f64)
    }
}

/// A share `p` of `n` labels, corrected: (p + Sp − 1) / (Se + Sp − 1), cut to 0..1 (Rogan and
/// Gladen, American Journal of Epidemiology 107, 1978). `None` below the minimum of either kind,
/// without labels, and where the labels say no more than chance.
///
/// The interval adds the doubt about Se and Sp to that about p: Lang and Reiczigel, Preventive
/// Veterinary Medicine 113 (2014), which holds its level also where Se or Sp was found to be 1.
pub fn corrected(p: f64, n: u64, check: &Check, level: Level) -> Option<Corrected> {
    let (se, sp) = (check.sensitivity()?, check.specificity()?);
    let is_enough = check.truly >= Check::MINIMUM && check.falsely >= Check::MINIMUM && n > 0;
    let (z, size) = (level.z(), n as f64);
    // Laplace's estimates, so that a perfect sample is not taken for a perfect classifier.
    let (ones, zeros) = (check.truly as f64 + 2.0, check.falsely as f64 + 2.0);
    let (se_, sp_) = ((check.found as f64 + 1.0) / ones, (check.left as f64 + 1.0) / zeros);
    let (gain, gain_) = (se + sp - 1.0, se_ + sp_ - 1.0);
    if !is_enough || gain <= 0.0 || gain_ <= 0.0 {
        return None;
    }
    let (n_, p_) = (size + z * z, (size * p + z * z / 2.0) / (size + z * z));
    let share = (p_ + sp_ - 1.0) / gain_;
    let (doubt_se, doubt_sp) = (se_ * (1.0 - se_) / ones, sp_ * (1.0 - sp_) / zeros);
    let shift = 2.0 * z * z * (share * doubt_se - (1.0 - share) * doubt_sp);
    let spread = p_ * (1.0 - p_) / n_ + share * share * doubt_se + (1.0 - share).powi(2) * doubt_sp;
    let half = z * spread.sqrt() / gain_;
    let value = ((p + sp - 1.0) / gain).clamp(0.0, 1.0);
    Some(Corrected {
        value,
        low: (share + shift - half).clamp(0.0, value),
        high: (share + shift + half).clamp(value, 1.0),
        se,
        sp,
        n: check.truly + check.falsely,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: u64, truly: u64, left: u64, falsely: u64) -> Check {
        Check { truly, found, falsely, left }
    }

    #[test]
    fn a_fifth_labelled_is_a_seventh_in_truth() {
        // By hand: (0.20 + 0.90 - 1) / (0.80 + 0.90 - 1) = 0.10 / 0.70 = 1/7.
        let found = corrected(0.20, 1_000, &check(40, 50, 180, 200), Level::Value).unwrap();
        assert!((found.value - 1.0 / 7.0).abs() < 1e-12, "{found:?}");
        assert_eq!((found.se, found.sp, found.n), (0.8, 0.9, 250));
        // The check's own doubt is the larger part: with Se and Sp known it would be ± 0.035.
        assert!(found.low < 1.0 / 7.0 - 0.035 && found.high > 1.0 / 7.0 + 0.035, "{found:?}");
        assert!(found.low > 0.05 && found.high < 0.25, "{found:?}");
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        for (case, p, n, check, value) in [
            ("too few of the class", 0.2, 100, check(24, 29, 90, 100), None),
            ("too few of the others", 0.2, 100, check(24, 30, 26, 29), None),
            ("the fewest", 0.5, 100, check(30, 30, 30, 30), Some(0.5)),
            ("no labels", 0.2, 0, check(40, 50, 180, 200), None),
            ("labels no better than chance", 0.2, 100, check(10, 50, 160, 200), None),
            (
                "fewer labelled than mistakes alone would make",
                0.05,
                100,
                check(40, 50, 180, 200),
                Some(0.0),
            ),
            ("more than all", 0.9, 100, check(40, 50, 180, 200), Some(1.0)),
        ] {
            let found = corrected(p, n, &check, Level::Value);
            assert_eq!(found.map(|f| f.value), value, "{case}");
            if let Some(f) = found {
                assert!(0.0 <= f.low && f.low <= f.value && f.value <= f.high && f.high <= 1.0);
                assert!(f.high > f.low, "{case}: there is always doubt");
            }
        }
    }

    #[test]
    fn more_checks_and_more_labels_leave_less_doubt() {
        let width = |n, times: u64| {
            let check = check(40 * times, 50 * times, 180 * times, 200 * times);
            let found = corrected(0.2, n, &check, Level::Value).unwrap();
            found.high - found.low
        };
        assert!(width(1_000, 1) < width(100, 1));
        assert!(width(1_000, 10) < width(1_000, 1));
        let change = corrected(0.2, 100, &check(40, 50, 180, 200), Level::Change).unwrap();
        assert!(change.high - change.low > width(100, 1), "surer is wider");
    }
}
