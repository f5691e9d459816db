//! What rules say of the operands of an instruction, and how names are written.

use super::Case;

/// What two fields of an instruction have to do with each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Same {
    /// They hold the same.
    Equal(Field, Field),
    /// The second is the number of a bit that is set in the first.
    Listed(Field, Field),
}

/// A field of an instruction: its lowest bit, and its highest one beyond that.
type Field = (u32, u32);

fn field(text: &str) -> Option<Field> {
    let (high, low) = text.split_once(':')?;
    let (high, low): (u32, u32) = (high.parse().ok()?, low.parse().ok()?);
    if high < 64 { Some((low, high.checked_sub(low)?)) } else { None }
}

impl Same {
    /// `4:0=9:5`, or `15:0[19:16]`.
    ///
    /// # Errors
    /// What is no such condition.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let pair = |(left, right)| field(left).zip(field(right));
        let equal = text.split_once('=').and_then(pair).filter(|(left, right)| left.1 == right.1);
        let listed = text.strip_suffix(']').and_then(|it| it.split_once('[')).and_then(pair);
        let found = equal.map(|(left, right)| Self::Equal(left, right));
        let found = found.or_else(|| listed.map(|(list, number)| Self::Listed(list, number)));
        found.ok_or_else(|| format!("{text} is no pair of fields"))
    }

    /// Whether an instruction of at most eight bytes has it, the most significant
    /// byte first.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        let word = bytes.iter().take(8).fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        let value = |(low, width): Field| word >> low & u64::MAX >> (63 - width);
        match *self {
            Self::Equal(left, right) => value(left) == value(right),
            Self::Listed(list, number) => value(number) < 64 && value(list) >> value(number) & 1 != 0,
        }
    }
}

/// Whether a text is of a pattern, in which `*` stands for anything.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|text| {
            let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            starts.into_iter().any(|at| is_like(rest, &text[at..]))
        }),
    }
}

/// Whether a register is of a pattern, in which a last `#` stands for a number.
pub(super) fn is_register(pattern: &str, name: &str) -> bool {
    let Some(prefix) = pattern.strip_suffix('#') else { return is_like(pattern, name) };
    let number = name.strip_prefix(prefix);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|letter| letter.is_ascii_digit()))
}

pub(super) fn is_any(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| is_like(pattern, text))
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

#[cfg(test)]
mod tests {
    use super::Same;

    #[test]
    fn fields_of_instructions() {
        let equal = Same::parse("4:0=9:5").expect("two fields");
        // ldr x1, [x1], #0; ldr x1, [x2], #0
        assert!(equal.holds(&[0xf8, 0x40, 0x04, 0x21]));
        assert!(!equal.holds(&[0xf8, 0x40, 0x04, 0x41]));
        let listed = Same::parse("15:0[19:16]").expect("two fields");
        // ldmia r1!, {r1}; ldmia r1!, {r0}
        assert!(listed.holds(&[0xe8, 0xb1, 0x00, 0x02]));
        assert!(!listed.holds(&[0xe8, 0xb1, 0x00, 0x01]));
        for wrong in ["4:0=9:6", "4:0", "0:4=4:0", "64:0=64:0", "15:0[19:16"] {
            assert!(Same::parse(wrong).is_err(), "{wrong}");
        }
    }
}
