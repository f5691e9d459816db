//! [`FunctionModel`]: a function of the guest that the host answers.

use std::{any::Any, fmt};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Emulator, Flow, HookError, Overlap, Permissions};

use crate::{
    Difference, Error, MachineItem, Phase, Result, SymbolTable,
    call::{Call, Parameter, Return, callee_pops, convention, entry_of},
    names,
};

/// What stands in for a function of the guest. It is state: it is saved with
/// the machine, and comes back from a run.
///
/// A call works on a copy, which takes the place of the model when the call
/// has succeeded. What is large belongs behind an `Arc`, or into the
/// extensions of the emulator.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use terrella_machine_state::{Flow, Function, HookError, call::Call};
///
/// /// `int counter(void)`: how often it was called.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct Counter {
///     calls: u64,
/// }
///
/// #[typetag::serde(name = "example.counter.v1")]
/// impl Function for Counter {
///     fn clone_function(&self) -> Box<dyn Function> {
///         Box::new(self.clone())
///     }
///     fn call(&mut self, call: &mut Call<'_>) -> Result<Flow, HookError> {
///         self.calls += 1;
///         call.return_integer(self.calls)?;
///         Ok(Flow::Continue)
///     }
/// }
/// ```
#[typetag::serde(tag = "function")]
pub trait Function: fmt::Debug + Send + Sync + Any {
    /// A copy.
    fn clone_function(&self) -> Box<dyn Function>;

    /// Answers a call. Afterwards the function returns to its caller, unless
    /// the flow stops the run.
    ///
    /// # Errors
    /// Whatever should end the run; it reaches who runs the emulator.
    fn call(&mut self, call: &mut Call<'_>) -> Result<Flow, HookError>;

    /// The parameters, where the convention makes functions take their stack
    /// arguments off the stack (`stdcall`); not needed elsewhere.
    fn parameters(&self) -> Vec<Parameter> {
        Vec::new()
    }

    /// Whether the function returns a structure too large for registers, whose
    /// address on i386 it takes off the stack.
    fn returns_struct(&self) -> bool {
        false
    }

    /// The result, where it decides whether functions take their stack
    /// arguments off the stack (`sdcccall1`); not needed elsewhere.
    fn result(&self) -> Return {
        Return::Void
    }
}

impl Clone for Box<dyn Function> {
    fn clone(&self) -> Self {
        self.as_ref().clone_function()
    }
}

/// Which function a model stands in for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunctionSite {
    /// The one at an address, given as a code pointer.
    Address(u64),
    /// That of a name, in the first executable of the machine that has it.
    Symbol(String),
}

impl From<u64> for FunctionSite {
    fn from(address: u64) -> Self {
        Self::Address(address)
    }
}

impl From<&str> for FunctionSite {
    fn from(name: &str) -> Self {
        Self::Symbol(name.to_owned())
    }
}

/// A function model as an item of a machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FunctionModel {
    site: FunctionSite,
    #[serde(default)]
    convention: Option<String>,
    #[serde(default)]
    maps_stub: bool,
    function: Box<dyn Function>,
}

/// The live state of a model, in the extensions of an emulator.
#[derive(Clone)]
struct LiveFunction(Box<dyn Function>);

fn key(name: &str) -> String {
    format!("terrella.function/{name}")
}

impl FunctionModel {
    /// A model in place of a function.
    #[must_use]
    pub fn new(site: impl Into<FunctionSite>, function: impl Function) -> Self {
        Self { site: site.into(), convention: None, maps_stub: false, function: Box::new(function) }
    }

    /// Uses a calling convention by its name, and not the platform's default.
    #[must_use]
    pub fn with_convention(mut self, name: impl Into<String>) -> Self {
        self.convention = Some(name.into());
        self
    }

    /// Maps a few executable bytes at the address, if nothing is mapped there:
    /// a hook needs something below it.
    #[must_use]
    pub const fn with_stub(mut self) -> Self {
        self.maps_stub = true;
        self
    }

    /// Which function it stands in for.
    #[must_use]
    pub const fn site(&self) -> &FunctionSite {
        &self.site
    }

    /// The model, if it is of that type.
    #[must_use]
    pub fn function<T: Function>(&self) -> Option<&T> {
        let function: &dyn Any = self.function.as_ref();
        function.downcast_ref()
    }

    /// The model, if it is of that type, to be changed.
    #[must_use]
    pub fn function_mut<T: Function>(&mut self) -> Option<&mut T> {
        let function: &mut dyn Any = self.function.as_mut();
        function.downcast_mut()
    }

