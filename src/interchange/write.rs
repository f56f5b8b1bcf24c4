//! One interaction as one JSON object: what [`super::parse_line`] reads.

use serde_json::{Map, Value, json};

use crate::model::{Interaction, Ruling, Sentiment, Time};

/// The documented object of an interaction as it is known. Unknown is left out. `counts` is the
/// latest tally; `verdict` is what a person said, and only that.
pub fn write_line(brand: &str, it: &Interaction) -> Value {
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            all.insert(key.to_owned(), value);
        }
    };
    put("v", json!(1));
    put("brand", json!(brand));
    put("platform", json!(it.platform));
    put("id", json!(it.id));
    put("kind", json!(it.kind.word()));
    put("own", json!(it.own));
    put("author", author(it));
    put("text", json!(it.text));
    put("title", json!(it.title));
    put("lang", json!(it.lang));
    put("url", json!(it.url));
    put("created_at", json!(it.created_at));
    put("seen_at", json!(it.seen_at));
    put("in_reply_to", json!(it.in_reply_to));
    put("thread", json!(it.thread));
    put("about", json!(it.about));
    put("deleted_at", json!(it.deleted_at));
    put("rating", it.rating.map_or(Value::Null, short));
    if let Some(tally) = it.tallies.iter().max_by_key(|tally| tally.at) {
        put("counts", counts(tally.counts));
        put("counts_at", json!(tally.at.map(|at: Time| at.to_string())));
    }
    put("verdict", it.ruling.as_ref().map_or(Value::Null, verdict));
    Value::Object(all)
}

/// The number with as few digits as tell it apart: 0.8, not 0.800000011920929.
fn short(number: f32) -> Value {
    number.to_string().parse::<f64>().map_or(Value::Null, |n| json!(n))
}

fn author(it: &Interaction) -> Value {
    let mut all = Map::new();
    if let Some(author) = &it.author {
        all.insert("id".to_owned(), json!(author.id));
        all.insert("handle".to_owned(), json!(author.handle));
        all.insert("name".to_owned(), json!(author.name));
    }
    if it.bot {
        all.insert("bot".to_owned(), json!(true));
    }
    some(all)
}

fn counts(counts: crate::model::Counts) -> Value {
    let mut all = Map::new();
    for (key, count) in [
        ("likes", counts.likes),
        ("replies", counts.replies),
        ("shares", counts.shares),
        ("quotes", counts.quotes),
    ] {
        all.insert(key.to_owned(), json!(count));
    }
    some(all)
}

fn verdict(ruling: &Ruling) -> Value {
    let sentiment = ruling.sentiment.map(|s| match s {
        Sentiment::Pos => "pos",
        Sentiment::Neu => "neu",
        Sentiment::Neg => "neg",
    });
    let mut all = Map::new();
    for (key, value) in [
        ("intent", json!(ruling.intent.map(|i| i.word()))),
        ("sentiment", json!(sentiment)),
        ("relevant", json!(ruling.relevant)),
        ("severity", json!(ruling.severity.map(|s| s.word()))),
        ("thanks", json!(ruling.thanks)),
        ("recommends", json!(ruling.recommends.map(|r| if r { "yes" } else { "no" }))),
        ("moved_private", json!(ruling.moved_private)),
        ("aspects", json!(ruling.aspects)),
        ("switching", json!(ruling.switching)),
    ] {
        all.insert(key.to_owned(), value);
    }
    some(all)
}

/// The object without its nulls; null if nothing is left.
fn some(mut all: Map<String, Value>) -> Value {
    all.retain(|_, value| !value.is_null());
    if all.is_empty() { Value::Null } else { Value::Object(all) }
}
