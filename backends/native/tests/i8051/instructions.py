#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes instructions.txt: what the instructions of the 8051 do by the
simulator of SDCC (s51, uCsim 0.6.4, `apt-get install sdcc-ucsim`), eight
random states for each first byte but the reserved one.

A line has the instruction; the state before: the seed of the internal RAM,
whose byte i is (i * 37 + seed * 101 + 11) mod 256, then a, b, psw, sp, dptr
and the ports p0 to p3; perhaps a byte of external memory (x) and one of code
(c); and after a bar the program counter, the same registers, and what is
different in the internal RAM (i) and the external memory (x) then.

The instruction is at 0x4000. psw is that with the parity of a.

usage: instructions.py > instructions.txt
"""
import random
import re
import subprocess
import tempfile

CODE = 0x4000
PORTS = [0x80, 0x90, 0xA0, 0xB0]
DIRECT = PORTS + [0xE0, 0xF0, 0xD0, 0x81, 0x82, 0x83]
BYTES = PORTS + [0xE0, 0xF0, 0xD0]
REGISTERS = [0xE0, 0xF0, 0xD0, 0x81, 0x82, 0x83] + PORTS

# Operands after the first byte: d a direct address, b that of a bit, i a
# constant, r a distance, l the upper byte of an address.
OPERANDS = {
    0x01: "i", 0x02: "li", 0x05: "d", 0x10: "br", 0x12: "li", 0x15: "d", 0x20: "br", 0x24: "i", 0x25: "d",
    0x30: "br", 0x34: "i", 0x35: "d", 0x40: "r", 0x42: "d", 0x43: "di", 0x44: "i", 0x45: "d", 0x50: "r",
    0x52: "d", 0x53: "di", 0x54: "i", 0x55: "d", 0x60: "r", 0x62: "d", 0x63: "di", 0x64: "i", 0x65: "d",
    0x70: "r", 0x72: "b", 0x74: "i", 0x75: "di", 0x80: "r", 0x82: "b", 0x85: "dd", 0x90: "ii", 0x92: "b",
    0x94: "i", 0x95: "d", 0xA0: "b", 0xA2: "b", 0xB0: "b", 0xB2: "b", 0xB4: "ir", 0xB5: "dr", 0xC0: "d",
    0xC2: "b", 0xC5: "d", 0xD0: "d", 0xD2: "b", 0xD5: "dr", 0xE5: "d", 0xF5: "d",
}
for low in range(6, 16):
    OPERANDS.update({0x70 + low: "i", 0x80 + low: "d", 0xA0 + low: "d", 0xB0 + low: "ir"})
for low in range(8, 16):
    OPERANDS[0xD0 + low] = "r"
for high in range(0, 0x100, 0x20):
    OPERANDS.update({high + 0x01: "i", high + 0x11: "i"})

choose = random.Random(8051)


def operand(kind):
    if kind == "d":
        return choose.choice([choose.randrange(0x80), choose.choice(DIRECT)])
    if kind == "b":
        return choose.choice([choose.randrange(0x80), choose.choice(BYTES) + choose.randrange(8)])
    return choose.choice([choose.randrange(0x100), choose.choice([0, 1, 0x7F, 0x80, 0xFF])])


def internal(seed):
    return [(i * 37 + seed * 101 + 11) & 0xFF for i in range(0x100)]


vectors, commands = [], []
for opcode in range(0x100):
    if opcode == 0xA5:
        continue
    for _ in range(8):
        code = [opcode] + [operand(kind) for kind in OPERANDS.get(opcode, "")]
        seed = choose.randrange(0x100)
        ram = internal(seed)
        state = {address: operand("i") for address in REGISTERS}
        state[0x81] = choose.randrange(0x20, 0xF0)
        state[0xD0] = state[0xD0] & 0xFE | bin(state[0xE0]).count("1") & 1
        dptr = state[0x83] << 8 | state[0x82]
        pointer = ram[(state[0xD0] & 0x18) + (opcode & 1)]
        outside = inside = None
        if opcode in (0xE0, 0xF0):
            outside = (dptr, choose.randrange(0x100))
        if opcode in (0xE2, 0xE3, 0xF2, 0xF3):
            outside = (state[0xA0] << 8 | pointer, choose.randrange(0x100))
        if opcode == 0x83:
            inside = (CODE + 1 + state[0xE0], choose.randrange(0x100))
        if opcode == 0x93:
            inside = (dptr + state[0xE0] & 0xFFFF, choose.randrange(0x100))
        if inside and CODE <= inside[0] < CODE + 1:
            inside = None
        commands.append("set mem rom 0x%x %s" % (CODE, " ".join("0x%x" % byte for byte in code)))
        for at in range(0, 0x100, 16):
            commands.append("set mem iram 0x%x %s" % (at, " ".join("0x%x" % byte for byte in ram[at : at + 16])))
        for address in REGISTERS:
            commands.append("set mem sfr 0x%x 0x%x" % (address, state[address]))
        if outside:
            commands.append("set mem xram 0x%x 0x%x" % outside)
        if inside:
            commands.append("set mem rom 0x%x 0x%x" % inside)
        commands += ["pc 0x%x" % CODE, "step", "dump iram 0 0xff", "dump sfr 0x80 0xff"]
        commands.append("dump xram 0x%x 0x%x" % (outside[0], outside[0]) if outside else "dump xram 0 0")
        vectors.append((code, seed, ram, state, outside, inside))
commands.append("quit")
with tempfile.NamedTemporaryFile("w") as file:
    file.write("\n".join(commands) + "\n")
    file.flush()
    text = subprocess.run(["s51", "-t", "8052", "-C", file.name], input="", stdout=subprocess.PIPE, text=True).stdout

parts = re.split(r"Stop at 0x", text)[1:]
assert len(parts) == len(vectors), (len(parts), len(vectors))


def registers(values):
    return "%02x %02x %02x %02x %02x%02x %02x %02x %02x %02x" % tuple(
        values[address] for address in [0xE0, 0xF0, 0xD0, 0x81, 0x83, 0x82] + PORTS
    )


for (code, seed, ram, state, outside, inside), part in zip(vectors, parts):
    pc = int(part[:6], 16)
    part = part[part.index("0x00  ") :]
    found, last = [{}], -1
    for line in part.split("\n"):
        match = re.match(r"(0x[0-9a-f]+)(?: \w+:)? +((?:[0-9a-f]{2} )+|0b[01]{8} 0x([0-9a-f]{2}))", line)
        if not match:
            continue
        at = int(match[1], 16)
        values = [int(match[3], 16)] if match[3] else [int(byte, 16) for byte in match[2].split()]
        if len(found) == 1 and last == 0xFF or len(found) == 2 and last == 0xFF:
            found.append({})
        for value in values:
            found[-1][at] = value
            last, at = at, at + 1
        if len(found) == 3:
            break
    after, sfr, external = found
    assert len(after) == 0x100 and len(sfr) == 0x80, (code, len(after), len(sfr))
    line = "%s %02x %s" % (bytes(code).hex(), seed, registers(state))
    line += " x%04x=%02x" % outside if outside else ""
    line += " c%04x=%02x" % inside if inside else ""
    line += " | %04x %s" % (pc, registers(sfr))
    for at in range(0x100):
        if after[at] != ram[at]:
            line += " i%02x=%02x" % (at, after[at])
    if outside and external[outside[0]] != outside[1]:
        line += " x%04x=%02x" % (outside[0], external[outside[0]])
    print(line)
