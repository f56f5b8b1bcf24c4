//! A small server with the Mastodon client API: posts can be added while it runs, and it can be
//! told to misbehave.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use affinityd::model::Time;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

/// How it behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    #[default]
    Well,
    /// Every token is refused.
    TokenRefused,
    /// "Come again in so many seconds."
    Busy(u32),
    /// A web page instead of an answer.
    Garbage,
    /// An error of its own.
    Broken,
    /// Takes the request and never answers.
    Mute,
    /// The token lacks a right.
    Forbidden,
}

#[derive(Clone, Debug)]
struct Post {
    id: u64,
    by: String,
    text: String,
    at: Time,
    reply_to: Option<u64>,
}

#[derive(Default)]
struct World {
    posts: Vec<Post>,
    mood: Mood,
    asked: Vec<String>,
    paging: Paging,
    pages: usize,
    last: Vec<Post>,
}

/// How its lists are cut into pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paging {
    /// As asked for.
    #[default]
    Right,
    /// Every second page is the one before once more.
    Repeats,
    /// Every third page is the oldest one, whatever was asked for.
    GoesBack,
}

/// The server. It ends with the runtime of its test.
#[derive(Clone)]
pub struct Fake {
    /// Its address.
    pub url: String,
    world: Arc<Mutex<World>>,
}

impl Fake {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let fake = Self { url, world: Arc::default() };
        let router = Router::new()
            .route("/api/v1/accounts/verify_credentials", get(me))
            .route("/api/v1/instance", get(|| async { Json(json!({ "uri": "fake" })) }))
            .route("/api/v1/notifications", get(notifications))
            .route("/api/v1/accounts/{id}/statuses", get(posts))
            .route("/api/v1/statuses/{id}", get(post))
            .route("/api/v1/statuses/{id}/context", get(context))
            .fallback(|| async { (StatusCode::NOT_FOUND, Json(json!({ "error": "not found" }))) })
            .layer(axum::middleware::from_fn_with_state(fake.clone(), moody))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().expect("no panic while it was held")
    }

    /// Changes its mood.
    pub fn is(&self, mood: Mood) {
        self.world().mood = mood;
    }

    /// Changes how it pages.
    pub fn pages(&self, paging: Paging) {
        self.world().paging = paging;
    }

    /// Somebody takes a post back.
    pub fn delete(&self, id: u64) {
        self.world().posts.retain(|post| post.id != id);
    }

    /// Somebody writes another text over a post.
    pub fn edit(&self, id: u64, text: &str) {
        for post in self.world().posts.iter_mut().filter(|post| post.id == id) {
            post.text = format!("@acme {text}");
        }
    }

    /// The global ids of everything that others posted, in order.
    pub fn ids(&self) -> Vec<String> {
        let posts = self.world().posts.clone();
        let others = posts.iter().filter(|post| post.by != "acme");
        let mut ids: Vec<String> = others.map(|post| self.address(post)).collect();
        ids.sort();
        ids
    }

    fn address(&self, post: &Post) -> String {
        format!("{}/@{}/{}", self.url, post.by, post.id)
    }

    /// How often it was asked for a path that contains this.
    pub fn asked(&self, path: &str) -> usize {
        self.world().asked.iter().filter(|asked| asked.contains(path)).count()
    }

    /// Somebody mentions the brand.
    pub fn mention(&self, by: &str, text: &str, at: Time) -> u64 {
        self.add(by, &format!("@acme {text}"), at, None)
    }

    /// The addresses of everything that was said so far, under which it is stored.
    pub fn served(&self) -> Vec<String> {
        let posts = &self.world().posts;
        posts.iter().map(|post| format!("{}/@{}/{}", self.url, post.by, post.id)).collect()
    }

    /// The brand answers.
    pub fn answer(&self, to: u64, text: &str, at: Time) -> u64 {
        self.add("acme", text, at, Some(to))
    }

    fn add(&self, by: &str, text: &str, at: Time, reply_to: Option<u64>) -> u64 {
        let mut world = self.world();
        let id = world.posts.last().map_or(1000, |last| last.id + 1);
        world.posts.push(Post { id, by: by.to_owned(), text: text.to_owned(), at, reply_to });
        id
    }

    fn account(&self, name: &str) -> Value {
        let id = if name == "acme" { "1".to_owned() } else { format!("9{}", name.len()) };
        json!({
            "id": id, "username": name, "acct": name, "display_name": name, "bot": false,
            "url": format!("{}/@{name}", self.url), "uri": format!("{}/users/{name}", self.url),
        })
    }

    fn status(&self, post: &Post) -> Value {
        let url = self.address(post);
        let to = post.reply_to.and_then(|id| self.find(id));
        let to = to.map(|to| self.account(&to.by)["id"].clone());
        json!({
            "id": post.id.to_string(), "uri": url, "url": url, "created_at": post.at,
            "visibility": "public", "language": "en", "content": format!("<p>{}</p>", post.text),
            "spoiler_text": "", "reblog": null, "quote": null,
            "in_reply_to_id": post.reply_to.map(|id| id.to_string()),
            "in_reply_to_account_id": to,
            "account": self.account(&post.by), "mentions": [self.account("acme")],
            "replies_count": 0, "reblogs_count": 0, "favourites_count": 0,
        })
    }

    fn find(&self, id: u64) -> Option<Post> {
        self.world().posts.iter().find(|post| post.id == id).cloned()
    }

    /// The posts for which that holds, newest first, cut as the query says.
    fn page(&self, query: &BTreeMap<String, String>, is_in: impl Fn(&Post) -> bool) -> Vec<Post> {
        let bound = |key: &str| query.get(key).and_then(|id| id.parse::<u64>().ok());
        let (above, below) = (bound("min_id"), bound("max_id"));
        let limit = bound("limit").map_or(20, |limit| usize::try_from(limit).expect("small"));
        let mut world = self.world();
        let all: Vec<Post> = world.posts.iter().filter(|post| is_in(post)).cloned().collect();
        let mut found: Vec<Post> = all
            .iter()
            .filter(|post| {
                above.is_none_or(|id| post.id > id) && below.is_none_or(|id| post.id < id)
            })
            .cloned()
            .collect();
        // Directly above what was named, or the newest.
        if above.is_some() {
            found.truncate(limit);
        } else {
            found.drain(..found.len().saturating_sub(limit));
        }
        world.pages += 1;
        match world.paging {
            Paging::Repeats if world.pages.is_multiple_of(2) => found.clone_from(&world.last),
            Paging::GoesBack if world.pages.is_multiple_of(3) => {
                found = all.into_iter().take(limit).collect();
            }
            _ => {}
        }
        world.last.clone_from(&found);
        found.reverse();
        found
    }
}

