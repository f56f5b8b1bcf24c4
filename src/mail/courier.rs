//! Empties the outbox: takes what is due, sends it, and writes each answer down before the next
//! mail is touched.
//!
//! A crash can double at most the one mail whose answer was not yet written. If the outbox cannot
//! be written, nothing more is sent until it can. The rules are in `delivery.rs` and `pace.rs`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    FailureClass, Letterhead, Outcome, Pace, Scope, SendFailure, Transport, address, after, build,
    collapse, is_due,
};
use crate::fault;
use crate::model::{DeliveryState, Entry, Purpose, Sending, Time};

/// The stored queue. Its calls may block.
pub trait Outbox: Send + Sync {
    /// At most `limit` entries that may be sent at `now`, most severe first, then oldest.
    ///
    /// # Errors
    /// The store cannot be read.
    fn due(&self, now: Time, limit: usize) -> anyhow::Result<Vec<Entry>>;

    /// Every digest that somebody still waits for, whenever it may be tried again.
    ///
    /// # Errors
    /// The store cannot be read.
    fn digests(&self) -> anyhow::Result<Vec<Entry>>;

    /// Stores how far an entry got; durable once it returns. If the stored entry was held or
    /// withdrawn since it was handed out, that stands and only its deliveries are taken over.
    ///
    /// # Errors
    /// The store cannot be written. The courier asks again until it can.
    fn update(&self, entry: Entry) -> anyhow::Result<()>;
}

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// How the courier is doing, for status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CourierState {
    /// Entries it knows to be waiting: due, or put off by itself.
    pub waiting: usize,
    /// Recipients given up since the start.
    pub dead: u64,
    /// Mails taken since the start.
    pub sent: u64,
    /// What the server said when it last refused our login. A person must act.
    pub login_refused: Option<String>,
    /// What the server said when it last put a mail off.
    pub trouble: Option<String>,
    /// Why the outbox cannot be used. Nothing is sent until it can.
    pub outbox_trouble: Option<String>,
    /// Nothing is sent before that time.
    pub paused_until: Option<Time>,
    /// When a mail was last taken.
    pub last_sent_at: Option<Time>,
}

/// Entries asked for at a time.
const BATCH: usize = 64;
/// After this long a batch is asked for again: entries may have been withdrawn meanwhile.
const FRESH: Duration = Duration::from_secs(2);
/// The outbox is looked at this often even if nobody calls.
const LOOK: i64 = Time::MINUTE;
/// A connection that nobody needs is let go after this long.
const IDLE: Duration = Duration::from_secs(20);
/// When told to stop, the mail under way may take this long to end.
const GRACE: Duration = Duration::from_secs(3);
/// Pause after the outbox could not be read or written.
const STORE_PAUSE: Duration = Duration::from_secs(10);

/// Sends what is in the outbox.
pub struct Courier {
    outbox: Arc<dyn Outbox>,
    transport: Arc<Transport>,
    head: Letterhead,
    clock: Clock,
    wake: Arc<Notify>,
    state: watch::Sender<CourierState>,
    pace: Pace,
    /// Entries known to wait, and until when.
    known: BTreeMap<u64, Time>,
    /// An answer that could not be written yet. Nothing is sent before it is.
    unwritten: Option<Entry>,
}

/// What a look at the outbox came to.
enum Look {
    /// Something was done; look again at once.
    Again,
    /// Nothing to do for so long.
    Rest(Duration),
}

impl Courier {
    /// A courier that has not started. `wake` is called whenever an entry was put into the outbox
    /// or released.
    pub fn new(
        outbox: Arc<dyn Outbox>,
        transport: Arc<Transport>,
        head: Letterhead,
        clock: Clock,
        wake: Arc<Notify>,
    ) -> Self {
        Self {
            outbox,
            transport,
            head,
            clock,
            wake,
            state: watch::Sender::default(),
            pace: Pace::default(),
            known: BTreeMap::new(),
            unwritten: None,
        }
    }

    /// Follows how it is doing.
    pub fn state(&self) -> watch::Receiver<CourierState> {
        self.state.subscribe()
    }

