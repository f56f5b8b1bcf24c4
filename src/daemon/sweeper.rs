//! Watches the clocks of waiting cases: after each commit and each minute, has due cases looked up
//! afresh, and lets `pipeline::sweep` write the mails. Then the store may tidy up a little.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use super::desk::Office;
use super::poller;
use super::source::Source;
use crate::memory;
use crate::model::{Reach, Time};
use crate::notify::LookUp;
use crate::pipeline::{self, Batch, LastSweep, Looked, Wanted};
use crate::platforms::{Ask, Page, Refusal, Target};
use crate::store::{self, Compacted, Store};

/// Looking up and deciding again, at most so often in one go.
const ROUNDS: usize = 3;
/// Pages of one look-up; a thread that is longer was read far enough.
const PAGES: usize = 20;
/// Look-ups in one round, so that a storm does not hold up the mails: what is not reached counts
/// as not checked, and is told as that after ten minutes.
const MOST: usize = 40;

/// Look-ups of one round begin within this time, for the same reason.
const LONGEST_ROUND: Duration = Duration::from_secs(120);
/// Batches that the store packs in one turn.
const BATCHES: usize = 16;
/// Where no minute passes without news, what they leave behind is cleared up so often all the same,
/// in ms.
const CLEAR_UP_EVERY: i64 = 6 * Time::HOUR;
/// By so many percent the database may grow before it is compacted.
const MAY_GROW: u64 = 50;

/// A sweep reads every case that may be due. While pages come in one after the other, sweeping takes
/// a tenth of the time at most this way, and no alert is later by more than the longest rest.
const RESTS: u32 = 9;
const SHORTEST_REST: Duration = Duration::from_millis(250);
const LONGEST_REST: Duration = Duration::from_millis(1_500);
/// The name of this part in the log and in the status.
pub const PART: &str = "sweeping";

