//! What is forgotten with age: texts, then handles, then whole rows. Counts stay.
//!
//! Works in small commits, so that polling goes on; a crash leaves the rest for the next run. Age
//! counts from when a row was first stored here.

use std::collections::HashMap;

use super::codec;
use super::config::Retention;
use super::engine::Space;
use super::error::Result;
use super::keys::{self, BrandKey, Placed};
use super::rollups::contribution;
use super::shelf::Shelf;
use super::{Inner, Store, outbox};
use crate::model::{Act, Case, Entry, Person, Record, Time};

/// How many rows or cases are forgotten in one commit: several blocks, each written once.
const AT_ONCE: usize = 96;

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Rows whose texts went.
    pub texts: u64,
    /// Rows and cases whose handles went.
    pub handles: u64,
    /// Rows that went.
    pub rows: u64,
    /// Cases that went.
    pub cases: u64,
    /// Acts that went.
    pub acts: u64,
    /// Mails that went.
    pub mails: u64,
}

/// When the last case of each person ended; in the future if one still waits.
type Ends = HashMap<Person, Time>;

/// When a case stops keeping its author's handle: with its answer or end, or when it lapses.
fn end_of(case: &Case) -> Time {
    let answered = case.answer.as_ref().map(|answer| answer.at);
    let ended = case.end.map(|(_, at)| at);
    answered.or(ended).unwrap_or_else(|| case.due_at.plus(Case::LAPSE))
}

/// What becomes of a row or a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fate {
    texts: bool,
    handles: bool,
    row: bool,
}

