//! [`UnicornEmulator`], and the contract's core as it implements it.

use std::{collections::BTreeSet, rc::Rc};

use hashbrown::HashMap;
use terrella_emulator_api::{
    AddressRange, BackendInfo, BlockHookable, Capabilities, Capability, Emulator, Error, Extensions,
    FunctionHookable, HookHandle, HookTable, InstructionHook, InstructionHookable, InterruptHookable, Limits,
    MemoryReadHookable, MemoryRegion, MemoryWriteHookable, Overlap, Permissions, RangeSet, Result, Snapshot,
    Step, Stop, SyscallHookable, Taken,
};
use terrella_platforms::{CodeAddressBit, Platform, PlatformDefinition, RegisterId, RegisterValue};

use crate::{
    NAME, VERSION,
    access::Accesses,
    callbacks::Link,
    decode::CodeState,
    engine::{Context, Engine},
    history::Version,
    linked::Translations,
    m68k::Cuts,
    memory::Memory,
    register_file::RegisterFile,
    run::{Mode, RunState},
    saved::Saved,
    sparc::Slot,
    target::{Target, target},
    traits::Traits,
    watch::NativeHooks,
};

/// An emulator of one platform, run by Unicorn.
pub struct UnicornEmulator {
    pub(crate) platform: Platform,
    pub(crate) definition: &'static PlatformDefinition,
    pub(crate) target: Target,
    // Dropped before the memory and the link that it refers to.
    pub(crate) engine: Engine,
    pub(crate) memory: Memory,
    /// What the callbacks find this emulator by.
    pub(crate) link: Rc<Link>,
    pub(crate) registers: RegisterFile,
    pub(crate) hooks: HookTable,
    /// The hook of all instructions, while plain instructions run.
    pub(crate) lent: Option<Taken<InstructionHook>>,
    /// Bytes of stack arguments that hooked functions take off.
    pub(crate) function_pops: HashMap<u64, u64>,
    pub(crate) exits: BTreeSet<u64>,
    pub(crate) exit_afters: BTreeSet<u64>,
    pub(crate) bounds: RangeSet,
    pub(crate) extensions: Extensions,
    /// Where long code without branches is split (MIPS).
    pub(crate) splits: BTreeSet<u64>,
    /// What linked loads of high addresses need (MIPS).
    pub(crate) translations: Translations,
    /// Where blocks are made to end (m68k).
    pub(crate) cuts: Cuts,
    /// The registers as they were made (x86).
    pub(crate) clean: Option<Context>,
    /// Instructions that Unicorn would execute wrongly, as far as met.
    pub(crate) refused_code: BTreeSet<u64>,
    /// Instructions that may trap, as far as met (TriCore).
    pub(crate) trapping: BTreeSet<u64>,
    pub(crate) native: NativeHooks,
    pub(crate) run: RunState,
    pub(crate) accesses: Accesses,
    pub(crate) traits: Traits,
    /// Whether address translations are stale.
    pub(crate) stale_tlb: bool,
}

/// What a snapshot of this backend holds.
struct State {
    owner: Rc<Link>,
    context: Saved,
    pc: u64,
    version: Rc<Version>,
    extensions: Extensions,
    mid_block: Option<u64>,
    in_slot: Option<u64>,
    slot: Option<Slot>,
}

