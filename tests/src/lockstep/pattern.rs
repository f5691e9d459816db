//! [`Pattern`]: the fixed bits of an instruction.

use std::str::FromStr;

/// The fixed bits of an instruction of up to 32 bits, as manuals write them:
/// the highest first, `0`, `1`, and `.` for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    mask: u32,
    value: u32,
    /// How many bytes it has.
    length: usize,
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut mask, mut value) = (0_u32, 0_u32);
        if !matches!(text.len(), 8 | 16 | 32) {
            return Err(format!("`{text}` is not of 8, 16 or 32 bits"));
        }
        for letter in text.bytes() {
            let (fixed, bit) = match letter {
                b'0' => (1, 0),
                b'1' => (1, 1),
                b'.' => (0, 0),
                _ => return Err(format!("`{text}` is not of `0`, `1` and `.`")),
            };
            (mask, value) = (mask << 1 | fixed, value << 1 | bit);
        }
        Ok(Self { mask, value, length: text.len() / 8 })
    }
}

impl Pattern {
    /// Sets the fixed bits of an instruction.
    pub(super) fn apply(&self, code: &mut [u8], is_big_endian: bool) {
        let Some(bytes) = code.get_mut(..self.length) else { return };
        let places = (0..self.length).map(|index| {
            let place = if is_big_endian { self.length - 1 - index } else { index };
            8 * place
        });
        for (byte, place) in bytes.iter_mut().zip(places) {
            let [mask, value] = [self.mask, self.value].map(|bits| (bits >> place) as u8);
            *byte = *byte & !mask | value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_bits_are_set_in_both_orders() -> Result<(), String> {
        let pattern: Pattern = "1.......00001111".parse()?;
        let mut code = [0x55; 4];
        pattern.apply(&mut code, false);
        assert_eq!(code, [0x0f, 0xd5, 0x55, 0x55]);
        let mut code = [0x55; 4];
        pattern.apply(&mut code, true);
        assert_eq!(code, [0xd5, 0x0f, 0x55, 0x55]);
        assert!("10".parse::<Pattern>().is_err());
        assert!("1000000x".parse::<Pattern>().is_err());
        Ok(())
    }
}
