//! Random numbers of `stdlib.h`: the generators of glibc, number for number.

use super::{
    context::Context,
    error::Result,
    types::{Long, Ptr, Size},
};

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

pub(super) fn rand(c: &mut Context<'_>) -> Result<i32> {
    Ok(next_random(c) as i32)
}

pub(super) fn srand(c: &mut Context<'_>, seed: u32) -> Result<()> {
    c.state.random_numbers = seeded(seed);
    Ok(())
}

pub(super) fn random(c: &mut Context<'_>) -> Result<Long> {
    Ok(Long(next_random(c).into()))
}

pub(super) fn srandom(c: &mut Context<'_>, seed: u32) -> Result<()> {
    srand(c, seed)
}

/// The array of the program that the numbers belong to.
const CURRENT: &str = "random state";

/// The bytes of an array with all numbers of this generator: a word of its kind,
/// and 31 of them (stdlib/random_r.c, `TYPE_3`).
const WHOLE: u64 = 128;
const KIND: u64 = 3;

/// Leaves the numbers in the array that they belong to, if they have room there,
/// and gives its address.
fn kept(c: &mut Context<'_>) -> Result<Ptr> {
    let at = match c.state.numbers.get(CURRENT) {
        Some(at) => Ptr(*at as u64),
        None => c.room(CURRENT, WHOLE)?,
    };
    if at.0 & SMALL == 0 {
        if c.state.random_numbers.is_empty() {
            c.state.random_numbers = seeded(1);
        }
        let numbers = c.state.random_numbers.clone();
        c.write_integer(at, KIND, 4)?;
        for (index, number) in (1..).zip(numbers) {
            c.write_integer(at.add(4 * index), number.into(), 4)?;
        }
    }
    Ok(Ptr(at.0 & !SMALL))
}

/// A bit beside the address of an array that is too small: it is even.
const SMALL: u64 = 1;

pub(super) fn initstate(c: &mut Context<'_>, seed: u32, state: Ptr, size: Size) -> Result<Ptr> {
    if size.0 < 8 {
        return c.fail_null(crate::errno::Errno::EINVAL);
    }
    let old = kept(c)?;
    srand(c, seed)?;
    let small = if size.0 < WHOLE { SMALL } else { 0 };
    c.state.numbers.insert(CURRENT.to_owned(), (state.0 | small) as i64);
    Ok(old)
}

pub(super) fn setstate(c: &mut Context<'_>, state: Ptr) -> Result<Ptr> {
    let old = kept(c)?;
    let mut small = SMALL;
    if c.read_integer(state, 4)? == KIND {
        small = 0;
        let mut numbers = Vec::with_capacity(31);
        for index in 1..32 {
            numbers.push(c.read_integer(state.add(4 * index), 4)? as u32);
        }
        c.state.random_numbers = numbers;
    }
    c.state.numbers.insert(CURRENT.to_owned(), (state.0 | small) as i64);
    Ok(old)
}

/// glibc's (stdlib/rand_r.c).
pub(super) fn rand_r(c: &mut Context<'_>, place: Ptr) -> Result<i32> {
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

/// What `lcong48` has set: a and c.
const MULTIPLIER: &str = "multiplier of drand48";
const ADDEND: &str = "addend of drand48";

/// X = a X + c mod 2^48 (POSIX, `drand48`).
fn step48(c: &Context<'_>, state: u64) -> u64 {
    let given = |name: &str, usual: u64| c.state.numbers.get(name).map_or(usual, |it| *it as u64);
    let (a, c) = (given(MULTIPLIER, 0x5_deec_e66d), given(ADDEND, 0xb));
    state.wrapping_mul(a).wrapping_add(c) & 0xffff_ffff_ffff
}

/// `srand48` and `seed48` bring the usual parameters back.
fn usual48(c: &mut Context<'_>) {
    c.state.numbers.remove(MULTIPLIER);
    c.state.numbers.remove(ADDEND);
}

/// Seven `unsigned short`: X, a, and c.
pub(super) fn lcong48(c: &mut Context<'_>, parameters: Ptr) -> Result<()> {
    let mut numbers = [0; 7];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = c.read_integer(parameters.add(2 * index as u64), 2)?;
    }
    let [x0, x1, x2, a0, a1, a2, addend] = numbers;
    c.state.random48 = x0 | x1 << 16 | x2 << 32;
    c.state.numbers.insert(MULTIPLIER.to_owned(), (a0 | a1 << 16 | a2 << 32) as i64);
    c.state.numbers.insert(ADDEND.to_owned(), addend as i64);
    Ok(())
}

fn own48(c: &mut Context<'_>) -> u64 {
    c.state.random48 = step48(c, c.state.random48);
    c.state.random48
}

fn given48(c: &mut Context<'_>, place: Ptr) -> Result<u64> {
    let mut state = 0;
    for index in 0..3 {
        state |= c.read_integer(place.add(2 * index), 2)? << (16 * index);
    }
    let state = step48(c, state);
    for index in 0..3 {
        c.write_integer(place.add(2 * index), state >> (16 * index), 2)?;
    }
    Ok(state)
}

fn unit48(state: u64) -> f64 {
    state as f64 / (1_u64 << 48) as f64
}

pub(super) fn drand48(c: &mut Context<'_>) -> Result<f64> {
    Ok(unit48(own48(c)))
}

pub(super) fn erand48(c: &mut Context<'_>, place: Ptr) -> Result<f64> {
    given48(c, place).map(unit48)
}

pub(super) fn lrand48(c: &mut Context<'_>) -> Result<Long> {
    Ok(Long((own48(c) >> 17) as i64))
}

pub(super) fn nrand48(c: &mut Context<'_>, place: Ptr) -> Result<Long> {
    given48(c, place).map(|state| Long((state >> 17) as i64))
}

pub(super) fn mrand48(c: &mut Context<'_>) -> Result<Long> {
    Ok(Long(i64::from((own48(c) >> 16) as i32)))
}

pub(super) fn jrand48(c: &mut Context<'_>, place: Ptr) -> Result<Long> {
    given48(c, place).map(|state| Long(i64::from((state >> 16) as i32)))
}

pub(super) fn srand48(c: &mut Context<'_>, seed: Long) -> Result<()> {
    usual48(c);
    c.state.random48 = (seed.0 as u64 & 0xffff_ffff) << 16 | 0x330e;
    Ok(())
}

pub(super) fn seed48(c: &mut Context<'_>, seed: Ptr) -> Result<Ptr> {
    usual48(c);
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

pub(super) fn arc4random(c: &mut Context<'_>) -> Result<u32> {
    let bytes = c.state.kernel.random_bytes(4);
    Ok(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
}

pub(super) fn arc4random_buf(c: &mut Context<'_>, to: Ptr, size: Size) -> Result<()> {
    // That there is room, before anything is made for it.
    c.read(to, size.0)?;
    let bytes = c.state.kernel.random_bytes(size.0 as usize);
    c.write(to, &bytes)
}

pub(super) fn arc4random_uniform(c: &mut Context<'_>, bound: u32) -> Result<u32> {
    let value = u64::from(arc4random(c)?);
    Ok(((value * u64::from(bound)) >> 32) as u32)
}
