//! Open imports: an address of its own for each symbol that nothing defines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use terrella_emulator_api::AddressRange;
use terrella_machine_state::Import;
use terrella_platforms::{CodeAddressBit, Platform};

use crate::{Error, Options, Result, relocation::Target};

/// The symbols that nothing defines.
#[derive(Debug)]
pub(super) struct Imports {
    pub(super) base: u64,
    pub(super) stride: u64,
    /// Whether imports begin with a function descriptor (PowerPC64 ELFv1).
    pub(super) descriptors: bool,
    thumb_only: bool,
    /// In the order of their addresses.
    pub(super) names: Vec<String>,
    by_name: HashMap<String, usize>,
    /// The versions that were asked for.
    pub(super) versions: HashMap<String, String>,
    /// Weak ones have no address.
    pub(super) weak: BTreeMap<String, Vec<usize>>,
    /// Those of `names` that are weak, and have an address for entries of
    /// linkage tables that are code.
    pub(super) weak_entries: BTreeSet<String>,
    /// Which members refer to each of `names`.
    pub(super) wanted_by: Vec<Vec<usize>>,
    /// Member → name → import.
    pub(super) of_member: HashMap<usize, BTreeMap<String, Import>>,
}

/// How far the code of an import is behind its descriptor, in bytes.
pub(super) const DESCRIPTOR_BYTES: u64 = 24;

impl Imports {
    pub(super) fn new(platform: Platform, options: &Options, end: u64) -> Self {
        let align = if platform.definition().address_bits < 32 { 0xff } else { 0xffff };
        let base = options.import_area.base.unwrap_or(end.saturating_add(align) & !align);
        Self {
            base,
            stride: options.import_area.stride.clamp(32, 1 << 20).next_multiple_of(16),
            descriptors: false,
            thumb_only: platform.definition().code_address_bit == CodeAddressBit::ThumbOnly,
            names: Vec::new(),
            by_name: HashMap::new(),
            versions: HashMap::new(),
            weak: BTreeMap::new(),
            weak_entries: BTreeSet::new(),
            wanted_by: Vec::new(),
            of_member: HashMap::new(),
        }
    }

    /// What a symbol of that name is, for a member that refers to it.
    ///
    /// The table pointer of a descriptor is its own address: linkage code takes
    /// 0 for an entry that is still to be bound.
    pub(super) fn target(&mut self, name: &str, member: usize) -> Target {
        let index = match self.by_name.get(name) {
            Some(index) => *index,
            None => {
                let index = self.names.len();
                self.names.push(name.to_owned());
                self.wanted_by.push(Vec::new());
                self.by_name.insert(name.to_owned(), index);
                index
            }
        };
        if self.wanted_by[index].last() != Some(&member) {
            self.wanted_by[index].push(member);
        }
        self.entry(name, member, false);
        let value = self.address(index);
        Target {
            value,
            thumb: self.thumb_only,
            function: true,
            import: true,
            // Without a table pointer of its own (PowerPC64 ELFv2).
            other: 1 << 5,
            descriptor: self.descriptors.then_some((value.wrapping_add(DESCRIPTOR_BYTES), value)),
            ..Target::default()
        }
    }

    /// Notes the version of an import; the first one that is asked for.
    pub(super) fn version(&mut self, name: &str, version: Option<&str>) {
        if let Some(version) = version
            && !self.versions.contains_key(name)
        {
            self.versions.insert(name.to_owned(), version.to_owned());
        }
    }

    /// The same for what a library of Windows is to export.
    pub(super) fn target_from(&mut self, library: &str, name: &str, member: usize) -> Target {
        let key = format!("{library}!{name}");
        let target = self.target(&key, member);
        if let Some(import) = self.of_member.get_mut(&member).and_then(|imports| imports.get_mut(&key)) {
            name.clone_into(&mut import.name);
            import.module = Some(library.to_owned());
        }
        target
    }

    /// Notes a slot for [`Self::target_from`].
    pub(super) fn slot_from(&mut self, library: &str, name: &str, member: usize, slot: u64) {
        self.slot(&format!("{library}!{name}"), member, slot);
    }

    /// Notes a weak symbol that nothing defines.
    pub(super) fn missing_weak(&mut self, name: &str, member: usize) {
        let members = self.weak.entry(name.to_owned()).or_default();
        if members.last() != Some(&member) {
            members.push(member);
        }
        self.entry(name, member, true);
    }

    /// What an entry of a linkage table that is code (SPARC) goes to, for a weak
    /// symbol that nothing defines: as it cannot be filled in later as a word
    /// can, it has an address from the beginning. The words that tell the
    /// program whether there is such a symbol are zero.
    pub(super) fn weak_entry(&mut self, name: &str, member: usize) -> Target {
        self.missing_weak(name, member);
        self.weak_entries.insert(name.to_owned());
        self.target(name, member)
    }

    /// Whether a symbol must have a definition.
    pub(super) fn is_needed(&self, name: &str) -> bool {
        !self.weak_entries.contains(name)
    }

    /// Notes a word that takes the address of an import.
    pub(super) fn slot(&mut self, name: &str, member: usize, slot: u64) {
        if let Some(import) = self.of_member.get_mut(&member).and_then(|imports| imports.get_mut(name)) {
            import.slots.push(slot);
        }
    }

    /// Notes an entry of a linkage table that takes a copy of the descriptor
    /// of an import.
    pub(super) fn descriptor_slot(&mut self, name: &str, member: usize, slot: u64) {
        if let Some(import) = self.of_member.get_mut(&member).and_then(|imports| imports.get_mut(name)) {
            import.descriptors.push(slot);
        }
    }

    /// The address of an import; of its descriptor where there is one.
    pub(super) fn address(&self, index: usize) -> u64 {
        self.base.wrapping_add(self.stride.wrapping_mul(index as u64))
    }

    /// The address of its code.
    pub(super) fn code(&self, index: usize) -> u64 {
        self.address(index).wrapping_add(if self.descriptors { DESCRIPTOR_BYTES } else { 0 })
    }

    /// The addresses of all imports; an error if they pass the end of the
    /// address space.
    pub(super) fn area(&self, platform: Platform) -> Result<AddressRange> {
        let size = self.stride.saturating_mul(self.names.len() as u64);
        AddressRange::sized(self.base, size)
            .ok()
            .filter(|range| range.is_empty() || range.last() <= platform.definition().highest_address())
            .ok_or(Error::NoRoom { file: "imports".to_owned(), size, from: self.base, platform })
    }

    fn entry(&mut self, name: &str, member: usize, weak: bool) {
        let imports = self.of_member.entry(member).or_default();
        if !imports.contains_key(name) {
            let import = Import {
                name: name.to_owned(),
                slots: Vec::new(),
                descriptors: Vec::new(),
                weak,
                module: None,
            };
            imports.insert(name.to_owned(), import);
        }
    }
}
