//! [`Snapshot`]: a state of an emulator to go back to.

use std::{any::Any, fmt, rc::Rc};

/// A state of one emulator, to be restored as often as wanted.
///
/// What it holds belongs to the backend that took it; it can be cloned at no
/// cost, and what it keeps alive is freed with its last clone. Snapshots nest
/// and may be restored in any order.
#[derive(Clone)]
pub struct Snapshot {
    content: Rc<dyn Any>,
}

impl Snapshot {
    /// Wraps what a backend needs to come back to the state.
    #[must_use]
    pub fn new(content: Rc<dyn Any>) -> Self {
        Self { content }
    }

    /// What the backend put in, if it is of that type.
    #[must_use]
    pub fn content<T: 'static>(&self) -> Option<&T> {
        self.content.downcast_ref()
    }

    /// What the backend put in, shared.
    #[must_use]
    pub fn shared<T: 'static>(&self) -> Option<Rc<T>> {
        Rc::clone(&self.content).downcast().ok()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Snapshot")
    }
}
