//! Section 3: memory.

use terrella_emulator_api::{
    Access, AddressRange, Capability, EmulatorExt, Error, Fault, MemoryCause, MemoryRegion, Overlap,
    Permissions, Result as ApiResult, Stop,
};

use crate::{
    Case, Failure, Fixture, Layout, ensure, equal, fault_of, fixture::map, int, matching, ptr, snippets::fit,
};

pub(super) const CASES: &[Case] = &[
    Case::new("3.1", "the map gives back what was asked for, merged", gives_back),
    Case::new("3.1", "host accesses end at the byte", host_ends).needs(Capability::ByteExactMaps),
    Case::new("3.1", "guest loads end at the byte", load_ends)
        .needs(Capability::ByteExactMaps)
        .labels(&["load8", "load16", "load"]),
    Case::new("3.1", "guest stores end at the byte", store_ends)
        .needs(Capability::ByteExactMaps)
        .labels(&["store8", "store16", "store"]),
    Case::new("3.1", "an access across two pages ends at the byte", page_crossing)
        .needs(Capability::ByteExactMaps)
        .labels(&["load", "store"]),
    Case::new("3.1", "code ends at the byte, inside a page", code_ends_in_page)
        .needs(Capability::ByteExactMaps)
        .labels(&["straight"]),
    Case::new("3.1", "code ends at the byte, at a page", code_ends_at_page).labels(&["straight"]),
    Case::new("3.1", "the last byte of the address space can be mapped", last_byte),
    Case::new("3.1", "the guest reaches the last byte of the address space", guest_at_last_byte)
        .labels(&["load8", "store8", "load"]),
    Case::new("3.1", "many mappings share a page", many_in_a_page)
        .needs(Capability::ByteExactMaps)
        .labels(&["load8", "store8"]),
    Case::new("3.1", "large mappings are possible", large)
        .labels(&["load8", "store8"])
        .when(|definition| definition.address_bits >= 32 && definition.pointer_bytes >= 4),
    Case::new("3.1", "fresh memory is zero", fresh_is_zero),
    Case::new("3.1", "the default permission is everything", default_permission).labels(&["straight"]),
    Case::new("3.2", "an overlap is refused", overlap_refused),
    Case::new("3.2", "an overlap is kept where it is asked for and permissions agree", overlap_kept),
    Case::new("3.2", "any part can be unmapped", unmap_part),
    Case::new("3.2", "what was unmapped faults, also where it was used before", unmap_used)
        .labels(&["load", "straight"]),
    Case::new("3.2", "unmapping or protecting what is not mapped is an error", not_mapped),
    Case::new("3.2", "permissions are changed to the byte", protect_part)
        .needs(Capability::Permissions)
        .labels(&["load8", "store8", "store16"]),
    Case::new("3.2", "permissions are enforced after a change", protect_used)
        .needs(Capability::Permissions)
        .labels(&["load", "store", "straight"]),
    Case::new("3.2", "ranges that wrap are errors", wrapping),
    Case::new("3.2", "an empty range maps nothing", empty_range),
    Case::new("3.3", "host accesses ignore permissions", host_ignores_permissions),
    Case::new("3.3", "a host write that leaves the map writes nothing", atomic_write),
    Case::new("3.3", "host accesses cross pages and regions", host_crosses),
    Case::new("3.3", "code that is written is seen by the next run", write_code)
        .labels(&["patch_me", "patch_source"]),
    Case::new("3.3", "code that a hook writes elsewhere is seen", write_code_in_hook)
        .needs(Capability::InstructionHooks)
        .labels(&["caller", "callee", "patch_me"]),
    Case::new("3.3", "code that a hook writes at its own place is seen", write_own_code_in_hook)
        .needs(Capability::InstructionHooks)
        .labels(&["patch_me", "patch_source"]),
    Case::new("3.3", "code that the guest writes is seen by the next call", guest_writes_code).labels(&[
        "store8",
        "patch_me",
        "patch_source",
    ]),
    Case::new("3.3", "code that modifies itself is seen", self_modify).labels(&["self_modify"]),
    Case::new("3.3", "mapped in place of other code, new code is seen", remapped_code)
        .labels(&["patch_me", "patch_source"]),
    Case::new("3.4", "a memory label is kept or unsupported", label),
];

fn region(range: std::ops::Range<u64>, permissions: Permissions) -> MemoryRegion {
    MemoryRegion { range: range.into(), permissions }
}

fn unmapped<T: std::fmt::Debug>(result: ApiResult<T>, wanted: Access, expected: u64) -> Result<(), Failure> {
    match fault_of(result)? {
        Fault::Memory { access, cause: MemoryCause::Unmapped, address, .. } => {
            equal!(access, wanted, "access of the fault");
            equal!(address, expected, "first unmapped address");
            Ok(())
        }
        other => Err(Failure::new(format!("another fault: {other:?}"))),
    }
}

