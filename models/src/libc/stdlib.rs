//! `stdlib.h` and `inttypes.h`: numbers, memory, random numbers, the
//! environment.

use terrella_machine_state::Heap;

use super::{
    context::Context,
    error::{Failure, Result},
    numbers,
    types::{CType, Header, Long, Pair, Ptr, Size, Standard, ULong, models},
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
        rand = rand;
        srand = srand;
        malloc = malloc;
        calloc = calloc;
        realloc = realloc;
        free = free;
        getenv = getenv;
        system = system, "there is no shell: it says so, and a command fails";
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
        rand_r = rand_r;
        random = random;
        srandom = srandom;
        initstate = initstate, "the state is kept in the library";
        setstate = setstate, "the state is kept in the library";
        drand48 = drand48;
        erand48 = erand48;
        lrand48 = lrand48;
        nrand48 = nrand48;
        mrand48 = mrand48;
        jrand48 = jrand48;
        srand48 = srand48;
        seed48 = seed48;
        arc4random = arc4random;
        arc4random_buf = arc4random_buf;
        arc4random_uniform = arc4random_uniform;
        reallocarray = reallocarray;
        aligned_alloc = aligned_alloc;
        memalign = aligned_alloc;
        posix_memalign = posix_memalign;
        valloc = valloc;
        pvalloc = pvalloc;
        cfree = free;
        malloc_usable_size = malloc_usable_size;
        setenv = setenv;
        unsetenv = unsetenv;
        putenv = putenv;
        clearenv = clearenv;
        secure_getenv = getenv;
        __secure_getenv = getenv;
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
    if found.out_of_range {
        c.set_errno(Errno::ERANGE)?;
    }
    Ok(found.value)
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
    let value = numbers::single(&bytes, &found);
    let too_small = found.value != 0.0 && value.abs() < f32::MIN_POSITIVE;
    if found.out_of_range || value.is_infinite() && found.value.is_finite() || too_small {
        c.set_errno(Errno::ERANGE)?;
    }
    Ok(value)
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

// ---- random numbers

/// `random` of glibc (`TYPE_3`, stdlib/random_r.c): r[i] = r[i-3] + r[i-31].
/// The state is 34 numbers and a place, kept under its name.
fn next_random(c: &mut Context<'_>) -> u32 {
    let state = &mut c.state.random_numbers;
    if state.is_empty() {
        *state = seeded(1);
    }
    let value = state[state.len() - 31].wrapping_add(state[state.len() - 3]);
    state.remove(0);
    state.push(value);
    value >> 1
}

/// The last 31 numbers after a seed.
fn seeded(seed: u32) -> Vec<u32> {
    let mut numbers: Vec<u32> = vec![seed.max(1)];
    for index in 1..31 {
        let before = i64::from(numbers[index - 1] as i32);
        // 16807 * r mod 2^31 - 1, by Schrage's method: what is negative wraps.
        let mut value = (16807 * before) % 2_147_483_647;
        if value < 0 {
            value += 2_147_483_647;
        }
        numbers.push(value as u32);
    }
    for index in 31..34 {
        numbers.push(numbers[index - 31]);
    }
    for index in 34..344 {
        numbers.push(numbers[index - 31].wrapping_add(numbers[index - 3]));
    }
    numbers.split_off(344 - 31)
}

fn rand(c: &mut Context<'_>) -> Result<i32> {
    Ok(next_random(c) as i32)
}

fn srand(c: &mut Context<'_>, seed: u32) -> Result<()> {
    c.state.random_numbers = seeded(seed);
    Ok(())
}

fn random(c: &mut Context<'_>) -> Result<Long> {
    Ok(Long(next_random(c).into()))
}

fn srandom(c: &mut Context<'_>, seed: u32) -> Result<()> {
    srand(c, seed)
}

fn initstate(c: &mut Context<'_>, seed: u32, state: Ptr, _size: Size) -> Result<Ptr> {
    srand(c, seed)?;
    let old = c.state.numbers.insert("random state".to_owned(), state.0 as i64);
    match old {
        Some(old) => Ok(Ptr(old as u64)),
        None => c.room("random state", 128),
    }
}

fn setstate(c: &mut Context<'_>, state: Ptr) -> Result<Ptr> {
    let old = c.state.numbers.insert("random state".to_owned(), state.0 as i64);
    match old {
        Some(old) => Ok(Ptr(old as u64)),
        None => c.room("random state", 128),
    }
}

/// glibc's (stdlib/rand_r.c).
fn rand_r(c: &mut Context<'_>, place: Ptr) -> Result<i32> {
    let mut next = c.read_int(place)? as u32;
    let mut step = |bits: u32| {
        next = next.wrapping_mul(1_103_515_245).wrapping_add(12345);
        (next >> 16) % (1 << bits)
    };
    let mut result = step(11);
    result = result << 10 ^ step(10);
    result = result << 10 ^ step(10);
    c.write_int(place, next as i32)?;
    Ok(result as i32)
}

/// X = a X + c mod 2^48 (POSIX, `drand48`).
const fn step48(state: u64) -> u64 {
    state.wrapping_mul(0x5_deec_e66d).wrapping_add(0xb) & 0xffff_ffff_ffff
}

fn own48(c: &mut Context<'_>) -> u64 {
    c.state.random48 = step48(c.state.random48);
    c.state.random48
}

fn given48(c: &mut Context<'_>, place: Ptr) -> Result<u64> {
    let mut state = 0;
    for index in 0..3 {
        state |= c.read_integer(place.add(2 * index), 2)? << (16 * index);
    }
    let state = step48(state);
    for index in 0..3 {
        c.write_integer(place.add(2 * index), state >> (16 * index), 2)?;
    }
    Ok(state)
}

fn unit48(state: u64) -> f64 {
    state as f64 / (1_u64 << 48) as f64
}

fn drand48(c: &mut Context<'_>) -> Result<f64> {
    Ok(unit48(own48(c)))
}

fn erand48(c: &mut Context<'_>, place: Ptr) -> Result<f64> {
    given48(c, place).map(unit48)
}

fn lrand48(c: &mut Context<'_>) -> Result<Long> {
    Ok(Long((own48(c) >> 17) as i64))
}

fn nrand48(c: &mut Context<'_>, place: Ptr) -> Result<Long> {
    given48(c, place).map(|state| Long((state >> 17) as i64))
}

fn mrand48(c: &mut Context<'_>) -> Result<Long> {
    Ok(Long(i64::from((own48(c) >> 16) as i32)))
}

fn jrand48(c: &mut Context<'_>, place: Ptr) -> Result<Long> {
    given48(c, place).map(|state| Long(i64::from((state >> 16) as i32)))
}

fn srand48(c: &mut Context<'_>, seed: Long) -> Result<()> {
    c.state.random48 = (seed.0 as u64 & 0xffff_ffff) << 16 | 0x330e;
    Ok(())
}

fn seed48(c: &mut Context<'_>, seed: Ptr) -> Result<Ptr> {
    let old = c.state.random48;
    let room = c.room("seed48", 6)?;
    let mut state = 0;
    for index in 0..3 {
        state |= c.read_integer(seed.add(2 * index), 2)? << (16 * index);
    }
    for index in 0..3 {
        c.write_integer(room.add(2 * index), old >> (16 * index), 2)?;
    }
    c.state.random48 = state;
    Ok(room)
}

fn arc4random(c: &mut Context<'_>) -> Result<u32> {
    let bytes = c.state.kernel.random_bytes(4);
    Ok(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
}

fn arc4random_buf(c: &mut Context<'_>, to: Ptr, size: Size) -> Result<()> {
    // That there is room, before anything is made for it.
    c.read(to, size.0)?;
    let bytes = c.state.kernel.random_bytes(size.0 as usize);
    c.write(to, &bytes)
}

fn arc4random_uniform(c: &mut Context<'_>, bound: u32) -> Result<u32> {
    let value = u64::from(arc4random(c)?);
    Ok(((value * u64::from(bound)) >> 32) as u32)
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

fn free(c: &mut Context<'_>, block: Ptr) -> Result<()> {
    if block.is_null() { Ok(()) } else { c.free(block) }
}

fn realloc(c: &mut Context<'_>, block: Ptr, size: Size) -> Result<Ptr> {
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

fn malloc_usable_size(c: &mut Context<'_>, block: Ptr) -> Result<Size> {
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

// ---- the environment: an array of pointers to texts, in guest memory

/// So many variables an environment has at most.
const MOST_VARIABLES: usize = 1 << 16;

/// The entries: the address of each text, and the text.
fn environment(c: &mut Context<'_>) -> Result<Vec<(Ptr, Vec<u8>)>> {
    let array = Ptr(c.state.layout.environ);
    let array = c.read_pointer(array)?;
    let mut entries = Vec::new();
    if array.is_null() {
        return Ok(entries);
    }
    let word = u64::from(c.model.pointer);
    for index in 0..MOST_VARIABLES {
        let text = c.read_pointer(array.add(word * index as u64))?;
        if text.is_null() {
            return Ok(entries);
        }
        // The longest that a kernel takes (MAX_ARG_STRLEN).
        entries.push((text, c.text_within(text, 1 << 17)?));
    }
    c.misuse("an environment without an end")
}

fn is_called(entry: &[u8], name: &[u8]) -> bool {
    entry.len() > name.len() && entry.starts_with(name) && entry[name.len()] == b'='
}

/// Writes another array.
fn set_environment(c: &mut Context<'_>, entries: &[Ptr]) -> Result<bool> {
    let word = u64::from(c.model.pointer);
    let Some(array) = c.malloc(word * (entries.len() as u64 + 1))? else { return Ok(false) };
    for (index, entry) in entries.iter().enumerate() {
        c.write_pointer(array.add(word * index as u64), *entry)?;
    }
    c.write_pointer(array.add(word * entries.len() as u64), Ptr::NULL)?;
    let own = c.state.numbers.insert("environment".to_owned(), array.0 as i64);
    let environ = Ptr(c.state.layout.environ);
    let old = c.read_pointer(environ)?;
    c.write_pointer(environ, array)?;
    // An array of the library's own is no longer needed.
    if own == Some(old.0 as i64) {
        c.free(old)?;
    }
    Ok(true)
}

/// The value of a variable of the environment.
pub(super) fn variable(c: &mut Context<'_>, name: &[u8]) -> Result<Option<Vec<u8>>> {
    let entries = environment(c)?;
    let found = entries.into_iter().find(|(_, entry)| is_called(entry, name));
    Ok(found.map(|(_, entry)| entry[(name.len() + 1).min(entry.len())..].to_vec()))
}

fn getenv(c: &mut Context<'_>, name: Ptr) -> Result<Ptr> {
    let name = c.text(name)?;
    let entries = environment(c)?;
    let found = entries.iter().find(|(_, entry)| is_called(entry, &name));
    Ok(found.map_or(Ptr::NULL, |(address, _)| address.add(name.len() as u64 + 1)))
}

fn put(c: &mut Context<'_>, name: &[u8], entry: Ptr) -> Result<i32> {
    let entries = environment(c)?;
    let mut addresses: Vec<Ptr> = entries.iter().map(|(address, _)| *address).collect();
    match entries.iter().position(|(_, text)| is_called(text, name)) {
        Some(place) => addresses[place] = entry,
        None => addresses.push(entry),
    }
    if set_environment(c, &addresses)? { Ok(0) } else { c.fail(Errno::ENOMEM) }
}

fn setenv(c: &mut Context<'_>, name: Ptr, value: Ptr, replace: i32) -> Result<i32> {
    if name.is_null() {
        return c.fail(Errno::EINVAL);
    }
    let (name, value) = (c.text(name)?, c.text(value)?);
    if name.is_empty() || name.contains(&b'=') {
        return c.fail(Errno::EINVAL);
    }
    if replace == 0 && environment(c)?.iter().any(|(_, entry)| is_called(entry, &name)) {
        return Ok(0);
    }
    let mut entry = name.clone();
    entry.push(b'=');
    entry.extend(value);
    let entry = c.duplicate(&entry)?;
    if entry.is_null() {
        return Ok(-1);
    }
    put(c, &name, entry)
}

fn unsetenv(c: &mut Context<'_>, name: Ptr) -> Result<i32> {
    if name.is_null() {
        return c.fail(Errno::EINVAL);
    }
    let name = c.text(name)?;
    if name.is_empty() || name.contains(&b'=') {
        return c.fail(Errno::EINVAL);
    }
    let entries = environment(c)?;
    let left: Vec<Ptr> =
        entries.iter().filter(|(_, entry)| !is_called(entry, &name)).map(|(address, _)| *address).collect();
    if left.len() < entries.len() {
        set_environment(c, &left)?;
    }
    Ok(0)
}

fn putenv(c: &mut Context<'_>, entry: Ptr) -> Result<i32> {
    let text = c.text(entry)?;
    match text.iter().position(|byte| *byte == b'=') {
        Some(end) => put(c, &text[..end], entry),
        None => unsetenv(c, entry),
    }
}

fn clearenv(c: &mut Context<'_>) -> Result<i32> {
    let environ = Ptr(c.state.layout.environ);
    c.write_pointer(environ, Ptr::NULL)?;
    c.state.numbers.remove("environment");
    Ok(0)
}

fn system(c: &mut Context<'_>, command: Ptr) -> Result<i32> {
    if command.is_null() { Ok(0) } else { c.fail(Errno::ENOSYS) }
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
