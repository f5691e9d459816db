//! UF2: blocks of 512 bytes that boot loaders copy into flash memory.
//!
//! The format is that of Microsoft's "USB Flashing Format (UF2)"
//! specification.

use terrella_machine_state::Executable;
use terrella_platforms::Platform;

use crate::{
    Error, Result,
    runs::{self, Runs},
};

const BLOCK: usize = 512;
const MAGIC: [u32; 2] = [0x0a32_4655, 0x9e5d_5157];
const MAGIC_AT_END: u32 = 0x0ab1_6f30;
/// A block that is not for the main flash memory.
const NOT_MAIN_FLASH: u32 = 1;
/// A part of a file, without an address.
const FILE_CONTAINER: u32 = 0x1000;
const FAMILY_PRESENT: u32 = 0x2000;

/// What a UF2 file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uf2 {
    /// Runs of bytes without a gap: address and bytes, by address.
    pub segments: Vec<(u64, Vec<u8>)>,
    /// The number of the family of processors, if the blocks tell it.
    pub family: Option<u32>,
}

fn word(block: &[u8], at: usize) -> u32 {
    block.get(at..at + 4).map_or(0, |bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// Whether a file begins with a block.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && [word(bytes, 0), word(bytes, 4)] == MAGIC
}

impl Uf2 {
    /// Reads a file that errors call `file`. Blocks that are not for the main
    /// flash memory are passed over, as boot loaders do.
    ///
    /// # Errors
    /// [`Error::NotThatFormat`]; [`Error::Malformed`] with the place of a
    /// block that is broken, or of another family than the first.
    ///
    /// ```
    /// use terrella_loaders::Uf2;
    ///
    /// let mut block = vec![0; 512];
    /// for (at, word) in [
    ///     (0, 0x0a32_4655), (4, 0x9e5d_5157), (8, 0x2000), (12, 0x1000_0000),
    ///     (16, 4), (24, 1), (28, 0xe48b_ff56), (508, 0x0ab1_6f30_u32),
    /// ] {
    ///     block[at..at + 4].copy_from_slice(&word.to_le_bytes());
    /// }
    /// block[32..36].copy_from_slice(&[1, 2, 3, 4]);
    /// let image = Uf2::parse("blink.uf2", &block)?;
    /// assert_eq!(image.segments, [(0x1000_0000, vec![1, 2, 3, 4])]);
    /// assert_eq!(image.family, Some(0xe48b_ff56));
    /// # Ok::<(), terrella_loaders::Error>(())
    /// ```
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self> {
        if !looks_like(bytes) {
            return Err(Error::NotThatFormat { file: file.to_owned(), wanted: "a UF2 file" });
        }
        let mut runs = Runs::default();
        let mut family = None;
        let mut total = None;
        for (index, block) in bytes.chunks(BLOCK).enumerate() {
            let broken =
                |what| Err(Error::Malformed { file: file.to_owned(), what, offset: (index * BLOCK) as u64 });
            if block.len() < BLOCK || !looks_like(block) || word(block, 508) != MAGIC_AT_END {
                return broken("a block is cut off, or lacks its marks");
            }
            let flags = word(block, 8);
            let (address, size, count) = (word(block, 12), word(block, 16) as usize, word(block, 24));
            if *total.get_or_insert(count) != count {
                return broken("blocks disagree about how many there are");
            }
            if flags & (NOT_MAIN_FLASH | FILE_CONTAINER) != 0 {
                continue;
            }
            let Some(data) = block.get(32..508).and_then(|data| data.get(..size)) else {
                return broken("a block has more bytes than fit into it");
            };
            if flags & FAMILY_PRESENT != 0 && *family.get_or_insert(word(block, 28)) != word(block, 28) {
                return broken("blocks for another family of processors follow");
            }
            if runs.put(address.into(), data).is_err() {
                return broken("a block overlaps an earlier one");
            }
        }
        Ok(Self { segments: runs.joined(), family })
    }

    /// The image, with all permissions and a segment for each run of bytes.
    ///
    /// # Errors
    /// [`Error::NoRoom`] if a run passes the end of the platform's address
    /// space.
    pub fn into_executable(self, name: &str, platform: Platform) -> Result<Executable> {
        runs::image(name, platform, self.segments, None)
    }
}
