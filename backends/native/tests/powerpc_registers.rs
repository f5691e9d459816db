//! PowerPC: registers that the specification has twice or in parts, and
//! reservations of quads. The expected values are those of the manual (Power
//! ISA 2.07, sections as named); `lockstep ppc --against qemu-user --code
//! 7c6103a6` and its like compare the same instructions with QEMU 7.2.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, MemoryCause, Permissions, Platform, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x4000;
const DATA: u64 = 0x8000;

fn emulator(platform: Platform, words: &[u32]) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    let code: Vec<u8> = words
        .iter()
        .flat_map(|word| if platform == Platform::PPC64LE { word.to_le_bytes() } else { word.to_be_bytes() })
        .collect();
    emulator.write_code(CODE, &code)?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

/// Book I, 3.2.2: SO, OV, CA and the length of strings.
#[test]
fn xer_is_moved_with_its_parts() -> Result<(), Error> {
    for platform in [Platform::PPC, Platform::PPC64, Platform::PPC64LE] {
        // mfxer r3; mtxer r4; addze r5,r6; mfxer r7; mcrxr cr2.
        let words = [0x7c61_02a6, 0x7c81_03a6, 0x7ca6_0194, 0x7ce1_02a6, 0x7d00_0400];
        let mut emulator = emulator(platform, &words)?;
        emulator.write_register("xer", 0x6000_0041_u64)?;
        emulator.write_register("r4", 0xa000_0017_u64)?;
        emulator.write_register("r6", 7_u64)?;
        for _ in words {
            assert_eq!(emulator.step()?, Step::Done);
        }
        assert_eq!(emulator.read_register("r3")?, 0x6000_0041, "{platform}");
        assert_eq!(emulator.read_register("r5")?, 8, "{platform}: the carry comes from XER");
        assert_eq!(emulator.read_register("r7")?, 0x8000_0017, "{platform}");
        assert_eq!(emulator.read_register("cr")?, 0x0080_0000, "{platform}");
        assert_eq!(emulator.read_register("xer")?, 0x17, "{platform}");
    }
    Ok(())
}

/// The length of strings that `lswx` loads is that of `mtxer` (book I, 3.3.7).
#[test]
fn a_string_is_as_long_as_xer_says() -> Result<(), Error> {
    // mtxer r4; lswx r5,0,r3.
    let mut emulator = emulator(Platform::PPC, &[0x7c81_03a6, 0x7ca0_1c2a])?;
    emulator.write_memory(DATA, &[1, 2, 3, 4, 5, 6, 7, 8])?;
    emulator.write_register("r3", DATA)?;
    emulator.write_register("r4", 6_u64)?;
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.read_register("r5")?, 0x0102_0304);
    assert_eq!(emulator.read_register("r6")?, 0x0506_0000);
    Ok(())
}

/// Book II, 5.2.1: on 64 bits all of it, on 32 a half.
#[test]
fn the_time_base_is_read_whole() -> Result<(), Error> {
    let cases = [(Platform::PPC, 0x5566_7788), (Platform::PPC64, 0x1122_3344_5566_7788)];
    for (platform, expected) in cases {
        // mftb r3; mfspr r4,268; mftbu r5.
        let mut emulator = emulator(platform, &[0x7c6c_42e6, 0x7c8c_42a6, 0x7cad_42e6])?;
        emulator.write_register("tb", 0x1122_3344_5566_7788_u64)?;
        for _ in 0..3 {
            assert_eq!(emulator.step()?, Step::Done);
        }
        assert_eq!(emulator.read_register("r3")?, expected, "{platform}");
        assert_eq!(emulator.read_register("r4")?, expected, "{platform}");
        assert_eq!(emulator.read_register("r5")?, 0x1122_3344, "{platform}");
    }
    Ok(())
}

/// Book II, 4.4.2: `stqcx.` stores a pair if `lqarx` has reserved the quad, and
/// tells so in CR0.
#[test]
fn a_quad_is_stored_with_its_reservation_only() -> Result<(), Error> {
    // lqarx r6,0,r4; stqcx. r8,0,r4; stqcx. r8,0,r4.
    let words = [0x7cc0_2228, 0x7d00_216d, 0x7d00_216d];
    for platform in [Platform::PPC64, Platform::PPC64LE] {
        let mut emulator = emulator(platform, &words)?;
        let (high, low) = (0x0102_0304_0506_0708_u64, 0x1112_1314_1516_1718_u64);
        let quad = |high: u64, low: u64| {
            let value = u128::from(high) << 64 | u128::from(low);
            if platform == Platform::PPC64 { value.to_be_bytes() } else { value.to_le_bytes() }
        };
        emulator.write_memory(DATA, &quad(high, low))?;
        emulator.write_register("r4", DATA)?;
        emulator.write_register("r8", 8_u64)?;
        emulator.write_register("r9", 9_u64)?;
        emulator.write_register("xer", 0x8000_0000_u64)?;
        emulator.write_register("cr", 0xffff_ffff_u64)?;
        for expected in [None, Some(0x3fff_ffff), Some(0x1fff_ffff)] {
            assert_eq!(emulator.step()?, Step::Done);
            if let Some(expected) = expected {
                assert_eq!(emulator.read_register("cr")?, expected, "{platform}");
            }
            let mut found = [0; 16];
            emulator.read_memory(DATA, &mut found)?;
            assert_eq!(found, if expected.is_none() { quad(high, low) } else { quad(8, 9) }, "{platform}");
        }
        assert_eq!(emulator.read_register("r6")?, high, "{platform}");
        assert_eq!(emulator.read_register("r7")?, low, "{platform}");
        // Without one nothing is stored.
        emulator.write_register("r8", 0x88_u64)?;
        emulator.set_program_counter(CODE + 4)?;
        assert_eq!(emulator.step()?, Step::Done);
        let mut found = [0; 16];
        emulator.read_memory(DATA, &mut found)?;
        assert_eq!(found, quad(8, 9), "{platform}");
        // Quads are aligned.
        emulator.write_register("r4", DATA + 8)?;
        emulator.set_program_counter(CODE)?;
        let result = emulator.step();
        let is_unaligned =
            matches!(result, Err(Error::Fault(Fault::Memory { cause: MemoryCause::Unaligned, .. })));
        assert!(is_unaligned, "{platform}: {result:?}");
    }
    Ok(())
}
