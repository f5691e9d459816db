//! Section 5: hooking and unhooking (5.3, 5.5).

use std::time::{Duration, Instant};

use terrella_emulator_api::{
    Capability, Emulator, EmulatorExt, Error, Flow, HookFamily, InterruptFlow, ReadFlow, Result as ApiResult,
    Stop,
};

use super::callbacks::{hook_site, sites};
use crate::{Case, Failure, Fixture, Layout, Trace, ensure, equal, fixture::map, int, matching, ptr};

pub(super) const CASES: &[Case] = &[
    Case::new("5.3", "a handle removes its hook, and is stale then", handles)
        .labels(&["straight", "load", "store", "caller"]),
    Case::new("5.3", "a handle of another emulator is stale", foreign_handle)
        .needs(Capability::InstructionHooks),
    Case::new("5.3", "unhooking by site removes the hook and makes the handle stale", by_site),
    Case::new("5.3", "unhooking what is not hooked is an error", no_such_hook),
    Case::new("5.3", "a second hook for the same thing is an error that names it", duplicates),
    Case::new("5.3", "the specific hook fires before the global one", specific_first)
        .needs(Capability::MemoryReadHooks)
        .labels(&["straight", "load", "store"]),
    Case::new("5.3", "a hook that is added after the code ran fires", added_later)
        .labels(&["straight", "load", "store", "caller"]),
    Case::new("5.3", "hooks stay over runs", stay_over_runs)
        .needs(Capability::InstructionHooks)
        .labels(&["straight"]),
    Case::new("5.5", "a hook on one address does not slow other code", one_address_is_cheap)
        .needs(Capability::InstructionHooks)
        .labels(&["count_loop", "straight"]),
    Case::new("5.5", "a hook on one range does not slow other accesses", one_range_is_cheap)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["count_loop", "store"]),
];

fn handles(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        let mut emulator = fixture.loaded()?;
        let seen = Trace::new();
        let mut handles = Vec::new();
        for round in 0..3 {
            let notes = seen.clone();
            let handle = hook_site(&mut *emulator, &site, move |_| {
                notes.push(round);
                Ok(false)
            })?;
            equal!(handle.family(), family, "family of the handle");
            fixture.prepare(&mut *emulator, site.label, &site.arguments)?;
            equal!(emulator.run()?, Stop::ExitPoint(return_at), "{family}: stop");
            equal!(seen.take(), [round], "{family}: calls");
            emulator.unhook(handle)?;
            matching!(emulator.unhook(handle), Err(Error::StaleHook), "{family}: a second unhook");
            handles.push(handle);
            if !matches!(family, HookFamily::Syscall | HookFamily::Interrupt) {
                fixture.prepare(&mut *emulator, site.label, &site.arguments)?;
                equal!(emulator.run()?, Stop::ExitPoint(return_at), "{family}: stop");
            }
            equal!(seen.take(), Vec::<u64>::new(), "{family}: calls after the unhook");
        }
        for handle in handles {
            matching!(emulator.unhook(handle), Err(Error::StaleHook), "{family}: an old handle");
        }
    }
    Ok(())
}

fn foreign_handle(fixture: &mut Fixture) -> Result<(), Failure> {
    let (mut first, mut second) = (fixture.bare()?, fixture.bare()?);
    let handle = first.hook_instruction(0x1000, |_, _| Ok(Flow::Continue))?;
    let other = second.hook_instruction(0x1000, |_, _| Ok(Flow::Continue))?;
    matching!(second.unhook(handle), Err(Error::StaleHook), "another emulator's handle");
    matching!(first.unhook(other), Err(Error::StaleHook), "another emulator's handle");
    first.unhook(handle)?;
    second.unhook(other)?;
    Ok(())
}

type Do<T> = fn(&mut dyn Emulator) -> ApiResult<T>;
type Hook = Do<terrella_emulator_api::HookHandle>;

