//! [`IndirectFunctions`]: slots whose content a function of the guest chooses.

use std::{any::Any, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Emulator, EmulatorExt as _, Limits, Permissions};
use terrella_machine_state::{
    ArgumentValue, Cpu, Difference, Error, Machine, MachineItem, Phase, Result, Return,
    call::{CallSetup, call_on, return_address},
};

use crate::relocation::SlotShape;

/// How many instructions a resolver may take.
const INSTRUCTION_LIMIT: u64 = 50_000_000;
/// The stack that resolvers run on.
const STACK: u64 = 0x1_0000;

/// Slots of indirect functions (`STT_GNU_IFUNC`, `R_*_IRELATIVE`): each takes
/// what its resolver, a function of the guest, returns.
///
/// The resolvers run when the machine is applied, in the emulator and on a
/// stack of their own; afterwards registers are as before. A machine that was
/// extracted from an emulator has its slots filled. [`resolve_indirect`] does
/// it once for all later uses of a machine.
///
/// Resolvers are told of no features of the processor: their argument on
/// processors that have one (`AT_HWCAP`) is zero.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IndirectFunctions {
    /// The slots and their resolvers, as code pointers.
    slots: BTreeMap<u64, u64>,
    /// What those are that are more than a word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    shapes: BTreeMap<u64, SlotShape>,
    /// What resolvers expect in `r2` and `gp`.
    #[serde(default)]
    pointers: (Option<u64>, Option<u64>),
}

impl IndirectFunctions {
    pub(crate) fn new(
        slots: BTreeMap<u64, u64>,
        shapes: BTreeMap<u64, SlotShape>,
        toc: Option<u64>,
        global_pointer: Option<u64>,
    ) -> Self {
        Self { slots, shapes, pointers: (toc, global_pointer) }
    }

    /// How many slots are still to be filled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether all slots are filled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    fn run(&self, emulator: &mut dyn Emulator) -> Result<()> {
        let definition = emulator.definition();
        let width = usize::from(definition.pointer_bytes);
        let mut known = BTreeMap::new();
        for (slot, resolver) in &self.slots {
            let target = match known.get(resolver) {
                Some(target) => *target,
                None => {
                    let back = return_address(emulator)?;
                    let arguments = [ArgumentValue::from(0_u64)];
                    let mut setup =
                        CallSetup::new(definition.default_convention(), *resolver, &arguments, back);
                    setup.returns = Return::Pointer;
                    (setup.toc, setup.global_pointer) = self.pointers;
                    let limits = Limits::instructions(INSTRUCTION_LIMIT);
                    let target = call_on(emulator, &setup, &limits)?.value.as_u64();
                    known.insert(*resolver, target);
                    target
                }
            };
            match self.shapes.get(slot) {
                None => emulator.write_integer(*slot, target.into(), width)?,
                Some(SlotShape::Descriptor) => {
                    let mut descriptor = [0; 24];
                    emulator.read_memory(target, &mut descriptor)?;
                    emulator.write_memory(*slot, &descriptor)?;
                }
                Some(shape) => {
                    for (index, word) in (1..).zip(shape.code(target)) {
                        emulator.write_integer(slot.wrapping_add(4 * index), word.into(), 4)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A range of which nothing is mapped.
fn free_range(emulator: &dyn Emulator) -> Option<AddressRange> {
    let map = emulator.memory_map();
    let top = emulator.definition().highest_address().min(0x7fff_ffff);
    let mut first = top.checked_sub(2 * STACK)? & !(STACK - 1);
    loop {
        let range = AddressRange::sized(first, STACK).ok()?;
        match map
            .iter()
            .filter(|region| region.range.overlaps(&range))
            .map(|region| region.range.first())
            .min()
        {
            None => return Some(range),
            Some(low) => first = low.checked_sub(STACK)? & !(STACK - 1),
        }
    }
}

#[typetag::serde(name = "terrella.indirect-functions.v1")]
impl MachineItem for IndirectFunctions {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    /// After the registers: the thread pointer may be needed.
    fn phase(&self) -> Phase {
        Phase::Hooks
    }

    fn apply(&self, name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        if self.slots.is_empty() {
            return Ok(());
        }
        let stack = free_range(emulator).ok_or_else(|| Error::NoPlace {
            convention: "the stack of resolvers",
            what: "no free memory".to_owned(),
        })?;
        let definition = emulator.definition();
        let mut before = Cpu::new(emulator.platform());
        MachineItem::extract(&mut before, name, emulator)?;
        emulator.map_memory(stack, Permissions::READ_WRITE)?;
        let done = emulator
            .write_register(definition.stack_pointer, stack.last() - 0xff)
            .map_err(Error::from)
            .and_then(|()| self.run(emulator));
        emulator.unmap_memory(stack)?;
        MachineItem::apply(&before, name, emulator)?;
        done
    }

    fn extract(&mut self, _name: &str, _emulator: &mut dyn Emulator) -> Result<()> {
        // They were filled when the machine was applied.
        self.slots.clear();
        self.shapes.clear();
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        let after = other.downcast_ref::<Self>().map_or(0, Self::len);
        if after != self.len() {
            out.push(Difference::Changed {
                item: name.to_owned(),
                what: "slots to be filled".to_owned(),
                before: self.len().to_string(),
                after: after.to_string(),
            });
        }
    }

    fn summary(&self) -> String {
        match self.len() {
            0 => "indirect functions, all resolved".to_owned(),
            count => format!("{count} slots of indirect functions, filled when the machine is applied"),
        }
    }

    fn vanished(&self) -> bool {
        self.slots.is_empty()
    }
}

/// Runs the resolvers of a machine's indirect functions in a fresh emulator,
/// and puts what they choose into the machine. Gives how many slots were
/// filled.
///
/// # Errors
/// What applying the machine reports.
pub fn resolve_indirect(machine: &mut Machine, emulator: &mut dyn Emulator) -> Result<usize> {
    let names: Vec<String> =
        machine.iter_of::<IndirectFunctions>().map(|(name, _)| name.to_owned()).collect();
    if names.is_empty() {
        return Ok(0);
    }
    machine.apply(emulator)?;
    let width = usize::from(machine.definition().pointer_bytes);
    let mut count = 0;
    for name in names {
        let item = machine.get::<IndirectFunctions>(&name)?;
        let bytes_of = |slot: &u64| (*slot, item.shapes.get(slot).map_or(width, |shape| shape.bytes()));
        let slots: Vec<(u64, usize)> = item.slots.keys().map(bytes_of).collect();
        for (slot, length) in slots {
            let mut bytes = vec![0; length];
            emulator.read_memory(slot, &mut bytes)?;
            machine.write_memory(slot, &bytes)?;
            count += 1;
        }
        machine.remove(&name)?;
    }
    Ok(count)
}
