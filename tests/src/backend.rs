//! The backends that are checked.

use terrella_emulator_api::{Emulator, Platform, Result};
use terrella_native::NativeEmulator;
use terrella_unicorn::UnicornEmulator;

/// A backend, as the suite needs it.
#[derive(Debug, Clone, Copy)]
pub struct Backend {
    /// The name that the backend gives itself.
    pub name: &'static str,
    /// The platforms that it runs.
    pub platforms: fn() -> Vec<Platform>,
    /// Makes an emulator with nothing mapped.
    pub make: fn(Platform) -> Result<Box<dyn Emulator>>,
}

/// The backends of this repository.
#[must_use]
pub fn backends() -> &'static [Backend] {
    &[
        Backend {
            name: terrella_native::NAME,
            platforms: || NativeEmulator::platforms().collect(),
            make: |platform| Ok(Box::new(NativeEmulator::new(platform)?)),
        },
        Backend {
            name: terrella_unicorn::NAME,
            platforms: || UnicornEmulator::platforms().collect(),
            make: |platform| Ok(Box::new(UnicornEmulator::new(platform)?)),
        },
    ]
}
