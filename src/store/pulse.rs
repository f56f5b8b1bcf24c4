//! Signs of life, and how the courier writes down how far a mail got.

use super::Store;
use super::error::{Error, Result};
use crate::model::{Entry, Sending};

impl Store {
    /// Fails or hangs if the store would: takes the writer's turn and reads.
    ///
    /// # Errors
    /// The engine's.
    pub fn ping(&self) -> Result<()> {
        let _turn = self.inner.draft();
        self.mail_is_held().map(drop)
    }

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// The disk's.
    pub fn flush(&self) -> Result<()> {
        Ok(self.inner.engine.flush()?)
    }

    /// Fails if a change would find no room on the disk.
    ///
    /// # Errors
    /// [`super::EngineError::Full`].
    pub fn has_room(&self) -> Result<()> {
        Ok(self.inner.engine.has_room()?)
    }

    /// Below so much free space polling stops, in bytes.
    pub fn low_disk_bytes(&self) -> u64 {
        self.inner.config.low_disk_mb << 20
    }

    /// Keeps how far a mail got. If it was held or withdrawn meanwhile, that stands.
    ///
    /// # Errors
    /// [`Error::UnknownMail`], or the engine's.
    pub fn update_mail(&self, mut entry: Entry) -> Result<()> {
        let mut draft = self.inner.draft();
        let known = self.mail(entry.seq)?.ok_or(Error::UnknownMail(entry.seq))?;
        if matches!(known.sending, Sending::Held | Sending::Withdrawn(_)) {
            entry.sending = known.sending;
        }
        draft.keep_mail(entry)?;
        draft.write()
    }
}
