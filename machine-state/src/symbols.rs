//! [`SymbolTable`]: names for addresses.

use std::{collections::BTreeSet, sync::Arc};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use terrella_platforms::Platform;

use crate::{Error, Result, names};

/// What a symbol names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SymbolKind {
    /// Code.
    Function,
    /// Data.
    Object,
    /// Data of each thread; the address is an offset.
    Tls,
    /// A section.
    Section,
    /// Anything else: labels, files, unknown.
    Other,
}

/// Who sees a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SymbolBinding {
    /// Everyone.
    Global,
    /// Everyone, unless there is a global one.
    Weak,
    /// Its own module.
    Local,
}

/// A name for an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbol {
    /// The name, as the file writes it (not demangled).
    pub name: String,
    /// The address after loading. For a function, the code pointer: with the
    /// Thumb bit set where it is Thumb code. For a thread-local variable, the
    /// offset in the thread's block.
    pub address: u64,
    /// The size in bytes; 0 if unknown.
    #[serde(default)]
    pub size: u64,
    /// What it names.
    pub kind: SymbolKind,
    /// Who sees it.
    pub binding: SymbolBinding,
    /// The module that defines it.
    #[serde(default)]
    pub module: String,
}

/// What stands at an address: the nearest symbol below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SymbolAt<'a> {
    /// The symbol.
    pub symbol: &'a Symbol,
    /// How far the address is behind it, in bytes.
    pub offset: u64,
}

/// Symbols by name and by address. A clone shares them.
///
/// ```
/// use terrella_machine_state::{Platform, Symbol, SymbolBinding, SymbolKind, SymbolTable};
///
/// let mut symbols = SymbolTable::new(Platform::ARMV7A);
/// symbols.insert(Symbol {
///     name: "main".into(),
///     address: 0x8001, // Thumb code at 0x8000
///     size: 0x20,
///     kind: SymbolKind::Function,
///     binding: SymbolBinding::Global,
///     module: "a.out".into(),
/// });
/// assert_eq!(symbols.get("main").unwrap().address, 0x8001);
/// let at = symbols.at(0x8004).unwrap();
/// assert_eq!((at.symbol.name.as_str(), at.offset), ("main", 4));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
pub struct SymbolTable {
    platform: Platform,
    inner: Arc<Inner>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Inner {
    symbols: Vec<Symbol>,
    /// The best symbol of each name.
    by_name: HashMap<String, u32>,
    /// (address without a state bit, worst to best, index).
    by_address: BTreeSet<(u64, u8, u32)>,
}

/// The form in files.
#[derive(Serialize, Deserialize)]
struct Listed {
    platform: Platform,
    symbols: Vec<Symbol>,
}

impl SymbolTable {
    /// An empty table.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        Self { platform, inner: Arc::default() }
    }

    /// Adds a symbol. Of several with one name, look-up by name gives a
    /// global one before a weak one before a local one, and the first of equals.
    pub fn insert(&mut self, symbol: Symbol) {
        let inner = Arc::make_mut(&mut self.inner);
        let index = u32::try_from(inner.symbols.len()).unwrap_or(u32::MAX);
        match inner.by_name.get_mut(symbol.name.as_str()) {
            None => {
                inner.by_name.insert(symbol.name.clone(), index);
            }
            Some(best) => {
                let known = &inner.symbols[*best as usize];
                if symbol.binding < known.binding {
                    *best = index;
                }
            }
        }
        if matches!(symbol.kind, SymbolKind::Function | SymbolKind::Object | SymbolKind::Other) {
            let location = match symbol.kind {
                SymbolKind::Function => self.platform.definition().code_address(symbol.address),
                _ => symbol.address,
            };
            let kind = match symbol.kind {
                SymbolKind::Function => 2,
                SymbolKind::Object => 1,
                _ => 0,
            };
            let binding = match symbol.binding {
                SymbolBinding::Global => 2,
                SymbolBinding::Weak => 1,
                SymbolBinding::Local => 0,
            };
            let known_size = u8::from(symbol.size > 0);
            inner.by_address.insert((location, kind << 4 | known_size << 3 | binding, index));
        }
        inner.symbols.push(symbol);
    }

    /// The symbol of a name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Symbol> {
        self.inner.symbols.get(*self.inner.by_name.get(name)? as usize)
    }

    /// The symbol of a name.
    ///
    /// # Errors
    /// [`Error::UnknownSymbol`] with the nearest names; `module` says where
    /// it was looked for.
    pub fn find(&self, name: &str, module: &str) -> Result<&Symbol> {
        self.get(name).ok_or_else(|| Error::UnknownSymbol {
            module: module.to_owned(),
            name: name.to_owned(),
            nearest: names::nearest(name, self.inner.by_name.keys().map(String::as_str)),
        })
    }

    /// The nearest symbol at or below an address. Of several at one address,
    /// functions come before objects, and global ones before local ones.
    #[must_use]
    pub fn at(&self, address: u64) -> Option<SymbolAt<'_>> {
        let (location, _, index) =
            self.inner.by_address.range(..=(address, u8::MAX, u32::MAX)).next_back()?;
        Some(SymbolAt { symbol: self.inner.symbols.get(*index as usize)?, offset: address - location })
    }

    /// All symbols, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Symbol> {
        self.inner.symbols.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.symbols.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.symbols.is_empty()
    }
}

impl Extend<Symbol> for SymbolTable {
    fn extend<T: IntoIterator<Item = Symbol>>(&mut self, symbols: T) {
        symbols.into_iter().for_each(|symbol| self.insert(symbol));
    }
}

impl From<Listed> for SymbolTable {
    fn from(listed: Listed) -> Self {
        let mut table = Self::new(listed.platform);
        table.extend(listed.symbols);
        table
    }
}

impl From<SymbolTable> for Listed {
    fn from(table: SymbolTable) -> Self {
        let inner = Arc::unwrap_or_clone(table.inner);
        Self { platform: table.platform, symbols: inner.symbols }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(name: &str, address: u64, kind: SymbolKind, binding: SymbolBinding) -> Symbol {
        Symbol { name: name.into(), address, size: 4, kind, binding, module: "m".into() }
    }

    #[test]
    fn global_names_win_and_functions_win_at_an_address() {
        let mut table = SymbolTable::new(Platform::X86_64);
        table.insert(symbol("f", 0x10, SymbolKind::Function, SymbolBinding::Local));
        table.insert(symbol("f", 0x20, SymbolKind::Function, SymbolBinding::Global));
        table.insert(symbol("f", 0x30, SymbolKind::Function, SymbolBinding::Weak));
        table.insert(symbol("label", 0x20, SymbolKind::Other, SymbolBinding::Global));
        assert_eq!(table.get("f").unwrap().address, 0x20);
        assert_eq!(table.at(0x23).unwrap().symbol.name, "f");
        assert_eq!(table.at(0xf), None);
        assert!(table.find("g", "m").is_err());
        let text = serde_json::to_string(&table).unwrap();
        assert_eq!(serde_json::from_str::<SymbolTable>(&text).unwrap(), table);
    }
}
