//! [`Task`]: a thread in a system call, and its view of guest memory.

use std::sync::Arc;

use terrella_emulator_api::{Emulator, EmulatorExt};

use super::{
    abi::{
        Abi, Group,
        generic::{PROT_READ, PROT_WRITE},
    },
    kernel::Kernel,
    memory::AddressSpace,
    process::{Id, Process, Thread},
};
use crate::{
    errno::Errno,
    files::{InodeId, MAX_PATH, Place},
};

/// Why a call does not simply have a result.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It fails.
    Error(Errno),
    /// It waits, and is tried again when something has changed.
    Wait,
    /// What only the whole system can do.
    Action(Action),
    /// The emulator cannot go on.
    Emulator(terrella_emulator_api::Error),
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Self::Error(error)
    }
}

impl From<terrella_emulator_api::Error> for Refusal {
    /// What a program asks for and cannot be had is an error of the call.
    fn from(error: terrella_emulator_api::Error) -> Self {
        match errno_of(&error) {
            Some(errno) => Self::Error(errno),
            None => Self::Emulator(error),
        }
    }
}

/// The number of an error that a program causes by what it gives to a call;
/// `None` for what it cannot cause.
pub(crate) const fn errno_of(error: &terrella_emulator_api::Error) -> Option<Errno> {
    use terrella_emulator_api::Error;
    match error {
        Error::Fault(_) | Error::NotMapped { .. } => Some(Errno::EFAULT),
        Error::ValueTooWide { .. } | Error::WrappingRange { .. } => Some(Errno::EINVAL),
        Error::MapOverlap { .. } | Error::OutOfMemory { .. } => Some(Errno::ENOMEM),
        _ => None,
    }
}

/// What only the whole system can do.
#[derive(Debug)]
pub(crate) enum Action {
    /// This thread ends.
    ExitThread(i32),
    /// This process ends.
    ExitProcess(i32),
    /// A process or a thread is made.
    Clone(CloneRequest),
    /// Another program takes the place of this one.
    Execute { inode: InodeId, path: Vec<u8>, arguments: Vec<Vec<u8>>, environment: Vec<Vec<u8>> },
    /// A signal handler returns.
    SignalReturn { old: bool },
}

/// What `clone` asks for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CloneRequest {
    pub(crate) flags: u64,
    pub(crate) exit_signal: u8,
    pub(crate) stack: u64,
    pub(crate) parent_tid: u64,
    pub(crate) child_tid: u64,
    pub(crate) tls: u64,
}

/// The result of a call.
pub(crate) type Answer = Result<u64, Refusal>;

/// A thread in a system call.
pub(crate) struct Task<'a> {
    pub(crate) kernel: &'a mut Kernel,
    pub(crate) emulator: &'a mut dyn Emulator,
    pub(crate) thread: Id,
    pub(crate) process: Id,
    pub(crate) abi: Arc<Abi>,
    pub(crate) arguments: [u64; 8],
}

