# SPDX-License-Identifier: MIT OR Apache-2.0
# The stack machine of LoongArch. loongarch64-linux-gnu-as (binutils 2.40) makes
# `stack-loongarch64.o` of it; ld, with `.text` at 0x1000, gives the words that
# `relocations.rs` has.
 .text
 .globl _start, near
_start: .space 64
p1: .word 0x03800000
p2: .word 0x50000000
p3: .word 0
 .reloc p1, R_LARCH_SOP_PUSH_PCREL, near+4
 .reloc p1, R_LARCH_SOP_PUSH_DUP
 .reloc p1, R_LARCH_SOP_PUSH_ABSOLUTE, 2
 .reloc p1, R_LARCH_SOP_SR
 .reloc p1, R_LARCH_SOP_ADD
 .reloc p1, R_LARCH_SOP_PUSH_ABSOLUTE, 0xff
 .reloc p1, R_LARCH_SOP_AND
 .reloc p1, R_LARCH_SOP_POP_32_U_10_12
 .reloc p2, R_LARCH_SOP_PUSH_PCREL, _start
 .reloc p2, R_LARCH_SOP_POP_32_S_0_10_10_16_S2
 .reloc p3, R_LARCH_SOP_PUSH_ABSOLUTE, 0
 .reloc p3, R_LARCH_SOP_NOT
 .reloc p3, R_LARCH_SOP_PUSH_ABSOLUTE, near
 .reloc p3, R_LARCH_SOP_PUSH_ABSOLUTE, 5
 .reloc p3, R_LARCH_SOP_IF_ELSE
 .reloc p3, R_LARCH_SOP_PUSH_ABSOLUTE, 3
 .reloc p3, R_LARCH_SOP_SL
 .reloc p3, R_LARCH_SOP_PUSH_ABSOLUTE, 1
 .reloc p3, R_LARCH_SOP_SUB
 .reloc p3, R_LARCH_SOP_POP_32_S_U
 .space 52
near: .word 0
