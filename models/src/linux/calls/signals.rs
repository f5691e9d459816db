//! Signals: handlers, masks, sending and waiting.

use std::sync::Arc;

use super::super::{
    abi::{Abi, ActionLayout, generic::*},
    descriptions::Kind,
    process::{Action, AlternateStack, Id, SignalInfo},
    signal_words,
    signals::{Default, UNBLOCKABLE, bit, default_of},
    task::{self, Answer, Refusal, Task},
};
use crate::errno::Errno;

/// Bytes of a mask in calls: 128 signals on MIPS, 64 elsewhere.
pub(super) fn mask_size(task: &Task<'_>) -> u64 {
    if task.abi.action == ActionLayout::FlagsFirst { 16 } else { 8 }
}

/// A mask of the guest's, in generic numbers.
pub(super) fn read_mask(task: &Task<'_>, address: u64) -> Result<u64, Errno> {
    let mask = task.read_integer(address, 8)?;
    Ok(signal_words::generic_mask(&task.abi, signal_words::mask_word(&task.abi, mask)))
}

fn write_mask(task: &mut Task<'_>, address: u64, mask: u64) -> Result<(), Errno> {
    let own = signal_words::mask_word(&task.abi, signal_words::own_mask(&task.abi, mask));
    task.write_integer(address, own, 8)?;
    if mask_size(task) == 16 {
        task.write_integer(address.wrapping_add(8), 0, 8)?;
    }
    Ok(())
}

/// The number of a signal that an argument means.
fn signal_of(task: &Task<'_>, index: usize) -> Result<u8, Errno> {
    let own = task.argument(index) & 0xffff_ffff;
    let number = if own < 32 { task.generic(|tables| tables.signal, own) } else { own };
    u8::try_from(number).ok().filter(|number| *number <= 64).ok_or(Errno::EINVAL)
}

/// `rt_sigaction(signal, new, old, size)`.
pub(super) fn rt_sigaction(task: &mut Task<'_>) -> Answer {
    let signal = signal_of(task, 0)?;
    if signal == 0 {
        return Err(Errno::EINVAL.into());
    }
    let (new, old) = (task.argument(1), task.argument(2));
    let before = task.this()?.actions[usize::from(signal)];
    let action = if new == 0 { None } else { Some(read_action(task, new)?) };
    if old != 0 {
        write_action(task, old, before)?;
    }
    let Some(mut action) = action else { return Ok(0) };
    if bit(signal) & UNBLOCKABLE != 0 {
        return Err(Errno::EINVAL.into());
    }
    action.mask &= !UNBLOCKABLE;
    task.this_mut()?.actions[usize::from(signal)] = action;
    if action.handler == SIG_IGN || action.handler == SIG_DFL && matches!(default_of(signal), Default::Ignore)
    {
        task.kernel.drop_ignored(task.process, signal);
    }
    Ok(0)
}

fn read_action(task: &Task<'_>, address: u64) -> Result<Action, Errno> {
    task.check_readable(address, 16)?;
    let mut reader = task.reader(address);
    let (flags, handler, restorer) = match task.abi.action {
        ActionLayout::FlagsFirst => {
            let flags = reader.int()?;
            (flags, reader.long()?, 0)
        }
        ActionLayout::WithRestorer => {
            let handler = reader.long()?;
            let flags = reader.long()?;
            (flags, handler, reader.long()?)
        }
        ActionLayout::WithoutRestorer => {
            let handler = reader.long()?;
            (reader.long()?, handler, 0)
        }
    };
    let word = task.abi.word as u64;
    let at = match task.abi.action {
        ActionLayout::FlagsFirst => 2 * word,
        ActionLayout::WithRestorer => 3 * word,
        // A C library that says it brings a restorer has room for it, although
        // the kernel has none here (musl on 32-bit RISC-V).
        ActionLayout::WithoutRestorer if flags & SA_RESTORER != 0 => 3 * word,
        ActionLayout::WithoutRestorer => 2 * word,
    };
    let flags = task.abi.bits_to_generic(|tables| tables.action, flags);
    // Flags are `int`s: what is above is their sign.
    let flags = flags & 0xffff_ffff;
    Ok(Action { handler, flags, restorer, mask: read_mask(task, address.wrapping_add(at))? })
}

