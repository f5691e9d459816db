//! Signal frames: what a handler finds on its stack, and the way back.
//!
//! A frame has the layout of the kernel's, with the general registers and those
//! of floating point and vectors. What else a processor has is kept beside the
//! guest and comes back with the frame, unless the frame was made by somebody
//! else.

mod float;
mod layout;
mod x86;

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_platforms::{CodeAddressBit, Platform, RegisterKind, RegisterValue};

pub(crate) use layout::return_code;

use self::{
    layout::{Arguments, Layout, layout},
    x86::Area,
};
use super::{
    abi::{Abi, generic::*},
    kernel::Kernel,
    limits,
    process::{Action, Id, Registers, SavedFrame, SignalInfo},
    signal_words::{generic_mask, information, mask_word, own_mask},
    task::{Fields, Refusal},
};
use crate::errno::Errno;

/// An address of code as the program counter takes it: with the state that
/// the processor is in.
pub(crate) fn code_pointer(emulator: &dyn Emulator, address: u64) -> u64 {
    let definition = emulator.definition();
    let state = match definition.code_address_bit {
        CodeAddressBit::Thumb => emulator.read_register("t").unwrap_or(0),
        CodeAddressBit::ThumbOnly => 1,
        _ => 0,
    };
    address | state
}

/// Sets the program counter to a code pointer, and the state that its lowest
/// bit says.
pub(crate) fn jump(emulator: &mut dyn Emulator, pointer: u64) -> Result<(), terrella_emulator_api::Error> {
    if emulator.definition().code_address_bit == CodeAddressBit::Thumb && pointer & 1 == 0 {
        emulator.write_register("t", 0_u64)?;
    }
    emulator.set_program_counter(pointer)
}

/// All registers that a thread has. Of one that a backend does not have as a
/// whole, the largest parts that it has.
pub(crate) fn save(emulator: &dyn Emulator) -> Registers {
    let kept = |kind: RegisterKind| !matches!(kind, RegisterKind::Control | RegisterKind::Debug);
    let registers = emulator.definition().registers();
    let mut ids = Vec::new();
    let mut parts = Vec::new();
    for (id, register) in registers.iter() {
        if !emulator.has_register(id) || !kept(registers.get(register.root).kind) {
            continue;
        }
        if register.root == id {
            ids.push(id);
        } else if !emulator.has_register(register.root) {
            parts.push((id, register));
        }
    }
    parts.sort_by_key(|(id, register)| (register.root, std::cmp::Reverse(register.bits), *id));
    // What of the register is in a part already: one that is larger, or an
    // alias of it, is before.
    let (mut root, mut covered) = (None, RegisterValue::ZERO);
    for (id, register) in parts {
        if root != Some(register.root) {
            (root, covered) = (Some(register.root), RegisterValue::ZERO);
        }
        let (low, bits) = (register.low_bit.into(), register.bits.into());
        if covered.extract(low, bits).is_zero() {
            covered = covered.insert(low, bits, &RegisterValue::mask(bits));
            ids.push(id);
        }
    }
    ids.into_iter().filter_map(|id| Some((id, emulator.read_wide_register_id(id).ok()?))).collect()
}

/// Puts the registers of a thread into the processor.
pub(crate) fn load(
    emulator: &mut dyn Emulator,
    registers: &Registers,
) -> Result<(), terrella_emulator_api::Error> {
    let counter = emulator.definition().register(emulator.definition().program_counter);
    // Some are read only on a backend: what cannot be written has not changed.
    for (id, value) in registers.iter().filter(|(id, _)| Some(*id) != counter) {
        if emulator.read_wide_register_id(*id).ok() != Some(*value) {
            emulator.write_wide_register_id(*id, *value)?;
        }
    }
    if let Some((_, value)) = registers.iter().find(|(id, _)| Some(*id) == counter) {
        let address = u64::try_from(*value).unwrap_or(0);
        emulator.set_program_counter(code_pointer(emulator, address))?;
    }
    Ok(())
}

