//! Section 4: running, stepping, exit points, bounds.

use std::time::{Duration, Instant};

use terrella_emulator_api::{
    Access, AddressRange, Capability, EmulatorExt, Fault, Limits, MemoryCause, Step, Stop,
};

use crate::{
    Case, Failure, Fixture, Layout, blocks_of, ensure, equal, fault_of, fixture::map, int, matching, ptr,
    trace_of,
};

pub(super) const CASES: &[Case] = &[
    Case::new("4.1", "code computes what it should", computes).labels(&[
        "straight",
        "count_loop",
        "caller",
        "conditional",
        "patch_me",
    ]),
    Case::new("4.1", "loads and stores do what they should", loads_and_stores).labels(&[
        "load8",
        "load16",
        "load",
        "store8",
        "store16",
        "store",
        "add_memory",
    ]),
    Case::new("4.1", "instructions that access many words do what they should", many_words)
        .labels(&["load_many", "store_many"]),
    Case::new("4.1", "divisions do what they should", divides).labels(&["divide"]),
    Case::new("4.1", "instructions in delay slots do what they should", slots)
        .labels(&["delay_load", "delay_store"]),
    Case::new("4.1", "string instructions do what they should", copies).labels(&["copy_string"]),
    Case::new("4.1", "a stop tells why and where", stop_tells)
        .labels(&["straight"])
        .needs(Capability::InstructionHooks),
    // Where integers have 16 bits, loops end too early.
    Case::new("4.1", "the wall-clock limit ends a run, which goes on", time_limit)
        .labels(&["count_loop", "add_args"]),
    Case::new("4.1", "a processor that waits halts", halts).labels(&["halt"]),
    Case::new("4.2", "steps are the instructions that hooks see", steps)
        .needs(Capability::Stepping)
        .labels(&["straight", "count_loop", "caller", "conditional"]),
    Case::new("4.2", "a step that cannot go on tells why", step_stops)
        .needs(Capability::Stepping)
        .labels(&["straight"]),
    Case::new("4.2", "steps of blocks are the blocks that hooks see", block_steps)
        .needs(Capability::Stepping)
        .labels(&["straight", "count_loop", "caller", "conditional"]),
    Case::new("4.2", "a long basic block is one step", long_block_step)
        .needs(Capability::Stepping)
        .labels(&["straight"]),
    Case::new("4.2", "a step of a block stops at exit points and bounds", block_step_stops)
        .needs(Capability::Stepping)
        .labels(&["straight", "caller"]),
    Case::new("4.3", "an exit point stops before the instruction", exit_before).labels(&["straight"]),
    Case::new("4.3", "an exit point may be unmapped", exit_unmapped).labels(&["straight"]),
    Case::new("4.3", "a run from an exit point executes nothing", exit_at_start).labels(&["straight"]),
    Case::new("4.3", "exit points work in code that has run", exit_added_later).labels(&["straight"]),
    Case::new("4.3", "exit points can be removed", exit_removed).labels(&["straight"]),
    Case::new("4.3", "the exit points are listed", exits_listed),
    Case::new("4.3", "an exit-after point stops right after the instruction", exit_after)
        .labels(&["straight"]),
    Case::new("4.3", "an exit-after point on a branch stops at its target", exit_after_branch)
        .labels(&["caller", "conditional"]),
    Case::new("4.3", "an exit-after point on a return stops at the return address", exit_after_return)
        .labels(&["straight"]),
    Case::new("4.3", "an exit-after point before unmapped memory stops", exit_after_at_end)
        .labels(&["straight"]),
    Case::new("4.3", "exit-after points work in code that has run, and can be removed", exit_after_later)
        .labels(&["straight"]),
    Case::new("4.3", "a loop stops at its exit-after point in each round", exit_after_loop)
        .labels(&["count_loop"]),
    Case::new("4.4", "without bounds everything is in bounds", no_bounds).labels(&["straight"]),
    Case::new("4.4", "leaving the bounds stops before anything is fetched", leaves_bounds)
        .labels(&["caller", "callee"]),
    Case::new("4.4", "out of bounds comes before unmapped", bounds_before_unmapped).labels(&["straight"]),
    Case::new("4.4", "bounds end inside pages and blocks", bounds_in_block).labels(&["straight"]),
    Case::new("4.4", "any part of a bound can be removed", remove_part).labels(&["straight"]),
    Case::new("4.4", "bounds work in code that has run", bounds_later).labels(&["straight"]),
];

