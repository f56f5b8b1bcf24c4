//! A simulated Mastodon server on the loopback interface, as far as affinityd asks it: who am I,
//! notifications, posts, threads, tags and search, over a [`World`] and a clock.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::wire;
use super::world::{BRAND, HOME, Which, World};
use crate::clock::Clock;

/// The token of the brand's account. It opens nothing but the simulation.
pub const TOKEN: &str = "simulated-token-of-the-demo";

/// The server.
pub struct Platform {
    world: World,
    clock: Arc<dyn Clock>,
}

type Shared = State<Arc<Platform>>;

/// Starts the server on a free port of 127.0.0.1 and gives its address. It runs until the runtime
/// ends.
///
/// # Errors
/// If there is no free port.
pub async fn start(world: World, clock: Arc<dyn Clock>) -> Result<SocketAddr> {
    let listener =
        TcpListener::bind(("127.0.0.1", 0)).await.context("opening a port on 127.0.0.1")?;
    let address = listener.local_addr().context("asking for the port")?;
    let router = router(Arc::new(Platform { world, clock }));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!("the simulated platform: {error}");
        }
    });
    Ok(address)
}

fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        .route("/api/v1/instance", get(instance))
        .route("/api/v2/instance", get(instance))
        .route("/api/v1/accounts/verify_credentials", get(me))
        .route("/api/v1/accounts/{id}/statuses", get(statuses))
        .route("/api/v1/notifications", get(notifications))
        .route("/api/v1/statuses/{id}", get(status))
        .route("/api/v1/statuses/{id}/context", get(context))
        .route("/api/v1/timelines/tag/{tag}", get(tag))
        .route("/api/v2/search", get(search))
        .fallback(|| async { fault(StatusCode::NOT_FOUND, "Record not found") })
        .layer(middleware::from_fn(admit))
        .with_state(platform)
}

/// Everything but the server's own description needs the token here, as on strict servers.
async fn admit(request: Request, next: Next) -> Response {
    let is_open = request.uri().path().ends_with("/instance");
    let wanted = format!("Bearer {TOKEN}");
    let given = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    if is_open || given == Some(wanted.as_str()) {
        next.run(request).await
    } else {
        fault(StatusCode::UNAUTHORIZED, "The access token is invalid")
    }
}

fn fault(status: StatusCode, said: &str) -> Response {
    (status, Json(json!({ "error": said }))).into_response()
}

async fn instance() -> Json<Value> {
    Json(json!({ "uri": HOME, "domain": HOME, "title": "A simulated town", "version": "4.5.0" }))
}

async fn me(State(platform): Shared) -> Json<Value> {
    Json(wire::account(&platform.world, BRAND))
}

async fn notifications(State(platform): Shared, RawQuery(query): RawQuery) -> Response {
    let (world, now) = (&platform.world, platform.clock.now());
    let query = Query::read(query);
    let types = query.all("types[]");
    let all: Vec<(u64, wire::Note)> = wire::notes(world, now)
        .into_iter()
        .filter(|note| types.is_empty() || types.iter().any(|t| t == note.kind(world)))
        .map(|note| (note.id(world), note))
        .collect();
    let page = query.page(all, (40, 80));
    let list = page.iter().map(|(_, note)| note.json(world, now)).collect();
    answer(&page, list, "/api/v1/notifications", &query)
}

async fn statuses(
    State(platform): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let world = &platform.world;
    let Some(who) = (0..world.accounts.len()).find(|who| wire::account_id(*who) == id) else {
        return fault(StatusCode::NOT_FOUND, "Record not found");
    };
    platform.posts(Query::read(query), |which| world.posts[which].by == who)
}

async fn tag(
    State(platform): Shared,
    Path(tag): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let tag = tag.to_lowercase();
    let world = &platform.world;
    platform.posts(Query::read(query), |which| {
        wire::tags(&world.posts[which].text).any(|word| word.to_lowercase() == tag)
    })
}

async fn status(State(platform): Shared, Path(id): Path<String>) -> Response {
    match platform.find(&id) {
        Some(which) => {
            Json(wire::status(&platform.world, which, platform.clock.now())).into_response()
        }
        None => fault(StatusCode::NOT_FOUND, "Record not found"),
    }
}

async fn context(State(platform): Shared, Path(id): Path<String>) -> Response {
    let (world, now) = (&platform.world, platform.clock.now());
    let Some(which) = platform.find(&id) else {
        return fault(StatusCode::NOT_FOUND, "Record not found");
    };
    let mut above = Vec::new();
    let mut at = which;
    while let Some(parent) = world.posts[at].parent.filter(|p| world.exists(*p, now)) {
        above.insert(0, wire::status(world, parent, now));
        at = parent;
    }
    let mut below = Vec::new();
    let mut next: Vec<Which> = world.replies(which, now).into_iter().rev().collect();
    while let Some(reply) = next.pop() {
        below.push(wire::status(world, reply, now));
        next.extend(world.replies(reply, now).into_iter().rev());
    }
    Json(json!({ "ancestors": above, "descendants": below })).into_response()
}

