//! Mail out: the wire message, the ways to send it, and the courier that empties the outbox.
//!
//! What a mail says and whether it is due is decided elsewhere; here it becomes bytes, goes to one
//! recipient at a time, and each answer is written down before the next mail is touched.

mod address;
mod config;
mod courier;
mod delivery;
mod directory;
mod failure;
mod memory;
mod pace;
mod smtp;
mod stream;
mod transport;
mod wire;

pub use address::{address, mailbox, one_line, parse_mailbox};
pub use config::{Config, SecretReader, Security, SmtpConfig, Way};
pub use courier::{Clock, Courier, CourierState, Outbox};
pub use delivery::{Outcome, after, collapse, is_due};
pub use directory::Directory;
pub use failure::{FailureClass, Scope, SendFailure, Stage};
pub use memory::{Memory, Posted};
pub use pace::Pace;
pub use smtp::{Dial, Patience, Smtp};
pub use stream::Wire;
pub use transport::Transport;
pub use wire::{Built, Letterhead, build};
