//! [`StructBuilder`]: structures as C compilers lay them out.

use terrella_platforms::Platform;

use crate::{Error, Result};

/// Something that can be laid out as a structure in guest memory.
pub trait GuestStruct {
    /// Adds the fields, in order.
    fn lay_out(&self, builder: &mut StructBuilder);
}

/// Lays out a structure: each field at a multiple of its size, integers in
/// the byte order of the platform, the size rounded up to the largest
/// alignment.
///
/// ```
/// use terrella_machine_state::{Platform, StructBuilder};
///
/// let mut node = StructBuilder::new(Platform::MIPS);
/// node.u8(1).u16(0x0203).pointer(0x8000_0000);
/// assert_eq!(node.finish(), [1, 0, 2, 3, 0x80, 0, 0, 0]);
/// ```
#[derive(Debug, Clone)]
pub struct StructBuilder {
    platform: Platform,
    bytes: Vec<u8>,
    alignment: usize,
    largest: usize,
}

impl StructBuilder {
    /// A structure without fields. Fields are aligned to at most 8 bytes, or
    /// to what the stack of the platform is aligned to if that is less.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        let conventions = platform.definition().calling_conventions;
        let stack = conventions.first().map_or(8, |convention| usize::from(convention.stack_alignment));
        Self { platform, bytes: Vec::new(), alignment: 1, largest: stack.clamp(1, 8) }
    }

    /// Aligns later fields to at most `bytes` bytes: 4 for i386, where
    /// 8-byte fields are aligned to 4; 1 for a packed structure.
    pub fn largest_alignment(&mut self, bytes: usize) -> &mut Self {
        self.largest = bytes.max(1);
        self
    }

    /// The platform.
    #[must_use]
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// The offset of the next field before it is aligned, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.bytes.len()
    }

    /// Adds zeros up to a multiple of `bytes`.
    pub fn align(&mut self, bytes: usize) -> &mut Self {
        let bytes = bytes.clamp(1, self.largest);
        self.alignment = self.alignment.max(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(bytes), 0);
        self
    }

    /// Adds the lowest `bytes` bytes of an integer, up to 16, aligned.
    pub fn integer(&mut self, value: u128, bytes: usize) -> &mut Self {
        let bytes = bytes.min(16);
        self.align(bytes);
        let start = self.bytes.len();
        self.bytes.resize(start + bytes, 0);
        self.platform.byte_order().write(value, &mut self.bytes[start..]);
        self
    }

    /// Adds an 8-bit integer.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.integer(value.into(), 1)
    }

    /// Adds a 16-bit integer.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.integer(value.into(), 2)
    }

    /// Adds a 32-bit integer.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.integer(value.into(), 4)
    }

    /// Adds a 64-bit integer.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.integer(value.into(), 8)
    }

    /// Adds a single-precision number.
    pub fn f32(&mut self, value: f32) -> &mut Self {
        self.integer(value.to_bits().into(), 4)
    }

    /// Adds a double-precision number.
    pub fn f64(&mut self, value: f64) -> &mut Self {
        self.integer(value.to_bits().into(), 8)
    }

    /// Adds a pointer of the platform's width.
    pub fn pointer(&mut self, address: u64) -> &mut Self {
        self.integer(address.into(), self.platform.definition().pointer_bytes.into())
    }

    /// Adds bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Puts an integer at an offset, and zeros before it where nothing is.
    ///
    /// # Errors
    /// [`Error::NoRoom`] for an offset of a gigabyte or more.
    pub fn integer_at(&mut self, offset: usize, value: u128, bytes: usize) -> Result<&mut Self> {
        let bytes = bytes.min(16);
        if offset >= 1 << 30 {
            return Err(Error::NoRoom { item: "structure".to_owned(), size: offset as u64 });
        }
        if self.bytes.len() < offset + bytes {
            self.bytes.resize(offset + bytes, 0);
        }
        self.platform.byte_order().write(value, &mut self.bytes[offset..offset + bytes]);
        Ok(self)
    }

    /// Adds a structure inside this one.
    pub fn structure(&mut self, value: &dyn GuestStruct) -> &mut Self {
        let mut inner = Self { bytes: Vec::new(), alignment: 1, ..*self };
        value.lay_out(&mut inner);
        self.align(inner.alignment);
        let bytes = inner.finish();
        self.bytes(&bytes)
    }

    /// The bytes, padded at the end.
    #[must_use]
    pub fn finish(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes.resize(bytes.len().next_multiple_of(self.alignment), 0);
        bytes
    }
}
