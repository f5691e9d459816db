//! Far jumps, calls and returns (Intel SDM, volume 2, JMP, CALL, RET, IRET).

use super::{
    CS, GENERAL_PROTECTION, Immediate, NOT_PRESENT, Row, SS, STACK_FAULT,
    descriptors::{Descriptor, asked, is_null},
    registers,
    segments::far_pointer,
};
use crate::{
    emulator::NativeEmulator,
    halt::Halt,
    x86::{NativeOp, Registers},
};

pub(super) const ROWS: &[Row] = &[
    Row::new(0, 0x9a, call).old().immediate(Immediate::Far).transfers(),
    Row::new(0, 0xea, jump).old().immediate(Immediate::Far).transfers(),
    Row::new(0, 0xff, call_in_memory).extension(3).memory().transfers(),
    Row::new(0, 0xff, jump_in_memory).extension(5).memory().transfers(),
    Row::new(0, 0xca, return_far).immediate(Immediate::Word).transfers(),
    Row::new(0, 0xcb, return_far).transfers(),
    Row::new(0, 0xcf, return_from_interrupt).transfers(),
];

/// The bits of the flags that IRET sets: of 16 bits, and of 32 or 64 bits
/// besides RF, AC and ID; IF needs the rights that IOPL says, IOPL, VIF and
/// VIP level 0.
const SET_BITS: u64 = 0x4dd5;
const SET_BITS_ABOVE: u64 = 0x25_0000;
const INTERRUPT: u64 = 0x200;
const LEVEL_0: u64 = 0x3000;
const LEVEL_0_ABOVE: u64 = 0x18_0000;

/// Types of the system's descriptors: gates of calls, and tasks with their
/// gates.
const CALL_GATES: [u8; 2] = [4, 12];
const TASKS: [u8; 3] = [1, 5, 9];

/// The numbers of NT and IOPL in the list of flags, by their bits.
const NT_BIT: u8 = 14;
const IOPL_BIT: u8 = 12;
const VM: u64 = 1 << 17;

/// Looks up the descriptor of a selector that is to go into CS.
fn code_descriptor(e: &mut NativeEmulator, selector: u64) -> Result<Descriptor, Halt> {
    if is_null(selector) {
        return Err(GENERAL_PROTECTION);
    }
    e.descriptor(selector)?.ok_or(GENERAL_PROTECTION)
}

/// Checks that an offset is one of a code segment, which is one that can be
/// executed here.
fn check_target(it: &Registers, descriptor: Descriptor, offset: u64) -> Result<(), Halt> {
    if it.is_64 && descriptor.is_long() {
        return if descriptor.is_big() { Err(GENERAL_PROTECTION) } else { Ok(()) };
    }
    if offset > descriptor.limit() {
        return Err(GENERAL_PROTECTION);
    }
    if it.is_64 || !descriptor.is_big() {
        return Err(Halt::Missing("code of another size".to_owned()));
    }
    descriptor.check_base(it)
}

/// What a jump or a call needs of a selector (volume 3, 5.8.1 and 5.8.2).
fn check_forward(
    e: &mut NativeEmulator,
    it: &Registers,
    selector: u64,
    offset: u64,
) -> Result<Descriptor, Halt> {
    let found = code_descriptor(e, selector)?;
    let (level, asked) = (e.privilege(it), asked(selector));
    if !found.is_segment() {
        let is_gate = CALL_GATES.contains(&found.kind());
        let is_known = if it.is_64 { found.kind() == 12 } else { is_gate || TASKS.contains(&found.kind()) };
        if !is_known || found.level() < level || found.level() < asked {
            return Err(GENERAL_PROTECTION);
        }
        if !found.is_present() {
            return Err(NOT_PRESENT);
        }
        let what = if is_gate { "a call gate" } else { "a switch of tasks" };
        return Err(Halt::Missing(what.to_owned()));
    }
    let is_allowed = if found.is_conforming() {
        found.level() <= level
    } else {
        found.is_code() && asked <= level && found.level() == level
    };
    if !is_allowed {
        return Err(GENERAL_PROTECTION);
    }
    if !found.is_present() {
        return Err(NOT_PRESENT);
    }
    check_target(it, found, offset)?;
    Ok(found)
}

