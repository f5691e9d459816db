//! Instructions whose published semantics are corrected, or missing: bytes,
//! registers before, registers after.

mod firmware;
mod m68k;
mod powerpc;

use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions};
use terrella_native::NativeEmulator;
use terrella_platforms::Platform;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;
const STACK: u64 = 0x3_0000;

/// A row: what it shows, the code, the data, how many instructions, the
/// registers before and after.
type Row = (&'static str, &'static [u8], &'static [u8], u64, Registers, Registers);
type Registers = &'static [(&'static str, u64)];

fn check(platform: Platform, rows: &[Row]) {
    check_at(platform, rows, [CODE, DATA, STACK]);
}

/// The same with code, data and stack at other addresses.
fn check_at(platform: Platform, rows: &[Row], [at, data_at, stack]: [u64; 3]) {
    let mut failures = Vec::new();
    for (name, code, data, count, before, after) in rows {
        let mut emulator = NativeEmulator::new(platform).expect("an emulator");
        for place in [at, data_at, stack - 0x1000] {
            emulator.map_memory(place..place + 0x1000, Permissions::ALL).expect("memory");
        }
        emulator.write_memory(at, code).expect("code");
        emulator.write_memory(data_at, data).expect("data");
        emulator.write_register(emulator.definition().stack_pointer, stack).expect("a stack");
        for (register, value) in *before {
            emulator.write_register(*register, *value).expect("a register");
        }
        emulator.set_program_counter(at).expect("an address");
        if let Err(error) = emulator.run_with(&Limits::instructions(*count)) {
            failures.push(format!("{name}: {error}"));
        }
        for (register, value) in *after {
            let found = emulator.read_register(*register).expect("a register");
            if found != *value {
                failures.push(format!("{name}: {register} is {found:#x}, not {value:#x}"));
            }
        }
    }
    assert!(failures.is_empty(), "{platform}:\n{}", failures.join("\n"));
}

/// Arm ARM, C6.2, SBCS and NGCS: as Unicorn 2.1 has it.
#[test]
fn aarch64_flags_without_a_result() {
    const LESS: Registers = &[("x1", 5), ("x2", 7), ("nzcv", 0x2000_0000)];
    const SAME: Registers = &[("x1", 7), ("x2", 7), ("nzcv", 0)];
    let rows: &[Row] = &[
        ("sbcs wzr, w1, w2", &[0x3f, 0, 2, 0x7a], &[], 1, LESS, &[("nzcv", 0x8000_0000)]),
        ("sbcs xzr, x1, x2", &[0x3f, 0, 2, 0xfa], &[], 1, LESS, &[("nzcv", 0x8000_0000)]),
        ("sbcs xzr, x1, x2 with a borrow", &[0x3f, 0, 2, 0xfa], &[], 1, SAME, &[("nzcv", 0x8000_0000)]),
        ("ngcs wzr, w2", &[0xff, 3, 2, 0x7a], &[], 1, LESS, &[("nzcv", 0x8000_0000)]),
        ("ngcs xzr, x2", &[0xff, 3, 2, 0xfa], &[], 1, LESS, &[("nzcv", 0x8000_0000)]),
    ];
    check(Platform::AARCH64, rows);
}

/// LoongArch Reference Manual, volume 1, 2.2.10.4.
#[test]
fn words_of_the_time_of_loongarch() {
    let before: Registers = &[("r4", u64::MAX), ("r5", u64::MAX)];
    let rows: &[Row] = &[
        ("rdtimel.w a0, a1", &[0xa4, 0x60, 0, 0], &[], 1, before, &[("r4", 0), ("r5", 0)]),
        ("rdtimeh.w a0, a1", &[0xa4, 0x64, 0, 0], &[], 1, before, &[("r4", 0), ("r5", 0)]),
    ];
    check(Platform::LOONGARCH64, rows);
}

/// The SPARC Architecture Manual, version 9, A.9 and A.28.
#[test]
fn sparc64() {
    let rows: &[Row] = &[
        (
            "casx: an equal value is replaced",
            &[0xd5, 0xf2, 0x10, 0x09, 0xd4, 0x5a, 0x00, 0x00],
            &[0, 0, 0, 0, 0, 0, 0, 7],
            2,
            &[("o0", DATA), ("o1", 7), ("o2", 9)],
            &[("o2", 9)],
        ),
        (
            "casx: another value is not",
            &[0xd5, 0xf2, 0x10, 0x09],
            &[0, 0, 0, 0, 0, 0, 0, 7],
            1,
            &[("o0", DATA), ("o1", 8), ("o2", 9)],
            &[("o2", 7)],
        ),
        (
            "lduwa of the primary space",
            &[0xd4, 0x82, 0x10, 0x00],
            &[0x80, 0, 0, 1],
            1,
            &[("o0", DATA)],
            &[("o2", 0x8000_0001)],
        ),
    ];
    check(Platform::SPARC64, rows);
}

