//! How every source is doing right now, and which parts of the daemon are alive.
//!
//! A poll that finds nothing writes nothing to the disk, so what it learnt is kept here and saved
//! with the next page, when a source's health changes, each hour, and at the end.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::model::{Health, Mark, SourceState, Time, Trouble};
use crate::platforms::Refusal;

/// How often a source may fail in a row before a person is asked to look.
const PATIENCE: u32 = 12;

/// Sources and heartbeats, shared by all tasks.
#[derive(Debug, Default)]
pub struct Board {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    sources: BTreeMap<(String, String), (SourceState, Mark)>,
    beats: BTreeMap<String, Time>,
    faults: BTreeMap<String, Fault>,
}

/// What goes wrong in a part of the daemon itself, as against a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was said the last time.
    pub said: String,
    /// When it began.
    pub since: Time,
    /// The last time.
    pub last: Time,
    /// How often.
    pub times: u32,
    /// The part fell over and was set up again.
    pub is_crash: bool,
}

/// A crash is shown for so long after the last one.
const CRASH_SHOWN: i64 = Time::DAY;

impl Board {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A panic elsewhere cannot leave a half-written state here: every change is one insert.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Puts a source on the board as it was left, or as new.
    pub fn enlist(&self, account: &str, stream: &str, state: Option<SourceState>, mark: Mark) {
        let state = state.unwrap_or_else(|| SourceState {
            account: account.to_owned(),
            stream: stream.to_owned(),
            health: Health::New,
            last_success_at: None,
            last_found_at: None,
            trouble: None,
            failures: 0,
            next_at: None,
        });
        self.inner().sources.insert((account.to_owned(), stream.to_owned()), (state, mark));
    }

    /// A source and how far it was read.
    pub fn source(&self, account: &str, stream: &str) -> Option<(SourceState, Mark)> {
        self.inner().sources.get(&(account.to_owned(), stream.to_owned())).cloned()
    }

    /// Puts a source's state on the board.
    pub fn update(&self, state: SourceState, mark: Mark) {
        let place = (state.account.clone(), state.stream.clone());
        self.inner().sources.insert(place, (state, mark));
    }

    /// Every source, in order.
    pub fn sources(&self) -> Vec<(SourceState, Mark)> {
        self.inner().sources.values().cloned().collect()
    }

    /// A part of the daemon says that it is alive, at a steady time.
    pub fn beat(&self, part: &str, now: Time) {
        self.inner().beats.insert(part.to_owned(), now);
    }

    /// Something went wrong in a part.
    pub fn fault(&self, part: &str, said: String, is_crash: bool, now: Time) {
        let mut inner = self.inner();
        let fresh = Fault { said: String::new(), since: now, last: now, times: 0, is_crash };
        let fault = inner.faults.entry(part.to_owned()).or_insert(fresh);
        fault.said = said;
        fault.last = now;
        fault.times = fault.times.saturating_add(1);
        fault.is_crash |= is_crash;
    }

    /// A part works again. That it has crashed stays shown for a day.
    pub fn recovered(&self, part: &str) {
        self.inner().faults.retain(|name, fault| name != part || fault.is_crash);
    }

    /// What goes wrong inside at the moment.
    pub fn faults(&self, now: Time) -> Vec<(String, Fault)> {
        let mut inner = self.inner();
        // One from a clock that was ahead is a day old as soon as that is seen.
        let is_shown = |last: Time| (-CRASH_SHOWN..CRASH_SHOWN).contains(&now.since(last));
        inner.faults.retain(|_, fault| !fault.is_crash || is_shown(fault.last));
        inner.faults.iter().map(|(part, fault)| (part.clone(), fault.clone())).collect()
    }

    /// The parts that have been silent since before `limit`, a steady time.
    pub fn silent(&self, limit: Time) -> Vec<String> {
        self.inner()
            .beats
            .iter()
            .filter(|(_, at)| **at < limit)
            .map(|(part, _)| part.clone())
            .collect()
    }
}

/// The state after a page was read.
pub fn succeeded(mut state: SourceState, found: bool, now: Time) -> SourceState {
    state.health = Health::Well;
    state.last_success_at = Some(now);
    if found {
        state.last_found_at = Some(now);
    }
    state.trouble = None;
    state.failures = 0;
    state
}

