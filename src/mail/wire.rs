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

/// A Message-ID that needs no encoding, always the same for the same id. It holds no `?`: with `=`
/// that would make an encoded word, which some parsers decode even here.
fn message_id(id: &str) -> String {
    let mut clean: String = id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=^_`{|}~.@".contains(*c))
        .take(ID_LIMIT)
        .collect();
    if clean.matches('@').count() != 1 || clean.ends_with('@') {
        clean = format!("{}@affinityd.invalid", clean.replace('@', "."));
    }
    // Points stand between atoms only, and there is one on either side of the `@`.
    let atoms =
        |part: &str| part.split('.').filter(|a| !a.is_empty()).collect::<Vec<_>>().join(".");
    let parts = clean.split('@').map(|part| Some(atoms(part)).filter(|p| !p.is_empty()));
    parts.map(|part| part.unwrap_or_else(|| "0".to_owned())).collect::<Vec<_>>().join("@")
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
    use mail_parser::MessageParser;

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
            ("=?utf-8?b?DQo=?=@a.example", "=utf-8bDQo==@a.example"),
            ("", "0@affinityd.invalid"),
            ("..a..b.@.c.example", "a.b@c.example"),
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
}
