//! I6, recommendation balance: who recommends the brand, and who warns others off or leaves.

use super::ground::{Ground, Voices};
use super::measure::Measure;
use super::votes::{self, Votes};
use super::{Group, Line, Rule};
use crate::model::{Interaction, Signal};

const MINIMUM: u64 = 50;

pub(super) const GROUP: Group = Group {
    rules: &[Rule {
        id: "I6",
        part: None,
        name: "Recommendation balance",
        unit: "score",
        says: "Persons who recommend the brand less persons who warn others off or announce \
               leaving, over all active persons. Each has one vote, their latest item in the \
               window that does either; everyone else is neutral and stays in (rule E33). It is \
               overheard, not asked: no net promoter score. Interval: adjusted Wald (rule E34).",
        minimum: MINIMUM,
        version: 1,
    }],
    measure,
    explain,
};

/// (R − D) / #A(W).
///
/// Change: bootstrap over persons, see [`votes::score`].
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    vec![votes::score(&votes(&ground.now), &votes(&ground.before), MINIMUM)]
}

fn votes(voices: &Voices<'_>) -> Votes {
    let vote = |rows: &[&Interaction]| {
        cast(rows).map_or(0, |(_, recommends)| if recommends { 1 } else { -1 })
    };
    voices.iter().map(|(person, rows)| (*person, vote(rows))).collect()
}

/// A person's latest item that recommends, warns off or announces leaving.
fn cast<'a>(rows: &[&'a Interaction]) -> Option<(&'a Interaction, bool)> {
    rows.iter().rev().find_map(|row| Some((*row, row.recommends?)))
}

/// One line for each active person.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    let line = |rows: &Vec<&Interaction>| match cast(rows) {
        Some((row, true)) => Line::of_row("recommends", row, None),
        Some((row, false)) => {
            let is_leaving = row.says(Signal::Leaving) && !row.says(Signal::WarnsOff);
            Line::of_row(if is_leaving { "leaves" } else { "warns off" }, row, None)
        }
        None => Line::of_row("neutral", rows[rows.len() - 1], None),
    };
    ground.now.values().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, post};
    use crate::model::{Flag, Kind, Standing};

    fn say(setting: &mut Setting, person: u64, at: i64, recommends: Option<bool>) {
        let mut row = post(&format!("{person} at {at}"), person, at);
        row.recommends = recommends;
        setting.history.rows.push(row);
    }

    /// So many for, against and neutral, in W and in W′.
    fn crowd(now: (u64, u64, u64), before: (u64, u64, u64)) -> Setting {
        let mut setting = Setting::default();
        for (base, at, (yes, no, calm)) in [(0, AT.inside, now), (1_000, AT.before, before)] {
            for i in 0..yes + no + calm {
                let vote = (i < yes + no).then_some(i < yes);
                say(&mut setting, base + i, at, vote);
            }
        }
        setting
    }

    #[test]
    fn rule_e33_the_latest_item_that_does_either() {
        let mut setting = Setting::default();
        say(&mut setting, 1, AT.inside, Some(true));
        say(&mut setting, 1, AT.inside + 1, None);
        say(&mut setting, 2, AT.inside, Some(true));
        say(&mut setting, 2, AT.inside + 1, Some(false));
        say(&mut setting, 3, AT.inside, None);
        say(&mut setting, 4, AT.before, Some(false));
        let mut like = post("a like", 5, AT.inside);
        (like.kind, like.recommends) = (Kind::Reaction, Some(true));
        setting.history.rows.push(like);
        let found = setting.indicator("I6", None);
        assert_eq!(
            (found.numerator, found.denominator),
            (Some(0.0), Some(3.0)),
            "1 for, 2 against"
        );
        assert_eq!((found.value, found.low, found.status), (Some(0.0), None, Standing::TooFew));
    }

    #[test]
    fn forty_per_cent_for_and_thirty_against_of_fifty() {
        let found = crowd((20, 15, 15), (0, 0, 0)).indicator("I6", None);
        assert_eq!((found.value, found.n, found.status), (Some(0.1), 50, Standing::Ok));
        // a = 20.75/53, b = 15.75/53: 0.094340 ± 1.959964 √((0.688679 − 0.008900)/53)
        assert!((found.low.unwrap() + 0.127_631).abs() < 1e-5, "{found:?}");
        assert!((found.high.unwrap() - 0.316_311).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn rule_e55_changes() {
        let table = [
            ("half for after half against", (30, 0, 30), (0, 30, 30), Flag::Up),
            ("the other way round", (0, 30, 30), (30, 0, 30), Flag::Down),
            ("small moves are noise", (20, 10, 30), (18, 12, 30), Flag::None),
            ("49 are too few", (49, 0, 0), (0, 50, 0), Flag::TooFew),
        ];
        for (case, now, before, flag) in table {
            let change = crowd(now, before).indicator("I6", None).change.unwrap();
            assert_eq!(change.flag, flag, "{case}: {change:?}");
        }
    }
}
