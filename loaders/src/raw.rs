//! [`RawImage`]: bytes at an address.

use terrella_machine_state::Executable;
use terrella_platforms::Platform;

use crate::{Error, IntelHex, Result, runs};

/// Bytes without a structure: code, a memory dump, a boot ROM.
///
/// ```
/// use terrella_loaders::RawImage;
/// use terrella_platforms::Platform;
///
/// let rom = RawImage { name: "rom".into(), platform: Platform::X86_64, address: 0x1000 };
/// let image = rom.load(&[0x90, 0xc3])?;
/// assert_eq!(image.entry, Some(0x1000));
/// # Ok::<(), terrella_loaders::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawImage {
    /// What it is called.
    pub name: String,
    /// The platform that it is for.
    pub platform: Platform,
    /// The address of its first byte, which is its entry point too.
    pub address: u64,
}

impl RawImage {
    /// Puts `bytes` at the address, with all permissions.
    ///
    /// # Errors
    /// [`Error::NoRoom`] for no bytes, or if they pass the end of the address
    /// space.
    pub fn load(&self, bytes: &[u8]) -> Result<Executable> {
        Executable::from_bytes(self.name.clone(), self.platform, self.address, bytes).map_err(|_| {
            Error::NoRoom {
                file: self.name.clone(),
                size: bytes.len() as u64,
                from: self.address,
                platform: self.platform,
            }
        })
    }
}

impl IntelHex {
    /// The image, with all permissions and a segment for each run of bytes.
    ///
    /// # Errors
    /// [`Error::NoRoom`] if a run passes the end of the platform's address
    /// space.
    pub fn into_executable(self, name: &str, platform: Platform) -> Result<Executable> {
        runs::image(name, platform, self.segments, self.entry)
    }
}
