//! A clock that stands still while anybody works, and jumps when everybody waits.
//!
//! That makes a morning pass in seconds, always in the same order, however fast the machine is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Sleep};
use crate::model::Time;

/// The clock. Clones show the same time.
#[derive(Clone)]
pub struct Stepping(Arc<Inner>);

struct Inner {
    now: watch::Sender<Time>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    until: BTreeMap<u64, Time>,
}

impl Stepping {
    /// Stands at `now`.
    pub fn new(now: Time) -> Self {
        let waiting = Mutex::new(Waiting::default());
        Self(Arc::new(Inner { now: watch::Sender::new(now), waiting }))
    }

    /// Moves forward to `at`; whoever waits for a time until then goes on. Never moves back.
    pub fn jump(&self, at: Time) {
        self.0.now.send_modify(|now| *now = at.max(*now));
    }

    /// Until when those wait who are still to wait, the nearest first. Whoever's time has come
    /// counts as working, even if it has not been given the processor yet.
    pub fn waits(&self) -> Vec<Time> {
        let now = self.now();
        let mut all: Vec<Time> =
            self.0.waiting().until.values().copied().filter(|until| *until > now).collect();
        all.sort_unstable();
        all
    }
}

impl Inner {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody's place among those who wait; gone with the wait, also when that is given up.
struct Place(Arc<Inner>, u64);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting().until.remove(&self.1);
    }
}

impl Clock for Stepping {
    fn now(&self) -> Time {
        *self.0.now.borrow()
    }

    fn steady(&self) -> Time {
        self.now()
    }

    /// No time passes while anybody works, so there is nobody to wait for.
    fn pause(&self, _: Duration) -> Sleep<'_> {
        Box::pin(tokio::task::yield_now())
    }

    fn sleep_until(&self, at: Time) -> Sleep<'_> {
        Box::pin(async move {
            let mut now = self.0.now.subscribe();
            if *now.borrow() >= at {
                return;
            }
            let place = {
                let mut waiting = self.0.waiting();
                waiting.next += 1;
                let number = waiting.next;
                waiting.until.insert(number, at);
                Place(self.0.clone(), number)
            };
            // An error would mean that the clock is gone, but `self` holds it.
            now.wait_for(|now| *now >= at).await.ok();
            drop(place);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_knows_who_waits_and_for_what() {
        let clock = Stepping::new(Time(1_000));
        let other = clock.clone();
        let wait = tokio::spawn(async move { other.sleep_until(Time(2_000)).await });
        tokio::task::yield_now().await;
        assert_eq!(clock.waits(), [Time(2_000)]);
        clock.jump(Time(1_999));
        assert_eq!(clock.waits(), [Time(2_000)]);
        clock.jump(Time(2_000));
        assert!(clock.waits().is_empty(), "its time has come");
        wait.await.expect("no panic");
        clock.jump(Time(500));
        assert_eq!(clock.now(), Time(2_000), "never back");
        let given_up = clock.sleep_until(Time(9_000));
        drop(given_up);
        assert!(clock.waits().is_empty());
    }
}
