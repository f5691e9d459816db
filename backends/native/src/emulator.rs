//! [`NativeEmulator`], and the contract's core as it implements it.

use std::{collections::BTreeSet, rc::Rc, sync::Arc};

use hashbrown::HashMap;
use terrella_emulator_api::{
    AddressRange, BackendInfo, BlockHookable, Capabilities, Capability, Emulator, Error, Extensions,
    FunctionHookable, HookHandle, HookTable, InstructionHookable, InterruptHookable, Limits,
    MemoryReadHookable, MemoryRegion, MemoryWriteHookable, Overlap, Permissions, RangeSet, Result, Snapshot,
    Step, Stop, SyscallHookable,
};
use terrella_platforms::{
    ByteOrder, CodeAddressBit, Platform, PlatformDefinition, RegisterId, RegisterValue,
};
use terrella_sleigh::{Context, Language, Processor};

use crate::{
    NAME, VERSION, arm,
    cache::Cache,
    file::RegisterFile,
    layout::{Constants, Layout},
    loops::Loops,
    memory::Memory,
    outside::Outside,
    registers::{self, RegisterMap},
    run::{Mode, RunState},
    segmented::Segmented,
    spaces::Spaces,
    target::{Target, target},
    translate::Translator,
    userops::{
        Handlers,
        sparc_windows::Windows,
        xtensa_windows::{Entered, RegisterWindows},
    },
    x86,
};

/// An emulator of one platform, run by Terrella's own engine.
pub struct NativeEmulator {
    pub(crate) platform: Platform,
    pub(crate) definition: &'static PlatformDefinition,
    pub(crate) processor: Arc<Processor>,
    pub(crate) target: Target,
    pub(crate) layout: Layout,
    pub(crate) spaces: Spaces,
    /// How many bytes an address of code stands for in registers.
    pub(crate) code_unit: u64,
    pub(crate) constants: Constants,
    pub(crate) file: RegisterFile,
    pub(crate) registers: RegisterMap,
    pub(crate) memory: Memory,
    pub(crate) cache: Cache,
    pub(crate) translator: Translator,
    pub(crate) handlers: Handlers,
    /// Where the registers of x86 are.
    pub(crate) x86: Option<x86::Registers>,
    /// Where those of Arm's processors are.
    pub(crate) arm: Option<arm::Registers>,
    pub(crate) hooks: HookTable,
    /// Bytes of stack arguments that hooked functions take off.
    pub(crate) function_pops: HashMap<u64, u64>,
    pub(crate) exits: BTreeSet<u64>,
    pub(crate) exit_afters: BTreeSet<u64>,
    pub(crate) bounds: RangeSet,
    pub(crate) extensions: Extensions,
    /// The address of the next instruction.
    pub(crate) pc: u64,
    pub(crate) context: Context,
    pub(crate) address_mask: u64,
    /// All ones where accesses must be aligned, else zero.
    pub(crate) alignment_mask: u64,
    /// The places of registers that have one value whatever is written, and
    /// their ends.
    pub(crate) fixed_places: Vec<(usize, usize)>,
    pub(crate) data_big_endian: bool,
    /// The place of the register that tells the instruction set, and the
    /// context field that follows it.
    pub(crate) mode_switch: Option<(u16, u32, u32)>,
    /// Where bit 0 of computed jumps is, if it is a part of the address.
    pub(crate) low_bit: Option<u16>,
    /// Where the program counter is linear, and an offset in a segment.
    pub(crate) segmented: Option<Segmented>,
    /// Code, hooks or exits changed: blocks are looked up anew.
    pub(crate) stale: bool,
    pub(crate) run: RunState,
    /// The block that comes next, if it is known.
    pub(crate) link: Option<u32>,
    /// What the instruction under way wrote so far.
    pub(crate) saved: Vec<u8>,
    pub(crate) saved_by: Option<usize>,
    /// Where the vector registers of AArch64 are, of which every write sets
    /// the whole.
    pub(crate) vectors: Option<(usize, usize)>,
    /// Where the registers of windows are (SPARC).
    pub(crate) windows: Option<Windows>,
    /// Where what belongs to windows is (Xtensa).
    pub(crate) register_windows: Option<RegisterWindows>,
    /// The window of the function whose hook is under way (Xtensa).
    pub(crate) entered: Option<Entered>,
    /// Where loops end (Xtensa).
    pub(crate) loops: Option<Loops>,
    /// The address of the instruction whose user operation is under way.
    pub(crate) user_pc: u64,
    pub(crate) serials: Vec<u64>,
    /// The number in its block of the instruction whose operation is under
    /// way.
    pub(crate) user_index: u32,
    pub(crate) outside: Outside,
    /// The address and the size of a linked load that a store may follow.
    pub(crate) reservation: Option<(u64, u8)>,
    pub(crate) owner: Rc<()>,
}

