//! One harness, many processors: CRC-32 and SHA-256 of a text, computed by one
//! C library that was compiled for each platform (`tests/fixtures/library`).
//!
//! `cargo run --features unicorn --example elf_function`

use std::{error::Error, path::Path, process::ExitCode};

use terrella::{
    loaders::{Options, load_file},
    machine::{ArgumentValue, Memory, Return, Stack, call::Caller},
    prelude::*,
};

const TEXT: &str = "The quick brown fox jumps over the lazy dog";
/// What they have to be.
const CRC32: u64 = 0x414f_a339;
const SHA256: &str = "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592";
/// Where the library puts the SHA-256.
const OUTPUT: u64 = 0x2000_0000;

/// The harness: CRC-32, SHA-256, and how many instructions they took. Nothing
/// in it depends on the platform.
fn digests(library: &Path, platform: Platform) -> Result<(u64, String, u64), Box<dyn Error>> {
    let mut machine = load_file(library, &Options::default())?.into_machine()?;
    machine.add("stack", Stack::new(platform, 0x3000_0000, 0x1_0000)?)?;
    machine.add("output", Memory::new(platform, OUTPUT, 32, Permissions::READ_WRITE)?)?;

    let mut emulator = backends::make(platform)?;
    machine.apply(&mut *emulator)?;
    let mut caller = Caller::new(&machine, &mut *emulator)?;
    caller.limits(Limits { count: true, ..Limits::instructions(1_000_000) });

    // `unsigned long` is as wide as a pointer on all of these platforms.
    let bytes = platform.definition().pointer_bytes;
    let length = ArgumentValue::Integer { value: TEXT.len() as i128, bytes, signed: false };
    let crc32 = caller.call("crc32", &[TEXT.into(), length.clone()], Return::U32)?.value.as_u64();
    let mut instructions = caller.emulator().instructions_executed().unwrap_or(0);
    caller.call("sha256", &[TEXT.into(), length, ArgumentValue::Pointer(OUTPUT)], Return::Void)?;
    instructions += caller.emulator().instructions_executed().unwrap_or(0);
    let sha256 = caller.emulator().read_bytes(OUTPUT, 32)?;
    let sha256 = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((crc32, sha256, instructions))
}

fn main() -> ExitCode {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/library");
    println!("{:<12} {:<7} {:<9} {:<17} {:>12}", "platform", "order", "crc32", "sha256", "instructions");
    let (mut right, mut all) = (0, 0);
    for platform in Platform::ALL.iter().copied() {
        let library = fixtures.join(format!("{platform}.so"));
        if !library.exists() || backends::for_platform(platform).is_none() {
            continue;
        }
        all += 1;
        let order = format!("{:?}", platform.byte_order()).to_lowercase();
        match digests(&library, platform) {
            Ok((crc32, sha256, instructions)) => {
                let ok = crc32 == CRC32 && sha256 == SHA256;
                right += u32::from(ok);
                let verdict = if ok { "ok" } else { "WRONG" };
                let sha256 = &sha256[..16];
                println!("{platform:<12} {order:<7} {crc32:08x}  {sha256}  {instructions:>12}  {verdict}");
            }
            Err(error) => println!("{platform:<12} {order:<7} WRONG: {error}"),
        }
    }
    println!("{right} of {all} platforms right");
    ExitCode::from(u8::from(all == 0 || right != all))
}
