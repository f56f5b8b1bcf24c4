//! The pages of a stream: what one held.
//!
//! Which page is next is the cursor's to say, and of notifications also which posts are then asked
//! for by themselves. Records name the posts above them by ids that mean
//! the same everywhere, so every page can be told as it comes.

use std::collections::HashSet;

use super::cursor::{Cursor, Step};
use super::line::Line;
use super::session::Me;
use super::tell::{self, Act, Told};
use super::thread;
use super::uri::AtUri;
use super::wire::{Above, Feed, FeedItem, Notification, Notifications, PostView, Posts};
use crate::http::Reply;
use crate::model::{Gap, Time};
use crate::platforms::{Page, Refusal, answer};

/// The reasons why a post that does not name us may be told all the same: it stands somewhere below
/// one of ours. Posts of accounts that we only follow come with other ones.
const REASONS: [&str; 3] = ["mention", "reply", "quote"];

/// A page in the making, with the times at which its items were taken up.
#[derive(Default)]
struct Items {
    page: Page,
    times: Vec<Time>,
    /// Posts to ask for by themselves, each with its version.
    wanted: Vec<(String, String)>,
    read: usize,
}

impl Items {
    fn read(
        line: &Line,
        body: &[u8],
        me: &Me,
        now: Time,
    ) -> Result<(Self, Option<String>), Refusal> {
        let path = line.path();
        let mut all = Self::default();
        let (list, next) = match line {
            Line::Notifications => {
                let found: Notifications<'_> = answer::json(body, path)?;
                all.each::<Notification>(&found.notifications, path, |all, note| {
                    all.notification(&note, me)
                });
                (found.notifications, found.cursor)
            }
            Line::Posts => {
                let found: Feed<'_> = answer::json(body, path)?;
                all.each::<FeedItem>(&found.feed, path, |all, item| all.feed_item(&item, me, now));
                (found.feed, found.cursor)
            }
            Line::Search(_) => {
                let found: Posts<'_> = answer::json(body, path)?;
                all.each::<PostView>(&found.posts, path, |all, view| {
                    all.times.extend(tell::taken_up(view.indexed_at.as_deref()));
                    let told = tell::post(&Act::from(&view), me)?;
                    all.page.readings.extend(told.map(|told| told.reading));
                    Ok(())
                });
                (found.posts, found.cursor)
            }
        };
        if all.read == 0 && !list.is_empty() {
            let first = all.page.spoiled.first().cloned().unwrap_or_default();
            return Err(answer::malformed(path, format!("no item can be read: {first}")));
        }
        Ok((all, next))
    }

    /// Takes in each item that can be read, and notes the others.
    fn each<T: serde::de::DeserializeOwned>(
        &mut self,
        list: &answer::Items<'_>,
        path: &str,
        mut take: impl FnMut(&mut Self, T) -> Result<(), String>,
    ) {
        for (place, item) in list.read::<T>(path).enumerate() {
            match item.map(|item| take(self, item)) {
                Ok(Ok(())) => self.read += 1,
                Ok(Err(why)) => self.page.spoiled.push(format!("{path}[{place}].{why}")),
                Err(spoiled) => self.page.spoiled.push(spoiled.said),
            }
        }
    }

    fn notification(&mut self, note: &Notification, me: &Me) -> Result<(), String> {
        self.times.extend(tell::taken_up(note.indexed_at.as_deref()));
        let act = Act::from(note);
        if let Some(sign) = tell::sign(&act, me)? {
            self.page.readings.push(sign);
        } else if let Some(told) = tell::post(&act, me)? {
            let is_for_us = told.addressed || REASONS.contains(&note.reason.as_str());
            self.wanted.extend(is_for_us.then(|| (note.uri.clone(), note.cid.clone())));
        }
        Ok(())
    }

