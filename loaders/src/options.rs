//! [`Options`]: what a caller can choose when files are loaded and linked.

use terrella_platforms::Platform;

/// What happens at a relocation that is not known or not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownRelocations {
    /// Loading fails and names it.
    #[default]
    Refuse,
    /// The place keeps what the file holds, and the report lists it.
    Skip,
}

/// Where imports that no module provides get their addresses.
///
/// Each one gets an address of its own, so that a call or an access to it is
/// recognised by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportArea {
    /// The first address; `None` puts the area above the last module.
    pub base: Option<u64>,
    /// The distance between two imports, in bytes; at least 32 is used.
    pub stride: u64,
    /// Whether the area becomes a mapped executable segment, so that function
    /// hooks can be set there. Otherwise it stays unmapped and a call stops
    /// with a fault at the import's address.
    pub mapped: bool,
}

impl Default for ImportArea {
    fn default() -> Self {
        Self { base: None, stride: 32, mapped: false }
    }
}

/// What a caller can choose when files are loaded and linked.
///
/// ```
/// use terrella_loaders::{Options, UnknownRelocations};
///
/// let options = Options { base: Some(0x10_0000), unknown_relocations: UnknownRelocations::Skip, ..Options::default() };
/// assert_eq!(options.memory_limit, 1 << 30);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The platform: needed for raw images and Intel HEX; overrides what an
    /// ELF header says about variants (`armv7m` for `armv7a`).
    pub platform: Option<Platform>,
    /// The address of the first byte of a raw image (default 0), or the load
    /// bias of the first position-independent or relocatable module.
    pub base: Option<u64>,
    /// Unknown and unsupported relocations.
    pub unknown_relocations: UnknownRelocations,
    /// Where open imports get their addresses.
    pub import_area: ImportArea,
    /// Whether an undefined symbol that is not weak is an error.
    pub refuse_undefined: bool,
    /// The most bytes of guest memory that one file may ask for.
    pub memory_limit: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            platform: None,
            base: None,
            unknown_relocations: UnknownRelocations::Refuse,
            import_area: ImportArea::default(),
            refuse_undefined: false,
            memory_limit: 1 << 30,
        }
    }
}
