//! The JSON of the Mastodon client API, with only the fields we use.
//!
//! Bears Mastodon, GoToSocial and their kin: whatever one of them leaves out is optional here.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Number;
use serde_json::value::RawValue;

use crate::platforms::answer::Items;

#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    pub id: String,
    pub acct: String,
    pub url: Option<String>,
    pub uri: Option<String>,
    pub display_name: Option<String>,
    pub bot: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub struct Mention {
    pub id: String,
    pub acct: String,
    pub url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Status {
    pub id: String,
    pub uri: String,
    pub url: Option<String>,
    pub created_at: Option<String>,
    pub in_reply_to_id: Option<String>,
    pub in_reply_to_account_id: Option<String>,
    pub visibility: String,
    pub language: Option<String>,
    pub content: Option<String>,
    pub spoiler_text: Option<String>,
    pub reblog: Option<IgnoredAny>,
    /// Differs between servers, and is not worth losing a post for.
    pub quote: Option<Box<RawValue>>,
    pub account: Account,
    #[serde(default)]
    pub mentions: Vec<Mention>,
    pub replies_count: Option<Number>,
    pub reblogs_count: Option<Number>,
    pub favourites_count: Option<Number>,
    pub quotes_count: Option<Number>,
}

impl Status {
    /// The parent on this server; a post that names itself has none.
    pub fn parent(&self) -> Option<&str> {
        self.in_reply_to_id.as_deref().filter(|id| !id.is_empty() && *id != self.id)
    }

    /// Whether everybody may read it.
    pub fn is_public(&self) -> bool {
        matches!(self.visibility.as_str(), "public" | "unlisted")
    }

    /// The post it quotes, if the server shows it.
    pub fn quoted(&self) -> Option<Quoted> {
        let quote: Quote = serde_json::from_str(self.quote.as_ref()?.get()).ok()?;
        quote.quoted_status
    }
}

#[derive(Debug, Deserialize)]
struct Quote {
    quoted_status: Option<Quoted>,
}

#[derive(Debug, Deserialize)]
pub struct Quoted {
    pub uri: String,
    pub account: Account,
}

#[derive(Debug, Deserialize)]
pub struct Notification {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub created_at: Option<String>,
    pub account: Option<Account>,
    /// Read only for the kinds we know.
    pub status: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
pub struct Context<'a> {
    #[serde(borrow)]
    pub ancestors: Items<'a>,
    #[serde(borrow)]
    pub descendants: Items<'a>,
}

#[derive(Debug, Deserialize)]
pub struct Found<'a> {
    #[serde(borrow)]
    pub statuses: Items<'a>,
}

#[derive(Debug, Deserialize)]
pub struct Fault {
    pub error: String,
}
