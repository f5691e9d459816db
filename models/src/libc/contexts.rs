//! `ucontext.h`: contexts with stacks of their own, between which a program
//! switches by itself.
//!
//! Of a context there are the registers that functions keep, as in a `jmp_buf`,
//! where the structure has room for the processor's; its stack, what follows it
//! and the mask of signals are where programs see them.

use terrella_emulator_api::EmulatorExt;
use terrella_machine_state::ArgumentValue;

use super::{
    context::Context,
    error::Result,
    jumps,
    nested::Continuation,
    types::{CType, Dots, Header, Ptr, Reply, Standard, models},
    variable::Variable,
};
use crate::linux::frame;

pub(crate) static HEADER: Header = Header {
    name: "ucontext.h",
    standard: Standard::Posix,
    models: models! {
        getcontext = get, "of the registers, those that functions keep";
        setcontext = set, "of the registers, those that functions keep";
        makecontext = make;
        swapcontext = swap, "of the registers, those that functions keep";
    },
};

/// What says that there are registers, or a function and its arguments.
const FILLED: u64 = 0x6374_7866;
const MADE: u64 = 0x6374_786d;
/// So many arguments a function can have.
const MOST: i32 = 256;
/// Bytes for the registers, where the structure has them before its mask.
const ROOM: usize = 200;

/// Where the parts are: the context that follows, the stack's address, its
/// size, the mask, and the registers (`sys/ucontext.h` of glibc and musl).
struct Parts {
    link: Ptr,
    stack: Ptr,
    size: Ptr,
    mask: Ptr,
    registers: Ptr,
}

fn parts(c: &Context<'_>, at: Ptr) -> Result<Parts> {
    let word = u64::from(c.model.pointer);
    let name = c.state.platform.name();
    if name.starts_with("sparc") {
        return c.misuse(format!("contexts of {name} are not known here"));
    }
    // uc_flags, uc_link, uc_stack; `stack_t` of MIPS has the flags at its end.
    let size = if name.contains("mips") { 3 } else { 4 };
    let Some((machine, mask)) = frame::context_places(c.state.platform, &c.state.abi) else {
        return c.misuse(format!("contexts of {name} are not known here"));
    };
    // The mask has 128 bytes in C libraries.
    let registers = if mask >= machine + ROOM { machine } else { machine.max(mask + 128) };
    Ok(Parts {
        mask: at.add(mask as u64),
        registers: at.add(registers as u64),
        link: at.add(word),
        stack: at.add(2 * word),
        size: at.add(size * word),
    })
}

fn get(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let parts = parts(c, at)?;
    let mask = c.mask();
    jumps::fill(c, parts.registers, FILLED)?;
    c.write_set(parts.mask, mask)?;
    Ok(0)
}

fn set(c: &mut Context<'_>, at: Ptr) -> Result<Reply> {
    let parts = parts(c, at)?;
    match c.read_integer(parts.registers, c.model.pointer)? {
        FILLED => {
            let mask = c.read_set(parts.mask)?;
            c.restore_mask(mask);
            jumps::jump(c, parts.registers, 0, false)
        }
        MADE => begin(c, &parts),
        _ => c.misuse(format!("{:#x} is no context that getcontext or makecontext has filled", at.0)),
    }
}

fn swap(c: &mut Context<'_>, from: Ptr, to: Ptr) -> Result<Reply> {
    get(c, from)?;
    set(c, to)
}

/// What is kept of a function: the mark, its address, the number of its
/// arguments, and where they are, at the end of its stack, one word each.
fn make(c: &mut Context<'_>, at: Ptr, function: Ptr, count: i32, _: Dots) -> Result<()> {
    if !(0..=MOST).contains(&count) {
        return c.misuse(format!("{count} arguments for a function of a context: {MOST} at most"));
    }
    let parts = parts(c, at)?;
    let word = u64::from(c.model.pointer);
    let width = c.model.pointer;
    let stack = c.read_pointer(parts.stack)?;
    let size = c.read_integer(parts.size, width)?;
    // A little below the end, so that a stack pointer tells which stack it is.
    let needed = 16 + word * count as u64;
    if size < needed + 32 {
        return c.misuse(format!("a stack of {size} bytes for {count} arguments"));
    }
    let first = stack.0.wrapping_add(size - needed) & !15;
    for (index, value) in [MADE, function.0, count as u64, first].into_iter().enumerate() {
        c.write_integer(parts.registers.add(word * index as u64), value, width)?;
    }
    let mut next = Ptr(first);
    let mut list = Variable::Call;
    for _ in 0..count {
        // By the standard they are of type `int`; programs pass pointers.
        let value = c.variable_integer(&mut list, CType::Long)?;
        c.write_integer(next, value as u64, width)?;
        next = next.add(word);
    }
    Ok(())
}

/// Begins the function of a context on its stack.
fn begin(c: &mut Context<'_>, parts: &Parts) -> Result<Reply> {
    let word = u64::from(c.model.pointer);
    let width = c.model.pointer;
    let stack = c.read_pointer(parts.stack)?;
    let size = c.read_integer(parts.size, width)?;
    let link = c.read_pointer(parts.link)?;
    let function = c.read_pointer(parts.registers.add(word))?;
    let count = c.read_integer(parts.registers.add(2 * word), width)?.min(MOST as u64);
    let first = c.read_pointer(parts.registers.add(3 * word))?;
    let mask = c.read_set(parts.mask)?;
    let mut arguments = Vec::new();
    for index in 0..count {
        let value = c.read_integer(first.add(index * word), width)?;
        arguments.push(ArgumentValue::Pointer(value));
    }
    c.restore_mask(mask);
    // What was called on this stack before has no more of it.
    c.state.frames.retain(|frame| !frame.is_on(stack.0, size));
    let top = first.0;
    let emulator = c.emulator();
    let bias = emulator.definition().default_convention().stack_bias;
    emulator.write_register(emulator.definition().stack_pointer, top.wrapping_sub(bias.into()))?;
    c.call_guest(function, &arguments, CType::Void, CType::Void, Continuation::Context { link })
}

/// The function of a context has returned.
pub(super) fn ended(c: &mut Context<'_>, link: Ptr) -> Result<Reply> {
    if !link.is_null() {
        return set(c, link);
    }
    // The end of the program, on whatever thread.
    super::ending::exit(c, 0)
}
