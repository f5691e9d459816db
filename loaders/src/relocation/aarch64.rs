//! AArch64: "ELF for the Arm 64-bit Architecture" (AAELF64), section 5.7.

use super::{
    Formula::{
        self, Absolute, Copy, Indirect, Nothing, Page, PcRelative, Relative, SlotAbsolute, SlotPage, SlotPc,
        ThreadLocal, TlsDescriptor, TlsModule, TlsOffset, TpOffset, Unsupported,
    },
    Howto,
    field::{Check, Field, HALF, HALF_SIGNED, LONG, NONE, WORD, WORD_SIGNED},
    row,
};

/// Instructions are little-endian whatever the order of data.
const fn instruction(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field::little(4, pieces, check)
}

const BRANCH26: Field = instruction(&[(2, 26, 0)], Check::Signed(28)).of_multiples(4);
const BRANCH19: Field = instruction(&[(2, 19, 5)], Check::Signed(21)).of_multiples(4);
const BRANCH14: Field = instruction(&[(2, 14, 5)], Check::Signed(16)).of_multiples(4);
const ADR: Field = instruction(&[(0, 2, 29), (2, 19, 5)], Check::Signed(21));
const PAGE: Field = instruction(&[(12, 2, 29), (14, 19, 5)], Check::Signed(33));
const PAGE_ANY: Field = instruction(&[(12, 2, 29), (14, 19, 5)], Check::Any);
const LOW12: Field = instruction(&[(0, 12, 10)], Check::Any);
const HIGH12: Field = instruction(&[(12, 12, 10)], Check::Unsigned(24));
const LOW12_BY_2: Field = instruction(&[(1, 11, 10)], Check::Any).of_multiples(2);
const LOW12_BY_4: Field = instruction(&[(2, 10, 10)], Check::Any).of_multiples(4);
const LOW12_BY_8: Field = instruction(&[(3, 9, 10)], Check::Any).of_multiples(8);
const LOW12_BY_16: Field = instruction(&[(4, 8, 10)], Check::Any).of_multiples(16);

/// The 16 bits of a `movz` or `movk` that start at a bit of the value.
const G0: Field = instruction(&[(0, 16, 5)], Check::Any);
const G1: Field = instruction(&[(16, 16, 5)], Check::Any);
const G2: Field = instruction(&[(32, 16, 5)], Check::Any);
const G3: Field = instruction(&[(48, 16, 5)], Check::Any);

const fn checked(mut field: Field, check: Check) -> Field {
    field.check = check;
    field
}

const SIGNED_MOVE: Formula = Unsupported("it may have to change the opcode");

