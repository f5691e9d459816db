//! SPARC: pairs of registers from and to an alternate space (SPARC Architecture
//! Manual, V9, A.26 and A.54; V8, B.1 and B.4). `lockstep sparc64 --against
//! qemu-user --code d09c1000` compares the same instructions with QEMU 7.2.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Permissions, Platform, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x4000;
const DATA: u64 = 0x8000;

#[test]
fn pairs_go_through_alternate_spaces() -> Result<(), Error> {
    let mut emulator = NativeEmulator::new(Platform::SPARC64)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    // ldda [%l0] 0x80,%o0; stda %o2,[%l0] 0x80.
    let code = [0xd09c_1000_u32, 0xd4bc_1000].map(u32::to_be_bytes).concat();
    emulator.write_code(CODE, &code)?;
    emulator.set_program_counter(CODE)?;
    emulator.write_memory(DATA, &[0x81, 2, 3, 4, 5, 6, 7, 8])?;
    emulator.write_register("l0", DATA)?;
    emulator.write_register("o2", 0xffff_ffff_1112_1314_u64)?;
    emulator.write_register("o3", 0xffff_ffff_1516_1718_u64)?;
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.read_register("o0")?, 0x8102_0304);
    assert_eq!(emulator.read_register("o1")?, 0x0506_0708);
    assert_eq!(emulator.step()?, Step::Done);
    let mut stored = [0; 8];
    emulator.read_memory(DATA, &mut stored)?;
    assert_eq!(stored, [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]);
    Ok(())
}
