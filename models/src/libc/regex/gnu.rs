//! GNU's own functions of regular expressions, from before POSIX (GNU Regex
//! manual, chapter 7): the same expressions, written by any syntax.

use super::{
    super::{
        context::{Context, LONGEST},
        error::Result,
        types::{Header, Ptr, Size, Standard, ULong, models},
    },
    MARK, MESSAGES, NEWLINE, loaded, places, regfree,
    search::Searched,
    stored, syntax,
};

/// Which parts a match has where there are several.
const FIRST: &str = "where a longest match can be made in several ways, parts are those of the first way";

pub(crate) static HEADER: Header = Header {
    name: "regex.h",
    standard: Standard::Extension,
    models: models! {
        re_set_syntax = set_syntax;
        re_compile_pattern = compile_pattern;
        re_compile_fastmap = compile_map, "there are no maps";
        re_search = search, FIRST;
        re_match = matches, FIRST;
        re_search_2 = search_two, FIRST;
        re_match_2 = match_two, FIRST;
        re_set_registers = set_registers;
        re_comp = begin, FIRST;
        re_exec = go_on, FIRST;
    },
};

/// The variable that `re_set_syntax` sets.
const SYNTAX: &str = "re_syntax_options";

fn current(c: &mut Context<'_>) -> Result<u64> {
    match c.state.layout.variable(SYNTAX) {
        Some(at) => {
            let bytes = c.model.long;
            c.read_integer(Ptr(at), bytes)
        }
        None => Ok(c.state.numbers.get(SYNTAX).copied().unwrap_or(0) as u64),
    }
}

fn set_syntax(c: &mut Context<'_>, bits: ULong) -> Result<ULong> {
    let before = current(c)?;
    match c.state.layout.variable(SYNTAX) {
        Some(at) => {
            let bytes = c.model.long;
            c.write_integer(Ptr(at), bits.0, bytes)?;
        }
        None => {
            c.state.numbers.insert(SYNTAX.to_owned(), bits.0 as i64);
        }
    }
    Ok(ULong(before))
}

/// The bits at the end of a `struct re_pattern_buffer`, which stand in one byte:
/// which registers there are, no parts, no begin and no end of a line, and
/// newlines that end lines.
#[derive(Clone, Copy)]
struct Marks(u8);

impl Marks {
    const NO_PARTS: u8 = 4;
    const NOT_BEGIN: u8 = 5;
    const NOT_END: u8 = 6;
    const NEWLINE: u8 = 7;

    fn at(c: &Context<'_>, buffer: Ptr) -> Ptr {
        buffer.add(7 * u64::from(c.model.pointer))
    }

    /// From the lowest bit on, on big-endian processors from the highest.
    fn read(c: &mut Context<'_>, buffer: Ptr) -> Result<Self> {
        let byte = c.read_integer(Self::at(c, buffer), 1)? as u8;
        let big = c.state.platform.byte_order() == terrella_platforms::ByteOrder::Big;
        // Two bits are one number, whose order stays.
        let swapped = byte.reverse_bits();
        Ok(Self(if big { swapped & !6 | swapped >> 1 & 2 | swapped << 1 & 4 } else { byte }))
    }

    fn write(self, c: &mut Context<'_>, buffer: Ptr) -> Result<()> {
        let big = c.state.platform.byte_order() == terrella_platforms::ByteOrder::Big;
        let byte = self.0 & !6 | self.0 >> 1 & 2 | self.0 << 1 & 4;
        let value = if big { byte.reverse_bits() } else { self.0 };
        c.write_integer(Self::at(c, buffer), value.into(), 1)
    }

    const fn has(self, bit: u8) -> bool {
        self.0 >> bit & 1 != 0
    }

    const fn with(self, bit: u8, on: bool) -> Self {
        Self(self.0 & !(1 << bit) | (on as u8) << bit)
    }

    /// `REGS_UNALLOCATED`, `REGS_REALLOCATE`, `REGS_FIXED`.
    const fn registers(self) -> u8 {
        self.0 >> 1 & 3
    }

    const fn with_registers(self, kind: u8) -> Self {
        Self(self.0 & !6 | kind << 1)
    }
}

/// Bytes by the table of the program, if it has one.
fn translated(c: &mut Context<'_>, buffer: Ptr, mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    let table_at = buffer.add(5 * u64::from(c.model.pointer));
    let table = c.read_pointer(table_at)?;
    if !table.is_null() {
        let table = c.read(table, 256)?;
        for byte in &mut bytes {
            *byte = table[usize::from(*byte)];
        }
    }
    Ok(bytes)
}