/// Goes to an offset, as wide as operands.
fn set_target(e: &mut NativeEmulator, op: &NativeOp, it: &Registers, offset: u64) {
    let offset = offset & u64::MAX >> (64 - 8 * u32::from(op.width));
    e.set_general(it.target, if it.is_64 { 8 } else { 4 }, offset);
}

fn jump_to(e: &mut NativeEmulator, op: &NativeOp, selector: u64, offset: u64) -> Result<(), Halt> {
    let it = registers(e)?;
    let found = check_forward(e, &it, selector, offset)?;
    let level = u64::from(e.privilege(&it));
    e.put_segment(&it, CS, selector & 0xfffc | level, Some(found))?;
    set_target(e, op, &it, offset);
    Ok(())
}

fn jump(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    jump_to(e, op, op.value >> 32, op.value & 0xffff_ffff)
}

fn jump_in_memory(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (offset, selector) = far_pointer(e, op)?;
    jump_to(e, op, selector, offset)
}

fn call_to(e: &mut NativeEmulator, op: &NativeOp, selector: u64, offset: u64) -> Result<(), Halt> {
    let it = registers(e)?;
    let found = check_forward(e, &it, selector, offset)?;
    let (width, top) = (u64::from(op.width), e.flat_stack_pointer(&it));
    let slots = [(top.wrapping_sub(width), e.selector(&it, CS)), (top.wrapping_sub(2 * width), op.next)];
    for (address, value) in slots {
        let bytes = &value.to_le_bytes()[..usize::from(op.width)];
        e.store_bytes(op, address & e.address_mask, bytes)?;
    }
    let level = u64::from(e.privilege(&it));
    e.put_segment(&it, CS, selector & 0xfffc | level, Some(found))?;
    e.set_flat_stack_pointer(&it, top.wrapping_sub(2 * width));
    set_target(e, op, &it, offset);
    Ok(())
}

fn call(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    call_to(e, op, op.value >> 32, op.value & 0xffff_ffff)
}

fn call_in_memory(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (offset, selector) = far_pointer(e, op)?;
    call_to(e, op, selector, offset)
}

/// What a return needs of a selector.
fn check_return(
    e: &mut NativeEmulator,
    it: &Registers,
    selector: u64,
    offset: u64,
) -> Result<Descriptor, Halt> {
    let found = code_descriptor(e, selector)?;
    let to = asked(selector);
    let is_allowed = found.is_code()
        && to >= e.privilege(it)
        && if found.is_conforming() { found.level() <= to } else { found.level() == to };
    if !is_allowed {
        return Err(GENERAL_PROTECTION);
    }
    if !found.is_present() {
        return Err(NOT_PRESENT);
    }
    check_target(it, found, offset)?;
    Ok(found)
}

/// What the stack segment of a level needs; `None`: long mode takes none.
fn check_stack(
    e: &mut NativeEmulator,
    it: &Registers,
    selector: u64,
    level: u8,
) -> Result<Option<Descriptor>, Halt> {
    if is_null(selector) {
        let is_allowed = it.is_64 && level != 3 && asked(selector) == level;
        return if is_allowed { Ok(None) } else { Err(GENERAL_PROTECTION) };
    }
    let found = e.descriptor(selector)?.ok_or(GENERAL_PROTECTION)?;
    if asked(selector) != level || found.level() != level || !found.is_writable() {
        return Err(GENERAL_PROTECTION);
    }
    if !found.is_present() {
        return Err(STACK_FAULT);
    }
    found.check_base(it)?;
    Ok(Some(found))
}

/// Where a return goes.
struct Return {
    selector: u64,
    offset: u64,
    code: Descriptor,
    /// Another stack: its pointer, selector and descriptor.
    stack: Option<(u64, u64, Option<Descriptor>)>,
}

