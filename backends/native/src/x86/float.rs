//! Floating point of vectors: SSE, AVX, FMA, F16C.

use std::cmp::Ordering;

use super::{Lane, NONE, NativeOp, P66, PF2, PF3, Row, Vector, WIDEST, x};
use crate::soft::{self, Class, DOUBLE, Env, Format, Mode, SINGLE};
use crate::{emulator::NativeEmulator, halt::Halt};

/// An operation on two numbers.
type Two = fn(&mut Env, Format, u128, u128) -> u128;

macro_rules! arithmetic {
    ($opcode:literal, $function:expr) => {
        [
            x(NONE, 1, $opcode, |e, op| packed(e, op, SINGLE, $function)),
            x(P66, 1, $opcode, |e, op| packed(e, op, DOUBLE, $function)),
            x(PF3, 1, $opcode, |e, op| scalar(e, op, SINGLE, $function)).sized(4),
            x(PF2, 1, $opcode, |e, op| scalar(e, op, DOUBLE, $function)).sized(8),
        ]
    };
}

const ADD: [Row; 4] = arithmetic!(0x58, Env::add);
const MUL: [Row; 4] = arithmetic!(0x59, Env::mul);
const SUB: [Row; 4] = arithmetic!(0x5c, Env::sub);
const MIN: [Row; 4] = arithmetic!(0x5d, |env, format, a, b| extreme(env, format, a, b, Ordering::Less));
const DIV: [Row; 4] = arithmetic!(0x5e, Env::div);
const MAX: [Row; 4] = arithmetic!(0x5f, |env, format, a, b| extreme(env, format, a, b, Ordering::Greater));
const SQRT: [Row; 4] = arithmetic!(0x51, |env, format, _, b| env.sqrt(format, b));

pub(super) const ROWS: &[Row] = &[
    ADD[0],
    ADD[1],
    ADD[2],
    ADD[3],
    MUL[0],
    MUL[1],
    MUL[2],
    MUL[3],
    SUB[0],
    SUB[1],
    SUB[2],
    SUB[3],
    MIN[0],
    MIN[1],
    MIN[2],
    MIN[3],
    DIV[0],
    DIV[1],
    DIV[2],
    DIV[3],
    MAX[0],
    MAX[1],
    MAX[2],
    MAX[3],
    SQRT[0],
    SQRT[1],
    SQRT[2],
    SQRT[3],
    x(NONE, 1, 0x52, |e, op| packed(e, op, SINGLE, |env, _, _, b| inverse_root(env, b))),
    x(PF3, 1, 0x52, |e, op| scalar(e, op, SINGLE, |env, _, _, b| inverse_root(env, b))).sized(4),
    x(NONE, 1, 0x53, |e, op| packed(e, op, SINGLE, |env, _, _, b| inverse(env, b))),
    x(PF3, 1, 0x53, |e, op| scalar(e, op, SINGLE, |env, _, _, b| inverse(env, b))).sized(4),
    x(NONE, 1, 0xc2, |e, op| comparisons(e, op, SINGLE, false)).immediate(),
    x(P66, 1, 0xc2, |e, op| comparisons(e, op, DOUBLE, false)).immediate(),
    x(PF3, 1, 0xc2, |e, op| comparisons(e, op, SINGLE, true)).sized(4).immediate(),
    x(PF2, 1, 0xc2, |e, op| comparisons(e, op, DOUBLE, true)).sized(8).immediate(),
    x(NONE, 1, 0x2e, |e, op| order(e, op, SINGLE, false)).sized(4),
    x(P66, 1, 0x2e, |e, op| order(e, op, DOUBLE, false)).sized(8),
    x(NONE, 1, 0x2f, |e, op| order(e, op, SINGLE, true)).sized(4),
    x(P66, 1, 0x2f, |e, op| order(e, op, DOUBLE, true)).sized(8),
    x(P66, 1, 0xd0, |e, op| add_sub(e, op, DOUBLE)),
    x(PF2, 1, 0xd0, |e, op| add_sub(e, op, SINGLE)),
    x(P66, 1, 0x7c, |e, op| horizontal(e, op, DOUBLE, Env::add)),
    x(PF2, 1, 0x7c, |e, op| horizontal(e, op, SINGLE, Env::add)),
    x(P66, 1, 0x7d, |e, op| horizontal(e, op, DOUBLE, Env::sub)),
    x(PF2, 1, 0x7d, |e, op| horizontal(e, op, SINGLE, Env::sub)),
    x(P66, 3, 0x08, |e, op| rounded(e, op, SINGLE, false)).immediate(),
    x(P66, 3, 0x09, |e, op| rounded(e, op, DOUBLE, false)).immediate(),
    x(P66, 3, 0x0a, |e, op| rounded(e, op, SINGLE, true)).sized(4).immediate(),
    x(P66, 3, 0x0b, |e, op| rounded(e, op, DOUBLE, true)).sized(8).immediate(),
    x(P66, 3, 0x40, |e, op| dot_product(e, op, SINGLE)).immediate(),
    x(P66, 3, 0x41, |e, op| dot_product(e, op, DOUBLE)).immediate(),
    // Fused multiplication and addition: 132, 213, 231.
    fma(0x96),
    fma(0x97),
    fma(0x98),
    fma(0x99),
    fma(0x9a),
    fma(0x9b),
    fma(0x9c),
    fma(0x9d),
    fma(0x9e),
    fma(0x9f),
    fma(0xa6),
    fma(0xa7),
    fma(0xa8),
    fma(0xa9),
    fma(0xaa),
    fma(0xab),
    fma(0xac),
    fma(0xad),
    fma(0xae),
    fma(0xaf),
    fma(0xb6),
    fma(0xb7),
    fma(0xb8),
    fma(0xb9),
    fma(0xba),
    fma(0xbb),
    fma(0xbc),
    fma(0xbd),
    fma(0xbe),
    fma(0xbf),
];

