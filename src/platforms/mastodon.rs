//! Mastodon, and servers with its client API (GoToSocial, Pleroma, Akkoma, Pixelfed).
//!
//! Decides what is asked and what an answer means; pages and cursors are in `page`, threads and
//! look-ups in `thread`. Only public and unlisted posts are told.

mod config;
mod cursor;
mod line;
mod page;
mod tell;
mod thread;
mod tree;
mod wire;

use std::collections::HashMap;

use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;

use config::Config;
use line::{Home, Line, Me};

use super::{Ask, Page, Platform, Probe, Refusal, Scene, Secrets, Session, Stream, answer};
use crate::http::{Auth, Reply, Request};
use crate::model::{Capabilities, Reach, Time};
use crate::settings::Section;
use crate::text;

const NAME: &str = "mastodon";

/// No wait that a server asks for is believed beyond this.
const MAX_WAIT: i64 = Time::HOUR;

/// The connector of one configured account; `None` if it cannot be used (the findings say why).
pub fn connect(section: &Section<'_>, secrets: Secrets<'_>) -> Option<Mastodon> {
    Mastodon::new(Config::read(section, secrets))
}

/// One check of the account.
#[derive(Clone, Debug)]
enum Check {
    Reachable,
    Token,
    Line(Line),
    Answers,
}

/// One configured account.
pub struct Mastodon {
    home: Home,
    token: Option<SecretString>,
    lines: Vec<Line>,
}

impl Mastodon {
    /// The connector; `None` without an address.
    pub fn new(config: Config) -> Option<Self> {
        let base = config.url?;
        let mut lines = Vec::new();
        if config.token.is_some() {
            lines.extend([Line::Notifications, Line::Posts]);
        }
        lines.extend(config.tags.into_iter().map(Line::Tag));
        if config.token.is_some() {
            lines.extend(config.searches.into_iter().map(Line::Search));
        }
        // The same stream twice would share a cursor.
        let mut once = Vec::new();
        lines.retain(|line| {
            !once.contains(line) && {
                once.push(line.clone());
                true
            }
        });
        let home = Home { name: answer::host(&base), base };
        Some(Self { home, token: config.token, lines })
    }

    fn get(&self, path: &str, query: &[(&str, &str)]) -> Request {
        let mut url = self.home.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let auth = self.token.clone().map_or(Auth::None, Auth::Bearer);
        let headers = vec![("accept", "application/json".to_owned())];
        Request { auth, headers, ..Request::get(url) }
    }

    fn line(&self, stream: &Stream) -> Result<&Line, Refusal> {
        let found = self.lines.iter().find(|line| line.stream().name == stream.name);
        found.ok_or_else(|| Refusal::Unanswerable(format!("there is no stream {}", stream.name)))
    }

    /// Our own account: learned by the login before anything else, where there is a token.
    fn me(&self, scene: Scene<'_>) -> Result<Option<Me>, Refusal> {
        if self.token.is_none() {
            return Ok(None);
        }
        let session = scene.session.and_then(|s| serde_json::from_str(&s.state).ok());
        session.map(Some).ok_or(Refusal::Expired)
    }

