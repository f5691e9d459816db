//! Floating point of SuperH with its status and control register: values by the
//! SH-4 Software Manual (REJ09B0318), sections 2.2.4, 6 and 9. What the manual
//! and QEMU 7.2 agree on was executed by both in lock step; the rows named
//! "manual" are those where QEMU does otherwise.

use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions};
use terrella_native::NativeEmulator;
use terrella_platforms::Platform;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;
/// Double precision, and numbers below the normal ones as zero.
const PR: u64 = 1 << 19;
const DN: u64 = 1 << 18;
const FR: u64 = 1 << 21;
/// Of the fields of the status register: cause and flag together.
const INEXACT: u64 = 0x1004;
const UNDERFLOW: u64 = 0x2008;
const OVERFLOW: u64 = 0x4010;
const DIVISION: u64 = 0x8020;
const INVALID: u64 = 0x1_0040;

type Registers = &'static [(&'static str, u64)];
/// What it shows, the word, the registers before and after.
type Row = (&'static str, u16, Registers, Registers);

const ONE: u64 = 0x3f80_0000;
const THREE: u64 = 0x4040_0000;
const THIRD: u64 = 0x3eaa_aaab;
const SMALL: u64 = 1;
/// The least normal single, and half of it.
const NORMAL: u64 = 0x0080_0000;
const HALF: u64 = 0x3f00_0000;

const ROWS: &[Row] = &[
    (
        "1 / 3, to nearest",
        0xf013,
        &[("fpscr", 0), ("fr0", ONE), ("fr1", THREE)],
        &[("fr0", THIRD), ("fpscr", INEXACT)],
    ),
    (
        "toward zero",
        0xf013,
        &[("fpscr", 1), ("fr0", ONE), ("fr1", THREE)],
        &[("fr0", THIRD - 1), ("fpscr", INEXACT | 1)],
    ),
    (
        "causes are those of one instruction, flags of all",
        0xf010,
        &[("fpscr", 0x3_f07c), ("fr0", ONE), ("fr1", ONE)],
        &[("fr0", 0x4000_0000), ("fpscr", 0x7c)],
    ),
    (
        "1 / 0",
        0xf013,
        &[("fpscr", 0), ("fr0", ONE), ("fr1", 0)],
        &[("fr0", 0x7f80_0000), ("fpscr", DIVISION)],
    ),
    (
        "0 / 0 is the quiet NaN of SuperH",
        0xf013,
        &[("fpscr", 0), ("fr0", 0), ("fr1", 0)],
        &[("fr0", 0x7fbf_ffff), ("fpscr", INVALID)],
    ),
    (
        "a quiet NaN has the first fraction bit clear",
        0xf010,
        &[("fpscr", 0), ("fr0", 0x7f80_0001), ("fr1", ONE)],
        &[("fr0", 0x7fbf_ffff), ("fpscr", 0)],
    ),
    (
        "a signalling one has it set",
        0xf010,
        &[("fpscr", 0), ("fr0", 0x7fc0_0000), ("fr1", ONE)],
        &[("fr0", 0x7fbf_ffff), ("fpscr", INVALID)],
    ),
    (
        "too great",
        0xf012,
        &[("fpscr", 0), ("fr0", 0x7f7f_ffff), ("fr1", THREE)],
        &[("fr0", 0x7f80_0000), ("fpscr", OVERFLOW | INEXACT)],
    ),
    (
        "too great, toward zero",
        0xf012,
        &[("fpscr", 1), ("fr0", 0x7f7f_ffff), ("fr1", THREE)],
        &[("fr0", 0x7f7f_ffff), ("fpscr", OVERFLOW | INEXACT | 1)],
    ),
    (
        "too small",
        0xf012,
        &[("fpscr", 0), ("fr0", NORMAL + 1), ("fr1", HALF)],
        &[("fr0", 0x0040_0000), ("fpscr", UNDERFLOW | INEXACT)],
    ),
    (
        "manual: with DN, a result below the normal ones",
        0xf012,
        &[("fpscr", DN), ("fr0", NORMAL), ("fr1", HALF)],
        &[("fr0", 0), ("fpscr", DN | UNDERFLOW | INEXACT)],
    ),
    (
        "manual: with DN, an operand below them",
        0xf010,
        &[("fpscr", DN), ("fr0", ONE), ("fr1", SMALL)],
        &[("fr0", ONE), ("fpscr", DN)],
    ),
    (
        "1 / 3 in doubles",
        0xf023,
        &[("fpscr", PR), ("dr0", 0x3ff0_0000_0000_0000), ("dr2", 0x4008_0000_0000_0000)],
        &[("dr0", 0x3fd5_5555_5555_5555), ("fpscr", PR | INEXACT)],
    ),
    (
        "the root of -1 in doubles",
        0xf06d,
        &[("fpscr", PR), ("dr0", 0xbff0_0000_0000_0000)],
        &[("dr0", 0x7ff7_ffff_ffff_ffff), ("fpscr", PR | INVALID)],
    ),
    (
        "fmac rounds once",
        0xf21e,
        &[("fpscr", 0), ("fr0", ONE + 1), ("fr1", ONE + 1), ("fr2", 0xbf80_0002)],
        &[("fr2", 0x2880_0000), ("fpscr", 0)],
    ),
    (
        "fcmp/eq of a quiet NaN",
        0xf014,
        &[("fpscr", 0), ("t", 1), ("fr0", 0x7fbf_ffff)],
        &[("t", 0), ("fpscr", 0)],
    ),
    (
        "fcmp/gt of a quiet NaN",
        0xf015,
        &[("fpscr", 0), ("t", 1), ("fr0", 0x7fbf_ffff)],
        &[("t", 0), ("fpscr", INVALID)],
    ),
    (
        "manual: ftrc of 1.5 tells nothing",
        0xf03d,
        &[("fpscr", 0), ("fr0", 0x3fc0_0000)],
        &[("fpul", 1), ("fpscr", 0)],
    ),
    (
        "ftrc of 2^31",
        0xf03d,
        &[("fpscr", 0), ("fr0", 0x4f00_0000)],
        &[("fpul", 0x7fff_ffff), ("fpscr", INVALID)],
    ),
    (
        "manual: ftrc of a negative NaN",
        0xf03d,
        &[("fpscr", 0), ("fr0", 0xffbf_ffff)],
        &[("fpul", 0x8000_0000), ("fpscr", INVALID)],
    ),
    (
        "float of 2^24 + 1",
        0xf02d,
        &[("fpscr", 1), ("fpul", 0x0100_0001)],
        &[("fr0", 0x4b80_0000), ("fpscr", INEXACT | 1)],
    ),
    (
        "fcnvds of 1 / 3",
        0xf0bd,
        &[("fpscr", PR), ("dr0", 0x3fd5_5555_5555_5555)],
        &[("fpul", THIRD), ("fpscr", PR | INEXACT)],
    ),
    (
        "fcnvsd of 1 / 3",
        0xf0ad,
        &[("fpscr", PR), ("fpul", THIRD)],
        &[("dr0", 0x3fd5_5555_6000_0000), ("fpscr", PR)],
    ),
    (
        "lds exchanges the banks",
        0x416a,
        &[("fpscr", PR), ("r1", FR), ("dr0", 1), ("xd0", 2), ("xf3", 5)],
        &[("dr0", 2), ("xd0", 1), ("fr3", 5), ("fpscr", FR)],
    ),
    (
        "lds that keeps FR keeps them",
        0x416a,
        &[("fpscr", FR), ("r1", 0xffff_ffff), ("dr0", 1), ("xd0", 2)],
        &[("dr0", 1), ("xd0", 2), ("fpscr", 0x3f_ffff)],
    ),
    (
        "lds.l",
        0x4166,
        &[("fpscr", 0), ("r1", DATA), ("dr0", 1), ("xd0", 2)],
        &[("dr0", 2), ("r1", DATA + 4), ("fpscr", FR | 1)],
    ),
    (
        "manual: fipr rounds the sum of exact products",
        0xf1ed,
        &[
            ("fpscr", 0),
            ("fr0", 0x4b80_0000),
            ("fr1", ONE),
            ("fr2", 0xcb80_0000),
            ("fr4", ONE),
            ("fr5", ONE),
            ("fr6", ONE),
        ],
        &[("fr3", ONE), ("fpscr", 0)],
    ),
    (
        "manual: ftrv by the unit matrix",
        0xf1fd,
        &[
            ("fpscr", 0),
            ("xf0", ONE),
            ("xf5", ONE),
            ("xf10", ONE),
            ("xf15", ONE),
            ("fr0", 1 << 30),
            ("fr1", ONE),
            ("fr2", THREE),
            ("fr3", HALF),
        ],
        &[("fr0", 1 << 30), ("fr1", ONE), ("fr2", THREE), ("fr3", HALF)],
    ),
    (
        "manual: fsrra of 4",
        0xf07d,
        &[("fpscr", 0), ("fr0", 0x4080_0000)],
        &[("fr0", HALF), ("fpscr", INEXACT)],
    ),
    (
        "manual: fsca of a quarter",
        0xf0fd,
        &[("fpscr", 0), ("fpul", 0x4000)],
        &[("fr0", ONE), ("fr1", 0), ("fpscr", INEXACT)],
    ),
    (
        "manual: mac.w saturates, and tells it",
        0x456f,
        &[("s", 1), ("macl", 0x7fff_ffff), ("mach", 2), ("r5", DATA), ("r6", DATA)],
        &[("macl", 0x7fff_ffff), ("mach", 3)],
    ),
    (
        "manual: div1 of one register",
        0x3004,
        &[("r0", 5), ("t", 0), ("q", 0), ("m", 0)],
        &[("r0", 5), ("q", 0), ("t", 1)],
    ),
];

fn machine(platform: Platform, word: u16, before: Registers) -> NativeEmulator {
    let mut emulator = NativeEmulator::new(platform).expect("an emulator");
    for place in [CODE, DATA] {
        emulator.map_memory(place..place + 0x1000, Permissions::ALL).expect("memory");
    }
    let order = platform.byte_order();
    let mut bytes = [0; 4];
    order.write(word.into(), &mut bytes[..2]);
    emulator.write_memory(CODE, &bytes[..2]).expect("code");
    // A status with FR, and two halves that are not zero.
    order.write(u128::from(FR | 1), &mut bytes);
    emulator.write_memory(DATA, &bytes).expect("data");
    for (register, value) in before {
        emulator.write_register(*register, *value).expect("a register");
    }
    emulator.set_program_counter(CODE).expect("an address");
    emulator
}

#[test]
fn results_and_what_is_told_of_them() {
    let mut failures = Vec::new();
    for platform in [Platform::SH4, Platform::SH4_BE] {
        for (name, word, before, after) in ROWS {
            let mut emulator = machine(platform, *word, before);
            if let Err(error) = emulator.run_with(&Limits::instructions(1)) {
                failures.push(format!("{platform}, {name}: {error}"));
            }
            for (register, value) in *after {
                let found = emulator.read_register(*register).expect("a register");
                if found != *value {
                    failures.push(format!("{platform}, {name}: {register} is {found:#x}, not {value:#x}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Exceptions that are enabled keep the target; what is not defined for the
/// precision that is set is no instruction.
#[test]
fn traps_keep_the_target() {
    const TRAPS: &[(&str, u16, Registers)] = &[
        ("1 / 0 with Z enabled", 0xf013, &[("fpscr", 1 << 10), ("fr0", ONE), ("fr1", 0)]),
        ("1 / 3 with I enabled", 0xf013, &[("fpscr", 1 << 7), ("fr0", ONE), ("fr1", THREE)]),
        ("an odd double", 0xf013, &[("fpscr", PR), ("fr0", ONE), ("fr1", ONE)]),
        ("fldi1 in double precision", 0xf09d, &[("fpscr", PR), ("fr0", ONE)]),
        ("fmac in double precision", 0xf01e, &[("fpscr", PR), ("fr0", ONE)]),
    ];
    for (name, word, before) in TRAPS {
        let mut emulator = machine(Platform::SH4, *word, before);
        assert!(emulator.run_with(&Limits::instructions(1)).is_err(), "{name}");
        assert_eq!(emulator.read_register("fr0").expect("a register"), ONE, "{name}");
        assert_eq!(emulator.program_counter(), CODE, "{name}");
    }
}
