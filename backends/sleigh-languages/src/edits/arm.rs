//! Corrections of the specification of ARM and Thumb (Arm ARM, ARMv7-A).

use super::Edit;

/// A correction of saturating sums of ARM and Thumb, which are computed in too
/// few bits.
const fn arm_sum(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMinstructions.sinc", old, new, reason: "sums overflow before they are saturated" }
}

const fn thumb_sum(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMTHUMBinstructions.sinc", old, new, reason: "sums overflow before they are saturated" }
}

/// A correction of a logical instruction of Thumb, which sets the carry to that
/// of the shifter (Arm ARM, A8.8.14, AND; A8.8.115, MVN …).
const fn thumb_carry(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMTHUMBinstructions.sinc", old, new, reason: "the carry is that of the shifter" }
}

/// A correction of a load or store of ARM of two bytes (Arm ARM, A8.8.81, LDRH
/// literal; A8.8.219, STRHT).
const fn arm_halfword(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "ARMinstructions.sinc", old, new, reason }
}

/// A correction of a load of Thumb beside the program counter (Arm ARM, A8.8.85,
/// LDRSB literal).
const fn literal(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMTHUMBinstructions.sinc", old, new, reason: "what is loaded is no address" }
}

/// A condition of instructions of Thumb of four bytes, which came with ARMv6T2:
/// before, their words are halves of branches with link (Arm ARM DDI 0100,
/// A6.2 and A7.1.13).
const fn wide(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMTHUMBinstructions.sinc", old, new, reason: "ARMv5T has no words of four bytes" }
}

