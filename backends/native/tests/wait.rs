//! FWAIT is an instruction of its own, and what is before it - prefixes, REX -
//! is nothing to the instruction behind it (Intel SDM, volume 2,
//! FSTCW/FNSTCW). The hardware oracle compares the same with the host's
//! processor.

use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform, Result};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x3000;

/// FNSTENV, FNSTCW, FNCLEX, FNINIT, FNSAVE, FNSTSW of memory and AX; operands
/// are at (E/R)DI, with addresses of 16 bits at BX.
const FORMS: &[&[u8]] = &[
    &[0xd9, 0x37],
    &[0xd9, 0x3f],
    &[0xdb, 0xe2],
    &[0xdb, 0xe3],
    &[0xdd, 0x37],
    &[0xdd, 0x3f],
    &[0xdf, 0xe0],
];

const PREFIXES: &[&[u8]] =
    &[&[], &[0x66], &[0x67], &[0xf2], &[0xf3], &[0x64], &[0x65], &[0x66, 0x64], &[0x2e, 0x67]];

const REX: &[u8] = &[0x40, 0x41, 0x48, 0x49, 0x4f];

fn check(platform: Platform, prefix: &[u8], form: &[u8]) -> Result<()> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    let wait = [prefix, &[0x9b]].concat();
    emulator.write_memory(CODE, &[&wait, form].concat())?;
    emulator.write_memory(DATA, &[0xa5; 0x80])?;
    // The operand would be in memory that is not there if what is before FWAIT
    // were for it.
    let (pointer, other) = match platform {
        Platform::X86_64 => ("rdi", "r15"),
        Platform::I386 => ("edi", "ebx"),
        _ => ("bx", "di"),
    };
    emulator.write_register(pointer, DATA)?;
    emulator.write_register(other, 0x7000_u64)?;
    for segment in ["fs", "gs"] {
        if platform == Platform::X86_16 {
            emulator.write_register(segment, 0x900_u64)?;
        } else {
            let base = format!("{segment}_base");
            emulator.write_register(base.as_str(), 0x9000_u64)?;
        }
    }
    emulator.write_register("pc", CODE)?;
    let name = format!("{platform}: {wait:02x?} {form:02x?}");
    emulator.step()?;
    assert_eq!(emulator.read_register("pc")?, CODE + wait.len() as u64, "{name}");
    let mut before = [0; 0x80];
    emulator.read_memory(DATA, &mut before)?;
    assert_eq!(before, [0xa5; 0x80], "{name}");
    emulator.step()?;
    assert_eq!(emulator.read_register("pc")?, CODE + (wait.len() + form.len()) as u64, "{name}");
    let mut after = [0; 2];
    emulator.read_memory(DATA, &mut after)?;
    let stores = form[1] < 0xc0;
    assert_eq!(after != [0xa5; 2], stores, "{name}");
    if form == [0xd9, 0x3f] {
        assert_eq!(after, [0x7f, 0x03], "{name}: the control word");
    }
    Ok(())
}

#[test]
fn fwait_is_an_instruction_of_its_own() -> Result<()> {
    for form in FORMS {
        for prefix in PREFIXES {
            for platform in [Platform::X86_64, Platform::I386, Platform::X86_16] {
                check(platform, prefix, form)?;
            }
            for rex in REX {
                check(Platform::X86_64, &[prefix, &[*rex][..]].concat(), form)?;
            }
        }
    }
    Ok(())
}
