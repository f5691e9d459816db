//! [`Fixture`]: what a case works with.

use std::{cell::RefCell, rc::Rc};

use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, Flow, Limits, Permissions, Platform, RegisterId, RegisterValue,
    Result, Stop,
};
use terrella_platforms::{CallingConvention, PlatformDefinition, RegisterKind};

use crate::{
    Argument, Backend, Failure, Layout,
    snippets::{Snippets, fit},
};

/// What a case works with: a backend, a platform, and the snippets.
pub struct Fixture {
    /// The backend.
    pub backend: Backend,
    /// The platform.
    pub platform: Platform,
    /// Where it puts what.
    pub layout: Layout,
    snippets: Option<Snippets>,
}

impl Fixture {
    /// The fixture of a backend and a platform.
    #[must_use]
    pub fn new(backend: Backend, platform: Platform) -> Self {
        Self { backend, platform, layout: Layout::of(platform), snippets: Snippets::of(platform) }
    }

    /// What is known about the platform.
    #[must_use]
    pub fn definition(&self) -> &'static PlatformDefinition {
        self.platform.definition()
    }

    /// The convention that the snippets obey.
    #[must_use]
    pub fn convention(&self) -> &'static CallingConvention {
        self.definition().default_convention()
    }

    /// The highest address.
    #[must_use]
    pub fn highest(&self) -> u64 {
        self.definition().highest_address()
    }

    /// The snippets.
    ///
    /// # Errors
    /// If the platform has none.
    #[track_caller]
    pub fn snippets(&self) -> Result<&Snippets, Failure> {
        self.snippets.as_ref().ok_or_else(|| Failure::not_applicable("no snippets"))
    }

    /// A fresh emulator with nothing mapped.
    ///
    /// # Errors
    /// Those of the backend.
    #[track_caller]
    pub fn bare(&self) -> Result<Box<dyn Emulator>, Failure> {
        Ok((self.backend.make)(self.platform)?)
    }

    /// A fresh emulator with snippets, stack and data mapped and an exit point
    /// at [`Layout::return_at`].
    ///
    /// # Errors
    /// Those of the backend.
    #[track_caller]
    pub fn loaded(&self) -> Result<Box<dyn Emulator>, Failure> {
        let mut emulator = self.bare()?;
        self.snippets()?.load(&mut *emulator)?;
        Ok(emulator)
    }

    /// The same, about to execute the first instruction of a snippet.
    ///
    /// # Errors
    /// Those of the backend.
    #[track_caller]
    pub fn at(&self, label: &str, arguments: &[Argument]) -> Result<Box<dyn Emulator>, Failure> {
        let mut emulator = self.loaded()?;
        self.prepare(&mut *emulator, label, arguments)?;
        Ok(emulator)
    }

    /// Sets up a call of a snippet.
    ///
    /// # Errors
    /// Those of the backend.
    #[track_caller]
    pub fn prepare(
        &self,
        emulator: &mut dyn Emulator,
        label: &str,
        arguments: &[Argument],
    ) -> Result<(), Failure> {
        Ok(self.snippets()?.prepare(emulator, label, arguments)?)
    }

    /// Calls a snippet, and gives its 32-bit result.
    ///
    /// # Errors
    /// Those of the backend; a stop that is not the return.
    #[track_caller]
    pub fn call(
        &self,
        emulator: &mut dyn Emulator,
        label: &str,
        arguments: &[Argument],
    ) -> Result<u32, Failure> {
        self.prepare(emulator, label, arguments)?;
        self.finish(emulator)
    }

    /// Runs to the return of the snippet, and gives its 32-bit result.
    ///
    /// # Errors
    /// Those of the backend; a stop that is not the return.
    #[track_caller]
    pub fn finish(&self, emulator: &mut dyn Emulator) -> Result<u32, Failure> {
        let stop = emulator.run()?;
        if stop != Stop::ExitPoint(self.layout.return_at) {
            return Err(Failure::new(format!("stopped by {stop} on the way to the return")));
        }
        self.result(emulator)
    }

    /// The 32-bit result of the snippet that has returned.
    ///
    /// # Errors
    /// Those of the backend.
    #[track_caller]
    pub fn result(&self, emulator: &dyn Emulator) -> Result<u32, Failure> {
        let Some(by_size) = self.convention().by_size else {
            return Ok(emulator.read_register(self.result_register())? as u32);
        };
        let (mut result, mut shift) = (0, 0);
        for name in by_size.result(self.convention().slot_bytes).unwrap_or_default() {
            let register = emulator.resolve_register(name)?;
            result |= emulator.read_register_id(register)? << shift;
            shift += u32::from(self.definition().registers().get(register).bits);
        }
        Ok(result as u32)
    }

    /// What of a value an integer argument, and an integer result, can hold.
    #[must_use]
    pub fn fit(&self, value: u64) -> u32 {
        let bits = match self.convention().by_size {
            Some(_) => 8 * u32::from(self.convention().slot_bytes),
            None => self
                .definition()
                .register(self.result_register())
                .map_or(64, |id| self.definition().registers().get(id).bits.into()),
        };
        fit(value, bits) as u32
    }

    /// The width in bytes of what `load`, `store` and `add_memory` access.
    #[must_use]
    pub fn width(&self) -> u64 {
        self.snippets.as_ref().map_or(4, Snippets::width)
    }

    /// What of a value the memory holds after a `store`.
    #[must_use]
    pub fn fit_memory(&self, value: u64) -> u64 {
        fit(value, 8 * self.width() as u32)
    }

    /// The register of the result.
    #[must_use]
    pub fn result_register(&self) -> &'static str {
        self.convention().integer_results[0]
    }

    /// The address of a label, without a state bit.
    ///
    /// # Errors
    /// If the platform does not have it.
    #[track_caller]
    pub fn address(&self, label: &str) -> Result<u64, Failure> {
        self.snippets()?.address(label).ok_or_else(|| Failure::not_applicable(format!("no label `{label}`")))
    }

    /// The address after a snippet.
    ///
    /// # Errors
    /// If the platform does not have it.
    #[track_caller]
    pub fn end(&self, label: &str) -> Result<u64, Failure> {
        let size = self.snippets()?.size(label).unwrap_or(0);
        Ok(self.address(label)? + size)
    }

    /// The number that a label stands for.
    ///
    /// # Errors
    /// If the platform does not have it.
    #[track_caller]
    pub fn number(&self, label: &str) -> Result<u64, Failure> {
        self.snippets()?.label(label).ok_or_else(|| Failure::not_applicable(format!("no number `{label}`")))
    }

    /// Whether the platform has a label.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        self.snippets.as_ref().is_some_and(|snippets| snippets.label(label).is_some())
    }

    /// The bytes of a range of the image.
    ///
    /// # Errors
    /// If they are not part of it.
    pub fn image(&self, start: u64, end: u64) -> Result<Vec<u8>, Failure> {
        let snippets = self.snippets()?;
        for (address, bytes) in &snippets.segments {
            if *address <= start && end <= address + bytes.len() as u64 {
                return Ok(bytes[(start - address) as usize..(end - address) as usize].to_vec());
            }
        }
        Err(Failure::new(format!("{start:#x}..{end:#x} is not part of the image")))
    }

    /// A code pointer to an address of the snippets' state.
    ///
    /// # Errors
    /// If there are no snippets.
    pub fn code_pointer(&self, address: u64) -> Result<u64, Failure> {
        let straight = self.number("straight")?;
        let bit = straight - self.address("straight")?;
        Ok(address | bit)
    }

    /// Whether stores can change code.
    ///
    /// # Errors
    /// If code is in a space of its own.
    pub fn data_reaches_code(&self) -> Result<(), Failure> {
        match self.layout.data_zero {
            0 => Ok(()),
            _ => Err(Failure::not_applicable("stores do not reach code")),
        }
    }

    /// The width of a word of the general registers, in bytes.
    #[must_use]
    pub fn word(&self) -> u64 {
        u64::from(self.definition().pointer_bytes)
    }

    /// The widths of the loads and stores that the platform has, in bytes.
    #[must_use]
    pub fn widths(&self) -> Vec<(u64, String, String)> {
        [1, 2, 4, 8]
            .into_iter()
            .map(|bytes| (bytes, format!("load{}", 8 * bytes), format!("store{}", 8 * bytes)))
            .filter(|(_, load, store)| self.has(load) && self.has(store))
            .collect()
    }

    /// Bytes that tell places apart.
    #[must_use]
    pub fn pattern(length: u64) -> Vec<u8> {
        (0..length).map(|index| (0x21 + 7 * index) as u8).collect()
    }

    /// The unsigned integer that bytes hold in the platform's order.
    #[must_use]
    pub fn integer(&self, bytes: &[u8]) -> u64 {
        self.platform.byte_order().read(bytes) as u64
    }

    /// The bytes of an integer in the platform's order.
    #[must_use]
    pub fn bytes(&self, value: u64, length: u64) -> Vec<u8> {
        let mut bytes = vec![0; length as usize];
        self.platform.byte_order().write(value.into(), &mut bytes);
        bytes
    }

    /// Maps code of a snippet's pieces somewhere else: what `straight` is, with
    /// `additions` additions, a multiple of two. Gives its size.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn long_straight(&self, additions: u64) -> Result<Vec<u8>, Failure> {
        let mut code = self.image(self.address("straight")?, self.address("straight_1")?)?;
        let two = self.image(self.address("straight_1")?, self.address("straight_3")?)?;
        for _ in 0..additions / 2 {
            code.extend_from_slice(&two);
        }
        code.extend(self.image(self.address("straight_ret")?, self.end("straight")?)?);
        Ok(code)
    }

    /// The number of the system call that `system_call(number)` makes.
    #[must_use]
    pub fn syscall_number(&self, number: u64) -> u64 {
        // Without a convention it is the immediate of the instruction.
        if self.definition().syscall_conventions.is_empty() { 0 } else { number }
    }

    /// The addresses of the instructions that a call executes, as the hook of
    /// all instructions sees them.
    ///
    /// # Errors
    /// Those of the backend.
    #[track_caller]
    pub fn path(&self, label: &str, arguments: &[Argument]) -> Result<Vec<u64>, Failure> {
        let mut emulator = self.at(label, arguments)?;
        let trace = trace_of(&mut *emulator)?;
        self.finish(&mut *emulator)?;
        Ok(trace.all())
    }

    /// Fails unless the emulator has stopped where a fault leaves it: at the
    /// instruction, with the registers that a stop before it gives.
    ///
    /// # Errors
    /// What is different.
    #[track_caller]
    pub fn unchanged(
        &self,
        emulator: &dyn Emulator,
        at: u64,
        label: &str,
        arguments: &[Argument],
        map: impl FnOnce(&mut dyn Emulator) -> Result<()>,
    ) -> Result<(), Failure> {
        let mut other = self.at(label, arguments)?;
        map(&mut *other)?;
        other.add_exit_point(at);
        let stop = other.run()?;
        if stop != Stop::ExitPoint(at) {
            return Err(Failure::new(format!("a stop before {at:#x} is not possible: {stop}")));
        }
        same_registers(emulator, &*other)
    }
}

