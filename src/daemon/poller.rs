//! Reads the streams of one account, each at its interval, page by page.
//!
//! Takes the stream's cursor, asks the platform for a request, has it sent and parsed, and hands
//! what the page before did not tell to `pipeline::ingest`, which commits it together with the next
//! cursor. One account's trouble never touches another's: each has a task of its own.

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use super::desk::Office;
use super::health;
use super::retold::Told;
use super::source::Source;
use crate::http::pace::LONGEST_HOLD;
use crate::model::{Mark, SourceState, Time};
use crate::pipeline::{self, Batch, Ingested};
use crate::platforms::{Ask, Page, Refusal, Stream};

/// Pages read in one round before the other streams of the account get their turn.
const ROUND: usize = 100;

/// The name of an account's part in the log and in the status.
pub fn part(account: &str) -> String {
    format!("polling of {account}")
}

/// Reads an account until told to stop. Its waker polls at once.
pub async fn run(source: Arc<Source>, office: Arc<Office>, stop: CancellationToken) {
    let wake = office.wakers.get(&source.account.name).cloned().unwrap_or_default();
    let streams = source.account.streams();
    // By the steady time: an interval stays one, whatever becomes of the date.
    let mut due = vec![Time(i64::MIN); streams.len()];
    let mut told = vec![Told::default(); streams.len()];
    let pulse = part(&source.account.name);
    loop {
        office.board.beat(&pulse, office.clock.steady());
        if office.disk_is_low() {
            // Better nothing new than a store that cannot be opened: opening writes.
            tracing::error!(account = %source.account.name, "the disk is nearly full: not polling");
            let later = office.clock.steady().plus(Time::MINUTE);
            tokio::select! {
                () = office.clock.sleep_until(later) => continue,
                () = stop.cancelled() => return,
            }
        }
        for ((stream, due), told) in streams.iter().zip(due.iter_mut()).zip(&mut told) {
            if *due > office.clock.steady() || stop.is_cancelled() {
                continue;
            }
            let done = poll(&source, &office, stream, told, &stop).await;
            // Of its own: that another stream is well does not end this one's fault.
            let fault = format!("{pulse}, {}", stream.name);
            *due = office.clock.steady().plus(stream.every + jitter(stream.every));
            match done {
                Ok(next) => {
                    let latest = office.clock.steady().plus(LONGEST_HOLD);
                    *due = next.map_or(*due, |next| next.min(latest).max(*due));
                    office.board.recovered(&fault);
                }
                // The cursor has not moved: the same page is asked for again.
                Err(error) => {
                    tracing::error!(
                        account = %source.account.name, stream = %stream.name,
                        "page not stored: {error:#}"
                    );
                    let said = format!("a page could not be stored: {error:#}");
                    office.board.fault(&fault, said, false, office.clock.now());
                    office.doubt.notify_one();
                }
            }
        }
        let now = office.clock.steady();
        // All of them each time: the clock may have been set since.
        for (stream, due) in streams.iter().zip(&due) {
            note_next(&office, &source.account.name, &stream.name, source.shown(now.max(*due)));
        }
        // A heartbeat at least each half minute, however far away the next poll is.
        let soon = now.plus(30 * Time::SECOND);
        let next = due.iter().copied().fold(soon, Time::min);
        tokio::select! {
            () = office.clock.sleep_until(next) => {}
            () = wake.notified() => due.fill(Time(i64::MIN)),
            () = stop.cancelled() => return,
        }
    }
}

/// Up to a twentieth of the interval, so that accounts drift apart.
fn jitter(every: i64) -> i64 {
    fastrand::i64(0..=(every / 20).max(1))
}

fn note_next(office: &Office, account: &str, stream: &str, next: Time) {
    if let Some((mut state, mark)) = office.board.source(account, stream) {
        state.next_at = Some(next);
        office.board.update(state, mark);
    }
}

