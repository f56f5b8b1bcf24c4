//! Replaces a database that cannot be read by the newest export that can.
//!
//! The export is read into a directory of its own; only when it is whole does it take the place
//! of the damaged one, which is kept. If no export will do, nothing has moved.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dir::{self, DB, EXPORTS, RESTORING};
use super::engine::Engine;
use super::open::{OpenError, Stop, assemble};
use super::{Config, Store, witness};

/// The exports of a store, newest first.
pub(super) fn exports(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("export-") && name.ends_with(".jsonl") {
            all.push(entry.path());
        }
    }
    all.sort();
    all.reverse();
    Ok(all)
}

/// Ends or undoes a restore that a crash has interrupted.
pub(super) fn end_interrupted(dir: &Path, steps: &mut Vec<String>) -> io::Result<()> {
    let (db, restoring) = (dir.join(DB), dir.join(RESTORING));
    if !restoring.exists() {
        return Ok(());
    }
    if db.exists() {
        fs::remove_dir_all(&restoring)?;
        steps.push("removed a restore that had not ended".to_owned());
    } else {
        // The damaged one is moved away only when the restored one is whole.
        fs::rename(&restoring, &db)?;
        dir::sync_names(dir)?;
        witness::dismiss(dir)?;
        steps.push("ended a restore that had been interrupted".to_owned());
    }
    Ok(())
}

/// Puts the newest readable export in the place of the database and holds all mail. Only one that
/// knows more than `beyond` commits will do.
pub(super) fn replace(
    dir: &Path,
    config: &Config,
    why: &str,
    beyond: u64,
    steps: &mut Vec<String>,
) -> Result<(), OpenError> {
    let fatal = |stop: Stop| match stop {
        Stop::Fatal(error) => error,
        Stop::Broken(why) => OpenError::Io(why),
    };
    let io = |error: io::Error| fatal(error.into());
    steps.push(format!("the database is damaged: {why}"));
    let restoring = dir.join(RESTORING);
    let mut tried = Vec::new();
    for export in exports(&dir.join(EXPORTS)).map_err(io)? {
        let name = export.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if beyond > 0 && witness::commit_of_export(&export) <= beyond {
            tried.push(format!("{name}: older than what is left"));
            continue;
        }
        dir::remove(&restoring).map_err(io)?;
        match read_into(&restoring, config, &export) {
            Ok(()) => {
                let aside = dir::free_name(dir, &format!("db.broken-{}", dir::stamp()));
                fs::rename(dir.join(DB), &aside).map_err(io)?;
                dir::sync_names(dir).map_err(io)?;
                fs::rename(&restoring, dir.join(DB)).map_err(io)?;
                dir::sync_names(dir).map_err(io)?;
                witness::dismiss(dir).map_err(io)?;
                let kept = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
                steps.push(format!("kept the damaged database as {kept}"));
                steps.push(format!("restored {name}; mail is held until it is released"));
                return Ok(());
            }
            Err(Stop::Fatal(OpenError::DiskFull)) => return Err(OpenError::DiskFull),
            Err(Stop::Fatal(error)) => tried.push(format!("{name}: {error}")),
            Err(Stop::Broken(why)) => tried.push(format!("{name}: {why}")),
        }
        steps.push(format!("could not restore {}", tried[tried.len() - 1]));
    }
    dir::remove(&restoring).map_err(io)?;
    let tried = if tried.is_empty() { "no export".to_owned() } else { tried.join("; ") };
    Err(OpenError::Broken { why: why.to_owned(), tried })
}

fn read_into(restoring: &Path, config: &Config, export: &Path) -> Result<(), Stop> {
    dir::make_private(restoring)?;
    let engine = Engine::open(restoring, config.cache_bytes())?;
    let inner = assemble(restoring, config, engine, &mut Vec::new())?;
    let store = Store { inner: Arc::new(inner) };
    let file = BufReader::new(File::open(export)?);
    store.import_export(file, &mut |_| {}).map_err(|error| match error {
        error if error.is_full() => Stop::Fatal(OpenError::DiskFull),
        error => Stop::Broken(error.to_string()),
    })?;
    Ok(store.inner.hold_mail()?)
}
