//! The streams of an account, and by which method each is read.

use crate::platforms::{Stream, StreamKind};

/// What is read line by line: one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Notifications,
    Posts,
    Search(String),
}

impl Line {
    /// The XRPC method.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Notifications => "app.bsky.notification.listNotifications",
            Self::Posts => "app.bsky.feed.getAuthorFeed",
            Self::Search(_) => "app.bsky.feed.searchPosts",
        }
    }

    /// The name of the list in the answer: what it is called when something about it is wrong.
    pub fn path(&self) -> &'static str {
        match self {
            Self::Notifications => "notifications",
            Self::Posts => "feed",
            Self::Search(_) => "posts",
        }
    }

    /// Pages that are read at most to get back to known ground. Searches are cut off by the server
    /// long before the others.
    pub fn most(&self) -> u32 {
        match self {
            Self::Notifications => 200,
            Self::Posts => 50,
            Self::Search(_) => 20,
        }
    }

    pub fn stream(&self) -> Stream {
        match self {
            Self::Notifications => Stream::new("notifications", StreamKind::Notifications, true),
            Self::Posts => Stream::new("posts", StreamKind::Posts, true),
            Self::Search(words) => {
                Stream::new(format!("search:{words}"), StreamKind::Search, false)
            }
        }
    }
}
