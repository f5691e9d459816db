//! Z80: what single instructions do to memory, to what is no part of
//! `vectors/z80.txt`, and where the simulator that has written those differs
//! from the Z80 CPU User Manual (Zilog UM0080), which is the truth here.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Limits, Permissions, Platform, Stop};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x4000;
const DATA: u64 = 0x5000;
const STACK: u64 = 0x6100;

/// A row: what it shows, the code, the data, how many instructions, the
/// registers before, the registers and the data after.
type Row = (&'static str, &'static [u8], &'static [u8], u64, Registers, Registers, &'static [u8]);
type Registers = &'static [(&'static str, u64)];

fn emulator() -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(Platform::Z80)?;
    for place in [CODE, DATA, STACK - 0x100] {
        emulator.map_memory(place..place + 0x1000, Permissions::ALL)?;
    }
    emulator.write_register("sp", STACK)?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

const ROWS: &[Row] = &[
    ("and has H", &[0xa0], &[], 1, &[("a", 15), ("b", 12)], &[("a", 12), ("f", 0x14)], &[]),
    ("dec borrows", &[0x05], &[], 1, &[("b", 0x80)], &[("b", 0x7f), ("f", 0x16)], &[]),
    ("rla leaves S, Z, P/V", &[0x17], &[], 1, &[("af", 0x81c4)], &[("a", 2), ("f", 0xc5)], &[]),
    ("adc a,d", &[0x8a], &[], 1, &[("af", 0xeb01), ("d", 0x7f)], &[("a", 0x6b), ("f", 0x11)], &[]),
    ("sbc hl,hl", &[0xed, 0x62], &[], 1, &[("f", 1)], &[("hl", 0xffff), ("f", 0x93)], &[]),
    ("adc hl,de", &[0xed, 0x5a], &[], 1, &[("f", 1), ("hl", 0x7fff)], &[("hl", 0x8000), ("f", 0x94)], &[]),
    ("rlc e has parity", &[0xcb, 3], &[], 1, &[("e", 0xc3)], &[("e", 0x87), ("f", 0x85)], &[]),
    ("ccf", &[0x3f], &[], 1, &[("f", 1)], &[("f", 0x10)], &[]),
    ("bit 7,b", &[0xcb, 0x78], &[], 1, &[("b", 0x80), ("f", 1)], &[("f", 0x91)], &[]),
    ("bit 6,b", &[0xcb, 0x70], &[], 1, &[("b", 0x80), ("f", 0)], &[("f", 0x54)], &[]),
    ("rrd", &[0xed, 0x67], &[0x20], 1, &[("a", 0x84), ("hl", DATA)], &[("a", 0x80), ("f", 0x80)], &[0x42]),
    ("rld", &[0xed, 0x6f], &[0x31], 1, &[("a", 0x7a), ("hl", DATA)], &[("a", 0x73), ("f", 0)], &[0x1a]),
    (
        "cpd",
        &[0xed, 0xa9],
        &[5],
        1,
        &[("a", 5), ("hl", DATA), ("bc", 1)],
        &[("hl", 0x4fff), ("f", 0x42)],
        &[],
    ),
    ("inc (hl)", &[0x34], &[0x7f], 1, &[("hl", DATA), ("f", 1)], &[("f", 0x95)], &[0x80]),
    ("dec (ix-1)", &[0xdd, 0x35, 0xff], &[1], 1, &[("ix", DATA + 1)], &[("f", 0x42)], &[0]),
    ("ld (iy+2),l", &[0xfd, 0x75, 2], &[9], 1, &[("iy", DATA), ("l", 7)], &[], &[9, 0, 7]),
    ("adc a,(ix+1)", &[0xdd, 0x8e, 1], &[1, 2], 1, &[("ix", DATA), ("a", 3)], &[("a", 5)], &[]),
    ("set 3,(iy+1)", &[0xfd, 0xcb, 1, 0xde], &[0, 1], 1, &[("iy", DATA)], &[], &[0, 9]),
    ("rlc (ix+0)", &[0xdd, 0xcb, 0, 6], &[0xc3], 1, &[("ix", DATA)], &[("f", 0x85)], &[0x87]),
    (
        "ldir",
        &[0xed, 0xb0],
        &[1, 2, 3],
        1,
        &[("hl", DATA), ("de", DATA + 4), ("bc", 3), ("f", 0xff)],
        &[("hl", DATA + 3), ("de", DATA + 7), ("bc", 0), ("hf", 0), ("pf", 0), ("nf", 0), ("pc", CODE + 2)],
        &[1, 2, 3, 0, 1, 2, 3],
    ),
    (
        "lddr",
        &[0xed, 0xb8],
        &[1, 2],
        1,
        &[("hl", DATA + 1), ("de", DATA + 2), ("bc", 2)],
        &[("hl", DATA - 1), ("de", DATA), ("bc", 0)],
        &[1, 1, 2],
    ),
    (
        "cpir finds",
        &[0xed, 0xb1],
        &[1, 2, 3],
        1,
        &[("a", 2), ("hl", DATA), ("bc", 3)],
        &[("hl", DATA + 2), ("bc", 1), ("f", 0x46), ("pc", CODE + 2)],
        &[],
    ),
    (
        "cpir does not find",
        &[0xed, 0xb1],
        &[1, 2, 3],
        1,
        &[("a", 9), ("hl", DATA), ("bc", 3)],
        &[("hl", DATA + 3), ("bc", 0), ("zf", 0), ("pf", 0), ("nf", 1), ("pc", CODE + 2)],
        &[],
    ),
    (
        "exx, ex af,af'",
        &[0xd9, 0x08],
        &[],
        2,
        &[("bc", 1), ("de", 2), ("hl", 3), ("af", 4), ("bc'", 5), ("de'", 6), ("hl'", 7), ("af'", 0x801)],
        &[("bc", 5), ("de", 6), ("hl", 7), ("af", 0x801), ("bc'", 1), ("de'", 2), ("hl'", 3), ("af'", 4)],
        &[],
    ),
    ("ex (sp),hl", &[0xe5, 0x23, 0xe3], &[], 3, &[("hl", 6)], &[("hl", 6), ("sp", STACK - 2)], &[]),
    ("djnz", &[0x10, 0xfe], &[], 3, &[("b", 3)], &[("b", 0), ("pc", CODE + 2)], &[]),
    ("call, ret", &[0xcd, 4, 0x40, 0, 0xc9], &[], 2, &[], &[("pc", CODE + 3), ("sp", STACK)], &[]),
    ("rst 8", &[0xcf], &[], 1, &[], &[("pc", 8), ("sp", STACK - 2)], &[]),
    ("jp (hl)", &[0xe9], &[], 1, &[("hl", 0x1234)], &[("pc", 0x1234)], &[]),
    ("ei; ld a,i", &[0xfb, 0xed, 0x57], &[], 2, &[("i", 0x80), ("f", 1)], &[("a", 0x80), ("f", 0x85)], &[]),
    ("di; ld a,i", &[0xf3, 0xed, 0x57], &[], 2, &[("i", 0)], &[("a", 0), ("f", 0x40)], &[]),
    ("add iy,iy", &[0xfd, 0x29], &[], 1, &[("iy", 0x1234), ("ix", 9)], &[("iy", 0x2468)], &[]),
    ("im 2", &[0xed, 0x5e], &[], 1, &[], &[("im", 2)], &[]),
    ("retn", &[0xed, 0x45], &[], 1, &[("iff1", 0), ("iff2", 1)], &[("iff1", 1), ("pc", 0)], &[]),
];

