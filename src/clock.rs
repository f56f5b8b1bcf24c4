//! Where now comes from, and how to wait for a time.
//!
//! The daemon holds one clock and hands `now` down; nothing below it asks. Waiting compares with
//! the clock again at least once a minute, so that a clock that is set, a machine that slept and a
//! daylight change are noticed in time. Intervals are planned by [`Clock::steady`], which nobody sets.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::model::Time;

/// The wait for a time. Dropping it gives the wait up.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The longest stretch of real time that is slept without looking at the clock.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// A source of now.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Time;

    /// A time that goes on as [`Clock::now`] does, but is never set: what lies between two of them
    /// has passed. It says nothing about the date, and is not kept over a restart.
    fn steady(&self) -> Time;

    /// Ends when [`Clock::now`] has reached `at`; at once if it has already. Or when the clock was
    /// set back past where it stood when the wait began: whoever waits looks again at what is due.
    /// A clock that is set forward or back is noticed within a minute of real time.
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
        Box::pin(sleep(self, at, 1))
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
        Box::pin(sleep(self, at, self.factor))
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

    /// So much time passes that it shows `now`; or it is set back to it. Whoever waits for a time
    /// that is reached goes on.
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
        let begun = hands.borrow().now;
        Box::pin(async move {
            // An error would mean that the clock is gone, but `self` holds it.
            hands.wait_for(|hands| hands.now >= at || hands.now < begun).await.ok();
        })
    }
}

async fn sleep(clock: &dyn Clock, at: Time, factor: u32) {
    let begun = clock.now();
    loop {
        let now = clock.now();
        let left = at.since(now);
        let Some(left) = u64::try_from(left).ok().filter(|left| *left > 0) else { return };
        if now < begun {
            return;
        }
        // Rounded up: a wait of no time would turn this into a busy loop.
        let real = Duration::from_millis(left.div_ceil(u64::from(factor)));
        tokio::time::sleep(real.min(LOOK_AGAIN)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

    use super::*;

    const T0: Time = Time(1_772_615_700_000);

    /// A machine whose time is set while somebody waits.
    struct Moved {
        start: Instant,
        shift: AtomicI64,
        looked: AtomicU32,
    }

    impl Clock for Moved {
        fn now(&self) -> Time {
            self.looked.fetch_add(1, Ordering::SeqCst);
            let real = i64::try_from(self.start.elapsed().as_millis()).expect("small");
            T0.plus(real + self.shift.load(Ordering::SeqCst))
        }

        fn steady(&self) -> Time {
            self.now()
        }

        fn sleep_until(&self, at: Time) -> Sleep<'_> {
            Box::pin(sleep(self, at, 1))
        }
    }

    fn moved() -> Arc<Moved> {
        Arc::new(Moved {
            start: Instant::now(),
            shift: AtomicI64::new(0),
            looked: AtomicU32::new(0),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_follows_a_clock_that_is_set_forward_within_a_minute() {
        let clock = moved();
        let waiting = clock.clone();
        let wait = tokio::spawn(async move { waiting.sleep_until(T0.plus(24 * Time::HOUR)).await });
        tokio::time::sleep(Duration::from_secs(30)).await;
        clock.shift.store(24 * Time::HOUR, Ordering::SeqCst);
        wait.await.expect("no panic");
        assert_eq!(clock.start.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_back_ends_the_wait_early_and_a_little_prolongs_it() {
        for (back, wanted) in [(3650 * Time::DAY, 60), (Time::HOUR, 60), (20_000, 110)] {
            let clock = moved();
            let waiting = clock.clone();
            let wait = tokio::spawn(async move { waiting.sleep_until(T0.plus(90_000)).await });
            tokio::time::sleep(Duration::from_secs(30)).await;
            clock.shift.store(-back, Ordering::SeqCst);
            wait.await.expect("no panic");
            assert_eq!(clock.start.elapsed().as_secs(), wanted, "set back by {back} ms");
            assert!(clock.looked.load(Ordering::SeqCst) <= 6, "about once a minute");
        }
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
        let wait = tokio::spawn(async move { same.sleep_until(T0.plus(1000)).await });
        clock.advance(999);
        tokio::task::yield_now().await;
        assert!(!wait.is_finished());
        clock.set(T0.plus(1000));
        wait.await.expect("no panic");
        let begun = clock.steady();
        let same = clock.clone();
        let wait = tokio::spawn(async move { same.sleep_until(T0.plus(5000)).await });
        tokio::task::yield_now().await;
        clock.jump(-1);
        wait.await.expect("it looks again");
        clock.jump(Time::HOUR);
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
