//! [`UnicornContext`]: the process contexts of AFL++'s Unicorn mode.
//!
//! The format is that of `unicorn_mode/helper_scripts/unicorn_dumper_*.py` of
//! AFL++: a folder with `_index.json` (`arch`, `regs`, `segments`), and a
//! file in zlib's format for the content of each segment.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, MemoryRegion, Permissions};
use terrella_machine_state::{Cpu, Machine, Memory};
use terrella_platforms::Platform;

use crate::{
    Error, Options, Result,
    core_dump::layout::mark_thumb,
    elf::permissions,
    open::{file_below, read_limited},
};

/// The name of the index.
const INDEX: &str = "_index.json";
/// Most bytes of an index, and most segments.
const INDEX_LIMIT: u64 = 1 << 26;
const SEGMENT_LIMIT: usize = 1 << 16;

/// The names of platforms, each with whether it means Thumb code.
const PLATFORMS: &[(&str, Platform)] = &[
    ("x64", Platform::X86_64),
    ("x86", Platform::I386),
    ("arm64le", Platform::AARCH64),
    ("arm64be", Platform::AARCH64_BE),
    ("armle", Platform::ARMV7A),
    ("armlethumb", Platform::ARMV7A),
    ("armbe", Platform::ARMV7A_BE),
    ("armbethumb", Platform::ARMV7A_BE),
    ("mips", Platform::MIPS),
    ("mipsel", Platform::MIPSEL),
];

/// A context of AFL++'s Unicorn mode.
///
/// ```no_run
/// use terrella_loaders::{Options, UnicornContext};
///
/// let context = UnicornContext::read("UnicornContext_20240101".as_ref(), &Options::default())?;
/// let machine = context.into_machine()?;
/// UnicornContext::write(&machine, "again".as_ref())?;
/// # Ok::<(), terrella_loaders::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UnicornContext {
    /// The platform.
    pub platform: Platform,
    /// The registers.
    pub cpu: Cpu,
    /// Registers of the file that the platform does not have.
    pub unknown_registers: Vec<String>,
    /// The memory: name, range, permissions, content from the first address on.
    pub segments: Vec<(String, MemoryRegion, Vec<u8>)>,
}

#[derive(Serialize, Deserialize)]
struct Index {
    arch: Arch,
    regs: BTreeMap<String, Number>,
    segments: Vec<Segment>,
}

#[derive(Serialize, Deserialize)]
struct Arch {
    arch: String,
}

/// A number, which older dumpers write as hexadecimal text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Unsigned(u64),
    Signed(i64),
    Text(String),
    Other(serde_json::Value),
}

