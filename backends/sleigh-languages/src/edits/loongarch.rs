//! Corrections of the specification of LoongArch (Reference Manual, volume 1).

use super::Edit;

/// A correction of LoongArch (LoongArch Reference Manual, volume 1).
const fn loongarch(file: &'static str, old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file, old, new, reason }
}

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "loongarch64_instructions.sinc",
        old: "local shift:1 = imm10_6 & 0x1f;",
        new: "local shift:1 = imm10_6 & 0x3f;",
        reason: "amounts of shifts of 64 bits have six bits",
    },
    Edit {
        file: "loongarch64_instructions.sinc",
        old: "local tmp1:8 = RJsrc s>> shift;",
        new: "local tmp1:8 = RJsrc >> shift;",
        reason: "rotations bring no copies of the sign in",
    },
    Edit {
        file: "loongarch32_instructions.sinc",
        old: "local tmp1:4 = RJ32src s>> shift;",
        new: "local tmp1:4 = RJ32src >> shift;",
        reason: "rotations bring no copies of the sign in",
    },
    loongarch(
        "loongarch32_instructions.sinc",
        "\tlocal repl:4 = (RJ32src & (mask << lsb)) >> lsb;\n\tRD = sext((RD32 & (~mask)) | repl);",
        "\tlocal repl:4 = (RJ32src & mask) << lsb;\n\tRD = sext((RD32 & ~(mask << lsb)) | repl);",
        "BSTRINS inserts the lowest bits",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "\tlocal repl:8 = (RJsrc & (mask << lsb)) >> lsb;\n\n\tRD = (RD & (~mask)) | repl;",
        "\tlocal repl:8 = (RJsrc & mask) << lsb;\n\tRD = (RD & ~(mask << lsb)) | repl;",
        "BSTRINS inserts the lowest bits",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        "\tlocal tmp_hi:4 = RK32src & ~mask;\n\tlocal tmp_lo:4 = (RJ32src & (mask << (32-bitstop)) >> (32-bitstop));\n\tRD = sext(tmp_hi + tmp_lo);",
        "\tlocal tmp_hi:4 = RK32src << (32 - bitstop);\n\tlocal tmp_lo:4 = RJ32src >> bitstop;\n\tRD = sext(tmp_hi | tmp_lo);",
        "BYTEPICK shifts a pair of registers",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "\tlocal tmp_hi:8 = RKsrc & ~mask;\n\tlocal tmp_lo:8 = (RJsrc & (mask << (64-bitstop)) >> (64-bitstop));\n\tRD = tmp_hi + tmp_lo;",
        "\tlocal tmp_hi:8 = RKsrc << (64 - bitstop);\n\tlocal tmp_lo:8 = RJsrc >> bitstop;\n\tRD = tmp_hi | tmp_lo;",
        "BYTEPICK shifts a pair of registers",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "(zext(RJsrc[32,16]) << 8)",
        "(zext(RJsrc[32,16]) << 16)",
        "halves have 16 bits",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "\ttmp3:8 = zext(RJsrc[48,16]);\n\n\tRD = (tmp3 << 48) + (tmp2 << 32) + (tmp1 << 16) + tmp0;",
        "\ttmp3:8 = zext(RJsrc[48,16]);\n\tRD = (tmp0 << 48) + (tmp1 << 32) + (tmp2 << 16) + tmp3;",
        "REVH.D reverses",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        ":ldle.d  RD, RJsrc, RKsrc             is op15_31=0x70f7 & RD & RJsrc & RKsrc {\n\tlocal vaddr = RJsrc;\n\tif (vaddr <= RKsrc) goto <load>;\n\tbound_check_exception(RJsrc, RKsrc);\n\tgoto inst_next;\n\t<load>\n\tRD = sext(*[ram]:1 vaddr);",
        ":ldle.d  RD, RJsrc, RKsrc             is op15_31=0x70f7 & RD & RJsrc & RKsrc {\n\tlocal vaddr = RJsrc;\n\tif (vaddr <= RKsrc) goto <load>;\n\tbound_check_exception(RJsrc, RKsrc);\n\tgoto inst_next;\n\t<load>\n\tRD = *[ram]:8 vaddr;",
        "LDLE.D loads eight bytes",
    ),
    // No processor has a register of a number that the manual leaves out.
    loongarch(
        "loongarch_float.sinc",
        "\tuncertain_fcsr(imm0_5:1);\n\tfcsr = RJ32src;\n",
        "",
        "a register that there is not takes nothing",
    ),
    loongarch(
        "loongarch_float.sinc",
        "\tuncertain_fcsr(imm5_5:1);\n\tRD = sext(fcsr);\n",
        "\tRD = 0;\n",
        "a register that there is not is zero",
    ),
    loongarch(
        "loongarch_float.sinc",
        "\tRD[0,1] = fccJ[0,1];",
        "\tRD = zext(fccJ & 1);",
        "MOVCF2GR clears the other bits",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        "is op24_31=0x20 & RD & ldstptr_addr {",
        "is op24_31=0x20 & RD & ldstptr_addr {\n\tllbctl = llbctl | 1;",
        "LL and SC belong together",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "is op24_31=0x22 & RD & ldstptr_addr {",
        "is op24_31=0x22 & RD & ldstptr_addr {\n\tllbctl = llbctl | 1;",
        "LL and SC belong together",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        "\t*[ram]:4 ldstptr_addr = RD:4;",
        "\tlocal held:1 = llbctl[0,1];\n\tif (held == 0) goto <lost>;\n\t*[ram]:4 ldstptr_addr = RD:4;\n<lost>\n\tllbctl = llbctl & ~1;\n\tRD = zext(held);",
        "SC tells whether it stored",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "\t*[ram]:8 ldstptr_addr = RD;",
        "\tlocal held:1 = llbctl[0,1];\n\tif (held == 0) goto <lost>;\n\t*[ram]:8 ldstptr_addr = RD;\n<lost>\n\tllbctl = llbctl & ~1;\n\tRD = zext(held);",
        "SC tells whether it stored",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        "\tRD = zext(val);\n\t*[ram]:4 RJsrc = RK32src;",
        "\tRD = sext(val);\n\t*[ram]:4 RJsrc = RK32src;",
        "AMSWAP_DB.W extends by sign",
    ),
    loongarch(
        "loongarch_double.sinc",
        "{ DCMPR = DCMP1 f!= DCMP2; }",
        "{ DCMPR = (DCMP1 f< DCMP2) || (DCMP2 f< DCMP1); }",
        "NE is false where one is no number",
    ),
    loongarch(
        "loongarch_float.sinc",
        "{ FCMPR = FCMP1 f!= FCMP2; }",
        "{ FCMPR = (FCMP1 f< FCMP2) || (FCMP2 f< FCMP1); }",
        "NE is false where one is no number",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        ":rdtimel.w  RD32, RJ32         is op10_31=0x18 & RD32 & RJ32 {\n\tlocal tmp:1 = 0;\n\tRD32 = rdtime.counter(tmp);\n\tRJ32 = rdtime.counterid(tmp);",
        ":rdtimel.w  RD, RJ         is op10_31=0x18 & RD & RJ {\n\tlocal tmp:1 = 0;\n\tlocal count:4 = rdtime.counter(tmp);\n\tlocal identifier:4 = rdtime.counterid(tmp);\n\tRD = sext(count);\n\tRJ = sext(identifier);",
        "the time and the counter's number are words extended by their sign (LoongArch Reference Manual, volume 1, 2.2.10.4)",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        ":rdtimeh.w  RD32, RJ32         is op10_31=0x19 & RD32 & RJ32 {\n\tlocal tmp:1 = 1;\n\tRD32 = rdtime.counter(tmp);\n\tRJ32 = rdtime.counterid(tmp);",
        ":rdtimeh.w  RD, RJ         is op10_31=0x19 & RD & RJ {\n\tlocal tmp:1 = 1;\n\tlocal count:4 = rdtime.counter(tmp);\n\tlocal identifier:4 = rdtime.counterid(tmp);\n\tRD = sext(count);\n\tRJ = sext(identifier);",
        "the time and the counter's number are words extended by their sign (LoongArch Reference Manual, volume 1, 2.2.10.4)",
    ),
];
