//! A small HTTP server on loopback that plays many hosts, a port each: the notifications of a brand's
//! account in pages of forty, and feeds. One connection is kept for many requests.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::corpus::{self, BLOCK, Corpus};

/// The server; it ends with the program.
pub struct Platform {
    /// A port for each host.
    pub ports: Vec<u16>,
    shared: Arc<Shared>,
}

struct Shared {
    corpus: Corpus,
    hosts: u64,
    /// Blocks there are, dealt out to the hosts in turn.
    blocks: u64,
    /// Nothing but a first note is shown before.
    is_open: AtomicBool,
    served: AtomicU64,
    ended: Mutex<BTreeSet<u64>>,
    greeted: AtomicU64,
    polled: AtomicU64,
    turns: AtomicU64,
    feeds: Mutex<BTreeMap<(u64, u64), Arc<str>>>,
}

impl Platform {
    /// Starts one that shows so many blocks of a corpus on so many hosts.
    pub fn start(corpus: Corpus, hosts: u64, blocks: u64) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            corpus,
            hosts,
            blocks,
            is_open: AtomicBool::new(false),
            served: AtomicU64::new(0),
            ended: Mutex::default(),
            greeted: AtomicU64::new(0),
            polled: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            feeds: Mutex::default(),
        });
        let listeners: Vec<_> = (0..hosts)
            .map(|_| std::net::TcpListener::bind("127.0.0.1:0"))
            .collect::<io::Result<_>>()?;
        let ports =
            listeners.iter().map(|l| Ok(l.local_addr()?.port())).collect::<io::Result<_>>()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let held = shared.clone();
        thread::spawn(move || {
            runtime.block_on(async {
                for (host, listener) in (0..).zip(listeners) {
                    listener.set_nonblocking(true).expect("a socket of ours");
                    let listener = TcpListener::from_std(listener).expect("a socket of ours");
                    tokio::spawn(listen(listener, host, held.clone()));
                }
                std::future::pending::<()>().await;
            });
        });
        Ok(Self { ports, shared })
    }

    /// Shows everything from now on.
    pub fn open(&self) {
        self.shared.is_open.store(true, Relaxed);
    }

    /// Blocks that are stored: all that were handed out but the last of each host that has not asked
    /// for the next one.
    pub fn stored(&self) -> u64 {
        let under_way = self.shared.hosts - self.ended();
        self.shared.served.load(Relaxed).saturating_sub(under_way)
    }

    fn ended(&self) -> u64 {
        self.shared.ended.lock().expect("nobody panicked").len() as u64
    }

    /// Whether every host was asked for what comes after its last block: then all are stored.
    pub fn is_read(&self) -> bool {
        self.ended() >= self.shared.hosts
    }

    /// Hosts whose brand's own posts were asked for: the last thing in an account's first round.
    pub fn greeted(&self) -> u64 {
        self.shared.greeted.load(Relaxed)
    }

    /// Feeds handed out so far, "not modified" among them.
    pub fn polled(&self) -> u64 {
        self.shared.polled.load(Relaxed)
    }
}

async fn listen(listener: TcpListener, host: u64, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, host, shared.clone()));
    }
}

async fn serve(stream: TcpStream, host: u64, shared: Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let (mut target, mut tag, mut line) = (String::new(), String::new(), String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let said = line.trim_end();
            if target.is_empty() {
                said.split(' ').nth(1).unwrap_or("/").clone_into(&mut target);
            } else if let Some(value) = said.strip_prefix("if-none-match: ") {
                value.clone_into(&mut tag);
            } else if said.is_empty() {
                break;
            }
        }
        let answer = shared.answer(host, &target, &tag);
        let (status, more) = match &answer {
            Answer::Body(_) => ("200 OK", String::new()),
            Answer::Tagged(_, tag) => ("200 OK", format!("etag: {tag}\r\n")),
            Answer::Same(tag) => ("304 Not Modified", format!("etag: {tag}\r\n")),
            Answer::End => {
                shared.ended.lock().expect("nobody panicked").insert(host);
                ("200 OK", String::new())
            }
            Answer::Unknown => ("404 Not Found", String::new()),
        };
        let body: &str = match &answer {
            Answer::Body(body) => body,
            Answer::Tagged(body, _) => body,
            Answer::End => "[]",
            Answer::Same(_) | Answer::Unknown => "",
        };
        let kind =
            if target.starts_with("/feed") { "application/rss+xml" } else { "application/json" };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{more}\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await?;
    }
}

