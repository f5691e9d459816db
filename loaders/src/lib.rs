//! Files to machine state: raw images, Intel HEX and ELF, with symbols,
//! relocations and linking.
//!
//! [`load_file`] loads one file on its own; a [`Linker`] loads several and
//! binds them to each other. Both give [`Executable`]s: segments with
//! permissions, symbols, and the imports that are still open.
//!
//! ```
//! use terrella_loaders::{Options, load_bytes};
//! use terrella_platforms::Platform;
//!
//! let options = Options { platform: Some(Platform::MSP430), ..Options::default() };
//! let loaded = load_bytes("blink.hex", b":02440000034374\n:00000001FF\n", &options);
//! assert_eq!(loaded?.executables[0].read(0x4400, 2)?, [0x03, 0x43]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing that a file says is trusted: broken files give an [`Error`] that
//! names the file and the place in it.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod core_dump;
mod debug;
mod detect;
mod elf;
mod error;
mod exidx;
mod indirect;
mod intel_hex;
mod link;
mod load;
mod memory_map;
mod minidump;
mod module;
mod open;
mod options;
mod pe;
mod raw;
mod relocation;
mod runs;
mod s_record;
mod thread_local;
mod uf2;
mod unicorn_context;

pub use core_dump::{CoreDump, CoreSegment, CoreThread, MissingMemory, write_core};
pub use debug::{Caller, DebugInformation, Location};
pub use detect::{FileKind, detect, detect_platform};
pub use error::{Error, Result};
pub use indirect::{IndirectFunctions, resolve_indirect};
pub use intel_hex::{IntelHex, IntelHexProblem};
pub use link::{Binding, LinkReport, Linker, OpenImport, PlacedModule, SearchPath, SkippedRelocation};
pub use load::{Loaded, load_bytes, load_file};
pub use memory_map::{MapSegment, MemoryMap};
pub use minidump::Minidump;
pub use options::{ImportArea, Options, UnknownRelocations};
pub use raw::RawImage;
pub use relocation::{RelocationSupport, RelocationType, relocation_types};
pub use s_record::{SRecordProblem, SRecords};
pub use terrella_machine_state::Executable;
pub use thread_local::ThreadLocalAddress;
pub use uf2::Uf2;
pub use unicorn_context::UnicornContext;
