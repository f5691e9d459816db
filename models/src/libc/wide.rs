//! Wide and multibyte characters.

use terrella_machine_state::{
    ArgumentValue,
    call::{long_double_bits, long_double_value},
};
use terrella_platforms::{LongDoubleFormat, long_double};

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
    /// The bytes of a wide character of a format.
    pub(super) fn formatted_character(&self, wide: u32) -> Option<Vec<u8>> {
        if !self.wide_format {
            return self.state.multibyte(wide);
        }
        char::from_u32(wide).map(|character| character.to_string().into_bytes())
    }

    /// Bytes of a text as wide characters.
    pub(super) fn wide_bytes(&mut self, text: &[u8]) -> Result<Vec<u8>> {
        let order = self.emulator().platform().byte_order();
        let size = usize::from(self.model.wide);
        let characters: Vec<u32> = if self.wide_format || self.state.is_utf8() {
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
        Ok(match self.variable(from, CType::LongDouble)? {
            ArgumentValue::LongDouble(value) => value,
            _ => f64::NAN,
        })
    }

    /// Stores a `long double`.
    pub(super) fn write_long_double(&mut self, to: Ptr, value: f64) -> Result<()> {
        let convention = self.call.convention();
        let Some(long) = long_double(self.state.platform, convention) else {
            return self.misuse(format!("what a long double of {} is", convention.name));
        };
        let bits = long_double_bits(value, long.format);
        let order = self.emulator().platform().byte_order();
        let mut bytes = [0; 16];
        let bytes = &mut bytes[..usize::from(long.bytes)];
        order.write(bits, bytes);
        // What is only padding is left alone.
        let written = if long.format == LongDoubleFormat::X87 { &bytes[..10] } else { &*bytes };
        self.write(to, written)
    }

    /// Reads a `long double`.
    pub(super) fn read_long_double(&mut self, from: Ptr) -> Result<f64> {
        let convention = self.call.convention();
        let Some(long) = long_double(self.state.platform, convention) else {
            return self.misuse(format!("what a long double of {} is", convention.name));
        };
        let bytes = self.read(from, long.bytes.into())?;
        let bits = self.emulator().platform().byte_order().read(&bytes);
        Ok(long_double_value(bits, long.format))
    }
}