impl UnicornEmulator {
    /// Makes an emulator with nothing mapped, and with registers as after a
    /// reset, save that floating point is on and rounds to nearest with all
    /// exceptions masked.
    ///
    /// # Errors
    /// [`Error::UnsupportedPlatform`] for a platform that Unicorn lacks;
    /// [`Error::Backend`] if the linked library is not the one that this
    /// backend is written for; [`Error::OutOfMemory`].
    pub fn new(platform: Platform) -> Result<Self> {
        let unsupported =
            |reason: &str| Error::UnsupportedPlatform { backend: NAME, platform, reason: reason.to_owned() };
        let target = target(platform).ok_or_else(|| unsupported("Unicorn has no engine for it"))?;
        // Crate 2.1.5 carries the C engine that calls itself 2.1.4; a library
        // of the system that was linked in its place is older.
        let version = Engine::version();
        if version < 0x0201_0400 {
            let message =
                format!("library version {version:#x} is too old: version {VERSION} must be linked");
            return Err(Error::Backend { backend: NAME, message });
        }
        let engine = Engine::open(&target)?;
        let definition = platform.definition();
        let mut emulator = Self {
            platform,
            definition,
            engine,
            memory: Memory::new(definition.highest_address(), target.page)?,
            link: Rc::new(Link::default()),
            registers: RegisterFile::new(platform),
            hooks: HookTable::default(),
            lent: None,
            function_pops: HashMap::new(),
            exits: BTreeSet::new(),
            exit_afters: BTreeSet::new(),
            bounds: RangeSet::new(),
            extensions: Extensions::default(),
            splits: BTreeSet::new(),
            translations: Translations::default(),
            cuts: Cuts::default(),
            clean: None,
            refused_code: BTreeSet::new(),
            trapping: BTreeSet::new(),
            native: NativeHooks::default(),
            run: RunState::default(),
            accesses: Accesses::default(),
            traits: Traits::default(),
            stale_tlb: false,
            target,
        };
        emulator.connect()?;
        emulator.warm_up()?;
        if let Some(hidden) = emulator.registers.hidden {
            if !hidden.fits(&emulator.engine)? {
                let message = format!("the library keeps its state otherwise than version {VERSION}");
                return Err(Error::Backend { backend: NAME, message });
            }
            hidden.begin(&emulator.engine, platform)?;
        }
        for (name, value) in emulator.target.initial {
            if let Some(id) = definition.register(name) {
                let register = definition.registers().get(id);
                emulator.registers.write_parts(&emulator.engine, register, (*value).into())?;
            }
        }
        if definition.code_address_bit == CodeAddressBit::ThumbOnly {
            emulator.set_native_pc(0)?;
        }
        if emulator.target.arch == unicorn_engine::Arch::X86 {
            emulator.clean = Some(emulator.engine.save_context()?);
        }
        Ok(emulator)
    }

    /// The platforms that Unicorn runs.
    pub fn platforms() -> impl Iterator<Item = Platform> {
        Platform::ALL.iter().copied().filter(|platform| target(*platform).is_some())
    }

    /// Whether the processor is in Thumb state.
    pub(crate) fn thumb(&self) -> bool {
        match self.definition.code_address_bit {
            CodeAddressBit::ThumbOnly => true,
            CodeAddressBit::Thumb => self
                .definition
                .register("t")
                .and_then(|flag| self.registers.read(&self.engine, flag).ok())
                .is_some_and(|flag| flag == 1),
            _ => false,
        }
    }

    pub(crate) fn code_state(&self) -> CodeState {
        CodeState { thumb: self.thumb() }
    }

    /// The program counter of the engine, without a state bit.
    pub(crate) fn native_pc(&self) -> u64 {
        let pc = self.registers.read(&self.engine, self.registers.pc).unwrap_or(0);
        match self.definition.code_address_bit {
            CodeAddressBit::Thumb | CodeAddressBit::ThumbOnly => pc & !1,
            _ => pc.wrapping_add(self.code_base()) & self.definition.highest_address(),
        }
    }

    /// Sets the program counter of the engine; on processors with Thumb code,
    /// bit 0 set goes to Thumb state, clear stays.
    pub(crate) fn set_native_pc(&mut self, pointer: u64) -> Result<()> {
        let pointer = match self.definition.code_address_bit {
            CodeAddressBit::Thumb if pointer & 1 == 0 && self.thumb() => pointer | 1,
            CodeAddressBit::ThumbOnly => pointer | 1,
            _ => pointer.wrapping_sub(self.code_base()) & self.definition.highest_address(),
        };
        self.registers.write(&self.engine, self.registers.pc, pointer.into())
    }

    /// Up to as many bytes at `pc` as the longest instruction has.
    pub(crate) fn code_at(&self, pc: u64) -> Vec<u8> {
        let longest = usize::from(self.definition.longest_instruction);
        let mut bytes = Vec::with_capacity(longest);
        for offset in 0..longest as u64 {
            let mut byte = [0];
            match pc.checked_add(offset) {
                Some(address) if self.memory.read(address, &mut byte).is_ok() => bytes.push(byte[0]),
                _ => break,
            }
        }
        bytes
    }

