//! [`Runs`]: bytes at addresses that come in pieces and in any order.

use std::collections::BTreeMap;

use terrella_emulator_api::Permissions;
use terrella_machine_state::{Executable, Segment};
use terrella_platforms::Platform;

use crate::{Error, Result};

/// First address → bytes, without overlaps; runs that touch are joined at the
/// end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs(BTreeMap<u64, Vec<u8>>);

impl Runs {
    /// Adds bytes; `Err` with an address where there are bytes already.
    pub(crate) fn put(&mut self, address: u64, data: &[u8]) -> Result<(), u64> {
        if data.is_empty() {
            return Ok(());
        }
        let end = address.checked_add(data.len() as u64).ok_or(address)?;
        if let Some((next, _)) = self.0.range(address..end).next() {
            return Err(*next);
        }
        match self.0.range_mut(..address).next_back() {
            Some((first, bytes)) if first + bytes.len() as u64 > address => return Err(address),
            Some((first, bytes)) if first + bytes.len() as u64 == address => bytes.extend_from_slice(data),
            _ => {
                self.0.insert(address, data.to_vec());
            }
        }
        Ok(())
    }

    /// The runs by address, joined where they touch.
    pub(crate) fn joined(self) -> Vec<(u64, Vec<u8>)> {
        let mut segments: Vec<(u64, Vec<u8>)> = Vec::new();
        for (address, bytes) in self.0 {
            match segments.last_mut() {
                Some((first, run)) if *first + run.len() as u64 == address => run.extend(bytes),
                _ => segments.push((address, bytes)),
            }
        }
        segments
    }
}

/// An image with a segment for each run, with all permissions.
pub(crate) fn image(
    name: &str,
    platform: Platform,
    segments: Vec<(u64, Vec<u8>)>,
    entry: Option<u64>,
) -> Result<Executable> {
    let mut image = Executable::new(name, platform);
    for (index, (address, bytes)) in segments.into_iter().enumerate() {
        let size = bytes.len() as u64;
        let no_room = || Error::NoRoom { file: name.to_owned(), size, from: address, platform };
        let last = address.checked_add(size.saturating_sub(1)).ok_or_else(no_room)?;
        if last > platform.definition().highest_address() {
            return Err(no_room());
        }
        let segment = Segment::new(format!("data{index}"), address..=last, Permissions::ALL, &bytes);
        image.segments.push(segment.map_err(|_| no_room())?);
    }
    image.entry = entry;
    Ok(image)
}
