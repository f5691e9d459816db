//! The functions themselves, with the special cases of C99's Annex G.

/// A complex number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Complex {
    pub(super) re: f64,
    pub(super) im: f64,
}

const fn of(re: f64, im: f64) -> Complex {
    Complex { re, im }
}

/// `i * z`.
const fn turned(z: Complex) -> Complex {
    of(-z.im, z.re)
}

/// `-i * z`.
const fn turned_back(z: Complex) -> Complex {
    of(z.im, -z.re)
}

pub(super) const fn real(z: Complex) -> f64 {
    z.re
}

pub(super) const fn imaginary(z: Complex) -> f64 {
    z.im
}

pub(super) fn magnitude(z: Complex) -> f64 {
    libm::hypot(z.re, z.im)
}

pub(super) fn argument(z: Complex) -> f64 {
    pxfm::f_atan2(z.im, z.re)
}

pub(super) const fn conjugate(z: Complex) -> Complex {
    of(z.re, -z.im)
}

pub(super) fn projection(z: Complex) -> Complex {
    if z.re.is_infinite() || z.im.is_infinite() { of(f64::INFINITY, 0.0_f64.copysign(z.im)) } else { z }
}

/// `size * (cos y + i sin y)`, where a zero stays one.
fn polar(size: f64, y: f64) -> Complex {
    if y == 0.0 {
        return of(size, y);
    }
    of(size * pxfm::f_cos(y), size * pxfm::f_sin(y))
}

/// G.6.3.1.
pub(super) fn exponential(z: Complex) -> Complex {
    let (x, y) = (z.re, z.im);
    match (x.is_nan(), y.is_finite()) {
        (true, _) => of(f64::NAN, if y == 0.0 { y } else { f64::NAN }),
        (false, true) if x == f64::INFINITY && y != 0.0 => {
            of(f64::INFINITY.copysign(pxfm::f_cos(y)), f64::INFINITY.copysign(pxfm::f_sin(y)))
        }
        // The exponent alone may be out of range.
        (false, true) if x > 709.0 && x < 1500.0 && y != 0.0 => {
            let half = polar(pxfm::f_exp(x - 709.0), y);
            let rest = pxfm::f_exp(709.0);
            of(half.re * rest, half.im * rest)
        }
        (false, true) => polar(pxfm::f_exp(x), y),
        (false, false) if x == f64::NEG_INFINITY => of(0.0, 0.0_f64.copysign(y)),
        (false, false) if x == f64::INFINITY => of(f64::INFINITY, f64::NAN),
        _ => of(f64::NAN, f64::NAN),
    }
}

/// Half of the exponential of a large number, which may be in range where the
/// whole is not.
fn half_exponential(x: f64, y: f64) -> Complex {
    let part = polar(pxfm::f_exp(x - 700.0), y);
    let rest = pxfm::f_exp(700.0) / 2.0;
    of(part.re * rest, part.im * rest)
}

/// G.6.3.2.
pub(super) fn logarithm(z: Complex) -> Complex {
    let size = magnitude(z);
    let (large, small) = (z.re.abs().max(z.im.abs()), z.re.abs().min(z.im.abs()));
    // Near one the square is better known than its root.
    let re = if size > 0.5 && size < 2.0 {
        libm::log1p((large - 1.0) * (large + 1.0) + small * small) / 2.0
    } else if size.is_infinite() && large.is_finite() {
        pxfm::f_log(libm::hypot(z.re / 2.0, z.im / 2.0)) + std::f64::consts::LN_2
    } else {
        pxfm::f_log(size)
    };
    of(re, argument(z))
}

/// G.6.4.2.
pub(super) fn square_root(z: Complex) -> Complex {
    let (x, y) = (z.re, z.im);
    if y.is_infinite() {
        return of(f64::INFINITY, y);
    }
    if x.is_infinite() {
        let other = if y.is_nan() { f64::NAN } else { 0.0 };
        return if x > 0.0 {
            of(x, if y.is_nan() { y } else { 0.0_f64.copysign(y) })
        } else {
            of(other, f64::INFINITY.copysign(y))
        };
    }
    if x == 0.0 && y == 0.0 {
        return of(0.0, y);
    }
    if x.is_nan() || y.is_nan() {
        return of(f64::NAN, f64::NAN);
    }
    // Away from the ends of the range.
    let scale = if x.abs().max(y.abs()) > 1e300 {
        -2
    } else if x.abs().max(y.abs()) < 1e-290 {
        108
    } else {
        0
    };
    let (x, y) = (libm::scalbn(x, scale), libm::scalbn(y, scale));
    let t = ((x.abs() + libm::hypot(x, y)) / 2.0).sqrt();
    let (re, im) = if x >= 0.0 { (t, y / (2.0 * t)) } else { (y.abs() / (2.0 * t), t.copysign(y)) };
    of(libm::scalbn(re, -scale / 2), libm::scalbn(im, -scale / 2))
}

