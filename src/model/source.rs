//! What a platform can tell, and whether it was read: "quiet" is not "blind".

use serde::{Deserialize, Serialize};

use super::{Kind, Time};

/// Whether something can be seen on a platform with this account. Ordered: `No < Partly < Full`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// None of it.
    #[default]
    No,
    /// Some of it.
    Partly,
    /// All of it.
    Full,
}

/// What a configured account can and cannot tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Capabilities {
    /// Posts that name the brand.
    pub mentions: Reach,
    /// Search by words.
    pub search: Reach,
    /// Replies below the brand's posts.
    pub comments: Reach,
    /// Shares, with who did it.
    pub shares: Reach,
    /// Quotes: shares with words of one's own.
    pub quotes: Reach,
    /// Reviews.
    pub reviews: Reach,
    /// Likes.
    pub likes: Reach,
    /// The brand's own posts.
    pub own_posts: Reach,
    /// The thread below a post: whether an answer can be seen at all. `No` means that no alert
    /// about this source may ever be sent.
    pub answers: Reach,
    /// Whether replies carry the id of their parent (rule E14).
    pub parents: bool,
}

impl Capabilities {
    /// How much of a kind can be seen. What no source shows is unknown, and not zero.
    pub fn of(&self, kind: Kind) -> Reach {
        match kind {
            Kind::Mention => self.mentions.max(self.search),
            Kind::Post => self.search,
            Kind::Comment => self.comments,
            Kind::Share => self.shares,
            Kind::Quote => self.quotes,
            Kind::Review => self.reviews,
            Kind::Reaction => self.likes,
        }
    }
}

/// A stretch of a stream that was never read, shown to people until filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Nothing older than this is missing; `None`: not known.
    pub after: Option<Time>,
    /// Nothing newer than this is missing.
    pub before: Option<Time>,
    /// Why it was not read.
    pub why: String,
    /// When it was noticed.
    pub noticed_at: Time,
}

/// What keeps a stream from being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// The login is refused; a person must act.
    Unauthorised(String),
    /// Told to wait.
    RateLimited,
    /// No answer, or a server's error.
    Unreachable(String),
    /// An answer that makes no sense.
    Malformed(String),
    /// It is gone for good.
    Gone(String),
}

impl Trouble {
    /// The class of the error in `status --json`.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Unauthorised(_) => "unauthorised",
            Self::RateLimited => "rate-limited",
            Self::Unreachable(_) => "unreachable",
            Self::Malformed(_) => "malformed",
            Self::Gone(_) => "gone",
        }
    }

    /// What was said, for people. Never holds a URL or a token.
    pub fn said(&self) -> &str {
        match self {
            Self::Unauthorised(said)
            | Self::Unreachable(said)
            | Self::Malformed(said)
            | Self::Gone(said) => said,
            Self::RateLimited => "told to wait",
        }
    }
}

/// How far a stream was read. Committed together with the page it came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The connector's own cursor; opaque to everybody else.
    pub cursor: Option<String>,
    /// When the stream was last read to its end.
    pub end_at: Option<Time>,
    /// Stretches that were never read.
    pub gaps: Vec<Gap>,
}

/// Whether a source is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Never read yet.
    New,
    /// Read to its end lately.
    Well,
    /// Failing, will be tried again.
    Failing,
    /// A person must act.
    NeedsAttention,
}

/// What is known about one stream of one account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceState {
    /// The account's name in the config.
    pub account: String,
    /// The stream's name.
    pub stream: String,
    /// Whether it is well.
    pub health: Health,
    /// When a page was last read.
    pub last_success_at: Option<Time>,
    /// When an interaction was last found in it.
    pub last_found_at: Option<Time>,
    /// What was wrong the last time, if it was, and since when.
    pub trouble: Option<(Trouble, Time)>,
    /// How often in a row it failed.
    pub failures: u32,
    /// When it will be read next.
    pub next_at: Option<Time>,
}