    fn feed_item(&mut self, item: &FeedItem, me: &Me, now: Time) -> Result<(), String> {
        let reason = item.reason.as_ref();
        // What we pass on stands where we did so, whenever it was written. What is pinned stands
        // first, and says nothing about where we are.
        let listed = match reason {
            Some(reason) => reason.indexed_at.as_deref().filter(|_| reason.by.is_some()),
            None => item.post.indexed_at.as_deref(),
        };
        self.times.extend(tell::taken_up(listed));
        if reason.is_some_and(|reason| reason.by.is_some()) {
            return Ok(());
        }
        if let Some(mut told) = tell::post(&Act::from(&item.post), me)? {
            told.reading.counts = Some(tell::counts(&item.post));
            told.reading.counts_at = Some(now);
            self.page.readings.push(told.reading);
        }
        // What it answers comes along: the way up from our answer to the question.
        let above =
            item.reply.as_ref().and_then(|raw| serde_json::from_str::<Above<'_>>(raw.get()).ok());
        for raw in above.iter().flat_map(|above| [above.root, above.parent]) {
            thread::neighbour(raw, me, &mut self.page);
        }
        Ok(())
    }
}

/// What a page of a stream held.
pub fn parse(
    line: &Line,
    mut cursor: Cursor,
    reply: &Reply,
    me: &Me,
    now: Time,
) -> Result<Page, Refusal> {
    let (Items { mut page, times, wanted, .. }, next) = Items::read(line, &reply.body, me, now)?;
    once(&mut page);
    wanted.iter().for_each(|(uri, version)| cursor.views.want(uri, version));
    let step = cursor.advance(line, &times, next.as_deref(), now);
    page.end = cursor.is_at_end();
    page.more = !page.end && step != Step::Later;
    if let Step::Cut { after, before } = step {
        page.gap = Some(Gap {
            after: Some(after),
            before,
            why: "more than can be paged through since the last time".to_owned(),
            noticed_at: now,
        });
    }
    page.cursor = cursor.words();
    Ok(page)
}

/// What the views of the posts held that the cursor wants next.
pub fn views(mut cursor: Cursor, reply: &Reply, me: &Me, now: Time) -> Result<Page, Refusal> {
    let found: Posts<'_> = answer::json(&reply.body, "posts")?;
    let (mut all, mut shown) = (Items::default(), Vec::new());
    all.each::<PostView>(&found.posts, "posts", |all, view| {
        if !cursor.views.next().contains(&view.uri) {
            return Err("uri: it was not asked for".to_owned());
        }
        if let Some(mut told) = tell::post(&Act::from(&view), me)? {
            told.reading.counts = Some(tell::counts(&view));
            told.reading.counts_at = Some(now);
            all.page.readings.push(told.reading);
        }
        shown.push((view.uri, view.cid));
        Ok(())
    });
    let mut page = all.page;
    once(&mut page);
    cursor.views.took(&shown);
    page.end = cursor.is_at_end();
    page.more = !page.end;
    page.cursor = cursor.words();
    Ok(page)
}

/// Tells everything once: what we answer often stands on the same page as our answer. The telling
/// with counters is the one that stays.
fn once(page: &mut Page) {
    let counted: HashSet<String> =
        page.readings.iter().filter(|r| r.counts.is_some()).map(|r| r.id.clone()).collect();
    let mut told = HashSet::new();
    page.readings
        .retain(|r| (r.counts.is_some() || !counted.contains(&r.id)) && told.insert(r.id.clone()));
    page.around.retain(|r| told.insert(r.id.clone()));
    page.gone.retain(|id| told.insert(id.clone()));
}

/// The address of a post on a page, if there is one: to try something on.
pub fn newest_post(
    line: &Line,
    body: &[u8],
    me: &Me,
    now: Time,
) -> Result<Option<String>, Refusal> {
    let (all, _) = Items::read(line, body, me, now)?;
    Ok(all.page.readings.into_iter().map(|r| r.id).find(|id| AtUri::post(id).is_some()))
}

/// Files a post that was found beside what was asked for.
pub fn file(page: &mut Page, told: Told) {
    if told.addressed {
        page.readings.push(told.reading);
    } else {
        page.around.push(told.reading);
    }
}
