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
];
