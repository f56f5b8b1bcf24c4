//! A program under measurement: started as its users start it, told apart from what starts it, and
//! watched through what the kernel counts for each of its threads.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long a step may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(900);
/// After so long the first polls have been made.
const SETTLING: Duration = Duration::from_secs(12);
/// How long a daemon at rest is looked at.
const LOOK: Duration = Duration::from_secs(3);

/// What a thread used so far.
#[derive(Clone, Copy, Default)]
struct Used {
    nanos: u64,
    wakes: u64,
}

/// Adds up what the threads of a process use, those that ended between two looks included.
#[derive(Clone)]
pub struct Meter {
    pid: u32,
    threads: Arc<Mutex<BTreeMap<u32, Used>>>,
}

impl Meter {
    /// Watches a process from now on.
    pub fn new(pid: u32) -> Self {
        let meter = Self { pid, threads: Arc::default() };
        let watched = Arc::downgrade(&meter.threads);
        thread::spawn(move || {
            // Threads of a pool end long after their last work, so few looks miss nothing.
            while let Some(threads) = watched.upgrade() {
                look(pid, &threads);
                drop(threads);
                thread::sleep(Duration::from_millis(250));
            }
        });
        meter
    }

    /// Seconds of CPU so far, user and system.
    pub fn cpu(&self) -> f64 {
        look(self.pid, &self.threads);
        let threads = self.threads.lock().expect("nobody panicked");
        threads.values().map(|used| used.nanos).sum::<u64>() as f64 / 1e9
    }

    /// How often its threads went to sleep of their own accord so far.
    pub fn wakes(&self) -> f64 {
        look(self.pid, &self.threads);
        let threads = self.threads.lock().expect("nobody panicked");
        threads.values().map(|used| used.wakes).sum::<u64>() as f64
    }

    /// Memory now and at most, in MB.
    pub fn memory(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let of = |key| field(&status, key) as f64 / 1024.0;
        (of("VmRSS:"), of("VmHWM:"))
    }
}

/// CPU seconds of this process so far.
pub fn own_cpu() -> f64 {
    let threads = Mutex::default();
    look(std::process::id(), &threads);
    let threads = threads.into_inner().expect("nobody panicked");
    threads.values().map(|used| used.nanos).sum::<u64>() as f64 / 1e9
}

fn look(pid: u32, threads: &Mutex<BTreeMap<u32, Used>>) {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return };
    let mut threads = threads.lock().expect("nobody panicked");
    for task in tasks.flatten() {
        let Some(tid) = task.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let path = task.path();
        let (Ok(times), Ok(status)) =
            (fs::read_to_string(path.join("schedstat")), fs::read_to_string(path.join("status")))
        else {
            continue;
        };
        let nanos = times.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        threads.insert(tid, Used { nanos, wakes: field(&status, "voluntary_ctxt_switches:") });
    }
}

fn field(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A folder of its own for one daemon, below the run's.
pub struct Place(pub PathBuf);

impl Place {
    /// A new one, or one that was left by an earlier daemon.
    pub fn new(below: &Path, name: &str) -> Result<Self> {
        let dir = below.join(name);
        fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        Ok(Self(dir))
    }

    /// Writes the configuration; `more` is what differs between workloads.
    pub fn configure(&self, more: &str) -> Result<()> {
        let dir = self.0.display();
        let common = format!(
            "[daemon]\nstate = \"{dir}/state\"\nsocket = \"{dir}/socket\"\n[http]\nproxy = \"none\"\n\
             [[brands]]\nid = \"nimbrel\"\nname = \"Nimbrel Cycles\"\nzone = \"Europe/Stockholm\"\n\
             recipients = [\"care@nimbrel.example\"]\nterms = {{ terms = [\"nimbrel\"] }}\n\
             [mail]\nfrom = \"affinityd@nimbrel.example\"\n"
        );
        fs::write(self.0.join("affinityd.toml"), common + more).context("writing the configuration")
    }

    /// Writes the token that the simulated platform's accounts name.
    pub fn token(&self) -> Result<PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.join("token");
        fs::write(&path, "simulated")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(path)
    }

    /// Bytes of the database.
    pub fn stored(&self) -> u64 {
        fn size(path: &Path) -> u64 {
            let Ok(entries) = fs::read_dir(path) else { return 0 };
            entries
                .flatten()
                .map(|entry| match entry.metadata() {
                    Ok(about) if about.is_dir() => size(&entry.path()),
                    Ok(about) => about.len(),
                    Err(_) => 0,
                })
                .sum()
        }
        size(&self.0.join("state"))
    }

    /// Runs a command of the program in this place.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .current_dir(&self.0)
            .env("AFFINITYD_CONFIG", self.0.join("affinityd.toml"))
            .env_remove("JOURNAL_STREAM")
            .env_remove("WATCHDOG_USEC")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        command
    }
}

