//! What happens by the clock: the digest at its hour, notices about sources, the nightly export,
//! retention.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::desk::Office;
use crate::model::Time;
use crate::pipeline;
use crate::schedule::Schedule;

/// When the nightly work is done, by the clock of the first brand.
const NIGHTLY: &str = "17 3 * * *";
/// Nightly work that was missed is made up for within this time.
const NIGHTLY_GRACE: i64 = 20 * Time::HOUR;
/// Nightly work that failed is tried again after this long.
const NIGHTLY_AGAIN: i64 = Time::HOUR;
/// After a longer time without nightly work nothing is forgotten in the first night.
const LEAP: i64 = 3 * Time::DAY;
/// Where the time of the last nightly work is kept.
const NIGHTLY_KEY: &str = "timer/nightly";
/// How often the sources' states are saved though nothing was found.
const SAVE_EVERY: i64 = Time::HOUR;
/// How often is looked what is due.
const EVERY: i64 = 30 * Time::SECOND;
/// The longest that one of them may take.
const LONGEST: Duration = Duration::from_secs(3600);
/// The name of this part in the log and in the status.
pub const PART: &str = "the timers";

type Job = Arc<dyn Fn(&Office, Time) -> Result<()> + Send + Sync>;

/// Something that is looked after by the clock, and its name for people.
struct Chore {
    name: String,
    run: Job,
    /// After a failure it is left alone for so long.
    again: i64,
    /// Steady.
    not_before: Time,
}

/// Runs until told to stop.
pub async fn run(office: Arc<Office>, stop: CancellationToken) {
    let mut chores = chores(&office);
    loop {
        for chore in &mut chores {
            let now = office.clock.now();
            office.board.beat(PART, office.clock.steady());
            if office.clock.steady() < chore.not_before {
                continue;
            }
            // One chore's trouble, even a panic, does not keep the others from their turn.
            let done = work(&office, chore.run.clone(), now).await;
            match done.map_err(anyhow::Error::from).flatten() {
                Ok(()) => office.board.recovered(&chore.name),
                Err(error) => {
                    tracing::error!("{} failed: {error:#}", chore.name);
                    office.board.fault(&chore.name, format!("{error:#}"), false, now);
                    office.doubt.notify_one();
                    chore.not_before = office.clock.steady().plus(chore.again);
                }
            }
            if stop.is_cancelled() {
                return;
            }
        }
        let next = office.clock.steady().plus(EVERY);
        tokio::select! {
            () = office.clock.sleep_until(next) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Does a chore on a blocking thread. It may take long, but not for ever: then the watchdog starves.
async fn work(office: &Arc<Office>, run: Job, now: Time) -> Result<Result<()>, JoinError> {
    let turn = office.clone();
    let mut work = tokio::task::spawn_blocking(move || run(&turn, now));
    let begun = Instant::now();
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(Duration::from_secs(30)), if begun.elapsed() < LONGEST => {
                office.board.beat(PART, office.clock.steady());
            }
        }
    }
}

fn chores(office: &Office) -> Vec<Chore> {
    let mut all = Vec::new();
    let mut add = |name: String, again: i64, run: Job| {
        all.push(Chore { name, run, again, not_before: Time(i64::MIN) });
    };
    for id in office.brands.keys() {
        let brand = id.clone();
        let name = format!("the digest of brand `{id}`");
        add(name, Time::MINUTE, Arc::new(move |office, now| digest(office, &brand, now)));
        let brand = id.clone();
        let name = format!("telling about sources of brand `{id}`");
        add(name, Time::MINUTE, Arc::new(move |office, now| notices(office, &brand, now)));
    }
    add("the nightly work".to_owned(), NIGHTLY_AGAIN, Arc::new(nightly));
    let saved_at = AtomicI64::new(office.clock.steady().0);
    let save = move |office: &Office, _: Time| {
        let now = office.clock.steady();
        let last = Time(saved_at.load(Ordering::Relaxed));
        if now.since(last) < SAVE_EVERY {
            return Ok(());
        }
        office.save_sources()?;
        saved_at.store(now.0, Ordering::Relaxed);
        Ok(())
    };
    add("keeping the sources' states".to_owned(), Time::MINUTE, Arc::new(save));
    all
}

fn digest(office: &Office, brand: &str, now: Time) -> Result<()> {
    let sources = office.coverage(brand);
    if pipeline::send_digest(office.desk(brand)?, &sources, &office.mail_domain, now)? {
        tracing::info!(%brand, "digest written");
        office.post.notify_one();
    }
    Ok(())
}

fn notices(office: &Office, brand: &str, now: Time) -> Result<()> {
    let sources = office.coverage(brand);
    let sent = pipeline::send_attention(office.desk(brand)?, &sources, &office.mail_domain, now)?;
    if sent > 0 {
        office.post.notify_one();
    }
    Ok(())
}

/// Retention and the export. Both are tried, whatever becomes of the other; both may be repeated.
fn nightly(office: &Office, now: Time) -> Result<()> {
    let Some((brand, _)) = office.brands.values().next() else { return Ok(()) };
    let plan = Schedule::parse(NIGHTLY, brand.zone).context("the nightly schedule")?;
    let last: Option<Time> = office.store.value(NIGHTLY_KEY)?;
    let Some(last) = last else { return office.keep(NIGHTLY_KEY, &now) };
    let Some(due) = plan.missed(last, now, NIGHTLY_GRACE) else { return Ok(()) };
    let mut outcome = Ok(());
    // What is forgotten is gone. A clock that has made a leap may be wrong, so it has until the next
    // night to be put right.
    let is_leap = due.since(last) > LEAP;
    if is_leap {
        tracing::warn!("the last nightly work was done {last}: nothing is forgotten tonight");
    }
    for (brand, key) in office.brands.values().filter(|_| !is_leap) {
        match office.store.retain(*key, now, &office.retention) {
            Ok(done) => tracing::info!(brand = %brand.id, ?done, "retention done"),
            Err(error) => outcome = Err(anyhow::Error::new(error).context("retention")),
        }
    }
    let written = office.store.nightly_export(now).context("the nightly export")?;
    tracing::info!(file = %written.display(), "nightly export written");
    outcome?;
    office.keep(NIGHTLY_KEY, &due)
}
