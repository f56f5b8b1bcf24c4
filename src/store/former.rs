//! Stored structs as former releases wrote them. Only read; each turns into its successor.

use serde::Deserialize;

use crate::model::{
    Author, Counts, Deadline, Intent, Kind, Person, Reason, Record, Ruling, Scores, Sentiment,
    Severity, Time, Verdict, Version,
};

/// [`Record`] before verdicts had aspects and signals.
#[derive(Deserialize)]
pub(super) struct RecordV1 {
    platform: String,
    id: String,
    key_at: Time,
    stored_at: Time,
    person: Option<Person>,
    filed: String,
    versions: Vec<VersionV1>,
}

#[derive(Deserialize)]
struct VersionV1 {
    seen_at: Time,
    created_at: Time,
    kind: Option<Kind>,
    own: bool,
    bot: Option<bool>,
    author: Option<Author>,
    text: Option<String>,
    title: Option<String>,
    lang: Option<String>,
    url: Option<String>,
    locator: Option<String>,
    in_reply_to: Option<String>,
    thread: Option<String>,
    about: Option<String>,
    deleted_at: Option<Time>,
    rating: Option<f32>,
    counts: Option<Counts>,
    counts_at: Option<Time>,
    ruling: Option<Ruling>,
    verdict: Option<VerdictV1>,
    deadline: Option<Deadline>,
}

#[derive(Deserialize)]
struct VerdictV1 {
    lang: Option<String>,
    intent: Intent,
    sentiment: Sentiment,
    relevant: bool,
    severity: Severity,
    safety: bool,
    thanks: bool,
    moved_private: bool,
    scores: Scores,
    reasons: Vec<Reason>,
    model: String,
}

impl From<RecordV1> for Record {
    fn from(old: RecordV1) -> Self {
        Self {
            platform: old.platform,
            id: old.id,
            key_at: old.key_at,
            stored_at: old.stored_at,
            person: old.person,
            filed: old.filed,
            versions: old.versions.into_iter().map(Version::from).collect(),
        }
    }
}

impl From<VersionV1> for Version {
    fn from(old: VersionV1) -> Self {
        Self {
            seen_at: old.seen_at,
            created_at: old.created_at,
            kind: old.kind,
            own: old.own,
            bot: old.bot,
            author: old.author,
            text: old.text,
            title: old.title,
            lang: old.lang,
            url: old.url,
            locator: old.locator,
            in_reply_to: old.in_reply_to,
            thread: old.thread,
            about: old.about,
            deleted_at: old.deleted_at,
            rating: old.rating,
            counts: old.counts,
            counts_at: old.counts_at,
            ruling: old.ruling,
            verdict: old.verdict.map(Verdict::from),
            deadline: old.deadline,
        }
    }
}

impl From<VerdictV1> for Verdict {
    fn from(old: VerdictV1) -> Self {
        Self {
            lang: old.lang,
            intent: old.intent,
            sentiment: old.sentiment,
            relevant: old.relevant,
            severity: old.severity,
            safety: old.safety,
            thanks: old.thanks,
            moved_private: old.moved_private,
            scores: old.scores,
            reasons: old.reasons,
            ..Self::empty(&old.model)
        }
    }
}
