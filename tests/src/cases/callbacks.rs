//! Section 5: what callbacks can do (5.1, 5.2).

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use terrella_emulator_api::{
    Capability, Emulator, EmulatorExt, Error, Fault, Flow, HookError, HookFamily, HookHandle, InterruptFlow,
    Limits, Permissions, ReadFlow, Stop,
};

use crate::{Argument, Case, Failure, Fixture, Layout, Trace, ensure, equal, fault_of, int, matching, ptr};

pub(super) const CASES: &[Case] = &[
    Case::new("5.1", "an error of a callback reaches the caller unchanged", errors)
        .labels(&["straight", "load", "store", "caller"]),
    Case::new("5.1", "the contract's own errors stay what they are", own_errors)
        .needs(Capability::InstructionHooks)
        .labels(&["straight"]),
    Case::new("5.1", "a callback ends the run gracefully", stops)
        .labels(&["straight", "load", "store", "caller"]),
    Case::new("5.1", "a callback ends the run by request_stop", requests)
        .labels(&["straight", "load", "store", "caller"]),
    Case::new("5.1", "a run that goes on from a stop does not stop there again", goes_on_from_stop)
        .needs(Capability::InstructionHooks)
        .labels(&["straight", "count_loop"]),
    Case::new("5.2", "the program counter is that of the event", pc_of_event)
        .labels(&["straight", "load", "store", "caller"]),
    Case::new("5.2", "registers can be read and written", registers)
        .needs(Capability::InstructionHooks)
        .labels(&["straight"]),
    Case::new("5.2", "registers written at an access are the guest's", registers_at_access)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["store", "straight"]),
    Case::new("5.2", "memory can be read and written", memory)
        .needs(Capability::InstructionHooks)
        .labels(&["load"]),
    Case::new("5.2", "the program counter can be set", pc_set)
        .labels(&["straight", "load", "store", "caller", "patch_me"]),
    Case::new("5.2", "memory that is mapped is there at the next instruction", maps)
        .needs(Capability::InstructionHooks)
        .labels(&["load", "straight"]),
    Case::new("5.2", "memory that is unmapped or protected is gone at the next instruction", unmaps)
        .needs(Capability::InstructionHooks)
        .labels(&["straight", "add_memory"]),
    Case::new("5.2", "a hook that is added fires from the next instruction on", adds_hooks)
        .needs(Capability::InstructionHooks)
        .labels(&["straight"]),
    Case::new("5.2", "a hook can remove itself and others", removes_hooks)
        .needs(Capability::InstructionHooks)
        .labels(&["straight", "count_loop"]),
    Case::new("5.2", "hooks of accesses can be added and removed", access_hooks_change)
        .needs(Capability::MemoryReadHooks)
        .labels(&["straight", "add_memory"]),
    Case::new("5.2", "exit points and bounds can be changed", exits_change)
        .needs(Capability::InstructionHooks)
        .labels(&["straight"]),
    Case::new("5.2", "a snapshot can be taken", takes_snapshot)
        .needs(Capability::Snapshots)
        .labels(&["straight", "store"]),
    Case::new("5.2", "a snapshot can be restored", restores_snapshot)
        .needs(Capability::Snapshots)
        .labels(&["straight", "add_memory"]),
    Case::new("5.2", "a snapshot can be restored at an access", restores_at_access)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["add_memory"]),
    Case::new("5.2", "starting execution is an error", recursion)
        .labels(&["straight", "load", "store", "caller"]),
];

/// One event of each family: what is called, and where the event is.
pub(super) struct Site {
    pub(super) family: HookFamily,
    pub(super) label: &'static str,
    pub(super) arguments: Vec<Argument>,
    pub(super) pc: u64,
}

pub(super) fn sites(fixture: &Fixture, emulator: &dyn Emulator) -> Result<Vec<Site>, Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let all = [
        (HookFamily::Instruction, Capability::InstructionHooks, "straight", vec![], "straight_3"),
        (HookFamily::Block, Capability::BlockHooks, "straight", vec![], "straight"),
        (HookFamily::Function, Capability::FunctionHooks, "caller", vec![int(20)], "callee"),
        (HookFamily::MemoryRead, Capability::MemoryReadHooks, "load", vec![ptr(data_at)], "load_insn"),
        (
            HookFamily::MemoryWrite,
            Capability::MemoryWriteHooks,
            "store",
            vec![ptr(data_at), int(5)],
            "store_insn",
        ),
        (HookFamily::Syscall, Capability::SyscallHooks, "system_call", vec![int(42)], "system_call_insn"),
        (HookFamily::Interrupt, Capability::InterruptHooks, "breakpoint", vec![], "breakpoint_insn"),
    ];
    let mut sites = Vec::new();
    for (family, capability, label, arguments, place) in all {
        if emulator.capabilities().has(capability) && fixture.has(label) {
            sites.push(Site { family, label, arguments, pc: fixture.address(place)? });
        }
    }
    Ok(sites)
}

