//! [`RegisterFile`]: the bytes of registers, temporaries and constants.

use crate::layout::FILE_SIZE;

/// Room behind the end, so that every 16-bit place has 64 bytes.
const SLACK: usize = 64;

/// The bytes of registers, temporaries and constants: see
/// [`Layout`](crate::layout::Layout).
pub(crate) struct RegisterFile(Box<[u8; FILE_SIZE + SLACK]>);

impl RegisterFile {
    pub(crate) fn new() -> Self {
        Self(Box::new([0; FILE_SIZE + SLACK]))
    }

    /// The N bytes at a place.
    #[inline(always)]
    pub(crate) fn get<const N: usize>(&self, place: u16) -> [u8; N] {
        let mut bytes = [0; N];
        let place = usize::from(place);
        bytes.copy_from_slice(&self.0[place..place + N]);
        bytes
    }

    #[inline(always)]
    pub(crate) fn put<const N: usize>(&mut self, place: u16, bytes: [u8; N]) {
        let place = usize::from(place);
        self.0[place..place + N].copy_from_slice(&bytes);
    }

    /// As [`Self::put`], for places that are not yet short.
    pub(crate) fn set<const N: usize>(&mut self, place: usize, bytes: [u8; N]) {
        self.put(place as u16, bytes);
    }

    /// Some bytes; empty if there are not as many.
    pub(crate) fn slice(&self, place: usize, size: usize) -> &[u8] {
        self.0.get(place..place + size).unwrap_or_default()
    }

    pub(crate) fn slice_mut(&mut self, place: usize, size: usize) -> &mut [u8] {
        self.0.get_mut(place..place + size).unwrap_or_default()
    }

    /// An unsigned integer of up to 16 bytes.
    #[inline]
    pub(crate) fn integer(&self, place: usize, size: usize) -> u128 {
        let mut bytes = [0; 16];
        let size = size.min(16);
        bytes[..size].copy_from_slice(self.slice(place, size));
        u128::from_le_bytes(bytes)
    }

    /// Sets an integer: what is above 16 bytes becomes zero.
    #[inline]
    pub(crate) fn set_integer(&mut self, place: usize, size: usize, value: u128) {
        let bytes = value.to_le_bytes();
        let slice = self.slice_mut(place, size);
        let low = slice.len().min(16);
        slice[..low].copy_from_slice(&bytes[..low]);
        slice[low..].fill(0);
    }
}