const fn fma(opcode: u8) -> Row {
    let mut row = x(P66, 2, opcode, fused).vex();
    // Odd ones are scalar, but for those that add and subtract in turn.
    if opcode & 15 >= 9 && opcode & 1 == 1 {
        row.size = super::Size::Width;
    }
    row
}

impl NativeEmulator {
    /// The environment that MXCSR gives.
    pub(super) fn env(&self, op: &NativeOp) -> Env {
        let _ = op;
        let mxcsr = self.x86.map_or(0x1f80, |it| u32::from_le_bytes(self.file.get::<4>(it.mxcsr)));
        Env {
            mode: Mode::from_bits(mxcsr >> 13),
            masks: mxcsr >> 7 & 0x3f,
            flags: 0,
            noted: mxcsr & 0x3f,
            flush: mxcsr & 0x8000 != 0,
            zeros: mxcsr & 0x40 != 0,
            precision: 64,
            up: false,
            x87: false,
        }
    }

    /// Notes the exceptions of an instruction in MXCSR; those that are not
    /// masked are faults.
    pub(super) fn settle_sse(&mut self, env: &Env) -> Result<(), Halt> {
        if env.flags == 0 {
            return Ok(());
        }
        let Some(registers) = self.x86 else { return Ok(()) };
        let mxcsr = u32::from_le_bytes(self.file.get::<4>(registers.mxcsr));
        let mut flags = env.flags;
        // Exceptions of operands come before those of results.
        if flags & 7 & !env.masks != 0 {
            flags &= 7;
        }
        self.file.put::<4>(registers.mxcsr, (mxcsr | flags).to_le_bytes());
        if flags & !env.masks != 0 {
            return Err(Halt::Exception(19));
        }
        Ok(())
    }
}

pub(super) fn get(format: Format, vector: &Vector, index: usize) -> u128 {
    if format == DOUBLE { u64::get(vector, index).into() } else { u32::get(vector, index).into() }
}

pub(super) fn set(format: Format, vector: &mut Vector, index: usize, value: u128) {
    if format == DOUBLE { (value as u64).put(vector, index) } else { (value as u32).put(vector, index) }
}

pub(super) fn size(format: Format) -> usize {
    if format == DOUBLE { 8 } else { 4 }
}

fn packed(e: &mut NativeEmulator, op: &NativeOp, format: Format, function: Two) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut env = e.env(op);
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / size(format) {
        let value = function(&mut env, format, get(format, &a, index), get(format, &b, index));
        set(format, &mut result, index, value);
    }
    e.settle_sse(&env)?;
    e.put(op, &result);
    Ok(())
}

fn scalar(e: &mut NativeEmulator, op: &NativeOp, format: Format, function: Two) -> Result<(), Halt> {
    let (b, mut a) = (e.rm(op)?, e.first(op));
    let mut env = e.env(op);
    let value = function(&mut env, format, get(format, &a, 0), get(format, &b, 0));
    set(format, &mut a, 0, value);
    e.settle_sse(&env)?;
    put_low(e, op, &a);
    Ok(())
}