/// Begins a handler.
pub(crate) fn enter(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    thread: Id,
    info: SignalInfo,
    action: Action,
    mask: u64,
) -> Result<(), Refusal> {
    let it = kernel.threads.get_mut(&thread).ok_or(Errno::ESRCH)?;
    let process = kernel.processes.get(&it.process).ok_or(Errno::ESRCH)?;
    let abi = process.abi.clone();
    let platform = process.platform;
    let definition = emulator.definition();
    let layout = layout(platform).ok_or(Errno::ENOSYS)?;
    let old = emulator.read_register(definition.stack_pointer)?;
    let alternate = it.alternate;
    let on_alternate =
        old.wrapping_sub(alternate.base) <= alternate.size && alternate.flags & SS_DISABLE == 0;
    let switches = action.flags & SA_ONSTACK != 0 && alternate.flags & SS_DISABLE == 0 && !on_alternate;
    let top = if switches {
        alternate.base.wrapping_add(alternate.size)
    } else {
        old.wrapping_sub(layout.red_zone)
    };
    let area = Area::of(emulator, platform);
    let area_address = area.map(|area| area.below(top));
    let top = area_address.unwrap_or(top);
    // The stack pointer of the handler is aligned as a call leaves it.
    let skew = if platform == Platform::X86_64 {
        8
    } else if platform == Platform::I386 {
        4
    } else {
        0
    };
    let stack = top.wrapping_sub(layout.size as u64).wrapping_add_signed(layout.stack as i64);
    let stack = (stack & !(layout.alignment - 1)).wrapping_sub(skew);
    let frame = stack.wrapping_add_signed(-(layout.stack as i64));

    let (context_place, mask_place) = places(&abi, &layout).ok_or(Errno::ENOSYS)?;
    let mut bytes = vec![0; layout.size];
    let siginfo = information(&abi, info);
    bytes[layout.info..layout.info + siginfo.len()].copy_from_slice(&siginfo);
    let mut head = Fields::of(abi.clone());
    let flags = if alternate.flags & SS_DISABLE != 0 {
        SS_DISABLE
    } else if on_alternate {
        SS_ONSTACK
    } else {
        0
    };
    head.long(area.map_or(0, Area::flags)).long(0).long(alternate.base).int(flags).long(alternate.size);
    let head = head.finish();
    bytes[layout.context..layout.context + head.len()].copy_from_slice(&head);
    let mut put = |at: usize, value: u128, size: usize| abi.order.write(value, &mut bytes[at..at + size]);
    put(layout.context + mask_place, mask_word(&abi, own_mask(&abi, mask)).into(), 8);
    for saved in layout.saved {
        for (index, name) in (0..).zip(saved.names) {
            // What a backend lacks is zero in the frame.
            let id = emulator.resolve_register(name)?;
            let value = if emulator.has_register(id) { emulator.read_register_id(id)? } else { 0 };
            let at = context_place + (saved.first + index * saved.step) as usize;
            put(layout.context + at, value.into(), saved.bytes);
        }
    }
    if let (Some(area), Some(address)) = (area, area_address) {
        put(layout.context + context_place + area.pointer, address.into(), abi.word);
    }
    let registers_place = layout.context + context_place;
    let registers_address = frame.wrapping_add(registers_place as u64);
    float::write(emulator, platform, &mut bytes, registers_place, registers_address)?;
    let mut put = |at: usize, value: u128, size: usize| abi.order.write(value, &mut bytes[at..at + size]);
    let (info_address, context_address) =
        (frame.wrapping_add(layout.info as u64), frame.wrapping_add(layout.context as u64));
    let number = abi.to_own(|tables| tables.signal, info.number.into());
    // The kernels of the others do not look at what C libraries bring.
    let honoured = matches!(
        platform,
        Platform::X86_64
            | Platform::I386
            | Platform::AARCH64
            | Platform::AARCH64_BE
            | Platform::ARMV7A
            | Platform::ARMV7A_BE
            | Platform::ARMV5T
            | Platform::S390X
            | Platform::SH4
    );
    let back = if honoured && action.flags & SA_RESTORER != 0 && action.restorer != 0 {
        action.restorer
    } else {
        process.signal_return
    };
    match platform {
        Platform::X86_64 => {
            put(0, back.into(), 8);
            // The segments of 64-bit programs.
            put(registers_place + 144, 0x33, 2);
            put(registers_place + 150, 0x2b, 2);
        }
        Platform::I386 | Platform::M68K => {
            for (index, value) in [back, number, info_address, context_address].into_iter().enumerate() {
                put(4 * index, value.into(), 4);
            }
        }
        Platform::PPC | Platform::PPCLE => {
            // `uc_regs` points to the registers.
            put(layout.context + 48, (context_address.wrapping_add(context_place as u64)).into(), 4);
        }
        Platform::PPC64 | Platform::PPC64LE => {
            put(context_place + 56, (context_address.wrapping_add(context_place as u64 + 64)).into(), 8);
        }
        _ => {}
    }
    let saved = SavedFrame { address: frame, registers: save(emulator) };
    let area = area.zip(area_address);
    let area_bytes = area.map_or(Ok(Vec::new()), |(area, _)| area.bytes(emulator))?;
    let written = area.map_or(Ok(()), |(_, address)| emulator.write_memory(address, &area_bytes));
    if written.is_err() || emulator.write_memory(frame, &bytes).is_err() {
        // There is no stack for the handler: the process ends.
        return Err(Refusal::Action(super::task::Action::ExitProcess(-(SIGSEGV as i32))));
    }
    if layout.stack < 0 {
        let word = usize::from(definition.pointer_bytes);
        emulator.write_integer(stack, old.into(), word)?;
    }
    let it = kernel.threads.get_mut(&thread).ok_or(Errno::ESRCH)?;
    // Frames that were left by a jump are gone.
    if !switches {
        it.frames.retain(|older| older.address > frame || on_other_stack(older.address, &alternate));
    }
    if it.frames.len() >= limits::FRAMES {
        it.frames.remove(0);
    }
    it.frames.push(saved);
    if alternate.flags & SS_AUTODISARM != 0 && switches {
        it.alternate.flags = SS_DISABLE;
    }
    float::begin(emulator, platform)?;
    if let Some((area, _)) = area {
        area.reset(emulator, !0)?;
    }
    emulator.write_register(definition.stack_pointer, stack)?;
    if let Arguments::Registers(names) = layout.arguments {
        for (name, value) in names.into_iter().zip([number, info_address, context_address]) {
            emulator.write_register(name, value)?;
        }
    }
    if let Some(link) = layout.link {
        emulator.write_register(link, back)?;
    }
    let mut entry = action.handler;
    match platform {
        Platform::X86_64 => emulator.write_register("rax", 0_u64)?,
        Platform::I386 => {
            for (name, value) in [("eax", number), ("edx", info_address), ("ecx", context_address)] {
                emulator.write_register(name, value)?;
            }
        }
        Platform::MIPS | Platform::MIPSEL | Platform::MIPS64 | Platform::MIPS64EL => {
            emulator.write_register("t9", entry)?;
        }
        // A descriptor in the first version of the ABI (ELFv1), in the second
        // one the address itself, in r12.
        Platform::PPC64 => {
            let word = |at: u64| emulator.read_integer(at, 8).ok().map(|value| value as u64);
            let executable = |address: u64| address & 3 == 0 && word(address).is_some();
            if let (Some(code), Some(toc)) = (word(entry), word(entry.wrapping_add(8)))
                && executable(code)
                && code != 0
                && process.elf_flags & 3 != 2
            {
                entry = code;
                emulator.write_register("r2", toc)?;
            } else {
                emulator.write_register("r12", entry)?;
            }
        }
        Platform::PPC64LE => emulator.write_register("r12", entry)?,
        _ => {}
    }
    jump(emulator, entry)?;
    Ok(())
}

