//! What replies of all platforms have in common: what a status means, how long to wait, and whether
//! a body is what was asked for.
//!
//! Which header a platform uses for what is left to its connector.

use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use url::Url;

use super::Refusal;
use crate::http::{Reply, wait};
use crate::model::Time;
use crate::text;

/// The moment that a header of the reply names. Never before `now`, never later than `cap`
/// milliseconds from now: nonsense must not put an account to sleep.
pub fn header_moment(reply: &Reply, name: &str, now: Time, cap: i64) -> Option<Time> {
    wait::named(reply, name, now).map(|at| at.max(now).min(now.plus(cap)))
}

/// Until when a reply asks to be left alone, within the same bounds; see [`wait::not_before`].
pub fn told(reply: &Reply, now: Time, cap: i64) -> Option<Time> {
    wait::not_before(reply, now).map(|at| at.max(now).min(now.plus(cap)))
}

/// What a status other than success means on every platform. `None`: success, or a status whose
/// meaning differs (400, 401, 403, 404, 410 and the like).
pub fn refusal(reply: &Reply, until: Option<Time>) -> Option<Refusal> {
    match reply.status {
        429 => Some(Refusal::RateLimited(until)),
        // Overload, or a server that does not like the client for now.
        503 | 418 if until.is_some() => Some(Refusal::RateLimited(until)),
        418 => Some(Refusal::Unreachable("the server refuses this program (418)".to_owned())),
        408 | 425 | 500..=599 => {
            Some(Refusal::Unreachable(format!("the server says {}", reply.status)))
        }
        _ => None,
    }
}

/// A refusal for an answer that makes no sense.
pub fn malformed(path: impl Into<String>, why: impl fmt::Display) -> Refusal {
    Refusal::Malformed {
        path: path.into(),
        why: text::snippet(&text::clean_line(&why.to_string()), 200),
    }
}

/// Whether a body is a web page: what proxies, captive portals and moved sites answer with.
pub fn is_html(body: &[u8]) -> bool {
    let start = &body[..body.len().min(512)];
    let start =
        String::from_utf8_lossy(start).trim_start_matches('\u{feff}').trim_start().to_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// An address of the web without anything secret in it: with a host, without a password.
pub fn address(written: &str) -> Option<Url> {
    let url = Url::parse(written.trim()).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    (is_plain && matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The host of an address, with its port if that is not the usual one.
pub fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether an address is on this machine, by its name alone.
pub fn is_own_machine(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// The JSON of a body. `path` says what was asked for, for people.
///
/// # Errors
/// [`Refusal::Malformed`], with the place that serde names.
pub fn json<'a, T: Deserialize<'a>>(body: &'a [u8], path: &str) -> Result<T, Refusal> {
    if is_html(body) {
        return Err(malformed(path, "HTML instead of JSON"));
    }
    serde_json::from_slice(body).map_err(|e| malformed(path, e))
}

/// The items of a JSON list, not read yet: each is read for itself, so that a bad one does not spoil
/// the others. Of a list beyond all measure only the first are kept.
#[derive(Debug, Default)]
pub struct Items<'a> {
    kept: Vec<&'a RawValue>,
    left_out: usize,
}

/// No page or thread of any platform has more: the largest, a thread, has 4096 on either side.
const MAX_ITEMS: usize = 5000;

impl<'a> Items<'a> {
    /// Whether the list was empty.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The first item as it stands.
    pub fn first(&self) -> Option<&'a RawValue> {
        self.kept.first().copied()
    }

    /// Every item as it stands.
    pub fn into_raw(self) -> Vec<&'a RawValue> {
        self.kept
    }

    /// Reads one item after the other. `path` is the place of the list, for people; if items were
    /// left out, the last result says so.
    pub fn read<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> impl Iterator<Item = Result<T, Spoiled>> {
        let left_out = (self.left_out > 0).then(|| {
            let said = format!("{path}: {} items beyond the first {MAX_ITEMS}", self.left_out);
            Err(Spoiled { id: None, said })
        });
        let read = self.kept.iter().enumerate().map(move |(place, raw)| {
            serde_json::from_str(raw.get()).map_err(|e| Spoiled {
                id: serde_json::from_str::<OnlyId>(raw.get()).ok().map(|o| o.id),
                said: format!("{path}[{place}]: {}", item_fault(&e)),
            })
        });
        read.chain(left_out)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<'de>, A::Error> {
                let mut all = Items::default();
                while all.kept.len() < MAX_ITEMS {
                    let Some(raw) = list.next_element()? else { return Ok(all) };
                    all.kept.push(raw);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    all.left_out += 1;
                }
                Ok(all)
            }
        }

        deserializer.deserialize_seq(Reader)
    }
}

/// What is wrong with an item. Lines and columns would count from its start, which nobody sees.
pub fn item_fault(e: &serde_json::Error) -> String {
    let said = text::clean_line(&e.to_string());
    text::snippet(said.rsplit_once(" at line ").map_or(said.as_str(), |(why, _)| why), 160)
}

/// An item that could not be understood.
#[derive(Debug)]
pub struct Spoiled {
    /// Its id, if at least that could be read.
    pub id: Option<String>,
    /// Where it is and what is wrong.
    pub said: String,
}

#[derive(Deserialize)]
struct OnlyId {
    id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_item_does_not_spoil_the_others() {
        #[derive(serde::Deserialize, Debug)]
        struct Item {
            id: String,
            n: u8,
        }
        let body = br#"[{"id":"a","n":1},{"id":"b","n":-1},{"n":3},7]"#;
        let list: Items<'_> = json(body, "items").unwrap();
        let read: Vec<_> = list.read::<Item>("items").collect();
        assert!(matches!(&read[0], Ok(item) if item.id == "a" && item.n == 1));
        assert_eq!(read[1].as_ref().unwrap_err().id.as_deref(), Some("b"));
        assert!(read[2].as_ref().unwrap_err().said.starts_with("items[2]: missing field `id`"));
        assert_eq!(read[3].as_ref().unwrap_err().id, None);
    }

    #[test]
    fn of_a_list_beyond_all_measure_the_first_are_read_and_the_rest_is_counted() {
        let body = format!("[{}7]", "7,".repeat(MAX_ITEMS + 2));
        let list: Items<'_> = json(body.as_bytes(), "items").unwrap();
        let read: Vec<Result<u8, Spoiled>> = list.read("items").collect();
        assert_eq!(read.iter().filter(|item| item.is_ok()).count(), MAX_ITEMS);
        let last = read.last().unwrap().as_ref().unwrap_err();
        assert_eq!(last.said, "items: 3 items beyond the first 5000");
    }
}
