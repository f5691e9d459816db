//! Corrections of the specification of the Z80 (UM0080).

use super::Edit;

/// A correction of the Z80 (Zilog UM0080, Z80 CPU User Manual).
const fn z80(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "z80.slaspec", old, new, reason }
}

const Z80_BIT: &str =
    "BIT gives S and P/V, which the manual leaves open (S. Young, The Undocumented Z80 Documented, 4.1)";

pub(super) const EDITS: &[Edit] = &[
    z80(
        "\tDECOMPILE_MODE\n];",
        "\tDECOMPILE_MODE IFF1 IFF2 IMODE\n];",
        "what interrupts are enabled, and their mode, is state",
    ),
    z80("#\tIFF1 = 0;\n#\tIFF2 = 0;\n\tdisableMaskableInterrupts();", "\tIFF1 = 0;\n\tIFF2 = 0;", "DI"),
    z80("#\tIFF1 = 1;\n#\tIFF2 = 1;\n\tenableMaskableInterrupts();", "\tIFF1 = 1;\n\tIFF2 = 1;", "EI"),
    z80("setInterruptMode(0:1);", "IMODE = 0;", "IM 0"),
    z80("setInterruptMode(1:1);", "IMODE = 1;", "IM 1"),
    z80("setInterruptMode(2:1);", "IMODE = 2;", "IM 2"),
    z80("\t# IFF1 = IFF2;", "\tIFF1 = IFF2;", "RETN"),
    z80(
        "#\t$(PV_flag) = IFF2;",
        "\t$(PV_flag) = IFF2;",
        "LD A,I and LD A,R give the second flip-flop in P/V",
    ),
    z80("\tadditionFlags(r_temp, 1);", "\tadditionFlagsNoC(r_temp, 1);", "INC leaves carry alone"),
    z80("\tadditionFlags(val, 1);", "\tadditionFlagsNoC(val, 1);", "INC leaves carry alone"),
    z80("\tval:1 = ixMem8;\n\tMemRead(val,HL);", "\tval:1 = ixMem8;", "ADC A,(IX+d) does not read at HL"),
    z80("\tval:1 = iyMem8;\n\tMemRead(val,HL);", "\tval:1 = iyMem8;", "ADC A,(IY+d) does not read at HL"),
    z80(
        "\tadditionFlagsNoPV(HL_temp, Reg_temp);\n\tHL_temp = HL_temp + Reg_temp + zext($(C_flag));",
        "\tadditionWithCarry(HL_temp, Reg_temp, HL_temp);",
        "ADC HL adds the carry that was there, which counts for the flags as well",
    ),
    z80(
        "\tif (test != 0) goto inst_start;\n\t\n\t$(H_flag) = 0;\n\t$(PV_flag) = 0;\n\t$(N_flag) = 0;",
        "\t$(H_flag) = 0;\n\t$(PV_flag) = (test != 0);\n\t$(N_flag) = 0;\n\tif (test != 0) goto inst_start;",
        "each round of LDIR and LDDR is an LDI or LDD",
    ),
    z80(
        "\tif (cmp != 0 || test != 0) goto inst_start;\n\n\tcarries:1 = (~a_temp & val) | (val & cmp) | (cmp & ~a_temp);\n\t$(H_flag) = (carries & 0b00001000) != 0;\n\t$(PV_flag) = (test != 0);\n\t$(N_flag) = 1;",
        "\tcarries:1 = (~a_temp & val) | (val & cmp) | (cmp & ~a_temp);\n\t$(H_flag) = (carries & 0b00001000) != 0;\n\t$(PV_flag) = (test != 0);\n\t$(N_flag) = 1;\n\tif (cmp != 0 && test != 0) goto inst_start;",
        "CPIR and CPDR end where the byte is found, or the bytes are",
    ),
    z80(
        "\tixMem8 = val;\n\t$(H_flag) = 0;\n\t$(N_flag) = 0;",
        "\tixMem8 = val;\n\t$(H_flag) = 0;\n\tsetParity(val);\n\t$(N_flag) = 0;",
        "RLC (IX+d) gives the parity",
    ),
    z80(
        "\t$(C_flag) = !$(C_flag);\n",
        "\t$(H_flag) = $(C_flag);\n\t$(C_flag) = !$(C_flag);\n",
        "CCF keeps the carry in H",
    ),
    z80("\tsetResultFlags(A);\n\tA = a_temp;", "\tsetResultFlags(a_temp);\n\tA = a_temp;", "SBC A,IXH"),
    z80("if (DECOMPILE_MODE) goto <forDecompilation>;", "goto <forDecompilation>;", "DAA: as follows"),
    z80(
        "   a_temp = BCDadjust(a_temp, $(C_flag), $(H_flag));\n   $(C_flag) = BCDadjustCarry(a_temp, $(C_flag), $(H_flag));\n",
        "   low:1 = a_temp & 0xf;\n   over:1 = $(C_flag) | (a_temp > 0x99);\n   fix:1 = ($(H_flag) | (low > 9)) * 0x06 + over * 0x60;\n   a_temp = a_temp + fix * (1 - 2 * $(N_flag));\n   $(H_flag) = (($(N_flag) == 1) & ($(H_flag) == 1) & (low < 6)) | (($(N_flag) == 0) & (low > 9));\n   $(C_flag) = over;\n",
        "DAA gives H, and adjusts whatever the digits are (S. Young, The Undocumented Z80 Documented, 4.7)",
    ),
    z80("   $(PV_flag) = hasEvenParity(a_temp);\n", "   setParity(a_temp);\n", "DAA gives the parity"),
    z80(
        "\t$(Z_flag) = ((reg0_3 & mask) == 0);",
        "\tlocal tested = reg0_3 & mask;\n\tsetResultFlags(tested);\n\t$(PV_flag) = (tested == 0);",
        Z80_BIT,
    ),
    z80(
        "\t$(Z_flag) = ((val & mask) == 0);",
        "\tlocal tested = val & mask;\n\tsetResultFlags(tested);\n\t$(PV_flag) = (tested == 0);",
        Z80_BIT,
    ),
    z80(
        ":ADD IY,pRegPair4_2 is op0_8=0xfd & IY; op6_2=0x0 & pRegPair4_2 & bits0_4=0x9 {\n\tlocal IY_temp = IY;\n\tlocal Reg_temp = pRegPair4_2;",
        ":ADD IY,rRegPair4_2 is op0_8=0xfd & IY; op6_2=0x0 & rRegPair4_2 & bits0_4=0x9 {\n\tlocal IY_temp = IY;\n\tlocal Reg_temp = rRegPair4_2;",
        "ADD IY,IY does not add IX",
    ),
];
