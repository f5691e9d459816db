//! Moves of vectors and parts of them; masks; gathers.

use terrella_emulator_api::Access;

use super::{Kind, Lane, NONE, NativeOp, P66, PF2, PF3, Rm, Row, Vector, WIDEST, g, m, x};
use crate::{emulator::NativeEmulator, halt::Halt};

pub(super) const ROWS: &[Row] = &[
    // Whole vectors.
    x(NONE | P66, 1, 0x10, load).unaligned(),
    x(NONE | P66, 1, 0x11, store).unaligned(),
    x(NONE | P66, 1, 0x28, load).aligned(),
    x(NONE | P66, 1, 0x29, store).aligned(),
    x(NONE | P66, 1, 0x2b, store).aligned().in_memory(),
    x(P66, 1, 0x6f, load).aligned(),
    x(PF3, 1, 0x6f, load).unaligned(),
    x(P66, 1, 0x7f, store).aligned(),
    x(PF3, 1, 0x7f, store).unaligned(),
    x(P66, 1, 0xe7, store).aligned().in_memory(),
    x(PF2, 1, 0xf0, load).unaligned().in_memory(),
    x(P66, 2, 0x2a, load).aligned().in_memory(),
    Row { mmx: true, ..x(NONE, 1, 0x6f, load) },
    Row { mmx: true, ..x(NONE, 1, 0x7f, store_mmx) },
    Row { mmx: true, ..x(NONE, 1, 0xe7, store_mmx) }.in_memory(),
    // Scalars.
    x(PF3, 1, 0x10, load_scalar).sized(4),
    x(PF2, 1, 0x10, load_scalar).sized(8),
    x(PF3, 1, 0x11, store_scalar).sized(4),
    x(PF2, 1, 0x11, store_scalar).sized(8),
    x(PF3, 1, 0x7e, |e, op| {
        let mut value = e.rm(op)?;
        value[8..].fill(0);
        e.put(op, &value);
        Ok(())
    })
    .sized(8),
    x(P66, 1, 0xd6, |e, op| {
        let value = e.vector(op.reg, 8);
        match op.rm {
            Rm::Place(place) => {
                e.put_at(op, place, &value);
                Ok(())
            }
            Rm::Memory(_) => e.put_rm(op, &value[..8]),
        }
    })
    .sized(8),
    // Halves.
    x(NONE | P66, 1, 0x12, |e, op| {
        let (b, mut a) = (e.rm(op)?, e.first(op));
        // Between registers it is the high half that moves down.
        let from = usize::from(matches!(op.rm, Rm::Place(_)));
        u64::get(&b, from).put(&mut a, 0);
        e.put(op, &a);
        Ok(())
    })
    .sized(8),
    x(NONE | P66, 1, 0x16, |e, op| {
        let (b, mut a) = (e.rm(op)?, e.first(op));
        u64::get(&b, 0).put(&mut a, 1);
        e.put(op, &a);
        Ok(())
    })
    .sized(8),
    x(NONE | P66, 1, 0x13, |e, op| store_part(e, op, 0)).sized(8).in_memory(),
    x(NONE | P66, 1, 0x17, |e, op| store_part(e, op, 8)).sized(8).in_memory(),
    // Duplications.
    x(PF3, 1, 0x12, |e, op| duplicate::<u32>(e, op, |index| index & !1)),
    x(PF3, 1, 0x16, |e, op| duplicate::<u32>(e, op, |index| index | 1)),
    x(PF2, 1, 0x12, |e, op| duplicate::<u64>(e, op, |index| index & !1)).doubled(),
    // From and to general registers.
    m(1, 0x6e, |e, op| {
        let value = e.general_rm(op)?;
        let mut result = [0; WIDEST];
        value.put(&mut result, 0);
        e.put(op, &result);
        Ok(())
    })
    .rm(Kind::General),
    m(1, 0x7e, |e, op| {
        let value = u64::get(&e.vector(op.reg, 8), 0);
        match op.rm {
            Rm::Place(place) => {
                e.set_general(place, op.size, value);
                Ok(())
            }
            Rm::Memory(_) => e.put_rm(op, &value.to_le_bytes()[..usize::from(op.size)]),
        }
    })
    .rm(Kind::General),
    // Between MMX and XMM.
    x(PF3, 1, 0xd6, |e, op| {
        let Rm::Place(rm) = op.rm else { return Err(Halt::Invalid) };
        let value = e.vector(rm, 8);
        e.put(op, &value);
        Ok(())
    })
    .rm(Kind::Mmx)
    .in_register(),
    x(PF2, 1, 0xd6, |e, op| {
        let Rm::Place(rm) = op.rm else { return Err(Halt::Invalid) };
        let value = u64::get(&e.vector(rm, 8), 0);
        e.put_mmx(op.reg, value);
        Ok(())
    })
    .reg(Kind::Mmx)
    .in_register(),
    // Masks.
    x(NONE, 1, 0x50, signs::<i32>).reg(Kind::General),
    x(P66, 1, 0x50, signs::<i64>).reg(Kind::General),
    m(1, 0xd7, signs::<i8>).reg(Kind::General).in_register(),
    m(1, 0xc5, |e, op| {
        let Rm::Place(rm) = op.rm else { return Err(Halt::Invalid) };
        let value = e.vector(rm, op.length);
        let lanes = usize::from(op.length) / 2;
        let lane = u16::get(&value, usize::from(op.immediate) % lanes);
        e.set_general(op.reg, 4, lane.into());
        Ok(())
    })
    .reg(Kind::General)
    .in_register()
    .immediate(),
    m(1, 0xf7, |e, op| {
        let Rm::Place(rm) = op.rm else { return Err(Halt::Invalid) };
        let (mask, value) = (e.vector(rm, op.length), e.vector(op.reg, op.length));
        let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
        let base = e.string_address(op, &registers);
        for index in (0..usize::from(op.length)).filter(|index| mask[*index] & 0x80 != 0) {
            let address = base.wrapping_add(index as u64) & e.address_mask;
            e.store_bytes(op, address, &[value[index]])?;
        }
        Ok(())
    })
    .in_register(),
    x(P66, 2, 0x2c, masked_load::<i32>).vex().in_memory(),
    x(P66, 2, 0x2d, masked_load::<i64>).vex().in_memory(),
    x(P66, 2, 0x2e, masked_store::<i32>).vex().in_memory(),
    x(P66, 2, 0x2f, masked_store::<i64>).vex().in_memory(),
    x(
        P66,
        2,
        0x8c,
        |e, op| if op.width == 8 { masked_load::<i64>(e, op) } else { masked_load::<i32>(e, op) },
    )
    .vex()
    .in_memory(),
    x(
        P66,
        2,
        0x8e,
        |e, op| if op.width == 8 { masked_store::<i64>(e, op) } else { masked_store::<i32>(e, op) },
    )
    .vex()
    .in_memory(),
    x(P66, 2, 0x90, gather::<i32>).vex().in_memory(),
    x(P66, 2, 0x91, gather::<i64>).vex().in_memory(),
    x(P66, 2, 0x92, gather::<i32>).vex().in_memory(),
    x(P66, 2, 0x93, gather::<i64>).vex().in_memory(),
    // Tests.
    x(P66, 2, 0x17, |e, op| test(e, op, u64::MAX)),
    x(P66, 2, 0x0e, |e, op| test(e, op, 0x8000_0000_8000_0000)).vex(),
    x(P66, 2, 0x0f, |e, op| test(e, op, 1 << 63)).vex(),
    // The upper halves.
    x(NONE, 1, 0x77, |e, op| {
        let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
        let count = if registers.is_64 { 16 } else { 8 };
        for place in registers.vectors.iter().take(count) {
            if op.length == 32 {
                e.file.put::<16>(*place, [0; 16]);
            }
            e.file.put::<16>(place + 16, [0; 16]);
            e.file.put::<32>(place + 32, [0; 32]);
        }
        Ok(())
    })
    .vex(),
    // Stores of general registers.
    g(NONE, 1, 0xc3, |e, op| {
        let value = e.general(op.reg, op.width);
        e.put_rm(op, &value.to_le_bytes()[..usize::from(op.width)])
    })
    .in_memory(),
];