/// The types.
pub(super) const TYPES: &[Howto] = &[
    row(0, "R_AARCH64_NONE", Nothing, NONE),
    row(256, "R_AARCH64_NONE (withdrawn)", Nothing, NONE),
    row(257, "R_AARCH64_ABS64", Absolute, LONG),
    row(258, "R_AARCH64_ABS32", Absolute, WORD),
    row(259, "R_AARCH64_ABS16", Absolute, HALF),
    row(260, "R_AARCH64_PREL64", PcRelative, LONG),
    row(261, "R_AARCH64_PREL32", PcRelative, WORD),
    row(262, "R_AARCH64_PREL16", PcRelative, HALF_SIGNED),
    row(263, "R_AARCH64_MOVW_UABS_G0", Absolute, checked(G0, Check::Unsigned(16))),
    row(264, "R_AARCH64_MOVW_UABS_G0_NC", Absolute, G0),
    row(265, "R_AARCH64_MOVW_UABS_G1", Absolute, checked(G1, Check::Unsigned(32))),
    row(266, "R_AARCH64_MOVW_UABS_G1_NC", Absolute, G1),
    row(267, "R_AARCH64_MOVW_UABS_G2", Absolute, checked(G2, Check::Unsigned(48))),
    row(268, "R_AARCH64_MOVW_UABS_G2_NC", Absolute, G2),
    row(269, "R_AARCH64_MOVW_UABS_G3", Absolute, G3),
    row(270, "R_AARCH64_MOVW_SABS_G0", SIGNED_MOVE, NONE),
    row(271, "R_AARCH64_MOVW_SABS_G1", SIGNED_MOVE, NONE),
    row(272, "R_AARCH64_MOVW_SABS_G2", SIGNED_MOVE, NONE),
    row(273, "R_AARCH64_LD_PREL_LO19", PcRelative, BRANCH19),
    row(274, "R_AARCH64_ADR_PREL_LO21", PcRelative, ADR),
    row(275, "R_AARCH64_ADR_PREL_PG_HI21", Page, PAGE),
    row(276, "R_AARCH64_ADR_PREL_PG_HI21_NC", Page, PAGE_ANY),
    row(277, "R_AARCH64_ADD_ABS_LO12_NC", Absolute, LOW12),
    row(278, "R_AARCH64_LDST8_ABS_LO12_NC", Absolute, LOW12),
    row(279, "R_AARCH64_TSTBR14", PcRelative, BRANCH14),
    row(280, "R_AARCH64_CONDBR19", PcRelative, BRANCH19),
    row(282, "R_AARCH64_JUMP26", PcRelative, BRANCH26),
    row(283, "R_AARCH64_CALL26", PcRelative, BRANCH26),
    row(284, "R_AARCH64_LDST16_ABS_LO12_NC", Absolute, LOW12_BY_2),
    row(285, "R_AARCH64_LDST32_ABS_LO12_NC", Absolute, LOW12_BY_4),
    row(286, "R_AARCH64_LDST64_ABS_LO12_NC", Absolute, LOW12_BY_8),
    row(287, "R_AARCH64_MOVW_PREL_G0", SIGNED_MOVE, NONE),
    row(288, "R_AARCH64_MOVW_PREL_G0_NC", PcRelative, G0),
    row(289, "R_AARCH64_MOVW_PREL_G1", SIGNED_MOVE, NONE),
    row(290, "R_AARCH64_MOVW_PREL_G1_NC", PcRelative, G1),
    row(291, "R_AARCH64_MOVW_PREL_G2", SIGNED_MOVE, NONE),
    row(292, "R_AARCH64_MOVW_PREL_G2_NC", PcRelative, G2),
    row(293, "R_AARCH64_MOVW_PREL_G3", PcRelative, G3),
    row(299, "R_AARCH64_LDST128_ABS_LO12_NC", Absolute, LOW12_BY_16),
    row(307, "R_AARCH64_GOTREL64", Formula::FromTable, LONG),
    row(308, "R_AARCH64_GOTREL32", Formula::FromTable, WORD_SIGNED),
    row(309, "R_AARCH64_GOT_LD_PREL19", SlotPc, BRANCH19),
    row(311, "R_AARCH64_ADR_GOT_PAGE", SlotPage, PAGE),
    row(312, "R_AARCH64_LD64_GOT_LO12_NC", SlotAbsolute, LOW12_BY_8),
    row(314, "R_AARCH64_PLT32", PcRelative, WORD_SIGNED),
    row(315, "R_AARCH64_GOTPCREL32", SlotPc, WORD_SIGNED),
    row(513, "R_AARCH64_TLSGD_ADR_PAGE21", ThreadLocal, NONE),
    row(514, "R_AARCH64_TLSGD_ADD_LO12_NC", ThreadLocal, NONE),
    row(541, "R_AARCH64_TLSIE_ADR_GOTTPREL_PAGE21", ThreadLocal, NONE),
    row(542, "R_AARCH64_TLSIE_LD64_GOTTPREL_LO12_NC", ThreadLocal, NONE),
    row(549, "R_AARCH64_TLSLE_ADD_TPREL_HI12", TpOffset, HIGH12),
    row(550, "R_AARCH64_TLSLE_ADD_TPREL_LO12", TpOffset, LOW12),
    row(551, "R_AARCH64_TLSLE_ADD_TPREL_LO12_NC", TpOffset, LOW12),
    row(562, "R_AARCH64_TLSDESC_ADR_PAGE21", ThreadLocal, NONE),
    row(563, "R_AARCH64_TLSDESC_LD64_LO12", ThreadLocal, NONE),
    row(564, "R_AARCH64_TLSDESC_ADD_LO12", ThreadLocal, NONE),
    row(569, "R_AARCH64_TLSDESC_CALL", ThreadLocal, NONE),
    row(1024, "R_AARCH64_COPY", Copy, NONE),
    row(1025, "R_AARCH64_GLOB_DAT", Absolute, LONG),
    row(1026, "R_AARCH64_JUMP_SLOT", Absolute, LONG),
    row(1027, "R_AARCH64_RELATIVE", Relative, LONG),
    row(1028, "R_AARCH64_TLS_DTPMOD", TlsModule, LONG),
    row(1029, "R_AARCH64_TLS_DTPREL", TlsOffset, LONG),
    row(1030, "R_AARCH64_TLS_TPREL", TpOffset, LONG),
    row(1031, "R_AARCH64_TLSDESC", TlsDescriptor, LONG),
    row(1032, "R_AARCH64_IRELATIVE", Indirect, LONG),
];