fn gives_back(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    let all = Permissions::ALL;
    emulator.map_memory(spare + 3..spare + 10, all)?;
    equal!(emulator.memory_map(), [region(spare + 3..spare + 10, all)], "one range");
    emulator.map_memory(spare + 10..spare + 0x2345, all)?;
    equal!(emulator.memory_map(), [region(spare + 3..spare + 0x2345, all)], "two that touch");
    emulator.map_memory(spare..spare + 3, Permissions::READ)?;
    let first = region(spare..spare + 3, Permissions::READ);
    equal!(emulator.memory_map(), [first, region(spare + 3..spare + 0x2345, all)], "other permissions");
    emulator.map_memory(spare + 0x2350..spare + 0x2351, all)?;
    equal!(
        emulator.memory_map(),
        [first, region(spare + 3..spare + 0x2345, all), region(spare + 0x2350..spare + 0x2351, all)],
        "with a gap"
    );
    emulator.map_memory(spare + 0x2345..spare + 0x2350, all)?;
    emulator.protect_memory((spare..spare + 3).into(), all)?;
    equal!(emulator.memory_map(), [region(spare..spare + 0x2351, all)], "all merged");
    emulator.map_memory(spare - 5..spare - 1, Permissions::NONE)?;
    equal!(
        emulator.memory_map(),
        [region(spare - 5..spare - 1, Permissions::NONE), region(spare..spare + 0x2351, all)],
        "sorted by address"
    );
    Ok(())
}

fn host_ends(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    let (start, end) = (spare + 5, spare + 0x1235);
    map(&mut *emulator, start, end)?;
    emulator.write_memory(start, &[1])?;
    emulator.write_memory(end - 1, &[2])?;
    equal!(emulator.read_bytes(start, 1)?, [1], "first byte");
    equal!(emulator.read_bytes(end - 1, 1)?, [2], "last byte");
    equal!(emulator.read_bytes(start, end - start)?.len() as u64, end - start, "all bytes");
    for (address, size, bad) in
        [(start - 1, 1, start - 1), (start - 3, 8, start - 3), (end, 1, end), (end - 3, 8, end)]
    {
        let mut buffer = vec![0; size as usize];
        let read = fault_of(emulator.read_memory(address, &mut buffer))?;
        let write = fault_of(emulator.write_memory(address, &buffer))?;
        for (fault, wanted) in [(read, Access::Read), (write, Access::Write)] {
            match fault {
                Fault::Memory { access, cause, address, size: told, .. } => {
                    equal!(access, wanted, "access");
                    equal!(cause, MemoryCause::Unmapped, "cause");
                    equal!(address, bad, "address");
                    equal!(told, size, "size");
                }
                other => return Err(Failure::new(format!("{other:?}"))),
            }
        }
    }
    Ok(())
}

/// A guest access of `width` bytes at `at`, of which only `mapped` is there.
fn guest_end(
    fixture: &Fixture,
    access: Access,
    width: u64,
    at: u64,
    mapped: std::ops::Range<u64>,
) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let label = format!("{}{}", if access == Access::Read { "load" } else { "store" }, 8 * width);
    let arguments = [ptr(at), int(0x1122_3344)];
    let arguments = if access == Access::Read { &arguments[..1] } else { &arguments[..] };
    let what = format!("{label} of {at:#x} with {mapped:#x?} mapped");
    let mut emulator = fixture.at(&label, arguments)?;
    map(&mut *emulator, mapped.start, mapped.end)?;
    let bytes = Fixture::pattern(mapped.end - mapped.start);
    emulator.write_memory(mapped.start, &bytes)?;
    let insn = fixture.address(&format!("{label}_insn"))?;
    let wanted = AddressRange::sized(at, width)?;
    let missing = (at..=wanted.last()).find(|address| !mapped.contains(address));
    let Some(missing) = missing else {
        let ended = emulator.run();
        if let Err(Error::Fault(Fault::Memory { cause: MemoryCause::Unaligned, address, size, pc, .. })) =
            &ended
            && !at.is_multiple_of(width)
        {
            equal!((*address, *size, *pc), (at, width, insn), "unaligned: {what}");
            return Ok(());
        }
        equal!(ended?, Stop::ExitPoint(return_at), "{what}");
        let result = fixture.result(&*emulator)?;
        let offset = (at - mapped.start) as usize;
        if access == Access::Read {
            let expected = fixture.integer(&bytes[offset..][..width as usize]);
            equal!(result, expected as u32, "{what}");
        } else {
            let expected = fixture.bytes(0x1122_3344, width);
            equal!(emulator.read_bytes(at, width)?, expected, "{what}");
        }
        return Ok(());
    };
    match fault_of(emulator.run()).map_err(|it| Failure::new(format!("{what}: {it}")))? {
        // The processor may look at the alignment first.
        Fault::Memory { cause: MemoryCause::Unaligned, address, size, pc, .. }
            if !at.is_multiple_of(width) =>
        {
            equal!((address, size, pc), (at, width, insn), "unaligned: {what}");
        }
        fault => {
            let cause = MemoryCause::Unmapped;
            let expected = Fault::Memory { access, cause, address: missing, size: width, pc: insn };
            equal!(fault, expected, "fault: {what}");
        }
    }
    equal!(emulator.read_bytes(mapped.start, mapped.end - mapped.start)?, bytes, "memory after: {what}");
    fixture.unchanged(&*emulator, insn, &label, arguments, |_| Ok(()))
}

