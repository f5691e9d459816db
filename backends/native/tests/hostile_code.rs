//! Random bytes as code, on every platform and in every state of the decoder:
//! stops, faults and typed errors only, no panic and no end in sight.

use std::time::Duration;

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Limits, Permissions, Platform};
use terrella_native::NativeEmulator;

/// A small generator, so that every run sees the same bytes (xorshift64*,
/// S. Vigna, "An experimental exploration of Marsaglia's xorshift generators,
/// scrambled", 2016).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = (self.next() >> 32) as u8;
        }
    }
}

/// Where code and data are: in reach of 16-bit addresses.
const CODE: u64 = 0x1000;
const SIZE: usize = 0x2000;

/// How many programs each platform gets; `TERRELLA_HOSTILE_ROUNDS` asks for
/// more.
fn rounds() -> u64 {
    std::env::var("TERRELLA_HOSTILE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

fn run(platform: Platform, random: &mut Random) -> Result<(), Error> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + SIZE as u64, Permissions::ALL)?;
    let mut bytes = vec![0; SIZE];
    random.fill(&mut bytes);
    emulator.write_code(CODE, &bytes)?;
    for (id, register) in emulator.definition().registers().roots() {
        let value = match random.next() % 4 {
            0 => 0,
            1 => u64::MAX >> (64 - register.bits.min(64)),
            // Mostly addresses that are mapped.
            _ => (CODE + random.next() % SIZE as u64) & (u64::MAX >> (64 - register.bits.min(64))),
        };
        // Not every backend has every register, and some have values that
        // cannot be written.
        let _ = emulator.write_register_id(id, value);
    }
    let alignment = u64::from(emulator.definition().instruction_alignment.max(1));
    for round in 0..32 {
        let at = CODE + random.next() % SIZE as u64 / alignment * alignment;
        // Bit 0 asks for another instruction set where there are two.
        let pointer = at | u64::from(round % 2 == 1 && alignment > 1 && random.next() % 2 == 1);
        emulator.set_program_counter(pointer)?;
        let limits = Limits::instructions(200).and_time(Duration::from_secs(5));
        // Faults and stops are all right.
        let _ = emulator.run_with(&limits);
        let _ = emulator.step();
    }
    Ok(())
}

#[test]
fn random_bytes_as_code_end_in_stops_faults_and_errors() {
    for platform in NativeEmulator::platforms() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ u64::from(platform.name().len() as u32));
        for round in 0..rounds() {
            if std::env::var_os("TERRELLA_HOSTILE_SHOW").is_some() {
                println!("{platform} {round}");
            }
            if let Err(error) = run(platform, &mut random) {
                panic!("{platform}, round {round}: {error}");
            }
        }
    }
}

/// ENTER, which pushes several times, the second of them over itself: it was
/// fetched before (Intel SDM, volume 3, 12.6).
#[test]
fn an_instruction_with_several_stores_writes_over_itself() -> Result<(), Error> {
    let mut emulator = NativeEmulator::new(Platform::I386)?;
    emulator.map_memory(0x1000..0x3000, Permissions::ALL)?;
    // enter 0, 3, and what is no instruction as the frames that it copies.
    emulator.write_memory(0x1008, &[0xc8, 0, 0, 3])?;
    emulator.write_memory(0x1f00, &[0xff; 0x100])?;
    emulator.write_register("ebp", 0x2000_u64)?;
    emulator.write_register("esp", 0x1010_u64)?;
    emulator.set_program_counter(0x1008)?;
    emulator.step()?;
    assert_eq!(emulator.program_counter(), 0x100c);
    assert_eq!(emulator.read_register("esp")?, 0x1000);
    assert_eq!(emulator.read_register("ebp")?, 0x100c);
    let mut stack = [0; 16];
    emulator.read_memory(0x1000, &mut stack)?;
    let words = [0x100c_u32, u32::MAX, u32::MAX, 0x2000].map(u32::to_le_bytes).concat();
    assert_eq!(stack.to_vec(), words);
    Ok(())
}
