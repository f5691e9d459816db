//! Setting up a call, running it, and coming back.

use std::borrow::Cow;

use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions, Stop};
use terrella_platforms::{
    CallingConvention, CodeAddressBit, LongDoubleResult, Platform, RegisterKind, ReturnBy, StructResult,
    long_double,
};

use super::{
    placement::{Encoding, Placer},
    transfer::{argument_bits, read_result, write_piece},
    value::{ArgumentValue, Parameter, Return, ReturnValue},
};
use crate::{Error, Executable, Machine, Result, names};

/// What a data address is aligned to when it is put on the stack.
const DATA_ALIGNMENT: u64 = 16;

/// A function to call: by name or by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target<'a> {
    /// A code pointer, with the Thumb bit where it is Thumb code; on platforms
    /// with function descriptors, the address of one, or of code.
    Address(u64),
    /// The name of a symbol.
    Symbol(Cow<'a, str>),
}

impl From<u64> for Target<'_> {
    fn from(address: u64) -> Self {
        Self::Address(address)
    }
}

impl<'a> From<&'a str> for Target<'a> {
    fn from(name: &'a str) -> Self {
        Self::Symbol(Cow::Borrowed(name))
    }
}

/// A call, ready to be placed.
#[derive(Debug, Clone)]
pub struct CallSetup<'a> {
    /// The convention.
    pub convention: &'static CallingConvention,
    /// The function, as a function pointer.
    pub function: u64,
    /// The arguments.
    pub arguments: &'a [ArgumentValue],
    /// How many arguments are not variable ones, if the function has variable
    /// parameters.
    pub fixed: Option<usize>,
    /// What it returns.
    pub returns: Return,
    /// Where it returns to, as a code pointer.
    pub return_address: u64,
    /// What `r2` holds at the entry (64-bit PowerPC).
    pub toc: Option<u64>,
    /// What `gp` holds at the entry (MIPS, RISC-V).
    pub global_pointer: Option<u64>,
}

impl<'a> CallSetup<'a> {
    /// A call of a function without variable parameters that returns nothing.
    /// The other fields can be set afterwards.
    #[must_use]
    pub const fn new(
        convention: &'static CallingConvention,
        function: u64,
        arguments: &'a [ArgumentValue],
        return_address: u64,
    ) -> Self {
        Self {
            convention,
            function,
            arguments,
            fixed: None,
            returns: Return::Void,
            return_address,
            toc: None,
            global_pointer: None,
        }
    }
}

/// What [`place_call`] did that is needed after the return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedCall {
    /// The stack pointer register before the call.
    pub stack_pointer: u64,
    /// Where there is room for a structure result.
    pub room: Option<u64>,
}

/// The calling convention of a name, or the platform's default one.
pub(crate) fn convention(platform: Platform, name: Option<&str>) -> Result<&'static CallingConvention> {
    let definition = platform.definition();
    let found = match name {
        Some(name) => definition.calling_convention(name),
        None => definition.calling_conventions.first(),
    };
    found.ok_or_else(|| {
        let known = definition.calling_conventions.iter().map(|convention| convention.name);
        let name = name.unwrap_or_default();
        Error::UnknownConvention { platform, name: name.to_owned(), nearest: names::nearest(name, known) }
    })
}

