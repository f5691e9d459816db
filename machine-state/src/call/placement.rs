//! [`Placer`]: which argument stands where, by the description of a calling
//! convention and nothing else.

use terrella_platforms::{
    BySize, ByteOrder, CallingConvention, FloatFormat, FloatPlacement, LongDouble, LongDoublePlace, Platform,
    RegisterName, ReturnBy, StructResult, WidePlacement, long_double, pairs_downwards,
};

use super::value::Parameter;

/// Where a piece of an argument stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In a register.
    Register(RegisterName),
    /// On the stack.
    Stack {
        /// Bytes above the stack pointer (bias included) at function entry.
        offset: u64,
        /// The size of the piece there, in bytes.
        bytes: u8,
    },
    /// On a stack that grows upwards.
    RisingStack {
        /// Bytes from the last of the piece to the stack pointer at function
        /// entry.
        offset: u64,
        /// The size of the piece there, in bytes.
        bytes: u8,
    },
    /// In a variable of the function's own, whose address only the linker
    /// knows.
    Variable,
}

/// How a piece of an argument stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As an integer: `bytes` bytes of the extended value from its byte `low`
    /// on, counted from the least significant.
    Integer {
        /// The lowest byte.
        low: u8,
        /// How many bytes.
        bytes: u8,
    },
    /// As a floating-point value.
    Float(FloatFormat),
    /// As the address of the value, which stands elsewhere.
    Reference,
}

/// A piece of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Where.
    pub location: Location,
    /// How.
    pub encoding: Encoding,
}

/// Gives the parameters of a function their places, from left to right.
///
/// ```
/// use terrella_machine_state::call::{Location, Parameter, Placer};
/// use terrella_platforms::Platform;
///
/// let platform = Platform::ARMV7A;
/// let base = platform.definition().calling_convention("aapcs").unwrap();
/// let mut placer = Placer::new(platform, base);
/// placer.place(Parameter::I32); // r0
/// let wide = placer.place(Parameter::I64); // r2 and r3: a pair starts at an even register
/// assert_eq!(wide[0].location, Location::Register("r2"));
/// ```
#[derive(Debug, Clone)]
pub struct Placer {
    convention: &'static CallingConvention,
    order: ByteOrder,
    pointer_bytes: u8,
    /// Integer registers used; by position, all slots used.
    integers: usize,
    pointers: usize,
    floats: usize,
    /// Vector registers used by `long double`.
    vectors: usize,
    /// What `long double` is, where that is described.
    long: Option<LongDouble>,
    /// Bytes of stack arguments, unless by position.
    stack: u64,
    /// Single-precision registers in use, one bit each.
    singles: u32,
    /// Whether only floating-point parameters came so far.
    only_floats: bool,
    /// Whether the function has variable parameters, and they have begun.
    variadic: Option<bool>,
    /// The sizes of the parameters so far, where they decide.
    sizes: Vec<u8>,
}

impl Placer {
    /// The first parameter of a function is next.
    #[must_use]
    pub fn new(platform: Platform, convention: &'static CallingConvention) -> Self {
        Self {
            convention,
            order: platform.byte_order(),
            pointer_bytes: platform.definition().pointer_bytes,
            integers: 0,
            pointers: 0,
            floats: 0,
            vectors: 0,
            long: long_double(platform, convention),
            stack: 0,
            singles: 0,
            only_floats: true,
            variadic: None,
            sizes: Vec::new(),
        }
    }

    /// As [`Self::new`], for a function with variable parameters.
    #[must_use]
    pub fn new_variadic(platform: Platform, convention: &'static CallingConvention) -> Self {
        Self { variadic: Some(false), ..Self::new(platform, convention) }
    }

    /// All parameters from here on are variable ones.
    pub const fn begin_variable(&mut self) {
        self.variadic = Some(true);
    }

    /// The size of the stack arguments so far, in bytes.
    #[must_use]
    pub fn stack_size(&self) -> u64 {
        if self.convention.positional {
            let over = self.integers.saturating_sub(self.convention.integer_arguments.len());
            over as u64 * u64::from(self.convention.slot_bytes)
        } else {
            self.stack
        }
    }

    /// How many floating-point registers are in use.
    #[must_use]
    pub const fn float_registers(&self) -> usize {
        self.floats
    }

    /// Whether the address of a structure result is an argument of its own,
    /// and after how many of the explicit ones it stands.
    #[must_use]
    pub fn hidden_argument(convention: &CallingConvention) -> Option<usize> {
        match convention.struct_result {
            // The only register is that of `this`, which comes first.
            StructResult::HiddenArgument { .. } if convention.integer_arguments.len() == 1 => Some(1),
            StructResult::HiddenArgument { .. } => Some(0),
            _ => None,
        }
    }

