//! The bits that say how an expression is written (`regex.h` of glibc,
//! `RE_BACKSLASH_ESCAPE_IN_LISTS` …).

pub(super) const BACKSLASH_IN_LISTS: u64 = 1;
pub(super) const ESCAPED_PLUS: u64 = 1 << 1;
pub(super) const CLASSES: u64 = 1 << 2;
pub(super) const ANCHORS_ANYWHERE: u64 = 1 << 3;
pub(super) const OPERATORS_ANYWHERE: u64 = 1 << 4;
pub(super) const NO_LONE_OPERATORS: u64 = 1 << 5;
pub(super) const DOT_NEWLINE: u64 = 1 << 6;
pub(super) const DOT_NOT_NULL: u64 = 1 << 7;
pub(super) const LISTS_NOT_NEWLINE: u64 = 1 << 8;
pub(super) const INTERVALS: u64 = 1 << 9;
pub(super) const LIMITED: u64 = 1 << 10;
pub(super) const NEWLINE_ALTERNATIVE: u64 = 1 << 11;
pub(super) const PLAIN_BRACES: u64 = 1 << 12;
pub(super) const PLAIN_PARENTHESES: u64 = 1 << 13;
pub(super) const NO_REFERENCES: u64 = 1 << 14;
pub(super) const PLAIN_BAR: u64 = 1 << 15;
pub(super) const NO_EMPTY_RANGES: u64 = 1 << 16;
pub(super) const LONE_PARENTHESIS: u64 = 1 << 17;
pub(super) const NO_GNU_OPERATORS: u64 = 1 << 19;
pub(super) const WRONG_INTERVAL_PLAIN: u64 = 1 << 21;
pub(super) const NO_CASE: u64 = 1 << 22;
pub(super) const NO_LONE_INTERVAL: u64 = 1 << 24;
pub(super) const NO_PARTS: u64 = 1 << 25;

const COMMON: u64 = CLASSES | DOT_NEWLINE | DOT_NOT_NULL | INTERVALS | NO_EMPTY_RANGES;
/// `RE_SYNTAX_POSIX_BASIC`.
pub(super) const BASIC: u64 = COMMON | ESCAPED_PLUS | NO_LONE_INTERVAL;
/// `RE_SYNTAX_POSIX_EXTENDED`.
pub(super) const EXTENDED: u64 = COMMON
    | ANCHORS_ANYWHERE
    | OPERATORS_ANYWHERE
    | PLAIN_BRACES
    | PLAIN_PARENTHESES
    | PLAIN_BAR
    | NO_LONE_OPERATORS
    | LONE_PARENTHESIS;
