//! That the classifier sees other posts than before.

use serde::{Deserialize, Serialize};

/// What of the posts is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trait {
    /// How likely they are to need an answer.
    Scores,
    /// Their languages.
    Languages,
    /// How many of them the classifier is not sure of.
    Unsure,
}

/// What they are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Yardstick {
    /// The posts that the classifier was made with.
    Training,
    /// The brand's own posts of the four weeks before.
    Before,
}

/// A distribution that has moved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// Of what.
    pub of: Trait,
    /// Against what.
    pub against: Yardstick,
    /// Population stability index: 0 for the same, above 0.25 for a large move.
    pub psi: f64,
    /// Posts of the last seven days.
    pub n: u64,
}
