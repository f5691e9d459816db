//! The stack of the x87, its tags and its exceptions.

use terrella_emulator_api::ArithmeticKind;

use super::{Ea, NativeOp, Registers, Rm};
use crate::soft::{self, Class, EXTENDED, Env, Mode};
use crate::{emulator::NativeEmulator, halt::Halt};

/// The condition codes in the status word.
pub(super) const C0: u16 = 0x100;
pub(super) const C1: u16 = 0x200;
pub(super) const C2: u16 = 0x400;
pub(super) const C3: u16 = 0x4000;
const STACK_FAULT: u32 = 0x40;
const TOP: u16 = 0x3800;

/// The state of the stack before an MMX instruction.
pub(super) struct Before {
    stack: [[u8; 10]; 8],
    status: [u8; 2],
    tags: [u8; 2],
}

impl NativeEmulator {
    // ---- the stack

    pub(super) fn status(&self, it: &Registers) -> u16 {
        u16::from_le_bytes(self.file.get::<2>(it.status))
    }

    pub(super) fn set_status(&mut self, it: &Registers, value: u16) {
        self.file.put::<2>(it.status, value.to_le_bytes());
    }

    pub(super) fn control(&self, it: &Registers) -> u16 {
        u16::from_le_bytes(self.file.get::<2>(it.control))
    }

    pub(super) fn top(&self, it: &Registers) -> usize {
        usize::from(self.status(it) >> 11 & 7)
    }

    pub(super) fn full_tags(&self, it: &Registers) -> u16 {
        u16::from_le_bytes(self.file.get::<2>(it.tags))
    }

    pub(super) fn set_full_tags(&mut self, it: &Registers, value: u16) {
        self.file.put::<2>(it.tags, value.to_le_bytes());
    }

    /// The tags as FXSAVE has them: a bit for each that is not empty.
    pub(super) fn short_tags(&self, it: &Registers) -> u8 {
        let tags = self.full_tags(it);
        (0..8).filter(|index| tags >> (2 * index) & 3 != 3).fold(0, |all, index| all | 1 << index)
    }

    pub(super) fn set_short_tags(&mut self, it: &Registers, short: u8) {
        let top = self.top(it);
        let tags = (0..8usize).fold(0u16, |all, index| {
            let tag = if short >> index & 1 == 0 { 3 } else { tag_of(self.st(it, (index + 8 - top) % 8)) };
            all | tag << (2 * index)
        });
        self.set_full_tags(it, tags);
    }

    pub(super) fn is_empty(&self, it: &Registers, index: usize) -> bool {
        self.full_tags(it) >> (2 * ((self.top(it) + index) & 7)) & 3 == 3
    }

    pub(super) fn set_tag(&mut self, it: &Registers, index: usize, tag: u16) {
        let shift = 2 * ((self.top(it) + index) & 7);
        let tags = self.full_tags(it) & !(3 << shift) | tag << shift;
        self.set_full_tags(it, tags);
    }

    pub(super) fn st(&self, it: &Registers, index: usize) -> u128 {
        let mut wide = [0; 16];
        wide[..10].copy_from_slice(&self.file.get::<10>(it.stack[index & 7]));
        u128::from_le_bytes(wide)
    }

