//! Medians, and their intervals by order statistics.

use super::{Interval, Level};

/// The median; of an even number the mean of the middle two (rule E50). `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The interval of a median: the l-th smallest and the l-th largest value, l the largest with
/// P(Bin(n, ½) < l) ≤ one tail (rule E50). `None` where no two values are far enough apart, at
/// 95 % below six values.
///
/// David and Nagaraja, "Order Statistics", 3rd edition (2003), §7.1.
pub fn median_interval(values: &[f64], level: Level) -> Option<Interval> {
    let rank = rank(values.len(), level)?;
    let sorted = sorted(values);
    Some(Interval { low: sorted[rank - 1], high: sorted[sorted.len() - rank] })
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The l of the interval, counted from 1.
fn rank(n: usize, level: Level) -> Option<usize> {
    let size = n as f64;
    // Summed as logarithms: ½ⁿ itself is 0 in floating point from n = 1075 on.
    let mut ln_term = -size * std::f64::consts::LN_2;
    let mut below = 0.0;
    let mut rank = 0;
    while rank < n {
        below += ln_term.exp();
        if below > level.tail() {
            break;
        }
        rank += 1;
        ln_term += ((size - rank as f64 + 1.0) / rank as f64).ln();
    }
    (rank > 0).then_some(rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_e50_ranks() {
        // Checked against exact fractions of binomial coefficients.
        let table = [
            (5, None),
            (6, Some(1)),
            (8, Some(1)),
            (9, Some(2)),
            (15, Some(4)),
            (20, Some(6)),
            (36, Some(12)),
            (100, Some(40)),
        ];
        for (n, expected) in table {
            assert_eq!(rank(n, Level::Value), expected, "n = {n}");
        }
        let many = rank(100_000, Level::Value).unwrap();
        assert!((49_689..=49_692).contains(&many), "50,000 − 1.96 · √25,000: {many}");
    }

    #[test]
    fn medians_and_their_intervals() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5), "mean of the middle two");
        let twenty: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        let found = median_interval(&twenty, Level::Value);
        assert_eq!(found, Some(Interval { low: 6.0, high: 15.0 }), "6th and 15th");
        assert_eq!(median_interval(&twenty[..5], Level::Value), None, "too few");
    }
}
