//! F13: redirects in circles, into the inside, to plain HTTP; names that mean private addresses.
//! Refused before a connection; credentials go to no other host; loopback only where configured.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use affinityd::clock::Manual;
use affinityd::http::guard::{Found, Lookup};
use affinityd::http::{Access, Body, Client, Config, Proxy, Request, SendError};
use serde_json::json;
use url::Url;

use crate::http::support::*;
use crate::scripted::{Answer, Scripted};
use crate::stage::{Stage, at};

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
    let named = server.access();
    assert!(client().send(&Request::get(server.url("/")), &named).await.is_ok());
    let other_port = to(&["127.0.0.1:1", "127.0.0.1"]);
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
    let named = to(&[&format!("named.example:{}", server.port)]);

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
        let named = server.access();
        let error = client().send(&with_token(server.url("/")), &named).await;
        assert!(matches!(error, Err(SendError::Refused(_))), "{to}: {error:?}");
    }
    assert_eq!(victim.requests().len(), 0);
}

#[tokio::test]
async fn circles_and_long_ways_end() {
    let circle =
        Server::start(|r| redirect(302, if r.starts_with("GET /a ") { "/b" } else { "/a" })).await;
    let error = client().send(&Request::get(circle.url("/a")), &circle.access()).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    assert_eq!(circle.requests().len(), 2);

    let steps = Server::start(|request| {
        let at: u32 = request[5..6].parse().expect("a digit");
        if at == 9 { ok("end") } else { redirect(301, &format!("/{}", at + 1)) }
    })
    .await;
    let reply =
        client().send(&Request::get(steps.url("/4")), &steps.access()).await.expect("5 hops");
    assert_eq!(reply.url, steps.url("/9"));
    assert!(reply.moved_for_good);
    let error = client().send(&Request::get(steps.url("/3")), &steps.access()).await;
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
    let reply =
        client().send(&Request::get(server.url("/0")), &server.access()).await.expect("a reply");
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
    let both = Access {
        private_hosts: [server.access().private_hosts, stranger.access().private_hosts].concat(),
    };
    client().send(&request, &both).await.expect("a reply");
    assert_eq!(server.requests().iter().filter(|r| r.matches(CANARY).count() == 2).count(), 2);

    request.url = server.url("/away");
    client().send(&request, &both).await.expect("a reply");
    let asked = stranger.requests();
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].contains(CANARY), "{}", asked[0]);

    request.body = Body::Form(vec![("password".to_owned(), CANARY.to_owned())]);
    let error = client().send(&request, &both).await;
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

/// Addresses of the inside, as a name may mean them.
const INSIDE: [&str; 18] = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
];

#[tokio::test]
async fn an_address_of_the_inside_is_refused_in_every_spelling_without_a_look_up() {
    let names = names(&[]);
    let client = Client::with_lookup(&config(), names.clone()).expect("a client");
    let written =
        INSIDE.iter().map(|ip| if ip.contains(':') { format!("[{ip}]") } else { (*ip).to_owned() });
    let spelled = [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "0x7f.1",
        "017700000001",
        "127.0.0.1.",
        "①②⑦.0.0.1",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "169.254.43518",
        "2852039166",
        "0xa9fea9fe",
    ];
    for host in written.chain(spelled.iter().map(|host| (*host).to_owned())) {
        for scheme in ["http", "https"] {
            let url = Url::parse(&format!("{scheme}://{host}/")).expect("a URL");
            let error = client.send(&Request::get(url), &Access::default()).await;
            assert!(matches!(error, Err(SendError::Refused(_))), "{host}: {error:?}");
        }
    }
    for url in
        ["file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "data:text/plain,x"]
    {
        let request = Request::get(Url::parse(url).expect("a URL"));
        let error = client.send(&request, &Access::default()).await;
        assert!(matches!(error, Err(SendError::Refused(_))), "{url}: {error:?}");
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 0, "nobody was asked for a name");
}

#[tokio::test]
async fn a_name_of_the_inside_is_refused_and_one_good_address_is_enough() {
    for ip in INSIDE {
        let names = names(&[("a.example", &[ip])]);
        let client = Client::with_lookup(&hasty(), names).expect("a client");
        let url = Url::parse("https://a.example/").expect("a URL");
        let error = client.send(&Request::get(url), &Access::default()).await;
        assert!(matches!(error, Err(SendError::Refused(_))), "{ip}: {error:?}");
    }
}

#[tokio::test]
async fn even_a_configured_name_never_means_where_clouds_keep_their_credentials() {
    for ip in ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "::"] {
        let names = names(&[("blog.example", &[ip])]);
        let client = Client::with_lookup(&hasty(), names).expect("a client");
        let url = Url::parse("http://blog.example/feed").expect("a URL");
        let error = client.send(&Request::get(url), &to(&["blog.example"])).await;
        assert!(matches!(error, Err(SendError::Refused(_))), "{ip}: {error:?}");
    }
}