    fn line_request(
        &self,
        line: &Line,
        me: Option<&Me>,
        paging: &[(&'static str, String)],
    ) -> Request {
        let mut query: Vec<(&str, &str)> = paging.iter().map(|(k, v)| (*k, v.as_str())).collect();
        match line {
            Line::Notifications => {
                query.extend(page::TYPES.map(|t| ("types[]", t)));
                query.push(("include_filtered", "true"));
                self.get("api/v1/notifications", &query)
            }
            Line::Posts => {
                query.push(("exclude_reblogs", "true"));
                let id = me.map_or("", |me| me.id.as_str());
                self.get(&format!("api/v1/accounts/{id}/statuses"), &query)
            }
            Line::Tag(tag) => self.get(&format!("api/v1/timelines/tag/{tag}"), &query),
            Line::Search(words) => {
                // Not in quotes: some servers look for the quotes, too. What is found is matched
                // against the brand's terms anyway.
                query.extend([("q", words.as_str()), ("type", "statuses")]);
                self.get("api/v2/search", &query)
            }
        }
    }

    fn checks(&self) -> Vec<Check> {
        let mut all = vec![Check::Reachable];
        if self.token.is_some() {
            all.push(Check::Token);
        }
        all.extend(self.lines.iter().cloned().map(Check::Line));
        all.push(Check::Answers);
        all
    }

    fn check(&self, nth: usize) -> Result<Check, Refusal> {
        let found = self.checks().into_iter().nth(nth);
        found.ok_or_else(|| Refusal::Unanswerable(format!("there is no check {nth}")))
    }

    /// The stream that lends a post to try the thread on.
    fn trial(&self) -> &Line {
        let posts = self.lines.iter().find(|l| matches!(l, Line::Posts));
        posts.or(self.lines.first()).unwrap_or(&Line::Posts)
    }

    /// What an error status means here; `scope` is the right that the request needs.
    fn refusal(&self, reply: &Reply, scope: &str, now: Time) -> Option<Refusal> {
        if (200..300).contains(&reply.status) {
            return None;
        }
        let until = answer::told(reply, now, MAX_WAIT);
        let patient = reply.status == 429 || reply.header("retry-after").is_some();
        if let Some(refusal) = answer::refusal(reply, until.filter(|_| patient)) {
            return Some(refusal);
        }
        let said = serde_json::from_slice::<wire::Fault>(&reply.body)
            .map(|fault| text::snippet(&text::clean_line(&fault.error), 120))
            .unwrap_or_else(|_| format!("the server says {}", reply.status));
        Some(match (reply.status, &self.token) {
            (401, Some(_)) => Refusal::Unauthorised(format!("the token is refused: {said}")),
            (401, None) => {
                Refusal::Unauthorised(format!("this server wants a token for it: {said}"))
            }
            (403, _) if said.contains("scope") => {
                Refusal::Unauthorised(format!("the token lacks the right `{scope}`: {said}"))
            }
            (403, _) => Refusal::Unauthorised(format!("{scope}: {said}")),
            (410, _) => Refusal::Gone(said),
            (404, _) => Refusal::Unreachable(format!("not found on this server: {said}")),
            _ => answer::malformed(scope, said),
        })
    }

    /// How long to leave the account alone. Streams use half of what a server allows, so that
    /// people on the same account and look-ups before an alert find room.
    fn pause(&self, ask: Ask<'_>, reply: &Reply, now: Time) -> Option<Time> {
        let number = |name| reply.header(name)?.trim().parse::<u64>().ok();
        let limit = number("x-ratelimit-limit")?;
        let left = number("x-ratelimit-remaining")?;
        let is_low = matches!(ask, Ask::Stream(_)) && left.saturating_mul(2) <= limit;
        is_low.then(|| answer::header_moment(reply, "x-ratelimit-reset", now, MAX_WAIT))?
    }

    fn parse_stream(&self, line: &Line, scene: Scene<'_>, reply: &Reply) -> Result<Page, Refusal> {
        let me = self.me(scene)?;
        let mut cursor = cursor::Cursor::read(scene.cursor);
        if cursor.threads.is_empty() {
            if let Some(refusal) = self.refusal(reply, line.scope(), scene.now) {
                return Err(refusal);
            }
            return page::parse(line, cursor, reply, me.as_ref(), &self.home, scene.now);
        }
        let thread = cursor.threads.remove(0);
        // A thread that cannot be read must not hold up its stream.
        let is_lost = matches!(reply.status, 404 | 410 | 500)
            || (self.token.is_none() && matches!(reply.status, 401 | 403));
        let mut page = Page::default();
        if is_lost {
            thread::give_up(&mut cursor, &thread.parent, &self.home);
        } else if let Some(refusal) = self.refusal(reply, "read:statuses", scene.now) {
            return Err(refusal);
        } else {
            let middle = thread::Middle {
                id: &thread.id,
                uri: &thread.uri,
                parent: Some(&thread.parent),
                own: thread.own,
            };
            let read = thread::read(reply, &middle, &cursor.known, me.as_ref(), &self.home)?;
            (page, cursor.known) = (read.page, read.known);
        }
        (page.cursor, page.more) = (cursor.words(), true);
        Ok(page)
    }

    fn parse_probe(&self, nth: usize, scene: Scene<'_>, reply: &Reply) -> Result<Page, Refusal> {
        let check = self.check(nth)?;
        let scope = match &check {
            Check::Reachable => "instance",
            Check::Token => "read:accounts",
            Check::Line(line) => line.scope(),
            Check::Answers => "read:statuses",
        };
        if let Some(refusal) = self.refusal(reply, scope, scene.now) {
            return Err(refusal);
        }
        let done = Page { end: true, ..Page::default() };
        match check {
            Check::Reachable => {
                answer::json::<HashMap<String, IgnoredAny>>(&reply.body, "instance")?;
            }
            Check::Token => {
                answer::json::<wire::Account>(&reply.body, "verify_credentials")?;
            }
            Check::Answers if scene.cursor.is_some() => {
                answer::json::<wire::Context<'_>>(&reply.body, "context")?;
            }
            Check::Answers => {
                let id = page::newest_post(self.trial(), &reply.body)?;
                if id.is_some() {
                    return Ok(Page { cursor: id, more: true, ..Page::default() });
                }
            }
            Check::Line(line) => {
                let (me, cursor) = (self.me(scene)?, cursor::Cursor::default());
                page::parse(&line, cursor, reply, me.as_ref(), &self.home, scene.now)?;
            }
        }
        Ok(done)
    }
}

impl Platform for Mastodon {
    fn capabilities(&self) -> Capabilities {
        let has = |wanted: fn(&Line) -> bool| self.lines.iter().any(wanted);
        let with_token = if self.token.is_some() { Reach::Full } else { Reach::No };
        Capabilities {
            mentions: with_token,
            // Tags reach what the server has seen; words only authors who allow it.
            search: if has(Line::is_search) { Reach::Partly } else { Reach::No },
            comments: with_token,
            shares: with_token,
            // Told of on servers from 4.5 on.
            quotes: if self.token.is_some() { Reach::Partly } else { Reach::No },
            reviews: Reach::No,
            likes: with_token,
            own_posts: with_token,
            // Everybody sees up to 60 posts below a post.
            answers: if self.token.is_some() { Reach::Full } else { Reach::Partly },
            parents: true,
        }
    }

    fn streams(&self) -> Vec<Stream> {
        self.lines.iter().map(Line::stream).collect()
    }

    fn request(&self, ask: Ask<'_>, scene: Scene<'_>) -> Result<Request, Refusal> {
        let context = |id: &str| self.get(&format!("api/v1/statuses/{id}/context"), &[]);
        match ask {
            Ask::Stream(stream) => {
                let (line, me) = (self.line(stream)?, self.me(scene)?);
                let cursor = cursor::Cursor::read(scene.cursor);
                Ok(match cursor.threads.first() {
                    Some(thread) => context(&thread.id),
                    None => self.line_request(line, me.as_ref(), &cursor.query(line)),
                })
            }
            Ask::LookUp(target) => {
                self.me(scene)?;
                let look = thread::Look::read(scene.cursor);
                Ok(match look.step(target, &self.home, self.token.is_some())? {
                    thread::Step::Find(address) => self.get(
                        "api/v2/search",
                        &[
                            ("q", &address),
                            ("type", "statuses"),
                            ("resolve", "true"),
                            ("limit", "5"),
                        ],
                    ),
                    thread::Step::Thread(id) => context(&id),
                    thread::Step::Post(id) => self.get(&format!("api/v1/statuses/{id}"), &[]),
                })
            }
            Ask::Probe(nth) => Ok(match (self.check(nth)?, scene.cursor) {
                (Check::Reachable, _) => self.get("api/v1/instance", &[]),
                (Check::Token, _) => self.get("api/v1/accounts/verify_credentials", &[]),
                (Check::Answers, Some(id)) => context(id),
                (Check::Answers, None) => {
                    let me = self.me(scene)?;
                    self.line_request(self.trial(), me.as_ref(), &[("limit", "5".to_owned())])
                }
                (Check::Line(line), _) => {
                    let me = self.me(scene)?;
                    self.line_request(&line, me.as_ref(), &[("limit", "5".to_owned())])
                }
            }),
        }
    }

    fn parse(&self, ask: Ask<'_>, scene: Scene<'_>, reply: &Reply) -> Result<Page, Refusal> {
        let mut page = match ask {
            Ask::Stream(stream) => self.parse_stream(self.line(stream)?, scene, reply)?,
            Ask::LookUp(target) => {
                let me = self.me(scene)?;
                let look = thread::Look::read(scene.cursor);
                let step = look.step(target, &self.home, self.token.is_some())?;
                let is_gone = matches!(reply.status, 404 | 410);
                if is_gone && !matches!(step, thread::Step::Find(_)) {
                    let gone = vec![target.id.clone()];
                    Page { gone, end: true, ..Page::default() }
                } else if let Some(refusal) = self.refusal(reply, "read:statuses", scene.now) {
                    return Err(refusal);
                } else {
                    look.parse(&step, target, reply, me.as_ref(), &self.home, scene.now)?
                }
            }
            Ask::Probe(nth) => self.parse_probe(nth, scene, reply)?,
        };
        page.not_before = self.pause(ask, reply, scene.now);
        Ok(page)
    }

    fn login(&self, _old: Option<&Session>, _now: Time) -> Option<Request> {
        self.token.as_ref().map(|_| self.get("api/v1/accounts/verify_credentials", &[]))
    }

    fn parse_login(
        &self,
        _old: Option<&Session>,
        reply: &Reply,
        now: Time,
    ) -> Result<Session, Refusal> {
        if let Some(refusal) = self.refusal(reply, "read:accounts", now) {
            return Err(refusal);
        }
        let account: wire::Account = answer::json(&reply.body, "verify_credentials")?;
        let me = Me { id: account.id, acct: account.acct };
        let state = serde_json::to_string(&me).map_err(|e| answer::malformed("session", e))?;
        Ok(Session { state, expires_at: None })
    }

    fn credential(&self) -> Option<u64> {
        let token = self.token.as_ref()?;
        let both = format!("{}\n{}", self.home.name, token.expose_secret());
        Some(xxhash_rust::xxh3::xxh3_64(both.as_bytes()))
    }

    fn probes(&self) -> Vec<Probe> {
        let probe = |shows: &str, needs: Option<&str>, vital| Probe {
            shows: shows.to_owned(),
            needs: needs.filter(|_| self.token.is_some()).map(str::to_owned),
            vital,
        };
        let say = |check: Check| match check {
            Check::Reachable => probe("the server answers", None, true),
            Check::Token => probe("the token is accepted", Some("read:accounts"), true),
            Check::Line(line) => {
                let shows = match &line {
                    Line::Notifications => "notifications can be read".to_owned(),
                    Line::Posts => "our own posts can be read".to_owned(),
                    Line::Tag(tag) => format!("the tag #{tag} can be read"),
                    Line::Search(words) => format!("\"{words}\" can be searched for"),
                };
                let vital = !line.is_search() || self.token.is_none();
                probe(&shows, Some(line.scope()), vital)
            }
            Check::Answers => {
                probe("answers below a post can be seen", Some("read:statuses"), true)
            }
        };
        self.checks().into_iter().map(say).collect()
    }

    fn host(&self) -> String {
        self.home.name.clone()
    }
}
