//! Mails that wait, and how far they got.
//!
//! What is finished stays readable for its retention; a small index names what is not, so that
//! looking for due mail costs nothing however many have been sent.

use super::codec;
use super::draft::Draft;
use super::engine::Space;
use super::error::{Error, Result};
use super::keys::{self, state};
use super::{Inner, Store};
use crate::model::{Entry, Sending, Time};

/// Whether a mail may still have to be sent.
pub(super) fn is_pending(entry: &Entry) -> bool {
    matches!(entry.sending, Sending::Due | Sending::Held)
}

impl Draft<'_> {
    /// Puts a mail at the end of the outbox.
    pub(super) fn add_mail(&mut self, mut entry: Entry) -> Result<()> {
        let next = self.get(Space::State, state::NEXT_MAIL)?;
        entry.seq = next.and_then(|v| keys::read_number(&v)).unwrap_or(1);
        self.put(Space::State, state::NEXT_MAIL.to_vec(), keys::number(entry.seq + 1));
        self.put_mail(entry)
    }

    /// Stores a mail in place of what is known under its position.
    pub(super) fn keep_mail(&mut self, entry: Entry) -> Result<()> {
        if self.get(Space::Outbox, &keys::number(entry.seq))?.is_none() {
            return Err(Error::UnknownMail(entry.seq));
        }
        self.put_mail(entry)
    }

    /// Writes a mail under its position.
    pub(super) fn put_mail(&mut self, mut entry: Entry) -> Result<()> {
        codec::tidy_mail(&mut entry);
        let key = keys::number(entry.seq);
        self.set(Space::Pending, key.clone(), is_pending(&entry).then(Vec::new));
        self.keep(Space::Outbox, key, &entry)
    }

    /// Removes a mail.
    pub(super) fn drop_mail(&mut self, seq: u64) {
        self.remove(Space::Outbox, keys::number(seq));
        self.remove(Space::Pending, keys::number(seq));
    }
}

impl Inner {
    /// Mails that may still have to be sent, in order of their position.
    pub(super) fn pending_mail(&self) -> Result<Vec<Entry>> {
        let mut all = Vec::new();
        for entry in self.engine.all(Space::Pending) {
            if let Some(bytes) = self.engine.get(Space::Outbox, &entry?.0)? {
                all.push(codec::decode(&bytes)?);
            }
        }
        Ok(all)
    }

    /// Holds everything that would be sent, until a person releases it.
    pub(super) fn hold_mail(&self) -> Result<()> {
        let mut draft = self.draft();
        draft.keep_json(state::HELD.to_vec(), &true)?;
        draft.write()?;
        for mut entry in self.pending_mail()? {
            draft.write_if_full()?;
            entry.sending = Sending::Held;
            draft.put_mail(entry)?;
        }
        draft.write()
    }
}

impl Store {
    /// Holds all mail until [`Store::release_mail`]: what a copy takes for unsent may have left
    /// since it was made.
    ///
    /// # Errors
    /// The engine's.
    pub fn hold_mail(&self) -> Result<()> {
        self.inner.hold_mail()
    }

    /// Mails to be sent now: the most severe first, then the oldest. None while mail is held.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn due_mail(&self, now: Time) -> Result<Vec<Entry>> {
        if self.mail_is_held()? {
            return Ok(Vec::new());
        }
        let mut due = self.inner.pending_mail()?;
        due.retain(|entry| entry.sending == Sending::Due && entry.time_has_come(now));
        due.sort_by_key(|entry| (std::cmp::Reverse(entry.message.severity), entry.seq));
        Ok(due)
    }

    /// How many mails may still have to be sent, held ones included.
    ///
    /// # Errors
    /// The engine's.
    pub fn waiting_mails(&self) -> Result<usize> {
        let mut waiting = 0;
        for entry in self.inner.engine.all(Space::Pending) {
            entry?;
            waiting += 1;
        }
        Ok(waiting)
    }

    /// The mail at a position.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn mail(&self, seq: u64) -> Result<Option<Entry>> {
        let found = self.inner.engine.get(Space::Outbox, &keys::number(seq))?;
        found.map(|bytes| codec::decode(&bytes)).transpose()
    }

    /// Every mail that is kept, oldest first.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn mails(&self) -> Result<Vec<Entry>> {
        self.inner.engine.all(Space::Outbox).map(|entry| codec::decode(&entry?.1)).collect()
    }

    /// Whether mail waits for a person after a restore.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn mail_is_held(&self) -> Result<bool> {
        Ok(self.inner.json(state::HELD)?.unwrap_or(false))
    }

    /// Lets held mail go. Returns how many mails become due.
    ///
    /// # Errors
    /// The engine's, or damage; what was released by then stays released, the flag stays.
    pub fn release_mail(&self) -> Result<usize> {
        let mut draft = self.inner.draft();
        let mut released = 0;
        for mut entry in self.inner.pending_mail()? {
            if entry.sending != Sending::Held {
                continue;
            }
            draft.write_if_full()?;
            entry.sending = Sending::Due;
            draft.put_mail(entry)?;
            released += 1;
        }
        draft.write()?;
        draft.remove(Space::State, state::HELD.to_vec());
        draft.write()?;
        Ok(released)
    }
}
