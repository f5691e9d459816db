//! Where instructions go, what they read and write, and their operands, by
//! the manuals of their processors.

use terrella_sleigh::{Decoder, Flow, FlowKind, OperandKind, Pcode};

const ADDRESS: u64 = 0x1000;

/// The instruction at [`ADDRESS`] with its p-code.
fn lifted(processor: &str, bytes: &[u8], slot: usize) -> (Decoder, Pcode) {
    let processor = terrella_sleigh_languages::load(processor).unwrap_or_else(|error| panic!("{error}"));
    let mut decoder = Decoder::new(processor.language.clone());
    if let Err(error) = decoder.decode(ADDRESS, bytes, processor.context) {
        panic!("{bytes:02x?}: {error}");
    }
    decoder.set_delay_slot_length(slot);
    let mut pcode = Pcode::default();
    decoder.lift(&mut pcode).unwrap_or_else(|error| panic!("{bytes:02x?}: {error}"));
    (decoder, pcode)
}

use FlowKind::{Branch, Call, FallThrough, IndirectBranch, IndirectCall, Return};

/// Processor, bytes of the delay slot, instruction, how it goes, where to,
/// whether that depends on a condition, and whether the next one may follow.
type Case = (&'static str, usize, &'static [u8], FlowKind, Option<u64>, bool, bool);

const CASES: &[Case] = &[
    // nop; syscall; rep movsb
    ("x86-64", 0, &[0x90], FallThrough, None, false, true),
    ("x86-64", 0, &[0x0f, 0x05], FallThrough, None, false, true),
    ("x86-64", 0, &[0xf3, 0xa4], FallThrough, None, false, true),
    // cmove eax, ebx: its p-code branches, it does not
    ("x86-64", 0, &[0x0f, 0x44, 0xc3], FallThrough, None, false, true),
    // jmp; jz; loop to itself; jmp to itself
    ("x86-64", 0, &[0xeb, 0x05], Branch, Some(0x1007), false, false),
    ("x86-64", 0, &[0x74, 0x05], Branch, Some(0x1007), true, true),
    ("x86-64", 0, &[0xe2, 0xfe], Branch, Some(0x1000), true, true),
    ("x86-64", 0, &[0xeb, 0xfe], Branch, Some(0x1000), false, false),
    // jz to the next instruction
    ("x86-64", 0, &[0x74, 0x00], Branch, Some(0x1002), true, true),
    // call; call rax; jmp rax; jmp [rax]; ret
    ("x86-64", 0, &[0xe8, 0x10, 0, 0, 0], Call, Some(0x1015), false, true),
    ("x86-64", 0, &[0xff, 0xd0], IndirectCall, None, false, true),
    ("x86-64", 0, &[0xff, 0xe0], IndirectBranch, None, false, false),
    ("x86-64", 0, &[0xff, 0x20], IndirectBranch, None, false, false),
    ("x86-64", 0, &[0xc3], Return, None, false, false),
    // b.eq; cbz x0; b; bl; blr x1; br x1; ret; csel x0, x1, x2, eq
    ("aarch64", 0, &[0x40, 0, 0, 0x54], Branch, Some(0x1008), true, true),
    ("aarch64", 0, &[0x40, 0, 0, 0xb4], Branch, Some(0x1008), true, true),
    ("aarch64", 0, &[0x02, 0, 0, 0x14], Branch, Some(0x1008), false, false),
    ("aarch64", 0, &[0x02, 0, 0, 0x94], Call, Some(0x1008), false, true),
    ("aarch64", 0, &[0x20, 0, 0x3f, 0xd6], IndirectCall, None, false, true),
    ("aarch64", 0, &[0x20, 0, 0x1f, 0xd6], IndirectBranch, None, false, false),
    ("aarch64", 0, &[0xc0, 0x03, 0x5f, 0xd6], Return, None, false, false),
    ("aarch64", 0, &[0x20, 0, 0x82, 0x9a], FallThrough, None, false, true),
    // bx lr; bxeq lr; bleq; addeq r0, r0, #1
    ("arm-v8", 0, &[0x1e, 0xff, 0x2f, 0xe1], Return, None, false, false),
    ("arm-v8", 0, &[0x1e, 0xff, 0x2f, 0x01], Return, None, true, true),
    ("arm-v8", 0, &[0, 0, 0, 0x0b], Call, Some(0x1008), true, true),
    ("arm-v8", 0, &[0x01, 0x00, 0x80, 0x02], FallThrough, None, false, true),
    // beq a0, a1; jal; jr ra; jr t9; jalr t9; teq
    ("mips-be", 4, &[0x10, 0x85, 0, 3], Branch, Some(0x1010), true, true),
    ("mips-be", 4, &[0x0c, 0, 0x08, 0x00], Call, Some(0x2000), false, true),
    ("mips-be", 4, &[0x03, 0xe0, 0, 0x08], Return, None, false, false),
    ("mips-be", 4, &[0x03, 0x20, 0, 0x08], IndirectBranch, None, false, false),
    ("mips-be", 4, &[0x03, 0x20, 0xf8, 0x09], IndirectCall, None, false, true),
    // beq; bl; blr; beqlr; bctr; bctrl
    ("ppc-be", 0, &[0x41, 0x82, 0, 8], Branch, Some(0x1008), true, true),
    ("ppc-be", 0, &[0x48, 0, 0, 9], Call, Some(0x1008), false, true),
    ("ppc-be", 0, &[0x4e, 0x80, 0, 0x20], Return, None, false, false),
    ("ppc-be", 0, &[0x4d, 0x82, 0, 0x20], Return, None, true, true),
    ("ppc-be", 0, &[0x4e, 0x80, 0x04, 0x20], IndirectBranch, None, false, false),
    ("ppc-be", 0, &[0x4e, 0x80, 0x04, 0x21], IndirectCall, None, false, true),
    // beq a0, a1; jal ra; jal zero; ret; jalr a0
    ("riscv64", 0, &[0x63, 0x04, 0xb5, 0x00], Branch, Some(0x1008), true, true),
    ("riscv64", 0, &[0xef, 0x00, 0x80, 0x00], Call, Some(0x1008), false, true),
    ("riscv64", 0, &[0x6f, 0x00, 0x80, 0x00], Branch, Some(0x1008), false, false),
    ("riscv64", 0, &[0x67, 0x80, 0x00, 0x00], Return, None, false, false),
    ("riscv64", 0, &[0xe7, 0x00, 0x05, 0x00], IndirectCall, None, false, true),
    // bra; bsr; rts; beq
    ("m68k", 0, &[0x60, 0x06], Branch, Some(0x1008), false, false),
    ("m68k", 0, &[0x61, 0x06], Call, Some(0x1008), false, true),
    ("m68k", 0, &[0x4e, 0x75], Return, None, false, false),
    ("m68k", 0, &[0x67, 0x06], Branch, Some(0x1008), true, true),
];

