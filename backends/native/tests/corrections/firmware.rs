//! Those of processors of firmware: MSP430, TriCore; and of SPARC a pair that
//! clears one word alone.

use terrella_platforms::Platform;

use super::{CODE, DATA, Row, check, check_at};

/// Code, data and stack of a processor of 16-bit addresses.
const SMALL: [u64; 3] = [0x8000, 0x2000, 0x5000];

/// SLAU367, 4.4.6: what is taken by `@Rn+` steps the register before the other
/// operand's address is made of it, by one for a byte. `mspdebug` does so, too.
#[test]
fn bytes_of_msp430_step_their_register_by_one() {
    let rows: &[Row] = &[
        (
            "add.b @r15+, 1(r15)",
            &[0xff, 0x5f, 1, 0],
            &[0x11, 0, 0x22, 0],
            1,
            &[("r15", 0x2000)],
            &[("r15", 0x2001)],
        ),
        // The sum is at 0x2002, not at 0x2003.
        (
            "add.b @r15+, 1(r15); mov.b 1(r15), r14",
            &[0xff, 0x5f, 1, 0, 0x5e, 0x4f, 1, 0],
            &[0x11, 0, 0x22, 0x44],
            2,
            &[("r15", 0x2000)],
            &[("r14", 0x33)],
        ),
        // The stack pointer steps by two.
        (
            "add.b @r1+, 1(r1); mov.b 1(r1), r14",
            &[0xf1, 0x51, 1, 0, 0x5e, 0x41, 1, 0],
            &[0x11, 0, 0x22, 0x44],
            2,
            &[("r1", 0x2000)],
            &[("r14", 0x55)],
        ),
    ];
    for platform in [Platform::MSP430, Platform::MSP430X] {
        check_at(platform, rows, SMALL);
    }
}

/// SLAU367, 4.6.4: MOVA of what is behind the word, which PC points to.
#[test]
fn branches_of_msp430x_through_memory() {
    let rows: &[Row] = &[
        ("bra @pc", &[0, 0, 0x34, 0x82, 1, 0], &[], 1, &[], &[("r0", 0x1_8234)]),
        (
            "reta with an odd stack pointer",
            &[0x10, 1],
            &[0x34, 0x82, 1, 0],
            1,
            &[("r1", 0x2001)],
            &[("r0", 0x1_8234)],
        ),
    ];
    check_at(Platform::MSP430X, rows, SMALL);
    // calla #0x1234, with an odd stack pointer: words are at even addresses.
    let rows: &[Row] = &[(
        "calla with an odd stack pointer; mova @sp, r15",
        &[0xb0, 0x13, 0x04, 0x80, 0x0f, 1],
        &[],
        2,
        &[("r1", 0x4ff1)],
        &[("r15", 0x8004), ("r0", 0x8006)],
    )];
    check_at(Platform::MSP430X, rows, SMALL);
}

/// TriCore Architecture Manual, volume 1, 7.1.3, and volume 2, ADDSC.AT, CMP.F,
/// RFM; Unicorn 2.1 does so, too.
#[test]
fn tricore() {
    let rows: &[Row] = &[
        (
            "addsc.at a13, a0, d0: a negative index",
            &[0x01, 0, 0x20, 0xd6],
            &[],
            1,
            &[("a0", 0x1000), ("d0", 0xffff_ff00)],
            &[("a13", 0xfe0)],
        ),
        (
            "cmp.f d0, d10, d5: denormal numbers have an order",
            &[0x4b, 0x5a, 1, 0],
            &[],
            1,
            &[("d10", 2), ("d5", 1)],
            &[("d0", 0x34)],
        ),
        // The amount has six bits, whatever those above them are.
        ("sh d0, d3, #0x28", &[0x8f, 0x83, 2, 0], &[], 1, &[("d3", 0x3200_0000)], &[("d0", 0x32)]),
        ("sh d0, d3, #4", &[0x8f, 0x43, 0, 0], &[], 1, &[("d3", 0x32)], &[("d0", 0x320)]),
        (
            "rfm without debugging",
            &[0x0d, 0, 0x40, 1],
            &[],
            1,
            &[("a11", DATA), ("dbgsr", 0)],
            &[("pc", CODE + 4), ("a11", DATA)],
        ),
        (
            "rfm",
            &[0x0d, 0, 0x40, 1],
            &[0x44, 0x33, 0xc2, 0x91, 0x80, 9, 0, 0, 0x10, 0, 0, 0xd0, 0x20, 0, 0, 0xd0],
            1,
            &[("a11", 0x8000_0100), ("dbgsr", 1), ("dcx", DATA), ("pcxi", 0x1280_0000), ("icr", 0)],
            &[
                ("pc", 0x8000_0100),
                ("pcxi", 0x91c2_3344),
                ("psw", 0x980),
                ("a10", 0xd000_0010),
                ("a11", 0xd000_0020),
                ("icr", 0x112),
            ],
        ),
    ];
    check(Platform::TRICORE, rows);
}

/// The SPARC Architecture Manual, version 9, A.52 and A.53; version 8, B.5.
#[test]
fn a_pair_of_the_zero_of_sparc_has_another_register() {
    // std %g0, [%l0]; ld [%l0 + 4], %l1; ld [%l0], %l2
    let code = &[0xc0, 0x3c, 0x20, 0, 0xe2, 4, 0x20, 4, 0xe4, 4, 0x20, 0];
    let rows: &[Row] = &[(
        "std %g0",
        code,
        &[0xff; 8],
        3,
        &[("l0", DATA), ("g1", 0x1122_3344)],
        &[("l1", 0x1122_3344), ("l2", 0)],
    )];
    for platform in [Platform::SPARC, Platform::SPARC64] {
        check(platform, rows);
    }
}
