//! A small server with the methods of Bluesky that are used here: it opens sessions whose tokens it
//! can forget, pages newest first, and can be told to misbehave.

use std::sync::{Arc, Mutex, MutexGuard};

use affinityd::clock::{Clock, Manual};
use affinityd::model::Time;
use serde_json::{Value, json};

use crate::scripted::{Answer, Asked, Scripted};

const ME: &str = "did:plc:acmeacmeacmeacmeacmeacme";

/// How it behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    #[default]
    Well,
    /// Sessions open and renew, and are refused wherever they are used.
    AlwaysExpired,
    /// Sessions open; they are refused wherever they are used and cannot be renewed.
    NeverRenewed,
    /// The password and everything it opened is refused.
    Revoked,
    /// Everything but the login is forbidden.
    Forbidden,
    /// Tokens have run out, and the method that renews them has an error of its own.
    RenewalBroken,
    /// Every page is the first one, and names a next one.
    Repeats,
    /// Twice a page in the middle names the top as the next one.
    GoesBack,
    /// Every third page is the page before once more, which names itself as the next one.
    Stuck,
}

#[derive(Clone, Debug)]
struct Post {
    rkey: String,
    text: String,
    at: Time,
    taken_up_at: Time,
}

#[derive(Default)]
struct World {
    posts: Vec<Post>,
    mood: Mood,
    round: u32,
    access: String,
    refresh: String,
    /// By how much its clock is wrong, in milliseconds.
    skew: i64,
    lists: usize,
    last: Option<Value>,
    made: usize,
    logins: Vec<Time>,
    renewals: usize,
    /// After so many more lists all access tokens are forgotten.
    forgets_after: Option<usize>,
}

/// The server.
#[derive(Clone)]
pub struct Sky {
    pub server: Scripted,
    clock: Manual,
    world: Arc<Mutex<World>>,
}

impl Sky {
    /// Starts one that lives by this clock.
    pub async fn start(clock: &Manual) -> Self {
        let world: Arc<Mutex<World>> = Arc::default();
        let (inner, now) = (world.clone(), clock.clone());
        let server = Scripted::start(move |asked| {
            inner.lock().expect("no panic while it was held").answer(asked, now.now())
        })
        .await;
        Self { server, clock: clock.clone(), world }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no panic while it was held")
    }

    /// Its account in a configuration.
    pub fn account(&self, name: &str) -> String {
        format!(
            "\n[[platforms.bluesky]]\nname = \"{name}\"\nurl = \"{}\"\n\
             identifier = \"acme.example\"\npassword-file = \"{{token}}\"\n",
            self.server.url
        )
    }

    pub fn is(&self, mood: Mood) {
        let mut world = self.world();
        world.mood = mood;
        (world.lists, world.last) = (0, None);
    }

    pub fn skew(&self, millis: i64) {
        self.world().skew = millis;
    }

    /// Forgets all access tokens after so many more lists.
    pub fn forgets_after(&self, lists: usize) {
        self.world().forgets_after = Some(lists);
    }

    /// Somebody mentions the brand now, and claims to have done so at `at`.
    pub fn mention(&self, text: &str, at: Time) -> usize {
        let taken_up_at = self.clock.now().max(at);
        let mut world = self.world();
        world.made += 1;
        let rkey = format!("3k{:08}", world.made);
        world.posts.push(Post { rkey, text: text.to_owned(), at, taken_up_at });
        world.made
    }

    pub fn delete(&self, number: usize) {
        let rkey = format!("3k{number:08}");
        self.world().posts.retain(|post| post.rkey != rkey);
    }

    /// The ids of everything there is, in order.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.world().posts.iter().map(|post| uri(&post.rkey)).collect();
        ids.sort();
        ids
    }

    /// When it was sent a password.
    pub fn logins(&self) -> Vec<Time> {
        self.world().logins.clone()
    }

    pub fn renewals(&self) -> usize {
        self.world().renewals
    }

    /// How often it was asked for a method whose name ends so.
    pub fn asked(&self, method: &str) -> usize {
        self.server.asked().iter().filter(|asked| asked.path.ends_with(method)).count()
    }
}

fn uri(rkey: &str) -> String {
    format!("at://did:plc:adaadaadaadaadaadaadaada/app.bsky.feed.post/{rkey}")
}

fn error(status: u16, name: &str) -> Answer {
    let said = json!({ "error": name, "message": format!("{name} was said") });
    Answer::new(status, said.to_string())
}

