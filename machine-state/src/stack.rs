//! [`Stack`]: memory that grows downwards.

use std::any::Any;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Emulator, EmulatorExt, MemoryRegion, Permissions};
use terrella_platforms::{Platform, ReturnBy};

use crate::{Difference, Error, MachineItem, Memory, Phase, Result};

/// A stack: a [`Memory`] that is filled from its end downwards.
///
/// A machine with a stack sets the stack pointer when it is applied, unless
/// [`Self::set_stack_pointer`] says otherwise or the processor has one set.
/// Where the processor's own stack grows upwards (8051), the stack pointer is
/// the byte before the memory, and what is pushed here is at its end.
///
/// ```
/// use terrella_machine_state::{Platform, Stack};
///
/// let mut stack = Stack::new(Platform::X86_64, 0x7fff_0000, 0x1_0000)?;
/// let text = stack.push_c_string("hello")?;
/// assert_eq!(text, 0x7fff_fffa);
/// let argc = stack.push_arguments(&["prog", "-v"], &["HOME=/"])?;
/// assert_eq!(stack.memory().read_integer(argc, 8)?, 2);
/// assert_eq!(stack.top() % 16, 0);
/// # Ok::<(), terrella_machine_state::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Listed")]
pub struct Stack {
    memory: Memory,
    top: u64,
    sets_stack_pointer: bool,
}

/// The form in files, before it is checked.
#[derive(Deserialize)]
struct Listed {
    memory: Memory,
    top: u64,
    sets_stack_pointer: bool,
}

impl Stack {
    /// An empty stack of `size` bytes from `address` on, readable and
    /// writable.
    ///
    /// # Errors
    /// [`Error::InvalidRange`], as [`Memory::new`].
    pub fn new(platform: Platform, address: u64, size: u64) -> Result<Self> {
        Self::over(Memory::new(platform, address, size, Permissions::READ_WRITE)?)
    }

    /// An empty stack in a memory, which may have other permissions.
    ///
    /// # Errors
    /// [`Error::InvalidRange`] if the memory ends at the last address of the
    /// 64-bit space, where the stack pointer of an empty stack would wrap.
    pub fn over(memory: Memory) -> Result<Self> {
        let range = memory.range();
        let (platform, address, size) = (memory.platform(), range.first(), range.size().unwrap_or(u64::MAX));
        let top = range.last().checked_add(1).ok_or(Error::InvalidRange { platform, address, size })?;
        // An empty stack at the end of a narrower space starts one slot below it.
        let definition = platform.definition();
        let top = if top > definition.highest_address() {
            top - u64::from(definition.pointer_bytes).min(size)
        } else {
            top
        };
        Ok(Self { memory, top, sets_stack_pointer: true })
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

    /// The address of the last thing pushed; the end of the stack if it is
    /// empty.
    #[must_use]
    pub const fn top(&self) -> u64 {
        self.top
    }

    /// What the stack pointer register holds for [`Self::top`]: the address
    /// less the bias of the platform's convention (2047 on 64-bit SPARC).
    #[must_use]
    pub fn stack_pointer(&self) -> u64 {
        if rises(self.memory.platform()) {
            return self.memory.address().wrapping_sub(1);
        }
        self.top.wrapping_sub(bias(self.memory.platform()))
    }

    /// Says whether applying the stack sets the stack pointer.
    pub const fn set_stack_pointer(&mut self, sets: bool) -> &mut Self {
        self.sets_stack_pointer = sets;
        self
    }

    /// Makes room for `size` bytes and gives its address.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub fn reserve(&mut self, size: u64) -> Result<u64> {
        let room = self.top - self.memory.address();
        if size > room {
            return Err(Error::NoRoom { item: format!("stack {}", self.memory.range()), size });
        }
        self.top -= size;
        Ok(self.top)
    }

    /// Lowers the top to a multiple of `alignment` bytes.
    ///
    /// # Errors
    /// [`Error::InvalidAlignment`] unless it is a power of two;
    /// [`Error::NoRoom`].
    pub fn align(&mut self, alignment: u64) -> Result<u64> {
        if !alignment.is_power_of_two() {
            return Err(Error::InvalidAlignment { alignment });
        }
        self.reserve(self.top % alignment)
    }

