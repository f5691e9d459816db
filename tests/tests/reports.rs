//! Reports of faults: their back-traces are what gdb prints for the same
//! programs (`fixtures/crash`), on both backends, of processes and of harnesses.

use std::{cell::RefCell, error::Error, fs, rc::Rc};

use terrella_analyses::{BlockRing, FaultReport, FoundBy, Modules, Reporter};
use terrella_conformance::{Backend, backends};
use terrella_emulator_api::{Access, Emulator, Fault, Permissions};
use terrella_loaders::{Options as LoaderOptions, load_bytes};
use terrella_machine_state::{
    Machine, Memory, Stack,
    call::{Caller, Return},
};
use terrella_models::{
    FileSystem,
    linux::{Crash, Ending, ExitStatus, Options, Streams, System},
};
use terrella_platforms::Platform;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PLATFORMS: [Platform; 7] = [
    Platform::X86_64,
    Platform::I386,
    Platform::AARCH64,
    Platform::ARMV7A,
    Platform::RISCV64,
    Platform::MIPS,
    Platform::PPC64LE,
];

fn fixture(name: &str) -> String {
    format!("{}/fixtures/crash/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A function and a line, as gdb prints them.
type Line = (String, Option<u32>);

/// gdb's frames from a start, up to it: what it makes of the stack above is
/// its own guess.
fn expected(stem: impl std::fmt::Display, start: &str) -> Result<Vec<Line>> {
    let text = fs::read_to_string(fixture(&format!("{stem}.txt")))?;
    let title = format!("[{start}]");
    let mut lines = Vec::new();
    for line in text.lines().skip_while(|line| *line != title).skip(1) {
        let (function, number) = line.split_once(' ').ok_or("a function and a line")?;
        lines.push((function.to_owned(), number.parse().ok()));
        if function == start {
            return Ok(lines);
        }
    }
    Err(format!("gdb does not get to {start} of {stem}").into())
}

fn found(report: &FaultReport, start: &str) -> Vec<Line> {
    let frames = report
        .backtrace
        .iter()
        .map(|frame| (frame.place.symbol.clone().unwrap_or_else(|| "??".to_owned()), frame.place.line));
    let mut lines: Vec<Line> = Vec::new();
    for line in frames {
        let is_start = line.0 == start;
        lines.push(line);
        if is_start {
            break;
        }
    }
    lines
}

fn every(check: impl Fn(Platform, &'static Backend) -> Result<()>) -> Result<()> {
    let mut count = 0;
    for platform in PLATFORMS {
        for backend in backends().iter().filter(|backend| (backend.platforms)().contains(&platform)) {
            check(platform, backend).map_err(|error| format!("{}, {platform}: {error}", backend.name))?;
            count += 1;
        }
    }
    assert!(count >= 13, "{count} runs");
    Ok(())
}

/// The report of a process that a fault ends.
fn of_process(platform: Platform, backend: &'static Backend) -> Result<FaultReport> {
    of_program(&platform.to_string(), backend)
}

fn of_program(stem: &str, backend: &'static Backend) -> Result<FaultReport> {
    let bytes = fs::read(fixture(&format!("{stem}.elf")))?;
    let mut files = FileSystem::new();
    files.write_program("/bin/crash", &bytes)?;
    let (streams, ..) = Streams::kept(b"");
    let kept: Rc<RefCell<Option<FaultReport>>> = Rc::default();
    let here = Rc::clone(&kept);
    let on_crash = Box::new(move |crash: &Crash<'_>| {
        let mut modules = Modules::new();
        for (start, name, content) in &crash.files {
            modules.add_mapped(name, content, *start).expect("it is an ELF file");
        }
        *here.borrow_mut() = Some(Reporter::new(crash.emulator, &modules).report(crash.fault));
    });
    let options = Options { files, streams, on_crash: Some(on_crash), ..Options::default() };
    let mut system = System::new(Box::new(|platform| (backend.make)(platform)), options);
    system.start("/bin/crash", &["crash"], &["A=B"])?;
    let ending = system.run(Some(100_000), None)?;
    assert_eq!(ending, Ending::Exited(ExitStatus::Signal(11)));
    let report = kept.borrow_mut().take();
    report.ok_or_else(|| "nobody was told".into())
}

#[test]
fn processes() -> Result<()> {
    every(|platform, backend| {
        let report = of_process(platform, backend)?;
        assert_eq!(found(&report, "_start"), expected(platform, "_start")?, "{}, {platform}", backend.name);
        assert!(report.summary.starts_with("read of "), "{}", report.summary);
        assert!(report.short().contains("crash.c:20"), "{}", report.short());
        assert!(report.hints.iter().any(|hint| hint.contains("null pointer")), "{:?}", report.hints);
        let access = report.access.as_ref().ok_or("it was an access")?;
        assert!(access.address < 16 && access.at.is_none() && access.above.is_some());
        Ok(())
    })
}

/// Arm's own tables of unwinding (`.ARM.exidx`) tell the same as gdb reads from
/// them; the file has no other call-frame information.
#[test]
fn exception_tables_of_arm() -> Result<()> {
    for backend in backends().iter().filter(|it| (it.platforms)().contains(&Platform::ARMV7A)) {
        let report = of_program("armv7a-exidx", backend)?;
        assert_eq!(found(&report, "_start"), expected("armv7a-exidx", "_start")?, "{}", backend.name);
        assert_eq!(report.backtrace[3].found_by, FoundBy::CallFrameInformation);
    }
    Ok(())
}

/// Calls that a compiler put in line are frames, as gdb has them.
#[test]
fn calls_that_were_put_in_line() -> Result<()> {
    for backend in backends().iter().filter(|it| (it.platforms)().contains(&Platform::X86_64)) {
        let report = of_program("x86_64-inlined", backend)?;
        assert_eq!(found(&report, "_start"), expected("x86_64-inlined", "_start")?, "{}", backend.name);
        let how: Vec<FoundBy> = report.backtrace.iter().map(|frame| frame.found_by).collect();
        let called = FoundBy::CallFrameInformation;
        let expected =
            [FoundBy::ProgramCounter, FoundBy::Inlined, FoundBy::Inlined, called, FoundBy::Inlined];
        assert_eq!(how.get(..5), Some(&expected[..]), "{}", backend.name);
    }
    Ok(())
}

/// Behind a handler's frame is the one that the kernel made, and then what was
/// interrupted: as `signal.c` has them.
#[test]
fn signal_frames() -> Result<()> {
    let platforms = [
        Platform::X86_64,
        Platform::I386,
        Platform::AARCH64,
        Platform::ARMV7A,
        Platform::RISCV64,
        Platform::RISCV32,
        Platform::MIPS,
        Platform::MIPSEL,
        Platform::MIPS64,
        Platform::MIPS64EL,
        Platform::PPC,
        Platform::PPC64,
        Platform::PPC64LE,
        Platform::S390X,
        Platform::M68K,
        Platform::LOONGARCH64,
    ];
    for platform in platforms {
        for backend in backends().iter().filter(|it| (it.platforms)().contains(&platform)) {
            let report = of_program(&format!("signal-{platform}"), backend)?;
            let names: Vec<&str> =
                report.backtrace.iter().map(|it| it.place.symbol.as_deref().unwrap_or("??")).collect();
            let title = format!("{}, {platform}: {names:?}", backend.name);
            assert_eq!(names.first(), Some(&"handler"), "{title}");
            assert_eq!(names.get(2..5), Some(&["interrupted", "outer", "main"][..]), "{title}");
            let how = report.backtrace[2].found_by;
            assert!(matches!(how, FoundBy::SignalFrame | FoundBy::CallFrameInformation), "{title}: {how:?}");
        }
    }
    Ok(())
}

/// The report of a function of a harness that calls address zero.
fn of_harness(platform: Platform, backend: &'static Backend) -> Result<FaultReport> {
    let name = format!("{platform}.elf");
    let bytes = fs::read(fixture(&name))?;
    let loaded = load_bytes(&name, &bytes, &LoaderOptions::default())?;
    let mut machine = Machine::new(platform);
    let mut modules = Modules::new();
    for executable in loaded.executables {
        modules.add(&name, &bytes, executable.load_bias)?;
        machine.add(name.as_str(), executable)?;
    }
    machine.add("stack", Stack::new(platform, 0x7000_0000, 0x1_0000)?)?;
    let function = machine.symbol("start_jump")?.address;
    let mut emulator: Box<dyn Emulator> = (backend.make)(platform)?;
    machine.apply(emulator.as_mut())?;
    let ring = BlockRing::attach(emulator.as_mut(), 3)?;
    let error = Caller::new(&machine, emulator.as_mut())?.call(function, &[], Return::Void);
    let fault = match error {
        Err(terrella_machine_state::Error::Emulator(terrella_emulator_api::Error::Fault(fault))) => fault,
        other => return Err(format!("{other:?}").into()),
    };
    let reporter = Reporter::new(emulator.as_ref(), &modules).machine(&machine).blocks(ring.addresses());
    let report = reporter.report(&fault);
    ring.detach(emulator.as_mut())?;
    Ok(report)
}

#[test]
fn harnesses() -> Result<()> {
    every(|platform, backend| {
        let report = of_harness(platform, backend)?;
        let mut lines = expected(platform, "start_jump")?;
        // What is called at address zero has no name for anybody.
        lines[0] = ("??".to_owned(), None);
        // From an address without information gdb goes by the back chain on
        // PowerPC, and so leaves out who called it.
        if platform == Platform::PPC64LE && lines[1].0 == "through" {
            lines.insert(1, ("jump".to_owned(), Some(44)));
        }
        assert_eq!(found(&report, "start_jump"), lines, "{}, {platform}", backend.name);
        assert!(matches!(report.fault, Fault::Memory { access: Access::Fetch, address: 0, .. }));
        let how = report.backtrace[1].found_by;
        assert!(matches!(how, FoundBy::LinkRegister | FoundBy::ReturnAddress), "{how:?}");
        assert!(report.blocks.len() <= 3 && !report.blocks.is_empty());
        assert_eq!(report.blocks.last().and_then(|place| place.symbol.as_deref()), Some("jump"));
        Ok(())
    })
}

#[test]
fn reports_are_plain_data() -> Result<()> {
    let report = of_process(Platform::X86_64, &backends()[0])?;
    let text = serde_json::to_string(&report)?;
    assert_eq!(serde_json::from_str::<FaultReport>(&text)?, report);
    let long = format!("{report:#}");
    for part in
        ["back-trace\n", "registers", "stack\n", "#5  ", "crash.c:54", "hint: it looks like a null pointer"]
    {
        assert!(long.contains(part), "{part} is not in {long}");
    }
    assert_eq!(format!("{report}").lines().count(), 1);
    Ok(())
}

#[test]
fn registers_that_the_harness_never_set_are_told() -> Result<()> {
    // mov rax, [rdi]
    let platform = Platform::X86_64;
    let mut emulator = (backends()[0].make)(platform)?;
    let mut machine = Machine::new(platform);
    let mut code = Memory::new(platform, 0x1000, 3, Permissions::ALL)?;
    code.write(0x1000, &[0x48, 0x8b, 0x07])?;
    machine.add("code", code)?;
    machine.cpu_mut().set("rip", 0x1000_u64)?;
    machine.apply(emulator.as_mut())?;
    let Err(terrella_emulator_api::Error::Fault(fault)) =
        emulator.run_with(&terrella_emulator_api::Limits::default())
    else {
        return Err("there is nothing at address zero".into());
    };
    let modules = Modules::new();
    let decode = |_: u64, _: &[u8]| Some((3, "MOV RAX,qword ptr [RDI]".to_owned()));
    let report = Reporter::new(emulator.as_ref(), &modules).machine(&machine).decoder(decode).report(&fault);
    assert!(report.hints.contains(&"`rdi` was never set by the harness".to_owned()), "{:?}", report.hints);
    Ok(())
}
