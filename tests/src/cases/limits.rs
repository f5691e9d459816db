//! Section 4: counts, limits, determinism.

use terrella_emulator_api::{Capability, Emulator, EmulatorExt, Limits, Stop};

use crate::{
    Argument, Case, Failure, Fixture, Layout, ensure, equal,
    fixture::{counted, map, registers_of, same_registers},
    int, matching, ptr,
};

pub(super) const CASES: &[Case] = &[
    Case::new("4.1", "an instruction limit is exact, and the run goes on", exact_limits)
        .needs(Capability::InstructionLimits)
        .labels(&["straight", "count_loop", "caller", "conditional"]),
    Case::new("4.1", "an instruction limit is exact in a long run", long_limit)
        .needs(Capability::InstructionLimits)
        .labels(&["count_loop"]),
    Case::new("4.1", "an instruction limit is exact in a long block", limit_in_long_block)
        .needs(Capability::InstructionLimits)
        .labels(&["straight"]),
    Case::new("4.6", "counts are those of the code", counts)
        .needs(Capability::InstructionLimits)
        .labels(&["straight", "count_loop"]),
    Case::new("4.6", "counts are those of the instruction hook", counts_as_hooks)
        .needs(Capability::InstructionLimits)
        .labels(&["straight", "count_loop", "caller", "conditional"]),
    Case::new("4.6", "a repeated string instruction is one", string_is_one)
        .needs(Capability::InstructionLimits)
        .labels(&["copy_string"]),
    Case::new("4.6", "a limit stops before and after a repeated string instruction", string_limits)
        .needs(Capability::InstructionLimits)
        .labels(&["copy_string"]),
    Case::new("4.6", "a branch and its delay slot are two", slot_is_two)
        .needs(Capability::InstructionLimits)
        .labels(&["delay_load", "delay_store"]),
    Case::new("4.6", "an instruction that faults is not counted", faulting_is_none)
        .needs(Capability::InstructionLimits)
        .labels(&["load"]),
    Case::new("4.7", "the same machine gives the same result and count", deterministic)
        .needs(Capability::InstructionLimits)
        .labels(&["count_loop", "caller", "add_memory", "store"]),
    Case::new("4.7", "a run in pieces gives what the whole run gives", in_pieces)
        .needs(Capability::InstructionLimits)
        .labels(&["count_loop", "caller"]),
];

/// Whether the instruction at an index of a path is a delay slot: a step over
/// the branch before it takes both.
fn slots(fixture: &Fixture, label: &str, arguments: &[Argument]) -> Result<Vec<bool>, Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at(label, arguments)?;
    let mut slots = Vec::new();
    while emulator.program_counter() != return_at {
        emulator.step()?;
        let executed = emulator.instructions_executed().unwrap_or(1);
        slots.push(false);
        if executed == 2 {
            slots.push(true);
        }
        ensure!((1..=2).contains(&executed) && slots.len() < 1000, "a step of {executed} instructions");
    }
    Ok(slots)
}

fn exact_limits(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    for (label, argument) in super::execution::CALLS {
        let arguments = [int(*argument)];
        let path = fixture.path(label, &arguments)?;
        let slots = slots(fixture, label, &arguments)?;
        equal!(slots.len(), path.len(), "{label}: instructions by steps");
        let total = path.len() as u64;
        for limit in 0..=total {
            let what = format!("{label}({argument}), limit {limit}");
            let mut emulator = fixture.at(label, &arguments)?;
            let result = {
                let mut whole = fixture.at(label, &arguments)?;
                fixture.finish(&mut *whole)?
            };
            let stop = emulator.run_with(&Limits::instructions(limit))?;
            // A branch and its delay slot are not torn apart.
            let torn = slots.get(limit as usize).copied().unwrap_or(false);
            let executed = limit + u64::from(torn);
            equal!(emulator.instructions_executed(), Some(executed), "{what}: instructions");
            let pc = path.get(executed as usize).copied().unwrap_or(return_at);
            if executed == total {
                ensure!(
                    stop == Stop::ExitPoint(return_at) || stop == Stop::InstructionLimit(return_at),
                    "{what}: {stop}"
                );
            } else {
                equal!(stop, Stop::InstructionLimit(pc), "{what}: stop");
            }
            equal!(emulator.program_counter(), pc, "{what}: program counter");
            let rest = counted(&mut *emulator)?;
            equal!(rest, total - executed, "{what}: instructions of the rest");
            equal!(fixture.result(&*emulator)?, result, "{what}: result");
        }
        let mut emulator = fixture.at(label, &arguments)?;
        let stop = emulator.run_with(&Limits::instructions(total + 1))?;
        equal!(stop, Stop::ExitPoint(return_at), "{label}: stop with one more than needed");
    }
    Ok(())
}

