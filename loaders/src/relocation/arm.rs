//! ARM and Thumb: "ELF for the Arm Architecture" (AAELF32), section 5.6.

use super::{
    Content,
    Formula::{
        self, AbsoluteThumb, Copy, FromTable, Indirect, Nothing, PcRelative, PcRelativeThumb, Relative, Slot,
        SlotSpecial, Special, SymbolThumb, TablePc, TlsDescriptor, TlsModule, TlsOffset, TpOffset,
        Unsupported,
    },
    Howto, Problem, Reach, Site,
    arm_groups::{thumb_literal, twelve_bits},
    field::{BYTE, Check, Field, HALF, NONE, Unit, WORD, WORD_ANY},
    formula::{SLOT_OFFSET, SLOT_PC, row},
};

const PREL31: Field = Field::data(4, &[(0, 31, 0)], Check::Signed(31));
const BRANCH: Field = Field::data(4, &[(2, 24, 0)], Check::Signed(26)).of_multiples(4);
const MOVW: Field = Field::data(4, &[(0, 12, 0), (12, 4, 16)], Check::Any);
const MOVT: Field = Field::data(4, &[(16, 12, 0), (28, 4, 16)], Check::Any);
const THUMB_MOVW: Field = halves(&[(0, 8, 0), (8, 3, 12), (11, 1, 26), (12, 4, 16)], Check::Any);
const THUMB_MOVT: Field = halves(&[(16, 8, 0), (24, 3, 12), (27, 1, 26), (28, 4, 16)], Check::Any);
/// The whole instruction; the functions below take it apart.
const THUMB_BRANCH: Field = halves(&[(0, 32, 0)], Check::Any);
const THUMB_JUMP19: Field =
    halves(&[(1, 11, 0), (12, 6, 16), (18, 1, 13), (19, 1, 11), (20, 1, 26)], Check::Signed(21));
const MOVW_CHECKED: Field = Field { check: Check::Unsigned(16), ..MOVW };
const THUMB_MOVW_CHECKED: Field = Field { check: Check::Unsigned(16), ..THUMB_MOVW };
const THUMB_LOAD: Field = Field::data(2, &[(2, 8, 0)], Check::Unsigned(10));
/// `cbz`, `cbnz`: forward only.
const THUMB_JUMP6: Field = Field::data(2, &[(1, 5, 3), (6, 1, 9)], Check::Unsigned(7));
const THUMB_JUMP11: Field = Field::data(2, &[(1, 11, 0)], Check::Signed(12));
const THUMB_JUMP8: Field = Field::data(2, &[(1, 8, 0)], Check::Signed(9));

const fn halves(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field { unit: Unit::Halves, pieces, round: 0, check, multiple: 1 }
}

/// A byte of an address in a 16-bit instruction.
const fn byte_of(pieces: &'static [(u8, u8, u8)]) -> Field {
    Field::data(2, pieces, Check::Any)
}

const OBSOLETE: Formula = Unsupported("it is obsolete");
const FDPIC: Formula = Unsupported("there are no function descriptors in this ABI");

