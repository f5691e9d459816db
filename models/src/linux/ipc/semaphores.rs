//! Sets of semaphores of System V (semop(2)).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Ipc;
use crate::{
    errno::Errno,
    linux::{kernel::Kernel, process::Id},
};

/// Sets (`SEMMNI`), semaphores of a set (`SEMMSL`), operations of a call
/// (`SEMOPM`), the largest value (`SEMVMX`; linux/sem.h).
pub(crate) const MOST_SETS: usize = 32_000;
pub(crate) const MOST_IN_SET: usize = 32_000;
pub(crate) const MOST_OPERATIONS: u64 = 500;
pub(crate) const LARGEST: i32 = 32_767;
/// Semaphores of all sets together (`SEMMNS` is 32000 sets of 32000 on Linux).
pub(crate) const MOST: usize = 256_000;
/// Values to be taken back, of all processes together.
const MOST_UNDONE: usize = 1 << 18;

pub(crate) const NO_WAIT: u16 = 0o4000;
pub(crate) const UNDO: u16 = 0x1000;

/// A semaphore.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Semaphore {
    pub(crate) value: i32,
    /// Who changed it last.
    pub(crate) process: Id,
}

/// A set of semaphores.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Array {
    pub(crate) all: Vec<Semaphore>,
    /// Seconds since 1970: of the last operation, of the last change.
    pub(crate) operated: i64,
    pub(crate) changed: i64,
}

/// What a process has to take back of a set, by the number of the semaphore.
pub(crate) type Undo = BTreeMap<u16, i32>;

/// `struct sembuf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) number: u16,
    pub(crate) by: i16,
    pub(crate) flags: u16,
}

/// Why operations are not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Error(Errno),
    /// This one has to wait.
    Waits(Operation),
}

impl Ipc {
    /// Does all operations of a call, or none (`perform_atomic_semop`,
    /// ipc/sem.c).
    pub(crate) fn operate(&mut self, id: i32, process: Id, operations: &[Operation]) -> Result<(), Refused> {
        let full = self.undo.values().map(BTreeMap::len).sum::<usize>() + operations.len() > MOST_UNDONE;
        let set = &mut self.semaphores.get_mut(id).map_err(Refused::Error)?.it;
        let mut values: BTreeMap<u16, i32> = BTreeMap::new();
        let mut undone = self.undo.get(&(process, id)).cloned().unwrap_or_default();
        for operation in operations {
            let number = operation.number;
            let semaphore = set.all.get(usize::from(number)).ok_or(Refused::Error(Errno::EFBIG))?;
            let value = values.entry(number).or_insert(semaphore.value);
            let by = i32::from(operation.by);
            if by == 0 && *value != 0 || *value + by < 0 {
                return Err(match operation.flags & NO_WAIT {
                    0 => Refused::Waits(*operation),
                    _ => Refused::Error(Errno::EAGAIN),
                });
            }
            if *value + by > LARGEST {
                return Err(Refused::Error(Errno::ERANGE));
            }
            if operation.flags & UNDO != 0 {
                let adjusted = undone.entry(number).or_default();
                // SEMAEM is the largest value.
                if !(-LARGEST - 1..=LARGEST).contains(&(*adjusted - by)) {
                    return Err(Refused::Error(Errno::ERANGE));
                }
                *adjusted -= by;
            }
            *value += by;
        }
        let undoes = operations.iter().any(|operation| operation.flags & UNDO != 0);
        if undoes && full {
            return Err(Refused::Error(Errno::ENOSPC));
        }
        for (number, value) in values {
            if let Some(semaphore) = set.all.get_mut(usize::from(number)) {
                *semaphore = Semaphore { value, process };
            }
        }
        if undoes {
            undone.retain(|_, by| *by != 0);
            self.undo.insert((process, id), undone);
            self.undo.retain(|_, undone| !undone.is_empty());
        }
        Ok(())
    }

    /// Nothing is taken back of a semaphore, or of a set, any more.
    pub(crate) fn forget_undo(&mut self, id: i32, number: Option<u16>) {
        for (_, undone) in self.undo.iter_mut().filter(|((_, of), _)| *of == id) {
            match number {
                Some(number) => drop(undone.remove(&number)),
                None => undone.clear(),
            }
        }
        self.undo.retain(|_, undone| !undone.is_empty());
    }

    pub(super) fn check_semaphores(&self) -> Result<(), String> {
        let mut count = 0;
        for (id, object) in self.semaphores.iter() {
            count += object.it.all.len();
            if object.it.all.iter().any(|it| !(0..=LARGEST).contains(&it.value)) {
                return Err(format!("a semaphore of set {id} has a value that it cannot have"));
            }
        }
        let undone: usize = self.undo.values().map(BTreeMap::len).sum();
        let beyond = |by: &i32| !(-LARGEST - 1..=LARGEST).contains(by);
        if count > MOST || undone > MOST_UNDONE || self.undo.values().flat_map(BTreeMap::values).any(beyond) {
            return Err("there are too many semaphores, or they are to change by too much".to_owned());
        }
        Ok(())
    }
}

impl Kernel {
    /// A process ends: what it did to semaphores with `SEM_UNDO` is taken back,
    /// as far as it goes (`exit_sem`, ipc/sem.c).
    pub(crate) fn undo_semaphores(&mut self, process: Id) {
        let keys: Vec<(Id, i32)> =
            self.ipc.undo.range((process, i32::MIN)..=(process, i32::MAX)).map(|it| *it.0).collect();
        let now = self.clock.wall().div_euclid(1_000_000_000);
        for key in keys {
            let undone = self.ipc.undo.remove(&key).unwrap_or_default();
            let Ok(object) = self.ipc.semaphores.get_mut(key.1) else { continue };
            for (number, by) in undone {
                if let Some(semaphore) = object.it.all.get_mut(usize::from(number)) {
                    semaphore.value = (semaphore.value + by).clamp(0, LARGEST);
                    semaphore.process = process;
                }
            }
            object.it.operated = now;
            self.changed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Permissions, *};

    #[test]
    fn operations_are_done_together_or_not_at_all() {
        let mut ipc = Ipc::default();
        let array = Array { all: vec![Semaphore { value: 2, process: 0 }; 2], operated: 0, changed: 0 };
        let id = ipc.semaphores.add(Permissions::default(), array, MOST_SETS);
        assert_eq!(id, Ok(0));
        let by = |number, by, flags| Operation { number, by, flags };
        let values = |ipc: &Ipc| ipc.semaphores.get(0).map(|it| (it.it.all[0].value, it.it.all[1].value));
        assert_eq!(ipc.operate(0, 7, &[by(0, -1, UNDO), by(1, -3, 0)]), Err(Refused::Waits(by(1, -3, 0))));
        assert_eq!(values(&ipc), Ok((2, 2)));
        assert!(ipc.undo.is_empty());
        assert_eq!(ipc.operate(0, 7, &[by(0, -1, UNDO), by(1, -2, 0), by(1, 0, 0)]), Ok(()));
        assert_eq!((values(&ipc), ipc.undo.get(&(7, 0))), (Ok((1, 0)), Some(&BTreeMap::from([(0, 1)]))));
        assert_eq!(ipc.operate(0, 7, &[by(1, -1, NO_WAIT)]), Err(Refused::Error(Errno::EAGAIN)));
        assert_eq!(ipc.operate(0, 7, &[by(1, 32_767, 0), by(1, 1, 0)]), Err(Refused::Error(Errno::ERANGE)));
        assert_eq!(ipc.operate(0, 7, &[by(2, 1, 0)]), Err(Refused::Error(Errno::EFBIG)));
    }
}
