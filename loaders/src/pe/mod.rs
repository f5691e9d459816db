//! PE32 and PE32+ files: executables and libraries of Windows.
//!
//! The format is that of Microsoft's "PE Format" (the specification of 2024).
//! Tables are read from the image as it stands in memory, as the system's
//! loader does, because sections and tables need not agree in the file.

mod directories;
mod headers;

use std::collections::HashMap;

use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Executable, Pages, Segment, Symbol, SymbolBinding, SymbolKind, TlsTemplate};
use terrella_platforms::Platform;

pub(crate) use headers::{IMAGE_ALIGNMENT, looks_like, platform_of, read};

/// An image, in addresses from its start on (RVA).
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) platform: Platform,
    /// The folder that the file is in.
    pub(crate) origin: Option<std::path::PathBuf>,
    /// The size of a pointer, in bytes.
    pub(crate) word: usize,
    /// Where it wants to be.
    pub(crate) preferred: u64,
    /// Where it is; set when it is placed.
    pub(crate) base: u64,
    /// The size of the image, in bytes.
    pub(crate) size: u64,
    pub(crate) movable: bool,
    pub(crate) entry: Option<u64>,
    /// By address; they do not overlap.
    pub(crate) segments: Vec<Segment>,
    pub(crate) relocations: Vec<BaseRelocation>,
    pub(crate) imports: Vec<Library>,
    pub(crate) exports: Exports,
    pub(crate) tls: Option<TlsDirectory>,
    pub(crate) symbols: Vec<(String, u64)>,
}

/// A place that changes when the image moves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BaseRelocation {
    pub(crate) place: u64,
    pub(crate) kind: u16,
    /// The low half of the value, for `IMAGE_REL_BASED_HIGHADJ`.
    pub(crate) low: u16,
}

/// What is imported from one library.
#[derive(Debug, Clone)]
pub(crate) struct Library {
    pub(crate) name: String,
    /// The slots, and what is to go there.
    pub(crate) entries: Vec<(u64, Reference)>,
}

/// How an import names what it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    Name(String),
    Ordinal(u32),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Exports {
    pub(crate) by_name: HashMap<String, u32>,
    pub(crate) by_ordinal: HashMap<u32, Export>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Export {
    Address(u64),
    /// `LIBRARY.NAME` or `LIBRARY.#ORDINAL`.
    Forward(String),
}

/// How many callbacks of thread-local storage are looked at.
const CALLBACK_LIMIT: u64 = 1024;

/// The directory of thread-local storage: addresses as in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TlsDirectory {
    /// Where it stands itself.
    pub(crate) place: u64,
    pub(crate) zeros: u64,
    pub(crate) alignment: u64,
}

impl Reference {
    /// As it is shown: a name, or `#12`.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Ordinal(ordinal) => format!("#{ordinal}"),
        }
    }
}

impl Exports {
    pub(crate) fn find(&self, reference: &Reference) -> Option<&Export> {
        let ordinal = match reference {
            Reference::Name(name) => *self.by_name.get(name)?,
            Reference::Ordinal(ordinal) => *ordinal,
        };
        self.by_ordinal.get(&ordinal)
    }
}

impl Image {
    fn segment(&self, place: u64) -> Option<usize> {
        let index = self.segments.partition_point(|segment| segment.range.first() <= place).checked_sub(1)?;
        self.segments.get(index)?.range.contains(place).then_some(index)
    }

    /// Bytes of one segment.
    pub(crate) fn read(&self, place: u64, bytes: &mut [u8]) -> Option<()> {
        let segment = self.segments.get(self.segment(place)?)?;
        let last = place.checked_add(bytes.len() as u64)?.checked_sub(1)?;
        if last > segment.range.last() {
            return None;
        }
        segment.data.read(place, bytes);
        Some(())
    }

    /// An integer, least significant byte first as all of the format.
    pub(crate) fn integer(&self, place: u64, size: usize) -> Option<u64> {
        let mut bytes = [0; 8];
        self.read(place, &mut bytes[..size])?;
        Some(u64::from_le_bytes(bytes))
    }

    pub(crate) fn pointer(&self, place: u64) -> Option<u64> {
        self.integer(place, self.word)
    }

    pub(crate) fn write(&mut self, place: u64, bytes: &[u8]) -> Option<()> {
        let index = self.segment(place)?;
        let segment = self.segments.get_mut(index)?;
        let last = place.checked_add(bytes.len() as u64)?.checked_sub(1)?;
        if last > segment.range.last() {
            return None;
        }
        segment.data.write(place, bytes);
        Some(())
    }

