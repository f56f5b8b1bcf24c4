//! One vote a person, for, against or neither: what net scores are made of.

use std::collections::BTreeMap;

use super::measure::Measure;
use super::statistics::resample::{Part, share_difference};
use super::statistics::{Level, Limits, net};
use crate::model::Person;

/// Each person's vote: 1 for, −1 against, 0 neither.
pub(super) type Votes = BTreeMap<Person, i8>;

/// How many are for, how many against, and how many there are.
fn count(votes: &Votes) -> (u64, u64, u64) {
    let of = |sign: i8| votes.values().filter(|vote| **vote == sign).count() as u64;
    (of(1), of(-1), votes.len() as u64)
}

/// (for − against) / all, with its interval, and its change since the votes before.
pub(super) fn score(now: &Votes, before: &Votes, minimum: u64) -> Measure {
    let one = |votes: &Votes| {
        let (supporting, opposing, n) = count(votes);
        Measure::ratio(supporting as f64 - opposing as f64, n, minimum, || {
            Some(net::adjusted_wald(supporting, opposing, n, Level::Value))
        })
    };
    one(now).against(&one(before), || change(now, before))
}

/// The interval of the difference of two net scores (for − against) / all.
///
/// A vote of v is v + 1 of 2 points, so the score is twice the share of points less 1, and its
/// difference twice that of the shares: a bootstrap over persons, in which somebody who voted in
/// both windows is drawn with both votes; Newcombe where all votes of a window are alike.
fn change(now: &Votes, before: &Votes) -> Limits {
    let part = |vote: i8| Part { hits: (vote + 1).unsigned_abs().into(), of: 2 };
    let mut groups: BTreeMap<Person, (Part, Part)> = BTreeMap::new();
    for (person, vote) in now {
        groups.entry(*person).or_default().0 = part(*vote);
    }
    for (person, vote) in before {
        groups.entry(*person).or_default().1 = part(*vote);
    }
    let groups: Vec<(Part, Part)> = groups.into_values().collect();
    share_difference(&groups, Level::Change)
        .map(|d| Limits { low: Some(2.0 * d.low), high: Some(2.0 * d.high) })
        .unwrap_or_default()
}
