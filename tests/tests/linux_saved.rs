//! Linux systems that are saved in the middle of a run: the tests of
//! `fixtures/linux/suite.c` and `ipc.c` (threads, pipes, children, sockets, timers, signals,
//! terminals) go on in another system from the bytes of a machine file, and
//! from one snapshot more than once. What they print, how they end and how many
//! instructions they take is what a run without a break shows.
//!
//! Arguments filter by name: `cargo test -p terrella-conformance --test
//! linux_saved -- native::aarch64::threads`.

use std::{error::Error, fs, path::PathBuf, sync::Arc};

use libtest_mimic::{Arguments, Failed, Trial};
use miniz_oxide::inflate::decompress_to_vec_zlib;
use terrella_conformance::{Backend, backends};
use terrella_machine_state::{Emulator, Machine};
use terrella_models::{
    FileSystem, MountMode,
    linux::{self, Attach, Ending, ExitStatus, Maker, Options, Output, Streams, System, Written},
};
use terrella_platforms::Platform;

const MOST: Option<u64> = Some(2_000_000_000);

/// One of each kind: words of 32 and 64 bits, both byte orders, with and
/// without a table of segments, with a page of another size.
const PLATFORMS: &[Platform] = &[
    Platform::X86_64,
    Platform::I386,
    Platform::AARCH64,
    Platform::ARMV7A,
    Platform::RISCV64,
    Platform::MIPS,
    Platform::PPC64,
    Platform::LOONGARCH64,
    Platform::S390X,
];

const TESTS: &[&str] = &[
    "files",
    "processes",
    "pipes",
    "signals",
    "threads",
    "cancel",
    "memory",
    "events",
    "clocks",
    "sockets",
    "floats",
    "terminals",
];

/// Those of `ipc.c`.
const IPC_TESTS: &[&str] = &["sysv_messages", "sysv_semaphores", "sysv_memory", "message_queues"];

type End = (String, Ending, u64);

fn program(platform: Platform) -> Result<Vec<u8>, std::io::Error> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/linux"));
    fs::read(folder.join(format!("{platform}.elf")))
}

fn ipc_program(platform: Platform) -> Result<Vec<u8>, Box<dyn Error>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/linux/ipc"));
    let bytes = fs::read(folder.join(format!("{platform}.elf.z")))?;
    Ok(decompress_to_vec_zlib(&bytes).map_err(|error| error.to_string())?)
}

fn maker(backend: &'static Backend) -> Maker {
    Box::new(|platform| (backend.make)(platform))
}

fn start(backend: &'static Backend, program: &[u8], name: &str) -> Result<(System, Written), Failed> {
    let mut files = FileSystem::new();
    files.write_program("/bin/suite", program)?;
    let (streams, output, _) = Streams::kept(b"");
    let mut system = System::new(maker(backend), Options { files, streams, ..Options::default() });
    system.start("/bin/suite", &["suite", name], &["PATH=/bin"])?;
    Ok((system, output))
}

fn end(mut system: System, output: &Written) -> Result<End, Failed> {
    let ending = system.run(MOST, None)?;
    let text = String::from_utf8_lossy(&output.borrow()).into_owned();
    Ok((text, ending, system.instructions()))
}

fn expect(found: &End, unbroken: &End, what: &str) -> Result<(), Failed> {
    if found == unbroken { Ok(()) } else { Err(format!("{what}: {found:#?} is not {unbroken:#?}").into()) }
}

/// A system on the way, after some parts of ten of its run.
fn on_the_way(
    backend: &'static Backend,
    program: &[u8],
    name: &str,
    count: u64,
) -> Result<(System, Written), Failed> {
    let (mut system, output) = start(backend, program, name)?;
    match system.run(Some(count), None)? {
        Ending::InstructionLimit => Ok((system, output)),
        other => Err(format!("{other:?} after {count} instructions").into()),
    }
}

/// What the streams of a system keep.
fn kept(system: &System) -> Result<Written, Failed> {
    match &system.streams().output {
        Output::Kept(kept) => Ok(kept.clone()),
        other => Err(format!("{other:?}").into()),
    }
}

