//! A program begins: its segments, its stack, and what it finds there.

use std::sync::Arc;

use terrella_emulator_api::{Emulator, EmulatorExt, Overlap, Permissions};
use terrella_platforms::{ARM_KERNEL_HELPERS, ByteOrder, Platform, arm_helper_is_data, arm_kernel_helpers};

use super::{
    abi::{Abi, generic::*},
    frame,
    memory::{AddressSpace, Area, permissions},
    task::errno_of,
};
use crate::{errno::Errno, files::InodeId};

/// The stack of the first thread (`RLIMIT_STACK`).
const STACK_SIZE: u64 = 8 << 20;

/// What the program headers say.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) platform: Platform,
    entry: u64,
    headers: u64,
    header_size: u64,
    header_count: u64,
    segments: Vec<Load>,
    moves: bool,
    pub(crate) interpreter: Option<Vec<u8>>,
    executable_stack: bool,
    pub(crate) flags: u32,
}

#[derive(Debug, Clone, Copy)]
struct Load {
    address: u64,
    offset: u64,
    file_size: u64,
    size: u64,
    protection: u64,
}

/// Why a file is no program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoProgram {
    /// It is none that a Linux kernel would run: `ENOEXEC`.
    NotExecutable(String),
    /// Linux does not run on its processor, or not here.
    Platform(String),
}

struct Bytes<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
}

impl Bytes<'_> {
    fn at(&self, offset: u64, size: usize) -> Result<u64, NoProgram> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = start.checked_add(size).and_then(|end| self.bytes.get(start..end));
        let bytes = bytes.ok_or_else(|| NoProgram::NotExecutable("its headers are cut off".to_owned()))?;
        Ok(self.order.read(bytes) as u64)
    }
}

/// Reads the headers of an ELF file.
pub(crate) fn read_image(bytes: &[u8]) -> Result<Image, NoProgram> {
    let not = |why: &str| NoProgram::NotExecutable(why.to_owned());
    if bytes.get(..4) != Some(b"\x7fELF") {
        return Err(not("it is no ELF file"));
    }
    let wide = match bytes.get(4) {
        Some(1) => false,
        Some(2) => true,
        _ => return Err(not("its class is unknown")),
    };
    let order = match bytes.get(5) {
        Some(1) => ByteOrder::Little,
        Some(2) => ByteOrder::Big,
        _ => return Err(not("its byte order is unknown")),
    };
    let platform =
        terrella_loaders::detect_platform(bytes).map_err(|error| NoProgram::Platform(error.to_string()))?;
    let file = Bytes { bytes, order };
    let word = if wide { 8 } else { 4 };
    let kind = file.at(16, 2)?;
    if kind != 2 && kind != 3 {
        return Err(not("it is neither a program nor a shared object"));
    }
    let entry = file.at(24, word)?;
    let table = file.at(24 + word as u64, word)?;
    let tail = 24 + 3 * word as u64;
    let flags = file.at(tail, 4)? as u32;
    let (header_size, header_count) = (file.at(tail + 6, 2)?, file.at(tail + 8, 2)?);
    if header_size < if wide { 56 } else { 32 } || header_count > 512 {
        return Err(not("its program headers are malformed"));
    }
    let mut image = Image {
        platform,
        entry,
        headers: 0,
        header_size,
        header_count,
        segments: Vec::new(),
        moves: kind == 3,
        interpreter: None,
        executable_stack: false,
        flags,
    };
    let mut headers = None;
    for index in 0..header_count {
        let at = table.checked_add(index * header_size).ok_or_else(|| not("its headers are malformed"))?;
        let field = |wide_offset: u64, narrow_offset: u64, size: usize| {
            file.at(at.saturating_add(if wide { wide_offset } else { narrow_offset }), size)
        };
        let kind = file.at(at, 4)?;
        let flags = field(4, 24, 4)?;
        let offset = field(8, 4, word)?;
        let address = field(16, 8, word)?;
        let file_size = field(32, 16, word)?;
        let size = field(40, 20, word)?;
        match kind {
            // PT_LOAD
            1 if size > 0 => {
                let protection = u64::from(flags & 4 != 0) * PROT_READ
                    + u64::from(flags & 2 != 0) * PROT_WRITE
                    + u64::from(flags & 1 != 0) * PROT_EXEC;
                let fits = address.checked_add(size).is_some()
                    && file_size <= size
                    && offset.checked_add(file_size).is_some_and(|end| end <= bytes.len() as u64);
                if !fits {
                    return Err(not("a segment is not in the file"));
                }
                if offset <= table && table < offset + file_size {
                    headers = Some(address + (table - offset));
                }
                image.segments.push(Load { address, offset, file_size, size, protection });
            }
            // PT_INTERP
            3 => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(usize::try_from(file_size).unwrap_or(usize::MAX));
                let path = bytes.get(start..end).ok_or_else(|| not("its interpreter is not in the file"))?;
                image.interpreter = Some(path.iter().copied().take_while(|byte| *byte != 0).collect());
            }
            // PT_PHDR
            6 => headers = Some(address),
            // PT_GNU_STACK
            0x6474_e551 => image.executable_stack = flags & 1 != 0,
            _ => {}
        }
    }
    if image.segments.is_empty() {
        return Err(not("it has nothing to load"));
    }
    image.headers = headers.unwrap_or(0);
    Ok(image)
}

