//! microMIPS: the instruction of MIPS32 that does the same as one of 32 bits,
//! so that both sets have one semantics (MIPS Architecture For Programmers,
//! volume II-B, microMIPS32, chapters 5 and 6). Branches, moves of several
//! registers, returns from exceptions and the short instructions are the
//! specification's.

use terrella_platforms::{Architecture, ByteOrder};
use terrella_sleigh::{Context, Language};

/// The context fields that tell the set, where it is microMIPS.
#[derive(Debug, Clone, Copy)]
pub(super) struct MicroMips {
    mode: (u32, u32),
    order: ByteOrder,
}

impl MicroMips {
    /// That of a processor, if its second set is microMIPS.
    pub(super) fn of(language: &Language, architecture: Architecture) -> Option<Self> {
        let field = language.context_field("ISA_MODE")?;
        let order = if language.is_big_endian() { ByteOrder::Big } else { ByteOrder::Little };
        let has_it = architecture == Architecture::MicroMips32;
        has_it.then_some(Self { mode: (field.high, field.low), order })
    }

    /// Whether it is the set of a context.
    pub(super) const fn is_in(self, context: Context) -> bool {
        context.get(self.mode.0, self.mode.1) != 0
    }

    /// The word of two halves, the first of which is the upper one whatever
    /// the order of bytes.
    pub(super) fn word(self, bytes: [u8; 4]) -> u32 {
        let half = |at: usize| self.order.read(&bytes[at..at + 2]) as u32;
        half(0) << 16 | half(2)
    }

    /// The bytes of an instruction of MIPS32 that does the same, and its
    /// context.
    pub(super) fn equivalent(self, bytes: [u8; 4], context: Context) -> Option<([u8; 4], Context)> {
        let word = equivalent(self.word(bytes)).filter(|_| self.is_in(context))?;
        let (mut bytes, mut other) = ([0; 4], context);
        self.order.write(word.into(), &mut bytes);
        other.set(self.mode.0, self.mode.1, 0);
        Some((bytes, other))
    }
}

/// Reserved by release 3: of virtual memory of later modules, coprocessor 2,
/// and release 6.
pub(super) const fn is_reserved(word: u32) -> bool {
    match word >> 26 {
        // RDHWR of registers that are not there (volume II-B, RDHWR).
        0x00 if word & 0xffff == 0x6b3c => !matches!(word >> 16 & 31, 0..=3 | 29..=31),
        // COP2; MFC2 to CTC2.
        0x00 if word & 7 == 2 => true,
        0x00 if word & 0x3f == 0x3c => {
            matches!(word >> 6 & 0x3ff, 0x134 | 0x174 | 0x234 | 0x274 | 0x334 | 0x374)
        }
        // BC2F, BC2T.
        0x10 => matches!(word >> 21 & 31, 0x14 | 0x15),
        // LWC2, LDC2, SWC2, SDC2.
        0x08 => matches!(word >> 12 & 15, 0 | 2 | 8 | 10),
        // EVA; PREF of release 6.
        0x18 => matches!(word >> 12 & 15, 4 | 6 | 10),
        _ => false,
    }
}

/// Fields of an instruction of three registers.
const fn registers(rs: u32, rt: u32, rd: u32, shift: u32) -> u32 {
    rs << 21 | rt << 16 | rd << 11 | shift << 6
}

const fn equivalent(word: u32) -> Option<u32> {
    // The fields that are mostly called rt, rs, and rd or an amount.
    let (first, second, third) = (word >> 21 & 31, word >> 16 & 31, word >> 11 & 31);
    let immediate = word & 0xffff;
    let opcode = match word >> 26 {
        0x00 => return arithmetic(word, first, second, third),
        0x10 => return on_immediate(first, second, immediate),
        0x15 => return floating(word, first, second, third),
        0x18 => return with_offset_12(word, first, second),
        0x04 => 0x08,
        0x0c => 0x09,
        0x14 => 0x0d,
        0x1c => 0x0e,
        0x24 => 0x0a,
        0x2c => 0x0b,
        0x34 => 0x0c,
        0x07 => 0x20,
        0x05 => 0x24,
        0x0f => 0x21,
        0x0d => 0x25,
        0x3f => 0x23,
        0x06 => 0x28,
        0x0e => 0x29,
        0x3e => 0x2b,
        0x27 => 0x31,
        0x2f => 0x35,
        0x26 => 0x39,
        0x2e => 0x3d,
        _ => return None,
    };
    Some(opcode << 26 | second << 21 | first << 16 | immediate)
}

/// POOL32C: parts of words, linked accesses, PREF.
const fn with_offset_12(word: u32, first: u32, second: u32) -> Option<u32> {
    let opcode = match word >> 12 & 15 {
        0 => 0x22,
        1 => 0x26,
        2 => 0x33,
        3 => 0x30,
        8 => 0x2a,
        9 => 0x2e,
        11 => 0x38,
        _ => return None,
    };
    let offset = ((word as i32) << 20 >> 20) as u32 & 0xffff;
    Some(opcode << 26 | second << 21 | first << 16 | offset)
}

