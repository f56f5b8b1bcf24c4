//! I7, returning voices: who of the window before came back.

use super::ground::{Ground, Voices};
use super::measure::Measure;
use super::statistics::proportion::{newcombe, wilson};
use super::statistics::{Level, Limits};
use super::{Group, Line, Rule};

const MINIMUM: u64 = 20;

pub(super) const GROUP: Group = Group {
    rules: &[Rule {
        id: "I7",
        part: None,
        name: "Returning voices",
        unit: "share",
        says: "Of the persons active in the window before, the share who are active in this one. \
               People who speak are not all customers, and silence is not leaving. Interval: \
               Wilson.",
        minimum: MINIMUM,
        version: 1,
    }],
    measure,
    explain,
};

/// #(A(W) ∩ A(W′)) / #A(W′). Change: against the same of W′ and the window before that; Newcombe.
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    let share = |(back, all): (u64, u64)| {
        Measure::ratio(back as f64, all, MINIMUM, || wilson(back, all, Level::Value))
    };
    let now = returned(&ground.now, &ground.before);
    let before = returned(&ground.before, &ground.earlier);
    vec![share(now).against(&share(before), || {
        newcombe(now, before, Level::Change).map(Limits::from).unwrap_or_default()
    })]
}

/// How many of the earlier came back, and how many they were.
fn returned(later: &Voices<'_>, earlier: &Voices<'_>) -> (u64, u64) {
    let back = earlier.keys().filter(|person| later.contains_key(person)).count();
    (back as u64, earlier.len() as u64)
}

/// One line for each person of W′: what they first said in W, or last in W′.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    ground
        .before
        .iter()
        .map(|(person, before)| match ground.now.get(person) {
            Some(rows) => Line::of_row("returned", rows[0], None),
            None => Line::of_row(
                "not seen again",
                before[before.len() - 1],
                Some("their last in the window before".to_owned()),
            ),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting};
    use crate::model::{Flag, Standing};

    /// Persons of W″, W′ and W as ranges of numbers.
    fn crowd(earlier: u64, before: std::ops::Range<u64>, now: std::ops::Range<u64>) -> Setting {
        let mut setting = Setting::default();
        (0..earlier).for_each(|p| setting.say(p, AT.earlier));
        before.for_each(|p| setting.say(p, AT.before));
        now.for_each(|p| setting.say(p, AT.inside));
        setting
    }

    #[test]
    fn value_interval_and_minimum() {
        let found = crowd(0, 0..20, 15..40).indicator("I7", None);
        assert_eq!(found.value, Some(0.25), "5 of 20; the 20 newcomers do not count");
        assert_eq!((found.numerator, found.denominator, found.n), (Some(5.0), Some(20.0), 20));
        assert!((found.low.unwrap() - 0.111_862).abs() < 1e-5, "Wilson 5/20: {found:?}");
        assert!((found.high.unwrap() - 0.468_701).abs() < 1e-5, "Wilson 5/20: {found:?}");
        let few = crowd(0, 0..19, 0..19).indicator("I7", None);
        assert_eq!((few.value, few.low, few.status), (Some(1.0), None, Standing::TooFew));
        let none = crowd(0, 0..0, 0..19).indicator("I7", None);
        assert_eq!((none.value, none.n, none.status), (None, 0, Standing::TooFew), "rule E54");
    }

    #[test]
    fn rule_e55_compares_with_the_same_share_one_window_earlier() {
        let table = [
            ("36 of 40 after 10 of 40", crowd(40, 30..70, 34..70), Flag::Up, 0.9 - 0.25),
            ("10 of 40 after 40 of 40", crowd(40, 0..40, 30..40), Flag::Down, 0.25 - 1.0),
            ("20 of 40 after 16 of 40", crowd(40, 24..64, 44..64), Flag::None, 0.5 - 0.4),
            ("19 in W″ are too few", crowd(19, 0..40, 0..20), Flag::TooFew, 0.5 - 1.0),
        ];
        for (case, setting, flag, difference) in table {
            let change = setting.indicator("I7", None).change.unwrap();
            assert_eq!(change.flag, flag, "{case}: {change:?}");
            assert!((change.difference.unwrap() - difference).abs() < 1e-12, "{case}: {change:?}");
        }
        let change = crowd(40, 30..70, 40..70).indicator("I7", None).change.unwrap();
        assert!((change.low.unwrap() - 0.213_304).abs() < 1e-6, "Newcombe at 99 %: {change:?}");
        assert!((change.high.unwrap() - 0.686_094).abs() < 1e-6, "30/40 − 10/40: {change:?}");
    }
}
