//! Machine files: round trips, size, and damage.

use std::fmt::Write as _;

use proptest::prelude::*;
use terrella_machine_state::{
    Error, Executable, FormatError, Heap, HeapStrategy, LoadLimits, Machine, Memory, PAGE_SIZE, Permissions,
    Platform, RegisterValue, Segment, Stack, Symbol, SymbolBinding, SymbolKind,
};

#[derive(Debug, Clone)]
struct Plan {
    platform: usize,
    registers: Vec<(usize, [u64; 8])>,
    writes: Vec<(u64, Vec<u8>)>,
    allocations: Vec<u64>,
    strings: Vec<String>,
    points: Vec<u64>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let byte_run = (any::<u8>(), 0_usize..9000).prop_map(|(byte, length)| vec![byte; length]);
    let bytes = prop_oneof![proptest::collection::vec(any::<u8>(), 0..400), byte_run];
    (
        0..Platform::ALL.len(),
        proptest::collection::vec((any::<usize>(), any::<[u64; 8]>()), 0..8),
        proptest::collection::vec((0_u64..0x4000, bytes), 0..6),
        proptest::collection::vec(1_u64..100, 0..5),
        proptest::collection::vec("\\PC{0,12}", 0..4),
        proptest::collection::vec(any::<u64>(), 0..4),
    )
        .prop_map(|(platform, registers, writes, allocations, strings, points)| Plan {
            platform,
            registers,
            writes,
            allocations,
            strings,
            points,
        })
}

fn build(plan: &Plan) -> Machine {
    let platform = Platform::ALL[plan.platform];
    let mut machine = Machine::new(platform);
    let table = platform.definition().registers();
    for (index, limbs) in &plan.registers {
        let definition = table.get(table.id_at(index % table.len()).unwrap());
        let bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        let value = RegisterValue::from_le_bytes(&bytes).extract(0, definition.bits.into());
        if definition.fixed.is_none() {
            machine.cpu_mut().set(&definition.name, value).unwrap();
            machine.cpu_mut().set_label(&definition.name, "a label").unwrap();
        }
    }
    let mut memory = Memory::new(platform, 0x1003, 0x5ffd, Permissions::READ).unwrap();
    memory.unmap_part((0x6000..0x6100).into()).unwrap();
    memory.protect_part((0x6100..0x6200).into(), Permissions::ALL).unwrap();
    let mut code = Executable::new("code", platform);
    code.segments.push(Segment::new("text", 0xb000..0xe123, Permissions::READ_EXECUTE, &[]).unwrap());
    for (offset, bytes) in &plan.writes {
        let _ = memory.write(0x1003 + offset, bytes);
        let _ = memory.set_label((0x1003 + offset..0x1010 + offset).into(), format!("at {offset}"));
        let _ = code.write(0xb000 + offset, bytes);
        code.symbols.insert(Symbol {
            name: format!("f{offset}"),
            address: 0xb000 + offset,
            size: 4,
            kind: SymbolKind::Function,
            binding: SymbolBinding::Global,
            module: "code".into(),
        });
    }
    machine.add("memory", memory).unwrap();
    machine.add("code", code).unwrap();
    let strategies = [HeapStrategy::Bump, HeapStrategy::FreeList, HeapStrategy::Guarded];
    let mut heap = Heap::new(platform, 0xe800, 0x1000, strategies[plan.registers.len() % 3]).unwrap();
    for size in &plan.allocations {
        if let Ok(block) = heap.allocate(*size, 4) {
            heap.memory_mut().write(block, &vec![0xaa; *size as usize]).unwrap();
            if size % 2 == 0 {
                heap.free(block).unwrap();
            }
        }
    }
    machine.add("heap", heap).unwrap();
    let mut stack = Stack::new(platform, 0x8000, 0x1000).unwrap();
    for text in &plan.strings {
        stack.push_c_string(text).unwrap();
        machine.metadata_mut().insert(text.clone(), text.clone());
    }
    machine.add("stack", stack).unwrap();
    for point in &plan.points {
        machine.add_exit_point(*point);
        machine.add_exit_after_point(point ^ 1);
        machine.add_bound(*point..point.saturating_add(100));
    }
    machine
}

