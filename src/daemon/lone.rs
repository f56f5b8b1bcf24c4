//! One daemon on a store: finds the one that runs, refuses a second one at once, and leaves no
//! traces of one that has stopped.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::config::Daemon;

/// The file in the store's directory that says where the daemon on it can be reached.
const SIGN: &str = "daemon";

/// Where a running daemon can be reached.
pub struct Place {
    socket: PathBuf,
    sign: PathBuf,
}

impl Place {
    /// Writes down that the store in `dir` is reached at `socket`.
    ///
    /// # Errors
    /// The disk's.
    pub fn take(socket: &Path, dir: &Path) -> Result<Self> {
        use std::io::Write as _;
        let sign = dir.join(SIGN);
        let socket = std::path::absolute(socket).context("finding the socket's place")?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&sign)
            .with_context(|| format!("writing {}", sign.display()))?;
        file.write_all(socket.as_os_str().as_encoded_bytes())
            .with_context(|| format!("writing {}", sign.display()))?;
        Ok(Self { socket, sign })
    }

    /// Takes the traces away. What cannot be taken away disturbs nobody.
    pub fn leave(&self) {
        let _ = fs::remove_file(&self.socket);
        let _ = fs::remove_file(&self.sign);
    }
}

/// A connection to the daemon that works on the store in `dir`, and where it was reached; `None` if
/// none does.
///
/// # Errors
/// If one may run but cannot be talked to.
pub fn find(dir: &Path, socket: Option<&Path>) -> Result<Option<(UnixStream, PathBuf)>> {
    let signed = fs::read_to_string(dir.join(SIGN)).ok().map(PathBuf::from);
    let mut places: Vec<PathBuf> = socket.map(Path::to_owned).into_iter().collect();
    places.extend(signed.filter(|place| place.is_absolute() && Some(place.as_path()) != socket));
    for place in places {
        match UnixStream::connect(&place) {
            Ok(stream) => return Ok(Some((stream, place))),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound
                        | io::ErrorKind::ConnectionRefused
                        | io::ErrorKind::NotADirectory
                ) => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(anyhow!(
                    "the daemon's socket {} may not be used by this user; try `sudo`",
                    place.display()
                ));
            }
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context(format!("connecting to the daemon at {}", place.display())));
            }
        }
    }
    Ok(None)
}

/// Refuses at once where a daemon answers. One that is still closing does not, and is waited for.
///
/// # Errors
/// Which one runs, and what can be done.
pub fn refuse_second(config: &Daemon) -> Result<()> {
    // Who may not talk to it cannot be refused by it; the lock of the store decides then.
    let Ok(Some((stream, place))) = find(&config.state, Some(&config.socket)) else {
        return Ok(());
    };
    let who = rustix::net::sockopt::socket_peercred(&stream)
        .map_or_else(|_| "a process".to_owned(), |peer| format!("process {}", peer.pid));
    Err(anyhow!(
        "affinityd runs already ({who}, socket {}); stop it first (`systemctl stop affinityd`), or \
         give this one a `state` and a `socket` of its own in its [daemon] section",
        place.display()
    ))
}
