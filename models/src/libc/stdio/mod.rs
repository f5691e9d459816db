//! `stdio.h`: streams over the descriptors of the process.
//!
//! A stream keeps nothing back: what is written is seen at once, and what is
//! read is taken out byte by byte, so that a program that uses both a stream
//! and its descriptor sees one order.

mod digits;
mod extension;
mod family;
mod files;
mod format;
mod length;
mod lines;
mod print;
mod scan;
mod wide;

use serde::{Deserialize, Serialize};

pub(crate) use extension::HEADER as EXTENSION;
pub(crate) use files::{EXTENSIONS, HEADER, fclose, fopen, fresh_name, seek};
pub(crate) use format::{Formatted, number as digits_of};
pub(crate) use lines::{HEADER as LINE_MODELS, until};
pub(crate) use print::{FORTIFIED, HEADER as PRINT, text as formatted};
pub(crate) use scan::HEADER as SCAN;
pub(crate) use wide::HEADER as WIDE;

use super::{
    context::Context,
    error::{Failure, Result},
    types::Ptr,
};
use crate::{
    errno::Errno,
    linux::alone::{self, NoResult},
};

/// What a stream is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// A descriptor.
    Descriptor(i32),
    /// `fmemopen`: a piece of guest memory.
    Memory { address: Ptr, size: u64, position: u64, length: u64, append: bool },
    /// `open_memstream`: a block of the heap that grows; where its address and
    /// its size are told.
    Growing { block: Ptr, room: u64, position: u64, length: u64, address_at: Ptr, size_at: Ptr },
    /// `open_wmemstream`: the same of wide characters, which are counted.
    GrowingWide { block: Ptr, room: u64, position: u64, length: u64, address_at: Ptr, size_at: Ptr },
    /// A text that is scanned.
    Closed,
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stream {
    pub(crate) source: Source,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) at_end: bool,
    pub(crate) error: bool,
    /// What `ungetc` has put back, the next byte last.
    pub(crate) pushed: Vec<u8>,
    /// Less than 0 for bytes, more for wide characters (`fwide`).
    pub(crate) orientation: i32,
    /// The object came from the heap.
    pub(crate) owned: bool,
    /// What was done last: writing, or reading.
    #[serde(default)]
    pub(crate) last: Option<Last>,
    /// What `setvbuf` was told: the mode, and the size of the buffer.
    #[serde(default)]
    pub(crate) buffering: Option<(i32, u64)>,
    /// Something did not fit into the memory of `fmemopen`, which is told when it
    /// would leave the buffer; `true` if nothing of it did.
    #[serde(default)]
    pub(crate) lost: Option<bool>,
}

/// What was done with a stream last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Last {
    Read,
    Written,
}

/// `_IOLBF` and `_IONBF`.
pub(super) const LINES: i32 = 1;
pub(super) const UNBUFFERED: i32 = 2;

/// Bytes that can be put back.
const MOST_PUSHED: usize = 64;

impl Stream {
    /// One of the three that are open from the beginning.
    pub(crate) const fn standard(fd: i32) -> Self {
        Self::new(Source::Descriptor(fd), fd == 0, fd != 0)
    }

    pub(crate) const fn new(source: Source, reads: bool, writes: bool) -> Self {
        Self {
            source,
            reads,
            writes,
            at_end: false,
            error: false,
            pushed: Vec::new(),
            orientation: 0,
            owned: false,
            last: None,
            buffering: None,
            lost: None,
        }
    }
}

