//! Words that the specifications decode though the manuals say that they are
//! no instructions: invalid forms, reserved encodings, later versions of the
//! architecture.

mod arm;
mod m68k;
mod mips;
mod powerpc;
mod riscv;
mod sparc;

use terrella_platforms::Architecture;

/// Some words that are no instructions.
pub(crate) struct Refusal {
    /// How long they are, in bytes; [`ANY`] where the first halfword decides,
    /// which is then the upper half of the word.
    length: usize,
    mask: u32,
    value: u32,
    /// What holds of them besides.
    when: fn(u32) -> bool,
}

/// The length of words of which the first halfword decides.
const ANY: usize = 0;

impl Refusal {
    /// Whether a word of a length is refused.
    pub(crate) fn holds(&self, length: usize, word: u32) -> bool {
        let word = if self.length == ANY && length == 2 { word << 16 } else { word };
        (self.length == ANY || self.length == length) && word & self.mask == self.value && (self.when)(word)
    }
}

/// Those of an architecture.
pub(crate) const fn refusals(architecture: Architecture) -> &'static [Refusal] {
    match architecture {
        Architecture::PowerPc32 | Architecture::PowerPc64 => powerpc::REFUSALS,
        Architecture::ArmV5T | Architecture::ArmV7A | Architecture::ArmV7R => arm::ARM,
        Architecture::M68k => m68k::REFUSALS,
        Architecture::TriCore => TRICORE,
        Architecture::LoongArch32 | Architecture::LoongArch64 => LOONGARCH,
        Architecture::Sparc64 => sparc::V9,
        Architecture::Mips32 | Architecture::MicroMips32 => mips::MIPS32,
        Architecture::Mips32R6 => mips::MIPS32_R6,
        Architecture::Mips64R6 => mips::MIPS64_R6,
        Architecture::Sparc32 => sparc::V8,
        Architecture::Mips64 => mips::MIPS64,
        Architecture::RiscV32 => riscv::RV32,
        Architecture::RiscV64 => riscv::RV64,
        _ => &[],
    }
}

/// Those of the words of Thumb, of which halfwords are the upper half.
pub(crate) const fn thumb_refusals(architecture: Architecture) -> &'static [Refusal] {
    match architecture {
        Architecture::ArmV5T => arm::THUMB,
        Architecture::ArmV6M => arm::THUMB_BASELINE,
        Architecture::ArmV7M => arm::THUMB,
        Architecture::ArmV7A | Architecture::ArmV7R => arm::THUMB_7,
        _ => &[],
    }
}

const ALWAYS: fn(u32) -> bool = |_| true;

/// Atomic operations whose result goes to the register of their address, or to
/// that of their operand, of which the latter is indeterminate (LoongArch
/// Reference Manual, volume 1, 2.2.7.1).
const LOONGARCH: &[Refusal] =
    &[refuse(0xfff0_0000, 0x3860_0000, overlaps), refuse(0xfffe_0000, 0x3870_0000, overlaps)];

/// LD.DD and ST.DD of the second TriCore, which the others have not (TriCore
/// Architecture Manual 1.6, volume 2, 4.2).
const TRICORE: &[Refusal] = &[
    quads(0x09, 0x09),
    quads(0x09, 0x19),
    quads(0x09, 0x29),
    quads(0x29, 0x09),
    quads(0x29, 0x19),
    quads(0x29, 0x29),
    quads(0x89, 0x09),
    quads(0x89, 0x19),
    quads(0x89, 0x29),
    quads(0xa9, 0x09),
    quads(0xa9, 0x19),
    quads(0xa9, 0x29),
];

const fn quads(first: u32, second: u32) -> Refusal {
    refuse(0x0fc0_00ff, second << 22 | first, ALWAYS)
}

const fn overlaps(word: u32) -> bool {
    let (target, address, operand) = (field(word, 0, 5), field(word, 5, 5), field(word, 10, 5));
    target != 0 && (target == address || target == operand)
}

const fn field(word: u32, low: u32, bits: u32) -> u32 {
    word >> low & ((1 << bits) - 1)
}

