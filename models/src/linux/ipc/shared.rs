//! Segments of shared memory of System V (shmop(2)): files without names,
//! which processes map.

use serde::{Deserialize, Serialize};

use crate::{
    files::InodeId,
    linux::{
        kernel::Kernel,
        memory::Area,
        process::{Id, SpaceId},
    },
};

/// Segments (`SHMMNI`, linux/shm.h).
pub(crate) const MOST: usize = 4096;

/// A bit of the mode: the segment goes with the last process that has it.
pub(crate) const TO_GO: u32 = 0o1000;
/// Another: it stays in memory, as all does here.
pub(crate) const LOCKED: u32 = 0o2000;

/// A segment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Segment {
    /// What is in it.
    pub(crate) inode: InodeId,
    pub(crate) size: u64,
    /// Seconds since 1970.
    pub(crate) attached: i64,
    pub(crate) detached: i64,
    pub(crate) changed: i64,
    pub(crate) creator: Id,
    pub(crate) last: Id,
}

impl Kernel {
    /// How often a segment is mapped, in all address spaces.
    pub(crate) fn attachments(&self, inode: InodeId) -> u64 {
        let is_of = |area: &Area| area.file.is_some_and(|(file, _)| file == inode);
        let holding = self.spaces.values().filter(|space| space.held.contains(&inode));
        holding.map(|space| space.iter().filter(|(_, area)| is_of(area)).count() as u64).sum()
    }

    /// Whether there is anything to be told of mappings.
    fn has_segments(&self) -> bool {
        self.ipc.segments.len() > 0
    }

    /// Mappings of a process are no more: of a segment it is noted, and one that
    /// is to go goes with its last.
    pub(crate) fn detached(&mut self, areas: &[(u64, Area)], process: Id) {
        if !self.has_segments() {
            return;
        }
        let now = self.clock.wall().div_euclid(1_000_000_000);
        for inode in areas.iter().filter_map(|(_, area)| Some(area.file?.0)) {
            if let Some(it) = self.ipc.segments.values_mut().find(|it| it.inode == inode) {
                (it.detached, it.last) = (now, process);
            }
        }
        self.end_segments();
    }

    /// A process gives up all that it has mapped, which no other one has.
    pub(crate) fn detached_space(&mut self, space: SpaceId, process: Id) {
        let others = self.processes.values().any(|it| it.space == space && it.id != process);
        if others || !self.has_segments() {
            return;
        }
        let Some(areas) = self.spaces.get_mut(&space) else { return };
        let mapped: Vec<(u64, Area)> = areas.iter().map(|(start, area)| (start, area.clone())).collect();
        let segments: Vec<InodeId> = self.ipc.segments.iter().map(|(_, object)| object.it.inode).collect();
        let of_segments = |area: &Area| area.file.is_some_and(|(inode, _)| segments.contains(&inode));
        let gone: Vec<(u64, Area)> = mapped.into_iter().filter(|(_, area)| of_segments(area)).collect();
        let now = self.clock.wall().div_euclid(1_000_000_000);
        for (_, area) in &gone {
            let inode = area.file.map(|(inode, _)| inode);
            if let Some(it) = self.ipc.segments.values_mut().find(|it| Some(it.inode) == inode) {
                (it.detached, it.last) = (now, process);
            }
        }
    }

    /// A process is copied: its copy has what it had.
    pub(crate) fn attached_again(&mut self, space: SpaceId, process: Id) {
        if !self.has_segments() {
            return;
        }
        let now = self.clock.wall().div_euclid(1_000_000_000);
        let Some(areas) = self.spaces.get(&space) else { return };
        let mapped: Vec<InodeId> = areas.iter().filter_map(|(_, area)| Some(area.file?.0)).collect();
        for it in self.ipc.segments.values_mut().filter(|it| mapped.contains(&it.inode)) {
            (it.attached, it.last) = (now, process);
        }
    }

    /// Segments that were to go and that nobody has any more.
    pub(crate) fn end_segments(&mut self) {
        let gone: Vec<i32> = self
            .ipc
            .segments
            .iter()
            .filter(|(_, object)| object.permissions.mode & TO_GO != 0)
            .filter(|(_, object)| self.attachments(object.it.inode) == 0)
            .map(|(id, _)| id)
            .collect();
        for id in gone {
            if let Ok(object) = self.ipc.segments.remove(id) {
                self.files.let_go(object.it.inode);
            }
        }
    }
}