/// G.6.2.5.
pub(super) fn sinh(z: Complex) -> Complex {
    let (x, y) = (z.re, z.im);
    if x.is_finite() && y.is_finite() {
        if y == 0.0 {
            return of(libm::sinh(x), y);
        }
        if x.abs() > 700.0 {
            let large = half_exponential(x.abs(), y);
            return of(large.re * x.signum(), large.im);
        }
        return of(libm::sinh(x) * pxfm::f_cos(y), libm::cosh(x) * pxfm::f_sin(y));
    }
    if x.is_infinite() && y.is_finite() {
        return if y == 0.0 {
            of(x, y)
        } else {
            of(x * pxfm::f_cos(y).signum(), f64::INFINITY.copysign(pxfm::f_sin(y)))
        };
    }
    if x == 0.0 {
        return of(x, f64::NAN);
    }
    if x.is_infinite() {
        return of(f64::INFINITY, f64::NAN);
    }
    of(f64::NAN, if y == 0.0 { y } else { f64::NAN })
}

/// G.6.2.4.
pub(super) fn cosh(z: Complex) -> Complex {
    let (x, y) = (z.re, z.im);
    if x.is_finite() && y.is_finite() {
        if y == 0.0 || x == 0.0 {
            let sign = if x.is_sign_negative() != y.is_sign_negative() { -1.0 } else { 1.0 };
            let re = if y == 0.0 { libm::cosh(x) } else { pxfm::f_cos(y) };
            return of(re, 0.0 * sign);
        }
        if x.abs() > 700.0 {
            let large = half_exponential(x.abs(), y);
            return of(large.re, large.im * x.signum());
        }
        return of(libm::cosh(x) * pxfm::f_cos(y), libm::sinh(x) * pxfm::f_sin(y));
    }
    if x.is_infinite() && y.is_finite() {
        return if y == 0.0 {
            of(f64::INFINITY, y * x.signum())
        } else {
            of(f64::INFINITY.copysign(pxfm::f_cos(y)), x * pxfm::f_sin(y).signum())
        };
    }
    if x == 0.0 {
        return of(f64::NAN, 0.0);
    }
    if x.is_infinite() {
        return of(f64::INFINITY, f64::NAN);
    }
    of(f64::NAN, if y == 0.0 { y } else { f64::NAN })
}

/// G.6.2.6.
pub(super) fn tanh(z: Complex) -> Complex {
    let (x, y) = (z.re, z.im);
    if x.is_infinite() {
        let sign = if y.is_finite() { pxfm::f_sin(2.0 * y) } else { y };
        return of(1.0_f64.copysign(x), 0.0_f64.copysign(sign));
    }
    if !x.is_finite() || !y.is_finite() {
        if x == 0.0 {
            return of(x, f64::NAN);
        }
        return of(f64::NAN, if y == 0.0 { y } else { f64::NAN });
    }
    if x.abs() > 22.0 {
        // 1 - 2 / (exp(2 x) + 1), and what is left of the sine.
        let small = 4.0 * pxfm::f_sin(y) * pxfm::f_cos(y) * pxfm::f_exp(-2.0 * x.abs());
        return of(1.0_f64.copysign(x), if y == 0.0 { y } else { small });
    }
    let (sine, cosine) = (if y == 0.0 { y } else { pxfm::f_sin(y) }, pxfm::f_cos(y));
    let (sh, ch) = (libm::sinh(x), libm::cosh(x));
    let below = sh * sh + cosine * cosine;
    of(sh * ch / below, sine * cosine / below)
}

pub(super) fn sin(z: Complex) -> Complex {
    turned_back(sinh(turned(z)))
}

pub(super) fn cos(z: Complex) -> Complex {
    cosh(turned(z))
}

pub(super) fn tan(z: Complex) -> Complex {
    turned_back(tanh(turned(z)))
}

