//! Decides whether a mail about a group of cases is due, and why.
//!
//! Pure: the state of the group, the facts of its cases, the hours and now come in; a named reason
//! comes out. Composing, storing and sending are others'.

use std::collections::BTreeSet;

use crate::model::{Case, CaseState, Severity, Time};

use super::config::{AlertConfig, Quiet, Repeat};
use super::group::{GroupKey, GroupState};

/// With more waiting cases than this in the last mail, the next ones come an hour apart: people
/// know that it burns, and the digest counts every case.
pub(crate) const STORM: usize = 20;

/// How far apart mails about a storm are.
const STORM_INTERVAL: i64 = Time::HOUR;

/// Business hours, as far as a decision needs them.
pub trait Hours {
    /// Whether it is within business hours.
    fn is_open(&self, at: Time) -> bool;
    /// The next opening after `at`.
    fn next_open(&self, at: Time) -> Time;
    /// One business day of open time after `at`.
    fn business_day_after(&self, at: Time) -> Time;
}

/// What a decision needs to know about one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFacts {
    /// Its id.
    pub id: String,
    /// Its severity.
    pub severity: Severity,
    /// Where it stands now.
    pub state: CaseState,
    /// The time of its latest asking post.
    pub asked_at: Time,
    /// No alerts about it until then (ack, snooze).
    pub held_until: Option<Time>,
    /// Whether an answer could be seen at all where it was posted.
    pub answers_readable: bool,
}

impl CaseFacts {
    /// The facts of a case at `now`; whether answers can be read is the account's to say.
    pub fn of(case: &Case, answers_readable: bool, now: Time) -> Self {
        Self {
            id: case.id.clone(),
            severity: case.severity,
            state: case.state(now),
            asked_at: case.asks.iter().map(|ask| ask.at).max().unwrap_or(case.opened_at),
            // Much further ahead than it can have been set it is of a clock that was wrong.
            held_until: case
                .held_until
                .filter(|until| until.since(now) <= Case::LONGEST_HOLD + Time::DAY),
            answers_readable,
        }
    }
}

/// Why a mail is due. The first that applies, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A severe case was opened.
    SevereOpened,
    /// Business hours began, and something had been held.
    OpeningBell,
    /// The first mail of the group.
    FirstNotice,
    /// A case people know of has passed its deadline.
    NewlyOverdue,
    /// A further case in a group people know of.
    NewCase,
    /// A severe case people know of has come close to its deadline.
    NewlyAtRisk,
    /// Somebody took a case or set it aside, that time is over, and it still waits.
    AckRanOut,
    /// Every new thing is good: cases people were told of have ended.
    Resolved,
    /// Nothing has changed for a business day.
    RepeatDue,
}

impl Reason {
    /// The word used in logs and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::SevereOpened => "severe-opened",
            Self::OpeningBell => "opening-bell",
            Self::FirstNotice => "first-notice",
            Self::NewlyOverdue => "newly-overdue",
            Self::NewCase => "new-case",
            Self::NewlyAtRisk => "newly-at-risk",
            Self::AckRanOut => "ack-ran-out",
            Self::Resolved => "resolved",
            Self::RepeatDue => "repeat-due",
        }
    }
}

/// A mail that is due: why, and about which cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Why.
    pub reason: Reason,
    /// What people do not know yet.
    pub news: Vec<String>,
    /// What they know and still waits.
    pub still: Vec<String>,
    /// What they know and has ended.
    pub resolved: Vec<String>,
    /// What fired and cleared outside hours without anybody being told.
    pub cleared: Vec<String>,
}

impl Notice {
    /// Whether it says something that asks for attention: it then gets a subject of its own.
    pub fn is_news(&self) -> bool {
        !matches!(self.reason, Reason::Resolved | Reason::RepeatDue | Reason::AckRanOut)
    }
}

/// What a mail that is not due yet waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// More cases of the same kind, for a moment.
    GroupWait,
    /// The distance between two mails of a group.
    GroupInterval,
    /// The same, wider, because a great many cases wait.
    Storm,
    /// Business hours.
    Opening,
}

/// What is to be done about a group now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A mail is due: look its cases up again, compose it, and log it with [`GroupState::sent`].
    Send(Notice),
    /// One will be due; see [`GroupState::waited`].
    Wait {
        /// Not before then.
        until: Time,
        /// What it waits for.
        why: WaitsFor,
        /// The cases that wait.
        about: Vec<String>,
    },
    /// Nothing to tell.
    Nothing,
}

/// Why one case is news; the most pressing decides the reason of the mail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum News {
    SevereOpened,
    NewlyOverdue,
    NewCase,
    NewlyAtRisk,
    AckRanOut,
}

