//! Every key layout of the store. All integers are big endian, so that byte order is number order.
//!
//! Decides where things lie and nothing about what they are worth. `ms` is a time as an unsigned
//! 48-bit number of milliseconds; what lies before 1970 lies at 0.

use chrono::{Datelike, NaiveDate};

use crate::model::{Person, Time};

/// The largest `ms`, in the year 10889.
pub const MS_MAX: u64 = (1 << 48) - 1;

/// A brand in keys. Allocated once per brand id and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrandKey(pub u16);

/// A time as the keys hold it.
pub fn ms(at: Time) -> u64 {
    u64::try_from(at.0).unwrap_or(0).min(MS_MAX)
}

/// A time out of a key.
pub fn time(ms: u64) -> Time {
    Time(i64::try_from(ms).unwrap_or(i64::MAX))
}

fn push48(key: &mut Vec<u8>, ms: u64) {
    key.extend_from_slice(&ms.to_be_bytes()[2..]);
}

fn read48(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

fn read64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

fn read16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |n, b| n << 8 | u16::from(*b))
}

/// (brand, ms, hash): rows and cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Placed {
    /// The brand.
    pub brand: BrandKey,
    /// The time in the key.
    pub ms: u64,
    /// Hash of the id.
    pub hash: u64,
}

impl Placed {
    /// The 16 bytes of it.
    pub fn bytes(self) -> Vec<u8> {
        let mut key = Vec::with_capacity(16);
        key.extend_from_slice(&self.brand.0.to_be_bytes());
        push48(&mut key, self.ms);
        key.extend_from_slice(&self.hash.to_be_bytes());
        key
    }

    /// Reads 16 bytes.
    pub fn read(key: &[u8]) -> Option<Self> {
        (key.len() == 16).then(|| Self {
            brand: BrandKey(read16(&key[..2])),
            ms: read48(&key[2..8]),
            hash: read64(&key[8..]),
        })
    }

    /// Where (brand, ms) begins.
    pub fn floor(brand: BrandKey, ms: u64) -> Vec<u8> {
        Self { brand, ms, hash: 0 }.bytes()
    }
}

/// Bounds of everything of a brand, for keys that begin with it.
pub fn of_brand(brand: BrandKey) -> (Vec<u8>, Vec<u8>) {
    (brand.0.to_be_bytes().to_vec(), after(&brand.0.to_be_bytes()))
}

/// The first key that does not begin with `prefix`. The prefix must not be all `0xff`.
pub fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// (brand, hash): cases by id, open cases, people.
pub fn brand_hash(brand: BrandKey, hash: u64) -> Vec<u8> {
    let mut key = brand.0.to_be_bytes().to_vec();
    key.extend_from_slice(&hash.to_be_bytes());
    key
}

/// Reads (brand, hash).
pub fn read_brand_hash(key: &[u8]) -> Option<(BrandKey, u64)> {
    (key.len() == 10).then(|| (BrandKey(read16(&key[..2])), read64(&key[2..])))
}

