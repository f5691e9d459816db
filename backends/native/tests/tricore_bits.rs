//! TriCore: bits that are merged, split and counted, checksums, what is done to
//! caches, and bit-reversed addressing (TriCore Architecture Manual, volume 2;
//! volume 1, 2.5.5). The checksums are zlib's; Unicorn witnesses the others
//! (`lockstep tricore --only bmerge` and its like).

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x4000;
const DATA: u64 = 0x8000;

fn run(word: u32, values: &[(&str, u64)]) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(Platform::TRICORE)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    emulator.write_code(CODE, &word.to_le_bytes())?;
    emulator.set_program_counter(CODE)?;
    for (name, value) in values {
        emulator.write_register(*name, *value)?;
    }
    emulator.step()?;
    Ok(emulator)
}

/// d2 and d3 of an instruction with d4 and d5 as its operands.
fn of_two(second: u32, d4: u64, d5: u64) -> Result<[u64; 2], Error> {
    let emulator = run(2 << 28 | second << 20 | 0x544b, &[("d4", d4), ("d5", d5), ("d3", 3)])?;
    Ok([emulator.read_register("d2")?, emulator.read_register("d3")?])
}

#[test]
fn bits_are_merged_split_and_counted() -> Result<(), Error> {
    // bmerge d2,d4,d5; bsplit e2,d4; popcnt.w d2,d4
    assert_eq!(of_two(0x01, 0x1234_ffff, 0x5678_0000)?, [0xaaaa_aaaa, 3]);
    assert_eq!(of_two(0x01, 0x0003, 0x8001)?, [0x4000_000b, 3]);
    let emulator = run(0x2090_044b, &[("d4", 0xaaaa_0005)])?;
    assert_eq!([emulator.read_register("d2")?, emulator.read_register("d3")?], [0x0003, 0xff00]);
    assert_eq!(of_two(0x22, 0xf0f0_0001, 0)?, [9, 3]);
    Ok(())
}

#[test]
fn checksums_go_on() -> Result<(), Error> {
    // crc32 d2,d5,d4: "1234", then "5678" and "9" of the check value.
    let [first, _] = of_two(0x03, 0x3132_3334, 0)?;
    let [second, _] = of_two(0x03, 0x3536_3738, first)?;
    // crc32.b d2,d5,d4
    assert_eq!(of_two(0x06, 0xffff_ff39, second)?, [0xcbf4_3926, 3]);
    // crc32l.w d2,d5,d4
    assert_eq!(of_two(0x07, 0x3433_3231, 0)?[0], first);
    Ok(())
}

/// CACHEA.I and its like do nothing but what their addressing does.
#[test]
fn caches_are_nothing() -> Result<(), Error> {
    // cachea.i [a2+]8; cachea.w [+a2]8; cachea.wi [a2]8; cachei.w [a2]8
    for (word, a2) in
        [(0x0388_2089, DATA + 8), (0x0708_2089, DATA + 8), (0x0b48_2089, DATA), (0x0ac8_2089, DATA)]
    {
        let emulator = run(word, &[("a2", DATA), ("a3", 0)])?;
        assert_eq!(emulator.read_register("a2")?, a2, "{word:x}");
        assert_eq!(emulator.program_counter(), CODE + 4);
    }
    Ok(())
}

/// The index goes on from its highest bit (2.5.5.6): 0, 4, 2, 6 of eight.
#[test]
fn an_index_is_added_to_with_its_bits_reversed() -> Result<(), Error> {
    // ld.bu d2,[p4+r]
    let mut index = 0;
    for expected in [8, 4, 12, 2] {
        let emulator = run(0x0040_4229, &[("a4", DATA), ("a5", 8 << 16 | index)])?;
        index = emulator.read_register("a5")? & 0xffff;
        assert_eq!(index, expected);
    }
    Ok(())
}

#[test]
fn there_is_no_coprocessor() {
    let result = run(0x2ff0_544b, &[]);
    assert!(matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. }))));
}
