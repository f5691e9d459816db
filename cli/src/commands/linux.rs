//! `terrella run PROGRAM`: a Linux program as its kernel runs it.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    ffi::OsString,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    rc::Rc,
};

use clap::Args;
use serde_json::json;
use terrella::{
    analyses::FaultReport,
    loaders::detect_platform,
    machine::Machine,
    models::{
        FileSystem, MountMode,
        linux::{
            self, Attach, Ending, Error, ExitStatus, Maker, OnCrash, Streams, System, TraceOutput,
            UnknownCalls,
        },
    },
    platforms::Platform,
};

use crate::{
    execution::ExecutionOptions,
    failure::{Failure, Result},
    inputs,
    output::Answer,
    report,
};

/// What a Linux program finds around it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Linux programs")]
pub(crate) struct LinuxOptions {
    /// The arguments of a Linux program; `--` before them if they look like options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
    /// A folder of the host that the program sees as `/`, for its libraries; changes stay in memory
    #[arg(long, value_name = "FOLDER")]
    sysroot: Option<PathBuf>,
    /// A folder or file of the host at a path of the guest; `:ro` refuses changes, `:rw` writes them, without
    /// either they stay in memory
    #[arg(long, value_name = "HOST:GUEST[:ro|rw]", value_parser = mount)]
    mount: Vec<(PathBuf, String, MountMode)>,
    /// A variable of the environment; there are no others than PATH, HOME and TERM
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<OsString>,
    /// The folder that the program begins in
    #[arg(long, value_name = "FOLDER", default_value = "/")]
    cwd: String,
    /// Show the system calls, all or those of these names
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, value_delimiter = ',',
          default_missing_value = "")]
    strace: Option<Vec<String>>,
    /// Tell the program the time of the host, and not one that goes on with its instructions
    #[arg(long)]
    real_time: bool,
    /// Where random numbers begin
    #[arg(long, value_name = "NUMBER", value_parser = crate::notation::unsigned)]
    seed: Option<u64>,
    /// End at a system call that is not there, and do not answer with ENOSYS
    #[arg(long)]
    stop_at_unknown_calls: bool,
    /// Run the file as bare code, without a kernel
    #[arg(long)]
    bare: bool,
    /// Answer its libraries by models of the C library (`terrella models`), in place of real ones and a kernel
    #[arg(long, conflicts_with_all = ["bare", "strace", "real_time", "stop_at_unknown_calls", "cwd"])]
    models: bool,
    /// With --models: show each call of a model
    #[arg(long, requires = "models")]
    ltrace: bool,
}

fn mount(text: &str) -> Result<(PathBuf, String, MountMode), String> {
    let (text, mode) = match text.rsplit_once(':') {
        Some((rest, "ro")) => (rest, MountMode::ReadOnly),
        Some((rest, "rw")) => (rest, MountMode::ReadWrite),
        _ => (text, MountMode::CopyOnWrite),
    };
    match text.split_once(':') {
        Some((host, guest)) if !host.is_empty() && guest.starts_with('/') => {
            Ok((host.into(), guest.to_owned(), mode))
        }
        _ => Err(format!("`{text}` is not of the form HOST:GUEST, such as ./data:/data")),
    }
}

/// Where a program is in its own files.
fn place_of(program: &Path) -> String {
    let name = program.file_name().unwrap_or(program.as_os_str());
    format!("/bin/{}", name.to_string_lossy())
}

/// Whether a file is a program that a Linux kernel would run.
pub(crate) fn is_program(path: &Path) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(64).read_to_end(&mut head));
    if read.is_err() {
        return false;
    }
    if head.starts_with(b"#!") {
        return true;
    }
    let little = head.get(5) == Some(&1);
    let kind = match (head.get(16), head.get(17)) {
        (Some(low), Some(high)) => u16::from_le_bytes(if little { [*low, *high] } else { [*high, *low] }),
        _ => return false,
    };
    // A program, or a shared object that has an entry.
    let size = if head.get(4) == Some(&2) { 8 } else { 4 };
    let entry = head.get(24..24 + size).is_some_and(|entry| entry.iter().any(|byte| *byte != 0));
    head.starts_with(b"\x7fELF")
        && (kind == 2 || kind == 3 && entry)
        && std::fs::read(path)
            .ok()
            .and_then(|bytes| detect_platform(&bytes).ok())
            .is_some_and(linux::supports)
}

