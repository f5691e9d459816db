//! Core dumps of qemu-user, gdb and the kernel, with the registers that gdb
//! reads from them (for m68k and LoongArch, that QEMU logs).

use std::path::PathBuf;

use terrella_loaders::{CoreDump, Options, write_core};
use terrella_machine_state::{Cpu, Executable, Machine, Memory, ProcessRecord};
use terrella_platforms::{Platform, RegisterValue};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/core"))
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".core").map(str::to_owned))
        .collect();
    names.sort();
    names
}

fn parse(name: &str) -> CoreDump {
    let file = format!("{name}.core");
    CoreDump::parse(&file, &read(&file), &Options::default()).unwrap()
}

/// What gdb's registers are called here, and which bits of ours they are.
enum Ours {
    Whole(String),
    Bits(String, u32, u32),
    /// Not a register of the process, or one that the platform does not have.
    Not,
}

fn ours(platform: Platform, name: &str) -> Ours {
    let whole = |name: &str| Ours::Whole(name.to_owned());
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .filter(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
            .map(str::to_owned)
    };
    let x86 = matches!(platform, Platform::X86_64 | Platform::I386);
    match (platform.name(), name) {
        ("x86_64", "eflags") => whole("rflags"),
        (_, "fctrl") => whole("fpcw"),
        (_, "fstat") => whole("fpsw"),
        (_, "ftag") => whole("fptw"),
        ("x86_64", "fioff") => Ours::Bits("fip".into(), 0, 32),
        ("x86_64", "fiseg") => Ours::Bits("fip".into(), 32, 16),
        ("x86_64", "fooff") => Ours::Bits("fdp".into(), 0, 32),
        ("x86_64", "foseg") => Ours::Bits("fdp".into(), 32, 16),
        ("i386", "fioff") => whole("fip"),
        ("i386", "fiseg") => whole("fcs"),
        ("i386", "fooff") => whole("fdp"),
        ("i386", "foseg") => whole("fds"),
        // gdb 13 puts the 32 bits of it into the wrong half of the word.
        ("aarch64_be", "cpsr") => Ours::Not,
        // Compared through its four highest bits.
        ("aarch64", "cpsr") => Ours::Bits("nzcv".into(), 28, 4),
        ("ppc64" | "ppc64le", "fpscr") => whole("fpscr"),
        ("mips" | "mipsel" | "mips64" | "mips64el", "fsr") => whole("fcsr"),
        ("mips" | "mipsel" | "mips64" | "mips64el", "sr") => Ours::Not,
        (_, "k0" | "k1" | "k2" | "k3" | "k4" | "k5" | "k6" | "k7" | "pkru") if x86 => Ours::Not,
        (_, "orig_rax" | "orig_eax" | "orig_r3" | "orig_r2" | "trap" | "system_call") => Ours::Not,
        (_, "status" | "badvaddr" | "bad" | "cause" | "restart" | "dspctl") => Ours::Not,
        (_, "vbr" | "last_break" | "tdb0" | "priv" | "ffr" | "vg" | "fps" | "cycle" | "time" | "instret") => {
            Ours::Not
        }
        _ if x86 && name.starts_with("zmm") => Ours::Not,
        _ if x86 && name.starts_with("ymm") && name.ends_with('h') => {
            let number = &name[3..name.len() - 1];
            if number.parse::<u8>().is_ok_and(|number| number < 16) {
                Ours::Bits(format!("zmm{number}"), 128, 128)
            } else {
                Ours::Not
            }
        }
        _ if x86
            && numbered("xmm").or_else(|| numbered("ymm")).is_some_and(|n| n.parse::<u8>().unwrap() > 15) =>
        {
            Ours::Not
        }
        ("s390x", _) if name.starts_with('v') && name.ends_with('l') => {
            Ours::Bits(name[..name.len() - 1].to_owned(), 0, 64)
        }
        ("s390x", _) if name.starts_with("gs") => Ours::Not,
        ("aarch64" | "aarch64_be", _) if name.starts_with('p') && name != "pc" => Ours::Not,
        ("aarch64" | "aarch64_be", _) if name.starts_with("pauth") => Ours::Not,
        ("aarch64" | "aarch64_be", _) if numbered("z").is_some() => {
            Ours::Bits(format!("v{}", numbered("z").unwrap()), 0, 128)
        }
        _ => whole(name),
    }
}

