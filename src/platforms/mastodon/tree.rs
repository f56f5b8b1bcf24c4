//! Who is whose parent, in ids that mean the same on every server.
//!
//! The API names parents by ids of its own server. What they stand for is learned from threads and
//! remembered between pages for the posts that are most replied to. A parent that cannot be read,
//! or that is not public, is named by an alias, `local:<host>:<id>`: replies to it still share a
//! thread, and nothing about it is told.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::wire::Status;

/// How many parents are remembered between pages.
const REMEMBERED: usize = 64;

/// Ids are opaque; all that is known of them is that later ones are longer or sort later.
pub fn order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// A post in its thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its id on this server.
    pub id: String,
    /// Its global id, or an alias.
    pub uri: String,
    /// The global id or alias of the first post of its thread.
    pub root: String,
    /// It, or one above it, is ours.
    pub own: bool,
}

/// The posts that were most lately seen as parents, the latest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known(Vec<Node>);

impl Known {
    /// Remembers a post, and forgets the one that was not needed for longest.
    pub fn learn(&mut self, node: &Node) {
        self.0.retain(|n| n.id != node.id);
        self.0.push(node.clone());
        if self.0.len() > REMEMBERED {
            self.0.remove(0);
        }
    }
}

/// The posts of a page or a thread, put in their places.
pub struct Tree<'a> {
    host: &'a str,
    me: Option<&'a str>,
    nodes: HashMap<String, Node>,
}

impl<'a> Tree<'a> {
    /// A tree of what is known already. `me` is our own account's id on this server.
    pub fn new(host: &'a str, me: Option<&'a str>, known: &Known) -> Self {
        let nodes = known.0.iter().map(|n| (n.id.clone(), n.clone())).collect();
        Self { host, me, nodes }
    }

    /// A post's place, if it has been found.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// Puts a post that is not at hand in its place below `parent`.
    pub fn stub(&mut self, id: &str, uri: &str, parent: Option<&str>, own: bool) {
        let above = parent.and_then(|p| self.nodes.get(p));
        let root = above.map_or_else(|| uri.to_owned(), |n| n.root.clone());
        let own = own || above.is_some_and(|n| n.own);
        self.nodes
            .insert(id.to_owned(), Node { id: id.to_owned(), uri: uri.to_owned(), root, own });
    }

    /// Gives a post that cannot be read its alias, unless it is known.
    pub fn alias(&mut self, id: &str, own: bool) {
        let uri = format!("local:{}:{id}", self.host);
        self.nodes.entry(id.to_owned()).or_insert_with(|| Node {
            id: id.to_owned(),
            root: uri.clone(),
            uri,
            own,
        });
    }

    /// Puts posts in their places, whatever their order, and returns those whose parent is unknown.
    pub fn place<'s>(&mut self, posts: impl IntoIterator<Item = &'s Status>) -> Vec<&'s Status> {
        let posts: Vec<&Status> = posts.into_iter().collect();
        let mut below: Below<'s> = HashMap::new();
        for post in &posts {
            if self.put(post) {
                self.follow(&mut below, &post.id);
            } else if let Some(parent) = post.parent() {
                below.entry(parent).or_default().push(post);
            }
        }
        let waits = |post: &&Status| post.parent().is_some_and(|p| below.contains_key(p));
        posts.into_iter().filter(waits).collect()
    }

    /// As [`Self::place`]; unknown parents get an alias.
    pub fn place_all<'s>(&mut self, posts: impl IntoIterator<Item = &'s Status>) {
        let left = self.place(posts);
        let by_id: HashMap<&str, &Status> =
            left.iter().rev().map(|post| (post.id.as_str(), *post)).collect();
        let mut below: Below<'s> = HashMap::new();
        for post in &left {
            below.entry(post.parent().unwrap_or_default()).or_default().push(post);
        }
        for post in &left {
            // The topmost of those that are left: an alias must not hide a post we have. A ring of
            // posts, which no honest server sends, ends after one round.
            let (mut top, mut passed) = (*post, HashSet::from([post.id.as_str()]));
            let Some(mut parent) = top.parent().filter(|p| below.contains_key(p)) else { continue };
            while let Some(above) = by_id.get(parent).filter(|above| passed.insert(&above.id)) {
                top = above;
                parent = top.parent().unwrap_or(parent);
            }
            let is_ours = self.me.is_some() && top.in_reply_to_account_id.as_deref() == self.me;
            self.alias(parent, is_ours);
            self.follow(&mut below, parent);
        }
    }

    /// Places what waits below a post that has its place now.
    fn follow(&mut self, below: &mut Below<'_>, id: &str) {
        let mut next = vec![id.to_owned()];
        while let Some(id) = next.pop() {
            for post in below.remove(id.as_str()).unwrap_or_default() {
                if self.put(post) {
                    next.push(post.id.clone());
                }
            }
        }
    }

    fn put(&mut self, post: &Status) -> bool {
        let mine = self.me.is_some_and(|me| post.account.id == me);
        let (root, own) = match post.parent() {
            None => (None, mine),
            Some(parent) => match self.nodes.get(parent) {
                Some(above) => (Some(above.root.clone()), mine || above.own),
                None => return false,
            },
        };
        let uri = if post.is_public() {
            post.uri.clone()
        } else {
            format!("local:{}:{}", self.host, post.id)
        };
        let root = root.unwrap_or_else(|| uri.clone());
        self.nodes.insert(post.id.clone(), Node { id: post.id.clone(), uri, root, own });
        true
    }
}

