//! Requests, credentials and redirects go only where the config lets them.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use affinityd::http::guard::{Found, Lookup};
use affinityd::http::{Access, Body, Client, Config, Proxy, Request, SendError};
use url::Url;

use super::support::*;

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
    let client = Client::with_lookup(&hasty(), lookup.clone()).expect("a client");
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
