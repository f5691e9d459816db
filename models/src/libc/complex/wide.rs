//! The functions of `long double complex`, with the special cases of C99's Annex
//! G, on parts that have more bits and a wider range than any format.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::super::{
    exact::{Exact, Format, Number},
    fenv::Rounding,
    real,
};

const NEAREST: Rounding = Rounding::Nearest;
const BITS: u64 = Format::WIDE.precision as u64;

/// A part of a complex number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part(pub(super) Number);

macro_rules! operator {
    ($($trait:ident $name:ident = $method:ident;)*) => {$(
        impl $trait for &Part {
            type Output = Part;
            fn $name(self, other: Self) -> Part {
                Part(self.0.$method(&other.0, Format::WIDE, NEAREST).number)
            }
        }
    )*};
}

operator! {
    Add add = add;
    Mul mul = multiply;
    Div div = divide;
}

impl Sub for &Part {
    type Output = Part;
    fn sub(self, other: Self) -> Part {
        self + &-other
    }
}

impl Neg for &Part {
    type Output = Part;
    fn neg(self) -> Part {
        Part(self.0.clone().negated())
    }
}

fn constant(value: f64) -> Part {
    Part(Number::of_double(value))
}

fn nan() -> Part {
    Part(Number::NAN)
}

fn infinity() -> Part {
    Part(Number::infinity(false))
}

fn zero() -> Part {
    constant(0.0)
}

fn one() -> Part {
    constant(1.0)
}

/// So many quarters of a half turn.
fn eighths(count: f64) -> Part {
    &one().angle(&one()) * &constant(count)
}

impl Part {
    fn is_nan(&self) -> bool {
        self.0.is_nan()
    }
    fn is_infinite(&self) -> bool {
        self.0.is_infinite()
    }
    fn is_finite(&self) -> bool {
        self.0.is_finite()
    }
    fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
    fn is_negative(&self) -> bool {
        self.0.is_negative()
    }
    fn signed(self, negative: bool) -> Self {
        Self(self.0.with_sign(negative))
    }
    fn abs(&self) -> Self {
        self.clone().signed(false)
    }
    fn like(self, other: &Self) -> Self {
        let negative = other.is_negative();
        self.signed(negative)
    }
    /// Half of it.
    fn half(&self) -> Self {
        self * &constant(0.5)
    }
    fn twice(&self) -> Self {
        self * &constant(2.0)
    }
    fn root(&self) -> Self {
        Self(self.0.square_root(Format::WIDE, NEAREST).number)
    }

    /// A function of what is finite and not zero; what it is of others is that
    /// of doubles.
    fn by(&self, function: impl Fn(&Exact, u64) -> Exact, special: impl Fn(f64) -> f64) -> Self {
        match &self.0 {
            Number::Finite(exact) if !exact.is_zero() => Self(Number::Finite(function(exact, BITS))),
            other => constant(special(other.to_double())),
        }
    }
    fn exp(&self) -> Self {
        self.by(real::exp, f64::exp)
    }
    fn log(&self) -> Self {
        self.by(real::log, f64::ln)
    }
    fn log1p(&self) -> Self {
        self.by(real::log1p, f64::ln_1p)
    }
    fn sin(&self) -> Self {
        self.by(|x, bits| real::sine_cosine(x, bits).0, f64::sin)
    }
    fn cos(&self) -> Self {
        self.by(|x, bits| real::sine_cosine(x, bits).1, f64::cos)
    }
    fn sinh(&self) -> Self {
        self.by(real::sinh, f64::sinh)
    }
    fn cosh(&self) -> Self {
        self.by(real::cosh, f64::cosh)
    }
    fn asinh(&self) -> Self {
        self.by(real::asinh, f64::asinh)
    }

    /// `atan2(self, x)`.
    fn angle(&self, x: &Self) -> Self {
        match (&self.0, &x.0) {
            (Number::Finite(rise), Number::Finite(run)) if !rise.is_zero() && !run.is_zero() => {
                Self(Number::Finite(real::turned_angle(rise, run, BITS)))
            }
            (Number::Nan { .. }, _) | (_, Number::Nan { .. }) => nan(),
            (rise, run) => {
                let part = |number: &Number| match number {
                    Number::Finite(exact) if !exact.is_zero() => {
                        if exact.negative {
                            -1.0
                        } else {
                            1.0
                        }
                    }
                    other => other.to_double(),
                };
                let angle = libm::atan2(part(rise), part(run));
                let count = (angle / std::f64::consts::FRAC_PI_4).round();
                if count == 0.0 {
                    return constant(angle);
                }
                let quarter = real::turned_angle(&Exact::new(false, 1, 0), &Exact::new(false, 1, 0), BITS);
                &Self(Number::Finite(quarter)) * &constant(count)
            }
        }
    }

    fn hypot(&self, other: &Self) -> Self {
        if self.is_infinite() || other.is_infinite() {
            return infinity();
        }
        (&(self * self) + &(other * other)).root()
    }
}

/// A number in rectangular parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wide {
    pub(super) re: Part,
    pub(super) im: Part,
}

