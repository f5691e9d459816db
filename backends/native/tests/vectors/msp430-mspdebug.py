#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes msp430-mspdebug.txt: single instructions of the MSP430, as the
simulator of mspdebug 0.22 executes them. What DADD does to V is
undefined (SLAU208, 6.6.2.16), and left out.

usage: msp430-mspdebug.py
"""
import os
import random
import re
import subprocess
import tempfile

CODE = 0x4000
HERE = os.path.dirname(os.path.abspath(__file__))
TWO = ["mov", "add", "addc", "subc", "sub", "cmp", "dadd", "bit", "bic", "bis", "xor", "and"]
ONE = ["rrc", "swpb", "rra", "sxt"]
JUMPS = ["jnz", "jz", "jnc", "jc", "jn", "jge", "jl", "jmp"]
CONSTANTS = {(2, 2): 4, (2, 3): 8, (3, 0): 0, (3, 1): 1, (3, 2): 2, (3, 3): 0xFFFF}
INTERESTING = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF]
rng = random.Random(430)


def value(decimal):
    if decimal:
        return int("%04d" % rng.randrange(10000), 16)
    return rng.choice(INTERESTING) if rng.random() < 0.5 else rng.randrange(0x10000)


def vector(words, text, decimal=False):
    registers = {n: value(decimal) for n in range(4, 16)}
    flags = rng.randrange(8) | rng.randrange(2) << 8  # C, Z, N and V
    return words, text, registers, flags


vectors = []
for index, name in enumerate(TWO):
    for byte in (0, 1):
        suffix = ".b" if byte else ".w"
        for _ in range(6):
            source, target = rng.randrange(4, 16), rng.randrange(4, 16)
            word = (index + 4) << 12 | source << 8 | byte << 6 | target
            vectors.append(vector([word], "%s%s r%d,r%d" % (name, suffix, source, target), name == "dadd"))
        for _ in range(2):
            target, immediate = rng.randrange(4, 16), value(name == "dadd")
            word = (index + 4) << 12 | 0x30 | byte << 6 | target
            text = "%s%s #%d,r%d" % (name, suffix, immediate, target)
            vectors.append(vector([word, immediate], text, name == "dadd"))
        (register, mode), constant = rng.choice(list(CONSTANTS.items())[:5])
        target = rng.randrange(4, 16)
        word = (index + 4) << 12 | register << 8 | byte << 6 | mode << 4 | target
        vectors.append(vector([word], "%s%s #%d,r%d" % (name, suffix, constant, target), name == "dadd"))
for index, name in enumerate(ONE):
    for byte in (0, 1) if name in ("rrc", "rra") else (0,):
        for _ in range(6):
            target = rng.randrange(4, 16)
            word = 0x1000 | index << 7 | byte << 6 | target
            vectors.append(vector([word], "%s%s r%d" % (name, ".b" if byte else ".w", target)))
for index, name in enumerate(JUMPS):
    for _ in range(4):
        offset = rng.randrange(-0x200, 0x200)
        vectors.append(vector([0x2000 | index << 10 | offset & 0x3FF], "%s $%+d" % (name, 2 * offset + 2)))

commands = []
for words, _, registers, flags in vectors:
    code = b"".join(word.to_bytes(2, "little") for word in words)
    commands.append("mw 0x%x %s" % (CODE, " ".join("0x%02x" % byte for byte in code)))
    commands += ["set pc 0x%x" % CODE, "set sr %d" % flags]
    commands += ["set r%d %d" % item for item in registers.items()]
    commands.append("step")
with tempfile.NamedTemporaryFile("w", suffix=".cmd") as script:
    script.write("\n".join(commands) + "\n")
    script.flush()
    out = subprocess.run(
        ["mspdebug", "-q", "sim", "read " + script.name], check=True, capture_output=True, text=True
    ).stdout
dumps = re.findall(r"\( PC: [0-9a-f]+\).*\n.*\n.*\n.*", out)
each = 15
assert len(dumps) == each * len(vectors), (len(dumps), len(vectors))
lines = ["# The simulator of mspdebug 0.22: msp430-mspdebug.py"]
for (words, text, registers, flags), dump in zip(vectors, dumps[each - 1 :: each]):
    after = {name: int(number, 16) for name, number in re.findall(r"\( *(\w+): *([0-9a-f]+)\)", dump)}
    before = " ".join("r%d=0x%x" % item for item in registers.items())
    changed = " ".join("r%d=0x%x" % (n, after["R%d" % n]) for n in registers if after["R%d" % n] != registers[n])
    step = after["PC"] - CODE
    code = b"".join(word.to_bytes(2, "little") for word in words).hex()
    status = "r2=0x%x" % after["SR"]
    if text.startswith("dadd"):
        status = " ".join("%s=0x%x" % (flag, after["SR"] >> bit & 1) for bit, flag in enumerate("czn"))
    lines.append("%s %s | %s r2=0x%x | %s %s pc+%d" % (code, text, before, flags, status, changed, step))
with open(os.path.join(HERE, "msp430-mspdebug.txt"), "w") as file:
    file.write("\n".join(line.replace("  ", " ") for line in lines) + "\n")
