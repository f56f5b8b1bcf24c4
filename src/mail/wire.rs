//! Turns a composed mail into the bytes for one recipient.
//!
//! The same mail gives the same bytes each time, Message-ID and boundary included, so that a repeat
//! after a crash can be recognised. Every header value passes [`one_line`] first.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use xxhash_rust::xxh3::xxh3_128;

use super::{SendFailure, one_line};
use crate::model::{Message, Purpose, Time};

/// Longest subject, in characters. Mail programs show 60 to 80 of them.
const SUBJECT_LIMIT: usize = 200;
/// Longest Message-ID, in bytes.
const ID_LIMIT: usize = 200;
/// Most Message-IDs in References; the first and the newest are kept.
const REFERENCES_LIMIT: usize = 10;

/// What stands on every mail of this daemon.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// Who sends.
    pub from: Mailbox,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<Mailbox>,
    /// The name mail programs sort by, such as `alerts.acme.example`.
    pub list_id: Option<String>,
    /// Who takes a person off the list.
    pub unsubscribe: Option<Address>,
}

/// A mail as it goes over the wire to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Its Message-ID without angle brackets.
    pub id: String,
    /// When it was composed.
    pub at: Time,
    /// The sender of the envelope.
    pub from: Address,
    /// Headers and body with CRLF line ends, 7-bit, no line over 998 bytes.
    pub bytes: Vec<u8>,
}

/// Builds the wire form of a mail for one recipient.
///
/// # Errors
/// [`super::FailureClass::Bug`] if no valid mail can be made of it.
pub fn build(message: &Message, head: &Letterhead, to: &Address) -> Result<Built, SendFailure> {
    let id = message_id(&message.id);
    let (text, html) = (body(&message.text), body(&message.html));
    let mut builder = lettre::Message::builder()
        .from(head.from.clone())
        .to(Mailbox::from(to.clone()))
        .subject(one_line(&message.subject, SUBJECT_LIMIT))
        .date(UNIX_EPOCH + date(message.at))
        .message_id(Some(format!("<{id}>")))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Affinityd-Purpose", purpose(&message.purpose)));
    if let Some(reply_to) = &head.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    if let Some((parent, all)) = references(&message.references) {
        builder = builder.in_reply_to(parent).references(all);
    }
    if let Some(list) = &head.list_id {
        builder = builder.raw_header(header("List-Id", &format!("<{}>", one_line(list, 200))));
    }
    if let Some(unsubscribe) = &head.unsubscribe {
        let link = format!("<mailto:{unsubscribe}?subject=unsubscribe>");
        builder = builder.raw_header(header("List-Unsubscribe", &link));
    }
    let parts = MultiPart::alternative()
        .boundary(boundary(&id, &text, &html))
        .singlepart(SinglePart::plain(text))
        .singlepart(SinglePart::html(html));
    let mail = builder.multipart(parts).map_err(SendFailure::bug)?;
    Ok(Built { id, at: message.at, from: head.from.email.clone(), bytes: mail.formatted() })
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn purpose(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Alert => "alert",
        Purpose::Resolved => "resolved",
        Purpose::Digest(_) => "digest",
        Purpose::Source => "source",
        Purpose::Test => "test",
    }
}

/// The time as lettre can print it: it panics outside 1970 to 9999.
fn date(at: Time) -> Duration {
    Duration::from_millis(u64::try_from(at.0.clamp(0, 253_402_300_799_000)).unwrap_or_default())
}

/// A Message-ID that needs no encoding, always the same for the same id.
fn message_id(id: &str) -> String {
    let mut clean: String = id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.@".contains(*c))
        .take(ID_LIMIT)
        .collect();
    if clean.matches('@').count() != 1 || clean.starts_with('@') || clean.ends_with('@') {
        clean = format!("{}@affinityd.invalid", clean.replace('@', "."));
    }
    clean
}

/// The parent and the whole chain, for In-Reply-To and References.
fn references(ids: &[String]) -> Option<(String, String)> {
    let all: Vec<String> = ids.iter().map(|id| format!("<{}>", message_id(id))).collect();
    let (first, rest) = all.split_first()?;
    let newest = &rest[rest.len().saturating_sub(REFERENCES_LIMIT - 1)..];
    let parent = all.last().cloned()?;
    let chain: Vec<&str> = std::iter::once(first).chain(newest).map(String::as_str).collect();
    Some((parent, chain.join(" ")))
}

