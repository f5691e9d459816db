//! Where arguments stand, against examples computed by hand from the ABI
//! documents that the conventions name.

use terrella_machine_state::{
    Platform,
    call::{
        Encoding, Location, Parameter,
        Parameter::{F32, F64, Pointer},
        Placer,
    },
};

/// `rdi`, `+8` for the stack, `r3:r2` for parts from the most significant
/// one down, `&r5` for the address of the value, `f1|r4` for both places of a
/// variable argument.
fn places(platform: Platform, convention: &str, parameters: &[Parameter], fixed: Option<usize>) -> String {
    let convention = platform.definition().calling_convention(convention).expect("the convention");
    let mut placer = match fixed {
        Some(_) => Placer::new_variadic(platform, convention),
        None => Placer::new(platform, convention),
    };
    let mut texts = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        if fixed == Some(index) {
            placer.begin_variable();
        }
        let mut floats = Vec::new();
        let mut integers = Vec::new();
        for piece in placer.place(*parameter) {
            let text = match piece.location {
                Location::Register(register) => register.to_owned(),
                Location::Stack { offset, .. } => format!("+{offset}"),
                Location::RisingStack { offset, .. } => format!("-{offset}"),
                Location::Variable => "?".to_owned(),
            };
            match piece.encoding {
                Encoding::Float(_) => floats.push(text),
                Encoding::Reference => floats.push(format!("&{text}")),
                Encoding::Integer { low, .. } => integers.push((low, text)),
            }
        }
        integers.sort_by_key(|(low, _)| std::cmp::Reverse(*low));
        let integers: Vec<String> = integers.into_iter().map(|(_, text)| text).collect();
        if !integers.is_empty() {
            floats.push(integers.join(":"));
        }
        texts.push(floats.join("|"));
    }
    texts.join(" ")
}

fn check(platform: Platform, convention: &str, parameters: &[Parameter], expected: &str) {
    assert_eq!(places(platform, convention, parameters, None), expected, "{platform} {convention}");
}

fn check_variadic(
    platform: Platform,
    convention: &str,
    fixed: usize,
    parameters: &[Parameter],
    expected: &str,
) {
    assert_eq!(places(platform, convention, parameters, Some(fixed)), expected, "{platform} {convention}");
}

const I32: Parameter = Parameter::I32;
const I64: Parameter = Parameter::I64;
const I128: Parameter = Parameter::Integer { bytes: 16, signed: true };

#[test]
fn amd64_system_v() {
    let p = Platform::X86_64;
    check(p, "sysv", &[I32, F64, Pointer, F32, I64], "rdi xmm0 rsi xmm1 rdx");
    check(p, "sysv", &[I32; 8], "rdi rsi rdx rcx r8 r9 +8 +16");
    check(p, "sysv", &[F64; 9], "xmm0 xmm1 xmm2 xmm3 xmm4 xmm5 xmm6 xmm7 +8");
    // With one register left a 128-bit integer goes to aligned memory, and a
    // later argument takes the register.
    check(p, "sysv", &[I64, I64, I64, I64, I64, I128, I64], "rdi rsi rdx rcx r8 +16:+8 r9");
    check(p, "sysv", &[I64, I128], "rdi rdx:rsi");
    check_variadic(p, "sysv", 1, &[Pointer, F64, I32], "rdi xmm0 rsi");
}

#[test]
fn amd64_microsoft() {
    let p = Platform::X86_64;
    check(p, "microsoft", &[I32, F64, I32, F32, I32, F64], "rcx xmm1 r8 xmm3 +40 +48");
    check_variadic(p, "microsoft", 1, &[Pointer, F64, F64, F64, F64], "rcx xmm1|rdx xmm2|r8 xmm3|r9 +40");
}

#[test]
fn i386() {
    let p = Platform::I386;
    check(p, "cdecl", &[I32, I64, F32, F64, Pointer], "+4 +12:+8 +16 +24:+20 +28");
    check(p, "fastcall", &[F32, I32, I64, I32, I32], "+4 ecx +12:+8 edx +16");
    check(p, "thiscall", &[Pointer, I32], "ecx +4");
}

#[test]
fn arm_base_and_vfp() {
    let p = Platform::ARMV7A;
    check(p, "aapcs", &[I32, I64, I32], "r0 r3:r2 +0");
    check(p, "aapcs", &[I32, I32, I32, I64, I32], "r0 r1 r2 +4:+0 +8");
    check(p, "aapcs", &[F64, F32], "r1:r0 r2");
    check(Platform::ARMV7A_BE, "aapcs", &[I64], "r0:r1");
    // The example of the document: a hole is filled by a later single.
    check(p, "aapcs-vfp", &[F32, F64, F32, I32], "s0 d1 s1 r0");
    check(
        p,
        "aapcs-vfp",
        &[F64, F64, F64, F64, F64, F64, F64, F32, F64, F32],
        "d0 d1 d2 d3 d4 d5 d6 s14 +4:+0 +8",
    );
    check_variadic(p, "aapcs-vfp", 1, &[Pointer, F64], "r0 r3:r2");
}

