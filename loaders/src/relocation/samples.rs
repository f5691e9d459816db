//! Relocations that no fixture has, with values worked out by hand from the
//! formulas and instruction formats of the documents.

use object::elf;
use terrella_emulator_api::Permissions;
use terrella_machine_state::Pages;
use terrella_platforms::{ByteOrder, Platform};

use super::{Problem, SlotShape, State, Target, Types, apply};
use crate::module::{FunctionLists, Module, ModuleSegment, Relocation};

pub(super) fn module(platform: Platform, machine: u16, class_bits: u8, bytes: &[u8]) -> Module {
    let mut data = Pages::new();
    data.write(0x1000, bytes);
    let range = (0x1000_u64..0x1000 + bytes.len() as u64).into();
    Module {
        name: "sample".to_owned(),
        platform,
        order: platform.byte_order(),
        class_bits,
        machine,
        flags: 0,
        relocatable: true,
        movable: true,
        alignment: 1,
        bias: 0,
        segments: vec![ModuleSegment { name: "s".to_owned(), range, permissions: Permissions::ALL, data }],
        entry: None,
        symbols: Vec::new(),
        link_symbols: Vec::new(),
        relocations: Vec::new(),
        needed: Vec::new(),
        search: [None, None],
        origin: None,
        symbolic: false,
        tls: None,
        tls_block: None,
        constructors: FunctionLists::default(),
        destructors: FunctionLists::default(),
        got: None,
        mips_got: None,
        pointer: None,
        secure_plt: false,
        descriptors: None,
    }
}

/// Applies one relocation at 0x1000 and gives the bytes.
fn applied(module: &mut Module, kind: u32, target: &Target, addend: Option<i64>) -> Result<Vec<u8>, Problem> {
    let types = Types::of(module);
    let relocation = Relocation { place: 0x1000, kind, symbol: 1, addend };
    apply(module, &types, relocation, target, &mut State::default())?;
    let segment = &module.segments[0];
    Ok(segment.data.read_vec(0x1000, segment.range.size().unwrap_or(0) as usize))
}

fn word(module: &mut Module, kind: u32, value: u64, addend: i64) -> u64 {
    let target = Target { value, ..Target::default() };
    let bytes = applied(module, kind, &target, Some(addend)).unwrap();
    module.order.read(&bytes) as u64
}

#[test]
fn tricore() {
    let new = |unit: u32| module(Platform::TRICORE, elf::EM_TRICORE, 32, &unit.to_le_bytes());
    // call: disp24 = (0x81000 - 0x1000) / 2 = 0x40000; its low 16 bits go to
    // bits 16 to 31, its high 8 bits to bits 8 to 15.
    assert_eq!(word(&mut new(0x6d), 3, 0x8_1000, 0), 0x0000_046d);
    assert_eq!(word(&mut new(0x6d), 3, 0x0ffe, 0), 0xffff_ff6d);
    // movh %d15: the high half of 0x8000_9000, rounded up.
    assert_eq!(word(&mut new(0xf000_007b), 6, 0x8000_9000, 0), 0xf800_107b);
    assert_eq!(word(&mut new(0xf000_001b), 7, 0x8000_9000, 0), 0xf900_001b);
    assert_eq!(word(&mut new(0), 2, 0x8000_9000, 4), 0x8000_9004);
}

#[test]
fn xtensa() {
    let new = |bytes: &[u8]| module(Platform::XTENSA, elf::EM_XTENSA, 32, bytes);
    // call0: (0x2000 - 0x1004) / 4 = 0x3ff in bits 6 to 23.
    assert_eq!(word(&mut new(&[0x05, 0, 0]), 20, 0x2000, 0), 0x3ff << 6 | 5);
    // l32r: (0x0ff0 - 0x1000) / 4 = -4 in bits 8 to 23.
    assert_eq!(word(&mut new(&[0x21, 0, 0]), 20, 0xff0, 0), 0xff_fc21);
    // j: 0x1010 - 0x1004 = 12 in bits 6 to 23.
    assert_eq!(word(&mut new(&[0x06, 0, 0]), 20, 0x1010, 0), 12 << 6 | 6);
    // What the word holds counts.
    assert_eq!(word(&mut new(&[4, 0, 0, 0]), 1, 0x2000, 0), 0x2004);
}

