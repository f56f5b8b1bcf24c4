//! Measures affinityd as it runs for people, beside programs that do the same or as little as can be
//! done, in one run: `cargo bench --bench workloads`. What the lines mean: `benches/README.md`.

#[path = "../corpus/mod.rs"]
#[allow(dead_code, reason = "tests use the rest")]
mod corpus;

mod classify;
mod composite;
mod ingest;
mod mail;
mod peers;
mod platform;
mod poll;
mod process;
mod rest;
mod table;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;

use process::Place;

/// Measures affinityd beside what it is compared with.
#[derive(Parser)]
struct Options {
    /// Store a million items instead of a hundred thousand, and take more time for everything
    #[arg(long)]
    full: bool,
    /// Store so many items instead
    #[arg(long, value_name = "ITEMS")]
    large: Option<u64>,
    /// Keep the larger store in this folder, or take it from there: filling one takes its time
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Rounds of each pair
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// The folder that `benches/peers/setup` filled
    #[arg(long, value_name = "FOLDER")]
    peers: Option<PathBuf>,
    /// Only these of: classify, ingest, rest, poll, mail, peers
    #[arg(value_name = "WORKLOAD")]
    only: Vec<String>,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// How much is done.
pub struct Scale {
    /// Rounds of each pair.
    pub pairs: usize,
    /// Items in the larger store.
    pub large: u64,
    /// How long polls are counted.
    pub poll: Duration,
    /// How long it is watched at rest.
    pub idle: Duration,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // This program again, as the other side of a pair.
    match arguments[..] {
        ["composite", port, blocks, dir] => {
            println!("{}", composite::ingest(port.parse()?, blocks.parse()?, Path::new(dir))?);
            return Ok(());
        }
        ["get", port, times] => {
            println!("{}", composite::get(port.parse()?, times.parse()?)?);
            return Ok(());
        }
        _ => {}
    }
    let options = Options::parse();
    let seconds = |default, full| Duration::from_secs(if options.full { full } else { default });
    let scale = Scale {
        pairs: options.pairs.max(1),
        large: options.large.unwrap_or(if options.full { 1_000_000 } else { 100_000 }),
        poll: seconds(5, 25),
        idle: seconds(20, 60),
    };
    if !scale.large.is_multiple_of(10_000) || scale.large == 0 {
        bail!("--large counts in tens of thousands");
    }
    let is_on = |name: &str| options.only.is_empty() || options.only.iter().any(|o| o == name);
    let dir = tempfile::Builder::new().prefix("affinityd-bench-").tempdir().context("a folder")?;
    let dir = dir.path();
    let begun = Instant::now();
    let mut lines = Vec::new();
    let mut others = peers::Peers::default();
    let step = |what: &str| eprintln!("{:>5.0} s  {what}", begun.elapsed().as_secs_f64());
    if let Some(installed) = options.peers.as_deref().filter(|_| is_on("peers")) {
        step("peers");
        others = peers::run(dir, installed, &scale)?;
    }
    if is_on("classify") {
        step("classifier");
        let peers = options.peers.as_deref().map(Path::canonicalize).transpose();
        lines.extend(classify::run(dir, &scale, peers.context("the peers' folder")?.as_deref())?);
    }
    let large = Place::new(options.keep.as_deref().unwrap_or(dir), "large")?;
    let is_filled = large.0.join("state").exists();
    if is_on("ingest") {
        ensure!(!is_filled, "{} is filled: leave `ingest` out", large.0.display());
        step("ingest");
        lines.extend(ingest::run(dir, &scale, &large)?);
    } else if !is_filled && (is_on("rest") || is_on("poll")) {
        step("filling a store");
        ingest::take(&large, scale.large, ingest::QUIET)?;
    }
    if is_on("rest") {
        step("start and rest");
        lines.extend(rest::run(dir, &scale, &large, others.obsei_start)?);
    }
    if is_on("poll") {
        step("polls");
        lines.extend(poll::run(dir, &scale, &large, &others)?);
    }
    if is_on("mail") {
        step("mail");
        lines.extend(mail::run(dir, &scale)?);
    }
    lines.append(&mut others.lines);
    step("done");
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: String = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    println!("{} pairs; load {load}; medians (least-most)", scale.pairs);
    table::print(&lines);
    Ok(())
}
