//! Sends one request and brings back one reply, within limits.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use secrecy::ExposeSecret;
use tokio::time::timeout;
use url::Url;

use super::config::{Config, Proxy};
use super::error::SendError;
use super::exchange::{Auth, Body, Reply, Request};
use super::guard::{Door, Lookup, System, is_named, is_public_literal};
use super::redirect::{follow, is_redirect};

/// Headers of one reply that are read at all: more of them, or a larger head, is an attack.
const MOST_HEADERS: usize = 100;
const LARGEST_HEAD: u32 = 64 << 10;

/// What a request may reach beyond public addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The hosts that the config itself names, and that may therefore be private or loopback:
    /// `host:port`, or `host` with the usual ports. All others are held to public addresses.
    pub private_hosts: Vec<String>,
}

/// Why there is no client. All of it is the config's to mend.
#[derive(Debug, thiserror::Error)]
pub enum NewClientError {
    /// The bundle of extra roots cannot be used.
    #[error("cannot use ca-file `{0}`: {1}")]
    CaFile(String, String),
    /// The proxy cannot be used.
    #[error("cannot use the proxy: {0}")]
    Proxy(String),
    /// There are no usable roots, or no TLS.
    #[error("cannot set up tls: {0} (is the package ca-certificates installed?)")]
    Tls(String),
}

/// Makes ring the cryptography of this process. Once, before the first client or mailer; harmless
/// if repeated.
pub fn install_provider() {
    // An error only says that a provider is there already.
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// The client. Cheap to clone; all clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    /// For every host but the one the config names: resolves to public addresses only.
    guarded: reqwest::Client,
    /// For the host the config names. Its connections are kept apart, so that a redirect cannot
    /// slip into one.
    named: reqwest::Client,
    total: Duration,
    max_body: usize,
    proxies: BTreeSet<String>,
}

impl Client {
    /// A client with these limits. Needs [`install_provider`] first, and so calls it.
    ///
    /// # Errors
    /// If the roots or the proxy cannot be used.
    pub fn new(config: &Config) -> Result<Self, NewClientError> {
        Self::with_lookup(config, Arc::new(System))
    }

    /// The same with another way to find addresses.
    ///
    /// # Errors
    /// If the roots or the proxy cannot be used.
    pub fn with_lookup(config: &Config, lookup: Arc<dyn Lookup>) -> Result<Self, NewClientError> {
        install_provider();
        let proxies = proxy_hosts(&config.proxy);
        let guarded = Door::guarded(lookup.clone(), proxies.clone());
        Ok(Self {
            guarded: build(config, guarded)?,
            named: build(config, Door::open(lookup))?,
            total: config.total,
            max_body: config.max_body,
            proxies,
        })
    }

    /// The hosts of the proxies in use, for the log at the start. Without their passwords.
    pub fn proxies(&self) -> impl Iterator<Item = &str> {
        self.proxies.iter().map(String::as_str)
    }

    /// Sends a request, follows up to five redirects and reads the reply, whatever its status.
    ///
    /// # Errors
    /// Why there is no reply. The error holds no URL and no secret.
    pub async fn send(&self, request: &Request, access: &Access) -> Result<Reply, SendError> {
        timeout(self.total, self.walk(request, access)).await.unwrap_or(Err(SendError::Timeout))
    }

    async fn walk(&self, request: &Request, access: &Access) -> Result<Reply, SendError> {
        let mut first = request.url.clone();
        first.set_fragment(None);
        if !matches!(first.scheme(), "http" | "https") {
            return Err(SendError::Refused("only http and https can be asked"));
        }
        if !first.username().is_empty() || first.password().is_some() {
            return Err(SendError::Refused("a password in the address"));
        }
        let mut way = vec![first];
        let (mut trusted, mut has_body) = (true, !matches!(request.body, Body::Empty));
        let mut moved_for_good = true;
        loop {
            let url = way.last().expect("the way starts with the first URL");
            let response = self.ask(request, url, access, trusted, has_body).await?;
            let status = response.status().as_u16();
            let location = response.headers().get(reqwest::header::LOCATION);
            let Some(location) = location.filter(|_| is_redirect(status)) else {
                let for_good = way.len() > 1 && moved_for_good;
                return self.read(response, url.clone(), for_good).await;
            };
            let location = location
                .to_str()
                .map_err(|_| SendError::Protocol("a redirect to something that is no address"))?;
            let hop = follow(&way, status, location, has_body)?;
            (trusted, has_body) = (hop.trusted, hop.with_body);
            moved_for_good &= hop.for_good;
            way.push(hop.url);
        }
    }

