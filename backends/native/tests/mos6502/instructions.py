#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Assembles instructions.s, runs it in sim65 (cc65 2.19), and writes
instructions.bin, which stands at 0x1000, and instructions.txt: the address of
`done`, then a line of code, mode and sum for each instruction.

usage: instructions.py
"""
import os
import re
import struct
import subprocess
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
BASE = 0x1000
with tempfile.TemporaryDirectory() as folder:

    def path(name):
        return os.path.join(folder, name)

    with open(path("cfg"), "w") as out:
        out.write("MEMORY { m: start = $%x, size = $1000, file = %%O; }\nSEGMENTS { CODE: load = m; }\n" % BASE)
    subprocess.run(["ca65", "-g", os.path.join(here, "instructions.s"), "-o", path("o")], check=True)
    subprocess.run(["ld65", "-C", path("cfg"), "-Ln", path("labels"), "-o", path("bin"), path("o")], check=True)
    code = open(path("bin"), "rb").read()
    labels = dict(
        (name, int(value, 16)) for value, name in re.findall(r"al ([0-9A-F]+) \.(\w+)", open(path("labels")).read())
    )
    # The header of sim65: version, processor, the C stack's pointer, where it
    # is loaded, where it starts.
    with open(path("sim"), "wb") as out:
        out.write(b"sim65" + struct.pack("<BBBHH", 2, 0, 2, BASE, labels["start"]) + code)
    sums = subprocess.run(["sim65", path("sim")], check=True, capture_output=True).stdout
codes = code[labels["codes"] - BASE : labels["kinds"] - BASE - 1]
kinds = code[labels["kinds"] - BASE :]
assert len(sums) == 2 * len(codes)
open(os.path.join(here, "instructions.bin"), "wb").write(code)
with open(os.path.join(here, "instructions.txt"), "w") as out:
    out.write("done %x\n" % labels["done"])
    for i, opcode in enumerate(codes):
        mode = "decimal" if kinds[i] > 2 else "binary"
        out.write("%02x %s %04x\n" % (opcode, mode, struct.unpack_from("<H", sums, 2 * i)[0]))
