//! W3 and W5: polls of feeds of 100 items, none of them new.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::Scale;
use crate::corpus::Corpus;
use crate::peers::Peers;
use crate::platform::Platform;
use crate::process::{Daemon, Place};
use crate::table::{Line, Runs};

/// Feeds that are polled once a second each.
const FEEDS: u64 = 40;
/// A recheck of one page by changedetection.io 0.60.10, its own API call among it, milliseconds of
/// CPU on the machine of the goals; taken where it is not installed.
pub const RECHECK: f64 = 15.0;

/// How the feed answers a poll that has nothing new.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// 304.
    Tagged,
    /// 200 and the same bytes.
    Plain,
    /// 200 and other bytes, with the same items in them.
    Changed,
}

impl Way {
    fn word(self) -> &'static str {
        match self {
            Self::Tagged => "tagged",
            Self::Plain => "plain",
            Self::Changed => "changed",
        }
    }
}

/// Feeds as accounts, each on a host of its own.
pub fn accounts(ports: &[u16], query: &str, every: &str) -> String {
    let block = |port: &u16| {
        format!(
            "[[platforms.feed]]\nname = \"f{port}\"\nurl = \"http://127.0.0.1:{port}/feed?{query}\"\n\
             poll-feed = \"{every}\"\n"
        )
    };
    ports.iter().map(block).collect()
}

/// Syncs are counted for so long. The watch over the store syncs each 15 seconds, polls or not: at
/// most so often within that time.
const COUNTED: Duration = Duration::from_secs(29);
const WATCHED: f64 = 2.0;

/// Polls for so long; microseconds of CPU a poll, and syncs a poll if `strace` can count them.
fn polls(place: &Place, way: Way, span: Duration, counted: bool) -> Result<(f64, Option<f64>)> {
    let platform = Platform::start(Corpus::new(3, 1_767_225_600_000), FEEDS, 0)?;
    let query = format!("n=100&as={}", way.word());
    // The first poll of each stores its items, and leaves work to be done when there is time.
    place.configure(&accounts(&platform.ports, &query, "30d"))?;
    let mut first = Daemon::start(place)?;
    first.until("every feed was read", || platform.polled() >= FEEDS)?;
    first.rested()?;
    first.stop()?;
    place.configure(&accounts(&platform.ports, &query, "1s"))?;
    let mut daemon = Daemon::start(place)?;
    daemon.until("every feed was read again", || platform.polled() >= 4 * FEEDS)?;
    if counted {
        let before = platform.polled();
        let syncs = daemon.syncs(|_| {
            thread::sleep(span);
            Ok(())
        })?;
        let polls = (platform.polled() - before) as f64;
        daemon.stop()?;
        return Ok((f64::NAN, syncs.map(|n| (n - WATCHED).max(0.0) / polls)));
    }
    let (before, begun) = (platform.polled(), daemon.meter.cpu());
    thread::sleep(span);
    let (polls, used) = (platform.polled() - before, daemon.meter.cpu() - begun);
    ensure!(polls > 0, "nothing was polled");
    daemon.stop()?;
    Ok((used * 1e6 / polls as f64, None))
}

/// The same in a program that only fetches and parses: microseconds.
fn floor() -> Result<f64> {
    let platform = Platform::start(Corpus::new(3, 1_767_225_600_000), 1, 0)?;
    let port = platform.ports[0].to_string();
    let ran = Command::new(std::env::current_exe()?).args(["get", &port, "300"]).output()?;
    ensure!(ran.status.success(), "get: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(String::from_utf8_lossy(&ran.stdout).trim().parse::<f64>()? * 1e6)
}

/// Every way, and on the larger store.
pub fn run(dir: &Path, scale: &Scale, large: &Place, peers: &Peers) -> Result<Vec<Line>> {
    let ways = [
        (Way::Tagged, "W3 poll of 100 items, none new, 304"),
        (Way::Plain, "W3 the same, 200 and the same bytes"),
        (Way::Changed, "W3 the same, 200 and other bytes"),
    ];
    let rounds = scale.pairs.div_ceil(2);
    let mut runs = [Runs::default(), Runs::default(), Runs::default()];
    let (mut stored, mut floors) = (Runs::default(), Runs::default());
    for round in 0..rounds {
        for ((way, _), runs) in ways.iter().zip(&mut runs) {
            let place = Place::new(dir, &format!("poll-{round}"))?;
            runs.0.push(polls(&place, *way, scale.poll, false)?.0);
            std::fs::remove_dir_all(&place.0)?;
        }
        stored.0.push(polls(large, Way::Changed, scale.poll, false)?.0);
        floors.0.push(floor()?);
    }
    let place = Place::new(dir, "poll-syncs")?;
    let syncs = polls(&place, Way::Changed, COUNTED, true)?.1;
    std::fs::remove_dir_all(&place.0)?;
    let name = match peers.recheck {
        Some(_) => "changedetection.io",
        None => "changedetection.io, recorded",
    };
    let recheck = peers.recheck.unwrap_or(RECHECK) * 1000.0;
    let mut lines: Vec<Line> = ways
        .iter()
        .zip(&runs)
        .map(|((_, what), runs)| {
            let line = Line::new(*what, "us CPU", runs.clone()).beside(name, recheck);
            line.goal("P1", 0.1, 1.0 / 15.0)
        })
        .collect();
    for name in ["newsboat", "rss2email", "obsei"] {
        let of = peers.polls.iter().filter(|(peer, _)| *peer == name).map(|(_, ms)| ms * 1e3);
        let of = Runs(of.collect());
        if !of.0.is_empty() {
            let line = Line::new("W3 200 and other bytes", "us CPU", runs[2].clone());
            lines.push(line.beside(name, of));
        }
    }
    lines.push(
        Line::new("W3 200 and other bytes, over the floor", "us CPU", runs[2].clone())
            .beside("one GET and parse", floors),
    );
    lines.push(
        Line::new(format!("W5 the same with {} stored", scale.large), "us CPU", stored)
            .beside("4,000 stored", runs[2].clone())
            .goal("P5", 1.2, 1.05),
    );
    let line = Line::new("W3 syncs a poll without new items", "syncs", syncs.unwrap_or(f64::NAN));
    lines.push(line.goal("P14", 0.0, 0.0));
    Ok(lines)
}