fn computes(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "straight");
    for count in [1, 2, 1000] {
        equal!(fixture.call(&mut *emulator, "count_loop", &[int(count)])?, fixture.fit(count), "count_loop");
    }
    equal!(fixture.call(&mut *emulator, "caller", &[int(21)])?, 43, "caller");
    equal!(fixture.call(&mut *emulator, "conditional", &[int(0)])?, 1, "conditional, taken");
    equal!(fixture.call(&mut *emulator, "conditional", &[int(5)])?, 2, "conditional, not taken");
    equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 1, "patch_me");
    equal!(emulator.program_counter(), return_at, "program counter");
    Ok(())
}

fn loads_and_stores(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    let bytes = Fixture::pattern(0x20);
    for (width, load, store) in fixture.widths() {
        emulator.write_memory(data_at, &bytes)?;
        let expected = fixture.integer(&bytes[8..][..width as usize]);
        fixture.call(&mut *emulator, &load, &[ptr(data_at + 8)])?;
        let mask = if width == 8 { u64::MAX } else { (1 << (8 * width)) - 1 };
        equal!(emulator.read_register(fixture.result_register())? & mask, expected, "{load}");
        fixture.call(&mut *emulator, &store, &[ptr(data_at + 8), int(0x1122_3344)])?;
        let mut after = bytes.clone();
        after[8..][..width as usize].copy_from_slice(&fixture.bytes(0x1122_3344, width));
        equal!(emulator.read_bytes(data_at, 0x20)?, after, "memory after {store}");
    }
    emulator.write_integer(data_at, 41, 4)?;
    fixture.prepare(&mut *emulator, "add_memory", &[ptr(data_at)])?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.read_integer(data_at, 4)?, 42, "add_memory");
    Ok(())
}

fn many_words(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    emulator.write_memory(data_at, &Fixture::pattern(0x20))?;
    let mut sum = 0_u32;
    for index in 0..fixture.number("load_many_summed")? {
        sum = sum.wrapping_add(emulator.read_integer(data_at + 4 * index, 4)? as u32);
    }
    equal!(fixture.call(&mut *emulator, "load_many", &[ptr(data_at)])?, sum, "load_many");
    fixture.call(&mut *emulator, "store_many", &[ptr(data_at), int(0x0102_0304)])?;
    let stored = fixture.number("store_many_bytes")?;
    let expected: Vec<u8> = fixture.bytes(0x0102_0304, 4).repeat(stored as usize / 4);
    equal!(emulator.read_bytes(data_at, stored)?, expected, "store_many");
    equal!(
        emulator.read_bytes(data_at + stored, 4)?,
        Fixture::pattern(0x20)[stored as usize..][..4],
        "memory behind"
    );
    Ok(())
}

fn divides(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    equal!(fixture.call(&mut *emulator, "divide", &[int(100), int(7)])?, 14, "100 / 7");
    equal!(fixture.call(&mut *emulator, "divide", &[int(6), int(7)])?, 0, "6 / 7");
    Ok(())
}

fn slots(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    emulator.write_integer(data_at, 41, 4)?;
    equal!(fixture.call(&mut *emulator, "delay_load", &[ptr(data_at)])?, 42, "delay_load");
    equal!(fixture.call(&mut *emulator, "delay_store", &[ptr(data_at), int(7)])?, 8, "delay_store");
    equal!(emulator.read_integer(data_at, 4)?, 7, "memory");
    Ok(())
}

