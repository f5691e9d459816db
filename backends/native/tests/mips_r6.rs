//! MIPS release 6 and microMIPS: what a single instruction from a table of
//! vectors cannot show: forbidden slots, odd targets, accesses that are not
//! aligned, fixed bits of FCSR, the switch between two sets (MIPS Architecture
//! For Programmers, volumes I-A, II-A and II-B).

use terrella_emulator_api::{
    Access, Emulator, EmulatorExt, Error, Fault, MemoryCause, Permissions, Platform, Step,
};
use terrella_native::NativeEmulator;
use terrella_platforms::ByteOrder;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;

/// Code of words or halves, as many bytes each as `size`.
fn with_code(platform: Platform, size: usize, code: &[u32]) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    let is_big = platform.byte_order() == ByteOrder::Big;
    let bytes: Vec<u8> = code
        .iter()
        .flat_map(|unit| match is_big {
            true => unit.to_be_bytes()[4 - size..].to_vec(),
            false => unit.to_le_bytes()[..size].to_vec(),
        })
        .collect();
    emulator.write_code(CODE, &bytes)?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

#[test]
fn a_forbidden_slot_holds_no_control_transfer() -> Result<(), Error> {
    // beqzc a0, +4; then b, nop; or addiu v0, zero, 1.
    for (slot, is_forbidden) in [(0x1000_0001, true), (0xc800_0001, true), (0x2402_0001, false)] {
        let words = [0xd880_0004, slot, 0, 0, 0, 0x2402_0002];
        let mut emulator = with_code(Platform::MIPSR6, 4, &words)?;
        // Not taken.
        emulator.write_register("r4", 1_u64)?;
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.program_counter(), CODE + 4);
        let result = emulator.step();
        let is_invalid =
            matches!(result, Err(Error::Fault(Fault::InvalidInstruction { pc, .. })) if pc == CODE + 4);
        assert_eq!(is_invalid, is_forbidden, "{slot:#x}: {result:?}");
        // So in one run.
        emulator.set_program_counter(CODE)?;
        emulator.add_exit_point(CODE + 8);
        assert_eq!(emulator.run().is_err(), is_forbidden, "{slot:#x}");
        // Who comes from elsewhere may be there.
        let mut other = with_code(Platform::MIPSR6, 4, &words)?;
        other.set_program_counter(CODE + 4)?;
        assert_eq!(other.step()?, Step::Done, "{slot:#x}");
        // Taken.
        emulator.write_register("r4", 0_u64)?;
        emulator.set_program_counter(CODE)?;
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.program_counter(), CODE + 0x14);
    }
    Ok(())
}

#[test]
fn odd_targets_are_address_errors() -> Result<(), Error> {
    // jalr zero, a0; nop. jic a0, 1.
    for code in [[0x0080_0009, 0], [0xd804_0001, 0]] {
        let mut emulator = with_code(Platform::MIPS64R6EL, 4, &code)?;
        emulator.write_register("r4", CODE + 0x100 + u64::from(code[0] & 1 != 0 && code[0] >> 26 == 0))?;
        assert_eq!(emulator.step()?, Step::Done);
        let target = CODE + 0x101;
        let expected = Fault::Memory {
            access: Access::Fetch,
            cause: MemoryCause::Unaligned,
            address: target,
            size: 1,
            pc: target,
        };
        let result = emulator.step();
        assert!(matches!(&result, Err(Error::Fault(fault)) if *fault == expected), "{code:x?}: {result:?}");
    }
    Ok(())
}

#[test]
fn only_linked_accesses_want_alignment() -> Result<(), Error> {
    // lw v0, 1(a0); ll v0, 1(a0).
    let mut emulator = with_code(Platform::MIPSR6EL, 4, &[0x8c82_0001, 0x7c82_00b6])?;
    emulator.write_memory(DATA, &[0, 0x44, 0x33, 0x22, 0x11])?;
    emulator.write_register("r4", DATA)?;
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.read_register("r2")?, 0x1122_3344);
    let result = emulator.step();
    assert!(
        matches!(result, Err(Error::Fault(Fault::Memory { cause: MemoryCause::Unaligned, .. }))),
        "{result:?}"
    );
    Ok(())
}

