//! The directory way: every mail becomes a file. What runs when no mail server is configured, and
//! what the demo and dry runs look into.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use lettre::Address;
use xxhash_rust::xxh3::xxh3_64;

use super::{Built, SendFailure};

/// A directory that mails are put into, one `.eml` a mail and recipient.
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Mails go below this path. It is made, for its owner only, when the first one comes.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Writes a mail under a name that sorts by time and is the same for the same mail and
    /// recipient: a repeat replaces the file. Once it returns, the file is on the disk.
    ///
    /// # Errors
    /// [`super::Scope::Server`] if it could not be written.
    pub async fn send(&self, mail: &Built, to: &Address) -> Result<(), SendFailure> {
        let (path, name, bytes) = (self.path.clone(), file_name(mail, to), mail.bytes.clone());
        let written = tokio::task::spawn_blocking(move || write(&path, &name, &bytes)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                Err(SendFailure::server(format_args!("{}: {error}", self.path.display())))
            }
            Err(error) => Err(SendFailure::server(error)),
        }
    }

    /// Whether mails can be put there.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(&self) -> Result<(), SendFailure> {
        let path = self.path.clone();
        let tried = tokio::task::spawn_blocking(move || {
            make(&path)?;
            let trial = path.join(".probe.tmp");
            create(&trial)?;
            fs::remove_file(trial)
        });
        match tried.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                Err(SendFailure::server(format_args!("{}: {error}", self.path.display())))
            }
            Err(error) => Err(SendFailure::server(error)),
        }
    }
}

fn file_name(mail: &Built, to: &Address) -> String {
    let plain = |text: &str, limit: usize| -> String {
        text.chars()
            .map(|c| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '_' })
            .take(limit)
            .collect()
    };
    // Two ids or recipients may look the same once they are plain; their hash does not.
    let hash = xxh3_64(format!("{}\0{to}", mail.id).as_bytes()) & 0xffff_ffff;
    let at = mail.at.utc().format("%Y%m%dT%H%M%S%3fZ");
    format!("{at}-{}-{}-{hash:08x}.eml", plain(&mail.id, 100), plain(to.as_ref(), 80))
}

fn write(path: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    make(path)?;
    let (half, whole) = (path.join(format!(".{name}.tmp")), path.join(name));
    let mut file = create(&half)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&half, &whole)) {
        // A full disk is not made emptier by half a mail.
        let _ = fs::remove_file(&half);
        return Err(error);
    }
    File::open(path)?.sync_all()
}

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::mail::address;
    use crate::model::Time;

    fn mail(id: &str, at: &str) -> Built {
        Built {
            id: id.to_owned(),
            at: Time::parse(at).unwrap(),
            from: address("care@acme.example").unwrap(),
            bytes: b"Subject: x\r\n\r\nbody\r\n".to_vec(),
        }
    }

    #[tokio::test]
    async fn mails_are_private_files_that_sort_by_time_and_repeat_in_place() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/out");
        let directory = Directory::new(&path);
        let ada = address("ada@acme.example").unwrap();
        let bob = address("bob/etc/x@acme.example").unwrap();
        directory.send(&mail("z@acme.example", "2026-03-04T09:15:00Z"), &ada).await.unwrap();
        directory.send(&mail("z@acme.example", "2026-03-04T09:15:00Z"), &bob).await.unwrap();
        directory.send(&mail("a@acme.example", "2026-03-04T09:15:01Z"), &ada).await.unwrap();
        directory.send(&mail("z@acme.example", "2026-03-04T09:15:00Z"), &ada).await.unwrap();

        let mut names: Vec<String> = fs::read_dir(&path)
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let starts: Vec<&str> = names.iter().map(|n| n.rsplit_once('-').unwrap().0).collect();
        assert_eq!(
            starts,
            [
                "20260304T091500000Z-z@acme.example-ada@acme.example",
                "20260304T091500000Z-z@acme.example-bob_etc_x@acme.example",
                "20260304T091501000Z-a@acme.example-ada@acme.example",
            ]
        );
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join(&names[0]))), (0o700, 0o600));
        assert_eq!(fs::read(path.join(&names[0])).unwrap(), b"Subject: x\r\n\r\nbody\r\n");
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_is_tried_again() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        let directory = Directory::new(home.path().join("file/out"));
        let ada = address("ada@acme.example").unwrap();
        let failure = directory.send(&mail("z@a", "2026-03-04T09:15:00Z"), &ada).await.unwrap_err();
        assert_eq!(failure.class, crate::mail::FailureClass::Retry);
        assert_eq!(directory.probe().await.unwrap_err().scope, crate::mail::Scope::Server);
    }
}
