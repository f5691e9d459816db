//! Section 7.2: a state taken from one emulator goes on in another.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Limits, Stop};

use crate::{
    Argument, Case, Failure, Fixture, Layout, ensure, equal, fault_of,
    fixture::{counted, map, same_registers},
    int, ptr, state_of,
};

pub(super) const CASES: &[Case] = &[
    Case::new("7.2", "a state from the middle of a function goes on to the same end", from_the_middle)
        .labels(&["straight", "count_loop", "caller", "conditional"]),
    Case::new("7.2", "a state with accesses to come goes on to the same end", with_accesses).labels(&[
        "add_memory",
        "store",
        "load",
    ]),
    Case::new("7.2", "a state at a fault goes on after the same repair", at_a_fault).labels(&["load"]),
    Case::new("7.2", "a state from inside a long loop goes on to the same end", in_a_loop)
        .labels(&["count_loop"]),
];

/// Copies all registers and all memory to a fresh emulator.
fn copy(fixture: &Fixture, from: &dyn Emulator) -> Result<Box<dyn Emulator>, Failure> {
    let mut to = fixture.bare()?;
    for region in from.memory_map() {
        to.map_memory(region.range, region.permissions)?;
        let bytes = from.read_bytes(region.range.first(), region.range.size().unwrap_or(0))?;
        to.write_memory(region.range.first(), &bytes)?;
    }
    let definition = fixture.definition();
    let pc = definition.register(definition.program_counter);
    for id in state_of(from) {
        if Some(id) == pc {
            continue;
        }
        let register = definition.registers().get(id);
        let value = from.read_wide_register_id(id)?;
        match to.write_wide_register_id(id, value) {
            Ok(()) => {}
            Err(Error::RegisterNotAvailable { .. }) if to.read_wide_register_id(id)? == value => {}
            Err(error) => return Err(Failure::new(format!("{} := {value:#x}: {error}", register.name))),
        }
    }
    to.set_program_counter(from.program_counter())?;
    for point in from.exit_points() {
        to.add_exit_point(point);
    }
    Ok(to)
}

/// Stops a call after each instruction, and goes on in another emulator.
pub(super) fn transfers(fixture: &Fixture, label: &str, arguments: &[Argument]) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut whole = fixture.at(label, arguments)?;
    let total = counted(&mut *whole)?;
    let memory = whole.read_bytes(data_at, 0x100)?;
    for limit in 0..total {
        let mut first = fixture.at(label, arguments)?;
        first.run_with(&Limits::instructions(limit))?;
        let executed = first.instructions_executed().unwrap_or(limit);
        let what = format!("{label}, after {executed} instructions, at {:#x}", first.program_counter());
        let wrap = |failure: Failure| Failure::new(format!("{what}: {failure}"));
        let mut second = copy(fixture, &*first).map_err(wrap)?;
        same_registers(&*second, &*first).map_err(wrap)?;
        let rest = counted(&mut *second).map_err(wrap)?;
        equal!(rest, total - executed, "{what}: instructions of the rest");
        same_registers(&*second, &*whole).map_err(wrap)?;
        equal!(second.read_bytes(data_at, 0x100)?, memory, "{what}: memory");
    }
    Ok(())
}

fn from_the_middle(fixture: &mut Fixture) -> Result<(), Failure> {
    for (label, argument) in super::execution::CALLS {
        transfers(fixture, label, &[int(*argument)])?;
    }
    Ok(())
}

fn with_accesses(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    transfers(fixture, "add_memory", &[ptr(data_at)])?;
    transfers(fixture, "store", &[ptr(data_at), int(0x1122_3344)])?;
    transfers(fixture, "load", &[ptr(data_at)])?;
    if fixture.has("load_many") {
        transfers(fixture, "load_many", &[ptr(data_at)])?;
        transfers(fixture, "store_many", &[ptr(data_at), int(0x1122_3344)])?;
    }
    if fixture.has("copy_string") {
        transfers(fixture, "copy_string", &[ptr(data_at + 0x80), ptr(data_at)])?;
    }
    if fixture.has("delay_load") {
        transfers(fixture, "delay_load", &[ptr(data_at)])?;
        transfers(fixture, "delay_store", &[ptr(data_at), int(7)])?;
    }
    Ok(())
}

fn at_a_fault(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut first = fixture.at("load", &[ptr(spare)])?;
    let fault = fault_of(first.run())?;
    let mut second = copy(fixture, &*first)?;
    equal!(fault_of(second.run())?, fault, "fault of the copy");
    map(&mut *second, spare, spare + 4)?;
    second.write_integer(spare, 0x12, 4)?;
    equal!(fixture.finish(&mut *second)?, 0x12, "loaded");
    Ok(())
}

fn in_a_loop(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("count_loop", &[int(2000)])?;
    let mut stops = 0;
    loop {
        match emulator.run_with(&Limits::instructions(333))? {
            stop if stop == Stop::ExitPoint(return_at) => break,
            _ => emulator = copy(fixture, &*emulator)?,
        }
        stops += 1;
        ensure!(stops < 100, "no end");
    }
    equal!(fixture.result(&*emulator)?, fixture.fit(2000), "result");
    Ok(())
}
