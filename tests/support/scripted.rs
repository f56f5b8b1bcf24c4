//! A server that answers whatever is asked as the test says, and remembers it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;

/// One request.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub path: String,
    /// The last value of each key.
    pub query: BTreeMap<String, String>,
    /// Every pair, in order.
    pub pairs: Vec<(String, String)>,
    /// What stands in `Authorization`, after its first word.
    pub token: String,
    pub body: String,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    pub fn ok(body: impl Into<String>) -> Self {
        Self::new(200, body)
    }

    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The server. It ends with the runtime of its test.
#[derive(Clone)]
pub struct Scripted {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Scripted {
    /// `answer` decides.
    pub async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = Self { url, asked: Arc::default() };
        let (asked, answer) = (server.asked.clone(), Arc::new(answer));
        let router = Router::new().fallback(move |request: Request| {
            let (asked, answer) = (asked.clone(), answer.clone());
            async move {
                let this = read(request).await;
                asked.lock().expect("no panic").push(this.clone());
                write(answer(&this))
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    /// Everything it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }
}

async fn read(request: Request) -> Asked {
    let (head, body) = request.into_parts();
    let token = head.headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let query = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    let pairs: Vec<(String, String)> = query.into_owned().collect();
    Asked {
        path: head.uri.path().to_owned(),
        query: pairs.iter().cloned().collect(),
        pairs,
        token: token.split_once(' ').map_or(String::new(), |(_, token)| token.to_owned()),
        body: String::from_utf8_lossy(&to_bytes(body, 1 << 20).await.unwrap_or_default()).into(),
    }
}

fn write(answer: Answer) -> Response {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).expect("proper headers")
}
