//! The store: interactions and everything kept about them, on an ordered engine.
//!
//! Decides where things lie, what is written together and what survives a crash. Callers see typed
//! functions and one [`Change`] at a time; only `engine.rs` names the database. One writer, many
//! readers; what [`Store::commit`] has returned from is on the disk.
//!
//! Files: `engine` `spaces` the database · `keys` `codec` `block` layouts of keys and values ·
//! `packed` `merge` `filter` `ids` `threads` `people` `waiting` `lookout` `rollups` indexes and counts ·
//! `draft` `rows` `lift` `commit` `cases` `outbox` `brands` writing · `read` `cold` `lately` reading · `shelf`
//! `seal` `gate` older rows and cases into blocks · `dir` `open` `layout` `migrate` `restore` `witness` `sample` starting · `retain` `erase`
//! `verify` upkeep · `export` `readable` `import` `nightly` the way out and back.
//!
//! A row is written open (`Hot`), with an entry in three packed indexes (id, thread, author). Two days
//! later it is sealed into a block with its neighbours (`Cold`). Nothing points to where a row lies:
//! ids and threads name its place, and a reader looks among the open rows first, then for the block
//! that would hold it. A case is kept in the same way (`Cases`, `ColdCases`), with an entry in two
//! indexes: its id, and its deadline while it waits.

mod block;
mod brands;
mod cases;
mod codec;
mod cold;
mod commit;
mod compact;
mod config;
#[cfg(test)]
mod damage;
mod dir;
mod draft;
mod engine;
mod erase;
mod error;
mod export;
mod filter;
mod former;
mod gate;
#[cfg(test)]
mod golden;
mod ids;
mod import;
mod keys;
mod lately;
mod layout;
mod lift;
mod lookout;
mod merge;
mod migrate;
mod nightly;
mod open;
mod outbox;
mod packed;
mod people;
mod pulse;
mod read;
mod readable;
mod restore;
mod retain;
mod rollups;
mod rows;
mod sample;
mod seal;
mod shelf;
mod spaces;
mod threads;
mod verify;
mod waiting;
mod witness;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};

pub use brands::Brand;
pub use codec::{MAX_TEXT, cap};
pub use commit::Change;
pub use compact::Compacted;
pub use config::{Config, Retention};
pub use dir::free_bytes;
pub use erase::Erased;
pub use error::{Error, Result};
pub use import::Imported;
pub use keys::BrandKey;
pub use lookout::Lookout;
pub use open::{OpenError, Opening};
pub use retain::Retained;
pub use rollups::{AuthorSummary, Day, DayCounts, contribution};
pub use spaces::EngineError;
pub use verify::Report;
pub use waiting::Waits;

/// The store. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// What the one writer owns: how far the journals are written.
#[derive(Default)]
struct Writer {
    ids: packed::Journal,
    threads: packed::Journal,
    people: packed::Journal,
    case_ids: packed::Journal,
    waiting: packed::Journal,
}

struct Inner {
    dir: PathBuf,
    config: Config,
    engine: engine::Engine,
    seed: AtomicU64,
    ids: ids::Ids,
    threads: threads::Threads,
    people: people::People,
    case_ids: ids::Ids,
    waiting: waiting::Waiting,
    changes: Mutex<lookout::Changes>,
    lately: lately::Lately,
    gate: Arc<gate::Gate>,
    writer: Mutex<Writer>,
    brands: RwLock<BTreeMap<u16, Brand>>,
    witness: Option<witness::Witness>,
    // Last, so that it is let go after the engine has closed.
    _lock: Option<dir::Hold>,
}

impl Store {
    /// The directory of the store.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Free space where the store lies, in bytes.
    ///
    /// # Errors
    /// The system's.
    pub fn free_bytes(&self) -> Result<u64> {
        let what = || "looking for free space".to_owned();
        free_bytes(&self.inner.dir).map_err(|why| Error::File { what: what(), why })
    }
}
