//! One number before it has a name, and its comparison with the window before (rule E55).

use super::statistics::{Interval, Limits};
use crate::model::{Change, Flag, Standing};

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    pub(super) value: Option<f64>,
    pub(super) numerator: Option<f64>,
    pub(super) denominator: Option<f64>,
    pub(super) n: u64,
    pub(super) limits: Limits,
    pub(super) status: Standing,
    pub(super) change: Option<Change>,
}

impl Measure {
    /// A count (rule E53: numerator and n are the count).
    pub(super) fn count(count: u64, interval: Option<Interval>) -> Self {
        Self {
            value: Some(count as f64),
            numerator: Some(count as f64),
            denominator: None,
            n: count,
            limits: interval.map(Limits::from).unwrap_or_default(),
            status: Standing::Ok,
            change: None,
        }
    }

    /// A ratio over a sample. The value is given whenever there is something below the line, the
    /// interval only from the minimum on (rule E54).
    pub(super) fn ratio(
        numerator: f64,
        denominator: u64,
        minimum: u64,
        interval: impl FnOnce() -> Option<Interval>,
    ) -> Self {
        let is_enough = denominator >= minimum.max(1);
        Self {
            value: (denominator > 0).then(|| numerator / denominator as f64),
            numerator: Some(numerator),
            denominator: Some(denominator as f64),
            n: denominator,
            limits: if is_enough {
                interval().map(Limits::from).unwrap_or_default()
            } else {
                Limits::default()
            },
            status: if is_enough { Standing::Ok } else { Standing::TooFew },
            change: None,
        }
    }

    /// This measure with its change against the same one in the window before. The interval of the
    /// difference is asked for only if both have the minimum.
    pub(super) fn against(mut self, before: &Self, limits: impl FnOnce() -> Limits) -> Self {
        let is_enough = [self.status, before.status].iter().all(|s| *s != Standing::TooFew);
        let limits = if is_enough { limits() } else { Limits::default() };
        self.change = Some(Change {
            value: before.value,
            difference: self.value.zip(before.value).map(|(now, then)| now - then),
            low: limits.low,
            high: limits.high,
            flag: match limits {
                _ if !is_enough => Flag::TooFew,
                Limits { low: Some(low), .. } if low > 0.0 => Flag::Up,
                Limits { high: Some(high), .. } if high < 0.0 => Flag::Down,
                _ => Flag::None,
            },
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_e54_value_from_one_interval_from_the_minimum() {
        let whole = || Some(Interval { low: 0.0, high: 1.0 });
        let table = [
            ("nothing to count", 0, None, None, Standing::TooFew),
            ("below the minimum", 19, Some(3.0 / 19.0), None, Standing::TooFew),
            ("at the minimum", 20, Some(0.15), Some(0.0), Standing::Ok),
        ];
        for (case, n, value, low, status) in table {
            let found = Measure::ratio(3.0_f64.min(n as f64), n, 20, whole);
            assert_eq!(
                (found.value, found.limits.low, found.status),
                (value, low, status),
                "{case}"
            );
        }
    }

    #[test]
    fn rule_e55_flags() {
        let some = |low, high| Limits { low, high };
        let table = [
            ("leaves out 0 above", 20, some(Some(0.01), Some(0.2)), Flag::Up),
            ("leaves out 0 below", 20, some(Some(-0.2), Some(-0.01)), Flag::Down),
            ("holds 0", 20, some(Some(-0.1), Some(0.1)), Flag::None),
            ("touches 0", 20, some(Some(0.0), Some(0.1)), Flag::None),
            ("open above", 20, some(Some(0.1), None), Flag::Up),
            ("open at both ends", 20, some(None, None), Flag::None),
            ("too few before", 19, some(Some(0.01), Some(0.2)), Flag::TooFew),
        ];
        for (case, n, limits, flag) in table {
            let found = Measure::ratio(20.0, 20, 20, || None)
                .against(&Measure::ratio(1.0, n, 20, || None), || limits);
            let change = found.change.unwrap();
            assert_eq!(change.flag, flag, "{case}");
            assert_eq!(change.difference, Some(1.0 - 1.0 / n as f64), "{case}");
            assert_eq!(
                change.low.is_none(),
                flag == Flag::TooFew || limits.low.is_none(),
                "{case}"
            );
        }
    }
}
