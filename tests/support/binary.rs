//! The program itself, in a place of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A brand without accounts: nothing is polled, so every answer comes from what was imported.
pub const QUIET: &str = r#"
[[brands]]
id = "acme"
name = "Acme Coffee"
zone = "Europe/Stockholm"
recipients = ["care@acme.example"]
accounts = [{ platform = "mastodon", account = "acme@social.example" }]

[mail]
from = "Acme Care <affinityd@acme.example>"
"#;

/// A folder with a configuration, in which the program is run.
pub struct Place {
    pub dir: tempfile::TempDir,
}

impl Place {
    /// With this configuration; state and socket are kept inside the folder.
    pub fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let place = Self { dir };
        place.configure(config);
        place
    }

    /// Writes another configuration.
    pub fn configure(&self, config: &str) {
        let path = self.dir.path().display();
        let daemon = format!("\n[daemon]\nstate = \"{path}/state\"\nsocket = \"{path}/socket\"\n");
        self.write("affinityd.toml", format!("{config}{daemon}"));
    }

    /// With the history of a few weeks in it.
    pub fn with_history() -> Self {
        let place = Self::new(QUIET);
        let done = place.run(&["import", &history()]);
        assert_eq!(done.code, 0, "{}", done.err);
        place
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file inside and gives its path.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("written");
        path.display().to_string()
    }

    /// The command, not yet started. Nothing of the surroundings changes what it prints.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_affinityd"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("AFFINITYD_CONFIG", self.path("affinityd.toml"))
            .env("COLUMNS", "80")
            .env("USER", "ada")
            .env_remove("SUDO_USER")
            .env_remove("RUST_LOG")
            .env_remove("JOURNAL_STREAM")
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC");
        command
    }

    /// The same under a shell that is told something first, such as `ulimit -n 64`.
    pub fn under(&self, shell: &str, arguments: &[&str]) -> Command {
        let plain = self.command(arguments);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")]);
        command.arg(plain.get_program()).args(plain.get_args()).current_dir(self.dir.path());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.feed(arguments, b"")
    }

    /// Runs a command that was changed to its end.
    pub fn end(&self, command: &mut Command) -> Ran {
        Ran::of(command.stdin(Stdio::null()).output().expect("it starts"), self.dir.path())
    }

    /// The same with something on its standard input.
    pub fn feed(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("piped");
        let input = input.to_vec();
        // It may end without reading everything.
        let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("it ends");
        feeding.join().expect("no panic");
        Ran::of(output, self.dir.path())
    }

    /// Its answer as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(&ran.out)
            .unwrap_or_else(|e| panic!("{arguments:?}: {e}\n{}{}", ran.out, ran.err))
    }
}

/// The path of the history that is imported.
pub fn history() -> String {
    format!("{}/tests/cli/history.jsonl", env!("CARGO_MANIFEST_DIR"))
}

/// What a command came to.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output, dir: &Path) -> Self {
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("what is printed is text");
            text.replace(&dir.display().to_string(), "[dir]")
        };
        let code = output.status.code().expect("it was not killed");
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A daemon that runs, killed at the end of its test at the latest.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts one; what it logs goes into a file.
    pub fn start(place: &Place, settle: impl FnOnce(&mut Command)) -> Self {
        let mut command = place.command(&["run"]);
        settle(&mut command);
        Self::of(place, command)
    }

    /// The same by a command of one's own.
    pub fn of(place: &Place, mut command: Command) -> Self {
        let log = place.path("log");
        let file = std::fs::File::create(&log).expect("a file for the log");
        command.stderr(file).stdout(Stdio::null());
        Self { child: command.spawn().expect("the daemon starts"), log }
    }

    /// Starts one and waits until it can be asked.
    pub fn ready(place: &Place) -> Self {
        let daemon = Self::start(place, |_| {});
        daemon.has_logged("running");
        daemon
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for something in the log.
    pub fn has_logged(&self, words: &str) {
        until(&format!("`{words}` in the log"), || self.log().contains(words), || self.log());
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("it is there to be told");
    }

    /// Whether it has ended by itself, or by what was done to it.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Waits for its end; its exit code and how long that took.
    pub fn end(mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        let mut code = None;
        until(
            "the end of the daemon",
            || {
                code = self.child.try_wait().expect("a child");
                code.is_some()
            },
            String::new,
        );
        (code.and_then(|c| c.code()), begun.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again until it is so; a limit keeps a mistake from hanging the tests.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool, more: impl FnOnce() -> String) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}\n{}", more());
        std::thread::sleep(Duration::from_millis(10));
    }
}
