//! A number with its sample and its interval.

use serde::Serialize;

use super::Time;

/// A half-open stretch of whole local days (rule E1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first instant of its first day.
    pub from: Time,
    /// The first instant after its last day.
    pub to: Time,
    /// How many local days it has.
    pub days: u32,
}

impl Window {
    /// Whether an instant lies inside.
    pub fn has(&self, at: Time) -> bool {
        self.from <= at && at < self.to
    }
}

/// Whether a number may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The sample reaches the minimum.
    Ok,
    /// It does not.
    TooFew,
    /// The sources cannot tell.
    Unknown,
}

/// The direction of a change that its 99 % interval supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// Clearly up.
    Up,
    /// Clearly down.
    Down,
    /// No clear change.
    None,
    /// One of the windows has too few.
    TooFew,
}

/// The comparison with the window before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The value in the window before.
    pub value: Option<f64>,
    /// This window less the one before.
    pub difference: Option<f64>,
    /// Lower end of the 99 % interval of the difference.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// What may be said.
    pub flag: Flag,
}

/// A number that rests on labels, without the mistakes of the labels as far as a checked sample can
/// tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Corrected {
    /// The number.
    pub value: f64,
    /// Lower end of its interval, with the doubt about the labels in it.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Share of what is of the class that was labelled so.
    pub se: f64,
    /// Share of what is not that was not.
    pub sp: f64,
    /// How many posts were checked.
    pub n: u64,
}

/// One number of one indicator. Shares are 0..1, scores −1..1, times seconds; nothing is rounded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Indicator {
    /// Its stable id, `I1` to `I32`.
    pub id: &'static str,
    /// Which of several numbers, if it has several.
    pub part: Option<&'static str>,
    /// Its name for people.
    pub name: &'static str,
    /// The value; `None` when nothing could be counted.
    pub value: Option<f64>,
    /// `share`, `score`, `count`, `seconds`, `days`, `posts`.
    pub unit: &'static str,
    /// Above the line, where the value is a ratio.
    pub numerator: Option<f64>,
    /// Below the line.
    pub denominator: Option<f64>,
    /// Sample size.
    pub n: u64,
    /// Lower end of the interval, from the minimum sample on.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// The level of the interval.
    pub level: f64,
    /// Whether it may be read.
    pub status: Standing,
    /// The window before, if it was compared.
    pub change: Option<Change>,
    /// Without the classifier's mistakes, if it rests on labels that were checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Corrected>,
    /// The version of the formula.
    pub version: u32,
}
