//! [`Machine`]: everything that an emulation starts from and ends with.

use std::{
    any::{Any, type_name},
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Emulator, Limits, MemoryRegion, RangeSet, Stop};
use terrella_platforms::{Platform, PlatformDefinition};

use crate::{
    Cpu, Difference, Error, Executable, MachineDiff, MachineItem, Memory, Phase, Result, Symbol, SymbolAt,
    cpu::CPU, names,
};

/// Everything that an emulation starts from and ends with: a named, ordered
/// collection of items, exit points and bounds. It is a plain value: it can be
/// cloned cheaply, sent to threads, compared and saved, and knows of no backend.
///
/// ```
/// use terrella_machine_state::{Emulator, Executable, Machine, Memory, Permissions, Platform};
///
/// let mut machine = Machine::new(Platform::X86_64);
/// let code = Executable::from_bytes("code", Platform::X86_64, 0x1000, b"\x48\xff\xc0")?; // inc rax
/// machine.add("code", code)?;
/// machine.cpu_mut().set("rax", 41_u64)?;
/// machine.cpu_mut().set("rip", 0x1000_u64)?;
/// machine.add_exit_point(0x1003);
///
/// /// With any backend:
/// fn answer(machine: &Machine, emulator: &mut dyn Emulator) -> terrella_machine_state::Result<u64> {
///     let outcome = machine.emulate(emulator)?;
///     outcome.machine.cpu().get_u64("rax")
/// }
/// # Ok::<(), terrella_machine_state::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Listed", try_from = "Listed")]
pub struct Machine {
    platform: Platform,
    items: Vec<Entry>,
    exit_points: BTreeSet<u64>,
    exit_after_points: BTreeSet<u64>,
    bounds: RangeSet,
    metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    name: String,
    item: Box<dyn MachineItem>,
}

/// The form in files.
#[derive(Serialize, Deserialize)]
struct Listed {
    platform: Platform,
    items: Vec<Entry>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    exit_points: BTreeSet<u64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    exit_after_points: BTreeSet<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bounds: Vec<AddressRange>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
}

/// How a run ended, and the machine then.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The machine after the run.
    pub machine: Machine,
    /// Why the run ended.
    pub stop: Stop,
}

