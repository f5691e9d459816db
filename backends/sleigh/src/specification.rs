//! Compiling a specification from its text.

use std::path::Path;

use crate::{
    compile::{
        constructor::resolve, encode::Encoder, placement::PatternBuilder, semantics, symbols::Symbols, tree,
    },
    error::{Error, Result},
    language::Language,
    spec::{
        parser::parse,
        preprocessor::{preprocess, preprocess_with},
        source::Source,
    },
};

/// Compiles a specification: a `.slaspec` file and what it includes.
///
/// # Errors
/// [`Error`](crate::Error), with file, line and what was expected.
pub fn compile(path: impl AsRef<Path>) -> Result<Language> {
    compile_source(&preprocess(path.as_ref(), &[])?)
}

/// Compiles a specification whose files come from elsewhere than the file
/// system: `read` is asked for the file at a path, and for those that it
/// includes, by their paths beside it.
///
/// ```
/// let text = "define endian=little;
///     define space ram type=ram_space size=2 default;
///     define space register type=register_space size=1;
///     define register offset=0 size=1 [ a ];
///     define token byte(8) op=(0,7);
///     :inc a is op=1 & a { a = a + 1; }";
/// let language = terrella_sleigh::compile_from("one.slaspec", &|_| Ok(text.to_owned()))?;
/// let mut decoder = terrella_sleigh::Decoder::new(language.into());
/// assert_eq!(decoder.decode(0, &[1], Default::default()).map(|_| decoder.text()).as_deref(), Ok("inc a"));
///
/// let error = terrella_sleigh::compile_from("one.slaspec", &|_| Ok(text.replace("op=1", "nop=1")));
/// assert!(error.unwrap_err().to_string().starts_with("one.slaspec:6:"));
/// # Ok::<(), terrella_sleigh::Error>(())
/// ```
///
/// # Errors
/// [`Error`](crate::Error), with file, line and what was expected.
pub fn compile_from(
    path: impl AsRef<Path>,
    read: &dyn Fn(&Path) -> std::io::Result<String>,
) -> Result<Language> {
    compile_source(&preprocess_with(path.as_ref(), &[], read)?)
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
