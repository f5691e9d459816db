//! What `sysconf`, `pathconf` and `confstr` tell, by the numbers of glibc's
//! `bits/confname.h`.

/// Numbers of `sysconf` and their values.
pub(super) const CONFIGURATION: &[(i32, i64)] = &[
    // _SC_ARG_MAX, _SC_CHILD_MAX, _SC_CLK_TCK, _SC_NGROUPS_MAX, _SC_OPEN_MAX, _SC_STREAM_MAX, _SC_TZNAME_MAX
    (0, 2_097_152),
    (1, 4096),
    (2, 100),
    (3, 65536),
    (4, 1024),
    (5, 16),
    (6, 6),
    // _SC_JOB_CONTROL, _SC_SAVED_IDS, _SC_REALTIME_SIGNALS … _SC_SHARED_MEMORY_OBJECTS
    (7, 1),
    (8, 1),
    (9, 200_809),
    (10, 200_809),
    (11, 200_809),
    (12, 200_809),
    (13, 200_809),
    (14, 200_809),
    (15, 200_809),
    (16, 200_809),
    (17, 200_809),
    (18, 200_809),
    (19, 200_809),
    (20, 200_809),
    (21, 200_809),
    (22, 200_809),
    // _SC_AIO_LISTIO_MAX is no limit, _SC_DELAYTIMER_MAX, _SC_MQ_OPEN_MAX …
    (26, 2_147_483_647),
    (27, -1),
    (28, 32768),
    // _SC_VERSION, _SC_PAGESIZE (the platform's), _SC_RTSIG_MAX, _SC_SEM_NSEMS_MAX, _SC_SEM_VALUE_MAX
    (29, 200_809),
    (30, 4096),
    (31, 30),
    (32, -1),
    (33, 2_147_483_647),
    // _SC_SIGQUEUE_MAX, _SC_TIMER_MAX
    (34, 4096),
    (35, -1),
    // _SC_BC_BASE_MAX, _SC_BC_DIM_MAX, _SC_BC_SCALE_MAX, _SC_BC_STRING_MAX, _SC_COLL_WEIGHTS_MAX
    (36, 99),
    (37, 2048),
    (38, 99),
    (39, 1000),
    (40, 255),
    // _SC_EXPR_NEST_MAX, _SC_LINE_MAX, _SC_RE_DUP_MAX
    (42, 32),
    (43, 2048),
    (44, 32767),
    // _SC_2_VERSION, _SC_2_C_BIND, _SC_2_C_DEV
    (46, 200_809),
    (47, 200_809),
    (48, 200_809),
    // _SC_IOV_MAX, _SC_THREADS, _SC_THREAD_SAFE_FUNCTIONS, _SC_GETGR_R_SIZE_MAX, _SC_GETPW_R_SIZE_MAX
    (60, 1024),
    (67, 200_809),
    (68, 200_809),
    (69, 1024),
    (70, 1024),
    // _SC_LOGIN_NAME_MAX, _SC_TTY_NAME_MAX, _SC_THREAD_DESTRUCTOR_ITERATIONS, _SC_THREAD_KEYS_MAX
    (71, 256),
    (72, 32),
    (73, 4),
    (74, 1024),
    (75, 16384),
    (76, -1),
    // _SC_NPROCESSORS_CONF, _SC_NPROCESSORS_ONLN, _SC_PHYS_PAGES, _SC_AVPHYS_PAGES, _SC_ATEXIT_MAX
    (83, 1),
    (84, 1),
    (85, 262_144),
    (86, 131_072),
    (87, 2_147_483_647),
    // _SC_XOPEN_VERSION
    (89, 700),
    // _SC_MONOTONIC_CLOCK, _SC_HOST_NAME_MAX
    (149, 200_809),
    (180, 64),
];

/// Numbers of `pathconf` and their values: `_PC_LINK_MAX` …
pub(super) const PATH_LIMITS: &[(i32, i64)] = &[
    (0, 127),
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
    (20, -1),
];

/// Texts of `confstr`: `_CS_PATH`, `_CS_GNU_LIBC_VERSION`,
/// `_CS_GNU_LIBPTHREAD_VERSION`.
pub(super) const TEXTS: &[(i32, &str)] = &[(0, "/bin:/usr/bin"), (2, "glibc 2.36"), (3, "NPTL 2.36")];
