//! One sighting of a public act, as a platform or an import line tells it.

use serde::{Deserialize, Serialize};

use super::{Ruling, Time};

/// What kind of act it is, most specific first: of several readings the smallest stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Passed on without words.
    Share,
    /// A like or another sign without words.
    Reaction,
    /// Passed on with words of one's own.
    Quote,
    /// A review, often with stars.
    Review,
    /// A reply below something.
    Comment,
    /// A post that stands alone (the brand's own, or one found by a search).
    Post,
    /// A post that names the brand.
    Mention,
}

impl Kind {
    /// Every kind, in the order they are shown; likes last.
    pub const ALL: [Self; 7] = [
        Self::Mention,
        Self::Comment,
        Self::Post,
        Self::Review,
        Self::Quote,
        Self::Share,
        Self::Reaction,
    ];

    /// The word used in config, JSON, mails and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Reaction => "reaction",
            Self::Quote => "quote",
            Self::Review => "review",
            Self::Comment => "comment",
            Self::Post => "post",
            Self::Mention => "mention",
        }
    }

    /// Whether it carries words of its author.
    pub fn speaks(self) -> bool {
        !matches!(self, Self::Share | Self::Reaction)
    }
}

/// An account as the platform names it. Follower counts are never collected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Stable id on the platform.
    pub id: String,
    /// What people write after the `@`, without it.
    pub handle: Option<String>,
    /// Display name; chosen by a stranger, so escaped wherever it is shown.
    pub name: Option<String>,
}

/// Counters of one post at one time. `None` is "not offered", never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Likes.
    pub likes: Option<u64>,
    /// Direct replies.
    pub replies: Option<u64>,
    /// Shares without words.
    pub shares: Option<u64>,
    /// Shares with words.
    pub quotes: Option<u64>,
}

/// One sighting. Everything that is `None` is "not told", so an earlier reading's word stays.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// The platform's name, such as `mastodon`.
    pub platform: String,
    /// The id that is the same wherever this is seen; (brand, platform, id) is the identity.
    pub id: String,
    /// What the platform needs to be asked for this again, if that differs from `id`.
    pub locator: Option<String>,
    /// The kind of act.
    pub kind: Kind,
    /// By one of the brand's own or staff accounts.
    pub own: bool,
    /// Whether the account says it is a bot.
    pub bot: Option<bool>,
    /// Who did it.
    pub author: Option<Author>,
    /// Plain text.
    pub text: Option<String>,
    /// Title of a review, article or forum post.
    pub title: Option<String>,
    /// Language as the platform tells it (BCP 47).
    pub lang: Option<String>,
    /// Permalink.
    pub url: Option<String>,
    /// When it was posted, in the platform's word; `None` where it gives none.
    pub created_at: Option<Time>,
    /// When it was seen here; connectors leave it out, ingest fills it in.
    pub seen_at: Option<Time>,
    /// The parent.
    pub in_reply_to: Option<String>,
    /// The root of the conversation.
    pub thread: Option<String>,
    /// What is shared, quoted or reacted to.
    pub about: Option<String>,
    /// When its author deleted it.
    pub deleted_at: Option<Time>,
    /// Stars, normalised to 0..1.
    pub rating: Option<f32>,
    /// Counters, and when they were read (`None`: unknown age).
    pub counts: Option<Counts>,
    /// When `counts` was read.
    pub counts_at: Option<Time>,
    /// What a person said about it.
    pub ruling: Option<Ruling>,
}

impl Reading {
    /// A reading that says nothing beyond its identity and kind.
    pub fn new(platform: impl Into<String>, id: impl Into<String>, kind: Kind) -> Self {
        Self {
            platform: platform.into(),
            id: id.into(),
            locator: None,
            kind,
            own: false,
            bot: None,
            author: None,
            text: None,
            title: None,
            lang: None,
            url: None,
            created_at: None,
            seen_at: None,
            in_reply_to: None,
            thread: None,
            about: None,
            deleted_at: None,
            rating: None,
            counts: None,
            counts_at: None,
            ruling: None,
        }
    }
}
