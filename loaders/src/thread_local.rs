//! [`ThreadLocalAddress`]: the function that finds thread-local variables of
//! other modules.

use serde::{Deserialize, Serialize};
use terrella_machine_state::{EmulatorExt as _, Flow, Function, HookError, call::Call};

/// `__tls_get_addr` and its relatives: the address of a variable by the
/// number of its module and its offset there
/// (U. Drepper, "ELF Handling For Thread-Local Storage", section 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadLocalAddress {
    /// The address of each module's block, less the bias of offsets.
    blocks: Vec<u64>,
    /// How it is called.
    call: Entrance,
    /// What the result is relative to.
    pointer: u64,
}

/// How the function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Entrance {
    /// With the address of number and offset as its argument.
    Argument,
    /// With that address in a register.
    Register,
    /// With its distance from the offset table, whose address is in `r12`;
    /// the result is relative to the thread pointer (s390x).
    OffsetTable,
    /// Without arguments, for the thread pointer.
    ThreadPointer,
}

impl ThreadLocalAddress {
    pub(crate) fn new(blocks: Vec<u64>, call: Entrance, pointer: u64) -> Self {
        Self { blocks, call, pointer }
    }
}

#[typetag::serde(name = "terrella.thread-local-address.v1")]
impl Function for ThreadLocalAddress {
    fn clone_function(&self) -> Box<dyn Function> {
        Box::new(self.clone())
    }

    fn call(&mut self, call: &mut Call<'_>) -> Result<Flow, HookError> {
        if self.call == Entrance::ThreadPointer {
            call.return_pointer(self.pointer)?;
            return Ok(Flow::Continue);
        }
        let index = match self.call {
            Entrance::Argument | Entrance::ThreadPointer => call.next_pointer()?,
            Entrance::Register => call.emulator().read_register("eax")?,
            Entrance::OffsetTable => {
                let offset = call.next_pointer()?;
                call.emulator().read_register("r12")?.wrapping_add(offset)
            }
        };
        let emulator = call.emulator();
        let width = usize::from(emulator.definition().pointer_bytes);
        let module = emulator.read_integer(index, width)? as u64;
        let offset = emulator.read_integer(index.wrapping_add(width as u64), width)? as u64;
        let block = module.checked_sub(1).and_then(|module| self.blocks.get(usize::try_from(module).ok()?));
        let Some(block) = block else {
            return Err(format!("there is no module {module} with thread-local storage").into());
        };
        let base = if self.call == Entrance::OffsetTable { self.pointer } else { 0 };
        let mask = if width == 4 { 0xffff_ffff } else { u64::MAX };
        call.return_pointer(block.wrapping_add(offset).wrapping_sub(base) & mask)?;
        Ok(Flow::Continue)
    }
}
