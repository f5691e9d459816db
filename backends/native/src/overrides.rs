//! Instructions that the engine executes itself, because the published
//! semantics are wrong or missing: found by bits of the instruction word.

use terrella_platforms::Architecture;

use crate::{
    arm::{a32, a64},
    m68k,
    userops::{
        Handler, altivec_300, altivec_sums, loongarch, loongarch_float, loongarch_integer, loongarch_system,
        m68k_fields, mips_float, mips_float_r6, mips_memory, msp430, powerpc, powerpc_conversions,
        powerpc_float, powerpc_float_300, powerpc_integer, powerpc_integer_300, powerpc_memory, powerpc_quad,
        powerpc_software, powerpc_vectors, powerpc_vectors_300, riscv, riscv_atomic, riscv_control,
        sparc_float, sparc_integer, superh_float, tricore, tricore_arithmetic, tricore_bits,
        tricore_division, tricore_float, tricore_fractions, tricore_halves, tricore_packed,
    },
};

/// Some instructions and their handler, whose input is the instruction word.
pub(crate) struct Override {
    pub(crate) mask: u32,
    pub(crate) value: u32,
    pub(crate) handler: Handler,
}

/// Those of an architecture.
pub(crate) const fn overrides(architecture: Architecture) -> &'static [&'static [Override]] {
    match architecture {
        Architecture::RiscV32 | Architecture::RiscV64 => {
            &[riscv::OVERRIDES, riscv_control::OVERRIDES, riscv_atomic::OVERRIDES]
        }
        Architecture::AArch64 => a64::OVERRIDES,
        Architecture::LoongArch32 | Architecture::LoongArch64 => &[
            loongarch::OVERRIDES,
            loongarch_float::PAIRS,
            loongarch_float::CONVERSIONS,
            loongarch_float::COMPARISONS,
            loongarch_integer::OVERRIDES,
            loongarch_system::OVERRIDES,
        ],
        Architecture::ArmV5T => a32::OLD,
        Architecture::ArmV6M | Architecture::ArmV7M => a32::MICROCONTROLLER,
        Architecture::ArmV7A | Architecture::ArmV7R => a32::ARM,
        Architecture::M68k => &[m68k_fields::OVERRIDES, m68k::float::OVERRIDES],
        Architecture::Msp430X => &[msp430::OVERRIDES],
        Architecture::TriCore => &[
            tricore::OVERRIDES,
            tricore_arithmetic::OVERRIDES,
            tricore_bits::OVERRIDES,
            tricore_division::OVERRIDES,
            tricore_float::OVERRIDES,
            tricore_fractions::OVERRIDES,
            tricore_halves::OVERRIDES,
            tricore_packed::OVERRIDES,
            tricore_packed::PRODUCTS,
        ],
        Architecture::Sparc32 | Architecture::Sparc64 => &[sparc_integer::OVERRIDES, sparc_float::OVERRIDES],
        Architecture::SuperH4 => &[superh_float::OVERRIDES],
        Architecture::Mips32 | Architecture::MicroMips32 => {
            &[mips_float::COMMON, mips_float::BEFORE_6, mips_memory::WORDS]
        }
        Architecture::Mips64 => {
            &[mips_float::COMMON, mips_float::BEFORE_6, mips_memory::WORDS, mips_memory::DOUBLE_WORDS]
        }
        Architecture::Mips32R6 => &[mips_float_r6::OVERRIDES, mips_float::COMMON, mips_memory::WORDS_R6],
        Architecture::Mips64R6 => &[
            mips_float_r6::OVERRIDES,
            mips_float::COMMON,
            mips_memory::WORDS_R6,
            mips_memory::DOUBLE_WORDS_R6,
        ],
        Architecture::PowerPc32 => &[
            powerpc_float::ARITHMETIC,
            powerpc_float::OTHERS,
            powerpc_software::SCALARS,
            powerpc_integer::OVERRIDES,
            powerpc_memory::SHORT_BLOCKS,
            powerpc_memory::WORDS,
            altivec_sums::OVERRIDES,
        ],
        Architecture::PowerPc64 => &[
            powerpc::OVERRIDES,
            powerpc_float::ARITHMETIC,
            powerpc_float::OTHERS,
            powerpc_software::SCALARS,
            powerpc_integer::OVERRIDES,
            powerpc_memory::WORDS,
            powerpc_memory::DOUBLE_WORDS,
            powerpc_vectors::OVERRIDES,
            powerpc_conversions::OVERRIDES,
            powerpc_conversions::INTEGRAL,
            altivec_sums::OVERRIDES,
            altivec_300::OVERRIDES,
            powerpc_float_300::OVERRIDES,
            powerpc_integer_300::OVERRIDES,
            powerpc_quad::OVERRIDES,
            powerpc_software::VECTORS,
            powerpc_vectors_300::OVERRIDES,
        ],
        _ => &[],
    }
}

/// Those of the words of Thumb that ARM has not.
pub(crate) const fn thumb_overrides(architecture: Architecture) -> &'static [&'static [Override]] {
    match architecture {
        Architecture::ArmV6M => a32::THUMB_BASELINE,
        Architecture::ArmV7M => a32::THUMB_MICROCONTROLLER,
        Architecture::ArmV7A | Architecture::ArmV7R => a32::THUMB,
        _ => &[],
    }
}
