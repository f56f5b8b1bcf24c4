//! Promise: a session is opened once, renewed when it is refused, kept before it is used, and
//! opened anew only when it cannot be renewed.

use std::sync::{Arc, Mutex};

use secrecy::SecretString;
use serde_json::{Value, json};
use toml::de::DeTable;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

use super::{Ground, Source, login_at};
use crate::clock::Fast;
use crate::http::lanes::Lanes;
use crate::http::{self, Client};
use crate::model::Time;
use crate::platforms::{self, Account, Ask, Refusal};
use crate::settings::{Findings, Section};
use crate::store::{self, Store};

/// What a server with sessions knows: the tokens that are good now, and what it was asked.
#[derive(Default)]
struct Desk {
    round: u32,
    access: String,
    refresh: String,
    is_closed: bool,
    asked: Vec<&'static str>,
}

impl Desk {
    fn next(&mut self) -> (u16, Value) {
        self.round += 1;
        (self.access, self.refresh) =
            (format!("access{}", self.round), format!("refresh{}", self.round));
        let tokens = json!({"did": "did:plc:acmeacme", "handle": "acme.example",
            "accessJwt": self.access, "refreshJwt": self.refresh});
        (200, tokens)
    }

    fn answer(&mut self, path: &str, token: &str) -> (u16, Value) {
        let expired = (400, json!({"error": "ExpiredToken", "message": "Token has expired"}));
        match path.rsplit('.').next().unwrap_or_default() {
            "createSession" if self.is_closed => {
                self.asked.push("create");
                (401, json!({"error": "AuthenticationRequired", "message": "no"}))
            }
            "createSession" => {
                self.asked.push("create");
                self.next()
            }
            "refreshSession" => {
                self.asked.push("refresh");
                if token == self.refresh { self.next() } else { expired }
            }
            _ => {
                self.asked.push("list");
                let is_good = token == self.access;
                if is_good { (200, json!({"notifications": []})) } else { expired }
            }
        }
    }
}

#[derive(Clone, Default)]
struct Server(Arc<Mutex<Desk>>);

impl Server {
    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.0.lock().unwrap()
    }

    /// No token is good any more.
    fn forget(&self) {
        let mut desk = self.desk();
        (desk.access, desk.refresh) = ("other".to_owned(), "other".to_owned());
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.desk().asked)
    }
}

impl Respond for Server {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let token = request.headers.get("authorization").and_then(|v| v.to_str().ok());
        let token = token.and_then(|t| t.strip_prefix("Bearer ")).unwrap_or_default();
        let (status, body) = self.desk().answer(request.url.path(), token);
        ResponseTemplate::new(status).set_body_json(body)
    }
}

fn account(url: &str) -> Account {
    read(&format!(
        "[[platforms.bluesky]]\nname = \"a\"\nurl = \"{url}\"\nidentifier = \"acme.example\"\n\
         password-file = \"p\"\n"
    ))
}

fn read(toml: &str) -> Account {
    let findings = Findings::default();
    let table = DeTable::parse(toml).unwrap();
    let root = Section::root(&table, &findings);
    let secrets = |section: &Section<'_>, _: &'static str| {
        section.string("password-file").map(|f| SecretString::from(f.value))
    };
    platforms::read(&root.section("platforms").unwrap(), &secrets).remove(0)
}

fn ground(store: &Store) -> Ground {
    Ground {
        client: Client::new(&http::Config::default()).unwrap(),
        clock: Arc::new(Fast::new(Time(1_772_618_400_000), 1000)),
        store: Some(store.clone()),
        lanes: Arc::new(Mutex::new(Lanes::new())),
    }
}

fn source(url: &str, store: &Store) -> Source {
    Source::new(account(url), "acme".to_owned(), ground(store))
}

async fn poll(source: &Source) -> Result<(), Refusal> {
    let streams = source.account.connector.streams();
    source.page(Ask::Stream(&streams[0]), None).await.map(drop)
}

#[test]
fn logins_are_few_in_an_hour_and_in_a_day() {
    let now = Time(1_772_618_400_000);
    let ago = |seconds: i64| now.plus(-seconds * Time::SECOND);
    for (case, logins, wanted) in [
        ("none", vec![], None),
        ("nine in an hour", (1..10).map(ago).collect(), None),
        ("ten in an hour: when the first is an hour ago", (1..11).map(ago).collect(), Some(3590)),
        ("ten, one of them long ago", (1..10).chain([4000]).map(ago).collect(), None),
        ("fifty in a day", (0..50).map(|n| ago(4000 + n * 600)).collect(), Some(86_400 - 33_400)),
    ] {
        let at = login_at(&logins, now).map(|at| at.since(now) / Time::SECOND);
        assert_eq!(at, wanted, "{case}");
    }
}

#[tokio::test]
async fn a_link_in_a_feed_leads_to_no_other_port_of_this_machine() {
    let (feed, victim) = (MockServer::start().await, MockServer::start().await);
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path(), &store::Config::default()).unwrap();
    let block = format!("[[platforms.feed]]\nname = \"a\"\nurl = \"{}/feed\"\n", feed.uri());
    let source = Source::new(read(&block), "acme".to_owned(), ground(&store));
    let target = platforms::Target {
        id: "1".to_owned(),
        locator: None,
        thread: None,
        url: Some(format!("{}/1", victim.uri())),
    };
    let refused = source.page(Ask::LookUp(&target), None).await;
    assert!(matches!(refused, Err(Refusal::Unreachable(_))), "{refused:?}");
    assert_eq!(victim.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_session_is_opened_once_renewed_when_refused_and_opened_anew_when_it_must_be() {
    let (server, http) = (Server::default(), MockServer::start().await);
    Mock::given(any()).respond_with(server.clone()).mount(&http).await;
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path(), &store::Config::default()).unwrap();

    let first = source(&http.uri(), &store);
    assert_eq!(poll(&first).await, Ok(()));
    assert_eq!(poll(&first).await, Ok(()));
    assert_eq!(server.asked(), ["create", "list", "list"]);

    server.desk().access = "other".to_owned();
    assert_eq!(poll(&first).await, Ok(()));
    assert_eq!(server.asked(), ["list", "refresh", "list"], "renewed");

    let second = source(&http.uri(), &store);
    assert_eq!(poll(&second).await, Ok(()));
    assert_eq!(server.asked(), ["list"], "the renewed session outlives a restart");

    server.desk().access = "other".to_owned();
    let (one, two) = tokio::join!(poll(&second), poll(&second));
    assert_eq!((one, two), (Ok(()), Ok(())));
    let renewals = server.asked().into_iter().filter(|a| *a == "refresh").count();
    assert_eq!(renewals, 1, "two tasks that are refused renew it once");

    server.forget();
    assert_eq!(poll(&second).await, Ok(()));
    assert_eq!(server.asked(), ["list", "refresh", "create", "list"], "opened anew");

    server.forget();
    server.desk().is_closed = true;
    let refused = Refusal::Unauthorised("name or app password is refused".to_owned());
    assert_eq!(poll(&second).await, Err(refused));
    assert_eq!(server.asked(), ["list", "refresh", "create"], "a person must act");
}
