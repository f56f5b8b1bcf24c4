//! What one interaction adds to the counts of its day and to the summary of its author.
//!
//! Counts are kept by taking away what a row added before and adding what it adds now, in the
//! commit that changes the row. They outlive the rows. Being own is here the row's own word;
//! whether an account is registered as own is looked at where indicators are computed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::codec::Stored;
use crate::calendar::local_date;
use crate::model::{Intent, Interaction, Kind, Sentiment, Time};

/// Counts of one brand, local day and platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCounts {
    /// Accepted rows by customers, by kind. Likes included.
    pub kinds: BTreeMap<Kind, u32>,
    /// Accepted rows by customers that carry words, by what they want.
    pub intents: BTreeMap<Intent, u32>,
    /// Accepted rows by customers that carry a sentiment, by sentiment.
    pub sentiments: BTreeMap<Sentiment, u32>,
    /// The brand's own rows.
    pub own: u32,
    /// Of all counted rows those first seen on a later local day than their own (rule E2).
    pub seen_late: u32,
}

impl Stored for DayCounts {
    const WHAT: &'static str = "day";
}

impl DayCounts {
    /// Adds other counts.
    pub fn add(&mut self, other: &Self) {
        fn lay<K: Copy + Ord>(mine: &mut BTreeMap<K, u32>, other: &BTreeMap<K, u32>) {
            for (key, n) in other {
                let count = mine.entry(*key).or_default();
                *count = count.saturating_add(*n);
            }
        }
        lay(&mut self.kinds, &other.kinds);
        lay(&mut self.intents, &other.intents);
        lay(&mut self.sentiments, &other.sentiments);
        self.own = self.own.saturating_add(other.own);
        self.seen_late = self.seen_late.saturating_add(other.seen_late);
    }

    /// Takes other counts away, stopping at nothing.
    pub fn take(&mut self, other: &Self) {
        fn lift<K: Copy + Ord>(mine: &mut BTreeMap<K, u32>, other: &BTreeMap<K, u32>) {
            for (key, n) in other {
                if let Some(count) = mine.get_mut(key) {
                    *count = count.saturating_sub(*n);
                }
            }
            mine.retain(|_, n| *n > 0);
        }
        lift(&mut self.kinds, &other.kinds);
        lift(&mut self.intents, &other.intents);
        lift(&mut self.sentiments, &other.sentiments);
        self.own = self.own.saturating_sub(other.own);
        self.seen_late = self.seen_late.saturating_sub(other.seen_late);
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The counts of one day on one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The local day in the brand's zone.
    pub day: NaiveDate,
    /// The platform.
    pub platform: String,
    /// The counts.
    pub counts: DayCounts,
}

/// What is remembered about one author of one brand. Outlives the rows and the handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorSummary {
    /// Time of the first item. Only moves back while there are items.
    pub first_at: Time,
    /// Time of the last item. Only moves forward while there are items.
    pub last_at: Time,
    /// Inbound items (rule E9).
    pub items: u32,
    /// Of these complaints.
    pub complaints: u32,
    /// Of these praise.
    pub praise: u32,
}

impl Stored for AuthorSummary {
    const WHAT: &'static str = "author";
}

impl AuthorSummary {
    /// The summary of two stretches together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            first_at: self.first_at.min(other.first_at),
            last_at: self.last_at.max(other.last_at),
            items: self.items.saturating_add(other.items),
            complaints: self.complaints.saturating_add(other.complaints),
            praise: self.praise.saturating_add(other.praise),
        }
    }

    /// The summary without one item; `None` if that was the last. Its ends stay where they are: the
    /// items between them are not looked at again.
    #[must_use]
    pub fn without(self, item: Self) -> Option<Self> {
        let items = self.items.saturating_sub(item.items);
        (items > 0).then(|| Self {
            items,
            complaints: self.complaints.saturating_sub(item.complaints),
            praise: self.praise.saturating_sub(item.praise),
            ..self
        })
    }
}

/// Accepted and said by a customer: rule E8 as far as the row itself tells.
fn is_accepted(it: &Interaction) -> bool {
    !it.own && it.relevant && !it.bot
}

/// The day an interaction belongs to and what it adds there; `None` if it counts nowhere (not
/// about the brand, or a bot's).
pub fn contribution(it: &Interaction, zone: Tz) -> Option<(NaiveDate, DayCounts)> {
    let mut counts = DayCounts::default();
    if it.own {
        counts.own = 1;
    } else if is_accepted(it) {
        counts.kinds.insert(it.kind, 1);
        if it.kind.speaks() {
            counts.intents.insert(it.intent, 1);
        }
        if let Some(sentiment) = it.sentiment {
            counts.sentiments.insert(sentiment, 1);
        }
    } else {
        return None;
    }
    let day = local_date(it.at, zone);
    counts.seen_late = u32::from(local_date(it.seen_at, zone) > day);
    Some((day, counts))
}