/// Fails unless all registers that programs work with are the same.
///
/// # Errors
/// Those that are not.
#[track_caller]
pub(crate) fn same_registers(found: &dyn Emulator, expected: &dyn Emulator) -> Result<(), Failure> {
    same_values(&registers_of(found)?, &registers_of(expected)?)
}

/// Fails unless all values are the same.
#[track_caller]
pub(crate) fn same_values(
    found: &[(String, RegisterValue)],
    expected: &[(String, RegisterValue)],
) -> Result<(), Failure> {
    let different: Vec<String> = found
        .iter()
        .zip(expected)
        .filter(|(found, expected)| found != expected)
        .map(|((name, found), (_, expected))| format!("{name} is {found:#x} instead of {expected:#x}"))
        .collect();
    if different.is_empty() { Ok(()) } else { Err(Failure::new(different.join(", "))) }
}

/// The registers that programs work with: all but control registers, without
/// aliases.
///
/// # Errors
/// Those of the backend.
#[track_caller]
pub fn registers_of(emulator: &dyn Emulator) -> Result<Vec<(String, RegisterValue)>, Failure> {
    let mut values = Vec::new();
    for id in state_of(emulator) {
        let register = emulator.definition().registers().get(id);
        if !matches!(register.kind, RegisterKind::Control | RegisterKind::Debug) {
            values.push((register.name.clone(), emulator.read_wide_register_id(id)?));
        }
    }
    Ok(values)
}

