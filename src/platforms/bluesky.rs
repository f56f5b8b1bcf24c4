//! Bluesky, and servers of the same protocol (AT Protocol), through the account's own server.
//!
//! Decides what is asked and what an answer means; sessions are in `session`, pages and cursors in
//! `page` and `cursor`, threads and look-ups in `thread`. Everything read here is public; direct
//! messages are never asked for.

mod config;
mod cursor;
mod line;
mod page;
mod session;
mod tell;
mod thread;
mod uri;
mod views;
mod wire;
mod words;

use std::collections::HashMap;

use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use url::Url;

use config::Config;
use cursor::Cursor;
use line::Line;
use session::Me;
use thread::Look;

use super::{Ask, Page, Platform, Probe, Refusal, Scene, Secrets, Session, Stream, Target, answer};
use crate::http::{Auth, Body, Reply, Request};
use crate::model::{Capabilities, Reach, Time};
use crate::secret;
use crate::settings::Section;
use crate::text;

const NAME: &str = "bluesky";

/// No wait that a server asks for is believed beyond this.
const MAX_WAIT: i64 = Time::HOUR;

const CREATE: &str = "com.atproto.server.createSession";
const REFRESH: &str = "com.atproto.server.refreshSession";
const WHO: &str = "com.atproto.server.getSession";
const DESCRIBE: &str = "com.atproto.server.describeServer";
const THREAD: &str = "app.bsky.feed.getPostThread";
const POSTS: &str = "app.bsky.feed.getPosts";

/// The connector of one configured account; `None` if it cannot be used (the findings say why).
pub fn connect(section: &Section<'_>, secrets: Secrets<'_>) -> Option<Bluesky> {
    Bluesky::new(Config::read(section, secrets))
}

/// One check of the account.
#[derive(Clone, Debug)]
enum Check {
    Reachable,
    Login,
    Line(Line),
    Answers,
}

/// One configured account.
pub struct Bluesky {
    base: Url,
    identifier: String,
    password: SecretString,
    lines: Vec<Line>,
}

impl Bluesky {
    /// The connector; `None` if address, name or password is missing.
    pub fn new(config: Config) -> Option<Self> {
        let mut lines = vec![Line::Notifications, Line::Posts];
        lines.extend(config.searches.into_iter().map(Line::Search));
        Some(Self {
            base: config.url?,
            identifier: config.identifier?,
            password: config.password?,
            lines,
        })
    }

    fn call(base: &Url, method: &str, query: &[(&str, &str)]) -> Request {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["xrpc", method]);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Request { headers: vec![("accept", "application/json".to_owned())], ..Request::get(url) }
    }

    /// A question asked as ourselves, of the account's own server.
    fn ask(&self, me: &Me, method: &str, query: &[(&str, &str)]) -> Request {
        let auth = Auth::Bearer(SecretString::from(me.access.clone()));
        Request { auth, ..Self::call(me.server.as_ref().unwrap_or(&self.base), method, query) }
    }

    fn line(&self, stream: &Stream) -> Result<&Line, Refusal> {
        let found = self.lines.iter().find(|line| line.stream().name == stream.name);
        found.ok_or_else(|| Refusal::Unanswerable(format!("there is no stream {}", stream.name)))
    }

    fn line_request(&self, line: &Line, me: &Me, limit: u32, next: Option<&str>) -> Request {
        let limit = limit.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(next.map(|next| ("cursor", next)));
        match line {
            // Of every kind: servers drop those that were not asked for after they have cut the page,
            // and a page of nothing but new followers would show no known ground.
            Line::Notifications => {}
            Line::Posts => {
                query.extend([("actor", me.did.as_str()), ("filter", "posts_with_replies")]);
            }
            Line::Search(words) => query.extend([("q", words.as_str()), ("sort", "latest")]),
        }
        self.ask(me, line.method(), &query)
    }

    fn thread_request(&self, me: &Me, uri: &str, depth: usize, height: usize) -> Request {
        let (depth, height) = (depth.to_string(), height.to_string());
        self.ask(me, THREAD, &[("uri", uri), ("depth", &depth), ("parentHeight", &height)])
    }

    fn checks(&self) -> Vec<Check> {
        let mut all = vec![Check::Reachable, Check::Login];
        all.extend(self.lines.iter().cloned().map(Check::Line));
        all.push(Check::Answers);
        all
    }

    fn check(&self, nth: usize) -> Result<Check, Refusal> {
        let found = self.checks().into_iter().nth(nth);
        found.ok_or_else(|| Refusal::Unanswerable(format!("there is no check {nth}")))
    }

    fn parse_look_up(
        &self,
        target: &Target,
        scene: Scene<'_>,
        reply: &Reply,
    ) -> Result<Page, Refusal> {
        let me = me(scene)?;
        let look = Look::read(scene.cursor);
        let is_missing = reply.status == 400 && fault(reply).error.as_deref() == Some("NotFound");
        if is_missing && !look.missing {
            return Ok(Look::not_shown());
        }
        let method = if look.missing { POSTS } else { THREAD };
        if let Some(refusal) = refusal(reply, method, scene.now) {
            return Err(refusal);
        }
        if look.missing {
            thread::alone(reply, target, &me, scene.now)
        } else {
            thread::thread(reply, target, &me, scene.now)
        }
    }

    fn parse_probe(&self, nth: usize, scene: Scene<'_>, reply: &Reply) -> Result<Page, Refusal> {
        let check = self.check(nth)?;
        let method = match &check {
            Check::Reachable => DESCRIBE,
            Check::Login => WHO,
            Check::Line(line) => line.method(),
            Check::Answers => THREAD,
        };
        if let Some(refusal) = refusal(reply, method, scene.now) {
            return Err(refusal);
        }
        match check {
            Check::Reachable => {
                answer::json::<HashMap<String, IgnoredAny>>(&reply.body, "server")?;
            }
            Check::Login => {
                let who: wire::Whoami = answer::json(&reply.body, "session")?;
                if !me(scene)?.is(&who.did) {
                    return Err(answer::malformed("session.did", "this is another account"));
                }
            }
            Check::Line(line) => {
                page::parse(&line, Cursor::default(), reply, &me(scene)?, scene.now)?;
            }
            Check::Answers if scene.cursor.is_some() => {
                answer::json::<wire::Thread<'_>>(&reply.body, "thread")?;
            }
            Check::Answers => {
                let found = page::newest_post(&Line::Posts, &reply.body, &me(scene)?, scene.now)?;
                if found.is_some() {
                    return Ok(Page { cursor: found, more: true, ..Page::default() });
                }
            }
        }
        Ok(Page { end: true, ..Page::default() })
    }
}

