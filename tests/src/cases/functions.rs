//! Section 6.3: function hooks.

use std::{cell::Cell, rc::Rc};

use terrella_emulator_api::{Capability, Emulator, EmulatorExt, Error, Flow, Step, Stop};
use terrella_platforms::{PlatformDefinition, ReturnBy};

use crate::{Case, Failure, Fixture, Layout, ensure, equal, int, matching, trace_of};

pub(super) const CASES: &[Case] = &[
    Case::new("6.3", "a callback takes the place of a function", replaces)
        .needs(Capability::FunctionHooks)
        .labels(&["caller", "callee"]),
    Case::new("6.3", "nothing of the function executes", nothing_executes)
        .needs(Capability::FunctionHooks)
        .labels(&["caller", "callee"]),
    Case::new("6.3", "the function that is run first can be hooked", first_function)
        .needs(Capability::FunctionHooks)
        .labels(&["callee", "straight"]),
    Case::new("6.3", "a return restores the stack pointer", stack_pointer)
        .needs(Capability::FunctionHooks)
        .labels(&["callee"]),
    Case::new("6.3", "the callee takes its arguments off the stack", callee_pops)
        .needs(Capability::FunctionHooks)
        .labels(&["callee"])
        .when(returns_by_stack),
    Case::new("6.3", "a stop in a function comes after its return", stop_in_function)
        .needs(Capability::FunctionHooks)
        .labels(&["caller", "callee"]),
    Case::new("6.3", "a step over a hooked function is one instruction", step_over)
        .needs(Capability::FunctionHooks)
        .labels(&["caller", "callee"]),
    Case::new("6.3", "without its hook the function is back", back_again)
        .needs(Capability::FunctionHooks)
        .labels(&["caller", "callee"]),
    Case::new("6.3", "a hook at an unmapped address is an error", unmapped).needs(Capability::FunctionHooks),
];

fn returns_by_stack(definition: &PlatformDefinition) -> bool {
    matches!(definition.default_convention().return_by, ReturnBy::Stack { .. })
}

/// The first integer argument of the function at whose entry the emulator is.
fn argument(emulator: &dyn Emulator) -> Result<u64, Error> {
    let definition = emulator.definition();
    let convention = definition.default_convention();
    let by_size = convention.by_size.and_then(|by_size| by_size.argument(&[convention.slot_bytes]));
    match by_size.unwrap_or(convention.integer_arguments).first() {
        Some(register) => emulator.read_register(*register),
        None => {
            let sp = emulator.read_register(definition.stack_pointer)?;
            let address = sp + u64::from(convention.stack_arguments);
            Ok(emulator.read_integer(address, convention.slot_bytes.into())? as u64)
        }
    }
}

/// Makes the callee give ten times its argument.
fn hook_callee(fixture: &Fixture, emulator: &mut dyn Emulator) -> Result<Rc<Cell<u32>>, Failure> {
    let calls = Rc::new(Cell::new(0));
    let counter = Rc::clone(&calls);
    let result = fixture.result_register();
    let callee = fixture.address("callee")?;
    emulator.hook_function(callee, move |emulator, address| {
        equal!(address, callee, "address");
        equal!(emulator.program_counter(), callee, "program counter");
        counter.set(counter.get() + 1);
        let value = argument(emulator)? & 0xffff;
        emulator.write_register(result, 10 * value)?;
        Ok(Flow::Continue)
    })?;
    Ok(calls)
}

fn replaces(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    equal!(fixture.call(&mut *emulator, "caller", &[int(20)])?, 41, "result without the hook");
    let calls = hook_callee(fixture, &mut *emulator)?;
    for (round, value) in [20, 22, 24].into_iter().enumerate() {
        equal!(fixture.call(&mut *emulator, "caller", &[int(value)])?, 10 * value as u32 + 1, "result");
        equal!(calls.get(), round as u32 + 1, "calls");
    }
    Ok(())
}

fn nothing_executes(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("caller", &[int(20)])?;
    hook_callee(fixture, &mut *emulator)?;
    let trace = trace_of(&mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, 201, "result");
    let (start, end) = (fixture.address("callee")?, fixture.end("callee")?);
    // Whether instruction hooks see the place of the hook is left open.
    let inside: Vec<u64> = trace.all().into_iter().filter(|pc| start < *pc && *pc < end).collect();
    equal!(inside, [0_u64; 0], "instructions of the callee");
    ensure!(trace.all().contains(&fixture.address("caller_back")?), "no return");
    Ok(())
}

