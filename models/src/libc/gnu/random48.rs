//! `drand48_r` and its like, whose state is the program's (GNU C Library manual,
//! 19.8.3): X = a X + c mod 2^48.

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Long, Ptr, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "stdlib.h",
    standard: Standard::Extension,
    models: models! {
        drand48_r = drand;
        erand48_r = erand;
        lrand48_r = lrand;
        nrand48_r = nrand;
        mrand48_r = mrand;
        jrand48_r = jrand;
        srand48_r = seed;
        seed48_r = seed_whole;
        lcong48_r = parameters;
    },
};

/// `struct drand48_data`: X, the X before the last seed, c, whether c and a are
/// set, and a.
const BEFORE: u64 = 6;
const ADDEND: u64 = 12;
const READY: u64 = 14;
const MULTIPLIER: u64 = 16;

fn read(c: &mut Context<'_>, from: Ptr) -> Result<u64> {
    (0..3).try_fold(0, |state, index| Ok(state | c.read_integer(from.add(2 * index), 2)? << (16 * index)))
}

fn write(c: &mut Context<'_>, to: Ptr, state: u64) -> Result<()> {
    (0..3).try_for_each(|index| c.write_integer(to.add(2 * index), state >> (16 * index) & 0xffff, 2))
}

fn usual(c: &mut Context<'_>, data: Ptr) -> Result<()> {
    c.write_integer(data.add(MULTIPLIER), 0x5_deec_e66d, 8)?;
    c.write_integer(data.add(ADDEND), 0xb, 2)?;
    c.write_integer(data.add(READY), 1, 2)
}

fn step(c: &mut Context<'_>, at: Ptr, data: Ptr) -> Result<u64> {
    if c.read_integer(data.add(READY), 2)? == 0 {
        usual(c, data)?;
    }
    let (a, addend) = (c.read_integer(data.add(MULTIPLIER), 8)?, c.read_integer(data.add(ADDEND), 2)?);
    let state = read(c, at)?.wrapping_mul(a).wrapping_add(addend) & 0xffff_ffff_ffff;
    write(c, at, state)?;
    Ok(state)
}

fn erand(c: &mut Context<'_>, at: Ptr, data: Ptr, to: Ptr) -> Result<i32> {
    let value = step(c, at, data)? as f64 / (1_u64 << 48) as f64;
    c.write_integer(to, value.to_bits(), 8)?;
    Ok(0)
}

fn drand(c: &mut Context<'_>, data: Ptr, to: Ptr) -> Result<i32> {
    erand(c, data, data, to)
}

fn nrand(c: &mut Context<'_>, at: Ptr, data: Ptr, to: Ptr) -> Result<i32> {
    let value = step(c, at, data)? >> 17;
    c.write_long(to, value as i64)?;
    Ok(0)
}

fn lrand(c: &mut Context<'_>, data: Ptr, to: Ptr) -> Result<i32> {
    nrand(c, data, data, to)
}

fn jrand(c: &mut Context<'_>, at: Ptr, data: Ptr, to: Ptr) -> Result<i32> {
    let value = (step(c, at, data)? >> 16) as i32;
    c.write_long(to, value.into())?;
    Ok(0)
}

fn mrand(c: &mut Context<'_>, data: Ptr, to: Ptr) -> Result<i32> {
    jrand(c, data, data, to)
}

fn seed(c: &mut Context<'_>, seed: Long, data: Ptr) -> Result<i32> {
    write(c, data, (seed.0 as u64 & 0xffff_ffff) << 16 | 0x330e)?;
    usual(c, data)?;
    Ok(0)
}

fn seed_whole(c: &mut Context<'_>, seed: Ptr, data: Ptr) -> Result<i32> {
    let (before, state) = (read(c, data)?, read(c, seed)?);
    write(c, data.add(BEFORE), before)?;
    write(c, data, state)?;
    usual(c, data)?;
    Ok(0)
}

/// Seven of `unsigned short`: X, a and c.
fn parameters(c: &mut Context<'_>, from: Ptr, data: Ptr) -> Result<i32> {
    let (state, a) = (read(c, from)?, read(c, from.add(6))?);
    let addend = c.read_integer(from.add(12), 2)?;
    write(c, data, state)?;
    c.write_integer(data.add(MULTIPLIER), a, 8)?;
    c.write_integer(data.add(ADDEND), addend, 2)?;
    c.write_integer(data.add(READY), 1, 2)?;
    Ok(0)
}
