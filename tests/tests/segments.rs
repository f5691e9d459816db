//! Segment registers and far transfers of x86 with a table of descriptors, on
//! both backends: what the Intel SDM says (volume 2, MOV, JMP, CALL, RET, IRET,
//! LAR, LSL, VERR; volume 3, chapters 3 and 5), and Unicorn as witness.

use terrella_conformance::backends;
use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Result, Stop};

const CODE: u64 = 0x2_0000;
const TABLE: u64 = 0x8000;
const STACK: u64 = 0x9800;

/// A descriptor: base, limit, the byte of type and rights, and the flags G,
/// D, L in their order of bits 55 to 53.
const fn descriptor(base: u64, limit: u64, access: u64, flags: u64) -> u64 {
    limit & 0xffff
        | (base & 0xff_ffff) << 16
        | access << 40
        | (limit >> 16 & 15) << 48
        | flags << 53
        | (base >> 24 & 0xff) << 56
}

/// The table; code is of 32 bits, or of 64 bits in long mode.
fn table(is_long: bool) -> [u64; 13] {
    let code = if is_long { 0b101 } else { 0b110 };
    [
        0,
        // 0x08: code of level 0; 0x10: data; 0x18 and 0x20: of level 3.
        descriptor(0, 0xf_ffff, 0x9a, code),
        descriptor(0, 0xf_ffff, 0x92, 0b110),
        descriptor(0, 0xf_ffff, 0xfa, code),
        descriptor(0, 0xf_ffff, 0xf2, 0b110),
        // 0x28: data that cannot be written; 0x30: data that are not present.
        descriptor(0, 0xf_ffff, 0x90, 0b110),
        descriptor(0, 0xf_ffff, 0x12, 0b110),
        // 0x38: data with a base and a limit of bytes.
        descriptor(0x1234_5678, 0x4_3210, 0x92, 0b010),
        // 0x40: code that cannot be read; 0x48: code of whoever calls it.
        descriptor(0, 0xf_ffff, 0x98, code),
        descriptor(0, 0xf_ffff, 0x9e, code),
        // 0x50: code of one page.
        descriptor(0, 0, 0x9a, code),
        // 0x58: a local table; 0x60: a task of 16 bits.
        descriptor(0x5000, 0x67, 0x82, 0),
        descriptor(0x5000, 0x67, 0x81, 0),
    ]
}

/// Where transfers go.
const TARGET: u64 = 0x2_0040;

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Trap(u64),
}

struct Row {
    name: &'static str,
    code: &'static [u8],
    before: &'static [(&'static str, u64)],
    /// Words of 32 bits on the stack.
    stack: &'static [u32],
    end: End,
    after: &'static [(&'static str, u64)],
}

const ROW: Row = Row { name: "", code: &[], before: &[], stack: &[], end: End::Done, after: &[] };

