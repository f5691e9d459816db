//! Against the host's arithmetic, and Rust's conversions: doubles of all
//! magnitudes, which the exact arithmetic has to round as IEEE 754 says.

use super::{
    super::fenv::{Exceptions, Rounding},
    Digits, Exact, Format, Number, decimal, hexadecimal, of_bits, to_bits,
};

/// Bits without pattern (Marsaglia's xorshift).
struct Bits(u64);

impl Bits {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number, often near another and sometimes one of the edges.
    fn double(&mut self) -> f64 {
        let edges = [0.0, -0.0, 1.0, f64::MIN_POSITIVE, f64::MAX, 5e-324, f64::INFINITY, f64::EPSILON];
        match self.next() % 8 {
            0 => edges[(self.next() % 8) as usize],
            1..=3 => f64::from_bits(self.next() & !(0x7ff << 52) | (1000 + self.next() % 50) << 52),
            _ => f64::from_bits(self.next()),
        }
    }
}

fn bits(number: &Number) -> u64 {
    to_bits(Format::DOUBLE, number) as u64
}

/// Equal, or both no numbers.
fn agrees(found: &Number, expected: f64, what: &str) {
    if expected.is_nan() {
        assert!(found.is_nan(), "{what}: {found:?}");
    } else {
        assert_eq!(bits(found), expected.to_bits(), "{what}");
    }
}

#[test]
fn arithmetic_of_doubles_is_that_of_the_host() {
    let mut random = Bits(0x9e37_79b9_7f4a_7c15);
    let nearest = |number: super::Rounded| number.number;
    for _ in 0..20_000 {
        let (x, y, z) = (random.double(), random.double(), random.double());
        let (one, two, three) = (Number::of_double(x), Number::of_double(y), Number::of_double(z));
        let what = format!("{x:e} {y:e} {z:e}");
        let format = Format::DOUBLE;
        agrees(&nearest(one.add(&two, format, Rounding::Nearest)), x + y, &what);
        agrees(&nearest(one.multiply(&two, format, Rounding::Nearest)), x * y, &what);
        agrees(&nearest(one.divide(&two, format, Rounding::Nearest)), x / y, &what);
        agrees(&nearest(one.square_root(format, Rounding::Nearest)), x.sqrt(), &what);
        agrees(&nearest(one.multiply_add(&two, &three, format, Rounding::Nearest)), x.mul_add(y, z), &what);
        agrees(&nearest(one.remainder(&two, false).rest), x % y, &what);
        agrees(&nearest(one.remainder(&two, true).rest), libm::remainder(x, y), &what);
        agrees(&one.whole(Rounding::Nearest).0, x.round_ties_even(), &what);
        agrees(&one.whole(Rounding::Downward).0, x.floor(), &what);
        agrees(&one.whole(Rounding::Upward).0, x.ceil(), &what);
        agrees(&one.whole_away(), x.round(), &what);
        assert_eq!(one.order(&two), x.partial_cmp(&y), "{what}");
        if !x.is_nan() {
            agrees(&one.beside(true, format), x.next_up(), &what);
            agrees(&one.beside(false, format), x.next_down(), &what);
            assert_eq!(one.to_single_by(Rounding::Nearest).0.to_bits(), (x as f32).to_bits(), "{what}");
        }
    }
}

#[test]
fn directed_modes_enclose_the_result() {
    let mut random = Bits(0x2545_f491_4f6c_dd1d);
    for _ in 0..5_000 {
        let (x, y) = (random.double(), random.double());
        if !(x * y).is_finite() || !x.is_finite() || !y.is_finite() {
            continue;
        }
        let product = |rounding| {
            let rounded = Number::of_double(x).multiply(&Number::of_double(y), Format::DOUBLE, rounding);
            (rounded.number.to_double(), rounded.raised)
        };
        let (down, up, zero) =
            (product(Rounding::Downward).0, product(Rounding::Upward).0, product(Rounding::TowardZero).0);
        let (near, raised) = product(Rounding::Nearest);
        assert!(down <= near && near <= up, "{x:e} {y:e}");
        assert_eq!(zero, if near.is_sign_negative() { up } else { down }, "{x:e} {y:e}");
        assert_eq!(raised.has(Exceptions::INEXACT), down != up, "{x:e} {y:e}");
        assert!(down == up || down.next_up() == up, "{x:e} {y:e}");
    }
}

