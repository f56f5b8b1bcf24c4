//! The interval of a net score: two opposite classes among n persons.

use super::{Interval, Level};

/// The adjusted Wald interval of `(supporting − opposing) / n` (rule E34), cut to −1..1.
///
/// Three quarters are added to each side and three to n: Rocks, "Interval estimation for the net
/// promoter score", The American Statistician 70 (2016). The value itself stays the raw one.
pub fn adjusted_wald(supporting: u64, opposing: u64, n: u64, level: Level) -> Interval {
    let n = n as f64 + 3.0;
    let a = (supporting as f64 + 0.75) / n;
    let b = (opposing as f64 + 0.75) / n;
    let net = a - b;
    let half = level.z() * ((a + b - net * net) / n).sqrt();
    Interval { low: (net - half).max(-1.0), high: (net + half).min(1.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forty_per_cent_for_and_thirty_against() {
        // In points, rounded: the small brand's score moves are mostly noise.
        let table = [(30, 9, 28), (50, 9, 22), (100, 10, 16), (200, 10, 11), (400, 10, 8)];
        for (n, centre, half) in table {
            let found = adjusted_wald(n * 2 / 5, n * 3 / 10, n, Level::Value);
            let points = |x: f64| (100.0 * x).round() as i64;
            assert_eq!(points((found.low + found.high) / 2.0), centre, "n = {n}");
            assert_eq!(points((found.high - found.low) / 2.0), half, "n = {n}");
        }
    }

    #[test]
    fn rule_e34_cuts_at_one() {
        let found = adjusted_wald(30, 0, 30, Level::Value);
        assert!((found.low - 0.786_977_238_725_764).abs() < 1e-12, "by hand: {found:?}");
        assert_eq!(found.high, 1.0);
        assert_eq!(adjusted_wald(0, 30, 30, Level::Value).low, -1.0);
    }

    proptest! {
        #[test]
        fn contains_the_raw_value(p in 0_u64..2_000, q in 0_u64..2_000, rest in 0_u64..2_000) {
            prop_assume!(p + q + rest >= 30);
            let n = p + q + rest;
            let found = adjusted_wald(p, q, n, Level::Value);
            prop_assert!(found.has((p as f64 - q as f64) / n as f64), "{found:?}");
        }
    }
}
