//! z/Architecture. Principles of Operation (SA22-7832), chapters 7 and 10, and
//! appendix B.

use terrella_platforms::{ByteOrder::Big, Platform};

use super::{CodeState, Decoder, halfword, matches, word};

pub(super) const DECODER: Decoder = Decoder { length, transfers, wide };

/// Of two bytes. A branch to register 0 does not branch.
const TWO: &[(u32, u32)] = &[
    (0xff00, 0x0a00), // svc
    (0xffff, 0x0101), // pr
    (0xffff, 0x01ff), // trap2
];

/// Of two bytes, if the second register is not 0.
const TO_REGISTER: &[(u32, u32)] = &[
    (0xff00, 0x0500), // balr
    (0xff00, 0x0600), // bctr
    (0xff00, 0x0b00), // bsm
    (0xff00, 0x0c00), // bassm
    (0xff00, 0x0d00), // basr
];

const FOUR: &[(u32, u32)] = &[
    (0xff00_0000, 0x4500_0000), // bal
    (0xff00_0000, 0x4600_0000), // bct
    (0xff00_0000, 0x4d00_0000), // bas
    (0xfc00_0000, 0x8400_0000), // brxh, brxle, bxh, bxle
    (0xff0f_0000, 0xa705_0000), // bras
    (0xff0e_0000, 0xa706_0000), // brct, brctg
    (0xff00_0000, 0x8200_0000), // lpsw
    (0xffff_0000, 0xb2b2_0000), // lpswe
    (0xffff_0000, 0xb218_0000), // pc
    (0xffff_0000, 0xb228_0000), // pt
    (0xffff_0000, 0xb240_0000), // bakr
    (0xffff_0000, 0xb258_0000), // bsg
    (0xffff_0000, 0xb25a_0000), // bsa
    (0xffff_0000, 0xb2ff_0000), // trap4
    (0xffff_0000, 0xb946_0000), // bctgr
];

/// Of six bytes: their first, second and last byte.
const SIX: &[(u32, u32)] = &[
    (0x00ff_0f00, 0x00c0_0500), // brasl
    (0x00ff_0f00, 0x00cc_0600), // brcth
    (0x00ff_00ff, 0x00ec_0044), // brxhg
    (0x00ff_00ff, 0x00ec_0045), // brxlg
    (0x00ff_00fe, 0x00ec_0064), // cgrj, clgrj
    (0x00ff_00fe, 0x00ec_0076), // crj, clrj
    (0x00ff_00fc, 0x00ec_007c), // cgij, clgij, cij, clij
    (0x00ff_00fe, 0x00ec_00e4), // cgrb, clgrb
    (0x00ff_00fe, 0x00ec_00f6), // crb, clrb
    (0x00ff_00fc, 0x00ec_00fc), // cgib, clgib, cib, clib
    (0x00ff_00fe, 0x00eb_0044), // bxhg, bxleg
    (0x00ff_00ff, 0x00eb_0071), // lpswey
    (0x00ff_00ff, 0x00e3_0046), // bctg
];

/// Branches by a mask in the second byte's high half, where 0 is "never": first,
/// second and last byte.
const MASKED: &[(u32, u32)] = &[
    (0x00ff_0000, 0x0047_0000), // bc
    (0x00ff_0f00, 0x00a7_0400), // brc
    (0x00ff_0f00, 0x00c0_0400), // brcl
    (0x00ff_00ff, 0x00e3_0047), // bic
];

const SIXTEEN: &[(u32, u32)] = &[
    (0x00ff_00ff, 0x00e7_0006), // vl
    (0x00ff_00ff, 0x00e7_000e), // vst
    (0x00ff_00ff, 0x00e7_0036), // vlm
    (0x00ff_00ff, 0x00e7_003e), // vstm
    (0x00ff_00ff, 0x00e3_008f), // lpq
    (0x00ff_00ff, 0x00e3_008e), // stpq
    (0x00ff_00ff, 0x00eb_003e), // cdsg
];

/// First, second and last byte.
fn ends(bytes: &[u8]) -> u32 {
    let last = bytes.last().copied().unwrap_or(0);
    u32::from(bytes[0]) << 16 | u32::from(bytes[1]) << 8 | u32::from(last)
}

fn length(_: Platform, _: CodeState, bytes: &[u8]) -> Option<usize> {
    Some(match bytes.first()? >> 6 {
        0 => 2,
        1 | 2 => 4,
        _ => 6,
    })
}

fn transfers(_: Platform, _: CodeState, bytes: &[u8]) -> bool {
    let masked = bytes.len() > 2 && matches(ends(bytes), MASKED) && bytes[1] & 0xf0 != 0;
    masked
        || match bytes.len() {
            2 => halfword(bytes, Big).is_some_and(|half| {
                let conditional = half & 0xff00 == 0x0700 && half & 0x00f0 != 0;
                let to_register = conditional || matches(half.into(), TO_REGISTER);
                matches(half.into(), TWO) || to_register && half & 0x000f != 0
            }),
            4 => word(bytes, Big).is_some_and(|word| matches(word, FOUR)),
            _ => matches(ends(bytes), SIX),
        }
}

fn wide(_: Platform, _: CodeState, bytes: &[u8]) -> Option<u32> {
    (bytes.len() == 6 && matches(ends(bytes), SIXTEEN)).then_some(16)
}