fn guest_ends(fixture: &Fixture, access: Access) -> Result<(), Failure> {
    let Layout { far, spare, .. } = fixture.layout;
    for (width, ..) in fixture.widths() {
        // The mapping ends inside a page, and then at the end of one.
        for base in [spare + 0x128, far - 8] {
            for mapped in 0..=width {
                guest_end(fixture, access, width, base, base - 8..base + mapped)?;
            }
        }
        // The mapping starts inside a page.
        for missing in 1..=width {
            guest_end(fixture, access, width, spare + 0x128, spare + 0x128 + missing..spare + 0x140)?;
        }
    }
    Ok(())
}

fn load_ends(fixture: &mut Fixture) -> Result<(), Failure> {
    guest_ends(fixture, Access::Read)
}

fn store_ends(fixture: &mut Fixture) -> Result<(), Failure> {
    guest_ends(fixture, Access::Write)
}

fn page_crossing(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { far, .. } = fixture.layout;
    let page = far;
    for access in [Access::Read, Access::Write] {
        for (start, end) in [(-16, 16), (-16, 2), (-16, 1), (-16, 0), (-1, 16), (0, 16), (-2, 2)] {
            let mapped = page.wrapping_add_signed(start)..page.wrapping_add_signed(end);
            guest_end(fixture, access, 4, page - 2, mapped)?;
        }
    }
    Ok(())
}

/// Code at `base` of which the last instruction lacks its last byte.
fn code_ends(fixture: &Fixture, end: u64, whole: bool) -> Result<(), Failure> {
    let straight = fixture.address("straight")?;
    let (third, fourth) = (fixture.address("straight_3")?, fixture.address("straight_4")?);
    let code = fixture.image(straight, if whole { third } else { fourth - 1 })?;
    let base = end - code.len() as u64;
    let mut emulator = fixture.at("straight", &[])?;
    map(&mut *emulator, base, end)?;
    emulator.write_code(base, &code)?;
    emulator.set_program_counter(fixture.code_pointer(base)?)?;
    let expected = Fault::Memory {
        access: Access::Fetch,
        cause: MemoryCause::Unmapped,
        address: end,
        size: 1,
        pc: base + third - straight,
    };
    equal!(fault_of(emulator.run())?, expected, "fault");
    equal!(emulator.program_counter(), base + third - straight, "program counter");
    equal!(fixture.result(&*emulator)?, 2, "additions before the fault");
    equal!(fault_of(emulator.run())?, expected, "fault of a second try");
    // With the rest of the code it goes on.
    let rest = fixture.image(straight + code.len() as u64, fixture.end("straight")?)?;
    map(&mut *emulator, end, end + rest.len() as u64)?;
    emulator.write_code(end, &rest)?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result after the repair");
    Ok(())
}

/// An end such that code that ends there starts at an aligned address.
fn aligned_end(fixture: &Fixture, end: u64, length: u64) -> u64 {
    let alignment = u64::from(fixture.definition().instruction_alignment);
    end - (end - length) % alignment
}

fn code_ends_in_page(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let length = fixture.address("straight_3")? - fixture.address("straight")?;
    code_ends(fixture, aligned_end(fixture, spare + 0x124, length), true)?;
    let length = fixture.address("straight_4")? - 1 - fixture.address("straight")?;
    code_ends(fixture, aligned_end(fixture, spare + 0x124, length), false)
}

fn code_ends_at_page(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { far, .. } = fixture.layout;
    code_ends(fixture, far, true)?;
    let alignment = u64::from(fixture.definition().instruction_alignment);
    let length = fixture.address("straight_4")? - 1 - fixture.address("straight")?;
    if (far - length).is_multiple_of(alignment) {
        code_ends(fixture, far, false)?;
    }
    Ok(())
}

