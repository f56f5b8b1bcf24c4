//! Rows and times written short: `row("p1").by("ann").at("mon 10:00").asks(Complaint)`.
//!
//! Weeks start on Monday 2 November 2026 and are told in UTC; `2 fri 16:30` is in the second.

use affinityd::model::{
    Act, ActKind, Author, History, Intent, Interaction, Kind, Person, Ruling, Severity, Time,
};

pub use crate::week::{say, t};

/// The person of a name.
pub fn person(name: &str) -> Person {
    Person(name.bytes().fold(7, |hash, b| hash * 31 + u64::from(b)))
}

/// One interaction being written down.
#[derive(Clone, Debug)]
pub struct Row(pub Interaction);

/// A comment by nobody, of class other, on the platform `p`.
pub fn row(id: &str) -> Row {
    Row(Interaction {
        platform: "p".into(),
        id: id.into(),
        locator: None,
        kind: Kind::Comment,
        own: false,
        bot: false,
        author: None,
        person: None,
        text: Some(format!("words of {id}")),
        title: None,
        lang: None,
        url: Some(format!("https://p.example/{id}")),
        created_at: Time(0),
        seen_at: Time(0),
        at: Time(0),
        in_reply_to: None,
        thread: None,
        about: None,
        deleted_at: None,
        rating: None,
        tallies: Vec::new(),
        intent: Intent::Other,
        sentiment: None,
        relevant: true,
        severity: Severity::Normal,
        safety: false,
        thanks: false,
        recommends: None,
        moved_private: false,
        unsure: false,
        aspects: Vec::new(),
        signals: Vec::new(),
        promised: None,
        deadline: None,
        verdict: None,
        ruling: None,
    })
}

/// A customer's asking post.
pub fn ask(id: &str, by: &str, at: &str, intent: Intent) -> Row {
    row(id).by(by).at(at).asks(intent)
}

/// An answer of the brand.
pub fn own(id: &str, at: &str) -> Row {
    row(id).by("brand").at(at).with(|r| r.own = true)
}

impl Row {
    /// Changes anything.
    pub fn with(mut self, change: impl FnOnce(&mut Interaction)) -> Self {
        change(&mut self.0);
        self
    }

    pub fn by(self, name: &str) -> Self {
        self.with(|r| {
            r.person = Some(person(name));
            r.author = Some(Author { id: name.into(), handle: Some(name.into()), name: None });
        })
    }

    pub fn at(self, at: &str) -> Self {
        self.with(|r| (r.created_at, r.seen_at, r.at) = (t(at), t(at), t(at)))
    }

    pub fn asks(self, intent: Intent) -> Self {
        self.with(|r| r.intent = intent)
    }

    pub fn below(self, id: &str) -> Self {
        self.with(|r| r.in_reply_to = Some(id.into()))
    }

    pub fn within(self, thread: &str) -> Self {
        self.with(|r| r.thread = Some(thread.into()))
    }

    pub fn quoting(self, id: &str) -> Self {
        self.with(|r| (r.kind, r.about) = (Kind::Quote, Some(id.into())))
    }

    pub fn saying(self, text: &str) -> Self {
        self.with(|r| r.text = Some(text.into()))
    }

    pub fn kind(self, kind: Kind) -> Self {
        self.with(|r| r.kind = kind)
    }

    pub fn thanks(self) -> Self {
        self.with(|r| r.thanks = true)
    }

    /// Deleted: without author and words, as it comes out of the store.
    pub fn deleted(self, at: &str) -> Self {
        self.with(|r| {
            r.deleted_at = Some(t(at));
            (r.person, r.author, r.text) = (None, None, None);
        })
    }

    pub fn ruled(self, ruling: Ruling) -> Self {
        self.with(|r| r.ruling = Some(ruling))
    }
}

/// What a person of the brand did to a post.
pub fn act(id: &str, at: &str, kind: ActKind) -> Act {
    Act { platform: "p".into(), id: id.into(), at: t(at), kind, actor: "bea".into(), note: None }
}

/// All of it as known at `now`.
pub fn history(now: &str, rows: impl IntoIterator<Item = Row>) -> History {
    History { now: t(now), rows: rows.into_iter().map(|r| r.0).collect(), ..History::default() }
}
