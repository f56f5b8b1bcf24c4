//! The daemon: starts everything in order, takes signals, stops everything in reverse.

mod check;
mod desk;
mod health;
mod lone;
mod poller;
mod retold;
mod running;
mod socket;
mod source;
mod supervise;
mod sweeper;
mod systemd;
mod timers;
mod watchdog;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use check::{Finding, check};
pub use desk::{Call, Office, answer};
pub use lone::find as find_socket;
pub use running::Running;

use crate::clock::{Clock, Fast, Wall};
use crate::config::{Config, Secrets};
use crate::fault;
use crate::model::Time;
use crate::store::{Change, OpenError, Opening, Store};

/// How long work on blocking threads may take after that. Each commit is whole or not there.
const LEFTOVERS: Duration = Duration::from_millis(300);
/// How often a full disk is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// Why the daemon did not run.
#[derive(Debug)]
pub struct Stopped {
    /// What happened.
    pub error: anyhow::Error,
    /// A person must change something before it can run: exit code 78.
    pub is_config: bool,
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self { error, is_config: false }
    }
}

/// Runs until told to stop by SIGTERM or SIGINT; SIGHUP takes over a changed configuration.
///
/// # Errors
/// Why it could not start, or stopped by itself.
pub fn run(config: Config) -> Result<(), Stopped> {
    match fault::clock() {
        None => run_by(config, Arc::new(Wall)),
        Some((origin, factor)) => run_by(config, Arc::new(Fast::new(Time(origin), factor))),
    }
}

/// The same by another clock than the machine's.
///
/// # Errors
/// As [`run`].
pub fn run_by(config: Config, clock: Arc<dyn Clock>) -> Result<(), Stopped> {
    supervise::log_panics();
    // Whatever the surroundings say: what is made here is nobody else's business.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let done = runtime.block_on(async { serve(config, clock, Signals::take()?).await });
    runtime.shutdown_timeout(LEFTOVERS);
    systemd::status("stopped");
    done
}

/// What the outside may tell a running daemon.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn take() -> Result<Self> {
        let take = |kind| signal(kind).context("taking signals");
        Ok(Self {
            terminate: take(SignalKind::terminate())?,
            interrupt: take(SignalKind::interrupt())?,
            hang_up: take(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.hang_up.recv() => Told::Reload,
        }
    }

    async fn stop(&mut self) {
        while self.next().await != Told::Stop {}
    }
}

/// What was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Stop,
    Reload,
}

async fn serve(
    mut config: Config,
    clock: Arc<dyn Clock>,
    mut signals: Signals,
) -> Result<(), Stopped> {
    lone::refuse_second(&config.daemon)?;
    let Some(mut store) = open(&config, &mut signals).await? else { return Ok(()) };
    let mut running = Running::start(&config, store.clone(), clock.clone())?;
    systemd::ready(&running.line());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "running");
    loop {
        let mut broken = running.office.broken.subscribe();
        tokio::select! {
            told = signals.next() => {
                if told == Told::Stop {
                    break;
                }
                systemd::reloading();
                let said;
                (running, config, said) = reload(running, config, &store, &clock).await?;
                systemd::ready(&said);
            }
            why = broken.wait_for(Option::is_some) => {
                let why = why.ok().and_then(|why| why.clone()).unwrap_or_default();
                tracing::error!("the store cannot be written: {why}; closing it to open it again");
                systemd::status("the store cannot be written; opening it again");
                running.stop().await;
                drop(store);
                store = match open(&config, &mut signals).await? {
                    Some(store) => store,
                    None => return Ok(()),
                };
                running = Running::start(&config, store.clone(), clock.clone())?;
                tracing::info!("the store is open again");
                systemd::status(&running.line());
            }
        }
    }
    systemd::stopping();
    tracing::info!("stopping");
    running.stop().await;
    tokio::task::spawn_blocking(move || store.flush())
        .await
        .context("closing the store")?
        .context("closing the store")?;
    tracing::info!("stopped");
    Ok(())
}

