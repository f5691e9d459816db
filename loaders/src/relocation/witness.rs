//! What GNU as and ld make of each type, beside what is made of it here.
//! `tests/relocations/make.py` wrote the lines.

use std::collections::BTreeMap;

use terrella_emulator_api::Permissions;
use terrella_machine_state::{Pages, SymbolBinding, SymbolKind, TlsTemplate};
use terrella_platforms::Platform;

use super::{Formula, Problem, State, Target, Types, apply, is_deferred, samples, slot_key};
use crate::{
    link::block_of,
    module::{Definition, GotTable, Module, ModuleSegment, ModuleSymbol, Relocation},
};

/// A line of a file.
struct Case<'a> {
    name: &'a str,
    number: u32,
    place: u64,
    symbol: u64,
    size: u64,
    addend: Option<i64>,
    before: Vec<u8>,
    after: Vec<u8>,
    more: BTreeMap<&'a str, &'a str>,
}

fn hexadecimal(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

fn bytes(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).unwrap())
        .collect()
}

impl<'a> Case<'a> {
    fn parse(line: &'a str) -> Self {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, number, place, symbol, size, addend, before, after, more @ ..] = words.as_slice() else {
            panic!("{line}");
        };
        Self {
            name,
            number: number.parse().unwrap(),
            place: hexadecimal(place),
            symbol: hexadecimal(symbol),
            size: size.parse().unwrap(),
            addend: addend.parse().ok(),
            before: bytes(before),
            after: bytes(after),
            more: more.iter().map(|word| word.split_once('=').unwrap_or((word, ""))).collect(),
        }
    }

    fn address(&self, key: &str) -> Option<u64> {
        self.more.get(key).map(|text| hexadecimal(text))
    }

    /// A module with the place, and with the table where the linker had it.
    fn module(&self, platform: Platform) -> Module {
        let elf = platform.definition().elf.unwrap();
        let mut module = samples::module(platform, elf.machine, elf.class_bits, &[]);
        let segment = |first: u64, bytes: &[u8], size: u64| {
            let mut data = Pages::new();
            data.write(first, bytes);
            let range = (first..first + size).into();
            ModuleSegment { name: String::new(), range, permissions: Permissions::ALL, data }
        };
        module.segments = vec![segment(self.place, &self.before, 64)];
        if let Some(slot) = self.address("slot") {
            module.segments.push(segment(slot, &[], 64));
        }
        module.pointer = self.address("gp");
        if let Some(text) = self.more.get("tls") {
            let [address, size, alignment] = text.split(':').collect::<Vec<_>>()[..] else {
                panic!("{text}")
            };
            let (address, size) = (hexadecimal(address), hexadecimal(size));
            let alignment = alignment.parse().unwrap();
            module.tls = Some(TlsTemplate { address, size, initialised_size: size, alignment });
            module.tls_block = block_of(&module);
        }
        let kind = if module.tls.is_some() { SymbolKind::Tls } else { SymbolKind::Object };
        let symbol = |name: &str| ModuleSymbol {
            name: name.to_owned(),
            value: self.symbol,
            size: self.size,
            kind,
            binding: SymbolBinding::Global,
            definition: Definition::Address,
            hidden: false,
            protected: false,
            old_version: false,
            version: None,
            indirect: false,
            other: 0,
        };
        module.link_symbols = vec![symbol(""), symbol("symbol")];
        module
    }

    fn run(&self, platform: Platform) -> Result<Vec<u8>, Problem> {
        let mut module = self.module(platform);
        let types = Types::of(&module);
        let relocation = Relocation { place: self.place, kind: self.number, symbol: 1, addend: self.addend };
        let howto = types.get(self.number).ok_or(Problem::Unknown)?;
        if let Formula::Unsupported(_) = howto.formula {
            return Ok(self.after.clone());
        }
        if let Some(table) = self.address("got") {
            let key = slot_key(&module, howto, &relocation);
            let slots = key.zip(self.address("slot")).into_iter().collect();
            module.got = Some(GotTable { address: table, slots });
        }
        module.relocations = vec![relocation];
        super::prepare(&mut module);
        let relocation = module.relocations[0];
        let thumb = self.more.contains_key("thumb");
        let is_function = self.size == 0 && module.tls.is_none();
        let target = Target {
            value: if thumb { self.symbol & !1 } else { self.symbol },
            thumb,
            origin: self.address("origin").unwrap_or(0),
            size: self.size,
            function: is_function,
            thread_local: module.tls.is_some(),
            same_module: true,
            block: module.tls_block,
            ..Target::default()
        };
        let mut state = State::default();
        assert!(!is_deferred(&types, &relocation) || !self.name.contains("LO12"));
        apply(&mut module, &types, relocation, &target, &mut state)?;
        Ok(module.segments[0].data.read_vec(self.place, self.after.len()))
    }
}

#[test]
fn types_as_the_gnu_linker_has_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relocations");
    // Types that are done otherwise, and why.
    let otherwise = std::fs::read_to_string(format!("{folder}/otherwise")).unwrap();
    let is_known = |name: &str| otherwise.lines().any(|line| line.split(' ').next() == Some(name));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let (mut cases, mut wrong) = (0, Vec::new());
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let platform: Platform = name.parse().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            let case = Case::parse(line);
            cases += 1;
            match case.run(platform) {
                Ok(bytes) if bytes == case.after => {}
                _ if is_known(case.name) => {}
                Ok(bytes) => wrong.push(format!("{name}: {line}: {bytes:02x?}")),
                Err(problem) => wrong.push(format!("{name}: {line}: {problem:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases > 2000, "{cases}");
}