const fn of(re: Part, im: Part) -> Wide {
    Wide { re, im }
}

/// `i * z`.
fn turned(z: &Wide) -> Wide {
    of(-&z.im, z.re.clone())
}

/// `-i * z`.
fn turned_back(z: &Wide) -> Wide {
    of(z.im.clone(), -&z.re)
}

pub(super) fn magnitude(z: &Wide) -> Part {
    z.re.hypot(&z.im)
}

pub(super) fn argument(z: &Wide) -> Part {
    z.im.angle(&z.re)
}

/// `size * (cos y + i sin y)`, where a zero stays one.
fn polar(size: &Part, y: &Part) -> Wide {
    if y.is_zero() {
        return of(size.clone(), y.clone());
    }
    of(size * &y.cos(), size * &y.sin())
}

/// What is no number, but a zero where the imaginary part is one.
fn nan_beside(y: &Part) -> Wide {
    of(nan(), if y.is_zero() { y.clone() } else { nan() })
}

/// G.6.3.1.
pub(super) fn exponential(z: &Wide) -> Wide {
    let (x, y) = (&z.re, &z.im);
    match (x.is_nan(), y.is_finite()) {
        (true, _) => nan_beside(y),
        (false, true) if x.is_infinite() && !x.is_negative() && !y.is_zero() => {
            of(infinity().like(&y.cos()), infinity().like(&y.sin()))
        }
        (false, true) => polar(&x.exp(), y),
        (false, false) if x.is_infinite() && x.is_negative() => of(zero(), zero().like(y)),
        (false, false) if x.is_infinite() => of(infinity(), nan()),
        _ => of(nan(), nan()),
    }
}

/// G.6.3.2.
pub(super) fn logarithm(z: &Wide) -> Wide {
    let size = magnitude(z);
    let near = size.is_finite()
        && !size.is_zero()
        && matches!(&size.0, Number::Finite(it) if (-1..=0).contains(&it.power()));
    // Near one the square is better known than its root.
    let re = if near {
        let (x, y) = (z.re.abs(), z.im.abs());
        let (large, small) =
            if x.0.order(&y.0).is_some_and(std::cmp::Ordering::is_lt) { (y, x) } else { (x, y) };
        let square = &(&(&large - &one()) * &(&large + &one())) + &(&small * &small);
        square.log1p().half()
    } else {
        size.log()
    };
    of(re, argument(z))
}

/// G.6.4.2.
pub(super) fn square_root(z: &Wide) -> Wide {
    let (x, y) = (&z.re, &z.im);
    if y.is_infinite() {
        return of(infinity(), y.clone());
    }
    if x.is_infinite() {
        return if x.is_negative() {
            of(if y.is_nan() { nan() } else { zero() }, infinity().like(y))
        } else {
            of(x.clone(), if y.is_nan() { nan() } else { zero().like(y) })
        };
    }
    if x.is_zero() && y.is_zero() {
        return of(zero(), y.clone());
    }
    if x.is_nan() || y.is_nan() {
        return of(nan(), nan());
    }
    let t = (&x.abs() + &x.hypot(y)).half().root();
    let other = &y.abs() / &t.twice();
    if x.is_negative() && !x.is_zero() { of(other, t.like(y)) } else { of(t, other.like(y)) }
}

/// G.6.2.5.
pub(super) fn sinh(z: &Wide) -> Wide {
    let (x, y) = (&z.re, &z.im);
    if x.is_finite() && y.is_finite() {
        if y.is_zero() {
            return of(x.sinh(), y.clone());
        }
        return of(&x.sinh() * &y.cos(), &x.cosh() * &y.sin());
    }
    if x.is_infinite() && y.is_finite() {
        if y.is_zero() {
            return z.clone();
        }
        let negative = x.is_negative() != y.cos().is_negative();
        return of(infinity().signed(negative), infinity().like(&y.sin()));
    }
    if x.is_zero() {
        return of(x.clone(), nan());
    }
    if x.is_infinite() {
        return of(infinity(), nan());
    }
    nan_beside(y)
}

/// G.6.2.4.
pub(super) fn cosh(z: &Wide) -> Wide {
    let (x, y) = (&z.re, &z.im);
    if x.is_finite() && y.is_finite() {
        if y.is_zero() || x.is_zero() {
            let re = if y.is_zero() { x.cosh() } else { y.cos() };
            return of(re, zero().signed(x.is_negative() != y.is_negative()));
        }
        return of(&x.cosh() * &y.cos(), &x.sinh() * &y.sin());
    }
    if x.is_infinite() && y.is_finite() {
        if y.is_zero() {
            return of(infinity(), zero().signed(x.is_negative() != y.is_negative()));
        }
        let negative = x.is_negative() != y.sin().is_negative();
        return of(infinity().like(&y.cos()), infinity().signed(negative));
    }
    if x.is_zero() {
        return of(nan(), zero());
    }
    if x.is_infinite() {
        return of(infinity(), nan());
    }
    nan_beside(y)
}

