//! Looks after the daemon itself: feeds systemd's watchdog as long as polling, sweeping and the
//! store are alive, notices a store that cannot be written any more, keeps the status line true,
//! and calls the dead-man address after each healthy hour.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use url::Url;

use super::desk::Office;
use super::systemd;
use crate::http::{Access, Client, Request};
use crate::model::{Health, Time};
use crate::store;

/// A part that has not been heard of for so long is stuck.
const LIMIT: i64 = 5 * Time::MINUTE;
/// The store must let a reader and a writer through within this.
const STORE_LIMIT: Duration = Duration::from_secs(20);
/// Everything is looked at this often; more often if the unit's watchdog wants it.
const EVERY: Duration = Duration::from_secs(15);
/// After each healthy stretch of this length the dead-man address is called.
const HEALTHY: i64 = Time::HOUR;

/// Runs until told to stop. `line` is what systemd is told while all is well.
pub async fn run(office: Arc<Office>, line: String, stop: CancellationToken) {
    // A quarter of what the unit allows: one meal left out must not be deadly.
    let every = systemd::watchdog().map_or(EVERY, |limit| (limit / 4).min(EVERY));
    let mut said = line.clone();
    loop {
        match stuck(&office).await {
            None => systemd::feed(),
            // Not fed: systemd restarts us if it stays that way.
            Some(part) => tracing::error!("{part} is stuck: the watchdog is not fed"),
        }
        let now_said = status_line(&office, &line);
        if now_said != said {
            systemd::status(&now_said);
            said = now_said;
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = office.doubt.notified() => {}
            () = stop.cancelled() => return,
        }
        check_store(&office).await;
    }
}

/// After one failed write the engine takes no more: only opening it again helps.
async fn check_store(office: &Arc<Office>) {
    let store = office.store.clone();
    let flushed = tokio::task::spawn_blocking(move || store.flush());
    // One that hangs is found stuck the next time: the watchdog must not hang with it.
    let flushed = tokio::time::timeout(STORE_LIMIT, flushed).await;
    if let Ok(Ok(Err(error))) = flushed {
        office.broken.send_if_modified(|broken| {
            let is_news = broken.is_none();
            broken.get_or_insert(error.to_string());
            is_news
        });
    }
}

/// True, and no more than a look: what `status` finds by reading the outbox is not in it.
fn status_line(office: &Office, line: &str) -> String {
    if office.disk_is_low() {
        return "NOT polling, the disk is nearly full: affinityd status".to_owned();
    }
    let courier = office.courier().unwrap_or_default();
    let mail = [
        courier.login_refused.is_some(),
        courier.outbox_trouble.is_some(),
        office.store.mail_is_held().unwrap_or(false),
    ];
    let ill = office
        .board
        .sources()
        .iter()
        .filter(|(state, _)| state.health == Health::NeedsAttention)
        .count();
    let faults = office.board.faults(office.clock.now()).len();
    match ill + faults + mail.into_iter().filter(|is_ill| *is_ill).count() {
        0 => line.to_owned(),
        1 => format!("{line}; 1 thing needs attention: affinityd status"),
        n => format!("{line}; {n} things need attention: affinityd status"),
    }
}

/// The part that is stuck, if one is.
async fn stuck(office: &Arc<Office>) -> Option<String> {
    let silent = office.board.silent(office.clock.steady().plus(-LIMIT));
    if let Some(part) = silent.into_iter().next() {
        return Some(part);
    }
    let store = office.store.clone();
    let alive = tokio::task::spawn_blocking(move || store.ping());
    match tokio::time::timeout(STORE_LIMIT, alive).await {
        Ok(Ok(Ok(()))) => None,
        // It answers. That it cannot be used is seen to elsewhere: it is opened again.
        Ok(Ok(Err(store::Error::Engine(store::EngineError::Stopped)))) => None,
        Ok(Ok(Err(error))) => Some(format!("the store ({error})")),
        Ok(Err(_)) | Err(_) => Some("the store".to_owned()),
    }
}

/// Calls the dead-man address after each healthy hour, until told to stop.
pub async fn call_home(office: Arc<Office>, client: Client, url: Url, stop: CancellationToken) {
    let mut called_at = office.clock.steady();
    // Who watches may well stand in the same network.
    let host = url.host_str().map(|host| match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    });
    let access = Access { private_hosts: host.into_iter().collect() };
    loop {
        let next = office.clock.steady().plus(Time::MINUTE);
        tokio::select! {
            () = office.clock.sleep_until(next) => {}
            () = stop.cancelled() => return,
        }
        let now = office.clock.steady();
        if now.since(called_at) < HEALTHY || !is_healthy(&office).await {
            continue;
        }
        let request = Request::get(url.clone());
        tokio::select! {
            answer = client.send(&request, &access) => match answer {
                Ok(reply) if reply.status < 400 => called_at = now,
                Ok(reply) => tracing::warn!("the dead-man address says {}", reply.status),
                Err(error) => tracing::warn!("the dead-man address did not answer: {error}"),
            },
            () = stop.cancelled() => return,
        }
    }
}

async fn is_healthy(office: &Arc<Office>) -> bool {
    let office = office.clone();
    let status =
        tokio::task::spawn_blocking(move || super::desk::answer(&office, super::Call::Status))
            .await;
    matches!(status, Ok(Ok(status)) if status["healthy"] == serde_json::Value::Bool(true))
}