impl Image {
    fn span(&self, page: u64) -> Option<(u64, u64)> {
        let start = self.segments.iter().map(|load| load.address / page * page).min()?;
        let end = self.segments.iter().map(|load| load.address + load.size).max()?;
        Some((start, end.checked_next_multiple_of(page)?))
    }
}

/// A program to begin.
pub(crate) struct Program<'a> {
    pub(crate) image: &'a Image,
    pub(crate) bytes: &'a [u8],
    pub(crate) inode: InodeId,
    pub(crate) path: &'a [u8],
}

/// What a new program is told.
pub(crate) struct Start<'a> {
    pub(crate) abi: &'a Arc<Abi>,
    pub(crate) program: Program<'a>,
    pub(crate) interpreter: Option<Program<'a>>,
    pub(crate) arguments: &'a [Vec<u8>],
    pub(crate) environment: &'a [Vec<u8>],
    pub(crate) random: [u8; 16],
    pub(crate) user: (u32, u32, u32, u32),
    /// The most memory that it can have.
    pub(crate) memory: u64,
}

/// What came of it.
pub(crate) struct Started {
    pub(crate) space: AddressSpace,
    pub(crate) auxiliary: Vec<u8>,
    pub(crate) signal_return: u64,
}

/// Why a program could not begin.
#[derive(Debug)]
pub(crate) enum Failed {
    Error(Errno),
    Emulator(terrella_emulator_api::Error),
}

impl From<terrella_emulator_api::Error> for Failed {
    /// What the file asks for and cannot be had is its own fault.
    fn from(error: terrella_emulator_api::Error) -> Self {
        match errno_of(&error) {
            Some(errno) => Self::Error(errno),
            None => Self::Emulator(error),
        }
    }
}

impl From<Errno> for Failed {
    fn from(error: Errno) -> Self {
        Self::Error(error)
    }
}

/// VSCR with the bit NJ: vectors are not as Java has them.
const NON_JAVA: u64 = 0x1_0000;