fn last_byte(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let highest = fixture.highest();
    emulator.map_memory(highest - 9..=highest - 1, Permissions::ALL)?;
    unmapped(emulator.read_bytes(highest, 1), Access::Read, highest)?;
    unmapped(emulator.write_memory(highest - 1, &[1, 2]), Access::Write, highest)?;
    emulator.map_memory(highest..=highest, Permissions::ALL)?;
    equal!(emulator.memory_map().len(), 1, "regions");
    equal!(emulator.memory_map()[0].range, AddressRange::from(highest - 9..=highest), "range");
    emulator.write_memory(highest - 3, &[1, 2, 3, 4])?;
    equal!(emulator.read_bytes(highest - 3, 4)?, [1, 2, 3, 4], "content");
    ensure!(emulator.read_memory(highest, &mut [0; 2]).is_err(), "a read goes past the end");
    ensure!(emulator.write_memory(highest, &[9, 9]).is_err(), "a write goes past the end");
    equal!(emulator.read_bytes(highest, 1)?, [4], "last byte");
    emulator.unmap_memory((highest..=highest).into())?;
    unmapped(emulator.read_bytes(highest, 1), Access::Read, highest)
}

fn guest_at_last_byte(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    // The last that a pointer can have; what is above needs segments (x86,
    // real-address mode).
    let pointers = fit(u64::MAX, 8 * u32::from(fixture.definition().pointer_bytes));
    let highest = fixture.highest().min(fixture.layout.data_zero | pointers);
    emulator.map_memory(highest - 0x20..=highest, Permissions::ALL)?;
    emulator.write_memory(highest - 3, &[1, 2, 3, 4])?;
    equal!(fixture.call(&mut *emulator, "load8", &[ptr(highest)])?, 4, "last byte");
    let width = fixture.width();
    let word = fixture.integer(&[1, 2, 3, 4][4 - width as usize..]) as u32;
    equal!(fixture.call(&mut *emulator, "load", &[ptr(highest - (width - 1))])?, word, "last word");
    fixture.call(&mut *emulator, "store8", &[ptr(highest), int(0x5a)])?;
    equal!(emulator.read_bytes(highest, 1)?, [0x5a], "last byte, stored");
    Ok(())
}

fn many_in_a_page(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    for index in 0..16 {
        let address = spare + 4 * index;
        map(&mut *emulator, address, address + 3)?;
        emulator.write_memory(address, &[index as u8, 0x80, 0xff - index as u8])?;
    }
    equal!(emulator.memory_map().iter().filter(|it| it.range.first() >= spare).count(), 16, "regions");
    for index in 0..16 {
        let address = spare + 4 * index;
        equal!(fixture.call(&mut *emulator, "load8", &[ptr(address)])?, index as u32, "first byte");
        fixture.call(&mut *emulator, "store8", &[ptr(address + 1), int(0x40 + index)])?;
        let last = fixture.call(&mut *emulator, "load8", &[ptr(address + 2)])?;
        equal!(last, 0xff - index as u32, "last byte");
        equal!(emulator.read_bytes(address + 1, 1)?, [0x40 + index as u8], "middle byte");
        fixture.prepare(&mut *emulator, "load8", &[ptr(address + 3)])?;
        unmapped(emulator.run(), Access::Read, address + 3)?;
    }
    Ok(())
}

fn large(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let (start, size) = if fixture.highest() > u64::from(u32::MAX) {
        (0x1_0000_0000_u64, 1_u64 << 40)
    } else {
        (0x4000_0000, 0x8000_0000)
    };
    map(&mut *emulator, start, start + size)?;
    for address in [start, start + size / 2 + 12_345, start + size - 1] {
        equal!(emulator.read_bytes(address, 1)?, [0], "content of {address:#x}");
        fixture.call(&mut *emulator, "store8", &[ptr(address), int(0x77)])?;
        equal!(fixture.call(&mut *emulator, "load8", &[ptr(address)])?, 0x77, "load of {address:#x}");
        equal!(emulator.read_bytes(address, 1)?, [0x77], "content of {address:#x}");
    }
    emulator.unmap_memory((start..start + size).into())?;
    unmapped(emulator.read_bytes(start + size / 2, 1), Access::Read, start + size / 2)
}

