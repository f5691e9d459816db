/* Writes models/src/libc/real/glibc.txt: what the long double functions of the
   host's glibc (x86-64) give for numbers without pattern.

       gcc -O1 scripts/glibc_vectors.c -o vectors -lm
       ./vectors > models/src/libc/real/glibc.txt

   A line is the name, the arguments and the value, as hexadecimal numbers. */
#define _GNU_SOURCE
#include <math.h>
#include <stdint.h>
#include <stdio.h>

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t bits(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static long double between(long double low, long double high) {
    return low + (high - low) * ldexpl((long double)bits(), -64);
}

static long double sized(int low, int high) {
    long double x = ldexpl(1 + ldexpl((long double)(bits() >> 1), -63), low + (int)(bits() % (unsigned)(high - low + 1)));
    return bits() & 1 ? -x : x;
}

static void number(long double x) {
    int power;
    long double part = frexpl(fabsl(x), &power);
    printf(" %s%llxp%d", x < 0 ? "-" : "", (unsigned long long)ldexpl(part, 64), power - 64);
}

static const struct {
    const char *name;
    long double (*function)(long double);
    int kind;
    long double low, high;
} functions[] = {
    {"exp", expl, 0, -11000, 11000}, {"exp", expl, 1, -60, 3}, {"expm1", expm1l, 1, -60, 6}, {"exp2", exp2l, 0, -16000, 16000},
    {"exp10", exp10l, 0, -4900, 4900}, {"log", logl, 2, -16000, 16000}, {"log", logl, 0, 0.5, 2}, {"log2", log2l, 2, -16000, 16000}, {"log2", log2l, 0, 0.5, 2},
    {"log10", log10l, 2, -16000, 16000}, {"log1p", log1pl, 2, -60, 60}, {"cbrt", cbrtl, 1, -16000, 16000}, {"sin", sinl, 1, -60, 60},
    {"cos", cosl, 1, -60, 60}, {"tan", tanl, 1, -60, 60}, {"asin", asinl, 0, -1, 1}, {"acos", acosl, 0, -1, 1}, {"atan", atanl, 1, -60, 60},
    {"sinh", sinhl, 1, -60, 12}, {"cosh", coshl, 1, -60, 12}, {"tanh", tanhl, 1, -60, 5}, {"asinh", asinhl, 1, -60, 60},
    {"acosh", acoshl, 0, 1, 1000}, {"atanh", atanhl, 0, -1, 1}, {"erf", erfl, 1, -60, 2}, {"erfc", erfcl, 0, -5, 100},
    {"tgamma", tgammal, 0, 0, 1700}, {"tgamma", tgammal, 0, -30, 10}, {"lgamma", lgammal, 0, 2.5L, 1e6L},
};

int main(void) {
    for (unsigned at = 0; at < sizeof functions / sizeof *functions; at++)
        for (int count = 0; count < 60; count++) {
            long double low = functions[at].low, high = functions[at].high, x;
            x = functions[at].kind == 0 ? between(low, high) : sized((int)low, (int)high);
            if (functions[at].kind == 2)
                x = fabsl(x);
            long double value = functions[at].function(x);
            if (!isnormal(value))
                continue;
            printf("%s", functions[at].name);
            number(x);
            number(value);
            printf("\n");
        }
    for (int count = 0; count < 100; count++) {
        long double x = fabsl(sized(-60, 60)), y = between(-100, 100), value = powl(x, y);
        printf("pow");
        number(x);
        number(y);
        number(value);
        x = sized(-60, 60), y = sized(-60, 60), value = atan2l(y, x);
        printf("\natan2");
        number(y);
        number(x);
        number(value);
        printf("\n");
    }
    return 0;
}
