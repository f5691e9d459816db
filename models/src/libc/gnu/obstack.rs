//! `obstack.h`: stacks of objects in chunks that the program's own functions
//! allocate (GNU C Library manual, 3.2.6; the structure and the arithmetic are
//! those of its header, whose macros work on them too).

use serde::{Deserialize, Serialize};
use terrella_machine_state::{ArgumentValue, ReturnValue};

use super::super::{
    context::Context,
    error::Result,
    nested::Continuation,
    stdio::formatted,
    types::{CType, Dots, Header, Ptr, Reply, Standard, models},
    variable::Variable,
};

/// Of what calls `obstack_alloc_failed_handler`.
const FAILS: &str = "where there is no memory, the run ends";

pub(crate) static HEADER: Header = Header {
    name: "obstack.h",
    standard: Standard::Extension,
    models: models! {
        _obstack_begin = begin, FAILS;
        _obstack_begin_1 = begin_with, FAILS;
        _obstack_newchunk = new_chunk, FAILS;
        _obstack_free = free;
        obstack_free = free;
        _obstack_allocated_p = is_allocated;
        _obstack_memory_used = memory_used;
        obstack_printf = print, FAILS;
        obstack_vprintf = print_list, FAILS;
        __obstack_printfieee128 = print, FAILS;
        __obstack_vprintfieee128 = print_list, FAILS;
        __obstack_printf_chk = print_checked, FAILS;
        __obstack_vprintf_chk = print_list_checked, FAILS;
    },
};

/// `struct obstack`: the size of chunks, the chunk, the beginning and the end of
/// the object, the end of the chunk, a scratch word, the mask of the alignment, the
/// functions and their argument, and bits.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Stack {
    at: Ptr,
    word: u64,
}

/// The fields that are words, by their places.
const SIZE: u64 = 0;
const CHUNK: u64 = 1;
const BASE: u64 = 2;
const NEXT: u64 = 3;
const LIMIT: u64 = 4;
const MASK: u64 = 6;
const ALLOCATE: u64 = 7;
const FREE: u64 = 8;
const ARGUMENT: u64 = 9;
const BITS: u64 = 10;

/// The functions get an argument more, and the object may be empty.
const WITH_ARGUMENT: u8 = 0;
const MAYBE_EMPTY: u8 = 1;

impl Stack {
    fn new(c: &Context<'_>, at: Ptr) -> Self {
        Self { at, word: c.model.pointer.into() }
    }

    const fn field(self, index: u64) -> Ptr {
        self.at.add(index * self.word)
    }

    fn read(self, c: &mut Context<'_>, index: u64) -> Result<Ptr> {
        c.read_pointer(self.field(index))
    }

    fn write(self, c: &mut Context<'_>, index: u64, value: Ptr) -> Result<()> {
        c.write_pointer(self.field(index), value)
    }

    fn mask(self, c: &mut Context<'_>) -> Result<u64> {
        c.read_integer(self.field(MASK), 4)
    }

    /// Bit fields begin at the highest bit on big-endian processors.
    fn bit(c: &Context<'_>, bit: u8) -> u64 {
        let big = c.state.platform.byte_order() == terrella_platforms::ByteOrder::Big;
        if big { 0x80 >> bit } else { 1 << bit }
    }

    fn has(self, c: &mut Context<'_>, bit: u8) -> Result<bool> {
        Ok(c.read_integer(self.field(BITS), 1)? & Self::bit(c, bit) != 0)
    }

    fn set(self, c: &mut Context<'_>, bit: u8, on: bool) -> Result<()> {
        let before = c.read_integer(self.field(BITS), 1)?;
        let bit = Self::bit(c, bit);
        c.write_integer(self.field(BITS), if on { before | bit } else { before & !bit }, 1)
    }

