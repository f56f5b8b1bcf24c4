//! A post, a like or a repost as a reading.
//!
//! The record its author wrote decides what it is; the reason a notification gives names only the
//! first of several.

use serde_json::Number;
use serde_json::value::RawValue;

use super::NAME;
use super::session::Me;
use super::uri::{self, AtUri};
use super::wire::{Label, Notification, PostRecord, PostView, Profile, SignRecord};
use super::words;
use crate::model::{Author, Counts, Kind, Reading, Time};
use crate::platforms::answer;
use crate::text;

/// Nobody posted before: the clock of the author's device was never set.
const EARLIEST: Time = Time(946_684_800_000);

/// A record with what the server says about it.
pub struct Act<'a> {
    pub uri: &'a str,
    pub author: &'a Profile,
    pub record: &'a RawValue,
    pub indexed_at: Option<&'a str>,
}

impl<'a> From<&'a PostView> for Act<'a> {
    fn from(view: &'a PostView) -> Self {
        let PostView { uri, author, record, indexed_at, .. } = view;
        Self { uri, author, record, indexed_at: indexed_at.as_deref() }
    }
}

impl<'a> From<&'a Notification> for Act<'a> {
    fn from(note: &'a Notification) -> Self {
        let Notification { uri, author, record, indexed_at, .. } = note;
        Self { uri, author, record, indexed_at: indexed_at.as_deref() }
    }
}

/// A reading, and whether it concerns us of its own accord.
pub struct Told {
    pub reading: Reading,
    pub addressed: bool,
}

/// When the server took something up.
pub fn taken_up(indexed_at: Option<&str>) -> Option<Time> {
    indexed_at.and_then(Time::parse)
}

/// When it was posted: when the network took it up. What its author says is anybody's guess: it
/// would make a complaint look answered late, or long forgotten. It only stands in for a time that
/// the server does not tell.
fn created_at(claimed: Option<&str>, indexed_at: Option<&str>) -> Option<Time> {
    let told = [taken_up(indexed_at), claimed.and_then(Time::parse)];
    told.into_iter().flatten().find(|at| *at >= EARLIEST)
}

/// An account as an author. Its handle changes, its id does not.
fn author(profile: &Profile) -> Author {
    let handle = text::snippet(&text::clean_line(&profile.handle), 253);
    let is_good = !handle.is_empty() && handle != "handle.invalid";
    let name = profile.display_name.as_deref().map(|n| text::snippet(&text::clean_line(n), 100));
    Author {
        id: profile.did.clone(),
        handle: is_good.then_some(handle),
        name: name.filter(|n| !n.is_empty()),
    }
}

/// Whether the account labels itself a bot. That none says so tells nothing.
fn bot(profile: &Profile) -> Option<bool> {
    let raw = profile.labels.as_ref()?;
    let labels: answer::Items<'_> = serde_json::from_str(raw.get()).ok()?;
    let mut labels = labels.read::<Label>("labels").filter_map(Result::ok);
    labels.any(|l| l.val == "bot" && l.src == profile.did).then_some(true)
}

/// The record of an act, and the parts of its address.
///
/// # Errors
/// What is wrong with it, for people.
fn open<'a, T: serde::de::DeserializeOwned>(
    act: &Act<'a>,
    collection: &str,
) -> Result<Option<(AtUri<'a>, T)>, String> {
    let Some(uri) = AtUri::parse(act.uri) else { return Err("uri: no AT address".to_owned()) };
    if uri.collection != collection {
        return Ok(None);
    }
    if uri.did != act.author.did {
        return Err("author.did: not the one in the address".to_owned());
    }
    let record = serde_json::from_str(act.record.get())
        .map_err(|e| format!("record: {}", answer::item_fault(&e)))?;
    Ok(Some((uri, record)))
}

