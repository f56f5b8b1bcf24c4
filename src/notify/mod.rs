//! Whether a mail is due and why, and what it says.
//!
//! Pure: facts come in as plain data, decisions and composed mails go out. Reading the store, filling
//! the outbox and sending are others'.

mod cap;
mod card;
mod clean;
mod compose_alert;
mod compose_digest;
mod compose_resolved;
mod compose_roll_up;
mod compose_source;
mod config;
mod coverage;
mod decide;
mod group;
mod look_up;
mod page;
mod panel;
mod plain;

pub use cap::{Admission, Ready, Received, admit};
pub use card::{CaseCard, ClockRule, PersonCard};
pub use compose_alert::{AlertFacts, compose_alert};
pub use compose_digest::{DigestFacts, Form, KindCount, Praise, compose_digest, digest_form};
pub use compose_resolved::{ResolvedFacts, compose_resolved};
pub use compose_roll_up::{RollUpFacts, compose_roll_up};
pub use compose_source::{SourceFacts, compose_source, source_notice_due};
pub use config::{AlertConfig, AlertFrom, DigestConfig, Empty, Part, Quiet, Repeat};
pub use coverage::Coverage;
pub use decide::{CaseFacts, Decision, Hours, Notice, Reason, WaitsFor, decide, together};
pub use group::{GroupKey, GroupState, Told};
pub use look_up::{Freshness, LookUp};
pub use page::Composed;

pub(crate) use page::Escape;
