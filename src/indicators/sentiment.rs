//! I5, net sentiment: one vote per person.

use super::ground::{Ground, Voices};
use super::measure::Measure;
use super::votes::{self, Votes};
use super::{Group, Line, Rule};
use crate::model::{Interaction, Sentiment};

const MINIMUM: u64 = 30;

pub(super) const GROUP: Group = Group {
    rules: &[Rule {
        id: "I5",
        part: None,
        name: "Net sentiment",
        unit: "score",
        says: "Persons for less persons against, over both. Each active person has one vote, \
               their latest item in the window that carries a sentiment; neutral votes leave the \
               ratio (rule E33). Interval: adjusted Wald (rule E34).",
        minimum: MINIMUM,
        version: 1,
    }],
    measure,
    explain,
};

/// (P − Ng) / (P + Ng), n = P + Ng.
///
/// Change: bootstrap over persons, see [`votes::score`].
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    vec![votes::score(&votes(&ground.now), &votes(&ground.before), MINIMUM)]
}

/// Everybody's vote for or against.
fn votes(voices: &Voices<'_>) -> Votes {
    let vote = |rows: &[&Interaction]| match cast(rows)?.1 {
        Sentiment::Pos => Some(1),
        Sentiment::Neg => Some(-1),
        Sentiment::Neu => None,
    };
    voices.iter().filter_map(|(person, rows)| Some((*person, vote(rows)?))).collect()
}

/// A person's latest item that carries a sentiment.
fn cast<'a>(rows: &[&'a Interaction]) -> Option<(&'a Interaction, Sentiment)> {
    rows.iter().rev().find_map(|row| {
        row.sentiment.filter(|_| row.kind.speaks()).map(|sentiment| (*row, sentiment))
    })
}

/// One line for each person who voted.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    ground
        .now
        .values()
        .filter_map(|rows| {
            let (row, sentiment) = cast(rows)?;
            let (what, note) = match sentiment {
                Sentiment::Pos => ("for", None),
                Sentiment::Neg => ("against", None),
                Sentiment::Neu => ("neutral", Some("in neither number".to_owned())),
            };
            Some(Line::of_row(what, row, note))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, post};
    use crate::model::{Flag, Interaction, Kind, Sentiment, Standing};

    fn voted(id: &str, person: u64, at: i64, sentiment: Sentiment) -> Interaction {
        let mut row = post(id, person, at);
        row.sentiment = Some(sentiment);
        row
    }

    #[test]
    fn rule_e33_the_latest_item_with_a_sentiment_is_the_vote() {
        use Sentiment::{Neg, Neu, Pos};
        let mut share = post("5b", 5, AT.inside + 9);
        share.kind = Kind::Share;
        share.sentiment = Some(Neg);
        let mut answer = voted("0 sorts first", 6, AT.inside, Pos);
        answer.in_reply_to = Some("6a".to_owned());
        let table = [
            ("for", vec![voted("1", 1, AT.inside, Pos)], (1.0, 1)),
            (
                "changed their mind: one person, one vote",
                vec![voted("2a", 2, AT.inside, Pos), voted("2b", 2, AT.inside + 1, Neg)],
                (-1.0, 1),
            ),
            (
                "ended neutral: in neither number",
                vec![voted("3a", 3, AT.inside, Neg), voted("3b", 3, AT.inside + 1, Neu)],
                (0.0, 0),
            ),
            (
                "an item without sentiment takes no vote back",
                vec![voted("4a", 4, AT.inside, Pos), post("4b", 4, AT.inside + 1)],
                (1.0, 1),
            ),
            ("a share carries none", vec![voted("5a", 5, AT.inside, Pos), share], (1.0, 1)),
            (
                "rule E5: at equal times the reply is the later one",
                vec![answer, voted("6a", 6, AT.inside, Neg)],
                (1.0, 1),
            ),
            ("outside the window", vec![voted("7", 7, AT.before, Pos)], (0.0, 0)),
        ];
        for (case, rows, (numerator, n)) in table {
            let mut setting = Setting::default();
            setting.history.rows = rows;
            let found = setting.indicator("I5", None);
            assert_eq!((found.numerator, found.n), (Some(numerator), n), "{case}");
            assert_eq!(found.status, Standing::TooFew, "{case}");
            assert_eq!(found.value.is_some(), n > 0, "rule E54: {case}");
        }
    }

    fn electorate(now: (u64, u64), before: (u64, u64)) -> Setting {
        let mut setting = Setting::default();
        for (at, (pos, neg), from) in [(AT.inside, now, 0), (AT.before, before, 10_000)] {
            for i in 0..pos + neg {
                let sentiment = if i < pos { Sentiment::Pos } else { Sentiment::Neg };
                let id = format!("{at} {i}");
                setting.history.rows.push(voted(&id, from + i, at, sentiment));
            }
        }
        setting
    }

    #[test]
    fn rules_e33_e34_value_and_interval() {
        let found = electorate((29, 0), (0, 0)).indicator("I5", None);
        assert_eq!((found.value, found.low, found.status), (Some(1.0), None, Standing::TooFew));
        let found = electorate((20, 10), (0, 0)).indicator("I5", None);
        assert_eq!((found.numerator, found.denominator), (Some(10.0), Some(30.0)));
        // a = 20.75/33, b = 10.75/33: 0.30303 ± 1.959964 · √((0.954545 − 0.091827)/33)
        assert!((found.low.unwrap() + 0.013_872).abs() < 1e-5, "{found:?}");
        assert!((found.high.unwrap() - 0.619_933).abs() < 1e-5, "{found:?}");
        assert_eq!(found.change.unwrap().flag, Flag::TooFew);
    }

    #[test]
    fn rule_e55_changes() {
        let table = [
            ("90 % for after 50 %", (90, 10), (50, 50), Flag::Up),
            ("the other way round", (50, 50), (90, 10), Flag::Down),
            ("small brands' moves are noise", (20, 12), (16, 16), Flag::None),
            ("all for after half for", (40, 0), (20, 20), Flag::Up),
            ("29 are too few", (40, 0), (15, 14), Flag::TooFew),
        ];
        for (case, now, before, flag) in table {
            let change = electorate(now, before).indicator("I5", None).change.unwrap();
            assert_eq!(change.flag, flag, "{case}: {change:?}");
        }
        let change = electorate((90, 10), (50, 50)).indicator("I5", None).change.unwrap();
        assert!((change.difference.unwrap() - 0.8).abs() < 1e-12);
        // ± 2.576 · 2 · √(0.09/100 + 0.25/100) = ± 0.300
        assert!((change.low.unwrap() - 0.5).abs() < 0.06, "{change:?}");
        assert!((change.high.unwrap() - 1.1).abs() < 0.06, "{change:?}");
    }
}
