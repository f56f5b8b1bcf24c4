//! Whether a quantile of waiting times moved between two windows: a bootstrap over persons.

use super::resample::{DRAWS, Dice, percentile};
use super::survival::{EQUAL, Spell};
use super::{Level, Limits};

/// What one person waited for: in this window, and in the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// In this window.
    pub now: Vec<Spell>,
    /// In the window before.
    pub before: Vec<Spell>,
}

/// The intervals of the differences (this window less the one before) of the Kaplan–Meier
/// quantiles with these shares left, which must fall.
///
/// Persons are drawn whole, as for shares; draws that empty a window are dropped. Where a drawn
/// curve never reaches its level, its quantile is only known to lie beyond its longest wait: the
/// lower end takes it at its least and the upper end at its most, so that an end can stay open and
/// a window in which most still wait can be clearly slower all the same.
pub fn quantile_differences(groups: &[Waits], left: [f64; 2], level: Level) -> [Limits; 2] {
    let mut groups: Vec<Waits> = groups.to_vec();
    for group in &mut groups {
        group.now.sort_unstable_by_key(|s| s.rank());
        group.before.sort_unstable_by_key(|s| s.rank());
    }
    // In the order of their content: who they are, and how they came, must not matter.
    groups.sort_unstable_by(|a, b| {
        let key = |s: &Spell| s.rank();
        a.now
            .iter()
            .map(key)
            .cmp(b.now.iter().map(key))
            .then_with(|| a.before.iter().map(key).cmp(b.before.iter().map(key)))
    });
    let now = Line::of(&groups, |g| &g.now);
    let before = Line::of(&groups, |g| &g.before);
    let mut lows = [Vec::with_capacity(DRAWS), Vec::with_capacity(DRAWS)];
    let mut highs = lows.clone();
    let mut dice = Dice::fixed();
    let mut drawn = vec![0_u32; groups.len()];
    for _ in 0..DRAWS {
        drawn.fill(0);
        for _ in 0..groups.len() {
            drawn[dice.below(groups.len())] += 1;
        }
        let (Some(a), Some(b)) = (now.quantiles(&drawn, left), before.quantiles(&drawn, left))
        else {
            continue;
        };
        for i in 0..left.len() {
            lows[i].push(a[i].least() - b[i].most());
            highs[i].push(a[i].most() - b[i].least());
        }
    }
    std::array::from_fn(|i| {
        let end = |draws: &mut Vec<f64>, at: f64| {
            draws.sort_unstable_by(f64::total_cmp);
            percentile(draws, at).filter(|end| end.is_finite())
        };
        Limits {
            low: end(&mut lows[i], level.tail()),
            high: end(&mut highs[i], 1.0 - level.tail()),
        }
    })
}

/// Where a drawn curve gets to its level.
#[derive(Clone, Copy)]
enum Reach {
    /// At this time.
    At(i64),
    /// Not up to this time.
    Beyond(i64),
}

impl Reach {
    fn least(self) -> f64 {
        match self {
            Self::At(time) | Self::Beyond(time) => time as f64,
        }
    }

    fn most(self) -> f64 {
        match self {
            Self::At(time) => time as f64,
            Self::Beyond(_) => f64::INFINITY,
        }
    }
}

/// All waits of one window, sorted once for all draws.
struct Line {
    spells: Vec<(Spell, u32)>,
    sizes: Vec<u32>,
}

impl Line {
    fn of(groups: &[Waits], side: impl Fn(&Waits) -> &Vec<Spell>) -> Self {
        let mut spells: Vec<(Spell, u32)> = groups
            .iter()
            .zip(0_u32..)
            .flat_map(|(group, owner)| side(group).iter().map(move |s| (*s, owner)))
            .collect();
        spells.sort_unstable_by_key(|(s, owner)| (s.rank(), *owner));
        Self { spells, sizes: groups.iter().map(|g| side(g).len() as u32).collect() }
    }

