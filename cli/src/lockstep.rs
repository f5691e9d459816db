//! Two emulators in lock step: both execute an instruction, and everything
//! that can be seen of them is compared.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use terrella::{
    api::{Emulator, EmulatorExt, Error, Flow, RegisterId, Step, Stop},
    machine::Machine,
    platforms::RegisterValue,
};

use crate::failure::Result;

/// Stores of an instruction: address and bytes.
pub(crate) type Stores = Vec<(u64, Vec<u8>)>;

/// One of the two.
struct Side {
    emulator: Box<dyn Emulator>,
    stores: Rc<RefCell<Stores>>,
}

/// A register that the two show differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegisterDifference {
    pub(crate) name: String,
    /// Before the instruction.
    pub(crate) before: RegisterValue,
    pub(crate) left: RegisterValue,
    pub(crate) right: RegisterValue,
}

/// How one of the two ended an instruction.
#[derive(Debug)]
pub(crate) enum Ending {
    /// It can go on.
    Done,
    Stopped(Stop),
    Failed(Error),
}

impl Ending {
    /// What it says, for comparison and for people.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Done => "goes on".to_owned(),
            Self::Stopped(stop) => stop.to_string(),
            Self::Failed(error) => error.to_string(),
        }
    }
}

/// The first difference.
#[derive(Debug)]
pub(crate) struct Divergence {
    /// The instruction.
    pub(crate) pc: u64,
    /// How many instructions executed alike before.
    pub(crate) count: u64,
    pub(crate) registers: Vec<RegisterDifference>,
    pub(crate) stores: [Stores; 2],
    pub(crate) endings: [Ending; 2],
    /// The instructions before, the last one at the end.
    pub(crate) path: Vec<u64>,
}

/// How the comparison ended.
pub(crate) enum Outcome {
    Diverged(Box<Divergence>),
    /// Both stopped alike, after so many instructions.
    Agreed(Ending, u64),
}

/// A register that both have.
struct Register {
    id: RegisterId,
    name: String,
    /// Its value after the last instruction.
    before: RegisterValue,
    /// The bits that differ before anything is executed, whatever is written:
    /// they say what the engines are, and are not compared.
    fixed: [u8; WIDEST],
}

/// The widest register in bytes.
const WIDEST: usize = 64;

fn bytes_of(value: &RegisterValue) -> [u8; WIDEST] {
    let mut bytes = [0; WIDEST];
    value.write_le_bytes(&mut bytes);
    bytes
}

impl Register {
    fn differ(&self, left: &RegisterValue, right: &RegisterValue) -> bool {
        let (left, right) = (bytes_of(left), bytes_of(right));
        left.iter().zip(right).zip(self.fixed).any(|((left, right), fixed)| (left ^ right) & !fixed != 0)
    }
}

/// Two emulators of one machine.
pub(crate) struct LockStep {
    sides: [Side; 2],
    registers: Vec<Register>,
    path: VecDeque<u64>,
}

/// How many instructions before a difference are told.
const PATH: usize = 10;

impl LockStep {
    /// Puts a machine into two emulators.
    pub(crate) fn new(machine: &Machine, emulators: [Box<dyn Emulator>; 2]) -> Result<Self> {
        let mut sides = Vec::with_capacity(2);
        for mut emulator in emulators {
            machine.apply(emulator.as_mut())?;
            let stores = Rc::new(RefCell::new(Stores::new()));
            let seen = Rc::clone(&stores);
            emulator.hook_memory_writes(move |_, address, bytes| {
                seen.borrow_mut().push((address, bytes.to_vec()));
                Ok(Flow::Continue)
            })?;
            sides.push(Side { emulator, stores });
        }
        let sides: [Side; 2] = match sides.try_into() {
            Ok(sides) => sides,
            Err(_) => unreachable!("there are two emulators"),
        };
        let mut registers = Vec::new();
        let pc = machine.definition().register(machine.definition().program_counter);
        for (id, register) in machine.definition().registers().roots() {
            if Some(id) != pc && sides.iter().all(|side| side.emulator.has_register(id)) {
                let value = sides[0].emulator.read_wide_register_id(id)?;
                registers.push(Register {
                    id,
                    name: register.name.clone(),
                    before: value,
                    fixed: [0; WIDEST],
                });
            }
        }
        Ok(Self { sides, registers, path: VecDeque::new() })
    }

