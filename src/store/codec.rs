//! Values as bytes: one version byte, then postcard. And what a value may hold at all.
//!
//! Postcard is positional, so a stored struct is frozen once released: the next one is a new
//! struct, the old one is kept beside it with a `From`, and [`Stored::older`] climbs that chain.
//! Golden bytes per version hold this in the tests.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Error;
use super::former::RecordV1;
use crate::model::{Act, ActKind, Case, Deadline, Entry, Record, Time, Verdict};

/// The most bytes of one text that are kept.
pub const MAX_TEXT: usize = 16 * 1024;

/// The most bytes of a display name or a piece of evidence that are kept.
const MAX_NAME: usize = 1024;

/// The last instant that JSON can name (rule of [`Time::parse`]).
const LAST: i64 = 253_402_300_799_999;

/// A type with a place in the store.
pub trait Stored: Serialize + DeserializeOwned {
    /// What it is called when it is damaged.
    const WHAT: &'static str;
    /// The version written today.
    const VERSION: u8 = 1;

    /// Reads a version written in former days; `None` if there never was such a version. With the
    /// second version this becomes what [`Record`] does.
    fn older(version: u8, bytes: &[u8]) -> Option<postcard::Result<Self>> {
        let _ = (version, bytes);
        None
    }
}

impl Stored for Record {
    const WHAT: &'static str = "interaction";
    const VERSION: u8 = 2;

    fn older(version: u8, bytes: &[u8]) -> Option<postcard::Result<Self>> {
        (version == 1).then(|| postcard::from_bytes::<RecordV1>(bytes).map(Self::from))
    }
}
impl Stored for Case {
    const WHAT: &'static str = "case";
}
impl Stored for Act {
    const WHAT: &'static str = "act";
}
impl Stored for Entry {
    const WHAT: &'static str = "mail";
}

/// The bytes of a value.
///
/// # Errors
/// [`Error::Damaged`] if it cannot be encoded.
pub fn encode<T: Stored>(value: &T) -> Result<Vec<u8>, Error> {
    postcard::to_extend(value, vec![T::VERSION])
        .map_err(|e| Error::Damaged { what: T::WHAT, why: e.to_string() })
}

/// The value of bytes, whatever version wrote them.
///
/// # Errors
/// [`Error::Damaged`] if they make no sense or come from a later version.
pub fn decode<T: Stored>(bytes: &[u8]) -> Result<T, Error> {
    let damaged = |why: String| Error::Damaged { what: T::WHAT, why };
    let (version, rest) =
        bytes.split_first().ok_or_else(|| damaged("there are no bytes".to_owned()))?;
    let read = if *version == T::VERSION {
        postcard::from_bytes(rest)
    } else {
        T::older(*version, rest).ok_or_else(|| damaged(format!("unknown version {version}")))?
    };
    read.map_err(|e| damaged(e.to_string()))
}

/// The value of a row: halves of the author's and the thread's hash, which a scan can look at
/// without decoding, then the record.
///
/// # Errors
/// As [`encode`].
pub fn encode_row(record: &Record, thread: u64) -> Result<Vec<u8>, Error> {
    let author = record.person.map_or(0, |p| p.0 as u32);
    let mut row = author.to_be_bytes().to_vec();
    row.extend_from_slice(&(thread as u32).to_be_bytes());
    row.extend(encode(record)?);
    Ok(row)
}

/// The record of a row.
///
/// # Errors
/// As [`decode`].
pub fn decode_row(row: &[u8]) -> Result<Record, Error> {
    decode(row.get(8..).unwrap_or_default())
}

/// The halves of author and thread of a row.
pub fn halves(row: &[u8]) -> Option<(u32, u32)> {
    let half = |at: usize| Some(u32::from_be_bytes(row.get(at..at + 4)?.try_into().ok()?));
    Some((half(0)?, half(4)?))
}

