//! F11: a body without end or of a gigabyte, a megabyte of headers, a bomb in gzip or brotli,
//! encodings in encodings. Cut at 8 MiB decoded; at most 32 MiB more memory and a second of CPU.

use std::pin::Pin;
use std::sync::Arc;

use affinityd::http::{Client, Config, Request, SendError};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::binary::{Daemon, Place, QUIET, until};
use crate::http::support::*;

#[tokio::test]
async fn other_and_nested_encodings_are_refused() {
    for encoding in ["zstd", "gzip, gzip", "x-what"] {
        let server = Server::start(move |_| encoded(encoding, b"abc")).await;
        let error = client().send(&Request::get(server.url("/")), &server.access()).await;
        assert!(matches!(error, Err(SendError::Protocol(_))), "{encoding}: {error:?}");
    }
}

#[tokio::test]
async fn a_bomb_is_cut_off_by_its_decoded_size() {
    let packed = bomb();
    assert!(packed.len() < 70_000, "ten megabytes in {} bytes", packed.len());
    let server = Server::start(move |_| encoded("gzip", &packed)).await;
    let error = client().send(&Request::get(server.url("/")), &server.access()).await;
    assert!(matches!(error, Err(SendError::TooLarge)), "{error:?}");
}

#[tokio::test]
async fn a_reply_within_the_cap_is_read_and_one_byte_more_is_not() {
    let small = Client::new(&Config { max_body: 1000, ..config() }).expect("a client");
    for (length, fits) in [(1000, true), (1001, false)] {
        let server = Server::start(move |_| ok(&"x".repeat(length))).await;
        let reply = small.send(&Request::get(server.url("/")), &server.access()).await;
        assert_eq!(reply.map(|r| r.body.len()).ok(), fits.then_some(1000));
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let server = Server::raw(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let error = client().send(&Request::get(server.url("/")), &server.access()).await;
    assert!(matches!(error, Err(SendError::TooLarge)), "{error:?}");
}

#[tokio::test]
async fn an_announced_gigabyte_is_not_even_begun() {
    let server = Server::raw(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
        std::future::pending::<()>().await;
    })
    .await;
    let error = client().send(&Request::get(server.url("/")), &server.access()).await;
    assert!(matches!(error, Err(SendError::TooLarge)), "{error:?}");
}

#[tokio::test]
async fn a_megabyte_of_headers_is_cut_off() {
    for head in [
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(20_000)),
    ] {
        let head = head.into_bytes();
        let server = Server::start(move |_| head.clone()).await;
        let error = client().send(&Request::get(server.url("/")), &server.access()).await;
        assert!(matches!(error, Err(SendError::TooLarge)), "{error:?}");
    }
}

/// What a server does with a connection on which it was asked for a feed.
type Attack = fn(TcpStream) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// The same piece again and again, chunked, until the other side has enough or `times` is reached.
async fn chunks(mut stream: TcpStream, head: &str, piece: Vec<u8>, times: usize) {
    let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n{head}\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat();
    for _ in 0..times {
        if stream.write_all(&chunk).await.is_err() {
            return;
        }
    }
    let _ = stream.write_all(b"0\r\n\r\n").await;
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/http/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("a fixture")
}

const ATTACKS: [(&str, Attack); 9] = [
    ("a gigabyte without a length", |mut stream| {
        Box::pin(async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            let piece = vec![b'x'; 1 << 20];
            for _ in 0..1024 {
                if stream.write_all(&piece).await.is_err() {
                    return;
                }
            }
        })
    }),
    ("a gigabyte that is announced", |mut stream| {
        Box::pin(async move {
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        })
    }),
    ("chunks without end", |stream| Box::pin(chunks(stream, "", vec![b'x'; 0x4000], usize::MAX))),
    ("a megabyte in one header", |mut stream| {
        Box::pin(async move {
            let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
            let _ = stream.write_all(head.as_bytes()).await;
            hold(stream, String::new()).await;
        })
    }),
    ("a megabyte of headers", |mut stream| {
        Box::pin(async move {
            let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(170_000));
            let _ = stream.write_all(head.as_bytes()).await;
            hold(stream, String::new()).await;
        })
    }),
    ("ten gigabytes in ten megabytes of gzip", |stream| {
        Box::pin(async move {
            // A mebibyte of zeros in 1,037 bytes that can stand one after the other.
            let piece = fixture("zeros.deflate");
            let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
            let first = [&head[..], &piece].concat();
            gzip(stream, first, piece).await;
        })
    }),
    ("ten gigabytes in sixteen kilobytes of brotli", |stream| {
        Box::pin(chunks(stream, "content-encoding: br\r\n", fixture("zeros.br"), 1))
    }),
    ("zstd, which nobody asked for", |stream| {
        Box::pin(chunks(stream, "content-encoding: zstd\r\n", vec![b'x'; 0x4000], usize::MAX))
    }),
    ("gzip in gzip", |stream| {
        Box::pin(chunks(stream, "content-encoding: gzip, gzip\r\n", vec![0; 0x4000], usize::MAX))
    }),
];

