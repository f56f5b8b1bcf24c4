//! Decides whether a case is known well enough to be alerted: nobody is sent after a question that
//! was answered five minutes ago, and nothing is kept back because a platform does not answer.

use crate::model::Time;

/// How often and with what success a case was looked up again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookUp {
    /// The last look-up that worked.
    pub checked_at: Option<Time>,
    /// Since when look-ups have failed without one that worked in between.
    pub failing_since: Option<Time>,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// May be told as it is.
    Fresh,
    /// Must be looked up first.
    Stale,
    /// Could not be looked up since then; told all the same, and the mail says so.
    Unchecked(Time),
}

impl LookUp {
    /// How old a look-up may be, in milliseconds.
    pub const FRESH: i64 = 5 * Time::MINUTE;
    /// How long look-ups may fail before the alert goes out without, in milliseconds.
    pub const PATIENCE: i64 = 10 * Time::MINUTE;

    /// What follows at `now`.
    pub fn freshness(self, now: Time) -> Freshness {
        if self.checked_at.is_some_and(|at| (0..=Self::FRESH).contains(&now.since(at))) {
            return Freshness::Fresh;
        }
        match self.failing_since {
            Some(since) if now.since(since) >= Self::PATIENCE => Freshness::Unchecked(since),
            _ => Freshness::Stale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_waits_for_a_look_up_but_not_for_ever() {
        let now = Time(100 * Time::MINUTE);
        let ago = |minutes: i64| Some(now.plus(-minutes * Time::MINUTE));
        for (what, checked_at, failing_since, wanted) in [
            ("never looked up", None, None, Freshness::Stale),
            ("looked up five minutes ago", ago(5), None, Freshness::Fresh),
            ("looked up six minutes ago", ago(6), None, Freshness::Stale),
            ("failing for nine minutes", None, ago(9), Freshness::Stale),
            (
                "failing for ten minutes",
                ago(40),
                ago(10),
                Freshness::Unchecked(now.plus(-10 * Time::MINUTE)),
            ),
            ("fresh enough, then failing", ago(4), ago(3), Freshness::Fresh),
        ] {
            assert_eq!(LookUp { checked_at, failing_since }.freshness(now), wanted, "{what}");
        }
    }
}