/// Hooks the event of a site. What the body returns is whether to stop.
pub(super) fn hook_site(
    emulator: &mut dyn Emulator,
    site: &Site,
    mut body: impl FnMut(&mut dyn Emulator) -> Result<bool, HookError> + 'static,
) -> Result<HookHandle, Failure> {
    let Layout { data_at, .. } = Layout::of(emulator.platform());
    let flow = |stop| if stop { Flow::Stop } else { Flow::Continue };
    Ok(match site.family {
        HookFamily::Instruction => emulator.hook_instruction(site.pc, move |it, _| body(it).map(flow))?,
        HookFamily::Block => emulator.hook_blocks(move |it, _, _| body(it).map(flow))?,
        HookFamily::Function => emulator.hook_function(site.pc, move |it, _| body(it).map(flow))?,
        HookFamily::MemoryRead => emulator.hook_memory_read(data_at..data_at + 4, move |it, _, _| {
            Ok(if body(it)? { ReadFlow::Stop } else { ReadFlow::Continue })
        })?,
        HookFamily::MemoryWrite => {
            emulator.hook_memory_write(data_at..data_at + 4, move |it, _, _| body(it).map(flow))?
        }
        HookFamily::Syscall => emulator.hook_syscalls(move |it, _| body(it).map(flow))?,
        HookFamily::Interrupt => emulator.hook_interrupts(move |it, _| {
            Ok(if body(it)? { InterruptFlow::Stop } else { InterruptFlow::Handled })
        })?,
    })
}

/// An error of the caller's own.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("own error {0}")]
struct Own(u32);

fn errors(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        let mut emulator = fixture.at(site.label, &site.arguments)?;
        let handle = hook_site(&mut *emulator, &site, |_| Err(Own(7).into()))?;
        match emulator.run() {
            Err(error) => equal!(error.downcast_ref::<Own>(), Some(&Own(7)), "{family}: error {error}"),
            Ok(stop) => return Err(Failure::new(format!("{family}: stopped by {stop}"))),
        }
        equal!(emulator.program_counter(), site.pc, "{family}: program counter");
        // The emulator goes on, with a hook that does not complain.
        emulator.unhook(handle)?;
        hook_site(&mut *emulator, &site, |_| Ok(false))?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "{family}: stop");
    }
    Ok(())
}

fn own_errors(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    emulator.hook_instruction(fixture.address("straight_3")?, |emulator, _| {
        emulator.read_register("no_such_register")?;
        Ok(Flow::Continue)
    })?;
    matching!(emulator.run(), Err(Error::UnknownRegister { .. }), "error of a look-up");
    let mut emulator = fixture.at("straight", &[])?;
    emulator.hook_instruction(fixture.address("straight_3")?, move |emulator, _| {
        emulator.read_bytes(spare, 1)?;
        Ok(Flow::Continue)
    })?;
    matching!(emulator.run(), Err(Error::Fault(Fault::Memory { address, .. })) if address == spare, "error of a read");
    Ok(())
}

