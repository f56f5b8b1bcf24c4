//! The JSON of the network's XRPC methods, with only the fields we use.
//!
//! Records are written by strangers. What only decorates them (facets, embeds, languages) is kept
//! raw here and read leniently: it is not worth losing a post for.

use serde::Deserialize;
use serde_json::Number;
use serde_json::value::RawValue;

use crate::platforms::answer::Items;

/// The answer to `createSession` and `refreshSession`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    pub access_jwt: String,
    pub refresh_jwt: String,
    pub did: String,
    pub handle: String,
    pub did_doc: Option<Box<RawValue>>,
    pub active: Option<bool>,
    pub status: Option<String>,
}

#[derive(Deserialize)]
pub struct DidDoc {
    #[serde(default)]
    pub service: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    pub id: String,
    pub service_endpoint: String,
}

/// What is read of a token: when it was made and when it ends, in seconds since 1970.
#[derive(Deserialize)]
pub struct Claims {
    pub iat: i64,
    pub exp: i64,
}

/// The answer to `getSession`.
#[derive(Deserialize)]
pub struct Whoami {
    pub did: String,
}

/// The body of every error.
#[derive(Debug, Default, Deserialize)]
pub struct Fault {
    pub error: Option<String>,
    pub message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    pub did: String,
    pub handle: String,
    pub display_name: Option<String>,
    pub labels: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
pub struct Label {
    pub src: String,
    pub val: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostView {
    pub uri: String,
    /// Of this version of the record.
    #[serde(default)]
    pub cid: String,
    pub author: Profile,
    pub record: Box<RawValue>,
    pub indexed_at: Option<String>,
    pub reply_count: Option<Number>,
    pub repost_count: Option<Number>,
    pub like_count: Option<Number>,
    pub quote_count: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    pub uri: String,
    #[serde(default)]
    pub cid: String,
    pub author: Profile,
    pub reason: String,
    pub record: Box<RawValue>,
    pub indexed_at: Option<String>,
}

/// A post as its author wrote it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostRecord {
    pub text: String,
    pub created_at: Option<String>,
    pub langs: Option<Box<RawValue>>,
    pub facets: Option<Box<RawValue>>,
    pub embed: Option<Box<RawValue>>,
    pub reply: Option<ReplyRef>,
}

#[derive(Debug, Deserialize)]
pub struct ReplyRef {
    pub root: Ref,
    pub parent: Ref,
}

#[derive(Debug, Deserialize)]
pub struct Ref {
    pub uri: String,
}

/// A like or a repost.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRecord {
    pub subject: Ref,
    pub created_at: Option<String>,
}

/// What is attached to a post: a quoted post, alone or (`record` in `record`) beside a picture; or
/// a link.
#[derive(Debug, Deserialize)]
pub struct Embed {
    pub record: Option<EmbeddedRecord>,
    pub external: Option<Ref>,
}

#[derive(Debug, Deserialize)]
pub struct EmbeddedRecord {
    pub uri: Option<String>,
    pub record: Option<Ref>,
}

#[derive(Debug, Deserialize)]
pub struct Facet<'a> {
    pub index: Span,
    #[serde(borrow)]
    pub features: Items<'a>,
}

/// Bytes of the text in UTF-8.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    pub byte_start: usize,
    pub byte_end: usize,
}

#[derive(Debug, Deserialize)]
pub struct Feature {
    /// Of the account that is named.
    pub did: Option<String>,
    /// Of a link.
    pub uri: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Notifications<'a> {
    #[serde(borrow)]
    pub notifications: Items<'a>,
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Posts<'a> {
    #[serde(borrow)]
    pub posts: Items<'a>,
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Feed<'a> {
    #[serde(borrow)]
    pub feed: Items<'a>,
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct FeedItem {
    pub post: PostView,
    /// Why it is there, if not because its author wrote it.
    pub reason: Option<Reason>,
    pub reply: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// A repost has an author; a pinned post has none.
    pub by: Option<Profile>,
    pub indexed_at: Option<String>,
}

/// The posts above an item of a feed, each a post itself or the note that it is not there.
#[derive(Debug, Deserialize)]
pub struct Above<'a> {
    #[serde(borrow)]
    pub root: &'a RawValue,
    #[serde(borrow)]
    pub parent: &'a RawValue,
}

#[derive(Debug, Deserialize)]
pub struct Thread<'a> {
    #[serde(borrow)]
    pub thread: &'a RawValue,
}

/// A place in a thread: a post with what is above and below it, or the note that it cannot be
/// read. Neighbours stay raw, so that no depth of a thread is a depth of our stack.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node<'a> {
    pub uri: Option<String>,
    #[serde(default)]
    pub not_found: bool,
    #[serde(borrow)]
    pub post: Option<&'a RawValue>,
    #[serde(borrow)]
    pub parent: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub replies: Option<Items<'a>>,
}
