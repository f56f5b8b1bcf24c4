//! The words of a post as people read them: links in full, since the network shortens what is
//! written and keeps the address beside it.

use std::ops::Range;

use serde_json::value::RawValue;

use super::uri::is_did;
use super::wire::{Embed, Facet, Feature, PostRecord};
use crate::platforms::answer;
use crate::text;

/// Characters of text that are kept of one post; the network's limit is 300.
const MAX_TEXT: usize = 20_000;
/// Longest address of a link that is believed.
const MAX_LINK: usize = 2048;
/// Facets of one post that are looked at.
const MAX_FACETS: usize = 200;

/// What a piece of a text stands for.
enum Meaning {
    Link(String),
    Account(String),
}

/// The marks of a text, in order; such as overlap, or cut a character in two, are left out.
fn marks(record: &PostRecord) -> Vec<(Range<usize>, Meaning)> {
    let list = items(record.facets.as_deref());
    let mut marks = Vec::new();
    for raw in list.into_raw().into_iter().take(MAX_FACETS) {
        let Ok(facet) = serde_json::from_str::<Facet<'_>>(raw.get()) else { continue };
        let span = facet.index.byte_start..facet.index.byte_end;
        if record.text.get(span.clone()).is_none_or(str::is_empty) {
            continue;
        }
        let mut features = facet.features.read::<Feature>("features").filter_map(Result::ok);
        marks.extend(features.find_map(meaning).map(|m| (span, m)));
    }
    marks.sort_by_key(|(span, _)| (span.start, span.end));
    let mut end = 0;
    marks.retain(|(span, _)| {
        let is_free = span.start >= end;
        end = if is_free { span.end } else { end };
        is_free
    });
    marks
}

fn meaning(feature: Feature) -> Option<Meaning> {
    let is_link = |uri: &String| text::is_web(uri) && uri.len() <= MAX_LINK;
    let link = feature.uri.filter(is_link).map(|uri| Meaning::Link(text::clean_line(&uri)));
    link.or_else(|| feature.did.filter(|did| is_did(did)).map(Meaning::Account))
}

/// What only decorates a post is read as far as it makes sense.
fn items(raw: Option<&RawValue>) -> answer::Items<'_> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

