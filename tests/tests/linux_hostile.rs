//! Hostile programs: system calls of any number with any arguments, made by
//! guest code through the public [`System`]. Whatever they ask for, there is
//! no panic, no run without end and no memory without bound.
//!
//! The rounds are the same in every run. `TERRELLA_HOSTILE_ROUNDS` says how
//! many there are for each platform, `TERRELLA_HOSTILE_SEED` where they begin;
//! with `TERRELLA_HOSTILE_TRACE` the calls are written to standard error.

use std::{error::Error, time::Duration};

use terrella_models::{
    FileLimits, FileSystem,
    linux::{self, Options, Streams, System, TraceOutput},
};
use terrella_native::NativeEmulator;
use terrella_platforms::{ByteOrder, Platform};

/// Where the guest's code is.
const CODE: u64 = 0x40_0000;
/// The word that tells where in the table the guest is.
const PLACE: u64 = 0x41_0000;
/// The calls: a number and six arguments each.
const TABLE: u64 = 0x41_1000;
/// What pointers lead to.
const DATA: u64 = 0x42_0000;
const DATA_SIZE: u64 = 0x1_0000;
const END: u64 = DATA + DATA_SIZE;
/// How many calls a round has.
const CALLS: usize = 300;

/// A processor, and code that makes the calls of the table one after the
/// other, for ever.
struct Guest {
    platform: Platform,
    machine: u16,
    code: &'static [u8],
}

/// From `PLACE`: load the address of a row, put that of the next one back,
/// load number and arguments, call. Assembled with clang 19.
const GUESTS: [Guest; 4] = [
    Guest {
        platform: Platform::X86_64,
        machine: 62,
        code: &[
            0x48, 0xc7, 0xc3, 0x00, 0x00, 0x41, 0x00, // mov rbx, PLACE
            0x48, 0x8b, 0x0b, 0x48, 0x83, 0x03, 0x38, // mov rcx, [rbx]; add qword [rbx], 56
            0x48, 0x8b, 0x01, 0x48, 0x8b, 0x79, 0x08, // mov rax, [rcx]; mov rdi, [rcx + 8]
            0x48, 0x8b, 0x71, 0x10, 0x48, 0x8b, 0x51, 0x18, // rsi, rdx
            0x4c, 0x8b, 0x51, 0x20, 0x4c, 0x8b, 0x41, 0x28, 0x4c, 0x8b, 0x49, 0x30, // r10, r8, r9
            0x0f, 0x05, 0x48, 0xc7, 0xc3, 0x00, 0x00, 0x41, 0x00, // syscall; mov rbx, PLACE
            0xeb, 0xd3, // jmp
        ],
    },
    Guest {
        platform: Platform::I386,
        machine: 3,
        code: &[
            0x3e, 0xa1, 0x00, 0x00, 0x41, 0x00, // mov eax, [PLACE]
            0x3e, 0x83, 0x05, 0x00, 0x00, 0x41, 0x00, 0x1c, // add dword [PLACE], 28
            0x8b, 0x58, 0x04, 0x8b, 0x48, 0x08, 0x8b, 0x50, 0x0c, // ebx, ecx, edx
            0x8b, 0x70, 0x10, 0x8b, 0x78, 0x14, 0x8b, 0x68, 0x18, // esi, edi, ebp
            0x8b, 0x00, 0xcd, 0x80, 0xeb, 0xda, // mov eax, [eax]; int 0x80; jmp
        ],
    },
    Guest {
        platform: Platform::AARCH64,
        machine: 183,
        code: &[
            0x29, 0x08, 0xa0, 0xd2, 0x2a, 0x01, 0x40, 0xf9, // mov x9, PLACE; ldr x10, [x9]
            0x4b, 0xe1, 0x00, 0x91, 0x2b, 0x01, 0x00, 0xf9, // add x11, x10, 56; str x11, [x9]
            0x48, 0x01, 0x40, 0xf9, 0x40, 0x85, 0x40, 0xa9, // ldr x8, [x10]; ldp x0, x1, [x10, 8]
            0x42, 0x8d, 0x41, 0xa9, 0x44, 0x95, 0x42, 0xa9, // ldp x2, x3; ldp x4, x5
            0x01, 0x00, 0x00, 0xd4, 0xf7, 0xff, 0xff, 0x17, // svc 0; b
        ],
    },
    Guest {
        platform: Platform::PPC,
        machine: 20,
        code: &[
            0x3d, 0x20, 0x00, 0x41, 0x81, 0x49, 0x00, 0x00, // lis 9, PLACE@h; lwz 10, 0(9)
            0x39, 0x6a, 0x00, 0x1c, 0x91, 0x69, 0x00, 0x00, // addi 11, 10, 28; stw 11, 0(9)
            0x80, 0x0a, 0x00, 0x00, 0x80, 0x6a, 0x00, 0x04, // lwz 0, 0(10); lwz 3, 4(10)
            0x80, 0x8a, 0x00, 0x08, 0x80, 0xaa, 0x00, 0x0c, // lwz 4; lwz 5
            0x80, 0xca, 0x00, 0x10, 0x80, 0xea, 0x00, 0x14, // lwz 6; lwz 7
            0x81, 0x0a, 0x00, 0x18, 0x44, 0x00, 0x00, 0x02, // lwz 8; sc
            0x4b, 0xff, 0xff, 0xd0, // b
        ],
    },
];

