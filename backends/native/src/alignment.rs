//! Accesses that have to be aligned where others of the processor need not, or
//! to more than their size: found by bits of the instruction word.

use terrella_platforms::Architecture;

/// Some instructions, and what their accesses have to be aligned to.
pub(crate) struct Alignment {
    mask: u32,
    value: u32,
    /// In bytes, a power of two.
    pub(crate) bytes: u8,
}

impl Alignment {
    /// Whether it is of a word.
    pub(crate) const fn holds(&self, word: u32) -> bool {
        word & self.mask == self.value
    }
}

const fn to(bytes: u8, mask: u32, value: u32) -> Alignment {
    Alignment { mask, value, bytes }
}

/// Those of an architecture; of Arm, those of Thumb have an own table.
pub(crate) const fn alignments(architecture: Architecture) -> &'static [Alignment] {
    match architecture {
        Architecture::ArmV7A | Architecture::ArmV7R => ARM,
        Architecture::AArch64 => AARCH64,
        Architecture::Sparc64 => SPARC_V9,
        Architecture::PowerPc64 => POWERPC,
        _ => &[],
    }
}

/// Those of Thumb: a halfword is in the upper half of the word.
pub(crate) const fn thumb_alignments(architecture: Architecture) -> &'static [Alignment] {
    match architecture {
        Architecture::ArmV7A | Architecture::ArmV7R | Architecture::ArmV7M => THUMB,
        _ => &[],
    }
}

/// Loads and stores of several registers need words always (Arm ARM ARMv7-A,
/// A3.2.1, table A3-1).
const ARM: &[Alignment] = &[
    // LDM, STM, PUSH and POP; RFE and SRS.
    to(4, 0x0e00_0000, 0x0800_0000),
    // LDRD and STRD; with a register or an immediate.
    to(4, 0x0e10_00d0, 0x0000_00d0),
    // SWP.
    to(4, 0x0ff0_0ff0, 0x0100_0090),
    // VLDR and VSTR.
    to(4, 0x0f20_0e00, 0x0d00_0a00),
];

/// The same (ARMv7-M Arm ARM, A3.2.1).
const THUMB: &[Alignment] = &[
    to(4, 0xf000_0000, 0xc000_0000),
    to(4, 0xfe00_0000, 0xb400_0000),
    to(4, 0xfe00_0000, 0xbc00_0000),
    to(4, 0xfe40_0000, 0xe800_0000),
    to(4, 0xff40_0000, 0xe940_0000),
    to(4, 0xff60_0000, 0xe860_0000),
    to(4, 0xff20_0e00, 0xed00_0a00),
];

/// LDAPUR, LDAPURS and STLUR, without FEAT_LSE2 (Arm ARM, B2.5.2).
const AARCH64: &[Alignment] =
    &[to(2, 0xff20_0c00, 0x5900_0000), to(4, 0xff20_0c00, 0x9900_0000), to(8, 0xff20_0c00, 0xd900_0000)];

/// LDQF, STQF and their alternates (SPARC Architecture Manual, V9, A.26 and
/// A.52).
const SPARC_V9: &[Alignment] = &[to(16, 0xc158_0000, 0xc000_0000 | 0x22 << 19)];

/// LQARX and STQCX.; LWAT, LDAT, STWAT and STDAT (Power ISA 3.0, book II, 4.5
/// and 4.6.2).
const POWERPC: &[Alignment] = &[
    to(16, 0xfc00_07fe, 31 << 26 | 276 << 1),
    to(16, 0xfc00_07fe, 31 << 26 | 182 << 1),
    to(4, 0xfc00_07fe, 31 << 26 | 582 << 1),
    to(8, 0xfc00_07fe, 31 << 26 | 614 << 1),
    to(4, 0xfc00_07fe, 31 << 26 | 710 << 1),
    to(8, 0xfc00_07fe, 31 << 26 | 742 << 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Words as the assembler of LLVM 14 has them, and what they need.
    const CASES: &[(&[Alignment], u32, Option<u8>)] = &[
        // ldmdb r6!,{r0}; ldrd r4,r5,[r8,#14]!; swp; swpb; vldr; ldrh; ldr.
        (ARM, 0xe936_0001, Some(4)),
        (ARM, 0xe1e8_40de, Some(4)),
        (ARM, 0xe102_1093, Some(4)),
        (ARM, 0xe142_1093, None),
        (ARM, 0xed91_0a01, Some(4)),
        (ARM, 0xe1d1_00b2, None),
        (ARM, 0xe591_0004, None),
        // ldrex r0,[r1]; strh r0,[r1,#2]; mul r0,r1,r2.
        (ARM, 0xe1c1_00b2, None),
        (ARM, 0xe000_0291, None),
        // push {r4,lr}; pop {r4,pc}; ldmia r0!,{r1}; cbz; ldm.w; ldrd; tbb; ldr.w; vldr.
        (THUMB, 0xb510_0000, Some(4)),
        (THUMB, 0xbd10_0000, Some(4)),
        (THUMB, 0xc802_0000, Some(4)),
        (THUMB, 0xb100_0000, None),
        (THUMB, 0xe890_0006, Some(4)),
        (THUMB, 0xe9d0_1202, Some(4)),
        (THUMB, 0xe8d0_f001, None),
        (THUMB, 0xf8d0_1004, None),
        (THUMB, 0xed90_0a01, Some(4)),
        // ldapur w0,[x1]; stlurh w0,[x1]; ldapurb w0,[x1]; ldur w0,[x1].
        (AARCH64, 0x9940_0020, Some(4)),
        (AARCH64, 0x5900_0020, Some(2)),
        (AARCH64, 0x1940_0020, None),
        (AARCH64, 0xb840_0020, None),
        // lqarx; lwat; lwarx.
        (POWERPC, 0x7c8b_da29, Some(16)),
        (POWERPC, 0x7f2f_2c8c, Some(4)),
        (POWERPC, 0x7c00_1828, None),
        // ldq [%i5+0x115],%fq18; stq; ldd.
        (SPARC_V9, 0xe515_1115, Some(16)),
        (SPARC_V9, 0xe136_a244, Some(16)),
        (SPARC_V9, 0xc11b_a000, None),
    ];

    #[test]
    fn words_are_aligned_as_the_manuals_say() {
        for (table, word, expected) in CASES {
            let found = table.iter().find(|it| it.holds(*word)).map(|it| it.bytes);
            assert_eq!(found, *expected, "{word:#x}");
        }
    }
}
