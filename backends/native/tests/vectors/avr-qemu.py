#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Writes avr-qemu.txt: single instructions of the ATmega328P, as QEMU 7.2
(qemu-system-avr, machine "uno") executes them step by step.

usage: avr-qemu.py
"""
import os
import random
import socket
import subprocess
import sys
import time

CODE = 0x4000
HERE = os.path.dirname(os.path.abspath(__file__))
INTERESTING = [0, 1, 2, 0x0F, 0x10, 0x7F, 0x80, 0x81, 0xF0, 0xFE, 0xFF]
rng = random.Random(328)

TWO = {"cpc": 0x0400, "sbc": 0x0800, "add": 0x0C00, "cpse": 0x1000, "cp": 0x1400, "sub": 0x1800,
       "adc": 0x1C00, "and": 0x2000, "eor": 0x2400, "or": 0x2800, "mov": 0x2C00, "mul": 0x9C00}
IMMEDIATE = {"cpi": 0x3000, "sbci": 0x4000, "subi": 0x5000, "ori": 0x6000, "andi": 0x7000, "ldi": 0xE000}
ONE = {"com": 0, "neg": 1, "swap": 2, "inc": 3, "asr": 5, "lsr": 6, "ror": 7, "dec": 10}
FRACTIONAL = {"mulsu": 0x0300, "fmul": 0x0308, "fmuls": 0x0380, "fmulsu": 0x0388}
BITS = {"bld": 0xF800, "bst": 0xFA00, "sbrc": 0xFC00, "sbrs": 0xFE00}


def encodings():
    for name, base in TWO.items():
        for _ in range(24):
            d, r = rng.randrange(32), rng.randrange(32)
            yield name, base | (r & 16) << 5 | d << 4 | r & 15
    for name, base in IMMEDIATE.items():
        for _ in range(16):
            k = rng.choice(INTERESTING) if rng.random() < 0.5 else rng.randrange(256)
            yield name, base | (k & 0xF0) << 4 | rng.randrange(16) << 4 | k & 15
    for name, low in ONE.items():
        for _ in range(16):
            yield name, 0x9400 | rng.randrange(32) << 4 | low
    for name, base in FRACTIONAL.items():
        for _ in range(16):
            yield name, base | rng.randrange(8) << 4 | rng.randrange(8)
    for _ in range(16):
        yield "muls", 0x0200 | rng.randrange(256)
        yield "movw", 0x0100 | rng.randrange(256)
        yield "adiw", 0x9600 | rng.randrange(256)
        yield "sbiw", 0x9700 | rng.randrange(256)
    for name, base in BITS.items():
        for _ in range(12):
            yield name, base | rng.randrange(32) << 4 | rng.randrange(8)
    for flag in range(8):
        yield "bset", 0x9408 | flag << 4
        yield "bclr", 0x9488 | flag << 4
        for _ in range(3):
            yield "brbs", 0xF000 | rng.randrange(128) << 3 | flag
            yield "brbc", 0xF400 | rng.randrange(128) << 3 | flag
    for _ in range(8):
        yield "rjmp", 0xC000 | rng.randrange(4096)
    for name, port, out in [("in", 0x3F, 0), ("out", 0x3F, 1), ("in", 0x3D, 0), ("in", 0x3E, 0)]:
        for _ in range(6):
            yield name, 0xB000 | out << 11 | (port & 0x30) << 5 | rng.randrange(32) << 4 | port & 15
    yield "ijmp", 0x9409
    yield "nop", 0


class Stub:
    """QEMU's debugger stub."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.05)

    def ask(self, text):
        data = text.encode()
        self.socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 255))
        answer = b""
        while b"#" not in answer or len(answer) < answer.index(b"#") + 3:
            answer += self.socket.recv(4096)
        self.socket.sendall(b"+")
        answer = answer[answer.index(b"$") + 1:answer.index(b"#")].decode()
        if answer.startswith("E"):
            sys.exit(f"{text}: {answer}")
        return answer


def main():
    path = f"/tmp/avr-qemu-{os.getpid()}"
    flash = path + ".bin"
    with open(flash, "wb") as file:
        file.write(bytes(0x8000))
    qemu = subprocess.Popen(["qemu-system-avr", "-M", "uno", "-bios", flash, "-S", "-display", "none",
                             "-serial", "null", "-monitor", "none",
                             "-gdb", f"unix:{path},server=on,wait=off"])
    lines = []
    try:
        stub = Stub(path)
        for name, word in encodings():
            code = word.to_bytes(2, "little")
            value = lambda: rng.choice(INTERESTING) if rng.random() < 0.6 else rng.randrange(256)
            before = [value() for _ in range(32)]
            sreg, sp = rng.randrange(256), rng.randrange(0x100, 0x900)
            if name == "ijmp":
                before[30:] = [0x80, 0x20]
            # QEMU remembers that it skips: the next step tells, by a jump.
            skips = name == "cpse" or name.startswith("sbr")
            stub.ask(f"M{CODE:x},4:{code.hex()}{'08c0' if skips else '0000'}")
            state = bytes(before) + bytes([sreg]) + sp.to_bytes(2, "little") + CODE.to_bytes(4, "little")
            stub.ask("G" + state.hex())
            stub.ask("s")
            after = bytes.fromhex(stub.ask("g"))
            was = " ".join(f"r{n}={b:#x}" for n, b in enumerate(before))
            changed = [f"r{n}={a:#x}" for n, a in enumerate(after[:32]) if a != before[n]]
            changed += [f"sreg={after[32]:#x}", f"sp={0x800000 | int.from_bytes(after[33:35], 'little'):#x}"]
            step = int.from_bytes(after[35:39], "little") - CODE
            if skips:
                stub.ask("s")
                second = int.from_bytes(bytes.fromhex(stub.ask("g"))[35:39], "little") - CODE
                step = 2 if second == 0x14 else 4
            lines.append(f"{code.hex()} {name} | {was} sreg={sreg:#x} sp={0x800000 | sp:#x}"
                         f" | {' '.join(changed)} pc+{step}")
    finally:
        qemu.kill()
        qemu.wait()
        os.unlink(flash)
    with open(os.path.join(HERE, "avr-qemu.txt"), "w") as file:
        file.write("# QEMU 7.2 (qemu-system-avr, ATmega328P); avr-qemu.py has written this.\n")
        file.write("\n".join(lines) + "\n")


main()