impl NativeEmulator {
    /// Makes an emulator with nothing mapped, and with registers as after a
    /// reset, save that floating point is on and rounds to nearest with all
    /// exceptions masked.
    ///
    /// # Errors
    /// [`Error::UnsupportedPlatform`] for a platform without a specification;
    /// [`Error::Backend`] if its compiled form cannot be read.
    pub fn new(platform: Platform) -> Result<Self> {
        let unsupported =
            |reason: &str| Error::UnsupportedPlatform { backend: NAME, platform, reason: reason.to_owned() };
        let entry = terrella_sleigh_languages::entry_of(platform)
            .ok_or_else(|| unsupported("there is no specification of it"))?;
        let processor = terrella_sleigh_languages::load(entry.name)
            .map_err(|error| Error::Backend { backend: NAME, message: error.to_string() })?;
        Self::with_processor(platform, processor)
    }

    /// Makes an emulator whose instructions are those of a processor other
    /// than the one that the platform has here: a specification of one's own,
    /// compiled with [`Processor::compile_cached`], say one with instructions
    /// added. Its registers are found by the names that the platform's have
    /// in the published specification.
    ///
    /// What the engine executes itself, because the published semantics are
    /// not exact, it executes for this processor too: on x86 what
    /// [`NativeEmulator::new`] does not leave to the specification, elsewhere
    /// instructions found by the architecture's encoding.
    ///
    /// # Errors
    /// [`Error::UnsupportedPlatform`] for more registers than there is room
    /// for.
    pub fn with_processor(platform: Platform, processor: Arc<Processor>) -> Result<Self> {
        let unsupported =
            |reason: &str| Error::UnsupportedPlatform { backend: NAME, platform, reason: reason.to_owned() };
        let mut layout = Layout::new(&processor.language)
            .ok_or_else(|| unsupported("its registers are more than the register file holds"))?;
        let definition = platform.definition();
        let target = target(platform);
        let registers = RegisterMap::new(platform, &processor.language, &mut layout);
        let arm = arm::Registers::new(platform, &processor.language, &mut layout);
        let spaces = Spaces::new(target.spaces, &processor.language, &layout, definition)
            .ok_or_else(|| unsupported("the specification lacks a space or a register of the platform"))?;
        let code_unit = processor.language.space(processor.language.default_space());
        let code_unit = code_unit.map_or(1, |space| space.word_size.into());
        let mode_switch = target.mode_switch.and_then(|(register, field)| {
            let place = layout.place(&processor.language.register(register)?.varnode())?;
            let field = processor.language.context_field(field)?;
            Some((place as u16, field.high, field.low))
        });
        let low_bit = target.low_bit.and_then(|register| {
            layout.place(&processor.language.register(register)?.varnode()).map(|place| place as u16)
        });
        let segmented = Segmented::new(definition, &processor.language, &layout);
        let fixed_places = registers::fixed_places(platform, &processor.language, &layout);
        let vectors = crate::userops::access::vectors(&processor.language, &layout);
        let windows = Windows::new(definition, &processor.language, &mut layout);
        let register_windows = RegisterWindows::new(registers.rotating, &processor.language, &layout);
        let loops = Loops::new(&processor.language, &layout);
        let mut emulator = Self {
            platform,
            definition,
            translator: Translator::new(&processor, platform),
            handlers: Handlers::new(&processor.language, platform.architecture()),
            x86: x86::Registers::new(platform, &processor.language, &layout),
            arm,
            context: processor.context,
            target,
            layout,
            spaces,
            code_unit,
            constants: Constants::default(),
            file: RegisterFile::new(),
            registers,
            memory: Memory::new(definition.highest_address()),
            cache: Cache::default(),
            hooks: HookTable::default(),
            function_pops: HashMap::new(),
            exits: BTreeSet::new(),
            exit_afters: BTreeSet::new(),
            bounds: RangeSet::new(),
            extensions: Extensions::default(),
            pc: 0,
            address_mask: definition.highest_address(),
            alignment_mask: if target.strict_alignment { u64::MAX } else { 0 },
            fixed_places,
            data_big_endian: platform.byte_order() == ByteOrder::Big,
            mode_switch,
            low_bit,
            segmented,
            stale: false,
            run: RunState::default(),
            link: None,
            saved: Vec::new(),
            saved_by: None,
            user_pc: 0,
            user_index: 0,
            vectors,
            windows,
            register_windows,
            entered: None,
            loops,
            serials: Vec::new(),
            outside: Outside::default(),
            reservation: None,
            owner: Rc::new(()),
            processor,
        };
        emulator.reset();
        Ok(emulator)
    }

