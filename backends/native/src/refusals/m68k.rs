//! M68000: operands that an instruction cannot have (M68000 Family
//! Programmer's Reference Manual, 2.4 and the instructions' own tables).

use super::{ALWAYS, ANY, Refusal};

/// First words, by the halfword.
const fn first(mask: u32, value: u32) -> Refusal {
    Refusal { length: ANY, mask: mask << 16, value: value << 16, when: ALWAYS }
}

pub(super) const REFUSALS: &[Refusal] = &[
    // An immediate value is no destination: of ADDQ and SUBQ.
    first(0xf0ff, 0x503c),
    first(0xf0ff, 0x507c),
    first(0xf0ff, 0x50bc),
    // Of OR, SUB, EOR and CMPM, AND, ADD from a data register, of any size.
    first(0xf1ff, 0x813c),
    first(0xf1ff, 0x817c),
    first(0xf1ff, 0x81bc),
    first(0xf1ff, 0x913c),
    first(0xf1ff, 0x917c),
    first(0xf1ff, 0x91bc),
    first(0xf1ff, 0xb13c),
    first(0xf1ff, 0xb17c),
    first(0xf1ff, 0xb1bc),
    first(0xf1ff, 0xc13c),
    first(0xf1ff, 0xc17c),
    first(0xf1ff, 0xc1bc),
    first(0xf1ff, 0xd13c),
    first(0xf1ff, 0xd17c),
    first(0xf1ff, 0xd1bc),
    // SUBI, ADDI, CMPI; ORI, ANDI and EORI of a long word, those of bytes and
    // words being of the status.
    first(0xff3f, 0x043c),
    first(0xff3f, 0x063c),
    first(0xffff, 0x0c3c),
    first(0xffff, 0x0c7c),
    first(0xffff, 0x0cbc),
    first(0xffff, 0x00bc),
    first(0xffff, 0x02bc),
    first(0xffff, 0x0abc),
    // NEGX, CLR, NEG and NOT; MOVE from SR and CCR; NBCD.
    first(0xf9ff, 0x403c),
    first(0xf9ff, 0x407c),
    first(0xf9ff, 0x40bc),
    first(0xfdff, 0x40fc),
    first(0xffff, 0x483c),
    // Shifts in memory, and fields of bits.
    first(0xf0ff, 0xe0fc),
    // MOVE to an immediate value.
    first(0xffc0, 0x19c0),
    first(0xffc0, 0x29c0),
    first(0xffc0, 0x39c0),
    // CHK2, CMP2 and CALLM.
    first(0xf9ff, 0x00fc),
    // BCHG, BCLR and BSET with a bit in a register, and with one in the code;
    // BTST with one in the code.
    first(0xf1ff, 0x017c),
    first(0xf1ff, 0x01bc),
    first(0xf1ff, 0x01fc),
    first(0xff3f, 0x083c),
    // A byte of an address register, by ADDQ and SUBQ.
    first(0xf0f8, 0x5008),
];
