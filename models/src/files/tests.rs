//! Files in memory, and folders of the host that nothing escapes from.

use std::{fs, path::PathBuf};

use super::*;

/// A folder of the host that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("terrella-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("inside")).unwrap();
        fs::write(path.join("inside/file"), b"of the host").unwrap();
        fs::write(path.join("secret"), b"secret").unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn paths_lead_where_they_say() {
    let mut files = FileSystem::new();
    files.write("/a/b/c", b"content").unwrap();
    files.symlink("../b/c", "/a/d/link").unwrap();
    files.symlink("/a/d", "/short").unwrap();
    assert_eq!(files.read("/short/link"), Ok(b"content".to_vec()));
    assert_eq!(files.read("/../../a/./b//c"), Ok(b"content".to_vec()));
    assert_eq!(files.read("/a/b/c/"), Err(Errno::ENOTDIR));
    assert_eq!(files.read("/a/b/none"), Err(Errno::ENOENT));
    assert_eq!(files.read("/a/b"), Err(Errno::EISDIR));
    files.symlink("round", "/round").unwrap();
    assert_eq!(files.read("/round"), Err(Errno::ELOOP));
    assert_eq!(files.write("/a/b/c/d", b""), Err(Errno::ENOTDIR));
}

#[test]
fn mounts_show_the_host_and_keep_changes_to_themselves() {
    let host = Folder::new("cow");
    let mut files = FileSystem::new();
    files.mount(&host.0.join("inside"), "/data", MountMode::CopyOnWrite).unwrap();
    assert_eq!(files.read("/data/file"), Ok(b"of the host".to_vec()));
    files.write("/data/file", b"changed").unwrap();
    files.write("/data/new", b"new").unwrap();
    assert_eq!(files.read("/data/file"), Ok(b"changed".to_vec()));
    assert_eq!(fs::read(host.0.join("inside/file")).unwrap(), b"of the host");
    assert!(!host.0.join("inside/new").exists());
}

#[test]
fn mounts_that_cannot_be_written_are_not() {
    let host = Folder::new("ro");
    let mut files = FileSystem::new();
    files.mount(&host.0.join("inside"), "/data", MountMode::ReadOnly).unwrap();
    assert_eq!(files.write("/data/file", b"x"), Err(Errno::EROFS));
    assert_eq!(files.write("/data/new", b"x"), Err(Errno::EROFS));
    assert_eq!(files.read("/data/file"), Ok(b"of the host".to_vec()));
}

#[test]
fn mounts_that_are_written_reach_the_host() {
    let host = Folder::new("rw");
    let mut files = FileSystem::new();
    files.mount(&host.0.join("inside"), "/data", MountMode::ReadWrite).unwrap();
    files.write("/data/file", b"changed").unwrap();
    files.write("/data/sub/new", b"new").unwrap();
    assert_eq!(fs::read(host.0.join("inside/file")).unwrap(), b"changed");
    assert_eq!(fs::read(host.0.join("inside/sub/new")).unwrap(), b"new");
}

#[cfg(unix)]
#[test]
fn nothing_leaves_a_mount() {
    use std::os::unix::fs::symlink;
    let host = Folder::new("escape");
    symlink(host.0.join("secret"), host.0.join("inside/absolute")).unwrap();
    symlink("../secret", host.0.join("inside/relative")).unwrap();
    symlink("..", host.0.join("inside/up")).unwrap();
    for mode in [MountMode::CopyOnWrite, MountMode::ReadWrite] {
        let mut files = FileSystem::new();
        files.mount(&host.0.join("inside"), "/data", mode).unwrap();
        // Links mean places of the guest, where there is no such file.
        for path in ["/data/absolute", "/data/relative", "/data/../secret", "/data/up/secret"] {
            assert_eq!(files.read(path), Err(Errno::ENOENT), "{path}");
        }
        // What the guest makes of the name of a link is its own.
        let written = files.write("/data/up/secret", b"overwritten");
        assert!(written.is_ok(), "{written:?}");
        assert_eq!(files.read("/secret"), Ok(b"overwritten".to_vec()));
        assert_eq!(fs::read(host.0.join("secret")).unwrap(), b"secret");
    }
    // A folder that is swapped for a link while the guest has it.
    let mut files = FileSystem::new();
    files.mount(&host.0.join("inside"), "/data", MountMode::ReadWrite).unwrap();
    files.write("/data/sub/file", b"one").unwrap();
    fs::remove_dir_all(host.0.join("inside/sub")).unwrap();
    symlink(&host.0, host.0.join("inside/sub")).unwrap();
    assert!(files.write("/data/sub/secret", b"overwritten").is_err());
    assert_eq!(fs::read(host.0.join("secret")).unwrap(), b"secret");
}

