//! Which posts are still to be asked for by themselves, and which have been told.
//!
//! A notification says of its post whatever its author said: what is given there as the time it was
//! taken up is the author's word wherever that is earlier. The post's own view says when the network
//! took it up, and cannot be made to say anything else. So notifications only tell which posts there
//! are; each is then asked for once.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Posts asked for at once: the most that servers allow.
pub const AT_ONCE: usize = 25;
/// Posts that are remembered as told: what the longest walk over known ground meets again.
const REMEMBERED: usize = 400;
/// Digits of a fingerprint: enough that no new post looks like one of those.
const DIGITS: usize = 12;

/// The posts of a list whose views are read.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Views {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wanted: Vec<String>,
    /// Fingerprints of posts as they were told, one after the other, the newest last.
    #[serde(skip_serializing_if = "String::is_empty")]
    told: String,
}

impl Views {
    /// Wants a post's view, unless it has been told in this version.
    pub fn want(&mut self, uri: &str, version: &str) {
        let is_wanted = self.wanted.iter().any(|wanted| wanted == uri);
        if !is_wanted && !self.knows(&fingerprint(uri, version)) {
            self.wanted.push(uri.to_owned());
        }
    }

    /// What is to be asked for next; empty if nothing is.
    pub fn next(&self) -> &[String] {
        &self.wanted[..self.wanted.len().min(AT_ONCE)]
    }

    /// Moves on over the answer to that, which told `(uri, version)` of each post it showed. One
    /// that was not shown is wanted again when it is next met: there is more than one index.
    pub fn took(&mut self, told: &[(String, String)]) {
        self.wanted.drain(..self.wanted.len().min(AT_ONCE));
        for (uri, version) in told {
            let print = fingerprint(uri, version);
            if !self.knows(&print) {
                self.told.push_str(&print);
            }
        }
        let beyond = self.told.len().saturating_sub(REMEMBERED * DIGITS);
        self.told = self.told.get(beyond..).unwrap_or_default().to_owned();
    }

    fn knows(&self, print: &str) -> bool {
        self.told.as_bytes().chunks(DIGITS).any(|known| known == print.as_bytes())
    }
}

fn fingerprint(uri: &str, version: &str) -> String {
    let mut digits = format!("{:016x}", xxh3_64(format!("{uri}\n{version}").as_bytes()));
    digits.truncate(DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want_all(views: &mut Views, range: std::ops::Range<usize>) {
        range.for_each(|n| views.want(&n.to_string(), "v"));
    }

    /// Asks for all that is wanted, and shows it; in how many requests.
    fn show_all(views: &mut Views) -> usize {
        let mut requests = 0;
        while !views.next().is_empty() {
            let told: Vec<_> =
                views.next().iter().map(|uri| (uri.clone(), "v".to_owned())).collect();
            views.took(&told);
            requests += 1;
        }
        requests
    }

    #[test]
    fn each_post_is_asked_for_once_and_again_when_it_is_another_version() {
        let mut views = Views::default();
        want_all(&mut views, 0..100);
        assert_eq!(show_all(&mut views), 4);
        want_all(&mut views, 0..101);
        assert_eq!(views.next(), ["100"]);
        show_all(&mut views);
        views.want("7", "replaced");
        assert_eq!(views.next(), ["7"]);
    }

    #[test]
    fn one_that_is_not_shown_is_asked_for_again_when_it_is_met_again() {
        let mut views = Views::default();
        want_all(&mut views, 0..2);
        views.took(&[("0".to_owned(), "v".to_owned())]);
        assert!(views.next().is_empty(), "the list is read on first");
        want_all(&mut views, 0..2);
        assert_eq!(views.next(), ["1"]);
    }

    #[test]
    fn no_more_is_remembered_than_is_met_again() {
        let mut views = Views::default();
        want_all(&mut views, 0..5_000);
        show_all(&mut views);
        assert_eq!(views.told.len(), REMEMBERED * DIGITS);
        want_all(&mut views, 5_000 - REMEMBERED..5_000);
        assert!(views.next().is_empty());
        let broken: Views = serde_json::from_str("{\"told\":\"ä€\"}").unwrap();
        assert!(!broken.knows("abc"));
    }
}
