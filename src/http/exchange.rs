//! A request and its reply as plain data: what connectors speak, without sockets.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// How a request proves who is asking. Never part of the URL, never printed.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// It does not.
    #[default]
    None,
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// `Authorization: Basic …`: name and password.
    Basic(String, SecretString),
}

/// What is sent along. May hold a password: printed without what is in it.
#[derive(Clone, Default)]
pub enum Body {
    /// Nothing: a GET.
    #[default]
    Empty,
    /// A JSON document: a POST. Also what GraphQL needs.
    Json(serde_json::Value),
    /// Form fields: a POST. Without any it is a POST of nothing.
    Form(Vec<(String, String)>),
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Json(_) => "Json(..)",
            Self::Form(_) => "Form(..)",
        })
    }
}

/// One request. A body makes it a POST.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where to.
    pub url: Url,
    /// Who is asking.
    pub auth: Auth,
    /// Further headers, names in lower case. Must hold no secret.
    pub headers: Vec<(&'static str, String)>,
    /// What is sent along.
    pub body: Body,
}

impl Request {
    /// What must not be told on, even if a server repeats it: the token, the password. Without those
    /// so short that they are found in any sentence.
    pub fn secrets(&self) -> Vec<&str> {
        let sent = match &self.auth {
            Auth::None => None,
            Auth::Bearer(secret) | Auth::Basic(_, secret) => Some(secret.expose_secret()),
        };
        let posted = match &self.body {
            Body::Json(json) => json.get("password").and_then(|password| password.as_str()),
            Body::Empty | Body::Form(_) => None,
        };
        sent.into_iter().chain(posted).filter(|secret| secret.len() >= 6).collect()
    }

    /// A GET without anything else.
    pub fn get(url: Url) -> Self {
        Self { url, auth: Auth::None, headers: Vec::new(), body: Body::Empty }
    }
}

/// What came back, within the size cap, decoded from its transfer and content encodings.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case with their values, in order; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Where it came from in the end, and whether the way there was permanent redirects only.
    pub url: Url,
    /// Every redirect on the way said "moved for good".
    pub moved_for_good: bool,
}

impl Reply {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}
