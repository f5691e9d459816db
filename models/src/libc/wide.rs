//! Wide and multibyte characters.

use super::{
    context::Context,
    error::Result,
    state::State,
    types::{CType, Ptr},
    variable::Variable,
};

impl State {
    /// The bytes of a wide character in the locale: UTF-8, or ASCII.
    pub(crate) fn multibyte(&self, wide: u32) -> Option<Vec<u8>> {
        if wide < 0x80 {
            return Some(vec![wide as u8]);
        }
        let character = char::from_u32(wide).filter(|_| self.is_utf8())?;
        let mut buffer = [0; 4];
        Some(character.encode_utf8(&mut buffer).as_bytes().to_vec())
    }
}

impl Context<'_> {
    /// Bytes of a text as wide characters.
    pub(super) fn wide_bytes(&mut self, text: &[u8]) -> Result<Vec<u8>> {
        let order = self.emulator().platform().byte_order();
        let size = usize::from(self.model.wide);
        let characters: Vec<u32> = if self.state.is_utf8() {
            String::from_utf8_lossy(text).chars().map(u32::from).collect()
        } else {
            text.iter().map(|byte| u32::from(*byte)).collect()
        };
        let mut bytes = vec![0; size * characters.len()];
        for (chunk, character) in bytes.chunks_exact_mut(size).zip(characters) {
            order.write(character.into(), chunk);
        }
        Ok(bytes)
    }

    /// The next variable argument, a `long double`, as a double.
    pub(super) fn variable_long_double(&mut self, from: &mut Variable) -> Result<f64> {
        if self.state.long_double_is_double() {
            return self.variable_double(from);
        }
        self.misuse(format!("long double of {} has no place here", self.state.platform))
    }

    /// Stores a `long double`.
    pub(super) fn write_long_double(&mut self, to: Ptr, value: f64) -> Result<()> {
        if self.state.long_double_is_double() {
            return self.write_integer(to, value.to_bits(), 8);
        }
        let _ = CType::Double;
        self.misuse(format!("long double of {} has no place here", self.state.platform))
    }
}

impl State {
    /// Whether `long double` is `double`: on Arm, 32-bit MIPS and others.
    pub(crate) fn long_double_is_double(&self) -> bool {
        let name = self.platform.name();
        name.starts_with("arm")
            || ["mips", "mipsel", "micromips", "micromipsel", "mipsr6", "mipsr6el", "sh4", "xtensa", "msp430"]
                .contains(&name)
    }
}
