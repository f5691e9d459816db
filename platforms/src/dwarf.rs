//! What debug information calls registers, and how frames of calls are linked
//! where there is none.

use crate::{Architecture, PlatformDefinition, RegisterName};

/// How frames are linked by a frame pointer: where, from the value of the
/// register on, the caller's value of it and the return address are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRecord {
    /// The register.
    pub register: RegisterName,
    /// Where the caller's value of the register is.
    pub caller: i64,
    /// Where the return address is.
    pub return_address: i64,
    /// Where the stack pointer of the caller points to, if that is known: a
    /// distance from the value of the register.
    pub stack: Option<i64>,
}

impl PlatformDefinition {
    /// The register that a number in DWARF's call-frame information means.
    ///
    /// The numbers are those of the general registers, apart from x86-64 (System
    /// V ABI, AMD64 supplement 1.0, figure 3.36) and the registers beyond: link
    /// registers of PowerPC (65; ELFv2 ABI 2.1.6, 108 in old 32-bit files),
    /// `pr` of SuperH (17).
    #[must_use]
    pub fn dwarf_register(&self, number: u16) -> Option<RegisterName> {
        const X86_64: [RegisterName; 16] = [
            "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
            "r14", "r15",
        ];
        match (self.platform.architecture(), number) {
            (Architecture::X86_64, _) => X86_64.get(usize::from(number)).copied(),
            // esp and ebp stand in the order of their encoding.
            (Architecture::PowerPc32 | Architecture::PowerPc64, 65 | 108) => self.link_register,
            (Architecture::SuperH4, 17) => self.link_register,
            (Architecture::AArch64, 31) => Some(self.stack_pointer),
            _ => self.general_registers.get(usize::from(number)).copied(),
        }
    }

    /// How far the address of a frame in call-frame information (CFA) is above
    /// the stack pointer of the caller: on z/Architecture by the area in which
    /// a function saves registers (ELF ABI s390x Supplement 1.6, 1.2.2).
    #[must_use]
    pub const fn frame_address_bias(&self) -> u64 {
        if matches!(self.platform.architecture(), Architecture::S390x) { 160 } else { 0 }
    }

    /// How frames are linked where a compiler keeps a frame pointer.
    #[must_use]
    pub fn frame_record(&self) -> Option<FrameRecord> {
        let word = i64::from(self.pointer_bytes);
        let record = |register, caller, return_address, stack| {
            Some(FrameRecord { register, caller, return_address, stack })
        };
        match self.platform.architecture() {
            // push of the frame pointer after the call has pushed the address
            // (AMD64 supplement, 3.2.2; i386 supplement, 3.2.2).
            Architecture::X86_64 => record("rbp", 0, word, Some(2 * word)),
            Architecture::I386 => record("ebp", 0, word, Some(2 * word)),
            // `link` of the 68000, after the call.
            Architecture::M68k => record("a6", 0, word, Some(2 * word)),
            // AAPCS64, 6.4.6: the frame record.
            Architecture::AArch64 => record("x29", 0, 8, None),
            // What compilers do: RISC-V psABI, frame pointer convention, and
            // LoongArch's, which is the same.
            Architecture::RiscV32 | Architecture::RiscV64 => record("s0", -2 * word, -word, Some(0)),
            Architecture::LoongArch64 => record("r22", -2 * word, -word, Some(0)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Platform;

    #[test]
    fn numbers_name_registers_that_exist() {
        for platform in Platform::ALL {
            let definition = platform.definition();
            for number in 0..200 {
                if let Some(name) = definition.dwarf_register(number) {
                    assert!(definition.register(name).is_some(), "{platform}: {number} is {name}");
                }
            }
            if let Some(record) = definition.frame_record() {
                assert!(definition.register(record.register).is_some(), "{platform}: {}", record.register);
            }
        }
    }

    #[test]
    fn stack_pointers_have_the_numbers_of_the_supplements() {
        for (platform, number, name) in [
            (Platform::X86_64, 7, "rsp"),
            (Platform::X86_64, 6, "rbp"),
            (Platform::I386, 4, "esp"),
            (Platform::AARCH64, 31, "sp"),
            (Platform::MIPS, 29, "sp"),
            (Platform::RISCV64, 2, "sp"),
            (Platform::PPC64LE, 65, "lr"),
            (Platform::S390X, 15, "r15"),
        ] {
            let definition = platform.definition();
            let found = definition.dwarf_register(number).and_then(|found| definition.register(found));
            let root = |id| definition.registers().get(id).root;
            assert_eq!(found.map(root), definition.register(name).map(root), "{platform}: {number}");
        }
    }
}