    /// Runs until told to stop; then ends within five seconds, also in the middle of a mail.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut has_sent = false;
        while !stop.is_cancelled() {
            let rest = match self.look(&stop).await {
                Look::Again => {
                    has_sent = true;
                    continue;
                }
                Look::Rest(rest) => rest,
            };
            let (wake, pause) = (self.wake.clone(), rest.min(IDLE));
            tokio::select! {
                () = stop.cancelled() => {}
                () = wake.notified() => {}
                () = sleep(if has_sent { pause } else { rest }) => {
                    if has_sent && rest >= IDLE {
                        self.transport.close().await;
                        has_sent = false;
                    }
                }
            }
        }
        if let Some(entry) = self.unwritten.take() {
            let _ = timeout(Duration::from_millis(500), self.write(entry)).await;
        }
        let _ = timeout(Duration::from_secs(1), self.transport.close()).await;
    }

    async fn look(&mut self, stop: &CancellationToken) -> Look {
        if let Some(entry) = self.unwritten.take()
            && !self.write(entry).await
        {
            return Look::Rest(STORE_PAUSE);
        }
        let now = (self.clock)();
        if let Some(until) = self.pace.server_closed_until(now) {
            self.publish(|state| state.paused_until = Some(until));
            return Look::Rest(span(until.since(now).min(LOOK)));
        }
        self.publish(|state| state.paused_until = None);
        let mut batch = match self.due(now).await {
            Ok(batch) => batch,
            Err(error) => {
                self.store_trouble(&error);
                return Look::Rest(STORE_PAUSE);
            }
        };
        self.learn(&batch, now);
        batch.retain(|entry| is_due(entry, now));
        if batch.is_empty() {
            let next = self.known.values().map(|at| at.since(now)).filter(|ms| *ms > 0).min();
            return Look::Rest(span(next.unwrap_or(LOOK).min(LOOK)));
        }
        let digests = match self.digests(&batch).await {
            Ok(digests) => digests,
            Err(error) => {
                self.store_trouble(&error);
                return Look::Rest(STORE_PAUSE);
            }
        };
        for entry in collapse(&digests, now) {
            batch.retain(|e| e.seq != entry.seq);
            tracing::info!(mail = entry.message.id, "digest withdrawn, a newer one is due");
            self.known.remove(&entry.seq);
            if !self.write(entry).await {
                return Look::Rest(STORE_PAUSE);
            }
        }
        self.send_all(batch, stop).await
    }

    async fn send_all(&mut self, mut batch: Vec<Entry>, stop: &CancellationToken) -> Look {
        // Whatever has failed before comes after what has not: a mail that cannot be sent must not
        // be the one that asks each time whether the server is back.
        batch.sort_by_key(|entry| {
            let waiting = entry.deliveries.iter().filter(|d| d.state == DeliveryState::Waiting);
            let tries = waiting.map(|d| d.attempts).min().unwrap_or_default();
            (tries, Reverse(entry.message.severity), entry.message.at, entry.seq)
        });
        let started = Instant::now();
        for entry in batch {
            if stop.is_cancelled() || started.elapsed() >= FRESH {
                return Look::Again;
            }
            if !self.send(entry, stop).await {
                return Look::Rest(STORE_PAUSE);
            }
            if self.pace.server_closed_until((self.clock)()).is_some() {
                return Look::Again;
            }
        }
        Look::Again
    }

    /// Sends one entry to every recipient whose turn it is. False if an answer could not be
    /// written.
    async fn send(&mut self, entry: Entry, stop: &CancellationToken) -> bool {
        let mut round: Vec<(usize, Outcome)> = Vec::new();
        for (at, delivery) in entry.deliveries.iter().enumerate() {
            let now = (self.clock)();
            if delivery.state != DeliveryState::Waiting {
                continue;
            }
            if stop.is_cancelled() || self.pace.server_closed_until(now).is_some() {
                break;
            }
            if let Some(until) = self.pace.closed_until(&delivery.to, now) {
                round.push((at, Outcome::Closed(until)));
                continue;
            }
            let outcome = tokio::select! {
                outcome = self.post(&entry, &delivery.to) => outcome,
                // Cut off in mid-dialogue: nothing was answered, so nothing is written.
                () = late(stop) => return true,
            };
            self.note(entry.seq, &delivery.to, &outcome);
            round.push((at, outcome));
            if !self.write(self.result(&entry, &round)).await {
                return false;
            }
            fault::pass("courier.marked");
        }
        let only_closed = round.iter().all(|(_, outcome)| matches!(outcome, Outcome::Closed(_)));
        let ends_closed = matches!(round.last(), Some((_, Outcome::Closed(_))));
        if round.is_empty() || !(only_closed || ends_closed) {
            return true;
        }
        self.write(self.result(&entry, &round)).await
    }

    fn result(&self, entry: &Entry, round: &[(usize, Outcome)]) -> Entry {
        after(entry, round, (self.clock)(), fastrand::f64())
    }

    async fn post(&self, entry: &Entry, to: &str) -> Outcome {
        let attempt = async {
            let to = address(to).map_err(SendFailure::bug)?;
            // A panic in the builder costs this mail, not the queue.
            let built = AssertUnwindSafe(|| build(&entry.message, &self.head, &to));
            let built = catch_unwind(built)
                .map_err(|_| SendFailure::bug("the mail could not be built"))??;
            self.transport.send(&built, &to).await
        };
        attempt.await.map_or_else(Outcome::Failed, |()| Outcome::Sent)
    }

    /// Draws the consequences of an answer for the mails to come, and reports it once.
    fn note(&mut self, seq: u64, to: &str, outcome: &Outcome) {
        let now = (self.clock)();
        let failure = match outcome {
            Outcome::Closed(_) => return,
            Outcome::Sent => {
                self.pace.sent(to);
                self.publish(|state| {
                    state.sent += 1;
                    state.last_sent_at = Some(now);
                    (state.login_refused, state.trouble) = (None, None);
                });
                return;
            }
            Outcome::Failed(failure) => failure,
        };
        self.pace.failed(seq, to, failure, now, fastrand::f64());
        let (said, code) = (failure.said.clone(), failure.code);
        let before = self.state.borrow().clone();
        match failure.class {
            FailureClass::Login => {
                if before.login_refused.is_none() {
                    tracing::error!(code, said, "the mail server refuses us, all mail waits");
                }
                self.publish(|state| state.login_refused = Some(said));
            }
            FailureClass::Retry => {
                if before.trouble.is_none() {
                    tracing::warn!(seq, code, said, "mail not taken, will be tried again");
                }
                let is_let_in = failure.scope != Scope::Server;
                self.publish(|state| {
                    state.trouble = Some(said);
                    state.login_refused.take_if(|_| is_let_in);
                });
            }
            FailureClass::Refused | FailureClass::Bug => {
                tracing::error!(seq, code, said, "mail refused for good for one recipient");
                self.publish(|state| state.dead += 1);
            }
        }
    }

    async fn due(&self, now: Time) -> anyhow::Result<Vec<Entry>> {
        let outbox = self.outbox.clone();
        tokio::task::spawn_blocking(move || outbox.due(now, BATCH)).await?
    }

    /// The digests that wait, if one of them is due: an older one that was put off until later
    /// must not arrive after a newer one.
    async fn digests(&self, batch: &[Entry]) -> anyhow::Result<Vec<Entry>> {
        if !batch.iter().any(|entry| matches!(entry.message.purpose, Purpose::Digest(_))) {
            return Ok(Vec::new());
        }
        let outbox = self.outbox.clone();
        tokio::task::spawn_blocking(move || outbox.digests()).await?
    }

    /// Writes an entry; keeps it for later if that fails.
    async fn write(&mut self, entry: Entry) -> bool {
        let (outbox, copy, seq, next_at) =
            (self.outbox.clone(), entry.clone(), entry.seq, entry.next_at);
        let is_open = entry.sending == Sending::Due;
        let written = tokio::task::spawn_blocking(move || outbox.update(copy)).await;
        if let Err(error) = written.map_err(anyhow::Error::from).and_then(|r| r) {
            self.unwritten = Some(entry);
            self.store_trouble(&error);
            return false;
        }
        if is_open {
            self.known.insert(seq, next_at);
        } else {
            self.known.remove(&seq);
        }
        let waiting = self.known.len();
        self.publish(|state| state.waiting = waiting);
        true
    }

    /// Keeps count of what waits. An entry that should be in this batch and is not has ended
    /// elsewhere.
    fn learn(&mut self, batch: &[Entry], now: Time) {
        self.publish(|state| state.outbox_trouble = None);
        if batch.len() < BATCH {
            self.known.retain(|_, next_at| *next_at > now);
        }
        self.known.extend(batch.iter().map(|entry| (entry.seq, entry.next_at)));
        let waiting = self.known.len();
        self.publish(|state| state.waiting = waiting);
    }

    fn store_trouble(&self, error: &anyhow::Error) {
        let said = format!("{error:#}");
        if self.state.borrow().outbox_trouble.is_none() {
            tracing::error!(error = said, "outbox not usable, no mail is sent");
        }
        self.publish(|state| state.outbox_trouble = Some(said));
    }

    fn publish(&self, change: impl FnOnce(&mut CourierState)) {
        self.state.send_if_modified(|state| {
            let before = state.clone();
            change(state);
            *state != before
        });
    }
}

/// Ends some time after the order to stop.
async fn late(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(GRACE).await;
}

fn span(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis.max(1)).unwrap_or(1))
}