fn copies(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    emulator.write_memory(data_at, b"abcdef")?;
    fixture.prepare(&mut *emulator, "copy_string", &[ptr(data_at + 0x100), ptr(data_at)])?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.read_bytes(data_at + 0x100, 7)?, b"abcde\0\0", "copy");
    Ok(())
}

fn stop_tells(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    use terrella_emulator_api::Flow;
    let mut emulator = fixture.at("straight", &[])?;
    let third = fixture.address("straight_3")?;
    emulator.hook_instruction(third, |_, _| Ok(Flow::Stop))?;
    let stop = emulator.run()?;
    equal!(stop, Stop::Requested(third), "stop");
    equal!(stop.pc(), emulator.program_counter(), "program counter");
    equal!(fixture.result(&*emulator)?, 2, "additions before");
    emulator.unhook_instruction(third)?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(fixture.result(&*emulator)?, 8, "result");
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop of another run");
    Ok(())
}

fn time_limit(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let count = 0x7000_0000;
    if u64::from(fixture.fit(count)) != count {
        return Err(Failure::not_applicable("a loop does not take that long"));
    }
    let mut emulator = fixture.at("count_loop", &[int(count)])?;
    let (start, end) = (fixture.address("count_loop")?, fixture.end("count_loop")?);
    for _ in 0..2 {
        let began = Instant::now();
        match emulator.run_with(&Limits::time(Duration::from_millis(30)))? {
            Stop::TimeLimit(pc) => {
                equal!(pc, emulator.program_counter(), "program counter");
                ensure!((start..end).contains(&pc), "{pc:#x} is not in the loop");
            }
            other => return Err(Failure::new(format!("stopped by {other}"))),
        }
        ensure!(began.elapsed() < Duration::from_secs(5), "30 ms took {:?}", began.elapsed());
    }
    fixture.prepare(&mut *emulator, "count_loop", &[int(9)])?;
    equal!(
        emulator.run_with(&Limits::time(Duration::from_secs(60)))?,
        Stop::ExitPoint(return_at),
        "stop within the limit"
    );
    equal!(fixture.result(&*emulator)?, 9, "result");
    Ok(())
}

fn halts(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("halt", &[])?;
    let stop = emulator.run()?;
    matching!(stop, Stop::Halted(_), "stop");
    equal!(stop.pc(), emulator.program_counter(), "program counter");
    let (start, end) = (fixture.address("halt_insn")?, fixture.end("halt")?);
    ensure!(start < stop.pc() && stop.pc() < end, "{:#x} is not behind the instruction", stop.pc());
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop of going on");
    Ok(())
}

/// Calls whose paths are compared.
pub(super) const CALLS: &[(&str, u64)] = &[
    ("straight", 0),
    ("count_loop", 1),
    ("count_loop", 4),
    ("caller", 20),
    ("conditional", 0),
    ("conditional", 5),
];

fn steps(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let delays = fixture.definition().delay_slots;
    for (label, argument) in CALLS {
        let path = fixture.path(label, &[int(*argument)])?;
        let mut emulator = fixture.at(label, &[int(*argument)])?;
        let mut index = 0;
        loop {
            equal!(emulator.program_counter(), path[index], "{label}: instruction {index}");
            let step = emulator.step()?;
            let executed = emulator.instructions_executed().unwrap_or(1) as usize;
            ensure!(executed == 1 || executed == 2 && delays, "{label}: a step of {executed} instructions");
            index += executed;
            match step {
                Step::Done => ensure!(index < path.len(), "{label}: more steps than instructions"),
                Step::Stopped(stop) => {
                    equal!(stop, Stop::ExitPoint(return_at), "{label}: stop");
                    break;
                }
            }
        }
        // The stop at the return may come with the last instruction or alone.
        equal!(index.min(path.len()), path.len(), "{label}: instructions");
        let mut whole = fixture.at(label, &[int(*argument)])?;
        equal!(fixture.result(&*emulator)?, fixture.finish(&mut *whole)?, "{label}: result");
    }
    Ok(())
}