#[test]
fn instructions_do_what_the_manual_says() -> Result<(), Error> {
    let mut failures = Vec::new();
    for (name, code, data, count, before, after, left) in ROWS {
        let mut emulator = emulator()?;
        emulator.write_memory(CODE, code)?;
        emulator.write_memory(DATA, data)?;
        emulator.write_register("f", 0_u64)?;
        for (register, value) in *before {
            emulator.write_register(*register, *value)?;
        }
        if let Err(error) = emulator.run_with(&Limits::instructions(*count)) {
            failures.push(format!("{name}: {error}"));
        }
        for (register, value) in *after {
            let found = emulator.read_register(*register)?;
            if found != *value {
                failures.push(format!("{name}: {register} is {found:#x}, not {value:#x}"));
            }
        }
        let found = emulator.read_bytes(DATA, left.len() as u64)?;
        if found != *left {
            failures.push(format!("{name}: {found:?} in memory, not {left:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// A row of the manual's table of DAA: N, C, upper digits, H, lower digits,
/// what is added, C afterwards.
type Adjustment = (u8, u8, (u8, u8), u8, (u8, u8), u8, u8);

/// UM0080, "DAA".
const ADJUSTMENTS: &[Adjustment] = &[
    (0, 0, (0, 9), 0, (0, 9), 0x00, 0),
    (0, 0, (0, 8), 0, (10, 15), 0x06, 0),
    (0, 0, (0, 9), 1, (0, 3), 0x06, 0),
    (0, 0, (10, 15), 0, (0, 9), 0x60, 1),
    (0, 0, (9, 15), 0, (10, 15), 0x66, 1),
    (0, 0, (10, 15), 1, (0, 3), 0x66, 1),
    (0, 1, (0, 2), 0, (0, 9), 0x60, 1),
    (0, 1, (0, 2), 0, (10, 15), 0x66, 1),
    (0, 1, (0, 3), 1, (0, 3), 0x66, 1),
    (1, 0, (0, 9), 0, (0, 9), 0x00, 0),
    (1, 0, (0, 8), 1, (6, 15), 0xfa, 0),
    (1, 1, (7, 15), 0, (0, 9), 0xa0, 1),
    (1, 1, (6, 15), 1, (6, 15), 0x9a, 1),
];

#[test]
fn decimal_adjustment_is_that_of_the_manual() -> Result<(), Error> {
    let mut emulator = emulator()?;
    emulator.write_memory(CODE, &[0x27])?;
    for &(n, c, upper, h, lower, added, carry) in ADJUSTMENTS {
        for (high, low) in
            (upper.0..=upper.1).flat_map(|high| (lower.0..=lower.1).map(move |low| (high, low)))
        {
            let a = high << 4 | low;
            let flags = h << 4 | n << 1 | c;
            emulator.write_register("a", u64::from(a))?;
            emulator.write_register("f", u64::from(flags))?;
            emulator.set_program_counter(CODE)?;
            emulator.run_with(&Limits::instructions(1))?;
            let result = a.wrapping_add(added);
            let what = format!("{a:#x} with flags {flags:#x}");
            assert_eq!(emulator.read_register("a")?, result.into(), "{what}");
            assert_eq!(emulator.read_register("cf")?, carry.into(), "{what}");
            assert_eq!(emulator.read_register("zf")?, u64::from(result == 0), "{what}");
            assert_eq!(emulator.read_register("sf")?, (result >> 7).into(), "{what}");
            assert_eq!(emulator.read_register("pf")?, u64::from(result.count_ones() % 2 == 0), "{what}");
            assert_eq!(emulator.read_register("nf")?, n.into(), "{what}");
        }
    }
    Ok(())
}

#[test]
fn halt_stops_the_processor() -> Result<(), Error> {
    let mut emulator = emulator()?;
    emulator.write_memory(CODE, &[0x00, 0x76])?;
    assert!(matches!(emulator.run()?, Stop::Halted(_)));
    Ok(())
}

/// There is nothing at the ports: an access says which one.
#[test]
fn ports_are_errors_that_name_them() -> Result<(), Error> {
    let accesses: [(&[u8], &str); 3] =
        [(&[0xdb, 0x12], "0x12"), (&[0xd3, 0x34], "0x34"), (&[0xed, 0x78], "0x56")];
    for (code, port) in accesses {
        let mut emulator = emulator()?;
        emulator.write_memory(CODE, code)?;
        emulator.write_register("bc", 0x56_u64)?;
        let error = emulator.run().expect_err("an error").to_string();
        assert!(error.contains(port) && error.contains("space io"), "{error}");
        assert_eq!(emulator.program_counter(), CODE);
    }
    Ok(())
}

/// A repeated instruction whose target is the page of the code that executes.
#[test]
fn a_long_copy_over_its_own_page_ends() -> Result<(), Error> {
    let mut emulator = NativeEmulator::new(Platform::Z80)?;
    emulator.map_memory(0..0x1_0000, Permissions::ALL)?;
    emulator.write_memory(0, &[0xed, 0xb0])?;
    for (register, value) in [("hl", 0x10), ("de", 0x11), ("bc", 0xffef_u64)] {
        emulator.write_register(register, value)?;
    }
    emulator.write_memory(0x10, &[0x5a])?;
    emulator.run_with(&Limits::instructions(1))?;
    assert_eq!(emulator.read_register("bc")?, 0);
    assert_eq!(emulator.read_bytes(0xfffe, 2)?, [0x5a, 0x5a]);
    Ok(())
}

/// Where a round of a repeated instruction cannot be executed, those before
/// it have been, and the instruction can be taken up.
#[test]
fn a_fault_in_a_repeated_instruction_keeps_the_rounds_before() -> Result<(), Error> {
    let mut emulator = emulator()?;
    emulator.write_memory(CODE, &[0xed, 0xb0, 0x76])?;
    emulator.write_memory(DATA, &[1, 2, 3, 4])?;
    for (register, value) in [("hl", DATA), ("de", STACK + 0xefe), ("bc", 4)] {
        emulator.write_register(register, value)?;
    }
    assert!(matches!(emulator.run(), Err(Error::Fault(_))));
    let state = |emulator: &NativeEmulator| -> Result<Vec<u64>, Error> {
        ["pc", "bc", "hl", "de"].iter().map(|name| emulator.read_register(*name)).collect()
    };
    assert_eq!(state(&emulator)?, [CODE, 2, DATA + 2, 0x7000]);
    emulator.map_memory(0x7000..0x8000, Permissions::ALL)?;
    assert!(matches!(emulator.run()?, Stop::Halted(_)));
    assert_eq!(emulator.read_bytes(0x6ffe, 4)?, [1, 2, 3, 4]);
    Ok(())
}

/// DAA of all accumulators and flags, by the tables of S. Young, The
/// Undocumented Z80 Documented, 4.7.
#[test]
fn daa_is_right_for_all_accumulators_and_flags() -> Result<(), Error> {
    let mut emulator = emulator()?;
    emulator.write_code(CODE, &[0x27])?;
    for f in 0..0x100_u64 {
        let (c, n, h) = (f & 1 != 0, f & 2 != 0, f & 0x10 != 0);
        for a in 0..0x100_u64 {
            let (high, low) = (a >> 4, a & 15);
            // The table of what is added or subtracted, and of the carry.
            let (difference, carry) = match (c, high, h, low) {
                (false, 0..=9, false, 0..=9) => (0, false),
                (false, 0..=9, true, 0..=9) | (false, 0..=8, _, 10..=15) => (6, false),
                (false, 10..=15, false, 0..=9) => (0x60, true),
                (true, _, false, 0..=9) => (0x60, true),
                (true, _, true, 0..=9) | (true, _, _, 10..=15) => (0x66, true),
                (false, 9..=15, _, 10..=15) | (false, 10..=15, true, 0..=9) => (0x66, true),
                _ => unreachable!("{a:#x} {f:#x}"),
            };
            // The table of H.
            let half = match (n, h) {
                (false, _) => low >= 10,
                (true, false) => false,
                (true, true) => low <= 5,
            };
            let result = if n { a.wrapping_sub(difference) } else { a + difference } & 0xff;
            emulator.write_register("af", a << 8 | f)?;
            emulator.set_program_counter(CODE)?;
            emulator.step()?;
            assert_eq!(emulator.read_register("a")?, result, "a of {a:#x} {f:#x}");
            let flags = [
                ("cf", carry),
                ("nf", n),
                ("pf", result.count_ones().is_multiple_of(2)),
                ("hf", half),
                ("zf", result == 0),
                ("sf", result & 0x80 != 0),
            ];
            for (name, expected) in flags {
                assert_eq!(emulator.read_register(name)?, u64::from(expected), "{name} of {a:#x} {f:#x}");
            }
        }
    }
    Ok(())
}
