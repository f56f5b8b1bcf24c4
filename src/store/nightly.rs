//! The copies kept each night: where they lie, how many, and that one with a name is whole.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::dir;
use super::error::{Error, Result};
use super::{Store, restore};
use crate::model::Time;

/// The name of an export: the UTC time at which it was written.
const NAME: &str = "export-%Y%m%dT%H%M%SZ.jsonl";

/// The time in the name of an export.
fn named(path: &Path) -> Option<Time> {
    let name = path.file_name()?.to_str()?;
    Some(chrono::NaiveDateTime::parse_from_str(name, NAME).ok()?.and_utc().into())
}

impl Store {
    /// Writes an export into the store's own directory under a name that sorts after those that are
    /// there, whatever the clock did meanwhile, readable by its owner alone, and removes all but the
    /// newest few. A file under its final name is whole.
    ///
    /// # Errors
    /// [`Error::LowDisk`] below the configured floor; else as [`Store::export`].
    pub fn nightly_export(&self, now: Time) -> Result<PathBuf> {
        let free_mb = self.free_bytes()? / 1_000_000;
        if free_mb < self.inner.config.low_disk_mb {
            return Err(Error::LowDisk { free_mb });
        }
        let dir = self.inner.dir.join(dir::EXPORTS);
        let known = restore::exports(&dir).ok().and_then(|all| named(all.first()?));
        let at = known.map_or(now, |known| now.max(known.plus(Time::SECOND)));
        let name = at.utc().format(NAME).to_string();
        let partly = dir.join(format!(".{name}.part"));
        let whole = dir.join(name);
        let written = self.write_export(&dir, &partly, &whole, now);
        if written.is_err() {
            let _ = std::fs::remove_file(&partly);
        }
        written.map(|()| whole)
    }

    fn write_export(&self, dir: &Path, partly: &Path, whole: &Path, now: Time) -> Result<()> {
        let file = |why: io::Error| Error::File { what: "keeping an export".to_owned(), why };
        dir::make_private(dir).map_err(file)?;
        let mut out = BufWriter::new(dir::create_private(partly).map_err(file)?);
        self.export(&mut out, now, &mut |_| {})?;
        out.get_ref().sync_all().map_err(file)?;
        std::fs::rename(partly, whole).map_err(file)?;
        dir::sync_names(dir).map_err(file)?;
        let old = restore::exports(dir).map_err(file)?;
        for path in old.iter().skip(self.inner.config.exports.max(1)) {
            std::fs::remove_file(path).map_err(file)?;
        }
        Ok(())
    }
}
