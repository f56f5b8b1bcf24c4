//! The entries of a feed, whatever its format, as readings.
//!
//! RSS and Atom are read by feed-rs. JSON Feed is read here, item by item: numbers occur as ids,
//! and one bad item must not spoil the others.

use std::collections::HashSet;
use std::fmt;
use std::io::Read as _;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use feed_rs::model;
use feed_rs::parser::Builder;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::NAME;
use crate::model::{Author, Kind, Reading, Time};
use crate::platforms::{Refusal, answer};
use crate::text;

/// Entries that are read of one feed.
const MAX_ENTRIES: usize = 1000;
/// Tags that are read of one feed: a hundred pairs an entry. What one takes in memory is many times
/// what it takes in the feed.
const MAX_TAGS: usize = 200_000;
/// Characters of text that are kept of one entry: enough to judge it by; the rest is at its link.
const MAX_TEXT: usize = 4000;
const MAX_ID: usize = 2048;

/// A feed as read.
#[derive(Debug, Default)]
pub struct Feed {
    pub entries: Vec<Entry>,
    pub lang: Option<String>,
    /// How long the feed says that it stays as it is, in milliseconds.
    pub ttl: Option<i64>,
    pub spoiled: Vec<String>,
}

/// One entry, with only what we use.
#[derive(Debug, Default)]
pub struct Entry {
    id: String,
    title: String,
    text: String,
    link: Option<String>,
    author: Option<(String, Option<String>)>,
    at: Option<Time>,
    lang: Option<String>,
    rating: Option<f32>,
}

/// What an entry is seen in the light of.
pub struct Place<'a> {
    pub kind: Kind,
    /// Relative links start here.
    pub base: &'a Url,
    /// Scopes ids and names that mean something in this feed only.
    pub key: &'a str,
    pub host: &'a str,
    pub lang: Option<&'a str>,
}

/// Reads a feed of any format.
///
/// # Errors
/// [`Refusal::Malformed`] if it is none, or broken.
pub fn read(body: &[u8], base: &Url) -> Result<Feed, Refusal> {
    if answer::is_html(body) {
        return Err(answer::malformed("feed", "HTML instead of a feed"));
    }
    let start =
        body.iter().copied().find(|b| !b.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(b));
    let mut feed = if start == Some(b'{') { read_json(body)? } else { read_xml(body, base)? };
    feed.entries.truncate(MAX_ENTRIES);
    Ok(feed)
}

/// The entries of a feed in XML as they were sent, from the start of the first to the end of the last;
/// of any other body all of it. What stands around them is often the moment when it was made.
pub fn entries(body: &[u8]) -> &[u8] {
    let start = body.iter().enumerate().filter(|(_, b)| **b == b'<').map(|(at, _)| at);
    let is_start = |at: &usize| is_entry(tag_name(&body[at + 1..]));
    let is_end =
        |at: &usize| body[at + 1..].starts_with(b"/") && is_entry(tag_name(&body[at + 2..]));
    let first = start.clone().find(is_start);
    match (first, start.rev().find(is_end)) {
        (Some(first), Some(last)) if first < last => &body[first..last],
        _ => body,
    }
}

fn is_entry(tag: &[u8]) -> bool {
    matches!(tag.rsplit(|b| *b == b':').next(), Some(b"item" | b"entry"))
}

fn time(at: DateTime<Utc>) -> Option<Time> {
    Time::parse(&at.to_rfc3339())
}

fn read_xml(body: &[u8], base: &Url) -> Result<Feed, Refusal> {
    // Without an id of its own an entry gets ours, made of more than feed-rs would pass on.
    let parser = Builder::new().base_uri(Some(base)).id_generator(|_, _, _| String::new()).build();
    let (body, closing) = bounded(body);
    let feed = parser.parse(body.chain(&*closing)).map_err(|e| answer::malformed("feed", e))?;
    let ttl = feed.ttl.map(|minutes| i64::from(minutes).saturating_mul(Time::MINUTE));
    let entries = feed.entries.into_iter().map(xml_entry).collect();
    Ok(Feed { entries, lang: feed.language, ttl, spoiled: Vec::new() })
}

