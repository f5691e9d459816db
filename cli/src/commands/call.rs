//! `terrella call`: one function of a file.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};
use terrella::{
    api::{Emulator, EmulatorExt, Error as ApiError, Stop},
    machine::{
        self, Executable, Machine, ReturnValue,
        call::{Caller, return_address},
    },
    models::{
        libc::{LIBC, Libc, LibcOptions, LinkModels},
        linux::{TraceOutput, signal_name},
    },
};

use crate::{
    execution::{ExecutionOptions, Running},
    explain,
    failure::{Failure, Result},
    inputs,
    notation::{self, Place},
    output::{self, Answer},
    report,
    values::{Argument, ReturnType},
};

/// How long a text may be that a function returns.
const TEXT_LIMIT: usize = 1 << 20;

const HELP: &str = "\
Arguments:
  42  -1  0xff          integers: as wide as a pointer; 64 bits if they do not fit
  42u8  -1i64  7usize   integers of a given type: u8 to u128, i8 to i128, usize, isize
  str:hello             pointer to a text with a zero byte after it
  buf:hex:00ff          pointer to these bytes
  buf:zero:64           pointer to so many zero bytes
  buf:@FILE             pointer to the content of a file
  f64:1.5  f32:2.5      floating-point numbers
  sym:NAME              the address of a symbol

Imports that models of the C library are there for are answered by them: `terrella models`
lists them.

On 32-bit platforms a 64-bit parameter needs a 64-bit argument: `1u64`.

FILE may also be a machine that --save-state wrote: the call then goes on from it.

Examples:
  terrella call libz.so crc32 0 buf:@picture.png 1000usize --ret u32
  terrella call libcrypt.so sha256 str:abc 3 buf:zero:32 --ret void --dump-buffers
  terrella call plugin.so greet str:world --ret str --link libhelper.so
  terrella call firmware.elf 0x8001 -1 --max-instructions 10000 --trace

Exit status: 0 if the function returned or a limit stopped it, 1 after a fault or another
error, 2 for wrong usage.";

/// Calls one function of an ELF file and prints what it returns.
///
/// The platform is that of the file. The function gets a stack and a heap with the buffers
/// of its arguments; nothing else of an operating system is there.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Call {
    /// An ELF file, or a saved machine
    file: PathBuf,
    /// The function: a symbol, or an address (0x…)
    function: Place,
    /// The arguments: see below
    arguments: Vec<Argument>,
    /// What it returns: void, u8 … i128, usize, isize, f32, f64, str, ptr, buf:SIZE, struct:SIZE
    #[arg(long, value_name = "TYPE", default_value = "i32")]
    ret: ReturnType,
    /// Show the buffers of the arguments after the call
    #[arg(long)]
    dump_buffers: bool,
    /// The calling convention, in place of that of the file
    #[arg(long, value_name = "NAME")]
    abi: Option<String>,
    /// A further file that is linked to the first one
    #[arg(long, value_name = "FILE")]
    link: Vec<PathBuf>,
    /// Link the libraries that are needed too, from below this folder
    #[arg(long, value_name = "FOLDER")]
    sysroot: Option<PathBuf>,
    /// The load address of a relocatable or position-independent file
    #[arg(long, value_name = "ADDRESS", value_parser = notation::unsigned)]
    base: Option<u64>,
    /// Answer no imports by models of the C library
    #[arg(long)]
    no_models: bool,
    /// Write each call of a model to standard error
    #[arg(long)]
    ltrace: bool,
    /// What models read as standard input
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// The size of the stack in bytes
    #[arg(long, value_name = "BYTES", value_parser = notation::unsigned)]
    stack_size: Option<u64>,
    #[command(flatten)]
    pub(crate) execution: ExecutionOptions,
}

/// A buffer among the arguments: position, address, size.
type Buffer = (usize, u64, usize);

/// How a call ended that did not fail.
enum Ended {
    Returned(ReturnValue, Stop),
    Stopped(Stop),
}

impl Call {
    /// Runs the command.
    pub(crate) fn run(&self) -> Result<Answer> {
        let options = &self.execution;
        let input =
            inputs::load(&self.file, &self.link, options.platform, self.base, self.sysroot.as_deref())?;
        let mut machine = input.machine;
        inputs::backend(machine.platform(), options.backend.as_deref())?;
        options.check(&machine)?;
        let function = self.function_pointer(&machine, input.module.as_deref())?;
        if !input.saved && !self.no_models {
            self.link_models(&mut machine)?;
        }
        if !input.saved || self.stack_size.is_some() {
            let size = self.stack_size.unwrap_or_else(|| inputs::default_area(&machine));
            inputs::add_stack(&mut machine, size)?;
        }
        let (arguments, buffers) = self.place_arguments(&mut machine, input.saved)?;

        let mut running = options.start(&machine)?;
        let emulator = running.emulator.as_mut();
        let exit = return_address(emulator)?;
        if let Some(tracer) = &running.tracer {
            tracer.borrow_mut().start(emulator)?;
        }
        let called = (|| {
            let mut caller = Caller::new(&machine, emulator)?;
            if let Some(abi) = &self.abi {
                caller.convention(abi)?;
            }
            caller.limits(options.limits());
            caller.call(function, &arguments, self.ret.returns(machine.definition()))
        })();
        let ended = match called {
            Ok(result) => Ok(Ended::Returned(result.value, result.stop)),
            Err(machine::Error::NotReturned { stop, .. }) => Ok(Ended::Stopped(stop)),
            Err(error) => Err(error),
        };
        let mut json = Map::new();
        running.end_trace(&mut json)?;
        if let Some(path) = &options.save_state {
            save(&machine, &mut running, &ended, exit, path)?;
        }
        self.answer(&machine, &running, function, &buffers, ended, json)
    }

