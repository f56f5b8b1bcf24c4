//! I25, switching talk: who announces coming over from a rival, and who announces going to one.

use super::ground::{Ground, Voices};
use super::measure::Measure;
use super::votes::{self, Votes};
use super::{Group, Line, Rule};
use crate::model::{Interaction, Signal};

const MINIMUM: u64 = 10;

pub(super) const GROUP: Group = Group {
    rules: &[Rule {
        id: "I25",
        part: None,
        name: "Switching talk",
        unit: "score",
        says: "Persons who announce coming over from a rival less persons who announce leaving, \
               over both. Each counts once, by their latest item in the window that announces \
               either. Announced is not done. Interval: adjusted Wald (rule E34).",
        minimum: MINIMUM,
        version: 1,
    }],
    measure,
    explain,
};

/// (in − out) / (in + out).
///
/// Change: bootstrap over persons, see [`votes::score`].
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    vec![votes::score(&votes(&ground.now), &votes(&ground.before), MINIMUM)]
}

fn votes(voices: &Voices<'_>) -> Votes {
    let vote = |rows: &[&Interaction]| cast(rows).map(|(_, comes)| if comes { 1 } else { -1 });
    voices.iter().filter_map(|(person, rows)| Some((*person, vote(rows)?))).collect()
}

/// A person's latest item that announces either, and whether they come.
fn cast<'a>(rows: &[&'a Interaction]) -> Option<(&'a Interaction, bool)> {
    rows.iter().rev().find_map(|row| {
        let comes = row.says(Signal::Arriving);
        (comes != row.says(Signal::Leaving)).then_some((*row, comes))
    })
}

/// One line for each person who announced something.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    let line = |rows: &Vec<&Interaction>| {
        let (row, comes) = cast(rows)?;
        Some(Line::of_row(if comes { "comes" } else { "leaves" }, row, None))
    };
    ground.now.values().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, post};
    use crate::model::{Signal, Standing};

    fn say(setting: &mut Setting, person: u64, at: i64, signals: &[Signal]) {
        let mut row = post(&format!("{person} at {at}"), person, at);
        row.signals = signals.to_vec();
        setting.history.rows.push(row);
    }

    #[test]
    fn the_latest_announcement_counts_once() {
        use Signal::{Arriving, Leaving, Recommends};
        let mut setting = Setting::default();
        say(&mut setting, 1, AT.inside, &[Leaving]);
        say(&mut setting, 1, AT.inside + 1, &[Arriving]);
        say(&mut setting, 1, AT.inside + 2, &[Recommends]);
        say(&mut setting, 2, AT.inside, &[Leaving, Arriving]);
        for person in 3..12 {
            say(&mut setting, person, AT.inside, &[Leaving]);
        }
        let found = setting.indicator("I25", None);
        assert_eq!((found.numerator, found.denominator), (Some(-8.0), Some(10.0)));
        assert_eq!((found.n, found.status), (10, Standing::Ok), "2 says both, so neither");
        // a = 1.75/13, b = 9.75/13: −0.615385 ± 1.959964 √((0.884615 − 0.378698)/13)
        assert!((found.low.unwrap() + 1.0).abs() < 1e-5, "cut: {found:?}");
        assert!((found.high.unwrap() + 0.228_740).abs() < 1e-5, "{found:?}");
    }
}
