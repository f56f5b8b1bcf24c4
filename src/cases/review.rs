//! Which posts a person should look at, because the classifier was not sure of them.

use std::collections::BTreeSet;

use super::{Policy, replay};
use crate::calendar::Calendar;
use crate::model::{History, Intent, Time};

/// A post stays on the list for so long.
pub const LOOKED_AT: i64 = 14 * Time::DAY;

/// The rows nobody is sure of and that nobody has answered, by their place in the history, oldest
/// first. What would answer or end a case of theirs (rules E16, E23 and E26) takes them off.
///
/// They open no case, so nobody is woken up; here the same rules are asked what would be if they
/// did.
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
    let cases = replay(&asking, policy, calendar);
    let waits: BTreeSet<(&str, &str)> = cases
        .iter()
        .filter(|case| case.answer.is_none() && case.end.is_none())
        .flat_map(|case| case.asks.iter().map(|ask| (case.platform.as_str(), ask.id.as_str())))
        .collect();
    let mut left: Vec<usize> = doubted
        .into_iter()
        .filter(|&row| {
            let row = &history.rows[row];
            waits.contains(&(row.platform.as_str(), row.id.as_str()))
        })
        .collect();
    left.sort_by_key(|&row| (history.rows[row].at, &history.rows[row].id));
    left
}
