//! Which thread goes on, and how it gets there.

use terrella_emulator_api::EmulatorExt;
use terrella_machine_state::{
    ArgumentValue, RegisterValue, Return,
    call::{CallSetup, place_call},
};
use terrella_platforms::{CodeAddressBit, ReturnBy};

use super::{
    super::{
        context::Context,
        error::{Failure, Result},
        nested::Frame,
        types::{Ptr, Reply},
    },
    Status,
};
use crate::linux::{frame, process::Id};

impl Context<'_> {
    /// The registers of the processor, by their names.
    pub(in crate::libc) fn registers(&mut self) -> Vec<(String, RegisterValue)> {
        let emulator = self.call.emulator();
        let saved = frame::save(emulator);
        let registers = emulator.definition().registers();
        saved.into_iter().map(|(id, value)| (registers.get(id).name.to_owned(), value)).collect()
    }

    /// Has the processor go on with other registers.
    pub(in crate::libc) fn set_registers(&mut self, registers: Vec<(String, RegisterValue)>) -> Result<()> {
        let emulator = self.call.emulator();
        let known = emulator.definition().registers();
        let registers =
            registers.into_iter().filter_map(|(name, value)| Some((known.lookup(&name)?, value))).collect();
        Ok(frame::load(emulator, &registers)?)
    }

    /// Keeps the registers of the thread that runs, which is in a call of a
    /// model that it will make again.
    pub(in crate::libc) fn keep_current(&mut self) -> Result<()> {
        let errno = Ptr(self.state.layout.errno);
        let value = self.read_int(errno)?;
        let named = self.registers();
        let frames = std::mem::take(&mut self.state.frames);
        let running = self.state.kernel.running;
        let signals = self.state.kernel.threads.get_mut(&running);
        let signals = signals.map(|it| (it.mask, std::mem::take(&mut it.pending), it.old_mask.take()));
        let thread = self.state.threads.this();
        if let Some((mask, pending, old_mask)) = signals {
            (thread.mask, thread.pending, thread.old_mask) = (mask, pending, old_mask);
        }
        thread.registers = named;
        thread.frames = frames;
        thread.errno = value.into();
        Ok(())
    }

    /// Goes to a thread of a process.
    fn go_to(&mut self, (process, id): (Id, u64)) -> Result<Reply> {
        self.enter_process(process)?;
        self.begin_notices()?;
        self.state.threads.current = id;
        self.load_current()
    }

    /// The thread that is to run goes on, or begins.
    pub(in crate::libc) fn load_current(&mut self) -> Result<Reply> {
        let threads = &mut self.state.threads;
        let id = threads.current;
        let thread = threads.this();
        thread.tried_at = 0;
        thread.deadline = None;
        let status = thread.status;
        let signals = (thread.mask, std::mem::take(&mut thread.pending), thread.old_mask.take());
        let running = self.state.kernel.running;
        if let Some(it) = self.state.kernel.threads.get_mut(&running) {
            (it.mask, it.pending, it.old_mask) = signals;
        }
        let thread = self.state.threads.this();
        if let Status::New { function, argument, is_integer } = status {
            thread.status = Status::Waiting;
            let stack = thread.stack;
            return self.begin(id, (function, is_integer), argument, stack);
        }
        thread.again = true;
        let registers = std::mem::take(&mut thread.registers);
        let errno = thread.errno;
        self.state.frames = std::mem::take(&mut thread.frames);
        self.set_registers(registers)?;
        let at = Ptr(self.state.layout.errno);
        self.write_int(at, errno as i32)?;
        Ok(Reply::Elsewhere)
    }

    /// Begins the function of a thread on its stack.
    fn begin(
        &mut self,
        id: u64,
        (function, is_integer): (u64, bool),
        argument: u64,
        stack: u64,
    ) -> Result<Reply> {
        let size = self.stack_size();
        let top = stack.wrapping_add(size) & !0xff;
        let resume = self.state.layout.resume;
        let convention = self.call.convention();
        let emulator = self.call.emulator();
        let definition = emulator.definition();
        let rises = matches!(convention.return_by, ReturnBy::RisingStack { .. });
        let bias = u64::from(convention.stack_bias);
        let start = if rises { stack } else { top.wrapping_sub(bias) };
        emulator.write_register(definition.stack_pointer, start)?;
        let bit = match definition.code_address_bit {
            CodeAddressBit::Address => 0,
            CodeAddressBit::ThumbOnly => 1,
            _ => function & 1,
        };
        let arguments = [ArgumentValue::Pointer(argument)];
        let mut setup = CallSetup::new(convention, function, &arguments, resume | bit);
        setup.returns = Return::Pointer;
        place_call(emulator, &setup)?;
        self.state.frames = vec![Frame::of_thread(id, start, is_integer)];
        Ok(Reply::Elsewhere)
    }

    /// The thread that runs waits, until a time at most; another goes on. The
    /// call is made again when it is its turn.
    pub(in crate::libc) fn wait_here(&mut self, deadline: Option<u64>) -> Result<Reply> {
        let progress = self.state.threads.progress;
        let thread = self.state.threads.this();
        thread.tried_at = progress;
        thread.deadline = deadline;
        self.switch()
    }

    /// What happened in the kernel may be what a thread waits for.
    fn look_at_kernel(&mut self) {
        let changes = self.state.kernel.changes;
        if std::mem::replace(&mut self.state.threads.seen, changes) != changes {
            self.state.threads.moved();
        }
    }

    /// The thread that goes on next, and its process; or what ends the run. The
    /// clock goes on as far as it has to.
    fn next_thread(&mut self) -> Result<Result<(Id, u64), Reply>> {
        loop {
            self.end_killed()?;
            self.look_at_kernel();
            if let Some(next) = self.next_ready() {
                return Ok(Ok(next));
            }
            let first = self.next_deadline();
            if !self.may_idle_until(first) || !self.state.kernel.idle_until(first) {
                return match self.finish()? {
                    Some(reply) => Ok(Err(reply)),
                    None => Err(Failure::WaitsForEver),
                };
            }
            self.begin_notices()?;
            self.state.threads.moved();
        }
    }

    /// Another thread goes on: the next one that something has happened for.
    pub(in crate::libc) fn switch(&mut self) -> Result<Reply> {
        let next = match self.next_thread()? {
            Ok(next) => next,
            Err(reply) => return Ok(reply),
        };
        if next != (self.state.kernel.running, self.state.threads.current) {
            self.keep_current()?;
            return self.go_to(next);
        }
        // It is the one that waits: its call is made again.
        let thread = self.state.threads.this();
        thread.tried_at = 0;
        thread.again = true;
        let address = self.call.address();
        let emulator = self.call.emulator();
        let pointer = frame::code_pointer(emulator, address);
        emulator.set_program_counter(pointer)?;
        Ok(Reply::Elsewhere)
    }

    /// The thread gives its turn away and goes on after the others.
    pub(in crate::libc) fn yields(&mut self) -> Result<Reply> {
        if !self.has_other_threads() {
            return Ok(Reply::Int(0));
        }
        if std::mem::take(&mut self.state.threads.this().woken) {
            return Ok(Reply::Int(0));
        }
        self.state.threads.this().woken = true;
        self.state.threads.moved();
        let progress = self.state.threads.progress;
        self.state.threads.this().tried_at = progress;
        self.state.threads.moved();
        self.switch()
    }

    /// Goes to another thread for good.
    pub(in crate::libc) fn leave(&mut self) -> Result<Reply> {
        self.state.frames = Vec::new();
        match self.next_thread()? {
            Ok(next) => self.go_to(next),
            Err(reply) => Ok(reply),
        }
    }
}
