//! Files on disk: read with a limit, and below a folder that they cannot
//! leave.

use std::{
    ffi::OsString,
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

/// So many symbolic links are followed (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// The path of a guest's file on disk: below `folder`, whatever the path and
/// the symbolic links on it say. `None` if it is not there, or is no file.
pub(crate) fn path_below(folder: &Path, path: &str) -> Option<PathBuf> {
    resolve_below(folder, Path::new(path)).filter(|path| path.is_file())
}

/// Where a guest's path leads on disk. It is followed as if `folder` were the
/// root of all (chroot(2)): an absolute link leads to what has its name below
/// `folder`, and `..` does not leave it. `None` if nothing is there.
pub(crate) fn resolve_below(folder: &Path, path: &Path) -> Option<PathBuf> {
    let root = folder.canonicalize().ok()?;
    let mut here = root.clone();
    let mut links = 0;
    let mut rest = reversed(path);
    while let Some(part) = rest.pop() {
        if part == ".." {
            if here != root {
                here.pop();
            }
            continue;
        }
        let next = here.join(&part);
        let metadata = next.symlink_metadata().ok()?;
        if metadata.is_symlink() {
            links += 1;
            if links > MAX_LINKS {
                return None;
            }
            let target = next.read_link().ok()?;
            if target.has_root() {
                here.clone_from(&root);
            }
            rest.extend(reversed(&target));
        } else if metadata.is_dir() || rest.is_empty() {
            here = next;
        } else {
            return None;
        }
    }
    Some(here)
}

/// The names of a path, and `..`; the last one first.
fn reversed(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev();
    parts
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect()
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
        assert_eq!(path_below(&folder, "/../lib.rs"), path_below(&folder, "lib.rs"));
        assert_eq!(path_below(&folder, "/../Cargo.toml"), None);
        assert_eq!(path_below(&folder, "/link"), None);
        assert_eq!(path_below(&folder, "/missing"), None);
    }
    #[cfg(unix)]
    #[test]
    fn absolute_links_are_those_of_the_guest() {
        use std::{fs, os::unix::fs::symlink};
        let host = std::env::temp_dir().join(format!("terrella-below-{}", std::process::id()));
        let _ = fs::remove_dir_all(&host);
        fs::create_dir_all(host.join("root/usr/lib")).unwrap();
        fs::create_dir_all(host.join("etc")).unwrap();
        fs::write(host.join("etc/only-outside"), b"outside").unwrap();
        fs::write(host.join("root/usr/lib/libone.so.1"), b"one").unwrap();
        let root = host.join("root");
        // As in the folders of a distribution with one `/usr`.
        symlink("/usr/lib", root.join("lib")).unwrap();
        symlink("/lib/libone.so.1", root.join("usr/lib/libone.so")).unwrap();
        symlink("../../../../../../lib/libone.so", root.join("usr/lib/up.so")).unwrap();
        symlink(host.join("etc/only-outside"), root.join("absolute")).unwrap();
        symlink("../etc/only-outside", root.join("relative")).unwrap();
        symlink("round", root.join("round")).unwrap();
        symlink(&host, root.join("host")).unwrap();
        let real = root.canonicalize().unwrap().join("usr/lib/libone.so.1");
        for path in ["/lib/libone.so", "usr/lib/libone.so", "lib/up.so", "/lib/../lib/libone.so.1"] {
            assert_eq!(path_below(&root, path), Some(real.clone()), "{path}");
        }
        assert_eq!(resolve_below(&root, Path::new("lib")), real.parent().map(Path::to_owned));
        for path in
            ["absolute", "relative", "round", "host/etc/only-outside", "host", "lib", "lib/libone.so/x"]
        {
            assert_eq!(path_below(&root, path), None, "{path}");
        }
        fs::remove_dir_all(host).unwrap();
    }
}
