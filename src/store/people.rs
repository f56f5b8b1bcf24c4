//! What is remembered about authors, packed.

use super::Inner;
use super::draft::Draft;
use super::engine::Space;
use super::error::Result;
use super::keys::{self, BrandKey};
use super::packed::{Fact, Packed, REMOVED, Shape, is_removal};
use super::rollups::AuthorSummary;
use crate::model::Person;

/// Brand and person; then first and last time, items, complaints, praise.
pub(super) type People = Packed<10, 24>;

/// Where summaries lie.
pub(super) const SHAPE: Shape = Shape {
    what: "summaries of authors",
    journal: Space::PeopleJournal,
    buckets: Space::PeopleBuckets,
    most: 200,
    asked: 10,
};

fn key(brand: BrandKey, person: Person) -> [u8; 10] {
    let mut key = [0; 10];
    key.copy_from_slice(&keys::brand_hash(brand, person.0));
    key
}

/// A summary as it is packed.
pub(super) fn fact(brand: BrandKey, person: Person, sum: &AuthorSummary) -> Fact<10, 24> {
    let mut value = [0; 24];
    value[..6].copy_from_slice(&keys::ms(sum.first_at).to_be_bytes()[2..]);
    value[6..12].copy_from_slice(&keys::ms(sum.last_at).to_be_bytes()[2..]);
    for (place, n) in value[12..].chunks_mut(4).zip([sum.items, sum.complaints, sum.praise]) {
        place.copy_from_slice(&n.to_be_bytes());
    }
    (key(brand, person), value)
}

fn read(value: [u8; 24]) -> AuthorSummary {
    let number = |from, to| value[from..to].iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
    AuthorSummary {
        first_at: keys::time(number(0, 6)),
        last_at: keys::time(number(6, 12)),
        items: number(12, 16) as u32,
        complaints: number(16, 20) as u32,
        praise: number(20, 24) as u32,
    }
}

impl Inner {
    /// What is remembered about an author.
    pub(super) fn summary(&self, brand: BrandKey, person: Person) -> Result<Option<AuthorSummary>> {
        Ok(self.people.get(&self.engine, &key(brand, person))?.map(read))
    }

    /// What is remembered about every author of a brand, in order of the persons.
    pub(super) fn summaries(&self, brand: BrandKey) -> Result<Vec<(Person, AuthorSummary)>> {
        let (from, to) = keys::of_brand(brand);
        let found = self.people.range(&self.engine, &from, &to)?;
        let person = |key: &[u8; 10]| Person(keys::read_brand_hash(key).map_or(0, |(_, p)| p));
        Ok(found.into_iter().map(|(key, value)| (person(&key), read(value))).collect())
    }
}

impl Draft<'_> {
    /// What is remembered about an author, as it will be.
    pub(super) fn summary(&self, brand: BrandKey, person: Person) -> Result<Option<AuthorSummary>> {
        match self.people.get(&key(brand, person)) {
            Some(value) => Ok((!is_removal(value)).then(|| read(*value))),
            None => self.inner.summary(brand, person),
        }
    }

    /// Remembers this about an author, or nothing any more.
    pub(super) fn keep_summary(
        &mut self,
        brand: BrandKey,
        person: Person,
        sum: Option<AuthorSummary>,
    ) {
        let mut gone = [0; 24];
        gone[..2].copy_from_slice(&REMOVED);
        let (key, value) = match &sum {
            Some(sum) => fact(brand, person, sum),
            None => (key(brand, person), gone),
        };
        self.people.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn a_summary_is_thirty_four_bytes_and_never_looks_removed() {
        let sum = AuthorSummary {
            first_at: Time(0x0102_0304_0506),
            last_at: Time(i64::MAX),
            items: 7,
            complaints: 0x0102_0304,
            praise: u32::MAX,
        };
        let (key, value) = fact(BrandKey(9), Person(1), &sum);
        assert_eq!(key, [0, 9, 0, 0, 0, 0, 0, 0, 0, 1]);
        let hex: String = value.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "010203040506ffffffffffff0000000701020304ffffffff");
        assert_eq!(read(value), AuthorSummary { last_at: keys::time(keys::MS_MAX), ..sum });
        // The last time that is ever stored.
        let late = AuthorSummary { first_at: Time(253_402_300_799_999), ..sum };
        assert!(!is_removal(&fact(BrandKey(9), Person(1), &late).1));
    }
}