impl Row {
    /// With XMM, half of a vector is read.
    const fn doubled(mut self) -> Self {
        self.size = super::Size::Part(1);
        self
    }
}

fn load(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let value = e.rm(op)?;
    e.put(op, &value);
    Ok(())
}

fn store(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let value = e.vector(op.reg, op.length);
    match op.rm {
        Rm::Place(place) => {
            e.put_at(op, place, &value);
            Ok(())
        }
        Rm::Memory(_) => e.put_rm(op, &value[..usize::from(op.length)]),
    }
}

fn store_mmx(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let value = u64::get(&e.vector(op.reg, 8), 0);
    match op.rm {
        Rm::Place(place) => {
            e.put_mmx(place, value);
            Ok(())
        }
        Rm::Memory(_) => e.put_rm(op, &value.to_le_bytes()),
    }
}

/// From memory with zeros above; from a register into the low part.
fn load_scalar(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let b = e.rm(op)?;
    let size = usize::from(op.size);
    let result = match op.rm {
        Rm::Memory(_) => b,
        Rm::Place(_) => {
            let mut a = e.first(op);
            a[16..].fill(0);
            a[..size].copy_from_slice(&b[..size]);
            a
        }
    };
    e.put(op, &result);
    Ok(())
}

fn store_scalar(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let size = usize::from(op.size);
    let value = e.vector(op.reg, 16);
    match op.rm {
        Rm::Memory(_) => e.put_rm(op, &value[..size]),
        Rm::Place(place) => {
            let mut result = e.vector(if op.vex { op.other } else { place }, 16);
            result[..size].copy_from_slice(&value[..size]);
            e.put_at(op, place, &result);
            Ok(())
        }
    }
}

