use super::*;

const DEFAULT: Env = Env::new(0, 0);

fn double(value: f64) -> u64 {
    value.to_bits()
}

#[test]
fn results_are_rounded_and_flags_noted() {
    let mut env = DEFAULT;
    assert_eq!(env.add(DOUBLE, double(1.0), double(1e-30)), double(1.0));
    assert_eq!(env.flags, INEXACT);
    let mut env = Env::new(1 << 22, 0);
    assert_eq!(env.add(DOUBLE, double(1.0), double(1e-30)), double(1.0) + 1);
    let mut env = DEFAULT;
    assert_eq!(env.div(DOUBLE, double(1.0), 0), double(f64::INFINITY));
    assert_eq!(env.flags, ZERO_DIVIDE);
    let mut env = DEFAULT;
    assert_eq!(env.mul(SINGLE, 0x7f7f_ffff, 0x4000_0000), 0x7f80_0000);
    assert_eq!(env.flags, OVERFLOW | INEXACT);
    for value in [2.0, 3.0, 0.1, 1e300, 5e-324, 4.0, 0.25, 1.0 + f64::EPSILON, 1e-310, 7.3e18] {
        assert_eq!(DEFAULT.clone().sqrt(DOUBLE, double(value)), double(value.sqrt()), "{value}");
        assert_eq!(DEFAULT.clone().div(DOUBLE, double(value), double(3.0)), double(value / 3.0), "{value}");
        let fused = DEFAULT.clone().fused(DOUBLE, double(-1.0), double(value), double(0.7));
        assert_eq!(fused, double(value.mul_add(0.7, -1.0)), "{value}");
    }
}

#[test]
fn tininess_is_detected_before_rounding() {
    // The greatest denormal and a half of its unit is the smallest normal
    // number (Arm ARM, FPRound).
    let mut env = DEFAULT;
    assert_eq!(env.mul(SINGLE, 0x00ff_ffff, 0x3f00_0000), 0x0080_0000);
    assert_eq!(env.flags, UNDERFLOW | INEXACT);
    // Flushed to zero, it is not inexact.
    let mut env = Env::new(1 << 24, 0);
    assert_eq!(env.mul(SINGLE, 0x00ff_ffff, 0x3f00_0000), 0);
    assert_eq!(env.flags, UNDERFLOW);
    let mut env = Env::new(1 << 24, 0);
    assert_eq!(env.add(SINGLE, 1, 0x3f80_0000), 0x3f80_0000);
    assert_eq!(env.flags, INPUT_DENORMAL);
}

#[test]
fn nans_are_propagated() {
    let mut env = DEFAULT;
    assert_eq!(env.add(SINGLE, 0x7fc0_0001, 0xff80_0002), 0xffc0_0002);
    assert_eq!(env.flags, INVALID);
    let mut env = Env::new(1 << 25, 0);
    assert_eq!(env.add(SINGLE, 0x7fc0_0001, 0xff80_0002), 0x7fc0_0000);
    let mut env = DEFAULT;
    assert_eq!(env.extreme_number(SINGLE, 0x7fc0_0001, 0x3f80_0000, true), 0x3f80_0000);
    assert_eq!(env.flags, 0);
}

#[test]
fn conversions_saturate() {
    let to =
        |value, bits, signed| DEFAULT.clone().fixed_of(DOUBLE, double(value), 0, (bits, signed), Mode::Zero);
    assert_eq!(to(-1.0, 32, false), 0);
    assert_eq!(to(3e9, 32, true), 0x7fff_ffff);
    assert_eq!(to(-3e9, 32, true), 0x8000_0000);
    assert_eq!(to(f64::NAN, 32, true), 0);
    assert_eq!(to(1e30, 64, false), u64::MAX);
    assert_eq!(DEFAULT.clone().convert(DOUBLE, HALF, double(1e9)), 0x7c00);
    // The alternative format has no infinity.
    assert_eq!(Env::new(1 << 26, 0).convert(DOUBLE, HALF, double(1e9)), 0x7fff);
    assert_eq!(Env::new(1 << 26, 0).convert(HALF, SINGLE, 0x7c00), u64::from(65536f32.to_bits()));
    // 4294967298 modulo 2^32 (Arm ARM, FPToFixedJS).
    assert_eq!(DEFAULT.clone().javascript_of(DOUBLE, double(4_294_967_298.0)), (2, true));
}

#[test]
fn estimates_are_those_of_the_tables() {
    // Of 1.0 (Arm ARM, RecipEstimate and RecipSqrtEstimate).
    assert_eq!(DEFAULT.clone().inverse_estimate(SINGLE, 0x3f80_0000), 0x3f7f_8000);
    assert_eq!(DEFAULT.clone().inverse_root_estimate(SINGLE, 0x3f80_0000), 0x3f7f_8000);
    assert_eq!(fixed_inverse(0x8000_0000), 0xff80_0000);
}
