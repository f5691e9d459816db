//! `signal.h`: handlers are called when a model is done that a signal came in.

use super::{
    context::Context,
    error::Result,
    nested::Continuation,
    processes::Ending,
    types::{CType, Header, Ptr, Reply, Standard, ULong, models},
};
use crate::{
    errno::Errno,
    linux::{
        abi::generic::*,
        process::{Action, SignalInfo},
        signals::{Default as Fallback, UNBLOCKABLE, bit, default_of},
    },
};

pub(crate) static HEADER: Header = Header {
    name: "signal.h",
    standard: Standard::C99,
    models: models! {
        signal = signal;
        raise = raise;
    },
};

pub(crate) static POSIX: Header = Header {
    name: "signal.h",
    standard: Standard::Posix,
    models: models! {
        __sysv_signal = sysv_signal;
        bsd_signal = signal;
        sysv_signal = sysv_signal;
        kill = kill;
        killpg = killpg;
        pthread_kill = pthread_kill;
        sigaction = sigaction;
        sigprocmask = sigprocmask;
        pthread_sigmask = pthread_sigmask;
        sigpending = sigpending;
        sigsuspend = sigsuspend;
        sigwait = sigwait;
        ssignal = signal;
        gsignal = raise;
        sigemptyset = sigemptyset;
        sigfillset = sigfillset;
        sigaddset = sigaddset;
        sigdelset = sigdelset;
        sigismember = sigismember;
        sigisemptyset = sigisemptyset;
        siginterrupt = siginterrupt;
        sighold = sighold;
        sigrelse = sigrelse;
        sigignore = sigignore;
        sigset = sigset;
        sigaltstack = sigaltstack, "handlers run on the stack of the caller";
        psignal = psignal;
        pause = pause;
        alarm = alarm;
        ualarm = ualarm;
    },
};

/// Bytes of a `sigset_t` of glibc (`_SIGSET_NWORDS`, 1024 bits).
const SET_BYTES: u64 = 128;
/// The signal that timers begin threads with, as in glibc (`SIGTIMER`): it is
/// always held back, and programs do not see it.
pub(super) const NOTICE: u8 = 32;
/// `SI_TIMER`.
const OF_TIMER: i32 = -2;
/// `SIG_ERR`.
const SIG_ERROR: Ptr = Ptr(u64::MAX);

