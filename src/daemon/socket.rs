//! The Unix socket: how the command line reaches the store while the daemon holds it.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio_util::sync::CancellationToken;

use super::desk::{self, Call, Office};
use super::lone::Place;

/// The largest call: a chunk of an import.
const LARGEST_CALL: usize = 16 * 1024 * 1024;

/// Connections may end what they are at for so long after the daemon was told to stop.
const LAST_CALL: Duration = Duration::from_secs(2);

/// Opens the socket for the store in `dir`. Only root and the unit's group may speak to it.
///
/// # Errors
/// If the address cannot be bound, with its path.
pub fn bind(path: &Path, dir: &Path) -> Result<(UnixListener, Place)> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("making the socket's directory {}", folder.display()))?;
    }
    // The lock of our store is held, so whoever answers here works on another one.
    if UnixStream::connect(path).is_ok() {
        bail!(
            "another affinityd answers at {}; give each a `socket` of its own in its [daemon] section",
            path.display()
        );
    }
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            return Err(anyhow::Error::new(error)
                .context(format!("removing the old socket {}", path.display())));
        }
    }
    let listener = UnixListener::bind(path)
        .with_context(|| format!("binding the socket {}", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))
        .with_context(|| format!("setting the mode of {}", path.display()))?;
    listener.set_nonblocking(true).context("setting up the socket")?;
    Ok((listener, Place::take(path, dir)?))
}

/// Serves calls until told to stop.
pub async fn serve(
    listener: std::io::Result<UnixListener>,
    office: Arc<Office>,
    stop: CancellationToken,
) {
    let listener = match listener.and_then(tokio::net::UnixListener::from_std) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("the socket: {error}"),
    };
    let router = Router::new()
        .route("/v1/call", post(call))
        .route("/v1/export", get(export))
        .layer(DefaultBodyLimit::max(LARGEST_CALL))
        .with_state(office);
    let told = stop.clone();
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(async move { told.cancelled().await });
    // Somebody who has connected and says nothing must not keep the daemon from stopping.
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_CALL).await;
    };
    tokio::select! {
        done = serving => if let Err(error) = done { tracing::error!("the socket: {error}"); },
        () = late => tracing::debug!("a call was cut off"),
    }
}

async fn call(State(office): State<Arc<Office>>, Json(call): Json<Call>) -> Response {
    let asked = office.clone();
    let answer = tokio::task::spawn_blocking(move || desk::answer(&asked, call)).await;
    match answer {
        Ok(Ok(value)) => Json(value).into_response(),
        Ok(Err(error)) => {
            // Most mistakes are the caller's. If it was the store, that is noticed at once.
            office.doubt.notify_one();
            (StatusCode::BAD_REQUEST, format!("{error:#}")).into_response()
        }
        Err(panic) => {
            office.board.fault("answering", panic.to_string(), true, office.clock.now());
            let said = format!("that is a mistake in affinityd, please report it: {panic}");
            (StatusCode::INTERNAL_SERVER_ERROR, said).into_response()
        }
    }
}

async fn export(State(office): State<Arc<Office>>) -> Response {
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Vec<u8>>>(8);
    tokio::task::spawn_blocking(move || {
        let mut out = Lines { sender: sender.clone(), buffer: Vec::new() };
        let done = office
            .store
            .export(&mut out, office.clock.now(), &mut |_| {})
            .map_err(anyhow::Error::from)
            .and_then(|_| std::io::Write::flush(&mut out).map_err(anyhow::Error::from));
        if let Err(error) = done {
            let broken = std::io::Error::other(format!("{error:#}"));
            let _ = sender.blocking_send(Err(broken));
        }
    });
    let stream = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    axum::body::Body::from_stream(stream).into_response()
}

/// Hands lines over in large pieces.
struct Lines {
    sender: tokio::sync::mpsc::Sender<std::io::Result<Vec<u8>>>,
    buffer: Vec<u8>,
}

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > 64 * 1024 {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let chunk = std::mem::take(&mut self.buffer);
        if chunk.is_empty() {
            return Ok(());
        }
        self.sender
            .blocking_send(Ok(chunk))
            .map_err(|_| std::io::Error::new(std::io::ErrorKind::BrokenPipe, "nobody listens"))
    }
}