fn fresh_is_zero(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    for _ in 0..3 {
        map(&mut *emulator, spare + 7, spare + 0x3007)?;
        ensure!(emulator.read_bytes(spare + 7, 0x3000)?.iter().all(|byte| *byte == 0), "not zero");
        emulator.write_memory(spare + 7, &vec![0xee; 0x3000])?;
        emulator.unmap_memory((spare + 7..spare + 0x3007).into())?;
    }
    // A part that was taken out and put back.
    map(&mut *emulator, spare, spare + 0x100)?;
    emulator.write_memory(spare, &[0xee; 0x100])?;
    emulator.unmap_memory((spare + 0x10..spare + 0x20).into())?;
    map(&mut *emulator, spare + 0x10, spare + 0x20)?;
    equal!(emulator.read_bytes(spare + 0xf, 2)?, [0xee, 0], "start of the part");
    equal!(emulator.read_bytes(spare + 0x1f, 2)?, [0, 0xee], "end of the part");
    Ok(())
}

fn default_permission(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { code_spare: spare, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    equal!(Permissions::default(), Permissions::ALL, "default");
    let code = fixture.long_straight(8)?;
    emulator.map_memory(spare..spare + 0x1000, Permissions::default())?;
    emulator.write_code(spare, &code)?;
    fixture.prepare(&mut *emulator, "straight", &[])?;
    emulator.set_program_counter(fixture.code_pointer(spare)?)?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result");
    Ok(())
}

fn overlap_refused(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    map(&mut *emulator, spare + 0x10, spare + 0x20)?;
    let before = emulator.memory_map();
    for range in [
        spare + 0x10..spare + 0x20,
        spare..spare + 0x11,
        spare + 0x1f..spare + 0x30,
        spare..spare + 0x30,
        spare + 0x14..spare + 0x15,
    ] {
        match emulator.map_memory(range.clone(), Permissions::ALL) {
            Err(Error::MapOverlap { range: told, existing, .. }) => {
                equal!(told, AddressRange::from(range), "range in the error");
                equal!(existing, before[0].range, "existing range in the error");
            }
            other => return Err(Failure::new(format!("{range:#x?}: {other:?}"))),
        }
        equal!(emulator.memory_map(), before, "map after the error");
    }
    map(&mut *emulator, spare, spare + 0x10)
}

fn overlap_kept(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    map(&mut *emulator, spare + 0x10, spare + 0x20)?;
    emulator.write_memory(spare + 0x10, &[7; 0x10])?;
    let range = AddressRange::from(spare..spare + 0x30);
    match emulator.map_memory_with(range, Permissions::READ, Overlap::Keep) {
        Err(Error::MapOverlap { permissions, existing_permissions, .. }) => {
            equal!(permissions, Permissions::READ, "permissions in the error");
            equal!(existing_permissions, Permissions::ALL, "existing permissions in the error");
        }
        other => return Err(Failure::new(format!("other permissions: {other:?}"))),
    }
    equal!(emulator.memory_map(), [region(spare + 0x10..spare + 0x20, Permissions::ALL)], "map");
    emulator.map_memory_with(range, Permissions::ALL, Overlap::Keep)?;
    equal!(emulator.memory_map(), [region(spare..spare + 0x30, Permissions::ALL)], "map");
    equal!(emulator.read_bytes(spare + 0xf, 0x12)?, [[0].as_slice(), &[7; 0x10], &[0]].concat(), "content");
    Ok(())
}

fn unmap_part(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    map(&mut *emulator, spare, spare + 0x3000)?;
    emulator.write_memory(spare, &Fixture::pattern(0x3000))?;
    emulator.unmap_memory((spare + 0xffe..spare + 0x2001).into())?;
    let all = Permissions::ALL;
    let expected = [region(spare..spare + 0xffe, all), region(spare + 0x2001..spare + 0x3000, all)];
    equal!(emulator.memory_map(), expected, "map");
    let pattern = Fixture::pattern(0x3000);
    equal!(emulator.read_bytes(spare, 0xffe)?, pattern[..0xffe], "content below");
    equal!(emulator.read_bytes(spare + 0x2001, 0xfff)?, pattern[0x2001..], "content above");
    unmapped(emulator.read_bytes(spare + 0xff0, 0x20), Access::Read, spare + 0xffe)?;
    unmapped(emulator.read_bytes(spare + 0x2000, 2), Access::Read, spare + 0x2000)?;
    emulator.unmap_memory((spare..spare + 1).into())?;
    unmapped(emulator.read_bytes(spare, 1), Access::Read, spare)
}

fn unmap_used(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, code_spare: spare, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    fixture.call(&mut *emulator, "load", &[ptr(data_at)])?;
    let code = fixture.long_straight(8)?;
    map(&mut *emulator, spare, spare + 0x100)?;
    emulator.write_code(spare, &code)?;
    fixture.prepare(&mut *emulator, "straight", &[])?;
    emulator.set_program_counter(fixture.code_pointer(spare)?)?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result");
    emulator.unmap_memory((data_at..data_at + 4).into())?;
    emulator.unmap_memory((spare..spare + 0x100).into())?;
    fixture.prepare(&mut *emulator, "load", &[ptr(data_at)])?;
    unmapped(emulator.run(), Access::Read, data_at)?;
    fixture.prepare(&mut *emulator, "straight", &[])?;
    emulator.set_program_counter(fixture.code_pointer(spare)?)?;
    unmapped(emulator.run(), Access::Fetch, spare)?;
    equal!(emulator.program_counter(), spare, "program counter");
    map(&mut *emulator, spare, spare + 0x100)?;
    emulator.write_code(spare, &code)?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result after mapping it again");
    Ok(())
}

fn not_mapped(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    map(&mut *emulator, spare, spare + 0x10)?;
    map(&mut *emulator, spare + 0x20, spare + 0x30)?;
    let before = emulator.memory_map();
    for (range, missing) in [
        (spare - 1..spare + 4, spare - 1),
        (spare + 8..spare + 0x28, spare + 0x10),
        (spare + 0x28..spare + 0x31, spare + 0x30),
        (spare + 0x12..spare + 0x13, spare + 0x12),
    ] {
        let range = AddressRange::from(range);
        for result in [emulator.unmap_memory(range), emulator.protect_memory(range, Permissions::READ)] {
            match result {
                Err(Error::NotMapped { range: told, address }) => {
                    equal!(told, range, "range in the error");
                    equal!(address, missing, "address in the error");
                }
                other => return Err(Failure::new(format!("{range}: {other:?}"))),
            }
        }
        equal!(emulator.memory_map(), before, "map after the errors");
    }
    Ok(())
}

fn protect_part(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    emulator.map_memory(spare..spare + 0x2000, Permissions::READ_WRITE)?;
    emulator.protect_memory((spare + 0x101..spare + 0x104).into(), Permissions::READ)?;
    emulator.protect_memory((spare + 0x104..spare + 0x106).into(), Permissions::WRITE)?;
    let map: Vec<_> =
        emulator.memory_map().into_iter().filter(|region| region.range.first() >= spare).collect();
    equal!(
        map,
        [
            region(spare..spare + 0x101, Permissions::READ_WRITE),
            region(spare + 0x101..spare + 0x104, Permissions::READ),
            region(spare + 0x104..spare + 0x106, Permissions::WRITE),
            region(spare + 0x106..spare + 0x2000, Permissions::READ_WRITE),
        ],
        "map"
    );
    let forbidden = |access, address, size, label: &str| -> Result<Fault, Failure> {
        let pc = fixture.address(label)?;
        Ok(Fault::Memory { access, cause: MemoryCause::Permission, address, size, pc })
    };
    fixture.call(&mut *emulator, "store8", &[ptr(spare + 0x100), int(1)])?;
    fixture.call(&mut *emulator, "load8", &[ptr(spare + 0x101)])?;
    fixture.call(&mut *emulator, "store8", &[ptr(spare + 0x105), int(1)])?;
    fixture.prepare(&mut *emulator, "store8", &[ptr(spare + 0x101), int(1)])?;
    let fault = fault_of(emulator.run())?;
    equal!(fault, forbidden(Access::Write, spare + 0x101, 1, "store8_insn")?, "byte store");
    fixture.prepare(&mut *emulator, "store16", &[ptr(spare + 0x100), int(1)])?;
    let fault = fault_of(emulator.run())?;
    equal!(fault, forbidden(Access::Write, spare + 0x101, 2, "store16_insn")?, "store across the border");
    fixture.prepare(&mut *emulator, "load8", &[ptr(spare + 0x104)])?;
    let fault = fault_of(emulator.run())?;
    equal!(fault, forbidden(Access::Read, spare + 0x104, 1, "load8_insn")?, "load");
    Ok(())
}

fn protect_used(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    let data = AddressRange::from(data_at..data_at + 0x1000);
    fixture.call(&mut *emulator, "load", &[ptr(data_at)])?;
    fixture.call(&mut *emulator, "store", &[ptr(data_at), int(1)])?;
    let permission = |access, address, size, pc| Fault::Memory {
        access,
        cause: MemoryCause::Permission,
        address,
        size,
        pc,
    };
    emulator.protect_memory(data, Permissions::READ)?;
    fixture.call(&mut *emulator, "load", &[ptr(data_at)])?;
    fixture.prepare(&mut *emulator, "store", &[ptr(data_at), int(2)])?;
    let store = fixture.address("store_insn")?;
    equal!(
        fault_of(emulator.run())?,
        permission(Access::Write, data_at, fixture.width(), store),
        "store to r--"
    );
    emulator.protect_memory(data, Permissions::EXECUTE)?;
    fixture.prepare(&mut *emulator, "load", &[ptr(data_at)])?;
    let load = fixture.address("load_insn")?;
    equal!(
        fault_of(emulator.run())?,
        permission(Access::Read, data_at, fixture.width(), load),
        "load from --x"
    );
    emulator.protect_memory(data, Permissions::READ_WRITE)?;
    fixture.call(&mut *emulator, "store", &[ptr(data_at), int(3)])?;
    equal!(emulator.read_integer(data_at, 4)?, 3, "stored");
    // Code.
    equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "result");
    let straight = fixture.address("straight")?;
    let map = emulator.memory_map();
    let code = map.iter().find(|region| region.range.contains(straight)).map(|region| region.range);
    let code = code.ok_or_else(|| Failure::new("the code is not mapped"))?;
    emulator.protect_memory(code, Permissions::READ_WRITE)?;
    fixture.prepare(&mut *emulator, "straight", &[])?;
    equal!(fault_of(emulator.run())?, permission(Access::Fetch, straight, 1, straight), "execution of rw-");
    emulator.protect_memory(code, Permissions::EXECUTE)?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result of --x");
    Ok(())
}

