//! Minidumps (of the crate `minidump-writer`, beside gdb's registers), contexts
//! of AFL++'s Unicorn mode (written by gdb and Python's zlib), maps in TOML.

use std::path::{Path, PathBuf};

use terrella_loaders::{
    CoreDump, FileKind, MemoryMap, Minidump, Options, UnicornContext, detect, write_core,
};
use terrella_machine_state::{Cpu, Executable, Machine, ProcessRecord};
use terrella_platforms::{Platform, RegisterValue};

fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures"))
}

/// Compares registers that have the same names here and in gdb; how many.
fn compare(cpu: &Cpu, text: &str) -> usize {
    let mut count = 0;
    for line in text.lines().skip(1) {
        let (name, value) = line.split_once(' ').unwrap();
        let name = match name {
            "eflags" if cpu.platform() == Platform::X86_64 => "rflags",
            "fctrl" => "fpcw",
            "fstat" => "fpsw",
            "ftag" => "fptw",
            name => name,
        };
        // Windows' contexts have the lower halves only, and no bases.
        if name.ends_with("_base") || name.starts_with("ymm") || name.starts_with("orig") {
            continue;
        }
        let Ok(Some(found)) = cpu.value(name) else { continue };
        let value = RegisterValue::parse(value).unwrap();
        assert_eq!(found, value.extract(0, 128), "{name}");
        count += 1;
    }
    count
}

#[test]
fn a_minidump_has_the_registers_that_gdb_reads() {
    let folder = fixtures().join("minidump");
    let bytes = std::fs::read(folder.join("wait.dmp")).unwrap();
    assert_eq!(detect(&bytes), FileKind::Minidump);
    let dump = Minidump::parse("wait.dmp", &bytes, &Options::default()).unwrap();
    assert_eq!(dump.platform, Platform::X86_64);
    assert_eq!(dump.threads.len(), 1);
    let text = std::fs::read_to_string(folder.join("wait.txt")).unwrap();
    let count = compare(&dump.threads[0].cpu, &text);
    assert!(count >= 45, "{count}");
    let machine = dump.into_machine().unwrap();
    // The number on the stack, whose address is in a register.
    let mark = machine.cpu().get_u64("r13").unwrap();
    assert_eq!(machine.read_integer(mark, 8).unwrap(), 0x1122_3344_5566_7788);
    let record = machine.get::<ProcessRecord>("process").unwrap();
    assert!(record.files.iter().any(|file| file.path.ends_with("/waits")), "{:?}", record.files);
}

/// Those of other processors, laid out by a script as the Windows SDK has them;
/// lldb reads the same general registers.
#[test]
fn minidumps_of_other_processors() {
    let folder = fixtures().join("minidump");
    for (name, platform, least) in [("x86", Platform::I386, 33), ("arm64", Platform::AARCH64, 68)] {
        let bytes = std::fs::read(folder.join(format!("{name}.dmp"))).unwrap();
        assert_eq!(detect(&bytes), FileKind::Minidump);
        let dump = Minidump::parse(name, &bytes, &Options::default()).unwrap();
        assert_eq!(dump.platform, platform);
        let text = std::fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
        let count = compare(&dump.threads[0].cpu, &text);
        assert!(count >= least, "{name}: {count}");
        assert_eq!(dump.threads[0].identifier, 0x51);
        let signal = dump.threads[0].signal.as_ref().unwrap();
        assert_eq!((signal.number, signal.address), (0xc000_0005, Some(0x10)));
        let machine = dump.into_machine().unwrap();
        let stack = machine.cpu().stack_pointer().unwrap();
        let mark = if name == "x86" { 0x1122_3344 } else { 0x5566_7788 };
        assert_eq!(machine.read_integer(stack, 4).unwrap(), mark);
        let record = machine.get::<ProcessRecord>("process").unwrap();
        assert!(record.files.iter().any(|file| file.path == "C:\\program.exe"), "{:?}", record.files);
    }
}