/// A post as a reading; `None` for anything that is no post.
///
/// Its kind depends on nothing but the record and our account, so that every stream that finds it
/// says the same.
///
/// # Errors
/// What is wrong with it, for people.
pub fn post(act: &Act<'_>, me: &Me) -> Result<Option<Told>, String> {
    let Some((uri, record)) = open::<PostRecord>(act, uri::POST)? else { return Ok(None) };
    // The refs of a reply are its author's word; one that leads nowhere hangs below nothing.
    let is_other = |text: &String| AtUri::post(text).is_some() && text != act.uri;
    let reply = record.reply.as_ref();
    let parent = reply.map(|r| r.parent.uri.clone()).filter(is_other);
    let root = reply.map(|r| r.root.uri.clone()).filter(|r| is_other(r) && parent.is_some());
    let quoted = words::embed(&record)
        .and_then(|embed| embed.record)
        .and_then(|e| e.record.map(|inner| inner.uri).or(e.uri))
        .filter(is_other);
    let is_ours = |text: &Option<String>| {
        text.as_deref().and_then(AtUri::post).is_some_and(|uri| me.is(uri.did))
    };
    let own = me.is(uri.did);
    let below_us = is_ours(&parent) || is_ours(&root);
    let quotes_us = is_ours(&quoted);
    let names_us = words::names(&record, &me.did);
    let kind = match () {
        () if quotes_us || (own && quoted.is_some()) => Kind::Quote,
        () if own && parent.is_some() => Kind::Comment,
        () if own => Kind::Post,
        () if below_us => Kind::Comment,
        () if names_us => Kind::Mention,
        () if parent.is_some() => Kind::Comment,
        () => Kind::Post,
    };
    let mut reading = Reading::new(NAME, act.uri, kind);
    reading.own = own;
    reading.bot = bot(act.author);
    reading.author = Some(author(act.author));
    reading.text = Some(words::text(&record));
    reading.lang = words::language(&record);
    reading.url = Some(uri.permalink());
    reading.created_at = created_at(record.created_at.as_deref(), act.indexed_at);
    reading.thread = Some(root.or_else(|| parent.clone()).unwrap_or_else(|| act.uri.to_owned()));
    reading.in_reply_to = parent;
    reading.about = quoted;
    Ok(Some(Told { reading, addressed: own || below_us || quotes_us || names_us }))
}

/// A like or a repost of one of our posts; `None` for anything else.
///
/// # Errors
/// What is wrong with it, for people.
pub fn sign(act: &Act<'_>, me: &Me) -> Result<Option<Reading>, String> {
    let kind = match AtUri::parse(act.uri).map(|uri| uri.collection) {
        Some(uri::LIKE) => Kind::Reaction,
        Some(uri::REPOST) => Kind::Share,
        _ => return Ok(None),
    };
    let collection = if kind == Kind::Share { uri::REPOST } else { uri::LIKE };
    let Some((_, record)) = open::<SignRecord>(act, collection)? else { return Ok(None) };
    if AtUri::post(&record.subject.uri).is_none_or(|subject| !me.is(subject.did)) {
        return Ok(None);
    }
    let mut reading = Reading::new(NAME, act.uri, kind);
    reading.own = me.is(&act.author.did);
    reading.bot = bot(act.author);
    reading.author = Some(author(act.author));
    reading.created_at = created_at(record.created_at.as_deref(), act.indexed_at);
    reading.about = Some(record.subject.uri);
    Ok(Some(reading))
}

