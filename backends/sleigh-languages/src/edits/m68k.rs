//! Corrections of the specification of the 68000 (M68000 Family Programmer's Reference Manual).

use super::Edit;

/// A correction of the condition codes of floating point (M68000 Family
/// Programmer's Reference Manual, section 3.6, FCMP, FMOVE).
const fn coprocessor(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "68000.sinc", old, new, reason: "results set the condition codes, and conditions read them" }
}

/// A correction of integer instructions of the 68000 (M68000 Family
/// Programmer's Reference Manual, chapter 4).
const fn m68k(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "68000.sinc", old, new, reason: "results, flags or addresses are those of the manual" }
}

/// A correction of exceptions of the 68000.
const fn exception(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "68000.sinc", old, new, reason: "exceptions have numbers, and the engine enters them" }
}

/// Where program counters of operands are counted from (M68000 Family
/// Programmer's Reference Manual, section 2.2.11).
const EXTENSION: &str =
    "the program counter is the address of the extension word, which stands behind others";

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "68000.sinc",
        old: " CF = (op1 < op2) || ( (XF == 1) && (op1 == op2) );\n VF = sborrow(op1,op2);",
        new: " CF = (op1 < op2) || ( (XF == 1) && (op1 == op2) );\n local difference = op1 - op2;\n local wraps:1 = (XF == 1) && (difference s< difference - 1);\n VF = sborrow(op1,op2) ^^ wraps;",
        reason: "the difference overflows with the extend bit, or no longer does (M68000PRM, SUBX)",
    },
    Edit {
        file: "68000.sinc",
        old: "local dst=regxan&0xfffffff0; regan=regan+16; regxan=regxan+16;",
        new: "local dst=regxan&0xfffffff0; local next=regxan+16; regan=regan+16; regxan=next;",
        reason: "one register that is both is stepped once (M68000PRM, MOVE16)",
    },
    Edit {
        file: "68000.sinc",
        old: concat!(
            "romconst:   is fromoffset=0x00\t{ tmp1:8 = 0x400921FB4D12D84A:8; tmp:10 = float2float(tmp1); export tmp; } # pi=3.14...
", 
            "romconst:   is fromoffset=0x0f\t{ tmp1:8 = 0x0:8; tmp:10 = int2float(tmp1); export tmp; }
", 
            "romconst:   is fromoffset=0x32  { tmp1:8 = 0x01:8; tmp:10 = int2float(tmp1); export tmp; }
", 
            "romconst:   is fromoffset=0x33  { tmp1:8 = 10:8; tmp:10 = int2float(tmp1); export tmp; }
", 
            "romconst:   is fromoffset=0x34  { tmp1:8 = 100:8; tmp:10 = int2float(tmp1); export tmp; }
", 
            "romconst:   is fromoffset=0x35  { tmp1:8 = 10000:8; tmp:10 = int2float(tmp1); export tmp; }
", 
            "romconst:   is fromoffset=0x36  { tmp1:8 = 100000000:8; tmp:10 = int2float(tmp1); export tmp; }
", 
            "romconst:   is fromoffset\t{ tmp1:8 = 0x0:8; tmp:10 = int2float(tmp1); export tmp; }
", 
            "
",
            ":fmovecr.x      \"#\"^fromoffset, fdst  is op=15 & $(FP_COP) & op08=0; f1015=0x17 & fdst & fromoffset & romconst     { fdst = romconst; }",
        ),
        new: "",
        reason: "the table of constants is not whole, and its instruction stands after others of its bits",
    },
    Edit {
        file: "68000.sinc",
        old: ":fabs.^fprec f_mem",
        new: concat!(include_str!("../../specifications/m68k.constants.sinc"), ":fabs.^fprec f_mem"),
        reason: "fmovecr has the bits of operations on packed numbers",
    },
    Edit {
        file: "68000.sinc",
        old: "{ saveFPUStateFrame(eal); }",
        new: "{ eal = 0x41000000; }",
        reason: "nothing of the coprocessor is under way between instructions: an idle frame of the 68040 \
                 (M68000 Family Programmer's Reference Manual, FSAVE; MC68040 User's Manual, section 9.6.3)",
    },
    Edit {
        file: "68000.sinc",
        old: "{ restoreFPUStateFrame(eal); }",
        new: concat!(
            "{ local frame:4 = eal; if ((frame >> 24) != 0) goto <idle>; FPCR = 0; FPSR = 0; FPIAR = 0; ",
            "local nan:10 = (zext(0x7fff:4) << 64) | zext(0xffffffffffffffff:8);",
            " FP0 = nan; FP1 = nan; FP2 = nan; FP3 = nan; FP4 = nan; FP5 = nan; FP6 = nan; FP7 = nan;",
            " <idle> }"
        ),
        reason: "a null frame resets the coprocessor (M68000 Family Programmer's Reference Manual, FRESTORE)",
    },
    m68k(
        "{\n\tlocal denom = sext(eaw);\n\tlocal divis = reg9dn;\n\tlocal div = divis s/ denom;\n\tlocal rem = divis s% denom;\n\tCF=0;\n\tresflags(div);\n\treg9dn = (rem << 16) | (div & 0xffff);\n}",
        "{ reg9dn = divideWord(reg9dn, eaw, 1:1); }",
    ),
    m68k(
        "{\n\tlocal denom = zext(eaw);\n\tlocal divis = reg9dn;\n\tlocal div = divis / denom;\n\tlocal rem = divis % denom;\n\tCF=0;\n\tresflags(div);\n\treg9dn = (rem << 16) | (div & 0xffff); }",
        "{ reg9dn = divideWord(reg9dn, eaw, 0:1); }",
    ),
    m68k(
        "divsz=0 & divsgn=0 {\n\tlocal divis = regdq;\n\tlocal denom = glbdenom;\n\tlocal rem = divis % denom;\n\tlocal quot = divis / denom;\n\tregdr = rem;\n\tregdq = quot;\n\texport regdq;\n}",
        "divsz=0 & divsgn=0 {\n\tlocal both:8 = divideLong(regdr, regdq, glbdenom, 0:1);\n\tregdr = both(4);\n\tregdq = both:4;\n\texport regdq;\n}",
    ),
    m68k(
        "divsz=1 & divsgn=0 {\n\tdivi:8 = (zext(regdr) << 32) | zext(regdq);\n\tdenom:8 = zext(glbdenom);\n\tlocal quot = divi / denom;\n\tlocal rem = divi % denom;\n\tregdr = rem:4;\n\tregdq = quot:4;\n\texport regdq;\n}",
        "divsz=1 & divsgn=0 {\n\tlocal both:8 = divideLong(regdr, regdq, glbdenom, 2:1);\n\tregdr = both(4);\n\tregdq = both:4;\n\texport regdq;\n}",
    ),
    m68k(
        "divsz=0 & divsgn=1 {\n\tlocal divis = regdq;\n\tlocal denom = glbdenom;\n\tlocal rem = divis s% denom;\n\tlocal quot = divis s/ denom;\n\tregdr = rem;\n\tregdq = quot;\n\texport regdq;\n}",
        "divsz=0 & divsgn=1 {\n\tlocal both:8 = divideLong(regdr, regdq, glbdenom, 1:1);\n\tregdr = both(4);\n\tregdq = both:4;\n\texport regdq;\n}",
    ),
    m68k(
        "divsz=1 & divsgn=1 {\n\tdivi:8 = (sext(regdr)<<32)|sext(regdq);\n\tdenom:8=sext(glbdenom);\n\tlocal quot=divi s/ denom;\n\tlocal rem=divi s% denom;\n\tregdr=rem:4;\n\tregdq=quot:4;\n\texport regdq;\n}",
        "divsz=1 & divsgn=1 {\n\tlocal both:8 = divideLong(regdr, regdq, glbdenom, 3:1);\n\tregdr = both(4);\n\tregdq = both:4;\n\texport regdq;\n}",
    ),
    m68k("glbdenom=e2l; build subdiv; CF=0; resflags(subdiv);", "glbdenom=e2l; build subdiv;"),
    m68k(
        "is regdq & divsgn=1 & divsz=0\t\t\t{ regdq = glbdenom * regdq; resflags(regdq); CF=0; }",
        "is regdq & divsgn=1 & divsz=0 { local both:8 = multiplyLong(glbdenom, regdq, 1:1); regdq = both:4; }",
    ),
    m68k(
        "is regdq & divsgn=1 & divsz=1 & regdr\t{\n\ttmp1:8 = sext(glbdenom);\n\ttmp2:8 = sext(regdq);\n\tlocal res = tmp1 * tmp2;\n\tregdq = res:4;\n\tregdr = res(4);\n\tresflags(res);\n\tCF=0;\n\tVF=0;\n}",
        "is regdq & divsgn=1 & divsz=1 & regdr { local both:8 = multiplyLong(glbdenom, regdq, 3:1); regdr = both(4); regdq = both:4; }",
    ),
    m68k(
        "is regdq & divsgn=0 & divsz=0\t\t\t{ regdq = glbdenom * regdq; resflags(regdq); CF=0; }",
        "is regdq & divsgn=0 & divsz=0 { local both:8 = multiplyLong(glbdenom, regdq, 0:1); regdq = both:4; }",
    ),
    m68k(
        "is regdq & divsgn=0 & divsz=1 & regdr\t{\n\ttmp1:8 = zext(glbdenom);\n\ttmp2:8 = zext(regdq);\n\tlocal res = tmp1 * tmp2;\n\tregdq = res:4;\n\tregdr = res(4);\n\tresflags(res);\n\tCF=0;\n\tVF=0;\n\n}",
        "is regdq & divsgn=0 & divsz=1 & regdr { local both:8 = multiplyLong(glbdenom, regdq, 2:1); regdr = both(4); regdq = both:4; }",
    ),
    m68k(
        "{\n\tCF = carry(Txb,carry(Tyb,XF));\n\tTxb = Txb + Tyb + XF;\n\tXF = bcdAdjust(Txb);\n\tbcdflags(Txb);\n}",
        "{ build Tyb; build Txb; Txb = addDecimal(Tyb, Txb); }",
    ),
    m68k(
        "{\n\tCF = (Txb < Tyb) || ( (XF == 1) && (Txb == Tyb) );\n\tTxb = Txb - Tyb - XF;\n\tTxb = bcdAdjust(Txb);\n\tbcdflags(Txb);\n}",
        "{ build Tyb; build Txb; Txb = subtractDecimal(Tyb, Txb); }",
    ),
    m68k(
        "{\n\tlocal tmp = eab;\n\tCF = (tmp != 0) || (XF == 1);\n\ttmp = 0 - tmp - XF;\n\teab = bcdAdjust(tmp);\n\tbcdflags(tmp);\n}",
        "{ eab = subtractDecimal(eab, 0:1); }",
    ),
    m68k(
        "macro rotateLeft(count, register, width) {\n\tlocal modcount = count & 63;\n\tregister = (register << modcount) | (register >> (width - modcount));\n\tresflags(register);\n\tCF = (register & 1) != 0;\n\tVF = 0;\n}",
        "macro rotateLeft(count, register, width) {\n\tregister = rotateLeftBy(count, register);\n}",
    ),
    m68k(
        "macro rotateRight(count, register, width) {\n\tlocal modcount = count & 63;\n\tregister = (register << (width - modcount)) | (register >> modcount);\n\tresflags(register);\n\tCF = zext(register s< 0);\n\tVF = 0;\n}",
        "macro rotateRight(count, register, width) {\n\tregister = rotateRightBy(count, register);\n}",
    ),
    m68k(
        "macro rotateLeftExtended(count, register, width) {\n\tlocal modcount = count & 63;\n\tlocal xflag = (register & (1 << (width - modcount))) != 0;\n\tlocal result = (register << modcount) | (zext(XF) << (modcount - 1)) | (register >> (width - modcount + 1));\n\tregister = (zext(modcount != 0) * result) + (zext(modcount == 0) * register);\n\tresflags(register);\n\tXF = (zext(modcount != 0) * xflag) + (zext(modcount == 0) * XF);\n\tCF = XF;\n\tVF = 0;\n}",
        "macro rotateLeftExtended(count, register, width) {\n\tregister = rotateLeftThrough(count, register);\n}",
    ),
    m68k(
        "macro rotateRightExtended(count, register, width) {\n\tlocal modcount = count & 63;\n\tlocal xflag = (register & (1 << (modcount - 1))) != 0;\n\tlocal result = (zext(XF) << (width - modcount)) | (register >> modcount) | (register << (width - modcount + 1));\n\tregister = (zext(modcount != 0) * result) + (zext(modcount == 0) * register);\n\tresflags(register);\n\tXF = (zext(modcount != 0) * xflag) + (zext(modcount == 0) * XF);\n\tCF = XF;\n\tVF = 0;\n}",
        "macro rotateRightExtended(count, register, width) {\n\tregister = rotateRightThrough(count, register);\n}",
    ),
    m68k(
        "Ty: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-4; export *:4 regan; }",
        "Ty: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-4; local at:4 = regan; export *:4 at; }",
    ),
    m68k(
        "Tx: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-4; export *:4 reg9an; }",
        "Tx: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-4; local at:4 = reg9an; export *:4 at; }",
    ),
    m68k(
        "Tyw: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-2; export *:2 regan; }",
        "Tyw: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-2; local at:4 = regan; export *:2 at; }",
    ),
    m68k(
        "Txw: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-2; export *:2 reg9an; }",
        "Txw: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-2; local at:4 = reg9an; export *:2 at; }",
    ),
    m68k(
        "Tyb: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-1; export *:1 regan; }",
        "Tyb: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-1; local at:4 = regan; export *:1 at; }\nTyb: -(regan)\tis rmbit=1 & regan & regan=7\t{ regan = regan-2; local at:4 = regan; export *:1 at; }",
    ),
    m68k(
        "Txb: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-1; export *:1 reg9an; }",
        "Txb: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-1; local at:4 = reg9an; export *:1 at; }\nTxb: -(reg9an)\tis rmbit=1 & reg9an & reg9an=7\t{ reg9an = reg9an-2; local at:4 = reg9an; export *:1 at; }",
    ),
    m68k("  local address:4 = zext(eaw);\n  local bound:2 = *:2 address;", "  local bound:2 = eaw;"),
    m68k("  local address:4 = zext(eal);\n  local bound:4 = *:4 address;", "  local bound:4 = eal;"),
    m68k("movemptr = movemptr - 4; *movemptr = D0w;", "movemptr = movemptr - 2; *movemptr = D0w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D1w;", "movemptr = movemptr - 2; *movemptr = D1w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D2w;", "movemptr = movemptr - 2; *movemptr = D2w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D3w;", "movemptr = movemptr - 2; *movemptr = D3w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D4w;", "movemptr = movemptr - 2; *movemptr = D4w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D5w;", "movemptr = movemptr - 2; *movemptr = D5w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D6w;", "movemptr = movemptr - 2; *movemptr = D6w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D7w;", "movemptr = movemptr - 2; *movemptr = D7w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A0w;", "movemptr = movemptr - 2; *movemptr = A0w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A1w;", "movemptr = movemptr - 2; *movemptr = A1w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A2w;", "movemptr = movemptr - 2; *movemptr = A2w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A3w;", "movemptr = movemptr - 2; *movemptr = A3w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A4w;", "movemptr = movemptr - 2; *movemptr = A4w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A5w;", "movemptr = movemptr - 2; *movemptr = A5w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A6w;", "movemptr = movemptr - 2; *movemptr = A6w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A7w;", "movemptr = movemptr - 2; *movemptr = A7w;"),
    m68k(
        "fcc: \"ugt\"\tis fcode=0x0a\t\t\t{ tmp:1 = !$(NAN_FP) || !($(N_FP) || $(Z_FP)); clearflags_fp(); export tmp; }",
        "fcc: \"ugt\"\tis fcode=0x0a\t\t\t{ tmp:1 = $(NAN_FP) || !($(N_FP) || $(Z_FP)); export tmp; }",
    ),
    m68k(
        "fcc: \"uge\"\tis fcode=0x0b\t\t\t{ tmp:1 = $(NAN_FP) || $(Z_FP) || $(N_FP); clearflags_fp(); export tmp; }",
        "fcc: \"uge\"\tis fcode=0x0b\t\t\t{ tmp:1 = $(NAN_FP) || $(Z_FP) || !($(N_FP)); export tmp; }",
    ),
    m68k(
        "fcc: \"sne\"\tis fcode=0x1e\t\t\t{ tmp:1 = $(Z_FP); clearflags_fp(); export tmp; }",
        "fcc: \"sne\"\tis fcode=0x1e\t\t\t{ tmp:1 = !($(Z_FP)); export tmp; }",
    ),
    m68k(
        "fcc: \"or\"\tis fcode=0x07\t\t\t{ tmp:1 = $(NAN_FP); clearflags_fp(); export tmp; }",
        "fcc: \"or\"\tis fcode=0x07\t\t\t{ tmp:1 = !($(NAN_FP)); export tmp; }",
    ),
    m68k(
        "fcc: \"gle\"\tis fcode=0x17\t\t\t{ tmp:1 = $(NAN_FP); clearflags_fp(); export tmp; }",
        "fcc: \"gle\"\tis fcode=0x17\t\t\t{ tmp:1 = !($(NAN_FP)); export tmp; }",
    ),
    m68k(" clearflags_fp(); export tmp; }", " export tmp; }"),
    m68k("{ addxflags(Tyb,Txb);", "{ build Tyb; build Txb; addxflags(Tyb,Txb);"),
    m68k("{ addxflags(Tyw,Txw);", "{ build Tyw; build Txw; addxflags(Tyw,Txw);"),
    m68k("{ addxflags(Ty,Tx);", "{ build Ty; build Tx; addxflags(Ty,Tx);"),
    m68k(
        ":cmpm.b (regan)+,(reg9an)+\tis op=11 & reg9an & op8=1 & op67=0 & op5=0 & op34=1 & regan\t{ local tmp1=*:1 regan; regan=regan+1; local tmp2=*:1 reg9an; reg9an=reg9an+1;\n\t\t\t\t\t\t\t\t\t\t\t\t  subflags(tmp2,tmp1); local tmp =tmp2-tmp1; resflags(tmp); }",
        "Pyb: (regan)+ is regan { local at:4 = regan; regan = regan + 1; export *:1 at; }\nPyb: (regan)+ is regan & regan=7 { local at:4 = regan; regan = regan + 2; export *:1 at; }\nPxb: (reg9an)+ is reg9an { local at:4 = reg9an; reg9an = reg9an + 1; export *:1 at; }\nPxb: (reg9an)+ is reg9an & reg9an=7 { local at:4 = reg9an; reg9an = reg9an + 2; export *:1 at; }\n:cmpm.b Pyb,Pxb\tis op=11 & op8=1 & op67=0 & op5=0 & op34=1 & Pyb & Pxb { build Pyb; local tmp1 = Pyb; build Pxb; local tmp2 = Pxb; subflags(tmp2,tmp1); local tmp = tmp2-tmp1; resflags(tmp); }",
    ),
    m68k(
        "{ movemptr = regan; build r2mbw0; regan = movemptr; }",
        "{ movemptr = regan; regan = regan - 2; build r2mbw0; regan = movemptr; }",
    ),
    m68k(
        "{ movemptr = regan; build r2mbl0; regan = movemptr; }",
        "{ movemptr = regan; regan = regan - 4; build r2mbl0; regan = movemptr; }",
    ),
    m68k(
        "{ tmp0:1 = zext(XF); subxflags(Txb, Tyb);",
        "{ build Tyb; build Txb; tmp0:1 = zext(XF); subxflags(Txb, Tyb);",
    ),
    m68k(
        "{ tmp0:2 = zext(XF); subxflags(Txw, Tyw);",
        "{ build Tyw; build Txw; tmp0:2 = zext(XF); subxflags(Txw, Tyw);",
    ),
    m68k(
        "{ tmp0:4 = zext(XF); subxflags(Tx, Ty);",
        "{ build Ty; build Tx; tmp0:4 = zext(XF); subxflags(Tx, Ty);",
    ),
    m68k(
        "macro arithmeticShiftLeft(count, register, width) {\n\tlocal modcount = count & 63;\n\tlocal lbit:1 = ((register >> (width - modcount) & 1) != 0);\n\tlocal msbBefore:4 = zext(register s< 0);\n\tregister = register << modcount;\n\tresflags(register);\n\tlocal msbAfter:4 = zext(register s< 0);\n\tVF = (msbBefore ^ msbAfter) != 0;\n\tCF = (modcount != 0) * lbit;\n\tXF = ((modcount == 0) * XF) + ((modcount != 0) * CF);\n}",
        "macro arithmeticShiftLeft(count, register, width) {\n\tregister = shiftArithmeticallyLeft(count, register);\n}",
    ),
    m68k(
        "macro arithmeticShiftRight(count, register, width) {\n\tlocal modcount = count & 63;\n\tlocal lbit:1 = ((register >> (modcount-1) & 1) != 0);\n\tlocal msbBefore:4 = zext(register s< 0);\n\tregister = register s>> modcount;\n\tresflags(register);\n\tlocal msbAfter:4 = zext(register s< 0);\n\tVF = (msbBefore ^ msbAfter) != 0;\n\tCF = (modcount != 0) * lbit;\n\tXF = ((modcount == 0) * XF) + ((modcount != 0) * CF);\n}",
        "macro arithmeticShiftRight(count, register, width) {\n\tregister = shiftArithmeticallyRight(count, register);\n}",
    ),
    m68k(
        "macro logicalShiftLeft(count, register, width) {\n\tlocal modcount = count & 63;\n\tlocal lbit:1 = ((register >> (width - modcount) & 1) != 0);\n\tlocal msbBefore:4 = zext(register s< 0);\n\tregister = register << modcount;\n\tresflags(register);\n\tlocal msbAfter:4 = zext(register s< 0);\n\tVF = (msbBefore ^ msbAfter) != 0;\n\tCF = (modcount != 0) * lbit;\n\tXF = ((modcount == 0) * XF) + ((modcount != 0) * CF);\n}",
        "macro logicalShiftLeft(count, register, width) {\n\tregister = shiftLogicallyLeft(count, register);\n}",
    ),
    m68k(
        "macro logicalShiftRight(count, register, width) {\n\tlocal modcount = count & 63;\n\tlocal lbit:1 = ((register >> (modcount-1) & 1) != 0);\n\tlocal msbBefore:4 = zext(register s< 0);\n\tregister = register >> modcount;\n\tresflags(register);\n\tlocal msbAfter:4 = zext(register s< 0);\n\tVF = (msbBefore ^ msbAfter) != 0;\n\tCF = (modcount != 0) * lbit;\n\tXF = ((modcount == 0) * XF) + ((modcount != 0) * CF);\n}",
        "macro logicalShiftRight(count, register, width) {\n\tregister = shiftLogicallyRight(count, register);\n}",
    ),
    m68k(
        "addxflags(Tyb,Txb); Txb=Tyb+Txb+zext(XF); extendedResultFlags(Txb); }",
        "addxflags(Tyb,Txb); Txb=Tyb+Txb+zext(XF); XF = CF; extendedResultFlags(Txb); }",
    ),
    m68k(
        "addxflags(Tyw,Txw); Txw=Tyw+Txw+zext(XF); extendedResultFlags(Txw); }",
        "addxflags(Tyw,Txw); Txw=Tyw+Txw+zext(XF); XF = CF; extendedResultFlags(Txw); }",
    ),
    m68k(
        "addxflags(Ty,Tx); Tx=Ty+Tx+zext(XF); extendedResultFlags(Tx); }",
        "addxflags(Ty,Tx); Tx=Ty+Tx+zext(XF); XF = CF; extendedResultFlags(Tx); }",
    ),
    m68k(
        "macro sub(op1,op2res) {",
        "macro compareflags(op1,op2) {\n CF = op1 < op2;\n VF = sborrow(op1,op2);\n}\n\nmacro sub(op1,op2res) {",
    ),
    m68k(
        "   local tmp = e2b;\n   if(tmp==regdcb) goto <eq>;\n   regdcb = tmp;\n   ZF = 0;\n   NF = 1;\n   goto inst_next;\n  <eq>\n   e2b = regdub;\n   ZF = 1;\n   NF = 0;\n}",
        "local held = e2b; compareflags(held, regdcb); local difference = held - regdcb; resflags(difference);\n   if (difference == 0) goto <eq>;\n   regdcb = held;\n   goto inst_next;\n  <eq>\n   e2b = regdub;\n}",
    ),
    m68k(
        "   local tmp = e2w;\n   if(tmp==regdcw) goto <eq>;\n   regdcw = tmp;\n   ZF = 0;\n   NF = 1;\n   goto inst_next;\n  <eq>\n   e2w = regduw;\n   ZF = 1;\n   NF = 0; \n}",
        "local held = e2w; compareflags(held, regdcw); local difference = held - regdcw; resflags(difference);\n   if (difference == 0) goto <eq>;\n   regdcw = held;\n   goto inst_next;\n  <eq>\n   e2w = regduw;\n}",
    ),
    m68k(
        "   local tmp = e2l;\n   if(tmp==regdc) goto <eq>;\n   regdc = tmp;\n   ZF = 0;\n   NF = 1;\n   goto inst_next;\n  <eq>\n   e2l = regdu;\n   ZF = 1;\n   NF = 0; \n}",
        "local held = e2l; compareflags(held, regdc); local difference = held - regdc; resflags(difference);\n   if (difference == 0) goto <eq>;\n   regdc = held;\n   goto inst_next;\n  <eq>\n   e2l = regdu;\n}",
    ),
    m68k(
        "   dc1:4 = zext(regdcw);\n   dc2:4 = zext(regdc2w);\n   if(dc1!=regda) goto <ne>;\n   if(dc2!=regda2) goto <ne>;\n   regda = zext(regduw);\n   regda2 = zext(regdu2w);\n   ZF = 1;\n   NF = 0;\n   goto inst_next;\n  <ne>\n   regdcw = regda(2);\n   regdc2w = regda2(2);\n   ZF = 0;\n   NF = 1;\n}",
        "   local first:4 = regda; local second:4 = regda2;\n   local held:2 = *:2 first; local other:2 = *:2 second;\n   compareflags(held, regdcw); local difference:2 = held - regdcw; resflags(difference);\n   if (difference != 0) goto <ne>;\n   compareflags(other, regdc2w); difference = other - regdc2w; resflags(difference);\n   if (difference != 0) goto <ne>;\n   *:2 first = regduw; *:2 second = regdu2w;\n   goto inst_next;\n  <ne>\n   regdc2w = other;\n   regdcw = held;\n}",
    ),
    m68k(
        "   if(regdc!=regda) goto <ne>;\n   if(regdc2!=regda2) goto <ne>;\n   regda = regdu;\n   regda2 = regdu2;\n   ZF = 1;\n   NF = 0;\n   goto inst_next;\n  <ne>\n   regdc = regda;\n   regdc2 = regda2;\n   ZF = 0;\n   NF = 1;\n}",
        "   local first:4 = regda; local second:4 = regda2;\n   local held:4 = *:4 first; local other:4 = *:4 second;\n   compareflags(held, regdc); local difference:4 = held - regdc; resflags(difference);\n   if (difference != 0) goto <ne>;\n   compareflags(other, regdc2); difference = other - regdc2; resflags(difference);\n   if (difference != 0) goto <ne>;\n   *:4 first = regdu; *:4 second = regdu2;\n   goto inst_next;\n  <ne>\n   regdc2 = other;\n   regdc = held;\n}",
    ),
    Edit {
        file: "68000.sinc",
        old: "[ rela = inst_start+d8+2; ]",
        new: "[ rela = constructor_start+d8; ]",
        reason: EXTENSION,
    },
    Edit {
        file: "68000.sinc",
        old: "fl_breg: PC\t\t\tis PC & bs=0 & pcmode=1 \t{ tmp:4 = inst_start + 2; export tmp; }",
        new: "fl_breg: PC\t\t\tis PC & bs=0 & pcmode=1 [ here = constructor_start; ] { tmp:4 = here; export tmp; }",
        reason: EXTENSION,
    },
    Edit {
        file: "68000.sinc",
        old: "e2x: (d16,PC)           is PC & savmod2=7 & regsan=2; d16       { tmp:4 = inst_start + 2 + d16; movemptr = tmp; export *:12 tmp; }",
        new: "e2x: (d16,PC)           is PC & savmod2=7 & regsan=2; d16 [ here = constructor_start + d16; ] { tmp:4 = here; movemptr = tmp; export *:12 tmp; }",
        reason: EXTENSION,
    },
    Edit {
        file: "68000.sinc",
        old: "e2d: (d16,PC)\t\tis PC & savmod2=7 & regsan=2; d16\t{ tmp:4 = inst_start + 2 + d16; export *:8 tmp; }",
        new: "e2d: (d16,PC)\t\tis PC & savmod2=7 & regsan=2; d16 [ here = constructor_start + d16; ] { tmp:4 = here; export *:8 tmp; }",
        reason: EXTENSION,
    },
    Edit {
        file: "68000.sinc",
        old: "e2l: (d16,PC)\t\tis PC & savmod2=7 & regsan=2; d16\t{ tmp:4 = inst_start + 2 + d16; export *:4 tmp; }",
        new: "e2l: (d16,PC)\t\tis PC & savmod2=7 & regsan=2; d16 [ here = constructor_start + d16; ] { tmp:4 = here; export *:4 tmp; }",
        reason: EXTENSION,
    },
    Edit {
        file: "68000.sinc",
        old: "e2w: (d16,PC) is PC & savmod2=7 & regsan=2; d16\t{ tmp:4 = inst_start + 2 + d16; export *:2 tmp; }",
        new: "e2w: (d16,PC) is PC & savmod2=7 & regsan=2; d16 [ here = constructor_start + d16; ] { tmp:4 = here; export *:2 tmp; }",
        reason: EXTENSION,
    },
    Edit {
        file: "68000.sinc",
        old: "e2b: (d16,PC) is PC & savmod2=7 & regsan=2; d16\t{ tmp:4 = inst_start + 2 + d16; export *:1 tmp; }",
        new: "e2b: (d16,PC) is PC & savmod2=7 & regsan=2; d16 [ here = constructor_start + d16; ] { tmp:4 = here; export *:1 tmp; }",
        reason: EXTENSION,
    },
    Edit {
        file: "68000.sinc",
        old: ":chk2.b e2b,rreg\t\tis opbig=0 & op67=3 & $(CTL_ADDR_MODES); rreg & wl=1; e2b [ savmod2=savmod1; regtsan=regtfan; ] {\n  build e2b;\n  local address:4 = zext(e2b);\n  local lower:1 = *:1 address;\n  local upper:1 = *:1 (address + 1);\n  local signed_lower:4 = sext(lower);\n  local signed_upper:4 = sext(upper);\n  local signed_register:4 = sext(rreg);\n\n  ZF = ((signed_register == signed_lower) || (signed_register == signed_upper));\n  CF = !((signed_register s>= signed_lower) && (signed_register s<= signed_upper));\n  if (!CF) goto inst_next;\n  __m68k_trap(6:1);\n}\n\n:chk2.w e2w,rreg\t\tis opbig=2 & op67=3 & $(CTL_ADDR_MODES); rreg & wl=1; e2w [ savmod2=savmod1; regtsan=regtfan; ] {\n  build e2w;\n  local address:4 = zext(e2w);\n  local lower:2 = *:2 address;\n  local upper:2 = *:2 (address + 2);\n  local signed_lower:4 = sext(lower);\n  local signed_upper:4 = sext(upper);\n  local signed_register:4 = sext(rreg);\n\n  ZF = ((signed_register == signed_lower) || (signed_register == signed_upper));\n  CF = !((signed_register s>= signed_lower) && (signed_register s<= signed_upper));\n  if (!CF) goto inst_next;\n  __m68k_trap(6:1);\n}\n\n:chk2.l e2l,rreg\t\tis opbig=4 & op67=3 & $(CTL_ADDR_MODES); rreg & wl=1; e2l [ savmod2=savmod1; regtsan=regtfan; ] {\n  build e2l;\n  local address:4 = zext(e2l);\n  local lower:4 = *:4 address;\n  local upper:4 = *:4 (address + 4);\n  local signed_lower:4 = sext(lower);\n  local signed_upper:4 = sext(upper);\n  local signed_register:4 = sext(rreg);\n\n  ZF = ((signed_register == signed_lower) || (signed_register == signed_upper));\n  CF = !((signed_register s>= signed_lower) && (signed_register s<= signed_upper));\n  if (!CF) goto inst_next;\n  __m68k_trap(6:1);\n}\n\n:cmp2.b e2b,rreg\t\tis opbig=0 & op67=3 & $(CTL_ADDR_MODES); rreg & wl=0; e2b [ savmod2=savmod1; regtsan=regtfan; ] {\n  build e2b;\n  local address:4 = zext(e2b);\n  local lower:1 = *:1 address;\n  local upper:1 = *:1 (address + 1);\n  local signed_lower:4 = sext(lower);\n  local signed_upper:4 = sext(upper);\n  local signed_register:4 = sext(rreg);\n\n  ZF = ((signed_register == signed_lower) || (signed_register == signed_upper));\n  CF = !((signed_register s>= signed_lower) && (signed_register s<= signed_upper));\n}\n\n:cmp2.w e2w,rreg\t\tis opbig=2 & op67=3 & $(CTL_ADDR_MODES); rreg & wl=0; e2w [ savmod2=savmod1; regtsan=regtfan; ] {\n  build e2w;\n  local address:4 = zext(e2w);\n  local lower:2 = *:2 address;\n  local upper:2 = *:2 (address + 2);\n  local signed_lower:4 = sext(lower);\n  local signed_upper:4 = sext(upper);\n  local signed_register:4 = sext(rreg);\n\n  ZF = ((signed_register == signed_lower) || (signed_register == signed_upper));\n  CF = !((signed_register s>= signed_lower) && (signed_register s<= signed_upper));\n}\n\n:cmp2.l e2l,rreg\t\tis opbig=4 & op67=3 &  $(CTL_ADDR_MODES); rreg & wl=0; e2l [ savmod2=savmod1; regtsan=regtfan; ] {\n  build e2l;\n  local address:4 = zext(e2l);\n  local lower:4 = *:4 address;\n  local upper:4 = *:4 (address + 4);\n  local signed_lower:4 = sext(lower);\n  local signed_upper:4 = sext(upper);\n  local signed_register:4 = sext(rreg);\n\n  ZF = ((signed_register == signed_lower) || (signed_register == signed_upper));\n  CF = !((signed_register s>= signed_lower) && (signed_register s<= signed_upper));\n}",
        new: include_str!("../../specifications/m68k.bounds.sinc"),
        reason: "the bounds are in memory at the operand, and not where its value points; the lower part of a data \
                 register is compared, and bounds may go around (M68000 Family Programmer's Reference Manual, CHK2, \
                 CMP2)",
    },
    m68k(
        "local value = (Tyw & 0x0F0F) + const16;\n\tTxw = (Txw & 0xFF00) | ((value & 0x0F00) >> 4) | (value & 0x000F);",
        "local value = Tyw + const16;\n\tTxw = (Txw & 0xFF00) | ((value & 0x0F00) >> 4) | (value & 0x000F);",
    ),
    m68k(
        "local value = (Tyw & 0x0F0F) + const16;\n\tlocal result:2",
        "build Tyw; build Txb; local value = Tyw + const16;\n\tlocal result:2",
    ),
    m68k(
        "Txw = (Txw & 0xF0F0) | ((((Tyw & 0x00F0) << 4) | (Tyw & 0x000F)) + const16);",
        "Txw = (((Tyw & 0x00F0) << 4) | (Tyw & 0x000F)) + const16;",
    ),
    m68k(
        "local source:2 = zext(Tyb);\n\tsource = (((source & 0x00F0) << 4) | (source & 0x000F)) + const16;\n\tTxw = (Txw & 0xF0F0) | source;",
        "build Tyb; local source:2 = zext(Tyb); build Txw;\n\tTxw = (((source & 0x00F0) << 4) | (source & 0x000F)) + const16;",
    ),
    m68k("o2:1=eab; subflags(reg9dnb,o2);", "o2:1=eab; compareflags(reg9dnb,o2);"),
    m68k("o2:2=eaw; subflags(reg9dnw,o2);", "o2:2=eaw; compareflags(reg9dnw,o2);"),
    m68k("o2:4=eal; subflags(reg9dn,o2);", "o2:4=eal; compareflags(reg9dn,o2);"),
    m68k("tmp1:4 = sext(eaw); subflags(reg9an,tmp1);", "tmp1:4 = sext(eaw); compareflags(reg9an,tmp1);"),
    m68k("o2:4=eal; subflags(reg9an,o2);", "o2:4=eal; compareflags(reg9an,o2);"),
    m68k("o2:1=e2b; subflags(o2,const8); local tmp", "o2:1=e2b; compareflags(o2,const8); local tmp"),
    m68k("o2:2=e2w; subflags(o2,const16); local tmp", "o2:2=e2w; compareflags(o2,const16); local tmp"),
    m68k("o2:4=e2l; subflags(o2,const32); local tmp", "o2:4=e2l; compareflags(o2,const32); local tmp"),
    m68k("subflags(tmp2,tmp1);", "compareflags(tmp2,tmp1);"),
    m68k(
        "{ local tmp = eab + XF; negxsubflags(tmp); tmp = -tmp; eab=tmp; extendedResultFlags(tmp); }",
        "{ local old = eab; local tmp = -old - XF; CF = ((old | tmp) s< 0); VF = ((old & tmp) s< 0); XF = CF; eab=tmp; extendedResultFlags(tmp); }",
    ),
    m68k(
        "{ local tmp = eaw + zext(XF); negxsubflags(tmp); tmp = -tmp; eaw=tmp; extendedResultFlags(tmp); }",
        "{ local old = eaw; local tmp = -old - zext(XF); CF = ((old | tmp) s< 0); VF = ((old & tmp) s< 0); XF = CF; eaw=tmp; extendedResultFlags(tmp); }",
    ),
    m68k(
        "{ local tmp = eal + zext(XF); negxsubflags(tmp); tmp = -tmp; eal=tmp; extendedResultFlags(tmp); }",
        "{ local old = eal; local tmp = -old - zext(XF); CF = ((old | tmp) s< 0); VF = ((old & tmp) s< 0); XF = CF; eal=tmp; extendedResultFlags(tmp); }",
    ),
    m68k(
        "  res = zext((TF<<15)|(SVF<<13)|(IPL<<8)|(XF<<4)|(NF<<3)|(ZF<<2)|(VF<<1)|CF);",
        "  res = (zext(TF)<<15)|(zext(SVF)<<13)|(zext(IPL)<<8)|zext((XF<<4)|(NF<<3)|(ZF<<2)|(VF<<1)|CF);",
    ),
    // The condition codes alone.
    m68k(
        "macro getbit(res,in,bitnum) {",
        "macro unpackconditions(in) {\n  XF = (in & 0x10)!=0;\n  NF = (in & 8)!=0;\n  ZF = (in & 4)!=0;\n  VF = (in & 2)!=0;\n  CF = (in & 1)!=0;\n}\n\nmacro getbit(res,in,bitnum) {",
    ),
    m68k("{ unpackflags(eaw); }", "{ local codes:2 = eaw; unpackconditions(codes); }"),
    m68k(
        "{ packflags(SR); eaw = SR; }\n:move eaw,\"CCR\"",
        "{ packflags(SR); eaw = SR & 0x1f; }\n:move eaw,\"CCR\"",
    ),
    // A frame of the stack, of the length that its format tells, after one that is
    // thrown away (M68000PRM, RTE; MC68040UM, 8.4). Another format is an error.
    m68k("{ tmp:4 = 0; return [tmp]; }", "{\n\tlocal first:2 = *:2 (SP + 6);\n\tlocal isThrown:4 = zext((first >> 12) == 1);\n\tlocal frame:4 = SP + (isThrown * 8);\n\tlocal status:2 = *:2 frame;\n\tlocal target:4 = *:4 (frame + 2);\n\tlocal kind:2 = *:2 (frame + 6);\n\tkind = kind >> 12;\n\tlocal known:4 = zext(kind == 0);\n\tlocal size:4 = 8;\n\tlocal is:4 = 0;\n\tis = zext(kind == 2);\n\tknown = known | is;\n\tsize = size + (is * 4);\n\tis = zext(kind == 3);\n\tknown = known | is;\n\tsize = size + (is * 4);\n\tis = zext(kind == 4);\n\tknown = known | is;\n\tsize = size + (is * 8);\n\tis = zext(kind == 7);\n\tknown = known | is;\n\tsize = size + (is * 52);\n\tis = zext(kind == 9);\n\tknown = known | is;\n\tsize = size + (is * 12);\n\tis = zext(kind == 10);\n\tknown = known | is;\n\tsize = size + (is * 24);\n\tis = zext(kind == 11);\n\tknown = known | is;\n\tsize = size + (is * 84);\n\tif (known != 0) goto <known>;\n\t__m68k_exception(14:4);\n<known>\n\tSP = frame + size;\n\tSR = status;\n\tunpackflags(SR);\n\treturn [target];\n}"),
    // The target is found before the stack pointer moves.
    m68k(
        "{ SP=SP-4; *:4 SP = inst_next; call [regan]; }",
        "{ local target:4 = regan; SP=SP-4; *:4 SP = inst_next; call [target]; }",
    ),
    m68k(
        "{ SP=SP-4; *:4 SP = inst_next; local tmp = regan + d16; call [tmp]; }",
        "{ local tmp = regan + d16; SP=SP-4; *:4 SP = inst_next; call [tmp]; }",
    ),
    m68k("SP = SP + 4 + zext(const16); return [PC];", "SP = SP + 4 + sext(const16); return [PC];"),
    m68k(
        "{ SR = *SP; SP = SP+2; PC = *SP; SP = SP+4; unpackflags(SR); return [PC]; }",
        "{ local codes:2 = *:2 SP; local target:4 = *:4 (SP + 2); SP = SP + 6; unpackconditions(codes); PC = target; return [PC]; }",
    ),
    exception(
        ":illegal			is d16=0x4afc						unimpl",
        "define pcodeop illegalInstruction;\n:illegal is d16=0x4afc { illegalInstruction(); }",
    ),
    exception(
        "define pcodeop __m68k_trapv;",
        "define pcodeop __m68k_trapv;\ndefine pcodeop __m68k_exception;\ndefine pcodeop divideWord;\ndefine pcodeop divideLong;\ndefine pcodeop multiplyLong;\ndefine pcodeop addDecimal;\ndefine pcodeop subtractDecimal;\ndefine pcodeop rotateLeftBy;\ndefine pcodeop shiftArithmeticallyLeft;\ndefine pcodeop shiftArithmeticallyRight;\ndefine pcodeop shiftLogicallyLeft;\ndefine pcodeop shiftLogicallyRight;\ndefine pcodeop rotateRightBy;\ndefine pcodeop rotateLeftThrough;\ndefine pcodeop rotateRightThrough;",
    ),
    exception("  __m68k_trap(6:1);", "  __m68k_exception(6:1);"),
    exception(
        "SP = SP - 4; *:4 SP = inst_next; vector:1 = 7; __m68k_trap(vector);",
        "__m68k_exception(7:1);",
    ),
    exception("SP = SP - 4; *:4 SP = inst_next; __m68k_trapv();", "__m68k_trapv();"),
    coprocessor("{ fdst = abs(f_mem); }", "{ fdst = abs(f_mem); resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = abs(f_mem); build fabsrnd; }",
        "{ fdst = abs(f_mem); build fabsrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = abs(fsrc); }", "{ fdst = abs(fsrc); resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = abs(fsrc); build fabsrnd; }",
        "{ fdst = abs(fsrc); build fabsrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f+ f_mem; }", "{ fdst = fdst f+ f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f+ f_mem; build faddrnd; }",
        "{ fdst = fdst f+ f_mem; build faddrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f+ fsrc; }", "{ fdst = fdst f+ fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f+ fsrc; build faddrnd; }",
        "{ fdst = fdst f+ fsrc; build faddrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f/ f_mem;}", "{ fdst = fdst f/ f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f/ f_mem; build fdivrnd; }",
        "{ fdst = fdst f/ f_mem; build fdivrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f/ fsrc;}", "{ fdst = fdst f/ fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f/ fsrc; build fdivrnd; }",
        "{ fdst = fdst f/ fsrc; build fdivrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f* f_mem; }", "{ fdst = fdst f* f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f* f_mem; build fmulrnd; }",
        "{ fdst = fdst f* f_mem; build fmulrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{fdst = fdst f* fsrc; }", "{fdst = fdst f* fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{fdst = fdst f* fsrc; build fmulrnd; }",
        "{fdst = fdst f* fsrc; build fmulrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = f- f_mem; }", "{ fdst = f- f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = f- f_mem; build fnegrnd; }",
        "{ fdst = f- f_mem; build fnegrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = f- fsrc; }", "{ fdst = f- fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = f- fsrc; build fnegrnd; }",
        "{ fdst = f- fsrc; build fnegrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = sqrt(f_mem); }", "{ fdst = sqrt(f_mem); resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = sqrt(f_mem); build fsqrtrnd; }",
        "{ fdst = sqrt(f_mem); build fsqrtrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = sqrt(fsrc); }", "{ fdst = sqrt(fsrc); resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = sqrt(fsrc); build fsqrtrnd; }",
        "{ fdst = sqrt(fsrc); build fsqrtrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f- f_mem; }", "{ fdst = fdst f- f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f- f_mem; build fsubrnd; }",
        "{ fdst = fdst f- f_mem; build fsubrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f- fsrc; }", "{ fdst = fdst f- fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f- fsrc; build fsubrnd; }",
        "{ fdst = fdst f- fsrc; build fsubrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = f_mem; build fmovernd; }", "{ fdst = f_mem; build fmovernd; resflags_fp(fdst); }"),
    coprocessor("{ fdst = fsrc; build fmovernd; }", "{ fdst = fsrc; build fmovernd; resflags_fp(fdst); }"),
    coprocessor(
        "macro resflags_fp(result) {\n $(I_FP) = 0;\n $(NAN_FP) = 0;\n $(N_FP) = result f< 0;\n $(Z_FP) = result == 0;\n}",
        "macro resflags_fp(result) {\n local difference = result f- result;\n\
         $(NAN_FP) = nan(result);\n $(I_FP) = nan(difference) && !nan(result);\n\
         $(N_FP) = result s< 0;\n $(Z_FP) = result f== 0;\n}\n\
         macro compare_fp(a, b) {\n $(I_FP) = 0;\n $(NAN_FP) = nan(a) || nan(b);\n\
         $(N_FP) = a f< b;\n $(Z_FP) = a f== b;\n}",
    ),
    coprocessor("{ local result = fdst f- f_mem; resflags_fp(result); }", "{ compare_fp(fdst, f_mem); }"),
    coprocessor("{ local result=fdst f- fsrc; resflags_fp(result); }", "{ compare_fp(fdst, fsrc); }"),
    coprocessor("{ e2l = float2float(fdst); resflags_fp(e2l); }", "{ e2l = float2float(fdst); }"),
    coprocessor("{ e2x = float2float(fdst); resflags_fp(e2x); }", "{ e2x = float2float(fdst); }"),
    coprocessor("{ e2d = float2float(fdst); resflags_fp(e2d); }", "{ e2d = float2float(fdst); }"),
    Edit {
        file: "68000.sinc",
        old: "IS=0 & iis=5",
        new: "IS=0 & (iis=1)",
        reason: "preindexed is 1 to 3, postindexed 5 to 7 (M68000PRM, table 2-2)",
    },
    Edit {
        file: "68000.sinc",
        old: "IS=0 & iis=1",
        new: "IS=0 & iis=5",
        reason: "preindexed is 1 to 3, postindexed 5 to 7 (M68000PRM, table 2-2)",
    },
    Edit {
        file: "68000.sinc",
        old: "IS=0 & iis=6",
        new: "IS=0 & (iis=2)",
        reason: "preindexed is 1 to 3, postindexed 5 to 7 (M68000PRM, table 2-2)",
    },
    Edit {
        file: "68000.sinc",
        old: "IS=0 & iis=2",
        new: "IS=0 & iis=6",
        reason: "preindexed is 1 to 3, postindexed 5 to 7 (M68000PRM, table 2-2)",
    },
    Edit {
        file: "68000.sinc",
        old: "IS=0 & iis=7",
        new: "IS=0 & (iis=3)",
        reason: "preindexed is 1 to 3, postindexed 5 to 7 (M68000PRM, table 2-2)",
    },
    Edit {
        file: "68000.sinc",
        old: "IS=0 & iis=3",
        new: "IS=0 & iis=7",
        reason: "preindexed is 1 to 3, postindexed 5 to 7 (M68000PRM, table 2-2)",
    },
];
