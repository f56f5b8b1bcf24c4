//! Cases in the store: by time and by id.

use std::ops::Range;

use super::codec;
use super::draft::Draft;
use super::engine::Space;
use super::error::{Error, Result};
use super::ids::{IdEntry, REMOVED};
use super::keys::{self, BrandKey, Placed};
use super::packed::Shape;
use super::shelf::Shelf;
use super::{Inner, Store, waiting};
use crate::model::{Act, Case, Time};

/// How many neighbouring hashes are tried when two case ids share one.
const PROBES: u64 = 8;

/// Where ids of cases lie.
pub(super) const IDS: Shape = Shape {
    what: "bucket of case ids",
    journal: Space::CaseIdJournal,
    buckets: Space::CaseIdBuckets,
    most: 256,
    asked: 8,
};

/// The hash a case lies under, and the case with its place if it is known. `read` gives what the
/// index names under a hash.
fn find(
    first: u64,
    id: &str,
    mut read: impl FnMut(u64) -> Result<Option<(Placed, Option<Vec<u8>>)>>,
) -> Result<(u64, Option<(Placed, Case)>)> {
    for probe in 0..PROBES {
        let hash = first.wrapping_add(probe);
        // An id whose case is gone counts as unknown.
        let Some((at, Some(case))) = read(hash)? else { return Ok((hash, None)) };
        let case: Case = codec::decode(&case)?;
        if case.id == id {
            return Ok((hash, Some((at, case))));
        }
    }
    Err(Error::damaged("index of cases", "too many ids share a hash"))
}

impl Draft<'_> {
    fn find_case(&mut self, brand: BrandKey, id: &str) -> Result<(u64, Option<(Placed, Case)>)> {
        find(self.inner.hasher().case(brand, id), id, |hash| {
            let Some(entry) = self.locate_case(hash)? else { return Ok(None) };
            let at = Placed { brand, ms: entry.ms, hash };
            Ok(Some((at, self.row(Shelf::Cases, at)?)))
        })
    }

    /// Stores a case in place of what is known under its id.
    pub(super) fn keep_case(&mut self, brand: BrandKey, mut case: Case) -> Result<()> {
        codec::tidy_case(&mut case);
        if let Some(person) = case.person
            && self.is_erased(brand, person)?
        {
            super::erase::strip_case(&mut case);
        }
        let (hash, old) = self.find_case(brand, &case.id)?;
        let at = Placed { brand, ms: keys::ms(case.opened_at), hash };
        let was = old.as_ref().map(|(at, _)| *at);
        if was != Some(at) {
            if let Some(was) = was {
                self.set_row(Shelf::Cases, was, None);
            }
            self.note_case(IdEntry { hash, brand: brand.0, ms: at.ms });
        }
        let waited = old.and_then(|(at, old)| waiting::fact(at, &old));
        self.note_waiting(waited, waiting::fact(at, &case));
        self.set_row(Shelf::Cases, at, Some(codec::encode(&case)?));
        Ok(())
    }

    /// The case with this id, as it will be.
    pub(super) fn case_by_id(&mut self, brand: BrandKey, id: &str) -> Result<Option<Case>> {
        Ok(self.find_case(brand, id)?.1.map(|(_, case)| case))
    }

    /// Removes a case, if it is there.
    pub(super) fn drop_case(&mut self, brand: BrandKey, id: &str) -> Result<()> {
        let (hash, Some((at, case))) = self.find_case(brand, id)? else { return Ok(()) };
        self.set_row(Shelf::Cases, at, None);
        self.note_case(IdEntry { hash, brand: REMOVED, ms: at.ms });
        self.note_waiting(waiting::fact(at, &case), None);
        Ok(())
    }
}

impl Inner {
    /// Cases of a brand that were opened in a half-open stretch, in that order. While this lives
    /// nothing is sealed.
    pub(super) fn cases_of(
        &self,
        brand: BrandKey,
        opened: Range<Time>,
    ) -> impl Iterator<Item = Result<Case>> + use<> {
        self.rows(Shelf::Cases, brand, opened).map(|case| codec::decode(&case?.1))
    }
}

impl Store {
    /// The case with this id.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn case(&self, brand: BrandKey, id: &str) -> Result<Option<Case>> {
        let inner = &self.inner;
        let (_, found) = find(inner.hasher().case(brand, id), id, |hash| {
            let Some(entry) = inner.case_ids.locate(&inner.engine, hash)? else { return Ok(None) };
            let at = Placed { brand, ms: entry.ms, hash };
            Ok(Some((at, inner.finder(Shelf::Cases).row(at)?)))
        })?;
        Ok(found.map(|(_, case)| case))
    }

    /// Cases opened in a half-open stretch, in order of opening.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn cases(&self, brand: BrandKey, opened: Range<Time>) -> Result<Vec<Case>> {
        self.each_case(brand, opened).collect()
    }

    /// The same one after the other. Stops after an error. While it lives nothing is sealed, so do
    /// not keep it.
    pub fn each_case(
        &self,
        brand: BrandKey,
        opened: Range<Time>,
    ) -> impl Iterator<Item = Result<Case>> + use<> {
        self.inner.cases_of(brand, opened)
    }

    /// Acts done to any of these posts (platform, id), in order of time.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn acts_of(&self, brand: BrandKey, posts: &[(&str, &str)]) -> Result<Vec<Act>> {
        let mut acts = Vec::new();
        for (platform, id) in posts {
            let prefix =
                keys::brand_hash(brand, self.inner.hasher().interaction(brand, platform, id));
            for entry in self.inner.engine.range(Space::Acts, &prefix, &keys::after(&prefix)) {
                let act: Act = codec::decode(&entry?.1)?;
                if act.platform == *platform && act.id == *id {
                    acts.push(act);
                }
            }
        }
        acts.sort_by_key(|act| act.at);
        Ok(acts)
    }

    /// Every act of a brand, in order of time.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn acts(&self, brand: BrandKey) -> Result<Vec<Act>> {
        let (from, to) = keys::of_brand(brand);
        let acts = self.inner.engine.range(Space::Acts, &from, &to);
        let mut acts: Vec<Act> =
            acts.map(|entry| codec::decode(&entry?.1)).collect::<Result<_>>()?;
        acts.sort_by_key(|act| act.at);
        Ok(acts)
    }
}