const fn on_other_stack(address: u64, alternate: &super::process::AlternateStack) -> bool {
    address.wrapping_sub(alternate.base) <= alternate.size
}

/// Goes back to what a handler interrupted.
pub(crate) fn leave(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    thread: Id,
    old: bool,
) -> Result<(), Refusal> {
    let it = kernel.threads.get_mut(&thread).ok_or(Errno::ESRCH)?;
    let process = kernel.processes.get(&it.process).ok_or(Errno::ESRCH)?;
    let abi = process.abi.clone();
    let platform = process.platform;
    let layout = layout(platform).ok_or(Errno::ENOSYS)?;
    let stack = emulator.read_register(emulator.definition().stack_pointer)?;
    let at_return = match (platform, old) {
        // The old call's code has taken the number off the stack.
        (Platform::I386, true) => 8,
        _ => layout.at_return as i64,
    };
    let frame = stack.wrapping_sub(at_return as u64);
    let (context_place, mask_place) = places(&abi, &layout).ok_or(Errno::ENOSYS)?;
    let context = frame.wrapping_add(layout.context as u64);
    // What the guest's frame does not hold.
    if let Some(index) = it.frames.iter().position(|saved| saved.address == frame) {
        let saved = it.frames[index].registers.clone();
        it.frames.truncate(index);
        load(emulator, &saved)?;
    }
    let registers = context.wrapping_add(context_place as u64);
    float::read(emulator, platform, registers)?;
    if let Some(area) = Area::of(emulator, platform) {
        let address = emulator.read_integer(registers.wrapping_add(area.pointer as u64), abi.word)?;
        area.read(emulator, address as u64)?;
    }
    let mask = emulator.read_integer(context.wrapping_add(mask_place as u64), 8)? as u64;
    it.mask = generic_mask(&abi, mask_word(&abi, mask)) & !super::signals::UNBLOCKABLE;
    let mut counter = 0;
    let definition = emulator.definition();
    for saved in layout.saved {
        for (index, name) in (0..).zip(saved.names) {
            let at = registers.wrapping_add(saved.first + index * saved.step);
            let value = emulator.read_integer(at, saved.bytes)?;
            let id = emulator.resolve_register(name)?;
            let bits = definition.registers().get(id).bits;
            if !emulator.has_register(id) {
                continue;
            }
            if *name == definition.program_counter
                || id == emulator.resolve_register(definition.program_counter)?
            {
                counter = value as u64;
                continue;
            }
            let value = if bits < 128 { value & ((1 << bits) - 1) } else { value };
            if emulator.read_wide_register_id(id)? != RegisterValue::from(value) {
                // A register that is always zero stays it.
                let _ = emulator.write_wide_register_id(id, RegisterValue::from(value));
            }
        }
    }
    emulator.set_program_counter(code_pointer(emulator, counter))?;
    Ok(())
}

fn places(abi: &Abi, layout: &Layout) -> Option<(usize, usize)> {
    layout.places.or_else(|| {
        let context = abi.tables.context?;
        let place =
            |name: &str| context.places.iter().find(|(known, ..)| *known == name).map(|place| place.1);
        Some((place("uc_mcontext")?, place("uc_sigmask")?))
    })
}

/// Where `uc_mcontext` and `uc_sigmask` are in a `ucontext_t`.
pub(crate) fn context_places(platform: Platform, abi: &Abi) -> Option<(usize, usize)> {
    places(abi, &layout(platform)?)
}
