//! Terrella: emulation harnesses in Rust.
//!
//! Take any piece of machine code (a function in a shared library, a firmware
//! routine, a whole program), put it into a small world of registers, memory
//! and models of its surroundings, run it, watch it, run it again. A
//! [`Machine`](machine::Machine) holds the whole starting state; it can be
//! saved and loaded, and is applied to any backend as often as wanted.
//!
//! This crate re-exports the parts:
//!
//! | module | what |
//! |---|---|
//! | [`platforms`] | processors and their conventions, as data |
//! | [`api`] | the emulator contract: traits, hooks, stops, faults |
//! | [`machine`] | machines and the items in them |
//! | [`loaders`] | ELF, Intel HEX and raw images |
//! | [`models`] | the surroundings of programs: files, system calls, processes |
//! | [`analyses`] | watching a run: reports of faults, back-traces, views |
//! | [`backends`] | the engines that were compiled in |
//!
//! and [`prelude`] has what most harnesses want.
//!
//! # Features
//! - `native` (on by default): Terrella's own engine, and with it [`sleigh`] and
//!   [`languages`]. It needs no C compiler.
//! - `unicorn`: the Unicorn backend. Unicorn is GPL-2.0; without the feature
//!   everything is `MIT OR Apache-2.0`.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod backends;

pub use terrella_analyses as analyses;
pub use terrella_emulator_api as api;
pub use terrella_loaders as loaders;
pub use terrella_machine_state as machine;
pub use terrella_models as models;
#[cfg(feature = "native")]
pub use terrella_native as native;
pub use terrella_platforms as platforms;
#[cfg(feature = "native")]
pub use terrella_sleigh as sleigh;
#[cfg(feature = "native")]
pub use terrella_sleigh_languages as languages;
#[cfg(feature = "unicorn")]
pub use terrella_unicorn as unicorn;

/// What most harnesses want: `use terrella::prelude::*;`.
pub mod prelude {
    pub use terrella_emulator_api::{
        Access, AddressRange, Capability, Emulator, EmulatorExt, Fault, Flow, InterruptFlow, Limits,
        MemoryCause, Permissions, ReadFlow, Step, Stop,
    };
    pub use terrella_machine_state::{Machine, MachineItem};
    pub use terrella_platforms::Platform;

    pub use crate::backends;
    #[cfg(feature = "native")]
    pub use terrella_native::NativeEmulator;
    #[cfg(feature = "unicorn")]
    pub use terrella_unicorn::UnicornEmulator;
}

/// The code of the book and of the README, as tests.
#[cfg(all(doctest, feature = "unicorn"))]
mod book {
    macro_rules! pages {
        ($($name:ident = $path:literal;)*) => {
            $(#[doc = include_str!($path)] mod $name {})*
        };
    }

    pages! {
        readme = "../README.md";
        first_harness = "../docs/src/tutorial/first-harness.md";
        elf_function = "../docs/src/tutorial/elf-function.md";
        hooks = "../docs/src/tutorial/hooks.md";
        devices_and_models = "../docs/src/tutorial/devices-and-models.md";
        save_and_resume = "../docs/src/tutorial/save-and-resume.md";
        how_to_call_a_function = "../docs/src/how-to/call-a-function.md";
        how_to_memory = "../docs/src/how-to/memory.md";
        how_to_exit_points = "../docs/src/how-to/exit-points.md";
        how_to_limits = "../docs/src/how-to/limits.md";
        how_to_hooks = "../docs/src/how-to/hooks.md";
        how_to_snapshots = "../docs/src/how-to/snapshots.md";
        how_to_firmware = "../docs/src/how-to/firmware.md";
        how_to_link = "../docs/src/how-to/link.md";
        how_to_dumps = "../docs/src/how-to/dumps.md";
        how_to_linux = "../docs/src/how-to/linux.md";
        how_to_c_library = "../docs/src/how-to/c-library.md";
        how_to_fault_reports = "../docs/src/how-to/fault-reports.md";
        how_to_own_item = "../docs/src/how-to/own-item.md";
        how_to_own_processor = "../docs/src/how-to/own-processor.md";
        how_to_own_backend = "../docs/src/how-to/own-backend.md";
        about_stops_and_faults = "../docs/src/concepts/stops-and-faults.md";
        about_one_instruction = "../docs/src/concepts/one-instruction.md";
        about_memory = "../docs/src/concepts/memory.md";
        from_unicorn = "../docs/src/coming-from-unicorn.md";
        from_smallworld = "../docs/src/coming-from-smallworld.md";
        platforms = "../docs/src/reference/platforms.md";
        conventions = "../docs/src/reference/conventions.md";
    }
}
