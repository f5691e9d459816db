//! Returns from interrupts that no reference of the lock step carries out:
//! RETI of the MSP430 (MSP430x1xx and MSP430x5xx Family User's Guides, RETI)
//! and RTE of the 68000 family (M68000PRM, RTE; MC68040UM, 8.4).

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Permissions, Platform, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x4000;
const DATA: u64 = 0x8000;

fn emulator(platform: Platform, code: &[u8], stack: &[u8]) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    emulator.write_code(CODE, code)?;
    emulator.write_memory(DATA, stack)?;
    emulator.write_register("sp", DATA)?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

#[test]
fn reti_pops_the_status_and_the_program_counter() -> Result<(), Error> {
    // Of the MSP430X, the upper four bits are in the word of the status.
    let cases = [(Platform::MSP430, 0x000d, 0x4100), (Platform::MSP430X, 0x500d, 0x5_4100)];
    for (platform, status, target) in cases {
        let stack = [u16::to_le_bytes(status), 0x4100_u16.to_le_bytes()].concat();
        let mut emulator = emulator(platform, &[0x00, 0x13], &stack)?;
        assert_eq!(emulator.step()?, Step::Done, "{platform}");
        assert_eq!(emulator.program_counter(), target, "{platform}");
        assert_eq!(emulator.read_register("sr")?, 0xd, "{platform}");
        assert_eq!(emulator.read_register("sp")?, DATA + 4, "{platform}");
    }
    Ok(())
}

#[test]
fn rte_pops_a_frame_of_its_format() -> Result<(), Error> {
    // Formats 0 and 2 have four and six words.
    for (format, size) in [(0_u16, 8), (0x2000, 12)] {
        let mut stack = [0x2715_u16, 0, 0x4100, format].map(u16::to_be_bytes).concat();
        stack.extend_from_slice(&[0, 0, 0x40, 0]);
        let mut emulator = emulator(Platform::M68K, &[0x4e, 0x73], &stack)?;
        emulator.write_register("sr", 0x2000_u64)?;
        emulator.write_register("sp", DATA)?;
        assert_eq!(emulator.step()?, Step::Done, "{format:#x}");
        assert_eq!(emulator.program_counter(), 0x4100, "{format:#x}");
        assert_eq!(emulator.read_register("sr")?, 0x2715, "{format:#x}");
        assert_eq!(emulator.read_register("sp")?, DATA + size, "{format:#x}");
    }
    Ok(())
}