fn saved(backend: &'static Backend, program: &[u8], name: &str) -> Result<(), Failed> {
    let (system, output) = start(backend, program, name)?;
    let unbroken = end(system, &output)?;
    if !matches!(unbroken.1, Ending::Exited(ExitStatus::Code(0))) {
        return Err(format!("{unbroken:?}").into());
    }
    for tenths in [2, 5, 9] {
        let (system, _) = on_the_way(backend, program, name, unbroken.2 * tenths / 10)?;
        let bytes = system.to_machine()?.to_bytes()?;
        drop(system);
        let machine = Machine::from_bytes(&bytes)?;
        let again = System::from_machine(&machine, maker(backend), Attach::default())?;
        let output = kept(&again)?;
        expect(&end(again, &output)?, &unbroken, &format!("loaded after {tenths} tenths"))?;
    }
    Ok(())
}

fn restored(backend: &'static Backend, program: &[u8], name: &str) -> Result<(), Failed> {
    let (system, output) = start(backend, program, name)?;
    let unbroken = end(system, &output)?;
    let (mut system, output) = on_the_way(backend, program, name, unbroken.2 / 2)?;
    let half = output.borrow().clone();
    let snapshot = system.snapshot()?;
    for turn in 0..3 {
        let ending = system.run(MOST, None)?;
        let found = (String::from_utf8_lossy(&output.borrow()).into_owned(), ending, system.instructions());
        expect(&found, &unbroken, &format!("after {turn} restores"))?;
        system.restore(&snapshot)?;
        if *output.borrow() != half {
            return Err("what was kept since the snapshot is still there".into());
        }
    }
    Ok(())
}

