//! ARM and Thumb: "ELF for the Arm Architecture" (AAELF32), section 5.6.

use super::{
    Formula::{
        self, AbsoluteThumb, Copy, FromTable, Indirect, Nothing, PcRelative, PcRelativeThumb, Relative,
        SlotOffset, SlotPc, Special, SymbolThumb, TablePc, ThreadLocal, TlsDescriptor, TlsModule, TlsOffset,
        TpOffset, Unsupported,
    },
    Howto, Problem, Site,
    field::{BYTE, Check, Field, HALF, NONE, Unit, WORD, WORD_ANY},
    row,
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
const THUMB_JUMP11: Field = Field::data(2, &[(1, 11, 0)], Check::Signed(12));
const THUMB_JUMP8: Field = Field::data(2, &[(1, 8, 0)], Check::Signed(9));

const fn halves(pieces: &'static [(u8, u8, u8)], check: Check) -> Field {
    Field { unit: Unit::Halves, pieces, round: 0, check, multiple: 1 }
}

/// A byte of an address in a 16-bit instruction.
const fn byte_of(pieces: &'static [(u8, u8, u8)]) -> Field {
    Field::data(2, pieces, Check::Any)
}

const GROUP: Formula = Unsupported("group relocations are not implemented");

/// The types of data and of dynamic linking.
pub(super) const DATA: &[Howto] = &[
    row(0, "R_ARM_NONE", Nothing, NONE),
    row(2, "R_ARM_ABS32", AbsoluteThumb, WORD_ANY),
    row(3, "R_ARM_REL32", PcRelativeThumb, WORD_ANY),
    row(5, "R_ARM_ABS16", Formula::Absolute, HALF),
    row(8, "R_ARM_ABS8", Formula::Absolute, BYTE),
    row(9, "R_ARM_SBREL32", Unsupported("there is no static base"), NONE),
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
    row(26, "R_ARM_GOT_BREL", SlotOffset, WORD_ANY),
    row(38, "R_ARM_TARGET1", AbsoluteThumb, WORD_ANY),
    row(41, "R_ARM_TARGET2", SlotPc, WORD_ANY),
    row(42, "R_ARM_PREL31", PcRelativeThumb, PREL31),
    row(55, "R_ARM_ABS32_NOI", Formula::Absolute, WORD_ANY),
    row(56, "R_ARM_REL32_NOI", PcRelative, WORD_ANY),
    row(96, "R_ARM_GOT_PREL", SlotPc, WORD_ANY),
    row(100, "R_ARM_GNU_VTENTRY", Nothing, NONE),
    row(101, "R_ARM_GNU_VTINHERIT", Nothing, NONE),
    row(104, "R_ARM_TLS_GD32", ThreadLocal, WORD),
    row(105, "R_ARM_TLS_LDM32", ThreadLocal, WORD),
    row(106, "R_ARM_TLS_LDO32", ThreadLocal, WORD),
    row(107, "R_ARM_TLS_IE32", ThreadLocal, WORD),
    row(108, "R_ARM_TLS_LE32", TpOffset, WORD),
    row(160, "R_ARM_IRELATIVE", Indirect, WORD),
];

/// The types of instructions.
pub(super) const CODE: &[Howto] = &[
    row(1, "R_ARM_PC24", Special(arm_branch), BRANCH),
    row(4, "R_ARM_LDR_PC_G0", GROUP, NONE),
    row(10, "R_ARM_THM_CALL", Special(thumb_branch), THUMB_BRANCH),
    row(27, "R_ARM_PLT32", Special(arm_branch), BRANCH),
    row(28, "R_ARM_CALL", Special(arm_branch), BRANCH),
    row(29, "R_ARM_JUMP24", Special(arm_branch), BRANCH),
    row(30, "R_ARM_THM_JUMP24", Special(thumb_branch), THUMB_BRANCH),
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
    row(57, "R_ARM_ALU_PC_G0_NC", GROUP, NONE),
    row(58, "R_ARM_ALU_PC_G0", GROUP, NONE),
    row(59, "R_ARM_ALU_PC_G1_NC", GROUP, NONE),
    row(60, "R_ARM_ALU_PC_G1", GROUP, NONE),
    row(61, "R_ARM_ALU_PC_G2", GROUP, NONE),
    row(62, "R_ARM_LDR_PC_G1", GROUP, NONE),
    row(63, "R_ARM_LDR_PC_G2", GROUP, NONE),
    row(102, "R_ARM_THM_JUMP11", PcRelative, THUMB_JUMP11),
    row(103, "R_ARM_THM_JUMP8", PcRelative, THUMB_JUMP8),
    row(132, "R_ARM_THM_ALU_ABS_G0_NC", AbsoluteThumb, byte_of(&[(0, 8, 0)])),
    row(133, "R_ARM_THM_ALU_ABS_G1_NC", Formula::Absolute, byte_of(&[(8, 8, 0)])),
    row(134, "R_ARM_THM_ALU_ABS_G2_NC", Formula::Absolute, byte_of(&[(16, 8, 0)])),
    row(135, "R_ARM_THM_ALU_ABS_G3", Formula::Absolute, byte_of(&[(24, 8, 0)])),
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
