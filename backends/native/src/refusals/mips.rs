//! MIPS: what is reserved in release 2 (MIPS Architecture For Programmers,
//! volume II-A, appendix A): virtual memory and threads of later modules, the
//! second coprocessor, which is not there.

use super::{ALWAYS, Refusal, field, refuse};

/// An opcode of SPECIAL3.
const fn special3(number: u32) -> Refusal {
    refuse(0xfc00_003f, 0x7c00_0000 | number, ALWAYS)
}

/// An opcode of its own.
const fn opcode(number: u32) -> Refusal {
    refuse(0xfc00_0000, number << 26, ALWAYS)
}

/// A function of SPECIAL.
const fn special(number: u32) -> Refusal {
    refuse(0xfc00_003f, number, ALWAYS)
}

/// What both widths refuse, with what one of them does.
macro_rules! list {
    ($($more:expr),* $(,)?) => {
        &[
            special3(0x19),
            special3(0x1a),
            special3(0x1b),
            special3(0x1c),
            special3(0x1d),
            special3(0x1e),
            special3(0x1f),
            special3(0x21),
            special3(0x22),
            special3(0x23),
            special3(0x28),
            special3(0x29),
            special3(0x2c),
            special3(0x2d),
            special3(0x2e),
            special3(0x2f),
            // The DSP module (volume IV-e, 5), which the processors have not:
            // INSV; ADDU.QB, CMPU.EQ.QB, ABSQ_S.QB and SHLL.QB with their
            // relatives; ADDUH.QB; DPA.W.PH, APPEND, EXTR.W and theirs.
            special3(0x0c),
            special3(0x10),
            special3(0x11),
            special3(0x12),
            special3(0x13),
            special3(0x18),
            special3(0x30),
            special3(0x31),
            special3(0x38),
            // BPOSGE32, BPOSGE64 and BPOSGE32C.
            refuse(0xfc1e_0000, 0x041c_0000, ALWAYS),
            refuse(0xfc1f_0000, 0x041a_0000, ALWAYS),
            // Its accumulators beside the first: MFHI, MFLO, MTHI and MTLO;
            // MULT, MULTU; MADD, MADDU, MSUB, MSUBU.
            refuse(0xfc00_003d, 0x0000_0010, |word| field(word, 21, 2) != 0),
            refuse(0xfc00_003d, 0x0000_0011, |word| field(word, 11, 2) != 0),
            refuse(0xfc00_003e, 0x0000_0018, |word| field(word, 11, 2) != 0),
            refuse(0xfc00_003e, 0x7000_0000, |word| field(word, 11, 2) != 0),
            refuse(0xfc00_003e, 0x7000_0004, |word| field(word, 11, 2) != 0),
            // RDHWR of registers that are reserved.
            refuse(0xfc00_003f, 0x7c00_003b, |word| !matches!(field(word, 11, 5), 0..=3 | 29..=31)),
            // RFE, the return of MIPS I.
            refuse(0xfe00_003f, 0x4200_0010, ALWAYS),
            // Coprocessor 0 has no control registers: CFC0 and CTC0.
            refuse(0xffe0_0000, 0x4040_0000, ALWAYS),
            refuse(0xffe0_0000, 0x40c0_0000, ALWAYS),
            // dvpe, evpe, dmt, emt: what MFMC0 has besides di and ei.
            refuse(0xffe0_0000, 0x4160_0000, |word| field(word, 11, 5) != 12),
            // fork, yield, mftr, mttr.
            special3(0x08),
            special3(0x09),
            refuse(0xffe0_0000, 0x4100_0000, ALWAYS),
            refuse(0xffe0_0000, 0x4180_0000, ALWAYS),
            // Comparisons of MIPS-3D, CABS.cond.fmt.
            refuse(0xfe00_0070, 0x4600_0070, ALWAYS),
            opcode(0x12),
            opcode(0x32),
            opcode(0x36),
            opcode(0x3a),
            opcode(0x3e),
            $($more),*
        ]
    };
}

pub(super) const MIPS32: &[Refusal] = list![
    // DADDI, DADDIU, DADD, DADDU.
    opcode(0x18),
    opcode(0x19),
    special(0x2c),
    special(0x2d),
    refuse(0xfc00_0000, 0x7000_0000, |word| !is_special2(word, false)),
    // Indexed loads of the DSP module: LWX, LHX, LBUX.
    special3(0x0a),
];

