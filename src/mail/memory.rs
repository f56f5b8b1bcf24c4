//! The way into memory: mails are kept and can be looked at, and failures can be played.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use lettre::Address;

use super::{Built, SendFailure};

/// A mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// To whom.
    pub to: Address,
    /// What.
    pub mail: Built,
}

/// What a played server answers.
type Answer = Box<dyn Fn(&Built, &Address) -> Result<(), SendFailure> + Send + Sync>;

/// Keeps every mail, unless told to fail.
pub struct Memory {
    posted: Mutex<Vec<Posted>>,
    answer: Answer,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("posted", &self.posted).finish_non_exhaustive()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::answering(|_, _| Ok(()))
    }
}

impl Memory {
    /// Asks this first; a mail it lets pass is kept.
    pub fn answering(
        answer: impl Fn(&Built, &Address) -> Result<(), SendFailure> + Send + Sync + 'static,
    ) -> Self {
        Self { posted: Mutex::default(), answer: Box::new(answer) }
    }

    /// Every mail taken so far, in order.
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a mail.
    ///
    /// # Errors
    /// As played.
    pub fn send(&self, mail: &Built, to: &Address) -> Result<(), SendFailure> {
        (self.answer)(mail, to)?;
        let posted = Posted { to: to.clone(), mail: mail.clone() };
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).push(posted);
        Ok(())
    }
}
