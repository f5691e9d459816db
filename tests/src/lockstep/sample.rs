//! [`Samples`]: instructions that decode, with the state that they start from.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Platform, RegisterValue};
use terrella_platforms::{Architecture, ByteOrder, CodeAddressBit, RegisterKind};
use terrella_sleigh::{Decoder, Processor};

use super::{
    Options,
    pattern::Pattern,
    plan::{Plan, is_compressed},
    random::Random,
};

/// One instruction and the state that it starts from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// The address of the instruction.
    pub address: u64,
    /// The bytes from there on: the instruction, what is in its delay slot, and
    /// what stops a translator that looks ahead.
    pub code: Vec<u8>,
    /// It has a delay slot, which is executed with it.
    pub has_slot: bool,
    /// How long the instruction is.
    pub length: u64,
    /// The contents of the registers that the plan sets.
    pub registers: Vec<RegisterValue>,
    /// What the content of the data is made from.
    pub fill: u64,
}

impl Task {
    /// The content of the data.
    pub(super) fn data(&self, size: u64) -> Vec<u8> {
        data(self.fill, size)
    }
}

/// The content of data made from a number.
fn data(fill: u64, size: u64) -> Vec<u8> {
    let mut bytes = vec![0; size as usize];
    Random::new(fill).fill(&mut bytes);
    bytes
}

/// An instruction with its text.
pub(super) struct Sample {
    pub(super) task: Task,
    /// Its own bytes.
    pub(super) bytes: Vec<u8>,
    pub(super) text: String,
    pub(super) mnemonic: String,
}

/// The second instruction set of Arm: the bits of the context and the place of
/// the T flag in the plan.
#[derive(Debug, Clone, Copy)]
struct Mode {
    bits: (u32, u32),
    place: usize,
}

impl Mode {
    fn of(plan: &Plan, processor: &Processor) -> Option<Self> {
        if plan.platform.definition().code_address_bit == CodeAddressBit::ThumbOnly {
            return None;
        }
        let place = plan.set.iter().position(|chosen| plan.name(chosen.id) == "t")?;
        Some(Self { bits: mode_bits(plan.platform, processor)?, place })
    }
}

/// Which bits of the context tell the instruction set.
pub(super) fn mode_bits(platform: Platform, processor: &Processor) -> Option<(u32, u32)> {
    let name = terrella_sleigh_languages::mode_field(platform)?;
    let field = processor.language.context_field(name)?;
    Some((field.high, field.low))
}

/// Before the mnemonics of the second instruction set.
pub(super) const THUMB: &str = "thumb:";

/// Instructions that decode, with the state that they start from.
pub(super) struct Samples {
    processor: Arc<Processor>,
    decoder: Decoder,
    seed: u64,
    next: u64,
    fixed: Option<Vec<u8>>,
    among: Vec<Pattern>,
    only: Option<String>,
    each: u64,
    /// Where the context tells the instruction set of a processor that has
    /// two, and the register that the plan sets with it.
    mode: Option<Mode>,
    only_thumb: bool,
    /// Where the context tells the instruction set, if it is always the second.
    second_set: Option<(u32, u32)>,
    /// The content of the data.
    data: Vec<u8>,
    seen: HashMap<String, u64>,
    given: u64,
}

/// An instruction for the delay slot of a mnemonic that does nothing, in the
/// order of the platform's bytes.
fn nothing(platform: Platform, mnemonic: &str) -> Option<&'static [u8]> {
    match (platform.architecture(), platform.byte_order()) {
        // Calls of microMIPS tell the size of the slot (volume II-B, 5.4).
        (Architecture::MicroMips32, order) if mnemonic.trim_end_matches("16").ends_with('s') => {
            Some(if order == ByteOrder::Big { &[0x0c, 0] } else { &[0, 0x0c] })
        }
        (
            Architecture::Mips32
            | Architecture::Mips64
            | Architecture::MicroMips32
            | Architecture::Mips32R6
            | Architecture::Mips64R6,
            _,
        ) => Some(&[0, 0, 0, 0]),
        (Architecture::Sparc32 | Architecture::Sparc64, _) => Some(&[1, 0, 0, 0]),
        (Architecture::SuperH4, ByteOrder::Little) => Some(&[9, 0]),
        (Architecture::SuperH4, ByteOrder::Big) => Some(&[0, 9]),
        _ => None,
    }
}

/// A jump to itself, in the order of the platform's bytes: translators stop there.
fn end(platform: Platform, is_thumb: bool) -> Vec<u8> {
    use Architecture as A;
    let (width, units): (usize, &[u32]) = match platform.architecture() {
        A::X86_16 | A::I386 | A::X86_64 => (1, &[0xeb, 0xfe]),
        A::ArmV6M | A::ArmV7M => (2, &[0xe7fe]),
        A::ArmV5T | A::ArmV7A if is_thumb => (2, &[0xe7fe]),
        A::ArmV5T | A::ArmV7A => (4, &[0xeaff_fffe]),
        A::AArch64 => (4, &[0x1400_0000]),
        A::RiscV32 | A::RiscV64 => (4, &[0x0000_006f]),
        A::Mips32 | A::Mips64 | A::Mips32R6 | A::Mips64R6 => (4, &[0x1000_ffff, 0]),
        A::MicroMips32 => (2, &[0xcfff, 0x0c00]),
        A::PowerPc32 | A::PowerPc64 => (4, &[0x4800_0000]),
        A::Sparc32 | A::Sparc64 => (4, &[0x3080_0000]),
        A::M68k => (2, &[0x60fe]),
        A::TriCore => (2, &[0x003c]),
        A::Msp430 | A::Msp430X => (2, &[0x3fff]),
        A::LoongArch64 => (4, &[0x5000_0000]),
        A::Xtensa => (1, &[0x06, 0xff, 0xff]),
        A::SuperH4 => (2, &[0xaffe, 0x0009]),
        _ => (1, &[]),
    };
    let mut bytes = vec![0; width * units.len()];
    for (unit, bytes) in units.iter().zip(bytes.chunks_mut(width)) {
        platform.byte_order().write((*unit).into(), bytes);
    }
    bytes
}

