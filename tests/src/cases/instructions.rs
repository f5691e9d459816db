//! Section 6: instruction and block hooks (6.1, 6.2).

use std::{cell::Cell, rc::Rc};

use terrella_emulator_api::{Capability, EmulatorExt, Flow, Limits, Stop};

use crate::{
    Case, Failure, Fixture, Layout, Trace, blocks_of, ensure, equal,
    fixture::{map, registers_of, same_registers, same_values},
    int, matching, ptr, trace_of,
};

pub(super) const CASES: &[Case] = &[
    Case::new("6.1", "the hook of all sees exactly the instructions", all_instructions)
        .needs(Capability::InstructionHooks)
        .labels(&["straight", "count_loop"]),
    Case::new("6.1", "the hook of all follows calls and branches", calls_and_branches)
        .needs(Capability::InstructionHooks)
        .labels(&["caller", "callee", "conditional"]),
    Case::new("6.1", "a hook on one address sees only that, also inside a block", one_address)
        .needs(Capability::InstructionHooks)
        .labels(&["straight", "count_loop"]),
    Case::new("6.1", "registers are up to date at each instruction", up_to_date)
        .needs(Capability::InstructionHooks)
        .labels(&["straight"]),
    Case::new("6.1", "all registers are those of a run that stops there", as_stopped)
        .needs(Capability::InstructionHooks)
        .labels(&["straight", "count_loop", "caller", "conditional"]),
    Case::new("6.1", "a stop at any instruction goes on to the same end", stops_anywhere)
        .needs(Capability::InstructionHooks)
        .labels(&["straight", "count_loop", "caller", "conditional"]),
    Case::new("6.1", "instructions in delay slots are seen", in_slots)
        .needs(Capability::InstructionHooks)
        .labels(&["delay_load", "delay_store"]),
    Case::new("6.1", "hooks on all instructions change nothing", change_nothing)
        .needs(Capability::InstructionHooks)
        .labels(&["straight", "count_loop", "caller", "conditional"]),
    Case::new("6.1", "each instruction of a long block is seen", long_block)
        .needs(Capability::InstructionHooks)
        .labels(&["straight"]),
    Case::new("6.2", "a straight function is one block", one_block)
        .needs(Capability::BlockHooks)
        .labels(&["straight"]),
    Case::new("6.2", "the blocks of a loop, with their sizes", loop_blocks)
        .needs(Capability::BlockHooks)
        .labels(&["count_loop"]),
    Case::new("6.2", "the blocks of a call, with their sizes", call_blocks)
        .needs(Capability::BlockHooks)
        .labels(&["caller", "callee"]),
    Case::new("6.2", "a block ends at a conditional branch, taken or not", conditional_blocks)
        .needs(Capability::BlockHooks)
        .labels(&["conditional"]),
    Case::new("6.2", "a block ends at a system call", system_call_blocks)
        .needs(Capability::BlockHooks)
        .labels(&["system_call"]),
    Case::new("6.2", "a long block is one block", long_is_one)
        .needs(Capability::BlockHooks)
        .labels(&["straight"]),
    Case::new("6.2", "going on inside a block is no entry", continuation)
        .needs(Capability::BlockHooks)
        .labels(&["straight"]),
    Case::new("6.2", "other hooks do not split blocks", not_split)
        .needs(Capability::MemoryReadHooks)
        .labels(&["straight", "add_memory"]),
];

