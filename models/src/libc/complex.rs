//! `complex.h`, in double and in single precision.
//!
//! Where complex numbers stand is told by the processor supplements: System V
//! amd64 3.2.3, i386 table 2.1, AAPCS64 6.4, AAPCS 6.1.2 (VFP), RISC-V 2.1,
//! LoongArch, 64-bit ELF V2 2.2.3, the N32 ABI handbook of MIPS, SPARC Compliance
//! Definition 2.4 3P, z/Architecture 1.2.3, Power Architecture 32-bit ABI
//! Supplement 1.0, 3.2.3 (ATR-LINUX: in general registers). Those of MIPS o32 and
//! the 68000 have no complex numbers: there they are as GCC has them. On others
//! they are refused by name.

use terrella_emulator_api::{EmulatorExt, Flow};
use terrella_machine_state::ReturnValue;

use super::{
    context::Context,
    error::{Failure, Result},
    types::{Argument, CType, Header, Model, Outcome, Ptr, Standard, typed},
};

mod functions;
mod long;
mod wide;

use functions::Complex;
pub(crate) use long::HEADER as LONG;

/// How arguments are passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Places {
    /// As two numbers.
    Two,
    /// The same; those of single precision in one place of eight bytes, as they
    /// stand in memory.
    PackedSingles,
    /// As the words of 32 bits that they stand in memory in.
    Words,
    /// By the address of a copy.
    Addresses,
}

/// Registers of the first part, and those of the second.
type Moves = &'static [(&'static str, &'static str)];

