//! Message queues of POSIX: `mq_open` and its kin (mq_overview(7)). Names come
//! without the slash that C libraries ask for.

use super::{
    super::super::{
        abi::generic::*,
        descriptions::Kind,
        ipc::{
            Permissions, Wait,
            queues::{HARD, MOST, MessageQueue, Notification, PRIORITIES, Posted, USUAL},
        },
        task::{Answer, Task},
    },
    READ, WRITE,
};
use crate::errno::Errno;

/// The longest name (`NAME_MAX`).
const LONGEST_NAME: usize = 255;
/// `RLIMIT_MSGQUEUE`.
const LIMIT: usize = 12;

impl Task<'_> {
    fn queue_name(&self, at: u64) -> Result<Vec<u8>, Errno> {
        let name = self.read_string(at, crate::files::MAX_PATH)?;
        // Names in the folder of the queues, which is a file system of its own.
        if name.is_empty() || name.contains(&b'/') || name == b"." || name == b".." {
            return Err(if name.is_empty() { Errno::ENOENT } else { Errno::EACCES });
        }
        if name.len() > LONGEST_NAME {
            return Err(Errno::ENAMETOOLONG);
        }
        Ok(name)
    }

    /// The queue of a descriptor, and the flags of its description.
    fn queue_of(&self, fd: i32) -> Result<(u64, u64), Errno> {
        let it = self.kernel.description(self.process, fd)?;
        match it.kind {
            Kind::Queue(id) => Ok((id, it.flags)),
            _ => Err(Errno::EBADF),
        }
    }

    fn queue(&self, id: u64) -> Result<&MessageQueue, Errno> {
        self.kernel.ipc.queues.all.get(&id).ok_or(Errno::EBADF)
    }

    fn queue_mut(&mut self, id: u64) -> Result<&mut MessageQueue, Errno> {
        self.kernel.ipc.queues.all.get_mut(&id).ok_or(Errno::EBADF)
    }

    /// A new queue; `attributes` are a `struct mq_attr`, or nothing.
    fn new_queue(&mut self, name: Vec<u8>, mode: u64, attributes: u64) -> Result<u64, Errno> {
        let who = self.credentials()?;
        let powerful = who.user[1] == 0;
        if self.kernel.ipc.queues.all.len() >= MOST {
            return Err(Errno::ENOSPC);
        }
        let (most, longest) = if attributes == 0 {
            USUAL
        } else {
            self.check_readable(attributes, 8 * self.abi.word as u64)?;
            let mut reader = self.reader(attributes);
            reader.long()?;
            let (most, longest) = (reader.signed_long()?, reader.signed_long()?);
            let allowed = if powerful { HARD } else { USUAL };
            let within =
                |value: i64, most: u64| u64::try_from(value).ok().filter(|it| (1..=most).contains(it));
            (within(most, allowed.0).ok_or(Errno::EINVAL)?, within(longest, allowed.1).ok_or(Errno::EINVAL)?)
        };
        if !self.kernel.ipc.queues.has_room(most, longest, self.this()?.limits[LIMIT].0) {
            return Err(Errno::EMFILE);
        }
        let mode = mode & !u64::from(self.this()?.umask);
        let permissions = Permissions::new(0, &who, mode);
        let id = self.kernel.ipc.queues.all.keys().next_back().map_or(1, |last| last.saturating_add(1));
        let name = Some(name);
        let queue =
            MessageQueue { name, permissions, most, longest, messages: Vec::new(), notification: None };
        self.kernel.ipc.queues.all.insert(id, queue);
        Ok(id)
    }
}

