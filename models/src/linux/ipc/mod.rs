//! Communication between processes as System V has it (sysvipc(7)): queues of
//! messages, sets of semaphores, segments of shared memory. And message queues
//! of POSIX ([`queues`]).

pub(crate) mod messages;
pub(crate) mod queues;
pub(crate) mod semaphores;
pub(crate) mod shared;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::{
    messages::Queue,
    queues::Queues,
    semaphores::{Array, Undo},
    shared::Segment,
};
use super::process::{Credentials, Id};
use crate::{errno::Errno, serial::pairs};

/// The key of what has none.
pub(crate) const IPC_PRIVATE: i32 = 0;

/// An identifier is the number of a place, and how often places were begun
/// anew above these bits (`IPCMNI_SHIFT`, ipc/util.h).
const PLACE_BITS: u32 = 15;
/// How often, before it begins with zero again.
const SEQUENCES: u32 = 1 << (31 - PLACE_BITS);

/// Whose an object is, and who may do what with it (`struct ipc_perm`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permissions {
    pub(crate) key: i32,
    pub(crate) owner: (u32, u32),
    pub(crate) creator: (u32, u32),
    pub(crate) mode: u32,
}

impl Permissions {
    pub(crate) fn new(key: i32, who: &Credentials, flags: u64) -> Self {
        let own = (who.user[1], who.group[1]);
        Self { key, owner: own, creator: own, mode: flags as u32 & 0o777 }
    }

    /// Whether somebody may do what these bits of a mode stand for: those of
    /// owner, group and others alike (`ipcperms`, ipc/util.c).
    pub(crate) fn allow(&self, who: &Credentials, wanted: u32) -> bool {
        let (user, group) = (who.user[1], who.group[1]);
        let is_member = |id: u32| id == group || who.groups.contains(&id);
        let granted = if user == self.owner.0 || user == self.creator.0 {
            self.mode >> 6
        } else if is_member(self.owner.1) || is_member(self.creator.1) {
            self.mode >> 3
        } else {
            self.mode
        };
        let wanted = (wanted >> 6 | wanted >> 3 | wanted) & 7;
        wanted & !granted == 0 || user == 0
    }

    /// Whether somebody may change or remove the object.
    pub(crate) fn belong_to(&self, who: &Credentials) -> bool {
        let user = who.user[1];
        user == self.owner.0 || user == self.creator.0 || user == 0
    }
}

/// Something with an identifier.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Object<T> {
    pub(crate) permissions: Permissions,
    pub(crate) sequence: u32,
    pub(crate) it: T,
}

/// All objects of a kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Table<T> {
    #[serde(with = "pairs", bound(serialize = "T: Serialize", deserialize = "T: Deserialize<'de>"))]
    places: BTreeMap<u32, Object<T>>,
    sequence: u32,
    last: Option<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), sequence: 0, last: None }
    }
}

impl<T> Table<T> {
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The highest place that is in use.
    pub(crate) fn highest(&self) -> u32 {
        self.places.keys().next_back().copied().unwrap_or(0)
    }

    /// The object at a place, and its identifier.
    pub(crate) fn at_place(&self, place: i32) -> Result<i32, Errno> {
        let place = u32::try_from(place).map_err(|_| Errno::EINVAL)?;
        let object = self.places.get(&place).ok_or(Errno::EINVAL)?;
        Ok(identifier(place, object.sequence))
    }

    pub(crate) fn get(&self, id: i32) -> Result<&Object<T>, Errno> {
        let (place, sequence) = parts(id)?;
        self.places.get(&place).filter(|object| object.sequence == sequence).ok_or(Errno::EINVAL)
    }

    pub(crate) fn get_mut(&mut self, id: i32) -> Result<&mut Object<T>, Errno> {
        let (place, sequence) = parts(id)?;
        self.places.get_mut(&place).filter(|object| object.sequence == sequence).ok_or(Errno::EINVAL)
    }

    pub(crate) fn find(&self, key: i32) -> Option<i32> {
        let known = |object: &Object<T>| object.permissions.key == key;
        let found = self.places.iter().find(|(_, object)| known(object))?;
        Some(identifier(*found.0, found.1.sequence))
    }