    async fn ask(
        &self,
        request: &Request,
        url: &Url,
        access: &Access,
        trusted: bool,
        has_body: bool,
    ) -> Result<reqwest::Response, SendError> {
        let named = access.private_hosts.iter().any(|host| is_named(url, host));
        if !named {
            let host = url.host_str().unwrap_or_default();
            if !is_public_literal(url) || self.proxies.contains(host) {
                return Err(SendError::Refused(super::guard::Blocked::SAID));
            }
            if trusted && url.scheme() == "http" && !matches!(request.auth, Auth::None) {
                return Err(SendError::Refused("credentials over plain http"));
            }
        }
        let client = if named { &self.named } else { &self.guarded };
        let mut built = if has_body { client.post(url.clone()) } else { client.get(url.clone()) };
        if trusted {
            for (name, value) in &request.headers {
                built = built.header(*name, value);
            }
            built = match &request.auth {
                Auth::None => built,
                Auth::Bearer(token) => built.bearer_auth(token.expose_secret()),
                Auth::Basic(name, password) => {
                    built.basic_auth(name, Some(password.expose_secret()))
                }
            };
        }
        if has_body {
            built = match &request.body {
                Body::Empty => built,
                Body::Json(json) => built.json(json),
                Body::Form(fields) => built.form(fields),
            };
        }
        built.send().await.map_err(|error| SendError::of(&error))
    }

    async fn read(
        &self,
        response: reqwest::Response,
        url: Url,
        moved_for_good: bool,
    ) -> Result<Reply, SendError> {
        let status = response.status().as_u16();
        if response.content_length().is_some_and(|n| n > self.max_body as u64) {
            return Err(SendError::TooLarge);
        }
        // reqwest takes this header away once it decodes; what is left is foreign or nested.
        let undecoded = response
            .headers()
            .get_all(reqwest::header::CONTENT_ENCODING)
            .iter()
            .any(|e| !e.as_bytes().eq_ignore_ascii_case(b"identity"));
        let headers = response
            .headers()
            .iter()
            .filter(|(name, _)| *name != reqwest::header::SET_COOKIE)
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| SendError::of(&error))?;
            if body.len() + chunk.len() > self.max_body {
                return Err(SendError::TooLarge);
            }
            if undecoded && !chunk.is_empty() {
                return Err(SendError::Protocol("an encoding that was not asked for"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body, url, moved_for_good })
    }
}

fn build(config: &Config, door: Door) -> Result<reqwest::Client, NewClientError> {
    let contact = config.contact.as_ref().map(|c| format!(" (+{c})")).unwrap_or_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(format!("affinityd/{}{contact}", env!("CARGO_PKG_VERSION")))
        .connect_timeout(config.connect)
        .read_timeout(config.read)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_max_headers(MOST_HEADERS)
        .http2_max_header_list_size(LARGEST_HEAD)
        .pool_max_idle_per_host(2)
        .dns_resolver(Arc::new(door));
    builder = match &config.proxy {
        Proxy::System => builder,
        Proxy::Direct => builder.no_proxy(),
        Proxy::Through(url, except) => {
            let proxy = reqwest::Proxy::all(url.clone())
                .map_err(|e| NewClientError::Proxy(e.without_url().to_string()))?;
            builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_string(&except.join(","))))
        }
    };
    if let Some(path) = &config.ca_file {
        let refuse = |why: String| NewClientError::CaFile(path.display().to_string(), why);
        let pem = std::fs::read(path).map_err(|e| refuse(e.to_string()))?;
        let roots = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|e| refuse(e.without_url().to_string()))?;
        if roots.is_empty() {
            return Err(refuse("there is no certificate in it".to_owned()));
        }
        builder = builder.tls_certs_merge(roots);
    }
    builder.build().map_err(|e| NewClientError::Tls(e.without_url().to_string()))
}

/// The proxies' own names: they may be private, since the admin chose them.
fn proxy_hosts(proxy: &Proxy) -> BTreeSet<String> {
    let urls: Vec<String> = match proxy {
        Proxy::Direct => Vec::new(),
        Proxy::Through(url, _) => vec![url.to_string()],
        Proxy::System => ["all_proxy", "https_proxy", "http_proxy"]
            .into_iter()
            .flat_map(|name| [name.to_owned(), name.to_uppercase()])
            .filter_map(|name| std::env::var(name).ok())
            .collect(),
    };
    urls.iter()
        .filter(|text| !text.trim().is_empty())
        .filter_map(|text| Url::parse(text).or_else(|_| Url::parse(&format!("http://{text}"))).ok())
        .filter_map(|url| url.host_str().map(str::to_ascii_lowercase))
        .collect()
}
