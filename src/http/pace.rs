//! Decides when the next request to one host, or for one account, may start.
//!
//! Pure state: the time and the dice come in as arguments. It never sleeps and never sends. Which
//! hosts and accounts there are is [`super::lanes`]'.

use crate::model::Time;

/// How fast and how persistently one host or account may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// In the long run one request per this many milliseconds.
    pub gap: i64,
    /// So many may start at once after a pause.
    pub burst: u32,
    /// So many may be under way at once.
    pub at_once: u32,
    /// The wait after the first failure in milliseconds; doubles with each further one.
    pub back_off: i64,
    /// After so many failures in a row the circuit opens: one request at a time probes.
    pub patience: u32,
}

impl Limits {
    /// An API: five at once, then one a second. The strictest hourly quota among the platforms
    /// that state one (300 in 5 minutes) allows exactly that rate.
    pub const API: Self =
        Self { gap: Time::SECOND, burst: 5, at_once: 4, back_off: 30 * Time::SECOND, patience: 5 };
    /// A web site or a feed, which nobody built for programs: one request per 5 seconds, on one
    /// connection.
    pub const PAGE: Self = Self { gap: 5 * Time::SECOND, burst: 1, at_once: 1, ..Self::API };
    /// An account: no pace of its own beyond what its host has.
    pub const ACCOUNT: Self = Self { gap: 0, burst: 1, at_once: 2, ..Self::API };
}

/// The longest wait that a failure or a temporary "wait" of a server leads to.
pub const LONGEST_WAIT: i64 = Time::HOUR;
/// The longest a connector's own plan (a quota that starts anew tomorrow) may reach.
pub const LONGEST_HOLD: i64 = 24 * Time::HOUR;
/// A probe whose outcome is not known after this long is taken for lost.
const LOST_PROBE: i64 = 2 * Time::MINUTE;
/// The shortest wait after being told to wait without being told how long.
const UNSAID_WAIT: i64 = Time::MINUTE;

/// What became of a request, as far as pacing cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered. Also with "not found": the server is there and does not mind.
    Fine,
    /// It was answered, and what comes next will show whether that was good: a session that opens,
    /// one that has run out. Neither lifts a back-off nor adds to it, or a server that opens sessions
    /// and then refuses them would be asked without end.
    Undecided,
    /// The server said to wait, until then if it was said.
    Wait(Option<Time>),
    /// No answer, a server's error, or an answer that makes no sense.
    Failed,
}

/// Whether requests pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// They do.
    Closed,
    /// Too many failed in a row: none before the time of [`Pace::next`].
    Open,
    /// That time has come: one may try, and decides.
    HalfOpen,
}

/// The pace of one host or one account.
#[derive(Clone, Debug)]
pub struct Pace {
    pub(super) limits: Limits,
    /// When all started requests would be "paid" at one per gap (the generic cell rate algorithm).
    paid_at: Time,
    /// The server's word, or the connector's plan. Success does not lift it.
    told: Time,
    /// Our own back-off. Success lifts it.
    backed_off: Time,
    failures: u32,
    under_way: u32,
    probe_at: Option<Time>,
}

impl Pace {
    /// One that has not been used yet.
    pub fn new(limits: Limits) -> Self {
        let long_ago = Time(i64::MIN);
        Self {
            limits,
            paid_at: long_ago,
            told: long_ago,
            backed_off: long_ago,
            failures: 0,
            under_way: 0,
            probe_at: None,
        }
    }

    /// The earliest time a request may start: `now`, or later.
    ///
    /// Nothing here lies further ahead than it could have been set, so that a clock that was wrong
    /// for a while and was put back does not silence an account.
    pub fn next(&self, now: Time) -> Time {
        let slack = self.limits.gap.saturating_mul(i64::from(self.limits.burst.max(1)) - 1);
        let paced = self.paid_at.plus(-slack).min(now.plus(self.limits.gap));
        now.max(paced)
            .max(self.told.min(now.plus(LONGEST_HOLD)))
            .max(self.backed_off.min(now.plus(LONGEST_WAIT)))
    }