fn first_function(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("callee", &[int(5)])?;
    let calls = hook_callee(fixture, &mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, 50, "result");
    equal!(calls.get(), 1, "calls");
    equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "result of another function");
    equal!(fixture.call(&mut *emulator, "callee", &[int(6)])?, 60, "result of a second call");
    Ok(())
}

fn entry_stack_pointer(fixture: &Fixture, emulator: &dyn Emulator) -> Result<u64, Failure> {
    let Layout { stack_top, .. } = fixture.layout;
    let sp = emulator.read_register(fixture.definition().stack_pointer)?;
    ensure!(sp < stack_top, "the stack pointer is {sp:#x}");
    Ok(sp)
}

fn returned_stack_pointer(fixture: &Fixture, pops: u64) -> Result<(u64, u64), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("callee", &[int(5)])?;
    let before = entry_stack_pointer(fixture, &*emulator)?;
    let callee = fixture.address("callee")?;
    emulator.function_hookable()?.add_function_hook(callee, pops, Box::new(|_, _| Ok(Flow::Continue)))?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    Ok((before, entry_stack_pointer(fixture, &*emulator)?))
}

fn stack_pointer(fixture: &mut Fixture) -> Result<(), Failure> {
    let (before, after) = returned_stack_pointer(fixture, 0)?;
    let expected = match fixture.convention().return_by {
        ReturnBy::Stack { bytes }
        | ReturnBy::EmptyStack { bytes, .. }
        | ReturnBy::WordOnEmptyStack { bytes } => before + u64::from(bytes),
        ReturnBy::RisingStack { bytes } => before - u64::from(bytes),
        ReturnBy::Link { .. } => before,
    };
    equal!(after, expected, "stack pointer after the return");
    Ok(())
}

fn callee_pops(fixture: &mut Fixture) -> Result<(), Failure> {
    let ReturnBy::Stack { bytes } = fixture.convention().return_by else { return Ok(()) };
    let (before, after) = returned_stack_pointer(fixture, 12)?;
    equal!(after, before + u64::from(bytes) + 12, "stack pointer after the return");
    Ok(())
}

fn stop_in_function(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("caller", &[int(20)])?;
    let calls = Rc::new(Cell::new(0));
    let counter = Rc::clone(&calls);
    let result = fixture.result_register();
    emulator.hook_function(fixture.address("callee")?, move |emulator, _| {
        counter.set(counter.get() + 1);
        emulator.write_register(result, 70_u64)?;
        Ok(Flow::Stop)
    })?;
    let back = fixture.address("caller_back")?;
    equal!(emulator.run()?, Stop::Requested(back), "stop");
    equal!(fixture.finish(&mut *emulator)?, 71, "result");
    equal!(calls.get(), 1, "calls");
    Ok(())
}

fn step_over(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("caller", &[int(20)])?;
    let calls = hook_callee(fixture, &mut *emulator)?;
    let callee = fixture.address("callee")?;
    let mut steps = 0;
    while emulator.program_counter() != callee {
        equal!(emulator.step()?, Step::Done, "step");
        steps += 1;
        ensure!(steps < 50, "the callee is not reached");
    }
    equal!(calls.get(), 0, "calls before the step");
    equal!(emulator.step()?, Step::Done, "step over the function");
    equal!(calls.get(), 1, "calls after the step");
    equal!(emulator.program_counter(), fixture.address("caller_back")?, "program counter");
    equal!(fixture.finish(&mut *emulator)?, 201, "result");
    Ok(())
}

fn back_again(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let callee = fixture.address("callee")?;
    for _ in 0..2 {
        hook_callee(fixture, &mut *emulator)?;
        equal!(fixture.call(&mut *emulator, "caller", &[int(20)])?, 201, "result with the hook");
        emulator.unhook_function(callee)?;
        equal!(fixture.call(&mut *emulator, "caller", &[int(20)])?, 41, "result without the hook");
    }
    Ok(())
}

fn unmapped(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    matching!(
        emulator.hook_function(spare, |_, _| Ok(Flow::Continue)),
        Err(Error::FunctionHookUnmapped { address }) if address == spare,
        "a hook of nothing"
    );
    matching!(emulator.unhook_function(spare), Err(Error::NoSuchHook { .. }), "the hook after the error");
    Ok(())
}