    /// Gives the next parameter its places: none to a `long double` that is not
    /// described.
    pub fn place(&mut self, parameter: Parameter) -> Vec<Piece> {
        let bytes = match parameter {
            Parameter::Integer { bytes, .. } => bytes.clamp(1, 16),
            Parameter::Pointer => self.pointer_bytes,
            Parameter::F32 => 4,
            Parameter::F64 | Parameter::LongDouble => 8,
        };
        let long = if parameter == Parameter::LongDouble { Some(self.long) } else { None };
        let parameter = match long {
            Some(None) => return Vec::new(),
            Some(Some(long)) if !long.is_double() => return self.long_double(&long),
            Some(Some(_)) => Parameter::F64,
            None => parameter,
        };
        if let Some(by_size) = &self.convention.by_size {
            return self.sized(by_size, bytes);
        }
        if self.convention.wide == WidePlacement::PairsDownwards {
            return self.in_pairs(bytes);
        }
        match parameter {
            Parameter::Integer { bytes, .. } => {
                self.only_floats = false;
                self.integer(bytes.clamp(1, 16))
            }
            Parameter::Pointer => {
                self.only_floats = false;
                self.pointer(Encoding::Integer { low: 0, bytes: self.pointer_bytes })
            }
            Parameter::F32 => self.float(4),
            _ => self.float(8),
        }
    }

    /// Gives the address of a structure result its place, where it is a
    /// parameter of its own.
    pub(crate) fn place_hidden(&mut self) -> Vec<Piece> {
        if self.convention.by_size.is_none() {
            return self.place(Parameter::Pointer);
        }
        // It is on the stack, and the others go where they would without it.
        let bytes = self.pointer_bytes;
        vec![Piece { location: self.take_stack(bytes), encoding: Encoding::Integer { low: 0, bytes } }]
    }

    /// The place of a parameter of so many bytes, where sizes decide.
    fn sized(&mut self, by_size: &BySize, bytes: u8) -> Vec<Piece> {
        self.sizes.push(bytes);
        let registers = if self.variadic.is_some() { None } else { by_size.argument(&self.sizes) };
        let Some(registers) = registers else {
            let location = self.take_stack(bytes);
            return vec![Piece { location, encoding: Encoding::Integer { low: 0, bytes } }];
        };
        let part = bytes / registers.len().max(1) as u8;
        let piece = |(register, low): (&RegisterName, u8)| Piece {
            location: Location::Register(register),
            encoding: Encoding::Integer { low, bytes: part },
        };
        registers.iter().zip((0..bytes).step_by(part.max(1).into())).map(piece).collect()
    }

    /// The place of a parameter of so many bytes, in pairs of registers
    /// downwards.
    fn in_pairs(&mut self, bytes: u8) -> Vec<Piece> {
        let list = self.convention.integer_arguments;
        let registers = match self.variadic {
            Some(_) => None,
            None => pairs_downwards(list, self.integers, bytes.into()),
        };
        let Some(registers) = registers else {
            self.integers = list.len();
            let location = self.take_stack(bytes);
            return vec![Piece { location, encoding: Encoding::Integer { low: 0, bytes } }];
        };
        self.integers += usize::from(bytes).next_multiple_of(2);
        let piece = |(register, low)| Piece {
            location: Location::Register(register),
            encoding: Encoding::Integer { low, bytes: 1 },
        };
        registers.into_iter().zip(0..).map(piece).collect()
    }

    fn slot(&self) -> u8 {
        self.convention.slot_bytes.max(1)
    }

    fn align_stack(&mut self, bytes: u64) {
        self.stack = self.stack.next_multiple_of(bytes.max(1));
    }

    /// The next `bytes` bytes of the stack.
    fn take_stack(&mut self, bytes: u8) -> Location {
        if self.convention.by_size.is_some_and(|by_size| by_size.others_in_variables) {
            return Location::Variable;
        }
        let offset = u64::from(self.convention.stack_arguments) + self.stack;
        self.stack += u64::from(bytes);
        match self.convention.return_by {
            ReturnBy::RisingStack { .. } => Location::RisingStack { offset, bytes },
            _ => Location::Stack { offset, bytes },
        }
    }

    /// The next register or stack slot.
    fn take_slot(&mut self) -> Location {
        let registers = self.convention.integer_arguments;
        if let Some(register) = registers.get(self.integers) {
            self.integers += 1;
            return Location::Register(register);
        }
        let bytes = self.slot();
        if !self.convention.positional {
            return self.take_stack(bytes);
        }
        let over = (self.integers - registers.len()) as u64 * u64::from(bytes);
        self.integers += 1;
        Location::Stack { offset: u64::from(self.convention.stack_arguments) + over, bytes }
    }

