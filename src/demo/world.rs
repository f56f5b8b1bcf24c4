//! The simulated world: accounts, posts and signs, and what of them exists at a moment.
//!
//! A post dated later than now does not exist yet, and one that was deleted exists no more. Who
//! posts what is `history`'s and `morning`'s; how it is told over HTTP is `platform`'s.

use crate::model::Time;

/// The server that the simulation plays.
pub const HOME: &str = "town.example";

/// An account, by its place in [`World::accounts`].
pub type Who = usize;
/// A post, by its place in [`World::posts`].
pub type Which = usize;

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name before the `@`.
    pub handle: String,
    /// The server it is on; [`HOME`] for local ones.
    pub host: &'static str,
    /// Display name.
    pub name: String,
    /// The language it writes in.
    pub lang: &'static str,
    /// It says that it is a bot.
    pub bot: bool,
}

impl Account {
    /// Its address, the same on every server.
    pub fn url(&self) -> String {
        format!("https://{}/@{}", self.host, self.handle)
    }

    /// How this server names it.
    pub fn acct(&self) -> String {
        if self.host == HOME {
            self.handle.clone()
        } else {
            format!("{}@{}", self.handle, self.host)
        }
    }
}

/// A post.
#[derive(Clone, Debug)]
pub struct Post {
    /// Who wrote it.
    pub by: Who,
    /// When.
    pub at: Time,
    /// The words, without the names it begins with.
    pub text: String,
    /// Its language.
    pub lang: &'static str,
    /// What it replies to.
    pub parent: Option<Which>,
    /// What it quotes.
    pub quoted: Option<Which>,
    /// Whom it names, in this order, before its words.
    pub names: Vec<Who>,
    /// For those it names alone.
    pub is_private: bool,
    /// When its author deletes it.
    pub deleted_at: Option<Time>,
}

/// What is done to a post without words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignKind {
    /// Passed on.
    Boost,
    /// Liked.
    Favourite,
}

/// A boost or a favourite.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// Which.
    pub kind: SignKind,
    /// Who.
    pub by: Who,
    /// When.
    pub at: Time,
    /// Of which post.
    pub post: Which,
}

/// Everything there ever will be. The brand is the first account.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The posts, in no order.
    pub posts: Vec<Post>,
    /// The signs, in no order.
    pub signs: Vec<Sign>,
    /// The replies right below each post.
    below: Vec<Vec<Which>>,
    /// The quotes of each post.
    quotes: Vec<Vec<Which>>,
}

/// The brand's account.
pub const BRAND: Who = 0;

impl World {
    /// Adds a public post that names nobody.
    pub fn post(
        &mut self,
        by: Who,
        at: Time,
        text: impl Into<String>,
        lang: &'static str,
    ) -> Which {
        self.posts.push(Post {
            by,
            at,
            text: text.into(),
            lang,
            parent: None,
            quoted: None,
            names: Vec::new(),
            is_private: false,
            deleted_at: None,
        });
        self.below.push(Vec::new());
        self.quotes.push(Vec::new());
        self.posts.len() - 1
    }

    /// Adds a public post that names the brand.
    pub fn mention(
        &mut self,
        by: Who,
        at: Time,
        text: impl Into<String>,
        lang: &'static str,
    ) -> Which {
        let post = self.post(by, at, text, lang);
        self.posts[post].names.push(BRAND);
        post
    }

    /// Adds a reply, which names its parent's author and whom the parent names, as apps do.
    pub fn reply(&mut self, parent: Which, by: Who, at: Time, text: impl Into<String>) -> Which {
        let above = &self.posts[parent];
        let (lang, mut names) = (above.lang, vec![above.by]);
        names.extend(above.names.iter().copied());
        let post = self.post(by, at, text, lang);
        let mut once = Vec::new();
        names.retain(|who| {
            *who != by && !once.contains(who) && {
                once.push(*who);
                true
            }
        });
        self.posts[post].parent = Some(parent);
        self.posts[post].names = names;
        self.below[parent].push(post);
        post
    }

