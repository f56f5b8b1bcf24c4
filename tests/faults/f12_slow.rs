//! F12: servers that say a byte a second, nothing, or stall in the handshake; fifty of them at once.
//! Each ends in time; other sources are polled within two seconds; at most 64 descriptors.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use affinityd::http::{Client, Request, SendError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::binary::{Daemon, Place, QUIET, until};
use crate::http::support::*;

#[tokio::test]
async fn slow_servers_are_given_up_in_time() {
    let hasty = Client::new(&hasty()).expect("a client");
    let drip = |head: &'static [u8]| {
        Server::raw(move |mut stream, _| async move {
            let _ = stream.write_all(head).await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    };
    let silent = || Server::raw(hold);
    for (case, server, scheme) in [
        ("says nothing", silent().await, "http"),
        ("a header that never ends", drip(b"HTTP/1.1 200 OK\r\nx: ").await, "http"),
        ("a slow body", drip(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n").await, "http"),
        ("a handshake that stalls", silent().await, "https"),
    ] {
        let mut url = server.url("/");
        url.set_scheme(scheme).expect("http to https");
        let started = Instant::now();
        let error = hasty.send(&Request::get(url), &server.access()).await;
        assert!(matches!(error, Err(SendError::Timeout)), "{case}: {error:?}");
        assert!(started.elapsed() < Duration::from_secs(5), "{case}");
    }
}

#[tokio::test]
async fn fifty_slow_servers_do_not_hold_up_a_quick_one() {
    let slow = Server::raw(hold).await;
    let quick = Server::start(|_| ok("here")).await;
    let client = client();
    let stuck: Vec<_> = (0..50)
        .map(|_| {
            let (client, url, access) = (client.clone(), slow.url("/"), slow.access());
            tokio::spawn(async move { client.send(&Request::get(url), &access).await })
        })
        .collect();
    client.send(&Request::get(quick.url("/")), &quick.access()).await.expect("a reply");
    assert!(stuck.iter().all(|task| !task.is_finished()));
    stuck.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Says this, and then a byte now and then.
async fn drip(mut stream: TcpStream, head: &'static [u8]) {
    let _ = stream.write_all(head).await;
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How many sockets are among a process's descriptors.
fn sockets(files: &str) -> usize {
    let Ok(files) = std::fs::read_dir(files) else { return 0 };
    let targets = files.flatten().filter_map(|file| std::fs::read_link(file.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

/// Fifty sources that are slow in every way and one that is well, in the real program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_slow_sources_do_not_hold_up_the_others() {
    const SLOW: usize = 50;
    let polls = Arc::new(Mutex::new(Vec::<Instant>::new()));
    let inner = polls.clone();
    let well = Server::start(move |_| {
        inner.lock().expect("no panic").push(Instant::now());
        ok(r#"{"version":"https://jsonfeed.org/version/1.1","title":"Blog","items":[]}"#)
    })
    .await;
    // How long each connection was held on to.
    let held = Arc::new(Mutex::new(Vec::<Duration>::new()));
    let mut config = format!(
        "{QUIET}directory = \"mail\"\n[http]\nconnect-timeout = \"1s\"\nread-timeout = \"1s\"\n\
         total-timeout = \"2s\"\n\
         [[platforms.feed]]\nname = \"well\"\nurl = \"{}\"\npoll-feed = \"1s\"\n",
        well.url("/feed.json")
    );
    let mut slow = Vec::new();
    for n in 0..SLOW {
        let held = held.clone();
        let server = Server::raw(move |mut stream, _| {
            let (held, begun) = (held.clone(), Instant::now());
            async move {
                match n % 4 {
                    0 => drip(stream, b"HTTP/1.1 200 OK\r\nx: ").await,
                    1 => drip(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n").await,
                    // Nothing at all; also not in a handshake.
                    _ => while stream.read(&mut [0; 64]).await.is_ok_and(|n| n > 0) {},
                }
                held.lock().expect("no panic").push(begun.elapsed());
            }
        })
        .await;
        let mut url = server.url("/feed.json");
        if n % 4 == 3 {
            url.set_scheme("https").expect("http to https");
        }
        config += &format!("[[platforms.feed]]\nname = \"slow{n}\"\nurl = \"{url}\"\n");
        slow.push(server);
    }
    let place = Place::new(&config);
    let daemon = tokio::task::block_in_place(|| Daemon::ready(&place));
    let files = format!("/proc/{}/fd", daemon.process());
    let (mut most, mut ended) = (0, 0);
    tokio::task::block_in_place(|| {
        until(
            "the end of all of them",
            || {
                most = most.max(sockets(&files));
                ended = held.lock().unwrap().len();
                ended >= SLOW
            },
            || daemon.log(),
        );
        let seen = polls.lock().unwrap().len();
        until("more polls", || polls.lock().unwrap().len() > seen + 2, || daemon.log());
    });
    let longest = held.lock().unwrap().iter().max().copied().unwrap_or_default();
    assert!(longest <= Duration::from_secs(4), "one was held on to for {longest:?}");
    let polls = polls.lock().unwrap().clone();
    let gap = polls.windows(2).map(|two| two[1] - two[0]).max().unwrap_or_default();
    // One second between two polls, and two that they may be late.
    assert!(gap <= Duration::from_secs(3), "{gap:?} between two polls of the one that is well");
    println!("{most} sockets, {longest:?} at most, {gap:?} between polls");
    assert!(most <= 64, "{most} sockets");
    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(tokio::task::block_in_place(|| daemon.end()).0, Some(0));
}