/// SplitMix64, as everywhere in this workspace.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count.max(1)
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }
}

/// An argument: what could be meant, and what nobody would mean.
fn argument(random: &mut Random) -> u64 {
    const SIZES: [u64; 12] = [
        1,
        7,
        8,
        64,
        4095,
        4096,
        0x1_0000,
        1 << 24,
        0x7fff_ffff,
        0xffff_ffff,
        1 << 40,
        0x7fff_ffff_ffff_f000,
    ];
    match random.below(16) {
        0 => 0,
        1..=4 => random.below(12),
        5 => random.below(12).wrapping_neg(),
        6 => random.next(),
        7 => random.next() >> random.below(64),
        8 => 1 << random.below(64),
        9 => random.one_of(&SIZES),
        10 => random.one_of(&[CODE, END - 1, END - 8, END, 0x7fff_f000, u64::MAX - 7, 0xffff_f000]),
        11 => random.below(64) * 4096,
        12 => DATA + random.below(16) * 4096,
        _ => DATA + random.below(DATA_SIZE / 16) * 16,
    }
}

/// Calls that do nothing unless their arguments are meant, with what they
/// are: a descriptor, a pointer, a path, a size, a number, flags, a signal, an
/// address of a page, a process.
const SHAPES: [(&str, &str); 62] = [
    ("read", "fpn"),
    ("write", "fpn"),
    ("pread64", "fpnn"),
    ("pwrite64", "fpnn"),
    ("readv", "fpi"),
    ("writev", "fpi"),
    ("preadv", "fpinn"),
    ("pwritev", "fpinn"),
    ("lseek", "fni"),
    ("ftruncate", "fn"),
    ("ftruncate64", "fnn"),
    ("fallocate", "finn"),
    ("sendfile", "ffpn"),
    ("splice", "fpfpng"),
    ("copy_file_range", "fpfpng"),
    ("tee", "ffng"),
    ("mmap", "anigfn"),
    ("mmap2", "anigfn"),
    ("munmap", "an"),
    ("mprotect", "ani"),
    ("mremap", "annga"),
    ("madvise", "ani"),
    ("mincore", "anp"),
    ("msync", "ani"),
    ("brk", "a"),
    ("open", "sgi"),
    ("openat", "fsgi"),
    ("mkdir", "si"),
    ("rename", "ss"),
    ("link", "ss"),
    ("symlink", "ss"),
    ("unlink", "s"),
    ("rmdir", "s"),
    ("chdir", "s"),
    ("chroot", "s"),
    ("getdents64", "fpn"),
    ("readlink", "spn"),
    ("dup2", "ff"),
    ("fcntl", "fip"),
    ("pipe2", "pg"),
    ("socketpair", "iiip"),
    ("bind", "fpn"),
    ("connect", "fpn"),
    ("listen", "fi"),
    ("sendto", "fpngpn"),
    ("recvfrom", "fpngpp"),
    ("sendmsg", "fpg"),
    ("recvmsg", "fpg"),
    ("setsockopt", "fiipn"),
    ("socketcall", "ip"),
    ("poll", "pnn"),
    ("epoll_ctl", "fifp"),
    ("epoll_wait", "fpnn"),
    ("futex", "pinppi"),
    ("clone", "gappp"),
    ("kill", "ii"),
    ("tgkill", "iii"),
    ("rt_sigqueueinfo", "iip"),
    ("rt_sigaction", "ippw"),
    ("timer_create", "ipp"),
    ("timer_settime", "iipp"),
    ("setrlimit", "ip"),
];