    /// Pushes bytes, and gives their address.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<u64> {
        let address = self.reserve(bytes.len() as u64)?;
        self.memory.write(address, bytes)?;
        Ok(address)
    }

    /// Pushes the lowest `bytes` bytes of an integer, up to 16, and gives its
    /// address.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub fn push_integer(&mut self, value: u128, bytes: usize) -> Result<u64> {
        let address = self.reserve(bytes.min(16) as u64)?;
        self.memory.write_integer(address, value, bytes)?;
        Ok(address)
    }

    /// Pushes a pointer, and gives the address where it stands.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub fn push_pointer(&mut self, pointer: u64) -> Result<u64> {
        self.push_integer(pointer.into(), self.memory.platform().definition().pointer_bytes.into())
    }

    /// Pushes text and a zero byte after it, and gives its address.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub fn push_c_string(&mut self, text: impl AsRef<[u8]>) -> Result<u64> {
        let mut bytes = text.as_ref().to_vec();
        bytes.push(0);
        self.push_bytes(&bytes)
    }

    /// Pushes what a program finds on its stack when it starts, as System V
    /// kernels do it: from the top upwards the number of arguments, pointers
    /// to them, zero, pointers to the environment, zero, an empty auxiliary
    /// vector; the texts lie above. The top is a multiple of 16 then.
    ///
    /// Gives the address of the number of arguments.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub fn push_arguments<S: AsRef<[u8]>>(&mut self, arguments: &[S], environment: &[S]) -> Result<u64> {
        self.push_process_start(arguments, environment, &[])
    }

    /// [`Self::push_arguments`] with an auxiliary vector of pairs of type and
    /// value, to which the terminator is added.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub fn push_process_start<S: AsRef<[u8]>>(
        &mut self,
        arguments: &[S],
        environment: &[S],
        auxiliary: &[(u64, u64)],
    ) -> Result<u64> {
        let environment: Vec<u64> =
            environment.iter().rev().map(|text| self.push_c_string(text)).collect::<Result<_>>()?;
        let pointers: Vec<u64> =
            arguments.iter().rev().map(|text| self.push_c_string(text)).collect::<Result<_>>()?;
        let mut words = vec![arguments.len() as u64];
        words.extend(pointers.iter().rev());
        words.push(0);
        words.extend(environment.iter().rev());
        words.push(0);
        words.extend(auxiliary.iter().flat_map(|(kind, value)| [*kind, *value]));
        words.extend([0, 0]);
        let width = u64::from(self.memory.platform().definition().pointer_bytes);
        let size = width * words.len() as u64;
        self.reserve((self.top.wrapping_sub(size)) % 16)?;
        for word in words.iter().rev() {
            self.push_pointer(*word)?;
        }
        Ok(self.top)
    }
}

/// Whether the processor's stack grows upwards.
fn rises(platform: Platform) -> bool {
    let convention = platform.definition().default_convention();
    matches!(convention.return_by, ReturnBy::RisingStack { .. })
}

fn bias(platform: Platform) -> u64 {
    platform.definition().calling_conventions.first().map_or(0, |convention| convention.stack_bias.into())
}

#[typetag::serde(name = "terrella.stack.v1")]
impl MachineItem for Stack {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Memory
    }

    fn apply(&self, _name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        self.memory.apply_to(emulator)
    }

    fn default_registers(&self) -> Vec<(&'static str, u64)> {
        let register = self.memory.platform().definition().stack_pointer;
        if self.sets_stack_pointer { vec![(register, self.stack_pointer())] } else { Vec::new() }
    }

    fn extract(&mut self, _name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        self.memory.extract_from(emulator)?;
        let pointer = emulator.read_register(emulator.definition().stack_pointer)?;
        let top = pointer.wrapping_add(bias(self.memory.platform()));
        if self.memory.range().contains(top) && !rises(self.memory.platform()) {
            self.top = top;
        }
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        if let Some(other) = other.downcast_ref::<Self>() {
            self.memory.diff_to(name, &other.memory, out);
        }
    }

    fn summary(&self) -> String {
        format!("stack {}, top {:#x}", self.memory.range(), self.top)
    }

    fn regions(&self) -> Vec<MemoryRegion> {
        self.memory.parts()
    }

    fn claims(&self) -> Vec<AddressRange> {
        vec![self.memory.range()]
    }

    fn vanished(&self) -> bool {
        MachineItem::vanished(&self.memory)
    }

    fn read_memory(&self, address: u64, bytes: &mut [u8]) -> usize {
        self.memory.read_some(address, bytes)
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> usize {
        self.memory.write_some(address, bytes)
    }
}

impl TryFrom<Listed> for Stack {
    type Error = Error;

    fn try_from(listed: Listed) -> Result<Self> {
        let Listed { memory, top, sets_stack_pointer } = listed;
        let empty = Self::over(memory)?;
        let (address, size) = (top, 0);
        let platform = empty.memory.platform();
        let end = empty.memory.range().last().saturating_add(1);
        if top < empty.memory.address() || top > end {
            return Err(Error::InvalidRange { platform, address, size });
        }
        Ok(Self { top, sets_stack_pointer, ..empty })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_finds_its_arguments() {
        let mut stack = Stack::new(Platform::PPC, 0x1000, 0x1000).unwrap();
        let at = stack.push_arguments(&["prog", "a"], &["K=V", "L=W"]).unwrap();
        assert_eq!((at, at % 16), (stack.top(), 0));
        let word = |index: u64| stack.memory().read_pointer(at + 4 * index).unwrap();
        let text = |index| String::from_utf8(stack.memory().read_c_string(word(index), 99).unwrap()).unwrap();
        assert_eq!(word(0), 2);
        assert_eq!((text(1), text(2), word(3)), ("prog".into(), "a".into(), 0));
        assert_eq!((text(4), text(5)), ("K=V".into(), "L=W".into()));
        assert_eq!([word(6), word(7), word(8)], [0; 3]);
    }

    #[test]
    fn a_full_stack_is_an_error() {
        let mut stack = Stack::new(Platform::X86_64, 0x1000, 16).unwrap();
        stack.push_integer(1, 8).unwrap();
        assert_eq!(
            stack.push_bytes(&[0; 9]).unwrap_err().to_string(),
            "`stack 0x1000..0x1010` has no room for 0x9 bytes"
        );
        assert!(stack.align(3).is_err());
        assert!(Stack::new(Platform::X86_64, u64::MAX, 1).is_err());
        assert!(Stack::new(Platform::I386, 0xffff_f000, 0x1000).unwrap().push_pointer(0).is_ok());
    }
}