/// One round of one stream. Gives the steady time before which it must not be read again, if there is
/// one.
///
/// Told to stop, it gives up a request under way, but never a commit: what was given up half way
/// would end later, beside whatever runs then.
async fn poll(
    source: &Source,
    office: &Arc<Office>,
    stream: &Stream,
    told: &mut Told,
    stop: &CancellationToken,
) -> Result<Option<Time>> {
    let name = &source.account.name;
    let pulse = part(name);
    for _ in 0..ROUND {
        office.board.beat(&pulse, office.clock.steady());
        let (state, mark) =
            office.board.source(name, &stream.name).context("an enlisted source")?;
        let asked = tokio::select! {
            asked = source.page(Ask::Stream(stream), mark.cursor.as_deref()) => asked,
            () = stop.cancelled() => return Ok(None),
        };
        match asked {
            Ok(mut page) => {
                let more = page.more;
                let not_before = page.not_before.map(|until| source.steady(until));
                let state = health::succeeded(state, !page.readings.is_empty(), office.clock.now());
                let (news, tells) = told.news(std::mem::take(&mut page.readings));
                page.readings = news;
                take(source, office, stream, page, state, mark).await?;
                *told = tells;
                // Its quota for streams is used up, or the end was reached; the cursor is kept.
                if !more || not_before.is_some_and(|until| until > office.clock.steady()) {
                    return Ok(not_before);
                }
            }
            Err(refusal) => {
                let now = office.clock.now();
                let mut state = health::failed(state, &refusal, now);
                let next = source.not_before();
                state.next_at = Some(source.shown(next));
                tell(name, stream, &refusal, state.failures);
                save(office, state, mark).await?;
                return Ok(Some(next));
            }
        }
    }
    Ok(None)
}

fn tell(account: &str, stream: &Stream, refusal: &Refusal, failures: u32) {
    match refusal {
        Refusal::RateLimited(_) => {
            tracing::info!(%account, stream = %stream.name, "told to wait");
        }
        Refusal::Unauthorised(_) | Refusal::Gone(_) => {
            tracing::error!(%account, stream = %stream.name, failures, "needs attention: {refusal}");
        }
        _ => tracing::warn!(%account, stream = %stream.name, failures, "not read: {refusal}"),
    }
}

/// Keeps a source's trouble over a restart, the first time it is seen.
async fn save(office: &Arc<Office>, state: SourceState, mark: Mark) -> Result<()> {
    let is_new = state.failures <= 1
        || office
            .board
            .source(&state.account, &state.stream)
            .is_none_or(|(known, _)| known.health != state.health);
    office.board.update(state.clone(), mark);
    if is_new {
        let office = office.clone();
        tokio::task::spawn_blocking(move || office.save_source(&state)).await??;
    }
    Ok(())
}

/// Commits a page with its cursor.
async fn take(
    source: &Source,
    office: &Arc<Office>,
    stream: &Stream,
    page: Page,
    state: SourceState,
    mark: Mark,
) -> Result<()> {
    let now = office.clock.now();
    for spoiled in &page.spoiled {
        tracing::warn!(account = %source.account.name, stream = %stream.name, "left out: {spoiled}");
    }
    let mut gaps = mark.gaps.clone();
    gaps.extend(page.gap.clone());
    let next = Mark {
        cursor: page.cursor.or_else(|| mark.cursor.clone()),
        end_at: if page.end { Some(now) } else { mark.end_at },
        gaps,
    };
    let platform = source.account.platform.to_owned();
    let batch = Batch {
        readings: page.readings,
        around: page.around,
        gone: page.gone.into_iter().map(|id| (platform.clone(), id)).collect(),
        addressed: stream.addressed,
        read_to: mark.end_at,
        mark: Some((state.account.clone(), state.stream.clone(), next.clone())),
        source: Some(state.clone()),
    };
    let ingested = commit(office, &source.brand, batch, now).await?;
    office.board.update(state, next);
    if ingested.new + ingested.changed > 0 {
        tracing::info!(
            account = %source.account.name, stream = %stream.name,
            new = ingested.new, changed = ingested.changed, opened = ingested.opened,
            private = page.private, "page stored"
        );
        office.swept.notify_one();
    }
    Ok(())
}

/// Ingests beside the network, which the store and the classifier must not hold up.
pub async fn commit(
    office: &Arc<Office>,
    brand: &str,
    batch: Batch,
    now: Time,
) -> Result<Ingested> {
    let (turn, brand) = (office.clone(), brand.to_owned());
    let ingest = move || {
        let _turn = turn.turn();
        pipeline::ingest(turn.desk(&brand)?, &batch, now)
    };
    office.worker.run(ingest).await.context("ingest stopped")?
}