const fn refuse(mask: u32, value: u32, when: fn(u32) -> bool) -> Refusal {
    Refusal { length: 4, mask, value, when }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of the lengths, and whether they are refused; the forms are those
    /// of the Power ISA.
    const CASES: &[(Architecture, usize, u32, bool)] = &[
        // lwzu r5,0x5efc(r5); lwzu r5,0x5efc(r6); stwu r1,-16(r1).
        (Architecture::PowerPc32, 4, 0x84a5_5efc, true),
        (Architecture::PowerPc32, 4, 0x84a6_5efc, false),
        (Architecture::PowerPc32, 4, 0x9421_fff0, false),
        // stdu r1,-16(r0); lfdu f29,0x12cf(r0); lwzux r26,r26,r6.
        (Architecture::PowerPc64, 4, 0xf820_fff1, true),
        (Architecture::PowerPc64, 4, 0xcfa0_12cf, true),
        (Architecture::PowerPc64, 4, 0x7f5a_306e, true),
        // maclhwu.; mfdcr; lbepx; vmladduhm; add.
        (Architecture::PowerPc32, 4, 0x11cc_7319, true),
        (Architecture::PowerPc64, 4, 0x7d70_da86, true),
        (Architecture::PowerPc64, 4, 0x7c64_28be, true),
        (Architecture::PowerPc32, 4, 0x1022_1922, false),
        // eratre; mtvsrd f1,r4.
        (Architecture::PowerPc64, 4, 0x7e25_e167, true),
        (Architecture::PowerPc64, 4, 0x7c24_0166, false),
        (Architecture::PowerPc32, 4, 0x7c64_2a14, false),
        // ld.dd; st.dd; ld.d.
        (Architecture::TriCore, 4, 0x3265_e409, true),
        (Architecture::TriCore, 4, 0x3a64_e489, true),
        (Architecture::TriCore, 4, 0x3565_e409, false),
        // amadd.w with the target as its operand, and with another one.
        (Architecture::LoongArch64, 4, 0x3861_6ddb, true),
        (Architecture::LoongArch64, 4, 0x3861_6ddc, false),
        // std %l1; std %l0; ldd to an odd register; ldda.
        (Architecture::Sparc64, 4, 0xe23f_6411, true),
        (Architecture::Sparc64, 4, 0xe03f_6411, false),
        (Architecture::Sparc64, 4, 0xd21d_ec30, true),
        (Architecture::Sparc64, 4, 0xd31d_ec30, false),
        // lda r0,[r1]; hlt; ldrex r0,[r1].
        (Architecture::ArmV7A, 4, 0xe191_0c9f, true),
        (Architecture::ArmV7A, 4, 0xe100_0070, true),
        (Architecture::ArmV7A, 4, 0xe191_0f9f, false),
        // sub.b d2,#44; addq.b #7,a2; addq.w; subi.b #..,#..; cmpi to
        // immediate; cas2.w; trapt; btst of an immediate; moveq.
        (Architecture::M68k, 4, 0x953c_862c, true),
        (Architecture::M68k, 2, 0x5f0a, true),
        (Architecture::M68k, 2, 0x5f4a, false),
        (Architecture::M68k, 4, 0x043c_a1e9, true),
        (Architecture::M68k, 4, 0x0c3c_0001, true),
        (Architecture::M68k, 4, 0x0cfc_0001, false),
        (Architecture::M68k, 2, 0x50fc, false),
        (Architecture::M68k, 4, 0x013c_0001, false),
        (Architecture::M68k, 2, 0x7001, false),
        // clr.w #..; illegal; asl.w #..; move.b d0,#..;
        // move.b d0,(xxx).l; move to sr.
        (Architecture::M68k, 4, 0x427c_0001, true),
        (Architecture::M68k, 2, 0x4afc, false),
        (Architecture::M68k, 4, 0xe1fc_0001, true),
        (Architecture::M68k, 4, 0x19c0_0001, true),
        (Architecture::M68k, 4, 0x13c0_0001, false),
        (Architecture::M68k, 4, 0x46fc_0001, false),
        // ori to ccr; move to ccr; add to an address register.
        (Architecture::M68k, 4, 0x003c_0001, false),
        (Architecture::M68k, 4, 0x44fc_0001, false),
        (Architecture::M68k, 4, 0xd0fc_0001, false),
        // mulx; udiv.
        (Architecture::Sparc32, 4, 0x8048_0001, true),
        (Architecture::Sparc32, 4, 0x8070_0001, false),
        // madd, with the accumulator and one of the DSP module; SPECIAL2 0x1b; lbue; mfc2.
        (Architecture::Mips32, 4, 0x7105_0000, false),
        (Architecture::Mips32, 4, 0x7105_0800, true),
        (Architecture::Mips32, 4, 0x7180_cbdb, true),
        (Architecture::Mips64, 4, 0x7f77_bea8, true),
        (Architecture::Mips32, 4, 0x4802_0000, true),
        // c.addiw zero,0x14; c.addiw a0,1; c.jr zero; vadd.vv.
        (Architecture::RiscV64, 2, 0x2051, true),
        (Architecture::RiscV64, 2, 0x2505, false),
        (Architecture::RiscV64, 2, 0x8002, true),
        (Architecture::RiscV64, 4, 0x0220_8057, true),
        // c.mop.5; c.lui a0,0; flh; vle8.v.
        (Architecture::RiscV64, 2, 0x6281, false),
        (Architecture::RiscV64, 2, 0x6501, true),
        (Architecture::RiscV32, 4, 0x0005_1507, false),
        (Architecture::RiscV32, 4, 0x0205_0507, true),
    ];

    /// Of Thumb.
    const THUMB: &[(Architecture, usize, u32, bool)] = &[
        // hlt; it ge; nop; cbz; bl; movw; mrs; dmb; lda; vcmla; tbb.
        (Architecture::ArmV7A, 2, 0xba80_0000, true),
        (Architecture::ArmV6M, 2, 0xbfa8_0000, true),
        (Architecture::ArmV7M, 2, 0xbfa8_0000, false),
        (Architecture::ArmV6M, 2, 0xbf00_0000, false),
        (Architecture::ArmV6M, 2, 0xb108_0000, true),
        (Architecture::ArmV6M, 4, 0xf000_f800, false),
        (Architecture::ArmV6M, 4, 0xf240_0000, true),
        (Architecture::ArmV6M, 4, 0xf3ef_8000, false),
        (Architecture::ArmV6M, 4, 0xf3bf_8f5f, false),
        (Architecture::ArmV7A, 4, 0xe8d1_0faf, true),
        (Architecture::ArmV7A, 4, 0xfe41_18a1, true),
        (Architecture::ArmV7A, 4, 0xe8d0_f001, false),
    ];

    #[test]
    fn words_of_thumb_are_refused() {
        for (architecture, length, word, refused) in THUMB {
            let found = thumb_refusals(*architecture).iter().any(|it| it.holds(*length, *word));
            assert_eq!(found, *refused, "{architecture:?} {word:#x}");
        }
    }

    #[test]
    fn invalid_forms_are_refused() {
        for (architecture, length, word, refused) in CASES {
            let found = refusals(*architecture).iter().any(|it| it.holds(*length, *word));
            assert_eq!(found, *refused, "{architecture:?} {word:#x}");
        }
    }
}
