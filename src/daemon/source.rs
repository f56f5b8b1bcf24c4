//! One account on its platform: logs in, waits its turn, sends, and has the reply parsed.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::http::lanes::{Lanes, Scope};
use crate::http::pace::{LONGEST_HOLD, LONGEST_WAIT, Outcome};
use crate::http::{Access, Body, Client, Reply, Request};
use crate::model::Time;
use crate::platforms::{Account, Ask, Page, Refusal, Scene, Session};
use crate::store::{Change, Store};

/// The longest a task waits for its turn in place; beyond it comes back later.
const PATIENCE: i64 = Time::MINUTE;

/// Logins with a password that may be started within each of these spans. Platforms count them, and
/// lock an account out for a day that has used them up (bluesky: 30 in five minutes, 300 a day).
const LOGINS: [(i64, usize); 2] = [(Time::HOUR, 10), (Time::DAY, 50)];

/// A session as kept in the store, with the credential it was opened with, and when passwords were
/// sent to open one.
#[derive(Serialize, Deserialize)]
struct Kept {
    session: Option<Session>,
    credential: Option<u64>,
    #[serde(default)]
    logins: Vec<Time>,
}

#[derive(Default)]
struct Held {
    session: Option<Session>,
    logins: Vec<Time>,
}

/// What all sources share.
#[derive(Clone)]
pub struct Ground {
    /// The HTTP client.
    pub client: Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where sessions are kept; `None` for a probe, which keeps nothing.
    pub store: Option<Store>,
    /// The paces of hosts and accounts.
    pub lanes: Arc<Mutex<Lanes>>,
}

/// An account that can be asked.
pub struct Source {
    /// The account as configured.
    pub account: Account,
    /// Its brand.
    pub brand: String,
    host: String,
    ground: Ground,
    held: tokio::sync::Mutex<Held>,
}

impl Source {
    /// An account, with the session that was kept for it if its credential is still the same.
    pub fn new(account: Account, brand: String, ground: Ground) -> Self {
        let host = account.connector.host();
        ground.lanes.lock().unwrap_or_else(PoisonError::into_inner).know(
            &host,
            &account.name,
            account.connector.manners(),
        );
        // A server's word to wait holds over a restart, and for every account there.
        let told: Option<Time> =
            ground.store.as_ref().and_then(|store| store.value(&wait_key(&host)).ok().flatten());
        if let Some(told) = told {
            let left = told.since(ground.clock.now());
            // Beyond what can have been kept it was planned by a clock that was wrong; and it is
            // not believed beyond what a server could have said.
            if left <= LONGEST_HOLD {
                let now = ground.clock.steady();
                let until = now.plus(left.min(LONGEST_WAIT));
                let mut lanes = ground.lanes.lock().unwrap_or_else(PoisonError::into_inner);
                lanes.hold((&host, &account.name), until, Scope::Host, now);
            }
        }
        let kept: Option<Kept> =
            ground.store.as_ref().and_then(|store| store.value(&key(&account.name)).ok().flatten());
        let held = kept
            .filter(|kept| kept.credential == account.connector.credential())
            .map(|kept| Held { session: kept.session, logins: kept.logins })
            .unwrap_or_default();
        Self { account, brand, host, ground, held: tokio::sync::Mutex::new(held) }
    }

    /// Asks for one page.
    ///
    /// # Errors
    /// Why there is none. An expired session is renewed once before it counts: as a failure then,
    /// since a server that opens sessions and refuses them would be asked without end.
    pub async fn page(&self, ask: Ask<'_>, cursor: Option<&str>) -> Result<Page, Refusal> {
        let mut refused = None;
        loop {
            let session = match ask {
                // A probe that needs no login shows what works without one.
                Ask::Probe(_) if self.works_without_session(ask) => None,
                _ => self.session(refused.as_ref()).await?,
            };
            let now = self.ground.clock.now();
            let scene = Scene { cursor, session: session.as_ref(), now };
            let request = self.account.connector.request(ask, scene);
            let asked = match request {
                Ok(request) => {
                    let is_first = refused.is_none() && session.is_some();
                    self.send(&request, Outcome::Fine, is_first, |reply| {
                        let scene = Scene { now: self.ground.clock.now(), ..scene };
                        self.account.connector.parse(ask, scene, reply)
                    })
                    .await
                }
                Err(refusal) => Err(refusal),
            };
            match asked {
                Err(Refusal::Expired) if refused.is_none() && session.is_some() => {
                    refused = session
                }
                other => return other,
            }
        }
    }

    fn works_without_session(&self, ask: Ask<'_>) -> bool {
        let scene = Scene { cursor: None, session: None, now: self.ground.clock.now() };
        self.account.connector.request(ask, scene).is_ok()
    }

