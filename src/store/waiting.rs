//! Which cases wait for an answer, by when it is due.
//!
//! Over the years more of them stay unanswered than anybody wants to read. So what is counted, and
//! whether anything can still be due, stands here beside the place of each: nothing that changes
//! with the clock, so that a clock that was wrong leaves nothing behind.

use std::collections::BTreeMap;
use std::ops::RangeFrom;

use super::draft::Draft;
use super::engine::Space;
use super::error::Result;
use super::keys::{self, BrandKey, Placed};
use super::packed::{Fact, Packed, REMOVED, Shape};
use super::shelf::Shelf;
use super::{Store, codec};
use crate::model::{Case, CaseState, Time};

/// Brand, deadline and hash of the case; then when it was opened and when it is at risk.
pub(super) type Waiting = Packed<16, 12>;

/// Where they lie.
pub(super) const SHAPE: Shape = Shape {
    what: "cases that wait",
    journal: Space::WaitingJournal,
    buckets: Space::WaitingBuckets,
    most: 240,
};

/// A case that waits, as it is packed; `None` if nobody has to answer it any more.
pub(super) fn fact(at: Placed, case: &Case) -> Option<Fact<16, 12>> {
    if case.answer.is_some() || case.end.is_some() {
        return None;
    }
    let (mut key, mut value) = ([0; 16], [0; 12]);
    key.copy_from_slice(&Placed { ms: keys::ms(case.due_at), ..at }.bytes());
    value[..6].copy_from_slice(&at.ms.to_be_bytes()[2..]);
    value[6..].copy_from_slice(&keys::ms(case.risk_at).to_be_bytes()[2..]);
    Some((key, value))
}

/// What is known of a case that waits without reading it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Waits {
    /// Where it lies.
    pub at: Placed,
    /// When an answer is due.
    pub due_at: Time,
    /// When it is at risk.
    pub risk_at: Time,
}

/// A case out of its packed form.
pub(super) fn read((key, value): Fact<16, 12>) -> Waits {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
    Waits {
        at: Placed {
            brand: BrandKey(number(&key[..2]) as u16),
            ms: number(&value[..6]),
            hash: number(&key[8..]),
        },
        due_at: keys::time(number(&key[2..8])),
        risk_at: keys::time(number(&value[6..])),
    }
}

impl Draft<'_> {
    /// Notes that a case waits in another way than before.
    pub(super) fn note_waiting(&mut self, was: Option<Fact<16, 12>>, now: Option<Fact<16, 12>>) {
        if let Some((key, mut value)) = was
            && now.is_none_or(|now| now.0 != key)
        {
            value[..2].copy_from_slice(&REMOVED);
            self.waiting.push((key, value));
        }
        self.waiting.extend(now.filter(|_| was != now));
    }
}

impl Store {
    /// Cases nobody has answered or ended, in order of opening.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn open_cases(&self, brand: BrandKey) -> Result<Vec<Case>> {
        self.each_open_case(brand, Time(0)..)?.collect()
    }

    /// Those of them whose answer was due at a time or later, one after the other. The others are
    /// not read.
    ///
    /// # Errors
    /// The engine's; each item may tell damage.
    pub fn each_open_case(
        &self,
        brand: BrandKey,
        due: RangeFrom<Time>,
    ) -> Result<impl Iterator<Item = Result<Case>> + '_> {
        let from = Placed::floor(brand, keys::ms(due.start));
        let (inner, mut all) = (&self.inner, Vec::new());
        let to = keys::of_brand(brand).1;
        inner.waiting.each(&inner.engine, &from, &to, |one| all.push(read(one).at))?;
        all.sort_unstable();
        let mut finder = inner.finder(Shelf::Cases);
        Ok(all.into_iter().filter_map(move |at| match finder.row(at) {
            Ok(case) => case.map(|case| codec::decode(&case)),
            Err(error) => Some(Err(error)),
        }))
    }

    /// How many cases nobody has answered or ended, by where they stand. Reads none of them.
    ///
    /// # Errors
    /// The engine's, or damage.
    pub fn waiting(&self, brand: BrandKey, now: Time) -> Result<BTreeMap<CaseState, u64>> {
        let (inner, mut states) = (&self.inner, BTreeMap::new());
        let (from, to) = keys::of_brand(brand);
        inner.waiting.each(&inner.engine, &from, &to, |one| {
            let case = read(one);
            let state = CaseState::waiting(case.risk_at, case.due_at, now);
            *states.entry(state).or_default() += 1;
        })?;
        Ok(states)
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::super::packed::is_removal;
    use super::*;

    #[test]
    fn twenty_eight_bytes_tell_who_waits_and_since_when() {
        let mut case = golden::case();
        let at = Placed { brand: BrandKey(3), ms: 0x0405_0607_0809, hash: 0x0a0b_0c0d_0e0f_1011 };
        assert_eq!(fact(at, &case), None, "answered");
        (case.answer, case.end) = (None, None);
        (case.due_at, case.risk_at) = (Time(0x0102_0304_0506), Time(0x0708_090a_0b0c));
        let one = fact(at, &case).unwrap();
        let hex: String = one.0.iter().chain(&one.1).map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "00030102030405060a0b0c0d0e0f10110405060708090708090a0b0c");
        let read = read(one);
        assert_eq!((read.at, read.due_at, read.risk_at), (at, case.due_at, case.risk_at));
        // The last time that is ever stored.
        assert!(!is_removal(&fact(Placed { ms: 253_402_300_799_999, ..at }, &case).unwrap().1));
    }
}