#[test]
fn a_root_of_the_host_shows_what_is_in_folders_that_are_there_already() {
    let host = Folder::new("root");
    fs::create_dir_all(host.0.join("usr/lib")).unwrap();
    fs::write(host.0.join("usr/lib/library"), b"code").unwrap();
    let mut files = FileSystem::new();
    assert_eq!(files.list("/usr"), Ok(vec![b"bin".to_vec()]));
    files.mount(&host.0, "/", MountMode::CopyOnWrite).unwrap();
    assert_eq!(files.read("/usr/lib/library"), Ok(b"code".to_vec()));
    assert_eq!(files.list("/usr"), Ok(vec![b"bin".to_vec(), b"lib".to_vec()]));
}

#[cfg(unix)]
#[test]
fn absolute_links_of_a_root_lead_to_places_below_it() {
    use std::os::unix::fs::symlink;
    let host = Folder::new("links");
    let root = host.0.join("inside");
    fs::create_dir_all(root.join("usr/bin")).unwrap();
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::write(root.join("usr/bin/real"), b"program").unwrap();
    // As distributions with one `/usr` have it; and alternatives.
    symlink("/usr/bin", root.join("bin")).unwrap();
    symlink("/etc/alternative", root.join("usr/bin/sh")).unwrap();
    symlink("/bin/real", root.join("etc/alternative")).unwrap();
    symlink(host.0.join("secret"), root.join("etc/outside")).unwrap();
    symlink("../../../../../../secret", root.join("etc/above")).unwrap();
    let mut files = FileSystem::new();
    files.mount(&root, "/", MountMode::CopyOnWrite).unwrap();
    for path in ["/bin/sh", "/usr/bin/sh", "/bin/real", "/etc/alternative", "/bin/../bin/sh"] {
        assert_eq!(files.read(path), Ok(b"program".to_vec()), "{path}");
    }
    for path in ["/etc/outside", "/etc/above", "/secret"] {
        assert_eq!(files.read(path), Err(Errno::ENOENT), "{path}");
    }
    // What is written there is written below the link.
    files.write_program("/bin/own", b"own").unwrap();
    assert_eq!(files.read("/usr/bin/own"), Ok(b"own".to_vec()));
    assert!(!root.join("usr/bin/own").exists());
}

#[test]
fn there_is_room_for_so_much_and_no_more() {
    let mut files = FileSystem::new();
    files.set_limits(FileLimits { bytes: 1000, entries: 40 });
    assert_eq!(files.write("/tmp/large", &[0; 2000]), Err(Errno::ENOSPC));
    files.write("/tmp/half", &[1; 400]).unwrap();
    assert_eq!(files.write("/tmp/more", &[1; 700]), Err(Errno::ENOSPC));
    // What is removed makes room again.
    let place = files.walk(ROOT, ROOT, b"/tmp/half", false).unwrap();
    files.unlink(&place).unwrap();
    files.write("/tmp/more", &[1; 700]).unwrap();
    let full = (0..100).find_map(|index| files.write(format!("/tmp/{index}"), b"").err());
    assert_eq!(full, Some(Errno::ENOSPC));
}

#[test]
fn removed_folders_are_no_way_up_and_take_nothing() {
    let mut files = FileSystem::new();
    files.make_folders(b"/a/b").unwrap();
    let inner = files.find(b"/a/b").unwrap();
    files.hold(inner);
    for path in [&b"/a/b"[..], b"/a"] {
        let place = files.walk(ROOT, ROOT, path, false).unwrap();
        files.remove_folder(&place).unwrap();
    }
    // The folder above is gone before it.
    assert_eq!(files.walk(inner, ROOT, b"..", true).map(|place| place.inode), Ok(Some(inner)));
    let place = files.walk(inner, ROOT, b"new", true).unwrap();
    assert_eq!(files.create(&place, Node::File(Arc::default()), 0o644), Err(Errno::ENOENT));
    files.let_go(inner);
}
