//! [`Abi`]: what the interface of the kernel looks like on each processor.
//!
//! Inside, everything has the generic numbers (`asm-generic`, as RISC-V has
//! them); at the border to the guest they are translated by the tables.

pub(crate) mod generic;
mod tables;

use terrella_platforms::{ByteOrder, Platform, SyscallConvention, SyscallError, SyscallNumber};

use crate::errno::Errno;

/// Names and numbers.
pub(crate) type Numbers = &'static [(&'static str, u64)];

/// Where the fields of a structure are: name, offset and size in bytes.
#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) size: usize,
    pub(crate) places: &'static [(&'static str, usize, usize)],
}

/// What a processor has of its own; where a group of numbers does not have a
/// name, the generic number holds.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) open: Numbers,
    pub(crate) map: Numbers,
    pub(crate) error: Numbers,
    pub(crate) signal: Numbers,
    pub(crate) action: Numbers,
    pub(crate) mask: Numbers,
    pub(crate) control: Numbers,
    pub(crate) ioctl: Numbers,
    pub(crate) socket: Numbers,
    pub(crate) limit: Numbers,
    pub(crate) poll: Numbers,
    pub(crate) stat: Option<&'static Structure>,
    pub(crate) stat64: Option<&'static Structure>,
    pub(crate) statfs: Option<&'static Structure>,
    pub(crate) statfs64: Option<&'static Structure>,
    pub(crate) context: Option<&'static Structure>,
    pub(crate) msqid: Option<&'static Structure>,
    pub(crate) semid: Option<&'static Structure>,
    pub(crate) shmid: Option<&'static Structure>,
    /// Those of System V IPC before `IPC_64`.
    pub(crate) msqid_old: Option<&'static Structure>,
    pub(crate) semid_old: Option<&'static Structure>,
    pub(crate) shmid_old: Option<&'static Structure>,
}

/// A group of numbers of [`Tables`].
pub(crate) type Group = fn(&Tables) -> Numbers;

/// How the arguments of the raw call `clone` are ordered (clone(2), "C
/// library/kernel differences").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloneOrder {
    /// flags, stack, parent, child, tls.
    ChildThenTls,
    /// flags, stack, parent, tls, child.
    TlsThenChild,
    /// stack, flags, parent, child, tls.
    StackFirst,
}

/// Where a thread has its thread pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThreadPointer {
    /// In a register, which `clone` sets.
    Register(&'static str),
    /// In a descriptor of a segment, whose base is this register (i386).
    Segment(&'static str),
    /// Only the kernel knows; programs ask (m68k).
    Kernel,
}

/// How the structure of `rt_sigaction` is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActionLayout {
    /// handler, flags, restorer, mask.
    WithRestorer,
    /// handler, flags, mask.
    WithoutRestorer,
    /// flags, handler, mask of 128 signals.
    FlagsFirst,
}

/// The interface of the kernel on one processor.
#[derive(Debug)]
pub(crate) struct Abi {
    /// What `uname` says.
    pub(crate) machine: &'static str,
    /// Bytes of a `long`.
    pub(crate) word: usize,
    pub(crate) order: ByteOrder,
    /// Fields are aligned to at most so many bytes.
    pub(crate) alignment: usize,
    /// 64-bit arguments on a 32-bit processor begin at an even place.
    pub(crate) aligned_pairs: bool,
    /// A 64-bit argument behind three others comes after one that is not used
    /// (`sys_pread_wrapper` in the kernel's `arch/sh/kernel/sys_sh32.c`).
    pub(crate) padded_fourth: bool,
    pub(crate) tables: &'static Tables,
    pub(crate) convention: &'static SyscallConvention,
    pub(crate) clone: CloneOrder,
    pub(crate) thread_pointer: ThreadPointer,
    pub(crate) action: ActionLayout,
    /// Bytes of a page.
    pub(crate) page: u64,
    /// Addresses of segments of shared memory are multiples of it, if it is
    /// more than a page (`SHMLBA`, asm/shmparam.h); and whether those that a
    /// program asks for have to be (`__ARCH_FORCE_SHMLBA`).
    pub(crate) segment_boundary: u64,
    pub(crate) forced_boundary: bool,
    /// The end of the addresses of programs.
    pub(crate) top: u64,
    /// Where position-independent programs go.
    pub(crate) pie: u64,
    /// What `AT_HWCAP` says, and `AT_HWCAP2`.
    pub(crate) capabilities: (u64, u64),
    /// What `AT_PLATFORM` points to.
    pub(crate) platform_name: Option<&'static str>,
}