impl Fate {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// Decides what of a row has reached its age.
fn fate(record: &Record, ends: &Ends, now: Time, keep: &Retention) -> Fate {
    let old = |at: Time, days: i64| now.since(at) > days.saturating_mul(Time::DAY);
    let stored = record.stored_at;
    let free = record.person.and_then(|p| ends.get(&p)).map_or(stored, |end| stored.max(*end));
    let has_text = record.versions.iter().any(|v| {
        v.text.is_some()
            || v.title.is_some()
            || v.verdict.as_ref().is_some_and(|verdict| !verdict.reasons.is_empty())
    });
    let has_handle = record.versions.iter().any(|v| v.author.is_some());
    Fate {
        texts: has_text && old(stored, keep.texts_days),
        handles: has_handle && old(free, keep.handles_days),
        row: old(stored, keep.rows_days),
    }
}

/// The same of a case, which has no texts.
fn fate_of_case(case: &Case, ends: &Ends, now: Time, keep: &Retention) -> Fate {
    let end = end_of(case);
    let free = case.person.and_then(|p| ends.get(&p)).map_or(end, |last| end.max(*last));
    let old = |at: Time, days: i64| now.since(at) > days.saturating_mul(Time::DAY);
    Fate {
        texts: false,
        handles: case.author.is_some() && old(free, keep.handles_days),
        row: old(case.opened_at, keep.rows_days) && end < now,
    }
}

/// Removes texts and what is quoted from them, and leaves what was concluded from them.
pub(super) fn forget_texts(record: &mut Record) {
    // A ruling ends with the text it was given to (rule E22). Without the texts that end could no
    // longer be seen, so rulings that have ended go with them.
    let mut text = None;
    let mut in_force_from = 0;
    for (at, version) in record.versions.iter().enumerate() {
        let is_edit = version.text.is_some() && version.text.as_ref() != text;
        if is_edit && (text.is_some() || version.ruling.is_some()) {
            in_force_from = at;
        }
        text = version.text.as_ref().or(text);
    }
    for version in &mut record.versions[..in_force_from] {
        version.ruling = None;
    }
    for version in &mut record.versions {
        version.text = None;
        version.title = None;
        if let Some(verdict) = &mut version.verdict {
            verdict.reasons.clear();
        }
    }
}

fn forget_handles(record: &mut Record) {
    record.versions.iter_mut().for_each(|version| version.author = None);
}

impl Store {
    /// Forgets what has reached its age.
    ///
    /// # Errors
    /// The engine's, or damage. What was forgotten by then stays so.
    pub fn retain(&self, brand: BrandKey, now: Time, keep: &Retention) -> Result<Retained> {
        let inner = &self.inner;
        let mut done = Retained::default();
        let mut ends = Ends::new();
        for case in inner.cases_of(brand, Time(0)..Time(i64::MAX)) {
            let case = case?;
            if let Some(person) = case.person {
                let end = ends.entry(person).or_insert(Time(0));
                *end = end_of(&case).max(*end);
            }
        }
        let mut due = Vec::new();
        for row in inner.rows(Shelf::Rows, brand, Time(0)..Time(i64::MAX)) {
            let (at, row) = row?;
            if !fate(&codec::decode_row(&row)?, &ends, now, keep).is_nothing() {
                due.push(at);
            }
            if due.len() == AT_ONCE {
                inner.age_rows(&due, &ends, now, keep, &mut done)?;
                due.clear();
            }
        }
        inner.age_rows(&due, &ends, now, keep, &mut done)?;
        inner.age_cases(brand, &ends, now, keep, &mut done)?;
        inner.age_acts(brand, now, keep, &mut done)?;
        inner.age_mails(now, keep, &mut done)?;
        Ok(done)
    }
}

impl Inner {
    fn age_rows(
        &self,
        due: &[Placed],
        ends: &Ends,
        now: Time,
        keep: &Retention,
        done: &mut Retained,
    ) -> Result<()> {
        let Some(first) = due.first() else { return Ok(()) };
        let mut draft = self.draft();
        let mut brand = self.brand_of(first.brand)?;
        for at in due {
            // Read again: it may have changed since it was found to be due.
            let Some(row) = draft.row(Shelf::Rows, *at)? else { continue };
            let mut record = codec::decode_row(&row)?;
            let fate = fate(&record, ends, now, keep);
            if fate.row {
                let day = record.latest().and_then(|it| contribution(&it, brand.zone));
                if let Some((day, _)) = day {
                    draft.expire_day(&mut brand, day)?;
                }
                draft.expire_row(*at, &record)?;
                done.rows += 1;
                continue;
            }
            if fate.texts {
                forget_texts(&mut record);
                done.texts += 1;
            }
            if fate.handles {
                forget_handles(&mut record);
                done.handles += 1;
            }
            draft.put_row(*at, &record)?;
        }
        draft.write_brand(&brand)
    }

    fn age_cases(
        &self,
        brand: BrandKey,
        ends: &Ends,
        now: Time,
        keep: &Retention,
        done: &mut Retained,
    ) -> Result<()> {
        let mut due = Vec::new();
        for case in self.cases_of(brand, Time(0)..Time(i64::MAX)) {
            let case = case?;
            if !fate_of_case(&case, ends, now, keep).is_nothing() {
                due.push(case.id);
            }
        }
        for some in due.chunks(AT_ONCE) {
            let mut draft = self.draft();
            for id in some {
                // Read again: it may have changed since it was found to be due.
                let Some(mut case) = draft.case_by_id(brand, id)? else { continue };
                let fate = fate_of_case(&case, ends, now, keep);
                if fate.row {
                    draft.drop_case(brand, id)?;
                    done.cases += 1;
                } else if fate.handles {
                    case.author = None;
                    draft.keep_case(brand, case)?;
                    done.handles += 1;
                }
            }
            draft.write()?;
        }
        Ok(())
    }

    fn age_acts(
        &self,
        brand: BrandKey,
        now: Time,
        keep: &Retention,
        done: &mut Retained,
    ) -> Result<()> {
        let (from, to) = keys::of_brand(brand);
        let mut draft = self.draft();
        for entry in self.engine.range(Space::Acts, &from, &to) {
            let (key, value) = entry?;
            let act: Act = codec::decode(&value)?;
            if now.since(act.at) > keep.rows_days.saturating_mul(Time::DAY) {
                draft.remove(Space::Acts, key);
                draft.write_if_full()?;
                done.acts += 1;
            }
        }
        draft.write()
    }