/// An address to return to: aligned, inside the lower half of the (first
/// 32-bit) address space, or anywhere that a return address of words can be,
/// on a page of which nothing is mapped and that is no exit point yet. A call that returns there stops, if it is an exit point.
///
/// # Errors
/// [`Error::NoReturnAddress`] if there is no such page.
pub fn return_address(emulator: &dyn Emulator) -> Result<u64> {
    const PAGE: u64 = 0x1000;
    let map = emulator.memory_map();
    let exits = emulator.exit_points();
    let definition = emulator.definition();
    let end = match definition.default_convention().return_by {
        ReturnBy::WordOnEmptyStack { bytes } => 2 << (8 * u32::from(bytes.min(4))),
        _ => {
            // In real-address mode of x86, a return address is an offset of 16 bits.
            let pointer_bits = 8 * u32::from(definition.pointer_bytes);
            let pointers = u64::MAX >> (64 - pointer_bits.clamp(1, 32));
            definition.highest_address().min(pointers) / 2 + 1
        }
    };
    let taken = |first: u64| {
        let page = (first..first + PAGE).into();
        let covering =
            map.iter().filter(|region| region.range.overlaps(&page)).map(|region| region.range.first());
        covering.chain(exits.iter().copied().filter(|exit| page.contains(*exit))).min()
    };
    let mut first = end.checked_sub(PAGE).ok_or(Error::NoReturnAddress)?;
    loop {
        match taken(first) {
            None => return Ok(first),
            // On to the page below what is in the way.
            Some(address) => {
                let below = address.min(first) & !(PAGE - 1);
                first = below.checked_sub(PAGE).ok_or(Error::NoReturnAddress)?;
            }
        }
    }
}

/// What a function pointer stands for.
pub(crate) struct Entry {
    /// The code pointer.
    pub(crate) code: u64,
    toc: Option<u64>,
    environment: Option<u64>,
}

/// What a function pointer stands for: what is in the descriptor that it
/// points to, where the convention has such and it does not point to code.
pub(crate) fn entry_of(
    emulator: &dyn Emulator,
    convention: &CallingConvention,
    function: u64,
) -> Result<Entry> {
    let is_code = emulator
        .memory_map()
        .iter()
        .any(|region| region.range.contains(function) && region.permissions.allows(Permissions::EXECUTE));
    if !convention.function_descriptors || is_code {
        return Ok(Entry { code: function, toc: None, environment: None });
    }
    let width = usize::from(emulator.definition().pointer_bytes);
    let word = |index: u64| -> Result<u64> {
        Ok(emulator.read_integer(function.wrapping_add(index * width as u64), width)? as u64)
    };
    Ok(Entry { code: word(0)?, toc: Some(word(1)?), environment: Some(word(2)?) })
}

/// Whether a `long double` result is in memory that the caller provides.
fn returns_in_memory(platform: Platform, convention: &CallingConvention) -> bool {
    long_double(platform, convention).is_some_and(|it| it.result == LongDoubleResult::Memory)
}

