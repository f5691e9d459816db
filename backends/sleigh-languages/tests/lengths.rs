//! Instructions that the published texts had not, or had wrongly: how long they
//! are, and their text. The witness of the lengths is objdump of binutils 2.40
//! and of LLVM 19, which `scripts/compare_lengths.py` compares over libraries.

use terrella_sleigh::Decoder;

const INSTRUCTIONS: &[(&str, &str, usize, &str)] = &[
    // Operations of masks: VEX.vvvv is inverted.
    ("x86-64", "c4e1f44bc0", 5, "KUNPCKDQ K0, K1, K0"),
    ("x86-64", "c5f54bc0", 4, "KUNPCKBW K0, K1, K0"),
    ("x86-64", "c4e1f545c0", 5, "KORD K0, K1, K0"),
    ("x86-64", "c4e1ec46d2", 5, "KXNORQ K2, K2, K2"),
    // FMA4, with the memory as the third or the second operand; FMA on 32 bits.
    ("x86-64", "c4e3f96bc210", 6, "VFMADDSD XMM0, XMM0, XMM1, XMM2"),
    ("x86-64", "c4e3796bc210", 6, "VFMADDSD XMM0, XMM0, XMM2, XMM1"),
    ("x86", "c4e2f1a9442420", 7, "VFMADD213SD XMM0, XMM1, qword ptr [ESP + 0x20]"),
    // fmovecr beside operations on packed numbers.
    ("m68k", "f2005c00", 4, "fmovecr.x #0x0, FP0"),
    ("m68k", "f2005c80", 4, "fmovecr.x #0x0, FP1"),
    ("m68k", "f2104c22", 4, "fadd.p (A0), FP0"),
    // The lowest bit of a quad is the highest of its number.
    ("sparc64", "bba54879", 4, "faddq fq52,fq56,fq60"),
    ("sparc64", "bfa01a75", 4, "fqtoi fq52,fs31"),
    // Forms of the status register; transactions on 32 bits.
    ("ppc-be", "fc78048e", 4, "mffsl f3"),
    ("ppc-be", "fc76248e", 4, "mffscrn f3,f4"),
    ("ppc-be", "fffe1d8e", 4, "mtfsf 0xff,f3,0x1,0x0"),
    ("ppc-be", "7c00051d", 4, "tbegin. 0x0"),
    // Power ISA 3.0 and 3.1.
    ("ppc64-be", "44000001", 4, "scv 0x0"),
    ("ppc64-be", "106429a3", 4, "vmsumudm v3,v4,v5,v6"),
    ("ppc64-be", "f4440019", 4, "lxv vs34,0x10(r4)"),
    ("ppc64-be", "e464fff2", 4, "lxsd v3,-0x10(r4)"),
    ("ppc64-be", "18640021", 4, "stxvp vs34,0x20(r4)"),
    ("ppc64-be", "06100003c88080c9", 8, "plfd f4,0x380c9"),
    ("ppc64-le", "03001006d08bc038", 8, "paddi r6,0x38bd0"),
    ("ppc64-le", "80bf000500006480", 8, "xxspltidp vs3,0xbf800000"),
    ("ppc64-le", "0000000700000060", 8, "pnop"),
    // SH-4A.
    ("superh4-be", "0063", 2, "movli.l @r0,r0"),
    ("superh4-be", "0a73", 2, "movco.l r0,@r10"),
];

#[test]
fn instructions_are_as_long_as_they_are() -> Result<(), Box<dyn std::error::Error>> {
    for (name, hexadecimal, length, text) in INSTRUCTIONS {
        let processor = terrella_sleigh_languages::load(name)?;
        let bytes: Vec<u8> = (0..hexadecimal.len() / 2)
            .map(|index| u8::from_str_radix(&hexadecimal[2 * index..2 * index + 2], 16))
            .collect::<Result<_, _>>()?;
        let mut decoder = Decoder::new(processor.language.clone());
        let found =
            decoder.decode(0, &bytes, processor.context).map_err(|error| format!("{text}: {error}"))?;
        assert_eq!((found, decoder.text().as_str()), (*length, *text), "{hexadecimal} of {name}");
    }
    Ok(())
}
