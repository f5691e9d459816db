//! The transcendental functions of `long double`: computed to more bits than the
//! format has, until they tell how the result is rounded (A. Ziv, "Fast
//! evaluation of elementary mathematical functions with correctly rounded last
//! bit", 1991). Special cases are those of C99's Annex F.

use super::{
    super::{
        context::Context,
        error::Result,
        exact::{Exact, Format, Number, Rounded, to_bits},
        fenv::{Exceptions, Rounding},
        real,
        types::LongDouble,
    },
    Raises, Sets,
    long::{checked, nan, quieted},
    run1, run2,
};
use crate::errno::Errno;

/// Where an argument lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside,
    /// Outside the domain.
    Outside,
    /// At a pole, of this sign.
    Pole {
        negative: bool,
    },
}

/// A function of one number that is neither zero nor infinite.
struct Function {
    name: &'static str,
    place: fn(&Exact) -> Place,
    value: fn(&Exact, u64) -> Option<Exact>,
}

const ONE: fn() -> Exact = || Exact::new(false, 1, 0);

fn everywhere(_: &Exact) -> Place {
    Place::Inside
}

fn positive(x: &Exact) -> Place {
    if x.negative { Place::Outside } else { Place::Inside }
}

/// From -1 to 1.
fn unit(x: &Exact) -> Place {
    if x.compare_magnitudes(&ONE()).is_gt() { Place::Outside } else { Place::Inside }
}

fn within_unit(x: &Exact) -> Place {
    match x.compare_magnitudes(&ONE()) {
        std::cmp::Ordering::Less => Place::Inside,
        std::cmp::Ordering::Equal => Place::Pole { negative: x.negative },
        std::cmp::Ordering::Greater => Place::Outside,
    }
}

fn from_one(x: &Exact) -> Place {
    if x.compare(&ONE()).is_lt() { Place::Outside } else { Place::Inside }
}

fn above_minus_one(x: &Exact) -> Place {
    match x.compare(&Exact::new(true, 1, 0)) {
        std::cmp::Ordering::Less => Place::Outside,
        std::cmp::Ordering::Equal => Place::Pole { negative: true },
        std::cmp::Ordering::Greater => Place::Inside,
    }
}

fn no_negative_integer(x: &Exact) -> Place {
    if real::is_negative_integer(x) { Place::Outside } else { Place::Inside }
}

/// The factorial of a small number, which may lie in the middle of two of the
/// format.
fn factorial(x: &Exact) -> Option<Exact> {
    let number = Number::Finite(x.clone());
    if number.whole(Rounding::Nearest).1 {
        return None;
    }
    let number = number.integer(32).filter(|it| (1..=64).contains(it))?;
    Some((1..number).fold(ONE(), |product, factor| product.times(&Exact::new(false, factor as u128, 0))))
}

/// As many powers of ten are exact in a format, or lie in the middle of two.
fn power_of_ten(x: &Exact) -> Option<Exact> {
    let number = Number::Finite(x.clone());
    if number.whole(Rounding::Nearest).1 {
        return None;
    }
    let number = number.integer(32).filter(|it| (0..=64).contains(it))?;
    Some((0..number).fold(ONE(), |product, _| product.times(&Exact::new(false, 10, 0))))
}

