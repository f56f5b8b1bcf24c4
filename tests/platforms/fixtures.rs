//! Saved replies with what they must become: `tests/fixtures/<platform>/NAME.case.toml` beside the
//! reply itself. Cases can follow one another, so that a poll is read as it happens.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;

use affinityd::http::{Body, Reply, Request};
use affinityd::model::{Kind, Reading, Time};
use affinityd::platforms::{Ask, Page, Platform, Refusal, Scene, Session, Target};
use serde::Deserialize;
use url::Url;

use super::{example, now, root};

/// `NAME.case.toml`: what was asked, what came back, and what it must become.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// The case in words.
    says: String,
    /// `stream NAME`, `look-up`, `probe N` or `login`.
    pub ask: String,
    /// The case whose page left the cursor.
    after: Option<String>,
    /// Or the cursor itself.
    cursor: Option<String>,
    /// The case whose login left the session; for a login, the one that is renewed.
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
    pub want: Want,
}

fn ok() -> u16 {
    200
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Want {
    /// The address that is asked for.
    request: Option<String>,
    /// Headers sent along, those named.
    sends: BTreeMap<String, String>,
    pub refusal: Option<String>,
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

/// The saved replies of one platform.
pub struct Fixtures {
    platform: String,
    pub connector: Arc<dyn Platform>,
    pub cases: BTreeMap<String, Case>,
    pub unread: RefCell<BTreeSet<String>>,
}

impl Fixtures {
    pub fn load(platform: &str) -> Self {
        let folder = root(&format!("tests/fixtures/{platform}"));
        let files: BTreeSet<String> = fs::read_dir(&folder)
            .unwrap_or_else(|e| {
                panic!("{platform} has no saved replies: {}: {e}", folder.display())
            })
            .map(|entry| entry.expect("the folder can be read").file_name())
            .map(|name| name.into_string().expect("names are UTF-8"))
            .collect();
        let mut cases = BTreeMap::new();
        for file in &files {
            if let Some(name) = file.strip_suffix(".case.toml") {
                let words = fs::read_to_string(folder.join(file)).expect("it was just listed");
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
            unread: RefCell::new(unread),
        }
    }

    pub fn body(&self, name: &str) -> Vec<u8> {
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
        let path = root(&format!("tests/fixtures/{}/{file}", self.platform));
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub fn session(&self, name: &str) -> Option<Session> {
        let login = self.cases[name].session.as_ref()?;
        let reply = self.reply(
            login,
            Url::parse("https://home.example").expect("it is an address"),
            self.body(login),
        );
        Some(
            self.connector
                .parse_login(None, &reply, self.cases[login].now)
                .expect("the login is good"),
        )
    }

    pub fn cursor(&self, name: &str) -> Option<String> {
        let case = &self.cases[name];
        match &case.after {
            Some(before) => self.run(before, self.body(before)).1.expect("it left a cursor").cursor,
            None => case.cursor.clone(),
        }
    }

    pub fn reply(&self, name: &str, asked: Url, body: Vec<u8>) -> Reply {
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
    pub fn run(&self, name: &str, body: Vec<u8>) -> (Request, Result<Page, Refusal>) {
        let case = &self.cases[name];
        let (session, cursor) = (self.session(name), self.cursor(name));
        let scene = Scene { cursor: cursor.as_deref(), session: session.as_ref(), now: case.now };
        self.parse(name, scene, body)
    }

    pub fn parse(
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
            Some(("probe", nth)) => Ask::Probe(nth.parse().expect("a number")),
            _ => Ask::LookUp(target.as_ref().expect("a look-up has a target")),
        };
        let request = self.connector.request(ask, scene).unwrap_or_else(|e| panic!("{name}: {e}"));
        let reply = self.reply(name, request.url.clone(), body);
        let page = self.connector.parse(ask, scene, &reply);
        (request, page)
    }

    pub fn check(&self, name: &str) {
        let case = &self.cases[name];
        let want = &case.want;
        let at = format!("{}/{name} ({})", self.platform, case.says);
        if case.ask == "login" {
            let old = self.session(name);
            let request = self.connector.login(old.as_ref(), case.now).expect("it has a login");
            assert!(!format!("{request:?}{old:?}").contains("canary"), "{at}: it shows a secret");
            if let Some(wanted) = &want.request {
                assert_eq!(request.url.as_str(), wanted, "{at}");
            }
            let reply = self.reply(name, request.url.clone(), self.body(name));
            match self.connector.parse_login(old.as_ref(), &reply, case.now) {
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