    /// Puts something at the lowest free place; the identifier is one that was
    /// not used for long (`ipc_idr_alloc`, ipc/util.c).
    pub(crate) fn add(&mut self, permissions: Permissions, it: T, most: usize) -> Result<i32, Errno> {
        if self.places.len() >= most {
            return Err(Errno::ENOSPC);
        }
        let place = (0..1 << PLACE_BITS).find(|place| !self.places.contains_key(place));
        let place = place.ok_or(Errno::ENOSPC)?;
        if self.last.is_some_and(|last| place <= last) {
            self.sequence = (self.sequence + 1) % SEQUENCES;
        }
        self.last = Some(place);
        self.places.insert(place, Object { permissions, sequence: self.sequence, it });
        Ok(identifier(place, self.sequence))
    }

    pub(crate) fn remove(&mut self, id: i32) -> Result<Object<T>, Errno> {
        self.get(id)?;
        let (place, _) = parts(id)?;
        self.places.remove(&place).ok_or(Errno::EINVAL)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, &Object<T>)> {
        self.places.iter().map(|(place, object)| (identifier(*place, object.sequence), object))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.values_mut().map(|object| &mut object.it)
    }

    /// Whether numbers that were loaded are such as there can be.
    fn is_sound(&self, most: usize) -> bool {
        self.places.len() <= most
            && self.sequence < SEQUENCES
            && self.places.iter().all(|(place, it)| *place < 1 << PLACE_BITS && it.sequence < SEQUENCES)
    }
}

const fn identifier(place: u32, sequence: u32) -> i32 {
    (sequence << PLACE_BITS | place) as i32
}

fn parts(id: i32) -> Result<(u32, u32), Errno> {
    let id = u32::try_from(id).map_err(|_| Errno::EINVAL)?;
    Ok((id & ((1 << PLACE_BITS) - 1), id >> PLACE_BITS))
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wait {
    /// Room for a message, or a message, of System V.
    Message,
    /// A semaphore of a set, to be larger or to be zero.
    Semaphore { id: i32, number: u16, for_zero: bool },
    /// A message of a queue of POSIX.
    Receive(u64),
    /// Room in a queue of POSIX.
    Send(u64),
}

/// All objects of System V IPC, and queues of POSIX.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Ipc {
    pub(crate) messages: Table<Queue>,
    pub(crate) semaphores: Table<Array>,
    pub(crate) segments: Table<Segment>,
    pub(crate) queues: Queues,
    /// What is taken back of semaphores when a process ends, by process and
    /// set.
    #[serde(with = "pairs")]
    pub(crate) undo: BTreeMap<(Id, i32), Undo>,
    /// What threads wait for that the kernel has no threads for: those of the
    /// models of C libraries.
    #[serde(skip)]
    pub(crate) elsewhere: Vec<Wait>,
}

impl Ipc {
    /// Checks what was loaded.
    pub(crate) fn check(&self) -> Result<(), String> {
        let sound = self.messages.is_sound(messages::MOST)
            && self.semaphores.is_sound(semaphores::MOST_SETS)
            && self.segments.is_sound(shared::MOST);
        if !sound {
            return Err("there are too many objects of System V IPC".to_owned());
        }
        self.check_messages()?;
        self.check_semaphores()?;
        self.queues.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(user: u32, group: u32) -> Credentials {
        Credentials { user: [user; 4], group: [group; 4], groups: vec![77] }
    }

    #[test]
    fn identifiers_come_back_late() {
        let mut table: Table<u8> = Table::default();
        let add = |table: &mut Table<u8>| table.add(Permissions::default(), 0, 3);
        assert_eq!((add(&mut table), add(&mut table)), (Ok(0), Ok(1)));
        assert!(table.remove(1).is_ok());
        // As on Linux: the same place, one sequence later.
        assert_eq!(add(&mut table), Ok(1 << 15 | 1));
        assert_eq!(table.get(1).map(|_| ()), Err(Errno::EINVAL));
        assert_eq!(table.get(-1).map(|_| ()), Err(Errno::EINVAL));
        assert_eq!(table.at_place(1), Ok(1 << 15 | 1));
        assert_eq!((add(&mut table), add(&mut table)), (Ok(1 << 15 | 2), Err(Errno::ENOSPC)));
    }

    #[test]
    fn modes_are_for_owners_groups_and_others() {
        let owner = somebody(5, 6);
        let mut it = Permissions::new(9, &owner, 0o640);
        assert!(
            it.allow(&owner, 0o600) && it.allow(&somebody(8, 6), 0o040) && !it.allow(&somebody(8, 6), 0o020)
        );
        assert!(!it.allow(&somebody(8, 8), 0o004) && it.allow(&somebody(0, 8), 0o777));
        it.owner = (11, 77);
        assert!(it.allow(&somebody(8, 8), 0o444) && it.belong_to(&owner) && !it.belong_to(&somebody(8, 6)));
    }
}
