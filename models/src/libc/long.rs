//! `long double` as arguments, as results and in memory.

use terrella_emulator_api::{EmulatorExt, Flow};
use terrella_machine_state::ReturnValue;
use terrella_platforms::{LongDouble, LongDoubleFormat, LongDoubleResult, long_double};

use super::{
    context::Context,
    error::{Failure, Result},
    exact::{Format, Number, Rounded, of_bits, to_bits},
    fenv::Exceptions,
    types::{CType, Flavour, Ptr},
    variable::Variable,
};

/// What the type is for the function that was called.
enum Kind {
    /// As the convention has it.
    Described(LongDouble),
    /// Two doubles, passed as two doubles are.
    Pair,
}

impl Context<'_> {
    /// On PowerPC glibc has two types: functions of IEEE binary128 have names of
    /// their own (GNU C Library, sysdeps/ieee754/ldbl-128ibm-compat).
    fn kind(&self) -> Result<Kind> {
        let name = self.state.platform.name();
        let pairs = name.starts_with("ppc") && self.state.flavour == Flavour::Gnu;
        let quad = ["ieee128", "kf"].iter().any(|it| self.name.contains(it)) || self.name.ends_with("f128");
        if pairs && !quad {
            return Ok(Kind::Pair);
        }
        let convention = self.call.convention();
        match long_double(self.state.platform, convention) {
            Some(long) => Ok(Kind::Described(long)),
            None => Err(Failure::Misuse(format!("what a long double of {} is", convention.name))),
        }
    }

    pub(super) fn returns_long_double_in_memory(&self) -> bool {
        matches!(self.kind(), Ok(Kind::Described(long)) if long.result == LongDoubleResult::Memory)
    }

    /// The format of the type.
    pub(super) fn long_format(&self) -> Result<Format> {
        match self.kind()? {
            Kind::Pair => Ok(Format::PAIR),
            Kind::Described(long) => Format::of(long.format)
                .ok_or_else(|| Failure::Misuse("the format of a long double is not known here".to_owned())),
        }
    }

    /// The next argument.
    pub(super) fn next_long_double(&mut self) -> Result<Number> {
        match self.kind()? {
            Kind::Pair => {
                let (high, low) = (self.next(CType::Double)?, self.next(CType::Double)?);
                let bits = |value: terrella_machine_state::ArgumentValue| match value {
                    terrella_machine_state::ArgumentValue::F64(value) => u128::from(value.to_bits()),
                    _ => 0,
                };
                Ok(of_bits(Format::PAIR, bits(high) << 64 | bits(low)))
            }
            Kind::Described(_) => {
                let format = self.long_format()?;
                Ok(of_bits(format, self.call.next_long_double()?))
            }
        }
    }

    /// The next variable argument.
    pub(super) fn variable_long_double(&mut self, from: &mut Variable) -> Result<Number> {
        let format = self.long_format()?;
        if format.pair {
            let (high, low) = (self.variable_double(from)?, self.variable_double(from)?);
            return Ok(of_bits(format, u128::from(high.to_bits()) << 64 | u128::from(low.to_bits())));
        }
        let bits = match from {
            Variable::Call => self.call.next_long_double()?,
            Variable::List(list) => list.next_long(self.call.emulator())?,
        };
        Ok(of_bits(format, bits))
    }

    /// Returns a number of the format.
    pub(super) fn give_long_double(&mut self, value: &Number) -> Result<Flow> {
        if let Some(room) = self.room {
            self.write_long_double(Ptr(room), value)?;
            return self.give(&ReturnValue::Pointer(room));
        }
        let format = self.long_format()?;
        let bits = to_bits(format, value);
        if format.pair {
            let low = f64::from_bits(bits as u64);
            self.give(&ReturnValue::F64(f64::from_bits((bits >> 64) as u64)))?;
            let Some(second) = self.call.convention().float_results.get(1) else {
                return self.misuse("a pair of doubles has no place as a result");
            };
            self.emulator().write_register(*second, low.to_bits())?;
        } else {
            self.call.return_long_double(bits)?;
        }
        Ok(Flow::Continue)
    }

    /// Bytes of memory, and the format.
    fn long_double_in_memory(&self) -> Result<(usize, Format, Option<LongDoubleFormat>)> {
        let format = self.long_format()?;
        Ok(match self.kind()? {
            Kind::Pair => (16, format, None),
            Kind::Described(long) => (long.bytes.into(), format, Some(long.format)),
        })
    }

    /// Bytes of memory that one takes.
    pub(super) fn long_bytes(&self) -> Result<u64> {
        self.long_double_in_memory().map(|(size, ..)| size as u64)
    }

    /// How one stands in memory, but for what is only padding behind it.
    pub(super) fn long_double_bytes(&self, value: &Number) -> Result<Vec<u8>> {
        let (size, format, kind) = self.long_double_in_memory()?;
        let bits = to_bits(format, value);
        let order = self.state.platform.byte_order();
        let mut bytes = vec![0; size];
        if format.pair {
            // The larger is first whatever the order of bytes.
            order.write(bits >> 64, &mut bytes[..8]);
            order.write(bits & u128::from(u64::MAX), &mut bytes[8..]);
            return Ok(bytes);
        }
        order.write(bits, &mut bytes);
        if kind == Some(LongDoubleFormat::X87) {
            bytes.truncate(10);
        }
        Ok(bytes)
    }

    /// The number of bytes of memory.
    pub(super) fn long_double_of(&self, bytes: &[u8]) -> Result<Number> {
        let format = self.long_format()?;
        let order = self.state.platform.byte_order();
        let bits = if format.pair {
            let (high, low) = bytes.split_at(8.min(bytes.len()));
            order.read(high) << 64 | order.read(low)
        } else {
            order.read(bytes)
        };
        Ok(of_bits(format, bits))
    }

    /// Stores one.
    pub(super) fn write_long_double(&mut self, to: Ptr, value: &Number) -> Result<()> {
        let bytes = self.long_double_bytes(value)?;
        self.write(to, &bytes)
    }

    /// Reads one.
    pub(super) fn read_long_double(&mut self, from: Ptr) -> Result<Number> {
        let size = self.long_bytes()?;
        let bytes = self.read(from, size)?;
        self.long_double_of(&bytes)
    }

    /// The number of an operation, whose exceptions are raised.
    pub(super) fn settled(&mut self, rounded: Rounded) -> Result<Number> {
        self.raise_exceptions(rounded.raised)?;
        let number = rounded.number;
        // Of an invalid operation, not of an argument.
        if rounded.raised.has(Exceptions::INVALID) && number == Number::NAN {
            return Ok(number.with_sign(self.default_nan_is_negative()));
        }
        Ok(number)
    }

    /// The sign of what invalid operations give: x86's has one (Intel SDM,
    /// volume 1, 4.8.3.7).
    pub(super) fn default_nan_is_negative(&self) -> bool {
        self.state.platform.definition().registers().lookup("fptop").is_some()
    }
}
