//! What a kernel does for programs: the tests of `fixtures/linux/suite.c` and of
//! `fixtures/linux/ipc.c`, as whole static Linux programs with musl and with
//! glibc, and C++ exceptions (`exceptions.cpp`), on every backend that has the platform; what they print
//! and how they end is the same everywhere.
//!
//! Arguments filter by name: `cargo test -p terrella-conformance --test linux
//! -- native::aarch64::threads`.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use libtest_mimic::{Arguments, Failed, Trial};
use miniz_oxide::inflate::decompress_to_vec_zlib;
use terrella_conformance::{Backend, backends};
use terrella_models::{
    FileSystem,
    linux::{Ending, ExitStatus, Options, Shared, Streams, System, TraceOutput},
};
use terrella_platforms::Platform;

/// What a test prints, and its status.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    output: String,
    status: u8,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/linux"))
}

/// Reads an `expected.txt`: blocks of `[name]`, lines, `status N`.
fn expected(file: &str) -> Result<BTreeMap<String, Expected>, Box<dyn Error>> {
    let mut all = BTreeMap::new();
    let mut name = String::new();
    let mut output = String::new();
    for line in fs::read_to_string(folder().join(file))?.lines() {
        if let Some(found) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'))
            && name.is_empty()
        {
            found.clone_into(&mut name);
        } else if let Some(status) = line.strip_prefix("status ") {
            let status = status.parse()?;
            all.insert(std::mem::take(&mut name), Expected { output: std::mem::take(&mut output), status });
        } else {
            output.push_str(line);
            output.push('\n');
        }
    }
    Ok(all)
}

/// The programs of a folder, by platform: as they are, or compressed by zlib.
fn programs(folder: &Path) -> Result<BTreeMap<Platform, Vec<u8>>, Box<dyn Error>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let bytes = || fs::read(&path);
        if let Some(platform) = name.strip_suffix(".elf") {
            all.insert(platform.parse()?, bytes()?);
        } else if let Some(platform) = name.strip_suffix(".elf.z") {
            let program = decompress_to_vec_zlib(&bytes()?).map_err(|error| format!("{name}: {error}"))?;
            all.insert(platform.parse()?, program);
        }
    }
    Ok(all)
}

