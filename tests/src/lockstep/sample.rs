//! [`Samples`]: instructions that decode, with the state that they start from.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Platform, RegisterValue};
use terrella_platforms::{Architecture, RegisterKind};
use terrella_sleigh::{Decoder, Processor};

use super::{Options, pattern::Pattern, plan::Plan, random::Random};

/// One instruction and the state that it starts from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// The address of the instruction.
    pub address: u64,
    /// The bytes from there on, which are more than the
    /// instruction.
    pub code: Vec<u8>,
    /// It has a delay slot, which is executed with it.
    pub has_slot: bool,
    /// The contents of the registers that the plan sets.
    pub registers: Vec<RegisterValue>,
    /// What the content of the data is made from.
    pub fill: u64,
}

impl Task {
    /// The content of the data.
    pub(super) fn data(&self, size: u64) -> Vec<u8> {
        let mut bytes = vec![0; size as usize];
        Random::new(self.fill).fill(&mut bytes);
        bytes
    }
}

/// An instruction with its text.
pub(super) struct Sample {
    pub(super) task: Task,
    /// Its own bytes.
    pub(super) bytes: Vec<u8>,
    pub(super) text: String,
    pub(super) mnemonic: String,
}

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
    seen: HashMap<String, u64>,
    given: u64,
}

/// An instruction for delay slots that does nothing, in the order of the
/// platform's bytes.
const fn nothing(platform: Platform) -> Option<&'static [u8]> {
    match (platform.architecture(), platform.byte_order()) {
        (Architecture::Mips32 | Architecture::Mips64, _) => Some(&[0, 0, 0, 0]),
        (Architecture::Sparc32 | Architecture::Sparc64, _) => Some(&[1, 0, 0, 0]),
        _ => None,
    }
}

/// How many random words are looked at for one instruction.
const TRIES: u64 = 100_000;

impl Samples {
    /// Those that the options ask for.
    pub(super) fn new(processor: Arc<Processor>, options: &Options) -> Self {
        Self {
            decoder: Decoder::new(processor.language.clone()),
            processor,
            seed: options.seed,
            next: 0,
            fixed: options.code.clone(),
            among: options.among.clone(),
            only: options.only.clone(),
            each: options.each,
            seen: HashMap::new(),
            given: 0,
        }
    }

    /// The next one; `None` if there are no more of those wanted.
    pub(super) fn next(&mut self, plan: &Plan) -> Option<Sample> {
        for _ in 0..TRIES {
            self.next += 1;
            let mut random = Random::new(self.seed.wrapping_mul(0x1_0000_0001).wrapping_add(self.next));
            let mut code = vec![0; 16];
            random.fill(&mut code);
            if !self.among.is_empty() {
                let pattern = &self.among[self.next as usize % self.among.len()];
                pattern.apply(&mut code, self.processor.language.is_big_endian());
            }
            if let Some(fixed) = &self.fixed {
                let length = fixed.len().min(16);
                code[..length].copy_from_slice(&fixed[..length]);
            }
            let address = plan.place.code + self.given % plan.place.pages * plan.place.size;
            let decoded = self.decoder.decode(address, &code, self.processor.context);
            // What is asked for is tried even if it is no instruction here.
            let (length, mnemonic, text) = match (decoded, &self.fixed) {
                (Ok(length), _) => (length, self.decoder.mnemonic(), self.decoder.text()),
                (Err(_), Some(fixed)) => (fixed.len().min(16), "none".to_owned(), "none".to_owned()),
                (Err(_), None) => continue,
            };
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
            let registers = plan.set.iter().map(|chosen| {
                let value = if may_box && chosen.kind == RegisterKind::Float && random.next() >> 63 == 0 {
                    random.boxed()
                } else {
                    random.value(chosen.kind, chosen.bits, &plan.place)
                };
                match chosen.mask {
                    u64::MAX => value,
                    mask => (value.low_u64() & mask).into(),
                }
            });
            let registers = registers.collect();
            if let Some(nothing) = nothing(plan.platform).filter(|_| has_slot) {
                code[length..length + nothing.len()].copy_from_slice(nothing);
            }
            // The same data always, which saves sending it.
            let task = Task { address, code: code.clone(), has_slot, registers, fill: self.seed };
            return Some(Sample { task, bytes: code[..length].to_vec(), text, mnemonic });
        }
        None
    }
}
