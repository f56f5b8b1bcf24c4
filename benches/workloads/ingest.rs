//! W4 and W5: new items in pages of forty, through the whole daemon, beside the composite.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use affinityd::clock::{Clock as _, Wall};

use crate::Scale;
use crate::corpus::{BLOCK, Corpus, STEP};
use crate::platform::Platform;
use crate::process::{Daemon, Place};
use crate::table::{Line, Runs};

/// After this the first round of every account is over.
const RESTED: Duration = Duration::from_secs(1);
/// After this with nothing new the daemon has cleared up: a minute, and what that takes.
pub const QUIET: Duration = Duration::from_secs(75);
/// Accounts: many for one brand, and as few as get through in time at a page a second each. Each
/// holds a page and a thread, so their number shows in the memory.
const HOSTS: u64 = 40;
/// Items between two looks at the CPU.
const STRETCH: u64 = 10_000;

/// What taking items in came to.
pub struct Taken {
    /// Microseconds of CPU an item: of the whole, of the first and of the last ten thousand.
    pub each: f64,
    first: f64,
    last: f64,
    /// Memory when everything was read, MB; and the most there was.
    memory: (f64, f64),
    /// Bytes stored an item.
    bytes: f64,
    /// After a while without anything new.
    quiet: Quiet,
}

/// What is left when a daemon has cleared up.
struct Quiet {
    memory: f64,
    bytes: f64,
    /// Seconds of CPU that it took.
    cpu: f64,
}

/// The accounts of a configuration, one a host.
fn accounts(place: &Place, ports: &[u16]) -> Result<String> {
    let token = place.token()?;
    let block = |port: &u16| {
        format!(
            "[[platforms.mastodon]]\nname = \"m{port}\"\nurl = \"http://127.0.0.1:{port}\"\n\
             token-file = {token:?}\npoll-notifications = \"1s\"\npoll-posts = \"30d\"\n"
        )
    };
    Ok(ports.iter().map(block).collect())
}

/// A daemon that has logged in everywhere and read what was there, and the platform it reads, which
/// has more to show as soon as it is opened.
fn stage(place: &Place, items: u64) -> Result<(Daemon, Platform)> {
    let blocks = items / BLOCK;
    // A month old at the youngest: younger threads are read again now and then, which is other work.
    let newest = Wall.now().0 - 31 * 86_400_000;
    let corpus = Corpus::new(1, newest - STEP * items as i64);
    let platform = Platform::start(corpus, HOSTS.min(blocks), blocks)?;
    place.configure(&accounts(place, &platform.ports)?)?;
    let mut daemon = Daemon::start(place)?;
    let count = platform.ports.len() as u64;
    daemon.until("every account was read", || platform.greeted() >= count)?;
    thread::sleep(RESTED);
    Ok((daemon, platform))
}

