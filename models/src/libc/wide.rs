//! Wide and multibyte characters.

use super::{context::Context, error::Result, state::State};

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
}
