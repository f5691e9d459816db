//! From the syntax tree to a [`Language`](crate::Language).

pub(crate) mod bits;
pub(crate) mod constraint;
pub(crate) mod constructor;
pub(crate) mod encode;
pub(crate) mod expression;
pub(crate) mod pattern;
pub(crate) mod placement;
pub(crate) mod semantics;
pub(crate) mod sizes;
pub(crate) mod symbols;
pub(crate) mod template;
pub(crate) mod tree;
pub(crate) mod values;