fn all_instructions(fixture: &mut Fixture) -> Result<(), Failure> {
    let path = fixture.path("straight", &[])?;
    let mut expected = vec![fixture.address("straight")?];
    for index in 1..=8 {
        expected.push(fixture.address(&format!("straight_{index}"))?);
    }
    expected.push(fixture.address("straight_ret")?);
    let ret = fixture.number("straight_ret_count")?;
    if ret == 2 {
        let (start, end) = (fixture.address("straight_ret")?, fixture.end("straight")?);
        expected.push(start + (end - start) / 2);
    }
    equal!(path, expected, "instructions of straight");
    let (before, each) =
        (fixture.number("count_loop_before")? as usize, fixture.number("count_loop_each")? as usize);
    let after = fixture.number("count_loop_after")? as usize;
    let path = fixture.path("count_loop", &[int(5)])?;
    equal!(path.len(), before + 5 * each + after, "instructions of count_loop");
    equal!(path[0], fixture.address("count_loop")?, "first instruction");
    let head = fixture.address("count_loop_head")?;
    for round in 0..5 {
        let start = before + round * each;
        equal!(path[start], head, "head of round {round}");
        equal!(path[start..start + each], path[before..before + each], "round {round}");
    }
    equal!(path.iter().filter(|pc| **pc == head).count(), 5, "rounds");
    Ok(())
}

fn calls_and_branches(fixture: &mut Fixture) -> Result<(), Failure> {
    let path = fixture.path("caller", &[int(20)])?;
    let at = |label: &str| -> Result<usize, Failure> {
        let address = fixture.address(label)?;
        path.iter()
            .position(|pc| *pc == address)
            .ok_or_else(|| Failure::new(format!("{label} is not among {path:x?}")))
    };
    let (call, callee, back) = (at("caller_call")?, at("callee")?, at("caller_back")?);
    let slot = usize::from(fixture.definition().delay_slots);
    equal!(path[0], fixture.address("caller")?, "first instruction");
    equal!(callee, call + 1 + slot, "distance from call to callee");
    ensure!(back > callee, "the return comes before the call");
    let end = fixture.end("callee")?;
    let callee_start = fixture.address("callee")?;
    for pc in &path[callee..back] {
        ensure!((callee_start..end).contains(pc), "{pc:#x} is not in the callee");
    }
    for (argument, other) in [(0, 5), (5, 0)] {
        let path = fixture.path("conditional", &[int(argument)])?;
        let branch = fixture.address("conditional_branch")?;
        equal!(path.iter().filter(|pc| **pc == branch).count(), 1, "calls at the branch");
        let other = fixture.path("conditional", &[int(other)])?;
        let index = path.iter().position(|pc| *pc == branch).unwrap_or(0);
        equal!(path[..=index + slot], other[..=index + slot], "path up to the branch");
        ensure!(path[index + slot + 1] != other[index + slot + 1], "both ways go the same way");
    }
    Ok(())
}

