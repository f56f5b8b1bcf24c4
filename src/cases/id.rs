//! The short id of a case: stable, safe to read out over the telephone.

use xxhash_rust::xxh3::xxh3_64;

/// Crockford's alphabet: no i, l, o or u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Ten characters, derived from the platform and id of the post that opened the case.
///
/// The same for every brand and every run. Among a million cases two share an id with a
/// probability of about 1 in 2,000.
pub fn case_id(platform: &str, id: &str) -> String {
    // No platform's name holds a NUL, so the two parts cannot run into each other.
    spell(xxh3_64(format!("{platform}\0{id}").as_bytes()))
}

/// The upper fifty bits of a hash in ten characters.
pub(super) fn spell(hash: u64) -> String {
    (0..10).map(|n| char::from(ALPHABET[(hash >> (59 - 5 * n)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_stable() {
        assert_eq!(spell(0), "0000000000");
        assert_eq!(spell(u64::MAX), "zzzzzzzzzz");
        assert_eq!(spell(1 << 59 | 31 << 14), "100000000z");
        assert_eq!(case_id("mastodon", "1"), case_id("mastodon", "1"));
        assert_ne!(case_id("mastodon", "1"), case_id("bluesky", "1"));
        assert_ne!(case_id("a", "b1"), case_id("ab", "1"));
    }
}