/// SH-4 Software Manual (REJ09B0318), section 9.
#[test]
fn superh() {
    let rows: &[Row] = &[
        (
            "bsr leaves its return address",
            &[2, 0xb0, 9, 0],
            &[],
            2,
            &[],
            &[("pr", CODE + 4), ("pc", CODE + 8)],
        ),
        (
            "mac.w has two factors",
            &[0x4f, 0x45],
            &[3, 0, 5, 0],
            1,
            &[("r4", DATA), ("r5", DATA + 2)],
            &[("macl", 15), ("r4", DATA + 2), ("r5", DATA + 4)],
        ),
        ("fschg", &[0xfd, 0xf3], &[], 1, &[("fpscr", 0)], &[("fpscr_sz", 1), ("fpscr", 0x10_0000)]),
        ("fpchg", &[0xfd, 0xf7], &[], 1, &[("fpscr", 0x8_0000)], &[("fpscr_pr", 0), ("fpscr", 0)]),
        (
            "frchg exchanges the banks",
            &[0xfd, 0xfb],
            &[],
            1,
            &[("fpscr", 0), ("dr0", 1), ("xd0", 2), ("dr14", 3), ("xd14", 4)],
            &[("dr0", 2), ("xd0", 1), ("dr14", 4), ("xd14", 3), ("fpscr_fr", 1)],
        ),
        ("ldc r1,sr", &[0x0e, 0x41], &[], 1, &[("r1", 0x201), ("t", 0)], &[("t", 1), ("m", 1)]),
        (
            "mov.l @r1+,r1",
            &[0x16, 0x61],
            &[0x78, 0x56, 0x34, 0x12],
            1,
            &[("r1", DATA)],
            &[("r1", 0x1234_5678)],
        ),
        ("mov.w @r1+,r1", &[0x15, 0x61], &[0xfe, 0xff], 1, &[("r1", DATA)], &[("r1", 0xffff_fffe)]),
        ("mov.b @r1+,r1", &[0x14, 0x61], &[0x7f], 1, &[("r1", DATA)], &[("r1", 0x7f)]),
        (
            "mov.l r1,@-r1; mov.l @r1,r2",
            &[0x16, 0x21, 0x12, 0x62],
            &[],
            2,
            &[("r1", DATA + 8)],
            &[("r1", DATA + 4), ("r2", DATA + 8)],
        ),
        (
            "fipr fv4,fv0 puts 1 * 1 + 2 * 0 + 3 * 0 + 4 * 2 into fr3",
            &[0xed, 0xf1],
            &[],
            1,
            &[
                ("fpscr", 0),
                ("fr0", 0x3f80_0000),
                ("fr1", 0x4000_0000),
                ("fr2", 0x4040_0000),
                ("fr3", 0x4080_0000),
                ("fr4", 0x3f80_0000),
                ("fr7", 0x4000_0000),
            ],
            &[("fr3", 0x4110_0000), ("fr2", 0x4040_0000)],
        ),
        // The pair of a double: the first single is the higher half.
        ("fmov fr1,fr2", &[0x1c, 0xf2], &[], 1, &[("fpscr", 0), ("dr0", 7)], &[("fr1", 7), ("dr2", 7 << 32)]),
    ];
    check(Platform::SH4, rows);
}

