//! The generators of `random_r` and its like, whose state is the program's
//! (GNU C Library manual, 19.8.2; glibc, `stdlib/random_r.c` for the numbers).

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Size, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "stdlib.h",
    standard: Standard::Extension,
    models: models! {
        random_r = random;
        srandom_r = seed;
        initstate_r = begin;
        setstate_r = change;
    },
};

/// A kind of generator: how many numbers it has, how far apart those are that
/// are added, and how many bytes an array needs for it.
struct Kind {
    degree: u64,
    distance: u64,
    bytes: u64,
}

const KINDS: [Kind; 5] = [
    Kind { degree: 0, distance: 0, bytes: 8 },
    Kind { degree: 7, distance: 3, bytes: 32 },
    Kind { degree: 15, distance: 1, bytes: 64 },
    Kind { degree: 31, distance: 3, bytes: 128 },
    Kind { degree: 63, distance: 1, bytes: 256 },
];

/// `struct random_data`: two places in the array, the array, three numbers of
/// the kind, and the end of the array.
#[derive(Clone, Copy)]
struct Data {
    at: Ptr,
    word: u64,
}

impl Data {
    fn new(c: &Context<'_>, at: Ptr) -> Self {
        Self { at, word: c.model.pointer.into() }
    }

    fn front(self) -> Ptr {
        self.at
    }

    fn rear(self) -> Ptr {
        self.at.add(self.word)
    }

    fn state(self) -> Ptr {
        self.at.add(2 * self.word)
    }

    fn kind(self) -> Ptr {
        self.at.add(3 * self.word)
    }

    fn end(self) -> Ptr {
        self.at.add((3 * self.word + 12).next_multiple_of(self.word.max(1)))
    }

    fn read_kind(self, c: &mut Context<'_>) -> Result<Option<(usize, &'static Kind)>> {
        let number = c.read_integer(self.kind(), 4)? as usize;
        Ok(KINDS.get(number).map(|kind| (number, kind)))
    }

    fn write_kind(self, c: &mut Context<'_>, number: usize, state: Ptr) -> Result<()> {
        let kind = &KINDS[number];
        c.write_pointer(self.state(), state)?;
        c.write_integer(self.kind(), number as u64, 4)?;
        c.write_integer(self.kind().add(4), kind.degree, 4)?;
        c.write_integer(self.kind().add(8), kind.distance, 4)?;
        c.write_pointer(self.end(), state.add(4 * kind.degree))
    }

    /// Notes in the array what kind it is of, and where the rear place is.
    fn keep(self, c: &mut Context<'_>) -> Result<()> {
        let Some((number, _)) = self.read_kind(c)? else { return Ok(()) };
        let (state, rear) = (c.read_pointer(self.state())?, c.read_pointer(self.rear())?);
        let place = if number == 0 { 0 } else { rear.0.wrapping_sub(state.0) / 4 };
        let note = place.wrapping_mul(KINDS.len() as u64).wrapping_add(number as u64);
        c.write_integer(Ptr(state.0.wrapping_sub(4)), note, 4)
    }
}

fn next(c: &mut Context<'_>, data: Data) -> Result<Option<u32>> {
    let Some((number, _)) = data.read_kind(c)? else { return Ok(None) };
    let state = c.read_pointer(data.state())?;
    if number == 0 {
        let before = c.read_integer(state, 4)? as u32;
        let value = before.wrapping_mul(1_103_515_245).wrapping_add(12345) & 0x7fff_ffff;
        c.write_integer(state, value.into(), 4)?;
        return Ok(Some(value));
    }
    let (front, rear) = (c.read_pointer(data.front())?, c.read_pointer(data.rear())?);
    let end = c.read_pointer(data.end())?;
    let value = (c.read_integer(front, 4)? as u32).wrapping_add(c.read_integer(rear, 4)? as u32);
    c.write_integer(front, value.into(), 4)?;
    for (place, at) in [(data.front(), front), (data.rear(), rear)] {
        let next = at.add(4);
        c.write_pointer(place, if next >= end { state } else { next })?;
    }
    Ok(Some(value >> 1))
}

fn random(c: &mut Context<'_>, data: Ptr, to: Ptr) -> Result<i32> {
    if data.is_null() || to.is_null() {
        return c.fail(Errno::EINVAL);
    }
    let data = Data::new(c, data);
    match next(c, data)? {
        Some(value) => {
            c.write_integer(to, value.into(), 4)?;
            Ok(0)
        }
        None => c.fail(Errno::EINVAL),
    }
}

/// Fills the array from a seed: 16807 x mod 2^31 - 1 for each number, and ten
/// rounds that are thrown away.
fn seeded(c: &mut Context<'_>, data: Data, seed: u32) -> Result<bool> {
    let Some((number, kind)) = data.read_kind(c)? else { return Ok(false) };
    let state = c.read_pointer(data.state())?;
    let mut word = seed.max(1) as i32;
    c.write_integer(state, u64::from(word as u32), 4)?;
    if number == 0 {
        return Ok(true);
    }
    for index in 1..kind.degree {
        let rest = i64::from(word) * 16807 % 2_147_483_647;
        word = (if rest < 0 { rest + 2_147_483_647 } else { rest }) as i32;
        c.write_integer(state.add(4 * index), u64::from(word as u32), 4)?;
    }
    c.write_pointer(data.front(), state.add(4 * kind.distance))?;
    c.write_pointer(data.rear(), state)?;
    for _ in 0..10 * kind.degree {
        next(c, data)?;
    }
    Ok(true)
}

fn seed(c: &mut Context<'_>, seed: u32, data: Ptr) -> Result<i32> {
    if data.is_null() {
        return Ok(-1);
    }
    let data = Data::new(c, data);
    Ok(if seeded(c, data, seed)? { 0 } else { -1 })
}

fn begin(c: &mut Context<'_>, seed: u32, array: Ptr, size: Size, data: Ptr) -> Result<i32> {
    if data.is_null() {
        return c.fail(Errno::EINVAL);
    }
    let data = Data::new(c, data);
    if !c.read_pointer(data.state())?.is_null() {
        data.keep(c)?;
    }
    let Some(number) = KINDS.iter().rposition(|kind| kind.bytes <= size.0) else {
        return c.fail(Errno::EINVAL);
    };
    data.write_kind(c, number, array.add(4))?;
    seeded(c, data, seed)?;
    data.keep(c)?;
    Ok(0)
}

fn change(c: &mut Context<'_>, array: Ptr, data: Ptr) -> Result<i32> {
    if array.is_null() || data.is_null() {
        return c.fail(Errno::EINVAL);
    }
    let data = Data::new(c, data);
    data.keep(c)?;
    let note = c.read_integer(array, 4)?;
    let (number, place) = ((note % KINDS.len() as u64) as usize, note / KINDS.len() as u64);
    let kind = &KINDS[number];
    let state = array.add(4);
    if number > 0 {
        if place >= kind.degree {
            return c.fail(Errno::EINVAL);
        }
        let front = (place + kind.distance) % kind.degree;
        c.write_pointer(data.rear(), state.add(4 * place))?;
        c.write_pointer(data.front(), state.add(4 * front))?;
    }
    data.write_kind(c, number, state)?;
    Ok(0)
}
