//! Writes the mails of one sweep, and logs with each group what people were told.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Round, VERSION};
use crate::model::{Case, Message, Purpose, Severity, Time};
use crate::notify::{
    AlertFacts, CaseCard, Composed, Freshness, GroupKey, GroupState, Notice, Ready, Reason,
    Received, ResolvedFacts, RollUpFacts, admit, compose_alert, compose_resolved, compose_roll_up,
    together,
};
use crate::pipeline::cards::{bare_card, card};
use crate::pipeline::history::Later;
use crate::words::Words;

/// Cases shown whole in one mail; the others are counted.
const SHOWN: usize = 25;

impl Round<'_> {
    /// Writes the mails that are due, within the cap; the rest goes into one roll-up. What the
    /// outbox has no room for is withheld, the least severe first.
    pub(super) fn write(&mut self, due: Vec<(GroupKey, Notice)>) -> Result<Vec<Message>> {
        let brand = self.desk.brand;
        let mut mails = together(due);
        if mails.len() > self.room {
            mails.sort_by_key(|(keys, _)| std::cmp::Reverse(worst(keys)));
            for (_, notice) in mails.split_off(self.room) {
                self.withhold(&notice);
            }
        }
        let ready = mails
            .iter()
            .enumerate()
            .map(|(place, (keys, _))| Ready {
                id: place.to_string(),
                severity: worst(keys),
                at: self.now,
            })
            .collect();
        let received = Received { alerts: self.log.mailed.clone(), roll_up: self.log.rolled_up };
        let admitted = admit(&received, ready, brand.alerts.cap_per_hour, self.now);
        let pick = |id: &String| id.parse::<usize>().ok().and_then(|place| mails.get(place));
        let mut messages = Vec::new();
        for (keys, notice) in admitted.send.iter().filter_map(pick) {
            messages.push(self.mail(keys, notice)?);
        }
        let rest: Vec<&(Vec<GroupKey>, Notice)> =
            admitted.roll_up.iter().filter_map(pick).collect();
        if !rest.is_empty() {
            let until = admitted.until.unwrap_or(self.now.plus(Time::HOUR));
            messages.push(self.roll_up(&rest, until)?);
            self.log.rolled_up = Some(self.now);
        }
        Ok(messages)
    }

    fn mail(&mut self, keys: &[GroupKey], notice: &Notice) -> Result<Message> {
        let brand = self.desk.brand;
        let words = Words::new(brand.language, brand.zone);
        let state = keys.first().and_then(|key| self.state(key));
        let references = state.map(|state| state.messages.clone()).unwrap_or_default();
        let thread_subject =
            state.and_then(|state| state.subject_for(notice)).map(ToOwned::to_owned);
        let [news, still, resolved, cleared] =
            [&notice.news, &notice.still, &notice.resolved, &notice.cleared]
                .map(|ids| self.cards(ids));
        let is_end = notice.reason == Reason::Resolved;
        let (name, version, now) = (brand.name.clone(), VERSION.to_owned(), self.now);
        let composed = if is_end {
            let (resolved, still) = (resolved?, still?);
            compose_resolved(
                &ResolvedFacts { brand: name, resolved, still, thread_subject, now, version },
                words,
            )
        } else {
            let facts = AlertFacts {
                brand: name,
                reason: notice.reason,
                news: news?,
                still: still?,
                resolved: resolved?,
                cleared: cleared?,
                thread_subject,
                now,
                version,
            };
            compose_alert(&facts, words)
        };
        let purpose = if is_end { Purpose::Resolved } else { Purpose::Alert };
        let cases = notice.news.iter().chain(&notice.still).cloned().collect();
        Ok(self.told(keys, &[notice], composed, purpose, references, cases))
    }

    fn roll_up(&mut self, rest: &[&(Vec<GroupKey>, Notice)], until: Time) -> Result<Message> {
        let brand = self.desk.brand;
        let words = Words::new(brand.language, brand.zone);
        let ids: Vec<String> = rest
            .iter()
            .flat_map(|(_, notice)| notice.news.iter().chain(&notice.still))
            .cloned()
            .collect();
        let facts = RollUpFacts {
            brand: brand.name.clone(),
            cases: self.cards(&ids)?,
            cap: brand.alerts.cap_per_hour,
            until,
            now: self.now,
            version: VERSION.to_owned(),
        };
        let composed = compose_roll_up(&facts, words);
        let keys: Vec<GroupKey> = rest.iter().flat_map(|(keys, _)| keys.clone()).collect();
        let notices: Vec<&Notice> = rest.iter().map(|(_, notice)| notice).collect();
        Ok(self.told(&keys, &notices, composed, Purpose::Alert, Vec::new(), ids))
    }

    /// The message of a composed mail, after it was logged with the groups it speaks of.
    fn told(
        &mut self,
        keys: &[GroupKey],
        notices: &[&Notice],
        composed: Composed,
        purpose: Purpose,
        references: Vec<String>,
        cases: Vec<String>,
    ) -> Message {
        let brand = &self.desk.brand.id;
        let group = keys
            .iter()
            .map(|key| format!("{}/{}", key.severity.word(), key.topic))
            .collect::<Vec<_>>()
            .join("+");
        let tag = xxhash_rust::xxh3::xxh3_64(format!("{brand}/{group}").as_bytes());
        let id = format!("alert.{}.{tag:016x}@{}", self.now.0, self.domain);
        for key in keys {
            let Some((_, facts)) = self.facts.get(key) else { continue };
            let Some((_, state)) = self.log.groups.iter_mut().find(|(known, _)| known == key)
            else {
                continue;
            };
            for notice in notices {
                *state =
                    std::mem::take(state).sent(notice, facts, &id, &composed.subject, self.now);
            }
        }
        self.log.mailed.push(self.now);
        Message {
            id,
            brand: brand.clone(),
            purpose,
            severity: worst(keys),
            group,
            references,
            subject: composed.subject,
            text: composed.text,
            html: composed.html,
            at: self.now,
            cases,
        }
    }

    fn state(&self, key: &GroupKey) -> Option<&GroupState> {
        self.log.groups.iter().find(|(known, _)| known == key).map(|(_, state)| state)
    }

    /// The cards of cases, the worst and most pressing first. Beyond the first few they are bare:
    /// the mail only counts them.
    fn cards(&self, ids: &[String]) -> Result<Vec<CaseCard>> {
        let listed: BTreeSet<&String> = ids.iter().collect();
        let mut cases: Vec<&Case> = self
            .facts
            .values()
            .flat_map(|(cases, _)| cases)
            .filter(|case| listed.contains(&case.id))
            .collect();
        cases.sort_by_key(|case| (std::cmp::Reverse(case.severity), case.due_at));
        cases
            .iter()
            .enumerate()
            .map(|(place, case)| {
                let look = self.looked.get(&case.id).copied().unwrap_or_default();
                let unchecked = match look.freshness(self.now) {
                    Freshness::Unchecked(since) => Some(since),
                    _ => None,
                };
                if place < SHOWN {
                    card(self.desk, case, self.now, unchecked, &Later::new())
                } else {
                    Ok(bare_card(self.desk, case, self.now, unchecked))
                }
            })
            .collect()
    }
}

fn worst(keys: &[GroupKey]) -> Severity {
    keys.iter().map(|key| key.severity).max().unwrap_or_default()
}
