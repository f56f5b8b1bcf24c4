//! When the mail server and each recipient may be tried again.
//!
//! Mails that fail wait by themselves (`delivery.rs`). Here is what a failure means for the others:
//! a server that is down is asked by one mail at a time, a recipient that is told to wait holds up
//! only its own mails. Kept in memory; after a restart everything may be tried once.

use std::collections::{BTreeMap, BTreeSet};

use super::{FailureClass, Scope, SendFailure};
use crate::model::Time;

/// Different mails or recipients in a row that fail before the server is to blame.
const ROW: usize = 3;

/// First and longest pause of the server and of a recipient.
const PAUSE: (i64, i64) = (Time::MINUTE, 15 * Time::MINUTE);
/// The same after a refused login: too many tries lock accounts.
const LOGIN_PAUSE: (i64, i64) = (15 * Time::MINUTE, Time::HOUR);

/// The pause after so many failures in a row: doubling from the first to the longest, and up to a
/// fifth more, so that many daemons do not come back at once. `jitter` is 0..1.
pub(super) fn back_off(failures: u32, (first, longest): (i64, i64), jitter: f64) -> i64 {
    let doublings = failures.saturating_sub(1).min(30);
    let pause = first.saturating_mul(1 << doublings).min(longest);
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "an hour")]
    let more = (pause as f64 * 0.2 * jitter.clamp(0.0, 1.0)) as i64;
    pause + more
}

#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    failures: u32,
    from: Time,
    until: Time,
}

impl Lane {
    fn fail(&mut self, now: Time, pause: (i64, i64), jitter: f64) {
        self.failures = self.failures.saturating_add(1);
        self.from = now;
        self.until = now.plus(back_off(self.failures, pause, jitter));
    }

    /// Until when it is closed. A clock that was set back opens it.
    fn closed_until(&self, now: Time) -> Option<Time> {
        (self.from <= now && now < self.until).then_some(self.until)
    }
}

/// What was learned from the last answers.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    server: Lane,
    login: Lane,
    recipients: BTreeMap<String, Lane>,
    /// Recipients and mails that failed since the server last took or refused one.
    row: BTreeSet<String>,
}

impl Pace {
    /// Until when nothing may be sent at all.
    pub fn server_closed_until(&self, now: Time) -> Option<Time> {
        self.server.closed_until(now).max(self.login.closed_until(now))
    }

    /// Until when nothing may be sent to this recipient.
    pub fn closed_until(&self, to: &str, now: Time) -> Option<Time> {
        self.recipients.get(to).and_then(|lane| lane.closed_until(now))
    }

    /// The server took a mail for this recipient.
    pub fn sent(&mut self, to: &str) {
        self.recipients.remove(to);
        self.works();
    }

    /// A mail (by its place in the outbox) failed for this recipient.
    pub fn failed(&mut self, seq: u64, to: &str, failure: &SendFailure, now: Time, jitter: f64) {
        match (failure.class, failure.scope) {
            (FailureClass::Bug, _) => {}
            (FailureClass::Refused, _) => self.works(),
            (FailureClass::Login, _) => self.login.fail(now, LOGIN_PAUSE, jitter),
            (FailureClass::Retry, Scope::Server) => self.server.fail(now, PAUSE, jitter),
            (FailureClass::Retry, scope) => {
                self.login = Lane::default();
                if scope == Scope::Recipient {
                    let lane = self.recipients.entry(to.to_owned()).or_default();
                    lane.fail(now, PAUSE, jitter);
                    self.row.insert(to.to_owned());
                } else {
                    self.row.insert(format!("#{seq}"));
                }
                if self.row.len() >= ROW {
                    self.server.fail(now, PAUSE, jitter);
                }
            }
        }
    }

    fn works(&mut self) {
        self.server = Lane::default();
        self.login = Lane::default();
        self.row.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Stage;

    const NOW: Time = Time(1_772_615_700_000);

    fn minutes(until: Option<Time>, now: Time) -> Option<i64> {
        until.map(|u| u.since(now) / Time::MINUTE)
    }

    #[test]
    fn pauses_double_and_end_at_the_longest() {
        let pauses: Vec<i64> = (1..=7).map(|n| back_off(n, PAUSE, 0.0) / Time::MINUTE).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15, 15]);
        assert_eq!(back_off(1, PAUSE, 1.0), 72_000);
        assert_eq!(back_off(u32::MAX, PAUSE, 0.5), 990_000);
    }

    #[test]
    fn a_server_that_is_down_closes_for_all_and_opens_with_the_first_success() {
        let mut pace = Pace::default();
        let down = SendFailure::server("connection refused");
        pace.failed(1, "ada@a.example", &down, NOW, 0.0);
        pace.failed(2, "ada@a.example", &down, NOW, 0.0);
        assert_eq!(minutes(pace.server_closed_until(NOW), NOW), Some(2));
        assert_eq!(pace.server_closed_until(NOW.plus(2 * Time::MINUTE)), None, "may be asked");
        pace.sent("ada@a.example");
        assert_eq!(pace.server_closed_until(NOW), None);
    }

    #[test]
    fn a_recipient_told_to_wait_holds_up_nobody_else() {
        let mut pace = Pace::default();
        let greylisted = SendFailure::answered(Stage::Recipient, 450, "later");
        for seq in 0..10 {
            pace.failed(seq, "ada@a.example", &greylisted, NOW, 0.0);
        }
        assert_eq!(minutes(pace.closed_until("ada@a.example", NOW), NOW), Some(15));
        assert_eq!(pace.closed_until("bob@a.example", NOW), None);
        assert_eq!(pace.server_closed_until(NOW), None);
    }

    #[test]
    fn three_different_mails_in_a_row_are_the_servers_fault() {
        let mut pace = Pace::default();
        let later = SendFailure::answered(Stage::Content, 451, "later");
        pace.failed(1, "ada@a.example", &later, NOW, 0.0);
        pace.failed(2, "ada@a.example", &later, NOW, 0.0);
        assert_eq!(pace.server_closed_until(NOW), None);
        pace.failed(3, "bob@a.example", &later, NOW, 0.0);
        assert_eq!(minutes(pace.server_closed_until(NOW), NOW), Some(1));
        let refused = SendFailure::answered(Stage::Recipient, 550, "no such user");
        pace.failed(4, "eve@a.example", &refused, NOW, 0.0);
        assert_eq!(pace.server_closed_until(NOW), None, "a server that refuses works");
    }

    #[test]
    fn a_refused_login_waits_longer() {
        let mut pace = Pace::default();
        let refused = SendFailure::answered(Stage::Login, 535, "wrong");
        let waits: Vec<Option<i64>> = (0..4)
            .map(|seq| {
                pace.failed(seq, "ada@a.example", &refused, NOW, 0.0);
                minutes(pace.server_closed_until(NOW), NOW)
            })
            .collect();
        assert_eq!(waits, [Some(15), Some(30), Some(60), Some(60)]);
    }

    #[test]
    fn a_clock_set_back_does_not_hold_mail_for_a_day() {
        let mut pace = Pace::default();
        pace.failed(1, "ada@a.example", &SendFailure::server("down"), NOW, 0.0);
        assert_eq!(pace.server_closed_until(NOW.plus(-Time::DAY)), None);
    }
}
