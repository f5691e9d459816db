//! [`Engine`]: the native engine.

use std::time::Duration;

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Limits, Permissions, Platform, Stop};
use terrella_native::NativeEmulator;
use terrella_platforms::{RegisterId, RegisterValue};

use crate::{
    case::{CODE, Case, DATA, DATA_SIZE, Machine, Outcome},
    host::OFFSETS,
};

const GENERAL: [&str; 16] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
    "r15",
];

/// Where code and data are in real-address mode, and the selectors that have
/// them where the host's segments do.
const CODE_16: u64 = 0x2_0000;
const DATA_16: u64 = 0x4_0000;

/// What a loop may take.
const LIMITS: Limits =
    Limits { instructions: Some(20_000), time: Some(Duration::from_millis(200)), count: false };

/// The native engine.
pub struct Engine {
    emulator: NativeEmulator,
    decoder: terrella_sleigh::Decoder,
    context: terrella_sleigh::Context,
    general: Vec<RegisterId>,
    vectors: Vec<RegisterId>,
    stack: Vec<RegisterId>,
    flags: RegisterId,
    mxcsr: RegisterId,
    control: [RegisterId; 3],
    exit: u64,
    bits: u32,
    code: u64,
    data: u64,
    /// The segment registers of 16-bit code with their selectors.
    segments: Vec<(RegisterId, u64)>,
}

impl Engine {
    /// Makes one.
    ///
    /// # Errors
    /// What the engine says.
    pub fn new(bits: u32) -> Result<Self, String> {
        let (platform, language) = match bits {
            64 => (Platform::X86_64, "x86-64"),
            32 => (Platform::I386, "x86"),
            _ => (Platform::X86_16, "x86-16"),
        };
        let (code, data) = if bits == 16 { (CODE_16, DATA_16) } else { (CODE, DATA) };
        let mut emulator = NativeEmulator::new(platform).map_err(|error| error.to_string())?;
        let processor = terrella_sleigh_languages::load(language).map_err(|error| error.to_string())?;
        let map = |emulator: &mut NativeEmulator, address: u64, size: u64, permissions| {
            emulator.map_memory(address..address + size, permissions).map_err(|error| error.to_string())
        };
        map(&mut emulator, code, 0x2000, Permissions::ALL)?;
        map(&mut emulator, data, DATA_SIZE as u64, Permissions::READ | Permissions::WRITE)?;
        let find = |emulator: &NativeEmulator, name: &str| {
            emulator.definition().register(name).ok_or_else(|| format!("no register {name}"))
        };
        let all = |emulator: &NativeEmulator, names: Vec<String>| {
            names.iter().map(|name| find(emulator, name)).collect::<Result<Vec<_>, _>>()
        };
        let count = if bits == 64 { 16 } else { 8 };
        let letter = if bits == 64 { "r" } else { "e" };
        let general = GENERAL[..count].iter().map(|name| name.replacen('r', letter, 1)).collect();
        let mut segments = Vec::new();
        if bits == 16 {
            let bases = OFFSETS.map(|offset| data - offset);
            for (name, base) in ["cs", "ds", "es", "ss"].into_iter().zip([code].into_iter().chain(bases)) {
                segments.push((find(&emulator, name)?, base >> 4));
            }
        }
        let vector = if bits == 16 { "xmm" } else { "ymm" };
        Ok(Self {
            general: all(&emulator, general)?,
            vectors: all(&emulator, (0..count).map(|index| format!("{vector}{index}")).collect())?,
            stack: all(&emulator, (0..8).map(|index| format!("st{index}")).collect())?,
            flags: find(&emulator, "eflags")?,
            mxcsr: find(&emulator, "mxcsr")?,
            control: [find(&emulator, "fpcw")?, find(&emulator, "fpsw")?, find(&emulator, "fptw")?],
            emulator,
            decoder: terrella_sleigh::Decoder::new(processor.language.clone()),
            context: processor.context,
            exit: 0,
            bits,
            code,
            data,
            segments,
        })
    }

    /// The text of a case's instruction; empty if it is none.
    pub fn text(&mut self, case: &Case) -> String {
        let mut bytes = case.bytes.clone();
        bytes.resize(32, 0xcc);
        match self.decoder.decode(CODE, &bytes, self.context) {
            Ok(_) => self.decoder.text(),
            Err(_) => String::new(),
        }
    }

    /// Runs a case.
    pub fn run(&mut self, case: &Case) -> Machine {
        match self.execute(case) {
            Ok(machine) => machine,
            Err(error) => {
                let message = error.to_string();
                Machine { outcome: Outcome::Missing, message, ..case.before.clone() }
            }
        }
    }

