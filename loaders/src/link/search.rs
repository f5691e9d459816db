//! [`SearchPath`]: where the libraries that modules need are looked for.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{Linker, Member};
use crate::{
    Error, Result, detect_platform,
    open::{path_below, read_limited, resolve_below},
};

/// Most modules of one link.
const MODULE_LIMIT: usize = 4096;

/// Where the libraries that modules need are looked for, as the run-time
/// linker does (`ld.so(8)`): the module's `DT_RPATH` if it has no
/// `DT_RUNPATH`, the paths given here, `DT_RUNPATH`, and the usual folders of
/// the sysroot. `$ORIGIN` is the folder of the module. A file for another
/// processor is passed over.
///
/// Libraries of Windows are looked for beside the module that needs them and
/// in the paths, in any case of letters.
///
/// ```no_run
/// use terrella_loaders::{Linker, Options, SearchPath};
///
/// let mut linker = Linker::new(Options::default());
/// linker.add_file("/srv/root/usr/bin/lua")?;
/// linker.add_needed(&SearchPath { sysroot: Some("/srv/root".into()), ..SearchPath::default() })?;
/// println!("{}", linker.link()?.report);
/// # Ok::<(), terrella_loaders::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchPath {
    /// The folder that takes the place of `/`. Without one, only `paths` and
    /// folders relative to a module are searched.
    pub sysroot: Option<PathBuf>,
    /// Further folders.
    pub paths: Vec<PathBuf>,
}

/// What is looked for.
struct Wanted {
    name: String,
    by: String,
    search: [Option<String>; 2],
    origin: Option<PathBuf>,
    windows: bool,
}

impl Linker {
    /// Adds the libraries that the modules need, and those that these need.
    /// What is not found is listed in the report.
    ///
    /// # Errors
    /// [`Error::Read`], those of [`Self::add_bytes`], and
    /// [`Error::TooLarge`] for thousands of modules.
    pub fn add_needed(&mut self, search: &SearchPath) -> Result<&mut Self> {
        let mut seen: BTreeSet<String> = self.members.iter().map(|member| key(member.name())).collect();
        let mut next = 0;
        while next < self.members.len() {
            for wanted in self.members.get(next).map(wanted).unwrap_or_default() {
                if !seen.insert(key(&wanted.name)) {
                    continue;
                }
                if self.members.len() >= MODULE_LIMIT {
                    let (size, limit) = (MODULE_LIMIT as u64 + 1, MODULE_LIMIT as u64);
                    return Err(Error::TooLarge { file: wanted.by, what: "list of modules", size, limit });
                }
                match self.locate(&wanted, search) {
                    Some((path, bytes)) => {
                        let name = file_name(&wanted.name);
                        self.add_bytes(&name, &bytes)?;
                        if let Some(member) = self.members.last_mut() {
                            member.set_origin(&path);
                        }
                    }
                    None => self.missing.push((wanted.name, wanted.by)),
                }
            }
            next += 1;
        }
        Ok(self)
    }

    fn locate(&self, wanted: &Wanted, search: &SearchPath) -> Option<(PathBuf, Vec<u8>)> {
        let limit = self.options.memory_limit;
        let fits = |path: PathBuf| {
            let bytes = read_limited(&path, limit).ok()?;
            let platform = self.options.platform.or_else(|| detect_platform(&bytes).ok());
            (platform == self.platform || self.platform.is_none()).then_some((path, bytes))
        };
        let below = |path: &str| path_below(search.sysroot.as_deref()?, path);
        if wanted.windows {
            let folders = wanted.origin.iter().chain(&search.paths);
            return folders.filter_map(|folder| in_any_case(folder, &wanted.name)).find_map(fits);
        }
        if wanted.name.contains('/') {
            return below(&wanted.name).and_then(fits);
        }
        let beside = |folder: &Path| Some(folder.join(&wanted.name)).filter(|path| path.is_file());
        let listed = |list: &Option<String>| -> Vec<PathBuf> {
            let folders = list.as_deref().unwrap_or_default().split(':').filter(|folder| !folder.is_empty());
            folders
                .filter_map(|folder| self.folder(folder, wanted, search.sysroot.as_deref(), &below))
                .collect()
        };
        let [rpath, runpath] = &wanted.search;
        let first = if runpath.is_none() { listed(rpath) } else { Vec::new() };
        first
            .into_iter()
            .chain(search.paths.iter().filter_map(|folder| beside(folder)))
            .chain(listed(runpath))
            .chain(usual(search.sysroot.as_deref(), &wanted.name))
            .find_map(fits)
    }

    /// A library in a folder of `DT_RPATH` or `DT_RUNPATH`.
    fn folder(
        &self,
        folder: &str,
        wanted: &Wanted,
        sysroot: Option<&Path>,
        below: &dyn Fn(&str) -> Option<PathBuf>,
    ) -> Option<PathBuf> {
        let rest = folder.strip_prefix("$ORIGIN").or_else(|| folder.strip_prefix("${ORIGIN}"));
        match rest {
            Some(rest) => {
                let origin = wanted.origin.as_ref()?;
                let rest = Path::new(rest.trim_start_matches('/')).join(&wanted.name);
                // A module below the sysroot means places below it.
                let root = sysroot.and_then(|root| root.canonicalize().ok());
                let real = origin.canonicalize().ok()?;
                if let Some(inside) = root.and_then(|root| Some(real.strip_prefix(root).ok()?.to_owned())) {
                    return below(inside.join(rest).to_str()?);
                }
                let path = origin.join(rest);
                path.is_file().then_some(path)
            }
            None => below(&format!("{folder}/{}", wanted.name)),
        }
    }
}

/// The folders of a sysroot that libraries are in, those of Debian's
/// processors too.
fn usual(sysroot: Option<&Path>, name: &str) -> Vec<PathBuf> {
    let Some(sysroot) = sysroot else { return Vec::new() };
    let mut folders: Vec<String> = Vec::new();
    for folder in ["lib", "usr/lib"] {
        let found = resolve_below(sysroot, Path::new(folder));
        let entries = found.and_then(|found| std::fs::read_dir(found).ok()).into_iter().flatten().flatten();
        let mut processors: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|entry| entry.contains("-linux-"))
            .collect();
        processors.sort();
        folders.extend(processors.into_iter().map(|processor| format!("{folder}/{processor}")));
    }
    folders.extend(
        ["lib64", "lib32", "lib", "usr/lib64", "usr/lib32", "usr/lib", "usr/local/lib"].map(str::to_owned),
    );
    folders.iter().filter_map(|folder| path_below(sysroot, &format!("{folder}/{name}"))).collect()
}

fn in_any_case(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let mut found = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|entry| entry.eq_ignore_ascii_case(name)));
    found.next().map(|entry| entry.path()).filter(|path| path.is_file())
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// What tells whether two names are of one library.
fn key(name: &str) -> String {
    let name = file_name(name);
    let lower = name.to_ascii_lowercase();
    if lower.ends_with(".dll") { lower } else { name }
}

/// What a member needs.
fn wanted(member: &Member) -> Vec<Wanted> {
    match member {
        Member::Module(module) => module
            .needed
            .iter()
            .map(|name| Wanted {
                name: name.clone(),
                by: module.name.clone(),
                search: module.search.clone(),
                origin: module.origin.clone(),
                windows: false,
            })
            .collect(),
        Member::Windows(image) => image
            .imports
            .iter()
            .map(|library| Wanted {
                name: library.name.clone(),
                by: image.name.clone(),
                search: [None, None],
                origin: image.origin.clone(),
                windows: true,
            })
            .collect(),
        Member::Ready(_) => Vec::new(),
    }
}
