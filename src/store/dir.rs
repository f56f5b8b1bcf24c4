//! The directory of the store: who may read it, who holds it, how much room is left.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

/// The database inside the directory.
pub(super) const DB: &str = "db";
/// Exports inside the directory.
pub(super) const EXPORTS: &str = "exports";
/// A database that is being restored.
pub(super) const RESTORING: &str = "db.restoring";
/// A copy of the database that is to take its place.
pub(super) const NEW: &str = "db.new";
/// The database whose place a copy has taken.
pub(super) const OLD: &str = "db.old";
const LOCK: &str = "lock";

/// Free space for this process where `dir` lies, in bytes.
///
/// # Errors
/// The system's.
pub fn free_bytes(dir: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Makes a directory that only its owner can enter, whatever the umask.
pub(super) fn make_private(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    fs::set_permissions(dir, Permissions::from_mode(0o700))
}

/// The same for the directory of the store. One that already holds other people's files is left as
/// it is: somebody named the wrong place, or gave it rights on purpose.
pub(super) fn make_home(dir: &Path) -> io::Result<()> {
    let is_ours = match fs::read_dir(dir) {
        Ok(entries) => {
            let names: Vec<_> = entries.flatten().map(|e| e.file_name()).collect();
            names.is_empty() || names.iter().any(|name| name == LOCK || name == DB)
        }
        Err(_) => true,
    };
    if is_ours { make_private(dir) } else { Ok(()) }
}

/// Removes a directory with all that is in it. Whether it was there.
pub(super) fn remove(dir: &Path) -> io::Result<bool> {
    match fs::remove_dir_all(dir) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes the rights of others off everything below a directory.
pub(super) fn close_to_others(dir: &Path) -> io::Result<()> {
    fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            close_to_others(&entry.path())?;
        } else {
            fs::set_permissions(entry.path(), Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

/// A new file that only its owner can read.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Makes names that were changed in a directory survive a power cut.
pub(super) fn sync_names(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The hold on a directory: while it lives no other process takes it.
pub(super) struct Hold {
    _file: File,
    dir: PathBuf,
}

impl Drop for Hold {
    fn drop(&mut self) {
        hand_back(&self.dir);
    }
}

/// Gives everything below `dir` to whom `dir` belongs. Root may use the store of the daemon while
/// that is stopped; what root has made there the daemon could not even read. Anybody else's files
/// are their own already, or stay what they are.
fn hand_back(dir: &Path) {
    let Ok(home) = fs::metadata(dir) else { return };
    if rustix::process::geteuid().is_root() && home.uid() != 0 {
        give(dir, home.uid(), home.gid());
    }
}

fn give(dir: &Path, uid: u32, gid: u32) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(about) = entry.metadata() else { continue };
        if about.uid() != uid {
            let _ = lchown(entry.path(), Some(uid), Some(gid));
        }
        if about.is_dir() {
            give(&entry.path(), uid, gid);
        }
    }
}

/// Why the directory could not be taken.
pub(super) enum Taken {
    /// By whom.
    By(String),
    /// The system's word.
    Io(io::Error),
}

/// Takes the directory for this process, waiting up to `wait` for one that is still closing. It
/// is let go when the hold is dropped, also by a crash.
pub(super) fn take(dir: &Path, wait: Duration) -> Result<Hold, Taken> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join(LOCK))
        .map_err(Taken::Io)?;
    let begun = Instant::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(rustix::io::Errno::AGAIN) if begun.elapsed() < wait => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(rustix::io::Errno::AGAIN) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = holder.trim();
                let known = !holder.is_empty() && holder.len() < 40;
                let by = if known { holder } else { "another process" };
                return Err(Taken::By(by.to_owned()));
            }
            Err(error) => return Err(Taken::Io(error.into())),
        }
    }
    // Only said for people; a full disk must not stop the start here.
    let _ = sign(&mut file);
    hand_back(dir);
    Ok(Hold { _file: file, dir: dir.to_owned() })
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "process {}", std::process::id())
}

/// A name beside `dir` that is free: `name`, or with a number.
pub(super) fn free_name(dir: &Path, name: &str) -> PathBuf {
    let plain = dir.join(name);
    let others = (2..).map(|n| dir.join(format!("{name}-{n}")));
    std::iter::once(plain).chain(others).find(|path| !path.exists()).expect("numbers do not end")
}

/// A time in names of files: UTC, sorts as text.
pub(super) fn stamp() -> String {
    chrono::Utc::now().format("%Y%m%dT%H%M%S%3fZ").to_string()
}