    /// Adds a post that quotes another and names its author.
    pub fn quote(&mut self, quoted: Which, by: Who, at: Time, text: impl Into<String>) -> Which {
        let (author, lang) = (self.posts[quoted].by, self.posts[quoted].lang);
        let post = self.post(by, at, text, lang);
        self.posts[post].names.push(author);
        self.posts[post].quoted = Some(quoted);
        self.quotes[quoted].push(post);
        post
    }

    /// Adds a boost or a favourite.
    pub fn sign(&mut self, kind: SignKind, by: Who, at: Time, post: Which) {
        self.signs.push(Sign { kind, by, at, post });
    }

    /// Whether a post exists at that time.
    pub fn exists(&self, which: Which, now: Time) -> bool {
        let post = &self.posts[which];
        post.at <= now && post.deleted_at.is_none_or(|gone| now < gone)
    }

    /// The posts that exist, the oldest first.
    pub fn existing(&self, now: Time) -> Vec<Which> {
        let mut all: Vec<Which> = (0..self.posts.len()).filter(|p| self.exists(*p, now)).collect();
        all.sort_by_key(|which| self.id(*which));
        all
    }

    /// A post's id on the server: grows with time, as there.
    pub fn id(&self, which: Which) -> u64 {
        id(self.posts[which].at, which)
    }

    /// The id of the notification about a sign.
    pub fn sign_id(&self, sign: usize) -> u64 {
        id(self.signs[sign].at, 0x8000 + sign)
    }

    /// The id that means the same on every server.
    pub fn uri(&self, which: Which) -> String {
        let by = &self.accounts[self.posts[which].by];
        format!("https://{}/users/{}/statuses/{}", by.host, by.handle, self.id(which))
    }

    /// Where people read it.
    pub fn url(&self, which: Which) -> String {
        format!("{}/{}", self.accounts[self.posts[which].by].url(), self.id(which))
    }

    /// The replies right below a post that exist, the oldest first.
    pub fn replies(&self, which: Which, now: Time) -> Vec<Which> {
        let there = self.below[which].iter().copied().filter(|reply| self.exists(*reply, now));
        let mut all: Vec<Which> = there.collect();
        all.sort_by_key(|which| self.id(*which));
        all
    }

    /// How many quotes of a post exist.
    pub fn quotes(&self, which: Which, now: Time) -> usize {
        self.quotes[which].iter().filter(|quote| self.exists(**quote, now)).count()
    }
}

/// Milliseconds above, a number of its own below: what Mastodon does.
fn id(at: Time, number: usize) -> u64 {
    (u64::try_from(at.0).unwrap_or_default() << 16) | (number as u64 & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        let account = |handle: &str, host| Account {
            handle: handle.to_owned(),
            host,
            name: handle.to_owned(),
            lang: "en",
            bot: false,
        };
        World {
            accounts: vec![
                account("brand", HOME),
                account("ada", "far.example"),
                account("bo", HOME),
            ],
            ..World::default()
        }
    }

    #[test]
    fn the_future_and_the_deleted_do_not_exist() {
        let mut world = world();
        let early = world.mention(1, Time(1_000), "one", "en");
        let late = world.mention(1, Time(3_000), "two", "en");
        world.posts[early].deleted_at = Some(Time(2_000));
        for (now, wanted) in
            [(999, vec![]), (1_000, vec![early]), (2_000, vec![]), (3_000, vec![late])]
        {
            assert_eq!(world.existing(Time(now)), wanted, "at {now}");
        }
    }

    #[test]
    fn a_reply_names_everybody_above_it_once_and_never_its_author() {
        let mut world = world();
        let asked = world.mention(1, Time(1_000), "help", "en");
        let peer = world.reply(asked, 2, Time(2_000), "same here");
        let answer = world.reply(peer, BRAND, Time(3_000), "sorry");
        assert_eq!(world.posts[peer].names, [1, BRAND]);
        assert_eq!(world.posts[answer].names, [2, 1]);
        assert!(world.id(asked) < world.id(peer), "ids grow with time");
        assert_eq!(world.replies(asked, Time(9_000)), [peer]);
        assert_eq!(world.accounts[1].acct(), "ada@far.example");
    }
}
