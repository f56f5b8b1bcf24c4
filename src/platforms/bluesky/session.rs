//! What a login leaves behind, and what it may be used for and until when.
//!
//! A session is opened with a password once and then renewed with its refresh token, which works
//! once and leaves a new one. Logins are scarce; renewals are not.

use serde::{Deserialize, Serialize};
use url::Url;

use super::uri::is_did;
use super::wire::{Claims, DidDoc, Opened};
use crate::http::Reply;
use crate::model::Time;
use crate::platforms::{Refusal, Session, answer};
use crate::text;

/// The way in to the network's own servers, behind which each account has a server of its own.
const ENTRYWAY: &str = "bsky.social";
/// Lifetimes of access tokens that are believed: shorter ones would never be fresh enough.
const LIFE: std::ops::Range<i64> = 3 * Time::MINUTE..30 * Time::DAY;

/// Our own account and what lets us in. Holds tokens: neither printed nor exported.
#[derive(Serialize, Deserialize)]
pub struct Me {
    pub did: String,
    pub handle: String,
    pub access: String,
    pub refresh: String,
    /// When the refresh token ends, by our clock, in milliseconds.
    pub refresh_until: Option<i64>,
    /// The account's own server, where that is not the one that logs in.
    pub server: Option<Url>,
}

impl Me {
    /// What a session says.
    pub fn of(session: Option<&Session>) -> Option<Self> {
        serde_json::from_str(&session?.state).ok()
    }

    /// As [`Self::of`], if it can still be renewed.
    pub fn renewable(session: Option<&Session>, now: Time) -> Option<Self> {
        let me = Self::of(session)?;
        me.refresh_until.is_none_or(|until| until > now.plus(Time::MINUTE).0).then_some(me)
    }

    /// Whether an address is one of ours.
    pub fn is(&self, did: &str) -> bool {
        self.did == did
    }
}

/// The session that an answer with tokens opens. `base`: who gave it; `old`: what it renews.
pub fn open(reply: &Reply, base: &Url, old: Option<&Me>, now: Time) -> Result<Session, Refusal> {
    let opened: Opened = answer::json(&reply.body, "session")?;
    if !is_did(&opened.did) || old.is_some_and(|old| !old.is(&opened.did)) {
        return Err(answer::malformed("session.did", "this is another account"));
    }
    if opened.active == Some(false) {
        let status = text::clean_line(opened.status.as_deref().unwrap_or("not active"));
        let status = text::snippet(&status, 60);
        return Err(Refusal::Unauthorised(format!("the account is {status}")));
    }
    // By their length, since neither clock need be right.
    let ends =
        |token: &str| claims(token).map(|c| c.exp.saturating_sub(c.iat).saturating_mul(1000));
    let expires_at =
        ends(&opened.access_jwt).filter(|life| LIFE.contains(life)).map(|life| now.plus(life));
    let refresh_until = ends(&opened.refresh_jwt).filter(|l| *l > 0).map(|l| now.plus(l).0);
    let server = (base.host_str() == Some(ENTRYWAY))
        .then(|| opened.did_doc.and_then(|doc| server(doc.get())))
        .flatten()
        .or_else(|| old.and_then(|old| old.server.clone()));
    let me = Me {
        did: opened.did,
        handle: text::snippet(&text::clean_line(&opened.handle), 253),
        access: opened.access_jwt,
        refresh: opened.refresh_jwt,
        refresh_until,
        server,
    };
    // Said without the error of the writer, which might quote a token.
    let state = serde_json::to_string(&me)
        .map_err(|_| answer::malformed("session", "it cannot be kept"))?;
    Ok(Session { state, expires_at })
}

/// The account's own server, as its public document names it.
fn server(doc: &str) -> Option<Url> {
    let doc: DidDoc = serde_json::from_str(doc).ok()?;
    let found = doc.service.iter().find(|s| s.id.ends_with("#atproto_pds"))?;
    let url = answer::address(&found.service_endpoint)?;
    (url.scheme() == "https" && url.port().is_none() && url.domain().is_some()).then_some(url)
}

