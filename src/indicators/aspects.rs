//! I24, aspect balance: what people speak well and ill of.

use super::ground::{Ground, Voices};
use super::measure::Measure;
use super::votes::{self, Votes};
use super::{Group, Line, Rule};
use crate::model::{Aspect, Interaction, Sentiment};

const MINIMUM: u64 = 20;

const fn rule(part: &'static str, name: &'static str) -> Rule {
    Rule {
        id: "I24",
        part: Some(part),
        name,
        unit: "score",
        says: "Per aspect: persons who speak well of it less persons who speak ill of it, over \
               both. Each person has one vote for each aspect, their latest item in the window \
               that speaks of it and carries a sentiment; neutral votes leave the ratio. \
               Interval: adjusted Wald (rule E34).",
        minimum: MINIMUM,
        version: 1,
    }
}

pub(super) const GROUP: Group = Group {
    rules: &[
        rule("quality", "Aspect balance, quality"),
        rule("price", "Aspect balance, price"),
        rule("service", "Aspect balance, service"),
        rule("delivery", "Aspect balance, delivery"),
        rule("app", "Aspect balance, app"),
        rule("returns", "Aspect balance, returns"),
        rule("staff", "Aspect balance, staff"),
        rule("values", "Aspect balance, values"),
        rule("availability", "Aspect balance, availability"),
    ],
    measure,
    explain,
};

/// (P − Ng) / (P + Ng) for each aspect, in the order of [`Aspect`].
///
/// Change: bootstrap over persons, see [`votes::score`].
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    Aspect::ALL
        .into_iter()
        .map(|aspect| {
            let (now, before) = (votes(&ground.now, aspect), votes(&ground.before, aspect));
            votes::score(&now, &before, MINIMUM)
        })
        .collect()
}

fn votes(voices: &Voices<'_>, aspect: Aspect) -> Votes {
    let vote = |rows: &[&Interaction]| match cast(rows, aspect)?.1 {
        Sentiment::Pos => Some(1),
        Sentiment::Neg => Some(-1),
        Sentiment::Neu => None,
    };
    voices.iter().filter_map(|(person, rows)| Some((*person, vote(rows)?))).collect()
}

/// A person's latest item that speaks of an aspect and carries a sentiment.
fn cast<'a>(rows: &[&'a Interaction], aspect: Aspect) -> Option<(&'a Interaction, Sentiment)> {
    let mut rows = rows.iter().rev().filter(|row| row.aspects.contains(&aspect));
    rows.find_map(|row| Some((*row, row.sentiment?)))
}

/// One line for each person and aspect.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    let of = |rows: &[&Interaction], aspect: Aspect| {
        let (row, sentiment) = cast(rows, aspect)?;
        let what = match sentiment {
            Sentiment::Pos => "for",
            Sentiment::Neg => "against",
            Sentiment::Neu => "neutral",
        };
        Some(Line::of_row(what, row, Some(aspect.word().to_owned())))
    };
    let rows = ground.now.values();
    rows.flat_map(|rows| Aspect::ALL.into_iter().filter_map(move |a| of(rows, a))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::explain;
    use super::super::fixtures::{AT, Setting, post};
    use crate::model::{Aspect, Sentiment, Standing};

    fn say(setting: &mut Setting, person: u64, at: i64, aspects: &[Aspect], how: Sentiment) {
        let mut row = post(&format!("{person} at {at}"), person, at);
        (row.aspects, row.sentiment) = (aspects.to_vec(), Some(how));
        setting.history.rows.push(row);
    }

    #[test]
    fn one_vote_for_each_person_and_aspect() {
        use Aspect::{Price, Service, Staff};
        use Sentiment::{Neg, Neu, Pos};
        let mut setting = Setting::default();
        say(&mut setting, 1, AT.inside, &[Price], Neg);
        say(&mut setting, 1, AT.inside + 1, &[Price, Staff], Pos);
        say(&mut setting, 2, AT.inside, &[Price], Neg);
        say(&mut setting, 3, AT.inside, &[Price], Neg);
        say(&mut setting, 3, AT.inside + 1, &[Price], Neu);
        say(&mut setting, 4, AT.before, &[Price], Pos);
        let price = setting.indicator("I24", Some("price"));
        assert_eq!(
            (price.numerator, price.denominator),
            (Some(0.0), Some(2.0)),
            "1 for, 2 against"
        );
        assert_eq!(price.change.unwrap().value, Some(1.0), "person 4");
        let staff = setting.indicator("I24", Some("staff"));
        assert_eq!((staff.value, staff.n, staff.status), (Some(1.0), 1, Standing::TooFew));
        assert_eq!(setting.indicator("I24", Some(Service.word())).value, None);
        let lines = explain(&setting.scope(), "I24", Some("price")).unwrap().parts;
        assert_eq!(lines.len(), 4, "three of price, one of staff");
    }

    #[test]
    fn twenty_persons_have_an_interval() {
        let mut setting = Setting::default();
        for person in 0..20 {
            let how = if person < 15 { Sentiment::Pos } else { Sentiment::Neg };
            say(&mut setting, person, AT.inside, &[Aspect::Quality], how);
        }
        let found = setting.indicator("I24", Some("quality"));
        assert_eq!((found.value, found.status), (Some(0.5), Standing::Ok));
        // a = 15.75/23, b = 5.75/23: 0.434783 ± 1.959964 √((0.934783 − 0.189036)/23)
        assert!((found.low.unwrap() - 0.081_857).abs() < 1e-5, "{found:?}");
        assert!((found.high.unwrap() - 0.787_708).abs() < 1e-5, "{found:?}");
    }
}
