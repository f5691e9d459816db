//! Corrections of the specification of the 6502 (MCS6500 Microcomputer Family
//! Programming Manual, MOS Technology 1976).

use super::Edit;

const fn mos6502(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "6502.slaspec", old, new, reason }
}

pub(super) const EDITS: &[Edit] = &[
    mos6502(
        "\tSP = SP + 1;\n\tlocal ccr = *:1 SP;",
        "\tS = S + 1;\n\tlocal ccr = *:1 SP;",
        "the stack pointer has 8 bits: the stack stays in page one (8.3)",
    ),
    mos6502("\tB = ccr[4,1];\n", "", "there is no flip-flop of B (8.10)"),
    mos6502("\tccr[4,1] = B;\n", "", "what PHP and BRK push has B set (8.10)"),
    mos6502(
        "\t*:1 (SP) = ccr;\n\tSP = SP -1;",
        "\t*:1 SP = ccr;\n\tS = S - 1;",
        "the stack stays in page one (8.3)",
    ),
    mos6502(
        "{ addr:2 = zext(imm8 + X); tmp:2 = *:2 addr; export *:1 tmp; }",
        "{ low:2 = zext(imm8 + X); high:2 = zext(low:1 + 1); tmp:2 = zext(*:1 low) | (zext(*:1 high) << 8); export *:1 tmp; }",
        "the pointer of (zp,X) is in page zero as a whole (6.4)",
    ),
    mos6502(
        "{ addr:2 = imm8; tmp:2 = *:2 addr; tmp = tmp + zext(Y); export *:1 tmp; }",
        "{ low:2 = imm8; high:2 = zext(low:1 + 1); tmp:2 = zext(*:1 low) | (zext(*:1 high) << 8); tmp = tmp + zext(Y); export *:1 tmp; }",
        "the pointer of (zp),Y is in page zero as a whole (6.5)",
    ),
    mos6502(
        "{ tmp:2 = imm16; export *:2 tmp; }",
        "{ low:2 = imm16; high:2 = (low & 0xff00) | zext(low:1 + 1); tmp:2 = zext(*:1 low) | (zext(*:1 high) << 8); export tmp; }",
        "JMP (xxFF) takes the high byte of the address from the start of the page (the NMOS processors)",
    ),
    mos6502(
        "\tlocal op1 = OP1;\n\tlocal tmpC = C;\n\t\n\tC = carry(A, op1);\n\t\n\tA = A + op1 + tmpC;\n\n\tresultFlags(A);\n\tV = C;\n",
        "\tlocal op1 = OP1;\n\tlocal sum:2 = zext(A) + zext(op1) + zext(C);\n\tlocal whole:2 = sum;\n\tZ = (sum:1 == 0);\n\tif (D == 0) goto <flags>;\n\tlocal low:2 = zext(A & 0x0f) + zext(op1 & 0x0f) + zext(C);\n\tlocal fix:2 = zext(low >= 10);\n\tlow = ((low + fix * 6) & 0x0f) + fix * 0x10;\n\twhole = zext(A & 0xf0) + zext(op1 & 0xf0) + low;\n\tsum = whole + zext(whole >= 0xa0) * 0x60;\n<flags>\n\tlocal mid:1 = whole:1;\n\tN = mid s< 0;\n\tV = ((~(A ^ op1) & (A ^ mid)) & 0x80) != 0;\n\tC = sum >= 0x100;\n\tA = sum:1;\n",
        "ADC: the carry that comes in counts, V is the overflow, and decimal mode (B. Clark, Decimal Mode, appendix A)",
    ),
    mos6502(
        "\tN = (OP2 & 0x80) == 0x80;\n\tV = (OP2 & 0x40) == 0x40;\n\tlocal value = A & OP2;",
        "\tlocal op2 = OP2;\n\tN = (op2 & 0x80) == 0x80;\n\tV = (op2 & 0x40) == 0x40;\n\tlocal value = A & op2;",
        "BIT reads once",
    ),
    mos6502(
        "\t*:2 (SP - 1) = inst_next;\n\tSP = SP - 2;\n\tB = 1;\n\tpushSR();",
        "\tlocal back:2 = inst_next + 1;\n\t*:1 SP = back(1);\n\tS = S - 1;\n\t*:1 SP = back:1;\n\tS = S - 1;\n\tpushSR();",
        "BRK is followed by a byte that RTI does not come back to (9.11)",
    ),
    mos6502(
        "\t*:2 (SP-1) = inst_next;\n\tSP=SP-2; \n\tcall ADDR16;",
        "\tlocal back:2 = inst_next - 1;\n\t*:1 SP = back(1);\n\tS = S - 1;\n\t*:1 SP = back:1;\n\tS = S - 1;\n\tcall ADDR16;",
        "JSR pushes the address of its last byte, in page one (8.1)",
    ),
    mos6502("\t*:1 (SP) = A;\n\tSP = SP - 1;", "\t*:1 SP = A;\n\tS = S - 1;", "PHA stays in page one (8.3)"),
    mos6502("\tSP = SP + 1;\n\tA = *:1 (SP);", "\tS = S + 1;\n\tA = *:1 SP;", "PLA stays in page one (8.3)"),
    mos6502(
        "\tpopSR();\n\t\n    SP = SP+1;\n\ttmp:2 = *:2 SP;\n\tSP = SP+1;\n",
        "\tpopSR();\n\tS = S + 1;\n\tlow:2 = zext(*:1 SP);\n\tS = S + 1;\n\ttmp:2 = low | (zext(*:1 SP) << 8);\n",
        "RTI stays in page one (8.3)",
    ),
    mos6502(
        "\tSP = SP+1;\n\ttmp:2 = *:2 SP;\n\tSP = SP+1;\n",
        "\tS = S + 1;\n\tlow:2 = zext(*:1 SP);\n\tS = S + 1;\n\ttmp:2 = (low | (zext(*:1 SP) << 8)) + 1;\n",
        "RTS goes to the byte after the address that JSR pushed (8.2)",
    ),
    mos6502(
        "\tlocal result = A - op1 - !C;\n\t\n\tsubtraction_flags1(A, op1, result);\n\tA = result;\t\n",
        "\tlocal borrow:1 = 1 - C;\n\tlocal result:1 = A - op1 - borrow;\n\tlocal low:2 = zext(A & 0x0f) - zext(op1 & 0x0f) - zext(borrow);\n\tlocal under:2 = zext(low s< 0);\n\tlow = ((low - under * 6) & 0x0f) - under * 0x10;\n\tlocal whole:2 = zext(A & 0xf0) - zext(op1 & 0xf0) + low;\n\twhole = whole - zext(whole s< 0) * 0x60;\n\tlocal both:2 = zext(op1) + zext(borrow);\n\tlocal have:2 = zext(A);\n\tlocal enough:1 = have >= both;\n\tresultFlags(result);\n\tV = ((A ^ op1) & (A ^ result) & 0x80) != 0;\n\tC = enough;\n\tA = result * (1 - D) + whole:1 * D;\n",
        "SBC: C is set where nothing is borrowed, and decimal mode, whose flags are those of binary (B. Clark, Decimal Mode, appendix A)",
    ),
    mos6502(
        ":STA OP1     is (cc=1 & aaa=4) ... & OP1",
        ":STA OP1     is (cc=1 & aaa=4 & (bbb=0 | bbb=1 | bbb=3 | bbb=4 | bbb=5 | bbb=6 | bbb=7)) ... & OP1",
        "there is no STA of an immediate",
    ),
];
