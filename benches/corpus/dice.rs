//! Chance that is the same everywhere and for ever: SplitMix64 (Steele, Lea, Flood 2014).

/// A row of numbers that its start decides.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The row of one item for one purpose: drawing more for one does not move the others.
    pub fn new(seed: u64, k: u64, purpose: u64) -> Self {
        let mut dice = Self(seed ^ (purpose << 56));
        dice.0 = dice.number() ^ k;
        dice.number();
        dice
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of 0, …, n − 1; 0 if n is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(n)) >> 64) as u64
    }

    /// One of 0, …, 99.
    pub fn percent(&mut self) -> u64 {
        self.below(100)
    }

    /// From 0 up to, but not, 1.
    pub fn unit(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of a list.
    pub fn one<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len() as u64) as usize]
    }

    /// A number of the log-normal distribution whose logarithm has this mean and deviation.
    pub fn log_normal(&mut self, mean: f64, deviation: f64) -> f64 {
        // Box and Muller; 1 − u is never 0.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        (mean + deviation * normal).exp()
    }
}
