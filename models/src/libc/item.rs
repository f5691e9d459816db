//! [`Libc`]: the models of a C library, as an item of a machine.

use std::any::Any;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Access, Emulator, Flow, HookError};
use terrella_machine_state::{Difference, MachineItem, Phase, Result as MachineResult, call::Call};
use terrella_platforms::{CallingConvention, Platform, StructResult};

use super::{
    catalogue,
    context::{Context, return_address},
    error::{Error, Failure},
    processes::{Ending, Image},
    state::State,
    trace,
    types::{CType, Model, Outcome},
};
use crate::{
    errno::Errno,
    files::FileSystem,
    linux::{Output, Streams, TraceOutput},
};

/// What answers an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The model of this name.
    Model(String),
    /// Always this result.
    Value(i64),
    /// Nothing: a call ends the run.
    Nothing,
}

/// An import and what answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) name: String,
    /// Of its code.
    pub(crate) address: u64,
    pub(crate) answer: Answer,
}

/// The C library of a machine: models with the state that they share.
///
/// [`LinkModels::link_models`](super::LinkModels::link_models) adds it to a
/// machine. After a run it tells what the program did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Libc {
    pub(crate) convention: Option<String>,
    pub(crate) links: Vec<Link>,
    pub(crate) state: State,
}

/// The live state, in the extensions of an emulator; it is taken out while a
/// model works.
#[derive(Clone)]
struct Slot(Option<Box<State>>);

fn key(item: &str) -> String {
    format!("terrella.libc/{item}")
}

impl Libc {
    /// The status that the program ended with, if it called `exit` or returned
    /// from `main` to start code.
    #[must_use]
    pub const fn exit_status(&self) -> Option<i32> {
        self.state.exit
    }

    /// The signal that ended the program (`abort`, `raise`), by its generic
    /// number.
    #[must_use]
    pub const fn ended_by_signal(&self) -> Option<u8> {
        self.state.ended_by
    }

    /// What it wrote to standard output.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        own(&self.state.kernel.streams.output)
    }

    /// What it wrote to standard error.
    #[must_use]
    pub fn error_output(&self) -> &[u8] {
        own(&self.state.kernel.streams.error)
    }

    /// The files that it sees.
    #[must_use]
    pub const fn files(&self) -> &FileSystem {
        &self.state.kernel.files
    }

    /// The same, to be changed.
    pub const fn files_mut(&mut self) -> &mut FileSystem {
        &mut self.state.kernel.files
    }

    /// What it reads from standard input, from here on.
    pub fn set_input(&mut self, bytes: &[u8]) {
        self.state.kernel.streams.input = crate::linux::Input::Bytes(bytes.iter().copied().collect());
    }

    /// Where it reads and writes from here on.
    pub fn set_streams(&mut self, streams: Streams) {
        self.state.kernel.streams = streams;
    }

    /// Writes each call of a model there, as `ltrace` does.
    pub fn set_trace(&mut self, trace: Option<TraceOutput>) {
        self.state.trace = trace;
    }

    /// The library item `name` as it is in an emulator, to be looked at: for
    /// callbacks, and between runs.
    ///
    /// # Errors
    /// [`Error::NotLive`] if no library of that name was applied.
    pub fn live(emulator: &dyn Emulator, name: &str) -> Result<Self, Error> {
        let slot = emulator.extensions().get::<Slot>(&key(name)).and_then(|slot| slot.0.as_ref());
        let state = slot.ok_or_else(|| Error::NotLive { item: name.to_owned() })?;
        Ok(Self { convention: None, links: Vec::new(), state: state.as_ref().clone() })
    }
}

fn own(output: &Output) -> &[u8] {
    match output {
        Output::Own(bytes) => bytes,
        _ => &[],
    }
}

/// The convention of a name, or the platform's default one.
fn convention_of(platform: Platform, name: Option<&str>) -> MachineResult<&'static CallingConvention> {
    let definition = platform.definition();
    let found = match name {
        Some(name) => definition.calling_convention(name),
        None => Some(definition.default_convention()),
    };
    found.ok_or_else(|| terrella_machine_state::Error::UnknownConvention {
        platform,
        name: name.unwrap_or_default().to_owned(),
        nearest: Vec::new(),
    })
}