fn one_address(fixture: &mut Fixture) -> Result<(), Failure> {
    for index in 1..=8 {
        let mut emulator = fixture.at("straight", &[])?;
        let address = fixture.address(&format!("straight_{index}"))?;
        let seen = Trace::new();
        let notes = seen.clone();
        emulator.hook_instruction(address, move |emulator, pc| {
            notes.push((pc, emulator.program_counter()));
            Ok(Flow::Continue)
        })?;
        equal!(fixture.finish(&mut *emulator)?, 8, "result");
        equal!(seen.all(), [(address, address)], "calls");
    }
    let mut emulator = fixture.at("count_loop", &[int(100)])?;
    let calls = Rc::new(Cell::new(0));
    let counter = Rc::clone(&calls);
    emulator.hook_instruction(fixture.address("count_loop_head")?, move |_, _| {
        counter.set(counter.get() + 1);
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 100, "result");
    equal!(calls.get(), 100, "calls");
    Ok(())
}

fn up_to_date(fixture: &mut Fixture) -> Result<(), Failure> {
    let result = fixture.result_register();
    let name = fixture.definition().program_counter;
    let mut emulator = fixture.at("straight", &[])?;
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_instructions(move |emulator, pc| {
        notes.push((
            pc,
            emulator.program_counter(),
            emulator.read_register(name)?,
            emulator.read_register(result)? as u32,
        ));
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result");
    for (index, entry) in seen.all().iter().enumerate().skip(1).take(8) {
        let address = fixture.address(&format!("straight_{index}"))?;
        equal!(*entry, (address, address, address, index as u32 - 1), "call {index}");
    }
    Ok(())
}

fn in_slots(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    for (label, arguments, expected) in
        [("delay_load", vec![ptr(data_at)], 42), ("delay_store", vec![ptr(data_at), int(7)], 8)]
    {
        let mut emulator = fixture.at(label, &arguments)?;
        emulator.write_integer(data_at, 41, 4)?;
        let seen = Trace::new();
        for suffix in ["branch", "insn", "target"] {
            let notes = seen.clone();
            let address = fixture.address(&format!("{label}_{suffix}"))?;
            emulator.hook_instruction(address, move |emulator, pc| {
                equal!(emulator.program_counter(), pc, "program counter");
                notes.push(suffix);
                Ok(Flow::Continue)
            })?;
        }
        equal!(fixture.finish(&mut *emulator)?, expected, "{label}: result");
        equal!(seen.all(), ["branch", "insn", "target"], "{label}: calls");
        // Only the slot.
        let mut emulator = fixture.at(label, &arguments)?;
        emulator.write_integer(data_at, 41, 4)?;
        let seen = Trace::new();
        let notes = seen.clone();
        let slot = fixture.address(&format!("{label}_insn"))?;
        emulator.hook_instruction(slot, move |_, pc| {
            notes.push(pc);
            Ok(Flow::Continue)
        })?;
        equal!(fixture.finish(&mut *emulator)?, expected, "{label}: result with the slot hooked");
        equal!(seen.all(), [slot], "{label}: calls at the slot");
    }
    Ok(())
}

fn change_nothing(fixture: &mut Fixture) -> Result<(), Failure> {
    for (label, argument) in super::execution::CALLS {
        let mut plain = fixture.at(label, &[int(*argument)])?;
        fixture.finish(&mut *plain)?;
        let mut hooked = fixture.at(label, &[int(*argument)])?;
        let result = fixture.result_register();
        hooked.hook_instructions(move |emulator, _| {
            let value = emulator.read_register(result)?;
            emulator.write_register(result, value)?;
            Ok(Flow::Continue)
        })?;
        fixture.finish(&mut *hooked)?;
        same_registers(&*hooked, &*plain).map_err(|it| Failure::new(format!("{label}: {it}")))?;
    }
    Ok(())
}

/// The registers that hooks see, by the hook of all instructions and by hooks
/// on one address, are those with which a run ends before the instruction.
fn as_stopped(fixture: &mut Fixture) -> Result<(), Failure> {
    for (label, argument) in super::execution::CALLS {
        let mut hooked = fixture.at(label, &[int(*argument)])?;
        let seen = Trace::new();
        let notes = seen.clone();
        hooked.hook_instructions(move |emulator, pc| {
            notes.push((pc, registers_of(emulator)?));
            Ok(Flow::Continue)
        })?;
        fixture.finish(&mut *hooked)?;
        let seen = seen.all();
        for (index, (pc, registers)) in seen.iter().enumerate() {
            let wrap = |it: Failure| Failure::new(format!("{label}({argument}), {pc:#x}: {it}"));
            let mut stopped = fixture.at(label, &[int(*argument)])?;
            stopped.run_with(&Limits::instructions(index as u64))?;
            // A delay slot is executed with its branch.
            if stopped.program_counter() == *pc {
                same_values(registers, &registers_of(&*stopped)?).map_err(wrap)?;
            }
            let mut single = fixture.at(label, &[int(*argument)])?;
            let first = Trace::new();
            let notes = first.clone();
            single.hook_instruction(*pc, move |emulator, _| {
                notes.push(registers_of(emulator)?);
                Ok(Flow::Continue)
            })?;
            fixture.finish(&mut *single)?;
            let all: Vec<_> = seen.iter().filter(|(at, _)| at == pc).map(|(_, values)| values).collect();
            equal!(first.len(), all.len(), "{label}({argument}): calls at {pc:#x}");
            for (found, expected) in first.all().iter().zip(all) {
                same_values(found, expected).map_err(wrap)?;
            }
        }
    }
    Ok(())
}

fn stops_anywhere(fixture: &mut Fixture) -> Result<(), Failure> {
    for (label, argument) in super::execution::CALLS {
        let mut plain = fixture.at(label, &[int(*argument)])?;
        fixture.finish(&mut *plain)?;
        for pc in fixture.path(label, &[int(*argument)])? {
            let wrap = |it: Failure| Failure::new(format!("{label}({argument}), stop at {pc:#x}: {it}"));
            let mut emulator = fixture.at(label, &[int(*argument)])?;
            let handle = emulator.hook_instruction(pc, |_, _| Ok(Flow::Stop))?;
            matching!(emulator.run()?, Stop::Requested(_), "{label}({argument}): stop at {pc:#x}");
            emulator.unhook(handle)?;
            fixture.finish(&mut *emulator).map_err(wrap)?;
            same_registers(&*emulator, &*plain).map_err(wrap)?;
        }
    }
    Ok(())
}

fn long_block(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { code_spare: spare, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    // As many as the result can count.
    let additions = if fixture.fit(3000) == 3000 { 3000 } else { 200 };
    let code = fixture.long_straight(additions.into())?;
    map(&mut *emulator, spare, spare + code.len() as u64)?;
    emulator.write_code(spare, &code)?;
    emulator.set_program_counter(fixture.code_pointer(spare)?)?;
    let trace = trace_of(&mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, additions, "result");
    let trace = trace.all();
    equal!(trace.len() as u64, u64::from(additions) + 1 + fixture.number("straight_ret_count")?, "calls");
    ensure!(trace.windows(2).all(|pair| pair[0] < pair[1]), "addresses do not go up");
    Ok(())
}

fn one_block(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("straight", &[])?;
    let blocks = blocks_of(&mut *emulator)?;
    let (start, end) = (fixture.address("straight")?, fixture.end("straight")?);
    for _ in 0..2 {
        fixture.call(&mut *emulator, "straight", &[])?;
        equal!(blocks.take(), [(start, end - start)], "blocks");
    }
    Ok(())
}

fn loop_blocks(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("count_loop", &[int(4)])?;
    let blocks = blocks_of(&mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, 4, "result");
    let blocks = blocks.all();
    let (start, head) = (fixture.address("count_loop")?, fixture.address("count_loop_head")?);
    let entries: Vec<u64> = blocks.iter().map(|(address, _)| *address).collect();
    equal!(entries.len(), 5, "number of blocks in {blocks:x?}");
    equal!(entries[..4], [start, head, head, head], "entries");
    let after = entries[4];
    equal!(blocks[0].1, after - start, "size of the first block");
    for block in &blocks[1..4] {
        equal!(block.1, after - head, "size of the loop");
    }
    equal!(blocks[4].1, fixture.end("count_loop")? - after, "size of the last block");
    Ok(())
}

fn call_blocks(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("caller", &[int(20)])?;
    let blocks = blocks_of(&mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, 41, "result");
    let (caller, callee) = (fixture.address("caller")?, fixture.address("callee")?);
    let back = fixture.address("caller_back")?;
    equal!(
        blocks.all(),
        [
            (caller, back - caller),
            (callee, fixture.end("callee")? - callee),
            (back, fixture.end("caller")? - back)
        ],
        "blocks"
    );
    Ok(())
}

fn conditional_blocks(fixture: &mut Fixture) -> Result<(), Failure> {
    let start = fixture.address("conditional")?;
    let branch = fixture.address("conditional_branch")?;
    let slot = usize::from(fixture.definition().delay_slots);
    let mut ends = Vec::new();
    for argument in [0, 5] {
        let path = fixture.path("conditional", &[int(argument)])?;
        let index = path.iter().position(|pc| *pc == branch).unwrap_or(0);
        let next = path[index + slot + 1];
        let mut emulator = fixture.at("conditional", &[int(argument)])?;
        let blocks = blocks_of(&mut *emulator)?;
        fixture.finish(&mut *emulator)?;
        let blocks = blocks.all();
        equal!(blocks[0].0, start, "first block, argument {argument}");
        equal!(blocks[1].0, next, "second block, argument {argument}");
        equal!(blocks.len(), 2, "number of blocks in {blocks:x?}");
        ends.push(blocks[0].0 + blocks[0].1);
        if argument != 0 {
            equal!(ends[1], next, "end of the first block");
        }
    }
    equal!(ends[0], ends[1], "end of the first block, taken");
    Ok(())
}

fn system_call_blocks(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("system_call", &[int(42)])?;
    let blocks = blocks_of(&mut *emulator)?;
    emulator.hook_syscalls(|_, _| Ok(Flow::Continue))?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    let blocks = blocks.all();
    let start = fixture.address("system_call")?;
    equal!(blocks.len(), 2, "number of blocks in {blocks:x?}");
    equal!(blocks[0].0, start, "first block");
    equal!(blocks[0].0 + blocks[0].1, blocks[1].0, "end of the first block");
    ensure!(blocks[1].0 > fixture.address("system_call_insn")?, "the second block is before the call");
    equal!(blocks[1].0 + blocks[1].1, fixture.end("system_call")?, "end of the second block");
    Ok(())
}

fn long_is_one(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { code_spare: spare, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    // As many as the result can count.
    let additions = if fixture.fit(3000) == 3000 { 3000 } else { 200 };
    let code = fixture.long_straight(additions.into())?;
    let size = code.len() as u64;
    map(&mut *emulator, spare + 0x100, spare + 0x100 + size)?;
    emulator.write_code(spare + 0x100, &code)?;
    let blocks = blocks_of(&mut *emulator)?;
    for _ in 0..2 {
        fixture.prepare(&mut *emulator, "straight", &[])?;
        emulator.set_program_counter(fixture.code_pointer(spare + 0x100)?)?;
        equal!(fixture.finish(&mut *emulator)?, additions, "result");
        equal!(blocks.take(), [(spare + 0x100, size)], "blocks");
    }
    Ok(())
}

fn continuation(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("straight", &[])?;
    let blocks = blocks_of(&mut *emulator)?;
    let fourth = fixture.address("straight_4")?;
    emulator.add_exit_point(fourth);
    equal!(emulator.run()?, Stop::ExitPoint(fourth), "stop");
    emulator.remove_exit_point(fourth);
    equal!(fixture.finish(&mut *emulator)?, 8, "result");
    let entries: Vec<u64> = blocks.take().iter().map(|(address, _)| *address).collect();
    equal!(entries, [fixture.address("straight")?], "entries");
    // Jumped to, it is one.
    emulator.set_program_counter(fixture.code_pointer(fourth)?)?;
    emulator.add_exit_point(fixture.address("straight_6")?);
    emulator.run()?;
    let entries: Vec<u64> = blocks.take().iter().map(|(address, _)| *address).collect();
    equal!(entries, [fourth], "entries after a jump by hand");
    Ok(())
}

fn not_split(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, spare, .. } = fixture.layout;
    use terrella_emulator_api::ReadFlow;
    let mut emulator = fixture.at("straight", &[])?;
    let blocks = blocks_of(&mut *emulator)?;
    emulator.hook_instruction(fixture.address("straight_4")?, move |emulator, _| {
        emulator.map_memory_with(
            (spare..spare + 4).into(),
            terrella_emulator_api::Permissions::ALL,
            terrella_emulator_api::Overlap::Keep,
        )?;
        Ok(Flow::Continue)
    })?;
    fixture.finish(&mut *emulator)?;
    let (start, end) = (fixture.address("straight")?, fixture.end("straight")?);
    equal!(blocks.take(), [(start, end - start)], "blocks with an instruction hook that maps");
    emulator.hook_memory_reads(|_, _, _| Ok(ReadFlow::Continue))?;
    emulator.hook_memory_writes(|_, _, _| Ok(Flow::Continue))?;
    let start = fixture.address("add_memory")?;
    fixture.prepare(&mut *emulator, "add_memory", &[ptr(data_at)])?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(blocks.take(), [(start, fixture.end("add_memory")? - start)], "blocks with hooks of accesses");
    Ok(())
}
