//! Integers of 128 bits that compilers call functions for on 64-bit processors,
//! and the arithmetic that traps where a result does not fit: libgcc's and
//! compiler-rt's names (GCC Internals, "Routines for integer arithmetic" and
//! "Routines for floating point emulation").

use terrella_emulator_api::Flow;
use terrella_machine_state::ReturnValue;
use terrella_platforms::{LongDoublePlace, long_double};

use super::{
    context::Context,
    error::Result,
    exact::{Exact, Number},
    fenv::Rounding,
    types::{Argument, CType, Header, LongDouble, Model, Outcome, Ptr, Standard, typed},
};

/// `__int128`.
struct Wide(i128);
/// `unsigned __int128`.
struct Unsigned(u128);

impl Context<'_> {
    /// Whether they are passed by the address of a copy, and returned in memory:
    /// where `long double` of their size is (z/Architecture ELF supplement 1.6,
    /// 1.2.3).
    fn wide_by_address(&self) -> bool {
        let convention = self.call.convention();
        let long = long_double(self.state.platform, convention);
        long.is_some_and(|it| it.place == LongDoublePlace::Reference) && convention.slot_bytes == 8
    }

    pub(super) fn returns_wide_in_memory(&self, result: CType) -> bool {
        matches!(result, CType::Wide128 | CType::Unsigned128) && self.wide_by_address()
    }

    fn next_wide(&mut self, ctype: CType) -> Result<i128> {
        if self.call.convention().slot_bytes < 8 {
            return self.misuse("a function of integers of 128 bits on a processor of 32 bits");
        }
        if self.wide_by_address() {
            let at = Ptr(self.next_integer(CType::Pointer)? as u64);
            let bytes = self.read(at, 16)?;
            return Ok(self.state.platform.byte_order().read(&bytes) as i128);
        }
        self.next_integer(ctype)
    }

    fn give_wide(&mut self, value: i128, ctype: CType) -> Result<Flow> {
        let Some(room) = self.room else { return self.give_integer(ctype, value) };
        let mut bytes = [0; 16];
        self.state.platform.byte_order().write(value as u128, &mut bytes);
        self.write(Ptr(room), &bytes)?;
        self.give(&ReturnValue::Pointer(room))
    }

    fn write_integer_128(&mut self, to: Ptr, value: i128) -> Result<()> {
        let mut bytes = [0; 16];
        self.state.platform.byte_order().write(value as u128, &mut bytes);
        self.write(to, &bytes)
    }
}

macro_rules! passed {
    ($($type:ident, $inner:ty, $ctype:ident;)*) => {$(
        impl Argument for $type {
            const TYPE: CType = CType::$ctype;
            fn take(context: &mut Context<'_>) -> Result<Self> {
                context.next_wide(CType::$ctype).map(|value| Self(value as $inner))
            }
        }
        impl Outcome for $type {
            const TYPE: CType = CType::$ctype;
            fn give(self, context: &mut Context<'_>) -> Result<Flow> {
                context.give_wide(self.0 as i128, CType::$ctype)
            }
        }
    )*};
}

passed! {
    Wide, i128, Wide128;
    Unsigned, u128, Unsigned128;
}

/// The number of an unsigned integer.
fn number_of(value: u128, negative: bool) -> Number {
    Number::Finite(Exact::new(negative, value, 0))
}

fn rounded(c: &mut Context<'_>, number: &Number) -> Result<LongDouble> {
    let (format, rounding) = (c.long_format()?, c.rounding());
    c.settled(number.rounded(format, rounding)).map(LongDouble)
}

/// The whole part; what does not fit is the nearest that does.
fn whole(x: &LongDouble) -> i128 {
    let size = whole_unsigned(&LongDouble(x.0.clone().with_sign(false)));
    if x.0.is_negative() {
        0_i128.checked_sub_unsigned(size).unwrap_or(i128::MIN)
    } else {
        i128::try_from(size).unwrap_or(i128::MAX)
    }
}

fn whole_unsigned(x: &LongDouble) -> u128 {
    match x.0.whole(Rounding::TowardZero).0 {
        Number::Finite(exact) if exact.is_zero() || exact.negative => 0,
        Number::Finite(exact) if exact.power() > 127 => u128::MAX,
        Number::Finite(exact) => {
            let value = if exact.exponent < 0 {
                exact.mantissa >> exact.exponent.unsigned_abs()
            } else {
                exact.mantissa << exact.exponent as u64
            };
            u128::try_from(value).unwrap_or(u128::MAX)
        }
        Number::Infinite { negative: false } => u128::MAX,
        _ => 0,
    }
}

