//! Motorola 68000 family, to the 68040 with its floating-point unit. M68000
//! Family Programmer's Reference Manual (M68000PM/AD), 2.2 (effective
//! addresses), 3 to 6 (instructions) and 8 (formats).

use terrella_platforms::{ByteOrder::Big, Platform};

use super::{CodeState, Decoder, halfword, matches};

pub(super) const DECODER: Decoder = Decoder { length, transfers, wide };

/// The sizes of operands; only of an immediate one do they matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// An immediate byte takes two bytes as well.
    Word,
    Long,
    Double,
    /// Extended and packed numbers.
    Twelve,
}

impl Size {
    /// From the usual field of two bits.
    fn of_field(field: u16) -> Self {
        if field & 3 == 2 { Self::Long } else { Self::Word }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Word => 2,
            Self::Long => 4,
            Self::Double => 8,
            Self::Twelve => 12,
        }
    }
}

/// What follows the operation word (and words that are part of it).
enum Format {
    /// Nothing more, this many bytes in all.
    Fixed(usize),
    /// So many bytes, then the extension words of the effective address in the
    /// operation word's low six bits.
    Address(usize, Size),
}
use Format::{Address, Fixed};

fn word_at(bytes: &[u8], offset: usize) -> Option<u16> {
    halfword(bytes.get(offset..)?, Big)
}

/// The bytes that an effective address (mode and register, six bits) takes at
/// `offset`.
fn address_bytes(address: u16, size: Size, bytes: &[u8], offset: usize) -> Option<usize> {
    match (address >> 3 & 7, address & 7) {
        (0..=4, _) => Some(0),
        (5, _) | (7, 0 | 2) => Some(2),
        (6, _) | (7, 3) => index_bytes(word_at(bytes, offset)?),
        (7, 1) => Some(4),
        (7, 4) => Some(size.bytes()),
        _ => None,
    }
}

/// The bytes of an indexed address, from its extension word.
fn index_bytes(extension: u16) -> Option<usize> {
    if extension & 0x0100 == 0 {
        return Some(2);
    }
    let base = match extension >> 4 & 3 {
        2 => 2,
        3 => 4,
        _ => 0,
    };
    let outer = match extension & 3 {
        2 => 2,
        3 => 4,
        _ => 0,
    };
    Some(2 + base + outer)
}

fn length(_: Platform, _: CodeState, bytes: &[u8]) -> Option<usize> {
    let operation = word_at(bytes, 0)?;
    match format(operation, bytes)? {
        Fixed(bytes) => Some(bytes),
        Address(before, size) => Some(before + address_bytes(operation & 0x3f, size, bytes, before)?),
    }
}

fn format(operation: u16, bytes: &[u8]) -> Option<Format> {
    let mode = operation >> 3 & 7;
    let field = operation >> 6 & 3;
    let size = Size::of_field(field);
    Some(match operation >> 12 {
        0 => immediate(operation),
        1 | 3 => return moved(operation, Size::Word, bytes),
        2 => return moved(operation, Size::Long, bytes),
        4 => miscellaneous(operation),
        // scc, dbcc, trapcc; addq, subq
        5 if field == 3 => match operation & 0x3f {
            0x3a => Fixed(4),
            0x3b => Fixed(6),
            0x3c => Fixed(2),
            _ if mode == 1 => Fixed(4),
            _ => Address(2, Size::Word),
        },
        5 => Address(2, Size::Word),
        // bcc, bra, bsr
        6 => Fixed(match operation & 0xff {
            0x00 => 4,
            0xff => 6,
            _ => 2,
        }),
        // moveq; mvs and mvz of ColdFire
        7 if operation & 0x0100 == 0 => Fixed(2),
        7 => Address(2, Size::Word),
        // pack, unpk
        8 if matches!(operation & 0x01f0, 0x0140 | 0x0180) => Fixed(4),
        // Lines 1010 and 1111 that are no instructions trap, and have two bytes.
        0xa => Fixed(2),
        0xe if operation & 0x08c0 == 0x08c0 => Address(4, Size::Word),
        0xe if field == 3 => Address(2, Size::Word),
        0xe => Fixed(2),
        0xf => return coprocessor(operation, bytes),
        // or, sub, cmp and eor, and, add: with register operands (addx and
        // others), addresses (adda and others) or any
        group => match operation >> 6 & 7 {
            4..=6 if mode < 2 && (group != 0xb || mode == 1) => Fixed(2),
            3 => Address(2, Size::Word),
            7 if matches!(group, 9 | 0xb | 0xd) => Address(2, Size::Long),
            7 => Address(2, Size::Word),
            _ => Address(2, size),
        },
    })
}

/// Immediate operands, bit manipulation, movep, cas and others.
fn immediate(operation: u16) -> Format {
    let size = Size::of_field(operation >> 6);
    if operation & 0x0100 != 0 {
        let movep = operation & 0x38 == 0x08;
        return if movep { Fixed(4) } else { Address(2, Size::Word) };
    }
    match (operation >> 9 & 7, operation >> 6 & 3) {
        // rtm
        (3, 3) if operation & 0x30 == 0 => Fixed(2),
        // cas2
        (6 | 7, 3) if operation & 0x3f == 0x3c => Fixed(6),
        // bits by number; moves; chk2, cmp2, callm, cas
        (4 | 7, _) | (_, 3) => Address(4, Size::Word),
        // ori, andi and eori to the status registers
        (0 | 1 | 5, _) if operation & 0x3f == 0x3c => Fixed(4),
        _ => Address(2 + size.bytes(), size),
    }
}

