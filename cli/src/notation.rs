//! How people write numbers, places and ranges on the command line.

use std::str::FromStr;

use terrella::{
    api::{AddressRange, Permissions},
    machine::Machine,
    platforms::RegisterValue,
};

use crate::failure::{Failure, Result};

/// Reads a number of up to 128 bits: decimal, `0x…`, `0o…` or `0b…`, with a
/// sign and underscores if wanted.
pub(crate) fn integer(text: &str) -> Option<i128> {
    let (digits, negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let digits = digits.replace('_', "").to_ascii_lowercase();
    let (digits, radix) = match digits.get(..2) {
        Some("0x") => (&digits[2..], 16),
        Some("0o") => (&digits[2..], 8),
        Some("0b") => (&digits[2..], 2),
        _ => (digits.as_str(), 10),
    };
    let value = i128::from_str_radix(digits, radix).ok()?;
    Some(if negative { -value } else { value })
}

/// Reads an unsigned 64-bit number, for clap.
pub(crate) fn unsigned(text: &str) -> Result<u64, String> {
    let value = integer(text).and_then(|value| u64::try_from(value).ok());
    value.ok_or_else(|| format!("`{text}` is not a number from 0 to 2^64 - 1, such as 4096 or 0x1000"))
}

/// A place in the guest: an address, or a symbol with a distance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// An address.
    Address(u64),
    /// So many bytes behind a symbol.
    Symbol(String, u64),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an address such as 0x1000 or the name of a symbol is wanted".to_owned());
        }
        if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            return unsigned(text).map(Self::Address);
        }
        match text.rsplit_once('+').map(|(name, offset)| (name, unsigned(offset))) {
            Some((name, Ok(offset))) if !name.is_empty() => Ok(Self::Symbol(name.to_owned(), offset)),
            _ => Ok(Self::Symbol(text.to_owned(), 0)),
        }
    }
}

impl Place {
    /// The address as it stands in a symbol table: for functions, the
    /// function pointer.
    pub(crate) fn pointer(&self, machine: &Machine) -> Result<u64> {
        match self {
            Self::Address(address) => Ok(*address),
            Self::Symbol(name, offset) => Ok(machine.symbol(name)?.address.wrapping_add(*offset)),
        }
    }

    /// The code pointer: where the symbol is a function descriptor, what
    /// stands in it.
    pub(crate) fn code_pointer(&self, machine: &Machine) -> Result<u64> {
        let Self::Symbol(name, offset) = self else { return self.pointer(machine) };
        let address = machine.symbol(name)?.address;
        let definition = machine.definition();
        let executable = machine.executable_at(address);
        let in_code = executable
            .and_then(|executable| executable.segment_at(definition.code_address(address)))
            .is_some_and(|segment| segment.permissions.allows(Permissions::EXECUTE));
        let abi = executable.and_then(|executable| executable.abi.as_deref());
        let convention = match abi.and_then(|name| definition.calling_convention(name)) {
            Some(convention) => Some(convention),
            None => definition.calling_conventions.first(),
        };
        if !in_code && convention.is_some_and(|convention| convention.function_descriptors) {
            let code = machine.read_integer(address, definition.pointer_bytes.into())?;
            return Ok((code as u64).wrapping_add(*offset));
        }
        Ok(address.wrapping_add(*offset))
    }

    /// The address of the instruction there, without a state bit.
    pub(crate) fn instruction(&self, machine: &Machine) -> Result<u64> {
        Ok(machine.definition().code_address(self.code_pointer(machine)?))
    }
}

/// A range in the guest: `FROM..TO` or `FROM+SIZE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceRange {
    from: Place,
    end: RangeEnd,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum RangeEnd {
    At(Place),
    Size(u64),
}

impl FromStr for PlaceRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((from, to)) = text.split_once("..") {
            return Ok(Self { from: from.parse()?, end: RangeEnd::At(to.parse()?) });
        }
        match text.rsplit_once('+') {
            Some((from, size)) => Ok(Self { from: from.parse()?, end: RangeEnd::Size(unsigned(size)?) }),
            None => Err(format!("`{text}` is not a range such as 0x1000..0x2000 or 0x1000+0x1000")),
        }
    }
}

