#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Asks GNU as and ld what each relocation type does, and writes it down.

    make.py BINUTILS [PLATFORM ...]

BINUTILS is a source tree of binutils, whose `include/elf` names the types. Each
type is put at a place by `.reloc` and linked with the symbol near to it, before
it, far from it or at a small absolute address; what ld makes of the place goes
into `PLATFORM.txt` beside this script, a line for each case:

    NAME NUMBER PLACE SYMBOL SIZE ADDEND BEFORE AFTER [key=value ...]

Types that need a slot of the offset table, or thread-local storage, are linked
as shared objects, so that ld does not replace the code by a shorter way; then
the line has the slot (`slot`), the table (`got`), the global pointer (`gp`) and
the template of thread-local storage (`tls=ADDRESS:SIZE:ALIGNMENT`).
"""
import pathlib, re, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
# platform: header, tools' prefix, options of as, options of ld
PLATFORMS = {
    "x86_64": ("x86-64.h", "x86_64-linux-gnu-", ["--64"], ["-melf_x86_64"]),
    "i386": ("i386.h", "x86_64-linux-gnu-", ["--32"], ["-melf_i386"]),
    "aarch64": ("aarch64.h", "aarch64-linux-gnu-", [], []),
    "armv7a": ("arm.h", "arm-linux-gnueabihf-", ["-march=armv7-a"], []),
    "mips": ("mips.h", "mips-linux-gnu-", ["-mips32r2"], []),
    "mipsel": ("mips.h", "mipsel-linux-gnu-", ["-mips32r2"], []),
    "mips64el": ("mips.h", "mips64el-linux-gnuabi64-", ["-mips64r2"], []),
    "ppc": ("ppc.h", "powerpc-linux-gnu-", [], ["--no-tls-optimize"]),
    "ppc64": ("ppc64.h", "powerpc64-linux-gnu-", ["-mpower10"], ["--no-tls-optimize"]),
    "ppc64le": ("ppc64.h", "powerpc64le-linux-gnu-", ["-mpower10"], ["--no-tls-optimize"]),
    "riscv64": ("riscv.h", "riscv64-linux-gnu-", [], []),
    "riscv32": ("riscv.h", "riscv64-linux-gnu-", ["-march=rv32imac", "-mabi=ilp32"], ["-melf32lriscv_ilp32"]),
    "m68k": ("m68k.h", "m68k-linux-gnu-", [], []),
    "s390x": ("s390.h", "s390x-linux-gnu-", [], []),
    "sparc": ("sparc.h", "sparc64-linux-gnu-", ["-32"], ["-melf32_sparc"]),
    "sparc64": ("sparc.h", "sparc64-linux-gnu-", ["-64"], []),
    "sh4": ("sh.h", "sh4-linux-gnu-", [], []),
    "avr": ("avr.h", "avr-", ["-mmcu=avr5"], ["-mavr5"]),
    "xtensa": ("xtensa.h", "xtensa-lx106-elf-", [], []),
    "loongarch64": ("loongarch.h", "loongarch64-linux-gnu-", [], []),
    "z80": ("z80.h", "z80-unknown-elf-", [], []),
    "msp430x": ("msp430.h", "msp430-elf-", ["-mmcu=msp430x"], []),
}
# Instructions for types that look at what they change: bytes in the order of
# memory of a big-endian file, by the first pattern that fits.
WORDS = {
    "arm": [("LDRS_", "e1cf00d0"), ("LDC_", "ed9f0a00"), ("_ALU_(PC|SB)", "e28f0000"), ("_LDR_", "e59f0000"),
            ("THM_(CALL|XPC22)", "f000f800"), ("THM_JUMP24", "f000b800"), ("THM_PC12", "f8df0000"),
            ("THM_ALU_PREL", "f2af0000"), ("THM_MOV", "f2400000"), ("_(CALL|PLT32|PC24)$", "eb000000"),
            ("XPC25", "fa000000"), ("JUMP24", "ea000000"), ("MOV", "e3000000"), ("12$", "e5900000")],
    "mips": [("MICROMIPS_26", "f4000000"), ("MIPS16_26", "18000000"), ("MIPS_26", "0c000000")],
    "aarch64": [("LDST128", "3dc00000"), ("LDST8", "39400000"), ("LDST16", "79400000"), ("LDST32", "b9400000"),
                ("LDST64|LD64|_LDR", "f9400000"), ("MOVW|OFF_G", "d2800000")],
    "ppc64": [("34|30$|28$", "00000000")],
    "xtensa": [("SLOT0_OP", "050000")],
}
# What BFD calls types of the Z80.
NAMES = {"8": "r_imm8", "8_DIS": "r_off", "8_PCREL": "r_jr", "16": "r_imm16", "24": "r_imm24", "32": "r_imm32",
         "BYTE0": "r_byte0", "BYTE1": "r_byte1", "BYTE2": "r_byte2", "BYTE3": "r_byte3", "WORD0": "r_word0",
         "WORD1": "r_word1", "16_BE": "r_imm16be"}
SKIPPED = re.compile(r"_NONE|_NULL|VTINHERIT|VTENTRY|COPY|GLOB_DAT|JU?MP_SLOT|RELATIVE|JMP_IREL|FUNCDESC|_max|_min|"
                     r"DTPMOD|_P32_|SHMEDIA|UNUSED|MIPS_REL32|_TLS_?DESC(64)?$|386_TLS_(TPOFF|TPOFF32|DTPOFF32)$|"
                     r"390_TLS_D?TPOFF$|SPARC_TLS_TPOFF|SPARC_TLS_(GD|LDM)_CALL|390_GOTPLT")
# Those of the other width of MIPS.
MIPS64 = re.compile(r"HIGHER|HIGHEST|GOT_OFST|GOT_PAGE|GOT_DISP")
SLOTS = re.compile(r"GOT|TLS|TPREL|DTPREL|TPOFF|DTPOFF|PPC\w*_PLT16|PLT_PCREL|SOP_PUSH_GPREL|TARGET2")
NEEDS_SLOT = re.compile(r"GOT_?(32|16|12|20|8|10|13|22|64|PC|ENT|_|$)|GOTPL?C?REL|GOTTPOFF|GOTTPREL|GOTIE|GOTPLT|TARGET2|PPC\w*_PLT16|PLT_PCREL|CALL_?(HI|LO)?16|"
                        r"TLS_?GD|TLS_?LD(M|_ADR|_ADD_LO|_LD|_MOVW_G|_PC|_HI|_32)|TLSLD$|TLS_?IE|TLSDESC_(LD|AD|OFF)|GPREL$")
NO_SLOT = re.compile(r"GOTOFF|GOTREL|TLSGD$|TLSLD$|_(ADD|CALL|LD|LDX)$|GOTPC(32|64)?$|GOTPCDBL|GOT_OFST")


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


def types(header):
    return {name: int(number, 0) for name, number in
            re.findall(r"RELOC_NUMBER\s*\(\s*(R_\w+)\s*,\s*(0x\w+|\d+)\s*\)", header.read_text())}


def symbols(tool, file):
    """name: (value, size) of the symbols of a file."""
    result = {}
    for line in run(tool + "readelf", "-sW", file).stdout.splitlines():
        words = line.split()
        if len(words) >= 8 and words[0].rstrip(":").isdigit():
            result.setdefault(words[7], (int(words[1], 16), int(words[2], 0)))
    return result


def sections(tool, file):
    """name: (address, offset, size, alignment) of the sections of a file."""
    pattern = r"\[ *\d+\] (\S+) +\S+ +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) \S+ +[A-Zop]* +\d+ +\d+ +(\d+)"
    return {match[1]: (int(match[2], 16), int(match[3], 16), int(match[4], 16), int(match[5]))
            for match in re.finditer(pattern, run(tool + "readelf", "-SW", file).stdout)}


def relocations(tool, file, wanted=""):
    """(offset, number, type, words behind it) of the relocations of a file, or of one table."""
    table = ""
    for line in run(tool + "readelf", "-rW", file).stdout.splitlines():
        table = line if line.startswith("Relocation section") else table
        if wanted not in table:
            continue
        match = re.match(r"\s*([0-9a-f]+)\s+([0-9a-f]+)\s+([Rr]_\w+)\s*(.*)", line)
        if match:
            words = match[4].split()
            yield int(match[1], 16), int(match[2], 16), match[3], words


class Witness:
    def __init__(self, platform, scratch):
        self.platform, self.scratch = platform, scratch
        self.header, self.tool, self.as_options, self.ld_options = PLATFORMS[platform]
        self.little = platform in ("armv7a", "aarch64", "mipsel", "mips64el", "ppc64le")
        small = platform in ("avr", "msp430x", "z80")
        self.text, self.data, self.tls = (0x1000, 0x2340, 0x3000) if small else (0x400000, 0x412340, 0x430000)

    def background(self, name, fill):
        for key, patterns in WORDS.items():
            if self.platform.startswith(key):
                for pattern, word in patterns:
                    if re.search(pattern, name):
                        word = bytes.fromhex(word)
                        halves = "THM" in name or "MICROMIPS" in name or "MIPS16" in name
                        if self.little and halves:
                            word = bytes([word[1], word[0], word[3], word[2]])
                        elif self.little:
                            word = word[::-1]
                        return word + bytes(16 - len(word))
        return bytes([fill]) * 16

    def case(self, name, number, symbol, addend, fill, shared):
        body = ",".join(map(str, self.background(name, fill)))
        thumb = ".thumb_func\n" if self.platform == "armv7a" and "THM" in name else ""
        mode = ".thumb\n" if thumb else ""
        hidden = "" if shared else ".hidden back, near, far\n"
        source = self.scratch / "case.s"
        kind = "%" if self.platform == "armv7a" else "@"
        source.write_text(f"""{mode}.text