/// Where results are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Results {
    /// The second part of a double, and of a single, in these registers beside
    /// those where the first is.
    Registers(Moves, Moves),
    /// Of singles, both in the first register of a result.
    PackedSingles(Moves),
    /// As words in these registers; singles in the first two.
    Words([&'static str; 4]),
    /// In memory; singles in the registers of an integer.
    MemoryAndInteger,
    /// In memory.
    Memory,
}

struct Passing {
    places: Places,
    results: Results,
}

fn passing(c: &Context<'_>) -> Result<Passing> {
    let name = c.state.platform.name();
    let convention = c.call.convention();
    let begins = |prefix: &str| name.starts_with(prefix);
    let of = |places, results| Passing { places, results };
    let registers = |double, single| of(Places::Two, Results::Registers(double, single));
    let packed = |double| of(Places::PackedSingles, Results::PackedSingles(double));
    Ok(match convention.name {
        "sysv" if name == "x86_64" => packed(&[("xmm0", "xmm1")]),
        "cdecl" if name == "i386" => of(Places::Two, Results::MemoryAndInteger),
        "sysv" if name == "m68k" => of(Places::Two, Results::MemoryAndInteger),
        _ if begins("aarch64") => registers(&[("v0", "v1")], &[("v0", "v1")]),
        "aapcs-vfp" => registers(&[("d0", "d1")], &[("s0", "s1")]),
        "aapcs" => of(Places::Two, Results::Memory),
        "lp64d" | "ilp32d" => registers(&[("fa0", "fa1")], &[("fa0", "fa1")]),
        _ if begins("loongarch64") => registers(&[("fa0", "fa1")], &[("fa0", "fa1")]),
        "elfv2" => registers(&[("f1", "f2")], &[("f1", "f2")]),
        "n64" => registers(&[("f0", "f2")], &[("f0", "f2")]),
        "o32" => of(Places::Words, Results::Registers(&[("f0s", "f2s"), ("f1s", "f3s")], &[("f0s", "f2s")])),
        "sysv" if begins("ppc") => of(Places::Words, Results::Words(["r3", "r4", "r5", "r6"])),
        _ if begins("sparc64") => packed(&[("d0", "d2")]),
        _ if begins("s390") => of(Places::Addresses, Results::Memory),
        other => {
            return Err(Failure::Misuse(format!(
                "where complex numbers are by {other} on {name} is not known here"
            )));
        }
    })
}

impl Context<'_> {
    /// Whether a result of the type is in memory.
    pub(super) fn returns_complex_in_memory(&self, result: CType) -> bool {
        match passing(self).map(|it| it.results) {
            Ok(Results::Memory) => matches!(result, CType::Complex | CType::ComplexFloat),
            Ok(Results::MemoryAndInteger) => result == CType::Complex,
            _ => false,
        }
    }

    fn next_number(&mut self, ctype: CType) -> Result<f64> {
        Ok(match self.next(ctype)? {
            terrella_machine_state::ArgumentValue::F64(value) => value,
            terrella_machine_state::ArgumentValue::F32(value) => value.into(),
            _ => f64::NAN,
        })
    }

    /// Two numbers, from memory or out of eight bytes of it.
    fn parts(&mut self, bytes: &[u8], single: bool) -> Complex {
        let order = self.state.platform.byte_order();
        let (one, two) = bytes.split_at(bytes.len() / 2);
        let number = |part: &[u8]| {
            let bits = order.read(part);
            if single { f64::from(f32::from_bits(bits as u32)) } else { f64::from_bits(bits as u64) }
        };
        Complex { re: number(one), im: number(two) }
    }

    fn image(&self, value: Complex, single: bool) -> Vec<u8> {
        let order = self.state.platform.byte_order();
        let mut bytes = Vec::new();
        for part in [value.re, value.im] {
            let mut image = if single { vec![0; 4] } else { vec![0; 8] };
            let bits = if single { u64::from((part as f32).to_bits()) } else { part.to_bits() };
            order.write(bits.into(), &mut image);
            bytes.extend(image);
        }
        bytes
    }

    fn next_complex(&mut self, single: bool) -> Result<Complex> {
        match passing(self)?.places {
            Places::Addresses => {
                let at = Ptr(self.next_integer(CType::Pointer)? as u64);
                let bytes = self.read(at, if single { 8 } else { 16 })?;
                return Ok(self.parts(&bytes, single));
            }
            Places::PackedSingles if single => {
                let bits = self.next_number(CType::Double)?.to_bits();
                let mut bytes = [0; 8];
                self.state.platform.byte_order().write(bits.into(), &mut bytes);
                return Ok(self.parts(&bytes, true));
            }
            Places::Words => {
                let mut bytes = [0; 16];
                let bytes = &mut bytes[..if single { 8 } else { 16 }];
                for word in bytes.chunks_exact_mut(4) {
                    let value = self.next_integer(CType::Int)? as u32;
                    self.state.platform.byte_order().write(value.into(), word);
                }
                return Ok(self.parts(bytes, single));
            }
            _ => {}
        }
        let ctype = if single { CType::Float } else { CType::Double };
        Ok(Complex { re: self.next_number(ctype)?, im: self.next_number(ctype)? })
    }

    fn give_complex(&mut self, value: Complex, single: bool) -> Result<Flow> {
        if let Some(room) = self.room {
            let bytes = self.image(value, single);
            self.write(Ptr(room), &bytes)?;
            return self.give(&ReturnValue::Pointer(room));
        }
        let whole = |bytes: &[u8], c: &Self| c.state.platform.byte_order().read(bytes) as u64;
        let moves = match passing(self)?.results {
            Results::PackedSingles(_) if single => {
                let bytes = self.image(value, true);
                let bits = whole(&bytes, self);
                return self.give(&ReturnValue::F64(f64::from_bits(bits)));
            }
            Results::MemoryAndInteger => {
                let bytes = self.image(value, true);
                let bits = whole(&bytes, self);
                return self.give(&ReturnValue::Integer { value: bits.into(), bytes: 8 });
            }
            Results::Words(registers) => {
                let bytes = self.image(value, single);
                for (word, register) in bytes.chunks_exact(4).zip(registers) {
                    let word = whole(word, self);
                    self.emulator().write_register(register, word)?;
                }
                return Ok(Flow::Continue);
            }
            Results::Registers(_, moves) if single => moves,
            Results::Registers(moves, _) | Results::PackedSingles(moves) => moves,
            Results::Memory => return self.misuse("a complex number in memory without room for it"),
        };
        let number = |part: f64| if single { ReturnValue::F32(part as f32) } else { ReturnValue::F64(part) };
        // The second part as it stands in the registers of a result.
        self.give(&number(value.im))?;
        let mut held = Vec::new();
        for (from, _) in moves {
            held.push(self.emulator().read_wide_register(*from)?);
        }
        let flow = self.give(&number(value.re))?;
        // A register of the first may hold this one, too.
        for ((_, to), part) in moves.iter().zip(held) {
            self.emulator().write_register(*to, part)?;
        }
        Ok(flow)
    }
}