/// Posts that wait for a place, by their parent.
type Below<'s> = HashMap<&'s str, Vec<&'s Status>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn post(id: &str, parent: Option<&str>, visibility: &str, by: &str) -> Status {
        serde_json::from_value(serde_json::json!({
            "id": id, "uri": format!("https://far.example/{id}"), "visibility": visibility,
            "in_reply_to_id": parent, "account": {"id": by, "acct": by}
        }))
        .unwrap()
    }

    #[test]
    fn ids_are_compared_as_length_and_text() {
        for (case, a, b, wanted) in [
            ("numbers of different length", "99", "100", Ordering::Less),
            (
                "numbers beyond 64 bits",
                "99999999999999999999998",
                "99999999999999999999999",
                Ordering::Less,
            ),
            (
                "ULIDs",
                "01JH0000000000000000000002",
                "01JGZZZZZZZZZZZZZZZZZZZZZZ",
                Ordering::Greater,
            ),
            ("equal", "7", "7", Ordering::Equal),
        ] {
            assert_eq!(order(a, b), wanted, "{case}");
        }
    }

    #[test]
    fn posts_find_their_places_in_any_order() {
        let posts = [
            post("3", Some("2"), "public", "bob"),
            post("2", Some("1"), "public", "ann"),
            post("1", None, "public", "me"),
            post("9", Some("8"), "public", "eve"),
        ];
        let mut tree = Tree::new("home.example", Some("me"), &Known::default());
        let left: Vec<&str> = tree.place(&posts).iter().map(|p| p.id.as_str()).collect();
        assert_eq!(left, ["9"], "a parent that was never seen");
        let deep = tree.node("3").unwrap();
        assert_eq!((deep.root.as_str(), deep.own), ("https://far.example/1", true));
        tree.place_all(&posts);
        assert_eq!(tree.node("9").unwrap().root, "local:home.example:8");
        assert_eq!(tree.node("8").unwrap().uri, "local:home.example:8");
    }

    #[test]
    fn a_post_that_is_not_public_lends_its_place_but_not_its_name() {
        let posts = [post("1", None, "private", "ann"), post("2", Some("1"), "public", "bob")];
        let mut tree = Tree::new("home.example", None, &Known::default());
        tree.place_all(&posts);
        assert_eq!(tree.node("2").unwrap().root, "local:home.example:1");
    }

    #[test]
    fn a_ring_of_posts_ends() {
        let posts = [
            post("1", Some("2"), "public", "ann"),
            post("2", Some("1"), "public", "bob"),
            post("3", Some("2"), "public", "bob"),
        ];
        let mut tree = Tree::new("home.example", None, &Known::default());
        tree.place_all(&posts);
        assert!(posts.iter().all(|p| tree.node(&p.id).is_some()));
    }

    #[test]
    fn what_was_not_needed_for_longest_is_forgotten() {
        let mut known = Known::default();
        let node = |n: usize| Node {
            id: n.to_string(),
            uri: String::new(),
            root: String::new(),
            own: false,
        };
        (0..REMEMBERED).for_each(|n| known.learn(&node(n)));
        known.learn(&node(0));
        known.learn(&node(REMEMBERED));
        let tree = Tree::new("h", None, &known);
        assert!(tree.node("0").is_some() && tree.node("1").is_none());
    }

    #[test]
    fn the_order_of_posts_costs_nothing() {
        let line: Vec<Status> = (0..5000)
            .rev()
            .map(|n| post(&n.to_string(), Some(&(n - 1).to_string()), "public", "ann"))
            .collect();
        let rings: Vec<Status> = (0..5000)
            .map(|n: usize| post(&n.to_string(), Some(&(n ^ 1).to_string()), "public", "ann"))
            .collect();
        let began = std::time::Instant::now();
        for posts in [&line, &rings] {
            let mut tree = Tree::new("home.example", None, &Known::default());
            tree.place_all(posts);
            assert!(posts.iter().all(|p| tree.node(&p.id).is_some()));
        }
        // The square of so many takes minutes.
        assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    }
}