/// Streams and folders of the host are named, and there again.
fn attached(backend: &'static Backend, program: &[u8]) -> Result<(), Failed> {
    let folder = std::env::temp_dir().join(format!("terrella-saved-{}-{}", backend.name, std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("one"))?;
    fs::write(folder.join("one/suite"), program)?;
    let mut files = FileSystem::new();
    files.mount(&folder.join("one"), "/mounted", MountMode::ReadOnly)?;
    let (mut streams, _, _) = Streams::kept(b"");
    streams.output = Output::Host;
    let mut system = System::new(maker(backend), Options { files, streams, ..Options::default() });
    system.start("/mounted/suite", &["suite", "files"], &["PATH=/bin"])?;
    if system.run(Some(2000), None)? != Ending::InstructionLimit {
        return Err("it has ended".into());
    }
    let bytes = system.to_machine()?.to_bytes()?;
    drop(system);
    fs::rename(folder.join("one"), folder.join("two"))?;
    let machine = Machine::from_bytes(&bytes)?;
    match System::from_machine(&machine, maker(backend), Attach::default()) {
        Err(linux::Error::Mount { guest, host, .. }) if guest == "/mounted" && host.ends_with("one") => {}
        other => return Err(format!("a missing folder: {other:?}").into()),
    }
    let (streams, output, _) = Streams::kept(b"");
    let mounts = vec![(b"/mounted/".to_vec(), folder.join("two"))];
    let attach = Attach { streams: Some(streams), mounts, ..Attach::default() };
    let mut system = System::from_machine(&machine, maker(backend), attach)?;
    let ending = system.run(MOST, None)?;
    let text = String::from_utf8_lossy(&output.borrow()).into_owned();
    if ending != Ending::Exited(ExitStatus::Code(0)) || !text.contains("size 12") {
        return Err(format!("{ending:?}: {text}").into());
    }
    let files = system.files().list("/mounted")?;
    fs::remove_dir_all(&folder)?;
    if files == [b"suite".to_vec()] { Ok(()) } else { Err(format!("{files:?}").into()) }
}

/// A machine of a system does not go into one emulator, and another one is no
/// system.
fn refused(backend: &'static Backend, program: &[u8], platform: Platform) -> Result<(), Failed> {
    let (system, _) = on_the_way(backend, program, "files", 1000)?;
    let machine = system.to_machine()?;
    let mut emulator: Box<dyn Emulator> = (backend.make)(platform)?;
    match machine.apply(emulator.as_mut()) {
        Err(error) if error.to_string().contains("System::from_machine") => {}
        other => return Err(format!("{other:?}").into()),
    }
    match System::from_machine(&Machine::new(platform), maker(backend), Attach::default()) {
        Err(linux::Error::Machine(_)) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// Numbers of a file that are others: it is refused, or runs to whatever end,
/// and nothing panics.
fn hostile(backend: &'static Backend, program: &[u8], name: &str) -> Result<(), Failed> {
    let (system, output) = start(backend, program, name)?;
    let whole = end(system, &output)?.2;
    let (system, _) = on_the_way(backend, program, name, whole / 2)?;
    let text = system.to_machine()?.to_json()?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let (mut loaded, mut tried) = (0, 0);
    for _ in 0..150 {
        let mut value = value.clone();
        let mut places = 0;
        change(&mut value, &mut |_| places += 1);
        let wanted = next() % places.max(1);
        let (mut index, random) = (0, next());
        change(&mut value, &mut |number| {
            if index == wanted {
                let old = number.as_u64().unwrap_or(0);
                *number = match random % 6 {
                    0 => 0_u64.into(),
                    1 => u64::MAX.into(),
                    2 => (old.wrapping_add(1)).into(),
                    3 => (old.wrapping_sub(1)).into(),
                    4 => (random % 100).into(),
                    _ => (1_u64 << (random >> 8 & 63)).into(),
                };
            }
            index += 1;
        });
        tried += 1;
        let Ok(machine) = Machine::from_json(&value.to_string()) else { continue };
        let Ok(mut system) = System::from_machine(&machine, maker(backend), Attach::default()) else {
            continue;
        };
        loaded += 1;
        // Whatever it comes to.
        drop(system.run(Some(200_000), None));
    }
    if loaded == 0 || loaded == tried {
        return Err(format!("{loaded} of {tried} loaded").into());
    }
    Ok(())
}

/// Visits the numbers of a value, but not those of memory.
fn change(value: &mut serde_json::Value, visit: &mut dyn FnMut(&mut serde_json::Value)) {
    match value {
        serde_json::Value::Number(_) => visit(value),
        serde_json::Value::Array(values) => values.iter_mut().for_each(|value| change(value, visit)),
        serde_json::Value::Object(values) => {
            let parts = values.iter_mut().filter(|(name, _)| *name != "content" && *name != "memory");
            parts.for_each(|(_, value)| change(value, visit));
        }
        _ => {}
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for platform in PLATFORMS {
        let program = Arc::new(program(*platform)?);
        for backend in backends().iter().filter(|backend| (backend.platforms)().contains(platform)) {
            for name in TESTS {
                let title = format!("{}::{platform}::{name}", backend.name);
                let own = Arc::clone(&program);
                trials.push(Trial::test(format!("{title}::saved"), move || saved(backend, &own, name)));
                let own = Arc::clone(&program);
                trials.push(Trial::test(format!("{title}::restored"), move || restored(backend, &own, name)));
            }
            let ipc = Arc::new(ipc_program(*platform)?);
            for name in IPC_TESTS {
                // It waits for ever there (linux-known.txt).
                if *platform == Platform::S390X && *name == "sysv_semaphores" {
                    continue;
                }
                let title = format!("{}::{platform}::{name}", backend.name);
                let own = Arc::clone(&ipc);
                trials.push(Trial::test(format!("{title}::saved"), move || saved(backend, &own, name)));
                let own = Arc::clone(&ipc);
                trials.push(Trial::test(format!("{title}::restored"), move || restored(backend, &own, name)));
            }
            let title = format!("{}::{platform}", backend.name);
            let own = Arc::clone(&program);
            trials.push(Trial::test(format!("{title}::attached"), move || attached(backend, &own)));
            let own = Arc::clone(&program);
            trials.push(Trial::test(format!("{title}::refused"), move || refused(backend, &own, *platform)));
        }
    }
    let program = Arc::new(program(Platform::X86_64)?);
    if let Some(backend) = backends().iter().find(|backend| backend.name == "native") {
        for name in ["pipes", "sockets", "terminals", "files"] {
            let own = Arc::clone(&program);
            let title = format!("native::x86_64::{name}::hostile");
            trials.push(Trial::test(title, move || hostile(backend, &own, name)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}