impl Number {
    fn value(&self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(*value),
            Self::Signed(value) => Some(*value as u64),
            Self::Text(text) => {
                let text = text.trim();
                match text.strip_prefix("0x") {
                    Some(digits) => u64::from_str_radix(digits, 16).ok(),
                    None => text.parse().ok(),
                }
            }
            Self::Other(_) => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Segment {
    start: u64,
    end: u64,
    #[serde(default)]
    name: Option<String>,
    permissions: Access,
    #[serde(default)]
    content_file: String,
}

#[derive(Serialize, Deserialize)]
struct Access {
    r: bool,
    w: bool,
    x: bool,
}

impl UnicornContext {
    /// Reads a folder.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Text`] for an index that is none;
    /// [`Error::Malformed`], [`Error::TooLarge`].
    pub fn read(folder: &Path, options: &Options) -> Result<Self> {
        let path = folder.join(INDEX);
        let index = read_limited(&path, INDEX_LIMIT)?;
        let limit = options.memory_limit;
        Self::parse(&path.display().to_string(), &index, options, |file| {
            file_below(folder, file, limit)?.ok_or_else(|| Error::Read {
                path: folder.join(file),
                source: std::io::ErrorKind::NotFound.into(),
            })
        })
    }

    /// Reads an index, with the files that it names from `content`.
    ///
    /// # Errors
    /// As [`Self::read`], and those of `content`.
    pub fn parse(
        name: &str,
        index: &[u8],
        options: &Options,
        mut content: impl FnMut(&str) -> Result<Vec<u8>>,
    ) -> Result<Self> {
        let wrong = |problem: String| Error::Text { file: name.to_owned(), problem };
        let index: Index = serde_json::from_slice(index).map_err(|error| wrong(error.to_string()))?;
        let known =
            PLATFORMS.iter().find(|(known, _)| *known == index.arch.arch).map(|(_, platform)| *platform);
        let platform = options
            .platform
            .or(known)
            .ok_or_else(|| wrong(format!("no platform for the processor `{}`", index.arch.arch)))?;
        let mut cpu = Cpu::new(platform);
        let mut unknown_registers = Vec::new();
        for (register, value) in &index.regs {
            let Some(value) = value.value() else {
                unknown_registers.push(register.clone());
                continue;
            };
            if !set(&mut cpu, &register.to_ascii_lowercase(), value) {
                unknown_registers.push(register.clone());
            }
        }
        mark_thumb(platform, &mut cpu);
        cpu.allow_missing();
        if index.segments.len() > SEGMENT_LIMIT {
            let (size, limit) = (index.segments.len() as u64, SEGMENT_LIMIT as u64);
            return Err(Error::TooLarge { file: name.to_owned(), what: "list of segments", size, limit });
        }
        let mut segments = Vec::new();
        let mut total = 0_u64;
        for segment in index.segments {
            if segment.start >= segment.end {
                continue;
            }
            let size = segment.end - segment.start;
            total = total.saturating_add(size);
            if total > options.memory_limit {
                let (size, limit) = (total, options.memory_limit);
                return Err(Error::TooLarge { file: name.to_owned(), what: "memory image", size, limit });
            }
            let bytes = if segment.content_file.is_empty() {
                Vec::new()
            } else {
                let packed = content(&segment.content_file)?;
                miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&packed, size as usize).map_err(
                    |_| wrong(format!("the content of {} is broken, or too long", segment.content_file)),
                )?
            };
            let range = AddressRange::from(segment.start..=segment.end - 1);
            let access = &segment.permissions;
            let region = MemoryRegion { range, permissions: permissions(access.r, access.w, access.x) };
            segments.push((segment.name.unwrap_or_default(), region, bytes));
        }
        Ok(Self { platform, cpu, unknown_registers, segments })
    }

    /// A machine with the memory and the registers.
    ///
    /// # Errors
    /// [`Error::Machine`].
    pub fn into_machine(self) -> Result<Machine> {
        let failed = |name: &str, source| Error::Machine { file: name.to_owned(), source: Box::new(source) };
        let mut machine = Machine::new(self.platform);
        *machine.cpu_mut() = self.cpu;
        for (name, region, bytes) in self.segments {
            if region.permissions == Permissions::NONE && bytes.is_empty() {
                continue;
            }
            let size = region.range.size().unwrap_or(u64::MAX);
            let first = region.range.first();
            let mut memory = Memory::new(self.platform, first, size, region.permissions)
                .map_err(|error| failed(&name, error))?;
            memory.write(first, &bytes).map_err(|error| failed(&name, error))?;
            let item = match name.rsplit('/').next().filter(|name| !name.is_empty()) {
                Some(name) => format!("{name}:{first:#x}"),
                None => format!("memory:{first:#x}"),
            };
            machine.add(item, memory).map_err(|error| failed(&name, error))?;
        }
        Ok(machine)
    }

    /// Writes a machine as a context into a folder, which is made if it is
    /// not there. Registers that are not set are left out.
    ///
    /// # Errors
    /// [`Error::Write`]; [`Error::Text`] for a platform that AFL++ does not
    /// have; [`Error::Machine`].
    pub fn write(machine: &Machine, folder: &Path) -> Result<()> {
        let platform = machine.platform();
        let name = folder.display().to_string();
        let thumb = machine.cpu().get_u64("t").is_ok_and(|t| t == 1);
        let arch = PLATFORMS
            .iter()
            .filter(|(_, known)| *known == platform)
            .find(|(arch, _)| {
                arch.contains("arm64") || !arch.starts_with("arm") || arch.ends_with("thumb") == thumb
            })
            .map(|(arch, _)| (*arch).to_owned())
            .ok_or_else(|| Error::Text {
                file: name.clone(),
                problem: format!("contexts of {platform} have no name in AFL++'s format"),
            })?;
        let write = |file: &str, bytes: &[u8]| {
            let path = folder.join(file);
            std::fs::write(&path, bytes).map_err(|source| Error::Write { path, source })
        };
        std::fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
        let definition = machine.definition();
        let mut regs = BTreeMap::new();
        let flags = ["eflags", "cpsr", "nzcv", "hi", "lo"];
        let general = definition.general_registers.iter().copied();
        for register in general.chain([definition.program_counter, definition.stack_pointer]).chain(flags) {
            let Ok(value) = machine.cpu().get_u64(register) else { continue };
            let value =
                if register == definition.program_counter { definition.code_address(value) } else { value };
            let register = match register {
                // Part of a register that is there.
                "nzcv" if regs.contains_key("cpsr") => continue,
                "nzcv" => "cpsr",
                register => register,
            };
            regs.insert(register.to_owned(), Number::Unsigned(value));
        }
        let mut segments = Vec::new();
        for (item, region) in machine
            .iter()
            .flat_map(|(item, held)| held.regions().into_iter().map(move |region| (item, region)))
        {
            let (first, last) = (region.range.first(), region.range.last());
            let Some(end) = last.checked_add(1).filter(|_| !region.range.is_empty()) else { continue };
            let bytes = machine
                .read_memory(first, (end - first) as usize)
                .map_err(|source| Error::Machine { file: item.to_owned(), source: Box::new(source) })?;
            let content_file = format!("{first:016x}.bin");
            write(&content_file, &miniz_oxide::deflate::compress_to_vec_zlib(&bytes, 6))?;
            let allows = |permission| region.permissions.allows(permission);
            segments.push(Segment {
                start: first,
                end,
                name: Some(item.to_owned()),
                permissions: Access {
                    r: allows(Permissions::READ),
                    w: allows(Permissions::WRITE),
                    x: allows(Permissions::EXECUTE),
                },
                content_file,
            });
        }
        let index = Index { arch: Arch { arch }, regs, segments };
        let text = serde_json::to_string_pretty(&index)
            .map_err(|error| Error::Text { file: name.clone(), problem: error.to_string() })?;
        write(INDEX, text.as_bytes())
    }
}

/// Sets a register by the name that debuggers use; `false` if there is none.
fn set(cpu: &mut Cpu, name: &str, value: u64) -> bool {
    let table = cpu.platform().definition().registers();
    let (name, value) = match (name, table.lookup(name)) {
        ("efl" | "eflags", _) if table.lookup("rflags").is_some() => ("rflags", value),
        ("efl", None) => ("eflags", value),
        // Of the state of AArch64, the condition codes.
        ("cpsr", None) => ("nzcv", value & 0xf000_0000),
        _ => (name, value),
    };
    let Some(id) = table.lookup(name) else { return false };
    let bits = u32::from(table.get(id).bits);
    let value = if bits < 64 { value & ((1 << bits) - 1) } else { value };
    cpu.set(name, value).is_ok() || table.get(id).fixed.is_some()
}
