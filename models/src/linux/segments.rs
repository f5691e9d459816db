//! The descriptors of i386's segments for threads.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Overlap, Permissions};
use terrella_platforms::Platform;

/// Where the table of descriptors is: above what programs have.
const TABLE: u64 = 0xffff_e000;
const PAGE: u64 = 0x1000;

/// Puts the table where the processor looks for it, with flat segments of code
/// and data (Intel SDM, volume 3, 3.4.5): a selector that a program loads is
/// looked up there.
pub(crate) fn prepare(emulator: &mut dyn Emulator) -> Result<(), Error> {
    emulator.map_memory_with((TABLE..=TABLE + PAGE - 1).into(), Permissions::READ_WRITE, Overlap::Keep)?;
    // Linux: user code is entry 14 of the table on a 32-bit kernel, 4 and 5
    // on a 64-bit one: selectors 0x23 and 0x2b.
    write(emulator, 4, 0, 0xfb)?;
    write(emulator, 5, 0, 0xf3)?;
    emulator.write_register("gdtr_base", TABLE)?;
    emulator.write_register("gdtr_limit", PAGE - 1)
}

/// The registers that say where it is, on a processor that has it.
pub(crate) const fn registers(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::I386 => &["gdtr_base", "gdtr_limit"],
        _ => &[],
    }
}

/// A descriptor of data with a base.
pub(crate) fn describe(emulator: &mut dyn Emulator, entry: u32, base: u32) -> Result<(), Error> {
    write(emulator, entry, base, 0xf3)
}

fn write(emulator: &mut dyn Emulator, entry: u32, base: u32, access: u64) -> Result<(), Error> {
    let base = u64::from(base);
    // Limit 0xfffff in pages, 32 bits, present, of level 3.
    let value = 0xffff | (base & 0xff_ffff) << 16 | access << 40 | 0xcf << 48 | (base >> 24) << 56;
    emulator.write_memory(TABLE + u64::from(entry) * 8, &value.to_le_bytes())
}
