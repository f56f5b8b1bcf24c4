//! What a stream told last time. A feed tells the same entries poll after poll, and what is told
//! again in the same words need not be looked up to be known.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_64;

use crate::model::Reading;

/// The readings of a page that was ingested, by their hash.
#[derive(Clone, Debug, Default)]
pub struct Told(HashSet<u64>);

impl Told {
    /// What of a page the page before did not tell, and what this one tells.
    pub fn news(&self, mut page: Vec<Reading>) -> (Vec<Reading>, Self) {
        let mut told = HashSet::with_capacity(page.len());
        page.retain(|reading| {
            hash(reading).is_none_or(|it| told.insert(it) && !self.0.contains(&it))
        });
        (page, Self(told))
    }
}

/// `None` for what may be news in the same words: counters are not kept each time they change.
fn hash(reading: &Reading) -> Option<u64> {
    let bytes = reading.counts.is_none().then(|| postcard::to_stdvec(reading).ok())??;
    Some(xxh3_64(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Counts, Kind};

    fn reading(id: &str, text: &str) -> Reading {
        Reading { text: Some(text.into()), ..Reading::new("feed", id, Kind::Mention) }
    }

    fn ids(page: &[Reading]) -> Vec<&str> {
        page.iter().map(|reading| reading.id.as_str()).collect()
    }

    #[test]
    fn only_what_is_new_or_worded_otherwise_is_news() {
        let (page, told) = Told::default().news(vec![
            reading("a", "one"),
            reading("b", "two"),
            reading("b", "two"),
        ]);
        assert_eq!(ids(&page), ["a", "b"]);
        let (page, told) =
            told.news(vec![reading("c", "three"), reading("b", "two!"), reading("a", "one")]);
        assert_eq!(ids(&page), ["c", "b"]);
        let (page, _) = told.news(vec![reading("b", "two")]);
        assert_eq!(ids(&page), ["b"], "the page before that is forgotten");
    }

    #[test]
    fn counters_are_looked_at_each_time() {
        let liked = || vec![Reading { counts: Some(Counts::default()), ..reading("a", "one") }];
        let (_, told) = Told::default().news(liked());
        assert_eq!(ids(&told.news(liked()).0), ["a"]);
    }
}