fn stop_works(fixture: &Fixture, by_request: bool) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        let mut emulator = fixture.at(site.label, &site.arguments)?;
        emulator.write_integer(data_at, 0x11, 4)?;
        let handle = hook_site(&mut *emulator, &site, move |emulator| {
            if by_request {
                emulator.request_stop();
            }
            Ok(!by_request)
        })?;
        let stop = emulator.run()?;
        matching!(stop, Stop::Requested(_), "{family}");
        equal!(emulator.program_counter(), stop.pc(), "{family}: program counter");
        match family {
            HookFamily::Function => {
                equal!(stop.pc(), fixture.address("caller_back")?, "{family}: place of the stop");
            }
            HookFamily::Syscall | HookFamily::Interrupt => {
                ensure!(stop.pc() > site.pc, "{family}: the stop is not behind the instruction");
                ensure!(stop.pc() < fixture.end(site.label)?, "{family}: the stop is far away");
            }
            // A store may be told after it was checked; it is not done.
            _ => equal!(stop.pc(), site.pc, "{family}: place of the stop"),
        }
        if family == HookFamily::MemoryWrite {
            equal!(emulator.read_integer(data_at, 4)?, 0x11, "{family}: memory at the stop");
        }
        emulator.unhook(handle)?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "{family}: stop of going on");
        match family {
            HookFamily::Instruction | HookFamily::Block => {
                equal!(fixture.result(&*emulator)?, 8, "{family}: result");
            }
            HookFamily::MemoryRead => equal!(fixture.result(&*emulator)?, 0x11, "{family}: result"),
            HookFamily::MemoryWrite => equal!(emulator.read_integer(data_at, 4)?, 5, "{family}: memory"),
            _ => {}
        }
    }
    Ok(())
}

fn stops(fixture: &mut Fixture) -> Result<(), Failure> {
    stop_works(fixture, false)
}

fn requests(fixture: &mut Fixture) -> Result<(), Failure> {
    stop_works(fixture, true)
}

fn goes_on_from_stop(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("count_loop", &[int(3)])?;
    let head = fixture.address("count_loop_head")?;
    emulator.hook_instruction(head, |_, _| Ok(Flow::Stop))?;
    for _ in 0..3 {
        equal!(emulator.run()?, Stop::Requested(head), "stop");
    }
    equal!(fixture.finish(&mut *emulator)?, 3, "result");
    let mut emulator = fixture.at("straight", &[])?;
    emulator.hook_instructions(|_, _| Ok(Flow::Stop))?;
    equal!(emulator.run()?, Stop::Requested(fixture.address("straight")?), "first stop");
    for index in 1..=8 {
        let pc = fixture.address(&format!("straight_{index}"))?;
        equal!(emulator.run()?, Stop::Requested(pc), "stop {index}");
        equal!(fixture.result(&*emulator)?, index - 1, "additions");
    }
    Ok(())
}

fn pc_of_event(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let name = fixture.definition().program_counter;
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        let mut emulator = fixture.at(site.label, &site.arguments)?;
        let seen = Trace::new();
        let notes = seen.clone();
        hook_site(&mut *emulator, &site, move |emulator| {
            notes.push((emulator.program_counter(), emulator.read_register(name)?));
            Ok(false)
        })?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "{family}: stop");
        equal!(seen.all(), [(site.pc, site.pc)], "{family}: program counters");
    }
    Ok(())
}

fn registers(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("straight", &[])?;
    let result = fixture.result_register();
    for index in 1..=8_u64 {
        let address = fixture.address(&format!("straight_{index}"))?;
        emulator.hook_instruction(address, move |emulator, _| {
            let value = emulator.read_register(result)?;
            equal!(value & 0xffff, (index - 1) * 10, "result register in hook {index}");
            emulator.write_register(result, index * 10 - 1)?;
            Ok(Flow::Continue)
        })?;
    }
    equal!(fixture.finish(&mut *emulator)?, 80, "result");
    Ok(())
}

fn registers_at_access(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    // A register that the store does not use.
    let definition = fixture.definition();
    let name =
        fixture.convention().callee_saved.iter().find(|name| definition.general_registers.contains(name));
    let Some(name) = name.copied() else {
        return Err(Failure::not_applicable("the callee saves no register"));
    };
    let mut emulator = fixture.at("store", &[ptr(data_at), int(5)])?;
    let calls = Rc::new(Cell::new(0));
    let counter = Rc::clone(&calls);
    emulator.hook_memory_write(data_at..data_at + 4, move |emulator, _, _| {
        counter.set(counter.get() + 1);
        emulator.write_register(name, 0x770_u64)?;
        Ok(Flow::Continue)
    })?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.read_register(name)?, 0x770, "{name}");
    equal!(emulator.read_integer(data_at, 4)?, 5, "memory");
    equal!(calls.get(), 1, "calls");
    Ok(())
}