impl Context<'_> {
    /// The generic number of a signal of the guest's, if it is one.
    pub(super) fn signal_number(&self, number: i32) -> Option<u8> {
        let generic = self.state.abi.to_generic(|tables| tables.signal, number as u32 as u64);
        u8::try_from(generic).ok().filter(|it| (1..=64).contains(it) && number > 0)
    }

    pub(super) fn guest_signal(&self, generic: u8) -> i32 {
        self.state.abi.to_own(|tables| tables.signal, generic.into()) as i32
    }

    pub(super) fn action(&mut self, signal: u8) -> Option<&mut Action> {
        self.state.kernel.processes.get_mut(&self.state.kernel.running)?.actions.get_mut(usize::from(signal))
    }

    pub(super) fn mask(&self) -> u64 {
        self.state
            .kernel
            .threads
            .get(&self.state.kernel.running)
            .map_or(0, |thread| thread.mask & !bit(NOTICE))
    }

    pub(super) fn set_mask(&mut self, mask: u64) {
        if let Some(thread) = self.state.kernel.threads.get_mut(&self.state.kernel.running) {
            thread.mask = mask & !UNBLOCKABLE | bit(NOTICE);
        }
    }

    pub(super) fn restore_mask(&mut self, mask: u64) {
        self.set_mask(mask);
    }

    /// A set of the guest's, by generic numbers: bit 0 is signal 1.
    pub(super) fn read_set(&mut self, address: Ptr) -> Result<u64> {
        let word = self.model.long;
        let mut own = 0_u64;
        for index in 0..u64::from(8 / word) {
            let part = self.read_integer(address.add(index * u64::from(word)), word)?;
            own |= part << (8 * u64::from(word) * index);
        }
        let numbers = (1..=64).filter(|number| own & 1 << (number - 1) != 0);
        Ok(numbers.filter_map(|number| self.signal_number(number)).fold(0, |mask, it| mask | bit(it)))
    }

    pub(super) fn write_set(&mut self, address: Ptr, mask: u64) -> Result<()> {
        let mut own = 0_u64;
        for generic in (1..=64).filter(|number| mask & bit(*number) != 0) {
            let number = self.guest_signal(generic);
            own |= 1_u64.checked_shl(number as u32 - 1).unwrap_or(0);
        }
        let word = self.model.long;
        for index in 0..u64::from(8 / word) {
            let part = own >> (8 * u64::from(word) * index);
            self.write_integer(address.add(index * u64::from(word)), part, word)?;
        }
        Ok(())
    }

    /// Calls the handlers of signals that have come, one after the other, and
    /// then gives the result.
    pub(crate) fn deliver_signals(&mut self, result: i64, ctype: CType) -> Result<Reply> {
        self.begin_notices()?;
        while let Some(info) = self.state.kernel.take_next_signal() {
            let Some(action) = self.action(info.number).copied() else { continue };
            let mask = self.mask();
            let then = Continuation::Signals { result, mask };
            if action.handler == SIG_DFL {
                match default_of(info.number) {
                    Fallback::Ignore | Fallback::Continue => continue,
                    Fallback::End => return self.ends(Ending::Signal(info.number)),
                    Fallback::Stop => return self.stops(info.number, then, ctype),
                }
            }
            let (handler, arguments) = self.begin_handler(info)?;
            return self.call_guest(handler, &arguments, CType::Void, ctype, then);
        }
        self.give_integer(ctype, result.into())?;
        Ok(Reply::Void)
    }

    /// Calls the handler of a signal that the process sends itself, if there
    /// is one, whether it is held back or not.
    pub(super) fn handle(&mut self, number: u8, then: Continuation) -> Result<Option<Reply>> {
        let Some(action) = self.action(number).copied() else { return Ok(None) };
        if matches!(action.handler, SIG_DFL | SIG_IGN) {
            return Ok(None);
        }
        let sender = self.state.kernel.running;
        let info = SignalInfo { number, code: TO_THREAD, sender, value: 0 };
        let (handler, arguments) = self.begin_handler(info)?;
        self.call_guest(handler, &arguments, CType::Void, CType::Void, then).map(Some)
    }

    /// A `siginfo_t` and room for a `ucontext_t`, which is all zero.
    pub(super) fn signal_information(&mut self, number: i32, info: SignalInfo) -> Result<(Ptr, Ptr)> {
        let about = self.room("siginfo_t", 128)?;
        let context = self.room("ucontext_t", 2048)?;
        self.write_information(about, number, info)?;
        Ok((about, context))
    }

    /// Writes a `siginfo_t`.
    pub(super) fn write_information(&mut self, about: Ptr, number: i32, info: SignalInfo) -> Result<()> {
        let word = u64::from(self.model.long);
        self.write(about, &[0; 128])?;
        self.write_integer(about, number as u64, 4)?;
        // MIPS has `si_code` before `si_errno`, and other numbers for
        // SI_ASYNCIO, SI_TIMER and SI_MESGQ (asm/siginfo.h).
        let mips = self.state.platform.name().contains("mips");
        let own = match info.code {
            -4 if mips => -2,
            OF_TIMER if mips => -3,
            -3 if mips => -4,
            other => other,
        };
        let code = if mips { 4 } else { 8 };
        self.write_integer(about.add(code), own as u64, 4)?;
        let fields = if word == 8 { 16 } else { 12 };
        self.write_integer(about.add(fields), info.sender as u64, 4)?;
        if info.code == OF_TIMER {
            let timer = self
                .state
                .kernel
                .processes
                .get(&self.state.kernel.running)
                .and_then(|it| it.timers.get(&info.sender));
            let overrun = timer.map_or(0, |timer| timer.overrun);
            self.write_integer(about.add(fields + 4), overrun, 4)?;
        }
        if info.number == SIGCHLD as u8 && info.code > 0 {
            // `si_status`: a code, or the number of a signal.
            let is_code = info.code == 1;
            let status = if is_code { info.value } else { self.guest_signal(info.value as u8) as u64 };
            return self.write_integer(about.add(fields + 8), status, 4);
        }
        self.write_integer(about.add(fields + 8), info.value, word as u8)
    }
}

fn install(c: &mut Context<'_>, number: i32, handler: Ptr, flags: u64) -> Result<Ptr> {
    let known = c.signal_number(number).filter(|it| bit(*it) & UNBLOCKABLE == 0);
    let Some(signal) = known else {
        c.set_errno(Errno::EINVAL)?;
        return Ok(SIG_ERROR);
    };
    let Some(action) = c.action(signal) else { return Ok(SIG_ERROR) };
    let old = action.handler;
    *action = Action { handler: handler.0, flags, restorer: 0, mask: 0 };
    Ok(Ptr(old))
}

fn signal(c: &mut Context<'_>, number: i32, handler: Ptr) -> Result<Ptr> {
    install(c, number, handler, SA_RESTART)
}

