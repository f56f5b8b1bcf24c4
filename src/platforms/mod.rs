//! The seam between affinityd and the platforms, and the list of platforms.
//!
//! A connector turns "what next?" into a request and a reply into a page of readings. It does no
//! I/O, never waits, retries or logs, and knows the time only as an argument. Sending, pacing,
//! sessions and storage are outside, once for all of them.

mod answer;

use std::sync::Arc;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::http::pace::Limits;
use crate::http::{Reply, Request};
use crate::model::{Capabilities, Gap, Reading, Time};
use crate::settings::{Placed, Section};

/// Writes the `mod` lines and the look-up by name, so that a platform is one word here.
macro_rules! platforms {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// Every platform there is a connector for.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        fn connect(
            platform: &str,
            section: &Section<'_>,
            secrets: Secrets<'_>,
        ) -> Option<Arc<dyn Platform>> {
            $(if platform == stringify!($name) {
                return Some(Arc::new($name::connect(section, secrets)?));
            })*
            None
        }
    };
}

platforms! { mastodon, bluesky, feed }

/// Fetches the secret that a section names by `<what>-file` or `<what>-credential`.
pub type Secrets<'a> = &'a dyn Fn(&Section<'_>, &'static str) -> Option<SecretString>;

/// One configured login, search or feed on a platform.
#[derive(Clone)]
pub struct Account {
    /// Its name: unique, and what state is filed under.
    pub name: String,
    /// The brand it belongs to, if it says so, and where. Whether there is such a brand is for
    /// others to check.
    pub brand: Option<Placed<String>>,
    /// The platform's name, one of [`NAMES`].
    pub platform: &'static str,
    /// How often streams are read, in milliseconds, where the config changes it.
    pub every: Vec<(StreamKind, i64)>,
    /// The connector, as configured.
    pub connector: Arc<dyn Platform>,
}

impl Account {
    /// The account's streams, each with the interval that holds for it.
    pub fn streams(&self) -> Vec<Stream> {
        let mut streams = self.connector.streams();
        for stream in &mut streams {
            if let Some((_, every)) = self.every.iter().find(|(kind, _)| *kind == stream.kind) {
                stream.every = *every;
            }
        }
        streams
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} account `{}`", self.platform, self.name)
    }
}

/// Reads the `platforms` section: every `[[platforms.<name>]]` block. What is wrong becomes a
/// finding; a block that cannot be used is left out.
pub fn read(section: &Section<'_>, secrets: Secrets<'_>) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    for (platform, block) in section.named_sections(NAMES) {
        let name = block.required("name", "\"support\"");
        let brand = block.string("brand");
        let every: Vec<(StreamKind, i64)> = StreamKind::ALL
            .into_iter()
            .filter_map(|kind| {
                let bounds = Time::SECOND..30 * Time::DAY + 1;
                block.duration_if(kind.key(), bounds).map(|every| (kind, every))
            })
            .collect();
        let connector = connect(platform, &block, secrets);
        let (Some(name), Some(connector)) = (name, connector) else { continue };
        if accounts.iter().any(|a| a.name == name.value) {
            block.reject(
                name.span,
                format!("there is another account `{}`", name.value),
                "give each account a name of its own: state is filed under it",
            );
            continue;
        }
        let account = Account { name: name.value, brand, platform, every, connector };
        let streams = account.streams();
        for (kind, _) in &account.every {
            if !streams.iter().any(|s| s.kind == *kind) {
                block.reject(
                    block.place(kind.key()),
                    format!("`{}` changes nothing: this account has no such stream", kind.key()),
                    "remove it",
                );
            }
        }
        accounts.push(account);
    }
    accounts
}

/// What is polled: decides how often, and which key of the config changes that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// What the platform tells the account of its own accord.
    Notifications,
    /// A search by words or tags.
    Search,
    /// The brand's own posts.
    Posts,
    /// A feed or a page.
    Feed,
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Notifications, Self::Search, Self::Posts, Self::Feed];

    /// The key that changes how often such streams are read.
    pub fn key(self) -> &'static str {
        match self {
            Self::Notifications => "poll-notifications",
            Self::Search => "poll-search",
            Self::Posts => "poll-posts",
            Self::Feed => "poll-feed",
        }
    }

    /// How often such streams are read unless the config says otherwise, in milliseconds.
    pub fn every(self) -> i64 {
        match self {
            Self::Notifications => 2 * Time::MINUTE,
            Self::Search => 10 * Time::MINUTE,
            Self::Posts => 15 * Time::MINUTE,
            Self::Feed => Time::HOUR,
        }
    }
}

/// One thing polled on an account, with a cursor of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its name within the account, such as `notifications` or `search:acme`. Stable: the cursor is
    /// filed under it.
    pub name: String,
    /// What it is.
    pub kind: StreamKind,
    /// How often it is read, in milliseconds.
    pub every: i64,
    /// Everything in it concerns the brand (notifications, own posts); if not, its readings are
    /// matched against the brand's terms before they are kept.
    pub addressed: bool,
}

impl Stream {
    /// A stream that is read as often as its kind is.
    pub fn new(name: impl Into<String>, kind: StreamKind, addressed: bool) -> Self {
        Self { name: name.into(), kind, every: kind.every(), addressed }
    }
}