fn go_back(e: &mut NativeEmulator, op: &NativeOp, it: &Registers, to: &Return) -> Result<(), Halt> {
    let is_outward = asked(to.selector) > e.privilege(it);
    e.put_segment(it, CS, to.selector, Some(to.code))?;
    if let Some((pointer, selector, descriptor)) = to.stack {
        e.put_segment(it, SS, selector, descriptor)?;
        e.set_flat_stack_pointer(it, pointer);
    }
    set_target(e, op, it, to.offset);
    if is_outward {
        e.drop_segments(it);
    }
    Ok(())
}

fn return_far(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let (width, top) = (u64::from(op.width), e.flat_stack_pointer(&it));
    let slot = |number: u64| top.wrapping_add(number * width);
    let offset = e.flat_load(op, slot(0), op.width)?;
    let selector = e.flat_load(op, slot(1), op.width)? & 0xffff;
    let code = check_return(e, &it, selector, offset)?;
    let behind = slot(2).wrapping_add(op.value);
    let mut to = Return { selector, offset, code, stack: None };
    if asked(selector) > e.privilege(&it) {
        let pointer = e.flat_load(op, behind, op.width)?.wrapping_add(op.value);
        let stack = e.flat_load(op, behind.wrapping_add(width), op.width)? & 0xffff;
        let found = check_stack(e, &it, stack, asked(selector))?;
        to.stack = Some((pointer, stack, found));
    }
    if to.stack.is_none() {
        go_back(e, op, &it, &to)?;
        e.set_flat_stack_pointer(&it, behind);
        return Ok(());
    }
    go_back(e, op, &it, &to)
}

fn return_from_interrupt(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let it = registers(e)?;
    let flag = |e: &NativeEmulator, wanted: u8| {
        it.flags.iter().find(|(_, bit)| *bit == wanted).map_or(0, |(place, _)| e.general(*place, 1))
    };
    if flag(e, NT_BIT) != 0 {
        let task = || Halt::Missing("a switch of tasks".to_owned());
        return Err(if it.is_64 { GENERAL_PROTECTION } else { task() });
    }
    let (width, top) = (u64::from(op.width), e.flat_stack_pointer(&it));
    let slot = |number: u64| top.wrapping_add(number * width);
    let offset = e.flat_load(op, slot(0), op.width)?;
    let selector = e.flat_load(op, slot(1), op.width)? & 0xffff;
    let flags = e.flat_load(op, slot(2), op.width)?;
    let level = e.privilege(&it);
    if flags & VM != 0 && level == 0 && !it.is_64 && op.width == 4 {
        return Err(Halt::Missing("virtual-8086 mode".to_owned()));
    }
    let code = check_return(e, &it, selector, offset)?;
    let mut to = Return { selector, offset, code, stack: None };
    // Long mode has the stack in each frame.
    if it.is_64 || asked(selector) > level {
        let pointer = e.flat_load(op, slot(3), op.width)?;
        let stack = e.flat_load(op, slot(4), op.width)? & 0xffff;
        let found = check_stack(e, &it, stack, asked(selector))?;
        to.stack = Some((pointer, stack, found));
    }
    let mut set = SET_BITS;
    if u64::from(level) <= flag(e, IOPL_BIT) {
        set |= INTERRUPT;
    }
    if level == 0 {
        set |= LEVEL_0;
    }
    if op.width != 2 {
        set |= SET_BITS_ABOVE | if level == 0 { LEVEL_0_ABOVE } else { 0 };
    }
    go_back(e, op, &it, &to)?;
    if to.stack.is_none() {
        e.set_flat_stack_pointer(&it, slot(3));
    }
    for (place, bit) in it.flags {
        if set >> bit & 1 != 0 {
            let field = if bit == IOPL_BIT { 3 } else { 1 };
            e.set_general(place, 1, flags >> bit & field);
        }
    }
    Ok(())
}