/// Bytes of arguments that the function itself takes off the stack: the
/// address of a structure result, on i386.
fn pops(platform: Platform, convention: &CallingConvention, model: &Model) -> u64 {
    let hidden = matches!(convention.struct_result, StructResult::HiddenArgument { callee_pops: true });
    if hidden && matches!(model.function.result(), CType::Structure | CType::Complex | CType::ComplexLong) {
        platform.definition().pointer_bytes.into()
    } else {
        0
    }
}

/// Works on the live state.
pub(crate) fn with_state(
    emulator: &mut dyn Emulator,
    key: &str,
    work: impl FnOnce(&mut dyn Emulator, &mut State) -> Result<Flow, HookError>,
) -> Result<Flow, HookError> {
    let missing = || Error::NotLive { item: key.trim_start_matches("terrella.libc/").to_owned() };
    let slot = emulator.extensions_mut().get_mut::<Slot>(key).ok_or_else(missing)?;
    let mut state = slot.0.take().ok_or_else(missing)?;
    state.tick();
    let result = work(emulator, &mut state);
    match emulator.extensions_mut().get_mut::<Slot>(key) {
        Some(slot) => slot.0 = Some(state),
        None => emulator.extensions_mut().insert(key.to_owned(), Slot(Some(state))),
    }
    result
}

/// The error of a model as a callback returns it: a fault of the emulator
/// stays one, at the function that was called.
pub(crate) fn hook_error(failure: Failure, name: &str, address: u64, caller: u64) -> HookError {
    use terrella_emulator_api::{Error as Api, Fault};
    match failure {
        Failure::Emulator(Api::Fault(Fault::Memory { access, cause, address: at, size, .. })) => {
            let access = if access == Access::Fetch { Access::Read } else { access };
            Box::new(Api::Fault(Fault::Memory { access, cause, address: at, size, pc: address }))
        }
        other => Box::new(other.into_error(name, caller)),
    }
}

/// Answers a call by a model.
pub(crate) fn answer(
    emulator: &mut dyn Emulator,
    state: &mut State,
    model: &'static Model,
    convention: &'static CallingConvention,
    address: u64,
) -> Result<Flow, HookError> {
    let caller = return_address(emulator, convention).unwrap_or(0);
    let traced = state.trace.is_some().then(|| trace::call(emulator, state, model, convention, address));
    let depth = state.frames.len();
    let run = |emulator: &mut dyn Emulator, state: &mut State| -> Result<Flow, Failure> {
        let variadic = model.function.parameters().contains(&CType::Variable);
        let call = Call::entered(emulator, convention, address)?;
        let result = model.function.result();
        let mut context = Context::new(call, state, model.name, result, variadic)?;
        context.is_direct = true;
        if let Some(reply) = context.signal_before_call()? {
            return reply.give(&mut context);
        }
        context.go_on_with_output();
        match model.function.run(&mut context) {
            Err(Failure::Waits(deadline)) => {
                context.give_back_taken();
                context.wait_here(deadline)?.give(&mut context)
            }
            Err(Failure::Exit(status)) => context.ends(Ending::Status(status))?.give(&mut context),
            Err(Failure::Interrupted { restarts }) => {
                context.give_back_taken();
                if restarts && let Some(reply) = context.restart_after_signal()? {
                    return reply.give(&mut context);
                }
                context.set_errno(Errno::EINTR)?;
                context.deliver_signals(-1, result)?.give(&mut context)
            }
            Ok(Flow::Continue) if context.is_interrupted => context.after_interruption(result),
            other => other,
        }
    };
    let result = run(emulator, state);
    if let (Some(text), Some(output)) = (traced, &state.trace) {
        let done = result.is_ok() && state.frames.len() == depth;
        output.line(&trace::with_result(text, emulator, state, model, convention, done));
    }
    result.map_err(|failure| hook_error(failure, model.name, address, caller))
}

/// Where the next call of the guest comes back to.
fn resume(
    emulator: &mut dyn Emulator,
    state: &mut State,
    convention: &'static CallingConvention,
    address: u64,
) -> Result<Flow, HookError> {
    let name = state.frames.last().map_or_else(String::new, |frame| frame.model.clone());
    let run = |emulator: &mut dyn Emulator, state: &mut State| -> Result<Flow, Failure> {
        let call = Call::entered(emulator, convention, address)?;
        let known = catalogue::find(&name).map_or("library", |model| model.name);
        Context::new(call, state, known, CType::Void, false)?.resumed()
    };
    run(emulator, state).map_err(|failure| hook_error(failure, &name, address, 0))
}

