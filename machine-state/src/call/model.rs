//! [`Call`]: a call as a function model sees it.

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_platforms::{CallingConvention, StructResult};

use super::{
    placement::Placer,
    transfer::{long_double_argument, read_argument, read_long_double, write_long_double_bits, write_result},
    value::{ArgumentValue, Parameter, ReturnValue},
};
use crate::Result;

/// A call of a modelled function: its arguments and where its result goes.
pub struct Call<'a> {
    emulator: &'a mut dyn Emulator,
    convention: &'static CallingConvention,
    address: u64,
    /// The stack pointer at entry, bias included.
    stack: u64,
    placer: Placer,
}

impl<'a> Call<'a> {
    /// The call that an emulator has just entered: for function hooks.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn entered(
        emulator: &'a mut dyn Emulator,
        convention: &'static CallingConvention,
        address: u64,
    ) -> Result<Self> {
        let pointer = emulator.read_register(emulator.definition().stack_pointer)?;
        let stack = pointer.wrapping_add(convention.stack_bias.into());
        let placer = Placer::new(emulator.platform(), convention);
        Ok(Self { emulator, convention, address, stack, placer })
    }

    /// The emulator.
    #[must_use]
    pub fn emulator(&mut self) -> &mut dyn Emulator {
        self.emulator
    }

    /// The address of the function.
    #[must_use]
    pub const fn address(&self) -> u64 {
        self.address
    }

    /// The convention.
    #[must_use]
    pub const fn convention(&self) -> &'static CallingConvention {
        self.convention
    }

    /// Says that the function has variable parameters. To be called before
    /// any is read.
    pub fn variadic(&mut self) -> &mut Self {
        self.placer = Placer::new_variadic(self.emulator.platform(), self.convention);
        self
    }

    /// Says that the parameters from here on are variable ones.
    pub const fn begin_variable(&mut self) -> &mut Self {
        self.placer.begin_variable();
        self
    }

    /// The next argument, as a type.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn next(&mut self, parameter: Parameter) -> Result<ArgumentValue> {
        let pieces = self.placer.place(parameter);
        if parameter == Parameter::LongDouble {
            return read_long_double(self.emulator, self.convention, &pieces, self.stack);
        }
        read_argument(self.emulator, &pieces, parameter, self.stack)
    }

    /// The next argument, a `long double`, by its bits in the format of the
    /// convention ([`long_double`](terrella_platforms::long_double)).
    ///
    /// # Errors
    /// [`Error::NoPlace`](crate::Error::NoPlace) where the type is not
    /// described; what the emulator reports.
    pub fn next_long_double(&mut self) -> Result<u128> {
        let pieces = self.placer.place(Parameter::LongDouble);
        long_double_argument(self.emulator, self.convention, &pieces, self.stack)
    }

    /// Returns a `long double` of these bits, where it is not returned in
    /// memory.
    ///
    /// # Errors
    /// As [`Self::next_long_double`].
    pub fn return_long_double(&mut self, bits: u128) -> Result<()> {
        write_long_double_bits(self.emulator, self.convention, bits)
    }

    /// The next argument as an integer of the width of a pointer.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn next_word(&mut self) -> Result<u64> {
        let bytes = self.emulator.definition().pointer_bytes;
        Ok(self.next(Parameter::Integer { bytes, signed: false })?.as_u64())
    }

    /// The next argument as a pointer.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn next_pointer(&mut self) -> Result<u64> {
        Ok(self.next(Parameter::Pointer)?.as_u64())
    }

    /// The next argument as a double.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn next_f64(&mut self) -> Result<f64> {
        match self.next(Parameter::F64)? {
            ArgumentValue::F64(number) => Ok(number),
            _ => Ok(f64::NAN),
        }
    }

    /// All arguments of a function, by the types of its parameters.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn arguments(&mut self, parameters: &[Parameter]) -> Result<Vec<ArgumentValue>> {
        self.placer = Placer::new(self.emulator.platform(), self.convention);
        parameters.iter().map(|parameter| self.next(*parameter)).collect()
    }

    /// The argument at a position, from 0, as an integer of the width of a
    /// pointer, where all before it are integers of at most that width.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn integer(&mut self, position: usize) -> Result<u64> {
        let bytes = self.emulator.definition().pointer_bytes;
        Ok(self.uniform(position, Parameter::Integer { bytes, signed: false })?.as_u64())
    }

    /// The argument at a position, from 0, as a pointer, where all before it
    /// are pointers or, on platforms without pointer registers, such integers.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn pointer(&mut self, position: usize) -> Result<u64> {
        Ok(self.uniform(position, Parameter::Pointer)?.as_u64())
    }

    /// The argument at a position, from 0, as a double, where all before it
    /// are doubles.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn f64(&mut self, position: usize) -> Result<f64> {
        match self.uniform(position, Parameter::F64)? {
            ArgumentValue::F64(number) => Ok(number),
            _ => Ok(f64::NAN),
        }
    }

    fn uniform(&mut self, position: usize, parameter: Parameter) -> Result<ArgumentValue> {
        let mut placer = Placer::new(self.emulator.platform(), self.convention);
        (0..position).for_each(|_| drop(placer.place(parameter)));
        let pieces = placer.place(parameter);
        read_argument(self.emulator, &pieces, parameter, self.stack)
    }

    /// Where the caller wants a structure result. To be called before any
    /// argument is read, as the address may be an argument itself.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn result_room(&mut self) -> Result<u64> {
        match self.convention.struct_result {
            StructResult::HiddenArgument { .. } => {
                let pieces = self.placer.place_hidden();
                Ok(read_argument(self.emulator, &pieces, Parameter::Pointer, self.stack)?.as_u64())
            }
            StructResult::Register(register) => Ok(self.emulator.read_register(register)?),
            StructResult::StackSlot(offset) => {
                let width = self.emulator.definition().pointer_bytes.into();
                let address = self.stack.wrapping_add(offset.into());
                Ok(self.emulator.read_integer(address, width)? as u64)
            }
        }
    }

    /// Returns an integer of the width of a pointer.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn return_integer(&mut self, value: u64) -> Result<()> {
        let bytes = self.emulator.definition().pointer_bytes;
        self.return_value(&ReturnValue::Integer { value: value.into(), bytes })
    }

    /// Returns a signed integer of the width of a pointer.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn return_signed(&mut self, value: i64) -> Result<()> {
        let bytes = self.emulator.definition().pointer_bytes;
        self.return_value(&ReturnValue::Integer { value: value.into(), bytes })
    }

    /// Returns a pointer.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn return_pointer(&mut self, address: u64) -> Result<()> {
        self.return_value(&ReturnValue::Pointer(address))
    }

    /// Returns a double.
    ///
    /// # Errors
    /// What the emulator reports.
    pub fn return_f64(&mut self, number: f64) -> Result<()> {
        self.return_value(&ReturnValue::F64(number))
    }

    /// Returns a value of any type but a structure.
    ///
    /// # Errors
    /// [`Error::NoPlace`](crate::Error::NoPlace); what the emulator reports.
    pub fn return_value(&mut self, value: &ReturnValue) -> Result<()> {
        write_result(self.emulator, self.convention, value)
    }
}
