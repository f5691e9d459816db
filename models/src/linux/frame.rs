//! Signal frames: what a handler finds on its stack, and the way back.
//!
//! A frame has the layout of the kernel's, with the general registers; what
//! else a processor has (floating point, vectors) is kept beside the guest and
//! comes back with the frame, unless the frame was made by somebody else.

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_platforms::{CodeAddressBit, Platform, RegisterKind, RegisterValue};

use super::{
    abi::{Abi, generic::*},
    kernel::Kernel,
    limits,
    process::{Action, Id, Registers, SavedFrame, SignalInfo},
    signal_words::{generic_mask, information, mask_word, own_mask},
    task::{Fields, Refusal},
};
use crate::errno::Errno;

/// Registers in the context of a frame: names, where the first one is (from
/// `uc_mcontext` on), the distance from one to the next, and their size.
struct Saved(&'static [&'static str], usize, usize, usize);

/// How a frame is laid out on a processor (`arch/*/kernel/signal*.c`).
struct Layout {
    /// Where `siginfo` is, from the start of the frame.
    info: usize,
    /// Where `ucontext` is.
    context: usize,
    size: usize,
    /// Where `uc_mcontext` is in it, if not where the tables say; and
    /// `uc_sigmask`.
    places: Option<(usize, usize)>,
    /// The stack pointer of the handler, from the start of the frame on.
    stack: isize,
    /// What `rt_sigreturn` finds in the stack pointer, from the start on.
    at_return: isize,
    alignment: u64,
    /// Below the stack pointer, left alone.
    red_zone: u64,
    /// Where the handler has the number, the information and the context.
    arguments: Arguments,
    /// Where the return address is.
    link: Option<&'static str>,
    saved: &'static [Saved],
}

enum Arguments {
    Registers([&'static str; 3]),
    /// On the stack, after the return address (and in these registers too).
    Stack,
}

const ARM: &[&str] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc", "cpsr",
];
const X64: &[&str] = &[
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx",
    "rsp", "rip", "rflags",
];
const X86: &[&str] = &["edi", "esi", "ebp", "esp", "ebx", "edx", "ecx", "eax"];
const R: &[&str] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];
const R16: &[&str] =
    &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