#[test]
fn the_kind_of_nans_is_fixed() -> Result<(), Error> {
    // ctc1 a0, fcsr; cfc1 v0, fcsr; cfc1 v0, fenr.
    let mut emulator = with_code(Platform::MIPSR6, 4, &[0x44c4_f800, 0x4442_f800, 0x4442_e000])?;
    emulator.write_register("r4", 0xff80_0f83_u64)?;
    for expected in [None, Some(0x010c_0f83), Some(0xf87)] {
        assert_eq!(emulator.step()?, Step::Done);
        if let Some(expected) = expected {
            assert_eq!(emulator.read_register("r2")?, expected);
        }
    }
    // A cause that is enabled: invalid operation.
    emulator.write_register("r4", 0x1_0800_u64)?;
    emulator.set_program_counter(CODE)?;
    let result = emulator.step();
    assert!(matches!(result, Err(Error::Fault(Fault::Arithmetic { pc: CODE, .. }))), "{result:?}");
    Ok(())
}

#[test]
fn calls_go_from_one_set_to_the_other_and_back() -> Result<(), Error> {
    for platform in [Platform::MICROMIPS, Platform::MICROMIPSEL] {
        // jalx 0x10020; nop (MIPS32).
        let mut emulator = with_code(platform, 4, &[0x7400_4008, 0])?;
        // At 0x10020: li16 v0, 5; jr16 ra; nop16 (microMIPS).
        let is_big = platform.byte_order() == ByteOrder::Big;
        let halves =
            [0xed05_u16, 0x459f, 0x0c00].map(|it| if is_big { it.to_be_bytes() } else { it.to_le_bytes() });
        emulator.write_code(CODE + 0x20, &halves.concat())?;
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.program_counter(), CODE + 0x20, "{platform}");
        assert_eq!(emulator.read_register("isa_mode")?, 1, "{platform}");
        assert_eq!(emulator.read_register("ra")?, CODE + 8, "{platform}");
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.read_register("r2")?, 5, "{platform}");
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.program_counter(), CODE + 8, "{platform}");
        assert_eq!(emulator.read_register("isa_mode")?, 0, "{platform}");
    }
    Ok(())
}

/// Instructions of microMIPS that GNU as 2.40 has assembled, their halves, and
/// what they leave in `v0` (with 7 in `a0` and the address of data, which are
/// 0x8000_0001 and 5, in `a1`).
const MICROMIPS: &[(&str, &[u32], u64)] = &[
    ("addiur1sp v0, 16", &[0x6d09], 0x2010),
    ("addiur2 v0, a0, -1", &[0x6d4e], 6),
    ("li16 v0, -1", &[0xed7f], 0xffff_ffff),
    ("lw16 v0, 4(a1)", &[0x6951], 5),
    ("lhu16 v0, 2(a1)", &[0x2951], 1),
    ("lwp v0, 0(a1)", &[0x2045, 0x1000], 0x8000_0001),
    ("clz v0, a0", &[0x0044, 0x5b3c], 29),
    ("sra v0, a0, 1", &[0x0044, 0x0880], 3),
    ("ext v0, a0, 1, 2", &[0x0044, 0x086c], 3),
    ("mul v0, a0, a0", &[0x0084, 0x1210], 49),
    ("lui v0, 0x1234", &[0x41a2, 0x1234], 0x1234_0000),
    ("lwxs v0, zero(a1)", &[0x0005, 0x1118], 0x8000_0001),
];

#[test]
fn micromips_leaves_what_it_should() -> Result<(), Error> {
    for (text, halves, expected) in MICROMIPS {
        let mut emulator = with_code(Platform::MICROMIPS, 2, halves)?;
        emulator.write_memory(DATA, &[0x80, 0, 0, 1, 0, 0, 0, 5])?;
        emulator.write_register("r4", 7_u64)?;
        emulator.write_register("r5", DATA)?;
        emulator.write_register("sp", 0x2000_u64)?;
        emulator.set_program_counter(CODE | 1)?;
        assert_eq!(emulator.step()?, Step::Done, "{text}");
        assert_eq!(emulator.read_register("r2")?, *expected, "{text}");
        assert_eq!(emulator.program_counter(), CODE + 2 * halves.len() as u64, "{text}");
    }
    Ok(())
}
