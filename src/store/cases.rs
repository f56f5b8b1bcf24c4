//! Cases in the store: by time, by id, and the few that wait.

use std::ops::Range;

use super::codec;
use super::draft::Draft;
use super::engine::Space;
use super::error::{Error, Result};
use super::keys::{self, BrandKey, Placed};
use super::{Inner, Store};
use crate::model::{Act, Case, Time};

/// How many neighbouring hashes are tried when two case ids share one.
const PROBES: u64 = 8;

/// Whether nobody has answered or ended it.
pub(super) fn waits(case: &Case) -> bool {
    case.answer.is_none() && case.end.is_none()
}

impl Draft<'_> {
    /// The hash a case lies under, and where it lies if it is known.
    fn case_slot(&mut self, brand: BrandKey, id: &str) -> Result<(u64, Option<Vec<u8>>)> {
        let first = self.inner.hasher().case(brand, id);
        for probe in 0..PROBES {
            let hash = first.wrapping_add(probe);
            let Some(key) = self.get(Space::CaseIds, &keys::brand_hash(brand, hash))? else {
                return Ok((hash, None));
            };
            match self.value::<Case>(Space::Cases, &key)? {
                Some(case) if case.id != id => {}
                _ => return Ok((hash, Some(key))),
            }
        }
        Err(Error::damaged("index of cases", "too many ids share a hash"))
    }

    /// Stores a case in place of what is known under its id.
    pub(super) fn keep_case(&mut self, brand: BrandKey, mut case: Case) -> Result<()> {
        codec::tidy_case(&mut case);
        if let Some(person) = case.person
            && self.is_erased(brand, person)?
        {
            super::erase::strip_case(&mut case);
        }
        let (hash, old) = self.case_slot(brand, &case.id)?;
        let key = Placed { brand, ms: keys::ms(case.opened_at), hash }.bytes();
        if let Some(old) = old
            && old != key
        {
            self.remove(Space::Cases, old);
        }
        let by_id = keys::brand_hash(brand, hash);
        self.set(Space::Open, by_id.clone(), waits(&case).then(|| key.clone()));
        self.put(Space::CaseIds, by_id, key.clone());
        self.keep(Space::Cases, key, &case)
    }

    /// The case with this id, as it will be.
    pub(super) fn case_by_id(&mut self, brand: BrandKey, id: &str) -> Result<Option<Case>> {
        let (_, Some(key)) = self.case_slot(brand, id)? else { return Ok(None) };
        self.value(Space::Cases, &key)
    }

    /// Removes a case, if it is there.
    pub(super) fn drop_case(&mut self, brand: BrandKey, id: &str) -> Result<()> {
        let (hash, Some(key)) = self.case_slot(brand, id)? else { return Ok(()) };
        self.remove(Space::Cases, key);
        self.remove(Space::CaseIds, keys::brand_hash(brand, hash));
        self.remove(Space::Open, keys::brand_hash(brand, hash));
        Ok(())
    }
}

impl Inner {
    fn case_at(&self, key: &[u8]) -> Result<Option<Case>> {
        self.engine.get(Space::Cases, key)?.map(|bytes| codec::decode(&bytes)).transpose()
    }

    /// Every case of a brand, in order of opening.
    pub(super) fn cases_of(&self, brand: BrandKey) -> impl Iterator<Item = Result<Case>> + use<> {
        let (from, to) = keys::of_brand(brand);
        self.engine.range(Space::Cases, &from, &to).map(|entry| codec::decode(&entry?.1))
    }
}

impl Store {
    /// The case with this id.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn case(&self, brand: BrandKey, id: &str) -> Result<Option<Case>> {
        let first = self.inner.hasher().case(brand, id);
        for probe in 0..PROBES {
            let key = keys::brand_hash(brand, first.wrapping_add(probe));
            let Some(key) = self.inner.engine.get(Space::CaseIds, &key)? else { return Ok(None) };
            match self.inner.case_at(&key)? {
                Some(case) if case.id == id => return Ok(Some(case)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Cases nobody has answered or ended, in order of opening.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn open_cases(&self, brand: BrandKey) -> Result<Vec<Case>> {
        self.each_open_case(brand)?.collect()
    }

    /// The same one after the other: over the years more of them stay unanswered than anybody wants
    /// in memory at once.
    ///
    /// # Errors
    /// The engine's; each item may tell damage.
    pub fn each_open_case(
        &self,
        brand: BrandKey,
    ) -> Result<impl Iterator<Item = Result<Case>> + '_> {
        let (from, to) = keys::of_brand(brand);
        let mut at = Vec::new();
        for entry in self.inner.engine.range(Space::Open, &from, &to) {
            at.push(entry?.1);
        }
        at.sort_unstable();
        Ok(at.into_iter().filter_map(|key| self.inner.case_at(&key).transpose()))
    }

    /// Cases opened in a half-open stretch, in order of opening.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn cases(&self, brand: BrandKey, opened: Range<Time>) -> Result<Vec<Case>> {
        let from = Placed::floor(brand, keys::ms(opened.start));
        let to = super::read::end_of(brand, opened.end);
        self.inner
            .engine
            .range(Space::Cases, &from, &to)
            .map(|entry| codec::decode(&entry?.1))
            .collect()
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
