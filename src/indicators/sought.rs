//! I30, unmet replies sought: how often somebody has to ask whether there will be an answer.

use std::collections::HashMap;

use super::ground::{Fate, Ground, Owner};
use super::measure::Measure;
use super::owners::{self, Owners};
use super::{Group, Line, Rule};
use crate::model::{Case, Interaction, Person, Signal, Time, Window};

const MINIMUM: u64 = 20;
/// For how long a repeat counts, ends included (rule E48).
const REPEAT: i64 = 7 * Time::DAY;

pub(super) const GROUP: Group = Group {
    rules: &[Rule {
        id: "I30",
        part: None,
        name: "Replies sought in vain",
        unit: "share",
        says: "Of the cases posted in the window, the share in which, before the answer, another \
               person below asks whether anybody will answer, or the author asks again in any \
               thread within 7 × 24 h (rule E48). Interval: bootstrap over persons (rule E51).",
        minimum: MINIMUM,
        version: 1,
    }],
    measure,
    explain,
};

/// # cases whose answer was asked after / #N(W).
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    let talk = Talk::of(ground);
    let now = parts(ground, &talk, ground.scope.window);
    let before = parts(ground, &talk, ground.scope.before);
    vec![owners::share(&now, &before, MINIMUM)]
}

fn parts<'a>(ground: &Ground<'a>, talk: &Talk<'a>, window: Window) -> Owners<'a> {
    let mut parts = Owners::new();
    for (case, fate) in ground.asked(window) {
        let part = parts.entry(Owner::of(case)).or_default();
        part.of += 1;
        part.hits += u32::from(talk.sought(case, fate).is_some());
    }
    parts
}

/// Who asked after an answer, and where.
struct Talk<'a> {
    /// Asking posts by person, in order of time.
    asks: HashMap<Person, Vec<&'a Interaction>>,
    /// What stands below each post and asks whether anybody will answer.
    after: HashMap<(&'a str, &'a str), Vec<&'a Interaction>>,
}

impl<'a> Talk<'a> {
    fn of(ground: &Ground<'a>) -> Self {
        let history = ground.scope.history;
        let known: HashMap<(&str, &str), &Interaction> =
            history.rows.iter().map(|r| ((r.platform.as_str(), r.id.as_str()), r)).collect();
        let mut talk = Self { asks: HashMap::new(), after: HashMap::new() };
        for row in history.rows.iter().filter(|row| history.is_inbound(row)) {
            if let Some(person) = row.person.filter(|_| row.asks()) {
                talk.asks.entry(person).or_default().push(row);
            }
            if row.says(Signal::AnyAnswer) {
                for above in above(row, &known) {
                    talk.after.entry(above).or_default().push(row);
                }
            }
        }
        talk.asks.values_mut().for_each(|rows| rows.sort_unstable_by_key(|row| row.at));
        talk
    }

    /// The first post that asks after the answer of a case, and what it is.
    fn sought(&self, case: &Case, fate: Fate) -> Option<(&'static str, &'a Interaction)> {
        let until = match fate {
            Fate::Answered(at) => at,
            Fate::Ended(_) | Fate::Waits => Time(i64::MAX),
        };
        let again = case.person.and_then(|person| self.asks.get(&person)).and_then(|rows| {
            rows.iter().find(|row| {
                let is_later = row.at > case.opened_at && row.at < until;
                is_later && row.id != case.interaction && row.at.since(case.opened_at) <= REPEAT
            })
        });
        let asked = case.asks.iter().find_map(|ask| {
            let rows = self.after.get(&(case.platform.as_str(), ask.id.as_str()))?;
            rows.iter().find(|row| row.person != case.person && row.at < until)
        });
        let again = again.map(|row| ("asked again", *row));
        again.or(asked.map(|row| ("others ask", *row)))
    }
}