#[tokio::test]
async fn a_configured_host_does_not_open_the_ports_beside_it() {
    let beside = Server::start(|_| ok("secret")).await;
    let address = beside.url("/").to_string();
    let server = Server::start(move |_| redirect(302, &address)).await;
    let names = names(&[("nas.example", &["127.0.0.1"])]);
    let client = Client::with_lookup(&config(), names).expect("a client");
    let error = client.send(&Request::get(server.url("/")), &server.access()).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    let url = Url::parse(&format!("http://nas.example:{}/", beside.port)).expect("a URL");
    let error = client.send(&Request::get(url), &to(&["nas.example"])).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    assert_eq!(beside.requests().len(), 0);
}

#[tokio::test]
async fn eleven_hops_are_too_many() {
    let steps = Server::start(|request| {
        let path = request[5..].split(' ').next().unwrap_or_default();
        let at: u32 = path.parse().expect("a number");
        if at == 11 { ok("end") } else { redirect(302, &format!("/{}", at + 1)) }
    })
    .await;
    let error = client().send(&Request::get(steps.url("/0")), &steps.access()).await;
    assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    assert!(steps.requests().len() <= 6);
}

/// Links, next pages and service addresses in replies of every kind, all of them to the inside.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_inside_replies_lead_nowhere() {
    let victim = Server::start(|_| ok("secret")).await;
    let inside = victim.url("/").to_string();
    let clock = Manual::new(at("08:00"));
    let link = format!("<{inside}?max_id=1>; rel=\"next\", <{inside}?min_id=2>; rel=\"prev\"");
    let server = Scripted::start(move |asked| {
        let method = asked.path.rsplit(['.', '/']).next().unwrap_or_default();
        let body = match method {
            "verify_credentials" => json!({ "id": "1", "acct": "acme", "username": "acme" }),
            "notifications" => json!([{
                "id": "7", "type": "mention", "created_at": "2026-11-09T07:00:00Z",
                "account": { "id": "9", "acct": "ada", "username": "ada", "url": inside },
                "status": {
                    "id": "7", "uri": format!("{inside}7"), "url": format!("{inside}7"),
                    "created_at": "2026-11-09T07:00:00Z", "visibility": "public", "language": "en",
                    "content": format!("<p>@acme broken, I want a refund <a href=\"{inside}\">x</a></p>"),
                    "spoiler_text": "", "reblog": null, "quote": null, "in_reply_to_id": null,
                    "in_reply_to_account_id": null, "mentions": [], "replies_count": 0,
                    "reblogs_count": 0, "favourites_count": 0,
                    "account": { "id": "9", "acct": "ada", "username": "ada", "url": inside },
                },
            }]),
            "createSession" => json!({
                "did": "did:plc:acmeacmeacmeacmeacmeacme", "handle": "acme.example",
                "accessJwt": "a", "refreshJwt": "r",
                "didDoc": { "service": [{
                    "id": "#atproto_pds", "type": "AtprotoPersonalDataServer",
                    "serviceEndpoint": inside,
                }] },
            }),
            "listNotifications" => json!({ "notifications": [], "cursor": inside }),
            "getAuthorFeed" => json!({ "feed": [], "cursor": inside }),
            "json" => json!({
                "version": "https://jsonfeed.org/version/1.1", "title": "Blog",
                "feed_url": inside, "next_url": inside, "home_page_url": inside, "icon": inside,
                "hubs": [{ "type": "WebSub", "url": inside }],
                "items": [{
                    "id": "1", "url": inside, "external_url": inside, "title": "Acme Coffee",
                    "content_html": format!("<img src=\"{inside}\">broken, I want a refund"),
                }],
            }),
            _ => json!([]),
        };
        Answer::ok(body.to_string())
            .with("link", link.clone())
            .with("content-location", inside.clone())
            .with("refresh", format!("0; url={inside}"))
    })
    .await;
    let url = &server.url;
    let platforms = format!(
        "\n[[platforms.mastodon]]\nname = \"m\"\nurl = \"{url}\"\ntoken-file = \"{{token}}\"\n\
         [[platforms.bluesky]]\nname = \"b\"\nurl = \"{url}\"\nidentifier = \"acme.example\"\n\
         password-file = \"{{token}}\"\n\
         [[platforms.feed]]\nname = \"f\"\nurl = \"{url}/feed.json\"\naddressed = true\n"
    );
    let stage = Stage::of(&clock, &platforms).await;
    for hour in ["09:00", "11:00", "14:00"] {
        stage.pass(at(hour)).await;
    }
    assert!(!stage.ids().is_empty(), "it was read");
    assert_eq!(victim.requests(), Vec::<String>::new());
}
