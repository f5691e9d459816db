//! `stdlib.h` and `inttypes.h`: numbers, memory, random numbers, the
//! environment.

use terrella_machine_state::Heap;

use super::{
    context::Context,
    error::{Failure, Result},
    exact::{self, Format, Rounded},
    fenv::Rounding,
    numbers,
    types::{CType, Header, Long, LongDouble, Pair, Ptr, Size, Standard, ULong, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "stdlib.h",
    standard: Standard::C99,
    models: models! {
        atoi = atoi;
        atol = atol;
        atoll = atoll;
        atof = atof;
        strtol = strtol;
        strtoul = strtoul;
        strtoll = strtoll;
        strtoull = strtoull;
        strtod = strtod;
        strtof = strtof;
        abs = abs;
        labs = labs;
        llabs = llabs;
        div = div;
        ldiv = ldiv;
        lldiv = lldiv;
        rand = super::random::rand;
        srand = super::random::srand;
        malloc = malloc;
        calloc = calloc;
        realloc = realloc;
        free = free;
        getenv = super::environment::getenv;
    },
};

pub(crate) static INTTYPES: Header = Header {
    name: "inttypes.h",
    standard: Standard::C99,
    models: models! {
        imaxabs = llabs;
        imaxdiv = lldiv;
        strtoimax = strtoll;
        strtoumax = strtoull;
    },
};

pub(crate) static EXTENSIONS: Header = Header {
    name: "stdlib.h",
    standard: Standard::Posix,
    models: models! {
        strtoq = strtoll;
        strtouq = strtoull;
        strtol_l = strtol;
        strtoul_l = strtoul;
        strtoll_l = strtoll;
        strtoull_l = strtoull;
        strtod_l = strtod;
        strtof_l = strtof;
        rand_r = super::random::rand_r;
        random = super::random::random;
        srandom = super::random::srandom;
        initstate = super::random::initstate, "states of fewer than 128 bytes share one sequence";
        setstate = super::random::setstate, "states of fewer than 128 bytes share one sequence";
        drand48 = super::random::drand48;
        erand48 = super::random::erand48;
        lrand48 = super::random::lrand48;
        nrand48 = super::random::nrand48;
        mrand48 = super::random::mrand48;
        jrand48 = super::random::jrand48;
        srand48 = super::random::srand48;
        seed48 = super::random::seed48;
        lcong48 = super::random::lcong48;
        arc4random = super::random::arc4random;
        arc4random_buf = super::random::arc4random_buf;
        arc4random_uniform = super::random::arc4random_uniform;
        reallocarray = reallocarray;
        aligned_alloc = aligned_alloc;
        memalign = aligned_alloc;
        posix_memalign = posix_memalign;
        valloc = valloc;
        pvalloc = pvalloc;
        cfree = free;
        malloc_usable_size = malloc_usable_size;
        setenv = super::environment::setenv;
        unsetenv = super::environment::unsetenv;
        putenv = super::environment::putenv;
        clearenv = super::environment::clearenv;
        secure_getenv = super::environment::getenv;
        __secure_getenv = super::environment::getenv;
        a64l = a64l;
        l64a = l64a;
        getsubopt = getsubopt;
    },
};

pub(crate) static RUNTIME: Header = Header {
    name: "start code",
    standard: Standard::Runtime,
    models: models! {
        __isoc23_strtol = strtol;
        __isoc23_strtoul = strtoul;
        __isoc23_strtoll = strtoll;
        __isoc23_strtoull = strtoull;
        __isoc23_strtoimax = strtoll;
        __isoc23_strtoumax = strtoull;
        __strtol_internal = strtol_internal;
        __strtoul_internal = strtoul_internal;
        __strtod_internal = strtod_internal;
        __errno_location = errno_location;
        ___errno_location = errno_location;
        __errno = errno_location;
        __libc_malloc = malloc;
        __libc_free = free;
        __libc_calloc = calloc;
        __libc_realloc = realloc;
        _Znwm = new;
        _Znwj = new;
        _Znam = new;
        _Znaj = new;
        _ZnwmRKSt9nothrow_t = new_nothrow;
        _ZnwjRKSt9nothrow_t = new_nothrow;
        _ZnamRKSt9nothrow_t = new_nothrow;
        _ZnajRKSt9nothrow_t = new_nothrow;
        _ZdlPv = free;
        _ZdaPv = free;
        _ZdlPvm = delete_sized;
        _ZdlPvj = delete_sized;
        _ZdaPvm = delete_sized;
        _ZdaPvj = delete_sized;
        _ZdlPvRKSt9nothrow_t = delete_nothrow;
        _ZdaPvRKSt9nothrow_t = delete_nothrow;
    },
};

// ---- numbers

/// A number as `strtol` and its like give it.
fn parse(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32, bits: u32, signed: bool) -> Result<i128> {
    let bytes = c.text(text)?;
    let (value, length) = integer(c, &bytes, base, bits, signed)?;
    if let Some(length) = length.filter(|_| !end.is_null()) {
        c.write_pointer(end, text.add(length))?;
    }
    Ok(value)
}

/// The number at the beginning of a text, and how many characters it takes;
/// `None` if the base is none.
pub(super) fn integer(
    c: &mut Context<'_>,
    text: &[u8],
    base: i32,
    bits: u32,
    signed: bool,
) -> Result<(i128, Option<u64>)> {
    if base < 0 || base == 1 || base > 36 {
        c.set_errno(Errno::EINVAL)?;
        return Ok((0, None));
    }
    let found = numbers::integer(text, base as u32);
    let length = Some(found.length as u64);
    let most =
        if signed { (1_u128 << (bits - 1)) - u128::from(!found.negative) } else { (1_u128 << bits) - 1 };
    if found.magnitude > most {
        c.set_errno(Errno::ERANGE)?;
        // Unsigned ones that are too large are the largest, whatever the sign.
        return Ok((if signed && found.negative { -(most as i128) } else { most as i128 }, length));
    }
    let value = found.magnitude as i128;
    Ok((if found.negative { -value } else { value }, length))
}

fn long_bits(c: &Context<'_>) -> u32 {
    8 * u32::from(c.model.long)
}

fn strtol(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32) -> Result<Long> {
    let bits = long_bits(c);
    parse(c, text, end, base, bits, true).map(|value| Long(value as i64))
}

fn strtoul(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32) -> Result<ULong> {
    let bits = long_bits(c);
    parse(c, text, end, base, bits, false).map(|value| ULong(value as u64))
}

fn strtoll(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32) -> Result<i64> {
    parse(c, text, end, base, 64, true).map(|value| value as i64)
}

fn strtoull(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32) -> Result<u64> {
    parse(c, text, end, base, 64, false).map(|value| value as u64)
}

fn strtol_internal(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32, _group: i32) -> Result<Long> {
    strtol(c, text, end, base)
}

fn strtoul_internal(c: &mut Context<'_>, text: Ptr, end: Ptr, base: i32, _group: i32) -> Result<ULong> {
    strtoul(c, text, end, base)
}

/// Without `errno`, as glibc's header says it in terms of `strtol`.
fn atoi(c: &mut Context<'_>, text: Ptr) -> Result<i32> {
    strtol(c, text, Ptr::NULL, 10).map(|value| value.0 as i32)
}

fn atol(c: &mut Context<'_>, text: Ptr) -> Result<Long> {
    strtol(c, text, Ptr::NULL, 10)
}

fn atoll(c: &mut Context<'_>, text: Ptr) -> Result<i64> {
    strtoll(c, text, Ptr::NULL, 10)
}

pub(super) fn strtod(c: &mut Context<'_>, text: Ptr, end: Ptr) -> Result<f64> {
    let bytes = c.text(text)?;
    let found = numbers::float(&bytes);
    if !end.is_null() {
        c.write_pointer(end, text.add(found.length as u64))?;
    }
    double(c, &bytes, &found)
}

/// The number of a text that was found, by the rounding mode.
pub(super) fn double(c: &mut Context<'_>, text: &[u8], found: &numbers::Float) -> Result<f64> {
    let rounding = c.rounding();
    if rounding == Rounding::Nearest && !found.out_of_range {
        return Ok(found.value);
    }
    let rounded = numbers::precise(text, found, Format::DOUBLE, rounding);
    told(c, &rounded)?;
    Ok(rounded.number.to_double())
}

/// The same in single precision.
pub(super) fn single(c: &mut Context<'_>, text: &[u8], found: &numbers::Float) -> Result<f32> {
    let rounding = c.rounding();
    let rounded = numbers::precise(text, found, Format::SINGLE, rounding);
    told(c, &rounded)?;
    Ok(rounded.number.to_single_by(Rounding::Nearest).0)
}

/// The same as a `long double`.
pub(super) fn long_double(c: &mut Context<'_>, text: &[u8], found: &numbers::Float) -> Result<LongDouble> {
    let (format, rounding) = (c.long_format()?, c.rounding());
    let rounded = numbers::precise(text, found, format, rounding);
    told(c, &rounded)?;
    Ok(LongDouble(rounded.number))
}

/// `ERANGE`, and exceptions, of a number that was read.
fn told(c: &mut Context<'_>, rounded: &Rounded) -> Result<()> {
    if exact::left_range(rounded) {
        c.set_errno(Errno::ERANGE)?;
    }
    c.raise_exceptions(rounded.raised)
}

/// Reads a `long double`.
pub(super) fn strtold(c: &mut Context<'_>, text: Ptr, end: Ptr) -> Result<LongDouble> {
    let bytes = c.text(text)?;
    let found = numbers::float(&bytes);
    if !end.is_null() {
        c.write_pointer(end, text.add(found.length as u64))?;
    }
    long_double(c, &bytes, &found)
}

fn strtod_internal(c: &mut Context<'_>, text: Ptr, end: Ptr, _group: i32) -> Result<f64> {
    strtod(c, text, end)
}

fn strtof(c: &mut Context<'_>, text: Ptr, end: Ptr) -> Result<f32> {
    let bytes = c.text(text)?;
    let found = numbers::float(&bytes);
    if !end.is_null() {
        c.write_pointer(end, text.add(found.length as u64))?;
    }
    single(c, &bytes, &found)
}

fn atof(c: &mut Context<'_>, text: Ptr) -> Result<f64> {
    strtod(c, text, Ptr::NULL)
}

fn abs(_: &mut Context<'_>, value: i32) -> Result<i32> {
    Ok(value.wrapping_abs())
}

fn labs(_: &mut Context<'_>, value: Long) -> Result<Long> {
    Ok(Long(value.0.wrapping_abs()))
}

fn llabs(_: &mut Context<'_>, value: i64) -> Result<i64> {
    Ok(value.wrapping_abs())
}

fn divide(c: &Context<'_>, ctype: CType, value: i64, by: i64) -> Result<Pair> {
    if by == 0 {
        return c.misuse("a division by zero");
    }
    Ok(Pair(ctype, value.wrapping_div(by), value.wrapping_rem(by)))
}

fn div(c: &mut Context<'_>, value: i32, by: i32) -> Result<Pair> {
    divide(c, CType::Int, value.into(), by.into())
}

fn ldiv(c: &mut Context<'_>, value: Long, by: Long) -> Result<Pair> {
    divide(c, CType::Long, value.0, by.0)
}

fn lldiv(c: &mut Context<'_>, value: i64, by: i64) -> Result<Pair> {
    divide(c, CType::LongLong, value, by)
}

// ---- memory

fn or_no_memory(c: &mut Context<'_>, block: Option<Ptr>) -> Result<Ptr> {
    match block {
        Some(block) => Ok(block),
        None => c.fail_null(Errno::ENOMEM),
    }
}

fn malloc(c: &mut Context<'_>, size: Size) -> Result<Ptr> {
    let block = c.malloc(size.0.max(1))?;
    or_no_memory(c, block)
}

fn calloc(c: &mut Context<'_>, count: Size, size: Size) -> Result<Ptr> {
    let Some(bytes) = count.0.checked_mul(size.0) else { return c.fail_null(Errno::ENOMEM) };
    let block = c.malloc(bytes.max(1))?;
    if let Some(block) = block {
        c.write(block, &vec![0; bytes as usize])?;
    }
    or_no_memory(c, block)
}

pub(super) fn free(c: &mut Context<'_>, block: Ptr) -> Result<()> {
    if block.is_null() { Ok(()) } else { c.free(block) }
}

pub(super) fn realloc(c: &mut Context<'_>, block: Ptr, size: Size) -> Result<Ptr> {
    if block.is_null() {
        return malloc(c, size);
    }
    if size.0 == 0 {
        c.free(block)?;
        return Ok(Ptr::NULL);
    }
    let heap = c.state.heap.clone();
    match Heap::live(c.emulator(), &heap)?.reallocate(block.0, size.0) {
        Ok(address) => Ok(Ptr(address)),
        Err(terrella_machine_state::Error::NoRoom { .. }) => c.fail_null(Errno::ENOMEM),
        Err(terrella_machine_state::Error::NotAllocated { .. }) => {
            c.misuse(format!("{:#x} is no block in use", block.0))
        }
        Err(other) => Err(other.into()),
    }
}

fn reallocarray(c: &mut Context<'_>, block: Ptr, count: Size, size: Size) -> Result<Ptr> {
    match count.0.checked_mul(size.0) {
        Some(bytes) => realloc(c, block, Size(bytes)),
        None => c.fail_null(Errno::ENOMEM),
    }
}

fn aligned_alloc(c: &mut Context<'_>, alignment: Size, size: Size) -> Result<Ptr> {
    if !alignment.0.is_power_of_two() {
        return c.fail_null(Errno::EINVAL);
    }
    let least = 2 * u64::from(c.model.pointer);
    let block = c.allocate(size.0.max(1), alignment.0.max(least))?;
    or_no_memory(c, block)
}

fn posix_memalign(c: &mut Context<'_>, place: Ptr, alignment: Size, size: Size) -> Result<i32> {
    if !alignment.0.is_power_of_two() || !alignment.0.is_multiple_of(u64::from(c.model.pointer)) {
        return Ok(c.state.abi.error(Errno::EINVAL) as i32);
    }
    match c.allocate(size.0.max(1), alignment.0)? {
        Some(block) => {
            c.write_pointer(place, block)?;
            Ok(0)
        }
        None => Ok(c.state.abi.error(Errno::ENOMEM) as i32),
    }
}

fn valloc(c: &mut Context<'_>, size: Size) -> Result<Ptr> {
    aligned_alloc(c, Size(4096), size)
}

fn pvalloc(c: &mut Context<'_>, size: Size) -> Result<Ptr> {
    aligned_alloc(c, Size(4096), Size(size.0.saturating_add(4095) / 4096 * 4096))
}

pub(super) fn malloc_usable_size(c: &mut Context<'_>, block: Ptr) -> Result<Size> {
    if block.is_null() {
        return Ok(Size(0));
    }
    let heap = c.state.heap.clone();
    match Heap::live(c.emulator(), &heap)?.size_of(block.0) {
        Ok(size) => Ok(Size(size)),
        Err(other) => Err(Failure::from(other)),
    }
}

fn new(c: &mut Context<'_>, size: Size) -> Result<Ptr> {
    match c.malloc(size.0.max(1))? {
        Some(block) => Ok(block),
        None => c.misuse(format!("no room for {} bytes: std::bad_alloc would be thrown", size.0)),
    }
}

fn new_nothrow(c: &mut Context<'_>, size: Size, _: Ptr) -> Result<Ptr> {
    Ok(c.malloc(size.0.max(1))?.unwrap_or(Ptr::NULL))
}

fn delete_sized(c: &mut Context<'_>, block: Ptr, _size: Size) -> Result<()> {
    free(c, block)
}

fn delete_nothrow(c: &mut Context<'_>, block: Ptr, _: Ptr) -> Result<()> {
    free(c, block)
}

fn errno_location(c: &mut Context<'_>) -> Result<Ptr> {
    Ok(Ptr(c.state.layout.errno))
}

/// The digits of `a64l` (POSIX).
const BASE64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn a64l(c: &mut Context<'_>, text: Ptr) -> Result<Long> {
    let text = c.text_within(text, 6)?;
    let digits = text.iter().map_while(|byte| BASE64.iter().position(|digit| digit == byte));
    let value = digits.enumerate().fold(0_u64, |value, (place, digit)| value | (digit as u64) << (6 * place));
    Ok(Long(i64::from(value as u32 as i32)))
}

fn l64a(c: &mut Context<'_>, value: Long) -> Result<Ptr> {
    let mut value = value.0 as u32;
    let mut text = Vec::new();
    while value != 0 {
        text.push(BASE64[(value & 63) as usize]);
        value >>= 6;
    }
    let room = c.room("l64a", 8)?;
    c.write_text(room, &text)?;
    Ok(room)
}

fn getsubopt(c: &mut Context<'_>, place: Ptr, tokens: Ptr, value: Ptr) -> Result<i32> {
    let start = c.read_pointer(place)?;
    let text = c.text(start)?;
    if text.is_empty() {
        return Ok(-1);
    }
    let end = text.iter().position(|byte| *byte == b',').unwrap_or(text.len());
    let next = if end < text.len() { end + 1 } else { end };
    let option = &text[..end];
    let name = option.split(|byte| *byte == b'=').next().unwrap_or_default();
    let word = u64::from(c.model.pointer);
    if end < text.len() {
        c.write(start.add(end as u64), &[0])?;
    }
    c.write_pointer(place, start.add(next as u64))?;
    for index in 0..4096 {
        let token = c.read_pointer(tokens.add(word * index))?;
        if token.is_null() {
            break;
        }
        if c.text(token)? == name {
            let given = if name.len() < option.len() { start.add(name.len() as u64 + 1) } else { Ptr::NULL };
            c.write_pointer(value, given)?;
            return Ok(index as i32);
        }
    }
    c.write_pointer(value, start)?;
    Ok(-1)
}