    /// Has imports answered that models are there for.
    fn link_models(&self, machine: &mut Machine) -> Result<()> {
        let open = machine.iter_of::<Executable>().any(|(_, executable)| !executable.imports.is_empty());
        if !open {
            return Ok(());
        }
        let input = match &self.stdin {
            Some(path) => inputs::read(path)?,
            None => Vec::new(),
        };
        let options = LibcOptions { input, leaves_open: true, ..LibcOptions::default() };
        machine.link_all_models(options).map_err(|error| Failure::run_time(error.to_string()))?;
        if self.ltrace {
            machine.get_mut::<Libc>(LIBC)?.set_trace(Some(TraceOutput::Host));
        }
        Ok(())
    }

    /// The function as a function pointer. Of an address that is exactly that
    /// of a symbol, the symbol tells whether it is Thumb code.
    fn function_pointer(&self, machine: &Machine, module: Option<&str>) -> Result<u64> {
        let pointer = self.function.pointer(machine).map_err(|mut failure| {
            if let Some(module) = module {
                failure.message = failure.message.replacen("the machine", module, 1);
            }
            failure
        })?;
        let named = machine.symbolize(machine.definition().code_address(pointer));
        Ok(match named {
            Some((_, at)) if at.offset == 0 && at.symbol.address & !1 == pointer => at.symbol.address,
            _ => pointer,
        })
    }

    /// The arguments as values, with those that are buffers in a heap of the
    /// machine; a saved machine gets a further one if it is needed.
    fn place_arguments(
        &self,
        machine: &mut Machine,
        saved: bool,
    ) -> Result<(Vec<machine::ArgumentValue>, Vec<Buffer>)> {
        let blocks = self.arguments.iter().map(Argument::bytes).collect::<Result<Vec<_>>>()?;
        let places = match saved && blocks.iter().all(Option::is_none) {
            true => vec![None; blocks.len()],
            false => inputs::add_heap(machine, &blocks)?,
        };
        let values =
            self.arguments.iter().zip(&places).map(|(argument, place)| argument.value(machine, *place));
        let values = values.collect::<Result<Vec<_>>>()?;
        let sizes = blocks.iter().map(|block| block.as_ref().map_or(0, Vec::len));
        let buffers = places.iter().zip(sizes).enumerate();
        let buffers = buffers.filter_map(|(index, (place, size))| Some((index, (*place)?, size)));
        Ok((values, buffers.collect()))
    }

    fn answer(
        &self,
        machine: &Machine,
        running: &Running,
        function: u64,
        buffers: &[Buffer],
        ended: Result<Ended, machine::Error>,
        mut json: Map<String, Value>,
    ) -> Result<Answer> {
        let emulator = running.emulator.as_ref();
        json.insert(
            "function".to_owned(),
            json!(explain::symbol(machine, machine.definition().code_address(function))),
        );
        json.insert("address".to_owned(), output::address(function));
        json.insert("platform".to_owned(), json!(machine.platform()));
        json.insert("backend".to_owned(), json!(emulator.backend().name));
        json.insert("instructions".to_owned(), json!(emulator.instructions_executed()));
        let mut text = String::new();
        let (mut exit, mut signal) = (None, None);
        if let Ok(library) = Libc::live(emulator, LIBC) {
            let (output, error) = (library.output(), library.error_output());
            text.push_str(&String::from_utf8_lossy(output));
            if !self.execution.json && !error.is_empty() {
                output::print_error(&String::from_utf8_lossy(error));
            }
            exit = library.exit_status();
            signal = library.ended_by_signal();
            json.insert("output".to_owned(), json!(String::from_utf8_lossy(output)));
            json.insert("error_output".to_owned(), json!(String::from_utf8_lossy(error)));
            json.insert("exit_status".to_owned(), json!(exit));
            json.insert("signal".to_owned(), json!(signal.map(signal_name)));
        }
        if self.dump_buffers || self.execution.json {
            let (dump, list) = dump_buffers(emulator, buffers)?;
            if self.dump_buffers {
                text.push_str(&dump);
            }
            json.insert("buffers".to_owned(), list);
        }
        let shown = self.execution.shown(machine, emulator)?;
        text.push_str(&shown.text);
        json.extend(shown.json);
        match ended {
            Ok(Ended::Returned(value, stop)) => {
                let (line, value) = self.result(emulator, &value)?;
                text.push_str(&line);
                json.insert("result".to_owned(), value);
                json.insert(
                    "stop".to_owned(),
                    json!({ "reason": "returned", "pc": output::address(stop.pc()) }),
                );
            }
            Ok(Ended::Stopped(stop)) => {
                // Writing to a string does not fail.
                let _ = match (exit, signal) {
                    (Some(status), _) => writeln!(text, "not returned: exit({status})"),
                    (_, Some(signal)) => writeln!(text, "not returned: killed by {}", signal_name(signal)),
                    _ => writeln!(text, "not returned: {}", explain::stop_text(machine, &stop)),
                };
                json.insert("stop".to_owned(), explain::stop_json(machine, &stop));
            }
            Err(error) => {
                let fault = match &error {
                    machine::Error::Emulator(ApiError::Fault(fault)) => Some(fault.clone()),
                    _ => None,
                };
                let mut failure = explain::machine_error(machine, emulator, error);
                if let Some(fault) = fault {
                    let files =
                        std::iter::once(self.file.as_path()).chain(self.link.iter().map(PathBuf::as_path));
                    let known = report::Known::new(files, running.blocks.as_ref());
                    let found = report::of_machine(machine, emulator, &fault, &known);
                    report::add(&mut failure, &found, self.execution.report);
                }
                failure.shown = text;
                json.append(&mut failure.details);
                failure.details = json;
                return Err(self.no_stack(failure));
            }
        }
        if let (true, Some(count)) = (self.execution.count, emulator.instructions_executed()) {
            let _ = writeln!(text, "{count} instructions");
        }
        Ok(Answer { text, json: Value::Object(json) })
    }

