//! Promise: every platform on the list can be set up from its example, and makes of each saved reply exactly what is written beside it.

pub mod fixtures;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use affinityd::http::{Auth, Reply};
use affinityd::model::{Reach, Time};
use affinityd::platforms::{self, Account, Ask, Platform, Refusal, Scene};
use affinityd::settings::{Findings, Section};
use secrecy::SecretString;
use toml::de::DeTable;
use url::Url;

use self::fixtures::Fixtures;

pub fn now() -> Time {
    Time::parse("2026-03-04T10:00:00Z").expect("it is a time")
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn secrets(section: &Section<'_>, what: &'static str) -> Option<SecretString> {
    let key = match what {
        "token" => "token-file",
        "url" => "url-file",
        "password" => "password-file",
        other => panic!("no connector has asked for `{other}` before"),
    };
    section.string(key).map(|name| SecretString::from(format!("canary {}", name.value)))
}

fn accounts(toml: &str) -> (Vec<Account>, Vec<String>) {
    let findings = Findings::default();
    let table = DeTable::parse(toml).expect("it is TOML");
    let root = Section::root(&table, &findings);
    let accounts = platforms::read(&root.section("platforms").expect("it has platforms"), &secrets);
    drop(root);
    (accounts, findings.take().into_iter().map(|f| f.message).collect())
}

fn example(name: &str) -> Arc<dyn Platform> {
    let path = root(&format!("config/platforms/{name}.toml"));
    let toml = fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{name} has no example: {}: {e}", path.display()));
    let (accounts, findings) = accounts(&toml);
    assert_eq!(findings, Vec::<String>::new(), "{name}: the example has mistakes");
    assert_eq!(accounts.len(), 1, "{name}: the example has one account block");
    assert_eq!(accounts[0].platform, name);
    accounts[0].connector.clone()
}

#[test]
fn every_platform_makes_of_each_saved_reply_what_is_written_beside_it() {
    for name in platforms::NAMES {
        let fixtures = Fixtures::load(name);
        for case in fixtures.cases.keys() {
            fixtures.check(case);
        }
        let unread = fixtures.unread.borrow();
        assert!(unread.is_empty(), "{name}: nobody reads {unread:?}");
    }
}

#[test]
fn every_folder_of_saved_replies_and_every_example_belongs_to_a_platform() {
    for folder in ["tests/fixtures", "config/platforms"] {
        for entry in fs::read_dir(root(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let is_other = folder == "tests/fixtures"
                && ["fuzz", "history", "http", "store"].contains(&name.as_str());
            assert!(is_other || platforms::NAMES.contains(&name.as_str()), "{folder}/{name}");
        }
    }
}

#[test]
fn streams_are_named_once_and_every_account_can_be_checked() {
    for name in platforms::NAMES {
        let connector = example(name);
        let streams = connector.streams();
        let names: BTreeSet<&str> = streams.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names.len(), streams.len(), "{name}: names of streams are unique");
        assert!(streams.iter().all(|s| s.every >= Time::MINUTE), "{name}");
        assert!(connector.probes().iter().any(|p| p.vital), "{name}: something must work");
        assert!(!connector.host().is_empty(), "{name}");
    }
}

#[test]
fn mistakes_in_account_blocks_are_found_at_once() {
    let mastodon = "[[platforms.mastodon]]\nname = \"a\"\nurl = \"https://home.example\"\n";
    let feed = "[[platforms.feed]]\nname = \"b\"\n";
    for (case, toml, wanted) in [
        ("nothing to read", mastodon.to_owned(), vec!["without a token and without tags there is nothing to read"]),
        ("a search without a token", format!("{mastodon}tags = [\"x\"]\nsearches = [\"y\"]\n"), vec!["a search needs a token"]),
        ("tags that are none", format!("{mastodon}tags = [\"#ok\", \"two words\", \"\"]\n"), vec!["this is no tag", "this is no tag"]),
        (
            "a name twice",
            format!("{mastodon}tags = [\"x\"]\n{mastodon}tags = [\"x\"]\n"),
            vec!["there is another account `a`"],
        ),
        (
            "an interval of a stream that is not there",
            format!("{mastodon}tags = [\"x\"]\npoll-posts = \"5m\"\npoll-search = \"5m\"\n"),
            vec!["`poll-posts` changes nothing: this account has no such stream"],
        ),
        ("an address with a password", format!("{feed}url = \"https://me:pw@blog.example\"\n"), vec!["this is no address of a feed"]),
        ("a file as address", format!("{feed}url = \"file:///etc/passwd\"\n"), vec!["this is no address of a feed"]),
        ("a user without a password", format!("{feed}url = \"https://b.example\"\nuser = \"me\"\n"), vec!["`user` without a password"]),
        ("neither name nor address", "[[platforms.feed]]\nkind = \"post\"\n".to_owned(), vec![
            "`platforms.feed.name` is missing",
            "`platforms.feed.url` is missing",
            "`platforms.feed.kind` cannot be `post`",
        ]),
        (
            "a token in the clear",
            "[[platforms.mastodon]]\nname = \"a\"\nurl = \"http://home.example\"\ntoken-file = \"t\"\n".to_owned(),
            vec!["the token travels in the clear"],
        ),
        ("a platform that is not there", "[[platforms.mastodont]]\nname = \"a\"\n".to_owned(), vec!["unknown key `platforms.mastodont`"]),
    ] {
        let (_, mut findings) = accounts(&toml);
        let mut wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        findings.sort();
        wanted.sort();
        assert_eq!(findings, wanted, "{case}");
    }
}

#[test]
fn intervals_are_those_of_the_kind_of_stream_unless_the_account_says_otherwise() {
    let (accounts, findings) = accounts(
        "[[platforms.mastodon]]\nname = \"a\"\nbrand = \"acme\"\nurl = \"https://home.example\"\n\
         token-file = \"t\"\ntags = [\"x\", \"#x\"]\npoll-notifications = \"30s\"\n",
    );
    assert_eq!(findings, Vec::<String>::new());
    let streams: Vec<(String, i64, bool)> =
        accounts[0].streams().into_iter().map(|s| (s.name, s.every, s.addressed)).collect();
    assert_eq!(
        streams,
        [
            ("notifications".to_owned(), 30 * Time::SECOND, true),
            ("posts".to_owned(), 15 * Time::MINUTE, true),
            ("tag:x".to_owned(), 10 * Time::MINUTE, false),
        ]
    );
    assert_eq!(accounts[0].brand.as_ref().map(|b| b.value.as_str()), Some("acme"));
}

#[test]
fn without_a_token_only_tags_are_read_and_answers_are_seen_in_part() {
    let (accounts, findings) = accounts(
        "[[platforms.mastodon]]\nname = \"a\"\nurl = \"https://home.example\"\ntags = [\"x\"]\n",
    );
    assert_eq!(findings, Vec::<String>::new());
    let connector = &accounts[0].connector;
    let can = connector.capabilities();
    assert_eq!((can.mentions, can.search, can.answers), (Reach::No, Reach::Partly, Reach::Partly));
    assert!(connector.login(None, now()).is_none() && connector.credential().is_none());
    let stream = &connector.streams()[0];
    let scene = Scene { cursor: None, session: None, now: now() };
    let request = connector.request(Ask::Stream(stream), scene).unwrap();
    assert!(matches!(request.auth, Auth::None));
    // A server that shows threads to members only must not stop the tag from being read.
    let reply = |status, body: &[u8]| Reply {
        status,
        headers: Vec::new(),
        body: body.to_vec(),
        url: request.url.clone(),
        moved_for_good: false,
    };
    let body = fs::read(root("tests/fixtures/mastodon/posts-first.json")).unwrap();
    let page = connector.parse(Ask::Stream(stream), scene, &reply(200, &body)).unwrap();
    let scene = Scene { cursor: page.cursor.as_deref(), ..scene };
    let page = connector.parse(Ask::Stream(stream), scene, &reply(401, b"{}")).unwrap();
    let scene = Scene { cursor: page.cursor.as_deref(), ..scene };
    let page = connector.parse(Ask::Stream(stream), scene, &reply(200, &body)).unwrap();
    assert_eq!(page.readings.len(), 2);
    assert_eq!(
        page.readings[0].in_reply_to.as_deref(),
        Some("local:home.example:116160000000000008")
    );
}

#[test]
fn a_session_is_asked_for_where_it_is_missing_and_dropped_with_its_credential() {
    let connector = example("mastodon");
    let stream = &connector.streams()[0];
    let scene = Scene { cursor: None, session: None, now: now() };
    assert_eq!(connector.request(Ask::Stream(stream), scene).unwrap_err(), Refusal::Expired);
    let other = "[[platforms.mastodon]]\nname = \"a\"\nurl = \"https://home.example\"\ntoken-file = \"other\"\n";
    let other = &accounts(other).0[0].connector;
    assert!(connector.credential().is_some() && connector.credential() != other.credential());
}

#[test]
fn nothing_of_a_secret_address_is_kept_and_no_password_leaves_its_host() {
    let secret = |_: &Section<'_>, what: &'static str| match what {
        "url" => Some(SecretString::from("https://news.example/alerts/canary?key=canary")),
        _ => None,
    };
    let findings = Findings::default();
    let table = DeTable::parse("[[platforms.feed]]\nname = \"b\"\n").unwrap();
    let section = Section::root(&table, &findings).section("platforms").unwrap();
    let account = &platforms::read(&section, &secret)[0];
    let connector = &account.connector;
    let stream = &connector.streams()[0];
    let body = fs::read(root("tests/fixtures/feed/rss-first.xml")).unwrap();
    let mut cursor = None;
    for _ in 0..5 {
        let scene = Scene { cursor: cursor.as_deref(), session: None, now: now() };
        let request = connector.request(Ask::Stream(stream), scene).unwrap();
        assert_eq!(request.url.path(), "/alerts/canary", "a move is not followed");
        let url = Url::parse("https://news.example/moved/canary").unwrap();
        let reply = Reply {
            status: 200,
            headers: Vec::new(),
            body: body.clone(),
            url,
            moved_for_good: true,
        };
        let page = connector.parse(Ask::Stream(stream), scene, &reply).unwrap();
        assert!(!format!("{page:?}{account:?}{}", connector.host()).contains("canary"));
        cursor = page.cursor;
    }
}