/// Sets the low 128 bits; with a VEX prefix, the rest is cleared.
pub(super) fn put_low(e: &mut NativeEmulator, op: &NativeOp, value: &Vector) {
    let mut low = *value;
    low[16..].fill(0);
    e.put(op, &low);
}

/// Minimum and maximum: the second operand unless the first one is beyond it.
fn extreme(env: &mut Env, format: Format, a: u128, b: u128, wanted: Ordering) -> u128 {
    let zeroed = |env: &Env, value: u128| {
        let number = env.operand(format, value);
        if number.class == Class::Zero { format.zero(number.negative) } else { value }
    };
    match env.compare(format, a, b, true) {
        Some(order) if order == wanted => zeroed(env, a),
        _ => zeroed(env, b),
    }
}

/// About 1/x: within the bound of the manuals, 1.5 * 2^-12.
fn inverse(env: &Env, b: u128) -> u128 {
    let number = SINGLE.unpack(b);
    match number.class {
        Class::Quiet | Class::Signalling => SINGLE.nan(&number),
        _ if number.class == Class::Zero || number.denormal => SINGLE.infinity(number.negative),
        _ => {
            let _ = env;
            let value = 1.0 / f32::from_bits(b as u32);
            if value.is_subnormal() {
                SINGLE.zero(number.negative)
            } else {
                (value.to_bits() & !0x7ff).into()
            }
        }
    }
}

/// About 1/sqrt(x): within the bound of the manuals, 1.5 * 2^-12.
fn inverse_root(env: &Env, b: u128) -> u128 {
    let _ = env;
    let number = SINGLE.unpack(b);
    match number.class {
        Class::Quiet | Class::Signalling => SINGLE.nan(&number),
        _ if number.class == Class::Zero || number.denormal => SINGLE.infinity(number.negative),
        _ if number.negative => SINGLE.indefinite(),
        _ => {
            let value = (1.0 / f64::from(f32::from_bits(b as u32)).sqrt()) as f32;
            (value.to_bits() & !0x7ff).into()
        }
    }
}

/// One of the 32 predicates of CMPPS and its like.
fn predicate(env: &mut Env, format: Format, a: u128, b: u128, number: u8) -> bool {
    // Which signal quiet NaNs (Intel SDM, volume 2, CMPPD).
    let signals = matches!(number & 0xf, 1 | 2 | 5 | 6 | 9 | 10 | 13 | 14) != (number & 0x10 != 0);
    let order = env.compare(format, a, b, signals);
    let equal = order == Some(Ordering::Equal);
    let less = order == Some(Ordering::Less);
    let greater = order == Some(Ordering::Greater);
    let unordered = order.is_none();
    match number & 0xf {
        0 => equal,
        1 => less,
        2 => less || equal,
        3 => unordered,
        4 => !equal,
        5 => !less,
        6 => !(less || equal),
        7 => !unordered,
        8 => equal || unordered,
        9 => !(greater || equal),
        10 => !greater,
        11 => false,
        12 => !equal && !unordered,
        13 => greater || equal,
        14 => greater,
        _ => true,
    }
}

fn comparisons(e: &mut NativeEmulator, op: &NativeOp, format: Format, scalar: bool) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut env = e.env(op);
    let number = op.immediate & if op.vex { 0x1f } else { 7 };
    let mut result = if scalar { a } else { [0; WIDEST] };
    let count = if scalar { 1 } else { usize::from(op.length) / size(format) };
    for index in 0..count {
        let truth = predicate(&mut env, format, get(format, &a, index), get(format, &b, index), number);
        set(format, &mut result, index, if truth { u128::MAX } else { 0 });
    }
    e.settle_sse(&env)?;
    if scalar {
        put_low(e, op, &result);
    } else {
        e.put(op, &result);
    }
    Ok(())
}

fn order(e: &mut NativeEmulator, op: &NativeOp, format: Format, signals: bool) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.vector(op.reg, 16));
    let mut env = e.env(op);
    let order = env.compare(format, get(format, &a, 0), get(format, &b, 0), signals);
    e.settle_sse(&env)?;
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    e.set_flag(registers.zf, matches!(order, None | Some(Ordering::Equal)));
    e.set_flag(registers.pf, order.is_none());
    e.set_flag(registers.cf, matches!(order, None | Some(Ordering::Less)));
    for place in [registers.of, registers.sf, registers.af] {
        e.set_flag(place, false);
    }
    Ok(())
}