    fn no_stack(&self, failure: Failure) -> Failure {
        match self.stack_size {
            Some(0) => failure.hint("there is no stack: `--stack-size 0`"),
            _ => failure,
        }
    }

    /// What was returned, for people and for programs.
    fn result(&self, emulator: &dyn Emulator, value: &ReturnValue) -> Result<(String, Value)> {
        let at = value.as_u64();
        let unreadable = |error: ApiError| {
            Failure::run_time(format!("the function returned {at:#x}, where nothing can be read: {error}"))
                .hint("`--ret ptr` shows the address alone")
        };
        Ok(match (self.ret, value) {
            (ReturnType::Text, _) => {
                let bytes = emulator.read_c_string(at, TEXT_LIMIT).map_err(unreadable)?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                (format!("{text}\n"), json!(text))
            }
            (ReturnType::Buffer(size), _) => {
                let bytes = emulator.read_bytes(at, size as u64).map_err(unreadable)?;
                (output::hexdump(at, &bytes), json!(output::hex(&bytes)))
            }
            (_, ReturnValue::Struct(bytes)) => (output::hexdump(0, bytes), json!(output::hex(bytes))),
            (_, ReturnValue::Void) => (String::new(), Value::Null),
            (_, ReturnValue::Pointer(address)) => (format!("{address:#x}\n"), output::address(*address)),
            (_, ReturnValue::Integer { value: number, .. }) => {
                let narrow = i64::try_from(*number)
                    .map(Value::from)
                    .or_else(|_| u64::try_from(*number).map(Value::from));
                (format!("{value}\n"), narrow.unwrap_or_else(|_| json!(number.to_string())))
            }
            (_, ReturnValue::F32(number)) => (format!("{number}\n"), float(f64::from(*number))),
            (_, ReturnValue::F64(number)) => (format!("{number}\n"), float(*number)),
            (_, other) => (format!("{other}\n"), json!(other)),
        })
    }
}

/// Saves the machine as it is after the call. If the function has not
/// returned, its return address is an exit point of the machine.
fn save(
    machine: &Machine,
    running: &mut Running,
    ended: &Result<Ended, machine::Error>,
    exit: u64,
    path: &std::path::Path,
) -> Result<()> {
    let mut after = machine.clone();
    after.extract(running.emulator.as_mut())?;
    if !matches!(ended, Ok(Ended::Returned(..))) {
        after.add_exit_point(exit);
    }
    inputs::save_machine(&after, path)
}

/// A number for programs; text if JSON has none for it.
fn float(number: f64) -> Value {
    serde_json::Number::from_f64(number).map_or_else(|| json!(number.to_string()), Value::Number)
}

fn dump_buffers(emulator: &dyn Emulator, buffers: &[Buffer]) -> Result<(String, Value)> {
    let (mut text, mut list) = (String::new(), Vec::new());
    for (index, address, size) in buffers {
        let bytes = emulator.read_bytes(*address, *size as u64)?;
        // Writing to a string does not fail.
        let _ = writeln!(text, "argument {index}, {size} bytes:");
        text.push_str(&output::hexdump(*address, &bytes));
        list.push(json!({
            "argument": index,
            "address": output::address(*address),
            "bytes": output::hex(&bytes),
        }));
    }
    Ok((text, Value::Array(list)))
}
