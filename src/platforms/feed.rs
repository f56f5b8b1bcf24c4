//! Feeds: RSS, Atom and JSON Feed, one feed an account.
//!
//! Decides when a feed has changed and how long it wants to be left alone. A feed cannot show
//! whether somebody was answered, so nothing found in one ever causes an alert.

mod entry;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::{Ask, Page, Platform, Probe, Refusal, Scene, Secrets, Stream, StreamKind, answer};
use crate::http::{Auth, Reply, Request};
use crate::model::{Capabilities, Gap, Kind, Reach, Reading, Time};
use crate::settings::Section;
use crate::text;

const NAME: &str = "feed";

/// The shortest time between two polls of somebody else's feed.
const MIN_WAIT: i64 = 15 * Time::MINUTE;
/// No wait that a server asks for is believed beyond this.
const MAX_WAIT: i64 = Time::DAY;
/// How often a permanent move must be seen in a row before it is believed.
const MOVES: u32 = 3;
/// Entries whose ids are remembered, to notice when a feed has turned over between two polls.
const REMEMBERED: usize = 200;
/// While a feed says the same, its cursor stays the same for so long: a poll without news then costs
/// no write.
const STALE: i64 = Time::HOUR;

const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
                      application/json;q=0.9, application/xml;q=0.8, */*;q=0.1";

/// One feed.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it is.
    pub url: Option<Url>,
    /// The address is a secret: it stands in a file, and nothing of it is stored.
    pub url_is_secret: bool,
    /// What its entries are.
    pub kind: Kind,
    /// All of them are about the brand; if not, they are matched against the brand's terms.
    pub addressed: bool,
    /// Language of the entries, if the feed says it wrong or not at all.
    pub lang: Option<String>,
    /// Name and password, if the feed asks for them.
    pub login: Option<(String, SecretString)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            url_is_secret: false,
            kind: Kind::Mention,
            addressed: false,
            lang: None,
            login: None,
        }
    }
}

impl Config {
    /// Reads the keys `url` (or the secret of that name), `kind`, `addressed`, `lang`, `user` and
    /// the secret `password`.
    pub fn read(section: &Section<'_>, secrets: Secrets<'_>) -> Self {
        const KINDS: [(&str, Kind); 3] =
            [("mention", Kind::Mention), ("review", Kind::Review), ("comment", Kind::Comment)];
        let secret = secrets(section, "url");
        let written = match &secret {
            None => section.required("url", "\"https://blog.example/feed.xml\""),
            Some(_) => section.string("url"),
        };
        if let (Some(_), Some(written)) = (&secret, &written) {
            section.reject(
                written.span.clone(),
                "the address is given twice",
                "remove `url`: the secret address is used",
            );
        }
        let url = match (&secret, &written) {
            (Some(secret), _) => answer::address(secret.expose_secret()),
            (None, Some(written)) => answer::address(&written.value),
            (None, None) => None,
        };
        if url.is_none() && (secret.is_some() || written.is_some()) {
            section.reject(
                written.map_or_else(|| section.span(), |w| w.span),
                "this is no address of a feed",
                "it must begin with https:// and must not hold a password; use `user` and \
                 `password-file` for that",
            );
        }
        let kind = section.choice("kind", &KINDS, Kind::Mention);
        let password = secrets(section, "password");
        let login = match (section.string("user"), password) {
            (Some(user), Some(password)) => Some((user.value, password)),
            (Some(user), None) => {
                section.reject(user.span, "`user` without a password", "add `password-file`");
                None
            }
            (None, Some(_)) => {
                section.reject(section.span(), "a password without `user`", "add `user`");
                None
            }
            (None, None) => None,
        };
        Self {
            url,
            url_is_secret: secret.is_some(),
            kind,
            addressed: section.flag("addressed", kind != Kind::Mention),
            lang: section.string("lang").map(|l| l.value),
            login,
        }
    }
}

/// The connector of one configured feed; `None` if it cannot be used (the findings say why).
pub fn connect(section: &Section<'_>, secrets: Secrets<'_>) -> Option<Feed> {
    Feed::new(Config::read(section, secrets))
}

/// What is known about the feed between two polls.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// Of the configured address: another one starts over.
    url: u64,
    /// Both validators as the server sent them.
    etag: Option<String>,
    modified: Option<String>,
    /// Of the entries in the last body, as they were sent and as they were read.
    body: Option<u64>,
    said: Option<u64>,
    /// The feed's own word on how long it stays as it is, in milliseconds.
    ttl: Option<i64>,
    /// Where it has moved for good, and how often in a row that was said.
    moved_to: Option<String>,
    moves: u32,
    /// Of the ids in the last body, and when that was read, to the hour.
    seen: Vec<u64>,
    read_at: Option<i64>,
}

/// One configured feed.
pub struct Feed {
    url: Url,
    key: String,
    config: Config,
}

impl Feed {
    /// The connector; `None` without an address.
    pub fn new(config: Config) -> Option<Self> {
        let url = config.url.clone()?;
        let key = format!("{:016x}", xxh3_64(url.as_str().as_bytes()));
        Some(Self { url, key, config })
    }

    fn cursor(&self, words: Option<&str>) -> Cursor {
        let url = xxh3_64(self.url.as_str().as_bytes());
        let cursor: Option<Cursor> = words.and_then(|w| serde_json::from_str(w).ok());
        cursor.filter(|c| c.url == url).unwrap_or_else(|| Cursor { url, ..Cursor::default() })
    }

    /// Where to ask: the configured address, or where it has moved. A secret address is never
    /// stored, so it cannot be followed; a password goes to no other host.
    fn address(&self, cursor: &Cursor) -> Url {
        let moved = cursor.moved_to.as_deref().filter(|_| cursor.moves >= MOVES);
        moved
            .and_then(answer::address)
            .filter(|to| self.may_follow(to))
            .unwrap_or_else(|| self.url.clone())
    }

    fn may_follow(&self, to: &Url) -> bool {
        let is_safe = to.scheme() == "https" || self.url.scheme() == "http";
        let is_home = answer::host(to) == answer::host(&self.url);
        !self.config.url_is_secret && is_safe && (is_home || self.config.login.is_none())
    }

    fn get(&self, url: Url) -> Request {
        let login = self.config.login.clone();
        let auth = login.map_or(Auth::None, |(user, password)| Auth::Basic(user, password));
        Request { auth, headers: vec![("accept", ACCEPT.to_owned())], ..Request::get(url) }
    }

    /// Links in the feed start here; with a secret address no more than its host.
    fn base(&self, reply: &Reply) -> Url {
        let mut base = reply.url.clone();
        if self.config.url_is_secret {
            base.set_path("");
            base.set_query(None);
        }
        base
    }

    fn readings(&self, feed: &entry::Feed, reply: &Reply) -> Vec<Reading> {
        let host = answer::host(&self.url);
        let place = entry::Place {
            kind: self.config.kind,
            base: &self.base(reply),
            key: &self.key,
            host: &host,
            lang: self.config.lang.as_deref(),
        };
        entry::tell(feed, &place)
    }

    fn refusal(&self, reply: &Reply, now: Time) -> Option<Refusal> {
        let until = answer::told(reply, now, MAX_WAIT);
        if let Some(refusal) = answer::refusal(reply, until) {
            return Some(refusal);
        }
        match reply.status {
            200 | 304 => None,
            401 => Some(Refusal::Unauthorised("the feed wants a name and a password".to_owned())),
            403 => {
                Some(Refusal::Unauthorised("the feed is closed to this program (403)".to_owned()))
            }
            410 => Some(Refusal::Gone("the feed is gone for good (410)".to_owned())),
            status => Some(Refusal::Unreachable(format!("the server says {status}"))),
        }
    }

    /// When the feed may be asked again: the largest of what it, its server and manners ask for.
    /// One's own machine may be asked at any time.
    fn next_at(&self, cursor: &Cursor, reply: &Reply, now: Time) -> Option<Time> {
        let own = answer::is_own_machine(&self.url);
        let max_age = reply.header("cache-control").and_then(|words| {
            let mut words = words.split(',').map(str::trim);
            words.find_map(|w| w.strip_prefix("max-age=")?.trim_matches('"').parse::<i64>().ok())
        });
        let waits = [
            (!own).then_some(MIN_WAIT),
            cursor.ttl,
            max_age.map(|seconds| seconds.saturating_mul(Time::SECOND)),
            answer::header_moment(reply, "retry-after", now, MAX_WAIT).map(|at| at.since(now)),
            // Where it contradicts `max-age`, HTTP lets that win.
            answer::header_moment(reply, "expires", now, MAX_WAIT)
                .filter(|_| max_age.is_none())
                .map(|at| at.since(now)),
        ];
        let longest = waits.into_iter().flatten().max()?.min(MAX_WAIT);
        (longest > 0).then(|| now.plus(longest))
    }

    fn parse_feed(&self, scene: Scene<'_>, reply: &Reply) -> Result<Page, Refusal> {
        if let Some(refusal) = self.refusal(reply, scene.now) {
            return Err(refusal);
        }
        let mut cursor = self.cursor(scene.cursor);
        let mut page = Page { end: true, ..Page::default() };
        // Many feeds say around their entries when they were made.
        let print = xxh3_64(entry::entries(&reply.body));
        if reply.status == 200 && cursor.body != Some(print) {
            let feed = entry::read(&reply.body, &self.base(reply))?;
            page.readings = self.readings(&feed, reply);
            page.gap = turned_over(&cursor, &page.readings, scene.now);
            page.spoiled = feed.spoiled;
            cursor.ttl = feed.ttl;
            // Some say in each entry how often it was read. Of those the last body that brought
            // something is remembered, and each is read.
            let said = Some(said(&page.readings));
            if cursor.said != said {
                (cursor.body, cursor.said, cursor.read_at) = (Some(print), said, None);
            }
            let ids = page.readings.iter().take(REMEMBERED);
            cursor.seen = ids.map(|r| xxh3_64(r.id.as_bytes())).collect();
        }
        // Servers change one and leave the other, and change them with a body that is the same.
        // A constant `Expires: 0` comes with constant validators, which would freeze the feed.
        let is_constant = reply.header("expires").is_some_and(|e| e.trim() == "0");
        for (name, kept) in [("etag", &mut cursor.etag), ("last-modified", &mut cursor.modified)] {
            match reply.header(name) {
                _ if is_constant => *kept = None,
                Some(value) if value.len() <= 1024 => *kept = Some(value.to_owned()),
                _ if reply.status == 200 => *kept = None,
                _ => {}
            }
        }
        self.note_move(&mut cursor, reply);
        let is_lately = |at: &i64| (0..STALE).contains(&(scene.now.0 - at));
        cursor.read_at = cursor.read_at.filter(is_lately).or(Some(scene.now.0));
        page.not_before = self.next_at(&cursor, reply, scene.now);
        page.cursor = serde_json::to_string(&cursor).ok();
        Ok(page)
    }

    fn note_move(&self, cursor: &mut Cursor, reply: &Reply) {
        if reply.url == self.address(cursor) {
            return;
        }
        if !reply.moved_for_good || !self.may_follow(&reply.url) {
            (cursor.moved_to, cursor.moves) = (None, 0);
        } else if cursor.moved_to.as_deref() == Some(reply.url.as_str()) {
            cursor.moves += 1;
        } else {
            (cursor.moved_to, cursor.moves) = (Some(reply.url.to_string()), 1);
        }
    }
}

/// A fingerprint of what entries say.
fn said(readings: &[Reading]) -> u64 {
    let mut print = Xxh3::new();
    for it in readings {
        let at = it.created_at.map_or(0, |at| at.0).to_le_bytes();
        let parts = [Some(&it.id), it.title.as_ref(), it.text.as_ref(), it.url.as_ref()];
        for part in parts.into_iter().flatten() {
            print.update(part.as_bytes());
            print.update(b"\0");
        }
        print.update(&at);
    }
    print.digest()
}

/// Nothing of the last body is left: entries may have come and gone in between.
fn turned_over(cursor: &Cursor, readings: &[Reading], now: Time) -> Option<Gap> {
    let is_known = |r: &Reading| cursor.seen.contains(&xxh3_64(r.id.as_bytes()));
    if cursor.seen.is_empty() || readings.is_empty() || readings.iter().any(is_known) {
        return None;
    }
    Some(Gap {
        after: cursor.read_at.map(Time),
        before: readings.iter().filter_map(|r| r.created_at).min(),
        why: "the feed turned over between two polls".to_owned(),
        noticed_at: now,
    })
}

impl Platform for Feed {
    fn capabilities(&self) -> Capabilities {
        // A feed holds the newest entries only.
        let mut all = Capabilities::default();
        match self.config.kind {
            Kind::Comment => all.comments = Reach::Partly,
            Kind::Review => all.reviews = Reach::Partly,
            _ => all.mentions = Reach::Partly,
        }
        all
    }

    fn streams(&self) -> Vec<Stream> {
        vec![Stream::new("feed", StreamKind::Feed, self.config.addressed)]
    }

    fn request(&self, ask: Ask<'_>, scene: Scene<'_>) -> Result<Request, Refusal> {
        match ask {
            Ask::Stream(_) => {
                let cursor = self.cursor(scene.cursor);
                let mut request = self.get(self.address(&cursor));
                let etag = cursor.etag.map(|v| ("if-none-match", v));
                let modified = cursor.modified.map(|v| ("if-modified-since", v));
                request.headers.extend(etag.into_iter().chain(modified));
                Ok(request)
            }
            // The address was written by a stranger: nothing of ours goes there.
            Ask::LookUp(target) => match target.url.as_deref().and_then(answer::address) {
                Some(url) => Ok(Request::get(url)),
                None => Err(Refusal::Unanswerable("the entry has no address".to_owned())),
            },
            Ask::Probe(_) => Ok(self.get(self.url.clone())),
        }
    }

    fn parse(&self, ask: Ask<'_>, scene: Scene<'_>, reply: &Reply) -> Result<Page, Refusal> {
        match ask {
            Ask::Stream(_) => self.parse_feed(scene, reply),
            Ask::LookUp(target) => {
                let mut page = Page { end: true, ..Page::default() };
                if matches!(reply.status, 404 | 410) {
                    page.gone.push(target.id.clone());
                } else if let Some(refusal) = answer::refusal(reply, None) {
                    return Err(refusal);
                }
                Ok(page)
            }
            Ask::Probe(_) => {
                self.parse_feed(Scene { cursor: None, ..scene }, reply)?;
                Ok(Page { end: true, ..Page::default() })
            }
        }
    }

    fn probes(&self) -> Vec<Probe> {
        vec![Probe { shows: "the feed can be read".to_owned(), needs: None, vital: true }]
    }

    fn host(&self) -> String {
        answer::host(&self.url)
    }
}

/// So that a secret address is not printed by accident.
impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "feed on {}", text::clean_line(&self.host()))
    }
}
