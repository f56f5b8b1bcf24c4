//! Rows, cases and mails as the store's tests need them.

use std::path::Path;
use std::time::Duration;

use affinityd::model::{
    Answer, Author, Case, CaseKind, Entry, Intent, Kind, Message, Person, Purpose, Reason, Record,
    Scores, Sending, Sentiment, Severity, Time, Verdict, Version,
};
use affinityd::store::{BrandKey, Change, Config, Opening, Store};
use chrono_tz::Tz;

use crate::post_office::waiting;

/// A store with tiny limits, so that journals are merged and rows sealed all the time.
pub fn config() -> Config {
    Config {
        cache_mb: 4,
        journal_ids: 8,
        seal_least: 1,
        seal_wait: 0,
        // A process that another test starts holds every lock of this one until it is its own program.
        lock_wait: Duration::from_secs(1),
        low_disk_mb: 0,
        compact_from: 0,
        ..Config::default()
    }
}

pub fn open(dir: &Path) -> (Store, Opening) {
    Store::open(dir, &config()).expect("the store opens")
}

pub fn acme(store: &Store) -> BrandKey {
    store.brand("acme", Tz::Europe__Stockholm).expect("there is room for a brand")
}

pub fn day(n: i64) -> Time {
    Time(n * Time::DAY)
}

pub fn verdict(intent: Intent) -> Verdict {
    Verdict {
        lang: Some("en".to_owned()),
        intent,
        sentiment: if intent == Intent::Praise { Sentiment::Pos } else { Sentiment::Neg },
        relevant: true,
        scores: Scores { complaint: 0.1, ..Scores::default() },
        reasons: vec![Reason {
            found: "late".to_owned(),
            speaks_for: "complaint".into(),
            weight: 0.3,
        }],
        ..Verdict::empty("test 1")
    }
}

/// A mention seen a minute after it was posted.
pub fn row(store: &Store, id: &str, at: Time, author: &str, intent: Intent) -> Record {
    Record {
        platform: "mastodon".to_owned(),
        id: id.to_owned(),
        key_at: at,
        stored_at: at,
        person: Some(store.person("mastodon", author)),
        filed: id.to_owned(),
        versions: vec![Version {
            seen_at: at.plus(Time::MINUTE),
            created_at: at,
            kind: Some(Kind::Mention),
            author: Some(Author {
                id: author.to_owned(),
                handle: Some(format!("{author}@example.org")),
                name: Some(author.to_uppercase()),
            }),
            text: Some(format!("my parcel {id} is late – {author}")),
            url: Some(format!("https://example.org/@{author}/{id}")),
            verdict: Some(verdict(intent)),
            ..Version::default()
        }],
    }
}

pub fn filed(mut record: Record, thread: &str) -> Record {
    record.filed = thread.to_owned();
    record
}

pub fn rows(brand: BrandKey, records: Vec<Record>) -> Change {
    Change { brand: Some(brand), records, ..Change::default() }
}

pub fn case(id: &str, opened: Time, person: Option<Person>) -> Case {
    Case {
        id: id.to_owned(),
        kind: CaseKind::Asked,
        platform: "mastodon".to_owned(),
        thread: "t".to_owned(),
        person,
        author: person.map(|_| Author { id: format!("asks {id}"), ..Author::default() }),
        class: Intent::Complaint,
        severity: Severity::Normal,
        interaction: "a".to_owned(),
        permalink: Some(format!("https://example.org/{id}")),
        opened_at: opened,
        seen_at: opened,
        asks: Vec::new(),
        risk_at: opened.plus(Time::HOUR),
        due_at: opened.plus(2 * Time::HOUR),
        answer: None,
        end: None,
        held_until: None,
        events: Vec::new(),
    }
}

pub fn answered(mut case: Case, at: Time) -> Case {
    case.answer = Some(Answer { at, by: Some("b".to_owned()) });
    case
}

pub fn mail(about: &[&str], severity: Severity, at: Time) -> Entry {
    Entry {
        seq: 0,
        message: Message {
            id: format!("{}.{severity:?}@example.org", at.0),
            brand: "acme".to_owned(),
            purpose: Purpose::Alert,
            severity,
            group: "g".to_owned(),
            references: Vec::new(),
            subject: "unanswered".to_owned(),
            text: "text".to_owned(),
            html: "<p>text</p>".to_owned(),
            at,
            cases: about.iter().map(|&id| id.to_owned()).collect(),
        },
        deliveries: vec![waiting("care@example.org")],
        sending: Sending::Due,
        next_at: at,
    }
}

/// The export without its first line, which tells when it was written.
pub fn exported(store: &Store) -> String {
    let mut out = Vec::new();
    store.export(&mut out, day(0), &mut |_| {}).expect("everything can be exported");
    String::from_utf8(out).expect("JSON is UTF-8")
}

pub fn assert_clean(store: &Store, brand: BrandKey) {
    let report = store.verify(brand, &mut |_| {}).expect("everything can be read");
    assert!(report.is_clean(), "{:#?}", report.differences);
}
