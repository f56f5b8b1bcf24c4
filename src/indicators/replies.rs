//! What the brand said in answer to complaints, and what it posted of itself: the ground of I18 and
//! I19.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::ground::Ground;
use crate::model::{Intent, Interaction, Kind, Window};

/// Own rows that answer a complaint, posted in a window, in order of time: the answer of a complaint
/// case, or a reply directly below a customer's complaint.
pub(super) fn to_complaints<'a>(ground: &Ground<'a>, window: Window) -> Vec<&'a Interaction> {
    let scope = ground.scope;
    let answers: HashSet<(&str, &str)> = scope
        .cases
        .iter()
        .filter(|case| case.class == Intent::Complaint)
        .filter_map(|case| Some((case.platform.as_str(), case.answer.as_ref()?.by.as_deref()?)))
        .collect();
    let complaints: HashSet<(&str, &str)> = scope
        .history
        .rows
        .iter()
        .filter(|row| row.intent == Intent::Complaint && scope.history.is_inbound(row))
        .map(|row| (row.platform.as_str(), row.id.as_str()))
        .collect();
    let mut found: BTreeMap<_, &Interaction> = BTreeMap::new();
    for row in posted(ground, window) {
        let here = row.platform.as_str();
        let below = row.in_reply_to.as_deref().is_some_and(|id| complaints.contains(&(here, id)));
        if below || answers.contains(&(here, row.id.as_str())) {
            found.insert((row.at, here, row.id.as_str()), row);
        }
    }
    found.into_values().collect()
}

/// Brand posts (rule E29): own rows of kind post that reply to nothing.
pub(super) fn posts<'a>(ground: &Ground<'a>, window: Window) -> Vec<&'a Interaction> {
    let of_itself = |row: &&Interaction| row.kind == Kind::Post && row.in_reply_to.is_none();
    posted(ground, window).filter(of_itself).collect()
}

/// Own rows with words of their own, not deleted (rule E10), posted in a window.
fn posted<'a>(ground: &Ground<'a>, window: Window) -> impl Iterator<Item = &'a Interaction> {
    let history = ground.scope.history;
    history.rows.iter().filter(move |row| {
        window.has(row.at) && row.kind.speaks() && history.is_own(row) && row.deleted_at.is_none()
    })
}

/// The own rows of each thread, in order of time. A thread is known by its given root, else by
/// what the row replies to, else by itself (rule E13).
pub(super) fn by_thread<'a>(
    ground: &Ground<'a>,
) -> HashMap<(&'a str, &'a str), Vec<&'a Interaction>> {
    let history = ground.scope.history;
    let mut threads: HashMap<(&str, &str), Vec<&Interaction>> = HashMap::new();
    for row in &history.rows {
        if row.kind.speaks() && history.is_own(row) && row.deleted_at.is_none() {
            threads.entry(thread(row)).or_default().push(row);
        }
    }
    threads.values_mut().for_each(|rows| rows.sort_unstable_by_key(|row| row.at));
    threads
}

/// The thread of a row, as [`by_thread`] files it.
pub(super) fn thread(row: &Interaction) -> (&str, &str) {
    let root = row.thread.as_deref().or(row.in_reply_to.as_deref()).unwrap_or(&row.id);
    (row.platform.as_str(), root)
}