/// What both modes do alike.
const COMMON: &[Row] = &[
    Row {
        name: "mov ds, eax",
        code: &[0x8e, 0xd8],
        before: &[("eax", 0xffff_0010)],
        after: &[("ds", 0x10), ("pc", CODE + 2)],
        ..ROW
    },
    Row { name: "mov es, null", code: &[0x8e, 0xc0], before: &[("eax", 3)], after: &[("es", 3)], ..ROW },
    Row {
        name: "a data segment of level 3",
        code: &[0x8e, 0xd8],
        before: &[("eax", 0x23)],
        after: &[("ds", 0x23)],
        ..ROW
    },
    Row {
        name: "one that asks for less than it may",
        code: &[0x8e, 0xd8],
        before: &[("eax", 0x13)],
        end: End::Trap(13),
        ..ROW
    },
    Row {
        name: "code that can be read",
        code: &[0x8e, 0xd8],
        before: &[("eax", 8)],
        after: &[("ds", 8)],
        ..ROW
    },
    Row {
        name: "code that cannot",
        code: &[0x8e, 0xd8],
        before: &[("eax", 0x40)],
        end: End::Trap(13),
        ..ROW
    },
    Row {
        name: "beyond the table",
        code: &[0x8e, 0xd8],
        before: &[("eax", 0x68)],
        end: End::Trap(13),
        ..ROW
    },
    Row {
        name: "a descriptor of the system",
        code: &[0x8e, 0xd8],
        before: &[("eax", 0x58)],
        end: End::Trap(13),
        ..ROW
    },
    Row { name: "not present", code: &[0x8e, 0xd8], before: &[("eax", 0x30)], end: End::Trap(11), ..ROW },
    Row {
        name: "mov ss, not present",
        code: &[0x8e, 0xd0],
        before: &[("eax", 0x30)],
        end: End::Trap(12),
        ..ROW
    },
    Row {
        name: "mov ss, read only",
        code: &[0x8e, 0xd0],
        before: &[("eax", 0x28)],
        end: End::Trap(13),
        ..ROW
    },
    Row {
        name: "mov ss, of another level",
        code: &[0x8e, 0xd0],
        before: &[("eax", 0x23)],
        end: End::Trap(13),
        ..ROW
    },
    Row { name: "mov ss", code: &[0x8e, 0xd0], before: &[("eax", 0x10)], after: &[("ss", 0x10)], ..ROW },
    Row {
        name: "mov gs brings its base",
        code: &[0x8e, 0xe8],
        before: &[("eax", 0x38)],
        after: &[("gs", 0x38), ("gs_base", 0x1234_5678)],
        ..ROW
    },
    Row {
        name: "lar of data",
        code: &[0x0f, 0x02, 0xc8],
        before: &[("eax", 0x38), ("ecx", 0x5555)],
        after: &[("ecx", 0x40_9200), ("zf", 1)],
        ..ROW
    },
    Row {
        name: "lar of nothing leaves the register",
        code: &[0x0f, 0x02, 0xc8],
        before: &[("eax", 0x68), ("ecx", 0x5555), ("zf", 1)],
        after: &[("ecx", 0x5555), ("zf", 0)],
        ..ROW
    },
    Row {
        name: "lsl in bytes",
        code: &[0x0f, 0x03, 0xc8],
        before: &[("eax", 0x38)],
        after: &[("ecx", 0x4_3210), ("zf", 1)],
        ..ROW
    },
    Row {
        name: "lsl in pages",
        code: &[0x0f, 0x03, 0xc8],
        before: &[("eax", 0x10)],
        after: &[("ecx", 0xffff_ffff), ("zf", 1)],
        ..ROW
    },
    Row {
        name: "lsl of a local table",
        code: &[0x0f, 0x03, 0xc8],
        before: &[("eax", 0x58)],
        after: &[("ecx", 0x67), ("zf", 1)],
        ..ROW
    },
    Row {
        name: "verr of code that cannot be read",
        code: &[0x0f, 0x00, 0xe0],
        before: &[("eax", 0x40), ("zf", 1)],
        after: &[("zf", 0)],
        ..ROW
    },
    Row {
        name: "verr of code of any level",
        code: &[0x0f, 0x00, 0xe0],
        before: &[("eax", 0x4b)],
        after: &[("zf", 1)],
        ..ROW
    },
    Row {
        name: "verw of data",
        code: &[0x0f, 0x00, 0xe8],
        before: &[("eax", 0x10)],
        after: &[("zf", 1)],
        ..ROW
    },
    Row {
        name: "verw of what is read only",
        code: &[0x0f, 0x00, 0xe8],
        before: &[("eax", 0x28), ("zf", 1)],
        after: &[("zf", 0)],
        ..ROW
    },
    Row {
        name: "jmp far [sp]",
        code: &[0xff, 0x2c, 0x24],
        stack: &[0x2_0040, 8],
        after: &[("cs", 8), ("pc", 0x2_0040)],
        ..ROW
    },
    Row {
        name: "jmp far to data",
        code: &[0xff, 0x2c, 0x24],
        stack: &[0x2_0040, 0x10],
        end: End::Trap(13),
        ..ROW
    },
    Row {
        name: "jmp far to level 3",
        code: &[0xff, 0x2c, 0x24],
        stack: &[0x2_0040, 0x1b],
        end: End::Trap(13),
        ..ROW
    },
    Row {
        name: "jmp far to nothing",
        code: &[0xff, 0x2c, 0x24],
        stack: &[0x2_0040, 0],
        end: End::Trap(13),
        ..ROW
    },
    Row {
        name: "jmp far to code of any level keeps the level",
        code: &[0xff, 0x2c, 0x24],
        stack: &[0x2_0040, 0x4b],
        after: &[("cs", 0x48), ("pc", 0x2_0040)],
        ..ROW
    },
    Row {
        name: "call far [sp]",
        code: &[0xff, 0x1c, 0x24],
        stack: &[0x2_0040, 8],
        after: &[("cs", 8), ("pc", 0x2_0040), ("sp", STACK - 8)],
        ..ROW
    },
    Row {
        name: "retf",
        code: &[0xcb],
        stack: &[0x2_0040, 8],
        after: &[("cs", 8), ("pc", 0x2_0040), ("sp", STACK + 8)],
        ..ROW
    },
    Row {
        name: "retf to level 3 takes what it may not use",
        code: &[0xca, 4, 0],
        before: &[("ds", 0x10), ("es", 0x23)],
        stack: &[0x2_0040, 0x1b, 0, 0x9900, 0x23],
        after: &[("cs", 0x1b), ("pc", 0x2_0040), ("ss", 0x23), ("sp", 0x9904), ("ds", 0), ("es", 0x23)],
        ..ROW
    },
    Row {
        name: "retf to level 3 with the stack of level 0",
        code: &[0xcb],
        stack: &[0x2_0040, 0x1b, 0x9900, 0x10],
        end: End::Trap(13),
        ..ROW
    },
    Row {
        name: "iret to level 3",
        code: &[0xcf],
        stack: &[0x2_0040, 0x1b, 0x0024_08d7, 0x9900, 0x23],
        after: &[("cs", 0x1b), ("pc", 0x2_0040), ("ss", 0x23), ("sp", 0x9900), ("flags", 0x0024_08d7)],
        ..ROW
    },
];