    /// Whether as many requests are under way as may be: one while the circuit is half open. One
    /// that ends makes room.
    pub fn is_full(&self, now: Time) -> bool {
        let probes = self.is_broken()
            && self.probe_at.is_some_and(|at| (0..LOST_PROBE).contains(&now.since(at)));
        probes || self.under_way >= self.limits.at_once.max(1)
    }

    /// How the circuit stands.
    pub fn circuit(&self, now: Time) -> Circuit {
        if !self.is_broken() {
            Circuit::Closed
        } else if self.backed_off > now {
            Circuit::Open
        } else {
            Circuit::HalfOpen
        }
    }

    fn is_broken(&self) -> bool {
        self.failures >= self.limits.patience.max(1)
    }

    /// A request starts now.
    pub fn start(&mut self, now: Time) {
        self.paid_at = self.paid_at.max(now).plus(self.limits.gap);
        // A clock that was put back must not leave a debt for days.
        let most = self.limits.gap.saturating_mul(i64::from(self.limits.burst.max(1)));
        self.paid_at = self.paid_at.min(now.plus(most));
        self.under_way = self.under_way.saturating_add(1);
        if self.is_broken() {
            self.probe_at = Some(now);
        }
    }

    /// A request that was started has ended. `jitter` is a random number from 0 to 1.
    pub fn after(&mut self, outcome: Outcome, now: Time, jitter: f64) {
        self.end();
        match outcome {
            Outcome::Fine => {
                self.failures = 0;
                self.backed_off = Time(i64::MIN);
            }
            Outcome::Undecided => {}
            Outcome::Wait(Some(until)) if until > now => self.tell(until, now, jitter),
            // Not said, or nonsense: whoever refuses wants some wait.
            Outcome::Wait(_) => {
                self.fail(now, jitter);
                // The server's word all the same: what was under way and succeeds does not lift it.
                let least = now.plus(UNSAID_WAIT + share(UNSAID_WAIT / 10, jitter));
                self.told = self.told.max(least);
            }
            Outcome::Failed => self.fail(now, jitter),
        }
    }

    /// A request that was started was given up (at shutdown, or before it was sent): it makes room
    /// and says nothing about the server.
    pub fn end(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.probe_at = None;
    }

    /// Holds requests back until the connector's own time, at most a day ahead.
    pub fn hold(&mut self, until: Time, now: Time) {
        self.told = self.told.max(until.min(now.plus(LONGEST_HOLD)));
    }

    fn tell(&mut self, until: Time, now: Time, jitter: f64) {
        let wait = until.since(now).clamp(0, LONGEST_WAIT);
        // Later by up to a tenth, never earlier, so that accounts do not return all together.
        let spread = share(wait / 10, jitter).min(30 * Time::SECOND);
        self.told = self.told.max(now.plus((wait + spread).min(LONGEST_WAIT.max(wait))));
    }

    fn fail(&mut self, now: Time, jitter: f64) {
        // Requests that were under way together fail together; that is one failure, not four.
        if self.backed_off > now && self.backed_off <= now.plus(LONGEST_WAIT) {
            return;
        }
        let doubled = 1_i64 << self.failures.min(20);
        let full = self.limits.back_off.saturating_mul(doubled).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        // Half of it for certain, half by chance.
        self.backed_off = now.plus(full / 2 + share(full / 2, jitter));
    }
}

