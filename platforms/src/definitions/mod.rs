//! The definitions themselves, a file for each processor family.

mod x86;

use crate::{Architecture, Platform, PlatformDefinition};

/// The definition of a platform.
pub(crate) fn of(platform: Platform) -> &'static PlatformDefinition {
    match platform.architecture() {
        Architecture::X86_64 => &x86::X86_64,
        _ => &x86::I386,
    }
}
