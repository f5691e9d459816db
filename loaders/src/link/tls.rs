//! Thread-local storage of ELF modules: one static block for the one thread.
//!
//! Layouts: U. Drepper, "ELF Handling For Thread-Local Storage", sections 3
//! and 4; the thread pointers and biases of the processors' supplements.

use object::elf;
use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Executable, Pages, Segment};
use terrella_platforms::{ByteOrder, Platform};

use super::Member;
use crate::{Error, Options, Result, module::Module, relocation::TlsBlock};

/// Room above the thread pointer for what a C library keeps there, and below
/// the blocks of variant I.
const CONTROL_BLOCK: u64 = 0x1000;

/// How a processor finds thread-local storage.
struct Rules {
    /// Variant I has blocks above the thread pointer, after so many bytes;
    /// variant II has them below.
    above: Option<u64>,
    /// How far the thread pointer is behind the first block (variant I).
    bias: u64,
    /// What relocations within a block subtract.
    offset_bias: u64,
    /// Where the thread pointer is kept; two registers have its halves.
    registers: &'static [&'static str],
    /// Whether the thread pointer points to itself.
    own_address: bool,
    /// Functions that give what the second word of a descriptor holds: the
    /// instructions of descriptors' resolvers, in words of this size.
    resolver: &'static [u32],
    resolver_size: usize,
    argument_first: bool,
}

const ABOVE: Rules = Rules {
    above: Some(0),
    bias: 0,
    offset_bias: 0,
    registers: &[],
    own_address: false,
    resolver: &[],
    resolver_size: 4,
    argument_first: false,
};
const BELOW: Rules = Rules { above: None, ..ABOVE };

fn rules(machine: u16, class_bits: u8) -> Option<Rules> {
    Some(match machine {
        // mov rax, [rax + 8]; ret
        elf::EM_X86_64 => Rules {
            registers: &["fs_base"],
            own_address: true,
            resolver: &[0x48, 0x8b, 0x40, 0x08, 0xc3],
            resolver_size: 1,
            ..BELOW
        },
        // mov eax, [eax + 4]; ret
        elf::EM_386 => Rules {
            registers: &["gs_base"],
            own_address: true,
            resolver: &[0x8b, 0x40, 0x04, 0xc3],
            resolver_size: 1,
            ..BELOW
        },
        elf::EM_S390 => Rules { registers: &["acr0", "acr1"], ..BELOW },
        elf::EM_SPARC | elf::EM_SPARC32PLUS | elf::EM_SPARCV9 => Rules { registers: &["g7"], ..BELOW },
        // ldr x0, [x0, #8]; ret
        elf::EM_AARCH64 => Rules {
            above: Some(16),
            registers: &["tpidr_el0"],
            resolver: &[0xf940_0400, 0xd65f_03c0],
            ..ABOVE
        },
        // ldr r0, [r0]; bx lr
        elf::EM_ARM => Rules {
            above: Some(8),
            registers: &["tpidruro"],
            resolver: &[0xe590_0000, 0xe12f_ff1e],
            argument_first: true,
            ..ABOVE
        },
        elf::EM_SH => Rules { above: Some(8), registers: &["gbr"], ..ABOVE },
        elf::EM_MIPS => Rules { bias: 0x7000, offset_bias: 0x8000, registers: &["cp0_userlocal"], ..ABOVE },
        elf::EM_PPC => Rules { bias: 0x7000, offset_bias: 0x8000, registers: &["r2"], ..ABOVE },
        elf::EM_PPC64 => Rules { bias: 0x7000, offset_bias: 0x8000, registers: &["r13"], ..ABOVE },
        // A system call gives the pointer.
        elf::EM_68K => Rules { bias: 0x7000, offset_bias: 0x8000, ..ABOVE },
        // ld a0, 8(a0) or lw a0, 4(a0); jr t0
        elf::EM_RISCV => Rules {
            offset_bias: 0x800,
            registers: &["tp"],
            resolver: if class_bits == 64 {
                &[0x0085_3503, 0x0002_8067]
            } else {
                &[0x0045_2503, 0x0002_8067]
            },
            ..ABOVE
        },
        // ld.d a0, a0, 8 or ld.w a0, a0, 4; jr ra
        elf::EM_LOONGARCH => Rules {
            registers: &["tp"],
            resolver: if class_bits == 64 {
                &[0x28c0_2084, 0x4c00_0020]
            } else {
                &[0x2880_1084, 0x4c00_0020]
            },
            ..ABOVE
        },
        elf::EM_XTENSA => Rules { above: Some(8), registers: &["threadptr"], ..ABOVE },
        _ => return None,
    })
}

