//! The words of the field as types: what every other folder speaks about.
//!
//! Plain data and the folds over it; no I/O, no clock, no configuration.

mod case;
mod drift;
mod history;
mod indicator;
mod message;
mod reading;
mod record;
mod source;
mod time;
mod verdict;

pub use case::{
    Act, ActKind, Answer, Ask, Case, CaseEvent, CaseKind, CaseState, Correction, Deadline, End,
};
pub use drift::{Drift, Trait, Yardstick};
pub use history::{Accounts, History};
pub use indicator::{Change, Corrected, Flag, Indicator, Standing, Window};
pub use message::{Delivery, DeliveryState, Entry, Message, Purpose, Sending, Severities};
pub use reading::{Author, Counts, Kind, Reading};
pub use record::{Interaction, Person, Record, Tally, Version};
pub use source::{Capabilities, Gap, Health, Mark, Reach, SourceState, Trouble};
pub use time::Time;
pub use verdict::{
    Aspect, Intent, Promised, Reason, Ruling, Scores, Sentiment, Severity, Signal, Verdict,
};
