//! All models, by name.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::Serialize;

use super::{
    aliases::{ALIASES, FLOAT_TYPES, OF_ALL_TYPES},
    types::{CType, Header, Model, Standard},
};

/// All headers.
pub(crate) const HEADERS: &[&Header] = &[
    &super::string::HEADER,
    &super::string::EXTENSIONS,
    &super::fortified::HEADER,
    &super::ctype::HEADER,
    &super::ctype::EXTENSIONS,
    &super::sort::HEADER,
    &super::sort::EXTENSIONS,
    &super::ending::HEADER,
    &super::ending::EXTENSIONS,
    &super::ending::ASSERT,
    &super::ending::RUNTIME,
    &super::signals::HEADER,
    &super::signals::POSIX,
    &super::queued_signals::HEADER,
    &super::stdlib::HEADER,
    &super::stdlib::INTTYPES,
    &super::stdlib::EXTENSIONS,
    &super::stdlib::RUNTIME,
    &super::stdio::HEADER,
    &super::stdio::EXTENSIONS,
    &super::stdio::FORTIFIED,
    &super::stdio::PRINT[0],
    &super::stdio::PRINT[1],
    &super::stdio::SCAN[0],
    &super::stdio::SCAN[1],
    &super::stdio::LINE_MODELS[0],
    &super::stdio::LINE_MODELS[1],
    &super::stdio::LINE_MODELS[2],
    &super::stdio::EXTENSION,
    &super::runtime::HEADER,
    &super::runtime::ATOMICS,
    &super::jumps::HEADER,
    &super::jumps::EXTENSIONS,
    &super::contexts::HEADER,
    &super::fenv::HEADER[0],
    &super::fenv::HEADER[1],
    &super::math::UNARY,
    &super::math::BINARY,
    &super::math::PARTS,
    &super::math::MODES[0],
    &super::math::MODES[1],
    &super::math::CLASSES,
    &super::math::OLD_CLASSES,
    &super::math::INTEGERS[0],
    &super::math::INTEGERS[1],
    &super::time::HEADER[0],
    &super::time::HEADER[1],
    &super::time::CLOCKS[0],
    &super::time::CLOCKS[1],
    &super::time::TIMERS,
    &super::time::GETDATE,
    &super::monetary::HEADER,
    &super::multibyte::HEADER[0],
    &super::multibyte::HEADER[1],
    &super::multibyte::HEADER[2],
    &super::multibyte::HEADER[3],
    &super::wchar::HEADER[0],
    &super::wchar::HEADER[1],
    &super::wchar::HEADER[2],
    &super::wctype::HEADER[0],
    &super::wctype::HEADER[1],
    &super::stdio::WIDE[0],
    &super::stdio::WIDE[1],
    &super::stdio::WIDE[2],
    &super::locale::HEADER[0],
    &super::locale::HEADER[1],
    &super::locale::HEADER[2],
    &super::locale::HEADER[3],
    &super::errors::HEADER[0],
    &super::errors::HEADER[1],
    &super::regex::HEADER,
    &super::regex::GNU,
    &super::trees::HEADER[0],
    &super::trees::HEADER[1],
    &super::soft_float::HEADER[0],
    &super::soft_float::HEADER[1],
    &super::complex::HEADER[0],
    &super::complex::HEADER[1],
    &super::complex::HEADER[2],
    &super::complex::LONG[0],
    &super::complex::LONG[1],
    &super::pairs::HEADER,
    &super::quad::HEADER,
    &super::wide_arithmetic::HEADER[0],
    &super::wide_arithmetic::HEADER[1],
    &super::wide_arithmetic::HEADER[2],
    &super::wide_integers::HEADER[0],
    &super::wide_integers::HEADER[1],
    &super::wide_integers::HEADER[2],
    &super::wide_integers::HEADER[3],
    &super::wide_integers::HEADER[4],
    &super::wide_integers::HEADER[5],
    &super::wide_integers::HEADER[6],
];

