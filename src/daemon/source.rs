//! One account on its platform: logs in, waits its turn, sends, and has the reply parsed.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::http::lanes::{Lanes, Scope};
use crate::http::pace::Outcome;
use crate::http::{Access, Client, Reply, Request};
use crate::model::Time;
use crate::platforms::{Account, Ask, Page, Refusal, Scene, Session};
use crate::store::{Change, Store};

/// The longest a task waits for its turn in place; beyond it comes back later.
const PATIENCE: i64 = Time::MINUTE;

/// A session as kept in the store, with the credential it was opened with.
#[derive(Serialize, Deserialize)]
struct Kept {
    session: Session,
    credential: Option<u64>,
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
    session: tokio::sync::Mutex<Option<Session>>,
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
        let kept: Option<Kept> =
            ground.store.as_ref().and_then(|store| store.value(&key(&account.name)).ok().flatten());
        let session = kept
            .filter(|kept| kept.credential == account.connector.credential())
            .map(|kept| kept.session);
        Self { account, brand, host, ground, session: tokio::sync::Mutex::new(session) }
    }

    /// Asks for one page.
    ///
    /// # Errors
    /// Why there is none; an expired session is renewed once before it counts.
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
                    self.send(&request, |reply| {
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

    /// The earliest time at which this account may be asked again.
    pub fn not_before(&self) -> Time {
        let now = self.ground.clock.now();
        self.lanes().next(&self.host, &self.account.name, now).unwrap_or(now)
    }

    fn lanes(&self) -> std::sync::MutexGuard<'_, Lanes> {
        self.ground.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session, opened or renewed if need be. `refused`: one that did not work; if another task
    /// has renewed it meanwhile, that is enough.
    async fn session(&self, refused: Option<&Session>) -> Result<Option<Session>, Refusal> {
        let mut session = self.session.lock().await;
        let now = self.ground.clock.now();
        let is_usable = session
            .as_ref()
            .is_some_and(|s| s.expires_at.is_none_or(|end| end > now.plus(Time::MINUTE)));
        if is_usable && session.as_ref() != refused {
            return Ok(session.clone());
        }
        let mut opened = self.log_in(session.as_ref(), now).await;
        // A session that cannot be renewed any more is opened anew.
        if session.is_some() && matches!(opened, Err(Refusal::Expired)) {
            opened = self.log_in(None, now).await;
        }
        let Some(opened) = opened? else { return Ok(None) };
        self.keep(&opened).await?;
        *session = Some(opened.clone());
        Ok(Some(opened))
    }

    /// Opens a session, or renews `old`; `None` where the platform needs none.
    async fn log_in(&self, old: Option<&Session>, now: Time) -> Result<Option<Session>, Refusal> {
        let Some(request) = self.account.connector.login(old, now) else { return Ok(None) };
        let parse =
            |reply: &Reply| self.account.connector.parse_login(old, reply, self.ground.clock.now());
        self.send(&request, parse).await.map(Some)
    }

    /// Durable before it is used: a refresh token that rotated cannot be asked for twice.
    async fn keep(&self, session: &Session) -> Result<(), Refusal> {
        let Some(store) = self.ground.store.clone() else { return Ok(()) };
        let kept =
            Kept { session: session.clone(), credential: self.account.connector.credential() };
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
    async fn send<T>(
        &self,
        request: &Request,
        parse: impl FnOnce(&Reply) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let turn = self.turn().await?;
        let access = Access { private_host: Some(self.host.clone()) };
        let parsed = match self.ground.client.send(request, &access).await {
            Ok(reply) => parse(&reply),
            Err(error) => Err(Refusal::Unreachable(error.to_string())),
        };
        let (outcome, scope) = match &parsed {
            Ok(_) | Err(Refusal::Expired | Refusal::Gone(_) | Refusal::Unanswerable(_)) => {
                (Outcome::Fine, Scope::Account)
            }
            Err(Refusal::RateLimited(until)) => (Outcome::Wait(*until), Scope::Account),
            Err(Refusal::Unauthorised(_) | Refusal::Malformed { .. }) => {
                (Outcome::Failed, Scope::Account)
            }
            Err(Refusal::Unreachable(_)) => (Outcome::Failed, Scope::Host),
        };
        turn.ends(outcome, scope);
        parsed
    }

    async fn turn(&self) -> Result<Turn<'_>, Refusal> {
        loop {
            let now = self.ground.clock.now();
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
                    return Err(Refusal::RateLimited(Some(next)));
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
        let now = source.ground.clock.now();
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

fn key(account: &str) -> String {
    format!("session/{account}")
}

#[cfg(test)]
mod tests;
