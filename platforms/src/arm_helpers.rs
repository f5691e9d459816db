//! [`arm_kernel_helpers`]: code that the kernel of Linux has at the end of the
//! addresses of a 32-bit ARM process.

/// The address of the page with the helpers of Linux on 32-bit ARM.
pub const ARM_KERNEL_HELPERS: u64 = 0xffff_0000;

/// How far into the page the word is from which `__kuser_get_tls` takes the
/// thread pointer, on processors that have no register for it.
pub const ARM_HELPERS_THREAD_POINTER: u64 = 0xff0;

/// How far into the page the number of helpers is, a word of data.
const COUNT: u64 = 0xffc;

const BX_LR: u32 = 0xe12f_ff1e;

/// The words of the page, as pairs of how far they are into it and what is
/// there; what is not named is zero (`Documentation/arch/arm/kernel_user_helpers.rst`).
/// Instructions are to be written with the lowest byte first on processors of
/// both byte orders; [`arm_helper_is_data`] tells what is data. With
/// `has_register`, the thread pointer is read from `TPIDRURO`.
#[must_use]
pub fn arm_kernel_helpers(has_register: bool) -> Vec<(u64, u32)> {
    let code: [(u64, &[u32]); 5] = [
        // __kuser_cmpxchg64: push {r4, r5, r6, lr}; ldm r0, {r4, r5}; ldm r2, {r6,
        // lr}; eors r4, r4, r6; eorseq r4, r5, lr; ldmeq r1, {r5, r6}; stmeq r2,
        // {r5, r6}; rsbs r0, r4, #0; pop {r4, r5, r6, pc}
        (
            0xf60,
            &[
                0xe92d_4070,
                0xe890_0030,
                0xe892_4040,
                0xe034_4006,
                0x0035_400e,
                0x0891_0060,
                0x0882_0060,
                0xe274_0000,
                0xe8bd_8070,
            ],
        ),
        // __kuser_memory_barrier
        (0xfa0, &[BX_LR]),
        // __kuser_cmpxchg: ldr r3, [r2]; subs r3, r3, r0; streq r1, [r2]; rsbs r0,
        // r3, #0
        (0xfc0, &[0xe592_3000, 0xe053_3000, 0x0582_1000, 0xe273_0000, BX_LR]),
        // __kuser_get_tls: ldr r0, [pc, #8], the word at 0xff0; or the register of
        // the processor.
        (0xfe0, if has_register { &[0xee1d_0f70, BX_LR] } else { &[0xe59f_0008, BX_LR] }),
        (COUNT, &[5]),
    ];
    let words = code.into_iter().flat_map(|(offset, words)| {
        words.iter().enumerate().map(move |(index, word)| (offset + 4 * index as u64, *word))
    });
    words.collect()
}

/// Whether the word so far into the page is data, and not code.
#[must_use]
pub const fn arm_helper_is_data(offset: u64) -> bool {
    offset == COUNT || offset == ARM_HELPERS_THREAD_POINTER
}
