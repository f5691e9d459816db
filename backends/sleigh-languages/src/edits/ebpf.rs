//! Corrections of the specification of eBPF (RFC 9669).

use super::Edit;

/// A correction of eBPF.
const fn ebpf(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "eBPF.sinc", old, new, reason }
}

const EBPF_SHIFTS: &str = "amounts of shifts wrap at the width (RFC 9669, 4.1)";

pub(super) const EDITS: &[Edit] = &[
    // eBPF (RFC 9669). The spec has neither frames nor version 4.
    ebpf(
        "# Instruction encoding: Insop:8",
        "define register offset=0x100 size=8 [ RA HELPER DEPTH ];\n\
         define register offset=0x200 size=8 [\nframe0_pc frame0_ra frame0_r6 frame0_r7 frame0_r8 frame0_r9 frame0_r10 frame1_pc frame1_ra frame1_r6 frame1_r7 frame1_r8 frame1_r9 frame1_r10 frame2_pc frame2_ra frame2_r6 frame2_r7 frame2_r8 frame2_r9 frame2_r10 frame3_pc frame3_ra frame3_r6 frame3_r7 frame3_r8 frame3_r9 frame3_r10 frame4_pc frame4_ra frame4_r6 frame4_r7 frame4_r8 frame4_r9 frame4_r10 frame5_pc frame5_ra frame5_r6 frame5_r7 frame5_r8 frame5_r9 frame5_r10 frame6_pc frame6_ra frame6_r6 frame6_r7 frame6_r8 frame6_r9 frame6_r10 frame7_pc frame7_ra frame7_r6 frame7_r7 frame7_r8 frame7_r9 frame7_r10 ];\n\
         define pcodeop helperCall;\ndefine pcodeop callsTooDeep;\ndefine pcodeop mapByDescriptor;\n\
         define pcodeop packetLoad;\n\
         macro enter(back) {\n local place:4 = 0x200 + DEPTH:4 * 56;\n *[register]:8 place = back;\n\
          *[register]:8 (place + 8) = RA;\n *[register]:8 (place + 16) = R6;\n\
          *[register]:8 (place + 24) = R7;\n *[register]:8 (place + 32) = R8;\n\
          *[register]:8 (place + 40) = R9;\n *[register]:8 (place + 48) = R10;\n\
          RA = back;\n DEPTH = DEPTH + 1;\n R10 = R10 - 512;\n}\n#",
        "a call keeps the caller's frame",
    ),
    ebpf(
        "disp32: reloc is imm [ reloc = inst_next + imm; ] { export *:4 reloc; }",
        "disp32: reloc is imm [ reloc = inst_next + imm * 8; ] { export *:8 reloc; }",
        "distances count instructions",
    ),
    ebpf(
        "    call disp32;",
        "    if (DEPTH < 7) goto <room>;\n callsTooDeep();\n<room>\n back:8 = inst_next;\n enter(back);\n call disp32;",
        "a call keeps the caller's frame",
    ),
    ebpf(
        "{ return [*:8 R10]; }",
        "{\n local back:8 = RA;\n if (DEPTH == 0) goto <done>;\n\
          local place:4 = 0x200 + (DEPTH:4 - 1) * 56;\n local expected:8 = *[register]:8 place;\n\
          if (expected != back) goto <outermost>;\n DEPTH = DEPTH - 1;\n\
          RA = *[register]:8 (place + 8);\n R6 = *[register]:8 (place + 16);\n\
          R7 = *[register]:8 (place + 24);\n R8 = *[register]:8 (place + 32);\n\
          R9 = *[register]:8 (place + 40);\n R10 = *[register]:8 (place + 48);\n goto <done>;\n\
         <outermost>\n DEPTH = 0;\n<done>\n return [back];\n}\n\
         :CALLX dst is imm=0 & dst & op_alu_jmp_opcode=0x8 & op_alu_jmp_source=1 & op_insn_class=0x5 {\n\
          target:8 = dst;\n if (DEPTH < 7) goto <room>;\n callsTooDeep();\n<room>\n back:8 = inst_next;\n\
          enter(back);\n call [target];\n}\n\
         joff32: reloc is imm [ reloc = inst_next + imm * 8; ] { export *:8 reloc; }\n\
         :JA joff32 is joff32 & op_alu_jmp_opcode=0x0 & op_alu_jmp_source=0 & op_insn_class=0x6 { goto joff32; }\n\
         :SDIV dst, SRC8 is off=1 & SRC8 & dst & op_alu_jmp_opcode=0x3 & op_insn_class=0x7 { dst = dst s/ SRC8; }\n\
         :SDIV dst, SRC4 is off=1 & SRC4 & dst & op_alu_jmp_opcode=0x3 & op_insn_class=0x4 { dst = zext(dst:4 s/ SRC4); }\n\
         :SMOD dst, SRC8 is off=1 & SRC8 & dst & op_alu_jmp_opcode=0x9 & op_insn_class=0x7 { dst = dst s% SRC8; }\n\
         :SMOD dst, SRC4 is off=1 & SRC4 & dst & op_alu_jmp_opcode=0x9 & op_insn_class=0x4 { dst = zext(dst:4 s% SRC4); }\n\
         :MOVSX8 dst, src is off=8 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x7 { dst = sext(src:1); }\n\
         :MOVSX16 dst, src is off=16 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x7 { dst = sext(src:2); }\n\
         :MOVSX32 dst, src is off=32 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x7 { dst = sext(src:4); }\n\
         :MOVSX8 dst, src is off=8 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x4 { local t:4 = sext(src:1); dst = zext(t); }\n\
         :MOVSX16 dst, src is off=16 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x4 { local t:4 = sext(src:2); dst = zext(t); }\n\
         :LDXSW dst, [src + off] is off & src & dst & op_ld_st_mode=0x4 & op_ld_st_size=0x0 & op_insn_class=0x1 { dst = sext(*:4 (src + off)); }\n\
         :LDXSH dst, [src + off] is off & src & dst & op_ld_st_mode=0x4 & op_ld_st_size=0x1 & op_insn_class=0x1 { dst = sext(*:2 (src + off)); }\n\
         :LDXSB dst, [src + off] is off & src & dst & op_ld_st_mode=0x4 & op_ld_st_size=0x2 & op_insn_class=0x1 { dst = sext(*:1 (src + off)); }\n\
         macro swap2(out, in) { out = (in >> 8 & 0xff) | (in << 8 & 0xff00); }\n\
         macro swap4(out, in) { out = (in >> 24 & 0xff) | (in >> 8 & 0xff00) | (in << 8 & 0xff0000) | (in << 24 & 0xff000000); }\n\
         :BSWAP16 dst is imm=0x10 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x7 { local t:8 = dst; swap2(dst, t); }\n\
         :BSWAP32 dst is imm=0x20 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x7 { local t:8 = dst; swap4(dst, t); }\n\
         :BSWAP64 dst is imm=0x40 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x7 {\n\
          local low:8 = 0; local high:8 = 0; local t:8 = dst; swap4(high, t); t = t >> 32; swap4(low, t); dst = high << 32 | low;\n}",
        "EXIT goes back to the caller; version 4 has more instructions",
    ),
    ebpf(
        "    call SysCall;",
        "    HELPER = zext(imm:4);\n    helperCall();",
        "helpers are the surroundings'",
    ),
    ebpf("{ dst = *:8 imm:8; }", "{ dst = mapByDescriptor(imm:4); }", "a descriptor is no address"),
    ebpf("{ dst=*:4 imm:8; }", "{ dst = packetLoad(imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:2 imm:8; }", "{ dst = packetLoad(imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:1 imm:8; }", "{ dst = packetLoad(imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:8 imm:8; }", "{ dst = packetLoad(imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:4 (src + imm); }", "{ dst = packetLoad(src, imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:2 (src + imm); }", "{ dst = packetLoad(src, imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:1 (src + imm); }", "{ dst = packetLoad(src, imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:8 (src + imm); }", "{ dst = packetLoad(src, imm:4); }", "legacy loads are from the packet"),
    ebpf(
        "{ dst=*:4 (src + off); }",
        "{ dst = zext(*:4 (src + off)); }",
        "what is loaded is extended by zeros",
    ),
    ebpf(
        "{ dst=*:2 (src + off); }",
        "{ dst = zext(*:2 (src + off)); }",
        "what is loaded is extended by zeros",
    ),
    ebpf(
        "{ dst=*:1 (src + off); }",
        "{ dst = zext(*:1 (src + off)); }",
        "what is loaded is extended by zeros",
    ),
    ebpf("{ dst = dst << SRC8; }", "{ dst = dst << (SRC8 & 63); }", EBPF_SHIFTS),
    ebpf("{ dst = dst >> SRC8; }", "{ dst = dst >> (SRC8 & 63); }", EBPF_SHIFTS),
    ebpf("{ dst = dst s>> SRC8; }", "{ dst = dst s>> (SRC8 & 63); }", EBPF_SHIFTS),
    ebpf("{ dst = zext(dst:4 << SRC4); }", "{ dst = zext(dst:4 << (SRC4 & 31)); }", EBPF_SHIFTS),
    ebpf("{ dst = zext(dst:4 >> SRC4); }", "{ dst = zext(dst:4 >> (SRC4 & 31)); }", EBPF_SHIFTS),
    ebpf("{ dst = zext(dst:4 s>> SRC4); }", "{ dst = zext(dst:4 s>> (SRC4 & 31)); }", EBPF_SHIFTS),
    ebpf(
        "op_alu_jmp_source=0 & op_insn_class=0x4 { dst=((dst) >> 8) | ((dst) << 8); }",
        "op_alu_jmp_source=0 & op_insn_class=0x4 { dst = dst & 0xffff; }",
        "to little endian is a truncation",
    ),
    ebpf(
        "op_alu_jmp_source=0 & op_insn_class=0x4 { dst=((dst) >> 24) | (((dst) & 0x00FF0000) >> 8)  | (((dst) & 0x0000FF00) << 8) | ((dst) << 24); }",
        "op_alu_jmp_source=0 & op_insn_class=0x4 { dst = dst & 0xffffffff; }",
        "to little endian is a truncation",
    ),
    ebpf(
        ":LE64 dst  is imm=0x40 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x4 {\n\
         \x20   dst=( (dst << 56) & 0xff00000000000000 ) |\n\
         \x20   ( (dst << 40) & 0x00ff000000000000 ) |\n\
         \x20   ( (dst << 24) & 0x0000ff0000000000 ) |\n\
         \x20   ( (dst <<  8) & 0x000000ff00000000 ) |\n\
         \x20   ( (dst >>  8) & 0x00000000ff000000 ) |\n\
         \x20   ( (dst >> 24) & 0x0000000000ff0000 ) |\n\
         \x20   ( (dst >> 40) & 0x000000000000ff00 ) |\n\
         \x20   ( (dst >> 56) & 0x00000000000000ff );\n\
         }",
        ":LE64 dst is imm=0x40 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x4 { }",
        "to little endian is no change",
    ),
    ebpf(
        "op_alu_jmp_source=1 & op_insn_class=0x4 { dst=((dst) >> 8) | ((dst) << 8); }",
        "op_alu_jmp_source=1 & op_insn_class=0x4 { dst = (dst >> 8 & 0xff) | (dst << 8 & 0xff00); }",
        "what is above is cleared",
    ),
    ebpf(
        "op_alu_jmp_source=1 & op_insn_class=0x4 { dst=((dst) >> 24) | (((dst) & 0x00FF0000) >> 8)  | (((dst) & 0x0000FF00) << 8) | ((dst) << 24); }",
        "op_alu_jmp_source=1 & op_insn_class=0x4 { dst = (dst >> 24 & 0xff) | (dst >> 8 & 0xff00) | (dst << 8 & 0xff0000) | (dst << 24 & 0xff000000); }",
        "what is above is cleared",
    ),
    ebpf(
        "    if (R0:4 == tmp) goto <equal>;\n    R0 = zext(tmp);    \n<equal>\n    *:4 (dst + off) = src:4;",
        "    local expected:4 = R0:4;\n    R0 = zext(tmp);\n    if (expected != tmp) goto <other>;\n    *:4 (dst + off) = src:4;\n<other>",
        "only what was expected is replaced",
    ),
    ebpf(
        "    if (R0 == tmp) goto <equal>;\n    R0 = tmp;    \n<equal>\n    *:8 (dst + off) = src; ",
        "    local expected:8 = R0;\n    R0 = tmp;\n    if (expected != tmp) goto <other>;\n    *:8 (dst + off) = src;\n<other>",
        "only what was expected is replaced",
    ),
];