/// RFC 9669, sections 4 and 5.
#[test]
fn ebpf() {
    const MINUS: u64 = u64::MAX;
    let rows: &[Row] = &[
        ("lsh64 by 65", &[0x6f, 0x21, 0, 0, 0, 0, 0, 0], &[], 1, &[("r1", 1), ("r2", 65)], &[("r1", 2)]),
        (
            "arsh32 by 33",
            &[0xcc, 0x21, 0, 0, 0, 0, 0, 0],
            &[],
            1,
            &[("r1", 0x8000_0000), ("r2", 33)],
            &[("r1", 0xc000_0000)],
        ),
        ("le16", &[0xd4, 1, 0, 0, 16, 0, 0, 0], &[], 1, &[("r1", 0x12_3456)], &[("r1", 0x3456)]),
        ("be16", &[0xdc, 1, 0, 0, 16, 0, 0, 0], &[], 1, &[("r1", 0x12_3456)], &[("r1", 0x5634)]),
        ("le32", &[0xd4, 1, 0, 0, 32, 0, 0, 0], &[], 1, &[("r1", MINUS)], &[("r1", 0xffff_ffff)]),
        ("be32", &[0xdc, 1, 0, 0, 32, 0, 0, 0], &[], 1, &[("r1", 0x0099_1122_3344)], &[("r1", 0x4433_2211)]),
        ("le64", &[0xd4, 1, 0, 0, 64, 0, 0, 0], &[], 1, &[("r1", 0x1234)], &[("r1", 0x1234)]),
        (
            "be64",
            &[0xdc, 1, 0, 0, 64, 0, 0, 0],
            &[],
            1,
            &[("r1", 0x0102_0304_0506_0708)],
            &[("r1", 0x0807_0605_0403_0201)],
        ),
        (
            "bswap32",
            &[0xd7, 1, 0, 0, 32, 0, 0, 0],
            &[],
            1,
            &[("r1", 0x0099_1122_3344)],
            &[("r1", 0x4433_2211)],
        ),
        (
            "bswap64",
            &[0xd7, 1, 0, 0, 64, 0, 0, 0],
            &[],
            1,
            &[("r1", 0x0102_0304_0506_0708)],
            &[("r1", 0x0807_0605_0403_0201)],
        ),
        ("div64 by zero", &[0x3f, 0x21, 0, 0, 0, 0, 0, 0], &[], 1, &[("r1", 9), ("r2", 0)], &[("r1", 0)]),
        ("mod64 by zero", &[0x9f, 0x21, 0, 0, 0, 0, 0, 0], &[], 1, &[("r1", 9), ("r2", 0)], &[("r1", 9)]),
        (
            "sdiv64",
            &[0x3f, 0x21, 1, 0, 0, 0, 0, 0],
            &[],
            1,
            &[("r1", MINUS - 6), ("r2", 2)],
            &[("r1", MINUS - 2)],
        ),
        (
            "smod64",
            &[0x9f, 0x21, 1, 0, 0, 0, 0, 0],
            &[],
            1,
            &[("r1", MINUS - 6), ("r2", 2)],
            &[("r1", MINUS)],
        ),
        (
            "sdiv64 that overflows",
            &[0x3f, 0x21, 1, 0, 0, 0, 0, 0],
            &[],
            1,
            &[("r1", 1 << 63), ("r2", MINUS)],
            &[("r1", 1 << 63)],
        ),
        ("movsx8", &[0xbf, 0x21, 8, 0, 0, 0, 0, 0], &[], 1, &[("r2", 0x80)], &[("r1", MINUS - 127)]),
        (
            "movsx16, 32 bits",
            &[0xbc, 0x21, 16, 0, 0, 0, 0, 0],
            &[],
            1,
            &[("r2", 0x8000)],
            &[("r1", 0xffff_8000)],
        ),
        ("ldxsb", &[0x91, 0x21, 0, 0, 0, 0, 0, 0], &[0xfe], 1, &[("r2", DATA)], &[("r1", MINUS - 1)]),
        (
            "ldxb",
            &[0x71, 0x21, 0, 0, 0, 0, 0, 0],
            &[0xfe, 1],
            1,
            &[("r2", DATA), ("r1", MINUS)],
            &[("r1", 0xfe)],
        ),
        (
            "cmpxchg64 of another value; ldxdw r3, [r1]",
            &[0xdb, 0x21, 0, 0, 0xf1, 0, 0, 0, 0x79, 0x13, 0, 0, 0, 0, 0, 0],
            &[5],
            2,
            &[("r0", 4), ("r1", DATA), ("r2", 8)],
            &[("r0", 5), ("r3", 5)],
        ),
        (
            "cmpxchg64 of the same value; ldxdw r3, [r1]",
            &[0xdb, 0x21, 0, 0, 0xf1, 0, 0, 0, 0x79, 0x13, 0, 0, 0, 0, 0, 0],
            &[5],
            2,
            &[("r0", 5), ("r1", DATA), ("r2", 8)],
            &[("r0", 5), ("r3", 8)],
        ),
        ("a jump of 32 bits", &[0x06, 0, 0, 0, 3, 0, 0, 0], &[], 1, &[], &[("pc", CODE + 32)]),
        (
            "a call keeps the frame: call +1; …; mov r6, 5; exit",
            &[
                0x85, 0x10, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0, 0xb7, 6, 0, 0, 5, 0, 0, 0, 0x95, 0,
                0, 0, 0, 0, 0, 0,
            ],
            &[],
            3,
            &[("r6", 1), ("ra", 0x77)],
            &[("pc", CODE + 8), ("r6", 1), ("r10", STACK), ("depth", 0), ("ra", 0x77)],
        ),
        (
            "a call by a register",
            &[0x8d, 1, 0, 0, 0, 0, 0, 0],
            &[],
            1,
            &[("r1", CODE + 16), ("r7", 2)],
            &[("pc", CODE + 16), ("depth", 1), ("ra", CODE + 8), ("frame0_r7", 2), ("r10", STACK - 512)],
        ),
        ("the outermost exit", &[0x95, 0, 0, 0, 0, 0, 0, 0], &[], 1, &[("ra", CODE)], &[("pc", CODE)]),
    ];
    check(Platform::EBPF, rows);
}