/// Decides about one group. `cases` are all cases of the group that wait, and those of
/// [`GroupState::cases`] whatever became of them; `alert_from` is the configured start as an instant.
pub fn decide(
    state: &GroupState,
    cases: &[CaseFacts],
    settings: &AlertConfig,
    alert_from: Option<Time>,
    hours: &dyn Hours,
    now: Time,
) -> Decision {
    if alert_from.is_some_and(|from| now < from) {
        return Decision::Nothing;
    }
    let firing: Vec<&CaseFacts> = cases.iter().filter(|c| fires(c, alert_from, now)).collect();
    let news: Vec<(News, &CaseFacts)> =
        firing.iter().filter_map(|c| Some((news_of(state, c, now)?, *c))).collect();
    let resolved: Vec<String> = cases
        .iter()
        .filter(|c| settings.resolved_notices && !c.state.waits() && state.told.contains_key(&c.id))
        .map(|c| c.id.clone())
        .collect();

    let Some(reason) = reason(state, &firing, &news, &resolved, settings, hours, now) else {
        return Decision::Nothing;
    };
    let is_urgent = news
        .iter()
        .any(|(what, case)| case.severity == Severity::Severe && *what < News::AckRanOut);
    let is_news: BTreeSet<&String> = news.iter().map(|(_, c)| &c.id).collect();
    let about: Vec<String> =
        news.iter().map(|(_, c)| c.id.clone()).chain(resolved.iter().cloned()).collect();

    if settings.quiet == Quiet::OutsideHours && !is_urgent && !hours.is_open(now) {
        return Decision::Wait { until: hours.next_open(now), why: WaitsFor::Opening, about };
    }
    if let Some((until, why)) = held_back(state, reason, settings, now) {
        return Decision::Wait { until, why, about };
    }
    let cleared = state.held.iter().filter(|id| {
        !state.told.contains_key(*id) && cases.iter().any(|c| c.id == **id && !c.state.waits())
    });
    Decision::Send(Notice {
        reason,
        cleared: cleared.cloned().collect(),
        news: news.iter().map(|(_, c)| c.id.clone()).collect(),
        still: firing.iter().map(|c| c.id.clone()).filter(|id| !is_news.contains(id)).collect(),
        resolved,
    })
}

/// Whether a case may be alerted at all now.
fn fires(case: &CaseFacts, alert_from: Option<Time>, now: Time) -> bool {
    let is_held = case.held_until.is_some_and(|until| now < until);
    let is_baseline = alert_from.is_some_and(|from| case.asked_at < from);
    let is_pressing = match case.state {
        CaseState::AtRisk | CaseState::Overdue => true,
        CaseState::Open => case.severity == Severity::Severe,
        _ => false,
    };
    is_pressing && case.answers_readable && !is_held && !is_baseline
}

fn news_of(state: &GroupState, case: &CaseFacts, now: Time) -> Option<News> {
    let Some(told) = state.told.get(&case.id) else {
        let is_severe = case.severity == Severity::Severe;
        return Some(if is_severe { News::SevereOpened } else { News::NewCase });
    };
    if told.state < case.state {
        let is_overdue = case.state == CaseState::Overdue;
        return Some(if is_overdue { News::NewlyOverdue } else { News::NewlyAtRisk });
    }
    // `fires` has seen to it that the hold is over.
    let ran_out = case.held_until.is_some_and(|until| told.at < until && until <= now);
    ran_out.then_some(News::AckRanOut)
}

fn reason(
    state: &GroupState,
    firing: &[&CaseFacts],
    news: &[(News, &CaseFacts)],
    resolved: &[String],
    settings: &AlertConfig,
    hours: &dyn Hours,
    now: Time,
) -> Option<Reason> {
    let Some(most) = news.iter().map(|(what, _)| *what).min() else {
        if !resolved.is_empty() {
            return Some(Reason::Resolved);
        }
        let last = state.last_sent_at.filter(|_| !firing.is_empty())?;
        let again_at = match settings.repeat {
            Repeat::BusinessDay => hours.business_day_after(last),
            Repeat::After(millis) => last.plus(millis),
            Repeat::Never => return None,
        };
        return (again_at <= now).then_some(Reason::RepeatDue);
    };
    let was_held = news.iter().any(|(_, case)| state.held.contains(&case.id));
    Some(match most {
        News::SevereOpened => Reason::SevereOpened,
        _ if was_held => Reason::OpeningBell,
        _ if !firing.iter().any(|c| state.told.contains_key(&c.id)) => Reason::FirstNotice,
        News::NewlyOverdue => Reason::NewlyOverdue,
        News::NewCase => Reason::NewCase,
        News::NewlyAtRisk => Reason::NewlyAtRisk,
        News::AckRanOut => Reason::AckRanOut,
    })
}

/// Until when, and why, a mail with that reason has to wait for its group.
fn held_back(
    state: &GroupState,
    reason: Reason,
    settings: &AlertConfig,
    now: Time,
) -> Option<(Time, WaitsFor)> {
    let wait = (reason == Reason::FirstNotice)
        .then(|| (state.born_at.unwrap_or(now).plus(settings.group_wait), WaitsFor::GroupWait));
    let interval = state.last_sent_at.map(|last| {
        // A severe case that nobody knows of waits for no storm to pass.
        if state.storm && reason != Reason::SevereOpened {
            let interval = STORM_INTERVAL.max(settings.group_interval);
            (last.plus(interval), WaitsFor::Storm)
        } else {
            (last.plus(settings.group_interval), WaitsFor::GroupInterval)
        }
    });
    wait.into_iter()
        .chain(interval)
        .filter(|(until, _)| now < *until)
        .max_by_key(|(until, _)| *until)
}

/// Puts the morning's mails of one brand together: everything that waited for the opening becomes
/// one mail. Other mails stay as they are. The groups named with a mail all log it.
pub fn together(due: Vec<(GroupKey, Notice)>) -> Vec<(Vec<GroupKey>, Notice)> {
    let mut mails: Vec<(Vec<GroupKey>, Notice)> = Vec::new();
    for (key, notice) in due {
        let bell = mails.iter_mut().find(|(keys, known)| {
            known.reason == Reason::OpeningBell
                && notice.reason == Reason::OpeningBell
                && keys.iter().all(|k| k.brand == key.brand)
        });
        match bell {
            Some((keys, known)) => {
                keys.push(key);
                known.news.extend(notice.news);
                known.still.extend(notice.still);
                known.resolved.extend(notice.resolved);
                known.cleared.extend(notice.cleared);
            }
            None => mails.push((vec![key], notice)),
        }
    }
    mails
}

#[cfg(test)]
mod tests;
