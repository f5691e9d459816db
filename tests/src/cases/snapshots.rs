//! Section 7.1: snapshots.

use std::time::Instant;

use terrella_emulator_api::{
    Capability, Emulator, EmulatorExt, Error, Limits, Overlap, Permissions, RegisterValue, Stop,
};

use crate::{
    Case, Failure, Fixture, Layout, ensure, equal, fault_of,
    fixture::{map, registers_of, same_values},
    int, matching, ptr,
};

pub(super) const CASES: &[Case] = &[
    Case::new("7.1", "a restore brings registers and memory back", brings_back)
        .needs(Capability::Snapshots)
        .labels(&["count_loop", "store"]),
    Case::new("7.1", "every register comes back", every_register).needs(Capability::Snapshots),
    Case::new("7.1", "a snapshot in the middle of a function goes on to the same end", in_the_middle)
        .needs(Capability::Snapshots)
        .labels(&["straight", "count_loop", "caller", "conditional"]),
    Case::new("7.1", "snapshots nest and are restored in any order", any_order).needs(Capability::Snapshots),
    Case::new("7.1", "a snapshot is restored thousands of times", thousands)
        .needs(Capability::Snapshots)
        .labels(&["store", "add_memory"]),
    Case::new("7.1", "the memory map comes back", map_comes_back).needs(Capability::Snapshots),
    Case::new("7.1", "what was mapped, unmapped or protected behaves as before", map_behaves)
        .needs(Capability::Snapshots)
        .labels(&["load", "store", "straight"]),
    Case::new("7.1", "code comes back", code_comes_back)
        .needs(Capability::Snapshots)
        .labels(&["patch_me", "patch_source"]),
    Case::new("7.1", "code that the guest changed comes back", guest_code_comes_back)
        .needs(Capability::Snapshots)
        .labels(&["patch_me", "patch_source", "store8"]),
    Case::new("7.1", "the state of models comes back", extensions).needs(Capability::Snapshots),
    Case::new("7.1", "a snapshot of another emulator is an error", foreign).needs(Capability::Snapshots),
    Case::new("7.1", "a snapshot after a fault brings the fault back", after_fault)
        .needs(Capability::Snapshots)
        .labels(&["load"]),
    Case::new("7.1", "a snapshot can be dropped at any time", dropped).needs(Capability::Snapshots),
    Case::new("7.1", "a restore costs what was changed", cost)
        .needs(Capability::Snapshots)
        .labels(&["store"])
        .when(|definition| definition.address_bits >= 32),
    Case::new("7.1", "hooks and exit points stay", hooks_stay)
        .needs(Capability::Snapshots)
        .labels(&["straight"]),
];

/// All that a snapshot brings back:
/// the map as text, the registers by name, and the bytes.
type State = (String, Vec<(String, RegisterValue)>, Vec<u8>);

fn state(emulator: &dyn Emulator) -> Result<State, Failure> {
    let map = emulator.memory_map();
    let mut memory = Vec::new();
    for region in &map {
        let size = region.range.size().unwrap_or(0);
        memory.extend(emulator.read_bytes(region.range.first(), size)?);
    }
    Ok((format!("{map:?}"), registers_of(emulator)?, memory))
}

fn same(
    emulator: &dyn Emulator,
    expected: &(String, Vec<(String, RegisterValue)>, Vec<u8>),
    what: &str,
) -> Result<(), Failure> {
    let found = state(emulator)?;
    equal!(found.0, expected.0, "{what}: memory map");
    same_values(&found.1, &expected.1).map_err(|failure| Failure::new(format!("{what}: {failure}")))?;
    if let Some(place) = (0..expected.2.len()).find(|place| found.2[*place] != expected.2[*place]) {
        return Err(Failure::new(format!(
            "{what}: memory differs at byte {place:#x}: {:#x}, expected {:#x}",
            found.2[place], expected.2[place]
        )));
    }
    Ok(())
}

fn brings_back(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, data_size, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    emulator.write_memory(data_at, &Fixture::pattern(data_size))?;
    fixture.prepare(&mut *emulator, "count_loop", &[int(5)])?;
    let before = state(&*emulator)?;
    let snapshot = emulator.snapshot()?;
    for round in 0..3 {
        equal!(fixture.finish(&mut *emulator)?, 5, "result");
        fixture.call(&mut *emulator, "store", &[ptr(data_at + 0x1000 * round), int(1)])?;
        emulator.write_memory(data_at + 0x2ffe, &[0xee; 4])?;
        emulator.restore(&snapshot)?;
        same(&*emulator, &before, "after the restore")?;
    }
    equal!(fixture.finish(&mut *emulator)?, 5, "result");
    Ok(())
}

