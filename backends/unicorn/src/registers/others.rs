//! Motorola 68000, SPARC, z/Architecture and TriCore.

use unicorn_engine::{RegisterM68K as M, RegisterS390X as Z, RegisterSPARC as S, RegisterTRICORE as T};

use super::{Row, View};

/// The stack pointer that is in use is `a7`, and its own register then has
/// what it had when it was selected.
pub(super) const M68K: &[&[Row]] = &[&[
    Row::bank("d", 0, M::D0 as i32, M::D7 as i32, 4),
    Row::bank("a", 0, M::A0 as i32, M::A7 as i32, 4),
    Row::one("pc", M::PC as i32, 4),
    Row::one("sr", M::SR as i32, 4),
    Row::one("sfc", M::CR_SFC as i32, 4),
    Row::one("dfc", M::CR_DFC as i32, 4),
    Row::one("cacr", M::CR_CACR as i32, 4),
    Row::one("tc", M::CR_TC as i32, 2),
    Row::one("mmusr", M::CR_MMUSR as i32, 4),
    Row::one("srp", M::CR_SRP as i32, 4),
    Row::one("usp", M::CR_USP as i32, 4),
    Row::one("msp", M::CR_MSP as i32, 4),
    Row::one("isp", M::CR_ISP as i32, 4),
    Row::one("urp", M::CR_URP as i32, 4),
    Row::bank("itt", 0, M::CR_ITT0 as i32, M::CR_ITT1 as i32, 4),
    Row::bank("dtt", 0, M::CR_DTT0 as i32, M::CR_DTT1 as i32, 4),
]];

const fn windows(bytes: u8) -> [Row; 5] {
    [
        Row::bank("g", 0, S::G0 as i32, S::G7 as i32, bytes),
        Row::bank("o", 0, S::O0 as i32, S::O7 as i32, bytes),
        Row::bank("l", 0, S::L0 as i32, S::L7 as i32, bytes),
        Row::bank("i", 0, S::I0 as i32, S::I7 as i32, bytes),
        Row::one("pc", S::PC as i32, bytes),
    ]
}

/// Without `psr`: Unicorn reads and writes it with functions for the 64-bit
/// processor, whose state has another layout, and crashes. It is among the
/// registers of `hidden`.
pub(super) const SPARC32: &[&[Row]] = &[&windows(4)];

pub(super) const SPARC64: &[&[Row]] = &[&windows(8)];

pub(super) const S390X: &[&[Row]] = &[&[
    Row::bank("r", 0, Z::R0 as i32, Z::R15 as i32, 8),
    Row::bank("acr", 0, Z::A0 as i32, Z::A15 as i32, 4),
    Row::bank("v", 0, Z::F0 as i32, Z::F31 as i32, 8).at(64),
    Row::bank("v", 0, Z::F0_HI as i32, Z::F31_HI as i32, 8),
    Row::bank("c", 0, Z::CR0 as i32, Z::CR15 as i32, 8),
    Row::one("pc", Z::PC as i32, 8),
    Row::one("pswm", Z::PSWM as i32, 8),
    Row::one("fpc", Z::FPC as i32, 4),
]];

/// Half of a pair of general registers.
const fn half(pair: &'static str, id: T, low_bit: u16) -> Row {
    Row::one(pair, id as i32, 4).at(low_bit)
}

/// A status bit of `psw`, which Unicorn keeps in a word of its own.
const fn status(id: T, bit: u16, view: View) -> Row {
    Row::one("psw", id as i32, 4).one_bit(bit, view)
}

pub(super) const TRICORE: &[&[Row]] = &[&[
    half("e0", T::D0, 0),
    half("e0", T::D1, 32),
    half("e2", T::D2, 0),
    half("e2", T::D3, 32),
    half("e4", T::D4, 0),
    half("e4", T::D5, 32),
    half("e6", T::D6, 0),
    half("e6", T::D7, 32),
    half("e8", T::D8, 0),
    half("e8", T::D9, 32),
    half("e10", T::D10, 0),
    half("e10", T::D11, 32),
    half("e12", T::D12, 0),
    half("e12", T::D13, 32),
    half("e14", T::D14, 0),
    half("e14", T::D15, 32),
    half("p0", T::A0, 0),
    half("p0", T::A1, 32),
    half("p2", T::A2, 0),
    half("p2", T::A3, 32),
    half("p4", T::A4, 0),
    half("p4", T::A5, 32),
    half("p6", T::A6, 0),
    half("p6", T::A7, 32),
    half("p8", T::A8, 0),
    half("p8", T::A9, 32),
    half("p10", T::A10, 0),
    half("p10", T::A11, 32),
    half("p12", T::A12, 0),
    half("p12", T::A13, 32),
    half("p14", T::A14, 0),
    half("p14", T::A15, 32),
    Row::one("pc", T::PC as i32, 4),
    Row::one("psw", T::PSW as i32, 4).bits(27),
    status(T::PSW_USB_SAV, 27, View::Bit(31)),
    status(T::PSW_USB_AV, 28, View::Bit(31)),
    status(T::PSW_USB_SV, 29, View::Bit(31)),
    status(T::PSW_USB_V, 30, View::Bit(31)),
    status(T::PSW_USB_C, 31, View::NonZero),
    Row::one("pcxi", T::PCXI as i32, 4),
    Row::one("syscon", T::SYSCON as i32, 4),
    Row::one("cpu_id", T::CPU_ID as i32, 4),
    Row::one("biv", T::BIV as i32, 4),
    Row::one("btv", T::BTV as i32, 4),
    Row::one("isp", T::ISP as i32, 4),
    Row::one("icr", T::ICR as i32, 4),
    Row::one("fcx", T::FCX as i32, 4),
    Row::one("lcx", T::LCX as i32, 4),
    Row::one("compat", T::COMPAT as i32, 4),
]];
