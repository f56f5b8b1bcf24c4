//! What people do with a case (rule E26). A mark, a closing and "not for us" end it; the rest is
//! only remembered.

use super::Fold;
use crate::model::{Act, ActKind, Answer, CaseEvent, End, Time};

impl Fold<'_, '_> {
    /// A person of the brand did something to a post.
    pub(in crate::cases) fn act(&mut self, row: usize, act: &Act, at: Time) {
        let open = || self.threads.voice(row).and_then(|voice| self.talks[voice].open);
        let Some(n) = self.filed[row].or_else(open) else { return };
        let case = &self.drafts[n].case;
        let waits = case.answer.is_none() && case.end.is_none();
        let mut note = act.note.clone();
        let what = match &act.kind {
            ActKind::Close => {
                if waits {
                    self.end(n, End::ResolvedByHand, at);
                }
                "closed"
            }
            ActKind::NotForUs => {
                self.end(n, End::NotForUs, at);
                "not-for-us"
            }
            ActKind::MovedPrivate => {
                if waits {
                    self.end_wait(n);
                    self.settle(n, Answer { at, by: None });
                }
                "moved-private"
            }
            ActKind::Snooze(until) | ActKind::Ack(until) => {
                self.drafts[n].case.held_until = Some(*until);
                note = Some(with_note(&format!("until {until}"), note));
                if matches!(act.kind, ActKind::Ack(_)) { "acked" } else { "snoozed" }
            }
            ActKind::Assign(to) => {
                note = Some(with_note(&format!("to {to}"), note));
                "assigned"
            }
        };
        let actor = Some(act.actor.clone());
        self.drafts[n].case.events.push(CaseEvent {
            at,
            what: what.to_owned(),
            interaction: None,
            actor,
            note,
        });
    }
}

fn with_note(what: &str, note: Option<String>) -> String {
    note.map_or_else(|| what.to_owned(), |note| format!("{what}: {note}"))
}
