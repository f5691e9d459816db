//! The text of specifications: files, preprocessor, lexer, parser.

pub(crate) mod definitions;
pub(crate) mod lexer;
pub(crate) mod parser;
pub(crate) mod preprocessor;
pub(crate) mod semantics;
pub(crate) mod source;
pub(crate) mod syntax;
