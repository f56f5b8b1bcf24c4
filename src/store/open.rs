//! Opening the store, whatever state a crash has left it in.
//!
//! Decides what is repaired without asking (leftovers of a crash), what is replaced by the newest
//! export (a database that cannot be read) and what a person must see to. Everything that was done
//! is listed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use super::dir::{self, Taken};
use super::engine::{Engine, EngineError, Space};
use super::error::Error;
use super::keys::{self, state};
use super::layout::{prepare, wipe};
use super::packed::Packed;
use super::witness::{self, Witness};
use super::{
    Config, Inner, Store, Writer, cases, compact, ids, lately, people, restore, threads, waiting,
};

/// How long the engine of an instance that was dropped may take to let go of its file.
const CLOSING: Duration = Duration::from_secs(5);

/// What opening did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Each repair, in order, in words; empty on an ordinary start.
    pub steps: Vec<String>,
    /// Mail waits for [`Store::release_mail`].
    pub held: bool,
    /// The sample of counters, ids and rows fitted together; if not, `verify` tells more.
    pub sound: bool,
}

/// Why the store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Somebody else has it open.
    #[error("the store is in use by {by}; stop it, or ask it over its socket")]
    InUse {
        /// Who.
        by: String,
    },
    /// A later version of this program has written it.
    #[error("the store has layout {found}, this program knows {known}; use the later program")]
    NewerSchema {
        /// The layout of the store.
        found: u32,
        /// The last layout known here.
        known: u32,
    },
    /// No room; a full disk cannot even be read, because opening writes.
    #[error("the disk is full; free some space and start again")]
    DiskFull,
    /// Not allowed.
    #[error(
        "the store may not be read or written: {0}; `affinityd verify` as root gives back files that root has made there"
    )]
    Permission(String),
    /// Damaged, and no export could be restored. Everything is where it was.
    #[error(
        "the store is damaged ({why}) and there is nothing to restore: {tried}; put an older export \
         into `exports`, or move `db` away to begin anew"
    )]
    Broken {
        /// What is wrong with it.
        why: String,
        /// What became of the exports.
        tried: String,
    },
    /// Anything else from the disk.
    #[error("{0}")]
    Io(String),
}

/// Why one attempt at opening ended.
pub(super) enum Stop {
    /// The database cannot be read.
    Broken(String),
    /// A person must act.
    Fatal(OpenError),
}

impl From<OpenError> for Stop {
    fn from(error: OpenError) -> Self {
        Self::Fatal(error)
    }
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Corrupt { why, .. } => Self::Broken(why),
            EngineError::Locked(_) => {
                Self::Fatal(OpenError::InUse { by: "another process".to_owned() })
            }
            EngineError::Full => Self::Fatal(OpenError::DiskFull),
            EngineError::Permission(why) => Self::Fatal(OpenError::Permission(why)),
            other => Self::Fatal(OpenError::Io(other.to_string())),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Engine(error) => error.into(),
            Error::Damaged { .. } => Self::Broken(error.to_string()),
            other => Self::Fatal(OpenError::Io(other.to_string())),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        EngineError::from(error).into()
    }
}

impl Store {
    /// Opens the store in `dir`, or makes one, and repairs what a crash has left.
    ///
    /// # Errors
    /// See [`OpenError`]; each asks something else of a person.
    pub fn open(dir: &Path, config: &Config) -> std::result::Result<(Self, Opening), OpenError> {
        let mut opening = Opening { sound: true, ..Opening::default() };
        let fatal = |stop: Stop| match stop {
            Stop::Fatal(error) => error,
            Stop::Broken(why) => {
                OpenError::Broken { why, tried: "it was just restored".to_owned() }
            }
        };
        let io = |error: io::Error| fatal(error.into());
        dir::make_home(dir).map_err(io)?;
        let lock = dir::take(dir, config.lock_wait).map_err(|taken| match taken {
            Taken::By(by) => OpenError::InUse { by },
            Taken::Io(error) => io(error),
        })?;
        compact::end_interrupted(dir, &mut opening.steps).map_err(io)?;
        restore::end_interrupted(dir, &mut opening.steps).map_err(io)?;
        let mut inner = match attempt(dir, config, &mut opening) {
            Ok(inner) => inner,
            Err(Stop::Fatal(error)) => return Err(error),
            Err(Stop::Broken(why)) => {
                restore::replace(dir, config, &why, 0, &mut opening.steps)?;
                attempt(dir, config, &mut opening).map_err(fatal)?
            }
        };
        let found = inner.commits().map_err(|e| fatal(e.into()))?;
        if let Some(last) = witness::last_commit(dir).filter(|last| *last > found) {
            drop(inner);
            inner = recover_end(dir, config, found, last, &mut opening).map_err(fatal)?;
        }
        let witness = Witness::open(dir).map_err(io)?;
        witness.note(inner.commits().map_err(|e| fatal(e.into()))?);
        inner.witness = Some(witness);
        inner._lock = Some(lock);
        let store = Self { inner: Arc::new(inner) };
        opening.held = store.mail_is_held().map_err(|e| fatal(e.into()))?;
        Ok((store, opening))
    }
}