    fn pointer(&mut self, encoding: Encoding) -> Vec<Piece> {
        let convention = self.convention;
        if convention.pointer_arguments.is_empty() {
            return match encoding {
                Encoding::Integer { bytes, .. } => self.integer(bytes),
                other => vec![Piece { location: self.take_slot(), encoding: other }],
            };
        }
        // The registers may be those of the integers, and are then shared.
        let shared = convention.pointer_arguments == convention.integer_arguments;
        let used = if shared { &mut self.integers } else { &mut self.pointers };
        let location = match convention.pointer_arguments.get(*used) {
            Some(register) => {
                *used += 1;
                Location::Register(register)
            }
            None => self.take_stack(self.pointer_bytes.max(convention.slot_bytes)),
        };
        vec![Piece { location, encoding }]
    }

    fn integer(&mut self, bytes: u8) -> Vec<Piece> {
        let slots = usize::from(bytes.div_ceil(self.slot()));
        if slots == 1 {
            let encoding = Encoding::Integer { low: 0, bytes: self.slot() };
            return vec![Piece { location: self.take_slot(), encoding }];
        }
        let convention = self.convention;
        let (registers, positional) = (convention.integer_arguments.len(), convention.positional);
        let pair = 2 * u64::from(self.slot());
        let fits = self.integers + slots <= registers;
        // RISC-V: a variable argument of two registers starts at an even one.
        let wide = match convention.wide {
            WidePlacement::SplitAlignedOnStack if self.variadic == Some(true) => WidePlacement::EvenAligned,
            wide => wide,
        };
        match wide {
            WidePlacement::Split | WidePlacement::PairsDownwards => {}
            WidePlacement::SplitAlignedOnStack => {
                if self.integers >= registers {
                    self.align_stack(pair);
                }
            }
            WidePlacement::Together if positional || fits => {}
            WidePlacement::Together => {
                // What the stack itself is not aligned to, no argument is.
                self.align_stack(pair.min(u64::from(self.convention.stack_alignment)));
                return self.stacked(slots);
            }
            WidePlacement::EvenAligned if positional => self.integers = self.integers.next_multiple_of(2),
            WidePlacement::EvenAligned => {
                let even = self.integers.next_multiple_of(2);
                if even + slots <= registers {
                    self.integers = even;
                } else {
                    // No later argument goes back to registers.
                    self.integers = self.integers.max(registers);
                    self.align_stack(pair);
                }
            }
            WidePlacement::OnStack => return self.stacked(slots),
            WidePlacement::ByReference => return self.pointer(Encoding::Reference),
        }
        self.slots(slots)
    }

    /// The part of a value that stands in the slot `index` of `slots`, in the
    /// order of memory.
    fn part(&self, location: Location, index: usize, slots: usize) -> Piece {
        let place = if self.order == ByteOrder::Little { index } else { slots - 1 - index };
        let low = place as u8 * self.slot();
        Piece { location, encoding: Encoding::Integer { low, bytes: self.slot() } }
    }

    /// So many slots of the stack, registers left alone.
    fn stacked(&mut self, slots: usize) -> Vec<Piece> {
        let bytes = self.slot();
        let locations: Vec<Location> = (0..slots).map(|_| self.take_stack(bytes)).collect();
        locations.into_iter().enumerate().map(|(index, location)| self.part(location, index, slots)).collect()
    }

