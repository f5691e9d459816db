//! What `sysconf`, `pathconf` and `confstr` tell, by the numbers of glibc's
//! `bits/confname.h`.

/// There is no such name.
pub(super) const NO: i64 = i64::MIN;

/// What glibc's `sysconf` tells on 64-bit Linux, by numbers of
/// `bits/confname.h` (`_SC_ARG_MAX` is 0), of a machine with one processor and
/// 1 GiB of memory whose caches are not known.
#[rustfmt::skip]
pub(super) const CONFIGURATION: &[i64] = &[
    // 0
    2_097_152, 4096, 100, 65536, 1024, 16, -1, 1, 1, 200_809,
    // 10
    200_809, 200_809, 200_809, 200_809, 200_809, 200_809, 200_809, 200_809, 200_809, 200_809,
    // 20
    200_809, 200_809, 200_809, -1, -1, 20, 2_147_483_647, -1, 32768, 200_809,
    // 30
    4096, 32, -1, 2_147_483_647, 4096, -1, 99, 2048, 99, 1000,
    // 40
    255, NO, 32, 2048, 32767, 2048, 200_809, 200_809, 200_809, -1,
    // 50
    -1, 200_809, 200_809, -1, -1, -1, -1, -1, -1, -1,
    // 60
    1024, -1, -1, -1, -1, -1, -1, 200_809, 200_809, 1024,
    // 70
    1024, 256, 32, 4, 1024, 16384, -1, 200_809, 200_809, 200_809,
    // 80
    200_809, 200_809, 200_809, 1, 1, 262_144, 131_072, 2_147_483_647, 8192, 700,
    // 90
    4, 1, -1, 1, 1, 200_809, 200_809, -1, 1, 1,
    // 100
    1, 8, 127, -128, 2_147_483_647, -2_147_483_648, 64, 32, 16, 20,
    // 110
    32767, 127, -128, 32767, -32768, 255, 4_294_967_295, -1, 65535, 4096,
    // 120
    2048, 2_147_483_647, 2_147_483_647, 2_147_483_647, 2_147_483_647, -1, -1, 1, -1, 1,
    // 130
    1, 1, 200_809, 200_809, -1, -1, -1, 200_809, 200_809, 200_809,
    // 140
    -1, -1, -1, -1, -1, -1, -1, -1, -1, 200_809,
    // 150
    -1, -1, -1, 200_809, 200_809, 1, -1, 1, -1, 200_809,
    // 160
    -1, -1, -1, -1, 200_809, -1, -1, -1, -1, -1,
    // 170
    -1, -1, -1, -1, -1, -1, -1, -1, 1, -1,
    // 180
    64, -1, -1, -1, -1, 0, 0, 0, 0, 0,
    // 190
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    // 200
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    // 210
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    // 220
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    // 230
    NO, NO, NO, NO, NO, 200_809, 200_809, -1, -1, 1,
    // 240
    -1, NO, -1, -1, -1, -1, -1, NO, NO, 2048,
    // 250
    8192,
];

/// What follows from the widths of the types: `_SC_CHAR_MAX`, `_SC_CHAR_MIN`,
/// `_SC_LONG_BIT`, `_SC_UINT_MAX`, and the programming environments
/// (`_SC_XBS5_ILP32_OFF32` …, those of Issue 6 and Issue 7).
pub(super) fn of_types(number: i32, long: u8, unsigned_char: bool) -> Option<i64> {
    let wide = long == 8;
    Some(match number {
        102 if unsigned_char => 255,
        103 if unsigned_char => 0,
        106 => 8 * i64::from(long),
        116 if !wide => -1,
        125 | 126 | 176 | 177 | 237 | 238 if !wide => 1,
        127 | 178 | 239 if !wide => -1,
        _ => return None,
    })
}

/// Numbers of `pathconf` and their values: `_PC_LINK_MAX` …
pub(super) const PATH_LIMITS: &[(i32, i64)] = &[
    (0, 65000),
    (1, 255),
    (2, 255),
    (3, 255),
    (4, 4096),
    (5, 4096),
    (6, 1),
    (7, 1),
    (8, 0),
    (9, -1),
    (10, -1),
    (11, -1),
    (13, 64),
    (16, 4096),
    (17, 4096),
    (18, 4096),
    (20, 1),
];

/// Texts of `confstr`: `_CS_PATH`, `_CS_GNU_LIBC_VERSION`,
/// `_CS_GNU_LIBPTHREAD_VERSION`.
pub(super) const TEXTS: &[(i32, &str)] = &[(0, "/bin:/usr/bin"), (2, "glibc 2.36"), (3, "NPTL 2.36")];