    /// The live state of the model item `name` in an emulator.
    #[must_use]
    pub fn live<'a, T: Function>(emulator: &'a dyn Emulator, name: &str) -> Option<&'a T> {
        let function: &dyn Any = emulator.extensions().get::<LiveFunction>(&key(name))?.0.as_ref();
        function.downcast_ref()
    }

    fn address(&self, emulator: &dyn Emulator) -> Result<u64> {
        let pointer = match &self.site {
            FunctionSite::Address(address) => *address,
            // A symbol may be that of a descriptor, but not where nothing is:
            // there is the code of an open import.
            FunctionSite::Symbol(name) => {
                let function = live_symbol(emulator, name)?;
                let code = emulator.definition().code_address(function);
                if !emulator.memory_map().iter().any(|region| region.range.contains(code)) {
                    return Ok(code);
                }
                entry_of(emulator, convention(emulator.platform(), self.convention.as_deref())?, function)?
                    .code
            }
        };
        Ok(emulator.definition().code_address(pointer))
    }
}

/// An error of a model: a fault of the emulator is told as one, also if it
/// went through a method of this crate.
pub(crate) fn unwrapped(error: HookError) -> HookError {
    match error.downcast::<Error>() {
        Ok(own) => own.into_hook_error(),
        Err(other) => other,
    }
}

/// Where the symbols of applied executables are in the extensions.
const SYMBOLS: &str = "terrella.symbols/";

/// Makes the symbols of an executable known to what is applied later.
pub(crate) fn publish_symbols(emulator: &mut dyn Emulator, item: &str, symbols: &SymbolTable) {
    emulator.extensions_mut().insert(format!("{SYMBOLS}{item}"), symbols.clone());
}

/// The address of a symbol of the executables that were applied.
///
/// # Errors
/// [`Error::UnknownSymbol`] with the nearest names.
pub fn live_symbol(emulator: &dyn Emulator, name: &str) -> Result<u64> {
    let extensions = emulator.extensions();
    let tables = || {
        extensions
            .names()
            .filter(|item| item.starts_with(SYMBOLS))
            .filter_map(|item| extensions.get::<SymbolTable>(item))
    };
    tables().find_map(|table| table.get(name)).map(|symbol| symbol.address).ok_or_else(|| {
        let known = tables().flat_map(SymbolTable::iter).map(|symbol| symbol.name.as_str());
        Error::UnknownSymbol {
            module: "the machine".to_owned(),
            name: name.to_owned(),
            nearest: names::nearest(name, known),
        }
    })
}

#[typetag::serde(name = "terrella.function.v1")]
impl MachineItem for FunctionModel {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Hooks
    }

    fn apply(&self, name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        let platform = emulator.platform();
        let convention = convention(platform, self.convention.as_deref())?;
        let address = self.address(emulator)?;
        if self.maps_stub {
            let size = u64::from(emulator.definition().longest_instruction);
            let stub = AddressRange::sized(address, size)?;
            if !emulator.memory_map().iter().any(|region| region.range.contains(address)) {
                emulator.map_memory_with(stub, Permissions::READ_EXECUTE, Overlap::Keep)?;
            }
        }
        let function = &self.function;
        let (parameters, returns_struct) = (function.parameters(), function.returns_struct());
        let pops = callee_pops(platform, convention, &parameters, returns_struct, function.result());
        let key = key(name);
        emulator.extensions_mut().insert(key.clone(), LiveFunction(self.function.clone()));
        let hook = move |emulator: &mut dyn Emulator, address: u64| {
            let missing = || Error::NotLive { name: key.clone() };
            let live = emulator.extensions().get::<LiveFunction>(&key).cloned();
            let mut function = live.ok_or_else(missing)?.0;
            let flow = function
                .call(&mut Call::entered(emulator, convention, address).map_err(Error::into_hook_error)?)
                .map_err(unwrapped)?;
            emulator.extensions_mut().insert(key.clone(), LiveFunction(function));
            Ok(flow)
        };
        emulator.function_hookable()?.add_function_hook(address, pops, Box::new(hook))?;
        Ok(())
    }

    fn extract(&mut self, name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        if let Some(live) = emulator.extensions().get::<LiveFunction>(&key(name)) {
            self.function = live.0.clone();
        }
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        if let Some(other) = other.downcast_ref::<Self>() {
            let text = |model: &Self| format!("{:?}", model.function);
            crate::diff::text_diff(name, "state", &text(self), &text(other), out);
            crate::diff::text_diff(name, "site", &self.site, &other.site, out);
        }
    }

    fn summary(&self) -> String {
        match &self.site {
            FunctionSite::Address(address) => format!("model of {address:#x}: {:?}", self.function),
            FunctionSite::Symbol(symbol) => format!("model of {symbol}: {:?}", self.function),
        }
    }
}

impl dyn Function {
    /// Answers a call that an emulator has just entered, outside of any
    /// machine: for hooks of one's own.
    ///
    /// # Errors
    /// What the model and the emulator report.
    pub fn answer(
        &mut self,
        emulator: &mut dyn Emulator,
        convention_name: Option<&str>,
        address: u64,
    ) -> Result<Flow, HookError> {
        let convention = convention(emulator.platform(), convention_name)?;
        self.call(&mut Call::entered(emulator, convention, address)?)
    }
}