#[test]
fn msp430() {
    let mut jump = module(Platform::MSP430, elf::EM_MSP430, 32, &[0x00, 0x3c]);
    // jmp: (0x1010 - 0x1002) / 2 = 7.
    assert_eq!(word(&mut jump, 2, 0x1010, 0), 0x3c07);
    let mut call = module(Platform::MSP430X, elf::EM_MSP430, 32, &[0xb0, 0x13, 0, 0]);
    // calla #0x12345: the high four bits in the first word.
    assert_eq!(word(&mut call, 12, 0x1_2345, 0), 0x2345_13b1);
}

#[test]
fn bpf() {
    let new = |bytes: &[u8]| module(Platform::EBPF, elf::EM_BPF, 64, bytes);
    let at = |value| Target { value, ..Target::default() };
    // lddw r1, 4: the addend stands in the instruction.
    let load = [0x18, 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let bytes = applied(&mut new(&load), 1, &at(0x1234_5678_9abc_def0), None).unwrap();
    assert_eq!(bytes, [0x18, 1, 0, 0, 0xf4, 0xde, 0xbc, 0x9a, 0, 0, 0, 0, 0x78, 0x56, 0x34, 0x12]);
    // call -1, to 0x1020 from 0x1000: three instructions after the next.
    let call = [0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff];
    let bytes = applied(&mut new(&call), 10, &at(0x1020), None).unwrap();
    assert_eq!(bytes, [0x85, 0x10, 0, 0, 3, 0, 0, 0]);
    // The same by the section at 0x1000 and an addend of three instructions.
    let call = [0x85, 0x10, 0, 0, 3, 0, 0, 0];
    let bytes = applied(&mut new(&call), 10, &at(0x1000), None).unwrap();
    assert_eq!(bytes, [0x85, 0x10, 0, 0, 3, 0, 0, 0]);
}

#[test]
fn thumb_calls_change_state() {
    // bl with an offset of -4, as assemblers leave it.
    let new = || module(Platform::ARMV7A, elf::EM_ARM, 32, &[0xff, 0xf7, 0xfe, 0xff]);
    let thumb = Target { value: 0x2000, thumb: true, function: true, ..Target::default() };
    // 0x2000 - 0x1004 = 0xffc: imm10 = 0, imm11 = 0x7fe.
    assert_eq!(applied(&mut new(), elf::R_ARM_THM_PC22, &thumb, None).unwrap(), [0x00, 0xf0, 0xfe, 0xff]);
    let arm = Target { thumb: false, ..thumb };
    assert_eq!(applied(&mut new(), elf::R_ARM_THM_PC22, &arm, None).unwrap(), [0x00, 0xf0, 0xfe, 0xef]);
    let far = Target { value: 0x200_0000, ..arm };
    assert!(matches!(applied(&mut new(), elf::R_ARM_THM_PC22, &far, None), Err(Problem::Overflow(..))));
    // bl in ARM code becomes blx.
    let mut call = module(Platform::ARMV7A, elf::EM_ARM, 32, &[0xfe, 0xff, 0xff, 0xeb]);
    let odd = Target { value: 0x2002, thumb: true, function: true, ..Target::default() };
    // 0x2002 - 0x1008 = 0xffa: H = 1, imm24 = 0x3fe.
    assert_eq!(applied(&mut call, elf::R_ARM_CALL, &odd, None).unwrap(), [0xfe, 0x03, 0x00, 0xfb]);
}

#[test]
fn sparc_linkage_tables_are_code() {
    let mut slot = module(Platform::SPARC, elf::EM_SPARC, 32, &[0; 12]);
    let target = Target { value: 0x1234_5678, ..Target::default() };
    let bytes = applied(&mut slot, elf::R_SPARC_JMP_SLOT, &target, Some(0)).unwrap();
    // sethi %hi(0x12345678), %g1; jmp %g1 + 0x278.
    assert_eq!(ByteOrder::Big.read(&bytes[4..]) as u64, 0x0304_8d15_81c0_6278);
}

#[test]
fn powerpc_old_linkage_tables_are_code() {
    let mut slot = module(Platform::PPC, elf::EM_PPC, 32, &[0; 8]);
    let target = Target { value: 0x2000, ..Target::default() };
    let bytes = applied(&mut slot, elf::R_PPC_JMP_SLOT, &target, Some(0)).unwrap();
    assert_eq!(bytes[..4], [0x48, 0x00, 0x10, 0x00]);
}

#[test]
fn types_of_mips64_are_combined() {
    let mut place = module(Platform::MIPS64EL, elf::EM_MIPS, 64, &[0x34, 0x12, 0, 0, 0, 0, 0, 0]);
    place.bias = 0x10_0000;
    let relocation = Relocation { place: 0x1000, kind: 3 | 18 << 8, symbol: 0, addend: None };
    let types = Types::of(&place);
    apply(&mut place, &types, relocation, &Target::default(), &mut State::default()).unwrap();
    assert_eq!(place.read_word(0x1000), Some(0x10_1234));
}

#[test]
fn unknown_and_unsupported_types_are_told_apart() {
    let mut place = module(Platform::X86_64, elf::EM_X86_64, 64, &[0; 8]);
    let target = Target::default();
    assert_eq!(applied(&mut place, 200, &target, Some(0)), Err(Problem::Unknown));
    let error = applied(&mut place, elf::R_X86_64_TPOFF64, &target, Some(0)).unwrap_err();
    assert!(matches!(error, Problem::Unsupported("R_X86_64_TPOFF64", _)));
    let error = applied(&mut place, elf::R_X86_64_TLSGD, &target, Some(0)).unwrap_err();
    assert!(matches!(error, Problem::Unsupported("R_X86_64_TLSGD", _)));
}

/// The formulas of "ELF Handling For Thread-Local Storage", for a variable at
/// 8 in the block of module 2, which is 0x40 below the thread pointer.
#[test]
fn thread_local_storage() {
    let block = super::TlsBlock {
        module: 2,
        offset: 0x40_u64.wrapping_neg(),
        bias: 0,
        resolver: 0x5000,
        argument_first: false,
    };
    let target = Target { value: 8, thread_local: true, block: Some(block), ..Target::default() };
    let value = |kind, addend| {
        let mut place = module(Platform::X86_64, elf::EM_X86_64, 64, &[0; 16]);
        let bytes = applied(&mut place, kind, &target, Some(addend)).unwrap();
        bytes.chunks(8).map(|word| ByteOrder::Little.read(word) as i64).collect::<Vec<_>>()
    };
    assert_eq!(value(elf::R_X86_64_DTPMOD64, 0)[0], 2);
    assert_eq!(value(elf::R_X86_64_DTPOFF64, 4)[0], 12);
    assert_eq!(value(elf::R_X86_64_TPOFF64, 4)[0], 12 - 0x40);
    assert_eq!(value(elf::R_X86_64_TLSDESC, 4), [0x5000, 12 - 0x40]);
    // The one type that is subtracted, with its addend in the place.
    let mut place = module(Platform::I386, elf::EM_386, 32, &[4, 0, 0, 0]);
    let bytes = applied(&mut place, elf::R_386_TLS_TPOFF32, &target, None).unwrap();
    assert_eq!(ByteOrder::Little.read(&bytes), 4 + 0x40 - 8);
}

#[test]
fn words_that_functions_fill_are_noted() {
    let mut place = module(Platform::X86_64, elf::EM_X86_64, 64, &[0; 8]);
    place.bias = 0x10_0000;
    let types = Types::of(&place);
    let relocation =
        Relocation { place: 0x1000, kind: elf::R_X86_64_IRELATIVE, symbol: 0, addend: Some(0x200) };
    let mut state = State::default();
    apply(&mut place, &types, relocation, &Target::default(), &mut state).unwrap();
    assert_eq!(state.indirect, [(0x10_1000, 0x10_0200)].into());
}

#[test]
fn entries_that_resolvers_fill_are_noted() {
    let cases = [
        (Platform::SPARC64, elf::EM_SPARCV9, 64, elf::R_SPARC_JMP_IREL, Some(SlotShape::LongCode)),
        (Platform::SPARC, elf::EM_SPARC, 32, elf::R_SPARC_JMP_IREL, Some(SlotShape::ShortCode)),
        (Platform::PPC64LE, elf::EM_PPC64, 64, elf::R_PPC64_JMP_IREL, None),
    ];
    for (platform, machine, bits, kind, shape) in cases {
        let mut place = module(platform, machine, bits, &[0; 32]);
        place.bias = 0x10_0000;
        let types = Types::of(&place);
        let relocation = Relocation { place: 0x1000, kind, symbol: 0, addend: Some(0x200) };
        let mut state = State::default();
        apply(&mut place, &types, relocation, &Target::default(), &mut state).unwrap();
        assert_eq!(state.indirect, [(0x10_1000, 0x10_0200)].into(), "{platform}");
        assert_eq!(state.shapes.get(&0x10_1000).copied(), shape, "{platform}");
    }
    // `sethi %hi(0x12345678), %g1; jmp %g1 + %lo(0x12345678)`, as GNU as has it.
    assert_eq!(SlotShape::ShortCode.code(0x1234_5678), [0x0304_8d15, 0x81c0_6278]);
}