fn write_action(task: &mut Task<'_>, address: u64, action: Action) -> Result<(), Errno> {
    let flags = task.abi.bits_to_own(|tables| tables.action, action.flags);
    let mut fields = task.fields();
    match task.abi.action {
        ActionLayout::FlagsFirst => fields.int(flags).long(action.handler),
        ActionLayout::WithRestorer => fields.long(action.handler).long(flags).long(action.restorer),
        ActionLayout::WithoutRestorer => fields.long(action.handler).long(flags),
    };
    let bytes = fields.finish();
    task.write(address, &bytes)?;
    write_mask(task, address.wrapping_add(bytes.len() as u64), action.mask)
}

/// The old `signal(signal, handler)`.
pub(super) fn signal(task: &mut Task<'_>) -> Answer {
    let signal = signal_of(task, 0)?;
    if signal == 0 || bit(signal) & UNBLOCKABLE != 0 {
        return Err(Errno::EINVAL.into());
    }
    let action = Action { handler: task.argument(1), flags: SA_RESETHAND | SA_NODEFER, ..Action::default() };
    let old = std::mem::replace(&mut task.this_mut()?.actions[usize::from(signal)], action);
    Ok(old.handler)
}

/// `rt_sigprocmask(how, new, old, size)`.
pub(super) fn rt_sigprocmask(task: &mut Task<'_>) -> Answer {
    if task.argument(3) != mask_size(task) {
        return Err(Errno::EINVAL.into());
    }
    let old = task.thread()?.mask;
    let (new, place) = (task.argument(1), task.argument(2));
    if new != 0 {
        let mask = read_mask(task, new)?;
        let mask = match task.generic(|tables| tables.mask, task.argument(0)) {
            0 => old | mask,
            1 => old & !mask,
            2 => mask,
            _ => return Err(Errno::EINVAL.into()),
        };
        task.thread_mut()?.mask = mask & !UNBLOCKABLE;
    }
    if place != 0 {
        write_mask(task, place, old)?;
    }
    Ok(0)
}

pub(super) fn rt_sigpending(task: &mut Task<'_>) -> Answer {
    let blocked = task.thread()?.mask;
    let all = task
        .thread()?
        .pending
        .iter()
        .chain(&task.this()?.pending)
        .fold(0, |all, info| all | bit(info.number));
    write_mask(task, task.argument(0), all & blocked)?;
    Ok(0)
}

/// `rt_sigsuspend(mask, size)`.
pub(super) fn rt_sigsuspend(task: &mut Task<'_>) -> Answer {
    let mask = read_mask(task, task.argument(0))? & !UNBLOCKABLE;
    let thread = task.thread_mut()?;
    if thread.old_mask.is_none() {
        thread.old_mask = Some(thread.mask);
        thread.mask = mask;
    }
    Err(task.wait_until(None))
}

pub(super) fn pause(task: &mut Task<'_>) -> Answer {
    Err(task.wait_until(None))
}

/// `sigaltstack(new, old)`.
pub(super) fn sigaltstack(task: &mut Task<'_>) -> Answer {
    let (new, place) = (task.argument(0), task.argument(1));
    let old = task.thread()?.alternate;
    let stack = terrella_emulator_api::EmulatorExt::read_register(
        task.emulator,
        task.emulator.definition().stack_pointer,
    )?;
    let inside = old.flags & SS_DISABLE == 0 && stack.wrapping_sub(old.base) < old.size;
    if new != 0 {
        // MIPS has the size before the flags, as the ABI of System V says.
        let mut reader = task.reader(new);
        let base = reader.long()?;
        let (flags, size) = if task.abi.action == ActionLayout::FlagsFirst {
            let size = reader.long()?;
            (reader.int()?, size)
        } else {
            let flags = reader.int()?;
            (flags, reader.long()?)
        };
        if inside {
            return Err(Errno::EPERM.into());
        }
        if flags & !(SS_DISABLE | SS_ONSTACK | SS_AUTODISARM) != 0 {
            return Err(Errno::EINVAL.into());
        }
        if flags & SS_DISABLE == 0 && size < 2048 {
            return Err(Errno::ENOMEM.into());
        }
        task.thread_mut()?.alternate = AlternateStack { base, size, flags: flags & !SS_ONSTACK };
    }
    if place != 0 {
        let flags = if inside { SS_ONSTACK } else { old.flags };
        let mut fields = task.fields();
        fields.long(old.base);
        if task.abi.action == ActionLayout::FlagsFirst {
            fields.long(old.size).int(flags);
        } else {
            fields.int(flags).long(old.size);
        }
        let bytes = fields.finish();
        task.write(place, &bytes)?;
    }
    Ok(0)
}