fn read<T: serde::de::DeserializeOwned>(raw: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// What is attached to a post.
pub fn embed(record: &PostRecord) -> Option<Embed> {
    read(record.embed.as_deref())
}

/// The language its author says it is in: the first of several.
pub fn language(record: &PostRecord) -> Option<String> {
    let langs = items(record.langs.as_deref());
    let langs = langs.read::<String>("langs").next()?.ok();
    let is_tag = |tag: &String| {
        (2..=35).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    langs.into_iter().next().filter(is_tag)
}

/// Whether a post names that account, however its handle was written.
pub fn names(record: &PostRecord, did: &str) -> bool {
    marks(record).iter().any(|(_, meaning)| matches!(meaning, Meaning::Account(d) if d == did))
}

/// The text of a post. A shortened address is replaced by the whole one, other words of a link are
/// followed by it, and so is the text by the link of a card.
pub fn text(record: &PostRecord) -> String {
    let mut whole = String::with_capacity(record.text.len());
    let mut at = 0;
    for (span, meaning) in marks(record) {
        let Meaning::Link(uri) = meaning else { continue };
        let shown = &record.text[span.clone()];
        whole.push_str(&record.text[at..span.start]);
        if is_short_for(shown, &uri) {
            whole.push_str(&uri);
        } else {
            whole.push_str(&format!("{shown} ({uri})"));
        }
        at = span.end;
    }
    whole.push_str(&record.text[at..]);
    let card = embed(record).and_then(|embed| embed.external).map(|link| link.uri);
    let card = card.filter(|uri| text::is_web(uri) && uri.len() <= MAX_LINK);
    if let Some(uri) = card.filter(|uri| !whole.contains(bare(uri))) {
        whole.push_str("\n\n");
        whole.push_str(&uri);
    }
    tidy(&whole)
}

/// An address without what people leave out when they write it.
fn bare(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.strip_prefix("www.").unwrap_or(rest).trim_end_matches('/')
}

fn is_short_for(shown: &str, uri: &str) -> bool {
    let shown = bare(shown.trim().trim_end_matches("...").trim_end_matches('…'));
    !shown.is_empty() && bare(uri).get(..shown.len()).is_some_and(|s| s.eq_ignore_ascii_case(shown))
}

/// Clean lines, and at most one empty one between two.
fn tidy(text: &str) -> String {
    let mut out = String::new();
    let mut empty = false;
    for line in text.lines().map(text::clean_line) {
        if line.is_empty() {
            empty = true;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty { "\n\n" } else { "\n" });
        }
        empty = false;
        out.push_str(&line);
    }
    text::snippet(&out, MAX_TEXT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn record(text: &str, more: Value) -> PostRecord {
        let mut all = json!({"text": text});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn link(start: usize, end: usize, uri: &str) -> Value {
        json!({"index": {"byteStart": start, "byteEnd": end},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}]})
    }

    #[test]
    fn links_are_told_in_full() {
        const MENU: &str = "https://www.acme.example/menu/cold-brew";
        for (case, text, facets, wanted) in [
            (
                "a shortened address, counted in bytes",
                "☕ see acme.example/menu/col... now",
                json!([link(8, 32, MENU)]),
                "☕ see https://www.acme.example/menu/cold-brew now",
            ),
            (
                "words of a link",
                "see our menu!",
                json!([link(4, 12, MENU)]),
                "see our menu (https://www.acme.example/menu/cold-brew)!",
            ),
            ("within a character", "☕ x", json!([link(1, 5, MENU)]), "☕ x"),
            ("beyond the end", "x", json!([link(0, 99, MENU)]), "x"),
            ("backwards", "abc", json!([link(2, 1, MENU)]), "abc"),
            ("no web address", "abc", json!([link(0, 3, "javascript:alert(1)")]), "abc"),
            (
                "one over another: the first stands",
                "abcdef",
                json!([link(2, 6, "https://b.example"), link(0, 3, "https://a.example")]),
                "abc (https://a.example)def",
            ),
            (
                "a broken one beside a good one",
                "abc",
                json!([7, {"index": {"byteStart": -1, "byteEnd": 2}, "features": []},
                    link(0, 3, "https://a.example")]),
                "abc (https://a.example)",
            ),
            ("no list at all", "abc", json!("x"), "abc"),
        ] {
            assert_eq!(super::text(&record(text, json!({"facets": facets}))), wanted, "{case}");
        }
    }

    #[test]
    fn the_link_of_a_card_is_told_unless_it_stands_in_the_text() {
        let card = json!({"embed": {"$type": "app.bsky.embed.external",
            "external": {"uri": "https://acme.example/menu", "title": "Menu", "description": ""}}});
        let told = super::text(&record("Look at this", card.clone()));
        assert_eq!(told, "Look at this\n\nhttps://acme.example/menu");
        assert_eq!(super::text(&record("acme.example/menu!", card)), "acme.example/menu!");
    }

    #[test]
    fn a_text_is_plain_and_tidy() {
        let told = super::text(&record("  a <b>&amp;\r\n\n\n\n\u{202e}c\u{0}  d \n", json!({})));
        assert_eq!(told, "a <b>&amp;\n\nc d");
    }

    #[test]
    fn an_account_is_named_by_its_id_not_by_its_handle() {
        let mention = json!({"facets": [{"index": {"byteStart": 0, "byteEnd": 6},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:acme1234"}]}]});
        let post = record("@brand hello", mention);
        assert!(names(&post, "did:plc:acme1234"));
        assert!(!names(&post, "did:plc:other123"));
        assert!(!names(&record("@did:plc:acme1234", json!({})), "did:plc:acme1234"));
    }

    proptest! {
        #[test]
        fn no_facet_makes_a_text_panic(
            text in "\\PC{0,40}",
            spans in proptest::collection::vec((0_usize..60, 0_usize..60), 0..6),
        ) {
            let facets: Vec<Value> =
                spans.iter().map(|(a, b)| link(*a, *b, "https://a.example/x")).collect();
            super::text(&record(&text, json!({"facets": facets})));
        }
    }
}
