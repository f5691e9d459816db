//! [`LinkReport`]: what the linker did.

use std::fmt;

use terrella_emulator_api::AddressRange;

/// What the linker did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LinkReport {
    /// Where the modules are.
    pub modules: Vec<PlacedModule>,
    /// Which symbols were found in other modules.
    pub bindings: Vec<Binding>,
    /// What nothing defines, weak symbols included.
    pub imports: Vec<OpenImport>,
    /// Libraries that modules need and that were not found, where they were
    /// looked for: the name, and who needs it first.
    pub missing: Vec<(String, String)>,
    /// Relocations that were left out, as the options allow.
    pub skipped: Vec<SkippedRelocation>,
    /// How many relocations were applied.
    pub applied: u64,
}

/// Where a module is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedModule {
    /// Its name.
    pub name: String,
    /// From its first to its last address.
    pub range: AddressRange,
    /// What was added to the addresses of the file.
    pub bias: u64,
    /// The libraries that the file says it needs.
    pub needed: Vec<String>,
}

/// A symbol of one module, found in another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// The symbol.
    pub symbol: String,
    /// The module that refers to it.
    pub from: String,
    /// The module that defines it.
    pub to: String,
}

/// A symbol that nothing defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenImport {
    /// Its name.
    pub name: String,
    /// The address that it was given; 0 if it is weak.
    pub address: u64,
    /// Whether it may stay undefined.
    pub weak: bool,
    /// The version that the first reference asks for, if it asks for one.
    pub version: Option<String>,
    /// The modules that refer to it.
    pub wanted_by: Vec<String>,
}

/// A relocation that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedRelocation {
    /// The module.
    pub module: String,
    /// The name of the type, or `type 99`.
    pub kind: String,
    /// The address that it would have changed.
    pub place: u64,
    /// The symbol, empty if it has none.
    pub symbol: String,
}

impl fmt::Display for LinkReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for module in &self.modules {
            writeln!(formatter, "{} at {} (bias {:#x})", module.name, module.range, module.bias)?;
        }
        for binding in &self.bindings {
            writeln!(formatter, "{}: {} is in {}", binding.from, binding.symbol, binding.to)?;
        }
        for import in &self.imports {
            let weak = if import.weak { ", weak" } else { "" };
            let wanted = import.wanted_by.join(", ");
            writeln!(formatter, "{wanted}: {} is open, at {:#x}{weak}", import.name, import.address)?;
        }
        for (library, by) in &self.missing {
            writeln!(formatter, "{by}: {library} was not found")?;
        }
        for skipped in &self.skipped {
            let SkippedRelocation { module, kind, place, symbol } = skipped;
            writeln!(formatter, "{module}: {kind} at {place:#x} (symbol `{symbol}`) was skipped")?;
        }
        write!(formatter, "{} relocations applied", self.applied)
    }
}
