//! Decoding the instructions that have kernels: prefixes, opcode, operands.

/// The prefix that selects among instructions of one opcode.
pub(super) const NONE: u8 = 1;
pub(super) const P66: u8 = 2;
pub(super) const PF3: u8 = 4;
pub(super) const PF2: u8 = 8;

/// The size of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 16 bits, in real-address mode.
    Real,
    /// 32 bits.
    Protected,
    /// 64 bits.
    Long,
}

/// An address as an instruction gives it; registers by their numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Address {
    pub(super) base: Option<u8>,
    pub(super) index: Option<u8>,
    pub(super) shift: u8,
    pub(super) displacement: u64,
    /// The prefix that selects a segment, as a number of segment registers.
    pub(super) segment: Option<u8>,
    pub(super) bits: u8,
}

/// An instruction, taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoded {
    pub(super) prefix: u8,
    /// The operand size prefix, whatever else there is.
    pub(super) has_66: bool,
    pub(super) map: u8,
    pub(super) opcode: u8,
    pub(super) modrm: u8,
    /// The register of the ModRM byte, and that of its other half.
    pub(super) reg: u8,
    pub(super) rm: u8,
    pub(super) address: Option<Address>,
    pub(super) vvvv: u8,
    pub(super) vex: bool,
    pub(super) long: bool,
    pub(super) wide: bool,
    pub(super) has_rex: bool,
    pub(super) locks: bool,
    pub(super) segment: Option<u8>,
    /// Addresses have 16 bits.
    pub(super) short: bool,
    /// Where the immediate is.
    pub(super) immediate: usize,
    /// The address is longer than the bytes: for the specification, the
    /// operand is a register whatever the ModRM byte says.
    pub(super) truncated: bool,
}

/// Takes an instruction apart; `None`: it has no kernel.
pub(super) fn decode(bytes: &[u8], mode: Mode) -> Option<Decoded> {
    let is_64 = mode == Mode::Long;
    let mut at = 0;
    let (mut has_66, mut repeat, mut segment, mut has_67) = (false, NONE, None, false);
    let mut locks = false;
    loop {
        match bytes.get(at)? {
            0x66 => has_66 = true,
            0x67 => has_67 = true,
            0xf3 => repeat = PF3,
            0xf2 => repeat = PF2,
            0x64 => segment = Some(4),
            0x65 => segment = Some(5),
            0xf0 => locks = true,
            // Those of flat segments say nothing.
            prefix @ (0x2e | 0x36 | 0x3e | 0x26) => {
                if mode == Mode::Real {
                    segment = Some(prefix >> 3 & 3);
                }
            }
            _ => break,
        }
        at += 1;
    }
    let mut rex = 0;
    if is_64 && bytes.get(at)? & 0xf0 == 0x40 {
        rex = *bytes.get(at)?;
        at += 1;
    }
    let mut decoded = Decoded {
        prefix: if repeat != NONE {
            repeat
        } else if has_66 {
            P66
        } else {
            NONE
        },
        has_66,
        map: 0,
        opcode: 0,
        modrm: 0,
        reg: 0,
        rm: 0,
        address: None,
        vvvv: 0,
        vex: false,
        long: false,
        wide: rex & 8 != 0,
        has_rex: rex != 0,
        locks,
        segment: None,
        short: false,
        immediate: 0,
        truncated: false,
    };
    let first = *bytes.get(at)?;
    let is_vex = match mode {
        Mode::Real => false,
        Mode::Protected => matches!(first, 0xc4 | 0xc5) && bytes.get(at + 1)? >= &0xc0,
        Mode::Long => matches!(first, 0xc4 | 0xc5),
    };
    if is_vex {
        let payload = if first == 0xc4 {
            let high = *bytes.get(at + 1)?;
            rex = (!high >> 5) & 7;
            decoded.map = high & 0x1f;
            at += 2;
            *bytes.get(at)?
        } else {
            let low = *bytes.get(at + 1)?;
            rex = (!low >> 5) & 4;
            decoded.map = 1;
            at += 1;
            low & 0x7f
        };
        decoded.vex = true;
        decoded.wide = payload & 0x80 != 0;
        decoded.vvvv = !payload >> 3 & 0xf;
        decoded.long = payload & 4 != 0;
        decoded.prefix = [NONE, P66, PF3, PF2][usize::from(payload & 3)];
        at += 1;
        if !is_64 {
            rex = 0;
            decoded.vvvv &= 7;
        }
        decoded.opcode = *bytes.get(at)?;
    } else {
        decoded.opcode = first;
        if first == 0x0f {
            at += 1;
            decoded.map = 1;
            decoded.opcode = *bytes.get(at)?;
            if matches!(decoded.opcode, 0x38 | 0x3a) {
                decoded.map = if decoded.opcode == 0x38 { 2 } else { 3 };
                at += 1;
                decoded.opcode = *bytes.get(at)?;
            }
        }
    }
    at += 1;
    decoded.immediate = at;
    decoded.segment = segment;
    decoded.short = match mode {
        Mode::Real => !has_67,
        Mode::Protected => has_67,
        Mode::Long => false,
    };
    if !has_modrm(&decoded, mode) {
        decoded.rm = decoded.opcode & 7 | (rex & 1) << 3;
        return Some(decoded);
    }
    let modrm = *bytes.get(at)?;
    at += 1;
    decoded.modrm = modrm;
    decoded.reg = modrm >> 3 & 7 | (rex & 4) << 1;
    decoded.rm = modrm & 7 | (rex & 1) << 3;
    if modrm < 0xc0 {
        let found =
            if decoded.short { address_16(bytes, at, modrm) } else { address(bytes, at, modrm, rex, is_64) };
        decoded.truncated = found.is_none();
        let (address, end) = found.unwrap_or_default();
        at = end;
        let bits = match (is_64, decoded.short) {
            (true, _) if !has_67 => 64,
            (_, true) => 16,
            _ => 32,
        };
        decoded.address = Some(Address { segment, bits, ..address });
    }
    decoded.immediate = at;
    Some(decoded)
}

