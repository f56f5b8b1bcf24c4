//! What the engine is asked and what it answers: spaces, writes with expected values, errors.

use std::io;

/// The most operations one commit takes.
pub const MAX_OPS: usize = 500;

/// The named spaces; each is a tree of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// Rows of late by (brand, time, id hash).
    Hot,
    /// Older rows, packed into blocks under the least (brand, time, id hash) they may hold.
    Cold,
    /// Journal of packed ids.
    IdJournal,
    /// Buckets of packed ids.
    IdBuckets,
    /// Small things by name.
    State,
    /// Journal of packed members of threads.
    ThreadJournal,
    /// Buckets of packed members of threads.
    ThreadBuckets,
    /// Journal of packed summaries of authors.
    PeopleJournal,
    /// Buckets of packed summaries of authors.
    PeopleBuckets,
    /// Members of threads in layout 1.
    OldThreads,
    /// Cases of late by (brand, opened, id hash).
    Cases,
    /// Older cases, packed as rows are.
    ColdCases,
    /// Journal of packed ids of cases.
    CaseIdJournal,
    /// Buckets of packed ids of cases.
    CaseIdBuckets,
    /// Journal of packed cases that wait for an answer.
    WaitingJournal,
    /// Buckets of packed cases that wait for an answer.
    WaitingBuckets,
    /// Every case by its id, up to layout 2.
    OldCaseIds,
    /// Cases that wait for an answer, up to layout 2.
    OldOpen,
    /// Acts by people, by the post they were done to.
    Acts,
    /// Mails by position.
    Outbox,
    /// Positions of mails that are not finished.
    Pending,
    /// Counts per brand, local day and platform.
    Days,
    /// Summaries of authors in layout 1.
    OldPeople,
}

impl Space {
    /// What former layouts kept, and today's does not.
    pub const RETIRED: [Self; 4] =
        [Self::OldThreads, Self::OldPeople, Self::OldCaseIds, Self::OldOpen];

    /// Every space.
    pub const ALL: [Self; 23] = [
        Self::Hot,
        Self::Cold,
        Self::IdJournal,
        Self::IdBuckets,
        Self::State,
        Self::ThreadJournal,
        Self::ThreadBuckets,
        Self::PeopleJournal,
        Self::PeopleBuckets,
        Self::OldThreads,
        Self::Cases,
        Self::ColdCases,
        Self::CaseIdJournal,
        Self::CaseIdBuckets,
        Self::WaitingJournal,
        Self::WaitingBuckets,
        Self::OldCaseIds,
        Self::OldOpen,
        Self::Acts,
        Self::Outbox,
        Self::Pending,
        Self::Days,
        Self::OldPeople,
    ];

    /// Its name in the files. Never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Cold => "cold",
            Self::IdJournal => "idj",
            Self::IdBuckets => "idx",
            Self::State => "state",
            Self::ThreadJournal => "thj",
            Self::ThreadBuckets => "thx",
            Self::PeopleJournal => "ppj",
            Self::PeopleBuckets => "ppx",
            Self::OldThreads => "threads",
            Self::Cases => "cases",
            Self::ColdCases => "coldcases",
            Self::CaseIdJournal => "cij",
            Self::CaseIdBuckets => "cix",
            Self::WaitingJournal => "wtj",
            Self::WaitingBuckets => "wtx",
            Self::OldCaseIds => "caseid",
            Self::OldOpen => "open",
            Self::Acts => "acts",
            Self::Outbox => "outbox",
            Self::Pending => "pending",
            Self::Days => "days",
            Self::OldPeople => "people",
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

impl Op {
    /// Puts a value under a key, whatever was there.
    pub fn put(space: Space, key: impl Into<Vec<u8>>, value: Vec<u8>) -> Self {
        Self { space, key: key.into(), value: Some(value), expect: Expect::Any }
    }
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
