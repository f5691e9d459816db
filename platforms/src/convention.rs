//! Calling conventions: where arguments and results of a function stand.
//!
//! The descriptions are data for a placement algorithm (in the machine-state
//! room), which walks a parameter list from left to right and gives each
//! argument registers or stack slots.

use crate::RegisterName;

/// How a function of one ABI is called, as the callee sees it at its entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingConvention {
    /// The name, unique on the platform: `sysv`, `stdcall`, `aapcs-vfp` …
    pub name: &'static str,
    /// The document that it follows.
    pub source: &'static str,
    /// Registers of integer and pointer arguments, in order.
    pub integer_arguments: &'static [RegisterName],
    /// Registers of pointer arguments, where pointers have registers of their
    /// own (TriCore); empty where they go with the integers. Where they are the
    /// same registers as the integers', a pointer takes the next of them and
    /// needs only one, even if it is wider than a slot (MSP430X).
    pub pointer_arguments: &'static [RegisterName],
    /// The size in bytes of an integer argument register as the ABI counts
    /// them, and of a stack slot.
    pub slot_bytes: u8,
    /// How an integer of two slots is placed.
    pub wide: WidePlacement,
    /// How floating-point arguments are placed.
    pub floats: FloatPlacement,
    /// How integers narrower than a slot fill it.
    pub extension: Extension,
    /// The distance in bytes from the stack pointer at function entry to the
    /// first stack argument: return address, shadow space, register-save and
    /// linkage areas included.
    pub stack_arguments: u16,
    /// What the stack pointer, plus `stack_bias` and `entry_misalignment`, is a
    /// multiple of at function entry, in bytes.
    pub stack_alignment: u8,
    /// How far the stack pointer is below an aligned address at function
    /// entry, in bytes: the return address on x86.
    pub entry_misalignment: u8,
    /// A constant added to the stack pointer to get the real stack address
    /// (2047 on 64-bit SPARC).
    pub stack_bias: u16,
    /// Bytes below the stack pointer that a leaf function may use unasked.
    pub red_zone: u16,
    /// Whether registers are used for the slots before `stack_arguments`
    /// only by position: each argument, of whatever class, uses up one
    /// position (Microsoft x64, MIPS o32 and n64, 64-bit PowerPC and SPARC).
    pub positional: bool,
    /// Registers of an integer result, lowest memory address first.
    pub integer_results: &'static [RegisterName],
    /// The register of a pointer result where it is not the integer one.
    pub pointer_result: Option<RegisterName>,
    /// Registers of a floating-point result (empty: returned as integers). A
    /// value wider than the first takes as many of them as it needs, its least
    /// significant bits in the first (MIPS o32: the words of a double).
    pub float_results: &'static [RegisterName],
    /// The format that a floating-point result register holds.
    pub float_result_format: FloatFormat,
    /// How a structure that does not fit into result registers is returned.
    pub struct_result: StructResult,
    /// The largest structure, in bytes, that is returned in registers.
    pub struct_result_in_registers: u8,
    /// Registers that the callee leaves as they were. The stack pointer, which
    /// the kind of return tells about, is not among them.
    pub callee_saved: &'static [RegisterName],
    /// What a return does.
    pub return_by: ReturnBy,
    /// Whether the callee takes its stack arguments off the stack.
    pub callee_pops: bool,
    /// A register that holds the function's own address at its entry (`t9`
    /// on MIPS, `r12` in PowerPC ELFv2).
    pub entry_register: Option<RegisterName>,
    /// Whether a function pointer points to a descriptor of entry address and
    /// table pointer (PowerPC ELFv1) and not to code.
    pub function_descriptors: bool,
    /// The register that the number of vector arguments of a variadic call is
    /// put in (`al` in System V amd64).
    pub variadic_vector_count: Option<RegisterName>,
    /// Where the sizes of the arguments decide, and not their number. Then
    /// `integer_arguments` is empty, and arguments on the stack have no
    /// distance between them.
    pub by_size: Option<BySize>,
}