async fn moody(
    State(fake): State<Fake>,
    uri: Uri,
    headers: HeaderMap,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let mood = {
        let mut world = fake.world();
        world.asked.push(uri.path().to_owned());
        world.mood
    };
    let error = |code, said: &str| (code, Json(json!({ "error": said }))).into_response();
    let is_known = headers.get("authorization").is_some_and(|v| v == "Bearer token-of-acme");
    match mood {
        Mood::TokenRefused => error(StatusCode::UNAUTHORIZED, "The access token was revoked"),
        Mood::Busy(seconds) => {
            let wait = [(header::RETRY_AFTER, seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait, "slow down").into_response()
        }
        Mood::Garbage => "<html><body>Please log in to the hotel's network".into_response(),
        Mood::Broken => error(StatusCode::INTERNAL_SERVER_ERROR, "oh dear"),
        Mood::Forbidden => {
            error(StatusCode::FORBIDDEN, "This action is outside the authorized scopes")
        }
        Mood::Mute => std::future::pending().await,
        Mood::Well if !is_known => error(StatusCode::UNAUTHORIZED, "no such token"),
        Mood::Well => next.run(request).await,
    }
}

type Asked = Query<BTreeMap<String, String>>;

async fn me(State(fake): State<Fake>) -> Json<Value> {
    Json(fake.account("acme"))
}

async fn notifications(State(fake): State<Fake>, Query(query): Asked) -> Json<Value> {
    let notes = fake.page(&query, |post| post.by != "acme").into_iter().map(|post| {
        json!({
            "id": post.id.to_string(), "type": "mention", "created_at": post.at,
            "account": fake.account(&post.by), "status": fake.status(&post),
        })
    });
    Json(notes.collect())
}

async fn posts(State(fake): State<Fake>, Query(query): Asked) -> Json<Value> {
    let posts = fake.page(&query, |post| post.by == "acme");
    Json(posts.iter().map(|post| fake.status(post)).collect())
}

async fn post(State(fake): State<Fake>, Path(id): Path<u64>) -> Response {
    match fake.find(id) {
        Some(post) => Json(fake.status(&post)).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "not found" }))).into_response(),
    }
}

async fn context(State(fake): State<Fake>, Path(id): Path<u64>) -> Json<Value> {
    let above = fake.find(id).and_then(|post| fake.find(post.reply_to?));
    let all = fake.world().posts.clone();
    let below = all.iter().filter(|post| post.reply_to == Some(id));
    Json(json!({
        "ancestors": above.iter().map(|post| fake.status(post)).collect::<Vec<_>>(),
        "descendants": below.map(|post| fake.status(post)).collect::<Vec<_>>(),
    }))
}
