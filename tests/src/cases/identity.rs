//! Section 1: identity.

use std::thread;

use terrella_emulator_api::{Capability, Emulator, Error, HookFamily, Platform};

use crate::{Case, Failure, Fixture, ensure, equal, fixture::counted, int, matching};

pub(super) const CASES: &[Case] = &[
    Case::new("1.1", "an emulator says what it is", says_what_it_is),
    Case::new("1.1", "a platform that a backend lacks is a typed error", lacks_platform),
    Case::new("1.1", "what is not declared is an Unsupported error", undeclared_is_unsupported),
    Case::new("1.2", "each family that is declared is reached", families_are_reached),
    Case::new("1.2", "everything works through `&mut dyn Emulator`", works_as_object).labels(&["straight"]),
    Case::new("1.3", "emulators in different threads do not influence each other", threads)
        .labels(&["count_loop", "caller"]),
    Case::new("1.3", "emulators in one thread do not influence each other", interleaved)
        .labels(&["count_loop"]),
];

fn says_what_it_is(fixture: &mut Fixture) -> Result<(), Failure> {
    let emulator = fixture.bare()?;
    equal!(emulator.platform(), fixture.platform, "platform");
    equal!(emulator.backend().name, fixture.backend.name, "name of the backend");
    ensure!(!emulator.backend().version.is_empty(), "the version is empty");
    ensure!(std::ptr::eq(emulator.definition(), fixture.definition()), "the definition is another one");
    ensure!((fixture.backend.platforms)().contains(&fixture.platform), "the platform is not listed");
    equal!(emulator.memory_map(), [], "memory map of a fresh emulator");
    equal!(emulator.exit_points(), [0_u64; 0], "exit points of a fresh emulator");
    equal!(emulator.exit_after_points(), [0_u64; 0], "exit-after points of a fresh emulator");
    equal!(emulator.bounds(), [], "bounds of a fresh emulator");
    Ok(())
}

fn lacks_platform(fixture: &mut Fixture) -> Result<(), Failure> {
    let listed = (fixture.backend.platforms)();
    for platform in Platform::ALL.iter().filter(|platform| !listed.contains(platform)) {
        match (fixture.backend.make)(*platform) {
            Err(Error::UnsupportedPlatform { backend, platform: named, .. }) => {
                equal!(backend, fixture.backend.name, "backend in the error");
                equal!(named, *platform, "platform in the error");
            }
            Err(other) => return Err(Failure::new(format!("{platform}: {other}"))),
            Ok(_) => return Err(Failure::new(format!("{platform} is not listed, and can be made"))),
        }
    }
    Ok(())
}

type Reached = Result<(), Error>;

/// The error, if any, of reaching each family.
fn reach(emulator: &mut dyn Emulator) -> [(Capability, HookFamily, Reached); 7] {
    [
        (Capability::InstructionHooks, HookFamily::Instruction, emulator.instruction_hookable().map(|_| ())),
        (Capability::BlockHooks, HookFamily::Block, emulator.block_hookable().map(|_| ())),
        (Capability::FunctionHooks, HookFamily::Function, emulator.function_hookable().map(|_| ())),
        (Capability::MemoryReadHooks, HookFamily::MemoryRead, emulator.memory_read_hookable().map(|_| ())),
        (Capability::MemoryWriteHooks, HookFamily::MemoryWrite, emulator.memory_write_hookable().map(|_| ())),
        (Capability::SyscallHooks, HookFamily::Syscall, emulator.syscall_hookable().map(|_| ())),
        (Capability::InterruptHooks, HookFamily::Interrupt, emulator.interrupt_hookable().map(|_| ())),
    ]
}

fn undeclared_is_unsupported(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let declared = emulator.capabilities();
    for (wanted, family, reached) in reach(&mut *emulator) {
        if declared.has(wanted) {
            continue;
        }
        match reached {
            Err(Error::Unsupported { backend, platform, capability, .. }) => {
                equal!(backend, fixture.backend.name, "backend in the error");
                equal!(platform, fixture.platform, "platform in the error");
                equal!(capability, wanted, "capability in the error");
            }
            other => return Err(Failure::new(format!("{family} hooks are not declared: {other:?}"))),
        }
    }
    if !declared.has(Capability::Snapshots) {
        matching!(
            emulator.snapshot().map(drop),
            Err(Error::Unsupported { capability: Capability::Snapshots, .. }),
            "a snapshot, which is not declared"
        );
    }
    Ok(())
}

fn families_are_reached(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let declared = emulator.capabilities();
    for (capability, family, reached) in reach(&mut *emulator) {
        equal!(reached.is_ok(), declared.has(capability), "whether {family} hooks are reached");
    }
    Ok(())
}

fn works_as_object(fixture: &mut Fixture) -> Result<(), Failure> {
    fn through(fixture: &Fixture, emulator: &mut dyn Emulator) -> Result<u32, Failure> {
        fixture.call(emulator, "straight", &[])
    }
    let mut emulator = fixture.loaded()?;
    equal!(through(fixture, &mut *emulator)?, 8, "result");
    Ok(())
}

fn threads(fixture: &mut Fixture) -> Result<(), Failure> {
    let (backend, platform) = (fixture.backend, fixture.platform);
    let expected = {
        let mut emulator = fixture.at("count_loop", &[int(50)])?;
        counted(&mut *emulator)?
    };
    let threads: Vec<_> = (0..4_u32)
        .map(|thread| {
            thread::spawn(move || -> Result<(), String> {
                let fixture = Fixture::new(backend, platform);
                let work = || -> Result<(), Failure> {
                    for round in 0..8 {
                        let mut emulator = fixture.loaded()?;
                        let argument = 100 * thread + round + 1;
                        let result = fixture.call(&mut *emulator, "caller", &[int(argument.into())])?;
                        equal!(result, fixture.fit((2 * argument + 1).into()), "result in thread {thread}");
                        fixture.prepare(&mut *emulator, "count_loop", &[int(50)])?;
                        equal!(counted(&mut *emulator)?, expected, "instructions in thread {thread}");
                    }
                    Ok(())
                };
                work().map_err(|failure| failure.to_string())
            })
        })
        .collect();
    for thread in threads {
        match thread.join() {
            Ok(Ok(())) => {}
            Ok(Err(text)) => return Err(Failure::new(text)),
            Err(_) => return Err(Failure::new("a thread panicked")),
        }
    }
    Ok(())
}

fn interleaved(fixture: &mut Fixture) -> Result<(), Failure> {
    use terrella_emulator_api::{Limits, Stop};
    let mut first = fixture.at("count_loop", &[int(20)])?;
    let mut second = fixture.at("count_loop", &[int(30)])?;
    for _ in 0..5 {
        matching!(first.run_with(&Limits::instructions(5))?, Stop::InstructionLimit(_), "first");
        matching!(second.run_with(&Limits::instructions(7))?, Stop::InstructionLimit(_), "second");
    }
    equal!(fixture.finish(&mut *second)?, 30, "result of the second");
    equal!(fixture.finish(&mut *first)?, 20, "result of the first");
    Ok(())
}
