//! Watches the clocks of waiting cases and writes the alerts that are due into the outbox.
//!
//! `notify` decides and composes; here its facts are gathered and its mails committed together
//! with the notification log. What must be looked up again first is returned as wanted.

mod write;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::correct::is_opinion;
use super::due::{LastSweep, OLDEST, due};
use super::ingest::Desk;
use super::outbox;
use super::reclassify::is_late_label;
use super::refresh::refresh;
use crate::calendar::Calendar;
use crate::model::{Case, DeliveryState, Entry, Purpose, Record, Sending, Time, Version};
use crate::notify::{
    CaseFacts, Decision, Freshness, GroupKey, GroupState, Hours, LookUp, Notice, decide,
};
use crate::platforms::Target;
use crate::store::Change;

/// When each case was last looked up.
pub type Looked = BTreeMap<String, LookUp>;

/// How old a waiting case is when its thread is read again, in milliseconds; then each week.
const AGES: [i64; 5] =
    [10 * Time::MINUTE, Time::HOUR, 6 * Time::HOUR, 24 * Time::HOUR, 72 * Time::HOUR];
/// Threads read again for their age in one sweep.
const REREADS: usize = 20;
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A case to be looked up again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The case.
    pub case: String,
    /// Its platform.
    pub platform: String,
    /// What to look up.
    pub target: Target,
}

/// What a sweep came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// To be looked up, then swept again.
    pub wanted: Vec<Wanted>,
    /// Mails that went into the outbox.
    pub mails: u64,
    /// Cases of which people would have been told, had the outbox not been full. They are told in
    /// the first mails that find room again.
    pub withheld: u64,
}

/// What is remembered about the alerts of a brand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Log {
    /// Nothing asked before this is alerted.
    alert_from: Option<Time>,
    groups: Vec<(GroupKey, GroupState)>,
    /// When alerts were mailed, within the last hour.
    mailed: Vec<Time>,
    rolled_up: Option<Time>,
}

impl Log {
    /// Nothing in it is later than now: see [`GroupState::set_back`].
    fn set_back(&mut self, now: Time) {
        for at in self.alert_from.iter_mut().chain(&mut self.mailed).chain(&mut self.rolled_up) {
            *at = (*at).min(now);
        }
        self.groups.iter_mut().for_each(|(_, state)| state.set_back(now));
    }
}

impl Hours for Calendar {
    fn is_open(&self, at: Time) -> bool {
        Calendar::is_open(self, at)
    }

    fn next_open(&self, at: Time) -> Time {
        Calendar::next_open(self, at).unwrap_or(at.plus(Time::DAY))
    }

    fn business_day_after(&self, at: Time) -> Time {
        self.add(at, self.day_millis())
    }
}

/// Looks at every waiting case of a brand. `readable` are the platforms on which an answer could be
/// seen; `looked` when each case was last looked up; `last` what the last sweep of this brand has
/// left; `domain` is that of the sender.
///
/// # Errors
/// If the store fails; nothing is sent then.
pub fn sweep(
    desk: Desk<'_>,
    readable: &BTreeSet<String>,
    looked: &Looked,
    last: &mut LastSweep,
    domain: &str,
    now: Time,
) -> Result<Swept> {
    let Desk { store, brand, key, .. } = desk;
    let name = format!("alerts/{}", brand.id);
    let mut log: Log = store.value(&name).context("the notification log")?.unwrap_or_default();
    let before = log.clone();
    log.set_back(now);
    // What was there before the first sweep is the baseline: it is known, and never mailed.
    log.alert_from.get_or_insert(now);
    log.mailed.retain(|at| now.since(*at) < Time::HOUR);
    refresh(desk, now).context("applying changed lists of accounts")?;
    let from = brand.alerts.alert_from.map(|from| from.at(brand.zone)).or(log.alert_from);
    let waiting = due(desk, last, readable, from, now)?;
    let room = outbox::room(store)?;
    let (facts, withheld) = (BTreeMap::new(), BTreeSet::new());
    let mut round = Round { desk, readable, looked, domain, now, log, facts, room, withheld };
    let mut swept = Swept { wanted: round.rereads(&waiting)?, ..Swept::default() };
    let mut change = Change { brand: Some(key), mails: round.withdraw()?, ..Change::default() };
    if !brand.recipients.is_empty() {
        let due = round.decide(&waiting, from, &mut swept.wanted)?;
        for message in round.write(due)? {
            change.mails_new.push(outbox::entry(message, &brand.recipients, now));
            swept.mails += 1;
        }
        swept.withheld = round.withheld.len() as u64;
    }
    if round.log != before {
        change.values.push((name, Some(serde_json::to_value(&round.log)?)));
    }
    if !change.values.is_empty() || !change.mails_new.is_empty() || !change.mails.is_empty() {
        store.commit(change).context("committing alerts")?;
    }
    Ok(swept)
}