fn same(left: &Machine, right: &Machine) -> bool {
    left.diff(right).is_empty() && left.to_json().unwrap() == right.to_json().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn machines_come_back_from_both_forms(plan in plan()) {
        let machine = build(&plan);
        let file = machine.to_bytes().unwrap();
        prop_assert!(same(&machine, &Machine::from_bytes(&file).unwrap()));
        prop_assert!(same(&machine, &Machine::from_json(&machine.to_json().unwrap()).unwrap()));
        prop_assert_eq!(file, machine.clone().to_bytes().unwrap(), "the same machine, the same file");
    }
}

/// A file with every kind of item in it.
fn sample() -> Vec<u8> {
    let plan = Plan {
        platform: 0,
        registers: vec![(0, [3; 8])],
        writes: vec![(0, vec![1; 9000]), (0x3000, (0..=255).collect())],
        allocations: vec![16, 17],
        strings: vec!["text".into()],
        points: vec![7],
    };
    build(&plan).to_bytes().unwrap()
}

/// Puts the right checksum on a changed file, so that what is behind it is
/// tested too.
fn reseal(file: &mut Vec<u8>) {
    let end = file.len().saturating_sub(32);
    let sum = blake3::hash(&file[..end]);
    file.truncate(end);
    file.extend_from_slice(sum.as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn noise_is_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300), magic in any::<bool>()) {
        let mut file = bytes;
        if magic {
            file.splice(..0, *b"TERRELLA\x02\0\0\0");
        }
        prop_assert!(Machine::from_bytes(&file).is_err());
        reseal(&mut file);
        prop_assert!(Machine::from_bytes(&file).is_err());
    }

    #[test]
    fn a_changed_file_is_an_error(at in any::<prop::sample::Index>(), with in 1_u8.., cut in any::<prop::sample::Index>()) {
        thread_local!(static FILE: Vec<u8> = sample());
        let mut file = FILE.with(Clone::clone);
        let length = file.len();
        prop_assert!(Machine::from_bytes(&file[..cut.index(length)]).is_err());
        file[at.index(length)] ^= with;
        prop_assert!(Machine::from_bytes(&file).is_err());
        // With a right checksum it may be another machine, but never a panic.
        reseal(&mut file);
        let _ = Machine::from_bytes(&file);
    }

    #[test]
    fn a_changed_text_is_no_panic(at in any::<prop::sample::Index>(), with in "[0-9a-z\"{},\\[\\]-]{0,3}") {
        thread_local!(static TEXT: String = {
            let machine = Machine::from_bytes(&sample()).unwrap();
            serde_json::to_string(&machine).unwrap()
        });
        let mut text = TEXT.with(Clone::clone);
        let at = at.index(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
            text.replace_range(at..=at, &with);
        }
        if let Ok(machine) = Machine::from_json(&text) {
            let _ = machine.to_bytes();
        }
    }
}

/// A file with a manifest of one's own and one page in the store.
fn forged(manifest: &str, size: Option<u64>) -> Vec<u8> {
    let page = [1_u8; PAGE_SIZE];
    let chunk = lz4_flex::block::compress(&page);
    let mut file = b"TERRELLA\x02\0\0\0\0\0\0\0".to_vec();
    let length = manifest.len() as u64;
    for word in [length, size.unwrap_or(length), 1, 1] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(manifest.as_bytes());
    file.extend_from_slice(blake3::hash(&page).as_bytes());
    file.extend_from_slice(&(chunk.len() as u32).to_le_bytes());
    file.extend_from_slice(&chunk);
    file.extend_from_slice(&[0; 32]);
    reseal(&mut file);
    file
}