fn compare(name: &str, cpu: &Cpu, gdb: &str, text: &str, odd_floats: bool) -> bool {
    let value = RegisterValue::parse(text).unwrap();
    let platform = cpu.platform();
    let (found, expected) = match ours(platform, gdb) {
        Ours::Not => return false,
        Ours::Whole(ours) if odd_floats && ours.starts_with('f') && ours[1..].parse::<u8>().is_ok() => {
            // Pairs of 32-bit registers: the odd one is the upper half.
            let number: u32 = ours[1..].parse().unwrap();
            let root = format!("f{}", number & !1);
            (cpu.bits(&root, 32 * (number & 1), 32).unwrap(), value)
        }
        Ours::Whole(ours) => {
            let Some(id) = platform.definition().registers().lookup(&ours) else {
                panic!("{name}: gdb knows {gdb}, {platform} does not")
            };
            let bits = platform.definition().registers().get(id).bits.into();
            // gdb gives the code address of Thumb code.
            let found = cpu.value(&ours).unwrap();
            let thumb = ours == "pc" && platform == Platform::ARMV7A;
            (
                found.map(|value| if thumb { (value.low_u64() & !1).into() } else { value }),
                value.extract(0, bits),
            )
        }
        Ours::Bits(ours, low, bits) => {
            let value = if gdb == "cpsr" { value.extract(28, 4) } else { value };
            (cpu.bits(&ours, low, bits).unwrap(), value.extract(0, bits))
        }
    };
    match found {
        // gdb shows zeros for what the dump does not have.
        None => assert!(value.is_zero(), "{name}: {gdb} is {text} for gdb, and not set here"),
        Some(found) => assert_eq!(found, expected, "{name}: {gdb}"),
    }
    found.is_some()
}

#[test]
fn registers_are_those_that_gdb_reads() {
    let mut total = 0;
    for name in names() {
        let core = parse(&name);
        let text = String::from_utf8(read(&format!("{name}.txt"))).unwrap();
        let mut threads = core.threads.iter();
        let mut thread = None;
        let odd = matches!(core.platform, Platform::MIPS | Platform::MIPSEL);
        let mut compared = 0;
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            if words[0] == "thread" {
                thread = threads.next();
                let pc = u64::from_str_radix(&words[2][2..], 16).unwrap();
                let found = thread.unwrap().cpu.program_counter().unwrap();
                assert_eq!(core.platform.definition().code_address(found), pc, "{name}");
            } else {
                compared += usize::from(compare(&name, &thread.unwrap().cpu, words[0], words[1], odd));
            }
        }
        assert!(threads.next().is_none(), "{name}: more threads than gdb found");
        assert!(compared >= 15, "{name}: only {compared} registers");
        total += compared;
    }
    assert!(total > 1500, "{total}");
}

#[test]
fn facts_of_the_process() {
    let core = parse("threads.kernel");
    assert_eq!(core.threads.len(), 3);
    let signal = core.process.signal.unwrap();
    // SIGFPE, an integer division by zero (FPE_INTDIV), at the instruction.
    assert_eq!((signal.number, signal.code), (8, 1));
    assert_eq!(signal.address, core.threads[0].cpu.program_counter());
    assert_eq!(core.process.name, "threads");
    assert_eq!(core.process.arguments, "./threads");
    assert_eq!(core.process.identifier, core.threads[0].identifier);
    assert!(core.process.files.iter().any(|file| file.path.ends_with("/threads")));
    // AT_PAGESZ.
    assert_eq!(core.process.auxiliary_value(6), Some(4096));
    let core = parse("mips64.qemu");
    assert_eq!((core.threads[0].signal.unwrap().number, core.process.name.as_str()), (11, "mips64"));
    let core = parse("m68k.qemu");
    assert_eq!((core.threads[0].signal.unwrap().number, core.process.name.as_str()), (11, "m68k"));
}

#[test]
fn a_machine_with_the_memory_of_the_process() {
    let mut core = parse("x86_64.kernel");
    let path = core.process.files.iter().find(|file| file.path.ends_with("/x86_64")).unwrap().path.clone();
    core.take_file(&path, &read("x86_64.elf"), &Options::default()).unwrap();
    let missing = core.missing();
    assert!(missing.iter().all(|missing| missing.path.is_none()), "{missing:?}");
    let machine = core.into_machine().unwrap();
    // The instruction that faulted: mov qword [rsi], r14 or the like, with the
    // address 16 in the signal and in a register.
    let record = machine.get::<ProcessRecord>("process").unwrap();
    assert_eq!(record.signal.unwrap().address, Some(16));
    let pc = machine.cpu().program_counter().unwrap();
    let (module, symbol) = machine.symbolize(pc).unwrap();
    assert_eq!((module, symbol.symbol.name.as_str()), ("x86_64", "innermost"));
    // The frames, by frame pointers: each is a call's return address.
    let mut frame = machine.cpu().get_u64("rbp").unwrap();
    let mut names = Vec::new();
    for _ in 0..3 {
        let back = machine.read_integer(frame + 8, 8).unwrap() as u64;
        names.push(machine.symbolize(back).unwrap().1.symbol.name.clone());
        frame = machine.read_integer(frame, 8).unwrap() as u64;
    }
    assert_eq!(names, ["middle", "outer", "begin"]);
    assert!(machine.get::<Executable>("x86_64").is_ok());
    assert!(machine.get::<Memory>("stack").is_ok());
    assert!(Machine::from_bytes(&machine.to_bytes().unwrap()).is_ok());
}

