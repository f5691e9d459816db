//! Random instructions on two backends, one at a time from the same state:
//! what differs is counted by mnemonic, with an example of each.
//!
//! ```text
//! lockstep PLATFORM [COUNT] [SEED]
//! ```

use std::{cell::RefCell, collections::BTreeMap, process::ExitCode, rc::Rc};

use terrella_conformance::backends;
use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, Flow, Permissions, Platform, RegisterId, RegisterValue, Step,
};
use terrella_platforms::{CodeAddressBit, RegisterKind};
use terrella_sleigh::Decoder;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;
const SIZE: u64 = 0x1000;

/// xorshift64* (S. Vigna, 2016).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A value that is likely to matter.
    fn value(&mut self, bits: u32) -> RegisterValue {
        let mut bytes = [0; 64];
        match self.next() % 6 {
            0 => bytes[0] = self.next() as u8 & 0x3f,
            1 => bytes.fill(0xff),
            2 => bytes[..8].copy_from_slice(&(DATA + 0x400 + self.next() % 0x400 / 16 * 16).to_le_bytes()),
            3 => bytes[bits as usize / 8 - 1] = 0x80,
            _ => {
                for byte in &mut bytes {
                    *byte = (self.next() >> 40) as u8;
                }
            }
        }
        RegisterValue::from_le_bytes(&bytes).extract(0, bits)
    }
}

/// The bits in which two values differ.
fn exclusive_or(left: &RegisterValue, right: &RegisterValue) -> [u8; 64] {
    let (mut bits, mut other) = ([0; 64], [0; 64]);
    left.write_le_bytes(&mut bits);
    right.write_le_bytes(&mut other);
    for (bits, other) in bits.iter_mut().zip(other) {
        *bits ^= other;
    }
    bits
}

type Stores = Rc<RefCell<Vec<(u64, Vec<u8>)>>>;

struct Side {
    emulator: Box<dyn Emulator>,
    stores: Stores,
}

fn side(name: &str, platform: Platform) -> Result<Side, Error> {
    let backend = backends().iter().find(|backend| backend.name == name).copied();
    let backend = backend.ok_or_else(|| Error::Backend { backend: "lockstep", message: name.to_owned() })?;
    let mut emulator = (backend.make)(platform)?;
    emulator.map_memory(CODE..CODE + SIZE, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + SIZE, Permissions::READ_WRITE)?;
    let stores = Stores::default();
    let seen = Rc::clone(&stores);
    emulator.hook_memory_writes(move |_, address, bytes| {
        seen.borrow_mut().push((address, bytes.to_vec()));
        Ok(Flow::Continue)
    })?;
    Ok(Side { emulator, stores })
}

/// How an instruction ended, as far as it can be compared.
fn ending(result: &Result<Step, Error>) -> String {
    match result {
        Ok(Step::Done) => "done".to_owned(),
        Ok(Step::Stopped(stop)) => format!("{stop}"),
        Err(Error::Fault(Fault::InvalidInstruction { .. })) => "invalid".to_owned(),
        Err(Error::Fault(Fault::Memory { access, cause, .. })) => format!("{access}: {cause}"),
        Err(Error::Fault(fault)) => fault.to_string(),
        Err(error) => format!("missing: {error}"),
    }
}