#[test]
fn aarch64() {
    let p = Platform::AARCH64;
    check(p, "aapcs64", &[I32, F32, F64, Pointer], "x0 v0 v1 x1");
    check(p, "aapcs64", &[I32; 10], "x0 x1 x2 x3 x4 x5 x6 x7 +0 +8");
    check(p, "aapcs64", &[I64, I128], "x0 x3:x2");
    check(Platform::AARCH64_BE, "aapcs64", &[I128], "x0:x1");
}

#[test]
fn mips_o32() {
    // Table 3-16 of the supplement, and the sentences around it.
    for (p, name) in [(Platform::MIPS, "o32"), (Platform::MIPSEL, "o32")] {
        check(p, name, &[I32, I32, I32, I32, I32], "a0 a1 a2 a3 +16");
        check(p, name, &[F32, F32], "f12s f14s");
        check(p, name, &[F64, F64], "f13s:f12s f15s:f14s");
        check(p, name, &[F32, F32, I32], "f12s f14s a2");
        check(p, name, &[F64, I32, I32], "f13s:f12s a2 a3");
        check(p, name, &[I32, F32], "a0 a1");
        check(p, name, &[F32, I32, F32], "f12s a1 a2");
    }
    check(Platform::MIPSEL, "o32", &[I32, F64], "a0 a3:a2");
    check(Platform::MIPS, "o32", &[I32, F64], "a0 a2:a3");
    check(Platform::MIPS, "o32", &[I32, I32, I32, I64], "a0 a1 a2 +16:+20");
}

#[test]
fn mips_n64() {
    let p = Platform::MIPS64;
    check(p, "n64", &[I32, F64, I64, F32], "a0 f13 a2 f15");
    check(p, "n64", &[I64; 9], "a0 a1 a2 a3 a4 a5 a6 a7 +0");
    check(p, "n64", &[I64, I128], "a0 a2:a3");
    check_variadic(p, "n64", 1, &[Pointer, F64], "a0 f13|a1");
}

#[test]
fn power() {
    let p = Platform::PPC;
    check(p, "sysv", &[I32, I64, F64, I32], "r3 r5:r6 f1 r7");
    // A pair that finds no registers closes them.
    check(p, "sysv", &[I32, I32, I32, I32, I32, I32, I32, I64, I32], "r3 r4 r5 r6 r7 r8 r9 +8:+12 +16");
    check(
        p,
        "sysv",
        &[F64, F64, F64, F64, F64, F64, F64, F64, F32, F64],
        "f1 f2 f3 f4 f5 f6 f7 f8 +8 +16:+20",
    );
    // The example of the 64-bit document: floats use up positions.
    let q = Platform::PPC64;
    check(q, "elfv1", &[I32, F64, I32], "r3 f1 r5");
    check(q, "elfv1", &[I64; 9], "r3 r4 r5 r6 r7 r8 r9 r10 +112");
    check(
        Platform::PPC64LE,
        "elfv2",
        &[I64, I64, I64, I64, I64, I64, I64, I64, F64, I64],
        "r3 r4 r5 r6 r7 r8 r9 r10 f1 +104",
    );
    check_variadic(q, "elfv1", 1, &[Pointer, F64], "r3 f1|r4");
}

#[test]
fn riscv() {
    let p = Platform::RISCV64;
    check(p, "lp64d", &[I32, F64, F32, Pointer], "a0 fa0 fa1 a1");
    check(p, "lp64d", &[F64; 10], "fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 a0 a1");
    check(p, "lp64", &[I64, F64], "a0 a1");
    check(Platform::RISCV32, "ilp32", &[I32, I64], "a0 a2:a1");
    check(
        Platform::RISCV32,
        "ilp32",
        &[I32, I32, I32, I32, I32, I32, I32, I64, I32, I64],
        "a0 a1 a2 a3 a4 a5 a6 +0:a7 +4 +12:+8",
    );
    check_variadic(Platform::RISCV32, "ilp32d", 1, &[Pointer, F64, F64], "a0 a3:a2 a5:a4");
    check_variadic(p, "lp64d", 1, &[Pointer, F64], "a0 a1");
}

