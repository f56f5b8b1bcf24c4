//! Everything that runs for one configuration: sets the parts going, and stops them.

use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::desk::Office;
use super::source::{Ground, Source};
use super::{lone, poller, socket, supervise, sweeper, timers, watchdog};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::Client;
use crate::http::lanes::Lanes;
use crate::mail::{self, Courier, Transport};
use crate::store::Store;

/// How long the parts may take to stop; what is not done then is cut off and goes on at the next
/// start. A mail under way ends within this.
const LAST_ORDERS: Duration = Duration::from_millis(4500);

/// Everything that runs for one configuration.
pub struct Running {
    /// What answers are made from.
    pub office: Arc<Office>,
    stop: CancellationToken,
    tasks: TaskTracker,
    parts: Vec<AbortHandle>,
    place: lone::Place,
    config: String,
}

impl Running {
    /// Starts pollers, sweeper, timers, courier and socket, in that order.
    ///
    /// # Errors
    /// If the client, the mail or the socket cannot be set up.
    pub fn start(config: &Config, store: Store, clock: Arc<dyn Clock>) -> Result<Self> {
        let client = Client::new(&config.http).context("setting up HTTP")?;
        for proxy in client.proxies() {
            tracing::warn!(%proxy, "requests go through a proxy");
        }
        let mut office = Office::new(store.clone(), config, clock.clone())?;
        for (account, _) in &config.accounts {
            office.wakers.insert(account.name.clone(), Arc::new(Notify::new()));
        }
        let lanes = Arc::new(Mutex::new(Lanes::new()));
        let ground = Ground { client: client.clone(), clock, store: Some(store), lanes };
        let sources: Vec<Arc<Source>> = config
            .accounts
            .iter()
            .map(|(account, brand)| {
                Arc::new(Source::new(account.clone(), brand.clone(), ground.clone()))
            })
            .collect();
        let (listener, place) = socket::bind(&config.daemon.socket, office.store.dir())?;
        let brands: Vec<&str> = config.brands.iter().map(|b| b.name.as_str()).collect();
        let accounts = match config.accounts.len() {
            1 => "1 account".to_owned(),
            n => format!("{n} accounts"),
        };
        let mut running = Self {
            office: Arc::new(office),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            parts: Vec::new(),
            place,
            config: format!("{accounts} for {}", brands.join(", ")),
        };
        running.set_up(config, sources, client, listener);
        running.tasks.close();
        Ok(running)
    }

    /// Sets every part going. They hold nothing that is lost if one has to be set up anew.
    fn set_up(
        &mut self,
        config: &Config,
        sources: Vec<Arc<Source>>,
        client: Client,
        listener: UnixListener,
    ) {
        let (office, stop) = (self.office.clone(), self.stop.clone());
        for source in &sources {
            let (source, office, stop) = (source.clone(), office.clone(), stop.clone());
            let name = poller::part(&source.account.name);
            self.part(name, move || poller::run(source.clone(), office.clone(), stop.clone()));
        }
        self.part(sweeper::PART.to_owned(), {
            let (office, stop) = (office.clone(), stop.clone());
            move || sweeper::run(sources.clone(), office.clone(), stop.clone())
        });
        self.part(timers::PART.to_owned(), {
            let (office, stop) = (office.clone(), stop.clone());
            move || timers::run(office.clone(), stop.clone())
        });
        let transport = Arc::new(Transport::new(&config.mail.below(&config.daemon.state)));
        self.part("the courier".to_owned(), {
            let (office, stop) = (office.clone(), stop.clone());
            move || {
                let courier = courier(&office, transport.clone());
                office.hire(courier.state());
                courier.run(stop.clone())
            }
        });
        self.part("the watch".to_owned(), {
            let (office, stop, line) = (office.clone(), stop.clone(), self.line());
            move || watchdog::run(office.clone(), line.clone(), stop.clone())
        });
        if let Some(url) = config.daemon.dead_man_url.clone() {
            let (office, stop) = (office.clone(), stop.clone());
            self.part("the dead-man call".to_owned(), move || {
                watchdog::call_home(office.clone(), client.clone(), url.clone(), stop.clone())
            });
        }
        self.part("the socket".to_owned(), move || {
            // The listener is only lent, so that it can be served anew.
            let lent = listener.try_clone();
            let (office, stop) = (office.clone(), stop.clone());
            async move { socket::serve(lent, office, stop).await }
        });
    }

    fn part<Part, Run>(&mut self, name: String, part: Part)
    where
        Part: Fn() -> Run + Send + 'static,
        Run: Future<Output = ()> + Send + 'static,
    {
        let (office, stop) = (self.office.clone(), self.stop.clone());
        self.parts.push(supervise::spawn(&self.tasks, name, office, stop, part));
    }

    /// One line for `systemctl status`.
    pub fn line(&self) -> String {
        format!("polling {}", self.config)
    }

    /// Stops everything; what takes too long is cut off.
    pub async fn stop(self) {
        self.stop.cancel();
        if tokio::time::timeout(LAST_ORDERS, self.tasks.wait()).await.is_err() {
            tracing::warn!("something did not stop in time and was cut off");
            // Two couriers at once would send everything twice.
            self.parts.iter().for_each(AbortHandle::abort);
        }
        self.place.leave();
        let office = self.office.clone();
        let saved = tokio::task::spawn_blocking(move || office.save_sources()).await;
        if let Ok(Err(error)) = saved {
            tracing::warn!("the sources' states were not kept: {error:#}");
        }
    }
}

fn courier(office: &Arc<Office>, transport: Arc<Transport>) -> Courier {
    let clock = office.clock.clone();
    Courier::new(
        Arc::new(office.store.clone()),
        transport,
        office.letterhead.clone(),
        Arc::new(move || clock.now()),
        office.post.clone(),
    )
}

impl mail::Outbox for Store {
    fn due(&self, now: crate::model::Time, limit: usize) -> Result<Vec<crate::model::Entry>> {
        // A mail that was sent and cannot be marked would be sent again.
        self.has_room()?;
        let mut due = self.due_mail(now)?;
        due.truncate(limit);
        Ok(due)
    }

    fn digests(&self) -> Result<Vec<crate::model::Entry>> {
        let mut all = self.due_mail(crate::model::Time(i64::MAX))?;
        all.retain(|entry| matches!(entry.message.purpose, crate::model::Purpose::Digest(_)));
        Ok(all)
    }

    fn update(&self, entry: crate::model::Entry) -> Result<()> {
        Ok(self.update_mail(entry)?)
    }
}