.globl back, place, near, far, var
{hidden}.type near,{kind}function
.type back,{kind}function
{thumb}back: .space 64
place: .byte {body}
.reloc place, {NAMES.get(name.removeprefix("R_Z80_"), name)}, {symbol}{addend:+d}
.space 48
{thumb}near: .space 64
.data
.space 8
.type far,{kind}object
.size far, 24
far: .space 24
.section .tdata,"awT",{kind}progbits
.balign 16
.space 24
.type var,{kind}object
.size var, 8
var: .space 40
""" + ('.section .toc,"aw",@progbits\n.space 8\n' if self.header == "ppc64.h" else ""))
        file, out, script = (self.scratch / part for part in ("case.o", "case.elf", "case.ld"))
        if run(self.tool + "as", *self.as_options, "-o", file, source).returncode:
            return None
        script.write_text(f"""SECTIONS {{
  .text {self.text:#x} : {{ *(.text) }}
  .data {self.data:#x} : {{ *(.data) }}
  .tdata {self.tls:#x} : {{ *(.tdata) }}
  .got {self.tls + 0x800:#x} : {{ *(.got.plt) *(.igot.plt) *(.got) *(.igot) *(.toc) }}
}}
small = 0x1230;
data = 0x58;
port = 0x15;
""")
        mode = ["-shared", "-z", "notext"] if shared else []
        linked = run(self.tool + "ld", *self.ld_options, "--no-relax", "-e", "0", "-T", script, *mode, "-o", out, file)
        if linked.returncode or "warning: type and size" in linked.stderr:
            return None
        there = [entry for entry in relocations(self.tool, file, ".text'") if entry[2].upper().startswith("R_")]
        start, old = sections(self.tool, file)[".text"][1], file.read_bytes()
        place = self.text + 64
        if len(there) != 1 or there[0][2] == "R_NONE":
            return None
        words = there[0][3]
        signs = [index for index, word in enumerate(words) if word in ("+", "-")]
        given = int(words[signs[-1]] + words[signs[-1] + 1], 16) if signs else "-"
        parts = sections(self.tool, out)
        new_start = parts[".text"][1]
        # The linker put something in between.
        if parts[".text"][2] != sections(self.tool, file)[".text"][2]:
            return None
        before, after = old[start + 64:start + 72], out.read_bytes()[new_start + 64:new_start + 72]
        defined = symbols(self.tool, out)
        value, size = defined.get(symbol, (0, 0))
        line = [name, number, f"{place:#x}", f"{value:#x}", size, given,
                before.hex(), after.hex()]
        # No place may be left to the run-time linker.
        dynamic = list(relocations(self.tool, out))
        if any(place <= entry[0] < place + 16 for entry in dynamic):
            return None
        slots = [entry[0] for entry in dynamic if entry[0] >= self.tls + 0x800]
        if slots:
            line.append(f"slot={min(slots):#x}")
        elif NEEDS_SLOT.search(name) and not NO_SLOT.search(name):
            return None
        for key, names in (("got", ("_GLOBAL_OFFSET_TABLE_",)), ("gp", ("_gp", ".TOC."))):
            for other in names:
                if other in defined:
                    line.append(f"{key}={defined[other][0]:#x}")
        if "_GLOBAL_OFFSET_TABLE_" not in defined and self.header in ("x86-64.h", "i386.h") :
            line.append(f"got={self.tls + 0x800:#x}")
        if self.header == "ppc64.h" and ".got" in parts:
            line += [f"got={parts['.got'][0]:#x}", f"gp={parts['.got'][0] + 0x8000:#x}"]
        if self.platform == "armv7a" and symbol != "small":
            line.append(f"origin={parts['.data' if symbol == 'far' else '.text'][0]:#x}")
        if symbol == "var":
            address, _, length, align = sections(self.tool, out)[".tdata"]
            line.append(f"tls={address:#x}:{length:#x}:{align}")
        if "THM" in name or symbol == "back" and self.platform == "armv7a":
            line.append("thumb" if value & 1 else "arm")
        return " ".join(map(str, line))

    def lines(self, headers):
        for name, number in types(headers / self.header).items():
            if SKIPPED.search(name) or self.platform in ("mips", "mipsel") and MIPS64.search(name):
                continue
            seen = set()
            variable = "TLS" in name or "TPREL" in name or "DTPREL" in name or "TPOFF" in name or "DTPOFF" in name
            shared = [True, False] if SLOTS.search(name) else [False]
            # With addends in the fields, what is there counts.
            fill = 0 if self.platform in ("armv7a", "i386", "mips", "mipsel", "avr", "loongarch64", "msp430x", "z80") else 0xff
            cases = [("near", 0, 0), ("back", 0, fill), ("far", 8, 0), ("small", 4, fill)]
            if self.platform in ("avr", "z80") and re.search(r"PORT|LDS_STS|_6|_8|_16$", name):
                cases += [("data", 0, fill), ("port", 0, fill)]
            # Those that ld puts into what is there without clearing it.
            if re.search(r"WDISP1[06]|SH_GOT\w*20|SH_DIR8WP", name):
                cases = [(symbol, addend, 0) for symbol, addend, _ in cases]
            for symbol, addend, fill in [("var", 0, 0), ("var", 8, fill)] if variable else cases:
                # No absolute targets for code that may have to change its state.
                if symbol == "small" and re.search(r"JUMP|CALL|XPC|BF1|PLT32|PC24|LARCH_B", name):
                    continue
                for mode in shared:
                    line = self.case(name, number, symbol, addend, fill, mode)
                    if line:
                        break
                if line and line not in seen:
                    seen.add(line)
                    yield line


def main():
    source, *platforms = sys.argv[1:]
    headers = pathlib.Path(source) / "include/elf"
    for platform in platforms or PLATFORMS:
        with tempfile.TemporaryDirectory() as scratch:
            lines = list(Witness(platform, pathlib.Path(scratch)).lines(headers))
        (HERE / f"{platform}.txt").write_text("".join(line + "\n" for line in lines))
        print(platform, len(lines), "cases of", len({line.split()[0] for line in lines}), "types")


main()