/// Our own account: learned by the login before anything else.
fn me(scene: Scene<'_>) -> Result<Me, Refusal> {
    Me::of(scene.session).ok_or(Refusal::Expired)
}

fn fault(reply: &Reply) -> wire::Fault {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

/// What an error status means here, of whichever method.
fn refusal(reply: &Reply, method: &str, now: Time) -> Option<Refusal> {
    if (200..300).contains(&reply.status) {
        return None;
    }
    let fault = fault(reply);
    let name = fault.error.as_deref().unwrap_or_default();
    let until = answer::told(reply, now, MAX_WAIT);
    if name == "RateLimitExceeded" {
        return Some(Refusal::RateLimited(until));
    }
    let is_told = reply.status == 429 || reply.header("retry-after").is_some();
    if let Some(refusal) = answer::refusal(reply, until.filter(|_| is_told)) {
        return Some(refusal);
    }
    let words = [Some(name), fault.message.as_deref()].into_iter().flatten();
    let words: Vec<&str> = words.filter(|w| !w.is_empty()).collect();
    let said = match words.join(": ") {
        said if said.is_empty() => format!("the server says {}", reply.status),
        said => text::snippet(&text::clean_line(&said), 160),
    };
    let is_about_scope = said.to_lowercase().contains("scope");
    Some(match (reply.status, name) {
        (_, "ExpiredToken") => Refusal::Expired,
        (_, "InvalidToken") if is_about_scope => {
            Refusal::Unauthorised(format!("{method} is not for this password: {said}"))
        }
        (_, "InvalidToken") => Refusal::Expired,
        (_, "AccountTakedown" | "AccountSuspended" | "AccountDeactivated") => {
            Refusal::Unauthorised(said)
        }
        // The servers behind ours do not agree on the time.
        (401, name) if name.to_lowercase().contains("jwt") => Refusal::Unreachable(said),
        (401, _) => Refusal::Expired,
        (403, _) => Refusal::Unauthorised(format!("{method}: {said}")),
        (404, _) => Refusal::Unreachable(format!("not found on this server: {said}")),
        _ => answer::malformed(method, said),
    })
}

/// How long to leave the account alone. Streams use half of what a server allows, so that people
/// behind the same address and look-ups before an alert find room.
fn pause(ask: Ask<'_>, reply: &Reply, now: Time) -> Option<Time> {
    let number = |name| reply.header(name)?.trim().parse::<u64>().ok();
    let (limit, left) = (number("ratelimit-limit")?, number("ratelimit-remaining")?);
    let is_low = matches!(ask, Ask::Stream(_)) && left.saturating_mul(2) <= limit;
    is_low.then(|| answer::header_moment(reply, "ratelimit-reset", now, MAX_WAIT))?
}

impl Platform for Bluesky {
    fn capabilities(&self) -> Capabilities {
        let searches = self.lines.iter().any(|line| matches!(line, Line::Search(_)));
        Capabilities {
            mentions: Reach::Full,
            search: if searches { Reach::Full } else { Reach::No },
            comments: Reach::Full,
            shares: Reach::Full,
            quotes: Reach::Full,
            reviews: Reach::No,
            likes: Reach::Full,
            own_posts: Reach::Full,
            answers: Reach::Full,
            parents: true,
        }
    }

    fn streams(&self) -> Vec<Stream> {
        self.lines.iter().map(Line::stream).collect()
    }

    fn request(&self, ask: Ask<'_>, scene: Scene<'_>) -> Result<Request, Refusal> {
        match ask {
            Ask::Stream(stream) => {
                let (line, me) = (self.line(stream)?, me(scene)?);
                let cursor = Cursor::read(scene.cursor);
                let wanted = cursor.views.next();
                if wanted.is_empty() {
                    return Ok(self.line_request(line, &me, cursor::LIMIT, cursor.next()));
                }
                let uris: Vec<_> = wanted.iter().map(|uri| ("uris", uri.as_str())).collect();
                Ok(self.ask(&me, POSTS, &uris))
            }
            Ask::LookUp(target) => {
                if uri::AtUri::post(&target.id).is_none() {
                    return Err(Refusal::Unanswerable("its id is no address of a post".to_owned()));
                }
                let me = me(scene)?;
                Ok(if Look::read(scene.cursor).missing {
                    self.ask(&me, POSTS, &[("uris", &target.id)])
                } else {
                    self.thread_request(&me, &target.id, thread::DEPTH, thread::HEIGHT)
                })
            }
            Ask::Probe(nth) => Ok(match (self.check(nth)?, scene.cursor) {
                (Check::Reachable, _) => Self::call(&self.base, DESCRIBE, &[]),
                (Check::Login, _) => self.ask(&me(scene)?, WHO, &[]),
                (Check::Line(line), _) => self.line_request(&line, &me(scene)?, 5, None),
                (Check::Answers, Some(uri)) => self.thread_request(&me(scene)?, uri, 1, 1),
                (Check::Answers, None) => self.line_request(&Line::Posts, &me(scene)?, 5, None),
            }),
        }
    }

    fn parse(&self, ask: Ask<'_>, scene: Scene<'_>, reply: &Reply) -> Result<Page, Refusal> {
        let mut page = match ask {
            Ask::Stream(stream) => {
                let (line, me) = (self.line(stream)?, me(scene)?);
                let cursor = Cursor::read(scene.cursor);
                let is_list = cursor.views.next().is_empty();
                let method = if is_list { line.method() } else { POSTS };
                if let Some(refusal) = refusal(reply, method, scene.now) {
                    return Err(refusal);
                }
                if is_list {
                    page::parse(line, cursor, reply, &me, scene.now)?
                } else {
                    page::views(cursor, reply, &me, scene.now)?
                }
            }
            Ask::LookUp(target) => self.parse_look_up(target, scene, reply)?,
            Ask::Probe(nth) => self.parse_probe(nth, scene, reply)?,
        };
        page.not_before = pause(ask, reply, scene.now);
        Ok(page)
    }

    fn login(&self, old: Option<&Session>, now: Time) -> Option<Request> {
        Some(match Me::renewable(old, now) {
            Some(me) => Request {
                auth: Auth::Bearer(SecretString::from(me.refresh)),
                // A POST of nothing.
                body: Body::Form(Vec::new()),
                ..Self::call(&self.base, REFRESH, &[])
            },
            None => {
                let (identifier, password) = (&self.identifier, self.password.expose_secret());
                let body = serde_json::json!({"identifier": identifier, "password": password});
                Request { body: Body::Json(body), ..Self::call(&self.base, CREATE, &[]) }
            }
        })
    }

    fn parse_login(
        &self,
        old: Option<&Session>,
        reply: &Reply,
        now: Time,
    ) -> Result<Session, Refusal> {
        let old = Me::renewable(old, now);
        let method = if old.is_some() { REFRESH } else { CREATE };
        match refusal(reply, method, now) {
            None => session::open(reply, &self.base, old.as_ref(), now),
            // Without an old session it is the password that is refused.
            Some(Refusal::Expired) if old.is_none() => Err(Refusal::Unauthorised({
                match fault(reply).error.as_deref() {
                    Some("AuthFactorTokenRequired") => {
                        "the login wants a code sent by mail: use an app password".to_owned()
                    }
                    _ => "name or app password is refused".to_owned(),
                }
            })),
            Some(refusal) => Err(refusal),
        }
    }

    fn credential(&self) -> Option<u64> {
        let place = format!("{}\n{}", self.base, self.identifier);
        let seed = xxhash_rust::xxh3::xxh3_64(place.as_bytes());
        Some(secret::fingerprint(&self.password, seed))
    }

    fn probes(&self) -> Vec<Probe> {
        let probe = |shows: String, needs: Option<&str>, vital| Probe {
            shows,
            needs: needs.map(str::to_owned),
            vital,
        };
        let say = |check: Check| match check {
            Check::Reachable => probe("the server answers".to_owned(), None, true),
            Check::Login => {
                probe("the app password is accepted".to_owned(), Some("an app password"), true)
            }
            Check::Line(Line::Notifications) => {
                probe("notifications can be read".to_owned(), None, true)
            }
            Check::Line(Line::Posts) => probe("our own posts can be read".to_owned(), None, true),
            Check::Line(Line::Search(words)) => {
                probe(format!("\"{words}\" can be searched for"), None, false)
            }
            Check::Answers => probe("answers below a post can be seen".to_owned(), None, true),
        };
        self.checks().into_iter().map(say).collect()
    }

    fn host(&self) -> String {
        answer::host(&self.base)
    }
}