/// Instructions of `count_loop`.
fn loop_length(fixture: &Fixture, rounds: u64) -> Result<u64, Failure> {
    let each = fixture.number("count_loop_each")?;
    Ok(fixture.number("count_loop_before")? + rounds * each + fixture.number("count_loop_after")?)
}

fn long_limit(fixture: &mut Fixture) -> Result<(), Failure> {
    let rounds = if fixture.fit(20_000) == 20_000 { 20_000 } else { 200 };
    let total = loop_length(fixture, rounds)?;
    let (before, each) = (fixture.number("count_loop_before")?, fixture.number("count_loop_each")?);
    let mut emulator = fixture.at("count_loop", &[int(rounds)])?;
    let limit = before + rounds / 100 * 61 * each;
    let head = fixture.address("count_loop_head")?;
    equal!(emulator.run_with(&Limits::instructions(limit))?, Stop::InstructionLimit(head), "stop");
    equal!(emulator.instructions_executed(), Some(limit), "instructions");
    equal!(counted(&mut *emulator)?, total - limit, "instructions of the rest");
    equal!(fixture.result(&*emulator)?, rounds as u32, "result");
    Ok(())
}

fn limit_in_long_block(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { code_spare: spare, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    // As many as the result can count.
    let additions = if fixture.fit(3000) == 3000 { 3000 } else { 200 };
    let code = fixture.long_straight(additions.into())?;
    map(&mut *emulator, spare, spare + code.len() as u64)?;
    emulator.write_code(spare, &code)?;
    for limit in [1, 100, 200, 511, 512, 513, 2049, 3000] {
        if limit > u64::from(additions) {
            break;
        }
        fixture.prepare(&mut *emulator, "straight", &[])?;
        emulator.set_program_counter(fixture.code_pointer(spare)?)?;
        matching!(emulator.run_with(&Limits::instructions(limit))?, Stop::InstructionLimit(_), "stop");
        equal!(fixture.result(&*emulator)?, limit as u32 - 1, "additions within {limit}");
        equal!(fixture.finish(&mut *emulator)?, additions, "result");
    }
    Ok(())
}

fn counts(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("straight", &[])?;
    equal!(counted(&mut *emulator)?, 9 + fixture.number("straight_ret_count")?, "straight");
    for rounds in [1, 2, 77, 5000].map(|rounds| u64::from(fixture.fit(rounds))) {
        fixture.prepare(&mut *emulator, "count_loop", &[int(rounds)])?;
        equal!(counted(&mut *emulator)?, loop_length(fixture, rounds)?, "count_loop({rounds})");
    }
    fixture.prepare(&mut *emulator, "straight", &[])?;
    emulator.run()?;
    let count = emulator.instructions_executed();
    let expected = 9 + fixture.number("straight_ret_count")?;
    ensure!(count.is_none_or(|count| count == expected), "a run that does not count: {count:?}");
    Ok(())
}

fn counts_as_hooks(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    for (label, argument) in super::execution::CALLS {
        let path = fixture.path(label, &[int(*argument)])?;
        let mut emulator = fixture.at(label, &[int(*argument)])?;
        equal!(counted(&mut *emulator)?, path.len() as u64, "{label}({argument})");
    }
    let mut more: Vec<(&str, Vec<Argument>)> = Vec::new();
    if fixture.has("add_memory") {
        more.push(("add_memory", vec![ptr(data_at)]));
    }
    if fixture.has("load_many") {
        more.push(("load_many", vec![ptr(data_at)]));
        more.push(("store_many", vec![ptr(data_at), int(1)]));
    }
    if fixture.has("divide") {
        more.push(("divide", vec![int(9), int(3)]));
    }
    for (label, arguments) in more {
        let path = fixture.path(label, &arguments)?;
        let mut emulator = fixture.at(label, &arguments)?;
        equal!(counted(&mut *emulator)?, path.len() as u64, "{label}");
    }
    Ok(())
}

fn string_is_one(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let arguments = [ptr(data_at + 0x100), ptr(data_at)];
    let path = fixture.path("copy_string", &arguments)?;
    let insn = fixture.address("copy_string_insn")?;
    equal!(path.iter().filter(|pc| **pc == insn).count(), 1, "calls of the instruction hook");
    let mut emulator = fixture.at("copy_string", &arguments)?;
    equal!(counted(&mut *emulator)?, path.len() as u64, "instructions");
    Ok(())
}

fn string_limits(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let arguments = [ptr(data_at + 0x100), ptr(data_at)];
    let path = fixture.path("copy_string", &arguments)?;
    let insn = fixture.address("copy_string_insn")?;
    let index = path.iter().position(|pc| *pc == insn).unwrap_or(0) as u64;
    let mut emulator = fixture.at("copy_string", &arguments)?;
    emulator.write_memory(data_at, b"abcdef")?;
    let stop = emulator.run_with(&Limits::instructions(index))?;
    equal!(stop, Stop::InstructionLimit(insn), "stop before");
    equal!(emulator.read_bytes(data_at + 0x100, 5)?, [0; 5], "memory before");
    let stop = emulator.run_with(&Limits::instructions(1))?;
    equal!(stop, Stop::InstructionLimit(fixture.address("copy_string_after")?), "stop after");
    equal!(emulator.instructions_executed(), Some(1), "instructions");
    equal!(emulator.read_bytes(data_at + 0x100, 5)?, b"abcde", "memory after");
    let mut emulator = fixture.at("copy_string", &arguments)?;
    let after = fixture.address("copy_string_after")?;
    emulator.add_exit_after_point(insn);
    equal!(emulator.run()?, Stop::ExitAfter { point: insn, pc: after }, "stop at an exit-after point");
    Ok(())
}

fn slot_is_two(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    for (label, arguments) in
        [("delay_load", vec![ptr(data_at)]), ("delay_store", vec![ptr(data_at), int(7)])]
    {
        let path = fixture.path(label, &arguments)?;
        let branch = fixture.address(&format!("{label}_branch"))?;
        let slot = fixture.address(&format!("{label}_insn"))?;
        let target = fixture.address(&format!("{label}_target"))?;
        equal!(path[..3], [branch, slot, target], "{label}: instructions");
        let mut emulator = fixture.at(label, &arguments)?;
        equal!(counted(&mut *emulator)?, path.len() as u64, "{label}: count");
        let mut emulator = fixture.at(label, &arguments)?;
        emulator.step()?;
        equal!(emulator.program_counter(), target, "{label}: program counter after a step");
        equal!(emulator.instructions_executed(), Some(2), "{label}: instructions of a step");
    }
    Ok(())
}

fn faulting_is_none(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, spare, .. } = fixture.layout;
    let mut emulator = fixture.at("load", &[ptr(spare)])?;
    let insn = fixture.address("load_insn")?;
    let path = fixture.path("load", &[ptr(data_at)])?;
    let index = path.iter().position(|pc| *pc == insn).unwrap_or(0) as u64;
    ensure!(emulator.run_with(&Limits::counted()).is_err(), "no fault");
    equal!(emulator.instructions_executed(), Some(index), "instructions before the fault");
    map(&mut *emulator, spare, spare + 4)?;
    equal!(counted(&mut *emulator)?, path.len() as u64 - index, "instructions after the repair");
    Ok(())
}

