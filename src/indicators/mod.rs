//! A window of interactions and cases -> numbers with sample sizes, intervals and change flags.
//!
//! Pure rules over what was known at one moment. Each group of numbers is one file with a
//! [`Rule`] for every number, a function that measures it in W and compares it with W′, and one
//! that names the interactions and cases behind it; the list below is all there is to adding one.
//! Which interaction belongs to which case is `cases`'; what may be shown as a percentage, and how
//! many flags a mail carries, is for the faces.

mod accountability;
mod active;
mod answered;
mod aspects;
mod backlog;
mod effort;
#[cfg(test)]
mod fixtures;
mod ground;
mod measure;
mod owners;
mod recommendation;
mod replies;
mod reply_time;
mod returning;
mod selling;
mod sentiment;
mod sought;
pub mod statistics;
mod switching;
mod votes;
pub mod window;

use chrono_tz::Tz;
use serde::Serialize;

use crate::model::{Case, Corrected, History, Indicator, Interaction, Time, Window};
use ground::Ground;
use measure::Measure;
use statistics::Level;
use statistics::misclassified::{self, Check};

/// Every group, in the order in which its numbers are given.
const GROUPS: &[Group] = &[
    active::GROUP,
    sentiment::GROUP,
    recommendation::GROUP,
    returning::GROUP,
    answered::GROUP,
    reply_time::GROUP,
    backlog::GROUP,
    accountability::GROUP,
    selling::GROUP,
    aspects::GROUP,
    switching::GROUP,
    sought::GROUP,
    effort::GROUP,
];

/// Numbers that are measured together.
struct Group {
    rules: &'static [Rule],
    /// One measure for each rule, in the same order.
    measure: fn(&Ground<'_>) -> Vec<Measure>,
    /// What is behind them, in any order.
    explain: fn(&Ground<'_>) -> Vec<Line>,
}

/// What one number is called and how it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Stable id, `I1` to `I32`.
    pub id: &'static str,
    /// Which of several numbers, if it has several.
    pub part: Option<&'static str>,
    /// Its name for people.
    pub name: &'static str,
    /// `share`, `score`, `count`, `seconds`.
    pub unit: &'static str,
    /// The rule in words.
    pub says: &'static str,
    /// The smallest sample with an interval.
    pub minimum: u64,
    /// The version of the formula; changes when a number would come out differently.
    pub version: u32,
}

/// Every rule, in the order of [`compute`].
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().flat_map(|group| group.rules)
}

/// What is measured: facts as known at one moment, and the windows to look at.
pub struct Scope<'a> {
    /// The interactions of one brand, back to the beginning of W″ at least. Less makes persons look
    /// new.
    pub history: &'a History,
    /// The cases made from that history, in any order, and every open one however old.
    pub cases: &'a [Case],
    /// W.
    pub window: Window,
    /// W′, the equal days before W.
    pub before: Window,
    /// W″, the equal days before W′.
    pub earlier: Window,
    /// The brand's zone, in which days are counted.
    pub zone: Tz,
    /// The business time between two instants, in milliseconds.
    pub business: &'a dyn Fn(Time, Time) -> i64,
    /// How the labels did where persons checked a random sample.
    pub checks: Checks,
}

/// What a checked random sample says of the labels that shares rest on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Complaint or not.
    pub complaint: Check,
    /// Praise or not.
    pub praise: Check,
    /// Positive or negative, of the posts that are one of the two and were labelled as one of them.
    pub feeling: Check,
}

impl<'a> Scope<'a> {
    /// The scope of a window, compared with the equal windows before it.
    pub fn new(
        history: &'a History,
        cases: &'a [Case],
        window: Window,
        zone: Tz,
        business: &'a dyn Fn(Time, Time) -> i64,
    ) -> Self {
        let before = window::before(&window, zone);
        let earlier = window::before(&before, zone);
        let checks = Checks::default();
        Self { history, cases, window, before, earlier, zone, business, checks }
    }

    /// The moment as of which everything is known.
    pub fn now(&self) -> Time {
        self.history.now
    }
}

/// Every number of a scope with its change, always in the same order: that of [`rules`].
pub fn compute(scope: &Scope<'_>) -> Vec<Indicator> {
    let ground = Ground::of(scope);
    GROUPS
        .iter()
        .flat_map(|group| {
            let measures = (group.measure)(&ground);
            debug_assert_eq!(group.rules.len(), measures.len(), "{}", group.rules[0].id);
            group.rules.iter().zip(measures).map(|(rule, measure)| name(scope, rule, measure))
        })
        .collect()
}