/// Registers of arguments and results by their sizes (SDCC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BySize {
    /// For the sizes of the leading arguments up to one of them, the registers
    /// of that one. All others are on the stack, and all of them if the
    /// function has variable arguments.
    pub arguments: &'static [SizedPlace],
    /// All others are in variables that only the linker knows the addresses
    /// of, so that calls with such arguments cannot be described.
    pub others_in_variables: bool,
    /// For the size of a result, its registers.
    pub results: &'static [SizedPlace],
    /// The callee takes its stack arguments off the stack, whatever
    /// `callee_pops` says, if its result has at most so many bytes, or if both
    /// its first parameter and its result are of single precision; not with
    /// variable arguments.
    pub pops_with_results_to: Option<u8>,
}

/// What has these sizes stands in these registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizedPlace {
    /// Sizes in bytes.
    pub bytes: &'static [u8],
    /// The registers, that of the lowest bits first.
    pub registers: &'static [RegisterName],
}

impl BySize {
    /// The registers of the last of these leading arguments.
    #[must_use]
    pub fn argument(&self, sizes: &[u8]) -> Option<&'static [RegisterName]> {
        self.arguments.iter().find(|it| it.bytes == sizes).map(|it| it.registers)
    }

    /// The registers of a result of so many bytes.
    #[must_use]
    pub fn result(&self, bytes: u8) -> Option<&'static [RegisterName]> {
        self.results.iter().find(|it| it.bytes == [bytes]).map(|it| it.registers)
    }
}

/// The registers of a value of so many bytes, that of the lowest byte first,
/// in a list of pairs from the highest down ([`WidePlacement::PairsDownwards`])
/// of which so many registers are used: `None` if they are too few.
#[must_use]
pub fn pairs_downwards(list: &[RegisterName], used: usize, bytes: usize) -> Option<Vec<RegisterName>> {
    let end = used + bytes.next_multiple_of(2);
    let register = |byte: usize| list.get(end - 2 - (byte & !1) + (byte & 1)).copied();
    if end > list.len() { None } else { (0..bytes).map(register).collect() }
}

/// How an integer argument of two slots is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WidePlacement {
    /// Wherever the next two slots are; one half may stand in the last
    /// register and the other on the stack.
    Split,
    /// In two registers, any two that follow each other, or wholly on the
    /// stack.
    Together,
    /// As `Split`, but one that stands wholly on the stack stands at a multiple
    /// of its size (RISC-V).
    SplitAlignedOnStack,
    /// On the stack, and registers stay free for later arguments (Microsoft
    /// `fastcall`).
    OnStack,
    /// Its address is passed in its place (z/Architecture).
    ByReference,
    /// As `Together`, but a pair starts at an even register, and on the stack
    /// at a multiple of its size.
    EvenAligned,
    /// In pairs of registers downwards, as many as hold it, its lowest byte in
    /// the lowest of them; the pairs are listed from the highest down, the
    /// lower register of each first. Results are the same, their size rounded
    /// up to a power of two. What finds no registers is on the stack, as are
    /// all after it, and all of a function with variable arguments (AVR).
    PairsDownwards,
}