impl Task<'_> {
    pub(crate) fn argument(&self, index: usize) -> u64 {
        self.arguments.get(index).copied().unwrap_or(0)
    }

    /// An `int` argument.
    pub(crate) fn int(&self, index: usize) -> i32 {
        self.argument(index) as i32
    }

    /// A `long` argument, as a signed number.
    pub(crate) fn long(&self, index: usize) -> i64 {
        let value = self.argument(index);
        if self.abi.is_64() { value as i64 } else { i64::from(value as i32) }
    }

    /// A 64-bit argument, which a 32-bit processor has in two.
    pub(crate) fn wide(&self, index: usize) -> i64 {
        self.argument(index) as i64
    }

    pub(crate) fn this(&self) -> Result<&Process, Errno> {
        self.kernel.process(self.process)
    }

    pub(crate) fn this_mut(&mut self) -> Result<&mut Process, Errno> {
        self.kernel.process_mut(self.process)
    }

    pub(crate) fn thread(&self) -> Result<&Thread, Errno> {
        self.kernel.threads.get(&self.thread).ok_or(Errno::ESRCH)
    }

    pub(crate) fn thread_mut(&mut self) -> Result<&mut Thread, Errno> {
        self.kernel.threads.get_mut(&self.thread).ok_or(Errno::ESRCH)
    }

    pub(crate) fn space(&self) -> Result<&AddressSpace, Errno> {
        let space = self.this()?.space;
        self.kernel.spaces.get(&space).ok_or(Errno::ESRCH)
    }

    pub(crate) fn space_mut(&mut self) -> Result<&mut AddressSpace, Errno> {
        let space = self.this()?.space;
        self.kernel.spaces.get_mut(&space).ok_or(Errno::ESRCH)
    }

    /// A number of the guest's as the generic one.
    pub(crate) fn generic(&self, group: Group, number: u64) -> u64 {
        self.abi.to_generic(group, number)
    }

    // ---- waiting

    /// The call waits, until a time at most.
    pub(crate) fn wait_until(&mut self, deadline: Option<u64>) -> Refusal {
        if let Ok(thread) = self.thread_mut()
            && let Some(call) = &mut thread.call
            && call.deadline.is_none()
        {
            call.deadline = deadline;
        }
        Refusal::Wait
    }

    /// The time at which a wait that began now would end; once the call waits,
    /// it is what it was at first.
    pub(crate) fn deadline(&self, nanoseconds: u64) -> u64 {
        let begun = self.thread().ok().and_then(|thread| thread.call.as_ref()).and_then(|call| call.deadline);
        begun.unwrap_or_else(|| self.kernel.clock.monotonic().saturating_add(nanoseconds))
    }

    pub(crate) fn has_passed(&self, deadline: u64) -> bool {
        self.kernel.clock.monotonic() >= deadline
    }

    /// Whether a signal waits that would end a call.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.kernel.next_signal(self.thread).is_some()
    }

    // ---- guest memory

    fn check(&self, address: u64, size: u64, protection: u64) -> Result<(), Errno> {
        if size == 0 {
            return Ok(());
        }
        let end = address.checked_add(size).ok_or(Errno::EFAULT)?;
        let space = self.space()?;
        let mut here = address;
        while here < end {
            match space.at(here) {
                Some((_, area)) if area.protection & protection != 0 => here = area.end,
                _ => return Err(Errno::EFAULT),
            }
        }
        Ok(())
    }

    pub(crate) fn read(&self, address: u64, size: u64) -> Result<Vec<u8>, Errno> {
        self.check(address, size, !0)?;
        self.emulator.read_bytes(address, size).map_err(|_| Errno::EFAULT)
    }

    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Errno> {
        self.check(address, bytes.len() as u64, PROT_WRITE)?;
        self.emulator.write_memory(address, bytes).map_err(|_| Errno::EFAULT)
    }

    /// Whether memory may be written, before something is taken that would be
    /// lost.
    pub(crate) fn check_writable(&self, address: u64, size: u64) -> Result<(), Errno> {
        self.check(address, size, PROT_WRITE)
    }

    pub(crate) fn check_readable(&self, address: u64, size: u64) -> Result<(), Errno> {
        self.check(address, size, PROT_READ | PROT_WRITE)
    }

    pub(crate) fn read_integer(&self, address: u64, size: usize) -> Result<u64, Errno> {
        let bytes = self.read(address, size as u64)?;
        Ok(self.abi.order.read(&bytes) as u64)
    }

    pub(crate) fn read_word(&self, address: u64) -> Result<u64, Errno> {
        self.read_integer(address, self.abi.word)
    }

    pub(crate) fn read_u32(&self, address: u64) -> Result<u32, Errno> {
        self.read_integer(address, 4).map(|value| value as u32)
    }

    pub(crate) fn write_integer(&mut self, address: u64, value: u64, size: usize) -> Result<(), Errno> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..size];
        self.abi.order.write(value.into(), bytes);
        self.write(address, bytes)
    }

    pub(crate) fn write_word(&mut self, address: u64, value: u64) -> Result<(), Errno> {
        self.write_integer(address, value, self.abi.word)
    }

    pub(crate) fn write_u32(&mut self, address: u64, value: u32) -> Result<(), Errno> {
        self.write_integer(address, value.into(), 4)
    }

    /// A string that ends with zero.
    pub(crate) fn read_string(&self, address: u64, limit: usize) -> Result<Vec<u8>, Errno> {
        let text = self.emulator.read_c_string(address, limit).map_err(|_| Errno::EFAULT)?;
        if text.len() >= limit { Err(Errno::ENAMETOOLONG) } else { Ok(text) }
    }

    /// A path.
    pub(crate) fn path(&self, index: usize) -> Result<Vec<u8>, Errno> {
        self.read_string(self.argument(index), MAX_PATH)
    }

    /// An array of pointers that ends with zero, and the strings they lead to.
    pub(crate) fn read_strings(&self, address: u64) -> Result<Vec<Vec<u8>>, Errno> {
        let mut strings = Vec::new();
        let mut total = 0;
        if address == 0 {
            return Ok(strings);
        }
        for index in 0_u64.. {
            let at = address.wrapping_add(index.wrapping_mul(self.abi.word as u64));
            let pointer = self.read_word(at)?;
            if pointer == 0 {
                break;
            }
            let text = self.emulator.read_c_string(pointer, 1 << 17).map_err(|_| Errno::EFAULT)?;
            total += text.len() + 1 + self.abi.word;
            if total > 1 << 21 {
                return Err(Errno::E2BIG);
            }
            strings.push(text);
        }
        Ok(strings)
    }

    /// Buffers of `readv` and its kin: address and length.
    pub(crate) fn read_vectors(&self, address: u64, count: u64) -> Result<Vec<(u64, u64)>, Errno> {
        if count > 1024 {
            return Err(Errno::EINVAL);
        }
        let word = self.abi.word as u64;
        let mut total = 0_u64;
        (0..count)
            .map(|index| {
                let at = address.wrapping_add(index * 2 * word);
                let (base, length) = (self.read_word(at)?, self.read_word(at.wrapping_add(word))?);
                total = total
                    .checked_add(length)
                    .filter(|total| *total <= i64::MAX as u64)
                    .ok_or(Errno::EINVAL)?;
                Ok((base, length))
            })
            .collect()
    }

    // ---- structures

    /// A structure to be filled field by field.
    pub(crate) fn fields(&self) -> Fields {
        Fields { abi: self.abi.clone(), bytes: Vec::new() }
    }

    /// A structure to be read field by field.
    pub(crate) fn reader(&self, address: u64) -> Reader<'_> {
        Reader { emulator: self.emulator, abi: self.abi.clone(), start: address, offset: 0 }
    }

    /// `struct timespec` of `long`s, or of 64 bits; nanoseconds.
    pub(crate) fn read_time(&self, address: u64, wide: bool) -> Result<u64, Errno> {
        let (seconds, nanoseconds) = self.read_time_parts(address, wide)?;
        if seconds < 0 || !(0..1_000_000_000).contains(&nanoseconds) {
            return Err(Errno::EINVAL);
        }
        Ok((seconds as u64).saturating_mul(1_000_000_000).saturating_add(nanoseconds as u64))
    }

    pub(crate) fn read_time_parts(&self, address: u64, wide: bool) -> Result<(i64, i64), Errno> {
        self.check_readable(address, if wide { 16 } else { 2 * self.abi.word as u64 })?;
        let mut reader = self.reader(address);
        if wide {
            // The upper half of the nanoseconds of a 32-bit processor is padding.
            let seconds = reader.wide()? as i64;
            let nanoseconds = reader.wide()?;
            let nanoseconds =
                if self.abi.is_64() { nanoseconds as i64 } else { i64::from(nanoseconds as i32) };
            return Ok((seconds, nanoseconds));
        }
        Ok((reader.signed_long()?, reader.signed_long()?))
    }

    pub(crate) fn write_time(&mut self, address: u64, nanoseconds: u64, wide: bool) -> Result<(), Errno> {
        let mut fields = self.fields();
        let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        if wide {
            fields.wide(seconds).wide(rest);
        } else {
            fields.long(seconds).long(rest);
        }
        self.write(address, &fields.finish())
    }

    /// `struct timeval`: nanoseconds.
    pub(crate) fn read_timeval(&self, address: u64) -> Result<u64, Errno> {
        let mut reader = self.reader(address);
        let seconds = reader.signed_long()?;
        let micros = if self.has_int_of_microseconds() {
            i64::from(reader.int()? as i32)
        } else {
            reader.signed_long()?
        };
        if seconds < 0 || !(0..1_000_000).contains(&micros) {
            return Err(Errno::EINVAL);
        }
        Ok((seconds as u64).saturating_mul(1_000_000_000).saturating_add(micros as u64 * 1000))
    }

    pub(crate) fn write_timeval(&mut self, address: u64, nanoseconds: u64) -> Result<(), Errno> {
        let mut fields = self.fields();
        let micros = nanoseconds % 1_000_000_000 / 1000;
        fields.long(nanoseconds / 1_000_000_000);
        if self.has_int_of_microseconds() {
            fields.int(micros).pad_to(16);
        } else {
            fields.long(micros);
        }
        self.write(address, &fields.finish())
    }

    /// Whether `suseconds_t` is an `int` (asm/posix_types.h of SPARC V9).
    fn has_int_of_microseconds(&self) -> bool {
        self.abi.machine == "sparc64"
    }

    // ---- paths

    /// Where a path leads, from a descriptor of a folder or from the current
    /// one.
    pub(crate) fn place(&mut self, folder: i32, path: &[u8], follow_last: bool) -> Result<Place, Errno> {
        let start = self.start_folder(folder, path)?;
        let root = self.this()?.root;
        self.refresh_processes(start, path);
        self.kernel.files.now = self.kernel.clock.wall();
        self.kernel.files.walk(start, root, path, follow_last)
    }

    fn start_folder(&self, folder: i32, path: &[u8]) -> Result<InodeId, Errno> {
        if path.first() == Some(&b'/') || folder == super::abi::generic::AT_FDCWD {
            return Ok(self.this()?.folder);
        }
        self.kernel.description(self.process, folder)?.inode().ok_or(Errno::ENOTDIR)
    }

    pub(crate) fn inode_at(&mut self, folder: i32, path: &[u8], follow_last: bool) -> Result<InodeId, Errno> {
        self.place(folder, path, follow_last)?.inode.ok_or(Errno::ENOENT)
    }
}