pub(super) const MIPS64: &[Refusal] = list![
    refuse(0xfc00_0000, 0x7000_0000, |word| !is_special2(word, true)),
    // The DSP module's operations on double words: DINSV, ADDU.OB, CMPU.EQ.OB,
    // ABSQ_S.OB, SHLL.OB, DPAQ.W.QH, DAPPEND, DEXTR.W and their relatives.
    special3(0x0a),
    special3(0x0d),
    special3(0x14),
    special3(0x15),
    special3(0x16),
    special3(0x17),
    special3(0x34),
    special3(0x35),
    special3(0x3c),
];

/// What both widths of release 6 refuse, with what one of them does: what the
/// earlier releases have and it has not (volume II-A, release 6, appendix A),
/// virtual memory of later modules, the second coprocessor.
macro_rules! release_6 {
    ($($more:expr),* $(,)?) => {
        &[
            // RDHWR of registers that are reserved.
            refuse(0xfc00_003f, 0x7c00_003b, |word| !matches!(field(word, 11, 5), 0..=5 | 29..=31)),
            // Of those, the counters have no registers here.
            refuse(0xfc00_f83f, 0x7c00_203b, ALWAYS),
            opcode(0x12),
            opcode(0x1a),
            opcode(0x1b),
            opcode(0x1c),
            opcode(0x2c),
            opcode(0x2d),
            opcode(0x2f),
            opcode(0x33),
            opcode(0x34),
            opcode(0x3c),
            // BGEC and BLTC, which are no BLEZL and BGTZL.
            refuse(0xfc1f_0000, 0x16 << 26, ALWAYS),
            refuse(0xfc1f_0000, 0x17 << 26, ALWAYS),
            special3(0x08),
            special3(0x09),
            special3(0x0a),
            special3(0x1b),
            special3(0x1c),
            special3(0x1d),
            special3(0x1e),
            special3(0x1f),
            special3(0x23),
            special3(0x28),
            special3(0x29),
            special3(0x2c),
            special3(0x2d),
            special3(0x2e),
            special3(0x2f),
            // The DSP module, which is not there, with its accumulators.
            special3(0x0c),
            special3(0x0d),
            special3(0x10),
            special3(0x11),
            special3(0x12),
            special3(0x13),
            special3(0x14),
            special3(0x15),
            special3(0x16),
            special3(0x17),
            special3(0x18),
            special3(0x30),
            special3(0x31),
            special3(0x34),
            special3(0x38),
            special3(0x3c),
            refuse(0xfc1c_0000, 0x0418_0000, |word| field(word, 16, 2) >= 2),
            refuse(0xfc1e_0000, 0x041c_0000, ALWAYS),
            refuse(0xfc00_003c, 0x10, |word| field(word, 6, 5) != 1),
            refuse(0xfc00_003e, 0x18, |word| !matches!(field(word, 6, 5), 2 | 3)),
            // Of MSA, which is not there.
            opcode(0x1e),
            // MFHC0 and MTHC0: registers of coprocessor 0 have no upper halves
            // (Config5.MVH).
            refuse(0xffe0_0000, 0x4040_0000, ALWAYS),
            refuse(0xffe0_0000, 0x40c0_0000, ALWAYS),
            // LLX, SCX and theirs, of which only pairs have come of it.
            refuse(0xfc00_007f, 0x7c00_0066, ALWAYS),
            refuse(0xfc00_007f, 0x7c00_0067, ALWAYS),
            refuse(0xfc00_007f, 0x7c00_0076, ALWAYS),
            refuse(0xfc00_007f, 0x7c00_0077, ALWAYS),
            refuse(0xffe0_0000, 0x4100_0000, ALWAYS),
            refuse(0xffe0_0000, 0x4180_0000, ALWAYS),
            // JR, which is JALR with a link of zero.
            special(8),
            $($more),*
        ]
    };
}

pub(super) const MIPS32_R6: &[Refusal] = release_6![
    // DAUI, LWU, LD and SD; DADDIU, DADD, DADDU.
    opcode(0x19),
    special(0x2c),
    special(0x2d),
    opcode(0x1d),
    opcode(0x27),
    opcode(0x37),
    opcode(0x3f),
];

pub(super) const MIPS64_R6: &[Refusal] = release_6![];

/// MADD, MADDU, MUL, MSUB, MSUBU, CLZ, CLO, SDBBP, and DCLZ and DCLO.
const fn is_special2(word: u32, is_wide: bool) -> bool {
    match field(word, 0, 6) {
        0 | 1 | 2 | 4 | 5 | 0x20 | 0x21 | 0x3f => true,
        0x24 | 0x25 => is_wide,
        _ => false,
    }
}
