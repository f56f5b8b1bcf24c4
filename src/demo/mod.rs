//! `affinityd demo`: a newcomer's first minute. A simulated town talks about an invented bicycle
//! maker, and the daemon does its work on that.
//!
//! The town is written by `texts`, `people`, `history` and `morning` into a `world`, and told over
//! HTTP by `platform` in the JSON of `wire`. `stage` runs the real daemon on it under the clock of
//! `stepping`; `play` tells through `teller` what happens; `papers` are what is left.

mod history;
mod morning;
mod papers;
mod people;
mod platform;
mod play;
mod stage;
mod stepping;
mod teller;
mod texts;
mod wire;
mod world;

use std::fs::{self, DirBuilder};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chrono::{Datelike, Days, NaiveDate, Utc};
use fastrand::Rng;

use crate::clock::Clock;
use crate::model::Entry;
use morning::Morning;
use stage::{Scratch, Stage};
use stepping::Stepping;
use teller::Teller;
use world::World;

/// The day that is played: always the same, so that everybody sees the same. A Thursday.
const DAY: (i32, u32, u32) = (2026, 6, 11);
/// What the town is drawn from.
const SEED: u64 = 11;

/// Runs the demo and tells on `terminal` what happens, with ANSI colours: wrap what is no terminal.
/// Mails, pages and an export are written into `out`, or into a new directory among the system's
/// temporary files; nothing else stays. With `serve` the simulated platform goes on until Ctrl-C,
/// and the day is a recent one.
///
/// # Errors
/// If a directory, a port or the store cannot be used, or the daemon does not do what it should.
pub fn run(out: Option<&Path>, serve: bool, terminal: &mut dyn Write) -> Result<()> {
    crate::http::install_provider();
    // Polls drift apart by chance; here always by the same.
    fastrand::seed(SEED);
    // One thread, so that whoever is woken has had its turn before the clock is looked at again.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    runtime.block_on(demo(out, serve, &mut Teller::new(terminal)))
}

async fn demo(out: Option<&Path>, serve: bool, teller: &mut Teller<'_>) -> Result<()> {
    let day = if serve {
        last_weekday(Utc::now().with_timezone(&history::ZONE).date_naive())
    } else {
        day()
    };
    let (out, scratch) = (output(out)?, Scratch::new("demo-state")?);
    let mut world = World::default();
    history::write(&mut world, day, &mut Rng::with_seed(SEED));
    let morning = morning::write(&mut world, day);
    introduce(day, teller)?;

    let clock = Stepping::new(play::first_start(day));
    let address = platform::start(world, Arc::new(clock.clone())).await?;
    let token = out.join("token");
    stage::write_token(&token)?;
    let place = |dir: &Path| {
        stage::config_text(
            dir,
            &dir.join("mail"),
            &token,
            &format!("http://{address}"),
            morning.live,
        )
    };
    let config = scratch.0.join("affinityd.toml");
    write(&config, &place(&scratch.0))?;
    write(&out.join("affinityd.toml"), &place(&out))?;

    let mails = tokio::select! {
        mails = perform(&config, clock, &morning, &out, teller) => mails?,
        // Not left to the signal's default, so that the store does not stay behind.
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    };
    let names = papers::write_mails(&mails, &scratch.0.join("mail"), &out)?;
    if let Some(digest) =
        mails.iter().find(|mail| matches!(mail.message.purpose, crate::model::Purpose::Digest(_)))
    {
        teller.heading("The digest of that morning, as mailed")?;
        teller.quote(&digest.message.text)?;
    }
    drop(scratch);
    conclude(&out, &names, serve, teller)?;
    if serve { keep_serving(address, &out, teller).await } else { Ok(()) }
}

/// Runs the daemon through the morning and gives the mails it wrote.
async fn perform(
    config: &Path,
    clock: Stepping,
    morning: &Morning,
    out: &Path,
    teller: &mut Teller<'_>,
) -> Result<Vec<Entry>> {
    let stage = Stage::start(config, clock)?;
    let played = play::play(&stage, morning, teller).await;
    let now = stage.clock.now();
    let Stage { running, store, .. } = stage;
    running.stop().await;
    played?;
    papers::write_export(&store, now, &out.join("export.jsonl"))?;
    store.mails().context("reading the mails")
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(DAY.0, DAY.1, DAY.2).unwrap_or_default()
}

/// The last day before that one that is no Saturday or Sunday.
fn last_weekday(today: NaiveDate) -> NaiveDate {
    let back = match today.weekday().number_from_monday() {
        1 => 3,
        7 => 2,
        _ => 1,
    };
    today - Days::new(back)
}

fn output(wanted: Option<&Path>) -> Result<PathBuf> {
    let Some(path) = wanted else { return Ok(Scratch::new("demo")?.keep()) };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("making {}", path.display()))?;
    path.canonicalize().with_context(|| format!("looking for {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn introduce(day: NaiveDate, teller: &mut Teller<'_>) -> Result<()> {
    teller.heading("affinityd demo: all data is SIMULATED")?;
    teller.say(
        "Nimbrel Cycles, the people and the server they write on are invented. The daemon is the \
         real one: it polls that server over HTTP, stores, classifies and mails. Only its clock \
         runs faster, and mail becomes files.",
    )?;
    teller.heading(&format!("{}, Berlin time", day.format("%A %-d %B %Y")))
}

fn conclude(out: &Path, names: &[String], serve: bool, teller: &mut Teller<'_>) -> Result<()> {
    teller.heading(&format!("Files in {}", out.display()))?;
    for name in names {
        teller.item(
            &format!("{name}.html"),
            "as people read it; .eml as it was sent, .txt as text",
        )?;
    }
    teller.item("export.jsonl", "everything stored, as `affinityd export` writes it")?;
    teller.item("affinityd.toml", "the configuration that was used")?;
    teller.heading("Next")?;
    if let Some(first) = names.first() {
        teller.step(&format!(
            "1. Open it in a browser: {}",
            out.join(format!("{first}.html")).display()
        ))?;
    }
    let config = out.join("affinityd.toml");
    teller.step("2. Put your brand, account and mail server into the configuration, then:")?;
    teller.step(&format!("   affinityd check-config --config {}", config.display()))?;
    teller.step("3. README.md says how to install it as a service.")?;
    if !serve {
        teller
            .step("   `affinityd demo --serve` keeps the simulated server up for trying things.")?;
    }
    Ok(())
}

async fn keep_serving(address: SocketAddr, out: &Path, teller: &mut Teller<'_>) -> Result<()> {
    teller.heading(&format!("The simulated server stays at http://{address} until Ctrl-C"))?;
    teller.say("affinityd.toml points to it. In another terminal:")?;
    teller.step(&format!("affinityd run --config {}", out.join("affinityd.toml").display()))?;
    tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_that_is_served_is_a_working_day_in_the_past() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 6, d).expect("a day");
        for (today, wanted) in [(11, 10), (12, 11), (13, 12), (14, 12), (15, 12), (16, 15)] {
            assert_eq!(last_weekday(day(today)), day(wanted), "on the {today}th");
        }
        assert!(super::day().weekday().number_from_monday() <= 5);
    }
}
