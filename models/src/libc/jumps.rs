//! `setjmp.h`: the registers that a function keeps are in the `jmp_buf`, as in
//! real libraries, so that copies of it are as good.

use terrella_emulator_api::EmulatorExt;
use terrella_platforms::ReturnBy;

use super::{
    context::{Context, return_address},
    error::Result,
    types::{CType, Header, Ptr, Reply, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "setjmp.h",
    standard: Standard::C99,
    models: models! {
        setjmp = setjmp;
        longjmp = longjmp;
    },
};

pub(crate) static EXTENSIONS: Header = Header {
    name: "setjmp.h",
    standard: Standard::Posix,
    models: models! {
        _setjmp = setjmp;
        __setjmp = setjmp;
        sigsetjmp = sigsetjmp;
        __sigsetjmp = sigsetjmp;
        _longjmp = longjmp;
        siglongjmp = longjmp;
        __longjmp_chk = longjmp;
    },
};

/// Bytes of each register there. The most that a `jmp_buf` has room for decides
/// how many fit; all libraries have room for those that functions keep.
const SLOT: u64 = 8;
/// What says that the registers are there, and that a mask of signals is there
/// behind them.
const MARK: u64 = 0x6a6d_7062;
const MARK_WITH_MASK: u64 = 0x6a6d_7063;

/// Registers that are kept, as far as the processor has them: conventions name
/// those of its extensions too.
fn kept(c: &mut Context<'_>) -> Vec<&'static str> {
    let saved = c.call.convention().callee_saved;
    let emulator = c.emulator();
    saved.iter().copied().filter(|register| emulator.read_wide_register(*register).is_ok()).collect()
}

/// Its width in bytes: of those of 128 bits the conventions keep the lower
/// half.
fn width(c: &mut Context<'_>, register: &str) -> u64 {
    let registers = c.emulator().definition().registers();
    let bits = registers.lookup(register).map_or(64, |id| registers.get(id).bits);
    u64::from(bits.div_ceil(8)).min(SLOT)
}

fn setjmp(c: &mut Context<'_>, buffer: Ptr) -> Result<i32> {
    fill(c, buffer, MARK).map(|_| 0)
}

/// Fills a buffer; where what is behind the registers is.
pub(super) fn fill(c: &mut Context<'_>, buffer: Ptr, mark: u64) -> Result<Ptr> {
    let convention = c.call.convention();
    let emulator = c.call.emulator();
    let target = return_address(emulator, convention)?;
    let stack = emulator.read_register(emulator.definition().stack_pointer)?;
    // Where it is when the function has returned.
    let stack = match convention.return_by {
        ReturnBy::Stack { bytes }
        | ReturnBy::EmptyStack { bytes, .. }
        | ReturnBy::WordOnEmptyStack { bytes } => stack.wrapping_add(bytes.into()),
        ReturnBy::RisingStack { bytes } => stack.wrapping_sub(bytes.into()),
        ReturnBy::Link { .. } => stack,
    };
    let word = c.model.pointer;
    c.write_integer(buffer, mark, word)?;
    c.write_integer(buffer.add(word.into()), target, word)?;
    c.write_integer(buffer.add(2 * u64::from(word)), stack, word)?;
    let mut at = buffer.add(3 * u64::from(word));
    for register in kept(c) {
        let bytes = width(c, register);
        let value = c.emulator().read_wide_register(register)?.low_u64();
        c.write_integer(at, value, bytes as u8)?;
        at = at.add(bytes);
    }
    Ok(at)
}

/// The mask of signals stands behind the registers: a `sigjmp_buf` has room for
/// one.
fn sigsetjmp(c: &mut Context<'_>, buffer: Ptr, keeps_mask: i32) -> Result<i32> {
    let mask = c.state.kernel.threads.get(&c.state.kernel.running).map_or(0, |thread| thread.mask);
    if keeps_mask == 0 {
        return setjmp(c, buffer);
    }
    let behind = fill(c, buffer, MARK_WITH_MASK)?;
    c.write_integer(behind, mask, 8)?;
    Ok(0)
}

fn longjmp(c: &mut Context<'_>, buffer: Ptr, value: i32) -> Result<Reply> {
    let mark = c.read_integer(buffer, c.model.pointer)?;
    if mark != MARK && mark != MARK_WITH_MASK {
        return c.misuse(format!("{:#x} is no jmp_buf that setjmp has filled", buffer.0));
    }
    // Calls of the guest that the jump leaves are over: they are between here
    // and there.
    let word = c.model.pointer;
    let target = c.read_integer(buffer.add(2 * u64::from(word)), word)?;
    let emulator = c.emulator();
    let here = emulator.read_register(emulator.definition().stack_pointer)?;
    c.state.frames.retain(|frame| !frame.is_between(here, target));
    jump(c, buffer, if value == 0 { 1 } else { value }, mark == MARK_WITH_MASK)
}

/// Goes to where a buffer was filled, which returns `value` again.
pub(super) fn jump(c: &mut Context<'_>, buffer: Ptr, value: i32, with_mask: bool) -> Result<Reply> {
    let word = c.model.pointer;
    let target = c.read_integer(buffer.add(word.into()), word)?;
    let stack = c.read_integer(buffer.add(2 * u64::from(word)), word)?;
    let mut at = buffer.add(3 * u64::from(word));
    for register in kept(c) {
        let bytes = width(c, register);
        let stored = c.read_integer(at, bytes as u8)?;
        let emulator = c.emulator();
        let whole = emulator.read_wide_register(register)?;
        let part = terrella_machine_state::RegisterValue::from(stored);
        emulator.write_register(register, whole.insert(0, 8 * bytes as u32, &part))?;
        at = at.add(bytes);
    }
    if with_mask {
        let mask = c.read_integer(at, 8)?;
        c.restore_mask(mask);
    }
    c.give_integer(CType::Int, value.into())?;
    let convention = c.call.convention();
    let emulator = c.emulator();
    emulator.write_register(emulator.definition().stack_pointer, stack)?;
    if let ReturnBy::Link { register, offset } = convention.return_by {
        emulator.write_register(register, target.wrapping_sub(offset.into()))?;
    }
    emulator.set_program_counter(target)?;
    Ok(Reply::Elsewhere)
}