/// LoongArch Reference Manual, volume 1, chapter 2.
#[test]
fn loongarch() {
    let rows: &[Row] = &[
        (
            "bstrins.d",
            &[0xa4, 0x20, 0x8f, 0x00],
            &[],
            1,
            &[("a0", 0x1111_2222_3333_4444), ("a1", 0x1_00ab)],
            &[("a0", 0x1111_2222_3333_ab44)],
        ),
        (
            "bstrins.w",
            &[0xa4, 0x20, 0x6f, 0x00],
            &[],
            1,
            &[("a0", 0x3333_4444), ("a1", 0x1_00ab)],
            &[("a0", 0x3333_ab44)],
        ),
        (
            "bytepick.d",
            &[0xa4, 0x98, 0x0d, 0x00],
            &[],
            1,
            &[("a1", 0x1112_1314_1516_1718), ("a2", 0x0102_0304_0506_0708)],
            &[("a0", 0x0405_0607_0811_1213)],
        ),
        (
            "bytepick.w",
            &[0xa4, 0x98, 0x08, 0x00],
            &[],
            1,
            &[("a1", 0x1112_1314), ("a2", 0x0102_0304)],
            &[("a0", 0x0203_0411)],
        ),
        (
            "revh.d",
            &[0xa4, 0x44, 0x00, 0x00],
            &[],
            1,
            &[("a1", 0x1111_2222_3333_4444)],
            &[("a0", 0x4444_3333_2222_1111)],
        ),
        (
            "revh.2w",
            &[0xa4, 0x40, 0x00, 0x00],
            &[],
            1,
            &[("a1", 0x1111_2222_3333_4444)],
            &[("a0", 0x2222_1111_4444_3333)],
        ),
        (
            "movcf2gr clears the rest",
            &[0x24, 0xdc, 0x14, 0x01],
            &[],
            1,
            &[("a0", u64::MAX), ("fcc", 2)],
            &[("a0", 1)],
        ),
        (
            "amswap_db.w",
            &[0xa4, 0x18, 0x69, 0x38],
            &[0xfe, 0xff, 0xff, 0xff],
            1,
            &[("a1", DATA), ("a2", 9)],
            &[("a0", u64::MAX - 1)],
        ),
        (
            "ll.d, sc.d, ld.d",
            &[0xa4, 0x00, 0x00, 0x22, 0xa6, 0x00, 0x00, 0x23, 0xa7, 0x00, 0xc0, 0x28],
            &[5],
            3,
            &[("a1", DATA), ("a2", 9)],
            &[("a0", 5), ("a2", 1), ("a3", 9)],
        ),
        (
            "sc.d without ll.d, ld.d",
            &[0xa6, 0x00, 0x00, 0x23, 0xa7, 0x00, 0xc0, 0x28],
            &[5],
            2,
            &[("a1", DATA), ("a2", 9)],
            &[("a2", 0), ("a3", 5)],
        ),
    ];
    check(Platform::LOONGARCH64, rows);
}

/// MIPS Architecture For Programmers, volume II-B.
#[test]
fn words_of_mips64() {
    let rows: &[Row] = &[
        ("clz", &[0x70, 0x82, 0x10, 0x20], &[], 1, &[("a0", 1)], &[("v0", 31)]),
        ("clo", &[0x70, 0x82, 0x10, 0x21], &[], 1, &[("a0", 0xffff_ffff_f000_0000)], &[("v0", 4)]),
        (
            "wsbh",
            &[0x7c, 0x04, 0x10, 0xa0],
            &[],
            1,
            &[("a0", 0xffff_ffff_8090_a0b0)],
            &[("v0", 0xffff_ffff_9080_b0a0)],
        ),
        (
            "ins at the sign",
            &[0x7c, 0x82, 0xfe, 0x04],
            &[],
            1,
            &[("v0", 1), ("a0", 0x80)],
            &[("v0", 0xffff_ffff_8000_0001)],
        ),
    ];
    check(Platform::MIPS64, rows);
}