const fn has_modrm(decoded: &Decoded, mode: Mode) -> bool {
    match decoded.map {
        0 if matches!(mode, Mode::Real) && matches!(decoded.opcode, 0x62 | 0x63 | 0x8f) => true,
        // Segment registers, and far pointers that are no prefixes.
        0 if matches!(decoded.opcode, 0x8c | 0x8e | 0xc4 | 0xc5) => true,
        // BOUND; with a register, it is a prefix of AVX-512.
        0 if matches!(mode, Mode::Protected) && decoded.opcode == 0x62 => true,
        0 => matches!(decoded.opcode, 0xc0 | 0xc1 | 0xfe | 0xff | 0xd0..=0xd3 | 0xd8..=0xdf | 0x86 | 0x87),
        1 => {
            !matches!(decoded.opcode, 0x31 | 0x34 | 0x35 | 0x77 | 0xa0..=0xa2 | 0xa8 | 0xa9 | 0xc8..=0xcf | 0x05..=0x0b)
        }
        _ => true,
    }
}

/// The address after a ModRM byte, and where it ends.
fn address(bytes: &[u8], mut at: usize, modrm: u8, rex: u8, is_64: bool) -> Option<(Address, usize)> {
    let (mode, rm) = (modrm >> 6, modrm & 7);
    let mut address = Address {
        base: Some(rm | (rex & 1) << 3),
        index: None,
        shift: 0,
        displacement: 0,
        segment: None,
        bits: 0,
    };
    let mut displacement = [0, 1, 4][usize::from(mode)];
    let mut relative = false;
    if rm == 4 {
        let sib = *bytes.get(at)?;
        at += 1;
        address.base = Some(sib & 7 | (rex & 1) << 3);
        address.index = Some(sib >> 3 & 7 | (rex & 2) << 2);
        address.shift = sib >> 6;
        if sib & 7 == 5 && mode == 0 {
            address.base = None;
            displacement = 4;
        }
    } else if rm == 5 && mode == 0 {
        address.base = None;
        displacement = 4;
        relative = is_64;
    }
    if displacement == 1 {
        address.displacement = *bytes.get(at)? as i8 as i64 as u64;
    } else if displacement == 4 {
        let value = bytes.get(at..at + 4)?.try_into().ok()?;
        address.displacement = i64::from(i32::from_le_bytes(value)) as u64;
    }
    if relative {
        // Told from others by a base that no register has.
        address.base = Some(RELATIVE);
    }
    Some((address, at + displacement))
}

/// As [`address`], of 16 bits.
fn address_16(bytes: &[u8], at: usize, modrm: u8) -> Option<(Address, usize)> {
    let (mode, rm) = (modrm >> 6, modrm & 7);
    // BX, BP, SI and DI, alone and in pairs.
    let (base, index) = match rm {
        0 => (Some(3), Some(6)),
        1 => (Some(3), Some(7)),
        2 => (Some(5), Some(6)),
        3 => (Some(5), Some(7)),
        4 => (Some(6), None),
        5 => (Some(7), None),
        6 if mode == 0 => (None, None),
        6 => (Some(5), None),
        _ => (Some(3), None),
    };
    let size = match mode {
        0 if rm == 6 => 2,
        other => usize::from(other),
    };
    let displacement = match size {
        0 => 0,
        1 => *bytes.get(at)? as i8 as i64 as u64,
        _ => u64::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)),
    };
    Some((Address { base, index, shift: 0, displacement, segment: None, bits: 16 }, at + size))
}

/// The base of addresses relative to the next instruction.
pub(super) const RELATIVE: u8 = 0xff;
