//! The real daemon on fake servers, by a clock that the test moves.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use affinityd::clock::{Clock, Manual, Sleep};
use affinityd::config::{Config, Secrets};
use affinityd::daemon::{Call, Running, answer};
use affinityd::model::{Entry, Purpose, Time};
use affinityd::store::Store;
use serde_json::Value;

use crate::fake_mastodon::Fake;

/// The token of the fake servers; it must never be seen anywhere.
pub const TOKEN: &str = "token-of-acme";

/// A time on or after Monday 9 November 2026, UTC: `09:30`, `tue 09:30`.
pub fn at(text: &str) -> Time {
    let (day, clock) = text.split_once(' ').unwrap_or(("mon", text));
    let day = ["mon", "tue", "wed"].iter().position(|d| *d == day).expect("a day") + 9;
    Time::parse(&format!("2026-11-{day:02}T{clock}:00Z")).expect("a time")
}

/// The configuration for these accounts, with everything below a folder.
pub fn config(dir: &std::path::Path, accounts: &[(&str, &str)]) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = dir.display();
    let token = dir.join("token");
    std::fs::write(&token, TOKEN).expect("written");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).expect("changed");
    let mut text = format!(
        r#"
[[brands]]
id = "acme"
name = "Acme Coffee"
zone = "Europe/Stockholm"
recipients = ["care@acme.example"]

[mail]
from = "Acme Care <affinityd@acme.example>"
directory = "mail"

[daemon]
state = "{path}/state"
socket = "{path}/socket"
"#
    );
    for (name, url) in accounts {
        text.push_str(&format!(
            "\n[[platforms.mastodon]]\nname = \"{name}\"\nurl = \"{url}\"\n\
             token-file = \"{path}/token\"\n"
        ));
    }
    text
}

/// A daemon under test.
pub struct Stage {
    pub dir: tempfile::TempDir,
    pub clock: Manual,
    pub store: Store,
    pub running: Option<Running>,
    config: Config,
    waits: Waits,
}

/// The steady times that the daemon waits for, each as often as somebody does.
type Waits = Arc<Mutex<Vec<Time>>>;

/// The clock of the test as the daemon has it: it tells who waits.
struct Watched {
    clock: Manual,
    waits: Waits,
}

/// With `AFFINITYD_HOLD_UP` set, whoever has asked for the time is held up now and then before using
/// it, as on a machine with too much to do: what goes wrong once in a hundred runs does so in one.
fn hold_up(time: Time) -> Time {
    static IS_WANTED: LazyLock<bool> =
        LazyLock::new(|| std::env::var_os("AFFINITYD_HOLD_UP").is_some());
    if *IS_WANTED && fastrand::u8(0..6) == 0 {
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..6_000)));
    }
    time
}

impl Clock for Watched {
    fn now(&self) -> Time {
        hold_up(self.clock.now())
    }

    fn steady(&self) -> Time {
        hold_up(self.clock.steady())
    }

    fn sleep_until(&self, at: Time) -> Sleep<'_> {
        let wait = Wait::new(at, &self.waits);
        Box::pin(async move {
            self.clock.sleep_until(at).await;
            drop(wait);
        })
    }
}

/// One wait, for as long as it lasts.
struct Wait(Time, Waits);

impl Wait {
    fn new(at: Time, waits: &Waits) -> Self {
        waits.lock().expect("no panic").push(at);
        Self(at, waits.clone())
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = self.1.lock().expect("no panic");
        let place = waits.iter().position(|at| *at == self.0).expect("it was noted");
        waits.swap_remove(place);
    }
}

impl Stage {
    /// Starts it with an account on each of these servers, and lets it read them once.
    pub async fn new(now: Time, accounts: &[(&str, &Fake)]) -> Self {
        Self::settled(now, accounts, |text| text).await
    }

