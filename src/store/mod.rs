//! The store: interactions and everything kept about them, on an ordered engine.
//!
//! Decides where things lie, what is written together and what survives a crash. Callers see typed
//! functions and one [`Change`] at a time; only `engine.rs` names the database. One writer, many
//! readers; what [`Store::commit`] has returned from is on the disk.
//!
//! Files: `engine` `spaces` the database · `keys` `codec` layouts of keys and values · `ids` `threads`
//! `rollups` indexes and counts · `draft` `rows` `commit` `cases` `outbox` `brands` writing · `read`
//! reading · `dir` `open` `layout` `restore` `witness` `sample` starting · `retain` `erase` `verify`
//! upkeep · `export` `readable` `import` `nightly` the way out and back.

mod brands;
mod cases;
mod codec;
mod commit;
mod config;
#[cfg(test)]
mod damage;
mod dir;
mod draft;
mod engine;
mod erase;
mod error;
mod export;
#[cfg(test)]
mod golden;
mod ids;
mod import;
mod keys;
mod layout;
mod nightly;
mod open;
mod outbox;
mod pulse;
mod read;
mod readable;
mod restore;
mod retain;
mod rollups;
mod rows;
mod sample;
mod spaces;
mod threads;
mod verify;
mod witness;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};

pub use brands::Brand;
pub use codec::{MAX_TEXT, cap};
pub use commit::Change;
pub use config::{Config, Retention};
pub use dir::free_bytes;
pub use erase::Erased;
pub use error::{Error, Result};
pub use import::Imported;
pub use keys::BrandKey;
pub use open::{OpenError, Opening};
pub use retain::Retained;
pub use rollups::{AuthorSummary, Day, DayCounts, contribution};
pub use spaces::EngineError;
pub use verify::Report;

/// The store. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// What the one writer owns.
struct Writer {
    journal: ids::Journal,
}

struct Inner {
    dir: PathBuf,
    config: Config,
    engine: engine::Engine,
    seed: AtomicU64,
    ids: ids::Ids,
    writer: Mutex<Writer>,
    brands: RwLock<BTreeMap<u16, Brand>>,
    witness: Option<witness::Witness>,
    // Last, so that it is let go after the engine has closed.
    _lock: Option<File>,
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