#[test]
fn flow_is_that_of_the_manual() {
    let mut wrong = Vec::new();
    for (processor, slot, bytes, kind, target, is_conditional, falls_through) in CASES {
        let (decoder, pcode) = lifted(processor, bytes, *slot);
        let expected = Flow {
            kind: *kind,
            target: *target,
            is_conditional: *is_conditional,
            falls_through: *falls_through,
        };
        let flow = decoder.flow(&pcode);
        if flow != expected {
            wrong.push(format!("{processor} {}: {flow:?}", decoder.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Processor, instruction, registers read and written, and whether it loads
/// and stores.
type AccessCase = (&'static str, &'static [u8], &'static [&'static str], &'static [&'static str], bool, bool);

const ACCESSES: &[AccessCase] = &[
    // mov rax, [rbx + rcx * 2]
    ("x86-64", &[0x48, 0x8b, 0x04, 0x4b], &["RBX", "RCX"], &["RAX"], true, false),
    // mov [rdi], cl
    ("x86-64", &[0x88, 0x0f], &["CL", "RDI"], &[], false, true),
    // mov eax, ecx clears the upper half
    ("x86-64", &[0x89, 0xc8], &["ECX"], &["RAX"], false, false),
    // push rbp
    ("x86-64", &[0x55], &["RBP", "RSP"], &["RSP"], false, true),
    // cmove eax, ebx
    ("x86-64", &[0x0f, 0x44, 0xc3], &["EAX", "EBX", "ZF"], &["RAX"], false, false),
    // ldr x0, [x1], #8
    ("aarch64", &[0x20, 0x84, 0x40, 0xf8], &["x1"], &["x0", "x1"], true, false),
    // add a0, a1, a2
    ("riscv64", &[0x33, 0x85, 0xc5, 0x00], &["a1", "a2"], &["a0"], false, false),
    // stw r3, 8(r1)
    ("ppc-be", &[0x90, 0x61, 0, 8], &["r1", "r3"], &[], false, true),
];

#[test]
fn accesses_are_those_of_the_manual() {
    for (processor, bytes, reads, writes, loads, stores) in ACCESSES {
        let (decoder, pcode) = lifted(processor, bytes, 0);
        let language = decoder.language();
        let accesses = pcode.accesses(language);
        let names = |varnodes: &[terrella_sleigh::Varnode]| {
            let mut names: Vec<String> = varnodes
                .iter()
                .map(|it| language.register_at(it).map_or_else(|| format!("{it:?}"), |it| it.name.clone()))
                .collect();
            names.sort();
            names
        };
        let text = decoder.text();
        assert_eq!(names(&accesses.reads), *reads, "{processor} {text}");
        assert_eq!(names(&accesses.writes), *writes, "{processor} {text}");
        assert_eq!((accesses.loads, accesses.stores), (*loads, *stores), "{processor} {text}");
    }
}

#[test]
fn operands_are_what_is_printed() {
    // Processor, instruction, and the operands: `r` registers, `n` numbers,
    // `c` what is made of parts.
    let cases: &[(&str, &[u8], &[&str])] = &[
        ("x86-64", &[0x48, 0x8b, 0x04, 0x4b], &["r RAX", "c qword ptr [RBX + RCX*0x2]"]),
        ("x86-64", &[0x83, 0xc0, 0x07], &["r EAX", "n 0x7"]),
        ("x86-64", &[0x74, 0x05], &["n 0x1007"]),
        ("x86-64", &[0xc3], &[]),
        ("riscv64", &[0x33, 0x85, 0xc5, 0x00], &["r a0", "r a1", "r a2"]),
        ("ppc-be", &[0x90, 0x61, 0, 8], &["r r3", "c 0x8(r1)"]),
    ];
    for (processor, bytes, expected) in cases {
        let (decoder, _) = lifted(processor, bytes, 0);
        let found: Vec<String> = decoder
            .operands()
            .iter()
            .map(|operand| {
                let kind = match operand.kind {
                    OperandKind::Register(_) => "r",
                    OperandKind::Number(_) => "n",
                    _ => "c",
                };
                format!("{kind} {}", operand.text)
            })
            .collect();
        assert_eq!(found, *expected, "{}", decoder.text());
    }
}