/// `double complex`.
struct Double(Complex);
/// `float complex`.
struct Single(Complex);

impl Argument for Double {
    const TYPE: CType = CType::Complex;
    fn take(context: &mut Context<'_>) -> Result<Self> {
        context.next_complex(false).map(Self)
    }
}

impl Outcome for Double {
    const TYPE: CType = CType::Complex;
    fn give(self, context: &mut Context<'_>) -> Result<Flow> {
        context.give_complex(self.0, false)
    }
}

impl Argument for Single {
    const TYPE: CType = CType::ComplexFloat;
    fn take(context: &mut Context<'_>) -> Result<Self> {
        context.next_complex(true).map(Self)
    }
}

impl Outcome for Single {
    const TYPE: CType = CType::ComplexFloat;
    fn give(self, context: &mut Context<'_>) -> Result<Flow> {
        context.give_complex(self.0, true)
    }
}

macro_rules! model {
    ($name:expr, $deviation:expr, $function:expr) => {
        Model { name: $name, deviation: $deviation, function: &typed($function) }
    };
}

const NEAR: Option<&str> =
    Some("may differ from glibc's by a few units of the last place; exceptions are not raised");

macro_rules! complex {
    ($($name:ident = $function:path, $deviation:expr;)*) => {
        &[$(
            model!(stringify!($name), $deviation, |_: &mut Context<'_>, z: Double| -> Result<Double> { Ok(Double($function(z.0))) }),
            model!(concat!(stringify!($name), "f"), $deviation, |_: &mut Context<'_>, z: Single| -> Result<Single> { Ok(Single($function(z.0))) }),
        )*]
    };
}

macro_rules! real {
    ($($name:ident = $function:path, $deviation:expr;)*) => {
        &[$(
            model!(stringify!($name), $deviation, |_: &mut Context<'_>, z: Double| -> Result<f64> { Ok($function(z.0)) }),
            model!(concat!(stringify!($name), "f"), $deviation, |_: &mut Context<'_>, z: Single| -> Result<f32> { Ok($function(z.0) as f32) }),
        )*]
    };
}

pub(crate) static HEADER: [Header; 3] = [
    Header {
        name: "complex.h",
        standard: Standard::C99,
        models: complex! {
            conj = functions::conjugate, None;
            cproj = functions::projection, None;
            csqrt = functions::square_root, NEAR;
            cexp = functions::exponential, NEAR;
            clog = functions::logarithm, NEAR;
            csinh = functions::sinh, NEAR;
            ccosh = functions::cosh, NEAR;
            ctanh = functions::tanh, NEAR;
            csin = functions::sin, NEAR;
            ccos = functions::cos, NEAR;
            ctan = functions::tan, NEAR;
            casinh = functions::asinh, NEAR;
            cacosh = functions::acosh, NEAR;
            catanh = functions::atanh, NEAR;
            casin = functions::asin, NEAR;
            cacos = functions::acos, NEAR;
            catan = functions::atan, NEAR;
        },
    },
    Header {
        name: "complex.h",
        standard: Standard::C99,
        models: real! {
            creal = functions::real, None;
            cimag = functions::imaginary, None;
            cabs = functions::magnitude, NEAR;
            carg = functions::argument, NEAR;
        },
    },
    Header {
        name: "complex.h",
        standard: Standard::C99,
        models: &[
            model!("cpow", NEAR, |_: &mut Context<'_>, x: Double, y: Double| -> Result<Double> {
                Ok(Double(functions::power(x.0, y.0)))
            }),
            model!("cpowf", NEAR, |_: &mut Context<'_>, x: Single, y: Single| -> Result<Single> {
                Ok(Single(functions::power(x.0, y.0)))
            }),
        ],
    },
];
