//! The promise: nothing is mailed, counted or shown that is not stored; what is stored comes to the
//! same whatever the order it came in; and nobody is told twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "pipeline/acts.rs"]
mod acts;
#[path = "pipeline/alerts.rs"]
mod alerts;
#[path = "pipeline/by_hand.rs"]
mod by_hand;
#[path = "pipeline/checked.rs"]
mod checked;
#[path = "pipeline/corrections.rs"]
mod corrections;
#[path = "pipeline/crash.rs"]
mod crash;
#[path = "pipeline/digests.rs"]
mod digests;
#[path = "pipeline/drift.rs"]
mod drift;
#[path = "pipeline/forget.rs"]
mod forget;
#[path = "pipeline/intake.rs"]
mod intake;
#[path = "pipeline/memory.rs"]
mod memory;
#[path = "pipeline/order.rs"]
mod order;
#[path = "pipeline/reclassify.rs"]
mod reclassify;

use crate::desk_kit;