fn manifest(runs: &str) -> String {
    let mut text =
        String::from(r#"{"platform":"x86_64","items":[{"name":"cpu","item":{"type":"terrella.cpu.v1","#);
    text.push_str(r#""platform":"x86_64","registers":{}}},{"name":"m","item":{"type":"terrella.memory.v1","#);
    text.push_str(r#""platform":"x86_64","range":{"first":0,"last":1152921504606846975},"#);
    text.push_str(r#""parts":[{"range":{"first":0,"last":1152921504606846975},"permissions":"rwx"}],"#);
    write!(text, r#""data":{{"stored":{runs}}}}}}}]}}"#).unwrap();
    text
}

#[test]
fn hostile_files_do_not_allocate() {
    // A memory of 2^60 bytes costs nothing.
    let machine = Machine::from_bytes(&forged(&manifest("[[5,1,0,0]]"), None)).unwrap();
    assert_eq!(machine.read_memory(0x5000, 1).unwrap(), [1]);
    assert_eq!(machine.read_memory(0x4fff, 1).unwrap(), [0]);
    assert!(machine.read_memory(1 << 60, 1).is_err());
    // Runs that are endless, outside the store, or outside the space.
    for runs in [
        "[[0,4503599627370496,0,0]]",
        "[[0,2,0,1]]",
        "[[4503599627370495,2,0,0]]",
        "[[0,1,0,9]]",
        "[[0,0,0,0]]",
        "[[1,1,0,0],[1,1,0,0]]",
        "[[0,9000000,0,0]]",
    ] {
        assert!(Machine::from_bytes(&forged(&manifest(runs), None)).is_err(), "{runs}");
    }
    let limits = LoadLimits { pages: 3, ..LoadLimits::default() };
    let file = forged(&manifest("[[0,4,0,0]]"), None);
    assert!(Machine::from_bytes(&file).is_ok());
    assert!(Machine::from_bytes_with(&file, &limits).is_err());
    // Lengths that lie.
    let file = forged(&manifest("[]"), Some(u64::MAX));
    let Err(Error::Format(FormatError::TooLarge { part, .. })) = Machine::from_bytes(&file) else {
        panic!("a manifest of 2^64 bytes was read")
    };
    assert_eq!(part, "manifest");
    for field in [16, 32, 40] {
        let mut file = forged(&manifest("[]"), None);
        file[field..field + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        reseal(&mut file);
        assert!(matches!(Machine::from_bytes(&file), Err(Error::Format(FormatError::Length { .. }))));
    }
}

#[test]
fn a_large_machine_that_is_mostly_zero_is_a_small_file() {
    let mut machine = Machine::new(Platform::X86_64);
    let mut memory = Memory::new(Platform::X86_64, 0x1_0000_0000, 1 << 30, Permissions::ALL).unwrap();
    for number in 0..200_u64 {
        memory.write(0x1_0000_0000 + number * 0x40_0000, &number.to_le_bytes()).unwrap();
    }
    memory.write(0x1_2000_0000, &vec![0xcc; 1 << 20]).unwrap();
    machine.add("memory", memory).unwrap();
    let file = machine.to_bytes().unwrap();
    assert!(file.len() < 64 << 10, "{} bytes", file.len());
    assert!(same(&machine, &Machine::from_bytes(&file).unwrap()));
}

#[test]
fn files_are_saved_and_loaded() {
    let path = std::env::temp_dir().join(format!("machine-{}.terrella", std::process::id()));
    let machine = Machine::from_bytes(&sample()).unwrap();
    machine.save(&path).unwrap();
    let loaded = Machine::load(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(same(&machine, &loaded));
    assert!(matches!(Machine::load(&path), Err(Error::File { .. })));
}

#[test]
fn other_versions_are_refused() {
    for version in [1, 3] {
        let mut file = sample();
        file[8] = version;
        reseal(&mut file);
        let Err(error) = Machine::from_bytes(&file) else { panic!("version {version} was read") };
        assert!(matches!(error, Error::Format(FormatError::Version(it)) if it == u32::from(version)));
        let text = error.to_string();
        assert!(text.contains(&format!("version {version} of")) && text.contains("version 2"), "{text}");
    }
}

#[test]
fn compressed_parts_do_not_allocate_what_they_cannot_hold() {
    // A compressed manifest that is said to be much longer than its bytes
    // allow, and one that is longer than it says.
    let text = manifest("[]");
    for (length, stored) in [(200 << 20, &text[..100]), (10, &text[..])] {
        let mut file = b"TERRELLA\x02\0\0\0\x01\0\0\0".to_vec();
        let stored = lz4_flex::block::compress(stored.as_bytes());
        for word in [stored.len() as u64, length, 0, 0] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(&stored);
        file.extend_from_slice(&[0; 32]);
        reseal(&mut file);
        let result = Machine::from_bytes(&file);
        assert!(matches!(result, Err(Error::Format(FormatError::Compression("manifest")))), "{length}");
    }
}