/// The posts above a row, going up by rule E12. Rows that reply to each other in a circle end it.
fn above<'a>(
    row: &'a Interaction,
    known: &HashMap<(&'a str, &'a str), &'a Interaction>,
) -> Vec<(&'a str, &'a str)> {
    const DEEPEST: usize = 100;
    let mut path = Vec::new();
    let mut at = row;
    while path.len() < DEEPEST {
        let up = |id: &'a Option<String>| {
            let key = (at.platform.as_str(), id.as_deref()?);
            known.get(&key).filter(|r| r.id != at.id).map(|r| (key, *r))
        };
        let Some((key, next)) = up(&at.in_reply_to).or_else(|| up(&at.thread)) else { break };
        if path.contains(&key) {
            break;
        }
        path.push(key);
        at = next;
    }
    path
}

/// One line for each case.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    let talk = Talk::of(ground);
    ground
        .asked(ground.scope.window)
        .map(|(case, fate)| match talk.sought(case, fate) {
            Some((what, row)) => {
                Line::of_case(what, case, Some(format!("{} at {}", row.id, row.at)))
            }
            None => Line::of_case("nobody asked", case, None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, asked, post};
    use crate::model::{Answer, Intent, Interaction, Signal, Standing, Time};

    fn question(id: &str, person: u64, at: i64) -> Interaction {
        let mut row = post(id, person, at);
        row.intent = Intent::Question;
        row
    }

    fn chaser(person: u64, at: i64, below: &str) -> Interaction {
        let mut row = post(&format!("chaser {person}"), person, at);
        row.in_reply_to = Some(below.to_owned());
        row.signals = vec![Signal::AnyAnswer];
        row
    }

    #[test]
    fn what_counts_as_sought() {
        let start = AT.inside;
        let again = |after: i64| vec![question("again", 1, start + after)];
        let table = [
            ("nobody", vec![], None, 0.0),
            ("rule E48: again after seven days exactly", again(7 * Time::DAY), None, 1.0),
            ("rule E48: a moment later", again(7 * Time::DAY + 1), None, 0.0),
            ("again, but answered before", again(Time::HOUR), Some(start + Time::MINUTE), 0.0),
            ("again before the answer", again(Time::MINUTE), Some(start + Time::HOUR), 1.0),
            ("somebody else's question", vec![question("q", 2, start + 1)], None, 0.0),
            ("another asks below", vec![chaser(2, start + 1, "x")], None, 1.0),
            ("another asks elsewhere", vec![chaser(2, start + 1, "y")], None, 0.0),
            ("the author asks below", vec![chaser(1, start + 1, "x")], None, 0.0),
            ("after the answer", vec![chaser(2, start + 9, "x")], Some(start + 5), 0.0),
        ];
        for (case, rows, answer, hits) in table {
            let mut one = asked("x", 1, start, start + 1);
            one.answer = answer.map(|at| Answer { at: Time(at), by: Some("r".to_owned()) });
            let mut setting = Setting::with(vec![one]);
            setting.history.rows.push(question("x", 1, start));
            setting.history.rows.extend(rows);
            let found = setting.indicator("I30", None);
            assert_eq!((found.numerator, found.n), (Some(hits), 1), "{case}");
            assert_eq!((found.low, found.status), (None, Standing::TooFew), "{case}");
        }
    }

    #[test]
    fn rule_e51_interval_from_twenty_on() {
        let mut setting = Setting::default();
        for i in 0..20 {
            let id = format!("{i}");
            setting.cases.push(asked(&id, i, AT.inside, AT.inside + 1));
            setting.history.rows.push(question(&id, i, AT.inside));
            if i < 10 {
                setting.history.rows.push(question(&format!("{i} again"), i, AT.inside + 5));
            }
        }
        let found = setting.indicator("I30", None);
        // Draws are Bin(20, ½)/20: 2.5 % and 97.5 % points 0.3 and 0.7.
        assert_eq!((found.value, found.low, found.high), (Some(0.5), Some(0.3), Some(0.7)));
    }
}
