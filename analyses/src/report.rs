//! [`FaultReport`]: what happened, where, and what is known around it.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Access, AddressRange, Emulator, EmulatorExt, Fault, MemoryCause, MemoryRegion};
use terrella_machine_state::Machine;
use terrella_platforms::{CodeAddressBit, Platform, PlatformDefinition};

use crate::{
    Modules, Place,
    backtrace::{FoundBy, Frame, backtrace},
    views::{self, StackWord},
};

/// Accesses below this address are most likely through a null pointer.
const NULL_PAGE: u64 = 0x1000;
/// Instructions shown before and after the one that faulted.
const BEFORE: usize = 5;
const AFTER: usize = 3;
/// Words of the stack that are shown.
const STACK_WORDS: usize = 12;

/// An instruction near the fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// Where it is.
    pub address: u64,
    /// Its bytes, in hexadecimal.
    pub bytes: String,
    /// What it is called.
    pub text: String,
    /// Whether it is the one that faulted.
    pub is_current: bool,
}

/// A register at the fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterReport {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: u64,
    /// Whether the instruction that faulted names it, or a part of it.
    pub is_used: bool,
    /// Whether the machine that the run began with has no value for it.
    pub was_never_set: bool,
}

/// Something that is mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Where.
    pub range: AddressRange,
    /// `rwx`, with `-` for what is not allowed.
    pub permissions: String,
    /// What is there: the item of a machine, or a file.
    pub name: Option<String>,
    /// How far from the access it is, in bytes; 0 if it is there.
    pub distance: u64,
}

/// An access against what is mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessReport {
    /// The address.
    pub address: u64,
    /// How many bytes.
    pub size: u64,
    /// What is mapped at the address.
    pub at: Option<Mapping>,
    /// What is mapped next below, if nothing is there.
    pub below: Option<Mapping>,
    /// What is mapped next above, if nothing is there.
    pub above: Option<Mapping>,
}

/// A fault, and what helps to understand it: plain data, for programs as well.
/// `{}` is one line, `{:#}` all of it for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultReport {
    /// The platform.
    pub platform: String,
    /// The backend.
    pub backend: String,
    /// The fault as the backend has it.
    pub fault: Fault,
    /// What happened, in words.
    pub summary: String,
    /// Where.
    pub place: Place,
    /// What may be the reason.
    pub hints: Vec<String>,
    /// The functions that are active, the innermost one first.
    pub backtrace: Vec<Frame>,
    /// The instructions around.
    pub code: Vec<Instruction>,
    /// The general registers.
    pub registers: Vec<RegisterReport>,
    /// The access, if it was one.
    pub access: Option<AccessReport>,
    /// The words at the stack pointer.
    pub stack: Vec<StackWord>,
    /// The blocks that were executed last, if somebody asked for them; the
    /// latest one last.
    pub blocks: Vec<Place>,
}

/// Decodes one instruction: the code pointer and the bytes from there on, to
/// the length and the text.
type Decode<'a> = dyn FnMut(u64, &[u8]) -> Option<(usize, String)> + 'a;
/// What is at a range.
type Naming<'a> = dyn Fn(AddressRange) -> Option<String> + 'a;

/// Makes reports of an emulator that has faulted.
///
/// ```
/// # use terrella_analyses::{FaultReport, Modules, Reporter};
/// # use terrella_emulator_api::{Emulator, Fault};
/// fn report(emulator: &dyn Emulator, modules: &Modules, fault: &Fault) -> FaultReport {
///     Reporter::new(emulator, modules).report(fault)
/// }
/// ```
pub struct Reporter<'a> {
    emulator: &'a dyn Emulator,
    modules: &'a Modules,
    machine: Option<&'a Machine>,
    decode: Option<Box<Decode<'a>>>,
    naming: Option<&'a Naming<'a>>,
    blocks: Vec<u64>,
    hints: Vec<String>,
}

impl fmt::Debug for Reporter<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Reporter")
            .field("platform", &self.emulator.platform())
            .finish_non_exhaustive()
    }
}

