//! The statistics that indicators stand on: intervals, and intervals of differences.
//!
//! Plain numbers in, plain numbers out; no file here knows what an interaction is. Nothing is
//! random: resampling starts from a fixed seed and sorts its input first, so that the same facts
//! give the same interval whatever order they come in. Which number gets which interval, and from
//! which sample size on, is decided one folder up.

pub mod misclassified;
pub mod net;
pub mod order;
pub mod poisson;
pub mod proportion;
pub mod resample;
pub mod survival;
pub mod survival_difference;

/// How sure an interval is. There are two: one for values, one for changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// 95 %, for every value that is shown.
    Value,
    /// 99 %, for differences: a digest looks at many at once (rule E55).
    Change,
}

impl Level {
    /// The level as a share.
    pub fn share(self) -> f64 {
        match self {
            Self::Value => 0.95,
            Self::Change => 0.99,
        }
    }

    /// The two-sided quantile of the normal distribution (rule E50 for 95 %).
    pub fn z(self) -> f64 {
        match self {
            Self::Value => 1.959_963_984_540_054,
            Self::Change => 2.575_829_303_548_900_4,
        }
    }

    /// The probability left out at each end.
    pub fn tail(self) -> f64 {
        match self {
            Self::Value => 0.025,
            Self::Change => 0.005,
        }
    }
}

/// An interval with both ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies inside, ends included.
    pub fn has(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// An interval that may be open at an end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Lower end; `None`: without bound.
    pub low: Option<f64>,
    /// Upper end; `None`: without bound.
    pub high: Option<f64>,
}

impl From<Interval> for Limits {
    fn from(interval: Interval) -> Self {
        Self { low: Some(interval.low), high: Some(interval.high) }
    }
}

/// The interval of `a − b` from a value and an interval of each, which must be independent.
///
/// Square-and-add: Zou and Donner, "Construction of confidence limits about effect measures",
/// Statistics in Medicine 27 (2008). With Wilson intervals it is Newcombe's method 10.
pub fn square_and_add(a: (f64, Interval), b: (f64, Interval)) -> Interval {
    let difference = a.0 - b.0;
    Interval {
        low: difference - (a.0 - a.1.low).hypot(b.1.high - b.0),
        high: difference + (a.1.high - a.0).hypot(b.0 - b.1.low),
    }
}
