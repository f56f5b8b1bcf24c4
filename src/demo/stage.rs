//! Runs the daemon, as it is, against the simulated platform, and moves the clock.
//!
//! Nothing of the daemon is replaced but the time: configuration file, connector, HTTP, store,
//! sweep and courier are those of `affinityd run`, with mail written to a directory.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::history::ZONE;
use super::platform::TOKEN;
use super::stepping::Stepping;
use super::world::HOME;
use crate::clock::Clock;
use crate::config::{Config, Secrets};
use crate::daemon::Running;
use crate::model::Time;
use crate::store::Store;

/// The account's name in the demo's configuration.
pub const ACCOUNT: &str = "town";
/// The brand's id in it.
pub const BRAND_ID: &str = "nimbrel";
/// Tasks that wait by the clock when there is nothing to do: the account's poller, the sweeper and
/// the timers.
const TASKS: usize = 3;
/// So often in a row must everybody be found waiting: whoever was only just woken shows by then.
const CALM: u32 = 12;
/// No single step of the simulation takes longer, on the slowest machine.
const LIMIT: Duration = Duration::from_secs(60);
/// The steps of the clock while requests wait for their turn: as many as may start at once after a
/// pause have theirs then. Else it goes by whole minutes.
const TURNS: i64 = 5 * Time::SECOND;

/// The configuration of the demo, for people to read and to go on with.
pub fn config_text(dir: &Path, mail: &Path, token: &Path, url: &str, alert_from: Time) -> String {
    let alert_from = alert_from.utc().with_timezone(&ZONE).format("%Y-%m-%dT%H:%M:%S%:z");
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    format!(
        "# The configuration of `affinityd demo`. Brand, people and server are simulated.\n\
         # Of your own you need: a brand, its account, a token, a mail server.\n\
         \n\
         [daemon]\n\
         state = {state}\n\
         socket = {socket}\n\
         \n\
         [http]\n\
         proxy = \"none\" # the simulated platform is on this machine\n\
         \n\
         [mail]\n\
         from = \"affinityd at Nimbrel <affinityd@nimbrel.example>\"\n\
         directory = {mail} # files instead of a mail server\n\
         \n\
         [[brands]]\n\
         id = \"{BRAND_ID}\"\n\
         name = \"Nimbrel Cycles\"\n\
         zone = \"{zone}\" # business hours are Mon-Fri 09:00-17:00 unless said otherwise\n\
         recipients = [\"care@nimbrel.example\"]\n\
         terms = {{ terms = [\"Nimbrel\"] }}\n\
         alerts = {{ alert-from = \"{alert_from}\" }} # what is older is read, but alerts nobody\n\
         digest = {{ schedule = \"0 9 * * *\", grace = \"2h\" }}\n\
         \n\
         [[brands.accounts]] # whose posts count as answers\n\
         platform = \"mastodon\"\n\
         account = \"nimbrel@{HOME}\"\n\
         \n\
         [[platforms.mastodon]]\n\
         name = \"{ACCOUNT}\"\n\
         url = \"{url}\"\n\
         token-file = {token}\n\
         poll-posts = \"5m\"\n\
         tags = [\"nimbrel\"] # finds posts that do not name the account\n",
        state = quoted(&dir.join("state")),
        socket = quoted(&dir.join("sock")),
        mail = quoted(mail),
        token = quoted(token),
        zone = ZONE.name(),
    )
}

/// Writes the token for its owner's eyes only, as the daemon wants it.
///
/// # Errors
/// If it cannot be written.
pub fn write_token(path: &Path) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("writing {}", path.display()))?;
    writeln!(file, "{TOKEN}").with_context(|| format!("writing {}", path.display()))
}

/// A directory that is gone when this is.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// A new, empty one of that kind among the system's temporary files.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(kind: &str) -> Result<Self> {
        let parent = std::env::temp_dir();
        loop {
            let path = parent.join(format!("affinityd-{kind}-{:06x}", fastrand::u32(..1 << 24)));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("making {}", path.display()));
                }
            }
        }
    }

    /// Lets the directory stay.
    pub fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty()
            && let Err(error) = fs::remove_dir_all(&self.0)
        {
            tracing::warn!("{} was left behind: {error}", self.0.display());
        }
    }
}

/// The daemon under the stepping clock.
pub struct Stage {
    /// The clock.
    pub clock: Stepping,
    /// The store.
    pub store: Store,
    /// The daemon.
    pub running: Running,
}

impl Stage {
    /// Starts the daemon as `affinityd run` would.
    ///
    /// # Errors
    /// If the configuration is wrong, the store cannot be opened or the daemon not started.
    pub fn start(config: &Path, clock: Stepping) -> Result<Self> {
        let (config, _) = Config::load(config, Secrets::Needed)
            .map_err(|report| anyhow::anyhow!("{}", report.lines().join("\n")))
            .context("the demo's configuration")?;
        let (store, _) =
            Store::open(&config.daemon.state, &config.store).context("opening the store")?;
        let running = Running::start(&config, store.clone(), Arc::new(clock.clone()))?;
        Ok(Self { clock, store, running })
    }

    /// Waits until the daemon has done all there is to do now.
    ///
    /// # Errors
    /// If it does not come to rest, or the store fails.
    pub async fn settle(&self) -> Result<()> {
        let started = Instant::now();
        let mut calm = 0;
        while calm < CALM {
            tokio::task::yield_now().await;
            let is_calm = self.clock.waits().len() >= TASKS
                && self.store.due_mail(self.clock.now())?.is_empty();
            if is_calm {
                calm += 1;
                continue;
            }
            calm = 0;
            if started.elapsed() > LIMIT {
                bail!("the daemon did not come to rest at {}", self.clock.now());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Lets the daemon do what there is to do, then moves the clock to where something may happen.
    ///
    /// # Errors
    /// As [`Stage::settle`].
    pub async fn step(&self) -> Result<Time> {
        self.settle().await?;
        let now = self.clock.now();
        let minute = Time((now.0 / Time::MINUTE + 1) * Time::MINUTE);
        let is_close = self.clock.waits().first().is_some_and(|at| at.since(now) <= TURNS);
        let next = if is_close { now.plus(TURNS).min(minute) } else { minute };
        self.clock.jump(next);
        Ok(next)
    }

    /// Whether every stream has been read to its end since then.
    pub fn is_read_since(&self, at: Time) -> bool {
        self.running
            .office
            .board
            .sources()
            .iter()
            .all(|(_, mark)| mark.end_at.is_some_and(|end| end >= at))
    }
}
