//! Corrections of the specification of SPARC.

use super::Edit;

/// A correction of a branch of SPARC on a register, which is read before the
/// instruction in the delay slot writes it (SPARC V9, 7.4).
const fn branch(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "the condition is evaluated before the delay slot" }
}

/// A correction of the register windows of SPARC, which handlers of the engine
/// move, spill and fill.
const fn window(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "windows are those of the processor" }
}

/// A correction of what is written: FPRS tells whether a register of the lower
/// or of the upper half was (SPARC V9, 5.2.6).
const fn dirty(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "FPRS tells which registers were written" }
}

/// A correction of the branches on conditions of floating point with prediction
/// (SPARC V9, A.5).
const fn branch_always(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "FBPA and FBPN are there" }
}

/// A correction of a load or store of SPARC of a pair of registers.
const fn pair(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "two registers are loaded or stored" }
}

/// A correction of an access to the state of floating point: the conditions are
/// registers of their own, `ver`, `ftt` and `qne` are not loaded, and what is
/// reserved is zero (SPARC V8, 4.4; V9, 5.1.7, A.25 and A.53).
const fn status(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "FSR is loaded and stored with its conditions" }
}

/// A correction of a jump to a register: an address that is not aligned is a
/// fault of the jump (SPARC V8, B.25; V9, A.24, A.44).
const fn jump(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "the jump faults where its target is not aligned" }
}

/// A correction of conversions, whose operands have the sizes of both formats.
const fn conversion(old: &'static str, new: &'static str) -> Edit {
    Edit {
        file: "SparcV9.sinc",
        old,
        new,
        reason: "each operand has the size of its format (SPARC V9, A.13 to A.15)",
    }
}

