//! Arm: registers that each mode has of its own, with the transfers of those
//! of user mode (Arm ARM ARMv7-A, B1.3.2, B9.3.5, B9.3.6, B9.3.17), and the
//! halves of branches of Thumb before ARMv6T2 (Arm ARM DDI 0100, A7.1.13). The
//! lock step with Unicorn is the witness of the same instructions.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Result, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x2000;
const MODES: [Platform; 2] = [Platform::ARMV5T, Platform::ARMV7A];

fn machine(platform: Platform, code: &[u32]) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..DATA + 0x1000, Permissions::ALL)?;
    for (place, word) in (CODE..).step_by(4).zip(code) {
        emulator.write_code(place, &word.to_le_bytes())?;
    }
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

#[test]
fn modes_have_stacks_and_links_of_their_own() -> Result<()> {
    // msr cpsr_c, #0xdf; msr cpsr_c, #0xd1; msr cpsr_c, #0xd3
    let code = [0xe321_f0df, 0xe321_f0d1, 0xe321_f0d3];
    for platform in MODES {
        let mut emulator = machine(platform, &code)?;
        for (register, value) in [("r7", 7), ("r8", 8), ("r12", 12), ("sp", 13), ("lr", 14), ("spsr", 0x10)] {
            emulator.write_register(register, value as u64)?;
        }
        let all = |emulator: &NativeEmulator| -> Result<Vec<u64>> {
            ["r7", "r8", "r12", "sp", "lr"].iter().map(|name| emulator.read_register(*name)).collect()
        };
        emulator.step()?;
        assert_eq!(all(&emulator)?, [7, 8, 12, 0, 0], "{platform}: system");
        emulator.write_register("sp", 113_u64)?;
        emulator.step()?;
        assert_eq!(all(&emulator)?, [7, 0, 0, 0, 0], "{platform}: fast interrupts");
        emulator.write_register("r8", 208_u64)?;
        emulator.step()?;
        assert_eq!(all(&emulator)?, [7, 8, 12, 13, 14], "{platform}: supervisor");
        assert_eq!(emulator.read_register("spsr")?, 0x10, "{platform}");
    }
    Ok(())
}

#[test]
fn registers_of_user_mode_are_transferred() -> Result<()> {
    // ldmia r0, {r1, sp, lr}^; stmib r2, {r1, sp, lr}^; msr cpsr_c, #0xdf
    let code = [0xe8d0_6002, 0xe9c2_6002, 0xe321_f0df];
    for platform in MODES {
        let mut emulator = machine(platform, &code)?;
        for (place, value) in (DATA..).step_by(4).zip([1_u32, 2, 3]) {
            emulator.write_memory(place, &value.to_le_bytes())?;
        }
        for (register, value) in [("r0", DATA), ("r2", DATA + 0x100), ("sp", 0x77), ("lr", 0x78)] {
            emulator.write_register(register, value)?;
        }
        emulator.step()?;
        let own = ["r1", "sp", "lr", "r0"].map(|name| emulator.read_register(name));
        let own: Vec<u64> = own.into_iter().collect::<Result<_>>()?;
        assert_eq!(own, [1, 0x77, 0x78, DATA], "{platform}");
        emulator.step()?;
        let mut bytes = [0; 16];
        emulator.read_memory(DATA + 0x100, &mut bytes)?;
        assert_eq!(bytes, [0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0], "{platform}");
        emulator.step()?;
        assert_eq!((emulator.read_register("sp")?, emulator.read_register("lr")?), (2, 3), "{platform}");
    }
    Ok(())
}

#[test]
fn a_return_from_an_exception_restores_the_status() -> Result<()> {
    // ldmia sp!, {r0, pc}^
    for platform in MODES {
        for (saved, target) in [(0x6000_0010_u64, CODE + 0x40), (0x8000_0030, CODE + 0x42)] {
            let mut emulator = machine(platform, &[0xe8fd_8001])?;
            emulator.write_memory(DATA, &9_u32.to_le_bytes())?;
            emulator.write_memory(DATA + 4, &(target as u32).to_le_bytes())?;
            emulator.write_register("sp", DATA)?;
            emulator.write_register("spsr", saved)?;
            assert_eq!(emulator.step()?, Step::Done, "{platform}");
            assert_eq!(emulator.program_counter(), target, "{platform}");
            assert_eq!(emulator.read_register("cpsr")?, saved, "{platform}");
            assert_eq!((emulator.read_register("r0")?, emulator.read_register("sp")?), (9, 0), "{platform}");
        }
    }
    Ok(())
}

#[test]
fn halves_of_branches_are_instructions_before_thumb_2() -> Result<()> {
    let half = |code: &[u16], link: u64| -> Result<NativeEmulator> {
        let mut emulator = machine(Platform::ARMV5T, &[])?;
        for (place, half) in (CODE..).step_by(2).zip(code) {
            emulator.write_code(place, &half.to_le_bytes())?;
        }
        emulator.write_register("lr", link)?;
        emulator.set_program_counter(CODE | 1)?;
        Ok(emulator)
    };
    // What is smlad and coprocessor 8 in Thumb-2: bl lr + 2 * 0x327, with the
    // return address in lr; lr is in Thumb.
    for (word, offset) in [(0xfb27_u16, 0x64e_u64), (0xfec1, 0xd82)] {
        let mut emulator = half(&[word, 0x501d], 0x1801)?;
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.program_counter(), (0x1801 + offset) & !1);
        assert_eq!(emulator.read_register("lr")?, CODE + 3);
    }
    // blx whose second half is odd, which is undefined.
    let mut emulator = half(&[0xebfb], 0x1801)?;
    let result = emulator.step();
    assert!(matches!(result, Err(Error::Fault(Fault::InvalidInstruction { pc: CODE, .. }))), "{result:?}");
    Ok(())
}