fn sysv_signal(c: &mut Context<'_>, number: i32, handler: Ptr) -> Result<Ptr> {
    install(c, number, handler, SA_RESETHAND | SA_NODEFER)
}

/// `SI_TKILL`.
const TO_THREAD: i32 = -6;

/// To the thread that runs.
fn raise(c: &mut Context<'_>, number: i32) -> Result<Reply> {
    let Some(signal) = c.signal_number(number) else {
        return c.fail(Errno::EINVAL).map(Reply::Int);
    };
    let info = SignalInfo { number: signal, code: TO_THREAD, sender: c.state.kernel.running, value: 0 };
    c.state.kernel.signal_thread(c.state.kernel.running, info);
    c.deliver_signals(0, CType::Int)
}

/// To a process, or to a group of them.
fn kill(c: &mut Context<'_>, process: i32, number: i32) -> Result<Reply> {
    let result = super::posix::call(c, "kill", &[process as u64, number as u64])?;
    c.deliver_signals(result, CType::Int)
}

fn killpg(c: &mut Context<'_>, group: i32, number: i32) -> Result<Reply> {
    if group < 0 {
        return c.fail(Errno::EINVAL).map(Reply::Int);
    }
    // 0 is the group of the caller.
    kill(c, -group, number)
}

fn pthread_kill(c: &mut Context<'_>, thread: ULong, number: i32) -> Result<Reply> {
    let signal = c.signal_number(number);
    if number != 0 && signal.is_none() {
        return Ok(Reply::Int(c.state.abi.error(Errno::EINVAL) as i32));
    }
    let info =
        SignalInfo { number: signal.unwrap_or(0), code: TO_THREAD, sender: c.state.kernel.running, value: 0 };
    if !c.signal_one_thread(thread.0, info) {
        return Ok(Reply::Int(c.state.abi.error(Errno::ESRCH) as i32));
    }
    c.deliver_signals(0, CType::Int)
}

/// `struct sigaction` of glibc: handler, mask, flags, restorer; on MIPS the
/// flags come first.
fn action_offsets(c: &Context<'_>) -> (u64, u64, u64) {
    let word = u64::from(c.model.long);
    let name = c.state.platform.name();
    if name.contains("mips") {
        (word, 2 * word, 0)
    } else if name == "s390x" {
        // handler, int, int flags, restorer, mask.
        (0, 3 * word, word + 4)
    } else if name == "sparc64" {
        // handler, mask, int, int flags, restorer.
        (0, word, word + SET_BYTES + 4)
    } else {
        (0, word, word + SET_BYTES)
    }
}

fn sigaction(c: &mut Context<'_>, number: i32, new: Ptr, old: Ptr) -> Result<i32> {
    let Some(signal) = c.signal_number(number) else { return c.fail(Errno::EINVAL) };
    let Some(before) = c.action(signal).copied() else { return c.fail(Errno::EINVAL) };
    let (handler_at, mask_at, flags_at) = action_offsets(c);
    let after = if new.is_null() {
        None
    } else {
        if bit(signal) & UNBLOCKABLE != 0 {
            return c.fail(Errno::EINVAL);
        }
        let handler = c.read_pointer(new.add(handler_at))?.0;
        let flags = c.read_integer(new.add(flags_at), 4)?;
        let flags = c.state.abi.bits_to_generic(|tables| tables.action, flags);
        let mask = c.read_set(new.add(mask_at))?;
        Some(Action { handler, flags, restorer: 0, mask })
    };
    if !old.is_null() {
        c.write(
            old,
            &vec![0; (mask_at.max(flags_at) + if mask_at > flags_at { SET_BYTES } else { 4 }) as usize],
        )?;
        c.write_pointer(old.add(handler_at), Ptr(before.handler))?;
        let flags = c.state.abi.bits_to_own(|tables| tables.action, before.flags);
        c.write_integer(old.add(flags_at), flags, 4)?;
        c.write_set(old.add(mask_at), before.mask)?;
    }
    if let (Some(after), Some(action)) = (after, c.action(signal)) {
        *action = after;
    }
    Ok(0)
}

/// The new mask, or that it makes no sense.
fn masked(c: &mut Context<'_>, how: i32, set: Ptr, old: Ptr) -> Result<Result<(), Errno>> {
    let before = c.mask();
    if !set.is_null() {
        let mask = c.read_set(set)?;
        let how = c.state.abi.to_generic(|tables| tables.mask, how as u32 as u64);
        let after = match how {
            0 => before | mask,
            1 => before & !mask,
            2 => mask,
            _ => return Ok(Err(Errno::EINVAL)),
        };
        c.set_mask(after);
    }
    if !old.is_null() {
        c.write(old, &[0; SET_BYTES as usize])?;
        c.write_set(old, before)?;
    }
    Ok(Ok(()))
}