/// What is known to fail, with the reason behind it.
fn known() -> Result<Vec<String>, Box<dyn Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/linux-known.txt");
    let text = fs::read_to_string(path)?;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    Ok(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// A run: what it printed, its status, and how many instructions it took.
fn run(backend: &'static Backend, program: &[u8], name: &str) -> Result<(Expected, u64), Failed> {
    let mut files = FileSystem::new();
    files.write_program("/bin/suite", program)?;
    let (streams, output, _) = Streams::kept(b"");
    let options = Options { files, streams, ..Options::default() };
    let mut system = System::new(Box::new(|platform| (backend.make)(platform)), options);
    system.start("/bin/suite", &["suite", name], &["PATH=/bin"])?;
    let limit = Duration::from_secs(300);
    let status = match system.run(Some(2_000_000_000), Some(limit))? {
        Ending::Exited(ExitStatus::Code(code)) => code,
        other => {
            return Err(format!(
                "{other:?} after {} instructions: {:?}",
                system.instructions(),
                system.faults()
            )
            .into());
        }
    };
    let output = String::from_utf8_lossy(&output.borrow()).into_owned();
    Ok((Expected { output, status }, system.instructions()))
}

fn check(backend: &'static Backend, program: &[u8], name: &str, expected: &Expected) -> Result<(), Failed> {
    let (found, _) = run(backend, program, name)?;
    if found == *expected {
        return Ok(());
    }
    Err(format!("expected {expected:#?}, found {found:#?}").into())
}

/// Programs of PowerPC begin with the bit NJ of VSCR, where a backend has the
/// register (`start_thread`, arch/powerpc/kernel/process.c of Linux).
fn begins_without_java(backend: &'static Backend, program: &[u8]) -> Result<(), Failed> {
    let mut files = FileSystem::new();
    files.write_program("/bin/suite", program)?;
    let options = Options { files, ..Options::default() };
    let mut system = System::new(Box::new(|platform| (backend.make)(platform)), options);
    system.start("/bin/suite", &["suite"], &[])?;
    system.run(Some(1), None)?;
    let machine = system.to_machine()?;
    let platform = machine.platform();
    let emulator = (backend.make)(platform)?;
    let id = platform.definition().register("vscr").ok_or("the platform has no VSCR")?;
    let found = machine.cpu().get("vscr").ok();
    match (emulator.has_register(id), found) {
        (true, Some(value)) if value == 0x1_0000_u64.into() => Ok(()),
        (false, None) => Ok(()),
        (has, found) => Err(format!("the backend has it: {has}, and in it is {found:?}").into()),
    }
}

/// A trace shows calls as `strace` does; on i386 those that are made through
/// `ipc` as what they are.
fn traced(backend: &'static Backend, program: &[u8]) -> Result<(), Failed> {
    let mut files = FileSystem::new();
    files.write_program("/bin/suite", program)?;
    let (streams, ..) = Streams::kept(b"");
    let kept = Shared::default();
    let trace = Some(TraceOutput::Kept(Shared::clone(&kept)));
    let options = Options { files, streams, trace, ..Options::default() };
    let mut system = System::new(Box::new(|platform| (backend.make)(platform)), options);
    for name in ["sysv_messages", "sysv_semaphores", "sysv_memory", "message_queues"] {
        system.start("/bin/suite", &["suite", name], &[])?;
        system.run(Some(2_000_000_000), None)?;
        let files = std::mem::take(system.files());
        let (streams, ..) = Streams::kept(b"");
        let trace = Some(TraceOutput::Kept(Shared::clone(&kept)));
        let options = Options { files, streams, trace, ..Options::default() };
        system = System::new(Box::new(|platform| (backend.make)(platform)), options);
    }
    let text = kept.borrow();
    for wanted in [
        "msgget(0x7e44e11a, IPC_CREAT|IPC_EXCL|0o640) = 0\n",
        "msgsnd(0, {5, \"five\"}, 4, 0) = 0\n",
        "msgrcv(0, {3, \"three\"}, 100, -4, 0) = 5\n",
        "semget(IPC_PRIVATE, 3, 0o600) = 0\n",
        "semop(0, [{0, -5, IPC_NOWAIT}], 1) = -1 EAGAIN",
        "semop(0, [{0, -4, 0}, {1, -1, 0}, {2, -7, IPC_NOWAIT}], 3) = -1 EAGAIN",
        "semop(0, [{0, -2, SEM_UNDO}], 1) = 0\n",
        "SETVAL, ",
        "shmget(0x7e44e11c, 5000, IPC_CREAT|IPC_EXCL|0o600) = 0\n",
        "shmat(0, NULL, SHM_RDONLY) = ",
        "mq_open(\"terrella-queue\", O_RDWR|O_CREAT|O_EXCL, 0o600, \
         {mq_flags=0, mq_maxmsg=3, mq_msgsize=64, mq_curmsgs=0}) = 3\n",
        "mq_notify(3, {sigev_signo=SIGUSR2, sigev_notify=SIGEV_SIGNAL}) = 0\n",
    ] {
        if !text.contains(wanted) {
            let name = wanted.split('(').next().unwrap_or_default();
            let lines: Vec<&str> = text.lines().filter(|line| line.contains(name)).take(12).collect();
            return Err(format!("no line with {wanted:?}, but {lines:#?}").into());
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let (ipc, expected, known) = (expected("ipc/expected.txt")?, expected("expected.txt")?, known()?);
    let mut trials = Vec::new();
    let exceptions =
        Expected { output: fs::read_to_string(folder().join("exceptions/expected.txt"))?, status: 0 };
    let exceptions = BTreeMap::from([("exceptions".to_owned(), exceptions)]);
    for (library, part, tests) in [
        ("", "", &expected),
        ("-glibc", "glibc", &expected),
        ("", "exceptions", &exceptions),
        ("", "ipc", &ipc),
        ("-glibc", "ipc/glibc", &ipc),
    ] {
        for (platform, program) in programs(&folder().join(part))? {
            let program = Arc::new(program);
            for backend in backends().iter().filter(|backend| (backend.platforms)().contains(&platform)) {
                for (name, expected) in tests {
                    let title = format!("{}::{platform}{library}::{name}", backend.name);
                    let is_known = known.contains(&title);
                    let (program, name, expected) = (Arc::clone(&program), name.clone(), expected.clone());
                    trials.push(Trial::test(title, move || {
                        match check(backend, &program, &name, &expected) {
                            Err(_) if is_known => Ok(()),
                            Ok(()) if is_known => Err("it works: remove it from linux-known.txt".into()),
                            result => result,
                        }
                    }));
                }
            }
        }
    }
    let ipc_programs = programs(&folder().join("ipc"))?;
    for backend in backends() {
        for platform in [Platform::X86_64, Platform::I386, Platform::PPC, Platform::PPC64, Platform::PPC64LE]
        {
            let Some(program) = ipc_programs.get(&platform) else { continue };
            if !(backend.platforms)().contains(&platform) {
                continue;
            }
            let program = Arc::new(program.clone());
            let title = format!("{}::{platform}", backend.name);
            if platform.name().starts_with("ppc") {
                let test = move || begins_without_java(backend, &program);
                trials.push(Trial::test(format!("{title}::vscr"), test));
            } else {
                trials.push(Trial::test(format!("{title}::trace"), move || traced(backend, &program)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}
