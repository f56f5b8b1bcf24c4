//! The pages of a stream: which one is next, and what it held.
//!
//! A stream is walked forward with `min_id` until a page is empty. The first time there is nothing
//! to walk from: a few pages are read backwards as history. When a page holds replies to posts we
//! do not know, their threads are read first, and then the page once more: so nothing is told
//! before its parents are known in ids that mean the same everywhere, and the cursor never holds
//! what somebody wrote.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::tell::{self, Told};
use super::tree::{Known, Tree, order};
use super::wire::{Found, Notification, Status};
use super::{Home, Line, Me};
use crate::http::Reply;
use crate::model::{Gap, Kind, Reading, Time};
use crate::platforms::{Page, Refusal, answer};

/// Pages that are read as history the first time.
const HISTORY: u32 = 3;
/// Pages of one search result; servers cut deep paging off anyway.
const MAX_FOUND: u32 = 10;
/// Threads that are read for one page; further replies get an alias for their parent.
const MAX_THREADS: usize = 40;
/// How often threads are read for one page, if new replies come in meanwhile.
const MAX_ROUNDS: u32 = 3;
/// How often the newest page of a search is read again whole: posts from other servers can be filed
/// below those we have read.
const AGAIN: i64 = Time::HOUR;

/// The kinds of notification that are asked for; of anything else that comes nothing is told.
pub const TYPES: [&str; 4] = ["mention", "reblog", "favourite", "quote"];

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
    rounds: u32,
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
    fn advance(&mut self, line: &Line, ids: &[String], now: Time) -> (bool, bool, bool) {
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

/// One item of a page, of whatever stream.
enum Item {
    Post(Status),
    Sign(Kind, Notification, Status),
}

impl Item {
    fn status(&self) -> &Status {
        match self {
            Self::Post(status) | Self::Sign(_, _, status) => status,
        }
    }
}

/// The items of a page, with the ids of all of them, also of those that are left out.
#[derive(Default)]
struct Items {
    items: Vec<Item>,
    ids: Vec<String>,
    spoiled: Vec<String>,
    private: u32,
}

impl Items {
    fn read(line: &Line, body: &[u8], path: &str) -> Result<Self, Refusal> {
        let mut all = Self::default();
        let list: Vec<&RawValue> = match line {
            Line::Search(_) => answer::json::<Found<'_>>(body, path)?.statuses,
            _ => answer::json(body, path)?,
        };
        if matches!(line, Line::Notifications) {
            for note in answer::items::<Notification>(&list, path) {
                match note {
                    Ok(note) => all.notification(note, path),
                    Err(spoiled) => all.spoil(spoiled),
                }
            }
        } else {
            for status in answer::items::<Status>(&list, path) {
                match status {
                    Ok(status) => {
                        all.ids.push(status.id.clone());
                        all.keep(Item::Post(status));
                    }
                    Err(spoiled) => all.spoil(spoiled),
                }
            }
        }
        if all.ids.is_empty() && !list.is_empty() {
            let first = all.spoiled.first().cloned().unwrap_or_default();
            return Err(answer::malformed(path, format!("no item can be read: {first}")));
        }
        Ok(all)
    }

    fn notification(&mut self, note: Notification, path: &str) {
        self.ids.push(note.id.clone());
        // Servers send kinds that were not asked for; and a notification whose post is gone has none.
        let (true, Some(raw)) = (TYPES.contains(&note.kind.as_str()), &note.status) else { return };
        let status = match serde_json::from_str::<Status>(raw.get()) {
            Ok(status) => status,
            Err(e) => {
                let why = answer::item_fault(&e);
                self.spoiled.push(format!("{path}[{}].status: {why}", self.ids.len() - 1));
                return;
            }
        };
        self.keep(match note.kind.as_str() {
            "reblog" => Item::Sign(Kind::Share, note, status),
            "favourite" => Item::Sign(Kind::Reaction, note, status),
            _ => Item::Post(status),
        });
    }

    fn keep(&mut self, item: Item) {
        if item.status().is_public() {
            self.items.push(item);
        } else {
            self.private += 1;
        }
    }

    fn spoil(&mut self, spoiled: answer::Spoiled) {
        self.ids.extend(spoiled.id);
        self.spoiled.push(spoiled.said);
    }

    fn posts(&self) -> impl Iterator<Item = &Status> {
        self.items.iter().filter_map(|item| match item {
            Item::Post(status) if status.reblog.is_none() => Some(status),
            _ => None,
        })
    }
}

/// The threads to be read for replies whose parents are unknown: one for each parent that is not
/// on the page itself.
fn threads(unknown: &[&Status], me: Option<&Me>) -> Vec<Thread> {
    let mut known: HashSet<&str> = unknown.iter().map(|post| post.id.as_str()).collect();
    unknown
        .iter()
        .filter_map(|post| Some((post, post.parent()?)))
        .filter(|(_, parent)| known.insert(parent))
        .take(MAX_THREADS)
        .map(|(post, parent)| Thread {
            id: post.id.clone(),
            uri: post.uri.clone(),
            parent: parent.to_owned(),
            own: me.is_some_and(|me| me.id == post.account.id),
        })
        .collect()
}

/// What a page of a stream held.
pub fn parse(
    line: &Line,
    mut cursor: Cursor,
    reply: &Reply,
    me: Option<&Me>,
    home: &Home,
    now: Time,
) -> Result<Page, Refusal> {
    let all = Items::read(line, &reply.body, &line.path())?;
    let mut tree = Tree::new(home.name(), me.map(|me| me.id.as_str()), &cursor.known);
    let unknown = tree.place(all.posts());
    if cursor.rounds < MAX_ROUNDS {
        cursor.threads = threads(&unknown, me);
        if !cursor.threads.is_empty() {
            cursor.rounds += 1;
            return Ok(Page { cursor: cursor.words(), more: true, ..Page::default() });
        }
    }
    tree.place_all(all.posts());
    let readings: Vec<Reading> = all
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Post(status) => {
                let mut told = tell::status(status, &tree, me, home)?;
                if matches!(line, Line::Posts) {
                    told.reading.counts = Some(tell::counts(status));
                    told.reading.counts_at = Some(now);
                }
                Some(told.reading)
            }
            Item::Sign(kind, note, status) => tell::sign(*kind, note, status, home),
        })
        .collect();
    for parent in all.posts().filter_map(|p| tree.node(p.parent()?)) {
        cursor.known.learn(parent);
    }
    cursor.rounds = 0;
    let (more, end, cut) = cursor.advance(line, &all.ids, now);
    let gap = cut.then(|| Gap {
        after: None,
        before: readings.iter().filter_map(|r| r.created_at).min(),
        why: "more than can be paged through since the last time".to_owned(),
        noticed_at: now,
    });
    Ok(Page {
        readings,
        private: all.private,
        spoiled: all.spoiled,
        cursor: cursor.words(),
        more,
        end,
        gap,
        ..Page::default()
    })
}

/// The id here of a public post on a page, if there is one: to try something on.
pub fn newest_post(line: &Line, body: &[u8]) -> Result<Option<String>, Refusal> {
    let all = Items::read(line, body, &line.path())?;
    Ok(all.posts().next().map(|post| post.id.clone()))
}

/// Files what a thread held: what concerns us, and what is around it.
pub fn file(page: &mut Page, told: impl IntoIterator<Item = Told>) {
    for told in told {
        if told.addressed {
            page.readings.push(told.reading);
        } else {
            page.around.push(told.reading);
        }
    }
}
