//! What the manuals leave undefined, and what is not compared.

use crate::case::{Case, Machine, Outcome};

const CF: u64 = 1;
const PF: u64 = 4;
const AF: u64 = 0x10;
const ZF: u64 = 0x40;
const SF: u64 = 0x80;
const OF: u64 = 0x800;

/// The mnemonic in a text, without prefixes of repetition.
pub(crate) fn mnemonic(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.split('.').next().unwrap_or_default().to_ascii_uppercase()
}

/// Whether a mnemonic is one of a list like `ADD,SH*`.
pub(crate) fn matches(mnemonic: &str, list: &str) -> bool {
    list.split(',').any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => mnemonic.starts_with(start),
        None => mnemonic == pattern,
    })
}

/// Privileged instructions, those that leave the page or the mode, and those
/// that read what a test cannot know.
const EXCLUDED: &str = "IN,OUT,INS*,OUTS*,HLT,CLI,STI,SYSCALL,SYSENTER,SYSEXIT,SYSRET,INT,INT1,INT3,CALLF,JMPF,RETF,IRET*,\
     LGDT,SGDT,LIDT,SIDT,LLDT,SLDT,LTR,STR,LMSW,SMSW,LAR,LSL,VERR,VERW,SWAPGS,RDTSC,RDTSCP,RDPMC,RDMSR,WRMSR,\
     RDRAND,RDSEED,CPUID,XGETBV,XSETBV,XSAVE*,XRSTOR*,FXRSTOR*,INVD,WBINVD,INVLPG,CLZERO,MONITOR*,MWAIT*,UD0,UD1,\
     UD2,XBEGIN,XEND,XABORT,XTEST,RDPKRU,WRPKRU,WRSS*,INCSSP*,RDSSP*,SAVEPREVSSP,RSTORSSP,SETSSBSY,CLRSSBSY,\
     ENDBR*,LDS,LES,LFS,LGS,LSS,PTWRITE,RDFSBASE,RDGSBASE,WRFSBASE,WRGSBASE,VM*,SMX*,GETSEC,ENCL*,BND*,\
     LOADALL*,RDPID,TPAUSE,UMONITOR,UMWAIT,CLAC,STAC,RSM,INVPCID,INVEPT,INVVPID,MOVDIR64B,ENQCMD*,CLTS";

pub(crate) fn is_excluded(mnemonic: &str) -> bool {
    // Of VM*, only the virtual machine extensions.
    if mnemonic.starts_with("VM")
        && !matches(
            mnemonic,
            "VMCALL,VMLAUNCH,VMRESUME,VMXOFF,VMXON,VMREAD,VMWRITE,VMPTR*,VMCLEAR,VMFUNC,VMRUN,VMLOAD,VMSAVE,VMMCALL",
        )
    {
        return false;
    }
    matches(mnemonic, EXCLUDED)
}

/// Instructions that have done a part of their work when they fault, which
/// may be more on the host.
pub(crate) fn is_restartable(mnemonic: &str) -> bool {
    matches(
        mnemonic,
        "VPGATHER*,VGATHER*,VPMASKMOV*,VMASKMOV*,ENTER,FSAVE,FNSAVE,FRSTOR,FSTENV,FNSTENV,FLDENV,FXSAVE*,MASKMOVQ",
    )
}

/// The flags that are undefined after an instruction (Intel SDM, volume 2).
pub(crate) fn flags(mnemonic: &str, case: &Case) -> u64 {
    match mnemonic {
        "MUL" | "IMUL" => SF | ZF | AF | PF,
        "DIV" | "IDIV" => CF | PF | AF | ZF | SF | OF,
        "AND" | "OR" | "XOR" | "TEST" => AF,
        "BSF" | "BSR" => CF | OF | SF | AF | PF,
        "BT" | "BTS" | "BTR" | "BTC" => OF | SF | AF | PF,
        "TZCNT" | "LZCNT" => OF | SF | AF | PF,
        "ANDN" | "BLSI" | "BLSR" | "BLSMSK" | "BZHI" => AF | PF,
        "BEXTR" => AF | SF | PF,
        "AAA" | "AAS" => OF | SF | ZF | PF,
        "DAA" | "DAS" => OF,
        "AAM" | "AAD" => OF | AF | CF,
        "SHL" | "SHR" | "SAR" | "ROL" | "ROR" | "RCL" | "RCR" | "SHLD" | "SHRD" | "SAL" => {
            shift(mnemonic, case)
        }
        _ => 0,
    }
}