fn every_register(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let snapshot = emulator.snapshot()?;
    let before = registers_of(&*emulator)?;
    let registers = fixture.definition().registers();
    for (id, register) in registers.roots() {
        use terrella_platforms::RegisterKind::{Float, General, StackPointer, Vector};
        if matches!(register.kind, General | Float | StackPointer | Vector) && emulator.has_register(id) {
            let value = RegisterValue::mask(register.bits.into());
            let value =
                if register.kind == StackPointer { value.insert(0, 4, &RegisterValue::ZERO) } else { value };
            // Some backends have only a part of a wide register.
            let _ = emulator.write_wide_register_id(id, value);
        }
    }
    let changed = registers_of(&*emulator)?;
    ensure!(changed != before, "no register changed");
    let second = emulator.snapshot()?;
    emulator.restore(&snapshot)?;
    same_values(&registers_of(&*emulator)?, &before)?;
    emulator.restore(&second)?;
    same_values(&registers_of(&*emulator)?, &changed)?;
    Ok(())
}

fn in_the_middle(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    for (label, argument) in super::execution::CALLS {
        let mut emulator = fixture.at(label, &[int(*argument)])?;
        let mut snapshots = Vec::new();
        while emulator.program_counter() != return_at {
            snapshots.push((emulator.snapshot()?, state(&*emulator)?));
            emulator.run_with(&Limits::instructions(1))?;
            ensure!(snapshots.len() < 100, "no end");
        }
        let end = state(&*emulator)?;
        for (snapshot, then) in snapshots.iter().rev() {
            emulator.restore(snapshot)?;
            same(&*emulator, then, &format!("{label}({argument}), after the restore"))?;
            let pc = emulator.program_counter();
            fixture.finish(&mut *emulator)?;
            same(&*emulator, &end, &format!("{label}({argument}), run from {pc:#x}"))?;
        }
    }
    Ok(())
}

fn any_order(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    map(&mut *emulator, spare, spare + 0x6000)?;
    let register = fixture.result_register();
    let mut snapshots = Vec::new();
    for index in 0..6_u64 {
        emulator.write_memory(spare + 0x1000 * index, &[index as u8 + 1; 16])?;
        emulator.write_memory(spare + 0x5ff0, &[index as u8 + 1; 16])?;
        emulator.write_register(register, index)?;
        snapshots.push((emulator.snapshot()?, state(&*emulator)?));
    }
    for index in [5, 0, 3, 3, 1, 4, 2, 5, 0, 1, 2, 3, 4, 5] {
        let (snapshot, expected) = &snapshots[index];
        emulator.restore(snapshot)?;
        same(&*emulator, expected, &format!("snapshot {index}"))?;
        emulator.write_memory(spare + 0x1000 * index as u64, &[0xee; 0x20])?;
    }
    // A branch: a snapshot that is taken after going back.
    emulator.restore(&snapshots[1].0)?;
    emulator.write_memory(spare, &[0x77; 8])?;
    let branch = (emulator.snapshot()?, state(&*emulator)?);
    for (snapshot, expected) in [&snapshots[4], &branch, &snapshots[1], &branch, &snapshots[0]] {
        emulator.restore(snapshot)?;
        same(&*emulator, expected, "with a branch")?;
    }
    Ok(())
}

fn thousands(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("add_memory", &[ptr(data_at)])?;
    emulator.write_integer(data_at, 41, 4)?;
    let before = state(&*emulator)?;
    let snapshot = emulator.snapshot()?;
    for round in 0..3000_u64 {
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop in round {round}");
        equal!(emulator.read_integer(data_at, 4)?, 42, "memory in round {round}");
        if round % 7 == 0 {
            emulator.write_memory(data_at + round, &[0xee; 8])?;
        }
        emulator.restore(&snapshot)?;
    }
    same(&*emulator, &before, "after thousands")
}

