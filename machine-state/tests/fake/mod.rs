//! A backend for tests: registers and memory, and closures in place of code.
//!
//! What "executes" at an address is a script. It works on the emulator and
//! sets the program counter, or returns with [`Fake::ret`].
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};

use terrella_emulator_api::{
    Access, AddressRange, BackendInfo, Capabilities, Capability, Emulator, EmulatorExt, Error, Extensions,
    Fault, Flow, FunctionHook, FunctionHookable, HookHandle, HookTable, Limits, MemoryCause, MemoryMap,
    MemoryReadHook, MemoryReadHookable, MemoryRegion, MemoryWriteHook, MemoryWriteHookable, Overlap,
    Permissions, RangeSet, ReadFlow, RegisterId, RegisterValue, Result, Snapshot, Step, Stop,
};
use terrella_machine_state::Pages;
use terrella_platforms::{CodeAddressBit, Platform, ReturnBy};

pub(crate) type Script = Box<dyn FnMut(&mut Fake) -> Result<()>>;

pub(crate) struct Fake {
    platform: Platform,
    registers: BTreeMap<RegisterId, RegisterValue>,
    map: MemoryMap,
    bytes: Pages,
    hooks: HookTable,
    pops: BTreeMap<u64, u64>,
    scripts: BTreeMap<u64, Option<Script>>,
    exits: BTreeSet<u64>,
    exits_after: BTreeSet<u64>,
    bounds: RangeSet,
    extensions: Extensions,
}

impl Fake {
    pub(crate) fn new(platform: Platform) -> Self {
        Self {
            platform,
            registers: BTreeMap::new(),
            map: MemoryMap::new(platform.definition().highest_address()),
            bytes: Pages::new(),
            hooks: HookTable::default(),
            pops: BTreeMap::new(),
            scripts: BTreeMap::new(),
            exits: BTreeSet::new(),
            exits_after: BTreeSet::new(),
            bounds: RangeSet::new(),
            extensions: Extensions::default(),
        }
    }

    /// Puts a script at an address.
    pub(crate) fn script(&mut self, address: u64, script: impl FnMut(&mut Self) -> Result<()> + 'static) {
        self.scripts.insert(address, Some(Box::new(script)));
    }

    /// A load by the guest, hooks included.
    pub(crate) fn load(&mut self, address: u64, size: usize) -> Result<Vec<u8>> {
        let mut bytes = self.read_bytes(address, size as u64)?;
        let mut serials = Vec::new();
        let range = AddressRange::sized(address, size as u64)?;
        self.hooks.reads.matching(range, &mut serials);
        for serial in serials {
            let Some(mut taken) = self.hooks.reads.take(serial) else { continue };
            let flow = (taken.hook)(self, address, &bytes);
            self.hooks.reads.put_back(taken);
            if let ReadFlow::Replace(replacement) = flow.map_err(Error::from_callback)? {
                bytes = replacement;
            }
        }
        Ok(bytes)
    }

    /// A store by the guest, hooks included.
    pub(crate) fn store(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        let mut serials = Vec::new();
        let range = AddressRange::sized(address, bytes.len() as u64)?;
        self.hooks.writes.matching(range, &mut serials);
        for serial in serials {
            let Some(mut taken) = self.hooks.writes.take(serial) else { continue };
            let flow = (taken.hook)(self, address, bytes);
            self.hooks.writes.put_back(taken);
            flow.map_err(Error::from_callback)?;
        }
        self.write_memory(address, bytes)
    }

    /// Returns from a function, as the platform's default convention does.
    pub(crate) fn ret(&mut self, pops: u64) -> Result<()> {
        let definition = self.definition();
        let target = match definition.default_convention().return_by {
            ReturnBy::Link { register, offset } => self.read_register(register)? + u64::from(offset),
            ReturnBy::EmptyStack { bytes, offset } => {
                let stack = self.read_register(definition.stack_pointer)?;
                let target = self.read_integer(stack + 1, bytes.into())? as u64 + u64::from(offset);
                self.write_register(definition.stack_pointer, stack + u64::from(bytes) + pops)?;
                target
            }
            ReturnBy::RisingStack { bytes } => {
                let below = self.read_register(definition.stack_pointer)? - u64::from(bytes);
                let target = self.read_integer(below + 1, bytes.into())? as u64;
                self.write_register(definition.stack_pointer, below - pops)?;
                target
            }
            ReturnBy::WordOnEmptyStack { bytes } => {
                let stack = self.read_register(definition.stack_pointer)?;
                let pushed = self.read_bytes(stack + 1, bytes.into())?;
                self.write_register(definition.stack_pointer, stack + u64::from(bytes) + pops)?;
                2 * pushed.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
            }
            ReturnBy::Stack { bytes } => {
                let stack = self.read_register(definition.stack_pointer)?;
                let target = self.read_integer(stack, bytes.into())? as u64;
                self.write_register(definition.stack_pointer, stack + u64::from(bytes) + pops)?;
                target
            }
        };
        if definition.code_address_bit == CodeAddressBit::Thumb && target & 1 == 0 {
            self.write_register("t", 0_u64)?;
        }
        self.set_program_counter(target)
    }

