//! SPARC: comparisons that are invalid, the registers that FPRS tells of, and
//! the branches on conditions of floating point with prediction (SPARC
//! Architecture Manual, V9, 5.1.7, 5.2.6, A.5 and A.13; V8, 4.4 and B.34).
//! `lockstep sparc64 --against qemu-user --code 81a90aa8` and its like compare
//! the same instructions with QEMU 7.2.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x4000;
const DATA: u64 = 0x8000;
const INVALID: u64 = 0x210;

fn emulator(platform: Platform, words: &[u32]) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    let code: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    emulator.write_code(CODE, &code)?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

/// Two singles, what `fcmps` and `fcmpes` say of them, and whether each is
/// invalid.
const COMPARED: &[(u64, u64, u64, bool, bool)] = &[
    (0x3f80_0000, 0x3f80_0000, 0, false, false),
    (0x8000_0000, 0, 0, false, false),
    (0xbf80_0000, 0x3f80_0000, 1, false, false),
    (0xc000_0000, 0xbf80_0000, 1, false, false),
    (0x3f80_0000, 0xff80_0000, 2, false, false),
    (0x7fc0_0000, 0x3f80_0000, 3, false, true),
    (0x3f80_0000, 0x7f80_0001, 3, true, true),
];

#[test]
fn comparisons_tell_what_is_invalid() -> Result<(), Error> {
    for platform in [Platform::SPARC, Platform::SPARC64] {
        for &(first, second, relation, is_invalid, signals) in COMPARED {
            // fcmps f4,f8; fcmpes f4,f8.
            for (word, is_invalid) in [(0x81a9_0a28, is_invalid), (0x81a9_0aa8, signals)] {
                let mut emulator = emulator(platform, &[word])?;
                emulator.write_register("f4", first)?;
                emulator.write_register("f8", second)?;
                // The exceptions of the operation before are gone, those that are accrued stay.
                emulator.write_register("fsr", 0x21_u64)?;
                assert_eq!(emulator.step()?, Step::Done);
                let expected = 0x20 | relation << 10 | if is_invalid { INVALID } else { 0 };
                assert_eq!(
                    emulator.read_register("fsr")?,
                    expected,
                    "{platform} {word:#x} {first:#x} {second:#x}"
                );
            }
        }
        // With the exception enabled it traps, and the condition stays.
        let mut emulator = emulator(platform, &[0x81a9_0aa8])?;
        emulator.write_register("f4", 0x7fc0_0000_u64)?;
        emulator.write_register("fsr", 0x0800_0400_u64)?;
        let result = emulator.step();
        assert!(matches!(result, Err(Error::Fault(Fault::Arithmetic { pc: CODE, .. }))), "{result:?}");
        assert_eq!(emulator.read_register("fsr")?, 0x0800_4410, "{platform}");
    }
    Ok(())
}

#[test]
fn fprs_tells_which_half_was_written() -> Result<(), Error> {
    let cases: &[(&str, u32, u64)] = &[
        ("fmovs f8,f12", 0x99a1_0028, 1),
        ("fmovd d8,d12", 0x99a1_0048, 1),
        ("fmovd d8,d44", 0x9ba1_0048, 2),
        ("faddd d4,d8,d12", 0x99a1_0848, 1),
        ("faddd d4,d8,d44", 0x9ba1_0848, 2),
        ("fmovsn %fcc0,f8,f12", 0x99a8_0028, 1),
        ("ld [g1],f31", 0xff00_4000, 1),
        ("ldd [g1],d44", 0xdb18_4000, 2),
        ("st f31,[g1]", 0xff20_4000, 0),
        ("std d44,[g1]", 0xdb38_4000, 0),
        ("fcmps f4,f8", 0x81a9_0a28, 0),
    ];
    for (text, word, expected) in cases {
        let mut emulator = emulator(Platform::SPARC64, &[*word])?;
        emulator.write_register("g1", DATA)?;
        assert_eq!(emulator.step()?, Step::Done, "{text}");
        assert_eq!(emulator.read_register("fprs")?, *expected, "{text}");
    }
    Ok(())
}

#[test]
fn branches_with_prediction_go_always_and_never() -> Result<(), Error> {
    // The branch over 0x100 bytes, then `or %g0,1,%g1` in its slot.
    let cases: &[(&str, u32, u64, u64)] = &[
        ("fba,pn %fcc1", 0x1150_0040, 0x100, 1),
        ("fba,a,pn %fcc1", 0x3150_0040, 0x100, 0),
        ("fbn,pn %fcc1", 0x0150_0040, 8, 1),
        ("fbn,a,pn %fcc1", 0x2150_0040, 8, 0),
    ];
    for (text, word, target, slot) in cases {
        let mut emulator = emulator(Platform::SPARC64, &[*word, 0x8210_2001])?;
        while emulator.program_counter() < CODE + 8 {
            assert_eq!(emulator.step()?, Step::Done, "{text}");
        }
        assert_eq!(emulator.program_counter(), CODE + target, "{text}");
        assert_eq!(emulator.read_register("g1")?, *slot, "{text}");
    }
    Ok(())
}