/// Takes over a changed configuration, or says why the old one stays.
async fn reload(
    running: Running,
    config: Config,
    store: &Store,
    clock: &Arc<dyn Clock>,
) -> Result<(Running, Config, String), Stopped> {
    const STAYS: &str = "running with the OLD configuration: the new one does not work";
    let mut next = match Config::load(&config.path, Secrets::Needed) {
        Ok((next, report)) => {
            for line in report.lines() {
                tracing::warn!("{line}");
            }
            next
        }
        Err(report) => {
            for line in report.lines() {
                tracing::error!("{line}");
            }
            tracing::error!("the configuration has mistakes: the old one stays");
            return Ok((running, config, STAYS.to_owned()));
        }
    };
    // The store stays open: only a restart moves it.
    next.daemon.state.clone_from(&config.daemon.state);
    running.stop().await;
    match Running::start(&next, store.clone(), clock.clone()) {
        Ok(running) => {
            tracing::info!("the configuration was taken over");
            let line = running.line();
            Ok((running, next, line))
        }
        Err(error) => {
            tracing::error!(
                "the configuration cannot be put to work, the old one stays: {error:#}"
            );
            let running = Running::start(&config, store.clone(), clock.clone())?;
            Ok((running, config, STAYS.to_owned()))
        }
    }
}

/// Opens the store and proves that it can be written. A full disk is waited for. `None`: told to
/// stop meanwhile.
async fn open(config: &Config, signals: &mut Signals) -> Result<Option<Store>, Stopped> {
    loop {
        let opened = tokio::select! {
            opened = try_open(config) => opened,
            () = signals.stop() => return Ok(None),
        };
        let error = match opened {
            Ok((store, opening)) => {
                for step in &opening.steps {
                    tracing::warn!("opening the store: {step}");
                }
                if opening.held {
                    tracing::error!(
                        "the store was restored: mail is held until `affinityd release-mail`"
                    );
                }
                return Ok(Some(store));
            }
            Err(error) => error,
        };
        let is_config = matches!(
            error,
            OpenError::NewerSchema { .. } | OpenError::Permission(_) | OpenError::Broken { .. }
        );
        if !matches!(error, OpenError::DiskFull) {
            let dir = config.daemon.state.display();
            let error = anyhow::Error::new(error).context(format!("opening the store in {dir}"));
            return Err(Stopped { error, is_config });
        }
        tracing::error!("{}: {error}; trying again", config.daemon.state.display());
        systemd::opening(2 * AGAIN);
        systemd::feed();
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = signals.stop() => return Ok(None),
        }
    }
}

/// Opens the store on a thread of its own, while systemd is told that it takes time.
async fn try_open(config: &Config) -> Result<(Store, Opening), OpenError> {
    let dir = config.daemon.state.clone();
    let settings = config.store.clone();
    let mut opening = tokio::task::spawn_blocking(move || {
        let (store, opening) = Store::open(&dir, &settings)?;
        // Ready means that it can store.
        let at = serde_json::to_value(Wall.now()).map_err(|e| OpenError::Io(e.to_string()))?;
        let proof =
            Change { values: vec![("daemon/opened".to_owned(), Some(at))], ..Change::default() };
        match store.commit(proof) {
            Ok(()) => Ok((store, opening)),
            Err(error) if error.is_full() => Err(OpenError::DiskFull),
            Err(error) => Err(OpenError::Io(format!("it cannot be written: {error}"))),
        }
    });
    loop {
        tokio::select! {
            opened = &mut opening => {
                return opened.unwrap_or_else(|panic| Err(OpenError::Io(panic.to_string())));
            }
            () = tokio::time::sleep(AGAIN) => {
                systemd::opening(3 * AGAIN);
                systemd::feed();
            }
        }
    }
}
