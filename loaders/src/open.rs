//! Files on disk: read with a limit, and below a folder that they cannot
//! leave.

use std::{
    fs::File,
    io::Read as _,
    path::{Component, Path, PathBuf},
};

use crate::{Error, Result};

/// Reads a file of at most `limit` bytes.
pub(crate) fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let too_large = |size| Error::TooLarge { file: path.display().to_string(), what: "file", size, limit };
    if size > limit {
        return Err(too_large(size));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}

/// The path of a guest's file on disk: below `folder`, whatever the path and
/// the symbolic links on it say. `None` if it is not there, is no file, or is
/// elsewhere.
pub(crate) fn path_below(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(part) => inside.push(part),
            Component::ParentDir => {
                inside.pop();
            }
            _ => {}
        }
    }
    let folder = folder.canonicalize().ok()?;
    let found = folder.join(inside).canonicalize().ok()?;
    (found.starts_with(&folder) && found.is_file()).then_some(found)
}

/// The content of a guest's file below a folder, if it is there.
pub(crate) fn file_below(folder: &Path, path: &str, limit: u64) -> Result<Option<Vec<u8>>> {
    path_below(folder, path).map(|path| read_limited(&path, limit)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_of_the_folder_is_found() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert!(path_below(&folder, "/lib.rs").is_some());
        assert!(path_below(&folder, "link/../lib.rs").is_some());
        assert_eq!(path_below(&folder, "/../Cargo.toml"), None);
        assert_eq!(path_below(&folder, "/link"), None);
        assert_eq!(path_below(&folder, "/missing"), None);
    }
}