enum Answer {
    Body(Arc<str>),
    Tagged(Arc<str>, String),
    Same(String),
    /// A page behind the last one.
    End,
    Unknown,
}

impl Shared {
    fn answer(&self, host: u64, target: &str, tag: &str) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let word =
            |key: &str| query.split('&').find_map(|part| part.strip_prefix(key)?.strip_prefix('='));
        let number = |key: &str| word(key).and_then(|value| value.parse::<u64>().ok());
        let body = |body: String| Answer::Body(body.into());
        match path {
            "/api/v1/accounts/verify_credentials" => body(corpus::brand().to_string()),
            "/api/v1/notifications" => self.notifications(host, number("min_id"), number("max_id")),
            "/block" => body(self.block(number("b").unwrap_or(0))),
            "/feed" => {
                self.polled.fetch_add(1, Relaxed);
                // Each host has items of its own, as each feed has.
                let n = number("n").unwrap_or(100);
                let from = host * n;
                let mut feeds = self.feeds.lock().expect("nobody panicked");
                let feed = feeds
                    .entry((from, n))
                    .or_insert_with(|| corpus::feed(&self.corpus, from, n, 0).into())
                    .clone();
                match word("as") {
                    // A turn in its head, as feeds have that tell when they were made.
                    Some("changed") => {
                        let turn = self.turns.fetch_add(1, Relaxed);
                        body(feed.replacen("turn 0", &format!("turn {turn}"), 1))
                    }
                    Some("tagged") => {
                        let own = format!("\"{from}-{n}\"");
                        if tag == own { Answer::Same(own) } else { Answer::Tagged(feed, own) }
                    }
                    _ => Answer::Body(feed),
                }
            }
            _ if path.ends_with("/statuses") => {
                self.greeted.fetch_add(1, Relaxed);
                body("[]".to_owned())
            }
            _ if path.ends_with("/context") => {
                body("{\"ancestors\":[],\"descendants\":[]}".to_owned())
            }
            _ => Answer::Unknown,
        }
    }

    /// A page of a host, as the API pages: the forty right above `min`, nothing below the first.
    fn notifications(&self, host: u64, min: Option<u64>, max: Option<u64>) -> Answer {
        let first = corpus::note_id(0) - 1000;
        let next = match (min, max) {
            (_, Some(_)) => return Answer::Body("[]".into()),
            (None, None) => {
                let mut note = corpus::note(&self.corpus, host * BLOCK);
                note["id"] = first.to_string().into();
                return Answer::Body(format!("[{note}]").into());
            }
            (Some(_), _) if !self.is_open.load(Relaxed) => return Answer::Body("[]".into()),
            (Some(min), _) if min <= first => host,
            (Some(min), _) => corpus::item_of(min) / BLOCK + self.hosts,
        };
        if next >= self.blocks {
            return Answer::End;
        }
        self.served.fetch_add(1, Relaxed);
        Answer::Body(self.block(next).into())
    }

    fn block(&self, b: u64) -> String {
        let mut body = String::from("[");
        for k in (b * BLOCK..(b + 1) * BLOCK).rev() {
            if body.len() > 1 {
                body.push(',');
            }
            body.push_str(&corpus::note(&self.corpus, k).to_string());
        }
        body.push(']');
        body
    }
}