impl LinuxOptions {
    pub(crate) const fn is_bare(&self) -> bool {
        self.bare
    }

    pub(crate) const fn uses_models(&self) -> bool {
        self.models
    }

    pub(crate) const fn traces_models(&self) -> bool {
        self.ltrace
    }

    pub(crate) const fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// The arguments after the name of the program.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = Vec<u8>> {
        self.arguments.iter().map(|argument| argument.as_bytes().to_vec())
    }

    /// The variables of the environment.
    pub(crate) fn environment(&self) -> Vec<Vec<u8>> {
        let mut environment: Vec<Vec<u8>> =
            vec![b"PATH=/usr/bin:/bin".to_vec(), b"HOME=/root".to_vec(), b"TERM=dumb".to_vec()];
        for variable in &self.env {
            let variable = variable.as_bytes().to_vec();
            let name = variable.split_inclusive(|byte| *byte == b'=').next().unwrap_or_default().to_vec();
            environment.retain(|known| !known.starts_with(&name));
            environment.push(variable);
        }
        environment
    }

    /// What the program sees: folders of the host, and itself.
    pub(crate) fn files(&self, program: &Path) -> Result<FileSystem> {
        let mut files = FileSystem::new();
        let host = |path: &Path| {
            let path = path.display().to_string();
            move |errno: terrella::models::Errno| Failure::run_time(format!("{path}: {errno}"))
        };
        if let Some(root) = &self.sysroot {
            files.mount(root, "/", MountMode::CopyOnWrite).map_err(host(root))?;
        }
        for (from, to, mode) in &self.mount {
            files.mount(from, to, *mode).map_err(host(from))?;
        }
        let content = inputs::read(program)?;
        files.write_program(place_of(program), &content).map_err(host(program))?;
        Ok(files)
    }

    /// The folder of the guest's files.
    pub(crate) fn sysroot(&self) -> Option<&Path> {
        self.sysroot.as_deref()
    }

    /// Whether anything says that a Linux program is meant.
    pub(crate) const fn is_used(&self) -> bool {
        !self.arguments.is_empty()
            || self.sysroot.is_some()
            || !self.mount.is_empty()
            || !self.env.is_empty()
            || self.strace.is_some()
            || self.real_time
            || self.stop_at_unknown_calls
    }

    /// Runs a program to its end; the status is its own.
    pub(crate) fn run(&self, program: &Path, execution: &ExecutionOptions) -> Result<(Answer, u8)> {
        let files = self.files(program)?;
        let mut options = linux::Options { files, streams: Streams::host(), ..linux::Options::default() };
        options.real_time = self.real_time;
        if let Some(seed) = self.seed {
            options.seed = seed;
        }
        options.trace = self.strace.as_ref().map(|_| TraceOutput::Host);
        options.trace_only = self.traced();
        if self.stop_at_unknown_calls {
            options.unknown_calls = UnknownCalls::Stop;
        }
        if let Ok(platform) = detect_platform(&inputs::read(program)?) {
            inputs::backend(platform, execution.backend.as_deref())?;
        }
        let crashes = Crashes::default();
        options.on_crash = Some(crashes.observer());
        let mut system = System::new(maker(execution), options);
        let mut arguments = vec![program.as_os_str().as_bytes().to_vec()];
        arguments.extend(self.arguments());
        system.start_in(&place_of(program), &arguments, &self.environment(), &self.cwd).map_err(failure)?;
        finish(system, program, execution, &crashes)
    }

    /// Goes on with a system that was saved.
    pub(crate) fn resume(
        &self,
        file: &Path,
        machine: &Machine,
        execution: &ExecutionOptions,
    ) -> Result<(Answer, u8)> {
        if !self.arguments.is_empty() || !self.env.is_empty() || self.seed.is_some() || self.real_time {
            return Err(Failure::usage(
                "a saved Linux system has its arguments, environment, seed and clock already",
            ));
        }
        let crashes = Crashes::default();
        let root = self.sysroot.iter().map(|root| (b"/".to_vec(), root.clone()));
        let mounts = self.mount.iter().map(|(host, guest, _)| (guest.clone().into_bytes(), host.clone()));
        let attach = Attach {
            mounts: root.chain(mounts).collect(),
            trace: self.strace.as_ref().map(|_| TraceOutput::Host),
            trace_only: self.traced(),
            on_crash: Some(crashes.observer()),
            ..Attach::default()
        };
        let system = System::from_machine(machine, maker(execution), attach).map_err(failure)?;
        finish(system, file, execution, &crashes)
    }

    /// The names of the calls that are shown; all, if there are none.
    fn traced(&self) -> Vec<String> {
        self.strace.iter().flatten().filter(|name| !name.is_empty()).cloned().collect()
    }
}

