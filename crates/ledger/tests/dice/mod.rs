//! The same numbers in each run (SplitMix64): what fails must be there to look at again.

pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `count` numbers.
    pub fn of(&mut self, count: usize) -> usize {
        usize::try_from(self.roll() % count as u64).unwrap()
    }
}