/// What an interaction adds to the summary of its author; `None` if it makes nobody active.
pub fn item(it: &Interaction) -> Option<AuthorSummary> {
    (it.person.is_some() && is_accepted(it) && it.kind != Kind::Reaction).then(|| AuthorSummary {
        first_at: it.at,
        last_at: it.at,
        items: 1,
        complaints: u32::from(it.intent == Intent::Complaint),
        praise: u32::from(it.intent == Intent::Praise),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Person, Record, Ruling, Version};

    fn seen(kind: Kind, at: &str, seen_at: &str, change: impl Fn(&mut Version)) -> Interaction {
        let time = |text| Time::parse(text).unwrap();
        let mut version = Version {
            seen_at: time(seen_at),
            created_at: time(at),
            kind: Some(kind),
            ruling: Some(Ruling {
                intent: Some(Intent::Complaint),
                sentiment: Some(Sentiment::Neg),
                ..Ruling::default()
            }),
            ..Version::default()
        };
        change(&mut version);
        Record {
            platform: "mastodon".to_owned(),
            id: "1".to_owned(),
            key_at: time(at),
            stored_at: time(at),
            person: Some(Person(1)),
            filed: "1".to_owned(),
            versions: vec![version],
        }
        .latest()
        .unwrap()
    }

    /// Counts as `kinds/intents/sentiments/own/late`, the first three as sums.
    fn said(it: &Interaction) -> String {
        let zone = chrono_tz::Europe::Stockholm;
        contribution(it, zone).map_or("nothing".to_owned(), |(day, c)| {
            let sums = [
                c.kinds.values().sum::<u32>(),
                c.intents.values().sum(),
                c.sentiments.values().sum(),
            ];
            format!("{day} {}/{}/{}/{}/{}", sums[0], sums[1], sums[2], c.own, c.seen_late)
        })
    }

    #[test]
    fn each_row_counts_once_in_the_brands_own_day() {
        let (night, soon, next) =
            ("2026-03-04T23:30:00Z", "2026-03-04T23:40:00Z", "2026-03-06T10:00:00Z");
        let none = |_: &mut Version| {};
        let irrelevant = |v: &mut Version| {
            v.ruling = Some(Ruling { relevant: Some(false), ..Ruling::default() });
        };
        for (case, it, wanted, items) in [
            (
                "half past midnight in Stockholm",
                seen(Kind::Mention, night, soon, none),
                "2026-03-05 1/1/1/0/0",
                1,
            ),
            ("seen a day later", seen(Kind::Mention, night, next, none), "2026-03-05 1/1/1/0/1", 1),
            (
                "created after it was seen",
                seen(Kind::Mention, next, night, none),
                "2026-03-05 1/1/1/0/0",
                1,
            ),
            (
                "a like asks nothing",
                seen(Kind::Reaction, night, soon, none),
                "2026-03-05 1/0/0/0/0",
                0,
            ),
            (
                "a share makes its person active",
                seen(Kind::Share, night, soon, none),
                "2026-03-05 1/0/0/0/0",
                1,
            ),
            ("own", seen(Kind::Comment, night, soon, |v| v.own = true), "2026-03-05 0/0/0/1/0", 0),
            ("a bot", seen(Kind::Mention, night, soon, |v| v.bot = Some(true)), "nothing", 0),
            ("not about the brand", seen(Kind::Mention, night, soon, irrelevant), "nothing", 0),
            (
                "deleted: it stays where it was",
                seen(Kind::Mention, night, soon, |v| v.deleted_at = Some(Time(5))),
                "2026-03-05 1/1/1/0/0",
                0,
            ),
        ] {
            assert_eq!(said(&it), wanted, "{case}");
            assert_eq!(item(&it).map_or(0, |i| i.items), items, "{case}");
        }
    }

    #[test]
    fn taking_away_undoes_adding() {
        let it = seen(Kind::Mention, "2026-03-04T10:00:00Z", "2026-03-06T10:00:00Z", |_| {});
        let (_, one) = contribution(&it, Tz::UTC).unwrap();
        let mut counts = one.clone();
        counts.add(&one);
        assert_eq!(counts.intents[&Intent::Complaint], 2);
        counts.take(&one);
        assert_eq!(counts, one);
        counts.take(&one);
        assert!(counts.is_empty());
        counts.take(&one);
        assert!(counts.is_empty(), "never below nothing");

        let item = item(&it).unwrap();
        let two = item.and(AuthorSummary { first_at: Time(0), ..item });
        assert_eq!((two.items, two.complaints, two.first_at), (2, 2, Time(0)));
        assert_eq!(two.without(item).map(|s| (s.items, s.first_at)), Some((1, Time(0))));
        assert_eq!(item.without(item), None);
    }
}
