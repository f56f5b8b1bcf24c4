//! `export` and `erase`.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::ask::Oracle;
use super::show;
use super::{Outcome, Place};
use crate::daemon::Call;

/// `affinityd export …`.
#[derive(Args)]
pub struct Options {
    /// Write here instead of standard output; the file is readable by its owner only
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes everything as JSON lines.
pub fn export(place: &Place, options: &Options) -> Outcome {
    let oracle = Oracle::find(place)?;
    let bar = show::spinner("exporting");
    let mut progress = |lines: u64| bar.set_message(format!("exporting, {lines} lines"));
    match &options.output {
        None => {
            let mut out = Pipe { out: BufWriter::new(std::io::stdout().lock()), is_closed: false };
            let done = oracle
                .export(&mut out, &mut progress)
                .and_then(|()| out.flush().context("writing the export"));
            // `affinityd export | head` is no failure.
            if !out.is_closed {
                done?;
            }
        }
        Some(path) => {
            // Written beside and renamed, so that a broken export never looks whole.
            let part = path.with_extension("part");
            let file: File = std::fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&part)
                .with_context(|| format!("making {}", part.display()))?;
            let mut out = BufWriter::new(file);
            oracle.export(&mut out, &mut progress)?;
            out.flush().context("writing the export")?;
            out.get_ref().sync_all().context("writing the export")?;
            std::fs::rename(&part, path).with_context(|| format!("making {}", path.display()))?;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Remembers whether the reader has gone away: not every error says so.
struct Pipe<W> {
    out: W,
    is_closed: bool,
}

impl<W> Pipe<W> {
    fn note<T>(&mut self, done: std::io::Result<T>) -> std::io::Result<T> {
        self.is_closed |= done.as_ref().is_err_and(|e| e.kind() == ErrorKind::BrokenPipe);
        done
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let done = self.out.write(bytes);
        self.note(done)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let done = self.out.flush();
        self.note(done)
    }
}

/// `affinityd erase …`.
#[derive(Args)]
pub struct Erase {
    /// The platform: mastodon, feed, …
    platform: String,
    /// Author id or handle
    author: String,
    /// Of this brand
    #[arg(long)]
    brand: Option<String>,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

/// Erases a person for good.
pub fn erase(place: &Place, options: Erase) -> Outcome {
    if !options.yes {
        return Err(super::Failure::Usage(format!(
            "erasing `{}` on {} takes all their texts and their name out for good; add `--yes`",
            options.author, options.platform
        )));
    }
    let call = Call::Erase {
        brand: options.brand,
        platform: options.platform,
        author: options.author.trim_start_matches('@').to_owned(),
    };
    let answer = Oracle::find(place)?.ask(call)?;
    if place.json {
        show::json(&answer)?;
    } else {
        show::line(
            &mut show::out(),
            &format!(
                "erased: {} interactions, {} cases; {} waiting mails withdrawn. \
                 They will not be taken in again.",
                answer["interactions"], answer["cases"], answer["mails_withdrawn"]
            ),
        )?;
    }
    Ok(())
}