#[test]
fn a_context_is_the_core_dump_that_it_was_made_of() {
    let folder = fixtures().join("core/context");
    let context = UnicornContext::read(&folder, &Options::default()).unwrap();
    assert_eq!(context.platform, Platform::X86_64);
    let context = context.into_machine().unwrap();
    let bytes = std::fs::read(fixtures().join("core/x86_64.kernel.core")).unwrap();
    let core = CoreDump::parse("core", &bytes, &Options::default()).unwrap();
    let stack = core.threads[0].cpu.stack_pointer().unwrap();
    for name in ["rax", "rbx", "rcx", "rsp", "rbp", "rip", "rflags", "r15", "cs"] {
        assert_eq!(context.cpu().get(name).unwrap(), core.threads[0].cpu.get(name).unwrap(), "{name}");
    }
    let core = core.into_machine().unwrap();
    assert_eq!(core.read_memory(stack, 256).unwrap(), context.read_memory(stack, 256).unwrap());
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn contexts_are_written_and_read() {
    for (platform, pc) in [
        (Platform::X86_64, 0x1000_u64),
        (Platform::ARMV7A, 0x1001),
        (Platform::MIPSEL, 0x1000),
        (Platform::AARCH64, 0x1000),
    ] {
        let mut machine = Machine::new(platform);
        machine
            .add("code", Executable::from_bytes("code", platform, 0x1000, &[1, 2, 3, 4, 5]).unwrap())
            .unwrap();
        if platform == Platform::ARMV7A {
            machine.cpu_mut().set("cpsr", 0x6000_0030_u64).unwrap();
        }
        machine.cpu_mut().set_program_counter(pc).unwrap();
        machine.cpu_mut().set_stack_pointer(0x1004).unwrap();
        let folder = scratch(platform.name());
        UnicornContext::write(&machine, &folder).unwrap();
        let again = UnicornContext::read(&folder, &Options::default()).unwrap();
        assert_eq!((again.platform, again.unknown_registers.len()), (platform, 0));
        let again = again.into_machine().unwrap();
        assert_eq!(again.cpu().program_counter(), Some(pc), "{platform}");
        assert_eq!(again.cpu().stack_pointer(), Some(0x1004), "{platform}");
        assert_eq!(again.read_memory(0x1000, 5).unwrap(), [1, 2, 3, 4, 5]);
    }
}

#[test]
fn contents_of_contexts_are_bounded() {
    // 1 MiB of zeros for a segment of 16 bytes.
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 1 << 20], 9);
    let index = br#"{"arch": {"arch": "x64"}, "regs": {"rip": "0x1000", "nonsense": 3},
        "segments": [{"start": 4096, "end": 4112, "name": null,
                      "permissions": {"r": true, "w": false, "x": true}, "content_file": "x.bin"}]}"#;
    let error = UnicornContext::parse("i", index, &Options::default(), |_| Ok(bomb.clone())).unwrap_err();
    assert_eq!(error.to_string(), "i: the content of x.bin is broken, or too long");
    let small = miniz_oxide::deflate::compress_to_vec_zlib(&[0x90; 16], 9);
    let context = UnicornContext::parse("i", index, &Options::default(), |_| Ok(small.clone())).unwrap();
    assert_eq!(context.unknown_registers, ["nonsense"]);
    assert_eq!(context.cpu.get_u64("rip").unwrap(), 0x1000);
}

#[test]
fn a_map_of_files() {
    let folder = scratch("map");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("rom.bin"), [9, 9, 1, 2, 3]).unwrap();
    let text = "platform = 'armv7m'\nentry = 0x101\n[registers]\nsp = 0x20002000\n\
                [[segment]]\nname = 'rom'\naddress = 0x100\nfile = 'rom.bin'\noffset = 2\npermissions = 'rx'\n\
                [[segment]]\nname = 'ram'\naddress = 0x20000000\nsize = 0x2000\npermissions = 'rw'\n";
    let map = MemoryMap::parse("board.toml", text).unwrap();
    let machine = map.machine("board.toml", &folder, &Options::default()).unwrap();
    assert_eq!(machine.platform(), Platform::ARMV7M);
    assert_eq!(machine.read_memory(0x100, 3).unwrap(), [1, 2, 3]);
    assert_eq!(machine.cpu().program_counter(), Some(0x101));
    assert_eq!(machine.cpu().stack_pointer(), Some(0x2000_2000));
    assert_eq!(machine.get::<Executable>("rom").unwrap().entry, Some(0x101));
    let outside = text.replace("rom.bin", "../../rom.bin");
    let error = MemoryMap::parse("m", &outside).unwrap().machine("m", &folder.join("x"), &Options::default());
    assert!(error.is_err());
    assert!(write_core(&machine).is_err(), "no Linux on that platform");
}