/// The program under measurement: the one built beside this, or the one that `AFFINITYD` names.
pub fn program() -> PathBuf {
    std::env::var_os("AFFINITYD")
        .map_or_else(|| env!("CARGO_BIN_EXE_affinityd").into(), PathBuf::from)
}

/// A daemon that is ready.
pub struct Daemon {
    child: Child,
    /// What it uses.
    pub meter: Meter,
    /// CPU seconds and wall seconds it took to be ready.
    pub start: (f64, f64),
}

impl Daemon {
    /// Starts the daemon and waits for its word to systemd that it is ready.
    pub fn start(place: &Place) -> Result<Self> {
        let notify = place.0.join("notify");
        let _ = fs::remove_file(&notify);
        let socket = UnixDatagram::bind(&notify).context("a socket for its word")?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let log = fs::File::create(place.0.join("log"))?;
        let begun = Instant::now();
        let mut command = place.command(&["run"]);
        command.env("NOTIFY_SOCKET", &notify).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().context("starting the daemon")?;
        let meter = Meter::new(child.id());
        let mut daemon = Self { child, meter, start: (0.0, 0.0) };
        let mut said = [0; 4096];
        loop {
            let length = socket.recv(&mut said).with_context(|| {
                format!("it is not ready; see {}", place.0.join("log").display())
            })?;
            if String::from_utf8_lossy(&said[..length]).contains("READY=1") {
                break;
            }
            ensure!(daemon.child.try_wait()?.is_none(), "it ended: {}", place.0.display());
        }
        daemon.start = (daemon.meter.cpu(), begun.elapsed().as_secs_f64());
        Ok(daemon)
    }

    /// Waits until it is so.
    pub fn until(&mut self, what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
        let begun = Instant::now();
        while !is_so() {
            if let Some(code) = self.child.try_wait()? {
                bail!("the daemon ended ({code}) before {what}");
            }
            ensure!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Waits until its first polls and sweeps are over.
    pub fn rested(&mut self) -> Result<()> {
        thread::sleep(SETTLING);
        let (meter, mut used) = (self.meter.clone(), 0.0);
        self.until("it came to rest", || {
            let before = std::mem::replace(&mut used, meter.cpu());
            thread::sleep(LOOK);
            used - before < 0.03
        })
    }

    /// Counts its commits to the disk with strace while `work` runs; `None` where that cannot be
    /// done. Each is an fdatasync; the fsync every five seconds is sled's, news or none.
    pub fn syncs(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<Option<f64>> {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", "trace=fdatasync", "-e", "signal=none", "-p"]);
        let pid = self.child.id().to_string();
        let spawned = command.arg(pid).stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let Ok(mut tracer) = spawned else {
            work(self)?;
            return Ok(None);
        };
        let mut pipe = tracer.stderr.take().context("piped")?;
        let reading = thread::spawn(move || {
            let mut said = String::new();
            let _ = pipe.read_to_string(&mut said);
            said
        });
        // It says nothing once it is there.
        thread::sleep(Duration::from_millis(300));
        let done = work(self);
        let pid = rustix::process::Pid::from_child(&tracer);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        tracer.wait()?;
        done?;
        let said = reading.join().unwrap_or_default();
        // A call that was cut in two by another thread's is told twice.
        let calls = said.lines().filter(|l| l.contains("sync(") && !l.contains("resumed"));
        Ok(Some(calls.count() as f64))
    }

    /// Stops it as systemd does.
    pub fn stop(mut self) -> Result<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU seconds of a command and what it waited for, as bash's `time` tells them.
pub fn time(command: &str) -> Result<f64> {
    let timed = format!("TIMEFORMAT='%3U %3S'; time {{ {command}; }} > /dev/null 2> /dev/null");
    let output = Command::new("bash").args(["-c", &timed]).stdin(Stdio::null()).output()?;
    ensure!(output.status.success(), "`{command}` failed: {}", output.status);
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or_default();
    last.split(' ').map(|part| part.parse::<f64>().context("what bash told")).sum()
}