/// The types of data and of dynamic linking.
pub(super) const DATA: &[Howto] = &[
    row(0, "R_ARM_NONE", Nothing, NONE),
    row(2, "R_ARM_ABS32", AbsoluteThumb, WORD_ANY),
    row(3, "R_ARM_REL32", PcRelativeThumb, WORD_ANY),
    row(5, "R_ARM_ABS16", Formula::Absolute, HALF),
    row(8, "R_ARM_ABS8", Formula::Absolute, BYTE),
    row(9, "R_ARM_SBREL32", Special(from_base), WORD_ANY),
    row(12, "R_ARM_BREL_ADJ", OBSOLETE, NONE),
    row(13, "R_ARM_TLS_DESC", TlsDescriptor, WORD),
    row(17, "R_ARM_TLS_DTPMOD32", TlsModule, WORD),
    row(18, "R_ARM_TLS_DTPOFF32", TlsOffset, WORD),
    row(19, "R_ARM_TLS_TPOFF32", TpOffset, WORD),
    row(20, "R_ARM_COPY", Copy, NONE),
    row(21, "R_ARM_GLOB_DAT", SymbolThumb, WORD),
    row(22, "R_ARM_JUMP_SLOT", SymbolThumb, WORD),
    row(23, "R_ARM_RELATIVE", Relative, WORD),
    row(24, "R_ARM_GOTOFF32", FromTable, WORD_ANY),
    row(25, "R_ARM_BASE_PREL", TablePc, WORD_ANY),
    row(26, "R_ARM_GOT_BREL", SLOT_OFFSET, WORD_ANY),
    row(31, "R_ARM_BASE_ABS", Special(base), WORD_ANY),
    row(38, "R_ARM_TARGET1", AbsoluteThumb, WORD_ANY),
    row(41, "R_ARM_TARGET2", SLOT_PC, WORD_ANY),
    row(39, "R_ARM_SBREL31", Special(from_base), PREL31),
    row(42, "R_ARM_PREL31", PcRelativeThumb, PREL31),
    row(55, "R_ARM_ABS32_NOI", Formula::Absolute, WORD_ANY),
    row(56, "R_ARM_REL32_NOI", PcRelative, WORD_ANY),
    // The distance from the thread pointer, because the block's place is known
    // here; the call that goes with it is then nothing.
    row(90, "R_ARM_TLS_GOTDESC", Special(relaxed_descriptor), WORD_ANY),
    row(94, "R_ARM_PLT32_ABS", AbsoluteThumb, WORD_ANY),
    row(95, "R_ARM_GOT_ABS", Slot(Content::Address, Reach::Absolute), WORD_ANY),
    row(96, "R_ARM_GOT_PREL", SLOT_PC, WORD_ANY),
    row(100, "R_ARM_GNU_VTENTRY", Nothing, NONE),
    row(101, "R_ARM_GNU_VTINHERIT", Nothing, NONE),
    row(104, "R_ARM_TLS_GD32", Slot(Content::TlsIndex, Reach::Pc), WORD_ANY),
    row(105, "R_ARM_TLS_LDM32", Slot(Content::TlsBlock, Reach::Pc), WORD_ANY),
    row(106, "R_ARM_TLS_LDO32", TlsOffset, WORD_ANY),
    row(107, "R_ARM_TLS_IE32", Slot(Content::TpOffset, Reach::Pc), WORD_ANY),
    row(108, "R_ARM_TLS_LE32", TpOffset, WORD),
    row(160, "R_ARM_IRELATIVE", Indirect, WORD),
    row(161, "R_ARM_GOTFUNCDESC", FDPIC, NONE),
    row(162, "R_ARM_GOTOFFFUNCDESC", FDPIC, NONE),
    row(163, "R_ARM_FUNCDESC", FDPIC, NONE),
    row(164, "R_ARM_FUNCDESC_VALUE", FDPIC, NONE),
    row(165, "R_ARM_TLS_GD32_FDPIC", FDPIC, NONE),
    row(166, "R_ARM_TLS_LDM32_FDPIC", FDPIC, NONE),
    row(167, "R_ARM_TLS_IE32_FDPIC", FDPIC, NONE),
    row(249, "R_ARM_RXPC25", OBSOLETE, NONE),
    row(250, "R_ARM_RSBREL32", OBSOLETE, NONE),
    row(251, "R_ARM_THM_RPC22", OBSOLETE, NONE),
    row(252, "R_ARM_RREL32", OBSOLETE, NONE),
    row(253, "R_ARM_RABS32", OBSOLETE, NONE),
    row(254, "R_ARM_RPC24", OBSOLETE, NONE),
    row(255, "R_ARM_RBASE", OBSOLETE, NONE),
];