impl Start<'_> {
    /// Maps everything into a fresh emulator, and sets its registers.
    pub(crate) fn begin(&self, emulator: &mut dyn Emulator) -> Result<Started, Failed> {
        let abi = self.abi;
        let page = abi.page;
        let stack_end = abi.top / page * page;
        let stack_start = stack_end - STACK_SIZE;
        let mut space = AddressSpace::new(page, stack_start - 256 * page, self.memory);
        let (_, end) = self.program.image.span(page).ok_or(Errno::ENOEXEC)?;
        let bias = if self.program.image.moves { self.bias(&self.program, abi.pie)? } else { 0 };
        map_image(emulator, &mut space, &self.program, bias)?;
        space.break_start = end.wrapping_add(bias);
        space.break_end = space.break_start;
        let mut entry = self.program.image.entry.wrapping_add(bias);
        let mut base = 0;
        let mut entry_bias = bias;
        let mut flags = self.program.image.flags;
        if let Some(interpreter) = &self.interpreter {
            let (start, end) = interpreter.image.span(page).ok_or(Errno::ENOEXEC)?;
            base = space.find_room(0, end - start)?.wrapping_sub(start);
            map_image(emulator, &mut space, interpreter, base)?;
            entry = interpreter.image.entry.wrapping_add(base);
            entry_bias = base;
            flags = interpreter.image.flags;
        }
        let protection =
            PROT_READ | PROT_WRITE | if self.program.image.executable_stack { PROT_EXEC } else { 0 };
        map(emulator, &mut space, stack_start, stack_end, protection, "[stack]")?;
        let signal_return = self.map_kernel_code(emulator, &mut space)?;
        let (stack, auxiliary) = self.build_stack(emulator, stack_end, bias, base)?;
        self.set_registers(emulator, stack, entry, entry_bias, flags)?;
        Ok(Started { space, auxiliary, signal_return })
    }

    fn bias(&self, program: &Program<'_>, base: u64) -> Result<u64, Errno> {
        let (start, end) = program.image.span(self.abi.page).ok_or(Errno::ENOEXEC)?;
        let fits = base.checked_add(end - start).is_some_and(|end| end < self.abi.top);
        if fits { Ok(base.wrapping_sub(start)) } else { Err(Errno::ENOMEM) }
    }

    /// The page with the code that returns from handlers; and the helpers
    /// that ARM's kernel has at the end of the addresses
    /// (Documentation/arch/arm/kernel_user_helpers.rst).
    fn map_kernel_code(&self, emulator: &mut dyn Emulator, space: &mut AddressSpace) -> Result<u64, Failed> {
        let platform = self.program.image.platform;
        let page = self.abi.page;
        let place = space.find_room(0, page)?;
        map(emulator, space, place, place + page, PROT_READ | PROT_EXEC, "[vdso]")?;
        emulator.write_code(place, &frame::return_code(platform, self.abi))?;
        let old = match platform {
            Platform::ARMV5T => true,
            Platform::ARMV7A | Platform::ARMV7A_BE => false,
            _ => return Ok(place),
        };
        let helpers = ARM_KERNEL_HELPERS;
        emulator.map_memory_with(
            (helpers..=helpers + 0xfff).into(),
            Permissions::READ_EXECUTE,
            Overlap::Keep,
        )?;
        space.insert(
            helpers,
            Area {
                end: helpers + 0x1000,
                protection: PROT_READ | PROT_EXEC,
                shared: false,
                file: None,
                name: "[vectors]".into(),
                untouched: false,
            },
        );
        for (offset, word) in arm_kernel_helpers(!old) {
            let mut bytes = word.to_le_bytes();
            // Data has the order of the processor, code always the little one
            // (BE8).
            if arm_helper_is_data(offset) && self.abi.order == ByteOrder::Big {
                bytes.reverse();
            }
            emulator.write_code(helpers + offset, &bytes)?;
        }
        Ok(place)
    }

    fn build_stack(
        &self,
        emulator: &mut dyn Emulator,
        end: u64,
        bias: u64,
        base: u64,
    ) -> Result<(u64, Vec<u8>), Failed> {
        let abi = self.abi;
        let word = abi.word as u64;
        let mut here = end - word;
        let too_big = || Failed::Error(Errno::E2BIG);
        let limit = end - STACK_SIZE / 2;
        let mut put = |emulator: &mut dyn Emulator, bytes: &[u8], zero: bool| -> Result<u64, Failed> {
            here = here
                .checked_sub(bytes.len() as u64 + u64::from(zero))
                .filter(|here| *here > limit)
                .ok_or_else(too_big)?;
            emulator.write_memory(here, bytes)?;
            Ok(here)
        };
        let name = put(emulator, self.program.path, true)?;
        let mut environment = Vec::new();
        for text in self.environment.iter().rev() {
            environment.push(put(emulator, text, true)?);
        }
        let mut arguments = Vec::new();
        for text in self.arguments.iter().rev() {
            arguments.push(put(emulator, text, true)?);
        }
        let platform = match abi.platform_name {
            Some(name) => Some(put(emulator, name.as_bytes(), true)?),
            None => None,
        };
        let random = put(emulator, &self.random, false)?;
        let image = self.program.image;
        let mut auxiliary: Vec<(u64, u64)> = vec![
            (3, image.headers.wrapping_add(bias)),
            (4, image.header_size),
            (5, image.header_count),
            (6, abi.page),
            (7, base),
            (8, 0),
            (9, image.entry.wrapping_add(bias)),
            (11, self.user.0.into()),
            (12, self.user.1.into()),
            (13, self.user.2.into()),
            (14, self.user.3.into()),
            (16, abi.capabilities.0),
            (17, 100),
            (23, 0),
            (25, random),
            (26, abi.capabilities.1),
            (31, name),
        ];
        if let Some(platform) = platform {
            auxiliary.push((15, platform));
        }
        auxiliary.push((0, 0));
        let mut words: Vec<u64> = vec![self.arguments.len() as u64];
        words.extend(arguments.iter().rev());
        words.push(0);
        words.extend(environment.iter().rev());
        words.push(0);
        let head = words.len();
        words.extend(auxiliary.iter().flat_map(|(key, value)| [*key, *value]));
        let mut bytes = vec![0; words.len() * abi.word];
        for (place, value) in bytes.chunks_mut(abi.word).zip(&words) {
            abi.order.write((*value).into(), place);
        }
        let stack = here.checked_sub(bytes.len() as u64).ok_or_else(too_big)? & !15;
        if stack <= limit {
            return Err(too_big());
        }
        emulator.write_memory(stack, &bytes)?;
        Ok((stack, bytes.split_off(head * abi.word)))
    }

    fn set_registers(
        &self,
        emulator: &mut dyn Emulator,
        stack: u64,
        entry: u64,
        bias: u64,
        flags: u32,
    ) -> Result<(), Failed> {
        let definition = emulator.definition();
        let platform = self.program.image.platform;
        // Vectors flush denormal numbers: the bit NJ (`start_thread`,
        // arch/powerpc/kernel/process.c). Not every backend has the register.
        if let Some(register) = definition.register("vscr").filter(|it| emulator.has_register(*it)) {
            emulator.write_register_id(register, NON_JAVA)?;
        }
        let mut entry = entry;
        let mut stack = stack;
        match platform {
            // The entry of the first ABI (ELFv1) is a descriptor.
            Platform::PPC64 if flags & 3 != 2 => {
                let code = emulator.read_integer(entry, 8)? as u64;
                let toc = emulator.read_integer(entry.wrapping_add(8), 8)? as u64;
                emulator.write_register("r2", toc.wrapping_add(bias))?;
                entry = code.wrapping_add(bias);
            }
            Platform::PPC64 | Platform::PPC64LE => emulator.write_register("r12", entry)?,
            Platform::MIPS | Platform::MIPSEL | Platform::MIPS64 | Platform::MIPS64EL => {
                emulator.write_register("t9", entry)?;
            }
            // Room for a register window, and the bias of the stack pointer.
            Platform::SPARC => stack -= 16 * 4,
            Platform::SPARC64 => stack = stack - 16 * 8 - 2047,
            _ => {}
        }
        emulator.write_register(definition.stack_pointer, stack)?;
        frame::jump(emulator, entry)?;
        Ok(())
    }
}

