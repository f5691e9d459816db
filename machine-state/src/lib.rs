//! What an emulation starts from and ends with, as a value.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod error;
mod executable;
mod names;
mod pages;
mod symbols;

pub use error::{Error, Result};
pub use executable::{Executable, Import, Segment, TlsTemplate};
pub use pages::{PAGE_SIZE, Page, Pages};
pub use symbols::{Symbol, SymbolAt, SymbolBinding, SymbolKind, SymbolTable};
pub use terrella_emulator_api::{AddressRange, Permissions};
pub use terrella_platforms::{Platform, RegisterValue};