fn sigprocmask(c: &mut Context<'_>, how: i32, set: Ptr, old: Ptr) -> Result<Reply> {
    match masked(c, how, set, old)? {
        Ok(()) => c.deliver_signals(0, CType::Int),
        Err(error) => c.fail(error).map(Reply::Int),
    }
}

fn pthread_sigmask(c: &mut Context<'_>, how: i32, set: Ptr, old: Ptr) -> Result<Reply> {
    match masked(c, how, set, old)? {
        Ok(()) => c.deliver_signals(0, CType::Int),
        Err(error) => Ok(Reply::Int(c.state.abi.error(error) as i32)),
    }
}

fn pending(c: &mut Context<'_>) -> u64 {
    let kernel = &c.state.kernel;
    let all = kernel.processes.get(&kernel.running).into_iter().flat_map(|process| &process.pending);
    let own = kernel.threads.get(&kernel.running).into_iter().flat_map(|thread| &thread.pending);
    all.chain(own).fold(0, |mask, info| mask | bit(info.number))
}

fn sigpending(c: &mut Context<'_>, set: Ptr) -> Result<i32> {
    let mask = pending(c) & c.mask();
    c.write(set, &[0; SET_BYTES as usize])?;
    c.write_set(set, mask)?;
    Ok(0)
}

/// Waits until a signal with a handler comes.
pub(super) fn wait_for_signal(c: &mut Context<'_>, mask: Option<u64>) -> Result<Reply> {
    // The call may be made again: the mask of before is that of the first time.
    let before = match c.state.threads.this().suspended.take() {
        Some(before) => before,
        None => c.mask(),
    };
    if let Some(mask) = mask {
        c.set_mask(mask);
    }
    while c.state.kernel.next_signal(c.state.kernel.running).is_none() {
        c.begin_notices()?;
        if c.has_other_threads() {
            c.state.threads.this().suspended = Some(before);
            return c.wait_here(None);
        }
        if !c.state.kernel.idle_until(None) {
            c.set_mask(before);
            return Err(super::error::Failure::WaitsForEver);
        }
    }
    c.set_errno(Errno::EINTR)?;
    let reply = c.deliver_signals(-1, CType::Int);
    // The mask goes back when the handler has returned.
    match c.state.frames.last_mut().map(|frame| &mut frame.then) {
        Some(Continuation::Signals { mask, .. }) if matches!(reply, Ok(Reply::Elsewhere)) => *mask = before,
        _ => c.set_mask(before),
    }
    reply
}

fn pause(c: &mut Context<'_>) -> Result<Reply> {
    wait_for_signal(c, None)
}

fn sigsuspend(c: &mut Context<'_>, set: Ptr) -> Result<Reply> {
    let mask = c.read_set(set)?;
    wait_for_signal(c, Some(mask))
}

/// Waits for one of these signals, at most until a time: `None` if none came.
pub(super) fn wait_for(
    c: &mut Context<'_>,
    wanted: u64,
    deadline: Option<u64>,
) -> Result<Option<SignalInfo>> {
    // The call may be made again: it ends when it first was to end.
    let deadline = match c.state.threads.this().sleeps_until.take() {
        Some(first) => Some(first),
        None => deadline,
    };
    loop {
        c.state.kernel.run_timers();
        let kernel = &mut c.state.kernel;
        let own = kernel.threads.get_mut(&kernel.running).map(|thread| &mut thread.pending);
        let all = kernel.processes.get_mut(&kernel.running).map(|process| &mut process.pending);
        let found = own.into_iter().chain(all).find_map(|pending| {
            let place = pending.iter().position(|info| bit(info.number) & wanted != 0)?;
            Some(pending.remove(place))
        });
        if found.is_some() {
            return Ok(found);
        }
        if deadline.is_some_and(|deadline| c.state.kernel.clock.monotonic() >= deadline) {
            return Ok(None);
        }
        c.begin_notices()?;
        if c.has_other_threads() {
            c.state.threads.this().sleeps_until = deadline;
            return Err(super::error::Failure::Waits(deadline));
        }
        if !c.state.kernel.idle_until(deadline) {
            return Err(super::error::Failure::WaitsForEver);
        }
    }
}

fn sigwait(c: &mut Context<'_>, set: Ptr, number: Ptr) -> Result<i32> {
    let wanted = c.read_set(set)?;
    if let Some(info) = wait_for(c, wanted, None)? {
        let own = c.guest_signal(info.number);
        c.write_int(number, own)?;
    }
    Ok(0)
}

