//! Corrections of the specification of RISC-V.

use super::Edit;

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "riscv.rvc.sinc",
        old: "\tcfr0204s = *[ram]:$(SFLEN) ea;",
        new: "\tfassignS(cfr0204s, *[ram]:4 ea);",
        reason: "singles in double registers are boxed",
    },
    Edit {
        file: "riscv.rvc.sinc",
        old: "\tcfrd = *[ram]:$(SFLEN) ea;",
        new: "\tfassignS(cfrd, *[ram]:4 ea);",
        reason: "singles in double registers are boxed",
    },
    Edit {
        file: "riscv.rvc.sinc",
        old: "*[ram]:4 ea = cfr0204s;",
        new: "*[ram]:4 ea = cfr0204s:4;",
        reason: "singles are stored from double registers",
    },
    Edit {
        file: "riscv.table.sinc",
        old: "macro fassignS(dest, src) {\n@if FPSIZE == \"32\"\n\tdest = src;\n@else\n\tdest = zext(src);",
        new: "macro fassignS(dest, src) {\n@if FPSIZE == \"32\"\n\tdest = src;\n@else\n\tdest = 0xffffffff00000000 | zext(src);",
        reason: "singles in double registers are boxed",
    },
    Edit {
        file: "riscv.csr.sinc",
        old: "\trdDst = zext(frm[0,3]);\n\tfrm[0,3] = rs1[0,3];",
        new: "\tlocal new = rs1;\n\trdDst = zext(frm[0,3]);\n\tfrm[0,3] = new[0,3];",
        reason: "source and destination may be the same register",
    },
    Edit {
        file: "riscv.rvc.sinc",
        old: "\tra = inst_next;\n\tcall [crd];",
        new: "\tlocal target = crd;\n\tra = inst_next;\n\tcall [target];",
        reason: "the register of the target may be the link register",
    },
    // Drafts that no processor has, in the place of which there are the ratified
    // extensions.
    Edit {
        file: "riscv.instr.sinc",
        old: "@include \"riscv.rv32b.sinc\"",
        new: include_str!("../../specifications/riscv.bits.sinc"),
        reason: "the draft of B; ratified: Zba, Zbb, Zbc, Zbs, Zbkb, Zbkc, Zbkx, Zicond",
    },
    Edit {
        file: "riscv.instr.sinc",
        old: "@include \"riscv.rv32k.sinc\"",
        new: include_str!("../../specifications/riscv.crypto.sinc"),
        reason: "the draft of K; ratified: Zknd, Zkne, Zknh, Zksed, Zksh",
    },
    Edit {
        file: "riscv.instr.sinc",
        old: "@include \"riscv.rv32p.sinc\"",
        new: include_str!("../../specifications/riscv.others.sinc"),
        reason: "the draft of P; ratified: Zacas, Zabha, Zawrs, Zicbo*, Zimop, Zcmop, hints",
    },
    Edit {
        file: "riscv.instr.sinc",
        old: "@include \"riscv.rv64b.sinc\"\n",
        new: "",
        reason: "the draft of B",
    },
    Edit {
        file: "riscv.instr.sinc",
        old: "@include \"riscv.rv64p.sinc\"\n",
        new: "",
        reason: "the draft of P",
    },
    Edit {
        file: "riscv.instr.sinc",
        old: "@include \"riscv.rv64k.sinc\"\n",
        new: "",
        reason: "the draft of K",
    },
    Edit {
        file: "riscv.instr.sinc",
        old: "@include \"riscv.zi.sinc\"\n",
        new: concat!(
            "@include \"riscv.zi.sinc\"\n",
            include_str!("../../specifications/riscv.float.sinc"),
            include_str!("../../specifications/riscv.compressed.sinc"),
        ),
        reason: "ratified: Zfh, Zfhmin, Zfbfmin, Zfa, Zcb",
    },
    Edit {
        file: "riscv.instr.sinc",
        old: "@include \"riscv.custom.sinc\"\n",
        new: "",
        reason: "custom instructions are those of a processor",
    },
    Edit {
        file: "riscv.rvv.sinc",
        old: ":vamo",
        new: "#:vamo",
        reason: "vector atomics were dropped before V was ratified; Zabha has their encodings",
    },
    Edit { file: "riscv.reg.sinc", old: "csr015 ", new: "seed ", reason: "Zkr" },
    Edit {
        file: "riscv.reg.sinc",
        old: "  op2030=(20,30)\n",
        new: "  op2030=(20,30)\n  op2021=(20,21)\n  op2225=(22,25)\n  op3030=(30,30)\n  rHigh0711=(7,11)\n  \
              rHigh2024=(20,24)\n",
        reason: "fields of Zimop and Zacas",
    },
    // The rounding mode is printed as assemblers do: not if it is that of frm.
    Edit { file: "riscv.rv32f.sinc", old: ",FRM is", new: "^FRM is", reason: "the comma is in the table" },
    Edit { file: "riscv.rv32d.sinc", old: ",FRM is", new: "^FRM is", reason: "the comma is in the table" },
    Edit { file: "riscv.rv64f.sinc", old: ",FRM is", new: "^FRM is", reason: "the comma is in the table" },
    Edit { file: "riscv.rv64d.sinc", old: ",FRM is", new: "^FRM is", reason: "the comma is in the table" },
    Edit {
        file: "riscv.table.sinc",
        old: "FRM: \"r",
        new: "FRM: \",r",
        reason: "assemblers print no dynamic rounding mode",
    },
    Edit {
        file: "riscv.table.sinc",
        old: "FRM: \"dyn\"",
        // Where nothing is rounded, the usual mode is another one.
        new: "roundingWidening: \"\" is op1214=0 { }\nroundingWidening: \",dyn\" is op1214=7 { }\n\
              roundingWidening: FRM is FRM { }\nFRM: \"\"",
        reason: "assemblers print no dynamic rounding mode",
    },
    Edit {
        file: "riscv.rv32d.sinc",
        old: ":fcvt.d.s frd,frs1S is frs1S & frd & op0001=0x3 & op0204=0x4 & op0506=0x2 & funct3=0x0",
        new: ":fcvt.d.s frd,frs1S^roundingWidening is frs1S & frd & op0001=0x3 & op0204=0x4 & op0506=0x2 & roundingWidening",
        reason: "the rounding mode has no effect, and may be any",
    },
    Edit {
        file: "riscv.rv32d.sinc",
        old: ":fcvt.d.w frd,rs1W is frd & rs1W & op0001=0x3 & op0204=0x4 & op0506=0x2 & funct3=0x0",
        new: ":fcvt.d.w frd,rs1W^roundingWidening is frd & rs1W & op0001=0x3 & op0204=0x4 & op0506=0x2 & roundingWidening",
        reason: "the rounding mode has no effect, and may be any",
    },
    Edit {
        file: "riscv.rv32d.sinc",
        old: ":fcvt.d.wu frd,rs1W is frd & rs1W & op0001=0x3 & op0204=0x4 & op0506=0x2 & funct3=0x0",
        new: ":fcvt.d.wu frd,rs1W^roundingWidening is frd & rs1W & op0001=0x3 & op0204=0x4 & op0506=0x2 & roundingWidening",
        reason: "the rounding mode has no effect, and may be any",
    },
];
