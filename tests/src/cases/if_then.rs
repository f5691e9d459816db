//! Blocks of instructions that are executed or passed over by a condition:
//! each of them is an instruction of its own, and runs end inside as elsewhere.

use terrella_emulator_api::{Access, EmulatorExt, Fault, Flow, Limits, MemoryCause, Step, Stop};

use crate::{
    Case, Failure, Fixture, Layout, blocks_of, ensure, equal, fault_of,
    fixture::{counted, map, same_registers},
    int, matching, ptr,
};

const BLOCK: &[&str] = &["if_then"];
const LOAD: &[&str] = &["if_then_load"];

pub(super) const CASES: &[Case] = &[
    Case::new("4.1", "conditional blocks do what they should", computes).labels(&[
        "if_then",
        "if_then_load",
        "if_then_return",
    ]),
    Case::new("4.2", "steps go through a conditional block one by one", steps).labels(&[
        "if_then",
        "if_then_load",
        "if_then_return",
    ]),
    Case::new("4.2", "a conditional block is part of its basic block", basic_blocks)
        .labels(&["if_then", "if_then_return"]),
    Case::new("4.3", "exit points stop inside a conditional block", exits).labels(BLOCK),
    Case::new("4.3", "exit-after points stop inside a conditional block", exit_afters).labels(BLOCK),
    Case::new("4.4", "bounds end inside a conditional block", bounds).labels(BLOCK),
    Case::new("4.5", "a fault inside a conditional block is repaired", faults).labels(LOAD),
    Case::new("4.6", "instructions that are passed over count, and hooks see them", all_seen).labels(BLOCK),
    Case::new("4.6", "limits end inside a conditional block", limits).labels(&[
        "if_then",
        "if_then_load",
        "if_then_return",
    ]),
    Case::new("5.1", "a hook stops inside a conditional block, and the run goes on", stops).labels(BLOCK),
    Case::new("5.2", "a hook inside a conditional block goes elsewhere", goes_elsewhere).labels(BLOCK),
    Case::new("5.2", "who leaves a conditional block leaves its conditions", left).labels(BLOCK),
    Case::new("6.4", "a read hook inside a conditional block", reads).labels(LOAD),
    Case::new("7.1", "a snapshot inside a conditional block", snapshots).labels(BLOCK),
    Case::new("7.2", "a state from inside a conditional block goes on", transfers).labels(BLOCK),
];

/// Both ways through the block, with the results.
const WAYS: [(u64, u32); 2] = [(0, 111), (9, 122)];

/// The instructions of the block and the one behind it.
fn inside(fixture: &Fixture) -> Result<Vec<u64>, Failure> {
    ["if_then_1", "if_then_2", "if_then_3", "if_then_4", "if_then_after"]
        .iter()
        .map(|label| fixture.address(label))
        .collect()
}

fn computes(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    emulator.write_integer(data_at, 30, 4)?;
    for (argument, result) in WAYS {
        equal!(fixture.call(&mut *emulator, "if_then", &[int(argument)])?, result, "if_then({argument})");
    }
    equal!(fixture.call(&mut *emulator, "if_then_load", &[ptr(data_at), int(0)])?, 7, "passed over");
    equal!(fixture.call(&mut *emulator, "if_then_load", &[ptr(data_at), int(3)])?, 34, "loaded");
    equal!(fixture.call(&mut *emulator, "if_then_return", &[int(0)])?, 5, "returned");
    equal!(fixture.call(&mut *emulator, "if_then_return", &[int(1)])?, 6, "not returned");
    Ok(())
}

