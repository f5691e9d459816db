//! Requests of pseudoterminals (ioctl_tty(2)).

use super::super::{
    abi::generic::*,
    descriptions::Kind,
    task::{Answer, Task},
    terminals::Settings,
};
use crate::errno::Errno;

/// `TIOCGPTN` and `TIOCSPTLCK`, without their sizes and directions: as
/// everywhere, and on SPARC.
const GET_NUMBER: [u64; 2] = [0x5430, 0x7486];
const SET_LOCK: [u64; 2] = [0x5431, 0x7487];

/// The pseudoterminal behind a descriptor, and whether it is its master.
pub(super) fn end_of(task: &Task<'_>, fd: i32) -> Result<Option<(u32, bool)>, Errno> {
    Ok(match task.kernel.description(task.process, fd)?.kind {
        Kind::Terminal { number, master } => Some((number, master)),
        _ => None,
    })
}

/// How many control characters the kernel's structure has; on PowerPC they are
/// before the discipline of the line.
fn characters(task: &Task<'_>) -> (usize, bool) {
    let machine = &task.abi.machine;
    let count = match () {
        () if machine.starts_with("mips") => 23,
        () if machine.starts_with("sparc") => 17,
        () => 19,
    };
    (count, machine.starts_with("ppc"))
}

fn read_settings(task: &Task<'_>, address: u64) -> Result<Settings, Errno> {
    let flags = |index: u64| task.read_u32(address.wrapping_add(4 * index));
    let (count, line_last) = characters(task);
    let mut characters = [0; 32];
    let rest = task.read(address.wrapping_add(16), count as u64 + 1)?;
    let (line, own) = if line_last { (rest[count], &rest[..count]) } else { (rest[0], &rest[1..]) };
    characters[..count].copy_from_slice(own);
    Ok(Settings {
        input: flags(0)?,
        output: flags(1)?,
        control: flags(2)?,
        local: flags(3)?,
        line,
        characters,
    })
}

fn write_settings(task: &mut Task<'_>, address: u64, settings: &Settings) -> Result<(), Errno> {
    let (count, line_last) = characters(task);
    let own = &settings.characters[..count];
    let mut fields = task.fields();
    for flags in [settings.input, settings.output, settings.control, settings.local] {
        fields.int(flags.into());
    }
    if line_last {
        // B38400 both ways.
        fields.bytes(own).bytes(&[settings.line]).int(15).int(15);
    } else {
        fields.bytes(&[settings.line]).bytes(own);
    }
    let bytes = fields.finish();
    task.write(address, &bytes)
}

/// The session of a terminal, which has to be the caller's.
fn own_session(task: &Task<'_>, number: u32) -> Result<i32, Errno> {
    let session = task.this()?.session;
    let found = task.kernel.terminals.get(&number).and_then(|it| it.session);
    found.filter(|found| *found == session).ok_or(Errno::ENOTTY)
}

/// A request of an end of a pseudoterminal.
pub(super) fn request(task: &mut Task<'_>, number: u32, master: bool, request: u64) -> Answer {
    let address = task.argument(2);
    let brief = request & 0xffff;
    let missing = Errno::EIO;
    // What changes the terminal is for those in the foreground (POSIX,
    // 11.1.4).
    if !master && matches!(request, TCSETS | TCSETSW | TCSETSF | TCFLSH | TCSBRK | TIOCSPGRP) {
        let who = (task.process, task.thread);
        match task.kernel.may_use_terminal(number, who, SIGTTOU) {
            Ok(true) => {}
            Ok(false) => return Err(task.wait_until(None)),
            // So the kernel says it of this one (`tiocspgrp`).
            Err(Errno::EIO) if request == TIOCSPGRP => return Err(Errno::ENOTTY.into()),
            Err(error) => return Err(error.into()),
        }
    }
    match request {
        TCGETS => {
            let settings = task.kernel.terminals.get(&number).ok_or(missing)?.settings.clone();
            write_settings(task, address, &settings)?;
        }
        TCSETS | TCSETSW | TCSETSF => {
            let settings = read_settings(task, address)?;
            let terminal = task.kernel.terminals.get_mut(&number).ok_or(missing)?;
            if request == TCSETSF {
                terminal.flush(master, true, false);
            }
            terminal.set(settings);
            task.kernel.changed();
        }
        TIOCGWINSZ => {
            let size = task.kernel.terminals.get(&number).ok_or(missing)?.size;
            let mut fields = task.fields();
            for part in size {
                fields.short(part.into());
            }
            let bytes = fields.finish();
            task.write(address, &bytes)?;
        }
        TIOCSWINSZ => {
            let mut size = [0; 4];
            let mut reader = task.reader(address);
            for part in &mut size {
                *part = reader.short()? as u16;
            }
            task.kernel.resize_terminal(number, size)?;
        }
        TCFLSH => {
            let which = task.argument(2);
            if which > 2 {
                return Err(Errno::EINVAL.into());
            }
            let terminal = task.kernel.terminals.get_mut(&number).ok_or(missing)?;
            terminal.flush(master, which != 1, which != 0);
            task.kernel.changed();
        }
        // What is written is there at once.
        TCSBRK => {}
        TIOCOUTQ => task.write_u32(address, 0)?,
        TIOCSCTTY if !master => task.kernel.take_terminal(number, task.process)?,
        TIOCNOTTY if !master => {
            let session = own_session(task, number)?;
            let it = task.this()?;
            if it.id == it.session {
                task.kernel.leave_terminal(session);
            }
        }
        TIOCGPGRP | TIOCGSID => {
            let it = task.kernel.terminals.get(&number).ok_or(missing)?;
            // The master may ask of whatever session has it.
            let (group, session) = (it.group, it.session.ok_or(Errno::ENOTTY)?);
            if !master {
                own_session(task, number)?;
            }
            let found = if request == TIOCGPGRP { group } else { session };
            task.write_u32(address, found as u32)?;
        }
        TIOCSPGRP => {
            let session = own_session(task, number)?;
            let group = task.read_u32(address)? as i32;
            let mut members = task.kernel.processes.values().filter(|it| it.group == group).peekable();
            if group < 0 {
                return Err(Errno::EINVAL.into());
            }
            if members.peek().is_none() {
                return Err(Errno::ESRCH.into());
            }
            if members.any(|it| it.session != session) {
                return Err(Errno::EPERM.into());
            }
            task.kernel.terminals.get_mut(&number).ok_or(missing)?.group = group;
        }
        _ if master && GET_NUMBER.contains(&brief) => task.write_u32(address, number)?,
        _ if master && SET_LOCK.contains(&brief) => {
            let locked = task.read_u32(address)? != 0;
            task.kernel.terminals.get_mut(&number).ok_or(missing)?.locked = locked;
        }
        _ => return Err(Errno::ENOTTY.into()),
    }
    Ok(0)
}