    /// Where objects of a chunk begin: behind its limit and the chunk before it.
    fn contents(self, c: &mut Context<'_>, chunk: Ptr) -> Result<Ptr> {
        let mask = self.mask(c)?;
        Ok(Ptr(chunk.add(2 * self.word).0.wrapping_add(mask) & !mask))
    }

    /// Calls the function that allocates, or the one that frees.
    fn call(self, c: &mut Context<'_>, value: ArgumentValue, index: u64, then: Step) -> Result<Reply> {
        let function = self.read(c, index)?;
        let mut arguments = Vec::new();
        if self.has(c, WITH_ARGUMENT)? {
            arguments.push(ArgumentValue::Pointer(self.read(c, ARGUMENT)?.0));
        }
        arguments.push(value);
        let returns = if index == ALLOCATE { CType::Pointer } else { CType::Void };
        let result = match then {
            Step::Begin | Step::Printed { .. } => CType::Int,
            _ => CType::Void,
        };
        let growing = Growing { stack: self, then };
        c.call_guest(function, &arguments, returns, result, Continuation::Obstack(Box::new(growing)))
    }

    fn allocate(self, c: &mut Context<'_>, size: u64, then: Step) -> Result<Reply> {
        let value = ArgumentValue::Integer { value: size.into(), bytes: c.model.long, signed: true };
        self.call(c, value, ALLOCATE, then)
    }

    /// Asks for a chunk in which the object has room to grow.
    fn enlarge(self, c: &mut Context<'_>, length: u64, then: impl FnOnce(u64) -> Step) -> Result<Reply> {
        let object = self.read(c, NEXT)?.0.wrapping_sub(self.read(c, BASE)?.0);
        let usual = self.read(c, SIZE)?.0;
        let mask = self.mask(c)?;
        let wanted = object.saturating_add(length).saturating_add((object >> 3) + mask + 100);
        let size = wanted.max(usual);
        self.allocate(c, size, then(size))
    }

    /// Moves the object into a new chunk; the old one, if nothing is left in it.
    fn moved(self, c: &mut Context<'_>, chunk: Ptr, size: u64) -> Result<Option<Ptr>> {
        let old = self.read(c, CHUNK)?;
        let (base, next) = (self.read(c, BASE)?, self.read(c, NEXT)?);
        let length = next.0.wrapping_sub(base.0);
        self.write(c, CHUNK, chunk)?;
        c.write_pointer(chunk.add(self.word), old)?;
        let limit = chunk.add(size);
        c.write_pointer(chunk, limit)?;
        self.write(c, LIMIT, limit)?;
        let to = self.contents(c, chunk)?;
        let object = c.read(base, length)?;
        c.write(to, &object)?;
        let only = !self.has(c, MAYBE_EMPTY)? && base == self.contents(c, old)?;
        if only {
            let before = c.read_pointer(old.add(self.word))?;
            c.write_pointer(chunk.add(self.word), before)?;
        }
        self.write(c, BASE, to)?;
        self.write(c, NEXT, to.add(length))?;
        self.set(c, MAYBE_EMPTY, false)?;
        Ok(only.then_some(old))
    }

    /// Puts a text behind the object, which has room for it.
    fn append(self, c: &mut Context<'_>, text: &[u8]) -> Result<Reply> {
        let next = self.read(c, NEXT)?;
        c.write(next, text)?;
        self.write(c, NEXT, next.add(text.len() as u64))?;
        Ok(Reply::Int(text.len() as i32))
    }

    /// Frees chunks up to the one that has an object.
    fn unwound(self, c: &mut Context<'_>, object: Ptr, chunk: Ptr) -> Result<Reply> {
        if chunk.is_null() {
            return if object.is_null() {
                self.write(c, CHUNK, chunk)?;
                Ok(Reply::Void)
            } else {
                c.misuse(format!("{:#x} is in no chunk of the obstack at {:#x}", object.0, self.at.0))
            };
        }
        let limit = c.read_pointer(chunk)?;
        if chunk < object && object <= limit {
            self.write(c, BASE, object)?;
            self.write(c, NEXT, object)?;
            self.write(c, LIMIT, limit)?;
            self.write(c, CHUNK, chunk)?;
            return Ok(Reply::Void);
        }
        let before = c.read_pointer(chunk.add(self.word))?;
        self.set(c, MAYBE_EMPTY, true)?;
        self.call(c, ArgumentValue::Pointer(chunk.0), FREE, Step::Free { object, next: before })
    }
}