/// An argument of a kind.
fn meant(random: &mut Random, kind: u8) -> u64 {
    const SIZES: [u64; 14] =
        [0, 1, 8, 16, 100, 128, 4096, 0x1_0000, 1 << 20, 1 << 24, 1 << 30, 0x7fff_f000, 1 << 33, 1 << 46];
    match kind {
        _ if random.below(24) == 0 => argument(random),
        b'f' => random.below(14),
        b'p' | b's' if random.below(12) == 0 => 0,
        b'p' | b's' => DATA + random.below(DATA_SIZE / 16) * 16,
        b'n' => random.one_of(&SIZES),
        b'a' => match random.below(4) {
            0 => 0,
            1 => DATA,
            2 => 0x1000_0000 + random.below(64) * 0x1000,
            _ => random.below(1 << 20) * 0x1000,
        },
        b'g' => random.next() & random.next() & random.next() & 0x1_ffff,
        b'w' => 8,
        _ => random.below(10),
    }
}

/// What pointers lead to: paths, addresses of sockets, times, lists of
/// pointers, and anything.
fn data(random: &mut Random, order: ByteOrder, word: usize) -> Vec<u8> {
    const TEXTS: [&[u8]; 20] = [
        b"/tmp/a\0",
        b"/tmp/b\0",
        b"/tmp\0",
        b"/\0",
        b".\0",
        b"..\0",
        b"\0",
        b"a\0",
        b"/tmp/a/../../../etc/passwd\0",
        b"/proc/self/maps\0",
        b"/proc/self/fd/3\0",
        b"/proc/1/environ\0",
        b"/dev/zero\0",
        b"/dev/full\0",
        b"/dev/tty\0",
        b"/bin/hostile\0",
        b"/etc/passwd\0",
        b"\x01\0/tmp/socket\0",
        b"\0\x01/tmp/socket\0",
        b"\x02\0\x00\x50\x7f\0\0\x01\0\0\0\0\0\0\0\0",
    ];
    let mut bytes = Vec::with_capacity(DATA_SIZE as usize);
    while bytes.len() < DATA_SIZE as usize {
        let mut put = |value: u64| {
            let mut place = [0; 8];
            order.write(u128::from(value & u64::MAX >> (64 - 8 * word)), &mut place[..word]);
            bytes.extend_from_slice(&place[..word]);
        };
        match random.below(5) {
            0 => bytes.extend_from_slice(random.one_of(&TEXTS)),
            1 => (0..4).for_each(|_| put(DATA + random.below(DATA_SIZE / 16) * 16)),
            2 => (0..4).for_each(|_| put(random.below(20))),
            3 => (0..2).for_each(|_| put(random.next())),
            _ => (0..4).for_each(|_| put(argument(random))),
        }
        let aligned = bytes.len().next_multiple_of(16);
        bytes.resize(aligned, 0);
    }
    bytes.truncate(DATA_SIZE as usize);
    bytes
}

/// The calls of a round: some that make descriptors, then any.
fn calls(random: &mut Random, platform: Platform) -> Result<Vec<[u64; 7]>, Box<dyn Error>> {
    let definition = platform.definition();
    let convention = definition.syscall_convention("linux").ok_or("there are Linux programs for it")?;
    let first: [(&str, [u64; 6]); 10] = [
        ("openat", [-100_i64 as u64, DATA, 0o102, 0o600, 0, 0]),
        ("pipe2", [DATA + 0x100, 0, 0, 0, 0, 0]),
        ("socketpair", [1, 1 + random.below(2), 0, DATA + 0x200, 0, 0]),
        ("socket", [1 + random.below(2), 1 + random.below(2), 0, 0, 0, 0]),
        ("eventfd2", [random.below(3), 0, 0, 0, 0, 0]),
        ("epoll_create1", [0; 6]),
        ("timerfd_create", [1, 0, 0, 0, 0, 0]),
        ("memfd_create", [DATA, 3, 0, 0, 0, 0]),
        ("signalfd4", [u64::MAX, DATA + 0x300, 8, 0, 0, 0]),
        ("inotify_init1", [0; 6]),
    ];
    let mut rows = Vec::new();
    let row = |number: u64, arguments: [u64; 6]| {
        let mut row = [number; 7];
        row[1..].copy_from_slice(&arguments);
        row
    };
    for (name, arguments) in first {
        if random.below(2) == 0
            && let Some(number) = convention.number_of(name)
        {
            rows.push(row(number, arguments));
        }
    }
    // What would end the round, or wait for what never comes, is made less
    // often.
    const LAST: [&str; 10] = [
        "exit",
        "exit_group",
        "pause",
        "rt_sigreturn",
        "sigreturn",
        "rt_sigsuspend",
        "sigsuspend",
        "rt_sigtimedwait",
        "execve",
        "vfork",
    ];
    let answered = linux::call_names();
    while rows.len() < CALLS {
        if random.below(2) == 0 {
            let (name, shape) = random.one_of(&SHAPES);
            if let Some(number) = convention.number_of(name) {
                let kinds = shape.as_bytes();
                let mut arguments = [0; 6];
                for (argument, kind) in arguments.iter_mut().zip(kinds) {
                    *argument = meant(random, *kind);
                }
                rows.push(row(number, arguments));
            }
            continue;
        }
        let (number, name) = random.one_of(convention.names);
        if LAST.contains(&name) && random.below(20) > 0 {
            continue;
        }
        if !answered.contains(&name) && random.below(20) > 0 {
            continue;
        }
        let number = if random.below(40) == 0 { random.next() } else { number.into() };
        rows.push(row(number, std::array::from_fn(|_| argument(random))));
    }
    let end = convention.number_of("exit_group").ok_or("every Linux has it")?;
    rows.extend([row(end, [0; 6]); 4]);
    Ok(rows)
}