/// The headers of all folders.
fn headers() -> impl Iterator<Item = &'static Header> {
    HEADERS
        .iter()
        .chain(super::gnu::HEADERS)
        .chain(super::posix::HEADERS)
        .chain(super::threads::HEADERS)
        .chain(super::processes::HEADERS)
        .copied()
}

/// The model of a name.
pub(crate) fn find(name: &str) -> Option<&'static Model> {
    static BY_NAME: OnceLock<BTreeMap<&'static str, &'static Model>> = OnceLock::new();
    let make = || {
        let mut all: BTreeMap<&str, &Model> = BTreeMap::new();
        for model in headers().flat_map(|header| header.models.iter()) {
            all.insert(model.name, model);
        }
        for (other, name) in aliases() {
            if let Some(model) = all.get(name.as_str()).copied() {
                all.insert(other, model);
            }
        }
        all
    };
    BY_NAME.get_or_init(make).get(name).copied()
}

/// Other names, and those of their models.
fn aliases() -> &'static [(&'static str, String)] {
    static ALL: OnceLock<Vec<(&'static str, String)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let plain = ALIASES.iter().map(|(other, name)| (*other, (*name).to_owned()));
        let typed = OF_ALL_TYPES.iter().flat_map(|function| {
            FLOAT_TYPES.iter().map(move |(own, letters)| {
                let other: &'static str = Box::leak(format!("{function}{own}").into_boxed_str());
                (other, format!("{function}{letters}"))
            })
        });
        plain.chain(typed).collect()
    })
}

/// What the catalogue says of one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelInfo {
    /// The name of the function.
    pub name: &'static str,
    /// The header that declares it.
    pub header: &'static str,
    /// The document that it is from.
    pub standard: Standard,
    /// The types of its parameters.
    pub parameters: Vec<CType>,
    /// The type of its result.
    pub result: CType,
    /// In what the model is not precise, if it is not.
    pub deviation: Option<&'static str>,
}

impl ModelInfo {
    /// The function as C would declare it, without the names of parameters.
    #[must_use]
    pub fn declaration(&self) -> String {
        let parameters: Vec<&str> = self.parameters.iter().map(|it| it.name()).collect();
        let list = if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") };
        let result = self.result.name();
        let space = if result.ends_with('*') { "" } else { " " };
        format!("{result}{space}{}({list})", self.name)
    }
}

/// All models, by header and name.
///
/// ```
/// let models = terrella_models::libc::catalogue();
/// let strlen = models.iter().find(|model| model.name == "strlen").unwrap();
/// assert_eq!(strlen.declaration(), "size_t strlen(void *)");
/// assert!(strlen.deviation.is_none());
/// ```
#[must_use]
pub fn catalogue() -> Vec<ModelInfo> {
    let mut all: Vec<ModelInfo> = Vec::new();
    for header in headers() {
        for model in header.models {
            all.push(ModelInfo {
                name: model.name,
                header: header.name,
                standard: header.standard,
                parameters: model.function.parameters().to_vec(),
                result: model.function.result(),
                deviation: model.deviation,
            });
        }
    }
    let known: BTreeMap<&str, usize> = all.iter().enumerate().map(|(at, it)| (it.name, at)).collect();
    let others: Vec<ModelInfo> = aliases()
        .iter()
        .filter_map(|(other, name)| {
            let model = all.get(*known.get(name.as_str())?)?;
            Some(ModelInfo { name: other, standard: Standard::Extension, ..model.clone() })
        })
        .collect();
    all.extend(others);
    all.sort_by_key(|model| (model.standard, model.header, model.name));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn each_name_has_one_model() {
        let mut names = BTreeSet::new();
        for model in super::catalogue() {
            assert!(names.insert(model.name), "`{}` has two models", model.name);
        }
    }

    #[test]
    fn each_other_name_has_a_model() {
        for (other, name) in super::aliases() {
            let model = super::find(name).unwrap_or_else(|| panic!("`{other}` is to be `{name}`"));
            assert_eq!(super::find(other).map(|it| it.name), Some(model.name));
        }
    }
}
