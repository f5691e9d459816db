//! [`Emulator`], the object-safe core of the contract.

use terrella_platforms::{Platform, PlatformDefinition, RegisterId, RegisterValue};

use crate::{
    AddressRange, BlockHookable, Capabilities, Capability, Error, Extensions, FunctionHookable, HookHandle,
    InstructionHookable, InterruptHookable, Limits, MemoryReadHookable, MemoryRegion, MemoryWriteHookable,
    Overlap, Permissions, Result, Snapshot, Step, Stop, SyscallHookable,
};

/// Which engine an emulator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackendInfo {
    /// The name that the command line and error texts use.
    pub name: &'static str,
    /// The version of the engine.
    pub version: &'static str,
}

/// An emulator of one platform.
///
/// This is what every backend implements; a harness takes `&mut dyn Emulator`
/// and mostly calls the methods of [`EmulatorExt`](crate::EmulatorExt), which
/// take register names and plain closures. The numbers in the method
/// descriptions are the lines of the emulator contract
/// (`docs/` → reference → contract).
pub trait Emulator {
    /// The platform that it was made for (1.1).
    fn platform(&self) -> Platform;

    /// Which engine it is (1.1).
    fn backend(&self) -> BackendInfo;

    /// What it can do on this platform (1.1).
    fn capabilities(&self) -> Capabilities;