fn step_stops(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    let first = fixture.address("straight_1")?;
    emulator.add_exit_point(first);
    let mut step = emulator.step()?;
    if step == Step::Done {
        equal!(emulator.program_counter(), first, "program counter");
        step = emulator.step()?;
    }
    equal!(step, Step::Stopped(Stop::ExitPoint(first)), "step");
    equal!(emulator.program_counter(), first, "program counter at the exit point");
    equal!(emulator.step()?, Step::Stopped(Stop::ExitPoint(first)), "step at an exit point");
    emulator.remove_exit_point(first);
    emulator.add_bound((spare..spare + 1).into());
    equal!(emulator.step()?, Step::Stopped(Stop::OutOfBounds(first)), "step out of bounds");
    emulator.remove_bound((spare..spare + 1).into());
    equal!(emulator.step()?, Step::Done, "step");
    equal!(emulator.program_counter(), fixture.address("straight_2")?, "program counter after a step");
    Ok(())
}

fn block_steps(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    for (label, argument) in CALLS {
        let mut emulator = fixture.at(label, &[int(*argument)])?;
        let blocks = blocks_of(&mut *emulator)?;
        fixture.finish(&mut *emulator)?;
        let entries: Vec<u64> = blocks.all().iter().map(|(address, _)| *address).collect();
        let mut emulator = fixture.at(label, &[int(*argument)])?;
        let mut found = Vec::new();
        loop {
            found.push(emulator.program_counter());
            match emulator.step_block()? {
                Step::Done => ensure!(found.len() < 100, "{label}: no end"),
                Step::Stopped(stop) => {
                    equal!(stop, Stop::ExitPoint(return_at), "{label}: stop");
                    break;
                }
            }
        }
        if found.last() == Some(&return_at) {
            found.pop();
        }
        equal!(found, entries, "{label}: block entries");
    }
    Ok(())
}

fn long_block_step(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, code_spare: spare, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    // As many as the result can count.
    let additions = if fixture.fit(5000) == 5000 { 5000 } else { 200 };
    let code = fixture.long_straight(additions.into())?;
    map(&mut *emulator, spare, spare + code.len() as u64)?;
    emulator.write_code(spare, &code)?;
    emulator.set_program_counter(fixture.code_pointer(spare)?)?;
    let mut step = emulator.step_block()?;
    equal!(emulator.program_counter(), return_at, "program counter after one step");
    if step == Step::Done {
        step = emulator.step_block()?;
    }
    equal!(step, Step::Stopped(Stop::ExitPoint(return_at)), "step");
    equal!(fixture.result(&*emulator)?, additions, "result");
    Ok(())
}

fn block_step_stops(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("straight", &[])?;
    let fourth = fixture.address("straight_4")?;
    emulator.add_exit_point(fourth);
    equal!(emulator.step_block()?, Step::Stopped(Stop::ExitPoint(fourth)), "step");
    equal!(fixture.result(&*emulator)?, 3, "additions before");
    fixture.prepare(&mut *emulator, "caller", &[int(20)])?;
    let callee = fixture.address("callee")?;
    emulator.add_bound((fixture.address("caller")?..callee).into());
    let mut step = emulator.step_block()?;
    if step == Step::Done {
        step = emulator.step_block()?;
    }
    equal!(step, Step::Stopped(Stop::OutOfBounds(callee)), "step out of bounds");
    Ok(())
}

