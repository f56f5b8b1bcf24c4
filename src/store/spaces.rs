//! What the engine is asked and what it answers: spaces, writes with expected values, errors.

use std::io;

/// The most operations one commit takes.
pub const MAX_OPS: usize = 500;

/// The named spaces; each is a tree of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// Rows by (brand, time, id hash).
    Hot,
    /// Journal of packed ids.
    IdJournal,
    /// Buckets of packed ids.
    IdBuckets,
    /// Small things by name.
    State,
    /// Members of threads, packed.
    Threads,
    /// Cases by (brand, opened, id hash).
    Cases,
    /// Every case by its id.
    CaseIds,
    /// Cases that wait for an answer.
    Open,
    /// Acts by people, by the post they were done to.
    Acts,
    /// Mails by position.
    Outbox,
    /// Positions of mails that are not finished.
    Pending,
    /// Counts per brand, local day and platform.
    Days,
    /// Summaries per brand and person.
    People,
}

impl Space {
    /// Every space.
    pub const ALL: [Self; 13] = [
        Self::Hot,
        Self::IdJournal,
        Self::IdBuckets,
        Self::State,
        Self::Threads,
        Self::Cases,
        Self::CaseIds,
        Self::Open,
        Self::Acts,
        Self::Outbox,
        Self::Pending,
        Self::Days,
        Self::People,
    ];

    /// Its name in the files. Never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::IdJournal => "idj",
            Self::IdBuckets => "idx",
            Self::State => "state",
            Self::Threads => "threads",
            Self::Cases => "cases",
            Self::CaseIds => "caseid",
            Self::Open => "open",
            Self::Acts => "acts",
            Self::Outbox => "outbox",
            Self::Pending => "pending",
            Self::Days => "days",
            Self::People => "people",
        }
    }
}

/// What must be there for a commit to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Whatever.
    Any,
    /// Nothing under this key.
    Absent,
    /// Exactly this value.
    Is(Vec<u8>),
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// Where.
    pub space: Space,
    /// The key.
    pub key: Vec<u8>,
    /// The new value; `None` removes.
    pub value: Option<Vec<u8>>,
    /// What must be there before.
    pub expect: Expect,
}

/// What went wrong below, in the terms of what is done next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Another process has it open.
    #[error("the database is in use: {0}")]
    Locked(String),
    /// Stored bytes make no sense. `placed`: at a known place of the data file; if not, moving the
    /// snapshots aside may cure it.
    #[error("the database is damaged: {why}")]
    Corrupt {
        /// Whether the place is known.
        placed: bool,
        /// What was found.
        why: String,
    },
    /// No space left.
    #[error("the disk is full")]
    Full,
    /// Not allowed to read or write the files.
    #[error("not allowed: {0}")]
    Permission(String),
    /// The value of this operation (counted from 0) was not the expected one; nothing was written.
    #[error("operation {0} met another value than expected")]
    Conflict(usize),
    /// More operations than one commit takes.
    #[error("{0} operations in one commit, the most is {MAX_OPS}")]
    TooMany(usize),
    /// An earlier write did not reach the disk; nothing is written any more until it is reopened.
    #[error("stopped after an earlier write error")]
    Stopped,
    /// Anything else from the disk.
    #[error("{0}")]
    Io(String),
}

impl From<io::Error> for EngineError {
    fn from(error: io::Error) -> Self {
        let text = error.to_string();
        // sled reports its lock as `Other`; only the text tells.
        if text.contains("could not acquire lock") {
            return Self::Locked(text);
        }
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Permission(text)
            }
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                Self::Corrupt { placed: true, why: text }
            }
            _ if text.contains("No space left") => Self::Full,
            _ => Self::Io(text),
        }
    }
}
