//! What models of the C library cost: a call of `abs`, `strlen` and `memcpy` of
//! 1 KiB and 1 MiB, `qsort` with the guest's comparison; on both backends, for
//! each of the fixtures' platforms that are named (`-- x86_64 mips`).

use std::time::Instant;

use terrella::{
    api::Emulator,
    backends,
    loaders::{Linker, Options},
    machine::{ArgumentValue, Heap, HeapStrategy, Return, Stack, call::Caller},
    models::libc::{LibcOptions, LinkModels},
    platforms::Platform,
};

type Failure = Box<dyn std::error::Error>;

/// Nanoseconds of one of `count` calls that the function makes.
fn time(
    machine: &terrella::machine::Machine,
    emulator: &mut dyn Emulator,
    function: &str,
    arguments: &[ArgumentValue],
    count: u32,
) -> Result<f64, Failure> {
    let start = Instant::now();
    Caller::new(machine, emulator)?.call(function, arguments, Return::I32)?;
    Ok(start.elapsed().as_secs_f64() * 1e9 / f64::from(count))
}

fn measure(backend: &str, platform: Platform) -> Result<(), Failure> {
    let file = format!("{}/../tests/fixtures/libc/{platform}.so", env!("CARGO_MANIFEST_DIR"));
    let mut linker = Linker::new(Options::default()).map_imports(true);
    linker.add_file(file)?;
    let mut machine = linker.link()?.into_machine()?;
    machine.add("stack", Stack::new(platform, 0x3000_0000, 0x10_0000)?)?;
    let mut heap = Heap::new(platform, 0x4000_0000, 16 << 20, HeapStrategy::FreeList)?;
    let short = heap.allocate_bytes(&[&[b'a'; 1023][..], &[0]].concat())?;
    let long = heap.allocate_bytes(&[&vec![b'a'; (1 << 20) - 1][..], &[0]].concat())?;
    let room = heap.allocate(1 << 20, 16)?;
    machine.add("heap", heap)?;
    machine.link_all_models(LibcOptions::default())?;
    let backend_of = backends::by_name(backend).ok_or("no such backend")?;
    if !(backend_of.platforms)().contains(&platform) {
        return Ok(());
    }
    let mut emulator = (backend_of.make)(platform)?;
    machine.apply(&mut *emulator)?;
    let pointer = ArgumentValue::Pointer;
    let size = |bytes: u64| pointer(bytes);
    let mut run =
        |name: &str, function: &str, arguments: &[ArgumentValue], count: u32| -> Result<(), Failure> {
            time(&machine, &mut *emulator, function, arguments, count)?;
            let best = (0..3)
                .map(|_| time(&machine, &mut *emulator, function, arguments, count))
                .collect::<Result<Vec<_>, _>>()?;
            let best = best.into_iter().fold(f64::INFINITY, f64::min);
            println!("{backend:8} {platform:12} {name:18} {best:12.0} ns");
            Ok(())
        };
    run("abs", "calls_abs", &[100_000.into()], 100_000)?;
    run("strlen 1 KiB", "calls_strlen", &[pointer(short), 20_000.into()], 20_000)?;
    run("strlen 1 MiB", "calls_strlen", &[pointer(long), 100.into()], 100)?;
    run("memcpy 1 KiB", "calls_memcpy", &[pointer(room), pointer(short), size(1024), 20_000.into()], 20_000)?;
    run("memcpy 1 MiB", "calls_memcpy", &[pointer(room), pointer(long), size(1 << 20), 100.into()], 100)?;
    run("qsort of 4096", "calls_qsort", &[pointer(room), 4096.into()], 1)
}

fn main() -> Result<(), Failure> {
    let named: Vec<Platform> = std::env::args().skip(1).filter_map(|name| name.parse().ok()).collect();
    let platforms =
        if named.is_empty() { vec![Platform::X86_64, Platform::AARCH64, Platform::MIPS] } else { named };
    for platform in platforms {
        for backend in ["native", "unicorn"] {
            measure(backend, platform)?;
        }
    }
    Ok(())
}