impl<'a> Reporter<'a> {
    /// Reports of an emulator with code of these modules.
    #[must_use]
    pub const fn new(emulator: &'a dyn Emulator, modules: &'a Modules) -> Self {
        Self {
            emulator,
            modules,
            machine: None,
            decode: None,
            naming: None,
            blocks: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// With the machine that the run began with: its symbols and items, and
    /// which registers it has values for.
    #[must_use]
    pub const fn machine(mut self, machine: &'a Machine) -> Self {
        self.machine = Some(machine);
        self
    }

    /// With a decoder of instructions.
    #[must_use]
    pub fn decoder(mut self, decode: impl FnMut(u64, &[u8]) -> Option<(usize, String)> + 'a) -> Self {
        self.decode = Some(Box::new(decode));
        self
    }

    /// With names for what is mapped.
    #[must_use]
    pub const fn naming(mut self, naming: &'a Naming<'a>) -> Self {
        self.naming = Some(naming);
        self
    }

    /// With the addresses of the blocks that were executed last.
    #[must_use]
    pub fn blocks(mut self, blocks: Vec<u64>) -> Self {
        self.blocks = blocks;
        self
    }

    /// With a hint of somebody who knows more.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The report of a fault.
    #[must_use]
    pub fn report(mut self, fault: &Fault) -> FaultReport {
        let definition = self.emulator.definition();
        let pc = definition.code_address(fault.pc());
        let code = self.code(pc);
        let registers = self.registers(code.iter().find(|line| line.is_current));
        let access = self.access(fault);
        let stack = self.emulator.read_register(definition.stack_pointer).map_or_else(
            |_| Vec::new(),
            |pointer| views::telescope(self.emulator, self.modules, self.machine, pointer, STACK_WORDS),
        );
        let hints = self.hints(fault, &registers, access.as_ref());
        let blocks = self.blocks.iter().map(|block| self.modules.place(*block, self.machine)).collect();
        FaultReport {
            platform: self.emulator.platform().to_string(),
            backend: self.emulator.backend().name.to_string(),
            fault: fault.clone(),
            summary: summary(definition, fault),
            place: self.modules.place(pc, self.machine),
            hints,
            backtrace: backtrace(self.emulator, self.modules, self.machine),
            code,
            registers,
            access,
            stack,
            blocks,
        }
    }

    /// A code pointer to an address, in the state that the processor is in.
    fn pointer(&self, address: u64) -> u64 {
        let state = match self.emulator.definition().code_address_bit {
            CodeAddressBit::Thumb => self.emulator.read_register("t").unwrap_or(0),
            CodeAddressBit::ThumbOnly => 1,
            CodeAddressBit::CompressedMips => self.emulator.program_counter() & 1,
            CodeAddressBit::Address => 0,
        };
        address | state
    }

    fn decode_at(&mut self, address: u64) -> Option<(Vec<u8>, String)> {
        let longest = u64::from(self.emulator.definition().longest_instruction);
        let bytes = (1..=longest).rev().find_map(|size| self.emulator.read_bytes(address, size).ok())?;
        let pointer = self.pointer(address);
        let (length, text) = self.decode.as_mut()?(pointer, &bytes)?;
        Some((bytes.get(..length)?.to_vec(), text))
    }

    /// Instructions before and after an address. Those before are found from
    /// the beginning of the function on, or where instructions have one length.
    fn code(&mut self, pc: u64) -> Vec<Instruction> {
        let definition = self.emulator.definition();
        let fixed = definition.longest_instruction == definition.instruction_alignment;
        let step = u64::from(definition.longest_instruction) * BEFORE as u64;
        let start = match self.modules.function(pc, self.machine) {
            Some(start) if pc - start <= 0x1_0000 => start,
            _ if fixed => pc.saturating_sub(step),
            _ => pc,
        };
        let start = if fixed { start.max(pc.saturating_sub(step)) } else { start };
        let mut lines = Vec::new();
        let mut here = start;
        while here < pc {
            let Some((bytes, text)) = self.decode_at(here) else { break };
            let length = bytes.len() as u64;
            lines.push(instruction(here, &bytes, text, false));
            here = here.wrapping_add(length.max(1));
        }
        // What does not lead to the instruction is not what was executed.
        if here != pc {
            lines.clear();
        }
        lines.drain(..lines.len().saturating_sub(BEFORE));
        here = pc;
        for index in 0..=AFTER {
            let Some((bytes, text)) = self.decode_at(here) else { break };
            let length = bytes.len() as u64;
            lines.push(instruction(here, &bytes, text, index == 0));
            here = here.wrapping_add(length.max(1));
        }
        lines
    }

    fn registers(&self, current: Option<&Instruction>) -> Vec<RegisterReport> {
        let definition = self.emulator.definition();
        let table = definition.registers();
        let mut used = Vec::new();
        if let Some(line) = current {
            let words = line.text.to_lowercase();
            let words = words.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            used.extend(words.filter_map(|word| definition.register(word)).map(|id| table.get(id).root));
        }
        let special = [definition.program_counter, definition.stack_pointer];
        views::general_registers(self.emulator)
            .into_iter()
            .map(|(name, value)| {
                let root = definition.register(name).map(|id| table.get(id).root);
                let set = self.machine.is_none_or(|machine| machine.cpu().is_set(name).unwrap_or(true));
                RegisterReport {
                    name: name.to_owned(),
                    value,
                    is_used: root.is_some_and(|root| used.contains(&root)),
                    was_never_set: !set && !special.contains(&name),
                }
            })
            .collect()
    }

    fn access(&self, fault: &Fault) -> Option<AccessReport> {
        let Fault::Memory { address, size, .. } = fault else { return None };
        let map = self.emulator.memory_map();
        let mapping = |region: &MemoryRegion, distance: u64| Mapping {
            range: region.range,
            permissions: region.permissions.to_string(),
            name: self.name_of(region.range),
            distance,
        };
        let at = map.iter().find(|region| region.range.contains(*address)).map(|region| mapping(region, 0));
        let (below, above) = match at {
            Some(_) => (None, None),
            None => (
                map.iter()
                    .rfind(|region| region.range.last() < *address)
                    .map(|region| mapping(region, address - region.range.last())),
                map.iter()
                    .find(|region| region.range.first() > *address)
                    .map(|region| mapping(region, region.range.first() - address)),
            ),
        };
        Some(AccessReport { address: *address, size: *size, at, below, above })
    }

    fn name_of(&self, range: AddressRange) -> Option<String> {
        if let Some(name) = self.naming.and_then(|naming| naming(range)) {
            return Some(name);
        }
        let mut items = self.machine?.iter();
        let found = items.find(|(_, item)| item.claims().iter().any(|claim| claim.overlaps(&range)))?;
        Some(found.0.to_string())
    }

    fn hints(
        &self,
        fault: &Fault,
        registers: &[RegisterReport],
        access: Option<&AccessReport>,
    ) -> Vec<String> {
        let mut hints = self.hints.clone();
        let unset: Vec<&RegisterReport> = registers
            .iter()
            .filter(|register| register.is_used && register.was_never_set && register.value == 0)
            .collect();
        for register in &unset {
            hints.push(format!("`{}` was never set by the harness", register.name));
        }
        match fault {
            Fault::Memory { cause, address, access: kind, .. } => {
                if *address < NULL_PAGE && *cause == MemoryCause::Unmapped {
                    hints.push(match address {
                        0 if *kind == Access::Fetch => "it looks like a call of a null pointer".to_owned(),
                        0 => "it looks like a null pointer".to_owned(),
                        offset => format!("it looks like a null pointer and an offset of {offset:#x}"),
                    });
                }
                let at = access.and_then(|access| access.at.as_ref());
                if let Some(at) = at.filter(|_| *cause == MemoryCause::Permission) {
                    hints.push(format!(
                        "what is mapped there is {}, and does not allow a {kind}",
                        at.permissions
                    ));
                }
                let near = access.and_then(|access| access.below.as_ref());
                if let Some(near) = near.filter(|near| near.distance <= 0x1000 && *address >= NULL_PAGE) {
                    let what = near.name.as_deref().unwrap_or("what is mapped");
                    hints.push(format!("it is {:#x} bytes behind the end of {what}", near.distance - 1));
                }
                let near = access.and_then(|access| access.above.as_ref());
                if let Some(near) = near.filter(|near| near.distance <= 0x1_0000 && *address >= NULL_PAGE)
                    && near.name.as_deref().is_some_and(|name| name.contains("stack"))
                {
                    hints.push(
                        "it is below the stack: too deep a recursion, or too large a local array".to_owned(),
                    );
                }
            }
            Fault::InvalidInstruction { pc, bytes } => {
                let zeros = !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0);
                if zeros || self.modules.place(*pc, self.machine).symbol.is_none() {
                    hints.push("is that code at all? It may be a jump to data".to_owned());
                }
            }
            Fault::UnhandledSyscall { .. } => hints.push("no operating system is below the code".to_owned()),
            _ => {}
        }
        hints
    }
}

fn instruction(address: u64, bytes: &[u8], text: String, is_current: bool) -> Instruction {
    let bytes = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Instruction { address, bytes, text, is_current }
}

/// What happened, in words, without where.
fn summary(definition: &PlatformDefinition, fault: &Fault) -> String {
    match fault {
        Fault::Memory { access, cause, address, size, .. } => {
            let bytes = if *size == 1 { "byte" } else { "bytes" };
            format!("{access} of {size} {bytes} at {address:#x}: {cause}")
        }
        Fault::InvalidInstruction { bytes, .. } if bytes.is_empty() => {
            "an instruction that is not allowed".to_owned()
        }
        Fault::InvalidInstruction { bytes, .. } => {
            let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("invalid instruction {}", bytes.join(" "))
        }
        Fault::Arithmetic { kind, .. } => kind.to_string(),
        Fault::UnhandledSyscall { number, .. } => {
            let name = definition.syscall_conventions.first().and_then(|it| it.name_of(*number));
            let name = name.map_or_else(String::new, |name| format!(" ({name})"));
            format!("unhandled system call {number}{name}")
        }
        Fault::UnhandledInterrupt { number, .. } => {
            let name = definition.interrupt_name(*number);
            let name = name.map_or_else(String::new, |name| format!(" ({name})"));
            format!("unhandled interrupt {number:#x}{name}")
        }
        other => other.to_string(),
    }
}

impl FaultReport {
    /// The names of the functions that are active, the innermost one first.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.backtrace.iter().map(|frame| frame.place.symbol.as_deref().unwrap_or("?"))
    }