/// What 32-bit code has, or does otherwise.
const OLD: &[Row] = &[
    Row { name: "mov ss, null", code: &[0x8e, 0xd0], end: End::Trap(13), ..ROW },
    Row { name: "jmp far", code: &[0xea, 0x40, 0, 2, 0, 8, 0], after: &[("cs", 8), ("pc", 0x2_0040)], ..ROW },
    Row {
        name: "jmp far beyond the limit",
        code: &[0xea, 0x40, 0, 2, 0, 0x50, 0],
        end: End::Trap(13),
        ..ROW
    },
    Row {
        name: "les ebx, [esp]",
        code: &[0xc4, 0x1c, 0x24],
        stack: &[0x1234_5678, 0x10],
        after: &[("ebx", 0x1234_5678), ("es", 0x10)],
        ..ROW
    },
    Row {
        name: "pop ds",
        code: &[0x1f],
        stack: &[0xffff_0010],
        after: &[("ds", 0x10), ("sp", STACK + 4)],
        ..ROW
    },
    Row {
        name: "pop ds of what is not there leaves the stack",
        code: &[0x1f],
        stack: &[0x68],
        end: End::Trap(13),
        after: &[("sp", STACK)],
        ..ROW
    },
    Row {
        name: "iret",
        code: &[0xcf],
        stack: &[0x2_0040, 8, 0x3897],
        after: &[("cs", 8), ("pc", 0x2_0040), ("sp", STACK + 12), ("flags", 0x3897)],
        ..ROW
    },
    Row {
        name: "mov edi, fs fills the register",
        code: &[0x8c, 0xe7],
        before: &[("edi", 0xffff_ffff)],
        after: &[("edi", 0)],
        ..ROW
    },
    Row {
        name: "mov di, fs does not",
        code: &[0x66, 0x8c, 0xe7],
        before: &[("edi", 0xffff_ffff)],
        after: &[("edi", 0xffff_0000)],
        ..ROW
    },
    Row {
        name: "lar of a task of 16 bits",
        code: &[0x0f, 0x02, 0xc8],
        before: &[("eax", 0x60)],
        after: &[("ecx", 0x8100), ("zf", 1)],
        ..ROW
    },
];