/// A message that keeps its place.
fn message(c: &mut Context<'_>, text: &'static str) -> Result<Ptr> {
    let room = c.room(text, text.len() as u64 + 1)?;
    c.write_text(room, text.as_bytes())?;
    Ok(room)
}

fn compiled(c: &mut Context<'_>, buffer: Ptr, pattern: Vec<u8>) -> Result<Ptr> {
    let bits = current(c)?;
    // What was there before is given back, if it is one of ours.
    let (copy_at, _) = places(c);
    let before = c.read_pointer(buffer.add(copy_at))?;
    if !before.is_null() && c.read_integer(before, 4).is_ok_and(|mark| mark == MARK) {
        regfree(c, buffer)?;
    }
    let pattern = translated(c, buffer, pattern)?;
    let marks = Marks::read(c, buffer)?;
    let marks = marks.with(Marks::NO_PARTS, bits & syntax::NO_PARTS != 0).with(Marks::NEWLINE, true);
    marks.write(c, buffer)?;
    match stored(c, buffer, &pattern, (NEWLINE, bits))? {
        Ok(_) => Ok(Ptr::NULL),
        Err(problem) => message(c, MESSAGES[problem as usize]),
    }
}

fn compile_pattern(c: &mut Context<'_>, pattern: Ptr, size: Size, buffer: Ptr) -> Result<Ptr> {
    let pattern = c.read(pattern, size.0.min(LONGEST as u64))?;
    compiled(c, buffer, pattern)
}

fn compile_map(_: &mut Context<'_>, _buffer: Ptr) -> Result<i32> {
    Ok(0)
}

/// What is looked at, and where: a place to begin, how far it may be moved, and
/// where a match ends at the latest.
struct Task {
    text: Vec<u8>,
    start: i32,
    range: i32,
    stop: i32,
    /// The match is the result, not where it is.
    whole: bool,
}

fn run(c: &mut Context<'_>, buffer: Ptr, task: Task, registers: Ptr) -> Result<i32> {
    let Task { text, start, range, stop, whole } = task;
    let length = text.len() as i64;
    let (first, range) = (i64::from(start), i64::from(range));
    if !(0..=length).contains(&first) {
        return Ok(-1);
    }
    let last = first.saturating_add(range).clamp(0, length);
    let text = translated(c, buffer, text)?;
    let (mut program, _) = loaded(c, buffer)?;
    let marks = Marks::read(c, buffer)?;
    program.options.newline = marks.has(Marks::NEWLINE);
    let wanted = super::search::Wanted {
        starts: first.min(last) as usize..=first.max(last) as usize,
        backwards: range < 0,
        stop: stop.max(0) as usize,
    };
    let (not_begin, not_end) = (marks.has(Marks::NOT_BEGIN), marks.has(Marks::NOT_END));
    let places = match program.search_from(&text, &wanted, not_begin, not_end) {
        Searched::Found(places) => places,
        Searched::Nothing => return Ok(-1),
        Searched::TooMuch => return Ok(-2),
    };
    let Some(Some((from, to))) = places.first().copied() else { return Ok(-1) };
    if !registers.is_null() && !marks.has(Marks::NO_PARTS) {
        let kind = fill(c, registers, &places, marks.registers())?;
        marks.with_registers(kind).write(c, buffer)?;
    }
    Ok(if whole { (to - from) as i32 } else { from as i32 })
}

/// Writes the places into `struct re_registers`: how many, and where their
/// beginnings and ends are. What kind of registers they are then.
fn fill(c: &mut Context<'_>, registers: Ptr, places: &[Option<(usize, usize)>], kind: u8) -> Result<u8> {
    let word = u64::from(c.model.pointer);
    let (starts_at, ends_at) = (registers.add(word), registers.add(2 * word));
    // One more, which says that there are no more.
    let needed = places.len() as u64 + 1;
    let mut room = c.read_integer(registers, 4)?;
    let mut kind = kind;
    if kind == 0 || kind == 1 && needed > room {
        for at in [starts_at, ends_at] {
            let before = if kind == 0 { Ptr::NULL } else { c.read_pointer(at)? };
            let block = super::super::stdlib::realloc(c, before, Size(4 * needed))?;
            if block.is_null() {
                return Ok(0);
            }
            c.write_pointer(at, block)?;
        }
        room = needed;
        kind = 1;
        c.write_integer(registers, room, 4)?;
    }
    let (starts, ends) = (c.read_pointer(starts_at)?, c.read_pointer(ends_at)?);
    for index in 0..room.min(1 << 16) {
        let place = places.get(index as usize).copied().flatten();
        let (from, to) = place.map_or((u64::MAX, u64::MAX), |(from, to)| (from as u64, to as u64));
        c.write_integer(starts.add(4 * index), from, 4)?;
        c.write_integer(ends.add(4 * index), to, 4)?;
    }
    Ok(kind)
}