pub(super) const EDITS: &[Edit] = &[
    conversion(
        ":fdtoi  fdrs2,fdrd                   is op=0x2 & fdrd &",
        ":fdtoi  fdrs2,fsrd                   is op=0x2 & fsrd &",
    ),
    conversion("fdrs2 { fdrd = trunc(fdrs2); }\n:fqtoi", "fdrs2 { fsrd = trunc(fdrs2); }\n:fqtoi"),
    conversion(
        ":fqtoi  fqrs2,fqrd                   is op=0x2 & fqrd & op3=0x34 & opf=0xd3 & fqrs2 { fqrd =",
        ":fqtoi  fqrs2,fsrd                   is op=0x2 & fsrd & op3=0x34 & opf=0xd3 & fqrs2 { fsrd =",
    ),
    conversion(
        ":fstox  fsrs2,fsrd                   is op=0x2 & fsrd & op3=0x34 & opf=0x81 & fsrs2 { fsrd =",
        ":fstox  fsrs2,fdrd                   is op=0x2 & fdrd & op3=0x34 & opf=0x81 & fsrs2 { fdrd =",
    ),
    conversion(
        ":fqtox  fqrs2,fqrd                   is op=0x2 & fqrd & op3=0x34 & opf=0x83 & fqrs2 { fqrd =",
        ":fqtox  fqrs2,fdrd                   is op=0x2 & fdrd & op3=0x34 & opf=0x83 & fqrs2 { fdrd =",
    ),
    conversion(
        ":fqtos  fdrs2,fsrd                   is op=0x2 & fsrd & op3=0x34 & opf=0xc7 & fdrs2 { fsrd = float2float(fdrs2);",
        ":fqtos  fqrs2,fsrd                   is op=0x2 & fsrd & op3=0x34 & opf=0xc7 & fqrs2 { fsrd = float2float(fqrs2);",
    ),
    branch(
        "{ delayslot(1); if (RS1 == 0)  goto d16off;}",
        "{ local holds:1 = RS1 == 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 s<= 0) goto d16off;}",
        "{ local holds:1 = RS1 s<= 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 s< 0)  goto d16off;}",
        "{ local holds:1 = RS1 s< 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 != 0)  goto d16off;}",
        "{ local holds:1 = RS1 != 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 s> 0)  goto d16off;}",
        "{ local holds:1 = RS1 s> 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 s>= 0) goto d16off;}",
        "{ local holds:1 = RS1 s>= 0; delayslot(1); if (holds) goto d16off;}",
    ),
    window(
        "macro save() {    \n",
        "define pcodeop registerWindowSave;\ndefine pcodeop registerWindowRestore;\ndefine pcodeop registerWindowFill;\ndefine pcodeop registerWindowFlush;\ndefine pcodeop registerWindowSelect;\nmacro save() {\n\tregisterWindowSave();\n}\nmacro publishedSave() {\n",
    ),
    window(
        "macro restore() {\n",
        "macro restore() {\n\tregisterWindowRestore();\n}\nmacro publishedRestore() {\n",
    ),
    window("op = 2 & op3 = 0x2b & i = 0 {}", "op = 2 & op3 = 0x2b & i = 0 { registerWindowFlush(); }"),
    window(
        ":wrpr  RS1,regorimm,tpc ",
        ":wrpr  RS1,regorimm,prd              is op=0x2 & prd & prd_number=9 & op3=0x32 & RS1 & regorimm { registerWindowSelect(RS1^regorimm); }\n:wrpr  RS1,regorimm,tpc ",
    ),
    window("\tprd      = (25,29)\n", "\tprd      = (25,29)\n\tprd_number = (25,29)\n"),
    status(
        "rd=0 & ea { fsr = *:2 ea; }",
        "rd=0 & ea { local both:8 = zext(*:4 ea); fcc0 = (both >> 10) & 3; fsr = (fsr & 0xfe000) | (both:$(SIZE) & 0xcfc003ff); }",
    ),
    status(
        "rd=1 & ea { fsr = *:2 ea; }",
        "rd=1 & ea { local both:8 = *:8 ea; fcc0 = (both >> 10) & 3; fcc1 = (both >> 32) & 3; fcc2 = (both >> 34) & 3; fcc3 = (both >> 36) & 3; fsr = (fsr & 0xfe000) | (both:$(SIZE) & 0xcfc003ff); }",
    ),
    status(
        "rd=0 & ea { *ea = fsr; }",
        "rd=0 & ea { local low:4 = fsr:4 | (zext(fcc0) << 10); *:4 ea = low; }",
    ),
    status(
        "rd=1 & ea { *ea = fsr; }",
        "rd=1 & ea { local conditions:8 = (zext(fcc0) << 10) | (zext(fcc1) << 32) | (zext(fcc2) << 34) | (zext(fcc3) << 36); local low:4 = fsr:4; *:8 ea = zext(low) | conditions; }",
    ),
    dirty("\tfsrd     = (25,29)\n", "\tfsrdPlain = (25,29)\n\tfsrdUpper = (25,25)\n"),
    dirty("attach variables [fsrd fsrs1 fsrs2 ]", "attach variables [fsrdPlain fsrs1 fsrs2 ]"),
    dirty("\tfdrd     = (25,29)\n", "\tfdrdPlain = (25,29)\n\tfdrdUpper = (25,25)\n"),
    dirty("attach variables [fdrd fdrs1 fdrs2 ]", "attach variables [fdrdPlain fdrs1 fdrs2 ]"),
    dirty("\tfqrd     = (25,29)\n", "\tfqrdPlain = (25,29)\n\tfqrdUpper = (25,25)\n"),
    dirty("attach variables [fqrd fqrs1 fqrs2 ]", "attach variables [fqrdPlain fqrs1 fqrs2 ]"),
    dirty(
        "define pcodeop ld;\n",
        "@if SIZE==\"8\"\nfsrd: fsrdPlain is fsrdPlain { FPRS = FPRS | 1; export fsrdPlain; }\nfdrd: fdrdPlain is fdrdPlain & fdrdUpper=0 { FPRS = FPRS | 1; export fdrdPlain; }\nfdrd: fdrdPlain is fdrdPlain & fdrdUpper=1 { FPRS = FPRS | 2; export fdrdPlain; }\nfqrd: fqrdPlain is fqrdPlain & fqrdUpper=0 { FPRS = FPRS | 1; export fqrdPlain; }\nfqrd: fqrdPlain is fqrdPlain & fqrdUpper=1 { FPRS = FPRS | 2; export fqrdPlain; }\n@else\nfsrd: fsrdPlain is fsrdPlain { export fsrdPlain; }\nfdrd: fdrdPlain is fdrdPlain { export fdrdPlain; }\nfqrd: fqrdPlain is fqrdPlain { export fqrdPlain; }\n@endif\ndefine pcodeop ld;\n",
    ),
    dirty(
        ":st  fsrd,ea                         is op=3 & fsrd & op3=0x24 & ea { *ea = fsrd:4; }",
        ":st  fsrdPlain,ea                         is op=3 & fsrdPlain & op3=0x24 & ea { *ea = fsrdPlain:4; }",
    ),
    dirty(
        ":std fdrd,ea                         is op=3 & fdrd & op3=0x27 & ea { *ea = fdrd:8; }",
        ":std fdrdPlain,ea                         is op=3 & fdrdPlain & op3=0x27 & ea { *ea = fdrdPlain:8; }",
    ),
    dirty(
        ":stq fqrd,ea                         is op=3 & fqrd & op3=0x26 & ea { *ea = fqrd:16; }",
        ":stq fqrdPlain,ea                         is op=3 & fqrdPlain & op3=0x26 & ea { *ea = fqrdPlain:16; }",
    ),
    dirty(
        ":sta  fsrd,ea_alt                    is op=3 & fsrd & op3=0x34 & ea_alt { *ea_alt = fsrd:4; }",
        ":sta  fsrdPlain,ea_alt                    is op=3 & fsrdPlain & op3=0x34 & ea_alt { *ea_alt = fsrdPlain:4; }",
    ),
    dirty(
        ":stda fdrd,ea_alt                    is op=3 & fdrd & op3=0x37 & ea_alt { *ea_alt = fdrd:8; }",
        ":stda fdrdPlain,ea_alt                    is op=3 & fdrdPlain & op3=0x37 & ea_alt { *ea_alt = fdrdPlain:8; }",
    ),
    dirty(
        ":stqa fqrd,ea_alt                    is op=3 & fqrd & op3=0x36 & ea_alt { *ea_alt = fqrd:16; }",
        ":stqa fqrdPlain,ea_alt                    is op=3 & fqrdPlain & op3=0x36 & ea_alt { *ea_alt = fqrdPlain:16; }",
    ),
    branch_always(
        ":fb^fcc^predict \"%\"fccn,reloff64     is",
        "@if SIZE==\"8\"\n:fba^predict \"%\"^fccn,reloff64 is op=0x0 & op2=0x5 & a=0x0 & cond=0x8 & reloff64 & predict & fccn { delayslot(1); goto reloff64; }\n:fba^\",a\"^predict \"%\"^fccn,reloff64 is op=0x0 & op2=0x5 & a=0x1 & cond=0x8 & reloff64 & predict & fccn { goto reloff64; }\n:fbn^predict \"%\"^fccn,reloff64 is op=0x0 & op2=0x5 & a=0x0 & cond=0x0 & reloff64 & predict & fccn { }\n:fbn^\",a\"^predict \"%\"^fccn,reloff64,skip is op=0x0 & op2=0x5 & a=0x1 & cond=0x0 & reloff64 & predict & fccn & skip { goto skip; }\n@endif\n:fb^fcc^predict \"%\"fccn,reloff64     is",
    ),
    pair(
        ":ldda ea_alt,RD                      is op=3 & RD & op3=0x13 & ea_alt  { RD = *:$(SIZE) ea_alt; }",
        "@if SIZE==\"8\"\n:ldda ea_alt,RD is op=3 & RD & rd & op3=0x13 & ea_alt { local both:8 = *:8 ea_alt; local place:4 = &rd; rd = both >> 32; *[register]:8 (place + 8) = both & 0xffffffff; }\n@else\n:ldda ea_alt,RD is op=3 & RD & rd_d & op3=0x13 & ea_alt { rd_d = *:8 ea_alt; }\n@endif",
    ),
    pair(
        ":stda RD,ea_alt                      is op=3 & RD & op3=0x17 & ea_alt { *ea_alt = RD; }",
        "@if SIZE==\"8\"\n:stda RD,ea_alt is op=3 & RD & rd & op3=0x17 & ea_alt { local place:4 = &rd; local second:8 = *[register]:8 (place + 8); *:8 ea_alt = (rd << 32) | (second & 0xffffffff); }\n@else\n:stda RD,ea_alt is op=3 & RD & rd_d & op3=0x17 & ea_alt { *ea_alt = rd_d; }\n@endif",
    ),
    pair(
        ":ldd ea,RD                           is op=3 & RD & op3=0x03 & ea { RD = *:$(SIZE) ea; }",
        ":ldd ea,RD                           is op=3 & RD & rd & op3=0x03 & ea { local both:8 = *:8 ea; local place:4 = &rd; rd = both >> 32; *[register]:8 (place + 8) = both & 0xffffffff; }",
    ),
    pair(
        ":clrd ea                             is op=3 & rd=0 & op3=0x07 & ea { *ea = 0:8; }",
        ":clrd ea                             is op=3 & rd=0 & op3=0x07 & ea { local second:4 = g1:4; *:8 ea = zext(second); }",
    ),
    pair(
        ":std RD,ea                           is op=3 & RD & op3=0x07 & ea { *ea = RD; }",
        ":std RD,ea                           is op=3 & RD & rd & op3=0x07 & ea { local place:4 = &rd; local second:8 = *[register]:8 (place + 8); *:8 ea = (rd << 32) | (second & 0xffffffff); }",
    ),
    Edit {
        file: "SparcV9.sinc",
        old: "\tRD = res;       # 64 bit gets full product\n@endif\n\tlogicflags();",
        new: "\tRD = res;\n\tx_zf = (res == 0);\n\tx_nf = (res s< 0);\n@endif\n\tlogicflags();",
        reason: "the conditions of 64 bits are those of the whole product (SPARC V9, A.37)",
    },
    jump(":return  retea ", "define pcodeop checkJump;\n:return  retea "),
    jump(
        "{ build retea; restore(); delayslot(1); didrestore=1;",
        "{ build retea; registerWindowFill(); checkJump(retea); restore(); delayslot(1); didrestore=1;",
    ),
    jump(
        "{ build retea; RD = inst_start; delayslot(1);",
        "{ build retea; checkJump(retea); RD = inst_start; delayslot(1);",
    ),
    jump("{ build retea; delayslot(1);  goto", "{ build retea; checkJump(retea); delayslot(1);  goto"),
    jump("{ build retea; delayslot(1);  return", "{ build retea; checkJump(retea); delayslot(1);  return"),
    jump("{ build retea; delayslot(1); return", "{ build retea; checkJump(retea); delayslot(1); return"),
    Edit {
        file: "SparcV9.sinc",
        old: "{ export *:$(SIZE) regorimm; }",
        new: "{ local tmp:$(SIZE) = regorimm; export tmp; }",
        reason: "the address of a jump is the sum, not what is in memory there (SPARC V8, B.25)",
    },
    Edit {
        file: "SparcV9.sinc",
        old: "[ fq0  _ fq32 _ fq4  _ fq36 _ fq8  _ fq40 _ fq12 _ fq44\n                                       \
              _ fq16 _ fq48 _ fq20 _ fq52 _ fq24 _ fq56 _ fq28 _ fq60 _]",
        new: "[ fq0 fq32 fq0 fq32 fq4 fq36 fq4 fq36 fq8 fq40 fq8 fq40 fq12 fq44 fq12 fq44 \
              fq16 fq48 fq16 fq48 fq20 fq52 fq20 fq52 fq24 fq56 fq24 fq56 fq28 fq60 fq28 fq60 ]",
        reason: "the lowest bit of the field is the highest of the number; the one above it is not looked at (SPARC V9, 5.1.4.1)",
    },
];
