//! `long double complex`: as two of `long double`, by its address, or in memory,
//! as the processor supplements say (System V amd64 3.2.3, COMPLEX_X87; i386
//! table 2.1; AAPCS64 6.4; RISC-V 2.1; LoongArch; z/Architecture 1.2.3; 64-bit
//! ELF V2 2.2.3; SPARC Compliance Definition 2.4 3P; the N32 ABI handbook of
//! MIPS; on the 68000 as GCC has it).
//!
//! Parts, conjugates and projections are exact; other functions are rounded from
//! more bits.

use terrella_emulator_api::{EmulatorExt, Flow};
use terrella_machine_state::ReturnValue;

use super::{
    super::{
        context::Context,
        error::{Failure, Result},
        exact::{Format, Number},
        types::{Argument, CType, Header, LongDouble, Model, Outcome, Ptr, Standard, typed},
    },
    functions::{self, Complex},
    wide::{self, Part, Wide},
};

/// Where results are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Results {
    /// As `double complex`, which it is.
    Double,
    /// On the x87's stack, the real part on top.
    Stack,
    /// The imaginary part in other registers than those where a `long double` is
    /// returned: from, to.
    Registers(&'static [(&'static str, &'static str)]),
    /// As words, which arguments are too (Power Architecture 32-bit ABI
    /// Supplement 1.0, ATR-PASS-COMPLEX-IN-GPRS).
    Words(&'static [&'static str]),
    Memory,
}

struct Passing {
    by_address: bool,
    results: Results,
}

fn passing(c: &Context<'_>) -> Result<Passing> {
    let name = c.state.platform.name();
    let convention = c.call.convention().name;
    let format = c.long_format()?;
    let begins = |prefix: &str| name.starts_with(prefix);
    let parts = |results| Passing { by_address: false, results };
    let addresses = |results| Passing { by_address: true, results };
    Ok(match convention {
        _ if format == Format::DOUBLE => parts(Results::Double),
        "sysv" if name == "x86_64" => parts(Results::Stack),
        "cdecl" if name == "i386" => parts(Results::Memory),
        "sysv" if name == "m68k" => parts(Results::Memory),
        "n64" => parts(Results::Memory),
        _ if begins("aarch64") => parts(Results::Registers(&[("v0", "v1")])),
        "lp64d" | "ilp32d" => addresses(Results::Memory),
        _ if begins("loongarch64") || begins("s390") => addresses(Results::Memory),
        "sysv" if begins("ppc") => parts(Results::Words(&["r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10"])),
        "elfv2" if format.pair => parts(Results::Registers(&[("f1", "f3"), ("f2", "f4")])),
        "elfv2" => parts(Results::Registers(&[("v2", "v3")])),
        _ if begins("sparc64") => addresses(Results::Registers(&[("d0", "d4"), ("d2", "d6")])),
        other => {
            return Err(Failure::Misuse(format!(
                "where complex numbers of long double are by {other} on {name} is not known here"
            )));
        }
    })
}

/// A number in rectangular parts.
pub(super) struct Long {
    re: Number,
    im: Number,
}

impl Long {
    fn nearest(&self) -> Complex {
        Complex { re: self.re.to_double(), im: self.im.to_double() }
    }

    fn of(value: Complex) -> Self {
        Self { re: Number::of_double(value.re), im: Number::of_double(value.im) }
    }

    fn wide(self) -> Wide {
        Wide { re: Part(self.re), im: Part(self.im) }
    }
}

/// A function that is computed in more bits than the format has, but where that
/// is the format of `double`.
fn computed(
    c: &mut Context<'_>,
    z: Long,
    double: impl Fn(Complex) -> Complex,
    wide: impl Fn(&Wide) -> Wide,
) -> Result<Long> {
    let format = c.long_format()?;
    if format == Format::DOUBLE {
        return Ok(Long::of(double(z.nearest())));
    }
    let found = wide(&z.wide());
    let rounding = c.rounding();
    let part = |part: Part| part.0.rounded(format, rounding).number;
    Ok(Long { re: part(found.re), im: part(found.im) })
}

/// The same with a real result.
fn computed_part(
    c: &mut Context<'_>,
    z: Long,
    double: impl Fn(Complex) -> f64,
    wide: impl Fn(&Wide) -> Part,
) -> Result<LongDouble> {
    let format = c.long_format()?;
    if format == Format::DOUBLE {
        return Ok(LongDouble::of(double(z.nearest())));
    }
    Ok(LongDouble(wide(&z.wide()).0.rounded(format, c.rounding()).number))
}

impl Context<'_> {
    /// Whether a result is in memory.
    pub(in super::super) fn returns_long_complex_in_memory(&self) -> bool {
        match passing(self).map(|it| it.results) {
            Ok(Results::Memory) => true,
            Ok(Results::Double) => self.returns_complex_in_memory(CType::Complex),
            _ => false,
        }
    }
}

impl Argument for Long {
    const TYPE: CType = CType::ComplexLong;