pub(super) const EDITS: &[Edit] = &[
    wide(":hvc \"#\"^tmp", "@if defined(VERSION_6T2)\n:hvc \"#\"^tmp"),
    wide("@ifndef NOT_AN_INSTRUCTION\n:udf", "@endif\n@ifndef NOT_AN_INSTRUCTION\n:udf"),
    wide(":udf^ItCond \"#\"tmp", "@if defined(VERSION_6T2)\n:udf^ItCond \"#\"tmp"),
    wide("@endif # VERSION_5\n\n:bl^ItCond", "@endif\n@endif # VERSION_5\n\n:bl^ItCond"),
    wide("  part2off=(0,10) ", "  part2low=(0,0)\n  part2off=(0,10) "),
    wide("(op11=0x1e; part2c1415=3 & part2c1212=0)", "(op11=0x1e; part2c1415=3 & part2c1212=0 & part2low=0)"),
    wide("(op11=0x1e;part2op=0x1d)", "(op11=0x1e;part2op=0x1d & part2low=0)"),
    wide("@ifndef CDE\n:mcr^ItCond", "@ifndef CDE\n@if defined(VERSION_6T2)\n:mcr^ItCond"),
    wide("@endif # CDE\n\n:mov^CheckInIT_ZN", "@endif\n@endif # CDE\n\n:mov^CheckInIT_ZN"),
    wide(
        ":nop^ItCond^\".w\"                      is TMode=1 & ItCond & op0=0xf3af; op0=0x8000\n{\n}\n",
        "@if defined(VERSION_6T2)\n:nop^ItCond^\".w\"                      is TMode=1 & ItCond & op0=0xf3af; op0=0x8000\n{\n}\n@endif\n",
    ),
    wide(
        ":pop^ItCond    thldrlist_inc       is TMode=1 & ItCond & op0=0xe8bd; thldrlist_inc\n",
        "@if defined(VERSION_6T2)\n:pop^ItCond    thldrlist_inc       is TMode=1 & ItCond & op0=0xe8bd; thldrlist_inc\n",
    ),
    wide(
        "@if defined(VERSION_6T2) || defined(VERSION_7)\n\n:pop^ItCond^\".w\"",
        "@endif\n@if defined(VERSION_6T2) || defined(VERSION_7)\n\n:pop^ItCond^\".w\"",
    ),
    wide(
        ":push^ItCond    thstrlist_dec       is",
        "@if defined(VERSION_6T2)\n:push^ItCond    thstrlist_dec       is",
    ),
    wide("@if defined(VERSION_5E)\n\n:qadd^ItCond", "@endif\n@if defined(VERSION_6T2)\n\n:qadd^ItCond"),
    wide("@if defined(VERSION_5E)", "@if defined(VERSION_6T2)"),
    wide(
        "thXBIT: \"b\" is Rn0003 ; thc0505=0",
        "@if defined(VERSION_6T2)\nthXBIT: \"b\" is Rn0003 ; thc0505=0",
    ),
    wide(
        "@if defined(VERSION_6T2) || defined(VERSION_7)\n\n# ssat and ssat16",
        "@endif\n@if defined(VERSION_6T2) || defined(VERSION_7)\n\n# ssat and ssat16",
    ),
    wide(":strt^ItCond^\".w\"", "@if defined(VERSION_6T2)\n:strt^ItCond^\".w\""),
    wide(
        "@if defined(VERSION_6T2) || defined(VERSION_7)\n\n:str.w^ItCond\tRt1215,RnIndirect12",
        "@endif\n@if defined(VERSION_6T2) || defined(VERSION_7)\n\n:str.w^ItCond\tRt1215,RnIndirect12",
    ),
    Edit {
        file: "ARMneon.sinc",
        old: "\tRnAligned3 = RnAligned3 + vld1DdList3;",
        new: "\tRnAligned3 = RnAligned3 + esize0607;",
        reason: "the pointer advances by the element that was loaded",
    },
    Edit {
        file: "ARMneon.sinc",
        old: "\tVRnAligned3 = VRnAligned3 + thv_vld1DdList3;",
        new: "\tVRnAligned3 = VRnAligned3 + esize0607;",
        reason: "the pointer advances by the element that was loaded",
    },
    thumb_sum(
        "  local sum1 = Rm0003 + Rn0003;\n  sum1 = SignedSaturate(sum1,32:2);\n  Q = SignedDoesSaturate(sum1,32:2);\n  Rd0811 = sum1;",
        "  local sum1:8 = sext(Rm0003) + sext(Rn0003);\n  Q = Q | SignedDoesSaturate(sum1,32:2);\n  Rd0811 = SignedSaturate(sum1,32:2);",
    ),
    thumb_sum(
        "  tmp:4 = Rm0003 - Rn0003;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = SignedDoesSaturate(tmp,32:2);\n  Rd0811 = tmp;",
        "  local sum1:8 = sext(Rm0003) - sext(Rn0003);\n  Q = Q | SignedDoesSaturate(sum1,32:2);\n  Rd0811 = SignedSaturate(sum1,32:2);",
    ),
    thumb_sum(
        "  tmp:4 = Rn0003 * 2;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = SignedDoesSaturate(tmp,32:2);\n  tmp = tmp + Rm0003;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = Q | SignedDoesSaturate(tmp,32:2);\n  Rd0811 = tmp;",
        "  local double:8 = sext(Rn0003) * 2;\n  Q = Q | SignedDoesSaturate(double,32:2);\n  local near:4 = SignedSaturate(double,32:2);\n  local sum:8 = sext(near) + sext(Rm0003);\n  Q = Q | SignedDoesSaturate(sum,32:2);\n  Rd0811 = SignedSaturate(sum,32:2);",
    ),
    thumb_sum(
        "  tmp:4 = Rn0003 * 2;\n  tmp = SignedSaturate(tmp);\n  Q = SignedDoesSaturate(tmp,32:2);\n  tmp = Rm0003 - tmp;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = Q | SignedDoesSaturate(tmp,32:2);\n  Rd0811 = tmp;",
        "  local double:8 = sext(Rn0003) * 2;\n  Q = Q | SignedDoesSaturate(double,32:2);\n  local near:4 = SignedSaturate(double,32:2);\n  local sum:8 = sext(Rm0003) - sext(near);\n  Q = Q | SignedDoesSaturate(sum,32:2);\n  Rd0811 = SignedSaturate(sum,32:2);",
    ),
    arm_sum(
        "  local sum1 = Rm + Rn;\n  sum1 = SignedSaturate(sum1,32:2);\n  Q = SignedDoesSaturate(sum1,32:2);\n  Rd = sum1;",
        "  local sum1:8 = sext(Rm) + sext(Rn);\n  Q = Q | SignedDoesSaturate(sum1,32:2);\n  Rd = SignedSaturate(sum1,32:2);",
    ),
    arm_sum(
        "  tmp:4 = Rm - Rn;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = SignedDoesSaturate(tmp,32:2);\n  Rd = tmp;",
        "  local sum1:8 = sext(Rm) - sext(Rn);\n  Q = Q | SignedDoesSaturate(sum1,32:2);\n  Rd = SignedSaturate(sum1,32:2);",
    ),
    arm_sum(
        "  tmp:4 = Rn * 2;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = SignedDoesSaturate(tmp,32:2);\n  tmp = tmp + Rm;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = Q | SignedDoesSaturate(tmp,32:2);\n  Rd = tmp;",
        "  local double:8 = sext(Rn) * 2;\n  Q = Q | SignedDoesSaturate(double,32:2);\n  local near:4 = SignedSaturate(double,32:2);\n  local sum:8 = sext(near) + sext(Rm);\n  Q = Q | SignedDoesSaturate(sum,32:2);\n  Rd = SignedSaturate(sum,32:2);",
    ),
    arm_sum(
        "  tmp:4 = Rn * 2;\n  tmp = SignedSaturate(tmp);\n  Q = SignedDoesSaturate(tmp,32:2);\n  tmp = Rm - tmp;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = Q | SignedDoesSaturate(tmp,32:2);\n  Rd = tmp;",
        "  local double:8 = sext(Rn) * 2;\n  Q = Q | SignedDoesSaturate(double,32:2);\n  local near:4 = SignedSaturate(double,32:2);\n  local sum:8 = sext(Rm) - sext(near);\n  Q = Q | SignedDoesSaturate(sum,32:2);\n  Rd = SignedSaturate(sum,32:2);",
    ),
    thumb_carry(
        "is thc0404=1\t    { ZR = tmpZR; NG = tmpNG; }",
        "is thc0404=1\t    { CY = tmpCY; ZR = tmpZR; NG = tmpNG; }",
    ),
    thumb_carry(
        "Rd0811 = Rn0003 & ThumbExpandImm12;\n  resflags(Rd0811);",
        "Rd0811 = Rn0003 & ThumbExpandImm12;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = Rn0003 & thshift2;\n  resflags(Rd0811);",
        "Rd0811 = Rn0003 & thshift2;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = Rn0003&(~ThumbExpandImm12);\n  resflags(Rd0811);",
        "Rd0811 = Rn0003&(~ThumbExpandImm12);\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = ThumbExpandImm12;\n  resflags(Rd0811);",
        "Rd0811 = ThumbExpandImm12;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = Rm0003;\n  resflags(Rd0811);\n  build thSBIT_ZN;",
        "Rd0811 = Rm0003;\n  tmpCY = CY;\n  resflags(Rd0811);\n  build thSBIT_ZN;",
    ),
    thumb_carry(
        "Rd0811 = ~ThumbExpandImm12;\n  resflags(Rd0811);",
        "Rd0811 = ~ThumbExpandImm12;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = ~thshift2;\n  resflags(Rd0811);",
        "Rd0811 = ~thshift2;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    Edit {
        file: "ARMTHUMBinstructions.sinc",
        old: "op11=0x18 & Rn_exclaim & stbrace & Rn_exclaim_WB\n{\n  build ItCond;\n  build Rn_exclaim;\n  build stbrace;\n  build Rn_exclaim_WB;",
        new: "op11=0x18 & Rn_exclaim & stbrace\n{\n  build ItCond;\n  build Rn_exclaim;\n  build stbrace;\n  Rn_exclaim = mult_addr;",
        reason: "STM of 16 bits always writes its base back (Arm ARM, A8.8.199)",
    },
    arm_halfword(
        "[ reloff=inst_start+8+((immedH<<4) | immedL);]\n{\n  export *:4 reloff;",
        "[ reloff=inst_start+8+((immedH<<4) | immedL);]\n{\n  export *[const]:4 reloff;",
        "a literal of LDRH, LDRSB, LDRSH is at the address",
    ),
    arm_halfword(
        "[ reloff=inst_start+8-((immedH<<4) | immedL);]\n{\n  export *:4 reloff;",
        "[ reloff=inst_start+8-((immedH<<4) | immedL);]\n{\n  export *[const]:4 reloff;",
        "a literal of LDRH, LDRSB, LDRSH is at the address",
    ),
    arm_halfword(
        "*:2 addrmode3 = Rd;",
        "build addrmode3;\n  *:2 addrmode3 = Rd:2;",
        "STRHT stores two bytes, and writes its base if it executes",
    ),
    Edit {
        file: "ARM.sinc",
        old: "macro BranchWritePC(addr) {\n   pc = addr;",
        new: "macro BranchWritePC(addr) {\n   pc = addr & (0xfffffffc | (zext(TB) << 1));",
        reason: "the lowest bits of an address are none (Arm ARM, A2.3.1, BranchWritePC)",
    },
    literal(
        "PcrelOffset12: [reloc]\t\tis thc0707=1; offset12\n",
        "PcrelAddress12: [reloc]\t\tis thc0707=1; offset12\n  [ reloc = ((inst_start+4) $and 0xfffffffc) + offset12; ]\n{\n  export *[const]:4 reloc;\n}\nPcrelAddress12: [reloc]\t\tis thc0707=0; offset12\n  [ reloc = ((inst_start+4) $and 0xfffffffc) - offset12; ]\n{\n  export *[const]:4 reloc;\n}\nPcrelOffset12: [reloc]\t\tis thc0707=1; offset12\n",
    ),
    literal(
        "PcrelOffset12         is TMode=1 & ItCond & (op8=0xf9 & thc0506=0 & thc0404=1 & sop0003=15; Rt1215) & PcrelOffset12",
        "PcrelAddress12         is TMode=1 & ItCond & (op8=0xf9 & thc0506=0 & thc0404=1 & sop0003=15; Rt1215) & PcrelAddress12",
    ),
    literal("tmp:1 = *PcrelOffset12;", "tmp:1 = *PcrelAddress12;"),
    literal(
        "PcrelOffset12         is TMode=1 & ItCond & (op8=0xf9 & thc0506=1 & thc0404=1 & sop0003=15; Rt1215) & PcrelOffset12",
        "PcrelAddress12         is TMode=1 & ItCond & (op8=0xf9 & thc0506=1 & thc0404=1 & sop0003=15; Rt1215) & PcrelAddress12",
    ),
    literal("build PcrelOffset12;\n   tmp:2 = *PcrelOffset12;", "tmp:2 = *PcrelAddress12;"),
    Edit {
        file: "ARMTHUMBinstructions.sinc",
        old: "op0=0xe8ad; thc1515=0 & thc1313=0 & thstrlist_dec",
        new: "op0=0xe92d; thc1515=1 & thc1313=0 & thstrlist_dec",
        reason: "STM with SP as its base stores upwards; PUSH is STMDB (Arm ARM, A8.8.133)",
    },
    Edit {
        file: "ARMTHUMBinstructions.sinc",
        old: "SignedSaturate(tmpRn, thMsbImm)",
        new: "SignedSaturate(tmpRn, thMsbImm + 1)",
        reason: "the width is one more than the field says",
    },
    Edit {
        file: "ARMTHUMBinstructions.sinc",
        old: "SignedDoesSaturate(tmpRn, thMsbImm)",
        new: "SignedDoesSaturate(tmpRn, thMsbImm + 1)",
        reason: "the width is one more than the field says",
    },
    Edit {
        file: "ARMinstructions.sinc",
        old: "  cpsr = spsr;\n  SetThumbMode( ((cpsr >> 5) & 1) != 0 );\n  pc = dest;\n  goto [pc];",
        new: "  ALUWritePC(dest);\n  goto [pc];",
        reason: "SUB into the program counter is a branch; SUBS returns from an exception (Arm ARM, B9.3.20)",
    },
    Edit {
        file: "ARMinstructions.sinc",
        old: "  cpsr = spsr;\n  ALUWritePC(dest);",
        new: "  ALUWritePC(dest);",
        reason: "SUB into the program counter is a branch; SUBS returns from an exception (Arm ARM, B9.3.20)",
    },
];
