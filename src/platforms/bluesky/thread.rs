//! A thread as readings, and the look-up of one post.
//!
//! A post that is not shown is asked for once more by itself before it counts as gone: a thread is
//! put together from more than one index.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::page;
use super::session::Me;
use super::tell::{self, Act};
use super::uri::AtUri;
use super::wire::{Node, PostView, Posts, Thread};
use crate::http::Reply;
use crate::model::{Reading, Time};
use crate::platforms::{Page, Refusal, Target, answer};

/// How far down and up a thread is asked for, and followed whatever comes.
pub const DEPTH: usize = 40;
pub const HEIGHT: usize = 60;
/// Posts of one thread that are read.
const MAX_POSTS: usize = 2000;
/// Posts of strangers that are told of one thread; those that concern us are always told.
const MAX_AROUND: usize = 400;

/// How far a look-up has come.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// The thread does not show it.
    pub missing: bool,
}

impl Look {
    /// Reads the cursor of a look-up.
    pub fn read(words: Option<&str>) -> Self {
        words.and_then(|w| serde_json::from_str(w).ok()).unwrap_or_default()
    }

    /// What comes after a thread that does not show the post.
    pub fn not_shown() -> Page {
        let cursor = serde_json::to_string(&Self { missing: true }).ok();
        Page { cursor, more: true, ..Page::default() }
    }
}

/// A place in a thread that was read.
enum Place<'a> {
    Post(Box<PostView>, Option<&'a RawValue>, Vec<&'a RawValue>),
    /// It is gone, if that is known.
    Gone(String),
    /// It cannot be read: a block stands between two people, or it is of a kind we do not know.
    Hidden,
}

fn place<'a>(raw: &'a RawValue) -> Result<Place<'a>, String> {
    let fault = |e: &serde_json::Error| answer::item_fault(e);
    let node: Node<'a> = serde_json::from_str(raw.get()).map_err(|e| fault(&e))?;
    if let Some(post) = node.post {
        let view = serde_json::from_str(post.get()).map_err(|e| format!("post: {}", fault(&e)))?;
        return Ok(Place::Post(view, node.parent, node.replies.unwrap_or_default().into_raw()));
    }
    Ok(match node.uri {
        Some(uri) if node.not_found && AtUri::post(&uri).is_some() => Place::Gone(uri),
        _ => Place::Hidden,
    })
}

/// What the reply to `getPostThread` held; [`Look::not_shown`] if it does not show the post.
pub fn thread(reply: &Reply, target: &Target, me: &Me, now: Time) -> Result<Page, Refusal> {
    let body: Thread<'_> = answer::json(&reply.body, "thread")?;
    let middle = place(body.thread).map_err(|why| answer::malformed("thread", why))?;
    let Place::Post(view, parent, replies) = middle else { return Ok(Look::not_shown()) };
    let mut page = Page { end: true, ..Page::default() };
    let mut way = Way { me, ours: HashSet::new(), page: &mut page };
    way.up(parent);
    let reading = asked(&view, target, me, now)?;
    way.mark(&reading);
    way.page.readings.push(reading);
    way.down(replies);
    page.around.truncate(MAX_AROUND);
    Ok(page)
}

/// What the reply to `getPosts` held: the post after all, or the word that it is gone.
pub fn alone(reply: &Reply, target: &Target, me: &Me, now: Time) -> Result<Page, Refusal> {
    let found: Posts<'_> = answer::json(&reply.body, "posts")?;
    let mut page = Page { end: true, ..Page::default() };
    match found.posts.first() {
        None => page.gone.push(target.id.clone()),
        Some(raw) => {
            let view: PostView = serde_json::from_str(raw.get())
                .map_err(|e| answer::malformed("posts[0]", answer::item_fault(&e)))?;
            page.readings.push(asked(&view, target, me, now)?);
        }
    }
    Ok(page)
}

/// The post that was asked for, with its counters.
fn asked(view: &PostView, target: &Target, me: &Me, now: Time) -> Result<Reading, Refusal> {
    if view.uri != target.id {
        return Err(answer::malformed("post.uri", "this is another post"));
    }
    let told = tell::post(&Act::from(view), me).map_err(|why| answer::malformed("post", why))?;
    let mut reading = told.ok_or_else(|| answer::malformed("post.uri", "this is no post"))?.reading;
    reading.counts = Some(tell::counts(view));
    reading.counts_at = Some(now);
    Ok(reading)
}

/// A post beside one that is told; what is wrong with it is not worth a word.
pub fn neighbour(raw: &RawValue, me: &Me, page: &mut Page) {
    // The note that it is gone is told like a post, without one around it.
    let told = match serde_json::from_str::<PostView>(raw.get()) {
        Ok(view) => tell::post(&Act::from(&view), me).ok().flatten(),
        Err(_) => {
            if let Ok(Place::Gone(uri)) = place(raw) {
                page.gone.push(uri);
            }
            None
        }
    };
    if let Some(told) = told {
        page::file(page, told);
    }
}

/// The way through a thread, from its root down.
struct Way<'p, 'm> {
    me: &'m Me,
    /// Posts that are ours or below ours.
    ours: HashSet<String>,
    page: &'p mut Page,
}