const KIB: u64 = 1 << 10;

impl Abi {
    /// That of a platform, if Linux has it.
    pub(crate) fn of(platform: Platform) -> Option<Self> {
        let definition = platform.definition();
        let convention = definition.syscall_convention("linux")?;
        let order = platform.byte_order();
        let little = order == ByteOrder::Little;
        let word = usize::from(definition.pointer_bytes);
        let base = Self {
            machine: "",
            word,
            order,
            alignment: 8,
            aligned_pairs: false,
            padded_fourth: false,
            tables: &tables::GENERIC,
            convention,
            clone: CloneOrder::TlsThenChild,
            thread_pointer: ThreadPointer::Register(""),
            action: ActionLayout::WithRestorer,
            page: 4 * KIB,
            segment_boundary: 0,
            forced_boundary: false,
            top: if word == 8 { 0x7fff_ffff_f000 } else { 0xc000_0000 },
            pie: if word == 8 { 0x5555_5555_4000 } else { 0x5655_5000 },
            capabilities: (0, 0),
            platform_name: None,
        };
        let mips = |machine, tables, word: usize| Self {
            machine,
            tables,
            aligned_pairs: true,
            thread_pointer: ThreadPointer::Register("cp0_userlocal"),
            action: ActionLayout::FlagsFirst,
            segment_boundary: 256 * KIB,
            forced_boundary: true,
            top: if word == 8 { 0xff_ffff_f000 } else { 0x7fff_8000 },
            pie: if word == 8 { 0xaa_aaaa_0000 } else { 0x5555_0000 },
            // Release 2.
            capabilities: (0, 0),
            ..base
        };
        let power = |machine, tables| Self {
            machine,
            tables,
            aligned_pairs: true,
            thread_pointer: ThreadPointer::Register(if word == 8 { "r13" } else { "r2" }),
            // 64-bit (where it is), 32-bit, floating point, AltiVec with it. Of
            // 64 bits a POWER9 without decimal numbers, transactions, ciphers
            // and `scv`: VSX, ISA 2.06; 2.07, 3.0, numbers of 128 bits, `darn`,
            // `isel`, TAR.
            capabilities: if word == 8 { (0xdc00_0180, 0x8ce0_0000) } else { (0x8c00_0000, 0) },
            top: if word == 8 { 0x7fff_ffff_f000 } else { 0xc000_0000 },
            pie: if word == 8 { 0x1_2000_0000 } else { 0x5655_0000 },
            ..base
        };
        Some(match platform {
            Platform::X86_64 => Self {
                machine: "x86_64",
                tables: &tables::X86_64,
                clone: CloneOrder::ChildThenTls,
                thread_pointer: ThreadPointer::Register("fs_base"),
                platform_name: Some("x86_64"),
                // The processor's own word: CPUID 1, edx.
                capabilities: (0x0f8b_fbff, 2),
                ..base
            },
            Platform::I386 => Self {
                machine: "i686",
                alignment: 4,
                tables: &tables::I386,
                thread_pointer: ThreadPointer::Segment("gs_base"),
                platform_name: Some("i686"),
                capabilities: (0x078b_fbff, 0),
                ..base
            },
            Platform::AARCH64 | Platform::AARCH64_BE => Self {
                machine: if little { "aarch64" } else { "aarch64_be" },
                tables: &tables::AARCH64,
                thread_pointer: ThreadPointer::Register("tpidr_el0"),
                platform_name: Some(if little { "aarch64" } else { "aarch64_be" }),
                top: 0xffff_ffff_f000,
                pie: 0xaaaa_aaaa_a000,
                // fp, asimd, aes, pmull, sha1, sha2, crc32, atomics.
                capabilities: (0x1fb, 0),
                ..base
            },
            Platform::ARMV7A | Platform::ARMV7A_BE | Platform::ARMV5T => Self {
                machine: match platform {
                    Platform::ARMV7A => "armv7l",
                    Platform::ARMV7A_BE => "armv7b",
                    _ => "armv5tejl",
                },
                aligned_pairs: true,
                segment_boundary: 16 * KIB,
                tables: &tables::ARM,
                // Before version 6 the processor has no register for it.
                thread_pointer: if platform == Platform::ARMV5T {
                    ThreadPointer::Kernel
                } else {
                    ThreadPointer::Register("tpidruro")
                },
                platform_name: Some(match platform {
                    Platform::ARMV7A => "v7l",
                    Platform::ARMV7A_BE => "v7b",
                    _ => "v5l",
                }),
                // swp, half, thumb, fast-mult, vfp, edsp, neon, vfpv3, tls,
                // vfpv4, idiva, idivt, vfpd32.
                capabilities: if platform == Platform::ARMV5T { (0x97, 0) } else { (0x000f_b0d7, 0) },
                ..base
            },
            Platform::RISCV64 => Self {
                machine: "riscv64",
                tables: &tables::RISCV64,
                thread_pointer: ThreadPointer::Register("tp"),
                action: ActionLayout::WithoutRestorer,
                // Letters of the extensions: a, c, d, f, i, m.
                capabilities: (0x112d, 0),
                top: 0x3f_ffff_f000,
                pie: 0x2a_aaaa_a000,
                ..base
            },
            Platform::RISCV32 => Self {
                machine: "riscv32",
                tables: &tables::RISCV32,
                thread_pointer: ThreadPointer::Register("tp"),
                action: ActionLayout::WithoutRestorer,
                capabilities: (0x112d, 0),
                top: 0x9dc0_0000,
                ..base
            },
            Platform::MIPS => mips("mips", &tables::MIPS, 4),
            Platform::MIPSEL => mips("mips", &tables::MIPSEL, 4),
            Platform::MIPS64 | Platform::MIPS64EL => mips("mips64", &tables::MIPS64, 8),
            Platform::PPC => power("ppc", &tables::PPC),
            Platform::PPCLE => power("ppcle", &tables::PPC),
            Platform::PPC64 => power("ppc64", &tables::PPC64),
            Platform::PPC64LE => power("ppc64le", &tables::PPC64),
            Platform::M68K => Self {
                machine: "m68k",
                alignment: 2,
                tables: &tables::M68K,
                clone: CloneOrder::ChildThenTls,
                thread_pointer: ThreadPointer::Kernel,
                ..base
            },
            Platform::LOONGARCH64 => Self {
                machine: "loongarch64",
                tables: &tables::LOONGARCH64,
                clone: CloneOrder::ChildThenTls,
                thread_pointer: ThreadPointer::Register("tp"),
                action: ActionLayout::WithoutRestorer,
                page: 16 * KIB,
                segment_boundary: 64 * KIB,
                forced_boundary: true,
                // cpucfg, lam, ual, fpu.
                capabilities: (0xf, 0),
                top: 0x7fff_ffff_c000,
                ..base
            },
            Platform::S390X => Self {
                machine: "s390x",
                tables: &tables::S390X,
                clone: CloneOrder::StackFirst,
                thread_pointer: ThreadPointer::Register("tls"),
                top: 0x3ff_ffff_f000,
                pie: 0x2aa_0000_0000,
                ..base
            },
            Platform::SPARC64 => Self {
                machine: "sparc64",
                tables: &tables::SPARC64,
                thread_pointer: ThreadPointer::Register("g7"),
                page: 8 * KIB,
                segment_boundary: 16 * KIB,
                forced_boundary: true,
                top: 0x7fff_ffff_e000,
                ..base
            },
            Platform::SPARC => Self {
                machine: "sparc",
                tables: &tables::SPARC,
                aligned_pairs: false,
                thread_pointer: ThreadPointer::Register("g7"),
                page: 8 * KIB,
                forced_boundary: true,
                top: 0xf000_0000,
                ..base
            },
            Platform::SH4 => Self {
                machine: "sh4",
                padded_fourth: true,
                segment_boundary: 16 * KIB,
                forced_boundary: true,
                tables: &tables::SH4,
                alignment: 4,
                clone: CloneOrder::ChildThenTls,
                thread_pointer: ThreadPointer::Register("gbr"),
                top: 0x7c00_0000,
                pie: 0x2955_5000,
                ..base
            },
            _ => return None,
        })
    }

