//! Mail: what is said, to whom, and how far it got.

use serde::{Deserialize, Serialize};

use super::{Severity, Time};

/// How many open cases there are of each severity, most severe first.
pub type Severities = Vec<(Severity, u32)>;

/// Why a mail exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Unanswered feedback.
    Alert,
    /// What an alert was about has been answered or has ended.
    Resolved,
    /// The daily digest of the window that ends at this instant.
    Digest(Time),
    /// A source needs attention.
    Source,
    /// A test by hand.
    Test,
}

/// A mail as composed, before any address of the wire is involved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Message-ID without angle brackets; fixed here, so that a repeat can be recognised.
    pub id: String,
    /// The brand.
    pub brand: String,
    /// Why it exists.
    pub purpose: Purpose,
    /// Orders the outbox.
    pub severity: Severity,
    /// The group whose mail thread it belongs to.
    pub group: String,
    /// Message-IDs of earlier mails of the thread, oldest first.
    pub references: Vec<String>,
    /// Subject, one line.
    pub subject: String,
    /// Plain text part.
    pub text: String,
    /// HTML part; nothing remote in it.
    pub html: String,
    /// When it was composed.
    pub at: Time,
    /// Ids of the cases it is about.
    pub cases: Vec<String>,
}

/// How far a mail got with one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// Not yet accepted by the mail server.
    Waiting,
    /// Accepted at this time.
    Sent(Time),
    /// Refused for good at this time; a person must look.
    Dead(Time),
}

/// One recipient of an outbox entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The address.
    pub to: String,
    /// How far it got.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// The last answer that was not an acceptance.
    pub last_error: Option<String>,
}

/// Whether an entry may be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sending {
    /// Whenever its time comes.
    Due,
    /// Not before a person releases it (after a restore).
    Held,
    /// No longer: the reason.
    Withdrawn(String),
    /// Every recipient has it, or is dead.
    Done,
}

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the outbox.
    pub seq: u64,
    /// The mail.
    pub message: Message,
    /// Its recipients.
    pub deliveries: Vec<Delivery>,
    /// Whether it may be sent.
    pub sending: Sending,
    /// Not before this time.
    pub next_at: Time,
}

impl Entry {
    /// The longest that a mail is put off, in milliseconds: an hour, and up to a fifth more.
    pub const LONGEST_PAUSE: i64 = 72 * Time::MINUTE;

    /// Whether its time has come. A time further ahead than any mail is put off was planned by a
    /// clock that was wrong, and has come.
    pub fn time_has_come(&self, now: Time) -> bool {
        self.next_at <= now || self.next_at > now.plus(Self::LONGEST_PAUSE)
    }
}
