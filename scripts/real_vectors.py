#!/usr/bin/env python3
"""Writes models/src/libc/real/vectors.txt: functions of real numbers to 300 bits, by
mpmath (1.3.0), for arguments that `long double` can have. A line is the name,
the arguments and the value, as integers times powers of two.

    scripts/real_vectors.py > models/src/libc/real/vectors.txt
"""
import random

import mpmath
from mpmath import mp, mpf

mp.prec = 400
BITS = 300
random.seed(20261126)


def text(value):
    sign, mantissa, exponent, _ = value._mpf_
    while mantissa.bit_length() > BITS:
        mantissa >>= 1
        exponent += 1
    return f"{'-' if sign else ''}{mantissa:x}p{exponent}"


def rounded(value, bits=113):
    with mpmath.workprec(bits):
        return +mpf(value)


def between(low, high, count):
    """Numbers of 113, 64 or few bits."""
    return [rounded(low + (high - low) * mpf(random.getrandbits(200)) / 2**200, random.choice([113, 113, 64, 6]))
            for _ in range(count)]


def magnitudes(low, high, count, signs=True):
    return [(random.choice([-1, 1]) if signs else 1) * rounded(1 + mpf(random.getrandbits(200)) / 2**200)
            * mpf(2) ** random.randint(low, high) for _ in range(count)]


every = magnitudes(-16400, 16000, 6) + magnitudes(-130, 10, 10) + between(-8, 8, 10)
tiny = magnitudes(-16400, -100, 3) + magnitudes(-100, -1, 8)
unit = tiny + between(-1, 1, 10) + [1 - mpf(2) ** -113, -1 + mpf(2) ** -80, 1 - mpf(2) ** -40]
positive = magnitudes(-16400, 16000, 8, False) + between(0.5, 2, 10) + [1 + mpf(2) ** -112, 1 - mpf(2) ** -113, 1 + mpf(2) ** -60]
exponents = tiny + between(-20, 20, 8) + between(-11000, 11000, 6)


def gammas():
    whole = [mpf(n) for n in (3, 10, 65, 100, 171, 1000, 1755)]
    found = tiny + between(0, 40, 12) + between(-40, 0, 10) + between(40, 1755, 5) + between(-1750, -40, 4) + whole + [
        -3 + mpf(2) ** -100, -10 - mpf(2) ** -90]
    return [x for x in found if x > 0 or x != mpmath.floor(x)]


def log_gammas():
    return gammas() + magnitudes(10, 16000, 4, False) + [
        1 + mpf(2) ** -112, 1 - mpf(2) ** -70, 2 + mpf(2) ** -111, 2 - mpf(2) ** -30,
        rounded(mpf("-2.4570247382208005808"))]


def log_gamma(x):
    if x > 0:
        return mpmath.loggamma(x)
    with mpmath.workprec(800):
        return mpmath.log(abs(mpmath.pi / mpmath.sinpi(x))) - mpmath.loggamma(1 - x)


def precisely(function):
    def call(*arguments):
        with mpmath.workprec(2400):
            return function(*arguments)
    return call


bessel = between(0, 30, 8) + between(30, 900, 6) + magnitudes(-20, -1, 3, False) + between(1000, 50000, 3) + [
    rounded(mpmath.besseljzero(0, 3)), rounded(mpmath.besseljzero(1, 7)), rounded(mpmath.besselyzero(0, 2)), rounded(mpmath.besselyzero(1, 4)),
    mpf(4000), mpf(4097)]

FUNCTIONS = [
    ("exp", mpmath.exp, exponents), ("expm1", precisely(mpmath.expm1), exponents), ("log", mpmath.log, positive),
    ("log1p", precisely(mpmath.log1p), [x for x in tiny + positive if x > -1]),
    ("log2", lambda x: mpmath.log(x) / mpmath.log(2), positive), ("log10", lambda x: mpmath.log(x) / mpmath.log(10), positive),
    ("exp2", lambda x: mpf(2) ** x, exponents), ("exp10", lambda x: mpf(10) ** x, tiny + between(-4000, 4000, 8)),
    ("cbrt", lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), every),
    ("sin", mpmath.sin, every + [rounded(mpmath.pi), rounded(mpmath.pi * 11 / 2)]), ("cos", mpmath.cos, every + [rounded(mpmath.pi / 2)]),
    ("tan", mpmath.tan, every + [rounded(mpmath.pi / 2)]), ("asin", mpmath.asin, unit), ("acos", mpmath.acos, unit),
    ("atan", mpmath.atan, every), ("sinh", mpmath.sinh, exponents), ("cosh", mpmath.cosh, exponents), ("tanh", mpmath.tanh, tiny + between(-40, 40, 8)),
    ("asinh", precisely(mpmath.asinh), every), ("acosh", precisely(mpmath.acosh), [x for x in positive if x >= 1]), ("atanh", precisely(mpmath.atanh), unit),
    ("erf", mpmath.erf, tiny + between(-10, 10, 12)), ("erfc", mpmath.erfc, tiny + between(-10, 10, 12) + between(5, 107, 8)),
    ("tgamma", precisely(mpmath.gamma), gammas()), ("lgamma", log_gamma, log_gammas()),
]
for name, function, arguments in FUNCTIONS:
    for x in arguments:
        print(name, text(x), text(mpf(function(x))))
for _ in range(30):
    x = magnitudes(-60, 60, 1, False)[0]
    y = between(-100, 100, 1)[0]
    print("pow", text(x), text(y), text(x**y))
    x, y = magnitudes(-300, 300, 2)
    print("atan2", text(y), text(x), text(mpmath.atan2(y, x)))
for x in bessel:
    for order in (0, 1, 2, 5, -3, 40, 200):
        with mpmath.workprec(900):
            values = [("jn", mpmath.besselj(order, x)), ("yn", mpmath.bessely(order, x))]
        for name, value in values:
            print(name, order, text(x), text(value.real))