/// The state after a refusal. Being told to wait is no failure.
pub fn failed(mut state: SourceState, refusal: &Refusal, now: Time) -> SourceState {
    // Our own pacing after a failure is no news: what was wrong before the wait still is.
    if matches!(refusal, Refusal::RateLimited(_)) && state.trouble.is_some() {
        return state;
    }
    let trouble = match refusal {
        Refusal::RateLimited(_) => Trouble::RateLimited,
        Refusal::Unauthorised(said) => Trouble::Unauthorised(said.clone()),
        Refusal::Expired => Trouble::Unauthorised("the session has run out".to_owned()),
        Refusal::Unreachable(said) => Trouble::Unreachable(said.clone()),
        Refusal::Malformed { path, why } => Trouble::Malformed(format!("{why} at {path}")),
        Refusal::Gone(said) | Refusal::Unanswerable(said) => Trouble::Gone(said.clone()),
    };
    let since = match &state.trouble {
        Some((known, since)) if known.class() == trouble.class() => *since,
        _ => now,
    };
    if !matches!(trouble, Trouble::RateLimited) {
        state.failures = state.failures.saturating_add(1);
    }
    state.health = match &trouble {
        Trouble::Unauthorised(_) | Trouble::Gone(_) => Health::NeedsAttention,
        Trouble::RateLimited => state.health,
        _ if state.failures >= PATIENCE => Health::NeedsAttention,
        _ => Health::Failing,
    };
    state.trouble = Some((trouble, since));
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> SourceState {
        let board = Board::default();
        board.enlist("main", "mentions", None, Mark::default());
        board.source("main", "mentions").expect("enlisted").0
    }

    #[test]
    fn trouble_keeps_the_time_it_began_until_the_source_is_well_again() {
        let bad = Refusal::Unreachable("no answer".into());
        let state = failed(fresh(), &bad, Time(10));
        let state = failed(state, &bad, Time(20));
        assert_eq!(state.trouble.as_ref().map(|(_, since)| *since), Some(Time(10)));
        assert_eq!((state.health, state.failures), (Health::Failing, 2));
        let state = succeeded(state, true, Time(30));
        assert_eq!((state.health, state.failures, state.trouble), (Health::Well, 0, None));
    }

    #[test]
    fn a_dead_login_needs_a_person_at_once_and_a_dead_server_after_an_hour_or_so() {
        let refused = Refusal::Unauthorised("the token is refused".into());
        assert_eq!(failed(fresh(), &refused, Time(1)).health, Health::NeedsAttention);
        let bad = Refusal::Unreachable("no answer".into());
        let tired = (0..12).fold(fresh(), |state, n| failed(state, &bad, Time(n)));
        assert_eq!(tired.health, Health::NeedsAttention);
    }

    #[test]
    fn waiting_after_a_failure_does_not_hide_it() {
        let dead = failed(fresh(), &Refusal::Unauthorised("the token is refused".into()), Time(1));
        assert_eq!(failed(dead.clone(), &Refusal::RateLimited(None), Time(2)), dead);
    }

    #[test]
    fn a_fault_goes_when_the_part_works_again_and_a_crash_after_a_day() {
        let board = Board::default();
        board.fault("the timers", "no".into(), false, Time(1));
        board.fault("the timers", "still no".into(), false, Time(2));
        board.fault("sweeping", "panicked".into(), true, Time(2));
        let said = |board: &Board, now| -> Vec<(String, u32, Time)> {
            board.faults(now).into_iter().map(|(part, f)| (part, f.times, f.since)).collect()
        };
        let both = [("sweeping".to_owned(), 1, Time(2)), ("the timers".to_owned(), 2, Time(1))];
        assert_eq!(said(&board, Time(3)), both);
        board.recovered("the timers");
        board.recovered("sweeping");
        assert_eq!(said(&board, Time(3)), both[..1]);
        assert_eq!(said(&board, Time(2).plus(Time::DAY)), []);
    }

    #[test]
    fn being_told_to_wait_is_no_failure() {
        let state = failed(fresh(), &Refusal::RateLimited(None), Time(1));
        assert_eq!((state.health, state.failures), (Health::New, 0));
    }
}