/// What is to be looked up again: one interaction and the thread it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its global id.
    pub id: String,
    /// What the platform itself calls it, if that differs. May come from another account.
    pub locator: Option<String>,
    /// The root of its thread, if known.
    pub thread: Option<String>,
    /// Its permalink, if known.
    pub url: Option<String>,
}

/// What is asked of the platform.
#[derive(Clone, Copy, Debug)]
pub enum Ask<'a> {
    /// The next page of a stream.
    Stream(&'a Stream),
    /// One interaction and its thread as they are now. A stream of one, in as many pages as it
    /// takes; its cursor starts empty each time.
    LookUp(&'a Target),
    /// The nth probe of `affinityd check`; see [`Platform::probes`].
    Probe(usize),
}

/// What a login left behind: kept in the store, handed to every later request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Opaque to all but the connector. May hold tokens: never printed or exported.
    pub state: String,
    /// Not usable after this time, if that is known.
    pub expires_at: Option<Time>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What a request or a reply is seen in the light of.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Where the stream was left: the connector's own words.
    pub cursor: Option<&'a str>,
    /// The session, for connectors that have one.
    pub session: Option<&'a Session>,
    /// The time of the request.
    pub now: Time,
}

/// What a reply held.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What was found; private and follower-only posts are already left out.
    pub readings: Vec<Reading>,
    /// Other posts of the same threads: nodes on the way from a post to its answer, and what others
    /// said there. They do not address the brand, whatever the stream does, so each is matched
    /// against the brand's terms before it counts as being about it.
    pub around: Vec<Reading>,
    /// Global ids that are deleted or no longer public.
    pub gone: Vec<String>,
    /// How many private or follower-only posts were left out.
    pub private: u32,
    /// Items that could not be understood, each with its place and reason. The others stand.
    pub spoiled: Vec<String>,
    /// Where to go on.
    pub cursor: Option<String>,
    /// Ask again at once with that cursor.
    pub more: bool,
    /// The stream has been read to its end.
    pub end: bool,
    /// No further page of this account's streams before this time. Look-ups may go on: they have
    /// a reserve of their own, and are refused when that is used up.
    pub not_before: Option<Time>,
    /// A cap stopped short of known ground.
    pub gap: Option<Gap>,
}

/// Why a reply is no page, in the terms of what the poller does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Told to wait, until then if it was said.
    #[error("told to wait")]
    RateLimited(Option<Time>),
    /// The login is refused; a person must act. Says which right is missing, if that is known.
    #[error("not authorised: {0}")]
    Unauthorised(String),
    /// The session has run out; log in again and repeat.
    #[error("the session has run out")]
    Expired,
    /// The server failed; try again later.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The answer makes no sense; says where.
    #[error("malformed answer at {path}: {why}")]
    Malformed {
        /// Where in the reply.
        path: String,
        /// What was wrong.
        why: String,
    },
    /// It is gone for good.
    #[error("gone: {0}")]
    Gone(String),
    /// This account has no way to ask for that: a look-up without a permalink, or one that needs a
    /// login. Says what is missing. Trying again is of no use.
    #[error("cannot be asked: {0}")]
    Unanswerable(String),
}

/// One check of `affinityd check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What it shows when it works, such as `notifications can be read`.
    pub shows: String,
    /// The right it needs, such as `read:notifications`.
    pub needs: Option<String>,
    /// Without it the account is of no use.
    pub vital: bool,
}

/// A platform, as configured for one account.
pub trait Platform: Send + Sync {
    /// What can and cannot be told with this configuration.
    fn capabilities(&self) -> Capabilities;

    /// The streams this configuration has. Names are unique.
    fn streams(&self) -> Vec<Stream>;

    /// The next request for a stream or a look-up.
    ///
    /// # Errors
    /// [`Refusal::Expired`] if it needs a session that is absent or has run out,
    /// [`Refusal::Unanswerable`] if there is no way to ask for it.
    fn request(&self, ask: Ask<'_>, scene: Scene<'_>) -> Result<Request, Refusal>;

    /// What the reply to that request held. Gets every status, also errors.
    ///
    /// # Errors
    /// Why it is no page.
    fn parse(&self, ask: Ask<'_>, scene: Scene<'_>, reply: &Reply) -> Result<Page, Refusal>;

    /// The request that opens a session, or renews `old`. `None`: this platform needs none.
    fn login(&self, old: Option<&Session>, now: Time) -> Option<Request> {
        let _ = (old, now);
        None
    }

    /// The session that the reply to [`Platform::login`], asked with the same `old`, opened. Where
    /// tokens rotate, `old` is used up by then: the new session is stored before it is used.
    ///
    /// # Errors
    /// Why there is none. [`Refusal::Expired`]: `old` cannot be renewed; log in without it.
    fn parse_login(
        &self,
        old: Option<&Session>,
        reply: &Reply,
        now: Time,
    ) -> Result<Session, Refusal> {
        let _ = (old, reply, now);
        Err(Refusal::Unauthorised("this platform has no login".to_owned()))
    }

    /// A fingerprint of the credential in the config: when it changes, the stored session is
    /// dropped. Must not allow the credential to be found out.
    fn credential(&self) -> Option<u64> {
        None
    }

    /// How fast its host may be asked.
    fn manners(&self) -> Limits {
        Limits::API
    }

    /// What `affinityd check` asks, in order.
    fn probes(&self) -> Vec<Probe>;

    /// The host this account speaks to, with its port if that is not the usual one; for pacing.
    fn host(&self) -> String;
}
