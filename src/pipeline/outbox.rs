//! How a composed mail enters the outbox.

use crate::model::{Delivery, DeliveryState, Entry, Message, Sending, Time};

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
