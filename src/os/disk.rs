//! A look at what stands at a path.

use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::errno::Errno;

use crate::ports::host::{Disk, Entry};

/// The file systems of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

/// Whether the error says that nothing can be at the path, and not that it could not be looked at.
pub(super) fn is_absence(error: &io::Error) -> bool {
    let absent = [Errno::ENOENT, Errno::ENOTDIR, Errno::ENAMETOOLONG];
    error.raw_os_error().is_some_and(|code| absent.contains(&Errno::from_raw(code)))
}

fn entry(kind: FileType) -> Entry {
    if kind.is_file() {
        Entry::File
    } else if kind.is_dir() {
        Entry::Folder
    } else if kind.is_symlink() {
        Entry::Link
    } else {
        Entry::Other
    }
}

impl Disk for FileSystem {
    fn look(&self, path: &Path) -> io::Result<Option<Entry>> {
        match path.symlink_metadata() {
            Ok(found) => Ok(Some(entry(found.file_type()))),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_program(&self, path: &Path) -> io::Result<bool> {
        match fs::metadata(path) {
            Ok(found) => Ok(found.is_file() && found.permissions().mode() & 0o111 != 0),
            Err(error) if is_absence(&error) => Ok(false),
            // A folder of others on the search path, or links in a circle.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
            Err(error) if error.raw_os_error() == Some(Errno::ELOOP as i32) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    use super::FileSystem;
    use crate::ports::host::{Disk as _, Entry};

    #[test]
    fn what_stands_there_is_told_from_nothing_and_from_a_failed_look() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        symlink("nowhere", at("link")).unwrap();
        symlink("circle", at("circle")).unwrap();
        let look = |path: &Path| FileSystem.look(path).unwrap();
        assert_eq!(look(folder.path()), Some(Entry::Folder));
        assert_eq!(look(&at("file")), Some(Entry::File));
        assert_eq!(look(&at("link")), Some(Entry::Link));
        assert_eq!(look(Path::new("/dev/null")), Some(Entry::Other));
        assert_eq!(look(&at("nothing")), None);
        assert_eq!(look(&at("file/below")), None, "a file has nothing below it");
        assert_eq!(look(&at(&"x".repeat(256))), None, "no name is that long");
        FileSystem.look(&at("circle/below")).unwrap_err();
        FileSystem.look(Path::new("nul\0")).unwrap_err();
    }

    #[test]
    fn a_program_is_a_file_that_can_be_executed_also_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        fs::write(at("program"), "").unwrap();
        fs::set_permissions(at("program"), fs::Permissions::from_mode(0o100)).unwrap();
        symlink("program", at("link")).unwrap();
        symlink("circle", at("circle")).unwrap();
        let is_program = |path: &Path| FileSystem.is_program(path).unwrap();
        assert!(is_program(&at("program")) && is_program(&at("link")));
        for name in ["file", "nothing", "circle", "program/below", "."] {
            assert!(!is_program(&at(name)), "{name}");
        }
        FileSystem.is_program(Path::new("nul\0")).unwrap_err();
    }
}