/// The registers that make up the whole state: all that are not aliases, and
/// where the backend has only parts of one, those parts.
#[must_use]
pub fn state_of(emulator: &dyn Emulator) -> Vec<RegisterId> {
    let registers = emulator.definition().registers();
    let mut state = Vec::new();
    for (root, _) in registers.roots() {
        if emulator.has_register(root) {
            state.push(root);
            continue;
        }
        let parts = registers.iter().filter(|(_, register)| register.root == root);
        state.extend(parts.map(|(id, _)| id).filter(|id| emulator.has_register(*id)));
    }
    state
}

/// A list that callbacks add to.
#[derive(Debug)]
pub struct Trace<T>(Rc<RefCell<Vec<T>>>);

impl<T> Clone for Trace<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Default for Trace<T> {
    fn default() -> Self {
        Self(Rc::default())
    }
}

impl<T: Clone> Trace<T> {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to it.
    pub fn push(&self, value: T) {
        self.0.borrow_mut().push(value);
    }

    /// All that is in it.
    #[must_use]
    pub fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    /// All that is in it, which is taken out.
    #[must_use]
    pub fn take(&self) -> Vec<T> {
        self.0.take()
    }

    /// How much is in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// Hooks all instructions, and notes their addresses.
///
/// # Errors
/// Those of the backend.
#[track_caller]
pub fn trace_of(emulator: &mut dyn Emulator) -> Result<Trace<u64>, Failure> {
    let trace = Trace::new();
    let notes = trace.clone();
    emulator.hook_instructions(move |_, pc| {
        notes.push(pc);
        Ok(Flow::Continue)
    })?;
    Ok(trace)
}

/// Hooks the blocks, and notes address and size.
///
/// # Errors
/// Those of the backend.
#[track_caller]
pub fn blocks_of(emulator: &mut dyn Emulator) -> Result<Trace<(u64, u64)>, Failure> {
    let trace = Trace::new();
    let notes = trace.clone();
    emulator.hook_blocks(move |_, address, size| {
        notes.push((address, size));
        Ok(Flow::Continue)
    })?;
    Ok(trace)
}

/// The fault that a run ended with.
///
/// # Errors
/// If it ended otherwise.
#[track_caller]
pub fn fault_of<T: std::fmt::Debug>(result: Result<T>) -> Result<Fault, Failure> {
    match result {
        Err(Error::Fault(fault)) => Ok(fault),
        Err(other) => Err(Failure::new(format!("no fault but the error: {other}"))),
        Ok(other) => Err(Failure::new(format!("no fault but {other:x?}"))),
    }
}

/// Runs to the return and gives the count of instructions.
///
/// # Errors
/// Those of the backend.
#[track_caller]
pub(crate) fn counted(emulator: &mut dyn Emulator) -> Result<u64, Failure> {
    let stop = emulator.run_with(&Limits::counted())?;
    if stop != Stop::ExitPoint(Layout::of(emulator.platform()).return_at) {
        return Err(Failure::new(format!("stopped by {stop} on the way to the return")));
    }
    emulator.instructions_executed().ok_or_else(|| Failure::new("instructions were not counted"))
}

/// Maps a range with all permissions.
#[track_caller]
pub(crate) fn map(emulator: &mut dyn Emulator, start: u64, end: u64) -> Result<(), Failure> {
    Ok(emulator.map_memory(start..end, Permissions::ALL)?)
}
