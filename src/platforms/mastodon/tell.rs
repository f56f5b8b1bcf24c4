//! A status or a notification as a reading.
//!
//! Where a post hangs in its thread is told by the tree; what is asked next is not decided here.

use super::NAME;
use super::line::{Home, Me};
use super::tree::Tree;
use super::wire::{Account, Notification, Status};
use crate::model::{Author, Counts, Kind, Reading, Time};
use crate::platforms::answer;
use crate::text;

/// Longest id or address that is believed.
const MAX_ID: usize = 2048;

/// Characters of text that are kept of one post. The largest limits of servers are below it.
const MAX_TEXT: usize = 20_000;

/// A reading, and whether it concerns us of its own accord.
pub struct Told {
    pub reading: Reading,
    pub addressed: bool,
}

/// The account as an author. Their address is the same on every server, their id is not.
pub fn author(account: &Account, home: &Home) -> Author {
    let handle = handle(&account.acct, account.url.as_deref(), home);
    let id = [&account.url, &account.uri]
        .into_iter()
        .flatten()
        .find(|a| text::is_web(a) && a.len() <= MAX_ID)
        .cloned()
        .unwrap_or_else(|| handle.clone());
    let name = account.display_name.as_deref().map(|n| text::snippet(&text::clean_line(n), 100));
    Author { id, handle: Some(handle), name: name.filter(|n| !n.is_empty()) }
}

/// The whole handle, `name@host`, without the `@` before it. Accounts of this server are named
/// without their host, so it comes from their address.
fn handle(acct: &str, url: Option<&str>, home: &Home) -> String {
    let acct = text::clean_line(acct.trim_start_matches('@'));
    if acct.contains('@') {
        return text::snippet(&acct, 200);
    }
    let host = url
        .and_then(answer::address)
        .map(|address| answer::host(&address))
        .unwrap_or_else(|| home.name().to_owned());
    text::snippet(&format!("{acct}@{host}"), 200)
}

/// The text of a post: its warning, then its content. Who is mentioned is named by the whole
/// handle, since a name alone means somebody else on the next server.
fn words(status: &Status, home: &Home) -> String {
    let mention = |href: &str| {
        let found = status.mentions.iter().find(|m| m.url.as_deref() == Some(href))?;
        Some(format!("@{}", handle(&found.acct, found.url.as_deref(), home)))
    };
    let content = text::plain_with(status.content.as_deref().unwrap_or_default(), &mention);
    let warning = text::plain(status.spoiler_text.as_deref().unwrap_or_default());
    let whole = match (warning.is_empty(), content.is_empty()) {
        (true, _) => content,
        (false, true) => warning,
        (false, false) => format!("{warning}\n\n{content}"),
    };
    text::snippet(&whole, MAX_TEXT)
}

/// A status as a reading; `None` for one that is not public, is passed on, or has no usable id.
///
/// Its kind depends on nothing but the post and our account, so that every stream that finds it
/// says the same.
pub fn status(status: &Status, tree: &Tree<'_>, me: Option<&Me>, home: &Home) -> Option<Told> {
    if !status.is_public() || status.reblog.is_some() || !is_id(&status.uri) || !is_id(&status.id) {
        return None;
    }
    let is_me = |id: &str| me.is_some_and(|me| me.id == id);
    let own = is_me(&status.account.id);
    let quoted = status.quoted();
    let quotes_us = quoted.as_ref().is_some_and(|q| is_me(&q.account.id));
    let to_us = status.in_reply_to_account_id.as_deref().is_some_and(is_me);
    let below_us = status.parent().and_then(|p| tree.node(p)).is_some_and(|n| n.own);
    let names_us = status.mentions.iter().any(|m| is_me(&m.id));
    let kind = match () {
        () if quotes_us || (own && quoted.is_some()) => Kind::Quote,
        () if own && status.parent().is_some() => Kind::Comment,
        () if own => Kind::Post,
        () if status.parent().is_some() && (to_us || below_us) => Kind::Comment,
        () if names_us => Kind::Mention,
        () if status.parent().is_some() => Kind::Comment,
        () => Kind::Post,
    };
    let mut reading = Reading::new(NAME, status.uri.clone(), kind);
    reading.locator = Some(format!("{}/{}", home.name(), status.id));
    reading.own = own;
    reading.bot = status.account.bot;
    reading.author = Some(author(&status.account, home));
    reading.text = Some(words(status, home));
    reading.lang = status.language.as_deref().filter(|l| is_language(l)).map(str::to_owned);
    reading.url = [status.url.as_ref(), Some(&status.uri)]
        .into_iter()
        .flatten()
        .find(|u| text::is_web(u) && u.len() <= MAX_ID)
        .cloned();
    reading.created_at = status.created_at.as_deref().and_then(Time::parse);
    reading.in_reply_to =
        status.parent().and_then(|p| tree.node(p)).map(|parent| parent.uri.clone());
    reading.thread = tree.node(&status.id).map(|node| node.root.clone());
    reading.about = quoted.map(|q| q.uri).filter(|uri| is_id(uri));
    let addressed = own || quotes_us || to_us || below_us || names_us;
    Some(Told { reading, addressed })
}

/// The counters of a status.
pub fn counts(status: &Status) -> Counts {
    let number = |n: &Option<serde_json::Number>| n.as_ref().and_then(serde_json::Number::as_u64);
    Counts {
        likes: number(&status.favourites_count),
        replies: number(&status.replies_count),
        shares: number(&status.reblogs_count),
        quotes: number(&status.quotes_count),
    }
}

/// A share or a like, which have no id of their own: kind, actor and post stand for one.
pub fn sign(kind: Kind, note: &Notification, status: &Status, home: &Home) -> Option<Reading> {
    let account = note.account.as_ref()?;
    let by = author(account, home);
    let id = format!("{}:{}:{}", kind.word(), by.id, status.uri);
    let mut reading = Reading::new(NAME, id, kind);
    reading.bot = account.bot;
    reading.author = Some(by);
    reading.created_at = note.created_at.as_deref().and_then(Time::parse);
    reading.about = Some(status.uri.clone());
    Some(reading)
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_ID && !id.contains(char::is_control)
}

fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
