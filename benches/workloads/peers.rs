//! The programs people use today for parts of this, on the same input and in the same run. What is
//! not installed is left out; `benches/peers/setup` installs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::Scale;
use crate::corpus::{self, Corpus};
use crate::platform::Platform;
use crate::process::{Place, time};
use crate::table::{Line, Runs};

const ITEMS: u64 = 10_000;

/// What the other workloads hold themselves against.
#[derive(Default)]
pub struct Peers {
    /// CPU seconds of obsei's start.
    pub obsei_start: Option<f64>,
    /// CPU milliseconds of a recheck by changedetection.io.
    pub recheck: Option<f64>,
    /// Who took how many milliseconds of CPU for a poll of 100 items, none new.
    pub polls: Vec<(&'static str, f64)>,
    /// Their lines.
    pub lines: Vec<Line>,
}

/// One program, and how its two commands are prepared.
struct Peer {
    name: &'static str,
    /// Run once before the first poll: it fetches what the polls then know.
    first: String,
    poll: String,
    /// Puts everything back to where nothing is known.
    fresh: String,
    ingest: String,
}

/// Measures every peer that is found below `installed`.
pub fn run(dir: &Path, installed: &Path, scale: &Scale) -> Result<Peers> {
    let installed = installed.canonicalize().context("the peers' folder")?;
    let work = dir.join("peers");
    fs::create_dir_all(&work)?;
    let corpus = Corpus::new(5, 1_767_225_600_000);
    let platform = Platform::start(corpus, 1, 0)?;
    let base = format!("http://127.0.0.1:{}/feed", platform.ports[0]);
    let (few, many) = (format!("{base}?n=100"), format!("{base}?n={ITEMS}"));
    let lines: Vec<String> = (0..ITEMS).map(|k| corpus::line(&corpus, k)).collect();
    fs::write(work.join("items.jsonl"), lines.join("\n") + "\n")?;
    let peers: Vec<Peer> = [
        newsboat(&work, &few, &many)?,
        rss2email(&work, &installed, &few, &many)?,
        obsei(&work, &installed, &few, &corpus)?,
    ]
    .into_iter()
    .flatten()
    .collect();
    let rounds = scale.pairs.div_ceil(2);
    let mut ingests = vec![Runs::default(); peers.len()];
    let mut polls = Vec::new();
    let (mut starts, mut ours) = (Runs::default(), Runs::default());
    let start = installed.join("obsei/bin/obsei");
    for peer in &peers {
        time(&format!("cd {work:?}; {}", peer.first))?;
    }
    for round in 0..rounds {
        let place = Place::new(dir, &format!("import-{round}"))?;
        place.configure("")?;
        ours.0.push(import(&place, &work.join("items.jsonl"))?);
        fs::remove_dir_all(&place.0)?;
        for (nth, peer) in peers.iter().enumerate() {
            polls.push((peer.name, time(&format!("cd {work:?}; {}", peer.poll))? * 1e3));
            time(&format!("cd {work:?}; {}", peer.fresh))?;
            ingests[nth].0.push(time(&format!("cd {work:?}; {}", peer.ingest))?);
        }
        if start.exists() {
            starts.0.push(time(&format!("{start:?} --version"))?);
        }
    }
    let mut told = Vec::new();
    for (peer, runs) in peers.iter().zip(&ingests) {
        let line = Line::new("import of 10,000 lines, new", "ms CPU", ours.times(1e3))
            .beside(peer.name, runs.times(1e3));
        // obsei classifies nothing here: its classifier wants a model that is fetched.
        told.push(if peer.name == "obsei" { line.goal("P3", 0.1, 0.04) } else { line });
    }
    let recheck = recheck(&work, &installed, &few)?;
    let obsei_start = (!starts.0.is_empty()).then(|| starts.median());
    Ok(Peers { obsei_start, recheck, polls, lines: told })
}

/// `affinityd import` of the same lines that obsei reads, into a new store.
fn import(place: &Place, file: &Path) -> Result<f64> {
    let command = place.command(&["import"]);
    let program = command.get_program().to_string_lossy().into_owned();
    let config = place.0.join("affinityd.toml");
    time(&format!("AFFINITYD_CONFIG={config:?} {program:?} import {file:?}"))
}

fn newsboat(work: &Path, few: &str, many: &str) -> Result<Option<Peer>> {
    if Command::new("newsboat").arg("--version").stdout(Stdio::null()).status().is_err() {
        return Ok(None);
    }
    fs::write(work.join("newsboat.conf"), "max-items 0\ncleanup-on-quit no\n")?;
    fs::write(work.join("few.urls"), format!("{few}\n"))?;
    fs::write(work.join("many.urls"), format!("{many}\n"))?;
    let reload =
        |what: &str| format!("newsboat -u {what}.urls -c {what}.db -C newsboat.conf -x reload");
    Ok(Some(Peer {
        name: "newsboat",
        first: reload("few"),
        poll: reload("few"),
        fresh: "rm -f many.db*".to_owned(),
        ingest: reload("many"),
    }))
}

fn rss2email(work: &Path, installed: &Path, few: &str, many: &str) -> Result<Option<Peer>> {
    let program = installed.join("rss2email/bin/r2e");
    if !program.exists() {
        return Ok(None);
    }
    for (name, url) in [("few", few), ("many", many)] {
        let config = format!(
            "[DEFAULT]\nfrom = r2e@localhost\nto = care@localhost\nverbose = error\n[feed.one]\nurl = {url}\n"
        );
        fs::write(work.join(format!("{name}.cfg")), config)?;
        let none = "{\"version\": 2, \"feeds\": [{\"name\": \"one\", \"etag\": null, \"modified\": null, \"seen\": {}}]}";
        fs::write(work.join(format!("{name}.none")), none)?;
    }
    // It marks what it has seen, and mails nothing: the part that both do.
    let run = |what: &str| format!("{program:?} -c {what}.cfg -d {what}.json run --no-send");
    Ok(Some(Peer {
        name: "rss2email",
        first: format!("cp few.none few.json; {}", run("few")),
        poll: run("few"),
        fresh: "cp many.none many.json".to_owned(),
        ingest: run("many"),
    }))
}

fn obsei(work: &Path, installed: &Path, few: &str, corpus: &Corpus) -> Result<Option<Peer>> {
    let program = installed.join("obsei/bin/obsei");
    if !program.exists() {
        return Ok(None);
    }
    let lines: Vec<String> = (0..ITEMS)
        .map(|k| {
            let item = corpus.item(k);
            let author = format!("rider{:06}", item.author);
            serde_json::json!({ "id": k.to_string(), "content": item.text, "author": author, "created_at": item.time(), "language": item.lang }).to_string()
        })
        .collect();
    fs::write(work.join("obsei.jsonl"), lines.join("\n") + "\n")?;
    let pipeline = |store: &str, kind: &str, config: &str| {
        format!(
            "version: 1\nstore: {{path: {store}, unencrypted: true}}\nprivacy: {{redact: true, regions: [global]}}\n\
             pipelines:\n  - name: one\n    sources:\n      - key: in\n        type: {kind}\n        config: {config}\n\
             \x20   sinks:\n      - type: parquet\n        config: {{directory: exports}}\n"
        )
    };
    let fields = "{path: obsei.jsonl, fields: {text: content, id: id, created_at: created_at, author: author, lang: language}}";
    fs::write(
        work.join("rss.yaml"),
        pipeline("rss.duckdb", "rss", &format!("{{url: \"{few}\"}}")),
    )?;
    fs::write(work.join("jsonl.yaml"), pipeline("jsonl.duckdb", "jsonl", fields))?;
    let run = |what: &str| {
        format!("OBSEI_PSEUDONYM_SALT=0123456789abcdef0123 {program:?} run --config {what}.yaml")
    };
    Ok(Some(Peer {
        name: "obsei",
        first: run("rss"),
        poll: run("rss"),
        fresh: "rm -rf jsonl.duckdb* exports".to_owned(),
        ingest: run("jsonl"),
    }))
}

/// Stops a service that was started, however the measurement ends.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Milliseconds of CPU of a recheck by changedetection.io, at ten rechecks.
fn recheck(work: &Path, installed: &Path, url: &str) -> Result<Option<f64>> {
    let program: PathBuf = installed.join("changedetection.io/bin/changedetection.io");
    if !program.exists() {
        return Ok(None);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/recheck");
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
    fs::create_dir_all(work.join("watched"))?;
    let log = fs::File::create(work.join("changedetection.log"))?;
    let service = Service(
        Command::new(program)
            .args(["-d", "watched", "-p", &port, "-h", "127.0.0.1"])
            .current_dir(work)
            .env("ALLOW_IANA_RESTRICTED_ADDRESSES", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?,
    );
    let pid = service.0.id().to_string();
    let ran = Command::new("sh").arg(script).args([&pid, &port, url]).current_dir(work).output()?;
    if !ran.status.success() {
        eprintln!("changedetection.io: {}", String::from_utf8_lossy(&ran.stderr));
        return Ok(None);
    }
    let millis: f64 = String::from_utf8_lossy(&ran.stdout).trim().parse()?;
    ensure!(millis > 0.0, "changedetection.io did nothing");
    Ok(Some(millis))
}
