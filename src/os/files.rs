//! The files of the state directory: private to their owner, and durable once written.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::bounded;
use crate::domain::bounds::STATE_FILE;
use crate::ports::host::StateFiles;

/// Files on disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrivateFiles;

/// Makes a folder and its parents that only its owner can enter; one that is there stays as it is.
///
/// # Errors
/// What the system says.
pub fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

impl StateFiles for PrivateFiles {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().ok_or_else(|| io::Error::other("a file needs a folder"))?;
        let mut temporary = OsString::from(path);
        temporary.push(format!(".{}.new", std::process::id()));
        let result = (|| {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, path)?;
            File::open(folder)?.sync_all()
        })();
        if result.is_err() {
            fs::remove_file(&temporary).ok();
        }
        result
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        bounded::read_whole(path, STATE_FILE)
    }

    fn read_ends(&self, path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
        bounded::read_ends(path, most)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        absent_is_fine(fs::remove_file(path))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn set_aside(&self, path: &Path) -> io::Result<()> {
        let mut aside = OsString::from(path);
        aside.push(".aside");
        absent_is_fine(fs::rename(path, aside))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::PrivateFiles;
    use crate::ports::host::StateFiles as _;

    #[test]
    fn s6_a_written_file_is_private_and_replaces_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert_eq!(PrivateFiles.read(&path).unwrap(), None);
        PrivateFiles.write(&path, b"one").unwrap();
        PrivateFiles.write(&path, b"two").unwrap();
        assert_eq!(PrivateFiles.read(&path).unwrap().unwrap(), b"two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        PrivateFiles.remove(&path).unwrap();
        PrivateFiles.remove(&path).unwrap();
    }
}
