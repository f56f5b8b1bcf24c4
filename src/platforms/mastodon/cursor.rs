//! Where a stream was left, and which page of it is next.
//!
//! A stream is walked forward with `min_id` until a page is empty. The first time there is nothing
//! to walk from: a few pages are read backwards as history. A search has no order to walk along, so
//! its result is paged through. What a page means is not decided here.

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::tree::{Known, order};
use crate::model::Time;

/// Pages that are read as history the first time.
const HISTORY: u32 = 3;
/// Pages of one search result; servers cut deep paging off anyway.
const MAX_FOUND: u32 = 10;
/// How often the newest page of a search is read again whole: posts from other servers can be filed
/// below those we have read.
const AGAIN: i64 = Time::HOUR;

/// Where a stream was left.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cursor {
    /// Everything up to this id has been read.
    min: Option<String>,
    /// A walk backwards that is under way.
    back: Option<Back>,
    /// Pages of a search result that have been read, the newest id in them, and the last page's
    /// fingerprint.
    found: u32,
    newest: Option<String>,
    print: Option<u64>,
    /// The stream was read to its end before, and was empty.
    was_empty: bool,
    /// The newest page is to be read again now; when it last was.
    again: bool,
    again_at: Option<i64>,
    /// Threads that are to be read before the page is told, and how often that was done for it.
    pub threads: Vec<Thread>,
    pub rounds: u32,
    /// What is known about parents.
    pub known: Known,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Back {
    below: String,
    newest: String,
    pages: u32,
}

/// A reply whose thread is to be read.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// The reply's id here.
    pub id: String,
    /// Its global id.
    pub uri: String,
    /// Its parent's id here.
    pub parent: String,
    /// It is ours.
    pub own: bool,
}

impl Cursor {
    /// Reads a cursor; one that cannot be read starts over, which loses nothing.
    pub fn read(words: Option<&str>) -> Self {
        words.and_then(|w| serde_json::from_str(w).ok()).unwrap_or_default()
    }

