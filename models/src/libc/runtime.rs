//! What compilers call for operations that the processor does not have: the
//! run-time ABI of Arm (IHI 0043, 4.2 and 4.3.4), and the atomic operations of
//! GCC (libgcc, `sync.c`; `libatomic`).

use super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Size, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "Arm run-time ABI",
    standard: Standard::Runtime,
    models: models! {
        __aeabi_memcpy = memcpy;
        __aeabi_memcpy4 = memcpy;
        __aeabi_memcpy8 = memcpy;
        __aeabi_memmove = memcpy;
        __aeabi_memmove4 = memcpy;
        __aeabi_memmove8 = memcpy;
        __aeabi_memset = memset;
        __aeabi_memset4 = memset;
        __aeabi_memset8 = memset;
        __aeabi_memclr = memclr;
        __aeabi_memclr4 = memclr;
        __aeabi_memclr8 = memclr;
        __aeabi_idiv = idiv;
        __aeabi_uidiv = uidiv;
        __aeabi_idivmod = idivmod;
        __aeabi_uidivmod = uidivmod;
        __divsi3 = idiv;
        __udivsi3 = uidiv;
        __modsi3 = imod;
        __umodsi3 = umod;
        __divdi3 = ldiv;
        __udivdi3 = uldiv;
        __moddi3 = lmod;
        __umoddi3 = ulmod;
        __muldi3 = lmul;
        __aeabi_lmul = lmul;
        __ashldi3 = shift_left;
        __aeabi_llsl = shift_left;
        __lshrdi3 = shift_right;
        __aeabi_llsr = shift_right;
        __ashrdi3 = shift_arithmetic;
        __aeabi_lasr = shift_arithmetic;
        __popcountsi2 = popcount;
        __popcountdi2 = popcount_long;
        __clzsi2 = clz;
        __clzdi2 = clz_long;
        __ctzsi2 = ctz;
        __ctzdi2 = ctz_long;
        __bswapsi2 = bswap;
        __bswapdi2 = bswap_long;
    },
};

pub(crate) static ATOMICS: Header = Header {
    name: "libatomic",
    standard: Standard::Runtime,
    models: models! {
        __sync_fetch_and_add_1 = fetch_add_1;
        __sync_fetch_and_add_2 = fetch_add_2;
        __sync_fetch_and_add_4 = fetch_add_4;
        __sync_fetch_and_add_8 = fetch_add_8;
        __sync_fetch_and_sub_1 = fetch_sub_1;
        __sync_fetch_and_sub_2 = fetch_sub_2;
        __sync_fetch_and_sub_4 = fetch_sub_4;
        __sync_fetch_and_sub_8 = fetch_sub_8;
        __sync_fetch_and_and_4 = fetch_and_4;
        __sync_fetch_and_or_4 = fetch_or_4;
        __sync_fetch_and_xor_4 = fetch_xor_4;
        __sync_add_and_fetch_4 = add_fetch_4;
        __sync_sub_and_fetch_4 = sub_fetch_4;
        __sync_lock_test_and_set_1 = exchange_1;
        __sync_lock_test_and_set_4 = exchange_4;
        __sync_lock_release_4 = release_4;
        __sync_val_compare_and_swap_1 = compare_swap_1;
        __sync_val_compare_and_swap_2 = compare_swap_2;
        __sync_val_compare_and_swap_4 = compare_swap_4;
        __sync_val_compare_and_swap_8 = compare_swap_8;
        __sync_bool_compare_and_swap_4 = compare_swap_bool_4;
        __sync_synchronize = barrier;
        atomic_thread_fence = fence;
        atomic_signal_fence = fence;
        atomic_flag_test_and_set = flag_set;
        atomic_flag_test_and_set_explicit = flag_set_order;
        atomic_flag_clear = flag_clear;
        atomic_flag_clear_explicit = flag_clear_order;
        __atomic_load_1 = load_1;
        __atomic_load_2 = load_2;
        __atomic_load_4 = load_4;
        __atomic_load_8 = load_8;
        __atomic_store_1 = store_1;
        __atomic_store_2 = store_2;
        __atomic_store_4 = store_4;
        __atomic_store_8 = store_8;
        __atomic_exchange_4 = exchange_order_4;
        __atomic_exchange_8 = exchange_order_8;
        __atomic_fetch_add_1 = fetch_add_order_1;
        __atomic_fetch_add_2 = fetch_add_order_2;
        __atomic_fetch_add_4 = fetch_add_order_4;
        __atomic_fetch_add_8 = fetch_add_order_8;
        __atomic_fetch_sub_4 = fetch_sub_order_4;
        __atomic_fetch_sub_8 = fetch_sub_order_8;
        __atomic_compare_exchange_1 = compare_exchange_1;
        __atomic_compare_exchange_4 = compare_exchange_4;
        __atomic_compare_exchange_8 = compare_exchange_8;
    },
};

