//! Which of the cases that wait a sweep has to look at.

use std::collections::BTreeSet;

use anyhow::Result;

use super::accounts;
use super::ingest::Desk;
use crate::model::{Case, Time};
use crate::store::{Lookout, Waits};

/// After this age threads are left alone.
pub(super) const OLDEST: i64 = 30 * Time::DAY;

/// What the sweeps of one brand tell each other; nothing is lost with it.
#[derive(Debug, Default)]
pub struct LastSweep {
    rule: Rule,
    lookout: Lookout,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rule {
    /// Threads of young cases are read again.
    rereads: bool,
    /// People are told what was asked from then on.
    from: Option<Time>,
}

impl Rule {
    /// From when on something may have to be done about a case; `None`: never, or never again.
    fn due_from(self, case: &Waits, now: Time) -> Option<Time> {
        if self.rereads && now.since(case.opened_at) <= OLDEST {
            return Some(now);
        }
        let is_lapsed = now.since(case.due_at) > Case::LAPSE;
        let is_news = self.from.is_none_or(|from| from <= case.asked_at);
        let pressing = if case.is_severe { now } else { case.risk_at.min(case.due_at) };
        (is_news && !is_lapsed).then_some(pressing)
    }
}

/// The cases that wait and about which something may have to be done now, but those of accounts
/// that the brand does not want to hear of: their threads are read again while they are young, if
/// any can be read, and people are told what was asked from `from` on. What was told already is
/// found by the log.
pub(super) fn due(
    desk: Desk<'_>,
    last: &mut LastSweep,
    readable: &BTreeSet<String>,
    from: Option<Time>,
    now: Time,
) -> Result<Vec<Case>> {
    let rule = Rule { rereads: !readable.is_empty(), from };
    if last.rule != rule {
        *last = LastSweep { rule, lookout: Lookout::default() };
    }
    let blocked = accounts::blocked(desk)?;
    let is_wanted = |case: &Case| {
        let author = case.author.as_ref();
        case.person.is_none_or(|person| !blocked.contains(&person))
            && author.is_none_or(|author| desk.brand.blocks(&case.platform, author).is_none())
    };
    // An answer is never due before the post was: what is neither young nor pressing lies before.
    let within = now.plus(-OLDEST.max(Case::LAPSE))..;
    let due_from = |case: &Waits| rule.due_from(case, now);
    let cases = desk.store.due_cases(desk.key, within, &mut last.lookout, now, due_from)?;
    let wanted = cases.filter(|case| case.as_ref().map_or(true, is_wanted));
    Ok(wanted.collect::<Result<_, _>>()?)
}
