//! I31, customer effort words: how many complaints tell of repeated contact.

use std::collections::HashMap;

use super::ground::{Fate, Ground};
use super::measure::Measure;
use super::statistics::proportion::{newcombe, wilson};
use super::statistics::{Level, Limits};
use super::{Group, Line, Rule};
use crate::model::{Case, Intent, Interaction, Signal, Window};

const MINIMUM: u64 = 20;

pub(super) const GROUP: Group = Group {
    rules: &[Rule {
        id: "I31",
        part: None,
        name: "Complaints with effort",
        unit: "share",
        says: "Of the complaint cases posted in the window, the share in which an asking post \
               tells of repeated contact (\"third time\", \"still waiting\"). Cases are counted, \
               not posts (rule E48). Interval: Wilson.",
        minimum: MINIMUM,
        version: 1,
    }],
    measure,
    explain,
};

/// # complaint cases with effort words / # complaint cases, t in W. Change: Newcombe.
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    let rows = rows(ground);
    let count = |window| {
        let (mut hits, mut all) = (0, 0);
        for case in complaints(ground, window) {
            all += 1;
            hits += u64::from(effort(case, &rows).is_some());
        }
        (hits, all)
    };
    let share = |(hits, all): (u64, u64)| {
        Measure::ratio(hits as f64, all, MINIMUM, || wilson(hits, all, Level::Value))
    };
    let (now, before) = (count(ground.scope.window), count(ground.scope.before));
    vec![share(now).against(&share(before), || {
        newcombe(now, before, Level::Change).map(Limits::from).unwrap_or_default()
    })]
}

type Rows<'a> = HashMap<(&'a str, &'a str), &'a Interaction>;

fn rows<'a>(ground: &Ground<'a>) -> Rows<'a> {
    let rows = ground.scope.history.rows.iter();
    rows.map(|row| ((row.platform.as_str(), row.id.as_str()), row)).collect()
}

fn complaints<'a>(ground: &Ground<'a>, window: Window) -> impl Iterator<Item = &'a Case> {
    let asked: Vec<(&Case, Fate)> = ground.asked(window).collect();
    asked.into_iter().map(|(case, _)| case).filter(|case| case.class == Intent::Complaint)
}

/// The first asking post of a case that tells of repeated contact.
fn effort<'a>(case: &Case, rows: &Rows<'a>) -> Option<&'a Interaction> {
    let mut asks = case.asks.iter();
    asks.find_map(|ask| {
        let row = rows.get(&(case.platform.as_str(), ask.id.as_str()))?;
        row.says(Signal::Effort).then_some(*row)
    })
}

/// One line for each complaint case.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    let rows = rows(ground);
    complaints(ground, ground.scope.window)
        .map(|case| match effort(case, &rows) {
            Some(row) => Line::of_case("effort", case, Some(format!("told in {}", row.id))),
            None => Line::of_case("no effort told", case, None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, asked, post};
    use crate::model::{End, Flag, Intent, Signal, Standing, Time};

    fn complain(setting: &mut Setting, id: &str, at: i64, effort: bool) {
        let mut case = asked(id, 1, at, at + 1);
        case.class = Intent::Complaint;
        let mut row = post(id, 1, at);
        if effort {
            row.signals = vec![Signal::Effort];
        }
        setting.history.rows.push(row);
        setting.cases.push(case);
    }

    #[test]
    fn complaint_cases_count_and_nothing_else() {
        let mut setting = Setting::default();
        for i in 0..20 {
            complain(&mut setting, &format!("c{i}"), AT.inside, i < 5);
        }
        setting.cases.push(asked("a question", 2, AT.inside, AT.inside + 1));
        complain(&mut setting, "not for us", AT.inside, true);
        setting.cases.last_mut().unwrap().end = Some((End::NotForUs, Time(AT.now)));
        complain(&mut setting, "before", AT.before, true);
        let found = setting.indicator("I31", None);
        assert_eq!((found.numerator, found.denominator), (Some(5.0), Some(20.0)));
        assert_eq!((found.value, found.status), (Some(0.25), Standing::Ok));
        assert!((found.low.unwrap() - 0.111_862).abs() < 1e-5, "Wilson 5/20: {found:?}");
        assert!((found.high.unwrap() - 0.468_701).abs() < 1e-5, "Wilson 5/20: {found:?}");
        let change = found.change.unwrap();
        assert_eq!((change.value, change.flag), (Some(1.0), Flag::TooFew));
    }
}