/// Everything that a run leaves behind.
fn outcome(fixture: &Fixture, emulator: &mut dyn Emulator) -> Result<(u64, String, Vec<u8>), Failure> {
    let Layout { data_at, stack_size, stack_top, .. } = fixture.layout;
    let mut count = 0;
    fixture.prepare(emulator, "count_loop", &[int(30)])?;
    count += counted(emulator)?;
    fixture.prepare(emulator, "caller", &[int(30)])?;
    count += counted(emulator)?;
    fixture.prepare(emulator, "store", &[ptr(data_at + 8), int(0x1234_5678)])?;
    count += counted(emulator)?;
    fixture.prepare(emulator, "add_memory", &[ptr(data_at + 8)])?;
    count += counted(emulator)?;
    let mut memory = emulator.read_bytes(data_at, 0x100)?;
    memory.extend(emulator.read_bytes(stack_top - stack_size, stack_size)?);
    Ok((count, format!("{:x?}", registers_of(emulator)?), memory))
}

fn deterministic(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let first = outcome(fixture, &mut *emulator)?;
    for _ in 0..3 {
        let mut emulator = fixture.loaded()?;
        let again = outcome(fixture, &mut *emulator)?;
        equal!(again.0, first.0, "instructions");
        equal!(again.1, first.1, "registers");
        equal!(again.2 == first.2, true, "whether memory is the same");
    }
    Ok(())
}

fn in_pieces(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    for (label, argument) in [("count_loop", 12), ("caller", 30)] {
        let mut whole = fixture.at(label, &[int(argument)])?;
        let total = counted(&mut *whole)?;
        for piece in [1, 2, 3, 7] {
            let mut emulator = fixture.at(label, &[int(argument)])?;
            let mut count = 0;
            loop {
                let stop = emulator.run_with(&Limits::instructions(piece))?;
                count += emulator.instructions_executed().unwrap_or(0);
                match stop {
                    stop if stop == Stop::ExitPoint(return_at) => break,
                    Stop::InstructionLimit(_) => ensure!(count <= total, "more than {total} instructions"),
                    other => return Err(Failure::new(format!("stopped by {other}"))),
                }
            }
            equal!(count, total, "{label}: instructions in pieces of {piece}");
            same_registers(&*emulator, &*whole)
                .map_err(|failure| Failure::new(format!("{label} in pieces of {piece}: {failure}")))?;
        }
    }
    Ok(())
}