#[derive(Default)]
struct Count {
    equal: u64,
    different: u64,
    missing: u64,
    example: String,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(Ok(platform)) = arguments.next().map(|name| name.parse::<Platform>()) else {
        eprintln!("usage: lockstep PLATFORM [COUNT] [SEED]");
        return ExitCode::from(2);
    };
    let mut number = |default| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (count, seed) = (number(20_000_u64), number(1_u64));
    match compare(platform, count, seed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The registers that are compared, and those that are set.
fn registers(platform: Platform, sides: &[Side; 2]) -> (Vec<RegisterId>, Vec<(RegisterId, u32)>) {
    let table = platform.definition().registers();
    let both = |id| sides.iter().all(|side: &Side| side.emulator.has_register(id));
    let data = |kind| {
        matches!(
            kind,
            RegisterKind::General
                | RegisterKind::StackPointer
                | RegisterKind::Link
                | RegisterKind::Float
                | RegisterKind::Vector
        )
    };
    let compared = table
        .roots()
        .filter(|(id, it)| both(*id) && (data(it.kind) || it.kind == RegisterKind::Flags))
        .map(|(id, _)| id)
        .collect();
    let mut set: Vec<(RegisterId, u32)> = table
        .roots()
        .filter(|(id, it)| both(*id) && data(it.kind))
        .map(|(id, it)| (id, it.bits.into()))
        .collect();
    for name in ["n", "z", "c", "v", "cf", "zf", "sf", "of", "pf", "xf", "so", "ov", "ca"] {
        if let Some(id) = table.lookup(name).filter(|id| both(*id)) {
            set.push((id, 1));
        }
    }
    (compared, set)
}

fn compare(platform: Platform, count: u64, seed: u64) -> Result<(), Error> {
    let mut sides = [side("native", platform)?, side("unicorn", platform)?];
    let other = |message: String| Error::Backend { backend: "lockstep", message };
    let entry = terrella_sleigh_languages::entry_of(platform)
        .ok_or_else(|| other(format!("{platform} has no specification")))?;
    let processor = terrella_sleigh_languages::load(entry.name).map_err(|error| other(error.to_string()))?;
    let mut decoder = Decoder::new(processor.language.clone());
    let (compared, set) = registers(platform, &sides);
    let mut random = Random(seed | 1 << 40);
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut starts = Vec::new();
    for side in &mut sides {
        starts.push(side.emulator.snapshot()?);
    }
    // The bits that the engines fix differently say what they are, and are not
    // compared.
    let mut fixed = Vec::new();
    for id in &compared {
        let [left, right] = [0, 1].map(|index| sides[index].emulator.read_wide_register_id(*id));
        fixed.push(exclusive_or(&left?, &right?));
    }
    let thumb = platform.definition().code_address_bit == CodeAddressBit::ThumbOnly;
    for _ in 0..count {
        let mut bytes = [0; 16];
        for part in bytes.chunks_mut(4) {
            part.copy_from_slice(&(random.next() as u32).to_le_bytes());
        }
        if decoder.decode(CODE, &bytes, processor.context).is_err() {
            continue;
        }
        let (text, mnemonic) = (decoder.text(), decoder.mnemonic());
        let values: Vec<_> = set
            .iter()
            .map(|(id, bits)| {
                (*id, if *bits == 1 { (random.next() & 1).into() } else { random.value(*bits) })
            })
            .collect();
        let fill: Vec<u8> = (0..SIZE).map(|_| (random.next() >> 33) as u8).collect();
        let mut endings = Vec::new();
        for (side, start) in sides.iter_mut().zip(&starts) {
            side.emulator.restore(start)?;
            side.emulator.write_memory(DATA, &fill)?;
            side.emulator.write_code(CODE, &bytes)?;
            for (id, value) in &values {
                side.emulator.write_wide_register_id(*id, *value)?;
            }
            side.emulator.set_program_counter(CODE | u64::from(thumb))?;
            side.stores.borrow_mut().clear();
            endings.push(ending(&side.emulator.step()));
        }
        let table = platform.definition().registers();
        let mut differences = Vec::new();
        if endings[0] != endings[1] {
            differences.push(format!("{} / {}", endings[0], endings[1]));
        } else if endings[0] == "done" {
            for (id, fixed) in compared.iter().zip(&fixed) {
                let [left, right] = [0, 1].map(|index| sides[index].emulator.read_wide_register_id(*id));
                let (left, right) = (left?, right?);
                let difference = exclusive_or(&left, &right);
                if difference.iter().zip(fixed).any(|(bits, fixed)| bits & !fixed != 0) {
                    differences.push(format!("{} {left:#x} / {right:#x}", table.get(*id).name));
                }
            }
            let pcs = [0, 1].map(|index| sides[index].emulator.program_counter());
            if pcs[0] != pcs[1] {
                differences.push(format!("pc {:#x} / {:#x}", pcs[0], pcs[1]));
            }
            let mut stores = [0, 1].map(|index| sides[index].stores.borrow().clone());
            stores.iter_mut().for_each(|list| list.sort());
            if stores[0] != stores[1] {
                differences.push(format!("stores {:x?} / {:x?}", stores[0], stores[1]));
            }
        }
        let entry = counts.entry(mnemonic).or_default();
        if endings[0].starts_with("missing") || endings[1].starts_with("missing") {
            entry.missing += 1;
            if entry.example.is_empty() {
                entry.example = format!("{text}: {} / {}", endings[0], endings[1]);
            }
        } else if differences.is_empty() {
            entry.equal += 1;
        } else {
            entry.different += 1;
            if entry.different == 1 {
                let code: Vec<_> =
                    bytes[..decoder.length()].iter().map(|byte| format!("{byte:02x}")).collect();
                entry.example = format!("{} {text}: {}", code.concat(), differences.join("; "));
            }
        }
    }
    let sum = |field: fn(&Count) -> u64| counts.values().map(field).sum::<u64>();
    println!(
        "{platform}: {} mnemonics, {} equal, {} different, {} not implemented",
        counts.len(),
        sum(|it| it.equal),
        sum(|it| it.different),
        sum(|it| it.missing)
    );
    for (mnemonic, it) in counts.iter().filter(|(_, it)| it.different + it.missing > 0) {
        println!(
            "{mnemonic:16} equal {:5} different {:5} missing {:5}  {}",
            it.equal, it.different, it.missing, it.example
        );
    }
    Ok(())
}
