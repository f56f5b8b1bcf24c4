//! What can go wrong with the store, in the terms of what its callers do next.

use super::engine::{EngineError, MAX_OPS};

/// Why a read or a write did not happen. A failed write leaves nothing behind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine's word: disk full, damaged, stopped, …
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A change that does not fit into one commit; split it.
    #[error("a change of {0} operations does not fit into one commit of {MAX_OPS}")]
    TooLarge(usize),
    /// A change with records, cases, acts or accounts that names no brand.
    #[error("the change names no brand")]
    NoBrand,
    /// A brand the store has never heard of.
    #[error("there is no brand with key {0}")]
    UnknownBrand(u16),
    /// No room for a further brand.
    #[error("the store cannot hold a further brand")]
    TooManyBrands,
    /// An update of a mail that is not in the outbox.
    #[error("there is no mail {0} in the outbox")]
    UnknownMail(u64),
    /// A stored value makes no sense.
    #[error("a stored {what} makes no sense: {why}")]
    Damaged {
        /// Which kind of value.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// An import of an export needs an empty store.
    #[error("the store is not empty")]
    NotEmpty,
    /// A line of an export that cannot be understood. Nothing of the file was kept.
    #[error("line {line}: {why}")]
    BadLine {
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// Too little space on the disk.
    #[error("only {free_mb} MB are free")]
    LowDisk {
        /// What is free, in millions of bytes.
        free_mb: u64,
    },
    /// A file beside the database.
    #[error("{what}: {why}")]
    File {
        /// What was being done.
        what: String,
        /// What the system said.
        why: std::io::Error,
    },
}

impl Error {
    /// Whether space on the disk is what is missing.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Engine(EngineError::Full) | Self::LowDisk { .. } => true,
            Self::File { why, .. } => why.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    pub(super) fn damaged(what: &'static str, why: impl ToString) -> Self {
        Self::Damaged { what, why: why.to_string() }
    }
}

/// What every function of the store gives.
pub type Result<T> = std::result::Result<T, Error>;