fn add_sub(e: &mut NativeEmulator, op: &NativeOp, format: Format) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut env = e.env(op);
    let mut result = [0; WIDEST];
    for index in 0..usize::from(op.length) / size(format) {
        let function = if index % 2 == 0 { Env::sub } else { Env::add };
        let value = function(&mut env, format, get(format, &a, index), get(format, &b, index));
        set(format, &mut result, index, value);
    }
    e.settle_sse(&env)?;
    e.put(op, &result);
    Ok(())
}

fn horizontal(e: &mut NativeEmulator, op: &NativeOp, format: Format, function: Two) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut env = e.env(op);
    let mut result = [0; WIDEST];
    // Lanes of half of a 128-bit part.
    let count = 8 / size(format);
    for part in 0..usize::from(op.length) / 16 {
        for index in 0..count {
            let at = 2 * count * part;
            for (from, to) in [(&a, at + index), (&b, at + count + index)] {
                let pair = (get(format, from, at + 2 * index), get(format, from, at + 2 * index + 1));
                let value = function(&mut env, format, pair.0, pair.1);
                set(format, &mut result, to, value);
            }
        }
    }
    e.settle_sse(&env)?;
    e.put(op, &result);
    Ok(())
}

fn rounded(e: &mut NativeEmulator, op: &NativeOp, format: Format, scalar: bool) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut env = e.env(op);
    let mode = if op.immediate & 4 != 0 { env.mode } else { Mode::from_bits(op.immediate.into()) };
    let mut result = if scalar { a } else { [0; WIDEST] };
    let count = if scalar { 1 } else { usize::from(op.length) / size(format) };
    for index in 0..count {
        let value = env.round_to_integral(format, get(format, &b, index), mode);
        set(format, &mut result, index, value);
    }
    if op.immediate & 8 != 0 {
        env.flags &= !soft::INEXACT;
    }
    e.settle_sse(&env)?;
    if scalar {
        put_low(e, op, &result);
    } else {
        e.put(op, &result);
    }
    Ok(())
}

fn dot_product(e: &mut NativeEmulator, op: &NativeOp, format: Format) -> Result<(), Halt> {
    let (b, a) = (e.rm(op)?, e.first(op));
    let mut env = e.env(op);
    let mut result = [0; WIDEST];
    let count = 16 / size(format);
    for part in 0..usize::from(op.length) / 16 {
        let mut products = [0; 4];
        for (index, product) in products.iter_mut().enumerate().take(count) {
            let at = part * count + index;
            if op.immediate >> (4 + index) & 1 != 0 {
                *product = env.mul(format, get(format, &a, at), get(format, &b, at));
            }
        }
        let low = env.add(format, products[0], products[1]);
        let sum = if count == 2 {
            low
        } else {
            let high = env.add(format, products[2], products[3]);
            env.add(format, low, high)
        };
        for index in (0..count).filter(|index| op.immediate >> index & 1 != 0) {
            set(format, &mut result, part * count + index, sum);
        }
    }
    e.settle_sse(&env)?;
    e.put(op, &result);
    Ok(())
}

/// `VFMADD132PS` and all its relatives, by the parts of the opcode.
fn fused(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let format = if op.width == 8 { DOUBLE } else { SINGLE };
    let kind = op.opcode & 0xf;
    let is_scalar = kind >= 9 && kind & 1 == 1;
    let (third, second, first) = (e.rm(op)?, e.first(op), e.vector(op.reg, op.length));
    let mut env = e.env(op);
    let mut result = if is_scalar { first } else { [0; WIDEST] };
    let count = if is_scalar { 1 } else { usize::from(op.length) / size(format) };
    for index in 0..count {
        let [x, y, z] = [&first, &second, &third].map(|vector| get(format, vector, index));
        let (a, b, c) = match op.opcode >> 4 {
            // 132: the first times the third plus the second.
            9 => (x, z, y),
            // 213: the second times the first plus the third.
            10 => (y, x, z),
            // 231: the second times the third plus the first.
            _ => (y, z, x),
        };
        let odd = index % 2 == 1;
        let (negate_product, subtract) = match kind {
            6 => (false, !odd),
            7 => (false, odd),
            8 | 9 => (false, false),
            10 | 11 => (false, true),
            12 | 13 => (true, false),
            _ => (true, true),
        };
        let value = env.fma(format, a, b, c, (negate_product, subtract));
        set(format, &mut result, index, value);
    }
    e.settle_sse(&env)?;
    if is_scalar {
        put_low(e, op, &result);
    } else {
        e.put(op, &result);
    }
    Ok(())
}
