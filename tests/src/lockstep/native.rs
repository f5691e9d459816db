//! [`InProcess`]: a backend of this repository as a subject.

use std::{cell::RefCell, rc::Rc};

use terrella_emulator_api::{
    Emulator, EmulatorExt, Flow, Permissions, Platform, RegisterId, RegisterValue, Snapshot,
};

use super::{Answer, Ending, Error, Kind, Outcome, Plan, Subject, Task, outcome::changes, plan::Place};
use crate::backends;

type Stores = Rc<RefCell<Vec<(u64, Vec<u8>)>>>;

/// A backend of this repository as a subject.
pub(super) struct InProcess {
    name: &'static str,
    platform: Platform,
    place: Place,
    machine: Machine,
    /// What the compared registers hold before anything is set.
    initial: Vec<RegisterValue>,
}

struct Machine {
    emulator: Box<dyn Emulator>,
    stores: Stores,
    start: Snapshot,
}

impl InProcess {
    /// The backend of a name, with code and data mapped.
    pub(super) fn new(name: &'static str, platform: Platform, place: Place) -> Result<Self, Error> {
        let machine = Machine::new(name, platform, place)?;
        Ok(Self { name, platform, place, machine, initial: Vec::new() })
    }
}

impl Machine {
    fn new(name: &'static str, platform: Platform, place: Place) -> Result<Self, Error> {
        let backend = backends().iter().find(|backend| backend.name == name);
        let backend = backend.ok_or(Error::NotRun { reference: name, platform })?;
        let mut emulator = (backend.make)(platform)?;
        emulator.map_memory(place.code(), Permissions::ALL)?;
        emulator.write_memory(place.code, &place.surroundings())?;
        emulator.map_memory(place.data..place.data + place.size, Permissions::READ_WRITE)?;
        let stores = Stores::default();
        let seen = Rc::clone(&stores);
        emulator.hook_memory_writes(move |_, address, bytes| {
            seen.borrow_mut().push((address, bytes.to_vec()));
            Ok(Flow::Continue)
        })?;
        let start = emulator.snapshot()?;
        Ok(Self { emulator, stores, start })
    }

    fn registers(&self, plan: &Plan) -> Result<Vec<RegisterValue>, Error> {
        let read = |id| self.emulator.read_wide_register_id(id);
        Ok(plan.compared.iter().map(|it| read(it.id)).collect::<Result<_, _>>()?)
    }
}

impl Subject for InProcess {
    fn has(&self, register: RegisterId) -> bool {
        self.machine.emulator.has_register(register)
    }

    fn start(&mut self, plan: &Plan) -> Result<Vec<RegisterValue>, Error> {
        self.machine = Machine::new(self.name, self.platform, self.place)?;
        self.initial = self.machine.registers(plan)?;
        Ok(self.initial.clone())
    }

    fn run(&mut self, plan: &Plan, task: &Task) -> Result<Answer, Error> {
        let data = task.data(plan.place.size);
        if self.initial.is_empty() {
            self.start(plan)?;
        }
        self.machine.emulator.restore(&self.machine.start)?;
        // Unicorn does not bring back the exceptions of floating point of
        // every processor.
        if self.machine.registers(plan)? != self.initial {
            self.machine = Machine::new(self.name, self.platform, self.place)?;
        }
        let machine = &mut self.machine;
        machine.emulator.write_memory(plan.place.data, &data)?;
        machine.emulator.write_code(task.address, &task.code)?;
        for (chosen, value) in plan.set.iter().zip(&task.registers) {
            machine.emulator.write_wide_register_id(chosen.id, *value)?;
        }
        machine.emulator.set_program_counter(plan.code_pointer(task.address))?;
        machine.stores.borrow_mut().clear();
        let ending = Ending::of(&machine.emulator.step());
        let mut after = vec![0; data.len()];
        let is_done = ending.kind == Kind::Done;
        if is_done {
            machine.emulator.read_memory(plan.place.data, &mut after)?;
        }
        let mut stores = machine.stores.borrow().clone();
        stores.sort();
        Ok(Answer::Outcome(Outcome {
            ending,
            registers: machine.registers(plan)?,
            pc: machine.emulator.program_counter(),
            changed: if is_done { changes(&data, &after) } else { Vec::new() },
            stores: Some(stores),
        }))
    }
}