fn map_comes_back(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { far_end, far, spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    emulator.map_memory(spare + 3..spare + 0x4007, Permissions::READ_WRITE)?;
    emulator.write_memory(spare + 3, &Fixture::pattern(0x4004))?;
    let first = (emulator.snapshot()?, state(&*emulator)?);
    emulator.unmap_memory((spare + 0x1001..spare + 0x3005).into())?;
    emulator.map_memory(spare + 0x2000..spare + 0x2010, Permissions::ALL)?;
    emulator.write_memory(spare + 0x2000, &[0x55; 16])?;
    let second = (emulator.snapshot()?, state(&*emulator)?);
    emulator.protect_memory((spare + 0x10..spare + 0x20).into(), Permissions::NONE)?;
    emulator.map_memory(far..far_end, Permissions::ALL)?;
    emulator.write_memory(far, &vec![0x66; (far_end - far) as usize])?;
    let third = (emulator.snapshot()?, state(&*emulator)?);
    for (snapshot, expected) in [&first, &third, &second, &first, &second, &third, &first] {
        emulator.restore(snapshot)?;
        same(&*emulator, expected, "map")?;
    }
    Ok(())
}

fn map_behaves(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    map(&mut *emulator, spare, spare + 0x2000)?;
    emulator.write_integer(spare, 41, 4)?;
    let code = fixture.long_straight(8)?;
    emulator.write_code(spare + 0x1000, &code)?;
    let straight = fixture.code_pointer(spare + 0x1000)?;
    let full = emulator.snapshot()?;
    for _ in 0..3 {
        equal!(fixture.call(&mut *emulator, "load", &[ptr(spare)])?, 41, "loaded");
        fixture.prepare(&mut *emulator, "straight", &[])?;
        emulator.set_program_counter(straight)?;
        equal!(fixture.finish(&mut *emulator)?, 8, "result of the code");
        emulator.unmap_memory((spare..spare + 0x2000).into())?;
        let empty = emulator.snapshot()?;
        fixture.prepare(&mut *emulator, "load", &[ptr(spare)])?;
        fault_of(emulator.run())?;
        fixture.prepare(&mut *emulator, "straight", &[])?;
        emulator.set_program_counter(straight)?;
        fault_of(emulator.run())?;
        map(&mut *emulator, spare, spare + 0x2000)?;
        equal!(fixture.call(&mut *emulator, "load", &[ptr(spare)])?, 0, "loaded from fresh memory");
        emulator.restore(&empty)?;
        fixture.prepare(&mut *emulator, "load", &[ptr(spare)])?;
        fault_of(emulator.run())?;
        emulator.restore(&full)?;
        emulator.protect_memory((spare..spare + 4).into(), Permissions::READ)?;
        if emulator.capabilities().has(Capability::Permissions) {
            fixture.prepare(&mut *emulator, "store", &[ptr(spare), int(1)])?;
            fault_of(emulator.run())?;
        }
        emulator.restore(&full)?;
        fixture.call(&mut *emulator, "store", &[ptr(spare), int(1)])?;
        equal!(emulator.read_integer(spare, 4)?, 1, "stored");
        emulator.restore(&full)?;
    }
    Ok(())
}

fn code_comes_back(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let size = fixture.number("patch_size")?;
    let (place, source) = (fixture.address("patch_me_insn")?, fixture.address("patch_source_insn")?);
    let two = fixture.image(source, source + size)?;
    let first = emulator.snapshot()?;
    emulator.write_code(place, &two)?;
    let second = emulator.snapshot()?;
    for _ in 0..3 {
        emulator.restore(&first)?;
        equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 1, "result of the first");
        emulator.restore(&second)?;
        equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 2, "result of the second");
    }
    Ok(())
}

fn guest_code_comes_back(fixture: &mut Fixture) -> Result<(), Failure> {
    if fixture.definition().data_base != 0 {
        return Err(Failure::not_applicable("stores do not reach code"));
    }
    let mut emulator = fixture.loaded()?;
    let size = fixture.number("patch_size")?;
    let (place, source) = (fixture.address("patch_me_insn")?, fixture.address("patch_source_insn")?);
    let two = fixture.image(source, source + size)?;
    equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 1, "result before");
    let first = emulator.snapshot()?;
    for _ in 0..3 {
        for (address, byte) in (place..).zip(&two) {
            fixture.call(&mut *emulator, "store8", &[ptr(address), int((*byte).into())])?;
        }
        equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 2, "result of what was written");
        emulator.restore(&first)?;
        equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 1, "result after the restore");
    }
    Ok(())
}