fn store_part(e: &mut NativeEmulator, op: &NativeOp, at: usize) -> Result<(), Halt> {
    let value = e.vector(op.reg, 16);
    e.put_rm(op, &value[at..at + 8])
}

fn duplicate<T: Lane>(e: &mut NativeEmulator, op: &NativeOp, from: fn(usize) -> usize) -> Result<(), Halt> {
    // With XMM, MOVDDUP reads only 8 bytes.
    let op = if T::SIZE == 8 && op.length == 16 { &NativeOp { size: 8, aligned: false, ..*op } } else { op };
    let b = e.rm(op)?;
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        T::get(&b, from(index)).put(&mut result, index);
    }
    e.put(op, &result);
    Ok(())
}

fn signs<T: Lane + PartialOrd>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let Rm::Place(rm) = op.rm else { return Err(Halt::Invalid) };
    let value = e.vector(rm, op.length);
    let mask = (0..usize::from(op.length) / T::SIZE)
        .filter(|index| T::get(&value, *index) < T::default())
        .fold(0, |mask, index| mask | 1u64 << index);
    e.set_general(op.reg, 4, mask);
    Ok(())
}

fn address(e: &NativeEmulator, op: &NativeOp) -> Result<u64, Halt> {
    match &op.rm {
        Rm::Memory(ea) => Ok(e.ea(ea)),
        Rm::Place(_) => Err(Halt::Invalid),
    }
}

fn masked_load<T: Lane + PartialOrd>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (mask, base) = (e.first(op), address(e, op)?);
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / T::SIZE {
        if T::get(&mask, index) < T::default() {
            let at = index * T::SIZE;
            let address = base.wrapping_add(at as u64) & e.address_mask;
            e.load_bytes(op, address, &mut result[at..at + T::SIZE])?;
        }
    }
    e.put(op, &result);
    Ok(())
}

fn masked_store<T: Lane + PartialOrd>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (mask, base) = (e.first(op), address(e, op)?);
    let value = e.vector(op.reg, op.length);
    let written = |index: &usize| T::get(&mask, *index) < T::default();
    let all = 0..usize::from(op.length) / T::SIZE;
    // All or nothing.
    for index in all.clone().filter(written) {
        let address = base.wrapping_add((index * T::SIZE) as u64) & e.address_mask;
        if let Err(denied) = e.memory.check(address, T::SIZE, Access::Write) {
            return Err(Halt::denied(denied, Access::Write, T::SIZE));
        }
    }
    for index in all.filter(written) {
        let at = index * T::SIZE;
        let address = base.wrapping_add(at as u64) & e.address_mask;
        e.store_bytes(op, address, &value[at..at + T::SIZE])?;
    }
    Ok(())
}

/// Loads whose indices are lanes. What was loaded stays when one faults.
fn gather<I: Lane + Into<i64>>(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let Rm::Memory(ea) = op.rm else { return Err(Halt::Invalid) };
    let Some(index_place) = ea.index else { return Err(Halt::Invalid) };
    let element = usize::from(op.width);
    let indices = e.vector(index_place, 32);
    let (mut mask, mut result) = (e.vector(op.other, 32), e.vector(op.reg, 32));
    let count = usize::from(op.length) / element.max(I::SIZE);
    for index in 0..count {
        let at = index * element;
        if mask[at + element - 1] & 0x80 != 0 {
            let scaled = (Into::<i64>::into(I::get(&indices, index)) as u64) << ea.shift;
            let part = super::Ea { index: None, displacement: ea.displacement.wrapping_add(scaled), ..ea };
            let address = e.ea(&part);
            if let Err(halt) = e.load_bytes(op, address, &mut result[at..at + element]) {
                finish_gather(e, op, &result, &mask);
                return Err(halt);
            }
        }
        mask[at..at + element].fill(0);
    }
    let end = count * element;
    result[end..].fill(0);
    finish_gather(e, op, &result, &[0; WIDEST]);
    Ok(())
}

fn finish_gather(e: &mut NativeEmulator, op: &NativeOp, result: &Vector, mask: &Vector) {
    e.put(op, result);
    e.put_at(op, op.other, mask);
}

/// Whether all bits, or none, of those that a mask selects are set.
fn test(e: &mut NativeEmulator, op: &NativeOp, mask: u64) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.vector(op.reg, op.length));
    let (mut zero, mut carry) = (true, true);
    for index in 0..usize::from(op.length) / 8 {
        let (a, b) = (u64::get(&a, index), u64::get(&b, index));
        zero &= a & b & mask == 0;
        carry &= !a & b & mask == 0;
    }
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    e.set_flag(registers.zf, zero);
    e.set_flag(registers.cf, carry);
    for place in [registers.of, registers.sf, registers.af, registers.pf] {
        e.set_flag(place, false);
    }
    Ok(())
}
