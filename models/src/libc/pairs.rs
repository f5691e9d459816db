//! What compilers call for divisions with a remainder and for products that may
//! not fit: libgcc's and compiler-rt's names, and the run-time ABI of Arm
//! (IHI 0043, 4.3.1).

use terrella_emulator_api::EmulatorExt;

use super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "libgcc",
    standard: Standard::Runtime,
    models: models! {
        __mulsi3 = multiply;
        __udivmodsi4 = divide_unsigned;
        __divmodsi4 = divide_signed;
        __udivmoddi4 = divide_unsigned_long;
        __divmoddi4 = divide_signed_long;
        __mulosi4 = product;
        __mulodi4 = product_long;
        __clrsbsi2 = redundant;
        __clrsbdi2 = redundant_long;
        __aeabi_ldivmod = arm_signed;
        __aeabi_uldivmod = arm_unsigned;
    },
};

fn multiply(_: &mut Context<'_>, one: i32, other: i32) -> Result<i32> {
    Ok(one.wrapping_mul(other))
}

/// A quotient; the remainder goes to an address, if there is one.
macro_rules! divisions {
    ($($name:ident: $type:ty, $bytes:literal;)*) => {$(
        fn $name(c: &mut Context<'_>, value: $type, by: $type, to: Ptr) -> Result<$type> {
            if by == 0 {
                return c.misuse("a division by zero");
            }
            if !to.is_null() {
                c.write_integer(to, value.wrapping_rem(by) as u64, $bytes)?;
            }
            Ok(value.wrapping_div(by))
        }
    )*};
}

divisions! {
    divide_unsigned: u32, 4;
    divide_signed: i32, 4;
    divide_unsigned_long: u64, 8;
    divide_signed_long: i64, 8;
}

/// A product; whether it did not fit goes to an address, as an `int`.
macro_rules! products {
    ($($name:ident: $type:ty;)*) => {$(
        fn $name(c: &mut Context<'_>, one: $type, other: $type, to: Ptr) -> Result<$type> {
            let (product, overflows) = one.overflowing_mul(other);
            c.write_int(to, i32::from(overflows))?;
            Ok(product)
        }
    )*};
}

products! {
    product: i32;
    product_long: i64;
}

/// Bits behind the sign that are like it.
fn redundant(_: &mut Context<'_>, value: i32) -> Result<i32> {
    Ok((value ^ value >> 31).leading_zeros() as i32 - 1)
}

fn redundant_long(_: &mut Context<'_>, value: i64) -> Result<i32> {
    Ok((value ^ value >> 63).leading_zeros() as i32 - 1)
}

/// The remainder is in `r2` and `r3`, as an argument would be.
fn arm_remainder(c: &mut Context<'_>, remainder: u64) -> Result<()> {
    if c.emulator().definition().registers().lookup("r3").is_none() {
        return c.misuse("a function of Arm's run-time ABI on another processor");
    }
    let big = c.emulator().platform().byte_order() == terrella_platforms::ByteOrder::Big;
    let (low, high) = (remainder & 0xffff_ffff, remainder >> 32);
    let (first, second) = if big { (high, low) } else { (low, high) };
    c.emulator().write_register("r2", first)?;
    Ok(c.emulator().write_register("r3", second)?)
}

fn arm_signed(c: &mut Context<'_>, value: i64, by: i64) -> Result<i64> {
    if by == 0 {
        return c.misuse("a division by zero");
    }
    arm_remainder(c, value.wrapping_rem(by) as u64)?;
    Ok(value.wrapping_div(by))
}

fn arm_unsigned(c: &mut Context<'_>, value: u64, by: u64) -> Result<u64> {
    if by == 0 {
        return c.misuse("a division by zero");
    }
    arm_remainder(c, value % by)?;
    Ok(value / by)
}