    /// Makes registers equal that differ before anything is executed, as far
    /// as they can be written; the names of those that were, and of those of
    /// which some bits keep differing and are not compared.
    pub(crate) fn align(&mut self) -> Result<[Vec<String>; 2]> {
        let mut names = [Vec::new(), Vec::new()];
        for register in &mut self.registers {
            let right = self.sides[1].emulator.read_wide_register_id(register.id)?;
            if right == register.before {
                continue;
            }
            // What cannot be written stays as it is, and is told.
            let _ = self.sides[1].emulator.write_wide_register_id(register.id, register.before);
            let right = self.sides[1].emulator.read_wide_register_id(register.id)?;
            if right == register.before {
                names[0].push(register.name.clone());
                continue;
            }
            let (left, right) = (bytes_of(&register.before), bytes_of(&right));
            for ((fixed, left), right) in register.fixed.iter_mut().zip(left).zip(right) {
                *fixed = left ^ right;
            }
            names[1].push(register.name.clone());
        }
        Ok(names)
    }

    /// Leaves a register, or the part of one that a name stands for, out of
    /// the comparison.
    pub(crate) fn ignore(&mut self, machine: &Machine, name: &str) {
        let table = machine.definition().registers();
        let Some(id) = table.lookup(name) else { return };
        let part = table.get(id);
        let ones = RegisterValue::mask(part.bits.into());
        let mask = bytes_of(&RegisterValue::ZERO.insert(part.low_bit.into(), part.bits.into(), &ones));
        for register in self.registers.iter_mut().filter(|register| register.id == part.root) {
            for (fixed, mask) in register.fixed.iter_mut().zip(mask) {
                *fixed |= mask;
            }
        }
    }

    /// Executes up to so many instructions, or until the two differ.
    pub(crate) fn run(&mut self, limit: u64) -> Result<Outcome> {
        let mut count = 0;
        loop {
            if count >= limit {
                return Ok(Outcome::Agreed(Ending::Done, count));
            }
            let pc = self.sides[0].emulator.program_counter();
            let [left, right] = &mut self.sides;
            let endings = [step(left), step(right)];
            if let Some(divergence) = self.compare(pc, count, endings)? {
                match divergence {
                    Ok(ending) => return Ok(Outcome::Agreed(ending, count)),
                    Err(divergence) => return Ok(Outcome::Diverged(divergence)),
                }
            }
            count += 1;
            if self.path.len() == PATH {
                self.path.pop_front();
            }
            self.path.push_back(pc);
        }
    }

    /// `None`: both go on alike. `Ok`: both ended alike.
    fn compare(
        &mut self,
        pc: u64,
        count: u64,
        endings: [Ending; 2],
    ) -> Result<Option<Result<Ending, Box<Divergence>>>> {
        let mut differences = Vec::new();
        for register in &mut self.registers {
            let left = self.sides[0].emulator.read_wide_register_id(register.id)?;
            let right = self.sides[1].emulator.read_wide_register_id(register.id)?;
            if register.differ(&left, &right) {
                let (name, before) = (register.name.clone(), register.before);
                differences.push(RegisterDifference { name, before, left, right });
            }
            register.before = left;
        }
        let pcs = self.sides.each_ref().map(|side| side.emulator.program_counter());
        if pcs[0] != pcs[1] {
            differences.push(RegisterDifference {
                name: "pc".to_owned(),
                before: pc.into(),
                left: pcs[0].into(),
                right: pcs[1].into(),
            });
        }
        let stores = self.sides.each_ref().map(|side| std::mem::take(&mut *side.stores.borrow_mut()));
        let same_endings = endings[0].text() == endings[1].text();
        if differences.is_empty() && stores[0] == stores[1] && same_endings {
            let [left, _] = endings;
            return Ok(match left {
                Ending::Done => None,
                ended => Some(Ok(ended)),
            });
        }
        let path = self.path.iter().copied().collect();
        let divergence = Divergence { pc, count, registers: differences, stores, endings, path };
        Ok(Some(Err(Box::new(divergence))))
    }
}

fn step(side: &mut Side) -> Ending {
    match side.emulator.step() {
        Ok(Step::Done) => Ending::Done,
        Ok(Step::Stopped(stop)) => Ending::Stopped(stop),
        Err(error) => Ending::Failed(error),
    }
}
