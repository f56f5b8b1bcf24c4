//! `run`: the daemon.

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::{Failure, Outcome, Place};
use crate::config::{Config, Secrets};
use crate::daemon;

/// Runs the daemon until it is told to stop.
pub fn run(place: &Place) -> Outcome {
    let (mut config, report) = match Config::load(&place.config, Secrets::Needed) {
        Ok(loaded) => loaded,
        Err(report) => {
            eprint!("{}", report.render(std::io::stderr().is_terminal()));
            return Err(Failure::Config);
        }
    };
    if let Some(store) = &place.store {
        config.daemon.state.clone_from(store);
    }
    log(&config);
    for line in report.lines() {
        tracing::warn!("{line}");
    }
    match daemon::run(config) {
        Ok(()) => Ok(()),
        Err(stopped) if stopped.is_config => {
            tracing::error!("{:#}", stopped.error);
            Err(Failure::Config)
        }
        Err(stopped) => Err(Failure::Failed(stopped.error)),
    }
}

/// The journal where there is one, else standard error.
fn log(config: &Config) {
    let filter = EnvFilter::try_from_default_env()
        .or_else(|_| EnvFilter::try_new(&config.daemon.log))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let journal = std::env::var_os("JOURNAL_STREAM")
        .and_then(|_| tracing_journald::layer().ok())
        .map(|layer| layer.with_syslog_identifier("affinityd".to_owned()).boxed());
    let layer = journal.unwrap_or_else(|| {
        let plain = fmt::layer().with_writer(std::io::stderr);
        if config.daemon.log_json {
            plain.json().boxed()
        } else {
            plain.with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed()
        }
    });
    // A second subscriber in one process is a test's; its logs go where the first one said.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