fn share(millis: i64, jitter: f64) -> i64 {
    let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.5 };
    (millis as f64 * jitter) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T0: Time = Time(1_772_615_700_000);

    fn at(seconds: i64) -> Time {
        T0.plus(seconds * Time::SECOND)
    }

    /// Starts whenever allowed; seconds after `T0` of the first few starts.
    fn starts(limits: Limits, count: usize) -> Vec<i64> {
        let mut pace = Pace::new(limits);
        let mut now = T0;
        (0..count)
            .map(|_| {
                now = pace.next(now);
                pace.start(now);
                pace.after(Outcome::Fine, now, 0.0);
                now.since(T0) / Time::SECOND
            })
            .collect()
    }

    #[test]
    fn a_burst_then_one_per_gap() {
        assert_eq!(starts(Limits::API, 8), [0, 0, 0, 0, 0, 1, 2, 3]);
        assert_eq!(starts(Limits::PAGE, 4), [0, 5, 10, 15]);
        assert_eq!(starts(Limits::ACCOUNT, 3), [0, 0, 0]);
    }

    #[test]
    fn a_burst_comes_back_after_a_pause() {
        let mut pace = Pace::new(Limits::API);
        for _ in 0..5 {
            pace.start(T0);
        }
        assert_eq!(pace.next(T0), at(1));
        assert_eq!(pace.next(at(3)), at(3), "three have been earned back");
        for _ in 0..3 {
            assert_eq!(pace.next(at(3)), at(3));
            pace.start(at(3));
        }
        assert_eq!(pace.next(at(3)), at(4));
    }

    #[test]
    fn told_to_wait_is_waited_for_and_never_longer_than_an_hour() {
        for (case, until, jitter, wanted) in [
            ("a minute", Some(at(60)), 0.0, 60),
            ("a minute, unlucky dice: a tenth more", Some(at(60)), 1.0, 66),
            ("half an hour: at most thirty seconds more", Some(at(1800)), 1.0, 1830),
            ("an hour", Some(at(3600)), 1.0, 3600),
            ("10^9 seconds", Some(at(1_000_000_000)), 0.5, 3600),
            ("the end of time", Some(Time(i64::MAX)), 0.5, 3600),
            ("in the past, which helps nobody", Some(at(-100)), 1.0, 66),
            ("now", Some(at(0)), 0.0, 60),
            ("not said", None, 0.0, 60),
        ] {
            let mut pace = Pace::new(Limits::ACCOUNT);
            pace.start(T0);
            pace.after(Outcome::Wait(until), T0, jitter);
            assert_eq!(pace.next(T0), at(wanted), "{case}");
        }
    }

    #[test]
    fn a_success_that_was_under_way_does_not_lift_the_servers_word() {
        let mut pace = Pace::new(Limits::API);
        pace.start(T0);
        pace.start(T0);
        pace.after(Outcome::Wait(Some(at(60))), T0, 0.0);
        pace.after(Outcome::Fine, at(1), 0.0);
        assert_eq!(pace.next(at(1)), at(60));

        let mut pace = Pace::new(Limits::API);
        pace.start(T0);
        pace.start(T0);
        pace.after(Outcome::Wait(None), T0, 0.0);
        pace.after(Outcome::Fine, at(1), 0.0);
        assert_eq!(pace.next(at(1)), at(60), "also if it did not say how long");
    }

    #[test]
    fn failures_double_the_wait_up_to_an_hour() {
        let mut pace = Pace::new(Limits::API);
        let mut now = T0;
        let mut waits = Vec::new();
        for _ in 0..10 {
            pace.start(now);
            pace.after(Outcome::Failed, now, 1.0);
            let next = pace.next(now);
            waits.push(next.since(now) / Time::SECOND);
            now = next;
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        pace.start(now);
        pace.after(Outcome::Failed, now, 0.0);
        assert_eq!(pace.next(now).since(now), 1800 * Time::SECOND, "lucky dice: half of it");
        pace.start(now);
        pace.after(Outcome::Fine, now, 0.0);
        assert_eq!(pace.next(now), now, "one success and all is well");
    }

    #[test]
    fn what_decides_nothing_neither_lifts_a_back_off_nor_adds_to_it() {
        let mut pace = Pace::new(Limits::ACCOUNT);
        let mut now = T0;
        let mut waits = Vec::new();
        for _ in 0..4 {
            for outcome in [Outcome::Undecided, Outcome::Undecided, Outcome::Failed] {
                pace.start(now);
                pace.after(outcome, now, 1.0);
            }
            waits.push(pace.next(now).since(now) / Time::SECOND);
            now = pace.next(now);
        }
        assert_eq!(waits, [30, 60, 120, 240]);
    }

    #[test]
    fn what_fails_together_fails_once() {
        let mut pace = Pace::new(Limits::API);
        for _ in 0..4 {
            pace.start(T0);
        }
        for _ in 0..4 {
            pace.after(Outcome::Failed, at(30), 1.0);
        }
        assert_eq!(pace.next(at(30)), at(60));
    }

    #[test]
    fn an_open_circuit_lets_one_probe_pass_and_its_outcome_decides() {
        let mut pace = Pace::new(Limits::API);
        let mut now = T0;
        for failed in 1..=5 {
            assert_eq!(pace.circuit(now), Circuit::Closed, "before failure {failed}");
            pace.start(now);
            pace.after(Outcome::Failed, now, 1.0);
            if failed < 5 {
                now = pace.next(now);
            }
        }
        assert_eq!(pace.circuit(now), Circuit::Open);
        now = pace.next(now);
        assert_eq!(pace.circuit(now), Circuit::HalfOpen);
        assert!(!pace.is_full(now));
        pace.start(now);
        assert!(pace.is_full(now), "the probe is under way");
        assert!(!pace.is_full(now.plus(2 * Time::MINUTE)), "it is taken for lost");

        let mut failed = pace.clone();
        failed.after(Outcome::Failed, now, 1.0);
        assert_eq!(failed.circuit(now), Circuit::Open);
        pace.after(Outcome::Fine, now, 1.0);
        assert_eq!(pace.circuit(now), Circuit::Closed);
        assert!(!pace.is_full(now));
    }

    #[test]
    fn a_clock_put_back_by_years_costs_at_most_a_day() {
        let mut pace = Pace::new(Limits::API);
        let wrong = T0.plus(3650 * Time::DAY);
        for _ in 0..4 {
            pace.start(wrong);
        }
        pace.after(Outcome::Failed, wrong, 1.0);
        pace.after(Outcome::Wait(Some(wrong.plus(Time::HOUR))), wrong, 1.0);
        assert!(pace.next(T0) <= T0.plus(24 * Time::HOUR));
        pace.start(T0);
        pace.after(Outcome::Failed, T0, 1.0);
        assert!(pace.next(T0) <= T0.plus(24 * Time::HOUR));
    }

    #[test]
    fn a_plan_of_the_connector_may_reach_into_tomorrow() {
        let mut pace = Pace::new(Limits::ACCOUNT);
        pace.hold(T0.plus(10 * Time::HOUR), T0);
        assert_eq!(pace.next(T0), T0.plus(10 * Time::HOUR));
        pace.hold(T0.plus(900 * Time::DAY), T0);
        assert_eq!(pace.next(T0), T0.plus(24 * Time::HOUR));
    }

    proptest! {
        #[test]
        fn the_next_time_is_never_past_and_never_out_of_reach(
            steps in prop::collection::vec((0_u8..5, any::<i64>(), -100_000_000_i64..100_000_000,
                any::<f64>()), 0..40)
        ) {
            let mut pace = Pace::new(Limits::API);
            let mut now = T0;
            for (what, time, moved, jitter) in steps {
                now = now.plus(moved);
                match what {
                    0 => pace.start(now),
                    1 => pace.after(Outcome::Fine, now, jitter),
                    2 => pace.after(Outcome::Failed, now, jitter),
                    3 => pace.after(Outcome::Wait(Some(Time(time))), now, jitter),
                    _ => pace.hold(Time(time), now),
                }
                let next = pace.next(now);
                prop_assert!(next >= now && next <= now.plus(LONGEST_HOLD));
            }
        }

        #[test]
        fn no_request_before_the_allowed_time(wait in 0_i64..3_600_000, jitter in any::<f64>()) {
            let mut pace = Pace::new(Limits::API);
            pace.start(T0);
            pace.after(Outcome::Wait(Some(T0.plus(wait))), T0, jitter);
            prop_assert!(pace.next(T0) >= T0.plus(wait));
        }
    }
}
