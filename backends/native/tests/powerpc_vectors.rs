//! PowerPC: the status of vectors, AES, estimates and tests of operands (Power
//! ISA 2.07, book I, 4.6.6, 6.3.1, 6.8, 6.10.5, 6.11.1).

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Permissions, Platform, RegisterValue, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x4000;

/// An emulator that has executed an instruction on `v1` to `v3`.
fn after(
    platform: Platform,
    word: u32,
    vectors: [u128; 3],
    registers: &[(&str, u64)],
) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    let bytes = if platform == Platform::PPC64LE { word.to_le_bytes() } else { word.to_be_bytes() };
    emulator.write_code(CODE, &bytes)?;
    emulator.set_program_counter(CODE)?;
    for (index, value) in vectors.into_iter().enumerate() {
        emulator.write_register(format!("v{}", index + 1).as_str(), RegisterValue::from(value))?;
    }
    for (name, value) in registers {
        emulator.write_register(*name, *value)?;
    }
    assert_eq!(emulator.step()?, Step::Done, "{platform}: {word:#x}");
    Ok(emulator)
}

const ALL: [Platform; 3] = [Platform::PPC, Platform::PPC64, Platform::PPC64LE];

/// Instruction, operands, result, and VSCR.
type Row = (&'static str, u32, [u128; 3], u128, u64);

const SATURATING: &[Row] = &[
    // vaddubs vr0,vr1,vr2: nothing is too great; something is.
    ("vaddubs", 0x1001_1200, [1, 0xfe, 0], 0xff, 0),
    ("vaddubs", 0x1001_1200, [2, 0xfe, 0], 0xff, 1),
    ("vsubsws", 0x1001_1780, [0x8000_0000, 1, 0], 0x8000_0000, 1),
    // vpkuhus, vpkswss: of the first vector the left half is.
    ("vpkuhus", 0x1001_108e, [0, 0x100, 0], 0xff, 1),
    ("vpkswss", 0x1001_11ce, [0x8000 << 64, 0, 0], 0x7fff << 96, 1),
    // vmhaddshs vr0,vr1,vr2,vr3.
    ("vmhaddshs", 0x1001_10e0, [0x8000, 0x8000, 0], 0x7fff, 1),
    ("vmhaddshs", 0x1001_10e0, [0x4000, 0x4000, 1], 0x2001, 0),
    // vsumsws, vsum4ubs.
    ("vsumsws", 0x1001_1788, [0x7fff_ffff, 1, 0], 0x7fff_ffff, 1),
    ("vsum4ubs", 0x1001_1608, [0x0102_0304, 0xffff_ffff, 0], 0xffff_ffff, 1),
    // vctsxs vr0,vr2,0: 2^31; a NaN is zero, and does not saturate.
    ("vctsxs", 0x1000_13ca, [0, 0x4f00_0000, 0], 0x7fff_ffff, 1),
    ("vctsxs", 0x1000_13ca, [0, 0x7fc0_0000, 0], 0, 0),
    ("vctsxs", 0x1000_13ca, [0, 0x3fc0_0000, 0], 1, 0),
];

#[test]
fn saturation_is_told() -> Result<(), Error> {
    for platform in ALL {
        for (name, word, vectors, result, status) in SATURATING {
            let emulator = after(platform, *word, *vectors, &[])?;
            assert_eq!(
                emulator.read_wide_register("v0")?,
                RegisterValue::from(*result),
                "{platform}: {name}"
            );
            assert_eq!(emulator.read_register("vscr")?, *status, "{platform}: {name}");
            // It stays.
            let emulator = after(platform, 0x1001_1200, [1, 1, 0], &[("vscr", 1)])?;
            assert_eq!(emulator.read_register("vscr_sat")?, 1, "{platform}");
        }
    }
    Ok(())
}

#[test]
fn the_status_is_moved() -> Result<(), Error> {
    for platform in ALL {
        // mtvscr vr2: reserved bits are not there; mfvscr vr0.
        let emulator = after(platform, 0x1000_1644, [0, u128::MAX, 0], &[])?;
        assert_eq!(emulator.read_register("vscr")?, 0x1_0001, "{platform}");
        let emulator = after(platform, 0x1000_0604, [0; 3], &[("vscr", 0x1_0001)])?;
        assert_eq!(emulator.read_wide_register("v0")?, RegisterValue::from(0x1_0001_u128), "{platform}");
    }
    Ok(())
}

/// 6.3.1: without the Java mode denormal numbers are zeros of their sign, as
/// operands and as results.
#[test]
fn denormal_numbers_may_count_as_zeros() -> Result<(), Error> {
    const DENORMAL: u128 = 0x8000_0001 << 96 | 0x0040_0000;
    let cases = [
        // vaddfp vr0,vr1,vr2.
        (0x1001_100a, [DENORMAL, DENORMAL, 0], DENORMAL << 1 & !(1 << 97) | 1 << 127 | 2 << 96, 1 << 127),
        // vmaddfp vr0,vr1,vr3,vr2: a product that is too small.
        (0x1001_10ee, [0x0080_0000, 0, 0x3f00_0000], 0x0040_0000, 0),
        // vcmpeqfp vr0,vr1,vr2.
        (0x1001_10c6, [DENORMAL, 0, 0], u128::MAX >> 32 & !0xffff_ffff, u128::MAX),
    ];
    for platform in ALL {
        for (word, vectors, java, other) in cases {
            let emulator = after(platform, word, vectors, &[])?;
            assert_eq!(
                emulator.read_wide_register("v0")?,
                RegisterValue::from(java),
                "{platform}: {word:#x}"
            );
            let emulator = after(platform, word, vectors, &[("vscr", 0x1_0000)])?;
            assert_eq!(
                emulator.read_wide_register("v0")?,
                RegisterValue::from(other),
                "{platform}: {word:#x}"
            );
        }
    }
    Ok(())
}

/// FIPS 197, appendices B (rounds 1 and 10) and C.1 (inverse, rounds 1 and 10).
#[test]
fn rounds_of_aes() -> Result<(), Error> {
    let cases = [
        // vcipher, vcipherlast, vncipher, vncipherlast vr0,vr1,vr2.
        (
            0x1001_1508,
            0x193d_e3be_a0f4_e22b_9ac6_8d2a_e9f8_4808,
            0xa0fa_fe17_8854_2cb1_23a3_3939_2a6c_7605,
            0xa49c_7ff2_689f_352b_6b5b_ea43_026a_5049,
        ),
        (
            0x1001_1509,
            0xeb40_f21e_592e_3884_8ba1_13e7_1bc3_42d2,
            0xd014_f9a8_c9ee_2589_e13f_0cc8_b663_0ca6,
            0x3925_841d_02dc_09fb_dc11_8597_196a_0b32,
        ),
        (
            0x1001_1548,
            0x7ad5_fda7_89ef_4e27_2bca_100b_3d9f_f59f,
            0x5499_32d1_f085_5768_1093_ed9c_be2c_974e,
            0x54d9_90a1_6ba0_9ab5_96bb_f40e_a111_702f,
        ),
        (
            0x1001_1549,
            0x6353_e08c_0960_e104_cd70_b751_baca_d0e7,
            0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f,
            0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128,
        ),
        // vsbox vr0,vr1.
        (0x1001_05c8, 0x53, 0, 0x6363_6363_6363_6363_6363_6363_6363_63ed),
    ];
    for platform in [Platform::PPC64, Platform::PPC64LE] {
        for (word, state, key, result) in cases {
            let emulator = after(platform, word, [state, key, 0], &[])?;
            assert_eq!(emulator.read_wide_register("v0")?, RegisterValue::from(result), "{word:#x}");
        }
    }
    Ok(())
}

/// 6.10.5, with the special operands of its tables.
#[test]
fn estimates_and_pixels() -> Result<(), Error> {
    const SPECIAL: u128 = 0xff80_0000 << 96 | 0x8000_0000 << 64 | 0xbf80_0000 << 32 | 0x7f80_0000;
    let cases = [
        // vexptefp, vlogefp, vrsqrtefp, vrefp vr0,vr2.
        (0x1000_118a, 0x4040_0000, 0x3f80_0000 << 96 | 0x3f80_0000 << 64 | 0x3f80_0000 << 32 | 0x4100_0000),
        (0x1000_118a, SPECIAL, 0x3f80_0000 << 64 | 0x3f00_0000 << 32 | 0x7f80_0000),
        (0x1000_11ca, SPECIAL, 0x7fc0_0000 << 96 | 0xff80_0000 << 64 | 0x7fc0_0000 << 32 | 0x7f80_0000),
        (
            0x1000_11ca,
            0x4100_0000 << 32 | 0x3f80_0000 << 64 | 0x3f80_0000 << 96 | 0x3f80_0000,
            0x4040_0000 << 32,
        ),
        (0x1000_114a, SPECIAL, 0x7fc0_0000 << 96 | 0xff80_0000 << 64 | 0x7fc0_0000 << 32),
        (
            0x1000_114a,
            0x4080_0000 << 32 | 0x7f80_0000 << 64 | 0x7f80_0000 << 96 | 0x7f80_0000,
            0x3f00_0000 << 32,
        ),
        (
            0x1000_110a,
            0x4080_0000 << 32 | 0x7f80_0000 << 64 | 0x7f80_0000 << 96 | 0x7f80_0000,
            0x3e80_0000 << 32,
        ),
        // vupkhpx, vupklpx vr0,vr2.
        (0x1000_134e, 0x8421 << 64 | 0x7fff << 112, 0x001f_1f1f << 96 | 0xff01_0101),
        (0x1000_13ce, 0x8421 | 0xdead << 64, 0xff01_0101_u128),
    ];
    for platform in ALL {
        for (word, operand, result) in cases {
            let emulator = after(platform, word, [0, operand, 0], &[])?;
            let found = emulator.read_wide_register("v0")?;
            assert_eq!(found, RegisterValue::from(result), "{platform}: {word:#x} of {operand:#x}");
        }
    }
    Ok(())
}

/// 4.6.6: FL, FG and FE, which the condition field holds as 8, 4 and 2.
#[test]
fn quotients_and_roots_are_tested() -> Result<(), Error> {
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    const INFINITY: u64 = 0x7ff0_0000_0000_0000;
    let quotients = [
        (ONE, ONE, 8),
        (INFINITY, ONE, 14),
        (ONE, 0, 14),
        (ONE, INFINITY, 14),
        (INFINITY | 1, ONE, 10),
        (ONE, INFINITY | 1, 10),
        // A denormal divisor, and one whose exponent is -1022, 1021 or 1020.
        (ONE, 1, 14),
        (ONE, 1 << 52, 10),
        (ONE, (1023 + 1021) << 52, 10),
        (ONE, (1023 + 1020) << 52, 8),
        // A dividend of an exponent of -970, and of -969.
        (53 << 52, 53 << 52, 10),
        (54 << 52, 54 << 52, 8),
        // Exponents that are 1022 and 1023 apart, and -1020 and -1021.
        ((1023 + 511) << 52, (1023 - 511) << 52, 8),
        ((1023 + 512) << 52, (1023 - 511) << 52, 10),
        ((1023 - 510) << 52, (1023 + 510) << 52, 8),
        ((1023 - 510) << 52, (1023 + 511) << 52, 10),
        (0, (1023 + 511) << 52, 8),
    ];
    for platform in [Platform::PPC64, Platform::PPC64LE] {
        for (a, b, expected) in quotients {
            // ftdiv cr2,f1,f2.
            let emulator = after(platform, 0xfd01_1100, [0; 3], &[("f1", a), ("f2", b)])?;
            assert_eq!(emulator.read_register("cr")? >> 20 & 15, expected, "{platform}: {a:#x} / {b:#x}");
        }
        let roots = [
            (ONE, 8),
            (ONE | 1 << 63, 10),
            (0, 14),
            (1 << 63, 14),
            (INFINITY, 14),
            (INFINITY | 1 << 63, 14),
            (INFINITY | 1, 10),
            (1, 14),
            (53 << 52, 10),
            (54 << 52, 8),
        ];
        for (b, expected) in roots {
            // ftsqrt cr2,f2.
            let emulator = after(platform, 0xfd00_1140, [0; 3], &[("f2", b)])?;
            assert_eq!(emulator.read_register("cr")? >> 20 & 15, expected, "{platform}: root of {b:#x}");
        }
    }
    // xvtdivsp cr2,vs33,vs34: one element of four asks for care.
    let ones = 0x3f80_0000_3f80_0000_3f80_0000_3f80_0000;
    let emulator = after(Platform::PPC64, 0xf101_12ee, [ones, ones, 0], &[])?;
    assert_eq!(emulator.read_register("cr")? >> 20 & 15, 8);
    let emulator = after(Platform::PPC64, 0xf101_12ee, [ones, ones & !0xffff_ffff, 0], &[])?;
    assert_eq!(emulator.read_register("cr")? >> 20 & 15, 14);
    Ok(())
}

/// 4.6.10: what a bit does to the others, and CR1.
#[test]
fn bits_of_the_status_are_set_and_cleared() -> Result<(), Error> {
    let cases = [
        // mtfsb1. 30: a rounding mode tells no exception.
        (0xffc0_004d, 0, 2, 0),
        // mtfsb1. 7 (VXSNAN) is an invalid operation, with FX.
        (0xfce0_004d, 0, 0xa100_0000, 10),
        // mtfsb1. 24 (VE) enables it.
        (0xff00_004d, 0xa100_0000, 0xe100_0080, 14),
        // mtfsb1. 2 (VX), which follows from others.
        (0xfc40_004d, 0, 0, 0),
        // mtfsb0. 7: FX stays.
        (0xfce0_008d, 0xe100_0080, 0x8000_0080, 8),
    ];
    for platform in ALL {
        for (word, before, status, told) in cases {
            let emulator = after(platform, word, [0; 3], &[("fpscr", before), ("cr", 0x0f00_0000)])?;
            assert_eq!(emulator.read_register("fpscr")?, status, "{platform}: {word:#x}");
            assert_eq!(emulator.read_register("cr")?, told << 24, "{platform}: {word:#x}");
        }
    }
    Ok(())
}

/// 7.6.1, XSCMPODP and XSCMPUDP: an ordered comparison of a quiet NaN is invalid.
#[test]
fn comparisons_tell_what_is_invalid() -> Result<(), Error> {
    const QUIET: u128 = 0x7ff8 << 112;
    const SIGNALLING: u128 = 0x7ff4 << 112;
    let cases = [
        // xscmpudp, xscmpodp cr2,vs33,vs34.
        (0xf101_111e, QUIET, 0x1000),
        (0xf101_111e, SIGNALLING, 0xa100_1000),
        (0xf101_115e, QUIET, 0xa008_1000),
        (0xf101_115e, SIGNALLING, 0xa108_1000),
        (0xf101_115e, 0, 0x2000),
    ];
    for (word, operand, status) in cases {
        let emulator = after(Platform::PPC64, word, [0, operand, 0], &[])?;
        assert_eq!(emulator.read_register("fpscr")?, status, "{word:#x} of {operand:#x}");
    }
    Ok(())
}