/// Places a call into an emulator: arguments, return address, stack and
/// program counter. The next run executes the function; whoever calls sees to
/// it that the return address is an exit point.
///
/// # Errors
/// What the emulator reports: most often that there is no stack.
pub fn place_call(emulator: &mut dyn Emulator, setup: &CallSetup<'_>) -> Result<PlacedCall> {
    let convention = setup.convention;
    let (platform, definition) = (emulator.platform(), emulator.definition());
    let stack_pointer = emulator.read_register(definition.stack_pointer)?;
    let bias = u64::from(convention.stack_bias);
    let mut top = stack_pointer.wrapping_add(bias).wrapping_sub(convention.red_zone.into());
    let rises = matches!(convention.return_by, ReturnBy::RisingStack { .. });
    // What is passed by its address cannot be on a stack that pointers to data
    // do not reach.
    let reached = || {
        let what = || "what is passed by its address: pointers do not reach the stack".to_owned();
        if rises { Err(Error::NoPlace { convention: convention.name, what: what() }) } else { Ok(()) }
    };
    // A structure result, and what is passed by address.
    let room = match setup.returns {
        Return::Struct { bytes } if bytes > convention.struct_result_in_registers.into() => {
            reached()?;
            top = top.wrapping_sub(bytes.into()) & !(DATA_ALIGNMENT - 1);
            Some(top)
        }
        Return::LongDouble if returns_in_memory(platform, convention) => {
            reached()?;
            top = top.wrapping_sub(16) & !(DATA_ALIGNMENT - 1);
            Some(top)
        }
        _ => None,
    };
    let mut push = |emulator: &mut dyn Emulator, bytes: &[u8]| -> Result<u64> {
        reached()?;
        top = top.wrapping_sub(bytes.len() as u64) & !(DATA_ALIGNMENT - 1);
        emulator.write_memory(top, bytes)?;
        Ok(top)
    };
    let mut arguments = Vec::with_capacity(setup.arguments.len() + 1);
    for argument in setup.arguments {
        arguments.push(match argument {
            ArgumentValue::Bytes(bytes) => ArgumentValue::Pointer(push(emulator, bytes)?),
            other => other.clone(),
        });
    }
    let mut fixed = setup.fixed;
    let mut hidden = None;
    if let (Some(room), Some(index)) = (room, Placer::hidden_argument(convention)) {
        let index = index.min(arguments.len());
        hidden = Some(index);
        arguments.insert(index, ArgumentValue::Pointer(room));
        fixed = fixed.map(|count| count + 1);
    }
    let mut placer = match fixed {
        Some(_) => Placer::new_variadic(platform, convention),
        None => Placer::new(platform, convention),
    };
    let mut pieces = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        if fixed == Some(index) {
            placer.begin_variable();
        }
        let bits = argument_bits(platform, convention, argument);
        let places = match hidden {
            Some(hidden) if hidden == index => placer.place_hidden(),
            _ => placer.place(argument.parameter()),
        };
        if places.is_empty() {
            let what = "a long double".to_owned();
            return Err(Error::NoPlace { convention: convention.name, what });
        }
        for piece in places {
            let reference = match piece.encoding {
                Encoding::Reference => {
                    let mut copy = [0; 16];
                    platform.byte_order().write(bits, &mut copy);
                    push(emulator, &copy)?
                }
                _ => 0,
            };
            pieces.push((piece, argument.parameter(), bits, reference));
        }
    }
    // The stack pointer at entry, below all that.
    let below = u64::from(convention.stack_arguments) + placer.stack_size();
    let misalignment = u64::from(convention.entry_misalignment);
    let alignment = u64::from(convention.stack_alignment).max(1);
    let lowest = top.wrapping_sub(below).wrapping_add(misalignment);
    let entry = if rises {
        top.wrapping_add(below)
    } else {
        (lowest - lowest % alignment).wrapping_sub(misalignment)
    };
    for (piece, parameter, bits, reference) in &pieces {
        write_piece(emulator, piece, *parameter, *bits, entry, *reference)?;
    }
    if let (Some(room), StructResult::Register(register)) = (room, convention.struct_result) {
        emulator.write_register(register, room)?;
    }
    if let (Some(room), StructResult::StackSlot(offset)) = (room, convention.struct_result) {
        emulator.write_integer(entry + u64::from(offset), room.into(), definition.pointer_bytes.into())?;
    }
    if let (Some(register), Some(_)) = (convention.variadic_vector_count, setup.fixed) {
        emulator.write_register(register, placer.float_registers() as u64)?;
    }
    match convention.return_by {
        ReturnBy::Stack { bytes } => {
            emulator.write_integer(entry, setup.return_address.into(), bytes.into())?;
        }
        ReturnBy::EmptyStack { bytes, offset } => {
            let address = setup.return_address.wrapping_sub(offset.into());
            emulator.write_integer(entry.wrapping_add(1), address.into(), bytes.into())?;
        }
        ReturnBy::RisingStack { bytes } => {
            let address = entry.wrapping_sub(u64::from(bytes)).wrapping_add(1);
            emulator.write_integer(address, setup.return_address.into(), bytes.into())?;
        }
        ReturnBy::WordOnEmptyStack { bytes } => {
            let (word, bytes) = (setup.return_address / 2, usize::from(bytes.min(8)));
            emulator.write_memory(entry.wrapping_add(1), &word.to_be_bytes()[8 - bytes..])?;
        }
        ReturnBy::Link { register, offset } => {
            emulator.write_register(register, setup.return_address.wrapping_sub(offset.into()))?;
        }
    }
    let Entry { code, toc, environment } = entry_of(emulator, convention, setup.function)?;
    for (register, value) in [("r2", toc.or(setup.toc)), ("r11", environment), ("gp", setup.global_pointer)] {
        if let Some(value) = value {
            emulator.write_register(register, value)?;
        }
    }
    if let Some(register) = convention.entry_register {
        emulator.write_register(register, code)?;
    }
    emulator.write_register(definition.stack_pointer, entry.wrapping_sub(bias))?;
    enter(emulator, code)?;
    Ok(PlacedCall { stack_pointer, room })
}

