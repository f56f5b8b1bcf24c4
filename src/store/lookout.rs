//! Which of the cases that wait may be due, without reading all of them again.
//!
//! Somebody looks each minute and after each commit. Of what waits, which can be hundreds of thousands,
//! little has changed since the last look: a [`Lookout`] remembers that look, the store the changes
//! since.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeFrom;
use std::sync::MutexGuard;

use super::error::Result;
use super::keys::{self, BrandKey, Placed};
use super::packed::{Fact, is_removal};
use super::waiting::{self, Waits};
use super::{Inner, Store};
use crate::model::{Case, Time};

/// So many changes are remembered: some 300 kB. Who has missed more of them reads everything.
const MOST: usize = 8_192;

/// The latest changes of what waits, numbered from the opening of the store.
#[derive(Debug, Default)]
pub(super) struct Changes {
    first: u64,
    recent: VecDeque<Fact<16, 19>>,
}

impl Changes {
    /// Notes what was committed.
    pub(super) fn note(&mut self, facts: &[Fact<16, 19>]) {
        self.recent.extend(facts);
        let old = self.recent.len().saturating_sub(MOST);
        self.recent.drain(..old);
        self.first += old as u64;
    }

    /// Everything has changed.
    pub(super) fn forget(&mut self) {
        // One more than anybody can have read.
        self.first = self.end() + 1;
        self.recent.clear();
    }

    /// The number of the next change, and the changes from `seen` on; `None` if not all of them are
    /// known.
    fn since(&self, seen: Option<u64>) -> (u64, Option<Vec<Fact<16, 19>>>) {
        let known = seen.and_then(|seen| usize::try_from(seen.checked_sub(self.first)?).ok());
        (self.end(), known.map(|known| self.recent.iter().skip(known).copied().collect()))
    }

    fn end(&self) -> u64 {
        self.first + self.recent.len() as u64
    }
}

/// What was found at the last look at the cases of a brand: for one store, one brand and one rule.
#[derive(Debug, Default)]
pub struct Lookout {
    /// How far the changes were read; `None`: everything is to be read.
    seen: Option<u64>,
    /// When that was.
    at: Time,
    /// When yet another case may be due.
    next: Time,
    /// The cases that may be due.
    due: BTreeMap<[u8; 16], [u8; 19]>,
}

impl Inner {
    /// The latest changes of what waits.
    pub(super) fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Lookout {
    /// Takes in how a case waits from now on.
    fn take(&mut self, (key, value): Fact<16, 19>, due_from: impl Fn(&Waits) -> Option<Time>) {
        self.due.remove(&key);
        if is_removal(&value) {
            return;
        }
        match due_from(&waiting::read((key, value))) {
            Some(from) if from <= self.at => {
                self.due.insert(key, value);
            }
            Some(from) => self.next = self.next.min(from),
            None => {}
        }
    }
}

impl Store {
    /// The cases that wait and may be due, in order of opening, one after the other; the others are
    /// not read. `due_from` tells from when on one may be due, `None` that it never will be; it is
    /// not asked about those whose answer was due before `within`.
    ///
    /// # Errors
    /// The engine's; each item may tell damage.
    pub fn due_cases(
        &self,
        brand: BrandKey,
        within: RangeFrom<Time>,
        lookout: &mut Lookout,
        now: Time,
        due_from: impl Fn(&Waits) -> Option<Time>,
    ) -> Result<impl Iterator<Item = Result<Case>>> {
        let inner = &self.inner;
        let (from, to) = (Placed::floor(brand, keys::ms(within.start)), keys::of_brand(brand).1);
        // A clock that was set back calls for another look at everything.
        let is_fresh = (lookout.at..lookout.next).contains(&now);
        let known = lookout.seen.take().filter(|_| is_fresh);
        // Before anything is read: what is committed meanwhile is seen twice rather than never.
        let (seen, changes) = inner.changes().since(known);
        lookout.at = now;
        let before = std::mem::take(&mut lookout.due);
        if let Some(changes) = changes {
            let own =
                changes.into_iter().filter(|(key, _)| key[..] >= from[..] && key[..] < to[..]);
            before.into_iter().chain(own).for_each(|fact| lookout.take(fact, &due_from));
        } else {
            lookout.next = Time(i64::MAX);
            inner.waiting.each(&inner.engine, &from, &to, |fact| lookout.take(fact, &due_from))?;
        }
        lookout.seen = Some(seen);
        let due = lookout.due.iter().map(|(key, value)| waiting::read((*key, *value)).at);
        Ok(self.cases_at(due.collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::{Change, Config, golden};
    use super::*;

    #[test]
    fn who_has_missed_too_many_changes_reads_everything() {
        let fact = |n: u8| ([n; 16], [n; 19]);
        let mut changes = Changes::default();
        changes.note(&[fact(1), fact(2)]);
        let (end, all) = changes.since(Some(0));
        assert_eq!((end, all), (2, Some(vec![fact(1), fact(2)])));
        assert_eq!(changes.since(Some(2)), (2, Some(Vec::new())), "nothing new");
        assert_eq!(changes.since(None), (2, None), "never looked");
        changes.note(&vec![fact(3); MOST - 1]);
        assert_eq!(changes.since(Some(0)).1, None, "the first one is forgotten");
        assert_eq!(changes.since(Some(1)).1.unwrap().len(), MOST);
        let end = changes.since(None).0;
        changes.forget();
        assert_eq!(changes.since(Some(end)).1, None, "the store was emptied");
        assert_eq!(changes.since(Some(changes.end())).1, Some(Vec::new()));
    }

    #[test]
    fn a_look_asks_about_what_has_changed_and_about_what_is_due() {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(dir.path(), &Config::default()).unwrap();
        let brand = store.brand("acme", chrono_tz::UTC).unwrap();
        let hour = |n: i64| Time(n * Time::HOUR);
        let put = |n: i64, due_at: Time| {
            let id = n.to_string();
            let mut case = golden::case();
            (case.id, case.due_at, case.opened_at) = (id, due_at, hour(n));
            (case.answer, case.end) = (None, None);
            let change = Change { brand: Some(brand), cases: vec![case], ..Change::default() };
            store.commit(change).unwrap();
        };
        (0..20).for_each(|n| put(n, hour(100 + n)));
        let (mut lookout, asked) = (Lookout::default(), Cell::new(0));
        let mut look = |now: Time| {
            asked.set(0);
            let due_from = |case: &Waits| {
                asked.set(asked.get() + 1);
                Some(case.due_at)
            };
            let found = store.due_cases(brand, Time(0).., &mut lookout, now, due_from).unwrap();
            let ids: Vec<String> = found.map(|case| case.unwrap().id).collect();
            (asked.get(), ids.join(" "))
        };
        let told = |n, ids: &str| (n, ids.to_owned());
        assert_eq!(look(hour(50)), told(20, ""), "the first look");
        assert_eq!(look(hour(51)), told(0, ""), "nothing has changed, nothing is due");
        put(30, hour(130));
        assert_eq!(look(hour(52)), told(1, ""), "one is new");
        assert_eq!(look(hour(100)), told(21, "0"), "one is due");
        assert_eq!(look(hour(100)), told(1, "0"));
        put(31, hour(90));
        assert_eq!(look(hour(100)), told(2, "0 31"), "a new one is due at once");
        assert_eq!(look(hour(99)), told(22, "31"), "the clock was set back");
    }
}