    /// That of a platform that Linux does not have: the generic numbers, for
    /// models of C libraries on bare processors.
    pub(crate) fn bare(platform: Platform) -> Self {
        static NOTHING: SyscallConvention = SyscallConvention {
            name: "none",
            instruction: "",
            number: SyscallNumber::Register(""),
            arguments: &[],
            stack_arguments: None,
            result: "",
            second_result: None,
            error: SyscallError::NegativeResult,
            names: &[],
        };
        let definition = platform.definition();
        Self {
            machine: platform.name(),
            word: usize::from(definition.pointer_bytes),
            order: platform.byte_order(),
            alignment: usize::from(definition.pointer_bytes.clamp(1, 8)),
            aligned_pairs: false,
            padded_fourth: false,
            tables: &tables::GENERIC,
            convention: &NOTHING,
            clone: CloneOrder::TlsThenChild,
            thread_pointer: ThreadPointer::Kernel,
            action: ActionLayout::WithRestorer,
            page: definition.page_bytes.into(),
            segment_boundary: 0,
            forced_boundary: false,
            top: definition.highest_address() / 4 * 3,
            pie: 0,
            capabilities: (0, 0),
            platform_name: None,
        }
    }

    /// A generic number as this processor has it.
    pub(crate) fn number(&self, group: Group, name: &str) -> Option<u64> {
        lookup(group(self.tables), name).or_else(|| lookup(group(&tables::GENERIC), name))
    }

