//! Intervals of a share, and of the difference of two shares, of independent observations.

use super::{Interval, Level, square_and_add};

/// Wilson's score interval of `hits / n`, without continuity correction. `None` if `n` is 0.
///
/// Wilson, "Probable inference", JASA 22 (1927). No hit gives exactly 0 below, all hits exactly 1
/// above (rule E50).
pub fn wilson(hits: u64, n: u64, level: Level) -> Option<Interval> {
    (n > 0).then(|| wilson_of_share(hits.min(n) as f64 / n as f64, n, level))
}

/// Wilson's score interval around a share that is already known, for a sample of `n` (at least 1).
/// Serves where the share comes from more observations than there are independent ones.
pub fn wilson_of_share(share: f64, n: u64, level: Level) -> Interval {
    let n = n.max(1) as f64;
    let z2 = level.z() * level.z();
    let centre = share + z2 / (2.0 * n);
    let half = level.z() * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    Interval {
        low: if share <= 0.0 { 0.0 } else { ((centre - half) / scale).max(0.0) },
        high: if share >= 1.0 { 1.0 } else { ((centre + half) / scale).min(1.0) },
    }
}

/// Newcombe's interval of `a − b`, each (hits, n). `None` if one of them has no observation.
///
/// Method 10 of Newcombe, "Interval estimation for the difference between independent
/// proportions", Statistics in Medicine 17 (1998): square-and-add of Wilson intervals.
pub fn newcombe(a: (u64, u64), b: (u64, u64), level: Level) -> Option<Interval> {
    let side = |(hits, n): (u64, u64)| {
        wilson(hits, n, level).map(|interval| (hits.min(n) as f64 / n as f64, interval))
    };
    Some(square_and_add(side(a)?, side(b)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wilson_agrees_with_published_intervals() {
        // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
        // Medicine 17 (1998), table I, method 3.
        let table = [
            ("many of many", 81, 263, 0.2553, 0.3662),
            ("few of many", 15, 148, 0.0624, 0.1605),
            ("none of twenty still allows 16 %", 0, 20, 0.0, 0.1611),
            ("one of few", 1, 29, 0.0061, 0.1718),
            ("all of twenty mirrors none of twenty", 20, 20, 0.8389, 1.0),
            ("half of twenty is known to ±20 points", 10, 20, 0.2993, 0.7007),
        ];
        for (case, hits, n, low, high) in table {
            let found = wilson(hits, n, Level::Value).unwrap();
            assert!((found.low - low).abs() < 5e-5, "{case}: {found:?}");
            assert!((found.high - high).abs() < 5e-5, "{case}: {found:?}");
        }
        assert_eq!(wilson(0, 0, Level::Value), None, "nothing to count");
        assert_eq!(wilson(0, 7, Level::Value).unwrap().low, 0.0, "rule E50: k = 0 gives low 0");
        assert_eq!(wilson(7, 7, Level::Value).unwrap().high, 1.0, "rule E50: k = n gives high 1");
    }

    #[test]
    fn newcombe_agrees_with_published_intervals() {
        // The 1998 paper on differences, table II, method 10, cases (a), (b), (d), (e), (g).
        let table = [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
        ];
        for (a, b, low, high) in table {
            let found = newcombe(a, b, Level::Value).unwrap();
            assert!((found.low - low).abs() < 6e-5, "{a:?} − {b:?}: {found:?}");
            assert!((found.high - high).abs() < 6e-5, "{a:?} − {b:?}: {found:?}");
        }
        let wider = newcombe((30, 40), (10, 40), Level::Change).unwrap();
        assert!((wider.low - 0.213_303_680_3).abs() < 1e-9, "99 % by hand: {wider:?}");
        assert!((wider.high - 0.686_093_965_6).abs() < 1e-9, "99 % by hand: {wider:?}");
    }

    proptest! {
        #[test]
        fn wilson_contains_its_value_and_moves_with_it(n in 1_u64..5_000, hits in 0_u64..5_000) {
            let hits = hits.min(n);
            let found = wilson(hits, n, Level::Value).unwrap();
            prop_assert!(found.has(hits as f64 / n as f64));
            prop_assert!(0.0 <= found.low && found.high <= 1.0);
            let sure = wilson(hits, n, Level::Change).unwrap();
            prop_assert!(sure.low <= found.low && found.high <= sure.high);
            if hits < n {
                let more = wilson(hits + 1, n, Level::Value).unwrap();
                prop_assert!(found.low < more.low && found.high <= more.high);
            }
        }

        #[test]
        fn newcombe_is_antisymmetric(a in 0_u64..60, b in 0_u64..60, n in 1_u64..60, m in 1_u64..60) {
            let (a, b) = ((a.min(n), n), (b.min(m), m));
            let there = newcombe(a, b, Level::Change).unwrap();
            let back = newcombe(b, a, Level::Change).unwrap();
            prop_assert!((there.low + back.high).abs() < 1e-12);
            prop_assert!((there.high + back.low).abs() < 1e-12);
            prop_assert!(there.low >= -1.0 - 1e-12 && there.high <= 1.0 + 1e-12);
        }
    }
}
