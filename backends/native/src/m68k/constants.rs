//! The constants of FMOVECR (M68000 Family Programmer's Reference Manual,
//! FMOVECR), as exponent and 64 bits, and how the bits after them begin.

use crate::soft::{EXTENDED_68881 as EXTENDED, Env};

/// Offset, exponent, significand.
const CONSTANTS: [(u32, u16, u128); 21] = [
    // pi, log10(2), e, log2(e), log10(e)
    (0x00, 0x4000, 0xc90f_daa2_2168_c234_c4c6_628b_80dc_1cd1),
    (0x0b, 0x3ffd, 0x9a20_9a84_fbcf_f798_8f89_59ac_0b7c_9178),
    (0x0c, 0x4000, 0xadf8_5458_a2bb_4a9a_afdc_5620_273d_3cf1),
    (0x0d, 0x3fff, 0xb8aa_3b29_5c17_f0bb_be87_fed0_691d_3e88),
    (0x0e, 0x3ffd, 0xde5b_d8a9_3728_7195_355b_aaaf_ad33_dc32),
    // ln(2), ln(10)
    (0x30, 0x3ffe, 0xb172_17f7_d1cf_79ab_c9e3_b398_03f2_f6af),
    (0x31, 0x4000, 0x935d_8ddd_aaa8_ac16_ea56_d62b_82d3_0a28),
    // 10 to the powers 0, 1, 2, 4, 8, and so on.
    (0x32, 0x3fff, 0x8000_0000_0000_0000_0000_0000_0000_0000),
    (0x33, 0x4002, 0xa000_0000_0000_0000_0000_0000_0000_0000),
    (0x34, 0x4005, 0xc800_0000_0000_0000_0000_0000_0000_0000),
    (0x35, 0x400c, 0x9c40_0000_0000_0000_0000_0000_0000_0000),
    (0x36, 0x4019, 0xbebc_2000_0000_0000_0000_0000_0000_0000),
    (0x37, 0x4034, 0x8e1b_c9bf_0400_0000_0000_0000_0000_0000),
    (0x38, 0x4069, 0x9dc5_ada8_2b70_b59d_f020_0000_0000_0000),
    (0x39, 0x40d3, 0xc278_1f49_ffcf_a6d5_3cbf_6b71_c76b_25fb),
    (0x3a, 0x41a8, 0x93ba_47c9_80e9_8cdf_c66f_336c_36b1_0137),
    (0x3b, 0x4351, 0xaa7e_ebfb_9df9_de8d_ddbb_901b_98fe_eab7),
    (0x3c, 0x46a3, 0xe319_a0ae_a60e_91c6_cc65_5c54_bc50_58f8),
    (0x3d, 0x4d48, 0xc976_7586_8175_0c17_650d_3d28_f18b_50ce),
    (0x3e, 0x5a92, 0x9e8b_3b5d_c53d_5de4_a74d_28ce_329a_ce52),
    (0x3f, 0x7525, 0xc460_5202_8a20_979a_c94c_153f_804a_4a92),
];

/// A constant, rounded; offsets without one give zero.
pub(super) fn constant(offset: u32, env: &mut Env) -> u128 {
    match CONSTANTS.iter().find(|(at, ..)| *at == offset) {
        Some(&(_, exponent, significand)) => {
            let exponent = i32::from(exponent) - 0x3fff;
            // Those that go on behind 128 bits have bits in the last byte.
            let is_more = significand as u64 & 0xff != 0;
            env.round(EXTENDED, false, exponent, significand, is_more)
        }
        None => EXTENDED.zero(false),
    }
}