    /// A number of this processor's as the generic one: of numbers that stand
    /// alone. One that is in no table is what it is.
    pub(crate) fn to_generic(&self, group: Group, number: u64) -> u64 {
        let own = group(self.tables);
        let all = group(&tables::GENERIC);
        if own.is_empty() {
            return number;
        }
        let name = own.iter().find(|(_, own)| *own == number).map(|(name, _)| *name);
        let name = name.or_else(|| {
            let shared = |name: &&str| lookup(own, name).is_none();
            all.iter().find(|(name, known)| *known == number && shared(name)).map(|(name, _)| *name)
        });
        name.and_then(|name| lookup(all, name)).unwrap_or(number)
    }

    /// A generic number as this processor's own.
    pub(crate) fn to_own(&self, group: Group, number: u64) -> u64 {
        let own = group(self.tables);
        if own.is_empty() {
            return number;
        }
        let all = group(&tables::GENERIC);
        let name = all.iter().find(|(_, known)| *known == number).map(|(name, _)| *name);
        name.and_then(|name| lookup(own, name)).unwrap_or(number)
    }

    /// Flags of this processor's as generic ones, bit by bit.
    pub(crate) fn bits_to_generic(&self, group: Group, bits: u64) -> u64 {
        translate(group(self.tables), group(&tables::GENERIC), bits, false)
    }

    /// Generic flags as this processor's own.
    pub(crate) fn bits_to_own(&self, group: Group, bits: u64) -> u64 {
        translate(group(self.tables), group(&tables::GENERIC), bits, true)
    }

    /// The number of an error here.
    pub(crate) fn error(&self, errno: Errno) -> u64 {
        self.to_own(|tables| tables.error, errno.0.into())
    }

    pub(crate) const fn is_64(&self) -> bool {
        self.word == 8
    }
}

/// The names and numbers of a group in the generic interface.
pub(crate) fn generic_numbers(group: Group) -> Numbers {
    group(&tables::GENERIC)
}

fn lookup(numbers: Numbers, name: &str) -> Option<u64> {
    numbers.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

fn translate(own: Numbers, generic: Numbers, bits: u64, to_own: bool) -> u64 {
    if own.is_empty() {
        return bits;
    }
    let (mut rest, mut result) = (bits, 0);
    for (name, number) in generic {
        let here = lookup(own, name).unwrap_or(*number);
        let (from, to) = if to_own { (*number, here) } else { (here, *number) };
        if from != 0 && bits & from == from {
            rest &= !from;
            result |= to;
        }
    }
    result | rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abi(platform: Platform) -> Abi {
        Abi::of(platform).unwrap()
    }

    #[test]
    fn numbers_go_both_ways() {
        let mips = abi(Platform::MIPS);
        assert_eq!(mips.error(Errno::ENOSYS), 89);
        assert_eq!(mips.to_generic(|tables| tables.signal, 10), 7, "SIGBUS");
        assert_eq!(mips.to_own(|tables| tables.signal, 10), 16, "SIGUSR1");
        assert_eq!(mips.bits_to_generic(|tables| tables.open, 0x101), 0x41);
        assert_eq!(mips.bits_to_own(|tables| tables.open, 0x41), 0x101);
        let arm = abi(Platform::ARMV7A);
        assert_eq!(arm.bits_to_generic(|tables| tables.open, 0x4000), 0x10000, "O_DIRECTORY");
        assert_eq!(abi(Platform::SPARC64).to_own(|tables| tables.signal, 17), 20, "SIGCHLD");
    }
}
