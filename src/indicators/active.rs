//! I3, active voices: how many persons said something.

use super::ground::{Ground, Voices};
use super::measure::Measure;
use super::statistics::{Level, Limits, poisson};
use super::{Group, Line, Rule};

pub(super) const GROUP: Group = Group {
    rules: &[Rule {
        id: "I3",
        part: None,
        name: "Active voices",
        unit: "count",
        says: "Persons with at least one mention, comment, post, quote, review or share in the \
               window. The brand's own accounts, bots and blocked accounts are out, and likes \
               make nobody active (rules E6 to E9). Interval: exact Poisson.",
        minimum: 0,
        version: 1,
    }],
    measure,
    explain,
};

/// #A(W), with Garwood's interval.
///
/// Change: a person seen in both windows cancels out of #A(W) − #A(W′), so the difference is that
/// of two independent counts, those seen only now and those seen only before; its interval is
/// square-and-add of their exact Poisson intervals. (Drawing persons again cannot serve here: how
/// many there are is the very thing that is asked.)
fn measure(ground: &Ground<'_>) -> Vec<Measure> {
    let count = |voices: &Voices<'_>| {
        let count = voices.len() as u64;
        Measure::count(count, Some(poisson::garwood(count, Level::Value)))
    };
    let only = |these: &Voices<'_>, those: &Voices<'_>| {
        these.keys().filter(|person| !those.contains_key(person)).count() as u64
    };
    vec![count(&ground.now).against(&count(&ground.before), || {
        let came = only(&ground.now, &ground.before);
        let went = only(&ground.before, &ground.now);
        Limits::from(poisson::difference(came, went, Level::Change))
    })]
}

/// One line for each person: the first thing they said.
fn explain(ground: &Ground<'_>) -> Vec<Line> {
    ground
        .now
        .values()
        .map(|rows| {
            let more = rows.len() - 1;
            Line::of_row("active", rows[0], (more > 0).then(|| format!("and {more} more")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AT, Setting, post};
    use crate::model::{Flag, Kind, Person};

    #[test]
    fn who_counts() {
        let mut setting = Setting::default();
        let rows = &mut setting.history.rows;
        rows.push(post("plain", 1, AT.inside));
        rows.push(post("same person again", 1, AT.inside + 1));
        rows.push(post("at from", 2, AT.from));
        rows.push(post("at to", 3, AT.to));
        rows.push(post("just before", 4, AT.from - 1));
        let mut like = post("rule E9: a like", 5, AT.inside);
        like.kind = Kind::Reaction;
        let mut share = post("rule E9: a share", 6, AT.inside);
        share.kind = Kind::Share;
        let mut own = post("rule E7: own row", 7, AT.inside);
        own.own = true;
        let account = post("rule E7: own account", 8, AT.inside);
        let mut bot = post("rule E8: bot row", 9, AT.inside);
        bot.bot = true;
        let bot_account = post("rule E8: bot account", 10, AT.inside);
        let blocked = post("rule E8: blocked", 11, AT.inside);
        let mut other = post("rule E8: irrelevant", 12, AT.inside);
        other.relevant = false;
        let mut nobody = post("rule E6: no author", 13, AT.inside);
        nobody.person = None;
        rows.extend([like, share, own, account, bot, bot_account, blocked, other, nobody]);
        setting.history.accounts.own.insert(Person(8));
        setting.history.accounts.bots.insert(Person(10), setting.history.now);
        setting.history.accounts.blocked.insert(Person(11));
        let found = setting.indicator("I3", None);
        assert_eq!(found.value, Some(3.0), "persons 1, 2 and 6");
        assert_eq!((found.n, found.numerator, found.denominator), (3, Some(3.0), None), "E53");
        assert!((found.low.unwrap() - 0.618_672).abs() < 1e-6, "Garwood of 3: {found:?}");
        assert!((found.high.unwrap() - 8.767_273).abs() < 1e-6, "Garwood of 3: {found:?}");
    }

    #[test]
    fn nobody_is_a_count_too() {
        let found = Setting::default().indicator("I3", None);
        assert_eq!((found.value, found.low), (Some(0.0), Some(0.0)));
        assert!((found.high.unwrap() - 3.688_879).abs() < 1e-6, "rule E50: 0 → 0 to 3.689");
    }

    #[test]
    fn rule_e55_only_those_who_came_or_went_make_a_change() {
        let table = [
            ("20 came", 20, 0, Flag::Up),
            ("20 went", 0, 20, Flag::Down),
            ("12 came, 8 went", 12, 8, Flag::None),
            ("nobody moved", 0, 0, Flag::None),
        ];
        for (case, came, went, flag) in table {
            let mut setting = Setting::default();
            for person in 0..100 {
                setting.say(person, AT.inside);
                setting.say(person, AT.before);
            }
            (0..came).for_each(|i| setting.say(1_000 + i, AT.inside));
            (0..went).for_each(|i| setting.say(2_000 + i, AT.before));
            let change = setting.indicator("I3", None).change.unwrap();
            assert_eq!(change.flag, flag, "{case}: {change:?}");
            assert_eq!(change.difference, Some(came as f64 - went as f64), "{case}");
        }
    }
}
