//! What the fuzz targets do with their bytes.
//!
//! Errors, faults and stops are all right; panics, runs without end and
//! memory without bound are not.

use std::{cell::RefCell, collections::BTreeMap, io, path::Path, sync::Arc, time::Duration};

use terrella::{
    languages,
    loaders::{
        CoreDump, MemoryMap, Minidump, Options, UnicornContext, UnknownRelocations, load_bytes, write_core,
    },
    machine::Machine,
    prelude::*,
    sleigh::{Context, Decoder, Language, Lifter, Pcode, compile_from},
};

/// The bytes of an input, taken from the front.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let size = N.min(self.0.len());
        let (front, rest) = self.0.split_at(size);
        bytes[..size].copy_from_slice(front);
        self.0 = rest;
        bytes
    }

    fn choose(&mut self, count: usize) -> usize {
        usize::from(u16::from_le_bytes(self.take())) % count.max(1)
    }
}

/// Where code is: in reach of 16-bit addresses.
const CODE: u64 = 0x1000;
const SIZE: u64 = 0x2000;

/// How many instructions of an input are executed.
const LIMIT: u64 = 500;

/// A platform's emulator with the state that it starts in.
type Kept = (NativeEmulator, terrella::api::Snapshot);

thread_local! {
    /// Emulators are made once: their specifications take long to load beside
    /// what a run takes.
    static EMULATORS: RefCell<BTreeMap<usize, Kept>> = const { RefCell::new(BTreeMap::new()) };
}

/// Executes bytes as code: two for the platform, eight for the state, then
/// the code.
pub fn execute(bytes: &[u8]) {
    let mut input = Input(bytes);
    let platforms: Vec<Platform> = NativeEmulator::platforms().collect();
    let number = input.choose(platforms.len());
    EMULATORS.with_borrow_mut(|emulators| {
        let (emulator, start) = emulators.entry(number).or_insert_with(|| start(platforms[number]));
        emulator.restore(start).expect("a snapshot of its own");
        // What a run makes of itself must not stay for the next one.
        let _ = run(emulator, &mut input);
    });
}

fn start(platform: Platform) -> Kept {
    let mut emulator = NativeEmulator::new(platform).expect("it has a specification");
    emulator.map_memory(CODE..CODE + SIZE, Permissions::ALL).expect("nothing is mapped yet");
    let start = emulator.snapshot().expect("the engine has snapshots");
    (emulator, start)
}

fn run(emulator: &mut NativeEmulator, input: &mut Input<'_>) -> Result<(), terrella::api::Error> {
    let [control, seed @ ..] = input.take::<8>();
    let mut state = u64::from_le_bytes([seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], 1]);
    for (id, register) in emulator.definition().registers().roots() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let value = match state >> 62 {
            0 => state,
            1 => u64::MAX,
            _ => CODE + (state >> 32) % SIZE,
        };
        // Not every value fits every register.
        let _ = emulator.write_register_id(id, value & u64::MAX >> (64 - register.bits.min(64)));
    }
    let code = &input.0[..input.0.len().min(SIZE as usize)];
    emulator.write_code(CODE, code)?;
    emulator.set_program_counter(CODE | u64::from(control & 1))?;
    let limits = Limits::instructions(LIMIT).and_time(Duration::from_secs(10));
    if control & 2 == 0 {
        emulator.run_with(&limits)?;
        return Ok(());
    }
    for _ in 0..LIMIT {
        emulator.step()?;
    }
    Ok(())
}

/// Decodes, prints and lifts bytes with a random context: two for the
/// processor, sixteen for the context, eight for the address, then the code.
pub fn decode(bytes: &[u8]) {
    let mut input = Input(bytes);
    let entry = &languages::ENTRIES[input.choose(languages::ENTRIES.len())];
    let processor = languages::load(entry.name).expect("it is embedded");
    let context = Context(u128::from_le_bytes(input.take()) ^ processor.context.0);
    let address = u64::from_le_bytes(input.take());
    walk(&processor.language, address, context, input.0);
}