    fn take(context: &mut Context<'_>) -> Result<Self> {
        let passing = passing(context)?;
        if passing.results == Results::Double {
            return context.next_complex(false).map(Self::of);
        }
        if passing.by_address {
            let at = Ptr(context.next_integer(CType::Pointer)? as u64);
            let re = context.read_long_double(at)?;
            let step = context.long_bytes()?;
            return Ok(Self { re, im: context.read_long_double(at.add(step))? });
        }
        if let Results::Words(registers) = passing.results {
            let mut bytes = Vec::new();
            for _ in registers {
                let value = context.next_integer(CType::Int)? as u32;
                let mut word = [0; 4];
                context.state.platform.byte_order().write(value.into(), &mut word);
                bytes.extend(word);
            }
            return Ok(Self {
                re: context.long_double_of(&bytes[..bytes.len() / 2])?,
                im: context.long_double_of(&bytes[bytes.len() / 2..])?,
            });
        }
        Ok(Self { re: context.next_long_double()?, im: context.next_long_double()? })
    }
}

impl Outcome for Long {
    const TYPE: CType = CType::ComplexLong;

    fn give(self, context: &mut Context<'_>) -> Result<Flow> {
        let passing = passing(context)?;
        match passing.results {
            Results::Double => context.give_complex(self.nearest(), false),
            Results::Memory => {
                let Some(room) = context.room.take() else {
                    return context.misuse("a complex number in memory without room for it");
                };
                let step = context.long_bytes()?;
                context.write_long_double(Ptr(room), &self.re)?;
                context.write_long_double(Ptr(room.wrapping_add(step)), &self.im)?;
                context.give(&ReturnValue::Pointer(room))
            }
            Results::Stack => {
                context.give_long_double(&self.im)?;
                let held = context.emulator().read_wide_register("st0")?;
                let flow = context.give_long_double(&self.re)?;
                // Where registers of the stack are numbered from its top, it is
                // there already.
                context.emulator().write_register("st1", held)?;
                Ok(flow)
            }
            Results::Words(registers) => {
                let mut bytes = context.long_double_bytes(&self.re)?;
                bytes.extend(context.long_double_bytes(&self.im)?);
                for (word, register) in bytes.chunks_exact(4).zip(registers) {
                    let word = context.state.platform.byte_order().read(word) as u64;
                    context.emulator().write_register(*register, word)?;
                }
                Ok(Flow::Continue)
            }
            Results::Registers(moves) => {
                context.give_long_double(&self.im)?;
                for (from, to) in moves {
                    let held = context.emulator().read_wide_register(*from)?;
                    context.emulator().write_register(*to, held)?;
                }
                context.give_long_double(&self.re)
            }
        }
    }
}

macro_rules! model {
    ($name:expr, $deviation:expr, $function:expr) => {
        Model { name: $name, deviation: $deviation, function: &typed($function) }
    };
}

const NEAR: Option<&str> = Some(
    "rounded from 512 bits, where glibc's may be some units of the last place away; of long doubles that are \
     doubles as the function of double complex; exceptions are not raised",
);

macro_rules! complex {
    ($($name:literal = $function:ident;)*) => {
        &[$(
            model!(concat!($name, "l"), NEAR, |c: &mut Context<'_>, z: Long| -> Result<Long> { computed(c, z, functions::$function, wide::$function) }),
            model!(concat!("__", $name, "ieee128"), NEAR, |c: &mut Context<'_>, z: Long| -> Result<Long> { computed(c, z, functions::$function, wide::$function) }),
        )*]
    };
}

macro_rules! named {
    ($($name:literal, $deviation:expr, $function:expr;)*) => {
        &[$(
            model!(concat!($name, "l"), $deviation, $function),
            model!(concat!("__", $name, "ieee128"), $deviation, $function),
        )*]
    };
}

fn projection(z: Long) -> Long {
    if z.re.is_infinite() || z.im.is_infinite() {
        let negative = z.im.is_negative();
        return Long { re: Number::infinity(false), im: Number::of_double(0.0).with_sign(negative) };
    }
    z
}

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "complex.h",
        standard: Standard::C99,
        models: complex! {
            "csqrt" = square_root;
            "cexp" = exponential;
            "clog" = logarithm;
            "csinh" = sinh;
            "ccosh" = cosh;
            "ctanh" = tanh;
            "csin" = sin;
            "ccos" = cos;
            "ctan" = tan;
            "casinh" = asinh;
            "cacosh" = acosh;
            "catanh" = atanh;
            "casin" = asin;
            "cacos" = acos;
            "catan" = atan;
        },
    },
    Header {
        name: "complex.h",
        standard: Standard::C99,
        models: named! {
            "creal", None, |_: &mut Context<'_>, z: Long| -> Result<LongDouble> { Ok(LongDouble(z.re)) };
            "cimag", None, |_: &mut Context<'_>, z: Long| -> Result<LongDouble> { Ok(LongDouble(z.im)) };
            "conj", None, |_: &mut Context<'_>, z: Long| -> Result<Long> { Ok(Long { re: z.re, im: z.im.negated() }) };
            "cproj", None, |_: &mut Context<'_>, z: Long| -> Result<Long> { Ok(projection(z)) };
            "cabs", NEAR, |c: &mut Context<'_>, z: Long| -> Result<LongDouble> { computed_part(c, z, functions::magnitude, wide::magnitude) };
            "carg", NEAR, |c: &mut Context<'_>, z: Long| -> Result<LongDouble> { computed_part(c, z, functions::argument, wide::argument) };
            "cpow", NEAR, |c: &mut Context<'_>, x: Long, y: Long| -> Result<Long> {
                let (near, by) = (y.nearest(), y.wide());
                computed(c, x, |x| functions::power(x, near), |x| wide::power(x, &by))
            };
        },
    },
];
