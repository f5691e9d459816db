//! The processors that Terrella brings along, compiled from the
//! specifications of [Ghidra](https://github.com/NationalSecurityAgency/ghidra),
//! which are Apache-2.0.
//!
//! ```
//! use terrella_sleigh::Decoder;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let processor = terrella_sleigh_languages::load("x86-64")?;
//! let mut decoder = Decoder::new(processor.language.clone());
//! assert_eq!(decoder.decode(0x1000, &[0x48, 0x01, 0xd8], processor.context)?, 3);
//! assert_eq!(decoder.text(), "ADD RAX,RBX");
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod catalog;
mod edits;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

pub use catalog::{ENTRIES, Entry};
pub use edits::{EDITS, Edit};
use terrella_platforms::Platform;
use terrella_sleigh::Processor;

/// Compiled specifications, in the order of [`ENTRIES`]; empty without the
/// feature `embedded`.
const EMBEDDED: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The environment variable that names a folder of compiled specifications.
pub const FOLDER_VARIABLE: &str = "TERRELLA_LANGUAGES";

/// Why a processor cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is none of that name.
    #[error("no processor is called `{0}`")]
    Unknown(String),
    /// It is not part of the program, and no folder was named.
    #[error("`{0}` is not embedded: set {FOLDER_VARIABLE} to a folder with {0}.tsl")]
    NotEmbedded(&'static str),
    /// Its file cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its compressed form is damaged.
    #[error("the compiled form of `{name}` is damaged: {reason}")]
    Compression {
        /// The processor.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// Its compiled form is damaged.
    #[error(transparent)]
    Language(#[from] terrella_sleigh::Error),
}

/// The processor that decodes a platform's instructions.
#[must_use]
pub fn entry_of(platform: Platform) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.platforms.contains(&platform.name()))
}

/// The context field that tells the instruction set of a platform whose code
/// pointers carry it in bit 0.
#[must_use]
pub fn mode_field(platform: Platform) -> Option<&'static str> {
    use terrella_platforms::CodeAddressBit;
    match platform.definition().code_address_bit {
        CodeAddressBit::Address => None,
        CodeAddressBit::Thumb | CodeAddressBit::ThumbOnly => Some("TMode"),
        CodeAddressBit::CompressedMips => Some("ISA_MODE"),
    }
}

/// A processor by its name. The first call takes a few milliseconds, further
/// ones nothing.
///
/// # Errors
/// [`Error`].
pub fn load(name: &str) -> Result<Arc<Processor>, Error> {
    static LOADED: OnceLock<Vec<Mutex<Option<Arc<Processor>>>>> = OnceLock::new();
    let Some(index) = ENTRIES.iter().position(|entry| entry.name == name) else {
        return Err(Error::Unknown(name.to_owned()));
    };
    let slots = LOADED.get_or_init(|| ENTRIES.iter().map(|_| Mutex::new(None)).collect());
    let mut slot = slots[index].lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(processor) = &*slot {
        return Ok(Arc::clone(processor));
    }
    let processor = Arc::new(read(index)?);
    *slot = Some(Arc::clone(&processor));
    Ok(processor)
}

fn read(index: usize) -> Result<Processor, Error> {
    let name = ENTRIES[index].name;
    match EMBEDDED.get(index) {
        Some(bytes) => decompress(name, bytes),
        None => match std::env::var_os(FOLDER_VARIABLE) {
            Some(folder) => load_from(Path::new(&folder), ENTRIES[index].name),
            None => Err(Error::NotEmbedded(name)),
        },
    }
}

fn decompress(name: &'static str, bytes: &[u8]) -> Result<Processor, Error> {
    let damaged = |reason: String| Error::Compression { name, reason };
    let (size, rest) =
        lz4_flex::block::uncompressed_size(bytes).map_err(|error| damaged(error.to_string()))?;
    if size > 1 << 30 {
        return Err(damaged("it is too large".to_owned()));
    }
    let bytes = lz4_flex::decompress(rest, size).map_err(|error| damaged(error.to_string()))?;
    Ok(Processor::from_bytes(&bytes)?)
}

/// A processor of the catalogue from a folder of compiled specifications.
///
/// # Errors
/// [`Error`].
pub fn load_from(folder: &Path, name: &str) -> Result<Processor, Error> {
    let Some(entry) = ENTRIES.iter().find(|entry| entry.name == name) else {
        return Err(Error::Unknown(name.to_owned()));
    };
    let path = folder.join(format!("{name}.tsl"));
    let bytes = std::fs::read(&path).map_err(|source| Error::Read { path, source })?;
    decompress(entry.name, &bytes)
}

/// Writes the embedded processors into a folder that [`load_from`] reads.
///
/// # Errors
/// [`Error::Read`], [`Error::NotEmbedded`].
pub fn export_to(folder: &Path) -> Result<(), Error> {
    for (index, entry) in ENTRIES.iter().enumerate() {
        let bytes = EMBEDDED.get(index).ok_or(Error::NotEmbedded(entry.name))?;
        let path = folder.join(format!("{}.tsl", entry.name));
        std::fs::write(&path, bytes).map_err(|source| Error::Read { path, source })?;
    }
    Ok(())
}
