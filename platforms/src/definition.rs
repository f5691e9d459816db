//! [`PlatformDefinition`]: everything that is known about a platform.

use std::sync::OnceLock;

use crate::{
    CallingConvention, Platform, RegisterId, RegisterName, RegisterTable, SyscallConvention, definitions,
    spec::Row,
};

/// What a platform looks like to software: its registers and conventions.
///
/// There is one per [`Platform`], reached by [`Platform::definition`].
///
/// ```
/// use terrella_platforms::Platform;
///
/// let x86 = Platform::X86_64.definition();
/// let al = x86.registers().get(x86.registers().lookup("al").unwrap());
/// assert_eq!(al.bits, 8);
/// assert_eq!(x86.registers().get(al.root).name, "rax");
/// assert_eq!(x86.default_convention().integer_arguments[0], "rdi");
/// assert_eq!(x86.syscall_convention("linux").unwrap().name_of(1), Some("write"));
/// ```
#[derive(Debug)]
pub struct PlatformDefinition {
    /// The platform that is defined.
    pub platform: Platform,
    /// One line for tables: `64-bit x86 (long mode)`.
    pub description: &'static str,
    /// The width of an address, in bits; addresses wrap at this width.
    pub address_bits: u8,
    /// The width of a pointer in C, in bytes.
    pub pointer_bytes: u8,
    /// What is added to a pointer to data, as it stands in registers and in
    /// memory, to give its address: on processors whose data is a space of its
    /// own (AVR), where that space begins among the addresses of the contract.
    pub data_base: u64,
    /// The name of the program counter.
    pub program_counter: RegisterName,
    /// The name of the stack pointer.
    pub stack_pointer: RegisterName,
    /// The name of the register that takes the return address of a call.
    pub link_register: Option<RegisterName>,
    /// The general-purpose registers, in the order of their numbers.
    pub general_registers: &'static [RegisterName],
    /// What an instruction address is a multiple of, in bytes.
    pub instruction_alignment: u8,
    /// The length of the longest instruction, in bytes.
    pub longest_instruction: u8,
    /// Whether the instruction after a branch executes before the branch
    /// takes effect.
    pub delay_slots: bool,
    /// What bit 0 of a code address means.
    pub code_address_bit: CodeAddressBit,
    /// The smallest page of the memory-management unit, in bytes (4096 where
    /// there is none).
    pub page_bytes: u32,
    /// How ELF files of the platform are marked.
    pub elf: Option<ElfIdentity>,
    /// Calling conventions, the default one first.
    pub calling_conventions: &'static [CallingConvention],
    /// System-call conventions, the default one first.
    pub syscall_conventions: &'static [SyscallConvention],
    /// Names of interrupt and exception numbers, as the architecture numbers
    /// them.
    pub interrupts: &'static [(u64, &'static str)],
    pub(crate) rows: &'static [&'static [Row]],
    pub(crate) table: OnceLock<RegisterTable>,
}

/// What bit 0 of the address in a code pointer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeAddressBit {
    /// It is part of the address.
    Address,
    /// Set: Thumb code; clear: ARM code. Not part of the address.
    Thumb,
    /// As `Thumb`, on processors that have no ARM state.
    ThumbOnly,
    /// Set: MIPS16 or microMIPS code; clear: MIPS code. Not part of the
    /// address.
    CompressedMips,
}

/// How ELF files of a platform are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElfIdentity {
    /// `e_machine`.
    pub machine: u16,
    /// 32 or 64, from `EI_CLASS`.
    pub class_bits: u8,
}

impl PlatformDefinition {
    /// The registers. The table is expanded at the first use.
    #[must_use]
    pub fn registers(&self) -> &RegisterTable {
        self.table.get_or_init(|| match RegisterTable::expand(self.rows) {
            Ok(table) => table,
            // The rows are constants of this crate, and the tests expand every
            // one of them.
            Err(reason) => unreachable!("register table of {}: {reason}", self.platform),
        })
    }

    /// The id of the register called `name`.
    #[must_use]
    pub fn register(&self, name: &str) -> Option<RegisterId> {
        self.registers().lookup(name)
    }

    /// The highest address: `2^address_bits - 1`.
    #[must_use]
    pub const fn highest_address(&self) -> u64 {
        if self.address_bits >= 64 { u64::MAX } else { (1 << self.address_bits) - 1 }
    }

    /// The calling convention that the platform's compilers use by default.
    #[must_use]
    pub fn default_convention(&self) -> &CallingConvention {
        &self.calling_conventions[0]
    }

    /// The calling convention called `name`.
    #[must_use]
    pub fn calling_convention(&self, name: &str) -> Option<&CallingConvention> {
        self.calling_conventions.iter().find(|convention| convention.name == name)
    }

    /// The system-call convention called `name`.
    #[must_use]
    pub fn syscall_convention(&self, name: &str) -> Option<&SyscallConvention> {
        self.syscall_conventions.iter().find(|convention| convention.name == name)
    }

    /// The name of an interrupt or exception number.
    #[must_use]
    pub fn interrupt_name(&self, number: u64) -> Option<&'static str> {
        self.interrupts.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
    }

    /// The address that a code pointer points to: without its state bit.
    #[must_use]
    pub const fn code_address(&self, pointer: u64) -> u64 {
        match self.code_address_bit {
            CodeAddressBit::Address => pointer,
            _ => pointer & !1,
        }
    }
}

impl Platform {
    /// Everything that is known about the platform.
    #[must_use]
    pub fn definition(self) -> &'static PlatformDefinition {
        definitions::of(self)
    }
}