/// The number without the labels' mistakes, where it is a share of labels and they were checked.
fn corrected(checks: &Checks, rule: &Rule, measure: &Measure) -> Option<Corrected> {
    let (value, n) = (measure.value?, measure.n);
    match rule.id {
        // 2p − 1 for the share p of persons for, among those for and against.
        "I5" => {
            let p = f64::midpoint(value, 1.0);
            let share = misclassified::corrected(p, n, &checks.feeling, Level::Value)?;
            let score = |p: f64| 2.0 * p - 1.0;
            Some(Corrected {
                value: score(share.value),
                low: score(share.low),
                high: score(share.high),
                ..share
            })
        }
        _ => None,
    }
}

fn name(scope: &Scope<'_>, rule: &Rule, measure: Measure) -> Indicator {
    Indicator {
        corrected: corrected(&scope.checks, rule, &measure),
        id: rule.id,
        part: rule.part,
        name: rule.name,
        value: measure.value,
        unit: rule.unit,
        numerator: measure.numerator,
        denominator: measure.denominator,
        n: measure.n,
        low: measure.limits.low,
        high: measure.limits.high,
        level: Level::Value.share(),
        status: measure.status,
        change: measure.change,
        version: rule.version,
    }
}

/// What is behind a number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The rule in words.
    pub rule: &'static str,
    /// Every interaction or case that was looked at, in order of time.
    pub parts: Vec<Line>,
}

/// One interaction or case behind a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Line {
    /// When it was posted.
    pub at: Time,
    /// Its platform.
    pub platform: String,
    /// The interaction; of a case the one that opened it.
    pub interaction: String,
    /// The case, if it is one.
    pub case: Option<String>,
    /// What it counts as, in a word or two.
    pub what: &'static str,
    /// Why, or what else is known.
    pub note: Option<String>,
}

impl Line {
    fn of_row(what: &'static str, row: &Interaction, note: Option<String>) -> Self {
        Self {
            at: row.at,
            platform: row.platform.clone(),
            interaction: row.id.clone(),
            case: None,
            what,
            note,
        }
    }

    fn of_case(what: &'static str, case: &Case, note: Option<String>) -> Self {
        Self {
            at: case.opened_at,
            platform: case.platform.clone(),
            interaction: case.interaction.clone(),
            case: Some(case.id.clone()),
            what,
            note,
        }
    }
}

/// What is behind an indicator, or one part of it; `None` if there is no such number. The case of
/// letters does not matter. The parts of one indicator are made from the same facts, so without a
/// part those facts are given once.
pub fn explain(scope: &Scope<'_>, id: &str, part: Option<&str>) -> Option<Explanation> {
    let is_asked = |rule: &Rule| {
        rule.id.eq_ignore_ascii_case(id)
            && part.is_none_or(|p| rule.part.is_some_and(|known| known.eq_ignore_ascii_case(p)))
    };
    let (group, rule) = GROUPS
        .iter()
        .find_map(|group| Some((group, group.rules.iter().find(|rule| is_asked(rule))?)))?;
    let mut parts = (group.explain)(&Ground::of(scope));
    parts.sort_unstable();
    Some(Explanation { rule: rule.says, parts })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::fixtures::{AT, Setting, asked};
    use super::*;

    #[test]
    fn every_rule_is_whole_and_told_apart() {
        let mut seen = BTreeSet::new();
        for rule in rules() {
            assert!(seen.insert((rule.id, rule.part)), "{} {:?} twice", rule.id, rule.part);
            assert!(rule.says.ends_with('.') && !rule.says.contains("  "), "{}", rule.says);
            assert!(rule.version >= 1);
        }
        let setting = Setting::default();
        let found = compute(&setting.scope());
        assert_eq!(found.len(), seen.len(), "one number for each rule");
        let order: Vec<_> = found.iter().map(|i| (i.id, i.part)).collect();
        assert_eq!(order, rules().map(|r| (r.id, r.part)).collect::<Vec<_>>());
    }

    #[test]
    fn explain_finds_what_it_is_asked_for() {
        let mut setting = Setting::default();
        setting.cases.push(asked("late", 1, AT.inside + 9, AT.inside + 10));
        setting.cases.push(asked("soon", 2, AT.inside, AT.now));
        let scope = setting.scope();
        let table = [
            ("I10", None, true),
            ("i10", None, true),
            ("I12", None, true),
            ("I12", Some("p90_wall"), true),
            ("I12", Some("p91"), false),
            ("I10", Some("a"), false),
            ("I99", None, false),
        ];
        for (id, part, is_there) in table {
            assert_eq!(explain(&scope, id, part).is_some(), is_there, "{id} {part:?}");
        }
        let found = explain(&scope, "I10", None).unwrap();
        assert!(found.rule.contains("rule E51"));
        let lines: Vec<_> = found
            .parts
            .iter()
            .map(|l| (l.what, l.interaction.as_str(), l.note.as_deref()))
            .collect();
        let expected = [
            ("left out", "soon", Some("its deadline has not passed")),
            ("not answered", "late", None),
        ];
        assert_eq!(lines, expected);
        let parts = explain(&scope, "I13", None).unwrap().parts;
        assert_eq!(parts.len(), 1, "the other has lapsed");
    }
}