/// Text without characters that mail does not carry.
fn body(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// A boundary that a stranger's text cannot contain: it depends on the whole of that text.
fn boundary(id: &str, text: &str, html: &str) -> String {
    let all = [id, text, html].join("\0");
    format!("affinityd-{:032x}", xxh3_128(all.as_bytes()))
}

#[cfg(test)]
mod tests {
    use mail_parser::{HeaderValue as Parsed, MessageParser};
    use proptest::prelude::*;

    use super::*;
    use crate::mail::{address, mailbox};
    use crate::model::Severity;

    fn message(subject: &str, text: &str) -> Message {
        Message {
            id: "k1.digest@affinityd.acme.example".to_owned(),
            brand: "acme".to_owned(),
            purpose: Purpose::Alert,
            severity: Severity::High,
            group: "acme/high".to_owned(),
            references: vec!["r1@acme.example".to_owned(), "r2@acme.example".to_owned()],
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: format!("<p>{}</p>", text.replace('<', "&lt;")),
            at: Time::parse("2026-03-04T09:15:00Z").unwrap(),
            cases: vec![],
        }
    }

    fn head(name: &str) -> Letterhead {
        Letterhead {
            from: mailbox(name, address("care@acme.example").unwrap()),
            reply_to: Some(mailbox(name, address("team@acme.example").unwrap())),
            list_id: Some("alerts.acme.example".to_owned()),
            unsubscribe: Some(address("team@acme.example").unwrap()),
        }
    }

    fn wire(name: &str, subject: &str, text: &str) -> String {
        let to = address("ada@acme.example").unwrap();
        let built = build(&message(subject, text), &head(name), &to).unwrap();
        String::from_utf8(built.bytes).expect("7-bit")
    }

    #[test]
    fn a_mail_says_who_why_and_what_it_belongs_to() {
        let bytes = wire("Acme Care", "2 customers wait", "Hello\nworld");
        let (headers, _) = bytes.split_once("\r\n\r\n").unwrap();
        assert_eq!(
            headers.split_once("Content-Type").unwrap().0,
            "From: \"Acme Care\" <care@acme.example>\r\n\
             To: ada@acme.example\r\n\
             Subject: 2 customers wait\r\n\
             Date: Wed, 04 Mar 2026 09:15:00 +0000\r\n\
             Message-ID: <k1.digest@affinityd.acme.example>\r\n\
             Auto-Submitted: auto-generated\r\n\
             X-Affinityd-Purpose: alert\r\n\
             Reply-To: \"Acme Care\" <team@acme.example>\r\n\
             In-Reply-To: <r2@acme.example>\r\n\
             References: <r1@acme.example> <r2@acme.example>\r\n\
             List-Id: <alerts.acme.example>\r\n\
             List-Unsubscribe: <mailto:team@acme.example?subject=unsubscribe>\r\n\
             MIME-Version: 1.0\r\n"
        );
    }

    #[test]
    fn the_same_mail_is_the_same_bytes_and_text_comes_before_html() {
        let bytes = wire("Acme", "s", "Grüße\n.\nFrom here");
        assert_eq!(bytes, wire("Acme", "s", "Grüße\n.\nFrom here"));
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.body_text(0).unwrap(), "Grüße\r\n.\r\nFrom here");
        assert_eq!(parsed.body_html(0).unwrap(), "<p>Grüße\r\n.\r\nFrom here</p>");
        assert!(bytes.find("text/plain").unwrap() < bytes.find("text/html").unwrap());
    }

    #[test]
    fn ids_are_repaired_the_same_way_each_time() {
        for (id, wanted) in [
            ("a.b@c.example", "a.b@c.example"),
            ("no-at", "no-at@affinityd.invalid"),
            ("a@b@c", "a.b.c@affinityd.invalid"),
            ("a>\r\nBcc: x@c.example", "aBccx@c.example"),
            ("", "@affinityd.invalid"),
        ] {
            assert_eq!(message_id(id), wanted, "{id:?}");
        }
    }

    #[test]
    fn a_long_thread_keeps_its_first_mail_and_its_newest() {
        let ids: Vec<String> = (0..30).map(|n| format!("m{n}@a.example")).collect();
        let (parent, chain) = references(&ids).unwrap();
        assert_eq!(parent, "<m29@a.example>");
        assert!(chain.starts_with("<m0@a.example> <m21@a.example> <m22@a.example>"), "{chain}");
        assert_eq!(chain.split(' ').count(), 10);
    }

    #[test]
    fn times_beyond_the_calendar_do_not_panic() {
        for at in [i64::MIN, -1, i64::MAX] {
            let mut late = message("s", "t");
            late.at = Time(at);
            assert!(build(&late, &head("A"), &address("ada@acme.example").unwrap()).is_ok());
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("\r\nBcc: eve@evil.example\r\n".to_owned()),
            Just("\r\n\r\n<script>".to_owned()),
            Just("=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=".to_owned()),
            Just("\", <eve@evil.example>, \"".to_owned()),
            Just("\\\"<>@,;:()".to_owned()),
            Just("\0\u{7f}\u{85}\u{2028}\u{202e}".to_owned()),
            Just("👩‍👩‍👧‍👦e\u{301}".repeat(40)),
            Just("x".repeat(1200)),
            ".{0,40}",
            any::<String>(),
        ];
        proptest::collection::vec(piece, 0..6).prop_map(|all| all.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn strangers_text_adds_no_header_and_no_recipient(
            name in hostile(), subject in hostile(), text in hostile()
        ) {
            let bytes = wire(&name, &subject, &text);
            prop_assert!(bytes.is_ascii());
            prop_assert!(bytes.split("\r\n").all(|l| l.len() <= 998 && !l.contains(['\r', '\n', '\0'])));
            let parsed = MessageParser::default().parse(&bytes).unwrap();
            let mut names: Vec<&str> = parsed.headers().iter().map(|h| h.name.as_str()).collect();
            names.sort_unstable();
            prop_assert_eq!(names, [
                "Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To", "List-ID",
                "List-Unsubscribe", "MIME-Version", "Message-ID", "References", "Reply-To",
                "Subject", "To", "X-Affinityd-Purpose",
            ]);
            let addresses = |header: &str| match parsed.header(header) {
                Some(Parsed::Address(all)) => {
                    all.iter().filter_map(|a| a.address()).map(str::to_owned).collect()
                }
                _ => Vec::new(),
            };
            prop_assert_eq!(addresses("To"), ["ada@acme.example"]);
            prop_assert_eq!(addresses("From"), ["care@acme.example"]);
            prop_assert_eq!(addresses("Reply-To"), ["team@acme.example"]);
            prop_assert_eq!(parsed.message_id(), Some("k1.digest@affinityd.acme.example"));
            prop_assert_eq!(parsed.parts.len(), 3);
        }
    }
}
