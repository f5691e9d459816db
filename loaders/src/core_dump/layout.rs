//! How a processor's registers and process records are laid out in the notes
//! of a core dump: the shape of the tables.

use terrella_machine_state::Cpu;
use terrella_platforms::{ByteOrder, CodeAddressBit, Platform, RegisterValue};

/// The owner of the notes of the generic ABI, and that of Linux' own.
pub(crate) const CORE: &str = "CORE";
pub(crate) const LINUX: &str = "LINUX";

/// Note types (Linux, `include/uapi/linux/elf.h`).
pub(crate) const NT_PRSTATUS: u32 = 1;
pub(crate) const NT_FPREGSET: u32 = 2;
pub(crate) const NT_PRPSINFO: u32 = 3;
pub(crate) const NT_AUXV: u32 = 6;
pub(crate) const NT_SIGINFO: u32 = 0x5349_4749;
pub(crate) const NT_FILE: u32 = 0x4649_4c45;

/// The notes of a platform.
#[derive(Debug)]
pub(crate) struct Layout {
    /// `e_flags` of what is written.
    pub(crate) flags: u32,
    /// `struct elf_prstatus`: where `pr_pid` and `pr_reg` are, and its size.
    pub(crate) status: Status,
    /// `struct elf_prpsinfo`: where `pr_pid` and `pr_fname` are, and its size.
    pub(crate) info: Info,
    /// `elf_gregset_t`.
    pub(crate) general: &'static [Run],
    /// The other sets.
    pub(crate) sets: &'static [Set],
}

#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) identifier: usize,
    pub(crate) registers: usize,
    pub(crate) size: usize,
}

#[derive(Debug)]
pub(crate) struct Info {
    pub(crate) identifier: usize,
    pub(crate) name: usize,
    pub(crate) size: usize,
}

/// A note with registers.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) owner: &'static str,
    pub(crate) kind: u32,
    pub(crate) size: usize,
    pub(crate) runs: &'static [Run],
}

/// Registers one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) names: Names,
    /// Where the first one is.
    pub(crate) offset: usize,
    /// From one to the next.
    pub(crate) stride: usize,
    /// The size of each.
    pub(crate) bytes: usize,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Names {
    /// These; an empty one is passed over.
    These(&'static [&'static str]),
    /// A prefix with the numbers from the second to below the third.
    Numbered(&'static str, usize, usize),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Content {
    /// The register, in the order of the platform.
    Value,
    /// Those bits of the register that the mask has.
    Masked(u64),
    /// Bits of the register, from the given one on.
    From(u32),
    /// As `From`, least significant byte first on all processors.
    LittleFrom(u32),
    /// A byte with a bit for each register of the x87 stack that is in use
    /// (Intel SDM, volume 1, section 10.5.1.1), for the tag word.
    AbridgedTags,
    /// The address of the instruction after the next: where no value tells it,
    /// that behind the program counter, for a processor whose instructions have
    /// 4 bytes.
    BehindCounter,
}

/// Registers of one size without gaps.
pub(crate) const fn run(names: Names, offset: usize, bytes: usize) -> Run {
    Run { names, offset, stride: bytes, bytes, content: Content::Value }
}

/// Registers with gaps.
pub(crate) const fn spread(names: Names, offset: usize, stride: usize, bytes: usize) -> Run {
    Run { names, offset, stride, bytes, content: Content::Value }
}

/// The same with another content.
pub(crate) const fn with(mut run: Run, content: Content) -> Run {
    run.content = content;
    run
}

impl Names {
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::These(names) => names.len(),
            Self::Numbered(_, from, to) => to - from,
        }
    }

    fn get(&self, index: usize) -> String {
        match self {
            Self::These(names) => (*names.get(index).unwrap_or(&"")).to_owned(),
            Self::Numbered(prefix, from, _) => format!("{prefix}{}", from + index),
        }
    }
}

