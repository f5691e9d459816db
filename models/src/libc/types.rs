//! What a model's parameters and results are, and [`Model`] itself: one Rust
//! function, whose types say where the arguments stand on every platform.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::Flow;
use terrella_machine_state::{ArgumentValue, Executable, Return, ReturnValue, call::Parameter};
use terrella_platforms::Platform;

use super::{context::Context, error::Result, exact::Number, variable::Variable};

/// How wide the types of C are on a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataModel {
    /// Bytes of `int`.
    pub(crate) int: u8,
    /// Bytes of `long`.
    pub(crate) long: u8,
    /// Bytes of a pointer, `size_t` and `intptr_t`.
    pub(crate) pointer: u8,
    /// Bytes of `off_t`.
    pub(crate) offset: u8,
    /// Bytes of `time_t`.
    pub(crate) time: u8,
    /// Bytes of `wchar_t`.
    pub(crate) wide: u8,
    /// Whether plain `char` has no sign.
    pub(crate) unsigned_char: bool,
    /// Whether `wchar_t` has no sign.
    pub(crate) unsigned_wide: bool,
    /// Bytes of `double`.
    pub(crate) double: u8,
    /// The most that fields are aligned to.
    pub(crate) alignment: u8,
}

impl DataModel {
    /// Those of a platform's C compilers: ILP32 or LP64, and 16-bit `int`
    /// where pointers have at most 16 bits (20 on MSP430X).
    pub(crate) fn of(platform: Platform, flavour: Flavour) -> Self {
        let definition = platform.definition();
        let name = platform.name();
        let small = definition.address_bits < 32;
        let late = matches!(name, "riscv32" | "loongarch32") || flavour == Flavour::Musl;
        let arm = name.starts_with("arm") || name.starts_with("aarch64");
        let unsigned = arm
            || ["ppc", "riscv", "s390x", "msp430", "mos6502", "xtensa"].iter().any(|it| name.starts_with(it));
        Self {
            int: if small { 2 } else { 4 },
            long: if small { 4 } else { definition.pointer_bytes.max(4) },
            pointer: definition.pointer_bytes,
            // 32-bit RISC-V and LoongArch have had no other.
            offset: if late { 8 } else { definition.pointer_bytes.max(4) },
            time: if late { 8 } else { definition.pointer_bytes.max(4) },
            wide: if small { 2 } else { 4 },
            unsigned_char: unsigned,
            unsigned_wide: arm || small,
            double: if name.starts_with("avr") || name == "i8051" || name == "z80" { 4 } else { 8 },
            alignment: match name {
                "i386" => 4,
                "m68k" => 2,
                _ if small => 2,
                _ => 8,
            },
        }
    }
}

/// Which C library the program was made for: some types have other widths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flavour {
    /// The GNU library, and what has its types.
    #[default]
    Gnu,
    /// musl: `off_t` and `time_t` have 64 bits everywhere.
    Musl,
}

impl Flavour {
    /// What a program tells: the library that it names (`libc.so.6` is glibc's,
    /// musl's is `libc.so` or, at Alpine, `libc.musl-x86_64.so.1`), or else
    /// its imports.
    pub(crate) fn of_program(program: &Executable) -> Self {
        for library in &program.libraries {
            match library.as_str() {
                "libc.so.6" | "libc.so.6.1" => return Self::Gnu,
                "libc.so" => return Self::Musl,
                name if name.starts_with("libc.musl-") => return Self::Musl,
                _ => {}
            }
        }
        Self::of_imports(program.imports.iter().map(|import| import.name.as_str()))
    }

    /// What the imports of a program tell: names that only one library has.
    fn of_imports<'a>(mut names: impl Iterator<Item = &'a str>) -> Self {
        let musl = |name: &str| {
            name.ends_with("_time64") && !name.ends_with("64_time64") || name == "___errno_location"
        };
        if names.any(musl) { Self::Musl } else { Self::Gnu }
    }
}

