//! [`Heap`]: memory that is handed out in blocks.

mod state;

use std::any::Any;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Emulator, MemoryRegion, Permissions};
use terrella_platforms::Platform;

use crate::{Difference, Error, MachineItem, Memory, Phase, Result};
pub use state::HeapStrategy;
use state::{Backing, HeapState, Live};

/// Memory that is handed out in blocks: before a run through its own
/// methods, during one by models through [`Self::live`].
///
/// ```
/// use terrella_machine_state::{Heap, HeapStrategy, Platform};
///
/// let mut heap = Heap::new(Platform::AARCH64, 0x10_0000, 0x1_0000, HeapStrategy::FreeList)?;
/// let buffer = heap.allocate_bytes(b"hello")?;
/// assert_eq!(heap.memory().read(buffer, 5)?, b"hello");
/// heap.free(buffer)?;
/// assert!(heap.free(buffer).is_err());
/// # Ok::<(), terrella_machine_state::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Listed")]
pub struct Heap {
    memory: Memory,
    state: HeapState,
}

/// The form in files, before it is checked.
#[derive(Deserialize)]
struct Listed {
    memory: Memory,
    state: HeapState,
}

impl Heap {
    /// A heap of `size` bytes from `address` on, readable and writable.
    ///
    /// # Errors
    /// [`Error::InvalidRange`], as [`Memory::new`].
    pub fn new(platform: Platform, address: u64, size: u64, strategy: HeapStrategy) -> Result<Self> {
        let memory = match strategy {
            HeapStrategy::Guarded => Memory::reserved(platform, address, size)?,
            _ => Memory::new(platform, address, size, Permissions::READ_WRITE)?,
        };
        let state = HeapState::new(memory.range(), strategy, platform.definition().page_bytes.into());
        Ok(Self { memory, state })
    }

    /// The memory below it.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The same, to be changed.
    pub const fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// How blocks are found.
    #[must_use]
    pub const fn strategy(&self) -> HeapStrategy {
        self.state.strategy
    }

    /// The blocks in use, as address and size in bytes.
    pub fn blocks(&self) -> impl Iterator<Item = (u64, u64)> {
        self.state.blocks()
    }

    /// Hands out `size` bytes at a multiple of `alignment` bytes.
    ///
    /// # Errors
    /// [`Error::NoRoom`]; [`Error::InvalidAlignment`] unless that is a power
    /// of two.
    pub fn allocate(&mut self, size: u64, alignment: u64) -> Result<u64> {
        self.state.allocate(&mut self.memory, size, alignment)
    }

    /// Hands out room for bytes, aligned as `malloc` does, and puts them
    /// there.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub fn allocate_bytes(&mut self, bytes: &[u8]) -> Result<u64> {
        let alignment = default_alignment(self.memory.platform());
        let address = self.allocate(bytes.len() as u64, alignment)?;
        self.memory.write(address, bytes)?;
        Ok(address)
    }

    /// Takes a block back.
    ///
    /// # Errors
    /// [`Error::NotAllocated`] for what is no block, or is one no more.
    pub fn free(&mut self, address: u64) -> Result<()> {
        self.state.free(&mut self.memory, address)
    }

    /// Gives a block another size; the content is kept, the address may
    /// change.
    ///
    /// # Errors
    /// As [`Self::free`] and [`Self::allocate`]; the block stays then.
    pub fn reallocate(&mut self, address: u64, size: u64) -> Result<u64> {
        let alignment = default_alignment(self.memory.platform());
        self.state.reallocate(&mut self.memory, address, size, alignment)
    }

    /// The size of a block, in bytes.
    ///
    /// # Errors
    /// [`Error::NotAllocated`].
    pub fn size_of(&self, address: u64) -> Result<u64> {
        self.state.size_of(address)
    }

    /// The heap item `name` as it is in an emulator: for callbacks, so that a
    /// function model can allocate. What happens here is what
    /// [`Machine::extract`](crate::Machine::extract) finds.
    ///
    /// ```
    /// use terrella_machine_state::{Emulator, Heap, Result};
    ///
    /// fn malloc(emulator: &mut dyn Emulator, size: u64) -> Result<u64> {
    ///     Heap::live(emulator, "heap")?.allocate(size, 16)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotLive`] if no heap of that name was applied.
    pub fn live<'a>(emulator: &'a mut dyn Emulator, name: &str) -> Result<LiveHeap<'a>> {
        let key = key(name);
        if emulator.extensions().get::<HeapState>(&key).is_none() {
            return Err(Error::NotLive { name: name.to_owned() });
        }
        Ok(LiveHeap { emulator, key })
    }
}

/// What a heap has handed out, without the memory that it is about: so that one
/// memory can take turns with another at the same addresses, as those of
/// processes do ([`LiveHeap::record`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeapRecord(HeapState);

/// What `malloc` aligns to: two pointers.
fn default_alignment(platform: Platform) -> u64 {
    2 * u64::from(platform.definition().pointer_bytes)
}