/// Two effective addresses, the second one with register and mode exchanged.
fn moved(operation: u16, size: Size, bytes: &[u8]) -> Option<Format> {
    let source = address_bytes(operation & 0x3f, size, bytes, 2)?;
    let target = operation >> 9 & 7 | operation >> 3 & 0x38;
    let target = address_bytes(target, size, bytes, 2 + source)?;
    Some(Fixed(2 + source + target))
}

/// Line 0100.
fn miscellaneous(operation: u16) -> Format {
    let register = operation & 0x38 == 0;
    match operation & 0x0fff {
        0xafc => Fixed(2),                         // illegal
        0x808..=0x80f => Fixed(6),                 // link.l
        0xe50..=0xe57 => Fixed(4),                 // link.w
        0xe72 | 0xe74 | 0xe7a | 0xe7b => Fixed(4), // stop, rtd, movec
        0xe40..=0xe7f => Fixed(2),                 // trap, unlk, move usp, rts and others
        0x840..=0x84f => Fixed(2),                 // swap, bkpt
        _ if operation & 0x0100 != 0 => match operation >> 6 & 3 {
            0 => Address(2, Size::Long), // chk.l
            2 => Address(2, Size::Word), // chk.w
            _ if register => Fixed(2),   // extb
            _ => Address(2, Size::Long), // lea
        },
        0x880..=0x8ff if register => Fixed(2),                   // ext
        0x880..=0x8ff | 0xc80..=0xcff => Address(4, Size::Word), // movem
        0xc00..=0xc7f => Address(4, Size::Long),                 // multiplication and division
        // negx, clr, neg, not, tst, moves of the status registers, and others
        _ => Address(2, Size::of_field(operation >> 6)),
    }
}

/// Line 1111: the floating-point unit, the caches and the memory management of
/// the 68030 and 68040.
fn coprocessor(operation: u16, bytes: &[u8]) -> Option<Format> {
    match (operation >> 9 & 7, operation >> 6 & 7) {
        // pmove and others
        (0, 0) => Some(Address(4, Size::Long)),
        (1, 0) => floating(word_at(bytes, 2)?),
        // fscc, fdbcc, ftrapcc
        (1, 1) => Some(match operation & 0x3f {
            0x3a => Fixed(6),
            0x3b => Fixed(8),
            0x3c => Fixed(4),
            address if address >> 3 == 1 => Fixed(6),
            _ => Address(4, Size::Word),
        }),
        (1, 2) => Some(Fixed(4)),                             // fbcc.w
        (1, 3) => Some(Fixed(6)),                             // fbcc.l
        (1, 4 | 5) => Some(Address(2, Size::Word)),           // fsave, frestore
        (2, _) => Some(Fixed(2)),                             // cinv, cpush, pflush, ptest
        (3, 0) if operation & 0x38 == 0x20 => Some(Fixed(4)), // move16 (ax)+, (ay)+
        (3, 0) => Some(Fixed(6)),                             // move16 with an address
        _ => None,
    }
}

/// A general floating-point instruction, from its command word.
fn floating(command: u16) -> Option<Format> {
    let specifier = command >> 10 & 7;
    match command >> 13 {
        0 => Some(Fixed(4)),
        2 if specifier == 7 => Some(Fixed(4)), // fmovecr
        2 | 3 => Some(Address(4, floating_size(specifier))),
        // One to three control registers.
        4 | 5 => Some(Address(
            4,
            match specifier.count_ones() {
                3 => Size::Twelve,
                2 => Size::Double,
                _ => Size::Long,
            },
        )),
        6 | 7 => Some(Address(4, Size::Word)),
        _ => None,
    }
}

fn floating_size(specifier: u16) -> Size {
    match specifier {
        0 | 1 => Size::Long,
        2 | 3 | 7 => Size::Twelve,
        5 => Size::Double,
        _ => Size::Word,
    }
}

const TRANSFERS: &[(u32, u32)] = &[
    (0xf000, 0x6000), // bcc, bra, bsr
    (0xf0f8, 0x50c8), // dbcc
    (0xfff0, 0x4e40), // trap
    (0xfff8, 0x4848), // bkpt
    (0xffff, 0x4e73), // rte
    (0xfffe, 0x4e74), // rtd, rts
    (0xfffe, 0x4e76), // trapv, rtr
    (0xff80, 0x4e80), // jsr, jmp
    (0xffc0, 0x06c0), // callm, rtm
    (0xff80, 0xf280), // fbcc
    (0xfff8, 0xf248), // fdbcc
];

/// With operands 010, 011 or 100 in the place of a register.
const CONDITIONAL_TRAPS: &[(u32, u32)] = &[
    (0xf0f8, 0x50f8), // trapcc
    (0xfff8, 0xf278), // ftrapcc
];

fn transfers(_: Platform, _: CodeState, bytes: &[u8]) -> bool {
    let Some(operation) = word_at(bytes, 0) else { return false };
    let no_operation = operation == 0xf280 && word_at(bytes, 2) == Some(0);
    let trap = matches(operation.into(), CONDITIONAL_TRAPS) && matches!(operation & 7, 2..=4);
    !no_operation && (trap || matches(operation.into(), TRANSFERS))
}

/// Numbers of twelve bytes, and lines of sixteen.
fn wide(_: Platform, _: CodeState, bytes: &[u8]) -> Option<u32> {
    let operation = word_at(bytes, 0)?;
    if operation & 0xffc0 == 0xf600 {
        return Some(16);
    }
    let command = word_at(bytes, 2).filter(|_| operation & 0xffc0 == 0xf200)?;
    let in_memory = operation & 0x38 > 0x08 && operation & 0x3f != 0x3c;
    let twelve = match command >> 13 {
        2 => matches!(command >> 10 & 7, 2 | 3),
        3 => matches!(command >> 10 & 7, 2 | 3 | 7),
        6 | 7 => true,
        _ => false,
    };
    (in_memory && twelve).then_some(12)
}