/// Decodes, prints and lifts some code.
fn walk(language: &Arc<Language>, mut address: u64, mut context: Context, mut code: &[u8]) {
    let mut decoder = Decoder::new(Arc::clone(language));
    let mut lifter = Lifter::new();
    let mut pcode = Pcode::default();
    while let Ok(length) = decoder.decode(address, code, context) {
        assert!((1..=code.len()).contains(&length), "{length} of {} bytes", code.len());
        assert!(decoder.text().len() < 1 << 16);
        if decoder.delay_slot() > 0 {
            decoder.set_delay_slot_length(4);
        }
        let _ = lifter.lift(&decoder, &mut pcode);
        for commit in decoder.commits() {
            assert_eq!(commit.value & !commit.mask, 0);
            context = Context(context.0 & !commit.mask | commit.value);
        }
        address = address.wrapping_add(length as u64);
        code = &code[length..];
    }
}

/// Compiles a specification, and decodes what it is written in with it.
pub fn compile(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = |path: &Path| match path.file_name().is_some_and(|name| name == "fuzz.slaspec") {
        true => Ok(text.clone().into_owned()),
        false => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    if let Ok(language) = compile_from("fuzz.slaspec", &read) {
        walk(&Arc::new(language), 0, Context::default(), bytes);
    }
}

/// Reads a compiled language, and decodes what it is written in with it.
pub fn read_compiled(bytes: &[u8]) {
    if let Ok(language) = Language::from_bytes(bytes) {
        walk(&Arc::new(language), 0, Context::default(), bytes);
    }
}

fn options() -> Options {
    Options { memory_limit: 1 << 26, unknown_relocations: UnknownRelocations::Skip, ..Options::default() }
}

/// Begins a file as a Linux program, and runs a little of it.
pub fn begin(bytes: &[u8]) {
    use terrella::models::{
        FileLimits, FileSystem,
        linux::{Options, Streams, System},
    };
    let mut files = FileSystem::new();
    files.set_limits(FileLimits { bytes: 64 << 20, entries: 1024 });
    if files.write_program("/bin/program", bytes).is_err() {
        return;
    }
    let (streams, ..) = Streams::kept(b"");
    let options = Options { files, streams, memory: 64 << 20, ..Options::default() };
    let make = |platform| Ok(Box::new(NativeEmulator::new(platform)?) as Box<dyn Emulator>);
    let mut system = System::new(Box::new(make), options);
    if system.start("/bin/program", &["program"], &["A=B"]).is_ok() {
        let _ = system.run(Some(LIMIT), Some(Duration::from_secs(10)));
    }
}

/// Loads a file as whatever it is: ELF, PE, Intel HEX, S-records, UF2.
pub fn load(bytes: &[u8]) {
    if let Ok(loaded) = load_bytes("fuzz", bytes, &options()) {
        let _ = loaded.into_machine();
    }
}

/// Reads a core dump, and writes it again.
pub fn core_dump(bytes: &[u8]) {
    if let Ok(core) = CoreDump::parse("fuzz", bytes, &options())
        && let Ok(machine) = core.into_machine()
    {
        let _ = write_core(&machine);
    }
}

/// Reads a minidump.
pub fn minidump(bytes: &[u8]) {
    let _ = Minidump::parse("fuzz", bytes, &options()).map(Minidump::into_machine);
}

/// Reads texts: the index of a context of AFL++, whose segments all have the
/// text itself for content, and a map in TOML.
pub fn text(bytes: &[u8]) {
    let context = UnicornContext::parse("fuzz", bytes, &options(), |_| Ok(bytes.to_vec()));
    let _ = context.map(UnicornContext::into_machine);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = MemoryMap::parse("fuzz", text);
    }
}

/// Reads a saved machine.
pub fn read_machine(bytes: &[u8]) {
    if let Ok(machine) = Machine::from_bytes(bytes) {
        let _ = machine.to_bytes();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Machine::from_json(text);
    }
}
