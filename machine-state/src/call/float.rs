//! How floating-point values stand in registers.

use terrella_platforms::{FloatFormat, LongDoubleFormat, RegisterValue};

/// The bits that a number has as `long double` of a format; no double is
/// rounded.
#[must_use]
pub fn long_double_bits(number: f64, format: LongDoubleFormat) -> u128 {
    match format {
        LongDoubleFormat::Double => number.to_bits().into(),
        LongDoubleFormat::M68k => {
            let bits = extended_precision(number);
            // Compilers write infinity without the leading one.
            let significand = if number.is_infinite() { 0 } else { bits as u64 };
            (bits >> 64) << 80 | u128::from(significand)
        }
        LongDoubleFormat::Quad => {
            // The significand without its leading one, in the highest bits.
            let bits = extended_precision(number);
            (bits >> 64) << 112 | u128::from((bits as u64) << 1) << 48
        }
        LongDoubleFormat::DoubleDouble => u128::from(number.to_bits()) << 64,
        _ => extended_precision(number),
    }
}

/// The nearest double to a `long double`, ties to even.
#[must_use]
pub fn long_double_value(bits: u128, format: LongDoubleFormat) -> f64 {
    match format {
        LongDoubleFormat::Double => f64::from_bits(bits as u64),
        LongDoubleFormat::M68k => from_extended_precision((bits >> 80) << 64 | u128::from(bits as u64)),
        LongDoubleFormat::Quad => {
            let top = bits >> 112;
            let fraction = bits & ((1 << 112) - 1);
            // What is below the 64 bits kept still decides about ties.
            let sticky = u64::from(fraction & ((1 << 49) - 1) != 0);
            let significand = if top & 0x7fff == 0 {
                // Far below all doubles.
                0
            } else {
                1 << 63 | (fraction >> 49) as u64 | sticky
            };
            from_extended_precision(top << 64 | u128::from(significand))
        }
        // The larger is the nearest double to the sum.
        LongDoubleFormat::DoubleDouble => f64::from_bits((bits >> 64) as u64),
        _ => from_extended_precision(bits & ((1 << 80) - 1)),
    }
}

/// The bits of a register of `width` bits that holds the number `bits` of
/// `size` bytes (4 or 8) in a format.
pub(super) fn encode(bits: u64, size: u8, format: FloatFormat, width: u32) -> RegisterValue {
    let own = 8 * u32::from(size);
    match format {
        FloatFormat::LowBits => bits.into(),
        FloatFormat::NanBoxed => RegisterValue::mask(width).insert(0, own, &RegisterValue::from(bits)),
        FloatFormat::HighBits => RegisterValue::ZERO.insert(width.saturating_sub(own), own, &bits.into()),
        FloatFormat::Double => double(bits, size).to_bits().into(),
        FloatFormat::X87 => extended_precision(double(bits, size)).into(),
    }
}

/// The number of `size` bytes (4 or 8) in a register of `width` bits.
pub(super) fn decode(value: &RegisterValue, size: u8, format: FloatFormat, width: u32) -> u64 {
    let own = 8 * u32::from(size);
    let narrowed = |number: f64| match size {
        4 => u64::from((number as f32).to_bits()),
        _ => number.to_bits(),
    };
    match format {
        FloatFormat::LowBits | FloatFormat::NanBoxed => value.extract(0, own).low_u64(),
        FloatFormat::HighBits => value.extract(width.saturating_sub(own), own).low_u64(),
        FloatFormat::Double => narrowed(f64::from_bits(value.low_u64())),
        FloatFormat::X87 => narrowed(from_extended_precision(value.low_u128())),
    }
}

fn double(bits: u64, size: u8) -> f64 {
    if size == 4 { f32::from_bits(bits as u32).into() } else { f64::from_bits(bits) }
}

/// The 80 bits of x87 extended precision: sign and 15-bit exponent over a
/// 64-bit significand with its leading one. Every double has an exact one.
fn extended_precision(number: f64) -> u128 {
    let bits = number.to_bits();
    let sign = (bits >> 63) << 15;
    let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    let (exponent, significand) = match (exponent, fraction) {
        (0, 0) => (0, 0),
        // A subnormal double is a normal number here.
        (0, fraction) => {
            let shift = fraction.leading_zeros();
            (u64::from(16383 - 1011 - shift), fraction << shift)
        }
        (0x7ff, fraction) => (0x7fff, 1 << 63 | fraction << 11),
        (exponent, fraction) => (exponent + 16383 - 1023, 1 << 63 | fraction << 11),
    };
    u128::from(sign | exponent) << 64 | u128::from(significand)
}

