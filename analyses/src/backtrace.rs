//! [`backtrace`]: who called whom.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Emulator, EmulatorExt, Permissions};
use terrella_machine_state::Machine;
use terrella_platforms::RegisterId;

use crate::{Modules, Place};

/// The most frames that are looked for.
const MOST: usize = 256;

/// How a frame was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// It is where the program counter is.
    ProgramCounter,
    /// By call-frame information.
    CallFrameInformation,
    /// By the chain of frame pointers.
    FramePointer,
    /// By the register that a call leaves the return address in.
    LinkRegister,
    /// By the word that a call leaves on the stack.
    ReturnAddress,
    /// By the frame that the kernel made for a signal handler.
    SignalFrame,
    /// The call of the frame before was put in line there.
    Inlined,
}

/// A function that was called and has not returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Where it is; of a caller, where it goes on.
    pub place: Place,
    /// How it was found.
    pub found_by: FoundBy,
    /// The stack pointer that it has, as far as it is known.
    pub stack_pointer: Option<u64>,
}

/// What is known of the registers of a frame, by whole ones.
struct State<'a> {
    emulator: &'a dyn Emulator,
    /// Those that are not as they are in the emulator; lost ones are `None`.
    known: HashMap<RegisterId, Option<u64>>,
}

impl State<'_> {
    fn get(&self, name: &str) -> Option<u64> {
        let definition = self.emulator.definition();
        let root = canonical(self.emulator, name)?;
        match self.known.get(&root) {
            Some(value) => *value,
            None => {
                self.emulator.read_register_id(root).ok().map(|value| value & definition.highest_address())
            }
        }
    }

    fn dwarf(&self, number: u16) -> Option<u64> {
        self.get(self.emulator.definition().dwarf_register(number)?)
    }
}

/// The whole register of a name: `x30` and `lr` are one.
fn canonical(emulator: &dyn Emulator, name: &str) -> Option<RegisterId> {
    let definition = emulator.definition();
    Some(definition.registers().get(definition.register(name)?).root)
}

/// The frames of what an emulator executes, the innermost one first: by
/// call-frame information where a module has it, else by frame pointers, and
/// for the innermost function by where a call leaves the return address.
#[must_use]
pub fn backtrace(emulator: &dyn Emulator, modules: &Modules, machine: Option<&Machine>) -> Vec<Frame> {
    let definition = emulator.definition();
    let memory = |address: u64, size: usize| -> Option<u64> {
        emulator.read_integer(address, size).ok().map(|value| value as u64)
    };
    let map = emulator.memory_map();
    let executable = |address: u64| {
        map.iter()
            .any(|region| region.range.contains(address) && region.permissions.allows(Permissions::EXECUTE))
    };
    let word = usize::from(definition.pointer_bytes);
    let mut state = State { emulator, known: HashMap::new() };
    let mut here = definition.code_address(emulator.program_counter());
    let mut found_by = FoundBy::ProgramCounter;
    let mut frames: Vec<Frame> = Vec::new();
    let mut last_stack = None;
    // Whether it is where it was stopped, not behind a call.
    let mut exact = true;
    let mut first = true;
    loop {
        // A caller's line is that of its call, which is before the place where
        // it goes on.
        let stack = state.get(definition.stack_pointer);
        let interrupted = stack.and_then(|stack| crate::signal_frames::interrupted(emulator, here, stack));
        // The way back from a handler was never called: it begins here.
        exact |= interrupted.is_some();
        let stopped = exact;
        let inside = if stopped { here } else { here.wrapping_sub(1) };
        let mut place = modules.place(inside, machine);
        if !stopped {
            place.offset += u64::from(place.symbol.is_some());
            place.address = here;
        }
        let mut how = found_by;
        let mut inlined = modules.inlined(inside, machine);
        if inlined.is_empty() {
            inlined.push(place);
        } else if let Some(outermost) = inlined.last_mut() {
            outermost.offset = place.offset;
        }
        for mut place in inlined {
            place.address = here;
            frames.push(Frame { place, found_by: how, stack_pointer: stack });
            how = FoundBy::Inlined;
        }
        let innermost = std::mem::take(&mut first);
        if frames.len() >= MOST {
            break;
        }
        let caller = {
            let register = |number: u16| state.dwarf(number);
            // The way back from a handler begins at its address: the kernel
            // jumps there, and nothing was called before.
            modules.caller(inside, &register, &memory).or_else(|| {
                let found = modules.caller(here, &register, &memory)?;
                found.is_signal_frame.then_some(found)
            })
        };
        exact = caller.as_ref().is_some_and(|caller| caller.is_signal_frame);
        let next = if let Some(interrupted) = interrupted {
            exact = true;
            found_by = FoundBy::SignalFrame;
            let counter = canonical(emulator, definition.program_counter);
            let mut next = None;
            for (name, value) in interrupted {
                let Some(register) = canonical(emulator, name) else { continue };
                if Some(register) == counter {
                    next = Some(value);
                } else {
                    state.known.insert(register, Some(value));
                }
            }
            next
        } else if let Some(caller) = caller {
            let mut known = std::mem::take(&mut state.known);
            for (number, value) in &caller.registers {
                let name = definition.dwarf_register(*number).and_then(|name| canonical(emulator, name));
                if let Some(name) = name {
                    known.insert(name, *value);
                }
            }
            // Unless it is told otherwise, the frame begins where the stack of
            // the caller ends.
            let pointer = canonical(emulator, definition.stack_pointer);
            let told = caller.registers.iter().any(|(number, _)| {
                definition.dwarf_register(*number).and_then(|name| canonical(emulator, name)) == pointer
            });
            if let Some(pointer) = pointer
                && !told
            {
                known.insert(pointer, Some(caller.frame.wrapping_sub(definition.frame_address_bias())));
            }
            state.known = known;
            found_by = FoundBy::CallFrameInformation;
            caller.return_address
        } else {
            without_information(&mut state, innermost, word, &memory, &executable, &mut found_by)
        };
        let Some(next) = next.map(|next| definition.code_address(next)).filter(|next| *next != 0) else {
            break;
        };
        let stack = state.get(definition.stack_pointer);
        // Stacks grow down: a caller's is not below, and the same only for a
        // function that has no frame.
        let goes_up = match (last_stack, stack) {
            (Some(before), Some(now)) => now > before || now == before && stopped,
            _ => true,
        };
        // The way back from a handler may be the first there is, and a call the
        // last. A handler may have a stack of its own.
        let there = executable(next) || executable(next.wrapping_sub(1));
        if !there || !goes_up && !exact || next == here && stack == last_stack {
            break;
        }
        last_stack = stack;
        here = next;
    }
    frames
}