fn wrapping(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let highest = fixture.highest();
    matching!(AddressRange::sized(u64::MAX - 1, 3), Err(Error::WrappingRange { .. }), "3 bytes at the end");
    emulator.map_memory(highest - 0xf..=highest, Permissions::ALL)?;
    let before = emulator.memory_map();
    if highest < u64::MAX {
        let range = AddressRange::from(highest..=highest + 1);
        for result in [
            emulator.map_memory_with(range, Permissions::ALL, Overlap::Keep),
            emulator.unmap_memory(range),
            emulator.protect_memory(range, Permissions::READ),
            emulator.map_memory(highest + 1..highest + 2, Permissions::ALL),
        ] {
            match result {
                Err(Error::WrappingRange { highest: told, .. }) => equal!(told, highest, "highest address"),
                other => return Err(Failure::new(format!("past the end: {other:?}"))),
            }
        }
        ensure!(emulator.read_memory(highest + 1, &mut [0]).is_err(), "a read past the end succeeds");
    }
    equal!(emulator.memory_map(), before, "map after the errors");
    matching!(emulator.read_bytes(u64::MAX - 1, 3), Err(_), "a read that wraps");
    Ok(())
}

fn empty_range(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    emulator.map_memory(spare..spare, Permissions::ALL)?;
    equal!(emulator.memory_map(), [], "map");
    emulator.read_memory(spare, &mut [])?;
    emulator.write_memory(spare, &[])?;
    Ok(())
}