const FUNCTIONS: &[Function] = &[
    Function { name: "acos", place: unit, value: |x, bits| Some(real::acos(x, bits)) },
    Function { name: "asin", place: unit, value: |x, bits| Some(real::asin(x, bits)) },
    Function { name: "atan", place: everywhere, value: |x, bits| Some(real::atan(x, bits)) },
    Function { name: "cos", place: everywhere, value: |x, bits| Some(real::sine_cosine(x, bits).1) },
    Function { name: "sin", place: everywhere, value: |x, bits| Some(real::sine_cosine(x, bits).0) },
    Function { name: "tan", place: everywhere, value: |x, bits| Some(real::tan(x, bits)) },
    Function { name: "acosh", place: from_one, value: |x, bits| Some(real::acosh(x, bits)) },
    Function { name: "asinh", place: everywhere, value: |x, bits| Some(real::asinh(x, bits)) },
    Function { name: "atanh", place: within_unit, value: |x, bits| Some(real::atanh(x, bits)) },
    Function { name: "cosh", place: everywhere, value: |x, bits| Some(real::cosh(x, bits)) },
    Function { name: "sinh", place: everywhere, value: |x, bits| Some(real::sinh(x, bits)) },
    Function { name: "tanh", place: everywhere, value: |x, bits| Some(real::tanh(x, bits)) },
    Function { name: "exp", place: everywhere, value: |x, bits| Some(real::exp(x, bits)) },
    Function { name: "exp2", place: everywhere, value: |x, bits| Some(real::exp_of_base(x, 2, bits)) },
    Function {
        name: "exp10",
        place: everywhere,
        value: |x, bits| power_of_ten(x).or_else(|| Some(real::exp_of_base(x, 10, bits))),
    },
    Function {
        name: "pow10",
        place: everywhere,
        value: |x, bits| power_of_ten(x).or_else(|| Some(real::exp_of_base(x, 10, bits))),
    },
    Function { name: "expm1", place: everywhere, value: |x, bits| Some(real::expm1(x, bits)) },
    Function { name: "log", place: positive, value: |x, bits| Some(real::log(x, bits)) },
    Function { name: "log10", place: positive, value: |x, bits| Some(real::log_of_base(x, 10, bits)) },
    Function { name: "log1p", place: above_minus_one, value: |x, bits| Some(real::log1p(x, bits)) },
    Function { name: "log2", place: positive, value: |x, bits| Some(real::log_of_base(x, 2, bits)) },
    Function { name: "cbrt", place: everywhere, value: |x, bits| Some(real::cube_root(x, bits)) },
    Function { name: "erf", place: everywhere, value: |x, bits| Some(real::erf(x, bits)) },
    Function { name: "erfc", place: everywhere, value: |x, bits| Some(real::erfc(x, bits)) },
    Function {
        name: "tgamma",
        place: no_negative_integer,
        value: |x, bits| factorial(x).or_else(|| Some(real::gamma(x, bits))),
    },
    Function { name: "j0", place: everywhere, value: |x, bits| real::first_kind(0, x, bits) },
    Function { name: "j1", place: everywhere, value: |x, bits| real::first_kind(1, x, bits) },
    Function { name: "y0", place: positive, value: |x, bits| real::second_kind(0, x, bits) },
    Function { name: "y1", place: positive, value: |x, bits| real::second_kind(1, x, bits) },
];

/// Bits beyond those of the format, one after the other, until they decide. A
/// result that they do not tell from a number of the format is that.
const MORE: [u64; 3] = [48, 160, 400];

/// A value as a number of the format. `None` where there is no value.
pub(crate) fn decided(
    format: Format,
    rounding: Rounding,
    value: impl Fn(u64) -> Option<Exact>,
) -> Option<Rounded> {
    let mut last = Rounded::exact(Number::zero(false));
    for more in MORE {
        let bits = u64::from(format.precision) + more;
        let found = value(bits)?;
        if found.is_zero() {
            return Some(Rounded::exact(Number::Finite(found)));
        }
        let error = |negative| Exact::new(negative, 1, found.power() - bits as i64 + 6);
        let below = found.plus(&error(true), false).rounded(format, rounding);
        let above = found.plus(&error(false), false).rounded(format, rounding);
        if to_bits(format, &below.number) == to_bits(format, &above.number) {
            return Some(Rounded { number: above.number, raised: above.raised.with(Exceptions::INEXACT) });
        }
        last = Rounded::exact(found.rounded(format, Rounding::Nearest).number);
    }
    Some(last)
}