    /// What a change of memory, map or hooks under a running engine needs: the
    /// native run is ended and taken up again.
    pub(crate) fn interrupt_native_run(&mut self) {
        if self.run.native {
            self.run.resync = true;
            self.link.attention.set(true);
        }
    }
}

impl Emulator for UnicornEmulator {
    fn platform(&self) -> Platform {
        self.platform
    }

    fn backend(&self) -> BackendInfo {
        BackendInfo { name: NAME, version: VERSION }
    }

    fn capabilities(&self) -> Capabilities {
        let all = Capability::ALL.iter().filter(|capability| **capability != Capability::Labels);
        all.fold(Capabilities::NONE, |all, capability| all.with(*capability))
    }

    fn definition(&self) -> &'static PlatformDefinition {
        self.definition
    }

    fn read_register_id(&self, register: RegisterId) -> Result<u64> {
        if self.definition.registers().try_get(register).is_some_and(|it| it.root == self.registers.pc) {
            let it = self.definition.registers().get(register);
            let pc = RegisterValue::from(self.program_counter());
            return Ok(pc.extract(it.low_bit.into(), it.bits.into()).low_u64());
        }
        if self.is_code_offset(register) {
            return Ok(self.read_code_offset(register));
        }
        self.registers.read(&self.engine, register)
    }

    fn write_register_id(&mut self, register: RegisterId, value: u64) -> Result<()> {
        self.write_wide_register_id(register, value.into())
    }

    fn read_wide_register_id(&self, register: RegisterId) -> Result<RegisterValue> {
        if self.definition.registers().try_get(register).is_some_and(|it| it.root == self.registers.pc) {
            return self.read_register_id(register).map(RegisterValue::from);
        }
        if self.is_code_offset(register) {
            return Ok(self.read_code_offset(register).into());
        }
        self.registers.read_wide(&self.engine, register)
    }

    fn write_wide_register_id(&mut self, register: RegisterId, value: RegisterValue) -> Result<()> {
        let it = self.definition.registers().try_get(register);
        if let Some(it) = it.filter(|it| it.root == self.registers.pc) {
            if value.bits() > u32::from(it.bits) {
                let (register, bits) = (it.name.clone(), it.bits.into());
                return Err(Error::ValueTooWide { register, bits, value });
            }
            let pc = RegisterValue::from(self.program_counter());
            let pointer = pc.insert(it.low_bit.into(), it.bits.into(), &value).low_u64();
            return self.set_program_counter(pointer);
        }
        if let Some(result) = self.write_segmented(register, value) {
            return result;
        }
        if self.accesses.is_asking() {
            let before = self.registers.read_wide(&self.engine, register)?;
            self.accesses.note_written(register, before);
        }
        self.registers.write(&self.engine, register, value)?;
        let root = it.map(|it| it.root);
        if root == Some(register) {
            // As a whole, the status word brings a state with it.
            self.run.if_then.ended_in.take_if(|_| self.registers.has_if_then(register));
        }
        if root.is_some() && root == self.registers.flags {
            self.run.flags_written = true;
            self.link.attention.set(true);
        }
        Ok(())
    }

    fn has_register(&self, register: RegisterId) -> bool {
        self.registers.has(register)
    }

    fn program_counter(&self) -> u64 {
        match (self.run.new_pc, self.link.pc()) {
            (Some(pointer), _) => self.definition.code_address(pointer),
            (None, Some(pc)) => pc,
            (None, None) => self.native_pc(),
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
        if self.run.native {
            self.run.new_pc = Some(code_pointer);
            self.link.attention.set(true);
            return Ok(());
        }
        self.leave_if_then(self.definition.code_address(code_pointer))?;
        if self.run.mid_block != Some(self.definition.code_address(code_pointer)) {
            self.run.mid_block = None;
        }
        // Hooks before an instruction that is gone to are asked anew.
        if self.run.skip_at != Some(self.definition.code_address(code_pointer)) {
            self.run.skip_at = None;
        }
        self.set_native_pc(code_pointer)
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
        self.native.flush = true;
        self.map_changed();
        Ok(())
    }

    fn protect_memory(&mut self, range: AddressRange, permissions: Permissions) -> Result<()> {
        self.memory.map.protect(range, permissions)?;
        self.native.flush = true;
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
        self.memory.read(address, bytes)
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        self.memory.write(address, bytes)?;
        if self.memory.has_stale_code() {
            self.interrupt_native_run();
        }
        Ok(())
    }

    fn run_with(&mut self, limits: &Limits) -> Result<Stop> {
        let result = self.execute(Mode::Run(*limits));
        self.spill_windows();
        result
    }

    fn step(&mut self) -> Result<Step> {
        let stop = self.execute(Mode::Run(Limits::instructions(1)))?;
        Ok(self.step_result(stop))
    }

    fn step_block(&mut self) -> Result<Step> {
        let stop = self.execute(Mode::Block)?;
        Ok(self.step_result(stop))
    }

    fn request_stop(&mut self) {
        self.run.stop_requested = true;
        self.link.attention.set(true);
    }

    fn instructions_executed(&self) -> Option<u64> {
        self.run.counted
    }

    fn add_exit_point(&mut self, address: u64) {
        if self.exits.insert(address) {
            self.hooks_changed();
        }
    }

    fn remove_exit_point(&mut self, address: u64) -> bool {
        self.exits.remove(&address)
    }

    fn exit_points(&self) -> Vec<u64> {
        self.exits.iter().copied().collect()
    }

    fn add_exit_after_point(&mut self, address: u64) {
        if self.exit_afters.insert(address) {
            self.hooks_changed();
        }
    }

    fn remove_exit_after_point(&mut self, address: u64) -> bool {
        self.exit_afters.remove(&address)
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
        let version = self.memory.snapshot();
        self.stale_tlb = true;
        // A store of an instruction under way is made again then, so that its
        // page is kept.
        self.interrupt_native_run();
        Ok(Snapshot::new(Rc::new(State {
            owner: Rc::clone(&self.link),
            context: self.save_registers()?,
            pc: self.program_counter(),
            version,
            extensions: self.extensions.clone(),
            mid_block: self.run.mid_block,
            in_slot: self.run.in_slot,
            slot: self.run.slot,
        })))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let state: &State = snapshot.content().ok_or(Error::ForeignSnapshot)?;
        if !Rc::ptr_eq(&state.owner, &self.link) {
            return Err(Error::ForeignSnapshot);
        }
        let restored = self.memory.restore(&state.version);
        self.extensions.clone_from(&state.extensions);
        if restored.protect_again {
            self.stale_tlb = true;
        }
        if restored.map_changed {
            self.native.flush = true;
            self.map_changed();
        }
        if self.run.native {
            // Unicorn cannot take registers back under way: the native run is
            // ended first.
            self.run.restore = Some(snapshot.clone());
            self.link.attention.set(true);
            self.run.new_pc = Some(state.pc);
            return Ok(());
        }
        self.restore_registers(snapshot)
    }

    fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    fn unhook(&mut self, handle: HookHandle) -> Result<()> {
        self.hooks.remove(handle)?;
        self.hooks_changed();
        Ok(())
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

impl UnicornEmulator {
    /// Brings the registers of a snapshot of this emulator back.
    pub(crate) fn restore_registers(&mut self, snapshot: &Snapshot) -> Result<()> {
        let state: &State = snapshot.content().ok_or(Error::ForeignSnapshot)?;
        self.bring_back(&state.context)?;
        self.run.mid_block = state.mid_block;
        self.run.in_slot = state.in_slot;
        self.run.if_then.ended_in = None;
        self.run.slot = state.slot;
        // Taken inside a callback, the saved program counter may not be that
        // of the instruction.
        self.set_native_pc(state.pc)?;
        self.note_if_then();
        Ok(())
    }

    fn step_result(&self, stop: Stop) -> Step {
        match stop {
            Stop::InstructionLimit(_) => Step::Done,
            other => Step::Stopped(other),
        }
    }

    /// Tells that the memory map or the bounds are others.
    pub(crate) fn map_changed(&mut self) {
        self.stale_tlb = true;
        self.hooks_changed();
    }

    /// Tells that the set of hooks is another one.
    pub(crate) fn hooks_changed(&mut self) {
        self.native.stale = true;
        self.traits.forget();
        self.interrupt_native_run();
    }
}