async fn search(State(platform): Shared, RawQuery(query): RawQuery) -> Response {
    let (world, now) = (&platform.world, platform.clock.now());
    let query = Query::read(query);
    let words = query.one("q").unwrap_or_default().trim_matches('"').to_lowercase();
    let is_address = words.starts_with("https://");
    let found: Vec<(u64, Which)> = world
        .existing(now)
        .into_iter()
        .filter(|which| {
            let post = &world.posts[*which];
            if is_address {
                return world.url(*which) == words || world.uri(*which) == words;
            }
            !words.is_empty() && !post.is_private && post.text.to_lowercase().contains(&words)
        })
        .map(|which| (world.id(which), which))
        .collect();
    let page = query.page(found, (20, 40));
    let list: Vec<Value> = page.iter().map(|(_, which)| wire::status(world, *which, now)).collect();
    Json(json!({ "accounts": [], "hashtags": [], "statuses": list })).into_response()
}

impl Platform {
    fn find(&self, id: &str) -> Option<Which> {
        let id: u64 = id.parse().ok()?;
        let now = self.clock.now();
        (0..self.world.posts.len())
            .find(|which| self.world.id(*which) == id && self.world.exists(*which, now))
    }

    /// A page of the public posts that are wanted.
    fn posts(&self, query: Query, wanted: impl Fn(Which) -> bool) -> Response {
        let now = self.clock.now();
        let all: Vec<(u64, Which)> = self
            .world
            .existing(now)
            .into_iter()
            .filter(|which| !self.world.posts[*which].is_private && wanted(*which))
            .map(|which| (self.world.id(which), which))
            .collect();
        let page = query.page(all, (20, 40));
        let list = page.iter().map(|(_, which)| wire::status(&self.world, *which, now)).collect();
        answer(&page, list, "/api/v1/timelines", &query)
    }
}

/// What stands behind the `?`.
struct Query(Vec<(String, String)>);

impl Query {
    fn read(raw: Option<String>) -> Self {
        let raw = raw.unwrap_or_default();
        Self(url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    fn all(&self, key: &str) -> Vec<String> {
        self.0.iter().filter(|(k, _)| k == key).map(|(_, v)| v.clone()).collect()
    }

    fn one(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.one(key)?.parse().ok()
    }

    /// The page that is asked for, newest first, of a list that is oldest first. With `min_id` it is
    /// the items right above that one, else the newest.
    fn page<T>(&self, all: Vec<(u64, T)>, (usual, most): (u64, u64)) -> Vec<(u64, T)> {
        let limit = self.number("limit").unwrap_or(usual).clamp(1, most) as usize;
        let offset = self.number("offset").unwrap_or(0) as usize;
        let above = self.number("min_id").max(self.number("since_id")).unwrap_or(0);
        let below = self.number("max_id").unwrap_or(u64::MAX);
        let mut fits: Vec<(u64, T)> =
            all.into_iter().filter(|(id, _)| *id > above && *id < below).collect();
        if self.one("min_id").is_some() {
            fits.truncate(limit);
            fits.reverse();
            return fits;
        }
        fits.into_iter().rev().skip(offset).take(limit).collect()
    }
}

/// A list with the `Link` header that such servers send.
fn answer<T>(page: &[(u64, T)], list: Vec<Value>, path: &str, query: &Query) -> Response {
    let mut headers = HeaderMap::new();
    if let (Some((newest, _)), Some((oldest, _))) = (page.first(), page.last()) {
        let types: String =
            query.all("types[]").iter().map(|t| format!("&types%5B%5D={t}")).collect();
        let to = |bound: &str, id: &u64| format!("<https://{HOME}{path}?{bound}={id}{types}>");
        let link = format!(
            "{}; rel=\"next\", {}; rel=\"prev\"",
            to("max_id", oldest),
            to("min_id", newest)
        );
        if let Ok(link) = HeaderValue::from_str(&link) {
            headers.insert(header::LINK, link);
        }
    }
    (headers, Json(Value::Array(list))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(query: &str, limit: (u64, u64)) -> Vec<u64> {
        let all = (1..=10).map(|id| (id, ())).collect();
        Query::read(Some(query.to_owned()))
            .page(all, limit)
            .into_iter()
            .map(|(id, ())| id)
            .collect()
    }

    #[test]
    fn pages_are_newest_first_whichever_way_they_are_walked() {
        for (case, query, wanted) in [
            ("the newest page", "limit=3", vec![10, 9, 8]),
            ("the page below", "limit=3&max_id=8", vec![7, 6, 5]),
            ("the page right above", "limit=3&min_id=2", vec![5, 4, 3]),
            ("the newest page, cut off below", "limit=3&since_id=2", vec![10, 9, 8]),
            ("nothing above the last", "min_id=10", vec![]),
            ("more than is allowed", "limit=99", vec![10, 9, 8, 7]),
            ("a later page of a search", "limit=3&offset=3", vec![7, 6, 5]),
        ] {
            assert_eq!(ids(query, (2, 4)), wanted, "{case}");
        }
    }
}
