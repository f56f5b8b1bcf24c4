//! Decides which interactions open, answer or close a case, and when an answer is due.
//!
//! Pure rules over a [`crate::model::History`]: time comes in as part of it and cases go out as
//! values, so every rule is one row of a table test. Reading and writing is `pipeline`'s.
//!
//! [`Threads`] gives the conversations their shape, `answers` says who an own post answers,
//! [`replay()`] folds a history into cases, [`policy`] fixes deadlines,
//! and [`review()`] lists what nobody is sure of.

mod answers;
mod brand;
mod fold;
mod id;
pub mod policy;
mod replay;
pub mod review;
mod threads;

pub use answers::Answers;
pub use id::case_id;
pub use policy::{Policy, Target};
pub use replay::replay;
pub use review::review;
pub use threads::{Threads, Voice};