/// A structure as it is filled, field by field, aligned as the processor's
/// compilers do it.
#[derive(Debug)]
pub(crate) struct Fields {
    abi: Arc<Abi>,
    bytes: Vec<u8>,
}

impl Fields {
    pub(crate) const fn of(abi: Arc<Abi>) -> Self {
        Self { abi, bytes: Vec::new() }
    }

    fn integer(&mut self, value: u64, size: usize) -> &mut Self {
        self.align(size);
        let start = self.bytes.len();
        self.bytes.resize(start + size, 0);
        self.abi.order.write(value.into(), &mut self.bytes[start..]);
        self
    }

    pub(crate) fn align(&mut self, size: usize) -> &mut Self {
        let alignment = size.clamp(1, self.abi.alignment);
        self.bytes.resize(self.bytes.len().next_multiple_of(alignment), 0);
        self
    }

    pub(crate) fn short(&mut self, value: u64) -> &mut Self {
        self.integer(value, 2)
    }

    pub(crate) fn int(&mut self, value: u64) -> &mut Self {
        self.integer(value, 4)
    }

    pub(crate) fn long(&mut self, value: u64) -> &mut Self {
        self.integer(value, self.abi.word)
    }

    pub(crate) fn wide(&mut self, value: u64) -> &mut Self {
        self.integer(value, 8)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Zeros, up to an offset.
    pub(crate) fn pad_to(&mut self, offset: usize) -> &mut Self {
        if self.bytes.len() < offset {
            self.bytes.resize(offset, 0);
        }
        self
    }

    pub(crate) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// A structure as it is read, field by field.
pub(crate) struct Reader<'a> {
    emulator: &'a dyn Emulator,
    abi: Arc<Abi>,
    start: u64,
    offset: u64,
}

impl Reader<'_> {
    fn integer(&mut self, size: usize) -> Result<u64, Errno> {
        self.offset = self.offset.next_multiple_of(size.clamp(1, self.abi.alignment) as u64);
        let at = self.start.wrapping_add(self.offset);
        self.offset += size as u64;
        self.emulator.read_integer(at, size).map(|value| value as u64).map_err(|_| Errno::EFAULT)
    }

    pub(crate) fn short(&mut self) -> Result<u64, Errno> {
        self.integer(2)
    }

    pub(crate) fn int(&mut self) -> Result<u64, Errno> {
        self.integer(4)
    }

    pub(crate) fn long(&mut self) -> Result<u64, Errno> {
        let size = self.abi.word;
        self.integer(size)
    }

    pub(crate) fn signed_long(&mut self) -> Result<i64, Errno> {
        let value = self.long()?;
        Ok(if self.abi.is_64() { value as i64 } else { i64::from(value as i32) })
    }

    pub(crate) fn wide(&mut self) -> Result<u64, Errno> {
        self.integer(8)
    }
}