    /// The same with something changed in its configuration.
    pub async fn settled(
        now: Time,
        accounts: &[(&str, &Fake)],
        settle: impl FnOnce(String) -> String,
    ) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let accounts: Vec<(&str, &str)> =
            accounts.iter().map(|(name, fake)| (*name, fake.url.as_str())).collect();
        let text = settle(config(dir.path(), &accounts));
        let stage = Self::on(dir, Manual::new(now), text);
        stage.pass(now).await;
        stage
    }

    /// Starts it with accounts of any kind: `platforms` is their part of the configuration, in which
    /// `{token}` stands for the file of the token.
    pub async fn of(clock: &Manual, platforms: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let token = dir.path().join("token").display().to_string();
        let text = config(dir.path(), &[]) + &platforms.replace("{token}", &token);
        let stage = Self::on(dir, clock.clone(), text);
        stage.pass(clock.now()).await;
        stage
    }

    fn on(dir: tempfile::TempDir, clock: Manual, text: String) -> Self {
        let config = match Config::parse(&dir.path().join("c.toml"), text, Secrets::Needed) {
            Ok((config, _)) => config,
            Err(report) => panic!("{}", report.render(false)),
        };
        let (store, _) = Store::open(&config.daemon.state, &config.store).expect("a store");
        let mut stage = Self { dir, clock, store, running: None, config, waits: Waits::default() };
        stage.start();
        stage
    }

    /// Starts the daemon.
    pub fn start(&mut self) {
        let clock = Arc::new(Watched { clock: self.clock.clone(), waits: self.waits.clone() });
        let running = Running::start(&self.config, self.store.clone(), clock);
        self.running = Some(running.expect("it starts"));
    }

    /// Stops it.
    pub async fn stop(&mut self) {
        self.running.take().expect("it runs").stop().await;
    }

    /// Asks as the command line does.
    pub fn ask(&self, call: Call) -> Value {
        let office = self.running.as_ref().expect("it runs").office.clone();
        tokio::task::block_in_place(|| answer(&office, call)).expect("an answer")
    }

    /// What time it is there.
    pub fn clock_now(&self) -> Time {
        self.clock.now()
    }

    /// The status.
    pub fn status(&self) -> Value {
        self.ask(Call::Status)
    }

    /// One source in the status.
    pub fn source(&self, account: &str, stream: &str) -> Value {
        let status = self.status();
        let sources = status["sources"].as_array().expect("a list");
        let found = sources.iter().find(|s| s["account"] == account && s["stream"] == stream);
        found.unwrap_or_else(|| panic!("no {account}/{stream} in {status}")).clone()
    }

    /// The ids of everything stored, in order, each as often as it is there. Also sees to it that the
    /// store is sound.
    pub fn ids(&self) -> Vec<String> {
        tokio::task::block_in_place(|| {
            let key = self.store.brand("acme", chrono_tz::Europe::Stockholm).expect("the brand");
            let report = self.store.verify(key, &mut |_| {}).expect("looked at");
            assert!(report.is_clean(), "{:?}", report.differences);
            let mut out = Vec::new();
            self.store.export(&mut out, Time(0), &mut |_| {}).expect("exported");
            let text = String::from_utf8(out).expect("JSON is UTF-8");
            let lines = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
            let mut ids: Vec<String> = lines
                .filter(|line: &Value| line["type"] == "interaction")
                .map(|line| {
                    line["id"].as_str().or(line["record"]["id"].as_str()).expect("an id").to_owned()
                })
                .collect();
            ids.sort();
            ids
        })
    }

    /// Sets the clock and waits until no source is due any more. The clock stands meanwhile, or moves
    /// to where a source waits for its turn.
    pub async fn settle(&self, at: Time) {
        self.clock.set(at);
        let office = self.running.as_ref().expect("it runs").office.clone();
        let is_read = || {
            let sources = office.board.sources();
            sources.iter().all(|(state, _)| state.next_at.is_some_and(|next| next > at))
        };
        self.wait("every source", is_read, || self.reach()).await;
    }

    /// The mails of that kind.
    pub fn mails(&self, purpose: &Purpose) -> Vec<Entry> {
        let all = tokio::task::block_in_place(|| self.store.mails()).expect("the outbox");
        all.into_iter().filter(|entry| entry.message.purpose == *purpose).collect()
    }

    /// The files that the courier has put into the mail folder.
    pub fn delivered(&self) -> usize {
        let files = std::fs::read_dir(self.dir.path().join("state/mail"));
        files.map_or(0, |files| files.flatten().filter(|f| is_mail(&f.path())).count())
    }

    /// Waits until it is so. Whoever waits for their turn at a server, which is a second at the most,
    /// gets it; and while nothing happens the clock goes on by a second now and then.
    pub async fn until(&self, what: &str, is_so: impl FnMut() -> bool) {
        self.wait(what, is_so, || Time::SECOND).await;
    }

    /// The same; the clock goes at once to a time for which somebody waits if it is as near as `reach`.
    async fn wait(&self, what: &str, mut is_so: impl FnMut() -> bool, reach: impl Fn() -> i64) {
        let begun = Instant::now();
        for looks in 1.. {
            // Before the look: whoever comes to rest behind it may have made it so.
            let reach = reach();
            if is_so() {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "waited in vain for {what} at {}: {:#}",
                self.clock.now(),
                self.status()
            );
            let first = self.waits().into_iter().min();
            if let Some(left) = first.filter(|left| *left <= reach) {
                self.clock.advance(left);
            } else if looks % 50 == 0 {
                self.clock.advance(Time::SECOND);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// How long each part of the daemon still waits, in ms.
    fn waits(&self) -> Vec<i64> {
        let now = self.clock.steady();
        let waits = self.waits.lock().expect("no panic");
        waits.iter().map(|at| at.since(now)).filter(|left| *left > 0).collect()
    }

    /// Whether every part of the daemon waits for a time to come. One that is still at work would
    /// plan its next round by whatever the clock shows once it is done.
    fn is_at_rest(&self) -> bool {
        let dead_man = usize::from(self.config.daemon.dead_man_url.is_some());
        // Sweeping and the timers beside them.
        self.waits().len() >= self.config.accounts.len() + 2 + dead_man
    }

    /// Waits until nobody has anything to do by this clock; it stands meanwhile.
    pub async fn rest(&self) {
        let begun = Instant::now();
        while !self.is_at_rest() {
            assert!(begun.elapsed() < Duration::from_secs(60), "no rest: {:#}", self.status());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// How far ahead the clock may go at once: while all wait, nothing is to do before the first of
    /// those times.
    fn reach(&self) -> i64 {
        if self.is_at_rest() { Time::MINUTE } else { Time::SECOND }
    }

    /// Sets the clock and waits until every part has done a whole round of its work since then. The
    /// clock is a minute or two further afterwards.
    pub async fn pass(&self, at: Time) {
        self.rest().await;
        self.clock.set(at);
        for _ in 0..2 {
            let (begun, steady) = (self.clock.now(), self.clock.steady());
            let office = self.running.as_ref().expect("it runs").office.clone();
            let is_done = || {
                let sources = office.board.sources();
                let all_read =
                    sources.iter().all(|(state, _)| state.next_at.is_some_and(|at| at > begun));
                all_read && office.board.silent(steady).is_empty() && self.is_at_rest()
            };
            self.wait("every part", is_done, || self.reach()).await;
            self.clock.advance(61 * Time::SECOND);
        }
    }
}

fn is_mail(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|end| end == "eml")
}
