//! Corrections of the specification of the 8051 (MCS-51 Microcontroller Family
//! User's Manual, Intel 1994, order number 272383).

use super::Edit;

const fn i8051(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "8051_main.sinc", old, new, reason }
}

pub(super) const EDITS: &[Edit] = &[
    i8051(
        "@define BIT_OPS \"BIT_ADDRS\"",
        "@define BIT_OPS \"SHIFTS\"",
        "a bit is one of a byte of internal RAM or of a special function register (Architectural Overview, Boolean instructions)",
    ),
    i8051(
        "define register offset=0x40  size=$(SP_SIZE) [ SP ];",
        "define register offset=0x40  size=4 [ STACK ];\ndefine register offset=0x43  size=1 [ SP ];",
        "the address that the stack pointer stands for, whose lowest byte it is",
    ),
    i8051(
        "   rn       = (0,2)\n",
        "   rn_name  = (0,2)\n   rn_count = (0,2)\n",
        "R0 to R7 are the bytes of internal RAM that PSW selects (Programmer's Guide, PSW)",
    ),
    i8051(
        "   ri       = (0,0)\n",
        "   ri_name  = (0,0)\n   ri_count = (0,0)\n",
        "the same of those that are pointers",
    ),
    i8051("attach variables  rn [", "attach variables  rn_name [", "what a register is called"),
    i8051("attach variables  ri [", "attach variables  ri_name [", "what a register is called"),
    i8051(
        "Areg:    \"A\"     is ophi             { export ACC; }",
        "rn: rn_name is rn_name & rn_count { local at:1 = (PSW & 0x18) | rn_count; export *[INTMEM]:1 at; }\nAreg:    \"A\"     is ophi             { export ACC; }",
        "the bank of R0 to R7 is what bits 3 and 4 of PSW say",
    ),
    i8051(
        "Ri:      @ri       is ri      { export *[INTMEM]:1 ri; }",
        "Ri:      @ri_name  is ri_name & ri_count { local at:1 = (PSW & 0x18) | ri_count; local pointer:1 = *[INTMEM]:1 at; export *[INTMEM]:1 pointer; }",
        "the pointers are R0 and R1 of the bank",
    ),
    i8051(
        "RiX:     @ri       is ri      { ptr:2 = zext(ri); export *[EXTMEM]:1 ptr; } # limited to 8-bit external data address (I/O state can be used to produce 16-bit addr)",
        "RiX:     @ri_name  is ri_name & ri_count { local at:1 = (PSW & 0x18) | ri_count; local page:1 = 0xa0; local ptr:2 = (zext(*[SFR]:1 page) << 8) | zext(*[INTMEM]:1 at); export *[EXTMEM]:1 ptr; }",
        "the upper byte of the address is that of port 2 (Hardware Description, Accessing External Memory)",
    ),
    i8051(
        "macro resultflags(op1) { # Set N,Z flag for results\n $(N) = op1 s< 0;\n $(Z) = op1 == 0;\n}",
        "macro refresh_parity() {\n PSW = (PSW & 0xfe) | (popcount(ACC) & 1);\n}\n\nmacro add_with(op1, op2, carry_in) {\n local sum:2 = zext(op1) + zext(op2) + zext(carry_in);\n local digit:1 = (op1 & 0xf) + (op2 & 0xf) + carry_in;\n local result:1 = sum:1;\n ACC = result;\n PSW = (PSW & 0x3b) | (sum(1) << 7) | ((digit & 0x10) << 2) | ((((op1 ^ result) & (op2 ^ result)) & 0x80) >> 5);\n}\n\nmacro subtract_with(op1, op2, borrow_in) {\n local difference:2 = zext(op1) - zext(op2) - zext(borrow_in);\n local digit:1 = (op1 & 0xf) - (op2 & 0xf) - borrow_in;\n local result:1 = difference:1;\n ACC = result;\n PSW = (PSW & 0x3b) | ((difference(1) & 1) << 7) | ((digit & 0x10) << 2) | ((((op1 ^ op2) & (op1 ^ result)) & 0x80) >> 5);\n}",
        "bits 1 and 5 of PSW are the programs' own; sums and differences set the carries of bits 3 and 7 and the overflow, with the carry that comes in (Instruction Set, ADD, ADDC, SUBB)",
    ),
    i8051(
        "addflags(ACC,rn); ACC = ACC + rn; resultflags(ACC);",
        "local left:1 = ACC; local right:1 = rn; add_with(left, right, 0:1);",
        "ADD: all flags; the operand may be PSW",
    ),
    i8051(
        "{ tmp:1 =$(CY)+ rn; addflags(ACC,tmp); ACC = ACC + tmp; resultflags(ACC); }",
        "{ local left:1 = ACC; local right:1 = rn; local with:1 = PSW >> 7; add_with(left, right, with); }",
        "ADDC: all flags, and both carries count",
    ),
    i8051(
        "{  tmp : 1 = rn+$(CY); subflags(ACC,tmp); ACC = ACC - tmp; }",
        "{ local left:1 = ACC; local right:1 = rn; local with:1 = PSW >> 7; subtract_with(left, right, with); }",
        "SUBB: all flags, and both borrows count",
    ),
    i8051(
        "addflags(ACC,Direct); ACC = ACC + Direct; resultflags(ACC);",
        "local left:1 = ACC; local right:1 = Direct; add_with(left, right, 0:1);",
        "ADD: all flags; the operand may be PSW",
    ),
    i8051(
        "{ tmp:1 =$(CY)+ Direct; addflags(ACC,tmp); ACC = ACC + tmp; resultflags(ACC); }",
        "{ local left:1 = ACC; local right:1 = Direct; local with:1 = PSW >> 7; add_with(left, right, with); }",
        "ADDC: all flags, and both carries count",
    ),
    i8051(
        "{  tmp:1 = Direct+$(CY); subflags(ACC,tmp); ACC = ACC - tmp; }",
        "{ local left:1 = ACC; local right:1 = Direct; local with:1 = PSW >> 7; subtract_with(left, right, with); }",
        "SUBB: all flags, and both borrows count",
    ),
    i8051(
        "addflags(ACC,Ri); ACC = ACC + Ri; resultflags(ACC);",
        "local left:1 = ACC; local right:1 = Ri; add_with(left, right, 0:1);",
        "ADD: all flags; the operand may be PSW",
    ),
    i8051(
        "{ tmp:1 =$(CY)+ Ri; addflags(ACC,tmp); ACC = ACC + tmp; resultflags(ACC); }",
        "{ local left:1 = ACC; local right:1 = Ri; local with:1 = PSW >> 7; add_with(left, right, with); }",
        "ADDC: all flags, and both carries count",
    ),
    i8051(
        "{  local tmp = Ri+$(CY); subflags(ACC,tmp); ACC = ACC - tmp; }",
        "{ local left:1 = ACC; local right:1 = Ri; local with:1 = PSW >> 7; subtract_with(left, right, with); }",
        "SUBB: all flags, and both borrows count",
    ),
    i8051(
        "addflags(ACC,Data); ACC = ACC + Data; resultflags(ACC);",
        "local left:1 = ACC; local right:1 = Data; add_with(left, right, 0:1);",
        "ADD: all flags; the operand may be PSW",
    ),
    i8051(
        "{  tmp:1 =$(CY)+ Data; addflags(ACC,tmp); ACC = ACC + tmp; resultflags(ACC); }",
        "{ local left:1 = ACC; local right:1 = Data; local with:1 = PSW >> 7; add_with(left, right, with); }",
        "ADDC: all flags, and both carries count",
    ),
    i8051(
        "{ tmp:1 = Data+$(CY); subflags(ACC,tmp); ACC = ACC - tmp; }",
        "{ local left:1 = ACC; local right:1 = Data; local with:1 = PSW >> 7; subtract_with(left, right, with); }",
        "SUBB: all flags, and both borrows count",
    ),
    i8051("; resultflags(ACC); }", "; }", "ANL sets no flags"),
    i8051("; resultflags(tmp); }", "; }", "ANL sets no flags"),
    i8051(
        "Direct:  PSW       is bank=1 & direct=0xD0 & PSW  { export PSW;  }",
        "Direct:  PSW       is bank=1 & direct=0xD0 & PSW  { refresh_parity(); export PSW;  }\nDirect:  SP        is bank=1 & direct=0x81 & SP { export SP; }",
        "the parity bit follows the accumulator (Programmer's Guide, PSW); the stack pointer is a special function register",
    ),
    i8051(
        "Direct2: PSW       is bank2=1 & direct2=0xD0 & PSW  { export PSW;  }",
        "Direct2: PSW       is bank2=1 & direct2=0xD0 & PSW  { export PSW;  }\nDirect2: SP        is bank2=1 & direct2=0x81 & SP { export SP; }",
        "the stack pointer is a special function register",
    ),
    i8051(
        "sfrbyte=0x1A & sfrbit & PSW { export PSW; }",
        "sfrbyte=0x1A & sfrbit & PSW { refresh_parity(); export PSW; }",
        "the parity bit follows the accumulator",
    ),
    i8051(
        "{ compflags(ACC,Direct); if (ACC!=Direct) goto Rel8; }",
        "{ local right:1 = Direct; compflags(ACC,right); if (ACC!=right) goto Rel8; }",
        "CJNE: the operand may be PSW",
    ),
    i8051(
        "ACC = decimal_adjust(ACC);",
        "local low:2 = zext(ACC); low = low + 6 * zext(((ACC & 0xf) > 9) | ((PSW >> 6) & 1)); local high:1 = (low > 0x9f) | (PSW >> 7); low = low + 0x60 * zext(high); ACC = low:1; PSW = PSW | (high << 7);",
        "DA (Instruction Set, DA)",
    ),
    i8051(
        "BitByteAddr = BitByteAddr & (~(1<<sfrbit)); BitByteAddr = BitByteAddr | ($(CY)<<sfrbit);",
        "local from:1 = PSW >> 7; BitByteAddr = (BitByteAddr & (~(1<<sfrbit))) | (from<<sfrbit);",
        "MOV bit,C writes once, and the bit may be of PSW",
    ),
    i8051(
        "  val = *[INTMEM]:1 SP;\n  SP = SP - 1;",
        "  local popped:1 = *[INTMEM]:1 SP;\n  SP = SP - 1;\n  val = popped;",
        "POP SP leaves what was popped (Instruction Set, POP)",
    ),
    i8051("define pcodeop decimal_adjust;\n", "", "DA is described"),
];
