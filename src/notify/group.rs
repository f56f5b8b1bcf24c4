//! What is remembered about one group of cases: what people were told, and in which mails.
//!
//! Plain data with its transitions; [`super::decide()`] reads it, the pipeline stores it together with
//! the mail it belongs to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{CaseFacts, Decision, Hours, Notice, Reason, WaitsFor};
use crate::model::{CaseState, Severity, Time};

/// What cases have in common that are told in one mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupKey {
    /// The brand.
    pub brand: String,
    /// The severity.
    pub severity: Severity,
    /// The cluster of near-duplicates, or the platform where there is none.
    pub topic: String,
}

/// What people were last told about a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The state they were told.
    pub state: CaseState,
    /// When.
    pub at: Time,
    /// In which mail (Message-ID).
    pub message: String,
}

/// The notification log of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupState {
    /// When the first case appeared that nobody was told of yet; the group wait runs from here.
    pub born_at: Option<Time>,
    /// When the last mail was written.
    pub last_sent_at: Option<Time>,
    /// The last mail told of so many cases that further ones come by the hour.
    pub storm: bool,
    /// Message-IDs of the thread: the first, and the latest ones.
    pub messages: Vec<String>,
    /// The subject that mails without anything new continue.
    pub subject: Option<String>,
    /// What was told, by case id; a case leaves when its end has been told.
    pub told: BTreeMap<String, Told>,
    /// Cases that would have been mailed had it not been outside hours. Not part of the log.
    pub held: BTreeSet<String>,
}

impl GroupState {
    /// How many Message-IDs of a thread are kept; clients need the first and the latest.
    const THREAD: usize = 10;

    /// The ids of all cases the group must be decided with, besides those that wait: pass their
    /// facts even when they have ended, so that their end can be told.
    pub fn cases(&self) -> impl Iterator<Item = &str> {
        let held = self.held.iter().filter(|id| !self.told.contains_key(*id));
        self.told.keys().chain(held).map(String::as_str)
    }

    /// The subject a mail should carry on with; `None` if it needs one of its own.
    pub fn subject_for(&self, notice: &Notice) -> Option<&str> {
        if notice.is_news() { None } else { self.subject.as_deref() }
    }

    /// The state as a clock that was set back to `now` finds it: what was remembered of later times
    /// counts from now on, or it would hold mails back until the clock gets there.
    pub fn set_back(&mut self, now: Time) {
        let told = self.told.values_mut().map(|told| &mut told.at);
        for at in self.born_at.iter_mut().chain(&mut self.last_sent_at).chain(told) {
            *at = (*at).min(now);
        }
    }

    /// The state after a decision that sends nothing. `decision` and `cases` as they were.
    #[must_use]
    pub fn waited(
        mut self,
        decision: &Decision,
        cases: &[CaseFacts],
        hours: &dyn Hours,
        now: Time,
    ) -> Self {
        match decision {
            Decision::Wait { why, about, .. } => {
                self.born_at.get_or_insert(now);
                if *why == WaitsFor::Opening {
                    self.held.extend(about.iter().cloned());
                }
            }
            Decision::Nothing => {
                self.born_at = None;
                self.end(cases);
                // Overnight, what was held and cleared is kept for the morning's mail.
                if hours.is_open(now) {
                    self.held.clear();
                }
            }
            Decision::Send(_) => {}
        }
        self.forget(cases);
        self
    }

    /// The state after a mail was put into the outbox.
    #[must_use]
    pub fn sent(
        mut self,
        notice: &Notice,
        cases: &[CaseFacts],
        message: &str,
        subject: &str,
        now: Time,
    ) -> Self {
        let listed: BTreeSet<&String> = notice.news.iter().chain(&notice.still).collect();
        let mut waiting = 0;
        for facts in cases.iter().filter(|c| listed.contains(&c.id)) {
            let told = Told { state: facts.state, at: now, message: message.to_owned() };
            self.told.insert(facts.id.clone(), told);
            waiting += 1;
        }
        self.end(cases);
        self.born_at = None;
        self.held.clear();
        // A notice of ends alone does not end a storm.
        if notice.reason != Reason::Resolved {
            self.storm = waiting > super::decide::STORM;
        }
        self.last_sent_at = Some(now);
        if self.subject.is_none() || notice.is_news() {
            self.subject = Some(subject.to_owned());
        }
        self.messages.push(message.to_owned());
        if self.messages.len() > Self::THREAD {
            self.messages.remove(1);
        }
        self.forget(cases);
        self
    }

    /// The state after a mail left the outbox unsent because its cases had ended: nobody was told,
    /// so their end will not be told either.
    #[must_use]
    pub fn withdrawn(mut self, message: &str) -> Self {
        self.told.retain(|_, told| told.message != message);
        self.messages.retain(|known| known != message);
        self.end_thread();
        self
    }

    /// Drops what has ended, once that was told or is not wanted.
    fn end(&mut self, cases: &[CaseFacts]) {
        for case in cases.iter().filter(|c| !c.state.waits()) {
            self.told.remove(&case.id);
        }
    }

    /// Drops what is not in this group any more, such as a case whose severity rose.
    fn forget(&mut self, cases: &[CaseFacts]) {
        let known: BTreeSet<&String> = cases.iter().map(|c| &c.id).collect();
        self.told.retain(|id, _| known.contains(id));
        self.end_thread();
    }

    fn end_thread(&mut self) {
        if self.told.is_empty() {
            self.messages.clear();
            self.subject = None;
        }
    }
}