/// Exceptions and `errno` of a result, of arguments that are finite.
fn finished(c: &mut Context<'_>, mut result: Rounded, (sets, raises): (Sets, Raises)) -> Result<LongDouble> {
    let tiny = match &result.number {
        Number::Finite(exact) if !exact.is_zero() => {
            exact.power() < c.long_format()?.smallest_normal().into()
        }
        other => other.is_zero(),
    };
    // It is the argument, but not quite.
    if tiny && matches!(raises, Raises::Tiny | Raises::TinyPole | Raises::Gamma) {
        result.raised = result.raised.with(Exceptions::UNDERFLOW.with(Exceptions::INEXACT));
    }
    if sets == Sets::Underflow && result.number.is_zero() {
        c.set_errno(Errno::ERANGE)?;
    }
    checked(c, result)
}

fn pole(c: &mut Context<'_>, negative: bool) -> Result<LongDouble> {
    checked(c, Rounded { number: Number::infinity(negative), raised: Exceptions::DIVIDE })
}

/// So many quarters of a half turn.
fn eighths(c: &mut Context<'_>, count: i32) -> Result<Number> {
    let (format, rounding) = (c.long_format()?, c.rounding());
    let value = |bits| {
        let angle = real::turned_angle(&ONE(), &ONE(), bits);
        Some(angle.times(&Exact::new(count < 0, count.unsigned_abs().into(), 0)))
    };
    let result = decided(format, rounding, value).unwrap_or_else(Rounded::invalid);
    c.settled(result)
}

/// A function of one number; `double` is that of doubles, which tells what it is
/// of zeros and infinities.
pub(super) fn near(
    c: &mut Context<'_>,
    name: &str,
    x: LongDouble,
    double: impl Fn(f64) -> f64,
    about: (Sets, Raises),
) -> Result<LongDouble> {
    let format = c.long_format()?;
    let function = FUNCTIONS.iter().find(|it| it.name == name);
    let Some(function) = function.filter(|_| format != Format::DOUBLE) else {
        return run1(c, x.double(), double, about).map(LongDouble::of);
    };
    let exact = match &x.0 {
        Number::Nan { .. } => return quieted(c, x.0),
        Number::Infinite { negative } if name == "atan" => {
            let count = if *negative { -2 } else { 2 };
            return eighths(c, count).map(LongDouble);
        }
        Number::Finite(exact) if !exact.is_zero() || name == "acos" => exact,
        _ => return run1(c, x.double(), double, about).map(LongDouble::of),
    };
    match (function.place)(exact) {
        Place::Outside => return checked(c, Rounded::invalid()),
        Place::Pole { negative } => return pole(c, negative),
        Place::Inside => {}
    }
    let result = decided(format, c.rounding(), |bits| (function.value)(exact, bits));
    finished(c, result.unwrap_or_else(Rounded::invalid), about)
}

/// The same of two numbers.
pub(super) fn near_two(
    c: &mut Context<'_>,
    name: &str,
    (x, y): (LongDouble, LongDouble),
    double: impl Fn(f64, f64) -> f64,
    about: (Sets, Raises),
) -> Result<LongDouble> {
    if c.long_format()? == Format::DOUBLE {
        return run2(c, x.double(), y.double(), double, about).map(LongDouble::of);
    }
    match name {
        "pow" => pow(c, x, y, double, about),
        _ => atan2(c, x, y, double, about),
    }
}

fn atan2(
    c: &mut Context<'_>,
    y: LongDouble,
    x: LongDouble,
    double: impl Fn(f64, f64) -> f64,
    about: (Sets, Raises),
) -> Result<LongDouble> {
    if let Some(nan) = nan(&y, &x) {
        return quieted(c, nan);
    }
    if let (Number::Finite(rise), Number::Finite(run)) = (&y.0, &x.0)
        && !rise.is_zero()
        && !run.is_zero()
    {
        let rounding = c.rounding();
        let result = decided(c.long_format()?, rounding, |bits| Some(real::turned_angle(rise, run, bits)));
        return finished(c, result.unwrap_or_else(Rounded::invalid), about);
    }
    // Zeros, and whole eighths of a turn.
    let part = |number: &Number| match number {
        Number::Finite(exact) if !exact.is_zero() => 1.0_f64.copysign(sign(exact.negative)),
        other => other.to_double(),
    };
    let angle = double(part(&y.0), part(&x.0));
    let count = (angle / std::f64::consts::FRAC_PI_4).round() as i32;
    if count == 0 {
        return Ok(LongDouble::of(angle));
    }
    eighths(c, count).map(LongDouble)
}

