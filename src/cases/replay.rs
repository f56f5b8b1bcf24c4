//! From rows to cases: puts everything that happened in order and hands it to the fold.

use super::fold::Fold;
use super::threads::is_deleted;
use super::{Answers, Policy, Threads};
use crate::calendar::Calendar;
use crate::model::{Act, Case, History, Time};

enum Step<'h> {
    Row(usize),
    Act(usize, &'h Act),
    Deletion(usize),
}

/// Every case of these rows, as known at the history's moment, in the order in which they were
/// opened (rules E15 to E23 and E26).
///
/// The order of the rows never matters. Stored deadlines are kept; asking rows without one get
/// that of `policy`, which also times what is said after an answer.
pub fn replay(history: &History, policy: &Policy, calendar: &Calendar) -> Vec<Case> {
    let threads = Threads::of(history);
    let answers = Answers::of(&threads);
    let mut fold = Fold::new(&threads, policy, calendar);
    for (at, step) in steps(&threads) {
        match step {
            Step::Row(row) => match threads.voice(row) {
                Some(voice) => {
                    fold.post(voice, row);
                    if let Some(own) = answers.late(row) {
                        fold.answer(voice, own, at);
                    }
                }
                None if answers.can_answer(row) => answer(&mut fold, &threads, &answers, row),
                None => {}
            },
            Step::Act(row, act) => fold.act(row, act, at),
            Step::Deletion(row) => fold.delete(row, at),
        }
    }
    fold.cases()
}

/// Closes what an own post answers among those who wait.
fn answer(fold: &mut Fold<'_, '_>, threads: &Threads<'_>, answers: &Answers<'_, '_>, own: usize) {
    let at = threads.row(own).at;
    let close = |fold: &mut Fold<'_, '_>, voice| fold.answer(voice, own, at);
    for post in answers.above(own) {
        // In a deep thread most of the way up leads past people who have long been answered. What
        // is left costs one step for each post above an own one, and strangers write no own ones.
        if !fold.is_waiting_in(threads.root(own)) {
            break;
        }
        if threads.rank(post) < threads.rank(own) {
            threads.voice(post).into_iter().for_each(|voice| close(fold, voice));
        }
    }
    let quoted = answers.quoted(own).filter(|&post| threads.rank(post) < threads.rank(own));
    quoted.and_then(|post| threads.voice(post)).into_iter().for_each(|voice| close(fold, voice));
    answers.named(own).into_iter().for_each(|voice| close(fold, voice));
    let thread = threads.thread(own);
    if threads.is_linear(thread) {
        fold.waiting_in_thread(thread).into_iter().for_each(|voice| close(fold, voice));
    }
}

/// Everything that happened, in order. At one instant: what was posted, what people did, what was
/// deleted; so an answer at the moment of a deletion still counts.
fn steps<'h>(threads: &Threads<'h>) -> Vec<(Time, Step<'h>)> {
    let history = threads.history();
    let mut all = Vec::with_capacity(history.rows.len() + history.acts.len());
    for (rank, &row) in threads.order().iter().enumerate() {
        let it = threads.row(row);
        all.push(((it.at, 0, rank), Step::Row(row)));
        if let Some(gone) = it.deleted_at.filter(|_| is_deleted(it, history.now)) {
            all.push(((gone.max(it.at), 2, rank), Step::Deletion(row)));
        }
    }
    for (n, act) in history.acts.iter().enumerate() {
        // Nothing can be done to a post before it is there, whatever the clocks say.
        let Some(row) = threads.find(&act.platform, &act.id) else { continue };
        if act.at <= history.now {
            all.push(((act.at.max(threads.row(row).at), 1, n), Step::Act(row, act)));
        }
    }
    all.sort_unstable_by_key(|(key, _)| *key);
    all.into_iter().map(|((at, ..), step)| (at, step)).collect()
}