/// POOL32I: traps and LUI.
const fn on_immediate(function: u32, register: u32, immediate: u32) -> Option<u32> {
    let condition = match function {
        0x08 => 0x0a,
        0x09 => 0x08,
        0x0a => 0x0b,
        0x0b => 0x09,
        0x0c => 0x0e,
        0x0e => 0x0c,
        0x0d => return Some(0x0f << 26 | register << 16 | immediate),
        _ => return None,
    };
    Some(1 << 26 | register << 21 | condition << 16 | immediate)
}

/// POOL32A.
const fn arithmetic(word: u32, first: u32, second: u32, third: u32) -> Option<u32> {
    const SPECIAL2: u32 = 0x1c << 26;
    const SPECIAL3: u32 = 0x1f << 26;
    let is_short = word >> 10 & 1 == 0;
    let fields = registers(second, first, third, 0);
    Some(match (word & 0x3f, word >> 6 & 15) {
        // Shifts: from the second register to the first.
        (0x00, 0) if is_short => registers(0, second, first, third),
        (0x00, 1) if is_short => registers(0, second, first, third) | 2,
        (0x00, 2) if is_short => registers(0, second, first, third) | 3,
        (0x00, 3) if is_short => registers(1, second, first, third) | 2,
        (0x10, 0) if is_short => fields | 4,
        (0x10, 1) if is_short => fields | 6,
        (0x10, 2) if is_short => fields | 7,
        (0x10, 3) if is_short => fields | 0x46,
        (0x10, 4..=7) if is_short => fields | (0x20 + (word >> 6 & 3)),
        (0x10, 8) if is_short => SPECIAL2 | fields | 2,
        (0x10, 9) if is_short => fields | 0x24,
        (0x10, 10) if is_short => fields | 0x25,
        (0x10, 11) if is_short => fields | 0x27,
        (0x10, 12) if is_short => fields | 0x26,
        (0x10, 13) if is_short => fields | 0x2a,
        (0x10, 14) if is_short => fields | 0x2b,
        (0x18, 0) if is_short => fields | 0x0b,
        (0x18, 1) if is_short => fields | 0x0a,
        (0x0c, _) => SPECIAL3 | registers(second, first, third, word >> 6 & 31) | 4,
        (0x2c, _) => SPECIAL3 | registers(second, first, third, word >> 6 & 31),
        (0x3c, _) => return extended(word, first, second),
        _ => return None,
    })
}

/// POOL32Axf.
const fn extended(word: u32, first: u32, second: u32) -> Option<u32> {
    const SPECIAL2: u32 = 0x1c << 26;
    const SPECIAL3: u32 = 0x1f << 26;
    const COP0: u32 = 0x10 << 26;
    let pair = registers(second, first, 0, 0);
    // The traps have a code in the four bits above.
    let trap = match word >> 6 & 0x3f {
        0x00 => 0x34,
        0x08 => 0x30,
        0x10 => 0x31,
        0x20 => 0x32,
        0x28 => 0x33,
        0x30 => 0x36,
        _ => 0,
    };
    if trap != 0 {
        return Some(pair | (word >> 12 & 15) << 6 | trap);
    }
    // MFC0 and MTC0, with their selection.
    if matches!(word & 0xc7ff, 0x00fc | 0x02fc) {
        return Some(COP0 | registers(word >> 7 & 4, first, second, 0) | word >> 11 & 7);
    }
    Some(match word >> 6 & 0x3ff {
        // DI, EI, RDPGPR, WRPGPR, SDBBP.
        0x11d => COP0 | registers(11, second, 12, 0),
        0x15d => COP0 | registers(11, second, 12, 0) | 0x20,
        0x385 => COP0 | registers(10, second, first, 0),
        0x3c5 => COP0 | registers(14, second, first, 0),
        0x36d => SPECIAL2 | (word >> 16 & 0x3ff) << 6 | 0x3f,
        0x0ac => SPECIAL3 | registers(0, second, first, 0x10) | 0x20,
        0x0ec => SPECIAL3 | registers(0, second, first, 0x18) | 0x20,
        0x1ec => SPECIAL3 | registers(0, second, first, 2) | 0x20,
        // CLO and CLZ want the register twice.
        0x12c => SPECIAL2 | registers(second, first, first, 0) | 0x21,
        0x16c => SPECIAL2 | registers(second, first, first, 0) | 0x20,
        0x22c => pair | 0x18,
        0x26c => pair | 0x19,
        0x2ac => pair | 0x1a,
        0x2ec => pair | 0x1b,
        0x32c => SPECIAL2 | pair,
        0x36c => SPECIAL2 | pair | 1,
        0x3ac => SPECIAL2 | pair | 4,
        0x3ec => SPECIAL2 | pair | 5,
        0x035 => registers(0, 0, second, 0) | 0x10,
        0x075 => registers(0, 0, second, 0) | 0x12,
        0x0b5 => registers(second, 0, 0, 0) | 0x11,
        0x0f5 => registers(second, 0, 0, 0) | 0x13,
        _ => return None,
    })
}

/// The format of singles, doubles and pairs of singles.
const fn format(number: u32) -> Option<u32> {
    match number {
        0 => Some(16),
        1 => Some(17),
        2 => Some(22),
        _ => None,
    }
}

