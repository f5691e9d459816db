//! System-call conventions: how a program asks its kernel.

use crate::RegisterName;

/// How system calls of one operating system are made on one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyscallConvention {
    /// The operating system and, where there are several, the ABI: `linux`.
    pub name: &'static str,
    /// The instruction, as the manual writes it.
    pub instruction: &'static str,
    /// Where the number stands.
    pub number: SyscallNumber,
    /// Registers of the arguments, in order.
    pub arguments: &'static [RegisterName],
    /// Further arguments stand on the stack from this offset (MIPS o32: 16).
    pub stack_arguments: Option<u16>,
    /// The register of the result.
    pub result: RegisterName,
    /// The register of a second result (`pipe` on MIPS …), if any.
    pub second_result: Option<RegisterName>,
    /// How an error is told.
    pub error: SyscallError,
    /// The names of the numbers, sorted by number.
    pub names: &'static [(u32, &'static str)],
}

/// Where the number of a system call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyscallNumber {
    /// In a register.
    Register(RegisterName),
    /// In the instruction, or in the register if the instruction holds zero
    /// (z/Architecture `svc`).
    ImmediateOrRegister(RegisterName),
}

/// How a system call tells an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyscallError {
    /// The result is the negated error number, from -4095 to -1.
    NegativeResult,
    /// A register is not zero, and the result is the error number (MIPS).
    Register(RegisterName),
    /// A flag is set, and the result is the error number (PowerPC: the
    /// summary-overflow bit of `cr0`; SPARC: the carry flag).
    Flag(RegisterName),
}

impl SyscallConvention {
    /// The name of a system call, if the number is known.
    #[must_use]
    pub fn name_of(&self, number: u64) -> Option<&'static str> {
        let number = u32::try_from(number).ok()?;
        let index = self.names.binary_search_by_key(&number, |(known, _)| *known).ok()?;
        Some(self.names[index].1)
    }

    /// The number of a system call, if the name is known.
    #[must_use]
    pub fn number_of(&self, name: &str) -> Option<u64> {
        self.names.iter().find(|(_, known)| *known == name).map(|(number, _)| u64::from(*number))
    }
}
