//! Decides when a job of a cron expression runs, in the clock time of a zone.
//!
//! What people may write is settled in `expression`, what the clocks do to it in `zone`. Waiting,
//! jitter, and remembering which runs were planned and done are left to the caller.

mod expression;
mod zone;

use std::fmt;

use chrono_tz::Tz;

use crate::model::Time;

/// How a job behaves when the clocks change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// At named clock times: once a day even where that time is skipped (then at the jump) or
    /// comes twice (then the first time).
    Wall,
    /// Every so often (the minute or hour field starts with `*`): by elapsed time, through both
    /// passes of a repeated hour.
    Interval,
}

/// A cron expression in a zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    written: String,
    cron: cron::Schedule,
    zone: Tz,
    kind: Kind,
}

impl Schedule {
    /// Reads five fields (minute, hour, day of month, month, day of week: Unix cron), six (second
    /// in front) or seven (year at the end), or one of `@hourly`, `@daily`, `@weekly`, `@monthly`,
    /// `@yearly`.
    ///
    /// # Errors
    /// What is wrong, in which field, and the way out. Refused are, beyond what makes no sense:
    /// numbers for weekdays in six or seven fields (cron dialects disagree about them), both day
    /// fields restricted (dialects disagree whether both or either must hold), more than one run
    /// a minute, and dates that never come.
    pub fn parse(expr: &str, zone: Tz) -> Result<Self, ScheduleError> {
        let (cron, kind) = expression::read(expr)?;
        Ok(Self { written: expr.trim().to_owned(), cron, zone, kind })
    }

    /// The expression as it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The zone.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// How it behaves when the clocks change.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The first run strictly after an instant; `None` once its years (at most up to 2100) are
    /// over.
    pub fn next(&self, after: Time) -> Option<Time> {
        zone::next(&self.cron, self.zone, self.kind, after)
    }

    /// The run to catch up with after a standstill: the latest that was planned after
    /// `last_planned` and up to `now`, if it is at most `grace` milliseconds old. However many
    /// were missed, there is only ever one to catch up with.
    ///
    /// A `last_planned` that is still to come was written by a clock that was ahead, and says
    /// nothing: else nothing would run until the clock gets there. The latest run within its grace
    /// is named then, which may have been done; the caller knows what it has done.
    pub fn missed(&self, last_planned: Time, now: Time, grace: i64) -> Option<Time> {
        // Older runs are out of grace, so a long standstill need not be walked through.
        let oldest = now.plus(-grace.max(0)).plus(-1);
        let from = if last_planned > now { oldest } else { last_planned.max(oldest) };
        let mut latest = None;
        let mut run = self.next(from);
        while let Some(at) = run.filter(|at| *at <= now) {
            latest = Some(at);
            run = self.next(at);
        }
        latest
    }
}

/// Why an expression is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ScheduleError {
    /// The field it is about, such as `day of week`; `None`: the expression as a whole.
    pub field: Option<&'static str>,
    /// What is wrong, with the text as it was written.
    pub wrong: String,
    /// The way out.
    pub help: String,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = self.field {
            write!(f, "{field}: ")?;
        }
        write!(f, "{}; {}", self.wrong, self.help)
    }
}