const fn sign(negative: bool) -> f64 {
    if negative { -1.0 } else { 1.0 }
}

/// Whether it is an integer, and an odd one.
fn parity(y: &Exact) -> (bool, bool) {
    let (whole, changed) = y.at_unit(0, Rounding::TowardZero);
    (!changed, !changed && whole.exponent == 0 && whole.mantissa.bit(0))
}

fn pow(
    c: &mut Context<'_>,
    x: LongDouble,
    y: LongDouble,
    double: impl Fn(f64, f64) -> f64,
    about: (Sets, Raises),
) -> Result<LongDouble> {
    let is_one = |number: &Number| matches!(number, Number::Finite(it) if it.compare(&ONE()).is_eq());
    let given = nan(&x, &y);
    if y.0.is_zero() || is_one(&x.0) {
        if x.0.is_signalling() || y.0.is_signalling() {
            c.raise_exceptions(Exceptions::INVALID)?;
        }
        return Ok(LongDouble::of(1.0));
    }
    if let Some(nan) = given {
        return quieted(c, nan);
    }
    let (Number::Finite(base), Number::Finite(exponent), false) = (&x.0, &y.0, x.0.is_zero()) else {
        // Doubles that are as special as they are.
        let base = match &x.0 {
            Number::Finite(it) if !it.is_zero() => {
                let size = match it.compare_magnitudes(&ONE()) {
                    std::cmp::Ordering::Less => 0.5,
                    std::cmp::Ordering::Equal => 1.0,
                    std::cmp::Ordering::Greater => 2.0,
                };
                size * sign(it.negative)
            }
            other => other.to_double(),
        };
        let exponent = match &y.0 {
            Number::Finite(it) => {
                let size = match parity(it) {
                    (_, true) => 1.0,
                    (true, _) => 2.0,
                    _ => 0.5,
                };
                size * sign(it.negative)
            }
            other => other.to_double(),
        };
        return run2(c, base, exponent, double, about).map(LongDouble::of);
    };
    let (whole, odd) = parity(exponent);
    if base.negative && !whole {
        return checked(c, Rounded::invalid());
    }
    let size = Exact { negative: false, ..base.clone() };
    let negative = base.negative && odd;
    let signed = |value: Exact| Exact { negative, ..value };
    let format = c.long_format()?;
    let rounding = c.rounding();
    let result = match exact_power(&size, exponent, format) {
        Some(value) => signed(value).rounded(format, rounding),
        None => decided(format, rounding, |bits| Some(signed(real::power(&size, exponent, bits))))
            .unwrap_or_else(Rounded::invalid),
    };
    finished(c, result, (about.0, Raises::Nothing))
}

/// A power that is a number of the format, or in the middle of two.
fn exact_power(base: &Exact, exponent: &Exact, format: Format) -> Option<Exact> {
    let zeros = base.mantissa.trailing_zeros().unwrap_or(0);
    let mut base =
        Exact { negative: false, mantissa: &base.mantissa >> zeros, exponent: base.exponent + zeros as i64 };
    let zeros = exponent.mantissa.trailing_zeros().unwrap_or(0) as i64;
    let mut places = -(exponent.exponent + zeros);
    let count = u64::try_from(&exponent.mantissa >> zeros as u64).ok()?;
    // A root for each bit behind the point.
    while places > 0 {
        let root = base.mantissa.sqrt();
        if base.exponent % 2 != 0 || &root * &root != base.mantissa {
            return None;
        }
        base = Exact { mantissa: root, exponent: base.exponent / 2, ..base };
        places -= 1;
        // A power of two has roots without end, as long as its exponent is even.
        if base.exponent == 0 && base.mantissa.bits() == 1 {
            return Some(base);
        }
    }
    let count = count.checked_mul(1_u64.checked_shl(places.unsigned_abs() as u32)?)?;
    if base.mantissa.bits() == 1 {
        let power = base.exponent.checked_mul(i64::try_from(count).ok()?)?.clamp(-200_000, 200_000);
        return Some(Exact::new(false, 1, if exponent.negative { -power } else { power }));
    }
    if exponent.negative || count > u64::from(format.precision) + 2 {
        return None;
    }
    if (base.mantissa.bits() - 1) * count > u64::from(format.precision) + 2 {
        return None;
    }
    let power = base.mantissa.pow(count as u32);
    Some(Exact { negative: false, mantissa: power, exponent: base.exponent * count as i64 })
}