/// A token that tells when it was made and how long it lasts, by the server's clock.
fn token(kind: &str, round: u32, made_at: Time, lasts: i64) -> String {
    let iat = made_at.0 / 1000;
    let claims = json!({ "iat": iat, "exp": iat + lasts / 1000, "n": round, "k": kind });
    format!("h.{}.s", base64url(claims.to_string().as_bytes()))
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let three = [group[0], *group.get(1).unwrap_or(&0), *group.get(2).unwrap_or(&0)];
        let n = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..=group.len() {
            text.push(char::from(LETTERS[(n >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text
}

impl World {
    fn open(&mut self, now: Time) -> Answer {
        self.round += 1;
        let at = now.plus(self.skew);
        self.access = token("access", self.round, at, 2 * Time::HOUR);
        self.refresh = token("refresh", self.round, at, 90 * Time::DAY);
        let opened = json!({
            "did": ME, "handle": "acme.example", "accessJwt": self.access,
            "refreshJwt": self.refresh,
        });
        Answer::ok(opened.to_string())
    }

    fn answer(&mut self, asked: &Asked, now: Time) -> Answer {
        let method = asked.path.rsplit('.').next().unwrap_or_default();
        match (method, self.mood) {
            ("createSession", mood) => {
                self.logins.push(now);
                if mood == Mood::Revoked {
                    return error(401, "AuthenticationRequired");
                }
                self.open(now)
            }
            ("refreshSession", Mood::RenewalBroken) => error(500, "InternalServerError"),
            ("refreshSession", mood) => {
                self.renewals += 1;
                let is_good = !matches!(mood, Mood::NeverRenewed | Mood::Revoked);
                if is_good && asked.token == self.refresh {
                    self.open(now)
                } else {
                    error(400, "ExpiredToken")
                }
            }
            (_, Mood::Forbidden) => error(403, "Forbidden"),
            (_, Mood::AlwaysExpired | Mood::NeverRenewed | Mood::Revoked | Mood::RenewalBroken) => {
                error(400, "ExpiredToken")
            }
            _ if asked.token != self.access => error(400, "ExpiredToken"),
            ("listNotifications", _) => self.list(asked),
            ("getPosts", _) => self.views(asked),
            ("getPostThread", _) => self.thread(asked),
            ("getAuthorFeed", _) => Answer::ok(r#"{"feed":[]}"#),
            _ => Answer::ok("{}"),
        }
    }

    fn views(&self, asked: &Asked) -> Answer {
        let wanted = asked.pairs.iter().filter(|(key, _)| key == "uris").map(|(_, uri)| uri);
        let posts: Vec<Value> = wanted
            .filter_map(|wanted| self.posts.iter().find(|post| uri(&post.rkey) == *wanted))
            .map(|post| view(post, post.taken_up_at))
            .collect();
        Answer::ok(json!({ "posts": posts }).to_string())
    }

    /// A thread of one: nobody answers here.
    fn thread(&self, asked: &Asked) -> Answer {
        let wanted = asked.query.get("uri");
        let Some(post) = self.posts.iter().find(|post| Some(&uri(&post.rkey)) == wanted) else {
            return error(400, "NotFound");
        };
        let thread = json!({
            "$type": "app.bsky.feed.defs#threadViewPost", "post": view(post, post.taken_up_at),
        });
        Answer::ok(json!({ "thread": thread }).to_string())
    }

    fn list(&mut self, asked: &Asked) -> Answer {
        if let Some(left) = self.forgets_after {
            self.forgets_after = left.checked_sub(1);
            if left == 0 {
                self.access.clear();
                return error(400, "ExpiredToken");
            }
        }
        self.lists += 1;
        if self.mood == Mood::Stuck
            && self.lists.is_multiple_of(3)
            && let Some(last) = &self.last
        {
            let mut last = last.clone();
            last["cursor"] = asked.query.get("cursor").cloned().into();
            return Answer::ok(last.to_string());
        }
        // As the network does: by the author's word on the time, newest first.
        let mut posts = self.posts.clone();
        posts.sort_by(|a, b| (b.at, &b.rkey).cmp(&(a.at, &a.rkey)));
        let limit = asked.query.get("limit").map_or(50, |n| n.parse().expect("a number"));
        let place = |post: &Post| format!("{:020}__{}", post.at.0, post.rkey);
        let below = asked.query.get("cursor").filter(|_| self.mood != Mood::Repeats);
        let rest: Vec<Post> = posts
            .into_iter()
            .filter(|post| below.is_none_or(|below| place(post) < *below))
            .collect();
        let page = &rest[..rest.len().min(limit)];
        let mut next = page.last().filter(|_| rest.len() > page.len()).map(place);
        if self.mood == Mood::GoesBack && matches!(self.lists, 3 | 7) && next.is_some() {
            next = Some("99999999999999999999".to_owned());
        }
        if self.mood == Mood::Repeats {
            next = Some(format!("99999999999999999999{}", self.lists));
        }
        let notes: Vec<Value> = page.iter().map(note).collect();
        let list = json!({ "notifications": notes, "cursor": next });
        self.last = Some(list.clone());
        Answer::ok(list.to_string())
    }
}

/// As the network does: whatever the author says of the time, where that is earlier.
fn note(post: &Post) -> Value {
    view(post, post.taken_up_at.min(post.at))
}

fn view(post: &Post, taken_up_at: Time) -> Value {
    let text = format!("@acme.example {}", post.text);
    json!({
        "uri": uri(&post.rkey), "cid": post.rkey, "reason": "mention", "indexedAt": taken_up_at,
        "author": { "did": "did:plc:adaadaadaadaadaadaadaada", "handle": "ada.example" },
        "record": {
            "$type": "app.bsky.feed.post", "text": text, "createdAt": post.at, "langs": ["en"],
            "facets": [{
                "index": { "byteStart": 0, "byteEnd": 13 },
                "features": [{ "$type": "app.bsky.richtext.facet#mention", "did": ME }],
            }],
        },
    })
}
