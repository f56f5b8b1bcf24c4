//! From readings to mails: what is done with the data between the platforms and the courier.
//!
//! `ingest` takes a page in, `sweep` watches the clocks, `digest` sums up a day, `history` loads
//! what rules look at. Plain functions over the store; the network is `daemon`'s.

mod accounts;
mod apply;
mod attention;
mod brand;
mod cards;
mod checked;
mod correct;
mod digest;
mod drift;
mod due;
mod filing;
mod history;
mod ingest;
mod judge;
mod merge;
mod outbox;
mod page;
mod panel;
mod recall;
mod reclassify;
mod refresh;
mod review;
mod sweep;

pub use attention::send_attention;
pub use brand::{Brand, OwnAccount};
pub use checked::{Draw, Gold, LARGEST, checks, draw, gold, labelled};
pub use correct::{Corrected, Said, correct};
pub use digest::{Digest, digest, send_digest};
pub use due::LastSweep;
pub use history::load as load_history;
pub use ingest::{Batch, Desk, Ingested, act, ingest};
pub use outbox::OUTBOX_ROOM;
pub use panel::Panel;
pub use reclassify::{Cursor, Relabelled, reclassify, reclassify_from};
pub use review::review;
pub use sweep::{Looked, Swept, Wanted, sweep};
