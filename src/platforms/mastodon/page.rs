//! The pages of a stream: what one held.
//!
//! Which page is next is the cursor's to say. When a page holds replies to posts we
//! do not know, their threads are read first, and then the page once more: so nothing is told
//! before its parents are known in ids that mean the same everywhere, and the cursor never holds
//! what somebody wrote.

use std::collections::HashSet;

use super::cursor::{Cursor, Thread};
use super::line::{Home, Line, Me};
use super::tell::{self, Told};
use super::tree::Tree;
use super::wire::{Found, Notification, Status};
use crate::http::Reply;
use crate::model::{Gap, Kind, Reading, Time};
use crate::platforms::{Page, Refusal, answer};

/// Threads that are read for one page; further replies get an alias for their parent.
const MAX_THREADS: usize = 40;
/// How often threads are read for one page, if new replies come in meanwhile.
const MAX_ROUNDS: u32 = 3;

/// The kinds of notification that are asked for; of anything else that comes nothing is told.
pub const TYPES: [&str; 4] = ["mention", "reblog", "favourite", "quote"];

/// One item of a page, of whatever stream: a post, or a sign given to one.
struct Item {
    status: Status,
    sign: Option<(Kind, Notification)>,
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
        let list: answer::Items<'_> = match line {
            Line::Search(_) => answer::json::<Found<'_>>(body, path)?.statuses,
            _ => answer::json(body, path)?,
        };
        if matches!(line, Line::Notifications) {
            for note in list.read::<Notification>(path) {
                match note {
                    Ok(note) => all.notification(note, path),
                    Err(spoiled) => all.spoil(spoiled),
                }
            }
        } else {
            for status in list.read::<Status>(path) {
                match status {
                    Ok(status) => {
                        all.ids.push(status.id.clone());
                        all.keep(Item { status, sign: None });
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
        let sign = match note.kind.as_str() {
            "reblog" => Some((Kind::Share, note)),
            "favourite" => Some((Kind::Reaction, note)),
            _ => None,
        };
        self.keep(Item { status, sign });
    }

    fn keep(&mut self, item: Item) {
        if item.status.is_public() {
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
        let posts = self.items.iter().filter(|item| item.sign.is_none()).map(|item| &item.status);
        posts.filter(|status| status.reblog.is_none())
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
        .filter_map(|item| {
            let status = &item.status;
            if let Some((kind, note)) = &item.sign {
                return tell::sign(*kind, note, status, home);
            }
            let mut told = tell::status(status, &tree, me, home)?;
            if matches!(line, Line::Posts) {
                told.reading.counts = Some(tell::counts(status));
                told.reading.counts_at = Some(now);
            }
            Some(told.reading)
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