impl Way<'_, '_> {
    /// Reads the posts above, and tells them from the root down.
    fn up(&mut self, parent: Option<&RawValue>) {
        let mut above = Vec::new();
        let mut next = parent;
        while let Some(raw) = next.take().filter(|_| above.len() < HEIGHT) {
            match place(raw) {
                Ok(Place::Post(view, parent, _)) => {
                    above.push(view);
                    next = parent;
                }
                Ok(Place::Gone(uri)) => self.page.gone.push(uri),
                Ok(Place::Hidden) => {}
                Err(why) => self.page.spoiled.push(format!("thread.parent: {why}")),
            }
        }
        above.iter().rev().for_each(|view| self.tell(view));
    }

    /// Reads the posts below, each before those below it. By hand, not by recursion: strangers
    /// decide how deep it goes.
    fn down(&mut self, replies: Vec<&RawValue>) {
        let mut read = 0;
        let mut stack: Vec<(usize, &RawValue)> =
            replies.into_iter().rev().map(|r| (1, r)).collect();
        while let Some((depth, raw)) = stack.pop() {
            read += 1;
            if read > MAX_POSTS {
                return;
            }
            match place(raw) {
                Ok(Place::Post(view, _, replies)) => {
                    self.tell(&view);
                    if depth < DEPTH {
                        stack.extend(replies.into_iter().rev().map(|r| (depth + 1, r)));
                    }
                }
                Ok(Place::Gone(uri)) => self.page.gone.push(uri),
                Ok(Place::Hidden) => {}
                Err(why) => self.page.spoiled.push(format!("thread.replies: {why}")),
            }
        }
    }

    fn tell(&mut self, view: &PostView) {
        match tell::post(&Act::from(view), self.me) {
            Ok(Some(mut told)) => {
                told.addressed |= self.mark(&told.reading);
                page::file(self.page, told);
            }
            Ok(None) => {}
            Err(why) => self.page.spoiled.push(format!("thread: {why}")),
        }
    }

    /// Notes whether a post is ours or below ours.
    fn mark(&mut self, reading: &Reading) -> bool {
        let is_ours = reading.own
            || reading.in_reply_to.as_ref().is_some_and(|parent| self.ours.contains(parent));
        if is_ours {
            self.ours.insert(reading.id.clone());
        }
        is_ours
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use url::Url;

    use super::*;

    const ME: &str = "did:plc:acmeacme";
    const ADA: &str = "did:plc:adaadaad";

    fn at(rkey: &str) -> String {
        format!("at://{ADA}/app.bsky.feed.post/{rkey}")
    }

    fn read(thread: &str) -> Result<Page, Refusal> {
        let me = Me {
            did: ME.to_owned(),
            handle: String::new(),
            access: String::new(),
            refresh: String::new(),
            refresh_until: None,
            server: None,
        };
        let reply = Reply {
            status: 200,
            headers: Vec::new(),
            body: format!("{{\"thread\":{thread}}}").into_bytes(),
            url: Url::parse("https://bsky.social").unwrap(),
            moved_for_good: false,
        };
        let target = Target { id: at("0"), locator: None, thread: None, url: None };
        super::thread(&reply, &target, &me, Time(1_772_618_400_000))
    }

    fn post(rkey: &str) -> Value {
        json!({"uri": at(rkey), "author": {"did": ADA, "handle": "ada.example"},
            "record": {"text": rkey}})
    }

    /// A chain of posts, each in the `inside` of the one before.
    fn chain(length: usize, inside: (&str, &str)) -> String {
        let (mut head, mut tail) = (String::new(), String::new());
        for n in 0..length {
            head.push_str(&format!("{{\"post\":{}{}", post(&n.to_string()), inside.0));
            tail.push_str(inside.1);
        }
        format!("{head}null{tail}")
    }

    #[test]
    fn a_thread_may_be_deeper_than_any_parser_goes_and_is_followed_so_far() {
        for (case, inside, wanted) in
            [("down", (",\"replies\":[", "]}"), DEPTH), ("up", (",\"parent\":", "}"), HEIGHT)]
        {
            let short = read(&chain(30, inside)).unwrap();
            assert_eq!(short.readings.len() + short.around.len(), 30, "{case}: all of it");
            let deep = read(&chain(5_000, inside)).unwrap();
            assert_eq!(deep.readings.len() + deep.around.len(), wanted + 1, "{case}");
        }
    }

    #[test]
    fn a_thread_may_be_wider_than_anybody_reads() {
        let replies: Vec<Value> =
            (1..=3000).map(|n| json!({"post": post(&n.to_string())})).collect();
        let page = read(&json!({"post": post("0"), "replies": replies}).to_string()).unwrap();
        assert_eq!((page.readings.len(), page.around.len()), (1, MAX_AROUND));
    }

    #[test]
    fn a_place_of_a_kind_we_do_not_know_is_passed_over() {
        let odd = json!([{"$type": "app.bsky.feed.defs#later"}, {"uri": "x", "notFound": true}]);
        let page = read(&json!({"post": post("0"), "replies": odd}).to_string()).unwrap();
        assert_eq!((page.readings.len(), page.gone.len(), page.spoiled.len()), (1, 0, 0));
        let page = read("{\"$type\":\"app.bsky.feed.defs#later\"}").unwrap();
        assert!(page.more, "the middle of a thread is asked for by itself");
    }
}
