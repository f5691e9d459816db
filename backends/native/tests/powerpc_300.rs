//! Power ISA 3.0 and 3.1 on 64-bit PowerPC: what touches memory, the condition
//! register or the status of floating point, which the vectors of
//! `vectors/ppc64.txt` do not have. The expected values are those of the manual
//! (book I, sections as named); `lockstep ppc64 --cpu power10` has compared the
//! same instructions with QEMU 7.2.

use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, Permissions, Platform, RegisterValue, Step,
};
use terrella_native::NativeEmulator;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const CODE: u64 = 0x4000;
const DATA: u64 = 0x8000;
/// The bytes of the data: 0x10, 0x11 and so on.
const FIRST: u8 = 0x10;

/// An emulator with some instructions, data, and r4 at the data.
fn emulator(platform: Platform, words: &[u32]) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    let code: Vec<u8> = words
        .iter()
        .flat_map(|word| if platform == Platform::PPC64LE { word.to_le_bytes() } else { word.to_be_bytes() })
        .collect();
    emulator.write_code(CODE, &code)?;
    let data: Vec<u8> = (0..64).map(|index| FIRST + index).collect();
    emulator.write_memory(DATA, &data)?;
    emulator.write_register("r4", DATA)?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

fn step(emulator: &mut NativeEmulator) -> Outcome {
    match emulator.step()? {
        Step::Done => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn vector(emulator: &NativeEmulator, name: &str) -> Result<u128, Error> {
    Ok(emulator.read_wide_register(name)?.low_u128())
}

/// Loads into vs34, which is vr2, from the data at r4 and r5: what the
/// register is afterwards on a big-endian and on a little-endian processor
/// (7.6.3).
#[test]
fn vectors_are_loaded_in_the_order_of_their_elements() -> Outcome {
    let whole = 0x1011_1213_1415_1617_1819_1a1b_1c1d_1e1f;
    let reversed = 0x1f1e_1d1c_1b1a_1918_1716_1514_1312_1110;
    let cases: &[(&str, u32, u64, u128, u128)] = &[
        // lxv vs34,0(r4); lxvx, lxvb16x, lxvh8x vs34,r4,r5.
        ("lxv", 0xf444_0009, 0, whole, reversed),
        ("lxvx", 0x7c44_2a19, 0, whole, reversed),
        ("lxvb16x", 0x7c44_2ed9, 0, whole, whole),
        ("lxvh8x", 0x7c44_2e59, 0, whole, 0x1110_1312_1514_1716_1918_1b1a_1d1c_1f1e),
        // lxvwsx.
        ("lxvwsx", 0x7c44_2ad9, 4, splat(0x1415_1617), splat(0x1716_1514)),
        // lxvl and lxvll of five bytes.
        ("lxvl", 0x7c44_2a1b, 5 << 56, 0x10_1112_1314 << 88, 0x14_1312_1110),
        ("lxvll", 0x7c44_2a5b, 5 << 56, 0x10_1112_1314 << 88, 0x10_1112_1314 << 88),
        ("lxvl of none", 0x7c44_2a1b, 0, 0, 0),
        ("lxvl of more than all", 0x7c44_2a1b, 0x99 << 56, whole, reversed),
        // lxsibzx, lxsihzx.
        ("lxsibzx", 0x7c44_2e1b, 3, 0x13 << 64, 0x13 << 64),
        ("lxsihzx", 0x7c44_2e5b, 2, 0x1213 << 64, 0x1312 << 64),
    ];
    for (platform, is_little) in [(Platform::PPC64, false), (Platform::PPC64LE, true)] {
        for &(name, word, index, big, little) in cases {
            let mut emulator = emulator(platform, &[word])?;
            emulator.write_register("r5", index)?;
            step(&mut emulator)?;
            let expected = if is_little { little } else { big };
            assert_eq!(vector(&emulator, "vr2")?, expected, "{name} on {platform}");
        }
    }
    Ok(())
}

const fn splat(word: u128) -> u128 {
    word << 96 | word << 64 | word << 32 | word
}

/// A store by r5, and the bytes of both orders.
type Store<'a> = (&'a str, u32, u64, &'a [u8], &'a [u8]);

/// Stores of vr2: what is in memory at r4 afterwards (7.6.3).
#[test]
fn vectors_are_stored_in_the_order_of_their_elements() -> Outcome {
    let value: u128 = 0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f;
    let (forward, backward) = (value.to_be_bytes(), value.to_le_bytes());
    let halves = [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14];
    let cases: &[Store] = &[
        ("stxv", 0xf444_000d, 0, &forward, &backward),
        ("stxvx", 0x7c44_2b19, 0, &forward, &backward),
        ("stxvb16x", 0x7c44_2fd9, 0, &forward, &forward),
        ("stxvh8x", 0x7c44_2f59, 0, &forward, &halves),
        ("stxvl", 0x7c44_2b1b, 3 << 56, &[0, 1, 2], &[15, 14, 13]),
        ("stxvll", 0x7c44_2b5b, 3 << 56, &[0, 1, 2], &[0, 1, 2]),
        ("stxvl of none", 0x7c44_2b1b, 0, &[], &[]),
        ("stxsibx", 0x7c44_2f1b, 0, &[7], &[7]),
        ("stxsihx", 0x7c44_2f5b, 0, &[6, 7], &[7, 6]),
        // stxsd v2,8(r4) is at 8.
        ("stxsd", 0xf444_0002, 0, &[0, 1, 2, 3, 4, 5, 6, 7], &[7, 6, 5, 4, 3, 2, 1, 0]),
    ];
    for (platform, is_little) in [(Platform::PPC64, false), (Platform::PPC64LE, true)] {
        for &(name, word, index, big, little) in cases {
            let mut emulator = emulator(platform, &[word])?;
            emulator.write_register("r5", index)?;
            emulator.write_register("vr2", RegisterValue::from(value))?;
            step(&mut emulator)?;
            let mut expected: Vec<u8> = (0..20).map(|index| FIRST + index).collect();
            let bytes = if is_little { little } else { big };
            expected[..bytes.len()].copy_from_slice(bytes);
            let mut found = [0; 20];
            emulator.read_memory(DATA, &mut found)?;
            assert_eq!(found, expected.as_slice(), "{name} on {platform}");
        }
    }
    Ok(())
}

/// lxssp and stxssp convert; a store does not round (4.6.3).
#[test]
fn singles_are_converted() -> Outcome {
    // lxssp v2,4(r4); stxssp v2,8(r4).
    let mut emulator = emulator(Platform::PPC64LE, &[0xe444_0007, 0xf444_000b])?;
    emulator.write_memory(DATA + 4, &1.5f32.to_le_bytes())?;
    step(&mut emulator)?;
    assert_eq!(vector(&emulator, "vr2")? >> 64, u128::from(1.5f64.to_bits()));
    emulator.write_register("vr2", RegisterValue::from(u128::from(0x3ff0_0000_3fff_ffffu64) << 64))?;
    step(&mut emulator)?;
    let mut stored = [0; 4];
    emulator.read_memory(DATA + 8, &mut stored)?;
    assert_eq!(u32::from_le_bytes(stored), 0x3f80_0001);
    Ok(())
}

/// A prefix and its instruction are one of eight bytes (Power ISA 3.1, book I,
/// 1.6.3).
#[test]
fn prefixed_instructions_are_one() -> Outcome {
    for platform in [Platform::PPC64, Platform::PPC64LE] {
        // paddi r3,r4,0x12345678a; paddi r6,0,-2 relative to itself; pld
        // r7,8(r4); plxv vs34,16(r4).
        let words = [
            0x0601_2345,
            0x3864_678a,
            0x0613_ffff,
            0x38c0_fffe,
            0x0400_0000,
            0xe4e4_0008,
            0x0400_0000,
            0xcc44_0010,
        ];
        let mut emulator = emulator(platform, &words)?;
        for count in 1..=4 {
            step(&mut emulator)?;
            assert_eq!(emulator.program_counter(), CODE + 8 * count);
        }
        assert_eq!(emulator.read_register("r3")?, DATA + 0x1_2345_678a);
        assert_eq!(emulator.read_register("r6")?, CODE + 8 - 2);
        let is_big = platform == Platform::PPC64;
        let expected = if is_big { 0x1819_1a1b_1c1d_1e1f } else { 0x1f1e_1d1c_1b1a_1918 };
        assert_eq!(emulator.read_register("r7")?, expected);
        let expected = 0x2021_2223_2425_2627_2829_2a2b_2c2d_2e2f_u128;
        let expected = if is_big { expected } else { expected.swap_bytes() };
        assert_eq!(vector(&emulator, "vr2")?, expected);
    }
    Ok(())
}

/// lxvp and stxvp: a pair is one number of 32 bytes (3.1, book I, 7.6.3).
#[test]
fn pairs_are_one_number() -> Outcome {
    for (platform, first) in [(Platform::PPC64, "vr2"), (Platform::PPC64LE, "vr3")] {
        // lxvp vs34,0(r4); stxvp vs34,32(r4).
        let mut emulator = emulator(platform, &[0x1864_0000, 0x1864_0021])?;
        step(&mut emulator)?;
        let expected = 0x1011_1213_1415_1617_1819_1a1b_1c1d_1e1f_u128;
        let expected = if platform == Platform::PPC64 { expected } else { expected.swap_bytes() };
        assert_eq!(vector(&emulator, first)?, expected, "{platform}");
        step(&mut emulator)?;
        let (mut from, mut to) = ([0; 32], [0; 32]);
        emulator.read_memory(DATA, &mut from)?;
        emulator.read_memory(DATA + 32, &mut to)?;
        assert_eq!(from, to, "{platform}");
    }
    Ok(())
}

/// setb takes a field of the condition register (3.3.18), which comparisons of
/// exponents and classes set (7.6.3).
#[test]
fn fields_of_the_condition_register_are_set_and_read() -> Outcome {
    for (field, expected) in [(8_u64, u64::MAX), (4, 1), (2, 0), (1, 0)] {
        // setb r3,cr6.
        let mut emulator = emulator(Platform::PPC64, &[0x7c78_0100])?;
        emulator.write_register("cr", field << 4)?;
        step(&mut emulator)?;
        assert_eq!(emulator.read_register("r3")?, expected);
    }
    let double = |value: f64| RegisterValue::from(u128::from(value.to_bits()) << 64);
    for (a, b, expected) in [(1.0, 1.9, 2), (0.5, 1.0, 8), (2.0, 1.0, 4), (f64::NAN, 1.0, 1)] {
        // xscmpexpdp cr3,vs34,vs35.
        let mut emulator = emulator(Platform::PPC64, &[0xf182_19de])?;
        emulator.write_register("vr2", double(a))?;
        emulator.write_register("vr3", double(b))?;
        step(&mut emulator)?;
        assert_eq!(emulator.read_register("cr")? >> 16 & 15, expected, "{a} and {b}");
    }
    // vcmpneb. v3,v4,v5 of equal vectors: none of them differs.
    let mut emulator = emulator(Platform::PPC64, &[0x1064_2c07])?;
    step(&mut emulator)?;
    assert_eq!(emulator.read_register("cr")? >> 4 & 15, 2);
    Ok(())
}

/// Forms of mffs that change the status register besides (4.6.10).
#[test]
fn the_status_register_is_read_in_parts() -> Outcome {
    let status = 0xa282_50fd;
    let cases: &[(&str, u32, u64, u64)] = &[
        // Bits, f3 and the register afterwards: mffsce, mffscrn f3,f4 with 2
        // in f4, mffscrni f3,3, mffsl.
        ("mffsce", 0xfc61_048e, status, 0xa282_5005),
        ("mffscrn", 0xfc76_248e, status & 0xff, 0xa282_50fe),
        ("mffscrni", 0xfc77_1c8e, status & 0xff, 0xa282_50ff),
        ("mffsl", 0xfc78_048e, status & 0x7_f0ff, status),
    ];
    for platform in [Platform::PPC, Platform::PPC64] {
        for &(name, word, expected, after) in cases {
            let mut emulator = NativeEmulator::new(platform)?;
            emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
            emulator.write_code(CODE, &word.to_be_bytes())?;
            emulator.write_register("fpscr", status)?;
            emulator.write_register("f4", 2_u64)?;
            emulator.set_program_counter(CODE)?;
            step(&mut emulator)?;
            assert_eq!(emulator.read_register("f3")?, expected, "{name} on {platform}");
            assert_eq!(emulator.read_register("fpscr")?, after, "{name} on {platform}");
        }
    }
    Ok(())
}

/// darn is the engine's source of random numbers, which a seed determines:
/// 32 bits, 64 bits, and an error for what is reserved (3.3.9).
#[test]
fn random_numbers_are_those_of_the_seed() -> Outcome {
    let mut emulator = emulator(Platform::PPC64, &[0x7c60_05e6, 0x7ca1_05e6, 0x7cc3_05e6])?;
    // The first numbers of splitmix64 from this seed.
    emulator.set_random_seed(1_234_567);
    for _ in 0..3 {
        step(&mut emulator)?;
    }
    assert_eq!(emulator.read_register("r3")?, 6_457_827_717_110_365_317 & 0xffff_ffff);
    assert_eq!(emulator.read_register("r5")?, 3_203_168_211_198_807_973);
    assert_eq!(emulator.read_register("r6")?, u64::MAX);
    Ok(())
}

/// What is decoded and not executed names itself.
#[test]
fn what_is_not_executed_is_named() -> Outcome {
    for (word, expected) in [
        (0x4400_0001, "scv"),
        (0x7c64_2954, "addex"),
        (0x7d80_0480, "mcrxrx"),
        (0xfc74_248e, "decimalRoundingMode"),
        (0x7c00_051d, "transaction"),
    ] {
        let mut emulator = emulator(Platform::PPC64, &[word])?;
        match emulator.step() {
            Err(Error::Fault(Fault::InvalidInstruction { .. })) => {
                return Err(format!("{expected} is invalid").into());
            }
            Err(error) => assert!(error.to_string().contains(expected), "{error}"),
            Ok(step) => return Err(format!("{expected}: {step:?}").into()),
        }
    }
    Ok(())
}

/// dcbz zeroes the whole block that an address lies in (book II, 4.3.2): 128
/// bytes of a POWER9, 32 of processors of 32 bits.
#[test]
fn blocks_are_zeroed() -> Outcome {
    for (platform, size) in [(Platform::PPC64, 128), (Platform::PPC64LE, 128), (Platform::PPC, 32)] {
        // dcbz 0,r4.
        let mut emulator = emulator(platform, &[0x7c00_27ec])?;
        emulator.write_memory(DATA, &[0xff; 0x300])?;
        emulator.write_register("r4", DATA + 0x100 + 5)?;
        step(&mut emulator)?;
        let mut found = [0; 0x300];
        emulator.read_memory(DATA, &mut found)?;
        let mut expected = [0xff; 0x300];
        expected[0x100..0x100 + size].fill(0);
        assert_eq!(found, expected, "{platform}");
    }
    Ok(())
}
