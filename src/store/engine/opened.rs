//! One open database of sled's: its trees, its files, and how its files are reached.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::super::spaces::{EngineError, Space};
use super::need_room;
use crate::fault;

/// How often sled moves what is left in old segments, in milliseconds; it also syncs its file then,
/// news or none. What is committed does not wait for that: [`Engine::flush`](super::Engine::flush).
const TIDY_EVERY: u64 = 5_000;

/// One open database of sled's.
pub(super) struct Opened {
    pub(super) db: sled::Db,
    trees: Vec<sled::Tree>,
    pub(super) data: File,
    pub(super) blobs: PathBuf,
    pub(super) synced_blobs: Mutex<BTreeSet<OsString>>,
    // Last, since sled finds its files through it until it has closed.
    handle: File,
}

impl Opened {
    pub(super) fn open(dir: &Path, cache_bytes: u64) -> Result<Self, EngineError> {
        fault::point("store.open")?;
        std::fs::create_dir_all(dir)?;
        need_room(dir, 0)?;
        let handle = File::open(dir)?;
        let at = through(&handle).unwrap_or_else(|| dir.to_owned());
        let db = sled::Config::new()
            .path(&at)
            .cache_capacity(cache_bytes)
            .flush_every_ms(Some(TIDY_EVERY))
            .open()?;
        let mut trees = Vec::new();
        for space in Space::ALL {
            trees.push(db.open_tree(space.name())?);
        }
        // A second handle: sled's flush reaches the kernel, only this one reaches the disk. It
        // does not disturb sled's lock, which belongs to sled's own handle.
        let data = OpenOptions::new().read(true).write(true).open(at.join("db"))?;
        data.sync_all()?;
        handle.sync_all()?;
        fault::point("store.opened")?;
        let (blobs, synced_blobs) = (at.join("blobs"), Mutex::default());
        Ok(Self { db, trees, data, blobs, synced_blobs, handle })
    }

    /// Whether its directory may be renamed while it is open.
    pub(super) fn may_move(&self) -> bool {
        through(&self.handle).is_some()
    }

    pub(super) fn tree(&self, space: Space) -> &sled::Tree {
        &self.trees[space as usize]
    }

    /// Brings the large values, which are files of their own, to the disk.
    pub(super) fn sync_blobs(&self) -> io::Result<()> {
        let mut known = self.synced_blobs.lock().unwrap_or_else(|e| e.into_inner());
        let entries = match std::fs::read_dir(&self.blobs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut here = BTreeSet::new();
        let mut is_new = false;
        for entry in entries {
            let entry = entry?;
            if !known.contains(&entry.file_name()) {
                match File::open(entry.path()) {
                    Ok(file) => file.sync_all()?,
                    // Collected by sled between the listing and here.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
                is_new = true;
            }
            here.insert(entry.file_name());
        }
        if is_new {
            File::open(&self.blobs)?.sync_all()?;
        }
        *known = here;
        Ok(())
    }
}

/// The directory of a handle, by a path that stays right when it is renamed: sled goes by the path
/// that it was opened with. Nothing where the system shows no `/proc`.
fn through(handle: &File) -> Option<PathBuf> {
    let path = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    path.is_dir().then_some(path)
}
