//! [`Probe`]: executes instructions, and looks for errors that name an
//! operation.

use std::collections::BTreeSet;

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Permissions, Platform, Result, Snapshot};
use terrella_native::NativeEmulator;
use terrella_platforms::CodeAddressBit;
use terrella_sleigh::Pattern;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x4000;

/// An emulator for single instructions.
pub(crate) struct Probe {
    platform: Platform,
    emulator: NativeEmulator,
    names: BTreeSet<String>,
    /// Before any instruction: they leave modes and banks of registers behind.
    clean: Snapshot,
    /// The lowest bit of addresses of code, where that is another set of
    /// instructions.
    other_set: u64,
    random: u64,
}

impl Probe {
    pub(crate) fn new(platform: Platform, seed: u64) -> Result<Self> {
        let mut emulator = prepared(platform)?;
        let names = emulator.language().user_ops().iter().cloned().collect();
        let clean = emulator.snapshot()?;
        Ok(Self { platform, emulator, names, clean, other_set: 0, random: 0x9e37_79b9_7f4a_7c15 ^ seed << 1 })
    }

    /// The next of pseudo-random numbers (Marsaglia, Xorshift RNGs, 2003).
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// The operation that an instruction ends with, in the sets of
    /// instructions that there are.
    pub(crate) fn missing(&mut self, code: &[u8]) -> Result<Option<String>> {
        let has_sets = self.platform.definition().code_address_bit != CodeAddressBit::Address;
        for set in 0..=u64::from(has_sets) {
            self.other_set = set;
            if let Some(name) = self.step(code)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    fn step(&mut self, code: &[u8]) -> Result<Option<String>> {
        self.emulator.restore(&self.clean)?;
        let definition = self.platform.definition();
        self.emulator.write_memory(CODE, code)?;
        let data = definition.data_base + DATA;
        let mask = u64::MAX >> (64 - definition.address_bits.min(64));
        for register in definition.general_registers {
            // Of what is not as wide, the lower part.
            if self.emulator.write_register(*register, data & mask).is_err() {
                let _ = self.emulator.write_register(*register, data & 0xff);
            }
        }
        if self.emulator.set_program_counter(CODE | self.other_set).is_err() {
            return Ok(None);
        }
        let Err(Error::Backend { message, .. }) = self.emulator.step() else { return Ok(None) };
        let name = message.split('`').nth(1).unwrap_or_default();
        Ok((message.ends_with("is not implemented") && self.names.contains(name)).then(|| name.to_owned()))
    }

    /// Tries the instructions of the specification, the free bits of each
    /// filled at random some times.
    pub(crate) fn try_all(&mut self, tries: u32, mut found: impl FnMut(String, &[u8])) -> Result<()> {
        let patterns = self.emulator.language().instruction_patterns();
        for pattern in patterns {
            for _ in 0..tries {
                let free = u128::from(self.next()) << 64 | u128::from(self.next());
                let bytes = (free & !pattern.mask | pattern.value).to_be_bytes();
                let mut code = self.prefixes(&pattern);
                code.extend(bytes);
                code.truncate(16);
                if let Some(name) = self.missing(&code)? {
                    found(name, &code);
                }
            }
        }
        Ok(())
    }

    /// Prefixes of x86 that lead to the context of a pattern (Intel SDM,
    /// volume 2, 2.1.1, 2.3.5 and 2.7.1); nothing elsewhere.
    fn prefixes(&mut self, pattern: &Pattern) -> Vec<u8> {
        let is_64 = match self.platform {
            Platform::X86_64 => true,
            Platform::I386 | Platform::X86_16 => false,
            _ => return Vec::new(),
        };
        let mut random = self.next();
        let language = self.emulator.language();
        // What the pattern wants of a field, else anything.
        let mut field = |name: &str, bits: u32| -> u8 {
            random = random.rotate_right(bits);
            let any = random as u8 & ((1 << bits) - 1);
            let Some(field) = language.context_field(name) else { return any };
            let [mask, value] =
                [pattern.context_mask, pattern.context].map(|it| it.get(field.high, field.low) as u8);
            any & !mask | value
        };
        let selector = match (field("prefix_66", 1), field("prefix_f3", 1), field("prefix_f2", 1)) {
            (_, 1, 0) => 2,
            (_, _, 1) => 3,
            (1, ..) => 1,
            _ => 0,
        };
        let wide = field("rexWprefix", 1) | u8::from(field("opsize", 2) == 2);
        // Registers of the upper half need 64 bits; the bits are inverted.
        let registers = if is_64 { field("", 3) << 5 | field("", 1) << 4 } else { 0xf0 };
        let map = field("vexMMMMM", 2);
        let map = if map == 0 { 1 } else { map };
        // Mostly no register, which many instructions want.
        let other = if field("", 2) == 0 { field("", 4) << 3 } else { 0x78 };
        match field("vexMode", 2) {
            1 => vec![
                0xc4,
                registers & 0xe0 | if is_64 { 0 } else { 0xe0 } | map,
                wide << 7 | other | field("vexL", 1) << 2 | selector,
            ],
            2 => {
                let flags = field("evexZ", 1) << 7 | field("evexL", 2) << 5 | field("evexB", 1) << 4;
                let second = wide << 7 | other | 4 | selector;
                vec![0x62, registers | map, second, flags | 8 | field("evexAAA", 3)]
            }
            _ => {
                let legacy = [None, Some(0x66), Some(0xf3), Some(0xf2)][usize::from(selector)];
                let rex =
                    (is_64 && (wide != 0 || field("", 1) != 0)).then(|| 0x40 | wide << 3 | field("", 3));
                legacy.into_iter().chain(rex).collect()
            }
        }
    }
}

/// An emulator with memory for the instruction and for what it may access.
fn prepared(platform: Platform) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(0..0x8000, Permissions::ALL)?;
    let base = platform.definition().data_base;
    if base != 0 {
        emulator.map_memory(base..base + 0x8000, Permissions::READ_WRITE)?;
    }
    Ok(emulator)
}
