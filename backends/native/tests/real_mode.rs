//! Real-address mode of x86: segments, far transfers and what wraps. The
//! expected results are those of the Intel SDM, volume 3, 21.1, and volume 2.

use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, InterruptFlow, Permissions, Platform, Result, Step, Stop,
};
use terrella_native::NativeEmulator;

/// An emulator with a mebibyte and the 64 KiB above it.
fn emulator() -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(Platform::X86_16)?;
    emulator.map_memory(0..0x11_0000, Permissions::ALL)?;
    Ok(emulator)
}

/// Registers or bytes of memory with their values.
type Values = &'static [(&'static str, u64)];

/// What an instruction does: its address and bytes, registers and words of
/// memory before it, and those after it.
struct Row {
    name: &'static str,
    /// The selector of the code segment, and the offset in it.
    at: (u64, u64),
    code: &'static [u8],
    before: Values,
    memory: &'static [(u64, &'static [u8])],
    after: Values,
    written: &'static [(u64, &'static [u8])],
}

const NOTHING: Row =
    Row { name: "", at: (0x1000, 0x200), code: &[], before: &[], memory: &[], after: &[], written: &[] };

const ROWS: &[Row] = &[
    Row {
        name: "mov ax, [bx + 2]: the data segment",
        code: &[0x8b, 0x47, 0x02],
        before: &[("ds", 0x2000), ("bx", 0xffff)],
        memory: &[(0x2_0001, &[0x34, 0x12])],
        after: &[("ax", 0x1234), ("pc", 0x1_0203), ("ip", 0x203)],
        ..NOTHING
    },
    Row {
        name: "mov ax, [bp]: the stack segment",
        code: &[0x8b, 0x46, 0x00],
        before: &[("ds", 0x2000), ("ss", 0x3000), ("bp", 0x10)],
        memory: &[(0x3_0010, &[0x34, 0x12])],
        after: &[("ax", 0x1234)],
        ..NOTHING
    },
    Row {
        name: "mov eax, [esp + ecx * 4 + 8]: the stack segment, with 32 bits",
        code: &[0x66, 0x67, 0x8b, 0x44, 0x8c, 0x08],
        before: &[("ss", 0x3000), ("esp", 0x100), ("ecx", 2)],
        memory: &[(0x3_0110, &[0x78, 0x56, 0x34, 0x12])],
        after: &[("eax", 0x1234_5678)],
        ..NOTHING
    },
    Row {
        name: "mov al, es:[di]",
        code: &[0x26, 0x8a, 0x05],
        before: &[("es", 0xffff), ("di", 0xffff)],
        // Above one mebibyte: A20 is on.
        memory: &[(0x10_ffef, &[0x77])],
        after: &[("al", 0x77)],
        ..NOTHING
    },
    Row {
        name: "mov ds, ax",
        code: &[0x8e, 0xd8],
        before: &[("ax", 0x4321)],
        after: &[("ds", 0x4321)],
        ..NOTHING
    },
    Row {
        name: "push ax with SP 0 wraps",
        code: &[0x50],
        before: &[("ax", 0xabcd), ("ss", 0x3000), ("esp", 0x5555_0000)],
        after: &[("esp", 0x5555_fffe)],
        written: &[(0x3_fffe, &[0xcd, 0xab])],
        ..NOTHING
    },
    Row {
        name: "push sp is what it was",
        code: &[0x54],
        before: &[("ss", 0x3000), ("sp", 0x100)],
        after: &[("sp", 0xfe)],
        written: &[(0x3_00fe, &[0x00, 0x01])],
        ..NOTHING
    },
    Row {
        name: "push eax",
        code: &[0x66, 0x50],
        before: &[("eax", 0x1234_5678), ("ss", 0x3000), ("sp", 0x100)],
        after: &[("sp", 0xfc)],
        written: &[(0x3_00fc, &[0x78, 0x56, 0x34, 0x12])],
        ..NOTHING
    },
    Row {
        name: "push ax with an address size prefix: the stack stays of 16 bits",
        code: &[0x67, 0x50],
        before: &[("ax", 0x1234), ("ss", 0x3000), ("esp", 0x7_0100)],
        after: &[("esp", 0x7_00fe)],
        written: &[(0x3_00fe, &[0x34, 0x12])],
        ..NOTHING
    },
    Row {
        name: "jmp eax with an address size of 16 bits",
        at: (0x1234, 0x0002),
        code: &[0x66, 0xff, 0xe0],
        before: &[("eax", 0x5678)],
        after: &[("eip", 0x5678), ("pc", 0x1_79b8)],
        ..NOTHING
    },
    Row {
        name: "jmp with an operand of 32 bits in memory",
        at: (0x1234, 0x0002),
        code: &[0x66, 0xff, 0x67, 0x04],
        before: &[("bx", 0x100), ("ds", 0x3000)],
        memory: &[(0x3_0104, &[0x78, 0x56, 0x00, 0x00])],
        after: &[("eip", 0x5678), ("pc", 0x1_79b8)],
        ..NOTHING
    },
    Row {
        name: "jmp short backwards through the start of the segment",
        at: (0x1234, 0x0002),
        code: &[0xeb, 0xf0],
        after: &[("ip", 0xfff4), ("eip", 0xfff4), ("pc", 0x2_2334)],
        ..NOTHING
    },
    Row {
        name: "jmp near through the end of the segment",
        at: (0x1234, 0xfff0),
        code: &[0xe9, 0x20, 0x00],
        after: &[("eip", 0x13), ("pc", 0x1_2353)],
        ..NOTHING
    },
    Row {
        name: "jnz taken",
        at: (0x1234, 0xfff0),
        code: &[0x75, 0x20],
        before: &[("zf", 0)],
        after: &[("eip", 0x12)],
        ..NOTHING
    },
    Row {
        name: "loop counts in CX",
        code: &[0xe2, 0x10],
        before: &[("ecx", 0x1_0001)],
        after: &[("ecx", 0x1_0000), ("ip", 0x202)],
        ..NOTHING
    },
    Row {
        name: "call near pushes the offset",
        at: (0x1234, 0xfff0),
        code: &[0xe8, 0x20, 0x00],
        before: &[("ss", 0x3000), ("sp", 0x100)],
        after: &[("eip", 0x13), ("sp", 0xfe), ("cs", 0x1234)],
        written: &[(0x3_00fe, &[0xf3, 0xff])],
        ..NOTHING
    },
    Row {
        name: "ret",
        at: (0x1234, 0x10),
        code: &[0xc3],
        before: &[("ss", 0x3000), ("sp", 0x100)],
        memory: &[(0x3_0100, &[0x78, 0x56])],
        after: &[("eip", 0x5678), ("pc", 0x1_79b8), ("sp", 0x102)],
        ..NOTHING
    },
    Row {
        name: "ret 6",
        at: (0x1234, 0x10),
        code: &[0xc2, 0x06, 0x00],
        before: &[("ss", 0x3000), ("sp", 0xfffc)],
        memory: &[(0x3_fffc, &[0x78, 0x56])],
        after: &[("eip", 0x5678), ("sp", 4)],
        ..NOTHING
    },
    Row {
        name: "call far",
        at: (0x1234, 0x10),
        code: &[0x9a, 0x78, 0x56, 0x00, 0xf0],
        before: &[("ss", 0x3000), ("sp", 0x100)],
        after: &[("cs", 0xf000), ("ip", 0x5678), ("pc", 0xf_5678), ("sp", 0xfc)],
        written: &[(0x3_00fc, &[0x15, 0x00, 0x34, 0x12])],
        ..NOTHING
    },
    Row {
        name: "jmp far [bx]",
        code: &[0xff, 0x2f],
        before: &[("ds", 0x2000), ("bx", 0x40)],
        memory: &[(0x2_0040, &[0x34, 0x12, 0x00, 0x80])],
        after: &[("cs", 0x8000), ("eip", 0x1234), ("pc", 0x8_1234)],
        ..NOTHING
    },
    Row {
        name: "retf",
        code: &[0xcb],
        before: &[("ss", 0x3000), ("sp", 0x100)],
        memory: &[(0x3_0100, &[0x34, 0x12, 0xff, 0xff])],
        after: &[("cs", 0xffff), ("ip", 0x1234), ("pc", 0x10_1224), ("sp", 0x104)],
        ..NOTHING
    },
    Row {
        name: "iret",
        code: &[0xcf],
        before: &[("ss", 0x3000), ("sp", 0x100), ("eflags", 0x4_0002)],
        memory: &[(0x3_0100, &[0x34, 0x12, 0x00, 0x20, 0xd7, 0x7f])],
        after: &[("cs", 0x2000), ("ip", 0x1234), ("sp", 0x106), ("eflags", 0x4_7fd5)],
        ..NOTHING
    },
    Row {
        name: "les di, [si]",
        code: &[0xc4, 0x3c],
        before: &[("ds", 0x2000), ("si", 0x40)],
        memory: &[(0x2_0040, &[0x34, 0x12, 0x00, 0x80])],
        after: &[("es", 0x8000), ("di", 0x1234)],
        ..NOTHING
    },
    Row {
        name: "lss esp, [si]",
        code: &[0x66, 0x0f, 0xb2, 0x24],
        before: &[("ds", 0x2000), ("si", 0x40)],
        memory: &[(0x2_0040, &[0x34, 0x12, 0x01, 0x00, 0x00, 0x80])],
        after: &[("ss", 0x8000), ("esp", 0x1_1234)],
        ..NOTHING
    },
    Row {
        name: "rep movsb with DI through the end of its segment",
        code: &[0xf3, 0xa4],
        before: &[("ds", 0x2000), ("es", 0x3000), ("si", 0x10), ("di", 0xffff), ("ecx", 0x1_0002)],
        memory: &[(0x2_0010, &[0xaa, 0xbb])],
        after: &[("si", 0x12), ("di", 1), ("ecx", 0x1_0000)],
        written: &[(0x3_ffff, &[0xaa]), (0x3_0000, &[0xbb])],
        ..NOTHING
    },
    Row {
        name: "rep stosw with addresses of 32 bits",
        code: &[0x67, 0xf3, 0xab],
        before: &[("es", 0x3000), ("edi", 0x1_0000), ("ecx", 2), ("ax", 0x1234)],
        after: &[("edi", 0x1_0004), ("ecx", 0)],
        written: &[(0x4_0000, &[0x34, 0x12, 0x34, 0x12])],
        ..NOTHING
    },
    Row {
        name: "cs xlatb",
        code: &[0x2e, 0xd7],
        before: &[("bx", 0xfff0), ("al", 0x20)],
        memory: &[(0x1_0010, &[0x42])],
        after: &[("al", 0x42), ("cs", 0x1000)],
        ..NOTHING
    },
    Row {
        name: "enter 16, 2",
        code: &[0xc8, 0x10, 0x00, 0x02],
        before: &[("ss", 0x3000), ("ebp", 0x7_0200), ("esp", 0x8_0100)],
        memory: &[(0x3_01fe, &[0x11, 0x22])],
        after: &[("ebp", 0x7_00fe), ("esp", 0x8_00ea)],
        written: &[(0x3_00fa, &[0xfe, 0x00, 0x11, 0x22, 0x00, 0x02])],
        ..NOTHING
    },
    Row {
        name: "leave",
        code: &[0xc9],
        before: &[("ss", 0x3000), ("ebp", 0x7_0200), ("esp", 0x8_0100)],
        memory: &[(0x3_0200, &[0x34, 0x12])],
        after: &[("ebp", 0x7_1234), ("esp", 0x8_0202)],
        ..NOTHING
    },
    Row {
        name: "bound ax, [bx] within",
        code: &[0x62, 0x07],
        before: &[("ds", 0x2000), ("bx", 0x40), ("ax", 0xffff)],
        memory: &[(0x2_0040, &[0xff, 0xff, 0x05, 0x00])],
        after: &[("ip", 0x202)],
        ..NOTHING
    },
    Row {
        name: "cvtsi2ss xmm0, eax has the operand of 32 bits, movd too",
        code: &[0x66, 0x0f, 0x6e, 0xc0],
        before: &[("eax", 0x1234_5678)],
        after: &[("ip", 0x204)],
        ..NOTHING
    },
];

