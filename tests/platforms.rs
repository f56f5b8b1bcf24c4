//! Promise: every platform on the list can be set up from its example, and makes of each saved reply exactly what is written beside it; no reply, however broken, makes a connector panic.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use affinityd::http::{Body, Reply, Request};
use affinityd::model::{Kind, Reading, Time};
use affinityd::platforms::{
    self, Account, Ask, Page, Platform, Refusal, Scene, Session, Target,
};
use affinityd::settings::{Findings, Section};
use secrecy::SecretString;
use serde::Deserialize;
use toml::de::DeTable;
use url::Url;

/// `NAME.case.toml`: what was asked, what came back, and what it must become.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    /// The case in words.
    says: String,
    /// `stream NAME`, `look-up`, `probe N` or `login`.
    ask: String,
    /// The case whose page left the cursor.
    after: Option<String>,
    /// Or the cursor itself.
    cursor: Option<String>,
    /// The case whose login left the session.
    session: Option<String>,
    target: Option<Sought>,
    #[serde(default = "now")]
    now: Time,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The saved reply, if it is not `NAME.json` or `NAME.xml`; `""`: an empty body.
    body: Option<String>,
    /// Where redirects led.
    url: Option<Url>,
    #[serde(default)]
    moved_for_good: bool,
    want: Want,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct Want {
    /// The address that is asked for.
    request: Option<String>,
    /// Headers sent along, those named.
    sends: BTreeMap<String, String>,
    refusal: Option<String>,
    readings: Vec<Told>,
    around: Vec<Told>,
    gone: Vec<String>,
    private: u32,
    spoiled: Vec<String>,
    more: bool,
    end: bool,
    not_before: Option<Time>,
    gap: Option<String>,
    session: Option<String>,
}

/// A reading: what is written must be so, and `absent` must be `None`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Told {
    id: String,
    kind: Kind,
    #[serde(default)]
    own: bool,
    locator: Option<String>,
    bot: Option<bool>,
    author: Option<String>,
    handle: Option<String>,
    name: Option<String>,
    text: Option<String>,
    title: Option<String>,
    lang: Option<String>,
    url: Option<String>,
    created_at: Option<Time>,
    in_reply_to: Option<String>,
    thread: Option<String>,
    about: Option<String>,
    rating: Option<f32>,
    /// Likes, replies, shares, quotes; -1: not offered.
    counts: Option<[i64; 4]>,
    #[serde(default)]
    absent: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Sought {
    id: String,
    locator: Option<String>,
    thread: Option<String>,
    url: Option<String>,
}

fn now() -> Time {
    Time::parse("2026-03-04T10:00:00Z").unwrap()
}