    /// The language of the specification.
    #[must_use]
    pub fn language(&self) -> &Language {
        &self.processor.language
    }

    /// The platforms that have a specification.
    pub fn platforms() -> impl Iterator<Item = Platform> {
        Platform::ALL
            .iter()
            .copied()
            .filter(|platform| terrella_sleigh_languages::entry_of(*platform).is_some())
    }

    /// Sets a register that only the engine works with.
    pub(crate) fn set_kept_register(&mut self, register: RegisterId, value: u64) {
        // What a processor lacks cannot be set.
        drop(self.registers.write(&mut self.file, &mut self.context, register, value.into()));
    }

    fn is_pc(&self, register: RegisterId) -> bool {
        self.definition.registers().try_get(register).is_some_and(|it| Some(it.root) == self.registers.pc)
    }

    fn step_result(stop: Stop) -> Step {
        match stop {
            Stop::InstructionLimit(_) => Step::Done,
            other => Step::Stopped(other),
        }
    }

    /// Tells that the map or the bounds are others: all code may be.
    pub(crate) fn map_changed(&mut self) {
        self.retranslate(None);
    }
}

impl Emulator for NativeEmulator {
    fn platform(&self) -> Platform {
        self.platform
    }

    fn backend(&self) -> BackendInfo {
        BackendInfo { name: NAME, version: VERSION }
    }

    fn capabilities(&self) -> Capabilities {
        Capability::ALL
            .iter()
            .filter(|capability| **capability != Capability::Labels)
            .fold(Capabilities::NONE, |all, capability| all.with(*capability))
    }

