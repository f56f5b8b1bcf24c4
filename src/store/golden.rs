//! The bytes of every stored type, version by version. Stores out there hold such bytes: a line
//! of the golden file is never changed, a new version adds lines.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::codec::{Stored, decode, encode};
use super::rollups::{AuthorSummary, DayCounts};
use crate::model::{
    Act, ActKind, Answer, Ask, Aspect, Author, Case, CaseEvent, CaseKind, Counts, Deadline,
    Delivery, DeliveryState, End, Entry, Intent, Kind, Message, Person, Promised, Purpose, Reason,
    Record, Ruling, Scores, Sending, Sentiment, Severity, Signal, Time, Verdict, Version,
};

const GOLDEN: &str = include_str!("golden.txt");

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn record() -> Record {
    let author = Author { id: "a".to_owned(), handle: some("ada"), name: some("Ada") };
    Record {
        platform: "mastodon".to_owned(),
        id: "1".to_owned(),
        key_at: Time(1_000),
        stored_at: Time(1_600),
        person: Some(Person(300)),
        filed: "0".to_owned(),
        versions: vec![Version {
            seen_at: Time(1_500),
            created_at: Time(1_000),
            kind: Some(Kind::Comment),
            own: true,
            bot: Some(false),
            author: Some(author),
            text: some("late"),
            title: some("t"),
            lang: some("en"),
            url: some("u"),
            locator: some("l"),
            in_reply_to: some("p"),
            thread: some("r"),
            about: some("b"),
            deleted_at: Some(Time(2_000)),
            rating: Some(0.5),
            counts: Some(Counts {
                likes: Some(1),
                replies: None,
                shares: Some(3),
                quotes: Some(0),
            }),
            counts_at: Some(Time(1_400)),
            ruling: Some(Ruling {
                intent: Some(Intent::Praise),
                sentiment: Some(Sentiment::Pos),
                relevant: Some(true),
                severity: Some(Severity::Severe),
                thanks: Some(false),
                recommends: Some(true),
                moved_private: Some(false),
                aspects: Some(vec!["price".to_owned()]),
                switching: some("away"),
            }),
            verdict: Some(Verdict {
                lang: some("en"),
                intent: Intent::Complaint,
                sentiment: Sentiment::Neg,
                relevant: true,
                severity: Severity::High,
                safety: true,
                thanks: false,
                moved_private: true,
                scores: Scores {
                    complaint: 0.25,
                    sentiment: [0.5, 0.25, 0.25],
                    ..Scores::default()
                },
                reasons: vec![Reason {
                    found: "late".to_owned(),
                    speaks_for: "complaint".into(),
                    weight: 1.5,
                }],
                model: "m".to_owned(),
                unsure: true,
                aspects: vec![Aspect::Availability],
                signals: vec![Signal::Safety, Signal::Promise],
                promised: Some(Promised::Weekday(5)),
            }),
            deadline: Some(Deadline {
                from: Time(1_000),
                risk_at: Time(2_000),
                due_at: Time(3_000),
                policy: "p1".to_owned(),
            }),
        }],
    }
}

pub(super) fn case() -> Case {
    Case {
        id: "C1".to_owned(),
        kind: CaseKind::FollowUp,
        platform: "x".to_owned(),
        thread: "t".to_owned(),
        person: Some(Person(1)),
        author: Some(Author { id: "a".to_owned(), handle: None, name: None }),
        class: Intent::Question,
        severity: Severity::Severe,
        interaction: "i".to_owned(),
        permalink: some("u"),
        opened_at: Time(1),
        seen_at: Time(2),
        asks: vec![Ask { id: "i".to_owned(), at: Time(1), intent: Intent::Request }],
        risk_at: Time(3),
        due_at: Time(4),
        answer: Some(Answer { at: Time(5), by: some("b") }),
        end: Some((End::ResolvedByHand, Time(6))),
        held_until: Some(Time(7)),
        events: vec![CaseEvent {
            at: Time(1),
            what: "opened".to_owned(),
            interaction: some("i"),
            actor: None,
            note: some("n"),
        }],
    }
}

fn mail() -> Entry {
    let delivery = |to: &str, state| Delivery {
        to: to.to_owned(),
        state,
        attempts: 2,
        last_error: some("451"),
    };
    Entry {
        seq: 5,
        message: Message {
            id: "m@x".to_owned(),
            brand: "acme".to_owned(),
            purpose: Purpose::Digest(Time(9)),
            severity: Severity::Low,
            group: "g".to_owned(),
            references: vec!["r@x".to_owned()],
            subject: "s".to_owned(),
            text: "t".to_owned(),
            html: "h".to_owned(),
            at: Time(8),
            cases: vec!["C1".to_owned()],
        },
        deliveries: vec![
            delivery("a", DeliveryState::Waiting),
            delivery("b", DeliveryState::Sent(Time(10))),
            delivery("c", DeliveryState::Dead(Time(11))),
        ],
        sending: Sending::Withdrawn("w".to_owned()),
        next_at: Time(12),
    }
}

