//! [`Error`]: everything that can go wrong with machines.

use terrella_emulator_api::AddressRange;
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
}