    fn float(&mut self, bytes: u8) -> Vec<Piece> {
        let format = |single| if bytes == 4 { single } else { FloatFormat::LowBits };
        let in_register = |register: RegisterName, single| Piece {
            location: Location::Register(register),
            encoding: Encoding::Float(format(single)),
        };
        let slots = usize::from(bytes.div_ceil(self.slot()));
        match &self.convention.floats {
            FloatPlacement::AsIntegers => self.integer(bytes),
            FloatPlacement::OnStack => self.stacked(slots),
            FloatPlacement::Registers { overflow_to_integers: true, .. } if self.variadic == Some(true) => {
                self.integer(bytes)
            }
            FloatPlacement::Registers { registers, single, overflow_to_integers } => {
                match registers.get(self.floats) {
                    Some(register) => {
                        self.floats += 1;
                        vec![in_register(register, *single)]
                    }
                    None if *overflow_to_integers => self.integer(bytes),
                    None => {
                        self.align_stack(u64::from(bytes));
                        self.stacked(slots)
                    }
                }
            }
            FloatPlacement::Positional { registers, single } => {
                let register = registers.get(self.integers);
                self.beside_integers(register.map(|register| in_register(register, *single)), bytes)
            }
            FloatPlacement::Shadowing { registers, single } => {
                let register = registers.get(self.floats);
                self.floats += usize::from(register.is_some());
                self.beside_integers(register.map(|register| in_register(register, *single)), bytes)
            }
            FloatPlacement::LeadingTwo { single, double } => {
                if !self.only_floats || self.floats >= 2 || self.variadic.is_some() {
                    self.only_floats = false;
                    return self.integer(bytes);
                }
                let index = self.floats;
                self.floats += 1;
                self.integer(bytes);
                let (low, high) = double[index];
                match bytes {
                    4 => vec![in_register(single[index], FloatFormat::LowBits)],
                    _ if low == high => vec![in_register(low, FloatFormat::LowBits)],
                    _ => [(low, 0), (high, 4)]
                        .map(|(register, low)| Piece {
                            location: Location::Register(register),
                            encoding: Encoding::Integer { low, bytes: 4 },
                        })
                        .to_vec(),
                }
            }
            // The base standard holds for functions with variable parameters.
            FloatPlacement::BackFilling { in_variadic: false, .. } if self.variadic.is_some() => {
                self.integer(bytes)
            }
            FloatPlacement::BackFilling { single, double, fills_holes, .. } => {
                let width = u32::from(bytes / 4);
                let (names, mask) = if bytes == 4 { (single, 1) } else { (double, 3) };
                // Without filling holes, nothing above may be taken either.
                let taken = if *fills_holes { mask } else { u32::MAX };
                let free =
                    (0..names.len() as u32).find(|index| self.singles & (taken << (index * width)) == 0);
                match free {
                    Some(index) => {
                        self.singles |= mask << (index * width);
                        vec![in_register(names[index as usize], FloatFormat::LowBits)]
                    }
                    None if !fills_holes => self.stacked(slots),
                    None => {
                        // Nothing fills a hole once one is on the stack.
                        self.singles = u32::MAX;
                        self.align_stack(u64::from(bytes));
                        self.stacked(slots)
                    }
                }
            }
        }
    }

    /// The place of a `long double` that is more than a double.
    fn long_double(&mut self, long: &LongDouble) -> Vec<Piece> {
        let slots = usize::from(long.bytes.div_ceil(self.slot()));
        let whole = |register: RegisterName| {
            let encoding = Encoding::Integer { low: 0, bytes: long.bytes };
            vec![Piece { location: Location::Register(register), encoding }]
        };
        let variable = self.variadic == Some(true);
        match long.place {
            LongDoublePlace::Stack { alignment } => {
                self.align_stack(alignment.into());
                self.stacked(slots)
            }
            LongDoublePlace::Reference => self.pointer(Encoding::Reference),
            LongDoublePlace::Vector => {
                let registers = match &self.convention.floats {
                    FloatPlacement::Registers { registers, .. } => *registers,
                    _ => &[],
                };
                let Some(register) = registers.get(self.floats) else {
                    self.align_stack(long.bytes.into());
                    return self.stacked(slots);
                };
                self.floats += 1;
                whole(register)
            }
            LongDoublePlace::Pair { registers } => {
                self.integers = self.integers.next_multiple_of(2);
                let first = self.integers;
                let pieces = self.slots(slots);
                match registers.get(first..first + slots) {
                    Some(pair) if !variable => pair
                        .iter()
                        .enumerate()
                        .map(|(index, register)| self.part(Location::Register(register), index, slots))
                        .collect(),
                    _ => pieces,
                }
            }
            LongDoublePlace::BesidePositions { registers } => {
                self.integers = self.integers.next_multiple_of(2);
                let pieces = self.slots(slots);
                match registers.get(self.vectors) {
                    Some(register) if !variable => {
                        self.vectors += 1;
                        whole(register)
                    }
                    _ => pieces,
                }
            }
            _ => self.integer(long.bytes),
        }
    }

    /// The next slots, as the parts of one value.
    fn slots(&mut self, slots: usize) -> Vec<Piece> {
        let locations: Vec<Location> = (0..slots).map(|_| self.take_slot()).collect();
        locations.into_iter().enumerate().map(|(index, location)| self.part(location, index, slots)).collect()
    }

    /// A floating-point argument that uses up integer positions. A variable
    /// one stands in both.
    fn beside_integers(&mut self, register: Option<Piece>, bytes: u8) -> Vec<Piece> {
        let integer = self.integer(bytes);
        match register {
            None => integer,
            Some(piece) if self.variadic == Some(true) => [vec![piece], integer].concat(),
            Some(piece) => vec![piece],
        }
    }
}