/// What long mode does otherwise.
const LONG: &[Row] = &[
    Row { name: "mov ss, null", code: &[0x8e, 0xd0], before: &[("eax", 0)], after: &[("ss", 0)], ..ROW },
    Row {
        name: "pop fs",
        code: &[0x0f, 0xa1],
        stack: &[0xffff_0038, 0xffff_ffff],
        after: &[("fs", 0x38), ("fs_base", 0x1234_5678), ("sp", STACK + 8)],
        ..ROW
    },
    Row {
        name: "iret has the stack",
        code: &[0xcf],
        stack: &[0x2_0040, 8, 0x3897, 0x9900, 0x10],
        after: &[("cs", 8), ("pc", 0x2_0040), ("ss", 0x10), ("sp", 0x9900), ("flags", 0x3897)],
        ..ROW
    },
];

fn named(platform: Platform, name: &'static str) -> &'static str {
    match (name, platform) {
        ("flags", Platform::X86_64) => "rflags",
        ("flags", _) => "eflags",
        ("sp", Platform::X86_64) => "rsp",
        ("sp", _) => "esp",
        ("pc", Platform::X86_64) => "rip",
        ("pc", _) => "eip",
        _ => name,
    }
}

fn end(result: Result<Stop>) -> Result<End> {
    match result {
        Ok(Stop::ExitPoint(_)) => Ok(End::Done),
        Err(Error::Fault(Fault::UnhandledInterrupt { number, .. })) => Ok(End::Trap(number)),
        Err(error) => Err(error),
        Ok(other) => panic!("{other:?}"),
    }
}

/// Adds what is wrong about a row.
fn check(
    mut emulator: Box<dyn Emulator>,
    platform: Platform,
    row: &Row,
    wrong: &mut Vec<String>,
) -> Result<()> {
    let what = format!("{} {platform} {}", emulator.backend().name, row.name);
    emulator.map_memory(TABLE..TABLE + 0x2000, Permissions::READ_WRITE)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    for (place, entry) in (TABLE..).step_by(8).zip(table(platform == Platform::X86_64)) {
        emulator.write_integer(place, entry.into(), 8)?;
    }
    emulator.write_register("gdtr_base", TABLE)?;
    emulator.write_register("gdtr_limit", 13 * 8 - 1_u64)?;
    emulator.write_code(CODE, row.code)?;
    for (place, word) in (STACK..).step_by(4).zip(row.stack) {
        emulator.write_integer(place, (*word).into(), 4)?;
    }
    emulator.write_register(named(platform, "sp"), STACK)?;
    // Segment registers by an instruction: Unicorn's interface has no way in
    // 32-bit code.
    for (name, value) in row.before {
        let number = ["es", "cs", "ss", "ds"].iter().position(|it| it == name);
        let Some(number) = number else {
            emulator.write_register(*name, *value)?;
            continue;
        };
        emulator.write_code(CODE + 0x80, &[0x8e, 0xc1 | (number as u8) << 3])?;
        emulator.write_register("ecx", *value)?;
        emulator.set_program_counter(CODE + 0x80)?;
        emulator.step()?;
    }
    emulator.set_program_counter(CODE)?;
    for exit in [CODE + row.code.len() as u64, TARGET] {
        emulator.add_exit_point(exit);
    }
    let found = match end(emulator.run()) {
        Ok(found) => found,
        // Unicorn does not find the end of a run in another segment of long
        // mode: there is no witness.
        Err(Error::Unsupported { backend: "unicorn", .. }) if platform == Platform::X86_64 => return Ok(()),
        Err(error) => return Err(error),
    };
    if found != row.end {
        wrong.push(format!("{what}: {found:?}, not {:?}", row.end));
    }
    for (name, value) in row.after {
        // Bit 1 of the flags is always set, and not kept by every backend.
        let always = if *name == "flags" { 2 } else { 0 };
        let found = emulator.read_register(named(platform, name))? | always;
        if found != *value {
            wrong.push(format!("{what}: {name} is {found:#x}, not {value:#x}"));
        }
    }
    Ok(())
}

#[test]
fn descriptors_are_looked_up() -> Result<()> {
    let mut wrong = Vec::new();
    for (platform, own) in [(Platform::I386, OLD), (Platform::X86_64, LONG)] {
        for row in COMMON.iter().chain(own) {
            for backend in backends() {
                check((backend.make)(platform)?, platform, row, &mut wrong)?;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