/// Hooks the stub of a model, also while the guest runs (`dlsym`).
pub(crate) fn hook(
    emulator: &mut dyn Emulator,
    key: &str,
    link: &Link,
    convention: &'static CallingConvention,
) -> MachineResult<()> {
    let platform = emulator.platform();
    let key = key.to_owned();
    let address = link.address;
    match &link.answer {
        Answer::Model(name) => {
            let Some(model) = catalogue::find(name) else {
                return Err(terrella_machine_state::Error::UnknownSymbol {
                    module: "the catalogue of models".to_owned(),
                    name: name.clone(),
                    nearest: Vec::new(),
                });
            };
            let hook = move |emulator: &mut dyn Emulator, address: u64| {
                with_state(emulator, &key, |emulator, state| {
                    answer(emulator, state, model, convention, address)
                })
            };
            let pops = pops(platform, convention, model);
            emulator.function_hookable()?.add_function_hook(address, pops, Box::new(hook))?;
        }
        Answer::Value(value) => {
            let value = *value;
            let hook = move |emulator: &mut dyn Emulator, address: u64| {
                let mut call = Call::entered(emulator, convention, address)?;
                call.return_signed(value)?;
                Ok(Flow::Continue)
            };
            emulator.function_hookable()?.add_function_hook(address, 0, Box::new(hook))?;
        }
        Answer::Nothing => {
            let name = link.name.clone();
            let hook = move |emulator: &mut dyn Emulator, address: u64| -> Result<Flow, HookError> {
                let caller = return_address(emulator, convention).unwrap_or(0);
                let mut call = Call::entered(emulator, convention, address)?;
                let arguments = (0..4).map_while(|_| call.next_word().ok()).collect();
                Err(Box::new(Error::Unmodelled { name: name.clone(), caller, arguments }))
            };
            emulator.function_hookable()?.add_function_hook(address, 0, Box::new(hook))?;
        }
    }
    Ok(())
}

#[typetag::serde(name = "terrella.libc.v2")]
impl MachineItem for Libc {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Hooks
    }

    fn apply(&self, name: &str, emulator: &mut dyn Emulator) -> MachineResult<()> {
        let convention = convention_of(emulator.platform(), self.convention.as_deref())?;
        let key = key(name);
        let mut state = Box::new(self.state.clone());
        state.key = key.clone();
        std::mem::take(&mut state.mapped).add_to(emulator)?;
        state.kernel.enter_shared(emulator, state.processes.loaded())?;
        state.convention = Some(convention);
        emulator.extensions_mut().insert(key.clone(), Slot(Some(state)));
        for link in &self.links {
            hook(emulator, &key, link, convention)?;
        }
        let address = self.state.layout.resume;
        let hook = move |emulator: &mut dyn Emulator, address: u64| {
            with_state(emulator, &key, |emulator, state| resume(emulator, state, convention, address))
        };
        emulator.function_hookable()?.add_function_hook(address, 0, Box::new(hook))?;
        Ok(())
    }

    fn extract(&mut self, name: &str, emulator: &mut dyn Emulator) -> MachineResult<()> {
        let slot = emulator.extensions().get::<Slot>(&key(name)).and_then(|slot| slot.0.as_ref());
        if let Some(state) = slot {
            self.state = state.as_ref().clone();
            let ranges = self.state.kernel.mapped_by_program();
            if !ranges.is_empty() {
                self.state.mapped = Image::of_ranges(emulator, &ranges)?;
                self.state.kernel.leave_shared(emulator, self.state.processes.loaded());
            }
            self.links.append(&mut self.state.new_links);
        }
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        if let Some(other) = other.downcast_ref::<Self>() {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let mut add = |what: &str, before: String, after: String| {
                if before != after {
                    out.push(Difference::Changed {
                        item: name.to_owned(),
                        what: what.to_owned(),
                        before,
                        after,
                    });
                }
            };
            add("output", text(self.output()), text(other.output()));
            add("error output", text(self.error_output()), text(other.error_output()));
            add("exit", format!("{:?}", self.exit_status()), format!("{:?}", other.exit_status()));
        }
    }

    fn summary(&self) -> String {
        let count =
            |answer: fn(&Answer) -> bool| self.links.iter().filter(|link| answer(&link.answer)).count();
        let models = count(|answer| matches!(answer, Answer::Model(_)));
        let open = count(|answer| *answer == Answer::Nothing);
        format!("C library: {models} functions answered by models, {open} by nothing")
    }
}