#[test]
fn sparc() {
    let p = Platform::SPARC;
    check(p, "sysv", &[I32, F64, I64], "o0 o1:o2 o3:o4");
    check(p, "sysv", &[I32, I32, I32, I32, I32, I64, I32], "o0 o1 o2 o3 o4 o5:+92 +96");
    let q = Platform::SPARC64;
    check(q, "sysv", &[I32, F64, F32, I64], "o0 d2 d4 o3");
    check(q, "sysv", &[I64, I64, I64, I64, I64, I64, F64, I64], "o0 o1 o2 o3 o4 o5 d12 +184");
}

#[test]
fn z_architecture() {
    let p = Platform::S390X;
    check(p, "sysv", &[I32, F64, F32, Pointer], "r2 f0 f2 r3");
    check(p, "sysv", &[I64, I128, I64, I64, I64, I64], "r2 &r3 r4 r5 r6 +160");
    check(p, "sysv", &[F64; 5], "f0 f2 f4 f6 +160");
}

#[test]
fn small_families() {
    check(Platform::M68K, "sysv", &[I32, F64, Pointer], "+4 +8:+12 +16");
    check(Platform::TRICORE, "eabi", &[I32, Pointer, I64, Pointer], "d4 a4 d7:d6 a5");
    check(Platform::XTENSA, "call0", &[I32, I64, I32], "a2 a5:a4 a6");
    check(Platform::LOONGARCH64, "lp64d", &[I32, F64, Pointer], "a0 fa0 a1");
    let short = Parameter::Integer { bytes: 2, signed: true };
    check(Platform::MSP430, "eabi", &[short, I32, short, short], "r12 r14:r13 r15 +2");
    check(Platform::MSP430X, "eabi", &[Pointer, short, I32, Pointer], "r12 r13 r15:r14 +4");
}

/// As avr-gcc 5.4 compiles such functions.
#[test]
fn avr() {
    let (byte, short) =
        (Parameter::Integer { bytes: 1, signed: false }, Parameter::Integer { bytes: 2, signed: true });
    check(Platform::AVR, "avr-gcc", &[byte, short], "r24 r23:r22");
    check(Platform::AVR, "avr-gcc", &[I32, Pointer, F32], "r25:r24:r23:r22 r21:r20 r19:r18:r17:r16");
    check(
        Platform::AVR,
        "avr-gcc",
        &[I64, I64, short, byte, byte, short],
        "r25:r24:r23:r22:r21:r20:r19:r18 r17:r16:r15:r14:r13:r12:r11:r10 r9:r8 +3 +4 +5",
    );
    // What finds no registers ends them.
    check(
        Platform::AVR,
        "avr-gcc",
        &[I64, I32, I64, byte],
        "r25:r24:r23:r22:r21:r20:r19:r18 r17:r16:r15:r14 +3 +11",
    );
    check_variadic(Platform::AVR, "avr-gcc", 1, &[byte, short, short, I32], "+3 +4 +6 +8");
}

/// As SDCC 4.2 compiles such functions, and its guide says.
#[test]
fn z80() {
    let (byte, short) =
        (Parameter::Integer { bytes: 1, signed: false }, Parameter::Integer { bytes: 2, signed: true });
    check(Platform::Z80, "sdcccall1", &[byte, byte, byte, short], "a l +2 +3");
    check(Platform::Z80, "sdcccall1", &[short, short, short], "hl de +2");
    check(Platform::Z80, "sdcccall1", &[short, byte, byte], "hl +2 +3");
    check(Platform::Z80, "sdcccall1", &[byte, short, byte], "a de +2");
    check(Platform::Z80, "sdcccall1", &[byte, I32, Pointer], "a +2 +6");
    check(Platform::Z80, "sdcccall1", &[I32, I32], "hl:de +2");
    check(Platform::Z80, "sdcccall1", &[F32, short], "hl:de +2");
    check(Platform::Z80, "sdcccall1", &[I64], "+2");
    check(Platform::Z80, "sdcccall0", &[byte, short], "+2 +3");
    check_variadic(Platform::Z80, "sdcccall1", 1, &[short, short], "+2 +4");
    check(Platform::I8051, "sdcc", &[I32], "a:b:dph:dpl");
    check(Platform::I8051, "sdcc", &[byte, short], "dpl ?");
    check(Platform::I8051, "sdcc-reentrant", &[byte, short, byte, I32], "dpl -2 -4 -5");
    check(Platform::I8051, "sdcc-reentrant", &[Pointer, byte], "dph:dpl -2");
    check(Platform::I8051, "sdcc-reentrant", &[I64], "-2");
    check_variadic(Platform::I8051, "sdcc-reentrant", 1, &[short, short], "-2 -4");
}
