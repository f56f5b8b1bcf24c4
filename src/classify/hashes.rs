//! Hashes of what texts are made of, and sets of them.

const PRIME: u32 = 0x9E37_79B1;

/// What a feature is made of, mixed into its hash.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sort {
    Word = 1,
    Pair,
    Piece,
    Script,
    Sign,
    Channel,
    Cue,
    Letters,
}

#[inline]
pub(super) fn step(hash: u32, c: u32) -> u32 {
    (hash.rotate_left(5) ^ c).wrapping_mul(PRIME)
}

/// The hash of a feature: every bit depends on every other (the finaliser `lowbias32`).
#[inline]
pub(super) fn finish(hash: u32, sort: Sort) -> u32 {
    let mut hash = step(hash, sort as u32);
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x7FEB_352D);
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0x846C_A68B);
    hash ^ hash >> 16
}

/// A set of hashes that is emptied at no cost.
#[derive(Debug)]
pub(super) struct Seen {
    /// Each with the round in which it came.
    slots: Box<[(u32, u32); Self::SIZE]>,
    round: u32,
}

impl Default for Seen {
    fn default() -> Self {
        Self { slots: Box::new([(0, 0); Self::SIZE]), round: 0 }
    }
}

impl Seen {
    const SIZE: usize = 1 << 12;
    /// Slots tried before a hash is taken for new: in a set that is too full, some come twice.
    const TRIES: usize = 8;

    pub(super) fn clear(&mut self) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            *self = Self::default();
            self.round = 1;
        }
    }

    /// Whether it is new.
    #[inline]
    pub(super) fn insert(&mut self, hash: u32) -> bool {
        let mut at = hash as usize % Self::SIZE;
        for _ in 0..Self::TRIES {
            let slot = &mut self.slots[at];
            if slot.1 != self.round {
                *slot = (hash, self.round);
                return true;
            }
            if slot.0 == hash {
                return false;
            }
            at = (at + 1) % Self::SIZE;
        }
        true
    }
}
