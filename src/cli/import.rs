//! `import`: history from a file, piece by piece, so that a daemon can take it in beside its work.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::ask::{self, Oracle};
use super::pieces::Pieces;
use super::show::{self, text};
use super::{Failure, Outcome, Place};
use crate::daemon::{self, Call};

/// What the file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One interaction a line, as JSON
    Jsonl,
    /// A spreadsheet; name its columns with --map
    Csv,
    /// "Customer Support on Twitter"
    Twcs,
    /// What `affinityd export` wrote, into an empty store
    Export,
}

/// `affinityd import …`.
#[derive(Args)]
pub struct Options {
    /// The file; `-` is standard input
    file: PathBuf,
    /// What it holds
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// For lines that name no brand
    #[arg(long)]
    brand: Option<String>,
    /// For csv: field=column, as often as needed
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<String>,
    /// Stop at the first bad line instead of leaving it out
    #[arg(long)]
    strict: bool,
}

/// Takes a file in.
pub fn import(place: &Place, options: Options) -> Outcome {
    let (input, length) = open(&options)?;
    let bar = show::bar(length, "importing");
    if options.format == Format::Export {
        return restore(place, input, &bar);
    }
    let mut oracle = Oracle::find(place)?;
    let mut total = Total::default();
    let mut pieces = Pieces::new(input, options.format != Format::Jsonl);
    while let Some(piece) = pieces.next().context("reading the file")? {
        if options.strict && !piece.bad.is_empty() {
            total.bad(piece.bad);
            total.stopped = true;
            break;
        }
        let answer = oracle.ask(Call::Import {
            brand: options.brand.clone(),
            format: format!("{:?}", options.format).to_lowercase(),
            map: options.map.clone(),
            text: piece.text,
            skipped: piece.skipped,
            strict: options.strict,
        })?;
        bar.inc(piece.bytes);
        total.bad(piece.bad);
        total.add(&answer);
        if total.stopped {
            break;
        }
    }
    bar.finish_and_clear();
    oracle.compact();
    total.print(place)?;
    if total.stopped { Err(Failure::Unwell) } else { Ok(()) }
}

/// Opens the file and looks at its first bytes: some mistakes are better told once than a line each.
fn open(options: &Options) -> Result<(Box<dyn BufRead>, u64)> {
    let (mut input, length): (Box<dyn BufRead>, u64) = if options.file.as_os_str() == "-" {
        (Box::new(BufReader::with_capacity(256 * 1024, std::io::stdin())), 0)
    } else {
        let file = File::open(&options.file)
            .with_context(|| format!("opening {}", options.file.display()))?;
        let about = file.metadata().context("looking at the file")?;
        if about.is_dir() {
            bail!("{} is a directory; name a file in it", options.file.display());
        }
        (Box::new(BufReader::with_capacity(256 * 1024, file)), about.len())
    };
    let name = options.file.display();
    let start = input.fill_buf().with_context(|| format!("reading {name}"))?;
    match start {
        [] => anstream::eprintln!("note: {name} is empty"),
        [0x1f, 0x8b, ..] => {
            bail!("{name} is compressed; `zcat {name} | affinityd import -` takes it in")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            bail!("{name} is UTF-16 text; save it as UTF-8, in spreadsheets under \"CSV UTF-8\"")
        }
        _ => {}
    }
    if options.format == Format::Jsonl && start.starts_with(b"{\"type\":\"header\"") {
        bail!("{name} is an export; `--format export` takes it back, into an empty store");
    }
    Ok((input, length))
}

#[derive(Default)]
struct Total {
    numbers: [u64; 6],
    bad_lines: Vec<Value>,
    stopped: bool,
}

/// The most bad lines that are told one by one.
const MOST_TOLD: usize = 50;

const COUNTED: [&str; 6] = ["new", "changed", "known", "dropped", "cases_opened", "bad"];

impl Total {
    fn add(&mut self, answer: &Value) {
        for (sum, key) in self.numbers.iter_mut().zip(COUNTED) {
            *sum += answer[key].as_u64().unwrap_or(0);
        }
        self.bad_lines.extend(answer["bad_lines"].as_array().into_iter().flatten().cloned());
        self.stopped |= answer["stopped"] == Value::Bool(true);
    }

    fn bad(&mut self, lines: Vec<(u64, &'static str)>) {
        self.numbers[5] += lines.len() as u64;
        let lines = lines.into_iter().map(|(line, said)| json!({ "line": line, "said": said }));
        self.bad_lines.extend(lines);
    }

    fn print(&self, place: &Place) -> Result<()> {
        if place.json {
            let mut all = serde_json::Map::new();
            for (sum, key) in self.numbers.iter().zip(COUNTED) {
                all.insert(key.to_owned(), Value::from(*sum));
            }
            all.insert("bad_lines".to_owned(), Value::Array(self.bad_lines.clone()));
            all.insert("stopped".to_owned(), Value::Bool(self.stopped));
            return show::json(&Value::Object(all));
        }
        for bad in self.bad_lines.iter().take(MOST_TOLD) {
            anstream::eprintln!("line {}: {}", bad["line"], text(&bad["said"]));
        }
        let [new, changed, known, dropped, opened, bad] = self.numbers;
        let mut out = show::out();
        show::line(
            &mut out,
            &format!(
                "{new} new, {changed} with news, {known} known, {dropped} dropped; {}",
                show::count(opened, "case", "cases")
            ),
        )?;
        if bad > 0 {
            let what = if self.stopped {
                "stopped there; nothing of that piece was taken in"
            } else {
                "left out, the others stand"
            };
            let more = bad.saturating_sub(self.bad_lines.len().min(MOST_TOLD) as u64);
            let more =
                if more > 0 { format!(", {more} of them not listed") } else { String::new() };
            let lines = show::count(bad, "bad line", "bad lines");
            show::line(&mut out, &format!("{lines}{more} ({what})"))?;
        }
        Ok(())
    }
}

/// Takes back what an export wrote.
fn restore(place: &Place, input: Box<dyn BufRead>, bar: &indicatif::ProgressBar) -> Outcome {
    let config = ask::config(place)?;
    let dir = place.store.clone().unwrap_or_else(|| config.daemon.state.clone());
    let socket = place.store.is_none().then_some(config.daemon.socket.as_path());
    if daemon::find_socket(&dir, socket)?.is_some() {
        return Err(Failure::Failed(anyhow::anyhow!(
            "the daemon runs and holds the store; stop it first (`systemctl stop affinityd`), \
             or name an empty directory with `--store DIR`"
        )));
    }
    let (store, _) = crate::store::Store::open(&dir, &config.store)
        .map_err(anyhow::Error::from)
        .context("opening the store")?;
    let mut counted = BufReader::new(Counted { input, bar: bar.clone() });
    let done = store.import_export(&mut counted, &mut |_| {}).map_err(anyhow::Error::from);
    bar.finish_and_clear();
    let done = done.context("restoring the export")?;
    store.hold_mail().map_err(anyhow::Error::from).context("holding the mail")?;
    ask::compact(&store);
    if place.json {
        show::json(&json!({ "interactions": done.interactions }))?;
    } else {
        let posts = show::count(done.interactions, "post", "posts");
        show::line(&mut show::out(), &format!("{posts} restored into {}", dir.display()))?;
        show::line(&mut show::out(), "mail is held until `affinityd release-mail`")?;
    }
    Ok(())
}

struct Counted {
    input: Box<dyn BufRead>,
    bar: indicatif::ProgressBar,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(into)?;
        self.bar.inc(read as u64);
        Ok(read)
    }
}