/// What a token says about itself. It is not proven, and need not be: it only tells when to ask
/// for the next one.
fn claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&base64url(payload)?).ok()
}

fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut held, mut bits) = (0_u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(six)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_772_618_400_000);
    const DID: &str = "did:plc:brandbrandbrandbrandbran";
    /// `{"iat":1772618400,"exp":1772625600}`: two hours.
    const TWO_HOURS: &str = "h.eyJpYXQiOjE3NzI2MTg0MDAsImV4cCI6MTc3MjYyNTYwMH0.s";

    fn opened(base: &str, change: impl FnOnce(&mut serde_json::Value)) -> Result<Session, Refusal> {
        let mut body = serde_json::json!({
            "did": DID, "handle": "brand.example", "accessJwt": TWO_HOURS, "refreshJwt": "opaque",
            "didDoc": {"id": DID, "service": [{"id": "#atproto_pds",
                "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://oak.host.example"}]}
        });
        change(&mut body);
        let base = Url::parse(base).unwrap();
        let reply = Reply {
            status: 200,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
            url: base.clone(),
            moved_for_good: false,
        };
        open(&reply, &base, None, NOW)
    }

    fn server_of(session: &Session) -> Option<String> {
        Me::of(Some(session)).unwrap().server.map(|url| url.to_string())
    }

    #[test]
    fn a_token_tells_how_long_it_lasts_and_an_opaque_one_is_used_until_it_is_refused() {
        let session = opened("https://bsky.social", |_| {}).unwrap();
        assert_eq!(session.expires_at, Some(NOW.plus(2 * Time::HOUR)));
        for (case, token) in [
            ("opaque", "opaque"),
            ("no base64", "a.!!!.b"),
            ("no claims", "a.e30.b"),
            ("no time at all: {\"iat\":5,\"exp\":5}", "a.eyJpYXQiOjUsImV4cCI6NX0.b"),
            ("empty", ""),
        ] {
            let session = opened("https://bsky.social", |b| b["accessJwt"] = token.into()).unwrap();
            assert_eq!(session.expires_at, None, "{case}");
        }
    }

    #[test]
    fn only_the_entryway_is_believed_about_where_the_account_lives() {
        let session = opened("https://bsky.social", |_| {}).unwrap();
        assert_eq!(server_of(&session).as_deref(), Some("https://oak.host.example/"));
        let session = opened("https://own.example", |_| {}).unwrap();
        assert_eq!(server_of(&session), None, "the configured server is meant");
        for endpoint in ["http://a.example", "https://127.0.0.1", "https://u:p@a.example", "x", ""]
        {
            let session = opened("https://bsky.social", |b| {
                b["didDoc"]["service"][0]["serviceEndpoint"] = endpoint.into();
            });
            assert_eq!(server_of(&session.unwrap()), None, "{endpoint}");
        }
        let session = opened("https://bsky.social", |b| b["didDoc"] = 7.into()).unwrap();
        assert_eq!(server_of(&session), None, "a document that makes no sense");
    }

    #[test]
    fn an_account_that_is_not_active_needs_a_person() {
        let refused = opened("https://bsky.social", |b| {
            b["active"] = false.into();
            b["status"] = "takendown".into();
        });
        assert_eq!(refused, Err(Refusal::Unauthorised("the account is takendown".to_owned())));
    }

    #[test]
    fn base64url_is_read_as_it_is_written() {
        for (text, wanted) in [
            ("", Some(&b""[..])),
            ("Zg", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("-_-_", Some(&[0xfb, 0xff, 0xbf])),
            ("Zm9 v", None),
        ] {
            assert_eq!(base64url(text).as_deref(), wanted, "{text}");
        }
    }
}