/// A type of C, as far as models have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CType {
    /// `void`.
    Void,
    /// A pointer.
    Pointer,
    /// `int`.
    Int,
    /// `unsigned int`, `mode_t`, `uid_t`, `socklen_t`.
    Unsigned,
    /// `long`, `time_t`, `ssize_t`.
    Long,
    /// `unsigned long`.
    UnsignedLong,
    /// `size_t`, `uintptr_t`.
    Size,
    /// `unsigned short`.
    UnsignedShort,
    /// `long long`, `intmax_t`, `off64_t`.
    LongLong,
    /// `unsigned long long`, `uintmax_t`.
    UnsignedLongLong,
    /// `__int128`.
    Wide128,
    /// `unsigned __int128`.
    Unsigned128,
    /// `off_t`.
    Offset,
    /// `time_t`.
    Time,
    /// `wint_t`, `wchar_t`.
    Wide,
    /// `float`.
    Float,
    /// `double`.
    Double,
    /// `long double`.
    LongDouble,
    /// `va_list`.
    VariableList,
    /// `...`.
    Variable,
    /// A structure by value.
    Structure,
    /// `double complex`.
    Complex,
    /// `float complex`.
    ComplexFloat,
    /// `long double complex`.
    ComplexLong,
    /// Does not return.
    Never,
}

impl CType {
    /// As it is written in C.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Void | Self::Never => "void",
            Self::Pointer => "void *",
            Self::Int => "int",
            Self::Unsigned => "unsigned",
            Self::Long => "long",
            Self::UnsignedLong => "unsigned long",
            Self::Size => "size_t",
            Self::UnsignedShort => "unsigned short",
            Self::LongLong => "long long",
            Self::UnsignedLongLong => "unsigned long long",
            Self::Offset => "off_t",
            Self::Time => "time_t",
            Self::Wide => "wint_t",
            Self::Float => "float",
            Self::Double => "double",
            Self::Wide128 => "__int128",
            Self::Unsigned128 => "unsigned __int128",
            Self::LongDouble => "long double",
            Self::VariableList => "va_list",
            Self::Variable => "...",
            Self::Structure => "struct",
            Self::Complex => "double complex",
            Self::ComplexFloat => "float complex",
            Self::ComplexLong => "long double complex",
        }
    }

    /// How calling conventions see a parameter of the type.
    pub(crate) fn parameter(self, model: &DataModel) -> Parameter {
        let integer = |bytes, signed| Parameter::Integer { bytes, signed };
        match self {
            Self::Int => integer(model.int, true),
            Self::Unsigned => integer(model.int, false),
            Self::Wide => integer(model.wide, !model.unsigned_wide),
            Self::Offset => integer(model.offset, true),
            Self::Time => integer(model.time, true),
            Self::Long => integer(model.long, true),
            Self::UnsignedLong => integer(model.long, false),
            Self::Size => integer(model.pointer, false),
            Self::UnsignedShort => integer(2, false),
            Self::LongLong => integer(8, true),
            Self::UnsignedLongLong => integer(8, false),
            Self::Wide128 => integer(16, true),
            Self::Unsigned128 => integer(16, false),
            Self::Float => Parameter::F32,
            Self::Double if model.double == 4 => Parameter::F32,
            Self::Double => Parameter::F64,
            Self::LongDouble => Parameter::LongDouble,
            _ => Parameter::Pointer,
        }
    }

    /// How calling conventions see a result of the type.
    pub(crate) fn result(self, model: &DataModel) -> Return {
        match self {
            Self::Void | Self::Never | Self::Structure => Return::Void,
            Self::Complex | Self::ComplexFloat | Self::ComplexLong => Return::Void,
            _ => match self.parameter(model) {
                Parameter::Integer { bytes, signed } => Return::Integer { bytes, signed },
                Parameter::F32 => Return::F32,
                Parameter::F64 => Return::F64,
                Parameter::LongDouble => Return::LongDouble,
                _ => Return::Pointer,
            },
        }
    }
}

/// A pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(crate) struct Ptr(pub(crate) u64);

impl Ptr {
    pub(crate) const NULL: Self = Self(0);

    pub(crate) const fn is_null(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn add(self, bytes: u64) -> Self {
        Self(self.0.wrapping_add(bytes))
    }
}

/// `long double`: any number of its format.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LongDouble(pub(crate) Number);

impl LongDouble {
    /// The nearest double.
    pub(crate) fn double(&self) -> f64 {
        self.0.to_double()
    }

