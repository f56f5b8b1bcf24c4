//! A small brand for the tests of this folder: three windows of 28 UTC days, and half of all time is
//! business time.

use super::{Scope, compute, window};
use crate::model::{
    Ask, Case, CaseKind, History, Indicator, Intent, Interaction, Kind, Person, Record, Severity,
    Time, Version,
};

/// Moments that tests speak about, in milliseconds.
pub(super) struct Moments {
    pub(super) now: i64,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) inside: i64,
    pub(super) before: i64,
    pub(super) earlier: i64,
}

const TO: i64 = 20_000 * Time::DAY;

pub(super) const AT: Moments = Moments {
    now: TO + 8 * Time::HOUR,
    from: TO - 28 * Time::DAY,
    to: TO,
    // Early in the window: long enough ago for a case to have lapsed since.
    inside: TO - 27 * Time::DAY,
    before: TO - 42 * Time::DAY,
    earlier: TO - 70 * Time::DAY,
};

/// What there is to measure.
pub(super) struct Setting {
    pub(super) history: History,
    pub(super) cases: Vec<Case>,
}

impl Default for Setting {
    fn default() -> Self {
        Self { history: History { now: Time(AT.now), ..History::default() }, cases: Vec::new() }
    }
}

impl Setting {
    /// A brand with these cases and no rows.
    pub(super) fn with(cases: Vec<Case>) -> Self {
        Self { cases, ..Self::default() }
    }

    pub(super) fn scope(&self) -> Scope<'_> {
        let window = window::ending(self.history.now, 28, chrono_tz::UTC);
        Scope::new(&self.history, &self.cases, window, chrono_tz::UTC, &|from, to| {
            to.since(from) / 2
        })
    }

    pub(super) fn indicator(&self, id: &str, part: Option<&str>) -> Indicator {
        let all = compute(&self.scope());
        all.into_iter().find(|i| i.id == id && i.part == part).unwrap()
    }

    /// Somebody says something.
    pub(super) fn say(&mut self, person: u64, at: i64) {
        let id = format!("{person} at {at}");
        self.history.rows.push(post(&id, person, at));
    }
}

/// A customer's mention without any class.
pub(super) fn post(id: &str, person: u64, at: i64) -> Interaction {
    let version = Version {
        seen_at: Time(at),
        created_at: Time(at),
        kind: Some(Kind::Mention),
        ..Version::default()
    };
    let record = Record {
        platform: "mastodon".to_owned(),
        id: id.to_owned(),
        key_at: Time(at),
        stored_at: Time(at),
        person: Some(Person(person)),
        filed: id.to_owned(),
        versions: vec![version],
    };
    record.latest().unwrap()
}

/// An open question.
pub(super) fn asked(id: &str, person: u64, at: i64, due: i64) -> Case {
    Case {
        id: id.to_owned(),
        kind: CaseKind::Asked,
        platform: "mastodon".to_owned(),
        thread: id.to_owned(),
        person: Some(Person(person)),
        author: None,
        class: Intent::Question,
        severity: Severity::Normal,
        interaction: id.to_owned(),
        permalink: None,
        opened_at: Time(at),
        seen_at: Time(at),
        asks: vec![Ask { id: id.to_owned(), at: Time(at), intent: Intent::Question }],
        risk_at: Time(due),
        due_at: Time(due),
        answer: None,
        end: None,
        held_until: None,
        events: Vec::new(),
    }
}
