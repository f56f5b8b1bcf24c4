//! W9: a queue of mails to a server on loopback.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use affinityd::model::{Delivery, DeliveryState, Entry, Message, Purpose, Sending, Severity, Time};
use affinityd::store::{Change, Config, Store};
use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::Scale;
use crate::process::{Daemon, Place, time};
use crate::table::{Line, Runs};

const MAILS: u64 = 1_000;
/// Bytes of a mail's text.
const LENGTH: usize = 1_000;

/// Rotates the courier and postfix's generator, one session each, into the same server.
pub fn run(dir: &Path, scale: &Scale) -> Result<Vec<Line>> {
    let (port, taken) = sink()?;
    let (mut ours, mut walls, mut theirs) = (Runs::default(), Runs::default(), Runs::default());
    for round in 0..scale.pairs {
        let place = Place::new(dir, &format!("mail-{round}"))?;
        let smtp =
            format!("[mail.smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n");
        place.configure(&smtp)?;
        // What it uses without mail is not the mail's.
        let rest = Daemon::start(&place)?;
        thread::sleep(std::time::Duration::from_millis(500));
        let idle = rest.meter.cpu();
        rest.stop()?;
        fill(&place)?;
        taken.store(0, Relaxed);
        let begun = Instant::now();
        let mut daemon = Daemon::start(&place)?;
        daemon.until("every mail was taken", || taken.load(Relaxed) >= MAILS)?;
        let wall = begun.elapsed().as_secs_f64() - daemon.start.1;
        let used = daemon.meter.cpu() - idle;
        daemon.stop()?;
        ours.0.push(used * 1e3 / MAILS as f64);
        walls.0.push(wall * 1e3 / MAILS as f64);
        std::fs::remove_dir_all(&place.0)?;
        let command = format!(
            "PATH=$PATH:/usr/sbin smtp-source -d -l 2000 -m {MAILS} -f a@localhost -t b@localhost 127.0.0.1:{port}"
        );
        if let Ok(seconds) = time(&command) {
            theirs.0.push(seconds * 1e3 / MAILS as f64);
        }
    }
    Ok(vec![
        Line::new("W9 a mail of a queue of 1,000", "ms CPU", ours)
            .beside("smtp-source", theirs)
            .goal("P12", 10.0, 4.0),
        Line::new("W9 the same, wall", "ms", walls).goal("P13", 10.0, 2.0),
    ])
}

/// Puts mails into the outbox of a place whose daemon is stopped.
fn fill(place: &Place) -> Result<()> {
    let (store, _) = Store::open(&place.0.join("state"), &Config::default())?;
    let mails: Vec<Entry> = (0..MAILS).map(mail).collect();
    for some in mails.chunks(100) {
        let change = Change { mails_new: some.to_vec(), ..Change::default() };
        store.commit(change).context("filling the outbox")?;
    }
    Ok(())
}

fn mail(number: u64) -> Entry {
    let text = "Somebody waits for an answer.\n".repeat(LENGTH / 30);
    Entry {
        seq: 0,
        message: Message {
            id: format!("bench.{number}@nimbrel.example"),
            brand: "nimbrel".to_owned(),
            purpose: Purpose::Test,
            severity: Severity::Normal,
            group: format!("bench/{number}"),
            references: Vec::new(),
            subject: format!("Mail {number}"),
            html: format!("<p>{}</p>", text.trim_end()),
            text,
            at: Time(1_767_225_600_000),
            cases: Vec::new(),
        },
        deliveries: vec![Delivery {
            to: "care@nimbrel.example".to_owned(),
            state: DeliveryState::Waiting,
            attempts: 0,
            last_error: None,
        }],
        sending: Sending::Due,
        next_at: Time(0),
    }
}

/// A server that takes every mail and counts it.
fn sink() -> Result<(u16, Arc<AtomicU64>)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let taken = Arc::new(AtomicU64::new(0));
    let count = taken.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a socket of ours");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(session(stream, count.clone()));
            }
        });
    });
    Ok((port, taken))
}

async fn session(stream: TcpStream, taken: Arc<AtomicU64>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink ESMTP\r\n").await?;
    let (mut line, mut is_mail) = (Vec::new(), false);
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if is_mail {
            if line == b".\r\n" {
                is_mail = false;
                taken.fetch_add(1, Relaxed);
                stream.write_all(b"250 taken\r\n").await?;
            }
            continue;
        }
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        is_mail = word == b"DATA";
        let said: &[u8] = match word.as_slice() {
            b"EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            b"DATA" => b"354 go on\r\n",
            b"QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        stream.write_all(said).await?;
    }
}