fn times(a: Complex, b: Complex) -> Complex {
    of(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
}

/// G.6.2.2; W. Kahan, "Branch cuts for complex elementary functions" (1987).
pub(super) fn asinh(z: Complex) -> Complex {
    let (x, y) = (z.re, z.im);
    if !x.is_finite() || !y.is_finite() {
        return match (x, y) {
            _ if x.is_infinite() && y.is_infinite() => of(x, std::f64::consts::FRAC_PI_4.copysign(y)),
            _ if x.is_infinite() => of(x, if y.is_nan() { y } else { 0.0_f64.copysign(y) }),
            _ if y.is_infinite() => {
                let im = if x.is_nan() { f64::NAN } else { std::f64::consts::FRAC_PI_2.copysign(y) };
                of(f64::INFINITY.copysign(x), im)
            }
            _ => of(f64::NAN, if y == 0.0 { y } else { f64::NAN }),
        };
    }
    // sqrt(1 + i z), and sqrt(1 - i z).
    let one = square_root(of(1.0 - y, x));
    let other = square_root(of(1.0 + y, -x));
    let large = x.abs().max(y.abs());
    let re = if large > 1e150 {
        (pxfm::f_log(magnitude(of(x / 2.0, y / 2.0))) + 2.0 * std::f64::consts::LN_2).copysign(x)
    } else {
        libm::asinh(-(one.re * other.im - one.im * other.re).abs()).abs().copysign(x)
    };
    of(re, pxfm::f_atan2(y, times(one, other).re))
}

pub(super) fn asin(z: Complex) -> Complex {
    turned_back(asinh(turned(z)))
}

/// G.6.1.1.
pub(super) fn acos(z: Complex) -> Complex {
    let (x, y) = (z.re, z.im);
    if !x.is_finite() || !y.is_finite() {
        use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};
        return match (x, y) {
            _ if x.is_infinite() && y.is_infinite() => {
                of(if x > 0.0 { FRAC_PI_4 } else { 3.0 * FRAC_PI_4 }, -y)
            }
            _ if x.is_infinite() && y.is_nan() => of(f64::NAN, f64::INFINITY),
            _ if x.is_infinite() => of(if x > 0.0 { 0.0 } else { PI }, -f64::INFINITY.copysign(y)),
            _ if y.is_infinite() => of(if x.is_nan() { f64::NAN } else { FRAC_PI_2 }, -y),
            _ if x == 0.0 => of(FRAC_PI_2, f64::NAN),
            _ => of(f64::NAN, f64::NAN),
        };
    }
    let below = square_root(of(1.0 - x, -y));
    let above = square_root(of(1.0 + x, y));
    let re = 2.0 * pxfm::f_atan2(below.re, above.re);
    let large = x.abs().max(y.abs());
    let im = if large > 1e150 {
        (pxfm::f_log(magnitude(of(x / 2.0, y / 2.0))) + 2.0 * std::f64::consts::LN_2).copysign(-y)
    } else {
        libm::asinh((above.re * below.im - above.im * below.re).abs()).copysign(-y)
    };
    of(re, im)
}

/// G.6.2.1.
pub(super) fn acosh(z: Complex) -> Complex {
    let found = acos(z);
    if found.im.is_nan() && z.re.is_nan() && z.im.is_infinite() {
        return of(f64::INFINITY, f64::NAN);
    }
    // `i` times it, with a real part that is not negative.
    if z.im.is_sign_negative() { of(found.im.abs(), -found.re) } else { of(found.im.abs(), found.re) }
}

/// G.6.2.3.
pub(super) fn atanh(z: Complex) -> Complex {
    let (x, y) = (z.re, z.im);
    let quarter = std::f64::consts::FRAC_PI_2.copysign(y);
    if y.is_infinite() {
        return of(0.0_f64.copysign(x), quarter);
    }
    if x.is_nan() || y.is_nan() {
        return match () {
            () if x.is_infinite() => of(0.0_f64.copysign(x), f64::NAN),
            () if x == 0.0 => of(x, f64::NAN),
            () => of(f64::NAN, f64::NAN),
        };
    }
    if x.is_infinite() || x.abs().max(y.abs()) > 1e150 {
        let re = if x.is_infinite() { 0.0 } else { x / x.hypot(y) / x.hypot(y) };
        return of(re.copysign(x), quarter);
    }
    let below = (1.0 - x.abs()) * (1.0 - x.abs()) + y * y;
    let re = if below == 0.0 {
        f64::INFINITY.copysign(x)
    } else {
        (libm::log1p(4.0 * x.abs() / below) / 4.0).copysign(x)
    };
    let im = pxfm::f_atan2(2.0 * y, (1.0 - x.abs()) * (1.0 + x.abs()) - y * y) / 2.0;
    of(re, im)
}

pub(super) fn atan(z: Complex) -> Complex {
    turned_back(atanh(turned(z)))
}

/// As glibc: by the logarithm.
pub(super) fn power(x: Complex, y: Complex) -> Complex {
    exponential(times(y, logarithm(x)))
}