// ---- memory: without results, and `memset` with its arguments exchanged

fn memcpy(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size) -> Result<()> {
    let bytes = c.read(from, size.0)?;
    c.write(to, &bytes)
}

fn memset(c: &mut Context<'_>, to: Ptr, size: Size, value: i32) -> Result<()> {
    super::string::fill(c, to, value as u8, size.0)
}

fn memclr(c: &mut Context<'_>, to: Ptr, size: Size) -> Result<()> {
    super::string::fill(c, to, 0, size.0)
}

// ---- integers

fn divisor<T: PartialEq + Default>(c: &Context<'_>, by: T) -> Result<T> {
    if by == T::default() { c.misuse("a division by zero") } else { Ok(by) }
}

fn idiv(c: &mut Context<'_>, value: i32, by: i32) -> Result<i32> {
    Ok(value.wrapping_div(divisor(c, by)?))
}

fn uidiv(c: &mut Context<'_>, value: u32, by: u32) -> Result<u32> {
    Ok(value / divisor(c, by)?)
}

fn imod(c: &mut Context<'_>, value: i32, by: i32) -> Result<i32> {
    Ok(value.wrapping_rem(divisor(c, by)?))
}

fn umod(c: &mut Context<'_>, value: u32, by: u32) -> Result<u32> {
    Ok(value % divisor(c, by)?)
}

/// The quotient in `r0` and the remainder in `r1`: together a 64-bit result of
/// which the lower half is in the lower register, on either byte order.
fn pair(c: &mut Context<'_>, quotient: u32, remainder: u32) -> u64 {
    let big = c.emulator().platform().byte_order() == terrella_platforms::ByteOrder::Big;
    let (first, second) = (u64::from(quotient), u64::from(remainder));
    if big { first << 32 | second } else { second << 32 | first }
}

fn idivmod(c: &mut Context<'_>, value: i32, by: i32) -> Result<u64> {
    let by = divisor(c, by)?;
    Ok(pair(c, value.wrapping_div(by) as u32, value.wrapping_rem(by) as u32))
}

fn uidivmod(c: &mut Context<'_>, value: u32, by: u32) -> Result<u64> {
    let by = divisor(c, by)?;
    Ok(pair(c, value / by, value % by))
}

fn ldiv(c: &mut Context<'_>, value: i64, by: i64) -> Result<i64> {
    Ok(value.wrapping_div(divisor(c, by)?))
}

fn uldiv(c: &mut Context<'_>, value: u64, by: u64) -> Result<u64> {
    Ok(value / divisor(c, by)?)
}

fn lmod(c: &mut Context<'_>, value: i64, by: i64) -> Result<i64> {
    Ok(value.wrapping_rem(divisor(c, by)?))
}

fn ulmod(c: &mut Context<'_>, value: u64, by: u64) -> Result<u64> {
    Ok(value % divisor(c, by)?)
}

fn lmul(_: &mut Context<'_>, one: i64, other: i64) -> Result<i64> {
    Ok(one.wrapping_mul(other))
}