fn host_ignores_permissions(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    let kinds = [
        Permissions::NONE,
        Permissions::READ,
        Permissions::WRITE,
        Permissions::EXECUTE,
        Permissions::READ_EXECUTE,
    ];
    for (index, permissions) in kinds.into_iter().enumerate() {
        let address = spare + 0x10 * index as u64;
        emulator.map_memory(address..address + 0x10, permissions)?;
    }
    let bytes = Fixture::pattern(0x50);
    emulator.write_memory(spare, &bytes)?;
    equal!(emulator.read_bytes(spare, 0x50)?, bytes, "content");
    emulator.write_code(spare + 8, &[1, 2, 3])?;
    equal!(emulator.read_bytes(spare + 8, 3)?, [1, 2, 3], "code");
    Ok(())
}

fn atomic_write(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    map(&mut *emulator, spare, spare + 0x2010)?;
    map(&mut *emulator, spare + 0x2020, spare + 0x3000)?;
    let before = Fixture::pattern(0x2010);
    emulator.write_memory(spare, &before)?;
    unmapped(emulator.write_memory(spare + 0x200c, &[0xee; 8]), Access::Write, spare + 0x2010)?;
    unmapped(emulator.write_memory(spare + 1, &[0xee; 0x2f00]), Access::Write, spare + 0x2010)?;
    unmapped(emulator.write_code(spare + 1, &[0xee; 0x2f00]), Access::Write, spare + 0x2010)?;
    equal!(emulator.read_bytes(spare, 0x2010)?, before, "content below the gap");
    equal!(emulator.read_bytes(spare + 0x2020, 0x10)?, [0; 0x10], "content above the gap");
    Ok(())
}