    /// The quantiles when each person counts as often as drawn. Between two censorings the curve is
    /// proportional to the number still waiting, so that only censorings cost a division.
    fn quantiles(&self, drawn: &[u32], left: [f64; 2]) -> Option<[Reach; 2]> {
        let all: u64 =
            self.sizes.iter().zip(drawn).map(|(s, d)| u64::from(*s) * u64::from(*d)).sum();
        if all == 0 {
            return None;
        }
        let mut waiting = all as f64;
        let (mut share, mut since) = (1.0, waiting);
        let mut found = [Reach::Beyond(0); 2];
        let mut next = 0;
        let mut goal = (left[next] + EQUAL) * since / share;
        let mut last = 0;
        for (spell, owner) in &self.spells {
            let times = drawn[*owner as usize];
            if times == 0 {
                continue;
            }
            last = spell.time;
            let was = waiting;
            waiting -= f64::from(times);
            if spell.ended {
                while waiting <= goal {
                    found[next] = Reach::At(spell.time);
                    next += 1;
                    if next == left.len() {
                        return Some(found);
                    }
                    goal = (left[next] + EQUAL) * since / share;
                }
            } else {
                share *= was / since;
                since = waiting;
                goal = (left[next] + EQUAL) * since / share;
            }
        }
        found[next..].fill(Reach::Beyond(last));
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::survival::quantile;
    use super::*;

    fn each(now: &[(i64, bool)], before: &[(i64, bool)]) -> Vec<Waits> {
        let spell = |&(time, ended): &(i64, bool)| vec![Spell { time, ended }];
        let now = now.iter().map(|s| Waits { now: spell(s), before: Vec::new() });
        let before = before.iter().map(|s| Waits { now: Vec::new(), before: spell(s) });
        now.chain(before).collect()
    }

    #[test]
    fn clear_and_unclear_moves() {
        let slow: Vec<(i64, bool)> = (0..40).map(|i| (1_000 + i, true)).collect();
        let fast: Vec<(i64, bool)> = (0..40).map(|i| (100 + i, true)).collect();
        let open: Vec<(i64, bool)> = (0..40).map(|i| (5_000 + i, i % 4 == 0)).collect();
        let table = [
            ("ten times slower", &slow, &fast, Some(true)),
            ("ten times faster", &fast, &slow, Some(false)),
            ("no move", &slow, &slow, None),
            ("most still wait: slower, though its median is not known", &open, &fast, Some(true)),
        ];
        for (case, now, before, is_up) in table {
            let [found, _] = quantile_differences(&each(now, before), [0.5, 0.1], Level::Change);
            let flag = match found {
                Limits { low: Some(low), .. } if low > 0.0 => Some(true),
                Limits { high: Some(high), .. } if high < 0.0 => Some(false),
                _ => None,
            };
            assert_eq!(flag, is_up, "{case}: {found:?}");
        }
        let [unknown, _] = quantile_differences(&each(&open, &open), [0.5, 0.1], Level::Change);
        assert_eq!(unknown, Limits::default(), "two unknown medians may differ by anything");
    }

    proptest! {
        #[test]
        fn a_draw_of_everybody_once_is_the_curve_itself(
            list in prop::collection::vec((0_i64..30, any::<bool>()), 1..40),
        ) {
            let groups = each(&list, &[]);
            let line = Line::of(&groups, |g| &g.now);
            let spells: Vec<Spell> =
                list.iter().map(|&(time, ended)| Spell { time, ended }).collect();
            let found = line.quantiles(&vec![1; groups.len()], [0.5, 0.1]).unwrap();
            for (reach, left) in found.into_iter().zip([0.5, 0.1]) {
                let drawn = match reach {
                    Reach::At(time) => Some(time),
                    Reach::Beyond(_) => None,
                };
                prop_assert_eq!(drawn, quantile(&spells, left, Level::Value).value);
            }
        }

        #[test]
        fn order_of_groups_never_matters(
            list in prop::collection::vec((0_i64..30, any::<bool>()), 4..20),
        ) {
            let mut groups = each(&list[2..], &list[..2]);
            let there = quantile_differences(&groups, [0.5, 0.1], Level::Change);
            groups.reverse();
            prop_assert_eq!(there, quantile_differences(&groups, [0.5, 0.1], Level::Change));
        }
    }
}