fn exit_before(fixture: &mut Fixture) -> Result<(), Failure> {
    for index in 1..=8 {
        let mut emulator = fixture.at("straight", &[])?;
        let point = fixture.address(&format!("straight_{index}"))?;
        emulator.add_exit_point(point);
        equal!(emulator.run()?, Stop::ExitPoint(point), "stop");
        equal!(emulator.program_counter(), point, "program counter");
        equal!(fixture.result(&*emulator)?, index - 1, "additions before");
        emulator.remove_exit_point(point);
        equal!(fixture.finish(&mut *emulator)?, 8, "result");
    }
    Ok(())
}

fn exit_unmapped(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, code_spare: spare, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.program_counter(), return_at, "program counter");
    ensure!(emulator.read_bytes(return_at, 1).is_err(), "the exit point is mapped");
    // The instruction before it is the last that is mapped.
    let (start, fourth) = (fixture.address("straight")?, fixture.address("straight_4")?);
    let code = fixture.image(start, fourth)?;
    let end = spare + code.len() as u64;
    map(&mut *emulator, spare, end)?;
    emulator.write_code(spare, &code)?;
    emulator.add_exit_point(end);
    emulator.set_program_counter(fixture.code_pointer(spare)?)?;
    equal!(emulator.run()?, Stop::ExitPoint(end), "stop");
    equal!(fixture.result(&*emulator)?, 3, "additions before");
    Ok(())
}

fn exit_at_start(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("straight", &[])?;
    let start = fixture.address("straight")?;
    emulator.write_register(fixture.result_register(), 0x55_u64)?;
    emulator.add_exit_point(start);
    for _ in 0..2 {
        equal!(emulator.run_with(&Limits::counted())?, Stop::ExitPoint(start), "stop");
        equal!(emulator.instructions_executed(), Some(0), "instructions");
        equal!(fixture.result(&*emulator)?, 0x55, "result register");
    }
    Ok(())
}

fn exit_added_later(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let point = fixture.address("straight_5")?;
    for _ in 0..3 {
        equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "result");
        emulator.add_exit_point(point);
        fixture.prepare(&mut *emulator, "straight", &[])?;
        equal!(emulator.run()?, Stop::ExitPoint(point), "stop");
        equal!(fixture.result(&*emulator)?, 4, "additions before");
        ensure!(emulator.remove_exit_point(point), "it is not there");
    }
    Ok(())
}

fn exit_removed(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("straight", &[])?;
    let (first, second) = (fixture.address("straight_2")?, fixture.address("straight_6")?);
    emulator.add_exit_point(first);
    emulator.add_exit_point(second);
    equal!(emulator.run()?, Stop::ExitPoint(first), "stop");
    ensure!(emulator.remove_exit_point(first), "it is not there");
    ensure!(!emulator.remove_exit_point(first), "it is there twice");
    equal!(emulator.run()?, Stop::ExitPoint(second), "stop");
    emulator.remove_exit_point(second);
    equal!(fixture.finish(&mut *emulator)?, 8, "result");
    equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "result of another call");
    Ok(())
}

fn exits_listed(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    for address in [0x3000, 0x1000, 0x2000, 0x1000] {
        emulator.add_exit_point(address);
        emulator.add_exit_after_point(address + 4);
    }
    equal!(emulator.exit_points(), [0x1000, 0x2000, 0x3000], "exit points");
    equal!(emulator.exit_after_points(), [0x1004, 0x2004, 0x3004], "exit-after points");
    ensure!(emulator.remove_exit_point(0x2000), "it is not there");
    ensure!(!emulator.remove_exit_point(0x2004), "an exit-after point is an exit point");
    ensure!(emulator.remove_exit_after_point(0x3004), "it is not there");
    equal!(emulator.exit_points(), [0x1000, 0x3000], "exit points");
    equal!(emulator.exit_after_points(), [0x1004, 0x2004], "exit-after points");
    Ok(())
}