    /// The earliest steady time at which this account may be asked again.
    pub fn not_before(&self) -> Time {
        let now = self.ground.clock.steady();
        let next = self.lanes().next(&self.host, &self.account.name, now);
        next.unwrap_or(now)
    }

    /// What the clock will show at a steady time if nobody sets it.
    pub fn shown(&self, steady: Time) -> Time {
        self.ground.clock.now().plus(steady.since(self.ground.clock.steady()))
    }

    /// The steady time at which the clock will show a time if nobody sets it: what a server says
    /// by the date is a span for us, and stays that whatever becomes of our date.
    pub fn steady(&self, shown: Time) -> Time {
        self.ground.clock.steady().plus(shown.since(self.ground.clock.now()))
    }

    fn lanes(&self) -> std::sync::MutexGuard<'_, Lanes> {
        self.ground.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session, opened or renewed if need be. `refused`: one that did not work; if another task
    /// has renewed it meanwhile, that is enough.
    async fn session(&self, refused: Option<&Session>) -> Result<Option<Session>, Refusal> {
        let mut held = self.held.lock().await;
        let now = self.ground.clock.now();
        let is_usable = held
            .session
            .as_ref()
            .is_some_and(|s| s.expires_at.is_none_or(|end| end > now.plus(Time::MINUTE)));
        if is_usable && held.session.as_ref() != refused {
            return Ok(held.session.clone());
        }
        let old = held.session.clone();
        let mut opened = self.log_in(&mut held, old.as_ref(), now).await;
        // A session that cannot be renewed any more is opened anew.
        if old.is_some() && matches!(opened, Err(Refusal::Expired)) {
            opened = self.log_in(&mut held, None, now).await;
        }
        let Some(opened) = opened? else { return Ok(None) };
        // Whatever becomes of keeping it: what it replaces is used up.
        held.session = Some(opened.clone());
        self.keep(&held).await?;
        Ok(Some(opened))
    }

    /// Opens a session, or renews `old`; `None` where the platform needs none.
    async fn log_in(
        &self,
        held: &mut Held,
        old: Option<&Session>,
        now: Time,
    ) -> Result<Option<Session>, Refusal> {
        let Some(request) = self.account.connector.login(old, now) else { return Ok(None) };
        if matches!(request.body, Body::Json(_)) {
            self.count_login(held, now).await?;
        }
        let connector = &self.account.connector;
        let parse = |reply: &Reply| match connector.parse_login(old, reply, self.ground.clock.now())
        {
            Ok(session) => Ok(session),
            Err(Refusal::Expired) if old.is_none() => {
                Err(Refusal::Unauthorised("the login is refused".to_owned()))
            }
            Err(refusal) => Err(refusal),
        };
        self.send(&request, Outcome::Undecided, true, parse).await.map(Some)
    }

    /// Notes that a password is about to be sent, before it is: a daemon that is started again and
    /// again must not use up the logins either.
    async fn count_login(&self, held: &mut Held, now: Time) -> Result<(), Refusal> {
        held.logins.retain(|at| (0..Time::DAY).contains(&now.since(*at)));
        if let Some(until) = login_at(&held.logins, now) {
            let place = (self.host.as_str(), self.account.name.as_str());
            let (until, now) = (self.steady(until), self.ground.clock.steady());
            self.lanes().hold(place, until, Scope::Account, now);
            let said = "the server takes the password and then refuses what it opened, again and \
                        again: the next login is put off, since platforms count them";
            return Err(Refusal::Unauthorised(said.to_owned()));
        }
        held.logins.push(now);
        self.keep(held).await
    }