/// An ELF program of two segments: code, and data that can be written.
fn program(guest: &Guest, rows: &[[u64; 7]], data: &[u8]) -> Vec<u8> {
    let definition = guest.platform.definition();
    let (order, word) = (guest.platform.byte_order(), usize::from(definition.pointer_bytes));
    let mut file = Vec::new();
    let mut put = |value: u64, size: usize| {
        let start = file.len();
        file.resize(start + size, 0);
        order.write(u128::from(value & u64::MAX >> (64 - 8 * size)), &mut file[start..]);
    };
    let wide = word == 8;
    let little = order == ByteOrder::Little;
    for byte in [0x7f, 0x45, 0x4c, 0x46, 1 + u64::from(wide), 2 - u64::from(little), 1, 0] {
        put(byte, 1);
    }
    put(0, 8);
    let header = if wide { 64 } else { 52 };
    let program_header = if wide { 56 } else { 32 };
    put(2, 2);
    put(guest.machine.into(), 2);
    put(1, 4);
    put(CODE + 0x1000, word);
    put(header, word);
    put(0, word);
    put(0, 4);
    for half in [header, program_header, 2, 0, 0, 0] {
        put(half, 2);
    }
    let code_offset = 0x1000;
    let data_offset = 0x2000;
    let size = END - PLACE;
    for (offset, address, size, flags) in
        [(code_offset, CODE + 0x1000, guest.code.len() as u64, 5), (data_offset, PLACE, size, 6)]
    {
        put(1, 4);
        if wide {
            put(flags, 4);
        }
        for value in [offset, address, address, size, size] {
            put(value, word);
        }
        if !wide {
            put(flags, 4);
        }
        put(0x1000, word);
    }
    file.resize(code_offset as usize, 0);
    file.extend_from_slice(guest.code);
    file.resize((data_offset + size) as usize, 0);
    let mut words = vec![(PLACE, TABLE)];
    words.extend(
        rows.iter().flatten().enumerate().map(|(index, value)| (TABLE + (index * word) as u64, *value)),
    );
    for (address, value) in words {
        let at = (data_offset + address - PLACE) as usize;
        order.write(u128::from(value & u64::MAX >> (64 - 8 * word)), &mut file[at..at + word]);
    }
    let at = (data_offset + DATA - PLACE) as usize;
    file[at..at + data.len()].copy_from_slice(data);
    file
}

fn make(platform: Platform) -> terrella_emulator_api::Result<Box<dyn terrella_emulator_api::Emulator>> {
    Ok(Box::new(NativeEmulator::new(platform)?))
}