/// Sets the program counter to a code pointer, out of Thumb state if the
/// pointer says so.
fn enter(emulator: &mut dyn Emulator, code: u64) -> Result<()> {
    let definition = emulator.definition();
    if definition.code_address_bit == CodeAddressBit::Thumb && code & 1 == 0 {
        let registers = definition.registers();
        let state = registers.lookup("t").filter(|id| registers.get(*id).kind == RegisterKind::Flag);
        if let Some(flag) = state {
            emulator.write_register(flag, 0_u64)?;
        }
    }
    Ok(emulator.set_program_counter(code)?)
}

/// A return address in the state that a function is called from: the caller
/// is taken to be in the same state as the function, so that it gets back to
/// it.
fn return_pointer(platform: Platform, function: u64, address: u64) -> u64 {
    match platform.definition().code_address_bit {
        CodeAddressBit::Address => address,
        CodeAddressBit::ThumbOnly => address | 1,
        CodeAddressBit::Thumb | CodeAddressBit::CompressedMips => address | (function & 1),
    }
}

/// What a call gave.
#[derive(Debug, Clone)]
pub struct CallResult {
    /// What the function returned.
    pub value: ReturnValue,
    /// Why the run ended: at the return.
    pub stop: Stop,
}

/// Places a call, runs it to its return, reads the result, and puts the stack
/// pointer back. The return address is an exit point meanwhile.
///
/// # Errors
/// [`Error::NotReturned`] if the run ends elsewhere; what the emulator
/// reports.
pub fn call_on(emulator: &mut dyn Emulator, setup: &CallSetup<'_>, limits: &Limits) -> Result<CallResult> {
    let definition = emulator.definition();
    let placed = place_call(emulator, setup)?;
    let mut exits = vec![definition.code_address(setup.return_address)];
    if let (StructResult::StackSlot(_), Some(_)) = (setup.convention.struct_result, placed.room) {
        // A function that returns a structure skips the word after the call,
        // which tells its size.
        exits.push(exits[0].wrapping_add(definition.instruction_alignment.into()));
    }
    let known = emulator.exit_points();
    exits.iter().for_each(|exit| emulator.add_exit_point(*exit));
    let stop = emulator.run_with(limits);
    for exit in exits.iter().filter(|exit| !known.contains(*exit)) {
        emulator.remove_exit_point(*exit);
    }
    let stop = stop?;
    if !exits.contains(&stop.pc()) {
        return Err(Error::NotReturned { function: setup.function, stop });
    }
    let value = read_result(emulator, setup.convention, setup.returns, placed.room)?;
    emulator.write_register(definition.stack_pointer, placed.stack_pointer)?;
    Ok(CallResult { value, stop })
}

/// Calls functions of a machine on an emulator that it was applied to.
///
/// ```
/// use terrella_machine_state::{Emulator, Machine, Result, call::{Caller, Return}};
///
/// fn sum(machine: &Machine, emulator: &mut dyn Emulator) -> Result<i64> {
///     machine.apply(emulator)?;
///     let mut caller = Caller::new(machine, emulator)?;
///     let mut sum = 0;
///     for number in 0..100_i32 {
///         sum += caller.call("square", &[number.into()], Return::I32)?.value.as_i64();
///     }
///     Ok(sum)
/// }
/// ```
pub struct Caller<'a> {
    machine: &'a Machine,
    emulator: &'a mut dyn Emulator,
    convention: Option<&'static CallingConvention>,
    return_address: u64,
    limits: Limits,
}

impl<'a> Caller<'a> {
    /// For an emulator that the machine was applied to.
    ///
    /// # Errors
    /// [`Error::NoReturnAddress`].
    pub fn new(machine: &'a Machine, emulator: &'a mut dyn Emulator) -> Result<Self> {
        let return_address = return_address(emulator)?;
        Ok(Self { machine, emulator, convention: None, return_address, limits: Limits::NONE })
    }

