//! The backends that were compiled in, by name.

use terrella_emulator_api::{Emulator, Error, Result};
use terrella_platforms::Platform;

/// A backend that was compiled in.
#[derive(Debug, Clone, Copy)]
pub struct Backend {
    /// Its name, as [`make`] and the command line take it.
    pub name: &'static str,
    /// The version of its engine.
    pub version: &'static str,
    /// The licence of a program that uses it.
    pub licence: &'static str,
    /// The platforms that it runs.
    pub platforms: fn() -> Vec<Platform>,
    /// Makes an emulator.
    pub make: fn(Platform) -> Result<Box<dyn Emulator>>,
}

/// All backends that were compiled in, the preferred one first.
pub const ALL: &[Backend] = &[
    #[cfg(feature = "native")]
    Backend {
        name: terrella_native::NAME,
        version: terrella_native::VERSION,
        licence: "MIT OR Apache-2.0",
        platforms: || terrella_native::NativeEmulator::platforms().collect(),
        make: |platform| {
            let emulator = terrella_native::NativeEmulator::new(platform)?;
            Ok(Box::new(emulator))
        },
    },
    #[cfg(feature = "unicorn")]
    Backend {
        name: terrella_unicorn::NAME,
        version: terrella_unicorn::VERSION,
        licence: "GPL-2.0-only",
        platforms: || terrella_unicorn::UnicornEmulator::platforms().collect(),
        make: |platform| {
            let emulator = terrella_unicorn::UnicornEmulator::new(platform)?;
            Ok(Box::new(emulator))
        },
    },
];

/// The backend called `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Backend> {
    ALL.iter().find(|backend| backend.name == name)
}

/// The first backend that runs a platform.
#[must_use]
pub fn for_platform(platform: Platform) -> Option<&'static Backend> {
    ALL.iter().find(|backend| (backend.platforms)().contains(&platform))
}

/// Makes an emulator of a platform on the first backend that runs it.
///
/// # Errors
/// [`Error::UnsupportedPlatform`] if none of the backends that were compiled
/// in does; otherwise those of the backend.
pub fn make(platform: Platform) -> Result<Box<dyn Emulator>> {
    match for_platform(platform) {
        Some(backend) => (backend.make)(platform),
        None => Err(Error::UnsupportedPlatform {
            backend: "every backend that was compiled in",
            platform,
            reason: if ALL.is_empty() {
                "there is none: see the features `native` and `unicorn`".to_owned()
            } else {
                String::new()
            },
        }),
    }
}