    pub(crate) fn put(&mut self, place: u64, value: u64, size: usize) -> Option<()> {
        self.write(place, &value.to_le_bytes()[..size])
    }

    /// Text up to a zero, of at most `limit` bytes.
    pub(crate) fn text(&self, place: u64, limit: usize) -> Option<String> {
        let mut bytes = Vec::new();
        let mut at = place;
        loop {
            let byte = self.integer(at, 1)? as u8;
            if byte == 0 {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
            if bytes.len() >= limit {
                return None;
            }
            bytes.push(byte);
            at = at.checked_add(1)?;
        }
    }

    /// From the first to the last address, where it is.
    pub(crate) fn range(&self) -> AddressRange {
        AddressRange::sized(self.base, self.size).unwrap_or(AddressRange::EMPTY)
    }

    /// The address of a place.
    pub(crate) const fn placed(&self, place: u64) -> u64 {
        let sum = self.base.wrapping_add(place);
        if self.word == 4 { sum & 0xffff_ffff } else { sum }
    }

    /// The template of thread-local storage, and the place of the index that
    /// the code uses; after relocation.
    pub(crate) fn thread_local(&self) -> Option<(TlsTemplate, u64)> {
        let directory = self.tls?;
        let field = |index: u64| self.pointer(directory.place + index * self.word as u64);
        let (start, end, index) = (field(0)?, field(1)?, field(2)?);
        let initialised_size = end.checked_sub(start)?;
        let template = TlsTemplate {
            address: start,
            initialised_size,
            size: initialised_size.checked_add(directory.zeros)?,
            alignment: directory.alignment,
        };
        Some((template, index.wrapping_sub(self.base)))
    }

    /// The callbacks of thread-local storage; after relocation. The loader calls
    /// them before the entry point (PE format, "TLS Callback Functions").
    fn callbacks(&self) -> Vec<u64> {
        let word = self.word as u64;
        let array = self.tls.and_then(|directory| self.pointer(directory.place.checked_add(3 * word)?));
        let Some(array) = array.filter(|array| *array != 0) else { return Vec::new() };
        let first = array.wrapping_sub(self.base);
        (0..CALLBACK_LIMIT)
            .map_while(|index| self.pointer(first.checked_add(index * word)?))
            .take_while(|callback| *callback != 0)
            .collect()
    }

    /// The image as it stands.
    pub(crate) fn into_executable(self) -> Executable {
        let mut executable = Executable::new(self.name.clone(), self.platform);
        executable.entry = self.entry.map(|entry| self.placed(entry));
        executable.load_bias = self.base.wrapping_sub(self.preferred);
        executable.abi = headers::convention(self.platform).map(str::to_owned);
        executable.tls = self.thread_local().map(|(template, _)| template);
        executable.constructors = self.callbacks();
        let kind = |place: u64| {
            let code = self
                .segment(place)
                .is_some_and(|index| self.segments[index].permissions.allows(Permissions::EXECUTE));
            if code { SymbolKind::Function } else { SymbolKind::Object }
        };
        let symbol = |name: &str, place: u64, binding| Symbol {
            name: name.to_owned(),
            address: self.placed(place),
            size: 0,
            kind: kind(place),
            binding,
            module: self.name.clone(),
        };
        let mut named: Vec<_> = self.exports.by_name.iter().collect();
        named.sort();
        for (name, ordinal) in named {
            if let Some(Export::Address(place)) = self.exports.by_ordinal.get(ordinal) {
                executable.symbols.insert(symbol(name, *place, SymbolBinding::Global));
            }
        }
        for (name, place) in &self.symbols {
            if !self.exports.by_name.contains_key(name) {
                executable.symbols.insert(symbol(name, *place, SymbolBinding::Local));
            }
        }
        let segments = self.segments.iter().map(|segment| self.moved(segment));
        executable.segments = segments.collect();
        executable
    }

    /// A segment at its address. Images begin at a page.
    fn moved(&self, segment: &Segment) -> Segment {
        let mut data = Pages::new();
        let size = terrella_machine_state::PAGE_SIZE as u64;
        for (number, page) in segment.data.iter() {
            data.write(self.placed(number.wrapping_mul(size)), &page[..]);
        }
        Segment {
            name: segment.name.clone(),
            range: (self.placed(segment.range.first())..=self.placed(segment.range.last())).into(),
            permissions: segment.permissions,
            data,
        }
    }
}
