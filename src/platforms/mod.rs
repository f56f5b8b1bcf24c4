//! The seam between affinityd and the platforms, and the list of platforms.
//!
//! A connector turns "what next?" into a request and a reply into a page of readings. It does no
//! I/O, never waits, retries or logs, and knows the time only as an argument. Sending, pacing,
//! sessions and storage are outside, once for all of them.

use serde::{Deserialize, Serialize};

use crate::http::{Reply, Request};
use crate::model::{Capabilities, Gap, Reading, Time};

/// One thing polled on an account, with a cursor of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its name within the account, such as `notifications` or `search:acme`. Stable: the cursor is
    /// filed under it.
    pub name: String,
    /// How often it is read unless the config says otherwise, in milliseconds.
    pub every: i64,
    /// Everything in it concerns the brand (notifications, own posts); if not, its readings are
    /// matched against the brand's terms before they are kept.
    pub addressed: bool,
}

/// What is to be looked up again: one interaction and the thread it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its global id.
    pub id: String,
    /// What the platform itself calls it, if that differs.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Opaque to all but the connector. May hold tokens: never printed or exported.
    pub state: String,
    /// Not usable after this time, if that is known.
    pub expires_at: Option<Time>,
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
    /// No request to this account before this time.
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
    /// [`Refusal::Expired`] if it needs a session that is absent or has run out.
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

    /// The session that the reply to [`Platform::login`] opened.
    ///
    /// # Errors
    /// Why there is none.
    fn parse_login(&self, reply: &Reply, now: Time) -> Result<Session, Refusal> {
        let _ = (reply, now);
        Err(Refusal::Unauthorised("this platform has no login".to_owned()))
    }

    /// A fingerprint of the credential in the config: when it changes, the stored session is
    /// dropped. Must not allow the credential to be found out.
    fn credential(&self) -> Option<u64> {
        None
    }

    /// What `affinityd check` asks, in order.
    fn probes(&self) -> Vec<Probe>;

    /// The one host this account speaks to, for pacing; and whether the config names a private
    /// address on purpose.
    fn host(&self) -> String;
}
