//! A server, a resolver and a client for tests: each does exactly what the test says.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use affinityd::http::guard::{Found, Lookup};
use affinityd::http::{Access, Auth, Client, Config, Proxy, Request};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Never to be seen in an error.
pub const CANARY: &str = "c4n4ry-t0k3n";

/// A server on loopback that answers each connection once, as the test says.
pub struct Server {
    pub port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` gets the request, head and body, and says all the bytes that come back.
    pub async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
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
    pub async fn raw<F>(answer: impl Fn(TcpStream, String) -> F + Send + Sync + 'static) -> Self
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

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}{path}", self.port)).expect("a URL")
    }

    /// As if the config named it.
    pub fn access(&self) -> Access {
        to(&[&format!("127.0.0.1:{}", self.port)])
    }

    pub fn requests(&self) -> Vec<String> {
        self.heads.lock().expect("no panic").clone()
    }
}

/// Keeps the connection open and says nothing more.
pub async fn hold(stream: TcpStream, _: String) {
    std::future::pending::<()>().await;
    drop(stream);
}

pub fn is_whole(request: &str) -> bool {
    // A TLS handshake sent to a plain server: answer it as such servers do.
    if request.starts_with('\u{16}') {
        return true;
    }
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}

pub fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub fn redirect(status: u16, to: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

pub fn config() -> Config {
    Config { proxy: Proxy::Direct, ..Config::default() }
}

/// Limits short enough to be reached in a test.
pub fn hasty() -> Config {
    Config {
        connect: Duration::from_millis(400),
        read: Duration::from_millis(400),
        total: Duration::from_millis(900),
        ..config()
    }
}

pub fn client() -> Client {
    Client::new(&config()).expect("a client")
}

/// Lets these hosts be asked, wherever they are.
pub fn to(hosts: &[&str]) -> Access {
    Access { private_hosts: hosts.iter().map(|host| (*host).to_owned()).collect() }
}

pub fn with_token(url: Url) -> Request {
    Request { auth: Auth::Bearer(SecretString::from(CANARY)), ..Request::get(url) }
}

/// Names as the test likes, and how often they were asked for.
#[derive(Default)]
pub struct Names {
    all: HashMap<&'static str, Vec<IpAddr>>,
    pub asked: AtomicUsize,
}

impl Lookup for Names {
    fn lookup(&self, name: String) -> Found {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.all.get(name.as_str()).cloned();
        Box::pin(async move { found.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

pub fn names(all: &[(&'static str, &[&str])]) -> Arc<Names> {
    let all = all
        .iter()
        .map(|(name, ips)| (*name, ips.iter().map(|ip| ip.parse().expect("an ip")).collect()))
        .collect();
    Arc::new(Names { all, asked: AtomicUsize::new(0) })
}

pub fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut all = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    all.extend_from_slice(body);
    all
}

/// A gzip stream of `size` zero bytes in stored and in packed form needs a deflater; repeating one
/// packed block does as well. This block is 1,028 zeros in 8 bytes or so, repeated without end.
pub fn bomb() -> Vec<u8> {
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
pub struct Bits {
    out: Vec<u8>,
    at: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        for i in 0..count {
            if self.at.is_multiple_of(8) {
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