impl Machine {
    /// A machine with one item: a [`Cpu`] called `cpu`, of which nothing is set.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            items: vec![Entry { name: CPU.to_owned(), item: Box::new(Cpu::new(platform)) }],
            exit_points: BTreeSet::new(),
            exit_after_points: BTreeSet::new(),
            bounds: RangeSet::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// The platform.
    #[must_use]
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// What is known about the platform.
    #[must_use]
    pub fn definition(&self) -> &'static PlatformDefinition {
        self.platform.definition()
    }

    // ---- items

    /// Adds an item under a name, after all others.
    ///
    /// # Errors
    /// [`Error::DuplicateItem`].
    pub fn add(&mut self, name: impl Into<String>, item: impl MachineItem) -> Result<()> {
        self.add_boxed(name, Box::new(item))
    }

    /// Adds an item whose type is known only at run time.
    ///
    /// # Errors
    /// [`Error::DuplicateItem`].
    pub fn add_boxed(&mut self, name: impl Into<String>, item: Box<dyn MachineItem>) -> Result<()> {
        let name = name.into();
        if self.contains(&name) {
            return Err(Error::DuplicateItem { name });
        }
        self.items.push(Entry { name, item });
        Ok(())
    }

    /// Whether there is an item of a name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.items.iter().any(|entry| entry.name == name)
    }

    /// The item of a name, as what it is.
    ///
    /// # Errors
    /// [`Error::NoSuchItem`] with the nearest names; [`Error::WrongItemType`].
    pub fn get<T: MachineItem>(&self, name: &str) -> Result<&T> {
        let item: &dyn Any = self.item(name)?;
        let wanted = type_name::<T>();
        item.downcast_ref().ok_or_else(|| Error::WrongItemType { name: name.to_owned(), wanted })
    }

    /// The item of a name, as what it is, to be changed.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn get_mut<T: MachineItem>(&mut self, name: &str) -> Result<&mut T> {
        let wanted = type_name::<T>();
        if !self.contains(name) {
            return Err(self.no_such_item(name));
        }
        self.items
            .iter_mut()
            .find(|entry| entry.name == name)
            .and_then(|entry| {
                let item: &mut dyn Any = entry.item.as_mut();
                item.downcast_mut()
            })
            .ok_or_else(|| Error::WrongItemType { name: name.to_owned(), wanted })
    }

    /// The item of a name, of whatever type.
    ///
    /// # Errors
    /// [`Error::NoSuchItem`] with the nearest names.
    pub fn item(&self, name: &str) -> Result<&dyn MachineItem> {
        let entry = self.items.iter().find(|entry| entry.name == name);
        entry.map(|entry| entry.item.as_ref()).ok_or_else(|| self.no_such_item(name))
    }

    fn no_such_item(&self, name: &str) -> Error {
        let nearest = names::nearest(name, self.items.iter().map(|entry| entry.name.as_str()));
        Error::NoSuchItem { name: name.to_owned(), nearest }
    }

    /// Takes an item out of the machine. The processor cannot be taken out.
    ///
    /// # Errors
    /// [`Error::NoSuchItem`].
    pub fn remove(&mut self, name: &str) -> Result<Box<dyn MachineItem>> {
        match self.items.iter().position(|entry| entry.name == name && name != CPU) {
            Some(index) => Ok(self.items.remove(index).item),
            None => Err(self.no_such_item(name)),
        }
    }

    /// All items with their names, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &dyn MachineItem)> {
        self.items.iter().map(|entry| (entry.name.as_str(), entry.item.as_ref()))
    }

    /// All items of one type with their names, in order.
    pub fn iter_of<T: MachineItem>(&self) -> impl Iterator<Item = (&str, &T)> {
        self.iter().filter_map(|(name, item)| {
            let item: &dyn Any = item;
            Some((name, item.downcast_ref()?))
        })
    }

    /// The processor.
    #[must_use]
    pub fn cpu(&self) -> &Cpu {
        match self.get(CPU) {
            Ok(cpu) => cpu,
            // Made by `new`, checked when read, refused by `remove`.
            Err(_) => unreachable!("a machine without a processor"),
        }
    }

    /// The processor, to be changed.
    pub fn cpu_mut(&mut self) -> &mut Cpu {
        match self.get_mut(CPU) {
            Ok(cpu) => cpu,
            Err(_) => unreachable!("a machine without a processor"),
        }
    }

    // ---- memory and symbols, across items

    /// Reads memory as the machine has it, across items.
    ///
    /// # Errors
    /// [`Error::NotHeld`] with the first address that no item holds.
    pub fn read_memory(&self, address: u64, size: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        while bytes.len() < size {
            let at = address.wrapping_add(bytes.len() as u64);
            let wanted = (size - bytes.len()).min(chunk.len());
            let part = &mut chunk[..wanted];
            let held = self.items.iter().map(|entry| entry.item.read_memory(at, part)).find(|n| *n > 0);
            bytes.extend_from_slice(&chunk[..held.ok_or(Error::NotHeld { address: at })?]);
        }
        Ok(bytes)
    }

    /// Writes memory, across items.
    ///
    /// # Errors
    /// [`Error::NotHeld`] with the first address that no item holds; nothing
    /// is written then.
    pub fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        self.read_memory(address, bytes.len())?;
        let mut rest = bytes;
        let mut at = address;
        while !rest.is_empty() {
            let held = self.items.iter_mut().map(|entry| entry.item.write_memory(at, rest)).find(|n| *n > 0);
            let held = held.ok_or(Error::NotHeld { address: at })?;
            at = at.wrapping_add(held as u64);
            rest = &rest[held..];
        }
        Ok(())
    }

    /// Reads an unsigned integer of up to 16 bytes in the platform's byte
    /// order.
    ///
    /// # Errors
    /// As [`Self::read_memory`].
    pub fn read_integer(&self, address: u64, bytes: usize) -> Result<u128> {
        Ok(self.platform.byte_order().read(&self.read_memory(address, bytes.min(16))?))
    }

    /// The symbol of a name, in the first executable that has it.
    ///
    /// # Errors
    /// [`Error::UnknownSymbol`] with the nearest names.
    pub fn symbol(&self, name: &str) -> Result<&Symbol> {
        let mut nearest = Vec::new();
        for (_, executable) in self.iter_of::<Executable>() {
            match executable.symbol(name) {
                Ok(symbol) => return Ok(symbol),
                Err(Error::UnknownSymbol { nearest: found, .. }) => nearest.extend(found),
                Err(other) => return Err(other),
            }
        }
        nearest.truncate(3);
        Err(Error::UnknownSymbol { module: "the machine".to_owned(), name: name.to_owned(), nearest })
    }

    /// The module and the nearest symbol of an address; `None` outside all
    /// executables, or where there is no symbol.
    #[must_use]
    pub fn symbolize(&self, address: u64) -> Option<(&str, SymbolAt<'_>)> {
        self.iter_of::<Executable>()
            .find_map(|(_, executable)| Some((executable.name.as_str(), executable.symbolize(address)?)))
    }

    /// The executable that holds an address.
    #[must_use]
    pub fn executable_at(&self, address: u64) -> Option<&Executable> {
        self.iter_of::<Executable>()
            .map(|(_, executable)| executable)
            .find(|executable| executable.segment_at(address).is_some())
    }

    // ---- exit points, bounds, metadata

    /// Adds an exit point: the run stops before the instruction there.
    pub fn add_exit_point(&mut self, address: u64) {
        self.exit_points.insert(address);
    }

    /// Removes an exit point; `false` if there was none.
    pub fn remove_exit_point(&mut self, address: u64) -> bool {
        self.exit_points.remove(&address)
    }

    /// The exit points, by address.
    pub fn exit_points(&self) -> impl Iterator<Item = u64> {
        self.exit_points.iter().copied()
    }

    /// Adds an exit-after point: the run stops right after the instruction
    /// there has executed.
    pub fn add_exit_after_point(&mut self, address: u64) {
        self.exit_after_points.insert(address);
    }

    /// Removes an exit-after point; `false` if there was none.
    pub fn remove_exit_after_point(&mut self, address: u64) -> bool {
        self.exit_after_points.remove(&address)
    }

    /// The exit-after points, by address.
    pub fn exit_after_points(&self) -> impl Iterator<Item = u64> {
        self.exit_after_points.iter().copied()
    }

    /// Adds a range that the program counter may be in.
    pub fn add_bound(&mut self, range: impl Into<AddressRange>) {
        self.bounds.insert(range.into());
    }

    /// Removes any part of any bound.
    pub fn remove_bound(&mut self, range: impl Into<AddressRange>) {
        self.bounds.remove(range.into());
    }

    /// The bounds, by address, merged where they touch.
    pub fn bounds(&self) -> impl Iterator<Item = AddressRange> {
        self.bounds.iter()
    }

    /// Free-form notes that travel with the machine.
    #[must_use]
    pub const fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The same, to be changed.
    pub const fn metadata_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.metadata
    }

    // ---- emulation

    /// Writes the machine into an emulator: memory, then registers, then
    /// hooks, and exit points and bounds.
    ///
    /// # Errors
    /// [`Error::WrongPlatform`]; [`Error::Item`] with the item and what the
    /// emulator reports. The emulator is then partly set up.
    pub fn apply(&self, emulator: &mut dyn Emulator) -> Result<()> {
        self.check_platform(emulator)?;
        let defaults: Vec<_> = self.items.iter().flat_map(|entry| entry.item.default_registers()).collect();
        let cpu = self.cpu().with_defaults(&defaults)?;
        for phase in [Phase::Memory, Phase::Registers, Phase::Hooks] {
            for entry in self.items.iter().filter(|entry| entry.item.phase() == phase) {
                let item: &dyn MachineItem = if entry.name == CPU { &cpu } else { entry.item.as_ref() };
                item.apply(&entry.name, emulator)
                    .map_err(|source| item_error("applying", &entry.name, source))?;
            }
        }
        self.exit_points().for_each(|address| emulator.add_exit_point(address));
        self.exit_after_points().for_each(|address| emulator.add_exit_after_point(address));
        self.bounds().for_each(|range| emulator.add_bound(range));
        Ok(())
    }

    /// Reads the machine back from an emulator that it was applied to. What
    /// the run mapped outside all items becomes new items called
    /// `mapped:<address>`; items of which nothing is mapped any more go.
    ///
    /// Applied to a fresh emulator, the result goes on to the same end.
    ///
    /// # Errors
    /// As [`Self::apply`]; the machine is then partly read.
    pub fn extract(&mut self, emulator: &mut dyn Emulator) -> Result<()> {
        self.check_platform(emulator)?;
        let mut claimed = RangeSet::new();
        for entry in &mut self.items {
            entry.item.claims().into_iter().for_each(|range| claimed.insert(range));
            entry
                .item
                .extract(&entry.name, emulator)
                .map_err(|source| item_error("extracting", &entry.name, source))?;
        }
        self.items.retain(|entry| !entry.item.vanished());
        for region in unclaimed(emulator, &claimed) {
            let base = format!("mapped:{:#x}", region.range.first());
            let taken = |name: &String| self.contains(name);
            let numbered = (2..).map(|number| format!("{base}#{number}"));
            let name = std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name));
            let memory = Memory::of_region(self.platform, region, emulator)?;
            self.add(name.unwrap_or(base), memory)?;
        }
        self.exit_points = emulator.exit_points().into_iter().collect();
        self.exit_after_points = emulator.exit_after_points().into_iter().collect();
        self.bounds = RangeSet::new();
        emulator.bounds().into_iter().for_each(|range| self.bounds.insert(range));
        Ok(())
    }

    /// Applies the machine, runs, and extracts into a copy.
    ///
    /// # Errors
    /// As [`Self::apply`] and [`Emulator::run_with`]. After a fault the
    /// emulator holds the state, and [`Self::extract`] reads it.
    pub fn emulate(&self, emulator: &mut dyn Emulator) -> Result<Outcome> {
        self.emulate_with(emulator, &Limits::NONE)
    }

    /// [`Self::emulate`] with limits.
    ///
    /// # Errors
    /// As [`Self::emulate`].
    pub fn emulate_with(&self, emulator: &mut dyn Emulator, limits: &Limits) -> Result<Outcome> {
        self.apply(emulator)?;
        let stop = emulator.run_with(limits)?;
        let mut machine = self.clone();
        machine.extract(emulator)?;
        Ok(Outcome { machine, stop })
    }

    fn check_platform(&self, emulator: &dyn Emulator) -> Result<()> {
        if emulator.platform() == self.platform {
            return Ok(());
        }
        Err(Error::WrongPlatform { expected: self.platform, found: emulator.platform() })
    }

    /// What is different in `other`, the later machine.
    #[must_use]
    pub fn diff(&self, other: &Self) -> MachineDiff {
        let mut out = Vec::new();
        for (name, item) in self.iter() {
            match other.item(name) {
                Ok(twin) if item.type_id() == twin.type_id() => item.diff(name, twin, &mut out),
                Ok(twin) => {
                    out.push(Difference::Removed { item: name.to_owned(), summary: item.summary() });
                    out.push(Difference::Added { item: name.to_owned(), summary: twin.summary() });
                }
                Err(_) => out.push(Difference::Removed { item: name.to_owned(), summary: item.summary() }),
            }
        }
        for (name, item) in other.iter().filter(|(name, _)| !self.contains(name)) {
            out.push(Difference::Added { item: name.to_owned(), summary: item.summary() });
        }
        let points =
            |points: &mut dyn Iterator<Item = u64>| crate::diff::List::of(points, |it| format!("{it:#x}"));
        let both = |what: &str, before, after, out: &mut Vec<Difference>| {
            crate::diff::text_diff("machine", what, &before, &after, out);
        };
        both("exit points", points(&mut self.exit_points()), points(&mut other.exit_points()), &mut out);
        let (before, after) = (&mut self.exit_after_points(), &mut other.exit_after_points());
        both("exit-after points", points(before), points(after), &mut out);
        let bounds = |machine: &Self| crate::diff::List::of(machine.bounds(), |it| it.to_string());
        both("bounds", bounds(self), bounds(other), &mut out);
        crate::diff::text_diff("machine", "metadata", &self.metadata, &other.metadata, &mut out);
        MachineDiff { differences: out }
    }
}

