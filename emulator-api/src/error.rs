//! [`Error`]: everything that can go wrong at the contract.

use std::error::Error as StdError;

use terrella_platforms::{Platform, RegisterValue};

use crate::{AddressRange, Capability, Fault, HookFamily, Permissions};

/// The result of an operation on an emulator.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that a callback may return: any error type of the caller's.
pub type HookError = Box<dyn StdError + Send + Sync + 'static>;

/// Everything that can go wrong at the contract.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The guest did something that cannot go on.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A callback returned an error, which this is, unchanged.
    #[error(transparent)]
    Callback(HookError),
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
    /// A register that the platform has, and this backend has not.
    #[error("{backend} has no register `{register}` of {platform}")]
    RegisterNotAvailable {
        /// The backend.
        backend: &'static str,
        /// The platform.
        platform: Platform,
        /// The register.
        register: String,
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
    /// A register too wide for a 64-bit integer.
    #[error("`{register}` has {bits} bits: read it as a wide register")]
    RegisterTooWide {
        /// The register.
        register: String,
        /// Its width in bits.
        bits: u32,
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
    /// Something that this backend does not do on this platform.
    #[error("{backend} does not support {capability} on {platform}{}", because(.reason))]
    Unsupported {
        /// The backend.
        backend: &'static str,
        /// The platform.
        platform: Platform,
        /// What is not supported.
        capability: Capability,
        /// Why, if there is more to say.
        reason: String,
    },
    /// A platform that a backend has no engine for.
    #[error("{backend} does not run {platform}{}", because(.reason))]
    UnsupportedPlatform {
        /// The backend.
        backend: &'static str,
        /// The platform.
        platform: Platform,
        /// Why, if there is more to say.
        reason: String,
    },
    /// A mapping meets one that is there already.
    #[error("{range} ({permissions}) overlaps {existing} ({existing_permissions}), which is mapped already")]
    MapOverlap {
        /// What was to be mapped.
        range: AddressRange,
        /// With which permissions.
        permissions: Permissions,
        /// What is mapped.
        existing: AddressRange,
        /// With which permissions.
        existing_permissions: Permissions,
    },
    /// A range that was to be unmapped or protected is not mapped as a whole.
    #[error("{range} is not mapped as a whole: nothing is at {address:#x}")]
    NotMapped {
        /// The range.
        range: AddressRange,
        /// The first address that is not mapped.
        address: u64,
    },
    /// A range that wraps around the address space.
    #[error("{size:#x} bytes at {address:#x} pass the end of the address space, {highest:#x}")]
    WrappingRange {
        /// The first address.
        address: u64,
        /// The size in bytes.
        size: u64,
        /// The highest address there is.
        highest: u64,
    },
    /// The host has no memory left for the guest.
    #[error("no host memory for {size:#x} bytes at {address:#x}")]
    OutOfMemory {
        /// The guest address.
        address: u64,
        /// The size in bytes.
        size: u64,
    },
    /// There is a hook of this family for the same thing.
    #[error("the {family} hook for {site} exists already")]
    HookExists {
        /// The family.
        family: HookFamily,
        /// The address, range or number; `all` for a global hook.
        site: String,
    },
    /// There is no hook of this family for the thing.
    #[error("no {family} hook for {site} exists")]
    NoSuchHook {
        /// The family.
        family: HookFamily,
        /// The address, range or number; `all` for a global hook.
        site: String,
    },
    /// A hook handle whose hook was removed, or that is another emulator's.
    #[error("the hook of this handle was removed before, or belongs to another emulator")]
    StaleHook,
    /// A read hook gave replacement bytes of a wrong length.
    #[error("a read hook replaced {expected} bytes at {address:#x} by {given} bytes")]
    WrongReplacementLength {
        /// The address of the access.
        address: u64,
        /// Its size.
        expected: usize,
        /// The length of the replacement.
        given: usize,
    },
    /// Execution was started from inside a callback.
    #[error("execution cannot be started from inside a callback")]
    Reentrant,
    /// A function hook at an address where nothing is mapped.
    #[error("a function hook needs mapped memory, and nothing is mapped at {address:#x}")]
    FunctionHookUnmapped {
        /// The address.
        address: u64,
    },
    /// A snapshot of another emulator.
    #[error("the snapshot belongs to another emulator")]
    ForeignSnapshot,
    /// The engine below a backend reported something unexpected.
    #[error("{backend}: {message}")]
    Backend {
        /// The backend.
        backend: &'static str,
        /// What it said.
        message: String,
    },
}

fn suggestion(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(" or ")) }
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

impl Error {
    /// The fault, if this is one.
    #[must_use]
    pub const fn as_fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// The caller's own error that a callback returned, if this is one of
    /// that type.
    #[must_use]
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        match self {
            Self::Callback(source) => source.downcast_ref(),
            _ => None,
        }
    }

    /// What a callback returned, as the error that `run` returns: the
    /// contract's own errors stay what they are, all others are carried.
    #[must_use]
    pub fn from_callback(source: HookError) -> Self {
        match source.downcast::<Self>() {
            Ok(own) => *own,
            Err(other) => Self::Callback(other),
        }
    }
}
