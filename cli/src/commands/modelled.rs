//! `terrella run --models PROGRAM`: a program whose libraries are models.

use std::{os::unix::ffi::OsStrExt, path::Path};

use serde_json::json;
use terrella::{
    api::Emulator,
    machine::{Executable, Machine, Stack},
    models::{
        libc::{LIBC, Libc, LibcOptions, LinkModels, StartProgram},
        linux::{ExitStatus, Streams, TraceOutput, signal_name},
    },
};

use super::linux::LinuxOptions;
use crate::{
    failure::{Failure, Result},
    output::Answer,
};

/// Has models answer what a program imports, and the program begin with its
/// arguments.
pub(super) fn prepare(machine: &mut Machine, program: &Path, options: &LinuxOptions) -> Result<()> {
    let failed = |error: terrella::models::libc::LinkError| Failure::run_time(error.to_string());
    let named = |text: String| Failure::run_time(format!("{}: {text}", program.display()));
    let executable = machine.iter_of::<Executable>().find(|(_, executable)| executable.entry.is_some());
    let Some((executable, _)) = executable.map(|(name, executable)| (name.to_owned(), executable)) else {
        return Err(named("it has no entry point".to_owned())
            .hint("`terrella call FILE FUNCTION` calls a function of a library, with models too"));
    };
    let stack = machine.iter_of::<Stack>().next().map(|(name, _)| name.to_owned());
    let stack =
        stack.ok_or_else(|| Failure::usage("a program needs a stack").hint("`--stack-size BYTES`"))?;
    let mut arguments = vec![program.as_os_str().as_bytes().to_vec()];
    arguments.extend(options.arguments());
    let environment = options.environment();
    let mut library = LibcOptions {
        files: options.files(program)?,
        environment: environment.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect(),
        program: program.display().to_string(),
        ..LibcOptions::default()
    };
    if let Some(seed) = options.seed() {
        library.seed = seed;
    }
    machine.link_all_models(library).map_err(failed)?;
    if !machine.contains(LIBC) {
        return Err(named("it imports nothing that models could answer".to_owned())
            .hint("without `--models` it runs on a kernel, as a static program does"));
    }
    let live = machine.get_mut::<Libc>(LIBC)?;
    live.set_streams(Streams::host());
    if options.traces_models() {
        live.set_trace(Some(TraceOutput::Host));
    }
    machine.start_program(&executable, &stack, &arguments, &environment).map_err(failed)
}

/// How the program ended, if it did.
pub(super) fn ended(emulator: &dyn Emulator) -> Option<ExitStatus> {
    let library = Libc::live(emulator, LIBC).ok()?;
    let killed = library.ended_by_signal().map(ExitStatus::Signal);
    killed.or_else(|| library.exit_status().map(|status| ExitStatus::Code(status as u8)))
}

/// What is told of the end of a program, and the status that is its own.
pub(super) fn answer(status: ExitStatus, mut answer: Answer) -> (Answer, u8) {
    let ending = match status {
        ExitStatus::Code(code) => json!({ "exit_code": code }),
        ExitStatus::Signal(signal) => {
            answer.text.push_str(&format!("the program was killed by {}\n", signal_name(signal)));
            json!({ "signal": signal })
        }
    };
    if let Some(fields) = answer.json.as_object_mut() {
        fields.insert("ending".to_owned(), ending);
    }
    (answer, status.shell_code())
}
