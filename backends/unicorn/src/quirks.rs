//! Instructions that Unicorn tells in a way of its own.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic};
use terrella_platforms::{Architecture, Platform};

/// Decodes one x86 instruction; `None` on other processors and for bytes that
/// are none.
pub(crate) fn x86_instruction(platform: Platform, bytes: &[u8]) -> Option<Instruction> {
    let bits = match platform.architecture() {
        Architecture::X86_64 => 64,
        Architecture::I386 => 32,
        Architecture::X86_16 => 16,
        _ => return None,
    };
    let instruction = Decoder::new(bits, bytes, DecoderOptions::NONE).decode();
    (!instruction.is_invalid()).then_some(instruction)
}

/// Whether this is a string instruction with a repeat prefix, which Unicorn
/// tells at each iteration.
pub(crate) fn is_repeated_string(platform: Platform, bytes: &[u8]) -> bool {
    x86_instruction(platform, bytes).is_some_and(|instruction| {
        instruction.is_string_instruction()
            && (instruction.has_rep_prefix() || instruction.has_repne_prefix())
    })
}

/// Whether a store puts its bytes into memory in the other order than the
/// platform's: Unicorn tells the value as it is in the register.
pub(crate) fn is_byte_reversed(platform: Platform, bytes: &[u8]) -> bool {
    match platform.architecture() {
        Architecture::X86_64 | Architecture::I386 | Architecture::X86_16 => {
            x86_instruction(platform, bytes).is_some_and(|it| it.mnemonic() == Mnemonic::Movbe)
        }
        // sthbrx, stwbrx, stdbrx: opcode 31, extended opcodes 918, 662, 660
        // (Power ISA, book I, 3.3.5).
        Architecture::PowerPc32 | Architecture::PowerPc64 => bytes.get(..4).is_some_and(|word| {
            let word = platform.byte_order().read(word) as u32;
            word >> 26 == 31 && matches!(word >> 1 & 0x3ff, 918 | 662 | 660)
        }),
        // strvh, strv, strvg: e33f, e33e, e32f (Principles of Operation, 7).
        Architecture::S390x => bytes.len() >= 6 && bytes[0] == 0xe3 && matches!(bytes[5], 0x3f | 0x3e | 0x2f),
        _ => false,
    }
}

/// Whether a program interruption of z/Architecture at this instruction is a
/// fixed-point divide exception: it is one of the divide instructions
/// (Principles of Operation, 7). Unicorn does not tell the code.
pub(crate) fn is_s390x_divide(bytes: &[u8]) -> bool {
    match bytes {
        [0x1d | 0x5d, ..] => true,
        [0xb9, second, ..] => matches!(second, 0x0d | 0x1d | 0x87 | 0x97),
        [0xe3, _, _, _, _, sixth] => matches!(sixth, 0x0d | 0x1d | 0x87 | 0x97),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_encodings_are_told_apart() {
        let x86 = Platform::X86_64;
        assert!(is_repeated_string(x86, &[0xf3, 0xa4])); // rep movsb
        assert!(is_repeated_string(x86, &[0xf2, 0xae])); // repne scasb
        assert!(!is_repeated_string(x86, &[0xa4])); // movsb
        assert!(!is_repeated_string(x86, &[0xf3, 0x0f, 0x10, 0x00])); // movss
        assert!(is_byte_reversed(x86, &[0x0f, 0x38, 0xf1, 0x07])); // movbe [rdi], eax
        assert!(!is_byte_reversed(x86, &[0x89, 0x07])); // mov [rdi], eax
        assert!(is_byte_reversed(Platform::PPC, &0x7c83_2d2c_u32.to_be_bytes())); // stwbrx r4, r3, r5
        assert!(!is_byte_reversed(Platform::PPC, &0x9083_0000_u32.to_be_bytes())); // stw r4, 0(r3)
        assert!(is_s390x_divide(&[0xb9, 0x97, 0x00, 0x24])); // dlr
        assert!(!is_s390x_divide(&[0xb9, 0x04, 0x00, 0x24])); // lgr
        assert!(is_byte_reversed(Platform::S390X, &[0xe3, 0x20, 0x10, 0x00, 0x00, 0x3e])); // strv
    }
}