    /// Uses a convention by its name, in place of that of the executable that
    /// a function is in.
    ///
    /// # Errors
    /// [`Error::UnknownConvention`].
    pub fn convention(&mut self, name: &str) -> Result<&mut Self> {
        self.convention = Some(convention(self.machine.platform(), Some(name))?);
        Ok(self)
    }

    /// Limits each call.
    pub const fn limits(&mut self, limits: Limits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// The emulator.
    #[must_use]
    pub fn emulator(&mut self) -> &mut dyn Emulator {
        self.emulator
    }

    /// Calls a function, and leaves the stack pointer as it was.
    ///
    /// # Errors
    /// [`Error::UnknownSymbol`]; [`Error::NotReturned`] if the run ends
    /// elsewhere; what the emulator reports.
    pub fn call<'t>(
        &mut self,
        target: impl Into<Target<'t>>,
        arguments: &[ArgumentValue],
        returns: Return,
    ) -> Result<CallResult> {
        self.run(&target.into(), arguments, None, returns)
    }

    /// Calls a function with variable parameters, of whose arguments the first
    /// `fixed` are not variable.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn call_variadic<'t>(
        &mut self,
        target: impl Into<Target<'t>>,
        fixed: usize,
        arguments: &[ArgumentValue],
        returns: Return,
    ) -> Result<CallResult> {
        self.run(&target.into(), arguments, Some(fixed), returns)
    }

    fn run(
        &mut self,
        target: &Target<'_>,
        arguments: &[ArgumentValue],
        fixed: Option<usize>,
        returns: Return,
    ) -> Result<CallResult> {
        let platform = self.machine.platform();
        let function = match target {
            Target::Address(address) => *address,
            Target::Symbol(name) => self.machine.symbol(name)?.address,
        };
        let location = platform.definition().code_address(function);
        let executable: Option<&Executable> = self.machine.executable_at(location);
        let convention = match self.convention {
            Some(convention) => convention,
            None => convention(platform, executable.and_then(|executable| executable.abi.as_deref()))?,
        };
        let setup = CallSetup {
            convention,
            function,
            arguments,
            fixed,
            returns,
            return_address: return_pointer(platform, function, self.return_address),
            toc: executable.and_then(|executable| executable.toc),
            global_pointer: executable.and_then(|executable| executable.global_pointer),
        };
        call_on(self.emulator, &setup, &self.limits)
    }
}

impl Machine {
    /// Applies the machine and calls one of its functions. For several calls
    /// on one emulator use a [`Caller`].
    ///
    /// # Errors
    /// As [`Machine::apply`] and [`Caller::call`].
    pub fn call<'t>(
        &self,
        emulator: &mut dyn Emulator,
        target: impl Into<Target<'t>>,
        arguments: &[ArgumentValue],
        returns: Return,
    ) -> Result<CallResult> {
        self.apply(emulator)?;
        Caller::new(self, emulator)?.call(target, arguments, returns)
    }
}

/// How many bytes of stack arguments a function takes off the stack.
pub(crate) fn callee_pops(
    platform: Platform,
    convention: &'static CallingConvention,
    parameters: &[Parameter],
    returns_struct: bool,
    result: Return,
) -> u64 {
    let hidden = Placer::hidden_argument(convention).filter(|_| returns_struct);
    let mut placer = Placer::new(platform, convention);
    let by_result = convention.by_size.and_then(|it| it.pops_with_results_to).is_some_and(|most| {
        result == Return::F32 && parameters.first() == Some(&Parameter::F32)
            || !returns_struct && result.bytes(platform) <= u32::from(most)
    });
    if convention.callee_pops || by_result {
        let mut parameters = parameters.to_vec();
        if let Some(index) = hidden {
            parameters.insert(index.min(parameters.len()), Parameter::Pointer);
        }
        parameters.into_iter().for_each(|parameter| drop(placer.place(parameter)));
        return placer.stack_size();
    }
    // The address of a structure result may be all that the callee pops.
    if hidden.is_some() && convention.struct_result == (StructResult::HiddenArgument { callee_pops: true }) {
        placer.place(Parameter::Pointer);
    }
    placer.stack_size()
}