#[test]
fn another_file_than_the_one_that_was_mapped() {
    let mut core = parse("x86_64.kernel");
    let path = core.process.files.iter().find(|file| file.path.ends_with("/x86_64")).unwrap().path.clone();
    let error = core.take_file(&path, &read("threads.elf"), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("is not the file that"), "{error}");
}

#[test]
fn a_program_fills_a_dump_that_names_no_files() {
    let mut core = parse("x86_64.qemu");
    assert!(!core.missing().is_empty());
    core.take_program("x86_64", &read("x86_64.elf"), &Options::default()).unwrap();
    let machine = core.into_machine().unwrap();
    let pc = machine.cpu().program_counter().unwrap();
    assert_eq!(machine.symbolize(pc).unwrap().1.symbol.name, "innermost");
    let image = machine.symbol("innermost").unwrap();
    assert_ne!(machine.read_integer(image.address, 8).unwrap(), 0);
}

/// What is read, written and read again is the same, on every platform.
#[test]
fn what_is_written_is_read() {
    for name in names() {
        let core = parse(&name);
        let threads = core.threads.clone();
        let machine = core.into_machine().unwrap();
        let bytes = write_core(&machine).unwrap();
        let again = CoreDump::parse(
            &name,
            &bytes,
            &Options { platform: Some(machine.platform()), ..Options::default() },
        );
        let again = again.unwrap();
        assert_eq!(again.threads.len(), threads.len(), "{name}");
        for (before, after) in threads.iter().zip(&again.threads) {
            assert_eq!(before.identifier, after.identifier, "{name}");
            assert_eq!(before.signal, after.signal, "{name}");
            for (register, value) in before.cpu.iter() {
                let after = after.cpu.value(register).unwrap();
                assert_eq!(after, Some(value), "{name}: {register}");
            }
            // A note of which nothing was known is not made up.
            for register in ["tpidr_el0", "tpidruro", "xr0"] {
                if let Ok(None) = before.cpu.value(register) {
                    assert_eq!(after.cpu.value(register).unwrap(), None, "{name}: {register}");
                }
            }
        }
        let record = machine.get::<ProcessRecord>("process").unwrap();
        assert_eq!(again.process.auxiliary, record.auxiliary, "{name}");
        assert_eq!(again.process.files, record.files, "{name}");
        assert_eq!(again.process.name, record.name, "{name}");
        let after = again.into_machine().unwrap();
        for (_, item) in machine.iter() {
            for region in item.regions() {
                let size = region.range.size().unwrap().min(1 << 16) as usize;
                let read = |machine: &Machine| machine.read_memory(region.range.first(), size).unwrap();
                assert_eq!(read(&machine), read(&after), "{name}: {}", region.range);
            }
        }
    }
}

/// What SPARC's general registers have besides: where nobody knows the address
/// of the instruction after the next, it is that behind the program counter.
/// The set of floating point has 99 words on 32 bits (`arch/sparc/kernel/ptrace_32.c`).
#[test]
fn the_second_counter_of_sparc_is_behind_the_first() {
    for (platform, words) in [(Platform::SPARC, Some(99)), (Platform::SPARC64, None)] {
        for (own, expected) in [(None, 0x1004), (Some(0x2000_u64), 0x2000)] {
            let mut machine = Machine::new(platform);
            machine.cpu_mut().set("pc", 0x1000_u64).unwrap();
            machine.cpu_mut().set("fsr", 0x1_u64).unwrap();
            if let Some(own) = own {
                machine.cpu_mut().set("npc", own).unwrap();
            }
            let bytes = write_core(&machine).unwrap();
            let options = Options { platform: Some(platform), ..Options::default() };
            let again = CoreDump::parse("again", &bytes, &options).unwrap().into_machine().unwrap();
            assert_eq!(
                again.cpu().value("npc").unwrap().map(|it| it.low_u64()),
                Some(expected),
                "{platform}"
            );
            if let Some(words) = words {
                // A note header: five bytes of name, a size, the kind NT_PRFPREG.
                let header = [5_u32, 4 * words, 2].map(u32::to_be_bytes).concat();
                assert!(bytes.windows(12).any(|it| it == header), "{platform}");
            }
        }
    }
}