/// An act: (brand, hash of the post's id, ms, number among equals).
pub fn act(brand: BrandKey, hash: u64, ms: u64, seq: u16) -> Vec<u8> {
    let mut key = brand_hash(brand, hash);
    push48(&mut key, ms);
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

/// A roll-up: (brand, days from the common era, platform).
pub fn day(brand: BrandKey, day: NaiveDate, platform: &str) -> Vec<u8> {
    let mut key = brand.0.to_be_bytes().to_vec();
    // The sign bit is turned so that days before the era sort first.
    let number = day.num_days_from_ce() as u32 ^ 0x8000_0000;
    key.extend_from_slice(&number.to_be_bytes());
    key.extend_from_slice(platform.as_bytes());
    key
}

/// Reads (day, platform).
pub fn read_day(key: &[u8]) -> Option<(NaiveDate, String)> {
    let number: [u8; 4] = key.get(2..6)?.try_into().ok()?;
    let number = (u32::from_be_bytes(number) ^ 0x8000_0000) as i32;
    let day = NaiveDate::from_num_days_from_ce_opt(number)?;
    Some((day, String::from_utf8(key[6..].to_vec()).ok()?))
}

/// A sequence of the id journal.
pub fn journal(seq: u32) -> Vec<u8> {
    seq.to_be_bytes().to_vec()
}

/// A plain number: positions in the outbox, first hashes of buckets.
pub fn number(n: u64) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

/// Reads a plain number of up to eight bytes.
pub fn read_number(key: &[u8]) -> Option<u64> {
    (key.len() <= 8).then(|| read64(key))
}

/// Names in the space `State`. Parts are parted by a byte that no name holds.
pub mod state {
    use super::{BrandKey, Person};

    /// Version of the layout.
    pub const SCHEMA: &[u8] = b"schema";
    /// The random seed of every hash.
    pub const SEED: &[u8] = b"seed";
    /// An import that has not ended.
    pub const UNFINISHED: &[u8] = b"unfinished";
    /// Mail is held until a person releases it.
    pub const HELD: &[u8] = b"held";
    /// How many commits there have been.
    pub const COMMITS: &[u8] = b"commits";
    /// The length of the data file, in bytes, when the database was last compacted.
    pub const COMPACTED: &[u8] = b"compacted";
    /// The next position of the outbox.
    pub const NEXT_MAIL: &[u8] = b"next-mail";

    /// Everything under a word.
    pub fn under(word: &str) -> Vec<u8> {
        [word.as_bytes(), b"\0"].concat()
    }

    /// Something under a word.
    pub fn one(word: &str, name: &str) -> Vec<u8> {
        [word.as_bytes(), b"\0", name.as_bytes()].concat()
    }

    /// Something of a stream of an account.
    pub fn stream(word: &str, account: &str, stream: &str) -> Vec<u8> {
        [word.as_bytes(), b"\0", account.as_bytes(), b"\0", stream.as_bytes()].concat()
    }

    /// The account and stream of such a name.
    pub fn read_stream(word: &str, key: &[u8]) -> Option<(String, String)> {
        let rest = std::str::from_utf8(key.get(word.len() + 1..)?).ok()?;
        rest.split_once('\0').map(|(a, s)| (a.to_owned(), s.to_owned()))
    }

    /// Everything of a brand under a word.
    pub fn of_brand(word: &str, brand: BrandKey) -> Vec<u8> {
        [word.as_bytes(), b"\0", &brand.0.to_be_bytes()].concat()
    }

    /// Something about a person under a word.
    pub fn person(word: &str, brand: BrandKey, person: Person) -> Vec<u8> {
        [&of_brand(word, brand)[..], &person.0.to_be_bytes()].concat()
    }

    /// The person of such a name.
    pub fn read_person(word: &str, key: &[u8]) -> Option<Person> {
        let rest: [u8; 8] = key.get(word.len() + 3..)?.try_into().ok()?;
        Some(Person(u64::from_be_bytes(rest)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn placed() -> impl Strategy<Value = Placed> {
        (any::<u16>(), 0..=MS_MAX, any::<u64>()).prop_map(|(brand, ms, hash)| Placed {
            brand: BrandKey(brand),
            ms,
            hash,
        })
    }

    proptest! {
        #[test]
        fn rows_read_back_and_lie_in_order(a in placed(), b in placed()) {
            prop_assert_eq!(Placed::read(&a.bytes()), Some(a));
            prop_assert_eq!(a.bytes().cmp(&b.bytes()), a.cmp(&b));
            prop_assert!(Placed::floor(a.brand, a.ms) <= a.bytes());
        }

        #[test]
        fn acts_lie_in_order(a: (u16, u64, u16), b: (u16, u64, u16), x in 0..=MS_MAX, y in 0..=MS_MAX) {
            let of = |t: (u16, u64, u16), at| act(BrandKey(t.0), t.1, at, t.2);
            prop_assert_eq!(of(a, x).cmp(&of(b, y)), (a.0, a.1, x, a.2).cmp(&(b.0, b.1, y, b.2)));
            prop_assert_eq!(read_brand_hash(&brand_hash(BrandKey(a.0), a.1)), Some((BrandKey(a.0), a.1)));
        }

        #[test]
        fn days_read_back_and_lie_in_order(a in -800_000_i32..3_000_000, b in -800_000_i32..3_000_000, platform in "[a-z]{0,8}") {
            let of = |n| NaiveDate::from_num_days_from_ce_opt(n).expect("in range");
            let brand = BrandKey(7);
            prop_assert_eq!(read_day(&day(brand, of(a), &platform)), Some((of(a), platform.clone())));
            prop_assert_eq!(day(brand, of(a), "x").cmp(&day(brand, of(b), "x")), a.cmp(&b));
        }

        #[test]
        fn the_end_of_a_prefix_is_just_behind_it(prefix in proptest::collection::vec(any::<u8>(), 1..5), rest: Vec<u8>) {
            prop_assume!(prefix.iter().any(|b| *b != 0xff));
            let end = after(&prefix);
            prop_assert!([prefix.clone(), rest].concat() < end);
            prop_assert!(prefix < end);
        }

        #[test]
        fn names_in_state_read_back(account in "[a-z :/é]{0,9}", name in "[a-z :/é]{0,9}", person: u64) {
            let key = state::stream("mark", &account, &name);
            prop_assert_eq!(state::read_stream("mark", &key), Some((account, name)));
            let key = state::person("own", BrandKey(3), Person(person));
            prop_assert_eq!(state::read_person("own", &key), Some(Person(person)));
        }
    }

    #[test]
    fn times_outside_the_key_stop_at_its_ends() {
        for (at, wanted) in [(Time(-1), 0), (Time(0), 0), (Time(5), 5), (Time(i64::MAX), MS_MAX)] {
            assert_eq!(ms(at), wanted);
        }
    }
}
