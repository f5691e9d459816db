//! Which register of Unicorn holds which register of the platform tables.
//!
//! [`native_registers`] looks a root register up in the tables of the files
//! beside this one. What stands in them was measured with Unicorn 2.1.5: which
//! ids it really has (of the others it reads zeros and ignores writes), and how
//! many bytes it moves. `tests.rs` measures it again.
//!
//! A register that is absent here, and from `hidden`, is one that Unicorn does
//! not show, or shows wrongly:
//!
//! * counters that follow the host's clock, which would make runs differ;
//! * words of which it shows a part and keeps the rest elsewhere.

mod aarch64;
mod arm;
mod mips;
mod others;
mod powerpc;
mod riscv;
#[cfg(test)]
mod tests;
mod x86;

use terrella_platforms::{Architecture, ByteOrder, Platform, RegisterValue};

/// The most bytes that Unicorn moves for one register.
pub(crate) const LARGEST: usize = 64;

/// How to reach a root register, or a part of it, through `uc_reg_read2` and
/// `uc_reg_write2`.
///
/// ```text
/// let mut image = native.image();
/// engine.read_register(native.id, &mut image[..native.bytes.into()]);
/// value = native.extract(&image, value);
/// ```
///
/// To write, take an [`image`](Self::image), read into it as above if
/// [`shared`](Self::shared) is set, [`insert`](Self::insert) the value and
/// write the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NativeRegister {
    /// Unicorn's id.
    pub(crate) id: i32,
    /// The size to give to Unicorn, in bytes: a value in the host's byte
    /// order, or a structure with the value in it.
    pub(crate) bytes: u8,
    /// The lowest bit of the root register that is held.
    pub(crate) low_bit: u16,
    /// How many bits of the root register are held. The value that Unicorn
    /// takes may be wider: its other bits are none of the register's.
    pub(crate) bits: u16,
    /// Whether writing has an effect.
    pub(crate) writable: bool,
    /// Whether the structure also holds what other registers show, so that it
    /// must be read before it is written.
    pub(crate) shared: bool,
    /// How the value stands for the bits that are held.
    view: View,
    /// Where in the structure the value stands.
    offset: u8,
    /// How many bytes the value has.
    width: u8,
    /// The words at the start of the structure that say which register is
    /// meant.
    keys: [u32; 7],
}

/// How a value of Unicorn's stands for bits of a root register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// Its low bits are they.
    Low,
    /// The bit is this one of the value.
    Bit(u8),
    /// The bit is whether the value is not zero.
    NonZero,
}

impl NativeRegister {
    /// What to give to Unicorn before the value is in it; only the first
    /// [`bytes`](Self::bytes) count.
    pub(crate) fn image(&self) -> [u8; LARGEST] {
        let mut image = [0; LARGEST];
        for (word, key) in image.chunks_exact_mut(4).zip(self.keys) {
            word.copy_from_slice(&key.to_ne_bytes());
        }
        image
    }

    /// `value`, a root register's, with the held bits taken from `image`.
    pub(crate) fn extract(&self, image: &[u8; LARGEST], value: &RegisterValue) -> RegisterValue {
        let mut bytes = [0; LARGEST];
        let bytes = &mut bytes[..self.width.into()];
        bytes.copy_from_slice(&image[self.place()]);
        if cfg!(target_endian = "big") {
            bytes.reverse();
        }
        let native = RegisterValue::from_le_bytes(bytes);
        let held = match self.view {
            View::Low => native,
            View::Bit(bit) => native.extract(bit.into(), 1),
            View::NonZero => RegisterValue::from(u64::from(!native.is_zero())),
        };
        value.insert(self.low_bit.into(), self.bits.into(), &held.extract(0, self.bits.into()))
    }

    /// Puts the held bits of a root register's value into `image`.
    pub(crate) fn insert(&self, image: &mut [u8; LARGEST], value: &RegisterValue) {
        let held = value.extract(self.low_bit.into(), self.bits.into());
        let native = match self.view {
            View::Low | View::NonZero => held,
            View::Bit(bit) => RegisterValue::from(0_u64).insert(bit.into(), 1, &held),
        };
        let place = &mut image[self.place()];
        native.write_le_bytes(place);
        if cfg!(target_endian = "big") {
            place.reverse();
        }
    }

    fn place(&self) -> std::ops::Range<usize> {
        let start = usize::from(self.offset);
        start..start + usize::from(self.width)
    }
}

