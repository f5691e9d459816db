//! Those of PowerPC (Power ISA 2.07).

use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions};
use terrella_native::NativeEmulator;
use terrella_platforms::Platform;

use super::{CODE, DATA, Row, check};

/// Power ISA 2.07, book I, 2.4, 3.3.4, 3.3.7, 3.3.9, 4.6.10 and 7.6.1.2; QEMU
/// 7.2 does the same.
#[test]
fn powerpc_found_by_other_seeds() {
    let rows: &[Row] = &[
        ("blr goes to a word", &[0x4e, 0x80, 0, 0x20], &[], 1, &[("lr", DATA + 3)], &[("pc", DATA)]),
        (
            "stswi of 5 bytes; lwz of the second word",
            &[0x7c, 0x64, 0x2d, 0xaa, 0x80, 0xc4, 0, 4],
            &[],
            2,
            &[("r3", 0x0102_0304), ("r4", DATA), ("r5", 0x0506_0708)],
            &[("r6", 0)],
        ),
        (
            "mtfsf of an invalid operation that is enabled",
            &[0xfd, 0xfe, 0x0d, 0x8e],
            &[],
            1,
            &[("f1", 0x0100_0080)],
            &[("fpscr", 0x6100_0080)],
        ),
        (
            "mtfsfi of the enabling bits",
            &[0xff, 0x00, 0x81, 0x0c],
            &[],
            1,
            &[("fpscr", 0x2100_0000)],
            &[("fpscr", 0x6100_0080)],
        ),
    ];
    check(Platform::PPC, rows);
    let rows: &[Row] = &[
        (
            "divdo of the lowest number by -1",
            &[0xd2, 0x2f, 0x64, 0x7c],
            &[],
            1,
            &[("r4", 1 << 63), ("r5", u64::MAX)],
            &[("xer", 0xc000_0000)],
        ),
        (
            "stxvw4x of words in little endian; ld",
            &[0x18, 0x1f, 0x20, 0x7c, 0, 0, 0x83, 0xe8],
            &[],
            2,
            &[("f1", 0x0102_0304_0506_0708), ("r3", DATA)],
            &[("r4", 0x0506_0708_0102_0304)],
        ),
    ];
    check(Platform::PPC64LE, rows);
}

/// `lq r4,0x1000(0)`: zero is no register there.
#[test]
fn quads_of_powerpc_without_a_base() {
    let mut emulator = NativeEmulator::new(Platform::PPC64LE).expect("an emulator");
    emulator.map_memory(0x1000..0x2000, Permissions::READ_WRITE).expect("memory");
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL).expect("memory");
    emulator.write_memory(0x1000, &[1, 0, 0, 0, 0, 0, 0, 0, 2]).expect("data");
    emulator.write_memory(CODE, &[0, 0x10, 0x80, 0xe0]).expect("code");
    emulator.write_register("r0", 0x5550_u64).expect("a register");
    emulator.set_program_counter(CODE).expect("an address");
    emulator.run_with(&Limits::instructions(1)).expect("a quad");
    let [even, odd] = ["r4", "r5"].map(|name| emulator.read_register(name).expect("a register"));
    assert_eq!([even, odd], [2, 1]);
}

/// Power ISA 2.07, book I, section 3.3, and book II, section 4.6.
#[test]
fn powerpc() {
    let rows: &[Row] = &[
        ("lwbrx", &[0x2c, 0x24, 0x60, 0x7c], &[1, 2, 3, 4], 1, &[("r4", DATA)], &[("r3", 0x0102_0304)]),
        ("lhbrx", &[0x2c, 0x26, 0x60, 0x7c], &[1, 2], 1, &[("r4", DATA)], &[("r3", 0x0102)]),
        (
            "ldbrx",
            &[0x28, 0x24, 0x60, 0x7c],
            &[1, 2, 3, 4, 5, 6, 7, 8],
            1,
            &[("r4", DATA)],
            &[("r3", 0x0102_0304_0506_0708)],
        ),
        (
            "popcntw",
            &[0xf4, 0x02, 0x83, 0x7c],
            &[],
            1,
            &[("r3", u64::MAX), ("r4", 0x0000_00ff_0000_000f)],
            &[("r3", 0x0000_0008_0000_0004)],
        ),
        (
            "popcntd",
            &[0xf4, 0x03, 0x83, 0x7c],
            &[],
            1,
            &[("r3", u64::MAX), ("r4", 0x0000_00ff_0000_000f)],
            &[("r3", 12)],
        ),
        (
            "lwarx, stwcx., lwz",
            &[0x28, 0x20, 0x60, 0x7c, 0x2d, 0x21, 0xa0, 0x7c, 0x00, 0x00, 0xc4, 0x80],
            &[5],
            3,
            &[("r4", DATA), ("r5", 9)],
            &[("r3", 5), ("r6", 9), ("cr0", 2)],
        ),
        (
            "stwcx. without lwarx, lwz",
            &[0x2d, 0x21, 0xa0, 0x7c, 0x00, 0x00, 0xc4, 0x80],
            &[5],
            2,
            &[("r4", DATA), ("r5", 9)],
            &[("r6", 5), ("cr0", 0)],
        ),
    ];
    check(Platform::PPC64LE, rows);
}

/// So many constants that the room for them begins anew: a wide one is still
/// zero above (Power ISA, book I, 6.7.2, lvsr).
#[test]
fn wide_constants_are_zero_above_after_many_others() {
    let mut emulator = NativeEmulator::new(Platform::PPC64).expect("an emulator");
    let count = 0x8000u64;
    emulator.map_memory(CODE..CODE + 4 * (count + 0x1000), Permissions::ALL).expect("memory");
    let mut code = Vec::new();
    for index in 0..count {
        // lis r3, index
        code.extend((0x3c60_0000 | index as u32).to_be_bytes());
        if index % 0x400 == 0 {
            // lvsr v20, r7, r25
            code.extend(0x7e87_c84cu32.to_be_bytes());
        }
    }
    emulator.write_memory(CODE, &code).expect("code");
    emulator.write_register("r7", 6u64).expect("a register");
    emulator.set_program_counter(CODE).expect("an address");
    let expected = (0..16u64).fold(0u128, |value, byte| value << 8 | u128::from(0x0a + byte));
    for _ in 0..count / 0x400 {
        emulator.run_with(&Limits::instructions(0x401)).expect("a run");
        let found = emulator.read_wide_register("vr20").expect("a register");
        assert_eq!(
            found,
            terrella_emulator_api::RegisterValue::from(expected),
            "at {:#x}",
            emulator.program_counter()
        );
    }
}
