//! The brands of the store: their numbers in keys, their zones, and counts that follow a zone.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::codec;
use super::draft::Draft;
use super::engine::{MAX_OPS, Space};
use super::error::{Error, Result};
use super::keys::{self, BrandKey, state};
use super::rollups::{self, DayCounts};
use super::shelf::Shelf;
use super::{Inner, Store, draft};
use crate::model::Time;

/// The last number a brand may have; the next one marks removed ids.
const LAST_KEY: u16 = 0xfffe;

/// What is kept about a brand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    /// Its id in the config.
    pub name: String,
    /// Its number in keys.
    pub key: u16,
    /// The zone of its local days.
    pub zone: Tz,
    /// Rows of days up to this one have been dropped for their age, so the counts of these days
    /// can no longer be recomputed.
    pub expired_through: Option<NaiveDate>,
    /// The counts are being rebuilt for a new zone.
    pub rebuilding: bool,
}

impl Brand {
    /// Its number, typed.
    pub fn brand(&self) -> BrandKey {
        BrandKey(self.key)
    }

    /// Whether all rows of a day are still held.
    pub(super) fn holds(&self, day: NaiveDate) -> bool {
        self.expired_through.is_none_or(|through| day > through)
    }
}

/// Counts by day and platform.
pub(super) type Days = BTreeMap<(NaiveDate, String), DayCounts>;

impl Inner {
    pub(super) fn load_brands(&self) -> Result<()> {
        let prefix = state::under("brand");
        let mut all = BTreeMap::new();
        for entry in self.engine.range(Space::State, &prefix, &keys::after(&prefix)) {
            let brand: Brand = draft::read_json(&entry?.1)?;
            all.insert(brand.key, brand);
        }
        *self.brands.write().unwrap_or_else(|e| e.into_inner()) = all;
        Ok(())
    }

    pub(super) fn brand_of(&self, brand: BrandKey) -> Result<Brand> {
        let brands = self.brands.read().unwrap_or_else(|e| e.into_inner());
        brands.get(&brand.0).cloned().ok_or(Error::UnknownBrand(brand.0))
    }

    pub(super) fn zone(&self, brand: BrandKey) -> Result<Tz> {
        Ok(self.brand_of(brand)?.zone)
    }

    pub(super) fn all_brands(&self) -> Vec<Brand> {
        self.brands.read().unwrap_or_else(|e| e.into_inner()).values().cloned().collect()
    }

    fn know(&self, brand: Brand) {
        self.brands.write().unwrap_or_else(|e| e.into_inner()).insert(brand.key, brand);
    }

    /// The counts of every held day, from the rows.
    pub(super) fn recount(&self, brand: &Brand) -> Result<Days> {
        let mut days = Days::new();
        for row in self.rows(Shelf::Rows, brand.brand(), Time(0)..Time(i64::MAX)) {
            let record = codec::decode_row(&row?.1)?;
            let added = record.latest().and_then(|it| rollups::contribution(&it, brand.zone));
            if let Some((day, counts)) = added.filter(|(day, _)| brand.holds(*day)) {
                days.entry((day, record.platform)).or_default().add(&counts);
            }
        }
        Ok(days)
    }

    /// The first key of the days whose rows are all held, and the end of all.
    pub(super) fn held_days(&self, brand: &Brand) -> (Vec<u8>, Vec<u8>) {
        let (all, end) = keys::of_brand(brand.brand());
        let from = brand
            .expired_through
            .and_then(|day| day.succ_opt())
            .map_or(all, |day| keys::day(brand.brand(), day, ""));
        (from, end)
    }

    /// Ends what a crash has interrupted.
    pub(super) fn resume_rebuilds(&self) -> Result<Vec<String>> {
        let mut done = Vec::new();
        for brand in self.all_brands().into_iter().filter(|b| b.rebuilding) {
            self.draft().rebuild(brand.clone())?;
            done.push(format!("rebuilt the daily counts of {}", brand.name));
        }
        Ok(done)
    }
}

impl Draft<'_> {
    /// Stores what is known about a brand; part of the commit, known to readers after it.
    pub(super) fn keep_brand(&mut self, brand: &Brand) -> Result<()> {
        self.keep_json(state::one("brand", &brand.name), brand)
    }

    /// Recomputes the counts of all held days in the brand's zone. Repeats after a crash, because
    /// the brand stays marked until it is done.
    fn rebuild(&mut self, mut brand: Brand) -> Result<()> {
        let days = self.inner.recount(&brand)?;
        let (from, to) = self.inner.held_days(&brand);
        for old in self.inner.days_between(&from, &to)? {
            if !days.contains_key(&(old.day, old.platform.clone())) {
                self.remove(Space::Days, keys::day(brand.brand(), old.day, &old.platform));
                self.write_if_full()?;
            }
        }
        for ((day, platform), counts) in &days {
            self.keep(Space::Days, keys::day(brand.brand(), *day, platform), counts)?;
            self.write_if_full()?;
        }
        brand.rebuilding = false;
        self.keep_brand(&brand)?;
        self.write()?;
        self.inner.know(brand);
        Ok(())
    }

    /// Writes when little room is left.
    pub(super) fn write_if_full(&mut self) -> Result<()> {
        if self.len() + 20 > MAX_OPS || self.people.len() > 4_096 { self.write() } else { Ok(()) }
    }

    /// Notes that rows of this day were dropped; [`Inner::know`] follows once written.
    pub(super) fn expire_day(&mut self, brand: &mut Brand, day: NaiveDate) -> Result<()> {
        if brand.holds(day) {
            brand.expired_through = Some(day);
            self.keep_brand(brand)?;
        }
        Ok(())
    }

    /// Writes, and tells readers about the brand.
    pub(super) fn write_brand(&mut self, brand: &Brand) -> Result<()> {
        self.write()?;
        self.inner.know(brand.clone());
        Ok(())
    }
}

impl Store {
    /// The brand with this id, allocated if it is new. If its zone has changed, the counts of all
    /// days whose rows are still held are rebuilt.
    ///
    /// # Errors
    /// [`Error::TooManyBrands`], or the engine's.
    pub fn brand(&self, name: &str, zone: Tz) -> Result<BrandKey> {
        let mut draft = self.inner.draft();
        let known = self.inner.all_brands();
        if let Some(brand) = known.iter().find(|brand| brand.name == name) {
            if brand.zone != zone {
                // One day more: at the border a local day of the new zone has rows of two old ones.
                let expired_through = brand.expired_through.and_then(|day| day.succ_opt());
                let brand = Brand { zone, expired_through, rebuilding: true, ..brand.clone() };
                draft.keep_brand(&brand)?;
                draft.write()?;
                self.inner.know(brand.clone());
                draft.rebuild(brand)?;
            }
            return Ok(brand.brand());
        }
        let key = known.iter().map(|b| b.key).max().unwrap_or(0).saturating_add(1);
        if key > LAST_KEY {
            return Err(Error::TooManyBrands);
        }
        let brand =
            Brand { name: name.to_owned(), key, zone, expired_through: None, rebuilding: false };
        draft.keep_brand(&brand)?;
        draft.write()?;
        self.inner.know(brand);
        Ok(BrandKey(key))
    }

    /// Every brand the store has ever held, in order of their numbers.
    pub fn brands(&self) -> Vec<Brand> {
        self.inner.all_brands()
    }
}
