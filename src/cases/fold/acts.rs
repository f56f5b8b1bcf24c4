//! What people do with a case (rule E26). A mark, a closing and "not for us" end it; the rest is
//! only remembered.

use super::Fold;
use crate::model::{Act, ActKind, Answer, CaseEvent, End, Intent, Time};

impl Fold<'_, '_> {
    /// A post that had opened a case opens none by a person's word: the case is not lost, it was not
    /// for us. It leaves N as one that an edit took back does (rules E22 and E26).
    fn dismiss(&mut self, row: usize, act: &Act, was: Intent, at: Time) {
        let it = self.threads.row(row);
        let mut case = self.begun(row, it.person, was, self.due(it, was));
        case.end = Some((End::NotForUs, at));
        case.events.push(CaseEvent {
            at: it.at,
            what: "opened".to_owned(),
            interaction: Some(it.id.clone()),
            actor: None,
            note: None,
        });
        case.events.extend(corrected(act, at));
        self.dismissed.insert(row, case);
    }

    /// A person of the brand did something to a post.
    pub(in crate::cases) fn act(&mut self, row: usize, act: &Act, at: Time) {
        if let Some(dismissed) = self.dismissed.get_mut(&row) {
            dismissed.events.extend(corrected(act, at));
            return;
        }
        if let ActKind::Correct(said) = &act.kind
            && self.filed[row].is_none()
        {
            if said.opened {
                self.dismiss(row, act, said.was, at);
            }
            return;
        }
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
            ActKind::Correct(said) => {
                note = Some(with_note(&said.told(), note));
                "corrected"
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

/// The event of a correction.
fn corrected(act: &Act, at: Time) -> Option<CaseEvent> {
    let ActKind::Correct(said) = &act.kind else { return None };
    Some(CaseEvent {
        at,
        what: "corrected".to_owned(),
        interaction: None,
        actor: Some(act.actor.clone()),
        note: Some(with_note(&said.told(), act.note.clone())),
    })
}

fn with_note(what: &str, note: Option<String>) -> String {
    note.map_or_else(|| what.to_owned(), |note| format!("{what}: {note}"))
}