/// The names that a row is for.
#[derive(Debug, Clone, Copy)]
enum Names {
    /// One register.
    One(&'static str),
    /// `count` registers, numbered from `first`, with ids one after the other.
    /// The number stands at the end of `prefix`, or in the place of its `#`.
    Bank { prefix: &'static str, first: u16, count: u16 },
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
struct Row {
    names: Names,
    /// Of a bank, what its first register is.
    native: NativeRegister,
}

impl Row {
    /// The register `name`, a value of `bytes` bytes.
    const fn one(name: &'static str, id: i32, bytes: u8) -> Self {
        let native = NativeRegister {
            id,
            bytes,
            low_bit: 0,
            bits: bytes as u16 * 8,
            writable: true,
            shared: false,
            view: View::Low,
            offset: 0,
            width: bytes,
            keys: [0; 7],
        };
        Self { names: Names::One(name), native }
    }

    /// Registers numbered from `first`, with the ids from `id` to `last_id`.
    const fn bank(prefix: &'static str, first: u16, id: i32, last_id: i32, bytes: u8) -> Self {
        let count = (last_id - id + 1) as u16;
        Self { names: Names::Bank { prefix, first, count }, ..Self::one(prefix, id, bytes) }
    }

    /// A register that Unicorn reaches through a structure of `bytes` bytes
    /// that begins with `keys` and has a value of `width` bytes at `offset`.
    const fn in_structure(
        name: &'static str,
        id: i32,
        bytes: u8,
        keys: [u32; 7],
        offset: u8,
        width: u8,
    ) -> Self {
        let mut row = Self::one(name, id, bytes);
        row.native.keys = keys;
        row.native.offset = offset;
        row.native.width = width;
        row.native.bits = width as u16 * 8;
        row
    }

    /// The same where writing has no effect.
    const fn read_only(mut self) -> Self {
        self.native.writable = false;
        self
    }

    /// The same for the root's bits from `low_bit` on.
    const fn at(mut self, low_bit: u16) -> Self {
        self.native.low_bit = low_bit;
        self
    }

    /// The same of which only the lowest `bits` bits count.
    const fn bits(mut self, bits: u16) -> Self {
        self.native.bits = bits;
        self
    }

    /// The same for one bit of the root, which `view` tells.
    const fn one_bit(mut self, low_bit: u16, view: View) -> Self {
        self.native.low_bit = low_bit;
        self.native.bits = 1;
        self.native.view = view;
        self
    }

    /// The same in a structure that holds other registers too.
    const fn shared(mut self) -> Self {
        self.native.shared = true;
        self
    }

    fn find(&self, name: &str) -> Option<NativeRegister> {
        match self.names {
            Names::One(own) => (own == name).then_some(self.native),
            Names::Bank { prefix, first, count } => {
                let (before, after) = prefix.split_once('#').unwrap_or((prefix, ""));
                let digits = name.strip_prefix(before)?.strip_suffix(after)?;
                let canonical = digits.bytes().all(|byte| byte.is_ascii_digit())
                    && (digits.len() == 1 || !digits.starts_with('0'));
                let index = digits.parse::<u16>().ok().filter(|_| canonical)?.checked_sub(first)?;
                let native = NativeRegister { id: self.native.id + i32::from(index), ..self.native };
                (index < count).then_some(native)
            }
        }
    }
}

/// The tables of a platform, none if Unicorn does not run it.
fn tables(platform: Platform) -> &'static [&'static [Row]] {
    let big = platform.byte_order() == ByteOrder::Big;
    match platform.architecture() {
        Architecture::X86_64 => x86::TABLES_64,
        Architecture::I386 => x86::TABLES_32,
        Architecture::X86_16 => x86::TABLES_16,
        Architecture::AArch64 => aarch64::TABLES,
        Architecture::ArmV5T => arm::TABLES_V5T,
        Architecture::ArmV6M => arm::TABLES_V6M,
        Architecture::ArmV7M => arm::TABLES_V7M,
        Architecture::ArmV7R => arm::TABLES_V7R,
        Architecture::ArmV7A => arm::TABLES_V7A,
        Architecture::Mips32 => mips::TABLES_32,
        Architecture::Mips64 => mips::TABLES_64,
        Architecture::PowerPc32 if big => powerpc::TABLES_32,
        Architecture::PowerPc64 if big => powerpc::TABLES_64,
        Architecture::RiscV32 => riscv::TABLES_32,
        Architecture::RiscV64 => riscv::TABLES_64,
        Architecture::M68k => others::M68K,
        Architecture::Sparc32 => others::SPARC32,
        Architecture::Sparc64 => others::SPARC64,
        Architecture::S390x => others::S390X,
        Architecture::TriCore => others::TRICORE,
        _ => &[],
    }
}

/// What Unicorn has of the root register called `name` (in lower case): none if
/// it does not show the register, several if it shows parts of it as registers
/// of their own. Bits that none of them holds cannot be reached.
pub(crate) fn native_registers(platform: Platform, name: &str) -> Vec<NativeRegister> {
    // The tables tell what Unicorn moves; a register may be narrower.
    let registers = platform.definition().registers();
    let width = registers.lookup(name).map_or(0, |id| registers.get(id).bits);
    let rows = tables(platform).iter().flat_map(|rows| rows.iter());
    rows.filter_map(|row| row.find(name))
        .map(|native| NativeRegister {
            bits: native.bits.min(width.saturating_sub(native.low_bit)),
            ..native
        })
        .collect()
}

/// What must be written to an engine before its registers are first read:
/// names and values.
#[cfg(test)]
pub(crate) fn initial_values(platform: Platform) -> &'static [(&'static str, u64)] {
    match platform.architecture() {
        // The floating-point unit on: `fcsr` cannot be read while it is off.
        Architecture::RiscV32 | Architecture::RiscV64 => &[("mstatus", 0x6000)],
        _ => &[],
    }
}
