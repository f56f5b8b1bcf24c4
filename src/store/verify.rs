//! Whether everything in the store fits together: counters, blocks, ids, threads, counts, indexes.
//!
//! `verify` looks at everything and lists what does not fit; opening looks at a sample, because a
//! damaged file can open and be wrong without a word. Neither changes anything.

use std::collections::{BTreeMap, HashSet};

use super::brands::Brand;
use super::cold::read_place;
use super::engine::Space;
use super::error::Result;
use super::ids::IdEntry;
use super::keys::{self, BrandKey, Placed};
use super::packed::{Fact, Packed, unpack};
use super::rollups::{self, AuthorSummary};
use super::shelf::Shelf;
use super::{Inner, Store, block, codec, outbox, threads, waiting};
use crate::model::{Case, Person, Time};

/// How many differences are listed in words.
const LISTED: usize = 200;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows looked at.
    pub rows: u64,
    /// Every difference in words, up to 200.
    pub differences: Vec<String>,
    /// Differences beyond those.
    pub more: u64,
}

impl Report {
    /// Whether everything fits.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    fn say(&mut self, difference: String) {
        if self.differences.len() < LISTED {
            self.differences.push(difference);
        } else {
            self.more += 1;
        }
    }
}

/// What the rows say of a brand, in the form of the indexes and in their order.
#[derive(Default)]
struct Seen {
    ids: Vec<Fact<8, 8>>,
    /// Rows filed under another row's id.
    filed: Vec<Fact<18, 2>>,
    people: BTreeMap<Person, AuthorSummary>,
}

impl Store {
    /// Recomputes what can be recomputed of a brand and lists every difference. Writing waits
    /// meanwhile. `progress` hears the number of rows looked at, now and then.
    ///
    /// # Errors
    /// The engine's, or a row that cannot be read.
    pub fn verify(&self, brand: BrandKey, progress: &mut dyn FnMut(u64)) -> Result<Report> {
        let inner = &self.inner;
        let brand = inner.brand_of(brand)?;
        let _writer = inner.draft();
        let mut report = Report::default();
        let mut seen = inner.verify_rows(&brand, progress, &mut report)?;
        seen.ids.sort_unstable();
        seen.filed.sort_unstable();
        for shelf in Shelf::ALL {
            inner.verify_blocks(shelf, &brand, &mut report)?;
        }
        let counter = self.rows(brand.brand())?;
        if counter != report.rows {
            report.say(format!("{} rows, the counter says {counter}", report.rows));
        }
        inner.verify_ids(&brand, &seen, &mut report)?;
        inner.verify_threads(&brand, &seen, &mut report)?;
        inner.verify_days(&brand, &mut report)?;
        inner.verify_people(&brand, &seen, &mut report)?;
        inner.verify_cases(&brand, &mut report)?;
        inner.verify_outbox(&mut report)?;
        Ok(report)
    }
}

impl Inner {
    fn verify_rows(
        &self,
        brand: &Brand,
        progress: &mut dyn FnMut(u64),
        report: &mut Report,
    ) -> Result<Seen> {
        let mut seen = Seen::default();
        for row in self.rows(Shelf::Rows, brand.brand(), Time(0)..Time(i64::MAX)) {
            let (at, row) = row?;
            let record = codec::decode_row(&row)?;
            report.rows += 1;
            if report.rows.is_multiple_of(1_000) {
                progress(report.rows);
            }
            let name = format!("{} {}", record.platform, record.id);
            if keys::ms(record.key_at) != at.ms {
                report.say(format!("{name} does not lie at its time"));
            }
            let thread = self.hasher().thread(at.brand, &record.platform, &record.filed);
            let author = record.person.map_or(0, |p| p.0 as u32);
            if codec::halves(&row) != Some((author, thread as u32)) {
                report.say(format!("{name} has the marks of another author or thread"));
            }
            if record.filed != record.id {
                seen.filed.push(threads::member(at, thread));
            }
            seen.ids.push(IdEntry { hash: at.hash, brand: at.brand.0, ms: at.ms }.fact());
            let it = record.latest();
            if let Some((person, item)) = it.and_then(|it| it.person.zip(rollups::item(&it))) {
                seen.people.entry(person).and_modify(|sum| *sum = sum.and(item)).or_insert(item);
            }
        }
        progress(report.rows);
        Ok(seen)
    }