fn shift(mnemonic: &str, case: &Case) -> u64 {
    let Case { bytes, before, .. } = case;
    let mut at = 0;
    let (mut wide, mut short) = (false, case.bits == 16);
    while let Some(byte) = bytes.get(at) {
        match byte {
            0x66 => short = case.bits != 16,
            0x67 | 0xf2 | 0xf3 | 0x2e | 0x36 | 0x3e | 0x26 | 0x64 | 0x65 | 0xf0 => {}
            0x40..=0x4f if case.bits == 64 => wide = byte & 8 != 0,
            _ => break,
        }
        at += 1;
    }
    let opcode = if bytes.get(at) == Some(&0x0f) { bytes.get(at + 1) } else { bytes.get(at) };
    let opcode = opcode.copied().unwrap_or(0);
    let by_immediate = matches!(opcode, 0xc0 | 0xc1 | 0xa4 | 0xac);
    let by_one = matches!(opcode, 0xd0 | 0xd1);
    let count = if by_one {
        1
    } else if by_immediate {
        bytes.last().copied().unwrap_or(0)
    } else {
        before.general[1] as u8
    } & if wide { 63 } else { 31 };
    let bits = match opcode {
        0xc0 | 0xd0 | 0xd2 => 8,
        _ if wide => 64,
        _ if short => 16,
        _ => 32,
    };
    if count == 0 {
        return 0;
    }
    let overflow = if count == 1 { 0 } else { OF };
    match mnemonic {
        "ROL" | "ROR" | "RCL" | "RCR" => overflow,
        // The result, too.
        "SHLD" | "SHRD" if count > bits => CF | PF | AF | ZF | SF | OF,
        "SHLD" | "SHRD" => AF | overflow,
        "SAR" => AF | overflow,
        _ => AF | overflow | if count >= bits { CF } else { 0 },
    }
}

/// Whether an instruction's result is undefined, too.
pub(crate) fn has_no_result(mnemonic: &str, flags: u64) -> bool {
    matches(mnemonic, "SHLD,SHRD") && flags & ZF != 0
}

/// Instructions whose results the manuals give only an error bound for.
pub(crate) fn is_approximate(mnemonic: &str) -> bool {
    matches(mnemonic, "RCPSS,RCPPS,RSQRTSS,RSQRTPS,VRCPSS,VRCPPS,VRSQRTSS,VRSQRTPS")
}

/// Whether a result of a transcendental function is within the bound of the
/// manual, one unit in the last place.
pub(crate) fn is_near(mnemonic: &str, a: &[u8; 10], b: &[u8; 10]) -> bool {
    if !matches(mnemonic, "F2XM1,FYL2X,FYL2XP1,FPTAN,FPATAN,FSIN,FCOS,FSINCOS") {
        return false;
    }
    // Without the integer bit, neighbours are numbers one apart.
    let number = |bytes: &[u8; 10]| {
        let mut wide = [0; 16];
        wide[..10].copy_from_slice(bytes);
        let wide = u128::from_le_bytes(wide);
        wide >> 64 << 63 | wide & u128::from(u64::MAX >> 1)
    };
    number(a).abs_diff(number(b)) <= 2
}

/// The bits of the x87 status word that are defined after an instruction.
pub(crate) fn status_mask(mnemonic: &str) -> u16 {
    if matches(mnemonic, "F2XM1,FYL2X,FYL2XP1,FPTAN,FPATAN,FSIN,FCOS,FSINCOS") { 0xfdff } else { 0xffff }
}

/// Whether what is stored has parts that differ between processors: the
/// pointers to the last x87 instruction.
pub(crate) fn memory_mask(mnemonic: &str) -> bool {
    matches(mnemonic, "FSTENV,FNSTENV,FSAVE,FNSAVE,FXSAVE*")
}

/// Whether the makers of processors differ, as measured on AMD EPYC and Intel
/// Xeon: what is left after a fault inside a repeated instruction, whether
/// SHA instructions need aligned operands (by the manual they do), whether
/// MMX is entered before a store faults, whether the first part of ten bytes is
/// stored when the second faults, and `F3 REX.B 90`, which is XCHG for
/// one and PAUSE for the other.
pub(crate) fn is_makers_choice(mnemonic: &str, bytes: &[u8], real: &Machine, ours: &Machine) -> bool {
    let has = |prefix: u8| bytes.contains(&prefix);
    let repeats = matches(mnemonic, "CMPS*,SCAS*,MOVS*,STOS*,LODS*") && (has(0xf2) || has(0xf3));
    let faulted = real.outcome == Outcome::Memory && ours.outcome == Outcome::Memory;
    repeats && (faulted || has(0x67))
        || matches(mnemonic, "SHA1*,SHA256*") && real.outcome != ours.outcome
        || matches(mnemonic, "MOVD,MOVQ,MOVNTQ,FSTP,FBSTP") && faulted
        || mnemonic == "XCHG" && has(0xf3) && bytes.last() == Some(&0x90)
}

/// Whether an instruction adds up products, in an order that is the maker's
/// choice; the exceptions depend on it.
pub(crate) fn adds_in_its_own_order(mnemonic: &str) -> bool {
    matches(mnemonic, "DPPS,DPPD,VDPPS,VDPPD")
}

/// Whether two results of an instruction that adds up products are the same,
/// or differ in which of several NaNs they took: the order of the additions
/// is the maker's choice.
pub(crate) fn is_other_nan(mnemonic: &str, a: &[u8; 32], b: &[u8; 32]) -> bool {
    // The size of a lane, and the bits of an infinity.
    let (size, infinity) = match mnemonic {
        "DPPS" | "VDPPS" => (4, 0x7f80_0000),
        "DPPD" | "VDPPD" => (8, 0x7ff0_0000_0000_0000),
        _ => return false,
    };
    let is_nan = |lane: &[u8]| {
        let bits = lane.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        bits & !(1 << (8 * size - 1)) > infinity
    };
    a.chunks(size).zip(b.chunks(size)).all(|(a, b)| a == b || is_nan(a) && is_nan(b))
}
