//! Corrections of the specification of Xtensa.

use super::Edit;

/// A correction of a load of a neighbouring register.
const fn xtensa(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "xtensaInstructions.sinc", old, new, reason: "ALL4 and its like read neighbours" }
}

/// A correction of the products of halves (Multiply-Accumulate, MAC16), whose
/// operands the specification leaves in M1 and M2.
const fn product(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "xtensaInstructions.sinc", old, new, reason: "a product changes no operand" }
}

/// A correction of products of a MAC16 register: of HL and LH the first letter
/// is that of the first operand (chapter 6, MUL.DA, MULA.DA, MULA.DD).
const fn halves(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "xtensaInstructions.sinc", old, new, reason: "the halves are those that the name tells" }
}

/// Another text, for a reason.
const fn other(file: &'static str, old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file, old, new, reason }
}

/// The instructions.
const INSTRUCTIONS: &str = "xtensaInstructions.sinc";

/// An instruction that `xtensa.special.sinc` has.
const fn elsewhere(old: &'static str) -> Edit {
    other(INSTRUCTIONS, old, "", "what it does with windows or special registers is in a text of our own")
}

/// A call: its window is shown by ENTRY, and nothing is moved before.
const fn call(old: &'static str) -> Edit {
    other(INSTRUCTIONS, old, "", "ENTRY shows the window of the function, and RETW that of its caller")
}

/// Booleans that begin where they may.
const fn booleans(old: &'static str, new: &'static str) -> Edit {
    other(INSTRUCTIONS, old, new, "a group of booleans begins at a multiple of their number")
}

/// Floating point with its rounding modes and flags, and conversions with
/// their scale.
const fn float(old: &'static str, new: &'static str) -> Edit {
    other(INSTRUCTIONS, old, new, "rounding modes, flags and scales are the engine's")
}

/// A loop: where it ends is where LEND says, whatever instruction set it
/// (4.3.2, chapter 6, LOOP).
const fn a_loop(old: &'static str, new: &'static str) -> Edit {
    other(INSTRUCTIONS, old, new, "the end of a loop is where LEND says")
}