fn map(
    emulator: &mut dyn Emulator,
    space: &mut AddressSpace,
    start: u64,
    end: u64,
    protection: u64,
    name: &str,
) -> Result<(), Failed> {
    emulator.map_memory_with((start..=end - 1).into(), permissions(protection), Overlap::Refuse)?;
    let name = name.into();
    space.insert(start, Area { end, protection, shared: false, file: None, name, untouched: false });
    Ok(())
}

fn map_image(
    emulator: &mut dyn Emulator,
    space: &mut AddressSpace,
    program: &Program<'_>,
    bias: u64,
) -> Result<(), Failed> {
    let page = space.page;
    let name: Arc<str> = String::from_utf8_lossy(program.path).into();
    for load in &program.image.segments {
        let address = load.address.wrapping_add(bias);
        let start = address / page * page;
        let whole = |size: u64| {
            let end = address.checked_add(size).and_then(|end| end.checked_next_multiple_of(page));
            end.filter(|end| *end <= space.top).ok_or(Errno::ENOMEM)
        };
        let (file_end, end) = (whole(load.file_size)?.max(start), whole(load.size)?);
        if start == 0 && load.address != 0 {
            return Err(Errno::ENOMEM.into());
        }
        space.check_room(end - start, load.protection)?;
        // Two segments may meet in a page: the later one says what it is.
        let taken: Vec<(u64, u64)> =
            space.overlapping(start, end).map(|(from, area)| (from.max(start), area.end.min(end))).collect();
        for (from, to) in taken {
            space.remove(from, to);
            emulator.protect_memory((from..=to - 1).into(), permissions(load.protection))?;
        }
        emulator.map_memory_with((start..=end - 1).into(), permissions(load.protection), Overlap::Keep)?;
        // The page that the segment begins in shows the file before it, too.
        let lead = (address - start).min(load.offset);
        let (from, to) = ((load.offset - lead) as usize, (load.offset + load.file_size) as usize);
        emulator.write_code(address - lead, &program.bytes[from..to])?;
        let offset = load.offset - lead;
        if file_end > start && load.file_size > 0 {
            let area = Area {
                end: file_end,
                protection: load.protection,
                shared: false,
                file: Some((program.inode, offset)),
                name: name.clone(),
                untouched: false,
            };
            space.insert(start, area);
        }
        let rest = if load.file_size > 0 { file_end } else { start };
        if end > rest {
            let area = Area {
                end,
                protection: load.protection,
                shared: false,
                file: None,
                name: "".into(),
                untouched: false,
            };
            space.insert(rest, area);
        }
    }
    Ok(())
}