/// The feed as far as it may be read, which is to the first entry too many, or the one with the first
/// tag too many; and what closes it there. Nothing is left of a feed with too many tags before that.
fn bounded(body: &[u8]) -> (&[u8], Vec<u8>) {
    let (mut entries, mut tags) = (0, 0);
    let (mut first, mut last) = (0, 0);
    for (at, _) in body.iter().enumerate().filter(|(_, b)| **b == b'<') {
        if is_entry(tag_name(&body[at + 1..])) {
            entries += 1;
            last = at;
            first = if entries == 1 { at } else { first };
        }
        tags += 1;
        if entries > MAX_ENTRIES || tags > MAX_TAGS {
            return if last > first {
                (&body[..last], closing(&body[..first]))
            } else {
                (b"", vec![])
            };
        }
    }
    (body, vec![])
}

/// The name at the start of a tag, with its prefix; empty for an end, and for what is too long to be
/// one.
fn tag_name(tag: &[u8]) -> &[u8] {
    &tag[..tag.iter().take(64).position(|b| b" \t\r\n/>".contains(b)).unwrap_or(0)]
}

/// Closes the elements that are open at the end of this piece of a feed.
fn closing(head: &[u8]) -> Vec<u8> {
    let mut open = Vec::new();
    for piece in head.split(|b| *b == b'<').skip(1) {
        let tag = piece.split(|b| *b == b'>').next().unwrap_or_default();
        match tag {
            [b'!' | b'?', ..] | [] | [.., b'/'] => {}
            [b'/', ..] => drop(open.pop()),
            _ => open.push(tag_name(piece)),
        }
    }
    open.into_iter().rev().flat_map(|name| [b"</", name, b">"].concat()).collect()
}

fn xml_entry(entry: model::Entry) -> Entry {
    let body = entry.content.and_then(|c| c.body).filter(|b| !b.trim().is_empty());
    let html = body.or(entry.summary.map(|s| s.content)).unwrap_or_default();
    let is_own_page = |l: &&model::Link| l.rel.as_deref().is_none_or(|rel| rel == "alternate");
    let link = entry.links.iter().find(is_own_page).or(entry.links.first());
    let stars = entry.media.iter().find_map(|m| m.community.as_ref()).and_then(|c| {
        let (least, most) = (c.stars_min.unwrap_or(0) as f64, c.stars_max.unwrap_or(5) as f64);
        (most > least).then(|| (((c.stars_avg? - least) / (most - least)) as f32).into())?
    });
    Entry {
        id: entry.id,
        title: entry.title.map(|t| t.content).unwrap_or_default(),
        text: html,
        link: link.map(|l| l.href.clone()),
        author: entry.authors.into_iter().find_map(|p| Some((p.name?, p.uri))),
        at: entry.published.or(entry.updated).and_then(time),
        lang: entry.language,
        rating: stars,
    }
}

#[derive(Deserialize)]
struct JsonFeed<'a> {
    version: String,
    language: Option<String>,
    author: Option<JsonAuthor>,
    authors: Option<First<JsonAuthor>>,
    #[serde(borrow)]
    items: answer::Items<'a>,
}

#[derive(Clone, Deserialize)]
struct JsonAuthor {
    name: Option<String>,
    url: Option<String>,
}

/// The first of a list, whatever else is in it.
struct First<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = First<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<First<T>, A::Error> {
                let first = list.next_element()?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }

        deserializer.deserialize_seq(Reader(PhantomData))
    }
}

/// Text, or a number as text.
struct JsonId(String);