fn ok() -> u16 {
    200
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

/// The saved replies of one platform.
struct Fixtures {
    platform: String,
    connector: Arc<dyn Platform>,
    cases: BTreeMap<String, Case>,
    unread: std::cell::RefCell<BTreeSet<String>>,
}

impl Fixtures {
    fn load(platform: &str) -> Self {
        let folder = root(&format!("tests/fixtures/{platform}"));
        let files: BTreeSet<String> = fs::read_dir(&folder)
            .unwrap_or_else(|e| {
                panic!("{platform} has no saved replies: {}: {e}", folder.display())
            })
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut cases = BTreeMap::new();
        for file in &files {
            if let Some(name) = file.strip_suffix(".case.toml") {
                let words = fs::read_to_string(folder.join(file)).unwrap();
                let case =
                    toml::from_str(&words).unwrap_or_else(|e| panic!("{platform}/{file}: {e}"));
                cases.insert(name.to_owned(), case);
            }
        }
        assert!(!cases.is_empty(), "{platform} has no cases");
        let unread = files.into_iter().filter(|f| !f.ends_with(".case.toml")).collect();
        Self {
            platform: platform.to_owned(),
            connector: example(platform),
            cases,
            unread: std::cell::RefCell::new(unread),
        }
    }

    fn body(&self, name: &str) -> Vec<u8> {
        let file = match &self.cases[name].body {
            Some(file) if file.is_empty() => return Vec::new(),
            Some(file) => file.clone(),
            None => ["json", "xml"]
                .map(|ext| format!("{name}.{ext}"))
                .into_iter()
                .find(|f| root(&format!("tests/fixtures/{}/{f}", self.platform)).exists())
                .unwrap_or_else(|| panic!("{}/{name} has no saved reply", self.platform)),
        };
        self.unread.borrow_mut().remove(&file);
        fs::read(root(&format!("tests/fixtures/{}/{file}", self.platform))).unwrap()
    }

    fn session(&self, name: &str) -> Option<Session> {
        let login = self.cases[name].session.as_ref()?;
        let reply =
            self.reply(login, Url::parse("https://home.example").unwrap(), self.body(login));
        Some(self.connector.parse_login(&reply, self.cases[login].now).expect("the login is good"))
    }

    fn cursor(&self, name: &str) -> Option<String> {
        let case = &self.cases[name];
        match &case.after {
            Some(before) => self.run(before, self.body(before)).1.expect("it left a cursor").cursor,
            None => case.cursor.clone(),
        }
    }

    fn reply(&self, name: &str, asked: Url, body: Vec<u8>) -> Reply {
        let case = &self.cases[name];
        Reply {
            status: case.status,
            headers: case.headers.clone().into_iter().collect(),
            body,
            url: case.url.clone().unwrap_or(asked),
            moved_for_good: case.moved_for_good,
        }
    }

    /// Runs a case with some body, and returns what was asked and what came of it.
    fn run(&self, name: &str, body: Vec<u8>) -> (Request, Result<Page, Refusal>) {
        let case = &self.cases[name];
        let (session, cursor) = (self.session(name), self.cursor(name));
        let scene = Scene { cursor: cursor.as_deref(), session: session.as_ref(), now: case.now };
        self.parse(name, scene, body)
    }

    fn parse(
        &self,
        name: &str,
        scene: Scene<'_>,
        body: Vec<u8>,
    ) -> (Request, Result<Page, Refusal>) {
        let case = &self.cases[name];
        let streams = self.connector.streams();
        let target = case.target.clone().map(|t| Target {
            id: t.id,
            locator: t.locator,
            thread: t.thread,
            url: t.url,
        });
        let ask = match case.ask.split_once(' ') {
            Some(("stream", wanted)) => {
                let stream = streams.iter().find(|s| s.name == wanted);
                Ask::Stream(stream.unwrap_or_else(|| panic!("{name}: no stream `{wanted}`")))
            }
            Some(("probe", nth)) => Ask::Probe(nth.parse().unwrap()),
            _ => Ask::LookUp(target.as_ref().expect("a look-up has a target")),
        };
        let request = self.connector.request(ask, scene).unwrap_or_else(|e| panic!("{name}: {e}"));
        let reply = self.reply(name, request.url.clone(), body);
        let page = self.connector.parse(ask, scene, &reply);
        (request, page)
    }

    fn check(&self, name: &str) {
        let case = &self.cases[name];
        let want = &case.want;
        let at = format!("{}/{name} ({})", self.platform, case.says);
        if case.ask == "login" {
            let request = self.connector.login(None, case.now).expect("it has a login");
            let reply = self.reply(name, request.url.clone(), self.body(name));
            match self.connector.parse_login(&reply, case.now) {
                Ok(session) => assert_eq!(Some(&session.state), want.session.as_ref(), "{at}"),
                Err(refusal) => assert_eq!(Some(refusal.to_string()), want.refusal, "{at}"),
            }
            return;
        }
        let (request, page) = self.run(name, self.body(name));
        assert!(matches!(request.body, Body::Empty), "{at}: it is a GET");
        assert!(!format!("{request:?}").contains("canary"), "{at}: the request shows a secret");
        if let Some(wanted) = &want.request {
            assert_eq!(request.url.as_str(), wanted, "{at}");
        }
        for (header, wanted) in &want.sends {
            let sent = request.headers.iter().find(|(n, _)| n == header).map(|(_, v)| v);
            assert_eq!(sent, Some(wanted), "{at}: {header}");
        }
        let page = match page {
            Ok(page) => page,
            Err(refusal) => {
                let until = match &refusal {
                    Refusal::RateLimited(Some(until)) => format!(" until {until}"),
                    _ => String::new(),
                };
                return assert_eq!(Some(format!("{refusal}{until}")), want.refusal, "{at}");
            }
        };
        assert_eq!(want.refusal, None, "{at}: it should have been refused");
        compare(&at, "readings", &page.readings, &want.readings);
        compare(&at, "around", &page.around, &want.around);
        assert_eq!(page.gone, want.gone, "{at}: gone");
        assert_eq!(page.private, want.private, "{at}: private");
        assert_eq!(page.spoiled, want.spoiled, "{at}: spoiled");
        assert_eq!((page.more, page.end), (want.more, want.end), "{at}: (more, end)");
        assert_eq!(page.not_before, want.not_before, "{at}: not before");
        assert_eq!(page.gap.map(|g| g.why), want.gap, "{at}: gap");
    }
}

fn compare(at: &str, what: &str, found: &[Reading], wanted: &[Told]) {
    let ids = |all: &[Reading]| all.iter().map(|r| r.id.clone()).collect::<Vec<_>>();
    let wanted_ids: Vec<String> = wanted.iter().map(|w| w.id.clone()).collect();
    assert_eq!(ids(found), wanted_ids, "{at}: {what}");
    for (r, w) in found.iter().zip(wanted) {
        let at = format!("{at}: {what}: {}", w.id);
        assert_eq!((r.kind, r.own), (w.kind, w.own), "{at}: kind, own");
        let author = r.author.clone().unwrap_or_default();
        let counts = r
            .counts
            .map(|c| [c.likes, c.replies, c.shares, c.quotes].map(|n| n.map_or(-1, |n| n as i64)));
        let texts = [
            ("locator", &r.locator, &w.locator),
            ("author", &(!author.id.is_empty()).then_some(author.id), &w.author),
            ("handle", &author.handle, &w.handle),
            ("name", &author.name, &w.name),
            ("text", &r.text, &w.text),
            ("title", &r.title, &w.title),
            ("lang", &r.lang, &w.lang),
            ("url", &r.url, &w.url),
            (
                "created-at",
                &r.created_at.map(|t| t.to_string()),
                &w.created_at.map(|t| t.to_string()),
            ),
            ("in-reply-to", &r.in_reply_to, &w.in_reply_to),
            ("thread", &r.thread, &w.thread),
            ("about", &r.about, &w.about),
            ("bot", &r.bot.map(|b| b.to_string()), &w.bot.map(|b| b.to_string())),
            ("rating", &r.rating.map(|n| n.to_string()), &w.rating.map(|n| n.to_string())),
            ("counts", &counts.map(|c| format!("{c:?}")), &w.counts.map(|c| format!("{c:?}"))),
        ];
        for (key, found, wanted) in texts {
            if wanted.is_some() || w.absent.iter().any(|a| a == key) {
                assert_eq!(found, wanted, "{at}: {key}");
            }
        }
        assert_eq!(
            (r.seen_at, r.ruling.is_some()),
            (None, false),
            "{at}: not for a connector to say"
        );
        assert_eq!(r.counts.is_some(), r.counts_at.is_some(), "{at}: counters have their time");
    }
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
            let is_other =
                folder == "tests/fixtures" && ["config", "text"].contains(&name.as_str());
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

/// Every reply of every platform, cut off at each byte and with pieces exchanged: an error or a
/// page, never a panic.
#[test]
fn no_broken_reply_makes_a_connector_panic() {
    for name in platforms::NAMES {
        let fixtures = Fixtures::load(name);
        for case in fixtures.cases.iter().filter(|(_, c)| c.ask != "login").map(|(n, _)| n) {
            let body = fixtures.body(case);
            let (session, cursor) = (fixtures.session(case), fixtures.cursor(case));
            let scene = Scene { cursor: cursor.as_deref(), session: session.as_ref(), now: now() };
            // The first of each kind of reply byte by byte, the others in larger steps.
            let step = if case.ends_with("first") { 1 } else { 97 };
            for cut in (0..body.len()).step_by(step) {
                let (_, page) = fixtures.parse(case, scene, body[..cut].to_vec());
                let is_whole = page.as_ref().is_ok_and(|p| !p.readings.is_empty());
                let is_json = body.first().is_some_and(|b| b"[{".contains(b));
                let last = body.iter().rposition(|b| !b.is_ascii_whitespace()).unwrap_or(0);
                assert!(
                    !(is_whole && is_json && cut <= last),
                    "{name}/{case} cut at {cut} was taken for whole"
                );
            }
            let text = String::from_utf8_lossy(&body).into_owned();
            for (from, to) in [
                ("\"", "'"),
                ("null", "1e400"),
                ("null", "[]"),
                (":\"", ":{\"x\":\""),
                ("\":\"", "\":7,\"y\":\""),
                ("true", "\"\u{0}\""),
                ("\"0", "18446744073709551616,\"0"),
                ("<", "<<"),
                (">", ""),
                ("item", "itm"),
                ("https://", "javascript:"),
                ("2026-", "99999-"),
                (":0", ":-0"),
                ("e", "\u{202e}"),
            ] {
                let _ = fixtures.parse(case, scene, text.replace(from, to).into_bytes());
            }
            for pile in [
                "[",
                "{\"a\":",
                "<a>",
                "<rss version=\"2.0\"><channel><item><title>",
                "<feed><entry><content type=\"xhtml\"><div>",
                "[{\"id\":\"1\",\"uri\":[",
            ] {
                let deep = pile.repeat(10_000);
                let (_, page) = fixtures.parse(case, scene, deep.into_bytes());
                let is_error = fixtures.cases[case].want.refusal.is_some() || page.is_err();
                assert!(
                    is_error || page.is_ok_and(|p| p.readings.is_empty()),
                    "{name}/{case}: {pile}"
                );
            }
        }
    }
}