    /// Blocks lie in order and within their stretch, hold what they say, and nothing that is open.
    fn verify_blocks(&self, shelf: Shelf, brand: &Brand, report: &mut Report) -> Result<()> {
        let (from, to) = keys::of_brand(brand.brand());
        let mut last: Option<Placed> = None;
        for entry in self.engine.range(shelf.sealed(), &from, &to) {
            let (key, bytes) = entry?;
            let key = read_place(&key)?;
            let heads = block::heads(brand.brand(), &bytes)?;
            let name = format!("the block of {}s of {}", shelf.what(), keys::time(key.ms));
            if last.is_some_and(|last| last >= key) {
                report.say(format!("{name} begins within the one before"));
            }
            if heads.is_empty() || (heads.len() > 1 && bytes.len() > block::MAX) {
                report.say(format!("{name} holds {} rows, {} bytes", heads.len(), bytes.len()));
            }
            let begins = heads.first().is_some_and(|head| head.at >= key);
            if !begins || !heads.is_sorted_by(|a, b| a.at < b.at) {
                report.say(format!("{name} is out of order"));
            }
            last = heads.last().map(|head| head.at);
        }
        for entry in self.engine.range(shelf.open(), &from, &to) {
            let at = read_place(&entry?.0)?;
            let Some((_, bytes)) = self.block_of(shelf, at)? else { continue };
            if block::heads(brand.brand(), &bytes)?.iter().any(|head| head.at == at) {
                let (what, at) = (shelf.what(), keys::time(at.ms));
                report.say(format!("a {what} of {at} is both open and sealed"));
            }
        }
        Ok(())
    }

    fn verify_ids(&self, brand: &Brand, seen: &Seen, report: &mut Report) -> Result<()> {
        self.verify_order(&self.ids, report)?;
        let mut known = self.ids.range(&self.engine, &[], &[0xff; 9])?;
        known.retain(|id| IdEntry::read(*id).brand == brand.key);
        let mut finder = self.finder(Shelf::Rows);
        compare(&seen.ids, &known, |missing, id| {
            let id = IdEntry::read(*id);
            if missing {
                let at = Placed { brand: brand.brand(), ms: id.ms, hash: id.hash };
                let record = finder.row(at)?.map(|row| codec::decode_row(&row)).transpose()?;
                let name = record.map_or_else(String::new, |r| format!("{} {}", r.platform, r.id));
                report.say(format!("{name} is not found by its id"));
            } else {
                report.say(format!("an id of {} has no row", keys::time(id.ms)));
            }
            Ok(())
        })
    }

    fn verify_threads(&self, brand: &Brand, seen: &Seen, report: &mut Report) -> Result<()> {
        self.verify_order(&self.threads, report)?;
        let mut known = self.threads.range(&self.engine, &[], &[0xff; 19])?;
        known.retain(|member| threads::read_member(*member).brand.0 == brand.key);
        compare(&seen.filed, &known, |missing, member| {
            let at = keys::time(threads::read_member(*member).ms);
            report.say(if missing {
                format!("a row of {at} is missing in its thread")
            } else {
                format!("a thread lists a stranger of {at}")
            });
            Ok(())
        })
    }

    /// Whether the buckets of an index are in order and within their bounds.
    fn verify_order<const K: usize, const V: usize>(
        &self,
        all: &Packed<K, V>,
        report: &mut Report,
    ) -> Result<()> {
        let what = all.shape.what;
        let mut last: Option<[u8; K]> = None;
        for entry in self.engine.all(all.shape.buckets) {
            let (key, bytes) = entry?;
            let facts = unpack::<K, V>(what, &bytes)?;
            let is_within = facts.first().is_none_or(|(first, _)| first[..] >= key[..]);
            let is_after = last.is_none_or(|last| last[..] < key[..]);
            if !is_within || !is_after || !facts.is_sorted_by(|a, b| a.0 < b.0) {
                report.say(format!("{what}: out of order"));
            }
            last = facts.last().map(|(key, _)| *key).or(last);
        }
        Ok(())
    }

    fn verify_days(&self, brand: &Brand, report: &mut Report) -> Result<()> {
        let mut wanted = self.recount(brand)?;
        let (from, to) = self.held_days(brand);
        for day in self.days_between(&from, &to)? {
            let name = format!("{} on {}", day.day, day.platform);
            match wanted.remove(&(day.day, day.platform)) {
                Some(counts) if counts == day.counts => {}
                Some(_) => report.say(format!("the counts of {name} are not those of the rows")),
                None => report.say(format!("there are counts of {name}, but no rows")),
            }
        }
        for (day, platform) in wanted.into_keys() {
            report.say(format!("the counts of {day} on {platform} are missing"));
        }
        Ok(())
    }

