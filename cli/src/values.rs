//! Arguments and return types of `terrella call`, as they are written.

use std::{path::PathBuf, str::FromStr};

use terrella::{
    machine::{ArgumentValue, Machine, Return},
    platforms::PlatformDefinition,
};

use crate::{
    failure::{Failure, Result},
    notation::{Place, integer},
};

/// The types of integers and their sizes in bytes; 0 is that of a pointer.
const INTEGERS: &[(&str, u8, bool)] = &[
    ("u8", 1, false),
    ("i8", 1, true),
    ("u16", 2, false),
    ("i16", 2, true),
    ("u32", 4, false),
    ("i32", 4, true),
    ("u64", 8, false),
    ("i64", 8, true),
    ("u128", 16, false),
    ("i128", 16, true),
    ("usize", 0, false),
    ("isize", 0, true),
];

/// An argument as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    /// An integer, with the size and sign of its suffix, if it has one.
    Integer(i128, Option<(u8, bool)>),
    /// A single-precision number.
    F32(f32),
    /// A double-precision number.
    F64(f64),
    /// A pointer to bytes: a text with its zero byte, or a buffer.
    Bytes(Vec<u8>),
    /// A pointer to the content of a file.
    File(PathBuf),
    /// The address of a symbol.
    Symbol(Place),
}

impl FromStr for Argument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(':').unwrap_or(("int", text));
        match kind {
            "int" => integer_argument(rest),
            "f32" => number(rest).map(Self::F32),
            "f64" => number(rest).map(Self::F64),
            "str" => Ok(Self::Bytes(rest.bytes().chain([0]).collect())),
            "sym" => rest.parse().map(Self::Symbol),
            "buf" => buffer(rest),
            _ => Err(format!("`{kind}:` is no kind of argument: use int:, str:, buf:, f32:, f64: or sym:")),
        }
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number such as 1.5"))
}

fn integer_argument(text: &str) -> Result<Argument, String> {
    let suffix =
        INTEGERS.iter().find_map(|(name, bytes, signed)| Some((text.strip_suffix(name)?, *bytes, *signed)));
    let digits = suffix.map_or(text, |(digits, _, _)| digits);
    let Some(value) = integer(digits) else {
        let hint = match text.parse::<f64>() {
            Ok(_) => format!("write f64:{text} or f32:{text}"),
            Err(_) => format!("a text is str:{text}, the address of a symbol is sym:{text}"),
        };
        return Err(format!("`{text}` is not an integer: {hint}"));
    };
    Ok(Argument::Integer(value, suffix.map(|(_, bytes, signed)| (bytes, signed))))
}

fn buffer(text: &str) -> Result<Argument, String> {
    if let Some(path) = text.strip_prefix('@') {
        return Ok(Argument::File(path.into()));
    }
    match text.split_once(':') {
        Some(("hex", digits)) => unhex(digits).map(Argument::Bytes),
        Some(("zero", size)) => match integer(size).and_then(|size| usize::try_from(size).ok()) {
            Some(size) if size <= 1 << 30 => Ok(Argument::Bytes(vec![0; size])),
            _ => Err(format!("`{size}` is not a size in bytes of at most 1 GiB")),
        },
        _ => Err(format!("`buf:{text}` is none of buf:@FILE, buf:hex:DIGITS and buf:zero:SIZE")),
    }
}

fn unhex(digits: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("`{digits}` is not an even number of hexadecimal digits");
    let nibble = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let pair = |pair: &[u8]| Some(nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?);
    digits.as_bytes().chunks(2).map(|digits| pair(digits).ok_or_else(wrong)).collect()
}

impl Argument {
    /// The bytes that a pointer is to be passed to; `None` for other
    /// arguments.
    pub(crate) fn bytes(&self) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Bytes(bytes) => Ok(Some(bytes.clone())),
            Self::File(path) => match std::fs::read(path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) => Err(Failure::run_time(format!("cannot read {}: {error}", path.display()))),
            },
            _ => Ok(None),
        }
    }

    /// The value to pass; `place` is where its bytes are, if it has some.
    pub(crate) fn value(&self, machine: &Machine, place: Option<u64>) -> Result<ArgumentValue> {
        match self {
            Self::Bytes(_) | Self::File(_) => Ok(ArgumentValue::Pointer(place.unwrap_or_default())),
            Self::F32(value) => Ok((*value).into()),
            Self::F64(value) => Ok((*value).into()),
            Self::Symbol(symbol) => Ok(ArgumentValue::Pointer(symbol.pointer(machine)?)),
            Self::Integer(value, kind) => sized(*value, *kind, machine.definition()),
        }
    }
}

