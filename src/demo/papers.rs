//! What the demo leaves behind: each mail as it was sent and as a page, and everything stored.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result};

use crate::model::{Entry, Purpose, Time};
use crate::store::Store;

/// Writes every mail as `.eml`, `.html` and `.txt`, numbered in their order, and gives their names
/// without the ending. `sent` is where the courier put them.
///
/// # Errors
/// If a file cannot be written, or a mail was not sent.
pub fn write_mails(mails: &[Entry], sent: &Path, out: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for (place, Entry { message, .. }) in mails.iter().enumerate() {
        let word = match message.purpose {
            Purpose::Alert => "alert",
            Purpose::Resolved => "resolved",
            Purpose::Digest(_) => "digest",
            Purpose::Source => "source",
            Purpose::Test => "test",
        };
        let name = format!("{}-{word}", place + 1);
        put(out, &format!("{name}.html"), message.html.as_bytes())?;
        put(out, &format!("{name}.txt"), message.text.as_bytes())?;
        put(out, &format!("{name}.eml"), &as_sent(sent, &message.id)?)?;
        names.push(name);
    }
    Ok(names)
}

fn put(out: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = out.join(name);
    fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
}

/// The file of a mail: its name holds the mail's id.
fn as_sent(sent: &Path, id: &str) -> Result<Vec<u8>> {
    let folder = fs::read_dir(sent).with_context(|| format!("looking into {}", sent.display()))?;
    for file in folder {
        let file = file.with_context(|| format!("looking into {}", sent.display()))?;
        if file.file_name().to_string_lossy().contains(id) {
            return fs::read(file.path())
                .with_context(|| format!("reading {}", file.path().display()));
        }
    }
    anyhow::bail!("the mail {id} was not sent")
}

/// Writes everything stored as JSON lines.
///
/// # Errors
/// If the store fails or the file cannot be written.
pub fn write_export(store: &Store, now: Time, path: &Path) -> Result<()> {
    let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
    store
        .export(&mut BufWriter::new(file), now, &mut |_| {})
        .with_context(|| format!("writing {}", path.display()))
}