/// The counters of a post.
pub fn counts(view: &PostView) -> Counts {
    let number = |n: &Option<Number>| n.as_ref().and_then(Number::as_u64);
    Counts {
        likes: number(&view.like_count),
        replies: number(&view.reply_count),
        shares: number(&view.repost_count),
        quotes: number(&view.quote_count),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ME: &str = "did:plc:acmeacme";
    const ADA: &str = "did:plc:adaadaad";
    const BOB: &str = "did:plc:bobbobbo";

    fn me() -> Me {
        Me {
            did: ME.to_owned(),
            handle: "acme.example".to_owned(),
            access: String::new(),
            refresh: String::new(),
            refresh_until: None,
            server: None,
        }
    }

    fn at(did: &str, rkey: &str) -> String {
        format!("at://{did}/app.bsky.feed.post/{rkey}")
    }

    fn view(by: &str, record: Value) -> PostView {
        serde_json::from_value(json!({
            "uri": at(by, "1"), "author": {"did": by, "handle": "ada.example"}, "record": record,
            "indexedAt": "2026-03-04T10:00:00.000Z",
        }))
        .unwrap()
    }

    #[test]
    fn the_record_decides_what_it_is() {
        let reply = |parent: &str, root: &str| json!({"parent": {"uri": at(parent, "p")}, "root": {"uri": at(root, "r")}});
        let quote =
            |of: &str| json!({"$type": "app.bsky.embed.record", "record": {"uri": at(of, "q")}});
        let beside = json!({"media": {}, "record": {"record": {"uri": at(ME, "q")}}});
        let named = json!([{"index": {"byteStart": 0, "byteEnd": 1}, "features": [{"did": ME}]}]);
        for (case, by, more, kind, addressed) in [
            ("a post", ADA, json!({}), Kind::Post, false),
            ("it names us", ADA, json!({"facets": named}), Kind::Mention, true),
            ("a reply to us", ADA, json!({"reply": reply(ME, ME)}), Kind::Comment, true),
            (
                "to another below our post",
                ADA,
                json!({"reply": reply(BOB, ME)}),
                Kind::Comment,
                true,
            ),
            (
                "a reply to us that names us, which the notification calls a mention",
                ADA,
                json!({"reply": reply(ME, BOB), "facets": named}),
                Kind::Comment,
                true,
            ),
            (
                "a reply to another that names us",
                ADA,
                json!({"reply": reply(BOB, BOB), "facets": named}),
                Kind::Mention,
                true,
            ),
            ("a reply to another", ADA, json!({"reply": reply(BOB, BOB)}), Kind::Comment, false),
            ("it quotes us", ADA, json!({"embed": quote(ME)}), Kind::Quote, true),
            ("beside a picture", ADA, json!({"embed": beside}), Kind::Quote, true),
            ("it quotes another", ADA, json!({"embed": quote(BOB)}), Kind::Post, false),
            ("our post", ME, json!({}), Kind::Post, true),
            ("our answer", ME, json!({"reply": reply(ADA, ADA)}), Kind::Comment, true),
            ("our quote", ME, json!({"embed": quote(ADA)}), Kind::Quote, true),
            (
                "a list that is attached is no quote",
                ADA,
                json!({"embed": {"record": {"uri": format!("at://{ME}/app.bsky.graph.list/1")}}}),
                Kind::Post,
                false,
            ),
            ("an embed that makes no sense", ADA, json!({"embed": [1]}), Kind::Post, false),
        ] {
            let mut record = json!({"text": "x"});
            record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let told = post(&Act::from(&view(by, record)), &me()).unwrap().unwrap();
            assert_eq!((told.reading.kind, told.addressed), (kind, addressed), "{case}");
            assert_eq!(told.reading.own, by == ME, "{case}");
        }
    }

    #[test]
    fn a_post_that_names_itself_hangs_below_nothing() {
        let to = |uri: &str| json!({"text": "x", "reply": {"parent": {"uri": uri}, "root": {"uri": uri}}});
        for (case, uri) in [("itself", at(ADA, "1")), ("nowhere", "https://a.example/1".to_owned())]
        {
            let told = post(&Act::from(&view(ADA, to(&uri))), &me()).unwrap().unwrap().reading;
            assert_eq!((told.in_reply_to, told.thread), (None, Some(at(ADA, "1"))), "{case}");
        }
    }

    #[test]
    fn it_was_posted_when_the_network_took_it_up_whatever_its_author_says() {
        let taken_up = json!("2026-03-04T10:00:00.000Z");
        for (case, claimed, indexed, wanted) in [
            ("a second before", json!("2026-03-04T09:59:59Z"), &taken_up, "2026-03-04T10:00:00Z"),
            ("backdated", json!("2019-01-01T00:00:00Z"), &taken_up, "2026-03-04T10:00:00Z"),
            ("in the future", json!("2099-01-01T00:00:00Z"), &taken_up, "2026-03-04T10:00:00Z"),
            ("words", json!("yesterday"), &taken_up, "2026-03-04T10:00:00Z"),
            ("nothing", json!(null), &taken_up, "2026-03-04T10:00:00Z"),
            (
                "a server that does not say",
                json!("2026-03-04T11:59:00+02:00"),
                &json!(null),
                "2026-03-04T09:59:00Z",
            ),
            (
                "a server whose clock was never set",
                json!("2026-03-04T09:59:00Z"),
                &json!("1970-01-01T00:00:00Z"),
                "2026-03-04T09:59:00Z",
            ),
        ] {
            let mut view = view(ADA, json!({"text": "x", "createdAt": claimed}));
            view.indexed_at = indexed.as_str().map(str::to_owned);
            let told = post(&Act::from(&view), &me()).unwrap().unwrap().reading;
            assert_eq!(told.created_at, Time::parse(wanted), "{case}");
        }
    }

    #[test]
    fn an_author_is_known_by_the_id_that_stays() {
        let profile = |more: Value| -> Profile {
            let mut all = json!({"did": ADA, "handle": "ada.example", "displayName": "Ada"});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value(all).unwrap()
        };
        let ada = author(&profile(json!({})));
        assert_eq!((ada.id.as_str(), ada.handle.as_deref()), (ADA, Some("ada.example")));
        let broken = author(&profile(json!({"handle": "handle.invalid", "displayName": " "})));
        assert_eq!((broken.handle, broken.name), (None, None));
        let label = |src: &str| profile(json!({"labels": [{"src": src, "val": "bot"}]}));
        assert_eq!(bot(&label(ADA)), Some(true), "it says so itself");
        assert_eq!(bot(&label(BOB)), None, "somebody else says so");
        assert_eq!(bot(&profile(json!({"labels": {"x": 1}}))), None);
    }

    #[test]
    fn a_record_filed_under_somebody_else_is_not_believed() {
        let mut view = view(ADA, json!({"text": "x"}));
        view.author.did = BOB.to_owned();
        assert!(post(&Act::from(&view), &me()).is_err());
    }
}
