//! `long double`: its format, and where a function finds it, as data beside the
//! calling conventions.

use crate::{CallingConvention, Platform, RegisterName};

/// How a `long double` stands in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LongDoubleFormat {
    /// As `double`.
    Double,
    /// x87 extended precision in the lowest 80 bits.
    X87,
    /// The extended precision of the MC68881: sign and exponent in the highest
    /// 16 of 96 bits, 16 bits of nothing, 64 bits of the significand.
    M68k,
    /// IEEE 754 binary128.
    Quad,
    /// A pair of doubles, the larger first, whose sum it is (64-bit ELF V2 ABI
    /// of PowerPC 1.5, 2.2.2.1: IBM EXTENDED PRECISION). No convention here has
    /// it: on PowerPC the functions that are called decide.
    DoubleDouble,
}

/// Where a parameter of the type stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LongDoublePlace {
    /// As `double`.
    Double,
    /// On the stack, at a multiple of so many bytes.
    Stack {
        /// The alignment.
        alignment: u8,
    },
    /// As an integer of its size, whose alignment counts.
    Integer,
    /// By the address of a copy.
    Reference,
    /// In one vector register of those that numbers stand in; then on the
    /// stack, aligned to 16 bytes.
    Vector,
    /// By position: an even position, and the two registers of it; a variable
    /// one in integer registers.
    Pair {
        /// The registers by position: each holds one half, in the order of
        /// memory.
        registers: &'static [RegisterName],
    },
    /// In one vector register of its own, beside integer positions that are
    /// used up from an even one on (64-bit PowerPC).
    BesidePositions {
        /// The registers.
        registers: &'static [RegisterName],
    },
}

/// Where a result of the type stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LongDoubleResult {
    /// As `double`.
    Double,
    /// In the register of an x87-like format.
    Register(RegisterName),
    /// In the registers of an integer of its size.
    Integer,
    /// In the register, all 16 bytes.
    Vector(RegisterName),
    /// In two registers, in the order of memory.
    Pair(RegisterName, RegisterName),
    /// In memory, whose address is as that of a structure result.
    Memory,
}

/// The type `long double` of a calling convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongDouble {
    /// Its format.
    pub format: LongDoubleFormat,
    /// Its size in memory, padding included.
    pub bytes: u8,
    /// Where parameters stand.
    pub place: LongDoublePlace,
    /// Where a result stands.
    pub result: LongDoubleResult,
}

const DOUBLE: LongDouble = LongDouble {
    format: LongDoubleFormat::Double,
    bytes: 8,
    place: LongDoublePlace::Double,
    result: LongDoubleResult::Double,
};

const QUAD: LongDouble = LongDouble {
    format: LongDoubleFormat::Quad,
    bytes: 16,
    place: LongDoublePlace::Integer,
    result: LongDoubleResult::Integer,
};

/// The type `long double` as the convention's document has it; `None` where it
/// is not described here.
///
/// - x86-64: System V psABI 1.0, 3.2.3: class MEMORY, result in `st0`
/// - i386: System V psABI 1.1, table 2.1: 12 bytes, result in `st0`
/// - AAPCS64, 5.9 and 6.4; RISC-V psABI 1.0, 2.1; LoongArch psABI 2.50
/// - MIPS n64: the N32 ABI handbook (007-2816-005), chapter 2
/// - z/Architecture ELF supplement 1.6, 1.2.3: by reference, result in memory
/// - 64-bit ELFv2 1.5, 2.2.3: IEEE binary128 in vector registers
/// - SPARC Compliance Definition 2.4, chapter 3P
/// - System V psABI MC68000, 3-13: 12 bytes, result in `fp0`
///
/// On 32-bit PowerPC it is `double`, as musl has it; glibc there has pairs of
/// doubles.
#[must_use]
pub fn long_double(platform: Platform, convention: &CallingConvention) -> Option<LongDouble> {
    let name = platform.name();
    let begins = |prefix: &str| name.starts_with(prefix);
    Some(match name {
        "x86_64" if convention.name == "sysv" => LongDouble {
            format: LongDoubleFormat::X87,
            bytes: 16,
            place: LongDoublePlace::Stack { alignment: 16 },
            result: LongDoubleResult::Register("st0"),
        },
        "x86_64" => DOUBLE,
        "i386" => LongDouble {
            format: LongDoubleFormat::X87,
            bytes: 12,
            place: LongDoublePlace::Stack { alignment: 4 },
            result: LongDoubleResult::Register("st0"),
        },
        "m68k" => LongDouble {
            format: LongDoubleFormat::M68k,
            bytes: 12,
            place: LongDoublePlace::Stack { alignment: 2 },
            result: LongDoubleResult::Register("fp0"),
        },
        _ if begins("aarch64") => {
            LongDouble { place: LongDoublePlace::Vector, result: LongDoubleResult::Vector("v0"), ..QUAD }
        }
        _ if begins("riscv") && convention.slot_bytes == 4 => {
            LongDouble { place: LongDoublePlace::Reference, result: LongDoubleResult::Memory, ..QUAD }
        }
        _ if begins("riscv") || begins("loongarch") => QUAD,
        _ if begins("s390") => {
            LongDouble { place: LongDoublePlace::Reference, result: LongDoubleResult::Memory, ..QUAD }
        }
        _ if begins("mips") && convention.slot_bytes == 8 => LongDouble {
            place: LongDoublePlace::Pair {
                registers: &["f12", "f13", "f14", "f15", "f16", "f17", "f18", "f19"],
            },
            result: LongDoubleResult::Pair("f0", "f2"),
            ..QUAD
        },
        _ if begins("sparc") && convention.slot_bytes == 8 => LongDouble {
            place: LongDoublePlace::Pair {
                registers: &[
                    "d0", "d2", "d4", "d6", "d8", "d10", "d12", "d14", "d16", "d18", "d20", "d22", "d24",
                    "d26", "d28", "d30",
                ],
            },
            result: LongDoubleResult::Pair("d0", "d2"),
            ..QUAD
        },
        _ if begins("ppc64") && convention.name == "elfv2" => LongDouble {
            place: LongDoublePlace::BesidePositions {
                registers: &["v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13"],
            },
            result: LongDoubleResult::Vector("v2"),
            ..QUAD
        },
        "ppc" | "ppcle" => DOUBLE,
        _ if begins("arm") || begins("mips") || begins("micromips") => DOUBLE,
        _ if begins("sh") || begins("xtensa") || begins("tricore") || begins("msp430") => DOUBLE,
        _ => return None,
    })
}

impl LongDouble {
    /// Whether it is nothing but `double`.
    #[must_use]
    pub const fn is_double(&self) -> bool {
        matches!(self.format, LongDoubleFormat::Double)
    }
}