/// The nearest double to an 80-bit number, ties to even.
fn from_extended_precision(bits: u128) -> f64 {
    let (top, significand) = ((bits >> 64) as u64, bits as u64);
    let negative = top & 0x8000 != 0;
    let exponent = (top & 0x7fff) as i32;
    let magnitude = if exponent == 0x7fff {
        f64::from_bits(0x7ff << 52 | (significand << 1 >> 12))
    } else if significand == 0 {
        0.0
    } else {
        let shift = significand.leading_zeros();
        let (significand, power) = (significand << shift, exponent - 16383 - shift as i32);
        // How many of the 64 bits a double of that power keeps.
        let kept = if power < -1022 { 53 - (-1022 - power).min(60) } else { 53 };
        let dropped = (64 - kept) as u32;
        let rounded = if dropped >= 65 {
            0
        } else {
            let wide = u128::from(significand);
            let (whole, rest, half) = (wide >> dropped, wide & ((1 << dropped) - 1), 1_u128 << (dropped - 1));
            whole + u128::from(rest > half || (rest == half && whole & 1 == 1))
        };
        if power > 1023 {
            f64::INFINITY
        } else {
            // Adding the significand carries into the exponent as it should.
            let biased = (power + 1022).max(0) as u64;
            let base = if power < -1022 { 0 } else { biased << 52 };
            f64::from_bits(base + rounded as u64)
        }
    };
    if negative { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_numbers_of_the_formats() {
        let one = u64::from(1.0_f32.to_bits());
        assert_eq!(encode(one, 4, FloatFormat::LowBits, 128).low_u64(), 0x3f80_0000);
        assert_eq!(encode(one, 4, FloatFormat::NanBoxed, 64).low_u64(), 0xffff_ffff_3f80_0000);
        assert_eq!(encode(one, 4, FloatFormat::HighBits, 64).low_u64(), 0x3f80_0000_0000_0000);
        assert_eq!(encode(one, 4, FloatFormat::Double, 64).low_u64(), 1.0_f64.to_bits());
        assert_eq!(encode(one, 4, FloatFormat::X87, 80).low_u128(), 0x3fff_8000_0000_0000_0000);
        assert_eq!(extended_precision(-2.5), 0xc000_a000_0000_0000_0000);
    }

    #[test]
    fn known_long_doubles() {
        // What GCC writes for these constants (`-mlong-double-128`, m68k).
        for (number, format, bits) in [
            (1.0, LongDoubleFormat::Quad, 0x3fff_u128 << 112),
            (-2.5, LongDoubleFormat::Quad, 0xc000_4000 << 96),
            (0.0, LongDoubleFormat::Quad, 0),
            (1.0, LongDoubleFormat::M68k, 0x3fff_0000_8000_0000_0000_0000),
            (1.0, LongDoubleFormat::X87, 0x3fff_8000_0000_0000_0000),
        ] {
            assert_eq!(long_double_bits(number, format), bits, "{number} {format:?}");
            assert_eq!(long_double_value(bits, format), number, "{number} {format:?}");
        }
        let third = 0x3ffd_5555_5555_5555_5555_5555_5555_5555;
        assert_eq!(long_double_value(third, LongDoubleFormat::Quad), 1.0 / 3.0);
    }

    proptest! {
        #[test]
        fn doubles_survive_as_long_doubles(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(!number.is_nan());
            for format in [LongDoubleFormat::Double, LongDoubleFormat::X87, LongDoubleFormat::M68k,
                           LongDoubleFormat::Quad] {
                let found = long_double_value(long_double_bits(number, format), format);
                prop_assert_eq!(found.to_bits(), bits, "{:?}", format);
            }
        }

        #[test]
        fn doubles_survive_all_formats(bits in any::<u64>(), width in prop_oneof![Just(64_u32), Just(128)]) {
            let number = f64::from_bits(bits);
            prop_assume!(!number.is_nan());
            for format in [FloatFormat::LowBits, FloatFormat::NanBoxed, FloatFormat::HighBits,
                           FloatFormat::Double, FloatFormat::X87] {
                let held = encode(bits, 8, format, width);
                prop_assert_eq!(decode(&held, 8, format, width), bits, "{:?}", format);
            }
        }

        #[test]
        fn subnormal_doubles_survive(bits in 0_u64..1 << 53) {
            prop_assert_eq!(from_extended_precision(extended_precision(f64::from_bits(bits))).to_bits(), bits);
        }
    }
}
