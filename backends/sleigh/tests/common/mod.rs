//! What the tests of this crate share.
#![allow(dead_code)]

use std::{path::PathBuf, sync::Arc};

use terrella_sleigh::{Context, Decoder, Language, Lifter, Pcode, Varnode};

/// The text of the toy specification.
pub(crate) const TOY: &str = include_str!("../toy.slaspec");

/// The toy specification, compiled.
pub(crate) fn toy() -> Arc<Language> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/toy.slaspec");
    Arc::new(terrella_sleigh::compile(path).expect("it compiles"))
}

/// Random numbers, the same each time.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// Decodes, prints and lifts random bytes; how many were instructions.
pub(crate) fn exercise(language: &Arc<Language>, random: &mut Random, times: usize) -> usize {
    let mut decoder = Decoder::new(Arc::clone(language));
    let mut lifter = Lifter::new();
    let mut pcode = Pcode::default();
    let mut valid = 0;
    for _ in 0..times {
        let bytes = random.bytes(20);
        let context = if random.below(2) == 0 { 0 } else { u128::from(random.next()) << 64 };
        let Ok(length) = decoder.decode(random.next(), &bytes, Context(context)) else { continue };
        assert!((1..=bytes.len()).contains(&length));
        valid += 1;
        assert!(decoder.text().len() < 1 << 20);
        let _ = decoder.mnemonic();
        let _ = decoder.constructor_line();
        for commit in decoder.commits() {
            assert_eq!(commit.value & !commit.mask, 0);
        }
        if decoder.delay_slot() > 0 {
            decoder.set_delay_slot_length(2);
        }
        if lifter.lift(&decoder, &mut pcode).is_ok() {
            for op in pcode.ops() {
                assert!(pcode.inputs(op).len() < 100);
            }
        }
    }
    valid
}

/// P-code as text, one operation a line; temporaries are numbered in order.
pub(crate) fn listing(language: &Language, pcode: &Pcode) -> String {
    let mut temporaries: Vec<u64> = Vec::new();
    let mut name = |varnode: &Varnode| {
        if varnode.is_constant() {
            return format!("{:#x}:{}", varnode.offset, varnode.size);
        }
        if let Some(register) = language.register_at(varnode) {
            return register.name.clone();
        }
        let space = language.space(varnode.space).map_or("?", |space| &space.name);
        if space != "unique" {
            return format!("{space}[{:#x}]:{}", varnode.offset, varnode.size);
        }
        let number = temporaries.iter().position(|it| *it == varnode.offset).unwrap_or_else(|| {
            temporaries.push(varnode.offset);
            temporaries.len() - 1
        });
        format!("t{number}:{}", varnode.size)
    };
    let mut lines = String::new();
    for op in pcode.ops() {
        let inputs: Vec<String> = pcode.inputs(op).iter().map(&mut name).collect();
        if let Some(output) = &op.output {
            lines += &format!("{} = ", name(output));
        }
        lines += &format!("{} {}\n", op.code, inputs.join(", "));
    }
    lines
}
