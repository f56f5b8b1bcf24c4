//! What an answer does to an outbox entry: counted, tried again, dead, done, or overtaken.
//!
//! Pure rules. A temporary failure is tried again without limit: late, never lost. Only a refusal
//! for good ends a delivery, and stays visible.

use super::pace::back_off;
use super::{FailureClass, Scope, SendFailure};
use crate::model::{Delivery, DeliveryState, Entry, Purpose, Sending, Time};

/// First and longest pause of a mail that failed by itself. Up to a quarter of an hour for the
/// first day, hourly from then on.
const PAUSE: (i64, i64) = (Time::MINUTE, 15 * Time::MINUTE);
const OLD_PAUSE: (i64, i64) = (Time::MINUTE, Time::HOUR);
const OLD: u32 = 100;
/// The same where the server was to blame. Shorter, since the server as a whole is paused as well:
/// after an outage every mail is out within ten minutes of the first one.
const SERVER_PAUSE: (i64, i64) = (Time::MINUTE, 8 * Time::MINUTE);

/// What became of one recipient in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken.
    Sent,
    /// Not taken.
    Failed(SendFailure),
    /// Not tried, and not to be tried before that time.
    Closed(Time),
}

/// Whether an entry may be sent at `now`.
pub fn is_due(entry: &Entry, now: Time) -> bool {
    entry.sending == Sending::Due && entry.time_has_come(now) && entry.deliveries.iter().any(waits)
}

fn waits(delivery: &Delivery) -> bool {
    delivery.state == DeliveryState::Waiting
}

