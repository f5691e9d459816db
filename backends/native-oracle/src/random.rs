//! [`Random`]: random numbers from a seed.

/// Random numbers from a seed (xorshift64*).
#[derive(Debug, Clone)]
pub struct Random(u64);

const EDGES: &[u64] = &[0, 1, 2, 7, 8, 15, 16, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff];

impl Random {
    /// With a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(limit)) >> 64) as u64
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of some values.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }

    /// A number for a general register, often one at an edge.
    pub fn integer(&mut self) -> u64 {
        match self.below(8) {
            0 => self.pick(EDGES),
            1 => self.pick(EDGES).wrapping_neg(),
            2 => 1 << self.below(64),
            3 => (1 << self.below(64)) - 1,
            4 => self.bits() >> self.below(64),
            5 => (self.bits() as i64 >> self.below(64)) as u64,
            _ => self.bits(),
        }
    }

    /// The bits of a single, often one at an edge.
    pub fn single(&mut self) -> u32 {
        let sign = (self.bits() as u32) & 0x8000_0000;
        sign | match self.below(12) {
            0 => 0,
            1 => 0x7f80_0000,
            2 => 0x7fc0_0000 | (self.bits() as u32 & 0x3f_ffff),
            3 => 0x7f80_0001 | (self.bits() as u32 & 0x3f_ffff),
            4 => self.bits() as u32 & 0x7f_ffff,
            5 => ((self.below(300) as i64 - 150) as f32).abs().to_bits(),
            6 => ((self.below(3000) as i64 - 1500) as f32 / 4.0).abs().to_bits(),
            7 => (0x7f7f_ffff - self.below(4) as u32) >> self.below(2),
            8 => 0x80_0000 + self.below(3) as u32,
            9 => (0x3f80_0000 & !0x1ff_ffff) + self.bits() as u32 % 0x800_0000,
            _ => self.bits() as u32 & 0x7fff_ffff,
        }
    }

    /// The bits of a double, often one at an edge.
    pub fn double(&mut self) -> u64 {
        let sign = self.bits() & (1 << 63);
        sign | match self.below(12) {
            0 => 0,
            1 => 0x7ff0 << 48,
            2 => 0x7ff8 << 48 | (self.bits() & 0x7_ffff_ffff_ffff),
            3 => 0x7ff0 << 48 | 1 | (self.bits() & 0x7_ffff_ffff_ffff),
            4 => self.bits() & 0xf_ffff_ffff_ffff,
            5 => ((self.below(300) as i64 - 150) as f64).abs().to_bits(),
            6 => ((self.below(3000) as i64 - 1500) as f64 / 4.0).abs().to_bits(),
            7 => f64::from(f32::from_bits(self.single())).abs().to_bits(),
            8 => (1 << 52) + self.below(3),
            9 => (0x3f0 << 52) + self.bits() % (0x20 << 52),
            10 => (self.integer() as i64 as f64).abs().to_bits(),
            _ => self.bits() & !(1 << 63),
        }
    }

    /// The bits of an 80-bit number, often one at an edge.
    pub fn extended(&mut self) -> [u8; 10] {
        let sign = (self.bits() as u16) & 0x8000;
        let fraction = self.bits() >> 1 >> self.below(3).saturating_mul(20);
        let one = 1u64 << 63;
        let (exponent, significand) = match self.below(16) {
            0 => (0, 0),
            1 => (0x7fff, one),
            2 => (0x7fff, 3 << 62 | fraction),
            3 => (0x7fff, one | 1 | fraction >> 1),
            4 => (0, fraction),
            5 | 6 => {
                let value = 1 + self.below(2000);
                let zeros = value.leading_zeros();
                (0x3fff + 63 - zeros as u16 - self.below(8) as u16, value << zeros)
            }
            7 => (self.below(0x7fff) as u16 | 1, one | fraction),
            8 => (1 + self.below(2) as u16, one | fraction),
            9 => (0x7ffe, one | fraction),
            // An unsupported form.
            10 if self.once_in(4) => (1 + self.below(0x7fff) as u16, fraction),
            _ => (0x3fff - 80 + self.below(160) as u16, one | fraction),
        };
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&significand.to_le_bytes());
        bytes[8..].copy_from_slice(&(sign | exponent).to_le_bytes());
        bytes
    }
}
