//! AT addresses, `at://did/collection/rkey`: what everything on this network is called, and the one
//! id that is the same wherever it is seen.

/// The collections whose records are read.
pub const POST: &str = "app.bsky.feed.post";
pub const LIKE: &str = "app.bsky.feed.like";
pub const REPOST: &str = "app.bsky.feed.repost";

/// Longest address that is believed; three of the longest parts that the protocol allows are less.
const MAX_URI: usize = 2048;

/// The parts of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtUri<'a> {
    pub did: &'a str,
    pub collection: &'a str,
    pub rkey: &'a str,
}

impl<'a> AtUri<'a> {
    /// The parts of an address of a record, if it is one and names its author by the id that stays.
    pub fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("at://").filter(|_| text.len() <= MAX_URI)?;
        let (did, rest) = rest.split_once('/')?;
        let (collection, rkey) = rest.split_once('/')?;
        let is_plain = |part: &str, signs: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c))
        };
        let is_good = is_did(did)
            && is_plain(collection, ".-")
            && is_plain(rkey, ".-_~:")
            && !matches!(rkey, "." | "..");
        is_good.then_some(Self { did, collection, rkey })
    }

    /// The parts of an address of a post.
    pub fn post(text: &'a str) -> Option<Self> {
        Self::parse(text).filter(|uri| uri.collection == POST)
    }

    /// Where people read the post. By the id of its author: handles change.
    pub fn permalink(&self) -> String {
        format!("https://bsky.app/profile/{}/post/{}", self.did, self.rkey)
    }
}

/// Whether this is an account's id that stays.
pub fn is_did(text: &str) -> bool {
    text.starts_with("did:")
        && text.len() > 8
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._:%-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_addresses_of_records_are_believed() {
        for (case, text, is_good) in [
            ("a post", "at://did:plc:abc123/app.bsky.feed.post/3k1", true),
            ("an account on a host of its own", "at://did:web:a.example%3A8080/a.b.c/self", true),
            ("an author by handle", "at://ada.example/app.bsky.feed.post/3k1", false),
            ("no record", "at://did:plc:abc123/app.bsky.feed.post", false),
            ("too many parts", "at://did:plc:abc123/app.bsky.feed.post/3k1/x", false),
            ("a way up", "at://did:plc:abc123/app.bsky.feed.post/..", false),
            ("a web address", "https://did:plc:abc123/app.bsky.feed.post/3k1", false),
            ("spaces", "at://did:plc:abc123/app.bsky.feed.post/3 k1", false),
            ("nothing", "", false),
        ] {
            assert_eq!(AtUri::parse(text).is_some(), is_good, "{case}");
        }
        let long = format!("at://did:plc:abc123/app.bsky.feed.post/{}", "k".repeat(MAX_URI));
        assert_eq!(AtUri::parse(&long), None, "an address without end");
        let post = AtUri::post("at://did:plc:abc123/app.bsky.feed.post/3k1").unwrap();
        assert_eq!(post.permalink(), "https://bsky.app/profile/did:plc:abc123/post/3k1");
        assert_eq!(AtUri::post("at://did:plc:abc123/app.bsky.feed.like/3k1"), None);
    }
}
