//! Calls of guest functions by models: `qsort`, `atexit`, signal handlers.
//!
//! A model cannot run the guest, as it is called by it. It has the processor
//! go to the function, with a return address of the library's own, and
//! remembers how to go on; when the function comes back there, the rest of the
//! model runs, and returns to its own caller. What is remembered is part of the
//! state, so that a snapshot in the middle of a comparison is as good as any.

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{EmulatorExt, Flow};
use terrella_machine_state::{
    ArgumentValue, Return, ReturnValue,
    call::{CallSetup, place_call, read_result},
};
use terrella_platforms::{CallingConvention, CodeAddressBit, ReturnBy};

use super::{
    context::Context,
    error::Result,
    processes::Ending,
    types::{CType, Outcome, Ptr, Reply},
};
use crate::linux::abi::generic::SIGABRT;

/// How a model goes on after a function of the guest's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Continuation {
    /// Sorting.
    Sort(Box<super::sort::Sort>),
    /// A binary search.
    Search(super::sort::Search),
    /// A linear search.
    Find(super::sort::Find),
    /// A way down a tree.
    Descent(super::trees::Descent),
    /// A walk through a tree.
    TreeWalk(Box<super::trees::TreeWalk>),
    /// A folder that is read, and sorted.
    Scan(Box<super::posix::directories::Scan>),
    /// A walk through folders.
    Walk(Box<super::posix::walk::Walk>),
    /// The end of the program.
    Exit(super::ending::Leaving),
    /// The way from the start code to `main` and on to `exit`.
    Start(super::ending::Starting),
    /// Signal handlers, and then this result.
    Signals { result: i64, mask: u64 },
    /// A call that a handler came before is made, or made again.
    Interrupted(Box<super::processes::Interrupted>),
    /// `fork`, and what is called around it.
    Forking(Box<super::processes::Forking>),
    /// The function of `pthread_once`: its control word.
    Once(Ptr),
    /// A thread's function, or a destructor of its data behind it.
    Thread { result: Option<u64> },
    /// A chunk of an obstack that is allocated or freed.
    Obstack(Box<super::gnu::obstack::Growing>),
    /// Nothing but this result.
    Result(i64),
    /// The handler of `SIGABRT`, and then the end.
    Abort,
    /// The function of a context of `makecontext`, and then this context.
    Context { link: Ptr },
}

/// A call of the guest that has not come back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// The model that called, for messages.
    pub(crate) model: String,
    stack: u64,
    link: Option<u64>,
    returns: Return,
    pub(crate) then: Continuation,
    /// The type of the model's own result.
    result: CType,
}

impl Frame {
    /// The first frame of a thread: what its function returns to.
    /// The function returns a pointer, or an `int` (C11).
    pub(crate) fn of_thread(id: u64, stack: u64, is_integer: bool) -> Self {
        Self {
            model: format!("thread {id}"),
            stack,
            link: None,
            returns: if is_integer { Return::Integer { bytes: 4, signed: true } } else { Return::Pointer },
            then: Continuation::Thread { result: None },
            result: CType::Void,
        }
    }

    /// What a thread goes on with that was at this place.
    pub(crate) const fn back(
        model: String,
        stack: u64,
        link: Option<u64>,
        then: Continuation,
        result: CType,
    ) -> Self {
        Self { model, stack, link, returns: Return::Void, then, result }
    }

    /// Whether a jump from one stack pointer to another leaves the model that
    /// called: on all stacks that grow downwards, what is above is older.
    pub(crate) const fn is_between(&self, from: u64, to: u64) -> bool {
        from <= self.stack && self.stack < to
    }

    /// Whether it was called on a stack of these addresses.
    pub(crate) const fn is_on(&self, first: u64, size: u64) -> bool {
        self.stack.wrapping_sub(first) < size
    }
}

/// The call that has come back to a stack pointer: the last one, or, where
/// contexts have stacks of their own, the nearest above.
fn take_frame(frames: &mut Vec<Frame>, here: u64, convention: &CallingConvention) -> Option<Frame> {
    let last = frames.len().checked_sub(1)?;
    let rises = matches!(convention.return_by, ReturnBy::RisingStack { .. });
    let nearest = |(_, frame): &(usize, &Frame)| frame.stack.wrapping_sub(here);
    let index = if rises {
        last
    } else {
        frames.iter().enumerate().rev().min_by_key(nearest).map_or(last, |(index, _)| index)
    };
    Some(frames.remove(index))
}

/// So many calls into each other are not meant.
const DEEPEST: usize = 4096;