fn exit_after(fixture: &mut Fixture) -> Result<(), Failure> {
    for index in 1..=7 {
        let mut emulator = fixture.at("straight", &[])?;
        let point = fixture.address(&format!("straight_{index}"))?;
        let pc = fixture.address(&format!("straight_{}", index + 1))?;
        emulator.add_exit_after_point(point);
        equal!(emulator.run()?, Stop::ExitAfter { point, pc }, "stop");
        equal!(emulator.program_counter(), pc, "program counter");
        equal!(fixture.result(&*emulator)?, index, "additions");
        equal!(fixture.finish(&mut *emulator)?, 8, "result");
    }
    Ok(())
}

fn exit_after_branch(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("caller", &[int(20)])?;
    let (point, pc) = (fixture.address("caller_call")?, fixture.address("callee")?);
    emulator.add_exit_after_point(point);
    equal!(emulator.run()?, Stop::ExitAfter { point, pc }, "stop after the call");
    equal!(fixture.finish(&mut *emulator)?, 41, "result");
    let point = fixture.address("conditional_branch")?;
    emulator.add_exit_after_point(point);
    let slots = 1 + usize::from(fixture.definition().delay_slots);
    for argument in [0, 5] {
        let mut other = fixture.loaded()?;
        fixture.prepare(&mut *other, "conditional", &[int(argument)])?;
        let trace = trace_of(&mut *other)?;
        fixture.finish(&mut *other)?;
        let path = trace.all();
        let index = path.iter().position(|pc| *pc == point).unwrap_or(0);
        let pc = path[index + slots];
        fixture.prepare(&mut *emulator, "conditional", &[int(argument)])?;
        equal!(emulator.run()?, Stop::ExitAfter { point, pc }, "stop after the branch, argument {argument}");
        equal!(fixture.finish(&mut *emulator)?, if argument == 0 { 1 } else { 2 }, "result");
    }
    Ok(())
}

fn exit_after_return(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let path = fixture.path("straight", &[])?;
    let slots = usize::from(fixture.definition().delay_slots);
    let point = path[path.len() - 1 - slots];
    let mut emulator = fixture.at("straight", &[])?;
    emulator.remove_exit_point(return_at);
    emulator.add_exit_after_point(point);
    equal!(emulator.run()?, Stop::ExitAfter { point, pc: return_at }, "stop");
    equal!(fixture.result(&*emulator)?, 8, "result");
    Ok(())
}

fn exit_after_at_end(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { code_far: far, code_spare: spare, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    let (start, third) = (fixture.address("straight")?, fixture.address("straight_3")?);
    let code = fixture.image(start, fixture.address("straight_4")?)?;
    for end in [spare + 0x200, far] {
        let base = end - code.len() as u64;
        map(&mut *emulator, base, end)?;
        emulator.write_code(base, &code)?;
        let point = base + third - start;
        emulator.add_exit_after_point(point);
        emulator.set_program_counter(fixture.code_pointer(base)?)?;
        equal!(emulator.run()?, Stop::ExitAfter { point, pc: end }, "stop");
        equal!(fixture.result(&*emulator)?, 3, "additions");
    }
    Ok(())
}

fn exit_after_later(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let (point, pc) = (fixture.address("straight_4")?, fixture.address("straight_5")?);
    for _ in 0..2 {
        equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "result");
        emulator.add_exit_after_point(point);
        fixture.prepare(&mut *emulator, "straight", &[])?;
        equal!(emulator.run()?, Stop::ExitAfter { point, pc }, "stop");
        ensure!(emulator.remove_exit_after_point(point), "it is not there");
    }
    Ok(())
}

fn exit_after_loop(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("count_loop", &[int(4)])?;
    let path = fixture.path("count_loop", &[int(4)])?;
    let before = fixture.number("count_loop_before")? as usize;
    let (point, pc) = (fixture.address("count_loop_head")?, path[before + 1]);
    emulator.add_exit_after_point(point);
    for _ in 0..4 {
        equal!(emulator.run()?, Stop::ExitAfter { point, pc }, "stop");
    }
    equal!(fixture.finish(&mut *emulator)?, 4, "result");
    Ok(())
}

