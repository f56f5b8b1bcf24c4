//! Which cases wait for an answer, by when it is due.
//!
//! Over the years more of them stay unanswered than anybody wants to read. So what is counted, and
//! what tells whether anything can be due now, stands here beside the place of each: nothing that
//! changes with the clock, so that a clock that was wrong leaves nothing behind.

use std::collections::BTreeMap;
use std::ops::RangeFrom;

use super::draft::Draft;
use super::engine::Space;
use super::error::Result;
use super::keys::{self, BrandKey, Placed};
use super::packed::{Fact, Packed, REMOVED, Shape};
use super::shelf::Shelf;
use super::{Store, codec};
use crate::model::{Case, CaseState, Severity, Time};

/// Brand, deadline and hash of the case; then when it was opened, when it is at risk, when somebody
/// asked last, and how severe it is.
pub(super) type Waiting = Packed<16, 19>;

/// Where they lie.
pub(super) const SHAPE: Shape = Shape {
    what: "cases that wait",
    journal: Space::WaitingJournal,
    buckets: Space::WaitingBuckets,
    most: 200,
    asked: 0,
};

/// A case that waits, as it is packed; `None` if nobody has to answer it any more.
pub(super) fn fact(at: Placed, case: &Case) -> Option<Fact<16, 19>> {
    if case.answer.is_some() || case.end.is_some() {
        return None;
    }
    let (mut key, mut value) = ([0; 16], [0; 19]);
    key.copy_from_slice(&Placed { ms: keys::ms(case.due_at), ..at }.bytes());
    let asked_at = case.asks.iter().map(|ask| ask.at).fold(case.opened_at, Time::max);
    let times = [at.ms, keys::ms(case.risk_at), keys::ms(asked_at)];
    for (place, ms) in value.chunks_mut(6).zip(times) {
        place.copy_from_slice(&ms.to_be_bytes()[2..]);
    }
    value[18] = u8::from(case.severity == Severity::Severe);
    Some((key, value))
}

/// What is known of a case that waits without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Where it lies.
    pub(super) at: Placed,
    /// When it was opened.
    pub opened_at: Time,
    /// When an answer is due.
    pub due_at: Time,
    /// When it is at risk.
    pub risk_at: Time,
    /// When somebody asked last.
    pub asked_at: Time,
    /// Whether it is of the highest severity.
    pub is_severe: bool,
}

/// A case out of its packed form.
pub(super) fn read((key, value): Fact<16, 19>) -> Waits {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
    let at = Placed {
        brand: BrandKey(number(&key[..2]) as u16),
        ms: number(&value[..6]),
        hash: number(&key[8..]),
    };
    Waits {
        at,
        opened_at: keys::time(at.ms),
        due_at: keys::time(number(&key[2..8])),
        risk_at: keys::time(number(&value[6..12])),
        asked_at: keys::time(number(&value[12..18])),
        is_severe: value[18] > 0,
    }
}

impl Draft<'_> {
    /// Notes that a case waits in another way than before.
    pub(super) fn note_waiting(&mut self, was: Option<Fact<16, 19>>, now: Option<Fact<16, 19>>) {
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
    ) -> Result<impl Iterator<Item = Result<Case>>> {
        let from = Placed::floor(brand, keys::ms(due.start));
        let (inner, mut all) = (&self.inner, Vec::new());
        let to = keys::of_brand(brand).1;
        inner.waiting.each(&inner.engine, &from, &to, |one| all.push(read(one).at))?;
        Ok(self.cases_at(all))
    }

    /// The cases that lie there, in order of opening. One that has gone meanwhile is left out.
    pub(super) fn cases_at(&self, mut all: Vec<Placed>) -> impl Iterator<Item = Result<Case>> {
        all.sort_unstable();
        let mut finder = self.inner.finder(Shelf::Cases);
        all.into_iter().filter_map(move |at| match finder.row(at) {
            Ok(case) => case.map(|case| codec::decode(&case)),
            Err(error) => Some(Err(error)),
        })
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
    fn thirty_five_bytes_tell_who_waits_and_since_when() {
        let mut case = golden::case();
        let at = Placed { brand: BrandKey(3), ms: 0x0405_0607_0809, hash: 0x0a0b_0c0d_0e0f_1011 };
        assert_eq!(fact(at, &case), None, "answered");
        (case.answer, case.end) = (None, None);
        (case.due_at, case.risk_at) = (Time(0x0102_0304_0506), Time(0x0708_090a_0b0c));
        case.asks[0].at = Time(0x0d0e_0f10_1112);
        let one = fact(at, &case).unwrap();
        let hex: String = one.0.iter().chain(&one.1).map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "00030102030405060a0b0c0d0e0f10110405060708090708090a0b0c0d0e0f10111201");
        let wanted = Waits {
            at,
            opened_at: Time(0x0405_0607_0809),
            due_at: case.due_at,
            risk_at: case.risk_at,
            asked_at: case.asks[0].at,
            is_severe: true,
        };
        assert_eq!(read(one), wanted);
        // The last time that is ever stored.
        assert!(!is_removal(&fact(Placed { ms: 253_402_300_799_999, ..at }, &case).unwrap().1));
    }
}