/// For each kind of hook: how to add and to remove it, and its site.
fn kinds() -> [(HookFamily, Hook, Do<()>, &'static str); 11] {
    [
        (
            HookFamily::Instruction,
            |it| it.hook_instruction(0x1010, |_, _| Ok(Flow::Continue)),
            |it| it.unhook_instruction(0x1010),
            "0x1010",
        ),
        (
            HookFamily::Instruction,
            |it| it.hook_instructions(|_, _| Ok(Flow::Continue)),
            |it| it.unhook_instructions(),
            "all",
        ),
        (
            HookFamily::Block,
            |it| it.hook_blocks(|_, _, _| Ok(Flow::Continue)),
            |it| it.unhook_blocks(),
            "all",
        ),
        (
            HookFamily::Function,
            |it| it.hook_function(0x1010, |_, _| Ok(Flow::Continue)),
            |it| it.unhook_function(0x1010),
            "0x1010",
        ),
        (
            HookFamily::MemoryRead,
            |it| it.hook_memory_read(0x1000..0x1004, |_, _, _| Ok(ReadFlow::Continue)),
            |it| it.unhook_memory_read(0x1000..0x1004),
            "0x1000..0x1004",
        ),
        (
            HookFamily::MemoryRead,
            |it| it.hook_memory_reads(|_, _, _| Ok(ReadFlow::Continue)),
            |it| it.unhook_memory_reads(),
            "all",
        ),
        (
            HookFamily::MemoryWrite,
            |it| it.hook_memory_write(0x1000..0x1004, |_, _, _| Ok(Flow::Continue)),
            |it| it.unhook_memory_write(0x1000..0x1004),
            "0x1000..0x1004",
        ),
        (
            HookFamily::MemoryWrite,
            |it| it.hook_memory_writes(|_, _, _| Ok(Flow::Continue)),
            |it| it.unhook_memory_writes(),
            "all",
        ),
        (
            HookFamily::Syscall,
            |it| it.hook_syscall(0x2a, |_, _| Ok(Flow::Continue)),
            |it| it.unhook_syscall(0x2a),
            "0x2a",
        ),
        (
            HookFamily::Interrupt,
            |it| it.hook_interrupt(3, |_, _| Ok(InterruptFlow::Handled)),
            |it| it.unhook_interrupt(3),
            "0x3",
        ),
        (
            HookFamily::Interrupt,
            |it| it.hook_interrupts(|_, _| Ok(InterruptFlow::Handled)),
            |it| it.unhook_interrupts(),
            "all",
        ),
    ]
}

fn with_memory(fixture: &Fixture) -> Result<Box<dyn Emulator>, Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    map(&mut *emulator, spare, spare + 0x1000)?;
    // What is hooked below.
    map(&mut *emulator, 0x1000, 0x2000)?;
    Ok(emulator)
}

fn is_unsupported<T>(result: &ApiResult<T>) -> bool {
    matches!(result, Err(Error::Unsupported { .. }))
}

fn by_site(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = with_memory(fixture)?;
    for (family, hook, unhook, site) in kinds() {
        let handle = hook(&mut *emulator);
        if is_unsupported(&handle) {
            continue;
        }
        let handle = handle?;
        unhook(&mut *emulator)?;
        matching!(emulator.unhook(handle), Err(Error::StaleHook), "{family} at {site}");
        // And again by the handle.
        let handle = hook(&mut *emulator)?;
        emulator.unhook(handle)?;
        matching!(unhook(&mut *emulator), Err(Error::NoSuchHook { .. }), "{family} at {site}");
    }
    Ok(())
}

fn no_such_hook(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = with_memory(fixture)?;
    for (wanted, _, unhook, expected) in kinds() {
        match unhook(&mut *emulator) {
            Err(Error::NoSuchHook { family, site }) => {
                equal!(family, wanted, "family in the error");
                equal!(site, expected, "site in the error");
            }
            Err(Error::Unsupported { .. }) => {}
            other => return Err(Failure::new(format!("{wanted} at {expected}: {other:?}"))),
        }
    }
    Ok(())
}

fn duplicates(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = with_memory(fixture)?;
    for (wanted, hook, unhook, expected) in kinds() {
        if is_unsupported(&hook(&mut *emulator)) {
            continue;
        }
        match hook(&mut *emulator) {
            Err(Error::HookExists { family, site }) => {
                equal!(family, wanted, "family in the error");
                equal!(site, expected, "site in the error");
            }
            other => return Err(Failure::new(format!("{wanted} at {expected}: {other:?}"))),
        }
        unhook(&mut *emulator)?;
        hook(&mut *emulator)?;
    }
    Ok(())
}

