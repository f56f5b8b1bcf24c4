//! Puts back what the rows can no longer tell: a handle that was named, and the words of an
//! automatic reply, go with their retention, but what was answered stays answered, and what was not
//! stays open.

use std::collections::HashMap;

use anyhow::Result;

use super::merge::WORDLESS;
use crate::model::{Case, History, Interaction};

/// Corrects replayed cases by the ones that were kept when the words were still there.
pub fn recall(
    cases: &mut [Case],
    history: &History,
    kept: impl Fn(&str) -> Result<Option<Case>>,
) -> Result<()> {
    let own: HashMap<(&str, &str), &Interaction> = history
        .rows
        .iter()
        .filter(|row| history.is_own(row))
        .map(|row| ((row.platform.as_str(), row.id.as_str()), row))
        .collect();
    let find = |case: &Case, by: &str| own.get(&(case.platform.as_str(), by)).copied();
    for case in cases {
        match &case.answer {
            None if case.end.is_none() => {
                let Some(kept) = kept(&case.id)? else { continue };
                let Some(answer) = &kept.answer else { continue };
                let row = answer.by.as_deref().and_then(|by| find(case, by));
                let is_in_doubt = row.is_none_or(|row| {
                    row.deleted_at.is_none() && (case.author.is_none() || is_forgotten(row))
                });
                if is_in_doubt && answer.at <= history.now {
                    take_over(case, kept, history);
                }
            }
            Some(answer) => {
                let row = answer.by.as_deref().and_then(|by| find(case, by));
                if !row.is_some_and(is_forgotten) {
                    continue;
                }
                // What seems to answer may have been automatic.
                if let Some(kept) = kept(&case.id)?.filter(|kept| kept.answer != case.answer) {
                    take_over(case, kept, history);
                }
            }
            None => {}
        }
    }
    Ok(())
}

fn take_over(case: &mut Case, kept: Case, history: &History) {
    case.answer = kept.answer.filter(|answer| answer.at <= history.now);
    case.end = kept.end.filter(|(_, at)| *at <= history.now);
    case.events = kept.events;
    case.events.retain(|event| event.at <= history.now);
}

/// Whether a row had words that have reached their age.
fn is_forgotten(row: &Interaction) -> bool {
    let had_words = row.verdict.as_ref().is_some_and(|verdict| verdict.model != WORDLESS);
    row.text.is_none() && row.deleted_at.is_none() && had_words
}