    /// Durable before it is used: a refresh token that rotated cannot be asked for twice.
    async fn keep(&self, held: &Held) -> Result<(), Refusal> {
        let Some(store) = self.ground.store.clone() else { return Ok(()) };
        let kept = Kept {
            session: held.session.clone(),
            credential: self.account.connector.credential(),
            logins: held.logins.clone(),
        };
        let name = key(&self.account.name);
        let saved = tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
            let value = serde_json::to_value(kept)?;
            store.commit(Change { values: vec![(name, Some(value))], ..Change::default() })?;
            Ok(())
        })
        .await;
        match saved {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                Err(Refusal::Unreachable(format!("the session could not be kept: {error}")))
            }
            Err(_) => Err(Refusal::Unreachable("stopping".to_owned())),
        }
    }

    /// Waits for the turn of host and account, sends, and parses; the pace learns from the outcome.
    /// `good`: what it is if all is well. `may_renew`: an expired session leads to another try.
    async fn send<T>(
        &self,
        request: &Request,
        good: Outcome,
        may_renew: bool,
        parse: impl FnOnce(&Reply) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let turn = self.turn().await?;
        let access = Access { private_hosts: vec![self.host.clone()] };
        let parsed = match self.ground.client.send(request, &access).await {
            Ok(reply) => parse(&reply),
            Err(error) => Err(Refusal::Unreachable(error.to_string())),
        };
        let parsed = parsed.map_err(|refusal| without(&request.secrets(), refusal));
        let (outcome, scope) = match &parsed {
            Ok(_) => (good, Scope::Account),
            Err(Refusal::Gone(_) | Refusal::Unanswerable(_)) => (Outcome::Fine, Scope::Account),
            Err(Refusal::Expired) if may_renew => (Outcome::Undecided, Scope::Account),
            Err(Refusal::RateLimited(until)) => (Outcome::Wait(*until), Scope::Host),
            Err(Refusal::Expired | Refusal::Unauthorised(_) | Refusal::Malformed { .. }) => {
                (Outcome::Failed, Scope::Account)
            }
            Err(Refusal::Unreachable(_)) => (Outcome::Failed, Scope::Host),
        };
        turn.ends(outcome, scope);
        if matches!(outcome, Outcome::Wait(_)) {
            self.note_wait().await;
        }
        parsed
    }

    /// Keeps a server's word to wait for the next start.
    async fn note_wait(&self) {
        let Some(store) = self.ground.store.clone() else { return };
        let until = self.lanes().free_at(&self.host, self.ground.clock.steady());
        let until = self.shown(until);
        let value = (wait_key(&self.host), Some(serde_json::json!(until)));
        let saved = tokio::task::spawn_blocking(move || {
            store.commit(Change { values: vec![value], ..Change::default() })
        })
        .await;
        if let Ok(Err(error)) = saved {
            tracing::warn!(account = %self.account.name, "a wait was not kept: {error}");
        }
    }

    async fn turn(&self) -> Result<Turn<'_>, Refusal> {
        loop {
            let now = self.ground.clock.steady();
            let next = {
                let mut lanes = self.lanes();
                let next = lanes.next(&self.host, &self.account.name, now);
                if next.is_some_and(|next| next <= now) {
                    lanes.start(&self.host, &self.account.name, now);
                    return Ok(Turn { source: self, is_over: false });
                }
                next
            };
            match next {
                Some(next) if next.since(now) > PATIENCE => {
                    return Err(Refusal::RateLimited(Some(self.shown(next))));
                }
                Some(next) => self.ground.clock.sleep_until(next).await,
                // As many requests are under way as may be; one that ends makes room.
                None => self.ground.clock.sleep_until(now.plus(50)).await,
            }
        }
    }
}

/// A request under way; makes room again even if it is given up half way.
struct Turn<'a> {
    source: &'a Source,
    is_over: bool,
}

impl Turn<'_> {
    fn ends(mut self, outcome: Outcome, scope: Scope) {
        self.is_over = true;
        let source = self.source;
        let now = source.ground.clock.steady();
        let outcome = match outcome {
            Outcome::Wait(Some(until)) => Outcome::Wait(Some(source.steady(until))),
            other => other,
        };
        let place = (source.host.as_str(), source.account.name.as_str());
        source.lanes().after(place, outcome, scope, now, fastrand::f64());
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.source.lanes().end(&self.source.host, &self.source.account.name);
        }
    }
}

/// The refusal without these secrets: servers repeat what they were sent, and what they say is
/// logged, shown and mailed.
fn without(secrets: &[&str], mut refusal: Refusal) -> Refusal {
    let clean = |said: &mut String| {
        for secret in secrets {
            *said = said.replace(secret, "…");
        }
    };
    match &mut refusal {
        Refusal::RateLimited(_) | Refusal::Expired => {}
        Refusal::Unauthorised(said)
        | Refusal::Unreachable(said)
        | Refusal::Gone(said)
        | Refusal::Unanswerable(said) => clean(said),
        Refusal::Malformed { path, why } => {
            clean(path);
            clean(why);
        }
    }
    refusal
}

/// When the next login may be started; `None`: now.
fn login_at(logins: &[Time], now: Time) -> Option<Time> {
    let waits = LOGINS.into_iter().filter_map(|(span, most)| {
        let mut within: Vec<Time> =
            logins.iter().copied().filter(|at| now.since(*at) < span).collect();
        within.sort_unstable();
        let frees = within.len().checked_sub(most)?;
        Some(within.get(frees)?.plus(span))
    });
    waits.max()
}

fn wait_key(host: &str) -> String {
    format!("wait/{host}")
}

fn key(account: &str) -> String {
    format!("session/{account}")
}

#[cfg(test)]
mod tests;