/// `jnl` and `ynl`: a function of an order, and that of doubles for arguments
/// that would take too long.
pub(super) fn of_order(
    c: &mut Context<'_>,
    order: i32,
    x: LongDouble,
    second: bool,
    double: impl Fn(f64) -> f64,
) -> Result<LongDouble> {
    let about = (if second { Sets::Errors } else { Sets::Nothing }, Raises::Pole);
    let format = c.long_format()?;
    if x.0.is_nan() {
        return quieted(c, x.0);
    }
    let exact = match &x.0 {
        Number::Finite(exact) if !exact.is_zero() && format != Format::DOUBLE => exact,
        _ => return run1(c, x.double(), double, about).map(LongDouble::of),
    };
    if second && exact.negative {
        return checked(c, Rounded::invalid());
    }
    let kind = if second { real::second_kind } else { real::first_kind };
    match decided(format, c.rounding(), |bits| kind(order, exact, bits)) {
        Some(result) => finished(c, result, about),
        None => run1(c, x.double(), double, about).map(LongDouble::of),
    }
}

/// The logarithm of the gamma function of a number that is neither zero nor
/// infinite, and its sign. `None` of others, and where the format is that of
/// `double`.
pub(super) fn log_gamma(c: &mut Context<'_>, x: &LongDouble) -> Result<Option<(LongDouble, i32)>> {
    let format = c.long_format()?;
    let Number::Finite(exact) = &x.0 else { return Ok(None) };
    if format == Format::DOUBLE || exact.is_zero() {
        return Ok(None);
    }
    if real::is_negative_integer(exact) {
        return Ok(Some((pole(c, false)?, 1)));
    }
    // Which is zero of one and two.
    if !exact.negative && [1, 2].iter().any(|it| exact.compare(&Exact::new(false, *it, 0)).is_eq()) {
        return Ok(Some((LongDouble::of(0.0), 1)));
    }
    let negative = exact.negative && parity(&exact.at_unit(0, Rounding::Downward).0).1;
    let result = decided(format, c.rounding(), |bits| Some(real::log_gamma(exact, bits).0));
    let value = finished(c, result.unwrap_or_else(Rounded::invalid), (Sets::Errors, Raises::Nothing))?;
    Ok(Some((value, if negative { -1 } else { 1 })))
}

/// Sine and cosine of a number that is neither zero nor infinite, where the
/// format is not that of `double`.
pub(super) fn sine_cosine(c: &mut Context<'_>, x: &LongDouble) -> Result<Option<(Number, Number)>> {
    let (format, rounding) = (c.long_format()?, c.rounding());
    let Number::Finite(exact) = &x.0 else { return Ok(None) };
    if format == Format::DOUBLE || exact.is_zero() {
        return Ok(None);
    }
    let sine = decided(format, rounding, |bits| Some(real::sine_cosine(exact, bits).0));
    let cosine = decided(format, rounding, |bits| Some(real::sine_cosine(exact, bits).1));
    let about = (Sets::Nothing, Raises::Tiny);
    let sine = finished(c, sine.unwrap_or_else(Rounded::invalid), about)?;
    let cosine = finished(c, cosine.unwrap_or_else(Rounded::invalid), about)?;
    Ok(Some((sine.0, cosine.0)))
}