    /// That of a double, which every format has.
    pub(crate) fn of(value: f64) -> Self {
        Self(Number::of_double(value))
    }
}
/// `long`, `ssize_t`, `time_t` and `off_t` of the usual interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Long(pub(crate) i64);
/// `off_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offset(pub(crate) i64);
/// `unsigned long`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ULong(pub(crate) u64);
/// `size_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);
/// `wchar_t`. (`wint_t` is `unsigned`.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wide(pub(crate) u32);

/// The end of the parameters: what follows is variable.
pub(crate) struct Dots;

/// A structure of equal integers, returned by value (`div_t`, `ldiv_t`).
pub(crate) struct Pair(pub(crate) CType, pub(crate) i64, pub(crate) i64);

/// A type that a parameter can have.
pub(crate) trait Argument: Sized {
    const TYPE: CType;
    fn take(context: &mut Context<'_>) -> Result<Self>;
}

/// A type that a result can have.
pub(crate) trait Outcome: Sized {
    const TYPE: CType;
    fn give(self, context: &mut Context<'_>) -> Result<Flow>;
}

macro_rules! integers {
    ($($type:ty, $ctype:ident, $from:expr, $into:expr;)*) => {$(
        impl Argument for $type {
            const TYPE: CType = CType::$ctype;
            fn take(context: &mut Context<'_>) -> Result<Self> {
                let value = context.next_integer(CType::$ctype)?;
                Ok($from(value))
            }
        }
        impl Outcome for $type {
            const TYPE: CType = CType::$ctype;
            fn give(self, context: &mut Context<'_>) -> Result<Flow> {
                context.give_integer(CType::$ctype, $into(self))
            }
        }
    )*};
}

integers! {
    i32, Int, |value: i128| value as i32, i128::from;
    u32, Unsigned, |value: i128| value as u32, i128::from;
    u16, UnsignedShort, |value: i128| value as u16, i128::from;
    i64, LongLong, |value: i128| value as i64, i128::from;
    u64, UnsignedLongLong, |value: i128| value as u64, i128::from;
    Long, Long, |value: i128| Long(value as i64), |it: Long| i128::from(it.0);
    Offset, Offset, |value: i128| Offset(value as i64), |it: Offset| i128::from(it.0);
    ULong, UnsignedLong, |value: i128| ULong(value as u64), |it: ULong| i128::from(it.0);
    Size, Size, |value: i128| Size(value as u64), |it: Size| i128::from(it.0);
    Wide, Wide, |value: i128| Wide(value as u32), |it: Wide| i128::from(it.0);
    Ptr, Pointer, |value: i128| Ptr(value as u64), |it: Ptr| i128::from(it.0);
}

impl Argument for f64 {
    const TYPE: CType = CType::Double;
    fn take(context: &mut Context<'_>) -> Result<Self> {
        Ok(match context.next(CType::Double)? {
            ArgumentValue::F32(value) => Self::from(value),
            ArgumentValue::F64(value) => value,
            _ => Self::NAN,
        })
    }
}

impl Outcome for f64 {
    const TYPE: CType = CType::Double;
    fn give(self, context: &mut Context<'_>) -> Result<Flow> {
        let single = context.model.double == 4;
        context.give(&if single { ReturnValue::F32(self as f32) } else { ReturnValue::F64(self) })
    }
}

impl Argument for f32 {
    const TYPE: CType = CType::Float;
    fn take(context: &mut Context<'_>) -> Result<Self> {
        Ok(match context.next(CType::Float)? {
            ArgumentValue::F32(value) => value,
            _ => Self::NAN,
        })
    }
}

impl Outcome for f32 {
    const TYPE: CType = CType::Float;
    fn give(self, context: &mut Context<'_>) -> Result<Flow> {
        context.give(&ReturnValue::F32(self))
    }
}

impl Argument for LongDouble {
    const TYPE: CType = CType::LongDouble;
    fn take(context: &mut Context<'_>) -> Result<Self> {
        context.next_long_double().map(Self)
    }
}

impl Outcome for LongDouble {
    const TYPE: CType = CType::LongDouble;
    fn give(self, context: &mut Context<'_>) -> Result<Flow> {
        context.give_long_double(&self.0)
    }
}

impl Argument for Dots {
    const TYPE: CType = CType::Variable;
    fn take(context: &mut Context<'_>) -> Result<Self> {
        context.begin_variable();
        Ok(Self)
    }
}

impl Argument for Variable {
    const TYPE: CType = CType::VariableList;
    fn take(context: &mut Context<'_>) -> Result<Self> {
        context.next_list()
    }
}

impl Outcome for () {
    const TYPE: CType = CType::Void;
    fn give(self, _: &mut Context<'_>) -> Result<Flow> {
        Ok(Flow::Continue)
    }
}

impl Outcome for Pair {
    const TYPE: CType = CType::Structure;
    fn give(self, context: &mut Context<'_>) -> Result<Flow> {
        context.give_pair(&self)
    }
}

/// The end of a model that may call the guest first.
#[derive(Debug)]
pub(crate) enum Reply {
    /// It is done; nothing is returned.
    Void,
    /// It is done, with an `int`.
    Int(i32),
    /// It is done, with a pointer.
    Pointer(Ptr),
    /// The guest runs on where the program counter says: a function of its
    /// own was called, or the model jumped.
    Elsewhere,
    /// The run ends.
    Stop,
}

impl Outcome for Reply {
    const TYPE: CType = CType::Int;
    fn give(self, context: &mut Context<'_>) -> Result<Flow> {
        match self {
            Self::Void | Self::Elsewhere => Ok(Flow::Continue),
            Self::Int(value) => value.give(context),
            Self::Pointer(address) => address.give(context),
            Self::Stop => Ok(Flow::Stop),
        }
    }
}

/// The Rust function behind a model.
pub(crate) trait Runnable: Sync {
    /// The types of its parameters.
    fn parameters(&self) -> &'static [CType];
    /// The type of its result.
    fn result(&self) -> CType;
    /// Takes the arguments, answers, and puts the result in its place.
    fn run(&self, context: &mut Context<'_>) -> Result<Flow>;
}

/// A function with the types of its arguments and of its result.
pub(crate) struct Typed<F, A, R>(F, PhantomData<fn(A) -> R>);

pub(crate) const fn typed<F, A, R>(function: F) -> Typed<F, A, R> {
    Typed(function, PhantomData)
}

macro_rules! runnable {
    ($($argument:ident)*) => {
        impl<F, R, $($argument),*> Runnable for Typed<F, ($($argument,)*), R>
        where
            F: Fn(&mut Context<'_>, $($argument),*) -> Result<R> + Sync,
            R: Outcome,
            $($argument: Argument,)*
        {
            fn parameters(&self) -> &'static [CType] {
                const { &[$($argument::TYPE),*] }
            }

            fn result(&self) -> CType {
                R::TYPE
            }

            #[allow(non_snake_case)]
            fn run(&self, context: &mut Context<'_>) -> Result<Flow> {
                $(let $argument = $argument::take(context)?;)*
                let result = (self.0)(context, $($argument),*)?;
                result.give(context)
            }
        }
    };
}

runnable!();
runnable!(A);
runnable!(A B);
runnable!(A B C);
runnable!(A B C D);
runnable!(A B C D E);
runnable!(A B C D E G);
runnable!(A B C D E G H);
runnable!(A B C D E G H I);
runnable!(A B C D E G H I J);

/// The document that a function is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standard {
    /// ISO/IEC 9899:1999.
    C99,
    /// IEEE Std 1003.1-2017.
    Posix,
    /// What GNU's, musl's or newlib's libraries have besides.
    Extension,
    /// What compilers and start code call: the fortified forms, the Itanium
    /// C++ ABI, `__libc_start_main`.
    Runtime,
}

impl Standard {
    /// A short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::C99 => "C99",
            Self::Posix => "POSIX",
            Self::Extension => "extension",
            Self::Runtime => "runtime",
        }
    }
}

/// A model of a function.
pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// In what it is not what the documents say, if there is something.
    pub(crate) deviation: Option<&'static str>,
    pub(crate) function: &'static dyn Runnable,
}

/// In what operations deviate whose last bits are open on pairs of doubles; other
/// formats are exact.
pub(crate) const PAIRS: &str =
    "on pairs of doubles (PowerPC) rounded once to 106 bits, where glibc's last bits may differ";

impl Model {
    /// In what it deviates on a platform.
    pub(crate) fn deviation_on(&self, platform: Platform) -> Option<&'static str> {
        self.deviation.filter(|text| *text != PAIRS || platform.name().starts_with("ppc"))
    }
}

/// Models of one header.
pub(crate) struct Header {
    pub(crate) name: &'static str,
    pub(crate) standard: Standard,
    pub(crate) models: &'static [Model],
}

/// A table of models: the name in C, the Rust function, and in what it
/// deviates.
macro_rules! models {
    ($($name:ident = $function:path $(, $deviation:expr)? ;)*) => {
        &[$(
            $crate::libc::types::Model {
                name: stringify!($name),
                deviation: models!(@deviation $($deviation)?),
                function: &$crate::libc::types::typed($function),
            }
        ),*]
    };
    (@deviation) => { None };
    (@deviation $text:expr) => { Some($text) };
}
pub(crate) use models;
