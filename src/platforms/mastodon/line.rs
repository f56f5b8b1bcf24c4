//! The words of this connector: our account, its server, and the streams it has there.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::platforms::{Stream, StreamKind};

/// Our own account, as `verify_credentials` tells it. Kept in the session.
#[derive(Debug, Serialize, Deserialize)]
pub struct Me {
    pub id: String,
    pub acct: String,
}

/// The server.
pub struct Home {
    pub base: Url,
    pub name: String,
}

impl Home {
    /// Its host, with the port if that is not the usual one.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What is read line by line: one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Notifications,
    Posts,
    Tag(String),
    Search(String),
}

impl Line {
    pub fn limit(&self) -> u32 {
        // The most that servers allow.
        if matches!(self, Self::Notifications) { 80 } else { 40 }
    }

    pub fn is_search(&self) -> bool {
        matches!(self, Self::Tag(_) | Self::Search(_))
    }

    /// What it is called when something about it is wrong.
    pub fn path(&self) -> String {
        match self {
            Self::Notifications => "notifications".to_owned(),
            Self::Posts => "statuses".to_owned(),
            Self::Tag(_) => "timeline".to_owned(),
            Self::Search(_) => "search.statuses".to_owned(),
        }
    }

    /// The right a token needs for it.
    pub fn scope(&self) -> &'static str {
        match self {
            Self::Notifications => "read:notifications",
            Self::Posts | Self::Tag(_) => "read:statuses",
            Self::Search(_) => "read:search",
        }
    }

    pub fn stream(&self) -> Stream {
        match self {
            Self::Notifications => Stream::new("notifications", StreamKind::Notifications, true),
            Self::Posts => Stream::new("posts", StreamKind::Posts, true),
            Self::Tag(tag) => Stream::new(format!("tag:{tag}"), StreamKind::Search, false),
            Self::Search(words) => {
                Stream::new(format!("search:{words}"), StreamKind::Search, false)
            }
        }
    }
}