/// The entry after one round in which each recipient (by its position) was tried at most once.
/// Recipients without an outcome have not had their turn; they keep the entry due. `jitter` is 0..1.
pub fn after(entry: &Entry, round: &[(usize, Outcome)], now: Time, jitter: f64) -> Entry {
    let mut entry = entry.clone();
    let mut next_at: Option<Time> = None;
    for (at, delivery) in entry.deliveries.iter_mut().enumerate() {
        if !waits(delivery) {
            continue;
        }
        let again = match round.iter().find(|(of, _)| *of == at) {
            None => Some(entry.next_at),
            Some((_, Outcome::Closed(until))) => Some(*until),
            Some((_, Outcome::Sent)) => {
                delivery.attempts = delivery.attempts.saturating_add(1);
                delivery.state = DeliveryState::Sent(now);
                None
            }
            Some((_, Outcome::Failed(failure))) => fail(delivery, failure, now, jitter),
        };
        next_at = match (next_at, again) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    match next_at {
        Some(at) => entry.next_at = at,
        None if entry.sending == Sending::Due => entry.sending = Sending::Done,
        None => {}
    }
    entry
}

/// Writes a failure down and says when to try again, if ever.
fn fail(delivery: &mut Delivery, failure: &SendFailure, now: Time, jitter: f64) -> Option<Time> {
    delivery.attempts = delivery.attempts.saturating_add(1);
    delivery.last_error = Some(failure.said.clone());
    let pause = match (failure.class, failure.scope) {
        (FailureClass::Refused | FailureClass::Bug, _) => {
            delivery.state = DeliveryState::Dead(now);
            return None;
        }
        // The mail has no part in it: it may go as soon as the queue may.
        (FailureClass::Login, _) => return Some(now),
        (FailureClass::Retry, Scope::Server) => SERVER_PAUSE,
        (FailureClass::Retry, _) if delivery.attempts > OLD => OLD_PAUSE,
        (FailureClass::Retry, _) => PAUSE,
    };
    Some(now.plus(back_off(delivery.attempts, pause, jitter)))
}

/// The digests among these entries that a newer one overtakes, each withdrawn with its reason.
///
/// A digest is withdrawn if a later one of the same brand, due at `now`, goes to everybody who still
/// waits for it.
pub fn collapse(entries: &[Entry], now: Time) -> Vec<Entry> {
    let digest = |entry: &Entry| match entry.message.purpose {
        Purpose::Digest(end) => Some(end),
        _ => None,
    };
    let mut withdrawn = Vec::new();
    for old in entries.iter().filter(|e| e.sending == Sending::Due) {
        let Some(end) = digest(old) else { continue };
        let overtakes = |newer: &&Entry| {
            let gets = |to: &str| newer.deliveries.iter().any(|d| d.to == to && waits(d));
            old.deliveries.iter().filter(|d| waits(d)).all(|d| gets(&d.to))
        };
        let newest = entries
            .iter()
            .filter(|e| e.message.brand == old.message.brand && is_due(e, now))
            .filter(overtakes)
            .filter_map(digest)
            // One of a day that is still to come is of a clock that was wrong.
            .filter(|newer| *newer > end && *newer <= now)
            .max();
        if let Some(newer) = newest {
            let mut old = old.clone();
            old.sending =
                Sending::Withdrawn(format!("overtaken by the digest of the window to {newer}"));
            withdrawn.push(old);
        }
    }
    withdrawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Stage;
    use crate::model::{Message, Severity};

    const NOW: Time = Time(1_772_615_700_000);

    fn entry(to: &[&str]) -> Entry {
        Entry {
            seq: 1,
            message: Message {
                id: "m1@acme.example".to_owned(),
                brand: "acme".to_owned(),
                purpose: Purpose::Alert,
                severity: Severity::Normal,
                group: "g".to_owned(),
                references: vec![],
                subject: "s".to_owned(),
                text: "t".to_owned(),
                html: "<p>t</p>".to_owned(),
                at: NOW,
                cases: vec![],
            },
            deliveries: to
                .iter()
                .map(|to| Delivery {
                    to: (*to).to_owned(),
                    state: DeliveryState::Waiting,
                    attempts: 0,
                    last_error: None,
                })
                .collect(),
            sending: Sending::Due,
            next_at: NOW,
        }
    }

    fn digest(brand: &str, end: i64, to: &[&str]) -> Entry {
        let mut entry = entry(to);
        entry.message.brand = brand.to_owned();
        entry.message.purpose = Purpose::Digest(NOW.plus((end - 10) * Time::DAY));
        entry
    }

    fn failed(stage: Stage, code: u16) -> Outcome {
        Outcome::Failed(SendFailure::answered(stage, code, "words"))
    }

    #[test]
    fn an_entry_is_due_when_its_time_has_come_and_somebody_waits() {
        for (why, change, wanted) in [
            ("as written", (|_| {}) as fn(&mut Entry), true),
            ("later", |e| e.next_at = NOW.plus(1), false),
            ("held", |e| e.sending = Sending::Held, false),
            ("withdrawn", |e| e.sending = Sending::Withdrawn("x".to_owned()), false),
            ("nobody left", |e| e.deliveries[0].state = DeliveryState::Dead(NOW), false),
        ] {
            let mut entry = entry(&["ada@a.example"]);
            change(&mut entry);
            assert_eq!(is_due(&entry, NOW), wanted, "{why}");
        }
    }

    #[test]
    fn one_sent_one_refused_one_later_and_one_not_yet_tried() {
        let before = entry(&["ada@a.example", "bob@a.example", "eve@a.example", "dan@a.example"]);
        let mut round = vec![
            (0, Outcome::Sent),
            (1, failed(Stage::Recipient, 550)),
            (2, failed(Stage::Recipient, 450)),
        ];
        let half = after(&before, &round, NOW, 0.0);
        assert_eq!(half.next_at, NOW, "dan has not had his turn");
        round.push((3, Outcome::Sent));
        let whole = after(&before, &round, NOW, 0.0);
        let states: Vec<&DeliveryState> = whole.deliveries.iter().map(|d| &d.state).collect();
        assert_eq!(
            states,
            [
                &DeliveryState::Sent(NOW),
                &DeliveryState::Dead(NOW),
                &DeliveryState::Waiting,
                &DeliveryState::Sent(NOW),
            ]
        );
        assert_eq!(whole.deliveries[1].last_error.as_deref(), Some("550 words"));
        assert_eq!(whole.deliveries.iter().map(|d| d.attempts).collect::<Vec<_>>(), [1, 1, 1, 1]);
        assert_eq!((whole.next_at, &whole.sending), (NOW.plus(Time::MINUTE), &Sending::Due));

        let last = after(&whole, &[(2, Outcome::Sent)], NOW.plus(Time::MINUTE), 0.0);
        assert_eq!(last.sending, Sending::Done);
        assert_eq!(last.deliveries[0], whole.deliveries[0], "nobody gets it twice");
    }

    #[test]
    fn pauses_grow_without_an_end_to_the_tries() {
        let pause = |attempts: u32, outcome: Outcome| {
            let mut before = entry(&["ada@a.example"]);
            before.deliveries[0].attempts = attempts;
            let entry = after(&before, &[(0, outcome)], NOW, 0.0);
            assert_eq!(entry.deliveries[0].state, DeliveryState::Waiting);
            entry.next_at.since(NOW) / Time::MINUTE
        };
        let later = || failed(Stage::Content, 451);
        assert_eq!([0, 1, 2, 3, 4, 99].map(|n| pause(n, later())), [1, 2, 4, 8, 15, 15]);
        assert_eq!([100, 10_000].map(|n| pause(n, later())), [60, 60]);
        let down = || Outcome::Failed(SendFailure::server("down"));
        assert_eq!([0, 1, 2, 3, 4, 10_000].map(|n| pause(n, down())), [1, 2, 4, 8, 8, 8]);
        assert_eq!(pause(5, failed(Stage::Login, 535)), 0);
        assert_eq!(pause(5, Outcome::Closed(NOW.plus(7 * Time::MINUTE))), 7);
    }

    #[test]
    fn a_newer_digest_overtakes_older_ones_that_nobody_has() {
        let both = ["ada@a.example", "bob@a.example"];
        let newest = || digest("acme", 2, &both);
        let reasons = |old: Entry, newer: Entry| {
            collapse(&[old, newer], NOW).into_iter().map(|e| e.sending).collect::<Vec<_>>()
        };
        assert_eq!(
            reasons(digest("acme", 1, &both), newest()),
            [Sending::Withdrawn(
                "overtaken by the digest of the window to 2026-02-24T09:15:00Z".to_owned()
            )]
        );
        let mut halfway = digest("acme", 1, &both);
        halfway.deliveries[0].state = DeliveryState::Sent(NOW);
        halfway.next_at = NOW.plus(Time::MINUTE);
        assert_eq!(reasons(halfway, newest()).len(), 1, "one has it, the other gets the newer");
        let mut told = newest();
        told.deliveries[0].state = DeliveryState::Sent(NOW);
        let mut later = newest();
        later.next_at = NOW.plus(1);
        for (why, old, newer) in [
            ("another brand", digest("other", 1, &both), newest()),
            ("the same window", digest("acme", 2, &both), newest()),
            ("the newer is not for all any more", digest("acme", 1, &both), told),
            ("the newer is not due", digest("acme", 1, &both), later),
            ("the newer goes to fewer", digest("acme", 1, &both), digest("acme", 2, &both[..1])),
            ("an alert", entry(&both), newest()),
        ] {
            assert_eq!(reasons(old, newer), [], "{why}");
        }
    }

    #[test]
    fn a_waiting_row_of_digests_collapses_into_one() {
        let row: Vec<Entry> = (1..=4).map(|end| digest("acme", end, &["ada@a.example"])).collect();
        assert_eq!(collapse(&row, NOW).len(), 3);
    }
}