fn all_seen(fixture: &mut Fixture) -> Result<(), Failure> {
    for (argument, result) in WAYS {
        let path = fixture.path("if_then", &[int(argument)])?;
        let begin = fixture.address("if_then_begin")?;
        let expected: Vec<u64> = [begin].into_iter().chain(inside(fixture)?).collect();
        equal!(path[1..7], expected[..], "instructions that the hook sees");
        let mut emulator = fixture.at("if_then", &[int(argument)])?;
        equal!(counted(&mut *emulator)?, path.len() as u64, "instructions");
        equal!(fixture.result(&*emulator)?, result, "result");
        // A hook on one of them, in code that has run.
        for address in inside(fixture)? {
            fixture.prepare(&mut *emulator, "if_then", &[int(argument)])?;
            let seen = crate::Trace::new();
            let trace = seen.clone();
            let handle = emulator.hook_instruction(address, move |_, pc| {
                trace.push(pc);
                Ok(Flow::Continue)
            })?;
            equal!(fixture.finish(&mut *emulator)?, result, "result with a hook at {address:#x}");
            equal!(seen.all(), [address], "calls of the hook");
            emulator.unhook(handle)?;
        }
        fixture.prepare(&mut *emulator, "if_then", &[int(argument)])?;
        equal!(fixture.finish(&mut *emulator)?, result, "result without hooks again");
    }
    Ok(())
}