/// The types of instructions.
pub(super) const CODE: &[Howto] = &[
    row(1, "R_ARM_PC24", Special(arm_branch), BRANCH),
    row(6, "R_ARM_ABS12", Special(|site| twelve_bits(site, absolute)), WORD_ANY),
    row(7, "R_ARM_THM_ABS5", OBSOLETE, NONE),
    row(10, "R_ARM_THM_CALL", Special(thumb_branch), THUMB_BRANCH),
    row(11, "R_ARM_THM_PC8", Special(thumb_load), THUMB_LOAD),
    row(14, "R_ARM_THM_SWI8", OBSOLETE, NONE),
    row(15, "R_ARM_XPC25", Special(arm_branch), BRANCH),
    row(16, "R_ARM_THM_XPC22", Special(thumb_branch), THUMB_BRANCH),
    row(27, "R_ARM_PLT32", Special(arm_branch), BRANCH),
    row(28, "R_ARM_CALL", Special(arm_branch), BRANCH),
    row(29, "R_ARM_JUMP24", Special(arm_branch), BRANCH),
    row(30, "R_ARM_THM_JUMP24", Special(thumb_branch), THUMB_BRANCH),
    row(32, "R_ARM_ALU_PCREL7_0", OBSOLETE, NONE),
    row(33, "R_ARM_ALU_PCREL15_8", OBSOLETE, NONE),
    row(34, "R_ARM_ALU_PCREL23_15", OBSOLETE, NONE),
    row(35, "R_ARM_LDR_SBREL_11_0", OBSOLETE, NONE),
    row(36, "R_ARM_ALU_SBREL_19_12", OBSOLETE, NONE),
    row(37, "R_ARM_ALU_SBREL_27_20", OBSOLETE, NONE),
    // A `bx` that may be replaced on processors without it.
    row(40, "R_ARM_V4BX", Nothing, NONE),
    row(43, "R_ARM_MOVW_ABS_NC", AbsoluteThumb, MOVW),
    row(44, "R_ARM_MOVT_ABS", Special(high_absolute), MOVT),
    row(45, "R_ARM_MOVW_PREL_NC", PcRelativeThumb, MOVW),
    row(46, "R_ARM_MOVT_PREL", Special(high_relative), MOVT),
    row(47, "R_ARM_THM_MOVW_ABS_NC", AbsoluteThumb, THUMB_MOVW),
    row(48, "R_ARM_THM_MOVT_ABS", Special(high_absolute), THUMB_MOVT),
    row(49, "R_ARM_THM_MOVW_PREL_NC", PcRelativeThumb, THUMB_MOVW),
    row(50, "R_ARM_THM_MOVT_PREL", Special(high_relative), THUMB_MOVT),
    row(51, "R_ARM_THM_JUMP19", PcRelative, THUMB_JUMP19),
    row(52, "R_ARM_THM_JUMP6", PcRelative, THUMB_JUMP6),
    row(53, "R_ARM_THM_ALU_PREL_11_0", Special(thumb_literal), THUMB_BRANCH),
    row(54, "R_ARM_THM_PC12", Special(thumb_literal), THUMB_BRANCH),
    row(84, "R_ARM_MOVW_BREL_NC", Special(from_base), MOVW),
    row(85, "R_ARM_MOVT_BREL", Special(high_from_base), MOVT),
    row(86, "R_ARM_MOVW_BREL", Special(from_base), MOVW_CHECKED),
    row(87, "R_ARM_THM_MOVW_BREL_NC", Special(from_base), THUMB_MOVW),
    row(88, "R_ARM_THM_MOVT_BREL", Special(high_from_base), THUMB_MOVT),
    row(89, "R_ARM_THM_MOVW_BREL", Special(from_base), THUMB_MOVW_CHECKED),
    row(91, "R_ARM_TLS_CALL", Special(relaxed_call), WORD_ANY),
    row(92, "R_ARM_TLS_DESCSEQ", Unsupported("sequences of descriptors are not relaxed"), NONE),
    row(93, "R_ARM_THM_TLS_CALL", Special(relaxed_call), THUMB_BRANCH),
    row(97, "R_ARM_GOT_BREL12", SlotSpecial(Content::Address, Reach::Pc, short_slot), WORD_ANY),
    row(98, "R_ARM_GOTOFF12", Special(|site| twelve_bits(site, from_table)), WORD_ANY),
    row(99, "R_ARM_GOTRELAX", Nothing, NONE),
    row(102, "R_ARM_THM_JUMP11", PcRelative, THUMB_JUMP11),
    row(103, "R_ARM_THM_JUMP8", PcRelative, THUMB_JUMP8),
    row(
        109,
        "R_ARM_TLS_LDO12",
        Special(|site| twelve_bits(site, |site, addend| site.offset_of_variable(addend))),
        WORD_ANY,
    ),
    row(
        110,
        "R_ARM_TLS_LE12",
        Special(|site| twelve_bits(site, |site, addend| site.distance_of_variable(addend))),
        WORD_ANY,
    ),
    row(111, "R_ARM_TLS_IE12GP", SlotSpecial(Content::TpOffset, Reach::Pc, short_slot), WORD_ANY),
    row(128, "R_ARM_ME_TOO", OBSOLETE, NONE),
    row(129, "R_ARM_THM_TLS_DESCSEQ", Unsupported("sequences of descriptors are not relaxed"), NONE),
    row(132, "R_ARM_THM_ALU_ABS_G0_NC", AbsoluteThumb, byte_of(&[(0, 8, 0)])),
    row(133, "R_ARM_THM_ALU_ABS_G1_NC", Formula::Absolute, byte_of(&[(8, 8, 0)])),
    row(134, "R_ARM_THM_ALU_ABS_G2_NC", Formula::Absolute, byte_of(&[(16, 8, 0)])),
    row(135, "R_ARM_THM_ALU_ABS_G3", Formula::Absolute, byte_of(&[(24, 8, 0)])),
    // Branches of the future (Armv8.1-M).
    row(
        136,
        "R_ARM_THM_BF16",
        PcRelativeThumb,
        halves(&[(1, 1, 11), (2, 10, 1), (12, 5, 16)], Check::Signed(17)),
    ),
    row(
        137,
        "R_ARM_THM_BF12",
        PcRelativeThumb,
        halves(&[(1, 1, 11), (2, 10, 1), (12, 1, 16)], Check::Signed(13)),
    ),
    row(
        138,
        "R_ARM_THM_BF18",
        PcRelativeThumb,
        halves(&[(1, 1, 11), (2, 10, 1), (12, 7, 16)], Check::Signed(19)),
    ),
];