    pub(super) fn set_st(&mut self, it: &Registers, index: usize, value: u128) {
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&value.to_le_bytes()[..10]);
        self.file.put::<10>(it.stack[index & 7], bytes);
        self.set_tag(it, index, tag_of(value));
    }

    /// Turns the stack: what was at `by` is at the top.
    pub(super) fn turn(&mut self, it: &Registers, by: usize) {
        let all = it.stack.map(|place| self.file.get::<10>(place));
        for (index, place) in it.stack.iter().enumerate() {
            self.file.put::<10>(*place, all[(index + by) & 7]);
        }
        let top = (self.top(it) + by) as u16 & 7;
        let status = self.status(it) & !TOP | top << 11;
        self.set_status(it, status);
    }

    pub(super) fn pop(&mut self, it: &Registers) {
        self.set_tag(it, 0, 3);
        self.turn(it, 1);
    }

    /// Puts a value on top; a full stack is a fault of the stack.
    pub(super) fn push(&mut self, it: &Registers, value: u128) {
        let full = !self.is_empty(it, 7);
        if full && !self.stack_fault(it, true) {
            return;
        }
        self.turn(it, 7);
        self.set_st(it, 0, if full { EXTENDED.indefinite() } else { value });
    }

    /// Turns the registers so that the top is the first, as MMX has them.
    pub(super) fn align_stack(&mut self, it: &Registers) {
        let top = self.top(it);
        if top != 0 {
            self.turn(it, 8 - top);
        }
    }

    pub(super) fn enter_mmx(&mut self, it: &Registers) -> Result<Option<Before>, Halt> {
        self.check_pending(it)?;
        let tags = self.file.get::<2>(it.tags);
        let status = self.file.get::<2>(it.status);
        if tags == [0; 2] && self.top(it) == 0 {
            return Ok(None);
        }
        let before = Before { stack: it.stack.map(|place| self.file.get::<10>(place)), status, tags };
        self.align_stack(it);
        self.file.put::<2>(it.tags, [0; 2]);
        Ok(Some(before))
    }

    pub(super) fn leave_mmx(&mut self, it: &Registers, before: &Before) {
        for (place, value) in it.stack.iter().zip(before.stack) {
            self.file.put::<10>(*place, value);
        }
        self.file.put::<2>(it.status, before.status);
        self.file.put::<2>(it.tags, before.tags);
    }

    // ---- exceptions

    /// An exception that is waiting is a fault of the next instruction.
    pub(super) fn check_pending(&self, it: &Registers) -> Result<(), Halt> {
        if self.status(it) & 0x80 != 0 {
            return Err(Halt::Arithmetic(ArithmeticKind::FloatingPoint, 16));
        }
        Ok(())
    }

    pub(super) fn x87_env(&self, it: &Registers) -> Env {
        let control = u32::from(self.control(it));
        Env {
            mode: Mode::from_bits(control >> 10),
            masks: control & 0x3f,
            flags: 0,
            noted: 0,
            flush: false,
            zeros: false,
            precision: [24, 64, 53, 64][(control >> 8 & 3) as usize],
            up: false,
            x87: true,
        }
    }

    /// Notes the exceptions of an instruction; whether its result counts.
    pub(super) fn settle_x87(&mut self, it: &Registers, env: &Env) -> bool {
        let mut flags = env.flags;
        let masks = u32::from(self.control(it)) & 0x3f;
        let early = flags & 7 & !masks != 0;
        if early {
            flags &= 7 | STACK_FAULT;
        }
        let mut status = (self.status(it) & !C1) | flags as u16;
        if env.up && !early {
            status |= C1;
        }
        if status & 0x3f & !(masks as u16) != 0 {
            status |= 0x8080;
        }
        self.set_status(it, status);
        !early
    }

    /// Notes a fault of the stack; whether it is masked.
    pub(super) fn stack_fault(&mut self, it: &Registers, overflow: bool) -> bool {
        let mut env = self.x87_env(it);
        env.flags = soft::INVALID | STACK_FAULT;
        let masked = self.settle_x87(it, &env);
        if overflow {
            let status = self.status(it) | C1;
            self.set_status(it, status);
        }
        masked
    }

    pub(super) fn set_condition(&mut self, it: &Registers, mask: u16, value: u16) {
        let status = self.status(it) & !mask | value;
        self.set_status(it, status);
    }

    // ---- memory

    pub(super) fn x87_address(&self, op: &NativeOp) -> Result<u64, Halt> {
        let Rm::Memory(ea) = &op.rm else { return Err(Halt::Invalid) };
        let ea: &Ea = ea;
        Ok(self.ea(ea))
    }

    pub(super) fn x87_load(&mut self, op: &NativeOp, size: usize) -> Result<u128, Halt> {
        let address = self.x87_address(op)?;
        let mut bytes = [0; 16];
        self.load_bytes(op, address, &mut bytes[..size])?;
        Ok(u128::from_le_bytes(bytes))
    }

    pub(super) fn x87_store(&mut self, op: &NativeOp, size: usize, value: u128) -> Result<(), Halt> {
        let address = self.x87_address(op)?;
        self.store_bytes(op, address, &value.to_le_bytes()[..size])
    }
}

/// The tag of a value in a register.
pub(super) fn tag_of(value: u128) -> u16 {
    let number = EXTENDED.unpack(value);
    match number.class {
        Class::Zero => 1,
        Class::Finite if !number.denormal => 0,
        _ => 2,
    }
}
