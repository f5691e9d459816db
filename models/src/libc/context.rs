//! [`Context`]: a call as a model of the C library sees it.

use terrella_emulator_api::{Emulator, EmulatorExt, Flow};
use terrella_machine_state::{
    ArgumentValue, Heap, ReturnValue,
    call::{Call, Parameter},
};
use terrella_platforms::{ReturnBy, StructResult};

use super::{
    error::{Failure, Result},
    state::State,
    types::{CType, DataModel, Pair, Ptr},
    variable::{List, Variable},
};
use crate::errno::Errno;

/// The longest text that a model reads: what is longer has lost its end.
pub(crate) const LONGEST: usize = 64 << 20;

/// What a call has written to descriptors.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    /// Bytes of it, with those that are left out.
    pub(crate) written: usize,
    /// Bytes that were written when the call was made before.
    pub(super) left_out: usize,
}

impl Written {
    /// How many of the next bytes are written already.
    pub(crate) fn skip(&mut self, size: usize) -> usize {
        let skipped = self.left_out.min(size);
        self.left_out -= skipped;
        self.written += skipped;
        skipped
    }
}

/// A call of a model.
pub(crate) struct Context<'a> {
    pub(crate) call: Call<'a>,
    pub(crate) state: &'a mut State,
    pub(crate) model: DataModel,
    /// The name by which the function was called.
    pub(crate) name: &'static str,
    /// Formats are of wide characters: texts in between are UTF-8, and
    /// characters are counted.
    pub(crate) wide_format: bool,
    /// The model can be called again as it was: it was not called back.
    pub(super) is_direct: bool,
    /// What was taken of streams, by their addresses, in the order of it.
    pub(super) taken: Vec<(u64, u8)>,
    pub(super) output: Written,
    /// A signal cut short what it did, and its handler is to be called before it
    /// returns.
    pub(super) is_interrupted: bool,
    /// Where a structure result goes, if there is one.
    pub(super) room: Option<u64>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        mut call: Call<'a>,
        state: &'a mut State,
        name: &'static str,
        result: CType,
        variadic: bool,
    ) -> Result<Self> {
        let model = state.model;
        if variadic {
            call.variadic();
        }
        let mut context = Self {
            call,
            state,
            model,
            name,
            wide_format: false,
            is_direct: false,
            taken: Vec::new(),
            output: Written::default(),
            is_interrupted: false,
            room: None,
        };
        if result == CType::Structure && context.pair_bytes(name) > in_registers(&context) {
            context.room = Some(context.call.result_room()?);
        }
        if context.returns_wide_in_memory(result) {
            context.room = Some(context.call.result_room()?);
        }
        if context.returns_complex_in_memory(result) {
            context.room = Some(context.call.result_room()?);
        }
        if result == CType::ComplexLong && context.returns_long_complex_in_memory() {
            context.room = Some(context.call.result_room()?);
        }
        if result == CType::LongDouble && context.returns_long_double_in_memory() {
            context.room = Some(context.call.result_room()?);
        }
        Ok(context)
    }

    fn pair_bytes(&self, name: &str) -> u64 {
        let part = match name {
            "div" => self.model.int,
            "ldiv" => self.model.long,
            _ => 8,
        };
        2 * u64::from(part)
    }

    pub(crate) fn emulator(&mut self) -> &mut dyn Emulator {
        self.call.emulator()
    }

    // ---- arguments

    pub(crate) fn next(&mut self, ctype: CType) -> Result<ArgumentValue> {
        Ok(self.call.next(ctype.parameter(&self.model))?)
    }

    pub(crate) fn next_integer(&mut self, ctype: CType) -> Result<i128> {
        Ok(match self.next(ctype)? {
            ArgumentValue::Integer { value, .. } => value,
            ArgumentValue::Pointer(address) => address.into(),
            _ => 0,
        })
    }

    pub(crate) const fn begin_variable(&mut self) {
        self.call.begin_variable();
    }

    /// The `va_list` that is the next argument.
    pub(crate) fn next_list(&mut self) -> Result<Variable> {
        let convention = self.call.convention();
        let words = List::words(self.emulator().platform(), convention)?;
        let words = (0..words).map(|_| self.call.next_pointer()).collect::<Result<Vec<_>, _>>()?;
        Ok(Variable::List(List::read(self.call.emulator(), convention, &words)?))
    }

    /// The next variable argument.
    pub(crate) fn variable(&mut self, from: &mut Variable, ctype: CType) -> Result<ArgumentValue> {
        let parameter = ctype.parameter(&self.model);
        match from {
            Variable::Call => Ok(self.call.next(parameter)?),
            Variable::List(list) => list.next(self.call.emulator(), parameter),
        }
    }

    /// The next variable argument, as an integer.
    pub(crate) fn variable_integer(&mut self, from: &mut Variable, ctype: CType) -> Result<i128> {
        Ok(match self.variable(from, ctype)? {
            ArgumentValue::Integer { value, .. } => value,
            ArgumentValue::Pointer(address) => address.into(),
            _ => 0,
        })
    }

    /// The next variable argument, as a `double`.
    pub(crate) fn variable_double(&mut self, from: &mut Variable) -> Result<f64> {
        Ok(match self.variable(from, CType::Double)? {
            ArgumentValue::F64(value) => value,
            ArgumentValue::F32(value) => value.into(),
            _ => f64::NAN,
        })
    }

    // ---- results

    pub(crate) fn give(&mut self, value: &ReturnValue) -> Result<Flow> {
        self.call.return_value(value)?;
        Ok(Flow::Continue)
    }

    pub(crate) fn give_integer(&mut self, ctype: CType, value: i128) -> Result<Flow> {
        let value = match ctype.parameter(&self.model) {
            Parameter::Integer { bytes, signed } => {
                let shift = 128 - 8 * u32::from(bytes.clamp(1, 16));
                let value = if signed {
                    value << shift >> shift
                } else {
                    ((value as u128) << shift >> shift) as i128
                };
                ReturnValue::Integer { value, bytes }
            }
            _ => {
                let bits = 8 * u32::from(self.model.pointer.clamp(1, 8));
                ReturnValue::Pointer(value as u64 & u64::MAX >> (64 - bits))
            }
        };
        self.give(&value)
    }

    pub(crate) fn give_pair(&mut self, pair: &Pair) -> Result<Flow> {
        let Parameter::Integer { bytes, .. } = pair.0.parameter(&self.model) else {
            return Err(Failure::Misuse("a structure of no integers".to_owned()));
        };
        let order = self.emulator().platform().byte_order();
        let part = usize::from(bytes);
        let mut content = vec![0; 2 * part];
        order.write(pair.1 as u128, &mut content[..part]);
        order.write(pair.2 as u128, &mut content[part..]);
        if let Some(room) = self.room {
            self.write(Ptr(room), &content)?;
            return self.give(&ReturnValue::Pointer(room));
        }
        // In result registers, as if it had been loaded from memory.
        let convention = self.call.convention();
        let slot = usize::from(convention.slot_bytes).max(1);
        for (register, piece) in convention.integer_results.iter().zip(content.chunks(slot)) {
            let mut whole = vec![0; slot];
            whole[..piece.len()].copy_from_slice(piece);
            let value = order.read(&whole);
            self.emulator().write_register(*register, value as u64)?;
        }
        Ok(Flow::Continue)
    }

    // ---- memory

    pub(crate) fn read(&mut self, address: Ptr, size: u64) -> Result<Vec<u8>> {
        Ok(self.emulator().read_bytes(address.0, size)?)
    }

    pub(crate) fn write(&mut self, address: Ptr, bytes: &[u8]) -> Result<()> {
        Ok(self.emulator().write_memory(address.0, bytes)?)
    }

    /// A text up to its zero.
    pub(crate) fn text(&mut self, address: Ptr) -> Result<Vec<u8>> {
        let text = self.emulator().read_c_string(address.0, LONGEST)?;
        if text.len() >= LONGEST {
            return Err(Failure::Misuse(format!("the text at {:#x} has no end", address.0)));
        }
        Ok(text)
    }

    /// A text up to its zero, or so many bytes of it.
    pub(crate) fn text_within(&mut self, address: Ptr, limit: u64) -> Result<Vec<u8>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(LONGEST);
        Ok(self.emulator().read_c_string(address.0, limit)?)
    }

    /// Writes a text with a zero behind it.
    pub(crate) fn write_text(&mut self, address: Ptr, text: &[u8]) -> Result<()> {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend_from_slice(text);
        bytes.push(0);
        self.write(address, &bytes)
    }

    pub(crate) fn read_integer(&mut self, address: Ptr, bytes: u8) -> Result<u64> {
        Ok(self.emulator().read_integer(address.0, bytes.into())? as u64)
    }

    pub(crate) fn write_integer(&mut self, address: Ptr, value: u64, bytes: u8) -> Result<()> {
        Ok(self.emulator().write_integer(address.0, value.into(), bytes.into())?)
    }

    pub(crate) fn read_pointer(&mut self, address: Ptr) -> Result<Ptr> {
        let bytes = self.model.pointer;
        self.read_integer(address, bytes).map(Ptr)
    }

    pub(crate) fn write_pointer(&mut self, address: Ptr, value: Ptr) -> Result<()> {
        let bytes = self.model.pointer;
        self.write_integer(address, value.0, bytes)
    }

    pub(crate) fn read_int(&mut self, address: Ptr) -> Result<i32> {
        let bytes = self.model.int;
        let value = self.read_integer(address, bytes)?;
        Ok(if bytes == 2 { i32::from(value as i16) } else { value as i32 })
    }

    pub(crate) fn write_int(&mut self, address: Ptr, value: i32) -> Result<()> {
        let bytes = self.model.int;
        self.write_integer(address, value as u64, bytes)
    }

    pub(crate) fn read_long(&mut self, address: Ptr) -> Result<i64> {
        let bytes = self.model.long;
        let value = self.read_integer(address, bytes)? as i64;
        Ok(if bytes == 4 { i64::from(value as i32) } else { value })
    }

    pub(crate) fn write_long(&mut self, address: Ptr, value: i64) -> Result<()> {
        let bytes = self.model.long;
        self.write_integer(address, value as u64, bytes)
    }

    // ---- errno

    pub(crate) fn set_errno(&mut self, error: Errno) -> Result<()> {
        let number = self.state.abi.error(error);
        let at = Ptr(self.state.layout.errno);
        self.write_int(at, number as i32)
    }

    /// `-1`, and `errno`.
    pub(crate) fn fail(&mut self, error: Errno) -> Result<i32> {
        self.set_errno(error)?;
        Ok(-1)
    }

    /// Nothing, and `errno`.
    pub(crate) fn fail_null(&mut self, error: Errno) -> Result<Ptr> {
        self.set_errno(error)?;
        Ok(Ptr::NULL)
    }

    // ---- rooms

    /// Room from the heap; `None` if there is none.
    pub(crate) fn allocate(&mut self, size: u64, alignment: u64) -> Result<Option<Ptr>> {
        let heap = self.state.heap.clone();
        let result = Heap::live(self.emulator(), &heap)?.allocate(size, alignment);
        match result {
            Ok(address) => Ok(Some(Ptr(address))),
            Err(terrella_machine_state::Error::NoRoom { .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    pub(crate) fn malloc(&mut self, size: u64) -> Result<Option<Ptr>> {
        let alignment = 2 * u64::from(self.model.pointer);
        self.allocate(size, alignment)
    }

    /// A text of the heap, or `ENOMEM`.
    pub(crate) fn duplicate(&mut self, text: &[u8]) -> Result<Ptr> {
        match self.malloc(text.len() as u64 + 1)? {
            None => self.fail_null(Errno::ENOMEM),
            Some(address) => {
                self.write_text(address, text)?;
                Ok(address)
            }
        }
    }

    pub(crate) fn free(&mut self, address: Ptr) -> Result<()> {
        let heap = self.state.heap.clone();
        match Heap::live(self.emulator(), &heap)?.free(address.0) {
            Ok(()) => Ok(()),
            Err(terrella_machine_state::Error::NotAllocated { .. }) => Err(Failure::Misuse(format!(
                "{:#x} is no block in use: freed twice, or never allocated",
                address.0
            ))),
            Err(other) => Err(other.into()),
        }
    }

    /// A room of the library's own, which keeps its address: made at the first
    /// time.
    pub(crate) fn room(&mut self, name: &'static str, size: u64) -> Result<Ptr> {
        if let Some((address, has)) = self.state.rooms.get(name)
            && *has >= size
        {
            return Ok(Ptr(*address));
        }
        let (next, end) = self.state.layout.free;
        let own = end.checked_sub(next).is_some_and(|left| left >= size.saturating_add(16));
        let address = if own {
            self.state.layout.free.0 = next.saturating_add(size).next_multiple_of(16);
            Ptr(next)
        } else {
            match self.allocate(size, 16)? {
                Some(address) => address,
                None => return Err(Failure::Misuse(format!("no room for {size:#x} bytes of {name}"))),
            }
        };
        self.write(address, &vec![0; size as usize])?;
        self.state.rooms.insert(name.to_owned(), (address.0, size));
        Ok(address)
    }

    pub(crate) fn misuse<T>(&self, what: impl Into<String>) -> Result<T> {
        Err(Failure::Misuse(what.into()))
    }
}

fn in_registers(context: &Context<'_>) -> u64 {
    let convention = context.call.convention();
    match convention.struct_result {
        StructResult::HiddenArgument { .. } | StructResult::Register(_) | StructResult::StackSlot(_) => {
            convention.struct_result_in_registers.into()
        }
    }
}

/// Where a function that has just been entered returns to.
pub(crate) fn return_address(
    emulator: &dyn Emulator,
    convention: &terrella_platforms::CallingConvention,
) -> Result<u64> {
    let stack = || emulator.read_register(emulator.definition().stack_pointer);
    Ok(match convention.return_by {
        ReturnBy::Stack { bytes } => emulator.read_integer(stack()?, bytes.into())? as u64,
        ReturnBy::EmptyStack { bytes, offset } => {
            let pushed = emulator.read_integer(stack()?.wrapping_add(1), bytes.into())? as u64;
            pushed.wrapping_add(offset.into())
        }
        ReturnBy::RisingStack { bytes } => {
            let at = stack()?.wrapping_sub(u64::from(bytes)).wrapping_add(1);
            emulator.read_integer(at, bytes.into())? as u64
        }
        ReturnBy::WordOnEmptyStack { bytes } => {
            let pushed = emulator.read_bytes(stack()?.wrapping_add(1), bytes.into())?;
            pushed.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte)).wrapping_mul(2)
        }
        ReturnBy::Link { register, offset } => emulator.read_register(register)?.wrapping_add(offset.into()),
    })
}