/// `mq_open(name, flags, mode, attributes)`.
pub(in crate::linux::calls) fn mq_open(task: &mut Task<'_>) -> Answer {
    let name = task.queue_name(task.argument(0))?;
    let flags = task.abi.bits_to_generic(|tables| tables.open, task.argument(1));
    let found = task.kernel.ipc.queues.find(&name);
    let id = match found {
        Some(_) if flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL => return Err(Errno::EEXIST.into()),
        Some(id) => {
            let wanted = match flags & O_ACCMODE {
                0 => READ,
                O_WRONLY => WRITE,
                O_RDWR => READ | WRITE,
                _ => return Err(Errno::EINVAL.into()),
            };
            let permissions = task.queue(id)?.permissions.clone();
            task.check_allowed(&permissions, wanted)?;
            id
        }
        None if flags & O_CREAT == 0 => return Err(Errno::ENOENT.into()),
        None => {
            task.kernel.free_descriptor(task.process, 0)?;
            task.new_queue(name, task.argument(2), task.argument(3))?
        }
    };
    let status = flags & (O_ACCMODE | O_NONBLOCK);
    let description = task.kernel.add_description(Kind::Queue(id), status);
    // Queues are not left to other programs.
    task.install(description, O_CLOEXEC)
}

/// `mq_unlink(name)`.
pub(in crate::linux::calls) fn mq_unlink(task: &mut Task<'_>) -> Answer {
    let name = task.queue_name(task.argument(0))?;
    let id = task.kernel.ipc.queues.find(&name).ok_or(Errno::ENOENT)?;
    let who = task.credentials()?;
    let queue = task.queue_mut(id)?;
    if who.user[1] != 0 && who.user[1] != queue.permissions.owner.0 {
        return Err(Errno::EPERM.into());
    }
    queue.name = None;
    task.kernel.end_queue(id);
    Ok(0)
}

/// Until when a call waits: a time of the real clock.
fn until(task: &Task<'_>, at: u64, wide: bool) -> Result<Option<u64>, Errno> {
    match at {
        0 => Ok(None),
        at => Ok(Some(task.to_monotonic(0, task.read_time(at, wide)?))),
    }
}

/// `mq_timedsend(queue, message, size, priority, until)`.
pub(in crate::linux::calls) fn mq_timedsend(task: &mut Task<'_>) -> Answer {
    send(task, false)
}

pub(in crate::linux::calls) fn mq_timedsend64(task: &mut Task<'_>) -> Answer {
    send(task, true)
}

fn send(task: &mut Task<'_>, wide: bool) -> Answer {
    let (fd, at, size, priority) = (task.int(0), task.argument(1), task.argument(2), task.argument(3) as u32);
    let deadline = until(task, task.argument(4), wide)?;
    if priority >= PRIORITIES {
        return Err(Errno::EINVAL.into());
    }
    let (id, flags) = task.queue_of(fd)?;
    if flags & O_ACCMODE == 0 {
        return Err(Errno::EBADF.into());
    }
    let queue = task.queue(id)?;
    if size > queue.longest {
        return Err(Errno::EMSGSIZE.into());
    }
    let bytes = task.read(at, size)?;
    if queue.is_full() {
        if flags & O_NONBLOCK != 0 {
            return Err(Errno::EAGAIN.into());
        }
        if deadline.is_some_and(|deadline| task.has_passed(deadline)) {
            return Err(Errno::ETIMEDOUT.into());
        }
        return Err(task.wait_for_object(Wait::Send(id), deadline));
    }
    let queue = task.queue_mut(id)?;
    let was_empty = queue.messages.is_empty();
    queue.add(Posted { priority, bytes });
    if was_empty {
        task.kernel.notify_queue(id, task.process);
    }
    task.kernel.changed();
    Ok(0)
}

/// `mq_timedreceive(queue, buffer, size, priority, until)`.
pub(in crate::linux::calls) fn mq_timedreceive(task: &mut Task<'_>) -> Answer {
    receive(task, false)
}

pub(in crate::linux::calls) fn mq_timedreceive64(task: &mut Task<'_>) -> Answer {
    receive(task, true)
}