fn act() -> Act {
    Act {
        platform: "x".to_owned(),
        id: "i".to_owned(),
        at: Time(1),
        kind: ActKind::Snooze(Time(2)),
        actor: "cli".to_owned(),
        note: some("n"),
    }
}

/// The bytes of a type as this version wrote them.
fn golden<T: Stored>(version: u8) -> Vec<u8> {
    let start = format!("{} {version:02x}", T::WHAT);
    let line = GOLDEN.lines().find(|line| line.starts_with(&start)).unwrap_or_default();
    let hex = line.get(T::WHAT.len() + 1..).unwrap_or_default();
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn check<T: Stored + Debug + PartialEq>(value: &T) {
    let written = encode(value).unwrap();
    let hex: String = written.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(written, golden::<T>(T::VERSION), "{} is now written as {hex}", T::WHAT);
    assert_eq!(&decode::<T>(&written).unwrap(), value);
}

fn day() -> DayCounts {
    DayCounts {
        kinds: BTreeMap::from([(Kind::Mention, 300), (Kind::Share, 1)]),
        intents: BTreeMap::from([(Intent::Other, 2)]),
        sentiments: BTreeMap::from([(Sentiment::Neu, 3)]),
        own: 4,
        seen_late: 5,
    }
}

fn author() -> AuthorSummary {
    AuthorSummary { first_at: Time(1), last_at: Time(300), items: 3, complaints: 2, praise: 1 }
}

#[test]
fn a_record_of_version_one_is_read_and_lacks_only_what_it_did_not_know() {
    let mut known = record();
    let verdict = known.versions[0].verdict.as_mut().unwrap();
    (verdict.unsure, verdict.promised) = (false, None);
    verdict.aspects.clear();
    verdict.signals.clear();
    assert_eq!(decode::<Record>(&golden::<Record>(1)).unwrap(), known);
}

#[test]
fn what_is_written_today_is_read_as_ever() {
    check(&record());
    check(&case());
    check(&act());
    check(&mail());
    check(&day());
    check(&author());
}

/// Bytes that are broken are an error or a value, and hold no more than they have room for: a length
/// of 2^60 is not believed.
fn break_bytes<T: Stored>(value: &T, seed: u64, count: usize) {
    let good = encode(value).unwrap();
    let look = |bytes: &[u8], which: &str| {
        let Ok(read) = decode::<T>(bytes) else { return };
        let again = encode(&read).unwrap();
        assert!(again.len() <= bytes.len(), "{}, {which}: {bytes:02x?}", T::WHAT);
    };
    for at in 0..good.len() {
        look(&good[..at], "cut off");
        for length in [&b"\xff\xff\xff\x7f"[..], b"\xff\xff\xff\xff\xff\xff\xff\xff\x0f"] {
            look(&[&good[..at], length, &good[at + 1..]].concat(), "endless");
        }
    }
    for nth in 0..count as u64 {
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_add(nth));
        let mut bytes = good.clone();
        for _ in 0..rng.usize(1..6) {
            let at = rng.usize(..bytes.len());
            match rng.u8(..4) {
                0 => bytes[at] = rng.u8(..),
                1 => bytes[at] ^= 1 << rng.u8(..8),
                2 => bytes.insert(at, rng.u8(..)),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        look(&bytes, &format!("seed {seed}, input {nth}"));
        // Behind the version any bytes at all.
        let strange: Vec<u8> = (0..rng.usize(..200)).map(|_| rng.u8(..)).collect();
        look(&[&[T::VERSION], &strange[..]].concat(), &format!("seed {seed}, strange {nth}"));
    }
}

#[test]
fn no_broken_value_is_more_than_an_error() {
    let is_night = std::env::var_os("AFFINITYD_NIGHTLY").is_some();
    let told = std::env::var("AFFINITYD_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = told.unwrap_or_else(|| if is_night { fastrand::u64(..) } else { 31 });
    let count = if is_night { 500_000 } else { 2_000 };
    break_bytes(&record(), seed, count);
    break_bytes(&case(), seed, count);
    break_bytes(&act(), seed, count);
    break_bytes(&mail(), seed, count);
    break_bytes(&day(), seed, count);
    break_bytes(&author(), seed, count);
}