/// Reports of processes that faults ended, by their numbers.
#[derive(Default)]
struct Crashes(Rc<RefCell<BTreeMap<i32, FaultReport>>>);

impl Crashes {
    fn observer(&self) -> OnCrash {
        let kept = Rc::clone(&self.0);
        Box::new(move |crash| {
            let mut kept = kept.borrow_mut();
            // The first process, and the first of the others: they are many.
            if crash.process == 1 || kept.is_empty() {
                kept.insert(crash.process, report::of_process(crash));
            }
        })
    }
}

/// What makes the emulators of a system.
fn maker(execution: &ExecutionOptions) -> Maker {
    let backend = execution.backend.clone();
    Box::new(move |platform: Platform| {
        let found = match &backend {
            Some(name) => terrella::backends::by_name(name),
            None => terrella::backends::for_platform(platform),
        };
        match found {
            Some(found) => (found.make)(platform),
            None => terrella::backends::make(platform),
        }
    })
}

/// Runs a system to its end or to a limit, and saves it there.
fn finish(
    mut system: System,
    program: &Path,
    execution: &ExecutionOptions,
    crashes: &Crashes,
) -> Result<(Answer, u8)> {
    let before = system.instructions();
    if let Some(path) = &execution.save_state {
        inputs::check_whole(path)?;
    }
    let ending = system.run(execution.max_instructions, execution.timeout).map_err(failure)?;
    let crash = crashes.0.borrow_mut().remove(&1);
    let (mut text, status) = ending_text(ending, crash.as_ref(), execution.report);
    let mut saved = false;
    if let Some(path) = &execution.save_state {
        match ending {
            Ending::Exited(_) => text.push_str("the program has ended: there is nothing to save\n"),
            _ => {
                inputs::save_machine(&system.to_machine().map_err(failure)?, path)?;
                saved = true;
            }
        }
    }
    let executed = system.instructions() - before;
    if execution.count {
        text.push_str(&format!("{executed} instructions\n"));
    }
    let json = json!({
        "program": program.display().to_string(),
        "ending": match ending {
            Ending::Exited(ExitStatus::Code(code)) => json!({ "exit_code": code }),
            Ending::Exited(ExitStatus::Signal(signal)) => json!({ "signal": signal }),
            Ending::InstructionLimit => json!("instruction_limit"),
            Ending::TimeLimit => json!("time_limit"),
        },
        "instructions": executed,
        "saved": saved,
        "report": crash,
    });
    if !execution.json && !text.is_empty() {
        crate::output::print_error(&text);
        text.clear();
    }
    Ok((Answer { text, json }, status))
}

fn ending_text(ending: Ending, crash: Option<&FaultReport>, long: bool) -> (String, u8) {
    match ending {
        Ending::Exited(status @ ExitStatus::Code(_)) => (String::new(), status.shell_code()),
        Ending::Exited(status @ ExitStatus::Signal(signal)) => {
            let fault = match crash {
                Some(crash) if long => format!(": {crash:#}"),
                Some(crash) => format!(": {crash}\n"),
                None => "\n".to_owned(),
            };
            let text = format!("the program was killed by {}{fault}", linux::signal_name(signal));
            (text, status.shell_code())
        }
        Ending::InstructionLimit => ("stopped at the instruction limit\n".to_owned(), 0),
        Ending::TimeLimit => ("stopped at the time limit\n".to_owned(), 0),
    }
}

fn failure(error: Error) -> Failure {
    let text = error.to_string();
    match error {
        Error::Start { errno: terrella::models::Errno::ENOENT, .. } => Failure::run_time(text)
            .hint("a dynamically linked program needs its interpreter and libraries: `--sysroot FOLDER`")
            .hint("`--models` answers its libraries by models"),
        Error::Emulator(error) => error.into(),
        Error::Machine(error) => error.into(),
        Error::Mount { .. } => {
            Failure::run_time(text).hint("`--mount HOST:GUEST` or `--sysroot FOLDER` says where it is now")
        }
        _ => Failure::run_time(text),
    }
}