fn round(guest: &Guest, seed: u64) -> Result<(u64, usize), Box<dyn Error>> {
    let definition = guest.platform.definition();
    let mut random = Random(seed);
    let mut data = data(&mut random, guest.platform.byte_order(), usize::from(definition.pointer_bytes));
    data[..7].copy_from_slice(b"/tmp/a\0");
    let rows = calls(&mut random, guest.platform)?;
    let program = program(guest, &rows, &data);
    let mut files = FileSystem::new();
    files.set_limits(FileLimits { bytes: 256 << 20, entries: 4096 });
    files.write_program("/bin/hostile", &program)?;
    files.write("/tmp/b", b"something\n")?;
    let (streams, output, error) = Streams::kept(b"a line\nand another\n");
    let trace = std::env::var_os("TERRELLA_HOSTILE_TRACE").map(|_| TraceOutput::Host);
    let options = Options { files, streams, trace, ..Options::default() };
    let mut system = System::new(Box::new(make), options);
    system.start("/bin/hostile", &["hostile"], &["A=B"])?;
    // Deadlocks are one way to end.
    match system.run(Some(200_000), Some(Duration::from_secs(120))) {
        Ok(_) | Err(linux::Error::Deadlock(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok((system.instructions(), output.borrow().len() + error.borrow().len()))
}

fn number(name: &str, otherwise: u64) -> Result<u64, Box<dyn Error>> {
    Ok(match std::env::var(name) {
        Ok(text) => text.parse()?,
        Err(_) => otherwise,
    })
}

/// The most memory that this process has had, in bytes, where the host tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

#[test]
fn any_call_with_any_arguments() -> Result<(), Box<dyn Error>> {
    let rounds = number("TERRELLA_HOSTILE_ROUNDS", 50)?;
    let first = number("TERRELLA_HOSTILE_SEED", 1)?;
    let mut instructions = 0;
    for guest in &GUESTS {
        for seed in first..first + rounds {
            let begun = std::time::Instant::now();
            let (count, written) =
                round(guest, seed).map_err(|error| format!("{}, seed {seed}: {error}", guest.platform))?;
            instructions += count;
            if std::env::var_os("TERRELLA_HOSTILE_TIMES").is_some() {
                eprintln!(
                    "{} {seed}: {:?}, {count} instructions, {written} bytes, peak {:?} MiB",
                    guest.platform,
                    begun.elapsed(),
                    peak().map(|bytes| bytes >> 20)
                );
            }
        }
    }
    // A guest that gets nowhere would prove nothing.
    assert!(instructions > rounds * 4 * 100, "{instructions} instructions");
    if let Some(peak) = peak() {
        assert!(peak < 2 << 30, "{peak} bytes of memory");
    }
    Ok(())
}

/// Begins a file as a program, and runs it a little.
fn begin(name: &str, bytes: &[u8]) -> Result<(), String> {
    let mut files = FileSystem::new();
    files.write_program("/bin/program", bytes).map_err(|error| error.to_string())?;
    let (streams, ..) = Streams::kept(b"");
    let options = Options { files, streams, memory: 256 << 20, ..Options::default() };
    let mut system = System::new(Box::new(make), options);
    match system.start("/bin/program", &["program"], &["A=B"]) {
        Ok(_) => {}
        Err(linux::Error::NotExecutable { .. } | linux::Error::Start { .. }) => return Ok(()),
        Err(error) => return Err(format!("{name}: {error}")),
    }
    match system.run(Some(2000), Some(Duration::from_secs(60))) {
        Ok(_) | Err(linux::Error::Deadlock(_)) => Ok(()),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

/// Programs with other bytes in their headers, and cut off: they begin or they
/// do not.
#[test]
fn mutated_programs() -> Result<(), Box<dyn Error>> {
    const EXTREMES: [u64; 8] = [0, 1, 0x7fff_ffff, 0xffff_ffff, 1 << 32, 1 << 47, u64::MAX - 0xfff, u64::MAX];
    let rounds = number("TERRELLA_HOSTILE_ROUNDS", 50)?;
    let first = number("TERRELLA_HOSTILE_SEED", 1)?;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/linux");
    for name in ["x86_64", "i386", "armv7a", "mips", "ppc64", "riscv64"] {
        let original = std::fs::read(format!("{folder}/{name}.elf"))?;
        // The headers of the file and of its segments are at its beginning.
        let headers = original.len().min(0x200) as u64;
        begin(name, &original)?;
        for seed in first..first + rounds {
            let mut random = Random(seed);
            let mut bytes = original.clone();
            for _ in 0..1 + random.below(4) {
                let at = if random.below(8) > 0 {
                    16 + random.below(headers - 24)
                } else {
                    random.below(headers - 8)
                };
                let size = random.one_of(&[1, 2, 4, 8]);
                let value = match random.below(3) {
                    0 => random.one_of(&EXTREMES),
                    1 => random.next(),
                    _ => random.below(original.len() as u64),
                };
                let order = if name.ends_with("el") || ["x86_64", "i386", "armv7a", "riscv64"].contains(&name)
                {
                    ByteOrder::Little
                } else {
                    ByteOrder::Big
                };
                let place = &mut bytes[at as usize..at as usize + size];
                order.write(u128::from(value & u64::MAX >> (64 - 8 * size)), place);
            }
            if random.below(16) == 0 {
                bytes.truncate(random.below(bytes.len() as u64) as usize);
            }
            begin(&format!("{name}, seed {seed}"), &bytes)?;
        }
    }
    Ok(())
}
