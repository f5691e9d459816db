#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The floating-point instructions of microMIPS, beside those of MIPS32.

Each is assembled by GNU as for both sets (binutils for mips-linux-gnu, with
registers of 64 bits); a line is `halves words text`. Writes
backends/native/tests/micromips/float.txt.
"""
import pathlib
import subprocess
import tempfile

CONDITIONS = "f un eq ueq olt ult ole ule sf ngle seq ngl lt nge le ngt".split()
UNARY = ("abs neg mov sqrt recip rsqrt "
         "ceil.w floor.w round.w trunc.w cvt.w ceil.l floor.l round.l trunc.l cvt.l").split()


def texts():
    for form in "sd":
        for name in UNARY:
            yield f"{name}.{form} $f6, $f4"
        for name in "add", "sub", "mul", "div":
            yield f"{name}.{form} $f8, $f4, $f6"
        for name in "madd", "msub", "nmadd", "nmsub":
            yield f"{name}.{form} $f8, $f2, $f4, $f6"
        for number, condition in enumerate(CONDITIONS):
            yield f"c.{condition}.{form} $f4, $f6"
            yield f"c.{condition}.{form} $fcc{number % 8}, $f4, $f6"
        for name in "movn", "movz":
            yield f"{name}.{form} $f8, $f4, $2"
            yield f"{name}.{form} $f8, $f4, $0"
        for code in 0, 1, 5:
            yield f"movt.{form} $f8, $f4, $fcc{code}"
            yield f"movf.{form} $f8, $f4, $fcc{code}"
    yield from (f"cvt.{to} $f6, $f4" for to in ("d.s", "d.w", "d.l", "s.d", "s.w", "s.l"))
    for code in 0, 3:
        yield f"movt $3, $2, $fcc{code}"
        yield f"movf $3, $2, $fcc{code}"
    for name in "mfc1", "mtc1", "mfhc1", "mthc1":
        yield f"{name} $3, $f4"
    for number in 0, 25, 26, 28, 31:
        yield f"cfc1 $3, ${number}"
        if number:
            yield f"ctc1 $2, ${number}"
    for name in "lwc1", "ldc1", "swc1", "sdc1":
        yield f"{name} $f4, 16($5)"
        yield f"{name} $f4, -8($5)"
    for name in "lwxc1", "ldxc1", "luxc1":
        yield f"{name} $f4, $6($5)"
    for name in "swxc1", "sdxc1", "suxc1":
        yield f"{name} $f4, $6($5)"


def assemble(lines, option):
    with tempfile.TemporaryDirectory() as folder:
        source, result = (pathlib.Path(folder, name) for name in ("a.s", "a.o"))
        source.write_text(".set noreorder\n.set noat\n" + "".join(f"l{at}: {line}\n" for at, line in enumerate(lines)) + f"l{len(lines)}:\n")
        subprocess.run(["mips-linux-gnu-as", "-EB", "-mips32r2", "-mfp64", option, "-o", result, source], check=True)
        symbols = subprocess.run(["mips-linux-gnu-nm", result], capture_output=True, text=True, check=True).stdout
        at = {name: int(value, 16) for value, _, name in map(str.split, symbols.splitlines())}
        text = pathlib.Path(folder, "a.bin")
        subprocess.run(["mips-linux-gnu-objcopy", "-O", "binary", "-j", ".text", result, text], check=True)
        data = text.read_bytes()
    ends = [at[f"l{number}"] & ~1 for number in range(len(lines) + 1)]
    return [data[begin:end].hex() for begin, end in zip(ends, ends[1:])]


def main():
    lines = list(texts())
    rows = zip(assemble(lines, "-mmicromips"), assemble(lines, "-mno-micromips"), lines)
    path = pathlib.Path(__file__).parent.parent / "backends/native/tests/micromips/float.txt"
    head = "# Made by scripts/micromips_float.py: microMIPS, MIPS32, text; both by GNU as 2.40.\n"
    path.write_text(head + "".join(" ".join(row) + "\n" for row in rows))


main()
