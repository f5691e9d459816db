//! [`Error`]: everything that can go wrong with machines.

use std::path::PathBuf;

use terrella_emulator_api::{AddressRange, HookError, Stop};
use terrella_platforms::{Platform, RegisterValue};

use crate::names::suggestion;

/// The result of an operation on a machine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong with machines.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The emulator that the machine meets reported an error.
    #[error(transparent)]
    Emulator(#[from] terrella_emulator_api::Error),
    /// A symbol that no executable defines.
    #[error("{module} has no symbol `{name}`{}", suggestion(.nearest))]
    UnknownSymbol {
        /// Where it was looked for.
        module: String,
        /// The symbol.
        name: String,
        /// Names that look like it.
        nearest: Vec<String>,
    },
    /// An access that is not wholly inside an item.
    #[error("{size:#x} bytes at {address:#x} are not all inside `{item}`: {missing:#x} is not")]
    OutsideItem {
        /// The name of the item.
        item: String,
        /// The first address of the access.
        address: u64,
        /// The size of the access in bytes.
        size: u64,
        /// The first address that is outside.
        missing: u64,
    },
    /// A range that is empty, or leaves the address space of the platform.
    #[error("{size:#x} bytes at {address:#x} are no range of addresses of {platform}")]
    InvalidRange {
        /// The platform.
        platform: Platform,
        /// The first address.
        address: u64,
        /// The size in bytes.
        size: u64,
    },
    /// More bytes than the range they are for has.
    #[error("{given:#x} bytes do not fit into {range} of `{item}`")]
    TooManyBytes {
        /// What they are for.
        item: String,
        /// Its range.
        range: AddressRange,
        /// How many bytes there are.
        given: u64,
    },
    /// No register of that name.
    #[error("{platform} has no register `{name}`{}", suggestion(.nearest))]
    UnknownRegister {
        /// The platform.
        platform: Platform,
        /// The name asked for.
        name: String,
        /// Names that look like it.
        nearest: Vec<String>,
    },
    /// A value that is wider than the register.
    #[error("{value:#x} does not fit into `{register}` of {bits} bits")]
    ValueTooWide {
        /// The register.
        register: String,
        /// Its width in bits.
        bits: u32,
        /// The value.
        value: RegisterValue,
    },
    /// A write to a register that always has one value.
    #[error("`{register}` is always {value:#x}: {written:#x} cannot be written to it")]
    FixedRegister {
        /// The register.
        register: String,
        /// Its value.
        value: u64,
        /// What was to be written.
        written: RegisterValue,
    },
    /// A register that was asked for and is not set.
    #[error("`{register}` is not set")]
    RegisterNotSet {
        /// The register.
        register: String,
    },
    /// The text of a register in a file is malformed.
    #[error("`{text}` is no value of `{register}`")]
    MalformedRegister {
        /// The register.
        register: String,
        /// What stands there.
        text: String,
    },
    /// A name that an item of the machine has already.
    #[error("the machine has an item `{name}` already")]
    DuplicateItem {
        /// The name.
        name: String,
    },
    /// A name that no item of the machine has.
    #[error("the machine has no item `{name}`{}", suggestion(.nearest))]
    NoSuchItem {
        /// The name.
        name: String,
        /// Names that look like it.
        nearest: Vec<String>,
    },
    /// An item that is not of the type asked for.
    #[error("item `{name}` is not a {wanted}")]
    WrongItemType {
        /// The name.
        name: String,
        /// The type that was asked for.
        wanted: &'static str,
    },
    /// Something was not done to an item.
    #[error("{action} `{item}`: {source}")]
    Item {
        /// What was done: `applying`, `extracting`.
        action: &'static str,
        /// The name of the item.
        item: String,
        /// What went wrong.
        source: Box<Error>,
    },
    /// A machine meets an emulator, or an item a machine, of another platform.
    #[error("{found} does not go with {expected}")]
    WrongPlatform {
        /// The platform of the machine.
        expected: Platform,
        /// The platform of the other.
        found: Platform,
    },
    /// An address of the guest's memory that no item holds.
    #[error("no item holds {address:#x}")]
    NotHeld {
        /// The address.
        address: u64,
    },
    /// A stack or heap has no room left.
    #[error("`{item}` has no room for {size:#x} bytes")]
    NoRoom {
        /// What is full.
        item: String,
        /// What was to go in, in bytes.
        size: u64,
    },
    /// An address that is not that of an allocation.
    #[error("{address:#x} is {}", if *.freed { "freed already" } else { "no allocation of this heap" })]
    NotAllocated {
        /// The address.
        address: u64,
        /// Whether it was one before.
        freed: bool,
    },
    /// An alignment that is not a power of two.
    #[error("{alignment} is no alignment: it must be a power of two")]
    InvalidAlignment {
        /// What was asked for.
        alignment: u64,
    },
    /// A model whose live state is not in the emulator: it was not applied.
    #[error("`{name}` has no live state in the emulator")]
    NotLive {
        /// The name of the item.
        name: String,
    },
    /// A calling convention that the platform does not have.
    #[error("{platform} has no calling convention `{name}`{}", suggestion(.nearest))]
    UnknownConvention {
        /// The platform.
        platform: Platform,
        /// The name; empty for the default where there is none.
        name: String,
        /// Names that look like it.
        nearest: Vec<String>,
    },
    /// A value that a calling convention has no place for.
    #[error("{convention} has no place for {what}")]
    NoPlace {
        /// The convention.
        convention: &'static str,
        /// The value.
        what: String,
    },
    /// An item that one emulator cannot hold: it makes its own.
    #[error("{what} does not run on one emulator: {instead}")]
    OwnEmulators {
        /// The item.
        what: String,
        /// What to do with it.
        instead: &'static str,
    },
    /// No free address is left to return to.
    #[error("no unmapped address is left that a call could return to")]
    NoReturnAddress,
    /// A called function did not return.
    #[error("the function at {function:#x} did not return: {stop}")]
    NotReturned {
        /// Its address.
        function: u64,
        /// Why the run ended.
        stop: Stop,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// Bytes that are no machine file, a damaged one, or one of another version.
    #[error("{introduction}{0}", introduction = introduction(.0))]
    Format(FormatError),
    /// A value that cannot be written or read as JSON.
    #[error("machine description: {0}")]
    Json(#[from] serde_json::Error),
}

impl Error {
    /// The error as a callback returns it: an error of the emulator stays one,
    /// so that a fault in a model is a fault of the run.
    #[must_use]
    pub fn into_hook_error(self) -> HookError {
        match self {
            Self::Emulator(source) => Box::new(source),
            other => Box::new(other),
        }
    }
}

/// What stands before an error of a file: one of another version is sound.
const fn introduction(error: &FormatError) -> &'static str {
    match error {
        FormatError::Version(_) => "",
        _ => "not a machine file, or a damaged one: ",
    }
}

/// What is wrong with a machine file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// It does not start like one.
    #[error("it does not start with `TERRELLA`")]
    Magic,
    /// A version of the format that is not read: an older or a newer one.
    #[error("the file has version {0} of the format, and this program reads version {version} alone", version = crate::format::VERSION)]
    Version(u32),
    /// A part is said to be longer than the file, or the file is longer than
    /// its parts.
    #[error("{part} has {expected} bytes by the header, and the file {found}")]
    Length {
        /// The part.
        part: &'static str,
        /// Its length by the header.
        expected: u64,
        /// The length that there is.
        found: u64,
    },
    /// The checksum is not that of the content.
    #[error("the checksum is wrong")]
    Checksum,
    /// A page is not what its hash says, is zero, or is there twice.
    #[error("page {0} of the store is damaged")]
    Page(u64),
    /// A compressed part is damaged.
    #[error("{0} cannot be decompressed")]
    Compression(&'static str),
    /// The file holds more than the limit allows.
    #[error("{part} has {size}, more than the limit of {limit}")]
    TooLarge {
        /// The part.
        part: &'static str,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
}

impl From<FormatError> for Error {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}