impl Context<'_> {
    /// One of the three that are open from the beginning: what the variable of the
    /// program holds, which it may have set.
    pub(crate) fn standard(&mut self, index: usize) -> Result<Ptr> {
        let name = ["stdin", "stdout", "stderr"][index.min(2)];
        if let Some(at) = self.state.layout.variable(name) {
            let file = self.read_pointer(Ptr(at))?;
            if !file.is_null() {
                return Ok(file);
            }
        }
        Ok(Ptr(self.state.layout.files[index.min(2)]))
    }

    /// A stream by the address of its object.
    pub(super) fn stream(&mut self, file: Ptr) -> Result<&mut Stream> {
        match self.state.streams.get_mut(&file.0) {
            Some(stream) => Ok(stream),
            None => Err(Failure::Misuse(format!("{:#x} is no open stream", file.0))),
        }
    }

    /// What a task of the kernel's came to: a result, or an error number.
    pub(super) fn settle<T>(&mut self, result: Result<T, NoResult>) -> Result<Result<T, Errno>> {
        match result {
            Ok(value) => Ok(Ok(value)),
            Err(NoResult::Error(errno)) => Ok(Err(errno)),
            Err(NoResult::WaitsForEver) => Err(Failure::WaitsForEver),
            Err(NoResult::Waits(deadline)) => Err(Failure::Waits(deadline)),
            Err(NoResult::Interrupted { restarts, .. }) => Err(Failure::Interrupted { restarts }),
            Err(NoResult::NotAlone) => Ok(Err(Errno::ENOSYS)),
            Err(NoResult::Exit(status)) => Err(Failure::Exit(status)),
            Err(NoResult::Emulator(error)) => Err(error.into()),
        }
    }

    /// Reads up to so many bytes from a descriptor.
    pub(super) fn read_fd(&mut self, fd: i32, size: u64) -> Result<Result<Vec<u8>, Errno>> {
        let abi = self.state.abi.clone();
        let several = self.is_direct && self.has_other_threads();
        let emulator = self.call.emulator();
        // Nothing is left of a read that has to be made again.
        let mut begun = None;
        let place = several.then_some(&mut begun);
        match alone::read(&mut self.state.kernel, emulator, &abi, fd, size, place) {
            // The model is called again, or its stream has an error.
            Err(NoResult::Interrupted { .. }) if several && self.restarts_after_signal() => {
                Err(Failure::Interrupted { restarts: true })
            }
            Err(NoResult::Interrupted { .. }) => {
                self.is_interrupted = true;
                Ok(Err(Errno::EINTR))
            }
            result => self.settle(result),
        }
    }

    /// Writes all bytes to a descriptor. Where that has to wait the model is called
    /// again, and what of its output is written already is left out.
    pub(super) fn write_fd(&mut self, fd: i32, bytes: &[u8]) -> Result<Result<(), Errno>> {
        let abi = self.state.abi.clone();
        let several = self.is_direct && self.has_other_threads();
        let mut done = self.output.skip(bytes.len());
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            let emulator = self.call.emulator();
            let mut begun = None;
            let place = several.then_some(&mut begun);
            let result = alone::write(&mut self.state.kernel, emulator, &abi, fd, rest, place);
            let waits = match &result {
                Err(NoResult::Waits(deadline)) => Some(Failure::Waits(*deadline)),
                Err(NoResult::Interrupted { .. }) if several && self.restarts_after_signal() => {
                    Some(Failure::Interrupted { restarts: true })
                }
                Err(NoResult::Interrupted { .. }) => {
                    self.is_interrupted = true;
                    return Ok(Err(Errno::EINTR));
                }
                _ => None,
            };
            if let Some(failure) = waits {
                let part = match result {
                    Err(NoResult::Interrupted { done, .. }) => done,
                    _ => begun.map_or(0, |call| call.done),
                };
                self.output.written += part as usize;
                self.keep_output();
                return Err(failure);
            }
            match self.settle(result)? {
                Ok(count) => {
                    done += count;
                    self.output.written += count;
                }
                Err(errno) => return Ok(Err(errno)),
            }
        }
        Ok(Ok(()))
    }

    pub(super) fn seek_fd(&mut self, fd: i32, offset: i64, whence: i32) -> Result<Result<u64, Errno>> {
        let abi = self.state.abi.clone();
        let emulator = self.call.emulator();
        let result = alone::seek(&mut self.state.kernel, emulator, &abi, fd, offset, whence);
        self.settle(result)
    }

    /// Up to so many bytes of a stream; fewer only at its end, or where it
    /// fails, or is one of wide characters.
    pub(super) fn take(&mut self, file: Ptr, size: u64) -> Result<Vec<u8>> {
        if !self.turn(file, -1)? {
            return Ok(Vec::new());
        }
        self.take_any(file, size)
    }

    /// Makes a stream one of bytes (-1) or of wide characters (1); `false` if it
    /// is one of the others (C99 7.19.2).
    pub(super) fn turn(&mut self, file: Ptr, to: i32) -> Result<bool> {
        let stream = self.stream(file)?;
        if stream.orientation == 0 {
            stream.orientation = to;
        }
        Ok(stream.orientation.signum() == to)
    }

    /// The same, whatever the stream is of.
    pub(super) fn take_any(&mut self, file: Ptr, size: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if size > 0 {
            self.stream(file)?.last = Some(Last::Read);
        }
        while (bytes.len() as u64) < size {
            let left = size - bytes.len() as u64;
            let stream = self.stream(file)?;
            if let Some(byte) = stream.pushed.pop() {
                bytes.push(byte);
                self.note_taken(file, &[byte]);
                continue;
            }
            if !stream.reads {
                stream.error = true;
                self.set_errno(Errno::EBADF)?;
                break;
            }
            let more = match stream.source {
                Source::Descriptor(fd) => match self.read_fd(fd, left.min(1 << 20))? {
                    Ok(more) => more,
                    Err(errno) => {
                        self.stream(file)?.error = true;
                        self.set_errno(errno)?;
                        break;
                    }
                },
                Source::Memory { address, position, length, .. } => {
                    let count = left.min(length.saturating_sub(position));
                    let more = self.read(address.add(position), count)?;
                    if let Source::Memory { position, .. } = &mut self.stream(file)?.source {
                        *position += count;
                    }
                    more
                }
                Source::Growing { .. } | Source::GrowingWide { .. } | Source::Closed => Vec::new(),
            };
            if more.is_empty() {
                self.stream(file)?.at_end = true;
                break;
            }
            self.note_taken(file, &more);
            bytes.extend(more);
        }
        Ok(bytes)
    }

    /// What is taken goes back if the model has to wait and is called again.
    fn note_taken(&mut self, file: Ptr, bytes: &[u8]) {
        if self.is_direct && self.has_other_threads() {
            self.taken.extend(bytes.iter().map(|byte| (file.0, *byte)));
        }
    }

    /// Puts back all that was taken of streams in this call.
    pub(super) fn give_back_taken(&mut self) {
        while let Some((file, byte)) = self.taken.pop() {
            if let Some(stream) = self.state.streams.get_mut(&file) {
                stream.pushed.push(byte);
            }
        }
    }

    /// The next byte of a stream.
    pub(super) fn take_byte(&mut self, file: Ptr) -> Result<Option<u8>> {
        Ok(self.take(file, 1)?.first().copied())
    }

    /// Puts a byte back.
    pub(super) fn put_back(&mut self, file: Ptr, byte: u8) -> Result<bool> {
        let stream = self.stream(file)?;
        if stream.pushed.len() >= MOST_PUSHED {
            return Ok(false);
        }
        stream.pushed.push(byte);
        stream.at_end = false;
        self.taken.pop_if(|taken| *taken == (file.0, byte));
        Ok(true)
    }

    /// Writes bytes to a stream; `false`, with `errno`, if it fails, or is one of
    /// wide characters.
    pub(crate) fn put(&mut self, file: Ptr, bytes: &[u8]) -> Result<bool> {
        if !self.turn(file, -1)? {
            return Ok(false);
        }
        self.put_any(file, bytes)
    }

    /// The same, whatever the stream is of.
    pub(super) fn put_any(&mut self, file: Ptr, bytes: &[u8]) -> Result<bool> {
        let stream = self.stream(file)?;
        stream.last = Some(Last::Written);
        if !stream.writes {
            stream.error = true;
            self.set_errno(Errno::EBADF)?;
            return Ok(false);
        }
        if bytes.is_empty() {
            return Ok(true);
        }
        match stream.source {
            Source::Descriptor(fd) => {
                // Reading and writing share one position: what was put back is
                // forgotten.
                let ahead = std::mem::take(&mut stream.pushed).len();
                if ahead > 0 {
                    let _ = self.seek_fd(fd, -(ahead as i64), 1)?;
                }
                if let Err(errno) = self.write_fd(fd, bytes)? {
                    self.stream(file)?.error = true;
                    self.set_errno(errno)?;
                    return Ok(false);
                }
            }
            Source::Memory { address, size, position, length, append } => {
                let at = if append { length } else { position };
                let count = (bytes.len() as u64).min(size.saturating_sub(at));
                self.write(address.add(at), &bytes[..count as usize])?;
                let end = at + count;
                if end < size && end > length {
                    self.write(address.add(end), &[0])?;
                }
                if let Source::Memory { position, length, .. } = &mut self.stream(file)?.source {
                    *position = end;
                    *length = (*length).max(end);
                }
                if count < bytes.len() as u64 {
                    let stream = self.stream(file)?;
                    if stream.buffering.is_none_or(|(mode, _)| mode != UNBUFFERED) {
                        stream.lost = Some(count == 0);
                        return Ok(true);
                    }
                    stream.error = true;
                    self.set_errno(Errno::ENOSPC)?;
                    return Ok(false);
                }
            }
            Source::Growing { .. } => return self.grow(file, bytes),
            // It has no bytes.
            Source::GrowingWide { .. } | Source::Closed => return Ok(false),
        }
        Ok(true)
    }

    /// Writes to a stream of `open_memstream`, and tells where it is.
    fn grow(&mut self, file: Ptr, bytes: &[u8]) -> Result<bool> {
        let Source::Growing { block, room, position, length, address_at, size_at } =
            self.stream(file)?.source
        else {
            return Ok(false);
        };
        let end = position.saturating_add(bytes.len() as u64);
        let Some((block, room)) = self.enlarged(block, room, length, end, 1)? else { return Ok(false) };
        self.write(block.add(position), bytes)?;
        let length = length.max(end);
        self.write(block.add(length), &[0])?;
        self.stream(file)?.source =
            Source::Growing { block, room, position: end, length, address_at, size_at };
        Ok(true)
    }

    /// The same for one of `open_wmemstream`; `None` if it is another.
    fn grow_wide(&mut self, file: Ptr, characters: &[u32]) -> Result<Option<bool>> {
        let stream = self.stream(file)?;
        let Source::GrowingWide { block, room, position, length, address_at, size_at } = stream.source else {
            return Ok(None);
        };
        let wide = u64::from(self.model.wide);
        let end = position.saturating_add(characters.len() as u64);
        let Some((block, room)) = self.enlarged(block, room, length, end, wide)? else {
            return Ok(Some(false));
        };
        self.write_wide(block.add(position.saturating_mul(wide)), characters)?;
        let length = length.max(end);
        self.write_wide(block.add(length.saturating_mul(wide)), &[0])?;
        self.stream(file)?.source =
            Source::GrowingWide { block, room, position: end, length, address_at, size_at };
        Ok(Some(true))
    }

    /// A block with room for so many characters and a zero: the one that there
    /// is, or a larger one with what was in it; `None`, with `errno`, if there
    /// is no room.
    fn enlarged(
        &mut self,
        block: Ptr,
        room: u64,
        length: u64,
        end: u64,
        size: u64,
    ) -> Result<Option<(Ptr, u64)>> {
        if end < room {
            return Ok(Some((block, room)));
        }
        let wanted = end.saturating_add(1).max(room.saturating_mul(2)).max(128);
        let bytes = wanted.saturating_mul(size);
        let Some(new) = self.malloc(bytes)? else {
            self.set_errno(Errno::ENOMEM)?;
            return Ok(None);
        };
        self.write(new, &vec![0; bytes as usize])?;
        if !block.is_null() {
            let old = self.read(block, length.saturating_mul(size))?;
            self.write(new, &old)?;
            self.free(block)?;
        }
        Ok(Some((new, wanted)))
    }
}