/// In what arithmetic that traps deviates.
const ABORTS: Option<&str> =
    Some("ends the run with an error where a result does not fit; libgcc's aborts the program");

macro_rules! function {
    (traps $name:expr, $($rest:tt)*) => {
        Model { deviation: ABORTS, ..function!($name, $($rest)*) }
    };
    ($name:expr, |$c:ident $(, $x:ident: $type:ty)*| -> $result:ty $body:block) => {
        Model {
            name: $name,
            deviation: None,
            function: &typed(|$c: &mut Context<'_> $(, $x: $type)*| -> Result<$result> { $body }),
        }
    };
}

/// A shift; one of 128 or more is open.
const fn count(by: i32) -> u32 {
    by as u32 & 127
}

/// What a division by zero is, by its quotient.
fn divided<T>(c: &Context<'_>, result: Option<T>) -> Result<T> {
    match result {
        Some(value) => Ok(value),
        None => c.misuse("a division by zero"),
    }
}

/// -1, 0 and 1 are 0, 1 and 2.
const fn order_number(order: std::cmp::Ordering) -> i32 {
    order as i32 + 1
}

/// Quotient and rest of what may not be the quotient of a division.
fn signed_division(x: i128, y: i128) -> Option<(i128, i128)> {
    (y != 0).then(|| (x.wrapping_div(y), x.wrapping_rem(y)))
}

fn division(x: u128, y: u128) -> Option<(u128, u128)> {
    (y != 0).then(|| (x / y, x % y))
}

/// Arithmetic whose results have to fit: the program is aborted otherwise.
macro_rules! trapping {
    ($wide:ident, $type:ty, $abs:literal, $add:literal, $sub:literal, $mul:literal, $neg:literal, $take:expr, $make:expr) => {
        [
            function!(traps $abs, |c, x: $wide| -> $wide { fits(c, <$type>::checked_abs($take(x))).map($make) }),
            function!(traps $add, |c, x: $wide, y: $wide| -> $wide {
                fits(c, <$type>::checked_add($take(x), $take(y))).map($make)
            }),
            function!(traps $sub, |c, x: $wide, y: $wide| -> $wide {
                fits(c, <$type>::checked_sub($take(x), $take(y))).map($make)
            }),
            function!(traps $mul, |c, x: $wide, y: $wide| -> $wide {
                fits(c, <$type>::checked_mul($take(x), $take(y))).map($make)
            }),
            function!(traps $neg, |c, x: $wide| -> $wide { fits(c, <$type>::checked_neg($take(x))).map($make) }),
        ]
    };
}

fn fits<T>(c: &Context<'_>, value: Option<T>) -> Result<T> {
    match value {
        Some(value) => Ok(value),
        None => c.misuse("a result of arithmetic that traps does not fit: the program would be aborted"),
    }
}

static TRAPS: [[Model; 5]; 3] = [
    trapping!(i32, i32, "__absvsi2", "__addvsi3", "__subvsi3", "__mulvsi3", "__negvsi2", |x| x, |x| x),
    trapping!(i64, i64, "__absvdi2", "__addvdi3", "__subvdi3", "__mulvdi3", "__negvdi2", |x| x, |x| x),
    trapping!(
        Wide,
        i128,
        "__absvti2",
        "__addvti3",
        "__subvti3",
        "__mulvti3",
        "__negvti2",
        |x: Wide| x.0,
        Wide
    ),
];

/// The conversions of `long double`, by the letters of its format.
macro_rules! long_conversions {
    ($to:literal, $to_unsigned:literal, $of:literal, $of_unsigned:literal) => {
        [
            function!($to, |_c, x: LongDouble| -> Wide { Ok(Wide(whole(&x))) }),
            function!($to_unsigned, |_c, x: LongDouble| -> Unsigned { Ok(Unsigned(whole_unsigned(&x))) }),
            function!($of, |c, x: Wide| -> LongDouble {
                rounded(c, &number_of(x.0.unsigned_abs(), x.0 < 0))
            }),
            function!($of_unsigned, |c, x: Unsigned| -> LongDouble { rounded(c, &number_of(x.0, false)) }),
        ]
    };
}

static LONG: [[Model; 4]; 3] = [
    long_conversions!("__fixtfti", "__fixunstfti", "__floattitf", "__floatuntitf"),
    long_conversions!("__fixkfti", "__fixunskfti", "__floattikf", "__floatuntikf"),
    long_conversions!("__fixxfti", "__fixunsxfti", "__floattixf", "__floatuntixf"),
];

const fn header(models: &'static [Model]) -> Header {
    Header { name: "libgcc", standard: Standard::Runtime, models }
}

pub(crate) static HEADER: [Header; 7] = [
    header(&[
        function!("__multi3", |_c, x: Wide, y: Wide| -> Wide { Ok(Wide(x.0.wrapping_mul(y.0))) }),
        function!("__divti3", |c, x: Wide, y: Wide| -> Wide {
            divided(c, signed_division(x.0, y.0)).map(|it| Wide(it.0))
        }),
        function!("__modti3", |c, x: Wide, y: Wide| -> Wide {
            divided(c, signed_division(x.0, y.0)).map(|it| Wide(it.1))
        }),
        function!("__udivti3", |c, x: Unsigned, y: Unsigned| -> Unsigned {
            divided(c, division(x.0, y.0)).map(|it| Unsigned(it.0))
        }),
        function!("__umodti3", |c, x: Unsigned, y: Unsigned| -> Unsigned {
            divided(c, division(x.0, y.0)).map(|it| Unsigned(it.1))
        }),
        function!("__divmodti4", |c, x: Wide, y: Wide, to: Ptr| -> Wide {
            let (quotient, rest) = divided(c, signed_division(x.0, y.0))?;
            c.write_integer_128(to, rest)?;
            Ok(Wide(quotient))
        }),
        function!("__udivmodti4", |c, x: Unsigned, y: Unsigned, to: Ptr| -> Unsigned {
            let (quotient, rest) = divided(c, division(x.0, y.0))?;
            if !to.is_null() {
                c.write_integer_128(to, rest as i128)?;
            }
            Ok(Unsigned(quotient))
        }),
        function!("__ashlti3", |_c, x: Wide, by: i32| -> Wide { Ok(Wide(x.0 << count(by))) }),
        function!("__ashrti3", |_c, x: Wide, by: i32| -> Wide { Ok(Wide(x.0 >> count(by))) }),
        function!("__lshrti3", |_c, x: Unsigned, by: i32| -> Unsigned { Ok(Unsigned(x.0 >> count(by))) }),
        function!("__negti2", |_c, x: Wide| -> Wide { Ok(Wide(x.0.wrapping_neg())) }),
        function!("__cmpti2", |_c, x: Wide, y: Wide| -> i32 { Ok(order_number(x.0.cmp(&y.0))) }),
        function!("__ucmpti2", |_c, x: Unsigned, y: Unsigned| -> i32 { Ok(order_number(x.0.cmp(&y.0))) }),
        function!("__clzti2", |_c, x: Unsigned| -> i32 { Ok(x.0.leading_zeros() as i32) }),
        function!("__ctzti2", |_c, x: Unsigned| -> i32 { Ok(x.0.trailing_zeros() as i32) }),
        function!("__ffsti2", |_c, x: Unsigned| -> i32 {
            Ok(if x.0 == 0 { 0 } else { x.0.trailing_zeros() as i32 + 1 })
        }),
        function!("__popcountti2", |_c, x: Unsigned| -> i32 { Ok(x.0.count_ones() as i32) }),
        function!("__parityti2", |_c, x: Unsigned| -> i32 { Ok(x.0.count_ones() as i32 & 1) }),
        function!("__clrsbti2", |_c, x: Wide| -> i32 { Ok((x.0 ^ x.0 >> 127).leading_zeros() as i32 - 1) }),
        function!("__muloti4", |c, x: Wide, y: Wide, to: Ptr| -> Wide {
            let (product, overflows) = x.0.overflowing_mul(y.0);
            c.write_int(to, i32::from(overflows))?;
            Ok(Wide(product))
        }),
        function!("__fixdfti", |_c, x: f64| -> Wide { Ok(Wide(x as i128)) }),
        function!("__fixsfti", |_c, x: f32| -> Wide { Ok(Wide(x as i128)) }),
        function!("__fixunsdfti", |_c, x: f64| -> Unsigned { Ok(Unsigned(x as u128)) }),
        function!("__fixunssfti", |_c, x: f32| -> Unsigned { Ok(Unsigned(x as u128)) }),
        function!("__floattidf", |_c, x: Wide| -> f64 { Ok(x.0 as f64) }),
        function!("__floattisf", |_c, x: Wide| -> f32 { Ok(x.0 as f32) }),
        function!("__floatuntidf", |_c, x: Unsigned| -> f64 { Ok(x.0 as f64) }),
        function!("__floatuntisf", |_c, x: Unsigned| -> f32 { Ok(x.0 as f32) }),
    ]),
    header(&LONG[0]),
    header(&LONG[1]),
    header(&LONG[2]),
    header(&TRAPS[0]),
    header(&TRAPS[1]),
    header(&TRAPS[2]),
];
