//! Corrections of the specification of microMIPS (MIPS Architecture For
//! Programmers, volume II-B). What has an equivalent in MIPS32 is executed as
//! that.

use super::Edit;

const RETURNS: &str = "returns from exceptions are those of MIPS32";

const fn edit(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "mipsmicro.sinc", old, new, reason }
}

pub(super) const EDITS: &[Edit] = &[
    edit(
        "mic_code=0 ; micb_poolax=0b111100 & micb_axf=0b1110001101 {}",
        "mic_code=0 ; micb_poolax=0b111100 & micb_axf=0b1110001101 {\n\tif ((Debug & 0x40000000) != 0) goto <debugs>;\n\tsignalReservedInstruction();\n\t<debugs>\n\tDebug = Debug & ~0x40000000;\n\tJXWritePC(DEPC);\n\treturn [pc];\n}",
        RETURNS,
    ),
    edit(
        "mic_code=0 ; micb_poolax=0b111100 & micb_axf=0b1111001101 {}",
        "mic_code=0 ; micb_poolax=0b111100 & micb_axf=0b1111001101 {\n\tlocal target:$(REGSIZE);\n\treturnFromException(target);\n\tclearLink();\n\tJXWritePC(target);\n\treturn [pc];\n}",
        RETURNS,
    ),
    edit(
        "mic_code=1 ; micb_poolax=0b111100 & micb_axf=0b1111001101 {}",
        "mic_code=1 ; micb_poolax=0b111100 & micb_axf=0b1111001101 {\n\tlocal target:$(REGSIZE);\n\treturnFromException(target);\n\tJXWritePC(target);\n\treturn [pc];\n}",
        RETURNS,
    ),
    edit(
        "micb_sa=0b00101 & micb_axf2=0b0000000000 & micb_bit10=0 {\n\twait();",
        "micb_sa=0b00101 & micb_axf2=0b0000000000 & micb_bit10=0 {\n\twaitForLink();",
        "PAUSE waits until the link is gone, if there is one",
    ),
    edit(
        ":rdhwr mic_rt32_5, mic_rs32_hw   \t\tis ISA_MODE=1 & RELP=0 & mic_op=0b000000 & REL6=0 & mic_rt32_5 & mic_rs32_hw ;",
        ":rdhwr mic_rt32_5, mic_rs32_hw   \t\tis ISA_MODE=1 & RELP=0 & mic_op=0b000000 & REL6=0 & mic_rt32_5 & mic_rs32_hw & mic_rs32_0=0 ; micb_poolax=0b111100 & micb_axf=0b0110101100 {\n\tlocal number:4 = EBase:4 & 0x3ff;\n\tmic_rt32_5 = zext(number);\n}\n:rdhwr mic_rt32_5, mic_rs32_hw   \t\tis ISA_MODE=1 & RELP=0 & mic_op=0b000000 & REL6=0 & mic_rt32_5 & mic_rs32_hw ;",
        "CPUNum is a field of EBase",
    ),
    edit(
        ":b Rel16_mic\t\t\t\t\t\t\tis ISA_MODE=1 & RELP=0 & mic_op=0b010000 & REL6=0",
        ":b Rel16_mic\t\t\t\t\t\t\tis ISA_MODE=1 & RELP=0 & mic_op=0b100101 & REL6=0",
        "B is BEQ of the register that is zero, not BLTZ",
    ),
    edit(
        ":sdbbp16 SDB16\t\t\t\t\t\t\t\tis ISA_MODE=1 & RELP=0 & mic_op=0b100010",
        ":sdbbp16 SDB16\t\t\t\t\t\t\t\tis ISA_MODE=1 & RELP=0 & mic_op=0b010001",
        "SDBBP16 is in the pool of 16-bit moves; SB16 has the other code",
    ),
    edit("\tbreak(SDB16);", "\tsignalDebugBreakpointException();", "a debug breakpoint is another exception"),
    edit("[ val = mic_code4s << 2; ]", "[ val = mic_code4 << 2; ]", "the offset of LW16 has no sign"),
    edit(
        "mic_sub2=0b11100 & mic_cp2z=0 & COP2CC ;",
        "mic_sub2=0b11100 & mic_cp2z=0 & COP2CC & mic_cc ;",
        CONDITIONS,
    ),
    edit(
        "mic_sub2=0b11101 & mic_cp2z=0 & COP2CC ;",
        "mic_sub2=0b11101 & mic_cp2z=0 & COP2CC & mic_cc ;",
        CONDITIONS,
    ),
    edit(
        "tmp:1 = fcsr[23,1]; # The floating point condition bit",
        "local number:1 = mic_cc;\n    local place:1 = number + 24 - (number == 0);\n    local conditions:4 = fcsr >> place;\n    tmp:1 = conditions[0,1];",
        CONDITIONS,
    ),
];

const CONDITIONS: &str = "there are eight conditions";