fn shift_left(_: &mut Context<'_>, value: i64, by: i32) -> Result<i64> {
    Ok(value.checked_shl(by as u32).unwrap_or(0))
}

fn shift_right(_: &mut Context<'_>, value: u64, by: i32) -> Result<u64> {
    Ok(value.checked_shr(by as u32).unwrap_or(0))
}

fn shift_arithmetic(_: &mut Context<'_>, value: i64, by: i32) -> Result<i64> {
    Ok(value >> (by as u32).min(63))
}

fn popcount(_: &mut Context<'_>, value: u32) -> Result<i32> {
    Ok(value.count_ones() as i32)
}

fn popcount_long(_: &mut Context<'_>, value: u64) -> Result<i32> {
    Ok(value.count_ones() as i32)
}

fn clz(_: &mut Context<'_>, value: u32) -> Result<i32> {
    Ok(value.leading_zeros() as i32)
}

fn clz_long(_: &mut Context<'_>, value: u64) -> Result<i32> {
    Ok(value.leading_zeros() as i32)
}

fn ctz(_: &mut Context<'_>, value: u32) -> Result<i32> {
    Ok(value.trailing_zeros() as i32)
}

fn ctz_long(_: &mut Context<'_>, value: u64) -> Result<i32> {
    Ok(value.trailing_zeros() as i32)
}

fn bswap(_: &mut Context<'_>, value: u32) -> Result<u32> {
    Ok(value.swap_bytes())
}

fn bswap_long(_: &mut Context<'_>, value: u64) -> Result<u64> {
    Ok(value.swap_bytes())
}

// ---- atomics: nothing comes between, as threads are switched by models only

fn barrier(_: &mut Context<'_>) -> Result<()> {
    Ok(())
}

fn fence(_: &mut Context<'_>, _order: i32) -> Result<()> {
    Ok(())
}

/// `atomic_flag` of C11 is a byte.
fn flag_set(c: &mut Context<'_>, at: Ptr) -> Result<i32> {
    update(c, at, 1, |_| 1).map(|(old, _)| i32::from(old != 0))
}

fn flag_set_order(c: &mut Context<'_>, at: Ptr, _order: i32) -> Result<i32> {
    flag_set(c, at)
}

fn flag_clear(c: &mut Context<'_>, at: Ptr) -> Result<()> {
    c.write_integer(at, 0, 1)
}

fn flag_clear_order(c: &mut Context<'_>, at: Ptr, _order: i32) -> Result<()> {
    flag_clear(c, at)
}

fn update(c: &mut Context<'_>, at: Ptr, bytes: u8, new: impl Fn(u64) -> u64) -> Result<(u64, u64)> {
    let old = c.read_integer(at, bytes)?;
    let new = new(old);
    c.write_integer(at, new, bytes)?;
    Ok((old, new))
}

macro_rules! updates {
    ($($name:ident($type:ty, $bytes:literal) = $operation:expr, $which:tt;)*) => {$(
        fn $name(c: &mut Context<'_>, at: Ptr, value: $type) -> Result<$type> {
            let operation: fn(u64, u64) -> u64 = $operation;
            update(c, at, $bytes, |old| operation(old, u64::from(value))).map(|it| it.$which as $type)
        }
    )*};
}

updates! {
    fetch_add_1(u32, 1) = u64::wrapping_add, 0;
    fetch_add_2(u32, 2) = u64::wrapping_add, 0;
    fetch_add_4(u32, 4) = u64::wrapping_add, 0;
    fetch_add_8(u64, 8) = u64::wrapping_add, 0;
    fetch_sub_1(u32, 1) = u64::wrapping_sub, 0;
    fetch_sub_2(u32, 2) = u64::wrapping_sub, 0;
    fetch_sub_4(u32, 4) = u64::wrapping_sub, 0;
    fetch_sub_8(u64, 8) = u64::wrapping_sub, 0;
    fetch_and_4(u32, 4) = |old, value| old & value, 0;
    fetch_or_4(u32, 4) = |old, value| old | value, 0;
    fetch_xor_4(u32, 4) = |old, value| old ^ value, 0;
    add_fetch_4(u32, 4) = u64::wrapping_add, 1;
    sub_fetch_4(u32, 4) = u64::wrapping_sub, 1;
    exchange_1(u32, 1) = |_, value| value, 0;
    exchange_4(u32, 4) = |_, value| value, 0;
}

