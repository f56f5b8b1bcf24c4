//! Nothing a server does can hang, flood or misdirect the client, or make it give a secret away.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use affinityd::http::guard::{Found, Lookup};
use affinityd::http::{Access, Auth, Body, Client, Config, Proxy, Request, SendError};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Never to be seen in an error.
const CANARY: &str = "c4n4ry-t0k3n";

/// A server on loopback that answers each connection once, as the test says.
struct Server {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` gets the request, head and body, and says all the bytes that come back.
    async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let answer = Arc::new(answer);
        Self::raw(move |mut stream, request| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(&answer(&request)).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// `answer` gets the connection itself after the request was read.
    async fn raw<F>(answer: impl Fn(TcpStream, String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = heads.clone();
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, answer) = (seen.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut bytes = vec![0; 16 << 10];
                    let mut request = String::new();
                    while !is_whole(&request) {
                        let n = stream.read(&mut bytes).await.unwrap_or(0);
                        if n == 0 {
                            break;
                        }
                        request.push_str(&String::from_utf8_lossy(&bytes[..n]));
                    }
                    seen.lock().expect("no panic").push(request.clone());
                    answer(stream, request).await;
                });
            }
        });
        Self { port, heads }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}{path}", self.port)).expect("a URL")
    }

    fn requests(&self) -> Vec<String> {
        self.heads.lock().expect("no panic").clone()
    }
}

/// Keeps the connection open and says nothing more.
async fn hold(stream: TcpStream, _: String) {
    std::future::pending::<()>().await;
    drop(stream);
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn redirect(status: u16, to: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

fn config() -> Config {
    Config {
        connect: Duration::from_millis(400),
        read: Duration::from_millis(400),
        total: Duration::from_millis(900),
        proxy: Proxy::Direct,
        ..Config::default()
    }
}

fn client() -> Client {
    Client::new(&config()).expect("a client")
}

fn loopback() -> Access {
    Access { private_host: Some("127.0.0.1".to_owned()) }
}

fn with_token(url: Url) -> Request {
    Request { auth: Auth::Bearer(SecretString::from(CANARY)), ..Request::get(url) }
}

/// Names as the test likes, and how often they were asked for.
#[derive(Default)]
struct Names {
    all: HashMap<&'static str, Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Lookup for Names {
    fn lookup(&self, name: String) -> Found {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.all.get(name.as_str()).cloned();
        Box::pin(async move { found.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

fn names(all: &[(&'static str, &[&str])]) -> Arc<Names> {
    let all = all
        .iter()
        .map(|(name, ips)| (*name, ips.iter().map(|ip| ip.parse().expect("an ip")).collect()))
        .collect();
    Arc::new(Names { all, asked: AtomicUsize::new(0) })
}

#[tokio::test]
async fn a_reply_comes_back_whole() {
    let server = Server::start(|_| {
        b"HTTP/1.1 404 Not Found\r\nX-Some: Thing\r\nset-cookie: a=b\r\ncontent-length: 4\r\n\r\ngone"
            .to_vec()
    })
    .await;
    let mut request = with_token(server.url("/a?b=c"));
    request.headers.push(("if-none-match", "\"tag\"".to_owned()));
    let reply = client().send(&request, &loopback()).await.expect("a reply");
    assert_eq!((reply.status, reply.body.as_slice()), (404, b"gone".as_slice()));
    assert_eq!(reply.header("x-some"), Some("Thing"));
    assert_eq!(reply.header("set-cookie"), None);
    assert!(!reply.moved_for_good);
    let asked = server.requests().remove(0).to_lowercase();
    assert!(asked.starts_with("get /a?b=c http/1.1\r\n"));
    for wanted in [
        &format!("user-agent: affinityd/{}\r\n", env!("CARGO_PKG_VERSION")),
        "if-none-match: \"tag\"\r\n",
        &format!("authorization: bearer {CANARY}\r\n"),
        "accept-encoding: ",
    ] {
        assert!(asked.contains(wanted), "{wanted} in {asked}");
    }
    assert!(!asked.contains("cookie") && !asked.contains("referer"));
}

#[tokio::test]
async fn bodies_are_posted() {
    let server = Server::start(|_| ok("{}")).await;
    for (body, wanted) in [
        (Body::Json(serde_json::json!({"a": [1, "ü"]})), "{\"a\":[1,\"ü\"]}"),
        (Body::Form(vec![("a b".to_owned(), "c&d".to_owned())]), "a+b=c%26d"),
    ] {
        let request = Request { body, ..Request::get(server.url("/")) };
        client().send(&request, &loopback()).await.expect("a reply");
        let asked = server.requests().pop().expect("a request");
        assert!(asked.starts_with("POST / HTTP/1.1\r\n") && asked.ends_with(wanted), "{asked}");
    }
}

#[tokio::test]
async fn compressed_bodies_are_decoded() {
    // "hello" through gzip.
    let packed = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10,
        0x36, 5, 0, 0, 0,
    ];
    let server = Server::start(move |_| encoded("gzip", &packed)).await;
    let reply = client().send(&Request::get(server.url("/")), &loopback()).await.expect("a reply");
    assert_eq!(reply.body, b"hello");
}

fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut all = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    all.extend_from_slice(body);
    all
}

#[tokio::test]
async fn other_and_nested_encodings_are_refused() {
    for encoding in ["zstd", "gzip, gzip", "x-what"] {
        let server = Server::start(move |_| encoded(encoding, b"abc")).await;
        let error = client().send(&Request::get(server.url("/")), &loopback()).await;
        assert!(matches!(error, Err(SendError::Protocol(_))), "{encoding}: {error:?}");
    }
}

/// A gzip stream of `size` zero bytes in stored and in packed form needs a deflater; repeating one
/// packed block does as well. This block is 1,028 zeros in 8 bytes or so, repeated without end.
fn bomb() -> Vec<u8> {
    let mut all = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    // A fixed-Huffman block, not final: literal 0, then 258 × length-258 matches at distance 1.
    let mut bits = Bits { out: Vec::new(), at: 0 };
    for _ in 0..400 {
        bits.put(0b010, 3); // not final, fixed codes (least significant bit first: 0, 01)
        bits.code(0b0011_0000, 8); // literal 0
        for _ in 0..100 {
            bits.code(0b1100_0101, 8); // length 258
            bits.code(0, 5); // distance 1
        }
        bits.code(0, 7); // end of block
    }
    all.extend(bits.out);
    all
}

/// Writes deflate's bits: numbers from the low end, codes from the high end.
struct Bits {
    out: Vec<u8>,
    at: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        for i in 0..count {
            if self.at % 8 == 0 {
                self.out.push(0);
            }
            let bit = u8::from(value >> i & 1 == 1);
            *self.out.last_mut().expect("just pushed") |= bit << (self.at % 8);
            self.at += 1;
        }
    }

    fn code(&mut self, value: u32, count: usize) {
        self.put(value.reverse_bits() >> (32 - count), count);
    }
}

#[tokio::test]
async fn a_bomb_is_cut_off_by_its_decoded_size() {
    let packed = bomb();
    assert!(packed.len() < 70_000, "ten megabytes in {} bytes", packed.len());
    let server = Server::start(move |_| encoded("gzip", &packed)).await;
    let started = Instant::now();
    let error = client().send(&Request::get(server.url("/")), &loopback()).await;
    assert!(matches!(error, Err(SendError::TooLarge)), "{error:?}");
    assert!(started.elapsed() < Duration::from_millis(900));
}

#[tokio::test]
async fn a_reply_within_the_cap_is_read_and_one_byte_more_is_not() {
    let small = Client::new(&Config { max_body: 1000, ..config() }).expect("a client");
    for (length, fits) in [(1000, true), (1001, false)] {
        let server = Server::start(move |_| ok(&"x".repeat(length))).await;
        let reply = small.send(&Request::get(server.url("/")), &loopback()).await;
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
    let roomy = Config { total: Duration::from_secs(20), ..config() };
    let client = Client::new(&roomy).expect("a client");
    let error = client.send(&Request::get(server.url("/")), &loopback()).await;
    assert!(matches!(error, Err(SendError::TooLarge)), "{error:?}");
}

#[tokio::test]
async fn an_announced_gigabyte_is_not_even_begun() {
    let server = Server::raw(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
        std::future::pending::<()>().await;
    })
    .await;
    let error = client().send(&Request::get(server.url("/")), &loopback()).await;
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
        let error = client().send(&Request::get(server.url("/")), &loopback()).await;
        assert!(matches!(error, Err(SendError::TooLarge)), "{error:?}");
    }
}

#[tokio::test]
async fn slow_servers_are_given_up_in_time() {
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
        let error = client().send(&Request::get(url), &loopback()).await;
        assert!(matches!(error, Err(SendError::Timeout)), "{case}: {error:?}");
        assert!(started.elapsed() < Duration::from_secs(2), "{case}");
    }
}

#[tokio::test]
async fn fifty_slow_servers_do_not_hold_up_a_quick_one() {
    let slow = Server::raw(hold).await;
    let quick = Server::start(|_| ok("here")).await;
    let client = client();
    let stuck: Vec<_> = (0..50)
        .map(|_| {
            let (client, url) = (client.clone(), slow.url("/"));
            tokio::spawn(async move { client.send(&Request::get(url), &loopback()).await })
        })
        .collect();
    let started = Instant::now();
    client.send(&Request::get(quick.url("/")), &loopback()).await.expect("a reply");
    assert!(started.elapsed() < Duration::from_millis(350));
    for task in stuck {
        assert!(matches!(task.await.expect("no panic"), Err(SendError::Timeout)));
    }
}

#[tokio::test]
async fn broken_http_is_an_error_and_no_panic() {
    for (case, bytes) in [
        ("not HTTP", b"220 mail.example ESMTP\r\n".to_vec()),
        ("nothing", Vec::new()),
        ("cut off", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec()),
        ("bad gzip", encoded("gzip", b"this is not gzip")),
        ("bad chunks", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec()),
    ] {
        let server = Server::start(move |_| bytes.clone()).await;
        let error = client().send(&Request::get(server.url("/")), &loopback()).await;
        assert!(
            matches!(error, Err(SendError::Protocol(_) | SendError::Connect(_))),
            "{case}: {error:?}"
        );
    }
}

#[tokio::test]
async fn loopback_is_asked_only_where_the_config_names_it() {
    let server = Server::start(|_| ok("here")).await;
    let port = server.port;
    for host in ["127.0.0.1", "2130706433", "0177.0.0.1", "0.0.0.0", "[::1]", "localhost"] {
        let url = Url::parse(&format!("http://{host}:{port}/")).expect("a URL");
        let error = client().send(&Request::get(url), &Access::default()).await;
        assert!(matches!(error, Err(SendError::Refused(_))), "{host}: {error:?}");
    }
    assert_eq!(server.requests().len(), 0);
    let named = Access { private_host: Some(format!("127.0.0.1:{port}")) };
    assert!(client().send(&Request::get(server.url("/")), &named).await.is_ok());
    let other_port = Access { private_host: Some("127.0.0.1:1".to_owned()) };
    assert!(client().send(&Request::get(server.url("/")), &other_port).await.is_err());
}

#[tokio::test]
async fn names_that_mean_private_addresses_are_refused_before_a_connection() {
    let server = Server::start(|_| ok("here")).await;
    let names = names(&[
        ("inside.example", &["127.0.0.1", "::1", "10.0.0.1"]),
        ("named.example", &["127.0.0.1"]),
        ("nowhere.example", &[]),
    ]);
    let client = Client::with_lookup(&config(), names.clone()).expect("a client");
    let url = |name: &str| Url::parse(&format!("http://{name}:{}/", server.port)).expect("a URL");
    let named = Access { private_host: Some("named.example".to_owned()) };

    let error = client.send(&Request::get(url("inside.example")), &named).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    for nobody in ["nowhere.example", "unknown.example"] {
        let error = client.send(&Request::get(url(nobody)), &named).await;
        assert!(matches!(error, Err(SendError::Connect(_))), "{error:?}");
    }
    assert_eq!(server.requests().len(), 0);

    assert!(client.send(&Request::get(url("named.example")), &named).await.is_ok());
    // Its open connection must not be reused by somebody who may not go there.
    let error = client.send(&Request::get(url("named.example")), &Access::default()).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    assert_eq!(server.requests().len(), 1);
}

/// A resolver that answers with a public address first and with loopback from then on.
#[derive(Default)]
struct Rebinding(AtomicUsize);

impl Lookup for Rebinding {
    fn lookup(&self, _: String) -> Found {
        let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
        let ip: IpAddr = if first { [192, 0, 1, 1].into() } else { [127, 0, 0, 1].into() };
        Box::pin(async move { Ok(vec![ip]) })
    }
}

#[tokio::test]
async fn a_name_that_changes_its_meaning_is_judged_each_time() {
    let server = Server::start(|_| ok("here")).await;
    let lookup = Arc::new(Rebinding::default());
    let client = Client::with_lookup(&config(), lookup.clone()).expect("a client");
    let url = Url::parse(&format!("http://a.example:{}/", server.port)).expect("a URL");
    // Whatever becomes of the first (nobody is there), one look-up is check and use in one.
    assert!(client.send(&Request::get(url.clone()), &Access::default()).await.is_err());
    assert_eq!(lookup.0.load(Ordering::SeqCst), 1);
    let error = client.send(&Request::get(url), &Access::default()).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn redirects_to_the_inside_are_not_followed() {
    let victim = Server::start(|_| ok("secret")).await;
    for to in [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fe80::1]/".to_owned(),
        "http://[fd00::1]/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        format!("http://0.0.0.0:{}/", victim.port),
        format!("http://localhost:{}/", victim.port),
        format!("http://0x7f.1.:{}/", victim.port),
        format!("http://127.0.0.2:{}/", victim.port),
        "file:///etc/passwd".to_owned(),
        "ftp://a.example/".to_owned(),
    ] {
        let said = to.clone();
        let server = Server::start(move |_| redirect(302, &said)).await;
        let named = Access { private_host: Some(format!("127.0.0.1:{}", server.port)) };
        let error = client().send(&with_token(server.url("/")), &named).await;
        assert!(matches!(error, Err(SendError::Refused(_))), "{to}: {error:?}");
    }
    assert_eq!(victim.requests().len(), 0);
}

#[tokio::test]
async fn circles_and_long_ways_end() {
    let circle =
        Server::start(|r| redirect(302, if r.starts_with("GET /a ") { "/b" } else { "/a" })).await;
    let error = client().send(&Request::get(circle.url("/a")), &loopback()).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    assert_eq!(circle.requests().len(), 2);

    let steps = Server::start(|request| {
        let at: u32 = request[5..6].parse().expect("a digit");
        if at == 9 { ok("end") } else { redirect(301, &format!("/{}", at + 1)) }
    })
    .await;
    let reply = client().send(&Request::get(steps.url("/4")), &loopback()).await.expect("5 hops");
    assert_eq!(reply.url, steps.url("/9"));
    assert!(reply.moved_for_good);
    let error = client().send(&Request::get(steps.url("/3")), &loopback()).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
}

#[tokio::test]
async fn one_passing_redirect_and_the_move_is_not_for_good() {
    let server = Server::start(|request| match &request[5..6] {
        "0" => redirect(301, "/1"),
        "1" => redirect(302, "/2"),
        _ => ok("end"),
    })
    .await;
    let reply = client().send(&Request::get(server.url("/0")), &loopback()).await.expect("a reply");
    assert!(!reply.moved_for_good);
}

#[tokio::test]
async fn credentials_and_headers_stay_with_their_server() {
    let stranger = Server::start(|_| ok("thanks")).await;
    let to = stranger.url("/").to_string();
    let server = Server::start(move |r| match &r[5..9] {
        "here" => redirect(302, "/same"),
        "same" => ok("same"),
        _ => redirect(302, &to),
    })
    .await;
    let mut request = with_token(server.url("/here"));
    request.headers.push(("x-api-version", CANARY.to_owned()));
    client().send(&request, &loopback()).await.expect("a reply");
    assert_eq!(server.requests().iter().filter(|r| r.matches(CANARY).count() == 2).count(), 2);

    request.url = server.url("/away");
    client().send(&request, &loopback()).await.expect("a reply");
    let asked = stranger.requests();
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].contains(CANARY), "{}", asked[0]);

    request.body = Body::Form(vec![("password".to_owned(), CANARY.to_owned())]);
    let error = client().send(&request, &loopback()).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    assert_eq!(stranger.requests().len(), 1, "a posted password is not passed on");
}

#[tokio::test]
async fn credentials_are_not_sent_in_clear_to_strangers() {
    let names = names(&[("a.example", &["8.8.8.8"])]);
    let client = Client::with_lookup(&config(), names.clone()).expect("a client");
    let request = with_token(Url::parse("http://a.example/").expect("a URL"));
    let error = client.send(&request, &Access::default()).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    assert_eq!(names.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn no_error_holds_an_address_or_a_token() {
    let server = Server::start(|request| match &request[5..6] {
        "r" => redirect(302, &format!("https://user:{CANARY}@evil.example/?t={CANARY}")),
        "l" => redirect(302, "/l"),
        "j" => redirect(302, &format!("http://[{CANARY}")),
        "g" => encoded("gzip", CANARY.as_bytes()),
        "t" => format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", CANARY.repeat(50_000)).into_bytes(),
        "s" => format!("{CANARY} {CANARY}\r\n").into_bytes(),
        _ => Vec::new(),
    })
    .await;
    let dead = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("one");
    let mut all = vec![
        Url::parse(&format!("http://{dead}/?token={CANARY}")).expect("a URL"),
        Url::parse(&format!("https://127.0.0.1:{}/?token={CANARY}", server.port)).expect("a URL"),
        Url::parse(&format!("http://u:{CANARY}@127.0.0.1:{}/", server.port)).expect("a URL"),
        Url::parse(&format!("http://{CANARY}.invalid/{CANARY}")).expect("a URL"),
        Url::parse(&format!("file:///{CANARY}")).expect("a URL"),
        Url::parse(&format!("http://10.0.0.1/{CANARY}")).expect("a URL"),
    ];
    all.extend(
        ["r", "l", "j", "g", "t", "s", "e"]
            .map(|path| server.url(&format!("/{path}?access_token={CANARY}"))),
    );
    for url in all {
        let mut request = with_token(url.clone());
        request.headers.push(("x-key", CANARY.to_owned()));
        let error = client().send(&request, &loopback()).await.expect_err(url.as_str());
        let said = format!("{error} {error:?} {:?}", std::error::Error::source(&error).is_some());
        for never in [CANARY, "127.0.0.1", "http:", "https:", "token", "example", "invalid"] {
            assert!(!said.to_lowercase().contains(never), "{never} in {said}");
        }
    }
}

#[tokio::test]
async fn a_proxy_is_used_and_gets_no_host_that_is_named_by_address() {
    let proxy = Server::start(|_| ok("by proxy")).await;
    let through = Proxy::Through(proxy.url("/"), vec!["direct.example".to_owned()]);
    let names = names(&[("direct.example", &["10.0.0.1"])]);
    let client = Client::with_lookup(&Config { proxy: through, ..config() }, names).expect("one");
    assert_eq!(client.proxies().collect::<Vec<_>>(), ["127.0.0.1"]);
    let get = |url: &str| Request::get(Url::parse(url).expect("a URL"));
    let nobody = Access::default();

    let reply = client.send(&get("http://a.example/x"), &nobody).await.expect("a reply");
    assert_eq!(reply.body, b"by proxy");
    assert!(proxy.requests()[0].starts_with("GET http://a.example/x HTTP/1.1\r\n"));
    for url in ["http://10.0.0.1/", "http://direct.example/"] {
        let error = client.send(&get(url), &nobody).await;
        assert!(matches!(error, Err(SendError::Refused(_))), "{url}: {error:?}");
    }
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn a_ca_file_must_hold_certificates() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("ca.pem");
    let new = || Client::new(&Config { ca_file: Some(path.clone()), ..config() }).map(|_| ());
    assert!(new().expect_err("it is missing").to_string().contains("ca.pem"));
    std::fs::write(&path, "hello").expect("written");
    assert!(new().expect_err("no certificate").to_string().contains("no certificate"));
}