/// A function of COP1: its format and its registers ft, fs and fd.
const fn cop1(format: Option<u32>, ft: u32, fs: u32, fd: u32, function: u32) -> Option<u32> {
    match format {
        Some(format) => Some(0x11 << 26 | registers(format, ft, fs, fd) | function),
        None => None,
    }
}

/// POOL32F.
const fn floating(word: u32, first: u32, second: u32, third: u32) -> Option<u32> {
    let of_two = format(word >> 8 & 3);
    match (word & 0x3f, word >> 6 & 3) {
        (0x30, kind) if word >> 10 & 1 == 0 => cop1(of_two, first, second, third, kind),
        // MOVN and MOVZ.
        (0x38, 0) if word >> 10 & 1 == 0 => cop1(of_two, first, second, third, 0x13),
        (0x38, 1) if word >> 10 & 1 == 0 => cop1(of_two, first, second, third, 0x12),
        // MOVF and MOVT.
        (0x20, kind @ (0 | 1)) if word >> 8 & 1 == 0 && word >> 11 & 3 == 0 => {
            cop1(format(word >> 9 & 3), (word >> 13 & 7) << 2 | kind, second, first, 0x11)
        }
        // C.cond.fmt.
        (0x3c, _) if word >> 12 & 1 == 0 => {
            let condition = 0x30 | word >> 6 & 15;
            cop1(format(word >> 10 & 3), first, second, (word >> 13 & 7) << 2, condition)
        }
        (0x3b, _) => floating_of_one(word, first, second),
        // MADD to NMSUB, whose registers are fd, fr, fs and ft.
        (minor @ (0x01 | 0x02 | 0x09 | 0x0a | 0x21 | 0x22 | 0x29 | 0x2a), _) => {
            let kind = minor >> 5 | (minor & 2);
            let of = minor >> 3 & 1;
            Some(0x13 << 26 | registers(word >> 6 & 31, first, second, third) | 0x20 | kind << 3 | of)
        }
        _ => indexed(word, first, second, third),
    }
}

/// Indexed loads and stores: index, base, and the register.
const fn indexed(word: u32, index: u32, base: u32, register: u32) -> Option<u32> {
    let (function, loads) = match word & 0x7ff {
        0x048 => (0x00, true),
        0x0c8 => (0x01, true),
        0x148 => (0x05, true),
        0x088 => (0x08, false),
        0x108 => (0x09, false),
        0x188 => (0x0d, false),
        _ => return None,
    };
    let fields =
        if loads { registers(base, index, 0, register) } else { registers(base, index, register, 0) };
    Some(0x13 << 26 | fields | function)
}

/// POOL32Fxf: operations on one register, into the first.
const fn floating_of_one(word: u32, first: u32, second: u32) -> Option<u32> {
    let one_bit = format(word >> 14 & 1);
    let function = match word >> 6 & 0xff {
        0x04 => 0x25,
        0x24 => 0x24,
        0x08 => 0x16,
        0x28 => 0x04,
        0x48 => 0x15,
        0x0c => 0x0b,
        0x4c => 0x0a,
        0x8c => 0x09,
        0xcc => 0x08,
        0x2c => 0x0f,
        0x6c => 0x0e,
        0xac => 0x0d,
        0xec => 0x0c,
        _ => 0,
    };
    if function != 0 && word >> 15 & 1 == 0 {
        return cop1(one_bit, 0, second, first, function);
    }
    let number = word >> 13 & 3;
    let is_plain = word >> 15 & 1 == 0;
    let integer = if number == 1 { 20 } else { 21 };
    let (from_single, from_double) = if number == 0 { (16, 17) } else { (integer, integer) };
    match word >> 6 & 0x7f {
        0x0d if is_plain => cop1(format(number), 0, second, first, 5),
        0x2d if is_plain => cop1(format(number), 0, second, first, 7),
        0x01 if is_plain => cop1(format(number), 0, second, first, 6),
        0x4d if is_plain && number < 3 => cop1(Some(from_single), 0, second, first, 0x21),
        0x6d if is_plain && number < 3 => cop1(Some(from_double), 0, second, first, 0x20),
        // MOVF and MOVT of integers.
        0x05 => Some(registers(second, (word >> 13 & 7) << 2, first, 0) | 1),
        0x25 => Some(registers(second, (word >> 13 & 7) << 2 | 1, first, 0) | 1),
        _ => match word >> 6 & 0x3ff {
            // CFC1, CTC1, MFC1, MTC1, MFHC1, MTHC1.
            0x040 => Some(0x11 << 26 | registers(2, first, second, 0)),
            0x060 => Some(0x11 << 26 | registers(6, first, second, 0)),
            0x080 => Some(0x11 << 26 | registers(0, first, second, 0)),
            0x0a0 => Some(0x11 << 26 | registers(4, first, second, 0)),
            0x0c0 => Some(0x11 << 26 | registers(3, first, second, 0)),
            0x0e0 => Some(0x11 << 26 | registers(7, first, second, 0)),
            _ => None,
        },
    }
}