fn sigemptyset(c: &mut Context<'_>, set: Ptr) -> Result<i32> {
    c.write(set, &[0; SET_BYTES as usize])?;
    Ok(0)
}

fn sigfillset(c: &mut Context<'_>, set: Ptr) -> Result<i32> {
    c.write(set, &[0xff; SET_BYTES as usize])?;
    Ok(0)
}

fn change_set(c: &mut Context<'_>, set: Ptr, number: i32, add: bool) -> Result<i32> {
    let Some(signal) = c.signal_number(number) else { return c.fail(Errno::EINVAL) };
    let mask = c.read_set(set)?;
    let mask = if add { mask | bit(signal) } else { mask & !bit(signal) };
    c.write_set(set, mask)?;
    Ok(0)
}

fn sigaddset(c: &mut Context<'_>, set: Ptr, number: i32) -> Result<i32> {
    change_set(c, set, number, true)
}

fn sigdelset(c: &mut Context<'_>, set: Ptr, number: i32) -> Result<i32> {
    change_set(c, set, number, false)
}

fn sigismember(c: &mut Context<'_>, set: Ptr, number: i32) -> Result<i32> {
    let Some(signal) = c.signal_number(number) else { return c.fail(Errno::EINVAL) };
    Ok(i32::from(c.read_set(set)? & bit(signal) != 0))
}

fn sigisemptyset(c: &mut Context<'_>, set: Ptr) -> Result<i32> {
    Ok(i32::from(c.read_set(set)? == 0))
}

fn siginterrupt(c: &mut Context<'_>, number: i32, interrupts: i32) -> Result<i32> {
    let Some(action) = c.signal_number(number).and_then(|signal| c.action(signal)) else {
        return c.fail(Errno::EINVAL);
    };
    if interrupts != 0 {
        action.flags &= !SA_RESTART;
    } else {
        action.flags |= SA_RESTART;
    }
    Ok(0)
}

fn sighold(c: &mut Context<'_>, number: i32) -> Result<i32> {
    let Some(signal) = c.signal_number(number) else { return c.fail(Errno::EINVAL) };
    let mask = c.mask() | bit(signal);
    c.set_mask(mask);
    Ok(0)
}

fn sigrelse(c: &mut Context<'_>, number: i32) -> Result<Reply> {
    let Some(signal) = c.signal_number(number) else { return c.fail(Errno::EINVAL).map(Reply::Int) };
    let mask = c.mask() & !bit(signal);
    c.set_mask(mask);
    c.deliver_signals(0, CType::Int)
}

fn sigignore(c: &mut Context<'_>, number: i32) -> Result<i32> {
    let result = install(c, number, Ptr(SIG_IGN), 0)?;
    Ok(if result == SIG_ERROR { -1 } else { 0 })
}

fn sigset(c: &mut Context<'_>, number: i32, handler: Ptr) -> Result<Ptr> {
    // SIG_HOLD.
    if handler.0 == 2 {
        let result = sighold(c, number)?;
        return Ok(if result == 0 { Ptr(2) } else { SIG_ERROR });
    }
    install(c, number, handler, 0)
}

fn sigaltstack(c: &mut Context<'_>, new: Ptr, old: Ptr) -> Result<i32> {
    super::posix::call(c, "sigaltstack", &[new.0, old.0]).map(|value| value as i32)
}

pub(super) fn psignal(c: &mut Context<'_>, number: i32, prefix: Ptr) -> Result<()> {
    let mut text = if prefix.is_null() { Vec::new() } else { c.text(prefix)? };
    if !text.is_empty() {
        text.extend_from_slice(b": ");
    }
    text.extend(super::string::signal_text(c, number));
    text.push(b'\n');
    let _ = c.state.kernel.streams.write(2, &text);
    Ok(())
}

fn alarm(c: &mut Context<'_>, seconds: u32) -> Result<u32> {
    super::posix::call(c, "alarm", &[seconds.into()]).map(|value| value as u32)
}

fn ualarm(c: &mut Context<'_>, after: u32, interval: u32) -> Result<u32> {
    use crate::linux::process::IntervalTimer;
    let now = c.state.kernel.clock.monotonic();
    let at = (after > 0).then(|| now.saturating_add(u64::from(after) * 1000));
    let Some(process) = c.state.kernel.processes.get_mut(&c.state.kernel.running) else { return Ok(0) };
    let old = process.real_timer.at.map_or(0, |at| at.saturating_sub(now) / 1000);
    process.real_timer = IntervalTimer { at, interval: u64::from(interval) * 1000 };
    Ok(u32::try_from(old).unwrap_or(u32::MAX))
}
