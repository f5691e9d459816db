//! Single instructions on which another emulator agrees: `lockstep --vectors`
//! has written them, of what QEMU 7.2 and 10.0 (`qemu-user`) do, for TriCore and
//! 16-bit x86 Unicorn 2.1.5, and for the MSP430 the conformance suite's model of the
//! manual. `msp430-mspdebug.txt` is what the simulator of mspdebug does,
//! `avr-qemu.txt` what `qemu-system-avr` does.
//!
//! A line is `bytes text | registers before | registers after pc+step`.

use std::{fs, path::Path};

use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, Permissions, Platform, RegisterValue, Step,
};
use terrella_native::NativeEmulator;
use terrella_platforms::Architecture;

const CODE: u64 = 0x4000;

fn value(text: &str) -> Option<(&str, RegisterValue)> {
    let (name, value) = text.split_once('=')?;
    Some((name, RegisterValue::parse(value)?))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let parts = (0..text.len()).step_by(2);
    parts.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// What is wrong about a line, if anything is.
fn check(emulator: &mut NativeEmulator, line: &str) -> Result<Option<String>, Error> {
    let malformed = || Ok(Some("malformed".to_owned()));
    let mut parts = line.split('|');
    let (Some(head), Some(before), Some(after)) = (parts.next(), parts.next(), parts.next()) else {
        return malformed();
    };
    let Some(code) = head.split_whitespace().next().and_then(bytes) else { return malformed() };
    // What follows is in delay slots: nothing.
    emulator.write_code(CODE, &[code.as_slice(), &[0; 16]].concat())?;
    for (name, value) in before.split_whitespace().filter_map(value) {
        emulator.write_register(name, value)?;
    }
    // Those of microMIPS are in the second set.
    let is_second = emulator.platform().architecture() == Architecture::MicroMips32;
    emulator.set_program_counter(CODE | u64::from(is_second))?;
    let result = emulator.step();
    if after.trim() == "invalid" {
        let is_invalid = matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. })));
        return Ok((!is_invalid).then(|| format!("{result:?}")));
    }
    if !matches!(result, Ok(Step::Done)) {
        return Ok(Some(format!("{result:?}")));
    }
    for word in after.split_whitespace() {
        if let Some((name, expected)) = value(word) {
            let found = emulator.read_wide_register(name)?;
            if found != expected {
                return Ok(Some(format!("{name} {found:#x}, not {expected:#x}")));
            }
        } else if let Some(step) = word.strip_prefix("pc+").and_then(|step| step.parse::<i64>().ok()) {
            let found = emulator.program_counter().wrapping_sub(CODE) as i64;
            let bits = 64 - u32::from(emulator.definition().address_bits);
            if found << bits != step << bits {
                return Ok(Some(format!("pc+{found}, not {step}")));
            }
        } else {
            return malformed();
        }
    }
    Ok(None)
}

#[test]
fn instructions_do_what_others_say() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue; // What has written them.
        }
        let platform: Platform = name.split('-').next().unwrap_or_default().parse()?;
        let mut emulator = NativeEmulator::new(platform)?;
        emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
        let start = emulator.snapshot()?;
        for line in fs::read_to_string(&path)?.lines().filter(|line| !line.starts_with('#')) {
            count += 1;
            emulator.restore(&start)?;
            if let Some(what) = check(&mut emulator, line)? {
                wrong.push(format!("{name}: {line}: {what}"));
            }
        }
    }
    assert!(count > 0, "there are no vectors");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