fn text_of(c: &mut Context<'_>, text: Ptr, size: i32) -> Result<Vec<u8>> {
    match u64::try_from(size) {
        Ok(0) | Err(_) => Ok(Vec::new()),
        Ok(size) => c.read(text, size),
    }
}

fn search(
    c: &mut Context<'_>,
    buffer: Ptr,
    text: Ptr,
    size: i32,
    start: i32,
    range: i32,
    registers: Ptr,
) -> Result<i32> {
    let text = text_of(c, text, size)?;
    let stop = size;
    run(c, buffer, Task { text, start, range, stop, whole: false }, registers)
}

fn matches(
    c: &mut Context<'_>,
    buffer: Ptr,
    text: Ptr,
    size: i32,
    start: i32,
    registers: Ptr,
) -> Result<i32> {
    let text = text_of(c, text, size)?;
    let stop = size;
    run(c, buffer, Task { text, start, range: 0, stop, whole: true }, registers)
}

/// Two texts one behind the other.
fn both(c: &mut Context<'_>, one: (Ptr, i32), other: (Ptr, i32)) -> Result<Option<Vec<u8>>> {
    if one.1 < 0 || other.1 < 0 {
        return Ok(None);
    }
    let mut text = text_of(c, one.0, one.1)?;
    text.extend(text_of(c, other.0, other.1)?);
    Ok(Some(text))
}

#[allow(clippy::too_many_arguments)]
fn search_two(
    c: &mut Context<'_>,
    buffer: Ptr,
    one: Ptr,
    size: i32,
    other: Ptr,
    other_size: i32,
    start: i32,
    range: i32,
    registers: Ptr,
    stop: i32,
) -> Result<i32> {
    let Some(text) = both(c, (one, size), (other, other_size))? else { return Ok(-2) };
    run(c, buffer, Task { text, start, range, stop, whole: false }, registers)
}

#[allow(clippy::too_many_arguments)]
fn match_two(
    c: &mut Context<'_>,
    buffer: Ptr,
    one: Ptr,
    size: i32,
    other: Ptr,
    other_size: i32,
    start: i32,
    registers: Ptr,
    stop: i32,
) -> Result<i32> {
    let Some(text) = both(c, (one, size), (other, other_size))? else { return Ok(-2) };
    run(c, buffer, Task { text, start, range: 0, stop, whole: true }, registers)
}

fn set_registers(
    c: &mut Context<'_>,
    buffer: Ptr,
    registers: Ptr,
    count: u32,
    starts: Ptr,
    ends: Ptr,
) -> Result<()> {
    let word = u64::from(c.model.pointer);
    let marks = Marks::read(c, buffer)?;
    let has = count > 0;
    marks.with_registers(u8::from(has)).write(c, buffer)?;
    c.write_integer(registers, count.into(), 4)?;
    c.write_pointer(registers.add(word), if has { starts } else { Ptr::NULL })?;
    c.write_pointer(registers.add(2 * word), if has { ends } else { Ptr::NULL })
}

/// The one expression of `re_comp`.
const ONLY: &str = "re_comp";

fn begin(c: &mut Context<'_>, pattern: Ptr) -> Result<Ptr> {
    let size = 8 * u64::from(c.model.pointer);
    let buffer = c.room(ONLY, size)?;
    if pattern.is_null() {
        let (copy_at, _) = places(c);
        let known = !c.read_pointer(buffer.add(copy_at))?.is_null();
        return if known { Ok(Ptr::NULL) } else { message(c, "No previous regular expression") };
    }
    let pattern = c.text(pattern)?;
    compiled(c, buffer, pattern)
}

fn go_on(c: &mut Context<'_>, text: Ptr) -> Result<i32> {
    let buffer = c.room(ONLY, 8 * u64::from(c.model.pointer))?;
    let text = c.text(text)?;
    let range = text.len() as i32;
    let found = run(c, buffer, Task { text, start: 0, range, stop: range, whole: false }, Ptr::NULL)?;
    Ok(i32::from(found >= 0))
}
