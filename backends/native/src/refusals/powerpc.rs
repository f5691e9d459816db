//! PowerPC: invalid forms, and what embedded processors have alone (Power ISA
//! 2.07).

use super::{ALWAYS, Refusal, field, refuse};

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

pub(super) const REFUSALS: &[Refusal] = &[
    // Reserved extended opcodes of VSX that would be xxpermdi.
    refuse(0xfc00_07f8, 60 << 26 | 202 << 3, ALWAYS),
    refuse(0xfc00_07f8, 60 << 26 | 234 << 3, ALWAYS),
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
    // Instructions of the embedded environment and of the PowerPC 400 series,
    // which server processors have not (book III-E; book I, 1.3.5): products
    // and sums of halfwords, in between those of AltiVec.
    refuse(0xfc00_003e, 4 << 26 | 0x10, ALWAYS),
    refuse(0xfc00_003e, 4 << 26 | 0x18, ALWAYS),
    refuse(0xfc00_003e, 4 << 26 | 0x1c, ALWAYS),
    // dlmzb; device control registers; the translation of addresses.
    extended(78, ALWAYS),
    extended(259, ALWAYS),
    extended(291, ALWAYS),
    extended(323, ALWAYS),
    extended(387, ALWAYS),
    extended(419, ALWAYS),
    extended(451, ALWAYS),
    extended(147, ALWAYS),
    extended(819, ALWAYS),
    extended(786, ALWAYS),
    // ERATILX, ERATRE and ERATWE, where mfvsrd, mtvsrd and mtvsrwa have a field
    // of zeros.
    extended(51, |word| field(word, 11, 5) != 0),
    extended(179, |word| field(word, 11, 5) != 0),
    extended(211, |word| field(word, 11, 5) != 0),
    // Accesses by external process identifiers.
    extended(29, ALWAYS),
    extended(31, ALWAYS),
    extended(95, ALWAYS),
    extended(157, ALWAYS),
    extended(159, ALWAYS),
    extended(223, ALWAYS),
    extended(263, ALWAYS),
    extended(285, ALWAYS),
    extended(287, ALWAYS),
    extended(295, ALWAYS),
    extended(413, ALWAYS),
    extended(415, ALWAYS),
    extended(607, ALWAYS),
    extended(735, ALWAYS),
    extended(775, ALWAYS),
    extended(807, ALWAYS),
];