    fn check(&self, address: u64, size: usize, access: Access) -> Result<()> {
        match self.map.first_unmapped(AddressRange::sized(address, size as u64)?) {
            None => Ok(()),
            Some(missing) => Err(Error::Fault(Fault::Memory {
                access,
                cause: MemoryCause::Unmapped,
                address: missing,
                size: size as u64,
                pc: self.program_counter(),
            })),
        }
    }
}

impl Emulator for Fake {
    fn platform(&self) -> Platform {
        self.platform
    }

    fn backend(&self) -> BackendInfo {
        BackendInfo { name: "fake", version: "1" }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE
            .with(Capability::FunctionHooks)
            .with(Capability::MemoryReadHooks)
            .with(Capability::MemoryWriteHooks)
    }

    fn read_register_id(&self, register: RegisterId) -> Result<u64> {
        let value = self.read_wide_register_id(register)?;
        let definition = self.definition().registers().get(register);
        let wide =
            |_| Error::RegisterTooWide { register: definition.name.clone(), bits: definition.bits.into() };
        u64::try_from(value).map_err(wide)
    }

    fn write_register_id(&mut self, register: RegisterId, value: u64) -> Result<()> {
        self.write_wide_register_id(register, value.into())
    }

    fn read_wide_register_id(&self, register: RegisterId) -> Result<RegisterValue> {
        let definition = self.definition().registers().get(register);
        let root = match definition.fixed {
            Some(value) => return Ok(value.into()),
            None => self.registers.get(&definition.root).copied().unwrap_or_default(),
        };
        Ok(root.extract(definition.low_bit.into(), definition.bits.into()))
    }

    fn write_wide_register_id(&mut self, register: RegisterId, value: RegisterValue) -> Result<()> {
        let platform = self.platform.definition();
        let definition = platform.registers().get(register);
        let mut value = value;
        if definition.root
            == platform.registers().get(platform.register(platform.program_counter).unwrap()).root
        {
            if platform.code_address_bit == CodeAddressBit::Thumb && value.low_u64() & 1 == 1 {
                self.write_register("t", 1_u64)?;
            }
            value = platform.code_address(value.low_u64()).into();
        }
        if value.bits() > definition.bits.into() {
            let (register, bits) = (definition.name.clone(), definition.bits.into());
            return Err(Error::ValueTooWide { register, bits, value });
        }
        let root = self.registers.entry(definition.root).or_default();
        *root = root.insert(definition.low_bit.into(), definition.bits.into(), &value);
        Ok(())
    }

    fn has_register(&self, _register: RegisterId) -> bool {
        true
    }

    fn program_counter(&self) -> u64 {
        self.read_register(self.definition().program_counter).unwrap()
    }

    fn set_program_counter(&mut self, code_pointer: u64) -> Result<()> {
        self.write_register(self.definition().program_counter, code_pointer)
    }

    fn map_memory_with(
        &mut self,
        range: AddressRange,
        permissions: Permissions,
        overlap: Overlap,
    ) -> Result<()> {
        self.map.map(range, permissions, overlap).map(|_| ())
    }

    fn unmap_memory(&mut self, range: AddressRange) -> Result<()> {
        self.map.unmap(range)?;
        self.bytes.clear(range);
        Ok(())
    }

    fn protect_memory(&mut self, range: AddressRange, permissions: Permissions) -> Result<()> {
        self.map.protect(range, permissions)
    }

    fn memory_map(&self) -> Vec<MemoryRegion> {
        self.map.regions()
    }

    fn read_memory(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        self.check(address, bytes.len(), Access::Read)?;
        self.bytes.read(address, bytes);
        Ok(())
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        self.check(address, bytes.len(), Access::Write)?;
        self.bytes.write(address, bytes);
        Ok(())
    }

