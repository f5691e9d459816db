//! Compiling a specification from its text.

use std::path::Path;

use crate::{
    compile::{
        constructor::resolve, encode::Encoder, placement::PatternBuilder, semantics, symbols::Symbols, tree,
    },
    error::{Error, Result},
    language::Language,
    spec::{parser::parse, preprocessor::preprocess, source::Source},
};

/// Compiles a specification: a `.slaspec` file and what it includes.
///
/// # Errors
/// [`Error`](crate::Error), with file, line and what was expected.
pub fn compile(path: impl AsRef<Path>) -> Result<Language> {
    compile_source(&preprocess(path.as_ref(), &[])?)
}

pub(crate) fn compile_source(source: &Source) -> Result<Language> {
    let specification = parse(source)?;
    let symbols = Symbols::new(source, &specification)?;
    let mut constructors = Vec::with_capacity(specification.constructors.len());
    for syntax in &specification.constructors {
        constructors.push(resolve(&symbols, syntax)?);
    }
    let mut builder = PatternBuilder::new(&symbols, &mut constructors);
    builder.build()?;
    let by_table = builder.by_table;
    let mut encoder = Encoder::new(&symbols);
    let mut offsets = Vec::with_capacity(constructors.len());
    for constructor in &constructors {
        let template = semantics::compile(&symbols, &specification.macros, constructor)?;
        offsets.push(encoder.constructor(constructor, template.as_ref())?);
    }
    for table in by_table {
        let mut patterns = Vec::new();
        for index in table {
            for alternative in &constructors[index].pattern.alternatives {
                patterns.push((*alternative, offsets[index]));
            }
        }
        let limit = 1 << 17;
        if patterns.len() > limit {
            return Err(Error::TooLarge { what: "patterns", count: patterns.len(), limit });
        }
        let alternatives: Vec<_> = patterns.iter().map(|(alternative, _)| *alternative).collect();
        encoder.table(&tree::build(&alternatives), &patterns);
    }
    encoder.finish(specification.alignment)
}
