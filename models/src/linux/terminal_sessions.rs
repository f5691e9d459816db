//! Whose terminal a pseudoterminal is: its ends in the kernel, sessions, and
//! the signals that a line sends (credentials(7), ioctl_tty(2)).

use super::{
    abi::generic::{SIG_IGN, SIGCONT, SIGHUP, SIGTTIN, SIGWINCH},
    kernel::Kernel,
    process::{Id, SignalInfo},
    signals::bit,
    terminals::{MOST, Terminal},
};
use crate::{
    errno::Errno,
    files::{Device, Node, Place},
};

impl Kernel {
    /// A pair of which the master is open: its number. The slave is in
    /// `/dev/pts`.
    pub(crate) fn new_terminal(&mut self, name: &str) -> Result<u32, Errno> {
        if self.terminals.len() >= MOST {
            return Err(Errno::ENOSPC);
        }
        let number = (0..).find(|number| !self.terminals.contains_key(number)).unwrap_or(0);
        let folder = self.files.make_folders(b"/dev/pts")?;
        let node = Node::Device(Device::Pseudo(number));
        let inode = self.files.add_inode(node, 0o620)?;
        self.files.insert(folder, number.to_string().as_bytes(), inode)?;
        self.files.hold(inode);
        self.terminals.insert(number, Terminal::new(name, inode));
        Ok(number)
    }

    /// The slave is opened.
    pub(crate) fn open_terminal(&mut self, number: u32) -> Result<(), Errno> {
        let terminal = self.terminals.get_mut(&number).filter(|it| it.masters > 0).ok_or(Errno::EIO)?;
        if terminal.locked {
            return Err(Errno::EIO);
        }
        terminal.slaves += 1;
        terminal.opened = true;
        Ok(())
    }

    /// Writes to an end; what is typed may be a signal.
    pub(crate) fn put_terminal(
        &mut self,
        number: u32,
        master: bool,
        bytes: &[u8],
    ) -> Result<Option<usize>, Errno> {
        let terminal = self.terminals.get_mut(&number).ok_or(Errno::EIO)?;
        let count = terminal.put(master, bytes);
        let (group, signals) = (terminal.group, std::mem::take(&mut terminal.signals));
        for signal in signals {
            self.signal_group(group, signal);
        }
        Ok(count)
    }

    /// The kernel sends a signal to a group of processes.
    fn signal_group(&mut self, group: Id, signal: u64) {
        let members = self.processes.values().filter(|it| it.group == group).map(|it| it.id);
        for process in members.collect::<Vec<_>>() {
            self.signal_process(
                process,
                SignalInfo { number: signal as u8, code: 0x80, sender: 0, value: 0 },
            );
        }
    }

    /// The terminal of a session.
    pub(crate) fn terminal_of(&self, session: Id) -> Option<u32> {
        self.terminals.iter().find(|(_, it)| it.session == Some(session)).map(|(number, _)| *number)
    }

    /// A terminal becomes that of a session whose leader asks for it.
    pub(crate) fn take_terminal(&mut self, number: u32, leader: Id) -> Result<(), Errno> {
        let process = self.process(leader)?;
        let (session, group) = (process.session, process.group);
        let own = self.terminal_of(session);
        let terminal = self.terminals.get_mut(&number).ok_or(Errno::EIO)?;
        if terminal.session == Some(session) && leader == session {
            return Ok(());
        }
        if leader != session || own.is_some() || terminal.session.is_some() {
            return Err(Errno::EPERM);
        }
        (terminal.session, terminal.group) = (Some(session), group);
        Ok(())
    }

    /// A session gives up its terminal, or ends: who is in the foreground is
    /// told.
    pub(crate) fn leave_terminal(&mut self, session: Id) {
        let Some(terminal) = self.terminals.values_mut().find(|it| it.session == Some(session)) else {
            return;
        };
        let group = terminal.group;
        (terminal.session, terminal.group) = (None, 0);
        self.signal_group(group, SIGHUP);
        self.signal_group(group, SIGCONT);
    }

    /// The size of a terminal is another one.
    pub(crate) fn resize_terminal(&mut self, number: u32, size: [u16; 4]) -> Result<(), Errno> {
        let terminal = self.terminals.get_mut(&number).ok_or(Errno::EIO)?;
        if terminal.size != size {
            terminal.size = size;
            let group = terminal.group;
            if group > 0 {
                self.signal_group(group, SIGWINCH);
            }
        }
        Ok(())
    }

    /// Whether a process may read from a slave, or change it: of its own terminal
    /// only in the foreground. Otherwise its group gets the signal that is for
    /// it, `SIGTTIN` or `SIGTTOU`, or there is an error where nobody could have
    /// it go on. Who ignores or blocks `SIGTTOU` may do it (`__tty_check_change`,
    /// drivers/tty/tty_jobctrl.c).
    pub(crate) fn may_use_terminal(
        &mut self,
        number: u32,
        (process, thread): (Id, Id),
        signal: u64,
    ) -> Result<bool, Errno> {
        let (terminal, it) = (self.terminals.get(&number).ok_or(Errno::EIO)?, self.process(process)?);
        if terminal.session != Some(it.session) || terminal.group == it.group || terminal.group == 0 {
            return Ok(true);
        }
        let (group, session) = (it.group, it.session);
        let blocked = self.threads.get(&thread).is_some_and(|it| it.mask & bit(signal as u8) != 0);
        let ignored = blocked || it.actions[signal as usize].handler == SIG_IGN;
        if ignored && signal != SIGTTIN {
            return Ok(true);
        }
        // A group without a parent in another group of the session cannot be
        // continued by anybody.
        let watched = self.processes.values().filter(|it| it.group == group).any(|it| {
            let parent = self.processes.get(&it.parent);
            parent.is_some_and(|parent| parent.session == session && parent.group != group)
        });
        if ignored || !watched {
            return Err(Errno::EIO);
        }
        self.signal_group(group, signal);
        Ok(false)
    }

    /// A description of an end is no more.
    pub(crate) fn close_terminal(&mut self, number: u32, master: bool) {
        let Some(terminal) = self.terminals.get_mut(&number) else { return };
        if master {
            terminal.masters = 0;
            let leader = terminal.session.take();
            terminal.group = 0;
            if let Ok(folder) = self.files.find(b"/dev/pts") {
                let name = number.to_string().into_bytes();
                let inode = self.files.entry(folder, &name);
                // It may have been removed by the program.
                let place = Place { folder, name, inode, must_be_folder: false };
                let _ = self.files.unlink(&place);
            }
            // The line is hung up.
            for signal in [SIGHUP, SIGCONT] {
                if let Some(leader) = leader {
                    let info = SignalInfo { number: signal as u8, code: 0x80, sender: 0, value: 0 };
                    self.signal_process(leader, info);
                }
            }
        } else {
            terminal.slaves = terminal.slaves.saturating_sub(1);
        }
        let unused = self.terminals.get(&number).filter(|it| it.masters == 0 && it.slaves == 0);
        if let Some(inode) = unused.map(|it| it.inode) {
            self.terminals.remove(&number);
            self.files.let_go(inode);
        }
    }
}
