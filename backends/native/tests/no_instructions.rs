//! Words that the specifications take for instructions, and that are none on
//! the processors of the platforms.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1_0000;

#[test]
fn words_that_are_no_instructions() -> Result<(), Error> {
    let cases: &[(Platform, &str, u64, &[u8])] = &[
        // Arm ARM ARMv7-A, A6.3.10: stores relative to the program counter.
        (Platform::ARMV7A, "str.w r11, [pc, r0]", CODE | 1, &[0x4f, 0xf8, 0x00, 0xb0]),
        (Platform::ARMV7A, "strb.w r0, [pc, #1]", CODE | 1, &[0x8f, 0xf8, 0x01, 0x00]),
        (Platform::ARMV7R, "strh.w r0, [pc, #2]", CODE | 1, &[0xaf, 0xf8, 0x02, 0x00]),
        // User-level interrupts of RISC-V were never ratified.
        (Platform::RISCV64, "uret", CODE, &[0x73, 0x00, 0x20, 0x00]),
        (Platform::RISCV32, "uret", CODE, &[0x73, 0x00, 0x20, 0x00]),
        // Intel SDM, volume 2, GETSEC: CR4.SMXE cannot be set.
        (Platform::X86_64, "getsec", CODE, &[0x0f, 0x37]),
        (Platform::I386, "getsec", CODE, &[0x0f, 0x37]),
        // Power ISA 2.07, book I, appendix: extended opcodes beside xxpermdi.
        (Platform::PPC64, "of xxpermdi", CODE, &[0xf3, 0x04, 0x9e, 0x55]),
    ];
    for (platform, name, at, bytes) in cases {
        let mut emulator = NativeEmulator::new(*platform)?;
        emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
        emulator.write_code(CODE, bytes)?;
        emulator.set_program_counter(*at)?;
        let result = emulator.step();
        let is_none =
            matches!(&result, Err(Error::Fault(Fault::InvalidInstruction { pc, .. })) if *pc == CODE);
        assert!(is_none, "{platform}: {name}: {result:?}");
    }
    Ok(())
}

/// SPARC V9, 7.5.3 (table 15) and A.44: a window that is not there is filled
/// before the target's alignment is looked at.
#[test]
fn a_return_fills_its_window_first() -> Result<(), Error> {
    let mut emulator = NativeEmulator::new(Platform::SPARC64)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    // return %l0 + 1; nop.
    emulator.write_code(CODE, &[0x81, 0xcc, 0x20, 0x01, 0x01, 0, 0, 0])?;
    emulator.set_program_counter(CODE)?;
    emulator.write_register("l0", CODE + 0x100)?;
    emulator.write_register("canrestore", 0_u64)?;
    // The window's place is not mapped.
    emulator.write_register("fp", 0x7000_0000_u64)?;
    let result = emulator.step();
    assert!(
        matches!(&result, Err(Error::Fault(Fault::Memory { address, .. })) if *address >= 0x7000_0000),
        "{result:?}"
    );
    Ok(())
}