    fn definition(&self) -> &'static PlatformDefinition {
        self.definition
    }

    fn read_register_id(&self, register: RegisterId) -> Result<u64> {
        if self.is_pc(register) {
            let it = self.definition.registers().get(register);
            let pc = RegisterValue::from(self.program_counter());
            return Ok(pc.extract(it.low_bit.into(), it.bits.into()).low_u64());
        }
        if let Some(offset) = self.read_code_offset(register) {
            return Ok(offset);
        }
        if self.is_cycle_count(register) {
            return Ok(self.time() & u64::from(u32::MAX));
        }
        if let Some(address) = self.banked(register) {
            return self.read_banked(register, address);
        }
        self.registers.read_narrow(&self.file, self.context, register)
    }

    fn write_register_id(&mut self, register: RegisterId, value: u64) -> Result<()> {
        self.write_wide_register_id(register, value.into())
    }

    fn read_wide_register_id(&self, register: RegisterId) -> Result<RegisterValue> {
        if self.is_pc(register)
            || self.is_code_offset(register)
            || self.banked(register).is_some()
            || self.is_cycle_count(register)
        {
            return self.read_register_id(register).map(RegisterValue::from);
        }
        self.registers.read(&self.file, self.context, register)
    }

    fn write_wide_register_id(&mut self, register: RegisterId, value: RegisterValue) -> Result<()> {
        if self.is_pc(register) {
            let it = self.definition.registers().get(register);
            if value.bits() > u32::from(it.bits) {
                let (register, bits) = (it.name.clone(), it.bits.into());
                return Err(Error::ValueTooWide { register, bits, value });
            }
            let pc = RegisterValue::from(self.program_counter());
            let pointer = pc.insert(it.low_bit.into(), it.bits.into(), &value).low_u64();
            return self.set_program_counter(pointer);
        }
        if self.segmented.is_some()
            && let Some(result) = self.write_segmented(register, value)
        {
            return result;
        }
        if let Some(address) = self.banked(register) {
            return self.write_banked(register, address, value);
        }
        if self.is_cycle_count(register) {
            self.registers.write(&mut self.file, &mut self.context, register, value)?;
            self.set_cycle_count(value.low_u64() as u32);
            return Ok(());
        }
        let (window, base) = (self.window_pointer(), self.window_base());
        self.registers.write(&mut self.file, &mut self.context, register, value)?;
        if let Some(base) = base {
            self.follow_window_base(base);
            self.follow_loop_end();
        }
        if let Some(window) = window {
            self.rename_windows(window);
        }
        if self.registers.has_conditions(register) {
            // The flags word brings its conditions with it.
            self.run.conditions_at = None;
            self.follow_endianness();
        }
        self.follow_mode();
        Ok(())
    }

    fn has_register(&self, register: RegisterId) -> bool {
        match self.banked(register) {
            Some(address) => self.has_banked(address),
            None => self.registers.has(register),
        }
    }

    fn program_counter(&self) -> u64 {
        match (self.run.new_pc, self.run.callback_pc) {
            (Some(pointer), _) => self.definition.code_address(pointer),
            (None, Some(pc)) => pc,
            (None, None) => self.pc,
        }
    }

    fn set_program_counter(&mut self, code_pointer: u64) -> Result<()> {
        if code_pointer > self.definition.highest_address() {
            return Err(Error::ValueTooWide {
                register: self.definition.program_counter.to_owned(),
                bits: self.definition.address_bits.into(),
                value: code_pointer.into(),
            });
        }
        if self.run.callback_pc.is_some() {
            self.run.new_pc = Some(code_pointer);
            return Ok(());
        }
        let address = self.definition.code_address(code_pointer);
        if self.run.conditions_at.take().is_some_and(|at| at != address) {
            self.context = self.translator.flows(self.context);
        }
        for kept in [&mut self.run.skip_at, &mut self.run.skip_block_at, &mut self.run.mid_block] {
            if *kept != Some(address) {
                *kept = None;
            }
        }
        self.drop_reservation();
        self.go_to(code_pointer);
        if self.definition.code_address_bit == CodeAddressBit::ThumbOnly {
            // The flag of Thumb is set whatever was written to it.
            self.set_mode(1);
        }
        Ok(())
    }

    fn map_memory_with(
        &mut self,
        range: AddressRange,
        permissions: Permissions,
        overlap: Overlap,
    ) -> Result<()> {
        self.memory.map(range, permissions, overlap)?;
        self.map_changed();
        Ok(())
    }

    fn unmap_memory(&mut self, range: AddressRange) -> Result<()> {
        self.memory.unmap(range)?;
        self.map_changed();
        Ok(())
    }

    fn protect_memory(&mut self, range: AddressRange, permissions: Permissions) -> Result<()> {
        self.memory.protect(range, permissions)?;
        self.map_changed();
        Ok(())
    }

    fn memory_map(&self) -> Vec<MemoryRegion> {
        self.memory.map.regions()
    }

    fn touched_memory(&self, range: AddressRange) -> Vec<AddressRange> {
        self.memory.touched(range)
    }

    fn read_memory(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        self.memory.read(address, bytes).map_err(|error| self.at_pc(error))
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        self.memory.write(address, bytes).map_err(|error| self.at_pc(error))?;
        self.stale |= self.memory.has_written_code();
        Ok(())
    }

    fn run_with(&mut self, limits: &Limits) -> Result<Stop> {
        let result = self.execute(Mode::Run(*limits));
        self.spill_windows();
        result
    }

    fn step(&mut self) -> Result<Step> {
        self.execute(Mode::Run(Limits::instructions(1))).map(Self::step_result)
    }

    fn step_block(&mut self) -> Result<Step> {
        self.execute(Mode::Block).map(Self::step_result)
    }

    fn request_stop(&mut self) {
        self.run.stop_requested = true;
    }

    fn instructions_executed(&self) -> Option<u64> {
        Some(self.run.count)
    }

    fn add_exit_point(&mut self, address: u64) {
        if self.exits.insert(address) {
            self.retranslate(Some(address));
        }
    }

    fn remove_exit_point(&mut self, address: u64) -> bool {
        let removed = self.exits.remove(&address);
        if removed {
            self.retranslate(Some(address));
        }
        removed
    }

    fn exit_points(&self) -> Vec<u64> {
        self.exits.iter().copied().collect()
    }

    fn add_exit_after_point(&mut self, address: u64) {
        if self.exit_afters.insert(address) {
            self.retranslate(Some(address));
        }
    }

    fn remove_exit_after_point(&mut self, address: u64) -> bool {
        let removed = self.exit_afters.remove(&address);
        if removed {
            self.retranslate(Some(address));
        }
        removed
    }

    fn exit_after_points(&self) -> Vec<u64> {
        self.exit_afters.iter().copied().collect()
    }

    fn add_bound(&mut self, range: AddressRange) {
        self.bounds.insert(range);
        self.map_changed();
    }

    fn remove_bound(&mut self, range: AddressRange) {
        self.bounds.remove(range);
        self.map_changed();
    }

    fn bounds(&self) -> Vec<AddressRange> {
        self.bounds.iter().collect()
    }

    fn snapshot(&mut self) -> Result<Snapshot> {
        Ok(self.take_snapshot())
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.go_back_to(snapshot)
    }

    fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    fn unhook(&mut self, handle: HookHandle) -> Result<()> {
        self.remove_hook(handle)
    }

    fn instruction_hookable(&mut self) -> Result<&mut dyn InstructionHookable> {
        Ok(self)
    }

    fn block_hookable(&mut self) -> Result<&mut dyn BlockHookable> {
        Ok(self)
    }

    fn function_hookable(&mut self) -> Result<&mut dyn FunctionHookable> {
        Ok(self)
    }

    fn memory_read_hookable(&mut self) -> Result<&mut dyn MemoryReadHookable> {
        Ok(self)
    }

    fn memory_write_hookable(&mut self) -> Result<&mut dyn MemoryWriteHookable> {
        Ok(self)
    }

    fn syscall_hookable(&mut self) -> Result<&mut dyn SyscallHookable> {
        Ok(self)
    }

    fn interrupt_hookable(&mut self) -> Result<&mut dyn InterruptHookable> {
        Ok(self)
    }
}

impl NativeEmulator {
    /// The same error with the program counter in it.
    fn at_pc(&self, error: Error) -> Error {
        match error {
            Error::Fault(terrella_emulator_api::Fault::Memory { access, cause, address, size, .. }) => {
                let pc = self.program_counter();
                Error::Fault(terrella_emulator_api::Fault::Memory { access, cause, address, size, pc })
            }
            other => other,
        }
    }
}
