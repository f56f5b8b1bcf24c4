//! The stable keys of an interaction in an export, for programs that know nothing of records.

use serde::Serialize;

use crate::model::{Counts, Intent, Interaction, Kind, Record, Ruling, Sentiment, Severity, Time};

#[derive(Serialize)]
struct AuthorOut<'a> {
    id: &'a str,
    handle: Option<&'a str>,
    name: Option<&'a str>,
    bot: bool,
}

#[derive(Serialize)]
struct VerdictOut<'a> {
    intent: Option<Intent>,
    sentiment: Option<Sentiment>,
    relevant: Option<bool>,
    severity: Option<Severity>,
    thanks: Option<bool>,
    recommends: Option<&'static str>,
    moved_private: Option<bool>,
    aspects: Option<&'a [String]>,
    switching: Option<&'a str>,
}

/// The stable keys other programs read, of the latest state, then the whole record.
#[derive(Serialize)]
pub(super) struct InteractionOut<'a> {
    r#type: &'static str,
    v: u32,
    brand: &'a str,
    platform: &'a str,
    id: &'a str,
    kind: Kind,
    own: bool,
    author: Option<AuthorOut<'a>>,
    text: Option<&'a str>,
    title: Option<&'a str>,
    lang: Option<&'a str>,
    url: Option<&'a str>,
    created_at: Time,
    seen_at: Time,
    in_reply_to: Option<&'a str>,
    thread: Option<&'a str>,
    about: Option<&'a str>,
    deleted_at: Option<Time>,
    counts_at: Option<Time>,
    rating: Option<f32>,
    counts: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictOut<'a>>,
    record: &'a Record,
}

fn verdict_out(ruling: &Ruling) -> VerdictOut<'_> {
    VerdictOut {
        intent: ruling.intent,
        sentiment: ruling.sentiment,
        relevant: ruling.relevant,
        severity: ruling.severity,
        thanks: ruling.thanks,
        recommends: ruling.recommends.map(|yes| if yes { "yes" } else { "no" }),
        moved_private: ruling.moved_private,
        aspects: ruling.aspects.as_deref(),
        switching: ruling.switching.as_deref(),
    }
}

/// An interaction as other programs read it.
pub(super) fn interaction_out<'a>(
    brand: &'a str,
    it: &'a Interaction,
    record: &'a Record,
) -> InteractionOut<'a> {
    let tally = it.tallies.last();
    InteractionOut {
        r#type: "interaction",
        v: 1,
        brand,
        platform: &it.platform,
        id: &it.id,
        kind: it.kind,
        own: it.own,
        author: it.author.as_ref().map(|a| AuthorOut {
            id: &a.id,
            handle: a.handle.as_deref(),
            name: a.name.as_deref(),
            bot: it.bot,
        }),
        text: it.text.as_deref(),
        title: it.title.as_deref(),
        lang: it.lang.as_deref(),
        url: it.url.as_deref(),
        created_at: it.created_at,
        seen_at: it.seen_at,
        in_reply_to: it.in_reply_to.as_deref(),
        thread: it.thread.as_deref(),
        about: it.about.as_deref(),
        deleted_at: it.deleted_at,
        counts_at: tally.and_then(|t| t.at),
        rating: it.rating,
        counts: tally.map(|t| t.counts),
        verdict: it.ruling.as_ref().map(verdict_out),
        record,
    }
}