fn key(name: &str) -> String {
    format!("terrella.heap/{name}")
}

/// A heap inside an emulator: see [`Heap::live`].
pub struct LiveHeap<'a> {
    emulator: &'a mut dyn Emulator,
    key: String,
}

impl LiveHeap<'_> {
    /// Works on the state, which is taken out of the emulator meanwhile.
    fn with<T>(&mut self, work: impl FnOnce(&mut HeapState, &mut dyn Backing) -> Result<T>) -> Result<T> {
        let missing = || Error::NotLive { name: self.key.clone() };
        let slot = self.emulator.extensions_mut().get_mut::<HeapState>(&self.key).ok_or_else(missing)?;
        let mut state = std::mem::take(slot);
        let result = work(&mut state, &mut Live(self.emulator));
        self.emulator.extensions_mut().insert(self.key.clone(), state);
        result
    }

    /// What is handed out now.
    ///
    /// # Errors
    /// [`Error::NotLive`] if the heap is not in the emulator any more.
    pub fn record(&mut self) -> Result<HeapRecord> {
        self.with(|state, _| Ok(HeapRecord(state.clone())))
    }

    /// Has the heap go on from what was handed out at another time. The memory
    /// has to be that of then.
    ///
    /// # Errors
    /// [`Error::InvalidRange`] for a record of another heap;
    /// [`Error::NotLive`] as [`Self::record`].
    pub fn set_record(&mut self, record: HeapRecord) -> Result<()> {
        self.with(|state, backing| {
            if state.is_of_one_heap(&record.0) {
                *state = record.0;
                return Ok(());
            }
            let (address, size) = state.place();
            Err(Error::InvalidRange { platform: backing.platform(), address, size })
        })
    }

    /// As [`Heap::allocate`].
    ///
    /// # Errors
    /// As [`Heap::allocate`].
    pub fn allocate(&mut self, size: u64, alignment: u64) -> Result<u64> {
        self.with(|state, backing| state.allocate(backing, size, alignment))
    }

    /// As [`Heap::allocate_bytes`].
    ///
    /// # Errors
    /// As [`Heap::allocate_bytes`].
    pub fn allocate_bytes(&mut self, bytes: &[u8]) -> Result<u64> {
        let alignment = default_alignment(self.emulator.platform());
        let address = self.allocate(bytes.len() as u64, alignment)?;
        self.emulator.write_memory(address, bytes)?;
        Ok(address)
    }

    /// As [`Heap::free`].
    ///
    /// # Errors
    /// As [`Heap::free`].
    pub fn free(&mut self, address: u64) -> Result<()> {
        self.with(|state, backing| state.free(backing, address))
    }

    /// As [`Heap::reallocate`].
    ///
    /// # Errors
    /// As [`Heap::reallocate`].
    pub fn reallocate(&mut self, address: u64, size: u64) -> Result<u64> {
        let alignment = default_alignment(self.emulator.platform());
        self.with(|state, backing| state.reallocate(backing, address, size, alignment))
    }

    /// As [`Heap::size_of`].
    ///
    /// # Errors
    /// As [`Heap::size_of`].
    pub fn size_of(&mut self, address: u64) -> Result<u64> {
        self.with(|state, _| state.size_of(address))
    }
}

#[typetag::serde(name = "terrella.heap.v1")]
impl MachineItem for Heap {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Memory
    }

    fn apply(&self, name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        self.memory.apply_to(emulator)?;
        emulator.extensions_mut().insert(key(name), self.state.clone());
        Ok(())
    }

    fn extract(&mut self, name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        self.memory.extract_from(emulator)?;
        if let Some(state) = emulator.extensions().get::<HeapState>(&key(name)) {
            self.state = state.clone();
        }
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        if let Some(other) = other.downcast_ref::<Self>() {
            let blocks = |heap: &Self| heap.blocks().collect::<Vec<_>>();
            crate::diff::text_diff(name, "blocks", &blocks(self), &blocks(other), out);
            self.memory.diff_to(name, &other.memory, out);
        }
    }

    fn summary(&self) -> String {
        let (count, bytes) = self.blocks().fold((0, 0), |(count, sum), (_, size)| (count + 1, sum + size));
        format!("heap {}, {count} blocks, {bytes:#x} bytes", self.memory.range())
    }

    fn regions(&self) -> Vec<MemoryRegion> {
        self.memory.parts()
    }

    fn claims(&self) -> Vec<AddressRange> {
        vec![self.memory.range()]
    }

    fn read_memory(&self, address: u64, bytes: &mut [u8]) -> usize {
        self.memory.read_some(address, bytes)
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> usize {
        self.memory.write_some(address, bytes)
    }
}

impl TryFrom<Listed> for Heap {
    type Error = Error;

    fn try_from(listed: Listed) -> Result<Self> {
        listed.state.check(&listed.memory)?;
        Ok(Self { memory: listed.memory, state: listed.state })
    }
}
