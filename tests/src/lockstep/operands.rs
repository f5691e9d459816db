//! What rules say of the operands of an instruction.

use super::Case;

/// Two fields of an instruction that hold the same, each from its lowest bit on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Same {
    low: [u32; 2],
    mask: u64,
}

impl Same {
    /// `4:0=9:5`.
    ///
    /// # Errors
    /// What is no such condition.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let field = |text: &str| {
            let (high, low) = text.split_once(':')?;
            let (high, low): (u32, u32) = (high.parse().ok()?, low.parse().ok()?);
            (low <= high && high < 64).then_some((low, high - low))
        };
        let fields = text.split_once('=').and_then(|(left, right)| field(left).zip(field(right)));
        match fields {
            Some(((left, width), (right, other))) if width == other => {
                Ok(Self { low: [left, right], mask: u64::MAX >> (63 - width) })
            }
            _ => Err(format!("{text} is no pair of fields")),
        }
    }

    /// Whether an instruction of at most eight bytes has it, the most significant
    /// byte first.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        let word = bytes.iter().take(8).fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        let [left, right] = self.low.map(|low| word >> low & self.mask);
        left == right
    }
}

/// What the specification of MIPS calls the registers, of 64 bits as well: by
/// the calls of 32 bits.
const MIPS_NAMES: [&str; 32] = [
    "zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "s0",
    "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp", "s8", "ra",
];

/// Whether a register of MIPS that the text names holds something else than a
/// word extended by its sign.
pub(super) fn names_unextended(case: &Case<'_>) -> bool {
    let words = case.text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter_map(|word| MIPS_NAMES.iter().position(|name| *name == word)).any(|number| {
        let found = case.registers.iter().find(|(known, _)| *known == format!("r{number}"));
        found.is_some_and(|(_, value)| value.low_u64() as i64 != i64::from(value.low_u64() as i32))
    })
}
