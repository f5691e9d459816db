//! Corrections of the specification of x86 for real-address mode (Intel SDM,
//! volume 3, 21.1).
//!
//! Two bits of the context are added: `realMode`, which says that the base of
//! a segment is 16 times its selector, and `segmentKnown`, with which
//! `codeSegment` is the selector of the code: jumps stay within its 64 KiB.
//! The stack, far transfers and interrupts are left to the engine.

use super::Edit;

/// A correction of x86's main file.
const fn ia(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "ia.sinc", old, new, reason }
}

const BASES: &str = "an offset of 32 bits is added to the base of its segment, too";

const JUMPS: &str = "a jump of 16 bits wraps within its code segment, not within 64 KiB of all addresses";

const CODE_SEGMENT: &str = "an operand of the code segment does not change CS";

/// What is added for addresses of 32 bits.
const ADDRESSES: &str = "\
Mem32: addr32 is (segover=0 & mod=1 & r_m=5) ... & addr32 { tmp:$(SIZE) = segment(SS,addr32); export tmp; }
Mem32: addr32 is (segover=0 & mod=2 & r_m=5) ... & addr32 { tmp:$(SIZE) = segment(SS,addr32); export tmp; }
Mem32: addr32 is (segover=0 & mod=0 & r_m=4; base=4) ... & addr32 { tmp:$(SIZE) = segment(SS,addr32); export tmp; }
Mem32: addr32 is (segover=0 & mod=1 & r_m=4; base=4) ... & addr32 { tmp:$(SIZE) = segment(SS,addr32); export tmp; }
Mem32: addr32 is (segover=0 & mod=1 & r_m=4; base=5) ... & addr32 { tmp:$(SIZE) = segment(SS,addr32); export tmp; }
Mem32: addr32 is (segover=0 & mod=2 & r_m=4; base=4) ... & addr32 { tmp:$(SIZE) = segment(SS,addr32); export tmp; }
Mem32: addr32 is (segover=0 & mod=2 & r_m=4; base=5) ... & addr32 { tmp:$(SIZE) = segment(SS,addr32); export tmp; }
Mem32: seg16^addr32 is seg16; addr32 { tmp:$(SIZE) = segment(seg16,addr32); export tmp; }
Mem: Mem32 is realMode=1 & addrsize=1 & Mem32 { export Mem32; }
Mem: Mem16 is addrsize=0 & Mem16 ";

/// The same of instructions that have no ModRM byte.
macro_rules! implied {
    ($($size:literal $bits:literal)*) => {
        concat!(
            $(
                "moffs", $bits, ": seg16^[imm32] is realMode=1 & addrsize=1 & seg16 & imm32 \
                 { tmp:$(SIZE) = segment(seg16,imm32:4); export *:", $size, " tmp; }\n",
            )*
            $(
                "dseSI", $size, ": seg16^ESI is realMode=1 & addrsize=1 & seg16 & ESI \
                 { tmp:4 = segment(seg16,ESI); ESI = ESI + ", $size, "-2*", $size, "*zext(DF); \
                 export *:", $size, " tmp; }\n",
                "eseDI", $size, ": ES:EDI is realMode=1 & addrsize=1 & ES & EDI \
                 { tmp:4 = segment(ES,EDI); EDI = EDI + ", $size, "-2*", $size, "*zext(DF); \
                 export *:", $size, " tmp; }\n",
            )*
            "# String memory access\n"
        )
    };
}

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "x86-16-real.pspec",
        old: "<set name=\"protectedMode\" val=\"0\"/>",
        new: "<set name=\"protectedMode\" val=\"0\"/><set name=\"realMode\" val=\"1\"/>",
        reason: "the mode is known to the decoder",
    },
    ia(
        "  reserved=(1,3)\n",
        "  realMode=(1,1)\n  segmentKnown=(2,2)\n  reserved=(3,3)\n",
        "the mode is known to the decoder",
    ),
    ia(
        "  reserved=(0,3)\n",
        "  reserved=(0,0)\n  realMode=(1,1)\n  segmentKnown=(2,2)\n",
        "the mode is known to the decoder",
    ),
    ia("  reservedHigh=(46,63) ", "  codeSegment=(48,63) ", JUMPS),
    ia(
        "rel8: reloc is simm8 ",
        "rel8: reloc is realMode=1 & segmentKnown=1 & opsize=0 & codeSegment & simm8 \
         [ reloc=(codeSegment << 4) + ((inst_next - (codeSegment << 4) + simm8) & 0xffff); ] \
         { export *[ram]:$(SIZE) reloc; }\n\
         rel8: reloc is simm8 ",
        JUMPS,
    ),
    ia(
        "rel16: reloc is simm16 ",
        "rel16: reloc is realMode=1 & segmentKnown=1 & codeSegment & simm16 \
         [ reloc=(codeSegment << 4) + ((inst_next - (codeSegment << 4) + simm16) & 0xffff); ] \
         { export *[ram]:$(SIZE) reloc; }\n\
         rel16: reloc is simm16 ",
        JUMPS,
    ),
    ia(
        "seg16: currentCS: is segover=1 & currentCS\t{ export currentCS; }",
        "seg16: CS: is segover=1 & CS\t{ export CS; }",
        CODE_SEGMENT,
    ),
    ia("Mem: Mem16 is addrsize=0 & Mem16 ", ADDRESSES, BASES),
    ia(
        "Mem: segWide^addr32 is $(LONGMODE_OFF) & addrsize=1 &",
        "Mem: segWide^addr32 is $(LONGMODE_OFF) & realMode=0 & addrsize=1 &",
        BASES,
    ),
    ia("# String memory access\n", implied!("1" "8" "2" "16" "4" "32"), BASES),
    ia(
        "moffs8: segWide^[imm32]   is addrsize=1",
        "moffs8: segWide^[imm32]   is realMode=0 & addrsize=1",
        BASES,
    ),
    ia(
        "moffs16: segWide^[imm32]  is addrsize=1",
        "moffs16: segWide^[imm32]  is realMode=0 & addrsize=1",
        BASES,
    ),
    ia(
        "moffs32: segWide^[imm32]  is addrsize=1",
        "moffs32: segWide^[imm32]  is realMode=0 & addrsize=1",
        BASES,
    ),
    ia(": segWide^ESI   is addrsize=1", ": segWide^ESI   is realMode=0 & addrsize=1", BASES),
    ia(": ES:EDI      is addrsize=1", ": ES:EDI      is realMode=0 & addrsize=1", BASES),
    ia(
        ":XLAT seg16^BX      is vexMode=0 & addrsize=0 & seg16 & byte=0xd7; BX           \
         { tmp:$(SIZE)= 0; ptr2(tmp,BX+zext(AL)); AL = *tmp; }",
        ":XLAT seg16^BX is vexMode=0 & addrsize=0 & seg16 & byte=0xd7 & BX \
         { local offset = BX + zext(AL); tmp:$(SIZE) = segment(seg16,offset); AL = *:1 tmp; }\n\
         :XLAT seg16^EBX is vexMode=0 & realMode=1 & addrsize=1 & seg16 & byte=0xd7 & EBX \
         { local offset = EBX + zext(AL); tmp:$(SIZE) = segment(seg16,offset); AL = *:1 tmp; }",
        BASES,
    ),
    ia(
        ":XLAT segWide^EBX     is vexMode=0 & addrsize=1",
        ":XLAT segWide^EBX     is vexMode=0 & realMode=0 & addrsize=1",
        BASES,
    ),
];
