//! x86, decoded by iced-x86.

use iced_x86::{
    Decoder as Iced, DecoderOptions, EncodingKind, FlowControl, Instruction, MemorySize, Mnemonic, OpKind,
};
use terrella_platforms::{Architecture, Platform};

use super::{CodeState, Decoder};

pub(super) const DECODER: Decoder = Decoder { length, transfers, wide };

fn decode(platform: Platform, bytes: &[u8]) -> Option<Instruction> {
    let bitness = match platform.architecture() {
        Architecture::X86_64 => 64,
        Architecture::X86_16 => 16,
        _ => 32,
    };
    let instruction = Iced::new(bitness, bytes, DecoderOptions::NONE).decode();
    (!instruction.is_invalid()).then_some(instruction)
}

fn length(platform: Platform, _: CodeState, bytes: &[u8]) -> Option<usize> {
    Some(decode(platform, bytes)?.len())
}

fn transfers(platform: Platform, _: CodeState, bytes: &[u8]) -> bool {
    decode(platform, bytes).is_some_and(|instruction| match instruction.flow_control() {
        // `ud2` and its like fault.
        FlowControl::Next | FlowControl::Exception => false,
        FlowControl::XbeginXabortXend => instruction.mnemonic() != Mnemonic::Xend,
        _ => true,
    })
}

fn wide(platform: Platform, _: CodeState, bytes: &[u8]) -> Option<u32> {
    let instruction = decode(platform, bytes)?;
    // String instructions and the stack have operand kinds of their own.
    let in_memory = instruction.op_kinds().any(|kind| kind == OpKind::Memory);
    // A limit and a base, or a selector and an offset, are two values.
    let pair =
        matches!(instruction.memory_size(), MemorySize::Fword10 | MemorySize::SegPtr64 | MemorySize::Unknown);
    let size = u32::try_from(instruction.memory_size().size()).ok()?;
    (in_memory && !pair && size > 8).then_some(size)
}

pub(super) fn is_vex(platform: Platform, bytes: &[u8]) -> bool {
    decode(platform, bytes).is_some_and(|instruction| {
        matches!(instruction.encoding(), EncodingKind::VEX | EncodingKind::EVEX | EncodingKind::XOP)
    })
}