fn receive(task: &mut Task<'_>, wide: bool) -> Answer {
    let (fd, at, size, priority_at) = (task.int(0), task.argument(1), task.argument(2), task.argument(3));
    let deadline = until(task, task.argument(4), wide)?;
    let (id, flags) = task.queue_of(fd)?;
    if flags & O_ACCMODE == O_WRONLY {
        return Err(Errno::EBADF.into());
    }
    let queue = task.queue(id)?;
    if size < queue.longest {
        return Err(Errno::EMSGSIZE.into());
    }
    let Some(message) = queue.messages.first().cloned() else {
        if flags & O_NONBLOCK != 0 {
            return Err(Errno::EAGAIN.into());
        }
        if deadline.is_some_and(|deadline| task.has_passed(deadline)) {
            return Err(Errno::ETIMEDOUT.into());
        }
        return Err(task.wait_for_object(Wait::Receive(id), deadline));
    };
    if priority_at != 0 {
        task.write_u32(priority_at, message.priority)?;
    }
    task.write(at, &message.bytes)?;
    task.queue_mut(id)?.messages.remove(0);
    task.kernel.changed();
    Ok(message.bytes.len() as u64)
}

/// `mq_notify(queue, event)`: by a signal, or by nothing. Threads that are told
/// are begun by C libraries, which the kernel tells over a socket of a family
/// that is not here.
pub(in crate::linux::calls) fn mq_notify(task: &mut Task<'_>) -> Answer {
    let (fd, at) = (task.int(0), task.argument(1));
    let mut wanted = None;
    if at != 0 {
        let mut reader = task.reader(at);
        let (value, own, how) = (reader.long()?, reader.int()?, reader.int()?);
        let signal = if own < 32 { task.generic(|tables| tables.signal, own) } else { own };
        let signal = u8::try_from(signal).ok().filter(|signal| *signal <= 64);
        let signal = match how {
            // SIGEV_SIGNAL; no signal at all is one.
            0 => Some(signal.ok_or(Errno::EINVAL)?).filter(|signal| *signal > 0),
            // SIGEV_NONE
            1 => None,
            // SIGEV_THREAD: the signal is a descriptor of that socket.
            2 => {
                task.kernel.descriptor(task.process, own as i32)?;
                return Err(Errno::ENOTSOCK.into());
            }
            _ => return Err(Errno::EINVAL.into()),
        };
        wanted = Some(Notification { process: task.process, signal, value, from: None });
    }
    ask(task, fd, wanted)
}

/// Asks to be told of a message, or not any more.
pub(crate) fn ask(task: &mut Task<'_>, fd: i32, wanted: Option<Notification>) -> Answer {
    let (id, _) = task.queue_of(fd)?;
    let process = task.process;
    let queue = task.queue_mut(id)?;
    match (wanted, queue.notification) {
        (Some(_), Some(_)) => return Err(Errno::EBUSY.into()),
        (Some(_), None) => queue.notification = wanted,
        (None, Some(told)) if told.process == process => queue.notification = None,
        (None, _) => {}
    }
    Ok(0)
}

/// `mq_getsetattr(queue, new, old)`.
pub(in crate::linux::calls) fn mq_getsetattr(task: &mut Task<'_>) -> Answer {
    let (fd, new, old) = (task.int(0), task.argument(1), task.argument(2));
    let mut set = None;
    if new != 0 {
        task.check_readable(new, 8 * task.abi.word as u64)?;
        let flags = task.reader(new).long()?;
        let flags = task.abi.bits_to_generic(|tables| tables.open, flags);
        if flags & !O_NONBLOCK != 0 {
            return Err(Errno::EINVAL.into());
        }
        set = Some(flags);
    }
    let (id, flags) = task.queue_of(fd)?;
    if old != 0 {
        let own = task.abi.bits_to_own(|tables| tables.open, flags & O_NONBLOCK);
        let queue = task.queue(id)?;
        let values = [own, queue.most, queue.longest, queue.messages.len() as u64];
        let mut fields = task.fields();
        for value in values.into_iter().chain([0; 4]) {
            fields.long(value);
        }
        let bytes = fields.finish();
        task.write(old, &bytes)?;
    }
    if let Some(set) = set {
        let it = task.kernel.description_mut(task.process, fd)?;
        it.flags = it.flags & !O_NONBLOCK | set;
    }
    Ok(0)
}