    /// The cursor as it is kept.
    pub fn words(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// The paging parameters of the next page.
    pub fn query(&self, line: &Line) -> Vec<(&'static str, String)> {
        let mut query = vec![("limit", line.limit().to_string())];
        if let Line::Search(_) = line {
            if let Some(min) = self.min.as_ref().filter(|_| !self.again) {
                query.push(("min_id", min.clone()));
            }
            if self.found > 0 {
                query.push(("offset", (self.found * line.limit()).to_string()));
            }
        } else if self.again {
            // The newest page, as it is.
        } else if let Some(back) = &self.back {
            query.push(("max_id", back.below.clone()));
        } else if let Some(min) = &self.min {
            query.push(("min_id", min.clone()));
        }
        query
    }

    /// Moves on over a page with these ids, and says whether there is more, whether this is the
    /// end, and whether a cap stopped short of known ground.
    pub fn advance(&mut self, line: &Line, ids: &[String], now: Time) -> (bool, bool, bool) {
        let newest = ids.iter().max_by(|a, b| order(a, b)).cloned();
        let lowest = ids.iter().min_by(|a, b| order(a, b)).cloned();
        if self.again {
            (self.again, self.again_at) = (false, Some(now.0));
            return (false, true, false);
        }
        let (more, end, cut) = match line {
            Line::Search(_) => self.advance_search(ids, newest),
            _ if self.back.is_some() || self.min.is_none() => self.advance_back(newest, lowest),
            _ => match newest {
                Some(newest) if self.min.as_ref().is_some_and(|m| order(&newest, m).is_gt()) => {
                    self.min = Some(newest);
                    (true, false, false)
                }
                _ => (false, true, false),
            },
        };
        let is_late = line.is_search() && self.again_at.is_none_or(|at| now.0 - at >= AGAIN);
        if end && is_late && self.min.is_some() {
            if self.again_at.is_some() {
                self.again = true;
                return (true, false, cut);
            }
            self.again_at = Some(now.0);
        }
        (more, end, cut)
    }

    fn advance_back(
        &mut self,
        newest: Option<String>,
        lowest: Option<String>,
    ) -> (bool, bool, bool) {
        let back = self.back.take();
        let (Some(newest), Some(lowest)) = (newest, lowest) else {
            // Nothing older. What came in since the walk began is read forward from its start.
            self.min = back.map(|b| b.newest);
            self.was_empty |= self.min.is_none();
            return (self.min.is_some(), self.min.is_none(), false);
        };
        let pages = back.as_ref().map_or(1, |b| b.pages + 1);
        let is_stuck = back.as_ref().is_some_and(|b| order(&lowest, &b.below).is_ge());
        let newest = back.map_or(newest, |b| b.newest);
        if is_stuck || pages >= HISTORY {
            self.min = Some(newest);
            return (true, false, self.was_empty && !is_stuck);
        }
        self.back = Some(Back { below: lowest, newest, pages });
        (true, false, false)
    }

    fn advance_search(&mut self, ids: &[String], newest: Option<String>) -> (bool, bool, bool) {
        let print = xxhash_rust::xxh3::xxh3_64(ids.join(" ").as_bytes());
        let is_news = newest.as_ref().is_some_and(|newest| {
            self.print != Some(print)
                && self.min.as_ref().is_none_or(|min| order(newest, min).is_gt())
        });
        self.newest = [self.newest.take(), newest].into_iter().flatten().max_by(|a, b| order(a, b));
        self.found += 1;
        self.print = Some(print);
        let cap = if self.min.is_some() { MAX_FOUND } else { HISTORY };
        if is_news && self.found < cap {
            return (true, false, false);
        }
        let cut = is_news && self.min.is_some();
        let newest =
            self.newest.take().filter(|n| self.min.as_ref().is_none_or(|m| order(n, m).is_gt()));
        self.min = newest.or(self.min.take());
        (self.found, self.print) = (0, None);
        (false, true, cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server's list, oldest first, and a poll of it to the end: the ids that were read.
    fn poll(server: &[String], cursor: &mut Cursor, line: &Line, now: i64) -> Vec<String> {
        let mut read = Vec::new();
        for _ in 0..1000 {
            let query = cursor.query(line);
            let value = |key| query.iter().find(|(k, _)| *k == key).map(|(_, v)| v.clone());
            let (min, max) = (value("min_id"), value("max_id"));
            let is_in = |id: &&String| {
                min.as_ref().is_none_or(|m| order(id, m).is_gt())
                    && max.as_ref().is_none_or(|m| order(id, m).is_lt())
            };
            let limit = line.limit() as usize;
            let found: Vec<String> = server.iter().filter(is_in).cloned().collect();
            let offset = value("offset").map_or(0, |o| o.parse().unwrap());
            let newest = found.iter().rev().skip(offset).take(limit).cloned();
            let mut page: Vec<String> = match line {
                Line::Search(_) => newest.collect(),
                _ if min.is_some() => found.iter().take(limit).cloned().collect(),
                _ => newest.collect(),
            };
            page.sort_by(|a, b| order(b, a));
            // The cursor must survive being kept.
            *cursor = Cursor::read(cursor.words().as_deref());
            let (more, end, _) = cursor.advance(line, &page, Time(now));
            read.extend(page);
            if end {
                return read;
            }
            assert!(more, "neither more nor the end");
        }
        panic!("the walk does not end");
    }

    fn ids(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|n| n.to_string()).collect()
    }

    #[test]
    fn a_week_behind_is_read_once_and_whole() {
        for line in [Line::Notifications, Line::Posts, Line::Tag("t".to_owned())] {
            let (mut server, mut cursor) = (ids(1..1000), Cursor::default());
            let first = poll(&server, &mut cursor, &line, 0);
            assert_eq!(first.len() as u32, HISTORY * line.limit(), "{line:?}: history is bounded");
            server.extend(ids(1000..11_000));
            let mut second = poll(&server, &mut cursor, &line, 1);
            second.sort_by(|a, b| order(a, b));
            assert_eq!(second, ids(1000..11_000), "{line:?}");
            assert_eq!(poll(&server, &mut cursor, &line, 2), Vec::<String>::new(), "{line:?}");
        }
    }

    #[test]
    fn what_comes_after_an_empty_start_is_read() {
        let (mut server, mut cursor) = (Vec::new(), Cursor::default());
        assert!(poll(&server, &mut cursor, &Line::Notifications, 0).is_empty());
        server.extend(ids(1..100));
        assert_eq!(poll(&server, &mut cursor, &Line::Notifications, 1).len(), 99);
    }

    #[test]
    fn a_search_is_read_to_its_end_and_then_only_for_news() {
        let line = Line::Search("x".to_owned());
        let (mut server, mut cursor) = (ids(1..60), Cursor::default());
        assert_eq!(poll(&server, &mut cursor, &line, 0).len(), 59);
        server.extend(ids(60..160));
        assert_eq!(poll(&server, &mut cursor, &line, 1).len(), 100);
        assert!(poll(&server, &mut cursor, &line, 2).is_empty());
    }

    #[test]
    fn a_post_that_is_filed_late_is_found_within_the_hour() {
        let line = Line::Tag("t".to_owned());
        let (mut server, mut cursor) = (vec!["10".to_owned(), "30".to_owned()], Cursor::default());
        poll(&server, &mut cursor, &line, 0);
        server.insert(1, "20".to_owned());
        assert!(poll(&server, &mut cursor, &line, AGAIN - 1).is_empty());
        assert!(poll(&server, &mut cursor, &line, AGAIN).contains(&"20".to_owned()));
        assert!(poll(&server, &mut cursor, &line, AGAIN + 1).is_empty());
    }

    #[test]
    fn a_cap_that_stops_short_of_known_ground_is_told() {
        let line = Line::Search("x".to_owned());
        let mut cursor = Cursor { min: Some("5".to_owned()), ..Cursor::default() };
        for page in 0..MAX_FOUND {
            let start = 1000 + 100 * page as usize;
            let (more, end, cut) = cursor.advance(&line, &ids(start..start + 40), Time(0));
            let is_last = page + 1 == MAX_FOUND;
            assert_eq!((more, end, cut), (!is_last, is_last, is_last), "page {page}");
        }
    }

    #[test]
    fn a_cursor_that_cannot_be_read_starts_over() {
        for words in ["", "garbage", "[]", "{\"min\":7}", "{\"other\":1}"] {
            assert_eq!(Cursor::read(Some(words)), Cursor::default(), "{words}");
        }
    }
}
