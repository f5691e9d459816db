#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Results of the functions of the 68881, correctly rounded.

    scripts/m68k_functions.py >backends/native/src/m68k/functions.txt

mpmath computes them with 1,200 bits, which also reduces the angles. Each line
is the opmode of the instruction, the operand, and the result rounded to
nearest, as sign and exponent and 64 bits of the format of the 68881. FSQRT,
FSSQRT and FDSQRT (04, 41, 45) are rounded by integers, FMOD (21) and FREM (25)
computed with fractions: destination, source, result, and the
byte of the quotient.
"""
import random
from fractions import Fraction
from math import isqrt

from mpmath import mp, mpf

mp.prec = 1200

FUNCTIONS = {
    0x02: mp.sinh, 0x06: mp.log1p, 0x08: mp.expm1, 0x09: mp.tanh, 0x0A: mp.atan, 0x0C: mp.asin,
    0x0D: mp.atanh, 0x0E: mp.sin, 0x0F: mp.tan, 0x10: mp.exp, 0x11: lambda x: mpf(2) ** x,
    0x12: lambda x: mpf(10) ** x, 0x14: mp.log, 0x15: mp.log10, 0x16: lambda x: mp.log(x) / mp.log(2),
    0x19: mp.cosh, 0x1C: mp.acos, 0x1D: mp.cos,
}
UNIT = {0x0C, 0x0D, 0x1C}
POSITIVE = {0x14, 0x15, 0x16}
EXPONENTIAL = {0x02, 0x08, 0x10, 0x11, 0x12, 0x19}
ANGLE = {0x0E, 0x0F, 0x1D}


def encode(value):
    """The nearest number of the format; None if it is out of its normal range."""
    if value == 0:
        return "0000:0000000000000000"
    sign, value = (0x8000 if value < 0 else 0), abs(value)
    exponent = int(mp.floor(mp.log(value) / mp.log(2)))
    while value >= mpf(2) ** (exponent + 1):
        exponent += 1
    while value < mpf(2) ** exponent:
        exponent -= 1
    scaled = value / mpf(2) ** (exponent - 63)
    significand = int(mp.floor(scaled))
    rest = scaled - significand
    if rest > mpf(1) / 2 or rest == mpf(1) / 2 and significand & 1:
        significand += 1
    if significand == 1 << 64:
        significand, exponent = 1 << 63, exponent + 1
    if not -16382 <= exponent <= 16383:
        return None
    return f"{sign | exponent + 0x3FFF:04x}:{significand:016x}"


def decode(sign, exponent, significand):
    return (-1 if sign else 1) * mpf(significand) * mpf(2) ** (exponent - 63)


def main():
    draw = random.Random(68881)
    print("# Written by scripts/m68k_functions.py: opmode, operand, result.")
    for opmode, function in sorted(FUNCTIONS.items()):
        for index in range(40):
            sign = draw.getrandbits(1)
            significand = draw.getrandbits(64) | 1 << 63
            if index % 4 == 0:
                significand &= ~0 << 48
            exponent = draw.randrange(-8, 4) if index % 5 else draw.randrange(-70, -8)
            if opmode in UNIT:
                exponent = min(exponent, -1) - draw.randrange(0, 2) * (index % 2)
            if opmode in POSITIVE:
                sign = 0
                exponent = draw.randrange(-300, 300) if index % 3 == 0 else draw.randrange(-2, 2)
            if opmode == 0x06:
                sign &= exponent < 0
            if opmode in EXPONENTIAL and index % 3 == 0:
                exponent = draw.randrange(3, 13)
            if opmode in ANGLE and index % 3 == 0:
                exponent = draw.randrange(3, 60)
            if opmode == 0x0A and index % 3 == 0:
                exponent = draw.randrange(0, 100)
            x = decode(sign, exponent, significand)
            result = encode(function(x))
            if result is not None:
                print(f"{opmode:02x} {encode(x)} {result}")
    for opmode, precision in ((0x04, 64), (0x41, 24), (0x45, 53)):
        for _ in range(60):
            significand = (draw.getrandbits(64) | 1 << 63) & ~0 << draw.choice((0, 11, 40))
            exponent = draw.randrange(-99, 99)
            square = Fraction(significand) * Fraction(2) ** (exponent - 63)
            # In units of the last place, and as many bits below it as it takes.
            unit = Fraction(2) ** (exponent // 2 - precision + 1)
            root = isqrt(int(square / unit**2 * 16))
            exact = Fraction(root, 4) ** 2 * unit**2 == square
            whole, rest = root >> 2, root & 3
            up = rest > 2 or rest == 2 and (not exact or whole & 1)
            result = encode(mpf(whole + up) * mpf(unit.numerator) / mpf(unit.denominator))
            print(f"{opmode:02x} {encode(decode(0, exponent, significand))} {result}")
    for opmode in (0x21, 0x25):
        for index in range(60):
            numbers = []
            for _ in range(2):
                significand = (draw.getrandbits(64) | 1 << 63) & ~0 << draw.choice((0, 40, 56, 60))
                numbers.append((draw.getrandbits(1), significand, draw.randrange(-9, 9) + index * draw.randrange(0, 3)))
            a, b = (Fraction(-n if sign else n) * Fraction(2) ** (e - 63) for sign, n, e in numbers)
            quotient = abs(a / b)
            # FREM takes the nearest, and of two the even one.
            whole = int(quotient) if opmode == 0x21 else round(quotient)
            sign = numbers[0][0] ^ numbers[1][0]
            rest = a - (-whole if sign else whole) * b
            zero = "8000:0000000000000000" if numbers[0][0] else "0000:0000000000000000"
            fraction = encode(mpf(rest.numerator) / mpf(rest.denominator)) if rest else zero
            operands = " ".join(encode(decode(*(n[0], n[2], n[1]))) for n in numbers)
            print(f"{opmode:02x} {operands} {fraction} {sign << 7 | whole & 127:02x}")


main()
