//! Descriptors of segments (Intel SDM, volume 3, 3.4.5 and 3.5), and segment
//! registers that are loaded with them (volume 2, MOV).

use terrella_emulator_api::Access;

use super::{CS, FS, GENERAL_PROTECTION, GS, NOT_PRESENT, SS, STACK_FAULT};
use crate::{emulator::NativeEmulator, halt::Halt, x86::Registers};

/// The bytes of a descriptor.
const SIZE: u64 = 8;

/// An entry of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Descriptor {
    /// Where it is.
    address: u64,
    low: u32,
    high: u32,
}

impl Descriptor {
    const fn bit(self, number: u32) -> bool {
        self.high >> number & 1 != 0
    }

    /// The type field (tables 3-1 and 3-2).
    pub(super) const fn kind(self) -> u8 {
        (self.high >> 8 & 15) as u8
    }

    /// Whether it is one of code or data, and not the system's.
    pub(super) const fn is_segment(self) -> bool {
        self.bit(12)
    }

    pub(super) const fn is_code(self) -> bool {
        self.is_segment() && self.bit(11)
    }

    /// Whether code of it executes at the level of who calls it.
    pub(super) const fn is_conforming(self) -> bool {
        self.is_code() && self.bit(10)
    }

    pub(super) const fn is_writable(self) -> bool {
        self.is_segment() && !self.bit(11) && self.bit(9)
    }

    pub(super) const fn is_readable(self) -> bool {
        self.is_segment() && (!self.bit(11) || self.bit(9))
    }

    /// The privilege level.
    pub(super) const fn level(self) -> u8 {
        (self.high >> 13 & 3) as u8
    }

    pub(super) const fn is_present(self) -> bool {
        self.bit(15)
    }

    /// Whether code of it is of 64 bits.
    pub(super) const fn is_long(self) -> bool {
        self.bit(21)
    }

    /// Whether code of it is of 32 bits.
    pub(super) const fn is_big(self) -> bool {
        self.bit(22)
    }

    const fn base(self) -> u64 {
        (self.low >> 16 | (self.high & 0xff) << 16 | self.high & 0xff00_0000) as u64
    }

    /// Whether a segment other than FS and GS can be where it says.
    pub(super) fn check_base(self, it: &Registers) -> Result<(), Halt> {
        if self.base() == 0 || it.is_64 {
            return Ok(());
        }
        Err(Halt::Missing("a segment with a base".to_owned()))
    }

    /// The last byte.
    pub(super) const fn limit(self) -> u64 {
        let limit = (self.low & 0xffff | self.high & 0xf_0000) as u64;
        if self.bit(23) { limit << 12 | 0xfff } else { limit }
    }

    /// The rights as LAR gives them.
    pub(super) const fn rights(self) -> u64 {
        (self.high & 0xf0_ff00) as u64
    }
}

/// Whether a selector is none.
pub(super) const fn is_null(selector: u64) -> bool {
    selector & 0xfffc == 0
}

/// The privilege level that is asked for.
pub(super) const fn asked(selector: u64) -> u8 {
    selector as u8 & 3
}

impl NativeEmulator {
    /// The descriptor that a selector is of; `None`: it is beyond the table.
    pub(super) fn descriptor(&mut self, selector: u64) -> Result<Option<Descriptor>, Halt> {
        let [address, limit] = match selector & 4 {
            0 => ["GDTR_Address", "GDTR_Limit"],
            _ => ["LDTR_Address", "LDTR_Limit"],
        };
        let index = selector & 0xfff8;
        if index + SIZE - 1 > self.user_register(limit) as u64 {
            return Ok(None);
        }
        let address = (self.user_register(address) as u64).wrapping_add(index) & self.address_mask;
        self.user_check(address, SIZE as usize, Access::Read)?;
        let mut bytes = [0; SIZE as usize];
        self.memory.copy_out(address, &mut bytes);
        let value = u64::from_le_bytes(bytes);
        Ok(Some(Descriptor { address, low: value as u32, high: (value >> 32) as u32 }))
    }

    /// Notes in a descriptor that its segment is in use (3.4.5.1).
    fn note_access(&mut self, descriptor: Descriptor) -> Result<(), Halt> {
        if descriptor.bit(8) {
            return Ok(());
        }
        let address = descriptor.address.wrapping_add(4) & self.address_mask;
        self.user_write(address, &(descriptor.high | 1 << 8).to_le_bytes())
    }

    /// What a data segment register needs of a descriptor.
    fn check_segment(
        &mut self,
        it: &Registers,
        number: u8,
        selector: u64,
    ) -> Result<Option<Descriptor>, Halt> {
        let (level, asked) = (self.privilege(it), asked(selector));
        if is_null(selector) {
            // The stack has one, but for long mode below level 3.
            let is_allowed = number != SS || it.is_64 && level < 3 && asked == level;
            return if is_allowed { Ok(None) } else { Err(GENERAL_PROTECTION) };
        }
        let Some(found) = self.descriptor(selector)? else { return Err(GENERAL_PROTECTION) };
        let is_allowed = if number == SS {
            found.is_writable() && asked == level && found.level() == level
        } else {
            found.is_readable() && (found.is_conforming() || found.level() >= level && found.level() >= asked)
        };
        if !is_allowed {
            return Err(GENERAL_PROTECTION);
        }
        if !found.is_present() {
            return Err(if number == SS { STACK_FAULT } else { NOT_PRESENT });
        }
        Ok(Some(found))
    }

    /// Loads a segment register other than CS.
    pub(super) fn load_segment(&mut self, it: &Registers, number: u8, selector: u64) -> Result<(), Halt> {
        let selector = selector & 0xffff;
        let found = self.check_segment(it, number, selector)?;
        self.put_segment(it, number, selector, found)
    }

    /// Puts what was checked into a segment register.
    pub(super) fn put_segment(
        &mut self,
        it: &Registers,
        number: u8,
        selector: u64,
        descriptor: Option<Descriptor>,
    ) -> Result<(), Halt> {
        let base = descriptor.map_or(0, Descriptor::base);
        let keeps_base = matches!(number, FS | GS);
        if let Some(descriptor) = descriptor {
            if !keeps_base {
                descriptor.check_base(it)?;
            }
            self.note_access(descriptor)?;
        }
        if keeps_base {
            let place = if number == FS { it.fs } else { it.gs };
            self.set_general(place, 4, base);
        }
        self.set_selector(it, number, selector);
        Ok(())
    }

    /// After a return to a lower level: what it may not use is taken away
    /// (volume 2, RET).
    pub(super) fn drop_segments(&mut self, it: &Registers) {
        let level = self.privilege(it);
        for number in [0, 3, FS, GS] {
            let selector = self.selector(it, number);
            if is_null(selector) || number == CS {
                continue;
            }
            // One that cannot be read has been looked at when it was loaded.
            let found = self.descriptor(selector).unwrap_or(None);
            if found.is_some_and(|found| !found.is_conforming() && found.level() < level) {
                self.set_selector(it, number, 0);
            }
        }
    }
}