pub(super) fn rt_sigreturn(_task: &mut Task<'_>) -> Answer {
    Err(Refusal::Action(task::Action::SignalReturn { old: false }))
}

pub(super) fn sigreturn(_task: &mut Task<'_>) -> Answer {
    Err(Refusal::Action(task::Action::SignalReturn { old: true }))
}

// ---- sending

impl Task<'_> {
    fn send_to(&mut self, process: Id, signal: u8, code: i32, value: u64) -> Result<(), Errno> {
        if !self.kernel.processes.contains_key(&process) {
            return Err(Errno::ESRCH);
        }
        let sender = self.process;
        let queued = self.kernel.signal_process(process, SignalInfo { number: signal, code, sender, value });
        // What `kill` sends is never lost: it is there already.
        if queued || code == 0 { Ok(()) } else { Err(Errno::EAGAIN) }
    }
}

pub(super) fn kill(task: &mut Task<'_>) -> Answer {
    let id = task.int(0);
    let signal = signal_of(task, 1)?;
    if id > 0 {
        task.send_to(id, signal, 0, 0)?;
        return Ok(0);
    }
    let own = task.this()?.group;
    let targets: Vec<Id> = task
        .kernel
        .processes
        .values()
        .filter(|process| match id {
            0 => process.group == own,
            -1 => process.id > 1 && process.id != task.process,
            _ => Some(process.group) == id.checked_neg(),
        })
        .map(|process| process.id)
        .collect();
    if targets.is_empty() {
        return Err(Errno::ESRCH.into());
    }
    for target in targets {
        task.send_to(target, signal, 0, 0)?;
    }
    Ok(0)
}

fn to_thread(
    task: &mut Task<'_>,
    group: Option<Id>,
    thread: Id,
    signal: u8,
    code: i32,
    value: u64,
) -> Answer {
    let found = task.kernel.threads.get(&thread).ok_or(Errno::ESRCH)?;
    if thread <= 0 || group.is_some_and(|group| group != found.process) {
        return Err(if thread <= 0 { Errno::EINVAL } else { Errno::ESRCH }.into());
    }
    let sender = task.process;
    let queued = task.kernel.signal_thread(thread, SignalInfo { number: signal, code, sender, value });
    if queued || code == -6 { Ok(0) } else { Err(Errno::EAGAIN.into()) }
}

pub(super) fn tkill(task: &mut Task<'_>) -> Answer {
    let signal = signal_of(task, 1)?;
    to_thread(task, None, task.int(0), signal, -6, 0)
}

pub(super) fn tgkill(task: &mut Task<'_>) -> Answer {
    let signal = signal_of(task, 2)?;
    to_thread(task, Some(task.int(0)), task.int(1), signal, -6, 0)
}

/// What `sigqueue` gives along: the code and the value of a `siginfo`.
fn queued(task: &Task<'_>, address: u64) -> Result<(i32, u64), Errno> {
    let code =
        task.read_u32(address.wrapping_add(if task.abi.action == ActionLayout::FlagsFirst { 4 } else { 8 }))?
            as i32;
    let value = task.read_word(address.wrapping_add(if task.abi.is_64() { 24 } else { 20 }))?;
    Ok((code, value))
}