fn item_error(action: &'static str, item: &str, source: Error) -> Error {
    Error::Item { action, item: item.to_owned(), source: Box::new(source) }
}

/// What is mapped and belongs to no item.
fn unclaimed(emulator: &dyn Emulator, claimed: &RangeSet) -> Vec<MemoryRegion> {
    let mut result = Vec::new();
    for region in emulator.memory_map() {
        let mut rest = RangeSet::new();
        rest.insert(region.range);
        claimed.iter().for_each(|range| rest.remove(range));
        result.extend(rest.iter().map(|range| MemoryRegion { range, ..region }));
    }
    result
}

impl From<Machine> for Listed {
    fn from(machine: Machine) -> Self {
        Self {
            platform: machine.platform,
            bounds: machine.bounds().collect(),
            items: machine.items,
            exit_points: machine.exit_points,
            exit_after_points: machine.exit_after_points,
            metadata: machine.metadata,
        }
    }
}

impl TryFrom<Listed> for Machine {
    type Error = Error;

    fn try_from(listed: Listed) -> Result<Self> {
        let mut machine = Self::new(listed.platform);
        machine.items.clear();
        for entry in listed.items {
            machine.add_boxed(entry.name, entry.item)?;
        }
        let cpu = machine.get::<Cpu>(CPU)?;
        if cpu.platform() != listed.platform {
            return Err(Error::WrongPlatform { expected: listed.platform, found: cpu.platform() });
        }
        machine.exit_points = listed.exit_points;
        machine.exit_after_points = listed.exit_after_points;
        listed.bounds.into_iter().for_each(|range| machine.bounds.insert(range));
        machine.metadata = listed.metadata;
        Ok(machine)
    }
}
