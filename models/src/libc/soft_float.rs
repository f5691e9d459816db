//! Arithmetic of `float` and `double` that compilers call where the processor
//! has none: the run-time ABI of Arm (IHI 0043, 4.1), whose arguments are in
//! integer registers whatever the program's convention is, and the names of
//! GCC (GCC Internals, "Soft float library routines"). They round to the
//! nearest, and raise nothing.

use std::cmp::Ordering;

use super::{
    context::Context,
    error::Result,
    types::{Header, Model, Standard, typed},
};

macro_rules! function {
    ($name:expr, |$($x:ident: $type:ty),*| -> $result:ty $body:block) => {
        Model {
            name: $name,
            deviation: None,
            function: &typed(|_: &mut Context<'_> $(, $x: $type)*| -> Result<$result> { Ok($body) }),
        }
    };
}

const fn double(bits: u64) -> f64 {
    f64::from_bits(bits)
}

const fn single(bits: u32) -> f32 {
    f32::from_bits(bits)
}

/// -1, 0 or 1 as the order is; of what has none, this.
fn order(order: Option<Ordering>, none: i32) -> i32 {
    match order {
        Some(Ordering::Less) => -1,
        Some(Ordering::Equal) => 0,
        Some(Ordering::Greater) => 1,
        None => none,
    }
}

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "Arm run-time ABI",
        standard: Standard::Runtime,
        models: &[
            function!("__aeabi_dadd", |x: u64, y: u64| -> u64 { (double(x) + double(y)).to_bits() }),
            function!("__aeabi_dsub", |x: u64, y: u64| -> u64 { (double(x) - double(y)).to_bits() }),
            function!("__aeabi_drsub", |x: u64, y: u64| -> u64 { (double(y) - double(x)).to_bits() }),
            function!("__aeabi_dmul", |x: u64, y: u64| -> u64 { (double(x) * double(y)).to_bits() }),
            function!("__aeabi_ddiv", |x: u64, y: u64| -> u64 { (double(x) / double(y)).to_bits() }),
            function!("__aeabi_dneg", |x: u64| -> u64 { x ^ 1 << 63 }),
            function!("__aeabi_dcmpeq", |x: u64, y: u64| -> i32 { i32::from(double(x) == double(y)) }),
            function!("__aeabi_dcmplt", |x: u64, y: u64| -> i32 { i32::from(double(x) < double(y)) }),
            function!("__aeabi_dcmple", |x: u64, y: u64| -> i32 { i32::from(double(x) <= double(y)) }),
            function!("__aeabi_dcmpge", |x: u64, y: u64| -> i32 { i32::from(double(x) >= double(y)) }),
            function!("__aeabi_dcmpgt", |x: u64, y: u64| -> i32 { i32::from(double(x) > double(y)) }),
            function!("__aeabi_dcmpun", |x: u64, y: u64| -> i32 {
                i32::from(double(x).is_nan() || double(y).is_nan())
            }),
            function!("__aeabi_fadd", |x: u32, y: u32| -> u32 { (single(x) + single(y)).to_bits() }),
            function!("__aeabi_fsub", |x: u32, y: u32| -> u32 { (single(x) - single(y)).to_bits() }),
            function!("__aeabi_frsub", |x: u32, y: u32| -> u32 { (single(y) - single(x)).to_bits() }),
            function!("__aeabi_fmul", |x: u32, y: u32| -> u32 { (single(x) * single(y)).to_bits() }),
            function!("__aeabi_fdiv", |x: u32, y: u32| -> u32 { (single(x) / single(y)).to_bits() }),
            function!("__aeabi_fneg", |x: u32| -> u32 { x ^ 1 << 31 }),
            function!("__aeabi_fcmpeq", |x: u32, y: u32| -> i32 { i32::from(single(x) == single(y)) }),
            function!("__aeabi_fcmplt", |x: u32, y: u32| -> i32 { i32::from(single(x) < single(y)) }),
            function!("__aeabi_fcmple", |x: u32, y: u32| -> i32 { i32::from(single(x) <= single(y)) }),
            function!("__aeabi_fcmpge", |x: u32, y: u32| -> i32 { i32::from(single(x) >= single(y)) }),
            function!("__aeabi_fcmpgt", |x: u32, y: u32| -> i32 { i32::from(single(x) > single(y)) }),
            function!("__aeabi_fcmpun", |x: u32, y: u32| -> i32 {
                i32::from(single(x).is_nan() || single(y).is_nan())
            }),
            function!("__aeabi_d2iz", |x: u64| -> i32 { double(x) as i32 }),
            function!("__aeabi_d2uiz", |x: u64| -> u32 { double(x) as u32 }),
            function!("__aeabi_d2lz", |x: u64| -> i64 { double(x) as i64 }),
            function!("__aeabi_d2ulz", |x: u64| -> u64 { double(x) as u64 }),
            function!("__aeabi_f2iz", |x: u32| -> i32 { single(x) as i32 }),
            function!("__aeabi_f2uiz", |x: u32| -> u32 { single(x) as u32 }),
            function!("__aeabi_f2lz", |x: u32| -> i64 { single(x) as i64 }),
            function!("__aeabi_f2ulz", |x: u32| -> u64 { single(x) as u64 }),
            function!("__aeabi_d2f", |x: u64| -> u32 { (double(x) as f32).to_bits() }),
            function!("__aeabi_f2d", |x: u32| -> u64 { f64::from(single(x)).to_bits() }),
            function!("__aeabi_i2d", |x: i32| -> u64 { f64::from(x).to_bits() }),
            function!("__aeabi_ui2d", |x: u32| -> u64 { f64::from(x).to_bits() }),
            function!("__aeabi_l2d", |x: i64| -> u64 { (x as f64).to_bits() }),
            function!("__aeabi_ul2d", |x: u64| -> u64 { (x as f64).to_bits() }),
            function!("__aeabi_i2f", |x: i32| -> u32 { (x as f32).to_bits() }),
            function!("__aeabi_ui2f", |x: u32| -> u32 { (x as f32).to_bits() }),
            function!("__aeabi_l2f", |x: i64| -> u32 { (x as f32).to_bits() }),
            function!("__aeabi_ul2f", |x: u64| -> u32 { (x as f32).to_bits() }),
            function!("__aeabi_lcmp", |x: i64, y: i64| -> i32 { x.cmp(&y) as i32 }),
            function!("__aeabi_ulcmp", |x: u64, y: u64| -> i32 { x.cmp(&y) as i32 }),
        ],
    },
    Header {
        name: "libgcc",
        standard: Standard::Runtime,
        models: &[
            function!("__adddf3", |x: f64, y: f64| -> f64 { x + y }),
            function!("__subdf3", |x: f64, y: f64| -> f64 { x - y }),
            function!("__muldf3", |x: f64, y: f64| -> f64 { x * y }),
            function!("__divdf3", |x: f64, y: f64| -> f64 { x / y }),
            function!("__negdf2", |x: f64| -> f64 { -x }),
            function!("__addsf3", |x: f32, y: f32| -> f32 { x + y }),
            function!("__subsf3", |x: f32, y: f32| -> f32 { x - y }),
            function!("__mulsf3", |x: f32, y: f32| -> f32 { x * y }),
            function!("__divsf3", |x: f32, y: f32| -> f32 { x / y }),
            function!("__negsf2", |x: f32| -> f32 { -x }),
            function!("__eqdf2", |x: f64, y: f64| -> i32 { order(x.partial_cmp(&y), 1) }),
            function!("__nedf2", |x: f64, y: f64| -> i32 { order(x.partial_cmp(&y), 1) }),
            function!("__ltdf2", |x: f64, y: f64| -> i32 { order(x.partial_cmp(&y), 1) }),
            function!("__ledf2", |x: f64, y: f64| -> i32 { order(x.partial_cmp(&y), 1) }),
            function!("__gtdf2", |x: f64, y: f64| -> i32 { order(x.partial_cmp(&y), -1) }),
            function!("__gedf2", |x: f64, y: f64| -> i32 { order(x.partial_cmp(&y), -1) }),
            function!("__unorddf2", |x: f64, y: f64| -> i32 { i32::from(x.is_nan() || y.is_nan()) }),
            function!("__eqsf2", |x: f32, y: f32| -> i32 { order(x.partial_cmp(&y), 1) }),
            function!("__nesf2", |x: f32, y: f32| -> i32 { order(x.partial_cmp(&y), 1) }),
            function!("__ltsf2", |x: f32, y: f32| -> i32 { order(x.partial_cmp(&y), 1) }),
            function!("__lesf2", |x: f32, y: f32| -> i32 { order(x.partial_cmp(&y), 1) }),
            function!("__gtsf2", |x: f32, y: f32| -> i32 { order(x.partial_cmp(&y), -1) }),
            function!("__gesf2", |x: f32, y: f32| -> i32 { order(x.partial_cmp(&y), -1) }),
            function!("__unordsf2", |x: f32, y: f32| -> i32 { i32::from(x.is_nan() || y.is_nan()) }),
            function!("__extendsfdf2", |x: f32| -> f64 { x.into() }),
            function!("__truncdfsf2", |x: f64| -> f32 { x as f32 }),
            function!("__fixdfsi", |x: f64| -> i32 { x as i32 }),
            function!("__fixdfdi", |x: f64| -> i64 { x as i64 }),
            function!("__fixunsdfsi", |x: f64| -> u32 { x as u32 }),
            function!("__fixunsdfdi", |x: f64| -> u64 { x as u64 }),
            function!("__fixsfsi", |x: f32| -> i32 { x as i32 }),
            function!("__fixsfdi", |x: f32| -> i64 { x as i64 }),
            function!("__fixunssfsi", |x: f32| -> u32 { x as u32 }),
            function!("__fixunssfdi", |x: f32| -> u64 { x as u64 }),
            function!("__floatsidf", |x: i32| -> f64 { x.into() }),
            function!("__floatdidf", |x: i64| -> f64 { x as f64 }),
            function!("__floatunsidf", |x: u32| -> f64 { x.into() }),
            function!("__floatundidf", |x: u64| -> f64 { x as f64 }),
            function!("__floatsisf", |x: i32| -> f32 { x as f32 }),
            function!("__floatdisf", |x: i64| -> f32 { x as f32 }),
            function!("__floatunsisf", |x: u32| -> f32 { x as f32 }),
            function!("__floatundisf", |x: u64| -> f32 { x as f32 }),
            function!("__powidf2", |x: f64, power: i32| -> f64 { repeated(x, power) }),
            function!("__powisf2", |x: f32, power: i32| -> f32 { repeated(x.into(), power) as f32 }),
            function!("__cmpdi2", |x: i64, y: i64| -> i32 { x.cmp(&y) as i32 + 1 }),
            function!("__ucmpdi2", |x: u64, y: u64| -> i32 { x.cmp(&y) as i32 + 1 }),
            function!("__negdi2", |x: i64| -> i64 { x.wrapping_neg() }),
            function!("__paritysi2", |x: u32| -> i32 { (x.count_ones() & 1) as i32 }),
            function!("__paritydi2", |x: u64| -> i32 { (x.count_ones() & 1) as i32 }),
            function!("__ffssi2", |x: u32| -> i32 { if x == 0 { 0 } else { x.trailing_zeros() as i32 + 1 } }),
            function!("__ffsdi2", |x: u64| -> i32 { if x == 0 { 0 } else { x.trailing_zeros() as i32 + 1 } }),
        ],
    },
];

/// A power by repeated squares, as libgcc has it.
fn repeated(mut x: f64, power: i32) -> f64 {
    let mut count = power.unsigned_abs();
    let mut result = if count % 2 == 1 { x } else { 1.0 };
    while count > 1 {
        count /= 2;
        x *= x;
        if count % 2 == 1 {
            result *= x;
        }
    }
    if power < 0 { 1.0 / result } else { result }
}