    /// Summaries outlive rows, so once rows have been dropped they may only say more.
    fn verify_people(&self, brand: &Brand, seen: &Seen, report: &mut Report) -> Result<()> {
        self.verify_order(&self.people, report)?;
        let known: BTreeMap<Person, AuthorSummary> =
            self.summaries(brand.brand())?.into_iter().collect();
        let is_whole = brand.expired_through.is_none();
        let parts = |s: &AuthorSummary| [s.items, s.complaints, s.praise];
        for (person, sum) in &seen.people {
            let fits = known.get(person).is_some_and(|k| {
                let counts = if is_whole {
                    parts(k) == parts(sum)
                } else {
                    parts(k).iter().zip(parts(sum)).all(|(known, seen)| *known >= seen)
                };
                counts && k.first_at <= sum.first_at && k.last_at >= sum.last_at
            });
            if !fits {
                report.say(format!("the summary of author {:016x} does not fit", person.0));
            }
        }
        for person in known.keys().filter(|p| is_whole && !seen.people.contains_key(p)) {
            report.say(format!("author {:016x} has a summary, but no rows", person.0));
        }
        Ok(())
    }

    fn verify_cases(&self, brand: &Brand, report: &mut Report) -> Result<()> {
        let (mut ids, mut waiting) = (Vec::new(), Vec::new());
        for case in self.rows(Shelf::Cases, brand.brand(), Time(0)..Time(i64::MAX)) {
            let (at, case) = case?;
            let case: Case = codec::decode(&case)?;
            if keys::ms(case.opened_at) != at.ms {
                report.say(format!("case {} does not lie at its time", case.id));
            }
            ids.push(IdEntry { hash: at.hash, brand: at.brand.0, ms: at.ms }.fact());
            waiting.extend(waiting::fact(at, &case));
        }
        ids.sort_unstable();
        waiting.sort_unstable();
        self.verify_order(&self.case_ids, report)?;
        let mut known = self.case_ids.range(&self.engine, &[], &[0xff; 9])?;
        known.retain(|id| IdEntry::read(*id).brand == brand.key);
        compare(&ids, &known, |missing, id| {
            let at = keys::time(IdEntry::read(*id).ms);
            report.say(if missing {
                format!("a case of {at} is not found by its id")
            } else {
                format!("an id of {at} has no case")
            });
            Ok(())
        })?;
        self.verify_order(&self.waiting, report)?;
        let (from, to) = keys::of_brand(brand.brand());
        let known = self.waiting.range(&self.engine, &from, &to)?;
        compare(&waiting, &known, |missing, one| {
            let at = keys::time(waiting::read(*one).at.ms);
            report.say(if missing {
                format!("a case of {at} waits and is not listed so")
            } else {
                format!("a case of {at} is listed as waiting and is not")
            });
            Ok(())
        })
    }

    fn verify_outbox(&self, report: &mut Report) -> Result<()> {
        let mut pending = HashSet::new();
        for entry in self.engine.all(Space::Pending) {
            pending.insert(entry?.0);
        }
        for entry in self.engine.all(Space::Outbox) {
            let (key, value) = entry?;
            let mail = codec::decode(&value)?;
            if pending.remove(&key) != outbox::is_pending(&mail) {
                report.say(format!("mail {} is wrongly listed as pending or not", mail.seq));
            }
        }
        if !pending.is_empty() {
            report.say(format!("{} pending entries have no mail", pending.len()));
        }
        Ok(())
    }
}

/// Walks two sorted lists and tells what only one has: `true` what is missing in the second.
fn compare<T: Ord>(
    wanted: &[T],
    known: &[T],
    mut tell: impl FnMut(bool, &T) -> Result<()>,
) -> Result<()> {
    let mut known = known.iter().peekable();
    for one in wanted {
        while let Some(more) = known.next_if(|k| *k < one) {
            tell(false, more)?;
        }
        if known.next_if(|k| *k == one).is_none() {
            tell(true, one)?;
        }
    }
    known.try_for_each(|more| tell(false, more))
}