fn no_bounds(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    equal!(emulator.bounds(), [], "bounds");
    emulator.remove_exit_point(return_at);
    let cause = MemoryCause::Unmapped;
    let expected = Fault::Memory { access: Access::Fetch, cause, address: return_at, size: 1, pc: return_at };
    equal!(fault_of(emulator.run())?, expected, "fault at the return address");
    equal!(fixture.result(&*emulator)?, 8, "result");
    Ok(())
}

fn leaves_bounds(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("caller", &[int(20)])?;
    let (caller, callee) = (fixture.address("caller")?, fixture.address("callee")?);
    emulator.add_bound((caller..callee).into());
    equal!(emulator.run()?, Stop::OutOfBounds(callee), "stop");
    equal!(emulator.program_counter(), callee, "program counter");
    equal!(emulator.run()?, Stop::OutOfBounds(callee), "stop of another run");
    emulator.add_bound((callee..fixture.end("callee")?).into());
    emulator.add_bound((return_at..=return_at).into());
    equal!(fixture.finish(&mut *emulator)?, 41, "result with a wider bound");
    Ok(())
}

fn bounds_before_unmapped(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    emulator.remove_exit_point(return_at);
    emulator.add_bound((fixture.address("straight")?..fixture.end("straight")?).into());
    equal!(emulator.run()?, Stop::OutOfBounds(return_at), "stop");
    equal!(emulator.program_counter(), return_at, "program counter");
    equal!(fixture.result(&*emulator)?, 8, "result");
    Ok(())
}

fn bounds_in_block(fixture: &mut Fixture) -> Result<(), Failure> {
    let straight = fixture.address("straight")?;
    for index in 2..=7 {
        let point = fixture.address(&format!("straight_{index}"))?;
        let mut emulator = fixture.at("straight", &[])?;
        emulator.add_bound((straight..point).into());
        equal!(emulator.run()?, Stop::OutOfBounds(point), "stop");
        equal!(fixture.result(&*emulator)?, index - 1, "additions");
        // What counts is the program counter, not the last byte.
        let mut emulator = fixture.at("straight", &[])?;
        emulator.add_bound((straight..=point).into());
        let next = fixture.address(&format!("straight_{}", index + 1))?;
        equal!(emulator.run()?, Stop::OutOfBounds(next), "stop with one byte more");
    }
    Ok(())
}

fn remove_part(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    let (start, end) = (fixture.address("straight")?, fixture.end("straight")?);
    let (fourth, sixth) = (fixture.address("straight_4")?, fixture.address("straight_6")?);
    emulator.add_bound((start..sixth).into());
    emulator.add_bound((sixth..end).into());
    equal!(emulator.bounds(), [AddressRange::from(start..end)], "bounds, merged");
    emulator.remove_bound((fourth..sixth).into());
    equal!(
        emulator.bounds(),
        [AddressRange::from(start..fourth), AddressRange::from(sixth..end)],
        "bounds with a hole"
    );
    equal!(emulator.run()?, Stop::OutOfBounds(fourth), "stop");
    emulator.set_program_counter(fixture.code_pointer(sixth)?)?;
    emulator.add_bound((return_at..=return_at).into());
    equal!(fixture.finish(&mut *emulator)?, 6, "result behind the hole");
    emulator.remove_bound(AddressRange::ALL);
    equal!(emulator.bounds(), [], "bounds");
    equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "result without bounds");
    Ok(())
}

fn bounds_later(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let bound = AddressRange::from(fixture.address("straight")?..fixture.address("straight_4")?);
    for _ in 0..2 {
        equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "result");
        emulator.add_bound(bound);
        fixture.prepare(&mut *emulator, "straight", &[])?;
        equal!(emulator.run()?, Stop::OutOfBounds(fixture.address("straight_4")?), "stop");
        emulator.remove_bound(bound);
    }
    Ok(())
}