struct Round<'a> {
    desk: Desk<'a>,
    readable: &'a BTreeSet<String>,
    looked: &'a Looked,
    domain: &'a str,
    now: Time,
    log: Log,
    /// The cases of each group that was decided about.
    facts: BTreeMap<GroupKey, (Vec<Case>, Vec<CaseFacts>)>,
    /// How many mails the outbox takes.
    room: usize,
    /// Cases that a mail would have told of, had there been room.
    withheld: BTreeSet<String>,
}

impl Round<'_> {
    /// Waiting cases whose thread is due to be read again by its age.
    fn rereads(&self, waiting: &[Case]) -> Result<Vec<Wanted>> {
        waiting
            .iter()
            .filter(|case| self.readable.contains(&case.platform))
            .filter(|case| {
                let look = self.looked.get(&case.id).copied().unwrap_or_default();
                look.failing_since.is_none()
                    && last_age(case.opened_at, self.now)
                        .is_some_and(|due| look.checked_at.is_none_or(|at| at < due))
            })
            .take(REREADS)
            .filter_map(|case| self.wanted(case).transpose())
            .collect()
    }

    /// How to look a case up; `None` if its post is not stored: a crash came between the two, and
    /// the page will be read again.
    fn wanted(&self, case: &Case) -> Result<Option<Wanted>> {
        let Desk { store, key, .. } = self.desk;
        let record = store.record(key, &case.platform, &case.interaction)?;
        Ok(record.and_then(|record| record.latest()).map(|post| Wanted {
            case: case.id.clone(),
            platform: case.platform.clone(),
            target: Target {
                id: post.id,
                locator: post.locator,
                thread: Some(case.thread.clone()),
                url: post.url,
            },
        }))
    }

    /// What a decision needs to know about a case. Only what was read as it happened can be news:
    /// an import is history, and known before any baseline.
    fn facts_of(&self, case: &Case, from: Option<Time>) -> Result<CaseFacts> {
        let is_readable = self.readable.contains(&case.platform);
        let opening = [(case.interaction.as_str(), case.opened_at)];
        let asks = case.asks.iter().map(|ask| (ask.id.as_str(), ask.at));
        let mut asked_at = Time(0);
        for (id, at) in opening.into_iter().chain(asks) {
            // What is older than the baseline needs no look at its post: it is no news either way.
            if asked_at < at
                && from.is_none_or(|from| from <= at)
                && self.was_witnessed(&case.platform, id)?
            {
                asked_at = at;
            }
        }
        Ok(CaseFacts { asked_at, ..CaseFacts::of(case, is_readable, self.now) })
    }

    /// Whether a post was ever read from its platform. An import says when it was seen: before it
    /// was stored.
    fn was_witnessed(&self, platform: &str, id: &str) -> Result<bool> {
        let record = self.desk.store.record(self.desk.key, platform, id)?;
        // What was said about a post does not make it one that was read.
        let was_read = |r: Record| {
            let is_read = |v: &Version| r.stored_at <= v.seen_at && !is_opinion(v);
            r.versions.iter().any(is_read) && !is_late_label(&r)
        };
        Ok(record.is_some_and(was_read))
    }

    /// Alerts that nobody has got yet and whose cases have all ended.
    fn withdraw(&mut self) -> Result<Vec<Entry>> {
        let Desk { store, brand, key, .. } = self.desk;
        let mut withdrawn = Vec::new();
        for mut entry in store.due_mail(Time(i64::MAX))? {
            let is_unseen = entry.deliveries.iter().all(|d| d.state == DeliveryState::Waiting);
            let is_alert =
                entry.message.brand == brand.id && entry.message.purpose == Purpose::Alert;
            if !is_unseen || !is_alert || entry.message.cases.is_empty() {
                continue;
            }
            let mut waits = false;
            for id in &entry.message.cases {
                waits |= store.case(key, id)?.is_some_and(|case| case.state(self.now).waits());
            }
            if !waits {
                entry.sending = Sending::Withdrawn("its cases have ended".to_owned());
                for (_, state) in &mut self.log.groups {
                    *state = std::mem::take(state).withdrawn(&entry.message.id);
                }
                withdrawn.push(entry);
            }
        }
        Ok(withdrawn)
    }

    /// Asks `notify` about every group. Cases that must be looked up first go to `wanted`, and
    /// their group waits for that.
    fn decide(
        &mut self,
        waiting: &[Case],
        from: Option<Time>,
        wanted: &mut Vec<Wanted>,
    ) -> Result<Vec<(GroupKey, Notice)>> {
        let Desk { store, brand, key, .. } = self.desk;
        let mut groups: BTreeMap<GroupKey, Vec<Case>> =
            self.log.groups.iter().map(|(key, _)| (key.clone(), Vec::new())).collect();
        for case in waiting {
            groups.entry(group_of(&brand.id, case)).or_default().push(case.clone());
        }
        let mut states: BTreeMap<GroupKey, GroupState> =
            std::mem::take(&mut self.log.groups).into_iter().collect();
        let mut due = Vec::new();
        for (group, mut cases) in groups {
            let state = states.remove(&group).unwrap_or_default();
            let known: BTreeSet<String> = cases.iter().map(|case| case.id.clone()).collect();
            for id in state.cases() {
                if !known.contains(id)
                    && let Some(case) = store.case(key, id)?
                    && group_of(&brand.id, &case) == group
                {
                    cases.push(case);
                }
            }
            let facts: Vec<CaseFacts> =
                cases.iter().map(|case| self.facts_of(case, from)).collect::<Result<_>>()?;
            let decision = decide(&state, &facts, &brand.alerts, from, &brand.calendar, self.now);
            let state = match decision {
                Decision::Send(notice) => {
                    if self.room == 0 {
                        self.withhold(&notice);
                    } else if self.is_fresh(&notice, &cases, wanted)? {
                        due.push((group.clone(), notice));
                    }
                    state
                }
                quiet => state.waited(&quiet, &facts, &brand.calendar, self.now),
            };
            if state != GroupState::default() || due.last().is_some_and(|(key, _)| *key == group) {
                self.log.groups.push((group.clone(), state));
                self.facts.insert(group, (cases, facts));
            }
        }
        Ok(due)
    }

    /// Whether every waiting case of a notice was looked up lately, or cannot be.
    fn is_fresh(&self, notice: &Notice, cases: &[Case], wanted: &mut Vec<Wanted>) -> Result<bool> {
        let listed: BTreeSet<&String> = notice.news.iter().chain(&notice.still).collect();
        let known: BTreeSet<String> = wanted.iter().map(|wanted| wanted.case.clone()).collect();
        let mut fresh = true;
        for case in cases.iter().filter(|case| listed.contains(&case.id)) {
            let look = self.looked.get(&case.id).copied().unwrap_or_default();
            if look.freshness(self.now) != Freshness::Stale {
                continue;
            }
            fresh = false;
            if !known.contains(&case.id) {
                wanted.extend(self.wanted(case)?);
            }
        }
        Ok(fresh)
    }

    /// Notes of whom people are not told for want of room. The group's log stays as it is, so the
    /// next mail tells of them.
    fn withhold(&mut self, notice: &Notice) {
        let cases = notice.news.iter().chain(&notice.resolved).chain(&notice.still);
        self.withheld.extend(cases.cloned());
    }
}

fn group_of(brand: &str, case: &Case) -> GroupKey {
    GroupKey { brand: brand.to_owned(), severity: case.severity, topic: case.platform.clone() }
}

/// The last of the ages at which a thread is read again that has passed.
fn last_age(opened_at: Time, now: Time) -> Option<Time> {
    let age = now.since(opened_at);
    if age > OLDEST {
        return None;
    }
    let week = 7 * Time::DAY;
    let passed = AGES.into_iter().chain((1..=4).map(|n| n * week)).filter(|due| *due <= age).max();
    passed.map(|due| opened_at.plus(due))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_read_again_at_fixed_ages_and_then_by_the_week() {
        let minutes = |n: i64| Time(n * Time::MINUTE);
        for (age, due) in [
            (9, None),
            (10, Some(10)),
            (59, Some(10)),
            (61, Some(60)),
            (25 * 60, Some(24 * 60)),
            (6 * 24 * 60, Some(72 * 60)),
            (8 * 24 * 60, Some(7 * 24 * 60)),
            (31 * 24 * 60, None),
        ] {
            assert_eq!(last_age(Time(0), minutes(age)), due.map(minutes), "after {age} minutes");
        }
    }
}
