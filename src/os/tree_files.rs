//! The files that ganger keeps in a worktree, where an agent may put anything in their way.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::disk::{FileSystem, is_absence};
use crate::ports::host::{Access, Content, Disk as _, Entry, TreeFiles};

/// Files of worktrees on disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorktreeFiles;

impl TreeFiles for WorktreeFiles {
    fn list(&self, folder: &Path, most: usize) -> io::Result<Vec<PathBuf>> {
        if FileSystem.look(folder)? != Some(Entry::Folder) {
            return Ok(Vec::new());
        }
        match fs::read_dir(folder) {
            Ok(entries) => entries.take(most).map(|entry| Ok(entry?.path())).collect(),
            Err(error) if is_absence(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Content> {
        let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(file) => file,
            Err(error) if is_absence(&error) => return Ok(Content::Absent),
            Err(error) if is_unfit(&error) => return Ok(Content::NotAFile),
            Err(error) => return Err(error),
        };
        if !file.metadata()?.is_file() {
            return Ok(Content::NotAFile);
        }
        let mut bytes = Vec::new();
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(if bytes.len() as u64 > most { Content::TooLarge } else { Content::Bytes(bytes) })
    }

    fn make_folder(&self, path: &Path, access: Access) -> io::Result<bool> {
        let mode = if access == Access::Owner { 0o700 } else { 0o777 };
        match DirBuilder::new().mode(mode).create(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match FileSystem.look(path)? {
                Some(Entry::Folder) => Ok(false),
                Some(Entry::File | Entry::Link | Entry::Other) | None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<bool> {
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(mut file) => file.write_all(bytes).map(|()| true).inspect_err(|_| drop(fs::remove_file(path))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn replace(&self, path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
        let folder = path.parent().ok_or_else(|| io::Error::other("a file needs a folder"))?;
        // What anybody may do with a new file is for the umask to say.
        let mode = if access == Access::Owner { 0o600 } else { 0o666 };
        let permissions = Permissions::from_mode(mode);
        let mut file = tempfile::Builder::new().suffix(".new").permissions(permissions).tempfile_in(folder)?;
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_file() => file.as_file().set_permissions(found.permissions())?,
            Ok(_) => {}
            Err(error) if is_absence(&error) => {}
            Err(error) => return Err(error),
        }
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if is_absence(&error) => Ok(()),
            other => other,
        }
    }

    fn remove_empty(&self, folder: &Path) -> io::Result<bool> {
        match fs::remove_dir(folder) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A link, a socket, or what belongs to another: it stays as it is however often it is opened.
fn is_unfit(error: &io::Error) -> bool {
    let lasting = [Errno::ELOOP, Errno::ENXIO, Errno::EACCES];
    error.raw_os_error().is_some_and(|code| lasting.contains(&Errno::from_raw(code)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use super::WorktreeFiles;
    use crate::ports::host::{Access, Content, TreeFiles as _};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_a_file_is_read_and_only_up_to_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "abc").unwrap();
        symlink(at("file"), at("link")).unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        let read = |name: &str, most| WorktreeFiles.read(&at(name), most).unwrap();
        assert_eq!(read("file", 3), Content::Bytes(b"abc".to_vec()));
        assert_eq!(read("file", 2), Content::TooLarge);
        assert_eq!((read("nothing", 3), read("file/below", 3)), (Content::Absent, Content::Absent));
        for name in ["link", "pipe", "socket", "."] {
            assert_eq!(read(name, 3), Content::NotAFile, "{name}");
        }
        WorktreeFiles.read(Path::new("nul\0"), 3).unwrap_err();
    }

    #[test]
    fn a_folder_is_listed_up_to_its_bound_and_never_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("real")).unwrap();
        for name in ["a", "b", "c"] {
            fs::write(at("real").join(name), "").unwrap();
        }
        symlink("real", at("link")).unwrap();
        let count = |name: &str, most| WorktreeFiles.list(&at(name), most).unwrap().len();
        assert_eq!((count("real", 9), count("real", 2), count("link", 9), count("nothing", 9)), (3, 2, 0, 0));
        WorktreeFiles.list(Path::new("nul\0"), 9).unwrap_err();
    }

    #[test]
    fn what_stands_there_is_not_written_over_by_what_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(WorktreeFiles.create(&at("file"), b"one").unwrap());
        assert!(!WorktreeFiles.create(&at("file"), b"two").unwrap());
        assert_eq!(fs::read(at("file")).unwrap(), b"one");
        symlink("nowhere", at("link")).unwrap();
        assert!(!WorktreeFiles.create(&at("link"), b"two").unwrap());
        assert!(!at("nowhere").exists());
        assert!(WorktreeFiles.make_folder(&at("folder"), Access::Owner).unwrap());
        assert!(!WorktreeFiles.make_folder(&at("folder"), Access::Owner).unwrap());
        assert_eq!(mode(&at("folder")), 0o700);
        for taken in ["file", "link"] {
            WorktreeFiles.make_folder(&at(taken), Access::Umask).unwrap_err();
        }
        fs::write(at("folder/x"), "").unwrap();
        assert!(!WorktreeFiles.remove_empty(&at("folder")).unwrap());
        WorktreeFiles.remove(&at("folder/x")).unwrap();
        WorktreeFiles.remove(&at("folder/x")).unwrap();
        assert!(WorktreeFiles.remove_empty(&at("folder")).unwrap());
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions_and_a_link_becomes_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        WorktreeFiles.replace(&at("own"), b"one", Access::Owner).unwrap();
        assert_eq!(mode(&at("own")), 0o600);
        fs::set_permissions(at("own"), fs::Permissions::from_mode(0o640)).unwrap();
        WorktreeFiles.replace(&at("own"), b"two", Access::Owner).unwrap();
        assert_eq!((mode(&at("own")), fs::read(at("own")).unwrap()), (0o640, b"two".to_vec()));
        symlink("own", at("link")).unwrap();
        WorktreeFiles.replace(&at("link"), b"three", Access::Umask).unwrap();
        assert!(at("link").symlink_metadata().unwrap().is_file());
        assert_eq!(fs::read(at("own")).unwrap(), b"two");
        WorktreeFiles.rename(&at("link"), &at("file")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing half-made is left");
    }
}
