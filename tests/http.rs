//! Nothing a server does can hang, flood or misdirect the client, or make it give a secret away.

pub mod support;
mod tls;

use affinityd::http::{Body, Client, Config, Request, SendError};
use tokio::net::TcpListener;
use url::Url;

use support::*;

#[tokio::test]
async fn a_reply_comes_back_whole() {
    let server = Server::start(|_| {
        b"HTTP/1.1 404 Not Found\r\nX-Some: Thing\r\nset-cookie: a=b\r\ncontent-length: 4\r\n\r\ngone"
            .to_vec()
    })
    .await;
    let mut request = with_token(server.url("/a?b=c"));
    request.headers.push(("if-none-match", "\"tag\"".to_owned()));
    let reply = client().send(&request, &server.access()).await.expect("a reply");
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
        client().send(&request, &server.access()).await.expect("a reply");
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
    let reply =
        client().send(&Request::get(server.url("/")), &server.access()).await.expect("a reply");
    assert_eq!(reply.body, b"hello");
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
        let error = client().send(&Request::get(server.url("/")), &server.access()).await;
        assert!(
            matches!(error, Err(SendError::Protocol(_) | SendError::Connect(_))),
            "{case}: {error:?}"
        );
    }
}

#[tokio::test]
async fn no_error_holds_an_address_or_a_token() {
    let hasty = Client::new(&hasty()).expect("a client");
    let server = Server::start(|request| match request.get(5..6).unwrap_or_default() {
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
        let error = hasty.send(&request, &server.access()).await.expect_err(url.as_str());
        let said = format!("{error} {error:?} {:?}", std::error::Error::source(&error).is_some());
        for never in [CANARY, "127.0.0.1", "http:", "https:", "token", "example", "invalid"] {
            assert!(!said.to_lowercase().contains(never), "{never} in {said}");
        }
    }
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
