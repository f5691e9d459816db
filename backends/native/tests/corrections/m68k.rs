//! Those of m68k (M68000 Family Programmer's Reference Manual).

use terrella_platforms::Platform;

use super::{DATA, Row, check};

/// M68000 Family Programmer's Reference Manual, section 3.6.1 and FCMP.
#[test]
fn m68k_conditions_of_floating_point() {
    // fmovecr #1.0,fp0; fmovecr #0.0,fp1; fdiv.x fp1,fp0; fcmp.x fp0,fp0
    const INFINITY: &[u8] =
        &[0xf2, 0, 0x5c, 0x32, 0xf2, 0, 0x5c, 0x8f, 0xf2, 0, 0x04, 0x20, 0xf2, 0, 0x00, 0x38];
    let rows: &[Row] = &[
        ("infinity", INFINITY, &[], 3, &[("fpsr", 0)], &[("fpsr_i", 1), ("fpsr_z", 0), ("fpsr_nan", 0)]),
        ("infinities are equal", INFINITY, &[], 4, &[], &[("fpsr_z", 1), ("fpsr_i", 0), ("fpsr_nan", 0)]),
        // fcmp.x fp1,fp0; fsgt d0; fsor d1; fsugt d2; fsuge d3; fsgle d4; fssne d5
        (
            "conditions, again and again",
            &[
                0xf2, 0, 0x5c, 0x32, 0xf2, 0, 0x5c, 0x8f, 0xf2, 0, 0x04, 0x38, 0xf2, 0x40, 0, 0x12, 0xf2,
                0x41, 0, 7, 0xf2, 0x42, 0, 0x0a, 0xf2, 0x43, 0, 0x0b, 0xf2, 0x44, 0, 0x17, 0xf2, 0x45, 0,
                0x1e,
            ],
            &[],
            9,
            &[],
            &[("d0", 0xff), ("d1", 0xff), ("d2", 0xff), ("d3", 0xff), ("d4", 0xff), ("d5", 0xff)],
        ),
        (
            "fmovecr #0.0,fp1; fneg.x fp1,fp1",
            &[0xf2, 0, 0x5c, 0x8f, 0xf2, 0, 0x04, 0x9a],
            &[],
            2,
            &[("fpsr", 0)],
            &[("fpsr_n", 1), ("fpsr_z", 1)],
        ),
    ];
    check(Platform::M68K, rows);
}

/// M68000PRM, section 4, CAS: the conditions of a comparison; QEMU 7.2 does the
/// same. Arm ARM DDI 0406, A2.4: Q stays set.
#[test]
fn conditions_found_by_other_seeds() {
    let rows: &[Row] = &[
        (
            "cas.l d7,d3,(a0): a borrow",
            &[0x0e, 0xd0, 0, 0xc7],
            &[0x80, 0, 0, 0],
            1,
            &[("a0", DATA), ("d7", 0x7fff_ffff), ("sr", 0)],
            &[("sr", 2), ("d7", 0x8000_0000)],
        ),
        (
            "cas.l d7,d3,(a0): equal",
            &[0x0e, 0xd0, 0, 0xc7],
            &[0, 0, 0, 5],
            1,
            &[("a0", DATA), ("d7", 5), ("sr", 3)],
            &[("sr", 4)],
        ),
    ];
    check(Platform::M68K, rows);
    // ssat r4,#12,r0
    let rows: &[Row] = &[(
        "ssat of what fits",
        &[0x10, 0x40, 0xab, 0xe6],
        &[],
        1,
        &[("r0", 1), ("cpsr", 0x0800_0010)],
        &[("q", 1)],
    )];
    check(Platform::ARMV7A, rows);
}

/// M68000PRM, 2.2.9 and 2.2.10, and table 2-2.
#[test]
fn m68k_memory_indirect() {
    let data = &[0, 0, 0x50, 0, 0, 0, 0x70, 0];
    let rows: &[Row] = &[
        (
            "lea ([a0],d1),a1: postindexed",
            &[0x43, 0xf0, 0x19, 0x15],
            data,
            1,
            &[("a0", DATA), ("d1", 4)],
            &[("a1", 0x5004)],
        ),
        (
            "lea ([a0,d1]),a1: preindexed",
            &[0x43, 0xf0, 0x19, 0x11],
            data,
            1,
            &[("a0", DATA), ("d1", 4)],
            &[("a1", 0x7000)],
        ),
    ];
    check(Platform::M68K, rows);
}

/// M68881/M68882 User's Manual, FMOVECR: constants, stored as doubles.
#[test]
fn m68k_constants() {
    // fmovecr #0,fp0; fmove.d fp0,(a0); move.l (a0),d0; move.l (4,a0),d1
    const PI: &[u8] = &[0xf2, 0, 0x5c, 0, 0xf2, 0x10, 0x74, 0, 0x20, 0x10, 0x22, 0x28, 0, 4];
    // fmovecr #0xc,fp0 and #0x37,fp0
    const E: &[u8] = &[0xf2, 0, 0x5c, 0x0c, 0xf2, 0x10, 0x74, 0, 0x20, 0x10, 0x22, 0x28, 0, 4];
    const POWER: &[u8] = &[0xf2, 0, 0x5c, 0x37, 0xf2, 0x10, 0x74, 0, 0x20, 0x10, 0x22, 0x28, 0, 4];
    let rows: &[Row] = &[
        ("pi", PI, &[], 4, &[("a0", DATA)], &[("d0", 0x4009_21fb), ("d1", 0x5444_2d18)]),
        ("e", E, &[], 4, &[("a0", DATA)], &[("d0", 0x4005_bf0a), ("d1", 0x8b14_5769)]),
        ("10^16", POWER, &[], 4, &[("a0", DATA)], &[("d0", 0x4341_c379), ("d1", 0x37e0_8000)]),
    ];
    check(Platform::M68K, rows);
}

/// M68000PRM, SUBX: V is of the whole difference. `lockstep m68k --against
/// qemu-user --only subx` compares more of them.
#[test]
fn m68k_differences_with_the_extend_bit() {
    let rows: &[Row] = &[
        // subx.b d0,d6: 0x00 - 0x7f - 1 is the lowest number, which fits.
        (
            "-0x7f - 1",
            &[0x9d, 0],
            &[],
            1,
            &[("d0", 0x7f), ("d6", 0), ("sr", 0x10)],
            &[("d6", 0x80), ("sr", 0x19)],
        ),
        // 0x80 - 0 - 1 does not fit, 0x80 - 0xff - 1 does.
        (
            "-0x80 - 1",
            &[0x9d, 0],
            &[],
            1,
            &[("d0", 0), ("d6", 0x80), ("sr", 0x10)],
            &[("d6", 0x7f), ("sr", 2)],
        ),
        (
            "-0x80 + 1 - 1",
            &[0x9d, 0],
            &[],
            1,
            &[("d0", 0xff), ("d6", 0x80), ("sr", 0x10)],
            &[("d6", 0x80), ("sr", 0x19)],
        ),
    ];
    check(Platform::M68K, rows);
}

/// M68000PRM, MOVE16: one register that is both is stepped once.
#[test]
fn m68k_lines_onto_themselves() {
    let rows: &[Row] =
        &[("move16 (a5)+,(a5)+", &[0xf6, 0x25, 0xd0, 0], &[1; 16], 1, &[("a5", DATA)], &[("a5", DATA + 16)])];
    check(Platform::M68K, rows);
}