#[test]
fn formats_keep_their_bits() {
    let mut random = Bits(0x1234_5678_9abc_def1);
    for _ in 0..20_000 {
        let wide = u128::from(random.next()) << 64 | u128::from(random.next());
        for (format, bits) in [
            (Format::SINGLE, wide & 0xffff_ffff),
            (Format::DOUBLE, wide & u128::from(u64::MAX)),
            (Format::QUAD, wide),
            // A normal number has its leading one.
            (Format::EXTENDED, wide >> 48 | 1 << 63 | 1 << 64),
        ] {
            let number = of_bits(format, bits);
            assert_eq!(to_bits(format, &number), bits, "{format:?} {bits:#x}");
            let rounded = number.rounded(format, Rounding::Upward);
            if !number.is_nan() {
                assert_eq!(rounded.number, number, "{format:?} {bits:#x}");
            }
        }
    }
}

#[test]
fn decimal_numbers_are_read_as_rust_reads_them() {
    let mut random = Bits(0x0123_4567_89ab_cdef);
    for _ in 0..5_000 {
        let power = random.next() as i64 % 330;
        let digits = random.next().to_string();
        let text = format!("{}.{}", &digits[..1], &digits[1..]);
        let found = decimal(text.as_bytes(), power, false, Format::DOUBLE, Rounding::Nearest).number;
        let expected: f64 = format!("{text}e{power}").parse().unwrap();
        assert_eq!(bits(&found), expected.to_bits(), "{text}e{power}");
    }
    for (text, power, expected) in [
        ("9007199254740993", 0, 9_007_199_254_740_992.0),
        ("9007199254740993.00000000000000000001", 0, 9_007_199_254_740_994.0),
        ("000.0", 99_999, 0.0),
        ("1", 400, f64::INFINITY),
        ("1", -400, 0.0),
        ("4.9406564584124654", -324, 5e-324),
    ] {
        let found = decimal(text.as_bytes(), power, false, Format::DOUBLE, Rounding::Nearest).number;
        assert_eq!(bits(&found), f64::to_bits(expected), "{text}e{power}");
    }
    // So many digits that not all of them are kept.
    let long = format!("1.{}1", "0".repeat(20_000));
    let up = decimal(long.as_bytes(), 0, false, Format::DOUBLE, Rounding::Upward).number;
    assert_eq!(up.to_double(), 1.0_f64.next_up());
    let long = format!("1{}", "0".repeat(300_000));
    assert!(
        decimal(long.as_bytes(), -300_000, false, Format::DOUBLE, Rounding::Nearest).number.to_double()
            == 1.0
    );
    let found = hexadecimal(b"1.8", 1_000_000, true, Format::QUAD, Rounding::Nearest).number;
    assert_eq!(found, Number::infinity(true));
}

#[test]
fn all_digits_are_told() {
    let mut random = Bits(0xfeed_beef_dead_cafe);
    for _ in 0..2_000 {
        let x = random.double().abs();
        let Number::Finite(exact) = Number::of_double(x) else { continue };
        let all = Digits::of(&exact);
        // Rust's text of a double with enough digits is exact.
        let expected = format!("{x:.1100e}");
        let (mantissa, power) = expected.split_once('e').unwrap();
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let found: String = all.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        assert_eq!(found.trim_end_matches('0'), digits.trim_matches('0'), "{x:e}");
        if x != 0.0 {
            assert_eq!(all.point - 1, power.parse::<i64>().unwrap(), "{x:e}");
        }
        let short = all.rounded(5, false, Rounding::Nearest);
        let expected = format!("{x:.4e}");
        let found: String = (0..5).map(|index| short.at(short.point - 1 - index)).collect();
        let wanted: String =
            expected.split('e').next().unwrap().chars().filter(char::is_ascii_digit).collect();
        assert_eq!(found, wanted, "{x:e}");
    }
    let tiny = Digits::of(&Exact::new(false, 1, -20));
    assert_eq!(tiny.rounded(-3, false, Rounding::Upward), Digits { digits: vec![1], point: -2 });
}
