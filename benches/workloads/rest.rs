//! W1 and W2: starting, and having nothing to do.

use std::path::Path;
use std::thread;

use anyhow::Result;

use crate::Scale;
use crate::corpus::Corpus;
use crate::platform::Platform;
use crate::poll;
use crate::process::{Daemon, Place};
use crate::table::{Line, Runs};

/// Sources that are configured, and not due for a month.
const SOURCES: u64 = 20;
/// CPU seconds that obsei 1.1.1 takes to start, recorded as in [`poll::RECHECK`].
const OBSEI_START: f64 = 0.5;
/// Memory of changedetection.io 0.60.10 at rest, MB; recorded likewise.
const CHANGEDETECTION: f64 = 94.0;

/// Starts it again and again, then watches it rest.
pub fn run(dir: &Path, scale: &Scale, large: &Place, obsei: Option<f64>) -> Result<Vec<Line>> {
    let platform = Platform::start(Corpus::new(4, 1_767_225_600_000), SOURCES, 0)?;
    let sources = poll::accounts(&platform.ports, "n=1", "30d");
    large.configure(&sources)?;
    // With other accounts than filled it, every waiting case is looked at once: that is not rest.
    let mut first = Daemon::start(large)?;
    first.rested()?;
    first.stop()?;
    let (mut empty, mut full, mut walls) = (Runs::default(), Runs::default(), Runs::default());
    for round in 0..scale.pairs {
        let place = Place::new(dir, &format!("start-{round}"))?;
        place.configure(&sources)?;
        let daemon = Daemon::start(&place)?;
        empty.0.push(daemon.start.0 * 1e3);
        daemon.stop()?;
        std::fs::remove_dir_all(&place.0)?;
        let daemon = Daemon::start(large)?;
        full.0.push(daemon.start.0 * 1e3);
        walls.0.push(daemon.start.1 * 1e3);
        daemon.stop()?;
    }
    let name = if obsei.is_some() { "obsei start" } else { "obsei start, recorded" };
    let obsei = obsei.unwrap_or(OBSEI_START) * 1e3;
    let n = scale.large;
    let mut lines = vec![
        Line::new("W1 start to ready, empty", "ms CPU", empty)
            .beside(name, obsei)
            .goal("P7", 0.1, 0.04),
        Line::new(format!("W1 start to ready, {n} stored"), "ms CPU", full)
            .beside(name, obsei)
            .goal("P7", 0.5, 0.2),
        Line::new(format!("W1 the same, {n} stored, wall"), "ms", walls),
    ];
    let place = Place::new(dir, "idle")?;
    place.configure(&sources)?;
    let (mut small, mut big) = (Daemon::start(&place)?, Daemon::start(large)?);
    for daemon in [&mut small, &mut big] {
        daemon.rested()?;
    }
    let begun = [&small, &big].map(|d| (d.meter.cpu(), d.meter.wakes()));
    thread::sleep(scale.idle);
    let span = scale.idle.as_secs_f64();
    let rest = [&small, &big].map(|d| (d.meter.cpu(), d.meter.wakes(), d.meter.memory().0));
    for ((stored, begun), rest) in [20, n].iter().zip(begun).zip(rest) {
        let stored = format!("{stored} stored");
        lines.push(
            Line::new(
                format!("W2 idle, 20 sources, {stored}"),
                "ms/s",
                (rest.0 - begun.0) * 1e3 / span,
            )
            .goal("P10", 0.5, 0.1),
        );
        lines.push(
            Line::new(format!("W2 idle, {stored}, wake-ups"), "1/s", (rest.1 - begun.1) / span)
                .goal("P10", f64::INFINITY, 1.0),
        );
        lines.push(
            Line::new(format!("W2 idle, {stored}, memory"), "MB", rest.2)
                .beside("changedetection.io, recorded", CHANGEDETECTION)
                .goal("P8", 0.5, 30.0 / CHANGEDETECTION),
        );
    }
    small.stop()?;
    big.stop()?;
    std::fs::remove_dir_all(&place.0)?;
    Ok(lines)
}