    fn run_with(&mut self, limits: &Limits) -> Result<Stop> {
        let mut count = 0;
        loop {
            if limits.instructions == Some(count) {
                return Ok(Stop::InstructionLimit(self.program_counter()));
            }
            if let Step::Stopped(stop) = self.step()? {
                return Ok(stop);
            }
            count += 1;
        }
    }

    fn step(&mut self) -> Result<Step> {
        let pc = self.program_counter();
        if self.exits.contains(&pc) {
            return Ok(Step::Stopped(Stop::ExitPoint(pc)));
        }
        if !self.bounds.is_empty() && !self.bounds.contains(pc) {
            return Ok(Step::Stopped(Stop::OutOfBounds(pc)));
        }
        if let Some(mut taken) = self.hooks.functions.take(pc) {
            let flow = (taken.hook)(self, pc);
            self.hooks.functions.put_back(pc, taken);
            let flow = flow.map_err(Error::from_callback)?;
            self.ret(self.pops.get(&pc).copied().unwrap_or(0))?;
            return Ok(match flow {
                Flow::Continue => Step::Done,
                Flow::Stop => Step::Stopped(Stop::Requested(self.program_counter())),
            });
        }
        self.check(pc, 1, Access::Fetch)?;
        match self.scripts.get_mut(&pc).and_then(Option::take) {
            Some(mut script) => {
                let result = script(self);
                self.scripts.insert(pc, Some(script));
                result.map(|()| Step::Done)
            }
            None => Err(Error::Fault(Fault::InvalidInstruction { pc, bytes: Vec::new() })),
        }
    }

    fn step_block(&mut self) -> Result<Step> {
        self.step()
    }

    fn request_stop(&mut self) {}

    fn instructions_executed(&self) -> Option<u64> {
        None
    }

    fn add_exit_point(&mut self, address: u64) {
        self.exits.insert(address);
    }

    fn remove_exit_point(&mut self, address: u64) -> bool {
        self.exits.remove(&address)
    }

    fn exit_points(&self) -> Vec<u64> {
        self.exits.iter().copied().collect()
    }

    fn add_exit_after_point(&mut self, address: u64) {
        self.exits_after.insert(address);
    }

    fn remove_exit_after_point(&mut self, address: u64) -> bool {
        self.exits_after.remove(&address)
    }

    fn exit_after_points(&self) -> Vec<u64> {
        self.exits_after.iter().copied().collect()
    }

    fn add_bound(&mut self, range: AddressRange) {
        self.bounds.insert(range);
    }

    fn remove_bound(&mut self, range: AddressRange) {
        self.bounds.remove(range);
    }

    fn bounds(&self) -> Vec<AddressRange> {
        self.bounds.iter().collect()
    }

    fn snapshot(&mut self) -> Result<Snapshot> {
        Err(self.unsupported(Capability::Snapshots))
    }

    fn restore(&mut self, _snapshot: &Snapshot) -> Result<()> {
        Err(self.unsupported(Capability::Snapshots))
    }

    fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    fn unhook(&mut self, handle: HookHandle) -> Result<()> {
        self.hooks.remove(handle)
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
}

impl FunctionHookable for Fake {
    fn add_function_hook(&mut self, address: u64, pops: u64, hook: FunctionHook) -> Result<HookHandle> {
        if self.map.permissions_at(address).is_none() {
            return Err(Error::FunctionHookUnmapped { address });
        }
        self.pops.insert(address, pops);
        self.hooks.functions.add(Some(address), hook)
    }

    fn remove_function_hook(&mut self, address: u64) -> Result<()> {
        self.hooks.functions.remove(Some(address))
    }
}

impl MemoryReadHookable for Fake {
    fn add_memory_read_hook(
        &mut self,
        range: Option<AddressRange>,
        hook: MemoryReadHook,
    ) -> Result<HookHandle> {
        self.hooks.reads.add(range, hook)
    }

    fn remove_memory_read_hook(&mut self, range: Option<AddressRange>) -> Result<()> {
        self.hooks.reads.remove(range)
    }
}

impl MemoryWriteHookable for Fake {
    fn add_memory_write_hook(
        &mut self,
        range: Option<AddressRange>,
        hook: MemoryWriteHook,
    ) -> Result<HookHandle> {
        self.hooks.writes.add(range, hook)
    }

    fn remove_memory_write_hook(&mut self, range: Option<AddressRange>) -> Result<()> {
        self.hooks.writes.remove(range)
    }
}