/// Adds what is wrong about a row.
fn check(row: &Row, wrong: &mut Vec<String>) -> Result<()> {
    let mut emulator = emulator()?;
    let address = row.at.0 * 16 + row.at.1;
    emulator.write_memory(address, row.code)?;
    for (address, bytes) in row.memory {
        emulator.write_memory(*address, bytes)?;
    }
    for (name, value) in row.before {
        emulator.write_register(*name, *value)?;
    }
    emulator.write_register("cs", row.at.0)?;
    emulator.write_register("ip", row.at.1)?;
    assert_eq!(emulator.program_counter(), address, "{}", row.name);
    assert_eq!(emulator.step()?, Step::Done, "{}", row.name);
    for (name, value) in row.after {
        let found = emulator.read_register(*name)?;
        if found != *value {
            wrong.push(format!("{}: {name} is {found:#x}, not {value:#x}", row.name));
        }
    }
    for (address, bytes) in row.written {
        let mut found = vec![0; bytes.len()];
        emulator.read_memory(*address, &mut found)?;
        if found != *bytes {
            wrong.push(format!("{}: at {address:#x} {found:x?}, not {bytes:x?}", row.name));
        }
    }
    Ok(())
}

#[test]
fn instructions_do_what_the_manual_says() -> Result<()> {
    let mut wrong = Vec::new();
    for row in ROWS {
        check(row, &mut wrong)?;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[test]
fn what_real_mode_lacks_is_invalid() -> Result<()> {
    // arpl, sldt, lar, les of a register, bound of a register, mov cs, lock push.
    let codes: &[&[u8]] = &[
        &[0x63, 0xc0],
        &[0x0f, 0x00, 0xc0],
        &[0x0f, 0x02, 0xc0],
        &[0xc4, 0xc0],
        &[0x62, 0xc0],
        &[0x8e, 0xc8],
        &[0xf0, 0x50],
    ];
    for code in codes {
        let mut emulator = emulator()?;
        emulator.write_memory(0x100, code)?;
        emulator.set_program_counter(0x100)?;
        let result = emulator.step();
        let fault = matches!(result, Err(Error::Fault(Fault::InvalidInstruction { pc: 0x100, .. })));
        assert!(fault, "{code:02x?}: {result:?}");
    }
    Ok(())
}

#[test]
fn interrupts_are_told_to_hooks() -> Result<()> {
    let mut emulator = emulator()?;
    // int 0x10; into, with OF; bound that is not; hlt
    emulator.write_memory(0x5_0100, &[0xcd, 0x10, 0x62, 0x07, 0xf4])?;
    emulator.write_register("cs", 0x5000_u64)?;
    emulator.write_register("ip", 0x100_u64)?;
    emulator.write_register("ax", 9_u64)?;
    emulator.write_register("bx", 0x40_u64)?;
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let notes = seen.clone();
    emulator.hook_interrupts(move |emulator, number| {
        notes.borrow_mut().push((number, emulator.program_counter()));
        if number == 5 {
            // The handler: out of the way.
            let ip = emulator.read_register("ip")?;
            emulator.write_register("ip", ip + 2)?;
        }
        Ok(InterruptFlow::Handled)
    })?;
    let stop = emulator.run()?;
    assert_eq!(stop, Stop::Halted(0x5_0105));
    assert_eq!(*seen.borrow(), [(0x10, 0x5_0100), (5, 0x5_0102)]);
    assert_eq!(emulator.program_counter(), 0x5_0105);
    Ok(())
}

#[test]
fn the_program_counter_has_two_views() -> Result<()> {
    let mut emulator = emulator()?;
    emulator.set_program_counter(0xffff0)?;
    assert_eq!(emulator.read_register("eip")?, 0xffff0);
    emulator.write_register("cs", 0xf000_u64)?;
    assert_eq!(emulator.program_counter(), 0x1e_fff0);
    emulator.set_program_counter(0xffff0)?;
    assert_eq!(emulator.read_register("ip")?, 0xfff0);
    assert_eq!(emulator.read_register("eip")?, 0xfff0);
    let snapshot = emulator.snapshot()?;
    emulator.write_register("cs", 0_u64)?;
    emulator.restore(&snapshot)?;
    assert_eq!((emulator.program_counter(), emulator.read_register("cs")?), (0xffff0, 0xf000));
    // The same code with another selector: the jump wraps elsewhere.
    emulator.write_memory(0xffff0, &[0xeb, 0x10])?;
    emulator.step()?;
    assert_eq!(emulator.program_counter(), 0xf_0002);
    emulator.write_register("cs", 0xffff_u64)?;
    emulator.set_program_counter(0xffff0)?;
    emulator.step()?;
    assert_eq!(emulator.program_counter(), 0x10_0002);
    Ok(())
}
