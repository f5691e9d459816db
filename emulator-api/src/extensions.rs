//! [`Extensions`]: named state that travels with an emulator.

use std::{any::Any, collections::BTreeMap, fmt, rc::Rc};

/// A value that can be kept in [`Extensions`]: anything that can be cloned.
trait Value: Any {
    fn duplicate(&self) -> Rc<dyn Value>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<T: Any + Clone> Value for T {
    fn duplicate(&self) -> Rc<dyn Value> {
        Rc::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// Named values of any type that belong to the state of an emulator without
/// being registers or memory: what device and function models remember.
///
/// Snapshots capture them and restores bring them back. Values are shared
/// copy-on-write, so that a snapshot costs nothing for those that do not
/// change.
///
/// ```
/// use terrella_emulator_api::Extensions;
///
/// let mut extensions = Extensions::default();
/// extensions.insert("uart", vec![1_u8, 2]);
/// let saved = extensions.clone();
/// extensions.get_mut::<Vec<u8>>("uart").unwrap().push(3);
/// assert_eq!(extensions.get::<Vec<u8>>("uart").unwrap().len(), 3);
/// assert_eq!(saved.get::<Vec<u8>>("uart").unwrap().len(), 2);
/// ```
#[derive(Clone, Default)]
pub struct Extensions {
    values: BTreeMap<String, Rc<dyn Value>>,
}

impl Extensions {
    /// Keeps a value under a name, in place of any earlier one.
    pub fn insert<T: Any + Clone>(&mut self, name: impl Into<String>, value: T) {
        self.values.insert(name.into(), Rc::new(value));
    }

    /// Forgets the value of a name; `false` if there was none.
    pub fn remove(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// The value of a name, if there is one of that type.
    #[must_use]
    pub fn get<T: Any + Clone>(&self, name: &str) -> Option<&T> {
        self.values.get(name)?.as_ref().as_any().downcast_ref()
    }

    /// The value of a name, if there is one of that type, to be changed.
    #[must_use]
    pub fn get_mut<T: Any + Clone>(&mut self, name: &str) -> Option<&mut T> {
        let shared = self.values.get_mut(name)?;
        if Rc::get_mut(shared).is_none() {
            *shared = shared.as_ref().duplicate();
        }
        Rc::get_mut(shared)?.as_any_mut().downcast_mut()
    }

    /// The names that have a value, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.values.keys()).finish()
    }
}
