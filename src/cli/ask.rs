//! Gets an answer: from the daemon if one runs, else from the store itself.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use super::{Failure, Place};
use crate::clock::Wall;
use crate::config::{Config, Secrets};
use crate::daemon::{self, Call, Office, answer};
use crate::store::{OpenError, Store};

/// How long a store that is in use is waited for, or for a daemon that answers in its place.
const PATIENCE: Duration = Duration::from_secs(5);

/// How soon a daemon is asked again that was not there to hear it.
const AGAIN: Duration = Duration::from_millis(20);

/// What an import leaves behind is worth a compaction from so many percent on.
const LEFT_BEHIND: u64 = 10;

/// Who answers.
pub enum Oracle {
    /// The daemon, over its socket.
    Daemon(PathBuf),
    /// The store, opened here.
    Store(Box<Office>),
}

/// Loads the configuration; mistakes are shown.
pub fn config(place: &Place) -> Result<Config, Failure> {
    match Config::load(&place.config, Secrets::Optional) {
        Ok((config, _)) => Ok(config),
        Err(report) => {
            anstream::eprint!("{}", report.render(true));
            Err(Failure::Config)
        }
    }
}

impl Oracle {
    /// Finds the daemon, or opens the store.
    pub fn find(place: &Place) -> Result<Self, Failure> {
        let config = config(place)?;
        let dir = place.store.clone().unwrap_or_else(|| config.daemon.state.clone());
        let begun = Instant::now();
        loop {
            if !place.offline {
                let socket = place.store.is_none().then_some(config.daemon.socket.as_path());
                if let Some((_, socket)) = daemon::find_socket(&dir, socket)? {
                    return Ok(Self::Daemon(socket));
                }
            }
            match open(&dir, &config) {
                // A daemon that is just starting, or taking over a configuration, answers soon.
                Err(OpenError::InUse { .. }) if begun.elapsed() < PATIENCE => {}
                Err(error) => return Err(explain(error, &dir)),
                Ok(store) => {
                    let office = Office::new(store, &config, Arc::new(Wall))?;
                    return Ok(Self::Store(Box::new(office)));
                }
            }
        }
    }

    /// Asks once.
    pub fn ask(&mut self, call: Call) -> Result<Value> {
        match self {
            Self::Store(office) => answer(office, call),
            Self::Daemon(socket) => {
                let body = serde_json::to_vec(&call).context("writing the call")?;
                let reply = talk(socket, "POST", "/v1/call", body, &mut |_| Ok(()))?;
                serde_json::from_slice(&reply).context("reading the daemon's answer")
            }
        }
    }

    /// Gives back the room that much new has left behind; a daemon does that by itself.
    pub fn compact(&self) {
        if let Self::Store(office) = self {
            compact(&office.store);
        }
    }

    /// Writes an export.
    pub fn export(self, out: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> Result<()> {
        match self {
            Self::Store(office) => {
                office.store.export(out, office.clock.now(), progress)?;
            }
            Self::Daemon(socket) => {
                let mut lines = 0_u64;
                talk(&socket, "GET", "/v1/export", Vec::new(), &mut |chunk| {
                    lines += chunk.iter().filter(|b| **b == b'\n').count() as u64;
                    progress(lines);
                    out.write_all(chunk).context("writing the export")
                })?;
            }
        }
        Ok(())
    }
}

/// Gives back the room that much new has left behind. Where that does not work the daemon does it.
pub fn compact(store: &Store) {
    if let Err(error) = store.compact(LEFT_BEHIND) {
        anstream::eprintln!("note: the store takes more room than it needs: {error}");
    }
}

/// Opens the store where no daemon runs.
fn open(dir: &Path, config: &Config) -> Result<Store, OpenError> {
    let mut settings = config.store.clone();
    settings.lock_wait = settings.lock_wait.min(Duration::from_millis(200));
    let (store, opening) = Store::open(dir, &settings)?;
    for step in &opening.steps {
        anstream::eprintln!("note: {step}");
    }
    Ok(store)
}

/// Whether nobody has read what was asked: whoever closes a Unix socket after reading everything
/// ends the connection, and does not reset it.
fn is_unheard(error: &anyhow::Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
    let mut io = error.chain().filter_map(|e| e.downcast_ref::<std::io::Error>());
    io.any(|e| matches!(e.kind(), ConnectionReset | ConnectionRefused | NotFound))
}

async fn send(
    socket: &Path,
    request: hyper::Request<Full<Bytes>>,
) -> Result<hyper::Response<hyper::body::Incoming>> {
    let stream = UnixStream::connect(socket)
        .await
        .with_context(|| format!("connecting to the daemon at {}", socket.display()))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    sender.send_request(request).await.context("asking the daemon")
}

/// The exit code is the one that the daemon would give.
fn explain(error: OpenError, dir: &Path) -> Failure {
    let is_config = matches!(error, OpenError::NewerSchema { .. } | OpenError::Broken { .. });
    let said = match &error {
        OpenError::InUse { by } => anyhow!(
            "the store in {} is in use by {by}; ask again when that has ended, or, if that is the \
             daemon, without `--offline`",
            dir.display()
        ),
        OpenError::Permission(_) => {
            anyhow!(error).context(format!("opening the store in {}; try `sudo`", dir.display()))
        }
        _ => anyhow!(error).context(format!("opening the store in {}", dir.display())),
    };
    if is_config {
        anstream::eprintln!("{}: {said:#}", super::show::error_word());
        Failure::Config
    } else {
        Failure::Failed(said)
    }
}

/// One call over the socket. `each` gets the body piece by piece; what it does not keep is returned.
fn talk(
    socket: &Path,
    method: &str,
    path: &str,
    body: Vec<u8>,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "affinityd")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let begun = Instant::now();
        let mut reply = loop {
            match send(socket, request.clone()).await {
                // It is taking over a configuration, and answers again soon.
                Err(error) if is_unheard(&error) && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(AGAIN).await;
                }
                said => break said?,
            }
        };
        let is_fine = reply.status().is_success();
        let streams = is_fine && method == "GET";
        let mut whole = Vec::new();
        while let Some(frame) = reply.frame().await {
            let frame = frame.context("the daemon's answer broke off")?;
            let Some(chunk) = frame.data_ref() else { continue };
            if streams {
                each(chunk)?;
            } else {
                whole.extend_from_slice(chunk);
            }
        }
        if !is_fine {
            bail!("{}", String::from_utf8_lossy(&whole));
        }
        Ok(whole)
    })
}