impl Context<'_> {
    /// Calls a function of the guest's; the model goes on with `then`.
    pub(crate) fn call_guest(
        &mut self,
        function: Ptr,
        arguments: &[ArgumentValue],
        returns: CType,
        result: CType,
        then: Continuation,
    ) -> Result<Reply> {
        if self.state.frames.len() >= DEEPEST {
            return self.misuse(format!("{DEEPEST} calls of the guest into each other"));
        }
        let convention = self.call.convention();
        let resume = self.state.layout.resume;
        let returns = returns.result(&self.model);
        let emulator = self.call.emulator();
        let definition = emulator.definition();
        let stack = emulator.read_register(definition.stack_pointer)?;
        let link = match convention.return_by {
            ReturnBy::Link { register, .. } => Some(emulator.read_register(register)?),
            _ => None,
        };
        let bit = match definition.code_address_bit {
            CodeAddressBit::Address => 0,
            CodeAddressBit::ThumbOnly => 1,
            _ => function.0 & 1,
        };
        let mut setup = CallSetup::new(convention, function.0, arguments, resume | bit);
        setup.returns = returns;
        place_call(emulator, &setup)?;
        let model = self.name.to_owned();
        self.state.frames.push(Frame { model, stack, link, returns, then, result });
        Ok(Reply::Elsewhere)
    }

    /// A model has its result, and a signal came while it waited: the handler is
    /// called first. Results that are no integers are left as they are, and the
    /// signal waits for the next call.
    pub(crate) fn after_interruption(&mut self, result: CType) -> Result<Flow> {
        let returns = result.result(&self.model);
        if !matches!(returns, Return::Integer { .. } | Return::Pointer) {
            return Ok(Flow::Continue);
        }
        let convention = self.call.convention();
        let value = read_result(self.call.emulator(), convention, returns, None)?;
        self.deliver_signals(value.as_i64(), result)?.give(self)
    }

    /// A function of the guest's has come back to the library.
    pub(crate) fn resumed(&mut self) -> Result<Flow> {
        self.state.threads.this().again = false;
        let convention = self.call.convention();
        let emulator = self.call.emulator();
        let here = emulator.read_register(emulator.definition().stack_pointer)?;
        let Some(frame) = take_frame(&mut self.state.frames, here, convention) else {
            return self.misuse("a return to the library that nothing called");
        };
        let emulator = self.call.emulator();
        let value = read_result(emulator, convention, frame.returns, None)?;
        let definition = emulator.definition();
        emulator.write_register(definition.stack_pointer, frame.stack)?;
        if let (ReturnBy::Link { register, .. }, Some(link)) = (&convention.return_by, frame.link) {
            emulator.write_register(*register, link)?;
        }
        let result = frame.result;
        let reply = self.go_on(frame.then, &value, result)?;
        match (reply, result) {
            (Reply::Int(value), CType::Int) => value.give(self),
            (Reply::Int(value), ctype) => self.give_integer(ctype, value.into()),
            (other, _) => other.give(self),
        }
    }

    fn go_on(&mut self, then: Continuation, value: &ReturnValue, result: CType) -> Result<Reply> {
        match then {
            Continuation::Sort(sort) => sort.compared(self, value.as_i64()),
            Continuation::Search(search) => search.compared(self, value.as_i64()),
            Continuation::Find(find) => find.compared(self, value.as_i64()),
            Continuation::Descent(descent) => descent.compared(self, value.as_i64()),
            Continuation::TreeWalk(walk) => walk.go_on(self),
            Continuation::Scan(scan) => scan.decided(self, value.as_i64() as i32 != 0),
            Continuation::Walk(walk) => walk.told(self, value.as_i64()),
            Continuation::Exit(leaving) => leaving.go_on(self),
            Continuation::Start(starting) => starting.go_on(self, value.as_i64()),
            Continuation::Signals { result: then, mask } => {
                self.restore_mask(mask);
                self.deliver_signals(then, result)
            }
            Continuation::Interrupted(interrupted) => interrupted.go_on(self),
            Continuation::Forking(forking) => forking.go_on(self),
            Continuation::Once(control) => self.once_done(control),
            Continuation::Abort => self.ends(Ending::Signal(SIGABRT as u8)),
            Continuation::Context { link } => super::contexts::ended(self, link),
            Continuation::Thread { result } => self.thread_ended(result.unwrap_or(value.as_u64())),
            Continuation::Obstack(growing) => growing.go_on(self, value),
            Continuation::Result(value) => {
                self.give_integer(result, value.into())?;
                Ok(Reply::Void)
            }
        }
    }
}
