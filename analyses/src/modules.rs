//! [`Modules`]: addresses to symbols and source lines.

use std::fmt;

use serde::{Deserialize, Serialize};
use terrella_loaders::{DebugInformation, Location};
use terrella_machine_state::Machine;

/// A file in memory.
#[derive(Debug)]
pub struct Module {
    /// What it is called.
    pub name: String,
    /// What its addresses were moved by.
    pub bias: u64,
    debug: DebugInformation,
}

/// The files whose code is in memory, and what is known of it.
#[derive(Debug, Default)]
pub struct Modules {
    modules: Vec<Module>,
}

/// An address with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The address.
    pub address: u64,
    /// The nearest symbol below it.
    pub symbol: Option<String>,
    /// How far behind the symbol it is.
    pub offset: u64,
    /// The file that is mapped there.
    pub module: Option<String>,
    /// The source file.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}", self.address)?;
        match (&self.symbol, self.offset) {
            (Some(symbol), 0) => write!(formatter, " {symbol}")?,
            (Some(symbol), offset) => write!(formatter, " {symbol}+{offset:#x}")?,
            (None, _) => {}
        }
        if let (Some(file), Some(line)) = (&self.file, self.line) {
            write!(formatter, " at {file}:{line}")?;
        } else if let Some(module) = &self.module {
            write!(formatter, " in {module}")?;
        }
        Ok(())
    }
}

impl Modules {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { modules: Vec::new() }
    }

    /// Adds a file whose addresses were moved by so much at loading.
    ///
    /// # Errors
    /// Those of a file that is no ELF file.
    pub fn add(&mut self, name: &str, bytes: &[u8], bias: u64) -> terrella_loaders::Result<()> {
        let debug = DebugInformation::read(name, bytes)?;
        self.modules.push(Module { name: name.to_owned(), bias, debug });
        Ok(())
    }

    /// Adds a file by the address at which its first byte is mapped.
    ///
    /// # Errors
    /// Those of a file that is no ELF file.
    pub fn add_mapped(&mut self, name: &str, bytes: &[u8], start: u64) -> terrella_loaders::Result<()> {
        let debug = DebugInformation::read(name, bytes)?;
        let page = u64::from(debug.platform().definition().page_bytes.max(1));
        let first = debug.first_address().unwrap_or(0) / page * page;
        self.modules.push(Module { name: name.to_owned(), bias: start.wrapping_sub(first), debug });
        Ok(())
    }

    /// Those that are there.
    pub fn iter(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter()
    }

    /// The module that has a function at an address, or, if none has, lines.
    #[must_use]
    pub fn at(&self, address: u64) -> Option<&Module> {
        let inside = |module: &&Module| module.debug.symbol(address.wrapping_sub(module.bias)).is_some();
        // Of several, that whose symbol is nearest.
        let distance = |module: &&Module| {
            module.debug.symbol(address.wrapping_sub(module.bias)).map_or(u64::MAX, |(_, offset)| offset)
        };
        self.modules.iter().filter(inside).min_by_key(distance).or_else(|| {
            self.modules
                .iter()
                .find(|module| module.debug.location(address.wrapping_sub(module.bias)).is_some())
        })
    }

    /// What is known of an address; a machine knows the symbols of what was
    /// loaded into it.
    #[must_use]
    pub fn place(&self, address: u64, machine: Option<&Machine>) -> Place {
        let mut place = Place { address, symbol: None, offset: 0, module: None, file: None, line: None };
        if let Some(module) = self.at(address) {
            let own = address.wrapping_sub(module.bias);
            if let Some((symbol, offset)) = module.debug.symbol(own) {
                place.symbol = Some(symbol.to_owned());
                place.offset = offset;
            }
            place.module = Some(module.name.clone());
            if let Some(Location { file, line, .. }) = module.debug.location(own) {
                place.file = Some(file);
                place.line = Some(line).filter(|line| *line > 0);
            }
        }
        if place.symbol.is_none()
            && let Some((module, at)) = machine.and_then(|machine| machine.symbolize(address))
        {
            place.symbol = Some(at.symbol.name.clone());
            place.offset = at.offset;
            place.module = Some(module.to_owned());
        }
        place
    }

    /// The calls that the compiler put in line at an address, the innermost
    /// first: their places, and the name that the code there really has.
    ///
    /// Empty where nothing was put in line.
    #[must_use]
    pub fn inlined(&self, address: u64, machine: Option<&Machine>) -> Vec<Place> {
        let Some(module) = self.at(address) else { return Vec::new() };
        let locations = module.debug.locations(address.wrapping_sub(module.bias));
        if locations.len() < 2 {
            return Vec::new();
        }
        let whole = self.place(address, machine);
        let last = locations.len() - 1;
        let places = locations.into_iter().enumerate().map(|(index, location)| Place {
            // The outermost is the function that the symbol table knows.
            symbol: if index == last {
                whole.symbol.clone().or(location.function)
            } else {
                location.function
            },
            offset: if index == last { whole.offset } else { 0 },
            file: Some(location.file),
            line: Some(location.line).filter(|line| *line > 0),
            ..whole.clone()
        });
        places.collect()
    }

    /// The beginning of the function at an address.
    #[must_use]
    pub fn function(&self, address: u64, machine: Option<&Machine>) -> Option<u64> {
        let place = self.place(address, machine);
        place.symbol.map(|_| address.wrapping_sub(place.offset))
    }

    /// The state of the caller, from the file that has the address.
    pub(crate) fn caller(
        &self,
        address: u64,
        register: &dyn Fn(u16) -> Option<u64>,
        memory: &dyn Fn(u64, usize) -> Option<u64>,
    ) -> Option<terrella_loaders::Caller> {
        self.modules
            .iter()
            .find_map(|module| module.debug.caller(address.wrapping_sub(module.bias), register, memory))
    }
}