/// How floating-point arguments are placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FloatPlacement {
    /// As integers of the same size (soft float, stack-only conventions).
    AsIntegers,
    /// On the stack, and registers stay free for later arguments (Microsoft
    /// `fastcall`).
    OnStack,
    /// In registers of their own, counted on their own; what finds no
    /// register goes on the stack, or to integer registers first where
    /// `overflow_to_integers`.
    Registers {
        /// The registers, in order.
        registers: &'static [RegisterName],
        /// How a single-precision value stands in one.
        single: FloatFormat,
        /// RISC-V and LoongArch: then integer registers, then the stack.
        overflow_to_integers: bool,
    },
    /// By argument position: the argument at position `i` uses `registers[i]`
    /// and uses up position `i` of the integer registers.
    Positional {
        /// The registers, by position.
        registers: &'static [RegisterName],
        /// How a single-precision value stands in one.
        single: FloatFormat,
    },
    /// 64-bit PowerPC: registers counted on their own, and each argument uses
    /// up a position of the integer registers as well.
    Shadowing {
        /// The registers, in order.
        registers: &'static [RegisterName],
        /// How a single-precision value stands in one.
        single: FloatFormat,
    },
    /// MIPS o32: the first two arguments, as long as only floating-point ones
    /// came before; everything else as integers.
    LeadingTwo {
        /// Registers of single-precision values.
        single: [RegisterName; 2],
        /// Registers of double-precision values: `(low word, high word)` of
        /// each, as 32-bit register pairs, or the same 64-bit register twice.
        double: [(RegisterName, RegisterName); 2],
    },
    /// AAPCS32 with VFP: singles fill `s0 … s15`, doubles take the next even
    /// pair, and a later single fills a hole that a double left. SuperH: the
    /// same, but holes stay.
    BackFilling {
        /// The single-precision registers.
        single: &'static [RegisterName],
        /// The double-precision registers over them, half as many.
        double: &'static [RegisterName],
        /// Whether a single fills a hole that a double left. Where it does
        /// not (SuperH), registers that are left when a double has gone on
        /// the stack still take singles.
        fills_holes: bool,
        /// Whether they are used in calls of functions with variable
        /// parameters, too (SuperH), or only in others (AAPCS).
        in_variadic: bool,
    },
}

/// How a floating-point value stands in a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatFormat {
    /// In its own format in the lowest bits, the rest zero.
    LowBits,
    /// In its own format in the lowest bits, all higher bits one (RISC-V).
    NanBoxed,
    /// In its own format in the highest bits (z/Architecture, singles).
    HighBits,
    /// Converted to double precision (PowerPC).
    Double,
    /// Converted to x87 80-bit extended precision.
    X87,
}

/// How integers narrower than a slot fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// Sign-extended if signed, else zero-extended.
    BySign,
    /// As `BySign` up to 32 bits; 32-bit values are always sign-extended to
    /// 64 bits (MIPS64, RV64, LoongArch64).
    Signed32,
}

/// How a structure too large for result registers is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructResult {
    /// The caller passes the address of the room for it as a hidden first
    /// argument; whether the callee pops it off the stack is told. Where only
    /// the register of `this` is left (Microsoft `thiscall`), the hidden
    /// argument comes after `this`.
    HiddenArgument {
        /// i386: `ret 4`.
        callee_pops: bool,
    },
    /// The address is passed in a register that takes no argument.
    Register(RegisterName),
    /// The address is stored at this distance from the stack pointer at entry
    /// (SPARC V8, 64).
    StackSlot(u16),
}

/// What a return does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnBy {
    /// Pops the return address off the stack into the program counter.
    Stack {
        /// The size of the return address on the stack, in bytes.
        bytes: u8,
    },
    /// The same where the stack pointer is one byte below what was pushed last
    /// (6502).
    EmptyStack {
        /// The size of the return address on the stack, in bytes.
        bytes: u8,
        /// What the address on the stack is less than that returned to.
        offset: u8,
    },
    /// The same where the stack grows upwards: the stack pointer is the address
    /// of the byte that was pushed last, and arguments on the stack are below
    /// the return address, the first of them at the highest address (8051).
    RisingStack {
        /// The size of the return address on the stack, in bytes.
        bytes: u8,
    },
    /// As `EmptyStack`, but what is on the stack counts words of two bytes, its
    /// highest byte at the lowest address (AVR).
    WordOnEmptyStack {
        /// The size of the return address on the stack, in bytes.
        bytes: u8,
    },
    /// Jumps to what a register holds, plus a constant (SPARC: 8).
    Link {
        /// The register.
        register: RegisterName,
        /// Bytes to add.
        offset: u8,
    },
}