const VENEER: &str = "a jump between ARM and Thumb code needs a veneer";

/// `movt`: an addend in the field is a signed 16-bit number, not shifted.
fn high(site: &mut Site<'_>, place: u64) -> Result<(), Problem> {
    let addend = match site.relocation.addend {
        Some(addend) => addend as u64,
        None => (site.addend()? as u32 as i32 >> 16) as u64,
    };
    site.put(site.target.value.wrapping_add(addend).wrapping_sub(place))
}

/// `S + A - B(S)`.
fn from_base(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = (site.target.value.wrapping_add(site.addend()?) | u64::from(site.target.thumb))
        .wrapping_sub(site.target.origin);
    site.put(value)
}

fn high_from_base(site: &mut Site<'_>) -> Result<(), Problem> {
    let origin = site.target.origin;
    high(site, origin)
}

/// `B(S) + A`.
fn base(site: &mut Site<'_>) -> Result<(), Problem> {
    let value = site.target.origin.wrapping_add(site.addend()?);
    site.put(value)
}

fn absolute(site: &mut Site<'_>, addend: u64) -> Result<Option<u64>, Problem> {
    Ok(Some(site.target.value.wrapping_add(addend)))
}

fn from_table(site: &mut Site<'_>, addend: u64) -> Result<Option<u64>, Problem> {
    Ok(Some(site.target.value.wrapping_add(addend).wrapping_sub(site.table())))
}

/// The distance of a slot from the table.
fn short_slot(site: &mut Site<'_>) -> Result<(), Problem> {
    let slot = site.slot()?;
    twelve_bits(site, |site, addend| Ok(Some(slot.wrapping_add(addend).wrapping_sub(site.table()))))
}

/// `ldr` of a literal: words from the place rounded down.
fn thumb_load(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = match site.relocation.addend {
        Some(addend) => addend as u64,
        // 0xff stands for -4.
        None => (((site.unit()? & 0xff) << 2).wrapping_add(4) & 0x3ff).wrapping_sub(4),
    };
    let value = site.target.value.wrapping_add(addend).wrapping_sub(site.place() & !3);
    site.put(value)
}

fn relaxed_descriptor(site: &mut Site<'_>) -> Result<(), Problem> {
    match site.distance_of_variable(0)? {
        Some(distance) => site.put(distance),
        None => site.put(0),
    }
}