/// What a function of the program's was called for.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Step {
    /// The first chunk.
    Begin,
    /// A larger one, and then nothing, or a text behind the object.
    Enlarge {
        size: u64,
    },
    Print {
        size: u64,
        text: Vec<u8>,
    },
    /// The old one is freed, and there is nothing more, or a text that was written.
    Done,
    Printed {
        length: i32,
    },
    /// More are freed.
    Free {
        object: Ptr,
        next: Ptr,
    },
}

/// An obstack that waits for a function of the program's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Growing {
    stack: Stack,
    then: Step,
}

impl Growing {
    pub(crate) fn go_on(self, c: &mut Context<'_>, value: &ReturnValue) -> Result<Reply> {
        let Self { stack, then } = self;
        let chunk = Ptr(value.as_u64());
        let allocates = matches!(then, Step::Begin | Step::Enlarge { .. } | Step::Print { .. });
        if allocates && chunk.is_null() {
            return c.misuse("memory exhausted: obstack_alloc_failed_handler would be called");
        }
        match then {
            Step::Begin => {
                let limit = chunk.add(stack.read(c, SIZE)?.0);
                let first = stack.contents(c, chunk)?;
                stack.write(c, CHUNK, chunk)?;
                stack.write(c, BASE, first)?;
                stack.write(c, NEXT, first)?;
                stack.write(c, LIMIT, limit)?;
                c.write_pointer(chunk, limit)?;
                c.write_pointer(chunk.add(stack.word), Ptr::NULL)?;
                Ok(Reply::Int(1))
            }
            Step::Enlarge { size } => match stack.moved(c, chunk, size)? {
                Some(old) => stack.call(c, ArgumentValue::Pointer(old.0), FREE, Step::Done),
                None => Ok(Reply::Void),
            },
            Step::Print { size, text } => {
                let old = stack.moved(c, chunk, size)?;
                let written = stack.append(c, &text)?;
                let length = text.len() as i32;
                match old {
                    Some(old) => stack.call(c, ArgumentValue::Pointer(old.0), FREE, Step::Printed { length }),
                    None => Ok(written),
                }
            }
            Step::Done => Ok(Reply::Void),
            Step::Printed { length } => Ok(Reply::Int(length)),
            Step::Free { object, next } => stack.unwound(c, object, next),
        }
    }
}

/// What `union { uintmax_t; long double; void * }` takes, and is aligned to.
fn rounding(c: &Context<'_>) -> (u64, u64) {
    let bytes = c.long_bytes().unwrap_or(8).max(8);
    let most = u64::from(c.model.alignment);
    let alignment = if c.model.alignment < 8 { most } else { bytes.next_power_of_two().min(16) };
    (bytes.next_multiple_of(alignment), alignment)
}

fn start(
    c: &mut Context<'_>,
    at: Ptr,
    (size, alignment): (i32, i32),
    (allocate, free): (Ptr, Ptr),
    argument: Option<Ptr>,
) -> Result<Reply> {
    let stack = Stack::new(c, at);
    let (unit, usual) = rounding(c);
    let alignment = if alignment == 0 { usual } else { alignment as u64 };
    let size = match size {
        0 => 4096 - (12_u64.next_multiple_of(unit) + 4).next_multiple_of(unit),
        size => size as u64,
    };
    stack.write(c, SIZE, Ptr(size))?;
    c.write_integer(stack.field(MASK), alignment.wrapping_sub(1), 4)?;
    stack.write(c, ALLOCATE, allocate)?;
    stack.write(c, FREE, free)?;
    c.write_integer(stack.field(BITS), 0, 4)?;
    if let Some(argument) = argument {
        stack.write(c, ARGUMENT, argument)?;
        stack.set(c, WITH_ARGUMENT, true)?;
    }
    stack.allocate(c, size, Step::Begin)
}

