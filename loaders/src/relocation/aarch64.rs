//! AArch64: "ELF for the Arm 64-bit Architecture" (AAELF64), section 5.7.

use super::{
    Content::{self, TlsBlock, TlsIndex},
    Formula::{
        Absolute, Copy, FromTable, Indirect, Nothing, Page, PcRelative, Relative, Slot, SlotSpecial, Special,
        TlsDescriptor, TlsModule, TlsOffset, TpOffset,
    },
    Howto, Problem, Reach, Site,
    field::{Check, Field, HALF, HALF_SIGNED, LONG, NONE, WORD, WORD_SIGNED},
    formula::{SLOT_ABSOLUTE, SLOT_FROM_TABLE, SLOT_PAGE, SLOT_PC, row},
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

const LOW12_CHECKED: Field = checked(LOW12, Check::Unsigned(12));
const LOW12_BY_2_CHECKED: Field = checked(LOW12_BY_2, Check::Unsigned(12));
const LOW12_BY_4_CHECKED: Field = checked(LOW12_BY_4, Check::Unsigned(12));
const LOW12_BY_8_CHECKED: Field = checked(LOW12_BY_8, Check::Unsigned(12));
const LOW12_BY_16_CHECKED: Field = checked(LOW12_BY_16, Check::Unsigned(12));
const LOW15_BY_8: Field = instruction(&[(3, 12, 10)], Check::Unsigned(15)).of_multiples(8);
/// Those of a `movz` that becomes a `movn` for a negative value.
const SIGNED_G0: Field = checked(G0, Check::Signed(17));
const SIGNED_G1: Field = checked(G1, Check::Signed(33));
const SIGNED_G2: Field = checked(G2, Check::Signed(49));

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
    row(270, "R_AARCH64_MOVW_SABS_G0", Special(signed_move), SIGNED_G0),
    row(271, "R_AARCH64_MOVW_SABS_G1", Special(signed_move), SIGNED_G1),
    row(272, "R_AARCH64_MOVW_SABS_G2", Special(signed_move), SIGNED_G2),
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
    row(287, "R_AARCH64_MOVW_PREL_G0", Special(signed_distance), SIGNED_G0),
    row(288, "R_AARCH64_MOVW_PREL_G0_NC", PcRelative, G0),
    row(289, "R_AARCH64_MOVW_PREL_G1", Special(signed_distance), SIGNED_G1),
    row(290, "R_AARCH64_MOVW_PREL_G1_NC", PcRelative, G1),
    row(291, "R_AARCH64_MOVW_PREL_G2", Special(signed_distance), SIGNED_G2),
    row(292, "R_AARCH64_MOVW_PREL_G2_NC", PcRelative, G2),
    row(293, "R_AARCH64_MOVW_PREL_G3", Special(top_of_distance), G3),
    row(299, "R_AARCH64_LDST128_ABS_LO12_NC", Absolute, LOW12_BY_16),
    row(
        300,
        "R_AARCH64_MOVW_GOTOFF_G0",
        SlotSpecial(Content::Address, Reach::FromTable, signed_slot),
        SIGNED_G0,
    ),
    row(301, "R_AARCH64_MOVW_GOTOFF_G0_NC", SLOT_FROM_TABLE, G0),
    row(
        302,
        "R_AARCH64_MOVW_GOTOFF_G1",
        SlotSpecial(Content::Address, Reach::FromTable, signed_slot),
        SIGNED_G1,
    ),
    row(303, "R_AARCH64_MOVW_GOTOFF_G1_NC", SLOT_FROM_TABLE, G1),
    row(
        304,
        "R_AARCH64_MOVW_GOTOFF_G2",
        SlotSpecial(Content::Address, Reach::FromTable, signed_slot),
        SIGNED_G2,
    ),
    row(305, "R_AARCH64_MOVW_GOTOFF_G2_NC", SLOT_FROM_TABLE, G2),
    row(306, "R_AARCH64_MOVW_GOTOFF_G3", SLOT_FROM_TABLE, G3),
    row(307, "R_AARCH64_GOTREL64", FromTable, LONG),
    row(308, "R_AARCH64_GOTREL32", FromTable, WORD_SIGNED),
    row(309, "R_AARCH64_GOT_LD_PREL19", Slot(Content::Address, Reach::Distance), BRANCH19),
    row(310, "R_AARCH64_LD64_GOTOFF_LO15", SLOT_FROM_TABLE, LOW15_BY_8),
    row(311, "R_AARCH64_ADR_GOT_PAGE", SLOT_PAGE, PAGE),
    row(312, "R_AARCH64_LD64_GOT_LO12_NC", SLOT_ABSOLUTE, LOW12_BY_8),
    row(313, "R_AARCH64_LD64_GOTPAGE_LO15", Slot(Content::Address, Reach::FromTablePage), LOW15_BY_8),
    row(314, "R_AARCH64_PLT32", PcRelative, WORD_SIGNED),
    row(315, "R_AARCH64_GOTPCREL32", SLOT_PC, WORD_SIGNED),
    row(512, "R_AARCH64_TLSGD_ADR_PREL21", Slot(TlsIndex, Reach::Distance), ADR),
    row(513, "R_AARCH64_TLSGD_ADR_PAGE21", Slot(TlsIndex, Reach::Page), PAGE),
    row(514, "R_AARCH64_TLSGD_ADD_LO12_NC", Slot(TlsIndex, Reach::Absolute), LOW12),
    row(515, "R_AARCH64_TLSGD_MOVW_G1", SlotSpecial(TlsIndex, Reach::FromTable, signed_slot), SIGNED_G1),
    row(516, "R_AARCH64_TLSGD_MOVW_G0_NC", Slot(TlsIndex, Reach::FromTable), G0),
    row(517, "R_AARCH64_TLSLD_ADR_PREL21", Slot(TlsBlock, Reach::Distance), ADR),
    row(518, "R_AARCH64_TLSLD_ADR_PAGE21", Slot(TlsBlock, Reach::Page), PAGE),
    row(519, "R_AARCH64_TLSLD_ADD_LO12_NC", Slot(TlsBlock, Reach::Absolute), LOW12),
    row(520, "R_AARCH64_TLSLD_MOVW_G1", SlotSpecial(TlsBlock, Reach::FromTable, signed_slot), SIGNED_G1),
    row(521, "R_AARCH64_TLSLD_MOVW_G0_NC", Slot(TlsBlock, Reach::FromTable), G0),
    row(522, "R_AARCH64_TLSLD_LD_PREL19", Slot(TlsBlock, Reach::Distance), BRANCH19),
    row(523, "R_AARCH64_TLSLD_MOVW_DTPREL_G2", Special(signed_tls), SIGNED_G2),
    row(524, "R_AARCH64_TLSLD_MOVW_DTPREL_G1", Special(signed_tls), SIGNED_G1),
    row(525, "R_AARCH64_TLSLD_MOVW_DTPREL_G1_NC", TlsOffset, G1),
    row(526, "R_AARCH64_TLSLD_MOVW_DTPREL_G0", Special(signed_tls), SIGNED_G0),
    row(527, "R_AARCH64_TLSLD_MOVW_DTPREL_G0_NC", TlsOffset, G0),
    row(528, "R_AARCH64_TLSLD_ADD_DTPREL_HI12", TlsOffset, HIGH12),
    row(529, "R_AARCH64_TLSLD_ADD_DTPREL_LO12", TlsOffset, LOW12_CHECKED),
    row(530, "R_AARCH64_TLSLD_ADD_DTPREL_LO12_NC", TlsOffset, LOW12),
    row(531, "R_AARCH64_TLSLD_LDST8_DTPREL_LO12", TlsOffset, LOW12_CHECKED),
    row(532, "R_AARCH64_TLSLD_LDST8_DTPREL_LO12_NC", TlsOffset, LOW12),
    row(533, "R_AARCH64_TLSLD_LDST16_DTPREL_LO12", TlsOffset, LOW12_BY_2_CHECKED),
    row(534, "R_AARCH64_TLSLD_LDST16_DTPREL_LO12_NC", TlsOffset, LOW12_BY_2),
    row(535, "R_AARCH64_TLSLD_LDST32_DTPREL_LO12", TlsOffset, LOW12_BY_4_CHECKED),
    row(536, "R_AARCH64_TLSLD_LDST32_DTPREL_LO12_NC", TlsOffset, LOW12_BY_4),
    row(537, "R_AARCH64_TLSLD_LDST64_DTPREL_LO12", TlsOffset, LOW12_BY_8_CHECKED),
    row(538, "R_AARCH64_TLSLD_LDST64_DTPREL_LO12_NC", TlsOffset, LOW12_BY_8),
    row(
        539,
        "R_AARCH64_TLSIE_MOVW_GOTTPREL_G1",
        SlotSpecial(Content::TpOffset, Reach::FromTable, signed_slot),
        SIGNED_G1,
    ),
    row(540, "R_AARCH64_TLSIE_MOVW_GOTTPREL_G0_NC", Slot(Content::TpOffset, Reach::FromTable), G0),
    row(541, "R_AARCH64_TLSIE_ADR_GOTTPREL_PAGE21", Slot(Content::TpOffset, Reach::Page), PAGE),
    row(542, "R_AARCH64_TLSIE_LD64_GOTTPREL_LO12_NC", Slot(Content::TpOffset, Reach::Absolute), LOW12_BY_8),
    row(543, "R_AARCH64_TLSIE_LD_GOTTPREL_PREL19", Slot(Content::TpOffset, Reach::Distance), BRANCH19),
    row(544, "R_AARCH64_TLSLE_MOVW_TPREL_G2", Special(signed_tls), SIGNED_G2),
    row(545, "R_AARCH64_TLSLE_MOVW_TPREL_G1", Special(signed_tls), SIGNED_G1),
    row(546, "R_AARCH64_TLSLE_MOVW_TPREL_G1_NC", TpOffset, G1),
    row(547, "R_AARCH64_TLSLE_MOVW_TPREL_G0", Special(signed_tls), SIGNED_G0),
    row(548, "R_AARCH64_TLSLE_MOVW_TPREL_G0_NC", TpOffset, G0),
    row(549, "R_AARCH64_TLSLE_ADD_TPREL_HI12", TpOffset, HIGH12),
    row(550, "R_AARCH64_TLSLE_ADD_TPREL_LO12", TpOffset, LOW12_CHECKED),
    row(551, "R_AARCH64_TLSLE_ADD_TPREL_LO12_NC", TpOffset, LOW12),
    row(552, "R_AARCH64_TLSLE_LDST8_TPREL_LO12", TpOffset, LOW12_CHECKED),
    row(553, "R_AARCH64_TLSLE_LDST8_TPREL_LO12_NC", TpOffset, LOW12),
    row(554, "R_AARCH64_TLSLE_LDST16_TPREL_LO12", TpOffset, LOW12_BY_2_CHECKED),
    row(555, "R_AARCH64_TLSLE_LDST16_TPREL_LO12_NC", TpOffset, LOW12_BY_2),
    row(556, "R_AARCH64_TLSLE_LDST32_TPREL_LO12", TpOffset, LOW12_BY_4_CHECKED),
    row(557, "R_AARCH64_TLSLE_LDST32_TPREL_LO12_NC", TpOffset, LOW12_BY_4),
    row(558, "R_AARCH64_TLSLE_LDST64_TPREL_LO12", TpOffset, LOW12_BY_8_CHECKED),
    row(559, "R_AARCH64_TLSLE_LDST64_TPREL_LO12_NC", TpOffset, LOW12_BY_8),
    row(560, "R_AARCH64_TLSDESC_LD_PREL19", Slot(Content::TlsDescriptor, Reach::Distance), BRANCH19),
    row(561, "R_AARCH64_TLSDESC_ADR_PREL21", Slot(Content::TlsDescriptor, Reach::Distance), ADR),
    row(562, "R_AARCH64_TLSDESC_ADR_PAGE21", Slot(Content::TlsDescriptor, Reach::Page), PAGE),
    row(563, "R_AARCH64_TLSDESC_LD64_LO12", Slot(Content::TlsDescriptor, Reach::Absolute), LOW12_BY_8),
    row(564, "R_AARCH64_TLSDESC_ADD_LO12", Slot(Content::TlsDescriptor, Reach::Absolute), LOW12),
    row(
        565,
        "R_AARCH64_TLSDESC_OFF_G1",
        SlotSpecial(Content::TlsDescriptor, Reach::FromTable, signed_slot),
        SIGNED_G1,
    ),
    row(566, "R_AARCH64_TLSDESC_OFF_G0_NC", Slot(Content::TlsDescriptor, Reach::FromTable), G0),
    row(567, "R_AARCH64_TLSDESC_LDR", Nothing, NONE),
    row(568, "R_AARCH64_TLSDESC_ADD", Nothing, NONE),
    row(569, "R_AARCH64_TLSDESC_CALL", Nothing, NONE),
    row(570, "R_AARCH64_TLSLE_LDST128_TPREL_LO12", TpOffset, LOW12_BY_16_CHECKED),
    row(571, "R_AARCH64_TLSLE_LDST128_TPREL_LO12_NC", TpOffset, LOW12_BY_16),
    row(572, "R_AARCH64_TLSLD_LDST128_DTPREL_LO12", TlsOffset, LOW12_BY_16_CHECKED),
    row(573, "R_AARCH64_TLSLD_LDST128_DTPREL_LO12_NC", TlsOffset, LOW12_BY_16),
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

/// A `movz`, or for a negative value the `movn` of its complement
/// (AAELF64, table 5.7.4): bit 30 tells which.
fn put_signed(site: &mut Site<'_>, value: u64) -> Result<(), Problem> {
    let field = site.howto.field;
    let overflow = Problem::Overflow(site.howto.name, value);
    let unit = site.unit()?;
    field.insert(unit, value, 64).ok_or(overflow)?;
    let negative = (value as i64) < 0;
    let (opcode, value) = if negative { (0, !value) } else { (1 << 30, value) };
    let any = Field { check: Check::Any, ..field };
    let unit = any.insert(unit & !(1 << 30) | opcode, value, 64).ok_or(overflow)?;
    site.put_unit(unit)
}

fn signed_move(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?);
    put_signed(site, value)
}

fn signed_distance(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?).wrapping_sub(site.place());
    put_signed(site, value)
}

/// The top 16 bits fit always, into a `movk` too.
fn top_of_distance(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.value.wrapping_add(site.addend()?).wrapping_sub(site.place());
    let is_movk = site.unit()? >> 29 & 3 == 3;
    if is_movk { site.put(value) } else { put_signed(site, value) }
}

/// `G - GOT`.
fn signed_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.slot()?.wrapping_sub(site.table());
    put_signed(site, value)
}

/// The distance from the thread pointer, or the offset in the block.
fn signed_tls(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    let value = if (523..=526).contains(&site.howto.number) {
        site.offset_of_variable(addend)?
    } else {
        site.distance_of_variable(addend)?
    };
    value.map_or(Ok(()), |value| put_signed(site, value))
}
