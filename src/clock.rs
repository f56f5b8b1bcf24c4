//! Where now comes from, and how to wait for a time.
//!
//! The daemon holds one clock and hands `now` down; nothing below it asks. Intervals are planned and
//! waits end by [`Clock::steady`], which nobody sets: a wait for a date would last for years if the
//! clock were set back between the plan and the wait. Whoever goes by the date waits for a minute at
//! most and looks again, so that a clock that is set and a machine that slept are noticed in time.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::model::Time;

/// The wait for a time. Dropping it gives the wait up.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A source of now.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Time;

    /// A time that goes on as [`Clock::now`] does, but is never set: what lies between two of them
    /// has passed. It says nothing about the date, and is not kept over a restart.
    fn steady(&self) -> Time;

    /// Ends when [`Clock::steady`] has reached `at`; at once if it has already.
    fn sleep_until(&self, at: Time) -> Sleep<'_>;

    /// Lets others have the processor for so long, whatever the clock shows meanwhile.
    fn pause(&self, real: Duration) -> Sleep<'_> {
        Box::pin(tokio::time::sleep(real))
    }
}

/// Where the steady time of the machine starts.
static STARTED: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);

/// The time of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wall;

impl Clock for Wall {
    fn now(&self) -> Time {
        let millis = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        Time(match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => millis(since),
            Err(before) => -millis(before.duration()),
        })
    }

    fn steady(&self) -> Time {
        Time(i64::try_from(STARTED.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn sleep_until(&self, at: Time) -> Sleep<'_> {
        Box::pin(sleep(at.since(self.steady()), 1))
    }
}

/// A clock that runs a whole number of times faster than the machine's, from a time of its own: a
/// day of the demo in a few minutes. Unmoved by changes of the machine's time.
#[derive(Clone, Copy, Debug)]
pub struct Fast {
    origin: Time,
    start: Instant,
    factor: u32,
}

impl Fast {
    /// Shows `origin` now and gains `factor` seconds a second; 0 counts as 1.
    pub fn new(origin: Time, factor: u32) -> Self {
        Self { origin, start: Instant::now(), factor: factor.max(1) }
    }
}

impl Clock for Fast {
    fn now(&self) -> Time {
        let real = i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.origin.plus(real.saturating_mul(i64::from(self.factor)))
    }

    fn steady(&self) -> Time {
        self.now()
    }

    fn sleep_until(&self, at: Time) -> Sleep<'_> {
        Box::pin(sleep(at.since(self.steady()), self.factor))
    }
}

/// A clock that stands until it is set. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Manual(watch::Sender<Hands>);

/// What it shows.
#[derive(Clone, Copy, Debug)]
struct Hands {
    now: Time,
    steady: Time,
}

impl Manual {
    /// Stands at `now`.
    pub fn new(now: Time) -> Self {
        // Far from each other, so that nothing works that takes one for the other.
        Self(watch::Sender::new(Hands { now, steady: Time(7 * Time::DAY) }))
    }

    /// So much time passes that it shows `now`; or it is set back to it, and none passes. Whoever
    /// waits for a time that is reached goes on.
    pub fn set(&self, now: Time) {
        self.0.send_modify(|hands| {
            hands.steady = hands.steady.plus(now.since(hands.now).max(0));
            hands.now = now;
        });
    }

    /// So many milliseconds pass.
    pub fn advance(&self, millis: i64) {
        self.set(self.now().plus(millis));
    }

    /// Somebody sets it forward or back by so many milliseconds; no time passes.
    pub fn jump(&self, millis: i64) {
        self.0.send_modify(|hands| hands.now = hands.now.plus(millis));
    }
}

impl Clock for Manual {
    fn now(&self) -> Time {
        self.0.borrow().now
    }

    fn steady(&self) -> Time {
        self.0.borrow().steady
    }

    fn sleep_until(&self, at: Time) -> Sleep<'_> {
        let mut hands = self.0.subscribe();
        Box::pin(async move {
            // An error would mean that the clock is gone, but `self` holds it.
            hands.wait_for(|hands| hands.steady >= at).await.ok();
        })
    }
}

/// So many milliseconds of a clock that runs so many times faster than the machine's.
fn sleep(millis: i64, factor: u32) -> tokio::time::Sleep {
    let millis = u64::try_from(millis).unwrap_or(0);
    // Rounded up: a wait of no time would turn a loop around it into a busy one.
    tokio::time::sleep(Duration::from_millis(millis.div_ceil(u64::from(factor))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Time = Time(1_772_615_700_000);

    #[tokio::test]
    async fn the_machine_is_waited_for_until_the_time_has_passed() {
        let at = Wall.steady().plus(20);
        Wall.sleep_until(at).await;
        assert!(Wall.steady() >= at);
        Wall.sleep_until(Time(i64::MIN)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_clock_keeps_its_factor() {
        let clock = Fast::new(T0, 60);
        assert_eq!(clock.now(), T0);
        let start = Instant::now();
        clock.sleep_until(T0.plus(Time::HOUR)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(60));
        assert_eq!(clock.now(), T0.plus(Time::HOUR));
        clock.sleep_until(T0).await;
        assert_eq!(start.elapsed(), Duration::from_secs(60), "the past is not waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn a_very_fast_clock_does_not_spin() {
        let clock = Fast::new(T0, u32::MAX);
        clock.sleep_until(T0.plus(1)).await;
        assert!(clock.now() > T0);
    }

    #[tokio::test]
    async fn a_manual_clock_wakes_whoever_waits() {
        let clock = Manual::new(T0);
        let same = clock.clone();
        let begun = clock.steady();
        let mut wait =
            tokio::spawn(async move { same.sleep_until(begun.plus(Time::MINUTE)).await });
        for by in [3650 * Time::DAY, -3650 * Time::DAY, -Time::HOUR, Time::HOUR] {
            clock.jump(by);
        }
        clock.advance(Time::MINUTE - 1);
        tokio::select! {
            biased;
            _ = &mut wait => panic!("a minute has not passed"),
            () = tokio::task::yield_now() => {}
        }
        clock.advance(1);
        wait.await.expect("no panic");
        let begun = clock.steady();
        clock.set(T0);
        assert_eq!((clock.now(), clock.steady()), (T0, begun), "set, and no time has passed");
        clock.advance(1000);
        assert_eq!((clock.now(), clock.steady()), (T0.plus(1000), begun.plus(1000)));
    }

    #[test]
    fn the_wall_clock_is_of_this_age() {
        let now = Wall.now();
        assert!(now > Time::parse("2026-01-01T00:00:00Z").expect("a time"));
    }
}