/// The database has opened as it was before its last commits. An export that knows more takes its
/// place; if there is none it stays, but mail that was sent may now look unsent, so mail waits.
fn recover_end(
    dir: &Path,
    config: &Config,
    found: u64,
    last: u64,
    opening: &mut Opening,
) -> std::result::Result<Inner, Stop> {
    let why = format!("its last {} changes are gone", last - found);
    match restore::replace(dir, config, &why, found, &mut opening.steps) {
        Ok(()) => attempt(dir, config, opening),
        Err(OpenError::Broken { .. }) if found > 0 => {
            let inner = attempt(dir, config, opening)?;
            inner.hold_mail()?;
            witness::dismiss(dir)?;
            opening.sound = false;
            opening.steps.push("kept what is left; mail is held until it is released".to_owned());
            Ok(inner)
        }
        Err(error) => Err(error.into()),
    }
}

fn attempt(dir: &Path, config: &Config, opening: &mut Opening) -> std::result::Result<Inner, Stop> {
    let db = dir.join(dir::DB);
    let was_there =
        db.join("db").exists() && !restore::exports(&dir.join(dir::EXPORTS))?.is_empty();
    let engine = open_engine(dir, &db, config, &mut opening.steps)?;
    if was_there && engine.get(Space::State, state::SCHEMA)?.is_none() {
        // Garbage can open as a new database. With exports beside it, it was none.
        return Err(Stop::Broken("there is nothing in it, although there are exports".to_owned()));
    }
    let inner = assemble(dir, config, engine, &mut opening.steps)?;
    opening.steps.extend(inner.resume_rebuilds()?);
    opening.steps.extend(inner.resume_erasures()?);
    let doubts = inner.sample()?;
    opening.sound = doubts.is_empty();
    opening.steps.extend(doubts);
    Ok(inner)
}

/// Opens the database after clearing away what a crash while opening leaves.
fn open_engine(
    dir: &Path,
    db: &Path,
    config: &Config,
    steps: &mut Vec<String>,
) -> std::result::Result<Engine, Stop> {
    dir::make_private(db)?;
    // sled takes the last `snap.*` by name, and an unfinished one sorts last: it would never open.
    for path in snapshots(db)? {
        if path.to_string_lossy().ends_with(".generating") {
            fs::remove_file(&path)?;
            steps.push("removed an unfinished snapshot".to_owned());
        }
    }
    let cache = config.cache_bytes();
    let engine = match open_patiently(db, cache) {
        Err(EngineError::Corrupt { placed: false, .. }) => {
            let aside = dir::free_name(dir, &format!("snapshots.broken-{}", dir::stamp()));
            dir::make_private(&aside)?;
            // Both can be made again from the data file and from what sled would choose anyway.
            let settings = Some(db.join("conf")).filter(|path| path.exists());
            for path in snapshots(db)?.into_iter().chain(settings) {
                let name = path.file_name().unwrap_or_default();
                fs::rename(&path, aside.join(name))?;
            }
            steps.push("moved damaged snapshots aside".to_owned());
            open_patiently(db, cache)?
        }
        other => other?,
    };
    dir::close_to_others(db)?;
    Ok(engine)
}

fn snapshots(db: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(db)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            all.push(entry.path());
        }
    }
    Ok(all)
}

/// A store on an open database: layout checked, seed and indexes in memory.
pub(super) fn assemble(
    dir: &Path,
    config: &Config,
    engine: Engine,
    steps: &mut Vec<String>,
) -> std::result::Result<Inner, Stop> {
    if engine.get(Space::State, state::UNFINISHED)?.is_some() {
        wipe(&engine)?;
        witness::dismiss(dir)?;
        steps.push("removed an import that had not ended".to_owned());
    }
    prepare(&engine, steps)?;
    let seed = engine.get(Space::State, state::SEED)?.and_then(|v| keys::read_number(&v));
    let seed = seed.ok_or_else(|| Stop::Broken("the seed is missing".to_owned()))?;
    let mut writer = Writer::default();
    let (ids, threads, people, case_ids, waiting);
    (ids, writer.ids) = Packed::load(ids::SHAPE, &engine)?;
    (threads, writer.threads) = Packed::load(threads::SHAPE, &engine)?;
    (case_ids, writer.case_ids) = Packed::load(cases::IDS, &engine)?;
    (waiting, writer.waiting) = Packed::load(waiting::SHAPE, &engine)?;
    (people, writer.people) = Packed::load(people::SHAPE, &engine)?;
    let inner = Inner {
        dir: dir.to_owned(),
        config: config.clone(),
        engine,
        seed: AtomicU64::new(seed),
        ids,
        threads,
        people,
        case_ids,
        waiting,
        changes: Mutex::default(),
        lately: lately::Lately::default(),
        gate: Arc::default(),
        writer: Mutex::new(writer),
        brands: RwLock::new(BTreeMap::new()),
        witness: None,
        _lock: None,
    };
    inner.load_brands()?;
    Ok(inner)
}

/// Opens the database. Our own lock is held, so whoever still holds the engine's is an instance of
/// this process that is closing: its threads let go a moment after it was dropped.
pub(super) fn open_patiently(db: &Path, cache: u64) -> std::result::Result<Engine, EngineError> {
    let begun = Instant::now();
    loop {
        match Engine::open(db, cache) {
            Err(EngineError::Locked(_)) if begun.elapsed() < CLOSING => {
                std::thread::sleep(Duration::from_millis(20));
            }
            done => return done,
        }
    }
}