    /// What is known about the platform.
    fn definition(&self) -> &'static PlatformDefinition {
        self.platform().definition()
    }

    // ---- registers (section 2)

    /// The content of a register of up to 64 bits.
    ///
    /// # Errors
    /// [`Error::RegisterTooWide`] for a wider one;
    /// [`Error::RegisterNotAvailable`] if the backend lacks it.
    fn read_register_id(&self, register: RegisterId) -> Result<u64>;

    /// Writes a register of up to 64 bits. An alias changes only its part of
    /// the register below it. The program counter of a processor with Thumb
    /// code takes a code pointer: with bit 0 set the processor goes to Thumb
    /// state, with bit 0 clear the state stays.
    ///
    /// # Errors
    /// [`Error::ValueTooWide`], [`Error::FixedRegister`],
    /// [`Error::RegisterNotAvailable`].
    fn write_register_id(&mut self, register: RegisterId, value: u64) -> Result<()>;

    /// The content of a register of any width.
    ///
    /// # Errors
    /// [`Error::RegisterNotAvailable`].
    fn read_wide_register_id(&self, register: RegisterId) -> Result<RegisterValue>;

    /// Writes a register of any width.
    ///
    /// # Errors
    /// As [`Self::write_register_id`].
    fn write_wide_register_id(&mut self, register: RegisterId, value: RegisterValue) -> Result<()>;

    /// Whether the backend has the register at all.
    fn has_register(&self, register: RegisterId) -> bool;

    /// The program counter: the address of the next instruction, without a
    /// state bit.
    fn program_counter(&self) -> u64;

    /// Sets the program counter, as [`Self::write_register_id`] does.
    ///
    /// # Errors
    /// [`Error::ValueTooWide`].
    fn set_program_counter(&mut self, code_pointer: u64) -> Result<()>;

    /// Attaches a label to a register (2.3).
    ///
    /// # Errors
    /// [`Error::Unsupported`] on backends that keep no labels, which is the
    /// default: labels belong to the machine state.
    fn write_register_label(&mut self, _register: RegisterId, _label: &str) -> Result<()> {
        Err(self.unsupported(Capability::Labels))
    }

    /// Attaches a label to memory (3.4).
    ///
    /// # Errors
    /// As [`Self::write_register_label`].
    fn write_memory_label(&mut self, _range: AddressRange, _label: &str) -> Result<()> {
        Err(self.unsupported(Capability::Labels))
    }

    // ---- memory (section 3)

    /// Maps a range of zeros, to the byte (3.1, 3.2).
    ///
    /// # Errors
    /// [`Error::MapOverlap`], [`Error::WrappingRange`],
    /// [`Error::OutOfMemory`]; nothing is mapped then.
    fn map_memory_with(
        &mut self,
        range: AddressRange,
        permissions: Permissions,
        overlap: Overlap,
    ) -> Result<()>;

    /// Takes a range out of the memory map; it need not match what was
    /// mapped, but all of it must be mapped. Its content is lost (3.2).
    ///
    /// # Errors
    /// [`Error::NotMapped`], [`Error::WrappingRange`].
    fn unmap_memory(&mut self, range: AddressRange) -> Result<()>;

    /// Changes the permissions of a range, all of which must be mapped (3.2).
    ///
    /// # Errors
    /// [`Error::NotMapped`], [`Error::WrappingRange`].
    fn protect_memory(&mut self, range: AddressRange, permissions: Permissions) -> Result<()>;

    /// What is mapped, by address, merged where ranges touch and have equal
    /// permissions (3.1).
    fn memory_map(&self) -> Vec<MemoryRegion>;

    /// The parts of a mapped range that can hold anything but zeros, in order
    /// and apart from each other; a backend that does not know gives the whole
    /// range. It makes copies of large and mostly unused memory cheap.
    fn touched_memory(&self, range: AddressRange) -> Vec<AddressRange> {
        if range.is_empty() { Vec::new() } else { vec![range] }
    }

    /// Reads memory, whatever its permissions (3.3).
    ///
    /// # Errors
    /// [`Fault::Memory`](crate::Fault::Memory) with the first address that is
    /// not mapped.
    fn read_memory(&self, address: u64, bytes: &mut [u8]) -> Result<()>;

    /// Writes memory, whatever its permissions. Code that was written is seen
    /// by its next execution (3.3).
    ///
    /// # Errors
    /// [`Fault::Memory`](crate::Fault::Memory) with the first address that is
    /// not mapped; nothing is written then.
    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<()>;

    /// Writes code: [`Self::write_memory`] and whatever more the backend does
    /// to see it (3.3).
    ///
    /// # Errors
    /// As [`Self::write_memory`].
    fn write_code(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        self.write_memory(address, bytes)
    }

    // ---- execution (section 4)

    /// Runs until an exit point, a bound, a stop asked for by a callback, a
    /// limit, or an error (4.1).
    ///
    /// # Errors
    /// [`Error::Fault`] for what the guest did, [`Error::Callback`] for what a
    /// callback returned, [`Error::Reentrant`] inside a callback.
    fn run_with(&mut self, limits: &Limits) -> Result<Stop>;

    /// Executes one instruction; with delay slots, a branch and its slot (4.2).
    ///
    /// # Errors
    /// As [`Self::run_with`].
    fn step(&mut self) -> Result<Step>;

    /// Executes one basic block (4.2).
    ///
    /// # Errors
    /// As [`Self::run_with`].
    fn step_block(&mut self) -> Result<Step>;

    /// Asks for the run to end, from inside a callback.
    fn request_stop(&mut self);

    /// The number of instructions that the last run or step executed, as 4.6
    /// counts them; `None` if they were not counted: see [`Limits::count`].
    fn instructions_executed(&self) -> Option<u64>;

    /// Adds an exit point: the run stops before the instruction there (4.3).
    fn add_exit_point(&mut self, address: u64);

    /// Removes an exit point; `false` if there was none.
    fn remove_exit_point(&mut self, address: u64) -> bool;

    /// The exit points, by address.
    fn exit_points(&self) -> Vec<u64>;

    /// Adds an exit-after point: the run stops right after the instruction
    /// there has executed (4.3).
    fn add_exit_after_point(&mut self, address: u64);

    /// Removes an exit-after point; `false` if there was none.
    fn remove_exit_after_point(&mut self, address: u64) -> bool;

    /// The exit-after points, by address.
    fn exit_after_points(&self) -> Vec<u64>;

    /// Adds a range that the program counter may be in (4.4).
    fn add_bound(&mut self, range: AddressRange);

    /// Removes any part of any bound (4.4). When the last part of the last
    /// bound goes, there are no bounds any more, and everything is in them.
    fn remove_bound(&mut self, range: AddressRange);

    /// The bounds, by address, merged where they touch.
    fn bounds(&self) -> Vec<AddressRange>;

    // ---- snapshots (section 7)

    /// Takes a snapshot of registers, memory and map (7.1).
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    fn snapshot(&mut self) -> Result<Snapshot>;

    /// Goes back to a snapshot, at a cost proportional to the pages changed
    /// (7.1).
    ///
    /// # Errors
    /// [`Error::ForeignSnapshot`] for one of another emulator.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<()>;

    /// Named state of models that belongs to the emulator: snapshots capture
    /// it and restores bring it back.
    fn extensions(&self) -> &Extensions;

    /// The same, to be changed.
    fn extensions_mut(&mut self) -> &mut Extensions;

    // ---- hooks (section 5)

    /// Removes the hook of a handle (5.3).
    ///
    /// # Errors
    /// [`Error::StaleHook`].
    fn unhook(&mut self, handle: HookHandle) -> Result<()>;

    /// The instruction-hook family (1.2).
    ///
    /// # Errors
    /// [`Error::Unsupported`], as for the other families.
    fn instruction_hookable(&mut self) -> Result<&mut dyn InstructionHookable> {
        Err(self.unsupported(Capability::InstructionHooks))
    }

    /// The block-hook family.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    fn block_hookable(&mut self) -> Result<&mut dyn BlockHookable> {
        Err(self.unsupported(Capability::BlockHooks))
    }

    /// The function-hook family.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    fn function_hookable(&mut self) -> Result<&mut dyn FunctionHookable> {
        Err(self.unsupported(Capability::FunctionHooks))
    }

    /// The memory-read-hook family.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    fn memory_read_hookable(&mut self) -> Result<&mut dyn MemoryReadHookable> {
        Err(self.unsupported(Capability::MemoryReadHooks))
    }

    /// The memory-write-hook family.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    fn memory_write_hookable(&mut self) -> Result<&mut dyn MemoryWriteHookable> {
        Err(self.unsupported(Capability::MemoryWriteHooks))
    }

    /// The syscall-hook family.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    fn syscall_hookable(&mut self) -> Result<&mut dyn SyscallHookable> {
        Err(self.unsupported(Capability::SyscallHooks))
    }

    /// The interrupt-hook family.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    fn interrupt_hookable(&mut self) -> Result<&mut dyn InterruptHookable> {
        Err(self.unsupported(Capability::InterruptHooks))
    }

    /// The error that says that this backend lacks something.
    fn unsupported(&self, capability: Capability) -> Error {
        Error::Unsupported {
            backend: self.backend().name,
            platform: self.platform(),
            capability,
            reason: String::new(),
        }
    }
}
