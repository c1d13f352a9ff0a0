//! A folder for objects that are being written, so that what was not finished can be thrown away whole.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::call::failed;
use crate::os::process::Call;
use crate::ports::worktrees::Result;

const OBJECTS: &str = "ganger-objects-";
const INDEX: &str = "ganger-index-";

/// Removed when dropped, with everything that was not taken over.
pub(super) struct Quarantine {
    own: PathBuf,
    /// The repository's.
    objects: PathBuf,
}

impl Quarantine {
    pub(super) fn new(git_dir: &Path, common: &Path) -> Result<Self> {
        let own = git_dir.join(format!("{OBJECTS}{}", nix::unistd::getpid()));
        // One of an earlier process of this number.
        std::fs::remove_dir_all(&own).ok();
        std::fs::create_dir(&own).map_err(|error| failed("make a folder for objects", error))?;
        Ok(Self { own, objects: common.join("objects") })
    }

    /// Lets a call write its objects here, and read the repository's.
    pub(super) fn apply(&self, call: Call) -> Call {
        let mut quoted = vec![b'"'];
        for byte in self.objects.as_os_str().as_bytes() {
            if matches!(byte, b'"' | b'\\') {
                quoted.push(b'\\');
            }
            quoted.push(*byte);
        }
        quoted.push(b'"');
        let others = OsString::from_vec(quoted);
        call.env("GIT_OBJECT_DIRECTORY", &self.own).env("GIT_ALTERNATE_OBJECT_DIRECTORIES", others)
    }

    /// Moves all objects to the repository.
    pub(super) fn take_over(self) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.own)? {
            let entry = entry?;
            let name = entry.file_name();
            if !entry.file_type()?.is_dir() || name == "info" {
                continue;
            }
            let folder = self.objects.join(&name);
            if !folder.is_dir() {
                match std::fs::create_dir(&folder) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                    // As shared as the rest.
                    Ok(()) => std::fs::set_permissions(&folder, self.objects.metadata()?.permissions())?,
                    Err(_) => {}
                }
            }
            let mut files = std::fs::read_dir(entry.path())?.collect::<io::Result<Vec<_>>>()?;
            // A pack counts from the moment that its index is there.
            files.sort_by_key(|file| file.path().extension().is_some_and(|extension| extension == "idx"));
            for file in files.iter().filter(|file| !file.file_name().as_bytes().starts_with(b"tmp_")) {
                let target = folder.join(file.file_name());
                if !target.exists() {
                    std::fs::rename(file.path(), target)?;
                }
            }
        }
        Ok(())
    }

    /// Removes what calls of processes that are gone have left in a git directory.
    pub(super) fn sweep(git_dir: &Path) {
        for entry in std::fs::read_dir(git_dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let Some(rest) = name.strip_prefix(OBJECTS).or_else(|| name.strip_prefix(INDEX)) else { continue };
            let number = rest.split(['-', '.']).next().and_then(|number| number.parse().ok());
            let lives = number.is_none_or(|pid| kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH));
            if !lives && name.starts_with(OBJECTS) {
                std::fs::remove_dir_all(entry.path()).ok();
            } else if !lives {
                std::fs::remove_file(entry.path()).ok();
            }
        }
    }
}

impl Drop for Quarantine {
    fn drop(&mut self) {
        // A leftover is swept away by the next rescue.
        std::fs::remove_dir_all(&self.own).ok();
    }
}
