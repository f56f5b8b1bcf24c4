//! How a composed mail enters the outbox, and how many may wait there.

use anyhow::{Context, Result};

use crate::model::{Delivery, DeliveryState, Entry, Message, Sending, Time};
use crate::store::Store;

/// So many mails may wait at once; one mail server was away for days by then. Further alerts and
/// notices are not written until some have left, and then tell of everything that has come up.
/// Digests need no room: of these only the newest waits.
pub const OUTBOX_ROOM: usize = 1000;

/// How many more alerts and notices may be written now.
pub(super) fn room(store: &Store) -> Result<usize> {
    let waiting = store.waiting_mails().context("counting what waits in the outbox")?;
    Ok(OUTBOX_ROOM.saturating_sub(waiting))
}

/// A new entry for these recipients, due at once. The store gives it its place.
pub fn entry(message: Message, recipients: &[String], now: Time) -> Entry {
    Entry {
        seq: 0,
        message,
        deliveries: recipients
            .iter()
            .map(|to| Delivery {
                to: to.clone(),
                state: DeliveryState::Waiting,
                attempts: 0,
                last_error: None,
            })
            .collect(),
        sending: Sending::Due,
        next_at: now,
    }
}