/// G.6.2.6.
pub(super) fn tanh(z: &Wide) -> Wide {
    let (x, y) = (&z.re, &z.im);
    if x.is_infinite() {
        let sign = if y.is_finite() { y.twice().sin() } else { y.clone() };
        return of(one().like(x), zero().like(&sign));
    }
    if !x.is_finite() || !y.is_finite() {
        if x.is_zero() {
            return of(x.clone(), nan());
        }
        return nan_beside(y);
    }
    let (sine, cosine) = (y.sin(), y.cos());
    let (sh, ch) = (x.sinh(), x.cosh());
    let below = &(&sh * &sh) + &(&cosine * &cosine);
    of(&(&sh * &ch) / &below, &(&sine * &cosine) / &below)
}

pub(super) fn sin(z: &Wide) -> Wide {
    turned_back(&sinh(&turned(z)))
}

pub(super) fn cos(z: &Wide) -> Wide {
    cosh(&turned(z))
}

pub(super) fn tan(z: &Wide) -> Wide {
    turned_back(&tanh(&turned(z)))
}

fn times(a: &Wide, b: &Wide) -> Wide {
    of(&(&a.re * &b.re) - &(&a.im * &b.im), &(&a.re * &b.im) + &(&a.im * &b.re))
}

/// G.6.2.2; W. Kahan, "Branch cuts for complex elementary functions" (1987).
pub(super) fn asinh(z: &Wide) -> Wide {
    let (x, y) = (&z.re, &z.im);
    if !x.is_finite() || !y.is_finite() {
        return match () {
            () if x.is_infinite() && y.is_infinite() => of(x.clone(), eighths(1.0).like(y)),
            () if x.is_infinite() => of(x.clone(), if y.is_nan() { nan() } else { zero().like(y) }),
            () if y.is_infinite() => {
                of(infinity().like(x), if x.is_nan() { nan() } else { eighths(2.0).like(y) })
            }
            () => nan_beside(y),
        };
    }
    // sqrt(1 + i z), and sqrt(1 - i z).
    let first = square_root(&of(&one() - y, x.clone()));
    let second = square_root(&of(&one() + y, -x));
    let part = &(&first.re * &second.im) - &(&first.im * &second.re);
    of(part.abs().asinh().like(x), y.angle(&times(&first, &second).re))
}

pub(super) fn asin(z: &Wide) -> Wide {
    turned_back(&asinh(&turned(z)))
}

/// G.6.1.1.
pub(super) fn acos(z: &Wide) -> Wide {
    let (x, y) = (&z.re, &z.im);
    if !x.is_finite() || !y.is_finite() {
        return match () {
            () if x.is_infinite() && y.is_infinite() => {
                of(eighths(if x.is_negative() { 3.0 } else { 1.0 }), -y)
            }
            () if x.is_infinite() && y.is_nan() => of(nan(), infinity()),
            () if x.is_infinite() => {
                let re = if x.is_negative() { eighths(4.0) } else { zero() };
                of(re, infinity().signed(!y.is_negative()))
            }
            () if y.is_infinite() => of(if x.is_nan() { nan() } else { eighths(2.0) }, -y),
            () if x.is_zero() => of(eighths(2.0), nan()),
            () => of(nan(), nan()),
        };
    }
    let below = square_root(&of(&one() - x, -y));
    let above = square_root(&of(&one() + x, y.clone()));
    let part = &(&above.re * &below.im) - &(&above.im * &below.re);
    of(below.re.angle(&above.re).twice(), part.abs().asinh().signed(!y.is_negative()))
}

/// G.6.2.1.
pub(super) fn acosh(z: &Wide) -> Wide {
    let found = acos(z);
    if found.im.is_nan() && z.re.is_nan() && z.im.is_infinite() {
        return of(infinity(), nan());
    }
    // `i` times it, with a real part that is not negative.
    let im = if z.im.is_negative() { -&found.re } else { found.re };
    of(found.im.abs(), im)
}

/// G.6.2.3.
pub(super) fn atanh(z: &Wide) -> Wide {
    let (x, y) = (&z.re, &z.im);
    if y.is_infinite() {
        return of(zero().like(x), eighths(2.0).like(y));
    }
    if x.is_nan() || y.is_nan() {
        return match () {
            () if x.is_infinite() => of(zero().like(x), nan()),
            () if x.is_zero() => of(x.clone(), nan()),
            () => of(nan(), nan()),
        };
    }
    if x.is_infinite() {
        return of(zero().like(x), eighths(2.0).like(y));
    }
    let size = x.abs();
    let (less, more) = (&one() - &size, &one() + &size);
    let square = y * y;
    let below = &(&less * &less) + &square;
    let re = if below.is_zero() {
        infinity()
    } else {
        &(&(&size * &constant(4.0)) / &below).log1p() * &constant(0.25)
    };
    of(re.like(x), y.twice().angle(&(&(&less * &more) - &square)).half())
}

pub(super) fn atan(z: &Wide) -> Wide {
    turned_back(&atanh(&turned(z)))
}

/// As glibc: by the logarithm.
pub(super) fn power(x: &Wide, y: &Wide) -> Wide {
    exponential(&times(y, &logarithm(x)))
}