/// The return address where no file tells of it.
fn without_information(
    state: &mut State<'_>,
    innermost: bool,
    word: usize,
    memory: &dyn Fn(u64, usize) -> Option<u64>,
    executable: &dyn Fn(u64) -> bool,
    found_by: &mut FoundBy,
) -> Option<u64> {
    let definition = state.emulator.definition();
    let stack_name = canonical(state.emulator, definition.stack_pointer)?;
    let stack = state.get(definition.stack_pointer);
    let known_code = |address: u64| executable(definition.code_address(address).wrapping_sub(1));
    // A call into nowhere, or a function that has done nothing yet.
    let nowhere = innermost && !executable(definition.code_address(state.emulator.program_counter()));
    if innermost && let Some(link) = definition.link_register {
        let address = state.get(link).filter(|address| known_code(*address));
        if let Some(address) = address.filter(|_| nowhere || definition.frame_record().is_none()) {
            *found_by = FoundBy::LinkRegister;
            let name = canonical(state.emulator, link)?;
            state.known.insert(name, None);
            return Some(address);
        }
    }
    if nowhere && definition.link_register.is_none() {
        let address = memory(stack?, word).filter(|address| known_code(*address))?;
        *found_by = FoundBy::ReturnAddress;
        state.known.insert(stack_name, Some(stack?.wrapping_add(word as u64)));
        return Some(address);
    }
    let record = definition.frame_record()?;
    let pointer = state.get(record.register).filter(|pointer| *pointer != 0)?;
    let address = memory(pointer.wrapping_add_signed(record.return_address), word)?;
    let caller = memory(pointer.wrapping_add_signed(record.caller), word)?;
    if !known_code(address) {
        return None;
    }
    *found_by = FoundBy::FramePointer;
    let name = canonical(state.emulator, record.register)?;
    state.known.insert(name, Some(caller));
    let above = record.stack.map_or_else(
        || pointer.wrapping_add(2 * word as u64),
        |distance| pointer.wrapping_add_signed(distance),
    );
    state.known.insert(stack_name, Some(above));
    Some(address)
}
