//! A specification of the user's own in place of a platform's: MSP430-like
//! registers, and instructions that no processor has.

use std::{path::Path, sync::Arc};

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Stop};
use terrella_native::NativeEmulator;
use terrella_sleigh::Processor;

fn processor() -> Arc<Processor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/own.slaspec");
    let folder = std::env::temp_dir().join(format!("terrella-own-{}", std::process::id()));
    let processor = Processor::compile_cached(path, None, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    Arc::new(processor.unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn instructions_of_ones_own_run_with_hooks_limits_and_faults() -> Result<(), Error> {
    let mut emulator = NativeEmulator::with_processor(Platform::MSP430, processor())?;
    emulator.map_memory(0x1000..0x2000, Permissions::ALL)?;
    // average r4, r5; clamp r4; store r4, (r6); stop
    emulator.write_code(0x1000, &[0x01, 0x45, 0x02, 0x40, 0x03, 0x46, 0x04, 0x00])?;
    for (name, value) in [("r4", 0xfffe_u64), ("r5", 0x0204), ("r6", 0x1800)] {
        emulator.write_register(name, value)?;
    }
    emulator.set_program_counter(0x1000)?;
    emulator.add_exit_point(0x1006);
    assert_eq!(emulator.run()?, Stop::ExitPoint(0x1006));
    // The carry of the sum is not lost: 0x10202 / 2.
    assert_eq!(emulator.read_register("r4")?, 0xff);
    let mut bytes = [0; 2];
    emulator.read_memory(0x1800, &mut bytes)?;
    assert_eq!(bytes, [0xff, 0]);
    emulator.write_register("r6", 0x4000_u64)?;
    emulator.set_program_counter(0x1004)?;
    let error = emulator.run().expect_err("nothing is mapped there");
    assert!(matches!(error, Error::Fault(Fault::Memory { address: 0x4000, pc: 0x1004, .. })), "{error}");
    // `spin` is a user operation that nobody implements.
    emulator.write_code(0x1000, &[0x05, 0x00])?;
    emulator.set_program_counter(0x1000)?;
    let error = emulator.run().expect_err("it is missing").to_string();
    assert!(error.contains("`spin`") && error.contains("0x1000"), "{error}");
    Ok(())
}