const X: &[&str] = &[
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
    "sp", "pc", "nzcv",
];
const RISCV: &[&str] = &[
    "pc", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
    "x31",
];
const M68K: &[&str] =
    &["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "pc"];

const BASE: Layout = Layout {
    info: 0,
    context: 128,
    size: 0,
    places: None,
    stack: 0,
    at_return: 0,
    alignment: 16,
    red_zone: 0,
    arguments: Arguments::Stack,
    link: None,
    saved: &[],
};

fn layout(platform: Platform) -> Option<Layout> {
    Some(match platform {
        Platform::X86_64 => Layout {
            info: 8 + 312,
            context: 8,
            size: 8 + 312 + 128,
            places: Some((40, 296)),
            at_return: 8,
            red_zone: 128,
            arguments: Arguments::Registers(["rdi", "rsi", "rdx"]),
            saved: &[Saved(X64, 0, 8, 8)],
            ..BASE
        },
        Platform::I386 => Layout {
            info: 16,
            context: 144,
            size: 144 + 116,
            places: Some((20, 108)),
            at_return: 4,
            saved: &[Saved(X86, 16, 4, 4), Saved(&["eip"], 56, 4, 4), Saved(&["eflags"], 64, 4, 4)],
            ..BASE
        },
        Platform::AARCH64 | Platform::AARCH64_BE => Layout {
            size: 128 + 4560 + 16,
            arguments: Arguments::Registers(["x0", "x1", "x2"]),
            link: Some("x30"),
            saved: &[Saved(X, 8, 8, 8)],
            ..BASE
        },
        Platform::ARMV7A | Platform::ARMV7A_BE | Platform::ARMV5T => Layout {
            size: 128 + 744,
            alignment: 8,
            arguments: Arguments::Registers(["r0", "r1", "r2"]),
            link: Some("lr"),
            saved: &[Saved(ARM, 12, 4, 4)],
            ..BASE
        },
        Platform::RISCV32 | Platform::RISCV64 => Layout {
            size: 128 + 960,
            arguments: Arguments::Registers(["a0", "a1", "a2"]),
            link: Some("ra"),
            saved: match platform {
                Platform::RISCV32 => &[Saved(RISCV, 0, 4, 4)],
                _ => &[Saved(RISCV, 0, 8, 8)],
            },
            ..BASE
        },
        Platform::MIPS | Platform::MIPSEL => Layout {
            info: 24,
            context: 152,
            size: 152 + 632,
            alignment: 8,
            arguments: Arguments::Registers(["a0", "a1", "a2"]),
            link: Some("ra"),
            saved: &[
                Saved(&["pc"], 8, 8, 8),
                Saved(R, 16, 8, 8),
                Saved(&["hi"], 552, 8, 8),
                Saved(&["lo"], 560, 8, 8),
            ],
            ..BASE
        },
        Platform::MIPS64 | Platform::MIPS64EL => Layout {
            info: 24,
            context: 152,
            size: 152 + 656,
            arguments: Arguments::Registers(["a0", "a1", "a2"]),
            link: Some("ra"),
            saved: &[
                Saved(R, 0, 8, 8),
                Saved(&["hi"], 512, 8, 8),
                Saved(&["lo"], 544, 8, 8),
                Saved(&["pc"], 576, 8, 8),
            ],
            ..BASE
        },
        Platform::PPC | Platform::PPCLE => Layout {
            size: 128 + 1184,
            stack: -80,
            at_return: -80,
            arguments: Arguments::Registers(["r3", "r4", "r5"]),
            link: Some("lr"),
            saved: &[
                Saved(R, 0, 4, 4),
                Saved(&["pc"], 128, 4, 4),
                Saved(&["ctr"], 140, 4, 4),
                Saved(&["lr"], 144, 4, 4),
                Saved(&["xer"], 148, 4, 4),
                Saved(&["cr"], 152, 4, 4),
            ],
            ..BASE
        },
        Platform::PPC64 | Platform::PPC64LE => Layout {
            info: 1696 + 16 + 24 + 16,
            context: 0,
            size: 1696 + 56 + 128 + 512,
            stack: -128,
            at_return: 0,
            red_zone: 288,
            arguments: Arguments::Registers(["r3", "r4", "r5"]),
            link: Some("lr"),
            saved: &[
                Saved(R, 64, 8, 8),
                Saved(&["pc"], 320, 8, 8),
                Saved(&["ctr"], 344, 8, 8),
                Saved(&["lr"], 352, 8, 8),
                Saved(&["xer"], 360, 8, 8),
                Saved(&["cr"], 368, 8, 8),
            ],
            ..BASE
        },
        Platform::M68K => Layout {
            info: 24,
            context: 152,
            size: 152 + 532,
            places: Some((20, 524)),
            at_return: 4,
            alignment: 4,
            saved: &[Saved(M68K, 4, 4, 4), Saved(&["sr"], 72, 4, 4)],
            ..BASE
        },
        Platform::LOONGARCH64 => Layout {
            size: 128 + 448,
            arguments: Arguments::Registers(["r4", "r5", "r6"]),
            link: Some("r1"),
            saved: &[Saved(&["pc"], 0, 8, 8), Saved(R, 8, 8, 8)],
            ..BASE
        },
        Platform::S390X => Layout {
            info: 168,
            context: 296,
            size: 296 + 512,
            alignment: 8,
            arguments: Arguments::Registers(["r2", "r3", "r4"]),
            link: Some("r14"),
            saved: &[Saved(&["pswm", "pc"], 0, 8, 8), Saved(R16, 16, 8, 8)],
            ..BASE
        },
        Platform::SH4 => Layout {
            size: 128 + 260 + 16,
            alignment: 8,
            arguments: Arguments::Registers(["r4", "r5", "r6"]),
            link: Some("pr"),
            saved: &[Saved(R16, 4, 4, 4), Saved(&["pc", "pr", "sr", "gbr", "mach", "macl"], 68, 4, 4)],
            ..BASE
        },
        _ => return None,
    })
}

/// The code that returns from a handler, where the program brings none of its
/// own; units of two or four bytes.
pub(crate) fn return_code(platform: Platform, abi: &Abi) -> Vec<u8> {
    let (unit, code): (usize, &[u64]) = match platform {
        // mov x8, #139; svc #0
        Platform::AARCH64 => (4, &[0xd280_1168, 0xd400_0001]),
        // Instructions are little-endian on any AArch64.
        Platform::AARCH64_BE => (4, &[0x6811_80d2, 0x0100_00d4]),
        // mov r7, #173; svc 0
        Platform::ARMV7A | Platform::ARMV5T => (4, &[0xe3a0_70ad, 0xef00_0000]),
        Platform::ARMV7A_BE => (4, &[0xad70_a0e3, 0x0000_00ef]),
        // li a7, 139; ecall
        Platform::RISCV32 | Platform::RISCV64 => (4, &[0x08b0_0893, 0x0000_0073]),
        // li v0, 4193; syscall
        Platform::MIPS | Platform::MIPSEL => (4, &[0x2402_1061, 0x0000_000c]),
        // li v0, 5211; syscall
        Platform::MIPS64 | Platform::MIPS64EL => (4, &[0x2402_145b, 0x0000_000c]),
        // nop; li r0, 172; sc
        Platform::PPC | Platform::PPCLE => (4, &[0x6000_0000, 0x3800_00ac, 0x4400_0002]),
        // nop; addi r1, r1, 128; li r0, 172; sc. Without the first, libgcc takes
        // it for the code of a kernel without unwind tables for it, and ends the
        // program (`libgcc/config/rs6000/linux-unwind.h`); so it ends there.
        Platform::PPC64 | Platform::PPC64LE => (4, &[0x6000_0000, 0x3821_0080, 0x3800_00ac, 0x4400_0002]),
        // moveq #82, d0; not.b d0; trap #0
        Platform::M68K => (2, &[0x7052, 0x4600, 0x4e40]),
        // li.w a7, 139; syscall 0
        Platform::LOONGARCH64 => (4, &[0x0382_2c0b, 0x002b_0000]),
        // svc 173
        Platform::S390X => (2, &[0x0aad]),
        // mov.w 1f, r3; trapa #16; or r0, r0 (five times); 1: .word 173
        Platform::SH4 => (2, &[0x9305, 0xc310, 0x200b, 0x200b, 0x200b, 0x200b, 0x200b, 173]),
        // mov eax, 173; int 0x80
        Platform::I386 => return vec![0xb8, 0xad, 0, 0, 0, 0xcd, 0x80],
        // mov eax, 15; syscall
        Platform::X86_64 => return vec![0xb8, 15, 0, 0, 0, 0x0f, 0x05],
        _ => return Vec::new(),
    };
    words(abi, unit, code)
}

/// Words of `unit` bytes in the guest's order.
fn words(abi: &Abi, unit: usize, code: &[u64]) -> Vec<u8> {
    let mut bytes = vec![0; unit * code.len()];
    for (word, place) in code.iter().zip(bytes.chunks_exact_mut(unit)) {
        abi.order.write((*word).into(), place);
    }
    bytes
}

/// An address of code as the program counter takes it: with the state that
/// the processor is in.
pub(crate) fn code_pointer(emulator: &dyn Emulator, address: u64) -> u64 {
    let definition = emulator.definition();
    let state = match definition.code_address_bit {
        CodeAddressBit::Thumb => emulator.read_register("t").unwrap_or(0),
        CodeAddressBit::ThumbOnly => 1,
        _ => 0,
    };
    address | state
}

/// Sets the program counter to a code pointer, and the state that its lowest
/// bit says.
pub(crate) fn jump(emulator: &mut dyn Emulator, pointer: u64) -> Result<(), terrella_emulator_api::Error> {
    if emulator.definition().code_address_bit == CodeAddressBit::Thumb && pointer & 1 == 0 {
        emulator.write_register("t", 0_u64)?;
    }
    emulator.set_program_counter(pointer)
}

/// All registers that a thread has.
pub(crate) fn save(emulator: &dyn Emulator) -> Registers {
    let kept = |kind: RegisterKind| !matches!(kind, RegisterKind::Control | RegisterKind::Debug);
    let registers = emulator.definition().registers();
    registers
        .roots()
        .filter(|(id, register)| kept(register.kind) && emulator.has_register(*id))
        .filter_map(|(id, _)| Some((id, emulator.read_wide_register_id(id).ok()?)))
        .collect()
}

/// Puts the registers of a thread into the processor.
pub(crate) fn load(
    emulator: &mut dyn Emulator,
    registers: &Registers,
) -> Result<(), terrella_emulator_api::Error> {
    let counter = emulator.definition().register(emulator.definition().program_counter);
    // Some are read only on a backend: what cannot be written has not changed.
    for (id, value) in registers.iter().filter(|(id, _)| Some(*id) != counter) {
        if emulator.read_wide_register_id(*id).ok() != Some(*value) {
            emulator.write_wide_register_id(*id, *value)?;
        }
    }
    if let Some((_, value)) = registers.iter().find(|(id, _)| Some(*id) == counter) {
        let address = u64::try_from(*value).unwrap_or(0);
        emulator.set_program_counter(code_pointer(emulator, address))?;
    }
    Ok(())
}

/// Begins a handler.
pub(crate) fn enter(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    thread: Id,
    info: SignalInfo,
    action: Action,
    mask: u64,
) -> Result<(), Refusal> {
    let it = kernel.threads.get_mut(&thread).ok_or(Errno::ESRCH)?;
    let process = kernel.processes.get(&it.process).ok_or(Errno::ESRCH)?;
    let abi = process.abi.clone();
    let platform = process.platform;
    let definition = emulator.definition();
    let layout = layout(platform).ok_or(Errno::ENOSYS)?;
    let old = emulator.read_register(definition.stack_pointer)?;
    let alternate = it.alternate;
    let on_alternate =
        old.wrapping_sub(alternate.base) <= alternate.size && alternate.flags & SS_DISABLE == 0;
    let switches = action.flags & SA_ONSTACK != 0 && alternate.flags & SS_DISABLE == 0 && !on_alternate;
    let top = if switches {
        alternate.base.wrapping_add(alternate.size)
    } else {
        old.wrapping_sub(layout.red_zone)
    };
    // The stack pointer of the handler is aligned as a call leaves it.
    let skew = if platform == Platform::X86_64 {
        8
    } else if platform == Platform::I386 {
        4
    } else {
        0
    };
    let stack = top.wrapping_sub(layout.size as u64).wrapping_add_signed(layout.stack as i64);
    let stack = (stack & !(layout.alignment - 1)).wrapping_sub(skew);
    let frame = stack.wrapping_add_signed(-(layout.stack as i64));

    let (context_place, mask_place) = places(&abi, &layout).ok_or(Errno::ENOSYS)?;
    let mut bytes = vec![0; layout.size];
    let siginfo = information(&abi, info);
    bytes[layout.info..layout.info + siginfo.len()].copy_from_slice(&siginfo);
    let mut head = Fields::of(abi.clone());
    let flags = if alternate.flags & SS_DISABLE != 0 {
        SS_DISABLE
    } else if on_alternate {
        SS_ONSTACK
    } else {
        0
    };
    head.long(0).long(0).long(alternate.base).int(flags).long(alternate.size);
    let head = head.finish();
    bytes[layout.context..layout.context + head.len()].copy_from_slice(&head);
    let mut put = |at: usize, value: u128, size: usize| abi.order.write(value, &mut bytes[at..at + size]);
    put(layout.context + mask_place, mask_word(&abi, own_mask(&abi, mask)).into(), 8);
    for Saved(names, first, stride, size) in layout.saved {
        for (index, name) in names.iter().enumerate() {
            // What a backend lacks is zero in the frame.
            let id = emulator.resolve_register(name)?;
            let value = if emulator.has_register(id) { emulator.read_register_id(id)? } else { 0 };
            put(layout.context + context_place + first + index * stride, value.into(), *size);
        }
    }
    let (info_address, context_address) =
        (frame.wrapping_add(layout.info as u64), frame.wrapping_add(layout.context as u64));
    let number = abi.to_own(|tables| tables.signal, info.number.into());
    // The kernels of the others do not look at what C libraries bring.
    let honoured = matches!(
        platform,
        Platform::X86_64
            | Platform::I386
            | Platform::AARCH64
            | Platform::AARCH64_BE
            | Platform::ARMV7A
            | Platform::ARMV7A_BE
            | Platform::ARMV5T
            | Platform::S390X
            | Platform::SH4
    );
    let back = if honoured && action.flags & SA_RESTORER != 0 && action.restorer != 0 {
        action.restorer
    } else {
        process.signal_return
    };
    match platform {
        Platform::X86_64 => put(0, back.into(), 8),
        Platform::I386 | Platform::M68K => {
            for (index, value) in [back, number, info_address, context_address].into_iter().enumerate() {
                put(4 * index, value.into(), 4);
            }
        }
        Platform::PPC | Platform::PPCLE => {
            // `uc_regs` points to the registers.
            put(layout.context + 48, (context_address.wrapping_add(context_place as u64)).into(), 4);
        }
        Platform::PPC64 | Platform::PPC64LE => {
            put(context_place + 56, (context_address.wrapping_add(context_place as u64 + 64)).into(), 8);
        }
        _ => {}
    }
    let saved = SavedFrame { address: frame, registers: save(emulator) };
    if emulator.write_memory(frame, &bytes).is_err() {
        // There is no stack for the handler: the process ends.
        return Err(Refusal::Action(super::task::Action::ExitProcess(-(SIGSEGV as i32))));
    }
    if layout.stack < 0 {
        let word = usize::from(definition.pointer_bytes);
        emulator.write_integer(stack, old.into(), word)?;
    }
    let it = kernel.threads.get_mut(&thread).ok_or(Errno::ESRCH)?;
    // Frames that were left by a jump are gone.
    if !switches {
        it.frames.retain(|older| older.address > frame || on_other_stack(older.address, &alternate));
    }
    if it.frames.len() >= limits::FRAMES {
        it.frames.remove(0);
    }
    it.frames.push(saved);
    if alternate.flags & SS_AUTODISARM != 0 && switches {
        it.alternate.flags = SS_DISABLE;
    }
    emulator.write_register(definition.stack_pointer, stack)?;
    if let Arguments::Registers(names) = layout.arguments {
        for (name, value) in names.into_iter().zip([number, info_address, context_address]) {
            emulator.write_register(name, value)?;
        }
    }
    if let Some(link) = layout.link {
        emulator.write_register(link, back)?;
    }
    let mut entry = action.handler;
    match platform {
        Platform::X86_64 => emulator.write_register("rax", 0_u64)?,
        Platform::I386 => {
            for (name, value) in [("eax", number), ("edx", info_address), ("ecx", context_address)] {
                emulator.write_register(name, value)?;
            }
        }
        Platform::MIPS | Platform::MIPSEL | Platform::MIPS64 | Platform::MIPS64EL => {
            emulator.write_register("t9", entry)?;
        }
        // A descriptor in the first version of the ABI (ELFv1), in the second
        // one the address itself, in r12.
        Platform::PPC64 => {
            let word = |at: u64| emulator.read_integer(at, 8).ok().map(|value| value as u64);
            let executable = |address: u64| address & 3 == 0 && word(address).is_some();
            if let (Some(code), Some(toc)) = (word(entry), word(entry.wrapping_add(8)))
                && executable(code)
                && code != 0
                && process.elf_flags & 3 != 2
            {
                entry = code;
                emulator.write_register("r2", toc)?;
            } else {
                emulator.write_register("r12", entry)?;
            }
        }
        Platform::PPC64LE => emulator.write_register("r12", entry)?,
        _ => {}
    }
    jump(emulator, entry)?;
    Ok(())
}

const fn on_other_stack(address: u64, alternate: &super::process::AlternateStack) -> bool {
    address.wrapping_sub(alternate.base) <= alternate.size
}

/// Goes back to what a handler interrupted.
pub(crate) fn leave(
    kernel: &mut Kernel,
    emulator: &mut dyn Emulator,
    thread: Id,
    old: bool,
) -> Result<(), Refusal> {
    let it = kernel.threads.get_mut(&thread).ok_or(Errno::ESRCH)?;
    let process = kernel.processes.get(&it.process).ok_or(Errno::ESRCH)?;
    let abi = process.abi.clone();
    let platform = process.platform;
    let layout = layout(platform).ok_or(Errno::ENOSYS)?;
    let stack = emulator.read_register(emulator.definition().stack_pointer)?;
    let at_return = match (platform, old) {
        // The old call's code has taken the number off the stack.
        (Platform::I386, true) => 8,
        _ => layout.at_return as i64,
    };
    let frame = stack.wrapping_sub(at_return as u64);
    let (context_place, mask_place) = places(&abi, &layout).ok_or(Errno::ENOSYS)?;
    let context = frame.wrapping_add(layout.context as u64);
    // What the guest's frame does not hold.
    if let Some(index) = it.frames.iter().position(|saved| saved.address == frame) {
        let saved = it.frames[index].registers.clone();
        it.frames.truncate(index);
        load(emulator, &saved)?;
    }
    let mask = emulator.read_integer(context.wrapping_add(mask_place as u64), 8)? as u64;
    it.mask = generic_mask(&abi, mask_word(&abi, mask)) & !super::signals::UNBLOCKABLE;
    let mut counter = 0;
    let definition = emulator.definition();
    for Saved(names, first, stride, size) in layout.saved {
        for (index, name) in names.iter().enumerate() {
            let at = context.wrapping_add((context_place + first + index * stride) as u64);
            let value = emulator.read_integer(at, *size)?;
            let id = emulator.resolve_register(name)?;
            let bits = definition.registers().get(id).bits;
            if !emulator.has_register(id) {
                continue;
            }
            if *name == definition.program_counter
                || id == emulator.resolve_register(definition.program_counter)?
            {
                counter = value as u64;
                continue;
            }
            let value = if bits < 128 { value & ((1 << bits) - 1) } else { value };
            if emulator.read_wide_register_id(id)? != RegisterValue::from(value) {
                // A register that is always zero stays it.
                let _ = emulator.write_wide_register_id(id, RegisterValue::from(value));
            }
        }
    }
    emulator.set_program_counter(code_pointer(emulator, counter))?;
    Ok(())
}

fn places(abi: &Abi, layout: &Layout) -> Option<(usize, usize)> {
    layout.places.or_else(|| {
        let context = abi.tables.context?;
        let place =
            |name: &str| context.places.iter().find(|(known, ..)| *known == name).map(|place| place.1);
        Some((place("uc_mcontext")?, place("uc_sigmask")?))
    })
}