impl Run {
    /// The name and the bytes of each register.
    fn places(&self) -> impl Iterator<Item = (String, std::ops::Range<usize>)> + '_ {
        (0..self.names.count())
            .map(|index| {
                let at = self.offset + index * self.stride;
                (self.names.get(index), at..at + self.bytes)
            })
            .filter(|(name, _)| !name.is_empty())
    }

    /// Takes the registers from a descriptor; those beyond its end are left
    /// out. Gives how many there were.
    pub(crate) fn read(&self, order: ByteOrder, descriptor: &[u8], cpu: &mut Cpu) -> usize {
        let mut count = 0;
        for (name, place) in self.places() {
            let Some(bytes) = descriptor.get(place) else { break };
            let raw = order.read(bytes);
            let bits = 8 * bytes.len().min(16) as u32;
            // A register that the platform's table lacks is no register here.
            let done = match self.content {
                Content::Value | Content::BehindCounter => set_low(cpu, &name, raw),
                Content::Masked(mask) => set_low(cpu, &name, raw & u128::from(mask)),
                Content::From(low) => cpu.set_bits(&name, low, bits, RegisterValue::from(raw)),
                Content::LittleFrom(low) => {
                    cpu.set_bits(&name, low, bits, RegisterValue::from(ByteOrder::Little.read(bytes)))
                }
                Content::AbridgedTags => cpu.set(&name, u64::from(full_tags(raw as u8, cpu))),
            };
            count += usize::from(done.is_ok());
        }
        count
    }

    /// Puts the registers into a descriptor; those not set are zero. Gives how
    /// many are set.
    pub(crate) fn write(&self, order: ByteOrder, cpu: &Cpu, descriptor: &mut [u8]) -> usize {
        let mut count = 0;
        for (name, place) in self.places() {
            let Some(bytes) = descriptor.get_mut(place) else { break };
            let bits = 8 * bytes.len().min(16) as u32;
            let value = match self.content {
                Content::From(low) | Content::LittleFrom(low) => cpu.bits(&name, low, bits),
                _ => cpu.value(&name),
            };
            let value = match (self.content, value) {
                (Content::BehindCounter, Ok(value)) if value.is_none_or(|it| it.low_u64() == 0) => {
                    Ok(cpu.program_counter().map(|counter| RegisterValue::from(counter.wrapping_add(4))))
                }
                (_, value) => value,
            };
            let Ok(Some(value)) = value else { continue };
            let raw = match self.content {
                Content::Masked(mask) => value.low_u128() & u128::from(mask),
                Content::AbridgedTags => u128::from(abridged_tags(value.low_u64() as u16)),
                _ => value.low_u128(),
            };
            let order = match self.content {
                Content::LittleFrom(_) => ByteOrder::Little,
                _ => order,
            };
            order.write(raw, bytes);
            count += 1;
        }
        count
    }
}

/// Sets a register to the lowest bits of a value that may have more.
fn set_low(cpu: &mut Cpu, name: &str, raw: u128) -> terrella_machine_state::Result<()> {
    let table = cpu.platform().definition().registers();
    let bits = table.lookup(name).map_or(128, |id| u32::from(table.get(id).bits));
    cpu.set(name, RegisterValue::from(raw).extract(0, bits))
}

/// The tag word of the x87 unit: 0 valid, 1 zero, 2 special, 3 empty
/// (Intel SDM, volume 1, section 8.1.7), by physical register.
fn full_tags(abridged: u8, cpu: &Cpu) -> u16 {
    let top = cpu.get_u64("fpsw").unwrap_or(0) >> 11 & 7;
    let mut tags = 0;
    for physical in 0..8_u64 {
        let tag = if abridged >> physical & 1 == 0 {
            3
        } else {
            let register = format!("st{}", physical.wrapping_sub(top) & 7);
            let value = cpu.value(&register).ok().flatten().unwrap_or(RegisterValue::ZERO).low_u128();
            match ((value >> 64) as u16 & 0x7fff, value as u64) {
                (0, 0) => 1,
                (0 | 0x7fff, _) => 2,
                (_, mantissa) if mantissa >> 63 == 0 => 2,
                _ => 0,
            }
        };
        tags |= tag << (2 * physical);
    }
    tags
}

fn abridged_tags(tags: u16) -> u8 {
    (0..8).filter(|physical| tags >> (2 * physical) & 3 != 3).fold(0, |all, physical| all | 1 << physical)
}

/// Makes the program counter a code pointer: with the lowest bit where the
/// status register says that the code is Thumb code.
pub(crate) fn mark_thumb(platform: Platform, cpu: &mut Cpu) {
    if platform.definition().code_address_bit != CodeAddressBit::Thumb {
        return;
    }
    if let (Ok(1), Some(pc)) = (cpu.get_u64("t"), cpu.program_counter()) {
        // The register exists and the value is one of its own with a bit.
        let _ = cpu.set_program_counter(pc | 1);
    }
}