impl PlaceRange {
    /// The addresses. An empty range is wrong usage.
    pub(crate) fn resolve(&self, machine: &Machine) -> Result<AddressRange> {
        let from = self.from.instruction(machine)?;
        let range = match &self.end {
            RangeEnd::At(to) => (from..to.instruction(machine)?).into(),
            RangeEnd::Size(size) => AddressRange::sized(from, *size)?,
        };
        if range.is_empty() {
            return Err(Failure::usage(format!("the range from {from:#x} is empty")));
        }
        Ok(range)
    }
}

/// A range to map and its permissions: `RANGE[:rwx]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The addresses.
    pub(crate) range: PlaceRange,
    /// All of them if none are given.
    pub(crate) permissions: Permissions,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (range, permissions) = match text.rsplit_once(':') {
            Some((range, permissions)) => (
                range,
                permissions.parse().map_err(|error: terrella::api::InvalidPermissions| error.to_string())?,
            ),
            None => (text, Permissions::ALL),
        };
        Ok(Self { range: range.parse()?, permissions })
    }
}

/// A value for a register: `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    name: String,
    value: AssignedValue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum AssignedValue {
    Number(RegisterValue),
    Negative(i128),
    Place(Place),
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(format!("`{text}` is not of the form NAME=VALUE, such as rax=0x10"));
        };
        let value = match (RegisterValue::parse(value), integer(value)) {
            (Some(number), _) => AssignedValue::Number(number),
            (None, Some(negative)) => AssignedValue::Negative(negative),
            (None, None) => AssignedValue::Place(value.parse()?),
        };
        Ok(Self { name: name.to_owned(), value })
    }
}

impl Assignment {
    /// Sets the register in the machine; a negative number as two's complement
    /// in the register's width.
    pub(crate) fn apply(&self, machine: &mut Machine) -> Result<()> {
        let value = match &self.value {
            AssignedValue::Number(value) => *value,
            AssignedValue::Place(place) => place.code_pointer(machine)?.into(),
            AssignedValue::Negative(value) => {
                let registers = machine.definition().registers();
                let bits = registers.lookup(&self.name).map_or(64, |id| registers.get(id).bits);
                if bits < 128 && *value < -(1_i128 << (bits - 1)) {
                    let message = format!("{value} does not fit into `{}` of {bits} bits", self.name);
                    return Err(Failure::usage(message));
                }
                RegisterValue::from(*value as u128).extract(0, bits.into())
            }
        };
        Ok(machine.cpu_mut().set(&self.name, value)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_all_notations() {
        for (text, value) in
            [("42", 42), ("-1", -1), ("0xfF", 255), ("0b101", 5), ("0o17", 15), ("1_000", 1000)]
        {
            assert_eq!(integer(text), Some(value), "{text}");
        }
        for text in ["", "x", "0x", "--1", "1.5", "+1"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn places_are_addresses_or_symbols() {
        assert_eq!("0x10".parse(), Ok(Place::Address(16)));
        assert_eq!("main".parse(), Ok(Place::Symbol("main".into(), 0)));
        assert_eq!("main+0x10".parse(), Ok(Place::Symbol("main".into(), 16)));
        assert_eq!("operator+".parse(), Ok(Place::Symbol("operator+".into(), 0)));
        assert!("".parse::<Place>().is_err());
    }

    #[test]
    fn ranges_have_two_forms() {
        let machine = Machine::new(terrella::platforms::Platform::X86_64);
        let range = |text: &str| text.parse::<PlaceRange>().unwrap().resolve(&machine);
        assert_eq!(range("0x1000..0x2000"), range("0x1000+0x1000"));
        assert!(range("0x1000..0x1000").is_err());
        assert!("0x1000".parse::<PlaceRange>().is_err());
        assert_eq!("0x1000+16:rx".parse::<Mapping>().unwrap().permissions, Permissions::READ_EXECUTE);
    }
}