/// The blocks of all modules.
pub(super) struct Blocks {
    /// The area of the blocks, whose content [`fill`] puts in.
    pub(super) image: Executable,
    pub(super) registers: Vec<(&'static str, u64)>,
    /// The address of the block of each module, by its number less one, and
    /// what is added to an offset in it.
    pub(super) addresses: Vec<u64>,
    pub(super) offset_bias: u64,
    pub(super) pointer: u64,
    /// The first address above them.
    pub(super) end: u64,
}

fn modules(members: &[Member]) -> impl Iterator<Item = &Module> {
    members.iter().filter_map(|member| match member {
        Member::Module(module) if module.tls.is_some() => Some(module.as_ref()),
        _ => None,
    })
}

/// Lays out the blocks above all modules, and tells the modules. The first
/// module is taken for the program, whose block is next to the thread
/// pointer, as its code expects.
pub(super) fn make(
    members: &mut [Member],
    platform: Platform,
    options: &Options,
    above: u64,
) -> Result<Option<Blocks>> {
    let Some(first) = modules(members).next() else { return Ok(None) };
    let Some(rules) = rules(first.machine, first.class_bits) else { return Ok(None) };
    let (name, word) = (first.name.clone(), u64::from(first.class_bits / 8));
    let too_large = |size: u64| Error::TooLarge {
        file: name.clone(),
        what: "thread-local storage",
        size,
        limit: options.memory_limit,
    };
    let checked = |size: Option<u64>| match size {
        Some(size) if size <= options.memory_limit => Ok(size),
        size => Err(too_large(size.unwrap_or(u64::MAX))),
    };
    // Distances of the blocks from the thread pointer (variant II: down, as
    // positive numbers; variant I: from the end of the control block).
    let mut distances = Vec::new();
    let mut used = rules.above.unwrap_or(0);
    let mut alignment = 64;
    for module in modules(members) {
        let Some(tls) = module.tls else { continue };
        let align = tls.alignment.max(1);
        let align = if align.is_power_of_two() { checked(Some(align))? } else { 1 };
        alignment = alignment.max(align);
        if rules.above.is_some() {
            let place = checked(used.checked_next_multiple_of(align))?;
            distances.push(place);
            used = checked(place.checked_add(tls.size))?;
        } else {
            let end = used.checked_add(tls.size).and_then(|end| end.checked_next_multiple_of(align));
            used = checked(end)?;
            distances.push(used);
        }
    }
    let below = if rules.above.is_some() { CONTROL_BLOCK.next_multiple_of(alignment) } else { used };
    let below = below.next_multiple_of(alignment.max(16));
    let after = if rules.above.is_some() { used } else { CONTROL_BLOCK };
    let code = rules.resolver.len() as u64 * rules.resolver_size as u64;
    let start = above.checked_next_multiple_of(alignment.max(0x1_0000)).unwrap_or(above);
    let total = checked(below.checked_add(after).and_then(|size| size.checked_next_multiple_of(0x1000)))?;
    let no_room = || Error::NoRoom { file: "tls".to_owned(), size: total, from: start, platform };
    let highest = platform.definition().highest_address();
    let range = AddressRange::sized(start, total + 0x1000)
        .ok()
        .filter(|range| range.last() <= highest)
        .ok_or_else(no_room)?;
    let base = start + below;
    let pointer = base.wrapping_add(rules.bias);
    let resolver_at = start + total;
    let mut image = Executable::new("tls", platform);
    let mut data = Pages::new();
    let order = platform.byte_order();
    if rules.own_address {
        // The first word, and `header.self` of GNU's control block.
        for at in [0, 2 * word] {
            write(order, &mut data, pointer + at, pointer, word);
        }
    }
    image.segments.push(Segment {
        name: "tls".to_owned(),
        range: (start..=start + total - 1).into(),
        permissions: Permissions::READ_WRITE,
        data,
    });
    if code > 0 {
        let mut data = Pages::new();
        for (index, unit) in rules.resolver.iter().enumerate() {
            // Instructions of these processors are little-endian in all but
            // the oldest of Arm's.
            let at = resolver_at + (index * rules.resolver_size) as u64;
            data.write(at, &unit.to_le_bytes()[..rules.resolver_size]);
        }
        image.segments.push(Segment {
            name: "descriptors".to_owned(),
            range: (resolver_at..=range.last()).into(),
            permissions: Permissions::READ_EXECUTE,
            data,
        });
    }
    let mut addresses = Vec::new();
    let mut next = distances.into_iter();
    for member in members.iter_mut() {
        let Member::Module(module) = member else { continue };
        if module.tls.is_none() {
            continue;
        }
        let distance = next.next().unwrap_or(0);
        let address =
            if rules.above.is_some() { base.wrapping_add(distance) } else { base.wrapping_sub(distance) };
        addresses.push(address);
        module.tls_block = Some(TlsBlock {
            module: addresses.len() as u64,
            offset: address.wrapping_sub(pointer),
            bias: rules.offset_bias,
            resolver: if code > 0 { resolver_at } else { 0 },
            argument_first: rules.argument_first,
        });
    }
    // Relocatable files without variables of their own refer to others' as if
    // they were in one module with the first.
    let home = members.iter().find_map(|member| match member {
        Member::Module(module) => module.tls_block,
        _ => None,
    });
    for member in members.iter_mut() {
        if let Member::Module(module) = member
            && module.relocatable
            && module.tls_block.is_none()
        {
            module.tls_block = home;
        }
    }
    let registers = match rules.registers {
        [high, low] => vec![(*high, pointer >> 32), (*low, pointer & 0xffff_ffff)],
        registers => registers.iter().map(|register| (*register, pointer)).collect(),
    };
    let (offset_bias, end) = (rules.offset_bias, range.last() + 1);
    Ok(Some(Blocks { image, registers, addresses, offset_bias, pointer, end }))
}

fn write(order: ByteOrder, data: &mut Pages, at: u64, value: u64, size: u64) {
    let mut bytes = [0; 8];
    order.write(value.into(), &mut bytes[..size as usize]);
    data.write(at, &bytes[..size as usize]);
}

/// Copies the templates, which are relocated now, into the blocks.
pub(super) fn fill(members: &[Member], blocks: &mut Blocks) -> Result<()> {
    for (module, address) in modules(members).zip(&blocks.addresses) {
        let Some(tls) = module.tls else { continue };
        let size = tls.initialised_size.min(tls.size);
        let mut bytes = vec![0; size as usize];
        if size > 0 && module.read(tls.address, &mut bytes).is_none() {
            return Err(Error::Malformed {
                file: module.name.clone(),
                what: "the content of thread-local storage is not in memory",
                offset: tls.address,
            });
        }
        if let Some(segment) = blocks.image.segments.first_mut() {
            segment.data.write(*address, &bytes);
        }
    }
    Ok(())
}

/// The block that a module alone gets.
#[cfg(test)]
pub(crate) fn block_of(module: &Module) -> Option<TlsBlock> {
    let mut members = [Member::Module(Box::new(module.clone()))];
    make(&mut members, module.platform, &Options::default(), 0x1_0000).unwrap()?;
    match members {
        [Member::Module(module)] => module.tls_block,
        _ => None,
    }
}