/// `rt_sigqueueinfo(process, signal, info)`.
pub(super) fn rt_sigqueueinfo(task: &mut Task<'_>) -> Answer {
    let signal = signal_of(task, 1)?;
    let (code, value) = queued(task, task.argument(2))?;
    task.send_to(task.int(0), signal, code, value)?;
    Ok(0)
}

/// `rt_tgsigqueueinfo(process, thread, signal, info)`.
pub(super) fn rt_tgsigqueueinfo(task: &mut Task<'_>) -> Answer {
    let signal = signal_of(task, 2)?;
    let (code, value) = queued(task, task.argument(3))?;
    to_thread(task, Some(task.int(0)), task.int(1), signal, code, value)
}

// ---- waiting

impl Task<'_> {
    /// Takes a pending signal of a mask.
    pub(in crate::linux) fn take_signal_of(&mut self, mask: u64) -> Option<SignalInfo> {
        let wanted = |info: &&SignalInfo| mask & bit(info.number) != 0;
        let thread = self.thread().ok()?;
        let own = thread.pending.iter().find(wanted).map(|info| (*info, false));
        let all = self.this().ok()?.pending.iter().find(wanted).map(|info| (*info, true));
        let (info, of_process) = own.or(all)?;
        let id = self.thread;
        self.kernel.take_signal(id, info, of_process);
        Some(info)
    }
}

fn wait_for_signal(task: &mut Task<'_>, wide: bool) -> Answer {
    let mask = read_mask(task, task.argument(0))?;
    let timeout = match task.argument(2) {
        0 => None,
        address => Some(task.read_time(address, wide)?),
    };
    if let Some(info) = task.take_signal_of(mask) {
        if task.argument(1) != 0 {
            let bytes = signal_words::information(&task.abi, info);
            task.write(task.argument(1), &bytes)?;
        }
        return Ok(task.abi.to_own(|tables| tables.signal, info.number.into()));
    }
    match timeout {
        Some(nanoseconds) => {
            let deadline = task.deadline(nanoseconds);
            if task.has_passed(deadline) {
                return Err(Errno::EAGAIN.into());
            }
            Err(task.wait_until(Some(deadline)))
        }
        None => Err(task.wait_until(None)),
    }
}

/// `rt_sigtimedwait(mask, info, timeout, size)`.
pub(super) fn rt_sigtimedwait(task: &mut Task<'_>) -> Answer {
    wait_for_signal(task, false)
}

pub(super) fn rt_sigtimedwait64(task: &mut Task<'_>) -> Answer {
    wait_for_signal(task, true)
}

/// `signalfd4(fd, mask, size, flags)`.
pub(super) fn signalfd4(task: &mut Task<'_>) -> Answer {
    signalfd_with(task, task.argument(3))
}

pub(super) fn signalfd(task: &mut Task<'_>) -> Answer {
    signalfd_with(task, 0)
}

fn signalfd_with(task: &mut Task<'_>, flags: u64) -> Answer {
    let mask = read_mask(task, task.argument(1))? & !UNBLOCKABLE;
    let flags = task.abi.bits_to_generic(|tables| tables.open, flags);
    let fd = task.int(0);
    if fd >= 0 {
        let it = task.kernel.description_mut(task.process, fd)?;
        if !matches!(it.kind, Kind::Signals(_)) {
            return Err(Errno::EINVAL.into());
        }
        it.kind = Kind::Signals(mask);
        return Ok(fd as u64);
    }
    let description = task.kernel.add_description(Kind::Signals(mask), O_RDWR | flags & O_NONBLOCK);
    Ok(task.kernel.install(task.process, description, flags)? as u64)
}

/// `struct signalfd_siginfo`, 128 bytes.
pub(super) fn descriptor_information(abi: &Arc<Abi>, info: SignalInfo) -> Vec<u8> {
    let mut fields = task::Fields::of(abi.clone());
    let number = abi.to_own(|tables| tables.signal, info.number.into());
    fields.int(number).int(0).int(info.code as u32 as u64).int(info.sender as u32 as u64);
    let status = if info.number == SIGCHLD as u8 { info.value } else { 0 };
    fields.pad_to(40).int(status).int(info.value).wide(info.value);
    fields.pad_to(128).finish()
}