/// How many random words are looked at for one instruction.
const TRIES: u64 = 100_000;

impl Samples {
    /// Those that the options ask for.
    pub(super) fn new(processor: Arc<Processor>, plan: &Plan, options: &Options) -> Self {
        Self {
            decoder: Decoder::new(processor.language.clone()),
            seed: options.seed,
            next: 0,
            fixed: options.code.clone(),
            among: options.among.clone(),
            only: options.only.clone(),
            each: options.each,
            mode: Mode::of(plan, &processor),
            only_thumb: options.thumb,
            second_set: mode_bits(plan.platform, &processor).filter(|_| is_compressed(plan.platform)),
            data: data(options.seed, plan.place.size),
            seen: HashMap::new(),
            given: 0,
            processor,
        }
    }

    /// What a number of bytes of the data hold.
    fn content(&self, plan: &Plan, at: u64, width: u64) -> u64 {
        let range = at as usize..(at + width) as usize;
        let bytes = self.data.get(range).unwrap_or_default();
        plan.platform.byte_order().read(bytes) as u64
    }

    /// The next one; `None` if there are no more of those wanted.
    pub(super) fn next(&mut self, plan: &Plan) -> Option<Sample> {
        for _ in 0..TRIES {
            self.next += 1;
            let mut random = Random::new(self.seed.wrapping_mul(0x1_0000_0001).wrapping_add(self.next));
            let mut code = vec![0; 16];
            random.fill(&mut code);
            random.incline(&mut code, plan, self.processor.language.is_big_endian());
            if !self.among.is_empty() {
                let pattern = &self.among[self.next as usize % self.among.len()];
                pattern.apply(&mut code, self.processor.language.is_big_endian());
            }
            if let Some(fixed) = &self.fixed {
                let length = fixed.len().min(16);
                code[..length].copy_from_slice(&fixed[..length]);
            }
            let address = plan.place.instruction(self.given);
            let mut context = self.processor.context;
            let is_thumb = self.mode.is_some()
                && (self.only_thumb || self.fixed.is_none() && self.next.is_multiple_of(2));
            if let Some(Mode { bits: (high, low), .. }) = self.mode {
                context.set(high, low, is_thumb.into());
            }
            if let Some((high, low)) = self.second_set {
                context.set(high, low, 1);
            }
            let decoded = self.decoder.decode(address, &code, context);
            // What is asked for is tried even if it is no instruction here.
            let (length, mnemonic, text) = match (decoded, &self.fixed) {
                (Ok(length), _) => (length, self.decoder.mnemonic(), self.decoder.text()),
                (Err(_), Some(fixed)) => (fixed.len().min(16), "none".to_owned(), "none".to_owned()),
                (Err(_), None) => continue,
            };
            let mnemonic = if is_thumb { format!("{THUMB}{mnemonic}") } else { mnemonic };
            let has_slot = decoded.is_ok() && self.decoder.delay_slot() > 0;
            let seen = self.seen.entry(mnemonic.clone()).or_default();
            let is_wanted = self.only.as_ref().is_none_or(|only| mnemonic.starts_with(only.as_str()));
            if self.fixed.is_none() && (!is_wanted || *seen >= self.each) {
                continue;
            }
            *seen += 1;
            self.given += 1;
            let may_box =
                matches!(plan.platform.architecture(), Architecture::RiscV32 | Architecture::RiscV64);
            let is_extended = plan.platform.architecture() == Architecture::M68k;
            let is_pointing = random.next() >> 63 == 0;
            let spot = random.spot(&plan.place);
            let content = self.content(plan, spot, 1 << (random.next() >> 62));
            let registers = plan.set.iter().map(|chosen| {
                let value = if is_extended && chosen.kind == RegisterKind::Float && chosen.bits == 80 {
                    random.extended()
                } else if may_box && chosen.kind == RegisterKind::Float && random.next() >> 63 == 0 {
                    random.boxed()
                } else if is_pointing && let Some(value) = random.pointer(chosen, &plan.place, spot, content)
                {
                    value
                } else {
                    random.value(chosen.kind, chosen.bits, &plan.place)
                };
                match chosen.mask {
                    u64::MAX => value,
                    mask => (value.low_u64() & mask | chosen.always).into(),
                }
            });
            let mut registers: Vec<RegisterValue> = registers.collect();
            if let Some(Mode { place, .. }) = self.mode {
                registers[place] = u64::from(is_thumb).into();
            }
            let bytes = code[..length].to_vec();
            // What is given may be more than an instruction.
            code.truncate(self.fixed.as_ref().map_or(length, |fixed| fixed.len().min(16).max(length)));
            if let Some(nothing) = nothing(plan.platform, &mnemonic) {
                if has_slot {
                    code.truncate(length);
                }
                code.extend(nothing);
            }
            code.extend(end(plan.platform, is_thumb));
            // The same data always, which saves sending it.
            let task = Task { address, code, has_slot, length: length as u64, registers, fill: self.seed };
            return Some(Sample { task, bytes, text, mnemonic });
        }
        None
    }
}