/// Cuts a text to at most `most` bytes, on a border of characters.
pub fn cap(text: &mut String, most: usize) {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

fn tame(at: &mut Time) {
    at.0 = at.0.clamp(0, LAST);
}

fn tame_number(number: &mut f32) {
    if !number.is_finite() {
        *number = 0.0;
    }
}

fn tame_deadline(deadline: &mut Deadline) {
    tame(&mut deadline.from);
    tame(&mut deadline.risk_at);
    tame(&mut deadline.due_at);
}

fn tame_verdict(verdict: &mut Verdict) {
    let s = &mut verdict.scores;
    let plain = [
        &mut s.complaint,
        &mut s.question,
        &mut s.praise,
        &mut s.spam,
        &mut s.relevant,
        &mut s.needs_answer,
    ];
    plain.into_iter().chain(&mut s.sentiment).for_each(tame_number);
    for reason in &mut verdict.reasons {
        cap(&mut reason.found, MAX_NAME);
        tame_number(&mut reason.weight);
    }
}

/// Brings a record within what can be stored and exported: length of texts, times that have a
/// name, numbers that are numbers.
pub fn tidy_record(record: &mut Record) {
    tame(&mut record.key_at);
    tame(&mut record.stored_at);
    for version in &mut record.versions {
        tame(&mut version.seen_at);
        tame(&mut version.created_at);
        version.deleted_at.iter_mut().chain(&mut version.counts_at).for_each(tame);
        for text in version.text.iter_mut().chain(&mut version.title) {
            cap(text, MAX_TEXT);
        }
        if let Some(name) = version.author.as_mut().and_then(|a| a.name.as_mut()) {
            cap(name, MAX_NAME);
        }
        version.rating = version.rating.filter(|r| r.is_finite());
        version.deadline.iter_mut().for_each(tame_deadline);
        version.verdict.iter_mut().for_each(tame_verdict);
    }
}

/// The same for a case.
pub fn tidy_case(case: &mut Case) {
    for at in [&mut case.opened_at, &mut case.seen_at, &mut case.risk_at, &mut case.due_at] {
        tame(at);
    }
    case.held_until.iter_mut().for_each(tame);
    case.asks.iter_mut().for_each(|ask| tame(&mut ask.at));
    case.events.iter_mut().for_each(|event| tame(&mut event.at));
    case.answer.iter_mut().for_each(|answer| tame(&mut answer.at));
    case.end.iter_mut().for_each(|(_, at)| tame(at));
}

/// The same for an act.
pub fn tidy_act(act: &mut Act) {
    tame(&mut act.at);
    if let ActKind::Snooze(until) | ActKind::Ack(until) = &mut act.kind {
        tame(until);
    }
    act.note.iter_mut().for_each(|note| cap(note, MAX_TEXT));
}

/// The same for a mail.
pub fn tidy_mail(entry: &mut Entry) {
    tame(&mut entry.next_at);
    tame(&mut entry.message.at);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::model::{Kind, Person, Version};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct NoteV1 {
        words: String,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct NoteV2 {
        words: String,
        stars: u8,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note {
        words: String,
        stars: u8,
        loud: bool,
    }
    impl From<NoteV1> for NoteV2 {
        fn from(old: NoteV1) -> Self {
            Self { words: old.words, stars: 3 }
        }
    }
    impl From<NoteV2> for Note {
        fn from(old: NoteV2) -> Self {
            Self { words: old.words, stars: old.stars, loud: false }
        }
    }
    impl Stored for Note {
        const WHAT: &'static str = "note";
        const VERSION: u8 = 3;
        fn older(version: u8, bytes: &[u8]) -> Option<postcard::Result<Self>> {
            match version {
                1 => Some(postcard::from_bytes(bytes).map(|v: NoteV1| NoteV2::from(v).into())),
                2 => Some(postcard::from_bytes(bytes).map(|v: NoteV2| v.into())),
                _ => None,
            }
        }
    }

    #[test]
    fn every_former_version_climbs_to_todays() {
        let note = |stars| Note { words: "hi".to_owned(), stars, loud: false };
        for (bytes, wanted) in [(&b"\x01\x02hi"[..], 3), (b"\x02\x02hi\x05", 5)] {
            assert_eq!(decode::<Note>(bytes).unwrap(), note(wanted));
        }
        assert_eq!(encode(&note(5)).unwrap(), b"\x03\x02hi\x05\x00");
        for bytes in [&b""[..], b"\x04\x02hi", b"\x03\x09hi", b"\x00"] {
            assert!(decode::<Note>(bytes).is_err(), "{bytes:?}");
        }
    }

    fn ada() -> Record {
        Record {
            platform: "mastodon".to_owned(),
            id: "a1".to_owned(),
            key_at: Time(1_000),
            stored_at: Time(1_000),
            person: Some(Person(0x0102_0304_0506_0708)),
            filed: "a0".to_owned(),
            versions: vec![Version {
                seen_at: Time(1_200),
                created_at: Time(1_000),
                kind: Some(Kind::Comment),
                text: Some("né".to_owned()),
                ..Version::default()
            }],
        }
    }

    #[test]
    fn the_form_of_a_row_is_frozen() {
        let bytes = encode_row(&ada(), 0xaabb_ccdd_1122_3344).unwrap();
        let golden = "050607081122334402086d6173746f646f6e026131d00fd00f01888e98a8c0e080810102613001\
                      e012d00f010400000001036ec3a90000000000000000000000000000";
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, golden);
        assert_eq!(decode_row(&bytes).unwrap(), ada());
        assert_eq!(halves(&bytes), Some((0x0506_0708, 0x1122_3344)));
    }

    proptest! {
        #[test]
        fn a_cap_never_splits_a_character(text in "\\PC{0,40}", most in 0_usize..60) {
            let mut cut = text.clone();
            cap(&mut cut, most);
            prop_assert!(cut.len() <= most && text.starts_with(&cut));
            prop_assert!(cut.len() + 4 > most.min(text.len()));
        }

        #[test]
        fn strange_bytes_are_an_error_or_a_value(bytes: Vec<u8>) {
            let _ = decode::<Record>(&bytes);
            let _ = decode_row(&bytes);
            let _ = decode::<Case>(&bytes);
            let _ = decode::<Entry>(&bytes);
        }
    }
}
