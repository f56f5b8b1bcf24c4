//! Keeps the pace of every host and every account, and asks both before a request starts.
//!
//! The poller asks [`Lanes::next`], waits, calls [`Lanes::start`], sends, and tells
//! [`Lanes::after`]. Still pure: time and dice are arguments.

use std::collections::HashMap;

use super::pace::{Circuit, Limits, Outcome, Pace};
use crate::model::Time;

/// Whom a wait or a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The account: a refused login, an answer that makes no sense.
    Account,
    /// The host: a quota, whatever it goes by, since a server that asks one of us for peace means
    /// us all; no answer; a server's error.
    Host,
}

/// The paces of all hosts and accounts.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    hosts: HashMap<String, Pace>,
    accounts: HashMap<String, Pace>,
}

impl Lanes {
    /// Nothing asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an account known, with the limits of its host. If accounts differ on these, the
    /// stricter gap and number stay.
    pub fn know(&mut self, host: &str, account: &str, limits: Limits) {
        let lane = self.hosts.entry(host.to_owned()).or_insert_with(|| Pace::new(limits));
        lane.limits.gap = lane.limits.gap.max(limits.gap);
        lane.limits.burst = lane.limits.burst.min(limits.burst);
        lane.limits.at_once = lane.limits.at_once.min(limits.at_once);
        self.accounts.entry(account.to_owned()).or_insert_with(|| Pace::new(Limits::ACCOUNT));
    }

    /// The earliest time a request of that account may start; `None` while as many are under way
    /// as may be.
    pub fn next(&self, host: &str, account: &str, now: Time) -> Option<Time> {
        let lanes = || self.hosts.get(host).into_iter().chain(self.accounts.get(account));
        if lanes().any(|lane| lane.is_full(now)) {
            return None;
        }
        Some(lanes().map(|lane| lane.next(now)).max().unwrap_or(now))
    }

    /// The earliest time a host may be asked by anybody.
    pub fn free_at(&self, host: &str, now: Time) -> Time {
        self.hosts.get(host).map_or(now, |lane| lane.next(now))
    }

    /// A request of that account starts now.
    pub fn start(&mut self, host: &str, account: &str, now: Time) {
        for lane in self.both(host, account) {
            lane.start(now);
        }
    }

    /// A request of that account has ended; `scope` says whom the outcome is about.
    pub fn after(
        &mut self,
        (host, account): (&str, &str),
        outcome: Outcome,
        scope: Scope,
        now: Time,
        jitter: f64,
    ) {
        // Whatever the account is told, the host did answer.
        let at_host = if scope == Scope::Host { outcome } else { Outcome::Fine };
        if let Some(lane) = self.hosts.get_mut(host) {
            lane.after(at_host, now, jitter);
        }
        if let Some(lane) = self.accounts.get_mut(account) {
            match scope {
                Scope::Account => lane.after(outcome, now, jitter),
                // A silent host says nothing about the account, good or bad.
                Scope::Host if outcome != Outcome::Fine => lane.end(),
                Scope::Host => lane.after(Outcome::Fine, now, jitter),
            }
        }
    }

    /// A request of that account was given up.
    pub fn end(&mut self, host: &str, account: &str) {
        for lane in self.both(host, account) {
            lane.end();
        }
    }

    /// Holds an account, or all of a host's, back until a time that does not come from a reply just
    /// read: a word from before a restart, a quota of our own.
    pub fn hold(&mut self, (host, account): (&str, &str), until: Time, scope: Scope, now: Time) {
        let lane = match scope {
            Scope::Host => self.hosts.get_mut(host),
            Scope::Account => self.accounts.get_mut(account),
        };
        if let Some(lane) = lane {
            lane.hold(until, now);
        }
    }

    /// How the circuit of a host stands.
    pub fn circuit(&self, host: &str, now: Time) -> Circuit {
        self.hosts.get(host).map_or(Circuit::Closed, |lane| lane.circuit(now))
    }

    fn both(&mut self, host: &str, account: &str) -> impl Iterator<Item = &mut Pace> {
        self.hosts.get_mut(host).into_iter().chain(self.accounts.get_mut(account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Time = Time(1_772_615_700_000);

    fn at(seconds: i64) -> Time {
        T0.plus(seconds * Time::SECOND)
    }

    #[test]
    fn a_wait_of_one_account_is_not_its_neighbours_and_a_dead_host_is_everybodys() {
        let lanes = || {
            let mut lanes = Lanes::new();
            lanes.know("a.example", "ann", Limits::API);
            lanes.know("a.example", "bo", Limits::API);
            lanes.start("a.example", "ann", T0);
            lanes
        };
        let next = |lanes: &Lanes, account| lanes.next("a.example", account, T0);
        let ann = ("a.example", "ann");
        let wait = Outcome::Wait(Some(at(60)));

        let mut by_account = lanes();
        by_account.after(ann, wait, Scope::Account, T0, 0.0);
        assert_eq!(next(&by_account, "ann"), Some(at(60)));
        assert_eq!(next(&by_account, "bo"), Some(T0));

        let mut by_host = lanes();
        by_host.after(ann, wait, Scope::Host, T0, 0.0);
        assert_eq!(next(&by_host, "ann"), Some(at(60)));
        assert_eq!(next(&by_host, "bo"), Some(at(60)));

        let mut dead = lanes();
        dead.after(ann, Outcome::Failed, Scope::Host, T0, 0.0);
        assert_eq!(next(&dead, "bo"), Some(at(15)));
    }

    #[test]
    fn a_page_is_asked_on_one_connection() {
        let mut lanes = Lanes::new();
        lanes.know("a.example", "blog", Limits::PAGE);
        lanes.know("a.example", "forum", Limits::API);
        lanes.start("a.example", "blog", T0);
        assert_eq!(lanes.next("a.example", "forum", at(60)), None, "one is under way");
        lanes.end("a.example", "blog");
        assert_eq!(lanes.next("a.example", "forum", at(60)), Some(at(60)));
        assert_eq!(lanes.next("elsewhere.example", "nobody", T0), Some(T0));
    }
}