    fn long(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write_long(&mut text);
        text
    }

    fn write_long(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "{}", self.short())?;
        for hint in &self.hints {
            writeln!(text, "  hint: {hint}")?;
        }
        if let Some(access) = &self.access {
            let mut line = |what: &str, mapping: &Option<Mapping>| match mapping {
                Some(Mapping { range, permissions, name, distance }) => {
                    let name = name.as_deref().map_or_else(String::new, |name| format!(" {name}"));
                    let away =
                        if *distance == 0 { String::new() } else { format!(", {distance:#x} bytes away") };
                    writeln!(text, "  {what}: {range} {permissions}{name}{away}")
                }
                None => Ok(()),
            };
            line("mapped there", &access.at)?;
            line("mapped below", &access.below)?;
            line("mapped above", &access.above)?;
        }
        writeln!(text, "\nback-trace")?;
        for (index, frame) in self.backtrace.iter().enumerate() {
            let how = match frame.found_by {
                FoundBy::ProgramCounter | FoundBy::CallFrameInformation => "",
                FoundBy::FramePointer => "  (by frame pointer)",
                FoundBy::LinkRegister => "  (by link register)",
                FoundBy::ReturnAddress => "  (by return address)",
                FoundBy::SignalFrame => "  (by signal frame)",
                FoundBy::Inlined => "  (put in line)",
            };
            writeln!(text, "  #{index:<2} {}{how}", frame.place)?;
        }
        if !self.code.is_empty() {
            writeln!(text, "\ncode")?;
            let width = self.code.iter().map(|line| line.bytes.len()).max().unwrap_or(0);
            for line in &self.code {
                let mark = if line.is_current { "=>" } else { "  " };
                writeln!(text, "{mark} {:#x}  {:<width$}  {}", line.address, line.bytes, line.text)?;
            }
        }
        writeln!(text, "\nregisters (* named by the instruction)")?;
        let now: Vec<(&str, u64)> =
            self.registers.iter().map(|register| (register.name.as_str(), register.value)).collect();
        let marked: Vec<(&str, u64)> = self
            .registers
            .iter()
            .map(|register| (register.name.as_str(), register.value ^ u64::from(register.is_used)))
            .collect();
        text.push_str(&views::registers(&now, Some(&marked)));
        if !self.stack.is_empty() {
            writeln!(text, "\nstack")?;
            for line in views::stack(&self.stack).lines() {
                writeln!(text, "  {line}")?;
            }
        }
        if !self.blocks.is_empty() {
            writeln!(text, "\nlast blocks, the latest one last")?;
            for block in &self.blocks {
                writeln!(text, "  {block}")?;
            }
        }
        Ok(())
    }

    /// One line.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}, pc {}", self.summary, self.place)
    }

    /// The platform, if this library knows it.
    #[must_use]
    pub fn platform(&self) -> Option<Platform> {
        self.platform.parse().ok()
    }
}

impl fmt::Display for FaultReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match formatter.alternate() {
            true => formatter.write_str(&self.long()),
            false => formatter.write_str(&self.short()),
        }
    }
}