fn extensions(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    emulator.extensions_mut().insert("conformance", vec![1_u8]);
    let snapshot = emulator.snapshot()?;
    if let Some(list) = emulator.extensions_mut().get_mut::<Vec<u8>>("conformance") {
        list.push(2);
    }
    emulator.extensions_mut().insert("another", 5_u32);
    emulator.restore(&snapshot)?;
    equal!(emulator.extensions().get::<Vec<u8>>("conformance"), Some(&vec![1]), "state");
    equal!(emulator.extensions().get::<u32>("another"), None, "state that came later");
    Ok(())
}

fn foreign(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let (mut first, mut second) = (fixture.bare()?, fixture.bare()?);
    map(&mut *second, spare, spare + 0x1000)?;
    let snapshot = first.snapshot()?;
    matching!(second.restore(&snapshot), Err(Error::ForeignSnapshot), "another emulator's snapshot");
    equal!(second.memory_map().len(), 1, "regions after the error");
    first.restore(&snapshot)?;
    drop(first);
    matching!(
        second.restore(&snapshot),
        Err(Error::ForeignSnapshot),
        "a snapshot of an emulator that is gone"
    );
    let strange = terrella_emulator_api::Snapshot::new(std::rc::Rc::new(5_u8));
    matching!(second.restore(&strange), Err(Error::ForeignSnapshot), "a snapshot of nothing");
    Ok(())
}

fn after_fault(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.at("load", &[ptr(spare)])?;
    let fault = fault_of(emulator.run())?;
    let snapshot = emulator.snapshot()?;
    for _ in 0..2 {
        map(&mut *emulator, spare, spare + 4)?;
        emulator.write_integer(spare, 7, 4)?;
        equal!(fixture.finish(&mut *emulator)?, 7, "loaded");
        emulator.restore(&snapshot)?;
        equal!(emulator.program_counter(), fault.pc(), "program counter");
        equal!(fault_of(emulator.run())?, fault, "fault");
    }
    Ok(())
}

fn dropped(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    map(&mut *emulator, spare, spare + 0x4000)?;
    let first = (emulator.snapshot()?, state(&*emulator)?);
    for round in 0..20 {
        emulator.write_memory(spare + 0x100 * round, &[round as u8 + 1; 0x40])?;
        let inner = emulator.snapshot()?;
        emulator.write_memory(spare + 0x100 * round, &[0xee; 0x40])?;
        let clone = inner.clone();
        drop(inner);
        emulator.restore(&clone)?;
        equal!(emulator.read_bytes(spare + 0x100 * round, 1)?, [round as u8 + 1], "memory");
    }
    emulator.restore(&first.0)?;
    same(&*emulator, &first.1, "first snapshot")
}

fn cost(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.at("store", &[ptr(spare + 0x10), int(1)])?;
    emulator.map_memory_with((spare..spare + 0x800_0000).into(), Permissions::ALL, Overlap::Refuse)?;
    // All of it is in use.
    for page in 0..0x8000 {
        emulator.write_memory(spare + 0x1000 * page, &[1])?;
    }
    let snapshot = emulator.snapshot()?;
    let start = Instant::now();
    for _ in 0..1000 {
        emulator.run()?;
        emulator.restore(&snapshot)?;
    }
    let took = start.elapsed();
    // 1000 copies of 128 MiB would take ten times as long.
    ensure!(took.as_secs() < 4, "1000 restores of one page of 128 MiB took {took:?}");
    equal!(emulator.read_bytes(spare + 0x10, 4)?, [0; 4], "memory");
    Ok(())
}

fn hooks_stay(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    let snapshot = emulator.snapshot()?;
    let trace = crate::trace_of(&mut *emulator)?;
    let fifth = fixture.address("straight_5")?;
    emulator.add_exit_point(fifth);
    for _ in 0..2 {
        emulator.restore(&snapshot)?;
        equal!(emulator.run()?, Stop::ExitPoint(fifth), "stop");
        equal!(trace.take().len(), 5, "calls");
    }
    equal!(emulator.exit_points(), [fifth.min(return_at), fifth.max(return_at)], "exit points");
    Ok(())
}