    fn age_mails(&self, now: Time, keep: &Retention, done: &mut Retained) -> Result<()> {
        let mut draft = self.draft();
        for entry in self.engine.all(Space::Outbox) {
            let entry: Entry = codec::decode(&entry?.1)?;
            let is_old = now.since(entry.message.at) > keep.mails_days.saturating_mul(Time::DAY);
            if is_old && !outbox::is_pending(&entry) {
                draft.drop_mail(entry.seq);
                draft.write_if_full()?;
                done.mails += 1;
            }
        }
        draft.write()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Author, Intent, Ruling, Version};

    fn version(seen: i64, text: Option<&str>, intent: Option<Intent>) -> Version {
        Version {
            seen_at: Time(seen * Time::DAY),
            created_at: Time(Time::DAY),
            text: text.map(str::to_owned),
            author: Some(Author::default()),
            ruling: intent.map(|intent| Ruling { intent: Some(intent), ..Ruling::default() }),
            ..Version::default()
        }
    }

    fn record(versions: Vec<Version>) -> Record {
        Record {
            platform: "x".to_owned(),
            id: "1".to_owned(),
            key_at: Time(Time::DAY),
            stored_at: versions.first().map_or(Time(0), |v| v.seen_at),
            person: Some(Person(1)),
            filed: "1".to_owned(),
            versions,
        }
    }

    #[test]
    fn what_was_concluded_outlives_the_words() {
        use Intent::{Complaint, Praise, Question};
        for (case, versions) in [
            ("one text", vec![version(1, Some("a"), Some(Complaint))]),
            (
                "edited: the ruling has ended",
                vec![version(1, Some("a"), Some(Question)), version(2, Some("b"), None)],
            ),
            (
                "edited with a new ruling",
                vec![version(1, Some("a"), Some(Question)), version(2, Some("b"), Some(Praise))],
            ),
            (
                "seen again unchanged",
                vec![version(1, Some("a"), Some(Question)), version(2, Some("a"), None)],
            ),
            (
                "seen again without text",
                vec![version(1, Some("a"), Some(Question)), version(2, None, None)],
            ),
            (
                "ruled before the text was seen",
                vec![version(1, None, Some(Question)), version(2, Some("b"), None)],
            ),
            (
                "twice edited",
                vec![
                    version(1, Some("a"), Some(Question)),
                    version(2, Some("b"), None),
                    version(3, Some("a"), Some(Praise)),
                ],
            ),
        ] {
            let mut it = record(versions);
            let was = it.latest().unwrap();
            forget_texts(&mut it);
            let now = it.latest().unwrap();
            assert_eq!(now.text, None, "{case}");
            assert_eq!((now.intent, &now.ruling), (was.intent, &was.ruling), "{case}");
        }
    }

    #[test]
    fn each_age_takes_its_own() {
        let keep = Retention::default();
        let plain = record(vec![version(10, Some("a"), None)]);
        let answered = Ends::from([(Person(1), Time(50 * Time::DAY))]);
        let none = Ends::new();
        for (case, day, ends, wanted) in [
            ("young", 40, &none, (false, false, false)),
            ("just a handle's age is not past it", 40, &none, (false, false, false)),
            ("31 days", 41, &none, (false, true, false)),
            ("31 days, a case ended lately", 41, &answered, (false, false, false)),
            ("31 days after that case", 81, &answered, (false, true, false)),
            ("181 days", 191, &none, (true, true, false)),
            ("401 days", 411, &none, (true, true, true)),
        ] {
            let fate = fate(&plain, ends, Time(day * Time::DAY), &keep);
            assert_eq!((fate.texts, fate.handles, fate.row), wanted, "{case}");
        }
    }
}