async fn gzip(mut stream: TcpStream, first: Vec<u8>, piece: Vec<u8>) {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n";
    let _ = stream.write_all(head.as_bytes()).await;
    for n in 0..10_000 {
        let piece = if n == 0 { &first } else { &piece };
        let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
        if stream.write_all(&chunk).await.is_err() {
            return;
        }
    }
}

/// A number of a process, in kibibytes.
fn memory(process: u32, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("a line of that name");
    line.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number")
}

/// The processor time it has used, in hundredths of a second.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
    let fields: Vec<&str> = rest.split_whitespace().collect();
    [11, 12].iter().map(|n| fields[*n].parse::<u64>().expect("a number")).sum()
}

/// One server after the other strikes, in the real program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_stays_small_and_quick_whatever_comes_in() {
    let mut config = format!(
        "{QUIET}directory = \"mail\"\n[http]\nread-timeout = \"2m\"\ntotal-timeout = \"5m\"\n"
    );
    let mut gates = Vec::new();
    for (n, (_, attack)) in ATTACKS.iter().enumerate() {
        let (gate, ended) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (inner, done) = (gate.clone(), ended.clone());
        let server = Server::raw(move |stream, _| {
            let (gate, ended) = (inner.clone(), done.clone());
            async move {
                gate.acquire().await.expect("open").forget();
                attack(stream).await;
                ended.add_permits(1);
            }
        })
        .await;
        let url = server.url("/feed.json");
        config += &format!("[[platforms.feed]]\nname = \"f{n}\"\nurl = \"{url}\"\n");
        gates.push((gate, ended, server));
    }
    let place = Place::new(&config);
    let daemon = tokio::task::block_in_place(|| Daemon::ready(&place));
    let process = daemon.process();
    let count = || gates.iter().filter(|(_, _, server)| !server.requests().is_empty()).count();
    tokio::task::block_in_place(|| {
        until("every feed to be asked for", || count() == ATTACKS.len(), || daemon.log());
    });
    // Nobody measures while the program is still starting.
    let mut report = String::new();
    for (n, (case, _)) in ATTACKS.iter().enumerate() {
        let (gate, ended, _) = &gates[n];
        std::fs::write(format!("/proc/{process}/clear_refs"), "5").ok();
        let (before, used) = (memory(process, "VmRSS:"), ticks(process));
        gate.add_permits(1);
        let said = format!("account=f{n}");
        tokio::task::block_in_place(|| {
            until(case, || daemon.log().lines().any(|line| line.contains(&said)), || daemon.log());
        });
        let grown = memory(process, "VmHWM:").saturating_sub(before);
        let used = ticks(process) - used;
        report += &format!("{case}: {grown} KiB, {used} hundredths of a second\n");
        assert!(grown <= 32 << 10, "{report}");
        // A program that was not optimised takes several times as long to unpack.
        let most = if cfg!(debug_assertions) { 500 } else { 100 };
        assert!(used <= most, "{report}");
        drop(ended.try_acquire());
    }
    println!("{report}");
    let sources = place.json(&["status"])["sources"].as_array().unwrap().clone();
    assert!(sources.iter().all(|source| source["health"] == "failing"), "{sources:?}");
    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(tokio::task::block_in_place(|| daemon.end()).0, Some(0));
}