impl<'de> Deserialize<'de> for JsonId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = JsonId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_str<E>(self, id: &str) -> Result<JsonId, E> {
                Ok(JsonId(id.to_owned()))
            }

            fn visit_u64<E>(self, id: u64) -> Result<JsonId, E> {
                Ok(JsonId(id.to_string()))
            }

            fn visit_i64<E>(self, id: i64) -> Result<JsonId, E> {
                Ok(JsonId(id.to_string()))
            }

            fn visit_f64<E>(self, id: f64) -> Result<JsonId, E> {
                Ok(JsonId(serde_json::Value::from(id).to_string()))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[derive(Deserialize)]
struct JsonItem {
    id: Option<JsonId>,
    url: Option<String>,
    external_url: Option<String>,
    title: Option<String>,
    content_html: Option<String>,
    content_text: Option<String>,
    summary: Option<String>,
    date_published: Option<String>,
    date_modified: Option<String>,
    author: Option<JsonAuthor>,
    authors: Option<First<JsonAuthor>>,
    language: Option<String>,
}

fn read_json(body: &[u8]) -> Result<Feed, Refusal> {
    let feed: JsonFeed<'_> = answer::json(body.trim_ascii_start(), "feed")?;
    if !feed.version.starts_with("https://jsonfeed.org/version/1") {
        return Err(answer::malformed("feed.version", "this is no JSON Feed of version 1"));
    }
    let mut read = Feed { lang: feed.language, ..Feed::default() };
    let everybody = feed.authors.and_then(|all| all.0).or(feed.author);
    for item in feed.items.read::<JsonItem>("feed.items") {
        match item {
            Ok(item) => read.entries.push(json_entry(item, everybody.as_ref())),
            Err(spoiled) => read.spoiled.push(spoiled.said),
        }
    }
    if read.entries.is_empty() && !read.spoiled.is_empty() {
        return Err(answer::malformed("feed.items", &read.spoiled[0]));
    }
    Ok(read)
}

fn json_entry(item: JsonItem, everybody: Option<&JsonAuthor>) -> Entry {
    let author = item.authors.and_then(|all| all.0).or(item.author);
    let author = author.or_else(|| everybody.cloned());
    let plain = item.content_text.or(item.summary).unwrap_or_default();
    let at = item.date_published.or(item.date_modified);
    Entry {
        id: item.id.map(|id| id.0).unwrap_or_default(),
        title: item.title.unwrap_or_default(),
        // Text that is none of HTML must not lose what looks like a tag.
        text: item.content_html.unwrap_or_else(|| escape(&plain)),
        link: item.url.or(item.external_url),
        author: author.and_then(|a| Some((a.name?, a.url))),
        at: at.as_deref().and_then(Time::parse),
        lang: item.language,
        rating: None,
    }
}

fn escape(plain: &str) -> String {
    let safe = plain.replace('&', "&amp;").replace('<', "&lt;");
    if safe == plain { safe } else { format!("<pre>{safe}</pre>") }
}

/// The entries as readings. Of entries with the same id the first stays.
pub fn tell(feed: &Feed, place: &Place<'_>) -> Vec<Reading> {
    let mut once = HashSet::new();
    let all = feed.entries.iter().map(|entry| reading(entry, feed, place));
    all.filter(|reading| once.insert(reading.id.clone())).collect()
}

fn reading(entry: &Entry, feed: &Feed, place: &Place<'_>) -> Reading {
    let title = text::snippet(&text::clean_line(&text::plain(&text::plain(&entry.title))), 300);
    let words = text::snippet(&text::plain(&entry.text), MAX_TEXT);
    let link = entry.link.as_deref().and_then(|l| place.base.join(l.trim()).ok());
    let link = link.filter(|l| text::is_web(l.as_str()) && l.as_str().len() <= MAX_ID);
    let mut told = Reading::new(NAME, id(entry, link.as_ref(), &title, place), place.kind);
    told.author = entry.author.as_ref().and_then(|(name, uri)| author(name, uri.as_deref(), place));
    told.url = link.map(String::from);
    told.title = (!title.is_empty()).then_some(title);
    told.text = Some(words);
    told.created_at = entry.at;
    told.rating = entry.rating.filter(|r| (0.0..=1.0).contains(r));
    told.lang = [place.lang, entry.lang.as_deref(), feed.lang.as_deref()]
        .into_iter()
        .flatten()
        .find(|l| {
            (2..=35).contains(&l.len()) && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
        .map(str::to_owned);
    told
}

/// The entry's own id; else its link without what changes from poll to poll; else what it says.
/// Ids that are no address mean something in this feed only, so the feed is part of them.
fn id(entry: &Entry, link: Option<&Url>, title: &str, place: &Place<'_>) -> String {
    let own = text::clean_line(&entry.id);
    if !own.is_empty() && own.len() <= MAX_ID {
        let is_global = own.starts_with("tag:") || own.starts_with("urn:") || text::is_web(&own);
        return if is_global { own } else { format!("feed:{}:{own}", place.key) };
    }
    if let Some(link) = link {
        return bare(link).into();
    }
    let at = entry.at.map(|at| at.to_string()).unwrap_or_default();
    let words = if title.is_empty() { &entry.text } else { title };
    format!("feed:{}:{:016x}", place.key, xxh3_64(format!("{words}\n{at}").as_bytes()))
}

/// A link without fragment and without the parameters that only say where it was clicked.
fn bare(link: &Url) -> Url {
    let mut bare = link.clone();
    bare.set_fragment(None);
    let kept: Vec<(String, String)> = link
        .query_pairs()
        .filter(|(key, _)| !key.starts_with("utm_"))
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    bare.set_query(None);
    if !kept.is_empty() {
        bare.query_pairs_mut().extend_pairs(kept);
    }
    bare
}

/// Without an address a name is all there is; two people of one name on one site are then one.
fn author(name: &str, uri: Option<&str>, place: &Place<'_>) -> Option<Author> {
    let name = text::snippet(&text::clean_line(name), 100);
    let uri = uri.filter(|u| text::is_web(u) && u.len() <= MAX_ID);
    if name.is_empty() && uri.is_none() {
        return None;
    }
    let id = uri.map_or_else(|| format!("{}/{name}", place.host), str::to_owned);
    Some(Author { id, handle: None, name: (!name.is_empty()).then_some(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn around_the_entries_a_feed_may_say_what_it_likes() {
        for (body, wanted) in [
            (
                "<rss><pubDate>1</pubDate><item><a/></item> <item>b</item\n></rss><!-- made at 1 -->",
                "<item><a/></item> <item>b",
            ),
            ("<a:feed><a:entry x='1'>a</a:entry></a:feed>", "<a:entry x='1'>a"),
            ("<feed><entry/></feed>", "<feed><entry/></feed>"),
            ("</item><item>", "</item><item>"),
            ("<items>a</items>", "<items>a</items>"),
            ("{\"items\": []}", "{\"items\": []}"),
            ("<item", "<item"),
            ("", ""),
        ] {
            assert_eq!(str::from_utf8(entries(body.as_bytes())), Ok(wanted));
        }
    }

    #[test]
    fn of_a_feed_beyond_all_measure_the_first_entries_are_read() {
        let base = Url::parse("https://a.example/").unwrap();
        let rss = |item: &str, times: usize| {
            let many = item.repeat(times);
            format!("<rss version=\"2.0\"><channel>{many}</channel></rss>").into_bytes()
        };
        for (why, body, wanted) in [
            ("a large feed", rss("<item><guid>a</guid></item>", MAX_ENTRIES), MAX_ENTRIES),
            ("too large a feed", rss("<item><guid>a</guid></item>", 50_000), MAX_ENTRIES),
            ("too many tags", rss(&format!("<item>{}</item>", "<b></b>".repeat(999)), 110), 99),
            (
                "prefixes, and what comes before",
                {
                    let entries = "<a:entry><a:id>a</a:id></a:entry>".repeat(2_000);
                    let head = "<?xml version=\"1.0\"?><!-- x --><a:feed \
                            xmlns:a=\"http://www.w3.org/2005/Atom\"><a:title>x</a:title><a:link/>";
                    format!("{head}{entries}</a:feed>").into_bytes()
                },
                MAX_ENTRIES,
            ),
        ] {
            assert_eq!(read(&body, &base).map(|feed| feed.entries.len()), Ok(wanted), "{why}");
        }
        let one = rss(&format!("<item>{}</item>", "<enclosure/>".repeat(MAX_TAGS)), 1);
        assert!(read(&one, &base).is_err(), "no entry is whole");
    }
}
