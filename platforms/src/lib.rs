//! What processors and their software conventions look like, as data.
//!
//! A [`Platform`] is a processor in a byte order; its [`PlatformDefinition`]
//! tells registers with their aliases, calling conventions and system-call
//! conventions. Nothing here executes anything: emulators, loaders and
//! machines read these tables, so that what differs between processors stands
//! in one place.
//!
//! ```
//! use terrella_platforms::Platform;
//!
//! for platform in Platform::ALL {
//!     let definition = platform.definition();
//!     println!("{platform}: {}, {} registers", definition.description, definition.registers().len());
//! }
//! ```
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod arm_helpers;
mod convention;
mod definition;
mod definitions;
mod dwarf;
mod long_double;
mod platform;
mod register;
mod signal_frame;
mod spec;
mod syscall;
mod syscalls;
mod value;

pub use arm_helpers::{
    ARM_HELPERS_THREAD_POINTER, ARM_KERNEL_HELPERS, arm_helper_is_data, arm_kernel_helpers,
};
pub use convention::{
    BySize, CallingConvention, Extension, FloatFormat, FloatPlacement, ReturnBy, SizedPlace, StructResult,
    WidePlacement, pairs_downwards,
};
pub use definition::{CodeAddressBit, ElfIdentity, PlatformDefinition};
pub use dwarf::FrameRecord;
pub use long_double::{LongDouble, LongDoubleFormat, LongDoublePlace, LongDoubleResult, long_double};
pub use platform::{Architecture, ByteOrder, Platform, UnknownPlatform};
pub use register::{RegisterDefinition, RegisterId, RegisterKind, RegisterName, RegisterTable};
pub use signal_frame::{SavedRegisters, SignalFrame, signal_frame};
pub use syscall::{SyscallConvention, SyscallError, SyscallNumber};
pub use value::{RegisterValue, ValueTooWide};
