//! A thread (`context`) as readings, and the look-up of one post.
//!
//! The thread is asked for first and the post second: the thread names the post's parent, so that
//! the post can be told whole; a post that is gone has no thread either.

use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use super::line::{Home, Me};
use super::page;
use super::tell;
use super::tree::{Known, Tree};
use super::wire::{Context, Found, Status};
use crate::http::Reply;
use crate::model::Time;
use crate::platforms::{Page, Refusal, Target, answer};

/// Posts of strangers that are told of one thread; those that concern us are always told.
const MAX_AROUND: usize = 400;

/// The thread of a post as a page, and what it taught about parents.
pub struct Read {
    pub page: Page,
    pub known: Known,
    /// The root of the thread, as it is now.
    pub root: String,
}

/// The post whose thread it is.
pub struct Middle<'a> {
    pub id: &'a str,
    pub uri: &'a str,
    /// Its parent's id here; `None`: the last post above it.
    pub parent: Option<&'a str>,
    pub own: bool,
}

/// What the reply to `context` held.
pub fn read(
    reply: &Reply,
    middle: &Middle<'_>,
    known: &Known,
    me: Option<&Me>,
    home: &Home,
) -> Result<Read, Refusal> {
    let context: Context<'_> = answer::json(&reply.body, "context")?;
    let mut page = Page::default();
    let mut posts = |list: &answer::Items<'_>, path| -> Vec<Status> {
        let (good, bad): (Vec<_>, Vec<_>) = list.read::<Status>(path).partition(Result::is_ok);
        page.spoiled.extend(bad.into_iter().filter_map(Result::err).map(|s| s.said));
        good.into_iter().filter_map(Result::ok).collect()
    };
    let above = posts(&context.ancestors, "context.ancestors");
    let below = posts(&context.descendants, "context.descendants");

    let my_id = me.map(|me| me.id.as_str());
    let mut tree = Tree::new(home.name(), my_id, known);
    tree.place_all(&above);
    let parent = middle.parent.or_else(|| above.last().map(|p| p.id.as_str()));
    if let Some(parent) = parent {
        tree.alias(parent, false);
    }
    let is_ours = middle.own
        || my_id.is_some_and(|me| {
            below.iter().any(|p| {
                p.parent() == Some(middle.id) && p.in_reply_to_account_id.as_deref() == Some(me)
            })
        });
    tree.stub(middle.id, middle.uri, parent, is_ours);
    tree.place_all(&below);

    page.private = above.iter().chain(&below).filter(|p| !p.is_public()).count() as u32;
    let all = above.iter().chain(&below).filter_map(|p| tell::status(p, &tree, me, home));
    page::file(&mut page, all);
    page.around.truncate(MAX_AROUND);

    let mut known = known.clone();
    for node in above.iter().filter_map(|p| tree.node(&p.id)) {
        known.learn(node);
    }
    if let Some(node) = parent.and_then(|p| tree.node(p)) {
        known.learn(node);
    }
    let root = tree.node(middle.id).map(|n| n.root.clone()).unwrap_or_default();
    Ok(Read { page, known, root })
}

/// A stream's cursor after a thread that cannot be read: its parent gets an alias.
pub fn give_up(cursor: &mut Cursor, parent: &str, home: &Home) {
    let mut tree = Tree::new(home.name(), None, &cursor.known);
    tree.alias(parent, false);
    if let Some(node) = tree.node(parent) {
        cursor.known.learn(node);
    }
}

/// How far a look-up has come.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// The post's id here, once it has been found.
    pub id: Option<String>,
    /// The thread has been read; this is what it taught.
    pub known: Option<Known>,
}

/// The next question of a look-up.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// What is it called here?
    Find(String),
    /// Its thread.
    Thread(String),
    /// The post itself.
    Post(String),
}

impl Look {
    /// Reads the cursor of a look-up.
    pub fn read(words: Option<&str>) -> Self {
        words.and_then(|w| serde_json::from_str(w).ok()).unwrap_or_default()
    }

    /// The next question.
    ///
    /// # Errors
    /// [`Refusal::Unanswerable`] for a post that is only known elsewhere, without a way to find it.
    pub fn step(&self, target: &Target, home: &Home, can_find: bool) -> Result<Step, Refusal> {
        let local =
            target.locator.as_deref().and_then(|l| l.strip_prefix(home.name())?.strip_prefix('/'));
        let Some(id) = self.id.as_deref().or(local) else {
            let address = [target.url.as_deref(), Some(target.id.as_str())]
                .into_iter()
                .flatten()
                .find(|a| crate::text::is_web(a));
            return match address {
                Some(address) if can_find => Ok(Step::Find(address.to_owned())),
                Some(_) => Err(Refusal::Unanswerable(
                    "finding a post by its address needs a token".to_owned(),
                )),
                None => Err(Refusal::Unanswerable("the post has no address".to_owned())),
            };
        };
        Ok(match self.known {
            None => Step::Thread(id.to_owned()),
            Some(_) => Step::Post(id.to_owned()),
        })
    }

    fn go_on(self, mut page: Page) -> Page {
        page.cursor = serde_json::to_string(&self).ok();
        page.more = true;
        page
    }

    /// What the reply to that question held.
    pub fn parse(
        mut self,
        step: &Step,
        target: &Target,
        reply: &Reply,
        me: Option<&Me>,
        home: &Home,
        now: Time,
    ) -> Result<Page, Refusal> {
        match step {
            Step::Find(address) => {
                let found: Found<'_> = answer::json(&reply.body, "search")?;
                let post = found
                    .statuses
                    .read::<Status>("search.statuses")
                    .filter_map(Result::ok)
                    .find(|p| p.uri == target.id || p.url.as_deref() == Some(address.as_str()));
                let Some(post) = post else {
                    return Err(Refusal::Unanswerable(
                        "the server does not find the post".to_owned(),
                    ));
                };
                self.id = Some(post.id);
                Ok(self.go_on(Page::default()))
            }
            Step::Thread(id) => {
                let middle = Middle { id, uri: &target.id, parent: None, own: false };
                let Read { mut page, known, root } =
                    read(reply, &middle, &Known::default(), me, home)?;
                // A deleted root makes the next post the root. The thread stays the one it was.
                if let Some(thread) = &target.thread {
                    for reading in page.readings.iter_mut().chain(&mut page.around) {
                        if reading.thread.as_ref() == Some(&root) {
                            reading.thread = Some(thread.clone());
                        }
                    }
                }
                self.id = Some(id.clone());
                self.known = Some(known);
                Ok(self.go_on(page))
            }
            Step::Post(_) => {
                let post: Status = answer::json(&reply.body, "status")?;
                let mut page = Page { end: true, ..Page::default() };
                if post.uri != target.id {
                    return Err(answer::malformed("status.uri", "this is another post"));
                }
                if !post.is_public() {
                    page.private = 1;
                    page.gone.push(target.id.clone());
                    return Ok(page);
                }
                let my_id = me.map(|me| me.id.as_str());
                let known = self.known.unwrap_or_default();
                let mut tree = Tree::new(home.name(), my_id, &known);
                // Not an alias here: what was told of the parent before is better.
                tree.place([&post]);
                if let Some(mut told) = tell::status(&post, &tree, me, home) {
                    if target.thread.is_some() {
                        told.reading.thread.clone_from(&target.thread);
                    }
                    told.reading.counts = Some(tell::counts(&post));
                    told.reading.counts_at = Some(now);
                    page.readings.push(told.reading);
                }
                Ok(page)
            }
        }
    }
}