    fn execute(&mut self, case: &Case) -> Result<Machine, Error> {
        let before = &case.before;
        // The upper halves of vectors are those of AVX.
        let width = if self.bits == 16 { 16 } else { 32 };
        let emulator = &mut self.emulator;
        let mut code = crate::host::code_of(&case.bytes, self.bits).to_vec();
        code.resize(if self.bits == 16 { 0x2000 } else { 0x1000 }, 0xcc);
        emulator.write_memory(self.code, &code)?;
        emulator.write_memory(self.data, &before.data)?;
        for (id, selector) in &self.segments {
            emulator.write_register_id(*id, *selector)?;
        }
        for (id, value) in self.general.iter().zip(before.general) {
            emulator.write_register_id(*id, value)?;
        }
        for (id, value) in self.vectors.iter().zip(&before.vectors) {
            emulator.write_wide_register_id(*id, RegisterValue::from_le_bytes(&value[..width]))?;
        }
        for (id, value) in self.stack.iter().zip(&before.stack) {
            emulator.write_wide_register_id(*id, RegisterValue::from_le_bytes(value))?;
        }
        emulator.write_register_id(self.flags, before.flags)?;
        emulator.write_register_id(self.mxcsr, before.mxcsr.into())?;
        let tags = full_tags(before);
        for (id, value) in self.control.iter().zip([before.control, before.status, tags]) {
            emulator.write_register_id(*id, value.into())?;
        }
        let exit = self.code + case.bytes.len() as u64;
        if exit != self.exit {
            emulator.remove_exit_point(self.exit);
            emulator.add_exit_point(exit);
            self.exit = exit;
        }
        emulator.set_program_counter(self.code)?;
        let result = emulator.run_with(&LIMITS);
        let (outcome, message) = match result {
            Ok(Stop::ExitPoint(_)) => (Outcome::Done, String::new()),
            Ok(stop) => (Outcome::Timeout, format!("{stop:?}")),
            Err(Error::Fault(fault)) => (outcome_of(&fault), fault.to_string()),
            Err(error) => (Outcome::Missing, error.to_string()),
        };
        let mut after = before.clone();
        (after.outcome, after.message) = (outcome, message);
        after.pc = emulator.program_counter().wrapping_sub(self.code).wrapping_add(CODE);
        for (id, value) in self.general.iter().zip(&mut after.general) {
            *value = emulator.read_register_id(*id)?;
        }
        for (id, value) in self.vectors.iter().zip(&mut after.vectors) {
            emulator.read_wide_register_id(*id)?.write_le_bytes(&mut value[..width]);
        }
        for (id, value) in self.stack.iter().zip(&mut after.stack) {
            emulator.read_wide_register_id(*id)?.write_le_bytes(value);
        }
        after.flags = emulator.read_register_id(self.flags)?;
        after.mxcsr = emulator.read_register_id(self.mxcsr)? as u32;
        let [control, status, tags] = self.control;
        after.control = emulator.read_register_id(control)? as u16;
        after.status = emulator.read_register_id(status)? as u16;
        let tags = emulator.read_register_id(tags)? as u16;
        after.tags =
            (0..8).filter(|index| tags >> (2 * index) & 3 != 3).fold(0, |all, index| all | 1 << index);
        emulator.read_memory(self.data, &mut after.data)?;
        Ok(after)
    }
}

const fn outcome_of(fault: &Fault) -> Outcome {
    match fault {
        Fault::Memory { .. } => Outcome::Memory,
        Fault::InvalidInstruction { .. } => Outcome::Invalid,
        Fault::Arithmetic { .. } => Outcome::Arithmetic,
        Fault::UnhandledInterrupt { number: 3, .. } => Outcome::Trap,
        // Those of INTO and BOUND as well are SIGSEGV.
        Fault::UnhandledInterrupt { number: 4 | 5 | 13 | 12 | 14 | 17, .. } => Outcome::Memory,
        Fault::UnhandledInterrupt { number: 16 | 19 | 0, .. } => Outcome::Arithmetic,
        _ => Outcome::Missing,
    }
}

/// The tag word with two bits for each register.
fn full_tags(machine: &Machine) -> u16 {
    let top = usize::from(machine.status >> 11 & 7);
    (0..8usize).fold(0, |all, index| {
        let value = &machine.stack[(index + 8 - top) % 8];
        let exponent = u16::from_le_bytes([value[8], value[9]]) & 0x7fff;
        let tag = if machine.tags >> index & 1 == 0 {
            3
        } else if exponent == 0 && value[..8].iter().all(|byte| *byte == 0) {
            1
        } else if exponent == 0 || exponent == 0x7fff || value[7] & 0x80 == 0 {
            2
        } else {
            0
        };
        all | tag << (2 * index)
    })
}
