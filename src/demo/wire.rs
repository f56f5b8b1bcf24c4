//! The JSON in which the simulated platform tells its accounts, posts and notifications.

use serde_json::{Value, json};

use super::world::{BRAND, HOME, SignKind, Which, Who, World};
use crate::model::Time;

/// An account's id on this server.
pub fn account_id(who: Who) -> String {
    (110_000_000_000 + who * 7).to_string()
}

/// An account.
pub fn account(world: &World, who: Who) -> Value {
    let it = &world.accounts[who];
    json!({
        "id": account_id(who),
        "username": it.handle,
        "acct": it.acct(),
        "display_name": it.name,
        "url": it.url(),
        "uri": format!("https://{}/users/{}", it.host, it.handle),
        "bot": it.bot,
        "locked": false,
        "note": "<p>Simulated.</p>",
        "created_at": "2024-01-01T00:00:00.000Z",
        "emojis": [],
        "fields": [],
    })
}

/// A post as it is at that time.
pub fn status(world: &World, which: Which, now: Time) -> Value {
    let post = &world.posts[which];
    let signs = |kind| {
        world.signs.iter().filter(|s| s.post == which && s.kind == kind && s.at <= now).count()
    };
    let quote = post.quoted.map(|quoted| {
        // One level only, as there.
        let is_there = world.exists(quoted, now);
        json!({
            "state": if is_there { "accepted" } else { "deleted" },
            "quoted_status": is_there.then(|| status(world, quoted, now)),
        })
    });
    json!({
        "id": world.id(which).to_string(),
        "uri": world.uri(which),
        "url": world.url(which),
        "created_at": stamp(post.at),
        "edited_at": null,
        "in_reply_to_id": post.parent.map(|p| world.id(p).to_string()),
        "in_reply_to_account_id": post.parent.map(|p| account_id(world.posts[p].by)),
        "sensitive": false,
        "spoiler_text": "",
        "visibility": if post.is_private { "direct" } else { "public" },
        "language": post.lang,
        "content": content(world, which),
        "reblog": null,
        "quote": quote,
        "account": account(world, post.by),
        "mentions": post.names.iter().map(|who| mention(world, *who)).collect::<Vec<_>>(),
        "tags": tags(&post.text)
            .map(|tag| json!({"name": tag, "url": tag_url(tag)}))
            .collect::<Vec<_>>(),
        "replies_count": world.replies(which, now).len(),
        "reblogs_count": signs(SignKind::Boost),
        "favourites_count": signs(SignKind::Favourite),
        "quotes_count": world.quotes(which, now),
        "media_attachments": [],
        "emojis": [],
        "card": null,
        "poll": null,
    })
}

fn mention(world: &World, who: Who) -> Value {
    let it = &world.accounts[who];
    json!({ "id": account_id(who), "username": it.handle, "acct": it.acct(), "url": it.url() })
}

/// One notification of the brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// A post that names it, or quotes it.
    Post(Which),
    /// A boost or a favourite.
    Sign(usize),
}

impl Note {
    /// Its id; grows with time.
    pub fn id(self, world: &World) -> u64 {
        match self {
            Self::Post(which) => world.id(which),
            Self::Sign(sign) => world.sign_id(sign),
        }
    }

    /// The word for its kind.
    pub fn kind(self, world: &World) -> &'static str {
        match self {
            Self::Post(which) if quotes_brand(world, which) => "quote",
            Self::Post(_) => "mention",
            Self::Sign(sign) => match world.signs[sign].kind {
                SignKind::Boost => "reblog",
                SignKind::Favourite => "favourite",
            },
        }
    }

    /// As it is told.
    pub fn json(self, world: &World, now: Time) -> Value {
        let (by, at, post) = match self {
            Self::Post(which) => (world.posts[which].by, world.posts[which].at, which),
            Self::Sign(sign) => {
                let sign = &world.signs[sign];
                (sign.by, sign.at, sign.post)
            }
        };
        json!({
            "id": self.id(world).to_string(),
            "type": self.kind(world),
            "created_at": stamp(at),
            "account": account(world, by),
            "status": status(world, post, now),
        })
    }
}

fn quotes_brand(world: &World, which: Which) -> bool {
    world.posts[which].quoted.is_some_and(|quoted| world.posts[quoted].by == BRAND)
}

/// The brand's notifications at that time, the oldest first. Those of deleted posts are gone.
pub fn notes(world: &World, now: Time) -> Vec<Note> {
    let posts = (0..world.posts.len())
        .filter(|which| {
            let post = &world.posts[*which];
            post.by != BRAND
                && world.exists(*which, now)
                && (post.names.contains(&BRAND) || quotes_brand(world, *which))
        })
        .map(Note::Post);
    let signs = (0..world.signs.len())
        .filter(|sign| {
            let sign = &world.signs[*sign];
            sign.at <= now && world.posts[sign.post].by == BRAND && world.exists(sign.post, now)
        })
        .map(Note::Sign);
    let mut all: Vec<Note> = posts.chain(signs).collect();
    all.sort_by_key(|note| note.id(world));
    all
}

/// The tags of a text, without `#`.
pub fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter_map(|word| word.strip_prefix('#')).filter(|tag| !tag.is_empty())
}

fn tag_url(tag: &str) -> String {
    format!("https://{HOME}/tags/{tag}")
}

/// The HTML that such servers write.
fn content(world: &World, which: Which) -> String {
    let post = &world.posts[which];
    let mut words: Vec<String> = post
        .names
        .iter()
        .map(|who| {
            let it = &world.accounts[*who];
            format!(
                "<span class=\"h-card\"><a href=\"{}\" class=\"u-url mention\">@<span>{}</span></a></span>",
                it.url(),
                it.handle
            )
        })
        .collect();
    words.extend(post.text.split(' ').map(|word| match word.strip_prefix('#') {
        Some(tag) if !tag.is_empty() => format!(
            "<a href=\"{}\" class=\"mention hashtag\" rel=\"tag\">#<span>{}</span></a>",
            tag_url(tag),
            escape(tag)
        ),
        _ => escape(word),
    }));
    format!("<p>{}</p>", words.join(" "))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn stamp(at: Time) -> String {
    at.utc().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