/// Sweeps until told to stop.
pub async fn run(sources: Vec<Arc<Source>>, office: Arc<Office>, stop: CancellationToken) {
    let mut looked = Looked::default();
    let mut sweeps: BTreeMap<String, LastSweep> = BTreeMap::new();
    // The start has left something behind.
    let (mut is_untidy, mut cleared_at) = (true, office.clock.now());
    loop {
        let begun = Instant::now();
        let mut is_fine = true;
        for brand in office.brands.keys() {
            office.board.beat(PART, office.clock.steady());
            let last = sweeps.entry(brand.clone()).or_default();
            if let Err(error) = sweep(&sources, &office, brand, &mut looked, last, &stop).await {
                is_fine = false;
                tracing::error!(%brand, "sweep: {error:#}");
                let said = format!("no alert can be decided for brand `{brand}`: {error:#}");
                office.board.fault(PART, said, false, office.clock.now());
                office.doubt.notify_one();
            }
            if stop.is_cancelled() {
                return;
            }
        }
        if is_fine {
            office.board.recovered(PART);
        }
        tidy(&office, seal).await;
        let next = office.clock.steady().plus(Time::MINUTE);
        let rest = (begun.elapsed() * RESTS).clamp(SHORTEST_REST, LONGEST_REST);
        let is_told = tokio::select! {
            () = office.clock.sleep_until(next) => false,
            () = office.swept.notified() => true,
            () = stop.cancelled() => return,
        };
        let now = office.clock.now();
        if is_untidy && (!is_told || now.since(cleared_at) > CLEAR_UP_EVERY) {
            tidy(&office, clear_up).await;
            (is_untidy, cleared_at) = (false, now);
        }
        if is_told {
            is_untidy = true;
            tokio::select! {
                () = office.clock.pause(rest) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

/// Nothing is due any more: the store may do a little of the work that waits for idle time.
fn seal(store: &Store) -> Result<(), store::Error> {
    // A few batches of some milliseconds each: a large backlog is worked off in hours, not days.
    let mut all = 0;
    for _ in 0..BATCHES {
        match store.seal()? {
            0 => break,
            sealed => all += sealed,
        }
    }
    if all > 0 {
        tracing::debug!(sealed = all, "older interactions packed");
    }
    Ok(())
}

/// Nothing has come in for a minute, or too much for hours: what that has left behind on the disk and
/// in memory is given back.
fn clear_up(store: &Store) -> Result<(), store::Error> {
    if let Some(Compacted { before, after }) = store.compact(MAY_GROW)? {
        tracing::info!(before_mb = before >> 20, after_mb = after >> 20, "database compacted");
    }
    memory::give_back();
    Ok(())
}

async fn tidy(office: &Arc<Office>, work: fn(&Store) -> Result<(), store::Error>) {
    let turn = office.clone();
    match office.worker.run(move || work(&turn.store)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::error!("the store was not tidied: {error}");
            office.doubt.notify_one();
        }
        Err(error) => tracing::error!("the store was not tidied: {error}"),
    }
}

async fn sweep(
    sources: &[Arc<Source>],
    office: &Arc<Office>,
    brand: &str,
    looked: &mut Looked,
    last: &mut LastSweep,
    stop: &CancellationToken,
) -> Result<()> {
    forget_old(looked, office.clock.now());
    for _ in 0..ROUNDS {
        let swept = {
            let (turn, brand, known) = (office.clone(), brand.to_owned(), looked.clone());
            let mut left = std::mem::take(last);
            let sweep = move || {
                let (now, readable) = (turn.clock.now(), turn.readable(&brand));
                let (desk, domain) = (turn.desk(&brand)?, &turn.mail_domain);
                let swept = pipeline::sweep(desk, &readable, &known, &mut left, domain, now)?;
                anyhow::Ok((swept, left))
            };
            let swept;
            (swept, *last) = office.worker.run(sweep).await.context("the sweep stopped")??;
            swept
        };
        if swept.mails > 0 {
            office.post.notify_one();
        }
        report_withheld(office, brand, swept.withheld);
        if swept.wanted.is_empty() {
            return Ok(());
        }
        look_up(sources, office, brand, swept.wanted, looked, stop).await;
        if stop.is_cancelled() {
            return Ok(());
        }
    }
    Ok(())
}

/// Says in the log and in the status that alerts wait because the outbox is full.
fn report_withheld(office: &Office, brand: &str, cases: u64) {
    let part = format!("alerts of brand `{brand}`");
    if cases == 0 {
        office.board.recovered(&part);
        return;
    }
    let now = office.clock.now();
    let what = if cases == 1 { "1 case".to_owned() } else { format!("{cases} cases") };
    let said = format!(
        "the outbox is full, so nobody is told about {what} until mails can leave; what has come \
         up by then is told together"
    );
    let is_known = office.board.faults(now).iter().any(|(known, _)| *known == part);
    if !is_known {
        tracing::error!(%brand, cases, "the outbox is full, alerts are withheld");
    }
    office.board.fault(&part, said, false, now);
    office.doubt.notify_one();
}

async fn look_up(
    sources: &[Arc<Source>],
    office: &Arc<Office>,
    brand: &str,
    wanted: Vec<Wanted>,
    looked: &mut Looked,
    stop: &CancellationToken,
) {
    let begun = Instant::now();
    for (place, want) in wanted.iter().enumerate() {
        office.board.beat(PART, office.clock.steady());
        let done = if place < MOST && begun.elapsed() < LONGEST_ROUND {
            by_any(sources, office, brand, want, stop).await
        } else {
            Err(Refusal::RateLimited(None))
        };
        if stop.is_cancelled() {
            return;
        }
        let now = office.clock.now();
        let known = looked.entry(want.case.clone()).or_default();
        match done {
            Ok(()) => *known = LookUp { checked_at: Some(now), failing_since: None },
            Err(refusal) => {
                tracing::debug!(case = %want.case, "not looked up: {refusal}");
                known.failing_since.get_or_insert(now);
            }
        }
    }
}

/// Asks the accounts that could know, one after the other, until one does.
async fn by_any(
    sources: &[Arc<Source>],
    office: &Arc<Office>,
    brand: &str,
    want: &Wanted,
    stop: &CancellationToken,
) -> Result<(), Refusal> {
    let mut last = Refusal::Unreachable("no account can look it up".to_owned());
    let able = sources.iter().filter(|source| {
        source.brand == brand
            && source.account.platform == want.platform
            && source.account.connector.capabilities().answers != Reach::No
    });
    for source in able {
        match one(source, office, &want.target, stop).await {
            Ok(()) => return Ok(()),
            Err(refusal) => last = refusal,
        }
    }
    Err(last)
}

/// What was looked up a month ago is nobody's business any more. And what is of a time that is
/// still to come is of a clock that was wrong: nobody knows how old it is.
fn forget_old(looked: &mut BTreeMap<String, LookUp>, now: Time) {
    let is_known =
        |at: Option<Time>| at.is_none_or(|at| (0..35 * Time::DAY).contains(&now.since(at)));
    looked.retain(|_, look| is_known(look.checked_at) && is_known(look.failing_since));
}

/// Reads one interaction and its thread again, and takes in what was found.
async fn one(
    source: &Source,
    office: &Arc<Office>,
    target: &Target,
    stop: &CancellationToken,
) -> Result<(), Refusal> {
    let mut cursor = None;
    for _ in 0..PAGES {
        office.board.beat(PART, office.clock.steady());
        let page = tokio::select! {
            page = source.page(Ask::LookUp(target), cursor.as_deref()) => page?,
            () = stop.cancelled() => return Err(Refusal::RateLimited(None)),
        };
        let Page { readings, around, gone, more, cursor: next, .. } = page;
        let platform = source.account.platform.to_owned();
        let batch = Batch {
            readings,
            around,
            gone: gone.into_iter().map(|id| (platform.clone(), id)).collect(),
            addressed: true,
            ..Batch::default()
        };
        let now = office.clock.now();
        poller::commit(office, &source.brand, batch, now)
            .await
            .map_err(|error| Refusal::Unreachable(format!("not stored: {error:#}")))?;
        if !more {
            return Ok(());
        }
        cursor = next;
    }
    Ok(())
}