macro_rules! ordered {
    ($($name:ident = $plain:ident($type:ty, $bytes:literal);)*) => {$(
        fn $name(c: &mut Context<'_>, at: Ptr, value: $type, _order: i32) -> Result<$type> {
            $plain(c, at, value)
        }
    )*};
}

ordered! {
    fetch_add_order_1 = fetch_add_1(u32, 1);
    fetch_add_order_2 = fetch_add_2(u32, 2);
    fetch_add_order_4 = fetch_add_4(u32, 4);
    fetch_add_order_8 = fetch_add_8(u64, 8);
    fetch_sub_order_4 = fetch_sub_4(u32, 4);
    fetch_sub_order_8 = fetch_sub_8(u64, 8);
    exchange_order_4 = exchange_4(u32, 4);
}

fn exchange_order_8(c: &mut Context<'_>, at: Ptr, value: u64, _order: i32) -> Result<u64> {
    update(c, at, 8, |_| value).map(|it| it.0)
}

fn release_4(c: &mut Context<'_>, at: Ptr) -> Result<()> {
    c.write_integer(at, 0, 4)
}

macro_rules! sized {
    ($($bytes:literal $type:ty: $load:ident $store:ident;)*) => {$(
        fn $load(c: &mut Context<'_>, at: Ptr, _order: i32) -> Result<$type> {
            c.read_integer(at, $bytes).map(|value| value as $type)
        }
        fn $store(c: &mut Context<'_>, at: Ptr, value: $type, _order: i32) -> Result<()> {
            c.write_integer(at, value.into(), $bytes)
        }
    )*};
}

sized! {
    1 u32: load_1 store_1;
    2 u32: load_2 store_2;
    4 u32: load_4 store_4;
    8 u64: load_8 store_8;
}

macro_rules! swaps {
    ($($name:ident($type:ty, $bytes:literal);)*) => {$(
        fn $name(c: &mut Context<'_>, at: Ptr, expected: $type, new: $type) -> Result<$type> {
            let mask = u64::MAX >> (64 - 8 * $bytes);
            let wanted = u64::from(expected) & mask;
            update(c, at, $bytes, |old| if old == wanted { new.into() } else { old }).map(|it| it.0 as $type)
        }
    )*};
}

swaps! {
    compare_swap_1(u32, 1);
    compare_swap_2(u32, 2);
    compare_swap_4(u32, 4);
    compare_swap_8(u64, 8);
}

fn compare_swap_bool_4(c: &mut Context<'_>, at: Ptr, expected: u32, new: u32) -> Result<i32> {
    Ok(i32::from(compare_swap_4(c, at, expected, new)? == expected))
}

macro_rules! exchanges {
    ($($name:ident($type:ty, $bytes:literal);)*) => {$(
        fn $name(
            c: &mut Context<'_>,
            at: Ptr,
            expected: Ptr,
            new: $type,
            _success: i32,
            _failure: i32,
        ) -> Result<i32> {
            let wanted = c.read_integer(expected, $bytes)?;
            let old = c.read_integer(at, $bytes)?;
            if old == wanted {
                c.write_integer(at, new.into(), $bytes)?;
                return Ok(1);
            }
            c.write_integer(expected, old, $bytes)?;
            Ok(0)
        }
    )*};
}

exchanges! {
    compare_exchange_1(u32, 1);
    compare_exchange_4(u32, 4);
    compare_exchange_8(u64, 8);
}
