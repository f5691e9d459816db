//! How much the files of a system may hold, so that no program takes all
//! memory of the host.

use serde::{Deserialize, Serialize};

use super::{FileSystem, Node};
use crate::errno::Errno;

/// How much a [`FileSystem`] may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLimits {
    /// Bytes in all files together, mounted ones among them once they were
    /// read: beyond is `ENOSPC`.
    pub bytes: u64,
    /// Files, folders and links, and further names of files: beyond is
    /// `ENOSPC`.
    pub entries: u64,
}

impl Default for FileLimits {
    /// 4 GiB, and 2^20 entries.
    fn default() -> Self {
        Self { bytes: 4 << 30, entries: 1 << 20 }
    }
}

/// The bytes that a node keeps.
pub(super) fn bytes_of(node: &Node) -> u64 {
    match node {
        Node::File(content) => content.len() as u64,
        Node::Link(target) => target.len() as u64,
        _ => 0,
    }
}

impl FileSystem {
    /// Sets how much there may be. What is there already stays.
    pub const fn set_limits(&mut self, limits: FileLimits) {
        self.limits = limits;
    }

    /// Room for more bytes.
    pub(super) fn take_room(&mut self, bytes: u64) -> Result<(), Errno> {
        let sum = self.used.bytes.checked_add(bytes).ok_or(Errno::ENOSPC)?;
        if bytes > 0 && sum > self.limits.bytes {
            return Err(Errno::ENOSPC);
        }
        self.used.bytes = sum;
        Ok(())
    }

    pub(super) const fn give_room(&mut self, bytes: u64) {
        self.used.bytes = self.used.bytes.saturating_sub(bytes);
    }

    /// Room for one more inode, or one more name.
    pub(super) const fn take_entry(&mut self) -> Result<(), Errno> {
        if self.used.entries >= self.limits.entries {
            return Err(Errno::ENOSPC);
        }
        self.used.entries += 1;
        Ok(())
    }

    pub(super) const fn give_entry(&mut self) {
        self.used.entries = self.used.entries.saturating_sub(1);
    }
}