fn specific_first(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let seen = Trace::new();
    let note = |name: &'static str| {
        let notes = seen.clone();
        move || notes.push(name)
    };
    let mut emulator = fixture.loaded()?;
    let third = fixture.address("straight_3")?;
    let (all, one) = (note("all"), note("one"));
    emulator.hook_instructions(move |_, pc| {
        if pc == third {
            all();
        }
        Ok(Flow::Continue)
    })?;
    emulator.hook_instruction(third, move |_, _| {
        one();
        Ok(Flow::Continue)
    })?;
    fixture.call(&mut *emulator, "straight", &[])?;
    equal!(seen.take(), ["one", "all"], "instruction hooks");
    let (all, one) = (note("all"), note("one"));
    emulator.hook_memory_reads(move |_, address, _| {
        if address == data_at {
            all();
        }
        Ok(ReadFlow::Continue)
    })?;
    emulator.hook_memory_read(data_at..data_at + 1, move |_, _, _| {
        one();
        Ok(ReadFlow::Continue)
    })?;
    fixture.call(&mut *emulator, "load", &[ptr(data_at)])?;
    equal!(seen.take(), ["one", "all"], "read hooks");
    let (all, one) = (note("all"), note("one"));
    emulator.hook_memory_writes(move |_, address, _| {
        if address == data_at {
            all();
        }
        Ok(Flow::Continue)
    })?;
    emulator.hook_memory_write(data_at..data_at + 1, move |_, _, _| {
        one();
        Ok(Flow::Continue)
    })?;
    fixture.call(&mut *emulator, "store", &[ptr(data_at), int(1)])?;
    equal!(seen.take(), ["one", "all"], "write hooks");
    Ok(())
}

fn added_later(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        let mut emulator = fixture.at(site.label, &site.arguments)?;
        let first = emulator.run();
        if !matches!(family, HookFamily::Syscall | HookFamily::Interrupt) {
            equal!(first?, Stop::ExitPoint(return_at), "{family}: stop without a hook");
        }
        let seen = Trace::new();
        let notes = seen.clone();
        hook_site(&mut *emulator, &site, move |emulator| {
            notes.push(emulator.program_counter());
            Ok(false)
        })?;
        for _ in 0..2 {
            fixture.prepare(&mut *emulator, site.label, &site.arguments)?;
            equal!(emulator.run()?, Stop::ExitPoint(return_at), "{family}: stop");
            equal!(seen.take(), [site.pc], "{family}: calls");
        }
    }
    Ok(())
}

fn stay_over_runs(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_instruction(fixture.address("straight_4")?, move |_, pc| {
        notes.push(pc);
        Ok(Flow::Continue)
    })?;
    for round in 1..=4 {
        fixture.call(&mut *emulator, "straight", &[])?;
        equal!(seen.len(), round, "calls");
    }
    map(&mut *emulator, spare, spare + 0x1000)?;
    emulator.write_code(spare, &[0; 16])?;
    fixture.call(&mut *emulator, "straight", &[])?;
    equal!(seen.len(), 5, "calls after a change of the map");
    Ok(())
}

/// The shortest of some runs of a long loop.
fn time_of_loop(fixture: &Fixture, emulator: &mut dyn Emulator) -> Result<Duration, Failure> {
    let mut shortest = Duration::MAX;
    for _ in 0..3 {
        fixture.prepare(emulator, "count_loop", &[int(fixture.fit(1_000_000).into())])?;
        let start = Instant::now();
        fixture.finish(emulator)?;
        shortest = shortest.min(start.elapsed());
    }
    Ok(shortest)
}

fn one_address_is_cheap(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let before = time_of_loop(fixture, &mut *emulator)?;
    emulator.hook_instruction(fixture.address("straight_4")?, |_, _| Ok(Flow::Continue))?;
    let after = time_of_loop(fixture, &mut *emulator)?;
    // Generous, since the machine may be busy: a call for each instruction
    // costs far more.
    let limit = before * 4 + Duration::from_millis(60);
    ensure!(after < limit, "the loop took {before:?}, and {after:?} with a hook elsewhere");
    Ok(())
}

fn one_range_is_cheap(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    let before = time_of_loop(fixture, &mut *emulator)?;
    emulator.hook_memory_write(data_at..data_at + 4, |_, _, _| Ok(Flow::Continue))?;
    emulator.hook_memory_read(data_at..data_at + 4, |_, _, _| Ok(ReadFlow::Continue))?;
    let after = time_of_loop(fixture, &mut *emulator)?;
    let limit = before * 4 + Duration::from_millis(60);
    ensure!(after < limit, "the loop took {before:?}, and {after:?} with hooks of accesses");
    Ok(())
}
