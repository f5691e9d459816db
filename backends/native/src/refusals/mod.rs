//! Words that the specifications decode though the manuals say that they are
//! no instructions: invalid forms, reserved encodings, later versions of the
//! architecture.

mod mips;
mod riscv;
mod sparc;

use terrella_platforms::Architecture;

/// Some words that are no instructions.
pub(crate) struct Refusal {
    /// How long they are, in bytes.
    length: usize,
    mask: u32,
    value: u32,
    /// What holds of them besides.
    when: fn(u32) -> bool,
}

impl Refusal {
    /// Whether a word of a length is refused.
    pub(crate) fn holds(&self, length: usize, word: u32) -> bool {
        self.length == length && word & self.mask == self.value && (self.when)(word)
    }
}

/// Those of an architecture.
pub(crate) const fn refusals(architecture: Architecture) -> &'static [Refusal] {
    match architecture {
        Architecture::PowerPc32 | Architecture::PowerPc64 => POWERPC,
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

const fn field(word: u32, low: u32, bits: u32) -> u32 {
    word >> low & ((1 << bits) - 1)
}

const fn refuse(mask: u32, value: u32, when: fn(u32) -> bool) -> Refusal {
    Refusal { length: 4, mask, value, when }
}

/// RT and RA of PowerPC.
const fn power(word: u32) -> (u32, u32) {
    (field(word, 21, 5), field(word, 16, 5))
}

/// A load that updates its base: "if RA = 0 or RA = RT, the instruction form
/// is invalid" (Power ISA 2.07, book I, 3.3.2).
const fn loading_update(word: u32) -> bool {
    let (target, base) = power(word);
    base == 0 || base == target
}

/// Another access that updates its base: "if RA = 0, the instruction form is
/// invalid" (3.3.3, 4.6.2, 4.6.3).
const fn other_update(word: u32) -> bool {
    power(word).1 == 0
}

const fn primary(number: u32, when: fn(u32) -> bool) -> Refusal {
    refuse(0xfc00_0000, number << 26, when)
}

const fn extended(number: u32, when: fn(u32) -> bool) -> Refusal {
    refuse(0xfc00_07fe, 31 << 26 | number << 1, when)
}

const POWERPC: &[Refusal] = &[
    // lwzu, lbzu, lhzu, lhau; lwzux, lbzux, lhzux, lhaux.
    primary(33, loading_update),
    primary(35, loading_update),
    primary(41, loading_update),
    primary(43, loading_update),
    extended(55, loading_update),
    extended(119, loading_update),
    extended(311, loading_update),
    extended(375, loading_update),
    // ldu, ldux, lwaux.
    refuse(0xfc00_0003, 58 << 26 | 1, loading_update),
    extended(53, loading_update),
    extended(373, loading_update),
    // stwu, stbu, sthu, stdu; stwux, stbux, sthux, stdux.
    primary(37, other_update),
    primary(39, other_update),
    primary(45, other_update),
    refuse(0xfc00_0003, 62 << 26 | 1, other_update),
    extended(183, other_update),
    extended(247, other_update),
    extended(439, other_update),
    extended(181, other_update),
    // lfsu, lfdu, stfsu, stfdu; lfsux, lfdux, stfsux, stfdux.
    primary(49, other_update),
    primary(51, other_update),
    primary(53, other_update),
    primary(55, other_update),
    extended(567, other_update),
    extended(631, other_update),
    extended(695, other_update),
    extended(759, other_update),
    // lq needs an even RT that is not RA, stq an even RS (3.3.4).
    primary(56, |word| !power(word).0.is_multiple_of(2) || power(word).0 == power(word).1),
    refuse(0xfc00_0003, 62 << 26 | 2, |word| !power(word).0.is_multiple_of(2)),
];

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
        // mulx; udiv.
        (Architecture::Sparc32, 4, 0x8048_0001, true),
        (Architecture::Sparc32, 4, 0x8070_0001, false),
        // madd; SPECIAL2 0x1b; lbue; mfc2.
        (Architecture::Mips32, 4, 0x7105_0800, false),
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

    #[test]
    fn invalid_forms_are_refused() {
        for (architecture, length, word, refused) in CASES {
            let found = refusals(*architecture).iter().any(|it| it.holds(*length, *word));
            assert_eq!(found, *refused, "{architecture:?} {word:#x}");
        }
    }
}
