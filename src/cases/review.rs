//! Which posts a person should look at, because the classifier was not sure of them.

use std::collections::BTreeSet;

use super::{Policy, replay};
use crate::calendar::Calendar;
use crate::model::{Case, History, Intent, Time};

/// A post stays on the list for so long.
pub const LOOKED_AT: i64 = 14 * Time::DAY;

/// The rows nobody is sure of and that nobody has answered, by their place in the history, oldest
/// first. What would answer or end a case of theirs (rules E16, E23 and E26) takes them off; so does
/// a case that waits and of which they are part, for its reader reads them too.
///
/// They open no case, so nobody is woken up; here the same rules are asked what would be if they
/// did. What follows an answer waits whatever it is (rule E21).
pub fn review(history: &History, policy: &Policy, calendar: &Calendar) -> Vec<usize> {
    let young = |at: Time| history.now.since(at) <= LOOKED_AT;
    let is_doubted = |row: usize| {
        let row = &history.rows[row];
        row.unsure && row.relevant && row.kind.speaks() && row.deleted_at.is_none() && young(row.at)
    };
    let doubted: Vec<usize> = (0..history.rows.len()).filter(|row| is_doubted(*row)).collect();
    if doubted.is_empty() {
        return doubted;
    }
    let mut asking = history.clone();
    for &row in &doubted {
        let row = &mut asking.rows[row];
        row.unsure = false;
        row.thanks = false;
        if !row.intent.asks() {
            row.intent = Intent::Question;
        }
    }
    let (as_known, as_asked) =
        (replay(history, policy, calendar), replay(&asking, policy, calendar));
    let (known, asked) = (waiting(&as_known), waiting(&as_asked));
    let mut left: Vec<usize> = doubted
        .into_iter()
        .filter(|&row| {
            let row = &history.rows[row];
            let id = (row.platform.as_str(), row.id.as_str());
            asked.contains(&id) && !known.contains(&id)
        })
        .collect();
    left.sort_by_key(|&row| (history.rows[row].at, &history.rows[row].id));
    left
}

/// What is part of a case that waits, by platform and id.
fn waiting(cases: &[Case]) -> BTreeSet<(&str, &str)> {
    let open = cases.iter().filter(|case| case.answer.is_none() && case.end.is_none());
    let parts = open.flat_map(|case| {
        let ids = case.events.iter().filter_map(|event| event.interaction.as_deref());
        ids.map(|id| (case.platform.as_str(), id))
    });
    parts.collect()
}