/// Shows everything, and has every account polled at once.
fn show(place: &Place, platform: &Platform) -> Result<()> {
    platform.open();
    let ran = place.command(&["poll"]).output().context("asking for a poll")?;
    ensure!(ran.status.success(), "poll: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(())
}

/// Takes items in, and waits until the daemon has cleared up; the place keeps what was stored.
pub fn take(place: &Place, items: u64, quiet: Duration) -> Result<Taken> {
    let (mut daemon, platform) = stage(place, items)?;
    let begun = daemon.meter.cpu();
    show(place, &platform)?;
    let mut stretches = vec![begun];
    let meter = daemon.meter.clone();
    daemon.until("everything was read", || {
        if platform.stored() * BLOCK >= STRETCH * stretches.len() as u64 {
            stretches.push(meter.cpu());
        }
        platform.is_read()
    })?;
    let ended = meter.cpu();
    let memory = meter.memory();
    let whole = items / STRETCH;
    stretches.truncate(usize::try_from(whole)?);
    stretches.push(ended);
    let bytes = || place.stored() as f64 / items as f64;
    let loaded = bytes();
    thread::sleep(quiet);
    let quiet = Quiet { memory: meter.memory().0, bytes: bytes(), cpu: meter.cpu() - ended };
    daemon.stop()?;
    let stretch = |of: &[f64]| (of[1] - of[0]) * 1e6 / STRETCH as f64;
    Ok(Taken {
        each: (ended - begun) * 1e6 / items as f64,
        first: stretch(&stretches[..2]),
        last: stretch(&stretches[stretches.len() - 2..]),
        memory,
        bytes: loaded,
        quiet,
    })
}

/// The composite on the same blocks, in a process of its own: microseconds an item.
fn composite(dir: &Path, items: u64) -> Result<f64> {
    let blocks = items / BLOCK;
    let platform = Platform::start(Corpus::new(1, 1_767_225_600_000), 1, blocks)?;
    let db = dir.join("composite");
    let _ = std::fs::remove_dir_all(&db);
    let port = platform.ports[0].to_string();
    let ran = Command::new(std::env::current_exe()?)
        .args(["composite", &port, &blocks.to_string()])
        .arg(&db)
        .output()?;
    ensure!(ran.status.success(), "composite: {}", String::from_utf8_lossy(&ran.stderr));
    std::fs::remove_dir_all(&db)?;
    let seconds: f64 = String::from_utf8_lossy(&ran.stdout).trim().parse()?;
    Ok(seconds * 1e6 / items as f64)
}

/// Rotates affinityd and the composite; `large` keeps the larger store for others.
pub fn run(dir: &Path, scale: &Scale, large: &Place) -> Result<Vec<Line>> {
    let (mut ours, mut theirs) = (Runs::default(), Runs::default());
    let mut small = None;
    for round in 0..scale.pairs {
        let place = Place::new(dir, &format!("ingest-{round}"))?;
        theirs.0.push(composite(dir, STRETCH)?);
        let taken = take(&place, STRETCH, Duration::ZERO)?;
        ours.0.push(taken.each);
        small = Some(taken);
        std::fs::remove_dir_all(&place.0)?;
    }
    let beside = composite(dir, scale.large.min(100_000))?;
    let taken = take(large, scale.large, QUIET)?;
    let raw = raw_bytes();
    let n = scale.large;
    let mut lines = vec![
        Line::new("W4 ingest, 10,000 new, an item", "us CPU", ours)
            .beside("composite", theirs)
            .goal("P2", 4.0, 2.0),
        Line::new(format!("W4 ingest, {n} new, an item"), "us CPU", taken.each)
            .beside("composite", beside)
            .goal("P2", 4.0, 2.0),
        Line::new(format!("W5 ingest, last 10,000 of {n}, an item"), "us CPU", taken.last)
            .beside("first 10,000", taken.first)
            .goal("P6", 1.5, 1.2),
        Line::new(format!("W4 memory after it, {n} stored"), "MB", taken.memory.0)
            .goal("P9", 90.0, 64.0),
        Line::new(format!("W4 most memory, {n} stored"), "MB", taken.memory.1),
        Line::new(format!("W4 memory a minute later, {n} stored"), "MB", taken.quiet.memory),
        Line::new(format!("W4 CPU in that minute, {n} stored"), "ms", taken.quiet.cpu * 1e3),
        Line::new(format!("W4 database at once, {n} stored, an item"), "bytes", taken.bytes)
            .beside("its fields", raw),
        Line::new(format!("W4 database then, {n} stored, an item"), "bytes", taken.quiet.bytes)
            .beside("its fields", raw)
            .goal("P11", 2.0, 1.3),
    ];
    if let Some(small) = small {
        lines.push(Line::new("W4 most memory, 10,000 stored", "MB", small.memory.1));
    }
    lines.push(syncs(dir)?);
    Ok(lines)
}

/// Bytes of what is told of an item and kept: ids, addresses, author, words, language, time.
fn raw_bytes() -> f64 {
    let corpus = Corpus::new(1, 0);
    let all: usize = (0..STRETCH)
        .map(|k| {
            let note = crate::corpus::note(&corpus, k);
            let (account, status) = (&note["account"], &note["status"]);
            let length = |value: &serde_json::Value| value.as_str().map_or(0, str::len);
            let is_share = note["type"] == "reblog";
            let author = [&account["acct"], &account["display_name"], &account["url"]];
            let place = [&status["uri"], &status["id"], &status["url"]];
            let words = if is_share { 0 } else { corpus.item(k).text.len() };
            let known = author.into_iter().chain(place).map(length).sum::<usize>();
            known + words + length(&status["language"]) + 8
        })
        .sum();
    all as f64 / STRETCH as f64
}

fn syncs(dir: &Path) -> Result<Line> {
    const ITEMS: u64 = 1_000;
    let place = Place::new(dir, "ingest-syncs")?;
    let (mut daemon, platform) = stage(&place, ITEMS)?;
    let counted = daemon.syncs(|daemon| {
        show(&place, &platform)?;
        daemon.until("everything was read", || platform.is_read())
    })?;
    daemon.stop()?;
    std::fs::remove_dir_all(&place.0)?;
    let each = counted.map_or(f64::NAN, |n| n / (ITEMS / BLOCK) as f64);
    Ok(Line::new("W4 syncs a page with new items", "syncs", each).goal("P14", 2.0, 1.0))
}
