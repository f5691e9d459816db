//! The toy specification: what its instructions decode to, are printed as and
//! do. All that is expected was worked out by hand.

mod common;

use std::sync::Arc;

use common::{listing, toy};
use terrella_sleigh::{Context, ContextCommit, DecodeError, Decoder, Language, Lifter, Pcode};

/// The context field `wide` is the first bit.
const WIDE: u128 = 1 << 127;

fn decoded(language: &Arc<Language>, address: u64, bytes: &[u8], context: u128) -> Decoder {
    let mut decoder = Decoder::new(Arc::clone(language));
    if let Err(error) = decoder.decode(address, bytes, Context(context)) {
        panic!("{bytes:x?}: {error}");
    }
    decoder
}

/// Length, text and p-code of an instruction at 0x100.
fn check(bytes: &[u8], context: u128, text: &str, pcode: &str) {
    let language = toy();
    let mut decoder = decoded(&language, 0x100, bytes, context);
    assert_eq!(decoder.text(), text);
    assert_eq!(decoder.length(), bytes.len(), "{text}");
    if decoder.delay_slot() > 0 {
        decoder.set_delay_slot_length(1);
    }
    let mut lifted = Pcode::default();
    Lifter::new().lift(&decoder, &mut lifted).expect("it has semantics");
    let expected: Vec<&str> = pcode.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(listing(&language, &lifted).lines().collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn macros_and_attached_registers() {
    check(
        &[0x1d],
        0,
        "add r3, r1",
        "C = INT_CARRY r3, r1
         r3 = INT_ADD r3, r1
         Z = INT_EQUAL r3, 0x0:2",
    );
}

#[test]
fn operands_of_different_lengths() {
    check(&[0x29], 0, "ld r1, [r1]", "t0:2 = LOAD 0x2:4, r1\n r1 = COPY t0:2");
    check(
        &[0x2e, 0xfe],
        0,
        "ld r1, [r2 + -0x2]",
        "t0:2 = INT_ADD r2, 0xfffe:2
         t1:2 = LOAD 0x2:4, t0:2
         r1 = COPY t1:2",
    );
    check(&[0x32, 0x34, 0x12], 0, "mov [r2], 0x1234", "STORE 0x2:4, r2, 0x1234:2");
    check(
        &[0x36, 0xfe, 0x34, 0x12],
        0,
        "mov [r2 + -0x2], 0x1234",
        "t0:2 = INT_ADD r2, 0xfffe:2
         STORE 0x2:4, t0:2, 0x1234:2",
    );
}

#[test]
fn conditions_with_gaps() {
    // The condition is known, so is what it is compared with.
    check(
        &[0x51, 0xf0],
        0,
        "jne 0xf2",
        "t0:1 = INT_EQUAL Z, 0x1:1
         CBRANCH ram[0xf2]:2, t0:1",
    );
    let mut decoder = Decoder::new(toy());
    // Nothing is attached to 3.
    assert_eq!(decoder.decode(0x100, &[0x53, 0], Context(0)), Err(DecodeError::Invalid));
}

#[test]
fn addresses_wrap() {
    let language = toy();
    assert_eq!(decoded(&language, 0xfffe, &[0x50, 0x10], 0).text(), "jeq 0x10");
    assert_eq!(decoded(&language, 0x0, &[0x50, 0x80], 0).text(), "jeq -0x7e");
}

#[test]
fn delay_slots() {
    let language = toy();
    let mut decoder = decoded(&language, 0x100, &[0x40, 0x10, 0x1d], 0);
    assert_eq!((decoder.length(), decoder.delay_slot()), (2, 1));
    decoder.set_delay_slot_length(1);
    // The destination counts from the end of the jump, not of its slot.
    assert_eq!(decoder.text(), "jr 0x112");
    let mut pcode = Pcode::default();
    decoder.lift(&mut pcode).expect("it has semantics");
    assert_eq!(listing(&language, &pcode), "BRANCH ram[0x112]:2\n");
    assert_eq!(pcode.delay_slot(), Some(0));
}

#[test]
fn the_context_changes_what_is_decoded() {
    check(&[0x78], 0, "nop2", "");
    check(&[0x78], WIDE, "inc r2", "r2 = INT_ADD r2, 0x1:2");
    check(&[0x79], WIDE, "dec r2", "r2 = INT_SUB r2, 0x1:2");
    // Neither of the two.
    check(&[0x7a], WIDE, "nop2", "");
}

#[test]
fn commits_of_the_context() {
    let language = toy();
    let decoder = decoded(&language, 0x200, &[0x61], 0);
    assert_eq!(decoder.text(), "wide 0x1");
    let commits: Vec<_> = decoder.commits().collect();
    assert_eq!(commits, [ContextCommit { address: 0x201, mask: WIDE, value: WIDE, flows: true }]);
    assert_eq!(decoder.context(), Context(WIDE));
    // `low<2` does not hold.
    assert_eq!(Decoder::new(language).decode(0, &[0x62], Context(0)), Err(DecodeError::Invalid));
}

#[test]
fn a_prefix_is_an_instruction_around_another() {
    // In it `repeated` is set, so `wide` does not count and it is there once.
    check(
        &[0xf0, 0x1d],
        0,
        "repadd r3, r1",
        "C = INT_CARRY r3, r1
         r3 = INT_ADD r3, r1
         Z = INT_EQUAL r3, 0x0:2",
    );
    check(&[0xf0, 0x78], WIDE, "repnop2", "");
    let mut decoder = Decoder::new(toy());
    assert_eq!(decoder.decode(0, &[0xf0, 0xf0, 0x1d], Context(0)), Err(DecodeError::Invalid));
    // The end of the bytes comes before the end of the instruction.
    let truncated = DecodeError::Truncated { needed: 4, available: 3 };
    assert_eq!(decoder.decode(0, &[0x36, 0xfe, 0x34], Context(0)), Err(truncated));
}

#[test]
fn bit_ranges() {
    check(
        &[0x8b],
        0,
        "setm 0xb",
        "t0:1 = INT_AND flags, 0x8f:1
         t1:1 = INT_AND 0xb:1, 0x7:1
         t2:1 = INT_LEFT t1:1, 0x4:4
         flags = INT_OR t0:1, t2:1
         t3:1 = INT_AND flags, 0xfe:1
         t4:1 = INT_AND C, 0x1:1
         flags = INT_OR t3:1, t4:1",
    );
}

#[test]
fn attached_values_and_user_operations() {
    check(&[0x93], 0, "scale -0x8", "r0 = INT_MULT r0, 0xfff8:2");
    // The higher byte of r0.
    check(&[0xa9], 0, "trap 0x9", "register[0x1]:1 = CALLOTHER 0x0:4, 0x9:1");
    let mut decoder = Decoder::new(toy());
    assert_eq!(decoder.decode(0, &[0xa5], Context(0)), Err(DecodeError::Invalid));
}

#[test]
fn the_address_of_a_copy_is_that_of_the_register() {
    check(
        &[0xc2],
        0,
        "at r2",
        "t0:2 = COPY r2
         t1:2 = COPY 0x4:2
         r0 = LOAD 0x3:4, t1:2",
    );
}

#[test]
fn conditional_jumps_to_what_is_known_at_run_time() {
    check(
        &[0xd4],
        0,
        "jc r1",
        "t0:1 = BOOL_NEGATE C
         CBRANCH 0x2:4, t0:1
         BRANCHIND r1",
    );
}

#[test]
fn labels_and_the_more_special_pattern() {
    check(
        &[0xb4],
        0,
        "loop r1",
        "r1 = INT_SUB r1, 0x1:2
         t0:1 = INT_NOTEQUAL r1, 0x0:2
         CBRANCH 0xfffffffffffffffe:4, t0:1",
    );
    check(&[0xb1], 0, "stop", "RETURN sp");
}

#[test]
fn the_compiled_form_is_read_again() {
    let language = toy();
    let bytes = language.to_bytes();
    let again = Language::from_bytes(&bytes).expect("it is whole");
    assert_eq!(again.to_bytes(), bytes);
    assert_eq!(again.register("r2"), language.register("r2"));
    assert_eq!(again.flowing_context(), 0b1_0111 << 123);
    assert_eq!(again.user_ops(), ["trap"]);
    assert_eq!(decoded(&Arc::new(again), 0, &[0x1d], 0).text(), "add r3, r1");
}
