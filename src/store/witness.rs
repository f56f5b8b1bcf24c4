//! Notices that the database has lost its end.
//!
//! sled takes damage near the end of its log for a write that was cut short and opens, without a
//! word, as it was before: consistent, but old. So the number of the last commit that reached the
//! disk is also kept in a small file beside it. The file is written after the database is synced
//! and so is never ahead of it, unless something was lost.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::export::Line;

const NAME: &str = "witness";

/// The most bytes of a header that are looked at.
const HEADER: u64 = 64 << 10;

/// The file beside the database.
#[derive(Debug)]
pub(super) struct Witness {
    file: File,
}

impl Witness {
    /// Opens or makes it.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        Ok(Self { file: options.open(dir.join(NAME))? })
    }

    /// Keeps the number of a commit that is on the disk. A witness that cannot be written knows
    /// less, and that is all.
    pub(super) fn note(&self, commit: u64) {
        if let Err(error) = self.file.write_all_at(&commit.to_be_bytes(), 0) {
            tracing::warn!(%error, "the witness of the last commit cannot be written");
        }
    }
}

/// The number of the last commit that was on the disk, if it is known.
pub(super) fn last_commit(dir: &Path) -> Option<u64> {
    let bytes: [u8; 8] = fs::read(dir.join(NAME)).ok()?.try_into().ok()?;
    Some(u64::from_be_bytes(bytes))
}

/// Forgets it: what lies there now is older on purpose.
pub(super) fn dismiss(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The number of the last commit in an export, as its header tells; 0 if it does not.
pub(super) fn commit_of_export(path: &Path) -> u64 {
    let mut line = Vec::new();
    let read = File::open(path)
        .and_then(|file| BufReader::new(file.take(HEADER)).read_until(b'\n', &mut line));
    match read.ok().and_then(|_| serde_json::from_slice(&line).ok()) {
        Some(Line::Header { commits, .. }) => commits,
        _ => 0,
    }
}