pub(super) const EDITS: &[Edit] = &[
    // The fields of PS (5.3, table 5-127).
    other(
        "xtensaArch.sinc",
        "@define PS_CALLINC\t\"PS[12,2]\"\n@define\tPS_WOE\t\t\"PS[14,1]\"",
        "@define PS_CALLINC\t\"PS[16,2]\"\n@define\tPS_WOE\t\t\"PS[18,1]\"",
        "CALLINC and WOE are bits 16 to 18 of PS",
    ),
    other(
        "xtensaArch.sinc",
        "\tloopMode=(0,0)\n\tloopEnd=(1,1) noflow\n",
        "\t# The instruction ends where a loop does.\n\tloopEnd=(1,1) noflow\n\t\
         # Up to which group of four registers none is of a caller's window.\n\twindow=(2,3)\n",
        "loops end where LEND says, and windows are checked where they need be",
    ),
    other(
        "xtensaArch.sinc",
        "    sr     = (8,15)\n",
        "    sr     = (8,15)\n    srNumber = (8,15)\n",
        "the number of a special register",
    ),
    other(
        "xtensaMain.sinc",
        ":^instruction is phase=0 & loopMode=1 & instruction [ phase=1; ] {\n\tbuild instruction;\n\t\
         if (LCOUNT == 0 || $(PS_EXCM)) goto inst_next;\n\tLCOUNT = LCOUNT - 1;\n\tgoto [LBEG];\n}\n\
         :^instruction is phase=0 & loopMode=1 & loopEnd=1 & instruction\n\t\
         [ loopMode=0; phase=1; ] {\n\tbuild instruction;\n}\n\n\
         :^instruction is phase=0 & loopMode=0 & instruction\n",
        ":^instruction is phase=0 & loopEnd=1 & instruction [ phase=1; ] {\n\tbuild instruction;\n\t\
         if (LEND != inst_next || LCOUNT == 0 || $(PS_EXCM)) goto inst_next;\n\tLCOUNT = LCOUNT - 1;\n\t\
         goto [LBEG];\n}\n\n\
         :^instruction is phase=0 & loopEnd=0 & instruction\n",
        "the last instruction of a loop goes back to LBEG (4.3.2.3)",
    ),
    a_loop(
        "\t[ loopMode=1; loopEnd = 1; globalset(LoopOffset8, loopEnd); ] {\n\t\
         LCOUNT = as - 1;\n\tLBEG = inst_next;\n\tLEND = &LoopOffset8;\n}",
        "& NextInst {\n\tLCOUNT = as - 1;\n\tLBEG = inst_next;\n\tLEND = &LoopOffset8;\n\t\
         loopEnds();\n\tgoto NextInst;\n}",
    ),
    a_loop(
        "\t[ loopMode=1; loopEnd = 1; globalset(LoopOffset8, loopEnd); ] {\n\t\
         LCOUNT = as - 1;\n\tLBEG = inst_next;\n\tLEND = &LoopOffset8;\n\t\
         if (as s<= 0) goto LoopOffset8;\n}",
        "& NextInst {\n\tLCOUNT = as - 1;\n\tLBEG = inst_next;\n\tLEND = &LoopOffset8;\n\t\
         loopEnds();\n\tif (as s<= 0) goto LoopOffset8;\n\tgoto NextInst;\n}",
    ),
    a_loop(
        "\t[ loopMode=1; loopEnd = 1; globalset(LoopOffset8, loopEnd); ] {\n\t\
         LCOUNT = as - 1;\n\tLBEG = inst_next;\n\tLEND = &LoopOffset8;\n\t\
         if (as == 0) goto LoopOffset8;\n}",
        "& NextInst {\n\tLCOUNT = as - 1;\n\tLBEG = inst_next;\n\tLEND = &LoopOffset8;\n\t\
         loopEnds();\n\tif (as == 0) goto LoopOffset8;\n\tgoto NextInst;\n}",
    ),
    other(
        INSTRUCTIONS,
        "\tar = at;\n\tif (ar s> 0)\n\t  goto inst_next;\n\tar = -ar;\n",
        "\tar = at;\n\tif (ar s> 0)\n\t  goto <end>;\n\tar = -ar;\n\t<end>\n",
        "it may be the last instruction of a loop",
    ),
    // Calls (4.7.1.5, chapter 6, CALL4, ENTRY, RETW).
    other(
        "xtensaMain.sinc",
        "0x0fffffff",
        "0x3fffffff",
        "two bits of a return address tell the window, and thirty the address",
    ),
    call("\tswap4();\n"),
    call("\tswap8();\n"),
    call("\tswap12();\n"),
    call("\trestore4();\n"),
    call("\trestore8();\n"),
    call("\trestore12();\n"),
    other(
        INSTRUCTIONS,
        "\t$(PS_CALLINC) = 0;\n",
        "",
        "CALL0 and CALLX0 are no calls with a window, and leave PS as it is",
    ),
    other(
        "xtensaMain.sinc",
        "define pcodeop breakpoint;\n",
        "define pcodeop breakpoint;\ndefine pcodeop fillCaller;\ndefine pcodeop loopEnds;\n\
         define pcodeop readCycleCount;\ndefine pcodeop rotateWindow;\ndefine pcodeop showWindow;\n\
         define pcodeop writeCycleCount;\n\
         define pcodeop floatAdd; define pcodeop floatSubtract;\n\
         define pcodeop floatMultiply; define pcodeop floatMultiplyAdd;\n\
         define pcodeop floatMultiplySubtract; define pcodeop floatRound;\n\
         define pcodeop floatTruncate; define pcodeop floatFloor;\n\
         define pcodeop floatCeiling; define pcodeop floatTruncateUnsigned;\n\
         define pcodeop floatOfInteger; define pcodeop floatOfUnsigned;\n",
        "what the engine does",
    ),
    elsewhere(
        ":entry as, u15_12_23_sb3 is u15_12_23_sb3 & as & u2_6_7 = 0b00 & u2_4_5 = 0b11 & op0 = 0b0110 {\n\t\
         local callSP = a1;\n\tcallinc:1 = $(PS_CALLINC);\n\trotateRegWindow(callinc);\n\t\
         as = callSP - zext(u15_12_23_sb3);\n}\n",
    ),
    elsewhere(
        ":movsp at, as is op2 = 0 & op1 = 0 & ar = 0b0001 & as & at & op0 = 0 {\n\t\
         at = (zext(WindowStart == 0) * at) + (zext(WindowStart != 0) * as);\n}\n",
    ),
    elsewhere(
        ":rfde is op2 = 0 & op1 = 0 & ar = 0b0011 & as =0b0010 & at = 0 & op0 = 0 {\n    \
         local tmp:4 = rfde();\n    return [tmp];\n}\n",
    ),
    elsewhere(
        ":rfe is op2 = 0 & op1 = 0 & ar = 0b0011 & as = 0 & at = 0 & op0 = 0 {\n    \
         local tmp:4 = rfe();\n    return [tmp];\n}\n",
    ),
    elsewhere(
        ":rotw s4_4_7 is op2 = 0b0100 & op1 = 0 & ar = 0b1000 & as = 0 & s4_4_7 & op0 = 0 {\n    \
         WindowBase = WindowBase + s4_4_7;\n}\n",
    ),
    elsewhere(
        ":rsil at, u4_8_11 is op2 = 0 & op1 = 0 & ar = 0b0110 & u4_8_11 & at & op0 = 0 {\n    \
         at = rsil(u4_8_11:1);\n}\n",
    ),
    elsewhere(":wsr at, sr is op2 = 0b0001 & op1 = 0b0011 & sr & at & op0 = 0 {\n\twsr(sr:1, at);\n}\n"),
    elsewhere(":wur at, sr is op2 = 0b1111 & op1 = 0b0011 & sr & at & op0 = 0 {\n    wur(sr:1, at);\n}\n"),
    elsewhere(
        ":rur ar, u8_4_11 is op2 = 0b1110 & op1 = 0b0011 & ar & u8_4_11 & op0 = 0 {\n    \
         ar = rur(u8_4_11:1);\n}\n",
    ),
    elsewhere(
        ":xsr at, sr is op2 = 0b0110 & op1 = 0b0001 & sr & at & op0 = 0 {\n    \
         at = xsr(sr:1, at);\n}\n",
    ),
    other(
        INSTRUCTIONS,
        ":rsr at, sr is op0 = 0 & op1 = 0b0011 & sr & at & op0 = 0 {\n\tat = rsr(sr:1);\n}\n",
        include_str!("../../specifications/xtensa.special.sinc"),
        "special registers, windows and returns as the manual has them",
    ),
    // Groups of booleans begin at a multiple of their number (chapter 6, ALL4,
    // ALL8, ANY4, ANY8).
    booleans(
        ":all4 bt, bs is op2",
        ":all4 bt, bs is (u4_8_11 = 0 | u4_8_11 = 4 | u4_8_11 = 8 | u4_8_11 = 12) & op2",
    ),
    booleans(
        ":any4 bt, bs is op2",
        ":any4 bt, bs is (u4_8_11 = 0 | u4_8_11 = 4 | u4_8_11 = 8 | u4_8_11 = 12) & op2",
    ),
    booleans(":all8 bt, bs is op2", ":all8 bt, bs is (u4_8_11 = 0 | u4_8_11 = 8) & op2"),
    booleans(":any8 bt, bs is op2", ":any8 bt, bs is (u4_8_11 = 0 | u4_8_11 = 8) & op2"),
    // Floating point (4.3.11).
    float("\tfr = fs f+ ft;\n", "\tfr = floatAdd(fs, ft);\n"),
    float("\tfr = fs f- ft;\n", "\tfr = floatSubtract(fs, ft);\n"),
    float("\tfr = fs f* ft;\n", "\tfr = floatMultiply(fs, ft);\n"),
    float("\tfr = fr f+ (fs f* ft);\n", "\tfr = floatMultiplyAdd(fr, fs, ft);\n"),
    float("\tfr = fr f- (fs f* ft);\n", "\tfr = floatMultiplySubtract(fr, fs, ft);\n"),
    float("\tfr = 0 f- fs;\n", "\tfr = fs ^ 0x80000000;\n"),
    float(
        "\tlocal scale:4 = 1 << u4_4_7;\n\tar = ceil(fs f* int2float(scale));\n",
        "\tar = floatCeiling(fs, u4_4_7:1);\n",
    ),
    float(
        "\tlocal scale:4 = 1 << u4_4_7;\n\tar = floor(fs f* int2float(scale));\n",
        "\tar = floatFloor(fs, u4_4_7:1);\n",
    ),
    float(
        "\tlocal scale:4 = 1 << u4_4_7;\n\tlocal result = fs f* int2float(scale);\n\tisNan:1 = nan(result);\n\tif (isNan) goto <bad>;\n\tar = round(fs f* scale);\n\tgoto <end>;\n\t<bad>\n\tar = 0x80000000;\n\tif (fs f< 0) goto <end>;\n\tar = 0x7fffffff;\n\t<end>\n",
        "\tar = floatRound(fs, u4_4_7:1);\n",
    ),
    float(
        "\tlocal scale:4 = 1 << u4_4_7;\n\tlocal result = fs f* int2float(scale);\n\tisNan:1 = nan(result);\n\tif (isNan) goto <bad>;\n\tar = trunc(fs f* scale);\n\tgoto <end>;\n\t<bad>\n\tar = 0x80000000;\n\tif (fs f< 0) goto <end>;\n\tar = 0x7fffffff;\n\t<end>\n",
        "\tar = floatTruncate(fs, u4_4_7:1);\n",
    ),
    float(
        "\tlocal scale:4 = 1 << u4_4_7;\n\tfr = int2float(as) f/ int2float(scale);\n",
        "\tfr = floatOfInteger(as, u4_4_7:1);\n",
    ),
    float(
        "\tlocal tmp:8 = zext(as);\n\tlocal scale:4 = 1 << u4_4_7;\n\tfr = int2float(tmp) f/ int2float(scale);\n",
        "\tfr = floatOfUnsigned(as, u4_4_7:1);\n",
    ),
    float(
        "    local scale:4 = int2float(1:2 << u4_4_7:2);\n    local tmp:8 = trunc(fs f* scale);\n    local posof = nan(fs) || (tmp >> 16) != 0;\n    local negof = tmp s< 0;\n    local noof  = !posof && !negof;\n    ar = zext(posof)*0xffffffff + zext(negof)*0x80000000 + zext(noof)*tmp:4;\n",
        "\tar = floatTruncateUnsigned(fs, u4_4_7:1);\n",
    ),
    // Loads whose order matters are loads (chapter 6, L32AI, S32RI).
    other(INSTRUCTIONS, "\tacquire(addr);\n", "", "one processor sees its accesses in their order"),
    other(INSTRUCTIONS, "\trelease(addr);\n", "", "one processor sees its accesses in their order"),
    other(
        "xtensaMain.sinc",
        "r_b4constu: tmp is ar = 1         [ tmp = 0x1000; ]",
        "r_b4constu: tmp is ar = 1         [ tmp = 0x10000; ]",
        "B4CONSTU(1) is 65536 (table 3-18)",
    ),
    halves("\ttm1:2 = m0m1_14_14:2;\n\ttm2:2 = at(2);\n", "\ttm1:2 = m0m1_14_14 (2);\n\ttm2:2 = at :2;\n"),
    halves("\ttm1:2 = m0m1_14_14(2);\n\ttm2:2 = at:2;\n", "\ttm1:2 = m0m1_14_14:2;\n\ttm2:2 = at(2);\n"),
    halves(
        " 4;\n\ttm1:2 = m0m1_14_14:2;\n\ttm2:2 = m2m3_6_6(2);\n",
        " 4;\n\ttm1:2 = m0m1_14_14 (2);\n\ttm2:2 = m2m3_6_6 :2;\n",
    ),
    halves(
        " 4;\n\ttm1:2 = m0m1_14_14(2);\n\ttm2:2 = m2m3_6_6:2;\n",
        " 4;\n\ttm1:2 = m0m1_14_14:2;\n\ttm2:2 = m2m3_6_6(2);\n",
    ),
    Edit {
        file: "xtensaInstructions.sinc",
        old: "    at = lzcount(~as);",
        new: "    local magnitude:4 = as ^ (as s>> 31); at = lzcount(magnitude) - 1;",
        reason: "NSA counts the bits that are the sign's but for it",
    },
    product("\tM1 = zext(tm1);\n\tM2 = zext(tm2);\n", ""),
    product("sext(M1:2) * sext(M2:2)", "sext(tm1) * sext(tm2)"),
    product("zext(M1:2) * zext(M2:2)", "zext(tm1) * zext(tm2)"),
    // `*[space]:1 a+1` adds to what is loaded, and the neighbouring register
    // is meant (Xtensa Instruction Set Architecture, ALL4, ALL8, ANY4, ANY8).
    xtensa("*[register]:1 &:4 bs+1;", "*[register]:1 (&:4 bs+1);"),
    xtensa("*[register]:1 &:4 bs+2;", "*[register]:1 (&:4 bs+2);"),
    xtensa("*[register]:1 &:4 bs+3;", "*[register]:1 (&:4 bs+3);"),
    xtensa("*[register]:1 &:4 bs+4;", "*[register]:1 (&:4 bs+4);"),
    xtensa("*[register]:1 &:4 bs+5;", "*[register]:1 (&:4 bs+5);"),
    xtensa("*[register]:1 &:4 bs+6;", "*[register]:1 (&:4 bs+6);"),
    xtensa("*[register]:1 &:4 bs+7;", "*[register]:1 (&:4 bs+7);"),
];