fn begin(c: &mut Context<'_>, at: Ptr, size: i32, alignment: i32, allocate: Ptr, free: Ptr) -> Result<Reply> {
    start(c, at, (size, alignment), (allocate, free), None)
}

fn begin_with(
    c: &mut Context<'_>,
    at: Ptr,
    size: i32,
    alignment: i32,
    allocate: Ptr,
    free: Ptr,
    argument: Ptr,
) -> Result<Reply> {
    start(c, at, (size, alignment), (allocate, free), Some(argument))
}

fn new_chunk(c: &mut Context<'_>, at: Ptr, length: i32) -> Result<Reply> {
    let stack = Stack::new(c, at);
    stack.enlarge(c, length.max(0) as u64, |size| Step::Enlarge { size })
}

fn free(c: &mut Context<'_>, at: Ptr, object: Ptr) -> Result<Reply> {
    let stack = Stack::new(c, at);
    let chunk = stack.read(c, CHUNK)?;
    stack.unwound(c, object, chunk)
}

/// The chunks from the newest on: where they begin and end.
fn chunks(c: &mut Context<'_>, stack: Stack) -> Result<Vec<(Ptr, Ptr)>> {
    let mut all = Vec::new();
    let mut chunk = stack.read(c, CHUNK)?;
    while !chunk.is_null() {
        let limit = c.read_pointer(chunk)?;
        all.push((chunk, limit));
        if all.len() > 1 << 20 {
            return c.misuse(format!("the chunks of the obstack at {:#x} have no end", stack.at.0));
        }
        chunk = c.read_pointer(chunk.add(stack.word))?;
    }
    Ok(all)
}

fn is_allocated(c: &mut Context<'_>, at: Ptr, object: Ptr) -> Result<i32> {
    let stack = Stack::new(c, at);
    let all = chunks(c, stack)?;
    Ok(i32::from(all.iter().any(|(chunk, limit)| *chunk < object && object <= *limit)))
}

fn memory_used(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    let stack = Stack::new(c, at);
    let all = chunks(c, stack)?;
    Ok(all.iter().fold(0_i32, |sum, (chunk, limit)| sum.wrapping_add(limit.0.wrapping_sub(chunk.0) as i32)))
}

fn printed(c: &mut Context<'_>, at: Ptr, format: Ptr, mut from: Variable) -> Result<Reply> {
    let stack = Stack::new(c, at);
    let Some(text) = formatted(c, format, &mut from)? else { return Ok(Reply::Int(-1)) };
    let room = stack.read(c, LIMIT)?.0.wrapping_sub(stack.read(c, NEXT)?.0);
    if text.len() as u64 <= room {
        return stack.append(c, &text);
    }
    stack.enlarge(c, text.len() as u64, |size| Step::Print { size, text })
}

fn print(c: &mut Context<'_>, at: Ptr, format: Ptr, _: Dots) -> Result<Reply> {
    printed(c, at, format, Variable::Call)
}

fn print_list(c: &mut Context<'_>, at: Ptr, format: Ptr, from: Variable) -> Result<Reply> {
    printed(c, at, format, from)
}

fn print_checked(c: &mut Context<'_>, at: Ptr, _flag: i32, format: Ptr, _: Dots) -> Result<Reply> {
    printed(c, at, format, Variable::Call)
}

fn print_list_checked(
    c: &mut Context<'_>,
    at: Ptr,
    _flag: i32,
    format: Ptr,
    from: Variable,
) -> Result<Reply> {
    printed(c, at, format, from)
}