fn host_crosses(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { far, spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    emulator.map_memory(spare..spare + 0x3001, Permissions::READ)?;
    emulator.map_memory(spare + 0x3001..far, Permissions::READ_WRITE)?;
    let bytes: Vec<u8> = (0..(far - spare - 0x200) as u32).map(|index| ((index * 31) >> 3) as u8).collect();
    emulator.write_memory(spare + 0x123, &bytes)?;
    equal!(
        emulator.read_bytes(spare + 0x123, bytes.len() as u64)? == bytes,
        true,
        "whether the content is right"
    );
    emulator.write_integer(spare + 0xffd, 0x0102_0304_0506, 6)?;
    equal!(emulator.read_integer(spare + 0xffd, 6)?, 0x0102_0304_0506, "integer across a page");
    equal!(emulator.read_bytes(spare + 0xffd, 6)?, fixture.bytes(0x0102_0304_0506, 6), "byte order");
    Ok(())
}

/// The bytes that make `patch_me` return 1, and those that make it return 2.
fn patches(fixture: &Fixture) -> Result<[Vec<u8>; 2], Failure> {
    let size = fixture.number("patch_size")?;
    let (one, two) = (fixture.address("patch_me_insn")?, fixture.address("patch_source_insn")?);
    Ok([fixture.image(one, one + size)?, fixture.image(two, two + size)?])
}

fn write_code(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let [one, two] = patches(fixture)?;
    let place = fixture.address("patch_me_insn")?;
    for _ in 0..3 {
        equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 1, "result before");
        emulator.write_code(place, &two)?;
        equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 2, "result after write_code");
        emulator.write_memory(place, &one)?;
        equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 1, "result after write_memory");
    }
    Ok(())
}

fn write_code_in_hook(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    equal!(fixture.call(&mut *emulator, "caller", &[int(20)])?, 41, "result before");
    let callee = fixture.address("callee")?;
    let other = fixture.image(fixture.address("patch_me")?, fixture.end("patch_me")?)?;
    emulator.hook_instruction(fixture.address("caller_call")?, move |emulator, _| {
        emulator.write_code(callee, &other)?;
        Ok(terrella_emulator_api::Flow::Continue)
    })?;
    equal!(fixture.call(&mut *emulator, "caller", &[int(20)])?, 2, "result with another callee");
    Ok(())
}

fn write_own_code_in_hook(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 1, "result before");
    let [_, two] = patches(fixture)?;
    emulator.hook_instruction(fixture.address("patch_me_insn")?, move |emulator, pc| {
        emulator.write_code(pc, &two)?;
        Ok(terrella_emulator_api::Flow::Continue)
    })?;
    equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 2, "result of the call whose hook wrote");
    equal!(fixture.call(&mut *emulator, "patch_me", &[])?, 2, "result of the next call");
    Ok(())
}

fn guest_writes_code(fixture: &mut Fixture) -> Result<(), Failure> {
    fixture.data_reaches_code()?;
    let mut emulator = fixture.loaded()?;
    let place = fixture.address("patch_me_insn")?;
    let patches = patches(fixture)?;
    for (patch, expected) in [(0, 1), (1, 2), (0, 1), (1, 2)] {
        for (address, byte) in (place..).zip(&patches[patch]) {
            fixture.call(&mut *emulator, "store8", &[ptr(address), int((*byte).into())])?;
        }
        equal!(fixture.call(&mut *emulator, "patch_me", &[])?, expected, "result");
    }
    Ok(())
}

fn self_modify(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    equal!(fixture.call(&mut *emulator, "self_modify", &[])?, 7, "result");
    equal!(fixture.call(&mut *emulator, "self_modify", &[])?, 7, "result of the second call");
    let target = fixture.address("self_modify_target")?;
    let original = fixture.image(target, target + 5)?;
    emulator.write_code(target, &original)?;
    equal!(fixture.call(&mut *emulator, "self_modify", &[])?, 7, "result after a reset");
    Ok(())
}

fn remapped_code(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, spare, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    let one = fixture.image(fixture.address("patch_me")?, fixture.end("patch_me")?)?;
    let two = fixture.image(fixture.address("patch_source")?, fixture.end("patch_source")?)?;
    for (code, expected) in [(&one, 1), (&two, 2), (&one, 1)] {
        map(&mut *emulator, spare, spare + 0x1000)?;
        emulator.write_memory(spare, code)?;
        fixture.prepare(&mut *emulator, "patch_me", &[])?;
        emulator.set_program_counter(fixture.code_pointer(spare)?)?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
        equal!(fixture.result(&*emulator)?, expected, "result");
        emulator.unmap_memory((spare..spare + 0x1000).into())?;
    }
    Ok(())
}

fn label(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    map(&mut *emulator, spare, spare + 0x1000)?;
    let declared = emulator.capabilities().has(Capability::Labels);
    match emulator.write_memory_label((spare..spare + 4).into(), "x") {
        Ok(()) if declared => Ok(()),
        Err(Error::Unsupported { capability: Capability::Labels, .. }) if !declared => Ok(()),
        other => Err(Failure::new(format!("labels are declared: {declared}; {other:?}"))),
    }
}