/// An integer of the size that it was given, or else of a pointer, or of 64
/// bits if a pointer is too small for it.
fn sized(value: i128, kind: Option<(u8, bool)>, definition: &PlatformDefinition) -> Result<ArgumentValue> {
    let fits = |bytes: u8, signed: bool| {
        let bits = 8 * u32::from(bytes);
        if bits >= 128 {
            return signed || value >= 0;
        }
        // A positive number is also taken as the bits of a signed type, and a
        // negative one as those of an unsigned type.
        value >= -(1_i128 << (bits - 1)) && value < 1_i128 << bits
    };
    let (bytes, signed) = match kind {
        Some((0, signed)) => (definition.pointer_bytes, signed),
        Some(kind) => kind,
        None if fits(definition.pointer_bytes, true) => (definition.pointer_bytes, value < 0),
        None => (8, value < 0),
    };
    if !fits(bytes, signed) {
        let message = format!("{value} does not fit into {} bits", 8 * u32::from(bytes));
        return Err(Failure::usage(message).hint("a wider type is a suffix, such as 1u64 or 1i128"));
    }
    Ok(ArgumentValue::Integer { value, bytes, signed })
}

/// What a function returns, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReturnType {
    /// Nothing.
    Void,
    /// An integer of so many bytes, 0 for that of a pointer.
    Integer(u8, bool),
    /// An address.
    Pointer,
    /// A single-precision number.
    F32,
    /// A double-precision number.
    F64,
    /// A pointer to a text.
    Text,
    /// A pointer to so many bytes.
    Buffer(usize),
    /// A structure of so many bytes, by value.
    Struct(u32),
}

impl FromStr for ReturnType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, bytes, signed)) = INTEGERS.iter().find(|(name, _, _)| *name == text) {
            return Ok(Self::Integer(*bytes, *signed));
        }
        let size = |size: &str| match integer(size).and_then(|size| u32::try_from(size).ok()) {
            Some(size) if size <= 1 << 30 => Ok(size),
            _ => Err(format!("`{size}` is not a size in bytes of at most 1 GiB")),
        };
        match (text, text.split_once(':')) {
            ("void", _) => Ok(Self::Void),
            ("ptr", _) => Ok(Self::Pointer),
            ("f32", _) => Ok(Self::F32),
            ("f64", _) => Ok(Self::F64),
            ("str", _) => Ok(Self::Text),
            (_, Some(("buf", bytes))) => Ok(Self::Buffer(size(bytes)? as usize)),
            (_, Some(("struct", bytes))) => Ok(Self::Struct(size(bytes)?)),
            _ => Err(format!(
                "`{text}` is no return type: use void, u8 … i128, usize, isize, f32, f64, str, ptr, buf:SIZE or \
                 struct:SIZE"
            )),
        }
    }
}

impl ReturnType {
    /// The type for the call.
    pub(crate) fn returns(self, definition: &PlatformDefinition) -> Return {
        match self {
            Self::Void => Return::Void,
            Self::Integer(0, signed) => Return::Integer { bytes: definition.pointer_bytes, signed },
            Self::Integer(bytes, signed) => Return::Integer { bytes, signed },
            Self::Pointer | Self::Text | Self::Buffer(_) => Return::Pointer,
            Self::F32 => Return::F32,
            Self::F64 => Return::F64,
            Self::Struct(bytes) => Return::Struct { bytes },
        }
    }
}

#[cfg(test)]
mod tests {
    use terrella::platforms::Platform;

    use super::*;

    #[test]
    fn arguments_of_all_kinds() {
        let parse = |text: &str| text.parse::<Argument>();
        assert_eq!(parse("42"), Ok(Argument::Integer(42, None)));
        assert_eq!(parse("-1i64"), Ok(Argument::Integer(-1, Some((8, true)))));
        assert_eq!(parse("0xffu8"), Ok(Argument::Integer(255, Some((1, false)))));
        assert_eq!(parse("7usize"), Ok(Argument::Integer(7, Some((0, false)))));
        assert_eq!(parse("str:a:b"), Ok(Argument::Bytes(b"a:b\0".to_vec())));
        assert_eq!(parse("buf:hex:00fF"), Ok(Argument::Bytes(vec![0, 255])));
        assert_eq!(parse("buf:zero:3"), Ok(Argument::Bytes(vec![0; 3])));
        assert_eq!(parse("f64:1.5"), Ok(Argument::F64(1.5)));
        for wrong in ["hello", "1.5", "buf:hex:0", "buf:hex:0g", "buf:", "what:1", "f32:x", "", "u8"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn integers_without_a_suffix_are_as_wide_as_pointers_if_they_fit() {
        let bytes = |value, platform: Platform| match sized(value, None, platform.definition()) {
            Ok(ArgumentValue::Integer { bytes, .. }) => bytes,
            other => panic!("{other:?}"),
        };
        assert_eq!(bytes(1, Platform::X86_64), 8);
        assert_eq!(bytes(-1, Platform::MIPS), 4);
        assert_eq!(bytes(0xffff_ffff, Platform::MIPS), 4);
        assert_eq!(bytes(0x1_0000_0000, Platform::MIPS), 8);
        assert!(sized(256, Some((1, false)), Platform::MIPS.definition()).is_err());
    }
}