/// `nop` in place of the call that would give the distance, which is in the
/// register already.
fn relaxed_call(site: &mut Site<'_>) -> Result<(), Problem> {
    const ARM_NOP: u64 = 0xe1a0_0000;
    const THUMB_NOP: u64 = 0x46c0_46c0;
    let nop = if site.howto.number == 93 { THUMB_NOP } else { ARM_NOP };
    site.put_unit(nop)
}

fn high_absolute(site: &mut Site<'_>) -> Result<(), Problem> {
    high(site, 0)
}

fn high_relative(site: &mut Site<'_>) -> Result<(), Problem> {
    let place = site.place();
    high(site, place)
}

/// `b`, `bl`, `blx` in ARM code. A call of Thumb code becomes `blx`, and a
/// `blx` to ARM code becomes `bl`.
fn arm_branch(site: &mut Site<'_>) -> Result<(), Problem> {
    let addend = site.addend()?;
    let offset = site.target.value.wrapping_add(addend).wrapping_sub(site.place());
    let unit = site.unit()?;
    let is_blx = unit >> 25 == 0x7d;
    let is_bl = unit >> 24 & 0xf == 0xb;
    if !site.target.thumb {
        if is_blx {
            site.put_unit(unit & 0xff_ffff | 0xeb00_0000)?;
        }
        return branch_or_stay(site, offset, &BRANCH);
    }
    let is_plain_call = is_bl && unit >> 28 == 0xe;
    if !is_blx && !is_plain_call {
        return Err(Problem::Unsupported(site.howto.name, VENEER));
    }
    site.put_unit(unit & 0xff_ffff | 0xfa00_0000 | (offset >> 1 & 1) << 24)?;
    const HALFWORDS: Field = Field::data(4, &[(2, 24, 0)], Check::Signed(26)).of_multiples(2);
    branch_or_stay(site, offset, &HALFWORDS)
}

/// A branch to a weak symbol that nothing defines stays as it is.
fn branch_or_stay(site: &mut Site<'_>, offset: u64, field: &Field) -> Result<(), Problem> {
    let at = site.relocation.place;
    match site.put_into(at, field, offset) {
        Err(Problem::Overflow(..)) if site.target.missing_weak => Ok(()),
        result => result,
    }
}

/// `bl`, `blx`, `b.w` in Thumb code: `S:I1:I2:imm10:imm11:0`, where
/// `J1 = !(I1 ^ S)` and `J2 = !(I2 ^ S)` stand in the instruction.
fn thumb_branch(site: &mut Site<'_>) -> Result<(), Problem> {
    let unit = site.unit()?;
    let addend = site.relocation.addend.map_or_else(|| thumb_offset(unit), |addend| addend as u64);
    let mut offset = site.target.value.wrapping_add(addend).wrapping_sub(site.place());
    let is_call = unit & 0xc000 == 0xc000;
    let mut unit = unit;
    if site.target.function && !site.target.thumb {
        if !is_call {
            return Err(Problem::Unsupported(site.howto.name, VENEER));
        }
        // `blx` counts from the place rounded down to a word.
        offset = offset.wrapping_add(3) & !3;
        unit &= !0x1000;
    } else if is_call {
        unit |= 0x1000;
    }
    let signed = i64::from(offset as u32 as i32);
    if signed >> 24 != 0 && signed >> 24 != -1 {
        if site.target.missing_weak {
            return Ok(());
        }
        return Err(Problem::Overflow(site.howto.name, offset));
    }
    let bit = |number: u32| offset >> number & 1;
    let (sign, j1, j2) = (bit(24), !(bit(23) ^ bit(24)) & 1, !(bit(22) ^ bit(24)) & 1);
    unit &= 0xf800_d000;
    unit |= sign << 26 | (offset >> 12 & 0x3ff) << 16 | j1 << 13 | j2 << 11 | (offset >> 1 & 0x7ff);
    site.put_unit(unit)
}

fn thumb_offset(unit: u64) -> u64 {
    let bit = |number: u32| unit >> number & 1;
    let sign = bit(26);
    let (i1, i2) = (!(bit(13) ^ sign) & 1, !(bit(11) ^ sign) & 1);
    let value = sign << 24 | i1 << 23 | i2 << 22 | (unit >> 16 & 0x3ff) << 12 | (unit & 0x7ff) << 1;
    ((value << 39) as i64 >> 39) as u64
}