fn memory(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.at("load", &[ptr(data_at)])?;
    emulator.write_integer(data_at, 1, 4)?;
    emulator.hook_instruction(fixture.address("load_insn")?, move |emulator, _| {
        equal!(emulator.read_integer(data_at, 4)?, 1, "memory in the hook");
        emulator.write_integer(data_at, 2, 4)?;
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 2, "loaded");
    Ok(())
}

fn pc_set(fixture: &mut Fixture) -> Result<(), Failure> {
    let elsewhere = fixture.code_pointer(fixture.address("patch_me")?)?;
    let there = fixture.address("patch_me")?;
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        let mut emulator = fixture.at(site.label, &site.arguments)?;
        if family == HookFamily::Function {
            // `patch_me` is called in place of the callee.
            hook_site(&mut *emulator, &site, move |emulator| {
                emulator.set_program_counter(elsewhere)?;
                Ok(false)
            })?;
            equal!(fixture.finish(&mut *emulator)?, 2, "{family}: result");
            continue;
        }
        let count = Rc::new(Cell::new(0));
        let counter = Rc::clone(&count);
        hook_site(&mut *emulator, &site, move |emulator| {
            counter.set(counter.get() + 1);
            if counter.get() == 1 {
                emulator.set_program_counter(elsewhere)?;
                equal!(emulator.program_counter(), there, "program counter in the hook");
            }
            Ok(false)
        })?;
        equal!(fixture.finish(&mut *emulator)?, 1, "{family}: result");
        let calls = if family == HookFamily::Block { 2 } else { 1 };
        equal!(count.get(), calls, "{family}: calls");
    }
    // Inside a block, forwards and backwards.
    let mut emulator = fixture.at("straight", &[])?;
    let sixth = fixture.code_pointer(fixture.address("straight_6")?)?;
    emulator.hook_instruction(fixture.address("straight_3")?, move |emulator, _| {
        emulator.set_program_counter(sixth)?;
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 5, "result with three left out");
    let mut emulator = fixture.at("straight", &[])?;
    let second = fixture.code_pointer(fixture.address("straight_2")?)?;
    let mut first = true;
    emulator.hook_instruction(fixture.address("straight_7")?, move |emulator, _| {
        if std::mem::take(&mut first) {
            emulator.set_program_counter(second)?;
        }
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 13, "result with five repeated");
    Ok(())
}

fn maps(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.at("load", &[ptr(spare)])?;
    emulator.hook_instruction(fixture.address("load_insn")?, move |emulator, _| {
        emulator.map_memory(spare..spare + 4, Permissions::READ)?;
        emulator.write_integer(spare, 0x12, 4)?;
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 0x12, "loaded");
    // Code.
    let mut emulator = fixture.at("straight", &[])?;
    let code = fixture.long_straight(8)?;
    let place = fixture.code_pointer(spare)?;
    emulator.hook_instruction(fixture.address("straight_3")?, move |emulator, _| {
        emulator.map_memory(spare..spare + code.len() as u64, Permissions::READ_EXECUTE)?;
        emulator.write_code(spare, &code)?;
        emulator.set_program_counter(place)?;
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result of code that a hook mapped");
    Ok(())
}

fn unmaps(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.at("add_memory", &[ptr(spare)])?;
    emulator.map_memory(spare..spare + 0x1000, Permissions::ALL)?;
    let start = fixture.address("add_memory")?;
    emulator.hook_instruction(start, move |emulator, _| {
        emulator.unmap_memory((spare..spare + 0x1000).into())?;
        Ok(Flow::Continue)
    })?;
    match fault_of(emulator.run())? {
        Fault::Memory { address, .. } => equal!(address, spare, "address of the fault"),
        other => return Err(Failure::new(format!("{other:?}"))),
    }
    let mut emulator = fixture.at("straight", &[])?;
    let code = fixture.long_straight(8)?;
    emulator.map_memory(spare..spare + code.len() as u64, Permissions::ALL)?;
    emulator.write_code(spare, &code)?;
    emulator.set_program_counter(fixture.code_pointer(spare)?)?;
    let offset = fixture.address("straight_3")? - fixture.address("straight")?;
    let size = fixture.address("straight_4")? - fixture.address("straight_3")?;
    let end = spare + code.len() as u64;
    let next = spare + offset + size;
    emulator.hook_instruction(spare + offset, move |emulator, _| {
        emulator.unmap_memory((next..end).into())?;
        Ok(Flow::Continue)
    })?;
    match fault_of(emulator.run())? {
        Fault::Memory { address, pc, .. } => equal!((address, pc), (next, next), "fault of the fetch"),
        other => return Err(Failure::new(format!("{other:?}"))),
    }
    equal!(fixture.result(&*emulator)?, 3, "additions");
    Ok(())
}

fn adds_hooks(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("straight", &[])?;
    let seen: Trace<(&str, u64)> = Trace::new();
    let (notes, fifth) = (seen.clone(), fixture.address("straight_5")?);
    emulator.hook_instruction(fixture.address("straight_2")?, move |emulator, _| {
        let notes = notes.clone();
        emulator.hook_instruction(fifth, move |_, pc| {
            notes.push(("one", pc));
            Ok(Flow::Continue)
        })?;
        Ok(Flow::Continue)
    })?;
    let notes = seen.clone();
    emulator.hook_instruction(fixture.address("straight_7")?, move |emulator, _| {
        let notes = notes.clone();
        emulator.hook_instructions(move |_, pc| {
            notes.push(("all", pc));
            Ok(Flow::Continue)
        })?;
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result");
    let seen = seen.all();
    let eighth = fixture.address("straight_8")?;
    let expected = [("one", fifth), ("all", eighth), ("all", fixture.address("straight_ret")?)];
    // Whether the hook of all already sees the instruction that adds it is
    // left open.
    let seen: Vec<_> = seen
        .into_iter()
        .filter(|it| *it != ("all", fixture.address("straight_7").unwrap_or(0)))
        .take(3)
        .collect();
    equal!(seen, expected, "calls");
    Ok(())
}

fn removes_hooks(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("count_loop", &[int(5)])?;
    let calls = Rc::new(Cell::new(0));
    let counter = Rc::clone(&calls);
    let own: Rc<RefCell<Option<HookHandle>>> = Rc::default();
    let handle = Rc::clone(&own);
    let head = fixture.address("count_loop_head")?;
    *own.borrow_mut() = Some(emulator.hook_instruction(head, move |emulator, _| {
        counter.set(counter.get() + 1);
        if counter.get() == 2
            && let Some(handle) = handle.borrow_mut().take()
        {
            emulator.unhook(handle)?;
        }
        Ok(Flow::Continue)
    })?);
    equal!(fixture.finish(&mut *emulator)?, 5, "result");
    equal!(calls.get(), 2, "calls of a hook that removes itself");
    // Another one, further on in the same block.
    let mut emulator = fixture.at("straight", &[])?;
    let calls = Rc::new(Cell::new(0));
    let counter = Rc::clone(&calls);
    let other = emulator.hook_instruction(fixture.address("straight_5")?, move |_, _| {
        counter.set(counter.get() + 1);
        Ok(Flow::Continue)
    })?;
    emulator.hook_instruction(fixture.address("straight_3")?, move |emulator, _| {
        emulator.unhook(other)?;
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result");
    equal!(calls.get(), 0, "calls of a hook that was removed");
    Ok(())
}

fn access_hooks_change(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    // The access comes after the first instruction that is hooked, or is its.
    let mut emulator = fixture.at("add_memory", &[ptr(data_at)])?;
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_instruction(fixture.address("add_memory")?, move |emulator, _| {
        let notes = notes.clone();
        emulator.hook_memory_read(data_at..data_at + 4, move |_, address, bytes| {
            notes.push((address, bytes.len()));
            Ok(ReadFlow::Continue)
        })?;
        Ok(Flow::Continue)
    })?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(seen.take(), [(data_at, fixture.width() as usize)], "accesses");
    emulator.unhook_instruction(fixture.address("add_memory")?)?;
    emulator.hook_instruction(fixture.address("add_memory")?, move |emulator, _| {
        emulator.unhook_memory_read(data_at..data_at + 4)?;
        Ok(Flow::Continue)
    })?;
    fixture.prepare(&mut *emulator, "add_memory", &[ptr(data_at)])?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(seen.take(), [], "accesses after the hook was removed");
    Ok(())
}

fn exits_change(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("straight", &[])?;
    let (fourth, sixth) = (fixture.address("straight_4")?, fixture.address("straight_6")?);
    emulator.add_exit_point(fourth);
    emulator.hook_instruction(fixture.address("straight_2")?, move |emulator, _| {
        emulator.remove_exit_point(fourth);
        emulator.add_exit_point(sixth);
        Ok(Flow::Continue)
    })?;
    equal!(emulator.run()?, Stop::ExitPoint(sixth), "stop");
    let mut emulator = fixture.at("straight", &[])?;
    let start = fixture.address("straight")?;
    emulator.hook_instruction(fixture.address("straight_2")?, move |emulator, _| {
        emulator.add_bound((start..fourth).into());
        Ok(Flow::Continue)
    })?;
    equal!(emulator.run()?, Stop::OutOfBounds(fourth), "stop");
    equal!(fixture.result(&*emulator)?, 3, "additions");
    Ok(())
}

fn takes_snapshot(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        if matches!(family, HookFamily::Function | HookFamily::Syscall | HookFamily::Interrupt) {
            continue; // Where going on would be is another matter.
        }
        let mut emulator = fixture.at(site.label, &site.arguments)?;
        emulator.write_integer(data_at, 0x11, 4)?;
        let taken: Rc<RefCell<Vec<terrella_emulator_api::Snapshot>>> = Rc::default();
        let store = Rc::clone(&taken);
        let handle = hook_site(&mut *emulator, &site, move |emulator| {
            let snapshot = emulator.snapshot()?;
            store.borrow_mut().push(snapshot);
            Ok(false)
        })?;
        let result = fixture.finish(&mut *emulator)?;
        let memory = emulator.read_integer(data_at, 4)?;
        emulator.unhook(handle)?;
        let snapshots = taken.take();
        ensure!(!snapshots.is_empty(), "{family}: no call");
        for snapshot in snapshots.iter().take(1) {
            emulator.restore(snapshot)?;
            equal!(emulator.program_counter(), site.pc, "{family}: program counter of the snapshot");
            equal!(emulator.read_integer(data_at, 4)?, 0x11, "{family}: memory of the snapshot");
            equal!(fixture.finish(&mut *emulator)?, result, "{family}: result from the snapshot");
            equal!(emulator.read_integer(data_at, 4)?, memory, "{family}: memory from the snapshot");
        }
    }
    Ok(())
}

fn restores_snapshot(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    let taken: Rc<RefCell<Option<terrella_emulator_api::Snapshot>>> = Rc::default();
    let store = Rc::clone(&taken);
    let calls = Rc::new(Cell::new(0));
    emulator.hook_instruction(fixture.address("straight_2")?, move |emulator, _| {
        if store.borrow().is_none() {
            *store.borrow_mut() = Some(emulator.snapshot()?);
        }
        Ok(Flow::Continue)
    })?;
    let counter = Rc::clone(&calls);
    emulator.hook_instruction(fixture.address("straight_6")?, move |emulator, _| {
        counter.set(counter.get() + 1);
        emulator.write_integer(data_at, counter.get(), 4)?;
        if counter.get() < 4
            && let Some(snapshot) = &*taken.borrow()
        {
            emulator.restore(snapshot)?;
        }
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result");
    equal!(calls.get(), 4, "calls");
    equal!(emulator.read_integer(data_at, 4)?, 4, "memory");
    Ok(())
}

fn restores_at_access(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("add_memory", &[ptr(data_at)])?;
    emulator.write_integer(data_at, 41, 4)?;
    let snapshot = emulator.snapshot()?;
    emulator.write_integer(data_at + 8, 0x55, 4)?;
    let mut calls = 0;
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_memory_write(data_at..data_at + 4, move |emulator, _, bytes| {
        notes.push(bytes.to_vec());
        calls += 1;
        if calls == 1 {
            emulator.restore(&snapshot)?;
        }
        Ok(Flow::Continue)
    })?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.read_integer(data_at, 4)?, 42, "memory");
    equal!(emulator.read_integer(data_at + 8, 4)?, 0, "memory that was written after the snapshot");
    equal!(seen.len(), 2, "stores");
    Ok(())
}

fn recursion(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        let mut emulator = fixture.at(site.label, &site.arguments)?;
        hook_site(&mut *emulator, &site, |emulator| {
            matching!(emulator.run(), Err(Error::Reentrant), "run");
            matching!(emulator.run_with(&Limits::instructions(1)), Err(Error::Reentrant), "run_with");
            matching!(emulator.step(), Err(Error::Reentrant), "step");
            matching!(emulator.step_block(), Err(Error::Reentrant), "step_block");
            Ok(false)
        })?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "{family}: stop");
        if matches!(family, HookFamily::Instruction | HookFamily::Block) {
            equal!(fixture.result(&*emulator)?, 8, "{family}: result");
        }
    }
    Ok(())
}