/// The calls that go through blocks.
fn calls(fixture: &Fixture) -> [(&'static str, [u64; 2]); 6] {
    let Layout { data_at, .. } = fixture.layout;
    [
        ("if_then", [0, 0]),
        ("if_then", [9, 0]),
        ("if_then_load", [data_at, 0]),
        ("if_then_load", [data_at, 3]),
        ("if_then_return", [0, 0]),
        ("if_then_return", [1, 0]),
    ]
}

fn steps(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    for (label, arguments) in calls(fixture) {
        let arguments = arguments.map(int);
        let path = fixture.path(label, &arguments)?;
        let mut whole = fixture.at(label, &arguments)?;
        fixture.finish(&mut *whole)?;
        let mut emulator = fixture.at(label, &arguments)?;
        for pc in path {
            equal!(emulator.program_counter(), pc, "{label}: program counter");
            let step = emulator.step()?;
            ensure!(
                matches!(step, Step::Done) || step == Step::Stopped(Stop::ExitPoint(return_at)),
                "{label}: {step:?}"
            );
            equal!(emulator.instructions_executed(), Some(1), "{label}: instructions of a step");
        }
        equal!(emulator.program_counter(), return_at, "{label}: program counter at the end");
        same_registers(&*emulator, &*whole)?;
    }
    Ok(())
}

fn basic_blocks(fixture: &mut Fixture) -> Result<(), Failure> {
    let entry = fixture.address("if_then")?;
    let size = fixture.end("if_then")? - entry;
    for (argument, result) in WAYS {
        for traced in [false, true] {
            let mut emulator = fixture.at("if_then", &[int(argument)])?;
            let blocks = blocks_of(&mut *emulator)?;
            if traced {
                crate::trace_of(&mut *emulator)?;
            }
            equal!(fixture.finish(&mut *emulator)?, result, "result");
            equal!(blocks.all(), [(entry, size)], "blocks");
        }
    }
    let entry = fixture.address("if_then_return")?;
    let after = fixture.address("if_then_return_after")?;
    for traced in [false, true] {
        let mut emulator = fixture.at("if_then_return", &[int(1)])?;
        let blocks = blocks_of(&mut *emulator)?;
        if traced {
            crate::trace_of(&mut *emulator)?;
        }
        equal!(fixture.finish(&mut *emulator)?, 6, "result");
        let starts: Vec<u64> = blocks.all().iter().map(|(start, _)| *start).collect();
        equal!(starts, [entry, after], "a branch that is passed over ends its block");
    }
    Ok(())
}

fn exits(fixture: &mut Fixture) -> Result<(), Failure> {
    for (argument, result) in WAYS {
        for warm in [false, true] {
            for address in inside(fixture)? {
                let mut emulator = fixture.loaded()?;
                if warm {
                    fixture.call(&mut *emulator, "if_then", &[int(argument)])?;
                }
                fixture.prepare(&mut *emulator, "if_then", &[int(argument)])?;
                emulator.add_exit_point(address);
                equal!(emulator.run()?, Stop::ExitPoint(address), "stop");
                equal!(emulator.program_counter(), address, "program counter");
                equal!(emulator.run()?, Stop::ExitPoint(address), "stop again");
                emulator.remove_exit_point(address);
                equal!(fixture.finish(&mut *emulator)?, result, "result after {address:#x}");
            }
        }
    }
    Ok(())
}

fn exit_afters(fixture: &mut Fixture) -> Result<(), Failure> {
    for (argument, result) in WAYS {
        let points: Vec<u64> =
            [fixture.address("if_then_begin")?].into_iter().chain(inside(fixture)?).collect();
        for pair in points.windows(2) {
            let (point, pc) = (pair[0], pair[1]);
            let mut emulator = fixture.at("if_then", &[int(argument)])?;
            emulator.add_exit_after_point(point);
            equal!(emulator.run()?, Stop::ExitAfter { point, pc }, "stop");
            equal!(fixture.finish(&mut *emulator)?, result, "result after {point:#x}");
        }
    }
    Ok(())
}

fn bounds(fixture: &mut Fixture) -> Result<(), Failure> {
    let entry = fixture.address("if_then")?;
    for (argument, result) in WAYS {
        for address in inside(fixture)? {
            let mut emulator = fixture.at("if_then", &[int(argument)])?;
            emulator.add_bound((entry..address).into());
            equal!(emulator.run()?, Stop::OutOfBounds(address), "stop");
            emulator.add_bound((address..fixture.end("if_then")?).into());
            equal!(fixture.finish(&mut *emulator)?, result, "result after {address:#x}");
        }
    }
    Ok(())
}

fn faults(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let insn = fixture.address("if_then_load_insn")?;
    for traced in [false, true] {
        let mut emulator = fixture.at("if_then_load", &[ptr(spare), int(3)])?;
        if traced {
            crate::trace_of(&mut *emulator)?;
        }
        let fault = fault_of(emulator.run())?;
        let expected = Fault::Memory {
            access: Access::Read,
            cause: MemoryCause::Unmapped,
            address: spare,
            size: 4,
            pc: insn,
        };
        equal!(fault, expected, "fault");
        map(&mut *emulator, spare, spare + 4)?;
        emulator.write_integer(spare, 30, 4)?;
        equal!(fixture.finish(&mut *emulator)?, 34, "result after the repair");
    }
    Ok(())
}

fn limits(fixture: &mut Fixture) -> Result<(), Failure> {
    for (label, arguments) in calls(fixture) {
        let arguments = arguments.map(int);
        let path = fixture.path(label, &arguments)?;
        let mut whole = fixture.at(label, &arguments)?;
        fixture.finish(&mut *whole)?;
        for limit in 1..path.len() {
            let mut emulator = fixture.at(label, &arguments)?;
            let stop = emulator.run_with(&Limits::instructions(limit as u64))?;
            equal!(stop, Stop::InstructionLimit(path[limit]), "{label}: stop");
            equal!(counted(&mut *emulator)?, (path.len() - limit) as u64, "{label}: the rest");
            same_registers(&*emulator, &*whole)?;
        }
    }
    Ok(())
}

fn stops(fixture: &mut Fixture) -> Result<(), Failure> {
    for (argument, result) in WAYS {
        for address in inside(fixture)? {
            for all in [false, true] {
                let mut emulator = fixture.at("if_then", &[int(argument)])?;
                let stop = move |pc| Ok(if pc == address { Flow::Stop } else { Flow::Continue });
                if all {
                    emulator.hook_instructions(move |_, pc| stop(pc))?;
                } else {
                    emulator.hook_instruction(address, move |_, pc| stop(pc))?;
                }
                equal!(emulator.run()?, Stop::Requested(address), "stop");
                equal!(fixture.finish(&mut *emulator)?, result, "result after {address:#x}");
            }
        }
    }
    Ok(())
}

fn goes_elsewhere(fixture: &mut Fixture) -> Result<(), Failure> {
    let target = fixture.number("straight")?;
    for (argument, _) in WAYS {
        for address in inside(fixture)? {
            let mut emulator = fixture.at("if_then", &[int(argument)])?;
            emulator.hook_instruction(address, move |emulator, _| {
                emulator.set_program_counter(target)?;
                Ok(Flow::Continue)
            })?;
            if target & 1 == 1 {
                equal!(fixture.finish(&mut *emulator)?, 8, "result from {address:#x}");
            }
        }
    }
    Ok(())
}

fn left(fixture: &mut Fixture) -> Result<(), Failure> {
    for (argument, result) in WAYS {
        for address in inside(fixture)? {
            let mut emulator = fixture.at("if_then", &[int(argument)])?;
            emulator.add_exit_point(address);
            equal!(emulator.run()?, Stop::ExitPoint(address), "stop");
            emulator.remove_exit_point(address);
            let other = fixture.call(&mut *emulator, "if_then", &[int(9 - argument)])?;
            ensure!(other != result, "the other way gives {other}");
        }
    }
    Ok(())
}

fn reads(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    for traced in [false, true] {
        let mut emulator = fixture.at("if_then_load", &[ptr(data_at), int(3)])?;
        if traced {
            crate::trace_of(&mut *emulator)?;
        }
        let insn = fixture.address("if_then_load_insn")?;
        let mut calls = 0;
        emulator.hook_memory_reads(move |_, _, _| {
            calls += 1;
            Ok(if calls == 1 { terrella_emulator_api::ReadFlow::Stop } else { Default::default() })
        })?;
        emulator.write_integer(data_at, 30, 4)?;
        equal!(emulator.run()?, Stop::Requested(insn), "stop");
        equal!(fixture.finish(&mut *emulator)?, 34, "result");
        let mut plain = fixture.at("if_then_load", &[ptr(data_at), int(3)])?;
        plain.write_integer(data_at, 30, 4)?;
        fixture.finish(&mut *plain)?;
        same_registers(&*emulator, &*plain)?;
        // The conditions are over when the block is.
        fixture.prepare(&mut *emulator, "if_then_load", &[ptr(data_at), int(3)])?;
        emulator.add_exit_point(fixture.address("if_then_load_after")?);
        matching!(emulator.run()?, Stop::ExitPoint(_), "stop");
        let mut stepped = fixture.at("if_then_load", &[ptr(data_at), int(3)])?;
        stepped.write_integer(data_at, 30, 4)?;
        for _ in 0..5 {
            stepped.step()?;
        }
        same_registers(&*emulator, &*stepped)?;
    }
    Ok(())
}

fn snapshots(fixture: &mut Fixture) -> Result<(), Failure> {
    for (argument, result) in WAYS {
        for address in inside(fixture)? {
            let mut emulator = fixture.at("if_then", &[int(argument)])?;
            emulator.add_exit_point(address);
            equal!(emulator.run()?, Stop::ExitPoint(address), "stop");
            emulator.remove_exit_point(address);
            let snapshot = emulator.snapshot()?;
            equal!(fixture.finish(&mut *emulator)?, result, "result");
            for _ in 0..2 {
                emulator.restore(&snapshot)?;
                equal!(emulator.program_counter(), address, "program counter");
                equal!(fixture.finish(&mut *emulator)?, result, "result of the snapshot at {address:#x}");
            }
        }
    }
    Ok(())
}

fn transfers(fixture: &mut Fixture) -> Result<(), Failure> {
    for (argument, _) in WAYS {
        super::transfer::transfers(fixture, "if_then", &[int(argument)])?;
    }
    Ok(())
}
